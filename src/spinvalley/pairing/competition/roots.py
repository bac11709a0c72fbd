"""Where the eigenvalues of the linearised gap equation cross 1 along a line of temperatures or fields.

Eigenvalues are followed by their rank: the eigenvalue of rank k lies above 1 where more than k modes are unstable, so
that ranks need no tracking of vectors through crossings, and their ends are those of the modes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from spinvalley.checks import Floats

Ranked = Callable[[float], Floats]
_WIDENINGS = 12
_NEAR = 50.0  # tolerances around the value of a coarser order


@dataclass(frozen=True)
class Crossing:
    """Where one rank crosses 1.

    Args:
        value: parameter of the line.
        error: of the value.
        converged: whether the error is below the tolerance.
        order: finest order of the quadrature that was used.
    """

    value: float
    error: float
    converged: bool
    order: int


def last_unstable(ranked: Sequence[Floats]) -> list[int | None]:
    """For each rank the last point of the line where its eigenvalue exceeds 1, None if there is none."""
    table = np.array(ranked) > 1
    return [int(np.flatnonzero(column)[-1]) if np.any(column) else None for column in table.T]


def first_interval(ranked: Sequence[Floats]) -> list[tuple[int | None, bool]]:
    """For each rank the last point of the interval above 1 that begins the line, and whether it rises above 1 again.

    The point is None where the line begins below 1.
    """
    found: list[tuple[int | None, bool]] = []
    for column in (np.array(ranked) > 1).T:
        length = int(np.argmin(column)) if not np.all(column) else len(column)
        found.append((length - 1 if length else None, bool(np.any(column[length:]))))
    return found


def crossing(
    line: Callable[[int], Ranked],
    rank: int,
    bracket: tuple[float, float],
    ladder: Sequence[int],
    tol: float,
    stated: Callable[[int, float, float], float],
) -> Crossing | None:
    """The crossing of one rank at rising order of the quadrature until it holds still; None if a finer order loses it.

    Args:
        line: order -> (parameter -> all eigenvalues, descending).
        rank: place of the eigenvalue.
        bracket: an unstable and a stable parameter of the coarsest order.
        ladder: orders.
        tol: relative error asked for.
        stated: (order, change, value) -> error of a value that changed so much up to this order.
    """
    found: Crossing | None = None
    low, high = bracket
    for order in ladder:
        ranked = line(order)
        root = _root(lambda x, ranked=ranked: float(ranked(x)[rank]) - 1, low, high, 0.01 * tol)  # type: ignore[misc]
        if root is None:
            return None
        error = np.inf if found is None else stated(order, abs(root - found.value), root) + 0.01 * tol * root
        found = Crossing(root, error, error <= tol * root, order)
        if found.converged:
            break
        low, high = root * (1 - _NEAR * tol), root * (1 + _NEAR * tol)
    return found


def levels(values: Floats, errors: Floats) -> NDArray[np.int64]:
    """Numbers of the levels of descending values: neighbours within their errors are degenerate; NaN stand alone."""
    near = values[:-1] - values[1:] <= errors[:-1] + errors[1:]
    return np.concatenate([[0], np.cumsum(~near)])


def _root(excess: Callable[[float], float], low: float, high: float, precision: float) -> float | None:
    """Root between an unstable and a stable parameter; a bracket that a finer order has left is widened."""
    lowest = 0.5 * low
    for _ in range(_WIDENINGS):
        if excess(low) > 0 > excess(high):
            return float(brentq(excess, low, high, xtol=precision * high, rtol=1e-14))
        width = high - low
        low, high = max(low - width, lowest), high + width
    return None
