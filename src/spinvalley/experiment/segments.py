"""Temperature, field and angle sweeps in one run, split into branches up and down.

A sweep is a stretch of rows in which two of T, B and theta are held and the third moves one way. Held means: within a
tolerance of the median of the stretch. One way means: no reversal beyond twice the tolerance of the swept quantity, so
that the noise of a thermometer is no reversal. Points at rest before and after a sweep are left out; a field sweep
through zero is one sweep, with signed fields.

The tolerances are six standard deviations of the noise of each quantity, and at least 0.5 % of T, 2e-4 of the largest
field (and 0.05 mT), 0.05 degrees. The noise is measured where a quantity goes back and forth from row to row: a
quantity that is swept evenly has none, however large its steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spinvalley.checks import Floats, positive, whole
from spinvalley.experiment.sweeps import Kind, Sweep

_SIGMAS: Final = 6.0
_RELATIVE_T: Final = 5e-3
_RELATIVE_B: Final = 2e-4
_LEAST_B: Final = 5e-5
_LEAST_THETA: Final = 0.05
_NINETIETH: Final = 1.6  # 90 % quantile of the reversals of white noise, in standard deviations
_MOVES: Final = 3.0
_STRAIGHT: Final = 0.9
_DEEP: Final = 0.05
_SWEPT: Final[dict[Kind, str]] = {"temperature": "T", "field": "B", "angle": "theta"}

Rows = NDArray[np.int64]


class Measured(Protocol):
    """Anything with the Dataset of a run."""

    @property
    def data(self) -> xr.Dataset:
        """R (channel, row), T, B and theta (row)."""


@dataclass(frozen=True)
class Tolerances:
    """By how much a held quantity may differ from its median: T in K (or `T_relative` of T if larger), B in T, theta.

    `noise` holds the standard deviations of T, B and theta from which they come.
    """

    T: float
    B: float
    theta: float
    T_relative: float
    noise: dict[str, float]


def tolerances(
    run: Measured,
    *,
    T_tolerance: float | None = None,
    B_tolerance: float | None = None,
    theta_tolerance: float | None = None,
) -> Tolerances:
    """The tolerances of a run: those given, and for the others those that follow from its noise.

    Args:
        run: the measurement.
        T_tolerance: in K.
        B_tolerance: in T.
        theta_tolerance: in degrees.

    Raises:
        InvalidInput: a tolerance that is not positive.
    """
    given = {"T": T_tolerance, "B": B_tolerance, "theta": theta_tolerance}
    checked = {name: None if v is None else positive(f"{name}_tolerance", v) for name, v in given.items()}
    noise = {name: _noise(values) for name, values in _along(run).items()}
    B = max(_SIGMAS * noise["B"], _RELATIVE_B * float(np.abs(run.data.B.values).max(initial=0.0)), _LEAST_B)
    least = {"T": max(_SIGMAS * noise["T"], 1e-6), "B": B, "theta": max(_SIGMAS * noise["theta"], _LEAST_THETA)}
    chosen = {name: least[name] if value is None else value for name, value in checked.items()}
    return Tolerances(**chosen, T_relative=_RELATIVE_T if checked["T"] is None else 0.0, noise=noise)


def sweeps(
    run: Measured,
    *,
    T_tolerance: float | None = None,
    B_tolerance: float | None = None,
    theta_tolerance: float | None = None,
    min_points: int = 8,
) -> tuple[Sweep, ...]:
    """Every sweep of a run, in the order of measurement, one for each channel.

    Args:
        run: the measurement.
        T_tolerance: by how much T may differ from its median where it is held, in K; from the noise if None.
        B_tolerance: the same of B, in T.
        theta_tolerance: the same of theta, in degrees.
        min_points: fewest points of a sweep.

    Raises:
        InvalidInput: a tolerance that is not positive, fewer than 3 points.
    """
    least = whole("min_points", min_points, 3)
    allowed = tolerances(run, T_tolerance=T_tolerance, B_tolerance=B_tolerance, theta_tolerance=theta_tolerance)
    along = _along(run)
    size = len(along["T"])
    width = {
        "T": np.maximum(allowed.T, allowed.T_relative * along["T"]),
        "B": np.full(size, allowed.B),
        "theta": np.full(size, allowed.theta),
    }
    edges = {name: _edges(along[name], width[name], least) for name in along}
    found: list[tuple[Kind, Rows]] = []
    for kind, swept in _SWEPT.items():
        held = [name for name in along if name != swept]
        for start, stop in _blocks([edges[name] for name in held], least):
            for rows in _legs(along[swept][start:stop], width[swept][start:stop], allowed.noise[swept], least):
                kept = _held(rows + start, [along[name] for name in held], [width[name] for name in held])
                if len(kept) >= least and _moves(along[swept][kept], width[swept][kept], allowed.noise[swept]):
                    found.append((kind, kept))
    found.sort(key=lambda pair: int(pair[1][0]))
    channels = run.data.channel.values
    made = (_sweep(run.data, kind, rows, str(name)) for kind, rows in found for name in channels)
    return tuple(sweep for sweep in made if len(sweep.x) >= least)


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


def _along(run: Measured) -> dict[str, Floats]:
    """T, B and theta in the order of the rows; an angle that is not known throughout counts as held."""
    theta = run.data.theta.values
    if not np.isfinite(theta).all():
        theta = np.zeros_like(theta)
    return {"T": run.data["T"].values, "B": run.data.B.values, "theta": theta}


def _noise(values: Floats) -> float:
    """Standard deviation from row to row, out of the places where a quantity turns back."""
    steps = np.diff(values)
    if len(steps) < 2:
        return 0.0
    back = np.where(steps[1:] * steps[:-1] < 0, np.minimum(np.abs(steps[1:]), np.abs(steps[:-1])), 0.0)
    return float(np.quantile(back, 0.9)) / _NINETIETH


def _edges(values: Floats, width: Floats, least: int) -> list[int]:
    """Where the stretches of a held quantity begin, and the end.

    A stretch goes on while all of it fits into twice the tolerance. A long one then takes back the rows before it that
    lie within the tolerance of its median.
    """
    numbers, allowed = values.tolist(), (2 * width).tolist()
    edges = [0]
    low = high = numbers[0]
    limit = allowed[0]
    for n, value in enumerate(numbers):
        if value > high:
            high = value
        elif value < low:
            low = value
        else:
            continue
        if high - low > limit:
            edges.append(n)
            low = high = value
            limit = allowed[n]
    edges.append(len(numbers))
    lengths = np.diff(edges)
    for k in np.flatnonzero((lengths[1:] >= least) & (lengths[1:] > lengths[:-1])) + 1:
        median = np.median(values[edges[k] : edges[k + 1]])
        before = np.abs(values[edges[k - 1] : edges[k]] - median) > width[edges[k]]
        edges[k] = edges[k - 1] + (int(np.flatnonzero(before)[-1]) + 1 if before.any() else 0)
    return edges


def _blocks(edges: Sequence[Sequence[int]], least: int) -> Iterator[tuple[int, int]]:
    """Stretches between the edges of all held quantities, those of enough rows."""
    joint = np.unique(np.concatenate([np.asarray(each) for each in edges]))
    long = np.flatnonzero(np.diff(joint) >= least)
    return ((int(joint[k]), int(joint[k + 1])) for k in long)


def _legs(values: Floats, width: Floats, noise: float, least: int) -> Iterator[Rows]:
    """Rows of each stretch in which the values move one way.

    A turning point belongs to the leg that it ends, or to the next one if the leg that it ends is too short to count.
    """
    pivots = _pivots(values.tolist(), (2 * width).tolist())
    previous = 0
    for first, last in pairwise(pivots):
        start = first + 1 if previous >= least else first
        previous = last - start + 1
        if previous < least:
            continue
        rest = max(3 * noise, 0.1 * float(width[first]))
        leg = values[start : last + 1]
        begin = int(np.flatnonzero(np.abs(leg - leg[0]) <= rest)[-1])
        end = int(np.flatnonzero(np.abs(leg - leg[-1]) <= rest)[0])
        if end - begin + 1 >= least:
            yield np.arange(start + begin, start + end + 1)


def _pivots(numbers: list[float], allowed: list[float]) -> list[int]:
    """Turning points: extremes that are followed by a reversal beyond what is allowed; with start and end."""
    pivots: list[int] = []
    low = high = numbers[0]
    at_low = at_high = direction = 0
    for n, value in enumerate(numbers):
        if value > high:
            high, at_high = value, n
        if value < low:
            low, at_low = value, n
        if direction <= 0 and value - low > allowed[n]:
            pivots.append(at_low)
            direction, high, at_high = 1, value, n
            low, at_low = np.inf, n
        elif direction >= 0 and high - value > allowed[n]:
            pivots.append(at_high)
            direction, low, at_low = -1, value, n
            high, at_high = -np.inf, n
        elif direction > 0:
            low = np.inf
        elif direction < 0:
            high = -np.inf
    return [*pivots, at_high if direction > 0 else at_low] if pivots else []


def _held(rows: Rows, values: Sequence[Floats], widths: Sequence[Floats]) -> Rows:
    """Rows whose held quantities lie within the tolerances of their medians."""
    good = np.ones(len(rows), dtype=bool)
    for each, width in zip(values, widths, strict=True):
        good &= np.abs(each[rows] - np.median(each[rows])) <= width[rows]
    return rows[good]


def _moves(values: Floats, width: Floats, noise: float) -> bool:
    """Whether the values go further than three tolerances, or further than one and nearly straight."""
    way = abs(values[-1] - values[0])
    straight = way > _STRAIGHT * np.abs(np.diff(values)).sum() and way > 10 * noise
    return bool(way > _MOVES * np.median(width) or (straight and way > np.median(width)))


def _sweep(data: xr.Dataset, kind: Kind, rows: Rows, channel: str) -> Sweep:
    R = data.R.sel(channel=channel).values[rows]
    rows, R = rows[np.isfinite(R)], R[np.isfinite(R)]
    T, B, theta = (data[name].values[rows] for name in ("T", "B", "theta"))
    x = {"temperature": T, "field": B, "angle": theta}[kind]
    sigma = data.sigma_R.sel(channel=channel).values[rows] if "sigma_R" in data else None
    empty = not len(rows)
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
    )


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
    )


def _at(x: Floats, points: Floats, values: Floats) -> Floats:
    order = np.argsort(points, kind="stable")
    return np.asarray(np.interp(x, points[order], values[order]))


def _spread(means: Sequence[float], spreads: Sequence[float]) -> float:
    """Standard deviation over all repeats from that of each and that of their means."""
    return 0.0 if np.isnan(means).any() else float(np.sqrt(np.mean(np.square(spreads)) + np.var(means)))
