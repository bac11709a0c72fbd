"""The loss soft_l1 as a likelihood: how much it tells, how wide the points scatter, which of them are outliers.

An estimate by a loss rho of residuals r has the variance B/A^2 of one by least squares, with A = <rho''>/2 and
B = <(rho'/2)^2>. The loss times A/B at r of unit variance has the rise that an interval needs: that of chi^2.

Source: P. J. Huber, doi:10.1214/aoms/1177703732 (M-estimators and their variance).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from spinvalley.checks import Floats

__all__ = ["GAIN", "gain", "outliers", "sharpness", "spread", "weights"]

_FAR: Final = 4.0  # standard deviations
_MOST: Final = 0.2  # of the points
_REACH, _NODES, _TINY = 9.0, 2001, 1e-9
_MEDIAN: Final = 0.6744897501960817  # of the size of a normal number of unit variance


def weights(r: Floats) -> Floats:
    """How much a residual counts against least squares, rho'(r)/(2 r)."""
    return np.asarray(1 / np.sqrt(1 + r**2))


def sharpness(s: float) -> float:
    """Mean of rho''/2 over residuals of standard deviation s."""
    return _mean(s, lambda r: (1 + r**2) ** -1.5)


def gain(s: float) -> float:
    """A/B for residuals of standard deviation s: 1/s^2 for small ones, as in least squares."""
    s = max(s, _TINY)
    return sharpness(s) / _mean(s, lambda r: r**2 / (1 + r**2))


def spread(residuals: Floats, freedom: int) -> float:
    """Standard deviation of most residuals (N,), from the median size of the `freedom` largest."""
    largest = np.sort(np.abs(residuals))[-max(min(freedom, residuals.size), 1) :]
    return float(np.median(largest) / _MEDIAN)


def outliers(residuals: Floats) -> int:
    """Residuals (N,) beyond 4 standard deviations if at most a fifth are, else 0: then the curve is wrong."""
    count = int(np.sum(np.abs(residuals) > _FAR))
    return count if count <= _MOST * residuals.size else 0


def _mean(s: float, function: Callable[[Floats], Floats]) -> float:
    """Mean over a normal distribution of standard deviation s, on nodes that are dense where the loss bends."""
    end = np.arcsinh(_REACH * s)
    u = np.linspace(-end, end, _NODES)
    r = np.sinh(u)
    density = np.exp(-0.5 * (r / s) ** 2) * np.cosh(u)
    return float(np.sum(density * function(r)) / np.sum(density))


GAIN: Final = gain(1.0)
