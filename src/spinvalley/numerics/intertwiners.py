"""On-site unitaries that map one set of matrices to another: pure linear algebra.

All U with U A_i = B_i U form a linear space. If a member is invertible, its polar factor is a unitary member;
Hermitian, symmetric and antisymmetric members stay so under the polar decomposition. This decides exactly which
squares an operator can have, also where conserved quantities leave a choice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

Matrix = NDArray[np.complex128]
_TOLERANCE = 1e-9
_GENERIC = 4


def intertwiners(sources: Matrix, targets: Matrix, tolerance: float = _TOLERANCE) -> Matrix:
    """Orthonormal basis of {U : U A_i = B_i U}, shape (m, D, D), for A, B of shape (i, D, D)."""
    rng = np.random.default_rng(3)
    dim = sources.shape[-1]
    mix = rng.normal(size=(_GENERIC, len(sources))) + 1j * rng.normal(size=(_GENERIC, len(sources)))
    scale = max(float(np.abs(sources).max()), float(np.abs(targets).max()))
    a, b = np.einsum("gi,iab->gab", mix, sources / scale), np.einsum("gi,iab->gab", mix, targets / scale)
    unit = np.eye(dim)
    # row-major vec: vec(U A) = (1 x A^T) vec U, vec(B U) = (B x 1) vec U
    rows = np.concatenate([np.kron(unit, x.T) - np.kron(y, unit) for x, y in zip(a, b, strict=True)])
    _, values, vectors = np.linalg.svd(rows, full_matrices=False)
    null = vectors[values <= tolerance * max(1.0, values[0])]
    return np.asarray(null.conj().reshape(-1, dim, dim))


def hermitian_unitary(space: Matrix) -> Matrix | None:
    """A member U = U^+ with U^2 = 1 of a space that contains the adjoint of each member; None if there is none."""
    return _polar(_mix(space), lambda x: x + x.conj().T)


def symmetric_unitary(space: Matrix) -> Matrix | None:
    """A unitary member U = U^T: the antiunitary U K squares to +1. None if there is none."""
    return _polar(_mix(space), lambda x: x + x.T)


def antisymmetric_unitary(space: Matrix) -> Matrix | None:
    """A unitary member U = -U^T: the antiunitary U K squares to -1. None if there is none."""
    return _polar(_mix(space), lambda x: x - x.T)


def closest_unitary(space: Matrix, candidate: Matrix) -> Matrix | None:
    """A unitary member made from the part of `candidate` that lies in the space; None if that part is singular.

    A real candidate gives a real member where the space contains the complex conjugate of each member.
    """
    if len(space) == 0:
        return None
    return _polar(np.einsum("mab,mcd,cd->ab", space, space.conj(), candidate), lambda x: x)


def supported(space: Matrix, mask: NDArray[np.bool_]) -> Matrix:
    """Orthonormal basis of the members that vanish outside a mask (D, D)."""
    if len(space) == 0:
        return space
    _, values, vectors = np.linalg.svd(space[:, ~mask].T, full_matrices=True)
    free = np.concatenate([values, np.zeros(len(space) - len(values))]) <= _TOLERANCE
    return np.asarray(np.einsum("cm,mab->cab", vectors[free].conj(), space))


def real_basis(unitary: Matrix) -> Matrix:
    """W with U = W W^T for a symmetric unitary U: in the basis W the antiunitary U K is complex conjugation."""
    real, imaginary = unitary.real, unitary.imag
    _, basis = np.linalg.eigh(0.5 * (real + real.T) + np.sqrt(0.5) * 0.5 * (imaginary + imaginary.T))
    phases = np.einsum("ai,ab,bi->i", basis, unitary, basis)
    return np.asarray(basis * np.exp(0.5j * np.angle(phases)))


def violation(sources: Matrix, targets: Matrix, unitary: Matrix) -> float:
    """Largest |U A_i - B_i U| relative to the largest matrix element: 0 where the symmetry holds."""
    scale = max(float(np.abs(sources).max()), float(np.abs(targets).max()))
    return float(np.abs(unitary @ sources - targets @ unitary).max() / scale)


def _mix(space: Matrix) -> Matrix | None:
    if len(space) == 0:
        return None
    rng = np.random.default_rng(5)
    weights: Floats = rng.normal(size=len(space)) + 1j * rng.normal(size=len(space))
    return np.asarray(np.einsum("m,mab->ab", weights, space))


def _polar(member: Matrix | None, part: Callable[[Matrix], Matrix]) -> Matrix | None:
    if member is None:
        return None
    left, values, right = np.linalg.svd(part(member))
    return np.asarray(left @ right) if values[-1] > 1e-6 * max(1e-300, values[0]) and values[0] > 1e-6 else None
