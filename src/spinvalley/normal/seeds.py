"""Where the level lines of a band run: polygons from marching squares on the torus of momenta.

A pocket smaller than the mesh is found from the extremum of the band that it surrounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.normal.sectors import Sector

_OFFSET = np.array([0.3137, 0.1711])  # keeps mesh points away from momenta of high symmetry
_NEIGHBOURS = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
_RAYS = 48
_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
_EDGE_START = np.array([(0, 0), (1, 0), (0, 1), (0, 0)])  # lower or left end of each edge of a cell
_EDGE_ALONG = np.array([0, 1, 0, 1])  # direction of that edge


@dataclass(frozen=True, eq=False)
class Polygon:
    """A coarse level line with the occupied side on its left.

    Args:
        points: momenta on the line, in order, unfolded, shape (m, 2).
        winding: reciprocal vector by which the line has moved when it closes, shape (2,); zero for a pocket.
        cycle: the same in reciprocal fractions, integers.
    """

    points: Floats
    winding: Floats
    cycle: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Mesh:
    """Energies of a sector on a shifted N x N mesh of the zone.

    Args:
        sector: the sector.
        values: energies, shape (N, N, n).
    """

    sector: Sector
    values: Floats

    @property
    def size(self) -> int:
        """Number N of points in each direction."""
        return len(self.values)

    @property
    def spacing(self) -> float:
        """Length of the longer mesh step."""
        return float(np.linalg.norm(self.sector.model.lattice.reciprocal, axis=1).max()) / self.size

    def momenta(self, index: Floats) -> Floats:
        """Momenta of (fractional) mesh indices (..., 2)."""
        return np.asarray((index + _OFFSET) / self.size @ self.sector.model.lattice.reciprocal)


def mesh(sector: Sector, size: int) -> Mesh:
    """The sector's energies on a mesh of `size` points in each direction."""
    axis = np.arange(size, dtype=float)
    index = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    empty = Mesh(sector, np.empty((size, 0, 0)))
    return Mesh(sector, sector.energies(empty.momenta(index)))


def polygons(grid: Mesh, band: int, energy: float) -> tuple[list[Polygon], bool]:
    """All level lines of one band, and whether none can have been overlooked."""
    values = grid.values[..., band] - energy
    found = [_on_edges(grid, band, energy, loop) for loop in _loops(values <= 0, values)]
    hidden, sure = _hidden_pockets(grid, band, energy)
    return found + hidden, sure


def bisect(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Roots of a vectorised function between `low` (negative or zero there) and `high` (positive there)."""
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = function(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)


def _loops(occupied: NDArray[np.bool_], values: Floats) -> list[list[tuple[int, int, int]]]:
    """Closed loops of (cell i, cell j, entered edge), occupied side on the left; cells unfolded."""
    size = len(values)
    following: dict[tuple[int, int, int], int] = {}
    corners = [np.roll(occupied, tuple(-c), axis=(0, 1)) for c in _CORNERS]
    mixed = np.argwhere(~(np.all(corners, axis=0) | ~np.any(corners, axis=0)))
    for i, j in mixed:
        here = [bool(c[i, j]) for c in corners]
        around = [values[(i + a) % size, (j + b) % size] for a, b in _CORNERS]
        step = 1 if sum(around) <= 0 else 3
        for edge in range(4):
            if here[edge] and not here[(edge + 1) % 4]:
                leave = (edge + step) % 4
                while here[leave] or not here[(leave + 1) % 4]:
                    leave = (leave + step) % 4
                following[int(i), int(j), edge] = leave
    loops = []
    moves = ((0, -1), (1, 0), (0, 1), (-1, 0))
    while following:
        (i, j, edge), leave = following.popitem()
        loop = [(i, j, edge)]
        while True:
            i, j, edge = i + moves[leave][0], j + moves[leave][1], (leave + 2) % 4
            loop.append((i, j, edge))
            key = (i % size, j % size, edge)
            if key not in following:
                break
            leave = following.pop(key)
        loops.append(loop)
    return loops


def _on_edges(grid: Mesh, band: int, energy: float, loop: list[tuple[int, int, int]]) -> Polygon:
    """The polygon of a loop, its corners bisected along the edges of the mesh; the last one repeats the first."""
    cells = np.array(loop)
    start = cells[:, :2] + _EDGE_START[cells[:, 2]]
    step = np.eye(2)[_EDGE_ALONG[cells[:, 2]]]
    low, high = grid.momenta(start), grid.momenta(start + step)

    def along(x: Floats) -> Floats:
        return np.asarray(grid.sector.energies(low + x[:, None] * (high - low))[:, band] - energy)

    rising = along(np.zeros(len(loop))) <= 0
    x = bisect(along, np.where(rising, 0.0, 1.0), np.where(rising, 1.0, 0.0))
    turns = np.round((start[-1] - start[0]) / grid.size).astype(int)
    points = (low + x[:, None] * (high - low))[:-1]
    cycle = (int(turns[0]), int(turns[1]))
    return Polygon(points, np.asarray(turns @ grid.sector.model.lattice.reciprocal), cycle)


def _hidden_pockets(grid: Mesh, band: int, energy: float) -> tuple[list[Polygon], bool]:
    """Pockets that hold no mesh point, and whether every candidate was settled."""
    values = grid.values[..., band]
    neighbours = np.array([np.roll(values, shift, axis=(0, 1)) for shift in _NEIGHBOURS])
    found: list[Polygon] = []
    sure = True
    for sign in (1, -1):  # a maximum below the level, a minimum above it
        reach = np.max(np.abs(neighbours - values), axis=0)
        distance = sign * (energy - values)
        peak = np.all(sign * (values - neighbours) >= 0, axis=0)
        for index in np.argwhere(peak & (distance > 0) & (distance <= reach)):
            centre, top = climb(grid, band, grid.momenta(index.astype(float)), sign)
            if sign * (top - energy) > 1e-14 * max(1.0, float(np.abs(values).max())):
                pocket = _star(grid, band, energy, centre, sign)
                sure = sure and pocket is not None
                found += [pocket] if pocket is not None else []
    return found, sure


def climb(grid: Mesh, band: int, k: Floats, sign: int) -> tuple[Floats, float]:
    """Position and value of the extremum next to k, by a shrinking pattern search (cusps allowed)."""
    offsets = np.array([(i, j) for i in range(-2, 3) for j in range(-2, 3)], dtype=float)
    width = 0.5 * grid.spacing
    best = float(grid.sector.energies(k)[band])
    for _ in range(60):
        trial = k + width * offsets
        values = grid.sector.energies(trial)[:, band]
        at = int(np.argmax(sign * values))
        if sign * (values[at] - best) > 0:
            k, best = trial[at], float(values[at])
        width *= 0.6
    return k, best


def _star(grid: Mesh, band: int, energy: float, centre: Floats, sign: int) -> Polygon | None:
    """The pocket around an extremum, or None if it is not a small star-shaped one."""
    angles = 2 * np.pi * np.arange(_RAYS) / _RAYS
    rays = np.stack([np.cos(angles), -sign * np.sin(angles)], axis=-1)

    def outside(r: Floats) -> Floats:
        return np.asarray(sign * (energy - grid.sector.energies(centre + r[:, None] * rays)[:, band]))

    reach = np.full(_RAYS, 1e-9 * grid.spacing)
    for _ in range(45):
        inside = outside(reach) <= 0
        reach = np.where(inside, np.minimum(1.7 * reach, 3 * grid.spacing), reach)
    if np.any(outside(reach) <= 0):
        return None
    r = bisect(outside, np.zeros(_RAYS), reach)
    return Polygon(centre + r[:, None] * rays, np.zeros(2), (0, 0))
