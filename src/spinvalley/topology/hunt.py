"""The space of the lowest states of a strip: Lanczos runs on the inverse of M^+ M - level^2, guided by counts.

Counts are exact only some 1e-7 of the largest energy away from states, because parts of the strip have states at the
same energies (edge states, band edges). They place levels and say what is missing; what they cannot tell apart, the
states of a dense cluster, is found from a safe level below it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.topology.banded import Band, Factors, rounding, square
from spinvalley.topology.inertia import Counts
from spinvalley.topology.lanczos import FAR, Ritz, Wish, negative_space

Array = NDArray[Any]
SPARE = 2
SAFE = 1e-6  # of the scale: how far from a state counts are safe
_SAME = 1e-13
_EQUAL = 0.5  # eigenvalues of the inverse this close may be copies of one level
_LARGER = 1.001
_RUNS = 3
_CHECK = 36
_CLOSER = 5
_MANY = 5
_ZERO = 1e-12


@dataclass(frozen=True, eq=False)
class Target:
    """What is asked for at one momentum.

    Args:
        states: number of states asked for (of singular values, with a chiral symmetry).
        level: an energy E_c; `count` states have |E| < E_c.
        count: at least `states`, at most two more unless the states there are degenerate or dense.
        lower: a level below which there are fewer than `states`.
        counter: the number of states below some levels.
    """

    states: int
    level: float
    count: int
    lower: float
    counter: Callable[[Floats], Counts]

    def below(self, level: float) -> int:
        """Number of states with |E| < level."""
        return int(np.sum(self.counter(np.array([level])))) if level > 0 else 0


@dataclass(frozen=True, eq=False)
class Well:
    """The operator M^+ M of an open strip.

    Args:
        blocks: M_n (2r + 1, d, d).
        width: number of columns.
        scale: a bound of the singular values.
    """

    blocks: Array
    width: int
    scale: float

    def factors(self, level: float) -> Factors:
        """LU factors of M^+ M - level^2."""
        return square(self.blocks, self.width, level**2).factor(rounding(self.scale**2))

    def nothing(self) -> Array:
        """No states, shape (N, 0)."""
        return np.empty((self.width * self.blocks.shape[-1], 0), dtype=self.blocks.dtype)

    def same(self, level: float) -> float:
        """Squares of singular values that need not be told apart."""
        return _SAME * max(level, SAFE * self.scale) * self.scale


def lowest_space(well: Well, target: Target) -> tuple[Array, bool]:
    """Orthonormal basis (N, m) of the `target.states` lowest states, and maybe some more; whether none is missing."""
    if target.count <= target.states + SPARE:
        hunt = Hunt(well, target, target.level, target.count)
        if hunt.finished() and hunt.trusted():
            return hunt.found, True
    safe = max(target.lower - SAFE * well.scale, SAFE * well.scale)
    beneath = target.below(safe)
    if beneath == 0:
        return _above(well, safe, target.states, well.nothing())
    if beneath > _MANY * target.states:
        return _flat(well, target, safe)
    hunt = Hunt(well, target, safe, beneath)
    complete = hunt.finished()
    if beneath >= target.states:
        return hunt.found, complete
    found, above = _above(well, safe, target.states - beneath, hunt.found)
    return found, complete and above


def _flat(well: Well, target: Target, level: float) -> tuple[Array, bool]:
    """Some states of a flat band at zero energy, and whether they are at zero: then any of them will do."""
    hunt = Hunt(well, target, level, target.states)
    complete = hunt.finished()
    sizes = np.linalg.norm(Band.of(well.blocks, well.width).times(hunt.found), axis=0)
    return hunt.found, complete and bool(sizes.max(initial=0.0) < _ZERO * well.scale)


class Hunt:
    """Search for `count` states below a level.

    What a run leaves out are further states of degenerate levels, for another run at this level, or states far below
    it, such as zero modes under a dense band edge, for a lower level.
    """

    def __init__(self, well: Well, target: Target, level: float, count: int) -> None:
        self.well, self.target, self.count = well, target, count
        self.top, self.highest, self.lowest = level, 0.0, level
        self.found, self.random, self.seen = well.nothing(), np.random.default_rng(11), 0
        self.rest = np.zeros(len(self.found), dtype=self.found.dtype)
        self._aim(level)

    @property
    def missing(self) -> int:
        """Number of states not yet found."""
        return self.count - int(self.found.shape[1])

    def finished(self) -> bool:
        """Search; whether all states were found."""
        idle = 0
        while self.missing > 0 and idle < _RUNS:
            idle = 0 if self._run() else idle + 1
            if self.missing > 0 and (self.expected <= 0 or idle == _RUNS - 1) and not self._descend():
                break
        return self.missing <= 0

    def trusted(self) -> bool:
        """Whether the count can be trusted: no state is too close to the level, or one more run finds none."""
        margin = SAFE * self.well.scale
        if self.seen > self.count:
            return False
        if self.top - self.highest > margin:
            return True
        if self.target.below(self.lowest - margin) > 0:
            return False
        self._aim(self.top)
        strongest = 1 / max(self.top**2 - self.highest**2, np.finfo(float).tiny)
        start = self.random.normal(size=len(self.rest)).astype(self.rest.dtype)
        check = Wish(1, FAR * strongest, 0.0, _CHECK)
        return negative_space(self.factors.solve, start, self.found, check).seen == 0

    def _aim(self, level: float) -> None:
        self.level, self.least, self.expected = level, 0.0, self.missing
        self.factors = self.well.factors(level)

    def _run(self) -> bool:
        """One run at the present level and a look at the counts; whether it found anything."""
        start = self.rest + self.random.normal(size=len(self.rest)) / np.sqrt(len(self.rest))
        wish = Wish(self.expected, self.least, self.well.same(self.level))
        run = negative_space(self.factors.solve, start, self.found, wish)
        self.rest, self.seen = run.rest, max(self.seen, run.seen)
        if len(run.values) == 0:
            self.least = 0.0
            return False
        self.found = _joined(self.found, self.factors, run)
        sizes = np.sqrt(np.maximum(self.level**2 + 1 / run.values, 0.0))
        self.highest, self.lowest = max(self.highest, float(sizes.max())), min(self.lowest, float(sizes.min()))
        self.least = _EQUAL * float(np.abs(run.values).min())
        self.expected = self.missing - self.target.below(self.lowest - SAFE * self.well.scale)
        return True

    def _descend(self) -> bool:
        """Go on at a level between the lowest state found and those that are missing; whether there is one."""
        for parts in (np.linspace(0.02, 0.98, 49), np.geomspace(1e-9, 0.02, 36)):
            trials = self.lowest * (1 - parts)
            fitting = trials[self.target.counter(trials) == self.missing]
            if len(fitting):
                self._aim(float(fitting[len(fitting) // 2]))
                return True
        return False


def _above(well: Well, level: float, number: int, known: Array) -> tuple[Array, bool]:
    """Known states and the `number` lowest above a level; whether none is missing.

    Where they are too dense to be resolved from this level, it is moved closer to the lowest of them.
    """
    lowest = level
    for _ in range(_CLOSER):
        found, complete, strongest = _above_level(well, level, number, known)
        if complete or strongest == 0:
            break
        level += 0.9 * (float(np.sqrt(level**2 - 1 / strongest)) - level)
    if complete and level > lowest:  # no state may lie between the two levels
        start = np.random.default_rng(17).normal(size=len(found)).astype(found.dtype)
        between = 1 / (level**2 - lowest**2)
        complete = negative_space(well.factors(level).solve, start, found, Wish(1, between, 0.0, _CHECK)).seen == 0
    return found, complete


def _above_level(well: Well, level: float, number: int, known: Array) -> tuple[Array, bool, float]:
    """As `_above` from this level; whether a further run found none nearer to it; the strongest eigenvalue."""
    factors, random = well.factors(level), np.random.default_rng(13)
    found, values, wish = known, np.empty(0), Wish(number, 0.0, well.same(level))
    while True:
        start = random.normal(size=len(found)).astype(found.dtype)
        run = negative_space(lambda x: -factors.solve(x), start, found, wish)
        if len(run.values) == 0:
            return found, len(values) >= number and run.seen == 0, run.strongest
        found, values = _joined(found, factors, run), np.append(values, run.values)
        rest = number - len(values)
        # another copy of a level that was found changes nothing
        least = -_LARGER * float(np.sort(values)[number - 1]) if rest <= 0 else 0.0
        wish = Wish(max(rest, 1), least, wish.same, 0 if rest > 0 else _CHECK)


def _joined(found: Array, factors: Factors, run: Ritz) -> Array:
    """Orthonormal basis of what was found before and in a run, after one step of inverse iteration on the latter.

    The step removes what rounding left of high states, and would enhance states beside the level that are not wanted.
    """
    better = factors.solve(np.asfortranarray(run.vectors))
    better = better - run.others @ (run.others.conj().T @ better)
    return np.asarray(np.linalg.qr(np.concatenate([found, better], axis=1))[0])
