"""The floors of the package as a drawing, made from import-linter's contract in pyproject.toml: it cannot go stale.

As a program it writes docs/figures/floors.svg again.
"""

import re
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRAWING = ROOT / "docs" / "figures" / "floors.svg"
WIDTH, HEIGHT, GAP, SIDE = 560, 40, 8, 16
FONT = "font-family='system-ui, Segoe UI, Helvetica, Arial, sans-serif'"
FILLS = ("#d7e8f5", "#d9efe6", "#fbe9c9", "#efe1ec")  # light tints of the palette of the figures


def floors(pyproject):
    """Names on each floor from the top, each with whether it is only drawn (in parentheses), not yet built."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[(name.strip(" ()"), "(" in name) for name in re.split(r"[|:]", layer)] for layer in layers]


def separations(pyproject):
    """Sentences on what else may not import what."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    apart = [(c["source_modules"], c["forbidden_modules"]) for c in contracts if c["type"] == "forbidden"]
    return [f"{_listed(sources)} imports none of {_listed(others)}" for sources, others in apart]


def svg(pyproject):
    """The drawing: one row for each floor, siblings beside each other."""
    rows, notes = floors(pyproject), separations(pyproject)
    total = len(rows) * (HEIGHT + GAP) + 2 * SIDE + 22 * (1 + len(notes))
    body = [f"<rect width='{WIDTH}' height='{total}' rx='8' fill='#ffffff'/>"]
    for row, names in enumerate(rows):
        top = SIDE + row * (HEIGHT + GAP)
        width = (WIDTH - 2 * SIDE - GAP * (len(names) - 1)) / len(names)
        for column, (name, planned) in enumerate(names):
            body += _room(
                name, planned, (SIDE + column * (width + GAP), top, width), FILLS[row * len(FILLS) // len(rows)]
            )
    bottom = SIDE + len(rows) * (HEIGHT + GAP) + 14
    words = ["Imports go down only; rooms side by side do not import each other."]
    for n, text in enumerate([*words, *(f"Besides: {note}." for note in notes)]):
        body.append(
            f"<text x='{SIDE}' y='{bottom + 20 * n}' {FONT} font-size='12' fill='#333333'>{escape(text)}</text>"
        )
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {total}' width='{WIDTH}' role='img'>"
    title = "<title>Floors of spinvalley, from the command line at the top to units at the bottom</title>"
    return "\n".join([head, title, *body, "</svg>"]) + "\n"


def _room(name, planned, place, fill):
    left, top, width = place
    dashes = " stroke-dasharray='4 3'" if planned else ""
    shade = "none" if planned else fill
    box = f"x='{left:g}' y='{top:g}' width='{width:g}' height='{HEIGHT}' rx='5' fill='{shade}' stroke='#5b6b78'{dashes}"
    at = f"x='{left + width / 2:g}' y='{top + HEIGHT / 2 + 5:g}' text-anchor='middle'"
    return [f"<rect {box}/>", f"<text {at} {FONT} font-size='14' fill='#1c2730'>{escape(name)}</text>"]


def _listed(modules):
    return ", ".join(module.removeprefix("spinvalley.") for module in modules)


if __name__ == "__main__":
    DRAWING.write_text(svg(ROOT / "pyproject.toml"), encoding="utf-8")
