"""The result of a fit: parameters, intervals, resamples, admissibility, a report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from spinvalley.checks import Floats, InvalidInput, Status, axis, one_of, tolerance, whole
from spinvalley.experiment.admissibility import Demand, Sample, Verdict, judge, narrowed
from spinvalley.experiment.bootstrap import Samples, markov, resample
from spinvalley.experiment.intervals import Interval, constrained, profile, threshold
from spinvalley.experiment.least_squares import Batch
from spinvalley.experiment.problem import Block

LEVEL = 0.683
INTERPOLATED = 0.1
_UNLIKELY, _LOCKED, _NULL, _CLOSE, _FINE = 1e-3, 0.99, 1e-13, 1e-6, 1e-4


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted formula.

    Args:
        batch: the problem with its effective standard deviations.
        best: best free parameters (k,).
        scale: "fixed" (sigma is taken at its word) or "free" (scaled to chi^2 per degree of freedom 1).
        sample: what else is known.
        result: lmfit's MinimizerResult.
        others: other minima that are nearly as low.
        converged: whether minimum and effective variance settled.
    """

    batch: Batch
    best: Floats
    scale: str
    sample: Sample
    result: Any
    others: tuple[dict[str, float], ...] = ()
    converged: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return self.batch.problem.names

    @property
    def formula(self) -> str:
        """Name of the formula, or of the formulas joined by " + "."""
        return " + ".join(block.formula.name for block in self.batch.problem.blocks)

    @property
    def status(self) -> Status:
        """Whether the minimum was found, and an interpolated theory is accurate there."""
        fine = self.converged and self.interpolation <= INTERPOLATED
        return Status.CONVERGED if fine else Status.NOT_CONVERGED

    @property
    def left_out(self) -> int:
        """Rows of the tables that were left out: status not "converged", or without an angle."""
        return sum(block.left_out for block in self.batch.problem.blocks)

    @property
    def at_bound(self) -> tuple[str, ...]:
        """Free parameters that stand at a bound: their errors are not known."""
        low, high = self.batch.problem.bounds
        near = _CLOSE * np.where(np.isfinite(high - low), np.minimum(1.0, high - low), 1.0)
        at = (np.abs(self.best - low) <= near * np.maximum(np.abs(low), _CLOSE)) | (
            np.abs(self.best - high) <= near * np.maximum(np.abs(high), _CLOSE)
        )
        return tuple(name for name, there in zip(self.names, at, strict=True) if there)

    @cached_property
    def interpolation(self) -> float:
        """Largest error of an interpolated theory near the best parameters in units of sigma, 0 for other formulas."""
        low, high = self.batch.problem.bounds
        covariance = np.where(np.isfinite(self._curvature), self._curvature, 0.0)
        size = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        steps = covariance / np.where(size > 0, size, 1.0)[:, None]
        sets = np.clip(np.concatenate([self.best[None], self.best + steps, self.best - steps]), low, high)
        sigma = self.batch.sigma
        if self.scale == "free":
            sigma = np.maximum(sigma * (self.stretch if self.dof else 1.0), _FINE * np.max(np.abs(self.batch.data)))
        return self.batch.problem.deviation(sets, sigma)

    @property
    def params(self) -> dict[str, float]:
        """Best values of the free parameters."""
        return dict(zip(self.names, map(float, self.best), strict=True))

    @property
    def fixed(self) -> dict[str, float]:
        """Values of the held parameters."""
        return dict(self.batch.problem.fixed)

    @property
    def errors(self) -> dict[str, float]:
        """Standard deviations from the curvature of chi^2, inf where the data do not fix a parameter."""
        with np.errstate(invalid="ignore"):
            return dict(zip(self.names, map(float, np.sqrt(np.diag(self.covariance))), strict=True))

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the free parameters, (k, k), from the curvature; inf where undetermined or at a bound."""
        out = np.array(self._curvature)
        at = np.array([name in self.at_bound for name in self.names], dtype=bool)
        out[at, :] = out[:, at] = 0.0
        out[at, at] = np.inf
        return out

    @cached_property
    def _curvature(self) -> Floats:
        """Covariance as if there were no bounds."""
        if not self.names:
            return np.zeros((0, 0))
        at = self.best[None]
        B = self.batch.problem.field(at)
        J = np.nan_to_num(self.batch.problem.gradient(at, B)[0]) / self.batch.sigma[:, None]
        if self.batch.robust:
            J = J * (1 + ((self.batch.data - B[0]) / self.batch.sigma) ** 2)[:, None] ** -0.25
        size = np.sqrt(np.sum(J**2, axis=0))
        value, vector = np.linalg.eigh((J / np.where(size > 0, size, 1.0)).T @ (J / np.where(size > 0, size, 1.0)))
        if np.any(size == 0) or value[0] < _NULL:
            return self._undetermined(size, value, vector)
        return np.asarray((vector / value) @ vector.T / np.outer(size, size)) * self.stretch**2

    def _undetermined(self, size: Floats, value: Floats, vector: Floats) -> Floats:
        loose = (size == 0) | np.any(np.abs(vector[:, value < _NULL]) > 1e-4, axis=1)
        good = value >= _NULL
        part = (vector[:, good] / value[good]) @ vector[:, good].T
        out = part / np.outer(np.where(size > 0, size, 1.0), np.where(size > 0, size, 1.0)) * self.stretch**2
        out[loose, :] = out[:, loose] = 0.0
        out[loose, loose] = np.inf
        return np.asarray(out)

    @property
    def residuals(self) -> Floats:
        """(B - formula)/sigma in the order of T (or theta) of each table, (N,)."""
        return np.asarray((self.batch.data - self.batch.problem.field(self.best[None])[0]) / self.batch.sigma)

    @property
    def chi2(self) -> float:
        """Sum of the squared residuals."""
        return float(np.sum(self.residuals**2))

    @property
    def cost(self) -> float:
        """What was minimised: chi2, or the robust loss."""
        return float(self.batch.cost(self.best[None])[0])

    @property
    def dof(self) -> int:
        """Points less free parameters."""
        return self.batch.sigma.size - len(self.names)

    @property
    def likely(self) -> bool | None:
        """Whether chi2 is not far above its degrees of freedom (probability over 0.001); None where sigma is scaled."""
        if self.scale == "free" or not self.dof:
            return None
        return bool(stats.chi2.sf(self.chi2, self.dof) >= _UNLIKELY)

    @property
    def stretch(self) -> float:
        """Factor on sigma: 1 with a fixed scale, sqrt(cost/dof) with a free one."""
        if self.scale == "fixed":
            return 1.0
        return float(np.sqrt(self.cost / self.dof)) if self.dof else float("inf")

    @property
    def aicc(self) -> float:
        """Akaike's criterion with its correction for few points; inf where points are too few for it."""
        n, k = self.batch.sigma.size, len(self.names) + (self.scale == "free")
        if n <= k + 1:
            return float("inf")
        likelihood = self.cost if self.scale == "fixed" else n * np.log(max(self.cost, 1e-300) / n)
        return float(likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1))

    def predict(self, x: Any, part: int = 0) -> Floats:
        """B of the fitted formula at temperatures in K or angles in degrees, (n,); `part` of a joint fit."""
        blocks = self.batch.problem.blocks
        number = whole("part", part, 0)
        if number >= len(blocks):
            raise InvalidInput(f"`part` must be below {len(blocks)}, the number of tables, but is {number}")
        variable = blocks[number].formula.variable
        at = axis("x", x, minimum=0.0 if variable == "T" else -np.inf)
        return np.asarray(blocks[number].field(self.best[None], at)[0])

    def interval(self, name: str, level: float = LEVEL) -> Interval:
        """Confidence interval of a parameter by profile likelihood; one-sided where it runs to its bound.

        Args:
            name: a free parameter.
            level: confidence between 0 and 1.

        Raises:
            InvalidInput: an unknown name or level; a free scale without degrees of freedom.
        """
        return self.intervals(level, (one_of("name", name, self.names),))[name]

    def intervals(self, level: float = LEVEL, names: tuple[str, ...] = ()) -> dict[str, Interval]:
        """`interval` of several (default: all) parameters, sought together."""
        tolerance("level", level)
        if self.scale == "free" and self.dof == 0:
            raise InvalidInput("`scale` must be 'fixed' with as many parameters as points, but is 'free'")
        if not self.names:
            return {}
        which = [self.names.index(n) for n in names or self.names]
        rise = threshold(level, self.cost, max(self.dof, 1), self.scale == "free")
        errors = np.array(list(self.errors.values()))
        found = profile(self.batch, self.best, self.cost, errors, max(rise, 1e-18), which, level)
        return {interval.name: interval for interval in found}

    def bootstrap(self, n: int = 1000, seed: int = 0, kind: str = "points") -> Samples:
        """Fits to resampled points ("points") or to the fit with new noise ("noise"), see `bootstrap.resample`."""
        if not self.names:
            raise InvalidInput("`fixed` must leave a parameter free for a bootstrap, but holds all")
        return resample(self.batch, self.best, n, seed, kind, self.stretch)

    def posterior(self, steps: int = 2000, walkers: int = 32, seed: int = 0) -> Samples:
        """Posterior samples by emcee, uniform priors within the bounds (needs spinvalley[bayes])."""
        if not self.names:
            raise InvalidInput("`fixed` must leave a parameter free for a posterior, but holds all")
        errors = np.array(list(self.errors.values()))
        return markov(self.batch, self.best, errors, steps, walkers, seed, self.stretch)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Sentences on the assumptions of each formula."""
        blocks = self.batch.problem.blocks
        found = []
        for b in blocks:
            found += self._decided(b, judge(b.formula.name, self._own(b), b.x, b.B, self.sample, self.likely))
        degenerate = [self._narrowed(block) for block in blocks if block.formula.name == "ising_intervalley"]
        return tuple(dict.fromkeys((*(v for verdicts in degenerate for v in verdicts), *found)))

    def _decided(self, block: Block, verdicts: tuple[Verdict, ...]) -> list[Verdict]:
        """The verdicts with those undecided on which the data allow both sides."""
        out = []
        for verdict in verdicts:
            open_ = verdict.demand is not None and self._open(block, verdict.demand, verdict.holds is True)
            out.append(verdict.undecided() if open_ else verdict)
        demands = [v.demand for v in verdicts if v.demand is not None]
        softened = any(new is not old for new, old in zip(out, verdicts, strict=True))
        if softened and len(demands) > 1 and all(v.holds is not False for v in out):
            limits = [limit for demand in demands if (limit := self._limit(block, demand)) is not None]
            if not self._allowed({column: (low, high) for column, low, high in limits}):
                names = " and ".join(demand[0] for demand in demands)
                out.append(Verdict(f"inadmissible: no {names} within the 68 % interval are allowed together", False))
        return out

    def _open(self, block: Block, demand: Demand, holds: bool) -> bool:
        """Whether the data do not decide about a demand on the parameters of a block."""
        sources = dict(zip((p.name for p in block.formula.parameters), block.source, strict=True))
        first, second = sources[demand[0]], sources.get(str(demand[2]))
        if isinstance(first, int) and isinstance(second, int):
            return self._allowed({}, (first, second))
        limit = self._limit(block, demand)
        return not holds and limit is not None and self._allowed({limit[0]: limit[1:]})

    def _limit(self, block: Block, demand: Demand) -> tuple[int, float, float] | None:
        """Column and limits of the free parameter that a demand concerns; None where it is held."""
        own = self._own(block)
        sources = dict(zip(own, block.source, strict=True))
        name, low, high = demand
        if isinstance(high, str) and not isinstance(sources[name], int):
            name, low, high = high, own[name], np.inf
        column = sources[name]
        if not isinstance(column, int):
            return None
        return column, low, own[high] if isinstance(high, str) else high

    def _allowed(self, limits: dict[int, tuple[float, float]], ordered: tuple[int, int] | None = None) -> bool:
        """Whether the cost within limits rises by less than the 68 % interval allows, stretched where chi2 is large."""
        free = self.scale == "free" or self.likely is False
        if free and not self.dof:
            return True
        rise = threshold(LEVEL, self.cost, max(self.dof, 1), free)
        return constrained(self.batch, self.best, limits, ordered) - self.cost <= rise + 1e-9

    @property
    def admissible(self) -> bool:
        """Whether no assumption of the formula is known to fail."""
        return all(verdict.holds is not False for verdict in self.verdicts)

    def _narrowed(self, block: Block) -> tuple[Verdict, ...]:
        """A verdict where splitting and tau_iv are both free and not fixed separately."""
        _, i, j = block.source
        if not (isinstance(i, int) and isinstance(j, int)):
            return ()
        covariance = self._curvature
        size = np.sqrt(covariance[i, i] * covariance[j, j])
        locked = np.isinf(size) or covariance[i, j] < -_LOCKED * size
        return (narrowed(float(self.best[i]), float(self.best[j])),) if locked else ()

    def _own(self, block: Block) -> dict[str, float]:
        values = [float(self.best[s]) if isinstance(s, int) else s for s in block.source]
        return dict(zip((p.name for p in block.formula.parameters), values, strict=True))

    def report(self, level: float = LEVEL) -> str:
        """The fit in words and numbers, one fact per line."""
        free = self.scale == "free" and self.dof == 0
        lines = [f"{self.formula}: {self.batch.sigma.size} points, {len(self.names)} free parameters, {self.status}"]
        if free:
            lines += [
                f"  {name} = {value:.5g}, no error: as many parameters as points" for name, value in self.params.items()
            ]
        else:
            lines += self._ranges(level)
        lines += [f"  {name} = {value:g} (held)" for name, value in self.fixed.items()]
        lines += [f"  {text}" for text in (*self._quality(), *self._locked(), *map(str, self.verdicts))]
        return "\n".join(lines)

    def _quality(self) -> list[str]:
        text = f"chi2 = {self.chi2:.4g} for {self.dof} degrees of freedom, AICc = {self.aicc:.4g}"
        if self.scale == "free":
            lines = [f"{text}; sigma scaled by {self.stretch:.3g}"]
        else:
            lines = [f"{text}; sigma taken at its word"]
            if self.likely is False:
                lines.append(
                    "caution: chi2 is far above its degrees of freedom: sigma is too small or the formula wrong"
                )
        if self.left_out:
            lines.append(
                f"{self.left_out} rows are left out: their status is not {Status.CONVERGED} or they have no angle"
            )
        if self.interpolation > INTERPOLATED:
            text = f"differs from the theory by {self.interpolation:.2g} sigma near the best parameters"
            lines.append(f"caution: the interpolation {text}: take more nodes or narrower bounds")
        for name in self.at_bound:
            value, unit = self.params[name], self.batch.problem.free[self.names.index(name)].unit
            lines.append(
                f"caution: {name} stands at its bound {value:.4g} {unit}".rstrip() + ": its error is not known"
            )
        lines += [f"another minimum nearly as low: {other}" for other in self.others]
        return lines

    def _ranges(self, level: float) -> list[str]:
        """The intervals; beside them the stretched ones where the formula does not describe the points."""
        intervals = self.intervals(level)
        if self.likely is not False:
            return [f"  {interval}" for interval in intervals.values()]
        wide = replace(self, scale="free")
        return [
            f"  {interval} with sigma as given; {wide_} with sigma scaled by {wide.stretch:.3g}"
            for interval, wide_ in zip(intervals.values(), wide.intervals(level).values(), strict=True)
        ]

    def _locked(self) -> list[str]:
        """Parameters of which the data fix only a combination, or nothing."""
        covariance, lines = self._curvature, []
        loose = np.isinf(np.diag(covariance))
        names = [name for name, free in zip(self.names, loose, strict=True) if free and name not in self.at_bound]
        if len(names) > 1:
            lines.append(f"degenerate: the data do not fix {', '.join(names[:-1])} and {names[-1]} separately")
        elif names:
            lines.append(f"degenerate: the data do not fix {names[0]}")
        for i, first in enumerate(self.names):
            for j in range(i):
                size = np.sqrt(covariance[i, i] * covariance[j, j])
                if not loose[i] and not loose[j] and size > 0 and abs(covariance[i, j]) > _LOCKED * size:
                    share = covariance[i, j] / size
                    lines.append(f"degenerate: {self.names[j]} and {first} are correlated by {share:.4f}")
        return lines
