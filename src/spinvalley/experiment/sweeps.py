"""One sweep: resistance against temperature, field or angle while the other two are held; repeats made into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, positive

Kind = Literal["temperature", "field", "angle"]

_PARTS: Final = 8  # of a sweep whose mean temperatures tell a bend
_BENT: Final = 2.8  # variance ratio that noise reaches in one of 100 sweeps


@dataclass(frozen=True, eq=False)
class Sweep:
    """One monotone branch of a measurement.

    Args:
        kind: what is swept: "temperature", "field" or "angle".
        x: the swept quantity in the order of measurement, (n,), K, T or degrees (theta from the c axis).
        R: resistance, (n,), Ohm.
        T: mean temperature in K (NaN if swept).
        B: mean field in T, with its sign (NaN if swept).
        theta: mean angle between field and c axis in degrees (NaN if swept or unknown).
        T_spread: standard deviation of the held temperature in K (0 if swept or unknown), a drift included.
        B_spread: standard deviation of the held field in T (0 if swept or unknown).
        up: whether x rises.
        channel: name of the resistance channel.
        rows: rows of the run's data set, (n,).
        sigma: standard deviation of each R, (n,), Ohm; None if the file does not tell.
        x_resolution: typical step or scatter of the swept quantity between neighbouring points.
        T_drift: by how much the held temperature changes from the first to the last x, in K, on a straight line through
            T against x; see `held_T`.
        T_bend: root mean square of the slow deviations from that line, in K; 0 where noise explains them.
        note: what is missing of the sweep, and why; "" if nothing is.
    """

    kind: Kind
    x: Floats
    R: Floats
    T: float
    B: float
    theta: float
    T_spread: float = 0.0
    B_spread: float = 0.0
    up: bool = True
    channel: str = ""
    rows: NDArray[np.int64] | None = None
    sigma: Floats | None = None
    x_resolution: float = 0.0
    T_drift: float = 0.0
    T_bend: float = 0.0
    note: str = ""

    def held_T(self, x: float) -> tuple[float, float]:
        """The held temperature at x and its standard error, K: T + T_drift (x - mean of x)/(x[-1] - x[0]).

        The error is that of a straight line through all readings, and the slow deviations from it. x = NaN: the mean.
        """
        way = float(self.x[-1] - self.x[0]) if len(self.x) > 1 else 0.0
        if not (np.isfinite(x) and way):
            return self.T, self._mean_error
        lever = (x - float(self.x.mean())) ** 2 / float(np.var(self.x))
        return float(self.T_along(x)), float(np.hypot(self._scatter * np.sqrt(1 + lever), self.T_bend))

    def T_along(self, x: ArrayLike) -> Floats:
        """The held temperature at each x, K."""
        way = float(self.x[-1] - self.x[0]) if len(self.x) > 1 else 0.0
        return np.asarray(self.T + (self.T_drift / way if way else 0.0) * (np.asarray(x, dtype=float) - self.x.mean()))

    @property
    def _scatter(self) -> float:
        """Error of the mean temperature by the scatter of its readings about the line, K."""
        way = float(self.x[-1] - self.x[0]) if len(self.x) > 1 else 0.0
        drift = self.T_drift / way * float(np.std(self.x)) if way else 0.0
        noise = max(self.T_spread**2 - drift**2 - self.T_bend**2, 0.0)
        return float(np.sqrt(noise / max(len(self.x) - 2, 1)))

    @property
    def _mean_error(self) -> float:
        return float(np.sqrt(self._scatter**2 + self.T_drift**2 / 12 + self.T_bend**2))

    @property
    def B_error(self) -> float:
        """Error of the mean held field, T: its scatter over the root of the number of points."""
        return self.B_spread / float(np.sqrt(max(len(self.x), 1)))


def of_rows(data: xr.Dataset, kind: Kind, rows: NDArray[np.int64], channel: str) -> Sweep:
    """The sweep of one channel in some rows of a run, those without a resistance left out."""
    R = data.R.sel(channel=channel).values[rows]
    rows, R = rows[np.isfinite(R)], R[np.isfinite(R)]
    T, B, theta = (data[name].values[rows] for name in ("T", "B", "theta"))
    x = {"temperature": T, "field": B, "angle": theta}[kind]
    sigma = data.sigma_R.sel(channel=channel).values[rows] if "sigma_R" in data else None
    empty = not len(rows)
    drift, bend = (0.0, 0.0) if kind == "temperature" else course(x, T)
    return Sweep(
        kind=kind,
        x=x,
        R=R,
        T=np.nan if kind == "temperature" or empty else float(T.mean()),
        B=np.nan if kind == "field" or empty else float(B.mean()),
        theta=np.nan if kind == "angle" or empty else float(theta.mean()),
        T_spread=0.0 if kind == "temperature" or empty else float(T.std()),
        B_spread=0.0 if kind == "field" or empty else float(B.std()),
        up=bool(not empty and x[-1] > x[0]),
        channel=channel,
        rows=rows,
        sigma=sigma if sigma is not None and np.isfinite(sigma).all() else None,
        x_resolution=float(np.median(np.abs(np.diff(x)))) if len(x) > 1 else 0.0,
        T_drift=drift,
        T_bend=bend,
    )


def course(x: Floats, T: Floats) -> tuple[float, float]:
    """T_drift and T_bend of readings T (n,) of a held temperature against what is swept (n,)."""
    drift = _change(x, T)
    if len(x) < 2 * _PARTS or x[-1] == x[0]:
        return drift, 0.0
    parts = np.array_split(T - drift * (x - x.mean()) / (x[-1] - x[0]), _PARTS)
    means = np.array([part.mean() for part in parts])
    by_noise = float(np.mean([part.var(ddof=1) / len(part) for part in parts]))
    between = float(np.var(means, ddof=2))
    return drift, float(np.sqrt(between - by_noise)) if between > _BENT * by_noise else 0.0


def average(
    branches: Sequence[Sweep], *, T_tolerance: float = 0.02, B_tolerance: float = 1e-3, theta_tolerance: float = 0.1
) -> tuple[Sweep, ...]:
    """Repeats of one sweep made into one: same kind, channel and direction, held values within the tolerances.

    The mean is taken at the points of the first repeat that lie within all the others, by straight lines between the
    points of the others. A sweep without a repeat is returned as it is.

    Args:
        branches: the sweeps.
        T_tolerance: in K.
        B_tolerance: in T.
        theta_tolerance: in degrees.

    Raises:
        InvalidInput: a tolerance that is not positive.
    """
    allowed = {
        "T": positive("T_tolerance", T_tolerance),
        "B": positive("B_tolerance", B_tolerance),
        "theta": positive("theta_tolerance", theta_tolerance),
    }
    groups: list[list[Sweep]] = []
    for sweep in branches:
        home = next((group for group in groups if _repeats(group[0], sweep, allowed)), None)
        if home is None:
            groups.append([sweep])
        else:
            home.append(sweep)
    return tuple(_mean(group) for group in groups)


def _change(x: Floats, values: Floats) -> float:
    """Change from the first to the last x on a straight line through values against x; 0 where x does not change."""
    away = x - x.mean() if len(x) else x
    square = float(away @ away)
    return float(away @ values) / square * float(x[-1] - x[0]) if square else 0.0


def _repeats(first: Sweep, other: Sweep, allowed: dict[str, float]) -> bool:
    same = (first.kind, first.channel, first.up) == (other.kind, other.channel, other.up)
    pairs = {name: (getattr(first, name), getattr(other, name)) for name in allowed}
    near = all(np.isnan([a, b]).all() or abs(a - b) <= allowed[name] for name, (a, b) in pairs.items())
    return same and near


def _mean(group: Sequence[Sweep]) -> Sweep:
    if len(group) == 1:
        return group[0]
    low = max(sweep.x.min() for sweep in group)
    high = min(sweep.x.max() for sweep in group)
    inside = (group[0].x >= low) & (group[0].x <= high)
    if inside.sum() < 3:
        return group[0]
    x = group[0].x[inside]
    R = np.array([_at(x, sweep.x, sweep.R) for sweep in group])
    errors = [_at(x, sweep.x, sweep.sigma) for sweep in group if sweep.sigma is not None]
    sigma = np.sqrt(np.sum(np.square(errors), axis=0)) / len(group) if len(errors) == len(group) else None
    rows = [sweep.rows for sweep in group if sweep.rows is not None]
    return replace(
        group[0],
        x=x,
        R=R.mean(axis=0),
        T=float(np.mean([sweep.T for sweep in group])),
        B=float(np.mean([sweep.B for sweep in group])),
        theta=float(np.mean([sweep.theta for sweep in group])),
        T_spread=_spread([sweep.T for sweep in group], [sweep.T_spread for sweep in group]),
        B_spread=_spread([sweep.B for sweep in group], [sweep.B_spread for sweep in group]),
        rows=np.concatenate(rows) if rows else None,
        sigma=sigma,
        T_drift=float(np.mean([sweep.T_drift / (sweep.x[-1] - sweep.x[0]) for sweep in group]) * (x[-1] - x[0])),
        T_bend=float(np.mean([sweep.T_bend for sweep in group])),
        note="; ".join(dict.fromkeys(sweep.note for sweep in group if sweep.note)),
    )


def _at(x: Floats, points: Floats, values: Floats) -> Floats:
    order = np.argsort(points, kind="stable")
    return np.asarray(np.interp(x, points[order], values[order]))


def _spread(means: Sequence[float], spreads: Sequence[float]) -> float:
    """Standard deviation over all repeats from that of each and that of their means."""
    return 0.0 if np.isnan(means).any() else float(np.sqrt(np.mean(np.square(spreads)) + np.var(means)))
