"""A superconductor: a model, its pairing, and the coupling that follows from what the user knows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput, NotSolved, non_negative
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.pairing import bdg
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.hartree_fock.reference import checked_density
from spinvalley.pairing.hartree_fock.sampler import MeanFieldSampler
from spinvalley.pairing.landscape import SMALLEST, landscape
from spinvalley.pairing.linearised import susceptibility
from spinvalley.pairing.sampler import Sampler

SMALLEST_GAP = 1e-9
_ORDERS = (10, 14, 18, 24)
_SETTLED = 1e-11
_TOLERABLE = 1e-8
_COARSE_ORDER = 6
_COARSE = 1e-3
_STRIDE = 1.5
_ITERATIONS = 40
_CONSISTENT = 1e-12
Energies = Sampler | MeanFieldSampler


@dataclass(frozen=True, eq=False)
class Superconductor:
    """A model with pairing. Temperature, field and gap are arguments of what is computed from it, not part of it.

    Args:
        model: the normal state, from `spinvalley.models`.
        pairing: the channel and its strength, e.g. `s_wave(on="sc", gap0=0.1)`.
        density: electrons per cell, both spins: the chemical potential follows temperature, field and gap; None: it is
            the zero of the model's energies.

    Raises:
        InvalidInput: the pairing names a layer that the model does not have; a density that its bands cannot hold.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2))
    >>> round(sc.v, 6)
    2.295202
    """

    model: Model
    pairing: Pairing
    density: float | None = None

    def __post_init__(self) -> None:
        """Check that the paired layers exist and that the bands hold the density."""
        if not isinstance(self.model, Model):
            raise InvalidInput(f"`model` must be a model of spinvalley.models, but is {self.model!r}")
        if not isinstance(self.pairing, Pairing):
            raise InvalidInput(f"`pairing` must be a Pairing, e.g. s_wave(gap0=0.1), but is {self.pairing!r}")
        self.pairing.check(self.model)
        if self.density is not None:
            object.__setattr__(self, "density", checked_density(self.model, self.density))

    @cached_property
    def sampler(self) -> Sampler:
        """Quadrature nodes and energies without mean fields beside the gap, found once and reused."""
        return Sampler(self.model, self.pairing)

    @cached_property
    def energetics(self) -> Energies:
        """What sums the free energy over the zone: the sampler, or one whose mean fields follow the gap."""
        return self._with_coupling(self.v)

    @property
    def mean_field(self) -> MeanFieldSampler | None:
        """The sampler whose mean fields follow the gap; None where there are no such fields."""
        return self.energetics if isinstance(self.energetics, MeanFieldSampler) else None

    @cached_property
    def _uncoupled(self) -> Energies:
        """Zone sums without contact coupling."""
        if self.density is None and self.pairing.interaction == "reduced":
            return self.sampler
        return MeanFieldSampler.of(self.model, self.pairing, self.density)

    def _with_coupling(self, v: float) -> Energies:
        """Zone sums at a coupling, on which the mean fields of a contact interaction depend."""
        if isinstance(self._uncoupled, MeanFieldSampler) and self.pairing.interaction == "contact":
            return self._uncoupled.coupled(v)
        return self._uncoupled

    def _consistent(self, slope: Callable[[Energies], float]) -> float:
        """The strength n/v that a slope of G gives, in the mean fields of this very strength."""
        strength = slope(self._uncoupled)
        if self.pairing.interaction == "reduced":
            return strength
        for _ in range(_ITERATIONS):
            last, strength = strength, slope(self._with_coupling(self.paired_orbitals / strength))
            if abs(strength - last) < _CONSISTENT * strength:
                return strength
        raise NotSolved(f"the coupling and its mean fields did not settle: n/v changed last by {strength - last:.1g}")

    @cached_property
    def paired_orbitals(self) -> float:
        """Number n of orbitals that pair: F contains n Delta^2 / v."""
        return self.pairing.orbitals(self.model)

    @cached_property
    def v(self) -> float:
        """Coupling v > 0, energy unit of the model: given, or from gap0 or tc to ten digits.

        Raises:
            InvalidInput: `gap0` or `tc` too small for double precision, or not that of the equilibrium state (which a
                built-in exchange field can make another one).
            NotSolved: the zone quadrature did not settle.
        """
        given = self.pairing
        if given.v is not None:
            return given.v
        if given.gap0 is not None:
            gap0 = given.gap0
            _resolvable("gap0", gap0, self.sampler.bandwidth / given.size)
            strength = self._consistent(partial(_slope, gap=gap0, order=_COARSE_ORDER))
            _confirm_gap(self._with_coupling(self.paired_orbitals / strength), strength, gap0)
            strength = _settled("gap0", lambda order: self._consistent(partial(_slope, gap=gap0, order=order)))
        else:
            tc = float(given.tc)  # type: ignore[arg-type]
            _resolvable("tc", tc, self.sampler.bandwidth)
            strength = _settled("tc", lambda order: self._consistent(partial(_susceptibility, kT=tc, order=order)))
            _confirm_tc(self._with_coupling(self.paired_orbitals / strength), strength, tc)
        return self.paired_orbitals / strength

    @property
    def strength(self) -> float:
        """n/v: the coefficient of Delta^2 in the free energy, 1/energy."""
        return self.paired_orbitals / self.v

    @cached_property
    def gap_scale(self) -> float:
        """The gap at zero temperature and field, to about 1e-3: the scale of every search.

        Raises:
            InvalidInput: the coupling is too weak to give a gap that double precision can resolve.
        """
        return (
            self.pairing.gap0
            if self.pairing.gap0 is not None
            else _zero_temperature_gap(self.energetics, self.strength)
        )

    @property
    def energy_scale(self) -> float:
        """The gap that this amplitude opens, comparable with temperatures and fields: `gap_scale` for s-wave."""
        return self.gap_scale * self.pairing.size

    def hamiltonian(self, k: ArrayLike, gap: float, zeeman: ArrayLike = 0.0) -> Matrix:
        """BdG Hamiltonian at k (..., 2), shape (..., 2 dim, 2 dim); see `spinvalley.pairing.bdg.hamiltonian`."""
        return bdg.hamiltonian(self.model, self.pairing, k, non_negative("gap", gap), zeeman)

    def energies(self, k: ArrayLike, gap: float, zeeman: ArrayLike = 0.0) -> Floats:
        """All BdG energies at k (..., 2) in ascending order, shape (..., 2 dim)."""
        return np.asarray(np.linalg.eigvalsh(self.hamiltonian(k, gap, zeeman)))


def _susceptibility(sampler: Energies, kT: float, order: int) -> float:
    """dG/dx at no gap and field, equal to n/v at Tc."""
    if isinstance(sampler, Sampler):
        return susceptibility(sampler, kT, 0.0, order)
    return sampler.spectrum(kT, 0.0, order, 0.0).slope(0.0, kT)


def _slope(sampler: Energies, gap: float, order: int, finest: float = SMALLEST) -> float:
    """dG/dx at zero temperature and field, equal to n/v where `gap` is the gap."""
    return sampler.spectrum(0.0, 0.0, order, finest * gap * sampler.pairing.size).slope(gap, 0.0)


def _settled(name: str, evaluate: Callable[[int], float]) -> float:
    """A zone integral at rising order of the quadrature, until it holds still."""
    last = np.nan
    for order in _ORDERS:
        value = evaluate(order)
        change = abs(value - last) / abs(value)
        if change < _SETTLED:
            return value
        last = value
    if change < _TOLERABLE:
        return value
    raise NotSolved(f"the coupling that belongs to `{name}` reached a relative error of {change:.1g} only")


def _confirm_gap(sampler: Energies, strength: float, gap0: float) -> None:
    """Refuse a gap0 that is stationary but not the global minimum of F at zero temperature and field."""
    found = landscape(sampler, strength, np.zeros(1), 0.0, 4 * gap0, _COARSE_ORDER, _COARSE)
    gap = float(found.equilibria()[0][0])
    if abs(gap - gap0) > 10 * _COARSE * gap0:
        raise InvalidInput(
            f"`gap0` must be the gap of the equilibrium state at T = B = 0, but {gap0:g} is another stationary point "
            f"there and the equilibrium gap is {gap:.4g}"
        )


def _confirm_tc(sampler: Energies, strength: float, tc: float) -> None:
    """Refuse a tc at which the normal state becomes unstable although a superconducting state still lies lower."""
    found = landscape(
        sampler, strength, np.array([1.01 * tc]), 0.0, 8 * tc / sampler.pairing.size, _COARSE_ORDER, _COARSE
    )
    if found.equilibria()[0][0] > 0:
        raise InvalidInput(
            f"`tc` must be the temperature of a continuous transition at zero field, but above {tc:g} the equilibrium "
            "state is still superconducting"
        )


def _resolvable(name: str, value: float, bandwidth: float) -> None:
    if value < SMALLEST_GAP * bandwidth:
        raise InvalidInput(
            f"`{name}` must be at least {SMALLEST_GAP:g} of the largest band energy ({bandwidth:.3g}), the least that "
            f"double precision resolves, but is {value:g}"
        )


def _zero_temperature_gap(sampler: Energies, strength: float) -> float:
    """Largest root of dG/dx(Delta) = n/v at T = V = 0: dG/dx falls nearly linearly in ln Delta."""
    finest = SMALLEST if isinstance(sampler, Sampler) else _COARSE  # nodes cost more where fields are solved for

    def excess(log_gap: float) -> float:
        return _slope(sampler, float(np.exp(log_gap)), _COARSE_ORDER, finest) - strength

    low = high = float(np.log(_largest_gap(sampler, strength)))
    lowest = float(np.log(SMALLEST_GAP * sampler.bandwidth / sampler.pairing.size))
    while excess(low) <= 0:
        if low <= lowest:
            raise InvalidInput(
                f"`v` must be strong enough to give a gap above {SMALLEST_GAP:g} of the largest band energy, the least "
                f"that double precision resolves, but the pair susceptibility stays below n/v = {strength:.6g}"
            )
        low, high = max(low - _STRIDE, lowest), low
    return float(np.exp(brentq(excess, low, high, xtol=1e-3) if high > low else low))


def _largest_gap(sampler: Energies, strength: float) -> float:
    """Upper bound of any gap: dG/dx <= n / (2 Delta), so that Delta <= n / (2 strength).

    (dG/dDelta is the mean of half the trace norm of D, at most sqrt(n d) / 2 with d spin states by Cauchy-Schwarz.)
    """
    orbitals = sampler.pairing.orbitals(sampler.model)
    if sampler.pairing.onsite(sampler.model) is None:
        orbitals = float(np.sqrt(orbitals * 0.5 * sampler.model.dim))
    return max(orbitals / (2 * strength), 2 * SMALLEST_GAP * sampler.bandwidth / sampler.pairing.size)
