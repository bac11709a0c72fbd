"""Critical fields put together into lines: Hc2(T) in one direction, or Hc2(theta) at one temperature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from spinvalley.checks import Status
from spinvalley.reports.measured import Measured, rows

_NEAR: Final = 1.0  # degrees from a main direction
_SAME_T: Final = 0.01  # relative: one temperature of an angular line
_SAME_ANGLE: Final = 0.1  # degrees
_ZERO_FIELD: Final = 2e-3  # T
_FEWEST: Final = 3
_LEAST: Final = 1e-4  # of B: resolution of a field that is held


@dataclass(frozen=True, eq=False)
class Line:
    """Points that one formula may describe.

    Args:
        channel: resistance channel or device.
        orientation: "perpendicular", "parallel" (to the layers), "unknown", "angle" (swept), or an angle "45 degrees".
        table: DataFrame with T or theta, B, sigma_B, and sigma_T or sigma_theta.
        variable: "T" or "theta".
        T: held temperature in K (of an angular line).
        tc: measured critical temperature at B = 0 in K, with its standard error; None without.
        sources: files.
    """

    channel: str
    orientation: str
    table: pd.DataFrame
    variable: str = "T"
    T: float = float("nan")
    tc: tuple[float, float] | None = None
    sources: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How the report calls it."""
        if self.variable == "theta":
            return f"{self.channel}, Hc2 against angle at {self.T:.3g} K"
        where = "field direction unknown" if self.orientation == "unknown" else f"field {self.orientation}"
        return f"{self.channel}, {where}"

    @property
    def fits(self) -> bool:
        """Whether there are points enough to be fitted at all."""
        return bool(self.table[self.variable].nunique() >= _FEWEST)


def orientation(theta: float) -> str:
    """Name of a direction, theta in degrees from the c axis.

    >>> orientation(89.8), orientation(45.0), orientation(float("nan"))
    ('parallel', '45 degrees', 'unknown')
    """
    if not np.isfinite(theta):
        return "unknown"
    away = abs((theta + 90.0) % 180.0 - 90.0)
    return "perpendicular" if away <= _NEAR else "parallel" if away >= 90.0 - _NEAR else f"{theta:.3g} degrees"


def lines(measured: Sequence[Measured], criterion: str) -> tuple[Line, ...]:
    """Every line of some files, which are taken to be of one sample: equal channels and directions are one line.

    Of several angles within a degree of a main direction the nearest one is that direction: the cusp of a thin film is
    narrower than a degree. Points that only an angular line holds together are in that line alone.
    """
    points = _aligned([row for one in measured for row in _points(one, criterion)])
    angular = _angular(measured)
    swept = {line.channel for line in angular}
    found = []
    tcs = {channel: _tc(measured, channel, criterion) for channel in dict.fromkeys(row["channel"] for row in points)}
    for channel, where in dict.fromkeys((row["channel"], row["orientation"]) for row in points):
        mine = [row for row in points if (row["channel"], row["orientation"]) == (channel, where)]
        table = pd.DataFrame(mine)[["T", "B", "sigma_B", "sigma_T"]].drop_duplicates(["T", "B"]).sort_values("T")
        sources = tuple(dict.fromkeys(row["source"] for row in mine))
        line = Line(channel, where, table.reset_index(drop=True), tc=tcs[channel], sources=sources)
        if line.fits or channel not in swept:
            found.append(line)
    return (*found, *angular)


def _aligned(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points with the name of their direction."""
    nearest: dict[tuple[str, str], float] = {}
    for row in points:
        key = (row["channel"], orientation(row["theta"]))
        nearest[key] = min(nearest.get(key, np.inf), _away(row["theta"]))
    out = []
    for row in points:
        name = orientation(row["theta"])
        main = name in ("perpendicular", "parallel", "unknown")
        off = main and _away(row["theta"]) > nearest[row["channel"], name] + _SAME_ANGLE
        out.append(row | {"orientation": f"{row['theta']:.4g} degrees" if off else name})
    return out


def _away(theta: float) -> float:
    """Degrees from the nearer main direction; 0 where the angle is unknown."""
    away = abs((theta + 90.0) % 180.0 - 90.0)
    return float(min(away, 90.0 - away)) if np.isfinite(theta) else 0.0


def tc_of(measured: Iterable[Measured], criterion: str) -> list[dict[str, Any]]:
    """Tc at B = 0 of each channel at one criterion: value, sigma, number of sweeps."""
    every = list(measured)
    channels = dict.fromkeys(channel for one in every for channel in one.channels)
    found = {channel: _tc(every, channel, criterion) for channel in channels}
    return [{"channel": c, "criterion": criterion, "Tc": v[0], "sigma_Tc": v[1]} for c, v in found.items() if v]


def _points(one: Measured, criterion: str) -> list[dict[str, Any]]:
    """Points of field sweeps, and of temperature sweeps in a field."""
    found = []
    for row in [*rows(one.fields), *rows(one.temperatures)]:
        good = row["criterion"] == criterion and row["status"] == Status.CONVERGED
        if not good or row["B"] <= _ZERO_FIELD or not row["T"] > 0:
            continue
        sigma_B = max(row["sigma_B"], _LEAST * row["B"])
        found.append(
            {"T": row["T"], "sigma_T": row["sigma_T"], "B": row["B"], "sigma_B": sigma_B, "channel": row["channel"]}
            | {"theta": row["theta"], "source": one.name}
        )
    return found


def _tc(measured: Iterable[Measured], channel: str, criterion: str) -> tuple[float, float] | None:
    """Weighted mean of the crossings of R(T) at B = 0; its error is at least their half difference."""
    good = [
        (row["Tc"], row["sigma_Tc"])
        for one in measured
        for row in rows(one.temperatures)
        if (row["channel"], row["criterion"], row["status"]) == (channel, criterion, Status.CONVERGED)
        and abs(row["B"]) <= _ZERO_FIELD
    ]
    if not good:
        return None
    values, sigmas = np.array(good).T
    weight = 1 / np.maximum(sigmas, 1e-6 * values) ** 2
    scatter = float(np.ptp(values)) / 2 if len(values) > 1 else 0.0
    return float(values @ weight / weight.sum()), float(max(weight.sum() ** -0.5, scatter))


def _angular(measured: Sequence[Measured]) -> list[Line]:
    good = [
        row | {"source": one.name}
        for one in measured
        for row in rows(one.angles)
        if row["status"] == Status.CONVERGED and np.isfinite(row["theta"]) and row["B"] > 0
    ]
    found: list[Line] = []
    for channel in dict.fromkeys(row["channel"] for row in good):
        rest = sorted((row for row in good if row["channel"] == channel), key=lambda row: row["T"])
        while rest:
            T = rest[0]["T"]
            mine = [row for row in rest if row["T"] <= T * (1 + _SAME_T)]
            rest = rest[len(mine) :]
            if len({round(row["theta"], 2) for row in mine}) >= _FEWEST + 1:
                found.append(_angular_line(channel, mine))
    return found


def _angular_line(channel: str, mine: list[dict[str, Any]]) -> Line:
    table = pd.DataFrame(mine)[["theta", "B", "sigma_B", "sigma_theta"]].drop_duplicates(["theta", "B"])
    table["sigma_B"] = np.maximum(table.sigma_B, _LEAST * table.B)
    T = float(np.mean([row["T"] for row in mine]))
    sources = tuple(dict.fromkeys(row["source"] for row in mine))
    return Line(channel, "angle", table.sort_values("theta").reset_index(drop=True), "theta", T, sources=sources)
