"""X(k) = sum_R X_R exp(i k.R), whose singular values are the energies |E(k)|: A(k) in the chiral frame, else H(k).

Rigorous bounds of the smallest singular value over a whole cell of the zone make every search global:

- X^+X is a matrix of bounded curvature, lambda_min is concave: |E|^2 over a triangle is at least its smallest value at
  the corners minus (curvature / 2) radius^2. This needs no vectors and holds at crossings of levels.
- About a centre, X = X_0 + q.dX + rest. With u, v the vectors of the smallest singular value s, the effective level is
  |s + u^+ (q.dX) v|; what couples it to the other levels is of second order in |q|. Along a Fermi line, where |E| is a
  narrow valley, this allows cells far larger than |E| / velocity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats
from spinvalley.models import Lattice
from spinvalley.models.model import Cell, Matrix
from spinvalley.numerics import zone
from spinvalley.pairing import Superconductor
from spinvalley.spin import nambu
from spinvalley.topology.chirality import chiral_of, find_chiral
from spinvalley.topology.columns import hopping_table
from spinvalley.topology.sectors import sectors

Array = NDArray[Any]
_SYMMETRIC = 1e-12
_CHUNK = 2**14
_ROUNDING = 1e-15  # measured against 40 digits: 2e-16


@dataclass(frozen=True, eq=False)
class Pencil:
    """The matrices X_R of a superconductor with a given gap in a given field.

    Args:
        lattice: the Bravais lattice.
        table: {(n1, n2): X_R}, square.
        chiral: whether X is the block A of [[0, A], [A^+, 0]], otherwise the Hermitian H itself.
        spread: Y, shape (d, d): the lower bounds hold for every X(k) + x Y with |x| <= 1.
    """

    lattice: Lattice
    table: Mapping[Cell, Matrix]
    chiral: bool
    spread: Matrix | None = None

    @cached_property
    def _places(self) -> Floats:
        return np.array([self.lattice.translation(cell) for cell in self.table])

    @cached_property
    def _matrices(self) -> Matrix:
        return np.array(list(self.table.values()))

    @cached_property
    def scale(self) -> float:
        """A bound of every energy: sum_R ||X_R||."""
        return float(_norms(self._matrices).sum())

    @cached_property
    def size(self) -> float:
        """The shortest reciprocal vector, 1/length."""
        corners = self.lattice.zone_corners
        return float(np.linalg.norm(corners + np.roll(corners, 1, axis=0), axis=1).min())

    @property
    def rounding(self) -> float:
        """Error of a computed |E|."""
        return _ROUNDING * self.scale

    @cached_property
    def spread_norm(self) -> float:
        """The norm of Y."""
        return float(np.linalg.norm(self.spread, 2)) if self.spread is not None else 0.0

    @cached_property
    def slope(self) -> float:
        """A bound of the velocity: ||X(k) - X(q)|| <= slope |k - q|."""
        return float(np.linalg.norm(self._places, axis=1) @ _norms(self._matrices))

    @cached_property
    def bend(self) -> float:
        """A bound of the second derivative of X along any direction."""
        return float(np.sum(self._places**2, axis=1) @ _norms(self._matrices))

    @cached_property
    def curvature(self) -> float:
        """A bound of the second derivative of X^+X along any direction: sum_S |S|^2 ||(X^+X)_S||."""
        square: dict[Cell, Matrix] = {}
        for here, left in self.table.items():
            for there, right in self.table.items():
                cell = (there[0] - here[0], there[1] - here[1])
                square[cell] = square.get(cell, 0) + left.conj().T @ right
        places = np.array([self.lattice.translation(cell) for cell in square])
        return float(np.sum(places**2, axis=1) @ _norms(np.array(list(square.values()))))

    @cached_property
    def symmetry(self) -> Floats:
        """Point operations of the lattice that leave every |E| unchanged, shape (order, 2, 2)."""
        sample = np.random.default_rng(7).uniform(-0.5, 0.5, (8, 2)) @ self.lattice.reciprocal
        reference = self.levels(sample)
        changes = [np.abs(self.levels(sample @ g.T) - reference).max() for g in self.lattice.holohedry]
        return np.asarray(self.lattice.holohedry[np.array(changes) < _SYMMETRIC * self.scale])

    @cached_property
    def triangles(self) -> Floats:
        """Triangles that cover the part of the zone from which the symmetry makes the rest, shape (T, 3, 2)."""
        whole = zone.elementary_triangles(self.lattice.zone_corners)
        return np.array([t.corners for t in zone.irreducible(whole, self.symmetry)])

    def matrices(self, k: Floats) -> Matrix:
        """X(k) for k (N, 2), shape (N, d, d)."""
        return self._sum(self._phases(k))

    def slopes(self, k: Floats) -> Matrix:
        """dX/dk for k (N, 2), shape (N, 2, d, d)."""
        phases = 1j * self._phases(k)
        return np.stack([self._sum(phases * self._places[:, a]) for a in (0, 1)], axis=1)

    def bends(self, k: Floats) -> Matrix:
        """Second derivatives xx, xy, yy of X for k (N, 2), shape (N, 3, d, d)."""
        x, y = self._places.T
        phases = -self._phases(k)
        return np.stack([self._sum(phases * factor) for factor in (x * x, x * y, y * y)], axis=1)

    def levels(self, k: Floats) -> Floats:
        """All |E(k)| in ascending order for k (N, 2), shape (N, d); each once in the chiral case."""
        parts = [np.empty((0, self._matrices.shape[-1]))]
        for n in range(0, len(k), _CHUNK):
            x = self.matrices(k[n : n + _CHUNK])
            values = np.linalg.svd(x, compute_uv=False) if self.chiral else np.abs(np.linalg.eigvalsh(x))
            parts.append(np.sort(values, axis=1))
        return np.concatenate(parts)

    def lowest(self, k: Floats) -> Floats:
        """Smallest |E(k)| for k (N, 2), shape (N,)."""
        return self.levels(k)[:, 0]

    def least_between(self, values: Floats, radius: Floats) -> Floats:
        """A lower bound of |E| in triangles with these |E| at the corners (N, 3) and this enclosing radius (N,)."""
        square = np.min(values, axis=1) ** 2 - 0.5 * self.curvature * radius**2
        return np.asarray(np.sqrt(np.maximum(square, 0.0)) - self.spread_norm - self.rounding)

    def least_within(self, centres: Floats, radius: Floats) -> Floats:
        """A lower bound of |E| over the discs of `radius` (N,) around `centres` (N, 2), shape (N,)."""
        levels, slopes, spread = self._levels(centres)
        counts = (1,) if self.chiral or levels.shape[1] == 1 else (1, 2)
        bounds = [self._least_of(n, levels, slopes, spread, radius) for n in counts]
        return np.asarray(np.max(bounds, axis=0) - 0.5 * self.bend * radius**2 - self.rounding)

    def _least_of(self, count: int, levels: Floats, slopes: Matrix, spread: Matrix, radius: Floats) -> Floats:
        """The bound from the `count` levels nearest to zero and what couples them to the others."""
        near = levels[:, :count]
        level = _least_level(near, slopes[..., :count, :count], spread[:, :count, :count], radius)
        if levels.shape[1] == count:
            return level
        rows = radius * _size(slopes[..., :count, count:]) + _size(spread[:, :count, count:])
        columns = radius * _size(slopes[..., count:, :count]) + _size(spread[:, count:, :count])
        others = np.abs(levels[:, count]) - self.slope * radius - self.spread_norm
        # smallest eigenvalue of [[level, -coupling], [-coupling, others]], which bounds that of the whole
        mean, half = 0.5 * (level + others), 0.5 * (level - others)
        return np.where(others > 0, mean - np.hypot(half, np.maximum(rows, columns)), 0.0)

    def _levels(self, k: Floats) -> tuple[Floats, Matrix, Matrix]:
        """Levels by ascending |E| (N, d), signed where X is H, and dX (N, 2, d, d) and Y (N, d, d) between them."""
        x = self.matrices(k)
        if self.chiral:
            left, values, right = np.linalg.svd(x)
            values = values[:, ::-1]
            u, v = left[:, :, ::-1].conj().swapaxes(-1, -2), right[:, ::-1].conj().swapaxes(-1, -2)
        else:
            values, v = np.linalg.eigh(x)
            order = np.argsort(np.abs(values), axis=1)
            values, v = np.take_along_axis(values, order, axis=1), np.take_along_axis(v, order[:, None], axis=2)
            u = v.conj().swapaxes(-1, -2)
        spread = self.spread if self.spread is not None else np.zeros(x.shape[1:])
        return values, u[:, None] @ self.slopes(k) @ v[:, None], u @ spread @ v

    def _phases(self, k: Floats) -> Matrix:
        return np.asarray(np.exp(1j * (k @ self._places.T)))

    def _sum(self, weights: Matrix) -> Matrix:
        dim = self._matrices.shape[-1]
        return np.asarray((weights @ self._matrices.reshape(-1, dim * dim)).reshape(-1, dim, dim))


@dataclass(frozen=True, eq=False)
class Ray:
    """X(k) in the fields V n of one direction n: X_R + V Y, in one frame for every V.

    Args:
        base: the pencil at V = 0.
        field: Y, shape (d, d).
    """

    base: Pencil
    field: Matrix

    @cached_property
    def rate(self) -> float:
        """A bound of |dE/dV|."""
        return float(np.linalg.norm(self.field, 2))

    def at(self, zeeman: float, half: float = 0.0) -> Pencil:
        """The pencil at V = `zeeman`; its lower bounds hold for every field within `half` of it."""
        table = dict(self.base.table)
        table[0, 0] = table.get((0, 0), np.zeros_like(self.field)) + zeeman * self.field
        return Pencil(self.base.lattice, table, self.base.chiral, half * self.field if half > 0 else None)


def pencil(sc: Superconductor, gap: float, zeeman: ArrayLike) -> Pencil:
    """The pencil of a superconductor, after checking the arguments.

    Raises:
        InvalidInput: negative gap, NaN, a model without hoppings of finite range.
    """
    table = hopping_table(sc, gap, zeeman)
    plus, minus = _sectors(list(table.values()))
    return Pencil(sc.model.lattice, {c: plus.conj().T @ m @ minus for c, m in table.items()}, plus is not minus)


def pencils(sc: Superconductor, gap: float, zeeman: ArrayLike) -> list[Pencil]:
    """The pencils of the sectors that conserved on-site quantities leave apart; together they have every |E|.

    A sector is small and has no levels that are degenerate at every k, which makes the lower bounds sharp. The whole is
    one pencil where only the whole has a chiral symmetry.
    """
    whole = pencil(sc, gap, zeeman)
    table = hopping_table(sc, gap, zeeman)
    matrices = np.array(list(table.values()))
    found = []
    for frame in sectors(matrices):
        inside = frame.conj().T @ matrices @ frame
        plus, minus = _halves(chiral_of(inside), frame.shape[1])
        compressed = plus.conj().T @ inside @ minus
        found.append(Pencil(whole.lattice, dict(zip(table, compressed, strict=True)), plus is not minus))
    return [whole] if whole.chiral and not all(part.chiral for part in found) else found


def ray(sc: Superconductor, gap: float, direction: Floats) -> Ray:
    """The pencils of all fields along a unit vector, after checking the arguments."""
    table = hopping_table(sc, gap, 0.0)
    field = sc.model.zeeman(direction)
    both = nambu(field, field, np.zeros_like(field))
    plus, minus = _sectors([*table.values(), both])
    compressed = {c: plus.conj().T @ m @ minus for c, m in table.items()}
    return Ray(Pencil(sc.model.lattice, compressed, plus is not minus), plus.conj().T @ both @ minus)


def _sectors(matrices: list[Matrix]) -> tuple[Matrix, Matrix]:
    """Bases of C = +1 and C = -1; twice the unit matrix without a chiral symmetry or with unequal numbers of states."""
    return _halves(find_chiral({(n, 0): m for n, m in enumerate(matrices)}), len(matrices[0]))


def _halves(operator: Matrix | None, size: int) -> tuple[Matrix, Matrix]:
    unit = np.eye(size, dtype=complex)
    if operator is None:
        return unit, unit
    values, states = np.linalg.eigh(operator)
    plus, minus = states[:, values > 0], states[:, values < 0]
    return (plus, minus) if plus.shape == minus.shape else (unit, unit)


def _least_level(levels: Floats, slopes: Matrix, spread: Matrix, radius: Floats) -> Floats:
    """A lower bound of |E| of the levels (N, m) + q.slopes + x spread, over |q| <= radius and |x| <= 1, shape (N,).

    One level is a complex number, as far from zero as a vector in the plane is long. A Hermitian pair b_0 + b.sigma
    has |E| = ||b| - |b_0||.
    """
    start = np.zeros((len(levels), 1, *spread.shape[1:]), dtype=complex)
    diagonal = np.arange(levels.shape[1])
    start[:, 0, diagonal, diagonal] = levels
    parts = np.concatenate([start, slopes, spread[:, None]], axis=1)  # at the centre, along k_x and k_y, along x
    if levels.shape[1] == 1:
        return _distance(np.stack([parts[:, :, 0, 0].real, parts[:, :, 0, 0].imag], axis=-1), radius)
    a, b, c = parts[:, :, 0, 0].real, parts[:, :, 1, 1].real, parts[:, :, 0, 1]
    common = np.abs(0.5 * (a + b))
    most = common[:, 0] + radius * np.hypot(common[:, 1], common[:, 2]) + common[:, 3]
    return np.asarray(_distance(np.stack([0.5 * (a - b), c.real, c.imag], axis=-1), radius) - most)


def _distance(parts: Floats, radius: Floats) -> Floats:
    """A lower bound of |p_0 + q_x p_1 + q_y p_2 + x p_3| for vectors p (N, 4, c), |q| <= radius (N,), |x| <= 1."""
    axes, stretch, _ = np.linalg.svd(np.swapaxes(parts[:, 1:3], -1, -2))
    start, _, _, spread = np.moveaxis(np.abs(np.einsum("ncd,npc->npd", axes, parts)), 1, 0)
    away = start - spread
    away[:, :2] -= stretch * radius[:, None]
    return np.asarray(np.linalg.norm(np.maximum(away, 0.0), axis=1))


def _size(parts: Array) -> Floats:
    """Norm of (N, a, j) over the last two axes, shape (N,)."""
    return np.asarray(np.linalg.norm(parts.reshape(len(parts), -1), axis=1))


def _norms(matrices: Matrix) -> Floats:
    return np.asarray(np.linalg.norm(matrices, 2, axis=(-2, -1)))
