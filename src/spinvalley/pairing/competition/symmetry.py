"""Operations of the lattice under which a set of channels and the normal state turn into themselves.

Where h(g k) = U h(k) U^+ and U^+ D_j(g k) U^* = sum_i D_i(k) R_ij, the pairs at g k contribute R^+ X R to the
susceptibility matrix if those at k contribute X: an elementary part of the zone is enough. Two families are tried: U
that turns the spin by pi about the field or across it, or not at all, and the point group, in which spin and orbitals
turn with the lattice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.orbits import group_of
from spinvalley.pairing.competition.problem import Competition
from spinvalley.spin import S0, pauli_dot

_Family = Callable[[Competition, Floats], Iterator[tuple[Floats, Matrix]]]
_SAME = 1e-9
_SAMPLES = 24
_DISTINCT = 1e-6


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A group of operations with their action on the channels.

    Args:
        turns: g, (m, 2, 2), the identity first.
        actions: R(g), (m, n, n).
    """

    turns: Floats
    actions: Matrix

    def average(self, chi: Matrix) -> Matrix:
        """The whole zone from what the irreducible part contributes: the mean of R^+ chi R."""
        return np.asarray(np.mean(np.swapaxes(self.actions.conj(), -1, -2) @ chi @ self.actions, axis=0))


def nothing(comp: Competition) -> Symmetry:
    """The identity alone."""
    return Symmetry(np.eye(2)[None], np.eye(len(comp.channels), dtype=complex)[None])


def symmetry(comp: Competition, zeeman: Floats) -> Symmetry:
    """The larger one of the two families, for pairs without momentum in a field of this direction."""
    unit = zeeman / max(float(np.linalg.norm(zeeman)), 1e-300)
    return max((_kept(comp, unit, family) for family in (_spin_turns, _point_group)), key=lambda s: len(s.turns))


def _kept(comp: Competition, unit: Floats, family: _Family) -> Symmetry:
    """Operations of a family under which h, the field and the span of the channels stay, one for each g."""
    lattice, model = comp.model.lattice, comp.model
    k = np.random.default_rng(5).uniform(-0.5, 0.5, (_SAMPLES, 2)) @ lattice.reciprocal
    bands, blocks, field = model.hamiltonian(k), comp.blocks(k), model.zeeman(unit)
    span = np.moveaxis(blocks, 1, -1).reshape(-1, len(comp.channels))
    turns: list[Floats] = []
    actions: list[Matrix] = []
    for turn, unitary in family(comp, unit):
        if any(np.abs(turn - other).max() < _DISTINCT for other in turns):
            continue
        back = unitary.conj().T
        moved = model.hamiltonian(k @ turn.T)
        if np.abs(moved - unitary @ bands @ back).max() > _SAME * comp.sampler.bandwidth:
            continue
        if np.abs(unitary @ field @ back - field).max() > _SAME:
            continue
        images = np.moveaxis(back @ comp.blocks(k @ turn.T) @ unitary.conj(), 1, -1).reshape(span.shape)
        action = np.asarray(np.linalg.lstsq(span, images, rcond=None)[0], dtype=complex)
        if np.abs(span @ action - images).max() < _SAME * np.abs(span).max():
            turns.append(turn)
            actions.append(action)
    return Symmetry(np.array(turns), np.array(actions))


def _spin_turns(comp: Competition, unit: Floats) -> Iterator[tuple[Floats, Matrix]]:
    """Every operation of the lattice with the spin left alone or turned by pi about one of three axes."""
    first = unit if np.any(unit) else np.array([1.0, 0.0, 0.0])
    across = np.cross([0.0, 0.0, 1.0], first)
    second = across / np.linalg.norm(across) if np.linalg.norm(across) > _DISTINCT else np.array([1.0, 0.0, 0.0])
    axes = (first, second, np.cross(first, second))
    orbitals = np.eye(len(comp.model.layers))
    for turn in sorted(comp.model.lattice.holohedry, key=lambda g: -float(np.trace(g))):
        for spin in (S0, *(pauli_dot(a) for a in axes)):
            yield turn, np.kron(orbitals, spin)


def _point_group(comp: Competition, _unit: Floats) -> Iterator[tuple[Floats, Matrix]]:
    """The operations of the point group without field; the identity alone where the model has none to be found."""
    group = group_of(comp, np.zeros(3))
    if group is None:  # more of the zone is summed
        yield np.eye(2), np.eye(comp.model.dim, dtype=complex)
        return
    for element in group.elements:
        yield element.turn, element.unitary
