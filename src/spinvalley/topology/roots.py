"""The edge polynomial: all lambda with det A(k_par, lambda) = 0, counted inside and outside the unit circle.

A(lambda) = sum_{n=-r}^{r} lambda^n A_n. With s a point away from every root and lambda = s + 1/mu, the 2 r d roots
are eigenvalues of one ordinary matrix, (R - s L)^-1 L of the companion pencil R - lambda L, also where A_r or A_-r is
singular: a root at infinity has mu = 0. (Expanding the polynomial about s instead would multiply rounding by binomial
coefficients of 2 r.) The winding number of det A(exp(i theta)) is the number of roots inside minus r d.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spinvalley.checks import Floats

Array = Any
_SHIFTS = 6
_NEAR = 0.05
_SINGULAR = 1e-13


def polynomial_roots(blocks: Array) -> Array:
    """All roots lambda of det sum_n lambda^n A_n, shape (K, 2 r d), infinite ones included; blocks (2r + 1, K, d, d).

    A pencil that is singular at every lambda (a flat zero band) gives NaN.
    """
    count = blocks.shape[1]
    if count == 0:
        return np.empty((0, (len(blocks) - 1) * blocks.shape[-1]), dtype=complex)
    shifts = np.exp(1j * (0.4 + 2 * np.pi * np.arange(_SHIFTS) / _SHIFTS)) * np.linspace(0.8, 1.25, _SHIFTS)
    sizes = np.stack([smallest_singular(evaluate(blocks, np.full(count, s))) for s in shifts])
    regular = sizes.max(axis=0) > _SINGULAR * np.abs(blocks).sum(axis=(0, -1)).max(axis=-1)
    best = np.where(regular, np.argmax(sizes, axis=0), -1)
    roots = np.full((count, (len(blocks) - 1) * blocks.shape[-1]), np.nan, dtype=complex)
    for n, shift in enumerate(shifts):
        mine = best == n
        if np.any(mine):
            roots[mine] = _shifted_roots(blocks[:, mine], shift)
    return roots


def evaluate(blocks: Array, points: Array) -> Array:
    """A(lambda) for one lambda each, shape (K, d, d); blocks (2r + 1, K, d, d), points (K,)."""
    reach = len(blocks) // 2
    total = np.zeros(blocks.shape[1:], dtype=complex)
    for block in blocks[::-1]:
        total = total * points[:, None, None] + block
    return total * points[:, None, None] ** (-reach)


def smallest_singular(matrices: Array) -> Floats:
    """Smallest singular value of each matrix, shape (...)."""
    return np.asarray(np.linalg.svd(matrices, compute_uv=False)[..., -1])


def winding_numbers(blocks: Array) -> tuple[Array, Floats, Floats]:
    """Winding number, gap at the nearest approach to the unit circle, and slowest decay, each of shape (K,).

    The gap is the smallest singular value of A at the point of the circle beside the root closest to it; the slowest
    decay is the largest |lambda| < 1 among the roots that a mode at this edge is made of: those inside for w > 0, the
    inverse of those outside for w < 0, and both for w = 0.
    """
    reach, dim = len(blocks) // 2, blocks.shape[-1]
    roots = polynomial_roots(blocks)
    sizes = np.abs(roots)
    winding = np.sum(sizes < 1, axis=1) - reach * dim
    with np.errstate(divide="ignore"):
        inside = np.where(sizes < 1, sizes, 0.0).max(axis=1)
        outside = np.where(sizes > 1, 1 / sizes, 0.0).max(axis=1)
    slowest = np.where(winding > 0, inside, np.where(winding < 0, outside, np.maximum(inside, outside)))
    return winding, _circle_gap(blocks, roots), slowest


def _circle_gap(blocks: Array, roots: Array) -> Floats:
    """Smallest singular value of A on the unit circle beside the roots within 5 % of it (inf where there is none)."""
    sizes = np.abs(roots)
    gap = np.full(len(roots), np.inf)
    gap[np.isnan(sizes).any(axis=1)] = 0.0
    rows, columns = np.nonzero(np.abs(sizes - 1) < _NEAR)
    if len(rows):
        values = smallest_singular(evaluate(blocks[:, rows], roots[rows, columns] / sizes[rows, columns]))
        np.minimum.at(gap, rows, values)
    return gap


def companion(blocks: Array) -> tuple[Array, Array]:
    """L and R of the pencil R - lambda L whose eigenvectors stack psi_n-r .. psi_n+r-1, each (K, 2 r d, 2 r d)."""
    degree, (count, dim) = len(blocks) - 1, blocks.shape[1:3]
    size = degree * dim
    left = np.zeros((count, size, size), dtype=complex)
    right = np.zeros((count, size, size), dtype=complex)
    left[:, np.arange(size - dim), np.arange(size - dim)] = 1
    left[:, -dim:, -dim:] = blocks[-1]
    right[:, np.arange(size - dim), np.arange(dim, size)] = 1
    right[:, -dim:] = -np.concatenate(list(blocks[:-1]), axis=-1)
    return left, right


def _shifted_roots(blocks: Array, shift: complex) -> Array:
    """Roots shift + 1/mu from the eigenvalues mu of (R - shift L)^-1 L."""
    left, right = companion(blocks)
    mu = np.linalg.eigvals(np.linalg.solve(right - shift * left, left))
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / mu
    return np.where(np.isfinite(inverse), shift + inverse, np.inf)
