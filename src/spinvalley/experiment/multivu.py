"""Quantum Design PPMS/MultiVu `.dat` files: resistivity, AC transport (ACT) and electrical transport (ETO) options.

A header of any length between [Header] and [Data], one line of column names, rows of values. Rows may hold fewer values
than there are names. What a line of the header means is written in three ways: `INFO, value, NAME`,
`INFO, NAME: value` and `INFO NAME, value`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from spinvalley.checks import InvalidInput
from spinvalley.experiment.source import Source
from spinvalley.experiment.text import Block, encoding_of, lines_of, split

NAME: Final = "multivu"
_OPTIONS: Final = {"actransport": "act", "electrical transport": "eto", "resistivity": "resistivity"}
_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{2,}( [A-Z0-9_]+)*|Sample ?\d [A-Z][A-Za-z ]*")
_COLON: Final = re.compile(r"([A-Za-z][A-Za-z0-9_ ]{2,}?)\s*:\s*(.*)")
_SAMPLE_NAME: Final = re.compile(r"sample[ _]?(\d)[ _]name", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"(?:Bridge |Ch)(\d)")


def matches(head: bytes) -> bool:
    """Whether a file starts as a MultiVu file does."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith((b"[header]", b"[data]")) or b"\n[data]" in text


def source(data: bytes, where: str, encoding: str | None = None) -> Source:
    """Header and column names of a MultiVu file.

    Args:
        data: the file's bytes.
        where: its name, for messages.
        encoding: encoding of its text; tried in turn if None.

    Raises:
        InvalidInput: no [Data] line, no column names, another encoding.
    """
    encoding = encoding_of(data, encoding, where)
    header: dict[str, str] = {}
    at = -1
    names: list[str] = []
    for end, line in _until_names(data, encoding):
        if at < 0 and line.strip().lower() == "[data]":
            at = end
        elif at < 0:
            _note(header, line)
        elif line.strip():
            names, at = split(line, ","), end
    if at < 0:
        raise InvalidInput(f"`{where}` must have a [Data] section, but ends within its header")
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidInput(f"`{where}` must have column names after [Data], but ends there")
    first = names[0].lower() == "comment"
    block = Block(data, at, len(names), comment_first=first)
    header["option"] = _option(header.get("BYAPP", ""))
    units: tuple[str | None, ...] = (None,) * len(names)
    told = Source(NAME, tuple(names), units, block.load, header.get("TITLE", ""), header, encoding)
    return told.ending(block.ending)


def samples(names: Sequence[str], header: Mapping[str, str]) -> list[str]:
    """The sample that the header of a MultiVu file gives each numbered channel, "" where it gives none."""
    matches = [(_SAMPLE_NAME.fullmatch(key), value) for key, value in header.items()]
    told = {match[1]: value for match, value in matches if match}
    numbers = [_NUMBERED.fullmatch(name) for name in names]
    return [told.get(number[1], "") if number else "" for number in numbers]


def _until_names(data: bytes, encoding: str) -> list[tuple[int, str]]:
    """The lines up to and with the column names."""
    found = re.search(rb"(?im)^\s*\[data\][ \t]*\r?$", data)
    if found is None:
        return lines_of(data, encoding, 1000)
    rest = data[found.end() :]
    skipped = len(rest) - len(rest.lstrip())
    stop = data.find(b"\n", found.end() + skipped)
    return lines_of(data[: len(data) if stop < 0 else stop + 1], encoding)


def _option(byapp: str) -> str:
    return next((short for text, short in _OPTIONS.items() if text in byapp.lower()), byapp)


def _note(header: dict[str, str], line: str) -> None:
    """Enter one line of the header."""
    text = line.strip()
    if not text or text.startswith((";", "[")):
        return
    if text.upper().startswith("INFO"):
        name, value = info(text[4:])
    else:
        name, _, value = text.partition(",")
        name, value = name.strip(), value.strip()
    header[name] = f"{header[name]} | {value}" if name in header else value


def info(text: str) -> tuple[str, str]:
    """Name and value of what follows the word INFO, in any of the three ways of writing.

    >>> info(",0.1,SAMPLE_LENGTH"), info(", SAMPLE_LENGTH: 0.1"), info(" SAMPLE_LENGTH, 0.1")
    (('SAMPLE_LENGTH', '0.1'), ('SAMPLE_LENGTH', '0.1'), ('SAMPLE_LENGTH', '0.1'))
    """
    if not text.lstrip().startswith(","):
        name, _, value = text.strip().partition(",")
        return name.strip() or "INFO", value.strip()
    rest = text.lstrip()[1:].strip()
    value, comma, name = rest.rpartition(",")
    colon = _COLON.fullmatch(rest)
    if colon and (not comma or _KEY.fullmatch(colon[1])):
        return colon[1].strip(), colon[2].strip()
    first, _, others = rest.partition(",")
    if comma and _KEY.fullmatch(first.strip()) and not _KEY.fullmatch(name.strip()):
        return first.strip(), others.strip()
    return (name.strip() or "INFO", value.strip()) if comma else (rest or "INFO", "")
