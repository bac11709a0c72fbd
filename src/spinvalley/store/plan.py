"""What a sweep is asked to compute: its axes, which of them go together, the length of its blocks, its seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import InvalidInput, axis

_LONGEST = 60
_LARGEST = 2**63 - 1


@dataclass(frozen=True, eq=False)
class Plan:
    """The points of a sweep and how they are divided.

    Args:
        coords: name -> values (n,), numbers or texts, in the order of the result.
        together: coordinates that the function gets whole; the others are swept, in C order.
        block: points in a task, which are one chunk of every array of a store.
        seed: seed of the whole sweep, or None.
        refine: description of the refinement, or None.
        function: name of the function.
        attrs: name -> attributes of a coordinate (units).
    """

    coords: Mapping[str, NDArray[Any]]
    together: tuple[str, ...]
    block: int
    seed: int | None
    refine: Mapping[str, Any] | None
    function: str
    attrs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def swept(self) -> tuple[str, ...]:
        """Coordinates that the function gets as scalars."""
        return tuple(name for name in self.coords if name not in self.together)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the swept coordinates."""
        return tuple(len(self.coords[name]) for name in self.swept)

    @property
    def points(self) -> int:
        """Points of the full grid."""
        return prod(self.shape)

    def document(self) -> dict[str, Any]:
        """The plan as JSON; numbers keep every bit."""
        return {
            "coords": {name: {"kind": v.dtype.kind, "values": v.tolist()} for name, v in self.coords.items()},
            "together": list(self.together),
            "block": self.block,
            "seed": self.seed,
            "refine": None if self.refine is None else dict(self.refine),
            "function": self.function,
            "attrs": {name: dict(value) for name, value in self.attrs.items()},
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Plan:
        """The plan that `document` describes."""
        coords = {n: np.array(c["values"], dtype=_DTYPES[c["kind"]]) for n, c in document["coords"].items()}
        rest = {key: document[key] for key in ("block", "seed", "refine", "function", "attrs")}
        return cls(coords=coords, together=tuple(document["together"]), **rest)


_DTYPES: Mapping[str, Any] = {"f": np.float64, "i": np.int64, "U": np.str_}


def coordinate(name: str, values: Any) -> NDArray[Any]:
    """The values of one coordinate: finite numbers or texts, one-dimensional, not empty.

    >>> coordinate("width", [4, 8]), coordinate("edge", ["zigzag"])
    (array([4, 8]), array(['zigzag'], dtype='<U6'))
    """
    try:
        array = np.atleast_1d(np.asarray(values))
    except ValueError:
        raise InvalidInput(f"`{name}` must be one-dimensional, but its rows differ in length") from None
    kind = array.dtype.kind
    if kind == "O" and array.size and all(isinstance(value, str) for value in array.flat):
        array, kind = array.astype(str), "U"
    if kind == "U" and not isinstance(values, np.ndarray) and not _texts(values):
        raise InvalidInput(f"`{name}` must be numbers or texts, but mixes them")
    if kind == "U":
        if array.ndim != 1 or array.size == 0:
            raise InvalidInput(f"`{name}` must be one-dimensional and not empty, but has shape {array.shape}")
        return array.astype(np.str_)
    if kind in "iu":
        if array.ndim != 1 or array.size == 0:
            return axis(name, array)
        if int(array.max()) > _LARGEST:
            raise InvalidInput(f"`{name}` must hold whole numbers below 2^63, but contains {array.max()}")
        return array.astype(np.int64)
    if kind not in "fO":
        raise InvalidInput(f"`{name}` must be numbers or texts, but is of type {array.dtype}")
    return axis(name, array)


def _texts(values: Any) -> bool:
    """Whether NumPy made texts of nothing but texts."""
    return isinstance(values, str) or not isinstance(values, Sequence) or all(isinstance(v, str) for v in values)


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Where two JSON documents differ, as "key: old -> new".

    >>> differences({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}})
    ['b.c: 2 -> 3']
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [*old, *(key for key in new if key not in old)]
        return [line for key in keys for line in _entry(old, new, key, f"{path}.{key}" if path else str(key))]
    if _plain(old) == _plain(new):
        return []
    return [f"{path}: {_short(old)} -> {_short(new)}"]


def _entry(old: Mapping[str, Any], new: Mapping[str, Any], key: str, path: str) -> Iterator[str]:
    if key not in new:
        yield f"{path}: {_short(old[key])} -> nothing"
    elif key not in old:
        yield f"{path}: nothing -> {_short(new[key])}"
    else:
        yield from differences(old[key], new[key], path)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
