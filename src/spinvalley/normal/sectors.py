"""Spin sectors: the blocks of h(k) that a conserved spin axis leaves apart, and the gradient of the bands.

Where one spin axis commutes with h(k) at every k, bands of opposite spin cross without repelling. Sorted together they
would have kinks; numbered within each spin they are smooth. Every other module of this floor works sector by sector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats
from spinvalley.models import Model, TightBinding
from spinvalley.models.model import Matrix
from spinvalley.spin import SX, SY, SZ, pauli_dot

_TOLERANCE = 1e-11
_STEP = 0.01  # of the central differences, in units of the shorter lattice vector
_STENCIL = (4 / 5, -1 / 5, 4 / 105, -1 / 280)  # eighth order: error about 1e-16 step^0, rounding about 1e-14


@dataclass(frozen=True, eq=False)
class Sector:
    """A block of the Hamiltonian that no other block couples to.

    Args:
        model: the model.
        spin: +1 or -1 along the conserved axis; 0 where no axis is conserved.
        frame: orthonormal basis of the block, shape (dim, n).
        field: Zeeman matrix of the applied field, shape (dim, dim).
    """

    model: Model
    spin: int
    frame: Matrix
    field: Matrix

    @property
    def size(self) -> int:
        """Number of bands n."""
        return int(self.frame.shape[1])

    def block(self, matrices: Matrix) -> Matrix:
        """Matrices (..., dim, dim) restricted to the sector, shape (..., n, n)."""
        return np.asarray(self.frame.conj().T @ matrices @ self.frame)

    def hamiltonian(self, k: Floats) -> Matrix:
        """Block of h(k) + V.sigma, shape (..., n, n), energy unit of the model."""
        return self.block(self.model.hamiltonian(k) + self.field)

    def energies(self, k: Floats) -> Floats:
        """Band energies at k (..., 2) in ascending order, shape (..., n), energy unit of the model."""
        h = self.hamiltonian(k)
        return np.asarray(h[..., 0].real if self.size == 1 else np.linalg.eigvalsh(h))

    def states(self, k: Floats) -> tuple[Floats, Matrix]:
        """Band energies (..., n) and Bloch states in the full basis, columns of (..., dim, n)."""
        energies, vectors = np.linalg.eigh(self.hamiltonian(k))
        return energies, np.asarray(self.frame @ vectors)

    def level(self, k: Floats, band: int) -> tuple[Floats, Floats]:
        """Energy (...) and gradient dE/dk (..., 2) of one band, by Hellmann-Feynman."""
        energies, states = self.states(k)
        u = states[..., :, band]
        slope = np.einsum("...i,...cij,...j->...c", u.conj(), hamiltonian_gradient(self.model, k), u).real
        return energies[..., band], slope


def hamiltonian_gradient(model: Model, k: Floats) -> Matrix:
    """Gradient of the Bloch Hamiltonian, dh/dk = sum_R i R T_R exp(i k.R), shape (..., 2, dim, dim).

    Exact for tight binding; eighth-order central differences (relative error about 1e-13) for a `Bloch` model.
    """
    if isinstance(model, TightBinding):
        out = np.zeros((*k.shape[:-1], 2, model.dim, model.dim), dtype=complex)
        for cell, matrix in model.hoppings.items():
            r = model.lattice.translation(cell)
            phase = np.exp(1j * (k @ r))[..., None] * (1j * r)
            out += phase[..., None, None] * matrix
        return out
    step = _STEP / float(np.linalg.norm(model.lattice.matrix, axis=1).min())
    columns = []
    for direction in np.eye(2):
        terms = [
            weight * (model.hamiltonian(k + n * step * direction) - model.hamiltonian(k - n * step * direction))
            for n, weight in enumerate(_STENCIL, start=1)
        ]
        columns.append(sum(terms[1:], terms[0]) / step)
    return np.stack(columns, axis=-3)


def conserved_axis(model: Model, zeeman: ArrayLike = 0.0) -> Floats | None:
    """Spin axis n with [n.sigma, h(k) + V.sigma] = 0 at every k, or None.

    Args:
        model: the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.

    Returns:
        Unit 3-vector, z where every axis is conserved; its largest component is positive.
    """
    k = np.random.default_rng(5).uniform(-0.5, 0.5, (24, 2)) @ model.lattice.reciprocal
    h = model.hamiltonian(k) + model.zeeman(zeeman)
    n = len(model.layers)
    pairs = h.reshape(len(k), n, 2, n, 2)
    vectors = np.stack([0.5 * np.einsum("kasbt,ts->kab", pairs, s) for s in (SX, SY, SZ)], axis=-1).reshape(-1, 3)
    _, strength, axes = np.linalg.svd(np.concatenate([vectors.real, vectors.imag]), full_matrices=False)
    small = _TOLERANCE * np.sqrt(len(vectors)) * max(1e-300, float(np.abs(h).max()))
    if strength[0] <= small:
        return np.array([0.0, 0.0, 1.0])
    if strength[1] > small:
        return None
    axis = np.where(np.abs(axes[0]) < 1e-14, 0.0, axes[0])
    return np.asarray(axis * np.sign(axis[np.argmax(np.abs(axis))]))


def sectors(model: Model, zeeman: ArrayLike = 0.0) -> tuple[Sector, ...]:
    """Decoupled blocks of the model in a field: spin +1 and spin -1 along a conserved axis, or one block of spin 0.

    Args:
        model: the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
    """
    field = model.zeeman(zeeman)
    axis = conserved_axis(model, zeeman)
    if axis is None:
        return (Sector(model, 0, np.eye(model.dim, dtype=complex), field),)
    _, spinors = np.linalg.eigh(pauli_dot(axis))
    orbitals = np.eye(len(model.layers))
    return tuple(
        Sector(model, spin, np.kron(orbitals, spinors[:, [column]]), field) for spin, column in ((1, 1), (-1, 0))
    )
