"""Text tables: encoding, lines, and columns of numbers out of bytes.

Numbers are read by the compiled parser of pandas. Where rows are irregular (quotes, comments in the rows, words between
the numbers) a plain reader takes over that looks at each line by itself, so that one bad line cannot spoil the next.
"""

from __future__ import annotations

import csv
import io
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from spinvalley.checks import Floats, InvalidInput, one_of

ENCODINGS: Final = ("utf-8", "cp1252", "latin-1")
"""Encodings that are tried, in this order; a byte order mark is dropped."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Ending:
    """How a file ends.

    Args:
        kind: "whole" (with a line end); without one "cut" (the last row has fewer values than the row above), "short"
            (its last value is shorter than each above it: it is left out, for its last digits may be lost) or "open".
        values: how many values a cut row has.
        expected: how many the row above has.
    """

    kind: Literal["whole", "open", "short", "cut"] = "whole"
    values: int = 0
    expected: int = 0

    @property
    def cut(self) -> str:
        """Where the file stops, if that is within a row; else ""."""
        return f"stops within one: {self.values} of {self.expected} values" if self.kind == "cut" else ""

    @property
    def loss(self) -> str:
        """What is lost for certain, or nearly so; "" for nothing."""
        if self.kind == "cut":
            row = f"its last row has {self.values} of {self.expected} values and is left out"
            return f"stops within a row: {row}, and what followed is missing"
        if self.kind == "short":
            return "ends without a line end, and its last value is shorter than those above: the last row is left out"
        return ""

    @property
    def doubt(self) -> str:
        """What may be lost; "" for nothing."""
        if self.kind != "open":
            return ""
        return "ends without a line end: if it was cut there, the last value of its last row is too short"


@dataclass(frozen=True)
class Block:
    """Rows of numbers in a file's bytes.

    Args:
        data: the whole file.
        start: offset of the first row.
        width: number of headers.
        delimiter: what separates the values; " " stands for any white space.
        decimal: the decimal sign.
        comment: what starts a line that is no row; "" for nothing.
        comment_first: whether the first column holds remarks, which may contain the delimiter.
    """

    data: bytes
    start: int
    width: int
    delimiter: str = ","
    decimal: str = "."
    comment: str = ""
    comment_first: bool = False

    def load(self, indices: Sequence[int]) -> list[Floats]:
        """Columns by their numbers, each of one length; NaN where no number is."""
        if self.start >= len(self.data) or self.data[self.start : self.start + 4096].isspace():
            return [np.empty(0) for _ in indices]
        columns = None if self._irregular() else self._fast(indices)
        if columns is None:
            columns = self._slow(indices)
        if self.ending.kind in ("cut", "short"):
            for column in columns:
                column[-1:] = np.nan
        return columns

    def _irregular(self) -> bool:
        remark = re.compile(rb"\n[^" + re.escape(self.delimiter.encode()) + rb"\r\n]")
        first = self.data[self.start : self.start + 1]
        starts = first not in (self.delimiter.encode(), b"\n", b"\r")
        remarks = self.comment_first and (starts or remark.search(self.data, self.start) is not None)
        return remarks or self.data.find(b'"', self.start) >= 0

    @cached_property
    def ending(self) -> Ending:
        """How the file ends: see `Ending`."""
        body = self.data[max(self.start, len(self.data) - 100_000) :]
        if body.endswith((b"\n", b"\r")) or not body.strip():
            return Ending()
        lines = [line for line in body.splitlines() if self._is_row(line.decode("latin-1"))]
        if len(lines) < 2:
            return Ending("open")
        sign = None if self.delimiter == " " else self.delimiter.encode()
        *above, last = (line.split(sign) for line in lines)
        if len(last) < len(above[-1]):
            return Ending("cut", len(last), len(above[-1]))
        lengths = [len(row[-1].strip()) for row in above if len(row) == len(last)]
        return Ending("short" if len(last[-1].strip()) < min(lengths, default=0) else "open")

    def _fast(self, indices: Sequence[int]) -> list[Floats] | None:
        sign = self.delimiter
        stream = io.BufferedReader(_After(f"{sign.join(['nan'] * self.width)}\n".encode(), self.data, self.start))
        try:
            table = pd.read_csv(
                stream,
                sep=r"\s+" if self.delimiter == " " else self.delimiter,
                header=None,
                names=list(range(self.width)),
                usecols=list(indices),
                index_col=False,
                dtype=np.float64,
                decimal=self.decimal,
                comment=self.comment or None,
                quoting=csv.QUOTE_NONE,
                encoding="latin-1",
                skipinitialspace=True,
                low_memory=True,
                engine="c",
            )
        except (ValueError, OverflowError):
            return None
        return [table[n].to_numpy()[1:].copy() for n in indices]

    def _slow(self, indices: Sequence[int]) -> list[Floats]:
        columns = [array("d") for _ in indices]
        remarks: list[tuple[int, list[str]]] = []
        usual = 0
        stream = io.BytesIO(self.data)
        stream.seek(self.start)
        for raw in stream:
            line = raw.decode("latin-1")
            if not self._is_row(line):
                continue
            row = split(line, self.delimiter)
            if self.comment_first and row[0]:
                remarks.append((len(columns[0]), row))
            else:
                usual = max(usual, len(row))
            for column, n in zip(columns, indices, strict=True):
                column.append(number(row[n], self.decimal) if n < len(row) else np.nan)
        for at, row in remarks:
            shift = max(len(row) - (usual or self.width), 0)
            for column, n in zip(columns, indices, strict=True):
                column[at] = number(row[n + shift], self.decimal) if n + shift < len(row) else np.nan
        return [np.array(column) for column in columns]

    def _is_row(self, line: str) -> bool:
        return bool(line.strip()) and not (self.comment and line.lstrip().startswith(self.comment))


class _After(io.RawIOBase):
    """A line, then bytes from an offset on, without a copy.

    The line has as many values as there are names, so that the parser does not take the number of columns from the
    first row, which may be shorter.
    """

    def __init__(self, line: bytes, data: bytes, start: int) -> None:
        self._parts = [memoryview(line), memoryview(data)[start:]]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while self._parts and not self._parts[0]:
            self._parts.pop(0)
        if not self._parts:
            return 0
        count = min(len(buffer), len(self._parts[0]))
        buffer[:count] = self._parts[0][:count]
        self._parts[0] = self._parts[0][count:]
        return count


def split(line: str, delimiter: str) -> list[str]:
    """The values of one line, without quotes and outer blanks."""
    if delimiter == " ":
        return line.split() or [""]
    if '"' not in line:
        return [part.strip() for part in line.split(delimiter)]
    try:
        return [part.strip() for part in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return [part.strip(' "') for part in line.split(delimiter)]


def number(text: str, decimal: str = ".") -> float:
    """A number, or NaN for anything else."""
    if decimal != ".":
        text = text.replace(decimal, ".")
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def encoding_of(data: bytes, wanted: str | None, where: str) -> str:
    """The encoding of a text, or one sentence if the wanted one does not fit."""
    tried = ENCODINGS if wanted is None else (one_of("encoding", wanted, ENCODINGS),)
    for name in tried:
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    raise InvalidInput(f"`{where}` must be text in {wanted}, but has bytes that are not")


def lines_of(data: bytes, encoding: str, limit: int | None = None) -> list[tuple[int, str]]:
    """Lines with the offset behind each, from the start of the file, `limit` of them at most."""
    found: list[tuple[int, str]] = []
    at = len(_BOM) if data.startswith(_BOM) else 0
    while at < len(data) and (limit is None or len(found) < limit):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end + 1
        found.append((end, data[at:end].decode(encoding, errors="replace").rstrip("\r\n")))
        at = end
    return found
