"""The panel *Edge*: winding number over the edge zone, beside the spectrum of a strip or of a semi-infinite edge."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

import spinvalley as sv
from spinvalley.app.controls import Choice, Controls, Number
from spinvalley.app.edge_plots import SpectrumPlot, WindingPlot
from spinvalley.app.systems import NAMES
from spinvalley.app.view import View, facts
from spinvalley.app.worker import Tell
from spinvalley.checks import Floats
from spinvalley.topology.edges import edge as find_edge

_MODELS: Final = {title: name for title, name in NAMES.items() if name in ("ising-film", "heterostructure")}
_UNITS: Final = {"armchair": "π/√3a", "zigzag": "π/a"}
_PICTURES: Final = {"Strip of finite width": "strip", "Semi-infinite edge": "half-plane"}
_LEVELS: Final = (21, 41, 81, 161, 321)
_MAPS: Final = ((31, 25), (61, 49), (121, 81))
_STATES: Final = 12


@dataclass(frozen=True, eq=False)
class Edges:
    """What is known of one edge so far."""

    unit: tuple[float, float]
    period: float
    label: str
    bands: xr.Dataset
    strip: xr.Dataset | None = None
    spectrum: xr.Dataset | None = None
    warned: tuple[str, ...] = ()


class EdgeView(View):
    """Controls of a superconductor with its gap in a field -> winding number and edge spectrum."""

    name, title = "edge", "Edge"

    def make_controls(self) -> Controls:
        """Model, gap and field, edge, spectrum."""
        controls = Controls({
            "Model": [
                Choice("model", "Model", _MODELS, "ising-film"),
                Number("coupling", "Coupling Γ (|t|)", 0.0, 1.5, 0.5, "beyond it there is no film on a substrate"),
                Number("beta_so", "Ising coupling β (|t|)", 0.0, 1.0, 0.5, "published splittings are below |t|"),
                Number("mu", "Level μ of the film (|t|)", -3.5, 1.8, 0.0, "inside the band of the film"),
            ],
            "Superconductor": [
                Number("gap", "Gap Δ (|t|)", 0.02, 0.5, 0.3, "smaller gaps need wider strips than a page can wait for"),
                Number("ratio", "V / Δ in the plane", 0.0, 12.0, 2.0, "beyond it no gap survives"),
            ],
            "Edge": [
                Choice("edge", "Direction", {"Armchair": "armchair", "Zigzag": "zigzag"}, "armchair"),
                Choice("picture", "Spectrum", _PICTURES, "strip"),
                Number("width", "Width (columns)", 10, 600, 240, "wider strips: `sv.topology`", 2, True),
                Number("reach", "Energies up to (Δ)", 0.005, 2.0, 0.5, "the gap and what lies in it"),
            ],
        })  # fmt: skip
        self._visible(controls)
        return controls

    def pictures(self) -> list[Any]:
        """The winding number above the spectrum, on one axis of momentum."""
        self.spectrum = SpectrumPlot(self.look)
        self.winding = WindingPlot(self.look, self.spectrum.figure.x_range)
        return [self.winding.figure, self.spectrum.figure, self.facts]

    def changed(self, name: str) -> None:
        """Another picture has other controls."""
        if name in ("model", "picture"):
            self._visible(self.controls)
        super().changed(name)

    def set_state(self, given: Mapping[str, str]) -> None:
        """Values out of the address."""
        super().set_state(given)
        self._visible(self.controls)

    def compute(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Edges]:
        """The flat bands first; then a spectrum, finer each time, the finer momenta between those that are known."""
        tell("nodes and winding numbers", 0, 1)
        sc = _superconductor(values)
        gap, v = values["gap"], values["ratio"] * values["gap"]
        which = find_edge(sc.model.lattice, values["edge"])
        bands = sv.topology.flat_bands(sc, gap, v, which)
        found = Edges((0.5 * which.period, gap), which.period, _UNITS[values["edge"]], bands)
        yield found
        steps = _strips(sc, values, which, tell) if values["picture"] == "strip" else _maps(sc, values, which, tell)
        for strip, spectrum, warned in steps:
            yield Edges(found.unit, found.period, found.label, bands, strip, spectrum, warned)

    def show(self, result: Edges) -> None:
        """Put winding numbers and spectrum into the figures."""
        self.winding.show(result.bands, result.unit[0], result.label)
        reach = self.controls.values()["reach"]
        self.spectrum.show(result.strip, result.spectrum, result.bands, result.unit, result.label, reach)
        bands = result.bands
        share = f"{100 * float(bands.fraction):.4g} % of the edge zone ({bands.status.item()})"
        rows = {"Flat bands on": share, "Nodes in the bulk": str(bands.attrs["nodes"])}
        if result.warned:
            rows["Finite size"] = result.warned[0]
        self.facts.object = facts(rows)

    def script(self, values: Mapping[str, Any]) -> str:
        """The calls behind the picture."""
        gap, v, where = f"{values['gap']:g}", f"{values['ratio'] * values['gap']:.6g}", f'"{values["edge"]}"'
        half = "np.pi / 3**0.5" if values["edge"] == "armchair" else "np.pi"
        lines = [
            "import numpy as np", "import spinvalley as sv", "", f"sc = {_call(values)}",
            f"bands = sv.topology.flat_bands(sc, {gap}, {v}, {where})", f"k = np.linspace(-1, 1, 321) * {half}",
        ]  # fmt: skip
        if values["picture"] == "strip":
            lines.append(f"strip = sv.topology.strip(sc, {gap}, {v}, {int(values['width'])}, k, {where})")
        else:
            reach = f"np.linspace(-{values['reach']:g}, {values['reach']:g}, 81) * {gap}"
            lines.append(f"seen = sv.topology.edge_spectrum(sc, {gap}, {v}, k, {reach}, {where})")
        return "\n".join(lines)

    @staticmethod
    def _visible(controls: Controls) -> None:
        values = controls.values()
        names = set(controls.names)
        names -= set() if values["model"] == "heterostructure" else {"coupling"}
        names -= set() if values["picture"] == "strip" else {"width"}
        controls.show(names)


_Step = tuple[xr.Dataset | None, xr.Dataset | None, tuple[str, ...]]


def _strips(sc: sv.Superconductor, values: Mapping[str, Any], which: Any, tell: Tell) -> Iterator[_Step]:
    gap, v, width = values["gap"], values["ratio"] * values["gap"], int(values["width"])
    whole: xr.Dataset | None = None
    warned: tuple[str, ...] = ()
    for number in _LEVELS:
        k = 0.5 * which.period * np.linspace(-1, 1, number)
        new = k if whole is None else k[1::2]
        for count, piece in enumerate(np.array_split(new, -(-len(new) // 20))):
            tell(f"strip, {number} momenta", count * 20, len(new))
            part, said = _strip(sc, gap, v, width, piece, which)
            warned = warned or said
            whole = part if whole is None else xr.concat([whole, part], "k_parallel", combine_attrs="override")
        assert whole is not None
        whole = whole.sortby("k_parallel")
        yield whole, None, warned


def _strip(
    sc: sv.Superconductor, gap: float, v: float, width: int, k: Floats, which: Any
) -> tuple[xr.Dataset, tuple[str, ...]]:
    """Levels of a strip, and the sentence of its warning."""
    with warnings.catch_warnings():  # the Dataset says where the strip is too narrow
        warnings.simplefilter("ignore", sv.topology.FiniteSizeWarning)
        found = sv.topology.strip(sc, gap, v, width, k, which, _STATES)
    if "finite_size" not in found or not bool(found.finite_size.any()):
        return found, ()
    return found, ("where grey, the strip is narrower than five decay lengths: its levels are not those of an edge",)


def _maps(sc: sv.Superconductor, values: Mapping[str, Any], which: Any, tell: Tell) -> Iterator[_Step]:
    gap, v = values["gap"], values["ratio"] * values["gap"]
    for momenta, energies in _MAPS:
        k = 0.5 * which.period * np.linspace(-1, 1, momenta)
        E = values["reach"] * gap * np.linspace(-1, 1, energies)
        eta = float(E[1] - E[0])
        parts = []
        for count, piece in enumerate(np.array_split(k, -(-momenta // 20))):
            tell(f"half plane, {momenta} × {energies} points", count * 20, momenta)
            parts.append(sv.topology.edge_spectrum(sc, gap, v, piece, E, which, eta=eta))
        yield None, xr.concat(parts, "k_parallel"), ()


def _superconductor(values: Mapping[str, Any]) -> sv.Superconductor:
    if values["model"] == "ising-film":
        model = sv.models.ising_film(values["beta_so"], mu=values["mu"])
        return sv.Superconductor(model, sv.s_wave(gap0=values["gap"]))
    stack = sv.models.heterostructure(coupling=values["coupling"], beta_so=values["beta_so"], mu_sc=values["mu"])
    return sv.Superconductor(stack, sv.s_wave(on="sc", gap0=values["gap"]))


def _call(values: Mapping[str, Any]) -> str:
    if values["model"] == "ising-film":
        model, on = f"sv.models.ising_film({values['beta_so']:g}, mu={values['mu']:g})", ""
    else:
        model = (
            f"sv.models.heterostructure(coupling={values['coupling']:g}, beta_so={values['beta_so']:g}, "
            f"mu_sc={values['mu']:g})"
        )
        on = 'on="sc", '
    return f"sv.Superconductor({model}, sv.s_wave({on}gap0={values['gap']:g}))"
