"""Phases of channels that compete: the state on a grid of temperatures and fields, and where it changes its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, Status, axis, direction_vector, instance, tolerance, whole
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.gauge import distance
from spinvalley.pairing.competition.minima import Solver
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.states import State

_FURTHER = 4.0
_REACH = 2.0
_LEAP = 0.25
_UNITS = "energy unit of the model"


def transitions(
    comp: Competition,
    kT: ArrayLike,
    zeeman: ArrayLike = 0.0,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    tol: float = 1e-4,
    points: int = 13,
) -> xr.Dataset:
    """Where the lowest state changes its kind (character, irreps, time reversal), or leaps, along a line.

    The line is sampled at equidistant points with a search for all minima at each; every change is bisected, with the
    states of both ends followed. A transition is of first order where a state lives on beyond it, its place then
    the crossing of the free energies; otherwise it is of second order if the square of the change of the amplitudes,
    extrapolated linearly, vanishes in the last bracket. Inside one kind a change of the amplitudes by more than a
    quarter of the largest gap is bisected, and is a transition of first order if as much of it is left in the end and a
    state lives on beyond it; otherwise it is a crossover. Of a family of states that a continuous symmetry joins,
    character and irreps are no kind.

    Args:
        comp: channels that compete.
        kT: a temperature, or the two ends (low, high) of a line at fixed field, energy.
        zeeman: a field along `direction`, or the two ends of a line at fixed temperature, energy.
        direction: direction of the field, nonzero 3-vector.
        tol: error of the place, relative to the length of the line.
        points: samples of the line; a phase between two of them is not seen, nor is a smaller leap inside one kind.

    Returns:
        Dataset over `transition`: its place `kT` and `zeeman`, `error`, `order`, `low` and `high` (characters at
        smaller and larger parameter), `low_irreps`, `high_irreps`, `jump` (change of the amplitudes, energy), `status`.

    Raises:
        InvalidInput: not exactly one of `kT` and `zeeman` with two ends, ends not ascending or negative.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.channels.channel(film, "s")
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> line = transitions(comp, kT=(0.08, 0.14), points=3, tol=1e-3)
    >>> line.kT.values.round(3), line.order.values
    (array([0.114]), array([2]))
    """
    instance("comp", comp, Competition, 'Competition(film(), channels, Reduced({"s": 2.3}))')
    temperatures, fields = axis("kT", kT, minimum=0), axis("zeeman", zeeman)
    ends = [values for values in (temperatures, fields) if len(values) > 1]
    if len(ends) != 1 or len(ends[0]) != 2 or ends[0][0] >= ends[0][1]:
        raise InvalidInput("exactly one of `kT` and `zeeman` must be two ascending ends of a line, the other a number")
    along_kT = len(temperatures) == 2
    unit = direction_vector(direction)
    precision = tolerance("tol", tol) * float(ends[0][1] - ends[0][0])

    def point(s: float) -> tuple[float, Floats]:
        return (s, float(fields[0]) * unit) if along_kT else (float(temperatures[0]), s * unit)

    line = _Line(comp, point, 0.1 * tol, precision, (float(ends[0][0]), float(ends[0][1])))
    samples = [
        line.sample(float(s)) for s in np.linspace(float(ends[0][0]), float(ends[0][1]), whole("points", points, 2))
    ]
    line = replace(line, least=_LEAP * max(sample.lowest.gap for sample in samples))
    found = [t for a, b in pairwise(samples) for t in line.between(a, b)]
    fixed = float(fields[0]) if along_kT else float(temperatures[0])
    return _dataset(found, along_kT, fixed).assign_attrs(direction=tuple(float(c) for c in unit), tolerance=tol)


@dataclass(frozen=True, eq=False)
class Sample:
    """All states found at one parameter s of a line, the lowest first."""

    s: float
    states: tuple[State, ...]

    @property
    def lowest(self) -> State:
        """The equilibrium state."""
        return self.states[0]

    @property
    def kind(self) -> tuple[str, bool, tuple[str, ...]]:
        """What a transition changes."""
        return kind(self.lowest)

    def like(self, state: State) -> State | None:
        """The lowest state of the same kind as another, if there is one."""
        return next((own for own in self.states if kind(own) == kind(state)), None)

    def other(self, state: State) -> State | None:
        """The state closest to another, of those of the lowest one's kind; None if that is the lowest itself."""
        alike = [own for own in self.states if kind(own) == self.kind]
        closest = min(alike, key=lambda own: _apart(own, state))
        return None if closest is self.lowest else closest


@dataclass(frozen=True)
class Transition:
    """A change of the lowest state along a line: place, its error, order (1 or 2), and the states on both sides."""

    s: float
    error: float
    order: int
    low: State
    high: State
    jump: float


@dataclass(frozen=True, eq=False)
class _Line:
    """A line in the (T, V) plane.

    Args:
        comp: channels that compete.
        point: s -> (kT, field vector).
        tol: that of the states.
        precision: of s.
        ends: of s.
        least: smaller changes of the amplitudes inside one kind are no leaps, energy.
    """

    comp: Competition
    point: Callable[[float], tuple[float, Floats]]
    tol: float
    precision: float
    ends: tuple[float, float]
    least: float = np.inf

    def sample(self, s: float, known: tuple[State, ...] = ()) -> Sample:
        """The states at s: from everywhere, or those that the known ones lead to."""
        kT, zeeman = self.point(s)
        solver = Solver(self.comp, kT, zeeman, max(self.tol, 1e-6))
        starts: list[Matrix] = [state.amplitudes for state in known if state.character != "normal"]
        return Sample(s, solver.solve(starts, everywhere=not known).states)

    def between(self, a: Sample, b: Sample) -> list[Transition]:
        """All transitions between two samples, by bisection until the lowest states are of one kind and close."""
        leap = a.kind == b.kind
        if leap and _apart(a.lowest, b.lowest) <= self.least:
            return []
        if b.s - a.s <= self.precision:
            if leap and b.other(a.lowest) is None and a.other(b.lowest) is None:
                return []
            return [self._judged(a, b)]
        middle = self.sample(0.5 * (a.s + b.s), a.states + b.states)
        return self.between(a, middle) + self.between(middle, b)

    def _judged(self, a: Sample, b: Sample) -> Transition:
        """Order and place of the transition in a narrow bracket."""
        leaps = a.kind == b.kind
        beyond, before = (b.other(a.lowest), a.other(b.lowest)) if leaps else (b.like(a.lowest), a.like(b.lowest))
        half = 0.5 * (b.s - a.s)
        place = a.s + half
        jump = _apart(a.lowest, b.lowest)
        if beyond is None and before is None:
            vanishes = self._vanishes(a, b, -1) or self._vanishes(b, a, 1)
            return Transition(place, half, 2 if vanishes else 1, a.lowest, b.lowest, jump)
        if beyond is not None and before is not None:  # both live on both sides: where the free energies cross
            first = a.lowest.condensation - before.condensation
            last = beyond.condensation - b.lowest.condensation
            if last > first:
                place = a.s + 2 * half * float(np.clip(-first / (last - first), 0.0, 1.0))
        return Transition(place, half, 1, a.lowest, b.lowest, jump)

    def _vanishes(self, inside: Sample, outside: Sample, away: int) -> bool:
        """Whether the square of the change of state, linear in s near a continuous transition, vanishes in the bracket.

        Args:
            inside: sample at one end.
            outside: sample at the other end.
            away: -1 or 1, the direction in s from the transition to the inner end and beyond.
        """
        width = abs(outside.s - inside.s)
        place = float(np.clip(inside.s + away * _FURTHER * width, *self.ends))
        further = self.sample(place, inside.states)
        if further.kind != inside.kind:
            return False
        near, far = (_apart(sample.lowest, outside.lowest) ** 2 for sample in (inside, further))
        return far > near and near / (far - near) * abs(place - inside.s) <= _REACH * width


def kind(state: State) -> tuple[str, bool, tuple[str, ...]]:
    """Character, broken time reversal, irreps; of a family that a continuous symmetry joins, its dimension instead."""
    if state.flat:
        return f"family of dimension {state.flat}", state.breaks_time_reversal, ()
    return state.character, state.breaks_time_reversal, state.irreps


def _apart(first: State, second: State) -> float:
    """Change of the amplitudes between two states, whichever of their partners are closest, energy."""
    return min(distance(first.amplitudes, partner) for partner in second.partners)


def _dataset(found: list[Transition], along_kT: bool, fixed: float) -> xr.Dataset:
    place, other = ("kT", "zeeman") if along_kT else ("zeeman", "kT")
    attrs = {"units": _UNITS}
    columns = {
        place: ([t.s for t in found], attrs),
        other: ([fixed] * len(found), attrs),
        "error": ([t.error for t in found], attrs),
        "order": (np.array([t.order for t in found], dtype=int), {}),
        "low": (np.array([t.low.character for t in found], dtype=str), {}),
        "high": (np.array([t.high.character for t in found], dtype=str), {}),
        "low_irreps": (np.array([" + ".join(t.low.irreps) for t in found], dtype=str), {}),
        "high_irreps": (np.array([" + ".join(t.high.irreps) for t in found], dtype=str), {}),
        "jump": ([t.jump for t in found], attrs),
        "status": (np.array([_status(t) for t in found], dtype=str), {}),
    }
    return xr.Dataset({name: ("transition", values, dict(a)) for name, (values, a) in columns.items()})


def _status(found: Transition) -> str:
    states = (found.low.status, found.high.status)
    return str(Status.NOT_CONVERGED if Status.NOT_CONVERGED in states else Status.CONVERGED)
