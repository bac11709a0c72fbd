"""Two-dimensional Bravais lattices: vectors, reciprocal cell, Brillouin zone, holohedry, named points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, momenta, positive


@dataclass(frozen=True)
class Lattice:
    """A Bravais lattice with vectors a1, a2, and the names of its high-symmetry momenta.

    Args:
        vectors: ((x1, y1), (x2, y2)), in the length unit of the model (1 for lattice models, nm for materials).
        points: named momenta as fractions of the reciprocal vectors, (name, (f1, f2)).
    """

    vectors: tuple[tuple[float, float], tuple[float, float]]
    points: tuple[tuple[str, tuple[float, float]], ...] = (("Gamma", (0.0, 0.0)),)

    def __post_init__(self) -> None:
        """Refuse collinear or non-finite vectors."""
        matrix = floats("vectors", self.vectors)
        if matrix.shape != (2, 2) or not np.all(np.isfinite(matrix)):
            raise InvalidInput(f"`vectors` must be two finite vectors in the plane, but are {self.vectors!r}")
        if abs(np.linalg.det(matrix)) < 1e-12 * float(np.sum(matrix**2)):
            raise InvalidInput(f"`vectors` must not be collinear, but are {self.vectors!r}")

    @cached_property
    def matrix(self) -> Floats:
        """Rows a1, a2, shape (2, 2)."""
        return np.asarray(self.vectors, dtype=float)

    @cached_property
    def reciprocal(self) -> Floats:
        """Rows b1, b2 with a_i . b_j = 2 pi delta_ij, shape (2, 2)."""
        return np.asarray(2 * np.pi * np.linalg.inv(self.matrix).T)

    @cached_property
    def reduced(self) -> Floats:
        """Shortest basis of the same lattice (Lagrange-Gauss reduction), rows, shape (2, 2)."""
        first, second = self.matrix
        while True:
            if first @ first > second @ second:
                first, second = second, first
            steps = np.round(first @ second / (first @ first))
            if steps == 0:
                return np.array([first, second])
            second = second - steps * first

    @cached_property
    def _shells(self) -> Floats:
        """Reciprocal vectors around Gamma, of a reduced basis, enough to bound the zone; shape (24, 2)."""
        reciprocal = 2 * np.pi * np.linalg.inv(self.reduced).T
        return np.asarray(np.array([n for n in product(range(-2, 3), repeat=2) if any(n)]) @ reciprocal)

    @cached_property
    def zone_area(self) -> float:
        """Area of the Brillouin zone, (2 pi)^2 / cell area."""
        return float(abs(np.linalg.det(self.reciprocal)))

    def translation(self, cell: tuple[int, int]) -> Floats:
        """Real-space vector R of a cell (n1, n2)."""
        return np.asarray(np.asarray(cell, dtype=float) @ self.matrix)

    def momentum(self, point: str | tuple[float, float]) -> Floats:
        """Cartesian momentum of a named point or of a pair of reciprocal fractions, shape (2,)."""
        if isinstance(point, str):
            known = dict(self.points)
            if point not in known:
                raise InvalidInput(f"`point` must be one of {', '.join(known)}, but is {point!r}")
            point = known[point]
        return np.asarray(np.asarray(point, dtype=float) @ self.reciprocal)

    @cached_property
    def holohedry(self) -> Floats:
        """Point group of the lattice as orthogonal matrices acting on k, shape (order, 2, 2)."""
        basis = self.reduced
        gram = basis @ basis.T
        scale = float(np.trace(gram))
        found = []
        for entries in product(range(-2, 3), repeat=4):
            integer = np.reshape(entries, (2, 2)).astype(float)
            if np.abs(integer @ gram @ integer.T - gram).max() < 1e-9 * scale:
                found.append(np.linalg.solve(basis, integer @ basis).T)
        return np.asarray(found)

    @cached_property
    def zone_corners(self) -> Floats:
        """Corners of the Brillouin (Wigner-Seitz) zone in counter-clockwise order, shape (4 or 6, 2)."""
        shifts = self._shells
        half = 0.5 * np.sum(shifts**2, axis=1)
        scale = float(np.sqrt(2 * half.min()))
        corners = []
        for i in range(len(shifts)):
            for j in range(i):
                pair = shifts[[i, j]]
                if abs(np.linalg.det(pair)) < 1e-9 * scale**2:
                    continue
                corner = np.linalg.solve(pair, half[[i, j]])
                if np.all(shifts @ corner <= half * (1 + 1e-9)):
                    corners.append(corner)
        ordered = sorted(corners, key=lambda c: float(np.arctan2(c[1], c[0])))
        distinct = [c for n, c in enumerate(ordered) if np.linalg.norm(c - ordered[n - 1]) > 1e-7 * scale]
        return np.asarray(distinct)

    def fold(self, k: Floats) -> Floats:
        """Momenta folded into the Brillouin zone around Gamma, same shape."""
        k = momenta("k", k)
        shifts = np.concatenate([np.zeros((1, 2)), self._shells])
        fractions = k @ self.reduced.T / (2 * np.pi)
        base = k - np.round(fractions) @ (2 * np.pi * np.linalg.inv(self.reduced).T)
        images = base[..., None, :] + shifts
        nearest = np.argmin(np.round(np.sum(images**2, axis=-1), 12), axis=-1)
        return np.asarray(np.take_along_axis(images, nearest[..., None, None], axis=-2)[..., 0, :])


def triangular(a: float = 1.0) -> Lattice:
    """Triangular lattice, R1 = (a, 0), R2 = (-a/2, sqrt3 a/2); K = (4 pi/3a, 0) lies on the k_x axis."""
    a = positive("a", a)
    named = (
        ("Gamma", (0.0, 0.0)),
        ("K", (2 / 3, -1 / 3)),
        ("K'", (-2 / 3, 1 / 3)),
        ("M", (0.5, 0.0)),
    )
    return Lattice(((a, 0.0), (-a / 2, np.sqrt(3) * a / 2)), named)


def square(a: float = 1.0) -> Lattice:
    """Square lattice with X = (pi/a, 0) and M = (pi/a, pi/a)."""
    a = positive("a", a)
    return Lattice(((a, 0.0), (0.0, a)), (("Gamma", (0.0, 0.0)), ("X", (0.5, 0.0)), ("M", (0.5, 0.5))))
