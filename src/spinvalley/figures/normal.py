"""Drawings of the normal state: bands, Fermi lines, spectral maps. A Dataset and Axes in, the Axes out."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage
from matplotlib.patches import Polygon

from spinvalley.checks import Floats, InvalidInput, one_of
from spinvalley.figures.style import BLACK, DIVERGING, GREY, SEQUENTIAL, SPIN_COLOURS, SPIN_MAP

_GREEK = {"Gamma": r"$\Gamma$"}


def draw_bands(ax: Axes, data: xr.Dataset, *, colour: str | None = None, label: str | None = None, **line: Any) -> Axes:
    """Band structure along a path, coloured by spin, with the Fermi level.

    Where bands of opposite spin coincide, both colours show in turn. The axis is labelled as for a lattice model.

    Args:
        ax: where to draw; several models may be drawn into one.
        data: Dataset of `normal.bands`.
        colour: one colour for all bands; by default that of s_z: red up, blue down, grey in between.
        label: name in the legend; with the colours of a conserved spin an arrow is added.
        line: further properties of the lines (matplotlib).

    Returns:
        The same axes.

    Raises:
        InvalidInput: the Dataset has no bands.

    Source: heterostructure.txt, Fig. 1a.
    """
    _need(data, "energy", "distance", "tick", "sz")
    energy, x = data.energy.values, data.distance.values
    named: set[str] = set()
    for band, spin in enumerate(data.spin.values):
        text = _name(label, int(spin) if colour is None else 0, named)
        if colour is not None:
            ax.plot(x, energy[:, band], color=colour, label=text, **line)
            continue
        _draw_spin(ax, x, energy[:, band], data.sz.values[:, band], label=text, **line)
        if spin < 0:
            others = energy[:, data.spin.values > 0]
            shared = np.abs(others - energy[:, [band]]).min(axis=1) < 1e-6 * np.ptp(energy)
            y = np.where(shared, energy[:, band], np.nan)
            ax.plot(x, y, color=SPIN_COLOURS[1], **(line | {"ls": (0, (4, 4)), "dash_capstyle": "butt"}))
    for tick in data.tick.values[1:-1]:
        ax.axvline(tick, color=GREY, lw=0.5, zorder=0)
    ax.axhline(0, color=GREY, lw=0.6, ls=(0, (4, 3)), zorder=0)
    ax.set_xticks(data.tick.values, [_GREEK.get(str(name), str(name)) for name in data.tick_label.values])
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(float(data.tick[0]), float(data.tick[-1]))
    ax.set_ylabel(r"Energy $E/|t|$")
    return ax


def draw_fermi_lines(
    ax: Axes, data: xr.Dataset, *, colour: str | None = None, label: str | None = None, zone: bool = True, **line: Any
) -> Axes:
    """Fermi lines in the Brillouin zone, coloured by spin, with the boundary of the zone.

    All periodic images are drawn and clipped at the boundary.

    Args:
        ax: where to draw; several models may be drawn into one.
        data: Dataset of `normal.fermi_contours`.
        colour: one colour for all lines; by default that of s_z: red up, blue down, grey in between.
        label: name in the legend; with the colours of a conserved spin an arrow is added.
        zone: whether to draw the boundary and to set up the axes.
        line: further properties of the lines (matplotlib).

    Returns:
        The same axes.

    Raises:
        InvalidInput: the Dataset has no contours.

    Source: heterostructure.txt, Fig. 1b.
    """
    _need(data, "k", "winding", "zone_corners", "reciprocal")
    border = Polygon(data.zone_corners.values, closed=True, transform=ax.transData)
    shifts = np.array(list(product(range(-2, 3), repeat=2))) @ data.reciprocal.values
    reach = 1.01 * float(np.linalg.norm(data.zone_corners.values, axis=1).max())
    named: set[str] = set()
    for n, spin in enumerate(data.spin.values):
        text = _name(label, int(spin) if colour is None else 0, named)
        k = np.concatenate([data.k.values[n], data.k.values[n, :1] + data.winding.values[n]])
        sz = np.append(data.sz.values[n], data.sz.values[n, 0])
        for x, y in ((k + shift).T for shift in shifts):
            if np.hypot(x, y).min() > reach:
                continue
            if colour is not None:
                (curve,) = ax.plot(x, y, color=colour, label=text, **line)
                curve.set_clip_path(border)
            else:
                _draw_spin(ax, x, y, sz, label=text, **line).set_clip_path(border)
            text = None
    if zone:
        draw_zone(ax, data)
    return ax


def draw_zone(ax: Axes, data: xr.Dataset, *, names: bool = False, colour: str = BLACK, lw: float = 0.9) -> Axes:
    """Boundary of the Brillouin zone, equal axes around it, and labels in units of the inverse lattice constant.

    Args:
        ax: where to draw.
        data: any Dataset with `zone_corners`.
        names: whether to write Gamma, K and M of a hexagonal zone.
        colour: colour of the boundary and of the names.
        lw: width of the boundary, points.

    Returns:
        The same axes.

    Raises:
        InvalidInput: the Dataset has no zone.
    """
    _need(data, "zone_corners")
    corners = data.zone_corners.values
    ax.add_patch(Polygon(corners, closed=True, fill=False, edgecolor=colour, lw=lw, zorder=3))
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = 0.06 * float((high - low).max())
    ax.set_xlim(low[0] - margin, high[0] + margin)
    ax.set_ylim(low[1] - margin, high[1] + margin)
    ax.set_aspect("equal")
    ax.set_xlabel(r"$k_x a$")
    ax.set_ylabel(r"$k_y a$")
    if names and len(corners) == 6:
        right = corners[np.argmax(corners @ (1, 1e-3))]
        middle = max(0.5 * (corners + np.roll(corners, 1, axis=0)), key=lambda m: float(m @ (1e-3, 1)))
        for text, place, pull in ((r"$\Gamma$", np.zeros(2), 1), ("K", right, 0.9), ("M", middle, 0.9)):
            ax.annotate(text, (pull * place[0], pull * place[1]), ha="center", va="center", color=colour)
    return ax


def draw_spectral_map(
    ax: Axes, data: xr.Dataset, which: Literal["rho0", "rho3"] = "rho0", *, limit: float | None = None
) -> AxesImage:
    """Map of the spectral density rho0 or of the spin polarisation rho3 over the zone.

    rho0 has a perceptually uniform map from zero, rho3 a diverging one, symmetric about zero.

    Args:
        ax: where to draw.
        data: Dataset of `normal.spectral_map`.
        which: "rho0" or "rho3".
        limit: largest value of the colour scale; by default that of the map.

    Returns:
        The image on `ax`, from which `figure.colorbar(image, ax=ax, label=...)` makes the scale.

    Raises:
        InvalidInput: the Dataset has no map, or another name.

    Source: heterostructure.txt, Fig. 2.
    """
    one_of("which", which, ("rho0", "rho3"))
    _need(data, which, "zone_corners")
    values: Floats = data[which].values
    top = limit if limit is not None else float(np.abs(values).max())
    kx, ky = data.kx.values, data.ky.values
    dx, dy = 0.5 * (kx[1] - kx[0]), 0.5 * (ky[1] - ky[0])
    image = ax.imshow(
        values,
        origin="lower",
        extent=(kx[0] - dx, kx[-1] + dx, ky[0] - dy, ky[-1] + dy),
        cmap=SEQUENTIAL if which == "rho0" else DIVERGING,
        vmin=0 if which == "rho0" else -top,
        vmax=top,
        interpolation="bilinear",
    )
    image.set_clip_path(Polygon(data.zone_corners.values, closed=True, transform=ax.transData))
    draw_zone(ax, data)
    return image


def add_scale(ax: Axes, image: AxesImage, which: Literal["rho0", "rho3"]) -> Axes:
    """Colour bar of a spectral map with the name and the unit of the quantity."""
    text = {"rho0": r"$\rho_0\ (1/|t|)$", "rho3": r"$\rho_3\ (1/|t|)$"}[one_of("which", which, ("rho0", "rho3"))]
    figure = ax.get_figure()
    if figure is None:
        raise InvalidInput("`ax` must belong to a figure, but does not")
    figure.colorbar(image, cax=ax.inset_axes((1.03, 0.0, 0.045, 1.0)), label=text)
    return ax


def _draw_spin(ax: Axes, x: Floats, y: Floats, sz: Floats, *, label: str | None, **line: Any) -> Artist:
    """A curve in the colour of its spin: one line if that is constant, else a chain of segments."""
    if np.ptp(sz) < 1e-6:
        (curve,) = ax.plot(x, y, color=SPIN_MAP(0.5 + 0.5 * float(sz[0])), label=label, **line)
        return curve
    points = np.stack([x, y], axis=-1)
    segments = np.stack([points[:-1], points[1:]], axis=1)
    width = line.pop("lw", line.pop("linewidth", rcParams["lines.linewidth"]))
    chain = LineCollection(list(segments), cmap=SPIN_MAP, norm=Normalize(-1, 1), label=label, lw=width, **line)
    chain.set_array(0.5 * (sz[:-1] + sz[1:]))
    chain.set_capstyle("round")
    ax.add_collection(chain)
    ax.autoscale_view()
    return chain


def _name(label: str | None, spin: int, named: set[str]) -> str | None:
    """Name of a curve in the legend, the first time it occurs."""
    text = None if label is None else label + {1: r" $\uparrow$", -1: r" $\downarrow$", 0: ""}[spin]
    if text is None or text in named:
        return None
    named.add(text)
    return text


def _need(data: xr.Dataset, *names: str) -> None:
    for name in names:
        if name not in data.variables:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(map(str, data.variables))}")
