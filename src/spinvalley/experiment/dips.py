"""Dips of the resistance over an angle sweep: they come back every 180 degrees."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinvalley.checks import Floats
from spinvalley.experiment.local_fit import FEWEST
from spinvalley.experiment.regression import smooth
from spinvalley.experiment.sweeps import Sweep

__all__ = ["dips", "distance_from_dip"]

_TURN: Final = 180.0
_NEAR: Final = 45.0  # degrees around an expected dip in which it is looked for
_LOW: Final = 0.02  # of the range of R: what counts as the bottom of a dip
_NOISES: Final = 3.0


def dips(sweep: Sweep) -> list[float]:
    """Angles in degrees of the lowest resistance, and of those that lie 180 degrees from it, rising.

    Args:
        sweep: an angle sweep.
    """
    good = np.isfinite(sweep.x) & np.isfinite(sweep.R)
    x = sweep.x[good]
    if np.unique(x).size < FEWEST:
        return [float(np.median(x))] if good.any() else [0.0]
    curve = smooth(x, sweep.R[good])
    bottom = float(curve.fit.min()) + max(_NOISES * curve.sigma_R, _LOW * float(np.ptp(curve.fit)))
    first = _bottom(curve.x, curve.fit, bottom, float(curve.x[np.argmin(curve.fit)]))
    turns = np.arange(np.ceil((curve.x[0] - first) / _TURN), np.floor((curve.x[-1] - first) / _TURN) + 1)
    return [first if turn == 0 else _bottom(curve.x, curve.fit, bottom, first + _TURN * turn) for turn in turns]


def distance_from_dip(sweep: Sweep) -> Floats:
    """Degrees from each angle of a sweep to its nearest dip, (n,), 90 at most for a whole turn."""
    return np.asarray(np.abs(sweep.x[:, None] - np.array(dips(sweep))).min(axis=1))


def _bottom(x: Floats, fit: Floats, bottom: float, center: float) -> float:
    """Middle of the lowest part around an angle; the angle itself if the curve is not low there."""
    low = (np.abs(x - center) <= _NEAR) & (fit <= bottom)
    return float((x[low].min() + x[low].max()) / 2) if low.any() else center
