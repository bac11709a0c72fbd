"""States of a strip that lie nearest to zero energy: counted first, then computed, at a cost linear in the width.

1. Sylvester counts (`inertia`) place a level E_c right above the states asked for; the number of states with |E| < E_c
   is then known.
2. These states are the negative eigenvalues of (H^2 - E_c^2)^-1, found by Lanczos with one banded factorisation. With
   a chiral symmetry H^2 falls into A^+ A and A A^+, and the states are singular vectors of A.
3. They are refined with H (or A) itself; the residuals bound the errors of the energies (Weyl). The list is complete
   if it has as many members as were counted.

Zero modes need no special care: their eigenvalue in step 2 is -1/E_c^2, like that of any other low state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.topology.banded import Band, dense, rounding
from spinvalley.topology.hunt import SAFE, SPARE, Target, Well, lowest_space
from spinvalley.topology.inertia import Counts, count_below

Array = NDArray[Any]
_RESOLVED = 1e-10
_SMALL = 1e-4
_DENSE = 64
_SHARE = 4


@dataclass(frozen=True, eq=False)
class Lowest:
    """States of one momentum in ascending order of |E|, m of them.

    Args:
        values: singular values of A, or energies E.
        left: vectors with C = +1, u = A v / s, or eigenvectors of H; shape (N, m).
        right: vectors with C = -1, v; or the same as `left`.
        error: bound of the error of each value.
        complete: whether no state is missing.
    """

    values: Floats
    left: Array
    right: Array
    error: Floats
    complete: bool


def place(blocks: Array, width: int, states: int, paired: bool, scale: float) -> list[Target]:
    """Levels with `states` to `states` + 2 states below, more only where the states are degenerate; one per momentum.

    Args:
        blocks: H_n (2r + 1, K, D, D), Hermitian.
        width: number of columns.
        states: number of states asked for: pairs +-E where `paired`.
        paired: whether the spectrum is symmetric.
        scale: a bound of every energy.
    """
    momenta = blocks.shape[1]
    level, lower = np.full(momenta, np.inf), np.zeros(momenta)
    count, below = np.zeros(momenta, dtype=int), np.zeros(momenta, dtype=int)
    trial = np.full(momenta, min(scale, scale * states / width))
    active = np.arange(momenta)
    while len(active):
        counts = count_within(blocks[:, active], width, trial[active], paired)
        enough = counts >= states
        high, low = active[enough], active[~enough]
        level[high], count[high] = trial[high], counts[enough]
        lower[low], below[low] = trial[low], counts[~enough]
        open_ended = np.isinf(level)
        wide = (level - lower > _RESOLVED * scale) & (level > SAFE * scale)
        active = np.nonzero(open_ended | ((count > states + SPARE) & wide))[0]
        part = (states + 0.5 * SPARE + 0.5 - below) / np.maximum(count - below, 1)
        between = lower + np.clip(part, 0.1, 0.9) * (np.where(open_ended, lower, level) - lower)
        trial = np.where(open_ended, 2 * trial, np.maximum(between, SAFE * scale))

    def counter(n: int) -> Callable[[Floats], Counts]:
        return lambda levels: count_within(np.repeat(blocks[:, [n]], len(levels), axis=1), width, levels, paired)

    rows = enumerate(zip(level, count, lower, strict=True))
    return [Target(states, float(high), int(number), float(low), counter(n)) for n, (high, number, low) in rows]


def count_within(blocks: Array, width: int, level: Floats, paired: bool) -> Counts:
    """Number of states with |E| < level (of pairs where `paired`), shape (K,)."""
    upper = count_below(blocks, width, level)
    half = width * blocks.shape[-1] // 2
    return upper - (half if paired else count_below(blocks, width, -level))


def singular_states(blocks: Array, width: int, target: Target, scale: float) -> Lowest:
    """The smallest singular values of an open chiral strip; blocks A_n (2r + 1, d, d)."""
    matrix, well = Band.of(blocks, width), Well(blocks, width, scale)
    right, complete = lowest_space(well, target)
    left, values, mixing = np.linalg.svd(matrix.times(right), full_matrices=False)
    left, values, right = left[:, ::-1], values[::-1], right @ mixing.conj().T[:, ::-1]
    small = int(np.sum(values < _SMALL * scale))
    if small:
        left, values, right = _small_values(matrix, well, target, small, (left, values, right))
    residual = np.hypot(
        np.linalg.norm(matrix.times(right) - left * values, axis=0),
        np.linalg.norm(matrix.times(left, adjoint=True) - right * values, axis=0),
    )
    return _kept(Lowest(values, left, right, residual / np.sqrt(2) + rounding(scale), complete), target.states)


def hermitian_states(blocks: Array, width: int, target: Target, scale: float) -> Lowest:
    """The energies nearest zero of any open strip; blocks H_n (2r + 1, D, D)."""
    matrix = Band.of(blocks, width)
    space, complete = lowest_space(Well(blocks, width, scale), target)
    image = matrix.times(space)
    values, mixing = np.linalg.eigh(space.conj().T @ image)
    vectors = space @ mixing
    error = np.linalg.norm(image @ mixing - vectors * values, axis=0) + rounding(scale)
    order = np.argsort(np.abs(values), kind="stable")
    return _kept(Lowest(values[order], vectors[:, order], vectors[:, order], error[order], complete), target.states)


def dense_singular(blocks: Array, width: int, periodic: bool, wanted: int, scale: float) -> Lowest:
    """As `singular_states` by LAPACK on the full matrix, for small strips, rings and many states."""
    matrix = dense(blocks, width, periodic)
    left, values, right = np.linalg.svd(matrix)
    u, s, v = left[:, ::-1][:, :wanted], values[::-1][:wanted], right.conj().T[:, ::-1][:, :wanted]
    residual = np.hypot(np.linalg.norm(matrix @ v - u * s, axis=0), np.linalg.norm(matrix.conj().T @ u - v * s, axis=0))
    return Lowest(s, u, v, residual / np.sqrt(2) + rounding(scale), True)


def dense_hermitian(blocks: Array, width: int, periodic: bool, wanted: int, scale: float) -> Lowest:
    """As `hermitian_states` by LAPACK on the full matrix."""
    matrix = dense(blocks, width, periodic)
    values, vectors = np.linalg.eigh(matrix)
    order = np.argsort(np.abs(values), kind="stable")[:wanted]
    e, v = values[order], vectors[:, order]
    return Lowest(e, v, v, np.linalg.norm(matrix @ v - v * e, axis=0) + rounding(scale), True)


def prefers_dense(size: int, states: int) -> bool:
    """Whether LAPACK on the full matrix is as cheap."""
    return size <= _DENSE or _SHARE * states >= size


def _small_values(
    matrix: Band, well: Well, target: Target, small: int, triple: tuple[Array, Floats, Array]
) -> tuple[Array, Floats, Array]:
    """The triple with the smallest values refined: their left vectors are computed by themselves.

    A v / s is rounding noise for them; at a zero mode the left and the right vector sit at opposite edges.
    """
    left, values, right = triple
    level = target.level
    if len(values) > small:
        level = float(np.sqrt(max(values[small - 1], SAFE * well.scale) * values[small]))
    mirror = np.ascontiguousarray(np.swapaxes(well.blocks[::-1].conj(), -1, -2))
    low, complete = lowest_space(Well(mirror, well.width, well.scale), Target(small, level, small, 0.0, target.counter))
    if not complete:
        return triple
    turn, sizes, mixing = np.linalg.svd(low.conj().T @ matrix.times(right[:, :small]))
    low = low @ turn[:, ::-1]
    rest = left[:, small:]
    left = np.concatenate([low, rest - low @ (low.conj().T @ rest)], axis=1)
    right = np.concatenate([right[:, :small] @ mixing.conj().T[:, ::-1], right[:, small:]], axis=1)
    return left, np.concatenate([sizes[::-1], values[small:]]), right


def _kept(found: Lowest, wanted: int) -> Lowest:
    """The lowest `wanted`; what was not found is NaN."""
    lost = max(0, wanted - len(found.values))
    values = np.append(found.values[:wanted], np.full(lost, np.nan))
    error = np.append(found.error[:wanted], np.full(lost, np.inf))
    left, right = (
        np.pad(x[:, :wanted], ((0, 0), (0, lost)), constant_values=np.nan) for x in (found.left, found.right)
    )
    return Lowest(values, left, right, error, found.complete and lost == 0)
