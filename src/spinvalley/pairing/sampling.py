"""How well equidistant points of a closed curve resolve an average over it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FEWEST = 12
_SAFETY = 4.0


def average_error(values: NDArray[Any], pocket: NDArray[np.int64]) -> float:
    """Error of the sum of `values` (n, ...) over the points of closed curves, from the decay of their harmonics.

    The trapezoid rule with n points misses the harmonics n, 2n, ... of a curve. Their size is extrapolated from the
    upper half of those that the points show; a curve with a few points only may be wrong by its whole value.

    Args:
        values: contribution of each point; the points of a curve in order, equidistant in its parameter.
        pocket: number of the curve of each point, (n,); negative for points that are not samples.
    """
    total = 0.0
    for label in np.unique(pocket[pocket >= 0]):
        series = values[pocket == label].reshape(int(np.sum(pocket == label)), -1)
        sizes = np.abs(np.fft.fft(series, axis=0)[: len(series) // 2 + 1]).max(axis=1)
        if len(series) < _FEWEST:
            total += float(sizes.max())
            continue
        half = len(sizes)
        middle = float(sizes[half // 2 : 3 * half // 4].max())
        tail = float(sizes[3 * half // 4 :].max())
        total += _SAFETY * tail * min(1.0, tail / max(middle, 1e-300)) ** 2
    return total
