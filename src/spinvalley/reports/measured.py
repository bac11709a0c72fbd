"""One file read and its critical points extracted; what could not be is kept as a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput
from spinvalley.experiment import extraction
from spinvalley.experiment.run import Run, read
from spinvalley.experiment.sweeps import Sweep
from spinvalley.reports.options import Options, normal_rule

_MOVED: Final = 'see the column "moved by the offset"'


@dataclass(frozen=True, eq=False)
class Measured:
    """One file.

    Args:
        run: the data.
        sweeps: its temperature, field and angle sweeps of the channels that are analysed.
        fields: critical fields over point, with the column criterion; None without field sweeps that cross.
        temperatures: critical temperatures over point, with criterion; None without temperature sweeps that cross.
        angles: critical fields against angle over point at the chosen criterion; None without.
        offsets: Dataset of `Run.offsets`.
        notes: what was passed over, and why.
    """

    run: Run
    sweeps: tuple[Sweep, ...]
    fields: xr.Dataset | None
    temperatures: xr.Dataset | None
    angles: xr.Dataset | None
    offsets: xr.Dataset
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the file."""
        return str(self.run.data.attrs["source"])

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Channels with sweeps."""
        return tuple(dict.fromkeys(s.channel for s in self.sweeps))


def measure(path: str | Path, options: Options) -> Measured:
    """Read a file and extract its critical points.

    Raises:
        InvalidInput: the file cannot be read, holds no sweep, or no sweep crosses the criterion.
    """
    run = read(
        path, columns=options.columns, channels=options.channel, theta=options.theta, allow_cut=options.allow_cut
    )
    named = "" if options.hall is None else options.hall.strip().lower()
    name = run.data.attrs["source"]
    notes = [text for text in str(run.data.attrs["warnings"]).split("; ") if text]
    every = run.sweeps()
    notes += [str(cut) for cut in run.cuts()]
    if not every:
        raise InvalidInput(f"`{name}` must hold a sweep of temperature, field or angle, but holds none of 8 points")
    offsets = run.offsets()
    odd = [str(c) for c in offsets.channel.values if str(offsets.status.sel(channel=c).item()) == "changes sign"]
    given = [c for c in run.channels if c.lower() == named]
    hall = list(dict.fromkeys([*given, *odd]))
    notes += [f"channel {c} changes sign with the field: a Hall voltage, not analysed" for c in odd if c not in given]
    sweeps = tuple(s for s in every if s.channel not in hall)
    if not sweeps:
        raise InvalidInput(f"`{name}` must hold a longitudinal resistance, but {', '.join(hall)} is a Hall voltage")
    extract = _Extract(sweeps, options, notes)
    fields = extract.table("field", extraction.critical_fields)
    temperatures = extract.table("temperature", extraction.critical_temperatures)
    angles = extract.angles()
    if fields is None and temperatures is None and angles is None:
        raise InvalidInput(f"`{name}`: {extract.problems[0]}")
    return Measured(run, sweeps, fields, temperatures, angles, offsets, tuple(dict.fromkeys(notes)))


class _Extract:
    """The tables of one run, channel by channel; a channel without R_N or crossing becomes a note."""

    def __init__(self, sweeps: tuple[Sweep, ...], options: Options, notes: list[str]) -> None:
        self.sweeps, self.options, self.notes = sweeps, options, notes
        self.rule = normal_rule(options.normal, sweeps)
        self.problems: list[str] = []

    def table(self, kind: str, extract: Callable[..., xr.Dataset]) -> xr.Dataset | None:
        """Every criterion and channel in one table."""
        found: list[xr.Dataset] = []
        channels = dict.fromkeys(s.channel for s in self.sweeps if s.kind == kind)
        for channel in channels:
            for criterion in self.options.every_criterion:
                settings: dict[str, Any] = {"channel": channel}
                if criterion == self.options.criterion:
                    settings["criteria"] = self.options.criteria
                one = self._attempt(channel, partial(extract, self.sweeps, criterion, self.rule, **settings))
                if one is not None:
                    self._tell(one, offset=criterion == self.options.criterion)
                    number = np.arange(one.sizes["point"])
                    named = {"criterion": str(criterion), "rule": str(one.attrs["normal"])}
                    texts = {name: ("point", [text] * len(number)) for name, text in named.items()}
                    found.append(one.assign({"sweep": ("point", number), **texts}))
        return _joined(found)

    def angles(self) -> xr.Dataset | None:
        """Hc2 against angle at the chosen criterion, where there are several angles."""
        found = []
        for channel in dict.fromkeys(s.channel for s in self.sweeps if s.kind != "temperature"):
            mine = [s for s in self.sweeps if s.channel == channel and s.kind != "temperature"]
            places = {round(s.theta, 2) for s in mine if s.kind == "field" and np.isfinite(s.theta)}
            if len(places) < 4 and not any(s.kind == "angle" for s in mine):
                continue
            extract = partial(extraction.critical_fields_of_angle, self.sweeps, self.options.criterion, self.rule)
            one = self._attempt(channel, partial(extract, channel=channel))
            if one is not None:
                self._tell(one)
                found.append(one)
        return _joined(found)

    def _tell(self, table: xr.Dataset, offset: bool = True) -> None:
        """What the extraction passed over or warns of; what an offset shifts at the chosen criterion only."""
        skipped, shifted = table.attrs.get("skipped", ""), table.attrs.get("offset_note", "")
        self.notes += [f"passed over: {skipped}"] if skipped else []
        steep = table.attrs.get("slope_note", "")
        self.notes += [steep] if steep and offset else []
        self.notes += [shifted.replace("see offset_shift", _MOVED)] if shifted and offset else []

    def _attempt(self, channel: str, act: Callable[[], xr.Dataset]) -> xr.Dataset | None:
        try:
            return act()
        except InvalidInput as error:
            self.problems.append(str(error))
            self.notes.append(f"channel {channel}: {error}")
            return None


def _joined(tables: Iterable[xr.Dataset]) -> xr.Dataset | None:
    every = list(tables)
    if not every:
        return None
    return xr.concat(every, "point", combine_attrs="drop_conflicts", data_vars="all", coords="minimal")


def rows(table: xr.Dataset | None) -> list[dict[str, Any]]:
    """A table over point as one mapping of plain values for each point."""
    if table is None:
        return []
    names = [str(name) for name in table.data_vars]
    columns = [table[name].values.tolist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
