"""Points where something changes: a grid that is divided only along the boundary between two phases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import InvalidInput, real, whole
from spinvalley.store.plan import Plan
from spinvalley.store.table import STATUS, Block, Flat, State

_SMALLEST_AXIS = 3
Cell = tuple[tuple[int, int], ...]
"""First and last index of a cell on each swept axis."""


@dataclass(frozen=True)
class Boundary:
    """Spend points along a boundary instead of on the full grid.

    The sweep starts with every 2^levels-th value of the numeric axes, and the last. A cell is divided while what was
    computed inside it or on its rim differs, until the boundary lies between neighbours of the full grid. What is
    narrower than the first cells and touches none of their corners is not seen: choose `levels` so that they are
    smaller than what matters.

    Args:
        of: quantity that tells the phases apart, a variable of the result.
        above: where it is a number, the level that parts the two phases; None: any two values that differ.
        levels: how often the first cells can be halved.

    Raises:
        InvalidInput: `levels` < 1, `above` not finite.

    >>> import spinvalley as sv
    >>> disc = lambda x, y: float(x * x + y * y < 0.5)
    >>> axis = [i / 64 for i in range(65)]
    >>> data = sv.sweep(disc, {"x": axis, "y": axis}, refine=sv.sweeps.Boundary("value"))
    >>> int((data.status == "skipped").sum()) > 3000
    True
    """

    of: str = STATUS
    above: float | None = None
    levels: int = 3

    def __post_init__(self) -> None:
        """Check the numbers."""
        whole("levels", self.levels, 1)
        if self.above is not None:
            real("above", self.above)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"of": self.of, "above": self.above, "levels": self.levels}

    def labels(self, contents: Block) -> NDArray[Any]:
        """What is compared of each place: rows of numbers or texts (n, m)."""
        states = np.array([state.text for state in State])[contents.states].reshape(-1, 1)
        if self.of not in contents.columns:
            if self.of != STATUS and contents.columns:
                raise InvalidInput(f"`of` must be one of {', '.join([STATUS, *contents.columns])}, but is {self.of!r}")
            return states
        values = contents.columns[self.of].reshape(len(states), -1)
        if self.above is not None and values.dtype.kind != "f":
            raise InvalidInput(f"`above` must be left out where `of` is no real number, but {self.of} is none")
        if values.dtype.kind == "U":
            return np.where(contents.states[:, None] == State.DONE, values, states)
        if self.above is not None:
            return np.where(np.isnan(values), -1, values > self.above)
        return np.where(np.isnan(values), np.inf, values)


class Cells:
    """The cells of a grid, divided where their points differ.

    Args:
        plan: the grid.
        boundary: what differs.

    Raises:
        InvalidInput: fewer than two numeric swept axes of three values.
    """

    def __init__(self, plan: Plan, boundary: Boundary) -> None:
        axes = [plan.coords[name] for name in plan.swept]
        numeric = [a.dtype.kind in "fi" and len(a) >= _SMALLEST_AXIS for a in axes]
        if sum(numeric) < 2:
            raise InvalidInput(
                f"`refine` must have two swept axes of at least {_SMALLEST_AXIS} numbers, but there are {sum(numeric)}"
            )
        self._boundary = boundary
        self._shape = plan.shape
        step = 2**boundary.levels
        stops = [
            [*range(0, n - 1, step), n - 1] if split else range(n) for n, split in zip(plan.shape, numeric, strict=True)
        ]
        sides = [list(pairwise(s)) if split else [(i, i) for i in s] for s, split in zip(stops, numeric, strict=True)]
        self._cells: list[Cell] = list(product(*sides))
        self._asked = np.zeros(plan.shape, bool)

    def first(self) -> Flat:
        """The points to begin with."""
        return self._new(self._cells)

    def next(self, flat: Flat, contents: Block) -> Flat:
        """More points, from the results of all that were asked for; none at the end.

        Args:
            flat: index of each place in the full grid (-1: no point).
            contents: results of these places.
        """
        phase = np.full(self._asked.size, -1, np.int64)
        labels = self._boundary.labels(contents)[flat >= 0]
        phase[flat[flat >= 0]] = np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1)
        while True:
            grid = phase.reshape(self._shape)
            divided = [cell for cell in self._cells if _mixed(grid, cell)]
            if not divided:
                return np.zeros(0, np.int64)
            keep = set(divided)
            parts = [part for cell in divided for part in _halves(cell)]
            self._cells = [cell for cell in self._cells if cell not in keep] + parts
            more = self._new(parts)
            if len(more):
                return more

    def _new(self, cells: list[Cell]) -> Flat:
        """Corners that were not asked for yet, in the order of the grid."""
        wanted = np.zeros(self._shape, bool)
        for cell in cells:
            wanted[np.ix_(*[sorted(set(side)) for side in cell])] = True
        wanted &= ~self._asked
        self._asked |= wanted
        return np.flatnonzero(wanted)


def _mixed(phase: NDArray[np.int64], cell: Cell) -> bool:
    """Whether a cell can be divided and holds two phases."""
    if all(last - first <= 1 for first, last in cell):
        return False
    inside = phase[tuple(slice(first, last + 1) for first, last in cell)]
    known = inside[inside >= 0]
    return bool((known != known[0]).any())


def _halves(cell: Cell) -> list[Cell]:
    sides = []
    for first, last in cell:
        middle = (first + last) // 2
        sides.append([(first, last)] if last - first <= 1 else [(first, middle), (middle, last)])
    return list(product(*sides))


def padded(flat: Flat, block: int) -> Flat:
    """Points of one round, filled up with -1 to whole blocks, so that no chunk belongs to two rounds."""
    return np.concatenate([flat, np.full(-len(flat) % block, -1, np.int64)])


def description(boundary: Boundary | None) -> Mapping[str, Any] | None:
    """The refinement as part of a plan."""
    return None if boundary is None else boundary.document()
