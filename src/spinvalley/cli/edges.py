"""The command `edge`: the Majorana flat bands of one edge, computed, drawn and told. Imported when it starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley import __version__, normal, pairing, topology
from spinvalley.checks import Floats, InvalidInput, Status, direction_vector, non_negative, positive
from spinvalley.cli import giving, reading, telling
from spinvalley.cli.edge_drawings import FIGURES, WITHOUT_FIELD
from spinvalley.cli.options import EdgePhysics, EdgeView
from spinvalley.figures.style import journal
from spinvalley.files import check_folder, dataset_document, json_text, staged_folder, write_dataset, write_text
from spinvalley.topology.edges import Edge
from spinvalley.topology.edges import edge as find_edge
from spinvalley.topology.strip import FiniteSizeWarning, strip
from spinvalley.topology.width import width_for

_SPLITTING: Final = 1e-4  # of Delta: the splitting for which a width is told
_SAMPLES: Final = 17  # momenta in the middle 80 % of an interval of flat bands
_AT_ZERO: Final = 1e-9
_FIELD_TOL: Final = 1e-5
_STRENGTHS: Final = ("gap0", "v", "tc", "layer_gap0")


@dataclass(frozen=True, eq=False)
class Setting:
    """The question: a superconductor with its gap in a field, at an edge, and where to look.

    Args:
        sc: the superconductor.
        gap: Delta, energy unit of the model.
        ratio: V/Delta.
        direction: unit vector of the field.
        edge: the edge.
        view: momenta, energies, width.
        equilibrium: Dataset of `field_at_ratio`, if the gap is that of the equilibrium state.
    """

    sc: pairing.Superconductor
    gap: float
    ratio: float
    direction: Floats
    edge: Edge
    view: EdgeView
    equilibrium: xr.Dataset | None

    @property
    def zeeman(self) -> Floats:
        """V as a 3-vector, energy."""
        return self.ratio * self.gap * self.direction

    @property
    def unit(self) -> tuple[float, float]:
        """Half the edge zone, and Delta."""
        return 0.5 * self.edge.period, self.gap

    @cached_property
    def k(self) -> Floats:
        """Momenta, 1/length."""
        return self.unit[0] * reading.numbers("momenta", self.view.momenta)

    @cached_property
    def energies(self) -> Floats:
        """Energies of the spectral function, energy unit of the model."""
        return self.gap * reading.numbers("energies", self.view.energies)

    @property
    def eta(self) -> float | None:
        """Broadening, energy unit of the model."""
        return None if self.view.eta is None else self.gap * positive("eta", self.view.eta)


@dataclass(frozen=True, eq=False)
class Found:
    """The answer: a Dataset for each name, and the warnings of the strips."""

    data: dict[str, xr.Dataset]
    warned: list[str]


def edge(physics: EdgePhysics, view: EdgeView, zeeman: float, direction: str, out: Path, json: bool) -> int:
    """Everything about one edge into a folder, a summary to stdout. Returns the exit code."""
    folder = check_folder(out)
    with telling.progress(quiet=json) as tell:
        asked = setting(physics, view, zeeman, direction)
        found = compute(asked, tell)
        text = summary(asked, found)
        with staged_folder(folder) as staged:
            write(asked, found, text, staged, tell)
    print(document(asked, found, folder) if json else f"{text}\nEverything is in {folder}")
    states = [np.atleast_1d(data.status.values).ravel() for data in found.data.values()]
    return int(giving.doubts(np.concatenate([*states, [found.data["nodes"].attrs["status"]]])) > 0)


def setting(physics: EdgePhysics, view: EdgeView, zeeman: float, direction: str) -> Setting:
    """The question from the options.

    Raises:
        InvalidInput: values out of range, an unknown edge, options that do not fit together, a field that ends the
            superconducting phase.
    """
    ratio, gap = non_negative("zeeman", zeeman), positive("gap", physics.gap)
    unit = direction_vector(reading.vector("direction", direction))
    sc = _superconductor(physics)
    which = find_edge(sc.model.lattice, _direction(view.edge))
    asked = Setting(sc, gap, ratio, unit, which, view, None)
    _ = asked.k, asked.energies, asked.eta  # refuses what makes no sense before any work is done
    if not physics.self_consistent:
        return asked
    state = _equilibrium(sc, physics.kT, ratio, unit)
    return replace(asked, gap=float(state.gap), equilibrium=state)


def compute(asked: Setting, tell: telling.Tell) -> Found:
    """All Datasets, and the warnings of the strips.

    Raises:
        InvalidInput: no chiral symmetry (names the terms that break it), a strip that is too narrow.
    """
    sc, gap, v, which, k, view = asked.sc, asked.gap, asked.zeeman, asked.edge, asked.k, asked.view
    zone = normal.fermi_contours(sc.model)
    work: dict[str, Callable[[], xr.Dataset]] = {
        "flat_bands": lambda: topology.flat_bands(sc, gap, v, which),
        "strip": lambda: strip(sc, gap, v, view.width, k, which, view.states),
        WITHOUT_FIELD: lambda: strip(sc, gap, 0.0, view.width, k, which, view.states),
        "nodes": lambda: topology.nodes(sc, gap, v).assign(zone_corners=zone.zone_corners),
        "symmetry": lambda: topology.symmetry_class(sc, gap, v, which).drop_vars("operator"),  # complex: not netCDF
        "winding": lambda: topology.winding(sc, gap, v, k, which),
        "widths": lambda: _widths(asked, data["flat_bands"]),
        "edge_spectrum": lambda: topology.edge_spectrum(sc, gap, v, k, asked.energies, which, eta=asked.eta),
    }
    data: dict[str, xr.Dataset] = {}
    warned = []
    for done, (name, act) in enumerate(work.items()):
        tell("edge", done, len(work))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FiniteSizeWarning)
            data[name] = act()
        where = "without field" if name == WITHOUT_FIELD else "in the field"
        warned += [f"{where}, {w.message}" for w in caught if issubclass(w.category, FiniteSizeWarning)]
    tell("edge", len(work), len(work))
    return Found(data, warned)


def write(asked: Setting, found: Found, text: str, folder: Path, tell: telling.Tell) -> None:
    """Write figures (PDF, PNG), Datasets (netCDF) and the summary into a folder."""
    for name, data in found.data.items():
        write_dataset(folder / f"{name}.nc", data.assign_attrs(_about(asked)))
    for done, (name, draw) in enumerate(FIGURES.items()):
        tell("drawing", done, len(FIGURES))
        with journal():
            figure = draw(found.data, asked.unit)
            figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
            figure.savefig(folder / f"{name}.png")
    tell("drawing", len(FIGURES), len(FIGURES))
    write_text(folder / "summary.txt", text + "\n")


def document(asked: Setting, found: Found, folder: Path) -> str:
    """One JSON document: the question, where the files are, and the Datasets without their maps."""
    short = ("flat_bands", "nodes", "symmetry", "widths")
    datasets = {name: dataset_document(found.data[name]) for name in short}
    about: dict[str, Any] = {"spinvalley": __version__, "command": "edge", "folder": folder, **_about(asked)}
    if asked.equilibrium is not None:
        about["equilibrium"] = dataset_document(asked.equilibrium)
    return json_text(about | datasets | {"warnings": found.warned})


def summary(asked: Setting, found: Found) -> str:
    """What was found, in words and one table."""
    nodes, bands, symmetry = (found.data[name] for name in ("nodes", "flat_bands", "symmetry"))
    field = ", ".join(f"{x:.6g}" for x in asked.zeeman)
    lines = [
        f"Delta = {asked.gap:.7g} ({_source(asked)})",
        f"V = {asked.ratio:g} Delta = ({field}), edge {asked.edge.name}",
        f"symmetry class {symmetry.attrs['tenfold']}, at fixed k_par {symmetry.attrs['tenfold_1d']}",
        f"nodes: {_nodes(nodes)}",
        f"flat bands on {100 * float(bands.fraction):.4g} % of the edge zone ({bands.status.item()})",
    ]
    if found.data["widths"].sizes["interval"]:
        lines += [
            f"k_par >= 0 in units of {_unit_name(asked)}; decay lengths in the middle 80 % of each interval, and the",
            f"width for a splitting below {_SPLITTING:g} Delta there, in columns of {asked.edge.spacing:.4g} a:",
            _table(asked, found.data["widths"]),
        ]
    lines += [f"warning: {sentence}" for sentence in found.warned]
    return "\n".join(lines)


def _table(asked: Setting, widths: xr.Dataset) -> str:
    half, spacing = asked.unit[0], asked.edge.spacing
    rows = []
    for n in range(widths.sizes["interval"]):
        one = widths.isel(interval=n)
        decay = one.decay_length.values / spacing
        ends = (f"{float(one[name]) / half:.6f}" for name in ("start", "stop"))
        numbers = (decay.min(), decay.max(), one.columns.values.max())
        rows.append((*ends, f"{int(one.winding):+d}", *(f"{x:.3g}" if x < 1e3 else f"{x:.0f}" for x in numbers)))
    return giving.table(("from", "to", "w", "shortest", "longest", "width needed"), rows)


def _widths(asked: Setting, bands: xr.Dataset) -> xr.Dataset:
    """`width_for` at momenta in the middle 80 % of each interval of flat bands at k_par >= 0: (interval, sample)."""
    right = bands.isel(interval=np.flatnonzero(bands.stop.values > _AT_ZERO))[["start", "stop", "winding"]]
    right["start"] = np.maximum(right.start, 0.0)
    k = (right.start + xr.DataArray(np.linspace(0.1, 0.9, _SAMPLES), dims="sample") * (right.stop - right.start)).values
    limit = _SPLITTING * asked.gap
    found = width_for(asked.sc, asked.gap, asked.zeeman, k.ravel(), limit, asked.edge) if k.size else None
    names = {"columns": float, "decay_length": float, "status": str}
    for name, kind in names.items():
        values = np.empty(k.shape, dtype=kind) if found is None else found[name].values.reshape(k.shape)
        right[name] = (("interval", "sample"), values)
    return right.assign_coords(k_parallel=(("interval", "sample"), k)).assign_attrs(splitting=limit)


def _equilibrium(sc: pairing.Superconductor, kT: float | None, ratio: float, direction: Floats) -> xr.Dataset:
    """The field at which V = ratio x Delta(T, V).

    Raises:
        InvalidInput: no temperature, no such state: one sentence that says where superconductivity ends.
    """
    if kT is None:
        raise InvalidInput("`kT` must be given with --self-consistent, but is not")
    kT = non_negative("kT", kT)
    state = topology.field_at_ratio(sc, kT, positive("zeeman", ratio), direction=direction, tol=_FIELD_TOL)
    if state.status == str(Status.NORMAL):
        raise InvalidInput(f"`kT` must lie below the critical temperature, but is {kT}: the normal state at V = 0")
    if state.status == str(Status.BEYOND_RANGE):
        raise InvalidInput(
            f"`zeeman` must lie inside the superconducting phase, but V = {ratio:g} Delta does not at kT = {kT:g}: at V"
            f" = {float(state.zeeman):.6g} = {float(state.ratio):.4g} Delta(T, V) the gap {float(state.gap):.6g} jumps "
            f"to zero; raise `kT`, or give the gap without --self-consistent"
        )
    return state


def _superconductor(physics: EdgePhysics) -> pairing.Superconductor:
    """The superconductor; without a strength its gap at T = V = 0 is `gap`."""
    given = [name for name in _STRENGTHS if getattr(physics, name) is not None]
    if not physics.self_consistent and (given or physics.kT is not None):
        name = given[0] if given else "kT"
        raise InvalidInput(f"`{name}` must come with --self-consistent, but does not: else the gap is `gap`, as given")
    return reading.superconductor(physics if given else replace(physics, gap0=physics.gap))


def _direction(text: str) -> Any:
    """The edge as `topology` knows it: a name, or the pair "n1,n2"."""
    try:
        return tuple(int(part) for part in text.split(",")) if "," in text else text
    except ValueError:
        return text


def _about(asked: Setting) -> dict[str, Any]:
    """The question as attributes."""
    return {
        "gap": asked.gap,
        "zeeman": asked.zeeman.tolist(),
        "ratio": asked.ratio,
        "edge": asked.edge.name,
        "momentum_unit": asked.unit[0],
    }


def _source(asked: Setting) -> str:
    if asked.equilibrium is None:
        return "given"
    kT = float(asked.equilibrium.kT)
    return f"of the equilibrium state at kT = {kT:g} in this field: V lies inside the superconducting phase"


def _nodes(nodes: xr.Dataset) -> str:
    number, status = nodes.sizes["node"], nodes.attrs["status"]
    if number == 0 or not nodes.attrs["chiral"]:
        return f"{number} ({status}, zero set: {nodes.attrs['zero_set']})"
    charges = nodes.charge.values
    return f"{number}, charge +: {int(np.sum(charges > 0))}, charge -: {int(np.sum(charges < 0))} ({status})"


def _unit_name(asked: Setting) -> str:
    named = {"armchair": "pi/(sqrt3 a)", "zigzag": "pi/a"}
    return named.get(asked.edge.name, f"half the edge zone, {asked.unit[0]:.6g}/a")
