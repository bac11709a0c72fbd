"""What a paper says beside what this toolkit computes, with a verdict that follows from the numbers by a stated rule.

A claim has one or several results (the same quantity under several conditions, e.g. for several gaps that the paper
does not print). A result holds if it converged and its whole error bar obeys the rule. The verdict is

- "reproduced" if every result holds,
- "reproduced if ..." if some do, with the conditions under which they do,
- "not reproduced" if none does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

import numpy as np

from spinvalley.checks import InvalidInput, Status
from spinvalley.files import json_text, write_text

_SOUND: Final = (Status.CONVERGED, Status.NORMAL)
_WIDTH: Final = 100
_GAP: Final = "  "
_SHOWN: Final = 1e-10


@dataclass(frozen=True)
class Rule:
    """An interval in which a value must lie, and the words for it.

    Args:
        text: the rule in words.
        low: smallest value that obeys it.
        high: largest value that obeys it.
    """

    text: str
    low: float = -np.inf
    high: float = np.inf

    def obeyed(self, value: float, error: float) -> bool:
        """Whether value - error and value + error both lie in the interval; NaN never does."""
        return bool(self.low <= value - error and value + error <= self.high)


def at_least(bound: float, text: str = "") -> Rule:
    """The value is at least `bound`."""
    return Rule(text or f"at least {bound:g}", low=bound)


def at_most(bound: float, text: str = "") -> Rule:
    """The value is at most `bound`."""
    return Rule(text or f"at most {bound:g}", high=bound)


def equal(target: float, tolerance: float, text: str = "") -> Rule:
    """The value is `target` within an absolute `tolerance`."""
    return Rule(text or f"{target:.6g} within {tolerance:.2g}", target - tolerance, target + tolerance)


@dataclass(frozen=True)
class Result:
    """One computed value.

    Args:
        value: the value, in the unit of the claim.
        error: its error bar, same unit.
        at: the condition under which it was computed, a value of the claim's `variable`.
        status: what the solver says of it.
    """

    value: float
    error: float = 0.0
    at: str | float = ""
    status: str = str(Status.CONVERGED)

    @property
    def sound(self) -> bool:
        """Whether the solver stands by the value."""
        return self.status in _SOUND


@dataclass(frozen=True)
class Claim:
    """One statement of a paper and what we find.

    Args:
        name: short name, unique in a table.
        statement: what the paper says.
        where: where in the paper.
        quantity: what our value is.
        rule: when the statement counts as reproduced.
        results: our value(s).
        unit: unit of the value.
        variable: what differs between several results, e.g. "Delta0/|t|".
        assumption: what we assumed where the paper is silent.
        comment: what the reader should know besides.

    >>> splitting = Claim("k", "the splitting is 3", "p. 2", "splitting", equal(3, 0.1), (Result(6.0),))
    >>> splitting.verdict
    'not reproduced'
    """

    name: str
    statement: str
    where: str
    quantity: str
    rule: Rule
    results: tuple[Result, ...]
    unit: str = ""
    variable: str = ""
    assumption: str = ""
    comment: str = ""

    def __post_init__(self) -> None:
        """A claim without a result has no verdict; several results need the name of what differs."""
        if not self.results:
            raise InvalidInput(f"`results` of the claim {self.name!r} must not be empty, but are")
        if len(self.results) > 1 and not self.variable:
            raise InvalidInput(f"`variable` of the claim {self.name!r} must name what differs between its results")

    @property
    def holding(self) -> tuple[Result, ...]:
        """The results that converged and obey the rule with their whole error bar."""
        return tuple(r for r in self.results if r.sound and self.rule.obeyed(r.value, r.error))

    @property
    def verdict(self) -> str:
        """One of "reproduced", "reproduced if ..." and "not reproduced"."""
        if not self.holding:
            return "not reproduced"
        if len(self.holding) == len(self.results):
            return "reproduced"
        return f"reproduced if {self.variable} = {', '.join(_at(r.at) for r in self.holding)}"

    def found(self) -> str:
        """Our value(s) in words."""
        error = max(r.error for r in self.results)
        values = [f"{_number(r.value, r.error)}{_doubt(r)}" for r in self.results]
        if not self.variable:
            return f"{self.quantity}: {values[0]}{_spaced(self.unit)}{_bar(error)}"
        unit = f" [{self.unit}]" if self.unit else ""
        listed = ", ".join(f"{value} at {_at(r.at)}" for value, r in zip(values, self.results, strict=True))
        return f"{self.quantity}{unit} for {self.variable}: {listed}{_bar(error)}"

    def document(self) -> dict[str, Any]:
        """Everything as plain numbers and texts."""
        return {
            "name": self.name,
            "statement": self.statement,
            "where": self.where,
            "quantity": self.quantity,
            "unit": self.unit,
            "variable": self.variable,
            "results": [
                {"at": r.at, "value": r.value, "error": r.error, "status": r.status, "holds": r in self.holding}
                for r in self.results
            ],
            "rule": {"text": self.rule.text, "low": self.rule.low, "high": self.rule.high},
            "assumption": self.assumption,
            "comment": self.comment,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class ClaimsTable:
    """The claims of one paper.

    Args:
        title: what they are claims of.
        claims: the claims, with different names.
        remarks: what else a reader of the paper should know.
    """

    title: str
    claims: tuple[Claim, ...]
    remarks: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Names are unique."""
        names = [claim.name for claim in self.claims]
        if len(set(names)) != len(names):
            raise InvalidInput(f"`claims` must have different names, but are {', '.join(names)}")

    def __getitem__(self, name: str) -> Claim:
        """The claim of that name."""
        for claim in self.claims:
            if claim.name == name:
                return claim
        raise InvalidInput(f"`name` must be one of {', '.join(c.name for c in self.claims)}, but is {name!r}")

    def summary(self) -> str:
        """How many claims have which verdict."""
        verdicts = [claim.verdict for claim in self.claims]
        plain, none = verdicts.count("reproduced"), verdicts.count("not reproduced")
        conditional = len(verdicts) - plain - none
        return (
            f"{len(verdicts)} claims: {plain} reproduced, {conditional} reproduced under a condition, "
            f"{none} not reproduced."
        )

    def text(self) -> str:
        """The table in at most 100 columns."""
        widths = (2, 12, 33, 33, _WIDTH - 80 - 4 * len(_GAP))
        lines = [self.title, self.summary(), ""]
        lines += _row(("#", "Where", "The paper says", "We find", "Verdict"), widths)
        lines += [_GAP.join("-" * width for width in widths)]
        for number, claim in enumerate(self.claims, 1):
            lines += _row((str(number), claim.where, claim.statement, claim.found(), claim.verdict), widths)
            notes = (("Rule", claim.rule.text), ("Assumed", claim.assumption), ("Note", claim.comment))
            for name, note in notes:
                lines += _note(f"{name}: {note}.", widths[0] + len(_GAP)) if note else []
            lines.append("")

        for remark in self.remarks:
            lines += [*wrap(remark, _WIDTH), ""]
        return "\n".join(lines).rstrip() + "\n"

    def document(self) -> dict[str, Any]:
        """Everything as plain numbers and texts."""
        return {
            "title": self.title,
            "summary": self.summary(),
            "claims": [claim.document() for claim in self.claims],
            "remarks": list(self.remarks),
        }

    def json(self) -> str:
        """The table as one JSON document; an infinite bound of a rule is null."""
        return json_text(self.document())

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write claims.txt and claims.json; each is whole or not there."""
        paths = folder / "claims.txt", folder / "claims.json"
        write_text(paths[0], self.text())
        write_text(paths[1], self.json() + "\n")
        return paths


def _row(cells: tuple[str, ...], widths: tuple[int, ...]) -> list[str]:
    columns = [wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    return [_GAP.join(parts).rstrip() for parts in _padded(columns, widths)]


def _padded(columns: list[list[str]], widths: tuple[int, ...]) -> Iterator[list[str]]:
    for n in range(max(len(column) for column in columns)):
        cells = (column[n] if n < len(column) else "" for column in columns)
        yield [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]


def _note(text: str, indent: int) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def _number(value: float, error: float) -> str:
    """Seven digits at most, and none far below the error bar."""
    if not np.isfinite(value):
        return f"{value:g}"
    if abs(value) <= error or value == 0:
        return "0"
    leading = int(np.floor(np.log10(abs(value))))
    digits = 7 if error <= 0 else int(np.clip(leading - np.floor(np.log10(error)) + 1, 1, 7))
    return f"{value:.{digits}g}"


def _bar(error: float) -> str:
    return f" (error {error:.1g})" if error > _SHOWN else ""


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


def _doubt(result: Result) -> str:
    return "" if result.sound else f" ({result.status})"


def _at(condition: str | float) -> str:
    return condition if isinstance(condition, str) else f"{condition:g}"
