"""How the nodes move, are created in pairs and annihilate while a parameter changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from spinvalley.checks import Floats, InvalidInput, axis, direction_vector, instance, positive
from spinvalley.models import Lattice
from spinvalley.pairing import Superconductor
from spinvalley.topology.nodes import nodes

Integers = NDArray[np.int64]
_REACH = 0.1
_NEVER = 1e6


def node_motion(
    sc: Superconductor | Sequence[Superconductor],
    gap: ArrayLike,
    zeeman: ArrayLike,
    direction: ArrayLike = (1, 0, 0),
    *,
    tol: float = 1e-10,
    reach: float | None = None,
) -> xr.Dataset:
    """Paths of the nodes through a sequence of steps: of the field, of the gap, or of the model.

    At each step all nodes are found anew (see `nodes`); those of equal charge that are nearest to each other on the
    torus of momenta are joined to tracks, the sum of the distances being the smallest.

    Args:
        sc: one superconductor, or a sequence of S of them on one lattice (of rising coupling, for example).
        gap: pairing amplitude Delta, energy; a number or (S,).
        zeeman: size V of the field, energy; a number or (S,).
        direction: of the field, a nonzero 3-vector.
        tol: accuracy of the positions, 1/length.
        reach: farthest that a node may move in one step, 1/length; by default a tenth of a reciprocal vector.

    Returns:
        Dataset over (step, track): k (xy; 1/length, NaN where the track does not exist), error (1/length); over track:
        charge, born and died (first and last step of the track), born_with and died_with (the nearest track of opposite
        charge that began or ended at the same step; -1 where there is none, or where the path begins or ends); over
        step: number, created, annihilated (since the step before), status (see `nodes`), zero_set; coordinates gap,
        zeeman over step.

    Raises:
        InvalidInput: lengths that do not fit, different lattices, negative gap or tol, NaN.

    Source: the charges sum to zero, so that nodes appear and vanish in pairs.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.1))
    >>> sv.topology.node_motion(sc, gap=0.1, zeeman=[0.09, 0.12, 0.3]).number.values
    array([ 0, 12, 12])
    """
    cases, gaps, fields, unit = _steps(sc, gap, zeeman, direction)
    lattice = cases[0].model.lattice
    if reach is None:
        farthest = _REACH * float(np.linalg.norm(lattice.reciprocal, axis=1).min())
    else:
        farthest = positive("reach", reach)
    found = [nodes(s, g, v * unit, tol=tol) for s, g, v in zip(cases, gaps, fields, strict=True)]
    tracks = _tracks(lattice, found, farthest)
    return _dataset(lattice, found, tracks).assign_coords(
        gap=("step", gaps, {"units": "energy"}), zeeman=("step", fields, {"units": "energy"})
    )


def _steps(
    sc: Superconductor | Sequence[Superconductor], gap: ArrayLike, zeeman: ArrayLike, direction: ArrayLike
) -> tuple[list[Superconductor], Floats, Floats, Floats]:
    """Superconductors, gaps and fields of equal length, and the direction of the field."""
    listed = [sc] if isinstance(sc, Superconductor) or not isinstance(sc, Sequence) else list(sc)
    if not listed:
        raise InvalidInput("`sc` must hold at least one superconductor, but is empty")
    for each in listed:
        instance("sc", each, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
        if each.model.lattice != listed[0].model.lattice:
            raise InvalidInput("`sc` must be superconductors on one lattice, but their lattices differ")
    gaps, fields = axis("gap", gap), axis("zeeman", zeeman)
    lengths = {len(listed), len(gaps), len(fields)} - {1}
    if len(lengths) > 1:
        raise InvalidInput(
            f"`sc`, `gap` and `zeeman` must have one length or be single, but have {len(listed)}, {len(gaps)} and "
            f"{len(fields)}"
        )
    count = max(lengths, default=1)
    cases = listed if len(listed) == count else listed * count
    return cases, np.resize(gaps, count), np.resize(fields, count), direction_vector(direction)


def _tracks(lattice: Lattice, found: list[xr.Dataset], farthest: float) -> list[Integers]:
    """Number of the track of each node, for each step."""
    tracks, total = [np.arange(found[0].sizes["node"])], found[0].sizes["node"]
    for before, after in pairwise(found):
        away = np.linalg.norm(lattice.fold(before.k.values[:, None] - after.k.values), axis=-1)
        away = np.where(before.charge.values[:, None] == after.charge.values, away, np.inf)
        old, new = linear_sum_assignment(np.where(away < farthest, away, _NEVER * farthest))
        here = np.full(after.sizes["node"], -1)
        kept = away[old, new] < farthest
        here[new[kept]] = tracks[-1][old[kept]]
        fresh = np.flatnonzero(here < 0)
        here[fresh] = total + np.arange(len(fresh))
        total += len(fresh)
        tracks.append(here)
    return tracks


def _dataset(lattice: Lattice, found: list[xr.Dataset], tracks: list[Integers]) -> xr.Dataset:
    steps, total = len(found), 1 + max((int(t.max(initial=-1)) for t in tracks), default=-1)
    k, error = np.full((steps, total, 2), np.nan), np.full((steps, total), np.nan)
    charge = np.zeros(total, dtype=int)
    for step, (result, numbers) in enumerate(zip(found, tracks, strict=True)):
        k[step, numbers], error[step, numbers] = result.k.values, result.error.values
        charge[numbers] = result.charge.values
    present = ~np.isnan(error)
    born = np.argmax(present, axis=0)
    died = steps - 1 - np.argmax(present[::-1], axis=0)
    begins = (present & ~np.vstack([np.zeros((1, total), dtype=bool), present[:-1]])).sum(axis=1)
    ends = (present[:-1] & ~present[1:]).sum(axis=1)
    return xr.Dataset(
        {
            "k": (("step", "track", "xy"), k, {"units": "1/length"}),
            "error": (("step", "track"), error, {"units": "1/length"}),
            "charge": ("track", charge),
            "born": ("track", born),
            "died": ("track", died),
            "born_with": ("track", _partners(lattice, k, charge, born, 0)),
            "died_with": ("track", _partners(lattice, k, charge, died, steps - 1)),
            "number": ("step", present.sum(axis=1)),
            "created": ("step", np.where(np.arange(steps) > 0, begins, 0)),
            "annihilated": ("step", np.concatenate([[0], ends])),
            "status": ("step", [str(f.attrs["status"]) for f in found]),
            "zero_set": ("step", [str(f.attrs["zero_set"]) for f in found]),
        },
        coords={"xy": ["x", "y"]},
    )


def _partners(lattice: Lattice, k: Floats, charge: Integers, when: Integers, border: int) -> Integers:
    """For each track the nearest one of opposite charge with the same event, -1 at the border of the path."""
    partner = np.full(len(charge), -1)
    for step in np.unique(when[when != border]):
        those = np.flatnonzero(when == step)
        away = np.linalg.norm(lattice.fold(k[step, those, None] - k[step, those]), axis=-1)
        away = np.where(charge[those, None] == -charge[those], away, np.inf)
        np.fill_diagonal(away, np.inf)
        nearest = np.argmin(away, axis=1)
        partner[those] = np.where(np.isfinite(away[np.arange(len(those)), nearest]), those[nearest], -1)
    return partner
