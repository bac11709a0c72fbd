"""Upper critical field of the Pauli-limited problem in kelvin and tesla, for every model and theory of the library."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from spinvalley.checks import (
    Floats,
    InvalidInput,
    NotSolved,
    Status,
    axis,
    direction_vector,
    floats,
    one_of,
    positive,
    real,
    tolerance,
)
from spinvalley.models import Model, ValleyModel
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.helical import BeyondRange, HelicalField
from spinvalley.pairing.instability import Instability, LatticeInstability, PairBreaking, ScalarInstability
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.units import K_B

Progress = Callable[[int, int], None]
Momentum = Literal["zero", "best"] | ArrayLike
_FURTHEST = 200.0  # default end of the search, tesla per kelvin of Tc
_FIRST = 0.3
_STEP = 1.6
_NEAR = 1.15
_SMALLEST = 1e-9
_WORKERS = 2


@dataclass(frozen=True)
class Point:
    """Hc2 at one temperature, in tesla."""

    field: float
    linear: float
    order: int
    error: float
    status: Status
    q: tuple[float, float] = (0.0, 0.0)


def hc2(
    model: Model | PairBreaking,
    T: ArrayLike,
    *,
    tc: float,
    form: Channel | None = None,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    momentum: Momentum = "zero",
    g: float = 2.0,
    tol: float = 1e-4,
    B_max: float | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Upper critical field Hc2(T): the field at which the superconducting equilibrium state ends.

    Tc fixes the coupling of the model once. At each temperature the field at which the normal state becomes unstable
    (1 = v chi, or ln(Tc/T) = breaking) is found first; then the free energy decides whether a superconducting state is
    still lower there, in which case the transition is of first order and lies at a higher field. Orbital effects of the
    field enter only through theories that contain them.

    Args:
        model: a lattice model in meV with its Fermi level at zero energy (e.g. `models.one_band`), a `FermiSurface`,
            or a theory with `breaking(T, B)` (`KlemmLutherBeasley`, `InterValley`, ...).
        T: temperatures in K, > 0, scalar or (nT,).
        tc: critical temperature in zero field, K.
        form: what pairs in a lattice model, a channel of `pairing.channels`; None: s-wave on every layer.
        direction: direction of the field, nonzero 3-vector; z is the c axis.
        momentum: "zero" pairs k with -k; "best" also looks for the pair momentum q that survives the highest field
            (helical and Fulde-Ferrell states, continuous transitions), in models and in Fermi surfaces with velocities;
            a vector (2,) in 1/nm asks for the field of the instability towards pairs of this momentum.
        g: g-factor (other theories than a FermiSurface have their own).
        tol: relative error of the field asked for.
        B_max: end of the search in T; by default 200 T for each kelvin of Tc.
        progress: called with (temperatures done, temperatures in all).

    Returns:
        Dataset over T: B (tesla; 0 in the normal state), B_linear (at zero momentum, the normal state becomes unstable
        below it), q (momentum of the pairs, (T, xy), 1/nm), order (1 or 2; 0: none), error (T), status: "converged",
        "normal" (T >= Tc), "beyond range", "not converged". Attribute `order_from`: "free energy", or "assumed" for a
        theory that knows none and is continuous by construction.

    Raises:
        InvalidInput: tc or T not positive, NaN, no direction, neither model nor theory.

    Source: physics.md 2.1; gated_mos2 paper, Fig. 4c and Supplementary Section V.

    >>> import spinvalley as sv
    >>> line = sv.pairing.hc2(sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.1), 1.5, tc=6.5)
    >>> line.B.values.round(1), line.order.values
    (array([58.3]), array([2]))
    """
    temperatures = axis("T", T)
    for value in temperatures:
        positive("T", value)
    tc, tol, g = positive("tc", tc), tolerance("tol", tol), positive("g", g)
    unit = direction_vector(direction)
    q = None if isinstance(momentum, str) else floats("momentum", momentum)
    if q is None:
        one_of("momentum", momentum, ("zero", "best"))
    elif q.shape != (2,) or not np.all(np.isfinite(q)):
        raise InvalidInput(f"`momentum` must be 'zero', 'best' or two finite numbers, but is {momentum!r}")
    moving = not isinstance(momentum, str) or momentum == "best"
    furthest = _FURTHEST * tc if B_max is None else positive("B_max", B_max)
    system = instability(model, tc, unit, g, tol, form)
    found: dict[int, Point] = {}

    def solve(places: NDArray[np.int64]) -> None:
        """Some temperatures from the highest down: each field is looked for near what the last one suggests."""
        slope: float | None = None
        for place in places:
            T = float(temperatures[place])
            share = float(np.sqrt(max(1 - T / tc, 0.0)))
            point = solve_point(system, T, tc, tol, furthest, None if slope is None else slope * share)
            slope = point.linear / share if point.order > 0 else slope
            found[int(place)] = with_momentum(system, T, point, tol, furthest, q) if point.order and moving else point
            if progress is not None:
                progress(len(found), len(temperatures))

    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(solve, np.array_split(np.argsort(-temperatures), _WORKERS)))
    points = [found[n] for n in range(len(temperatures))]
    known = "free energy" if system.free_energy else "assumed"
    attrs = {"direction": tuple(map(float, unit)), "tc": tc, "tolerance": tol, "order_from": known}
    return _dataset(points, temperatures, attrs)


def hc2_angle(
    model: Model | PairBreaking,
    T: ArrayLike,
    theta: ArrayLike,
    *,
    tc: float,
    form: Channel | None = None,
    azimuth: float = 0.0,
    momentum: Momentum = "zero",
    g: float = 2.0,
    tol: float = 1e-4,
    B_max: float | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Upper critical field of the Pauli-limited problem against the angle between the field and the c axis.

    Args:
        model: as for `hc2`.
        T: temperatures in K, > 0.
        theta: angles from the c axis in degrees, (n,); 90 is in the plane.
        tc: critical temperature in zero field, K.
        form: what pairs, as for `hc2`.
        azimuth: direction of the in-plane part, degrees from x.
        momentum: of the pairs, as for `hc2`.
        g: g-factor.
        tol: relative error of the field asked for.
        B_max: end of the search in T.
        progress: called with (angles done, angles in all).

    Returns:
        Dataset over theta (degree) and T with the variables of `hc2`.

    Raises:
        InvalidInput: as `hc2`; angles that are not finite.

    Source: physics.md 0 and 2.1.

    >>> import spinvalley as sv
    >>> ising = sv.pairing.ConstantSplitting(13.0)
    >>> sv.pairing.hc2_angle(ising, 3.0, [0, 80, 90], tc=6.5).B.values[:, 0].round(2)
    array([10.7 , 42.13, 60.08])
    """
    angles, turn = np.deg2rad(axis("theta", theta)), np.deg2rad(real("azimuth", azimuth))
    unit = np.stack([np.sin(angles) * np.cos(turn), np.sin(angles) * np.sin(turn), np.cos(angles)], axis=-1)
    lines = []
    for direction in np.round(unit, 15):
        lines.append(hc2(model, T, tc=tc, form=form, direction=direction, momentum=momentum, g=g, tol=tol, B_max=B_max))
        if progress is not None:
            progress(len(lines), len(unit))
    joined = xr.concat(lines, dim="theta", combine_attrs="drop_conflicts")
    return joined.assign_coords(theta=("theta", axis("theta", theta), {"units": "degree"}))


def instability(
    model: Model | PairBreaking, tc: float, unit: Floats, g: float, tol: float, form: Channel | None = None
) -> Instability:
    """The search's view of a model or of a theory, at critical temperature tc in K."""
    if isinstance(model, type):
        raise InvalidInput(f"`model` must be an object, e.g. {model.__name__}(...), but is the class itself")
    if isinstance(model, Model):
        sc = Superconductor(model, Pairing(form=form, tc=K_B * tc))
        _ = sc.v  # once, before threads start
        return LatticeInstability(sc, unit, g, tol)
    if form is not None:
        raise InvalidInput(
            "`form` must be None for a theory, which has its own pairs: give a model of spinvalley.models"
        )
    if isinstance(model, PairBreaking):
        if g != 2 and not isinstance(model, FermiSurface):
            raise InvalidInput(f"`g` must be 2 for a theory that has its own g-factor, but is {g}")
        return ScalarInstability(model, tc, unit, tol, 0.5 * g)
    if isinstance(model, ValleyModel):
        raise InvalidInput("`model` must be a Fermi surface for a ValleyModel: give fermi_surface(model, density)")
    raise InvalidInput(
        "`model` must be a model of spinvalley.models, a FermiSurface or a theory with `breaking(T, B)`, "
        f"but is of type {type(model).__name__}"
    )


def solve_point(
    system: Instability, T: float, tc: float, tol: float, furthest: float, guess: float | None = None
) -> Point:
    """Hc2 at one temperature, looked for around a guess in tesla."""
    if tc <= T:
        return Point(0.0, 0.0, 0, 0.0, Status.NORMAL)
    try:
        found = _bracket(system, T, tc, furthest, guess)
        if found is None:
            return Point(furthest, np.nan, 0, np.nan, Status.BEYOND_RANGE)
        field, error = _refined(system, T, found, tol)
        jump = system.decided(T, field)
    except NotSolved:
        return Point(np.nan, np.nan, 0, np.nan, Status.NOT_CONVERGED)
    if jump.field > furthest:
        return Point(furthest, field, 0, np.nan, Status.BEYOND_RANGE)
    error = error if jump.order == 2 else jump.error
    status = Status.CONVERGED if error <= tol * jump.field else Status.NOT_CONVERGED
    return Point(jump.field, field, jump.order, error, status)


def with_momentum(
    system: Instability, T: float, point: Point, tol: float, furthest: float, q: Floats | None = None
) -> Point:
    """The transition into a state whose pairs have a momentum: a given one, or the best if that has a higher field."""
    try:
        found = system.helical(T, point.linear, furthest) if q is None else _moving(system, T, point, tol, furthest, q)
    except BeyondRange:
        return Point(furthest, point.linear, 0, np.nan, Status.BEYOND_RANGE)
    except NotSolved:
        return Point(np.nan, point.linear, 0, np.nan, Status.NOT_CONVERGED)
    if q is None and found.field <= point.field:
        return point
    status = Status.CONVERGED if found.error <= tol * found.field else Status.NOT_CONVERGED
    if found.field == 0:
        return Point(0.0, point.linear, 0, 0.0, Status.NORMAL, (float(found.q[0]), float(found.q[1])))
    return Point(found.field, point.linear, 2, found.error, status, (float(found.q[0]), float(found.q[1])))


def _moving(system: Instability, T: float, point: Point, tol: float, furthest: float, q: Floats) -> HelicalField:
    """The field at one momentum, 0 if the normal state is stable there without a field."""
    last, error, top = np.nan, np.inf, 1.5 * point.linear
    levels = system.levels(T, point.linear)
    for level in levels:
        excess = system.moving(T, q, level, top)
        if excess(0.0) <= 0:
            return HelicalField(0.0, point.linear, q, 0.0)
        while excess(top) > 0:
            if top >= furthest:
                raise BeyondRange(f"pairs of this momentum survive beyond {furthest:.3g} T")
            top = min(1.5 * top, furthest)
            excess = system.moving(T, q, level, top)
        precision = 0.01 * tol * top
        field = float(brentq(excess, 0.0, top, xtol=precision, rtol=1e-14))
        error = system.error(T, field, level, abs(field - last) if np.isfinite(last) else 0.0) + precision
        if np.isfinite(last) and error <= tol * field:
            break
        last = field
    return HelicalField(field, point.linear, q, error)


def _bracket(
    system: Instability, T: float, tc: float, furthest: float, guess: float | None
) -> tuple[float, float, int] | None:
    """Fields between which the normal state becomes stable, from a search upwards; None: not below the limit.

    The search uses the coarsest level that is fine enough to see the normal state unstable without a field, which close
    to Tc takes a fine one; the third number is the place of this level.
    """
    share = float(np.sqrt(1 - T / tc))
    for place, level in enumerate(system.levels(T, _FIRST * 1.86 * tc * share)):
        step = _STEP if guess is None else _NEAR
        low = min(_FIRST * 1.86 * tc * share if guess is None else guess / step, 0.5 * furthest)
        while system.excess(T, low, level) <= 0 and low > _SMALLEST * tc * share:
            low /= step
            step = max(step, _STEP)
        if system.excess(T, low, level) <= 0:
            continue
        high = low
        while high < furthest:
            low, high = high, min(high * step, furthest)
            step = max(step, _STEP)
            if system.excess(T, high, level) < 0:
                return low, high, place
        return None
    raise NotSolved(f"the quadrature cannot tell {T:g} K from Tc")


def _refined(system: Instability, T: float, start: tuple[float, float, int], tol: float) -> tuple[float, float]:
    """Field of the instability at rising levels until it holds still, and its error."""
    last, error = np.nan, np.inf
    low, high, place = start
    levels = system.levels(T, high)
    precision = 0.01 * tol * high
    for level in levels[place:]:
        field = _root(system, T, low, high, level, precision)
        change = abs(field - last) if np.isfinite(last) else 0.0
        error = system.error(T, field, level, change) + precision
        if np.isfinite(last) and error <= tol * field:
            break
        last = field
        low, high = field * (1 - 20 * tol), field * (1 + 20 * tol)
    alone = len(levels) > 1 and place == len(levels) - 1  # nothing to compare with
    return field, np.inf if alone else error


def _root(system: Instability, T: float, low: float, high: float, level: int, precision: float) -> float:
    """Root of the excess; a bracket that a finer level has left is widened."""
    for _ in range(12):
        if system.excess(T, low, level) > 0 > system.excess(T, high, level):
            return float(brentq(lambda B: system.excess(T, B, level), low, high, xtol=precision, rtol=1e-14))
        width = 2 * (high - low)
        low, high = max(low - width, 0.0), high + width
    raise NotSolved(f"no field of the instability near {high:.3g} T at {T:g} K")


def _dataset(points: list[Point], T: Floats, attrs: dict[str, object]) -> xr.Dataset:
    tesla = {"units": "T"}
    return xr.Dataset(
        {
            "B": ("T", np.array([p.field for p in points]), tesla),
            "B_linear": ("T", np.array([p.linear for p in points]), tesla),
            "q": (("T", "xy"), np.array([p.q for p in points]), {"units": "1/nm"}),
            "order": ("T", np.array([p.order for p in points])),
            "error": ("T", np.array([p.error for p in points]), tesla),
            "status": ("T", np.array([str(p.status) for p in points])),
        },
        coords={"T": ("T", T, {"units": "K"}), "xy": ["x", "y"]},
        attrs=attrs,
    )
