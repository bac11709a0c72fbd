"""The paper heterostructure.txt: Ising spin-orbit coupling induced in a superconductor by a dichalcogenide layer.

`run` computes Fig. 1-4, the dependence on the gap that the paper does not print, what the strips of Fig. 4 cannot show,
and the table of its claims.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import xarray as xr

from spinvalley.files import check_folder, staged_folder
from spinvalley.papers.claims import ClaimsTable
from spinvalley.papers.folder import write_folder
from spinvalley.papers.heterostructure.captions import captions
from spinvalley.papers.heterostructure.computed import Computed, compute
from spinvalley.papers.heterostructure.curves import lines_table
from spinvalley.papers.heterostructure.drawings import FIGURES
from spinvalley.papers.heterostructure.edge import EdgeData, Progress
from spinvalley.papers.heterostructure.parameters import Parameters
from spinvalley.papers.heterostructure.statements import claims

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
        InvalidInput: a folder that holds other files, or that cannot be written.

    Source: heterostructure.txt, Fig. 1-4.
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
    points, ends = lines_table(data.lines)
    rungs, rung_ends = lines_table(data.ladder)
    alone, strong = data.maps[0.0], data.maps[data.parameters.strongest]
    return {
        "fig1a_superconductor": data.bands["sc"],
        "fig1a_tmd": data.bands["tmd"],
        "fig1b_superconductor": data.fermi["sc"],
        "fig1b_tmd": data.fermi["tmd"],
        "fig2": data.spectral,
        "fig3a": points,
        "fig3a_lines": ends,
        "fig3b": alone,
        "fig3c": strong,
        "ladder": rungs,
        "ladder_lines": rung_ends,
        **_edge_datasets(data.edge),
    }


def _edge_datasets(edge: EdgeData) -> dict[str, xr.Dataset]:
    alone, strong = edge.strips.values()
    return {
        "fig4a": alone,
        "fig4b": strong,
        "fig4_edge_spectrum": edge.spectrum,
        "fig4_one_band": edge.resolved,
        "fig4_flat_bands": edge.bands["armchair"],
        "fig4_nodes": edge.nodes,
        "fig4_winding": edge.phase,
        "fig4_decay": edge.decay,
        "fig4_andreev": edge.peak,
        "fig4_eq8": edge.schemes,
    }
