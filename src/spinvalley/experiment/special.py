"""What the pair-breaking formulas are made of: digamma functions, Matsubara sums, roots of many equations at once.

Written for this floor alone, by other means than the microscopic code, so that the two can witness for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import digamma, zeta

from spinvalley.checks import Floats

PSI_HALF = float(digamma(0.5))
_TAYLOR = np.array([(-1) ** (k + 1) * (2.0 ** (k + 1) - 1) * zeta(k + 1) for k in range(1, 19)])
_NEAR = 0.04

_FIRST, _NODES, _TAIL, _BEYOND, _COUNTED = 16, 18, 14, 4.0, 4096
_ROUNDS, _STEP, _SHORT = 100, 1e-15, 1e-4
_LARGEST_LOG = 500.0


def log_ratio(tc: Floats, T: Floats) -> Floats:
    """ln(tc/T), accurate also where T is close to tc; 0 from tc on."""
    below = np.minimum(T, tc)
    return np.asarray(np.where(below > 0.5 * tc, -np.log1p((below - tc) / tc), np.log(tc / below)))


def digamma_difference(z: Floats | NDArray[np.complex128]) -> Any:
    """psi(1/2 + z) - psi(1/2), real or complex as z, of full relative accuracy also for small z.

    Source: M. Abramowitz and I. A. Stegun, 6.3.14 shifted to 1/2.

    Example:
        >>> float(digamma_difference(np.array(0.5)))  # 2 ln 2
        1.3862944
    """
    small = np.abs(z) < _NEAR
    out = np.asarray(digamma(0.5 + z) - PSI_HALF)
    if np.any(small):
        near = z[small]
        series = np.zeros_like(near)
        for coefficient in _TAYLOR[::-1]:
            series = (series + coefficient) * near
        out[small] = series
    return out


def matsubara_rule(largest: float, kT: float) -> tuple[Floats, Floats]:
    """Nodes x and weights of sum_{n>=0} f(n + 1/2), w = 2 pi kT x, f singular only at |w| <= `largest`, Re w <= 0.

    The first terms are summed one by one. Blocks [a, 2a] are interpolated at Chebyshev points, whose weights are sums
    of Chebyshev polynomials over the block; beyond all energies f is interpolated in 1/x, with Hurwitz zeta functions.

    Example:
        >>> x, weight = matsubara_rule(100.0, 1.0)
        >>> float(weight @ x**-2.0)  # pi^2/2
        4.9348022
    """
    blocks = np.ceil(np.log2(max(_BEYOND * largest / (2 * np.pi * kT * _FIRST), 1.0)))
    return _rule(int(blocks))


@lru_cache(maxsize=128)
def _rule(blocks: int) -> tuple[Floats, Floats]:
    first = np.arange(_FIRST) + 0.5
    parts = [(first, np.ones(_FIRST)), *[_block(float(_FIRST) * 2**n) for n in range(blocks)]]
    parts.append(_tail(float(_FIRST) * 2**blocks))
    x, weight = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    x.flags.writeable = weight.flags.writeable = False
    return x, weight


def _block(start: float) -> tuple[Floats, Floats]:
    """The points n + 1/2 from `start` to twice as much."""
    order = np.arange(_NODES)
    nodes = np.cos(np.pi * (order + 0.5) / _NODES)
    if start <= _COUNTED:
        points = (2 * np.arange(start) + 1) / start - 1
        moments = chebyshev.chebvander(points, _NODES - 1).sum(0)
    else:  # Euler-Maclaurin for midpoints of width 2/start
        even = order % 2 == 0
        integral = np.where(even, 2 / (1.0 - np.where(even, order, 0) ** 2), 0.0)
        moments = 0.5 * start * (integral - np.where(even, 2.0 * order**2, 0.0) / (6 * start**2))
    weight = np.linalg.solve(chebyshev.chebvander(nodes, _NODES - 1).T, moments)
    return start * (1.5 + 0.5 * nodes), weight


def _tail(start: float) -> tuple[Floats, Floats]:
    """All points n + 1/2 beyond `start`: f(x) = x^-2 (polynomial in start/x)."""
    order = np.arange(_TAIL)
    nodes = 0.5 + 0.5 * np.cos(np.pi * (order + 0.5) / _TAIL)
    powers = zeta(order + 2, start + 0.5) * start ** (order + 1.0)
    shifted = np.array([chebyshev.Chebyshev.basis(k, [0, 1]).convert(kind=np.polynomial.Polynomial).coef.tolist()
                        + [0.0] * (_TAIL - 1 - k) for k in order])  # fmt: skip
    moments = shifted @ powers
    weight = np.linalg.solve(chebyshev.chebvander(2 * nodes - 1, _TAIL - 1).T, moments)
    return start / nodes, weight * start / nodes**2


def solve_breaking(breaking: Callable[..., Floats], target: Floats, start: Floats, *arguments: Floats) -> Floats:
    """S > 0 with breaking(s, *arguments) = target > 0, all of one shape (n,); `breaking` rises from 0 with s.

    A secant search on e^breaking - 1, which is nearly linear in s, inside a bracket that closes. It ends where the
    product of two successive steps, the order of the error, is below 1e-15 relative; NaN after 100 rounds.
    """
    s, out = start.copy(), np.full(target.shape, np.nan)
    low, high = np.zeros_like(s), np.full_like(s, np.inf)
    before, value_before = np.zeros_like(s), np.full_like(s, -1.0)
    active = np.arange(s.size)
    for _ in range(_ROUNDS):
        if not active.size:
            break
        here = s[active]
        # (e^K - 1)/(e^L - 1) - 1, without overflow
        value = _relative(breaking(here, *(a[active] for a in arguments)), target[active])
        low[active] = np.where(value <= 0, here, low[active])
        high[active] = np.where(value >= 0, here, high[active])
        slope = (value - value_before[active]) / np.where(here == before[active], 1.0, here - before[active])
        move = -value / np.where(slope > 0, slope, np.nan)
        following = here + move
        inside = (following > low[active]) & (following < high[active])
        safe = np.where(np.isinf(high[active]), 8 * here, np.sqrt(np.maximum(low[active], 1e-3 * here) * high[active]))
        step, last = np.abs(move) / here, np.abs(here - before[active]) / here
        done = ((step <= _SHORT) & (step * last <= _STEP)) | (value == 0) | (high[active] - low[active] <= _STEP * here)
        following = np.where(inside & np.isfinite(following), np.minimum(following, 64 * here), safe)
        out[active[done]] = np.where(value == 0, here, np.where(np.isfinite(move), here + move, here))[done]
        before[active], value_before[active], s[active] = here, value, following
        active = active[~done]
    return out


def _relative(value: Floats, target: Floats) -> Floats:
    excess = np.clip(value - target, -_LARGEST_LOG, _LARGEST_LOG)
    return np.asarray(np.expm1(excess) / -np.expm1(-target))
