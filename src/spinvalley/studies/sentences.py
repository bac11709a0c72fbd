"""What is wrong with a run file, as one sentence that names the key, its line and what is allowed there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic_core import ErrorDetails

from spinvalley.checks import InvalidInput

_TYPES: Final = {
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "finite_number": "must be finite",
}
_LIMITS: Final = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_MANY: Final = 16
Path = tuple[str, ...]


def wrong(name: str, text: str, path: Sequence[str], sentence: str) -> InvalidInput:
    r"""The exception for a key at `path` of the run file `name` with this text.

    >>> print(wrong("a.toml", "[axes.kT]\nvalues = []\n", ("axes", "kT", "values"), "must not be empty, but is"))
    a.toml, line 2: `axes.kT.values` must not be empty, but is
    """
    line = line_of(text, tuple(path))
    place = f"{name}, line {line}: " if line else f"{name}: "
    return InvalidInput(f"{place}`{'.'.join(path)}` {sentence}")


def first_error(errors: Sequence[ErrorDetails], keys: Mapping[Path, Iterable[str]]) -> tuple[Path, str]:
    """Where the most telling of pydantic's errors stands, and how its sentence ends.

    Args:
        errors: of one validation.
        keys: known keys of each table, by its path.
    """
    error = min(errors, key=lambda e: e["type"] != "extra_forbidden")
    path = tuple(str(part) for part in error["loc"] if not isinstance(part, int))
    return path, _sentence(error, path, keys)


def unknown(given: str, known: Iterable[str]) -> str:
    """How the sentence about a key that does not exist ends.

    >>> unknown("couplng", ["coupling", "mu_sc"])
    'is not a known key: did you mean `coupling`? Allowed are coupling, mu_sc'
    """
    names = list(known)
    near = get_close_matches(given, names, n=1, cutoff=0.5)
    guess = f"did you mean `{near[0]}`? Allowed are" if near else "allowed are"
    return f"is not a known key: {guess} {listed(names)}"


def listed(names: Sequence[str]) -> str:
    """Names in a row, not too many."""
    shown = ", ".join(names[:_MANY])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > _MANY else shown


def line_of(text: str, path: Path) -> int | None:
    """The line, from 1, on which a key begins; that of the table that should hold it if there is no such key.

    The text is read from its beginning in growing pieces: the first piece that is TOML and has the key ends with it,
    and the key begins behind the piece of TOML before.
    """
    lines = text.splitlines()
    while path:
        start = 0
        for stop in range(1, len(lines) + 1):
            try:
                held = tomllib.loads("\n".join(lines[:stop]))
            except tomllib.TOMLDecodeError:
                continue
            if _holds(held, path):
                return start + 1
            start = stop
        path = path[:-1]
    return None


def _holds(held: Any, path: Path) -> bool:
    for part in path:
        if not isinstance(held, dict) or part not in held:
            return False
        held = held[part]
    return True


def _sentence(error: ErrorDetails, path: Path, keys: Mapping[Path, Iterable[str]]) -> str:
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    if kind == "extra_forbidden":
        return unknown(path[-1], keys.get(path[:-1], ()))
    if kind in ("missing", "too_short", "too_long") and isinstance(given, list | tuple):
        return f"must have {'fewer' if kind == 'too_long' else 'more'} values, but has {len(given)}"
    if kind == "missing":
        return "must be given, but is not"
    if kind == "union_tag_not_found":
        return f"must have a `kind`, one of {context['discriminator'].strip(chr(39))}, but has none"
    if kind in ("union_tag_invalid", "literal_error"):
        allowed = str(context.get("expected_tags", context.get("expected"))).replace("'", "").replace(" or ", ", ")
        shown = context["tag"] if kind == "union_tag_invalid" else given
        return f"must be one of {allowed}, but is {shown!r}"
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"must be {words} {context[name]:g}, but is {given!r}"
    if kind in _TYPES:
        return f"{_TYPES[kind]}, but is {_shown(given)}"
    if kind == "spinvalley":
        return str(context["sentence"])
    return f"is not right: {error['msg'][0].lower()}{error['msg'][1:]}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"of type {type(value).__name__}"
