"""Free energy of one orbital in closed form where all channels share one direction: singlets, or triplets along one d.

Then D(k) = sum_i Delta_i f_i(k) (one unit matrix) at every k, every superposition is unitary, and the energies depend
on the amplitudes through x(k) = |sum_i Delta_i f_i(k)|^2 alone: one closed form (`numerics.quartic`) for F and, by the
derivative of the resolvent's root, for its gradient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.numerics.quartic import OneOrbital
from spinvalley.pairing.channels.form import vector
from spinvalley.pairing.linearised import tanh_quotient

_EXACT = 1e-12
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Collinear:
    """Energies of one orbital at quadrature nodes, whatever the amplitudes.

    Args:
        orbital: the invariants of the normal state, turned by the common direction; its weight does not matter.
        forms: f_i(k), (n, K).
    """

    orbital: OneOrbital
    forms: Matrix

    @classmethod
    def of(cls, plus: Matrix, minus: Matrix, blocks: Matrix) -> Collinear | None:
        """From h(k), h(-k) in the field, (K, 2, 2), and D_i(k), (K, n, 2, 2); None where the directions differ."""
        if plus.shape[-1] != 2:
            return None
        pairs = vector(blocks)
        sizes = np.linalg.norm(pairs, axis=-1)
        largest = np.argmax(sizes, axis=1)[:, None]
        guide = np.take_along_axis(pairs, largest[..., None], axis=1)[:, 0]
        guide = guide / np.maximum(np.take_along_axis(sizes, largest, axis=1), _TINY)
        forms = np.einsum("km,knm->kn", guide.conj(), pairs)
        rest = np.abs(pairs - forms[..., None] * guide[:, None]).max()
        orbital = OneOrbital.of(plus, minus, guide) if rest <= _EXACT * sizes.max() else None
        return None if orbital is None else cls(orbital, np.ascontiguousarray(forms.T))

    def squares(self, amplitudes: Matrix) -> Floats:
        """x(k) = |sum_i Delta_i f_i(k)|^2 for amplitudes (A, n), shape (A, K)."""
        total = np.einsum("ai,ik->ak", amplitudes, self.forms)
        return np.asarray(total.real**2 + total.imag**2)

    def energies(self, amplitudes: Matrix) -> Floats:
        """The four energies, (4, A, K)."""
        return replace(self.orbital, weight=self.squares(amplitudes)).energies(np.ones(1))

    def matrix(self, amplitudes: Matrix, weights: Floats, kT: float) -> Matrix:
        """M_ij(Delta) with dG/dDelta_i^* = sum_j M_ij Delta_j, Hermitian (n, n); amplitudes (n,)."""
        growth = weights * slope(self.orbital, self.squares(amplitudes[None])[0], kT)
        return np.asarray(np.einsum("ik,jk->ij", self.forms.conj() * growth, self.forms))


def slope(orbital: OneOrbital, x: Floats, kT: float) -> Floats:
    """d/dx of (1/2) sum over all four energies of T ln 2cosh(E/2T) at each node, x = |D|^2 (K,), 1/energy.

    The energies are m + s +- a and m - s +- b, a^2 = A - y + c, b^2 = A - y - c, y = s^2, c = 2 xi (g.h) / s.
    """
    total, linear, y = orbital.resolvent(x)
    curve = (3 * y - 2 * total) * y + linear
    growth = y * (y - orbital.h2) / np.where(np.abs(curve) > _TINY, curve, _TINY)
    s = np.sqrt(y)
    cross = 2 * orbital.xi * orbital.gh / np.maximum(s, _TINY)
    bend = 0.5 * cross * growth / np.maximum(y, _TINY)
    out = np.zeros_like(x)
    for sign in (1, -1):  # the upper pair, then the lower
        apart = np.sqrt(np.maximum(total - y + sign * cross, 0.0))
        high, low = orbital.shift + sign * s + apart, orbital.shift + sign * s - apart
        even = np.tanh(0.5 * high / kT) + np.tanh(0.5 * low / kT)
        out += sign * even * growth / (2 * np.maximum(s, _TINY))
        out += tanh_quotient(high, -low, kT) * (1 - growth - sign * bend)
    return 0.25 * out
