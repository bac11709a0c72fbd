"""Phenomenological critical fields: Ginzburg-Landau against temperature, Tinkham and anisotropic mass against angle."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, floats
from spinvalley.units import FLUX_QUANTUM

P = ParamSpec("P")
R = TypeVar("R")


def broadcasting(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with one sentence where the shapes of its arguments do not broadcast."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        shapes = [np.shape(floats("arguments", v)) for v in (*args, *kwargs.values()) if not np.isscalar(v)]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise InvalidInput(
                f"`arguments` must broadcast, but have the shapes {', '.join(map(str, shapes))}"
            ) from None
        return function(*args, **kwargs)

    return guarded


@broadcasting
def gl_perpendicular(T: ArrayLike, tc: ArrayLike, xi: ArrayLike) -> Any:
    """Hc2 of a film in a perpendicular field (Ginzburg-Landau): B = Phi0/(2 pi xi^2) (1 - T/tc).

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        xi: in-plane coherence length xi(0) in nm. All arguments broadcast.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T < 0, tc or xi not positive, or a number that is not finite.

    Source: gated_mos2 paper, Fig. 2 (physics.md 3); M. Tinkham, Introduction to Superconductivity, 4.10.

    Example:
        >>> gl_perpendicular(0.0, 9.7, 8.0)
        5.142281
    """
    t = reduced(T, tc)
    return plain(FLUX_QUANTUM / (2 * np.pi * above("xi", xi) ** 2) * (1 - t))


@broadcasting
def gl_parallel(T: ArrayLike, tc: ArrayLike, xi: ArrayLike, d: ArrayLike) -> Any:
    """Hc2 of a thin film in a parallel field (Ginzburg-Landau): B = Phi0 sqrt12/(2 pi xi d) sqrt(1 - T/tc).

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        xi: in-plane coherence length xi(0) in nm.
        d: thickness of the superconductor in nm, for d < xi(T). All arguments broadcast.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T < 0, a parameter not positive, or a number that is not finite.

    Source: gated_mos2 paper, Fig. 2 (physics.md 3); M. Tinkham, Introduction to Superconductivity, 4.10.

    Example:
        >>> gl_parallel(0.0, 9.7, 8.0, 1.5)
        95.004713
    """
    t = reduced(T, tc)
    return plain(FLUX_QUANTUM * np.sqrt(12) / (2 * np.pi * above("xi", xi) * above("d", d)) * np.sqrt(1 - t))


@broadcasting
def gl_3d_parallel(T: ArrayLike, tc: ArrayLike, xi: ArrayLike, xi_c: ArrayLike) -> Any:
    """Hc2 of an anisotropic bulk crystal in a parallel field (Ginzburg-Landau): B = Phi0/(2 pi xi xi_c) (1 - T/tc).

    The perpendicular field of the same crystal is `gl_perpendicular`.

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        xi: in-plane coherence length xi(0) in nm.
        xi_c: coherence length along the c axis in nm. All arguments broadcast.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T < 0, a parameter not positive, or a number that is not finite.

    Source: M. Tinkham, Introduction to Superconductivity, 4.10.

    Example:
        >>> gl_3d_parallel(0.0, 9.7, 8.0, 4.0)
        10.2845618
    """
    t = reduced(T, tc)
    return plain(FLUX_QUANTUM / (2 * np.pi * above("xi", xi) * above("xi_c", xi_c)) * (1 - t))


@broadcasting
def tinkham_2d(theta: ArrayLike, b_perp: ArrayLike, b_par: ArrayLike, offset: ArrayLike = 0.0) -> Any:
    """Hc2 of a thin film in a tilted field: |B cos/b_perp| + (B sin/b_par)^2 = 1, with a cusp in the plane.

    Args:
        theta: angle of the field from the c axis in degrees, as measured.
        b_perp: Hc2 along the c axis in T.
        b_par: Hc2 in the plane in T.
        offset: misalignment in degrees: the field is in the plane at theta = 90 + offset. All arguments broadcast.

    Returns:
        B in T, a float for numbers, else an array.

    Raises:
        InvalidInput: a field not positive, or a number that is not finite.

    Source: M. Tinkham, doi:10.1103/PhysRev.129.2413; physics.md 3.

    Example:
        >>> tinkham_2d([0.0, 89.0, 90.0], 5.0, 95.0)
        array([ 5.        , 80.55633772, 95.        ])
    """
    sine, cosine = _direction(theta, offset)
    perp, par = cosine / above("b_perp", b_perp), sine / above("b_par", b_par)
    return plain(2 / (perp + np.sqrt(perp**2 + 4 * par**2)))


@broadcasting
def anisotropic_3d(theta: ArrayLike, b_perp: ArrayLike, b_par: ArrayLike, offset: ArrayLike = 0.0) -> Any:
    """Hc2 of an anisotropic bulk crystal in a tilted field: (B cos/b_perp)^2 + (B sin/b_par)^2 = 1, without cusp.

    Args:
        theta: angle of the field from the c axis in degrees, as measured.
        b_perp: Hc2 along the c axis in T.
        b_par: Hc2 in the plane in T.
        offset: misalignment in degrees: the field is in the plane at theta = 90 + offset. All arguments broadcast.

    Returns:
        B in T, a float for numbers, else an array.

    Raises:
        InvalidInput: a field not positive, or a number that is not finite.

    Source: M. Tinkham, Introduction to Superconductivity, 4.10; physics.md 3.

    Example:
        >>> anisotropic_3d([0.0, 89.0, 90.0], 5.0, 95.0)
        array([ 5.        , 90.18418277, 95.        ])
    """
    sine, cosine = _direction(theta, offset)
    return plain(1 / np.hypot(cosine / above("b_perp", b_perp), sine / above("b_par", b_par)))


def reduced(T: ArrayLike, tc: ArrayLike) -> Floats:
    """T = T/tc, at most 1."""
    return np.minimum(above("T", T, zero=True) / above("tc", tc), 1.0)


def above(name: str, value: ArrayLike, zero: bool = False) -> Floats:
    """Finite numbers > 0 (>= 0 with `zero`) of any shape."""
    array = floats(name, value)
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but is {array[~np.isfinite(array)].flat[0]}")
    bad = array < 0 if zero else array <= 0
    if np.any(bad):
        raise InvalidInput(f"`{name}` must be {'non-negative' if zero else 'positive'}, but is {array[bad].flat[0]}")
    return array


def plain(value: Any) -> Any:
    """A float for a number, else the array."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


def _direction(theta: ArrayLike, offset: ArrayLike) -> tuple[Floats, Floats]:
    degrees, shift = floats("theta", theta), floats("offset", offset)
    for name, array in (("theta", degrees), ("offset", shift)):
        if not np.all(np.isfinite(array)):
            raise InvalidInput(f"`{name}` must be finite, but is {array[~np.isfinite(array)].flat[0]}")
    # the angle from the plane, so that the cosine is exact there
    tilt = np.deg2rad(degrees - shift - 90.0)
    return np.abs(np.cos(tilt)), np.abs(np.sin(tilt))
