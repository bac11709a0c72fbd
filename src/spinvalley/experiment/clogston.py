"""The first-order transition of a superconductor without spin-orbit coupling, in units of kTc, as a universal curve.

Its free energy per density of states of one spin is F = D ln(T/Tc) + 2 pi kT sum_{w>0} [D/w - 2 Re(sqrt(W^2 + D) - W)],
with D = Delta^2 and W = w + ih. On the first-order line F(D) = 0 and dF/dD = 0. Source: physics.md 2.3;
G. Sarma, doi:10.1016/0022-3697(63)90007-6.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import Chebyshev
from scipy.optimize import brentq, root

from spinvalley.checks import Floats
from spinvalley.experiment.special import PSI_HALF, digamma_difference, matsubara_rule

GAP = 4 * float(np.pi * np.exp(PSI_HALF))
"""Delta(T = 0)/kTc = pi e^-gamma = 1.763877."""

_NODES, _COLDEST = 44, 0.02


@lru_cache(maxsize=1)
def tricritical() -> tuple[float, float]:
    """T*/Tc and h*/kTc where the transition changes its order: Re psi''(1/2 + i rho) = 0."""
    x, weight = matsubara_rule(2.0, 1.0)
    rho = brentq(lambda r: float(weight @ ((x + 1j * r) ** -3).real), 0.2, 0.4, xtol=1e-15)
    t = float(np.exp(-digamma_difference(np.array(1j * rho)).real))
    return t, 2 * np.pi * rho * t


def first_order(t: Floats) -> Floats:
    """h/kTc of the first-order line for 0 <= t = T/Tc <= T*/Tc, to 1e-9; any shape."""
    # below _COLDEST no pair is broken by heat (1e-11): the gap's energy balances that of the normal electrons
    balance = np.sqrt(np.maximum(0.5 * GAP**2 - (np.pi * t) ** 2 / 3, 0.0))
    return np.asarray(np.where(t < _COLDEST, balance, _curve()(np.maximum(t, _COLDEST))))


@lru_cache(maxsize=1)
def _curve() -> Chebyshev:
    hottest, _ = tricritical()
    nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    t = _COLDEST + 0.5 * (nodes + 1) * (hottest - _COLDEST)
    order = np.argsort(t)
    h, guess = np.empty(_NODES), np.array([GAP**2, GAP / np.sqrt(2)])
    for index in order:
        guess = root(_conditions, guess, args=(t[index],), tol=1e-13).x
        h[index] = guess[1]
    return Chebyshev.fit(t, h, _NODES - 1, domain=[_COLDEST, hottest])


def _conditions(unknown: Floats, t: float) -> Floats:
    """F/D and dF/dD of D and h in units of kTc."""
    gap2, h = max(float(unknown[0]), 1e-12), float(unknown[1])
    x, weight = matsubara_rule(2 * abs(h) + 2 * np.sqrt(gap2), t)
    w = 2 * np.pi * t * x
    complex_w = w + 1j * h
    energy = np.sqrt(complex_w**2 + gap2)
    mean = 2 * np.pi * t * float(weight @ (1 / w - 2 * (1 / (energy + complex_w)).real))
    slope = 2 * np.pi * t * float(weight @ (1 / w - (1 / energy).real))
    return np.array([np.log(t) + mean, np.log(t) + slope])
