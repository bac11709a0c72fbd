"""One driver at a time: a lock of the kernel for a folder, a lease with a time for anything else."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from spinvalley.checks import InvalidInput
from spinvalley.store.place import LEASE, Place

LEASE_SECONDS: Final = 120.0
"""A lease that was not renewed for so long has no owner."""
_RENEWALS: Final = 4
_LONGEST_OWNER: Final = 200


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Be the only driver of a store inside a `with` block.

    A folder is held by a lock file beside it, which the kernel releases when the process ends, however it ends. Other
    places hold a lease, which a second driver respects until it is 120 s old; this is best effort, as an object store
    offers nothing stronger.

    Raises:
        InvalidInput: another driver is at work, or nothing can be written here.
    """
    if place.path is None:
        with _leased(place):
            yield
        return
    handle, path = _lock_file(place.path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _lock_file(folder: Path) -> tuple[int, Path]:
    """An open and locked file beside the folder."""
    path = folder.parent / f".{folder.name}.lock"
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, "no permission")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unwritable(folder, error.strerror) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(handle, _LONGEST_OWNER).decode(errors="replace")
        os.close(handle)
        raise _busy(folder, owner) from None
    except OSError as error:
        os.close(handle)
        raise _unwritable(folder, f"it cannot be locked: {error.strerror}") from None
    if not _is_the_file(handle, path):  # its last owner has just removed it
        os.close(handle)
        return _lock_file(folder)
    with suppress(OSError):  # the name of the owner is a courtesy; the lock holds on a full disk too
        os.ftruncate(handle, 0)
        os.write(handle, _owner().encode())
    return handle, path


def _is_the_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _leased(place: Place) -> Iterator[None]:
    """A lease, renewed by a thread, as a block may take longer than a lease."""
    key = f"{place.root.rstrip('/')}/{LEASE}"
    owner = uuid4().hex
    try:
        holder = _holder(place, key)
        if holder is not None:
            raise _busy(place.url, holder)
        _renew(place, key, owner)
    except OSError as error:
        raise _unwritable(place.url, str(error)) from None
    ended = threading.Event()
    thread = threading.Thread(target=_keep, args=(place, key, owner, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with suppress(OSError):  # a lease that cannot be removed runs out
            if _is_ours(place, key, owner):
                place.system.rm_file(key)


def _keep(place: Place, key: str, owner: str, ended: threading.Event) -> None:
    while not ended.wait(LEASE_SECONDS / _RENEWALS):
        with suppress(
            OSError
        ):  # a renewal that is missed is made up for by the next; writing results says what is wrong
            if _is_ours(place, key, owner):
                _renew(place, key, owner)


def _is_ours(place: Place, key: str, owner: str) -> bool:
    """Whether nobody else has taken a lease that had run out, e.g. while this machine slept."""
    if not place.system.exists(key):
        return False
    try:
        return bool(json.loads(place.system.cat_file(key))["owner"] == owner)
    except (ValueError, KeyError, TypeError):
        return False


def _renew(place: Place, key: str, owner: str) -> None:
    lease = {"owner": owner, "who": _owner(), "time": time.time()}
    place.system.pipe_file(key, json.dumps(lease).encode())


def _holder(place: Place, key: str) -> str | None:
    """Who holds a lease that has not run out."""
    if not place.system.exists(key):
        return None
    try:
        lease = json.loads(place.system.cat_file(key))
        return str(lease["who"]) if time.time() - float(lease["time"]) < LEASE_SECONDS else None
    except (ValueError, KeyError, TypeError):
        return None


def _owner() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _busy(where: object, owner: str) -> InvalidInput:
    return InvalidInput(f"`store` must have one driver at a time, but {where} is in use by {owner}")


def _unwritable(where: object, reason: object) -> InvalidInput:
    return InvalidInput(f"`store` must lie where files can be written, but {where} cannot be written to ({reason})")
