"""Pairs with a momentum: the field of the instability, maximised over the momentum q of the pairs.

The states k + q/2 and -k + q/2 pair (helical and Fulde-Ferrell states). On a lattice the quadrature resolves the
temperature in the whole window that field and momentum can open around the Fermi lines, so that one set of nodes serves
every q and the susceptibility is a smooth function of q, which is searched on a polar grid and then refined.
Source: physics.md 2.1 and 4.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from typing import Any

import numpy as np
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput, NotSolved
from spinvalley.numerics import zone
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.linearised import pair_kernel
from spinvalley.pairing.pair_nodes import doppler, fermi_velocity, pair_rule
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.units import K_B, tesla

Excess = Callable[[float, Floats], float]
_ANGLES = 12
_SIZES = np.array([0.02, 0.1, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4])  # of V / (hbar v): an isotropic FFLO state has 2 at T = 0
_HEADROOM = 1.3
_ORDERS = (6, 10, 12)
_STEP = 1e-4
_ROUNDS = 40
_ANEW = 1.03  # growth of the field after which the grid is searched again
_REACH = 3.6  # largest momentum that is resolved, in units of V / (hbar v)
_NEWTON = 12
_FURTHEST = 5.0  # steps that one Newton move may go
_STILL = 0.02  # steps
FINE = 0.1
_CHUNK = 40_000


class BeyondRange(NotSolved):
    """The search ended before the field was found."""


@dataclass(frozen=True)
class HelicalField:
    """Field of the instability at the best momentum of the pairs.

    Args:
        field: in tesla, at the best q.
        zero: the same at q = 0, from the same nodes.
        q: best momentum (2,), 1/nm.
        error: of field, tesla.
    """

    field: float
    zero: float
    q: Floats
    error: float


@dataclass(frozen=True, eq=False)
class PairMomenta:
    """Pair susceptibility of a lattice model for any momentum of the pairs up to a largest one.

    Args:
        sc: model and pairing, in meV and nm.
        kT: temperature, meV.
        zeeman: largest Zeeman energy, meV.
        q_max: largest momentum, 1/nm.
        order: points per panel of the quadrature.
    """

    sc: Superconductor
    kT: float
    zeeman: float
    q_max: float
    order: int

    @cached_property
    def _rule(self) -> zone.Rule:
        shift = doppler(self.sc.sampler, self.kT, self.q_max)
        width = _HEADROOM * (self.zeeman * max(map(abs, self.sc.model.zeeman_weights)) + shift)
        return pair_rule(self.sc.sampler, zone.Resolution(np.pi * self.kT, width, self.order))

    def susceptibility(self, zeeman: Floats, q: Floats) -> float:
        """Pair susceptibility at momentum q (2,) in a field V (3,)."""
        model, total = self.sc.model, 0.0
        field = model.zeeman(zeeman)
        for start in range(0, self._rule.size, _CHUNK):
            k, w = self._rule.k[start : start + _CHUNK], self._rule.weights[start : start + _CHUNK]
            pairs = model.hamiltonian(k + 0.5 * q) + field, model.hamiltonian(-k + 0.5 * q) + field
            total += float(w @ pair_kernel(model, self.sc.pairing, k, *pairs, self.kT))
        return total


def helical_lattice(
    sc: Superconductor, T: float, unit: Floats, g: float, start: float, tol: float, furthest: float
) -> HelicalField:
    """The highest field of the instability of a lattice model; `start` is the field in tesla at q = 0."""
    kT = K_B * T
    velocity = fermi_velocity(sc.sampler, kT)[0]
    per_tesla = abs(float(tesla(1.0, g))) / velocity

    def excess(top: float, q_max: float, order: int) -> Excess:
        pairs = PairMomenta(sc, kT, abs(float(tesla(top, g))), q_max, order)
        return lambda B, q: pairs.susceptibility(np.asarray(tesla(B * unit, g)), q) / sc.strength - 1

    return refined_momentum(excess, start, per_tesla, FINE * np.pi * kT / velocity, tol, furthest)


def refined_momentum(
    excess: Callable[[float, float, int], Excess],
    start: float,
    per_field: float,
    step: float,
    tol: float,
    furthest: float,
) -> HelicalField:
    """`best_momentum` at rising order of the quadrature until the field holds still.

    Args:
        excess: (largest field, largest momentum, order of the quadrature) -> excess(field, q).
        start: field at q = 0, about.
        per_field: unit of the momenta to search, for each unit of the field.
        step: distance of the points from which derivatives are formed.
        tol: relative error of the field.
        furthest: end of the search.
    """
    q: Floats | None = None
    last = top = start
    error = np.inf
    for order in _ORDERS:
        while True:  # with a wider window if the field leaves the one that is resolved
            limit, known = _HEADROOM * top, None if q is None else (last, q)
            here = excess(limit, _REACH * per_field * top, order)
            found = best_momentum(here, start, per_field, step, tol, furthest, known, limit)
            if found.field <= limit:
                break
            top, last, q = found.field, found.field, found.q
        q = found.q
        if order > _ORDERS[0]:
            error = found.error + abs(found.field - last)
            if error <= tol * found.field:
                break
        last = found.field
    return HelicalField(found.field, found.zero, found.q, error)


def helical_surface(
    theory: Any, T: float, tc: float, unit: Floats, start: float, tol: float, furthest: float
) -> HelicalField:
    """The highest field of the instability of a theory with a Fermi surface with velocities, field given for g = 2."""
    surface = surface_of(theory)
    velocity = float(np.linalg.norm(np.asarray(surface.velocity), axis=1) @ surface.weight)
    per_tesla, step = float(tesla(1.0)) / velocity, FINE * np.pi * K_B * T / velocity

    def excess(B: float, q: Floats) -> float:
        return float(np.log(tc / T) - theory.breaking(T, B * unit, q=q))

    found = best_momentum(excess, start, per_tesla, step, tol, furthest)
    return replace(found, error=found.error + sampling_error(theory, T, found.field * unit, found.q))


def surface_of(theory: Any) -> FermiSurface:
    """The Fermi surface with velocities of a theory that knows the momentum of pairs, or one sentence."""
    surface = theory if isinstance(theory, FermiSurface) else getattr(theory, "surface", None)
    if surface is None or "q" not in signature(theory.breaking).parameters:
        raise InvalidInput("`momentum` must be 'zero' for a theory that knows no momentum of the pairs")
    if surface.velocity is None:
        raise InvalidInput("`momentum` must be 'zero' for a Fermi surface without `velocity`")
    return surface


def sampling_error(theory: Any, T: float, B: Floats, q: Floats | None = None) -> float:
    """Error in tesla of a field B (3,) from the points of a sampled Fermi surface; 0 for a theory without points."""
    if not hasattr(theory, "sampling_error"):
        return 0.0
    known = {} if q is None or not np.any(q) else {"q": q}
    missed = theory.sampling_error(T, B, **known)
    here, ahead = (float(theory.breaking(T, factor * B, **known)) for factor in (1.0, 1 + _STEP))
    return float(missed * _STEP * np.linalg.norm(B) / max(ahead - here, 1e-300)) if missed > 0 else 0.0


def best_momentum(
    excess: Excess,
    start: float,
    per_tesla: float,
    step: float,
    tol: float,
    furthest: float,
    known: tuple[float, Floats] | None = None,
    limit: float = np.inf,
) -> HelicalField:
    """Highest field of an instability over the momentum of the pairs; the error is infinite if the search did not end.

    Args:
        excess: (B, q) -> positive where the normal state is unstable.
        start: field at q = 0, about.
        per_tesla: unit of the momenta to search, for each tesla of the field.
        step: distance of the points from which derivatives are formed.
        tol: relative error of the field.
        furthest: end of the search, tesla.
        known: field and momentum of a coarser quadrature, where the search begins; None searches a polar grid.
        limit: field beyond which `excess` does not hold: the search stops there.
    """
    zero = field = _root(excess, start, np.zeros(2), tol, furthest)
    searched, error, q = 0.0, np.inf, np.zeros(2)
    if known is not None:
        field, q = known
        searched = field
    for _ in range(_ROUNDS):
        if field > _ANEW * searched:
            q, searched = _searched(excess, field, per_tesla * field, q), field
        climbed = _summit(excess, field, q, step)
        q = climbed if excess(field, climbed) >= excess(field, q) else q
        last, field = field, _root(excess, field, q, 0.1 * tol, furthest)
        if abs(field - last) <= 0.01 * tol * field:
            error = 0.02 * tol * field
        if np.isfinite(error) or field > limit:
            break
    return HelicalField(field, zero, q, error) if field > zero else HelicalField(zero, zero, np.zeros(2), error)


def _searched(excess: Excess, B: float, scale: float, known: Floats) -> Floats:
    """The best momentum on a polar grid around zero; a known one may be better."""
    angles = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    grid = [scale * size * np.array([np.cos(a), np.sin(a)]) for size in _SIZES for a in angles]
    values = [excess(B, q) for q in (known, np.zeros(2), *grid)]
    return np.asarray((known, np.zeros(2), *grid)[int(np.argmax(values))])


def _summit(excess: Excess, B: float, q: Floats, step: float) -> Floats:
    """Newton's method for the maximum of the excess over q, differences over `step`."""
    x, y = step * np.eye(2)
    for _ in range(_NEWTON):
        here, right, left, up, down, corner = (excess(B, q + shift) for shift in (0 * x, x, -x, y, -y, x + y))
        slope = np.array([right - left, up - down]) / 2
        cross = corner - right - up + here
        bend = np.array([[right + left - 2 * here, cross], [cross, up + down - 2 * here]])
        values, axes = np.linalg.eigh(-bend)
        move = axes @ (axes.T @ slope / np.maximum(np.abs(values), 1e-300))
        size = float(np.linalg.norm(move))
        q = q + step * move * min(1.0, _FURTHEST / max(size, 1e-300))
        if size < _STILL:
            break
    return np.asarray(q)


def _root(excess: Excess, near: float, q: Floats, tol: float, furthest: float) -> float:
    """Field at which the normal state becomes stable against pairs of momentum q."""
    low, high = near, 1.01 * near  # pairs of this momentum may be stable in a narrow window of fields only
    while excess(low, q) < 0:
        high, low = low, 0.95 * low
        if low < 1e-3 * near:
            raise NotSolved("the normal state is stable at this momentum of the pairs")
    while excess(high, q) > 0:
        if high >= furthest:
            raise BeyondRange(f"pairs with a momentum survive beyond {furthest:.3g} T")
        high = min(1.1 * high, furthest)
    return float(brentq(lambda B: excess(B, q), low, high, xtol=0.01 * tol * near, rtol=1e-14))
