"""The figures of a report: each at single and double column width, with the numbers that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from spinvalley.checks import Status
from spinvalley.experiment.sweeps import Kind, Sweep
from spinvalley.figures import measured as draw
from spinvalley.figures.style import BLACK, BLUE, DOUBLE, GREEN, PURPLE, RED, panel_label, panels
from spinvalley.reports import side_drawings, words
from spinvalley.reports.drawing import Drawing, evenly
from spinvalley.reports.measured import Measured, rows

if TYPE_CHECKING:
    from spinvalley.reports.analysis import Analysis
    from spinvalley.reports.judged import Judged

_MOST_SWEEPS, _MOST_POINTS = 24, 400
_HEADROOM: Final = 1.25
_ROOM: Final = 1.05
_ZERO_FIELD: Final = 2e-3  # T
_MAGNIFIED: Final = 3.0  # degrees on either side of 90
_KINDS: Final[dict[Kind, str]] = {
    "temperature": "Resistance against temperature",
    "field": "Resistance against field",
    "angle": "Resistance against angle",
}
_LETTERS: Final = "abcdef"
_DAGGER: Final = "; † inadmissible"


def figures(analysis: Analysis) -> tuple[Drawing, ...]:
    """Every figure of a report, under different names."""
    found: list[Drawing] = []
    for channel in dict.fromkeys(one.line.channel for one in analysis.judged):
        found += _overview(channel, [one for one in analysis.judged if one.line.channel == channel])
    found += side_drawings.carriers(analysis.carriers) if analysis.carriers else []
    for one in analysis.judged:
        found += _fits(one) if one.line.variable == "T" else _angles(one)
        found += _profile(one)
        found += side_drawings.posteriors(one)
    for run in analysis.measured:
        found += [_sweeps(run, channel, kind, str(analysis.options.criterion)) for channel, kind in _swept(run)]
    names: set[str] = set()
    return tuple(_renamed(one, names) for one in found)


def _overview(channel: str, lines: Sequence[Judged]) -> list[Drawing]:
    """Hc2(T) in every direction with the best admissible curve of each."""
    shown = [one for one in lines if one.line.variable == "T"]
    if not shown:
        return []
    directions = ("perpendicular", "parallel", "unknown")
    colours = dict(zip(directions, (BLUE, RED, BLACK), strict=True))

    def make(width: float) -> Figure:
        figure, (ax,) = panels(width=width, aspect=0.72 if width < DOUBLE else 0.5)
        for n, one in enumerate(shown):
            colour = colours.get(one.line.orientation, (GREEN, PURPLE)[n % 2])
            points = xr.Dataset({name: ("point", one.line.table[name]) for name in one.line.table.columns})
            draw.draw_measured(ax, points, _plain(_direction(one)), colour=colour, marker="os^D"[n % 4])
            if one.best is not None:
                curve = one.curves[one.best.name]
                ax.plot(curve.x, curve.B, color=colour, label=words.short(one.best.name), zorder=3)
                ax.fill_between(curve.x, curve.low, curve.high, color=colour, alpha=0.18, lw=0)
        _from_zero(ax, shown)
        if any(one.line.tc for one in shown):
            tc = next(one.line.tc[0] for one in shown if one.line.tc)
            ax.axvline(tc, color="0.5", lw=0.7, ls=":")
        ax.legend()
        return figure

    numbers = pd.concat([_tagged(one.line.table, series=_direction(one), what="measured") for one in shown])
    curves = [
        _tagged(_curve(one, one.best.name), series=_direction(one), what=one.best.name) for one in shown if one.best
    ]
    caption = (
        f"Upper critical field of {channel} against temperature, with the best admissible formula of each direction"
    )
    return [Drawing(f"hc2_{channel}", "overview", f"{caption} and its 68 % band.", make, pd.concat([numbers, *curves]))]


def _fits(one: Judged) -> list[Drawing]:
    """All fitted curves, and what they leave."""
    if not one.fitted:
        return []

    def make(width: float) -> Figure:
        figure, (left, right) = _side(2, width)
        _draw_candidates(left, one)
        _from_zero(left, [one])
        left.legend(fontsize=6.5, frameon=True, edgecolor="none", framealpha=0.75, borderpad=0.2)
        draw.draw_residuals(right, _residuals(one))
        right.margins(x=0.06)
        return _lettered(figure, (left, right))

    caption = f"{one.line.name}: (a) every fitted formula with its 68 % band, (b) what it leaves, in standard errors"
    caption += " as extracted, not scaled" + _DAGGER * any(not _admissible(one, c.name) for c in one.fitted) + "."
    return [Drawing(f"fits_{one.line.channel}_{one.line.orientation}", one.line.name, caption, make, _numbers(one))]


def _angles(one: Judged) -> list[Drawing]:
    """Hc2(theta), the cusp near 90 degrees, and what the fits leave."""
    theta = one.line.table.theta
    near = (theta - 90).abs() <= _MAGNIFIED
    zoom = bool(near.sum() >= 3)

    def make(width: float) -> Figure:
        count = 1 + zoom + bool(one.fitted)
        figure, axes = _side(count, width)
        points = xr.Dataset({name: ("point", one.line.table[name]) for name in one.line.table.columns})
        for ax in axes[: 1 + zoom]:
            _draw_candidates(ax, one)
        axes[0].legend(fontsize=6.5)
        axes[0].set_ylim(0, _HEADROOM * float(one.line.table.B.max()))
        if zoom:
            draw.magnify(axes[1], points, 90 - _MAGNIFIED, 90 + _MAGNIFIED)
        if one.fitted:
            draw.draw_residuals(axes[-1], _residuals(one), "theta")
        return _lettered(figure, axes)

    parts = ["all angles", *(["magnified around 90 degrees"] if zoom else []), *(["residuals"] if one.fitted else [])]
    told = ", ".join(f"({letter}) {part}" for letter, part in zip(_LETTERS, parts, strict=False))
    dagger = _DAGGER * any(not _admissible(one, c.name) for c in one.fitted)
    name = f"angle_{one.line.channel}_{one.line.T:.3g}K"
    return [Drawing(name, one.line.name, f"{one.line.name}: {told}{dagger}.", make, _numbers(one))]


def _profile(one: Judged) -> list[Drawing]:
    data = one.profile
    if data is None:
        return []

    def make(width: float) -> Figure:
        figure, axes = _side(2, width)
        draw.draw_profile(axes, data)
        return _lettered(figure, axes)

    caption = (
        "How far the data fix the inter-valley scattering time: (a) rise of chi2 when it is held and the splitting "
        f"follows{_scaled(data)}, (b) that splitting. Where the rise stays below 1 and the splitting follows the "
        "dashed line, only splitting² τiv is fixed: the limit of Klemm, Luther and Beasley."
    )
    name = f"degeneracy_{one.line.channel}_{one.line.orientation}"
    return [Drawing(name, one.line.name, caption, make, data.to_dataframe().reset_index())]


def _scaled(profile: xr.Dataset) -> str:
    """Whether the rise of a profile is in units of a scale."""
    return f", divided by {profile.attrs['scaled']:.3g}, which scales sigma²" if "scaled" in profile.attrs else ""


def _sweeps(one: Measured, channel: str, kind: Kind, criterion: str) -> Drawing:
    """Measured resistance with the crossings marked."""
    every = [s for s in one.sweeps if (s.channel, s.kind) == (channel, kind)]
    chosen = [every[n] for n in evenly(len(every), _MOST_SWEEPS)]
    names = {id(s): name for s, name in zip(every, _numbered([_name(s, kind) for s in every]), strict=True)}
    curves = pd.concat([_thinned(s, names[id(s)]) for s in chosen]).reset_index(drop=True)
    shown = {id(s): names[id(s)] for s in chosen}
    marks = _marks(one, shown, every, kind, criterion)

    def make(width: float) -> Figure:
        figure, (ax,) = panels(width=width, aspect=0.72 if width < DOUBLE else 0.45)
        line = xr.Dataset({c: ("row", curves[c].to_numpy()) for c in curves.columns})
        points = xr.Dataset({c: ("point", marks[c].to_numpy()) for c in marks.columns})
        draw.draw_resistance(ax, line, points, kind)
        return figure

    left_out = f" {len(chosen)} of {len(every)} sweeps are shown." if len(chosen) < len(every) else ""
    caption = f"{_KINDS[kind]}, {channel} of {one.name}; circles: {words.criterion(criterion)}.{left_out}"
    both = pd.concat([curves.assign(what="measured"), marks.assign(what="crossing")])
    return Drawing(f"sweeps_{channel}_{kind}", "sweeps", caption, make, both)


def _marks(one: Measured, shown: Mapping[int, str], every: Sequence[Sweep], kind: Kind, criterion: str) -> pd.DataFrame:
    """Where each drawn sweep (its id in `shown`, with its name) passes the criterion; both signs of a field."""
    found: list[tuple[str, float, float]] = []
    table = {"field": one.fields, "temperature": one.temperatures}.get(kind)
    channel = every[0].channel
    points = [r for r in rows(table) if (r["channel"], r["criterion"]) == (channel, criterion)]
    for point in points:
        sweep = every[point["sweep"]]
        if id(sweep) not in shown or point["status"] != Status.CONVERGED:
            continue
        ends = (point["B_plus"], -point["B_minus"]) if kind == "field" else (point["Tc"],)
        order = np.argsort(sweep.x, kind="stable")
        for x in ends:
            if np.isfinite(x):
                R = float(np.interp(x, sweep.x[order], sweep.R[order]))
                found.append((shown[id(sweep)], float(x), R))
    return pd.DataFrame(found, columns=["series", "x", "R"])


def _draw_candidates(ax: Any, one: Judged) -> None:
    names = [c.name for c in one.fitted]
    labels = {name: words.short(name) + ("" if _admissible(one, name) else "†") for name in names}
    draw.draw_fits(ax, {_plain(labels[name]): one.curves[name] for name in names})
    points = xr.Dataset({name: ("point", one.line.table[name]) for name in one.line.table.columns})
    draw.draw_measured(ax, points, variable=one.line.variable)


def _admissible(one: Judged, name: str) -> bool:
    return any(c.name == name and c.fit is not None and c.fit.admissible for c in one.fitted)


def _residuals(one: Judged) -> xr.Dataset:
    parts = [(words.short(c.name), c.fit.batch.problem.x, c.fit.residuals) for c in one.fitted if c.fit]
    return xr.Dataset(
        {
            "formula": ("row", np.concatenate([[name] * len(x) for name, x, _ in parts])),
            "x": ("row", np.concatenate([x for _, x, _ in parts])),
            "residual": ("row", np.concatenate([r for *_, r in parts])),
        }
    )


def _numbers(one: Judged) -> pd.DataFrame:
    residuals = _residuals(one).to_dataframe() if one.fitted else pd.DataFrame()
    curves = [_tagged(_curve(one, c.name), series=c.name, what="fit") for c in one.fitted]
    left = residuals.rename(columns={"formula": "series", "x": one.line.variable}).assign(what="residual")
    return pd.concat([_tagged(one.line.table, series="data", what="measured"), *curves, left])


def _curve(one: Judged, name: str) -> pd.DataFrame:
    return one.curves[name].to_dataframe().reset_index().rename(columns={"x": one.line.variable})


def _tagged(table: pd.DataFrame, **tags: str) -> pd.DataFrame:
    return table.assign(**tags)


def _direction(one: Judged) -> str:
    where = one.line.orientation
    return {"unknown": "field direction unknown"}.get(where, f"field {where}")


def _swept(one: Measured) -> Iterable[tuple[str, Kind]]:
    return [(c, k) for c in one.channels for k in _KINDS if any((s.channel, s.kind) == (c, k) for s in one.sweeps)]


def _name(sweep: Sweep, kind: Kind) -> str:
    held = {"temperature": "", "field": f"{sweep.T:.3g} K", "angle": f"{sweep.T:.3g} K, {abs(sweep.B):.3g} T"}[kind]
    parts = [held or (f"{abs(sweep.B):.3g} T" if abs(sweep.B) > _ZERO_FIELD else "0 T")]
    parts += [f"{sweep.theta:.3g} deg"] if np.isfinite(sweep.theta) and kind != "angle" else []
    return ", ".join([*parts, "up" if sweep.up else "down"])


def _numbered(names: Sequence[str]) -> list[str]:
    """The names, each once: a second of its kind is called so."""
    return [name if (n := names[:at].count(name)) == 0 else f"{name} ({n + 1})" for at, name in enumerate(names)]


def _thinned(sweep: Sweep, name: str) -> pd.DataFrame:
    at = evenly(len(sweep.x), _MOST_POINTS)
    return pd.DataFrame({"series": name, "x": sweep.x[at], "R": sweep.R[at]})


def _side(count: int, width: float) -> tuple[Figure, list[Any]]:
    """Panels side by side in two columns, below one another in one."""
    return panels(1, count, width=width, aspect=0.8) if width >= DOUBLE else panels(count, 1, width=width, aspect=0.66)


def _lettered(figure: Figure, axes: Sequence[Any]) -> Figure:
    for letter, ax in zip(_LETTERS, axes, strict=False):
        panel_label(ax, f"({letter})")
    return figure


def _from_zero(ax: Any, lines: Sequence[Judged]) -> None:
    """Both axes from zero; the field up to the points and the best curve, which may not dwarf them."""
    top = max(float(one.line.table.B.max()) for one in lines)
    cold = [one.zero[one.best.name][0] for one in lines if one.best is not None and one.best.name in one.zero]
    warm = [float(one.line.table["T"].max()) for one in lines]
    warm += [float(one.curves[one.best.name].x.max()) for one in lines if one.best is not None]
    warm += [one.line.tc[0] for one in lines if one.line.tc]
    ax.set_xlim(0, _ROOM * max(warm))  # a formula that does not follow the points may have any Tc
    ax.set_ylim(0, max(_HEADROOM * top, min(1.08 * max(cold, default=0.0), 3 * top)))


def _plain(text: str) -> str:
    """Text out of a file for matplotlib: no formula, never hidden."""
    return text.replace("$", r"\$").lstrip("_") or " "


def _renamed(one: Drawing, names: set[str]) -> Drawing:
    stem = re.sub(r"[^A-Za-z0-9.]+", "_", one.name).strip("_.").lower()[:60] or "figure"
    name, number = stem, 1
    while name in names:
        number += 1
        name = f"{stem}_{number}"
    names.add(name)
    return Drawing(name, one.section, one.caption, one.make, one.numbers)
