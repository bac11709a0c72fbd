"""Hc2(T): the field at which the superconducting equilibrium state ends, with the order of the transition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from spinvalley.checks import Floats, Status, axis, direction_vector, instance, positive, tolerance
from spinvalley.pairing.gap import ORDERS, free_energy_landscape, orders
from spinvalley.pairing.landscape import Landscape
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.pairing.transition import Line, find_jump, refine_transition

Progress = Callable[[int, int], None]
_FIRST_STEP = 0.15
_GROWTH = 1.15
_FURTHEST = 40.0
_SCAN_TOLERANCE = 1e-3
_NOTICEABLE = 0.12
_NEAR = 2e-3
_WORKERS = 2


@dataclass(frozen=True)
class FieldPoint:
    """Critical fields at one temperature; energies in the unit of the model, NaN where there is none."""

    zeeman: float
    zeeman_linear: float
    order: int
    error: float
    status: Status
    gap: float = np.nan
    superheating: float = np.nan
    jump: float = np.nan
    jump_gap_high: float = np.nan
    jump_gap_low: float = np.nan


def critical_field(
    sc: Superconductor,
    kT: ArrayLike,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    tol: float = 1e-5,
    zeeman_max: float | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Critical field Hc2(T) of the Pauli-limited problem: where the global minimum of F becomes the normal state.

    Args:
        sc: the superconductor.
        kT: temperatures >= 0, scalar or (nT,), energy unit of the model.
        direction: field direction, nonzero 3-vector.
        tol: relative error asked for.
        zeeman_max: end of the search, energy; default 40 gaps (Ising coupling has no finite Hc2 at T = 0).
        progress: called with (points done, points in all).

    Returns:
        Dataset over kT: `zeeman` (thermodynamic transition), `zeeman_linear` (the normal state becomes unstable below
        it), `order` (1, 2; 0 where the state is normal at zero field), `gap` (just inside), `superheating` (end of the
        metastable superconducting branch), `jump`, `jump_gap_high`, `jump_gap_low` (first-order transition between two
        superconducting states, NaN if none), `error` (of zeeman, from the zone quadrature) and `status`.

    Raises:
        InvalidInput: negative or NaN temperatures, zero direction.

    Source: heterostructure.txt, eq. 7 and Fig. 3a; physics.md 1 and 2.3.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.295202))
    >>> line = sv.critical_field(sc, kT=0.01)
    >>> round(float(line.zeeman[0]) / 0.2, 5), int(line.order[0])
    (0.70296, 1)
    """
    temperatures = axis("kT", kT, minimum=0)
    unit = direction_vector(direction)
    tol = tolerance("tol", tol)
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    furthest = positive("zeeman_max", zeeman_max) if zeeman_max is not None else _FURTHEST * sc.energy_scale
    fields, scans = _scan(sc, temperatures, unit, furthest)
    gaps = np.array([scan.equilibria()[0] for scan in scans])
    curvatures = np.array([scan.curvatures for scan in scans])
    done: list[int] = []

    def solve(n: int) -> FieldPoint:
        point = _solve(sc, float(temperatures[n]), unit, fields, gaps[:, n], curvatures[:, n], tol)
        done.append(n)
        if progress is not None:
            progress(len(done), len(temperatures))
        return point

    with ThreadPoolExecutor(_WORKERS) as pool:
        points = list(pool.map(solve, range(len(temperatures))))
    return _dataset(points, temperatures, unit, tol)


def _scan(sc: Superconductor, kT: Floats, unit: Floats, furthest: float) -> tuple[list[float], list[Landscape]]:
    """Free energies at all temperatures on a coarse grid of fields, up to the first where every state is normal."""
    fields: list[float] = []
    scans: list[Landscape] = []
    value, step = 0.0, _FIRST_STEP * sc.energy_scale
    while True:
        fields.append(value)
        scans.append(free_energy_landscape(sc, kT, value * unit, ORDERS[0], _SCAN_TOLERANCE))
        if not np.any(scans[-1].equilibria()[0]) or value >= furthest:
            return fields, scans
        value = min(max(value + step, value * _GROWTH), furthest)


def _solve(
    sc: Superconductor,
    kT: float,
    unit: Floats,
    fields: Sequence[float],
    gaps: Floats,
    curvatures: Floats,
    tol: float,
) -> FieldPoint:
    inside = np.flatnonzero(gaps > 0)
    if len(inside) == 0:
        return FieldPoint(0.0, np.nan, 0, 0.0, Status.NORMAL)
    last = int(inside[-1])
    if last == len(fields) - 1:
        return FieldPoint(fields[-1], np.nan, 0, np.nan, Status.BEYOND_RANGE)
    bracket = (fields[last], fields[last + 1])
    point = partial(_along, kT, unit)
    lines = [Line(sc, point, o, 0.1 * tol) for o in orders(sc, kT, bracket[1] * unit, min(tol, 1e-4))]
    refined = refine_transition(lines, bracket, tol)
    line, found = refined.line, refined.transition
    if found is None:
        middle = 0.5 * (bracket[0] + bracket[1])
        return FieldPoint(middle, np.nan, 0, refined.error, Status.NOT_CONVERGED)
    linear = found.linear if np.isfinite(found.linear) else _linear(line, fields, curvatures, tol)
    jump = _jump(line, fields[: last + 1], gaps[: last + 1], found.s if found.order == 2 else np.nan, tol)
    status = Status.CONVERGED if refined.error <= tol * found.s else Status.NOT_CONVERGED
    heating = _superheating(line, found.s, tol) if found.order == 1 else found.s
    return FieldPoint(found.s, linear, found.order, refined.error, status, found.gap, heating, *jump)


def _along(kT: float, unit: Floats, s: float) -> tuple[float, Floats]:
    return kT, s * unit


def _linear(line: Line, fields: Sequence[float], curvatures: Floats, tol: float) -> float:
    """The highest field at which the normal state becomes unstable, NaN if it never does."""
    unstable = np.flatnonzero(curvatures < 0)
    if len(unstable) == 0 or unstable[-1] == len(fields) - 1:
        return np.nan
    low, high = fields[unstable[-1]], fields[unstable[-1] + 1]
    if line.curvature(low) >= 0 or line.curvature(high) <= 0:
        return np.nan
    return float(brentq(line.curvature, low, high, xtol=0.02 * tol * high))


def _superheating(line: Line, s: float, tol: float) -> float:
    """Field at which the superconducting branch ends: dF/dx no longer vanishes at any Delta > 0."""
    high = s
    for _ in range(40):
        high *= 1.1
        if line.profile(high).lowest_slope > 0:
            return float(brentq(lambda v: line.profile(v).lowest_slope, s * (1 - tol), high, xtol=tol * s))
    return np.nan


def _jump(line: Line, fields: Sequence[float], gaps: Floats, end: float, tol: float) -> tuple[float, float, float]:
    """The first-order transition between superconducting states with the largest change of the gap."""
    edges = [*pairwise(fields)]
    drops = list(np.abs(np.diff(gaps)) > _NOTICEABLE * line.sc.gap_scale)
    if np.isfinite(end) and end > fields[-1]:
        edges.append((fields[-1], end - 1e-3 * (end - fields[-1])))
        drops.append(True)
    scout = replace(line, order=ORDERS[1], tol=_SCAN_TOLERANCE)
    found = [find_jump(scout, *edge, precision=tol * edge[1]) for edge, drop in zip(edges, drops, strict=True) if drop]
    jumps = [jump for jump in found if jump is not None]
    if not jumps:
        return np.nan, np.nan, np.nan
    s = max(jumps, key=lambda jump: jump[1] - jump[2])[0]
    return find_jump(line, s * (1 - _NEAR), s * (1 + _NEAR), precision=0.1 * tol * s) or (np.nan, np.nan, np.nan)


def _dataset(points: Sequence[FieldPoint], kT: Floats, unit: Floats, tol: float) -> xr.Dataset:
    unit_attrs = {"units": "energy unit of the model"}
    names = ("zeeman", "zeeman_linear", "error", "gap", "superheating", "jump", "jump_gap_high", "jump_gap_low")
    data = {name: ("kT", np.array([getattr(p, name) for p in points]), unit_attrs) for name in names}
    return xr.Dataset(
        {
            **data,
            "order": ("kT", np.array([p.order for p in points])),
            "status": ("kT", np.array([str(p.status) for p in points])),
        },
        coords={"kT": ("kT", kT, unit_attrs)},
        attrs={"direction": tuple(float(c) for c in unit), "tolerance": tol},
    )
