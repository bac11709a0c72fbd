"""Drawings of pairing channels: their form over the zone, which of them wins, free energy of two amplitudes."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import hsv_to_rgb, to_rgb
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Polygon
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt, label

from spinvalley.checks import Floats, InvalidInput, one_of, positive
from spinvalley.figures.normal import draw_zone
from spinvalley.figures.style import BLACK, BLUE, DIVERGING, GREEN, GREY, ORANGE, PALETTE, PURPLE, RED, SEQUENTIAL

COMPONENTS: Final = ("psi", "d_x", "d_y", "d_z")
_FAMILIES: Final = {"s": BLUE, "p": GREEN, "d": RED, "f": ORANGE, "g": PURPLE}
_REAL: Final = 1e-9
_UNSTABLE: Final = 0.85
_STABLE: Final = 0.35
_FINE: Final = 161
_ROOM: Final = 0.02  # of a map: a smaller region is not named


def family_colour(family: str, place: int = 0) -> str:
    """Colour of a family of channels (s, p, d, f, ...); others take those of the palette in turn."""
    return _FAMILIES.get(family, PALETTE[place % len(PALETTE)])


def draw_form(ax: Axes, data: xr.Dataset, component: str = "psi") -> AxesImage:
    """One component of a form factor over the zone: its sign if it is real, else its phase as a hue, black where zero.

    Args:
        ax: where to draw.
        data: Dataset of `pairing.channels.over_zone`.
        component: "psi", "d_x", "d_y" or "d_z".

    Returns:
        The image on `ax`.

    Raises:
        InvalidInput: a Dataset without form, an unknown component.
    """
    _need(data, "form", "zone_corners")
    values = data.form.sel(component=one_of("component", component, COMPONENTS)).transpose("ky", "kx").values
    kx, ky = data.kx.values, data.ky.values
    top = max(float(np.abs(values).max()), 1e-300)
    extent = (kx[0], kx[-1], ky[0], ky[-1])
    if np.abs(values.imag).max() < _REAL * top:
        image = ax.imshow(values.real, origin="lower", extent=extent, cmap=DIVERGING, vmin=-top, vmax=top)
    else:
        hue = np.angle(values) / (2 * np.pi) % 1
        colours = np.stack([hue, np.full(hue.shape, 0.75), np.sqrt(np.abs(values) / top)], axis=-1)
        image = ax.imshow(hsv_to_rgb(colours), origin="lower", extent=extent, interpolation="bilinear")
    image.set_clip_path(Polygon(data.zone_corners.values, closed=True, transform=ax.transData))
    draw_zone(ax, data)
    return image


def draw_families(ax: Axes, data: xr.Dataset, over: str, *, unit: float = 1.0, coupling: float | None = None) -> Axes:
    """Eigenvalue of the most unstable mode of each family along a coordinate, with its error where that is visible.

    Args:
        ax: where to draw.
        data: `eigenvalue` and `error` over (family, `over`): `pairing.families` at each value of a coordinate.
        over: name of the coordinate.
        unit: what is 1 on the horizontal axis.
        coupling: draws the level at which a normal state is unstable, if eigenvalues are those of unit couplings.

    Returns:
        The same axes, each line named at its end or in the legend.

    Raises:
        InvalidInput: a Dataset without eigenvalues over these.
    """
    _need(data, "eigenvalue", "error", "family", over)
    x = data[over].values / positive("unit", unit)
    for place, name in enumerate(map(str, data.family.values)):
        lines = data.sel(family=name)
        values, errors = (lines[key].values for key in ("eigenvalue", "error"))
        colour = family_colour(name, place)
        ax.plot(x, values, color=colour, label=name, marker="o", ms=2)
        ax.fill_between(x, values - errors, values + errors, color=colour, alpha=0.3, lw=0)
    if coupling is not None:
        ax.axhline(1 / positive("coupling", coupling), color=GREY, lw=0.7, ls=(0, (4, 3)), zorder=0.5)
    ax.set_ylabel(r"Eigenvalue of $W^{-1}\chi$")
    return ax


def draw_winners(
    ax: Axes, data: xr.Dataset, x: str, y: str, *, units: tuple[float, float] = (1.0, 1.0), names: bool = True
) -> Axes:
    """Map of the family that wins, over two coordinates; a lighter tone where the normal state is stable.

    Eigenvalues are interpolated linearly between the points of the Dataset, which are shown as dots.

    Args:
        ax: where to draw.
        data: `eigenvalue` over (family, `x`, `y`), at least two points along each; unstable where it exceeds 1.
        x: coordinate of the horizontal axis.
        y: coordinate of the vertical axis.
        units: what is 1 on the axes.
        names: write the names into the regions; else a legend tells them.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a Dataset without eigenvalues over these, one point along an axis.
    """
    _need(data, "eigenvalue", "family", x, y)
    values = data.eigenvalue.transpose("family", y, x).values
    if np.any(np.all(np.isnan(values), axis=0)):
        raise InvalidInput("`data` must have an eigenvalue at every point, but has points without any")
    horizontal, vertical = data[x].values / positive("units", units[0]), data[y].values / positive("units", units[1])
    if min(len(horizontal), len(vertical)) < 2:
        raise InvalidInput(f"`data` must have at least two points along {x} and {y}, but has one")
    fine, across, up = _interpolated(values, horizontal, vertical)
    best, families = np.argmax(fine, axis=0), [str(name) for name in data.family.values]
    colours = np.array([to_rgb(family_colour(name, n)) for n, name in enumerate(families)])[best]
    tone = np.where(fine.max(axis=0) > 1, _UNSTABLE, _STABLE)[..., None]
    ax.pcolormesh(across, up, 1 - tone * (1 - colours), shading="nearest", rasterized=True)
    ax.plot(*(grid.ravel() for grid in np.meshgrid(horizontal, vertical)), ls="", marker=".", ms=1, color=GREY)
    shown = [n for n in range(len(families)) if np.any(best == n)]
    for n in shown:
        if names:
            _name_regions(ax, best == n, across, up, families[n])
    if not names:
        handles = [Patch(color=family_colour(families[n], n), label=families[n]) for n in shown]
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.02, 1.0), borderaxespad=0.0)
    ax.set_xlim(float(horizontal.min()), float(horizontal.max()))
    ax.set_ylim(float(vertical.min()), float(vertical.max()))
    return ax


def draw_free_energy(ax: Axes, data: xr.Dataset, *, unit: float = 1.0, levels: int = 12) -> QuadMesh:
    """Map of F(Delta) - F(0) over two amplitudes, or over mixing angle and phase, with its lowest point.

    Args:
        ax: where to draw.
        data: Dataset of `pairing.free_energy_map` or `pairing.orientation_map`.
        unit: amplitude that is 1 on the axes of the first kind.
        levels: contour lines.

    Returns:
        The mesh, from which a colour bar is made.

    Raises:
        InvalidInput: another Dataset.
    """
    _need(data, "free_energy")
    angular = "angle" in data.dims
    names = ("angle", "phase") if angular else ("first", "second")
    _need(data, *names)
    scale = np.pi if angular else positive("unit", unit)
    x, y = (data[name].values / scale for name in names)
    values = data.free_energy.transpose(names[1], names[0]).values
    mesh = ax.pcolormesh(x, y, values, cmap=SEQUENTIAL, shading="gouraud", rasterized=True)
    ax.contour(x, y, values, levels=levels, colors="white", linewidths=0.4, linestyles="solid")
    lowest = np.unravel_index(int(np.argmin(values)), values.shape)
    ax.plot(x[lowest[1]], y[lowest[0]], marker="o", ms=4, mfc="none", mec=RED, mew=1.2, clip_on=False)
    if angular:
        ax.set_xlabel(r"Mixing angle $/\pi$")
        ax.set_ylabel(r"Relative phase $/\pi$")
    else:
        ax.set_xlabel(rf"$|\Delta|$ of {data.attrs.get('first_channel', 'the first channel')}")
        ax.set_ylabel(rf"$|\Delta|$ of {data.attrs.get('second_channel', 'the second channel')}")
    return mesh


def _interpolated(values: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Values (n, y, x) on a fine grid, and its axes; a family without a mode somewhere (NaN) loses around there."""
    across, up = np.linspace(x.min(), x.max(), _FINE), np.linspace(y.min(), y.max(), _FINE)
    places = np.stack(np.meshgrid(up, across, indexing="ij"), axis=-1)
    lowest = np.where(np.isnan(values), -np.inf, values)
    floor = float(lowest[np.isfinite(lowest)].min()) - 1.0
    ordered = np.nan_to_num(lowest, neginf=floor)[:, np.argsort(y)][:, :, np.argsort(x)]
    fine = [RegularGridInterpolator((np.sort(y), np.sort(x)), family)(places) for family in ordered]
    return np.array(fine), across, up


def _name_regions(ax: Axes, inside: NDArray[np.bool_], x: Floats, y: Floats, name: str) -> None:
    """The name at the point of each connected region that lies deepest inside it, if the region has room for it."""
    regions, count = label(inside)
    for n in range(1, count + 1):
        region = np.pad(regions == n, 1)
        if region.sum() < _ROOM * inside.size:
            continue
        row, column = np.unravel_index(int(np.argmax(distance_transform_edt(region))), region.shape)
        ax.annotate(
            name,
            (float(x[column - 1]), float(y[row - 1])),
            ha="center",
            va="center",
            color=BLACK,
            style="italic",
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )


def _need(data: xr.Dataset, *names: str) -> None:
    held = [str(name) for name in data.variables]
    for name in names:
        if name not in held:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(held)}")
