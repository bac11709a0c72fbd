"""Which formula describes critical fields best, and which of the good ones may be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from spinvalley.checks import Floats, InvalidInput, tolerance
from spinvalley.experiment.admissibility import Sample
from spinvalley.experiment.fitted import Fit
from spinvalley.experiment.fitting import Held, Loss, Model, Scale, fit
from spinvalley.experiment.known import center
from spinvalley.experiment.tables import columns
from spinvalley.experiment.theory import as_formula

_UNLIKELY, _ROUNDING = 0.05, 1e-6


def runs_probability(residuals: Floats) -> float:
    """Probability of as few changes of sign as found, or fewer, if the signs were shuffled at random.

    Args:
        residuals: in units of sigma, in the order of temperature or angle, (n,); those below 1e-6 have no sign.

    Returns:
        Probability; where all signs are equal, the one that n tosses of a coin are, 2/2^n; 1 without residuals.

    Source: A. Wald, J. Wolfowitz, doi:10.1214/aoms/1177731909 (exact distribution).

    Example:
        >>> runs_probability(np.array([1, 2, 3, -1, -2, -3]))
        0.1
    """
    signs = np.where(np.abs(residuals) > _ROUNDING, np.sign(residuals), 0.0)
    signs = signs[signs != 0]
    up, down = int(np.sum(signs > 0)), int(np.sum(signs < 0))
    if up == 0 or down == 0:
        return 2 * 0.5 ** (up + down) if up + down else 1.0
    found = 1 + int(np.sum(signs[1:] != signs[:-1]))
    return sum(_ways(up, down, runs) for runs in range(2, found + 1)) / comb(up + down, up)


def _ways(up: int, down: int, runs: int) -> int:
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * comb(up - 1, half - 1) * comb(down - 1, half - 1)
    more, less = comb(up - 1, half) * comb(down - 1, half - 1), comb(up - 1, half - 1) * comb(down - 1, half)
    return more + less


def leave_one_out(found: Fit) -> float:
    """How well each point is predicted by the fit to the others: root mean square in units of sigma; inf if too few.

    The standard deviation of a prediction is larger than sigma, so that a good formula gives somewhat more than 1.
    """
    size = found.batch.sigma.size
    if found.dof < 1:
        return float("inf")
    start = np.broadcast_to(found.best, (size, found.best.size)).copy()
    minima = replace(found.batch, weights=1.0 - np.eye(size)).minimise(start, flat=1e-8)
    predicted = np.diagonal(found.batch.problem.field(minima.sets))
    return float(np.sqrt(np.mean(((found.batch.data - predicted) / found.batch.sigma) ** 2)))


@dataclass(frozen=True, eq=False)
class Candidate:
    """One formula in a comparison.

    Args:
        name: of the formula.
        fit: the fit, None if it could not be made.
        left_out: see `leave_one_out`.
        runs: see `runs_probability`, of the whole fit.
        problem: why there is no fit.
    """

    name: str
    fit: Fit | None
    left_out: float = float("inf")
    runs: float = float("nan")
    problem: str = ""

    @property
    def rank(self) -> tuple[bool, bool, float, float]:
        """Admissible before inadmissible before failed, then by AICc and by prediction."""
        if self.fit is None:
            return True, True, float("inf"), float("inf")
        return False, not self.fit.admissible, self.fit.aicc, self.left_out


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several formulas fitted to the same points, the best admissible one first.

    Args:
        candidates: in the order of their rank.
    """

    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate | None:
        """The best formula whose assumptions are not known to fail; None if there is none."""
        first = self.candidates[0]
        return first if first.fit is not None and first.fit.admissible else None

    def __getitem__(self, name: str) -> Fit:
        for candidate in self.candidates:
            if candidate.name == name and candidate.fit is not None:
                return candidate.fit
        raise InvalidInput(
            f"`name` must be one of {', '.join(c.name for c in self.candidates if c.fit)}, but is {name!r}"
        )

    def table(self) -> pd.DataFrame:
        """One row for each formula: rank, admissible, parameters, chi2, AICc, left_out, runs, verdicts."""
        fits = [c.fit for c in self.candidates if c.fit is not None]
        lowest = min((f.aicc for f in fits), default=np.nan)
        rows = [_row(rank, c, lowest) for rank, c in enumerate(self.candidates, 1)]
        return pd.DataFrame(rows)

    def report(self) -> str:
        """The ranking in sentences."""
        lines = ["rank  formula  AICc  leave-one-out (sigma)  runs test  parameters"]
        for rank, c in enumerate(self.candidates, 1):
            if c.fit is None:
                lines.append(f"{rank}. {c.name}: no fit: {c.problem}")
                continue
            values = ", ".join(f"{name} = {value:.4g}" for name, value in c.fit.params.items())
            word = "" if c.fit.admissible else " INADMISSIBLE"
            lines.append(f"{rank}. {c.name}{word}: {c.fit.aicc:.4g}, {c.left_out:.3g}, {c.runs:.2g}; {values}")
            lines += [f"   {verdict}" for verdict in c.fit.verdicts]
        best = self.best
        lines.append("no formula is admissible" if best is None else f"best admissible formula: {best.name}")
        if best is not None and best.fit is not None and best.fit.likely is False:
            lines.append(
                "but it does not describe the points within sigma: sigma is too small or every formula is wrong"
            )
        return "\n".join(lines)


def _row(rank: int, candidate: Candidate, lowest: float) -> dict[str, Any]:
    found = candidate.fit
    if found is None:
        return {"rank": rank, "formula": candidate.name, "admissible": False, "verdicts": candidate.problem}
    difference = found.aicc - lowest if np.isfinite(lowest) else np.nan
    return {
        "rank": rank,
        "formula": candidate.name,
        "admissible": found.admissible,
        "parameters": ", ".join(f"{name} = {value:.5g}" for name, value in found.params.items()),
        "chi2": found.chi2,
        "dof": found.dof,
        "aicc": found.aicc,
        "delta_aicc": difference,
        "left_out": candidate.left_out,
        "runs": candidate.runs,
        "verdicts": "; ".join(map(str, found.verdicts)),
    }


def compare(
    table: Any,
    formulas: Sequence[Model],
    fixed: Held = None,
    *,
    start: Mapping[str, Any] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    free: Sequence[str] = (),
    loss: Loss = "linear",
    scale: Scale | None = None,
    window: tuple[float, float] | None = None,
    sample: Sample | None = None,
    tau: float | None = None,
) -> Comparison:
    """Fit several formulas to the same points and rank them: admissible ones first, then by AICc.

    Args:
        table: as for `fit`.
        formulas: names, functions or theories, as for `fit`.
        fixed: as for `fit`; each formula takes the names that it knows.
        start: as `fixed`.
        bounds: as `fixed`.
        free: as `fixed`.
        loss: as for `fit`.
        scale: as for `fit`.
        window: as for `fit`.
        sample: as for `fit`.
        tau: as for `fit`.

    Returns:
        Comparison; a formula that can not be fitted stands last, with the reason.

    Raises:
        InvalidInput: the table is at fault, a setting that no formula knows, or no formula.

    Source: C. M. Hurvich, C.-L. Tsai, doi:10.1093/biomet/76.2.297 (AICc).

    Example:
        >>> points = {"T": [2.0, 3.0, 4.0, 5.0], "B": [59.0, 52.0, 43.0, 31.0], "sigma_B": [1.0] * 4}
        >>> compare(points, ["klb", "pauli"], fixed={"tc": 6.5}, tau=25.5).candidates[0].name
        'klb'
    """
    if not formulas:
        raise InvalidInput("`formulas` must hold at least one formula, but is empty")
    starts = {**{name: center(name, value) for name, value in (fixed or {}).items()}, **(start or {})}
    models = [as_formula(formula, starts, bounds) for formula in formulas]
    names = {p.name for model in models for p in model.parameters}
    settings: dict[str, Mapping[str, Any]] = {"fixed": fixed or {}, "start": start or {}, "bounds": bounds or {}}
    settings["free"] = dict.fromkeys(free)
    for what, given in settings.items():
        for name in given:
            if name not in names:
                raise InvalidInput(f"`{what}` must be among {', '.join(sorted(names))}, but holds {name!r}")
    for variable in {model.variable for model in models}:
        columns(table, variable)
    found = []
    for model in models:
        own = {p.name for p in model.parameters}
        mine: dict[str, Any] = {what: {n: v for n, v in given.items() if n in own} for what, given in settings.items()}
        mine["free"] = tuple(mine["free"])
        try:
            one = fit(table, model, **mine, loss=loss, scale=scale, window=window, sample=sample, tau=tau)
        except InvalidInput as error:
            found.append(Candidate(model.name, None, problem=str(error)))
            continue
        found.append(Candidate(model.name, one, leave_one_out(one), runs_probability(one.residuals)))
    if all(candidate.fit is None for candidate in found):
        raise InvalidInput(found[0].problem)
    return Comparison(tuple(sorted(found, key=lambda c: c.rank)))


@dataclass(frozen=True, eq=False)
class Window:
    """The part of the points below Tc that a Ginzburg-Landau formula describes, and what the choice changes.

    Args:
        low: lowest temperature of the chosen window in K.
        fit: the fit within it.
        table: for each window: low (K), points, chi2, p_chi2, p_runs, chosen, and every parameter with its error.
        rule: the rule in words.
        likely: False if not even the first window passed.
    """

    low: float
    fit: Fit
    table: pd.DataFrame
    rule: str
    likely: bool


def gl_window(
    table: Any,
    formula: Model,
    fixed: Held = None,
    *,
    scale: Scale | None = None,
    level: float = _UNLIKELY,
) -> Window:
    """How far below Tc a Ginzburg-Landau formula holds: the window grows down until the fit becomes unlikely.

    The first window holds two points more than there are free parameters. It grows by one point at a time as long as
    chi^2 (with a fixed scale of sigma) and the runs test are both likelier than `level`; the last such window is
    chosen, the first one if none is.

    Args:
        table: as for `fit`.
        formula: gl_perpendicular, gl_parallel or gl_3d_parallel (any formula of temperature will do).
        fixed: as for `fit`.
        scale: as for `fit`.
        level: smallest probability, between 0 and 1.

    Returns:
        Window, with the parameters of every window that was tried: the influence of the choice.

    Raises:
        InvalidInput: as `fit`; a formula of the angle.

    Example:
        >>> T = np.linspace(1.0, 6.0, 11)
        >>> points = {"T": T, "B": np.where(T < 3, 3.5 - 0.1 * T, 6.5 - T), "sigma_B": np.full(11, 0.05)}
        >>> gl_window(points, "gl_perpendicular", fixed={"tc": 6.5}).low
        3.0
    """
    tolerance("level", level)
    model = as_formula(formula, {name: center(name, value) for name, value in (fixed or {}).items()})
    if model.variable != "T":
        raise InvalidInput(f"`formula` must be one of temperature, but is {model.name}")
    held = dict(fixed or {})
    T = columns(table, "T")["x"]
    useful = np.sort(np.unique(T[center("tc", held.get("tc", np.inf)) > T]))[::-1]
    whole = fit(table, model, held, scale=scale)
    first = min(len(whole.names) - len(whole.known) + 2, useful.size)
    fits = [fit(table, model, held, scale=scale, window=(float(low), np.inf)) for low in useful[first - 1 :]]
    likely = [_likely(one) for one in fits]
    count = 0
    while count < len(fits) and min(likely[count]) >= level:
        count += 1
    chosen = max(count - 1, 0)
    rows = [
        {"low": float(low), "points": one.batch.sigma.size, "chi2": one.chi2, "p_chi2": p[0], "p_runs": p[1]}
        | {"chosen": index == chosen}
        | {key: v for n in one.names for key, v in ((n, one.params[n]), (f"sigma_{n}", one.errors[n]))}
        for index, (low, one, p) in enumerate(zip(useful[first - 1 :], fits, likely, strict=True))
    ]
    rule = f"grown down from Tc while chi2 and runs test are likelier than {level:g}"
    return Window(float(useful[first - 1 + chosen]), fits[chosen], pd.DataFrame(rows), rule, count > 0)


def _likely(found: Fit) -> tuple[float, float]:
    """Probabilities of chi2 (1 with a free scale) and of the runs."""
    usable = found.scale == "fixed" and found.dof > 0
    return float(stats.chi2.sf(found.chi2, found.dof)) if usable else 1.0, runs_probability(found.residuals)
