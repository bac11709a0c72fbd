"""Roots of many small systems at once: Newton's method with steps that shrink the residual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

Gradient = Callable[[NDArray[np.intp], Floats], Floats]
_ITERATIONS = 20
_HALVINGS = 6
_ENOUGH = 0.1
_SMALLEST_SLOPE = 1e-13


def stationary(
    gradient: Gradient, start: Floats, step: float, tolerance: float, enough: float
) -> tuple[Floats, Floats]:
    """Zeros of the gradients of D functions of n variables, none of which needs to be convex.

    The Newton direction lowers the size of any gradient whose Jacobian is regular. The Jacobian is a quotient of
    differences, over a step as wide as the gradient needs to be smooth.

    Args:
        gradient: (which, points (m, n)) -> gradients (m, n) of the functions with these numbers.
        start: first guesses, (D, n).
        step: of the differences.
        tolerance: size of a gradient that is taken as zero.
        enough: change of the value below which no further step is taken.

    Returns:
        Points (D, n) and what is left: |g . J^-1 g| / 2, the value that one more step would change, (D,).
    """
    points = np.array(start, dtype=float)
    count, size = points.shape
    left = np.zeros(count)
    if size == 0:
        return points, left
    values = gradient(np.arange(count), points)
    active = np.arange(count)
    for _ in range(_ITERATIONS):
        active = active[np.linalg.norm(values[active], axis=1) > tolerance]
        if len(active) == 0:
            break
        direction = _newton(gradient, active, points[active], values[active], step)
        left[active] = 0.5 * np.abs(np.sum(direction * values[active], axis=1))
        go_on = left[active] > enough
        active, direction = active[go_on], direction[go_on]
        if len(active) == 0:
            break
        active = _advance(gradient, active, points, values, direction)
    settled = np.linalg.norm(values, axis=1) <= tolerance
    return points, np.where(settled, 0.0, left)


def _newton(gradient: Gradient, which: NDArray[np.intp], points: Floats, values: Floats, step: float) -> Floats:
    """Newton directions -J^-1 g, (m, n)."""
    columns = [(gradient(which, points + step * unit) - values) / step for unit in np.eye(points.shape[1])]
    jacobian = np.stack(columns, axis=-1)
    scale = np.abs(jacobian).max(axis=(1, 2), keepdims=True)
    jacobian = jacobian - _SMALLEST_SLOPE * np.maximum(scale, 1e-300) * np.eye(points.shape[1])
    return np.asarray(-np.linalg.solve(jacobian, values[..., None])[..., 0])


def _advance(
    gradient: Gradient, which: NDArray[np.intp], points: Floats, values: Floats, direction: Floats
) -> NDArray[np.intp]:
    """Move along the directions until the gradients shrink, in place; the numbers of those that did."""
    moved = []
    waiting = np.arange(len(which))
    share = 1.0
    for _ in range(_HALVINGS):
        trial = points[which[waiting]] + share * direction[waiting]
        found = gradient(which[waiting], trial)
        sizes = np.linalg.norm(values[which[waiting]], axis=1)
        good = np.linalg.norm(found, axis=1) < (1 - _ENOUGH * share) * sizes
        points[which[waiting[good]]], values[which[waiting[good]]] = trial[good], found[good]
        moved.append(waiting[good])
        waiting = waiting[~good]
        if len(waiting) == 0:
            break
        share *= 0.5
    return np.asarray(which[np.sort(np.concatenate(moved))])
