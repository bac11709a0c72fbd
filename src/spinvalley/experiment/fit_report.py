"""A fit in words and numbers, one fact per line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinvalley.checks import Status

if TYPE_CHECKING:
    from spinvalley.experiment.fitted import Fit

__all__ = ["INTERPOLATED", "report"]

INTERPOLATED: Final = 0.1
_LOCKED: Final = 0.99


def report(fit: Fit, level: float) -> str:
    """Parameters with their intervals, how well the formula describes the points, verdicts."""
    lines = [f"{fit.formula}: {fit.batch.sigma.size} points, {len(fit.names)} free parameters, {fit.status}"]
    if fit.scale == "free" and fit.dof == 0:
        lines += [
            f"  {name} = {value:.5g}, no error: as many parameters as points" for name, value in fit.params.items()
        ]
    else:
        lines += _ranges(fit, level)
    lines += [f"  {name} = {value:g} (held)" for name, value in fit.fixed.items()]
    lines += [f"  {name} = {value:g} +- {sigma:.2g} (known beforehand)" for name, (value, sigma) in fit.known.items()]
    lines += [f"  {text}" for text in (*_quality(fit), *_locked(fit), *map(str, fit.verdicts))]
    return "\n".join(lines)


def _quality(fit: Fit) -> list[str]:
    text = f"chi2 = {fit.chi2:.4g} for {fit.dof} degrees of freedom, AICc = {fit.aicc:.4g}"
    scaled = f"sigma scaled by {fit.scatter:.3g}" if fit.scale == "free" else "sigma taken at its word"
    lines = [f"{text}; {scaled}"]
    if fit.outliers:
        lines.append(
            f"{fit.outliers} of {fit.batch.sigma.size} points are outliers, more than 4 sigma off: chi2 of the others "
            f"is {fit.bulk[0]:.4g} for {fit.bulk[1]} degrees of freedom"
        )
    if fit.likely is False:
        lines.append("caution: chi2 is far above its degrees of freedom: sigma is too small or the formula wrong")
    if fit.left_out:
        lines.append(f"{fit.left_out} rows are left out: their status is not {Status.CONVERGED} or they have no angle")
    if fit.interpolation > INTERPOLATED:
        text = f"differs from the theory by {fit.interpolation:.2g} sigma near the best parameters"
        lines.append(f"caution: the interpolation {text}: take more nodes or narrower bounds")
    for name in fit.at_bound:
        value, unit = fit.params[name], fit.batch.problem.free[fit.names.index(name)].unit
        lines.append(f"caution: {name} stands at its bound {value:.4g} {unit}".rstrip() + ": its error is not known")
    lines += [f"another minimum nearly as low: {other}" for other in fit.others]
    return lines


def _ranges(fit: Fit, level: float) -> list[str]:
    """The intervals; beside them the stretched ones where the formula does not describe the points."""
    intervals = fit.intervals(level)
    if fit.likely is not False:
        return [f"  {interval}" for interval in intervals.values()]
    wide = fit.scaled()
    return [
        f"  {interval} with sigma as given; {wide_} with sigma scaled by {wide.scatter:.3g}"
        for interval, wide_ in zip(intervals.values(), wide.intervals(level).values(), strict=True)
    ]


def _locked(fit: Fit) -> list[str]:
    """Parameters of which the data fix only a combination, or nothing."""
    covariance, lines = fit.shape, []
    loose = np.isinf(np.diag(covariance))
    names = [name for name, free in zip(fit.names, loose, strict=True) if free and name not in fit.at_bound]
    if len(names) > 1:
        lines.append(f"degenerate: the data do not fix {', '.join(names[:-1])} and {names[-1]} separately")
    elif names:
        lines.append(f"degenerate: the data do not fix {names[0]}")
    for i, first in enumerate(fit.names):
        for j in range(i):
            size = np.sqrt(covariance[i, i] * covariance[j, j])
            if not loose[i] and not loose[j] and size > 0 and abs(covariance[i, j]) > _LOCKED * size:
                share = covariance[i, j] / size
                lines.append(f"degenerate: {fit.names[j]} and {first} are correlated by {share:.4f}")
    return lines
