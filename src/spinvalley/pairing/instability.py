"""Where the normal state becomes unstable in a field, and whether the free energy has jumped there before.

Two kinds of systems answer the same three questions. A lattice model is solved exactly: pair susceptibility over the
whole zone, free energy of the same model. A Fermi surface or a closed formula gives the pair breaking, ln(Tc/T) = ...,
and, where its theory has one, the free energy as a function of the gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy.optimize import brentq

from spinvalley.checks import Floats, NotSolved
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.gap import ORDERS, orders, stated_error
from spinvalley.pairing.helical import (
    HelicalField,
    PairMomenta,
    helical_lattice,
    helical_surface,
    sampling_error,
    surface_of,
)
from spinvalley.pairing.linearised import susceptibility
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.pairing.transition import Line, lowest_superconducting, refine_transition
from spinvalley.units import K_B, tesla

_GAPS = np.linspace(0.02, 1.2, 28) * 1.764 * K_B  # in units of meV per kelvin of Tc
_NEGLIGIBLE = 1e-9
_LEVELS = (6, 10, 14, 20)
_FINE = 1e-6
_RATIO = 1.4
_SMALLEST = 1e-6
_ROUNDING = 1e-10
_ENOUGH = 32
_NARROWINGS = 3
_FINE_POINTS = 17
_WIDEN = 1.05
_WIDENINGS = 14


@runtime_checkable
class PairBreaking(Protocol):
    """A theory of pair breaking: the superconductor is stable while breaking(T, B) < ln(Tc/T)."""

    def breaking(self, T: Any, B: Any) -> Floats:
        """Right-hand side of ln(Tc/T) = ... at T in K, in field vectors B (..., 3) in tesla."""
        ...


@dataclass(frozen=True)
class Jump:
    """A transition that the free energy decides: its field in tesla, its order, and the error of the field."""

    field: float
    order: int
    error: float


class Instability(Protocol):
    """What the search for Hc2 asks of a system, along one direction of the field; T in K, B in tesla."""

    def levels(self, T: float, B: float, /) -> tuple[int, ...]:
        """Levels of refinement to try, coarsest first."""
        ...

    def excess(self, T: float, B: float, level: int, /) -> float:
        """Positive where the normal state is unstable."""
        ...

    def error(self, T: float, B: float, level: int, change: float, /) -> float:
        """Error of a field that changed so much when it was refined to this level."""
        ...

    def decided(self, T: float, B: float, /) -> Jump:
        """The transition of lowest free energy, given the field B at which the normal state becomes unstable."""
        ...

    def helical(self, T: float, B: float, furthest: float, /) -> HelicalField:
        """The instability towards pairs of the best momentum, given the field B of that at zero momentum."""
        ...

    def moving(self, T: float, q: Floats, level: int, B_top: float, /) -> Callable[[float], float]:
        """B -> excess for pairs of momentum q, for fields up to B_top."""
        ...

    @property
    def free_energy(self) -> bool:
        """Whether a free energy decides the order of the transition."""
        ...


@dataclass(frozen=True, eq=False)
class LatticeInstability:
    """A model on a lattice: every state of the zone counts, and the free energy is that of the same model.

    Args:
        sc: model and pairing, in meV.
        unit: direction of the field, (3,).
        g: g-factor.
        tol: relative error of the field asked for.
    """

    sc: Superconductor
    unit: Floats
    g: float
    tol: float

    def _zeeman(self, B: float) -> Floats:
        return np.asarray(tesla(B * self.unit, self.g))

    def levels(self, T: float, B: float) -> tuple[int, ...]:
        """Orders of the zone quadrature."""
        if self.sc.sampler.is_rough(K_B * T, self._zeeman(B), _LEVELS[1]):
            return orders(self.sc, K_B * T, self._zeeman(B), self.tol)
        return _LEVELS[int(self.tol < _FINE) :]

    def excess(self, T: float, B: float, level: int) -> float:
        """The pair susceptibility over its critical value, less 1; nearby fields share the nodes."""
        window = self._zeeman(_RATIO ** np.ceil(np.log(max(B, _SMALLEST)) / np.log(_RATIO)))
        return susceptibility(self.sc.sampler, K_B * T, self._zeeman(B), level, window) / self.sc.strength - 1

    def error(self, T: float, B: float, level: int, change: float) -> float:
        """The change, with the safety factors of the free-energy engine."""
        return float(stated_error(self.sc, K_B * T, self._zeeman(B), level, change, B))

    def decided(self, T: float, B: float) -> Jump:
        """Continuous if no superconducting state has a lower free energy at B; else where the free energies cross."""
        line = Line(self.sc, partial(self._point, T), ORDERS[0], max(self.tol, 1e-4))
        if _advantage(line, B) >= -_NEGLIGIBLE * line.energy_scale:
            return Jump(B, 2, 0.0)
        high = _first_beyond(partial(_advantage, line), B)
        ladder = orders(self.sc, K_B * T, self._zeeman(high), min(self.tol, 1e-4))
        lines = [Line(self.sc, partial(self._point, T), o, 0.1 * self.tol) for o in ladder]
        refined = refine_transition(lines, (B, high), self.tol)
        if refined.transition is None:
            raise NotSolved(f"the first-order transition near {B:.3g} T at T = {T:g} K was not located")
        return Jump(refined.transition.s, refined.transition.order, refined.error)

    def helical(self, T: float, B: float, furthest: float) -> HelicalField:
        """Over the whole zone, pairs k + q/2 and -k + q/2."""
        return helical_lattice(self.sc, T, self.unit, self.g, B, self.tol, furthest)

    def moving(self, T: float, q: Floats, level: int, B_top: float) -> Callable[[float], float]:
        """B -> chi v/n - 1 for pairs of momentum q."""
        top = abs(float(tesla(B_top, self.g)))
        pairs = PairMomenta(self.sc, K_B * T, top, float(np.linalg.norm(q)), level)
        return lambda B: pairs.susceptibility(self._zeeman(B), q) / self.sc.strength - 1

    @property
    def free_energy(self) -> bool:
        """Always: that of the model."""
        return True

    def _point(self, T: float, B: float) -> tuple[float, Floats]:
        return K_B * T, self._zeeman(B)


@dataclass(frozen=True, eq=False)
class ScalarInstability:
    """A theory that is one equation, ln(Tc/T) = breaking(T, B).

    Args:
        theory: gives `breaking`, and `condensation(gap, T, B, tc)` if it knows a free energy.
        tc: critical temperature in K.
        unit: direction of the field, (3,).
        tol: relative error of the field asked for.
        scale: factor of the field before the theory sees it (g/2 for a g-factor that is not that of the theory).
    """

    theory: PairBreaking
    tc: float
    unit: Floats
    tol: float
    scale: float = 1.0

    def levels(self, _T: float, _B: float) -> tuple[int, ...]:
        """One: the equation is evaluated to rounding."""
        return (0,)

    def excess(self, T: float, B: float, _level: int) -> float:
        """ln(Tc/T) - breaking."""
        return float(np.log(self.tc / T) - self.theory.breaking(T, self.scale * B * self.unit))

    def error(self, T: float, B: float, _level: int, _change: float, /) -> float:
        """Rounding, and what the number of points of a sampled Fermi surface leaves open."""
        return _ROUNDING * B + sampling_error(self.theory, T, self.scale * B * self.unit) / self.scale

    def decided(self, T: float, B: float) -> Jump:
        """By the free energy of the theory, where it has one; else continuous by construction of the theory."""
        if not self.free_energy:
            return Jump(B, 2, 0.0)
        last: Jump | None = None
        for system in self._chain:
            found = system._settled(T, B)
            if last is not None and found.order == last.order:
                error = found.error + abs(found.field - last.field)
                if found.order == 2 or error <= self.tol * found.field:
                    return Jump(found.field, found.order, error)
            last = found
        error = self.error(T, found.field, 0, 0.0) if found.order == 1 else 0.0
        return Jump(found.field, found.order, found.error + error)

    def _settled(self, T: float, B: float) -> Jump:
        """The transition of lowest free energy with the points at hand."""
        lowest = partial(self._lowest, T)
        if lowest(B) >= -_NEGLIGIBLE * self._scale:
            return Jump(B, 2, 0.0)
        high = _first_beyond(lowest, B)
        precision = 0.01 * self.tol * high
        field = float(brentq(lowest, B, high, xtol=precision))
        return Jump(field, 1, precision + _ROUNDING * field)

    def helical(self, T: float, B: float, furthest: float) -> HelicalField:
        """Of a Fermi surface with velocities; other theories know no momentum."""
        furthest = self.scale * furthest
        found = helical_surface(self.theory, T, self.tc, self.unit, self.scale * B, self.tol, furthest)
        return HelicalField(found.field / self.scale, found.zero / self.scale, found.q, found.error / self.scale)

    def moving(self, T: float, q: Floats, _level: int, _B_top: float) -> Callable[[float], float]:
        """B -> excess for pairs of momentum q."""
        surface_of(self.theory)
        return lambda B: float(np.log(self.tc / T) - self.theory.breaking(T, self.scale * B * self.unit, q=q))  # type: ignore[call-arg]

    @property
    def free_energy(self) -> bool:
        """Whether the theory has one."""
        return hasattr(self.theory, "condensation")

    @cached_property
    def _chain(self) -> list[ScalarInstability]:
        """The same with ever more points on each pocket, the first with some tens."""
        theories = [self.theory]
        while isinstance(theories[0], FermiSurface):
            surface = theories[0]
            coarser = surface.coarser() if len(surface.g) > _ENOUGH * len(np.unique(surface.pocket)) else None
            if coarser is None:
                break
            theories.insert(0, coarser)
        return [replace(self, theory=theory) for theory in theories]

    @property
    def _scale(self) -> float:
        return (1.764 * K_B * self.tc) ** 2

    def _lowest(self, T: float, B: float) -> float:
        """Smallest F(Delta) - F(0) over gaps clearly above zero."""
        gaps = _GAPS * self.tc * getattr(self.theory, "gap_ratio", 1.0)

        def energy(gap: Any) -> Floats:
            return np.asarray(self.theory.condensation(gap, T, self.scale * B * self.unit, self.tc))  # type: ignore[attr-defined]

        values = energy(gaps)
        lowest = float(values.min())
        inner = np.flatnonzero((values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:])) + 1
        for place in inner:  # every local minimum: near the transition the lowest point may be another one
            low, high = gaps[place - 1], gaps[place + 1]
            for _ in range(_NARROWINGS):
                fine = np.linspace(low, high, _FINE_POINTS)
                values_here = energy(fine)
                best = int(np.argmin(values_here))
                low, high = fine[max(best - 1, 0)], fine[min(best + 1, len(fine) - 1)]
            lowest = min(lowest, float(values_here[best]))
        return lowest


def _advantage(line: Line, B: float) -> float:
    """F of the lowest superconducting state over that of the normal state; the scale of energies if there is none."""
    best = lowest_superconducting(line.profile(B))
    return line.energy_scale if best is None else best.condensation


def _first_beyond(advantage: Callable[[float], float], B: float) -> float:
    """A field above B at which the normal state has the lower free energy."""
    step = _WIDEN
    for _ in range(_WIDENINGS):
        B *= step
        if advantage(B) > 0:
            return B
        step = min(step**1.5, 2.0)
    raise NotSolved(f"the superconducting state stays lower in free energy up to {B:.3g} T")
