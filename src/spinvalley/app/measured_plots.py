"""Bokeh figures of measured data: sweeps with a criterion that can be dragged, critical fields with fitted curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from bokeh.models import BoxAnnotation, ColumnDataSource, Range1d, Whisker
from bokeh.palettes import Viridis256

from spinvalley.app.look import SERIES, Look
from spinvalley.experiment.flanks import Criterion
from spinvalley.experiment.sweeps import Sweep
from spinvalley.reports import Analysis, words
from spinvalley.reports.judged import Judged
from spinvalley.reports.measured import Measured, rows

_HALF: Final = 0.012  # of R_N: half the height of the band that is dragged
_MOST_SWEEPS, _MOST_POINTS = 40, 400
_TALLEST: Final = 3.0  # times the highest point: what a curve may add to the axis
_AXES: Final = {"field": "B (T)", "temperature": "T (K)", "angle": "θ (degrees)"}
_MARKS: Final = ("circle", "square", "triangle", "diamond")


class SweepPlot:
    """R / R_N of the sweeps of the commonest kind, coloured by what is held, and the criterion to be dragged.

    Args:
        look: colours of the session.
        dragged: called with the criterion when the band was moved.
    """

    def __init__(self, look: Look, dragged: Callable[[float], None]) -> None:
        self.look, self._dragged, self._quiet = look, dragged, False
        self.figure = plot = look.figure(
            "B (T)",
            "R / R_N",
            height=430,
            title="Sweeps: drag the line to move the criterion",
            x_range=Range1d(-1, 1),
            y_range=Range1d(-0.1, 1.2),
        )
        self._curves = ColumnDataSource({name: [] for name in ("xs", "ys", "colour", "what")})
        lines = plot.multi_line("xs", "ys", source=self._curves, line_color="colour", line_width=1.6, line_alpha=0.9)
        self._points = ColumnDataSource({"x": [], "y": []})
        marks = plot.scatter("x", "y", source=self._points, size=7, line_width=1.2)
        look.use(marks.glyph, fill_color="up", line_color="card")
        self._band = BoxAnnotation(
            bottom=0.5 - _HALF, top=0.5 + _HALF, fill_alpha=0.55, line_width=0, editable=True, movable="y",
            resizable="none", use_handles=False,
        )  # fmt: skip
        self._band.hover_fill_alpha = 0.8
        look.use(self._band, fill_color="up", hover_fill_color="up")
        plot.add_layout(self._band)
        self._band.on_change("top", self._moved)
        look.hover(plot, [lines], [("", "@what")])

    def show(self, sweeps: Sequence[Sweep], measured: Measured | None, criterion: Criterion) -> None:
        """Sweeps of a run and, where known, their crossings."""
        kinds = [sweep.kind for sweep in sweeps]
        kind = max(dict.fromkeys(kinds), key=kinds.count) if kinds else "field"
        shown = [sweep for sweep in sweeps if sweep.kind == kind][:_MOST_SWEEPS]
        normal = _normal_resistances(measured, str(criterion)) if kind != "angle" else {}
        held = np.array([_held(sweep) for sweep in shown])
        columns: dict[str, list[Any]] = {name: [] for name in ("xs", "ys", "colour", "what")}
        for sweep, colour in zip(shown, _shades(held), strict=True):
            step = max(1, len(sweep.x) // _MOST_POINTS)
            R_N = normal.get(_key(sweep), float(np.nanmax(np.abs(sweep.R))) or 1.0)
            columns["xs"].append(sweep.x[::step])
            columns["ys"].append(sweep.R[::step] / R_N)
            columns["colour"].append(colour)
            columns["what"].append(_words(sweep))
        self._curves.data = columns
        ends = [float(value) for x in columns["xs"] for value in (np.min(x), np.max(x))]
        if ends:
            margin = 0.03 * (max(ends) - min(ends)) or 1.0
            self.figure.x_range.start, self.figure.x_range.end = min(ends) - margin, max(ends) + margin
        self.figure.xaxis.axis_label = _AXES[kind]
        self._show_crossings(measured, str(criterion), kind)
        if not isinstance(criterion, str):
            self._quiet = True
            self._band.update(bottom=criterion - _HALF, top=criterion + _HALF)
            self._quiet = False

    def _show_crossings(self, measured: Measured | None, criterion: str, kind: str) -> None:
        table = None if measured is None else measured.temperatures if kind == "temperature" else measured.fields
        name = "Tc" if kind == "temperature" else "B"
        x: list[float] = []
        for one in rows(table) if kind != "angle" else ():
            if one["criterion"] == criterion and one["status"] == "converged":
                x += (
                    [one[name]]
                    if kind == "temperature"
                    else [b for b in (one["B_plus"], -one["B_minus"]) if np.isfinite(b)]
                )
        self._points.data = {
            "x": x,
            "y": [float(criterion)] * len(x) if criterion.replace(".", "").isdigit() else [0.5] * len(x),
        }

    def _moved(self, attr: str, old: Any, new: Any) -> None:
        del attr, old
        if not self._quiet:
            self._dragged(min(max(float(new) - _HALF, 0.05), 0.95))


class LinePlot:
    """Critical fields against temperature with their errors, the best formula of each line with its band, and theories.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.figure = plot = look.figure(
            "T (K)", "Critical field (T)", height=430, title="Upper critical field: best formula solid, others dotted",
            x_range=Range1d(0, 1), y_range=Range1d(0, 1),
        )  # fmt: skip
        self._bands = ColumnDataSource({"xs": [], "ys": [], "colour": []})
        plot.patches("xs", "ys", source=self._bands, fill_color="colour", fill_alpha=0.18, line_color=None)
        self._curves = ColumnDataSource({name: [] for name in ("xs", "ys", "colour", "dash", "what", "wide")})
        lines = plot.multi_line(
            "xs", "ys", source=self._curves, line_color="colour", line_width="wide", line_dash="dash",
        )  # fmt: skip
        self._points = ColumnDataSource({name: [] for name in ("x", "y", "low", "high", "colour", "mark", "what")})
        bars = Whisker(
            base="x", upper="high", lower="low", source=self._points, line_color="colour", level="annotation"
        )
        bars.upper_head.size = bars.lower_head.size = 5
        bars.upper_head.line_color = bars.lower_head.line_color = "colour"
        plot.add_layout(bars)
        marks = plot.scatter(
            "x",
            "y",
            source=self._points,
            size=8,
            marker="mark",
            fill_color="colour",
            line_color=None,
            legend_field="what",
        )
        look.hover(plot, [marks], [("", "@what"), ("T", "@x{0.000} K"), ("B", "@y{0.0000} T")])
        look.hover(plot, [lines], [("", "@what")])
        look.legend(plot)

    def clear(self) -> None:
        """Nothing is known."""
        for source in (self._bands, self._curves, self._points):
            source.data = {name: [] for name in source.data}

    def show(self, found: Analysis) -> None:
        """Every line of an analysis over temperature."""
        points: dict[str, list[Any]] = {name: [] for name in self._points.data}
        curves: dict[str, list[Any]] = {name: [] for name in self._curves.data}
        bands: dict[str, list[Any]] = {"xs": [], "ys": [], "colour": []}
        lines = [one for one in found.judged if one.line.variable == "T"]
        for n, one in enumerate(lines):
            colour = self.look.colour(SERIES[n % len(SERIES)])
            self._add_points(points, one, colour, _MARKS[n % len(_MARKS)])
            self._add_curves(curves, bands, one, colour)
        self._points.data, self._curves.data, self._bands.data = points, curves, bands
        highest = max(points["high"], default=1.0)
        tops = [float(np.nanmax(one.curves[one.best.name].B)) for one in lines if one.best is not None]
        self.figure.y_range.end = 1.08 * max([1.15 * highest, *(B for B in tops if B / highest < _TALLEST)])
        known = [one.line.tc[0] for one in lines if one.line.tc is not None]
        self.figure.x_range.end = (1.1 if known else 1.5) * max([*points["x"], *known], default=1.0)

    @staticmethod
    def _add_points(points: dict[str, list[Any]], one: Judged, colour: str, mark: str) -> None:
        table = one.line.table
        sigma = table["sigma_B"] if "sigma_B" in table else 0 * table["B"]
        count = len(table)
        added = {
            "x": table["T"], "y": table["B"], "low": table["B"] - sigma, "high": table["B"] + sigma,
            "colour": [colour] * count, "mark": [mark] * count, "what": [one.line.name] * count,
        }  # fmt: skip
        for name, values in added.items():
            points[name] += list(values)

    @staticmethod
    def _add_curves(curves: dict[str, list[Any]], bands: dict[str, list[Any]], one: Judged, colour: str) -> None:
        best = one.best.name if one.best is not None else None
        for name, curve in one.curves.items():
            x, B = curve.x.values, curve.B.values
            special = name == best
            style = {"colour": colour, "dash": "solid" if special else "dotted", "wide": 2.6 if special else 1.4}
            for key, value in ({"xs": x, "ys": B, "what": f"{one.line.name}: {words.short(name)}"} | style).items():
                curves[key].append(value)
            if special:
                bands["xs"].append(np.concatenate([x, x[::-1]]))
                bands["ys"].append(np.concatenate([curve.low.values, curve.high.values[::-1]]))
                bands["colour"].append(colour)


def _key(sweep: Sweep) -> tuple[str, float, float]:
    return sweep.channel, round(sweep.T, 2), round(sweep.B, 3)


def _normal_resistances(measured: Measured | None, criterion: str) -> dict[tuple[str, float, float], float]:
    """R_N of the sweeps that cross: (channel, T or nan, B or nan) -> Ohm."""
    if measured is None:
        return {}
    found = {}
    for one in rows(measured.fields):
        if one["criterion"] == criterion and np.isfinite(one["R_N"]):
            found[str(one["channel"]), round(one["T"], 2), float("nan")] = one["R_N"]
    known = {(channel, T): value for (channel, T, _), value in found.items()}
    keys = {_key(s): known[s.channel, round(s.T, 2)] for s in measured.sweeps if (s.channel, round(s.T, 2)) in known}
    for one in rows(measured.temperatures):
        if one["criterion"] == criterion and np.isfinite(one["R_N"]):
            keys |= {
                _key(s): one["R_N"] for s in measured.sweeps
                if s.kind == "temperature" and s.channel == one["channel"] and abs(abs(s.B) - one["B"]) < 5e-3
            }  # fmt: skip
    return keys


def _held(sweep: Sweep) -> float:
    return sweep.B if sweep.kind == "temperature" else sweep.T


def _shades(held: Any) -> list[str]:
    """Colours from cold to warm; the palest are left out."""
    if len(held) == 0:
        return []
    span = float(np.ptp(held)) or 1.0
    return [Viridis256[int(30 + 190 * (value - held.min()) / span)] for value in held]


def _words(sweep: Sweep) -> str:
    held = f"{sweep.B:.3g} T" if sweep.kind == "temperature" else f"{sweep.T:.4g} K"
    angle = f", {sweep.theta:.4g}° from the c axis" if np.isfinite(sweep.theta) and sweep.kind != "angle" else ""
    return f"{sweep.channel}: {held}{angle}, {'rising' if sweep.up else 'falling'}"
