"""Tables of text: comma, semicolon, tab, bar or white space between the values; `#` starts a comment.

The delimiter is the first of these that splits most of the first lines into the same number of values. A comma is a
decimal sign where a tab or a semicolon separates and no number has a point.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

import numpy as np

from spinvalley.checks import InvalidInput
from spinvalley.experiment.columns import kind_of
from spinvalley.experiment.source import Source
from spinvalley.experiment.text import Block, Ending, encoding_of, lines_of, number, split

NAME: Final = "delimited"
DELIMITERS: Final = ("\t", ";", ",", "|", " ")
_LOOKED_AT: Final = 400
_BLANK: Final = ("", "nan", "na", "n/a", "null", "none")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT: Final = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


def matches(head: bytes) -> bool:
    """Whether a file can be a table of text: no zero byte, and some printable text."""
    return bool(head.strip()) and b"\0" not in head


def source(data: bytes, where: str, encoding: str | None = None) -> Source:
    """Delimiter, decimal sign and column names of a table of text.

    Args:
        data: the file's bytes.
        where: its name, for messages.
        encoding: encoding of its text; tried in turn if None.

    Raises:
        InvalidInput: no line of names above rows of numbers, another encoding.
    """
    encoding = encoding_of(data, encoding, where)
    lines = lines_of(data, encoding, _LOOKED_AT)
    plain = [(n, line) for n, (_, line) in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    delimiter = _delimiter([line for _, line in plain])
    if delimiter is None:
        raise InvalidInput(f"`{where}` must be a table with at least two columns, but its lines are not")
    rows = [(n, split(line, delimiter)) for n, line in plain]
    decimal = _decimal([value for _, row in rows for value in row], delimiter)
    at, names, units = _names(rows, lines, delimiter, decimal)
    if not names:
        raise InvalidInput(f"`{where}` must have one line of column names above rows of numbers, but has none")
    block = Block(data, lines[at - 1][0] if at else 0, len(names), delimiter, decimal, "#")
    comments = [line.strip("# \t") for _, line in lines[:at] if line.lstrip().startswith("#")]
    header = {"comment": " | ".join(comments)} if comments else {}
    told = Source(NAME, names, units, block.load, comments[0] if comments else "", header, encoding)
    return told.ending(block.ending)


def cells(data: bytes, where: str, encoding: str | None = None) -> tuple[list[str], list[list[float | str]], Ending]:
    """A table whose columns may hold words: names, rows, and how the file ends.

    Delimiter, decimal sign and a line of units are told as for `source`; the names are the first line that is no
    comment, with the units behind them in brackets. What is no number stays a text, an empty cell is NaN.

    Args:
        data: the file's bytes.
        where: its name, for messages.
        encoding: encoding of its text; tried in turn if None.

    Raises:
        InvalidInput: a single column, no names, a row with more values than names, a last row that is cut.
    """
    encoding = encoding_of(data, encoding, where)
    lines = [line.partition("#")[0] if '"' not in line else line for _, line in lines_of(data, encoding)]
    plain = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    delimiter = _delimiter(plain[:_LOOKED_AT])
    if delimiter is None:
        raise InvalidInput(f"`{where}` must be a table with at least two columns, but its lines are not")
    names, *rows = (split(line, delimiter) for line in plain)
    decimal = _decimal([value for row in rows for value in row], delimiter)
    if _numeric(names, decimal):
        raise InvalidInput(f"`{where}` must have one line of column names above rows of numbers, but has none")
    if rows and _all_units(rows[0]):
        units = [unit.strip("()[]") for unit in rows.pop(0)]
        names = [f"{name} ({unit})" if unit else name for name, unit in zip_longest(names, units, fillvalue="")]
    ending = Block(data, 0, len(names), delimiter, decimal, "#").ending
    if ending.kind == "cut":
        raise InvalidInput(f"`{where}` must end with a whole row, but {ending.cut}")
    for row in rows:
        if any(row[len(names) :]):
            raise InvalidInput(f"`{where}` must have {len(names)} values in a row, but has {len(row)}: {row[0]}, ...")
    return names, [[_cell(row[n] if n < len(row) else "", decimal) for n in range(len(names))] for row in rows], ending


def _cell(text: str, decimal: str) -> float | str:
    value = number(text, decimal)
    return text if np.isnan(value) and text.lower() not in _BLANK else value


def _delimiter(lines: Sequence[str]) -> str | None:
    for delimiter in DELIMITERS:
        counts = Counter(len(split(line, delimiter)) for line in lines)
        counts.pop(1, None)
        if counts and 2 * counts.most_common(1)[0][1] >= len(lines):
            return delimiter
    return None


def _decimal(values: Sequence[str], delimiter: str) -> str:
    commas = any(_DECIMAL_COMMA.fullmatch(value) for value in values)
    points = any(_DECIMAL_POINT.fullmatch(value) for value in values)
    return "," if delimiter in "\t;" and commas and not points else "."


def _numeric(row: Sequence[str], decimal: str) -> bool:
    """Whether the values are numbers or blank, most of them, with at least one number."""
    good = [value for value in row if not value or value.lower() == "nan" or not np.isnan(number(value, decimal))]
    return 2 * len(good) > len(row) and any(not np.isnan(number(value, decimal)) for value in row)


def _names(
    rows: Sequence[tuple[int, list[str]]], lines: Sequence[tuple[int, str]], delimiter: str, decimal: str
) -> tuple[int, tuple[str, ...], tuple[str | None, ...]]:
    """Number of the first line of values, the names above it (numbers from 1 if none), and units."""
    place = next((p for p, (_, row) in enumerate(rows) if len(row) > 1 and _numeric(row, decimal)), len(rows))
    at = rows[place][0] if place < len(rows) else rows[-1][0] + 1
    above = [row for _, row in rows[:place]]
    units: list[str] = []
    if len(above) > 1 and _all_units(above[-1]):
        units = above.pop()
    comments = [line.lstrip("# \t") for _, line in lines[:at] if line.lstrip().startswith("#")]
    names = above[-1] if above else split(comments[-1], delimiter) if comments else []
    if not above and place < len(rows) and len(names) != len(rows[place][1]):
        names = [str(n + 1) for n in range(len(rows[place][1]))]
    last = max((n for n, name in enumerate(names) if name), default=-1) + 1
    stated = [unit.strip("()[]") or None for unit in units[:last]]
    return at, tuple(names[:last]), tuple(stated + [None] * (last - len(stated)))


def _all_units(row: Sequence[str]) -> bool:
    stated = [value.strip("()[]") for value in row if value]
    return bool(stated) and all(kind_of(value) for value in stated)
