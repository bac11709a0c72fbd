"""The Bogoliubov-de Gennes Hamiltonian of a model with on-site singlet pairing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, momenta
from spinvalley.models import Model, hoppings_of
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channel import Pairing
from spinvalley.spin import nambu, singlet


def pairing_matrix(model: Model, pairing: Pairing) -> Matrix:
    """Pairing block of unit gap, (-i sigma_y) on the paired orbitals, shape (dim, dim)."""
    return np.asarray(pairing.diagonal(model)[:, None] * singlet(len(model.layers)))


def hamiltonian(model: Model, pairing: Pairing, k: ArrayLike, gap: float, zeeman: ArrayLike = 0.0) -> Matrix:
    """BdG Hamiltonian [[h(k), D], [D^+, -h(-k)^T]], shape (..., 2 dim, 2 dim).

    Args:
        model: the normal state.
        pairing: the channel.
        k: momenta (..., 2), in 1/length unit of the lattice.
        gap: pairing amplitude Delta.
        zeeman: V of sigma (number: along x; or 3-vector).

    Source: heterostructure.txt, eq. 3, 4; Nambu basis of docs/conventions.md.
    """
    k = momenta("k", k)
    field = model.zeeman(zeeman)
    block = gap * pairing_matrix(model, pairing)
    return np.asarray(nambu(model.hamiltonian(k) + field, model.hamiltonian(-k) + field, block))


def hoppings(model: Model, pairing: Pairing, gap: float, zeeman: ArrayLike = 0.0) -> dict[Cell, Matrix]:
    """Matrices T_R of the BdG Hamiltonian, H(k) = sum_R T_R exp(i k.R), {(n1, n2): (2 dim, 2 dim)}.

    The holes hop with -T_R^*, which makes -h(-k)^T.

    Raises:
        InvalidInput: a callable h(k) whose hoppings do not decay.
    """
    empty = np.zeros((model.dim, model.dim), dtype=complex)
    table = {cell: np.block([[m, empty], [empty, -m.conj()]]) for cell, m in hoppings_of(model).items()}
    field = model.zeeman(zeeman)
    onsite = nambu(field, field, gap * pairing_matrix(model, pairing))
    table[0, 0] = table.get((0, 0), np.zeros_like(onsite)) + onsite
    return table


def quasiparticle_energies(model: Model, pairing: Pairing, k: ArrayLike, gap: float, zeeman: ArrayLike = 0.0) -> Floats:
    """All BdG energies at k in ascending order, shape (..., 2 dim), by LAPACK (the reference route)."""
    return np.asarray(np.linalg.eigvalsh(hamiltonian(model, pairing, k, gap, zeeman)))
