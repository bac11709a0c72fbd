"""A function as bytes for workers, without what it has cached here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any, Final

import cloudpickle

from spinvalley.checks import InvalidInput

LARGEST: Final = 8 << 20
"""Bytes that go with every task at most."""


def packed(job: Any) -> bytes:
    """An object as bytes. Cached properties of dataclasses are left behind: each worker finds them again.

    Raises:
        InvalidInput: it cannot be sent, or is too large to go with every task.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, protocol=5).dump(job)
    except Exception as error:  # whatever the object's own code raises
        raise InvalidInput(f"`function` must be one that can be sent to workers, but it cannot: {error}") from None
    sent = buffer.getvalue()
    if len(sent) > LARGEST:
        raise InvalidInput(
            f"`function` must hold less than {LARGEST >> 20} MiB, as it goes with every task, but it holds "
            f"{len(sent) / 2**20:.0f} MiB: let it read its data from a file"
        )
    return sent


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def reducer_override(self, value: Any) -> Any:
        """Dataclasses with something cached are taken apart without it."""
        if is_dataclass(value) and not isinstance(value, type):
            cached = _cached(type(value)) & set(getattr(value, "__dict__", ()))
            if cached:
                state = {name: v for name, v in vars(value).items() if name not in cached}
                return _rebuilt, (type(value), state)
        return super().reducer_override(value)


def _cached(kind: type) -> set[str]:
    return {name for base in kind.__mro__ for name, v in vars(base).items() if isinstance(v, cached_property)}


def _rebuilt(kind: type, state: Mapping[str, Any]) -> Any:
    value: Any = object.__new__(kind)
    value.__dict__.update(state)
    return value
