"""Where a store lies: a folder of this machine, or anything that fsspec reaches by a URL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import fsspec
import zarr.abc.store
from zarr.storage import FsspecStore, LocalStore

from spinvalley.checks import InvalidInput, SpinvalleyError

LEASE: Final = "driver.lease"
"""Name of the file that says who drives a store that is not a folder."""


class StoreError(SpinvalleyError):
    """A store that can no longer be read or written: disk full, connection lost. What is done is kept."""


@dataclass(frozen=True)
class Place:
    """A folder or a URL.

    Args:
        url: as it is shown.
        path: the folder in full, or None for a URL.
        system: file system of fsspec, or None for a folder.
        root: the place in that file system.
    """

    url: str
    path: Path | None
    system: Any
    root: str

    @classmethod
    def of(cls, url: str | Path) -> Place:
        """The place that a path or a URL names.

        Raises:
            InvalidInput: neither a path nor a URL of a known kind.
        """
        text = str(url)
        if not text.strip():
            raise InvalidInput(f"`store` must be a folder or a URL, but is {url!r}")
        if text.startswith("file://"):
            text = text.removeprefix("file://")
        if "://" not in text:
            path = Path(text).expanduser().resolve()
            return cls(str(path), path, None, str(path))
        try:
            system, root = fsspec.core.url_to_fs(text)
        except (ValueError, ImportError) as error:
            raise InvalidInput(
                f"`store` must be a folder or a URL that fsspec knows, but is {text!r}: {error}"
            ) from None
        return cls(text, None, system, str(root))

    def zarr(self, read_only: bool = False) -> zarr.abc.store.Store:
        """The place as Zarr sees it."""
        if self.path is not None:
            return LocalStore(self.path, read_only=read_only)
        return FsspecStore.from_url(self.url, read_only=read_only)

    def empty(self) -> bool:
        """Whether there is nothing but a lease."""
        if self.path is not None:
            return not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir()))
        self.system.invalidate_cache()
        if not self.system.exists(self.root):
            return True
        return {str(name).rsplit("/", 1)[-1] for name in self.system.ls(self.root, detail=False)} <= {LEASE}

    def keys(self, prefix: str) -> set[str]:
        """Files below a folder of the place, by their names relative to that folder."""
        if self.path is not None:
            folder = self.path / prefix
            return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        start = f"{self.root.rstrip('/')}/{prefix}".rstrip("/") + "/"
        self.system.invalidate_cache()
        if not self.system.exists(start):
            return set()
        bare = start.lstrip("/")
        return {name.lstrip("/").removeprefix(bare) for name in self.system.find(start)}

    def delete(self, key: str) -> None:
        """Remove one file; it may be missing."""
        if self.path is not None:
            (self.path / key).unlink(missing_ok=True)
        elif self.system.exists(f"{self.root.rstrip('/')}/{key}"):
            self.system.rm_file(f"{self.root.rstrip('/')}/{key}")

    def sweep_up(self) -> None:
        """Remove files and folders that a killed driver left half-written."""
        if self.path is not None:
            for part in self.path.rglob("*.partial"):
                part.unlink(missing_ok=True)
            for folder in self.path.parent.glob(f".{self.path.name}.*.part"):
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(place: Place) -> Iterator[None]:
    """Tell a failure of the disk or of the connection in one sentence.

    Raises:
        StoreError: the block raised OSError.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StoreError(
            f"the store {place.url} cannot be written to ({reason}); finished blocks are kept, and the same call goes "
            "on from there"
        ) from error
