"""Captions: what each figure shows, with the parameters and what follows from the numbers."""

from __future__ import annotations

from textwrap import fill

import numpy as np

from spinvalley.pairing import DEVICES, pauli_limit
from spinvalley.papers.gated_mos2.computed import Computed
from spinvalley.papers.gated_mos2.critical import SPLITTING
from spinvalley.papers.gated_mos2.drawings import ARROW, SPREAD
from spinvalley.papers.gated_mos2.normal_state import KP


def captions(data: Computed) -> str:
    """All captions as one text, 100 columns wide."""
    texts = {**_normal(data), **_critical(data), **_supplement(data)}
    return "\n\n".join(fill(f"{name}. {text}", 100) for name, text in texts.items()) + "\n"


def _normal(data: Computed) -> dict[str, str]:
    p, normal = data.parameters, data.normal
    gate = normal.gates[p.eps]
    near = normal.near
    return {
        "fig1d": f"Carriers over the layers of a gated crystal, n2D = {p.density:.2g} cm^-2, {p.layers} layers 0.615 "
        f"nm apart, K valleys of mass 0.445, T = 0. (a) Density of each layer, eps_perp = {p.eps:g}: "
        f"{100 * float(gate.fraction[0]):.2f} % in the topmost one ({100 * float(normal.warm.fraction[0]):.2f} % at "
        f"{p.warm:g} K). (b) Shares for several dielectric constants; lines: closed form (1 - x) x^(l-1), infinite "
        "stack. (c) Band edge of each layer from that of the first one (bars) with the Fermi level (dashed), and the "
        f"field above each layer (squares): {float(gate.surface_field):.1f} MV/cm above the first one.",
        "fig4a": f"(a) Conduction band around K on Gamma-K-M, one-band model, n2D = {p.density:.2g} cm^-2, Rashba "
        f"ratio {100 * p.band_ratio:g} %; red: spin up, blue: spin down. Inset: its bottom. (b) Splitting of the "
        f"two bands: {float(near.splitting.sel(q=0, method='nearest')):.2f} meV at K; dashed: Fermi level.",
        "fig4b": "Fermi lines around K (a) and K' (b), momenta from there, coloured by s_z. Arrows: spin in the plane, "
        f"enlarged (a spin in the plane would be {ARROW:g}/nm long; the largest share is "
        f"{100 * float(normal.contours.in_plane_max.max()):.2f} %). The distance of the two lines is drawn {SPREAD:g} "
        "times as large as it is. (c) The crossing of the bands between K and M, energies from their mean: Rashba "
        "coupling opens a gap.",
    }


def _critical(data: Computed) -> dict[str, str]:
    p, lines = data.parameters, data.critical.lines
    points = (
        f" Squares: digitised points of device H1 ({data.measured.file.name}), bars: digitisation."
        if data.measured is not None
        else " The digitised points of device H1 are not drawn: their file was not found."
    )
    fields = ", ".join(f"{float(line.B.sel(T=p.cold)):.2f} T at {100 * r:g} %" for r, line in lines.items())
    orders = sorted({int(n) for line in lines.values() for n in np.unique(line.order)} - {0})
    words = " and ".join({1: "first order", 2: "continuous"}[n] for n in orders)
    return {
        "fig4c": f"Upper critical field of the one-band model for several Rashba ratios, full lattice susceptibility, "
        f"n2D = {p.density:.2g} cm^-2, Tc = {p.tc:g} K, field in the plane along x, pairs without momentum; {words} by "
        f"the free energy. At {p.cold:g} K: {fields}. Dash-dotted: Pauli limits without spin-orbit coupling, "
        f"{float(pauli_limit(p.tc)):.2f} and {float(pauli_limit(p.tc, 2)):.2f} T.{points}"
    }


def _supplement(data: Computed) -> dict[str, str]:
    p, c = data.parameters, data.critical
    ratios = ", ".join(f"{d.name} {d.tau / d.tau_so:.2f}" for d in DEVICES)
    fit = (
        f" Dashed: our fit to the digitised points of H1 at Tc = {p.tc:g} K, tau_so = {data.measured.klb.value:.1f} +- "
        f"{data.measured.klb.error:.1f} fs, {data.measured.klb.rms:.1f} T rms."
        if data.measured is not None
        else ""
    )
    gain = {r: 100 * (float(line.B[0] / line.B_linear[0]) - 1) for r, line in c.lattice_momentum.items()}
    gains = ", ".join(f"{value:.2g} % at {100 * r:g} %" for r, value in gain.items())
    apart = float(np.abs(c.zeeman["Fermi surface"].B / c.zeeman["lattice"].B - 1).max())
    kp = float(data.normal.numbers.fermi.sel(model=KP))
    return {
        "supp3": "(a) Klemm-Luther-Beasley theory with the published spin-orbit scattering times (lines; "
        f"{float(data.klb_zero.B):.2f} T at T = 0 for H1).{fit} (b) Transport time against tau_so, the numbers are "
        f"tau/tau_so ({ratios}): above the black line the fit is unphysical; the theory holds in the grey region.",
        "supp4": "(a) Conduction bands around K, energies from their mean at K: the one-band model, k.p (Kormanyos et "
        "al. 2015) and three-band tight binding (Liu et al. 2013, nearest and third neighbours). (b) Their splitting "
        "on Gamma-K-M, in the valley where it is positive at K; the three-band conduction band is not split at K and "
        f"does not cross near it. k.p is drawn within 3/nm of K; at the Fermi level it gives {kp:.2f} meV.",
        "supp5": "Upper critical field with Zeeman-type coupling only: lattice susceptibility, Fermi-surface average "
        f"(within {100 * apart:.2g} % of each other), constant splitting of {SPLITTING:g} meV, and no coupling. "
        "Dash-dotted: Pauli limits at T = 0.",
        "supp6": f"Pairs with a momentum and with a triplet component. (a) Field of the instability at {p.lowest:g} K "
        "against the momentum of the pairs, across the field; Fermi-surface average. (b) Gain of Hc2 at the best "
        f"momentum; on the lattice at {p.lowest:g} K: {gains}. "
        f"(c) Gain of Hc2 at {p.cold:g} K and share of the triplet if an f-wave channel "
        f"attracts, against its own critical temperature; Rashba ratio {100 * p.band_ratio:g} %.",
        "supp7": f"Upper critical field at {p.cold:g} K (a) against the density, with the couplings calibrated at "
        f"{p.density:.2g} cm^-2, and (b) against Tc; Fermi-surface average; dash-dotted: first-order Pauli limit.",
    }
