"""The result of a fit: parameters, intervals, resamples, admissibility, a report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from spinvalley.checks import Floats, InvalidInput, Status, axis, one_of, tolerance, whole
from spinvalley.experiment import fit_report, judging, robust
from spinvalley.experiment.admissibility import Sample, Verdict
from spinvalley.experiment.bootstrap import Noise, Samples, markov, resample
from spinvalley.experiment.fit_report import INTERPOLATED
from spinvalley.experiment.intervals import Interval, profile, threshold
from spinvalley.experiment.judging import LEVEL
from spinvalley.experiment.least_squares import Batch
from spinvalley.experiment.settling import freedom, scatter, settled, stretch

_UNLIKELY, _NULL, _CLOSE, _FINE = 1e-3, 1e-13, 1e-6, 1e-4


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
            sigma = np.maximum(sigma * (self.scatter if self.dof else 1.0), _FINE * np.max(np.abs(self.batch.data)))
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
    def known(self) -> dict[str, tuple[float, float]]:
        """Free parameters that were known beforehand: (value, sigma) as given."""
        given = self.batch.problem.known
        pairs = zip(map(float, given.value), map(float, given.sigma), strict=True)
        return {self.names[column]: pair for column, pair in zip(given.columns, pairs, strict=True)}

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

    @property
    def _curvature(self) -> Floats:
        """Covariance as if there were no bounds; inf or NaN without degrees of freedom and with a free scale."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.shape * self.stretch**2)

    @cached_property
    def shape(self) -> Floats:
        """Covariance (k, k) with sigma as given and as if there were no bounds; inf where undetermined."""
        if not self.names:
            return np.zeros((0, 0))
        at = self.best[None]
        B = self.batch.problem.field(at)
        J = np.nan_to_num(self.batch.problem.gradient(at, B)[0]) / self.batch.sigma[:, None]
        if self.batch.robust:
            wide = self.scatter if self.scale == "free" and self.dof else 1.0
            J = J * np.sqrt(robust.GAIN * robust.sharpness(wide))
        J = np.concatenate([J, self.batch.known.gradient(len(self.names))])
        size = np.sqrt(np.sum(J**2, axis=0))
        value, vector = np.linalg.eigh((J / np.where(size > 0, size, 1.0)).T @ (J / np.where(size > 0, size, 1.0)))
        if np.any(size == 0) or value[0] < _NULL:
            return _undetermined(size, value, vector)
        return np.asarray((vector / value) @ vector.T / np.outer(size, size))

    @property
    def residuals(self) -> Floats:
        """(B - formula)/sigma in the order of T (or theta) of each table, (N,)."""
        return np.asarray((self.batch.data - self.batch.problem.field(self.best[None])[0]) / self.batch.sigma)

    @property
    def chi2(self) -> float:
        """Sum of the squared residuals, those of parameters known beforehand included."""
        return float(np.sum(self.residuals**2) + self.batch.known.cost(self.best[None])[0])

    @property
    def cost(self) -> float:
        """What was minimised: chi2, or the robust loss."""
        return float(self.batch.cost(self.best[None])[0])

    @property
    def dof(self) -> int:
        """Points less free parameters; a parameter known beforehand counts neither way."""
        return freedom(self.batch)

    @property
    def outliers(self) -> int:
        """Points that a robust loss leaves more than 4 sigma off, if they are no more than a fifth; 0 with chi^2."""
        return robust.outliers(self.residuals) if self.batch.robust else 0

    @property
    def bulk(self) -> tuple[float, int]:
        """chi2 and degrees of freedom without the outliers, all errors as given."""
        squares = np.sort(self.residuals**2)
        kept = float(np.sum(squares[: squares.size - self.outliers]))
        return kept + float(self.batch.problem.known.cost(self.best[None])[0]), self.dof - self.outliers

    @property
    def follows(self) -> bool | None:
        """Whether the formula describes the points within sigma as given, whatever the scale; None without sigma.

        It does where chi2, without `outliers`, is not far above its degrees of freedom (probability over 0.001).
        """
        chi2, left = self.bulk
        if left <= 0 or not self.batch.problem.measured:
            return None
        return bool(stats.chi2.sf(chi2, left) >= _UNLIKELY)

    @property
    def likely(self) -> bool | None:
        """The same as `follows` where sigma is taken at its word; None where it is scaled."""
        return None if self.scale == "free" else self.follows

    @property
    def scatter(self) -> float:
        """Factor on sigma that makes it the scatter of the points: 1 with a fixed scale."""
        return 1.0 if self.scale == "fixed" else scatter(self.batch, self.best)

    @property
    def stretch(self) -> float:
        """Factor on errors and intervals: 1 with a fixed scale; with a free one that of `scatter`."""
        return 1.0 if self.scale == "fixed" else stretch(self.batch, self.best)

    @property
    def aicc(self) -> float:
        """Akaike's criterion with its correction for few points; inf where points are too few for it."""
        n = self.batch.sigma.size
        k = n - self.dof + (self.scale == "free")
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

    def scaled(self) -> Fit:
        """The same with a free scale of sigma; its best parameters differ where one was known beforehand."""
        batch, best, fine = settled(self.batch, self.best, scaled=True)
        return replace(self, batch=batch, best=best, scale="free", converged=self.converged and fine)

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
        rise = threshold(level, max(self.dof, 1), self.stretch if self.scale == "free" else None)
        errors = np.array(list(self.errors.values()))
        found = profile(self.batch, self.best, self.cost, errors, max(rise, 1e-18), which, level)
        return {interval.name: interval for interval in found}

    def bootstrap(self, n: int = 1000, seed: int = 0, kind: str = "points") -> Samples:
        """Fits to resampled points ("points") or to the fit with new noise ("noise"), see `bootstrap.resample`."""
        if not self.names:
            raise InvalidInput("`fixed` must leave a parameter free for a bootstrap, but holds all")
        return resample(self.batch, self.best, n, seed, kind, self._noise())

    def _noise(self) -> Noise:
        return Noise(self.scatter, self.stretch, self.dof if self.scale == "free" else None)

    def posterior(self, steps: int = 2000, walkers: int = 32, seed: int = 0) -> Samples:
        """Posterior samples by emcee, uniform priors within the bounds (needs spinvalley[bayes])."""
        if not self.names:
            raise InvalidInput("`fixed` must leave a parameter free for a posterior, but holds all")
        errors = np.array(list(self.errors.values()))
        return markov(self.batch, self.best, errors, steps, walkers, seed, self.stretch)

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Sentences on the assumptions of each formula."""
        return judging.verdicts(self)

    @property
    def admissible(self) -> bool:
        """Whether no assumption of the formula is known to fail."""
        return all(verdict.holds is not False for verdict in self.verdicts)

    def report(self, level: float = LEVEL) -> str:
        """The fit in words and numbers, one fact per line."""
        return fit_report.report(self, level)


def _undetermined(size: Floats, value: Floats, vector: Floats) -> Floats:
    """The covariance where some combinations of parameters change nothing."""
    loose = (size == 0) | np.any(np.abs(vector[:, value < _NULL]) > 1e-4, axis=1)
    good = value >= _NULL
    part = (vector[:, good] / value[good]) @ vector[:, good].T
    out = part / np.outer(np.where(size > 0, size, 1.0), np.where(size > 0, size, 1.0))
    out[loose, :] = out[:, loose] = 0.0
    out[loose, loose] = np.inf
    return np.asarray(out)
