"""Tables of critical fields: columns with their units, from a file or from memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from spinvalley.checks import Floats, InvalidInput, Status, floats
from spinvalley.experiment import delimited
from spinvalley.experiment.columns import canonical, role_of, split_unit

_TESLA = {"T": 1.0, "mT": 1e-3, "kOe": 0.1, "Oe": 1e-4, "kG": 0.1, "G": 1e-4}
_KELVIN = {"K": 1.0, "mK": 1e-3}
_DEGREE = {"deg": 1.0, "rad": 180 / np.pi}
_COLUMNS = {
    "T": _KELVIN,
    "B": _TESLA,
    "theta": _DEGREE,
    "sigma_B": _TESLA,
    "sigma_T": _KELVIN,
    "sigma_theta": _DEGREE,
}
_KNOWN = {
    *_COLUMNS,
    *(f"{quantity}_{unit}" for quantity, units in _COLUMNS.items() for unit in units),
    *(f"sigma_{unit}" for unit in _TESLA),
}
_CLEAR = "sigma_B (or sigma_B_T, sigma_B_Oe, ...) and sigma_T_K are clear names"


def read_table(path: str | Path, **select: str | float) -> pd.DataFrame:
    r"""A table of critical fields with units in its column names.

    Comma, semicolon, tab, bar or white space between the values, decimal comma with tab or semicolon, units in the
    names or in a line below them, as `read` takes them. Columns: T_K (or T_mK), B_T (or B_mT, B_Oe, B_kOe, B_G),
    theta_deg, sigma_B_T, sigma_T_K; or "T (K)", "B (kOe)"; "Temperature (K)", "H (Oe)" and the like where a unit tells
    that they are meant.
    Beside B_T a column sigma_T is the uncertainty of B in tesla, as sigma_Oe is that in oersted; beside T and B without
    unit sigma_T is the uncertainty of T in K; beside B in another unit it is refused. Lines that start with # are
    comments; other columns are kept.

    Args:
        path: the file, in utf-8, cp1252 or latin-1.
        select: values that other columns must have, e.g. ``device="H1", orientation="parallel"``.

    Returns:
        DataFrame with T, B, and theta, sigma_B, sigma_T where the file has them, in K, T, degrees.

    Raises:
        InvalidInput: no such file, not a table, a column that is missing or twice, an unknown sigma, a selection that
            leaves no row.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "points.csv"
        ...     _ = file.write_text("T_K,B_kOe,sigma_B_kOe\n2.0,100,1\n3.0,80,1\n")
        ...     read_table(file).B.tolist()
        [10.0, 8.0]
    """
    return open_table(path, **select)[0]


def open_table(path: str | Path, **select: str | float) -> tuple[pd.DataFrame, str]:
    """The same as `read_table`, and what its end may have lost, "" for nothing."""
    file = Path(path)
    if not file.is_file():
        raise InvalidInput(f"`path` must be a file, but is {str(file)!r}")
    data = file.read_bytes()
    if not delimited.matches(data):
        raise InvalidInput(f"`path` must be a table of text, but {file.name} is not")
    names, rows, ending = delimited.cells(data, file.name)
    if len(set(names)) < len(names):
        raise InvalidInput(f"`{file.name}` must have each column once, but has {', '.join(names)}")
    frame = pd.DataFrame({name: [row[n] for row in rows] for n, name in enumerate(names)})
    for column, value in select.items():
        if column not in frame:
            raise InvalidInput(f"`{column}` must be one of {', '.join(map(str, frame.columns))}, but is not there")
        frame = frame[frame[column] == value]
    if frame.empty:
        raise InvalidInput(f"`path` must hold points, but {file.name} has none{' of this selection' * bool(select)}")
    doubt = ending.doubt or "ends without a line end: the last value of its last row may be cut" * bool(ending.loss)
    return with_units(frame).reset_index(drop=True), doubt


def with_units(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with T, B, theta, sigma_B, ... in K, T and degrees out of columns such as B_kOe or "B (kOe)"."""
    out = frame.rename(columns={name: _header(str(name)) for name in frame.columns})
    out = out.rename(columns=_sigmas([str(name) for name in out.columns]))
    names = [str(name) for name in out.columns]
    for quantity, units in _COLUMNS.items():
        there = [name for name in names if name in (quantity, *(f"{quantity}_{unit}" for unit in units))]
        if len(there) > 1:
            raise InvalidInput(f"`table` must hold {quantity} once, but has {', '.join(there)}")
        for unit, factor in units.items():
            column = f"{quantity}_{unit}"
            if column in out:
                out[quantity] = floats(column, out.pop(column)) * factor
    return out


def _header(name: str) -> str:
    """B_kOe of headers such as "B (kOe)", "B [kOe]", "B/kOe" or "H (kOe)"; other names as they are."""
    given, unit = split_unit(name)
    quantity = _quantity(given) if unit is not None else given
    if quantity not in _COLUMNS or unit is None:
        return name
    known = {canonical(u): u for u in _COLUMNS[quantity]}
    if canonical(unit) in known:
        return f"{quantity}_{known[canonical(unit)]}"
    if quantity != given:
        return name
    raise InvalidInput(f"column `{name}` must have a unit of {', '.join(_COLUMNS[quantity])}, but has {unit}")


def _quantity(name: str) -> str:
    """B of "H" or "Magnetic Field", sigma_B of "sigma_H"; other names as they are."""
    if name in _COLUMNS:
        return name
    prefix = "sigma_" if name.startswith(("sigma_", "sigma ")) else ""
    return f"{prefix}{role_of(name[len(prefix) :]) or name[len(prefix) :]}"


def _sigmas(names: list[str]) -> dict[str, str]:
    """New names of columns such as sigma_Oe, which is the sigma of a field in Oe; one sentence for the unknown."""
    fields = [name for name in names if name in (f"B_{unit}" for unit in _TESLA)]
    new = {f"sigma_{unit}": f"sigma_B_{unit}" for unit in _TESLA if unit != "T"}
    if fields == ["B_T"]:
        new["sigma_T"] = "sigma_B_T"
    elif fields and "sigma_T" in names:
        beside = f"but stands beside {fields[0]}: {_CLEAR}"
        raise InvalidInput(f"`sigma_T` must stand beside B_T, of which it is the sigma in tesla, {beside}")
    fine = {*new, *_KNOWN}
    for name in names:
        of = name.removeprefix("sigma_")
        told = name in fine or of in names or name.endswith("_normal") or of.startswith("Tc")
        if name.startswith("sigma") and not told:
            raise InvalidInput(f"`{name}` must be the sigma of a known column and unit, but is not: {_CLEAR}")
    return {old: name for old, name in new.items() if old in names}


def measured(table: Any, variable: str) -> tuple[pd.DataFrame, int]:
    """The rows with a point, and how many were left out: status not "converged", or no angle where one is needed."""
    frame = with_units(_frame(table))
    keep = np.ones(len(frame), dtype=bool)
    if "status" in frame:
        keep &= frame["status"].astype(str).to_numpy() == Status.CONVERGED
    if variable == "theta" and "theta" in frame:
        keep &= np.isfinite(floats("theta", frame["theta"]))
    return frame[keep], int(np.sum(~keep))


def columns(table: Any, variable: str) -> dict[str, Floats]:
    """The columns that a fit needs, (n,): x (T or theta), B, and sigma_B, sigma_x where given; checked."""
    frame, lost = measured(table, variable)
    missing = [name for name in (variable, "B") if name not in frame]
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise InvalidInput(f"`table` must have the columns {variable} and B, but has {there}: {missing[0]} is missing")
    if lost and frame.empty:
        raise InvalidInput(f"`table` must hold points that are {Status.CONVERGED}, but all {lost} rows are left out")
    names = {"x": variable, "B": "B", "sigma_B": "sigma_B", "sigma_x": f"sigma_{variable}"}
    found = {key: floats(name, frame[name].to_numpy()) for key, name in names.items() if name in frame}
    for key, values in found.items():
        if not np.all(np.isfinite(values)):
            raise InvalidInput(f"`{names[key]}` must be finite, but contains {values[~np.isfinite(values)][0]}")
    _check(found, variable)
    return found


def _check(found: dict[str, Floats], variable: str) -> None:
    x, B = found["x"], found["B"]
    if variable == "T" and np.any(x <= 0):
        raise InvalidInput(f"`T` must be positive, but contains {float(x[x <= 0][0])}")
    if np.any(B < 0):
        raise InvalidInput(f"`B` must be non-negative, but contains {float(B[B < 0][0])}")
    sigma, sigma_x = found.get("sigma_B", np.ones(1)), found.get("sigma_x", np.zeros(1))
    unknown = (sigma < 0) | ((sigma == 0) & ~(sigma_x > 0))
    if np.any(unknown):
        low = float(np.broadcast_to(sigma, unknown.shape)[unknown][0])
        raise InvalidInput(f"`sigma_B` must be positive, but contains {low} where sigma_{variable} is not")
    if np.any(sigma_x < 0):
        raise InvalidInput(f"`sigma_{variable}` must be non-negative, but contains {float(sigma_x.min())}")
    points, counts = np.unique(np.column_stack([x, B]), axis=0, return_counts=True)
    if np.any(counts > 1):
        first = points[counts > 1][0]
        raise InvalidInput(
            f"`table` must hold each point once, but {variable} = {first[0]:g}, B = {first[1]:g} T is twice"
        )


def _frame(table: Any) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, xr.Dataset):
        known = [str(name) for name in table.variables if str(name) == "status" or _header(str(name)) in _KNOWN]
        return table[known].to_dataframe().reset_index() if table.sizes else pd.DataFrame()
    if isinstance(table, Mapping):
        try:
            return pd.DataFrame({name: np.atleast_1d(values) for name, values in table.items()})
        except ValueError:
            raise InvalidInput("`table` must have columns of one length, but they differ") from None
    raise InvalidInput(f"`table` must be a DataFrame, a Dataset or a dict of columns, but is a {type(table).__name__}")
