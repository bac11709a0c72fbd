"""The points of a sweep as arguments of its function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_SEED_BITS: Final = 1


@dataclass(frozen=True, eq=False)
class Points:
    """The grid of a sweep.

    Args:
        swept: name -> values of the coordinates that are scalars of a call, in C order.
        together: name -> values of those that a call gets whole.
        seed: seed of the sweep, or None.
    """

    swept: Mapping[str, Sequence[Any]]
    together: Mapping[str, NDArray[Any]]
    seed: int | None

    @property
    def sizes(self) -> Mapping[str, int]:
        """Sizes of the coordinates that go together."""
        return {name: len(values) for name, values in self.together.items()}

    def arguments(self, flat: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
        """Keyword arguments of the calls at these indices of the full grid."""
        shape = tuple(len(values) for values in self.swept.values())
        rows = np.stack(np.unravel_index(flat, shape), axis=1).tolist() if shape else [[] for _ in flat]
        axes = list(self.swept.items())
        for index, places in zip(flat.tolist(), rows, strict=True):
            call = {name: values[i] for (name, values), i in zip(axes, places, strict=True)}
            call.update({name: values.copy() for name, values in self.together.items()})
            if self.seed is not None:
                call["seed"] = seed_of(self.seed, index)
            yield call


def seed_of(seed: int, index: int) -> int:
    """The seed of one point, of 63 bits; it knows nothing of blocks and workers.

    >>> seed_of(1, 0) == seed_of(1, 0), seed_of(1, 0) == seed_of(1, 1)
    (True, False)
    """
    state = np.random.SeedSequence(seed, spawn_key=(index,)).generate_state(1, np.uint64)
    return int(state[0]) >> _SEED_BITS
