"""The one driver that writes to a store: creation at one stroke, blocks with their last chunk last, sessions."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.storage import LocalStore

from spinvalley.checks import InvalidInput
from spinvalley.store import layout, log
from spinvalley.store.place import Place, writing
from spinvalley.store.plan import Plan, differences
from spinvalley.store.store import Store, find
from spinvalley.store.table import Block, Flat, State, Template


@dataclass(frozen=True)
class Origin:
    """Where the numbers of a store come from; compared when it is opened again.

    Args:
        fingerprint: of the function and of the package.
        record: what else the caller wants compared, e.g. a run file.
        note: kept with the session, not compared.
        made: versions and machine of the session, not compared.
    """

    fingerprint: Mapping[str, Any]
    record: Mapping[str, Any] = field(default_factory=dict)
    note: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)


class Writer(Store):
    """A store that is written to, by the driver that holds its lock."""

    def write(self, start: int, block: Block) -> None:
        """One block: values, then messages, then the states that make it count.

        Raises:
            StoreError: disk full, connection lost.
        """
        stop = start + len(block)
        with writing(self._place):
            if (block.states == State.DONE).any():
                for name, values in block.columns.items():
                    self._array(f"{layout.VALUES}/{name}")[start:stop] = _bare(values)
            self._array("message")[start:stop] = _bare(block.messages)
            self._array("state")[start:stop] = block.states

    def reset(self, blocks: list[tuple[int, int]]) -> None:
        """Take back blocks that will be computed again, so that a mixture of two runs never counts."""
        there = self._present("state")
        with writing(self._place):
            for start, _ in blocks:
                if start // self.plan.block in there:
                    self._place.delete(f"state/c/{start // self.plan.block}")

    def fix(self, template: Template) -> None:
        """The form of the results, once and for all."""
        with writing(self._place):
            layout.create_values(self._group, template, self._capacity(), self.plan.block)
            self._update(template=template.document())

    def extend(self, flat: Flat) -> None:
        """More points of a refined sweep, at the start of a new block."""
        start, stop = self.positions, self.positions + len(flat)
        with writing(self._place):
            self._grow(stop)
            self._array("index")[start:stop] = flat
            self._update(positions=stop)

    def note(self, start: int, flat: Flat) -> None:
        """Points of places that were noted before, where the note was damaged."""
        with writing(self._place):
            self._array("index")[start : start + len(flat)] = flat

    def begin(self, origin: Origin, forced: Sequence[str]) -> None:
        """A new session."""
        session = {"started": _now(), "ended": None, "points": 0, "seconds": 0.0, "wall": 0.0}
        entry = {**session, "note": dict(origin.note), "made": dict(origin.made), "forced": list(forced)}
        changes = {"fingerprint": dict(origin.fingerprint), "record": dict(origin.record)} if forced else {}
        with writing(self._place):
            self._update(history=[*self._document["history"], entry], **changes)

    def end(self, points: int, seconds: float, wall: float) -> None:
        """The end of the session, with what it computed."""
        *before, last = self._document["history"]
        entry = {**last, "ended": _now(), "points": points, "seconds": seconds, "wall": wall}
        with writing(self._place):
            self._update(history=[*before, entry])

    def check(self, plan: Plan, origin: Origin, force: bool) -> list[str]:
        """Whether this store belongs to the same sweep; what differs and is allowed by `force`.

        Raises:
            InvalidInput: something differs.
        """
        old, new = self._document["plan"], plan.document()
        axes = ("coords", "together", "seed", "refine")
        hard = [line for key in axes for line in differences(old[key], new[key], key)]
        if plan.block not in (0, self.plan.block):
            hard.append(f"block: {self.plan.block} -> {plan.block}")
        soft = differences({"function": old["function"]}, {"function": new["function"]})
        soft += differences(self._document["fingerprint"], dict(origin.fingerprint))
        soft += differences(self._document["record"], dict(origin.record), "record")
        if hard:
            raise InvalidInput(
                f"`store` must be of the same sweep, but {self.url} differs in {_listed(hard)}; use a new store, as "
                "its points are others"
            )
        if soft and not force:
            raise InvalidInput(
                f"`store` must be of the same sweep, but {self.url} differs in {_listed(soft)}; use a new store, or "
                "force=True to keep what is done"
            )
        return soft

    def _capacity(self) -> int:
        return int(self._array("state").shape[0])

    def _grow(self, points: int) -> None:
        """Longer arrays."""
        if points > self._capacity():
            names = [] if self.template is None else [f"{layout.VALUES}/{n}" for n in self.template.variables]
            for name in ["message", "index", *names, "state"]:
                array = self._array(name)
                array.resize((points, *array.shape[1:]))
            self._opened.clear()

    def _update(self, **changes: Any) -> None:
        document = {**self._document, **changes}
        log.append(self._group, self._number + 1, document)
        self._number += 1
        self._document = document


def find_store(place: Place) -> Writer | None:
    """The store at a place, to be written to; call it inside `locked`."""
    found = find(place, read_only=False)
    if found is None:
        return None
    place.sweep_up()
    return Writer(place, found)


def create_store(place: Place, plan: Plan, origin: Origin) -> Writer:
    """A new store; call it inside `locked`. A creation that is killed leaves nothing that looks like a store.

    Raises:
        InvalidInput: nothing can be written here.
    """
    document: dict[str, Any] = {
        "plan": plan.document(),
        "fingerprint": dict(origin.fingerprint),
        "record": dict(origin.record),
        "created": _now(),
        "template": None,
        "positions": plan.points if plan.refine is None else 0,
        "history": [],
    }
    try:
        if place.path is None:
            _fill(place.zarr(), plan, document)
        else:
            place.sweep_up()
            with _staged(place.path) as staged:
                _fill(LocalStore(staged), plan, document)
    except OSError as error:
        raise InvalidInput(
            f"`store` must lie where files can be written, but {place.url} cannot be written to ({error})"
        ) from None
    found = find(place, read_only=False)
    assert found is not None
    return Writer(place, found)


def _fill(store: Any, plan: Plan, document: Mapping[str, Any]) -> None:
    """The arrays, then the document that makes it a store."""
    group = zarr.create_group(store, zarr_format=3, overwrite=True, attributes={log.KEY: {"format": log.FORMAT}})
    layout.create(group, max(plan.points, 1), plan.block, plan.refine is not None)
    log.append(group, 0, document)


@contextmanager
def _staged(path: Path) -> Iterator[Path]:
    """A neighbour that becomes the folder at the end; what a killed creation leaves is removed by the next."""
    staged = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield staged
        mask = os.umask(0)
        os.umask(mask)
        staged.chmod(0o777 & ~mask)
        staged.rename(path)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _bare(values: Any) -> Any:
    return values.astype(np.dtypes.StringDType()) if values.dtype.kind == "U" else values


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _listed(lines: Sequence[str]) -> str:
    shown = "; ".join(lines[:4])
    return shown if len(lines) <= 4 else f"{shown}; and {len(lines) - 4} more"
