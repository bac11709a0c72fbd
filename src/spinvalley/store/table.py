"""Results of a sweep: what one point gives (template), what one block holds, and all of them as a labelled Dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spinvalley.store.plan import Plan

Codes = NDArray[np.uint8]
Flat = NDArray[np.int64]
Texts = NDArray[np.str_] | NDArray[np.object_]


class State(IntEnum):
    """What became of one point of a sweep; the code that a store holds."""

    PENDING = 0
    DONE = 1
    FAILED = 2
    POISONED = 3
    SKIPPED = 4

    @property
    def text(self) -> str:
        """The word in `status`."""
        return self.name.lower()


@dataclass(frozen=True)
class Variable:
    """One quantity that a point gives.

    Args:
        dims: its dimensions, of those that go together and of its own; none for a number.
        shape: their sizes.
        kind: "f" (real), "c" (complex) or "U" (text).
        attrs: attributes, e.g. units.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    kind: str
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def empty(self, points: int) -> NDArray[Any]:
        """NaN or "" for so many points: (points, *shape)."""
        dtype: Any = {"f": np.float64, "c": np.complex128, "U": "<U1"}[self.kind]
        fill: Any = "" if self.kind == "U" else np.nan
        return np.full((points, *self.shape), fill, dtype)


@dataclass(frozen=True)
class Template:
    """The form of a point's result, fixed by the first one.

    Args:
        variables: name -> variable.
        own: labels of the dimensions that are the function's own.
    """

    variables: Mapping[str, Variable]
    own: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The template as JSON."""
        rows = {
            n: {"dims": v.dims, "shape": v.shape, "kind": v.kind, "attrs": v.attrs} for n, v in self.variables.items()
        }
        return {"variables": rows, "own": {name: list(labels) for name, labels in self.own.items()}}

    def form(self) -> tuple[Any, ...]:
        """What every point must share: names, dimensions, kinds, labels; attributes are those of the first."""
        rows = {name: (v.dims, v.shape, v.kind) for name, v in self.variables.items()}
        return rows, dict(self.own)

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Template:
        """The template that `document` describes."""
        rows = {
            n: Variable(tuple(v["dims"]), tuple(v["shape"]), v["kind"], v["attrs"])
            for n, v in document["variables"].items()
        }
        return cls(rows, {name: tuple(labels) for name, labels in document["own"].items()})

    def empty(self, points: int) -> dict[str, NDArray[Any]]:
        """Columns without values."""
        return {name: variable.empty(points) for name, variable in self.variables.items()}


@dataclass(frozen=True)
class Block:
    """Results of consecutive points.

    Args:
        states: a `State` for each point (n,).
        messages: text of the exception of each point (n,), "" where there was none.
        columns: name -> values (n, ...); nothing where no point gave a value.
    """

    states: Codes
    messages: Texts
    columns: Mapping[str, NDArray[Any]]

    @classmethod
    def without_values(cls, points: int, state: State, message: str) -> Block:
        """Points that all ended in the same way."""
        return cls(np.full(points, state, np.uint8), np.full(points, message), {})

    def __len__(self) -> int:
        return len(self.states)

    def part(self, start: int, stop: int) -> Block:
        """The points [start, stop)."""
        columns = {name: values[start:stop] for name, values in self.columns.items()}
        return Block(self.states[start:stop], self.messages[start:stop], columns)


def joined(blocks: list[Block], template: Template | None) -> Block:
    """Consecutive blocks as one."""
    if len(blocks) == 1:
        return blocks[0]
    columns: dict[str, NDArray[Any]] = {}
    if template is not None and any(block.columns for block in blocks):
        filled = [block.columns or template.empty(len(block)) for block in blocks]
        columns = {name: np.concatenate([part[name] for part in filled]) for name in template.variables}
    states = np.concatenate([block.states for block in blocks])
    return Block(states, np.concatenate([block.messages for block in blocks]), columns)


def no_messages(points: int) -> NDArray[np.object_]:
    """An empty message for each point; objects, as one long message would widen all texts of a fixed length."""
    return np.full(points, "", dtype=object)


def placed(column: NDArray[Any], start: int, values: NDArray[Any]) -> NDArray[Any]:
    """Values at their place; a column of texts grows to the longest."""
    if values.dtype.kind == column.dtype.kind == "U" and values.dtype.itemsize > column.dtype.itemsize:
        column = column.astype(values.dtype)
    column[start : start + len(values)] = values
    return column


def unfinished(states: Codes, length: int, retry: tuple[State, ...] = ()) -> list[tuple[int, int]]:
    """Blocks (start, stop) with a point that is pending, or in a state that is tried again.

    >>> unfinished(np.array([1, 1, 0, 1, 2], np.uint8), 2)
    [(2, 4)]
    """
    again = np.isin(states, (State.PENDING, *retry))
    starts = range(0, len(states), length)
    return [(start, min(start + length, len(states))) for start in starts if again[start : start + length].any()]


STATUS: Final = "status"
MESSAGE: Final = "message"
FAILURES: Final = (State.FAILED, State.POISONED)


def dataset(plan: Plan, template: Template | None, contents: Block, flat: Flat | None) -> xr.Dataset:
    """All points as a Dataset over the coordinates of the plan.

    Args:
        plan: axes.
        template: form of the results; None if no point gave any.
        contents: results (n,) of the points.
        flat: index of each point in the full grid in C order (-1: none), or None if they are all points in order.
    """
    states = _spread(contents.states, flat, plan, np.uint8(State.SKIPPED))
    known = {} if template is None else template.variables
    data: dict[str, xr.DataArray] = {}
    for name, variable in known.items():
        if name != STATUS:
            values = _spread(contents.columns[name], flat, plan, "" if variable.kind == "U" else np.nan)
            data[name] = _array(plan, variable.dims, values, variable.attrs)
    status = _status(plan, known.get(STATUS), contents.columns.get(STATUS), flat, states)
    messages = _spread(contents.messages, flat, plan, "")
    coords: dict[str, Any] = {n: (n, values, dict(plan.attrs.get(n, {}))) for n, values in plan.coords.items()}
    own = {} if template is None else {n: (n, np.array(labels)) for n, labels in template.own.items()}
    return xr.Dataset({**data, STATUS: status, MESSAGE: _array(plan, (), messages, {})}, {**coords, **own})


def _status(
    plan: Plan, variable: Variable | None, column: NDArray[Any] | None, flat: Flat | None, states: Codes
) -> xr.DataArray:
    """The function's own status where it gave one, else the state of the point."""
    texts = np.array([state.text for state in State])[states]
    if variable is None or column is None:
        return _array(plan, (), texts, {})
    own = _spread(column, flat, plan, "")
    over = (...,) + (np.newaxis,) * len(variable.dims)
    return _array(plan, variable.dims, np.where((states == State.DONE)[over], own, texts[over]), {})


def _spread(values: NDArray[Any], flat: Flat | None, plan: Plan, fill: Any) -> NDArray[Any]:
    """Rows of points at their places in the grid: (*shape, ...)."""
    if flat is not None:
        full = np.full((plan.points, *values.shape[1:]), fill, values.dtype)
        full[flat[flat >= 0]] = values[flat >= 0]
        values = full
    return values.reshape(plan.shape + values.shape[1:])


def _array(plan: Plan, dims: tuple[str, ...], values: NDArray[Any], attrs: Mapping[str, Any]) -> xr.DataArray:
    array = xr.DataArray(values, dims=plan.swept + dims, attrs=dict(attrs))
    order = [name for name in plan.coords if name in array.dims]
    return array.transpose(*order, *(name for name in dims if name not in plan.coords))
