"""Local regression of a resistive transition, and where it crosses a level, with a statistical uncertainty.

The curve R(x) is fitted around each point by a cubic over its nearest neighbours with tricube weights (W. S. Cleveland,
J. Am. Stat. Assoc. 74, 829 (1979)). How many neighbours: the number that predicts left-out points of the transition
best *with a straight line* (the largest within half a standard error of the best); the fit then uses the cubic over the
same neighbours, so that the smoothing bias stays small against sigma (robust bias correction, S. Calonico,
M. D. Cattaneo, M. H. Farrell, J. Am. Stat. Assoc. 113, 767 (2018)). A transition with fewer than five points in the
middle half of its rise, and little noise, is interpolated by monotone cubics (PCHIP) instead; sigma then holds
gap/sqrt(12) times the cube of the share of the rise that falls into one gap. Sigma holds the bias too: what the fifth
order, or other interpolations, give differently. The window suits the steep part; where the curve is gentle it wiggles,
and a crossing then prefers a steep wiggle: sigma is the standard deviation of x(R) for a normal R, not the error of R
over the derivative there (three-point Gauss-Hermite rule, M. Abramowitz, I. A. Stegun, Handbook of Mathematical
Functions (1964), 25.4.46).

The noise is sigma_R^2 + (dR/dx)^2 sigma_x^2; both parts come from the residuals, since the reading of x scatters too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import Akima1DInterpolator, CubicSpline, PchipInterpolator
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput, Status, non_negative, whole
from spinvalley.experiment.local_fit import (
    FEWEST,
    SMALLEST_WINDOW,
    best_window,
    fit_all,
    local_rows,
    most_scatter,
    noise,
    plateau_noise,
    unevenness,
)

__all__ = ["Crossing", "Curve", "crossing", "smooth"]

Level: TypeAlias = Callable[[Floats], Floats]
"""A level in Ohm at each of x, arrays of one shape."""

_LONGEST: Final = 2000  # points; longer curves are averaged in blocks of neighbours
_ORDER: Final = 3
_CHANCE: Final = 2.0  # variances of a difference of orders that pass for noise
_BAND: Final = 3.0  # errors of R by which a curve is clear of the level
_GRID: Final = 65  # places at which it is followed to there
_SPIKE: Final = 6.0  # sigma outside its neighbours' range
_SIGNIFICANT: Final = 3.0  # sigma by which a curve must pass a level on either side


@dataclass(frozen=True, eq=False)
class Curve:
    """A smoothed curve; made by `smooth`.

    Attributes:
        x: abscissae, rising, (n,).
        R: what was measured there, without spikes, (n,), Ohm.
        fit: the local cubic at x, or R where interpolated, (n,), Ohm.
        slope: its derivative, (n,), Ohm per unit of x.
        variance: noise variance of each R, (n,), Ohm^2; holds the scatter of x.
        window: number of neighbours in each local fit; 0: interpolated.
        sigma_R: noise of one R, Ohm, away from the transition.
        sigma_x: scatter of one x.
        spikes: number of points left out as spikes.
    """

    x: Floats
    R: Floats
    fit: Floats
    slope: Floats
    variance: Floats
    window: int
    sigma_R: float
    sigma_x: float
    spikes: int

    def at(self, x: float) -> tuple[float, float, float]:
        """Value, derivative, and standard error of the value at x."""
        if self.window == 0:
            return self._interpolated(x)
        rows, taken = local_rows(self.x, np.array([x]), self.window, _ORDER)
        value, slope = (float(row @ self.R[taken[0]]) for row in rows[0, :2])
        return value, slope, float(np.sqrt(rows[0, 0] ** 2 @ self.variance[taken[0]]))

    def values(self, x: Floats) -> Floats:
        """Values at x, (m,)."""
        if self.window == 0:
            return np.asarray(PchipInterpolator(self.x, self.R)(x))
        rows, taken = local_rows(self.x, x, self.window, _ORDER)
        return np.asarray(np.einsum("ik,ik->i", rows[:, 0], self.R[taken]))

    def bias(self, x: float) -> float:
        """What smoothing or interpolation may be wrong by at x, Ohm: the next order, or other ways, differ so much.

        What noise alone makes of that difference is taken off in squares.
        """
        if self.window == 0:
            ways = [way(self.x, self.R)(x) for way in (PchipInterpolator, CubicSpline, Akima1DInterpolator)]
            difference, chance = float(np.ptp(ways)), self._interpolated(x)[2] ** 2
        else:
            at = np.array([x])
            (cubic, taken), (higher, _) = (local_rows(self.x, at, self.window, order) for order in (_ORDER, _ORDER + 2))
            row = higher[0, 0] - cubic[0, 0]
            difference, chance = float(row @ self.R[taken[0]]), float(row**2 @ self.variance[taken[0]])
        return float(np.sqrt(max(difference**2 - _CHANCE * chance, 0.0)))

    def _interpolated(self, x: float) -> tuple[float, float, float]:
        curve = PchipInterpolator(self.x, self.R)
        i = int(np.clip(np.searchsorted(self.x, x) - 1, 0, self.x.size - 2))
        gap = self.x[i + 1] - self.x[i]
        share = (x - self.x[i]) / gap
        error = np.sqrt((1 - share) ** 2 * self.variance[i] + share**2 * self.variance[i + 1])
        return float(curve(x)), float(curve(x, 1)), float(error)


@dataclass(frozen=True)
class Crossing:
    """Where a curve rises through a level; made by `crossing`.

    Attributes:
        x: the crossing; NaN if there is none.
        sigma: standard error of x: noise over slope, the level's own error, resolution.
        sigma_level: the part of it that comes from the level.
        slope: of R minus level there, the mean over its errors.
        status: "converged"; "not converged" if the curve does not leave the level by three sigma on both sides, or if
            another crossing is as good; "normal" if all lies above the level; "beyond range" if all lies below;
            "failed" with too few points.
        others: the other crossings, in either sense.
        sigma_R: noise of one R, Ohm.
    """

    x: float
    sigma: float
    sigma_level: float
    slope: float
    status: Status
    others: tuple[float, ...] = ()
    sigma_R: float = np.nan


def smooth(x: Floats, R: Floats, *, sigma: Floats | None = None, window: int | None = None) -> Curve:
    """Smooth a curve by local cubics, or by monotone interpolation where the transition has too few points.

    Points with NaN are dropped, equal x averaged. A spike is a point that lies outside the range of its six neighbours
    (the outermost of them on each side left out) by more than six times the noise: a monotone step never makes one.

    Args:
        x: temperature, field or angle, (n,), any order.
        R: resistance, (n,), Ohm.
        sigma: relative trust in the points, (n,), Ohm: their standard deviations up to a common factor.
        window: number of neighbours; chosen by leaving out one point if None.

    Returns:
        The `Curve`.

    Raises:
        InvalidInput: shapes differ, or fewer than 5 finite points at different x.
    """
    x, R, trust = _tidy(x, R, sigma)
    if x.size < FEWEST:
        raise InvalidInput(f"`R` must have at least {FEWEST} finite points at different x, but has {x.size}")
    kept = ~_spikes(R)
    x, R, trust, spikes = x[kept], R[kept], trust[kept], int((~kept).sum())
    size = best_window(x, R) if window is None else min(whole("window", window, SMALLEST_WINDOW), x.size)
    if size == 0:
        slope = np.gradient(R, x)
        quiet, scatter = plateau_noise(x, R), unevenness(x)
        return Curve(x, R, R, slope, (quiet * trust) ** 2 + (scatter * slope) ** 2, 0, quiet, scatter, spikes)
    fit, slope, residual = fit_all(x, R, size, _ORDER)
    sigma_R, sigma_x = noise(residual / trust, slope / trust, most_scatter(x))
    variance = (sigma_R * trust) ** 2 + (sigma_x * slope) ** 2
    return Curve(x, R, fit, slope, variance, size, sigma_R, sigma_x, spikes)


def crossing(
    x: Floats | Curve,
    R: Floats | None,
    level: float | Level,
    *,
    level_sigma: float | Callable[[float], float] = 0.0,
    sigma: Floats | None = None,
    window: int | None = None,
    resolution: float = 0.0,
) -> Crossing:
    """Where a curve rises through a level.

    Of several rising crossings the transition is the one that counts most: a crossing weighs as much as the curve goes
    below the level since the crossing before it, or above it until the next, whichever is less; of equals the last.
    Where noise alone makes several, half the distance to the farthest that is as good is added to sigma in squares.
    sigma^2 = (s^2 + b^2 + level_sigma^2)/slope^2 + resolution^2, with s the standard error of the local cubic, b its
    bias (the fifth order over the same points differs by it), and the mean slope of R minus level over the places
    where it is within sqrt(3) of these errors: the standard deviation of x that they make, also where the curve bends.

    Args:
        x: temperature, size of the field, or angle, (n,); or a `Curve`, and then R is None.
        R: resistance, (n,), Ohm.
        level: a number or a function of arrays x, Ohm.
        level_sigma: standard error of the level, or a function of the crossing that gives it, Ohm.
        sigma: relative trust in the points, see `smooth`.
        window: number of neighbours, see `smooth`.
        resolution: standard error of x common to all points, e.g. of the thermometer.

    Returns:
        The `Crossing`. Without one x is NaN and the status tells why: nothing is extrapolated.

    Raises:
        InvalidInput: shapes differ, negative error.

    Example:
        >>> B = np.linspace(0, 2, 41)
        >>> crossing(B, 10 / (1 + np.exp(-20 * (B - 0.8))), 5.0).x
        0.800
    """
    resolution = non_negative("resolution", resolution)
    known = level_sigma if callable(level_sigma) else non_negative("level_sigma", level_sigma)
    if isinstance(x, Curve):
        curve = x
    elif R is None or np.isfinite(axis_pair(x, R)).all(axis=0).sum() < FEWEST:
        return Crossing(np.nan, np.nan, np.nan, np.nan, Status.FAILED)
    else:
        curve = smooth(x, R, sigma=sigma, window=window)
    line = level if callable(level) else (lambda x: np.full(np.shape(x), level))
    excess = curve.fit - line(curve.x)
    found = _sign_changes(excess)
    rising = [(step, weight) for step, weight, up in found if up]
    if not rising:
        status = Status.NORMAL if np.median(excess) > 0 else Status.BEYOND_RANGE
        return Crossing(np.nan, np.nan, np.nan, np.nan, status, (), curve.sigma_R)
    best, weight = max(rising, key=lambda pair: (pair[1], pair[0]))
    others = tuple(_between(curve.x, excess, step) for step, _, _ in found if step != best)
    unclear = weight < _SIGNIFICANT * curve.sigma_R or any(w > 0.9 * weight for step, w in rising if step != best)
    status = Status.NOT_CONVERGED if unclear else Status.CONVERGED
    found_at = _refined(curve, _Levels(line, excess), best, (known, resolution), status, others)
    if weight >= _SIGNIFICANT * curve.sigma_R or len(rising) == 1:
        return found_at
    rivals = [_between(curve.x, excess, step) - found_at.x for step, w in rising if w > 0.5 * weight]
    return replace(found_at, sigma=float(np.hypot(found_at.sigma, 0.5 * np.max(np.abs(rivals)))))


def axis_pair(x: Floats, R: Floats) -> Floats:
    """Two arrays of one shape (n,) as (2, n), or one sentence."""
    x, R = np.asarray(x, dtype=float), np.asarray(R, dtype=float)
    if x.ndim != 1 or x.shape != R.shape:
        raise InvalidInput(f"`R` must have the shape of `x`, {x.shape}, but has shape {R.shape}")
    return np.array([x, R])


@dataclass(frozen=True, eq=False)
class _Levels:
    """The level as a function, and by how much the curve exceeds it at its points (n,)."""

    line: Level
    excess: Floats

    def at(self, x: float) -> float:
        return float(self.line(np.asarray(x)))


def _refined(
    curve: Curve,
    levels: _Levels,
    step: int,
    errors: tuple[float | Callable[[float], float], float],
    status: Status,
    others: tuple[float, ...],
) -> Crossing:
    left, right = float(curve.x[step]), float(curve.x[step + 1])
    gap = right - left
    x = float(
        brentq(lambda point: curve.at(point)[0] - levels.at(point), left, right, xtol=1e-12 * max(abs(right), gap))
    )
    _, slope, error = curve.at(x)
    slope -= (levels.at(x + 0.01 * gap) - levels.at(x - 0.01 * gap)) / (0.02 * gap)
    slope = max(slope, 0.5 * float(levels.excess[step + 1] - levels.excess[step]) / gap)
    level_sigma, resolution = errors[0](x) if callable(errors[0]) else errors[0], errors[1]
    jump = (curve.fit[step + 1] - curve.fit[step]) / np.ptp(curve.fit)
    unseen = gap * jump**3 / np.sqrt(12) if curve.window == 0 else 0.0
    total = float(np.sqrt(error**2 + curve.bias(x) ** 2 + level_sigma**2))
    slope = _wide_slope(curve, levels, x, total) if total > 0 else slope
    sigma = float(np.sqrt((total / slope) ** 2 + resolution**2 + unseen**2))
    return Crossing(x, sigma, level_sigma / slope, slope, status, others, curve.sigma_R)


def _wide_slope(curve: Curve, levels: _Levels, x: float, error: float) -> float:
    """Error of R over the standard deviation of x that it makes: the slope of R minus level of a straight curve.

    The standard deviation of x(R) for a normal R is that of the three-point Gauss-Hermite rule: its points are R and
    R +- sqrt(3) errors, with weights 2/3, 1/6 and 1/6. A curve that wiggles with its noise comes back: it is followed
    until it is clear of the level by three errors, and the farthest place counts.
    """
    below, above = (curve.x < x) & (levels.excess < -_BAND * error), (curve.x > x) & (levels.excess > _BAND * error)
    ends = curve.x[below][-1] if below.any() else curve.x[0], curve.x[above][0] if above.any() else curve.x[-1]
    squares = 0.0
    for sign, end in zip((-1, 1), ends, strict=True):
        at = np.linspace(x, end, _GRID)
        beyond = sign * (curve.values(at) - levels.line(at)) - np.sqrt(3) * error
        i = int(np.flatnonzero(beyond <= 0)[-1])
        more = beyond[i] / (beyond[i] - beyond[i + 1]) if i < _GRID - 1 else 0.0
        squares += (float(at[i] - x) + more * float(at[1] - at[0])) ** 2
    return error * float(np.sqrt(6 / squares))


def _tidy(x: Floats, R: Floats, sigma: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Finite points in the order of x, equal x averaged, long curves averaged in blocks; trust has median 1."""
    x, R = axis_pair(x, R)
    trust = np.ones_like(x) if sigma is None else axis_pair(x, sigma)[1]
    trust = np.where(np.isfinite(trust) & (trust > 0), trust, np.nan)
    middle = np.nanmedian(trust) if np.isfinite(trust).any() else 1.0
    trust = np.clip(np.nan_to_num(trust / middle, nan=1.0), 0.2, 20.0)
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(R))
    good = good[np.argsort(x[good], kind="stable")]
    x, R, trust = x[good], R[good], trust[good]
    if x.size == 0:
        return x, R, trust
    block = np.arange(x.size) // -(-x.size // _LONGEST)
    apart = (np.diff(x) > 1e-12 * np.ptp(x)) & ((np.diff(block) > 0) | (x.size <= _LONGEST))
    new = np.concatenate([[True], apart])
    group = np.cumsum(new) - 1
    count = np.bincount(group, trust**-2)
    return (
        np.bincount(group, x * trust**-2) / count,
        np.bincount(group, R * trust**-2) / count,
        np.sqrt(1 / count),
    )


def _spikes(R: Floats) -> NDArray[np.bool_]:
    """Which points stick out of the range of their six neighbours."""
    spikes = np.zeros(R.size, dtype=bool)
    if R.size < 9:
        return spikes
    middle = R[1:-1] - 0.5 * (R[:-2] + R[2:])
    noise = float(np.median(np.abs(middle))) / 0.6745 / np.sqrt(1.5)
    near = np.lib.stride_tricks.sliding_window_view(R, 7)
    others = np.sort(np.delete(near, 3, axis=1), axis=1)
    beyond = np.maximum(near[:, 3] - others[:, -2], others[:, 1] - near[:, 3])
    spikes[3:-3] = beyond > _SPIKE * noise + 1e-12 * np.ptp(R)
    return spikes


def _sign_changes(excess: Floats) -> list[tuple[int, float, bool]]:
    """Steps i, i+1 over which the curve passes the level: (i, weight, whether it rises)."""
    above = excess > 0
    steps = np.flatnonzero(above[1:] != above[:-1])
    edges = [0, *(steps + 1), excess.size]
    depth = [float(np.max(np.abs(excess[a:b]))) for a, b in pairwise(edges)]
    return [(int(step), min(depth[i], depth[i + 1]), bool(above[step + 1])) for i, step in enumerate(steps)]


def _between(x: Floats, excess: Floats, step: int) -> float:
    share = excess[step] / (excess[step] - excess[step + 1])
    return float(x[step] + share * (x[step + 1] - x[step]))
