"""Figures beside the critical fields: the Hall resistance, and posteriors of fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from spinvalley.figures import measured as draw
from spinvalley.figures.style import DOUBLE, panels
from spinvalley.reports import words
from spinvalley.reports.drawing import Drawing, evenly

if TYPE_CHECKING:
    from spinvalley.reports.carriers import Carriers
    from spinvalley.reports.judged import Judged

__all__ = ["carriers", "posteriors"]

_MOST_POINTS: Final = 400
_MOST_SETS: Final = 3000


def carriers(bar: Carriers) -> list[Drawing]:
    """Hall resistance: readings, their odd part, and its line."""
    odd, readings = bar.odd, pd.DataFrame({"B": bar.B, "R": bar.R})
    readings = readings.iloc[evenly(len(readings), _MOST_POINTS)]
    odd = odd.iloc[evenly(len(odd), _MOST_POINTS)]

    def make(width: float) -> Figure:
        figure, (ax,) = panels(width=width, aspect=0.72 if width < DOUBLE else 0.45)
        draw.draw_hall(ax, _over_rows(readings), _over_rows(odd), bar.result.slope)
        return figure

    what = "the part odd in the field" if bar.both_signs else "one sign of the field only"
    caption = f"Hall resistance at {bar.T:.4g} K, {bar.channel} of {bar.source}: readings, {what}, and the fitted line."
    numbers = pd.concat([readings.assign(what="reading"), odd.assign(what="odd part" if bar.both_signs else "used")])
    return [Drawing(f"hall_{bar.channel}", "hall", caption, make, numbers)]


def posteriors(one: Judged) -> list[Drawing]:
    """Each parameter of a posterior alone, and every pair."""
    found = []
    for name, samples in one.posteriors.items():
        sets = samples.sets[evenly(len(samples.sets), _MOST_SETS)]
        caption = (
            f"{one.line.name}: {samples.kind} of the parameters of {words.formula(name)}; dotted: the central 68 %"
        )
        caption += f"; {samples.caution}." if samples.caution else "."
        stem = f"posterior_{one.line.channel}_{one.line.orientation}"
        numbers = pd.DataFrame(sets, columns=list(samples.names))
        found.append(Drawing(stem, one.line.name, caption, _Corner(numbers), numbers))
    return found


class _Corner:
    """Draws parameter sets at a width in inches."""

    def __init__(self, sets: pd.DataFrame) -> None:
        self.sets = sets

    def __call__(self, width: float) -> Figure:
        names = [words.axis(str(name)) for name in self.sets.columns]
        size = len(names)
        figure, axes = panels(size, size, width=width, aspect=0.5 if size == 1 else 0.85)
        data = xr.Dataset({"sets": (("row", "parameter"), self.sets.to_numpy())})
        draw.draw_corner(axes, data, names)
        return figure


def _over_rows(table: pd.DataFrame) -> xr.Dataset:
    return xr.Dataset({str(name): ("row", table[name].to_numpy()) for name in table.columns})
