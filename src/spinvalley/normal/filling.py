"""Sheet density and chemical potential of a doped crystal, in cm^-2 and meV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import InvalidInput, Status, instance, non_negative, one_of, real, tolerance
from spinvalley.models import Model, Potential
from spinvalley.normal.bands import ENERGY
from spinvalley.normal.occupation import NOTHING, Bands, Count, carrier_bands, split
from spinvalley.normal.sectors import sectors

Carriers = Literal["electrons", "holes", "net"]
KINDS = ("electrons", "holes", "net")
PER_CM2 = 1e14
"""A density of 1/nm^2 in cm^-2."""
DENSITY = "cm^-2"
_STEPS = 100
_ROUGH = 1e-3
_SMALLEST = 1e-8
_PATIENCE = 5  # levels whose lines cannot be resolved are slow: an annulus that just opens


def sheet_density(
    model: Model,
    mu: float = 0.0,
    kT: float = 0.0,
    *,
    carriers: Carriers = "electrons",
    zeeman: ArrayLike = 0.0,
    tol: float = 1e-8,
) -> xr.Dataset:
    """Sheet density of carriers, n = (1/cell area) sum of f(E - mu) over the bands above the filled ones.

    Holes are the empty states of the filled bands (`model.filled_bands`), the net density is electrons minus holes. At
    T = 0 by the areas inside the Fermi lines, at kT > 0 by a zone rule graded to pi kT.

    Args:
        model: a model with lengths in nm.
        mu: chemical potential, energy unit of the model.
        kT: thermal energy, energy unit of the model, >= 0.
        carriers: "electrons", "holes" or "net".
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        tol: relative error aimed at.

    Returns:
        Dataset of numbers: density (cm^-2), its error (absolute) and status.

    Raises:
        InvalidInput: a number that is not finite, kT < 0, an unknown kind of carriers; electrons or holes of a model
            whose filled bands cross the others, so that only the net density has a meaning.

    Source: Fermi-Dirac statistics; Green's theorem for the areas.

    >>> from spinvalley.models import film
    >>> one_band = film(t=-100.0, mu=-600.0, a=0.316)
    >>> "{:.6e}".format(float(sheet_density(one_band, mu=50.0).density))
    '5.427231e+13'
    """
    mu, kT, tol = real("mu", mu), non_negative("kT", kT), tolerance("tol", tol)
    charge = _charge(model, carriers, zeeman)
    up, down = (_count(bands, mu, kT, tol) for bands in charge.parts)
    value = up.value - down.value - charge.offset
    error = up.value * up.error + down.value * down.error
    status = Status.CONVERGED if Status.CONVERGED == up.status == down.status else Status.NOT_CONVERGED
    unit = charge.unit
    return _dataset("density", charge.turn * value * unit, error * unit, status, DENSITY, mu=mu, kT=kT)


def chemical_potential(
    model: Model,
    density: float,
    kT: float = 0.0,
    *,
    carriers: Carriers = "electrons",
    zeeman: ArrayLike = 0.0,
    tol: float = 1e-8,
) -> xr.Dataset:
    """Chemical potential at which the crystal holds a given sheet density; the inverse of `sheet_density`.

    At T = 0 and zero density it is the edge of the band, or the middle of the gap for the net density.

    Args:
        model: a model with lengths in nm.
        density: sheet density in cm^-2, >= 0 (> 0 at kT > 0); a net density may have either sign.
        kT: thermal energy, energy unit of the model, >= 0.
        carriers: "electrons", "holes" or "net".
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        tol: relative error of the density aimed at.

    Returns:
        Dataset of numbers: mu (energy unit of the model), its error and status.

    Raises:
        InvalidInput: a density that is negative or beyond what the bands can hold, zero at kT > 0, kT < 0, an unknown
            kind of carriers, filled bands that cross the others (except for the net density).

    Source: Fermi-Dirac statistics.

    >>> from spinvalley.models import film
    >>> one_band = film(t=-100.0, mu=-600.0, a=0.316)
    >>> float(chemical_potential(one_band, 5.427231e13).mu)
    50.00000
    """
    density, kT, tol = real("density", density), non_negative("kT", kT), tolerance("tol", tol)
    charge = _charge(model, carriers, zeeman)
    _check_density(charge, density, kT)
    mu, error, status = (_mu_at_zero if kT == 0 else _mu_at)(charge, density / charge.unit, kT, tol)
    return _dataset("mu", mu, error, status, ENERGY, density=density, kT=kT)


def doped(
    model: Model, density: float, kT: float = 0.0, *, carriers: Carriers = "electrons", zeeman: ArrayLike = 0.0
) -> Model:
    """The model with its energies counted from the chemical potential of a given sheet density (cm^-2).

    Arguments and exceptions are those of `chemical_potential`.

    >>> from spinvalley.models import film
    >>> gated = doped(film(t=-100.0, a=0.316), 8.7e13)
    >>> "{:.6e}".format(float(sheet_density(gated).density))
    '8.700000e+13'
    """
    mu = float(chemical_potential(model, density, kT, carriers=carriers, zeeman=zeeman).mu)
    return model + Potential(-mu)


@dataclass(frozen=True, eq=False)
class _Charge:
    """What is counted: (bands of electrons, bands of holes); a missing one is None.

    Args:
        name: kind of carriers.
        parts: bands that count positive and negative.
        turn: -1 where the holes are what is asked for.
        offset: electrons per cell to be taken off (all bands counted together).
        unit: density of one carrier per cell, cm^-2.
    """

    name: str
    parts: tuple[Bands | None, Bands | None]
    turn: int
    offset: float
    unit: float

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest number of carriers that a cell can hold."""
        up, down = (0 if bands is None else bands.number for bands in self.parts)
        if self.name == "net":
            return -down - self.offset, up - self.offset
        return 0.0, float(up + down)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Lowest and highest energy of the bands."""
        edges = [tuple(sorted(b.sign * e for e in b.edges)) for b in self.parts if b is not None]
        return min(low for low, _ in edges), max(high for _, high in edges)

    @property
    def gap(self) -> tuple[float, float] | None:
        """Edges of the gap between the two kinds of bands, if there is one."""
        up, down = self.parts
        if up is None or down is None or up.edges[0] < -down.edges[0]:
            return None
        return -down.edges[0], up.edges[0]


def _charge(model: Model, carriers: str, zeeman: ArrayLike) -> _Charge:
    instance("model", model, Model, "film(a=0.316)")
    one_of("carriers", carriers, KINDS)
    blocks = sectors(model, zeeman)
    unit = PER_CM2 * model.lattice.zone_area / (2 * np.pi) ** 2
    full = split(blocks, model.filled_bands)
    if full is None:
        if carriers != "net":
            raise InvalidInput(f"`carriers` must be 'net', as the filled bands cross the others, but is {carriers!r}")
        whole = Bands(blocks, tuple((0, block.size) for block in blocks), 1)
        return _Charge(carriers, (whole, None), 1, float(model.filled_bands), unit)
    up, down = (bands if bands.number else None for bands in carrier_bands(blocks, full))
    if carriers == "electrons":
        return _Charge(carriers, (up, None), 1, 0.0, unit)
    return _Charge(carriers, (None if carriers == "holes" else up, down), -1 if carriers == "holes" else 1, 0.0, unit)


def _check_density(charge: _Charge, density: float, kT: float) -> None:
    """The density lies within what the bands can hold."""
    if charge.name != "net":
        non_negative("density", density)
        if density == 0 and kT > 0:
            raise InvalidInput("`density` must be positive at kT > 0, but is 0.0")
    low, high = (limit * charge.unit for limit in charge.limits)
    if not low * (1 + 1e-12) <= density <= high * (1 + 1e-12) or (kT > 0 and density in (low, high)):
        raise InvalidInput(
            f"`density` must be between {low:.4g} and {high:.4g} cm^-2, what the {charge.name} bands of the model "
            f"can hold, but is {density:.4g}"
        )


def _count(bands: Bands | None, mu: float, kT: float, tol: float) -> Count:
    if bands is None:
        return NOTHING
    return bands.at_zero(mu, tol) if kT == 0 else bands.at(mu, kT, tol)


# Search --------------------------------------------------------------------------------------------------------------
def _mu_at_zero(charge: _Charge, number: float, _kT: float, tol: float) -> tuple[float, float, Status]:
    """Chemical potential of `number` carriers per cell at T = 0 with its error and status."""
    up, down = charge.parts
    gap = charge.gap
    if gap is not None and number == 0:
        return 0.5 * (gap[0] + gap[1]), 0.5 * (gap[1] - gap[0]), Status.CONVERGED
    if charge.name == "net" and down is not None and (gap is not None or up is None):
        bands, target = (up, number) if number > 0 or down is None else (down, -number)
    elif up is not None and down is not None:  # a semimetal: all bands together
        full = sum(stop - start for start, stop in down.ranges)
        bands, target = Bands(up.blocks, tuple((0, block.size) for block in up.blocks), 1), number + full
    else:
        bands, target = up or down, number + charge.offset
    assert bands is not None
    low, high = bands.edges
    left = bands.number - target
    if min(target, left) < _SMALLEST:  # at the edge to within what a parabola of the width of the bands would hold
        error = 1e-13 * max(abs(low), abs(high)) + 10 * max(min(target, left), 0.0) * (high - low)
        return bands.sign * (low if target < left else high), error, Status.CONVERGED

    def mismatch(energy: float) -> tuple[float, float, Count]:
        count = bands.at_zero(bands.sign * energy, tol)
        ratio = count.value / target
        return ratio - 1, bands.sign * ratio * count.slope, count

    guess = float(np.quantile(bands.mesh_values, target / bands.number))
    energy, miss, slope, count = _root(
        mismatch, min(max(guess, low), high), (low, high), 1e-3 * tol, patience=_PATIENCE
    )
    return bands.sign * energy, _error(miss, slope, count.error, high - low), count.status


def _mu_at(charge: _Charge, number: float, kT: float, tol: float) -> tuple[float, float, Status]:
    """The same at kT > 0, from the logarithm of the ratio of the two sides of n_e + extra = n_h + target."""
    up, down = charge.parts
    target = max(charge.turn * number + charge.offset, 0.0)
    extra = max(-charge.turn * number - charge.offset, 0.0)

    def mismatch(count_of: Callable[[Bands], Count]) -> tuple[float, float, Count]:
        n_up, n_down = (NOTHING if bands is None else count_of(bands) for bands in (up, down))
        left, right = _plus(n_up, extra), _plus(n_down, target)
        good = Status.CONVERGED == n_up.status == n_down.status
        worst = Count(0.0, 0.0, left.error + right.error, Status.CONVERGED if good else Status.NOT_CONVERGED)
        return left.log - right.log, left.slope - right.slope, worst

    low, high = charge.window
    start = 0.5 * (low + high)
    if (up is None) != (down is None):
        bands, wanted = (up, target) if up is not None else (down, extra)
        assert bands is not None
        start = bands.sign * float(np.quantile(bands.mesh_values, min(wanted / bands.number, 1.0)))
    everywhere = (-np.inf, np.inf)
    rough, *_ = _root(lambda mu: mismatch(lambda b: b.roughly(mu, kT)), start, everywhere, _ROUGH, step=2 * kT)
    fine = 0.1 * tol
    mu, miss, slope, worst = _root(lambda mu: mismatch(lambda b: b.at(mu, kT, fine)), rough, everywhere, fine, step=kT)
    return mu, _error(miss, slope, worst.error, high - low), worst.status


def _plus(count: Count, constant: float) -> Count:
    """The count with a constant added."""
    if constant == 0:
        return count
    log = float(np.logaddexp(count.log, np.log(constant)))
    share = float(np.exp(count.log - log))
    return Count(log, share * count.slope, share * count.error, count.status)


def _error(miss: float, slope: float, error: float, width: float) -> float:
    """Error of the chemical potential from that of the density, at most the width of the bands."""
    return min((abs(miss) + error) / slope, width) if slope > 0 else width


def _root(
    function: Callable[[float], tuple[float, float, Count]],
    x: float,
    bracket: tuple[float, float],
    tol: float,
    step: float = np.inf,
    patience: int = _STEPS,
) -> tuple[float, float, float, Count]:
    """Root of a rising function by Newton steps within a bracket that grows or shrinks: x, value, slope, count.

    Gives up after `patience` counts that did not converge.
    """
    low, high = bracket
    narrow = 1e-13 * (high - low) if np.isfinite(high - low) else 1e-14 * abs(x)
    for _ in range(_STEPS):
        value, slope, count = function(x)
        patience -= count.status != Status.CONVERGED
        if patience == 0 or abs(value) < tol or high - low < narrow:
            break
        low, high = (x, high) if value < 0 else (low, x)
        following = x - value / slope if slope > 0 and np.isfinite(value) else np.nan
        if not low < following < high:
            following = 0.5 * (low + high) if np.isfinite(low + high) else x - np.sign(value) * step
            step *= 2
        if following == x:
            break
        x = following
    return x, value, slope, count


def _dataset(name: str, value: float, error: float, status: Status, units: str, **attrs: float) -> xr.Dataset:
    number = {name: ((), value, {"units": units}), "error": ((), error, {"units": units}), "status": ((), str(status))}
    return xr.Dataset(number, attrs=attrs)
