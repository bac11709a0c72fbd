"""Closed numbers and curves: the Pauli limits, the tricritical point, Hc2 of a constant Ising splitting."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput, NotSolved, non_negative, positive, whole
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.kernel import phi, temperatures
from spinvalley.pairing.matsubara import matsubara_rule
from spinvalley.pairing.pockets import constant_splitting, settled
from spinvalley.pairing.quasiclassical import BCS_RATIO
from spinvalley.units import K_B, MU_B, to_tesla

_ACCURACY, _CLOSE, _ROUNDS = 1e-11, 0.01, 4
_LARGEST = 1e9  # T
_COLDEST = 1e-9


class Tricritical(NamedTuple):
    """The point where the transition of the Pauli limit turns first order: T*/Tc and h*/kTc."""

    temperature: float
    zeeman: float


def pauli_limit(tc: ArrayLike, order: int = 1, g_factor: float = 2.0) -> Floats:
    """Pauli limit at T = 0 without spin-orbit coupling.

    Args:
        tc: critical temperature in K, > 0, any shape.
        order: 1 for the equilibrium transition h = Delta0/sqrt2 (Chandrasekhar-Clogston), 2 for the end of the
            normal state's stability h = Delta0/2.
        g_factor: g-factor of the electrons.

    Returns:
        Field in T, the shape of `tc`: 1.856817 or 1.312968 T/K times Tc.

    Raises:
        InvalidInput: tc <= 0 or an order other than 1 and 2.

    Source: B. S. Chandrasekhar, doi:10.1063/1.1777362; A. M. Clogston, doi:10.1103/PhysRevLett.9.266; physics.md 2.3.

    Example:
        >>> float(pauli_limit(1.0)), float(pauli_limit(1.0, order=2))
        (1.856817, 1.312968)
    """
    if whole("order", order, 1) > 2:
        raise InvalidInput(f"`order` must be 1 or 2, but is {order}")
    gap = BCS_RATIO * K_B * temperatures("tc", tc)
    return np.asarray(to_tesla(gap / (np.sqrt(2) if order == 1 else 2), positive("g_factor", g_factor)))


def tricritical_point() -> Tricritical:
    """Where the Pauli-limited transition changes its order: Re psi''(1/2 + i h/2 pi kT) = 0 on the line ln(Tc/T) = Phi.

    Returns:
        T*/Tc = 0.561493 and h*/kTc = 1.072827.

    Source: G. Sarma, doi:10.1016/0022-3697(63)90007-6; physics.md 2.3.

    Example:
        >>> tricritical_point()
        Tricritical(temperature=0.561493, zeeman=1.072827)
    """
    x, weight = matsubara_rule(1.0, 1.0)

    def quartic(rho: float) -> float:
        return float(weight @ ((x + 1j * rho) ** -3).real)

    rho = brentq(quartic, 0.2, 0.4, xtol=1e-15, rtol=1e-14)
    temperature = float(np.exp(-phi(rho)))
    return Tricritical(temperature, 2 * np.pi * rho * temperature)


def hc2_constant_splitting(
    T: ArrayLike, tc: float = 6.5, splitting: float = 13.0, rashba_ratio: float = 0.0, g_factor: float = 2.0
) -> Floats:
    """In-plane Pauli-limited Hc2 of two valleys with a constant spin splitting, from the linearised gap equation.

    Without Rashba coupling ln(Tc/T) = h^2/(g^2 + h^2) Phi(sqrt(g^2 + h^2)/2 pi kT), g half of the splitting; with it
    the average over the angle, refined until it settles. The transition is taken as continuous; without any
    splitting it is first order below 0.56 Tc (`hc2` of `PauliLimit` decides by the free energy).

    Args:
        T: temperature in K, > 0, any shape.
        tc: critical temperature at zero field in K.
        splitting: spin splitting in meV, >= 0.
        rashba_ratio: |g_R|/|g_z|, >= 0.
        g_factor: g-factor of the electrons.

    Returns:
        Field in T, the shape of `T`, 1e-10 relative; 0 where T >= tc: the normal state needs no field.

    Raises:
        InvalidInput: T <= 0, tc <= 0, a negative splitting or ratio.

    Source: physics.md 2.2.

    Example:
        >>> hc2_constant_splitting([1.0, 1.5, 3.0, 5.0])
        array([91.315, 81.439, 60.083, 35.549])
    """
    kelvins = temperatures("T", T)
    positive("tc", tc)
    factor, half = positive("g_factor", g_factor), 0.5 * non_negative("splitting", splitting)
    ratio = non_negative("rashba_ratio", rashba_ratio)
    out = np.zeros(kelvins.shape)
    for index in np.ndindex(kelvins.shape):
        t = float(kelvins[index])
        if t >= tc:
            continue
        if t < _COLDEST * tc:
            raise InvalidInput(f"`T` must be at least {_COLDEST:g} of `tc`, but is {t:g}")
        solve = _rashba if ratio > 0 and half > 0 else _ising
        out[index] = solve(t, tc, half, ratio) * 2 / factor
    return out


def _ising(T: float, tc: float, half: float, ratio: float) -> float:
    del ratio
    target, kT = np.log(tc / T), K_B * T

    def excess(B: float) -> float:
        h2 = (MU_B * B) ** 2
        energy2 = half**2 + h2
        share = h2 / energy2 if energy2 > 0 else 1.0
        return float(share * phi(np.sqrt(energy2) / (2 * np.pi * kT)) - target)

    return _root(excess, float(pauli_limit(tc, 2)))


def _rashba(T: float, tc: float, half: float, ratio: float) -> float:
    """The root with so many angles that the average has settled there."""
    target, B = float(np.log(tc / T)), _ising(T, tc, half, 0.0)
    for _ in range(_ROUNDS):
        surface, change = settled(lambda n: constant_splitting(2 * half, ratio, n), T, [B, 0.0, 0.0], _ACCURACY)
        if change > 10 * _ACCURACY:
            raise NotSolved(f"the average over the angle changes by {change:.1g} at {T:g} K: more angles are needed")
        before, B = B, _root(partial(_excess, surface, T, target), 0.5 * B)
        if abs(B - before) < _CLOSE * B:
            break
    return B


def _excess(surface: FermiSurface, T: float, target: float, B: float) -> float:
    return float(surface.breaking(T, [B, 0.0, 0.0])) - target


def _root(excess: Callable[[float], float], start: float) -> float:
    """Where an increasing function changes its sign."""
    low, high = 0.0, start
    while excess(high) < 0 and high < _LARGEST:
        low, high = high, 2 * high
    return float(brentq(excess, low, high, xtol=1e-13 * high, rtol=1e-13))
