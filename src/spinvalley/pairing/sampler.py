"""Where in the zone to evaluate a model with pairing: symmetry, fans and quadrature nodes, found once and reused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, zeeman_vector
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.numerics import zone
from spinvalley.pairing.bdg import quasiparticle_energies
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.spectrum import Nodes, Spectrum

_FINEST_OF_FIELD = 0.02
_FINEST_GAIN = 1e-5
_LARGE_GAP = 0.05
_KINKS = 1e-10  # relative: what a node of the gap leaves at T = 0, where an integrand has a kink
_KEPT = 12


@dataclass(frozen=True, eq=False)
class Sampler:
    """Quadrature nodes for one model and pairing channel.

    Args:
        model: the normal state.
        pairing: the channel (its strength does not matter here).
    """

    model: Model
    pairing: Pairing
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def bandwidth(self) -> float:
        """Scale of the band energies: the largest |eigenvalue| of h(k) on a coarse mesh."""
        mesh = np.stack(np.meshgrid(*[np.arange(12) / 12 + 0.013] * 2), -1).reshape(-1, 2)
        values = np.linalg.eigvalsh(self.model.hamiltonian(mesh @ self.model.lattice.reciprocal))
        return max(float(np.abs(values).max()), 1e-300)

    def field_width(self, zeeman: ArrayLike) -> float:
        """Largest Zeeman energy on any orbital."""
        return float(np.linalg.norm(zeeman_vector(zeeman)) * np.abs(self.model.zeeman_weights).max())

    def normal_energies(self, k: Floats) -> Floats:
        """Normal-state energies at k, and at -k where they differ, shape (N, n)."""
        values = _energies(self.model.hamiltonian(k))
        if self._even_bands:
            return values
        return np.concatenate([values, _energies(self.model.hamiltonian(-k))], axis=1)

    def resolution(self, kT: float, zeeman: ArrayLike, order: int, smallest: float) -> zone.Resolution:
        """What the nodes must resolve: pi kT, but nothing finer than `smallest` or a small part of the field.

        In a field the kinks of a gapless state at T -> 0 move with the gap through a window as wide as the field. They
        are resolved there to 2 % of the field at order 8, finer as the square of the order: an algebraic convergence
        that the ladder of orders sees and reports.
        """
        width = self.field_width(zeeman)
        delta = _rounded_down(max(np.pi * kT, smallest, _FINEST_OF_FIELD * width * (8 / order) ** 2))
        return zone.Resolution(delta, _rounded_up(width) if width > delta else 0.0, order)

    def is_rough(self, kT: float, zeeman: ArrayLike, order: int) -> bool:
        """Whether the field forbids resolving pi kT, so that sums are smooth in the gap only to the nodes' accuracy."""
        return np.pi * kT < _FINEST_OF_FIELD * self.field_width(zeeman) * (8 / order) ** 2

    def nodes(self, kT: float, zeeman: ArrayLike, order: int, smallest: float) -> Nodes:
        """Nodes that resolve the Fermi lines at temperatures >= kT in this field, whatever the gap."""
        resolution = self.resolution(kT, zeeman, order, smallest)
        width = self.field_width(zeeman)

        def build() -> Nodes:
            tests = []
            if width > 0 and resolution.delta >= _FINEST_GAIN * self.bandwidth:  # else the band energies show all
                tests.append(self._gains(resolution, np.array(self._direction(zeeman))))
            if self.pairing.onsite(self.model) is None:
                tests.append(self._anisotropy(resolution, zeeman))
            integrands = (lambda k: np.concatenate([test(k) for test in tests], axis=1)) if tests else None
            least = 0.0 if self.pairing.onsite(self.model) is not None else _KINKS
            rule = zone.zone_rule(self.normal_energies, self._fans(zeeman), resolution, integrands, least)
            return Nodes.of(self.model, rule.k, rule.weights)

        return self.remember(("nodes", resolution, self._direction(zeeman)), build)  # type: ignore[no-any-return]

    def _gains(self, resolution: zone.Resolution, direction: Floats) -> Callable[[Floats], Floats]:
        """What pairing changes in the free energy at each k, for gaps below, at and above the scales to be resolved.

        Across the rays this varies where the spin-orbit splitting passes the field, which no band energy shows.
        (Below 1e-5 of the bandwidth rounding would spoil the test; there the nodes follow the band energies only.)
        """
        delta, largest = resolution.delta, max(resolution.width, 4 * resolution.delta)
        vector = max(resolution.width, delta) * direction
        gaps = np.array([2 * delta, 0.7 * largest, 1.4 * largest])

        def gains(k: Floats) -> Floats:
            spectrum = Spectrum(Nodes.of(self.model, k, np.empty(len(k))), self.model, self.pairing, vector)
            return spectrum.gains(gaps, delta / np.pi)

        return gains

    def _anisotropy(self, resolution: zone.Resolution, zeeman: ArrayLike) -> Callable[[Floats], Floats]:
        """What the gap on each band adds to its energy, over Delta^2: sharp across the rays at the nodes of the gap.

        The gap on a band is that between it and the bands at -k within Delta of it. Nothing cancels in
        sqrt(e^2 + Delta^2 g^2) - |e| = Delta^2 g^2 / (sqrt(e^2 + Delta^2 g^2) + |e|), whatever the size of Delta.
        """
        field = self.model.zeeman(zeeman)

        def gains(k: Floats) -> Floats:
            here, particle = np.linalg.eigh(self.model.hamiltonian(k) + field)
            there, hole = np.linalg.eigh(self.model.hamiltonian(-k) + field)
            inner = np.swapaxes(particle.conj(), -1, -2) @ self.pairing.matrix(self.model, k) @ hole.conj()
            columns = []
            for gap in (10 * resolution.delta, _LARGE_GAP * self.bandwidth):
                close = gap**2 / (gap**2 + (here[:, :, None] - there[:, None, :]) ** 2)
                square = np.sum(np.abs(inner) ** 2 * close, axis=2)
                below = here**2 + resolution.delta**2
                columns.append(np.sum(square / (np.sqrt(below + gap**2 * square) + np.sqrt(below)), axis=1))
            return np.stack(columns, axis=-1)

        return gains

    def spectrum(self, kT: float, zeeman: ArrayLike, order: int, smallest: float) -> Spectrum:
        """Energies at nodes that serve every gap, at temperatures >= kT >= 0 in this field.

        Args:
            kT: lowest temperature, energy.
            zeeman: V of sigma, energy.
            order: points per panel.
            smallest: energy below which nothing needs to be resolved, e.g. 1e-5 of the gap.
        """
        key = ("spectrum", self.resolution(kT, zeeman, order, smallest), tuple(zeeman_vector(zeeman)))

        def build() -> Spectrum:
            return Spectrum(self.nodes(kT, zeeman, order, smallest), self.model, self.pairing, zeeman)

        return self.remember(key, build)  # type: ignore[no-any-return]

    def _fans(self, zeeman: ArrayLike) -> list[zone.Triangle]:
        def build() -> list[zone.Triangle]:
            lattice = self.model.lattice
            triangles = zone.irreducible(zone.elementary_triangles(lattice.zone_corners), self.symmetry(zeeman))
            return zone.choose_fans(self.normal_energies, triangles, 0.02 * self.bandwidth)

        return self.remember(("fans", self._direction(zeeman)), build)  # type: ignore[no-any-return]

    def symmetry(self, zeeman: ArrayLike) -> Floats:
        """Point operations of the lattice that leave every sum over quasiparticle energies unchanged, (order, 2, 2)."""
        vector = zeeman_vector(zeeman)
        norm = float(np.linalg.norm(vector))
        test = 0.23 * self.bandwidth * vector / norm if norm > 0 else vector

        def energies(k: Floats) -> Floats:
            return np.abs(quasiparticle_energies(self.model, self.pairing, k, 0.37 * self.bandwidth, test))

        return zone.symmetry_subgroup(energies, self.model.lattice.holohedry, self._sample)

    @cached_property
    def _sample(self) -> Floats:
        return np.asarray(np.random.default_rng(7).uniform(-0.5, 0.5, (8, 2)) @ self.model.lattice.reciprocal)

    @cached_property
    def _even_bands(self) -> bool:
        here = np.linalg.eigvalsh(self.model.hamiltonian(self._sample))
        there = np.linalg.eigvalsh(self.model.hamiltonian(-self._sample))
        return bool(np.abs(here - there).max() < 1e-9 * self.bandwidth)

    def _direction(self, zeeman: ArrayLike) -> tuple[float, ...]:
        vector = zeeman_vector(zeeman)
        norm = float(np.linalg.norm(vector))
        return tuple(np.round(vector / norm, 12)) if norm > 0 else (0.0, 0.0, 0.0)

    def remember(self, key: tuple[Any, ...], build: Callable[[], Any]) -> Any:
        """What `build` gives, kept for the next call with an equal key (the last twelve of each key[0])."""
        value = self._cache.get(key)
        if value is None:
            value = self._cache[key] = build()
            kept = [k for k in list(self._cache) if k[0] == key[0]]
            for old in kept[:-_KEPT]:
                self._cache.pop(old, None)
        return value


class Resolving(Protocol):
    """What tells how finely the zone is resolved."""

    def is_rough(self, kT: float, zeeman: ArrayLike, order: int, /) -> bool:
        """Whether the field forbids resolving pi kT."""
        ...

    def resolution(self, kT: float, zeeman: ArrayLike, order: int, smallest: float, /) -> zone.Resolution:
        """What the nodes resolve."""
        ...


class Sampled(Protocol):
    """Anything that is summed over the zone: a superconductor, or channels that compete."""

    @property
    def energetics(self) -> Resolving:
        """What sums it."""
        ...


def _energies(matrices: Matrix) -> Floats:
    """Ascending eigenvalues (N, n) of Hermitian matrices (N, n, n), in closed form for n = 2."""
    if matrices.shape[-1] != 2:
        return np.asarray(np.linalg.eigvalsh(matrices))
    upper, lower, mixed = matrices[:, 0, 0].real, matrices[:, 1, 1].real, matrices[:, 1, 0]
    mean, size = 0.5 * (upper + lower), np.sqrt(0.25 * (upper - lower) ** 2 + mixed.real**2 + mixed.imag**2)
    return np.stack([mean - size, mean + size], axis=-1)


def _rounded_down(value: float) -> float:
    return float(2 ** (np.floor(2 * np.log2(value)) / 2))


def _rounded_up(value: float) -> float:
    return float(2 ** (np.ceil(4 * np.log2(value)) / 4))
