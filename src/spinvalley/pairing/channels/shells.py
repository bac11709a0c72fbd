"""Shells of bonds: the lattice vectors of one length."""

from __future__ import annotations

from itertools import product

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models import Lattice
from spinvalley.models.model import Cell

_SAME = 1e-9


def shell(lattice: Lattice, number: int) -> tuple[Cell, ...]:
    """Lattice vectors of shell `number`, ordered by their angle: 0 is the site itself, 1 the shortest bonds, ..."""
    reach = number + 1
    while True:
        found, complete = _shells(lattice, reach)
        if complete > number:
            return found[number]
        reach *= 2


def _shells(lattice: Lattice, reach: int) -> tuple[list[tuple[Cell, ...]], int]:
    """Shells among the cells within `reach` steps of the reduced basis, and how many of them are complete."""
    steps = np.array(list(product(range(-reach, reach + 1), repeat=2)))
    vectors = steps @ lattice.reduced
    cells = np.round(vectors @ np.linalg.inv(lattice.matrix)).astype(int)
    lengths = np.linalg.norm(vectors, axis=1)
    bounds = _distinct(np.sort(lengths))
    heights = np.abs(np.linalg.det(lattice.reduced)) / np.linalg.norm(lattice.reduced, axis=1)
    complete = int(np.sum(bounds < (reach + 1) * heights.min() * (1 - _SAME)))
    shells = []
    for bound in bounds[:complete]:
        members = np.flatnonzero(np.abs(lengths - bound) <= _SAME * bound)
        angles = np.arctan2(vectors[members, 1], vectors[members, 0]) % (2 * np.pi - _SAME)
        shells.append(tuple((int(n), int(m)) for n, m in cells[members[np.argsort(angles)]]))
    return shells, complete


def _distinct(ascending: Floats) -> Floats:
    fresh = np.concatenate([[True], np.diff(ascending) > _SAME * ascending[1:]])
    return np.asarray(ascending[fresh])
