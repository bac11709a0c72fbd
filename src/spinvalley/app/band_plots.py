"""Bokeh figures of the normal state: bands with their spin along a path, Fermi lines with their spin in the zone."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, Range1d, Span
from numpy.typing import NDArray

from spinvalley.app.look import Look
from spinvalley.checks import Floats

NAMES: Final = {"Gamma": "Γ", "K'": "K′"}
"""Names of the points of the zone as they are shown."""

_PIECES: Final = 8  # points of a piece of one colour


class BandPlot:
    """Energies along a path in the zone, coloured by the spin along z.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.figure = plot = look.figure("Path in the zone", "Energy", height=540, title="Bands", x_range=Range1d(0, 1))
        self._lines = ColumnDataSource({name: [] for name in ("xs", "ys", "colour", "spin")})
        lines = plot.multi_line("xs", "ys", line_color="colour", source=self._lines, line_width=2, line_cap="butt")
        look.hover(plot, [lines], [("E", "$y{0.0000}"), ("⟨σz⟩", "@spin{0.00}")])
        level = Span(location=0, dimension="width", line_dash=[5, 4], line_width=1)
        plot.add_layout(look.use(level, line_color="muted"))
        plot.xgrid.visible = True
        plot.y_range = Range1d(-1, 1)
        for meaning, label in (("up", "spin up"), ("down", "spin down"), ("neutral", "mixed")):
            key = plot.line([np.nan], [np.nan], line_width=3, legend_label=label)
            look.use(key.glyph, line_color=meaning)
        look.legend(plot, "top_right")

    def show(self, data: xr.Dataset, unit: str, window: float | None) -> None:
        """A Dataset of `normal.bands`; energies up to `window` from the Fermi level, all if None."""
        x, energy, spin = data.distance.values, data.energy.values, data.sz.values
        columns: dict[str, list[Any]] = {name: [] for name in ("xs", "ys", "colour", "spin")}
        for n in range(energy.shape[1]):
            for start in range(0, len(x) - 1, _PIECES):
                part = slice(start, min(start + _PIECES + 1, len(x)))
                middle = float(np.mean(spin[part, n]))
                columns["xs"].append(x[part])
                columns["ys"].append(energy[part, n])
                columns["colour"].append(spin_colour(self.look, middle))
                columns["spin"].append(middle)
        self._lines.data = columns
        ticks = [float(t) for t in data.tick.values]
        self.figure.xaxis.ticker = ticks
        self.figure.xgrid.ticker = ticks
        names = [NAMES.get(str(name), str(name)) for name in data.tick_label.values]
        self.figure.xaxis.major_label_overrides = dict(zip(ticks, names, strict=True))
        self.figure.x_range.start, self.figure.x_range.end = ticks[0], ticks[-1]
        lowest, highest = float(energy.min()), float(energy.max())
        reach = (lowest, highest) if window is None else (max(-window, lowest), min(window, highest))
        margin = 0.04 * (reach[1] - reach[0])
        self.figure.y_range.start, self.figure.y_range.end = reach[0] - margin, reach[1] + margin
        self.figure.yaxis.axis_label = f"Energy from the Fermi level ({unit})"


class ZonePlot:
    """Fermi lines in the Brillouin zone, coloured by the spin along z.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.figure = plot = look.figure(
            "kx", "ky", height=540, title="Fermi lines: colour of the spin", match_aspect=True,
        )  # fmt: skip
        self._zone = ColumnDataSource({"x": [-4.0, 0.0, 4.0], "y": [-4.0, 4.0, -4.0]})
        border = plot.patch("x", "y", source=self._zone, fill_alpha=0, line_width=1.2)
        look.use(border.glyph, line_color="muted")
        plot.x_range.renderers = plot.y_range.renderers = [border]
        self._lines = ColumnDataSource({name: [] for name in ("xs", "ys", "colour", "spin", "kind")})
        lines = plot.multi_line("xs", "ys", line_color="colour", source=self._lines, line_width=2.2)
        look.hover(plot, [lines], [("k", "$x{0.000}, $y{0.000}"), ("⟨σz⟩", "@spin{0.00}"), ("pocket", "@kind")])

    def show(self, data: xr.Dataset, unit: str) -> None:
        """A Dataset of `normal.fermi_contours`, its unit of momentum: all images of the lines inside the zone."""
        self.figure.xaxis.axis_label, self.figure.yaxis.axis_label = f"kx ({unit})", f"ky ({unit})"
        corners = data.zone_corners.values
        self._zone.data = {"x": corners[:, 0], "y": corners[:, 1]}
        columns: dict[str, list[Any]] = {name: [] for name in ("xs", "ys", "colour", "spin", "kind")}
        shifts = np.array(list(product(range(-2, 3), repeat=2))) @ data.reciprocal.values
        for n in range(data.sizes["contour"]):
            k = np.concatenate([data.k.values[n], data.k.values[n, :1] + data.winding.values[n]])
            spin = np.append(data.sz.values[n], data.sz.values[n, 0])
            for shift in shifts:
                self._add(columns, k + shift, spin, corners, str(data.kind.values[n]))
        self._lines.data = columns

    def _add(self, columns: dict[str, list[Any]], k: Floats, spin: Floats, corners: Floats, kind: str) -> None:
        held = _inside(k, corners)
        if not held.any():
            return
        for start in range(0, len(k) - 1, _PIECES):
            part = slice(start, min(start + _PIECES + 1, len(k)))
            if not held[part].any():
                continue
            x, y = np.where(held[part, None], k[part], np.nan).T
            middle = float(np.mean(spin[part]))
            for name, value in (
                ("xs", x), ("ys", y), ("colour", spin_colour(self.look, middle)), ("spin", middle), ("kind", kind),
            ):  # fmt: skip
                columns[name].append(value)


def spin_colour(look: Look, spin: float) -> str:
    """Colour between down, neutral and up for <sigma_z> from -1 to 1."""
    end = look.colour("up" if spin > 0 else "down")
    share = min(abs(spin), 1.0)
    pairs = zip(bytes.fromhex(end[1:]), bytes.fromhex(look.colour("neutral")[1:]), strict=True)
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in pairs).hex()


def _inside(k: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Which points (n, 2) lie in a convex polygon around the origin, its border included."""
    sides = np.roll(corners, -1, axis=0) - corners
    outward = np.stack([sides[:, 1], -sides[:, 0]], axis=1)
    outward *= np.sign(np.sum(outward * corners, axis=1, keepdims=True))
    reach = np.sum(outward * corners, axis=1)
    return np.asarray(np.all(k @ outward.T <= reach * (1 + 1e-9), axis=1))
