"""Tc(V): the temperature at which the superconducting equilibrium state ends in a field."""

from __future__ import annotations

from typing import overload

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, Status, axis, direction_vector, instance, tolerance, zeeman_vector
from spinvalley.pairing.gap import ORDERS, free_energy_landscape, orders
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.pairing.transition import Line, refine_transition

_LOWEST = 0.02
_START = 0.75
_POINTS = 24
_SCAN_TOLERANCE = 1e-3


class CriticalTemperature(float):
    """k_B Tc as a number, with how it was found.

    Attributes:
        order: 1 or 2; 0 where no superconducting state was found.
        error: estimated error, energy.
        status: `Status` of the number.
        linear: temperature at which the normal state becomes unstable, NaN if it never does in the bracket.
    """

    order: int
    error: float
    status: Status
    linear: float

    @classmethod
    def of(cls, value: float, *, order: int, error: float, status: Status, linear: float) -> CriticalTemperature:
        """A critical temperature with its attributes."""
        out = cls(value)
        out.order, out.error, out.status, out.linear = order, error, status, linear
        return out


@overload
def critical_temperature(
    sc: Superconductor, zeeman: float = 0.0, *, direction: ArrayLike = ..., tol: float = ...
) -> CriticalTemperature: ...
@overload
def critical_temperature(
    sc: Superconductor, zeeman: ArrayLike, *, direction: ArrayLike = ..., tol: float = ...
) -> CriticalTemperature | xr.Dataset: ...
def critical_temperature(
    sc: Superconductor,
    zeeman: ArrayLike = 0.0,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    tol: float = 1e-6,
) -> CriticalTemperature | xr.Dataset:
    """Critical temperature k_B Tc(V): the highest temperature with a superconducting equilibrium state.

    Args:
        sc: the superconductor.
        zeeman: magnitude of V along `direction`, energy; a scalar, or an array (nV,) for a whole line.
        direction: field direction, nonzero 3-vector.
        tol: relative error asked for.

    Returns:
        For a scalar, a float with `.order`, `.error`, `.status`, `.linear`; for an array, a Dataset over zeeman with
        `kT`, `kT_linear`, `order`, `error`, `status`.

    Raises:
        InvalidInput: NaN, zero direction.

    Source: heterostructure.txt, eq. 7; physics.md 2.3.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.295202))
    >>> round(sv.critical_temperature(sc), 5)
    0.11378
    """
    unit = direction_vector(direction)
    tol = tolerance("tol", tol)
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    if np.ndim(zeeman) == 0:
        return _single(sc, zeeman_vector(zeeman)[0] * unit, tol)
    fields = axis("zeeman", zeeman)
    found = [_single(sc, float(value) * unit, tol) for value in fields]
    attrs = {"units": "energy unit of the model"}
    return xr.Dataset(
        {
            "kT": ("zeeman", np.array([float(t) for t in found]), attrs),
            "kT_linear": ("zeeman", np.array([t.linear for t in found]), attrs),
            "order": ("zeeman", np.array([t.order for t in found])),
            "error": ("zeeman", np.array([t.error for t in found]), attrs),
            "status": ("zeeman", np.array([str(t.status) for t in found])),
        },
        coords={"zeeman": ("zeeman", fields, attrs)},
        attrs={"direction": tuple(float(c) for c in unit), "tolerance": tol},
    )


def _single(sc: Superconductor, field: Floats, tol: float) -> CriticalTemperature:
    bracket = _bracket(sc, field)
    if bracket is None:
        lowest = _LOWEST * sc.energy_scale
        return CriticalTemperature.of(0.0, order=0, error=lowest, status=Status.NORMAL, linear=np.nan)
    lines = [
        Line(sc, lambda s: (s, field), order, 0.1 * tol) for order in orders(sc, bracket[0], field, min(tol, 1e-4))
    ]
    refined = refine_transition(lines, bracket, tol)
    found = refined.transition
    if found is None:
        middle = 0.5 * (bracket[0] + bracket[1])
        return CriticalTemperature.of(middle, order=0, error=refined.error, status=Status.NOT_CONVERGED, linear=np.nan)
    status = Status.CONVERGED if refined.error <= tol * found.s else Status.NOT_CONVERGED
    return CriticalTemperature.of(found.s, order=found.order, error=refined.error, status=status, linear=found.linear)


def _bracket(sc: Superconductor, field: Floats) -> tuple[float, float] | None:
    """A superconducting temperature and the next normal one above it, from a coarse scan."""
    top = _START * sc.energy_scale
    for _ in range(12):
        kT = np.geomspace(_LOWEST * sc.energy_scale, top, _POINTS)
        gaps = free_energy_landscape(sc, kT, field, ORDERS[0], _SCAN_TOLERANCE).equilibria()[0]
        inside = np.flatnonzero(gaps > 0)
        if len(inside) == 0:
            return None
        if inside[-1] < _POINTS - 1:
            return float(kT[inside[-1]]), float(kT[inside[-1] + 1])
        top *= 2
    raise InvalidInput("`sc` must have a transition below 3000 gaps, but is still superconducting there")
