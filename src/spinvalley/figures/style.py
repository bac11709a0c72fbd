"""The look of a journal figure, as a context: nothing global is changed.

>>> from spinvalley.figures.style import journal
>>> with journal():
...     pass
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

SINGLE: Final = 3.4
"""Width of one column in inches."""

DOUBLE: Final = 7.0
"""Width of two columns in inches."""

# Okabe and Ito's palette: told apart by colour-blind readers, and different in grey.
GREEN: Final = "#009E73"
RED: Final = "#D55E00"
BLUE: Final = "#0072B2"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
BLACK: Final = "#000000"
GREY: Final = "#7F7F7F"
PALETTE: Final = (BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK)

SPIN_COLOURS: Final = {1: RED, -1: BLUE, 0: GREY}
"""Colour of spin up, spin down and of unpolarised states."""

SPIN_MAP: Final = LinearSegmentedColormap.from_list("spin", [BLUE, "#B8B8B8", RED])
"""Colour of a spin expectation value from -1 to 1; unpolarised states are grey, not white, to be seen as lines."""

SEQUENTIAL: Final = "viridis"
"""Perceptually uniform map of a density."""

DIVERGING: Final = "RdBu_r"
"""Diverging map of a signed quantity, white at zero, red for up."""

_JOURNAL: Final[Any] = {
    "font.size": 8,
    "font.family": "sans-serif",
    "font.sans-serif": ["Arial", "Helvetica", "DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=PALETTE),
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "lines.linewidth": 1.1,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


@contextmanager
def journal() -> Iterator[None]:
    """The style of the figures inside a `with` block: 8 pt type, thin frames, ticks inside, embedded fonts."""
    with mpl.rc_context(_JOURNAL):
        yield


def panels(
    rows: int = 1, columns: int = 1, *, width: float = SINGLE, aspect: float = 0.75
) -> tuple[Figure, list[Axes]]:
    """A figure of equal panels without a window; use it inside `journal()`.

    Args:
        rows: number of rows.
        columns: number of columns.
        width: width of the figure, inches (`SINGLE` or `DOUBLE`).
        aspect: height of one panel over its width.

    Returns:
        The figure and its axes, row by row.

    >>> figure, axes = panels(1, 2, width=DOUBLE)
    >>> len(axes)
    2
    """
    figure = Figure(figsize=(width, width / columns * aspect * rows))
    axes = [figure.add_subplot(rows, columns, n + 1) for n in range(rows * columns)]
    return figure, axes


def panel_label(ax: Axes, text: str) -> Axes:
    """Letter of a panel, "(a)", above its upper left corner."""
    ax.annotate(
        text, (0, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points", va="bottom", ha="left"
    )
    return ax
