"""Drawings of spin-split valleys: bands around K, Fermi lines with texture. A Dataset and Axes in, the Axes out."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from spinvalley.checks import InvalidInput, positive, whole
from spinvalley.figures.normal import _draw_spin as draw_spin
from spinvalley.figures.style import BLACK, GREY, SPIN_MAP

TOWARDS: Final = r"$\leftarrow\Gamma$      $q$ (nm$^{-1}$)      M$\rightarrow$"


def draw_valley_bands(ax: Axes, data: xr.Dataset, *, lw: float = 1.1) -> Axes:
    """Two spin-split bands on a line through K, coloured by s_z: red up, blue down, grey in between.

    Args:
        ax: where to draw.
        data: Dataset with energy and sz over (q, band): q in 1/nm from K, negative towards Gamma; energy in meV.
        lw: width of the lines, points.

    Returns:
        The same axes.

    Raises:
        InvalidInput: energy or sz is missing.

    Source: gated_mos2.txt, Fig. 4b.
    """
    _need(data, "energy", "sz", "q")
    for band in range(data.sizes["band"]):
        draw_spin(ax, data.q.values, data.energy.values[:, band], data.sz.values[:, band], label=None, lw=lw)
    ax.axhline(0, color=GREY, lw=0.6, ls=(0, (4, 3)), zorder=0)
    ax.axvline(0, color=GREY, lw=0.5, zorder=0)
    ax.set_xlim(float(data.q[0]), float(data.q[-1]))
    ax.set_xlabel(TOWARDS)
    ax.set_ylabel(r"$E-E_{\rm F}$ (meV)")
    return ax


def draw_texture(
    ax: Axes, data: xr.Dataset, valley: str, *, arrows: int = 12, length: float = 10.0, spread: float = 1.0
) -> Axes:
    """Fermi lines around one valley, coloured by s_z, with arrows for the spin in the plane.

    Args:
        ax: where to draw.
        data: Dataset over (contour, point): q (xy; 1/nm from the centre of the valley) and texture (component), with
            the coordinate `valley` of each contour.
        valley: which one.
        arrows: arrows on each line.
        length: length in 1/nm of a spin that lies in the plane.
        spread: factor by which the distance of each line from the mean radius is drawn larger.

    Returns:
        The same axes, equal in both directions.

    Raises:
        InvalidInput: no such valley, a variable is missing, a length or spread that is not positive.

    Source: gated_mos2.txt, Fig. 4a.
    """
    _need(data, "q", "texture", "valley")
    positive("length", length)
    positive("spread", spread)
    step = max(data.sizes["point"] // whole("arrows", arrows, 1), 1)
    chosen = data.isel(contour=np.flatnonzero(data.valley.values == valley))
    if chosen.sizes["contour"] == 0:
        raise InvalidInput(f"`valley` must be one of {', '.join(sorted(set(data.valley.values)))}, but is {valley!r}")
    mean = float(np.linalg.norm(chosen.q.values, axis=-1).mean())
    for n in range(chosen.sizes["contour"]):
        q, spin = chosen.q.values[n], chosen.texture.values[n]
        radius = np.linalg.norm(q, axis=1, keepdims=True)
        q = q / radius * (radius + (spread - 1) * (float(radius.mean()) - mean))
        closed = np.append(np.arange(len(q)), 0)
        draw_spin(ax, q[closed, 0], q[closed, 1], spin[closed, 2], label=None, lw=1.6)
        ax.quiver(
            *q[::step].T, *(length * spin[::step, :2].T), angles="xy", scale_units="xy", scale=1, width=0.007,
            pivot="mid", color=BLACK, headwidth=4, headlength=4.5, headaxislength=4, zorder=4,
        )  # fmt: skip
    ax.set_aspect("equal")
    ax.set_xlabel(r"$q_x$ (nm$^{-1}$)")
    ax.set_ylabel(r"$q_y$ (nm$^{-1}$)")
    return ax


def add_spin_scale(ax: Axes, label: str = r"$\langle\sigma_z\rangle$") -> Axes:
    """Colour bar of s_z at the right of the axes."""
    figure = ax.get_figure()
    if figure is None:
        raise InvalidInput("`ax` must belong to a figure, but does not")
    scale = ScalarMappable(Normalize(-1, 1), SPIN_MAP)
    bar = figure.colorbar(scale, cax=ax.inset_axes((1.03, 0.0, 0.04, 1.0)), label=label)
    bar.set_ticks([-1, 0, 1])
    return ax


def _need(data: xr.Dataset, *names: str) -> None:
    for name in names:
        if name not in data.variables:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(map(str, data.variables))}")
