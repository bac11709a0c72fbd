"""How many points make a task: long enough that handing it out costs nothing, short enough that little is lost."""

from __future__ import annotations

from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinvalley.store.table import Template

BUDGET: Final = 0.3
"""Seconds that the first points are measured for."""
FEW: Final = 8
"""A block of more points is measured at other places too."""
_LONGEST: Final = 3.0
_SHORTEST: Final = 0.3
_RATE: Final = 20.0
"""Blocks in a second that one driver hands out, takes back and writes without a queue."""
_SHARES: Final = 8
_BYTES: Final = 1 << 24
_PER_TEXT: Final = 64


def block_length(seconds: NDArray[np.float64], points: int, slots: int, template: Template | None) -> int:
    """Points of a task, from the times of the first ones.

    About 3 s, and longer from 60 tasks at work on, as one driver serves them all; less where each of them could not
    have eight, though not below 0.3 s; never more than 16 MiB of results.

    Args:
        seconds: time of each measured point; that of the first, which compiles, does not count.
        points: points in all.
        slots: tasks at work at the same time.
        template: form of a result.

    >>> block_length(np.array([2.0, 0.01, 0.01]), 100_000, 2, None)
    300
    >>> block_length(np.array([2.0, 0.01, 0.01]), 1600, 2, None)
    100
    """
    one = float(np.median(seconds[1:] if len(seconds) > 1 else seconds)) or 1e-9
    fair = ceil(points / (_SHARES * slots))
    longest = max(_LONGEST, slots / _RATE)
    length = min(longest / one, max(fair, _SHORTEST / one))
    variables = [] if template is None else list(template.variables.values())
    size = sum(int(np.prod(v.shape)) * (_PER_TEXT if v.kind == "U" else 16) for v in variables) + _PER_TEXT
    return int(max(1, min(points, round(length), _BYTES // size)))
