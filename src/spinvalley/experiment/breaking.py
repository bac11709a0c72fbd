"""Laws of pair breaking, ln(Tc/T) = K(s, T, Tc, ...), and the field that solves them for all temperatures at once.

s is a power of the field, s = B^power. The functions here trust their input; `formulas` holds the door. Parameters are
arrays that broadcast against T, so that one call serves many temperatures and many parameter sets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import polygamma

from spinvalley.checks import Floats
from spinvalley.experiment.special import (
    PSI_HALF,
    digamma_difference,
    log_ratio,
    matsubara_rule,
    solve_breaking,
)
from spinvalley.units import HBAR, K_B, MU_B

FEMTO = 1e-15
_COLDEST = 1e-8  # T/Tc that stands for T = 0
_CHUNK = 2048
_CONFLUENT = 1e-3


@dataclass(frozen=True)
class Law:
    """Pair breaking K(s, T, tc, *parameters), s = B^power, K rising from 0 at s = 0; arrays of one shape (n,)."""

    breaking: Callable[..., Floats]
    power: float = 2.0

    def field(self, T: Floats, tc: Floats, *parameters: Floats, near: Floats | None = None) -> Floats:
        """B in T at which ln(tc/T) = K, 0 where T >= tc, NaN where not found; arguments broadcast; `near`: a guess."""
        T, tc, *rest = np.broadcast_arrays(T, tc, *parameters)
        out = np.zeros(T.shape)
        first = None if near is None else np.broadcast_to(near, T.shape).ravel()
        cold = np.flatnonzero(tc > T)
        for begin in range(0, cold.size, _CHUNK):
            part = cold[begin : begin + _CHUNK]
            at, critical = T.ravel()[part], tc.ravel()[part]
            at = np.maximum(at, _COLDEST * critical)
            guess = critical * np.sqrt(1 - at / critical)
            if first is not None:
                guess = np.where(first[part] > 0.1 * guess, first[part], guess)
            target = log_ratio(critical, at)
            given = (at, critical, *(p.ravel()[part] for p in rest))
            s = solve_breaking(self.breaking, target, guess**self.power, *given)
            out.flat[part] = s ** (1 / self.power)
        return out

    def excess(self, B: Floats, T: Floats, tc: Floats, *parameters: Floats) -> Floats:
        """K - ln(tc/T), its sign that of B - Bc2; T > 0."""
        B, T, tc, *rest = np.broadcast_arrays(B, T, tc, *parameters)
        flat = [np.ravel(x) for x in (B, T, tc, *rest)]
        value = self.breaking(flat[0] ** self.power, *flat[1:]) - np.log(flat[2] / flat[1])
        return np.asarray(value).reshape(B.shape)


def klb(s: Floats, T: Floats, tc: Floats, tau_so: Floats) -> Floats:
    """Klemm, Luther, Beasley: psi(1/2 + 3 tau_so h^2/(4 pi hbar kT)) - psi(1/2)."""
    del tc
    rate = 3 * tau_so * FEMTO * MU_B**2 * s / (4 * np.pi * HBAR * K_B)
    return np.asarray(digamma_difference(rate / T))


def abrikosov_gorkov(s: Floats, T: Floats, tc: Floats, b0: Floats, power: float = 1.0) -> Floats:
    """Abrikosov, Gor'kov: psi(1/2 + e^psi(1/2) (tc/T) (B/b0)^power) - psi(1/2)."""
    return np.asarray(digamma_difference(np.exp(PSI_HALF) * tc / T * s / b0**power))


def unprotected(s: Floats, T: Floats, tc: Floats) -> Floats:
    """Spins without spin-orbit coupling: Phi(h / 2 pi kT)."""
    del tc
    return np.asarray(digamma_difference(0.5j * MU_B * np.sqrt(s) / (np.pi * K_B * T)).real)


def ising(s: Floats, T: Floats, tc: Floats, splitting: Floats) -> Floats:
    """One splitting, field in the plane: h^2/(g^2 + h^2) Phi(sqrt(g^2 + h^2)/2 pi kT), g half of the splitting."""
    del tc
    h2 = MU_B**2 * s
    energy2 = h2 + 0.25 * splitting**2
    return np.asarray(h2 / energy2 * digamma_difference(0.5j * np.sqrt(energy2) / (np.pi * K_B * T)).real)


def ising_rashba(s: Floats, T: Floats, tc: Floats, splitting: Floats, rashba_ratio: Floats) -> Floats:
    """Splitting with a helical part, its angle averaged in closed form.

    2 pi kT sum_{w>0} (1 - q)/w, q = w (w^2 + g^2)/sqrt[(w^2 + G)(w^2 (w^2 + G) + A)], where G = g^2 + h^2,
    g^2 = (splitting/2)^2 (1 + r^2), A = (splitting r h/2)^2.
    """
    del tc
    h2, half2 = (MU_B**2 * s)[:, None], 0.25 * splitting[:, None] ** 2
    along2 = half2 * rashba_ratio[:, None] ** 2
    x, weight = matsubara_rule(float(np.sqrt(np.max(h2)) + np.sqrt(np.max(half2 + along2))), K_B * float(np.min(T)))
    w2 = (2 * np.pi * K_B * T[:, None] * x) ** 2
    free = w2 + half2 + along2
    total = free + h2
    whole = total * (w2 * total + along2 * h2)
    q2 = w2 * free**2 / whole
    lost = h2 * (w2 * (free + total) + along2 * total) / (whole * (1 + np.sqrt(q2)))
    return np.asarray((lost / x) @ weight)


def ising_intervalley(s: Floats, T: Floats, tc: Floats, splitting: Floats, tau_iv: Floats) -> Floats:
    """Splitting and scattering between valleys: 2 pi kT sum {1/w - 1/[w + h^2/(w + g^2/(w + hbar/tau_iv))]}."""
    del tc
    h2, half2 = (MU_B**2 * s)[:, None], 0.25 * splitting[:, None] ** 2
    rate = HBAR / (tau_iv[:, None] * FEMTO)
    # strong scattering: the slow root of w (w + rate) + g^2 and the fast one, at most rate
    largest = float(np.sqrt(np.max(h2)) + np.sqrt(np.max(half2)) + np.max(rate))
    x, weight = matsubara_rule(largest, K_B * float(np.min(T)))
    w = 2 * np.pi * K_B * T[:, None] * x
    damping = h2 * (w + rate) / (w * (w + rate) + half2)
    return np.asarray((damping / (x * (w + damping))) @ weight)


def whh(s: Floats, T: Floats, tc: Floats, slope: Floats, alpha: Floats, lambda_so: Floats) -> Floats:
    """Werthamer, Helfand, Hohenberg: Re[(1 + i l/2c) psi(1/2 + (b + l/2 + i c)/2t)] - psi(1/2), l = lambda_so.

    c^2 = (alpha b)^2 - (l/2)^2, t = T/tc, b = (4/pi^2) B/(slope tc); for c^2 < 0 the two roots are real.
    """
    t, b = T / tc, 4 / np.pi**2 * s / (slope * tc)
    half, pauli2 = 0.5 * lambda_so, (alpha * b) ** 2
    c2 = pauli2 - half**2
    out = np.empty_like(t)
    size = np.sqrt(np.abs(c2))
    orbital = (pauli2 == 0) & (half == 0)
    close = ~orbital & (size < _CONFLUENT * np.maximum(2 * t, b + half))
    apart = ~orbital & ~close
    out[orbital] = digamma_difference(b[orbital] / (2 * t[orbital]))
    rules = ((close, _whh_confluent), (apart & (c2 > 0), _whh_waves), (apart & (c2 <= 0), _whh_decay))
    for case, rule in rules:
        if np.any(case):
            out[case] = rule(b[case], half[case], pauli2[case], c2[case], t[case])
    return out


def _whh_waves(b: Floats, half: Floats, pauli2: Floats, c2: Floats, t: Floats) -> Floats:
    del pauli2
    c = np.sqrt(c2)
    return np.asarray(((1 + 1j * half / c) * digamma_difference((b + half + 1j * c) / (2 * t))).real)


def _whh_decay(b: Floats, half: Floats, pauli2: Floats, c2: Floats, t: Floats) -> Floats:
    c = np.sqrt(-c2)
    fast = -pauli2 / (2 * c * (c + half))  # (1 - half/c)/2
    slow_root, fast_root = (b + pauli2 / (half + c)) / (2 * t), (b + half + c) / (2 * t)
    return np.asarray((1 - fast) * digamma_difference(slow_root) + fast * digamma_difference(fast_root))


def _whh_confluent(b: Floats, half: Floats, pauli2: Floats, c2: Floats, t: Floats) -> Floats:
    """Both roots close together: Taylor series of their mean and divided difference in the square of their distance."""
    del pauli2
    middle, square = (b + half) / (2 * t), -c2 / (2 * t) ** 2
    first, second, third, fourth, fifth = (polygamma(n, 0.5 + middle) for n in range(1, 6))
    mean = digamma_difference(middle) + square / 2 * (second + square / 12 * fourth)
    return np.asarray(mean - half / (2 * t) * (first + square / 6 * (third + square / 20 * fifth)))
