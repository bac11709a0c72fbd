"""The minimum of a fit whose standard deviations depend on where it is: errors in T, and a free scale of sigma."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinvalley.checks import Floats
from spinvalley.experiment import robust
from spinvalley.experiment.least_squares import Batch

__all__ = ["freedom", "scatter", "settled", "stretch"]

_ITERATIONS, _SETTLED, _LEAST = 20, 1e-6, 1e-12


def freedom(batch: Batch) -> int:
    """Points less free parameters; a parameter that is known beforehand counts neither way."""
    return int(batch.sigma.size + len(batch.known) - len(batch.problem.free))


def scatter(batch: Batch, best: Floats) -> float:
    """Factor on sigma that makes it the scatter of the points; inf without degrees of freedom.

    It makes chi^2 per degree of freedom 1, or with a robust loss the median size of the residuals that of normal ones.
    """
    left = freedom(batch)
    if left <= 0:
        return float("inf")
    if batch.robust:
        return robust.spread((batch.data - batch.problem.field(best[None])[0]) / batch.sigma, left)
    return float(np.sqrt(batch.cost(best[None])[0] / left))


def stretch(batch: Batch, best: Floats) -> float:
    """Factor on the errors of the parameters where sigma is wrong by `scatter`: the same, if the loss is chi^2."""
    wide = scatter(batch, best)
    if not batch.robust or not np.isfinite(wide):
        return wide
    return float(np.sqrt(robust.GAIN / robust.gain(wide)))


def settled(batch: Batch, best: Floats, scaled: bool) -> tuple[Batch, Floats, bool]:
    """The batch with its effective sigma, the minimum, and whether the two agree.

    With a free scale the errors of what is known beforehand are those given: they are divided by the factor that later
    stretches all of them.

    Args:
        batch: the problem.
        best: parameters to begin with (k,).
        scaled: whether the scale of sigma is free.
    """
    problem = batch.problem
    for _ in range(_ITERATIONS):
        sigma, known = problem.sigma(best), problem.known
        if scaled and len(known):
            known = known.tightened(min(max(stretch(batch, best), _LEAST), 1 / _LEAST))
        following = np.concatenate([sigma, known.sigma])
        if np.allclose(following, np.concatenate([batch.sigma, batch.known.sigma]), rtol=_SETTLED, atol=0):
            return batch, best, True
        batch = replace(batch, sigma=sigma, known=known)
        best = batch.minimise(best[None]).sets[0]
    return batch, best, False
