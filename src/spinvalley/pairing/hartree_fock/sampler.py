"""Quadrature nodes and mean fields of one superconductor: takes the place of `Sampler` where fields follow the gap."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, zeeman_vector
from spinvalley.models import Model, Potential
from spinvalley.numerics.zone import Resolution
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.hartree_fock.fields import Fields, MeanFields, build
from spinvalley.pairing.hartree_fock.reference import level, orbital_density, polarised
from spinvalley.pairing.hartree_fock.response import response
from spinvalley.pairing.hartree_fock.spectrum import MeanFieldSpectrum
from spinvalley.pairing.sampler import Sampler

_WIDER = 1.1
_ASKEW = 0.1
_FAINT = 1e-9
_SMOOTH = 1e-3
_ROUGH = 0.5
_EXACT = 1e-10
_ROUNDING = 1e-17
_ENOUGH = 1e-3
_KEPT = 12


@dataclass(frozen=True, eq=False)
class MeanFieldSampler:
    """Zone sums of a model whose mean fields follow the gap.

    The nodes are those of the normal state at T = V = 0. Temperature, field and gap move its lines by less than they
    smear them, and the fields on the paired orbital stay below the applied one: its window holds them.

    Args:
        base: sampler of the model, its energies counted from `mu`.
        density: electrons per cell, None at fixed chemical potential.
        mu: chemical potential at T = V = 0, 0 where it is fixed.
        v: contact coupling, None without contact interaction.
    """

    base: Sampler
    density: float | None
    mu: float
    v: float | None = None
    _cache: dict[Any, MeanFieldSpectrum] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, model: Model, pairing: Pairing, density: float | None) -> MeanFieldSampler:
        """Without contact coupling: see `coupled`."""
        if density is None:
            return cls(Sampler(model, pairing), None, 0.0)
        mu = level(model, density)
        return cls(Sampler(model + Potential(-mu), pairing), density, mu)

    def coupled(self, v: float) -> MeanFieldSampler:
        """The same with a contact coupling."""
        return replace(self, v=v, _cache={})

    @property
    def model(self) -> Model:
        """The normal state, counted from the chemical potential at T = V = 0."""
        return self.base.model

    @property
    def pairing(self) -> Pairing:
        """The channel."""
        return self.base.pairing

    @property
    def bandwidth(self) -> float:
        """Scale of the band energies."""
        return self.base.bandwidth

    def resolution(self, kT: float, zeeman: ArrayLike, order: int, smallest: float) -> Resolution:
        """What the nodes resolve, as `Sampler.resolution`."""
        return self.base.resolution(kT, _WIDER * zeeman_vector(zeeman), order, smallest)

    def is_rough(self, kT: float, zeeman: ArrayLike, order: int) -> bool:
        """Whether the field forbids resolving pi kT."""
        return self.base.is_rough(kT, zeeman, order)

    @cached_property
    def _orbital(self) -> int | None:
        """The orbital on which the contact interaction acts."""
        if self.v is None:
            return None
        return int(np.argmax(self.pairing.diagonal(self.model)) // 2)

    @cached_property
    def _reference(self) -> float:
        """Density of the normal state at T = V = 0 on that orbital."""
        return 0.0 if self._orbital is None else orbital_density(self.base, self._orbital)

    def _fields(self, vector: Floats) -> Fields:
        if self.v is None or self._orbital is None:
            return build(self.model, None, np.zeros((0, 3)), 0.0, self.density)
        directions = polarised(self.base, self._orbital, vector)
        return build(self.model, self._orbital, directions, self._reference, self.density).coupled(self.v)

    def spectrum(self, kT: float, zeeman: ArrayLike, order: int, smallest: float) -> MeanFieldSpectrum:
        """Sums at nodes that serve every gap, at temperatures >= kT >= 0 in this field, as `Sampler.spectrum`."""
        vector = zeeman_vector(zeeman)
        resolution = self.resolution(kT, vector, order, smallest)
        key = resolution, tuple(vector)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._build(kT, vector, order, smallest, resolution)
            for old in list(self._cache)[:-_KEPT]:
                self._cache.pop(old, None)
        return found

    def _build(
        self, kT: float, vector: Floats, order: int, smallest: float, resolution: Resolution
    ) -> MeanFieldSpectrum:
        fields = self._fields(vector)
        nodes = self.base.nodes(kT, self._window(vector, fields.directions), order, smallest)
        kinks = resolution.delta**2 / self.bandwidth  # left in F by densities that jump from node to node
        rough = np.pi * kT < _ROUGH * resolution.delta
        return MeanFieldSpectrum(
            response(nodes, self.model, self.pairing, vector, fields.operators),
            fields,
            (_ROUGH if rough else _SMOOTH) * resolution.delta,
            _ENOUGH * kinks if rough else _ROUNDING * self.bandwidth,
            max(_EXACT * self.bandwidth, kinks if rough else 0.0),
            self.bandwidth,
            0.0 if self.density is None else self.mu * (self.density - 0.5 * self.model.dim),
        )

    def _window(self, vector: Floats, directions: Floats) -> Floats:
        """A field whose nodes resolve every effective one and have no symmetry that one of its components breaks."""
        size = float(np.linalg.norm(vector))
        along = vector / size if size > 0 else np.zeros(3)
        askew = [d * _ASKEW / (n + 2) for n, d in enumerate(directions) if np.linalg.norm(d - along) > _FAINT]
        return np.asarray(_WIDER * vector + (sum(askew, np.zeros(3)) * max(size, _FAINT * self.bandwidth)))

    def mean_fields(self, gap: float, kT: float, zeeman: ArrayLike, order: int, smallest: float) -> MeanFields:
        """Chemical potential, field and magnetisation at one gap."""
        vector = zeeman_vector(zeeman)
        spectrum = self.spectrum(kT, vector, order, smallest)
        fields, p = spectrum.fields, spectrum.solution(gap, kT)
        applied, added = self._applied(vector), fields.magnetic(p)
        m = np.zeros(3) if self.v is None else 2 * added / self.v
        potential = float(p[len(fields.directions)]) if fields.potential else 0.0
        mu = self.mu + (float(p[-1]) if fields.density else 0.0)
        return MeanFields(mu, _triple(applied + added), _triple(m), potential)

    def _applied(self, vector: Floats) -> Floats:
        """The field that the paired orbital feels from outside; the applied one where several pair."""
        return vector if self._orbital is None else self.model.zeeman_weights[self._orbital] * vector


def _triple(vector: Floats) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
