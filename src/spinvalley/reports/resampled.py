"""Intervals by other means than the profile: bootstrap of every fit, and the posterior of the first one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spinvalley.checks import InvalidInput, NotSolved
from spinvalley.experiment.bootstrap import Samples
from spinvalley.experiment.comparison import Candidate
from spinvalley.experiment.fitted import Fit

__all__ = ["bootstraps", "posterior"]

_SEED: Final = 1
_FEW, _FEW_EACH = 8, 4  # points that a bootstrap over points needs, in all and for each parameter
_STEPS, _MOST_STEPS = 1000, 8000
_WALKERS: Final = 32


def bootstraps(candidates: Iterable[Candidate], n: int) -> tuple[dict[str, Samples], list[str]]:
    """A bootstrap of every fit, and sentences on those that could not be made.

    Points are drawn with replacement where there are 8 and four for each parameter; else new noise is added to the
    fitted curve, because few points repeat too often.

    Args:
        candidates: fitted formulas.
        n: resamples; 0 makes none.
    """
    found, problems = {}, []
    for one in candidates if n else ():
        if one.fit is None or not _free(one.fit):
            continue
        try:
            found[one.name] = one.fit.bootstrap(n, seed=_SEED, kind=_kind(one.fit))
        except (InvalidInput, NotSolved) as error:
            problems.append(f"no bootstrap of {one.name}: {error}")
    return found, problems


def posterior(candidates: Iterable[Candidate], wanted: bool) -> dict[str, Samples]:
    """The posterior of the first fit that has a free parameter, by chains that are made longer until they are long.

    The steps are doubled from 1000 up to 8000, until they are twenty autocorrelation times.

    Args:
        candidates: fitted formulas in the order of their rank.
        wanted: whether to make one at all.
    """
    first = next((c for c in candidates if wanted and c.fit is not None and _free(c.fit)), None)
    if first is None or first.fit is None or (first.fit.scale == "free" and not first.fit.dof):
        return {}
    steps = _STEPS
    while True:
        found = first.fit.posterior(steps=steps, walkers=max(_WALKERS, 2 * len(first.fit.names) + 2), seed=_SEED)
        if not found.caution or steps >= _MOST_STEPS:
            return {first.name: found}
        steps *= 2


def _free(fit: Fit) -> set[str]:
    """Parameters that the points alone have to fix."""
    return set(fit.names) - set(fit.known)


def _kind(fit: Fit) -> str:
    enough = max(_FEW, _FEW_EACH * len(fit.names))
    return "points" if fit.batch.sigma.size >= enough else "noise"
