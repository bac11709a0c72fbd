"""Grand potential of electrons with pairing in on-site fields p_a O_a, with its derivatives.

Omega(Delta, p) = (1/2) sum_a p_a tr O_a - (T/2) sum_k sum_E ln 2cosh(E/2T), all energies E of h(k) + sum_a p_a O_a with
pairing; (1/2) tr h(k), which does not depend on p, is left out. Its derivatives are densities, dOmega/dp_a = <O_a>, and
the pair susceptibility, -dOmega/dx = G'(x), x = Delta^2. Omega is concave in p. One orbital with singlet or any unitary
pairing has a closed form (`numerics.quartic`); all else is diagonalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.numerics.quartic import largest_root, spin_vectors
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.channels.form import vector
from spinvalley.pairing.linearised import pair_matrix
from spinvalley.pairing.spectrum import Nodes
from spinvalley.spin import S0, SX, SY, SZ, nambu

_PAULI = np.array([S0, SX, SY, SZ])
_CHUNK = 1024
_EQUAL = 1e-18
_CROSSING = 1e-14


@dataclass(frozen=True)
class Omega:
    """Grand potential (D,), densities <O_a> (D, n) and pair susceptibility dG/dx (D,) at D gaps and sets of fields."""

    value: Floats
    densities: Floats
    slope: Floats


class Response(Protocol):
    """Anything that evaluates the grand potential."""

    def __call__(self, gaps: Floats, fields: Floats, kT: float, /) -> Omega:
        """Omega and its derivatives at gaps (D,) in on-site fields (D, n), at a temperature >= 0."""
        ...


def response(nodes: Nodes, model: Model, pairing: Pairing, zeeman: ArrayLike, operators: Matrix) -> Response:
    """The grand potential of a model on given nodes.

    Args:
        nodes: weights and Bloch Hamiltonians.
        model: gives the Zeeman matrix of the applied field.
        pairing: the channel.
        zeeman: V of sigma (number or 3-vector).
        operators: on-site operators O_a, Hermitian (n, dim, dim).
    """
    field = model.zeeman(zeeman)
    plus, minus = nodes.plus + field, nodes.minus + field
    blocks = pairing.matrix(model, nodes.k)
    scalar_only = not np.any(operators - np.eye(model.dim) * operators[:, :1, :1])
    if model.dim == 2 and (scalar_only or pairing.onsite(model) is not None):
        parts = spin_vectors(plus, minus, vector(blocks))
        if parts is not None:
            shift, xi, odd, even, weight = parts
            components = np.real(np.einsum("sij,aji->as", _PAULI, operators)) / 2
            return ClosedForm(nodes.weights, shift, xi, odd, even, weight, components)
    return Diagonalised(nodes.weights, plus, minus, blocks, operators)


@dataclass(frozen=True, eq=False)
class ClosedForm:
    """One orbital: spin vectors g (odd in k) and h (even), of `numerics.quartic`, and its implicit derivatives.

    The energies are shift + {s + o, s - o, i - s, -i - s}; y = s^2 is a root of the resolvent cubic, whose derivatives
    give those of s, o and i.

    Args:
        weights: of the momenta, (K,).
        shift: mean of the four energies, (K,).
        xi: band energy, (K,).
        odd: g, (K, 3).
        even: h, (K, 3).
        weight: |D(k)|^2, (K,).
        components: O_a = c_0 + c.sigma, (n, 4).
    """

    weights: Floats
    shift: Floats
    xi: Floats
    odd: Floats
    even: Floats
    weight: Floats
    components: Floats

    def __call__(self, gaps: Floats, fields: Floats, kT: float) -> Omega:
        """Omega at gaps (D,) and fields (D, n)."""
        with np.errstate(over="ignore"):  # E/2T as T -> 0
            parts = [self._part(slice(n, n + _CHUNK)).sums(gaps, fields, kT) for n in range(0, len(self.xi), _CHUNK)]
        scalar = self.components[:, 0]
        value, densities, slope = (sum(columns) for columns in zip(*parts, strict=True))
        return Omega(fields @ scalar - value, scalar - densities, slope)

    def _part(self, s: slice) -> ClosedForm:
        where = self.weights[s], self.shift[s], self.xi[s], self.odd[s], self.even[s], self.weight[s]
        return ClosedForm(*where, self.components)

    def sums(self, gaps: Floats, fields: Floats, kT: float) -> tuple[Floats, Floats, Floats]:
        """Sums over the momenta: of T ln 2cosh, and of what its derivatives by the fields and by x need."""
        scalar, spins = self.components[:, 0], self.components[:, 1:]
        xi = self.xi + (fields @ scalar)[:, None]
        added = fields @ spins  # (D, 3)
        g2, g_h0 = np.sum(self.odd**2, axis=1), np.sum(self.odd * self.even, axis=1)
        h2 = np.sum(self.even**2, axis=1) + 2 * added @ self.even.T + np.sum(added**2, axis=1, keepdims=True)
        gh = g_h0 + added @ self.odd.T
        eps2 = xi**2 + self.weight * gaps[:, None] ** 2
        total, product = eps2 + g2 + h2, eps2 * h2 + xi**2 * g2 + gh**2
        y = largest_root(total, product, (xi * gh) ** 2)
        roots = _Roots.of(total, product, y, 2 * xi * gh, self.shift, kT)
        by_x = roots.change(self.weight, self.weight * h2, 0.0, 0.0)
        by_xi = roots.change(2 * xi, 2 * xi * (h2 + g2), 2 * xi * gh**2, 2 * gh) if np.any(scalar) else 0.0 * xi
        columns = []
        for c, a in zip(scalar, spins, strict=True):
            by_field = c * by_xi
            if np.any(a):
                ha, ga = self.even @ a + (added @ a)[:, None], self.odd @ a
                by_field = by_field + roots.change(
                    2 * ha, 2 * eps2 * ha + 2 * gh * ga, 2 * xi**2 * gh * ga, 2 * xi * ga
                )
            columns.append(0.25 * by_field @ self.weights)
        densities = np.stack(columns, axis=-1) if columns else np.zeros((len(gaps), 0))
        return roots.thermal @ self.weights, densities, 0.25 * by_x @ self.weights


@dataclass(frozen=True, eq=False)
class _Roots:
    """Energies of the quartic at (D, K) points, and what sums over them need.

    Args:
        y: largest root of the cubic.
        s: its square root.
        steepness: derivative of the cubic at y.
        cross: (2 xi g.h)/s.
        both: sum of tanh(E/2T) with the signs of s.
        outer: [tanh(E_1/2T) - tanh(E_2/2T)] / o of the upper pair.
        inner: the same of the lower pair.
        thermal: (1/2) sum_E T ln 2cosh(E/2T).
    """

    y: Floats
    s: Floats
    steepness: Floats
    cross: Floats
    both: Floats
    outer: Floats
    inner: Floats
    thermal: Floats

    @classmethod
    def of(cls, total: Floats, product: Floats, y: Floats, twist: Floats, shift: Floats, kT: float) -> _Roots:
        """From the coefficients of the cubic, its root and 2 xi g.h."""
        s = np.sqrt(y)
        cross = twist / np.maximum(s, 1e-300)
        # equal energies are kept apart by 1e-9, so that a quotient of differences is the derivative
        o = np.sqrt(np.maximum(total - y + cross, _EQUAL * total))
        i = np.sqrt(np.maximum(total - y - cross, _EQUAL * total))
        energies = shift + np.stack([s + o, s - o, i - s, -i - s])
        t = np.tanh(energies / (2 * kT)) if kT > 0 else np.sign(energies)
        steepness = np.maximum((3 * y - 2 * total) * y + product, _CROSSING * total**2)
        both, outer, inner = t[0] + t[1] - t[2] - t[3], (t[0] - t[1]) / o, (t[2] - t[3]) / i
        return cls(y, s, steepness, cross, both, outer, inner, 0.5 * _log_cosh(energies, kT).sum(axis=0))

    def change(self, total: Floats, product: Floats, last: Floats | float, twist: Floats | float) -> Floats:
        """sum_E tanh(E/2T) dE, from the changes of A, b, c of the cubic y^3 - A y^2 + b y - c and of 2 xi g.h."""
        dy = ((self.y * total - product) * self.y + last) / self.steepness
        ds = 0.5 * dy / self.s
        dcross = (twist - self.cross * ds) / self.s
        rest = total - dy
        return np.asarray(ds * self.both + 0.5 * ((rest + dcross) * self.outer + (rest - dcross) * self.inner))


@dataclass(frozen=True, eq=False)
class Diagonalised:
    """Any model, by LAPACK.

    Args:
        weights: of the momenta, (K,).
        plus: h(k) in the applied field, (K, dim, dim).
        minus: h(-k) in the applied field, (K, dim, dim).
        blocks: D(k), (K, dim, dim) or (dim, dim).
        operators: O_a, (n, dim, dim).
    """

    weights: Floats
    plus: Matrix
    minus: Matrix
    blocks: Matrix
    operators: Matrix

    def __call__(self, gaps: Floats, fields: Floats, kT: float) -> Omega:
        """Omega at gaps (D,) and fields (D, n)."""
        found = [self._at(float(gap), p, kT) for gap, p in zip(gaps, fields, strict=True)]
        values, densities, slopes = zip(*found, strict=True)
        return Omega(np.array(values), np.array(densities).reshape(fields.shape), np.array(slopes))

    def _at(self, gap: float, fields: Floats, kT: float) -> tuple[float, Floats, float]:
        added = np.einsum("a,aij->ij", fields, self.operators)
        energy, states = np.linalg.eigh(nambu(self.plus + added, self.minus + added, gap * self.blocks))
        dim = self.plus.shape[-1]
        upper, lower = states[:, :dim], states[:, dim:]
        t = (np.tanh(energy / (2 * kT)) if kT > 0 else np.sign(energy)) * self.weights[:, None]
        traces = np.real(np.trace(self.operators, axis1=1, axis2=2))
        electrons = np.einsum("kin,kn,kjn->ij", upper.conj(), t, upper, optimize=True)
        holes = np.einsum("kin,kn,kjn->ij", lower.conj(), t, lower, optimize=True)
        change = np.einsum("aij,ij->a", self.operators, electrons) - np.einsum("aji,ij->a", self.operators, holes)
        growth = 2 * np.real(np.sum(upper.conj() * (self.blocks @ lower), axis=1))
        value = 0.5 * float(fields @ traces) - 0.5 * float(self.weights @ _log_cosh(energy, kT).sum(axis=1))
        slope = 0.125 * float(np.sum(t * growth)) / gap if gap > 0 else self._susceptibility(added, kT)
        return value, 0.5 * traces - 0.25 * np.real(change), slope

    def _susceptibility(self, added: Matrix, kT: float) -> float:
        """dG/dx at no gap: the pair susceptibility of the linearised gap equation, which diverges at T = 0."""
        if kT == 0:
            return np.inf
        blocks = np.broadcast_to(self.blocks, self.plus.shape)[:, None]
        return float(np.real(pair_matrix(blocks, self.weights, self.plus + added, self.minus + added, kT)[0, 0]))


def _log_cosh(energy: Floats, kT: float) -> Floats:
    """T ln 2cosh(E/2T), |E|/2 at T = 0."""
    size = np.abs(energy)
    return np.asarray(0.5 * size + (kT * np.log1p(np.exp(-size / kT)) if kT > 0 else 0.0))
