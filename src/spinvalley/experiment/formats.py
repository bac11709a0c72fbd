"""The formats that are read, told apart by what a file holds and not by its suffix."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spinvalley.checks import InvalidInput, one_of
from spinvalley.experiment import delimited, hdf5, multivu, qcodes
from spinvalley.experiment.source import Source

_HEAD: Final = 65_536
_LARGEST_TEXT: Final = 2 * 1024**3
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


@dataclass(frozen=True)
class Format:
    """One format: its name, the usual suffixes, and what is read of it in one sentence."""

    name: str
    suffixes: tuple[str, ...]
    read: str


_FORMATS: Final = (
    Format(
        multivu.NAME,
        (".dat",),
        "Quantum Design PPMS/MultiVu files of the resistivity, ACT and ETO options: every bridge or channel, its "
        "standard deviation and excitation, temperature, field (Oe to T), sample position, time, header.",
    ),
    Format(
        delimited.NAME,
        (".csv", ".tsv", ".txt", ".dat"),
        "Tables of text with comma, semicolon, tab, bar or white space between the values, units in the headers, in a "
        "line below them or given; decimal comma with tab or semicolon.",
    ),
    Format(
        qcodes.NAME,
        (".db",),
        "One run of a QCoDeS database (SQLite, opened read-only): parameters as numbers or arrays, with their units.",
    ),
    Format(
        hdf5.NAME,
        (".h5", ".hdf5", ".nc"),
        "Data sets of one or two dimensions of an HDF5 or netCDF-4 file by name, with units from attributes; no links.",
    ),
)
_MATCHES: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    (qcodes.NAME, qcodes.matches),
    (hdf5.NAME, hdf5.matches),
    (multivu.NAME, multivu.matches),
    (delimited.NAME, delimited.matches),
)


def formats() -> tuple[Format, ...]:
    """Every known format.

    >>> [format.name for format in formats()]
    ['multivu', 'delimited', 'qcodes', 'hdf5']
    """
    return _FORMATS


def detect(head: bytes, where: str) -> str:
    """Name of the format of a file from its first bytes.

    Raises:
        InvalidInput: an empty file, or one of no known format.
    """
    if not head.strip():
        raise InvalidInput(f"`{where}` must hold a measurement, but is empty")
    for name, matches in _MATCHES:
        if matches(head):
            return name
    known = ", ".join(format.name for format in _FORMATS)
    raise InvalidInput(f"`{where}` must be of one of the formats {known}, but its content is of none")


def existing(path: str | Path) -> Path:
    """The path of a file that is there, on this machine.

    Raises:
        InvalidInput: no path, an address, a folder, a file that is not there.
    """
    if not isinstance(path, str | Path):
        raise InvalidInput(f"`path` must be the path of a file, e.g. 'run.dat', but is {path!r}")
    text = str(path)
    if _URL.match(text) or "\0" in text:
        raise InvalidInput(f"`path` must be a file on this machine, but is {text[:80]!r}")
    found = Path(path).expanduser()
    try:
        if found.is_file():
            return found
        what = "a folder" if found.is_dir() else "no file" if found.exists() else "not there"
    except OSError:
        what = "not there"
    raise InvalidInput(f"`path` must be a file, but {text[:200]} is {what}")


def sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_source(path: Path, format: str | None, encoding: str | None, run: int | None) -> Source:
    """The source of an existing file.

    Raises:
        InvalidInput: whatever the reader of the format finds wrong, in one sentence.
    """
    where = path.name
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = detect(head, where)
    if format is not None and one_of("format", format, (f.name for f in _FORMATS)) != found:
        text = {multivu.NAME, delimited.NAME}
        if not {format, found} <= text:
            raise InvalidInput(f"`{where}` must be of the format {format}, but its content is {found}")
        found = format
    if found == qcodes.NAME:
        return qcodes.source(path, where, run)
    if found == hdf5.NAME:
        return hdf5.source(path, where)
    if path.stat().st_size > _LARGEST_TEXT:
        raise InvalidInput(f"`{where}` must be smaller than 2 GiB, but has {path.stat().st_size} bytes")
    data = path.read_bytes()
    data = data if b"\n" in data else data.replace(b"\r", b"\n")
    return multivu.source(data, where, encoding) if found == multivu.NAME else delimited.source(data, where, encoding)
