"""Bokeh figures of gap maps, critical lines and free energies; the data are Datasets of the library."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby, pairwise
from typing import Final

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, Span
from scipy.interpolate import PchipInterpolator

from spinvalley.app.look import Look
from spinvalley.checks import Floats

_DASHED: Final = [7, 4]
_NOTHING: Final = [np.nan]  # a point that is not drawn keeps the entry of the legend
_FEWEST, _BETWEEN = 3, 20
_Point = tuple[float, float, int, float]


class GapMap:
    """Delta(T, V) as a map, with the critical line in the style of its order and a cross at the chosen point.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.figure = plot = look.figure(
            "kT / Δ₀", "V / Δ₀", height=560, title="Equilibrium gap Δ(T, V) / Δ₀", x_range=(0, 0.7), y_range=(0, 2)
        )
        plot.grid.visible = False
        self._mapper = look.scale(plot)
        self._map = ColumnDataSource({name: [] for name in ("gap", "x", "y", "dw", "dh")})
        shown = plot.image("gap", "x", "y", "dw", "dh", source=self._map, color_mapper=self._mapper, level="image")
        look.hover(plot, [shown], [("T", "$x{0.000}"), ("field", "$y{0.000}"), ("Δ", "@gap{0.000}")])
        self._lines = {order: ColumnDataSource({"xs": [], "ys": []}) for order in (1, 2)}
        names = {1: "first order", 2: "continuous"}
        for order, source in self._lines.items():
            style = {"line_width": 2.4, "line_dash": _DASHED if order == 1 else "solid", "line_color": "white"}
            under = {"line_width": 4.6, "line_color": "#202428", "line_dash": "solid"}
            plot.multi_line("xs", "ys", source=source, **(style | under))
            plot.multi_line("xs", "ys", source=source, **style)
        self._points = {order: ColumnDataSource(dict.fromkeys(("x", "y", "error"), _NOTHING)) for order in (1, 2)}
        marks = [
            plot.scatter(
                "x", "y", source=source, size=8, marker="circle" if order == 2 else "square", fill_color="white",
                line_color="#202428", line_width=1.5, legend_label=names[order],
            )
            for order, source in self._points.items()
        ]  # fmt: skip
        look.hover(plot, marks, [("T", "@x{0.0000}"), ("critical field", "@y{0.0000}"), ("error", "@error{0.0e+0}")])
        self._level = Span(location=np.nan, dimension="width", line_dash=[2, 3], line_width=1.5)
        look.use(self._level, line_color="orange")
        plot.add_layout(self._level)
        self._place = ColumnDataSource({"x": [], "y": []})
        plot.scatter("x", "y", source=self._place, marker="cross", size=17, line_width=4.4, line_color="white")
        plot.scatter("x", "y", source=self._place, marker="cross", size=16, line_width=2.2, line_color="#d1007a")
        look.legend(plot)

    def show_map(
        self, data: xr.Dataset, units: tuple[float, float], gap: float, labels: tuple[str, str], top: float
    ) -> None:  # fmt: skip
        """A Dataset of `phase_diagram` up to the field `top`; normal is grey, what is not known yet is empty."""
        x, y = data.kT.values / units[0], data.zeeman.values / units[1]
        values = data.gap.transpose("zeeman", "kT").values / gap
        wide, high = _step(x), data.attrs.get("step", 0.0) / units[1] or _step(y)
        image = np.where(values > 0, values, np.nan)
        self._map.data = {
            "gap": [image], "x": [x[0] - wide / 2], "y": [y[0] - high / 2], "dw": [np.ptp(x) + wide],
            "dh": [np.ptp(y) + high],
        }  # fmt: skip
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = labels
        self.figure.x_range.start, self.figure.x_range.end = max(0.0, x[0] - wide / 2), x[-1]
        self.figure.y_range.start, self.figure.y_range.end = 0.0, top / units[1]

    def show_line(
        self, data: xr.Dataset | None, units: tuple[float, float], level: float | None = None, tc: float = 0.0
    ) -> None:
        """A Dataset of `critical_field`, the Pauli limit and Tc in the units of the axes; None: without."""
        self._level.location = np.nan if level is None else level
        points = [] if data is None else _points(data, units)
        self._marked(points)
        pieces = smooth(points, tc)
        for order, source in self._lines.items():
            mine = [(x, y) for first, x, y in pieces if first == (order == 1)]
            source.data = {"xs": [x for x, _ in mine], "ys": [y for _, y in mine]}

    def _marked(self, points: list[_Point]) -> None:
        for order, source in self._points.items():
            mine = [p for p in points if p[2] == order]
            source.data = {name: [p[n] for p in mine] or _NOTHING for name, n in (("x", 0), ("y", 1), ("error", 3))}

    def mark(self, x: float, y: float) -> None:
        """Put the cross at a point."""
        self._place.data = {"x": [x], "y": [y]}


class EnergyCurve:
    """F(Delta) - F(0) at the chosen point, with its stationary points.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.figure = plot = look.figure(
            "Δ / Δ₀", "F(Δ) − F(0), per cell", height=340, title="Free energy at the point"
        )
        self._curve = ColumnDataSource({"x": [0.0, 1.0], "y": [0.0, 0.0]})
        line = plot.line("x", "y", source=self._curve, line_width=2)
        look.use(line.glyph, line_color="text")
        self._kinds = {}
        for kind, colour, label in (
            ("equilibrium", "green", "equilibrium"), ("minimum", "orange", "metastable"),
            ("maximum", "neutral", "unstable"),
        ):  # fmt: skip
            source = ColumnDataSource({"x": _NOTHING, "y": _NOTHING})
            mark = plot.scatter("x", "y", source=source, size=10, legend_label=label)
            look.use(mark.glyph, fill_color=colour, line_color="card")
            self._kinds[kind] = source
        zero = Span(location=0, dimension="width", line_width=1)
        plot.add_layout(look.use(zero, line_color="line"))
        look.legend(plot, "below")

    def show(
        self, gaps: Floats, energy: Floats, branches: Mapping[str, list[tuple[float, float]]], unit: str = ""
    ) -> None:
        """Gaps in the unit of the axis, the free energy there with its unit, and kind -> stationary points."""
        power = int(np.floor(np.log10(max(float(np.abs(energy).max()), 1e-300))))
        scale = 10.0**power
        self._curve.data = {"x": gaps, "y": energy / scale}
        for kind, source in self._kinds.items():
            found = branches.get(kind, [])
            points = {"x": [p[0] for p in found], "y": [p[1] / scale for p in found]}
            source.data = points if found else {"x": _NOTHING, "y": _NOTHING}
        self.figure.yaxis.axis_label = f"F(Δ) − F(0) (10{_raised(power)} {unit})"


def _raised(power: int) -> str:
    """A whole number in small raised digits.

    >>> _raised(-12)
    '⁻¹²'
    """
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _points(data: xr.Dataset, units: tuple[float, float]) -> list[_Point]:
    """(kT, field, order, error) in the units of the axes by temperature, without points that have no transition."""
    ordered = data.sortby("kT")
    columns = (ordered[name].values for name in ("kT", "zeeman", "order", "error"))
    rows = zip(*columns, strict=True)
    return [
        (float(t) / units[0], float(v) / units[1], int(n), float(e) / units[1])
        for t, v, n, e in rows if n in (1, 2) and np.isfinite(v)
    ]  # fmt: skip


def smooth(points: list[_Point], tc: float = 0.0) -> list[tuple[bool, Floats, Floats]]:
    """Smooth pieces (is first order, x, y) of a line through computed points, split where its order changes.

    Between the points the square of the field is interpolated (monotone, cubic): it is linear near Tc, where it ends.
    """
    places = [*points, (tc, 0.0, 2, 0.0)] if tc > max((p[0] for p in points), default=np.inf) else points
    if len(places) < _FEWEST:
        return []
    x, y = np.array([p[0] for p in places]), np.array([p[1] for p in places])
    square = PchipInterpolator(x, y**2)
    dense = 1 - np.linspace(1, 0, _BETWEEN) ** 2
    pieces = []
    for first, pairs in groupby(pairwise(range(len(places))), key=lambda pair: 1 in (places[n][2] for n in pair)):
        fine = np.concatenate([x[a] + (x[b] - x[a]) * dense for a, b in pairs])
        pieces.append((first, fine, np.sqrt(np.maximum(square(fine), 0.0))))
    return pieces


def _step(values: Floats) -> float:
    return float(values[1] - values[0]) if len(values) > 1 else 1.0
