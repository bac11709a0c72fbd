"""Drawings of topology: nodes, winding numbers, strips, semi-infinite edges. A Dataset and Axes in, the Axes out.

`unit` is (momentum, energy): what is 1 on the axes, in the units of the Dataset. The paper's k_y b has b = sqrt3 a/pi,
the momentum unit pi/(sqrt3 a), and energies in Delta: `unit=(np.pi / 3**0.5, gap)`.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm
from matplotlib.patches import Patch
from numpy.typing import NDArray

from spinvalley.checks import Floats, InvalidInput, one_of, positive
from spinvalley.figures.normal import draw_zone
from spinvalley.figures.style import BLACK, BLUE, GREY, PALETTE, RED, SEQUENTIAL, SPIN_COLOURS

Unit = tuple[float, float]

WINDING_COLOURS: Final = {1: RED, -1: BLUE, 0: GREY}
"""Colour of the sign of a winding number or of a node's charge."""

_NARROW: Final = "#EBEBEB"
_UNKNOWN: Final = "#C8C8C8"
_MARKERS: Final = {1: "o", -1: "s", 0: "D"}
_DECADES: Final = 4


def draw_strip(ax: Axes, data: xr.Dataset, *, unit: Unit = (1.0, 1.0), colour: Any | None = None) -> Axes:
    """Levels of a strip against momentum; grey where the strip is too narrow for them to be those of a wide one.

    Args:
        ax: where to draw.
        data: Dataset of `topology.strip`.
        unit: momentum (1/length) and energy that are 1 on the axes.
        colour: colour of the levels; black by default.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a Dataset without levels, a unit that is not positive.

    Source: heterostructure.txt, Fig. 4a-b.
    """
    _need(data, "energy", "k_parallel")
    k, energy = _momenta(data, unit), data.energy.transpose("k_parallel", "state").values / positive("unit", unit[1])
    if "finite_size" in data and bool(data.finite_size.any()):
        _mark_narrow(ax, k, data.finite_size.values)
    ax.plot(k, energy, color=BLACK if colour is None else colour, lw=0.7, solid_joinstyle="round")
    ax.axhline(0, color=GREY, lw=0.5, ls=(0, (4, 3)), zorder=0.8)
    ax.set_xlim(float(k.min()), float(k.max()))
    return label_axes(ax, unit)


def draw_winding(ax: Axes, data: xr.Dataset, *, unit: Unit = (1.0, 1.0)) -> Axes:
    """Winding number against momentum: bars up and red for w > 0, down and blue for w < 0, none for w = 0.

    Args:
        ax: where to draw; a low panel will do.
        data: Dataset of `topology.flat_bands` (intervals) or `topology.winding` (samples; where the gap is closed a
            grey line).
        unit: momentum that is 1 on the axis (and an energy, not used).

    Returns:
        The same axes, over the momenta of the samples, or the whole edge zone.

    Raises:
        InvalidInput: a Dataset without winding numbers.
    """
    highest = 1
    for start, stop, number in _intervals(data, unit):
        ax.bar(start, number, stop - start, align="edge", color=_colour(number), lw=0)
        highest = max(highest, abs(number))
    if "k_parallel" in data and "status" in data:
        for k in _momenta(data, unit)[data.status.values != "converged"]:
            ax.axvline(float(k), color=GREY, lw=0.5, ls=":")
    ax.axhline(0, color=BLACK, lw=0.6)
    ax.set_ylim(-1.35 * highest, 1.35 * highest)
    step = -(-highest // 2)
    ticks = np.arange(-(highest // step) * step, highest + 1, step)
    ax.set_yticks(ticks, [signed(int(tick)) for tick in ticks])
    ax.set_xlim(*_span(data, unit))
    ax.set_xlabel(momentum_label(unit[0]))
    ax.set_ylabel(r"$w$")
    return ax


def mark_flat_bands(ax: Axes, data: xr.Dataset, *, unit: Unit = (1.0, 1.0), lw: float = 2.5) -> Axes:
    """The flat bands of a semi-infinite edge: thick lines at E = 0 in the colour of w, behind a strip or on a map.

    Args:
        ax: axes with momentum and energy in `unit`.
        data: Dataset of `topology.flat_bands` or `topology.winding`.
        unit: momentum that is 1 on the axis (and an energy, not used).
        lw: width of the lines, points.

    Returns:
        The same axes; `winding_handles` explains the colours.
    """
    for start, stop, number in _intervals(data, unit):
        ax.plot([start, stop], [0, 0], color=_colour(number), lw=lw, solid_capstyle="butt", zorder=1.5)
    return ax


def winding_handles(data: xr.Dataset) -> list[Patch]:
    """Entries of a legend: the colours of the winding numbers that occur."""
    numbers = sorted({number for *_, number in _intervals(data, (1.0, 1.0))}, reverse=True)
    return [Patch(color=_colour(number), label=f"$w$ = {signed(number)}") for number in numbers]


def draw_edge_spectrum(
    ax: Axes,
    data: xr.Dataset,
    *,
    unit: Unit = (1.0, 1.0),
    which: Literal["total", "electron", "bulk_total", "bulk_electron"] = "total",
    decades: float = _DECADES,
) -> QuadMesh:
    """Map of the spectral function of an edge column, on a logarithmic colour scale.

    Points that did not converge are grey. Layers are summed.

    Args:
        ax: where to draw.
        data: Dataset of `topology.edge_spectrum`.
        unit: momentum (1/length) and energy that are 1 on the axes; the map is in 1/(unit of energy).
        which: electrons and holes, or what tunnelling shows; at the edge, or in a column of the bulk.
        decades: how many powers of ten the colours span at most, from the largest value down.

    Returns:
        The mesh on `ax`, from which `add_spectral_scale` makes the colour bar.

    Raises:
        InvalidInput: a Dataset without a map, another name.

    Source: heterostructure.txt, Fig. 4b.
    """
    one_of("which", which, ("total", "electron", "bulk_total", "bulk_electron"))
    _need(data, which, "k_parallel", "energy", "status")
    values = data[which].sum("layer") if "layer" in data[which].dims else data[which]
    map_ = values.transpose("energy", "k_parallel").values * positive("unit", unit[1])
    bad = data.status.transpose("energy", "k_parallel").values != "converged"
    top = float(map_[~bad].max(initial=0.0)) or 1.0
    low = max(float(map_[~bad].min(initial=top)), top / 10 ** positive("decades", decades))
    mesh = ax.pcolormesh(
        _momenta(data, unit), data.energy.values / unit[1], np.ma.masked_where(bad, np.maximum(map_, 1e-300)),
        cmap=SEQUENTIAL, norm=LogNorm(low if low < top else 0.1 * top, top), shading="nearest",
        rasterized=True,
    )  # fmt: skip
    ax.set_facecolor(_UNKNOWN)
    label_axes(ax, unit)
    return mesh


def add_spectral_scale(ax: Axes, mesh: QuadMesh, label: str = r"$A\ (1/\Delta)$") -> Axes:
    """Colour bar of an edge spectrum; an arrow says that smaller values have the lowest colour."""
    return _add_scale(ax, mesh, label, extend="min")


def draw_nodes(ax: Axes, data: xr.Dataset, zone: xr.Dataset, *, size: float = 3.5) -> Axes:
    """Nodes in the Brillouin zone: red discs of positive, blue squares of negative charge, grey without chirality.

    A node that is not resolved from its neighbours is open. Points have labels for a legend.

    Args:
        ax: where to draw.
        data: Dataset of `topology.nodes`.
        zone: any Dataset with `zone_corners`, such as that of `normal.fermi_contours`.
        size: of the markers, points.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a Dataset without nodes or without a zone.
    """
    _need(data, "k", "charge", "status")
    draw_zone(ax, zone, colour=GREY, lw=0.7)
    for charge in sorted({int(c) for c in data.charge.values}, reverse=True):
        sign = int(np.sign(charge))
        for good in (True, False):
            chosen = (data.charge.values == charge) & ((data.status.values == "converged") == good)
            if not chosen.any():
                continue
            name = f"charge {signed(charge)}" if sign else "node"
            ax.plot(
                *data.k.values[chosen].T, ls="", marker=_MARKERS[sign], ms=size, mec=WINDING_COLOURS[sign], mew=0.8,
                mfc=WINDING_COLOURS[sign] if good else "white", zorder=4,
                label=name if good else f"{name} (merging)",
            )  # fmt: skip
    texts = {"none": "no nodes", "lines": "gapless along lines", "unresolved": "gap unresolved"}
    if (text := texts.get(data.attrs.get("zero_set", ""))) is not None:
        ax.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color=GREY)
    return ax


def draw_mode(ax: Axes, data: xr.Dataset, *, length: float = 1.0, colours: Any = PALETTE) -> Axes:
    """Density of zero modes against the distance from the edge, with the decay exp(-2x/decay length) beside each.

    The decay length is marked by a dotted line where it lies in the picture, and stands in the labels for a legend.

    Args:
        ax: where to draw.
        data: Dataset of `topology.zero_modes`.
        length: length that is 1 on the axis (a).
        colours: one for each mode.

    Returns:
        The same axes, logarithmic.

    Raises:
        InvalidInput: no zero mode, or another Dataset.
    """
    _need(data, "density", "decay_length", "column")
    if data.sizes["mode"] == 0:
        raise InvalidInput("`data` must hold a zero mode, but holds none: w = 0 at this momentum")
    x = data.column.values * float(data.attrs["spacing"]) / positive("length", length)
    for n, (density, decay) in enumerate(zip(data.density.values, data.decay_length.values / length, strict=True)):
        colour = colours[n % len(colours)]
        shown = density > 1e-16 * density.max()
        ax.plot(x[shown], density[shown], color=colour, lw=0.8, label=rf"$\xi = {_decimal(decay)}\,a$")
        top = float(np.max(density * np.exp(2 * x / decay), where=shown, initial=0.0))
        ax.plot(x, top * np.exp(-2 * x / decay), color=colour, lw=0.8, ls=(0, (4, 2)))
        if decay < x[-1]:
            ax.axvline(decay, color=colour, lw=0.7, ls=":")
    ax.set_yscale("log")
    ax.set_ylim(max(float(data.density.max()) * 1e-10, 0.3 * float(data.density.where(data.density > 0).min())))
    ax.set_xlim(float(x[0]), float(x[-1]))
    ax.set_xlabel(r"distance from the edge $x/a$")
    ax.set_ylabel(r"$|\psi_n|^2$ per column")
    return ax


def draw_andreev(ax: Axes, data: xr.Dataset, *, unit: float = 1.0) -> Axes:
    """Conductance against energy of electrons sent in with spin along the axis n of the Dataset, and against it.

    Args:
        ax: where to draw.
        data: Dataset of `topology.andreev` at one k_parallel.
        unit: energy that is 1 on the axis.

    Returns:
        The same axes, with labels for a legend.

    Raises:
        InvalidInput: several momenta, or another Dataset.
    """
    _need(data, "conductance", "energy", "spin")
    if data.conductance.sizes.get("k_parallel", 1) != 1:
        raise InvalidInput("`data` must have one k_parallel, but has several: choose one with isel(k_parallel=[n])")
    one = data.isel(k_parallel=0) if "k_parallel" in data.conductance.dims else data
    energy = one.energy.values / positive("unit", unit)
    for spin, style in ((1, "-"), (-1, (0, (3.2, 1.6)))):
        sign = {1: "+", -1: "-"}[spin]
        g = one.conductance.sel(spin=spin).values
        ax.plot(energy, g, color=SPIN_COLOURS[spin], ls=style, label=rf"spin ${sign}\mathbf{{n}}$")
    ax.set_xlim(float(energy.min()), float(energy.max()))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(_energy_label(unit))
    ax.set_ylabel(r"$G\ (e^2/h)$")
    return ax


def draw_flat_band_map(
    ax: Axes, data: xr.Dataset, x: str, y: str, *, unit: Unit = (1.0, 1.0), top: float | None = None
) -> QuadMesh:
    """Map of the share of the edge zone that carries flat bands; points without a sure answer are grey.

    Args:
        ax: where to draw.
        data: Dataset of `topology.flat_band_map`.
        x: dimension along the horizontal axis ("zeeman" or a parameter).
        y: dimension along the vertical axis.
        unit: what is 1 on the axes x and y.
        top: end of the colour scale; the largest share by default.

    Returns:
        The mesh on `ax`, from which `add_fraction_scale` makes the colour bar; the axes are to be labelled.

    Raises:
        InvalidInput: unknown dimensions, or further ones beside x and y.
    """
    _need(data, "fraction", "status")
    dims = tuple(map(str, data.fraction.dims))
    if x == y or set(dims) != {x, y}:
        raise InvalidInput(f"`x` and `y` must be the dimensions of `data`, {', '.join(dims)}, but are {x}, {y}")
    bad = data.status.transpose(y, x).values != "converged"
    share = np.ma.masked_where(bad, data.fraction.transpose(y, x).values)
    places = [data[name].values / positive("unit", u) for name, u in zip((x, y), unit, strict=True)]
    ax.set_facecolor(_UNKNOWN)
    end = top if top is not None else float(share.max()) if share.count() and share.max() > 0 else 1.0
    return ax.pcolormesh(*places, share, cmap=SEQUENTIAL, vmin=0, vmax=end, shading="nearest", rasterized=True)


def add_fraction_scale(ax: Axes, mesh: QuadMesh, label: str = r"fraction of edge zone with $w \neq 0$") -> Axes:
    """Colour bar of a map of flat bands."""
    return _add_scale(ax, mesh, label)


def label_axes(ax: Axes, unit: Unit) -> Axes:
    """Labels k_par and E, in units if they are not 1."""
    ax.set_xlabel(momentum_label(unit[0]))
    ax.set_ylabel(_energy_label(unit[1]))
    return ax


def momentum_label(unit: float) -> str:
    """Label of an axis of k_par in this unit (1/a); pi/(sqrt3 a), that of the paper, is written out."""
    for value, text in ((1.0, "a"), (np.pi, r"a/\pi"), (np.pi / 3**0.5, r"/\,(\pi/\sqrt{3}a)")):
        if abs(unit - value) < 1e-9 * value:
            return rf"$k_\parallel {text}$"
    return rf"$k_\parallel /\,({unit:.4g}/a)$"


def signed(number: int) -> str:
    """+1, 0 or a true minus sign."""
    return "0" if number == 0 else f"{number:+d}".replace("-", "\N{MINUS SIGN}")


def _energy_label(unit: float) -> str:
    return r"$E$" if unit == 1 else r"$E/\Delta$"


def _decimal(value: float) -> str:
    """A number with three digits, with a power of ten from 10^4 on (mathtext)."""
    if value < 1e4 or not np.isfinite(value):
        return f"{value:.3g}" if value < 1e3 else f"{value:.0f}"
    digits, power = f"{value:.2e}".split("e")
    return rf"{digits}\times 10^{{{int(power)}}}"


def _mark_narrow(ax: Axes, k: Floats, narrow: NDArray[np.bool_]) -> None:
    """Grey behind the momenta at which the energies are finite-size effects, and a word that says so."""
    middles = 0.5 * (k[1:] + k[:-1])
    borders = np.concatenate([k[:1], middles, k[-1:]])
    for flag, run in groupby(range(len(k)), key=lambda n: bool(narrow[n])):
        if flag:
            places = list(run)
            ax.axvspan(borders[places[0]], borders[places[-1] + 1], color=_NARROW, lw=0, zorder=0)
    ax.annotate(
        "grey: finite-size effects", (1, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points",
        ha="right", va="bottom", color="#555555", fontsize="small",
    )  # fmt: skip


def _intervals(data: xr.Dataset, unit: Unit) -> list[tuple[float, float, int]]:
    """(start, stop, w) of the intervals with w != 0; those of samples reach half-way to the next sample."""
    _need(data, "winding")
    if "start" in data:
        ends = zip(data.start.values, data.stop.values, data.winding.values, strict=True)
        return [(float(a) / unit[0], float(b) / unit[0], int(w)) for a, b, w in ends if w]
    k, numbers = _momenta(data, unit), data.winding.values
    borders = np.concatenate([k[:1], 0.5 * (k[1:] + k[:-1]), k[-1:]])
    runs = [(w, list(run)) for w, run in groupby(range(len(k)), key=lambda n: int(numbers[n]))]
    return [(float(borders[run[0]]), float(borders[run[-1] + 1]), w) for w, run in runs if w]


def _span(data: xr.Dataset, unit: Unit) -> tuple[float, float]:
    """Momenta that a Dataset speaks of: its samples, or the edge zone."""
    if "start" in data:
        half = 0.5 * float(data.attrs["period"]) / unit[0]
        return -half, half
    k = _momenta(data, unit)
    return float(k.min()), float(k.max())


def _momenta(data: xr.Dataset, unit: Unit) -> Floats:
    return np.asarray(data.k_parallel.values / positive("unit", unit[0]))


def _colour(number: int) -> str:
    return WINDING_COLOURS[int(np.sign(number))]


def _add_scale(ax: Axes, mesh: QuadMesh, label: str, **scale: Any) -> Axes:
    figure = ax.get_figure()
    if figure is None:
        raise InvalidInput("`ax` must belong to a figure, but does not")
    figure.colorbar(mesh, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)), label=label, **scale)
    return ax


def _need(data: xr.Dataset, *names: str) -> None:
    for name in names:
        if name not in data.variables:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(map(str, data.variables))}")
