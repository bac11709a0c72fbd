"""Many small least-squares problems at once: Levenberg-Marquardt on a batch of parameter sets.

Starting values, profiles, resamples and left-out points are all batches of one problem. lmfit finds the final minimum
of a fit (`fitting`); this module serves where hundreds of minima are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.experiment.known import Known
from spinvalley.experiment.problem import Problem
from spinvalley.experiment.robust import GAIN
from spinvalley.experiment.robust import weights as soft

_ROUNDS, _FLAT, _LOOSE, _LARGEST, _STRIDE = 200, 1e-11, 100.0, 1e12, 1.5
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Minima:
    """Minima of a batch: parameter sets (m, k), costs (m,), whether each converged (m,)."""

    sets: Floats
    cost: Floats
    converged: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Batch:
    """A least-squares problem with several right-hand sides.

    Args:
        problem: points and formulas.
        sigma: standard deviations (N,).
        weights: how often each point counts, (m, N) or (N,).
        data: measured fields, (m, N) or (N,).
        robust: the loss 2 (sqrt(1 + z) - 1) (soft_l1) of the squared residual z, times a factor that gives it the rise
            of chi^2 (see `robust`); else z.
        known: what else is known of the parameters; its residuals count as they are.
    """

    problem: Problem
    sigma: Floats
    weights: Floats
    data: Floats
    robust: bool = False
    known: Known = field(default_factory=Known)

    def minimise(
        self, start: Floats, frozen: NDArray[np.bool_] | None = None, rounds: int = _ROUNDS, flat: float = _FLAT
    ) -> Minima:
        """Minima from starting sets (m, k); parameters marked in `frozen` (m, k) keep their start.

        A set has converged where a step without strong damping lowers its cost by less than `flat` of it.
        """
        m, k = start.shape
        if k == 0:
            return Minima(start, self.cost(start), np.ones(m, dtype=bool))
        weights, data = (np.broadcast_to(a, (m, self.sigma.size)) for a in (self.weights, self.data))
        held = np.zeros((m, k), dtype=bool) if frozen is None else frozen
        scale = _Scale.of(self.problem)
        u = scale.inward(start)
        at = self._expand(u, self.problem.field(scale.outward(u)), scale, weights, data, self.known)
        damping, done = np.full(m, 1e-3), ~np.isfinite(at.cost)
        lost = done.copy()
        for _ in range(rounds):
            active = np.flatnonzero(~done)
            if not active.size:
                break
            here = at[active]
            trial = np.clip(
                u[active] + _step(u[active], here, damping[active], held[active], scale), scale.low, scale.high
            )
            moved = trial - u[active]
            guess = here.B + (here.J @ moved[..., None])[..., 0] * self.sigma
            sets = scale.outward(trial)
            B = self.problem.field(sets, guess)
            cost = self._cost(B, weights[active], data[active]) + self.known[active].cost(sets)
            better = cost <= here.cost
            still = np.max(np.abs(moved) / (1 + np.abs(u[active])), axis=1) < 1e-12
            small = better & (here.cost - cost <= flat * (here.cost + 1e-9)) & (damping[active] < _LOOSE)
            damping[active] = _damped(damping[active], here, moved, cost)
            done[active] = small | still | (damping[active] > _LARGEST)
            won = active[better]
            u[won] = trial[better]
            at.cost[won] = cost[better]
            further = better & ~done[active]
            if np.any(further):
                on = active[further]
                at.put(on, self._expand(u[on], B[further], scale, weights[on], data[on], self.known[on]))
        return Minima(np.where(held, start, scale.outward(u)), at.cost, done & ~lost)

    def slopes(self, values: Floats) -> tuple[Floats, Floats]:
        """J^T W r (k,) and J^T W J (k, k) at one parameter set (k,), of the inner variables."""
        scale = _Scale.of(self.problem)
        u = scale.inward(values[None])
        size = (1, self.sigma.size)
        weights, data = (np.broadcast_to(a, size) for a in (self.weights, self.data))
        at = self._expand(u, self.problem.field(scale.outward(u)), scale, weights, data, self.known)
        return at.slope[0], at.normal[0]

    def cost(self, sets: Floats) -> Floats:
        """Cost of parameter sets (m, k), (m,), each with the same data and weights."""
        return self._cost(self.problem.field(sets), self.weights, self.data) + self.known.cost(sets)

    def _cost(self, B: Floats, weights: Floats, data: Floats) -> Floats:
        z = ((data - B) / self.sigma) ** 2
        total = np.sum(weights * (2 * GAIN * (np.sqrt(1 + z) - 1) if self.robust else z), axis=1)
        return np.asarray(np.where(np.isfinite(total), total, np.inf))

    def _expand(self, u: Floats, B: Floats, scale: _Scale, weights: Floats, data: Floats, known: Known) -> _Expansion:
        sets = scale.outward(u)
        r = (data - B) / self.sigma
        J = self.problem.gradient(sets, B) * scale.stretch(sets)[:, None, :] / self.sigma[:, None]
        fine = np.isfinite(r) & np.all(np.isfinite(J), axis=2)
        cost = self._cost(B, weights, data) + known.cost(sets)
        r, J = np.where(fine, r, 0.0), np.where(fine[..., None], J, 0.0)
        local = weights * GAIN * soft(r) if self.robust else weights
        JW = np.swapaxes(J, 1, 2) * local[:, None, :]
        G = known.gradient(sets.shape[1]) * scale.stretch(sets)[:, None, :]
        GT = np.swapaxes(G, 1, 2)
        slope = (JW @ r[..., None] + GT @ known.residuals(sets)[..., None])[..., 0]
        return _Expansion(cost, JW @ J + GT @ G, slope, np.array(B), J)


@dataclass(frozen=True, eq=False)
class _Expansion:
    """Cost (m,), J^T W J (m, k, k), J^T W r (m, k), field (m, N) and J = dB/du/sigma (m, N, k) of parameter sets."""

    cost: Floats
    normal: Floats
    slope: Floats
    B: Floats
    J: Floats

    def __getitem__(self, rows: NDArray[np.int64]) -> _Expansion:
        return _Expansion(self.cost[rows], self.normal[rows], self.slope[rows], self.B[rows], self.J[rows])

    def put(self, rows: NDArray[np.int64], other: _Expansion) -> None:
        for mine, new in zip(vars(self).values(), vars(other).values(), strict=True):
            mine[rows] = new


@dataclass(frozen=True, eq=False)
class _Scale:
    """Inner variables: the logarithm of positive parameters, the others as they are."""

    log: NDArray[np.bool_]
    low: Floats
    high: Floats

    @classmethod
    def of(cls, problem: Problem) -> _Scale:
        log = np.array([p.log for p in problem.free])
        low, high = problem.bounds
        inner = [np.where(log, np.log(np.where(log, b, 1.0)), b) for b in (low, high)]
        return cls(log, inner[0], inner[1])

    def inward(self, sets: Floats) -> Floats:
        return np.clip(np.where(self.log, np.log(np.where(self.log, sets, 1.0)), sets), self.low, self.high)

    def outward(self, u: Floats) -> Floats:
        return np.where(self.log, np.exp(np.where(self.log, u, 0.0)), u)

    def stretch(self, sets: Floats) -> Floats:
        return np.where(self.log, sets, 1.0)


def _damped(damping: Floats, here: _Expansion, moved: Floats, cost: Floats) -> Floats:
    """Less damping after a step that did as the quadratic model foretold (Nielsen's rule), more after a failed one."""
    foretold = 2 * np.sum(moved * here.slope, axis=1) - np.einsum("mi,mij,mj->m", moved, here.normal, moved)
    foretold = np.maximum(foretold, _TINY)
    ratio = np.clip(here.cost - cost, 0, foretold) / foretold
    gentler = damping * np.maximum(0.1, 1 - (2 * ratio - 1) ** 3)
    return np.asarray(np.clip(np.where(cost <= here.cost, gentler, 4 * damping), 1e-12, None))


def _step(u: Floats, here: _Expansion, damping: Floats, held: NDArray[np.bool_], scale: _Scale) -> Floats:
    """Damped Gauss-Newton steps within the bounds."""
    normal, slope = here.normal, here.slope
    outward = ((u <= scale.low) & (slope < 0)) | ((u >= scale.high) & (slope > 0))
    off = held | outward
    diagonal = np.einsum("mii->mi", normal)
    floor = 1e-14 * np.max(diagonal, axis=1, keepdims=True) + _TINY
    matrix = np.where(off[:, :, None] | off[:, None, :], 0.0, normal)
    extra = np.where(off, 1.0, damping[:, None] * diagonal + floor)
    matrix = matrix + extra[:, :, None] * np.eye(u.shape[1])
    size = np.sqrt(np.einsum("mii->mi", matrix))
    scaled = matrix / (size[:, :, None] * size[:, None, :])
    step = np.linalg.solve(scaled, (np.where(off, 0.0, slope) / size)[..., None])[..., 0] / size
    return np.asarray(np.where(scale.log, np.clip(step, -_STRIDE, _STRIDE), step))
