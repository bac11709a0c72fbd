"""Irreducible representations of the point groups of a two-dimensional crystal, as matrices, with Mulliken's names.

On functions of the angle in the plane, cos(l theta) and sin(l theta) span every representation of the projection of
the group on the plane; z -> -z adds a sign where it is an operation of its own. The matrices act on (cos, sin), so that
the first partner of a two-dimensional irrep is the one that behaves like x.

Names: A and B are even and odd under the principal rotation (C_n, or S_4 in S4 and D2d); 1 and 2 are even and odd under
the first twofold axis in the plane, else under the first mirror that contains z, counted counter-clockwise from x; g
and u are even and odd under inversion, ' and '' under z -> -z. 1E and 2E are complex conjugate, like (x + iy)^l and
(x - iy)^l. In D2 and D2h, B1, B2, B3 are even under the axes z, y, x; in C2v with its axis in the plane B1 is odd and
B2 even under z -> -z.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.operations import Operation
from spinvalley.pairing.channels.schoenflies import Kinds

_COMPLEX = 0.1
_INDEXED = 5  # groups with rotations C_n, n >= 5, number their two-dimensional irreps


@dataclass(frozen=True, eq=False)
class Irrep:
    """An irreducible representation.

    Args:
        name: Mulliken's, e.g. "A1'", "E2g", "1E".
        matrices: of every element of the group, (order, d, d), unitary.
    """

    name: str
    matrices: Matrix

    @property
    def dimension(self) -> int:
        """Dimension d: 1 or 2."""
        return int(self.matrices.shape[-1])

    @property
    def characters(self) -> Matrix:
        """Trace of the matrix of every element, (order,)."""
        return np.asarray(np.trace(self.matrices, axis1=-2, axis2=-1))


def irreps(elements: Sequence[Operation]) -> tuple[Irrep, ...]:
    """All irreducible representations of a group, the trivial one first."""
    kinds = Kinds(elements)
    signs = (1, -1) if kinds.horizontal else (1,)
    flips = np.array([g.flip for g in elements])
    found = []
    for sign in signs:
        weights = np.where(flips, sign, 1)[:, None, None]
        for plane in _of_the_plane(kinds):
            matrices = weights * np.array([plane(g) for g in elements])
            found.append(Irrep(_mulliken(kinds, matrices, elements), matrices))
    return tuple(sorted(found, key=lambda irrep: (irrep.name.lstrip("12"), irrep.name)))


def _of_the_plane(kinds: Kinds) -> list[Callable[[Operation], Matrix]]:
    """Irreps of the projection of the group on the plane: cyclic or dihedral, of order m or 2m."""
    m = len(kinds.rotations) + (0 if kinds.horizontal else len(kinds.improper))
    lines = kinds.mirrors + kinds.axes
    singles = [0] + ([m // 2] if m % 2 == 0 else [])
    pairs = range(1, (m + 1) // 2)
    if not lines:
        out = [_cyclic(l) for l in singles]
        return out + [_cyclic(sign * l) for l in pairs for sign in (1, -1)]
    first = min(g.angle for g in lines)
    return [_signed(l, first, odd) for l in singles for odd in (False, True)] + [_double(l) for l in pairs]


def _cyclic(l: int) -> Callable[[Operation], Matrix]:
    """exp(i l theta), turned by an angle."""
    return lambda g: np.array([[np.exp(-1j * l * g.angle)]])


def _signed(l: int, first: float, odd: bool) -> Callable[[Operation], Matrix]:
    """cos(l theta) or, if `odd`, sin(l theta), theta from the first line; l = 0 and odd: the sign of reflections."""

    def matrix(g: Operation) -> Matrix:
        if not g.mirrors:
            return np.array([[np.round(np.cos(l * g.angle)) + 0j]])
        return np.array([[(-1 if odd else 1) * np.round(np.cos(2 * l * (g.angle - first))) + 0j]])

    return matrix


def _double(l: int) -> Callable[[Operation], Matrix]:
    """(cos l theta, sin l theta)."""

    def matrix(g: Operation) -> Matrix:
        angle = l * g.angle * (2 if g.mirrors else 1)
        c, s, sign = np.cos(angle), np.sin(angle), -1 if g.mirrors else 1
        return np.array([[c, -sign * s], [s, sign * c]], dtype=complex)

    return matrix


def _mulliken(kinds: Kinds, matrices: Matrix, elements: Sequence[Operation]) -> str:
    """Name of an irrep from its characters."""
    traces = {id(g): complex(np.trace(m)) for g, m in zip(elements, matrices, strict=True)}

    def even(g: Operation) -> bool:
        return traces[id(g)].real > 0

    marks = ""
    if kinds.inversion:
        marks = "g" if even(kinds.inversion) else "u"
    elif kinds.horizontal:
        marks = "'" if even(kinds.horizontal) else "''"
    if len(matrices[0]) == 2:
        return "E" + _index(kinds, traces) + marks
    if np.abs(matrices.imag).max() > _COMPLEX:
        return _which(kinds, traces) + "E" + _index(kinds, traces) + marks
    return _single(kinds, even) + ("" if _special(kinds) else marks)


def _special(kinds: Kinds) -> bool:
    """C2v with its axis in the plane: z -> -z is one of its mirrors and has no mark of its own."""
    return bool(len(kinds.rotations) == 1 and kinds.horizontal and kinds.axes)


def _single(kinds: Kinds, even: Callable[[Operation], bool]) -> str:
    """A or B with 1, 2 or 3, or A with a prime in Cs."""
    n = len(kinds.rotations)
    if n == 1:
        if _special(kinds):
            axis, mirror = even(kinds.axes[0]), even(kinds.mirrors[0])
            return ("A" if axis else "B") + ("1" if mirror else "2")
        if kinds.axes:
            return "A" if even(kinds.axes[0]) else "B"
        return "A" + (("'" if even(kinds.mirrors[0]) else "''") if kinds.mirrors else "")
    if n == 2 and len(kinds.axes) == 2 and (not kinds.improper or kinds.horizontal):
        return _of_d2(kinds, even)
    letter = "A" if even(_principal(kinds)) else "B"
    lines = kinds.axes or kinds.mirrors
    return letter + (("1" if even(lines[0]) else "2") if lines else "")


def _of_d2(kinds: Kinds, even: Callable[[Operation], bool]) -> str:
    z, x, y = even(kinds.rotations[1]), even(kinds.axes[0]), even(kinds.axes[1])
    return "A" if x and y and z else "B1" if z else "B2" if y else "B3"


def _principal(kinds: Kinds) -> Operation:
    """C_n, or S_2n where no inversion and no mirror z -> -z leave A and B to C_n."""
    if kinds.improper and not kinds.horizontal and not kinds.inversion:
        return kinds.improper[0]
    return kinds.rotations[1]


def _index(kinds: Kinds, traces: dict[int, complex]) -> str:
    """1 or 2 where a group has several two-dimensional irreps of one parity: l from the character of C_n."""
    n = len(kinds.rotations)
    if n < _INDEXED:
        return ""
    one = traces[id(kinds.rotations[0])].real
    angle: Floats = np.arccos(np.clip(traces[id(kinds.rotations[1])].real / one, -1, 1))
    return str(round(float(angle) * n / (2 * np.pi)))


def _which(kinds: Kinds, traces: dict[int, complex]) -> str:
    """1 for (x + iy)^l, 2 for its complex conjugate."""
    turning = kinds.rotations[1] if len(kinds.rotations) > 2 else kinds.improper[0]
    return "1" if traces[id(turning)].imag < 0 else "2"
