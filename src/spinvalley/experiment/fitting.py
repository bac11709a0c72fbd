"""Fits of critical fields: one table or several with shared parameters, honest about what the data fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, Literal

import lmfit
import numpy as np

from spinvalley.checks import Floats, InvalidInput, one_of
from spinvalley.experiment.admissibility import Sample
from spinvalley.experiment.catalogue import Formula
from spinvalley.experiment.fit_report import INTERPOLATED
from spinvalley.experiment.fitted import Fit
from spinvalley.experiment.least_squares import Batch
from spinvalley.experiment.minima import apart
from spinvalley.experiment.problem import Problem, Row, Wishes, build
from spinvalley.experiment.settling import settled
from spinvalley.experiment.theory import Sampled, Theory

_MOST_STARTS, _THIN, _ROUGH, _KEPT = 64, 10, 12, 3
_FLAT, _FAR = 1e-5, 30.0
_REFINEMENTS, _REACH, _SHRINK = 5, 6.0, 0.25
_NEARLY = 4.0  # rise of the cost up to which another minimum is told

Loss = Literal["linear", "soft_l1"]
Scale = Literal["fixed", "free"]
Held = Mapping[str, float | tuple[float, float]] | None
"""Held parameters by name: a number, or (value, sigma) for what is known with a standard error."""
Model = str | Callable[..., Any] | Theory | Formula


@dataclass(frozen=True, eq=False)
class Part:
    """One table of a joint fit.

    Args:
        table: as for `fit`.
        formula: as for `fit`.
        label: distinguishes its own parameters, e.g. d_film2.
        fixed: as for `fit`.
    """

    table: Any
    formula: Model
    label: str
    fixed: Held = None


def fit(
    table: Any,
    formula: Model,
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
) -> Fit:
    """Least-squares fit of a formula to critical fields.

    Minimises sum (B - formula)^2/sigma^2 with the effective variance sigma^2 = sigma_B^2 + (dB/dT sigma_T)^2, iterated,
    from several starts. lmfit finds the final minimum.

    Args:
        table: DataFrame, Dataset or dict of arrays with T (K) or theta (degrees), B (T), and where known sigma_B (T)
            and sigma_T (K); columns such as B_kOe are converted. Rows with a status other than "converged" and, for
            angular formulas, without an angle are left out (`Fit.left_out`). sigma_B may be 0 where the other is not.
        formula: a name or function of `formulas`, a Theory, or any function f(T, **parameters).
        fixed: values of parameters that are held; if it holds all, the formula is only judged. (value, sigma) instead
            of a number is a parameter known with a standard error, e.g. a measured Tc: it is fitted with one more
            residual, so that its error is in all intervals.
        start: where to start, a number or several for a parameter.
        bounds: (low, high) of parameters.
        free: parameters to be fitted that else have a default: offset (the angle by which the rotator is off), alpha
            and lambda_so are 0 unless they are named here or have a start or bounds.
        loss: "soft_l1" gives outliers less weight.
        scale: "fixed" takes sigma at its word; "free" scales it so that chi^2 per degree of freedom is 1. Default:
            fixed if the table has sigma_B, else free.
        window: (low, high) of T or theta: points outside are left out.
        sample: what else is known, for the admissibility.
        tau: scattering time in fs, short for ``sample=Sample(tau=...)``.

    Returns:
        Fit with params, errors, interval(name), admissible, verdicts, report(), bootstrap(), ...

    Raises:
        InvalidInput: columns missing, NaN, a point twice, fewer points than parameters, all points above Tc, unknown
            parameters, a held value or bounds outside a parameter's domain.

    Source: J. Orear, doi:10.1119/1.12972 (effective variance).

    Example:
        >>> found = fit({"T": [2.0, 4.0, 6.0], "B": [40.0, 30.0, 10.0]}, "klb", fixed={"tc": 6.5}, tau=25.5)
        >>> found.params["tau_so"], found.admissible
        (36.789, False)
    """
    one: list[Row] = [("data", table, formula, dict(fixed or {}))]
    known = _sample(sample, tau)
    return _solved(build(one, (), Wishes(start or {}, bounds or {}, free), window), loss, scale, known)


def fit_joint(
    parts: Sequence[Part],
    shared: Sequence[str] = ("tc", "xi"),
    *,
    start: Mapping[str, Any] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    free: Sequence[str] = (),
    loss: Loss = "linear",
    scale: Scale | None = None,
    sample: Sample | None = None,
    tau: float | None = None,
) -> Fit:
    """Fit of several tables at once, orientations or samples, with shared parameters.

    Args:
        parts: the tables with their formulas; labels differ.
        shared: parameters that are the same in every part; all others belong to their part, named name_label.
        start: as in `fit`, by the names of the joint fit.
        bounds: as `start`.
        free: as `start`, or by the name of the formula for all parts.
        loss: as in `fit`.
        scale: as in `fit`; one scale for all parts.
        sample: as in `fit`.
        tau: as in `fit`.

    Returns:
        Fit of all points together.

    Raises:
        InvalidInput: as `fit`; no part, a label twice, a shared name that no formula has.

    Example:
        >>> T = np.array([2.0, 3.0, 4.0])
        >>> across = Part({"T": T, "B": 5 - T}, "gl_perpendicular", "perp")
        >>> along = Part({"T": T, "B": 40 * np.sqrt(1 - T / 5)}, "gl_parallel", "par")
        >>> fit_joint([across, along]).params
        {'tc': 5.0, 'xi': 8.1, 'd_par': 3.51}
    """
    if not parts:
        raise InvalidInput("`parts` must hold at least one Part, but is empty")
    labels = [re.sub(r"\W", "_", part.label) for part in parts]
    if len(set(labels)) < len(labels):
        raise InvalidInput(f"`label` must differ between parts, but they are {', '.join(labels)}")
    rows: list[Row] = [(a, p.table, p.formula, dict(p.fixed or {})) for a, p in zip(labels, parts, strict=True)]
    problem = build(rows, tuple(shared), Wishes(start or {}, bounds or {}, free))
    return _solved(problem, loss, scale, _sample(sample, tau))


def _sample(sample: Sample | None, tau: float | None) -> Sample:
    if sample is not None and tau is not None:
        raise InvalidInput("`tau` must be given alone or in `sample`, but is given beside it")
    return Sample(tau=tau) if sample is None else sample


def _solved(problem: Problem, loss: str, scale: str | None, sample: Sample) -> Fit:
    robust = one_of("loss", loss, ("linear", "soft_l1")) == "soft_l1"
    rule = one_of("scale", scale or ("fixed" if problem.measured else "free"), ("fixed", "free"))
    if rule == "fixed" and not problem.measured:
        raise InvalidInput("`scale` must be 'free' without a column sigma_B, but is 'fixed'")
    sigma = problem.rough_sigma
    batch = Batch(problem, sigma, np.ones(sigma.size), problem.B, robust, problem.known)
    if not problem.free:
        done = Batch(problem, problem.sigma(np.zeros(0)), batch.weights, batch.data, robust)
        return Fit(done, np.zeros(0), rule, sample, None)
    best, others = _global(batch)
    found = _at_rest(batch, best, rule, sample)
    for _ in range(_REFINEMENTS):
        if found.interpolation <= INTERPOLATED or not np.isfinite(found.interpolation):
            break
        _refine(found)
        best = found.batch.minimise(found.best[None]).sets[0]
        found = _at_rest(found.batch, best, rule, sample)
    return replace(found, others=_others(found, others))


def _others(found: Fit, sets: Floats) -> tuple[dict[str, float], ...]:
    """The minima among `sets` (m, k) that are nearly as low as the best one and apart from it."""
    unit = max(found.stretch, 1.0) ** 2 if found.dof else 1.0
    kept: list[dict[str, float]] = []
    for row in found.batch.minimise(sets).sets if len(sets) else sets:
        rise = float(found.batch.cost(row[None])[0]) - found.cost
        if rise < _NEARLY * unit and apart(found.batch, found.best, row, unit):
            kept.append(dict(zip(found.names, map(float, row), strict=True)))
    return tuple(kept)


def _refine(found: Fit) -> None:
    """Finer grids of every sampled theory around the best parameters, as wide as their errors."""
    errors = found.errors
    for block in found.batch.problem.blocks:
        sampled = block.formula.field
        if not isinstance(sampled, Sampled):
            continue
        best = np.array([[found.best[s] if isinstance(s, int) else s for s in block.source]])
        reach = np.array([errors[found.names[s]] if isinstance(s, int) else 0.0 for s in block.source])
        reach = np.where(np.isfinite(reach), _REACH * reach, 0.0)
        wide = sampled.inner(best + reach) - sampled.inner(best)
        sampled.refine(tuple(map(float, best[0])), wide[0], _SHRINK)


def _at_rest(batch: Batch, best: Floats, rule: str, sample: Sample) -> Fit:
    """The minimum with its effective variance."""
    batch, best, fine = settled(batch, best, rule == "free")
    deep = batch.minimise(best[None]).sets[0]  # along a flat valley, where lmfit would need thousands of steps
    polished, result = _polished(batch, deep)
    return Fit(batch, polished, rule, sample, result, converged=bool(fine and result.success))


def _global(batch: Batch) -> tuple[Floats, Floats]:
    """The lowest minimum (k,) from a grid of starts, and the other ends (m, k) of the search."""
    problem = batch.problem
    axes = [parameter.starts(problem.x, problem.B) for parameter in problem.free]
    grid = np.array(list(islice(product(*axes), _MOST_STARTS)), dtype=float)
    for block in problem.blocks:
        block.prepare()  # all temperatures first: a sampled theory is then not called for the few
    thin = problem.thinned(_THIN)
    sigma = thin.rough_sigma
    few = Batch(thin, sigma, np.ones(sigma.size), thin.B, batch.robust, batch.known)
    rough = few.minimise(grid, rounds=_ROUGH, flat=1e-4)
    fine = batch.minimise(_different(rough.sets, rough.cost), flat=_FLAT)
    if not np.any(np.isfinite(fine.cost)):
        raise InvalidInput("`formula` must give finite fields at its starts, but gives none: give `start`")
    lowest = int(np.argmin(fine.cost))
    best = fine.sets[lowest]
    return best, fine.sets[np.isfinite(fine.cost) & (np.arange(len(fine.cost)) != lowest)]


def _different(sets: Floats, cost: Floats) -> Floats:
    """The lowest minima that differ by more than a percent."""
    kept: list[Floats] = []
    for row, value in zip(sets[np.argsort(cost)], np.sort(cost), strict=True):
        if len(kept) == _KEPT or (kept and value > cost.min() + _FAR):
            break
        if not any(np.allclose(row, other, rtol=1e-2, atol=1e-3) for other in kept):
            kept.append(row)
    return np.array(kept)


def _polished(batch: Batch, best: Floats) -> tuple[Floats, Any]:
    """The minimum by lmfit, and its result."""
    problem = batch.problem
    parameters = lmfit.Parameters()
    for parameter, value in zip(problem.free, best, strict=True):
        parameters.add(parameter.name, value=float(value), min=parameter.low, max=parameter.high)

    def residual(found: Any) -> Floats:
        at = np.array([[found[name].value for name in problem.names]])
        points = np.nan_to_num((problem.field(at)[0] - batch.data) / batch.sigma, nan=1e6)
        return np.concatenate([points, -batch.known.residuals(at)[0]])

    def jacobian(found: Any) -> Floats:
        at = np.array([[found[name].value for name in problem.names]])
        points = np.nan_to_num(problem.gradient(at, problem.field(at))[0] / batch.sigma[:, None])
        return np.concatenate([points, batch.known.gradient(len(problem.free))])

    options = {"loss": "soft_l1" if batch.robust else "linear", "x_scale": "jac", "jac": jacobian}
    with np.errstate(all="ignore"):  # lmfit divides by the errors, which vanish for points without noise
        result = lmfit.minimize(residual, parameters, method="least_squares", max_nfev=200, **options)
    found = np.array([result.params[name].value for name in problem.names])
    cost = batch.cost(np.stack([best, found]))
    return (found if cost[1] < cost[0] else best), result
