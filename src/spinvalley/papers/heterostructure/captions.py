"""Captions: what each figure shows, with the parameters and what follows from the numbers."""

from __future__ import annotations

from textwrap import fill

import numpy as np

from spinvalley.papers.heterostructure.captions_edge import edge_captions
from spinvalley.papers.heterostructure.computed import Computed
from spinvalley.papers.heterostructure.curves import lowest

_WORDS = {0: "no transition", 1: "first order", 2: "continuous"}


def captions(data: Computed) -> str:
    """All captions as one text, 100 columns wide."""
    p, here = data.parameters, data.layers[data.parameters.gap0]
    strong, alone = data.lines[p.strongest], data.lines[0.0]
    cold = lowest(strong, p.lowest)
    units = "Energies are in units of |t|, momenta of 1/a."
    plane = f"T in units of Tc(Gamma = 0) = {float(here.tc):.6g} |t|, V_x in units of H_P = Delta0/sqrt2."
    styles = (
        "Full lines and filled symbols: continuous transition; dashed and open: first order; star: tricritical point; "
        "dotted with diamonds: first-order transition between two superconducting states. The lines are smooth guides "
        "through the computed points (symbols)."
    )
    texts = {
        "fig1a": "Bands of the superconductor (green) and of the TMD (red: spin up, blue: spin down); "
        f"t = {p.t:g}, mu_SC = {p.mu_sc:g}, mu_TMD = {p.mu_tmd:g}, beta_SO = {p.beta_so:g}. {units}",
        "fig1b": "Fermi lines of both layers in the Brillouin zone (black), colours as in fig1a.",
        "fig2a": "Spectral density rho0(k, 0) of the superconductor in the normal state, "
        f"Gamma = {p.strongest:g}, broadening {p.broadenings[0]:g} (not printed in the paper).",
        "fig2b": "Spin polarisation rho3(k, 0) of the same state: odd in k, zero on Gamma-M.",
        "fig3a": f"Critical field against temperature; {plane} The interaction v = {here.film.v:.6g} gives the "
        f"isolated layer the gap Delta0 = {p.gap0:g} |t|; the paper does not print it. {styles} The lines for "
        f"Gamma > 0 begin at T = {p.lowest:g} Tc(0), as the field grows without end when T -> 0. There, "
        f"Gamma = {p.strongest:g} gives {float(cold.u):.3f} H_P ({_WORDS[int(cold.order)]}).",
        "fig3b": "Gap of the isolated layer over its value Delta0 at T = V_x = 0, same v and units; line: transition, "
        f"at the lowest temperature {_WORDS[int(alone.order[0])]}; grey: normal state.",
        "fig3c": f"The same for Gamma = {p.strongest:g}, over the same Delta0 (that of the isolated layer); the "
        f"transition is {_orders(strong.order.values)}.",
        "ladder": f"How the critical field at Gamma = {p.strongest:g} depends on the gap of the isolated layer, i.e. "
        f"on v. (a) {styles} (b) At T = {p.lowest:g} Tc(0), with the field below which the normal state is "
        "unstable.",
        **edge_captions(data),
    }
    return "\n\n".join(fill(f"{name}. {text}", 100) for name, text in texts.items()) + "\n"


def _orders(orders: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    found = [_WORDS[int(n)] for n in np.unique(orders) if n]
    return f"{found[0]} at every temperature" if len(found) == 1 else " or ".join(found) + ", as the line says"
