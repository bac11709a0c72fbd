"""The temperatures at which the normal state becomes unstable, for every mode of competing channels."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, Status, positive, tolerance
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.instabilities import describe
from spinvalley.pairing.competition.matrix import UNITS, PairMatrix, door, overlaps, status
from spinvalley.pairing.competition.modes import SPINS, eigenvalues, modes
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.roots import Crossing, Ranked, crossing, last_unstable, levels
from spinvalley.pairing.gap import ORDERS, orders, stated_error

_LOWEST = 1e-5  # of the bandwidth
_POINTS = 32
_TWIN = 1e-3  # of the tolerance


def transition_temperatures(
    comp: Competition,
    zeeman: ArrayLike = 0.0,
    q: ArrayLike = (0.0, 0.0),
    *,
    lowest: float | None = None,
    tol: float = 1e-6,
) -> xr.Dataset:
    """Temperature k_B Tc below which the normal state is unstable, for every mode (irrep and its partners).

    The first mode wins: it condenses on cooling. The others are the instabilities of the normal state that would follow
    without it; what they become below it is a question to the free energy.

    Args:
        comp: model, channels, interaction.
        zeeman: V of sigma, energy (number along x, or 3-vector).
        q: momentum of the pairs (2,), 1/length.
        lowest: end of the search, energy; default 1e-5 of the largest band energy.
        tol: relative error asked for.

    Returns:
        Dataset over mode, highest first: tc (energy; 0 where the mode is stable down to `lowest`), error, status
        ("normal" there), vector (mode, channel), share (mode, spin) and irrep at tc (at `lowest` for normal modes),
        level (equal: degenerate partners). Attributes: winner (irrep of the first mode, "" if all are normal), lowest.

    Raises:
        InvalidInput: NaN, `lowest` not positive, channels that depend linearly on each other.

    Source: M. Sigrist and K. Ueda, doi:10.1103/RevModPhys.63.239; physics.md 2.1.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> float(sv.pairing.transition_temperatures(comp).tc[0])
    0.11378
    """
    _, field, momentum = door(comp, 1.0, zeeman, q)
    tol = tolerance("tol", tol)
    floor = _LOWEST * comp.sampler.bandwidth if lowest is None else positive("lowest", lowest)
    found = _found(comp, field, momentum, floor, tol)
    attrs = {
        "zeeman": tuple(map(float, field)),
        "q": tuple(map(float, momentum)),
        "tolerance": tol,
        "lowest": floor,
        "winner": str(found.irrep[0].item()) if found.tc[0] > 0 else "",
    }
    return found.assign_attrs(attrs)


def _found(comp: Competition, field: Floats, q: Floats, floor: float, tol: float) -> xr.Dataset:
    """Every rank; those without a transition have the modes at the lowest temperature."""
    coarse = PairMatrix(comp, floor, field, q, ORDERS[0])
    grid = np.geomspace(floor, max(highest_temperature(comp), 2 * floor), _POINTS)
    scan = last_unstable([eigenvalues(comp, coarse.chi(kT, field, q)) for kT in grid])
    cold = modes(comp, coarse.chi(floor, field, q), tol)
    vectors = cold.vectors.copy()
    found: list[Crossing | None] = [None] * len(scan)
    for rank, place in enumerate(scan):
        if place is None or found[rank] is not None:
            continue
        low, high = float(grid[place]), float(grid[min(place + 1, _POINTS - 1)])
        found[rank] = point = crossing(
            lambda order, low=low: _line(comp, 0.5 * low, field, q, order),  # type: ignore[misc]
            rank,
            (low, high),
            orders(comp, low, field, min(tol, 1e-4)),
            tol,
            lambda order, change, kT: float(stated_error(comp, kT, field, order, change, kT)),
        )
        if point is not None:
            chi = PairMatrix(comp, 0.5 * low, field, q, point.order).chi(point.value, field, q)
            solved = modes(comp, chi, tol * float(np.abs(chi).max()))
            for twin in _twins(solved.eigenvalues, rank, scan, _TWIN * tol):
                found[twin], vectors[twin] = point, solved.vectors[twin]
    points = [_point(place is not None, point, floor) for place, point in zip(scan, found, strict=True)]
    return _dataset(comp, points, vectors, cold.level)


def _twins(values: Floats, rank: int, scan: list[int | None], near: float) -> list[int]:
    """The rank itself and those after it that cross where it does: degenerate partners need no search of their own."""
    alike = np.abs(values - values[rank]) <= near
    return [n for n in range(rank, len(values)) if scan[n] == scan[rank] and (n == rank or alike[n])]


def highest_temperature(comp: Competition) -> float:
    """An upper bound of every Tc: chi <= <D_i, D_j> / 4T, as [tanh(a/2T) + tanh(b/2T)] / (a + b) <= 1 / 2T."""
    top = float(np.linalg.eigvals(comp.couplings @ overlaps(comp)).real.max())
    return 0.25 * max(top, 0.0)


def _line(comp: Competition, low: float, field: Floats, q: Floats, order: int) -> Ranked:
    pairs = PairMatrix(comp, low, field, q, order)
    return lambda kT: eigenvalues(comp, pairs.chi(kT, field, q))


def _point(unstable: bool, point: Crossing | None, floor: float) -> tuple[float, float, Status]:
    """Temperature, error and status of one rank."""
    if point is not None:
        return point.value, point.error, status(point.converged)
    return (np.nan, np.nan, Status.NOT_CONVERGED) if unstable else (0.0, floor, Status.NORMAL)


def _dataset(
    comp: Competition, points: list[tuple[float, float, Status]], vectors: Matrix, cold: NDArray[np.int64]
) -> xr.Dataset:
    order = sorted(range(len(points)), key=lambda n: -np.nan_to_num(points[n][0]))
    tc, error = (np.array([points[n][part] for n in order], dtype=float) for part in (0, 1))
    return xr.Dataset(
        {
            "tc": ("mode", tc, UNITS),
            "error": ("mode", error, UNITS),
            "status": ("mode", [str(points[n][2]) for n in order]),
            "level": ("mode", levels(np.where(tc > 0, tc, -cold[order] - 1.0), np.where(tc > 0, error, 0.0))),
            **describe(comp, vectors[order]),
        },
        coords={"mode": np.arange(len(points)), "channel": list(comp.names), "spin": list(SPINS)},
    )
