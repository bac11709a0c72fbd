"""Points and fit models as one least-squares problem, evaluated for many parameter sets at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, non_negative, positive, real
from spinvalley.experiment.catalogue import FORMULAS, STANDARD, Formula, Parameter, pair
from spinvalley.experiment.known import Known, center, value_and_error
from spinvalley.experiment.tables import columns, measured
from spinvalley.experiment.theory import Sampled, as_formula

_LEAST_SLOPE = 0.1
_MAY_VANISH = ("splitting",)

Row = tuple[str, Any, Any, Mapping[str, Any]]
"""Label, table, formula and fixed parameters of a part."""


@dataclass(frozen=True, eq=False)
class Block:
    """The points of one table and their formula.

    Args:
        label: for reports.
        formula: the fit model.
        x: temperatures in K or angles in degrees, (n,), rising.
        B: fields in T, (n,).
        sigma_B: their standard deviations, (n,).
        sigma_x: standard deviations of x, (n,).
        source: for each parameter of the formula the column of the free parameter set, or its fixed value.
        left_out: rows of the table without a point.
    """

    label: str
    formula: Formula
    x: Floats
    B: Floats
    sigma_B: Floats
    sigma_x: Floats
    source: tuple[int | float, ...] = ()
    left_out: int = 0

    def values(self, sets: Floats) -> list[Floats]:
        """Arguments of the formula for parameter sets (m, k): arrays (m, 1)."""
        rows = len(sets)
        return [sets[:, [s]] if isinstance(s, int) else np.full((rows, 1), s) for s in self.source]

    def field(self, sets: Floats, x: Floats | None = None, near: Floats | None = None) -> Floats:
        """B of the formula for parameter sets (m, k), (m, n); `near`: a guess of it, for implicit equations."""
        at = self.x if x is None else x
        value = np.asarray(self.formula.value(at, self.values(sets), near))
        return np.broadcast_to(value, (len(sets), at.size))

    def gradient(self, sets: Floats, B: Floats) -> Floats:
        """dB/d(free parameter), (m, n, k)."""
        out = np.zeros((*B.shape, sets.shape[1]))
        wanted = [i for i, s in enumerate(self.source) if isinstance(s, int)]
        if wanted:
            slopes = self.formula.gradient(self.x, self.values(sets), B, wanted)
            for row, index in enumerate(wanted):
                out[..., int(self.source[index])] += slopes[row]
        return out

    def thinned(self, most: int) -> Block:
        """The same with at most `most` points, evenly chosen."""
        keep = np.unique(np.round(np.linspace(0, self.x.size - 1, most)).astype(int))
        names = ("x", "B", "sigma_B", "sigma_x")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def sigma(self, best: Floats) -> Floats:
        """Effective standard deviation of B: sigma_B and the change of the formula across +-sigma_x, (n,)."""
        if not np.any(self.sigma_x > 0):
            return self.sigma_B
        least = 1e-9 * self.x if self.formula.variable == "T" else np.full(self.x.shape, -np.inf)
        up, down = (self.field(best[None], np.maximum(self.x + s * self.sigma_x, least))[0] for s in (1, -1))
        spread = np.hypot(self.sigma_B, 0.5 * np.nan_to_num(up - down))
        return np.asarray(np.where(self.sigma_B > 0, spread, np.maximum(spread, _LEAST_SLOPE * self.rough_sigma)))

    @property
    def rough_sigma(self) -> Floats:
        """Sigma_B; where that is 0, sigma_x times a typical slope."""
        slope = float(np.max(self.B)) / max(float(np.max(np.abs(self.x))), 1e-300)
        return np.asarray(np.where(self.sigma_B > 0, self.sigma_B, self.sigma_x * slope))

    def prepare(self) -> None:
        """Let a sampled theory compute its tables for these points."""
        if isinstance(self.formula.field, Sampled):
            self.formula.field.prepare(self.x)

    def deviation(self, sets: Floats, sigma: Floats) -> float:
        """Largest difference of a sampled theory from the theory itself in units of sigma; 0 for other formulas."""
        sampled = self.formula.field
        if not isinstance(sampled, Sampled) or not len(sets):
            return 0.0
        difference = self.field(sets) - sampled.direct(self.x, *self.values(sets))
        return float(np.max(np.abs(np.nan_to_num(difference, nan=np.inf)) / sigma))


@dataclass(frozen=True, eq=False)
class Problem:
    """Blocks that share free parameters.

    Args:
        blocks: the tables.
        free: the free parameters.
        fixed: values of the others by name.
        measured: whether every table has its own sigma_B.
        known: free parameters that are known with a standard error.
    """

    blocks: tuple[Block, ...]
    free: tuple[Parameter, ...]
    fixed: dict[str, float]
    measured: bool
    known: Known = field(default_factory=Known)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(parameter.name for parameter in self.free)

    @property
    def x(self) -> Floats:
        """Temperatures or angles of all blocks, (N,)."""
        return np.concatenate([block.x for block in self.blocks])

    @property
    def B(self) -> Floats:
        """Measured fields of all blocks, (N,)."""
        return np.concatenate([block.B for block in self.blocks])

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper bounds, each (k,)."""
        return np.array([p.low for p in self.free]), np.array([p.high for p in self.free])

    def field(self, sets: Floats, near: Floats | None = None) -> Floats:
        """Fields for parameter sets (m, k), (m, N); `near`: a guess of them."""
        guesses = [None] * len(self.blocks) if near is None else np.split(near, self._edges[1:-1], axis=1)
        parts = [block.field(sets, near=guess) for block, guess in zip(self.blocks, guesses, strict=True)]
        return np.concatenate(parts, axis=1)

    def gradient(self, sets: Floats, B: Floats) -> Floats:
        """dB/dparameter, (m, N, k)."""
        edges = self._edges
        parts = [block.gradient(sets, B[:, a:b]) for block, a, b in zip(self.blocks, edges, edges[1:], strict=False)]
        return np.concatenate(parts, axis=1)

    @property
    def rough_sigma(self) -> Floats:
        """Standard deviations of all points before any fit, (N,)."""
        return np.concatenate([block.rough_sigma for block in self.blocks])

    def deviation(self, sets: Floats, sigma: Floats) -> float:
        """Largest error of the interpolation of sampled theories at parameter sets (m, k), in units of sigma (N,)."""
        parts = np.split(sigma, self._edges[1:-1])
        return max(block.deviation(sets, own) for block, own in zip(self.blocks, parts, strict=True))

    def thinned(self, most: int) -> Problem:
        """The same with at most `most` points of each block, evenly chosen."""
        return replace(self, blocks=tuple(block.thinned(most) for block in self.blocks))

    @property
    def _edges(self) -> list[int]:
        """Where the points of each block begin, and the end."""
        return [0, *(int(n) for n in np.cumsum([block.x.size for block in self.blocks]))]

    def sigma(self, best: Floats) -> Floats:
        """Effective standard deviations at the parameters `best` (k,), (N,)."""
        return np.concatenate([block.sigma(best) for block in self.blocks])


@dataclass(frozen=True)
class Wishes:
    """What a user asks of the parameters, by name.

    Args:
        start: a number or several.
        bounds: (low, high).
        free: parameters that are fitted although they have a default.
    """

    start: Mapping[str, Any] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    free: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Names, not one name: a text would be taken letter by letter."""
        if isinstance(self.free, str):
            raise InvalidInput(f"`free` must be a sequence of names, but is {self.free!r}")

    @property
    def names(self) -> dict[str, None]:
        """Every parameter that is spoken of."""
        return dict.fromkeys((*self.start, *self.bounds, *self.free))


def build(
    parts: list[Row], shared: tuple[str, ...], wishes: Wishes, window: tuple[float, float] | None = None
) -> Problem:
    """The problem of parts (label, table, formula, fixed), one sentence for whatever cannot be fitted."""
    free: dict[str, Parameter] = {}
    held: dict[str, float] = {}
    known: dict[str, tuple[float, float]] = {}
    blocks, measured = [], True
    for label, table, formula, fixed in parts:
        model = as_formula(formula, {**{n: center(n, v) for n, v in fixed.items()}, **wishes.start}, wishes.bounds)
        _named(fixed, model, "fixed")
        block, own = _points(label, table, model, window)
        measured = measured and own
        source: list[int | float] = []
        for parameter in model.parameters:
            name = _unique(parameter.name, label, shared, len(parts))
            given, sigma = value_and_error(f"fixed[{parameter.name!r}]", fixed.get(parameter.name))
            asked = parameter.name in wishes.names or name in wishes.names
            if not sigma and (parameter.name in fixed or (parameter.name in STANDARD and not asked)):
                held[name] = _held(parameter, model, given if parameter.name in fixed else STANDARD[parameter.name])
                source.append(held[name])
                continue
            if sigma:
                _agree(known, name, (_held(parameter, model, given), sigma))
            free.setdefault(name, _prepared(parameter, name, wishes, block, known.get(name)))
            source.append(list(free).index(name))
        _warm(block, model, fixed)
        blocks.append(replace(block, source=tuple(source)))
    _spoken(wishes, tuple(free))
    return _enough(Problem(tuple(blocks), tuple(free.values()), held, measured, _prior(known, list(free))))


def _agree(known: dict[str, tuple[float, float]], name: str, pair: tuple[float, float]) -> None:
    """Remember a known parameter once, however many parts share it."""
    if known.setdefault(name, pair) != pair:
        raise InvalidInput(f"`fixed[{name!r}]` must be the same in every part that shares it, but differs")


def _prior(known: Mapping[str, tuple[float, float]], free: list[str]) -> Known:
    values, sigmas = np.reshape(list(known.values()), (-1, 2)).T
    return Known(tuple(free.index(name) for name in known), values, sigmas)


def _enough(problem: Problem) -> Problem:
    """The problem, if it has as many points and known parameters as free ones."""
    count = problem.x.size
    if count + len(problem.known) < len(problem.free):
        names = ", ".join(problem.names)
        raise InvalidInput(f"`table` must hold at least as many points as free parameters ({names}), but has {count}")
    return problem


def _held(parameter: Parameter, model: Formula, given: Any) -> float:
    """A fixed value inside the domain of its parameter: its bounds in a theory, its sign in a formula."""
    name = f"fixed[{parameter.name!r}]"
    value = real(name, given)
    if FORMULAS.get(model.name) is not model and not parameter.low <= value <= parameter.high:
        raise InvalidInput(f"`{name}` must be between {parameter.low:g} and {parameter.high:g}, but is {value:g}")
    if parameter.low > 0 and parameter.name not in _MAY_VANISH:
        return positive(name, value)
    return non_negative(name, value) if parameter.low >= 0 else value


def _unique(name: str, label: str, shared: tuple[str, ...], parts: int) -> str:
    return name if parts == 1 or name in shared else f"{name}_{label}"


def _named(given: Mapping[str, Any], model: Formula, what: str) -> None:
    known = tuple(p.name for p in model.parameters)
    for name in given:
        if name not in known:
            raise InvalidInput(f"`{what}` must be among {', '.join(known)}, but holds {name!r}")


def _spoken(wishes: Wishes, names: tuple[str, ...]) -> None:
    """A sentence where a wish is about no free parameter."""
    for name in wishes.names:
        if name not in names:
            raise InvalidInput(f"`start`, `bounds` and `free` must be among {', '.join(names)}, but hold {name!r}")


def _prepared(
    parameter: Parameter, name: str, wishes: Wishes, block: Block, known: tuple[float, float] | None
) -> Parameter:
    """The parameter with the user's bounds and starts, or what is known of it."""
    limits = pair("bounds", wishes.bounds.get(name, (parameter.low, parameter.high)), name)
    low, high = (real(f"bounds[{name!r}]", v) for v in limits)
    if low < 0 <= parameter.low:
        raise InvalidInput(f"`bounds[{name!r}]` must be non-negative, but begin at {low:g}")
    usual = parameter.starts(block.x, block.B) if known is None else (known[0],)
    given = floats(f"start[{name!r}]", wishes.start.get(name, usual))
    values = tuple(real(f"start[{name!r}]", v) for v in np.atleast_1d(given).ravel())
    inside = tuple(dict.fromkeys(min(max(v, low), high) for v in values))
    return replace(parameter, name=name, low=low, high=high, starts=lambda *_: inside, log=parameter.log and low > 0)


def _points(label: str, table: Any, model: Formula, window: tuple[float, float] | None) -> tuple[Block, bool]:
    found = columns(table, model.variable)
    limits = None if window is None else pair("window", window)
    keep = np.ones(found["x"].size, dtype=bool)
    if limits is not None:
        keep = (found["x"] >= limits[0]) & (found["x"] <= limits[1])
    if not np.any(keep):
        where = "" if limits is None else f" in the window {limits[0]:g} to {limits[1]:g}"
        raise InvalidInput(f"`table` must hold points, but has none{where}")
    order = np.argsort(found["x"][keep], kind="stable")
    get = {name: values[keep][order] for name, values in found.items()}
    size = get["x"].size
    sigma, sigma_x = get.get("sigma_B", np.ones(size)), get.get("sigma_x", np.zeros(size))
    lost = measured(table, model.variable)[1]
    return Block(label, model, get["x"], get["B"], sigma, sigma_x, left_out=lost), "sigma_B" in get


def _warm(block: Block, model: Formula, fixed: Mapping[str, float]) -> None:
    """A sentence where no point lies below Tc."""
    tc = center("tc", fixed.get("tc", np.inf))
    if model.variable == "T" and np.all(block.x >= tc):
        raise InvalidInput(f"`T` must be below tc = {tc:g} K somewhere, but is {block.x.min():g} K or more")
    if not np.any(block.B > 0):
        raise InvalidInput("`B` must be positive somewhere, but is 0 at every point")
