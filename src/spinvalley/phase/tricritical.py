"""The tricritical point: where the field-driven transition changes from continuous to first order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from spinvalley.checks import Status, direction_vector, instance, tolerance
from spinvalley.pairing.gap import ORDERS
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.pairing.transition import Line
from spinvalley.phase.temperature import critical_temperature

_LOWEST = 0.1
_HIGHEST = 0.97
_POINTS = 9
_FURTHEST = 40.0


@dataclass(frozen=True)
class TricriticalPoint:
    """Temperature and field where the linearised field and a vanishing quartic coefficient meet; energies, and errors.

    `status` is "beyond range" with NaN values where the quartic coefficient keeps its sign from 0.97 Tc down to 0.1 Tc.
    """

    kT: float
    zeeman: float
    kT_error: float
    zeeman_error: float
    status: Status

    @property
    def error(self) -> float:
        """The larger of the two errors."""
        return max(self.kT_error, self.zeeman_error)


def tricritical_point(
    sc: Superconductor, *, direction: ArrayLike = (1.0, 0.0, 0.0), tol: float = 1e-6
) -> TricriticalPoint:
    """The highest temperature at which F = a x + b x^2/2 + ..., x = Delta^2, has a = b = 0 along the line Hc2(T).

    Args:
        sc: the superconductor.
        direction: field direction, nonzero 3-vector.
        tol: relative error asked for.

    Returns:
        TricriticalPoint with kT, zeeman, their errors and status.

    Source: physics.md 2.3 (BCS: T* = 0.561493 Tc, V* = 1.072827 k_B Tc).

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.05))
    >>> round(sv.tricritical_point(sc).zeeman / 0.05, 5)
    0.60852
    """
    unit = direction_vector(direction)
    tol = tolerance("tol", tol)
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    tc = float(critical_temperature(sc, 0.0, tol=tol))
    bracket: tuple[float, float] | None = None
    last = None
    for order in ORDERS[1:]:
        search = _Search(sc, unit, order, tol)
        bracket = search.bracket(tc) if bracket is None else bracket
        if bracket is None:
            return TricriticalPoint(np.nan, np.nan, np.nan, np.nan, Status.BEYOND_RANGE)
        kT = float(brentq(search.quartic, *bracket, xtol=0.02 * tol * tc))
        found = (kT, search.linear_field(kT))
        if last is not None:
            errors = abs(found[0] - last[0]), abs(found[1] - last[1])
            if errors[0] <= tol * found[0] and errors[1] <= tol * found[1]:
                floors = 0.02 * tol * found[0], 0.02 * tol * found[1]
                return TricriticalPoint(*found, max(errors[0], floors[0]), max(errors[1], floors[1]), Status.CONVERGED)
        last = found
    return TricriticalPoint(*found, *errors, Status.NOT_CONVERGED)


@dataclass(frozen=True)
class _Search:
    """The line of linear instability at one order of the zone quadrature."""

    sc: Superconductor
    unit: np.ndarray
    order: int
    tol: float

    def _line(self, kT: float) -> Line:
        return Line(self.sc, lambda s: (kT, s * self.unit), self.order, self.tol)

    def linear_field(self, kT: float) -> float:
        """The lowest field that makes the normal state stable at this temperature."""
        line = self._line(kT)
        low, high = 0.0, 0.25 * self.sc.energy_scale
        while line.curvature(high) < 0:
            low, high = high, 1.3 * high
            if high > _FURTHEST * self.sc.energy_scale:
                return high
        return float(brentq(line.curvature, low, high, xtol=1e-3 * self.tol * high, rtol=1e-14))

    def quartic(self, kT: float) -> float:
        """Quartic coefficient on the line of linear instability."""
        return self._line(kT).quartic(self.linear_field(kT))

    def bracket(self, tc: float) -> tuple[float, float] | None:
        """The highest interval of temperatures in which the quartic coefficient changes sign."""
        temperatures = tc * np.linspace(_HIGHEST, _LOWEST, _POINTS)
        high, value = float(temperatures[0]), self.quartic(float(temperatures[0]))
        for kT in temperatures[1:]:
            below = self.quartic(float(kT))
            if value * below < 0:
                return float(kT), high
            high, value = float(kT), below
        return None
