"""Poisson's equation on a stack of charged sheets, solved together with any electron response.

With phi_l = mu - U_l the self-consistent state is the minimum of

    J(phi) = sum_gaps (U_l+1 - U_l)^2 / 2c + Omega(phi) - sum_l s_l phi_l,      dOmega/dphi_l = n_l(phi),

c = e^2 d / (eps0 eps) of the gap and s the charge that the gates induce. Omega is convex for electrons that do not
interact otherwise, so J has one minimum, and Newton's method with a line search along its gradient finds it from any
start. Mixing old and new densities instead diverges where the screening constant kappa exceeds about 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from spinvalley.checks import Floats, Status

Response = Callable[[Floats], tuple[Floats, Floats]]
"""phi = mu - U (N,) in meV -> layer densities n (N,) in nm^-2 and their derivative dn/dphi (N, N)."""

_HALVINGS = 40
_IDLE = 15  # steps without progress after which the search ends
_PATIENCE = 60  # Newton steps before the electrons are warmed up
_COLD = 1e-9
_SLOPE = 0.1  # a step is taken where the slope of J along it has fallen to this part, or has kept its sign
_ROUNDING = 1e-15
_RIDGE = 1e-14


@dataclass(frozen=True, eq=False)
class Stack:
    """The electrostatics of N sheets.

    Args:
        stiffness: c = e^2 d/(eps0 eps) of each gap, (N - 1,), meV nm^2.
        total: electrons per area, nm^-2.
        below: displacement below the last sheet, in elementary charges per area, nm^-2; positive: it pushes electrons
            towards the first sheet.
    """

    stiffness: Floats
    total: float
    below: float = 0.0

    @property
    def layers(self) -> int:
        """Number of sheets N."""
        return len(self.stiffness) + 1

    def displacement(self, potential: Floats) -> Floats:
        """Displacement above, between and below the sheets, (N + 1,), elementary charges per nm^2."""
        return np.concatenate([[self.total + self.below], np.diff(potential) / self.stiffness, [self.below]])

    def operator(self) -> Floats:
        """Second difference -dn/dphi of the electrostatics, positive semi-definite, (N, N)."""
        out = np.zeros((self.layers, self.layers))
        for gap, c in enumerate(self.stiffness):
            out[gap : gap + 2, gap : gap + 2] += np.array([[1.0, -1.0], [-1.0, 1.0]]) / c
        return out


@dataclass(frozen=True, eq=False)
class Solution:
    """What the solver reached.

    Args:
        mu: chemical potential, meV.
        potential: potential energy of an electron on each sheet, first sheet 0, (N,), meV.
        density: densities that follow from it, (N,), nm^-2.
        residual: largest violation of Gauss' law by one sheet, part of the whole charge.
        error: estimated error of the layer fractions (the residual carried through the Jacobian), at least what their
            sum misses of 1, and the residual itself where that exceeds the tolerance.
        steps: Newton steps taken.
        status: converged or not converged.
    """

    mu: float
    potential: Floats
    density: Floats
    residual: float
    error: float
    steps: int
    status: Status


@dataclass(frozen=True, eq=False)
class _Point:
    mu: float
    potential: Floats
    density: Floats
    slope: Floats
    defect: Floats

    def size(self, total: float) -> float:
        return float(np.abs(self.defect).max()) / total


def solve(stack: Stack, response: Response, mu: float, potential: Floats, tol: float, steps: int) -> Solution:
    """Newton's method with a safeguarded line search on the convex functional J.

    Args:
        stack: the electrostatics.
        response: the electrons.
        mu: start, meV.
        potential: start, (N,), meV.
        tol: error of the layer fractions to be reached.
        steps: largest number of Newton steps.

    Returns:
        The best point with its residual and error; status "not converged" where one of them exceeds `tol`.
    """
    here = _point(stack, response, mu, potential - potential[0])
    best, taken, idle = here, 0, 0
    while taken < steps and here.size(stack.total) > 0.01 * tol and idle < _IDLE:
        step = _newton(stack, here, here.defect)
        here = _search(stack, response, here, step)
        taken += 1
        idle = (
            0
            if here.size(stack.total) < 0.9 * best.size(stack.total)
            else idle + (5 if best.size(stack.total) < tol else 1)
        )
        best = here if here.size(stack.total) < best.size(stack.total) else best
    residual, error = best.size(stack.total), _error(stack, best)
    if residual > tol:  # too far for the linear estimate, which vanishes where the response does
        error = max(error, residual)
    status = Status.CONVERGED if max(error, residual) <= tol else Status.NOT_CONVERGED
    return Solution(best.mu, best.potential, best.density, residual, error, taken, status)


def solve_cooling(
    stack: Stack, at: Callable[[float], Response], kT: float, mu: float, potential: Floats, tol: float, steps: int
) -> Solution:
    """`solve`, and where the kinks of a cold response hinder it, once more with the electrons cooled down slowly.

    Args:
        stack: the electrostatics.
        at: the response at a thermal energy in meV.
        kT: the thermal energy wanted, meV.
        mu: start, meV.
        potential: start, (N,), meV.
        tol: error of the layer fractions to be reached.
        steps: largest number of Newton steps at each temperature.

    Returns:
        The solution at `kT`; of two that did not converge the one with the smaller residual.
    """
    first = solve(stack, at(kT), mu, potential, tol, min(steps, _PATIENCE))
    if first.status == Status.CONVERGED or steps <= _PATIENCE:
        return first
    warmth = max(float(np.ptp(first.potential)), kT)
    here, taken = first, first.steps
    while warmth > max(kT, _COLD * float(np.ptp(first.potential))):
        here = solve(stack, at(warmth), here.mu, here.potential, 1e-3, steps)
        taken, warmth = taken + here.steps, 0.5 * warmth
    last = solve(stack, at(kT), here.mu, here.potential, tol, steps)
    best = last if last.residual <= first.residual else first
    return replace(best, steps=taken + last.steps)


def _point(stack: Stack, response: Response, mu: float, potential: Floats) -> _Point:
    density, slope = response(mu - potential)
    flux = stack.displacement(potential)
    return _Point(mu, potential, density, slope, flux[:-1] - flux[1:] - density)


def _newton(stack: Stack, point: _Point, defect: Floats) -> Floats:
    """(L + dn/dphi)^-1 defect; a ridge keeps the matrix regular where no sheet holds electrons."""
    matrix = stack.operator() + point.slope
    ridge = _RIDGE * max(float(np.abs(matrix).max()), 1e-300)
    return np.asarray(np.linalg.solve(matrix + ridge * np.eye(len(matrix)), defect))


def _search(stack: Stack, response: Response, point: _Point, step: Floats) -> _Point:
    """The point along the step at which the slope of the convex J is still negative or has become small."""
    start = float(step @ point.defect)
    length = 1.0
    for _ in range(_HALVINGS):
        trial = _point(stack, response, point.mu + length * step[0], point.potential - length * (step - step[0]))
        if float(step @ trial.defect) >= -_SLOPE * start:
            break
        length *= 0.5
    return trial


def _error(stack: Stack, point: _Point) -> float:
    """Change of the layer fractions that the remaining defect stands for, at least what their sum misses of 1."""
    shift = _newton(stack, point, point.defect)
    change = max(float(np.abs(point.slope @ shift).max()), abs(float(point.defect.sum())))
    return change / stack.total + _ROUNDING
