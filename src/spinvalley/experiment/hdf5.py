"""HDF5 files: data sets by name, with their units from the attributes `units` or `unit`.

Only what lies in the file itself is read: soft and external links, data kept in other files and virtual data sets are
passed over and named in the notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from spinvalley.checks import Floats, InvalidInput
from spinvalley.experiment.source import Source

NAME: Final = "hdf5"
_MAGIC: Final = b"\x89HDF\r\n\x1a\n"
_LARGEST: Final = 10**8
_DEEPEST: Final = 20
_MOST: Final = 10_000
_DAMAGED: Final = (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError, OverflowError, AttributeError)


def matches(head: bytes) -> bool:
    """Whether a file is HDF5."""
    return head.startswith(_MAGIC)


def source(path: Path, where: str) -> Source:
    """Data sets of one dimension; one of two dimensions counts as several of one, "name 1", "name 2", ...

    Args:
        path: the file.
        where: its name, for messages.

    Raises:
        InvalidInput: damaged, or without a data set of numbers.
    """
    import h5py

    found: list[tuple[str, str, int | None, str | None]] = []
    skipped: list[str] = []
    try:
        with h5py.File(path, "r", locking=False) as file:
            _walk(h5py, file, "", found, skipped, 0)
            title = file.attrs.get("title", "")
            header = {str(k): str(v) for k, v in file.attrs.items() if isinstance(v, str)}
    except _DAMAGED as error:
        raise InvalidInput(f"`{where}` must be a whole HDF5 file, but reading it failed: {_short(error)}") from None
    if not found:
        raise InvalidInput(f"`{where}` must hold data sets of numbers, but holds none that lie in the file itself")
    shown = _shortest([name for name, _, _, _ in found])
    notes = (f"not read because they lead out of the tree of the file: {', '.join(skipped)}",) if skipped else ()

    def load(indices: Sequence[int]) -> list[Floats]:
        return _load(h5py, path, where, [found[n] for n in indices])

    units = tuple(unit for _, _, _, unit in found)
    return Source(NAME, shown, units, load, title if isinstance(title, str) else "", header, notes=notes)


def _walk(h5py: Any, group: Any, prefix: str, found: list[Any], skipped: list[str], depth: int) -> None:
    for name in group:
        path = f"{prefix}/{name}" if prefix else str(name)
        if not isinstance(group.get(name, getlink=True), h5py.HardLink) or depth > _DEEPEST or len(found) > _MOST:
            skipped.append(path)
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            _walk(h5py, item, path, found, skipped, depth + 1)
        elif isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" and item.ndim in (1, 2):
            if item.external or item.is_virtual or item.size > _LARGEST:
                skipped.append(path)
                continue
            unit = next((item.attrs[k] for k in ("units", "unit") if k in item.attrs), None)
            unit = unit.decode("utf-8", errors="replace") if isinstance(unit, bytes) else unit
            unit = unit if isinstance(unit, str) and unit else None
            rows: list[int | None] = [None] if item.ndim == 1 else [*range(min(item.shape[0], _MOST))]
            found += [(path if row is None else f"{path} {row + 1}", path, row, unit) for row in rows]


def _load(h5py: Any, path: Path, where: str, wanted: Sequence[tuple[str, str, int | None, str | None]]) -> list[Floats]:
    try:
        with h5py.File(path, "r", locking=False) as file:
            arrays = [np.asarray(file[name][() if row is None else row], dtype=float) for _, name, row, _ in wanted]
    except _DAMAGED as error:
        raise InvalidInput(f"`{where}` must be a whole HDF5 file, but reading it failed: {_short(error)}") from None
    lengths = {name: len(array) for (name, _, _, _), array in zip(wanted, arrays, strict=True)}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InvalidInput(f"`{where}` must hold data sets of one length, but holds {shown}")
    return arrays


def _shortest(paths: Sequence[str]) -> tuple[str, ...]:
    """Last parts of the paths, whole paths where those are not unique."""
    last = [path.rsplit("/", 1)[-1] for path in paths]
    return tuple(short if last.count(short) == 1 else path for short, path in zip(last, paths, strict=True))


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
