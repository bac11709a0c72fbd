"""A store of a sweep: what is done, what is missing, and all of it as one Dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
import zarr

from spinvalley.checks import InvalidInput
from spinvalley.store import layout, log
from spinvalley.store.place import Place
from spinvalley.store.plan import Plan
from spinvalley.store.table import (
    FAILURES,
    STATUS,
    Block,
    Codes,
    Flat,
    State,
    Template,
    dataset,
    no_messages,
    placed,
    unfinished,
)

_SPAN: Final = 64


@dataclass(frozen=True)
class Found:
    """A store on disk: its group, and number and content of its newest document."""

    group: zarr.Group
    number: int
    document: dict[str, Any]


class Store:
    """A store that is read. Nothing is written, so that a driver may be at work in it.

    Made by `open_store`. A block counts as done when all its chunks are whole, each against its checksum; others are
    pending.

    Attributes:
        url: where it is.
        plan: axes, blocks, seed.
        attributes: plan, fingerprint, record and time of creation.
        history: the sessions that worked on it, oldest first.
        template: form of a point's result, or None before the first one.
    """

    def __init__(self, place: Place, found: Found) -> None:
        self.url = place.url
        self._place = place
        self._group = found.group
        self._number = found.number
        self._document = found.document
        self._opened: dict[str, zarr.Array[Any]] = {}
        self.plan = Plan.of_document(self._document["plan"])

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Plan, fingerprint, record, creation."""
        return {key: value for key, value in self._document.items() if key != "history"}

    @property
    def history(self) -> tuple[Mapping[str, Any], ...]:
        """Sessions: started, ended (None: it was killed or is at work), points, seconds, wall, note, made, forced."""
        return tuple(self._document["history"])

    @property
    def template(self) -> Template | None:
        """Form of the results; None before the first one."""
        document = self._document["template"]
        return None if document is None else Template.of_document(document)

    @property
    def positions(self) -> int:
        """Places in the list of points; a refined sweep fills its last blocks up with places of no point."""
        return int(self._document["positions"])

    def flat(self) -> Flat | None:
        """Index of each place in the full grid (-1: no point, or damaged), or None if they are all points in order."""
        if self.plan.refine is None:
            return None
        index = np.full(self.positions, -1, np.int64)
        length = self.plan.block
        for number in sorted(self._present("index")):
            first, last = number * length, min(number * length + length, self.positions)
            with suppress(*layout.DAMAGED):
                index[first:last] = layout.read(self._array("index"), first, last)
        return index

    def states(self) -> dict[str, int]:
        """Number of points that are pending, done, failed, poisoned, skipped."""
        states = self._contents([]).states
        if self.plan.refine is None:
            counts = Counter(states.tolist())
        else:
            asked = _or_none(self.flat(), self.positions) >= 0
            counts = Counter(states[asked].tolist())
            counts[State.SKIPPED] = self.plan.points - int(asked.sum())
        return {state.text: counts.get(state, 0) for state in State}

    def counts(self) -> dict[str, int]:
        """Number of entries of `status` of the Dataset, by text."""
        template = self.template
        own = None if template is None or STATUS not in template.variables else template.variables[STATUS]
        only = None if template is None or own is None else Template({STATUS: own}, {})
        data = dataset(self.plan, only, self._contents([] if own is None else [STATUS]), self.flat())
        return dict(Counter(data[STATUS].values.ravel().tolist()))

    def missing(self) -> list[tuple[int, int]]:
        """Blocks (start, stop) of places that are still to be computed: never done, or damaged."""
        return unfinished(self.verified(), self.plan.block)

    def verified(self) -> Codes:
        """State of each place, after a look at every chunk: those of damaged blocks are pending."""
        return self._contents([], check=True).states

    def dataset(self) -> xr.Dataset:
        """All points over the coordinates of the plan; "pending" where nothing is known yet."""
        data = dataset(self.plan, self.template, self.contents(), self.flat())
        return data.assign_attrs({} if self.plan.seed is None else {"seed": self.plan.seed})

    def contents(self) -> Block:
        """All places; those of damaged blocks are pending and empty."""
        template = self.template
        return self._contents([] if template is None else list(template.variables))

    def _contents(self, wanted: list[str], check: bool = False) -> Block:
        """All places with these quantities, or with a look at all; those of damaged blocks are pending and empty."""
        template = self.template
        names = [] if template is None else list(template.variables)
        states = np.zeros(self.positions, np.uint8)
        messages = no_messages(self.positions)
        columns = {} if template is None else {n: template.variables[n].empty(self.positions) for n in wanted}
        whole = {f"{layout.VALUES}/{name}": self._present(f"{layout.VALUES}/{name}") for name in names}
        whole["message"] = self._present("message")
        for first, last in self._spans(self._present("state")):
            for start, stop, part in self._read(first, last, names if check else wanted, whole):
                states[start:stop] = part.states
                messages = placed(messages, start, part.messages)
                if (part.states == State.DONE).any():
                    columns = {name: placed(columns[name], start, part.columns[name]) for name in wanted}
        return Block(states, messages, columns)

    def _read(
        self, first: int, last: int, names: list[str], whole: Mapping[str, set[int]]
    ) -> list[tuple[int, int, Block]]:
        """The blocks between two places that are whole; one by one where some are damaged."""
        length = self.plan.block
        for name in ("state", *whole):
            self._array(name)
        try:
            part = self._slice(first, last, names)
        except layout.DAMAGED:
            if last - first <= length:
                return []
            starts = range(first, last, length)
            return [b for s in starts for b in self._read(s, min(s + length, last), names, whole)]
        found = []
        for start in range(first, last, length):
            stop = min(start + length, last)
            block = part.part(start - first, stop - first)
            done = (block.states == State.DONE).any()
            needed = [name for name in whole if name != "message"] if done else []
            needed += ["message"] if np.isin(block.states, FAILURES).any() else []
            unformed = done and self.template is None  # the document that says what the values are was lost
            if not unformed and all(start // length in whole[name] for name in needed):
                found.append((start, stop, block))
        return found

    def _slice(self, first: int, last: int, names: list[str]) -> Block:
        states = layout.read(self._array("state"), first, last)
        messages = layout.read(self._array("message"), first, last)
        columns = {n: layout.read(self._array(f"{layout.VALUES}/{n}"), first, last) for n in names}
        return Block(states, messages, columns)

    def _present(self, name: str) -> set[int]:
        return layout.present(self._place, name)

    def _spans(self, blocks: set[int]) -> list[tuple[int, int]]:
        length = self.plan.block
        runs = layout.spans(sorted(blocks), _SPAN)
        return [(first * length, min(last * length, self.positions)) for first, last in runs]

    def _array(self, name: str) -> zarr.Array[Any]:
        if name not in self._opened:
            self._opened[name] = layout.opened(self._group, name)
        return self._opened[name]


def open_store(url: str | Path) -> Store:
    """The store of a sweep, to look into.

    Args:
        url: folder, or URL of fsspec.

    Raises:
        InvalidInput: there is nothing, or something else.

    >>> import spinvalley as sv
    >>> _ = sv.sweep(lambda x: x**2, {"x": [1.0, 2.0]}, store="memory://squares")
    >>> sv.store.open_store("memory://squares").states()["done"]
    2
    """
    place = Place.of(url)
    found = find(place, read_only=True)
    if found is None:
        raise InvalidInput(f"`store` must be the store of a sweep, but there is nothing at {place.url}")
    return Store(place, found)


def find(place: Place, read_only: bool) -> Found | None:
    """The group of a store and its newest document; None where nothing is, or what a killed creation left.

    Raises:
        InvalidInput: something else is there.
    """
    if place.empty():
        return None
    other = InvalidInput(f"`store` must be a new folder or the store of a sweep, but {place.url} is something else")
    try:
        group = zarr.open_group(place.zarr(read_only=read_only), mode="r" if read_only else "r+", zarr_format=3)
        root = group.attrs.get(log.KEY)
    except (OSError, ValueError, KeyError, TypeError):
        raise other from None
    if not isinstance(root, Mapping):
        raise other
    if root.get("format") != log.FORMAT:
        raise InvalidInput(f"`store` must be of format {log.FORMAT}, but {place.url} is of format {root.get('format')}")
    newest = log.newest(place, group)
    return None if newest is None else Found(group, *newest)


def _or_none(flat: Flat | None, positions: int) -> Flat:
    return np.arange(positions) if flat is None else flat
