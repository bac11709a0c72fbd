"""A measured run: one file as one Dataset of R, T, B, theta and time, with its units and where it comes from."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.checks import Floats, InvalidInput, one_of, real
from spinvalley.experiment import extraction, residue, segments
from spinvalley.experiment.columns import Channel, Column, Plan, plan
from spinvalley.experiment.drifts import Cut
from spinvalley.experiment.flanks import Criterion
from spinvalley.experiment.formats import existing, open_source, sha256
from spinvalley.experiment.multivu import samples
from spinvalley.experiment.normal_resistance import Normal
from spinvalley.experiment.source import Source
from spinvalley.experiment.sweeps import Sweep

DIRECTIONS: Final = {"perpendicular": 0.0, "parallel": 90.0}
"""Angle between field and c axis in degrees: perpendicular and parallel are meant to the layers."""

_UNITS: Final = {"T": "K", "B": "T", "theta": "degrees", "time": "s"}
_LARGEST: Final = 1e30  # what is larger is no measured number


@dataclass(frozen=True, eq=False)
class Run:
    """One measurement.

    Args:
        data: R (channel, row) in Ohm, T (row) in K, B (row) in T with its sign, theta (row) in degrees from the c axis
            (NaN where unknown), time (row) in s; sigma_R (channel, row) in Ohm and excitation (channel, row) in A where
            the file has them. A channel that was not measured in a row holds NaN there. Coordinate sample (channel):
            the names of the samples where the file has them. Attributes: source, sha256, format, title, encoding,
            header (JSON text), theta_source, rows_read, rows_dropped, loss, warnings.
    """

    data: xr.Dataset

    @property
    def header(self) -> dict[str, str]:
        """What the file says about itself, name to text."""
        return dict(json.loads(self.data.attrs["header"]))

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the resistance channels."""
        return tuple(str(name) for name in self.data.channel.values)

    def sweeps(
        self,
        *,
        T_tolerance: float | None = None,
        B_tolerance: float | None = None,
        theta_tolerance: float | None = None,
        min_points: int = 8,
    ) -> tuple[Sweep, ...]:
        """Temperature, field and angle sweeps of this run; see `segments.sweeps`."""
        return segments.sweeps(
            self,
            T_tolerance=T_tolerance,
            B_tolerance=B_tolerance,
            theta_tolerance=theta_tolerance,
            min_points=min_points,
        )

    def cuts(self, **settings: Any) -> tuple[Cut, ...]:
        """Sweeps that were cut or left out because the temperature did not stay; see `segments.cuts`."""
        return segments.cuts(self, **settings)

    def critical_fields(
        self,
        criterion: Criterion = 0.5,
        normal: Normal = "plateau",
        *,
        T_tolerance: float | None = None,
        B_tolerance: float | None = None,
        theta_tolerance: float | None = None,
        min_points: int = 8,
        **options: Any,
    ) -> xr.Dataset:
        """Upper critical fields of the field sweeps of this run; see `extraction.critical_fields`.

        Args:
            criterion: fraction of R_N, "onset" or "zero".
            normal: the rule for R_N.
            T_tolerance: see `segments.sweeps`, as the next three.
            B_tolerance: in T.
            theta_tolerance: in degrees.
            min_points: fewest points of a sweep.
            **options: further keywords of `extraction.critical_fields`.

        Raises:
            InvalidInput: an unknown option, and what `segments.sweeps` and `extraction.critical_fields` refuse.
        """
        _known_options(extraction.critical_fields, options)
        given = {"T_tolerance": T_tolerance, "B_tolerance": B_tolerance, "theta_tolerance": theta_tolerance}
        found, missing = segments.divided(self, given, min_points)
        return _noted(extraction.critical_fields(found, criterion, normal, **options), missing)

    def critical_temperatures(
        self,
        criterion: Criterion = 0.5,
        normal: Normal = "plateau",
        *,
        T_tolerance: float | None = None,
        B_tolerance: float | None = None,
        theta_tolerance: float | None = None,
        min_points: int = 8,
        **options: Any,
    ) -> xr.Dataset:
        """Critical temperatures of the temperature sweeps of this run; see `extraction.critical_temperatures`.

        Args:
            criterion: fraction of R_N, "onset" or "zero".
            normal: the rule for R_N.
            T_tolerance: see `segments.sweeps`, as the next three.
            B_tolerance: in T.
            theta_tolerance: in degrees.
            min_points: fewest points of a sweep.
            **options: further keywords of `extraction.critical_temperatures`.

        Raises:
            InvalidInput: an unknown option, and what `segments.sweeps` and `extraction.critical_temperatures` refuse.
        """
        _known_options(extraction.critical_temperatures, options)
        found = self.sweeps(
            T_tolerance=T_tolerance, B_tolerance=B_tolerance, theta_tolerance=theta_tolerance, min_points=min_points
        )
        return extraction.critical_temperatures(found, criterion, normal, **options)

    def offsets(self) -> xr.Dataset:
        """Resistance left in the superconducting state; see `residue.offsets`."""
        return residue.offsets(self)


def read(
    path: str | Path,
    format: str | None = None,
    columns: Mapping[str, Any] | None = None,
    channels: Sequence[str | int] | str | int | None = None,
    theta: float | str | None = None,
    encoding: str | None = None,
    *,
    run: int | None = None,
    allow_cut: bool = False,
) -> Run:
    r"""Resistance against temperature, field and angle out of a file of a cryostat.

    Args:
        path: the file; its format is told by what it holds.
        format: name of the format (see `formats`); told by the content if None.
        columns: quantity (T, B, theta, time, R, sigma_R, excitation) to the header of its column, to (header, unit), or
            to a number that is held (K, T, degrees, s); for R also a list, or a mapping from channel to header. What is
            not given is found by the names and units of the headers.
        channels: which channels to keep, by name or by number from 1; all that hold values if None.
        theta: "parallel" or "perpendicular" (to the layers), or an angle in degrees from the c axis: the angle of every
            row where the file has no sample position, else added to the position.
        encoding: "utf-8", "cp1252" or "latin-1"; tried in this order if None.
        run: number of the run in a QCoDeS database; the last one if None.
        allow_cut: whether a text that stops within a row may be read up to there, e.g. of a run that still goes on.

    Returns:
        The run. Rows without T, B or any R are dropped and counted. A cut between two rows is not noticed.

    Raises:
        InvalidInput: the file is missing, damaged or of no known format, a column is missing or in units of another
            kind, no row is left: one sentence each.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "run.csv"
    ...     _ = file.write_text("T (K),Field (Oe),R (Ohm)\n2.0,10000,0.5\n2.1,10000,0.6\n")
    ...     read(file).data.B.values
    array([1., 1.])
    """
    path = existing(path)
    direction = _direction(theta)
    try:
        digest = sha256(path)
        source = open_source(path, format, encoding, run)
        if source.cut and not allow_cut:
            raise InvalidInput(f"`{path.name}` must end with a whole row (or see allow_cut), but {source.cut}")
        chosen = plan(source.names, source.units, columns, path.name)
        indices = chosen.indices()
        table = dict(zip(indices, source.load(indices), strict=True))
    except OSError as error:
        raise InvalidInput(f"`{path.name}` must be readable, but is not: {error.strerror or error}") from None
    except MemoryError:
        raise InvalidInput(f"`{path.name}` must fit into memory, but does not") from None
    data = _assemble(source, chosen, table, channels, path.name)
    data = _oriented(data, direction)
    data.attrs |= {"source": path.name, "sha256": digest}
    return Run(data)


def _noted(table: xr.Dataset, missing: Sequence[Cut]) -> xr.Dataset:
    """The table with everything that is missing of the sweeps, those without a piece left included."""
    return table.assign_attrs(cut="; ".join(map(str, missing))) if missing else table


def _known_options(function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    parameters = inspect.signature(function).parameters.values()
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for name in options:
        one_of("options", name, [*known, "T_tolerance", "B_tolerance", "theta_tolerance", "min_points"])


def _direction(theta: float | str | None) -> float | str | None:
    if theta is None:
        return None
    if isinstance(theta, str):
        if theta in DIRECTIONS:
            return theta
        raise InvalidInput(f"`theta` must be a number or one of {', '.join(DIRECTIONS)}, but is {theta!r}")
    return real("theta", theta)


def _assemble(source: Source, chosen: Plan, table: Mapping[int, Floats], channels: Any, where: str) -> xr.Dataset:
    """The Dataset of the rows that hold T, B and some R."""
    rows = max((len(column) for column in table.values()), default=0)
    if not rows:
        raise InvalidInput(f"`{where}` must hold rows of numbers, but holds none")
    along = {role: _values(column, table, rows) for role, column in chosen.roles.items()}
    held = np.isfinite(along["T"]) & np.isfinite(along["B"]) & (along["T"] >= 0)
    every = [_Measured.of(channel, table, rows) for channel in chosen.channels]
    if not any(np.isfinite(m.R[held]).any() for m in every):
        raise InvalidInput(f"`{where}` must hold rows with T, B and R, but none of its {rows} rows has all three")
    measured = _selected(every, held, channels)
    R = np.array([m.R for m in measured])
    good = held & np.isfinite(R).any(axis=0)
    along = {role: values[good] for role, values in along.items()}
    names = [m.name for m in measured]
    data = xr.Dataset(coords={"channel": names, "row": np.flatnonzero(good)})
    told = samples(names, source.header)
    if any(told):
        data = data.assign_coords(sample=("channel", told))
    data["R"] = (("channel", "row"), R[:, good], {"units": measured[0].unit, "long_name": measured[0].quantity})
    for role in _UNITS:
        values = along.get(role, np.full(int(good.sum()), np.nan))
        data[role] = ("row", values, {"units": _UNITS[role], "column": _shown(source, chosen.roles.get(role))})
    data["R"].attrs["columns"] = "; ".join(f"{m.name}: {source.names[m.column]}" for m in measured)
    _add_sigma(data, measured, chosen, table, good)
    data.attrs = _attributes(source, rows, data)
    return data


@dataclass(frozen=True)
class _Measured:
    """One channel with its values."""

    name: str
    R: Floats
    unit: str
    quantity: str
    column: int
    sigma: Floats | None
    excitation: Floats | None

    @classmethod
    def of(cls, channel: Channel, table: Mapping[int, Floats], rows: int) -> _Measured:
        read = [_values(column, table, rows) for column in channel.candidates]
        filled = [n for n, values in enumerate(read) if np.isfinite(values).any()]
        best = filled[0] if filled else 0
        column, R = channel.candidates[best], read[best]
        sigma = None if channel.sigma is None else _values(channel.sigma, table, rows)
        if sigma is not None and channel.sigma is not None and channel.sigma.quantity != column.quantity:
            same = [n for n in filled if channel.candidates[n].quantity == channel.sigma.quantity]
            sigma = _rescaled(sigma, R, read[same[0]]) if same else None
        current = None if channel.excitation is None else _values(channel.excitation, table, rows)
        unit = "Ohm" if column.quantity == "resistance" else "Ohm m"
        return cls(channel.name, R, unit, column.quantity, column.index, sigma, current)


def _rescaled(sigma: Floats, R: Floats, rho: Floats) -> Floats:
    """A deviation of the resistivity as one of the resistance, by the ratio of the two."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(R / rho)
    ratio = ratio[np.isfinite(ratio)]
    return sigma * (np.median(ratio) if ratio.size else np.nan)


def _values(column: Column | float, table: Mapping[int, Floats], rows: int) -> Floats:
    if not isinstance(column, Column):
        return np.full(rows, float(column))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = table[column.index] * column.scale
        if column.divided_by is not None:
            values = values / _values(column.divided_by, table, rows)
        return np.where(np.abs(values) < _LARGEST, values, np.nan)


def _selected(measured: list[_Measured], held: Any, wanted: Any) -> list[_Measured]:
    """The channels that hold values in the rows with T and B, or those that are asked for."""
    filled = [m for m in measured if np.isfinite(m.R[held]).any()]
    if wanted is None:
        kinds = {m.quantity for m in filled}
        filled = [m for m in filled if m.quantity == "resistance"] if len(kinds) > 1 else filled
    else:
        if not isinstance(wanted, str | int | Sequence):
            raise InvalidInput(f"`channels` must be a name, a number or a list of them, but is {wanted!r}")
        asked = [wanted] if isinstance(wanted, str | int) else list(wanted)
        full = [m.name for m in filled]
        filled = [_named(measured, name) for name in asked]
        empty = [m.name for m in filled if m.name not in full]
        if empty:
            raise InvalidInput(f"`channels` must be among {', '.join(full)}, but {empty[0]} holds no numbers")
    names = [m.name for m in filled]
    if len(set(names)) < len(names) or not names:
        raise InvalidInput(f"`channels` must name different channels, but is {', '.join(names) or 'empty'}")
    if len({m.quantity for m in filled}) > 1:
        raise InvalidInput(f"`channels` must all be resistances or all resistivities, but {', '.join(names)} are mixed")
    return filled


def _named(measured: list[_Measured], name: Any) -> _Measured:
    if isinstance(name, int) and 1 <= name <= len(measured):
        return measured[name - 1]
    for m in measured:
        if m.name.lower() == str(name).strip().lower():
            return m
    raise InvalidInput(f"`channels` must be among {', '.join(m.name for m in measured)}, but has {name!r}")


def _shown(source: Source, column: Column | float | None) -> str:
    if isinstance(column, Column):
        return source.names[column.index]
    return "unknown" if column is None else "given"


def _add_sigma(
    data: xr.Dataset, measured: list[_Measured], chosen: Plan, table: Mapping[int, Floats], good: Any
) -> None:
    rows = len(good)
    blank = np.full(rows, np.nan)
    sigma = np.array([blank if m.sigma is None else np.abs(m.sigma) for m in measured])[:, good]
    if np.isfinite(sigma).any():
        text = "standard deviation of the readings as the file states it"
        if chosen.readings is not None:
            count = _values(chosen.readings, table, rows)[good]
            sigma = sigma / np.sqrt(np.where(count > 1, count, 1.0))
            text = "standard deviation of the mean: that of the readings over the root of their number"
        data["sigma_R"] = (("channel", "row"), sigma, {"units": measured[0].unit, "long_name": text})
    current = np.array([blank if m.excitation is None else m.excitation for m in measured])[:, good]
    if np.isfinite(current).any():
        data["excitation"] = (("channel", "row"), current, {"units": "A"})


def _attributes(source: Source, rows: int, data: xr.Dataset) -> dict[str, Any]:
    kept = data.sizes["row"]
    notes = [*source.notes, *([f"the file {source.loss}"] if source.loss else [])]
    time = data.time.values
    if np.any(np.diff(time[np.isfinite(time)]) < 0):
        notes.append("time does not rise throughout: the order of the rows is kept")
    key = np.vstack([time, data["T"].values, data.B.values, np.nan_to_num(data.R.values)])
    repeats = int(np.all(key[:, 1:] == key[:, :-1], axis=0).sum()) if kept > 1 else 0
    if repeats:
        notes.append(f"{repeats} rows repeat the row before them: they are kept")
    if kept < rows:
        notes.append(f"{rows - kept} of {rows} rows have no T, B or R: they are dropped")
    return {
        "format": source.format,
        "title": source.title,
        "encoding": source.encoding,
        "header": json.dumps(source.header, ensure_ascii=False),
        "rows_read": rows,
        "rows_dropped": rows - kept,
        "loss": source.loss,
        "warnings": "; ".join(notes),
    }


def _oriented(data: xr.Dataset, direction: float | str | None) -> xr.Dataset:
    """The angle from the position of the sample and the given direction.

    A position that is 0 in every row is that of a cryostat without a rotator: it does not tell the angle.
    """
    position = data.theta.values
    informative = bool(np.any(np.nan_to_num(position) != 0)) or data.theta.attrs["column"] == "given"
    if isinstance(direction, str):
        theta, text = np.full(position.shape, DIRECTIONS[direction]), f"given: {direction} to the layers"
    elif informative:
        theta, text = position + (direction or 0.0), f"column {data.theta.attrs['column']}"
        text += f", plus {direction} degrees" if direction else ""
    elif direction is not None:
        theta, text = np.full(position.shape, direction), "given"
    else:
        unknown = "not in the file" if np.isnan(position).all() else "the sample position is 0 in every row"
        theta, text = np.full(position.shape, np.nan), f"unknown: {unknown}"
    data["theta"] = ("row", theta, data.theta.attrs)
    data.attrs["theta_source"] = text
    return data
