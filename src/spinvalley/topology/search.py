"""Branch and bound over the Brillouin zone: the smallest |E| and the neighbourhoods of its zeros, nothing overlooked.

The zone, reduced by symmetry, is cut into triangles; a triangle is dropped when a rigorous lower bound of |E| in it
(see `pencil`) excludes what is looked for, and quartered otherwise. Rounding of the singular
values is part of the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats
from spinvalley.topology.pencil import Array, Pencil

_START = 3
_DEEPEST = 60
_MOST = 400_000
_MOST_IN_THE_WAY = 200_000
_STEPS = 60
_ENOUGH = 8
_PROBED = 256
_CHUNK = 2**14


@dataclass(frozen=True, eq=False)
class Cells:
    """Triangles of the zone.

    Args:
        corners: shape (N, 3, 2).
        values: |E| at the corners, shape (N, 3).
        radius: of the smallest disc around each, shape (N,).
    """

    corners: Floats
    values: Floats
    radius: Floats

    def __len__(self) -> int:
        return len(self.radius)

    def __getitem__(self, mask: Array) -> Cells:
        return Cells(self.corners[mask], self.values[mask], self.radius[mask])

    @classmethod
    def cover(cls, pencil: Pencil) -> Cells:
        """Triangles that cover the irreducible part of the zone."""
        corners = pencil.triangles
        values = pencil.lowest(corners.reshape(-1, 2)).reshape(-1, 3)
        cells = cls(corners, values, enclosing_discs(corners)[1])
        for _ in range(_START):
            cells = cells.quartered(pencil)
        return cells

    def quartered(self, pencil: Pencil) -> Cells:
        """Each triangle cut into four of half the size."""
        a, b, c = np.moveaxis(self.corners, 1, 0)
        middles = 0.5 * np.stack([b + c, c + a, a + b], axis=1)
        distinct, inverse = np.unique(middles.reshape(-1, 2) @ (1, 1j), return_inverse=True)
        values = pencil.lowest(np.stack([distinct.real, distinct.imag], axis=-1))[inverse.reshape(-1)].reshape(-1, 3)
        points, levels = np.concatenate([self.corners, middles], axis=1), np.concatenate([self.values, values], axis=1)
        parts = [(0, 4, 5), (3, 1, 5), (3, 4, 2), (3, 4, 5)]
        return Cells(
            np.concatenate([points[:, p] for p in parts]),
            np.concatenate([levels[:, p] for p in parts]),
            np.tile(0.5 * self.radius, 4),
        )

    def least(self, pencil: Pencil, below: float) -> Floats:
        """Lower bounds >= 0 of |E| in each triangle, shape (N,), refined where they do not exceed `below`."""
        lowest = np.min(self.values, axis=1)
        bounds = np.maximum(pencil.least_between(self.values, self.radius), 0.0)
        doubtful = np.flatnonzero((bounds <= below) & (lowest > pencil.rounding))
        for start in range(0, len(doubtful), _CHUNK):
            some = doubtful[start : start + _CHUNK]
            bounds[some] = np.maximum(bounds[some], pencil.least_within(*enclosing_discs(self.corners[some])))
        return bounds


@dataclass(frozen=True, eq=False)
class Minimum:
    """The smallest |E| over the zone.

    Args:
        value: |E| at `where`.
        least: no |E| lies below this.
        where: momentum, shape (2,).
        converged: whether value - least met the tolerance.
        cells: number of cells examined.
    """

    value: float
    least: float
    where: Floats
    converged: bool
    cells: int


def minimum(pencil: Pencil, tol: float, share: float = 0.0) -> Minimum:
    """Global minimum of |E(k)| to max(tol, share of itself); tol an energy."""
    cells = Cells.cover(pencil)
    best, where = _lowered(pencil, cells, np.inf, np.zeros(2))
    examined = len(cells)
    for _ in range(_DEEPEST):
        target = best - max(tol, share * best)
        bounds = cells.least(pencil, target)
        keep = bounds < target
        if not np.any(keep):
            return Minimum(best, max(target, 0.0), where, True, examined)
        if 4 * np.count_nonzero(keep) > _MOST:
            break
        cells = cells[keep].quartered(pencil)
        examined += len(cells)
        if cells.values.min() < best:
            best, where = _lowered(pencil, cells, best, where)
    return Minimum(best, float(min(target, bounds.min())), where, False, examined)


@dataclass(frozen=True, eq=False)
class Obstacle:
    """A momentum that could not be excluded from the zeros of a pencil.

    Args:
        where: shape (2,).
        certain: whether no finer cells can help, otherwise the allowed number of cells was used up.
    """

    where: Floats
    certain: bool


def obstacle(pencil: Pencil) -> Obstacle | None:
    """None if |E| > 0 in the whole zone for every matrix that the pencil stands for, else what is in the way."""
    cells = Cells.cover(pencil)
    while True:
        cells = cells[cells.least(pencil, 0.0) <= 0]
        if not len(cells):
            return None
        centres, _ = enclosing_discs(cells.corners[:: len(cells) // _PROBED + 1])
        hopeless = pencil.least_within(centres, np.zeros(len(centres))) <= 0
        if np.any(hopeless) or 4 * len(cells) > _MOST_IN_THE_WAY:
            return Obstacle(centres[int(np.argmax(hopeless))], bool(np.any(hopeless)))
        cells = cells.quartered(pencil)


def polish(pencil: Pencil, k: Floats, reach: float) -> tuple[Floats, Floats]:
    """Momenta (N, 2) of local minima of |E| next to k (N, 2), within steps of `reach`, and |E| there (N,).

    Newton steps on the smallest eigenvalue of X^+X, which is smooth at a node too, and with chiral symmetry on the
    complex level u^+ X v, which finds nodes to rounding; a step that does not descend is shortened.
    """
    k, values = np.array(k), pencil.lowest(k)
    longest = np.full(len(k), reach)
    for _ in range(_STEPS):
        before, moved = values, np.zeros(len(k))
        for step in _newton_steps(pencil, k):
            size = np.linalg.norm(step, axis=1)
            step = step * np.minimum(1.0, longest / np.maximum(size, 1e-300))[:, None]
            trial = pencil.lowest(k + step)
            better = trial < values
            k, values = np.where(better[:, None], k + step, k), np.where(better, trial, values)
            moved = np.where(better, size, moved)
        longest = np.where(values < before, longest, 0.25 * longest)
        if not np.any((moved > 1e-15) | ((moved == 0) & (longest > 1e-9 * reach))):
            break
    return k, values


def spread_out(k: Floats, values: Floats, distance: float, most: int) -> Floats:
    """The momenta of lowest values that are at least `distance` apart, at most `most` of them, shape (n, 2)."""
    left = k[np.argsort(values)]
    chosen: list[Floats] = []
    while len(left) and len(chosen) < most:
        chosen.append(left[0])
        left = left[np.linalg.norm(left - left[0], axis=1) > distance]
    return np.array(chosen).reshape(-1, 2)


def _lowered(pencil: Pencil, cells: Cells, best: float, where: Floats) -> tuple[float, Floats]:
    """The lowest |E| found from the lowest corners of the cells."""
    reach = float(cells.radius.max())
    starts = spread_out(cells.corners.reshape(-1, 2), cells.values.ravel(), reach, _ENOUGH)
    k, values = polish(pencil, starts, reach)
    n = int(np.argmin(values))
    return (float(values[n]), k[n]) if values[n] < best else (best, where)


def _newton_steps(pencil: Pencil, k: Floats) -> list[Floats]:
    """Steps (N, 2) to a minimum of the smallest eigenvalue of X^+X, and in the chiral case to a zero of u^+ X v."""
    x, first = pencil.matrices(k), pencil.slopes(k)
    left, values, right = np.linalg.svd(x)
    state = right.conj().swapaxes(-1, -2)[:, :, -1]
    turned = (first @ state[:, None, :, None])[..., 0]
    steps = [_descent(pencil, k, (x, values, right, turned, first))]
    if pencil.chiral:
        slopes = np.einsum("ni,nai->na", left[:, :, -1].conj(), turned)
        jacobian = np.stack([slopes.real, slopes.imag], axis=1)
        regular = np.abs(np.linalg.det(jacobian)) > 1e-300
        jacobian[~regular] = np.eye(2) / 1e-300
        target = np.stack([-values[:, -1], np.zeros(len(k))], axis=1)
        steps.append(np.linalg.solve(jacobian, target[..., None])[..., 0])
    return steps


def _descent(pencil: Pencil, k: Floats, parts: tuple[Array, ...]) -> Floats:
    """Newton step of the smallest eigenvalue of X^+X, downhill also where its curvature is negative."""
    x, values, right, turned, first = parts
    state = right.conj()[:, -1]
    moved = x @ state[..., None]
    back = first.conj().swapaxes(-1, -2) @ moved[:, None] + x.conj().swapaxes(-1, -2)[:, None] @ turned[..., None]
    mixed = (right[:, None] @ back)[..., 0]  # <v_j| d(X^+X) |v>, (N, 2, d)
    gaps = values[:, -1:] ** 2 - values[:, :-1] ** 2
    weights = np.where(np.abs(gaps) > 1e-14 * values[:, :1] ** 2, 1 / np.where(gaps == 0, 1.0, gaps), 0.0)
    others = mixed[:, :, :-1]
    hessian = 2 * np.einsum("naj,nbj,nj->nab", others.conj(), others, weights).real
    hessian += 2 * np.einsum("nai,nbi->nab", turned.conj(), turned).real
    bends = (pencil.bends(k) @ state[:, None, :, None])[..., 0]
    hessian += 2 * np.einsum("ni,nci->nc", moved[..., 0].conj(), bends).real[:, [[0, 1], [1, 2]]]
    curve, axes = np.linalg.eigh(hessian)
    curve = np.maximum(np.abs(curve), max(1e-14 * pencil.curvature, 1e-300))
    downhill = np.einsum("nab,na->nb", axes, mixed[:, :, -1].real) / curve
    return np.asarray(-np.einsum("nab,nb->na", axes, downhill))


def enclosing_discs(triangles: Floats) -> tuple[Floats, Floats]:
    """Centres (N, 2) and radii (N,) of the smallest discs around triangles (N, 3, 2)."""
    sides = np.sum((np.roll(triangles, -1, axis=1) - np.roll(triangles, 1, axis=1)) ** 2, axis=-1)  # opposite a corner
    weights = sides * (sides.sum(axis=1, keepdims=True) - 2 * sides)  # of the circumcentre; <= 0 at an obtuse corner
    half = np.where(sides == sides.max(axis=1, keepdims=True), 0.0, 1.0)
    weights = np.where(np.any(weights <= 1e-9 * sides**2, axis=1, keepdims=True), half, weights)
    centres = np.einsum("nc,nca->na", weights / weights.sum(axis=1, keepdims=True), triangles)
    return centres, np.linalg.norm(triangles - centres[:, None], axis=-1).max(axis=1)
