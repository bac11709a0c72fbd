"""Critical fields, temperatures and angles of measured sweeps by a criterion on the resistance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, Status, instance, non_negative
from spinvalley.experiment.flanks import (
    Criterion,
    Flank,
    Offset,
    criterion_name,
    flanks,
    offset_of,
    valid_criterion,
)
from spinvalley.experiment.normal_resistance import Normal, NormalResistance
from spinvalley.experiment.normal_rules import normal_states, odd_channels
from spinvalley.experiment.sweeps import Kind, Sweep

__all__ = ["critical_fields", "critical_fields_of_angle", "critical_temperatures"]

_SAME_T: Final = 0.02  # K, and 0.5 %: held temperatures that count as one
_SAME_ANGLE: Final = 0.05  # degrees
_SAME_B: Final = 0.005  # T, and 0.5 %
_STEEP: Final = "R still changes along the plateau: its slope makes most of sigma"
_MOST_OF: Final = 0.8  # of sigma
_MEASURED: Final = (Status.CONVERGED, Status.NOT_CONVERGED)


@dataclass(frozen=True)
class _Point:
    """The crossing of one sweep, both signs of the field or flanks put together; units of the swept quantity."""

    sweep: Sweep
    normal: NormalResistance
    offset: Offset
    value: float
    sigma: float
    sigma_normal: float
    status: Status
    plus: float
    minus: float
    crossings: int
    spread: float
    offset_shift: float

    @property
    def place(self) -> float:
        """Mean of the crossings on the axis with sign: where the held quantities are taken. NaN without one."""
        ends = [sign * x for sign, x in ((1, self.plus), (-1, self.minus)) if np.isfinite(x)]
        return float(np.mean(ends)) if ends else np.nan


def critical_fields(
    sweeps: Iterable[Sweep],
    criterion: Criterion = 0.5,
    normal: Normal = "plateau",
    *,
    offset: str | float = "report",
    criteria: Sequence[Criterion] = (),
    resolution: float = 0.0,
    channel: str | None = None,
) -> xr.Dataset:
    """Upper critical fields from field sweeps: where R reaches a fraction of R_N.

    Both signs of the field are read and averaged, which removes a remanent field; their half difference is reported.
    "onset" is R_N minus 5 %, "zero" the offset plus 1 % of R_N, or three times the noise where that is more.

    Args:
        sweeps: a run's sweeps; those of other kinds are passed over, but may give R_N.
        criterion: fraction of R_N between 0 and 1, "onset", or "zero".
        normal: R_N: "plateau" (median over the top 10 % of |B|), "linear" (line through the top 30 % of |B|),
            "15 K" (from a temperature sweep), Ohm, a `NormalResistance`, or a function of a sweep that gives one of
            the last two.
        offset: resistance of the superconducting state (lowest 5 % of |B|): "report" it, "subtract" it, or subtract a
            number of Ohm.
        criteria: criteria whose range of fields is reported as `spread`, apart from sigma.
        resolution: standard error of the field common to all points, T.
        channel: only this resistance channel.

    Returns:
        Dataset over point, one per sweep: B, sigma_B (standard error: noise, R_N, resolution), sigma_B_normal (the part
        from R_N), spread, B_plus, B_minus (sizes of the crossings on either side), field_offset (half their
        difference), hysteresis (rising minus falling branch, on the axis with sign), all in T; T, sigma_T in K at the
        crossing, where a held temperature drifts; theta in degrees; R_N, sigma_R_N, offset in Ohm; offset_shift in T
        (by how much B would move if a significant offset were subtracted: NaN without B, 0 if it is or is not
        significant); direction, channel, crossings (in all); range_low, range_high; note (what is missing of the sweep,
        see `segments`; why sigma is large); status: "converged"; "not converged" (not clear of the noise, or several
        crossings as good); "normal" (above the criterion throughout), "beyond range" (below it throughout), "failed"
        (fewer than 5 points, or no R_N in this channel): then B is NaN. attrs hold "skipped", the channels odd
        in the field (Hall voltages), which are left out unless `channel` asks for one, "offset_note" where an offset
        matters, "slope_note" where a plateau is not level, and "cut", the notes of all sweeps.

    Raises:
        InvalidInput: no field sweep, none crosses, a criterion outside 0..1, or no R_N by that rule in any channel.

    Note:
        An R_N that several sweeps share ("15 K", a given one with its sigma) shifts all their B together. sigma_B holds
        its part, and fits treat the points as independent: with one R_N for all, take sigma_B_normal out of sigma_B in
        squares, and refit with R_N moved by its error.

    Source:
        Criteria: physics.md 3; Y. Saito et al., Nature Physics 12, 144 (2016), Fig. 2 (50 %) and Fig. 3 (75 %).
    """
    every, noted = _even(sweeps, "field", channel)
    points = _points(every, "field", criterion, normal, offset, criteria, channel)
    table = _table(points, criterion, "B", non_negative("resolution", resolution), noted)
    half = (table.B_plus - table.B_minus) / 2
    return table.assign(field_offset=half.assign_attrs(units="T", long_name="remanent field of the sweep"))


def critical_temperatures(
    sweeps: Iterable[Sweep],
    criterion: Criterion = 0.5,
    normal: Normal = "plateau",
    *,
    offset: str | float = "report",
    criteria: Sequence[Criterion] = (),
    resolution: float = 0.0,
    channel: str | None = None,
) -> xr.Dataset:
    """Critical temperatures from temperature sweeps at held field: where R reaches a fraction of R_N.

    Args:
        sweeps: a run's sweeps; those of other kinds are passed over.
        criterion: see `critical_fields`.
        normal: see `critical_fields`; "plateau" is the median over the top 10 % of the temperatures.
        offset: see `critical_fields`.
        criteria: see `critical_fields`.
        resolution: standard error of the thermometer, K.
        channel: only this resistance channel.

    Returns:
        Dataset over point, one per sweep: Tc and T (the same), sigma_Tc and sigma_T, sigma_T_normal, spread, hysteresis
        in K; B (its size), sigma_B in T; and the rest as in `critical_fields`.

    Raises:
        InvalidInput: no temperature sweep, none crosses, a criterion outside 0..1, or no R_N by that rule.
    """
    every, noted = _even(sweeps, "temperature", channel)
    points = _points(every, "temperature", criterion, normal, offset, criteria, channel)
    table = _table(points, criterion, "T", non_negative("resolution", resolution), noted).drop_vars(
        ["T_plus", "T_minus"]
    )
    return table.assign(Tc=table["T"], sigma_Tc=table.sigma_T)


def critical_fields_of_angle(
    sweeps: Iterable[Sweep],
    criterion: Criterion = 0.5,
    normal: Normal = "plateau",
    *,
    offset: str | float = "report",
    resolution: float = 0.0,
    channel: str | None = None,
) -> xr.Dataset:
    """Hc2 against angle: from field sweeps at many angles, and from angle sweeps at held field.

    An angle sweep gives a point on each flank of its dips, which come back every 180 degrees: there the held field is
    the critical one.

    Args:
        sweeps: a run's sweeps; temperature sweeps are passed over, but may give R_N.
        criterion: see `critical_fields`.
        normal: see `critical_fields`; for an angle sweep "plateau" is the median over the top 10 % of the
            distance from the dip.
        offset: see `critical_fields`.
        resolution: standard error of the field common to all field sweeps, T.
        channel: only this resistance channel.

    Returns:
        Dataset over point, sorted by theta: theta, sigma_theta in degrees, B, sigma_B in T, T, sigma_T in K, R_N in
        Ohm, channel, kind ("field" or "angle": what was swept), status. Without a crossing theta or B is NaN. attrs as
        in `critical_fields`.

    Raises:
        InvalidInput: neither field nor angle sweeps, or none crosses.
    """
    every, noted = _even(sweeps, "field", channel)
    rows: list[dict[str, Any]] = []
    kinds = {s.kind for s in every}
    if "field" in kinds or "angle" not in kinds:
        points = _points(every, "field", criterion, normal, offset, (), channel)
        rows += [_field_row(p, non_negative("resolution", resolution)) for p in points]
    if "angle" in kinds:
        chosen = _chosen(every, "angle", channel)
        for sweep, state in zip(chosen, normal_states(_of(every, channel), normal, "angle"), strict=True):
            rows += _angle_rows(sweep, state, valid_criterion(criterion), offset)
    _some_cross([row["status"] for row in rows], criterion)
    rows.sort(key=lambda row: np.nan_to_num(row["theta"], nan=np.inf))
    units = {"theta": "degree", "sigma_theta": "degree", "B": "T", "sigma_B": "T", "T": "K", "sigma_T": "K"}
    used = [s for s in every if s.kind != "temperature" and channel in (None, s.channel)]
    return _dataset(rows, units | {"R_N": "Ohm"}, {"criterion": criterion} | noted | _cuts(used))


def _field_row(p: _Point, resolution: float) -> dict[str, Any]:
    return {
        "theta": p.sweep.theta,
        "sigma_theta": 0.0,
        "B": p.value,
        "sigma_B": float(np.hypot(p.sigma, resolution)),
        **_angle_common(p.sweep, p.place, p.normal, p.status),
    }


def _angle_rows(
    sweep: Sweep, normal: NormalResistance, criterion: Criterion, offset: str | float
) -> list[dict[str, Any]]:
    level = offset_of(sweep, normal, offset)
    return [
        {
            "theta": flank.side.sign * flank.crossing.x,
            "sigma_theta": flank.crossing.sigma,
            "B": abs(sweep.B),
            "sigma_B": sweep.B_error,
            **_angle_common(sweep, flank.side.sign * flank.crossing.x, normal, flank.crossing.status),
        }
        for (flank,) in flanks(sweep, normal, level, [criterion])
    ]


def _angle_common(sweep: Sweep, place: float, normal: NormalResistance, status: Status) -> dict[str, Any]:
    T, sigma_T = sweep.held_T(place)
    known = {"T": T, "sigma_T": sigma_T, "R_N": normal.value, "channel": sweep.channel}
    return {**known, "kind": sweep.kind, "status": str(status)}


def _of(sweeps: Sequence[Sweep], channel: str | None) -> list[Sweep]:
    return [s for s in sweeps if channel in (None, s.channel)]


def _even(sweeps: Iterable[Sweep], kind: Kind, channel: str | None) -> tuple[list[Sweep], dict[str, str]]:
    """The sweeps without those of Hall voltages, and the attribute that names these; one asked for by name stays."""
    every = list(sweeps)
    for sweep in every:
        instance("sweeps", sweep, Sweep, "one of `Run.sweeps()`")
    odd = [name for name in odd_channels(every) if name != channel]
    kept = [s for s in every if s.channel not in odd]
    if channel is None and odd and not kept:
        raise InvalidInput(f"`sweeps` must hold a resistance even in the field, but only odd ones: {', '.join(odd)}")
    gone = sorted({s.channel for s in every if s.channel in odd and s.kind == kind})
    return kept, {"skipped": f"{', '.join(gone)}: odd in the field"} if gone and channel is None else {}


def _chosen(sweeps: Sequence[Sweep], kind: Kind, channel: str | None) -> list[Sweep]:
    chosen = [s for s in _of(sweeps, channel) if s.kind == kind]
    if not chosen:
        there = sorted({f'{s.kind} sweeps of "{s.channel}"' for s in sweeps})
        of = "" if channel is None else f' of channel "{channel}"'
        raise InvalidInput(f"`sweeps` must hold {kind} sweeps{of}, but holds {', '.join(there) or 'nothing'}")
    return chosen


def _points(
    every: Sequence[Sweep],
    kind: Kind,
    criterion: Criterion,
    normal: Normal,
    offset: str | float,
    criteria: Sequence[Criterion],
    channel: str | None,
) -> list[_Point]:
    wanted = [valid_criterion(c) for c in (criterion, *criteria)]
    chosen = _chosen(every, kind, channel)
    states = normal_states(_of(every, channel), normal, kind)
    points = [_point(s, state, offset, wanted) for s, state in zip(chosen, states, strict=True)]
    _some_cross([p.status for p in points], criterion)
    return points


def _some_cross(found: Sequence[str], criterion: Criterion) -> None:
    if any(status in _MEASURED for status in found):
        return
    words = {Status.NORMAL: "lie above it throughout", Status.BEYOND_RANGE: "lie below it throughout"}
    counted = [
        (found.count(status), words.get(Status(status), "have no R_N or too few points"))
        for status in sorted(set(found))
    ]
    told = " and ".join(f"{count} of {len(found)} {word}" for count, word in counted)
    raise InvalidInput(f"`sweeps` must cross {criterion_name(criterion)} somewhere, but {told}")


def _point(sweep: Sweep, normal: NormalResistance, offset: str | float, criteria: Sequence[Criterion]) -> _Point:
    level = offset_of(sweep, normal, offset)
    found = flanks(sweep, normal, level, criteria)
    merged = [_merged([side[i] for side in found]) for i in range(len(criteria))]
    value, sigma, sigma_normal, status = merged[0]
    ends = {flank.side.sign: flank.crossing.x for flank, *_ in found}
    several = [x for x, *_ in merged[1:]]
    spread = float(np.ptp(several)) if len(several) > 1 else np.nan
    count = sum(len(flank.crossing.others) + bool(np.isfinite(flank.crossing.x)) for flank, *_ in found)
    plus, minus = ends.get(1, np.nan), ends.get(-1, np.nan)
    slopes = [flank.crossing.slope for flank, *_ in found if np.isfinite(flank.crossing.x)]
    shift = level.shift(criteria[0], normal.value, slopes)
    return _Point(sweep, normal, level, value, sigma, sigma_normal, status, plus, minus, count, spread, shift)


def _merged(found: Sequence[Flank]) -> tuple[float, float, float, Status]:
    """Mean crossing of the sides, its error, the part from R_N (common to the sides), and the status."""
    crossed = [flank.crossing for flank in found if np.isfinite(flank.crossing.x)]
    if not crossed:
        return np.nan, np.nan, np.nan, found[0].crossing.status
    common = float(np.mean([c.sigma_level for c in crossed]))
    own = np.sqrt(np.sum([c.sigma**2 - c.sigma_level**2 for c in crossed])) / len(crossed)
    clear = all(c.status == Status.CONVERGED for c in crossed)
    status = Status.CONVERGED if clear else Status.NOT_CONVERGED
    return float(np.mean([c.x for c in crossed])), float(np.hypot(own, common)), common, status


def _table(
    points: Sequence[_Point], criterion: Criterion, swept: str, resolution: float, noted: dict[str, str]
) -> xr.Dataset:
    held = "T" if swept == "B" else "B"
    unit = {"T": "K", "B": "T"}
    rows = [_row(p, points, swept, held, resolution) for p in points]
    units = dict.fromkeys((f"{swept}_plus", f"{swept}_minus", f"sigma_{swept}_normal"), unit[swept])
    units |= {"T": "K", "sigma_T": "K", "B": "T", "sigma_B": "T", "theta": "degree", "R_N": "Ohm", "sigma_R_N": "Ohm"}
    units |= dict.fromkeys(("spread", "hysteresis", "range_low", "range_high", "offset_shift"), unit[swept]) | {
        "offset": "Ohm"
    }
    rules = "; ".join(sorted({p.normal.rule for p in points}))
    taken = "subtracted" if any(p.offset.taken_off for p in points) else "reported"
    attrs = {"criterion": criterion, "normal": rules, "offset": taken, "swept": swept} | noted
    moved = [row["offset_shift"] for row in rows if abs(row["offset_shift"]) > 0]
    if moved:
        attrs["offset_note"] = (
            f"{len(moved)} of {len(rows)} sweeps have an offset above three of its errors that is not subtracted: "
            f"see offset_shift, up to {max(moved, key=abs):.3g} {unit[swept]}"
        )
    steep = [f"{row[held]:.4g}" for row in rows if row["note"].endswith(_STEEP)]
    if steep:
        attrs["slope_note"] = f"at {', '.join(dict.fromkeys(steep))} {unit[held]} {_STEEP}"
    return _dataset(rows, units, attrs | _cuts([p.sweep for p in points]))


def _told(p: _Point) -> str:
    """What is missing of the sweep, and why sigma is much larger than that of a sweep with a flat plateau."""
    bent = p.normal.slope == 0 < p.normal.sigma_slope and p.sigma_normal > _MOST_OF * p.sigma
    return "; ".join(text for text in (p.sweep.note, _STEEP if bent else "") if text)


def _cuts(sweeps: Iterable[Sweep]) -> dict[str, str]:
    """The attribute that says what is missing of the sweeps."""
    notes = dict.fromkeys(sweep.note for sweep in sweeps if sweep.note)
    return {"cut": "; ".join(notes)} if notes else {}


def _row(p: _Point, points: Sequence[_Point], swept: str, held: str, resolution: float) -> dict[str, Any]:
    s = p.sweep
    T, sigma_T = s.held_T(p.place)
    place = np.nan_to_num((T, p.value) if swept == "B" else (p.value, s.B))
    return {
        swept: p.value,
        f"sigma_{swept}": float(np.hypot(p.sigma, resolution)),
        f"sigma_{swept}_normal": p.sigma_normal,
        held: T if held == "T" else abs(s.B),
        f"sigma_{held}": sigma_T if held == "T" else s.B_error,
        "theta": s.theta,
        "direction": "up" if s.up else "down",
        "channel": s.channel,
        f"{swept}_plus": p.plus,
        f"{swept}_minus": p.minus,
        "hysteresis": _hysteresis(p, points),
        "spread": p.spread,
        "R_N": float(p.normal(*place)),
        "sigma_R_N": float(p.normal.error(*place)),
        "offset": p.offset.value,
        "offset_shift": p.offset_shift,
        "crossings": p.crossings,
        "range_low": float(np.nanmin(np.abs(s.x), initial=np.inf)),
        "range_high": float(np.nanmax(np.abs(s.x), initial=0.0)),
        "note": _told(p),
        "status": str(p.status),
    }


def _hysteresis(p: _Point, points: Sequence[_Point]) -> float:
    """Crossing of the rising minus that of the falling branch held at the same place, on the axis with sign."""
    others = [q for q in points if q.sweep.up != p.sweep.up and _same_place(p.sweep, q.sweep)]
    shifts = [s for q in others for s in (p.plus - q.plus, q.minus - p.minus) if np.isfinite(s)]
    return (1 if p.sweep.up else -1) * float(np.mean(shifts)) if shifts else np.nan


def _same_place(a: Sweep, b: Sweep) -> bool:
    pairs = ((a.T, b.T, _SAME_T), (a.B, b.B, _SAME_B), (a.theta, b.theta, _SAME_ANGLE))
    near = all(np.isnan(u) == np.isnan(v) and not abs(u - v) > max(least, 0.005 * abs(u)) for u, v, least in pairs)
    return a.channel == b.channel and near


def _dataset(rows: Sequence[dict[str, Any]], units: dict[str, str], attrs: dict[str, Any]) -> xr.Dataset:
    table = xr.Dataset({name: ("point", [row[name] for row in rows]) for name in rows[0]}, attrs=attrs)
    for name, unit in units.items():
        table[name].attrs["units"] = unit
    return table
