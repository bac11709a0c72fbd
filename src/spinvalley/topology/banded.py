"""Block Toeplitz band matrices of a strip: LAPACK storage, products, factors, and the square M^+ M - shift.

M has the block M_n between column i and column i + n, n = -r..r, where both lie in the strip. Entry (i, j) is stored
at [b + i - j, j], b = r d + d - 1 the number of diagonals on either side; what lies outside the matrix is never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

Array = NDArray[Any]
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Band:
    """A band matrix.

    Args:
        stored: its diagonals, shape (2 b + 1, N), Fortran order.
        diagonals: b.
    """

    stored: Array
    diagonals: int

    @classmethod
    def of(cls, blocks: Array, width: int) -> Self:
        """The strip of M_n, blocks (2r + 1, d, d)."""
        reach, size = len(blocks) // 2, blocks.shape[-1]
        diagonals = (reach + 1) * size - 1
        pattern = np.zeros((size, 2 * diagonals + 1), dtype=blocks.dtype)
        row, column = np.indices((size, size))
        for n in range(-reach, reach + 1):
            pattern[column, diagonals - n * size + row - column] = blocks[n + reach]
        return cls(np.tile(pattern, (width, 1)).T, diagonals)

    @property
    def size(self) -> int:
        """Number N of rows."""
        return int(self.stored.shape[1])

    def times(self, vectors: Array, adjoint: bool = False) -> Array:
        """M X or M^+ X for X (N, m)."""
        multiply = blas.zgbmv if np.iscomplexobj(self.stored) else blas.dgbmv
        n, b = self.size, self.diagonals
        out = np.empty(vectors.shape, dtype=self.stored.dtype, order="F")
        for i in range(vectors.shape[1]):
            out[:, i] = multiply(n, n, b, b, 1.0, self.stored, vectors[:, i], trans=2 if adjoint else 0)
        return out

    def factor(self, floor: float) -> Factors:
        """LU factors; pivots below `floor` are replaced by it (a change of M of this size)."""
        b = self.diagonals
        work = np.empty((3 * b + 1, self.size), dtype=self.stored.dtype, order="F")
        work[b:] = self.stored
        factorise = lapack.zgbtrf if np.iscomplexobj(work) else lapack.dgbtrf
        lu, pivots, _ = factorise(work, b, b, overwrite_ab=1)
        lu[2 * b, np.abs(lu[2 * b]) < floor] = floor
        return Factors(lu, pivots, b)


class Factors:
    """LU factors of a band matrix with b diagonals on either side."""

    def __init__(self, lu: Array, pivots: NDArray[np.int32], diagonals: int) -> None:
        self._given = (lu, diagonals, diagonals)
        self._pivots = pivots
        self._solver = lapack.zgbtrs if np.iscomplexobj(lu) else lapack.dgbtrs

    def solve(self, vectors: Array) -> Array:
        """M^-1 X for X (N, m) in Fortran order, or (N,)."""
        return self._solver(*self._given, vectors, self._pivots)[0]  # type: ignore[no-any-return]


def square(blocks: Array, width: int, shift: float) -> Band:
    """M^+ M - shift of the strip, without ever forming it densely.

    Inside, (M^+ M)_n = sum_q M_q^+ M_{q+n}; at the ends the terms that pass outside the strip are missing.
    """
    reach, size = len(blocks) // 2, blocks.shape[-1]
    total = np.zeros((4 * reach + 1, size, size), dtype=blocks.dtype)
    for q in range(2 * reach + 1):
        total[2 * reach - q : 4 * reach + 1 - q] += blocks[q].conj().T @ blocks
    total[2 * reach] -= shift * np.eye(size)
    band = Band.of(total, width)
    row, column = np.indices((reach * size, reach * size))
    first, last = _outside(blocks)
    offset = band.diagonals + row - column
    band.stored[offset, column] -= first.conj().T @ first
    band.stored[offset, band.size - reach * size + column] -= last.conj().T @ last
    return band


def dense(blocks: Array, width: int, periodic: bool = False) -> Array:
    """The strip as a matrix, shape (N, N); `periodic` joins its ends to a ring."""
    reach, size = len(blocks) // 2, blocks.shape[-1]
    out = np.zeros((width, size, width, size), dtype=blocks.dtype)
    for n in range(-reach, reach + 1):
        i = np.arange(width) if periodic else np.arange(max(0, -n), width - max(0, n))
        for at in i:
            out[at, :, (at + n) % width] += blocks[n + reach]
    return out.reshape(width * size, width * size)


def rounding(scale: float) -> float:
    """Rounding error of a matrix with row sums up to `scale`."""
    return _EPS * scale


def _outside(blocks: Array) -> tuple[Array, Array]:
    """Rows of the r columns before the strip on its first r, and of those after it on its last r; (r d, r d) each."""
    reach, size = len(blocks) // 2, blocks.shape[-1]
    before = np.zeros((reach, size, reach, size), dtype=blocks.dtype)
    after = np.zeros_like(before)
    for row in range(reach):
        for column in range(reach):
            if column <= row:  # from column row - r to column `column`
                before[row, :, column] = blocks[column - row + 2 * reach]
            if column >= row:  # from column W + row to column W - r + column
                after[row, :, column] = blocks[column - row]
    return before.reshape(reach * size, -1), after.reshape(reach * size, -1)
