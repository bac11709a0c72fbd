"""The Bokeh figure of a study: a variable as a map over two axes, or as curves; what is not there is grey."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, Range1d

from spinvalley.app.look import Look
from spinvalley.checks import Floats

_MOST_CELLS: Final = 40_000
_STATES: Final = (
    "normal",
    "converged",
    "done",
    "not converged",
    "beyond range",
    "gap closed",
    "failed",
    "poisoned",
    "pending",
    "skipped",
)


class StudyPlot:
    """One slice of a study.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.figure = plot = look.figure("", "", height=540, title="", x_range=Range1d(0, 1), y_range=Range1d(0, 1))
        self._mapper = look.scale(plot)
        names = ("left", "right", "bottom", "top", "value", "status")
        self._cells = ColumnDataSource({name: [] for name in names})
        color = {"field": "value", "transform": self._mapper}
        cells = plot.quad(source=self._cells, fill_color=color, line_color=color, line_width=1)
        plot.grid.visible = False
        self._line = ColumnDataSource({"x": [], "y": []})
        line = plot.line("x", "y", source=self._line, line_width=1.6)
        self._marks = ColumnDataSource({"x": [], "y": [], "status": []})
        marks = plot.scatter("x", "y", source=self._marks, size=7, line_width=0)
        look.use(line.glyph, line_color="down")
        look.use(marks.glyph, fill_color="down")
        look.hover(plot, [cells], [("value", "@value"), ("", "@status")])
        look.hover(plot, [marks], [("", "@x, @y"), ("", "@status")])

    def show(self, values: xr.DataArray, status: xr.DataArray, x: str, y: str | None) -> None:
        """A slice over x alone, or over x and y."""
        self.figure.title.text = str(values.name)
        self.figure.xaxis.axis_label = _axis(values, x)
        if y is None:
            self._show_curve(values, status, x)
        else:
            self._show_map(values.transpose(y, x), status, x, y)

    def _show_curve(self, values: xr.DataArray, status: xr.DataArray, x: str) -> None:
        self._cells.data = {name: [] for name in self._cells.data}
        place, numbers = _numbers(values[x]), _numbers(values)
        states = np.broadcast_to(status.values, numbers.shape)
        self._line.data = {"x": place, "y": numbers}
        self._marks.data = {"x": place, "y": numbers, "status": states}
        self.figure.yaxis.axis_label = _axis(values, None)
        _fit(self.figure.x_range, place)
        _fit(self.figure.y_range, numbers)

    def _show_map(self, values: xr.DataArray, status: xr.DataArray, x: str, y: str) -> None:
        self._line.data, self._marks.data = {"x": [], "y": []}, {"x": [], "y": [], "status": []}
        steps = {d: max(1, int(np.ceil(values.sizes[d] / _MOST_CELLS**0.5))) for d in (x, y)}
        shown = values.isel({d: slice(None, None, n) for d, n in steps.items()})
        numbers = _numbers(shown)
        states = status.broadcast_like(values).transpose(y, x)
        states = states.isel({d: slice(None, None, n) for d, n in steps.items()})
        left, right = _edges(_numbers(shown[x]))
        bottom, top = _edges(_numbers(shown[y]))
        wide = np.tile(np.arange(len(left)), len(bottom))
        high = np.repeat(np.arange(len(bottom)), len(left))
        self._cells.data = {
            "left": left[wide], "right": right[wide], "bottom": bottom[high], "top": top[high],
            "value": numbers.ravel(), "status": states.values.ravel(),
        }  # fmt: skip
        finite = numbers[np.isfinite(numbers)]
        low, highest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        self._mapper.low, self._mapper.high = low, highest if highest > low else low + 1.0
        self.figure.yaxis.axis_label = _axis(values, y)
        for axis, ends in ((self.figure.x_range, (left, right)), (self.figure.y_range, (bottom, top))):
            axis.start, axis.end = float(ends[0].min()), float(ends[1].max())


def _numbers(values: xr.DataArray) -> Floats:
    """Numbers as they are, texts by their place in the list of statuses or in the order of the axis."""
    if values.dtype.kind in "fiub":
        return np.asarray(values.values, dtype=float)
    if values.name == "status":
        places = {name: float(n) for n, name in enumerate(_STATES)}
        return np.array([places.get(str(text), np.nan) for text in values.values.ravel()]).reshape(values.shape)
    return np.arange(values.size, dtype=float).reshape(values.shape)


def _edges(places: Floats) -> tuple[Floats, Floats]:
    """Left and right borders of the cells around some places, in their order."""
    if len(places) == 1:
        return places - 0.5, places + 0.5
    middles = 0.5 * (places[1:] + places[:-1])
    first, last = places[0] - (middles[0] - places[0]), places[-1] + (places[-1] - middles[-1])
    return np.concatenate([[first], middles]), np.concatenate([middles, [last]])


def _axis(values: xr.DataArray, name: str | None) -> str:
    of: Any = values if name is None else values[name]
    unit = of.attrs.get("units", "")
    return f"{of.name} ({unit})" if unit else str(of.name)


def _fit(axis: Range1d, values: Floats) -> None:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.5
    axis.start, axis.end = low - margin, high + margin
