"""Drawings of upper critical fields in kelvin and tesla. A Dataset and Axes in, the Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from spinvalley.checks import Floats, InvalidInput, positive
from spinvalley.figures.phase import draw_critical_lines
from spinvalley.figures.style import BLACK, GREY

TEMPERATURE: Final = r"Temperature $T$ (K)"
FIELD: Final = r"$\mu_0 H_{\rm c2}$ (T)"
_DASHED_DOT: Final = (0, (5, 2, 1, 2))


def draw_hc2(
    ax: Axes,
    lines: Mapping[str, xr.Dataset],
    *,
    tc: float | None = None,
    colours: Sequence[Any] | None = None,
    markers: bool = False,
) -> Axes:
    """Upper critical field against temperature: continuous parts full, first-order parts dashed.

    Args:
        ax: where to draw.
        lines: name in the legend -> Dataset of `pairing.hc2` over T.
        tc: critical temperature in K at which the lines end; by default that in the attributes of each.
        colours: a colour for each line; by default shades in the order of the lines.
        markers: whether to mark the computed points.

    Returns:
        The same axes, with labels in K and T.

    Raises:
        InvalidInput: a Dataset without B, order and T; `tc` not positive.

    Source: gated_mos2.txt, Fig. 4c.
    """
    ends = {name: line.attrs.get("tc") if tc is None else positive("tc", tc) for name, line in lines.items()}
    ready = {name: _to_the_end(line, ends[name]) for name, line in lines.items()}
    before = len(ax.lines)
    draw_critical_lines(ax, ready, colours=colours, markers=markers)
    for drawn in ax.lines[before:]:
        drawn.set_path_effects([])  # the outline is for lines on maps
    ax.set_xlabel(TEMPERATURE)
    ax.set_ylabel(FIELD)
    return ax


def draw_points(ax: Axes, data: xr.Dataset, label: str = "data", colour: str = BLACK) -> Axes:
    """Measured points with their error bars, above the curves.

    Args:
        ax: where to draw.
        data: Dataset over T with B and sigma (tesla).
        label: name in the legend.
        colour: of the symbols.

    Returns:
        The same axes.

    Raises:
        InvalidInput: B or sigma is missing.
    """
    _need(data, "B", "sigma", "T")
    bars = {"yerr": data.sigma.values, "elinewidth": 0.7, "capsize": 1.5}
    ax.errorbar(data["T"], data.B, ls="", marker="s", ms=3.6, color=colour, mfc="white", label=label, zorder=5, **bars)
    return ax


def draw_level(ax: Axes, level: float, text: str, *, at: float = 0.02, below: bool = False, colour: str = GREY) -> Axes:
    """A thin horizontal line with its name above or below it, `at` a fraction of the width from the left."""
    ax.axhline(level, color=colour, lw=0.7, ls=_DASHED_DOT, zorder=0.5)
    ax.annotate(
        text, (at, level), xycoords=("axes fraction", "data"), xytext=(0, -2 if below else 1.5),
        textcoords="offset points", ha="left", va="top" if below else "bottom", color=colour, fontsize=7,
    )  # fmt: skip
    return ax


def draw_family(
    ax: Axes,
    data: xr.Dataset,
    x: str,
    y: str,
    family: str,
    *,
    unit: tuple[float, float] = (1.0, 1.0),
    labels: Sequence[str] | None = None,
    colours: Sequence[Any],
    marker: str = "",
    **line: Any,
) -> Axes:
    """One curve for each value of a coordinate.

    Args:
        ax: where to draw.
        data: Dataset with `y` over `family` and `x`.
        x: coordinate on the abscissa.
        y: variable on the ordinate.
        family: coordinate that numbers the curves.
        unit: what is 1 on the two axes.
        labels: name of each curve; none by default.
        colours: colour of each curve.
        marker: of the computed points.
        line: further properties of the lines (matplotlib).

    Returns:
        The same axes.

    Raises:
        InvalidInput: a name that the Dataset does not have, or another number of colours or labels than curves.
    """
    _need(data, x, y, family)
    table = data[y].transpose(family, x).values
    for name, given in (("colours", colours), ("labels", labels)):
        if given is not None and len(given) != len(table):
            raise InvalidInput(f"`{name}` must be {len(table)}, one for each curve, but are {len(given)}")
    for n, row in enumerate(table):
        text = None if labels is None else labels[n]
        style: dict[str, Any] = {"marker": marker, "ms": 3, "color": colours[n]} | line
        ax.plot(data[x].values / unit[0], row / unit[1], label=text, **style)
    return ax


def _to_the_end(line: xr.Dataset, tc: float | None) -> xr.Dataset:
    """The line in the names of `phase.critical_field`, with the point (Tc, 0) where it ends."""
    _need(line, "B", "order", "T")
    kept = line[["B", "order"]]
    if tc is not None:
        below = kept.isel(T=np.flatnonzero(line["T"].values < tc))
        end = xr.Dataset({"B": ("T", [0.0]), "order": ("T", [2])}, {"T": _one(tc)})
        kept = xr.concat([below, end], "T")
    return kept.rename({"T": "kT", "B": "zeeman"})


def _one(value: float) -> Floats:
    return np.array([value])


def _need(data: xr.Dataset, *names: str) -> None:
    for name in names:
        if name not in data.variables:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(map(str, data.variables))}")
