"""Drawings of measured sweeps, critical fields, and their fits. A Dataset and Axes in, the Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from spinvalley.checks import InvalidInput, one_of
from spinvalley.figures.critical import FIELD, TEMPERATURE
from spinvalley.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SEQUENTIAL, SKY

ANGLE: Final = r"Angle from the $c$ axis $\theta$ (degrees)"
SWEPT: Final = {"temperature": TEMPERATURE, "field": r"$\mu_0 H$ (T)", "angle": ANGLE}
"""Name of the axis of a sweep of each kind."""

COLOURS: Final = (RED, BLUE, GREEN, PURPLE, ORANGE, SKY, GREY)
STYLES: Final = ("-", (0, (5, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (1, 1.2)), (0, (7, 2, 1, 2, 1, 2)), (0, (2, 1)))
_MOST_NAMES: Final = 7
_HIGHEST: Final = 12.0
_CROWDED: Final = 0.01  # of the range: points that no line joins
_CENTRAL: Final = (0.1585, 0.8415)
_INTERVAL: Final = 1.0  # rise of chi^2 at the ends of a 68 % interval


def draw_resistance(ax: Axes, curves: xr.Dataset, marks: xr.Dataset | None = None, kind: str = "field") -> Axes:
    """Resistance of measured sweeps, with the place marked where each passes its criterion.

    Args:
        ax: where to draw.
        curves: Dataset over row with series (name of the sweep), x (K, T or degrees) and R (Ohm).
        marks: Dataset over point with series, x and R of the crossings.
        kind: "temperature", "field" or "angle": what is swept.

    Returns:
        The same axes. Of more than seven sweeps the key names the first, the middle and the last one of the colours.

    Raises:
        InvalidInput: a variable is missing, or the kind is unknown.

    Source: gated_mos2.txt, Fig. 2b, c and Fig. 3a, b.
    """
    _need(curves, "series", "x", "R")
    names = list(dict.fromkeys(curves.series.values.tolist()))
    shades = mpl.colormaps[SEQUENTIAL](np.linspace(0.0, 0.85, max(len(names), 2)))
    for name, shade in zip(names, shades, strict=False):
        one = curves.isel(row=np.flatnonzero(curves.series.values == name))
        ax.plot(one.x, one.R, "-", color=shade, lw=0.8, label=str(name), zorder=2)
        if marks is not None:
            at = marks.isel(point=np.flatnonzero(marks.series.values == name))
            ax.plot(at.x, at.R, "o", ms=3.2, color=shade, mfc="white", mew=0.9, zorder=4)
    ax.set_xlabel(SWEPT[one_of("kind", kind, SWEPT)])
    ax.set_ylabel(r"$R$ ($\Omega$)")
    ax.margins(x=0.01)
    if 1 < len(names) <= _MOST_NAMES:
        ax.legend(fontsize=6.5, handlelength=1.0)
    elif names[1:]:
        some = [ax.lines[0], *(line for line in ax.lines if line.get_label() == str(names[len(names) // 2]))]
        some += [line for line in ax.lines if line.get_label() == str(names[-1])]
        ax.legend(handles=some, title="in this order", fontsize=6.5, title_fontsize=6.5, handlelength=1.0)
    return ax


def draw_measured(
    ax: Axes, points: xr.Dataset, label: str = "data", *, variable: str = "T", colour: str = BLACK, marker: str = "s"
) -> Axes:
    """Measured critical fields with their error bars in both directions.

    Args:
        ax: where to draw.
        points: Dataset with `variable` (K or degrees) and B, and where known sigma_B (T) and sigma_T or sigma_theta.
        label: name in the legend.
        variable: "T" or "theta".
        colour: of the symbols.
        marker: of the symbols.

    Returns:
        The same axes, with labels.

    Raises:
        InvalidInput: a variable is missing, or an unknown `variable`.
    """
    one_of("variable", variable, ("T", "theta"))
    _need(points, variable, "B")
    known = {"yerr": "sigma_B", "xerr": f"sigma_{variable}"}
    bars: dict[str, Any] = {bar: points[name].values for bar, name in known.items() if name in points}
    ax.errorbar(
        points[variable], points.B, ls="", marker=marker, ms=3.4, color=colour, mfc="white", mew=0.8, label=label,
        zorder=5, elinewidth=0.7, capsize=1.5, **bars,
    )  # fmt: skip
    ax.set_xlabel(TEMPERATURE if variable == "T" else ANGLE)
    ax.set_ylabel(FIELD)
    return ax


def draw_fits(ax: Axes, curves: Mapping[str, xr.Dataset], *, bands: bool = True) -> Axes:
    """Fitted curves with their 68 % bands, each in its own colour and dash.

    Args:
        ax: where to draw.
        curves: name in the legend -> Dataset over x with B, and low and high where there is a band, all in T.
        bands: whether to draw the bands.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a Dataset without x or B.
    """
    for n, (name, curve) in enumerate(curves.items()):
        _need(curve, "x", "B")
        colour, style = COLOURS[n % len(COLOURS)], STYLES[n % len(STYLES)]
        ax.plot(curve.x, curve.B, color=colour, ls=style, label=name, zorder=3)
        if bands and "low" in curve and "high" in curve:
            ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.18, lw=0, zorder=1)
    return ax


def magnify(ax: Axes, points: xr.Dataset, low: float, high: float) -> Axes:
    """The same axes between two angles in degrees, with the fields that occur there."""
    inside = (points.theta.values >= low) & (points.theta.values <= high)
    if not inside.any():
        raise InvalidInput(f"`points` must hold angles between {low:g} and {high:g} degrees, but hold none")
    fields = points.B.values[inside]
    room = 0.08 * max(float(np.ptp(fields)), 0.1 * float(fields.max()))
    ax.set_xlim(low, high)
    ax.set_ylim(float(fields.min()) - room, float(fields.max()) + 2 * room)
    return ax


def draw_residuals(ax: Axes, data: xr.Dataset, variable: str = "T") -> Axes:
    """What each formula leaves, (B - formula)/sigma.

    Args:
        ax: where to draw.
        data: Dataset over row with formula, x (K or degrees) and residual.
        variable: "T" or "theta".

    Returns:
        The same axes; points beyond 10 sigma stretch the axis symmetrically in a logarithmic scale.

    Raises:
        InvalidInput: a variable is missing.
    """
    _need(data, "formula", "x", "residual")
    for n, name in enumerate(dict.fromkeys(data.formula.values.tolist())):
        one = data.isel(row=np.flatnonzero(data.formula.values == name)).sortby("x")
        colour, style = COLOURS[n % len(COLOURS)], STYLES[n % len(STYLES)]
        crowded = np.min(np.diff(one.x.values), initial=np.inf) < _CROWDED * np.ptp(data.x.values)
        style = "" if crowded or variable == "theta" else style
        ax.plot(one.x, one.residual, color=colour, ls=style, marker="osD^v<>"[n % 7], ms=2.6, lw=0.7, label=name)
    ax.axhspan(-1, 1, color=GREY, alpha=0.2, lw=0)
    ax.axhline(0, color=GREY, lw=0.6)
    if np.nanmax(np.abs(data.residual.values), initial=0.0) > 10:
        ax.set_yscale("symlog", linthresh=2)
        ticks = [s * v for s in (-1, 1) for v in (1, 10, 100, 1000) if v <= 2 * np.nanmax(np.abs(data.residual.values))]
        ax.set_yticks(sorted([0, *ticks]), [f"{v:g}".replace("-", "−") for v in sorted([0, *ticks])])
        ax.minorticks_off()
    ax.set_xlabel(TEMPERATURE if variable == "T" else ANGLE)
    ax.set_ylabel(r"$(B-B_{\rm fit})/\sigma$")
    return ax


def draw_dome(ax: Axes, table: xr.Dataset) -> Axes:
    """Critical temperature against carrier density over several devices, with error bars and names.

    Args:
        ax: where to draw.
        table: Dataset of `experiment.dome.dome`.

    Returns:
        The same axes; a device without a Tc is a cross on the axis. The dotted line guides the eye.

    Raises:
        InvalidInput: a variable is missing.

    Source: gated_mos2.txt, the superconducting dome.
    """
    _need(table, "n2D", "sigma_n2D", "Tc", "sigma_Tc", "device")
    unit = 1e14
    n, Tc = table.n2D.values / unit, table.Tc.values
    known = np.isfinite(Tc)
    ax.errorbar(
        n[known], Tc[known], yerr=table.sigma_Tc.values[known], xerr=table.sigma_n2D.values[known] / unit,
        fmt="o", ms=3.6, color=BLUE, mfc="white", elinewidth=0.7, capsize=1.5, zorder=3,
    )  # fmt: skip
    ax.plot(n[known], Tc[known], ":", lw=0.7, color=GREY, zorder=1)
    ax.plot(n[~known], np.zeros(int((~known).sum())), "x", color=RED, ms=4, label="no transition seen", clip_on=False)
    for at, height, name in zip(n, np.nan_to_num(Tc), table.device.values.tolist(), strict=True):
        ax.annotate(
            str(name),
            (at, height),
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            fontsize=6.5,
            parse_math=False,
        )
    if (~known).any():
        ax.legend()
    ax.set_xlabel(r"$n_{\rm 2D}$ ($10^{14}$ cm$^{-2}$)")
    ax.set_ylabel(r"$T_{\rm c}$ (K)")
    ax.margins(x=0.12)
    ax.set_ylim(0, 1.15 * float(np.max(Tc[known], initial=0.0)) or 1.0)
    return ax


def draw_hall(ax: Axes, readings: xr.Dataset, odd: xr.Dataset, slope: float) -> Axes:
    """Hall resistance: the readings, their part odd in the field, and the line through it.

    Args:
        ax: where to draw.
        readings: Dataset over row with B (T) and R (Ohm).
        odd: the same of what counts: the odd part for B > 0, which is mirrored, or readings of one sign of the field.
        slope: of the line in Ohm/T.

    Returns:
        The same axes.

    Raises:
        InvalidInput: a variable is missing.
    """
    _need(readings, "B", "R")
    _need(odd, "B", "R")
    fields = readings.B.values
    ax.plot(fields, readings.R, ".", ms=2.5, color=GREY, alpha=0.6, label="readings", zorder=1)
    if odd.B.values.min(initial=np.inf) > 0 > fields.min():
        mirrored = [np.concatenate([-odd[name].values[::-1], odd[name].values]) for name in ("B", "R")]
        ax.plot(*mirrored, "-", lw=1.4, color=BLUE, label="odd part", zorder=2)
    ends = np.array([min(fields.min(), 0.0), max(fields.max(), 0.0)])
    label = f"{slope:.4g}".replace("-", "−") + r" $\Omega$/T"
    ax.plot(ends, slope * ends, color=RED, ls=(0, (4, 2)), lw=0.9, label=label, zorder=3)
    ax.set_xlabel(SWEPT["field"])
    ax.set_ylabel(r"$R_{xy}$ ($\Omega$)")
    ax.legend()
    return ax


def draw_corner(axes: Sequence[Axes], data: xr.Dataset, names: Sequence[str]) -> Sequence[Axes]:
    """A posterior: each parameter alone on the diagonal, each pair below it.

    Args:
        axes: k k axes, row by row.
        data: Dataset with sets (row, parameter), k parameters.
        names: of the parameters, for the axes.

    Returns:
        The same axes; those above the diagonal are hidden. Dotted: the central 68 %.

    Raises:
        InvalidInput: the variable is missing, or the number of axes is not k k.
    """
    _need(data, "sets")
    sets = data.sets.values
    size = sets.shape[1]
    if len(axes) != size**2:
        raise InvalidInput(f"`axes` must be {size} x {size}, but are {len(axes)}")
    for place, ax in enumerate(axes):
        row, column = divmod(place, size)
        ax.set_visible(column <= row)
        if column == row:
            ax.hist(sets[:, row], bins=40, color=SKY, density=True)
            for end in np.quantile(sets[:, row], _CENTRAL):
                ax.axvline(end, color=BLACK, lw=0.7, ls=":")
            ax.set_yticks([])
        else:
            ax.plot(sets[:, column], sets[:, row], ".", ms=1, alpha=0.25, color=BLUE, rasterized=True)
            ax.yaxis.set_major_locator(MaxNLocator(3))
            ax.yaxis.set_major_formatter(ScalarFormatter(useOffset=False))
        ax.xaxis.set_major_locator(MaxNLocator(3))
        ax.xaxis.set_major_formatter(ScalarFormatter(useOffset=False))
        last, first = row == size - 1, column == 0 < row
        ax.tick_params(labelsize=6, labelbottom=last, labelleft=first)
        ax.tick_params(axis="x", rotation=45 if size > 1 else 0)
        ax.set_xlabel(names[column] if last else "")
        ax.set_ylabel(names[row] if first else "probability density" if size == 1 else "")
    return axes


def draw_profile(axes: Sequence[Axes], data: xr.Dataset) -> Sequence[Axes]:
    """How far the data fix the inter-valley scattering time: rise of chi^2, and the splitting that goes along with it.

    Args:
        axes: two axes.
        data: Dataset over tau_iv (fs) with rise (of chi^2 over its least value, in units of its scale), splitting (meV)
            and in attrs tau (fs; where known), asymptote (splitting tau_iv^(1/2) of the limit of Klemm, Luther and
            Beasley) and scaled (the factor by which the rise was divided; where it was).

    Returns:
        The same axes. Where the rise stays below 1 (dotted) towards short times, only splitting^2 tau_iv is fixed.

    Raises:
        InvalidInput: a variable is missing.
    """
    _need(data, "tau_iv", "rise", "splitting")
    first, second = axes
    first.plot(data.tau_iv, data.rise, color=BLUE)
    first.axhline(_INTERVAL, color=GREY, ls=":", lw=0.8)
    first.set_ylim(0, _HIGHEST)
    first.set_ylabel(r"rise of $\chi^2$ (scaled)" if "scaled" in data.attrs else r"rise of $\chi^2$")
    second.plot(data.tau_iv, data.splitting, color=RED)
    limit = data.attrs.get("asymptote")
    if limit is not None:
        second.plot(
            data.tau_iv, limit / np.sqrt(data.tau_iv), color=GREY, ls="--", lw=0.8, label=r"$\propto\tau_{iv}^{-1/2}$"
        )
        second.set_ylim(0.6 * float(data.splitting.min()), 1.6 * float(data.splitting.max()))
        second.legend()
    second.set_yscale("log")
    second.set_ylabel("splitting (meV)")
    tau = data.attrs.get("tau")
    for ax in axes:
        ax.set_xscale("log")
        ax.set_xlabel(r"$\tau_{iv}$ (fs)")
        if tau is not None:
            ax.axvline(tau, color=BLACK, lw=0.7, ls=(0, (5, 2, 1, 2)))
            ax.annotate(
                r"$\tau$", (tau, 0.96), xycoords=("data", "axes fraction"), xytext=(2, 0), textcoords="offset points",
                va="top",
            )  # fmt: skip
    return axes


def _need(data: xr.Dataset, *names: str) -> None:
    for name in names:
        if name not in data.variables:
            raise InvalidInput(f"`data` must hold {name}, but holds {', '.join(map(str, data.variables))}")
