"""Where the two electrons of a pair sit, and how the orbital part of the pair behaves when they are exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from spinvalley.checks import InvalidInput
from spinvalley.models import Model
from spinvalley.models.model import Matrix


@dataclass(frozen=True, eq=False)
class Place:
    """Orbitals that pair, as matrices between orbitals (n, n).

    Args:
        label: what follows "@" in a name; empty for the orbitals that were asked for as a whole.
        symmetric: orbital part that is even under exchange of the electrons: spin singlets even, triplets odd in k.
        antisymmetric: the odd one, sigma_y between two orbitals: singlets odd, triplets even in k. None where an
            orbital pairs with itself.

    Both are such that a form factor real in k is even under time reversal (orbitals are real).
    """

    label: str
    symmetric: Matrix
    antisymmetric: Matrix | None = None


def whole(model: Model, on: str | tuple[str, ...] | None) -> Place:
    """Every orbital of the named layers with itself, one amplitude for all."""
    return _diagonal(model, "", model.orbitals_on(on))


def by_layer(model: Model, on: str | tuple[str, ...] | None) -> list[Place]:
    """Each of the named layers on its own."""
    layers = dict.fromkeys(model.layers[n] for n in model.orbitals_on(on))
    return [_diagonal(model, layer, model.orbitals_on(layer)) for layer in layers]


def by_orbital(model: Model, on: str | tuple[str, ...] | None) -> list[Place]:
    """Each orbital of the named layers on its own, and each pair of them."""
    chosen = model.orbitals_on(on)
    return [between(model, n, n) for n in chosen] + [between(model, n, m) for n, m in combinations(chosen, 2)]


def between(model: Model, first: int, second: int) -> Place:
    """Pairs of two orbitals, or of one with itself."""
    if first == second:
        return _diagonal(model, _label(model, first), (first,))
    low, high = sorted((first, second))
    return _joined(model, f"{_label(model, low)}-{_label(model, high)}", [(low, high)])


def place(model: Model, label: str) -> Place:
    """The place of this label.

    Raises:
        InvalidInput: a label that the model does not have; the sentence lists those that it has.
    """
    known = {p.label: p for p in (*by_orbital(model, None), *_layer_pairs(model), *by_layer(model, None))}
    if label not in known:
        raise InvalidInput(f"the place after `@` must be one of {', '.join(known)}, but is {label!r}")
    return known[label]


def orbital_place(model: Model, orbitals: int | Sequence[int]) -> Place:
    """The place of one orbital number, or of two.

    Raises:
        InvalidInput: anything but one or two numbers of orbitals of the model.
    """
    numbers = np.atleast_1d(np.asarray(orbitals, dtype=object))
    size = len(model.layers)
    valid = all(isinstance(n, int | np.integer) and 0 <= n < size for n in numbers)
    if numbers.shape not in ((1,), (2,)) or not valid:
        raise InvalidInput(f"`orbitals` must be one or two numbers from 0 to {size - 1}, but is {orbitals!r}")
    return between(model, int(numbers[0]), int(numbers[-1]))


def _layer_pairs(model: Model) -> list[Place]:
    """Orbital n of one layer with orbital n of another, for layers of equal size."""
    found = []
    for first, second in combinations(dict.fromkeys(model.layers), 2):
        pairs = list(zip(model.orbitals_on(first), model.orbitals_on(second), strict=False))
        if len(pairs) == len(model.orbitals_on(first)) == len(model.orbitals_on(second)):
            found.append(_joined(model, f"{first}-{second}", pairs))
    return found


def _diagonal(model: Model, label: str, orbitals: Sequence[int]) -> Place:
    return Place(label, np.diag([1.0 + 0j if n in orbitals else 0j for n in range(len(model.layers))]))


def _joined(model: Model, label: str, pairs: Sequence[tuple[int, int]]) -> Place:
    size = len(model.layers)
    up = np.zeros((size, size), dtype=complex)
    for first, second in pairs:
        up[first, second] = 1.0
    return Place(label, up + up.T, -1j * (up - up.T))


def _label(model: Model, orbital: int) -> str:
    """Name of the layer where it has one orbital, the number of the orbital where there is one layer, else both."""
    layer = model.layers[orbital]
    members = model.orbitals_on(layer)
    if len(members) == 1:
        return layer
    return str(orbital) if len(set(model.layers)) == 1 else f"{layer}.{members.index(orbital)}"
