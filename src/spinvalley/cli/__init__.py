"""The command line: thin commands over public functions.

Exit codes: 0 done; 1 done, but some points did not reach the tolerance, or a file could not be written; 2 the input
makes no sense (one sentence on stderr, nothing written); 130 interrupted.

Only typer and the options are imported here; what computes is imported when a command starts.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

import spinvalley as sv
from spinvalley.cli.measured_options import Bar, Knowledge, Reading
from spinvalley.cli.options import KT, OPTIONAL_KT, ZEEMAN, Crystal, Delivery, EdgePhysics, EdgeView, Physics, spread
from spinvalley.cli.study_options import OPTIONAL_JSON, STORE, Computing, View

_DIRECTION: Final = typer.Option(help="Direction x,y,z of the field; z is normal to the layers.", metavar="X,Y,Z")
_TOL: Final = typer.Option(help="Tolerance, relative to the gap at T = V = 0 (hc2: to the field).", metavar="NUMBER")
_USAGE: Final[Any] = typer.BadParameter.__base__  # the class of typer's usage errors; it has no public name

app = typer.Typer(
    help="Ising superconductors, from the Hamiltonian to the phase diagram.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; an error that the user can mend is one sentence on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _warn  # type: ignore[assignment]
        return _run(given)


def _run(given: list[str]) -> int:
    try:
        code = app(args=given or ["--help"], prog_name="spinvalley", standalone_mode=False)
    except _USAGE as error:
        return _complain(error.format_message(), 2)
    except sv.SpinvalleyError as error:
        return _complain(str(error), 2)
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), 1)
    except (typer.Abort, KeyboardInterrupt):
        return _complain("interrupted", 130)
    return code if isinstance(code, int) else 0


def _warn(message: Warning | str, *_: Any) -> None:
    """A warning of the library as one line on stderr, without the place in the code that raised it."""
    _complain(f"warning: {message}", 0)


def _complain(sentence: str, code: int) -> int:
    print(f"spinvalley: {' '.join(sentence.split())}", file=sys.stderr)
    return code


def _commands() -> Any:
    """The module that computes: loaded by a command, not by --help."""
    return import_module("spinvalley.cli.commands")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"spinvalley {sv.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


@app.command()
def paper(
    name: Annotated[str, typer.Argument(help="The paper: heterostructure or gated_mos2.")],
    out: Annotated[Path | None, typer.Option(help="Folder for figures, data and claims; default: the name.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Compute and draw the figures of a paper and check its claims."""
    raise typer.Exit(_commands().paper(name, out, json))


@app.command()
@spread
def gap(
    kT: KT,
    physics: Physics,
    delivery: Delivery,
    zeeman: ZEEMAN = "0",
    direction: Annotated[str, _DIRECTION] = "1,0,0",
    tol: Annotated[float, _TOL] = 1e-6,
) -> None:
    """Gap at one temperature and field, with all metastable states."""
    raise typer.Exit(_commands().gap(physics, delivery, kT, zeeman, direction, tol))


@app.command()
@spread
def hc2(
    physics: Physics,
    crystal: Crystal,
    delivery: Delivery,
    kT: OPTIONAL_KT = None,
    direction: Annotated[str, _DIRECTION] = "1,0,0",
    tol: Annotated[float, _TOL] = 1e-5,
) -> None:
    """Critical field against temperature, with the order of the transition.

    Of a ready model in its own unit (--kT), or of a material in kelvin and tesla (--material, --density, --tc).
    """
    if crystal.material is None:
        raise typer.Exit(_commands().hc2(physics, crystal, delivery, kT, direction, tol))
    raise typer.Exit(import_module("spinvalley.cli.crystals").hc2(physics, crystal, delivery, kT, direction, tol))


@app.command("map")
@spread
def gap_map(
    kT: KT,
    zeeman: ZEEMAN,
    physics: Physics,
    delivery: Delivery,
    direction: Annotated[str, _DIRECTION] = "1,0,0",
    tol: Annotated[float, _TOL] = 1e-4,
) -> None:
    """Gap on a grid of temperatures and fields."""
    raise typer.Exit(_commands().gap_map(physics, delivery, kT, zeeman, direction, tol))


@app.command()
@spread
def edge(
    physics: EdgePhysics,
    view: EdgeView,
    zeeman: Annotated[float, typer.Option(help="Zeeman energy V in units of Delta: V/Delta.", metavar="NUMBER")] = 4.0,
    direction: Annotated[str, _DIRECTION] = "1,0,0",
    out: Annotated[Path, typer.Option(help="Folder for figures, data and summary.")] = Path("edge"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Majorana flat bands of an edge: nodes, winding number, strip and semi-infinite edge at V = --zeeman x Delta.

    Energies of the model are in its unit, but --zeeman, --energies and --eta are in units of the gap Delta.
    """
    raise typer.Exit(import_module("spinvalley.cli.edges").edge(physics, view, zeeman, direction, out, json))


@app.command()
@spread
def analyse(
    files: Annotated[list[Path], typer.Argument(help="Measured files of one sample.", metavar="FILE")],
    reading: Reading,
    known: Knowledge,
    bar: Bar,
    out: Annotated[Path | None, typer.Option(help="Folder of the report; default: FILE_report.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """From the files of a cryostat to Tc, Hc2 and what limits it: a report with figures, tables and verdicts."""
    raise typer.Exit(_analyses().analyse_files(files, reading, known, bar, out, json))


@app.command()
@spread
def fit(
    table: Annotated[Path, typer.Argument(help="CSV table: T_K, B_T, sigma_B_T; or theta_deg, B_T.", metavar="TABLE")],
    known: Knowledge,
    orientation: Annotated[
        str | None, typer.Option(help="parallel or perpendicular: which rows, or what all are.", metavar="NAME")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of a report; default: none is written.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Fit formulas to a table of critical fields and rank them by quality and admissibility."""
    raise typer.Exit(_analyses().fit_table(table, orientation, known, out, json))


@app.command()
@spread
def dome(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="A CSV table (device, n2D, Tc), reports made with --hall, or one measured file for each device.",
            metavar="FILE",
        ),
    ],
    reading: Reading,
    bar: Bar,
    delivery: Delivery,
    mass: Annotated[float | None, typer.Option(help="Effective mass in electron masses.", metavar="NUMBER")] = None,
) -> None:
    """Critical temperature against carrier density over several devices: the superconducting dome."""
    raise typer.Exit(_analyses().dome(files, reading, bar, mass, delivery))


@app.command()
def formats(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """The file formats that `analyse` reads."""
    raise typer.Exit(_analyses().formats(json))


@app.command()
def synthetic(
    out: Annotated[Path, typer.Option(help="File to write: .dat (PPMS) or .csv.")] = Path("synthetic.dat"),
) -> None:
    """Write a synthetic run of our own forward model, to try `analyse` on."""
    raise typer.Exit(_analyses().synthetic(out))


@app.command("app")
def serve_app(
    port: Annotated[int | None, typer.Option(help="TCP port; default: 5006 or the next free one.")] = None,
    studies: Annotated[
        Path | None, typer.Option(help="Folder whose stores of sweeps can be looked at.", metavar="FOLDER")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Open the app in the browser: bands, phase diagrams, edges, your own data, studies. On this machine only."""
    raise typer.Exit(import_module("spinvalley.cli.serving").serve_app(port, studies, no_browser))


def _analyses() -> Any:
    return import_module("spinvalley.cli.analyses")


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The run file to write.")] = Path("study.toml"),
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of run files instead.")] = False,
) -> None:
    """Write a run file with comments, from which `run` computes a study."""
    raise typer.Exit(_studies().init(file, schema))


@app.command()
@spread
def run(
    file: Annotated[Path, typer.Argument(help="The run file (TOML).", metavar="FILE")],
    computing: Computing,
    store: Annotated[str | None, typer.Option(help="Folder or fsspec URL; default: FILE with .zarr.")] = None,
) -> None:
    """Compute the study of a run file; what is in its store already is not computed again."""
    raise typer.Exit(_studies().run(file, store, computing))


@app.command()
@spread
def resume(store: STORE, computing: Computing) -> None:
    """Go on with a study that was interrupted; the run file is in the store."""
    raise typer.Exit(_studies().resume(store, computing))


@app.command()
def status(store: STORE, json: OPTIONAL_JSON = False) -> None:
    """What a study has done, what is missing and where it comes from."""
    raise typer.Exit(_studies().status(store, json))


@app.command()
def export(
    store: STORE,
    out: Annotated[Path, typer.Option(help="File: .nc (netCDF), .csv (a row per point) or .json.")],
    json: OPTIONAL_JSON = False,
) -> None:
    """Write a study with its provenance to one file."""
    raise typer.Exit(_studies().export(store, out, json))


@app.command()
@spread
def plot(store: STORE, view: View, json: OPTIONAL_JSON = False) -> None:
    """Draw a study: a map over two coordinates, or lines."""
    raise typer.Exit(import_module("spinvalley.cli.study_plots").plot(store, view, json))


def _studies() -> Any:
    return import_module("spinvalley.cli.studies")
