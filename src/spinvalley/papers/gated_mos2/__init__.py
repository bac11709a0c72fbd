"""The paper gated_mos2.txt: superconductivity protected by spin-valley locking in ion-gated MoS2.

`run` computes Fig. 1d and 4a-c, Supplementary Fig. 3-7, and the table of its claims. Digitised points of Hc2 are drawn
and fitted where their file is present.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from spinvalley.files import check_folder, staged_folder
from spinvalley.pairing import DEVICES
from spinvalley.papers.claims import ClaimsTable
from spinvalley.papers.folder import write_folder
from spinvalley.papers.gated_mos2.captions import captions
from spinvalley.papers.gated_mos2.computed import Computed, Progress, compute
from spinvalley.papers.gated_mos2.drawings import FIGURES
from spinvalley.papers.gated_mos2.parameters import Parameters
from spinvalley.papers.gated_mos2.statements import claims

__all__ = ["Computed", "Parameters", "claims", "compute", "run", "write"]


def run(out: str | Path, progress: Progress | None = None, parameters: Parameters | None = None) -> ClaimsTable:
    """Compute, draw and write everything into one folder, which appears when it is complete.

    Args:
        out: the folder: new, empty, or made by an earlier run.
        progress: called with (stage, steps done, steps in all).
        parameters: other parameters than those of the paper.

    Returns:
        The claims table, which is in the folder as claims.txt and claims.json.

    Raises:
        InvalidInput: a folder that holds other files, or that cannot be written; a data file that cannot be read.

    Source: gated_mos2.txt and its supplement; physics.md 2-4.
    """
    folder = check_folder(Path(out))
    tell = progress or (lambda *_: None)
    data = compute(parameters or Parameters(), tell)
    table = claims(data)
    with staged_folder(folder) as staged:
        write(data, table, staged, tell)
    return table


def write(data: Computed, table: ClaimsTable, folder: Path, progress: Progress) -> None:
    """Write figures (PDF, PNG), their data (netCDF, lines also CSV), captions and claims into a folder."""
    figures = {name: partial(draw, data) for name, draw in FIGURES.items()}
    write_folder(folder, figures, _datasets(data), captions(data), table, progress)


def _datasets(data: Computed) -> dict[str, xr.Dataset]:
    normal, critical = data.normal, data.critical
    return {
        "fig1d": _stacked(normal.gates, "eps_perp"),
        "fig1d_q_valleys": normal.q_valleys,
        "fig4a": normal.near,
        "fig4b": normal.pocket,
        "fig4b_contours": normal.contours,
        "fig4c": _stacked(critical.lines, "rashba_ratio"),
        "fig4c_cold": critical.cold,
        "supp3": _stacked({name: line.drop_vars("T") for name, line in data.klb.items()}, "device").assign(
            temperature=(("device", "T"), np.array([line["T"].values for line in data.klb.values()]), {"units": "K"})
        ),
        "supp3_devices": _devices(),
        "supp4": normal.path,
        "supp4_bands": normal.levels,
        "supp4_numbers": normal.numbers,
        "supp5": _stacked(critical.zeeman, "treatment"),
        "supp6_gain": critical.momentum,
        "supp6_lattice": _stacked(critical.lattice_momentum, "rashba_ratio"),
        "supp6_profiles": critical.profiles,
        "supp6_triplet": critical.triplet,
        "supp7_density": critical.density,
        "supp7_tc": critical.tcs,
        "pure_rashba": critical.rashba,
    }


def _stacked(parts: Mapping[Any, xr.Dataset], name: str) -> xr.Dataset:
    """Datasets by a label as one, with that label as a dimension."""
    labels = xr.DataArray(list(parts), dims=name, name=name)
    return xr.concat(list(parts.values()), dim=labels, combine_attrs="drop_conflicts")


def _devices() -> xr.Dataset:
    """The table of Supplementary Section on scattering, with tau/tau_so."""
    columns = {"tc": "K", "density": "cm^-2", "mobility": "cm^2/Vs", "tau": "fs", "tau_so": "fs"}
    table = {name: ("device", [getattr(d, name) for d in DEVICES], {"units": unit}) for name, unit in columns.items()}
    data = xr.Dataset(table, {"device": [d.name for d in DEVICES]})
    return data.assign(ratio=data.tau / data.tau_so, admissible=data.tau < data.tau_so)
