"""The gap at one temperature and field: every stationary point of the free energy, and which one is the equilibrium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import (
    Floats,
    NotSolved,
    Status,
    axis,
    floats,
    instance,
    non_negative,
    tolerance,
    whole,
    zeeman_vector,
)
from spinvalley.pairing.hartree_fock import MeanFields
from spinvalley.pairing.landscape import SMALLEST, Branch, Landscape, Profile, landscape, many_temperatures
from spinvalley.pairing.sampler import Sampled
from spinvalley.pairing.superconductor import Superconductor

ORDERS = (6, 8, 10, 12, 14, 17, 20, 24)
_ROUGH_ORDERS = (6, 8, 10)
_ROUGH_SAFETY = 10.0
_FIRST_SAFETY = 50.0
_HEADROOM = 1.15
_WIDENINGS = 6


@dataclass(frozen=True)
class GapState:
    """The equilibrium state at one temperature and field.

    Args:
        gap: Delta of the global minimum of the free energy, energy (0: normal state).
        free_energy: F(gap; T, V) per cell, energy: n Delta^2/v - (T/N) sum_k sum_{E>0} ln 2cosh(E/2T), with what
            `pairing.hartree_fock` adds; at fixed density that of a given number of electrons, F + mu N.
        condensation: F(gap) - F(0), energy per cell.
        status: `Status.CONVERGED`, `NORMAL` or `NOT_CONVERGED`.
        error: estimated error of `gap`, energy (for the normal state: the change of the answer under refinement, 0).
        branches: all stationary points in ascending order of the gap; metastable ones among them.
        kT: temperature, energy.
        zeeman: V of sigma, energy (3-vector).
        fields: chemical potential, field and magnetisation of this state at fixed density or with a contact
            interaction; None otherwise.
    """

    gap: float
    free_energy: float
    condensation: float
    status: Status
    error: float
    branches: tuple[Branch, ...]
    kT: float
    zeeman: tuple[float, float, float]
    fields: MeanFields | None = None


def solve_gap(
    sc: Superconductor, kT: float, zeeman: ArrayLike = 0.0, *, tol: float = 1e-6, check: bool = False
) -> GapState:
    """Gap Delta(T, V) as the global minimum of the free energy, with all other stationary points.

    Args:
        sc: the superconductor.
        kT: temperature k_B T >= 0, energy unit of the model (`sv.kelvin` converts).
        zeeman: V of sigma, energy; a number is along x, or a 3-vector (`sv.tesla` converts).
        tol: error of the gap asked for, relative to the gap at T = V = 0.
        check: raise `NotSolved` where the tolerance is not met.

    Returns:
        GapState with gap, free_energy, condensation, status, error, branches, fields.

    Raises:
        InvalidInput: negative kT, NaN, a coupling that gives no resolvable gap.
        NotSolved: only with `check=True`.

    Source: heterostructure.txt, eq. 7; physics.md 1 (as a free energy).

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.295202))
    >>> sv.solve_gap(sc, kT=0.01).gap
    0.2000
    """
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    kT = non_negative("kT", kT)
    vector = zeeman_vector(zeeman)
    tol = tolerance("tol", tol)
    goal = tol * sc.gap_scale
    profile, best, error, order = _refined(sc, kT, vector, tol)
    converged = error <= goal and best.kind == "minimum"
    if check and not converged:
        raise NotSolved(f"the gap at kT = {kT:g} reached error {error:.2g}, but {goal:.2g} was asked for")
    normal = float(normal_free_energy(sc, np.array([kT]), vector, order)[0])
    return GapState(
        gap=best.gap,
        free_energy=normal + best.condensation,
        condensation=best.condensation,
        status=Status.NOT_CONVERGED if not converged else Status.CONVERGED if best.gap > 0 else Status.NORMAL,
        error=error,
        branches=profile.branches(),
        kT=kT,
        zeeman=(float(vector[0]), float(vector[1]), float(vector[2])),
        fields=_fields(sc, best.gap, kT, vector, order),
    )


def _fields(sc: Superconductor, gap: float, kT: float, zeeman: Floats, order: int) -> MeanFields | None:
    if sc.mean_field is None:
        return None
    return sc.mean_field.mean_fields(gap, kT, zeeman, order, SMALLEST * sc.energy_scale)


def _refined(sc: Superconductor, kT: float, zeeman: Floats, tol: float) -> tuple[Profile, Branch, float, int]:
    """Profile, equilibrium, error of the gap and order of the zone quadrature: finer until the answer holds still."""
    last: float | None = None
    error = np.inf
    found = None
    for order in orders(sc, kT, zeeman, tol):
        found = free_energy_landscape(sc, np.array([kT]), zeeman, order, tol, found)
        profile = found.profile(0)
        best = profile.equilibrium()
        floor = profile.interpolation_error(best.gap)
        if found.surely_normal:
            return profile, best, 0.0, order
        if last is not None:
            error = float(stated_error(sc, kT, zeeman, order, abs(best.gap - last), best.gap)) + floor
        if error <= max(tol * sc.gap_scale, 2 * floor):
            break
        last = best.gap
    return profile, best, error, order


def orders(sc: Sampled, kT: float, zeeman: Floats, tol: float) -> tuple[int, ...]:
    """Orders of the zone quadrature to try one after the other, coarsest first, for a relative tolerance."""
    if sc.energetics.is_rough(kT, zeeman, _ROUGH_ORDERS[-1]):
        return _ROUGH_ORDERS
    skipped = sum(tol < limit for limit in (1e-3, 1e-5, 1e-8))
    return ORDERS[max(skipped - 1, 0) :]


def stated_error(sc: Sampled, kT: float, zeeman: Floats, order: int, change: ArrayLike, size: float) -> Floats:
    """Error of a number of the given size that changed so much when the quadrature was refined up to `order`.

    It is never below what the order aims at, as two orders can agree by chance; the change from the first order is
    multiplied by fifty, and a change at T -> 0 in a field, where the convergence is algebraic, by ten.
    """
    factor = _FIRST_SAFETY if order <= ORDERS[1] else 1.0
    if sc.energetics.is_rough(kT, zeeman, _ROUGH_ORDERS[-1]):
        factor = max(factor, _ROUGH_SAFETY)
    nominal = sc.energetics.resolution(kT, zeeman, order, 0.0).tolerance if kT > 0 else 0.0
    return np.asarray(factor * np.asarray(change) + nominal * size)


def free_energy_landscape(
    sc: Superconductor, kT: Floats, zeeman: Floats, order: int, tol: float, coarser: Landscape | None = None
) -> Landscape:
    """F(Delta) - F(0) at all temperatures (nT,) in one field, at one order of the zone quadrature.

    The largest gap of the interpolant is raised until F rises there at every temperature. A `coarser` landscape of the
    same point lends its panels.
    """
    top = _HEADROOM * sc.gap_scale
    breaks = None
    if coarser is not None:
        top, breaks = float(np.sqrt(coarser.breaks[-1])), coarser.breaks
    for _ in range(_WIDENINGS):
        found = landscape(sc.energetics, sc.strength, kT, zeeman, top, order, tol, breaks)
        if found.bounded:
            break
        top, breaks = 2 * top, None
    return found


def normal_free_energy(sc: Superconductor, kT: Floats, zeeman: Floats, order: int) -> Floats:
    """F(0; T, V) = -(T/N) sum_k sum_{E>0} ln 2cosh(E/2T) of the normal state at each temperature, energy per cell."""
    spectrum = sc.energetics.spectrum(float(kT.min()), zeeman, order, SMALLEST * sc.energy_scale)
    return -spectrum.normal(kT, many_temperatures(kT))


def free_energy(sc: Superconductor, gap: ArrayLike, kT: float, zeeman: ArrayLike = 0.0, *, order: int = 14) -> Floats:
    """Free energy F(Delta; T, V) per cell for given gaps (not the minimum), energy, same shape as `gap`.

    Args:
        sc: the superconductor.
        gap: gaps >= 0, any shape, energy.
        kT: temperature >= 0, energy.
        zeeman: V of sigma, energy (number: along x; or 3-vector).
        order: points per panel of the zone quadrature; the default is good to about ten digits.

    Source: heterostructure.txt, eq. 7; physics.md 1.
    """
    gaps = axis("gap", np.ravel(floats("gap", gap)), minimum=0)
    order = whole("order", order, 2)
    kT = non_negative("kT", kT)
    vector = zeeman_vector(zeeman)
    spectrum = sc.energetics.spectrum(kT, vector, order, SMALLEST * sc.energy_scale)
    sums = spectrum.sums(gaps, np.array([kT]))
    values = sc.strength * gaps**2 - sums.half - sums.thermal[:, 0]
    return np.reshape(values + normal_free_energy(sc, np.array([kT]), vector, order), np.shape(gap))
