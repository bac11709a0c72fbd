"""Options of the commands about studies. Nothing heavy is imported here: `spinvalley --help` reads this module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

_WHERE: Final = "Where to compute (default: in this process)"

STORE = Annotated[str, typer.Argument(help="Store of the study: a folder or an fsspec URL.", metavar="STORE")]
JSON = Annotated[bool, typer.Option("--json", help="JSON for machines on stdout, and nothing else there.")]
OPTIONAL_JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def _where(help_text: str, metavar: str) -> Any:
    return typer.Option(help=help_text, metavar=metavar, rich_help_panel=_WHERE)


@dataclass(frozen=True, kw_only=True)
class Computing:
    """Who computes, what is computed again, and how progress is told."""

    workers: Annotated[int | None, _where("Start so many processes on this machine.", "NUMBER")] = None
    scheduler: Annotated[str | None, _where("Use the Dask cluster of this scheduler.", "ADDRESS")] = None
    slurm: Annotated[Path | None, _where("Ask SLURM for workers, as this TOML file says.", "FILE")] = None
    force: Annotated[bool, typer.Option("--force", help="Go on although run file, data or code changed.")] = False
    retry: Annotated[bool, typer.Option("--retry", help="Compute points again that failed.")] = False
    json: JSON = False


@dataclass(frozen=True, kw_only=True)
class View:
    """What is drawn of a study."""

    x: Annotated[str | None, typer.Option(help="Coordinate to the right; default: the last one.", metavar="KEY")] = None
    y: Annotated[
        str | None, typer.Option(help="Coordinate upwards of a map; with --x alone lines are drawn.", metavar="KEY")
    ] = None
    variable: Annotated[str | None, typer.Option(help="What is drawn; default: the first one.", metavar="NAME")] = None
    at: Annotated[
        list[str] | None,
        typer.Option(help="Another coordinate held at one of its values; may be given again.", metavar="KEY=VALUE"),
    ] = None
    out: Annotated[
        Path | None, typer.Option(help="File: .pdf, .png or .svg; default: the name of the store with .pdf.")
    ] = None
