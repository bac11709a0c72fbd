"""Piecewise Chebyshev polynomials on adjoining panels: values, derivatives and all roots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

_OUTSIDE = 1e-8
_SAME = 1e-8


@lru_cache(maxsize=32)
def chebyshev(order: int) -> tuple[Floats, Floats]:
    """First-kind nodes on [-1, 1] (ascending) and the matrix from values to coefficients."""
    angles = (np.arange(order)[::-1] + 0.5) * np.pi / order
    matrix = np.cos(np.outer(np.arange(order), angles)) * (2 / order)
    matrix[0] *= 0.5
    return np.cos(angles), matrix


@dataclass(frozen=True)
class Piecewise:
    """A function on [breaks[0], breaks[-1]].

    Args:
        breaks: panel limits, ascending, shape (panels + 1,).
        coefficients: Chebyshev coefficients, shape (panels, order).
    """

    breaks: Floats
    coefficients: Floats

    def __call__(self, x: Floats) -> Floats:
        """Values at x (any shape), clipped into the domain."""
        x = np.asarray(x, dtype=float)
        panel = np.clip(np.searchsorted(self.breaks, x, side="right") - 1, 0, len(self.breaks) - 2)
        low, high = self.breaks[panel], self.breaks[panel + 1]
        u = np.clip((2 * x - low - high) / (high - low), -1.0, 1.0)
        angles = np.arccos(u)[..., None] * np.arange(self.coefficients.shape[1])
        return np.asarray(np.sum(self.coefficients[panel] * np.cos(angles), axis=-1))

    def derivative(self) -> Piecewise:
        """The derivative as another piecewise polynomial."""
        scale = 2 / np.diff(self.breaks)
        return Piecewise(
            self.breaks, self.coefficients @ derivative_matrix(self.coefficients.shape[1]).T * scale[:, None]
        )

    def roots(self) -> Floats:
        """All simple roots in the domain, ascending; one on a panel limit, seen from both sides, is listed once."""
        panel, u = chebyshev_roots(self.coefficients)
        low, high = self.breaks[panel], self.breaks[panel + 1]
        roots = np.sort(0.5 * (low + high) + 0.5 * (high - low) * u)
        apart = np.diff(roots, prepend=-np.inf) > _SAME * (self.breaks[-1] - self.breaks[0])
        return np.asarray(roots[apart])


def chebyshev_roots(coefficients: Floats) -> tuple[NDArray[np.intp], Floats]:
    """All real roots in [-1, 1] of many Chebyshev series at once, as eigenvalues of their colleague matrices.

    A root outside by a hair is moved to the limit, so that none falls between two panels whose series differ a little.

    Args:
        coefficients: shape (series, order); a series whose mean dominates has no root and costs nothing.

    Returns:
        Index of the series and root u, both (roots,).
    """
    rest = np.abs(coefficients[:, 1:]).sum(axis=1)
    rows = np.flatnonzero((np.abs(coefficients[:, 0]) <= (1 + _OUTSIDE) * rest) & (rest > 0))
    if len(rows) == 0:
        return np.empty(0, dtype=np.intp), np.empty(0)
    series = coefficients[rows]
    n = series.shape[1] - 1
    # a vanishing leading coefficient only sends a root to infinity
    leading = np.where(np.abs(series[:, -1]) < 1e-300 + 1e-17 * rest[rows], 1e-17 * rest[rows], series[:, -1])
    colleague = np.zeros((len(rows), n, n))
    colleague[:, np.arange(n - 1), np.arange(1, n)] = 0.5
    colleague[:, np.arange(1, n), np.arange(n - 1)] = 0.5
    colleague[:, 0, 1 % n] = 1.0
    colleague[:, -1] -= 0.5 * series[:, :-1] / leading[:, None]
    u = np.linalg.eigvals(colleague)
    real = (np.abs(u.imag) < 1e-9) & (np.abs(u.real) <= 1 + _OUTSIDE)
    which, place = np.nonzero(real)
    return rows[which], np.clip(u[which, place].real, -1.0, 1.0)


@lru_cache(maxsize=32)
def derivative_matrix(order: int) -> Floats:
    """Matrix (order - 1, order) from Chebyshev coefficients to those of the derivative on [-1, 1]."""
    return np.stack([np.polynomial.chebyshev.chebder(row) for row in np.eye(order)], axis=1)


def adaptive_panels(
    sample: Callable[[Floats], Floats],
    breaks: Floats,
    order: int,
    accurate: Callable[[Floats], bool],
    depth: int = 6,
) -> tuple[Floats, Floats]:
    """Halve panels until their Chebyshev coefficients are accepted.

    Args:
        sample: x (order,) -> values (order, m), m functions at once.
        breaks: initial panel limits.
        order: nodes per panel.
        accurate: coefficients (order, m) of a panel -> whether the panel is resolved.
        depth: largest number of halvings.

    Returns:
        Panel limits (panels + 1,) and coefficients (panels, order, m).
    """
    nodes, matrix = chebyshev(order)
    pending = [(low, high, 0) for low, high in pairwise(breaks)]
    done = []
    while pending:
        low, high, level = pending.pop()
        coefficients = matrix @ sample(0.5 * (low + high) + 0.5 * (high - low) * nodes)
        if level >= depth or accurate(coefficients):
            done.append((low, high, coefficients))
        else:
            middle = 0.5 * (low + high)
            pending += [(low, middle, level + 1), (middle, high, level + 1)]
    done.sort(key=lambda panel: panel[0])
    limits = np.array([panel[0] for panel in done] + [done[-1][1]])
    return limits, np.array([panel[2] for panel in done])
