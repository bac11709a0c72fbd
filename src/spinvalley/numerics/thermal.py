"""Thermal sums over a spectrum: T ln 2cosh(E/2T) for many temperatures from one pass over the energies.

With ln 2cosh(E/2T) = E/2T + ln(1 + exp(-E/T)), the first part needs no temperature; the second is a smooth function of
y = asinh(E/E_s), so that its sum at any temperature >= E_s follows from a few tens of Chebyshev moments of the
spectrum. One more temperature then costs a dot product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from spinvalley.checks import Floats

REACH = 34.0  # exp(-34) = 2e-15
_TAIL = 1e-12


@dataclass(frozen=True, eq=False)
class MomentBasis:
    """Chebyshev basis T_m(2 y / y_max - 1), y = asinh(E / scale), that represents T ln(1 + exp(-E/T)).

    Args:
        kT: the temperatures (nT,), energy, > 0.
        size: number of moments.
    """

    kT: Floats
    size: int

    @property
    def scale(self) -> float:
        """Energy scale E_s: the lowest temperature."""
        return float(self.kT.min())

    @property
    def reach(self) -> float:
        """Energy above which the thermal part vanishes at the highest temperature."""
        return REACH * float(self.kT.max())

    @property
    def top(self) -> float:
        """Largest y."""
        return float(np.arcsinh(self.reach / self.scale))

    @cached_property
    def coefficients(self) -> Floats:
        """Expansion coefficients of T ln(1 + exp(-E/T)), shape (nT, size)."""
        n = 2 * self.size
        angles = (np.arange(n) + 0.5) * np.pi / n
        energy = self.scale * np.sinh(0.5 * self.top * (1 + np.cos(angles)))
        values = self.kT[:, None] * np.log1p(np.exp(-energy / self.kT[:, None]))
        out = values @ np.cos(np.outer(angles, np.arange(self.size))) * (2 / n)
        out[:, 0] *= 0.5
        return np.asarray(out)


def moment_basis(kT: Floats) -> MomentBasis:
    """The smallest basis (in steps of 8) that represents all the temperatures to about 1e-12 of the lowest."""
    return _cached_basis(np.asarray(kT, dtype=float).tobytes())


@lru_cache(maxsize=16)
def _cached_basis(data: bytes) -> MomentBasis:
    kT = np.frombuffer(data)
    for size in range(24, 400, 8):
        basis = MomentBasis(kT, size)
        if np.all(np.abs(basis.coefficients[:, -4:]).max(axis=1) < _TAIL * kT):
            return basis
    return basis


def thermal_sums(energies: Floats, weights: Floats, kT: Floats, basis: MomentBasis | None = None) -> Floats:
    """sum_k w_k sum_n T ln(1 + exp(-E_nk/T)) for energies (n, K), weights (K,) and temperatures (nT,); 0 at T = 0.

    With a `basis` (made for the same temperatures) the moments of the spectrum are used.
    """
    if basis is None:
        return np.array([_thermal_sum(energies, weights, float(t)) for t in kT])
    y = np.arcsinh(energies / basis.scale) / basis.top
    inside = y < 1.0
    u = 2 * y[inside] - 1
    masked = np.broadcast_to(weights, energies.shape)[inside]
    last, this = np.ones_like(u), u
    moments = np.empty(basis.size)
    for m in range(basis.size):
        moments[m] = last @ masked
        last, this = this, 2 * u * this - last
    return np.asarray(basis.coefficients @ moments)


def _thermal_sum(energies: Floats, weights: Floats, kT: float) -> float:
    if kT == 0:
        return 0.0
    return kT * float(np.sum(np.log1p(np.exp(-energies / kT)) @ weights))
