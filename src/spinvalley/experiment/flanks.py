"""One resistive flank of a sweep: its criterion levels and where the curve passes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, Status, instance, real, tolerance
from spinvalley.experiment.dips import dips
from spinvalley.experiment.local_fit import FEWEST
from spinvalley.experiment.normal_resistance import NormalResistance
from spinvalley.experiment.regression import Crossing, Curve, crossing, smooth
from spinvalley.experiment.sweeps import Sweep

__all__ = ["Criterion", "Flank", "Offset", "Side", "criterion_name", "flanks", "offset_of", "sides", "valid_criterion"]

Criterion: TypeAlias = float | str
"""A fraction of R_N between 0 and 1, "onset", or "zero"."""

_ONSET: Final = 0.05  # of R_N below it
_ZERO: Final = 0.01  # of R_N above the offset
_CLEAR: Final = 3.0  # noises, where they are more
_LOW: Final = 0.05  # share of the range that tells the offset
_DEEP: Final = 0.1  # of R_N: an offset is smaller
_SIGNIFICANT: Final = 3.0  # standard errors of an offset that counts
_TINY: Final = 1e-4  # of R_N: a smaller offset does not
_QUARTER: Final = 90.0  # degrees


@dataclass(frozen=True)
class Offset:
    """Resistance in the superconducting state.

    Attributes:
        value: Ohm; NaN where the sweep does not show it.
        sigma: its standard error, Ohm.
        taken_off: whether criteria count from it instead of from zero.
    """

    value: float = np.nan
    sigma: float = 0.0
    taken_off: bool = False

    def shift(self, criterion: Criterion, normal: float, slopes: Sequence[float]) -> float:
        """By how much the crossing would move if the offset were subtracted; 0 if it is, or is not significant.

        Args:
            criterion: of the crossing.
            normal: R_N, Ohm.
            slopes: of R at the crossings, Ohm per unit; the mean over them is given, NaN without one.
        """
        if not len(slopes):
            return np.nan
        significant = abs(self.value) > max(_SIGNIFICANT * self.sigma, _TINY * normal)
        if self.taken_off or criterion == "zero" or not significant:
            return 0.0
        share = 1 - _ONSET if isinstance(criterion, str) else criterion
        return float(np.mean([(1 - share) * self.value / slope for slope in slopes]))


@dataclass(frozen=True, eq=False)
class Side:
    """Part of a sweep over which R rises out of the superconducting state.

    Attributes:
        sign: +1 or -1: x = sign * (the swept quantity), so that R rises with x.
        x: abscissae, (n,).
        R: resistance, (n,), Ohm.
        sigma: standard deviations of R, (n,), or None.
    """

    sign: int
    x: Floats
    R: Floats
    sigma: Floats | None


@dataclass(frozen=True)
class Flank:
    """The crossing of one side; `x` of the crossing is in the sense of the side."""

    side: Side
    crossing: Crossing


@dataclass(frozen=True, eq=False)
class _Axis:
    """What x of a side means: `sign` times the swept quantity of a sweep."""

    sweep: Sweep
    sign: int

    def place(self, x: ArrayLike) -> tuple[Floats, Floats]:
        """Temperatures and fields at x of the side, of its shape; what is not known counts as 0."""
        s, at = self.sweep, np.asarray(x, dtype=float)
        T = at if s.kind == "temperature" else s.T_along(self.sign * at)
        B = at if s.kind == "field" else np.full(at.shape, s.B)
        return np.nan_to_num(T), np.nan_to_num(B)


def valid_criterion(criterion: Any) -> Criterion:
    """The criterion, or one sentence."""
    if isinstance(criterion, str):
        if criterion not in ("onset", "zero"):
            raise InvalidInput(f'`criterion` must be "onset", "zero", or between 0 and 1, but is {criterion!r}')
        return criterion
    return tolerance("criterion", criterion)


def criterion_name(criterion: Criterion) -> str:
    """How a sentence calls it: "50 % of R_N", "the onset"."""
    return f"the {criterion}" if isinstance(criterion, str) else f"{100 * criterion:g} % of R_N"


def sides(sweep: Sweep) -> list[Side]:
    """The rising sides of a sweep: both signs of the field, the temperature, or both flanks of each dip in angle.

    A side needs 5 points and half the reach of the longest; a flank in angle ends 90 degrees from its dip.
    """
    if sweep.kind == "temperature":
        return [Side(1, sweep.x, sweep.R, sweep.sigma)]
    instance("sweep", sweep, Sweep, "one of `Run.sweeps()`")
    starts, length = ([0.0], np.inf) if sweep.kind == "field" else (dips(sweep), _QUARTER)
    pairs = [(start, _half(sweep, sign, start, length)) for start in starts for sign in (1, -1)]
    reach = [np.nanmax(np.abs(part.x - part.sign * start), initial=0.0) for start, part in pairs]
    kept = [
        part
        for (_, part), far in zip(pairs, reach, strict=True)
        if np.isfinite(part.R).sum() >= FEWEST and far >= 0.5 * max(reach)
    ]
    return kept or [max((part for _, part in pairs), key=lambda part: part.x.size)]


def offset_of(sweep: Sweep, normal: NormalResistance, choice: str | float) -> Offset:
    """Resistance of the superconducting state: the median over the lowest 5 % of |x| if that is below R_N/10.

    Args:
        sweep: a sweep of field or temperature; an angle sweep shows no offset.
        normal: its R_N.
        choice: "report", "subtract", or a number in Ohm to be subtracted.
    """
    if not isinstance(choice, str):
        return Offset(real("offset", choice), 0.0, True)
    if choice not in ("report", "subtract"):
        raise InvalidInput(f'`offset` must be "report", "subtract", or Ohm, but is {choice!r}')
    size, good = np.abs(sweep.x), np.isfinite(sweep.R) & np.isfinite(sweep.x)
    if sweep.kind == "angle" or good.sum() < FEWEST:
        return Offset()
    size, R = size[good], sweep.R[good]
    low = size <= size.min() + _LOW * np.ptp(size)
    low[np.argsort(size)[:3]] = True
    value = float(np.median(R[low]))
    if not abs(value) <= _DEEP * normal.value:
        return Offset()
    scatter = float(np.median(np.abs(R[low] - value))) / 0.6745
    return Offset(value, scatter * float(np.sqrt(np.pi / 2 / low.sum())), choice == "subtract")


def flanks(sweep: Sweep, normal: NormalResistance, offset: Offset, criteria: Sequence[Criterion]) -> list[list[Flank]]:
    """Each side's crossing of each criterion, [side][criterion]."""
    found = []
    for side in sides(sweep):
        usable = np.unique(side.x[np.isfinite(side.x) & np.isfinite(side.R)]).size >= FEWEST
        curve = smooth(side.x, side.R, sigma=side.sigma) if usable else None
        found.append([Flank(side, _crossed(curve, _Axis(sweep, side.sign), normal, offset, c)) for c in criteria])
    return found


def _crossed(
    curve: Curve | None, axis: _Axis, normal: NormalResistance, offset: Offset, criterion: Criterion
) -> Crossing:
    if curve is None or np.isnan(normal.value):
        return Crossing(np.nan, np.nan, np.nan, np.nan, Status.FAILED)
    line, share = _level(axis, normal, offset, criterion, curve.sigma_R)
    sigma_0 = offset.sigma if offset.taken_off or criterion == "zero" else 0.0

    def error(x: float) -> float:
        return float(np.hypot(share * normal.error(*axis.place(x)), (1 - share) * sigma_0))

    return crossing(curve, None, line, level_sigma=error)


def _level(
    axis: _Axis, normal: NormalResistance, offset: Offset, criterion: Criterion, noise: float
) -> tuple[Callable[[Floats], Floats], float]:
    """The level in Ohm as a function of the side's x, and its derivative by R_N."""
    taken = offset.taken_off or (criterion == "zero" and np.isfinite(offset.value))
    base = offset.value if taken and np.isfinite(offset.value) else 0.0

    def rise(x: Floats) -> Floats:
        return np.asarray(normal(*axis.place(x)) - base)

    if criterion == "onset":
        return (lambda x: base + rise(x) - np.maximum(_ONSET * rise(x), _CLEAR * noise)), 1 - _ONSET
    if criterion == "zero":
        return (lambda x: base + np.maximum(_ZERO * rise(x), _CLEAR * noise)), _ZERO
    fraction = float(criterion)
    return (lambda x: base + fraction * rise(x)), fraction


def _half(sweep: Sweep, sign: int, start: float, length: float) -> Side:
    away = sign * (sweep.x - start)
    chosen = (away >= 0) & (away <= length)
    sigma = None if sweep.sigma is None else sweep.sigma[chosen]
    return Side(sign, sign * sweep.x[chosen], sweep.R[chosen], sigma)
