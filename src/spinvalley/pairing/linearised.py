"""The linearised gap equation: pair susceptibility of the normal state.

chi(T, V) = (1/4N) sum_k sum_ab |<a,k| D |b,-k>*|^2 [tanh(e_a/2T) + tanh(e'_b/2T)] / (e_a + e'_b), with e_a(k) the bands
in the field, e'_b those at -k and D = (-i sigma_y) on the paired orbitals. The normal state is unstable where
n/v < chi, n the number of paired orbitals. One orbital is solved in closed form: with unit vectors n, n' of the spin
splitting at k and -k the square of the overlap is (1 - s s' n.n')/2. Source: physics.md 2.1, generalised to any model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.pairing.bdg import pairing_matrix
from spinvalley.pairing.channel import Pairing
from spinvalley.pairing.sampler import Sampler


def susceptibility(
    sampler: Sampler, kT: float, zeeman: ArrayLike, order: int, window: ArrayLike | None = None
) -> float:
    """Pair susceptibility chi at kT > 0 in a field, 1/energy; the normal state is unstable if chi > n/v.

    `window` is a field at least as strong and of the same direction whose nodes are used: one set for many fields.
    """
    nodes = sampler.nodes(kT, zeeman if window is None else window, order, 0.0)
    field = sampler.model.zeeman(zeeman)
    return float(
        nodes.weights @ pair_kernel(sampler.model, sampler.pairing, nodes.plus + field, nodes.minus + field, kT)
    )


def pair_kernel(model: Model, pairing: Pairing, plus: Matrix, minus: Matrix, kT: float) -> Floats:
    """What pairs of states of `plus` and `minus`, Hamiltonians in the field (K, dim, dim), contribute to chi, (K,)."""
    if model.dim == 2:
        return np.asarray(_one_orbital(plus, minus, kT) * pairing.diagonal(model)[0])
    return _by_states(pairing_matrix(model, pairing), plus, minus, kT)


def _by_states(block: Matrix, plus: Matrix, minus: Matrix, kT: float) -> Floats:
    here, particle = np.linalg.eigh(plus)
    there, hole = np.linalg.eigh(minus)
    overlap = np.abs(np.swapaxes(particle.conj(), -1, -2) @ block @ hole.conj()) ** 2
    return np.asarray(0.25 * np.sum(overlap * tanh_quotient(here[:, :, None], there[:, None, :], kT), axis=(1, 2)))


def _one_orbital(plus: Matrix, minus: Matrix, kT: float) -> Floats:
    xi, vector = _pauli(plus)
    xi_back, vector_back = _pauli(minus)
    size, size_back = np.sqrt((vector**2).sum(0)), np.sqrt((vector_back**2).sum(0))
    cosine = (vector * vector_back).sum(0) / np.maximum(size * size_back, 1e-300)
    up, down, up_back, down_back = xi + size, xi - size, xi_back + size_back, xi_back - size_back
    equal = tanh_quotient(up, up_back, kT) + tanh_quotient(down, down_back, kT)
    opposite = tanh_quotient(up, down_back, kT) + tanh_quotient(down, up_back, kT)
    return np.asarray(0.125 * ((1 - cosine) * equal + (1 + cosine) * opposite))


def _pauli(matrix: Matrix) -> tuple[Floats, Floats]:
    """Energy (K,) and spin vector (3, K) of matrices (K, 2, 2)."""
    upper, lower, mixed = matrix[:, 0, 0].real, matrix[:, 1, 1].real, matrix[:, 1, 0]
    return 0.5 * (upper + lower), np.stack([mixed.real, mixed.imag, 0.5 * (upper - lower)])


def tanh_quotient(a: Floats, b: Floats, kT: float) -> Floats:
    """[tanh(a/2T) + tanh(b/2T)] / (a + b), by its derivative where a + b is small."""
    total = a + b
    close = np.abs(total) < 1e-4 * kT
    middle = 0.25 * (a - b) / kT
    sech2 = 1 / np.cosh(np.clip(middle, -300, 300)) ** 2
    quotient = (np.tanh(0.5 * a / kT) + np.tanh(0.5 * b / kT)) / np.where(close, 1.0, total)
    return np.asarray(np.where(close, sech2 / (2 * kT), quotient))
