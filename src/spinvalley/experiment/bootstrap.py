"""Uncertainty by resampling the points, all resamples fitted together, and posteriors by Markov chains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput, NotSolved, Status, one_of, tolerance, whole
from spinvalley.experiment.least_squares import Batch

_CHUNK, _REDRAWS, _ROUNDS, _FLAT = 250, 1000, 60, 1e-5
_FEW, _FEW_EACH, _FAILED, _MEMORIES = 8, 4, 0.05, 20
_TINY, _WIDEST = 1e-12, 10.0


@dataclass(frozen=True, eq=False)
class Samples:
    """Parameter sets that the data allow.

    Args:
        names: the parameters.
        sets: (n, k), in the order of `names`.
        kind: how they were drawn.
        failed: how many fits did not converge and were left out.
        caution: a sentence on why their spread may mislead; "" where nothing speaks against it.
        acceptance: share of the steps of Markov chains that were taken; NaN for other samples.
        autocorrelation: longest memory of the chains in steps; NaN for other samples.
    """

    names: tuple[str, ...]
    sets: Floats
    kind: str
    failed: int = 0
    caution: str = ""
    acceptance: float = float("nan")
    autocorrelation: float = float("nan")

    @property
    def status(self) -> Status:
        """Whether the spread of the sets may be trusted; if not, see `caution`."""
        return Status.NOT_CONVERGED if self.caution else Status.CONVERGED

    def interval(self, name: str, level: float = 0.683) -> tuple[float, float]:
        """Quantiles that leave (1 - level)/2 out on either side."""
        tolerance("level", level)
        column = self.sets[:, self.names.index(one_of("name", name, self.names))]
        low, high = np.quantile(column, [0.5 - 0.5 * level, 0.5 + 0.5 * level])
        return float(low), float(high)

    def errors(self) -> dict[str, float]:
        """Standard deviation of each parameter."""
        return dict(zip(self.names, (float(v) for v in np.std(self.sets, axis=0, ddof=1)), strict=True))


@dataclass(frozen=True)
class Noise:
    """How wide new noise is.

    Args:
        scatter: factor on sigma.
        known: factor on the errors of what is known beforehand.
        freedom: degrees of freedom from which `scatter` was estimated, so that it is not certain either: every
            resample draws its own, sqrt(freedom/chi^2) times it; None: it is exact.
    """

    scatter: float = 1.0
    known: float = 1.0
    freedom: int | None = None

    def factors(self, random: np.random.Generator, n: int) -> Floats:
        """One factor on sigma for each of n resamples, (n, 1)."""
        if not self.freedom:
            return np.full((n, 1), self.scatter)
        drawn = np.sqrt(self.freedom / np.maximum(random.chisquare(self.freedom, size=(n, 1)), _TINY))
        return np.asarray(self.scatter * np.minimum(drawn, _WIDEST))


def resample(batch: Batch, best: Floats, n: int, seed: int, kind: str, noise: Noise) -> Samples:
    """Fits to n resamples of the data.

    Args:
        batch: the problem.
        best: best parameters (k,), from which every fit starts.
        n: resamples, at least 2.
        seed: of the random numbers.
        kind: "points" draws points with replacement (resamples with fewer distinct points than parameters are drawn
            again); "noise" adds Gaussian noise of sigma to the best fit. What is known beforehand is shaken in both.
        noise: how wide the noise is.

    Raises:
        InvalidInput: n < 2 or another kind; as many points as parameters with "points".
        NotSolved: no resample could be fitted.
    """
    whole("n", n, 2)
    one_of("kind", kind, ("points", "noise"))
    random = np.random.default_rng(whole("seed", seed, 0))
    size, k = batch.sigma.size, best.size
    weights, data = np.ones((n, size)), np.broadcast_to(batch.data, (n, size))
    known = replace(batch.known, sigma=noise.known * batch.known.sigma)
    if kind == "points":
        weights = _counts(random, n, size, k)
        known = known.shaken(random, batch.known.value, n)
    else:
        known = known.shaken(random, best[list(batch.known.columns)], n)
        shaken = noise.factors(random, n) * random.standard_normal((n, size))
        data = batch.problem.field(best[None]) + batch.sigma * shaken
    sets, fine = [], []
    for begin in range(0, n, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        piece = replace(
            batch, weights=weights[part], data=data[part], known=replace(known[part], sigma=batch.known.sigma)
        )
        minima = piece.minimise(np.broadcast_to(best, (len(weights[part]), k)).copy(), rounds=_ROUNDS, flat=_FLAT)
        sets.append(minima.sets)
        fine.append(minima.converged)
    good = np.concatenate(fine)
    if np.count_nonzero(good) < 2:
        raise NotSolved("no resample of the data could be fitted")
    failed = int(np.sum(~good))
    caution = _caution(kind, size, k, failed, n)
    return Samples(batch.problem.names, np.concatenate(sets)[good], f"bootstrap over {kind}", failed, caution)


def _caution(kind: str, size: int, k: int, failed: int, n: int) -> str:
    if kind == "points" and size < max(_FEW, _FEW_EACH * k):
        return f"caution: {size} points are too few for a bootstrap over points of {k} parameters: take kind='noise'"
    if failed > _FAILED * n:
        return f"caution: {failed} of {n} resamples could not be fitted and are left out"
    return ""


def _counts(random: np.random.Generator, n: int, size: int, k: int) -> Floats:
    if size <= k:
        raise InvalidInput(f"`table` must hold more than {k} points for a bootstrap over points, but has {size}")
    counts = random.multinomial(size, np.full(size, 1 / size), size=n).astype(float)
    for _ in range(_REDRAWS):
        poor = np.flatnonzero(np.count_nonzero(counts, axis=1) < k)
        if not poor.size:
            break
        counts[poor] = random.multinomial(size, np.full(size, 1 / size), size=poor.size)
    return counts


def markov(batch: Batch, best: Floats, errors: Floats, steps: int, walkers: int, seed: int, spread: float) -> Samples:
    """Posterior of uniform priors within the bounds, by emcee; the first third of every chain is left out.

    Raises:
        InvalidInput: emcee is not installed, or too few steps or walkers.
    """
    try:
        import emcee
    except ImportError:
        raise InvalidInput("`posterior` needs emcee: install spinvalley[bayes]") from None
    k = best.size
    whole("steps", steps, 30)
    whole("walkers", walkers, 2 * k + 2)
    low, high = batch.problem.bounds
    random = np.random.default_rng(whole("seed", seed, 0))
    width = np.where(np.isfinite(errors) & (errors > 0), np.minimum(errors, 0.3 * np.abs(best) + 1e-9), 1e-3)
    begin = np.clip(best + 0.3 * width * random.standard_normal((walkers, k)), low, high)

    def log_probability(sets: Floats) -> Floats:
        inside = np.all((sets >= low) & (sets <= high), axis=1)
        cost = batch.cost(np.clip(sets, low, high))
        return np.asarray(np.where(inside, -0.5 * cost / spread**2, -np.inf))

    sampler: Any = emcee.EnsembleSampler(walkers, k, log_probability, vectorize=True)
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(begin, steps)
    chain = np.asarray(sampler.get_chain(discard=steps // 3, flat=True))
    memory = float(np.max(sampler.get_autocorr_time(discard=steps // 3, tol=0)))
    kept, caution = steps - steps // 3, ""
    if not kept >= _MEMORIES * memory:
        caution = f"caution: {kept} steps are fewer than {_MEMORIES} autocorrelation times of {memory:.3g}: take more"
    accepted = float(np.mean(sampler.acceptance_fraction))
    kind = f"posterior of {walkers} walkers and {steps} steps"
    return Samples(batch.problem.names, chain, kind, 0, caution, accepted, memory)
