"""Temperature, field and angle sweeps in one run, split into branches up and down.

A sweep is a stretch of rows in which two of T, B and theta are held and the third moves one way. Held means: within a
tolerance of the median of the stretch. One way means: no reversal beyond twice the tolerance of the swept quantity, so
that the noise of a thermometer is no reversal. Points at rest before and after a sweep are left out; a field sweep
through zero is one sweep, with signed fields.

The tolerances are six standard deviations of the noise of each quantity, and at least 0.5 % of T, 2e-4 of the largest
field (and 0.05 mT), 0.05 degrees. The noise is measured where a quantity goes back and forth from row to row: a
quantity that is swept evenly has none, however large its steps.

A temperature that drifts slowly and one way during a field or angle sweep, by less than 5 % (from its first to its last
eighth), does not cut it: the drift is in `T_drift` and `T_spread` of the sweep. Slowly means spread over the sweep,
without a jump. A given tolerance of T is taken at its word: then a drift beyond it cuts. Whatever is cut or left out
because T did not stay is told: `cuts` lists it with its reason, and each piece holds it in `note`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Protocol

import numpy as np
import xarray as xr

from spinvalley.checks import Floats, positive, whole
from spinvalley.experiment.drifts import Cut, Rows, cut, drift
from spinvalley.experiment.sweeps import Kind, Sweep, average, of_rows

_SIGMAS: Final = 6.0
_RELATIVE_T: Final = 5e-3
_RELATIVE_B: Final = 2e-4
_LEAST_B: Final = 5e-5
_LEAST_THETA: Final = 0.05
_NINETIETH: Final = 1.6  # 90 % quantile of the reversals of white noise, in standard deviations
_MOVES: Final = 3.0
_STRAIGHT: Final = 0.9
_SWEPT: Final[dict[Kind, str]] = {"temperature": "T", "field": "B", "angle": "theta"}
_AT_HELD_T: Final[tuple[Kind, ...]] = ("field", "angle")

__all__ = ["Measured", "Tolerances", "average", "cuts", "sweeps", "tolerances"]


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
        T_tolerance: by how much T may differ from its median where it is held, in K; from the noise, and slow drifts
            below 5 % allowed, if None.
        B_tolerance: the same of B, in T.
        theta_tolerance: the same of theta, in degrees.
        min_points: fewest points of a sweep.

    Raises:
        InvalidInput: a tolerance that is not positive, fewer than 3 points.
    """
    given = {"T_tolerance": T_tolerance, "B_tolerance": B_tolerance, "theta_tolerance": theta_tolerance}
    return divided(run, given, min_points)[0]


def cuts(
    run: Measured,
    *,
    T_tolerance: float | None = None,
    B_tolerance: float | None = None,
    theta_tolerance: float | None = None,
    min_points: int = 8,
) -> tuple[Cut, ...]:
    """Sweeps of field or angle that were cut, shortened or not taken because the temperature did not stay, and why.

    Args:
        run: the measurement.
        T_tolerance: see `sweeps`, as the others.
        B_tolerance: in T.
        theta_tolerance: in degrees.
        min_points: fewest points of a sweep.

    Raises:
        InvalidInput: see `sweeps`.
    """
    given = {"T_tolerance": T_tolerance, "B_tolerance": B_tolerance, "theta_tolerance": theta_tolerance}
    course = _course(run, given, min_points)
    return course.cuts(course.found(T_tolerance is None))


def divided(
    run: Measured, given: dict[str, float | None], min_points: int
) -> tuple[tuple[Sweep, ...], tuple[Cut, ...]]:
    """The sweeps of a run and the cuts among them, found in one pass; `given` are the tolerances by name."""
    course = _course(run, given, min_points)
    found = course.found(given["T_tolerance"] is None)
    notes = course.cuts(found)
    channels = run.data.channel.values
    made = (
        replace(of_rows(run.data, kind, rows, str(name)), note=_note(notes, kind, rows))
        for kind, rows in found
        for name in channels
    )
    return tuple(sweep for sweep in made if len(sweep.x) >= course.least), notes


def _course(run: Measured, given: dict[str, float | None], min_points: int) -> _Course:
    least = whole("min_points", min_points, 3)
    allowed = tolerances(run, **given)
    along = _along(run)
    size = len(along["T"])
    width = {
        "T": np.maximum(allowed.T, allowed.T_relative * along["T"]),
        "B": np.full(size, allowed.B),
        "theta": np.full(size, allowed.theta),
    }
    return _Course(along, width, {name: _edges(along[name], width[name], least) for name in along}, allowed, least)


def _note(notes: Sequence[Cut], kind: Kind, rows: Rows) -> str:
    return "; ".join(str(c) for c in notes if c.kind == kind and c.first <= rows[0] and rows[-1] <= c.last)


@dataclass(frozen=True)
class _Course:
    """T, B and theta along the rows, with the tolerance of each row and where the stretches of each begin."""

    along: dict[str, Floats]
    width: dict[str, Floats]
    edges: dict[str, list[int]]
    allowed: Tolerances
    least: int

    def found(self, drifts: bool) -> list[tuple[Kind, Rows]]:
        """The rows of every sweep in the order of measurement; with slow drifts of T or without."""
        found = [(kind, rows) for kind in _SWEPT for rows in self.steady(kind)]
        if drifts:
            found = _joined(found, [(kind, rows) for kind in _AT_HELD_T for rows in self.drifting(kind)])
        return sorted(found, key=lambda pair: int(pair[1][0]))

    def cuts(self, found: Sequence[tuple[Kind, Rows]]) -> tuple[Cut, ...]:
        """What is missing of the stretches in which field or angle moves one way, except where T itself is swept.

        A sweep is a piece of the stretch that holds most of it: the next branch may share the row at the turn.
        """
        out = []
        for kind in _AT_HELD_T:
            held = [name for name in self.along if name not in ("T", _SWEPT[kind])]
            for leg in self.legs(kind, held):
                inside = [(each, rows) for each, rows in found if _overlap(leg, rows)]
                if not self.counts(kind, leg) or any(each != kind for each, _ in inside):
                    continue
                pieces = [rows for _, rows in inside if 2 * np.isin(rows, leg).sum() > len(rows)]
                out.append(cut(kind, leg, pieces, self.along["T"][leg], float(np.median(self.width["T"][leg]))))
        return tuple(sorted((c for c in out if c is not None), key=lambda c: c.first))

    def steady(self, kind: Kind) -> Iterator[Rows]:
        """The sweeps of a kind in which the two other quantities lie within the tolerances of their medians."""
        held = [name for name in self.along if name != _SWEPT[kind]]
        for rows in self.legs(kind, held):
            kept = _held(rows, [self.along[name] for name in held], [self.width[name] for name in held])
            if self.counts(kind, kept):
                yield kept

    def drifting(self, kind: Kind) -> Iterator[Rows]:
        """The sweeps of a kind in which T leaves its tolerance by a slow drift."""
        held = [name for name in self.along if name not in ("T", _SWEPT[kind])]
        for rows in self.legs(kind, held):
            T, width = self.along["T"][rows], self.width["T"][rows]
            way = drift(T, float(np.median(width)))
            if way is None:
                continue
            near = rows[np.abs(T - way) <= width]
            kept = _held(near, [self.along[name] for name in held], [self.width[name] for name in held])
            if self.counts(kind, kept):
                yield kept

    def legs(self, kind: Kind, held: Sequence[str]) -> Iterator[Rows]:
        """Rows in which the swept quantity moves one way while none of the held ones begins a new stretch."""
        swept = _SWEPT[kind]
        for start, stop in _blocks([self.edges[name] for name in held], self.least):
            block = slice(start, stop)
            noise = self.allowed.noise[swept]
            for rows in _legs(self.along[swept][block], self.width[swept][block], noise, self.least):
                yield rows + start

    def counts(self, kind: Kind, rows: Rows) -> bool:
        """Whether the rows are enough and the swept quantity moves in them."""
        swept = _SWEPT[kind]
        moved = (self.along[swept][rows], self.width[swept][rows], self.allowed.noise[swept])
        return len(rows) >= self.least and _moves(*moved)


def _joined(found: Sequence[tuple[Kind, Rows]], drifting: Sequence[tuple[Kind, Rows]]) -> list[tuple[Kind, Rows]]:
    """The sweeps, drifting ones in the place of their pieces, except where T itself is swept or a piece is longer."""
    whole = []
    for kind, rows in drifting:
        inside = [(piece_kind, piece) for piece_kind, piece in found if _overlap(rows, piece)]
        if all(piece_kind == kind and len(piece) <= len(rows) for piece_kind, piece in inside):
            whole.append((kind, rows))
    pieces = [pair for pair in found if not any(_overlap(pair[1], rows) for _, rows in whole)]
    return pieces + whole


def _overlap(a: Rows, b: Rows) -> bool:
    return bool(a[0] <= b[-1] and b[0] <= a[-1])


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
