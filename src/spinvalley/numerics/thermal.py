"""Thermal sums over a spectrum: T ln 2cosh(E/2T) for many temperatures from one pass over the energies.

With ln 2cosh(E/2T) = E/2T + ln(1 + exp(-E/T)), the first part needs no temperature; the second is a smooth function of
y = asinh(E/E_s), so that its sum at any temperature >= E_s follows from a few tens of Chebyshev moments of the
spectrum. One more temperature then costs a dot product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats

_REACH = 38.0  # exp(-38) is below rounding


@dataclass(frozen=True)
class MomentBasis:
    """Chebyshev basis T_m(2 y / y_max - 1), y = asinh(E / scale), that represents T ln(1 + exp(-E/T)).

    Args:
        scale: energy scale E_s = the lowest temperature.
        reach: energy above which the thermal part vanishes at the highest temperature.
        size: number of moments.
    """

    scale: float
    reach: float
    size: int

    @property
    def top(self) -> float:
        """Largest y."""
        return float(np.arcsinh(self.reach / self.scale))

    def coefficients(self, kT: Floats) -> Floats:
        """Expansion coefficients of T ln(1 + exp(-E/T)), shape (temperatures, size)."""
        n = 2 * self.size
        angles = (np.arange(n) + 0.5) * np.pi / n
        energy = self.scale * np.sinh(0.5 * self.top * (1 + np.cos(angles)))
        values = kT[:, None] * np.log1p(np.exp(-energy / kT[:, None]))
        cosines = np.cos(np.outer(angles, np.arange(self.size)))
        out = values @ cosines * (2 / n)
        out[:, 0] *= 0.5
        return np.asarray(out)


def moment_basis(kT: Floats, tolerance: float = 1e-13) -> MomentBasis:
    """The smallest basis (in steps of 16) that represents all the temperatures to `tolerance` of the lowest."""
    scale, reach = float(kT.min()), _REACH * float(kT.max())
    for size in range(32, 512, 16):
        basis = MomentBasis(scale, reach, size)
        tail = np.abs(basis.coefficients(kT)[:, -4:]).max(axis=1)
        if np.all(tail < tolerance * kT):
            return basis
    return basis
