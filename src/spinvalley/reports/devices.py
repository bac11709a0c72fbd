"""Several devices for the dome: measured files, reports that were written before, or a table of densities and Tc."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from spinvalley.checks import InvalidInput, Status
from spinvalley.experiment.dome import Device, dome
from spinvalley.experiment.hall import HallResult
from spinvalley.reports.carriers import carriers
from spinvalley.reports.measured import measure
from spinvalley.reports.options import Options

__all__ = ["dome_of"]

_COLUMN: Final = re.compile(r"(sigma_)?(n2D|Tc|mobility|tau)(?:[ _/(\[]+(.+?)[)\]]?)?")
_UNITS: Final = {
    "n2D": ("cm^-2", "cm-2", "1/cm^2", "1/cm2", "cm⁻²"),
    "Tc": ("K",),
    "mobility": ("cm^2/Vs", "cm2/Vs", "cm^2/(V s)", "cm²/Vs"),
    "tau": ("fs",),
}
_NAMES: Final = ("device", "sample", "name")
_NUMBERS: Final = tuple(f.name for f in fields(HallResult) if f.name != "carriers")


def dome_of(paths: Sequence[str | Path], options: Options | None = None) -> xr.Dataset:
    """Tc against density over several devices.

    Args:
        paths: a CSV table with the columns device, n2D (cm^-2), Tc (K) and where known sigma_n2D, sigma_Tc, mobility
            (cm^2/Vs), tau (fs), an empty Tc where no transition was seen; folders of reports that were made with a Hall
            voltage; or measured files, one for each device, with `hall` in the options naming their Hall channel.
        options: the settings for measured files.

    Returns:
        Dataset as `experiment.dome.dome` gives it.

    Raises:
        InvalidInput: no path, none of these, a device without density, two devices of one name.
    """
    if isinstance(paths, str | Path) or not paths:
        raise InvalidInput("`files` must be a list of files, one at least, but is " + (repr(paths)[:80] or "empty"))
    return dome([device for path in paths for device in _devices(Path(path), options or Options())])


def _devices(path: Path, options: Options) -> list[Device]:
    if path.is_dir():
        return [_of_report(path)]
    if path.suffix.lower() == ".csv" and path.is_file() and _is_table(path):
        return _of_table(path)
    return [_of_run(path, options)]


def _of_run(path: Path, options: Options) -> Device:
    """A measured file with its Hall channel."""
    one = measure(path, options)
    bar = carriers([path], [one], options)
    if bar is None:
        raise InvalidInput(f"`hall` must name the Hall channel of {path.name}, but is not given")
    if one.temperatures is None:
        raise InvalidInput(f"`{path.name}` must hold a temperature sweep that crosses the criterion, but holds none")
    chosen = (one.temperatures.criterion == str(options.criterion)).values
    return Device(path.stem, bar.result, one.temperatures.isel(point=np.flatnonzero(chosen)))


def _of_report(folder: Path) -> Device:
    """A report with a Hall voltage: analysis.json in its folder."""
    told = _read_json(folder)
    if isinstance(told, dict) and told.get("hall", "") is None:
        raise InvalidInput(f"`{folder.name}` must be a report with a Hall voltage, but was made without `hall`")
    try:
        known, rows = told["hall"], told["tc"]
        criterion = str(told["settings"]["criterion"])
        mine = [row for row in rows if str(row["criterion"]) == criterion]
        numbers = {name: np.nan if known[name] is None else float(known[name]) for name in _NUMBERS}
        points = [(float(row["Tc"]), float(row["sigma_Tc"])) for row in mine[:1]]
        if not points or not numbers["n2D"] > 0:
            raise ValueError
        return Device(folder.name, HallResult(carriers=str(known["carriers"]), **numbers), _critical(*points))
    except (KeyError, TypeError, ValueError):
        raise InvalidInput(f"`{folder.name}` must be a report with a density and a Tc, but is not") from None


def _read_json(folder: Path) -> Any:
    try:
        return json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    except OSError:
        raise InvalidInput(f"`{folder.name}` must be a report with analysis.json, but has none") from None
    except ValueError:
        raise InvalidInput(f"`{folder.name}` must hold a JSON document, but its analysis.json is none") from None


def _is_table(path: Path) -> bool:
    """Whether the first line that is no comment names a density."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = next((line for line in file if line.strip() and not line.startswith("#")), "")
    return any(word.strip().strip('"').startswith("n2D") for word in first.split(","))


def _of_table(path: Path) -> list[Device]:
    try:
        frame = pd.read_csv(path, comment="#", encoding="utf-8-sig", skipinitialspace=True)
    except (ValueError, pd.errors.ParserError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInput(f"`{path.name}` must be a CSV table in utf-8, but is not: {first}") from None
    frame = frame.rename(columns={name: _plain(str(name)) for name in frame.columns})
    label = next((name for name in _NAMES if name in frame), None)
    lacking = [name for name, there in (("device", label), ("Tc", "Tc" in frame)) if not there]
    if lacking or frame.empty or not frame.columns.is_unique:
        what = f"column {lacking[0]}" if lacking else "rows" if frame.empty else "each column once"
        raise InvalidInput(f"`{path.name}` must have {what}, but has {', '.join(map(str, frame.columns))}")
    return [_of_row(dict(row), str(row[str(label)]), path.name) for _, row in frame.iterrows()]


def _plain(name: str) -> str:
    """Name of a column without its unit, which must be the one that is expected."""
    found = _COLUMN.fullmatch(name.strip())
    if found is None:
        return name.strip()
    if found[3] is not None and found[3] not in _UNITS[found[2]]:
        raise InvalidInput(f"column `{name}` must be in {_UNITS[found[2]][0]}, but is in {found[3]}")
    return f"{found[1] or ''}{found[2]}"


def _of_row(row: Mapping[str, Any], name: str, where: str) -> Device:
    """A device of a table: what the table does not tell is NaN."""
    numbers = {key: _number(row.get(key, np.nan), key, name, where) for key in _NUMBERS}
    if not 0 < numbers["n2D"] < np.inf:
        raise InvalidInput(f"`n2D` must be positive, but is {numbers['n2D']} for {name} of {where}")
    numbers["sigma_n2D"] = np.nan_to_num(numbers["sigma_n2D"])
    Tc, sigma = (_number(row.get(key, np.nan), key, name, where) for key in ("Tc", "sigma_Tc"))
    points = [(Tc, float(np.nan_to_num(sigma)))] if np.isfinite(Tc) else []
    return Device(name, HallResult(carriers=str(row.get("carriers", "unknown")), **numbers), _critical(*points))


def _number(value: Any, key: str, name: str, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"`{key}` must be a number, but is {value!r} for {name} of {where}") from None
    if number < 0 and key in ("Tc", "sigma_Tc", "sigma_n2D"):
        raise InvalidInput(f"`{key}` must be non-negative, but is {number:g} for {name} of {where}")
    return number


def _critical(*points: tuple[float, float]) -> xr.Dataset:
    """Tc at zero field as `critical_temperatures` gives it; without a point a Tc that was not seen."""
    known = points or ((np.nan, np.nan),)
    status = str(Status.CONVERGED if points else Status.NORMAL)
    values = {"Tc": [T for T, _ in known], "sigma_Tc": [s for _, s in known], "B": [0.0] * len(known)}
    return xr.Dataset(
        {key: ("point", column) for key, column in values.items()} | {"status": ("point", [status] * len(known))}
    )
