"""A sweep that is kept in memory: what a store does for a driver, without a disk."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spinvalley.store.plan import Plan
from spinvalley.store.table import Block, Codes, Flat, State, Template, dataset, no_messages, placed


class Memory:
    """Results of a sweep without a store.

    Args:
        plan: axes, blocks, seed.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.template: Template | None = None
        self._flat: Flat | None = None if plan.refine is None else np.zeros(0, np.int64)
        positions = plan.points if plan.refine is None else 0
        self._states = np.full(positions, State.PENDING, np.uint8)
        self._messages = no_messages(positions)
        self._columns: dict[str, NDArray[Any]] = {}

    @property
    def positions(self) -> int:
        """Places in the list of points."""
        return len(self._states)

    def flat(self) -> Flat | None:
        """Index of each place in the full grid (-1: no point), or None if they are all points in order."""
        return self._flat

    def fix(self, template: Template) -> None:
        """The form of the results, once and for all."""
        self.template = template
        self._columns = template.empty(self.positions)

    def write(self, start: int, block: Block) -> None:
        """One block."""
        self._states[start : start + len(block)] = block.states
        self._messages = placed(self._messages, start, block.messages)
        for name, values in block.columns.items():
            self._columns[name] = placed(self._columns[name], start, values)

    def extend(self, flat: Flat) -> None:
        """More points of a refined sweep."""
        more = Block.without_values(len(flat), State.PENDING, "")
        assert self._flat is not None
        self._flat = np.concatenate([self._flat, flat])
        self._states = np.concatenate([self._states, more.states])
        self._messages = np.concatenate([self._messages, no_messages(len(flat))])
        if self.template is not None:
            empty = self.template.empty(len(flat))
            self._columns = {n: np.concatenate([v, empty[n]]) for n, v in self._columns.items()}

    def note(self, start: int, flat: Flat) -> None:
        """Points of places that were noted before."""
        assert self._flat is not None
        self._flat[start : start + len(flat)] = flat

    def verified(self) -> Codes:
        """State of each place."""
        return self._states.copy()

    def reset(self, blocks: list[tuple[int, int]]) -> None:
        """Take back blocks that will be computed again."""
        for start, stop in blocks:
            self._states[start:stop] = State.PENDING

    def contents(self) -> Block:
        """All places."""
        return Block(self._states, self._messages, self._columns)

    def dataset(self) -> xr.Dataset:
        """All points over the coordinates of the plan."""
        data = dataset(self.plan, self.template, self.contents(), self._flat)
        return data.assign_attrs({} if self.plan.seed is None else {"seed": self.plan.seed})
