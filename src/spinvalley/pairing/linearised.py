"""The linearised gap equation: pair susceptibility of the normal state, for one channel or between many.

chi_ij(T, V) = (1/4N) sum_k sum_ab <a,k|D_i|b,-k>^* <a,k|D_j|b,-k> [tanh(e_a/2T) + tanh(e'_b/2T)] / (e_a + e'_b), with
e_a(k) the bands in the field, e'_b those at -k, and the states at -k complex conjugate. The normal state is unstable in
a channel where n/v < chi, n the number of paired orbitals. One orbital is solved in closed form: in projectors on the
spins at k and -k the sum over a, b is a 4 x 4 tensor of singlet and triplet, for any number of channels at once.
Source: physics.md 2.1, generalised to any model and channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.channels.form import vector
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.spin_tensor import spin_tensor, unit


@dataclass(frozen=True, eq=False)
class FormFactors:
    """D_i(k) of n channels at given momenta, (K, n, dim, dim), prepared once for many temperatures and fields."""

    blocks: Matrix

    @cached_property
    def pairs(self) -> tuple[Matrix, NDArray[np.int64]]:
        """Of one orbital: those of (psi, d_x, d_y, d_z) that occur, (K, m, n), and which, (m,)."""
        pairs = np.swapaxes(vector(self.blocks), -1, -2)
        present = np.flatnonzero(np.any(pairs, axis=(0, 2)))
        return np.ascontiguousarray(pairs[:, present]), present


def susceptibility(
    sampler: Sampler, kT: float, zeeman: ArrayLike, order: int, window: ArrayLike | None = None
) -> float:
    """Pair susceptibility chi at kT > 0 in a field, 1/energy; the normal state is unstable if chi > n/v.

    `window` is a field at least as strong and of the same direction whose nodes are used: one set for many fields.
    """
    nodes = sampler.nodes(kT, zeeman if window is None else window, order, 0.0)
    field = sampler.model.zeeman(zeeman)
    pairs = nodes.plus + field, nodes.minus + field
    return float(nodes.weights @ pair_kernel(sampler.model, sampler.pairing, nodes.k, *pairs, kT))


def pair_kernel(model: Model, pairing: Pairing, k: Floats, plus: Matrix, minus: Matrix, kT: float) -> Floats:
    """What pairs of states of `plus` and `minus`, Hamiltonians in the field (K, dim, dim), contribute to chi, (K,)."""
    onsite = pairing.onsite(model)
    if model.dim == 2 and onsite is not None:
        return np.asarray(_tensor(plus, minus, kT, False)[:, 0, 0].real * onsite[0])
    blocks = pairing.matrix(model, k)
    return pair_trace(np.broadcast_to(blocks, plus.shape)[:, None], plus, minus, kT)


def pair_matrix(forms: Matrix | FormFactors, weights: Floats, plus: Matrix, minus: Matrix, kT: float) -> Matrix:
    """chi_ij between channels, Hermitian (n, n), 1/energy.

    Args:
        forms: D_i(k) of n channels, (K, n, dim, dim), as they are or as `FormFactors`.
        weights: of the momenta, (K,).
        plus: Hamiltonians in the field of the electrons at k (or k + q/2), (K, dim, dim).
        minus: those of their partners at -k (or -k + q/2), (K, dim, dim).
        kT: temperature > 0.
    """
    return pair_states(forms, plus, minus).matrix(weights, kT)


def pair_trace(forms: Matrix | FormFactors, plus: Matrix, minus: Matrix, kT: float) -> Floats:
    """What every node contributes to the trace of `pair_matrix`, without its weight, (K,); arguments as there."""
    return pair_states(forms, plus, minus).trace(kT)


@dataclass(frozen=True, eq=False)
class PairStates:
    """The form factors between the states of given Hamiltonians, to be summed at many temperatures.

    Args:
        pairs: P, (K, m, n): every node contributes P^+ Q P to chi.
        kernel: kT -> Q, (K, m, m), or its diagonal (K, m, 1).
    """

    pairs: Matrix
    kernel: Callable[[float], Matrix]

    def matrix(self, weights: Floats, kT: float) -> Matrix:
        """chi_ij with the weights (K,) of the momenta, Hermitian (n, n), 1/energy."""
        size = self.pairs.shape[-1]
        chi = self.pairs.reshape(-1, size).conj().T @ self._weighted(kT, weights).reshape(-1, size)
        return np.asarray(0.5 * (chi + chi.conj().T))

    def trace(self, kT: float) -> Floats:
        """What every node contributes to the trace, without its weight, (K,)."""
        return np.asarray(np.sum((self.pairs.conj() * self._weighted(kT, np.ones(1))).real, axis=(1, 2)))

    def _weighted(self, kT: float, weights: Floats) -> Matrix:
        kernel = weights[:, None, None] * self.kernel(kT)
        return np.asarray(kernel * self.pairs if kernel.shape[-1] == 1 else kernel @ self.pairs)


def pair_states(forms: Matrix | FormFactors, plus: Matrix, minus: Matrix) -> PairStates:
    """What of `pair_matrix` does not depend on temperature; arguments as there."""
    forms = forms if isinstance(forms, FormFactors) else FormFactors(forms)
    if plus.shape[-1] == 2:
        pairs, present = forms.pairs
        return PairStates(pairs, partial(_of_spins, plus, minus, present))
    here, particle = np.linalg.eigh(plus)
    there, hole = np.linalg.eigh(minus)
    inner = np.swapaxes(particle.conj(), -1, -2)[:, None] @ forms.blocks @ hole.conj()[:, None]
    pairs = np.ascontiguousarray(np.swapaxes(inner.reshape(*inner.shape[:2], -1), -1, -2))
    return PairStates(pairs, partial(_of_bands, here, there))


def _of_spins(plus: Matrix, minus: Matrix, present: NDArray[np.int64], kT: float) -> Matrix:
    """Q of one orbital between those of singlet and triplets that occur."""
    tensor = _tensor(plus, minus, kT, bool(np.any(present)))
    if len(present) < tensor.shape[-1]:
        tensor = np.ascontiguousarray(tensor[:, present][:, :, present])
    return tensor


def _of_bands(here: Floats, there: Floats, kT: float) -> Matrix:
    """Q between bands, (K, m, 1)."""
    return np.asarray(0.25 * tanh_quotient(here[:, :, None], there[:, None, :], kT).reshape(len(here), -1, 1))


def _tensor(plus: Matrix, minus: Matrix, kT: float, triplets: bool) -> Matrix:
    """Chi of singlet (0) and triplets (x, y, z) at each node of one orbital, (K, 4, 4), or (K, 1, 1) of singlets."""
    xi, electron = _pauli(plus)
    xi_back, spin_back = _pauli(minus)
    size, size_back = np.sqrt((electron**2).sum(-1)), np.sqrt((spin_back**2).sum(-1))
    # the partner in the state t has the spin -t of the hole that it leaves
    values = {
        (s, -t): 0.125 * tanh_quotient(xi + s * size, xi_back + t * size_back, kT) for s in (1, -1) for t in (1, -1)
    }
    return spin_tensor(unit(electron), unit(spin_back), values, triplets)


def _pauli(matrix: Matrix) -> tuple[Floats, Floats]:
    """Energy (K,) and spin vector (K, 3) of matrices (K, 2, 2)."""
    upper, lower, mixed = matrix[:, 0, 0].real, matrix[:, 1, 1].real, matrix[:, 1, 0]
    return 0.5 * (upper + lower), np.stack([mixed.real, mixed.imag, 0.5 * (upper - lower)], axis=-1)


def tanh_quotient(a: Floats, b: Floats, kT: float) -> Floats:
    """[tanh(a/2T) + tanh(b/2T)] / (a + b), by its derivative where a + b is small."""
    total = a + b
    close = np.abs(total) < 1e-4 * kT
    middle = 0.25 * (a - b) / kT
    sech2 = 1 / np.cosh(np.clip(middle, -300, 300)) ** 2
    quotient = (np.tanh(0.5 * a / kT) + np.tanh(0.5 * b / kT)) / np.where(close, 1.0, total)
    return np.asarray(np.where(close, sech2 / (2 * kT), quotient))
