"""The commands `analyse`, `fit`, `dome`, `formats`, `synthetic`: measured data in, a report out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal, cast

import xarray as xr
from matplotlib.axes import Axes

from spinvalley import __version__
from spinvalley.checks import InvalidInput, one_of, real
from spinvalley.cli import giving
from spinvalley.cli.measured_options import Bar, Knowledge, Reading
from spinvalley.cli.options import Delivery
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.formats import formats as known_formats
from spinvalley.experiment.run import DIRECTIONS
from spinvalley.figures.measured import draw_dome
from spinvalley.files import check_file, check_folder, dataset_document, json_text
from spinvalley.reports import Analysis, Options, analyse, analyse_table, dome_of
from spinvalley.reports.example import write_example

_SUFFIXES = (".dat", ".csv")
_SHOWN: Final = ("n2D", "sigma_n2D", "Tc", "sigma_Tc", "B", "mobility", "tau", "carriers", "status")


def analyse_files(
    files: Sequence[Path], reading: Reading, known: Knowledge, bar: Bar, out: Path | None, json: bool
) -> int:
    """A report of the files of a cryostat; the summary to stdout. Returns the exit code."""
    options = _options(reading, known, bar)
    folder = check_folder(out if out is not None else Path(f"{files[0].stem}_report"))
    return _give(analyse(files, options), folder, json, "analyse")


def fit_table(table: Path, orientation: str | None, known: Knowledge, out: Path | None, json: bool) -> int:
    """The ranking of formulas for a table of critical fields; a report only where it is asked for."""
    options = _options(Reading(), known, Bar())
    folder = None if out is None else check_folder(out)
    select = {} if orientation is None else {"orientation": one_of("orientation", orientation, DIRECTIONS)}
    return _give(analyse_table(table, options, select=select), folder, json, "fit")


def dome(files: Sequence[Path], reading: Reading, bar: Bar, mass: float | None, delivery: Delivery) -> int:
    """Tc against density over several devices. Returns the exit code."""
    options = _options(reading, Knowledge(mass=mass), bar)
    paths = giving.check_out(delivery.out, dims=1, figure=True)
    table = dome_of(files, options)
    giving.write(paths, table, partial(_draw_dome, table))
    if delivery.json:
        print(json_text({"spinvalley": __version__, "command": "dome"} | dataset_document(table)))
    else:
        print("n2D in cm^-2, Tc in K at the field B in T, mobility in cm^2/Vs, tau in fs")
        rows = zip(table.device.values.tolist(), *(table[name].values.tolist() for name in _SHOWN), strict=True)
        print(giving.table(("device", *_SHOWN), list(rows)))
    return 0


def _draw_dome(table: xr.Dataset, ax: Axes) -> None:
    draw_dome(ax, table)


def formats(json: bool) -> int:
    """The formats that are read."""
    known = known_formats()
    if json:
        print(json_text([{"name": f.name, "suffixes": f.suffixes, "read": f.read} for f in known]))
    else:
        print("\n".join(f"{f.name} ({', '.join(f.suffixes)}): {f.read}" for f in known))
    return 0


def synthetic(out: Path) -> int:
    """The synthetic run of the forward model."""
    one_of("out", out.suffix, _SUFFIXES)
    path = check_file(out)
    write_example(path)
    print(f"Synthetic data, made by a computer and not measured, are in {path}")
    return 0


def _give(found: Analysis, folder: Path | None, json: bool, command: str) -> int:
    if folder is not None:
        found.write(folder)
    told = found.document()
    if json:
        print(json_text({"command": command, "folder": folder} | told))
    else:
        print("\n".join([*told["summary"], *_rankings(found)]))
        if folder is not None:
            print(f"The report is {folder / 'report.html'}")
    return _doubtful(found)


def _rankings(found: Analysis) -> list[str]:
    """The fits of each line in full; a command without report has nothing else to tell."""
    return [f"\n{one.line.name}\n{one.comparison.report()}" for one in found.judged if one.comparison is not None]


def _doubtful(found: Analysis) -> int:
    """1 where the best formula of a line did not converge."""
    best = [one.best.fit for one in found.judged if one.best is not None]
    return int(any(fit is not None and not fit.converged for fit in best))


def _options(reading: Reading, known: Knowledge, bar: Bar) -> Options:
    """The settings out of the texts of the command line."""
    return Options(
        criterion=_criterion(reading.criterion),
        normal=reading.normal,
        theta=_theta(reading.theta),
        channel=reading.channel,
        allow_cut=reading.allow_cut,
        models=_models(known.models),
        tc=_tc(known.tc),
        fixed=dict(_pair(text) for text in known.fixed or ()),
        mobility=known.mobility,
        mass=known.mass,
        tau=known.tau,
        splitting=_range(known.splitting),
        rashba_ratio=known.rashba_ratio,
        hall=bar.hall,
        geometry=bar.geometry,
        loss=cast(Literal["linear", "soft_l1"], known.loss),
        bootstrap=known.bootstrap,
        posterior=known.posterior,
        theory=known.theory,
        theory_free=tuple(part.strip() for part in (known.theory_free or "").split(",") if part.strip()),
    )


def _models(text: str | None) -> tuple[str, ...]:
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if text is not None and not names:
        raise InvalidInput(f"`models` must name formulas, among {', '.join(FORMULAS)}, but is {text!r}")
    return names


def _criterion(text: str) -> float | str:
    return text if text in ("onset", "zero") else _number("criterion", text)


def _theta(text: str | None) -> float | str | None:
    return text if text is None or text in DIRECTIONS else _number("theta", text, f", {', '.join(DIRECTIONS)}")


def _tc(text: str) -> float | str:
    return text if text in ("measured", "free") else _number("tc", text, ", measured or free")


def _pair(text: str) -> tuple[str, float]:
    name, sign, value = text.partition("=")
    if not sign:
        raise InvalidInput(f"`fixed` must be name=value, but is {text!r}")
    return name.strip(), _number(f"fixed {name.strip()}", value)


def _range(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2:
        raise InvalidInput(f"`splitting` must be least,greatest in meV, but is {text!r}")
    return _number("splitting", parts[0]), _number("splitting", parts[1])


def _number(name: str, text: str, other: str = "") -> float:
    try:
        return real(name, float(text))
    except ValueError:
        raise InvalidInput(f"`{name}` must be a number{other}, but is {text!r}") from None
