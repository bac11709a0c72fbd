"""One figure of a report: drawn at two widths, written with its numbers, embedded in the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spinvalley.figures.style import DOUBLE, SINGLE, journal
from spinvalley.files import staged_file

__all__ = ["Drawing", "evenly"]


@dataclass(frozen=True, eq=False)
class Drawing:
    """One figure.

    Args:
        name: of its files.
        section: "sweeps", "overview", or the name of a line.
        caption: what it shows.
        make: draws it at a width in inches.
        numbers: what it shows, one row per point.
    """

    name: str
    section: str
    caption: str
    make: Callable[[float], Figure]
    numbers: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write NAME_single.pdf (86 mm), NAME_double.pdf (178 mm) and NAME.csv."""
        for word, width in (("single", SINGLE), ("double", DOUBLE)):
            with journal(), staged_file(folder / f"{self.name}_{word}.pdf") as staged:
                self.make(width).savefig(staged, metadata={"CreationDate": None})
        with staged_file(folder / f"{self.name}.csv") as staged:
            self.numbers.to_csv(staged, index=False, lineterminator="\n")

    def embedded(self) -> str:
        """The figure at double width as a data address of an SVG image: no script, nothing from outside."""
        with journal(), mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": self.name}):
            buffer = io.BytesIO()
            self.make(DOUBLE).savefig(buffer, format="svg", metadata={"Date": None})
        return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def evenly(size: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the numbers 0 ... size - 1, evenly chosen, both ends among them."""
    return np.unique(np.round(np.linspace(0, size - 1, min(size, most))).astype(np.int64))
