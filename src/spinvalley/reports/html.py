"""Pieces of a page: everything that comes from outside is escaped here, and nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may do with the page: show it and its embedded images; no script, no address."""

_CSS: Final = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1c2733; background: #fff;
  max-width: 62rem; margin: 2rem auto 4rem; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid #d5dde5; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .45rem 0; max-width: 48rem; }
.meta { color: #5a6876; font-size: .87rem; margin-top: 0; }
.summary { background: #f1f6fb; border-left: 4px solid #0072B2; padding: .7rem 1.1rem; margin: 1.2rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .87rem; margin: .5rem 0 .8rem; font-variant-numeric: tabular-nums; }
caption { caption-side: top; text-align: left; color: #3d4a57; padding-bottom: .3rem; }
th { text-align: left; font-weight: 600; background: #f4f6f8; border-bottom: 1px solid #b9c4cf; }
th, td { padding: .25rem .65rem; vertical-align: top; border-bottom: 1px solid #e5eaef; }
td.n, th.n { text-align: right; }
td.n { white-space: nowrap; }
th.w, td.w { min-width: 13rem; }
tr.best td { background: #eef8f2; }
.no { color: #a33b00; }
.yes { color: #00694d; }
ul { margin: .3rem 0 .8rem; padding-left: 1.2rem; max-width: 50rem; }
figure { margin: 1rem 0 1.4rem; break-inside: avoid; }
figure img { width: 100%; max-width: 50rem; height: auto; display: block; }
figcaption { font-size: .87rem; color: #3d4a57; max-width: 48rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; }
code, .mono { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
@media print {
  body { font-size: 10pt; margin: 0; max-width: none; }
  h2, h3, caption, thead { break-after: avoid; }
  tbody tr:first-child { break-before: avoid; }
  tr, figure, .summary { break-inside: avoid; }
  .scroll { overflow: visible; }
  .summary, th, tr.best td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def text(value: object) -> str:
    """Any value as text that cannot become markup."""
    return escape(str(value), quote=True)


def paragraph(value: object, kind: str = "") -> str:
    """One paragraph."""
    return f"<p{_class(kind)}>{text(value)}</p>"


def bullets(items: Iterable[object]) -> str:
    """A list; nothing for no item."""
    rows = "".join(f"<li>{text(item)}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else ""


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    caption: str = "",
    *,
    numeric: Iterable[int] = (),
    wide: int | None = None,
    best: int | None = None,
) -> str:
    """A table; columns in `numeric` stand right, column `wide` has room, row `best` is tinted."""
    if not rows:
        return ""
    kinds = dict.fromkeys(numeric, "n") | ({} if wide is None else {wide: "w"})
    top = "".join(f'<th scope="col"{_class(kinds.get(n, ""))}>{text(h)}</th>' for n, h in enumerate(header))
    body = "".join(
        f"<tr{_class('best' if index == best else '')}>"
        + "".join(f"<td{_class(kinds.get(n, ''))}>{_cell(value)}</td>" for n, value in enumerate(row))
        + "</tr>"
        for index, row in enumerate(rows)
    )
    named = f"<caption>{text(caption)}</caption>" if caption else ""
    return f'<div class="scroll"><table>{named}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def figure(source: str, caption: str, files: str) -> str:
    """An embedded image with its caption and the names of its files."""
    told = f'<figcaption>{text(caption)} <span class="mono">{text(files)}</span></figcaption>'
    return f'<figure><img src="{text(source)}" alt="{text(caption)}">{told}</figure>'


def folded(title: str, body: str) -> str:
    """A part that is closed at first."""
    return f"<details><summary>{text(title)}</summary>{body}</details>" if body else ""


def section(title: str, *parts: str, level: int = 2) -> str:
    """A heading and what follows; nothing if nothing follows."""
    body = "\n".join(part for part in parts if part)
    return f"<h{level}>{text(title)}</h{level}>\n{body}\n" if body else ""


def document(title: str, body: str) -> str:
    """A whole page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_CSS}</style></head>\n<body>\n{body}</body></html>\n"
    )


class Mark(str):
    """A short verdict that is coloured: good or bad."""

    __slots__ = ("good",)

    good: bool

    def __new__(cls, word: str, good: bool) -> Mark:
        """The word, and whether it is good."""
        made = super().__new__(cls, word)
        made.good = good
        return made


def _cell(value: object) -> str:
    return (
        f"<span{_class('yes' if value.good else 'no')}>{text(value)}</span>" if isinstance(value, Mark) else text(value)
    )


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
