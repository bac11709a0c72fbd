"""The normal-state resistance R_N that a criterion refers to, by a stated rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, stdtrit

from spinvalley.checks import Floats, InvalidInput, non_negative, positive, real, tolerance
from spinvalley.experiment.regression import axis_pair, smooth
from spinvalley.experiment.sweeps import Sweep

__all__ = ["Normal", "NormalResistance", "at_temperature", "given", "linear_background", "plateau"]

_FLAT: Final = 0.05  # relative rise over a plateau that is still one
_FEWEST: Final = 3
_WIDER: Final = (2, 3, 5, 7)  # times the plateau: how far down its slope is followed while it stays the same
_LEVEL: Final = 4.0  # standard errors by which a plateau may rise
_DRIFT: Final = 3.0  # standard errors by which a plateau's slope must differ from 0 to count
_SAME: Final = 2.0  # standard errors by which slopes may differ, or a line bend
_DRIFT_RULE: Final = "its slope times the distance to the crossing counts as an error"


@dataclass(frozen=True)
class NormalResistance:
    """R_N = value + slope (x - center), with x the temperature, the size of the field, or nothing.

    Attributes:
        value: R_N at `center`, Ohm.
        sigma: its standard error, Ohm.
        rule: how it was found, in words.
        axis: what it depends on: "T", "B", or "" for a constant.
        slope: Ohm per K or T.
        sigma_slope: its standard error, independent of `sigma` at `center`; of a plateau that is not level, its slope.
        center: K or T.
        flat: whether the plateau is one: it rises by less than 5 %, or than four standard errors.
        noise: scatter of one R, Ohm; NaN if unknown.
    """

    value: float
    sigma: float
    rule: str
    axis: Literal["", "T", "B"] = ""
    slope: float = 0.0
    sigma_slope: float = 0.0
    center: float = 0.0
    flat: bool = True
    noise: float = np.nan

    def __call__(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """R_N in Ohm at temperatures in K and fields in T, of the shape that the two give together."""
        return np.asarray(self.value + self.slope * self._distance(T, B))

    def error(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Standard error of R_N in Ohm."""
        return np.asarray(np.hypot(self.sigma, self.sigma_slope * self._distance(T, B)))

    def _distance(self, T: ArrayLike, B: ArrayLike) -> Floats:
        T, B = np.broadcast_arrays(np.asarray(T, dtype=float), np.abs(np.asarray(B, dtype=float)))
        x = {"T": T, "B": B, "": np.full(T.shape, self.center)}[self.axis]
        return np.asarray(x - self.center)


Normal: TypeAlias = str | float | NormalResistance | Callable[[Sweep], NormalResistance | float]
"""How R_N is chosen: "plateau", "linear", "15 K", Ohm, a result, or a function of a sweep that gives one of these."""


_AXES: Final[dict[str, Literal["", "T", "B"]]] = {"|B|": "B", "T": "T"}


def given(value: float, sigma: float = 0.0) -> NormalResistance:
    """A number in Ohm that the user knows.

    Raises:
        InvalidInput: `value` is not positive, or `sigma` is negative.
    """
    return NormalResistance(positive("normal", value), non_negative("sigma", sigma), f"{value:g} Ohm, given")


def plateau(x: Floats, R: Floats, fraction: float = 0.1, quantity: str = "|B|") -> NormalResistance:
    """The median of R over the top `fraction` of the range of x (at least 3 points).

    Its standard error is sqrt(pi/2) s/sqrt(m), with s the scatter of the m points about a line. If the line rises or
    falls by more than three standard errors (with few points by more, by Student's t), its slope times the distance
    from the plateau is added in squares: a criterion far below would meet another R_N. The slope is that of the widest
    top part that continues the plateau's.

    Args:
        x: field or temperature, (n,); the size of x counts.
        R: resistance, (n,), Ohm.
        fraction: share of the range of |x|, between 0 and 1.
        quantity: how the rule calls x.

    Raises:
        InvalidInput: fewer than 3 finite points, or a fraction outside 0..1.

    Example:
        >>> plateau(np.array([0., 1, 2, 3, 4]), np.array([0., 1, 2, 2, 2]), 0.5).value
        2.0
    """
    fraction = tolerance("fraction", fraction)
    x, R = _finite(np.abs(x), R)
    top = x >= x.max() - fraction * np.ptp(x)
    if top.sum() < _FEWEST:
        top = np.argsort(x)[-_FEWEST:]
    at, values = x[top], R[top]
    (_, slope), (_, sigma_slope), noise = _line(at, values)
    value, rise = float(np.median(values)), abs(slope) * float(np.ptp(at))
    flat = rise <= max(_FLAT * abs(value), _LEVEL * sigma_slope * float(np.ptp(at)))
    rule = f"median over the top {100 * fraction:g} % of {quantity}"
    sigma = float(np.sqrt(np.pi / 2) * noise / np.sqrt(values.size))
    axis = _AXES.get(quantity, "")
    drift = _drift(x, R, fraction) if axis else 0.0
    if drift == 0:
        return NormalResistance(value, sigma, rule, flat=flat, noise=noise)
    center = float(np.median(at))
    return NormalResistance(
        value, sigma, f"{rule}, {_DRIFT_RULE}", axis, sigma_slope=drift, center=center, flat=flat, noise=noise
    )


def at_temperature(sweeps: Sequence[Sweep], T: float, *, channel: str | None = None) -> NormalResistance:
    """R at one temperature, from the temperature sweep measured in the smallest field that passes it.

    Args:
        sweeps: temperature sweeps among others.
        T: temperature in K, e.g. 15 (the paper on gated MoS2 takes 50 % of the sheet resistance at 15 K).
        channel: its name; any if None.

    Raises:
        InvalidInput: no temperature sweep of that channel passes T.
    """
    T = positive("T", T)
    fit = [s for s in sweeps if s.kind == "temperature" and channel in (None, s.channel)]
    fit = [s for s in fit if np.nanmin(s.x) <= T <= np.nanmax(s.x)]
    if not fit:
        raise InvalidInput(f"`normal` must be a temperature that a temperature sweep passes, but none passes {T:g} K")
    lowest = min(fit, key=lambda s: abs(s.B) if np.isfinite(s.B) else 0.0)
    value, _, error = smooth(lowest.x, lowest.R, sigma=lowest.sigma).at(T)
    return NormalResistance(value, error, f"value at {T:g} K")


def linear_background(x: Floats, R: Floats, above: float, axis: Literal["T", "B"]) -> NormalResistance:
    """A straight line through the normal state above a temperature or a field.

    Args:
        x: temperature in K or field in T, (n,); the size of x counts.
        R: resistance, (n,), Ohm.
        above: where the normal state begins, K or T.
        axis: which of the two x is.

    Raises:
        InvalidInput: fewer than 3 finite points lie above.
    """
    x, R = _finite(np.abs(x), R)
    chosen = x >= real("above", above)
    if chosen.sum() < _FEWEST:
        raise InvalidInput(f"`above` must leave at least {_FEWEST} points, but {above:g} leaves {int(chosen.sum())}")
    (value, slope), (sigma, sigma_slope), noise = _line(x[chosen], R[chosen])
    center = float(x[chosen].mean())
    unit = {"T": "K", "B": "T"}[axis]
    rule = f"line through {axis} > {above:g} {unit}"
    return NormalResistance(value, sigma, rule, axis, slope, sigma_slope, center, noise=noise)


def _drift(x: Floats, R: Floats, fraction: float) -> float:
    """Size of the slope of the widest straight top part whose slope is the plateau's; 0 if it does not differ from 0.

    A part that bends reaches down into the transition, whose slope is not that of the normal state.
    """
    slope, error, points = 0.0, np.inf, 2 * _FEWEST
    for factor in (1, *_WIDER):
        top = x >= x.max() - min(factor * fraction, 1.0) * np.ptp(x)
        if top.sum() < 2 * _FEWEST:
            continue
        (_, wider), (_, wider_error), _ = _line(x[top], R[top])
        changed = np.isfinite(error) and abs(wider - slope) > _SAME * np.hypot(error, wider_error)
        if changed or abs(_bend(x[top], R[top])) > _SAME:
            break
        slope, error, points = wider, wider_error, int(top.sum())
    # as rare as _DRIFT standard errors of a normal distribution are: of few points the error itself is not well known
    return abs(slope) if abs(slope) > stdtrit(points - 2, ndtr(_DRIFT)) * error else 0.0


def _bend(x: Floats, R: Floats) -> float:
    """The curvature of R in units of its standard error; 0 where too few points tell."""
    if np.unique(x).size < 2 * _FEWEST:
        return 0.0
    at = (x - x.mean()) / np.ptp(x)
    powers = np.vander(at, 3)
    (square, *_), *_ = coefficients = np.linalg.lstsq(powers, R)
    spread = np.sqrt(
        np.sum((R - powers @ coefficients[0]) ** 2) / (x.size - 3) * np.linalg.inv(powers.T @ powers)[0, 0]
    )
    return float(square / spread) if spread > 0 else 0.0


def _finite(x: Floats, R: Floats) -> tuple[Floats, Floats]:
    x, R = axis_pair(x, R)
    good = np.isfinite(x) & np.isfinite(R)
    if good.sum() < _FEWEST:
        raise InvalidInput(f"`R` must have at least {_FEWEST} finite points, but has {int(good.sum())}")
    return x[good], R[good]


def _line(x: Floats, y: Floats) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Value at the mean of x and slope, their standard errors, and the scatter, spikes left out."""
    keep = np.ones(x.size, dtype=bool)
    for _ in range(3):
        middle = x[keep].mean()
        spread = float(np.sum((x[keep] - middle) ** 2))
        slope = float((x[keep] - middle) @ y[keep] / spread) if spread > 0 else 0.0
        value = float(y[keep].mean())
        residual = y - value - slope * (x - middle)
        scale = float(np.median(np.abs(residual[keep]))) / 0.6745
        clean = np.abs(residual) <= 5 * scale
        if scale == 0 or clean.sum() < _FEWEST or np.array_equal(clean, keep):
            break
        keep = clean
    count = int(keep.sum())
    noise = float(np.sqrt(np.sum(residual[keep] ** 2) / max(count - 2, 1)))
    sigma_slope = noise / np.sqrt(spread) if spread > 0 else 0.0
    return (value, slope), (noise / np.sqrt(count), float(sigma_slope)), noise
