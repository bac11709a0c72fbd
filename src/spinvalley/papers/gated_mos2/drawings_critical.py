"""The figures of critical fields: which Datasets go onto which axes, with which labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spinvalley.figures.critical import FIELD, draw_family, draw_hc2, draw_level, draw_points
from spinvalley.figures.style import BLACK, BLUE, DOUBLE, GREEN, GREY, RED, SKY, panel_label, panels
from spinvalley.pairing import DEVICES, KlemmLutherBeasley, hc2, pauli_limit
from spinvalley.papers.gated_mos2.computed import Computed

_DEVICE_COLOURS: Final = {"L1": GREEN, "H1": BLUE, "H2": RED}
_RATIO: Final = "Rashba ratio"
_AVERAGE: Final = "Fermi surface"
_WITHOUT, _WITH = BLACK, RED


def figure_4c(data: Computed) -> Figure:
    """Hc2 against temperature for several Rashba ratios."""
    figure, (ax,) = panels(aspect=0.95)
    p = data.parameters
    draw_hc2(ax, {f"{100 * ratio:g} %": line for ratio, line in data.critical.lines.items()})
    if data.measured is not None:
        draw_points(ax, data.measured.points, "device H1")
    _limits(ax, p.tc)
    ax.set_xlim(0, 1.06 * p.tc)
    ax.legend(title=_RATIO, loc="upper right")
    return figure


def figure_supp3(data: Computed) -> Figure:
    """Klemm-Luther-Beasley fits, and what they assume."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.72)
    names = {d.name: rf"{d.name}, $\tau_{{\rm so}}={d.tau_so:g}$ fs (published)" for d in DEVICES}
    lines = {names[name]: line for name, line in data.klb.items()}
    draw_hc2(left, lines, colours=[_DEVICE_COLOURS[name] for name in data.klb])
    if data.measured is not None:
        points, fit = data.measured.points, data.measured.klb
        T = np.linspace(0.01, 0.999, 40) * data.parameters.tc
        curve = hc2(KlemmLutherBeasley(fit.value), T, tc=data.parameters.tc)
        text = rf"fit to H1, $\tau_{{\rm so}}={fit.value:.1f}\pm{fit.error:.1f}$ fs"
        left.plot(T, curve.B, color=BLACK, ls=(0, (3, 2)), lw=0.9, label=text)
        draw_points(left, points, "device H1")
    left.set_ylim(0, 1.55 * max(float(line.B.max()) for line in lines.values()))
    left.set_xlim(0, 10.5)
    left.legend(loc="upper right")
    _draw_times(right)
    panel_label(left, "(a)")
    panel_label(right, "(b)")
    return figure


def _draw_times(ax: Axes) -> None:
    """Transport time against tau_so of the devices, and where the theory may be used."""
    x = np.array([1.0, 100.0])
    ax.fill_between(x, 1e-3, 0.1 * x, color=GREY, alpha=0.25, lw=0)
    ax.fill_between(x, x, 1e3, color=RED, alpha=0.08, lw=0)
    ax.plot(x, x, color=BLACK, lw=0.8)
    ax.plot(x, 0.1 * x, color=GREY, lw=0.8)
    for d in DEVICES:
        ax.plot(d.tau_so, d.tau, marker="os^"[DEVICES.index(d)], color=_DEVICE_COLOURS[d.name], ms=5, ls="")
        side = {"xytext": (3, 5), "ha": "left"} if d.name == "H2" else {"xytext": (-6, -2), "ha": "right"}
        ax.annotate(f"{d.name}: {d.tau / d.tau_so:.1f}", (d.tau_so, d.tau), textcoords="offset points", **side)  # type: ignore[arg-type]
    ax.annotate(r"unphysical: $\tau>\tau_{\rm so}$", (0.05, 0.93), xycoords="axes fraction", va="top")
    ax.annotate(r"$\tau\ll\tau_{\rm so}$, as assumed", (0.95, 0.06), xycoords="axes fraction", ha="right", va="bottom")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(1, 100)
    ax.set_ylim(0.3, 200)
    ax.set_xlabel(r"$\tau_{\rm so}$ (fs)")
    ax.set_ylabel(r"$\tau$ (fs)")


def figure_supp5(data: Computed) -> Figure:
    """Hc2 with Zeeman-type coupling only."""
    figure, (ax,) = panels(aspect=0.95)
    p, lines = data.parameters, data.critical.zeeman
    draw_hc2(ax, {_AVERAGE: lines[_AVERAGE]}, colours=[SKY])
    for drawn in ax.lines:
        drawn.set_linewidth(3.2)  # the lattice lies on top of it
    others = {name: line for name, line in lines.items() if name != _AVERAGE}
    draw_hc2(ax, others, colours=[BLACK, RED, GREEN][: len(others)])
    ax.set_ylim(0, 1.06 * max(float(line.B.max()) for line in lines.values()))
    _limits(ax, p.tc)
    ax.set_xlim(0, 1.06 * p.tc)
    curves = ax.legend(loc="upper right")
    ax.add_artist(curves)
    orders = (("continuous", "-"), ("first order", (0, (3.2, 1.6))))
    styles = [Line2D([], [], color=BLACK, ls=style, label=name) for name, style in orders]
    ax.legend(handles=styles, loc="center left", bbox_to_anchor=(0.0, 0.33))
    return figure


def figure_supp6(data: Computed) -> Figure:
    """Pairs with a momentum, and triplet admixture."""
    figure, (left, middle, right) = panels(1, 3, width=DOUBLE, aspect=0.95)
    p, c = data.parameters, data.critical
    q = c.profiles.assign(share=c.profiles.B / c.profiles.B.sel(q=0.0))
    colours = [_WITHOUT, _WITH]
    draw_family(
        left,
        q,
        "q",
        "share",
        "ratio",
        unit=(1e-3, 1),
        labels=[f"{100 * r:g} %" for r in q.ratio.values],
        colours=colours,
    )
    left.set_ylim(0.5, 1.4)
    left.set_xlabel(r"$q_y$ of the pairs ($\mu$m$^{-1}$)")
    left.set_ylabel(r"$H_{\rm c2}(q)/H_{\rm c2}(0)$")
    left.legend(title=_RATIO, loc="upper center", ncols=2)
    labels = [f"{float(T):g} K, Fermi surface" for T in c.momentum["T"].values]
    draw_family(
        middle, c.momentum, "ratio", "gain", "T", unit=(0.01, 0.01), labels=labels, colours=[BLUE, GREEN], marker="o",
        mfc="white",
    )  # fmt: skip
    found = {ratio: float(line.B[0] / line.B_linear[0]) - 1 for ratio, line in c.lattice_momentum.items()}
    middle.plot(
        [100 * r for r in found], [100 * g for g in found.values()], ls="", marker="s", ms=4, color=BLUE,
        label=f"{p.lowest:g} K, lattice",
    )  # fmt: skip
    middle.set_xlabel(f"{_RATIO} (%)")
    middle.set_ylabel(r"Gain of $H_{\rm c2}$ at the best $q$ (%)")
    middle.legend(loc="upper left")
    _draw_triplet(right, data)
    for ax, letter in ((left, "(a)"), (middle, "(b)"), (right, "(c)")):
        panel_label(ax, letter)
    return figure


def _draw_triplet(ax: Axes, data: Computed) -> None:
    """Gain and share of an f-wave channel against its critical temperature."""
    found = data.critical.triplet
    at = np.flatnonzero(found.ratio.values > 0)
    there = found.isel(ratio=at)
    ax.plot(there.ratio, 100 * there.gain, color=RED, marker="o", ms=3.5, mfc="white", label=r"gain of $H_{\rm c2}$")
    ax.plot(there.ratio, 100 * there.share, color=BLUE, marker="s", ms=3.5, mfc="white", label="triplet share")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(1, 1000)
    ax.set_xlabel(r"$T_{\rm c}$ of the $f$-wave channel over $T_{\rm c}$")
    ax.set_ylabel(f"at {data.parameters.cold:g} K (%)")
    ax.legend(loc="upper left")


def figure_supp7(data: Computed) -> Figure:
    """Hc2 against density and against Tc."""
    figure, (left, right) = panels(1, 2, width=DOUBLE, aspect=0.72)
    p, c = data.parameters, data.critical
    for ax, table, name, unit in ((left, c.density, "density", 1e13), (right, c.tcs, "tc", 1.0)):
        labels = [f"{_RATIO} {100 * r:g} %" for r in table.ratio.values]
        draw_family(ax, table, name, "B", "ratio", unit=(unit, 1), labels=labels, colours=[_WITHOUT, _WITH], marker="o",
                    mfc="white")  # fmt: skip
        ax.set_ylim(0, 1.25 * float(table.B.max()))
        ax.set_ylabel(rf"{FIELD[:-4]} at {p.cold:g} K (T)")
    draw_level(left, float(pauli_limit(p.tc)), r"$1.86\,T_{\rm c}$", at=0.8)
    left.set_xlabel(r"$n_{\rm 2D}$ ($10^{13}$ cm$^{-2}$)")
    left.legend(loc="upper left")
    right.plot(c.tcs.tc, pauli_limit(c.tcs.tc.values), color=GREY, lw=0.9, ls=(0, (5, 2, 1, 2)),
               label=r"$1.86\,T_{\rm c}$")  # fmt: skip
    right.set_xlabel(r"$T_{\rm c}$ (K)")
    right.legend(loc="upper left")
    panel_label(left, rf"(a)  $T_{{\rm c}}={p.tc:g}$ K")
    panel_label(right, rf"(b)  $n_{{\rm 2D}}={p.density / 1e13:g}\times10^{{13}}$ cm$^{{-2}}$")
    return figure


def _limits(ax: Axes, tc: float) -> None:
    draw_level(ax, float(pauli_limit(tc)), "first-order Pauli limit, $1.86\\,T_{\\rm c}$")
    draw_level(ax, float(pauli_limit(tc, order=2)), "second-order Pauli limit, $1.31\\,T_{\\rm c}$", below=True)
