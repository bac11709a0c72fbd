"""Quasiparticle energies of a model on a set of momenta, for many gaps at once.

On-site singlet pairing: if sigma_x h(-k)^T sigma_x = h(k) (Ising coupling and any in-plane field allow it, Rashba
coupling and a field along z do not), the operator sigma_x tau_y is a chiral symmetry, the energies are the singular
values of Q(k) = h(k) + i Delta P sigma_z, and one or two orbitals are solved in closed form. One orbital without this
symmetry, or with any unitary pairing (singlet, or triplet with a real direction of d), has a closed form too; all else
is diagonalised by LAPACK. All give the sums that the free energy needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.numerics.compiled import compiled, jax
from spinvalley.numerics.quartic import OneOrbital
from spinvalley.numerics.singular import invariants, singular_values
from spinvalley.numerics.thermal import REACH, MomentBasis, thermal_sums
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.channels.form import vector
from spinvalley.spin import SX, SZ, nambu

_CHUNK = 512
_GAP_SIZES = (1, 14)  # padded to one of these, so that few shapes are compiled
_FACTOR = 8
_NOISE = 5e-17
_RELATIVE_NOISE = 5e-15
_CHIRAL_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Nodes:
    """The Bloch Hamiltonian at the points of a quadrature rule.

    Args:
        k: momenta (K, 2).
        weights: (K,), sum 1.
        plus: h(k), (K, d, d).
        minus: h(-k), (K, d, d).
    """

    k: Floats
    weights: Floats
    plus: Matrix
    minus: Matrix

    @classmethod
    def of(cls, model: Model, k: Floats, weights: Floats) -> Nodes:
        """Evaluate a model on momenta (K, 2)."""
        return cls(k, weights, model.hamiltonian(k), model.hamiltonian(-k))


@dataclass(frozen=True)
class Sums:
    """Zone sums for gaps (D,) relative to zero gap: sum of (E - E_0)/2, and the thermal part at each temperature."""

    half: Floats
    thermal: Floats


@dataclass(frozen=True)
class _Chunk:
    """A piece of the nodes on the device; `far`: smallest third energy (of four, at zero gap) in it."""

    table: Any
    weights: Any
    far: float


class Spectrum:
    """Energies of a model with pairing in one applied field on fixed nodes.

    Args:
        nodes: weights and Bloch Hamiltonians.
        model: gives the Zeeman matrix of the field.
        pairing: the channel.
        zeeman: V of sigma (number or 3-vector).
        closed_form: None chooses by symmetry and size; False forces LAPACK (for comparisons).
    """

    def __init__(
        self, nodes: Nodes, model: Model, pairing: Pairing, zeeman: ArrayLike, closed_form: bool | None = None
    ) -> None:
        field = model.zeeman(zeeman)
        self.weights = nodes.weights
        self._plus = nodes.plus + field
        self._minus = nodes.minus + field
        self._block = pairing.matrix(model, nodes.k)  # (d, d), or (K, d, d)
        onsite = pairing.onsite(model)
        self._dim = model.dim
        self._signs = (0.0 if onsite is None else onsite) * np.tile(np.real(np.diag(SZ)), len(model.layers))
        possible = onsite is not None and model.dim in (2, 4) and is_chiral(self._plus, self._minus)
        self.closed_form = possible if closed_form is None else closed_form and possible
        self._one_orbital = None
        if model.dim == 2 and closed_form is not False and not self.closed_form:
            self._one_orbital = OneOrbital.of(self._plus, self._minus, vector(self._block))

    @cached_property
    def _invariants(self) -> Floats:
        return invariants(self._plus, self._signs)

    @cached_property
    def _chunks(self) -> list[_Chunk]:
        """Invariants and weights in equal padded pieces, on the device, nodes with two far energies last."""
        far = self.energies(np.zeros(1))[-2 if self._dim > 2 else -1, 0]
        order = np.argsort(far)
        count = -(-len(order) // _CHUNK) * _CHUNK
        table = np.pad(self._invariants[..., order], [(0, 0), (0, 0), (0, count - len(order))], mode="edge")
        weights = np.pad(self.weights[order], (0, count - len(order)))
        pieces = range(0, count, _CHUNK)
        with jax().enable_x64(True):
            put = jax().numpy.asarray
            return [
                _Chunk(put(table[..., n : n + _CHUNK]), put(weights[n : n + _CHUNK]), float(far[order[n]]))
                for n in pieces
            ]

    def energies(self, gaps: Floats) -> Floats:
        """Energies E >= 0 at every node, shape (n, gaps, K), whose sum is the sum over E > 0 (`multiplicity` times)."""
        if self.closed_form:
            x = np.asarray(gaps)[:, None] ** 2
            return np.stack(singular_values(np, _horner(self._invariants, x)))
        if self._one_orbital is not None:
            return np.abs(self._one_orbital.energies(gaps))
        return np.stack([np.abs(np.linalg.eigvalsh(self._bdg(gap))).T for gap in gaps], axis=1)

    @property
    def multiplicity(self) -> float:
        """Weight of each energy in sums over E > 0: 1, or 1/2 where both signs of all energies are listed."""
        return 1.0 if self.closed_form else 0.5

    def noise(self, gap: float) -> float:
        """Rounding error of the sums: relative for one orbital in closed form, of the band energies otherwise."""
        scale = float(np.abs(self._plus).max())
        return _RELATIVE_NOISE * gap**2 / scale if self.closed_form and self._dim == 2 else _NOISE * scale

    def sums(self, gaps: Floats, kT: Floats, basis: MomentBasis | None = None) -> Sums:
        """Zone sums of sum_{E>0} T ln 2cosh(E/2T), relative to zero gap, for gaps (D,) and temperatures (nT,).

        Args:
            gaps: gaps (D,), energy.
            kT: temperatures (nT,), energy, >= 0.
            basis: use moments (many temperatures); None sums each temperature directly.

        Returns:
            Sums with half (D,) and thermal (D, nT).
        """
        if self.closed_form:
            return self._closed_sums(gaps, kT, basis)
        energies, zero = self.energies(gaps), self.energies(np.zeros(1))
        half = 0.5 * self.multiplicity * np.einsum("ndk,k->d", energies - zero, self.weights)
        values = [thermal_sums(energies[:, n], self.weights, kT, basis) for n in range(len(gaps))]
        normal = thermal_sums(zero[:, 0], self.weights, kT, basis)
        return Sums(half, self.multiplicity * (np.array(values) - normal))

    def gains(self, gaps: Floats, kT: float) -> Floats:
        """What each gap adds to sum_{E>0} T ln 2cosh(E/2T) at each node, over Delta^2; shape (K, gaps)."""
        energies = self.energies(np.append(gaps, 0.0))
        values = np.sum(0.5 * energies + kT * np.log1p(np.exp(-energies / kT)), axis=0)
        return np.asarray(self.multiplicity * ((values[:-1] - values[-1]) / gaps[:, None] ** 2).T)

    def normal(self, kT: Floats, basis: MomentBasis | None = None) -> Floats:
        """Zone sums of sum_{E>0} T ln 2cosh(E/2T) at zero gap, for temperatures (nT,)."""
        energies = self.energies(np.zeros(1))[:, 0]
        half = 0.5 * float(np.sum(energies @ self.weights))
        return np.asarray(self.multiplicity * (half + thermal_sums(energies, self.weights, kT, basis)))

    def _closed_sums(self, gaps: Floats, kT: Floats, basis: MomentBasis | None) -> Sums:
        halves, thermals = [], []
        for start in range(0, len(gaps), _GAP_SIZES[-1]):
            piece = gaps[start : start + _GAP_SIZES[-1]]
            x = np.zeros(min(size for size in _GAP_SIZES if size >= len(piece)))
            x[: len(piece)] = piece**2
            half: Any = 0.0
            thermal: Any = 0.0
            for chunk in self._chunks:
                near = 2 if chunk.far - float(piece.max()) > REACH * float(kT.max()) else len(chunk.table)
                if basis is None:
                    known = (chunk.table, *_both_energies(chunk.table, x), chunk.weights, x)
                    h, t = _direct_sums(*known, np.maximum(kT, 1e-300), near=near)
                else:
                    scales = (basis.scale, basis.top)
                    h, t = _moment_sums(chunk.table, chunk.weights, x, *scales, size=basis.size, near=near)
                half, thermal = half + np.asarray(h), thermal + np.asarray(t)
            if basis is not None:
                thermal = thermal @ basis.coefficients.T
            halves.append(half[: len(piece)])
            thermals.append(thermal[: len(piece)])
        return Sums(np.concatenate(halves), np.concatenate(thermals))

    def slope(self, gap: float, kT: float) -> float:
        """d/dx of the zone sum of sum_{E>0} T ln 2cosh(E/2T), x = Delta^2, from eigenvectors (Hellmann-Feynman).

        This is the right side of the gap equation: n/v = slope at a stationary point with n paired orbitals.
        """
        energy, growth = self._chiral_growth(gap) if self.closed_form else self._growth(gap)
        occupation = np.tanh(energy / (2 * kT)) if kT > 0 else np.sign(energy)
        total = float(self.weights @ np.sum(occupation * growth, axis=1))
        return 0.25 * self.multiplicity * total / gap

    def _growth(self, gap: float) -> tuple[Floats, Floats]:
        """All BdG energies and dE/dDelta, both (K, 2d)."""
        energy, states = np.linalg.eigh(self._bdg(gap))
        upper, lower = states[:, : self._dim], states[:, self._dim :]
        growth = 2 * np.real(np.sum(upper.conj() * (self._block @ lower), axis=1))
        return energy, growth

    def _chiral_growth(self, gap: float) -> tuple[Floats, Floats]:
        """Singular values of Q = h + i Delta P sigma_z and their derivatives by Delta, both (K, d)."""
        left, energy, right = np.linalg.svd(self._plus + 1j * gap * np.diag(self._signs))
        growth = np.real(1j * np.einsum("kin,i,kni->kn", left.conj(), self._signs, right.conj()))
        return energy, growth

    def _bdg(self, gap: float) -> Matrix:
        return np.asarray(nambu(self._plus, self._minus, gap * self._block))


def is_chiral(plus: Matrix, minus: Matrix) -> bool:
    """Whether sigma_x h(-k)^T sigma_x = h(k) at every node, so that sigma_x tau_y anticommutes with the BdG matrix."""
    flip = np.kron(np.eye(plus.shape[-1] // 2), SX)
    scale = max(1e-300, float(np.abs(plus).max()))
    difference = flip @ np.swapaxes(minus, -1, -2) @ flip - plus
    return bool(np.abs(difference).max() < _CHIRAL_TOLERANCE * scale)


def _horner(table: Any, x: Any) -> list[Any]:
    """Invariants [e_1, ..., e_n] at x = Delta^2 (D, 1) from coefficients (n, S, K)."""
    out = []
    for row in table:
        total = row[-1]
        for coefficient in row[-2::-1]:
            total = total * x + coefficient
        out.append(total)
    return out


def _thermal(xp: Any, energy: Any, kT: Any) -> Any:
    return kT * xp.log1p(xp.exp(-energy / kT))


def _energies_and_zero(xp: Any, table: Any, x: Any) -> tuple[Any, Any]:
    rows = [row[0] for row in table]
    return xp.stack(singular_values(xp, _horner(table, x[:, None]))), xp.stack(singular_values(xp, rows))[:, None]


def _half(xp: Any, table: Any, x: Any, energies: Any, zero: Any, weights: Any) -> Any:
    """Half the zone sum of E(x) - E(0)."""
    if len(table) == 2:
        return 0.5 * xp.einsum("dk,k->d", _pair_gain(xp, table, x), weights)
    return 0.5 * xp.einsum("ndk,k->d", energies - zero, weights)


def _pair_gain(xp: Any, table: Any, x: Any) -> Any:
    """E_1 + E_2 at x less the same at 0, (D, K), to relative rounding: (E_1 + E_2)^2 = e_1 + 2 sqrt(e_2)."""
    first, last = _horner(table, x[:, None])
    step_first, step_last = (xp.asarray(row) * x[:, None] for row in _horner(table[:, 1:], x[:, None]))
    root, root_zero = xp.sqrt(xp.maximum(last, 0.0)), xp.sqrt(xp.maximum(table[1][0], 0.0))
    step_root = step_last / xp.maximum(root + root_zero, 1e-300)
    total = xp.sqrt(xp.maximum(first + 2 * root, 0.0)) + xp.sqrt(xp.maximum(table[0][0] + 2 * root_zero, 0.0))
    return (step_first + 2 * step_root) / xp.maximum(total, 1e-300)


def _direct(xp: Any, table: Any, energies: Any, zero: Any, weights: Any, x: Any, kT: Any, *, near: int) -> Any:
    """Sums at each temperature. The energies come in from a compiled function of their own.

    Inside this one the compiler would evaluate those of a degenerate pair in several loops with different rounding,
    1e-8 each, which then does not cancel.
    """

    def at(t: Any) -> Any:
        return xp.einsum("ndk,k->d", _thermal(xp, energies[:near], t) - _thermal(xp, zero[:near], t), weights)

    return _half(xp, table, x, energies, zero, weights), jax().lax.map(at, kT).T


def _moments(xp: Any, table: Any, weights: Any, x: Any, scale: Any, top: Any, *, size: int, near: int) -> Any:
    """Chebyshev moments of the spectrum by products: T_m for small m, T_m for multiples of those, one matrix product.

    2 T_a T_b = T_{a+b} + T_{a-b} gives every moment from the sums of w T_a T_b with far fewer passes over the energies.
    """
    energies, zero = _energies_and_zero(xp, table, x)
    scaled = xp.moveaxis(xp.concatenate([zero[:near], energies[:near]], axis=1), 1, 0) / scale
    y = xp.log(scaled + xp.sqrt(scaled * scaled + 1)) / top  # asinh
    u = (2 * xp.minimum(y, 1.0) - 1).reshape(len(y), -1)
    masked = xp.where(y < 1.0, weights, 0.0).reshape(len(y), -1)
    low = [xp.ones_like(u), u]
    while len(low) <= _FACTOR:
        low.append(2 * u * low[-1] - low[-2])
    high = [masked, low[_FACTOR] * masked]
    while len(high) * _FACTOR < size:
        high.append(2 * low[_FACTOR] * high[-1] - high[-2])
    products = xp.einsum("qdk,pdk->dqp", xp.stack(high), xp.stack(low[:_FACTOR]))
    moments: list[Any] = []
    for m in range(size):
        q, p = divmod(m, _FACTOR)
        moments.append(products[:, q, p] if q == 0 or p == 0 else 2 * products[:, q, p] - moments[q * _FACTOR - p])
    out = xp.stack(moments, axis=1)
    return _half(xp, table, x, energies, zero, weights), out[1:] - out[:1]


_both_energies = compiled(_energies_and_zero)
_direct_sums = compiled(_direct, static=("near",))
_moment_sums = compiled(_moments, static=("size", "near"))
