"""Temperatures that do not stay where they are held: slow drifts that a sweep may have, and why others cut it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.experiment.sweeps import Kind

__all__ = ["Cut", "Rows", "cut", "drift"]

LARGEST_DRIFT: Final = 0.05
_WINDOWS: Final = 8  # parts of a sweep between whose medians a drift is followed
_SUDDEN: Final = 0.4  # largest part of a drift from one window to the next
_LOST: Final = 0.1  # of the rows that may be missing without a word

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """A sweep of field or angle of which rows were left out because the temperature did not stay.

    Attributes:
        kind: what was swept.
        first: first row, counted from 0 in the run.
        last: last row.
        pieces: how many sweeps are left of it.
        lost: how many of its rows belong to none.
        reason: what the temperature did.
    """

    kind: Kind
    first: int
    last: int
    pieces: int
    lost: int
    reason: str

    def __str__(self) -> str:
        left = {0: "not taken as a sweep", 1: "shortened"}.get(self.pieces, f"cut into {self.pieces} sweeps")
        rows = f"rows {self.first} to {self.last}, {self.lost} of them left out"
        return f"{self.kind} sweep {left} ({rows}): {self.reason}"


def drift(T: Floats, width: float) -> Floats | None:
    """Course of a temperature that leaves twice the width by a drift, slow and one way; None where it does not.

    Followed through the medians of equal parts, with straight lines between them and on to the ends.
    """
    if np.ptp(T) <= 2 * width:
        return None
    way = _Way.of(T)
    if way.steps.size < 2 or way.size <= width / 2 or way.fault(T, width):
        return None
    row = np.arange(len(T), dtype=float)
    before, after = np.minimum(row - way.middle[0], 0.0), np.maximum(row - way.middle[-1], 0.0)
    slopes = way.steps / np.diff(way.middle)
    return np.asarray(np.interp(row, way.middle, way.medians) + slopes[0] * before + slopes[-1] * after)


def cut(kind: Kind, leg: Rows, pieces: Sequence[Rows], T: Floats, width: float) -> Cut | None:
    """What is missing of a stretch in which field or angle moves one way; None where nothing is that T explains.

    Args:
        kind: what moves.
        leg: all rows of the stretch.
        pieces: rows of the sweeps that were made of it.
        T: temperatures of the leg, (n,), K.
        width: by how much T may differ from its median, K.
    """
    kept = np.isin(leg, np.concatenate(pieces)) if len(pieces) else np.zeros(leg.size, dtype=bool)
    lost = int(np.sum(~kept))
    if len(pieces) == 1 and lost <= _LOST * leg.size:
        return None
    if np.ptp(T) <= 2 * width:
        return None
    reason = _Way.of(T).fault(T, width) or f"T leaves its tolerance of {width:.2g} K ({T.min():.4g} to {T.max():.4g} K)"
    return Cut(kind, int(leg[0]), int(leg[-1]), len(pieces), lost, reason)


@dataclass(frozen=True, eq=False)
class _Way:
    """Medians of a temperature over equal parts, the rows in their middle, and the steps between them."""

    middle: Floats
    medians: Floats
    steps: Floats

    @classmethod
    def of(cls, T: Floats) -> _Way:
        parts = np.array_split(np.arange(len(T)), min(_WINDOWS, len(T)))
        middle = np.array([part.mean() for part in parts])
        medians = np.array([np.median(T[part]) for part in parts])
        return cls(middle, medians, np.diff(medians))

    @property
    def size(self) -> float:
        return float(np.ptp(self.medians))

    def fault(self, T: Floats, width: float) -> str:
        """Why it is no slow drift one way by less than 5 %; "" if it is one."""
        span = f"{self.medians.min():.4g} to {self.medians.max():.4g} K"
        largest = float(np.abs(self.steps).max(initial=0.0))
        share = self.size / float(np.median(T))
        if float(np.abs(self.steps).sum()) - abs(float(self.steps.sum())) > width:
            return f"T turns back ({span})"
        if largest > _SUDDEN * self.size:
            return f"T changes by {largest:.2g} K within an eighth of it ({span})"
        if share > LARGEST_DRIFT:
            return f"T drifts by {100 * share:.2g} % ({span}), more than {100 * LARGEST_DRIFT:g} %"
        return ""
