"""QCoDeS databases: one run of an SQLite file, opened so that it cannot be written.

Tables: `runs` names the table of results of each run, `layouts` its parameters with their units, `dependencies` which
are measured against which. A value is a number or an array in the .npy form; nothing pickled is read.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from spinvalley.checks import Floats, InvalidInput, whole
from spinvalley.experiment.source import Source

NAME: Final = "qcodes"
_MAGIC: Final = b"SQLite format 3\0"


def matches(head: bytes) -> bool:
    """Whether a file is an SQLite database."""
    return head.startswith(_MAGIC)


def source(path: Path, where: str, run: int | None = None) -> Source:
    """Parameters of one run.

    Args:
        path: the database.
        where: its name, for messages.
        run: number of the run (run_id); the last one if None.

    Raises:
        InvalidInput: not a QCoDeS database, damaged, no such run, no parameters.
    """
    with _opened(path, where) as base:
        known = [int(row[0]) for row in base.execute("SELECT run_id FROM runs ORDER BY run_id")]
        if not known:
            raise InvalidInput(f"`{where}` must hold at least one run, but holds none")
        chosen = known[-1] if run is None else whole("run", run, 1)
        if chosen not in known:
            raise InvalidInput(f"`run` must be one of {', '.join(map(str, known[:20]))}, but is {chosen}")
        name, table = base.execute("SELECT name, result_table_name FROM runs WHERE run_id = ?", (chosen,)).fetchone()
        layout = base.execute("SELECT parameter, label, unit FROM layouts WHERE run_id = ?", (chosen,)).fetchall()
        against = base.execute(
            "SELECT l.parameter, m.parameter FROM dependencies d JOIN layouts l ON l.layout_id = d.dependent "
            "JOIN layouts m ON m.layout_id = d.independent WHERE l.run_id = ?",
            (chosen,),
        ).fetchall()
    if not layout or not all(isinstance(row[0], str) for row in layout):
        raise InvalidInput(f"`{where}` must state the parameters of run {chosen}, but states none")
    parameters = tuple(str(row[0]) for row in layout)
    header = {f"{row[0]} label": str(row[1]) for row in layout} | {
        "run": str(chosen),
        "runs": ", ".join(map(str, known)),
    }
    header |= {f"{first} measured against": str(second) for first, second in against}

    def load(indices: Sequence[int]) -> list[Floats]:
        return _columns(path, where, str(table), [parameters[n] for n in indices])

    journal = path.with_name(path.name + "-wal")
    late = journal.is_file() and journal.stat().st_size > 0
    notes = (f"what is still in {journal.name} is not read: close the program that writes it",) if late else ()
    units = tuple(_text(row[2]) for row in layout)
    return Source(NAME, parameters, units, load, str(name), header, notes=notes)


@contextmanager
def _opened(path: Path, where: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.text_factory = lambda text: text.decode("utf-8", errors="replace")
            yield base
    except (sqlite3.Error, OverflowError, TypeError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"`{where}` must be a QCoDeS database, but reading it failed: {error}") from None


def _columns(path: Path, where: str, table: str, parameters: Sequence[str]) -> list[Floats]:
    with _opened(path, where) as base:
        names = ", ".join(_quoted(name) for name in parameters)
        rows: Iterable[tuple[Any, ...]] = base.execute(f"SELECT {names} FROM {_quoted(table)} ORDER BY id")
        parts: list[list[Floats]] = [[] for _ in parameters]
        plain: list[tuple[Any, ...]] = []
        for row in rows:
            if any(isinstance(value, bytes) for value in row):
                _flush(plain, parts)
                for part, values in zip(parts, _arrays(row, where), strict=True):
                    part.append(values)
            else:
                plain.append(row)
        _flush(plain, parts)
    return [np.concatenate(part) if part else np.empty(0) for part in parts]


def _flush(plain: list[tuple[Any, ...]], parts: list[list[Floats]]) -> None:
    if plain:
        for n, part in enumerate(parts):
            part.append(np.array([_number(row[n]) for row in plain]))
        plain.clear()


def _arrays(row: tuple[Any, ...], where: str) -> list[Floats]:
    """The values of one row, numbers spread to the length of the arrays."""
    values = [_array(value, where) if isinstance(value, bytes) else np.array([_number(value)]) for value in row]
    length = max(len(value) for value in values)
    if any(len(value) not in (1, length) for value in values):
        lengths = ", ".join(str(len(value)) for value in values)
        raise InvalidInput(f"`{where}` must hold arrays of one length in a row, but holds lengths {lengths}")
    return [np.broadcast_to(value, length) for value in values]


def _array(blob: bytes, where: str) -> Floats:
    """The numbers of an array in the .npy form, in the order of its indices.

    The header is matched, not evaluated: only real numbers of a fixed size get through.
    """
    wide = 2 if blob[6:7] == b"\x01" else 4
    start = 8 + wide + int.from_bytes(blob[8 : 8 + wide], "little")
    header = blob[8 + wide : start].decode("latin-1")
    kind = re.search(r"'descr': *'([<>|=]?[fiub]\d{1,2})'", header)
    shape = re.search(r"'shape': *\(([\d, ]{0,200})\)", header)
    try:
        if not blob.startswith(b"\x93NUMPY") or kind is None or shape is None:
            raise ValueError
        sizes = [int(size) for size in shape[1].replace(",", " ").split()]
        array = np.frombuffer(blob, dtype=np.dtype(kind[1]), count=math.prod(sizes), offset=start)
        order: Literal["F", "C"] = "F" if "'fortran_order': True" in header else "C"
        return np.asarray(array.reshape(sizes, order=order).ravel(), dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InvalidInput(f"`{where}` must hold numbers or .npy arrays of numbers, but holds other bytes") from None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
