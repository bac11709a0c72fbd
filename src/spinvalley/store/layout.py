"""How a store looks in Zarr: one chunk of every array for each block, each chunk with its checksum.

zarr.json          says that this is a store, and of what format
log/NUMBER         plan, fingerprint, record, form of the results, history: the newest counts
state              (points,) a `State` for each point; the last chunk that is written of a block
message            (points,) texts of exceptions
index              (points,) place of each point in the full grid; only of refined sweeps
values/NAME        (points, ...) one array for each quantity
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import Crc32cCodec, ZstdCodec

from spinvalley.checks import InvalidInput
from spinvalley.store.place import Place
from spinvalley.store.table import Template, Variable

VALUES: Final = "values"
DAMAGED: Final = (ValueError, RuntimeError)
"""What Zarr raises where a checksum is not that of the data, or what has one cannot be unpacked."""

_BYTES: Mapping[str, Any] = {"f": "float64", "c": "complex128", "U": str}
_WHOLE: Final[Any] = {"write_empty_chunks": True}
_SPARSE: Final[Any] = {"write_empty_chunks": False}


def _compressors() -> list[Any]:
    return [ZstdCodec(level=1), Crc32cCodec()]


def create(group: zarr.Group, points: int, block: int, indexed: bool) -> None:
    """The arrays that every store has."""
    _array(group, "state", (points,), block, "uint8", 0, _WHOLE)
    _array(group, "message", (points,), block, str, "", _SPARSE)
    if indexed:
        _array(group, "index", (points,), block, "int64", -1, _WHOLE)


def create_values(group: zarr.Group, template: Template, points: int, block: int) -> None:
    """The arrays of the quantities; what a killed driver left of them is replaced, as it holds nothing yet."""
    values = group.create_group(VALUES, overwrite=True)
    for name, variable in template.variables.items():
        fill: Any = "" if variable.kind == "U" else np.nan
        _array(values, name, (points, *variable.shape), block, _BYTES[variable.kind], fill, _WHOLE, variable)


def _array(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    block: int,
    dtype: Any,
    fill: Any,
    config: Any,
    variable: Variable | None = None,
) -> None:
    group.create_array(
        name,
        shape=shape,
        chunks=(block, *(max(1, n) for n in shape[1:])),
        dtype=dtype,
        fill_value=fill,
        compressors=_compressors(),
        config=config,
        dimension_names=("point", *(variable.dims if variable else ())),
        attributes=dict(variable.attrs) if variable else {},
    )


def opened(group: zarr.Group, name: str) -> zarr.Array[Any]:
    """An array by its name below the group, which writes its chunks as `create` said.

    Raises:
        InvalidInput: its description is gone or damaged.
    """
    try:
        array = group[name]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"`store` must be whole, but {name}/zarr.json in it cannot be read ({type(error).__name__})"
        ) from None
    assert isinstance(array, zarr.Array)
    configured: zarr.Array[Any] = array.with_config(_SPARSE if name == "message" else _WHOLE)
    return configured


def present(place: Place, name: str) -> set[int]:
    """Numbers of the chunks that an array has on disk."""
    return {int(key.split("/")[0]) for key in place.keys(f"{name}/c") if not key.endswith(".partial")}


def read(array: zarr.Array[Any], start: int, stop: int) -> NDArray[Any]:
    """Points [start, stop); texts as NumPy's of fixed length, messages as Python's."""
    values = np.asarray(array[start:stop])
    if values.dtype.kind != "T":
        return values
    if array.basename == "message":
        return values.astype(object)
    longest = int(np.strings.str_len(values).max(initial=1))
    return values.astype(f"<U{longest}")


def spans(blocks: list[int], longest: int) -> Iterator[tuple[int, int]]:
    """Runs [first, last) of consecutive numbers, none longer than `longest`.

    >>> list(spans([0, 1, 2, 5, 6], 2))
    [(0, 2), (2, 3), (5, 7)]
    """
    first = 0
    for k in range(1, len(blocks) + 1):
        if k == len(blocks) or blocks[k] != blocks[k - 1] + 1 or k - first == longest:
            yield blocks[first], blocks[k - 1] + 1
            first = k
