"""The quasi-classical free energy of a gap on a Fermi surface with any spin-orbit vector g and Zeeman vector h.

Integrated over the band energy xi, the free energy per density of states of one spin is

    F(Delta) - F(0) = Delta^2 ln(T/Tc) - 4 pi kT sum_{w>0} [sqrt(X) - w - Delta^2/2w],

where 2 sqrt(X) is the sum of the imaginary parts of the roots of det(i w - H_BdG(xi)) in the upper half-plane. With
xi = i y the determinant is a real quartic in y; X is the largest root of its resolvent cubic, which reads

    X = w^2 + Delta^2 X (X + g^2) / (X^2 + (g^2 + h^2) X + (g.h)^2).

It is quadratic where g is perpendicular to h, and where g is parallel to h (then g drops out). To first order in
Delta^2 it is the linearised gap equation (`kernel`). At T = 0 the sum is an integral, and Tc enters by the gap
pi e^-gamma kTc.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.pairing.matsubara import matsubara_rule

BCS_RATIO = 1.7638769888620456
"""Delta0/kTc = pi e^-gamma of the isotropic gap without pair breaking."""

_ELEMENTS = 1 << 20  # numbers held at a time
_PARALLEL = 1e-13
_POLISH = 12
_ROUNDING, _TINY = 1e-15, 1e-300
_MARGIN = 5e-8  # the cosine formula loses half of the digits where two roots meet
_PANELS, _PANEL_ORDER = 44, 12


@dataclass(frozen=True)
class Invariants:
    """g^2, h^2 and (g.h)^2 of points of the Fermi surface, arrays that broadcast; energies squared."""

    g2: Floats
    h2: Floats
    kappa: Floats

    @classmethod
    def of(cls, g: Floats, h: Floats) -> Invariants:
        """From the vectors, shape (..., 3); parallel vectors are replaced by g = 0, which is equivalent."""
        g2, h2, kappa = np.sum(g * g, -1), np.sum(h * h, -1), np.sum(g * h, -1) ** 2
        cross = np.cross(g, h)
        g2, h2 = np.broadcast_to(g2, kappa.shape), np.broadcast_to(h2, kappa.shape)
        along = np.sum(cross * cross, -1) <= _PARALLEL**2 * g2 * h2
        kappa = np.where(kappa <= _PARALLEL**2 * g2 * h2, 0.0, kappa)
        return cls(np.where(along, 0.0, g2), h2, np.where(along, 0.0, kappa))

    def expanded(self) -> Invariants:
        """With one more axis, that of the frequencies."""
        return Invariants(self.g2[..., None], self.h2[..., None], self.kappa[..., None])

    def __getitem__(self, rows: NDArray[np.bool_]) -> Invariants:
        """Those of some rows."""
        return Invariants(self.g2[rows], self.h2[rows], self.kappa[rows])

    def largest(self) -> float:
        """The largest energy |g| + |h|."""
        return float(np.sqrt(np.max(self.g2)) + np.sqrt(np.max(self.h2)))


def upper_roots(w: Floats, gap2: Floats, at: Invariants) -> Floats:
    """X >= w^2: 2 sqrt(X) is the sum of Im xi over the zeros of det(i w - H_BdG) in the upper half-plane.

    Args:
        w: frequencies >= 0.
        gap2: square of the gap.
        at: invariants; all three broadcast, energies (squared) in one unit.

    Returns:
        X, the broadcast shape.

    Example:
        >>> zero = np.zeros(1)
        >>> float(upper_roots(np.ones(1), np.full(1, 3.0), Invariants(zero, zero, zero))[0])  # w^2 + Delta^2
        4.0
    """
    w2 = w * w
    s2 = at.g2 + at.h2
    p = w2 + gap2 - s2
    a = w2 * s2 + gap2 * at.g2 - at.kappa
    if not np.any(at.kappa):
        root = np.sqrt(p * p + 4 * a)
        return np.asarray(np.where(p >= 0, 0.5 * (p + root), 2 * a / np.where(p < 0, root - p, 1.0)))
    return _largest_root(p, a, w2 * at.kappa, w2, w2 + gap2)


def _largest_root(p: Floats, a: Floats, c: Floats, least: Floats, most: Floats) -> Floats:
    """Largest root of x^3 - p x^2 - a x - c between bounds, c >= 0, all roots real: from above by Newton's method."""
    scale = np.sqrt(np.maximum(p * p + 3 * a, 0.0)) / 3
    angle = (2 * p**3 + 9 * p * a + 27 * c) / (54 * np.maximum(scale, _TINY ** (1 / 3)) ** 3)
    x = p / 3 + 2 * scale * np.cos(np.arccos(np.clip(angle, -1, 1)) / 3)
    x = np.clip(x + _MARGIN * (np.abs(p) + scale), least, most)  # from above Newton's steps keep their sign
    negative = p < 0
    side = np.sqrt(a * a - 4 * np.where(negative, p, 0.0) * c)
    tangent = np.where(
        a > 0, (a + side) / np.where(negative, -2 * p, 1.0), 2 * c / np.where(a > 0, 1.0, side - a + _TINY)
    )
    x = np.where(negative, np.clip(tangent, least, x), x)  # without x^3 the root lies above, and close if it is small
    for _ in range(_POLISH):
        value, slope = ((x - p) * x - a) * x - c, (3 * x - 2 * p) * x - a
        step = np.where(slope > 0, value / np.where(slope > 0, slope, 1.0), 0.0)
        x = np.clip(x - step, least, most)
        if np.all(np.abs(step) <= _ROUNDING * x):
            break
    return np.asarray(x)


def _excess(w: Floats, gap2: Floats, at: Invariants) -> tuple[Floats, Floats, Floats]:
    """sqrt(X) - w, sqrt(X) + w, and the part of Delta^2 that X - w^2 lacks."""
    x = upper_roots(w, gap2, at)
    denominator = x * x + (at.g2 + at.h2) * x + at.kappa
    some = denominator > 0
    inverse = np.where(some, 1 / np.where(some, denominator, 1.0), 0.0)
    lost, kept = (at.h2 * x + at.kappa) * inverse, x * (x + at.g2) * inverse
    total = np.sqrt(x) + w
    return gap2 * kept / np.where(total > 0, total, 1.0), total, lost


def _remainder(w: Floats, gap2: Floats, at: Invariants) -> Floats:
    """sqrt(X) - w - Delta^2/2w for w > 0, every term of one sign: nothing cancels."""
    excess, total, lost = _excess(w, gap2, at)
    return np.asarray(-gap2 * (excess + 2 * w * lost) / (2 * w * total))


def correction(gap2: Floats, at: Invariants, kT: Floats) -> Floats:
    """-4 pi kT sum_{w>0} [sqrt(X) - w - Delta^2/2w] for kT > 0; `gap2`, `at` and `kT` broadcast, energy squared."""
    if np.size(gap2) == 0:
        return np.zeros(np.shape(gap2))
    largest = at.largest() + float(np.sqrt(np.max(gap2)))
    x, weight = matsubara_rule(largest, float(np.min(kT)))

    def summed(x: Floats, weight: Floats) -> Floats:
        w = 2 * np.pi * kT[..., None] * x
        return np.asarray(-4 * np.pi * kT * (_remainder(w, gap2[..., None], at.expanded()) @ weight))

    return _in_parts(summed, x, weight, np.broadcast(gap2, at.g2, at.h2, kT).size)


def zero_temperature(gap2: Floats, at: Invariants, k_tc: float) -> Floats:
    """F(Delta) - F(0) of each point at T = 0; energy squared, broadcast shape of the arguments."""
    cut = 2 * (at.largest() + float(np.sqrt(np.max(gap2))) + k_tc)
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL_ORDER)
    edges = cut * np.concatenate([[0.0], 2.0 ** np.arange(1 - _PANELS, 1)])
    low, high = edges[:-1, None], edges[1:, None]
    below = (0.5 * (high + low) + 0.5 * (high - low) * nodes).ravel()
    below_weight = (0.5 * (high - low) * weights).ravel()
    y, y_weight = 0.5 * (1 + nodes), 0.5 * weights

    def inner(w: Floats, weight: Floats) -> Floats:
        return np.asarray(_excess(w, gap2[..., None], at.expanded())[0] @ weight)

    def outer(w: Floats, weight: Floats) -> Floats:
        return np.asarray(_remainder(w, gap2[..., None], at.expanded()) @ weight)

    size = np.broadcast(gap2, at.g2, at.h2).size
    integral = _in_parts(inner, below, below_weight, size) + _in_parts(outer, cut / y, cut * y_weight / y**2, size)
    return np.asarray(gap2 * np.log(2 * cut / (BCS_RATIO * k_tc)) - 2 * integral)


def _in_parts(summed: Callable[[Floats, Floats], Floats], x: Floats, weight: Floats, size: int) -> Floats:
    """The sum over the nodes in as many parts as the memory asks for."""
    step = max(1, _ELEMENTS // max(size, 1))
    parts = [summed(x[n : n + step], weight[n : n + step]) for n in range(0, len(x), step)]
    return np.asarray(sum(parts[1:], parts[0]))
