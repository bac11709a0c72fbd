"""The resistance that is left in the superconducting state."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from spinvalley.checks import Floats
from spinvalley.experiment.segments import Measured

__all__ = ["offsets"]

_DEEP: Final = 0.05


def offsets(run: Measured) -> xr.Dataset:
    """The resistance that is left in the superconducting state: what an amplifier adds, or a residue.

    The points of each channel below 5 % of its large values (the 95 % quantile) are taken as superconducting, and of
    those the half that lies closest together, so that the foot of the transition does not count.

    Returns:
        offset (channel), their median in Ohm, spread, their standard deviation, points (how many are below 5 %), and
        status: "offset" where the median is negative or less than three spreads above zero, "residual" where it is
        above, "none" where fewer than 8 points are that low, "changes sign" for a Hall channel; NaN in the last two.
    """
    R = run.data.R
    values, spreads, counts, states = [], [], [], []
    for name in R.channel.values:
        row = R.sel(channel=name).values
        row = row[np.isfinite(row)]
        large = float(np.quantile(np.abs(row), 0.95)) if row.size else np.nan
        deep = row[row < _DEEP * large]
        points = int(deep.size)
        state = "none" if points < 8 else "changes sign" if np.quantile(deep, 0.05) < -0.5 * large else ""
        deep = deep if state else _densest_half(deep)
        median = float(np.median(deep)) if not state else np.nan
        spread = float(np.std(deep)) if not state else np.nan
        values.append(median)
        spreads.append(spread)
        counts.append(points)
        states.append(state or ("offset" if median <= 3 * spread else "residual"))
    unit = {"units": R.attrs.get("units", "Ohm")}
    return xr.Dataset(
        {
            "offset": ("channel", values, unit),
            "spread": ("channel", spreads, unit),
            "points": ("channel", counts),
            "status": ("channel", states),
        },
        coords={"channel": R.channel.values},
    )


def _densest_half(values: Floats) -> Floats:
    """The half of the values that lies within the shortest interval: the plateau without the foot of the transition."""
    ordered = np.sort(values)
    half = (len(ordered) + 1) // 2
    start = int(np.argmin(ordered[half - 1 :] - ordered[: len(ordered) - half + 1]))
    return np.asarray(ordered[start : start + half])
