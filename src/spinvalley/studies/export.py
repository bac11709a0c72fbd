"""A study as one file: netCDF, JSON, or one row of a CSV table per point; each with its provenance."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np
import xarray as xr

from spinvalley.checks import one_of
from spinvalley.files import check_file, staged_file, write_dataset

SUFFIXES: Final = (".nc", ".csv", ".json")
"""Suffixes of files that `write_study` writes."""

_SKIPPED: Final = "skipped"


def write_study(path: Path, data: xr.Dataset) -> None:
    """Write a Dataset with provenance in its attributes; the file is whole or not there.

    Args:
        path: .nc, .json or .csv.
        data: over any number of dimensions, with `status`.

    Raises:
        InvalidInput: another suffix, a place that cannot be written to.
    """
    one_of("out", path.suffix, SUFFIXES)
    path = check_file(path)
    if path.suffix != ".csv":
        write_dataset(path, data)
        return
    with staged_file(path) as staged, staged.open("w", encoding="utf-8", newline="") as out:
        write_rows(out, data)


def write_rows(out: TextIO, data: xr.Dataset) -> None:
    r"""The attributes as lines that start with #, then a table of all points that were asked for.

    >>> import io
    >>> text = io.StringIO()
    >>> write_rows(text, xr.Dataset({"y": ("x", [1.5]), "status": ("x", ["done"])}, {"x": [2.0]}, {"seed": 0}))
    >>> print(text.getvalue().strip())
    # seed: 0
    x,y,status
    2.0,1.5,done
    """
    for key, value in data.attrs.items():
        first, *rest = str(value).splitlines() or [""]
        out.write(f"# {key}: {first}\n")
        out.writelines(f"#     {line}\n" for line in rest)
    dims = [str(dim) for dim in data.status.dims]
    columns = {name: values.ravel() for name, values in _columns(data, dims)}
    asked = np.flatnonzero(np.asarray(data.status.transpose(*dims).values).ravel() != _SKIPPED)
    shape = [data.sizes[dim] for dim in dims]
    coords = [data[dim].values for dim in dims]
    table = csv.writer(out, lineterminator="\n")
    table.writerow([*dims, *columns])
    for row in asked:
        places = np.unravel_index(row, shape)
        table.writerow(
            [_cell(values[place]) for values, place in zip(coords, places, strict=True)]
            + [_cell(values[row]) for values in columns.values()]
        )


def _columns(data: xr.Dataset, dims: list[str]) -> Iterator[tuple[str, Any]]:
    """Name and values over `dims` of each column; a dimension of a variable's own gives one column per label."""
    for name, variable in data.data_vars.items():
        own = [str(dim) for dim in variable.dims if dim not in dims]
        whole = variable.broadcast_like(data.status).transpose(*dims, *own)
        for place in np.ndindex(*(whole.sizes[dim] for dim in own)):
            labels = [
                str(data[dim].values[n]) if dim in data.coords else str(n) for dim, n in zip(own, place, strict=True)
            ]
            chosen = whole.isel(dict(zip(own, place, strict=True)))
            yield "_".join([str(name), *labels]), np.ascontiguousarray(chosen.values)


def _cell(value: Any) -> str:
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)
