"""Any function of temperature as a fit model: where microscopic theory meets data."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, one_of, real, whole
from spinvalley.experiment.catalogue import FORMULAS, Formula, Parameter, named, pair

_WIDE = 1e12


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
            parameter within `bounds` (of the logarithm where they are positive), once for the temperatures of the
            data, and interpolates: for slow functions. A fit compares the interpolant with the function itself at the
            best parameters and at the ends of their intervals; where they differ by more than 0.1 sigma, it lays finer
            grids around the best parameters, and does not call itself converged if that does not help.
        name: for tables.
        variable: "T" or "theta".

    Raises:
        InvalidInput: no parameter, one without start, bounds that are not low < high, interpolation without bounds.

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
        kinds = {p.kind for p in self._signature}
        if len(self._signature) < 2 or kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            raise InvalidInput(f"`{self.name}` must be a function of {self.variable} and of named parameters")
        for name in (*self.starts, *self.bounds):
            one_of("parameter", name, self.names)
        for name, limits in self.bounds.items():
            pair("bounds", limits, name)
        lacking = [name for name in self.names if self.nodes and name not in self.bounds]
        if lacking:
            raise InvalidInput(f"`bounds` must hold every parameter to be interpolated, but lack {', '.join(lacking)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, from the signature."""
        return tuple(p.name for p in self._signature[1:])

    @property
    def _signature(self) -> list[inspect.Parameter]:
        try:
            return list(inspect.signature(self.function).parameters.values())
        except (TypeError, ValueError):
            raise InvalidInput(f"`{self.name}` must be a function with a signature, but has none") from None

    def formula(self) -> Formula:
        """The fit model."""
        parameters = tuple(self._parameter(name) for name in self.names)
        sampled = Sampled(self) if self.nodes else None
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
        values = tuple(real(f"starts[{name!r}]", v) for v in np.atleast_1d(floats(f"starts[{name!r}]", start)))
        return Parameter(name, "", low, high, lambda *_: values, log=low > 0)

    def call(self, x: Floats, values: tuple[float, ...]) -> Floats:
        """One call of the function, checked for its shape."""
        named_values = dict(zip(self.names, values, strict=True))
        try:
            given = self.function(x, **named_values)
        except Exception as error:  # whatever a user's function may raise
            at = ", ".join(f"{name} = {value:.6g}" for name, value in named_values.items())
            raise InvalidInput(f"`{self.name}` must return fields, but raised {_first(error)} at {at}") from error
        result = floats(self.name, given)
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


class Sampled:
    """A theory on Chebyshev grids of its parameters at fixed temperatures, interpolated by its polynomial.

    The first box of parameters is that of the bounds; `refine` adds smaller ones, of which the last that holds a
    parameter set serves it.
    """

    def __init__(self, theory: Theory) -> None:
        self.theory = theory
        bounds = np.array([theory.bounds[name] for name in theory.names], dtype=float)
        self.log = bounds[:, 0] > 0
        self.boxes = [self.inner(bounds.T)]
        self.tables: dict[int, list[tuple[Floats, Floats]]] = {}
        self.known: dict[tuple[bytes, tuple[float, ...]], Floats] = {}
        angles = np.pi * (np.arange(theory.nodes) + 0.5) / theory.nodes
        self.unit = np.cos(angles)
        self.weights = np.sin(angles) * (-1.0) ** np.arange(theory.nodes)

    def inner(self, rows: Floats) -> Floats:
        """Parameter sets (m, k) with the logarithm of those that have positive bounds."""
        return np.where(self.log, np.log(np.where(self.log, np.maximum(rows, 1e-300), 1.0)), rows)

    def __call__(self, x: Floats, *parameters: Floats) -> Floats:
        """Fields for parameter arrays that broadcast against the temperatures."""
        rows = _rows(parameters)
        return self._interpolated(x, rows).reshape(_shape(x, parameters))

    def direct(self, x: Floats, *parameters: Floats) -> Floats:
        """The theory itself, remembered."""
        out = []
        for row in _rows(parameters):
            key = x.tobytes(), row
            if key not in self.known:
                self.known[key] = self.theory.call(x, row)
            out.append(self.known[key])
        return np.asarray(out).reshape(_shape(x, parameters))

    def refine(self, best: tuple[float, ...], reach: Floats, shrink: float) -> None:
        """Another box around parameters, of half widths `reach` (inner scale), at least `shrink` times those before."""
        low, high = self.boxes[-1]
        half = np.maximum(reach, shrink * 0.5 * (high - low))
        middle = self.inner(np.array([best]))[0]
        middle = np.clip(middle, self.boxes[0][0] + half, np.maximum(self.boxes[0][1] - half, self.boxes[0][0] + half))
        self.boxes.append(np.clip(np.stack([middle - half, middle + half]), *self.boxes[0]))

    def prepare(self, x: Floats) -> None:
        """Call the theory on every grid for these temperatures."""
        for box in range(len(self.boxes)):
            self._table(x, box)

    def _interpolated(self, x: Floats, rows: list[tuple[float, ...]]) -> Floats:
        if len(rows) < self.theory.nodes ** len(self.theory.names) and self._found(x, 0) is None:
            return np.asarray([self.direct(x, *(np.asarray(v) for v in row)) for row in rows])
        inner = self.inner(np.array(rows))
        which = np.zeros(len(rows), dtype=int)
        for box, (low, high) in enumerate(self.boxes[1:], 1):
            slack = 1e-9 * (high - low)
            which[np.all((inner >= low - slack) & (inner <= high + slack), axis=1)] = box
        out = np.empty((len(rows), x.size))
        for box in np.unique(which):
            part = which == box
            out[part] = self._polynomial(self._table(x, int(box)), inner[part], self.boxes[box])
        return out

    def _polynomial(self, table: Floats, inner: Floats, box: Floats) -> Floats:
        out = np.broadcast_to(table, (len(inner), *table.shape))
        for index, (low, high) in enumerate(box.T):
            at = (2 * inner[:, index] - low - high) / (high - low)
            out = np.einsum("mi,mi...->m...", self._barycentric(at), out)
        return out

    def _found(self, x: Floats, box: int) -> Floats | None:
        """Values on a grid, (nodes, ..., x.size), if its temperatures were all seen before."""
        for known, table in self.tables.get(box, []):
            where = np.searchsorted(known, x)
            if np.array_equal(known[np.minimum(where, known.size - 1)], x):
                return table[..., where]
        return None

    def _table(self, x: Floats, box: int) -> Floats:
        found = self._found(x, box)
        if found is not None:
            return found
        low, high = self.boxes[box]
        grid = low[:, None] + 0.5 * (self.unit + 1) * (high - low)[:, None]
        axes = [np.exp(row) if log else row for row, log in zip(grid, self.log, strict=True)]
        values = [self.theory.call(x, tuple(float(v) for v in point)) for point in product(*axes)]
        table = np.asarray(values).reshape(*[self.theory.nodes] * len(axes), x.size)
        order = np.argsort(x, kind="stable")
        self.tables.setdefault(box, []).append((x[order], table[..., order]))
        return table

    def _barycentric(self, at: Floats) -> Floats:
        distance = at[:, None] - self.unit
        distance = np.where(np.abs(distance) < 1e-14, 1e-14, distance)
        share = self.weights / distance
        return np.asarray(share / share.sum(1, keepdims=True))


def _first(error: Exception) -> str:
    """Kind and first line of an exception."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _rows(parameters: tuple[Floats, ...]) -> list[tuple[float, ...]]:
    """Parameter sets of arrays of shape (m, 1), or () for one."""
    columns = [np.ravel(p) for p in np.broadcast_arrays(*parameters)]
    return [tuple(float(v) for v in row) for row in zip(*columns, strict=True)]


def _shape(x: Floats, parameters: tuple[Floats, ...]) -> tuple[int, ...]:
    return np.broadcast_shapes(x.shape, *(np.shape(p) for p in parameters))


def as_formula(
    formula: Any,
    start: Mapping[str, Any] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Formula:
    """The fit model of a name, a function of `formulas`, a Theory, or any function f(T, **parameters).

    Parameters of such a function start and end where `start` and `bounds` say.
    """
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
    plain = Theory(formula, name="theory" if name == "<lambda>" else name)
    wishes = [{n: v for n, v in (given or {}).items() if n in plain.names} for given in (start, bounds)]
    return replace(plain, starts=wishes[0], bounds=wishes[1]).formula()
