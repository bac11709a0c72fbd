"""One transition along a line in the (T, V) plane: continuous or first order, located on the free energy.

Both coordinates are searched by the same code: a `Line` gives the expansion of F at small gap and the whole profile
F(Delta) at a parameter s (a field at fixed temperature, or a temperature at fixed field).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from spinvalley.checks import Floats
from spinvalley.pairing.gap import free_energy_landscape, stated_error
from spinvalley.pairing.landscape import Branch, Profile, expansion
from spinvalley.pairing.superconductor import Superconductor

_NEGLIGIBLE = 1e-9
_NEAR = 2e-3
_WIDENINGS = 4
_SMALLEST_JUMP = 0.04


@dataclass(frozen=True)
class Line:
    """A line in the (T, V) plane: s -> (kT, zeeman vector), at one order of the zone quadrature.

    Args:
        sc: the superconductor.
        point: s -> (kT, V of sigma as a 3-vector).
        order: points per panel of the zone quadrature.
        tol: relative tolerance of the gap interpolant.
    """

    sc: Superconductor
    point: Callable[[float], tuple[float, Floats]]
    order: int
    tol: float

    def curvature(self, s: float) -> float:
        """n/v - chi: vanishes where the normal state becomes unstable."""
        kT, field = self.point(s)
        if kT == 0:  # no expansion in x at T = 0
            return self.profile(s).curvature
        return self.sc.strength - expansion(self.sc.energetics, kT, field, self.order)[0]

    def quartic(self, s: float) -> float:
        """Coefficient b of b x^2 / 2 in F at small x = Delta^2; negative: a first-order transition lies beyond."""
        kT, field = self.point(s)
        return expansion(self.sc.energetics, kT, field, self.order)[1]

    def profile(self, s: float) -> Profile:
        """F(Delta) - F(0) at s."""
        kT, field = self.point(s)
        return free_energy_landscape(self.sc, np.array([kT]), field, self.order, self.tol).profile(0)

    @property
    def energy_scale(self) -> float:
        """Energy n Delta_0^2 / v: the scale of condensation energies."""
        return self.sc.strength * self.sc.gap_scale**2


@dataclass(frozen=True)
class Transition:
    """Where the equilibrium state changes along a line, and how.

    Args:
        s: parameter of the thermodynamic transition.
        order: 1 or 2.
        linear: parameter at which the normal state becomes unstable, NaN if it never does in the bracket.
        gap: gap on the superconducting side (0 for a continuous transition).
    """

    s: float
    order: int
    linear: float
    gap: float


def find_transition(line: Line, inside: float, outside: float, precision: float) -> Transition | None:
    """The transition between a superconducting and a normal point of a line; None if this line has none in between.

    Args:
        line: the line.
        inside: parameter where the equilibrium state is superconducting.
        outside: parameter where it is normal.
        precision: absolute precision of the parameter.
    """
    linear = np.nan
    if line.curvature(inside) < 0 < line.curvature(outside):
        linear = float(brentq(line.curvature, inside, outside, xtol=precision, rtol=1e-14))
        best = lowest_superconducting(line.profile(linear))
        if best is None or best.condensation > -_NEGLIGIBLE * line.energy_scale:
            return Transition(linear, 2, linear, 0.0)
        inside = linear

    def advantage(s: float) -> float:
        best = lowest_superconducting(line.profile(s))
        return best.condensation if best is not None else line.energy_scale

    if not advantage(inside) < 0 < advantage(outside):
        return None
    s = float(brentq(advantage, inside, outside, xtol=precision, rtol=1e-14))
    best = lowest_superconducting(line.profile(s - precision))
    return Transition(s, 1, linear, best.gap if best is not None else np.nan)


@dataclass(frozen=True)
class Refined:
    """A transition with its error estimate and the finest line that it was found on; `transition` None: not found."""

    transition: Transition | None
    error: float
    line: Line


def refine_transition(lines: Sequence[Line], bracket: tuple[float, float], tol: float) -> Refined:
    """The transition on ever finer lines until it moves by less than `tol` (relative), in at least two of them.

    Args:
        lines: the same line at ascending orders of the zone quadrature.
        bracket: a superconducting and a normal parameter, from a coarse scan.
        tol: relative error asked for.
    """
    found: Transition | None = None
    error = np.inf
    for line in lines:
        precision = 0.02 * tol * bracket[1]
        last = found
        found = None
        if last is not None:  # a bracket around the value of the coarser line
            near = max(bracket[0], last.s * (1 - _NEAR)), min(bracket[1], last.s * (1 + _NEAR))
            found = find_transition(line, *near, precision)
        if found is None:
            found, bracket = _in_widened(line, bracket, precision)
        if found is None:
            return Refined(None, 0.5 * (bracket[1] - bracket[0]), line)
        if last is not None:
            kT, field = line.point(found.s)
            change = abs(found.s - last.s)
            error = float(stated_error(line.sc, kT, field, line.order, change, found.s)) + precision
            if error <= tol * found.s:
                break
    return Refined(found, error, line)


def _in_widened(
    line: Line, bracket: tuple[float, float], precision: float
) -> tuple[Transition | None, tuple[float, float]]:
    """The transition in a bracket from a coarser quadrature, widened a few times if it just misses it."""
    for _ in range(_WIDENINGS):
        found = find_transition(line, *bracket, precision)
        if found is not None:
            break
        width = 0.5 * (bracket[1] - bracket[0])
        bracket = max(bracket[0] - width, 0.5 * bracket[0]), bracket[1] + width
    return found, bracket


def lowest_superconducting(profile: Profile) -> Branch | None:
    """The superconducting minimum of lowest free energy, if there is one."""
    minima = superconducting_minima(profile)
    return min(minima, key=lambda b: b.condensation) if minima else None


def find_jump(line: Line, low: float, high: float, precision: float) -> tuple[float, float, float] | None:
    """A first-order transition between two superconducting states: (s, larger gap, smaller gap), or None.

    The bracket is halved towards the larger change of the gap; a change that shrinks with the bracket, down to 4 % of
    the gap at T = V = 0, is taken as continuous.
    """
    scale = line.sc.gap_scale
    ends = [(s, line.profile(s)) for s in (low, high)]
    while abs(ends[1][0] - ends[0][0]) > max(precision, 1e-4 * abs(high)):
        gaps = [profile.equilibrium().gap for _, profile in ends]
        if abs(gaps[0] - gaps[1]) < _SMALLEST_JUMP * scale or min(gaps) <= 0:
            return None
        pair = _exchange(line, ends[0], ends[1], precision)
        if pair is not None:
            return pair
        middle = 0.5 * (ends[0][0] + ends[1][0])
        profile = line.profile(middle)
        gap = profile.equilibrium().gap
        ends = [ends[0], (middle, profile)] if abs(gaps[0] - gap) > abs(gap - gaps[1]) else [(middle, profile), ends[1]]
    return None


def _exchange(
    line: Line, first: tuple[float, Profile], last: tuple[float, Profile], precision: float
) -> tuple[float, float, float] | None:
    """Where two coexisting superconducting minima have equal free energy, if both exist at both ends."""
    sets = [superconducting_minima(profile) for _, profile in (first, last)]
    if any(len(minima) < 2 for minima in sets):
        return None

    def difference(s: float) -> float:
        minima = superconducting_minima(line.profile(s))
        return minima[-1].condensation - minima[0].condensation if len(minima) > 1 else np.nan

    if difference(first[0]) * difference(last[0]) >= 0:
        return None
    s = float(brentq(difference, first[0], last[0], xtol=precision))
    minima = superconducting_minima(line.profile(s))
    return s, minima[-1].gap, minima[0].gap


def superconducting_minima(profile: Profile) -> list[Branch]:
    """All minima with a nonzero gap, ascending."""
    return [b for b in profile.branches() if b.gap > 0 and b.kind == "minimum"]
