"""Which R_N each sweep of a run gets: by a rule's name, a number, a result, or a function; channels may have none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np

from spinvalley.checks import Floats, InvalidInput, positive
from spinvalley.experiment.dips import distance_from_dip
from spinvalley.experiment.normal_resistance import (
    Normal,
    NormalResistance,
    at_temperature,
    given,
    linear_background,
    plateau,
)
from spinvalley.experiment.sweeps import Kind, Sweep

__all__ = ["normal_states", "odd_channels"]

_SEEN: Final = 10.0  # standard errors that R_N must exceed
_ABOVE: Final = 2.0  # noises that R_N must exceed
_TOP: Final = 0.3  # share of the range that "linear" takes
_QUANTITIES: Final[dict[Kind, str]] = {"field": "|B|", "temperature": "T", "angle": "the angle from the dip"}


def normal_states(sweeps: Sequence[Sweep], normal: Normal, kind: Kind) -> list[NormalResistance]:
    """R_N of each sweep of one kind.

    "plateau" takes each sweep's own plateau if that is flat and at least half of the largest one of the channel; a
    sweep that does not reach the normal state gets the largest one. "linear" does the same with a line through the top
    30 % of the range. A channel without either has NaN.

    Args:
        sweeps: all sweeps of a run.
        normal: the rule.
        kind: the sweeps that want an R_N.

    Returns:
        One result per sweep of that kind, in their order.

    Raises:
        InvalidInput: no channel has an R_N by that rule, or the rule is unknown.
    """
    wanted = [s for s in sweeps if s.kind == kind]
    if isinstance(normal, NormalResistance):
        return [normal] * len(wanted)
    if callable(normal):
        return [_answer(normal(s)) for s in wanted]
    if not isinstance(normal, str):
        return [given(normal)] * len(wanted)
    name = normal.strip().lower()
    if name == "plateau":
        return _of_channels(wanted, name, _plateau)
    if name == "linear":
        if kind == "angle":
            raise InvalidInput('`normal` must be "plateau", a temperature or Ohm for angle sweeps, but is "linear"')
        return _of_channels(wanted, name, _linear)
    return _at_temperature(sweeps, wanted, _kelvin(normal))


def odd_channels(sweeps: Sequence[Sweep]) -> list[str]:
    """Names of the channels whose resistance is odd in the field rather than even: Hall voltages.

    Args:
        sweeps: all sweeps of a run; field sweeps that pass zero tell.
    """
    odd: dict[str, float] = {}
    for sweep in sweeps:
        if sweep.kind == "field":
            odd[sweep.channel] = odd.get(sweep.channel, 0.0) + _oddness(sweep)
    return sorted(name for name, more in odd.items() if more > 0)


def _oddness(sweep: Sweep) -> float:
    """Share of the odd part in the sum of squares minus that of the even part; 0 if only one sign was measured."""
    good = np.isfinite(sweep.x) & np.isfinite(sweep.R)
    x, R = sweep.x[good], sweep.R[good]
    order = np.argsort(x, kind="stable")
    x, R = x[order], R[order]
    reach = min(-x[0], x[-1]) if x.size else 0.0
    if reach < 0.5 * np.max(np.abs(x), initial=0.0) or reach <= 0:
        return 0.0
    size = np.linspace(0, reach, x.size)
    plus, minus = np.interp(size, x, R), np.interp(-size, x, R)
    odd, even = float(np.sum((plus - minus) ** 2)), float(np.sum((plus + minus) ** 2))
    return (odd - even) / (odd + even) if odd + even > 0 else 0.0


def _answer(result: Any) -> NormalResistance:
    """What a function of a sweep gave, or one sentence."""
    if isinstance(result, NormalResistance):
        return result
    try:
        return given(result)
    except InvalidInput:
        raise InvalidInput(
            f"`normal` must be a function that gives Ohm or a NormalResistance, but it gives {result!r}"
        ) from None


def _plateau(sweep: Sweep) -> NormalResistance:
    x = distance_from_dip(sweep) if sweep.kind == "angle" else sweep.x
    return plateau(x, sweep.R, quantity=_QUANTITIES[sweep.kind])


def _linear(sweep: Sweep) -> NormalResistance:
    """The line through the top of the range; "flat" if it keeps half of its value down to 0 or rises downwards."""
    axis: Literal["T", "B"] = "T" if sweep.kind == "temperature" else "B"
    size: Floats = np.abs(sweep.x[np.isfinite(sweep.x) & np.isfinite(sweep.R)])
    line = linear_background(sweep.x, sweep.R, float(size.max() - _TOP * np.ptp(size)), axis)
    end = float(line(size.min(), size.min()))
    rule = f"line through the top {100 * _TOP:g} % of {_QUANTITIES[sweep.kind]}"
    return replace(line, rule=rule, flat=end >= 0.5 * line.value)


def _of_channels(sweeps: list[Sweep], name: str, rule: Callable[[Sweep], NormalResistance]) -> list[NormalResistance]:
    """Each sweep's own R_N, or the largest one of its channel; NaN where a channel has none."""
    missing = NormalResistance(np.nan, np.nan, f'no "{name}" in this channel', flat=False)
    ways = [_or_missing(rule, sweep, missing) for sweep in sweeps]
    best: dict[str, NormalResistance] = {}
    for sweep, way in zip(sweeps, ways, strict=True):
        seen = way.flat and way.value > max(_SEEN * way.sigma, _ABOVE * way.noise)
        if seen and (sweep.channel not in best or way.value > best[sweep.channel].value):
            best[sweep.channel] = way
    if sweeps and not best:
        raise InvalidInput(
            f'`normal` must be a number of Ohm or a temperature here, but is "{name}", and no sweep of channel '
            f'"{sweeps[0].channel}" ends on one'
        )
    return [_own_or(way, best.get(s.channel, missing)) for s, way in zip(sweeps, ways, strict=True)]


def _or_missing(rule: Callable[[Sweep], NormalResistance], sweep: Sweep, missing: NormalResistance) -> NormalResistance:
    try:
        return rule(sweep)
    except InvalidInput:
        return missing


def _own_or(own: NormalResistance, best: NormalResistance) -> NormalResistance:
    if np.isnan(best.value) or (own.flat and own.value >= 0.5 * best.value):
        return own if np.isfinite(best.value) else best
    return replace(best, rule=f"{best.rule} of another sweep")


def _at_temperature(sweeps: Sequence[Sweep], wanted: Sequence[Sweep], T: float) -> list[NormalResistance]:
    """R_N of each sweep's channel at one temperature; NaN where a channel has none, and one sentence if none has."""
    found: dict[str, NormalResistance] = {}
    wrong: list[InvalidInput] = []
    for channel in dict.fromkeys(s.channel for s in wanted):
        try:
            found[channel] = at_temperature(sweeps, T, channel=channel)
        except InvalidInput as problem:
            found[channel] = NormalResistance(np.nan, np.nan, f"no value at {T:g} K in this channel", flat=False)
            wrong.append(problem)
    if wrong and len(wrong) == len(found):
        raise wrong[0]
    return [found[s.channel] for s in wanted]


def _kelvin(text: str) -> float:
    number = text.strip().lower().removesuffix("k").strip()
    try:
        return positive("normal", float(number))
    except ValueError:
        raise InvalidInput(
            f'`normal` must be "plateau", "linear", a temperature like "15 K", or Ohm, but is {text!r}'
        ) from None
