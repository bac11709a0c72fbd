"""The free energy as a function of the gap: F(Delta) - F(0) on a piecewise Chebyshev interpolant in x = Delta^2.

F(Delta; T, V) - F(0; T, V) = n x / v - G(x; T, V), with n paired orbitals and

    G(x) = (T/N) sum_k sum_{E>0} [ln 2cosh(E(x)/2T) - ln 2cosh(E(0)/2T)],

which does not know the coupling. Where mean fields follow the gap (`hartree_fock`), G holds them too. One set of
energies serves all temperatures. All stationary points, the global minimum and the metastable branches are read from
the interpolant: n/v = G'(x).

Source: heterostructure.txt, eq. 7, as a free energy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats
from spinvalley.numerics.piecewise import Piecewise, adaptive_panels, chebyshev, chebyshev_roots, derivative_matrix
from spinvalley.numerics.thermal import MomentBasis, moment_basis
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.spectrum import Sums

PANEL_ORDER = 14
_TAIL = 3
_GROWTH = PANEL_ORDER**2 / 4
_START = np.array([0.0, 0.4, 0.7, 1.0])
_MANY = 10
_DEPTH = 7
_ROUGH_DEPTH = 2
_INSIDE = 0.6
_CLEAR = 0.03
SMALLEST = 1e-5


class Gains(Protocol):
    """Zone sums on nodes that serve every gap: a `Spectrum`, or a `MeanFieldSpectrum`."""

    def sums(self, gaps: Floats, kT: Floats, basis: MomentBasis | None = None, /) -> Sums:
        """G at gaps (D,) and temperatures (nT,)."""
        ...

    def normal(self, kT: Floats, basis: MomentBasis | None = None, /) -> Floats:
        """-F of the normal state, (nT,)."""
        ...

    def noise(self, gap: float, /) -> float:
        """Rounding error of the sums."""
        ...

    def slope(self, gap: float, kT: float, /) -> float:
        """dG/dx."""
        ...


class Energetics(Protocol):
    """What gives zone sums at any temperature and field: a `Sampler`, or a `MeanFieldSampler`."""

    @property
    def pairing(self) -> Pairing:
        """The channel."""
        ...

    def spectrum(self, kT: float, zeeman: ArrayLike, order: int, smallest: float, /) -> Gains:
        """Sums that serve temperatures >= kT in this field."""
        ...

    def is_rough(self, kT: float, zeeman: ArrayLike, order: int, /) -> bool:
        """Whether the field forbids resolving pi kT."""
        ...


@dataclass(frozen=True)
class Branch:
    """One stationary point of the free energy.

    Args:
        gap: Delta >= 0, energy.
        condensation: F(Delta) - F(0), energy per cell; negative where it beats the normal state.
        kind: "minimum" or "maximum".
        equilibrium: whether it is the global minimum.
    """

    gap: float
    condensation: float
    kind: str
    equilibrium: bool = False

    @property
    def metastable(self) -> bool:
        """A local minimum that is not the global one."""
        return self.kind == "minimum" and not self.equilibrium


@dataclass(frozen=True)
class Profile:
    """F(Delta) - F(0) at one temperature and field: strength * x - G(x), with strength = n/v."""

    gain: Piecewise
    strength: float

    def __call__(self, gap: ArrayLike) -> Floats:
        """F(Delta) - F(0), energy per cell, for gaps of any shape."""
        x = np.asarray(gap, dtype=float) ** 2
        return self.strength * x - self.gain(x)

    @cached_property
    def _slope(self) -> Piecewise:
        derivative = self.gain.derivative()
        shifted = -derivative.coefficients
        shifted[:, 0] += self.strength
        return Piecewise(self.gain.breaks, shifted)

    @property
    def curvature(self) -> float:
        """dF/dx at Delta = 0: the linearised gap equation, n/v - chi; negative where the normal state is unstable."""
        return float(self._slope(np.zeros(1))[0])

    @cached_property
    def lowest_slope(self) -> float:
        """Smallest dF/dx at any Delta > 0: negative as long as a superconducting stationary point exists."""
        points = np.concatenate([self.gain.breaks, self._slope.derivative().roots()])
        return float(self._slope(points).min())

    def branches(self) -> tuple[Branch, ...]:
        """All stationary points in ascending order of the gap, the normal state (gap 0) first."""
        roots = self._slope.roots()
        roots = roots[roots > 0]
        curvatures = self._slope.derivative()(roots)
        kinds = [
            "minimum" if self.curvature > 0 else "maximum",
            *["minimum" if c > 0 else "maximum" for c in curvatures],
        ]
        gaps = np.append(0.0, np.sqrt(roots))
        values = np.append(0.0, self(gaps[1:]))
        minima = [n for n, kind in enumerate(kinds) if kind == "minimum"]
        best = min(minima, key=lambda n: values[n]) if minima else -1
        points = zip(gaps, values, kinds, strict=True)
        return tuple(Branch(float(g), float(f), kind, n == best) for n, (g, f, kind) in enumerate(points))

    def interpolation_error(self, gap: float) -> float:
        """Error of a stationary gap from the truncated Chebyshev series, by the last coefficients of its panel."""
        if gap <= 0:
            return 0.0
        x = gap**2
        panel = min(int(np.searchsorted(self.gain.breaks, x)), len(self.gain.breaks) - 1) - 1
        width = float(self.gain.breaks[panel + 1] - self.gain.breaks[panel])
        slope_error = float(_slope_error(self.gain.coefficients[panel], width))
        return slope_error / abs(float(self._slope.derivative()(np.array([x]))[0])) / (2 * gap)

    def equilibrium(self) -> Branch:
        """The global minimum."""
        for branch in self.branches():
            if branch.equilibrium:
                return branch
        return Branch(float(np.sqrt(self.gain.breaks[-1])), float("nan"), "unbounded", True)


@dataclass(frozen=True)
class Landscape:
    """F(Delta) - F(0) at one field for several temperatures.

    Args:
        breaks: panel limits in x = Delta^2, (panels + 1,).
        coefficients: Chebyshev coefficients of G(x; T), (nT, panels, order).
        strength: n/v.
    """

    breaks: Floats
    coefficients: Floats
    strength: float

    def profile(self, index: int) -> Profile:
        """F(Delta) - F(0) at one of the temperatures."""
        return Profile(Piecewise(self.breaks, self.coefficients[index]), self.strength)

    @cached_property
    def _slopes(self) -> Floats:
        """Chebyshev coefficients of dF/dx, (nT, panels, order - 1)."""
        scale = 2 / np.diff(self.breaks)
        slopes = -(self.coefficients @ derivative_matrix(self.coefficients.shape[-1]).T) * scale[:, None]
        slopes[..., 0] += self.strength
        return np.asarray(slopes)

    @property
    def bounded(self) -> bool:
        """Whether F still rises at the largest gap, at every temperature."""
        return bool(np.all(self._slopes[:, -1].sum(axis=-1) > 0))

    @property
    def surely_normal(self) -> bool:
        """Whether dF/dx exceeds a few per cent of n/v at every gap and temperature, by a bound and not by sampling."""
        lowest = self._slopes[..., 0] - np.abs(self._slopes[..., 1:]).sum(axis=-1)
        return bool(np.all(lowest > _CLEAR * self.strength))

    @cached_property
    def curvatures(self) -> Floats:
        """dF/dx at Delta = 0 for each temperature, (nT,); negative where the normal state is unstable."""
        first = self._slopes[:, 0]
        return np.asarray(first @ (-1.0) ** np.arange(first.shape[-1]))

    def equilibria(self) -> tuple[Floats, Floats, Floats]:
        """Global minimum at every temperature: gap, F(gap) - F(0) (NaN: unbounded), interpolation error; (nT,)."""
        count, panels, _ = self._slopes.shape
        row, u = chebyshev_roots(self._slopes.reshape(count * panels, -1))
        place, panel = row // panels, row % panels
        scale = 2 / np.diff(self.breaks)
        bend = _series(self._slopes[place, panel] @ derivative_matrix(self._slopes.shape[-1]).T, u) * scale[panel]
        place, panel, u, bend = place[bend > 0], panel[bend > 0], u[bend > 0], bend[bend > 0]
        x = self.breaks[panel] + (u + 1) / scale[panel]
        value = self.strength * x - _series(self.coefficients[place, panel], u)
        energy = np.where(self.curvatures > 0, 0.0, np.inf)
        np.minimum.at(energy, place, value)
        best = value == energy[place]
        gap, error = np.zeros(count), np.zeros(count)
        gap[place[best]] = np.sqrt(x[best])
        slope_error = _slope_error(self.coefficients[place, panel], 2 / scale[panel])
        error[place[best]] = (slope_error / bend / (2 * np.sqrt(np.maximum(x, 1e-300))))[best]
        lost = np.isinf(energy)
        return np.where(lost, np.sqrt(self.breaks[-1]), gap), np.where(lost, np.nan, energy), error


def _slope_error(coefficients: Floats, width: ArrayLike) -> Floats:
    """Error of dG/dx on a panel, from the tail of the Chebyshev coefficients (..., order)."""
    tail = np.abs(coefficients[..., -_TAIL:]).max(axis=-1)
    return np.asarray(_GROWTH * tail * 2 / np.asarray(width))


def _series(coefficients: Floats, u: Floats) -> Floats:
    """Values of Chebyshev series (N, order) at one point u each (N,)."""
    angles = np.arccos(np.clip(u, -1, 1))[:, None] * np.arange(coefficients.shape[1])
    return np.asarray(np.sum(coefficients * np.cos(angles), axis=1))


def landscape(
    sampler: Energetics,
    strength: float,
    kT: Floats,
    zeeman: ArrayLike,
    gap_max: float,
    order: int,
    tolerance: float,
    breaks: Floats | None = None,
) -> Landscape:
    """F(Delta) - F(0) for all given temperatures at once on nodes that suit the lowest of them.

    Args:
        sampler: of model and pairing channel.
        strength: n/v.
        kT: temperatures (nT,), energy, >= 0.
        zeeman: V of sigma.
        gap_max: largest gap of the interpolant.
        order: points per panel of the zone quadrature.
        tolerance: relative accuracy of the gap that follows from the interpolant.
        breaks: panels known to suit, in x; they replace `gap_max`.
    """
    spectrum = sampler.spectrum(float(kT.min()), zeeman, order, SMALLEST * gap_max * sampler.pairing.size)
    basis = many_temperatures(kT)

    def sample(x: Floats) -> Floats:
        sums = spectrum.sums(np.sqrt(x), kT, basis)
        return sums.half[:, None] + sums.thermal

    x = (_START * gap_max) ** 2 if breaks is None else breaks
    rough = sampler.is_rough(float(kT.min()), zeeman, order)
    depth = _ROUGH_DEPTH if rough else _DEPTH
    limits, coefficients = adaptive_panels(sample, x, PANEL_ORDER, _accurate(tolerance, spectrum.noise(gap_max)), depth)
    return Landscape(limits, np.moveaxis(coefficients, -1, 0), strength)


def many_temperatures(kT: Floats) -> MomentBasis | None:
    """The moment basis where many temperatures make it pay, None where they are better summed one by one."""
    return moment_basis(kT) if len(kT) > _MANY and kT.min() > 0 else None


def expansion(sampler: Energetics, kT: float, zeeman: ArrayLike, order: int) -> tuple[float, float]:
    """Coefficients (chi, b) of G = chi x - b x^2 / 2 + ... at small x = Delta^2, for kT > 0.

    F = (n/v - chi) x + b x^2 / 2: chi is the pair susceptibility of the linearised gap equation, b < 0 makes a
    transition at n/v = chi discontinuous. G is analytic for gaps |D(k)|^2 |x| < (pi kT)^2; one panel inside gives both.
    """
    spectrum = sampler.spectrum(kT, zeeman, order, 0.0)
    nodes, matrix = chebyshev(PANEL_ORDER)
    width = (_INSIDE * np.pi * kT / sampler.pairing.bound) ** 2
    x = 0.5 * width * (1 + nodes)
    sums = spectrum.sums(np.sqrt(x), np.array([kT]))
    ratio = (sums.half + sums.thermal[:, 0]) / x  # G/x: no derivative needed for chi
    series = matrix @ ratio
    start = np.array([-1.0])
    chi = np.polynomial.chebyshev.chebval(start, series)
    slope = np.polynomial.chebyshev.chebval(start, np.polynomial.chebyshev.chebder(series)) * 2 / width
    return float(chi[0]), float(-2 * slope[0])


def _accurate(tolerance: float, noise: float) -> Callable[[Floats], bool]:
    """Accept a panel when the error of G' that its tail implies is a small part of G', or its tail is rounding."""

    def accurate(coefficients: Floats) -> bool:
        tail = np.abs(coefficients[-_TAIL:]).max(axis=0)
        return bool(np.all((_GROWTH * tail <= 0.03 * tolerance * np.abs(coefficients[1])) | (tail < noise)))

    return accurate
