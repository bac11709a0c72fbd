"""Edge directions of a lattice: which vector runs along the edge, which leads to the next column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models import Lattice

Cell = tuple[int, int]
_NAMED = {  # name: angle between a1 and a2 in degrees, (along, across) as multiples of a1, a2
    "zigzag": (120, ((1, 0), (1, 1))),
    "armchair": (120, ((1, 2), (1, 1))),
    "straight": (90, ((1, 0), (0, 1))),
    "diagonal": (90, ((1, -1), (1, 0))),
}


@dataclass(frozen=True)
class Edge:
    """A straight edge: the sample fills the half plane on the side of `inward`.

    The lattice points are m along + n across; those of one n are a column. Column 0 is the edge of a half plane.

    Args:
        name: name given by the user.
        lattice: the Bravais lattice.
        along: lattice vector (n1, n2) along the edge.
        across: lattice vector from one column to the next; along and across span the lattice.
    """

    name: str
    lattice: Lattice
    along: Cell
    across: Cell

    @property
    def unit(self) -> Floats:
        """Unit vector along the edge, shape (2,)."""
        vector = self.lattice.translation(self.along)
        return np.asarray(vector / np.linalg.norm(vector))

    @property
    def inward(self) -> Floats:
        """Unit vector across the edge, into the sample, shape (2,)."""
        x, y = self.unit
        normal = np.array([-y, x])
        return np.asarray(normal * np.sign(normal @ self.lattice.translation(self.across)))

    @property
    def handedness(self) -> int:
        """+1 where (along the edge, into the sample) is right-handed, the sample to the left, otherwise -1."""
        return round(float(np.linalg.det(np.array([self.unit, self.inward]))))

    @property
    def period(self) -> float:
        """Length of the edge Brillouin zone, 2 pi / |along|, 1/length."""
        return float(2 * np.pi / np.linalg.norm(self.lattice.translation(self.along)))

    @property
    def spacing(self) -> float:
        """Distance between neighbouring columns, length."""
        return float(self.lattice.translation(self.across) @ self.inward)

    def column(self, cell: Cell) -> int:
        """Column n of the lattice vector `cell` = m along + n across."""
        matrix = np.array([self.along, self.across], dtype=float)
        return round(float(np.linalg.solve(matrix.T, np.asarray(cell, dtype=float))[1]))

    def momentum(self, k_parallel: Floats, k_across: Floats) -> Floats:
        """Cartesian k from its components along and across the edge, shape (..., 2)."""
        return np.asarray(k_parallel)[..., None] * self.unit + np.asarray(k_across)[..., None] * self.inward


def known_edges(lattice: Lattice) -> tuple[str, ...]:
    """Names of edges that this lattice has; any other edge is a pair of whole numbers (n1, n2)."""
    first, second = lattice.matrix
    cosine = float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))
    equal = abs(first @ first - second @ second) < 1e-9 * (first @ first)
    return tuple(n for n, (angle, _) in _NAMED.items() if equal and abs(cosine - np.cos(np.deg2rad(angle))) < 1e-9)


def edge(lattice: Lattice, which: Any) -> Edge:
    """The edge of a name, or along the lattice vector n1 a1 + n2 a2 for a pair of coprime whole numbers.

    For a pair the sample lies to the left of the vector. Triangular lattice: "armchair" runs along y and the sample
    lies at x > 0, "zigzag" runs along x and the sample lies at y > 0.

    Args:
        lattice: the Bravais lattice.
        which: a name of `known_edges`, a pair (n1, n2), or an Edge of this lattice.

    Raises:
        InvalidInput: unknown name, numbers that are not whole or not coprime.
    """
    if isinstance(which, Edge) and which.lattice == lattice:
        return which
    names = known_edges(lattice)
    if isinstance(which, str) and which in names:
        return Edge(which, lattice, *_NAMED[which][1])
    pair = _pair(which)
    if pair is None:
        listed = ", ".join(names) + " or " if names else ""
        raise InvalidInput(f"`edge` must be {listed}a pair of coprime whole numbers (n1, n2), but is {which!r}")
    n1, n2 = pair
    # across = (m1, m2) with n1 m2 - n2 m1 = +-1 (left of `along`), the shortest along the edge
    sign = 1 if np.linalg.det(lattice.matrix) > 0 else -1
    across = _complement(n1, n2, sign)
    start = Edge(f"({n1}, {n2})", lattice, pair, across)
    vector = lattice.translation(pair)
    shift = round(float(lattice.translation(across) @ vector / (vector @ vector)))
    return Edge(start.name, lattice, pair, (across[0] - shift * n1, across[1] - shift * n2))


def _pair(which: Any) -> Cell | None:
    """A pair of coprime whole numbers, or None."""
    if not isinstance(which, tuple | list | np.ndarray) or len(which) != 2:
        return None
    if not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in which):
        return None
    pair = (int(which[0]), int(which[1]))
    return pair if np.gcd(*pair) == 1 else None


def _complement(n1: int, n2: int, sign: int) -> Cell:
    """Whole numbers (m1, m2) with n1 m2 - n2 m1 = sign (extended Euclid)."""
    r0, r1, s0, s1, t0, t1 = n1, n2, 1, 0, 0, 1
    while r1:
        q = r0 // r1
        r0, r1, s0, s1, t0, t1 = r1, r0 - q * r1, s1, s0 - q * s1, t1, t0 - q * t1
    # s0 n1 + t0 n2 = r0 = +-1
    return (-t0 * r0 * sign, s0 * r0 * sign)
