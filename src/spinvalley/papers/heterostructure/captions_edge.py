"""Captions of the figures of nodes, flat bands and edges."""

from __future__ import annotations

import numpy as np

from spinvalley.papers.heterostructure.computed import Computed


def edge_captions(data: Computed) -> dict[str, str]:
    """Figure -> caption."""
    p = data.parameters.edge
    low = float(data.edge.thresholds["both layers"].zeeman) / p.gap
    given = f"Delta = {p.gap:g} |t| (given), Gamma = {data.parameters.strongest:g}, the field acts on both layers"
    unit = "k_y along an armchair edge, b = sqrt3 a/pi."
    peak = data.edge.peak
    axis = ", ".join(f"{float(v):.3f}" for v in peak.axis[0])
    return {
        "fig4": f"Quasiparticle spectra with armchair edges; {given}; {unit} {_strips(data)} {_half_plane(data)} "
        f"{_resolved(data)}",
        "fig4_bulk": f"(a) Nodal points at V_x = {p.ratio:g} Delta in the zone, with their charges and the Fermi line "
        f"of the film alone; {given}. All lie on Gamma-M, where the Ising coupling vanishes. (b) Winding number of an "
        f"armchair edge over k_y and the field; {unit} The gap closes first at V = {low:.5f} Delta. Dotted: the field "
        "of (a).",
        "fig4_modes": f"(a) Decay length of the zero modes of the half plane at V_x = {p.ratio:g} Delta, in columns of "
        f"a/2; {given}; {unit} It diverges at each node; at the outer two only very close to them. (b) Conductance of "
        f"a normal lead on the film (one orbital, gamma = {p.contact:g} |t|) at k_y = {float(peak.k_parallel[0]):.4f}"
        f"/a, for electrons with spin along n = ({axis}), which zero energy selects, and against it.",
    }


def _strips(data: Computed) -> str:
    p, edge = data.parameters.edge, data.edge
    columns = edge.decay.decay_length.values / edge.spins[0].attrs["spacing"]
    return (
        f"(a, b) The {p.states} levels nearest zero of a strip of {p.width} columns at V_x = 0 and V_x = {p.ratio:g} "
        "Delta. The paper does not print its width, and no strip of ordinary width shows the flat bands at these "
        f"parameters: the zero modes decay over at least {np.min(columns):.4g} columns, and ever more slowly towards a "
        "node. Grey: the strip is narrower than five decay lengths; the levels there are those of this strip."
    )


def _half_plane(data: Computed) -> str:
    p = data.parameters.edge
    return (
        f"(c) Spectral function of the edge column of the half plane at V_x = {p.ratio:g} Delta, on a logarithmic axis "
        f"of energy, broadening {data.edge.spectrum.attrs['eta_over_energy']:g} E. Between the outer nodes (all: "
        "dotted) it grows as 1/E down to E = 0: the zero modes of the flat bands. The narrow bright lines are further "
        "edge states at small but finite energies, inside and outside the flat bands."
    )


def _resolved(data: Computed) -> str:
    p = data.parameters.edge
    return (
        f"(d) One band that a strip resolves: eq. 8 with t = -1, mu = 0, 2 beta = {p.resolved_beta:g}, Delta = "
        f"{p.resolved_gap:g}, V_x = {p.ratio:g} Delta, {p.resolved_width} columns; colours: winding number of the flat "
        "bands."
    )
