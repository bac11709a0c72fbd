"""A strip at a set of momenta, ready to be solved: what `strip`, `strip_states` and `width_for` share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, axis, one_of, whole
from spinvalley.models.model import Matrix
from spinvalley.pairing import Superconductor
from spinvalley.topology.chirality import Frame, frame
from spinvalley.topology.columns import Columns, columns
from spinvalley.topology.hunt import Target
from spinvalley.topology.lowest import (
    Lowest,
    dense_hermitian,
    dense_singular,
    hermitian_states,
    place,
    prefers_dense,
    singular_states,
)
from spinvalley.topology.roots import winding_numbers

Array = NDArray[Any]
_CLOSED = 1e-10


@dataclass(frozen=True, eq=False)
class Energies:
    """States of one momentum.

    Args:
        energy: ascending energies (S,).
        error: bounds of their errors (S,).
        complete: whether no state nearer to zero is missing.
        lowest: what they were made from.
    """

    energy: Floats
    error: Floats
    complete: bool
    lowest: Lowest


@dataclass(frozen=True, eq=False)
class Sheet:
    """A strip of columns 0 .. width - 1.

    Args:
        sides: the columns.
        found: the chiral frame, or None.
        k: momenta along the edge (K,).
        width: number of columns.
        periodic: whether the ends are joined.
    """

    sides: Columns
    found: Frame | None
    k: Floats
    width: int
    periodic: bool = False

    @property
    def total(self) -> int:
        """Number of states at one momentum."""
        return self.width * self.sides.dim

    @cached_property
    def blocks(self) -> Array:
        """H_n(k_par) in the basis (C = +1, C = -1), or in the Nambu basis without chiral symmetry; real if possible."""
        if self.found is None:
            blocks = self.sides.blocks(self.k)
            return blocks if np.any(blocks.imag) else np.ascontiguousarray(blocks.real)
        basis = np.concatenate([self.found.plus, self.found.minus], axis=1)
        blocks = self.sides.compressed(self.k, basis, basis)
        return np.ascontiguousarray(blocks.real) if self.found.real else blocks

    @cached_property
    def off_diagonal(self) -> Array:
        """A_n(k_par), shape (2r + 1, K, d, d)."""
        half = self.sides.dim // 2
        return np.ascontiguousarray(self.blocks[..., :half, half:])

    def solutions(self, states: int) -> Iterator[Energies]:
        """The `states` energies nearest zero at each momentum."""
        wanted = states if self.found is None else -(-states // 2)
        targets = self._targets(wanted)
        for n in range(len(self.k)):
            lowest = self._solve(wanted, n, None if targets is None else targets[n])
            yield _energies(lowest, states, wanted, self.found is not None)

    def waves(self, solution: Energies) -> Matrix:
        """Nambu wave functions of the energies of a solution, shape (S, width, D)."""
        lowest = solution.lowest
        if self.found is None:
            order = np.argsort(lowest.values, kind="stable")
            return np.asarray(lowest.right.T.reshape(-1, self.width, self.sides.dim)[order]).astype(complex)
        half = self.sides.dim // 2
        u = lowest.left.T.reshape(-1, self.width, half) @ self.found.plus.T
        v = lowest.right.T.reshape(-1, self.width, half) @ self.found.minus.T
        pairs = np.concatenate([(u - v)[::-1], u + v]) / np.sqrt(2)  # A v = s u, A^+ u = s v
        return np.asarray(pairs[len(pairs) - len(solution.energy) :])

    def _targets(self, wanted: int) -> list[Target] | None:
        """Where the states asked for end, by counting; None where the dense route is taken."""
        size = self.total if self.found is None else self.total // 2
        if self.periodic or prefers_dense(size, wanted):
            return None
        return place(self.blocks, self.width, wanted, self.found is not None, self.sides.scale)

    def _solve(self, wanted: int, n: int, target: Target | None) -> Lowest:
        scale = self.sides.scale
        blocks = (self.blocks if self.found is None else self.off_diagonal)[:, n]
        if target is None:
            full = dense_hermitian if self.found is None else dense_singular
            return full(blocks, self.width, self.periodic, wanted, scale)
        banded = hermitian_states if self.found is None else singular_states
        return banded(blocks, self.width, target, scale)

    @cached_property
    def decay(self) -> tuple[NDArray[np.int64], Floats]:
        """Winding number (0 without chiral symmetry) and longest decay length of a zero-energy wave, (K,) each.

        The decay length is infinite where the bulk gap closes, so that the winding number is not defined (then 0).
        """
        chiral = self.found is not None
        numbers, closeness, slowest = winding_numbers(self.off_diagonal if chiral else self.blocks)
        closed = ~(closeness > _CLOSED * self.sides.scale)
        with np.errstate(divide="ignore", invalid="ignore"):
            length = np.where(slowest > 0, -self.sides.edge.spacing / np.log(slowest), 0.0)
        return np.where(closed | (not chiral), 0, numbers).astype(int), np.where(closed, np.inf, length)


def sheet(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    width: object,
    k_parallel: ArrayLike,
    edge: object,
    ends: str = "open",
) -> Sheet:
    """A strip, after checking the arguments.

    Raises:
        InvalidInput: as `strip`.
    """
    sides = columns(sc, gap, zeeman, edge)
    k = axis("k_parallel", k_parallel)
    number = whole("width", width, 1)
    if number <= sides.reach:
        raise InvalidInput(
            f"`width` must be at least {sides.reach + 1} (the hopping range plus one), but is {number} columns"
        )
    periodic = one_of("ends", ends, ("open", "periodic")) == "periodic"
    found = frame(sides)
    if found is not None and found.plus.shape != found.minus.shape:
        found = None
    return Sheet(sides, found, k, number, periodic)


def _energies(lowest: Lowest, states: int, wanted: int, chiral: bool) -> Energies:
    """Ascending energies; those that were not found are NaN, at the ends."""
    order = np.arange(wanted) if chiral else np.argsort(lowest.values, kind="stable")
    values, error = lowest.values[order], lowest.error[order]
    if chiral:
        values, error = np.concatenate([-values[::-1], values]), np.concatenate([error[::-1], error])
    return Energies(values[-states:], error[-states:], lowest.complete, lowest)
