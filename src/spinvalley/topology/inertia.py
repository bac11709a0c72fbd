"""How many energies of a strip lie below a given one: Sylvester's law of inertia on a decimated strip.

An open strip is a block Toeplitz matrix: all its inner blocks are equal. Eliminating every second block leaves a strip
of half the length with one new inner block, one new coupling and two new ends, so that a strip of any width is counted
in O(log width) eliminations of small matrices, for all momenta at once. The number of negative eigenvalues of H - E is
the sum of those of the eliminated blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

Array = NDArray[Any]
Counts = NDArray[np.int64]
_TINY = 1e-15
_SMALLEST = 1e-100  # keeps the inverse finite where a block is zero


def count_below(blocks: Array, width: int, energy: Floats) -> Counts:
    """Number of energies of the open strip below `energy`, shape (K,).

    Exact where `energy` is 1e-7 of the bandwidth or more away from the states of the strip. Closer to them it can be
    wrong by a few where parts of the strip have states at the same energy (edge states, band edges): an eliminated
    block is then nearly singular, and its inverse carries rounding errors.

    Args:
        blocks: H_n between column i and column i + n, n = -r..r, shape (2r + 1, K, D, D).
        width: number of columns, at least r.
        energy: energies (K,).
    """
    reach, size = len(blocks) // 2, blocks.shape[-1]
    inner, coupling = _folded(blocks)
    inner = inner - np.asarray(energy)[:, None, None] * np.eye(reach * size)
    length, rest = divmod(width, reach)
    last, below = inner, np.zeros(blocks.shape[1], dtype=np.int64)
    if rest:
        joint = coupling[..., : rest * size]
        inverse, below = _eliminate(inner[:, : rest * size, : rest * size])
        last = last - joint @ inverse @ _adjoint(joint)
    return below + _decimated(inner if length > 1 else last, inner, last, coupling, length)


def _decimated(first: Array, inner: Array, last: Array, coupling: Array, length: int) -> Counts:
    """Negative eigenvalues of a chain: `first`, length - 2 times `inner`, `last`, neighbours joined by `coupling`."""
    below = np.zeros(len(first), dtype=np.int64)
    while length > 2:
        inverse, negative = _eliminate(inner)
        forward = coupling @ inverse
        right, left = forward @ _adjoint(coupling), _adjoint(coupling) @ inverse @ coupling
        below = below + negative * ((length - 1) // 2)
        if length % 2:
            last = last - left
        else:  # the last block goes too, and the one before it becomes the last
            inverse, negative = _eliminate(last)
            below = below + negative
            last = inner - left - coupling @ inverse @ _adjoint(coupling)
        first, inner, coupling = first - right, inner - right - left, -forward @ coupling
        length = (length + 1) // 2
    if length == 2:
        inverse, negative = _eliminate(last)
        below = below + negative
        first = first - coupling @ inverse @ _adjoint(coupling)
    return np.asarray(below + _eliminate(first)[1])


def _folded(blocks: Array) -> tuple[Array, Array]:
    """Matrix of r columns and its coupling to the next r, shape (K, r D, r D) each: nothing reaches farther."""
    reach, (count, size) = len(blocks) // 2, blocks.shape[1:3]
    inner = np.zeros((count, reach, size, reach, size), dtype=blocks.dtype)
    coupling = np.zeros_like(inner)
    for i in range(reach):
        for j in range(reach):
            inner[:, i, :, j] = blocks[reach + j - i]
            if j <= i:
                coupling[:, i, :, j] = blocks[2 * reach + j - i]
    shape = (count, reach * size, reach * size)
    return inner.reshape(shape), coupling.reshape(shape)


def _eliminate(matrices: Array) -> tuple[Array, Counts]:
    """Inverse and number of negative eigenvalues of Hermitian matrices (K, m, m); zero is moved by 1e-15."""
    values, vectors = np.linalg.eigh(matrices)
    negative = np.sum(values < 0, axis=-1)
    floor = _TINY * np.abs(values).max(axis=-1, keepdims=True, initial=_SMALLEST)
    values = np.where(np.abs(values) < floor, np.where(values < 0, -floor, floor), values)
    return (vectors / values[:, None, :]) @ _adjoint(vectors), negative


def _adjoint(matrices: Array) -> Array:
    return np.asarray(np.swapaxes(matrices.conj(), -1, -2))
