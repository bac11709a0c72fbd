"""What limits each line: formulas that suit its direction, fitted, ranked, and with the curves that they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np
import xarray as xr

from spinvalley.checks import Floats, InvalidInput, NotSolved
from spinvalley.experiment.bootstrap import Samples
from spinvalley.experiment.catalogue import FORMULAS, Formula
from spinvalley.experiment.comparison import Candidate, Comparison, Window, compare, gl_window
from spinvalley.experiment.fitted import Fit
from spinvalley.experiment.fitting import Part, fit_joint
from spinvalley.experiment.intervals import Interval
from spinvalley.reports.lines import Line
from spinvalley.reports.options import Options
from spinvalley.reports.resampled import bootstraps, posterior
from spinvalley.reports.words import quantity

ALONG_LAYERS: Final = ("klb", "ising", "ising_rashba", "ising_intervalley", "gl_parallel", "pauli")
ACROSS_LAYERS: Final = ("gl_perpendicular", "whh")
DEFAULTS: Final[dict[str, tuple[str, ...]]] = {
    "perpendicular": ACROSS_LAYERS,
    "parallel": ALONG_LAYERS,
    "unknown": ("gl_perpendicular", "whh", "gl_parallel"),
    "angle": ("tinkham_2d", "anisotropic_3d"),
}
"""Formulas that are fitted where the user names none, by orientation; a tilted field has none."""

Held: TypeAlias = float | tuple[float, float]
"""A number, or (value, sigma) of what is known with a standard error."""

_WINDOWED: Final = ("gl_perpendicular", "gl_parallel", "gl_3d_parallel")
_SAMPLES, _SEED, _POINTS, _COLD, _COLDER = 200, 1, 240, 1e-4, 1e-6
_FINITE: Final = 0.01
_LEVEL: Final = (0.159, 0.841)
_GRID: Final = 49
_SPARSE: Final = 4


@dataclass(frozen=True, eq=False)
class Judged:
    """A line with its fits.

    Args:
        line: the points.
        comparison: the ranked formulas; None without.
        problem: why there is no comparison.
        rules: how Tc, xi and the scale of sigma were chosen, in words.
        curves: formula to Dataset over x of B, low, high (68 % band), T.
        intervals: formula to parameter to its interval.
        zero: formula to B at T = 0 with the ends of its band, T; none for an angular line, and none where the field
            still grows by more than a percent between Tc/100 and Tc/1000: it has no finite limit.
        windows: Ginzburg-Landau formula to its window.
        profile: Dataset over tau_iv of rise and splitting, where Ising with inter-valley scattering was fitted.
        bootstraps: formula to its resamples, where they were asked for.
        posteriors: the same for posteriors.
    """

    line: Line
    comparison: Comparison | None = None
    problem: str = ""
    rules: tuple[str, ...] = ()
    curves: Mapping[str, xr.Dataset] = field(default_factory=dict)
    intervals: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)
    zero: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    windows: Mapping[str, Window] = field(default_factory=dict)
    profile: xr.Dataset | None = None
    bootstraps: Mapping[str, Samples] = field(default_factory=dict)
    posteriors: Mapping[str, Samples] = field(default_factory=dict)

    @property
    def fitted(self) -> tuple[Candidate, ...]:
        """Formulas with a fit, in the order of their rank."""
        return tuple(c for c in self.comparison.candidates if c.fit is not None) if self.comparison else ()

    @property
    def best(self) -> Candidate | None:
        """The best admissible formula; None if there is none."""
        return self.comparison.best if self.comparison else None


@dataclass(frozen=True, eq=False)
class Joint:
    """Both directions of one channel fitted together by two-dimensional Ginzburg-Landau theory."""

    channel: str
    fit: Fit
    intervals: Mapping[str, Interval]
    low: tuple[float, float]


def suited(line: Line, options: Options) -> tuple[str, ...]:
    """The formulas for a line: those that the user names and that suit it, else the defaults of its direction."""
    default = DEFAULTS.get(line.orientation, ())
    if not options.models:
        return default
    kind = [name for name in options.models if FORMULAS[name].variable == line.variable]
    allowed = {
        "perpendicular": ACROSS_LAYERS,
        "parallel": tuple(name for name in FORMULAS if name not in ("gl_perpendicular",)),
    }.get(line.orientation, tuple(FORMULAS))
    return tuple(dict.fromkeys(name for name in kind if name in allowed))


def judge(line: Line, options: Options, xi: Held | None = None) -> Judged:
    """Fit every suited formula to a line and rank them.

    Args:
        line: the points.
        options: the settings.
        xi: coherence length in nm of the same channel in a perpendicular field, with its standard error if that is
            known: what gl_parallel takes it to be.
    """
    names = suited(line, options)
    theory = microscopic_of(line, options)
    if not names and theory is None:
        return Judged(line, problem="no formula was asked for that suits this direction")
    if not line.fits:
        there = line.table[line.variable].nunique()
        return Judged(line, problem=f"too few points for a fit: {there}, at least 3 are needed")
    models = (*(FORMULAS[name] for name in names), *(() if theory is None else (theory,)))
    return _judge(line, options, models, xi)


def microscopic_of(line: Line, options: Options) -> Formula | None:
    """The microscopic theory that the user asks for, where it suits the line: Hc2(T) along the layers."""
    theory = options.microscopic
    return theory.formula if theory is not None and line.orientation == "parallel" and line.variable == "T" else None


def _judge(line: Line, options: Options, models: tuple[Formula, ...], xi: Held | None) -> Judged:
    fixed, rules = _fixed(line, options, models, xi)
    if options.loss != "linear":
        rules.append(f"the loss is {options.loss}, which gives outliers less weight")
    start = {"offset": 0.0} if line.variable == "theta" and "offset" not in fixed else None
    try:
        found = compare(line.table, models, fixed, start=start, loss=options.loss, sample=options.sample)
        if not any(c.fit is not None and c.fit.likely for c in found.candidates) and _measured(found):
            found = compare(
                line.table, models, fixed, start=start, loss=options.loss, sample=options.sample, scale="free"
            )
            rules.append(
                "no formula describes the points within their standard errors: these are scaled for each formula so "
                "that chi2 per degree of freedom is 1, and so are the intervals"
            )
    except InvalidInput as error:
        return Judged(line, problem=str(error), rules=tuple(rules))
    return _resampled(_dressed(line, found, fixed, rules), options)


def _resampled(one: Judged, options: Options) -> Judged:
    """The same with the resamples that were asked for."""
    drawn, problems = bootstraps(one.fitted, options.bootstrap)
    return replace(
        one, rules=(*one.rules, *problems), bootstraps=drawn, posteriors=posterior(one.fitted, options.posterior)
    )


def joint(judged: Sequence[Judged], options: Options) -> tuple[Joint, ...]:
    """Joint Ginzburg-Landau fits of the channels that were measured in both directions."""
    found = []
    if options.models and not {"gl_perpendicular", "gl_parallel"} <= set(options.models):
        return ()
    for channel in dict.fromkeys(one.line.channel for one in judged):
        pair = {one.line.orientation: one for one in judged if one.line.channel == channel and one.fitted}
        if not {"perpendicular", "parallel"} <= set(pair):
            continue
        try:
            found.append(_joint(channel, pair["perpendicular"], pair["parallel"], options))
        except InvalidInput:
            continue
    return tuple(found)


def _joint(channel: str, across: Judged, along: Judged, options: Options) -> Joint:
    low = tuple(
        one.windows[name].low if name in one.windows else 0.0
        for one, name in ((across, "gl_perpendicular"), (along, "gl_parallel"))
    )
    across_layers = (FORMULAS["gl_perpendicular"],)
    held = {n: v for n, v in _fixed(across.line, options, across_layers, None)[0].items() if n == "tc"}
    parts = [
        Part(one.line.table[one.line.table["T"] >= least], formula, label, held)
        for one, formula, label, least in (
            (across, "gl_perpendicular", "perpendicular", low[0]),
            (along, "gl_parallel", "parallel", low[1]),
        )
    ]
    found = fit_joint(parts, loss=options.loss, sample=options.sample)
    if found.likely is False:
        found = fit_joint(parts, loss=options.loss, sample=options.sample, scale="free")
    return Joint(channel, found, _intervals(found), (low[0], low[1]))


def _measured(found: Comparison) -> bool:
    """Whether the table has standard errors, so that a scale may be judged at all."""
    return any(c.fit is not None and c.fit.scale == "fixed" for c in found.candidates)


def _fixed(
    line: Line, options: Options, models: Sequence[Formula], xi: Held | None
) -> tuple[dict[str, Held], list[str]]:
    """Held parameters of a line, a number or (value, sigma), and why."""
    names = [model.name for model in models]
    known = {p.name for model in models for p in model.parameters}
    given = {name: float(value) for name, value in options.fixed.items() if name in known}
    rules = [f"{name} is held at {value:g}, as given" for name, value in given.items()]
    fixed: dict[str, Held] = dict(given)
    if "tc" in known and "tc" not in fixed:
        if isinstance(options.tc, float | int):
            fixed["tc"] = float(options.tc)
            rules.append(f"Tc is held at {options.tc:g} K, as given")
        elif options.tc == "measured" and line.tc is not None:
            fixed["tc"] = line.tc
            told = quantity(line.tc[0], "K", line.tc[1])
            rules.append(f"Tc is known to be {told} from R(T) at B = 0, by the same criterion; fits share its error")
        else:
            rules.append("Tc is a free parameter of every fit")
    if xi is not None and "gl_parallel" in names and "xi" not in fixed and line.orientation == "parallel":
        fixed["xi"] = xi
        rules.append(f"in gl_parallel xi is {_told(xi)}, from the perpendicular field")
    return fixed, rules


def _told(xi: Held) -> str:
    return f"known to be {quantity(xi[0], 'nm', xi[1])}" if isinstance(xi, tuple) else f"held at {xi:.4g} nm"


def _dressed(line: Line, found: Comparison, fixed: Mapping[str, Held], rules: list[str]) -> Judged:
    curves, intervals, zero, profile = {}, {}, {}, None
    windows: dict[str, Window] = {}
    for candidate in found.candidates:
        one = candidate.fit
        if one is None:
            continue
        intervals[candidate.name] = _intervals(one)
        curves[candidate.name], cold = _curve(one, line)
        if cold is not None:
            zero[candidate.name] = cold
        if candidate.name in _WINDOWED:
            own = {p.name for p in FORMULAS[candidate.name].parameters}
            held = {name: value for name, value in fixed.items() if name in own}
            windows |= _window(line, candidate.name, held)
        if candidate.name == "ising_intervalley":
            profile = _profile(one)
    return Judged(line, found, "", tuple(rules), curves, intervals, zero, windows, profile)


def _intervals(found: Fit) -> dict[str, Interval]:
    if not found.names or (found.scale == "free" and found.dof == 0):
        return {}
    return dict(found.intervals())


def _window(line: Line, name: str, fixed: Mapping[str, Held]) -> dict[str, Window]:
    """The window by the standard errors as they are, so that chi2 counts."""
    try:
        return {name: gl_window(line.table, name, fixed)}
    except InvalidInput:
        return {}


def _curve(found: Fit, line: Line) -> tuple[xr.Dataset, tuple[float, float, float] | None]:
    """The fitted curve with its band, and the field at T = 0 with its band."""
    tc = {**found.fixed, **found.params}.get("tc")
    x = _abscissae(line, tc)
    cold = np.array([_COLD * tc, _COLDER * tc]) if tc is not None else np.empty(0)
    every = np.concatenate([x, cold])
    B = np.nan_to_num(found.predict(every))
    low, high = _band(found, every, B)
    data = {name: ("x", values[: x.size]) for name, values in (("B", B), ("low", low), ("high", high))}
    finite = tc is not None and abs(B[-1] - B[-2]) <= _FINITE * B[-1]
    zero = (float(B[-1]), float(low[-1]), float(high[-1])) if finite else None
    return xr.Dataset(data, coords={"x": x}), zero


def _abscissae(line: Line, tc: float | None) -> Floats:
    if line.variable == "T":
        top = tc if tc is not None else float(line.table["T"].max())
        return np.asarray(top * (1 - np.linspace(1, 0, _POINTS) ** 2) * (1 - 1e-9) + 1e-3 * top)[:-1]
    low, high = float(line.table.theta.min()), float(line.table.theta.max())
    near = np.clip(90 + np.linspace(-1, 1, _POINTS) ** 3 * 90, low, high)
    return np.unique(np.concatenate([np.linspace(low, high, _POINTS), near]))


def _band(found: Fit, x: Floats, B: Floats) -> tuple[Floats, Floats]:
    """68 % band by fits to the curve with new noise: it holds for degenerate parameters too.

    The sets are evaluated at every fourth x and the last ones; between them the distance from the curve is straight.
    """
    if not found.names or (found.scale == "free" and found.dof == 0):
        return B, B
    try:
        sets = found.bootstrap(_SAMPLES, seed=_SEED, kind="noise").sets
    except (InvalidInput, NotSolved):
        return B, B
    some = np.unique([*range(0, x.size, _SPARSE), *range(max(x.size - 3, 0), x.size)])
    order = np.argsort(x[some], kind="stable")
    fields = np.nan_to_num(found.batch.problem.blocks[0].field(sets, x[some][order]))
    ends = np.quantile(fields, _LEVEL, axis=0) - B[some][order]
    low, high = (B + np.interp(x, x[some][order], end) for end in ends)
    return np.minimum(low, B), np.maximum(high, B)


def _profile(found: Fit) -> xr.Dataset | None:
    """Rise of chi^2 and splitting along the inter-valley scattering time, everything else following."""
    if not {"tau_iv", "splitting"} <= set(found.names):
        return None
    column, other = found.names.index("tau_iv"), found.names.index("splitting")
    parameter = found.batch.problem.free[column]
    grid = np.geomspace(parameter.low, parameter.high, _GRID)
    start = np.tile(found.best, (_GRID, 1))
    start[:, column] = grid
    start[:, other] *= np.sqrt(np.maximum(found.best[column] / grid, 1e-4))
    frozen = np.zeros(start.shape, dtype=bool)
    frozen[:, column] = True
    minima = found.batch.minimise(start, frozen, flat=1e-8)
    plain = np.tile(found.best, (_GRID, 1))
    plain[:, column] = grid
    again = found.batch.minimise(plain, frozen, flat=1e-8)
    better = again.cost < minima.cost
    cost, splitting = (
        np.where(better, again.cost, minima.cost),
        np.where(better, again.sets[:, other], minima.sets[:, other]),
    )
    stretch = found.stretch if np.isfinite(found.stretch) and found.stretch > 0 else 1.0
    rise = (cost - min(found.cost, float(cost.min()))) / stretch**2
    tau = found.sample.scattering_time
    attrs = {"asymptote": float(splitting[0] * np.sqrt(grid[0]))} | ({} if tau is None else {"tau": float(tau)})
    attrs |= {"scaled": stretch**2} if found.scale == "free" else {}
    return xr.Dataset({"rise": ("tau_iv", rise), "splitting": ("tau_iv", splitting)}, {"tau_iv": grid}, attrs)
