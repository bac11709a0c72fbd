"""What conserved on-site quantities leave apart: the smallest subspaces that no matrix of a Hamiltonian leads out of.

A generic Hermitian combination of the matrices and their commutators (which tell blocks apart that are complex
conjugates of each other) has only the degeneracies that symmetry demands. What the matrices make of one of its
eigenvectors is one of the smallest subspaces; the rest is treated alike. Where several subspaces carry the same
matrices (a spin that may point anywhere) they are one choice of many.
"""

from __future__ import annotations

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix

_MIXES = 3
_SAME = 1e-8  # of the largest eigenvalue: eigenvalues closer than this are one
_NULL = 1e-10
_LARGE = 0.1


def sectors(matrices: Matrix) -> list[Matrix]:
    """Orthonormal bases (D, n) of the smallest subspaces that no matrix (i, D, D) leads out of, together all of space.

    The set of matrices must contain the adjoint of each, as the hoppings of a Hamiltonian do.
    """
    mixes = generic(matrices, _MIXES)
    left = np.eye(matrices.shape[-1], dtype=complex)
    found: list[Matrix] = []
    while left.shape[1]:
        inside = left.conj().T @ mixes @ left
        probe = inside[0] + 1j * (inside[1] @ inside[2] - inside[2] @ inside[1])
        values, vectors = np.linalg.eigh(probe)
        basis = _grown(inside, vectors[:, [_isolated(values)]])
        found.append(left @ basis)
        left = left @ np.linalg.svd(basis)[0][:, basis.shape[1] :]
    return found


def generic(matrices: Matrix, count: int) -> Matrix:
    """Random Hermitian combinations, shape (count, D, D), of largest element 1 (0 if all matrices are zero)."""
    rng = np.random.default_rng(11)
    mix = rng.normal(size=(count, len(matrices))) + 1j * rng.normal(size=(count, len(matrices)))
    combined = np.einsum("gi,iab->gab", mix, matrices)
    combined = combined + combined.conj().swapaxes(-1, -2)
    return np.asarray(combined / max(float(np.abs(combined).max()), 1e-300))


def _isolated(values: Floats) -> int:
    """The ascending eigenvalue that is farthest from all others but those equal to it."""
    same = _SAME * max(1.0, float(np.abs(values).max()))
    away = np.abs(values[:, None] - values)
    return int(np.argmax(np.where(away > same, away, np.inf).min(axis=1)))


def _grown(mixes: Matrix, basis: Matrix) -> Matrix:
    """The smallest subspace that contains `basis` and that no matrix leads out of.

    It grows along the largest images first: what is reached only weakly would carry the rounding errors.
    """
    while True:
        images = (mixes @ basis).transpose(1, 0, 2).reshape(len(basis), -1)
        images = images - basis @ (basis.conj().T @ images)
        new, values, _ = np.linalg.svd(images, full_matrices=False)
        fresh = new[:, values > max(_NULL, _LARGE * values[0])]
        if not fresh.shape[1]:
            return basis
        basis = np.linalg.qr(np.concatenate([basis, fresh], axis=1))[0]
