"""Drawings of a gated layered crystal: carriers, potential and field of the layers. A Dataset and Axes in, Axes out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from spinvalley.checks import InvalidInput
from spinvalley.figures.style import BLUE, RED

LAYER: Final = "Layer (1: at the gate)"
_WRITTEN: Final = 0.005


def draw_layer_shares(
    ax: Axes, data: xr.Dataset, *, label: str | None = None, colour: Any = BLUE, marker: str = "o"
) -> Axes:
    """Share of the carriers in each layer on a logarithmic scale: symbols, and the closed form as a line.

    Args:
        ax: where to draw.
        data: Dataset of `gating.solve_layers`, with `closed` (layer) where the closed form is to be drawn.
        label: name in the legend.
        colour: of symbols and line.
        marker: of the symbols.

    Returns:
        The same axes.

    Raises:
        InvalidInput: the Dataset has no fractions.

    Source: gated_mos2.txt, Fig. 1d; physics.md 4.5.
    """
    _need(data, "fraction")
    layer = data.layer.values
    if "closed" in data:
        ax.plot(layer, data.closed, color=colour, lw=0.8)
    ax.plot(layer, data.fraction, ls="", marker=marker, ms=4, color=colour, mfc="white", mew=1.0, label=label)
    ax.set_yscale("log")
    _layers(ax, layer)
    ax.set_ylabel("Share of the carriers")
    return ax


def draw_layer_densities(ax: Axes, data: xr.Dataset, *, colour: Any = BLUE, text: bool = True) -> Axes:
    """Carriers of each layer as bars, in 10^13 cm^-2.

    Args:
        ax: where to draw.
        data: Dataset of `gating.solve_layers`.
        colour: of the bars.
        text: whether to write shares of at least 0.5 % above the bars.

    Returns:
        The same axes.

    Raises:
        InvalidInput: the Dataset has no densities.

    Source: gated_mos2.txt, Fig. 1d.
    """
    _need(data, "density", "fraction")
    layer, density = data.layer.values, data.density.values / 1e13
    ax.bar(layer, density, width=0.7, color=colour, alpha=0.85)
    for x, height, share in zip(layer, density, data.fraction.values, strict=True):
        if text and share >= _WRITTEN:
            where: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center", "fontsize": 6.5}
            ax.annotate(f"{100 * share:.3g} %", (x, height), **where)
    _layers(ax, layer)
    ax.set_ylim(0, 1.12 * float(density.max()))
    ax.set_ylabel(r"$n_\ell$ ($10^{13}$ cm$^{-2}$)")
    return ax


def draw_potential(ax: Axes, data: xr.Dataset, *, colours: tuple[Any, Any] = (BLUE, RED)) -> tuple[Axes, Axes]:
    """Band edge of each layer (left axis) and field in the gaps between them (right axis).

    Args:
        ax: where to draw.
        data: Dataset of `gating.solve_layers`.
        colours: of the band edge and of the field.

    Returns:
        The axes of the band edge and those of the field.

    Raises:
        InvalidInput: the Dataset has no potential or field.

    Source: gated_mos2.txt, Fig. 1d.
    """
    _need(data, "potential", "field", "surface_field", "chemical_potential")
    layer = data.layer.values
    ax.plot(layer, data.potential, color=colours[0], marker="_", ms=12, mew=1.8, ls=(0, (1, 2)), lw=0.7)
    level = float(data.chemical_potential)
    ax.axhline(level, color=colours[0], lw=0.6, ls=(0, (4, 3)), zorder=0)
    ax.annotate(
        r"$E_{\rm F}$", (1.0, level), xycoords=("data", "data"), xytext=(0, -2), textcoords="offset points",
        ha="center", va="top", color=colours[0],
    )  # fmt: skip
    other = ax.twinx()
    places = np.append(layer[0] - 0.5, data.interface.values + 0.5)
    other.plot(places, np.append(data.surface_field, data.field), color=colours[1], marker="s", ms=3.2, lw=0.9)
    other.set_ylim(bottom=0)
    for axes, colour, text in (
        (ax, colours[0], r"Band edge $U_\ell$ (meV)"),
        (other, colours[1], r"Field (MV cm$^{-1}$)"),
    ):
        axes.set_ylabel(text, color=colour)
        axes.tick_params(axis="y", colors=colour, left=axes is ax, right=axes is other)
    _layers(ax, layer)
    return ax, other


def _layers(ax: Axes, layer: Any) -> None:
    ax.set_xlim(float(layer[0]) - 0.9, float(layer[-1]) + 0.7)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(LAYER)


def _need(data: xr.Dataset, *names: str) -> None:
    for name in names:
        if name not in data.variables:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(map(str, data.variables))}")
