"""The common phase of all amplitudes has no meaning: how it is fixed, and how two states are compared without it."""

from __future__ import annotations

import numpy as np

from spinvalley.models.model import Matrix

_TIE = 1e-6


def fix_gauge(amplitudes: Matrix) -> Matrix:
    """The same state with its largest amplitude real and positive, (n,); the first of equally large ones."""
    sizes = np.abs(amplitudes)
    if not np.any(sizes):
        return amplitudes
    first = int(np.argmax(sizes >= (1 - _TIE) * sizes.max()))
    fixed = amplitudes * (sizes[first] / amplitudes[first])
    fixed[first] = sizes[first]
    return np.asarray(fixed)


def align(amplitudes: Matrix, reference: Matrix) -> Matrix:
    """The same state with the common phase that brings it closest to `reference`, (n,)."""
    overlap = np.vdot(amplitudes, reference)
    return amplitudes * (overlap / abs(overlap)) if abs(overlap) > 0 else amplitudes


def distance(first: Matrix, second: Matrix) -> float:
    """Least over phases of |Delta - exp(i phase) Delta'|, energy."""
    return float(np.linalg.norm(align(first, second) - second))
