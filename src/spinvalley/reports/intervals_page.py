"""The part of a page that sets intervals by resampling beside those of the profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from spinvalley.reports import words
from spinvalley.reports.html import bullets, table

__all__ = ["resampled"]

_Told = Mapping[str, Any]
_NO_BOOTSTRAP: Final = "open in the profile"


def resampled(models: Iterable[_Told]) -> str:
    """Bootstrap and posterior beside the profile likelihood, and whether they may be trusted; "" without any."""
    rows, notes = [], []
    for model in models:
        drawn = {key: model[key] for key in ("bootstrap", "posterior") if model["fitted"] and model[key]}
        if not drawn:
            continue
        name = words.formula(model["name"])
        for p in model["parameters"]:
            ends = [_ends(p, drawn[key], key) if key in drawn else "–" for key in ("bootstrap", "posterior")]
            rows.append((name, words.parameter(p["name"]), p["text"], *ends))
        notes += [f"{name}, {_made(one)}" for one in drawn.values()]
    if any(_NO_BOOTSTRAP in row for row in rows):
        notes.append(
            "open in the profile: refits of resamples start from the best set and stay near it, so that their spread "
            "would be too small"
        )
    caption = "68 % intervals: profile likelihood, and the central 68 % of resamples"
    return table(("formula", "parameter", "profile", "bootstrap", "posterior"), rows, caption) + bullets(notes)


def _ends(parameter: _Told, drawn: _Told, key: str) -> str:
    low, high = drawn["intervals"][parameter["name"]]
    if parameter["kind"] == "two-sided":
        return words.span(low, high, parameter["unit"])
    return _NO_BOOTSTRAP if key == "bootstrap" else f"{words.span(low, high, parameter['unit'])}, set by the prior"


def _made(drawn: _Told) -> str:
    """How resamples were made and whether they may be trusted."""
    text = f"{drawn['kind']}: {drawn['sets']} sets"
    if drawn["failed"]:
        text += f", {drawn['failed']} fits did not converge and are left out"
    if drawn["kind"].startswith("posterior"):
        text += f", {100 * drawn['acceptance']:.0f} % of the steps taken, memory {drawn['autocorrelation']:.3g} steps"
        text += "" if drawn["caution"] else ": the chains are long enough"
        text += "; priors are uniform within the bounds, and Gaussian for what is known beforehand"
    return f"{text}; {drawn['caution']}." if drawn["caution"] else f"{text}."
