"""What an analysis says, as HTML: summary, ranking of each line, notes. Everything from a file is escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import numpy as np

from spinvalley.reports import Analysis, words


def page_of(found: Analysis) -> str:
    """Summary, tables and notes of an analysis."""
    told = found.document()
    parts = []
    if told["synthetic"]:
        parts.append('<p class="pill">synthetic data, made by a computer and not measured</p>')
    parts += [f"<p>{html.escape(sentence)}</p>" for sentence in told["summary"]]
    parts += [_line(line) for line in told["lines"]]
    notes = [note for data in told["data"] for note in data["notes"]]
    if notes:
        items = "".join(f"<li>{html.escape(str(note))}</li>" for note in dict.fromkeys(notes))
        parts.append(
            f"<details><summary>Notes on the file ({len(dict.fromkeys(notes))})</summary><ul>{items}</ul></details>"
        )
    return "".join(parts)


def _line(line: Mapping[str, Any]) -> str:
    title = f"<h3>{html.escape(line['name'])}</h3>"
    if line["problem"]:
        return f"{title}<p class='muted'>{html.escape(line['problem'])}</p>"
    head = "".join(f"<th>{text}</th>" for text in ("", "formula", "parameters", "χ² / dof", "ΔAICc", "verdict"))
    body = "".join(_model(n, model, line["best"]) for n, model in enumerate(line["models"], 1))
    table = f"<table class='facts'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    rules = "".join(f"<li>{html.escape(rule)}</li>" for rule in line["rules"])
    held = f"<details><summary>How it was fitted</summary><ul>{rules}</ul></details>" if rules else ""
    return f"{title}<div class='scroll'>{table}</div>{held}"


def _model(rank: int, model: Mapping[str, Any], best: str | None) -> str:
    name = html.escape(words.short(model["name"]))
    if not model["fitted"]:
        return (
            f"<tr><td>{rank}</td><td>{name}</td><td colspan='4' class='muted'>{html.escape(model['problem'])}</td></tr>"
        )
    parameters = "<br>".join(html.escape(_parameter(p["name"], p["text"])) for p in model["parameters"])
    failed = [verdict["text"] for verdict in model["verdicts"] if verdict["holds"] is False]
    verdict = "admissible" if model["admissible"] else "inadmissible: " + "; ".join(_bare(text) for text in failed)
    if model["name"] == best:
        name, verdict = f"<b>{name}</b>", "best admissible" if model["likely"] else "best admissible, but a poor fit"
    style = "" if model["admissible"] else " class='bad'"
    return (
        f"<tr><td>{rank}</td><td>{name}</td><td class='whole'>{parameters}</td>"
        f"<td class='whole'>{_number(model['chi2'])} / {model['dof']}</td>"
        f"<td>{_number(model['delta_aicc'])}</td><td{style}>{html.escape(verdict)}</td></tr>"
    )


def _parameter(name: str, text: str) -> str:
    """A parameter with its value or its bound.

    >>> _parameter("tc", "6.5 K"), _parameter("tc", "> 6 K")
    ('Tc = 6.5 K', 'Tc > 6 K')
    """
    return f"{words.parameter(name)} {text if text.startswith(('<', '>')) else f'= {text}'}"


def _bare(verdict: str) -> str:
    """A verdict without the word that stands before all of them."""
    return verdict.removeprefix("inadmissible: ")


def _number(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.3g}"
