"""Drawings of studies: a variable as a map or as lines, with the status of every point. Dataset and Axes in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from spinvalley.checks import Floats, InvalidInput, one_of
from spinvalley.figures.phase import ordered_colours
from spinvalley.figures.style import BLACK, GREY, PALETTE, SEQUENTIAL

SOUND: Final = ("converged", "done")
"""Statuses of values that are shown as they are."""

NORMAL: Final = "normal"
DOUBTFUL: Final = ("not converged", "beyond range", "gap closed")
"""Statuses of values that are shown with a mark."""

_NORMAL_GREY: Final = "#E6E6E6"
_FAILED_GREY: Final = "#9A9A9A"
_MOST_LINES: Final = 7
_MOST_KINDS: Final = 9
_ROOM: Final = 44  # letters of a legend that fit above a panel of one column
_HANDLE: Final = 5  # letters that a handle takes

_NAMES: Final = {
    "kT": r"$k_{\rm B}T$", "T": r"$T$", "kTc": r"$k_{\rm B}T_{\rm c}$", "zeeman": r"$V$", "gap": r"$\Delta$",
    "zeeman_linear": r"$V$, linearised", "B": r"$B$", "B_linear": r"$B$, linearised", "theta": r"$\theta$",
    "coupling": r"$\Gamma$", "gap0": r"$\Delta_0$", "layer_gap0": r"$\Delta_0$ of the layer",
    "beta_so": r"$\beta_{\rm so}$", "mu": r"$\mu$", "density": r"$n$", "rashba": r"$\alpha_{\rm R}$",
    "k_parallel": r"$k_\parallel$", "tau_so": r"$\tau_{\rm so}$", "tc": r"$T_{\rm c}$", "threshold": r"$V$ at closing",
    "fraction": "share of the edge zone", "winding": r"$w$", "order": "order", "strip_gap": r"lowest $|E|$",
    "bulk_gap": "bulk gap", "width": "width", "rashba_ratio": "Rashba ratio", "enhancement": r"$B/B_{\rm P}$",
}  # fmt: skip
_SHORT_UNITS: Final = {
    "energy unit of the model": "", "degree": "°", "cm^-2": r"cm$^{-2}$", "half edge zones": "half edge zones",
    "1": "", "1/nm": r"nm$^{-1}$",
}  # fmt: skip


def draw_study_map(ax: Axes, data: xr.Dataset, variable: str, x: str, y: str) -> Axes:
    """A variable over two coordinates. Normal state light grey, failed dark grey, not yet computed white.

    Points that did not reach the tolerance are hatched. Whole numbers and texts of few kinds get a colour each with a
    legend, all others a colour bar.

    Args:
        ax: where to draw.
        data: over x and y only, with `status`.
        variable: what is drawn.
        x: coordinate to the right.
        y: coordinate upwards.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a variable that is not there, other dimensions, names instead of numbers on an axis.
    """
    _check(data, variable, (x, y))
    status = data.status.transpose(y, x).values
    shown, normal = np.isin(status, (*SOUND, *DOUBTFUL)), status == NORMAL
    values, kinds = _numbers(data[variable].transpose(y, x).values, shown)
    edges = _edges(ax, "x", data[x].values), _edges(ax, "y", data[y].values)
    states = (normal, _NORMAL_GREY, "normal state"), (_failed(status), _FAILED_GREY, "failed")
    handles = []
    for where, colour, text in states:
        if where.any():
            ax.pcolormesh(*edges, np.ma.masked_where(~where, where), cmap=ListedColormap([colour]), rasterized=True)
            handles.append(Patch(facecolor=colour, label=text))
    handles += _coloured(ax, edges, np.ma.masked_where(~shown | ~np.isfinite(values), values), kinds, data, variable)
    doubtful = np.isin(status, DOUBTFUL)
    if doubtful.any():
        _hatch(ax, edges, doubtful)
        handles.append(Patch(facecolor="white", edgecolor=BLACK, hatch="//////", lw=0.4, label="not converged"))
    _legend(ax, handles)
    ax.set_xlabel(label(data, x))
    ax.set_ylabel(label(data, y))
    return ax


def draw_study_lines(ax: Axes, data: xr.Dataset, variable: str, x: str, family: str | None = None) -> Axes:
    """A variable against one coordinate, a line for each value of another.

    Points that did not reach the tolerance are open, failed ones are crosses at the bottom that interrupt a line.

    Args:
        ax: where to draw.
        data: over x and, if given, family only, with `status`.
        variable: what is drawn.
        x: coordinate to the right.
        family: coordinate that tells the lines apart.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a variable that is not there or no number, other dimensions.
    """
    _check(data, variable, (x,) if family is None else (x, family))
    if data[variable].dtype.kind not in "fiub":
        raise InvalidInput(f"`variable` must hold numbers to be drawn as lines, but {variable} holds texts")
    members = [data] if family is None else [data.isel({family: n}) for n in range(data.sizes[family])]
    colours = list(PALETTE[:1]) if family is None else _family_colours(len(members))
    few = family is not None and len(members) <= _MOST_LINES
    for one, colour in zip(members, colours, strict=True):
        _draw_line(ax, one, variable, x, colour, _value(one[family].values) if few else None)
    if family is not None and not few:
        _family_bar(ax, data, family, colours)
    named = [handle for handle in ax.get_lines() if not str(handle.get_label()).startswith("_")]
    _legend(ax, [*named, *_marks(data.status.values)], label(data, str(family)) if few else None)
    ax.set_xlabel(label(data, x))
    ax.set_ylabel(label(data, variable))
    return ax


def _draw_line(ax: Axes, one: xr.Dataset, variable: str, x: str, colour: Any, text: str | None) -> None:
    """One line through sound and doubtful points; those of the normal state are dots of their own."""
    place, value, status = one[x].values, one[variable].values.astype(float), one.status.values
    open_ones, normal, failed = np.isin(status, DOUBTFUL), status == NORMAL, _failed(status)
    joined = np.where(np.isin(status, (*SOUND, *DOUBTFUL)), value, np.nan)
    ax.plot(place, joined, "-", color=colour, label=text)
    for chosen, face, edge in ((~open_ones & ~normal, colour, colour), (open_ones, "white", colour)):
        ax.plot(place[chosen], joined[chosen], "o", ms=2.8, mfc=face, mec=edge, mew=0.7)
    ax.plot(place[normal], value[normal], "o", ms=2.0, color=_FAILED_GREY, zorder=1)
    if failed.any():  # without clipping an empty line would count as a point at the corner of the page
        bottom = ax.get_xaxis_transform()
        ax.plot(place[failed], np.zeros(failed.sum()), "x", ms=4, color=GREY, transform=bottom, clip_on=False)


def _marks(status: NDArray[Any]) -> list[Line2D]:
    """What the marks of the points mean, as far as they are there."""
    kinds: tuple[tuple[Any, dict[str, Any]], ...] = (
        (np.isin(status, DOUBTFUL), {"marker": "o", "ms": 3, "mfc": "white", "mec": BLACK, "label": "not converged"}),
        (status == NORMAL, {"marker": "o", "ms": 2, "color": _FAILED_GREY, "label": "normal state"}),
        (_failed(status), {"marker": "x", "ms": 4, "color": GREY, "label": "failed"}),
    )
    return [Line2D([], [], ls="", mew=0.7, **style) for where, style in kinds if np.any(where)]


def label(data: xr.Dataset, name: str) -> str:
    """Text of an axis: the symbol with its unit."""
    unit = str(data[name].attrs.get("units", ""))
    short = _SHORT_UNITS.get(unit, unit)
    return f"{_NAMES.get(name, name.replace('_', ' '))}{f' ({short})' if short else ''}"


def _check(data: xr.Dataset, variable: str, dims: Sequence[str]) -> None:
    one_of("variable", variable, [str(name) for name in data.data_vars if name != "message"])
    if data[variable].dtype.kind == "c":
        raise InvalidInput(f"`variable` must hold real numbers or names, but {variable} is complex")
    for name in dims:
        one_of("axis", name, [str(dim) for dim in data.dims])
    rest = [str(dim) for dim in data[variable].dims if dim not in dims]
    if rest or set(map(str, data[variable].dims)) != set(dims):
        raise InvalidInput(
            f"`{variable}` must be over {', '.join(dims)} only, but is over {', '.join(map(str, data[variable].dims))}"
        )
    if len(set(dims)) < len(dims):
        raise InvalidInput(f"`x` and `y` must be two coordinates, but both are {dims[0]}")


def _numbers(values: NDArray[Any], shown: NDArray[np.bool_]) -> tuple[Floats, list[str] | None]:
    """Numbers to colour, and names of the kinds where there are few."""
    if values.dtype.kind not in "fiub":
        kinds = sorted(set(map(str, values[shown])))
        return np.searchsorted(kinds, values.astype(str)).astype(float) if kinds else np.full(
            values.shape, np.nan
        ), kinds
    numbers = values.astype(float)
    held = np.unique(numbers[shown & np.isfinite(numbers)])
    if 0 < len(held) <= _MOST_KINDS and np.all(held == np.rint(held)):
        return np.where(np.isfinite(numbers), np.searchsorted(held, numbers), np.nan), [f"{int(n)}" for n in held]
    return numbers, None


def _coloured(ax: Axes, edges: Any, values: Any, kinds: list[str] | None, data: xr.Dataset, variable: str) -> list[Any]:
    """The values themselves, with a colour bar; the handles of a legend where they are of few kinds."""
    if kinds is None:
        mesh = ax.pcolormesh(*edges, values, cmap=SEQUENTIAL, rasterized=True)
        figure = ax.get_figure()
        if figure is not None:
            figure.colorbar(mesh, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)), label=label(data, variable))
        return []
    colours = [mpl.colormaps[SEQUENTIAL](x) for x in np.linspace(0.15, 0.9, max(len(kinds), 1))]
    norm = BoundaryNorm(np.arange(len(colours) + 1) - 0.5, len(colours))
    ax.pcolormesh(*edges, values, cmap=ListedColormap(colours), norm=norm, rasterized=True)
    name = "" if not all(kind.lstrip("-").isdigit() for kind in kinds) else f"{_NAMES.get(variable, variable)} "
    return [Patch(facecolor=c, label=f"{name}{kind}") for c, kind in zip(colours, kinds, strict=False)]


def _edges(ax: Axes, which: str, values: NDArray[Any]) -> Floats:
    """Borders of the cells around the values; a logarithmic axis where the values grow by even ratios."""
    if values.dtype.kind not in "fiu":
        raise InvalidInput(f"`{which}` must be a coordinate with numbers, but its values are names")
    at = np.sort(values.astype(float))
    if len(at) == 1:
        return np.array([at[0] - 0.5, at[0] + 0.5])
    growing = len(at) > 2 and at[0] > 0 and np.ptp(np.diff(np.log(at))) < 1e-6 and np.ptp(np.diff(at)) > 1e-6 * at[-1]
    if growing:
        (ax.set_xscale if which == "x" else ax.set_yscale)("log")
        axis = ax.xaxis if which == "x" else ax.yaxis
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
        at = np.log(at)
    middle = 0.5 * (at[1:] + at[:-1])
    out = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.exp(out) if growing else out


def _hatch(ax: Axes, edges: tuple[Floats, Floats], where: NDArray[np.bool_]) -> None:
    """Strokes over the cells."""
    x, y = edges
    rows, columns = np.nonzero(where)
    left, right, low, high = x[columns], x[columns + 1], y[rows], y[rows + 1]
    corners = np.stack([np.stack([left, left, right, right], -1), np.stack([low, high, high, low], -1)], axis=-1)
    cells = PolyCollection(list(corners), facecolor="none", edgecolor=BLACK, lw=0, hatch="//////", zorder=3)
    ax.add_collection(cells, autolim=False)


def _failed(status: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isin(status, ("failed", "poisoned"))


def _family_colours(number: int) -> list[Any]:
    return list(PALETTE[:number]) if number <= 2 else ordered_colours(number)


def _family_bar(ax: Axes, data: xr.Dataset, family: str, colours: list[Any]) -> None:
    """One band of the bar for each line, with its value beside it."""
    number = len(colours)
    shades = mpl.cm.ScalarMappable(BoundaryNorm(np.arange(number + 1) - 0.5, number), ListedColormap(colours))
    figure = ax.get_figure()
    if figure is None:
        return
    shown = np.unique(np.linspace(0, number - 1, _MOST_LINES).round().astype(int))
    bar = figure.colorbar(shades, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)), label=label(data, family), ticks=shown)
    bar.ax.set_yticklabels([_value(data[family].values[n]) for n in shown])
    bar.ax.tick_params(which="both", length=0)


def _legend(ax: Axes, handles: Sequence[Any], title: str | None = None) -> None:
    """Above the axes, where it hides nothing, and not wider than they are."""
    if not handles:
        return
    widest = max(len(str(handle.get_label())) for handle in handles) + _HANDLE
    columns = max(1, min(len(handles), _ROOM // widest))
    ax.legend(handles=handles, title=title, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns,
              columnspacing=1.0, borderaxespad=0.2, handlelength=1.2)  # fmt: skip


def _value(value: Any) -> str:
    return f"{float(value):.4g}" if np.asarray(value).dtype.kind in "fiu" else str(value)
