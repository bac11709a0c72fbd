"""From the values of the controls to a superconductor, with the units of its axes; and a first coarse gap map."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import xarray as xr

import spinvalley as sv
from spinvalley.app.controls import Choice, Number
from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.pairing.landscape import SMALLEST, landscape
from spinvalley.pairing.linearised import susceptibility
from spinvalley.pairing.quasiclassical import BCS_RATIO

LATTICE: Final = ("ising-film", "heterostructure")
MATERIALS: Final = ("MoS2", "WS2", "MoSe2", "WSe2")
NAMES: Final = {
    "Ising film": "ising-film",
    "Film on a dichalcogenide": "heterostructure",
    "Gated MoS₂": "MoS2",
    "Gated WS₂": "WS2",
    "Gated MoSe₂": "MoSe2",
    "Gated WSe₂": "WSe2",
}
"""What is shown -> name of a model."""

_SKETCH_ORDER, _SKETCH_TOL = 6, 0.1
_SKETCH_TEMPERATURES, _SKETCH_FIELDS = 25, 7
_COLDEST, _HOTTEST = 0.06, 0.64  # of the gap
_KEPT: Final = 16
_LOCK: Final = threading.Lock()  # the list of warnings is one for all threads

MODEL: Final = Choice("model", "Model", NAMES, "ising-film")
COUPLING: Final = Number(
    "coupling", "Coupling Γ (|t|)", 0.0, 1.5, 0.5, "beyond it the layers are no longer a film on a substrate"
)
BETA: Final = Number("beta_so", "Ising coupling β (|t|)", 0.0, 1.0, 0.05, "published splittings are far below |t|")
STRONG_BETA: Final = Number("beta_tmd", "Ising coupling β (|t|)", 0.0, 1.0, 0.5, BETA.why)
MU: Final = Number("mu", "Level μ of the film (|t|)", -3.5, 1.8, 0.0, "inside the band of the film, off its saddle")
DENSITY: Final = Number("density", "Density (10¹³ cm⁻²)", 2.0, 14.0, 8.7, "closed pockets around K and K′")
RASHBA: Final = Number("rashba", "Rashba / Ising at k_F", 0.0, 0.5, 0.02, "the model takes it as a small part")
TC: Final = Number("tc", "T_c at zero field (K)", 0.5, 15.0, 6.5, "far below the Fermi temperature")
GAP: Final = Number(
    "gap0",
    "Gap of the film Δ₀ (|t|)",
    0.02,
    0.4,
    0.1,
    "smaller gaps are for the command line, larger ones no metal has",
)


@dataclass(frozen=True, eq=False)
class System:
    """A superconductor with what is 1 on its axes.

    Args:
        sc: the superconductor.
        gap: energy that is 1 on a scale of gaps: the gap of the film, or 1.764 kTc of a material.
        units: energies that are 1 on the axes of temperature and field.
        labels: of these axes.
        material: whether it is a material, in K and T.
        tc: critical temperature in the unit of its axis, if it was given.
        notes: warnings of the model.
        strength: n/v, if it is cheap to know; else None.
    """

    sc: sv.Superconductor
    gap: float
    units: tuple[float, float]
    labels: tuple[str, str]
    material: bool
    tc: float | None
    notes: tuple[str, ...]
    strength: float | None = None


def needed(model: str) -> tuple[str, ...]:
    """Names of the controls that a model has."""
    if model in MATERIALS:
        return ("density", "rashba", "tc")
    return ("beta_so", "mu", "gap0") if model == "ising-film" else ("coupling", "beta_tmd", "mu", "gap0")


def system(values: Mapping[str, Any]) -> System:
    """The system that the controls describe; the last ones are kept.

    Raises:
        InvalidInput: a density that the model cannot have.
    """
    name = str(values["model"])
    return _system(name, tuple((key, float(values[key])) for key in needed(name)))


def normal_state(name: str, values: Mapping[str, float]) -> tuple[Model, tuple[str, ...]]:
    """The model of the normal state, and its warnings as sentences."""
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", sv.models.ValidityWarning)
        model = _model(name, values)
    return model, tuple(str(w.message) for w in caught if issubclass(w.category, sv.models.ValidityWarning))


def sketch(
    given: System, top: float, direction: Floats, tell: Callable[[int, int], None] | None = None
) -> Iterator[xr.Dataset]:
    """A first coarse gap map over (kT, zeeman), one field more each time: the lowest order of the zone rule, no error.

    It is drawn at once and then replaced by `phase_diagram`; every point has the status "not converged". Above a field
    that is normal at every temperature all others are taken to be. `tell` is called with (fields done, fields in all).
    """
    sc, gap = given.sc, given.gap
    kT = np.linspace(_COLDEST, _HOTTEST, _SKETCH_TEMPERATURES) * gap
    fields = np.linspace(0.0, top, _SKETCH_FIELDS)
    strength = _rough_strength(given)
    columns: list[Floats] = []
    for n, v in enumerate(fields):
        if tell is not None:
            tell(n, len(fields))
        if columns and not columns[-1].any():
            columns.append(columns[-1])
            continue
        found = landscape(sc.sampler, strength, kT, v * direction, 1.2 * gap, _SKETCH_ORDER, _SKETCH_TOL)
        columns.append(found.equilibria()[0])
        yield _rough_map(columns, kT, fields)
    yield _rough_map(columns, kT, fields)


def _rough_strength(given: System) -> float:
    """n/v to the accuracy of a sketch."""
    if given.strength is not None:
        return given.strength
    if given.tc is not None:
        return susceptibility(given.sc.sampler, given.tc * given.units[0], 0.0, _SKETCH_ORDER)
    return given.sc.sampler.spectrum(0.0, 0.0, _SKETCH_ORDER, SMALLEST * given.gap).slope(given.gap, 0.0)


def _rough_map(columns: list[Floats], kT: Floats, fields: Floats) -> xr.Dataset:
    values = np.stack(columns, axis=1)
    status = np.full(values.shape, str(sv.Status.NOT_CONVERGED))
    grid = ("kT", "zeeman")
    data = {"gap": (grid, values), "status": (grid, status)}
    return xr.Dataset(data, {"kT": kT, "zeeman": fields[: len(columns)]}, {"step": float(fields[1] - fields[0])})


def warm(tell: Callable[[int, int], None]) -> None:
    """Compile the kernels that the first pictures need; `tell` is called between the steps."""
    for model in ("ising-film", "heterostructure"):
        values = {c.name: c.value for c in (COUPLING, BETA, STRONG_BETA, MU, GAP)} | {"model": model}
        made = system(values)
        for _ in sketch(made, 2 * made.gap, np.array([1.0, 0.0, 0.0]), tell):
            pass
        sv.solve_gap(made.sc, 0.2 * made.gap, 0.3 * made.gap, tol=1e-3)


@lru_cache(maxsize=_KEPT)
def _system(name: str, items: tuple[tuple[str, float], ...]) -> System:
    values = dict(items)
    model, notes = normal_state(name, values)
    if name in MATERIALS:
        return gated(model, values["tc"], notes)
    gap0 = values["gap0"]
    labels = ("kT / Δ₀", "V / Δ₀")
    if name == "ising-film":
        sc = sv.Superconductor(model, sv.s_wave(gap0=gap0))
        return System(sc, gap0, (gap0, gap0), labels, False, None, notes)
    v = _layer(values["mu"], gap0)
    sc = sv.Superconductor(model, sv.s_wave(on="sc", v=v))
    return System(sc, gap0, (gap0, gap0), labels, False, None, notes, 1 / v)


def gated(model: Model, tc: float, notes: tuple[str, ...] = ()) -> System:
    """The system of a material with its critical temperature in K."""
    units = (sv.kelvin(1.0), sv.tesla(1.0))
    sc = sv.Superconductor(model, sv.s_wave(tc=sv.kelvin(tc)))
    return System(sc, BCS_RATIO * units[0] * tc, units, ("T (K)", "B (T)"), True, tc, notes)


@lru_cache(maxsize=_KEPT)
def _layer(mu: float, gap0: float) -> float:
    """The coupling v with which the film alone has the gap."""
    return sv.Superconductor(sv.models.film(mu=mu), sv.s_wave(gap0=gap0)).v


def _model(name: str, values: Mapping[str, float]) -> Model:
    if name == "ising-film":
        return sv.models.ising_film(values["beta_so"], mu=values["mu"])
    if name == "heterostructure":
        return sv.models.heterostructure(coupling=values["coupling"], beta_so=values["beta_tmd"], mu_sc=values["mu"])
    hoppings = None if name == "MoS2" else sv.models.fitted_hoppings(name)
    return sv.models.one_band(name, density=1e13 * values["density"], rashba_ratio=values["rashba"], hoppings=hoppings)
