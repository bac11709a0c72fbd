"""All minima of the free energy over several complex amplitudes at one temperature and field, with their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, NotSolved, Status, instance, non_negative, tolerance, zeeman_vector
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.character import character, representations
from spinvalley.pairing.competition.functional import Functional
from spinvalley.pairing.competition.gauge import distance
from spinvalley.pairing.competition.orbits import symmetries_of
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.search import search
from spinvalley.pairing.competition.settling import Point, Visited, polish, settle
from spinvalley.pairing.competition.states import State, States
from spinvalley.pairing.competition.surface import Surface
from spinvalley.pairing.gap import orders, stated_error

_EQUAL = 1e-3
_DEGENERATE = 1e-6
_NOISE = 1e-15
_NEAR = 1e-3


def minima(comp: Competition, kT: float, zeeman: ArrayLike = 0.0, *, tol: float = 1e-6, check: bool = False) -> States:
    """All minima of F(Delta) over the complex amplitudes, the equilibrium state first.

    Descents start from the modes of the linearised gap equation, their sums with relative phases, and random
    superpositions of a fixed seed; saddle points are left by their Hessian, the common phase projected out. Repulsive
    channels follow at the maximum of F, as mean-field theory asks. States that a symmetry of the model in the field
    makes of one another are one entry.

    Args:
        comp: channels that compete.
        kT: temperature >= 0, energy.
        zeeman: V of sigma, energy (number: along x; or 3-vector).
        tol: error of the amplitudes asked for, relative to their size.
        check: raise `NotSolved` where the tolerance is not met.

    Returns:
        States, each with amplitudes, condensation, character, curvatures, partners, error and status.

    Raises:
        InvalidInput: negative kT, a field that is no vector.
        NotSolved: only with `check=True`.

    Source: M. Sigrist and K. Ueda, doi:10.1103/RevModPhys.63.239, section V, with the free energy of
    heterostructure.txt, eq. 7, instead of its expansion.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> d = tuple(sv.pairing.channels.channel(film, name) for name in ("d_x2-y2", "d_xy"))
    >>> comp = sv.pairing.Competition(film, d, sv.pairing.Reduced({c.name: 3.0 for c in d}))
    >>> state = minima(comp, kT=0.02, tol=1e-4).lowest
    >>> state.character, state.breaks_time_reversal, state.degeneracy
    ('chiral', True, 2)
    """
    instance("comp", comp, Competition, 'Competition(film(), channels, Reduced({"s": 2.3}))')
    kT = non_negative("kT", kT)
    vector = zeeman_vector(zeeman)
    tol = tolerance("tol", tol)
    found = Solver(comp, kT, vector, tol).solve()
    if check and found.status == Status.NOT_CONVERGED:
        raise NotSolved(
            f"the lowest state at kT = {kT:g} is known to {found.lowest.error:.2g}, its free energy to "
            f"{found.lowest.condensation_error:.2g}, not to what was asked for or to tell it from the next one"
        )
    return found


@dataclass(frozen=True, eq=False)
class _Tracked:
    """A minimum followed through the orders of the quadrature, with the errors of its amplitudes and of F."""

    point: Point
    error: float = np.inf
    value_error: float = np.inf


class Solver:
    """Finds the states at one point.

    Args:
        comp: channels that compete.
        kT: temperature, energy.
        zeeman: V of sigma (3-vector).
        tol: relative error of the amplitudes asked for.
    """

    def __init__(self, comp: Competition, kT: float, zeeman: Floats, tol: float) -> None:
        self.comp, self.kT, self.zeeman, self.tol = comp, kT, zeeman, tol
        self.symmetries = symmetries_of(comp, zeeman)
        self.orders = orders(comp, kT, zeeman, tol)

    def solve(self, known: Sequence[Matrix] = (), *, everywhere: bool = True) -> States:
        """The states, ascending in F, found from everywhere or only from the `known` ones, amplitudes (n,)."""
        x, y, z = (float(v) for v in self.zeeman)
        return States(tuple(self._states(known, everywhere)), self.kT, (x, y, z))

    def _states(self, known: Sequence[Matrix], everywhere: bool) -> list[State]:
        ladder = iter(self.orders)
        for order in ladder:
            surface = self._surface(order)
            found = self._found(surface, known, everywhere)
            if found or surface.normal_modes()[0].min(initial=np.inf) > _NEAR * surface.softest:
                break
        tracked = self._distinct([_Tracked(point) for point in found])
        for order in ladder:
            if all(t.error <= self.tol * t.point.size for t in tracked):
                break
            surface = self._surface(order)
            tracked = [finer for t in tracked if (finer := self._follow(t, surface)) is not None]
        states = [self._state(t) for t in self._distinct(tracked)]
        modes = surface.normal_modes()[0]
        if np.all(modes > 0) or not states:
            states.append(self._normal(modes))
        return sorted(states, key=lambda state: state.condensation)

    def _found(self, surface: Surface, known: Sequence[Matrix], everywhere: bool) -> list[Point]:
        """Minima at one order of the quadrature."""
        visited = Visited(lambda amplitudes: self.symmetries.orbit(amplitudes, _EQUAL))
        if everywhere:
            return search(surface, visited, known)
        ends = (settle(surface, surface.coordinates(state), visited) for state in known)
        return [end for end in ends if end is not None]

    def _surface(self, order: int) -> Surface:
        return Surface(Functional(self.comp, self.kT, self.zeeman, order))

    def _follow(self, tracked: _Tracked, surface: Surface) -> _Tracked | None:
        """The same state at a finer order, None where it is no minimum there."""
        before, order = tracked.point, surface.functional.order
        point = polish(surface, before.x)
        if point is None or not point.is_minimum:
            return None
        change = distance(point.amplitudes, before.amplitudes)
        error = float(stated_error(self.comp, self.kT, self.zeeman, order, change, point.size))
        rounding = _NOISE * self.comp.sampler.bandwidth
        moved = abs(point.value - before.value)
        value = float(stated_error(self.comp, self.kT, self.zeeman, order, moved, abs(point.value))) + rounding
        return _Tracked(point, error, value)

    def _distinct(self, tracked: list[_Tracked]) -> list[_Tracked]:
        """One of each set of degenerate states, those with the lowest F first."""
        kept: list[_Tracked] = []
        orbits: list[tuple[Matrix, ...]] = []
        for t in sorted(tracked, key=lambda t: t.point.value):
            pairs = zip(kept, orbits, strict=True)
            if not any(self._related(t.point, other.point, orbit) for other, orbit in pairs):
                kept.append(t)
                orbits.append(self.symmetries.orbit(t.point.amplitudes, _EQUAL))
        return kept

    def _related(self, first: Point, second: Point, orbit: tuple[Matrix, ...]) -> bool:
        """Whether a state lies in the orbit of the second, or on the same flat valley of a continuous symmetry.

        Turns of the spins commute with time reversal: states of which only one is its own reverse are not on one
        valley, even if their free energies and curvatures agree, as those of chiral and helical triplets do.
        """
        if any(distance(first.amplitudes, state) <= _EQUAL * second.size for state in orbit):
            return True
        if not np.any(first.flat) or np.sum(first.flat) != np.sum(second.flat):
            return False
        stiff = np.abs(second.modes).max()
        alike = np.abs(first.modes - second.modes).max() <= _EQUAL * stiff
        reversal = self.symmetries.reversal
        kinds = [(reversal.is_complex(p.amplitudes), reversal.breaks(p.amplitudes)) for p in (first, second)]
        return bool(
            alike and kinds[0] == kinds[1] and abs(first.value - second.value) <= _DEGENERATE * abs(second.value)
        )

    def _state(self, tracked: _Tracked) -> State:
        point = tracked.point
        partners = np.array(self.symmetries.orbit(point.amplitudes, _EQUAL))
        irreps = representations(self.comp, partners[0])
        converged = point.settled and tracked.error <= self.tol * point.size
        return State(
            comp=self.comp,
            amplitudes=partners[0],
            condensation=point.value,
            character=character(self.symmetries.reversal, irreps, partners[0]),
            breaks_time_reversal=self.symmetries.reversal.breaks(partners[0]),
            irreps=tuple(irrep.name for irrep in irreps),
            curvatures=np.where(point.flat, 0.0, point.modes),
            partners=partners,
            error=tracked.error,
            condensation_error=tracked.value_error,
            status=Status.CONVERGED if converged else Status.NOT_CONVERGED,
        )

    def _normal(self, modes: Floats) -> State:
        nothing = np.zeros((1, len(self.comp.channels)), dtype=complex)
        curvatures = np.repeat(2 * modes, 2)
        stable = Status.NORMAL if np.all(modes > 0) else Status.NOT_CONVERGED
        return State(self.comp, nothing[0], 0.0, "normal", False, (), curvatures, nothing, 0.0, 0.0, stable)
