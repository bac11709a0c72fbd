"""Tables of critical fields: columns with their units, from a file or from memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from spinvalley.checks import Floats, InvalidInput, floats

_TESLA = {"T": 1.0, "mT": 1e-3, "kOe": 0.1, "Oe": 1e-4, "G": 1e-4}
_KELVIN = {"K": 1.0, "mK": 1e-3}
_DEGREE = {"deg": 1.0, "rad": 180 / np.pi}
_COLUMNS = {"T": _KELVIN, "B": _TESLA, "theta": _DEGREE, "sigma_B": _TESLA, "sigma_T": _KELVIN}


def read_table(path: str | Path, **select: str | float) -> pd.DataFrame:
    r"""A CSV file of critical fields with units in its column names.

    Columns: T_K (or T_mK), B_T (or B_mT, B_Oe, B_kOe, B_G), theta_deg, sigma_B_T, sigma_T_K. Beside B_T a column
    sigma_T is the uncertainty of B in tesla. Lines that start with # are comments; other columns are kept.

    Args:
        path: the file, utf-8.
        select: values that other columns must have, e.g. ``device="H1", orientation="parallel"``.

    Returns:
        DataFrame with T, B, and theta, sigma_B, sigma_T where the file has them, in K, T, degrees.

    Raises:
        InvalidInput: no such file, not a table, a column that is missing, a selection that leaves no row.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "points.csv"
        ...     _ = file.write_text("T_K,B_kOe,sigma_B_kOe\n2.0,100,1\n3.0,80,1\n")
        ...     read_table(file).B.tolist()
        [10.0, 8.0]
    """
    file = Path(path)
    if not file.is_file():
        raise InvalidInput(f"`path` must be a file, but is {str(file)!r}")
    try:
        frame = pd.read_csv(file, comment="#", encoding="utf-8-sig", skipinitialspace=True)
    except (ValueError, pd.errors.ParserError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(f"`path` must be a CSV table in utf-8, but {file.name} is not: {first}") from None
    for column, value in select.items():
        if column not in frame:
            raise InvalidInput(f"`{column}` must be one of {', '.join(map(str, frame.columns))}, but is not there")
        frame = frame[frame[column] == value]
    if frame.empty:
        raise InvalidInput(f"`path` must hold points, but {file.name} has none{' of this selection' * bool(select)}")
    return with_units(frame).reset_index(drop=True)


def with_units(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with T, B, theta, sigma_B, sigma_T in K, T and degrees out of columns such as B_kOe."""
    out = frame.copy()
    if "B_T" in out and "B" not in out and "sigma_T" in out:
        out = out.rename(columns={"sigma_T": "sigma_B"})
    for quantity, units in _COLUMNS.items():
        for unit, factor in units.items():
            column = f"{quantity}_{unit}"
            if column in out and quantity not in out:
                out[quantity] = floats(column, out.pop(column)) * factor
    return out


def columns(table: Any, variable: str) -> dict[str, Floats]:
    """The columns that a fit needs, (n,): x (T or theta), B, and sigma_B, sigma_x where given; checked."""
    frame = with_units(_frame(table))
    missing = [name for name in (variable, "B") if name not in frame]
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise InvalidInput(f"`table` must have the columns {variable} and B, but has {there}: {missing[0]} is missing")
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
    if np.any(sigma <= 0):
        raise InvalidInput(f"`sigma_B` must be positive, but contains {float(sigma[sigma <= 0][0])}")
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
        return table.to_dataframe().reset_index() if table.sizes else pd.DataFrame()
    if isinstance(table, Mapping):
        try:
            return pd.DataFrame({name: np.atleast_1d(values) for name, values in table.items()})
        except ValueError:
            raise InvalidInput("`table` must have columns of one length, but they differ") from None
    raise InvalidInput(f"`table` must be a DataFrame, a Dataset or a dict of columns, but is a {type(table).__name__}")
