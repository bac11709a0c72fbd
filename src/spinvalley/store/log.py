"""What a store says of itself, as a row of documents that are never changed: the newest that is whole counts.

Each is the attributes of a group `log/NUMBER`. A document that a full disk or a lost connection left half-written is
passed over, so that a store does not depend on the place to replace a file at one stroke.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import zarr

from spinvalley.checks import InvalidInput
from spinvalley.store.place import Place

KEY: Final = "spinvalley"
FORMAT: Final = 1
_LOG: Final = "log"


def newest(place: Place, group: zarr.Group) -> tuple[int, dict[str, Any]] | None:
    """Number and content of the newest document; None where a creation did not come to its end.

    Raises:
        InvalidInput: there are several and none can be read.
    """
    numbers = sorted({int(key.split("/")[0]) for key in place.keys(_LOG) if key.split("/")[0].isdigit()}, reverse=True)
    for number in numbers:
        document = _read(group, number)
        if document is not None:
            return number, document
    if len(numbers) > 1:
        raise InvalidInput(f"`store` must be readable, but no document in {place.url}/{_LOG} is whole")
    return None


def append(group: zarr.Group, number: int, document: Mapping[str, Any]) -> None:
    """A new document.

    Raises:
        InvalidInput: the group around all of them is damaged.
    """
    try:
        group.get(_LOG)
    except ValueError as error:
        raise InvalidInput(
            f"`store` must be whole, but {_LOG}/zarr.json in it cannot be read ({type(error).__name__})"
        ) from None
    group.create_group(f"{_LOG}/{number}", attributes={KEY: dict(document)}, overwrite=True)


def _read(group: zarr.Group, number: int) -> dict[str, Any] | None:
    try:
        document = zarr.open_group(group.store, path=f"{_LOG}/{number}", mode="r", zarr_format=3).attrs.get(KEY)
    except (ValueError, FileNotFoundError, KeyError, TypeError):
        return None
    return dict(document) if isinstance(document, Mapping) else None
