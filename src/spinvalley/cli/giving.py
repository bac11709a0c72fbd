"""The answer: a table or one JSON document on stdout, and the files that were asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from spinvalley import __version__
from spinvalley.checks import Status, one_of
from spinvalley.cli.tables import table
from spinvalley.figures.style import journal, panels
from spinvalley.files import DATA_SUFFIXES, check_file, dataset_document, json_text, staged_file, write_dataset
from spinvalley.pairing import GapState, Superconductor

FIGURES: Final = (".pdf", ".png", ".svg")
__all__ = ["FIGURES", "check_out", "document", "doubts", "state_dataset", "table", "write"]
Draw = Callable[[Axes], Any]
_UNSOUND: Final = (Status.NOT_CONVERGED, Status.FAILED, Status.BEYOND_RANGE)


def check_out(out: Sequence[Path] | None, *, dims: int, figure: bool) -> list[Path]:
    """The files to write, or one sentence that says why one of them cannot be, before any work is done."""
    data = [suffix for suffix in DATA_SUFFIXES if suffix != ".csv" or dims == 1]
    known = [*data, *(FIGURES if figure else ())]
    paths = list(out or ())
    for path in paths:
        one_of("out", path.suffix, known)
    return [check_file(path) for path in paths]


def write(paths: Sequence[Path], data: xr.Dataset, draw: Draw | None = None) -> None:
    """Write the Dataset, or its figure, to each path; a file is whole or not there."""
    for path in paths:
        if path.suffix not in FIGURES or draw is None:
            write_dataset(path, data)
            continue
        with journal(), staged_file(path) as staged:
            figure, (ax,) = panels()
            draw(ax)
            figure.savefig(staged)


def document(command: str, sc: Superconductor, data: xr.Dataset) -> str:
    """One JSON document: what was asked, and the Dataset."""
    about = {"spinvalley": __version__, "command": command, "v": sc.v, "gap_scale": sc.gap_scale}
    return json_text(about | dataset_document(data))


def state_dataset(state: GapState) -> xr.Dataset:
    """A GapState as a Dataset: its stationary points along `branch`, the rest without a dimension."""
    branches = state.branches
    per_branch = {
        "branch_gap": [b.gap for b in branches],
        "branch_condensation": [b.condensation for b in branches],
        "branch_kind": [b.kind for b in branches],
        "branch_equilibrium": [b.equilibrium for b in branches],
    }
    single = {"gap": state.gap, "free_energy": state.free_energy, "condensation": state.condensation}
    if state.fields is not None:
        single["mu"] = state.fields.mu
        single |= {f"m_{axis}": m for axis, m in zip("xyz", state.fields.magnetisation, strict=True)}
    return xr.Dataset(
        {name: ("branch", values) for name, values in per_branch.items()}
        | {name: ((), value) for name, value in single.items()}
        | {"error": ((), state.error), "status": ((), str(state.status))},
        attrs={"kT": state.kT, "zeeman": list(state.zeeman)},
    )


def doubts(status: Any) -> int:
    """How many points the solver does not stand by; says so on stderr."""
    values = np.atleast_1d(np.asarray(status)).ravel()
    count = int(np.isin(values, [str(s) for s in _UNSOUND]).sum())
    if count:
        print(
            f"spinvalley: {count} of {values.size} points did not reach the tolerance: see their status",
            file=sys.stderr,
        )
    return count
