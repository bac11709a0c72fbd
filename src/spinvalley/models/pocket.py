"""States of a closed pocket around the K corner of the triangular lattice, counted along rays from K.

The two pockets at K and K' share the zone: the triangle with corners Gamma and edge midpoints M around each K is half
of it. A band that rises from K to the edge of its triangle on every ray has one closed line per energy below the
edge, so that the area is one radius per angle; the midpoint rule over half a period (60 degrees) converges
exponentially. Contract: energies between the value at K and the lowest value on the edge of the triangle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

Band = Callable[[Floats], Floats]
_FIRST, _LAST = 12, 96
_ROUNDS = 40


@dataclass(frozen=True)
class Corner:
    """The K corner of a triangular lattice: `centre` (2,) and the direction of the nearest M, in radians.

    Args:
        centre: momentum of K in 1/length.
        towards_m: angle of the line K-M.
        inradius: distance K-M.
    """

    centre: tuple[float, float]
    towards_m: float
    inradius: float

    def rays(self, count: int) -> tuple[Floats, Floats]:
        """Unit vectors (count, 2) at the midpoints of the 60 degrees from K-M to K-Gamma, and lengths to the edge."""
        offset = (np.arange(count) + 0.5) / count * np.pi / 3
        angle = self.towards_m + offset
        return np.stack([np.cos(angle), np.sin(angle)], axis=-1), self.inradius / np.cos(offset)

    def edge(self, count: int = 401) -> Floats:
        """Momenta from M to Gamma on the edge of the triangle, shape (count, 2)."""
        offset = np.linspace(0, np.pi / 3, count)
        angle = self.towards_m + offset
        ray = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return np.asarray(self.centre + ray * (self.inradius / np.cos(offset))[:, None])


def pocket_area(bands: Iterable[Band], corner: Corner, levels: Floats) -> Floats:
    """Area of momentum space around one K with band(k) < level, summed over the bands, shape of `levels`.

    Relative error below 1e-12 for bands that are smooth on the scale of a degree.

    Args:
        bands: each gives energies (...,) of momenta (..., 2).
        corner: the K point.
        levels: energies, at most the lowest one on the edge of the triangle; below the value at K the area is 0.
    """
    levels, bands = np.asarray(levels, dtype=float), tuple(bands)
    areas, count = _area(bands, corner, levels, _FIRST), _FIRST
    while count < _LAST:
        count *= 2
        finer = _area(bands, corner, levels, count)
        if np.all(np.abs(finer - areas) <= 1e-12 * np.abs(finer)):
            return finer
        areas = finer
    return areas


def _area(bands: tuple[Band, ...], corner: Corner, levels: Floats, count: int) -> Floats:
    rays, reach = corner.rays(count)
    target, centre = levels[..., None], np.asarray(corner.centre)
    low = np.zeros(np.broadcast_shapes(target.shape, reach.shape))
    total = np.zeros(levels.shape)
    for band in bands:

        def excess(radius: Floats, band: Band = band) -> Floats:
            return band(centre + radius[..., None] * rays) - target

        total += np.pi * np.mean(_crossing(excess, low, low + reach) ** 2, axis=-1)
    return total


def _crossing(excess: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Roots of a rising function between `low` and `high` by the rule of Ridders, elementwise.

    Where it is positive all along: 0; where it is negative all along: `high`.
    """
    below, above = excess(low), excess(high)
    empty, full, end = below >= 0, above <= 0, high
    below, root = np.minimum(below, -np.finfo(float).tiny), low
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        at_middle = excess(middle)
        step = at_middle / np.sqrt(np.maximum(at_middle**2 - below * above, np.finfo(float).tiny))
        last, root = root, middle - (middle - low) * step
        at_root = excess(root)
        first, second = np.minimum(middle, root), np.maximum(middle, root)
        at_first, at_second = np.minimum(at_middle, at_root), np.maximum(at_middle, at_root)
        low, below = _move(at_second < 0, second, at_second, *_move(at_first < 0, first, at_first, low, below))
        high, above = _move(at_first >= 0, first, at_first, *_move(at_second >= 0, second, at_second, high, above))
        if np.all(empty | full | (np.abs(root - last) <= 1e-13 * end)):
            break
    return np.where(empty, 0.0, np.where(full, end, root))


def _move(where: NDArray[np.bool_], to: Floats, value: Floats, end: Floats, at_end: Floats) -> tuple[Floats, Floats]:
    return np.where(where, to, end), np.where(where, value, at_end)
