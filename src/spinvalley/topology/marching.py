"""Zero lines of the levels of a Hermitian X(k), by marching triangles on the cells that branch and bound leaves.

Every cell without a mark of zero is excluded by proof, so that the mesh is fine where a line runs and nowhere else, and
a pocket far thinner than the zone is resolved. Points of a line are exact zeros on the edges of the cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.models import Lattice
from spinvalley.numerics import zone
from spinvalley.topology.pencil import Pencil
from spinvalley.topology.search import Cells, enclosing_discs

Integers = NDArray[np.int64]
_FINEST = 1e-6
_ROOT_STEPS = 60
_EDGES = np.array([(0, 1), (1, 2), (2, 0)])
_GRID = 2**40


@dataclass(frozen=True, eq=False)
class Polyline:
    """A closed line on the torus of momenta.

    Args:
        points: zeros in order, unfolded, shape (m, 2).
        winding: reciprocal vector by which the line has moved when it closes, shape (2,).
    """

    points: Floats
    winding: Floats


def zero_lines(pencil: Pencil, most: int) -> tuple[list[Polyline], float]:
    """All zero lines of the levels, resolved with up to `most` cells, and the radius of these cells."""
    corners = np.array([t.corners for t in zone.elementary_triangles(pencil.lattice.zone_corners)])
    radius = enclosing_discs(corners)[1]
    cells = Cells(corners, pencil.lowest(corners.reshape(-1, 2)).reshape(-1, 3), radius)
    while True:
        finest = float(cells.radius.max())
        cells = cells[cells.least(pencil, 0.0) <= 0]
        if not len(cells):
            return [], finest
        if 4 * len(cells) > most or finest < _FINEST * pencil.size:
            break
        cells = cells.quartered(pencil)
    numbers, first = _identified(pencil.lattice, cells.corners.reshape(-1, 2))
    levels: Floats = np.linalg.eigvalsh(pencil.matrices(cells.corners.reshape(-1, 2)[first])).astype(float)
    found: list[Polyline] = []
    for band in range(levels.shape[1]):
        found += _march(pencil, band, cells.corners, numbers.reshape(-1, 3), levels[:, band])
    return found, finest


def _identified(lattice: Lattice, k: Floats) -> tuple[Integers, Integers]:
    """A number for each distinct momentum on the torus, for k (N, 2), and the place of its first appearance."""
    steps = np.round(k @ lattice.matrix.T / (2 * np.pi) * _GRID / 2**10).astype(np.int64) % (_GRID // 2**10)
    _, first, numbers = np.unique(steps @ np.array([_GRID // 2**10, 1]), return_index=True, return_inverse=True)
    return numbers.reshape(-1), first


def _march(pencil: Pencil, band: int, corners: Floats, numbers: Integers, levels: Floats) -> list[Polyline]:
    """Closed lines of one band through triangles with these corner numbers and levels."""
    above = levels[numbers] > 0
    mixed = np.flatnonzero(np.any(above, axis=1) & ~np.all(above, axis=1))
    cut = above[mixed][:, _EDGES[:, 0]] != above[mixed][:, _EDGES[:, 1]]
    cell, edge = np.nonzero(cut)  # two edges of each mixed triangle, in order
    ends = _EDGES[edge]
    pairs = np.take_along_axis(numbers[mixed][cell], ends, axis=1)
    _, first, keys = np.unique(
        np.sort(pairs, axis=1) @ np.array([len(levels), 1]), return_index=True, return_inverse=True
    )
    places = np.take_along_axis(corners[mixed][cell], ends[..., None], axis=1)[first]
    roots = _roots(pencil, band, places, levels[pairs[first]])
    return _chained(pencil.lattice, roots, keys.reshape(-1, 2))


def _roots(pencil: Pencil, band: int, ends: Floats, values: Floats) -> Floats:
    """Zeros of one band between ends (N, 2, 2) of opposite sign (values (N, 2)), by the Illinois rule."""
    (a, b), (fa, fb) = np.moveaxis(ends, 1, 0), values.T.copy()
    k = a.copy()
    active = np.arange(len(a))
    for _ in range(_ROOT_STEPS):
        t = fa[active] / (fa[active] - fb[active])
        k[active] = a[active] + t[:, None] * (b[active] - a[active])
        f = np.linalg.eigvalsh(pencil.matrices(k[active]))[:, band]
        open_ones = np.abs(f) > pencil.rounding
        active, f = active[open_ones], f[open_ones]
        if not len(active):
            break
        same = np.sign(f) == np.sign(fb[active])  # the new point replaces b; else b stays and counts half
        moved = active[~same]
        a[moved], fa[moved] = b[moved], fb[moved]
        fa[active[same]] *= 0.5
        b[active], fb[active] = k[active], f
    return np.asarray(k)


def _chained(lattice: Lattice, roots: Floats, segments: Integers) -> list[Polyline]:
    """Closed lines from segments (S, 2) between the zeros; each zero belongs to two segments."""
    left: dict[int, list[int]] = {}
    for a, b in segments.tolist():
        left.setdefault(a, []).append(b)
        left.setdefault(b, []).append(a)
    lines = []
    while left:
        start = before = next(iter(left))
        chain, here = [start], left.pop(start)[0]
        while here in left:
            chain.append(here)
            ahead = [n for n in left.pop(here) if n != before]
            before, here = here, ahead[0] if ahead else start
        steps = lattice.fold(np.diff(roots[[*chain, start]], axis=0))
        path = roots[start] + np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
        lines.append(Polyline(path[:-1], path[-1] - path[0]))
    return lines
