"""What every paper leaves in its folder: figures, their data, captions and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from spinvalley.figures.style import journal
from spinvalley.files import write_dataset, write_text
from spinvalley.papers.claims import ClaimsTable


def write_folder(
    folder: Path,
    figures: Mapping[str, Callable[[], Any]],
    datasets: Mapping[str, xr.Dataset],
    captions: str,
    table: ClaimsTable,
    progress: Callable[[str, int, int], Any],
) -> None:
    """Write figures (PDF, PNG), their data (netCDF, lines also CSV), captions and claims into a folder."""
    for done, (name, draw) in enumerate(figures.items()):
        progress("drawing", done, len(figures))
        with journal():
            figure = draw()
            figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
            figure.savefig(folder / f"{name}.png")
    progress("drawing", len(figures), len(figures))
    for name, dataset in datasets.items():
        write_dataset(folder / f"{name}.nc", dataset)
        if len(dataset.dims) == 1:
            write_dataset(folder / f"{name}.csv", dataset)
    write_text(folder / "captions.txt", captions)
    table.write(folder)
