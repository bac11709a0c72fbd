"""Occupied parts of the Brillouin zone by linear triangles, reduced by symmetry.

Band energies are interpolated linearly on the triangles of a uniform mesh and integrated in closed form up to a sharp
level; the correction for the curvature of the bands (Bloechl et al., Phys. Rev. B 49, 16223 (1994),
doi:10.1103/PhysRevB.49.16223, sec. III, for tetrahedra; here for triangles) makes the error fall as the fourth power
of the step. A thermal average is one over levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.models import Lattice

Integers = NDArray[np.int64]
REACH = 24.0  # levels farther than this times kT are full or empty to 4e-11
_LEVEL_STEP = 0.25  # kT; at the kink of a band edge the trapezoid rule over levels errs by step^2 kT D/48


@dataclass(frozen=True, eq=False)
class ZoneMesh:
    """A uniform mesh of the zone, one momentum of each star.

    Args:
        k: momenta of the representatives, (R, 2).
        weights: part of the zone that each stands for, (R,), sum 1.
        triangles: corners as indices of representatives, (T, 3).
        areas: part of the zone of each triangle with its images, (T,), sum 1.
        neighbours: the six nearest momenta of each as indices of representatives, (R, 6).
    """

    k: Floats
    weights: Floats
    triangles: Integers
    areas: Floats
    neighbours: Integers

    def restricted(self, needed: NDArray[np.bool_]) -> tuple[ZoneMesh, Integers]:
        """The mesh of the triangles with a needed corner, and the indices of its representatives."""
        kept = needed[self.triangles].any(axis=1)
        chosen, corners = np.unique(self.triangles[kept], return_inverse=True)
        place = np.full(len(self.k), -1)
        place[chosen] = np.arange(len(chosen))
        around = place[self.neighbours[chosen]]
        around = np.where(around < 0, np.arange(len(chosen))[:, None], around)
        return ZoneMesh(self.k[chosen], self.weights[chosen], corners.reshape(-1, 3), self.areas[kept], around), chosen

    def occupations(self, energies: Floats, mu: float, kT: float) -> Floats:
        """Zone integral of the Fermi function shared out to the momenta, (R, bands), from energies (R, bands)."""
        levels, shares = _levels(mu, kT)
        corner = self._levelled(energies)[self.triangles]
        order = np.argsort(corner, axis=1)
        corner = np.take_along_axis(corner, order, axis=1)
        inside = np.zeros_like(corner)
        for level, share in zip(levels, shares, strict=True):
            inside += share * _corner_weights(corner, level)
        unsorted = np.empty_like(inside)
        np.put_along_axis(unsorted, order, inside * self.areas[:, None, None], axis=1)
        out = np.zeros_like(energies)
        np.add.at(out, self.triangles, unsorted)
        return out

    def _levelled(self, energies: Floats) -> Floats:
        """Energies whose linear interpolation has the mean of the bands on each triangle, whatever their curvature."""
        return np.asarray(energies - (energies[self.neighbours].sum(axis=1) - 6 * energies) / 24)

    def spread(self, energies: Floats, mu: float) -> float:
        """Typical change of a band across a triangle that the level cuts; 0 where it cuts none."""
        corner = energies[self.triangles]
        low, high = corner.min(axis=1), corner.max(axis=1)
        cut = (low < mu) & (high > mu)
        return float(np.median((high - low)[cut])) if cut.any() else 0.0


def zone_mesh(lattice: Lattice, size: int, group: Floats) -> ZoneMesh:
    """The mesh of size x size momenta that contains Gamma, reduced by a point group.

    Args:
        lattice: the Bravais lattice.
        size: number of momenta along each reciprocal vector.
        group: orthogonal matrices acting on k, (order, 2, 2), that leave the bands and layer weights unchanged.
    """
    return _built(lattice, size, group.tobytes())


@lru_cache(maxsize=12)
def _built(lattice: Lattice, size: int, operations: bytes) -> ZoneMesh:
    group = np.frombuffer(operations).reshape(-1, 2, 2)
    reciprocal = 2 * np.pi * np.linalg.inv(lattice.reduced).T
    obtuse = float(reciprocal[0] @ reciprocal[1]) < 0
    number = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1).reshape(-1, 2)
    star = np.arange(size * size)
    for operation in group:
        turn = np.rint(reciprocal @ operation.T @ np.linalg.inv(reciprocal)).astype(int)
        image = (number @ turn) % size
        star = np.minimum(star, image[:, 0] * size + image[:, 1])
    chosen, owner, members = np.unique(star, return_inverse=True, return_counts=True)
    corner = [(0, 0), (1, 0), (0, 1), (1, 1)]
    site = [owner[((number + c) % size) @ np.array([size, 1])] for c in corner]
    cut = [(0, 1, 3), (0, 2, 3)] if obtuse else [(0, 1, 2), (1, 2, 3)]
    every = np.sort(np.concatenate([np.stack([site[n] for n in three], axis=-1) for three in cut]), axis=1)
    triangles, copies = np.unique(every, axis=0, return_counts=True)
    k = lattice.fold(number[chosen] / size @ reciprocal)
    across = [(1, 1), (-1, -1)] if obtuse else [(1, -1), (-1, 1)]
    steps = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), *across])
    around = owner[((number[chosen][:, None] + steps) % size) @ np.array([size, 1])]
    return ZoneMesh(k, members / size**2, triangles, copies / (2 * size**2), around)


def _levels(mu: float, kT: float) -> tuple[Floats, Floats]:
    """Sharp levels whose average with these shares is the thermal one."""
    if kT == 0:
        return np.array([mu]), np.ones(1)
    x = np.arange(-REACH, REACH + 0.5 * _LEVEL_STEP, _LEVEL_STEP)
    shares = 0.25 / np.cosh(0.5 * x) ** 2
    return mu + kT * x, shares / shares.sum()


def _corner_weights(corner: Floats, level: float) -> Floats:
    """Parts of the occupied area that the corners count, (T, 3, bands), corners ascending in energy."""
    low, middle, high = corner[:, 0], corner[:, 1], corner[:, 2]
    out = np.where(level >= high, 1 / 3, 0.0)[:, None] * np.ones((1, 3, 1))
    density = np.zeros_like(low)
    first = (level > low) & (level <= middle) & (level < high)
    second = (level > middle) & (level < high)
    _fill(out, density, first, (low, middle, high), level)
    _drain(out, density, second, (low, middle, high), level)
    curvature = corner.sum(axis=1, keepdims=True) - 3 * corner
    return np.asarray(out + density[:, None] * curvature / 24)


def _fill(
    out: Floats, density: Floats, where: NDArray[np.bool_], corners: tuple[Floats, Floats, Floats], level: float
) -> None:
    """A small triangle at the lowest corner is occupied."""
    low, middle, high = (corner[where] for corner in corners)
    a, b = (level - low) / (middle - low), (level - low) / (high - low)
    for n, value in enumerate(((3 - a - b), a, b)):
        out[:, n][where] = a * b * value / 3
    density[where] = 2 * (level - low) / ((middle - low) * (high - low))


def _drain(
    out: Floats, density: Floats, where: NDArray[np.bool_], corners: tuple[Floats, Floats, Floats], level: float
) -> None:
    """All but a small triangle at the highest corner is occupied."""
    low, middle, high = (corner[where] for corner in corners)
    a, b = (high - level) / (high - low), (high - level) / (high - middle)
    for n, value in enumerate((a, b, 3 - a - b)):
        out[:, n][where] = (1 - a * b * value) / 3
    density[where] = 2 * (high - level) / ((high - low) * (high - middle))
