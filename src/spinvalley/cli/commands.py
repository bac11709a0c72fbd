"""What the commands do: read, compute with one public function, give. Imported when a command starts."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from spinvalley.checks import InvalidInput, direction_vector, one_of
from spinvalley.cli import giving, reading, telling
from spinvalley.cli.options import Crystal, Delivery, Physics
from spinvalley.figures.phase import add_gap_scale, draw_critical_lines, draw_gap_map
from spinvalley.files import check_folder, json_text
from spinvalley.pairing import solve_gap
from spinvalley.papers import PAPERS
from spinvalley.phase import critical_field, phase_diagram


def paper(name: str, out: Path | None, json: bool) -> int:
    """Everything of one paper into a folder; the claims to stdout. Returns the exit code."""
    module = import_module(f"spinvalley.papers.{one_of('paper', name, PAPERS)}")
    folder = check_folder(out if out is not None else Path(name))
    with telling.progress(quiet=json) as tell:
        table = module.run(folder, tell)
    print(json_text({"folder": folder} | table.document()) if json else f"{table.text()}\nEverything is in {folder}")
    return 0


def gap(physics: Physics, delivery: Delivery, kT: str, zeeman: str, direction: str, tol: float) -> int:
    """The gap at one temperature and field. Returns the exit code."""
    paths = giving.check_out(delivery.out, dims=1, figure=False)
    unit = direction_vector(reading.vector("direction", direction))
    temperature, field = reading.number("kT", kT), reading.number("zeeman", zeeman)
    sc = reading.superconductor(physics)
    state = solve_gap(sc, temperature, field * unit, tol=tol)
    data = giving.state_dataset(state)
    giving.write(paths, data)
    if delivery.json:
        print(giving.document("gap", sc, data))
    else:
        print(f"gap {state.gap:.7g} (error {state.error:.1g}, {state.status})")
        if state.fields is not None:
            magnetisation = ", ".join(f"{m:.6g}" for m in state.fields.magnetisation)
            print(f"chemical potential {state.fields.mu:.7g}, magnetisation ({magnetisation})")
        print(f"v = {sc.v:.7g}, F = {state.free_energy:.9g}; stationary points of F:")
        rows = [(b.gap, b.condensation, b.kind, "equilibrium" if b.equilibrium else "") for b in state.branches]
        print(giving.table(("gap", "F(gap) - F(0)", "kind", ""), rows))
    return int(giving.doubts(str(state.status)) > 0)


def hc2(physics: Physics, crystal: Crystal, delivery: Delivery, kT: str | None, direction: str, tol: float) -> int:
    """The critical field of a ready model at several temperatures. Returns the exit code."""
    if kT is None:
        raise InvalidInput("`kT` must be given for a ready model (or `material` for a material), but is not")
    for field in fields(crystal):
        if getattr(crystal, field.name) != field.default:
            raise InvalidInput(f"`{field.name}` must be given with `material` only, but `material` is not given")
    paths = giving.check_out(delivery.out, dims=1, figure=True)
    unit = direction_vector(reading.vector("direction", direction))
    temperatures = reading.numbers("kT", kT)
    sc = reading.superconductor(physics)
    with telling.progress(quiet=delivery.json) as tell:
        data = critical_field(sc, temperatures, direction=unit, tol=tol, progress=partial(tell, "critical field"))
    giving.write(paths, data, partial(_draw_line, data))
    if delivery.json:
        print(giving.document("hc2", sc, data))
    else:
        names = ("kT", "zeeman", "order", "zeeman_linear", "gap", "jump", "error", "status")
        print(f"v = {sc.v:.7g}")
        print(giving.table(names, list(zip(*(data[name].values.tolist() for name in names), strict=True))))
    return int(giving.doubts(data.status) > 0)


def gap_map(physics: Physics, delivery: Delivery, kT: str, zeeman: str, direction: str, tol: float) -> int:
    """The gap on a grid of temperatures and fields. Returns the exit code."""
    paths = giving.check_out(delivery.out, dims=2, figure=True)
    unit = direction_vector(reading.vector("direction", direction))
    temperatures, fields = reading.numbers("kT", kT), reading.numbers("zeeman", zeeman)
    sc = reading.superconductor(physics)
    with telling.progress(quiet=delivery.json) as tell:
        count = partial(tell, "gap map")
        data = phase_diagram(sc, temperatures, fields, direction=unit, tol=tol, progress=count)
    giving.write(paths, data, partial(_draw_map, data, sc.gap_scale))
    if delivery.json:
        print(giving.document("map", sc, data))
    else:
        print(f"v = {sc.v:.7g}; gap at kT (rows) and zeeman (columns):")
        rows = np.column_stack([data.kT.values, data.gap.values]).tolist()
        print(giving.table(("", *(f"{value:.6g}" for value in fields)), rows))
    return int(giving.doubts(data.status) > 0)


def _draw_line(data: xr.Dataset, ax: Axes) -> None:
    draw_critical_lines(ax, {"": data})
    ax.set_xlabel(r"$k_{\rm B}T$")
    ax.set_ylabel(r"$V$")


def _draw_map(data: xr.Dataset, gap0: float, ax: Axes) -> None:
    add_gap_scale(ax, draw_gap_map(ax, data, gap_unit=gap0))
    ax.set_xlabel(r"$k_{\rm B}T$")
    ax.set_ylabel(r"$V$")
