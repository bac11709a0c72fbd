"""Drawings of phase diagrams: critical lines with their order, gap maps. A Dataset and Axes in, the Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from spinvalley.checks import Floats, InvalidInput, positive
from spinvalley.figures.style import BLACK, GREY, SEQUENTIAL

_DASHES: Final = (0, (3.2, 1.6))
_DOTS: Final = (0, (1, 1.4))
_FAMILY: Final = "plasma"
_NORMAL: Final = "#E6E6E6"
_AXES: Final = ("kT", "zeeman")
_Point = tuple[float, float, int]


def draw_critical_lines(
    ax: Axes,
    lines: Mapping[str, xr.Dataset],
    *,
    kT_unit: float = 1.0,
    zeeman_unit: float = 1.0,
    colours: Sequence[Any] | None = None,
    markers: bool = True,
) -> Axes:
    """Critical field against temperature: continuous parts full, first-order parts dashed with open markers.

    A transition between two superconducting states (`jump`) is dotted, the tricritical point is a star. There the line
    changes its style; without that point it is dashed up to the next continuous point. The line is a smooth guide
    through the computed points.

    Args:
        ax: where to draw.
        lines: name in the legend -> Dataset of `phase.critical_field`; its attributes `tricritical_kT` and
            `tricritical_zeeman` (energies) place the star.
        kT_unit: energy that is 1 on the temperature axis.
        zeeman_unit: energy that is 1 on the field axis.
        colours: a colour for each line; by default shades in the order of the lines.
        markers: whether to mark the computed points.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a Dataset without a critical field, or as many colours as lines are not given.

    Source: heterostructure.txt, Fig. 3a.
    """
    units = positive("kT_unit", kT_unit), positive("zeeman_unit", zeeman_unit)
    shades = list(colours) if colours is not None else ordered_colours(len(lines))
    if len(shades) != len(lines):
        raise InvalidInput(f"`colours` must be {len(lines)}, one for each line, but are {len(shades)}")
    for (label, data), colour in zip(lines.items(), shades, strict=True):
        _need(data, "zeeman", "order", "kT")
        _draw_line(ax, data, units, colour, label, markers)
    ax.set_xlim(left=0)
    if ax.get_yscale() == "linear":
        ax.set_ylim(bottom=0)
    return ax


def ordered_colours(number: int) -> list[Any]:
    """Colours for a family of curves in an order, dark to light, all dark enough on white."""
    return [mpl.colormaps[_FAMILY](x) for x in np.linspace(0.0, 0.82, number)]


def draw_pauli_limit(ax: Axes, level: float = 1.0, text: str = r"$H_{\rm P}$") -> Axes:
    """A thin line at the Pauli limit, named at the right edge of the axes."""
    ax.axhline(level, color=GREY, lw=0.7, ls=(0, (5, 2, 1, 2)), zorder=0.5)
    ax.annotate(
        text, (1, level), xycoords=("axes fraction", "data"), xytext=(-3, 2), textcoords="offset points",
        ha="right", va="bottom", color=GREY,
    )  # fmt: skip
    return ax


def order_handles(lines: Mapping[str, xr.Dataset]) -> list[Line2D]:
    """Entries of a legend that explain the styles which these lines need."""
    orders = {int(order) for data in lines.values() for order in np.unique(data.order)}
    handles = []
    if 2 in orders:
        handles.append(Line2D([], [], color=BLACK, marker="o", ms=2.6, label="continuous"))
    if 1 in orders:
        handles.append(
            Line2D([], [], color=BLACK, ls=_DASHES, marker="o", ms=3, mfc="white", mew=0.7, label="first order")
        )
    if any(np.isfinite(data.attrs.get("tricritical_kT", np.nan)) for data in lines.values()):
        handles.append(Line2D([], [], color=BLACK, ls="", marker="*", ms=6.5, mew=0.4, label="tricritical"))
    if any("jump" in data and np.isfinite(data.jump).any() for data in lines.values()):
        handles.append(Line2D([], [], color=BLACK, ls=_DOTS, marker="d", ms=3, mfc="white", mew=0.7, label="within S"))
    return handles


def draw_gap_map(
    ax: Axes,
    data: xr.Dataset,
    *,
    line: xr.Dataset | None = None,
    kT_unit: float = 1.0,
    zeeman_unit: float = 1.0,
    gap_unit: float = 1.0,
) -> QuadMesh:
    """Map of the equilibrium gap over temperature and field, with the transition line in the style of its order.

    The normal state is grey, a point that did not converge is white.

    Args:
        ax: where to draw.
        data: Dataset of `phase.phase_diagram`.
        line: Dataset of `phase.critical_field`, drawn on top.
        kT_unit: energy that is 1 on the temperature axis.
        zeeman_unit: energy that is 1 on the field axis.
        gap_unit: energy that is 1 on the colour scale.

    Returns:
        The mesh on `ax`, from which `add_gap_scale` makes the colour bar.

    Raises:
        InvalidInput: a Dataset without a map.

    Source: heterostructure.txt, Fig. 3b-c.
    """
    _need(data, "gap", "kT", "zeeman", "status")
    kT, zeeman = (
        data.kT.values / positive("kT_unit", kT_unit),
        data.zeeman.values / positive("zeeman_unit", zeeman_unit),
    )
    gap = data.gap.transpose("zeeman", "kT").values / positive("gap_unit", gap_unit)
    state = data.status.transpose("zeeman", "kT").values
    normal, sound = state == "normal", np.isin(state, ("normal", "converged"))
    ax.set_facecolor("white")
    ax.pcolormesh(
        kT, zeeman, np.ma.masked_where(~normal, normal), cmap=_flat(_NORMAL), shading="nearest", rasterized=True
    )
    shown = np.ma.masked_where(normal | ~sound, gap)
    mesh = ax.pcolormesh(kT, zeeman, shown, cmap=SEQUENTIAL, vmin=0, vmax=1, shading="nearest", rasterized=True)
    if line is not None:
        _need(line, "zeeman", "order", "kT")
        _draw_line(ax, line, (kT_unit, zeeman_unit), BLACK, None, False)
    ax.set_xlim(max(0.0, float(kT[0])), float(kT[-1]))
    ax.set_ylim(max(0.0, float(zeeman[0])), float(zeeman[-1]))
    return mesh


def add_gap_scale(ax: Axes, mesh: QuadMesh, label: str = r"$\Delta/\Delta_0$") -> Axes:
    """Colour bar of a gap map."""
    figure = ax.get_figure()
    if figure is None:
        raise InvalidInput("`ax` must belong to a figure, but does not")
    figure.colorbar(mesh, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)), label=label)
    return ax


def _draw_line(
    ax: Axes, data: xr.Dataset, units: tuple[float, float], colour: Any, label: str | None, markers: bool
) -> None:
    points = _points(data, units)
    star = _tricritical(points, data, units)
    outline = [] if markers else [withStroke(linewidth=2.4, foreground="white")]
    for is_first, x, y in _pieces(points, star):
        ax.plot(x, y, color=colour, ls=_DASHES if is_first else "-", path_effects=outline)
    for order, face in ((1, "white"), (2, colour)):
        chosen = [p[:2] for p in points if p[2] == order]
        if chosen and markers:
            ax.plot(
                *zip(*chosen, strict=True),
                ls="",
                marker="o",
                ms=3 if order == 1 else 2.6,
                mfc=face,
                mec=colour,
                mew=0.7,
            )
    if "jump" in data and np.isfinite(data.jump).any():
        inner = data.where(np.isfinite(data.jump), drop=True)
        marker = "d" if markers else ""
        ax.plot(
            inner.kT / units[0],
            inner.jump / units[1],
            color=colour,
            ls=_DOTS,
            marker=marker,
            ms=3,
            mfc="white",
            mew=0.7,
        )
    if star is not None:
        ax.plot(*star[:2], ls="", marker="*", ms=6.5, color=colour, mec="white", mew=0.4, zorder=4, clip_on=False)
    if label is not None:
        ax.plot([], [], color=colour, label=label)


def _points(data: xr.Dataset, units: tuple[float, float]) -> list[_Point]:
    """(kT, zeeman, order) in their units by temperature, without points that have no transition."""
    ordered = data.sortby("kT")
    rows = zip(ordered.kT.values, ordered.zeeman.values, ordered.order.values, strict=True)
    return [(float(t) / units[0], float(v) / units[1], int(n)) for t, v, n in rows if n in (1, 2) and np.isfinite(v)]


def _tricritical(points: list[_Point], data: xr.Dataset, units: tuple[float, float]) -> _Point | None:
    """The tricritical point, if it lies between points of different order."""
    kT, zeeman = (
        float(data.attrs.get(f"tricritical_{name}", np.nan)) / u for name, u in zip(_AXES, units, strict=True)
    )
    between = any(a[2] != b[2] and a[0] <= kT <= b[0] for a, b in pairwise(points))
    return (kT, zeeman, 2) if between and np.isfinite(zeeman) else None


def _pieces(points: list[_Point], star: _Point | None) -> list[tuple[bool, Floats, Floats]]:
    """Smooth pieces (is first order, x, y) of a line, split where its order changes.

    Between the points the square of the field is interpolated (monotone, cubic): it is linear near Tc.
    """
    places = sorted([*points, star] if star is not None else points)
    x, y = np.array([place[0] for place in places]), np.array([place[1] for place in places])
    smooth = PchipInterpolator(x, y**2) if len(places) > 2 and np.all(np.diff(x) > 0) else None
    dense = 1 - np.linspace(1, 0, 25) ** 2
    pieces = []
    for is_first, pairs in groupby(pairwise(range(len(places))), key=lambda pair: 1 in (places[n][2] for n in pair)):
        ends = list(pairs)
        if smooth is None:
            chosen = [ends[0][0], *(last for _, last in ends)]
            pieces.append((is_first, x[chosen], y[chosen]))
        else:
            fine = np.concatenate([x[a] + (x[b] - x[a]) * dense for a, b in ends])
            pieces.append((is_first, fine, np.sqrt(np.maximum(smooth(fine), 0))))
    return pieces


def _flat(colour: str) -> Any:
    return mpl.colors.ListedColormap([colour])


def _need(data: xr.Dataset, *names: str) -> None:
    held: NDArray[np.str_] = np.array([str(name) for name in data.variables])
    for name in names:
        if name not in held:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(held)}")
