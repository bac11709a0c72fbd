"""Any function of temperature as a fit model: where microscopic theory meets data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput, one_of, whole
from spinvalley.experiment.catalogue import FORMULAS, Formula, Parameter, named

_WIDE, _STEP = 1e12, 1e-4


@dataclass(frozen=True, eq=False)
class Theory:
    """A function B(T, **parameters) as a fit model, for example a microscopic Hc2(T).

    Args:
        function: B in T for temperatures T, (n,), and parameters as keywords.
        starts: a value to start from, or several, for each parameter; a parameter without one starts from its
            default in the signature.
        bounds: (low, high) of each parameter; without: (-1e12, 1e12).
        gradient: optional, called as `function`; returns the mapping of each parameter to dB/dparameter, (n,).
        nodes: 0 calls the function whenever a fit asks. A number calls it on a Chebyshev grid of that many points per
            free parameter within `bounds`, once for the temperatures of the data, and interpolates: for slow
            functions.
        name: for tables.
        variable: "T" or "theta".

    Raises:
        InvalidInput: a parameter without start, bounds that are not low < high, interpolation without finite bounds.

    Example:
        >>> line = Theory(lambda T, tc, b0: b0 * (1 - T / tc), starts={"tc": 6.0, "b0": 1.0})
        >>> line.names
        ('tc', 'b0')
    """

    function: Callable[..., Any]
    starts: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    gradient: Callable[..., Mapping[str, Any]] | None = None
    nodes: int = 0
    name: str = "theory"
    variable: str = "T"

    def __post_init__(self) -> None:
        """Known parameters, ordered bounds."""
        one_of("variable", self.variable, ("T", "theta"))
        if whole("nodes", self.nodes, 0) == 1:
            raise InvalidInput("`nodes` must be 0 or at least 2, but is 1")
        for name in (*self.starts, *self.bounds):
            one_of("parameter", name, self.names)
        for name, (low, high) in self.bounds.items():
            if not low < high:
                raise InvalidInput(f"`bounds` of {name} must be (low, high), but are ({low}, {high})")
        lacking = [name for name in self.names if self.nodes and name not in self.bounds]
        if lacking:
            raise InvalidInput(f"`bounds` must hold every parameter to be interpolated, but lack {', '.join(lacking)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, from the signature."""
        return tuple(inspect.signature(self.function).parameters)[1:]

    def formula(self) -> Formula:
        """The fit model."""
        parameters = tuple(self._parameter(name) for name in self.names)
        sampled = _Sampled(self) if self.nodes else None
        slopes = self._slopes if self.gradient is not None and sampled is None else None
        return Formula(self.name, sampled or self._values, parameters, self.variable, slopes=slopes)

    def _parameter(self, name: str) -> Parameter:
        default = inspect.signature(self.function).parameters[name].default
        start = self.starts.get(name, default)
        low, high = self.bounds.get(name, (-_WIDE, _WIDE))
        if start is inspect.Parameter.empty:
            if name not in self.bounds:
                raise InvalidInput(f"`starts` must hold {name}, but holds {', '.join(self.starts) or 'nothing'}")
            start = 0.5 * (low + high)
        values = tuple(float(v) for v in np.atleast_1d(np.asarray(start, dtype=float)))
        return Parameter(name, "", low, high, lambda *_: values, log=low > 0)

    def call(self, x: Floats, values: tuple[float, ...]) -> Floats:
        """One call of the function, checked for its shape."""
        result = np.asarray(self.function(x, **dict(zip(self.names, values, strict=True))), dtype=float)
        if result.shape != x.shape:
            raise InvalidInput(f"`{self.name}` must return an array of shape {x.shape}, but returned {result.shape}")
        return result

    def _values(self, x: Floats, *parameters: Floats) -> Floats:
        rows = _rows(parameters)
        return np.asarray([self.call(x, row) for row in rows]).reshape(_shape(x, parameters))

    def _slopes(self, x: Floats, *parameters: Floats) -> Floats:
        given = self.gradient
        assert given is not None
        found = [given(x, **dict(zip(self.names, row, strict=True))) for row in _rows(parameters)]
        stacked = [[np.broadcast_to(one[name], x.shape) for one in found] for name in self.names]
        return np.asarray(stacked).reshape(len(self.names), *_shape(x, parameters))


class _Sampled:
    """A theory on a Chebyshev grid of its parameters at fixed temperatures, interpolated by its polynomial."""

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        self.tables: list[tuple[Floats, Floats]] = []
        angles = np.pi * (np.arange(theory.nodes) + 0.5) / theory.nodes
        self.unit = np.cos(angles)
        self.weights = np.sin(angles) * (-1.0) ** np.arange(theory.nodes)

    def __call__(self, x: Floats, *parameters: Floats) -> Floats:
        table = self._table(x)
        rows = np.array(_rows(parameters))
        out = np.broadcast_to(table, (len(rows), *table.shape))
        for index, name in enumerate(self.theory.names):
            low, high = self.theory.bounds[name]
            at = (2 * rows[:, index] - low - high) / (high - low)
            out = np.einsum("mi,mi...->m...", self._barycentric(at), out)
        return out.reshape(_shape(x, parameters))

    def _table(self, x: Floats) -> Floats:
        """Values on the grid of parameters, (nodes, ..., x.size); temperatures seen before are not computed again."""
        for known, table in self.tables:
            where = np.searchsorted(known, x)
            if np.array_equal(known[np.minimum(where, known.size - 1)], x):
                return table[..., where]
        bounds = (self.theory.bounds[name] for name in self.theory.names)
        axes = [low + 0.5 * (self.unit + 1) * (high - low) for low, high in bounds]
        values = [self.theory.call(x, tuple(float(v) for v in point)) for point in product(*axes)]
        table = np.asarray(values).reshape(*[self.theory.nodes] * len(axes), x.size)
        order = np.argsort(x, kind="stable")
        self.tables.append((x[order], table[..., order]))
        return table

    def _barycentric(self, at: Floats) -> Floats:
        distance = at[:, None] - self.unit
        distance = np.where(np.abs(distance) < 1e-14, 1e-14, distance)
        share = self.weights / distance
        return np.asarray(share / share.sum(1, keepdims=True))


def _rows(parameters: tuple[Floats, ...]) -> list[tuple[float, ...]]:
    """Parameter sets of arrays of shape (m, 1), or () for one."""
    columns = [np.ravel(p) for p in np.broadcast_arrays(*parameters)]
    return [tuple(float(v) for v in row) for row in zip(*columns, strict=True)]


def _shape(x: Floats, parameters: tuple[Floats, ...]) -> tuple[int, ...]:
    return np.broadcast_shapes(x.shape, *(np.shape(p) for p in parameters))


def as_formula(formula: Any) -> Formula:
    """The fit model of a name, a function of `formulas`, a Theory, or any function f(T, **parameters)."""
    if isinstance(formula, Formula):
        return formula
    if isinstance(formula, str):
        return named(formula)
    if isinstance(formula, Theory):
        return formula.formula()
    if not callable(formula):
        raise InvalidInput(f"`formula` must be a name, a function or a Theory, but is {formula!r}")
    name = getattr(formula, "__name__", "theory")
    if getattr(formula, "__module__", "").startswith(__package__) and name in FORMULAS:
        return FORMULAS[name]
    return Theory(formula, name="theory" if name == "<lambda>" else name).formula()
