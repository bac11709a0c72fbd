"""The look of the app: colours by meaning, light and dark, and Bokeh figures that follow them.

A colour is asked for by what it means ("up", "text"); `Look.use` remembers where it was used, so that a change between
light and dark repaints what is there. Data colours are those of the journal figures (Okabe and Ito), lighter on dark.
"""

from __future__ import annotations

from typing import Any, Final

from bokeh.models import ColorBar, HoverTool, LinearColorMapper
from bokeh.palettes import Viridis256
from bokeh.plotting import figure

FONT: Final = "Inter, 'Segoe UI', system-ui, -apple-system, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
COLOURS: Final = {
    "page": ("#f4f6f8", "#14171a"),
    "card": ("#ffffff", "#1c2125"),
    "text": ("#1b1f24", "#e7eaed"),
    "muted": ("#58636e", "#a3adb6"),
    "line": ("#d3d9df", "#39424a"),
    "grid": ("#e9edf0", "#2a3138"),
    "accent": ("#0067a3", "#63bdf0"),
    "bad": ("#b3261e", "#ff8a80"),
    "normal": ("#e3e6e9", "#3a4046"),
    "up": ("#D55E00", "#F08A4B"),
    "down": ("#0072B2", "#63BDF0"),
    "neutral": ("#808890", "#9aa4ad"),
    "green": ("#009E73", "#2CC99A"),
    "purple": ("#B5578F", "#CC79A7"),
    "orange": ("#B97F00", "#E69F00"),
    "sky": ("#2A8FC9", "#56B4E9"),
}
"""Meaning -> colour on light and on dark. Those of data are those of `figures.style`, which loads matplotlib."""

SERIES: Final = ("down", "up", "green", "purple", "orange", "sky")
"""Meanings of the colours of curves, in order."""

_TOOLS: Final = "pan,box_zoom,wheel_zoom,reset,save"


class Look:
    """Colours of one session.

    Args:
        dark: whether the page is dark.
    """

    def __init__(self, dark: bool = False) -> None:
        self.dark = dark
        self._used: list[tuple[Any, str, str]] = []

    def colour(self, meaning: str) -> str:
        """The colour of a meaning."""
        return COLOURS[meaning][int(self.dark)]

    def use(self, model: Any, **meanings: str) -> Any:
        """Give properties of a Bokeh model the colours of their meanings, now and after every change."""
        for name, meaning in meanings.items():
            self._used.append((model, name, meaning))
            setattr(model, name, self.colour(meaning))
        return model

    def turn(self, dark: bool) -> None:
        """Change between light and dark."""
        self.dark = dark
        for model, name, meaning in self._used:
            setattr(model, name, self.colour(meaning))

    def figure(self, x: str, y: str, *, height: int = 420, title: str = "", **options: Any) -> Any:
        """An empty figure with labelled axes that fills the width of its column."""
        options = {"tools": _TOOLS, "active_drag": None, "active_scroll": None} | options
        plot = figure(
            height=height, sizing_mode="stretch_width", min_width=260, x_axis_label=x, y_axis_label=y, **options
        )
        plot.toolbar.logo, plot.toolbar.autohide = None, True
        plot.title.text = title
        plot.output_backend = "canvas"
        self._dress(plot)
        return plot

    def _dress(self, plot: Any) -> None:
        plot.outline_line_width = 1
        self.use(plot, background_fill_color="card", border_fill_color="card", outline_line_color="line")
        self.use(plot.title, text_color="text")
        plot.title.text_font, plot.title.text_font_size, plot.title.text_font_style = FONT, "13px", "bold"
        for axis in plot.axis:
            axis.axis_label_text_font, axis.major_label_text_font = FONT, FONT
            axis.axis_label_text_font_style, axis.axis_label_text_font_size = "normal", "13px"
            axis.major_label_text_font_size = "12px"
            axis.major_tick_out, axis.major_tick_in, axis.minor_tick_line_color = 0, 5, None
            colours = {"axis_line_color": "line", "major_tick_line_color": "muted", "major_label_text_color": "text"}
            self.use(axis, axis_label_text_color="text", **colours)
        for grid in plot.grid:
            self.use(grid, grid_line_color="grid")

    def legend(self, plot: Any, place: str = "top_right") -> None:
        """The legend of a figure, in its style; a click on an entry hides its curve."""
        legend = plot.legend[0]
        legend.click_policy = "mute"
        if place == "below":
            plot.center.remove(legend)
            plot.add_layout(legend, "below")
            legend.orientation, legend.location, legend.margin = "horizontal", "center", 0
        else:
            legend.location = place
        legend.label_text_font, legend.label_text_font_size = FONT, "12px"
        legend.background_fill_alpha, legend.border_line_color = 0.85, None
        legend.padding, legend.spacing, legend.glyph_width = 6, 2, 22
        self.use(legend, label_text_color="text", background_fill_color="card")

    def scale(
        self, plot: Any, low: float = 0.0, high: float = 1.0, title: str = "", place: str = "right"
    ) -> LinearColorMapper:  # fmt: skip
        """A colour scale (viridis) with its bar; what has no number has the colour of the normal state."""
        mapper = LinearColorMapper(palette=Viridis256, low=low, high=high)
        self.use(mapper, nan_color="normal")
        size = {"width": 12} if place == "right" else {"height": 10}
        bar = ColorBar(color_mapper=mapper, **size, padding=8, margin=0, bar_line_color=None, title=title or None)
        bar.title_text_font, bar.title_text_font_size, bar.title_text_font_style = FONT, "11px", "normal"
        bar.major_label_text_font, bar.major_label_text_font_size, bar.major_tick_line_color = FONT, "11px", None
        self.use(bar, background_fill_color="card", major_label_text_color="text", title_text_color="text")
        plot.add_layout(bar, place)
        return mapper

    def hover(self, plot: Any, renderers: list[Any], tips: list[tuple[str, str]], **options: Any) -> None:
        """What is shown beside the cursor over some curves."""
        plot.add_tools(HoverTool(renderers=renderers, tooltips=tips, **options))
