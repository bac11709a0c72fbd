"""The point group of a model: which operations of its lattice leave its Hamiltonian, with the field, unchanged.

For every operation of the holohedry, with and without z -> -z, a real orthogonal O is sought with
(O (x) s) h(k) (O (x) s)^+ = h(g k), s the rotation of the spin. Spin rotates with the lattice, also where no spin-orbit
coupling asks for it. What a field or strain breaks is not found any more, so that the group is lowered by itself. The
group is that of h: a layer on one side only does not remove z -> -z as long as h does not know of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import InvalidInput, instance, tolerance, zeeman_vector
from spinvalley.models import Lattice, Model
from spinvalley.pairing.channels.irreps import Irrep, irreps
from spinvalley.pairing.channels.operations import Operation
from spinvalley.pairing.channels.orbital_parts import orbital_part
from spinvalley.pairing.channels.schoenflies import schoenflies

_SAME = 1e-7
_ROUGH = 1e-2  # wrong signs differ by 2, fitted hoppings by little


@dataclass(frozen=True, eq=False)
class PointGroup:
    """The point group of a model.

    Args:
        name: in the notation of Schoenflies, e.g. "D3h".
        lattice: on which it acts.
        elements: its operations, the identity first.
    """

    name: str
    lattice: Lattice
    elements: tuple[Operation, ...]

    @property
    def order(self) -> int:
        """Number of operations."""
        return len(self.elements)

    @property
    def irreps(self) -> tuple[Irrep, ...]:
        """Its irreducible representations, by Mulliken's names."""
        return irreps(self.elements)


def point_group(model: Model, zeeman: ArrayLike = 0.0, *, tol: float = 1e-8) -> PointGroup:
    """Point group of a model in a field: the operations with (O (x) s) h(k) (O (x) s)^+ = h(g k).

    A film with one orbital per site and without Rashba coupling has the mirror z -> -z, hence D6h on the triangular
    lattice, D3h with Ising coupling; with Rashba coupling C6v, with both C3v.

    Args:
        model: any model with orbitals on the sites of the lattice, real under time reversal.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector (an axial vector).
        tol: largest violation of an operation relative to the largest matrix element of h, e.g. 1e-3 for hoppings
            that were fitted.

    Raises:
        InvalidInput: a field that is no vector; operations within `tol` that are no group; orbitals that decouple so
            that what the operations do to them is not determined.

    Source: M. S. Dresselhaus, G. Dresselhaus, A. Jorio, Group Theory (Springer, 2008), chapters 3, 14.

    >>> import spinvalley as sv
    >>> film = sv.models.ising_film(0.2)
    >>> [point_group(m, v).name for m in (film, film + sv.models.Rashba(0.1)) for v in (0.0, 0.3)]
    ['D3h', 'Cs', 'C3v', 'Cs']
    """
    instance("model", model, Model, "film()")
    allowed = tolerance("tol", tol)
    field = zeeman_vector(zeeman)
    unit = Operation(np.eye(2), False, np.eye(len(model.layers)))
    candidates = [replace(unit, turn=turn, flip=flip) for turn in model.lattice.holohedry for flip in (False, True)]
    known, generators, absent = [unit], list[Operation](), list[Operation]()
    for candidate in sorted(candidates, key=_simplest):
        if _find(known, candidate) or any(_find(known, _product(_inverse(g), candidate)) for g in absent):
            continue  # a product of operations that are there, or of these with one that is not
        orbital = orbital_part(model, candidate, field, allowed)
        if orbital is None:
            absent.append(candidate)
        else:
            generators.append(_rooted(replace(candidate, orbital=orbital)))
            known = _generated(unit, generators)
    _check_closed(known, absent)
    elements = tuple(sorted(known, key=lambda g: (g.flip, *_simplest(g))))
    return PointGroup(schoenflies(elements), model.lattice, elements)


def _simplest(operation: Operation) -> tuple[bool, float, bool]:
    """Rotations first, by their angles: then a single reflection generates all others."""
    return operation.mirrors, round(operation.angle, 6), operation.flip


def _generated(unit: Operation, generators: list[Operation]) -> list[Operation]:
    """All products of these operations."""
    elements = [unit]
    for element in elements:  # grows while it is read
        for generator in generators:
            made = _product(generator, element)
            if _find(elements, made) is None:
                elements.append(made)
    return elements


def _rooted(operation: Operation) -> Operation:
    """An operation of odd order n with the signs of its orbital part for which O^n = 1."""
    power, order = operation, 1
    while power.flip or np.abs(power.turn - np.eye(2)).max() > _SAME:
        power, order = _product(operation, power), order + 1
    if order % 2 == 0:
        return operation
    return replace(operation, orbital=operation.orbital * np.sign(np.diagonal(power.orbital)))


def _product(first: Operation, second: Operation) -> Operation:
    """First after second."""
    return Operation(first.turn @ second.turn, first.flip != second.flip, first.orbital @ second.orbital)


def _inverse(operation: Operation) -> Operation:
    return Operation(operation.turn.T, operation.flip, operation.orbital.T)


def _find(elements: list[Operation], operation: Operation) -> Operation | None:
    """The element that moves space as the operation does."""
    alike = (g for g in elements if g.flip == operation.flip and np.abs(g.turn - operation.turn).max() < _SAME)
    return next(alike, None)


def _check_closed(elements: list[Operation], absent: list[Operation]) -> None:
    """Refuse operations that generate others which are not there, or whose orbital parts differ by more than a sign."""
    if any(_find(elements, g) for g in absent):
        raise InvalidInput("`tol` must be such that the operations within it form a group, but their products are not")
    for first in elements:
        for second in elements:
            made = _product(first, second)
            same = _find(elements, made)
            if same is None or min(np.abs(same.orbital - sign * made.orbital).max() for sign in (1, -1)) > _ROUGH:
                raise InvalidInput(
                    "`model` must have orbitals that its hoppings connect: the operations of its point group act on "
                    "the orbitals in several ways, and those found do not form a group"
                )
