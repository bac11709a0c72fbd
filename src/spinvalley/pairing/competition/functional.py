"""The free energy over several complex amplitudes at fixed quadrature nodes: values, exact gradients, curvatures.

F(Delta) - F(0) = sum_ij Delta_i^* W_ij Delta_j - G(Delta), G = (T/2N) sum_k sum_E [ln 2cosh(E/2T) - same at 0] over
all energies of both signs. The gradient is that of Hellmann and Feynman, dF/dDelta_i^* = sum_j W_ij Delta_j - <pair i>,
<pair i> = (1/4N) sum_k sum_E tanh(E/2T) v^+ D_i^+ u with the states (u, v). Energies are closed forms where the
channels of one orbital share one direction (`collinear`), and LAPACK's elsewhere.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance, non_negative, whole, zeeman_vector
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.collinear import Collinear
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.linearised import pair_matrix, tanh_quotient
from spinvalley.pairing.superconductor import SMALLEST_GAP
from spinvalley.spin import nambu

_FINEST = 1e-6  # of the largest amplitude: resolved at T = 0
_COLDEST = 1e-12  # of the band energies: T = 0 in double precision
_STEP = 3e-5
_BATCH = 200_000
_BLOCK = 4096
LARGEST = 1e30


def free_energy_of(
    comp: Competition, amplitudes: ArrayLike, kT: float, zeeman: ArrayLike = 0.0, *, order: int = 14
) -> Floats:
    """F(Delta) - F(0) per cell for any amplitudes (not the minimum), energy.

    Args:
        comp: channels that compete.
        amplitudes: complex Delta_i, (..., n) for n channels, energy.
        kT: temperature >= 0, energy.
        zeeman: V of sigma, energy (number: along x; or 3-vector).
        order: points per panel of the zone quadrature.

    Returns:
        Array of shape (...).

    Raises:
        InvalidInput: amplitudes of another number or not finite, negative kT.

    Source: heterostructure.txt, eq. 7, for several amplitudes.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> float(free_energy_of(comp, [0.2j], kT=0.01))
    -0.0021065
    """
    instance("comp", comp, Competition, 'Competition(film(), channels, Reduced({"s": 2.3}))')
    values = _amplitudes(amplitudes, len(comp.channels))
    functional = Functional(comp, non_negative("kT", kT), zeeman_vector(zeeman), whole("order", order, 2))
    return functional.values(values.reshape(-1, values.shape[-1])).reshape(values.shape[:-1])


def _amplitudes(given: ArrayLike, count: int) -> Matrix:
    """Amplitudes as complex numbers (..., count)."""
    try:
        values = np.asarray(given, dtype=complex)
    except (TypeError, ValueError):
        raise InvalidInput(f"`amplitudes` must be numbers, but are {given!r}") from None
    if values.ndim == 0 or values.shape[-1] != count or not np.all(np.isfinite(values)):
        raise InvalidInput(f"`amplitudes` must be finite, of shape (..., {count}), but are {given!r}")
    if np.abs(values).max(initial=0.0) > LARGEST:
        raise InvalidInput(f"`amplitudes` must be below {LARGEST:g}, but are {given!r}")
    return values


class Functional:
    """F(Delta) - F(0) of a competition at one temperature, field and order of the zone quadrature.

    Args:
        comp: channels that compete.
        kT: temperature >= 0, energy.
        zeeman: V of sigma, 3-vector, energy.
        order: points per panel.
        closed_form: False forces LAPACK (for comparisons).
    """

    def __init__(self, comp: Competition, kT: float, zeeman: Floats, order: int, *, closed_form: bool = True) -> None:
        sampler = comp.sampler
        smallest = max(_FINEST * largest_amplitude(comp), 2 * SMALLEST_GAP * sampler.bandwidth)
        nodes = sampler.nodes(kT, zeeman, order, smallest)
        field = comp.model.zeeman(zeeman)
        self.comp, self.kT, self.order = comp, kT, order
        self.zeeman = zeeman
        self.weights = nodes.weights
        self._cold = max(kT, _COLDEST * sampler.bandwidth)
        self.finest = sampler.resolution(kT, zeeman, order, smallest).delta
        self._plus, self._minus = nodes.plus + field, nodes.minus + field
        blocks = comp.blocks(nodes.k)
        self._blocks = np.ascontiguousarray(np.swapaxes(blocks, 0, 1))  # (n, K, d, d)
        self.closed = Collinear.of(self._plus, self._minus, blocks) if closed_form else None
        self._zero = self._log_cosh(self._energies(np.zeros((1, self.size), dtype=complex)))

    @property
    def size(self) -> int:
        """Number n of amplitudes."""
        return len(self.comp.channels)

    def values(self, amplitudes: Matrix) -> Floats:
        """F(Delta) - F(0) for amplitudes (A, n), energy per cell, (A,)."""
        quadratic = np.real(np.einsum("ai,ij,aj->a", amplitudes.conj(), self.comp.quadratic, amplitudes))
        step = max(1, _BATCH // len(self.weights))
        pieces = [self._thermal_gain(self._energies(amplitudes[n : n + step])) for n in range(0, len(amplitudes), step)]
        return np.asarray(quadratic - np.concatenate([np.zeros(0), *pieces]))

    def gradient(self, amplitudes: Matrix) -> Matrix:
        """dF/dDelta_i^* at amplitudes (n,), (n,): a step d changes F by 2 Re sum_i d_i^* dF/dDelta_i^*."""
        return self.value_and_gradient(amplitudes)[1]

    def value_and_gradient(self, amplitudes: Matrix) -> tuple[float, Matrix]:
        """F(Delta) - F(0) and its gradient at amplitudes (n,), from one set of energies."""
        forces = self.comp.quadratic @ amplitudes
        quadratic = float(np.real(np.vdot(amplitudes, forces)))
        if self.closed is not None:
            energies = np.abs(self.closed.energies(amplitudes[None]))
            pairs = self.closed.matrix(amplitudes, self.weights, self._cold) @ amplitudes
        else:
            energies, pairs = self._states(amplitudes)
        return quadratic - float(self._thermal_gain(energies)[0]), np.asarray(forces - pairs)

    def curvature(self, amplitudes: Matrix, scale: float) -> Floats:
        """Second derivatives of F by (Re Delta, Im Delta), (2n, 2n).

        Perturbation theory in second order, or central differences of the gradient where that is a closed form.

        Args:
            amplitudes: Delta_i, (n,).
            scale: size of amplitudes over which the gradient changes, energy.
        """
        if self.closed is None:
            w = self.comp.quadratic
            return np.asarray(2 * np.block([[w.real, -w.imag], [w.imag, w.real]]) - self._bend(amplitudes))
        step = _STEP * scale
        columns = []
        for direction in np.concatenate([np.eye(self.size), 1j * np.eye(self.size)]):
            ahead, behind = (self.gradient(amplitudes + s * step * direction) for s in (1, -1))
            columns.append(real_vector(ahead - behind) / step)  # dF = 2 Re d^* g: the factor 2 of g and of 2 steps
        matrix = np.array(columns)
        return np.asarray(0.5 * (matrix + matrix.T))

    @cached_property
    def normal_matrix(self) -> Matrix:
        """W - chi of the normal state, Hermitian (n, n), 1/energy: a negative eigenvalue is an instability."""
        kT = max(self.kT, self.finest / np.pi)
        chi = pair_matrix(np.swapaxes(self._blocks, 0, 1), self.weights, self._plus, self._minus, kT)
        return np.asarray(self.comp.quadratic - 0.5 * (chi + chi.conj().T))

    def _thermal_gain(self, energies: Floats) -> Floats:
        """G for energies |E| of all states (states, A, K), relative to the normal state, (A,)."""
        return np.asarray(0.5 * (self._log_cosh(energies) - self._zero) @ self.weights)

    def _log_cosh(self, energies: Floats) -> Floats:
        """Sum over states of T ln 2cosh(E/2T) for |E| (states, A, K), shape (A, K)."""
        total = np.zeros(energies.shape[1:])
        for energy in energies:
            total += 0.5 * energy + self._cold * np.log1p(np.exp(-energy / self._cold))
        return total

    def _energies(self, amplitudes: Matrix) -> Floats:
        """|E| of all states at amplitudes (A, n), (states, A, K)."""
        if self.closed is not None:
            return np.abs(self.closed.energies(amplitudes))
        pairing = np.tensordot(amplitudes, self._blocks, axes=1)
        return np.abs(np.moveaxis(np.linalg.eigvalsh(nambu(self._plus, self._minus, pairing)), -1, 0))

    def _states(self, amplitudes: Matrix) -> tuple[Floats, Matrix]:
        """|E| of all states (states, 1, K) and dG/dDelta_i^* by Hellmann and Feynman (n,)."""
        energy, states = self._diagonal(amplitudes)
        dim = states.shape[-1] // 2
        occupied = self.weights[:, None] * np.tanh(0.5 * energy / self._cold)
        anomalous = (states[:, :dim] * occupied[:, None]) @ np.swapaxes(states[:, dim:].conj(), -1, -2)
        pairs = 0.25 * (self._blocks.conj().reshape(self.size, -1) @ anomalous.ravel())
        return np.abs(energy).T[:, None], np.asarray(pairs)

    def _bend(self, amplitudes: Matrix) -> Floats:
        """Second derivatives of G by (Re Delta, Im Delta), (2n, 2n): (1/4N) sum_k sum_mn q_mn <m|A|n> <n|B|m>.

        A, B are the derivatives of the Hamiltonian, q_mn = [tanh(E_m/2T) - tanh(E_n/2T)] / (E_m - E_n).
        """
        energy, states = self._diagonal(amplitudes)
        dim = states.shape[-1] // 2
        out = np.zeros((2 * self.size, 2 * self.size))
        for first in range(0, len(energy), _BLOCK):
            part = slice(first, first + _BLOCK)
            u, v = states[part, :dim], states[part, dim:]
            half = np.swapaxes(u.conj(), -1, -2) @ self._blocks[:, part] @ v
            other = np.swapaxes(half.conj(), -1, -2)
            changes = np.concatenate([half + other, 1j * (half - other)])
            quotient = tanh_quotient(energy[part, :, None], -energy[part, None, :], self._cold)
            weighted = changes * (0.25 * self.weights[part, None, None] * quotient)
            flat = (len(out), -1)
            out += np.real(weighted.reshape(flat) @ changes.reshape(flat).conj().T)
        return out

    def _diagonal(self, amplitudes: Matrix) -> tuple[Floats, Matrix]:
        """Energies of both signs (K, 2d) and states (K, 2d, 2d) at amplitudes (n,)."""
        energy, states = np.linalg.eigh(nambu(self._plus, self._minus, np.tensordot(amplitudes, self._blocks, axes=1)))
        return np.asarray(energy), np.asarray(states)


def largest_amplitude(comp: Competition) -> float:
    """Upper bound of |Delta|, weighted by the paired orbitals, of any stationary state, energy.

    There W Delta = <pairs>, and the pairs of one orbital are at most 1/2 (Cauchy and Schwarz).
    """
    strongest = float(np.abs(np.linalg.eigvalsh(comp.couplings)).max())
    return 0.5 * strongest * float(np.sqrt(0.5 * len(comp.channels) * comp.model.dim))


def real_vector(amplitudes: Matrix) -> Floats:
    """(Re Delta, Im Delta), (2n,)."""
    return np.concatenate([amplitudes.real, amplitudes.imag])


def complex_vector(coordinates: Floats) -> Matrix:
    """Delta from (Re Delta, Im Delta), (n,)."""
    half = len(coordinates) // 2
    return np.asarray(coordinates[:half] + 1j * coordinates[half:])
