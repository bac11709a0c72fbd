"""The formulas as fit models: parameters with bounds and starts, values and gradients for many sets at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, one_of
from spinvalley.experiment import formulas
from spinvalley.experiment.admissibility import Sample, Verdict
from spinvalley.experiment.breaking import Law, abrikosov_gorkov
from spinvalley.units import FLUX_QUANTUM

Starts = Callable[[Floats, Floats], tuple[float, ...]]
Field = Callable[..., Floats]

_STEP, _FIELD_STEP = 1e-5, 1e-5
_SMALL = 1e-3


@dataclass(frozen=True)
class Parameter:
    """A parameter of a fit model.

    Args:
        name: as in the formula's signature.
        unit: for tables, "" for a pure number.
        low: lower bound.
        high: upper bound.
        starts: values to start from, given x and B of the data.
        log: whether it is positive and varies over decades: the fit then moves its logarithm.
    """

    name: str
    unit: str
    low: float
    high: float
    starts: Starts
    log: bool = True


@dataclass(frozen=True)
class Formula:
    """A fit model B = field(x, *parameters), arrays that broadcast, trusted input.

    Args:
        name: name in tables.
        field: B in T.
        parameters: in the order of the arguments of `field`.
        variable: "T" (K) or "theta" (degrees).
        law: the implicit equation behind `field`, if any: gradients by implicit differentiation.
        slopes: dB/dparameter for each parameter, shape (len(parameters), ...); None: from the law or by differences.
        judge: verdicts on best parameters, given them by name, x, B and what is known of the sample; None: those of
            `admissibility.judge`.
    """

    name: str
    field: Field
    parameters: tuple[Parameter, ...]
    variable: str = "T"
    law: Law | None = None
    slopes: Callable[..., Floats] | None = None
    judge: Callable[[dict[str, float], Floats, Floats, Sample], tuple[Verdict, ...]] | None = None

    def value(self, x: Floats, values: list[Floats], near: Floats | None = None) -> Floats:
        """B in T; `near` is a guess for an implicit equation."""
        if self.law is None or near is None:
            return np.asarray(self.field(x, *values))
        return self.law.field(x, *values, near=near)

    def gradient(self, x: Floats, values: list[Floats], B: Floats, wanted: list[int]) -> Floats:
        """dB/dparameter of the parameters number `wanted`, on a new first axis; B is the field there."""
        if self.slopes is not None:
            return np.asarray(self.slopes(x, *values))[wanted]
        if self.law is not None:
            return self._implicit(self.law, x, values, B, wanted)
        out = []
        for index in wanted:
            step = _step(values[index])
            up, down = ([*values[:index], values[index] + s * step, *values[index + 1 :]] for s in (1, -1))
            out.append((self.field(x, *up) - self.field(x, *down)) / (2 * step))
        return np.array(np.broadcast_arrays(*out))

    def _implicit(self, law: Law, x: Floats, values: list[Floats], B: Floats, wanted: list[int]) -> Floats:
        """dB/dp = -(dF/dp)/(dF/dB) of F(B, T, p) = 0, both by central differences of the explicit F."""
        alive = np.isfinite(B) & (B > 0)
        arrays = np.broadcast_arrays(B, x, *values)
        field, at, *rest = (np.asarray(a)[alive] for a in arrays)
        out = np.zeros((len(wanted), *arrays[0].shape))
        if not field.size:
            return out
        wide = _FIELD_STEP * field
        across = (law.excess(field + wide, at, *rest) - law.excess(field - wide, at, *rest)) / (2 * wide)
        for row, index in enumerate(wanted):
            step = _step(rest[index])
            up, down = ([*rest[:index], rest[index] + s * step, *rest[index + 1 :]] for s in (1, -1))
            out[row][alive] = -(law.excess(field, at, *up) - law.excess(field, at, *down)) / (2 * step * across)
        return out


def pair(name: str, value: Any, of: str = "") -> tuple[float, float]:
    """Two numbers (low, high) with low < high; an infinite one is open."""
    array = np.asarray(floats(name, value) if value is not None else np.nan)
    if array.shape != (2,) or not array[0] < array[1]:
        raise InvalidInput(f"`{name}`{f' of {of}' if of else ''} must be (low, high), but is {value!r}")
    return float(array[0]), float(array[1])


def _step(value: Floats) -> Floats:
    return np.asarray(_STEP * np.maximum(np.abs(value), _SMALL))


def _largest(B: Floats) -> float:
    return max(float(np.max(B)), 1e-6)


def _constant(*values: float) -> Starts:
    return lambda *_: values


TC = Parameter("tc", "K", 1e-3, 1e4, lambda T, B: (1.03 * float(np.max(T[B > 0], initial=float(np.min(T)))),))
XI = Parameter("xi", "nm", 1e-2, 1e5, lambda _, B: (float(np.sqrt(FLUX_QUANTUM / (2 * np.pi * _largest(B)))),))
THICKNESS = Parameter("d", "nm", 1e-3, 1e5, _constant(3.0))
XI_C = Parameter("xi_c", "nm", 1e-3, 1e5, _constant(3.0))
B_PERP = Parameter("b_perp", "T", 1e-5, 1e5, lambda _, B: (max(float(np.min(B)), 1e-3),))
B_PAR = Parameter("b_par", "T", 1e-5, 1e5, lambda _, B: (_largest(B),))
OFFSET = Parameter("offset", "deg", -15.0, 15.0, lambda x, B: (_peak(x, B), 0.0), log=False)
SLOPE = Parameter("slope", "T/K", 1e-4, 1e4, lambda T, B: (1.4 * _largest(B) / float(np.max(T)),))
ALPHA = Parameter("alpha", "", 0.0, 1e3, _constant(0.3, 2.0), log=False)
LAMBDA_SO = Parameter("lambda_so", "", 0.0, 1e4, _constant(0.3, 5.0), log=False)
TAU_SO = Parameter("tau_so", "fs", 1e-3, 1e6, _constant(2.0, 20.0, 300.0))
B0 = Parameter("b0", "T", 1e-5, 1e5, lambda _, B: (1.1 * _largest(B),))
SPLITTING = Parameter("splitting", "meV", 1e-3, 1e4, _constant(1.0, 6.0, 25.0, 120.0))
RASHBA = Parameter("rashba_ratio", "", 0.0, 100.0, _constant(0.03, 0.3, 1.5), log=False)
TAU_IV = Parameter("tau_iv", "fs", 1e-1, 1e6, _constant(3.0, 60.0, 2000.0))


def _peak(theta: Floats, B: Floats) -> float:
    peak = float(theta[np.argmax(B)]) - 90.0
    return peak if abs(peak) < OFFSET.high else 0.0


_AG = Law(abrikosov_gorkov, 1.0)

FORMULAS: dict[str, Formula] = {
    formula.name: formula
    for formula in (
        Formula("gl_perpendicular", formulas.gl_perpendicular, (TC, XI)),
        Formula("gl_parallel", formulas.gl_parallel, (TC, XI, THICKNESS)),
        Formula("gl_3d_parallel", formulas.gl_3d_parallel, (TC, XI, XI_C)),
        Formula("tinkham_2d", formulas.tinkham_2d, (B_PERP, B_PAR, OFFSET), "theta"),
        Formula("anisotropic_3d", formulas.anisotropic_3d, (B_PERP, B_PAR, OFFSET), "theta"),
        Formula("abrikosov_gorkov", _AG.field, (TC, B0), law=_AG),
        Formula("whh", formulas.WHH.field, (TC, SLOPE, ALPHA, LAMBDA_SO), law=formulas.WHH),
        Formula("klb", formulas.KLB.field, (TC, TAU_SO), law=formulas.KLB),
        Formula("ising", formulas.ISING.field, (TC, SPLITTING), law=formulas.ISING),
        Formula("ising_rashba", formulas.ISING_RASHBA.field, (TC, SPLITTING, RASHBA), law=formulas.ISING_RASHBA),
        Formula(
            "ising_intervalley",
            formulas.ISING_INTERVALLEY.field,
            (TC, SPLITTING, TAU_IV),
            law=formulas.ISING_INTERVALLEY,
        ),
        Formula("pauli", formulas.pauli_field, (TC,)),
    )
}
"""Every formula by its name; `pauli` is the equilibrium transition."""

STANDARD = {"offset": 0.0, "alpha": 0.0, "lambda_so": 0.0}
"""Parameters that have a default in their formula."""


def named(formula: str) -> Formula:
    """The fit model of a name; InvalidInput lists the names."""
    return FORMULAS[one_of("formula", formula, FORMULAS)]
