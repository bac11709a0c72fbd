"""Confidence intervals by profile likelihood: how far a parameter can go while all others follow.

The cost of the best fit with the parameter held, minus the least cost, reaches chi^2 (or, with a free scale of sigma,
Student's t^2) of the level at the ends of the interval. An end that is not reached before the bound of the parameter,
or only because another parameter that varies over decades is stopped at its bound (letting it go on would undo most of
the rise), is open: the interval is then one-sided, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spinvalley.checks import Floats
from spinvalley.experiment.catalogue import Parameter
from spinvalley.experiment.least_squares import Batch

_ROUNDS, _CLOSE, _FURTHER, _FAR_LOG, _FLAT = 40, 1e-4, 3.0, 1.5, 1e-8
_EDGE, _SCAN, _SCANS, _MOST_TRIALS = 30.0, 41, 4, 128
_STEEP = 10.0
_DECADES, _NEAR = 100.0, 3.0
_MOST, _DECADE, _INTERPOLATED, _FAR_SIGMA = 0.5, 2.3, 0.1, 1.0


@dataclass(frozen=True)
class Interval:
    """A confidence interval of one parameter.

    Args:
        name: the parameter.
        value: its best value.
        lower: lower end, None if the data set none before the bound.
        upper: upper end, None if the data set none before the bound.
        level: confidence, e.g. 0.683.
        unit: unit of the numbers, "" for a pure number.
        bounds: how far the parameter was let go.
        solved: whether every end is accurate; else it is the best that was found.
    """

    name: str
    value: float
    lower: float | None
    upper: float | None
    level: float
    unit: str = ""
    bounds: tuple[float, float] = (-np.inf, np.inf)
    solved: bool = True

    @property
    def kind(self) -> str:
        """One of "two-sided", "lower limit" (no upper end), "upper limit" (no lower end) or "unbounded"."""
        names = {(True, True): "two-sided", (True, False): "lower limit", (False, True): "upper limit"}
        return names.get((self.lower is not None, self.upper is not None), "unbounded")

    @property
    def beyond(self) -> bool:
        """Whether the only end lies so near the bound of the search that the bound sets it, not the data."""
        low, high = self.bounds
        if self.kind not in ("lower limit", "upper limit") or not (0 < _DECADES * low <= high < np.inf):
            return False
        return self.lower * _NEAR >= high if self.lower is not None else (self.upper or 0.0) <= low * _NEAR

    def contains(self, value: float) -> bool:
        """Whether a value lies inside; an open end contains everything up to the bound."""
        above = self.lower is None or value >= self.lower
        return above and (self.upper is None or value <= self.upper)

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        share = f"{100 * self.level:.3g} %"
        limits = f"{self.bounds[0]:.3g} to {self.bounds[1]:.3g}"
        if self.lower is not None and self.upper is not None:
            body = f"= {self.value:.5g} (+{self.upper - self.value:.2g} -{self.value - self.lower:.2g}){unit}, {share}"
        elif self.beyond:
            body = (
                f"lies beyond the search: at its {'end' if self.lower is not None else 'beginning'} of {limits}{unit}"
            )
        elif self.lower is not None:
            body = f"> {self.lower:.4g}{unit} ({share}, one-sided: the data set no upper end within {limits})"
        elif self.upper is not None:
            body = f"< {self.upper:.4g}{unit} ({share}, one-sided: the data set no lower end within {limits})"
        else:
            body = f"is not determined by the data: no end within {limits}{unit}"
        return f"{self.name} {body}" + ("" if self.solved else ", not converged")


def threshold(level: float, freedom: int, stretch: float | None) -> float:
    """Rise of the cost at the ends of an interval; `stretch`: factor on errors by a free scale, None if fixed."""
    if stretch is None:
        return float(stats.chi2.ppf(level, 1))
    return float(stretch**2 * stats.t.ppf(0.5 + 0.5 * level, freedom) ** 2)


Ordered = tuple[int, int]


def constrained(
    batch: Batch, best: Floats, limits: Mapping[int, tuple[float, float]], ordered: Ordered | None = None
) -> float:
    """The least cost where parameters stay within limits; inf if none can.

    Args:
        batch: the problem with its data.
        best: best parameters (k,) without the limits.
        limits: column to (low, high).
        ordered: columns (a, b) of positive parameters that are held equal: the edge of a < b.
    """
    free = list(batch.problem.free)
    for column, (low, high) in limits.items():
        own = free[column]
        low, high = max(low, own.low), min(high, own.high)
        if low > high:
            return float("inf")
        free[column] = replace(own, low=low, high=max(high, low * (1 + 1e-9)), log=own.log and low > 0)
    limited = replace(batch, problem=replace(batch.problem, free=tuple(free)))
    least, greatest = limited.problem.bounds
    if ordered is not None:
        return _diagonal(limited, np.clip(best, least, greatest), *ordered)
    axes = [_trials(parameter, float(value), limited) for parameter, value in zip(free, best, strict=True)]
    sets = np.array([np.clip(best, least, greatest), *islice(product(*axes), _MOST_TRIALS)], dtype=float)
    return float(np.min(limited.minimise(sets, flat=_FLAT).cost))


def _diagonal(batch: Batch, best: Floats, first: int, second: int) -> float:
    """The least cost with two positive parameters equal: ever finer scans."""
    least, greatest = batch.problem.bounds
    low, high = max(least[first], least[second]), min(greatest[first], greatest[second])
    middle, reach, cost = float(np.sqrt(best[first] * best[second])), _EDGE, np.inf
    if low > high:
        return float("inf")
    for _ in range(_SCANS):
        values = np.clip(np.geomspace(middle / reach, middle * reach, _SCAN), low, high)
        sets = np.tile(best, (_SCAN, 1))
        sets[:, [first, second]] = values[:, None]
        frozen = np.zeros(sets.shape, dtype=bool)
        frozen[:, [first, second]] = True
        found = batch.minimise(sets, frozen, flat=_FLAT)
        lowest = int(np.argmin(found.cost))
        middle, reach, cost = float(values[lowest]), float(reach ** (3 / _SCAN)), min(cost, float(found.cost[lowest]))
    return float(cost)


def _trials(parameter: Parameter, value: float, batch: Batch) -> list[float]:
    """Values to start from within the bounds: the best, the usual ones."""
    starts = (value, *parameter.starts(batch.problem.x, batch.problem.B))
    return list(dict.fromkeys(float(np.clip(v, parameter.low, parameter.high)) for v in starts))


def profile(
    batch: Batch, best: Floats, cost: float, errors: Floats, rise: float, which: list[int], level: float
) -> list[Interval]:
    """Intervals of the parameters number `which`, all ends sought together.

    Args:
        batch: the problem with its data.
        best: best parameters (k,).
        cost: their cost.
        errors: rough standard deviations (k,) to begin with.
        rise: rise of the cost at the ends.
        which: columns of the wanted parameters.
        level: for the labels.

    Returns:
        One Interval for each of `which`.
    """
    index = np.repeat(np.asarray(which), 2)
    side = np.tile([-1.0, 1.0], len(which))
    ends, open_, solved, sets = _Search(batch, best, cost, rise, index, side).ends(errors)
    sigma = batch.sigma * np.sqrt(min(max(rise, 1e-300), _FAR_SIGMA))
    for end in np.flatnonzero(solved & ~open_):
        solved[end] = batch.problem.deviation(sets[[end]], sigma) <= _INTERPOLATED
    out = []
    for row, column in enumerate(which):
        low, high = (None if open_[2 * row + j] else float(ends[2 * row + j]) for j in (0, 1))
        parameter = batch.problem.free[column]
        sound = bool(np.all(solved[2 * row : 2 * row + 2]))
        limits = (parameter.low, parameter.high)
        out.append(Interval(parameter.name, float(best[column]), low, high, level, parameter.unit, limits, sound))
    return out


@dataclass(frozen=True, eq=False)
class _Search:
    """Where the profile reaches its rise, for several (parameter, side) pairs together."""

    batch: Batch
    best: Floats
    cost: float
    rise: float
    index: NDArray[np.int64]
    side: Floats

    def ends(self, errors: Floats) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_], Floats]:
        """Ends, which are open, which accurate, and all parameters there. Positive ones go on a logarithmic scale.

        The root of the cost's rise is nearly linear in the parameter: a secant search inside a bracket.
        """
        log = np.array([self.batch.problem.free[i].log for i in self.index])
        low, high = (b[self.index] for b in self.batch.problem.bounds)
        origin, edge = _inner(self.best[self.index], log), _inner(np.where(self.side < 0, low, high), log)
        width = np.abs(edge - origin)
        first = errors[self.index] / np.where(log, self.best[self.index], 1.0) * np.sqrt(self.rise)
        far = np.where(log, _FAR_LOG, np.inf)
        move = np.minimum(np.where(np.isfinite(first) & (first > 0), first, 0.1), np.minimum(far, width))
        count = self.index.size
        inside, inside_q, outside, outside_q = np.zeros(count), np.zeros(count), np.full(count, np.inf), np.ones(count)
        companions = np.broadcast_to(self.best, (count, self.best.size)).copy()
        end, open_, solved = move.copy(), width <= 0, width <= 0
        for _ in range(_ROUNDS):
            rows = np.flatnonzero(~solved)
            if not rows.size:
                break
            value = _outer(origin[rows] + self.side[rows] * move[rows], log[rows])
            companions[rows], q = self._follow(rows, np.clip(value, low[rows], high[rows]), companions[rows])
            end[rows] = move[rows]
            small = q < 1
            inside[rows], inside_q[rows] = np.where(small, move[rows], inside[rows]), np.where(small, q, inside_q[rows])
            outside[rows] = np.where(small, outside[rows], move[rows])
            outside_q[rows] = np.where(small, outside_q[rows], q)
            stuck = small & (move[rows] >= width[rows] * (1 - 1e-12))
            open_[rows] = stuck | self._dragging(rows, companions[rows])
            solved[rows] = stuck | (np.abs(q - 1) < _CLOSE)
            move[rows] = _next(inside[rows], inside_q[rows], outside[rows], outside_q[rows], width[rows], far[rows])
        return _outer(origin + self.side * end, log), open_, solved, companions

    def _dragging(self, rows: NDArray[np.int64], sets: Floats) -> NDArray[np.bool_]:
        """Whether letting another parameter that varies over decades beyond its bound would undo most of the rise."""
        problem = self.batch.problem
        low, high = problem.bounds
        at_low, at_high = (np.isclose(sets, bound, rtol=1e-6, atol=0) for bound in (low, high))
        other = np.arange(low.size) != self.index[rows][:, None]
        stopped = (at_low | at_high) & other & np.array([p.log for p in problem.free])
        out = np.zeros(rows.size, dtype=bool)
        for row, column in zip(*np.nonzero(stopped), strict=True):
            side = -1.0 if at_low[row, column] else 1.0
            before = self._gain(self.best, int(column), side, None)
            if before < self.rise:  # else the bound cuts off the best fit itself, and the interval is that within it
                gain = self._gain(sets[row], int(column), side, int(self.index[rows[row]]))
                out[row] |= gain > _MOST * self.rise + before
        return out

    def _gain(self, values: Floats, column: int, side: float, held: int | None) -> float:
        """How much lower the cost is foretold to be with a parameter beyond its bound, by a factor 10 at most."""
        value = float(values[column])
        low, high = (b[column] for b in self.batch.problem.bounds)
        if held is None and not np.isclose(value, low if side < 0 else high, rtol=1e-6, atol=0):
            return 0.0
        slope, normal = self.batch.slopes(values)
        rest = [i for i in range(values.size) if i not in (column, held)]
        stiff = float(normal[column, column])
        if rest:
            stiff -= float(normal[column, rest] @ np.linalg.pinv(normal[np.ix_(rest, rest)]) @ normal[rest, column])
        push = side * float(slope[column])
        step = min(push / max(stiff, 1e-300), _DECADE)
        return step * (2 * push - step * max(stiff, 0.0)) if push > 0 else 0.0

    def _follow(self, rows: NDArray[np.int64], value: Floats, start: Floats) -> tuple[Floats, Floats]:
        """The other parameters with one held at `value`, and the root of the cost's relative rise."""
        columns, local = self.index[rows], np.arange(rows.size)
        begin = start.copy()
        begin[local, columns] = value
        frozen = np.zeros(begin.shape, dtype=bool)
        frozen[local, columns] = True
        minima = self.batch.minimise(begin, frozen, flat=_FLAT)
        again = self.best + np.zeros_like(begin)
        again[local, columns] = value
        if np.any(minima.cost > self.cost + 2 * self.rise):
            other = self.batch.minimise(again, frozen, flat=_FLAT)
            better = other.cost < minima.cost
            sets, cost = np.where(better[:, None], other.sets, minima.sets), np.where(better, other.cost, minima.cost)
        else:
            sets, cost = minima.sets, minima.cost
        return sets, np.sqrt(np.clip(cost - self.cost, 0, 1e12) / self.rise)


def _next(inside: Floats, low_q: Floats, outside: Floats, high_q: Floats, width: Floats, far: Floats) -> Floats:
    """The next distance to try: outward while no end is known, then between."""
    growth = np.where(low_q > 0.05, 1.05 / np.maximum(low_q, 0.05), _FURTHER)
    outward = np.minimum(np.minimum(inside * np.clip(growth, 1.1, _FURTHER), inside + far), width)
    reach = np.where(np.isfinite(outside), outside, 0.0)
    share = np.where(high_q > _STEEP, 0.5, np.clip((1 - low_q) / np.maximum(high_q - low_q, 1e-12), 0.02, 0.98))
    return np.asarray(np.where(np.isfinite(outside), inside + share * (reach - inside), outward))


def _inner(value: Floats, log: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(log, np.log(np.where(log, value, 1.0)), value))


def _outer(u: Floats, log: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(log, np.exp(np.where(log, u, 0.0)), u))
