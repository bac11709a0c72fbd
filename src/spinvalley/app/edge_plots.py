"""Bokeh figures of an edge: winding numbers over the edge zone, levels of a strip, spectrum of a half plane."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, FixedTicker, Range1d, Span

from spinvalley.app.look import Look

_DECADES: Final = 4.0


class WindingPlot:
    """Winding number against momentum: bars up for w > 0, down for w < 0.

    Args:
        look: colours of the session.
        shared: range of the momentum, shared with the spectrum below.
    """

    def __init__(self, look: Look, shared: Any) -> None:
        self.look = look
        self.figure = plot = look.figure(
            "", "w", height=150, title="Winding number", x_range=shared, y_range=Range1d(-1.4, 1.4)
        )
        self._bars = ColumnDataSource({name: [] for name in ("left", "right", "top", "bottom", "colour", "w")})
        bars = plot.quad(source=self._bars, fill_color="colour", line_color=None)
        look.hover(plot, [bars], [("w", "@w"), ("from", "@left{0.00000}"), ("to", "@right{0.00000}")])
        plot.add_layout(look.use(Span(location=0, dimension="width", line_width=1), line_color="muted"))
        plot.yaxis.ticker = FixedTicker(ticks=[-1, 0, 1])
        plot.yaxis.fixed_location = None
        plot.min_border_left = 64

    def show(self, data: xr.Dataset, unit: float, label: str) -> None:
        """A Dataset of `topology.flat_bands`."""
        del label
        w = data.winding.values
        self._bars.data = {
            "left": data.start.values / unit, "right": data.stop.values / unit, "top": np.maximum(w, 0),
            "bottom": np.minimum(w, 0), "w": w, "colour": [self.look.colour("up" if n > 0 else "down") for n in w],
        }  # fmt: skip
        highest = max(1, int(np.abs(w).max(initial=0)))
        self.figure.y_range.start, self.figure.y_range.end = -1.4 * highest, 1.4 * highest
        self.figure.yaxis.ticker = FixedTicker(ticks=list(range(-highest, highest + 1)))


class SpectrumPlot:
    """Levels of a strip, or the spectral function of a half plane, with the flat bands at zero energy.

    Args:
        look: colours of the session.
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        self.figure = plot = look.figure(
            "k∥", "E / Δ", height=470, title="Spectrum", x_range=Range1d(-1, 1), y_range=Range1d(-0.5, 0.5)
        )
        plot.min_border_left = 64
        self._map = ColumnDataSource({name: [] for name in ("A", "x", "y", "dw", "dh")})
        self._mapper = look.scale(plot, -_DECADES, 0.0, "log₁₀ A / A_max", "below")
        self._bar = plot.below[-1]
        self._bar.visible = False
        image = plot.image("A", "x", "y", "dw", "dh", source=self._map, color_mapper=self._mapper, level="image")
        look.hover(plot, [image], [("k", "$x{0.0000}"), ("E/Δ", "$y{0.0000}"), ("log₁₀ A/A_max", "@A{0.00}")])
        self._narrow = ColumnDataSource({"left": [], "right": []})
        grey = plot.quad("left", "right", 1e3, -1e3, source=self._narrow, line_color=None, level="underlay")
        look.use(grey.glyph, fill_color="grid")
        self._levels = ColumnDataSource({"xs": [], "ys": []})
        lines = plot.multi_line("xs", "ys", source=self._levels, line_width=1.1)
        look.use(lines.glyph, line_color="text")
        self._flat = ColumnDataSource({"xs": [], "ys": [], "colour": []})
        plot.multi_line("xs", "ys", source=self._flat, line_color="colour", line_width=4, line_alpha=0.85)
        for meaning, text in (("up", "w > 0"), ("down", "w < 0")):
            key = plot.line([np.nan], [np.nan], line_width=4, legend_label=f"flat band, {text}")
            look.use(key.glyph, line_color=meaning)
        look.legend(plot)

    def show(
        self, strip: xr.Dataset | None, spectrum: xr.Dataset | None, bands: xr.Dataset, unit: tuple[float, float],
        label: str, reach: float,
    ) -> None:  # fmt: skip
        """What is known of a strip or of a half plane; energies up to `reach`."""
        plot = self.figure
        plot.xaxis.axis_label = f"k∥ ({label})"
        plot.y_range.start, plot.y_range.end = -reach, reach
        self._flat.data = {
            "xs": [[a / unit[0], b / unit[0]] for a, b in zip(bands.start.values, bands.stop.values, strict=True)],
            "ys": [[0.0, 0.0]] * bands.sizes["interval"],
            "colour": [self.look.colour("up" if w > 0 else "down") for w in bands.winding.values],
        }
        self._show_strip(strip, unit)
        self._show_map(spectrum, unit)
        plot.grid.visible = spectrum is None
        if strip is not None:
            plot.title.text = f"Strip of {strip.attrs['width']} columns: the {strip.sizes['state']} levels nearest zero"
        elif spectrum is not None:
            plot.title.text = (
                f"Spectral function at the edge of a half plane, broadening {spectrum.attrs['eta'] / unit[1]:.2g} Δ"
            )

    def _show_strip(self, strip: xr.Dataset | None, unit: tuple[float, float]) -> None:
        if strip is None:
            self._levels.data, self._narrow.data = {"xs": [], "ys": []}, {"left": [], "right": []}
            return
        k, energy = strip.k_parallel.values / unit[0], strip.energy.values / unit[1]
        self._levels.data = {"xs": [k] * energy.shape[1], "ys": list(energy.T)}
        narrow = strip.finite_size.values if "finite_size" in strip else np.zeros(len(k), dtype=bool)
        half = 0.5 * (k[1] - k[0])
        runs = [[n for n, _ in group] for held, group in groupby(enumerate(narrow), key=lambda p: bool(p[1])) if held]
        self._narrow.data = {"left": [k[r[0]] - half for r in runs], "right": [k[r[-1]] + half for r in runs]}

    def _show_map(self, data: xr.Dataset | None, unit: tuple[float, float]) -> None:
        self._bar.visible = data is not None
        if data is None:
            self._map.data = {name: [] for name in ("A", "x", "y", "dw", "dh")}
            return
        k, E = data.k_parallel.values / unit[0], data.energy.values / unit[1]
        values = data.total.transpose("energy", "k_parallel").values
        good = (data.status.transpose("energy", "k_parallel").values == "converged") & (values > 0)
        top = float(values[good].max(initial=1e-300))
        image = np.log10(np.where(good, np.maximum(values / top, 10.0**-_DECADES), np.nan))
        self._mapper.low = min(-0.5, float(np.floor(2 * np.nanmin(image, initial=0.0)) / 2))
        wide, high = k[1] - k[0], E[1] - E[0]
        self._map.data = {
            "A": [image], "x": [k[0] - wide / 2], "y": [E[0] - high / 2], "dw": [np.ptp(k) + wide],
            "dh": [np.ptp(E) + high],
        }  # fmt: skip
