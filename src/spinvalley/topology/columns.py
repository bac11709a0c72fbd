"""A superconductor seen from an edge: H(k_par, lambda) = sum_n lambda^n H_n(k_par), n counting columns.

lambda = exp(i k_perp d) in the bulk, d the spacing of the columns; |lambda| < 1 decays into the sample. The phases
are exp(i k.R) with the full vector R, so that a mirror k_perp -> -k_perp exchanges H_n and H_-n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance, non_negative
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing import Superconductor, bdg
from spinvalley.topology.edges import Edge, edge


@dataclass(frozen=True, eq=False)
class Columns:
    """Hopping matrices sorted by column.

    Args:
        edge: the edge direction.
        table: matrices T_R of the BdG Hamiltonian, {(n1, n2): (D, D)}.
    """

    edge: Edge
    table: Mapping[Cell, Matrix]

    @cached_property
    def dim(self) -> int:
        """Number D of Nambu states of a cell."""
        return int(next(iter(self.table.values())).shape[0])

    @cached_property
    def reach(self) -> int:
        """Largest column distance r of a hopping, at least 1."""
        return max(1, *(abs(self.edge.column(cell)) for cell in self.table))

    @cached_property
    def scale(self) -> float:
        """Largest row sum of the hoppings: a bound of every energy."""
        return float(max(np.sum([np.abs(m).sum(axis=1) for m in self.table.values()], axis=0)))

    @cached_property
    def _sorted(self) -> list[tuple[int, float, Matrix]]:
        unit = self.edge.unit
        return [(self.edge.column(c), float(self.edge.lattice.translation(c) @ unit), m) for c, m in self.table.items()]

    def blocks(self, k_parallel: Floats) -> Matrix:
        """H_n(k_par) for n = -r..r, shape (2r + 1, K, D, D), for k_par (K,) in 1/length."""
        return self.compressed(np.asarray(k_parallel), None, None)

    def compressed(self, k_parallel: Floats, left: Matrix | None, right: Matrix | None) -> Matrix:
        """left^+ H_n(k_par) right, shape (2r + 1, K, rows, columns); None stands for the unit matrix."""
        matrices = [(n, s, _between(left, m, right)) for n, s, m in self._sorted]
        out = np.zeros((2 * self.reach + 1, len(k_parallel), *matrices[0][2].shape), dtype=complex)
        for n, shift, matrix in matrices:
            out[n + self.reach] += np.exp(1j * k_parallel * shift)[:, None, None] * matrix
        return out


def columns(sc: Superconductor, gap: float, zeeman: ArrayLike, which: object) -> Columns:
    """Columns of a superconductor with a given gap in a given field, after checking the arguments.

    Raises:
        InvalidInput: negative gap, NaN, unknown edge, a model without hoppings of finite range.
    """
    table = hopping_table(sc, gap, zeeman)
    return Columns(edge(sc.model.lattice, which), table)


def hopping_table(sc: Superconductor, gap: float, zeeman: ArrayLike) -> dict[Cell, Matrix]:
    """BdG hoppings of a superconductor with a given gap in a given field, after checking the arguments."""
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    table = bdg.hoppings(sc.model, sc.pairing, non_negative("gap", gap), zeeman)
    if not any(np.any(matrix) for matrix in table.values()):
        raise InvalidInput("`sc` must have a Hamiltonian, but all its matrices are zero")
    return table


def bulk(table: Mapping[Cell, Matrix], which: Edge, k: Floats) -> Matrix:
    """H(k) = sum_R T_R exp(i k.R) for k (..., 2), shape (..., D, D)."""
    total = np.zeros((*k.shape[:-1], *next(iter(table.values())).shape), dtype=complex)
    for cell, matrix in table.items():
        total += np.exp(1j * (k @ which.lattice.translation(cell)))[..., None, None] * matrix
    return total


def _between(left: Matrix | None, matrix: Matrix, right: Matrix | None) -> Matrix:
    inner = matrix if right is None else matrix @ right
    return inner if left is None else np.asarray(left.conj().T @ inner)
