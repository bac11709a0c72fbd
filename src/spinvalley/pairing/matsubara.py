"""Sums over Matsubara frequencies by few nodes, also at low temperature.

sum_{n>=0} f((2n+1) pi kT) = sum_j weight_j f(2 pi kT x_j) for functions that are analytic in the right half-plane of
w, such as every quasi-classical sum: their singularities are at imaginary (or damped) frequencies. The first terms are
taken one by one. The others are taken in blocks [x, 2x], each by the Gauss rule of its equidistant points (the Gram
polynomials), which converges as 5.8^-2p with p nodes. Beyond all energies the function is a series in 1/w from 1/w^2
on: one Gauss rule in 1/w.

Source: W. Gautschi, Orthogonal Polynomials: Computation and Approximation (Oxford 2004), sections 1.5 and 2.2.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from spinvalley.checks import Floats

_FIRST = 16
_NODES = 11
_TAIL = 14
_DOUBLINGS = 60
_BEYOND = 4.0  # the tail starts at so many times the largest energy


def matsubara_rule(largest: float, kT: float) -> tuple[Floats, Floats]:
    """Nodes x_j and weights of the sum over x = n + 1/2, w = 2 pi kT x, for functions of energies up to `largest`.

    Args:
        largest: the largest energy scale of the summand, unit of `kT`.
        kT: the lowest thermal energy > 0 for which the rule is to be used.

    Returns:
        x and weights, both of shape (nodes,): 30 nodes, and 11 more for each power of two in largest/kT.

    Example:
        >>> x, weight = matsubara_rule(1.0, 1.0)
        >>> float(weight @ (1 / x**2))  # pi^2/2
        4.93480220
    """
    blocks = int(np.ceil(np.log2(max(_BEYOND * largest / (2 * np.pi * kT * _FIRST), 1.0))))
    return _rule(blocks)


@lru_cache(maxsize=64)
def _rule(blocks: int) -> tuple[Floats, Floats]:
    first = np.arange(_FIRST) + 0.5
    parts = [(first, np.ones(_FIRST)), *[_block(n) for n in range(blocks)], _tail(blocks)]
    x, weight = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    for array in (x, weight):
        array.flags.writeable = False
    return x, weight


def _block(n: int) -> tuple[Floats, Floats]:
    """Gauss rule of the points n + 1/2 from 16 * 2^n to 32 * 2^n."""
    points = float(_FIRST * 2**n)
    k = np.arange(1.0, _NODES)
    off = k * np.sqrt((points**2 - k**2) / (4 * (4.0 * k**2 - 1)))
    return _gauss(np.full(_NODES, points + 0.5 * points), off, points)


def _tail(blocks: int) -> tuple[Floats, Floats]:
    """Gauss rule of all points beyond, in y = start/x with weight y^2."""
    start = float(_FIRST * 2**blocks)
    parts = [_block(n) for n in range(blocks, blocks + _DOUBLINGS)]
    x, weight = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    y = start / x
    y, mass = _compressed(y, weight * y**2)
    return start / y, mass / y**2


def _compressed(y: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Gauss rule of a discrete measure by the Stieltjes procedure."""
    diagonal, off = np.empty(_TAIL), np.zeros(_TAIL)
    before, now, norm_before = np.zeros_like(y), np.ones_like(y), 1.0
    for k in range(_TAIL):
        norm = float(mass @ now**2)
        diagonal[k] = mass @ (y * now**2) / norm
        off[k] = norm / norm_before if k else 0.0
        before, now, norm_before = now, (y - diagonal[k]) * now - off[k] * before, norm
    return _gauss(diagonal, np.sqrt(off[1:]), float(mass.sum()))


def _gauss(diagonal: Floats, off: Floats, mass: float) -> tuple[Floats, Floats]:
    nodes, states = np.linalg.eigh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
    return nodes, mass * states[0] ** 2
