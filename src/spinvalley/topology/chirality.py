"""The chiral frame: a basis (C = +1, C = -1) in which H(k) = [[0, A(k)], [A(k)^+, 0]]; zero modes belong to A.

C H C^+ = -H with C^2 = 1. A maps the states with C = -1 to those with C = +1. C is sigma_x tau_y where this serves
(hopping, Ising coupling, any in-plane field, singlet pairing), unless conserved quantities leave a choice of C (see
`find_chiral`); the sign of any other C is chosen such that it overlaps positively with sigma_x tau_y. If in addition an
antiunitary operator maps k_perp -> -k_perp at fixed k_par with square +1 (the paper's T_1D), the frame makes every
column matrix of A real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models.model import Cell, Matrix
from spinvalley.numerics.intertwiners import hermitian_unitary, intertwiners, real_basis, symmetric_unitary, violation
from spinvalley.spin import chiral
from spinvalley.topology.columns import Columns
from spinvalley.topology.edges import Edge
from spinvalley.topology.sectors import generic, sectors

Array = NDArray[Any]  # real or complex
TOLERANCE = 1e-10
_MIXES = 6


@dataclass(frozen=True, eq=False)
class Frame:
    """Bases of the two chiral sectors.

    Args:
        operator: C, shape (D, D), Hermitian and unitary.
        plus: orthonormal states with C = +1, shape (D, d).
        minus: orthonormal states with C = -1, shape (D, D - d).
        real: whether A_n(k_par) is real in these bases for the edge that the frame was made for.
    """

    operator: Matrix
    plus: Matrix
    minus: Matrix
    real: bool = False

    def blocks(self, columns: Columns, k_parallel: Floats) -> Array:
        """A_n(k_par), shape (2r + 1, K, d, d), real if the frame is."""
        blocks = columns.compressed(k_parallel, self.plus, self.minus)
        return np.ascontiguousarray(blocks.real) if self.real else blocks


def find_chiral(table: Mapping[Cell, Matrix]) -> Matrix | None:
    """A chiral operator C = C^+ with C^2 = 1 and C T_R = -T_R C for all hoppings, or None.

    Where conserved quantities leave a choice (both signs in each sector), the sectors are oriented alike, so that two
    spins with the same nodes have the same charges and their zero modes add up.
    """
    matrices = np.array(list(table.values()))
    named = chiral(matrices.shape[-1] // 4)
    parts = sectors(matrices)
    found = _oriented(matrices, parts) if len(parts) > 1 else None
    if found is None or violation(matrices, -matrices, found) > TOLERANCE:
        found = named if violation(matrices, -matrices, named) < TOLERANCE else chiral_of(matrices)
    return None if found is None else _signed(found, named)


def chiral_of(matrices: Matrix) -> Matrix | None:
    """Any Hermitian unitary C with C T = -T C for all matrices (i, D, D), not all of them zero, or None."""
    if not np.any(matrices):
        return None
    found = hermitian_unitary(intertwiners(matrices, -matrices))
    return None if found is None or violation(matrices, -matrices, found) > 1e3 * TOLERANCE else found


def _oriented(matrices: Matrix, parts: list[Matrix]) -> Matrix | None:
    """The sum of chiral operators of the sectors, of equal orientation; None if a sector has none of trace zero.

    C is fixed up to its sign in a sector, and so is the orientation Tr(C H_1 H_2), which is imaginary: for two levels
    H = x.tau in a plane, the sense of rotation from x_1 to x_2.
    """
    mixes = generic(matrices, _MIXES)
    total: Matrix = np.zeros_like(mixes[0])
    reference: Floats | None = None
    for frame in parts:
        inside = chiral_of(frame.conj().T @ matrices @ frame)
        if inside is None or abs(np.trace(inside)) > 0.5:
            return None
        compressed = frame.conj().T @ mixes @ frame
        senses = np.einsum("ab,gbc,hca->gh", inside, compressed, compressed).imag
        reference = senses if reference is None else reference
        sign = -1.0 if np.vdot(reference, senses) < 0 else 1.0
        total = total + sign * (frame @ inside @ frame.conj().T)
    return total


def _signed(operator: Matrix, named: Matrix) -> Matrix:
    """+-C: that of positive overlap with sigma_x tau_y; without one, of positive first element of the first row."""
    overlap = float(np.vdot(named, operator).real)
    if abs(overlap) < TOLERANCE:
        first = operator[0, int(np.argmax(np.abs(operator[0]) > TOLERANCE))]
        overlap = first.real if abs(first.real) > TOLERANCE else first.imag
    return operator if overlap >= 0 else -operator


def mirrored(table: Mapping[Cell, Matrix], which: Edge) -> tuple[Matrix, Matrix] | None:
    """Matrices T_R beside those at R mirrored along the edge, or None where the lattice lacks this mirror."""
    along = which.lattice.translation(which.along)
    shear = 2 * float(which.lattice.translation(which.across) @ along / (along @ along))
    if abs(shear - round(shear)) > 1e-9:
        return None
    empty = np.zeros_like(next(iter(table.values())))
    first, second = [], []
    for cell, matrix in table.items():
        n = which.column(cell)
        rest = np.array(cell) - n * np.array(which.across)
        m = round(float(rest @ which.along) / float(np.dot(which.along, which.along)))
        image = (-m - n * round(shear)) * np.array(which.along) + n * np.array(which.across)
        first.append(matrix)
        second.append(table.get((int(image[0]), int(image[1])), empty))
    return np.array(first), np.array(second)


def frame(columns: Columns) -> Frame | None:
    """The chiral frame of a superconductor at an edge, real where the symmetry allows it; None without a symmetry."""
    operator = find_chiral(columns.table)
    if operator is None:
        return None
    real = _real_frame(columns, operator)
    return real if real is not None else _split(operator, np.eye(columns.dim, dtype=complex))


def square_frame(found: Frame | None, name: str, reason: str) -> Frame:
    """The frame, or one sentence that says why there is no winding number."""
    if found is None:
        raise InvalidInput(f"`{name}` must have a chiral symmetry, but {reason}")
    if found.plus.shape != found.minus.shape:
        raise InvalidInput(
            f"`{name}` must have a chiral operator with as many states of each sign, but it has {found.plus.shape[1]} "
            f"and {found.minus.shape[1]}: zero energies at every k"
        )
    return found


def _real_frame(columns: Columns, operator: Matrix) -> Frame | None:
    pair = mirrored(columns.table, columns.edge)
    if pair is None:
        return None
    # U conj(T_mirrored) = T U for the Hamiltonian, and U conj(C) = C U
    sources = np.concatenate([pair[1].conj(), operator.conj()[None]])
    targets = np.concatenate([pair[0], operator[None]])
    unitary = symmetric_unitary(intertwiners(sources, targets))
    if unitary is None or violation(sources, targets, unitary) > TOLERANCE:
        return None
    basis = real_basis(unitary)
    if np.abs((basis.conj().T @ operator @ basis).imag).max() > TOLERANCE:
        return None
    return replace(_split(operator, basis), real=True)


def _split(operator: Matrix, basis: Matrix) -> Frame:
    """Eigenstates of C as combinations of `basis` with real coefficients where C is real there."""
    inside: Array = basis.conj().T @ operator @ basis
    inside = inside.real if np.abs(inside.imag).max() < TOLERANCE else inside
    values, vectors = np.linalg.eigh(inside)
    states = basis @ vectors
    return Frame(operator, states[:, values > 0], states[:, values < 0])
