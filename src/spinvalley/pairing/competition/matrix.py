"""The susceptibility matrix chi_ij(T, V, q) between channels: how readily the normal state pairs in each superposition.

The states k + q/2 and -k + q/2 pair with D_i(k). One set of nodes serves all channels, all temperatures above one, all
fields along a direction up to one and all momenta q up to one; the form factors are evaluated on it once.
Source: physics.md 2.1, generalised to any model, channels and momentum; see `pairing.linearised`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import (
    Floats,
    InvalidInput,
    Status,
    instance,
    momenta,
    positive,
    tolerance,
    zeeman_vector,
)
from spinvalley.models.model import Matrix
from spinvalley.numerics import zone
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.symmetry import Symmetry, nothing, symmetry
from spinvalley.pairing.gap import orders, stated_error
from spinvalley.pairing.linearised import FormFactors, PairStates, pair_states, pair_trace
from spinvalley.pairing.pair_nodes import doppler, pair_rule

UNITS = {"units": "energy unit of the model"}
_CHUNK = 4096
_DEPENDENT = 1e-10
_HEADROOM = 1.3
_ROOM = 2**23  # complex numbers kept for one field: 128 MiB


@dataclass(frozen=True)
class _Nodes:
    """Momenta (K, 2), weights (K,), form factors, h(k) and h(-k) (K, d, d) of some points."""

    k: Floats
    weights: Floats
    forms: FormFactors
    plus: Matrix
    minus: Matrix


@dataclass(frozen=True, eq=False)
class PairMatrix:
    """chi_ij on fixed nodes, a smooth function of temperature, field and momentum.

    The states of the field and momentum asked last are kept, as far as there is room: other temperatures cost little.

    Args:
        comp: model and channels.
        kT: lowest temperature, energy.
        zeeman: strongest field (3,), energy; weaker ones of the same direction are served too.
        q: longest momentum of the pairs (2,), 1/length; shorter ones of any direction are served too.
        order: points per panel of the quadrature.
    """

    comp: Competition
    kT: float
    zeeman: Floats
    q: Floats
    order: int
    _kept: dict[tuple[float, ...], list[PairStates | None]] = field(default_factory=dict, repr=False)

    def chi(self, kT: float, zeeman: Floats, q: Floats | None = None) -> Matrix:
        """chi_ij at a temperature, in a field (3,), for pairs of momentum q (2,), (n, n) Hermitian, 1/energy."""
        momentum = np.zeros(2) if q is None else q
        total = np.zeros((len(self.comp.channels),) * 2, dtype=complex)
        for part, kept in zip(self._parts, self._states(zeeman, momentum), strict=True):
            states = self._between(part, zeeman, momentum) if kept is None else kept
            total += states.matrix(part.weights, kT)
        return self._symmetry.average(total)

    def _states(self, zeeman: Floats, q: Floats) -> list[PairStates | None]:
        """The states of every part at a field and momentum; None for those that find no room."""
        key = (*map(float, zeeman), *map(float, q))
        kept = self._kept.get(key)
        if kept is None:
            sizes = [len(part.k) * len(self.comp.channels) * self.comp.model.dim**2 for part in self._parts]
            fits = np.cumsum(sizes) <= _ROOM
            kept = [
                self._between(part, zeeman, q) if fit else None for part, fit in zip(self._parts, fits, strict=True)
            ]
            self._kept.clear()
            self._kept[key] = kept
        return kept

    def _between(self, part: _Nodes, zeeman: Floats, q: Floats) -> PairStates:
        model = self.comp.model
        added = model.zeeman(zeeman)
        if np.any(q):
            plus, minus = (model.hamiltonian(sign * part.k + 0.5 * q) for sign in (1, -1))
        else:
            plus, minus = part.plus, part.minus
        return pair_states(part.forms, plus + added, minus + added)

    @cached_property
    def _symmetry(self) -> Symmetry:
        if np.any(self.q):
            return nothing(self.comp)
        key = ("symmetry", tuple(np.round(self._direction, 12)))
        return self.comp.sampler.remember(key, lambda: symmetry(self.comp, self._direction))  # type: ignore[no-any-return]

    @cached_property
    def _direction(self) -> Floats:
        return np.asarray(self.zeeman / max(float(np.linalg.norm(self.zeeman)), 1e-300))

    @cached_property
    def _parts(self) -> list[_Nodes]:
        sampler, model = self.comp.sampler, self.comp.model
        resolution = self._resolution

        def build() -> list[_Nodes]:
            rule = pair_rule(sampler, resolution, self._symmetry.turns, self._contributions)
            pieces = np.array_split(np.arange(rule.size), -(-rule.size // _CHUNK))
            points = [(rule.k[piece], rule.weights[piece]) for piece in pieces]
            return [
                _Nodes(k, w, FormFactors(self.comp.blocks(k)), model.hamiltonian(k), model.hamiltonian(-k))
                for k, w in points
            ]

        key = ("pairs", resolution, tuple(np.round(self._direction, 12)), tuple(np.round(self.q, 12)))
        return sampler.remember(key, build)  # type: ignore[no-any-return]

    @cached_property
    def _resolution(self) -> zone.Resolution:
        """Temperature and field as for every sum of the package; the momentum widens the window."""
        sampler = self.comp.sampler
        still = sampler.resolution(self.kT, self.zeeman, self.order, 0.0)
        shift = doppler(sampler, self.kT, float(np.linalg.norm(self.q)))
        return replace(still, width=still.width + _HEADROOM * shift)

    def _contributions(self, k: Floats) -> Floats:
        """Sum of chi_ii / n_i at each k without field and momentum and with the largest ones: sharp across the rays."""
        model, kT = self.comp.model, self._resolution.delta / np.pi
        forms = FormFactors(self.comp.blocks(k) / np.sqrt(self.comp.norms)[:, None, None])
        here, there = model.hamiltonian(k), model.hamiltonian(-k)
        columns = [pair_trace(forms, here, there, kT)]
        if np.any(self.zeeman) or np.any(self.q):
            added, half = model.zeeman(self.zeeman), 0.5 * self.q
            moved = model.hamiltonian(k + half) + added, model.hamiltonian(half - k) + added
            columns.append(pair_trace(forms, *moved, kT))
        return np.stack(columns, axis=-1)


@dataclass(frozen=True)
class Susceptibility:
    """chi (n, n) with the error of its elements, and whether the tolerance was met."""

    chi: Matrix
    error: float
    converged: bool


def settled(comp: Competition, kT: float, zeeman: Floats, q: Floats, tol: float) -> Susceptibility:
    """Chi at rising order of the quadrature until it holds still to `tol` of its largest element."""
    last: Matrix | None = None
    error = np.inf
    for order in orders(comp, kT, zeeman, tol):
        chi = PairMatrix(comp, kT, zeeman, q, order).chi(kT, zeeman, q)
        size = float(np.abs(chi).max())
        if last is not None:
            change = float(np.abs(chi - last).max())
            error = float(stated_error(comp, kT, zeeman, order, change, size))
            if error <= tol * size:
                return Susceptibility(chi, error, True)
        last = chi
    return Susceptibility(chi, error, False)


def susceptibility_matrix(
    comp: Competition, kT: float, zeeman: ArrayLike = 0.0, q: ArrayLike = (0.0, 0.0), *, tol: float = 1e-8
) -> xr.Dataset:
    """Pair susceptibility chi_ij(T, V, q) between all channels; the normal state is stable while W - chi is positive.

    chi_ij = (1/4N) sum_k sum_ab <a|D_i(k)|b>^* <a|D_j(k)|b> [tanh(e_a/2T) + tanh(e_b/2T)] / (e_a + e_b), with
    the states a at k + q/2 and the complex conjugate of the states b at -k + q/2.

    Args:
        comp: model, channels and interaction (which is not needed here).
        kT: temperature > 0, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        q: momentum of the pairs (2,), 1/length.
        tol: error asked for, relative to the largest element.

    Returns:
        Dataset with chi (channel, channel_), complex Hermitian, 1/energy; `error` of its elements, and `status`.

    Raises:
        InvalidInput: kT not positive, NaN, channels that depend linearly on each other.

    Source: physics.md 2.1; M. Sigrist and K. Ueda, doi:10.1103/RevModPhys.63.239.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> complex(sv.pairing.susceptibility_matrix(comp, kT=0.1138).chi[0, 0] * 2.295202).real
    0.9999
    """
    point = door(comp, kT, zeeman, q)
    found = settled(comp, *point, tolerance("tol", tol))
    units = {"units": "1 / energy unit of the model"}
    return xr.Dataset(
        {
            "chi": (("channel", "channel_"), found.chi, units),
            "error": ((), found.error, units),
            "status": ((), str(status(found.converged))),
        },
        coords={"channel": list(comp.names), "channel_": list(comp.names)},
        attrs={"kT": point[0], "zeeman": tuple(map(float, point[1])), "q": tuple(map(float, point[2])), "tol": tol},
    )


def door(comp: Competition, kT: float, zeeman: ArrayLike, q: ArrayLike) -> tuple[float, Floats, Floats]:
    """Temperature, field (3,) and momentum (2,) of a linearised problem, or one sentence."""
    independent(comp)
    return positive("kT", kT), zeeman_vector(zeeman), one_momentum(q)


def one_momentum(q: ArrayLike) -> Floats:
    """One momentum of the pairs (2,)."""
    value = momenta("q", q)
    if value.shape != (2,):
        raise InvalidInput(f"`q` must be one momentum, two numbers, but has shape {value.shape}")
    return value


def independent(comp: Competition) -> None:
    """Refuse channels of which one is a superposition of the others."""
    instance("comp", comp, Competition, 'Competition(film(), channels, Reduced({"s": 2.3}))')
    if np.linalg.eigvalsh(overlaps(comp)).min() < _DEPENDENT:
        raise InvalidInput(
            f"`channels` must be linearly independent, but one of {', '.join(comp.names)} is a superposition of others"
        )


def overlaps(comp: Competition) -> Matrix:
    """Scalar products of the channels normalised to one paired orbital, (n, n); an upper bound: chi <= this / 4T."""
    products = np.array([[a.overlap(b) for b in comp.channels] for a in comp.channels])
    return np.asarray(products / np.sqrt(np.outer(comp.norms, comp.norms)))


def status(converged: bool) -> Status:
    """Of a number that was refined."""
    return Status.CONVERGED if converged else Status.NOT_CONVERGED
