"""The claims of the part "Nodal topological superconductor": Fig. 4 and eq. 8."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from spinvalley.papers.claims import Claim, Result, at_least, at_most, equal
from spinvalley.papers.heterostructure.computed import Computed
from spinvalley.papers.heterostructure.edge import positive_intervals
from spinvalley.papers.heterostructure.parameters import BORDER

_ROUND: Final = 1e-12
_ORDINARY: Final = 1000
_MARGIN: Final = 5
_OPERATORS: Final = {"chiral": "C", "time_reversal_1d": "T_1D", "particle_hole_1d": "P_1D"}


def edge_claims(data: Computed) -> list[Claim]:
    """All claims of this part."""
    groups = (_gapped, _symmetry, _threshold, _nodes, _flat, _equilibrium, _equation_8, _andreev)
    return [claim for group in groups for claim in group(data)]


def remark(data: Computed) -> str:
    """What the reader of these claims should know."""
    e = data.parameters.edge
    return (
        f"Fig. 4 is computed with a given Delta = {e.gap:g} |t|, V_x = {e.ratio:g} Delta on both layers and Gamma = "
        f"{data.parameters.strongest:g}; the paper prints neither Delta, nor Gamma, nor the width of its strip with it."
    )


def _gapped(data: Computed) -> list[Claim]:
    found, gap = data.edge.gap, data.parameters.edge.gap
    alone = data.edge.phase.isel(zeeman=0)
    return [
        Claim(
            "gapped", "at V_x = 0 the pairing phase is fully gapped", "Fig. 4a", "bulk gap",
            at_least(1e-3, "clearly open: at least 0.001"),
            (Result(float(found.gap) / gap, float(found.error) / gap, status=str(found.status.values)),), unit="Delta",
            assumption=_given(data), comment="the smallest gap sits on the Fermi pocket of the dichalcogenide",
        ),
        Claim(
            "trivial", "without a field it is topologically trivial for all k_y", "after eq. 8",
            "largest |w| of an armchair edge at V_x = 0", at_most(0, "no winding number but 0"),
            (Result(float(np.abs(alone.winding).max())),), assumption=_given(data),
            comment="the gap is open in the whole zone, so that one k_y speaks for all",
        ),
    ]  # fmt: skip


def _symmetry(data: Computed) -> list[Claim]:
    found = data.edge.symmetry
    errors = {short: found.paper_violation.sel(symmetry=name) for name, short in _OPERATORS.items()}
    squares = {short: found.square.sel(symmetry=name) for name, short in _OPERATORS.items()}
    where = f"two layers at V_x = {data.parameters.edge.ratio:g} Delta"
    return [
        Claim(
            "operators", "C = sigma_x tau_y, T_1D = sigma_x tau_z K and P_1D = tau_x K are symmetries", "after eq. 8",
            "largest violation, relative to the largest matrix element", at_most(1e-10),
            tuple(Result(float(v), _ROUND, at=name) for name, v in errors.items()), variable="operator",
            assumption=where,
            comment="a field along y breaks none of them; Rashba coupling and an out-of-plane field break C and T_1D",
        ),
        Claim(
            "bdi", "for a fixed k_y the Hamiltonian is in class BDI", "after eq. 8",
            "squares of the symmetries that exist among all on-site unitaries", equal(1, 0.1, "BDI: all squares are 1"),
            tuple(Result(float(v), at=name) for name, v in squares.items()), variable="operator", assumption=where,
            comment=f"class found: {found.attrs['tenfold_1d']}",
        ),
    ]  # fmt: skip


def _threshold(data: Computed) -> list[Claim]:
    gap, edge = data.parameters.edge.gap, data.edge
    results = tuple(
        Result(float(t.zeeman) / gap, float(t.error) / gap, at=name, status=str(t.status.values))
        for name, t in edge.thresholds.items()
    )
    return [
        Claim(
            "threshold", "for V_x > Delta it becomes topologically non-trivial for a range of k_y", "after eq. 8",
            "field at which the bulk gap closes", equal(1, 0.03, "1 within 0.03"), results, unit="Delta",
            variable="layers that feel the field", assumption=_given(data),
            comment="V = Delta holds when only the superconductor feels the field. When both do, the film feels "
            f"V (1 + Gamma^2/(eps^2 - V^2)), eps the band of the dichalcogenide at this point on Gamma-M: "
            f"1/{edge.static:.5f} = {1 / edge.static:.5f}",
        ),
        Claim(
            "nontrivial", f"with V_x = {data.parameters.edge.ratio:g} Delta it is non-trivial for a range of k_y",
            "after eq. 8", "share of the zone of an armchair edge with w other than 0", at_least(1e-6, "not empty"),
            (_fraction(edge.bands["armchair"]),), assumption=_given(data),
        ),
    ]  # fmt: skip


def _nodes(data: Computed) -> list[Claim]:
    found = data.edge.nodes
    charges = found.charge.values
    comment = (
        f"charges: {int((charges == 1).sum())} of +1, {int((charges == -1).sum())} of -1; largest distance from a "
        f"Gamma-M line {_off_mirror(found):.1g}/a"
    )
    return [
        Claim(
            "nodes", f"for V_x > Delta (V_x = {data.parameters.edge.ratio:g} Delta) nodal points emerge", "Fig. 4b",
            "nodal points in the zone", at_least(1),
            (Result(float(found.sizes["node"]), status=found.attrs["status"]),), assumption=_given(data),
            comment=comment,
        )
    ]  # fmt: skip


def _flat(data: Computed) -> list[Claim]:
    e, edge = data.parameters.edge, data.edge
    ours = positive_intervals(edge.bands["armchair"])
    starts, stops = ours.start.values / BORDER, ours.stop.values / BORDER
    covered = float((stops - starts).sum() / (stops.max() - starts.min())) if len(starts) else 0.0
    ends = " ".join(f"{a:.6f} [{w:+d}]" for a, w in zip(starts, ours.winding.values, strict=True))
    expected = np.repeat(ours.winding.values, edge.found.sizes["k_parallel"] // max(len(starts), 1))
    counted = bool(np.array_equal(edge.found.winding.values, expected))
    lengths = edge.decay.decay_length.values / edge.spins[0].attrs["spacing"]
    resolved = edge.resolved_bands.attrs["nodes"]
    return [
        Claim(
            "flat", "the nodal points are connected by Majorana flat bands on armchair edges", "Fig. 4b",
            "share of the interval between the outermost nodes (k_y > 0) with zero modes of the half plane",
            equal(1, 1e-6, "1: from node to node"),
            (Result(covered, float(ours.error.max()) / BORDER, status=str(ours.status.values)),),
            assumption=_given(data),
            comment=f"k_y b: 0 | {ends} {stops.max():.6f} | 0, w in brackets. The Green function of the half "
            f"plane counts {'the same' if counted else 'other'} modes at {edge.found.sizes['k_parallel']} momenta. On "
            f"a zigzag edge the share of the zone with w other than 0 is {float(edge.bands['zigzag'].fraction):g}",
        ),
        Claim(
            "strip", "the flat band is seen in the spectrum of a strip", "Fig. 4b",
            "shortest decay length of its modes",
            at_most(_ORDINARY / _MARGIN, f"at most {_ORDINARY // _MARGIN}, a fifth of a strip of {_ORDINARY} columns"),
            (Result(float(lengths.min()), 1e-6 * float(lengths.min())),), unit="columns", assumption=_given(data),
            comment="it grows without end towards each node. The bands lie in the half plane (fig4, panel c). A strip "
            f"of {e.resolved_width} columns resolves them for one band with 2 beta = {e.resolved_beta:g}, Delta = "
            f"{e.resolved_gap:g} |t| (panel d, {resolved} nodes)",
        ),
    ]  # fmt: skip


def _equilibrium(data: Computed) -> list[Claim]:
    p, found = data.parameters, data.edge.equilibrium
    if not found:
        return []
    results = tuple(
        Result(float(f.u), float(f.u_error), at=gap0, status=str(f.status.values)) for gap0, f in found.items()
    )
    ends = "; ".join(
        f"{gap0:g}: V/Delta = {float(f.ratio):.4g}, Delta = {float(f.gap) / gap0:.3f} Delta0"
        for gap0, f in found.items()
    )
    return [
        Claim(
            "ratio", f"V_x = {p.edge.ratio:g} Delta is beyond the Pauli field and below Hc2", "Fig. 4b",
            f"field at which V = {p.edge.ratio:g} Delta(T, V) at T = {p.lowest:g} Tc(0)",
            at_least(1, "reached, at a field of at least 1"), results, unit="H_P", variable="Delta0/|t|",
            assumption=f"Gamma = {p.strongest:g}; self-consistent gap, v as in Fig. 3",
            comment=f"beyond range: Delta jumps to zero first, at the field given. There {ends}",
        )
    ]  # fmt: skip


def _equation_8(data: Computed) -> list[Claim]:
    found = data.edge.schemes
    results = tuple(
        Result(float(found.largest_shift.sel(model=scheme)) / BORDER, 1e-9, at=scheme)
        for scheme in ("static", "renormalised")
    )
    return [
        Claim(
            "eq8", "eq. 8 describes the superconductor on the dichalcogenide", "eq. 8",
            "largest shift of an end of a flat band against the two-layer model",
            at_most(2e-3, "at most 0.002 of the border"), results, unit="pi/(sqrt3 a)",
            variable="scheme", assumption=_given(data),
            comment="t, mu and beta of eq. 8: least squares near the Fermi line of the film",
        )
    ]  # fmt: skip


def _andreev(data: Computed) -> list[Claim]:
    found = data.edge.reflection.isel(energy=0)
    at = [f"{k / BORDER:.4f}" for k in found.k_parallel.values]

    def results(values: xr.DataArray) -> tuple[Result, ...]:
        rows = zip(values.values, found.error.values, at, found.status.values, strict=True)
        return tuple(Result(float(v), float(e), at=k, status=str(s)) for v, e, k, s in rows)

    sent = found.andreev.sel(spin=1)
    spins = ", ".join(f"{float(m.sx[0]):+.3f} (w = {int(m.winding):+d})" for m in data.edge.spins)
    lead = f"one-orbital lead on the film, gamma = {data.parameters.edge.contact:g} |t|, zero energy"
    common = {"variable": "k_y b", "assumption": f"{lead}; {_given(data)}"}
    return [
        Claim(
            "selective", "selective Andreev reflection: a spin direction for which it is perfect", "after eq. 8",
            "conductance for electrons of this spin", equal(2, 1e-3), results(found.conductance.sel(spin=1)),
            unit="e^2/h", **common,
            comment="for any gamma, if the lead has one orbital and the edge is armchair; off the flat "
            "bands it falls as gamma^2",
        ),
        Claim(
            "blocked", "... and none for the opposite spin", "after eq. 8",
            "conductance for electrons of opposite spin", at_most(1e-3), results(found.conductance.sel(spin=-1)),
            unit="e^2/h", **common,
        ),
        Claim(
            "equal-spin", "... as a hole of equal spin", "after eq. 8", "share of the reflected holes of equal spin",
            at_least(0.999), results(sent.sel(spin_out=1) / sent.sum("spin_out")), **common,
            comment=f"exact as gamma -> 0. Mean sigma_x of the electron part of the zero modes: {spins}",
        ),
    ]  # fmt: skip


def _given(data: Computed) -> str:
    return f"Delta = {data.parameters.edge.gap:g} |t|, Gamma = {data.parameters.strongest:g}"


def _fraction(bands: xr.Dataset) -> Result:
    return Result(float(bands.fraction), float(bands.fraction_error), status=str(bands.status.values))


def _off_mirror(found: xr.Dataset) -> float:
    """Largest distance of a node from the nearest line Gamma-M (30 degrees and every 60 from there)."""
    angles = np.deg2rad(30 + 60 * np.arange(3))
    normals = np.stack([-np.sin(angles), np.cos(angles)])
    return float(np.abs(found.k.values @ normals).min(axis=1).max(initial=0.0))
