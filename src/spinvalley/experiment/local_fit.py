"""Local polynomials of a resistive transition: their rows, how many neighbours they take, the noise about them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

__all__ = [
    "FEWEST",
    "SMALLEST_WINDOW",
    "best_window",
    "fit_all",
    "local_rows",
    "most_scatter",
    "noise",
    "plateau_noise",
    "unevenness",
]

FEWEST: Final = 5
"""Points that a curve must have."""

SMALLEST_WINDOW: Final = 6
"""Neighbours of a local fit, at least."""

_FEWEST_STEEP: Final = 5  # points in the middle half of the rise; with fewer the curve is interpolated
_CALM: Final = 0.15  # of the rise of one step there: interpolated only with less noise than that
_MOST_TESTED: Final = 150
_SCORE_MARGIN: Final = 0.5  # standard errors by which a wider window may predict worse
_UNEVEN: Final = 0.3  # steps: more scatter of x than that may as well be uneven steps
_STEPS: Final = 100
_NEARER: Final = 1 - 1e-9  # equal distances stay equal in any unit


def local_rows(x: Floats, at: Floats, window: int, order: int) -> tuple[Floats, NDArray[np.int64]]:
    """Rows (m, 2, k) that give value and derivative at `at` (m,) from R at the k nearest neighbours (m, k)."""
    window = min(window, x.size)
    order = min(order, window - 2)
    start = np.clip(np.searchsorted(x, at) - window // 2, 0, x.size - window)
    for _ in range(window):
        right = np.minimum(start + window, x.size - 1)
        closer = (start + window < x.size) & (np.abs(x[right] - at) < _NEARER * np.abs(x[start] - at))
        left = np.maximum(start - 1, 0)
        further = (start > 0) & (np.abs(x[left] - at) < _NEARER * np.abs(x[start + window - 1] - at)) & ~closer
        if not (closer.any() or further.any()):
            break
        start = start + closer - further
    taken = start[:, None] + np.arange(window)
    distance = x[taken] - at[:, None]
    reach = np.abs(distance).max(axis=1, keepdims=True) * (1 + 1.0 / window)
    u = distance / reach
    near = 1 - np.abs(u * u * u)
    powers = np.empty((*u.shape, order + 1))
    powers[..., 0] = 1.0
    for i in range(order):
        powers[..., i + 1] = powers[..., i] * u
    weighted = (powers * (near * near * near)[:, :, None]).transpose(0, 2, 1)
    gram = weighted @ powers + 1e-9 * np.eye(order + 1)
    rows = np.linalg.solve(gram, np.eye(order + 1)[:, :2]).transpose(0, 2, 1) @ weighted
    rows[:, 1] /= reach
    return rows, taken


def fit_all(x: Floats, R: Floats, window: int, order: int) -> tuple[Floats, Floats, Floats]:
    """Fit, slope, and residual of each point divided by sqrt(1 - leverage)."""
    rows, taken = local_rows(x, x, window, order)
    value = np.einsum("ik,ik->i", rows[:, 0], R[taken])
    slope = np.einsum("ik,ik->i", rows[:, 1], R[taken])
    own = np.einsum("ik,ik->i", rows[:, 0], taken == np.arange(x.size)[:, None])
    spread = 1 - 2 * own + np.einsum("ik,ik->i", rows[:, 0], rows[:, 0])
    return value, slope, (R - value) / np.sqrt(np.maximum(spread, 0.05))


def best_window(x: Floats, R: Floats) -> int:
    """The number of neighbours whose straight lines predict left-out points of the transition best; 0: too few."""
    middle = _in_transition(R, 0.25).size
    if middle < _FEWEST_STEEP and plateau_noise(x, R) < _CALM * np.ptp(R) / (2 * middle + 2):
        return 0
    steep = _in_transition(R, 0.05)
    steep = steep if steep.size else np.arange(x.size)
    steep = steep[:: -(-steep.size // _MOST_TESTED)]
    sizes = np.unique(np.geomspace(SMALLEST_WINDOW, max(x.size / 2, SMALLEST_WINDOW), 12).astype(int))
    scores = []
    for size in sizes:
        rows, taken = local_rows(x, x[steep], int(size), 1)
        value = np.einsum("ik,ik->i", rows[:, 0], R[taken])
        own = np.einsum("ik,ik->i", rows[:, 0], taken == steep[:, None])
        scores.append(float(np.mean(((R[steep] - value) / np.maximum(1 - own, 0.05)) ** 2)))
    enough = min(scores) * (1 + _SCORE_MARGIN * np.sqrt(2 / steep.size))
    return int(max(size for size, score in zip(sizes, scores, strict=True) if score <= enough))


def unevenness(x: Floats) -> float:
    """Scatter of x about even steps: what its reading may scatter, at most 0.3 steps."""
    return float(min(_scatter(x), _UNEVEN * np.median(np.diff(x))))


def most_scatter(x: Floats) -> float:
    """What the reading of x can scatter at most: its steps show it; inf where they are too uneven to tell."""
    scatter = _scatter(x)
    return scatter if scatter < _UNEVEN * np.median(np.diff(x)) else np.inf


def _scatter(x: Floats) -> float:
    return float(np.median(np.abs(np.diff(x, 2))) / 0.6745 / np.sqrt(6))


def plateau_noise(x: Floats, R: Floats) -> float:
    """Noise of R where it is flat: the median residual of a local line outside the transition."""
    size = min(SMALLEST_WINDOW, x.size)
    residual = np.abs(fit_all(x, R, size, 1)[2])
    steep = _in_transition(R, 0.05)
    flat = np.array([np.min(np.abs(steep - i), initial=size) > size // 2 for i in range(x.size)])
    return float(np.median(residual[flat] if flat.sum() >= FEWEST else residual)) / 0.6745


def _in_transition(R: Floats, margin: float) -> NDArray[np.int64]:
    """Points whose running median lies inside its range by a share `margin` of it on both ends."""
    calm = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(R, 1, mode="edge"), 3), axis=1)
    low, high = np.min(calm), np.max(calm)
    return np.flatnonzero((calm > low + margin * (high - low)) & (calm < high - margin * (high - low)))


def noise(residual: Floats, slope: Floats, most_x: float = np.inf) -> tuple[float, float]:
    """sigma_R and sigma_x from squared residuals = sigma_R^2 + slope^2 sigma_x^2, large ones clipped.

    Few points are steep, so that sigma_x^2 is found with a large error. Where the steps of x limit it to most_x^2, its
    mean over all values from 0 to there is taken, each weighted by how well it fits the residuals. Without such a limit
    a sigma_x^2 below its own standard error counts as 0: kept, it could only make sigma too large.
    """
    unit, most = float(np.max(residual**2)), float(np.max(slope**2))
    if unit == 0 or most == 0:
        return float(np.median(np.abs(residual))) / 0.6745, 0.0
    square, steep = residual**2 / unit, slope**2 / most
    constant, share = float(np.median(square)) / 0.4549, 0.0
    for _ in range(12):
        variance = constant + share * steep + 1e-12
        clipped = np.minimum(square, 9 * variance) / 0.9951
        weight = (variance / np.min(variance)) ** -2
        matrix = np.array([[weight.sum(), weight @ steep], [weight @ steep, weight @ steep**2]])
        target = np.array([weight @ clipped, weight @ (steep * clipped)])
        constant, share = _non_negative_pair(matrix, target)
    known = np.sum((steep / (constant + share * steep + 1e-12)) ** 2) / 2
    share = _limited(share, float(known) ** -0.5, most_x**2 * most / unit)
    constant = max(float(weight @ (clipped - share * steep) / weight.sum()), 0.0)
    return float(np.sqrt(constant * unit)), float(np.sqrt(share * unit / most))


def _limited(value: float, error: float, limit: float) -> float:
    """Mean of what lies between 0 and a limit, weighted by a normal distribution; without a limit see `noise`."""
    if not np.isfinite(limit):
        return value if value >= error else 0.0
    if limit == 0:
        return 0.0
    at = (np.arange(_STEPS) + 0.5) / _STEPS * limit
    depth = 0.5 * ((at - value) / error) ** 2
    weight = np.exp(depth.min() - depth)
    return float(weight @ at / weight.sum())


def _non_negative_pair(matrix: Floats, target: Floats) -> tuple[float, float]:
    """The two numbers >= 0 that solve 2x2 normal equations best."""
    size = matrix[0, 0] * matrix[1, 1]
    determinant = size - matrix[0, 1] ** 2
    if determinant > 1e-9 * size:
        first = (target[0] * matrix[1, 1] - target[1] * matrix[0, 1]) / determinant
        second = (target[1] * matrix[0, 0] - target[0] * matrix[0, 1]) / determinant
        if first >= 0 and second >= 0:
            return float(first), float(second)
        if first < 0:
            return 0.0, float(target[1] / matrix[1, 1])
    return float(target[0] / matrix[0, 0]) if matrix[0, 0] > 0 else 0.0, 0.0
