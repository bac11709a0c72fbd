"""The figures of the command `edge`: which Datasets go onto which axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import xarray as xr
from matplotlib.figure import Figure

from spinvalley.figures.style import panels
from spinvalley.figures.topology import (
    Unit,
    add_spectral_scale,
    draw_edge_spectrum,
    draw_nodes,
    draw_strip,
    draw_winding,
    mark_flat_bands,
    winding_handles,
)

WITHOUT_FIELD: Final = "strip_without_field"
"""Name of the strip at V = 0."""

Data = Mapping[str, xr.Dataset]


def _without_field(data: Data, unit: Unit) -> Figure:
    figure, (ax,) = panels()
    draw_strip(ax, data[WITHOUT_FIELD], unit=unit)
    return figure


def _strip(data: Data, unit: Unit) -> Figure:
    figure, (ax,) = panels()
    draw_strip(ax, data["strip"], unit=unit)
    mark_flat_bands(ax, data["winding"], unit=unit)
    if handles := winding_handles(data["winding"]):
        place = (-0.02, 0.98)  # above the frame: levels are everywhere inside
        ax.legend(
            handles=handles, loc="lower left", bbox_to_anchor=place, ncols=len(handles), handlelength=1, columnspacing=1
        )
    return figure


def _winding(data: Data, unit: Unit) -> Figure:
    figure, (ax,) = panels(aspect=0.4)
    span = data["winding"].k_parallel.values / unit[0]
    draw_winding(ax, data["flat_bands"], unit=unit)
    ax.set_xlim(float(span.min()), float(span.max()))
    return figure


def _nodes(data: Data, _: Unit) -> Figure:
    figure, (ax,) = panels(aspect=0.88)
    draw_nodes(ax, data["nodes"], data["nodes"])
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="center")
    return figure


def _spectrum(data: Data, unit: Unit) -> Figure:
    figure, (ax,) = panels()
    add_spectral_scale(ax, draw_edge_spectrum(ax, data["edge_spectrum"], unit=unit))
    return figure


FIGURES: Final[Mapping[str, Callable[[Data, Unit], Figure]]] = {
    WITHOUT_FIELD: _without_field,
    "strip": _strip,
    "winding": _winding,
    "nodes": _nodes,
    "edge_spectrum": _spectrum,
}
"""Name of a figure -> drawing."""
