"""The panel *Phase diagram*: the gap over temperature and field, the critical line, the state at a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import panel as pn
import xarray as xr
from bokeh.events import Tap

import spinvalley as sv
from spinvalley.app import coarse, systems
from spinvalley.app.controls import Choice, Controls, Number
from spinvalley.app.plots import EnergyCurve, GapMap
from spinvalley.app.systems import System
from spinvalley.app.view import View, facts, row
from spinvalley.app.worker import Tell, Worker
from spinvalley.checks import Floats

DIRECTIONS: Final = {"In the plane": "x", "Out of the plane": "z"}
_VECTORS: Final = {"x": np.array([1.0, 0.0, 0.0]), "z": np.array([0.0, 0.0, 1.0])}
_POINTS: Final = {False: ("t", "v"), True: ("T", "B")}
_TEMPERATURES: Final = 45
_FIELDS: Final = 9
_DOUBLINGS: Final = 2
_LINE: Final = (5, 12)
_TOL, _LINE_TOL, _POINT_TOL = 1e-2, 1e-3, 1e-5
_CURVE: Final = 121


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known so far: the map, and the critical line with the Pauli limit."""

    system: System
    map: xr.Dataset
    line: xr.Dataset | None = None
    pauli: float | None = None
    tc: float = 0.0
    top: float = 0.0


@dataclass(frozen=True, eq=False)
class Point:
    """The state at one point with its free energy."""

    system: System
    state: sv.GapState
    gaps: Floats
    energy: Floats


class PhaseView(View):
    """Controls of a model -> gap map, critical field, state at a point."""

    name, title = "phase", "Phase diagram"

    def make_controls(self) -> Controls:
        """Model, pairing, field, point."""
        controls = Controls({
            "Model": [
                systems.MODEL, systems.COUPLING, systems.BETA, systems.STRONG_BETA, systems.MU, systems.DENSITY,
                systems.RASHBA,
            ],
            "Pairing": [systems.GAP, systems.TC],
            "Field": [
                Choice("direction", "Direction", DIRECTIONS, "x"),
                Number("v_max", "Range of V (Δ₀)", 0.5, 10.0, 1.5, "the map is computed up to here"),
                Number("b_max", "Range of B (T)", 5.0, 300.0, 120.0, "the map is computed up to here"),
            ],
            "Point": [
                Number("t", "Temperature kT / Δ₀", 0.0, 1.0, 0.15, "above it every state is normal"),
                Number("v", "Field V / Δ₀", 0.0, 10.0, 0.5, "the largest range of the map"),
                Number("T", "Temperature T (K)", 0.1, 15.0, 1.5, "above the largest T_c every state is normal"),
                Number("B", "Field B (T)", 0.0, 300.0, 30.0, "the largest range of the map"),
            ],
        })  # fmt: skip
        self._visible(controls)
        return controls

    def pictures(self) -> list[Any]:
        """The map beside the free energy at the point."""
        self.map, self.energy = GapMap(self.look), EnergyCurve(self.look)
        self.map.figure.on_event(Tap, lambda event: self._tapped(event.x, event.y))
        self._point_worker = Worker(self._show_point, self._told_of_point)
        return [row(self.map.figure, pn.Column(self.energy.figure, self.facts, sizing_mode="stretch_width"))]

    def changed(self, name: str) -> None:
        """A new point needs no new map."""
        if name == "model":
            self._visible(self.controls)
        if name in "tvTB":
            self._start_point()
            for act in self._told_others:
                act()
        else:
            super().changed(name)

    def start(self) -> None:
        """The map and the point."""
        super().start()
        self._start_point()

    def set_state(self, given: Mapping[str, str]) -> None:
        """Values out of the address."""
        super().set_state(given)
        self._visible(self.controls)

    def close(self) -> None:
        """Nobody looks any more."""
        super().close()
        self._point_worker.close()

    def compute(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Picture]:
        """A sketch at once, then maps of 9, 17 and 33 fields and the line between them; no column is computed twice."""
        tell("first sketch", 0, 1)
        quick, unit = coarse.quick(values), _VECTORS[values["direction"]]
        given = systems.system(values) if quick is None else systems.gated(quick, values["tc"])
        top = _top(given, values)
        for part in systems.sketch(given, top, unit, partial(tell, "first sketch")):
            yield Picture(given, part, top=top)
        coarse.prepare(values["model"], partial(tell, "calibration"))
        given = systems.system(values)
        tc = float(sv.critical_temperature(given.sc, tol=1e-3))
        kT = np.linspace(0.1, 1.1, _TEMPERATURES) * (tc if tc > 0 else 0.5 * given.gap)
        map_, line, pauli = None, None, _pauli(given)
        for level in range(_DOUBLINGS + 1):
            fields = np.linspace(0.0, top, (_FIELDS - 1) * 2**level + 1)
            new = fields if map_ is None else fields[1::2]
            count = partial(tell, f"gap map, {len(fields)} fields")
            part = sv.phase_diagram(given.sc, kT, new, direction=unit, tol=_TOL, progress=count)
            map_ = part if map_ is None else xr.concat([map_, part], "zeeman").sortby("zeeman")
            yield Picture(given, map_, line, pauli, tc / given.units[0], top)
            if level < len(_LINE) and tc > 0:
                places = tc * np.sin(0.5 * np.pi * np.linspace(0.12, 0.98, _LINE[level]))
                count = partial(tell, f"critical field, {len(places)} temperatures")
                line = sv.critical_field(given.sc, places, direction=unit, tol=_LINE_TOL, progress=count)
                yield Picture(given, map_, line, pauli, tc / given.units[0], top)

    def show(self, result: Picture) -> None:
        """Put map and line into the figure."""
        given = result.system
        self.map.show_map(result.map, given.units, given.gap, given.labels, result.top)
        self.map.show_line(result.line, given.units, result.pauli, result.tc)
        self._counts = _sentence(result, given)

    def done_text(self) -> str:
        """How many points converged."""
        return getattr(self, "_counts", "up to date")

    def script(self, values: Mapping[str, Any]) -> str:
        """The calls behind the picture."""
        return _script(values)

    def _start_point(self) -> None:
        values = self.controls.values()
        self.map.mark(*(values[name] for name in _point(values)))
        self._point_worker.start(lambda tell: self._compute_point(values, tell))

    def _compute_point(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Point]:
        tell("state", 0, 1)
        given, unit = systems.system(values), _VECTORS[values["direction"]]
        kT, zeeman = (values[name] * u for name, u in zip(_point(values), given.units, strict=True))
        state = sv.solve_gap(given.sc, kT, zeeman * unit, tol=_POINT_TOL)
        gaps = np.linspace(0.0, 1.25, _CURVE)
        energy = sv.free_energy(given.sc, gaps * given.gap, kT, zeeman * unit, order=8)
        yield Point(given, state, gaps, energy - energy[0])

    def _show_point(self, point: Point) -> None:
        given, state = point.system, point.state
        kinds: dict[str, list[tuple[float, float]]] = {}
        for branch in state.branches:
            kind = "equilibrium" if branch.equilibrium else branch.kind
            kinds.setdefault(kind, []).append((branch.gap / given.gap, branch.condensation))
        unit = "meV" if given.material else "|t|"
        self.energy.show(point.gaps, point.energy, kinds, unit)
        minima = sum(b.kind == "minimum" for b in state.branches)
        self.facts.object = facts({
            "State at the point": "superconducting" if state.gap > 0 else "normal",
            "Gap": f"{state.gap:.6g} {unit} = {state.gap / given.gap:.4f} Δ₀, error {state.error:.1g} ({state.status})",
            "F(Δ) − F(0)": f"{state.condensation:.4g} {unit} per cell".replace("-", "−"),
            "Minima of F": f"{minima}" + (", one of them metastable" if minima > 1 else ""),
            **({"Note": "; ".join(given.notes)} if given.notes else {}),
        })  # fmt: skip

    def _told_of_point(self, state: str, sentence: str, share: float) -> None:
        del share
        if state == "failed":
            self.facts.object = facts({"State at the point": sentence})

    def _tapped(self, x: float | None, y: float | None) -> None:
        if x is None or y is None:
            return
        names = _point(self.controls.values())
        self.controls.set(**dict(zip(names, (round(float(x), 6), round(float(y), 6)), strict=True)))
        self.changed(names[0])

    @staticmethod
    def _visible(controls: Controls) -> None:
        model = controls.values()["model"]
        reach = "b_max" if model in systems.MATERIALS else "v_max"
        controls.show(["model", "direction", reach, *_point(controls.values()), *systems.needed(model)])


def _point(values: Mapping[str, Any]) -> tuple[str, str]:
    """Names of the controls of the point."""
    return _POINTS[values["model"] in systems.MATERIALS]


def _top(given: System, values: Mapping[str, Any]) -> float:
    """Largest field of the map, energy."""
    return float(values["b_max"] if given.material else values["v_max"]) * given.units[1]


def _pauli(given: System) -> float:
    """The Pauli limit Delta0/sqrt2 without spin-orbit coupling, in the unit of the field axis."""
    return given.gap / 2**0.5 / given.units[1]


def _sentence(result: Picture, given: System) -> str:
    good = np.isin(result.map.status.values, ("converged", "normal")).mean()
    text = f"{100 * good:.3g} % of the map within 1 % of Δ₀"
    if result.line is not None:
        fine = int((result.line.status == "converged").sum())
        text += f"; {fine} of {result.line.sizes['kT']} critical fields within 0.1 %"
    return text + "; dotted: Pauli limit Δ₀/√2" + ("; " + "; ".join(given.notes) if given.notes else "")


def _script(values: Mapping[str, Any]) -> str:
    name, axis = values["model"], [int(x) for x in _VECTORS[values["direction"]]]
    lines = ["import numpy as np", "import spinvalley as sv", ""]
    if name in systems.MATERIALS:
        hoppings = "" if name == "MoS2" else f', hoppings=sv.models.fitted_hoppings("{name}")'
        lines += [
            f'model = sv.models.one_band("{name}", density={values["density"]:g}e13, '
            f"rashba_ratio={values['rashba']:g}{hoppings})",
            f"line = sv.pairing.hc2(model, np.linspace(0.15, 0.95, 9) * {values['tc']:g}, tc={values['tc']:g}, "
            f"direction={axis})",
        ]
        return "\n".join(lines)
    if name == "ising-film":
        lines += [
            f"model = sv.models.ising_film({values['beta_so']:g}, mu={values['mu']:g})",
            f"sc = sv.Superconductor(model, sv.s_wave(gap0={values['gap0']:g}))",
        ]
    else:
        lines += [
            f"layer = sv.Superconductor(sv.models.film(mu={values['mu']:g}), sv.s_wave(gap0={values['gap0']:g}))",
            f"model = sv.models.heterostructure(coupling={values['coupling']:g}, beta_so={values['beta_tmd']:g}, "
            f"mu_sc={values['mu']:g})",
            'sc = sv.Superconductor(model, sv.s_wave(on="sc", v=layer.v))',
        ]
    reach = f"{values['v_max']:g} * {values['gap0']:g}"
    return "\n".join([
        *lines, "tc = float(sv.critical_temperature(sc))",
        f"map = sv.phase_diagram(sc, np.linspace(0.1, 1.1, 45) * tc, np.linspace(0, {reach}, 33), direction={axis})",
        f"line = sv.critical_field(sc, np.linspace(0.15, 0.98, 12) * tc, direction={axis})",
    ])  # fmt: skip
