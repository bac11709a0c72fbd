"""Everything that the figures and the claims of the paper need, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from spinvalley.normal import bands, fermi_contours, spectral_map
from spinvalley.papers.heterostructure.curves import Count, Layer, critical_line, gap_map
from spinvalley.papers.heterostructure.edge import EdgeData, Progress, compute_edge
from spinvalley.papers.heterostructure.parameters import Parameters
from spinvalley.phase import critical_field

_DEEP = (0.5, 0.25)


@dataclass(frozen=True)
class Computed:
    """The data behind the figures.

    Args:
        parameters: what they were computed with.
        bands: layer -> band structure (Fig. 1a).
        fermi: layer -> Fermi lines (Fig. 1b).
        spectral: spectral densities of the superconductor (Fig. 2).
        layers: gap0 -> isolated layer.
        lines: Gamma -> critical line at `parameters.gap0` (Fig. 3a).
        maps: Gamma -> gap map (Fig. 3b-c).
        ladder: gap0 -> critical line at the strongest Gamma.
        deep: critical fields at the strongest Gamma below the lowest temperature of Fig. 3a.
        edge: nodes, flat bands and edges (Fig. 4).
    """

    parameters: Parameters
    bands: Mapping[str, xr.Dataset]
    fermi: Mapping[str, xr.Dataset]
    spectral: xr.Dataset
    layers: Mapping[float, Layer]
    lines: Mapping[float, xr.Dataset]
    maps: Mapping[float, xr.Dataset]
    ladder: Mapping[float, xr.Dataset]
    deep: xr.Dataset
    edge: EdgeData


def compute(parameters: Parameters, progress: Progress) -> Computed:
    """All data of the figures and claims; `progress` hears of every step."""
    p = parameters
    alone = {"sc": p.film(), "tmd": p.tmd()}
    progress("normal state", 0, 1)
    normal = {
        "bands": {name: bands(model) for name, model in alone.items()},
        "fermi": {name: fermi_contours(model) for name, model in alone.items()},
        "spectral": spectral_map(p.bilayer(p.strongest), "sc", broadening=p.broadenings[0], points=p.momenta),
    }
    progress("normal state", 1, 1)
    layers = {}
    for done, gap0 in enumerate(p.ladder):
        layers[gap0] = Layer.of(p, gap0)
        progress("isolated layers", done + 1, len(p.ladder))
    here = layers[p.gap0]
    lines = {}
    for coupling in p.couplings:
        count = _stage(progress, f"Fig. 3a, Gamma = {coupling:g}")
        lines[coupling] = critical_line(here, coupling, p.temperatures, count)
    deep = _deep(here, p, _stage(progress, "below the lowest temperature"))
    ladder = {p.gap0: lines[p.strongest]}
    for gap0 in (g for g in p.ladder if g != p.gap0):
        count = _stage(progress, f"ladder, Delta0/|t| = {gap0:g}")
        ladder[gap0] = critical_line(layers[gap0], p.strongest, p.ladder_temperatures, count)
    maps = {}
    for panel, coupling in (("b", 0.0), ("c", p.strongest)):
        maps[coupling] = gap_map(here, lines[coupling], _stage(progress, f"Fig. 3{panel}"))
    ordered = {gap0: ladder[gap0] for gap0 in p.ladder}
    edge = compute_edge(p, layers, progress)
    return Computed(
        parameters=p, layers=layers, lines=lines, maps=maps, ladder=ordered, deep=deep, edge=edge, **normal  # type: ignore[arg-type]
    )  # fmt: skip


def _deep(layer: Layer, p: Parameters, count: Count) -> xr.Dataset:
    """The critical field of the strongest coupling at fractions of the lowest temperature."""
    kT = p.lowest * float(layer.tc) * np.array(_DEEP)
    data = critical_field(layer.coupled(p.strongest), kT, tol=1e-3, progress=count)
    return data.assign(
        t=data.kT / float(layer.tc), u=data.zeeman / layer.pauli, u_linear=data.zeeman_linear / layer.pauli
    )


def _stage(progress: Progress, name: str) -> Count:
    return partial(progress, name)
