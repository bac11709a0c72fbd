"""The data of Fig. 4: nodes, winding numbers, strips and half planes of the bilayer with a given gap."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import xarray as xr

from spinvalley.checks import Floats
from spinvalley.pairing import Superconductor, s_wave
from spinvalley.papers.heterostructure.curves import Layer
from spinvalley.papers.heterostructure.parameters import BORDER, EdgeParameters, Parameters
from spinvalley.sweeps import sweep
from spinvalley.topology import (
    andreev,
    bulk_gap,
    compare_effective,
    edge_spectrum,
    edge_zero_modes,
    field_at_ratio,
    flat_bands,
    nodes,
    symmetry_class,
    threshold,
    winding,
    zero_modes,
)
from spinvalley.topology.strip import FiniteSizeWarning, strip

Progress = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""

_RESOLUTION: Final = 0.1
_WINDOW: Final = (1e-6, 0.3)
_PEAK: Final = (1e-7, 1e-2)
_NEAR: Final = (1e-10, 1e-3)
_FIELDS: Final = 1.25
_FELT: Final = {"superconductor": "sc", "both layers": None}


@dataclass(frozen=True)
class EdgeData:
    """The data behind Fig. 4 and its claims; k_parallel in 1/a, energies in |t|.

    Args:
        symmetry: symmetries at V = ratio Delta.
        gap: bulk gap at V = 0.
        thresholds: "superconductor" or "both layers" (which feel the field) -> threshold field.
        static: 1 + Gamma^2/(eps^2 - V^2) at the threshold of both layers, by which the field on the film grows.
        nodes: nodal points.
        bands: edge -> flat bands.
        schemes: flat bands of the full model and of eq. 8.
        phase: winding number over (zeeman, k_parallel).
        decay: winding number and decay lengths over k_parallel, inside the flat bands, 41 for each.
        found: zero modes of the half plane from its Green function, 41 k_parallel for each flat band.
        strips: V/Delta -> levels of the strip (Fig. 4a-b).
        spectrum: spectral function of the half plane.
        resolved: levels of the one-band strip.
        resolved_bands: its flat bands.
        spins: zero mode in the middle of each interval of positive k_parallel.
        reflection: conductance at zero energy there.
        peak: conductance against energy in the middle of the second interval.
        equilibrium: gap0 of the isolated layer -> field at which V = ratio Delta(T, V).
    """

    symmetry: xr.Dataset
    gap: xr.Dataset
    thresholds: Mapping[str, xr.Dataset]
    static: float
    nodes: xr.Dataset
    bands: Mapping[str, xr.Dataset]
    schemes: xr.Dataset
    phase: xr.Dataset
    decay: xr.Dataset
    found: xr.Dataset
    strips: Mapping[float, xr.Dataset]
    spectrum: xr.Dataset
    resolved: xr.Dataset
    resolved_bands: xr.Dataset
    spins: tuple[xr.Dataset, ...]
    reflection: xr.Dataset
    peak: xr.Dataset
    equilibrium: Mapping[float, xr.Dataset]


def compute_edge(p: Parameters, layers: Mapping[float, Layer], progress: Progress) -> EdgeData:
    """All data of Fig. 4; `progress` hears of every step."""
    e, sc = p.edge, superconductor(p)
    steps = partial(progress, "Fig. 4, bulk")
    steps(0, 5)
    places = nodes(sc, e.gap, e.ratio * e.gap)
    steps(1, 5)
    bands = {edge: flat_bands(sc, e.gap, e.ratio * e.gap, edge) for edge in ("armchair", "zigzag")}
    steps(2, 5)
    schemes = compare_effective(sc, e.gap, e.ratio * e.gap)
    steps(3, 5)
    closings = {name: threshold(superconductor(p, on), e.gap) for name, on in _FELT.items()}
    steps(4, 5)
    phase = _phase(sc, e)
    steps(5, 5)
    return EdgeData(
        symmetry=symmetry_class(sc, e.gap, e.ratio * e.gap),
        gap=bulk_gap(sc, e.gap, 0.0),
        thresholds=closings,
        static=_static(p, closings["both layers"]),
        nodes=places,
        bands=bands,
        schemes=schemes,
        phase=phase,
        strips=_strips(sc, e, progress),
        **_half_plane(sc, e, bands["armchair"], progress),  # type: ignore[arg-type]
        **_resolved(e, progress),  # type: ignore[arg-type]
        equilibrium=_equilibrium(p, layers, progress),
    )


def superconductor(p: Parameters, zeeman_on: str | None = None) -> Superconductor:
    """The bilayer of Fig. 4, with the field on both layers or on one."""
    model = p.bilayer(p.strongest)
    return Superconductor(
        model if zeeman_on is None else model.with_zeeman_on(zeeman_on), s_wave(on="sc", gap0=p.edge.gap)
    )


def positive_intervals(bands: xr.Dataset) -> xr.Dataset:
    """The flat bands at k_parallel > 0."""
    return bands.isel(interval=np.flatnonzero(bands.start.values > 0))


def _static(p: Parameters, closing: xr.Dataset) -> float:
    """1 + Gamma^2/(eps^2 - V^2) of the dichalcogenide at the momentum where the gap closes."""
    eps = float(np.real(p.tmd().hamiltonian(closing.k.values)[0, 0]))
    return 1 + p.strongest**2 / (eps**2 - float(closing.zeeman) ** 2)


def _phase(sc: Superconductor, e: EdgeParameters) -> xr.Dataset:
    """w(k_par, V) over the range of k_y in which it is not zero."""
    k = np.linspace(0.5, 0.85, e.phase_size[0]) * BORDER
    fields = np.linspace(0, _FIELDS * e.ratio, e.phase_size[1]) * e.gap
    known = winding(sc, e.gap, 0.0, k[:1])
    axes = {"zeeman": fields, "k_parallel": xr.DataArray(k, attrs=known.k_parallel.attrs)}
    data = sweep(partial(winding, sc, e.gap), axes, together=["k_parallel"], check=True)
    return data.drop_vars("message").assign(winding=data.winding.astype(int)).assign_attrs(known.attrs)


def _strips(sc: Superconductor, e: EdgeParameters, progress: Progress) -> dict[float, xr.Dataset]:
    out = {}
    for ratio in (0.0, e.ratio):
        stage = partial(progress, f"Fig. 4, strip at V = {ratio:g} Delta")
        out[ratio] = _levels(sc, e.gap, ratio * e.gap, e.width, e.states, e.momenta, stage)
    return out


def _levels(
    sc: Superconductor,
    gap: float,
    zeeman: float,
    width: int,
    states: int,
    momenta: int,
    count: Callable[[int, int], None],
) -> xr.Dataset:
    """Levels of a strip for k_y from minus to plus the border of the zone; E(-k) = E(k) with the chiral symmetry."""
    pieces = np.array_split(np.linspace(0, 1, momenta) * BORDER, max(1, momenta // 8))
    parts = []
    for done, k in enumerate(pieces):
        count(done, len(pieces))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FiniteSizeWarning)  # the caption and the grey background say it
            parts.append(strip(sc, gap, zeeman, width, k, states=states))
    count(len(pieces), len(pieces))
    half = xr.concat(parts, dim="k_parallel", combine_attrs="override")
    other = half.isel(k_parallel=slice(None, 0, -1)).assign_coords(k_parallel=-half.k_parallel.values[:0:-1])
    return xr.concat([other, half], dim="k_parallel", combine_attrs="override")


def _half_plane(
    sc: Superconductor, e: EdgeParameters, bands: xr.Dataset, progress: Progress
) -> dict[str, xr.Dataset | tuple[xr.Dataset, ...]]:
    field, count = e.ratio * e.gap, partial(progress, "Fig. 4, half plane")
    count(0, 4)
    ours = positive_intervals(bands)
    middles = 0.5 * (ours.start.values + ours.stop.values)
    found: dict[str, xr.Dataset | tuple[xr.Dataset, ...]] = {
        "decay": winding(sc, e.gap, field, _inside(ours, _NEAR[0])),
        "found": edge_zero_modes(sc, e.gap, field, _inside(ours, _NEAR[1])),
        "spins": tuple(zero_modes(sc, e.gap, field, float(k)) for k in middles),
    }
    count(1, 4)
    found["reflection"] = andreev(sc, e.gap, field, middles, 0.0, coupling=e.contact)
    count(2, 4)
    bias = np.geomspace(*_PEAK, 61) * e.gap
    found["peak"] = andreev(
        sc, e.gap, field, middles[len(middles) // 2 : len(middles) // 2 + 1], bias, coupling=e.contact
    )
    count(3, 4)
    found["spectrum"] = _spectrum(sc, e)
    count(4, 4)
    return found


def _inside(bands: xr.Dataset, near: float) -> Floats:
    """41 momenta in each interval, the nearest at the distance `near` (in lengths of the interval) from its ends."""
    close = np.concatenate([np.geomspace(near, 0.02, 9), np.linspace(0.05, 0.5, 12)])
    share = np.concatenate([close, 1 - close[-2::-1]])
    ends = zip(bands.start.values, bands.stop.values, strict=True)
    return np.concatenate([a + (b - a) * share for a, b in ends])


def _spectrum(sc: Superconductor, e: EdgeParameters) -> xr.Dataset:
    """A(k_y, E) on a logarithmic axis of energy, with a broadening that is a fixed share of E."""
    k = np.linspace(*e.seen, e.map_size[0]) * BORDER
    energies = np.geomspace(*_WINDOW, e.map_size[1]) * e.gap
    field = e.ratio * e.gap

    def row(energy: float, k_parallel: Floats) -> xr.Dataset:
        found = edge_spectrum(sc, e.gap, field, k_parallel, [energy], eta=_RESOLUTION * energy)
        return found.isel(energy=0, drop=True)

    known = edge_spectrum(sc, e.gap, field, k[:1], energies[:1], eta=_RESOLUTION * energies[0])
    axes = {name: xr.DataArray(v, attrs=known[name].attrs) for name, v in (("k_parallel", k), ("energy", energies))}
    data = sweep(row, axes, together=["k_parallel"], check=True).drop_vars("message")
    return data.assign_attrs(edge=known.attrs["edge"], chiral=known.attrs["chiral"], eta_over_energy=_RESOLUTION)


def _resolved(e: EdgeParameters, progress: Progress) -> dict[str, xr.Dataset]:
    sc = Superconductor(e.resolved(), s_wave(gap0=e.resolved_gap))
    field = e.ratio * e.resolved_gap
    count = partial(progress, "Fig. 4, one band")
    return {
        "resolved": _levels(sc, e.resolved_gap, field, e.resolved_width, 24, 2 * e.momenta, count),
        "resolved_bands": flat_bands(sc, e.resolved_gap, field),
    }


def _equilibrium(p: Parameters, layers: Mapping[float, Layer], progress: Progress) -> dict[float, xr.Dataset]:
    out, rungs = {}, [gap0 for gap0 in p.edge.ladder if gap0 in layers]
    for done, gap0 in enumerate(rungs):
        progress("Fig. 4, self-consistent gap", done, len(rungs))
        layer = layers[gap0]
        kT = p.lowest * float(layer.tc)
        found = field_at_ratio(layer.coupled(p.strongest), kT, p.edge.ratio, tol=1e-4)
        out[gap0] = found.assign(u=found.zeeman / layer.pauli, u_error=found.error / layer.pauli)
    progress("Fig. 4, self-consistent gap", len(rungs), len(rungs))
    return out
