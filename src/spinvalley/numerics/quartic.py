"""Energies of one orbital with pairing in closed form, whatever the directions of field and spin-orbit coupling.

H = tau_z (xi + g.s) + h.s + Delta tau_x up to a shift, in a basis of the holes turned by i sigma_y. A triplet with a
real direction n of its d vector has Delta n.s instead of Delta: turning the holes once more, by n.s, restores the form
above, with the spin vector h - g of the holes turned by pi about n. With eps^2 = xi^2 + Delta^2 the four energies are
s +- sqrt(A - s^2 + 2 xi (g.h)/s) and -s +- sqrt(A - s^2 - 2 xi (g.h)/s), where A = eps^2 + g^2 + h^2 and y = s^2 is the
largest root of the resolvent cubic

    y^3 - A y^2 + (eps^2 h^2 + xi^2 g^2 + (g.h)^2) y - xi^2 (g.h)^2 = 0,

all of whose coefficients are sums of squares. The sum of the upper two energies is 2 s, to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

_DEGENERATE = 1e-6
_EXACT = 1e-12
Matrix = NDArray[np.complex128]
_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


@dataclass(frozen=True, eq=False)
class OneOrbital:
    """The Bogoliubov-de Gennes matrices of one orbital at many momenta, each array (K,).

    Args:
        shift: mean of the four energies.
        xi: band energy.
        g2: square of the spin splitting vector that is odd in k.
        h2: square of the one that is even in k.
        gh: their scalar product.
        weight: |D(k)|^2, by which Delta^2 is multiplied.
    """

    shift: Floats
    xi: Floats
    g2: Floats
    h2: Floats
    gh: Floats
    weight: Floats

    @classmethod
    def of(cls, plus: Matrix, minus: Matrix, pair: Matrix) -> OneOrbital | None:
        """From matrices at many momenta; None where the pairing is not unitary somewhere, so that no such form exists.

        Args:
            plus: h(k) in the applied field, (K, 2, 2).
            minus: h(-k) in the applied field, (K, 2, 2).
            pair: (psi, d_x, d_y, d_z) of the pairing matrix (psi + d.s)(-i s_y), (4,) or (K, 4).
        """
        parts = spin_vectors(plus, minus, pair)
        if parts is None:
            return None
        shift, xi, g, h, weight = parts
        return cls(shift, xi, (g * g).sum(-1), (h * h).sum(-1), (g * h).sum(-1), weight)

    def energies(self, gaps: Floats) -> Floats:
        """The four energies for gaps (D,), shape (4, D, K), the upper pair first."""
        total, _, y = self.resolvent(self.weight * np.asarray(gaps, dtype=float)[:, None] ** 2)
        s = np.sqrt(y)
        cross = 2 * self.xi * self.gh / np.maximum(s, 1e-300)
        outer = np.sqrt(np.maximum(total - y + cross, 0.0))
        inner = np.sqrt(np.maximum(total - y - cross, 0.0))
        return np.asarray(self.shift + np.stack([s + outer, s - outer, inner - s, -inner - s]))

    def resolvent(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """Coefficients A and b of the resolvent cubic at x = |Delta D(k)|^2, (..., K), and its largest root y."""
        xi2 = self.xi**2
        eps2 = xi2 + x
        total = eps2 + self.g2 + self.h2
        linear = eps2 * self.h2 + xi2 * self.g2 + self.gh**2
        return total, linear, largest_root(total, linear, xi2 * self.gh**2)


def spin_vectors(plus: Matrix, minus: Matrix, pair: Matrix) -> tuple[Floats, Floats, Floats, Floats, Floats] | None:
    """Shift (K,), xi (K,), g (K, 3), h (K, 3) and |D|^2 (K,) of H above; arguments and None as in `OneOrbital.of`."""
    here, there = (np.real(np.einsum("sij,kji->ks", _PAULI, m)) / 2 for m in (plus, minus))
    up, down = (np.real(np.trace(m, axis1=-2, axis2=-1)) / 2 for m in (plus, minus))
    weight, direction = _unitary(np.broadcast_to(pair, (len(plus), 4)))
    if direction is None:
        return None
    turned = 2 * np.sum(direction * there, axis=1, keepdims=True) * direction - there
    there = np.where(np.any(direction, axis=1, keepdims=True), turned, there)
    return 0.5 * (up - down), 0.5 * (up + down), 0.5 * (here - there), 0.5 * (here + there), weight


def _unitary(pair: Matrix) -> tuple[Floats, Floats | None]:
    """|D|^2 (K,) and the real unit vector of d (K, 3), 0 for singlets; None where singlet mixes or d is complex."""
    size = np.sum(np.abs(pair) ** 2, axis=1)
    psi, d = pair[:, 0], pair[:, 1:]
    square = np.sum(d * d, axis=1, keepdims=True)
    turned = d * np.exp(-0.5j * np.angle(square))  # the common phase of a real direction taken off
    real = np.real(turned)
    length = np.linalg.norm(real, axis=1, keepdims=True)
    rest = np.sum(np.imag(turned) ** 2, axis=1) + np.minimum(np.abs(psi) ** 2, length[:, 0] ** 2)
    if np.any(rest > _EXACT**2 * max(float(size.max()), 1e-300)):
        return size, None
    direction = np.where(length > np.abs(psi)[:, None], real / np.maximum(length, 1e-300), 0.0)
    return size, direction


def largest_root(a: Floats, b: Floats, c: Floats) -> Floats:
    """Largest root of y^3 - a y^2 + b y - c, all roots real and >= 0."""
    spread = np.maximum(a * a - 3 * b, 0.0)
    root = np.sqrt(spread)
    cosine = (a * (2 * a * a - 9 * b) + 27 * c) / np.maximum(2 * spread * root, 1e-300)
    y = (a + 2 * root * np.cos(np.arccos(np.clip(cosine, -1.0, 1.0)) / 3)) / 3
    value = ((y - a) * y + b) * y - c
    slope = (3 * y - 2 * a) * y + b
    safe = slope > _DEGENERATE * a * a  # away from a double root one Newton step restores the last digits
    return np.asarray(np.maximum(np.where(safe, y - value / np.where(safe, slope, 1.0), y), 0.0))
