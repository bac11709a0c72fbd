"""The verdicts of a fit: what is judged at its best parameters, softened or hardened by what else the data allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from spinvalley.experiment.admissibility import Demand, Verdict, judge, narrowed
from spinvalley.experiment.intervals import constrained, threshold
from spinvalley.experiment.problem import Block
from spinvalley.experiment.settling import stretch

if TYPE_CHECKING:
    from spinvalley.experiment.fitted import Fit

__all__ = ["LEVEL", "verdicts"]

LEVEL: Final = 0.683
_LOCKED, _ALONG = 0.99, 0.2


def verdicts(fit: Fit) -> tuple[Verdict, ...]:
    """Sentences on the assumptions of each formula of a fit."""
    blocks = fit.batch.problem.blocks
    found = []
    for block in blocks:
        own = block.formula.judge
        if own is None:
            said = judge(block.formula.name, _own(fit, block), block.x, block.B, fit.sample, fit.follows)
        else:
            said = own(_own(fit, block), block.x, block.B, fit.sample)
        found += _decided(fit, block, said)
    degenerate = [_narrowed(fit, block) for block in blocks if block.formula.name == "ising_intervalley"]
    return tuple(dict.fromkeys((*(v for some in degenerate for v in some), *found)))


def _decided(fit: Fit, block: Block, said: tuple[Verdict, ...]) -> list[Verdict]:
    """The verdicts with those undecided on which the data allow both sides."""
    out = []
    for verdict in said:
        demand, fails = verdict.demand, verdict.holds is False
        if demand is not None and _open(fit, block, demand, verdict.holds is True):
            out.append(verdict.undecided())
        else:
            out.append(verdict.firm() if fails and demand and _limit(fit, block, demand) else verdict)
    demands = [v.demand for v in said if v.demand is not None]
    softened = any(new.holds is not old.holds for new, old in zip(out, said, strict=True))
    if softened and len(demands) > 1 and all(v.holds is not False for v in out):
        limits = [limit for demand in demands if (limit := _limit(fit, block, demand)) is not None]
        if not _allowed(fit, {column: (low, high) for column, low, high in limits}):
            names = " and ".join(demand[0] for demand in demands)
            out.append(Verdict(f"inadmissible: no {names} within the 68 % interval are allowed together", False))
    return out


def _open(fit: Fit, block: Block, demand: Demand, holds: bool) -> bool:
    """Whether the data do not decide about a demand on the parameters of a block."""
    sources = dict(zip((p.name for p in block.formula.parameters), block.source, strict=True))
    first, second = sources[demand[0]], sources.get(str(demand[2]))
    if isinstance(first, int) and isinstance(second, int):
        return _allowed(fit, {}, (first, second))
    limit = _limit(fit, block, demand)
    return not holds and limit is not None and _allowed(fit, {limit[0]: limit[1:]})


def _limit(fit: Fit, block: Block, demand: Demand) -> tuple[int, float, float] | None:
    """Column and limits of the free parameter that a demand concerns; None where it is held."""
    own = _own(fit, block)
    sources = dict(zip(own, block.source, strict=True))
    name, low, high = demand
    if isinstance(high, str) and not isinstance(sources[name], int):
        name, low, high = high, own[name], np.inf
    column = sources[name]
    if not isinstance(column, int):
        return None
    return column, low, own[high] if isinstance(high, str) else high


def _allowed(fit: Fit, limits: dict[int, tuple[float, float]], ordered: tuple[int, int] | None = None) -> bool:
    """Whether the cost within limits rises by less than the 68 % interval allows, stretched where chi2 is large."""
    free = fit.scale == "free" or fit.likely is False
    if free and not fit.dof:
        return True
    rise = threshold(LEVEL, max(fit.dof, 1), stretch(fit.batch, fit.best) if free else None)
    return constrained(fit.batch, fit.best, limits, ordered) - fit.cost <= rise + 1e-9


def _narrowed(fit: Fit, block: Block) -> tuple[Verdict, ...]:
    """A verdict where splitting and tau_iv are both free, and only splitting^2 tau_iv is fixed.

    Where neither is fixed the data may as well say nothing of tau_iv: then the limit is only claimed where the curve
    stays while tau_iv falls as splitting^-2.
    """
    _, i, j = block.source
    if not (isinstance(i, int) and isinstance(j, int)):
        return ()
    covariance = fit.shape
    size = np.sqrt(covariance[i, i] * covariance[j, j])
    if np.isinf(size):
        at = fit.best[None]
        slopes = fit.batch.problem.gradient(at, fit.batch.problem.field(at))[0] / fit.batch.sigma[:, None]
        one, two = fit.best[i] * slopes[:, i], 2 * fit.best[j] * slopes[:, j]
        locked = bool(np.linalg.norm(one - two) < _ALONG * np.linalg.norm(one))
    else:
        locked = bool(covariance[i, j] < -_LOCKED * size)
    return (narrowed(float(fit.best[i]), float(fit.best[j])),) if locked else ()


def _own(fit: Fit, block: Block) -> dict[str, float]:
    values = [float(fit.best[s]) if isinstance(s, int) else s for s in block.source]
    return dict(zip((p.name for p in block.formula.parameters), values, strict=True))
