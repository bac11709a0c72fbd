"""Whether two ends of a search are two minima or the same one: along a flat valley a search stops anywhere."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinvalley.checks import Floats
from spinvalley.experiment.least_squares import Batch

__all__ = ["apart"]

_STEPS, _BARRIER, _FLAT = 15, 0.1, 1e-6
_SAME: Final = 1e-9


def apart(batch: Batch, one: Floats, other: Floats, unit: float = 1.0) -> bool:
    """Whether a barrier parts two parameter sets (k,).

    The parameter that differs most goes from one value to the other in 15 steps while the others follow; the cost must
    rise over both ends by a tenth of `unit` on the way.

    Args:
        batch: the problem with its data.
        one: the first set.
        other: the second set.
        unit: rise of the cost that counts as one.
    """
    log = np.array([p.log for p in batch.problem.free])
    ends = np.array([one, other])
    inner = np.where(log, np.log(np.where(log, ends, 1.0)), ends)
    size = np.where(log, 1.0, np.maximum(np.max(np.abs(ends), axis=0), _SAME))
    away = np.abs(inner[1] - inner[0]) / size
    if np.max(away) < _SAME:
        return False
    share = np.linspace(0, 1, _STEPS + 2)[1:-1, None]
    path = inner[0] + share * (inner[1] - inner[0])
    sets = np.where(log, np.exp(np.where(log, path, 0.0)), path)
    frozen = np.zeros(sets.shape, dtype=bool)
    frozen[:, int(np.argmax(away))] = True
    cost = np.minimum(batch.cost(sets), batch.minimise(sets, frozen, flat=_FLAT).cost)
    return bool(np.max(cost) > np.max(batch.cost(ends)) + _BARRIER * unit)
