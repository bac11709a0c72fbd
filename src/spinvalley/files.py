"""Writing to disk so that nothing partial ever looks whole: into a neighbour first, moved in place at the end.

A file or folder that is being written has a hidden name that ends with ".part". It is removed if the work fails.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, one_of

MANIFEST: Final = "manifest.json"
"""Name of the list of files that a folder of ours holds."""


@contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A path to write to inside a `with` block; it becomes `path` when the block ends without an exception.

    Args:
        path: the file to be made or replaced; missing parent folders are made.

    Raises:
        InvalidInput: `path` is a folder, or lies where nothing can be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged_file(Path(folder) / "numbers.txt") as staged:
    ...         _ = staged.write_text("1 2 3")
    ...     (Path(folder) / "numbers.txt").read_text()
    '1 2 3'
    """
    path = check_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=f".part{path.suffix}", dir=path.parent)
    os.close(handle)
    staged = Path(name)
    try:
        yield staged
        staged.chmod(0o666 & ~_umask())
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


@contextmanager
def staged_folder(path: Path) -> Iterator[Path]:
    """A folder to fill inside a `with` block; it becomes `path` when the block ends without an exception.

    It gets a manifest of its files. An existing folder is replaced only if it is empty or holds nothing but what the
    manifest in it names.

    Args:
        path: the folder to be made or replaced.

    Raises:
        InvalidInput: `path` is a file, holds files that are not ours, is the working folder, or cannot be written.
    """
    path = check_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield staged
        write_text(staged / MANIFEST, json_text({"made_by": "spinvalley", "files": _contents(staged)}))
        staged.chmod(0o777 & ~_umask())
        _exchange(staged, check_folder(path))
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def check_file(path: Path) -> Path:
    """The path in full, or one sentence that says why no file can be written there."""
    path = Path(path).expanduser().resolve()
    if path.is_dir():
        raise InvalidInput(f"`out` must be a file, but {path} is a folder")
    _writable(path.parent)
    return path


def check_folder(path: Path) -> Path:
    """The path in full, or one sentence that says why no folder of ours can be put there."""
    path = Path(path).expanduser().resolve()
    if path == Path.cwd() or path in Path.cwd().parents:
        raise InvalidInput(f"`out` must not be the folder that you are in or one above it, but is {path}")
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"`out` must be a folder, but {path} is a file")
    _writable(path.parent)
    foreign = sorted(set(_contents(path)) - _listed(path)) if path.is_dir() else []
    if foreign:
        raise InvalidInput(
            f"`out` must be a new folder, an empty one, or one that spinvalley made, but {path} holds {foreign[0]}"
        )
    return path


def write_text(path: Path, text: str) -> None:
    """Write a text file; it is whole or not there."""
    with staged_file(path) as staged:
        staged.write_text(text, encoding="utf-8")


def write_dataset(path: Path, data: xr.Dataset) -> None:
    """Write a Dataset as netCDF (.nc), JSON (.json), or, with one dimension, as a table (.csv).

    Args:
        path: the file; its suffix chooses the form.
        data: the Dataset.

    Raises:
        InvalidInput: another suffix, or a table of more than one dimension.

    >>> import tempfile, xarray as xr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_dataset(Path(folder) / "x.csv", xr.Dataset({"y": ("x", [1.5, 2.5])}, coords={"x": [1, 2]}))
    ...     print((Path(folder) / "x.csv").read_text())
    x,y
    1,1.5
    2,2.5
    """
    write = _WRITERS[one_of("suffix", path.suffix, _WRITERS)]
    with staged_file(path) as staged:
        write(staged, data)


def dataset_document(data: xr.Dataset) -> dict[str, Any]:
    """A Dataset as plain numbers, texts and lists: coords, variables (dims, values, attrs) and attrs; NaN is None."""

    def part(variables: Any) -> dict[str, Any]:
        return {
            str(name): {"dims": list(v.dims), "values": v.values, "attrs": dict(v.attrs)}
            for name, v in variables.items()
        }

    return {"coords": part(data.coords), "variables": part(data.data_vars), "attrs": dict(data.attrs)}


def json_text(document: Any) -> str:
    """One JSON document; arrays become lists, NaN and infinity become null.

    >>> print(json_text({"gap": np.nan}))
    {
     "gap": null
    }
    """
    return json.dumps(_plain(document), indent=1, allow_nan=False, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, complex):
        return {"re": _plain(value.real), "im": _plain(value.imag)}
    if isinstance(value, float):  # a subclass loses what else it carries
        return float(value) if np.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


def _write_table(path: Path, data: xr.Dataset) -> None:
    if len(data.dims) != 1:
        raise InvalidInput(
            f"a .csv table must have one dimension, but the data have {len(data.dims)}: use .nc or .json"
        )
    (dim,) = data.dims
    names = [n for n in data.variables if data[n].dims == (dim,)]
    names.sort(key=lambda name: name != dim)
    rows = zip(*(data[name].values.tolist() for name in names), strict=True)
    lines = [",".join(map(str, names)), *(",".join(_cell(value) for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(value: Any) -> str:
    text = repr(value) if isinstance(value, float) else str(value)
    return f'"{text}"' if "," in text else text


_WRITERS: Final[dict[str, Callable[[Path, xr.Dataset], Any]]] = {
    ".nc": lambda path, data: data.to_netcdf(path, engine="h5netcdf"),
    ".json": lambda path, data: path.write_text(json_text(dataset_document(data)) + "\n", encoding="utf-8"),
    ".csv": _write_table,
}
DATA_SUFFIXES: Final = tuple(_WRITERS)
"""Suffixes that `write_dataset` knows."""


def _exchange(staged: Path, path: Path) -> None:
    """Put a finished folder in place of one of ours, or of nothing."""
    if not path.exists():
        staged.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    path.replace(old)  # over the empty folder just made
    try:
        staged.rename(path)
    except OSError:
        old.replace(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _contents(folder: Path) -> list[str]:
    """All files of a folder and its subfolders, except the manifest."""
    files = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(name for name in files if name != MANIFEST)


def _listed(folder: Path) -> set[str]:
    """The files that a folder's manifest names; none without a manifest of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    ours = isinstance(manifest, dict) and manifest.get("made_by") == "spinvalley"
    return set(manifest.get("files", ())) if ours else set()


def _writable(folder: Path) -> None:
    """Refuse a place under a file, or one without the right to write."""
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    if not nearest.is_dir():
        raise InvalidInput(f"`out` must lie in a folder, but {nearest} is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InvalidInput(f"`out` must lie where files can be written, but {nearest} cannot be written to")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
