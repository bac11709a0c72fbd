"""Eigenvectors of the negative eigenvalues of a Hermitian operator, by Lanczos with full orthogonalisation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from spinvalley.checks import Floats

Array = NDArray[Any]
Operator = Callable[[Array], Array]
FAR = 1e-5  # of the largest: smaller eigenvalues are for another shift
_STRIDE = 6
_SPARE = 70
_BREAKDOWN = 1e-13
_CONVERGED = 1e-11
_FLOOR = 1e-14


@dataclass(frozen=True, eq=False)
class Wish:
    """What a run is to find.

    Args:
        count: number of negative eigenvalues that are waited for.
        least: smallest size of an eigenvalue that counts.
        same: eigenvalues whose inverses differ by less need not be told apart.
        steps: most steps of the run; 0 for the usual number.
    """

    count: int
    least: float = 0.0
    same: float = 0.0
    steps: int = 0


@dataclass(frozen=True, eq=False)
class Ritz:
    """Result of a run.

    Args:
        values: converged negative eigenvalues (m,), at most as many as were waited for.
        vectors: their vectors (N, m).
        others: vectors of positive eigenvalues larger than the smallest of `values` (N, j).
        rest: sum of the vectors that did not converge (N,): a start for the next run.
        seen: number of negative eigenvalues that certainly exist, converged or not.
        strongest: the most negative of them so far, 0 without any.
    """

    values: Floats
    vectors: Array
    others: Array
    rest: Array
    seen: int
    strongest: float


def negative_space(operator: Operator, start: Array, known: Array, wish: Wish) -> Ritz:
    """Negative eigenvalues of a Hermitian operator and their eigenvectors from one Lanczos run.

    A run sees one vector of each eigenvalue; what is known is projected out. Eigenvalues 1e5 times smaller than the
    largest do not count: they are for another shift.

    Args:
        operator: maps a vector (N,) to a vector (N,).
        start: first vector (N,).
        known: orthonormal eigenvectors (N, m) that are not to be found again.
        wish: what to find.
    """
    limit = min(len(start) - known.shape[1], wish.steps or 3 * wish.count + _SPARE)
    return _Krylov(operator, _without(start, known), known, limit).negative(wish)


class _Krylov:
    """One Lanczos run: orthonormal rows q_1 .. q_m, in which the operator is tridiagonal."""

    def __init__(self, operator: Operator, start: Array, found: Array, limit: int) -> None:
        self.operator, self.found, self.limit = operator, found, limit
        self.basis = np.empty((limit + 1, len(start)), dtype=start.dtype)
        self.diagonal, self.beside = np.zeros(limit), np.zeros(limit)
        self.basis[0] = start / _norm(start)
        self.steps, self.ended, self.largest = 0, False, 0.0

    def negative(self, wish: Wish) -> Ritz:
        """Steps until the wish is fulfilled, nothing more comes, or the limit is reached."""
        before = 0
        while True:
            self._advance(3 * wish.count + 2 * _STRIDE if self.steps == 0 else _STRIDE)
            values, states, residuals = self._ritz()
            wanted = values < -max(wish.least, FAR * np.abs(values).max())
            enough = np.maximum(_CONVERGED * np.abs(values), wish.same * values**2)
            good = wanted & (residuals <= np.maximum(enough, _FLOOR * self.largest))
            number = int(np.sum(wanted))
            done = number if np.all(good[:number]) else int(np.argmin(good[:number]))  # in order of size
            if self.ended or done >= wish.count or number == done == before > 0:
                return self._result(values, states, wanted, good, wish.count)
            before = done

    def _result(self, values: Floats, states: Floats, wanted: Array, good: Array, count: int) -> Ritz:
        basis, keep = self.basis[: self.steps], np.nonzero(good)[0][:count]
        others = values > np.abs(values[keep]).min(initial=np.inf)
        vectors, beside = ((states[:, part].T @ basis).T for part in (keep, others))
        rest = states[:, wanted & ~good].sum(axis=1) @ basis
        return Ritz(values[keep], vectors, beside, rest, int(np.sum(wanted)), min(0.0, float(values[0])))

    def _advance(self, steps: int) -> None:
        for _ in range(steps):
            if self.ended:
                return
            self._step()

    def _step(self) -> None:
        basis, m = self.basis[: self.steps + 1], self.steps
        vector = _without(self.operator(basis[m]), self.found)
        before = _norm(vector)
        coefficients = _project(basis, vector)
        vector = vector - coefficients @ basis
        size = _norm(vector)
        if size < 0.5 * before:  # what cancels leaves rounding errors behind
            vector = vector - _project(basis, vector) @ basis
            size = _norm(vector)
        self.diagonal[m], self.beside[m] = coefficients[m].real, size
        self.steps = m + 1
        self.largest = max(self.largest, abs(self.diagonal[m]))
        self.ended = self.steps == self.limit or size <= _BREAKDOWN * self.largest
        if not self.ended:
            self.basis[m + 1] = vector / size

    def _ritz(self) -> tuple[Floats, Floats, Floats]:
        """Approximate eigenvalues, their vectors in the basis, and the residuals."""
        m = self.steps
        values, states = eigh_tridiagonal(self.diagonal[:m], self.beside[: m - 1])
        return values, states, self.beside[m - 1] * np.abs(states[-1])


def _project(basis: Array, vector: Array) -> Array:
    """Coefficients <q_i|vector>."""
    return np.asarray((basis @ vector.conj()).conj() if np.iscomplexobj(vector) else basis @ vector)


def _without(vector: Array, found: Array) -> Array:
    return vector if found.shape[1] == 0 else np.asarray(vector - found @ (found.conj().T @ vector))


def _norm(vector: Array) -> float:
    return math.sqrt(np.vdot(vector, vector).real)
