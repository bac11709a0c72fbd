"""The figures of the paper: which Datasets go onto which axes, with which labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spinvalley.figures.normal import add_scale, draw_bands, draw_fermi_lines, draw_spectral_map
from spinvalley.figures.phase import (
    add_gap_scale,
    draw_critical_lines,
    draw_gap_map,
    draw_pauli_limit,
    order_handles,
)
from spinvalley.figures.style import BLACK, DOUBLE, GREEN, GREY, panel_label, panels
from spinvalley.papers.heterostructure.computed import Computed
from spinvalley.papers.heterostructure.curves import lowest, reduced
from spinvalley.papers.heterostructure.drawings_edge import figure_4, figure_4_bulk, figure_4_modes

_TEMPERATURE: Final = r"$T/T_{\rm c}(\Gamma=0)$"
_FIELD: Final = r"$V_x/H_{\rm P}$"


def figure_1a(data: Computed) -> Figure:
    """Bands of the two layers."""
    figure, (ax,) = panels(aspect=0.85)
    draw_bands(ax, data.bands["sc"], colour=GREEN, label="superconductor")
    draw_bands(ax, data.bands["tmd"], label="TMD")
    ax.legend(loc="lower center", frameon=True, framealpha=1, edgecolor="none", fancybox=False)
    return figure


def figure_1b(data: Computed) -> Figure:
    """Fermi lines of the two layers."""
    figure, (ax,) = panels(aspect=1.0)
    draw_fermi_lines(ax, data.fermi["sc"], colour=GREEN, label="superconductor")
    draw_fermi_lines(ax, data.fermi["tmd"], label="TMD")
    ax.legend(loc="center", handlelength=1.2)
    return figure


def figure_2a(data: Computed) -> Figure:
    """Spectral density of the superconductor at the Fermi energy."""
    return _spectral(data, "rho0")


def figure_2b(data: Computed) -> Figure:
    """Its spin polarisation."""
    return _spectral(data, "rho3")


def figure_3a(data: Computed) -> Figure:
    """Critical field against temperature for each coupling."""
    figure, (ax,) = panels(aspect=0.95)
    lines = {f"{coupling:g}": reduced(line) for coupling, line in data.lines.items()}
    draw_critical_lines(ax, lines)
    draw_pauli_limit(ax)
    _legends(ax, lines, r"$\Gamma/|t|$")
    ax.set_xlabel(_TEMPERATURE)
    ax.set_ylabel(_FIELD)
    ax.set_xlim(0, 1.05)
    _state(ax, data)
    return figure


def figure_3b(data: Computed) -> Figure:
    """Gap of the isolated layer."""
    return _map(data, data.parameters.couplings[0])


def figure_3c(data: Computed) -> Figure:
    """Gap of the coupled layer."""
    return _map(data, data.parameters.strongest)


def figure_ladder(data: Computed) -> Figure:
    """Dependence of the strongest coupling's critical field on the gap that the paper does not print."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.78)
    lines = {f"{gap0:g}": reduced(line) for gap0, line in data.ladder.items()}
    left.set_yscale("log")
    draw_critical_lines(left, lines)
    left.set_ylim(0.15, 1.3 * max(float(line.zeeman.max()) for line in lines.values()))
    _plain_ticks(left)
    draw_pauli_limit(left)
    _legends(left, lines, r"$\Delta_0/|t|$")
    left.set_xlabel(_TEMPERATURE)
    left.set_ylabel(_FIELD)
    left.set_xlim(0, 1)
    panel_label(left, "(a)")
    _draw_dependence(right, data)
    panel_label(right, "(b)")
    return figure


FIGURES: Final[dict[str, Callable[[Computed], Figure]]] = {
    "fig1a": figure_1a,
    "fig1b": figure_1b,
    "fig2a": figure_2a,
    "fig2b": figure_2b,
    "fig3a": figure_3a,
    "fig3b": figure_3b,
    "fig3c": figure_3c,
    "ladder": figure_ladder,
    "fig4": figure_4,
    "fig4_bulk": figure_4_bulk,
    "fig4_modes": figure_4_modes,
}
"""File name -> the function that draws it."""


def _spectral(data: Computed, which: Literal["rho0", "rho3"]) -> Figure:
    figure, (ax,) = panels(aspect=0.82)
    image = draw_spectral_map(ax, data.spectral, which)
    add_scale(ax, image, which)
    return figure


def _map(data: Computed, coupling: float) -> Figure:
    figure, (ax,) = panels(aspect=0.78)
    here = data.layers[data.parameters.gap0]
    mesh = draw_gap_map(
        ax,
        data.maps[coupling],
        line=data.lines[coupling],
        kT_unit=float(here.tc),
        zeeman_unit=here.pauli,
        gap_unit=here.gap0,
    )
    add_gap_scale(ax, mesh)
    ax.set_xlabel(_TEMPERATURE)
    ax.set_ylabel(_FIELD)
    ax.annotate("normal", (0.97, 0.95), xycoords="axes fraction", ha="right", va="top")
    panel_label(ax, rf"$\Gamma/|t|={coupling:g}$,  $\Delta_0/|t|={here.gap0:g}$")
    return figure


def _draw_dependence(ax: Axes, data: Computed) -> None:
    """Hc2 and the linearised field at the lowest temperature against the gap."""
    points = [lowest(line, data.parameters.lowest) for line in data.ladder.values()]
    gap0, u, linear, order = (
        np.array(list(values))
        for values in zip(
            *((g, float(q.u), float(q.u_linear), int(q.order)) for g, q in zip(data.ladder, points, strict=True)),
            strict=True,
        )
    )
    ax.plot(gap0, u, color=BLACK, lw=0.8)
    ax.plot(gap0, linear, color=GREY, ls=":", lw=1.0, label="normal state unstable below")
    for n, face, label in ((2, BLACK, "continuous"), (1, "white", "first order")):
        ax.plot(gap0[order == n], u[order == n], ls="", marker="o", ms=4, mfc=face, mec=BLACK, label=label)
    draw_pauli_limit(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    _plain_ticks(ax)
    ax.set_xticks(gap0, [f"{value:g}" for value in gap0])
    ax.set_xticks([], minor=True)
    ax.set_xlabel(r"$\Delta_0/|t|$ of the isolated layer")
    ax.set_ylabel(rf"$V_x/H_{{\rm P}}$ at $T={data.parameters.lowest:g}\,T_{{\rm c}}(\Gamma=0)$")
    ax.legend(loc="upper right")


def _plain_ticks(ax: Axes) -> None:
    """Few ticks in plain numbers on a logarithmic field axis."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if low <= tick <= high]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_yticks([], minor=True)


def _legends(ax: Axes, lines: dict[str, xr.Dataset], title: str) -> None:
    """One legend for the curves and one for the styles."""
    curves = ax.legend(loc="upper right", title=title, ncols=2, columnspacing=1.2)
    ax.add_artist(curves)
    ax.legend(handles=order_handles(lines), loc="lower left")


def _state(ax: Axes, data: Computed) -> None:
    panel_label(ax, rf"$\Delta_0/|t|={data.parameters.gap0:g}$")
