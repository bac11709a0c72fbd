"""The fields up to which the normal state is unstable, for every mode of competing channels.

Only the field's action on the spin is counted (Pauli limit). At one temperature the eigenvalue of each rank is followed
through the field; triplets with d across the field have no Pauli limit, and their modes end beyond any range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import (
    Floats,
    InvalidInput,
    NotSolved,
    Status,
    axis,
    direction_vector,
    one_of,
    positive,
    tolerance,
)
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.instabilities import describe
from spinvalley.pairing.competition.matrix import UNITS, PairMatrix, independent, one_momentum, status
from spinvalley.pairing.competition.modes import SPINS, eigenvalues, modes
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.roots import Ranked, crossing, first_interval
from spinvalley.pairing.competition.temperatures import transition_temperatures
from spinvalley.pairing.gap import ORDERS, orders, stated_error
from spinvalley.pairing.helical import FINE, BeyondRange, Excess, refined_momentum
from spinvalley.pairing.pair_nodes import fermi_velocity

Momentum = Literal["zero", "best"] | ArrayLike
_FURTHEST = 20.0  # of the highest Tc
_FIRST = 0.3  # of the temperature
_GROWTH = 1.3
_WINDOW = 2.0  # growth of the window that is resolved in the search
_TINY = 1e-9
_COARSE = 1e-2


@dataclass(frozen=True)
class FieldPoint:
    """Where one mode ends: field, error, status, amplitudes (n,), momentum (2,), and whether it comes back above."""

    zeeman: float
    error: float
    status: Status
    vector: Matrix
    q: Floats
    again: bool = False


@dataclass(frozen=True, eq=False)
class FieldLine:
    """The linearised problem at one temperature along one direction of the field.

    Args:
        comp: model, channels, interaction.
        kT: temperature, energy.
        unit: direction of the field, (3,).
        q: momentum of the pairs (2,).
        furthest: end of the search, energy.
        tol: relative error asked for.
    """

    comp: Competition
    kT: float
    unit: Floats
    q: Floats
    furthest: float
    tol: float

    def points(self) -> list[FieldPoint]:
        """The end of every rank, the highest field first."""
        grid = self._grid
        windows = grid[-1] / _WINDOW ** np.floor(np.log(grid[-1] / np.maximum(grid, grid[1])) / np.log(_WINDOW) + _TINY)
        ranked = [self._ranked(top, ORDERS[0])(value) for top, value in zip(windows, grid, strict=True)]
        intervals = enumerate(first_interval(ranked))
        return [replace(self._end(rank, place, grid), again=again) for rank, (place, again) in intervals]

    def best(self) -> FieldPoint:
        """The end of the leading mode for pairs of the best momentum."""
        still = self.points()[0]
        if still.status in (Status.NORMAL, Status.BEYOND_RANGE):
            return still
        velocity = fermi_velocity(self.comp.sampler, self.kT)[0]
        try:
            found = refined_momentum(
                self._moving, still.zeeman, 1 / velocity, FINE * np.pi * self.kT / velocity, self.tol, self.furthest
            )
        except BeyondRange:
            return FieldPoint(self.furthest, np.nan, Status.BEYOND_RANGE, still.vector, still.q)
        except NotSolved:
            return FieldPoint(np.nan, np.nan, Status.NOT_CONVERGED, still.vector, still.q)
        if found.field <= still.zeeman:
            return still
        pairs = PairMatrix(self.comp, self.kT, found.field * self.unit, found.q, ORDERS[2])
        vector = self._vectors(pairs, found.field, found.q)[0]
        return FieldPoint(found.field, found.error, status(found.error <= self.tol * found.field), vector, found.q)

    @property
    def _grid(self) -> Floats:
        """Zero, and fields that grow up to the furthest."""
        first = min(_FIRST * self.kT, 0.5 * self.furthest)
        count = int(np.ceil(np.log(self.furthest / first) / np.log(_GROWTH)))
        return np.append(0.0, np.geomspace(first, self.furthest, count + 1))

    def _matrix(self, top: float, order: int) -> PairMatrix:
        return PairMatrix(self.comp, self.kT, top * self.unit, self.q, order)

    def _ranked(self, top: float, order: int) -> Ranked:
        pairs = self._matrix(top, order)
        return lambda v: eigenvalues(self.comp, pairs.chi(self.kT, v * self.unit, self.q))

    def _moving(self, top: float, q_max: float, order: int) -> Excess:
        pairs = PairMatrix(self.comp, self.kT, top * self.unit, np.array([q_max, 0.0]), order)
        return lambda v, q: float(eigenvalues(self.comp, pairs.chi(self.kT, v * self.unit, q))[0]) - 1

    def _end(self, rank: int, place: int | None, grid: Floats) -> FieldPoint:
        if place is None:
            return FieldPoint(
                0.0, 0.0, Status.NORMAL, self._vectors(self._matrix(0.0, ORDERS[0]), 0.0, self.q)[rank], self.q
            )
        if place == len(grid) - 1:
            vector = self._vectors(self._matrix(self.furthest, ORDERS[0]), self.furthest, self.q)[rank]
            return FieldPoint(self.furthest, np.nan, Status.BEYOND_RANGE, vector, self.q)
        low, high = float(grid[place]), float(grid[place + 1])
        top = high * self.unit
        found = crossing(
            partial(self._ranked, high * _GROWTH),
            rank,
            (low, high),
            orders(self.comp, self.kT, top, min(self.tol, 1e-4)),
            self.tol,
            lambda order, change, v: float(stated_error(self.comp, self.kT, top, order, change, v)),
        )
        if found is None:
            vector = self._vectors(self._matrix(low, ORDERS[0]), low, self.q)[rank]
            return FieldPoint(np.nan, np.nan, Status.NOT_CONVERGED, vector, self.q)
        vector = self._vectors(self._matrix(high * _GROWTH, found.order), found.value, self.q)[rank]
        return FieldPoint(found.value, found.error, status(found.converged), vector, self.q)

    def _vectors(self, pairs: PairMatrix, zeeman: float, q: Floats) -> Matrix:
        chi = pairs.chi(self.kT, zeeman * self.unit, q)
        return modes(self.comp, chi, self.tol * float(np.abs(chi).max())).vectors


def transition_fields(
    comp: Competition,
    kT: ArrayLike,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    momentum: Momentum = "zero",
    zeeman_max: float | None = None,
    tol: float = 1e-5,
) -> xr.Dataset:
    """Critical field of the linearised problem, for each mode: where a growing field makes the normal state stable.

    The first mode is the last to go; above its field the normal state is stable (until it is unstable again, as
    `reentrant` says: triplets may find a larger density of states at a high field). First-order transitions lie above
    this field: they are asked of the free energy (`critical_field` of `comp.superconductor(weights)`, or the minima of
    the competition).

    Args:
        comp: model, channels, interaction.
        kT: temperatures > 0, scalar or (nT,), energy (`sv.kelvin` converts).
        direction: of the field, nonzero 3-vector.
        momentum: of the pairs: "zero"; a vector (2,), 1/length; "best" searches that of the highest field, for the
            leading mode alone.
        zeeman_max: end of the search, energy; default 20 times the highest Tc of the competition at zero field.
        tol: relative error asked for.

    Returns:
        Dataset over kT and mode, highest field first: zeeman (energy; `sv.tesla(1)` is that of one tesla), error,
        status ("normal": stable without a field, value 0; "beyond range": unstable up to `zeeman_max`, the value),
        reentrant, vector, share, irrep (at this field), q (kT, mode, xy). Attributes: direction, zeeman_max, tolerance.

    Raises:
        InvalidInput: temperatures that are not positive, zero direction, channels that depend linearly on each other.

    Source: physics.md 2.1; P. A. Frigeri et al., doi:10.1103/PhysRevLett.92.097001.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> sv.pairing.transition_fields(comp, kT=0.08).zeeman.values.round(4)
    array([[0.1122]])
    """
    independent(comp)
    temperatures = axis("kT", kT)
    for value in temperatures:
        positive("kT", value)
    unit, tol = direction_vector(direction), tolerance("tol", tol)
    q = _momentum(momentum)
    furthest = positive("zeeman_max", zeeman_max) if zeeman_max is not None else _furthest(comp)
    lines = []
    for value in temperatures:
        line = FieldLine(comp, float(value), unit, q, furthest, tol)
        found = [line.best()] if isinstance(momentum, str) and momentum == "best" else line.points()
        lines.append(_dataset(comp, found))
    attrs = {"direction": tuple(map(float, unit)), "zeeman_max": furthest, "tolerance": tol}
    return xr.concat(lines, dim="kT").assign_coords(kT=("kT", temperatures, UNITS)).assign_attrs(attrs)


def _momentum(value: Momentum) -> Floats:
    if isinstance(value, str):
        one_of("momentum", value, ("zero", "best"))
        return np.zeros(2)
    return one_momentum(value)


def _furthest(comp: Competition) -> float:
    highest = float(transition_temperatures(comp, tol=_COARSE).tc.max())
    if not highest > 0:
        raise InvalidInput("`zeeman_max` must be given where no mode is unstable without a field")
    return _FURTHEST * highest


def _dataset(comp: Competition, points: list[FieldPoint]) -> xr.Dataset:
    order = sorted(range(len(points)), key=lambda n: -np.nan_to_num(points[n].zeeman))
    chosen = [points[n] for n in order]
    return xr.Dataset(
        {
            "zeeman": ("mode", np.array([p.zeeman for p in chosen]), UNITS),
            "error": ("mode", np.array([p.error for p in chosen]), UNITS),
            "status": ("mode", [str(p.status) for p in chosen]),
            "reentrant": ("mode", [p.again for p in chosen]),
            "q": (("mode", "xy"), np.array([p.q for p in chosen]), {"units": "1 / length unit of the model"}),
            **describe(comp, np.array([p.vector for p in chosen])),
        },
        coords={"mode": np.arange(len(chosen)), "channel": list(comp.names), "spin": list(SPINS), "xy": ["x", "y"]},
    )
