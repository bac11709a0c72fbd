"""The figures of the normal state: which Datasets go onto which axes, with which labels; the list of all figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spinvalley.figures.gating import draw_layer_densities, draw_layer_shares, draw_potential
from spinvalley.figures.phase import ordered_colours
from spinvalley.figures.style import BLACK, BLUE, DOUBLE, GREEN, GREY, RED, panel_label, panels
from spinvalley.figures.texture import TOWARDS, add_spin_scale, draw_texture, draw_valley_bands
from spinvalley.papers.gated_mos2.computed import Computed
from spinvalley.papers.gated_mos2.drawings_critical import (
    figure_4c,
    figure_supp3,
    figure_supp5,
    figure_supp6,
    figure_supp7,
)
from spinvalley.papers.gated_mos2.normal_state import KP, NEAREST, ONE_BAND, REACH, THIRD

_STYLES: Final = {KP: (BLACK, "-"), NEAREST: (RED, (0, (1, 1))), THIRD: (GREEN, (0, (4, 1.5))), ONE_BAND: (BLUE, "-")}
_MARKERS: Final = "sodv^<>"
ARROW: Final = 15.0
"""Length in 1/nm of a spin in the plane in Fig. 4b."""
SPREAD: Final = 4.0
"""Factor by which the distance of the two Fermi lines is drawn larger in Fig. 4b."""


def figure_1d(data: Computed) -> Figure:
    """Carriers over the layers."""
    figure, (bars, shares, potential) = panels(1, 3, width=DOUBLE, aspect=0.95)
    p, gates = data.parameters, data.normal.gates
    draw_layer_densities(bars, gates[p.eps])
    for n, ((eps, gate), colour) in enumerate(zip(gates.items(), ordered_colours(len(gates)), strict=True)):
        draw_layer_shares(shares, gate, label=f"{eps:g}", colour=colour, marker=_MARKERS[n % len(_MARKERS)])
    shares.legend(title=r"$\varepsilon_\perp$", loc="lower left")
    draw_potential(potential, gates[p.eps])
    for ax, letter in ((bars, "(a)"), (potential, "(c)")):
        panel_label(ax, rf"{letter}  $\varepsilon_\perp={p.eps:g}$")
    panel_label(shares, "(b)")
    return figure


def figure_4a(data: Computed) -> Figure:
    """Bands around K and their splitting."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.72)
    near = data.normal.near
    draw_valley_bands(left, near)
    inset = left.inset_axes((0.36, 0.55, 0.36, 0.42))
    close = near.sel(q=slice(-1.0, 1.0))
    draw_valley_bands(inset, close, lw=1.0)
    low = float(close.energy.min())
    inset.set_ylim(low - 3, low + 42)
    inset.set_xlabel("")
    inset.set_ylabel("")
    inset.tick_params(labelsize=6.5)
    left.set_ylim(low - 15, 1.15 * float(near.energy.max()))
    handles = [Line2D([], [], color=c, label=t) for c, t in ((RED, r"$s_z>0$"), (BLUE, r"$s_z<0$"))]
    left.legend(handles=handles, loc="lower right")
    right.plot(near.q, near.splitting, color=BLACK)
    right.axhline(0, color=GREY, lw=0.5, zorder=0)
    for q in _fermi_places(data):
        right.axvline(q, color=GREY, lw=0.6, ls=(0, (4, 3)), zorder=0)
        right.annotate(r"$E_{\rm F}$", (q, 0.03), xycoords=("data", "axes fraction"), xytext=(2, 0),
                       textcoords="offset points", color=GREY)  # fmt: skip
    right.set_xlim(-REACH, REACH)
    right.set_xlabel(TOWARDS)
    right.set_ylabel(r"$E_\uparrow-E_\downarrow$ (meV)")
    panel_label(left, "(a)")
    panel_label(right, "(b)")
    return figure


def _fermi_places(data: Computed) -> list[float]:
    """Where the mean of the two bands crosses the Fermi level, 1/nm from K."""
    near = data.normal.near
    middle = near.energy.mean("band").values
    change = [n for n in range(len(middle) - 1) if middle[n] * middle[n + 1] < 0]
    return [float(near.q[n]) for n in change]


def figure_4b(data: Computed) -> Figure:
    """Fermi lines with spin texture, and the crossing of the bands."""
    figure, axes = panels(1, 3, width=DOUBLE, aspect=1.05)
    for ax, valley, letter in zip(axes, ("K", "K'"), ("(a)  K", "(b)  K'"), strict=False):
        draw_texture(ax, data.normal.pocket, valley, length=ARROW, spread=SPREAD)
        ax.set_xlim(-2.6, 2.6)
        ax.set_ylim(-2.6, 2.6)
        panel_label(ax, letter)
    add_spin_scale(axes[1])
    close = data.normal.near.sel(q=slice(0.2, 1.2))
    middle = close.energy.mean("band")
    draw_valley_bands(axes[2], close.assign(energy=close.energy - middle), lw=1.6)
    axes[2].set_ylabel(r"$E-(E_\uparrow+E_\downarrow)/2$ (meV)")
    axes[2].set_xlabel(r"$q$ from K towards M (nm$^{-1}$)")
    panel_label(axes[2], "(c)")
    return figure


def figure_supp4(data: Computed) -> Figure:
    """The one-band model beside k.p and three-band tight binding."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.72)
    levels, path = data.normal.levels, data.normal.path
    for name, (colour, style) in _STYLES.items():
        for band in range(levels.sizes["band"]):
            energy = levels.energy.sel(model=name).isel(band=band)
            left.plot(levels.q, energy, color=colour, ls=style, lw=0.9, label=name if band == 0 else None)
        right.plot(path.x, path.splitting.sel(model=name), color=colour, ls=style, label=name)
    level = data.parameters.model(0.0).calibration.fermi_energy
    left.axhline(level, color=GREY, lw=0.6, ls=(0, (4, 3)), zorder=0)
    left.annotate(r"$E_{\rm F}$, one-band", (0, level), xytext=(0, 2), textcoords="offset points", ha="center",
                  color=GREY)  # fmt: skip
    left.legend(loc="upper center")
    left.set_xlim(-REACH, REACH)
    left.set_ylim(-10, 1.05 * float(levels.energy.max()))
    left.set_xlabel(TOWARDS)
    left.set_ylabel(r"$E-E_{\rm K}$ (meV)")
    right.axhline(0, color=GREY, lw=0.5, zorder=0)
    right.axvline(0, color=GREY, lw=0.5, zorder=0)
    right.set_xlim(float(path.x[0]), float(path.x[-1]))
    right.set_xticks([-1, 0, 0.5], [r"$\Gamma$", "K", "M"])
    right.set_ylabel(r"$E_\uparrow-E_\downarrow$ (meV)")
    panel_label(left, "(a)")
    panel_label(right, "(b)")
    return figure


FIGURES: Final[dict[str, Callable[[Computed], Figure]]] = {
    "fig1d": figure_1d,
    "fig4a": figure_4a,
    "fig4b": figure_4b,
    "fig4c": figure_4c,
    "supp3": figure_supp3,
    "supp4": figure_supp4,
    "supp5": figure_supp5,
    "supp6": figure_supp6,
    "supp7": figure_supp7,
}
"""File name -> the function that draws it."""
