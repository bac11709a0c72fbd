"""From a starting point to the stationary point of the free energy below it: descent, then Newton's method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.gauge import distance
from spinvalley.pairing.competition.surface import Surface

_SLACK = 1e-3
_STEPS = 20
_HELD = 1e-11
_LONGEST = 0.3
_FLAT = 1e-7
_COLLAPSED = 1e-3
_KICK = 0.2
_KICKS = 3
_CLOSE = 0.02
_SAME = 1e-4


@dataclass(frozen=True, eq=False)
class Point:
    """A stationary point other than the normal state.

    Args:
        x: coordinates on the surface, (2n,).
        amplitudes: Delta, (n,).
        value: F(Delta) - F(0), energy per cell.
        modes: curvatures of F over attractive coordinates, without that of the common phase, ascending, 1/energy.
        softest: direction of the first of them, (2n,).
        settled: whether Newton's method held still.
    """

    x: Floats
    amplitudes: Matrix
    value: float
    modes: Floats
    softest: Floats
    settled: bool

    @property
    def flat(self) -> NDArray[np.bool_]:
        """Which modes cost nothing: a continuous symmetry, (m,)."""
        return np.asarray(np.abs(self.modes) <= _FLAT * np.abs(self.modes).max(initial=0.0))

    @property
    def size(self) -> float:
        """|Delta|, energy."""
        return float(np.linalg.norm(self.amplitudes))

    @property
    def is_minimum(self) -> bool:
        """Whether no direction leads down."""
        return bool(np.all((self.modes > 0) | self.flat))


@dataclass(frozen=True, eq=False)
class Visited:
    """Stationary points that were reached already, with the states that the symmetries make of them.

    Args:
        orbit: all different states that the symmetries make of amplitudes (n,).
        states: amplitudes, each (n,).
    """

    orbit: Callable[[Matrix], tuple[Matrix, ...]]
    states: list[Matrix] = field(default_factory=list)

    def near(self, amplitudes: Matrix, tolerance: float) -> bool:
        """Whether one of them, in some gauge, is as close as this, relative to its size."""
        return any(distance(amplitudes, s) <= tolerance * float(np.linalg.norm(s)) for s in self.states)

    def add(self, amplitudes: Matrix) -> None:
        """One more."""
        self.states.extend(self.orbit(amplitudes))


def settle(surface: Surface, x: Floats, visited: Visited) -> Point | None:
    """The minimum below x, (2n,); saddle points on the way are left along their softest mode.

    None where that is the normal state, or a stationary point visited before.
    """
    for _ in range(1 + _KICKS):
        x = descend(surface, x)
        if visited.near(surface.amplitudes(x), _CLOSE):
            return None
        point = polish(surface, x)
        if point is None or visited.near(point.amplitudes, _SAME):
            return None
        visited.add(point.amplitudes)
        if point.is_minimum:
            return point
        x = point.x + _KICK * float(np.linalg.norm(point.x)) * point.softest
    return None


def descend(surface: Surface, x: Floats) -> Floats:
    """Close to the minimum below x, by quasi-Newton steps over the attractive coordinates."""
    scale = float(np.linalg.norm(x))
    unit = surface.softest * scale**2
    latest = x / scale
    free = surface.attracts

    def objective(y: Floats) -> tuple[float, Floats]:
        nonlocal latest
        here = latest.copy()
        here[free] = y
        latest = surface.follow(scale * here) / scale
        value, slope = surface.value_and_gradient(scale * latest)
        return value / unit, slope[free] * scale / unit

    found = minimize(objective, latest[free], jac=True, method="BFGS", options={"gtol": _SLACK})
    objective(found.x)
    return scale * latest


def polish(surface: Surface, x: Floats) -> Point | None:
    """The stationary point next to x by Newton's method on all coordinates; None where that is the normal state."""
    held = False
    for _ in range(_STEPS):
        if np.linalg.norm(x) < _COLLAPSED * max(surface.functional.kT, surface.functional.finest):
            return None
        curvature = surface.curvature(x)
        step = _newton_step(surface, curvature, surface.value_and_gradient(x)[1], x)
        size, length = float(np.linalg.norm(step)), float(np.linalg.norm(x))
        if held or size <= _HELD * length:
            held = True
            break
        x = x - step * min(1.0, _LONGEST * length / size)
        held = size <= 1e-6 * length  # one more step is exact, the curvature serves as it is
    modes, vectors = _modes(surface, surface.curvature(x) if not held else curvature, x)
    softest = np.zeros(len(x))
    softest[surface.attracts] = vectors[:, 0] if len(modes) else 0.0
    return Point(x, surface.amplitudes(x), surface.value_and_gradient(x)[0], modes, softest, held)


def _newton_step(surface: Surface, curvature: Floats, gradient: Floats, x: Floats) -> Floats:
    """Newton's step off the flat directions; where F bends down along attractive coordinates it leads down, too."""
    a, r = surface.attracts, ~surface.attracts
    inner, mixed = curvature[np.ix_(r, r)], curvature[np.ix_(r, a)]
    modes, vectors = _modes(surface, curvature, x)
    stiff = np.abs(modes) > _FLAT * np.abs(modes).max(initial=0.0)
    along = vectors[:, stiff]
    force = gradient[a] - mixed.T @ np.linalg.solve(inner, gradient[r])
    step = np.zeros(len(x))
    step[a] = along @ ((along.T @ force) / np.abs(modes[stiff]))
    step[r] = np.linalg.solve(inner, gradient[r] - mixed @ step[a])
    return step


def _modes(surface: Surface, curvature: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Curvatures off the common phase, ascending (m,), and their directions over attractive coordinates (2a, m)."""
    gauge = surface.gauge_mode(x)[surface.attracts]
    gauge = gauge / np.linalg.norm(gauge)
    complement = np.linalg.svd(gauge[None])[2][1:].T
    values, vectors = np.linalg.eigh(complement.T @ surface.reduced(curvature) @ complement)
    return values, complement @ vectors
