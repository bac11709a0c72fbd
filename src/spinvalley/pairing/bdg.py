"""The Bogoliubov-de Gennes Hamiltonian of a model with a pairing channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, momenta
from spinvalley.models import Model, hoppings_of
from spinvalley.models.model import Cell, Matrix, merge
from spinvalley.pairing.carrier import Pairing
from spinvalley.spin import nambu


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
    block = gap * pairing.matrix(model, k)
    return np.asarray(nambu(model.hamiltonian(k) + field, model.hamiltonian(-k) + field, block))


def hoppings(model: Model, pairing: Pairing, gap: float, zeeman: ArrayLike = 0.0) -> dict[Cell, Matrix]:
    """Matrices T_R of the BdG Hamiltonian, H(k) = sum_R T_R exp(i k.R), {(n1, n2): (2 dim, 2 dim)}.

    The holes hop with -T_R^*, which makes -h(-k)^T.

    Raises:
        InvalidInput: a callable h(k) whose hoppings do not decay.
    """
    empty = np.zeros((model.dim, model.dim), dtype=complex)
    table: dict[Cell, Matrix] = {
        cell: np.block([[m, empty], [empty, -m.conj()]]) for cell, m in hoppings_of(model).items()
    }
    field = model.zeeman(zeeman)
    table = merge(table, {(0, 0): nambu(field, field, empty)})
    return merge(table, pair_hoppings(model, pairing, gap))


def pair_hoppings(model: Model, pairing: Pairing, gap: float) -> dict[Cell, Matrix]:
    """The part of the table that the pairing makes: D_R above, D_-R^+ = -D_R^* below the diagonal."""
    empty = np.zeros((model.dim, model.dim), dtype=complex)
    blocks = pairing.hoppings(model).items()
    return {cell: np.block([[empty, gap * m], [-gap * m.conj(), empty]]) for cell, m in blocks}


def quasiparticle_energies(model: Model, pairing: Pairing, k: ArrayLike, gap: float, zeeman: ArrayLike = 0.0) -> Floats:
    """All BdG energies at k in ascending order, shape (..., 2 dim), by LAPACK (the reference route)."""
    return np.asarray(np.linalg.eigvalsh(hamiltonian(model, pairing, k, gap, zeeman)))
