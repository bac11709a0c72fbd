"""The figures of nodes, flat bands and edges: Fig. 4 and what stands beside it."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from spinvalley.figures.normal import draw_fermi_lines
from spinvalley.figures.style import BLACK, BLUE, DOUBLE, GREEN, GREY, RED, panel_label, panels
from spinvalley.figures.topology import (
    WINDING_COLOURS,
    add_spectral_scale,
    draw_andreev,
    draw_edge_spectrum,
    draw_nodes,
    draw_strip,
    mark_flat_bands,
    signed,
    winding_handles,
)
from spinvalley.papers.heterostructure.computed import Computed
from spinvalley.papers.heterostructure.parameters import BORDER

_MOMENTUM: Final = r"$k_y b$"
_ENERGY: Final = r"$E/\Delta$"
_SHOWN: Final = 1.2
_SPLIT: Final = 0.4


def figure_4(data: Computed) -> Figure:
    """Strips without and with the field, and what a half plane and a wide enough strip show."""
    figure, (a, b, c, d) = panels(2, 2, width=DOUBLE, aspect=0.72)
    edge, p = data.edge, data.parameters.edge
    for ax, letter, (ratio, levels) in zip((a, b), "ab", edge.strips.items(), strict=True):
        draw_strip(ax, levels, unit=(BORDER, p.gap))
        field = "0" if ratio == 0 else rf"{ratio:g}\Delta"
        panel_label(ax, rf"({letter}) $V_x={field}$")
        _frame(ax, _SHOWN)
    mesh = draw_edge_spectrum(c, edge.spectrum, unit=(BORDER, p.gap), decades=6)
    c.set_yscale("log")
    add_spectral_scale(c, mesh)
    for k in _ends(data):
        c.axvline(k, color="white", lw=0.6, ls=(0, (2, 2)))
    panel_label(c, rf"(c) half plane, $V_x={p.ratio:g}\Delta$")
    draw_strip(d, edge.resolved, unit=(BORDER, p.resolved_gap))
    mark_flat_bands(d, edge.resolved_bands, unit=(BORDER, p.resolved_gap))
    panel_label(d, rf"(d) one band, $V_x={p.ratio:g}\Delta$")
    _frame(d, _SPLIT)
    d.legend(
        handles=winding_handles(edge.resolved_bands), loc="lower center", frameon=True, framealpha=0.9, edgecolor="none"
    )
    for ax in (c, d):
        ax.set_xlabel(_MOMENTUM)
        ax.set_ylabel(_ENERGY)
    return figure


def figure_4_bulk(data: Computed) -> Figure:
    """Nodes in the zone, and the winding number over momentum and field."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.85)
    draw_fermi_lines(left, data.fermi["sc"], colour=GREEN, label="film alone")
    draw_nodes(left, data.edge.nodes, data.fermi["sc"])
    left.legend(loc="center", handlelength=1.2)
    panel_label(left, rf"(a) nodes at $V_x={data.parameters.edge.ratio:g}\Delta$")
    _draw_phase(right, data)
    panel_label(right, "(b) winding number, armchair edge")
    return figure


def figure_4_modes(data: Computed) -> Figure:
    """Decay lengths of the zero modes, and the Andreev conductance of one of them."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.75)
    decay, p = data.edge.decay, data.parameters.edge
    bands = data.edge.bands["armchair"]
    k, columns = decay.k_parallel.values, decay.decay_length.values / data.edge.spins[0].attrs["spacing"]
    for start, stop, w in zip(bands.start.values, bands.stop.values, bands.winding.values, strict=True):
        piece = (k >= start) & (k <= stop)
        left.plot(k[piece] / BORDER, columns[piece], color=WINDING_COLOURS[int(np.sign(w))], lw=1.2)
    left.axhline(p.width, color=BLACK, lw=0.8, ls=":")
    left.annotate(f"strip of Fig. 4a-b: {p.width} columns", (0.5, p.width), xycoords=("axes fraction", "data"),
                  xytext=(0, 3), textcoords="offset points", ha="center")  # fmt: skip
    left.set_yscale("log")
    left.set_ylim(30, 3e6)
    left.set_xlabel(_MOMENTUM)
    left.set_ylabel("decay length (columns)")
    left.legend(handles=winding_handles(bands), loc="lower left", bbox_to_anchor=(0, 0.2))
    panel_label(left, "(a) zero modes of the half plane")
    draw_andreev(right, data.edge.peak, unit=p.gap)
    right.set_xscale("log")
    right.set_xlabel(_ENERGY)
    right.legend(loc="upper right")
    panel_label(right, rf"(b) $k_y b={float(data.edge.peak.k_parallel[0]) / BORDER:.3f}$, $\gamma={p.contact:g}\,|t|$")
    return figure


def _frame(ax: Axes, height: float) -> None:
    ax.set_ylim(-height, height)
    ax.set_xlim(-1, 1)
    ax.set_xlabel(_MOMENTUM)
    ax.set_ylabel(_ENERGY)


def _ends(data: Computed) -> list[float]:
    """Ends of the flat bands at k_y > 0, in units of the border."""
    bands = data.edge.bands["armchair"]
    ends = {round(float(k) / BORDER, 9) for k in [*bands.start.values, *bands.stop.values] if k > 0}
    return sorted(ends)


def _draw_phase(ax: Axes, data: Computed) -> None:
    """Signs of w over k_y and V, with both thresholds."""
    phase, p = data.edge.phase, data.parameters.edge
    signs = np.sign(phase.winding.transpose("zeeman", "k_parallel").values)
    colours = ListedColormap([BLUE, "white", RED])
    ax.pcolormesh(
        phase.k_parallel.values / BORDER, phase.zeeman.values / p.gap, signs, cmap=colours, vmin=-1.5, vmax=1.5,
        shading="nearest", rasterized=True,
    )  # fmt: skip
    ax.axhline(p.ratio, color=GREY, lw=0.6, ls=":")
    low = float(data.edge.thresholds["both layers"].zeeman) / p.gap
    ax.axhline(low, color=BLACK, lw=0.7, ls=(0, (4, 2)))
    ax.annotate(
        rf"threshold ${low:.4f}\,\Delta$", (0.98, low), xycoords=("axes fraction", "data"), xytext=(0, -3),
        textcoords="offset points", ha="right", va="top",
    )  # fmt: skip
    ax.legend(handles=[Patch(color=WINDING_COLOURS[n], label=f"$w$ = {signed(n)}") for n in (1, -1)], loc="upper left")
    ax.set_xlabel(_MOMENTUM)
    ax.set_ylabel(r"$V_x/\Delta$")
