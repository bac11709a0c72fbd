"""What a study can compute at each point: a name, what it needs, what it gives, and the public function behind it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley import pairing, phase, topology
from spinvalley.checks import Status
from spinvalley.pairing import solve_gap
from spinvalley.studies.point import Point
from spinvalley.studies.systems import fit
from spinvalley.topology.edges import edge as find_edge

Answer = Mapping[str, Any] | xr.Dataset
_TEMPERATURE: Final = ("kT", "T")
_FIELD: Final = ("zeeman", "B")
_ANGLES: Final = ("direction", "theta", "azimuth")
_ALWAYS: Final = ("error", "status")


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity of a study.

    Args:
        summary: what it is, with the function behind it.
        compute: from a point to its variables.
        variables: names of the variables it gives; of a fit they follow from the formula.
        needs: groups of conditions, one of each of which must be fixed or swept.
        may: further conditions that it heeds.
        strength: what of [pairing] it uses: "one" of the strengths, "tc" in K, "none" (the gap is a condition), or
            "nothing" at all.
        systems: "lattice", "crystal" (lattice, valley_kp or theory), or "table".
        together: conditions of which all values are computed at once.
    """

    summary: str
    compute: Callable[[Point], Answer]
    variables: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...] = ()
    may: tuple[str, ...] = ()
    strength: str = "one"
    systems: str = "lattice"
    together: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[str, ...]:
        """Keys of [conditions] that it knows."""
        return tuple(dict.fromkeys([name for group in self.needs for name in group] + list(self.may)))


def _gap(at: Point) -> Answer:
    state = solve_gap(at.superconductor, float(at.kT[0]), at.zeeman * at.direction, **at.tol)
    lowest = [branch.gap for branch in state.branches if branch.kind == "minimum" and not branch.equilibrium]
    return {
        "gap": state.gap,
        "free_energy": state.free_energy,
        "condensation": state.condensation,
        "metastable": len(lowest),
        "error": state.error,
        "status": str(state.status),
    }


def _phase_diagram(at: Point) -> Answer:
    data = phase.phase_diagram(at.superconductor, at.kT, [at.zeeman], direction=at.direction, **at.tol)
    return _over(at, data.isel(zeeman=0, drop=True), "kT")


def _critical_field(at: Point) -> Answer:
    extra = at.some("zeeman_max")
    return _over(at, phase.critical_field(at.superconductor, at.kT, direction=at.direction, **extra, **at.tol), "kT")


def _critical_temperature(at: Point) -> Answer:
    found = phase.critical_temperature(at.superconductor, at.zeeman, direction=at.direction, **at.tol)
    assert isinstance(found, phase.CriticalTemperature)
    return {
        "kTc": float(found),
        "kTc_linear": found.linear,
        "order": found.order,
        "error": found.error,
        "status": str(found.status),
    }


def _tricritical_point(at: Point) -> Answer:
    found = phase.tricritical_point(at.superconductor, direction=at.direction, **at.tol)
    return {
        "tricritical_kT": found.kT,
        "tricritical_zeeman": found.zeeman,
        "kT_error": found.kT_error,
        "zeeman_error": found.zeeman_error,
        "error": found.error,
        "status": str(found.status),
    }


def _hc2(at: Point) -> Answer:
    extra = at.some("momentum", "g", "B_max")
    return _over(
        at, pairing.hc2(at.crystal, at.conditions["T"], tc=at.tc, direction=at.direction, **extra, **at.tol), "T"
    )


def _hc2_limits(at: Point) -> Answer:
    extra = at.some("momentum", "g")
    found = pairing.hc2_limits(at.crystal, at.conditions["T"], tc=at.tc, direction=at.direction, **extra, **at.tol)
    return _over(at, found, "T")


def _nodes(at: Point) -> Answer:
    found = topology.nodes(at.given_gap, at.conditions["gap"], at.zeeman * at.direction)
    return {
        "nodes": found.sizes["node"],
        "total_charge": int(found.attrs["total_charge"]),
        "zero_set": str(found.attrs["zero_set"]),
        "error": float(found.error.max()) if found.sizes["node"] else 0.0,
        "status": str(found.attrs["status"]),
    }


def _bulk_gap(at: Point) -> Answer:
    found = topology.bulk_gap(at.given_gap, at.conditions["gap"], at.zeeman * at.direction, **at.tol)
    return {"bulk_gap": float(found.gap), "error": float(found.error), "status": str(found.status.item())}


def _threshold(at: Point) -> Answer:
    found = topology.threshold(at.given_gap, at.conditions["gap"], at.direction, **at.tol)
    return {"threshold": float(found.zeeman), "error": float(found.error), "status": str(found.status.item())}


def _flat_bands(at: Point) -> Answer:
    found = topology.flat_bands(at.given_gap, at.conditions["gap"], at.zeeman * at.direction, **at.some("edge"))
    return {
        "fraction": float(found.fraction),
        "modes": float(found.modes),
        "nodes": int(found.attrs["nodes"]),
        "error": float(found.fraction_error),
        "status": str(found.status.item()),
    }


def _winding(at: Point) -> Answer:
    sc, gap, edge = at.given_gap, at.conditions["gap"], at.conditions.get("edge", "armchair")
    k = _momenta(at, edge)
    found = topology.winding(sc, gap, at.zeeman * at.direction, k, edge)
    data = found[["winding", "decay_length", "status"]].assign(error=("k_parallel", np.zeros(len(k))))
    return _over(at, data, "k_parallel")


def _strip_gap(at: Point) -> Answer:
    sc, gap, edge = at.given_gap, at.conditions["gap"], at.conditions.get("edge", "armchair")
    with warnings.catch_warnings():  # said by the variable `finite_size` instead
        warnings.simplefilter("ignore", topology.FiniteSizeWarning)
        found = topology.strip(
            sc, gap, at.zeeman * at.direction, at.conditions["width"], _momenta(at, edge), edge, 2, **at.tol
        )
    lowest = np.abs(found.energy).argmin("state")
    data = xr.Dataset(
        {
            "strip_gap": np.abs(found.energy.isel(state=lowest)),
            "error": found.error.isel(state=lowest),
            "finite_size": found.finite_size,
            "decay_length": found.decay_length,
            "status": found.status.isel(state=lowest),
        }
    )
    return _over(at, data.drop_vars("state", errors="ignore"), "k_parallel")


def _fit(at: Point) -> Answer:
    held = {name: value for name, value in at.model.items() if name not in ("file", "formula")}
    return fit(at.model["file"], at.model["formula"], held)


def _momenta(at: Point, edge: str) -> Any:
    """Momenta along the edge, 1/length, from units of half the edge zone."""
    half = 0.5 * find_edge(at.given_gap.model.lattice, edge).period
    return half * np.atleast_1d(np.asarray(at.conditions["k_parallel"], dtype=float))


def _over(at: Point, data: xr.Dataset, dim: str) -> Answer:
    """A Dataset over the condition that was asked for together, or plain numbers where it is one value."""
    name = next(key for key in ((*_TEMPERATURE,) if dim in _TEMPERATURE else (dim,)) if key in at.conditions)
    if np.ndim(at.conditions[name]) == 0:
        return data.isel({dim: 0}, drop=True)
    renamed = data if name == dim else data.drop_vars(dim).rename({dim: name})
    return renamed.assign_coords({name: np.asarray(at.conditions[name], dtype=float)})


_STATE: Final = ("gap", "free_energy", "condensation")
_LINE: Final = ("zeeman", "zeeman_linear", "order", "gap", "superheating", "jump", "jump_gap_high", "jump_gap_low")
_BREAKING: Final = ("B", "B_linear", "q", "order")

QUANTITIES: Final[dict[str, Quantity]] = {
    "gap": Quantity(
        summary="gap at one temperature, to a tight tolerance, with the number of metastable states: solve_gap",
        compute=_gap,
        variables=(*_STATE, "metastable", *_ALWAYS),
        needs=(_TEMPERATURE,),
        may=(*_FIELD, *_ANGLES, "g"),
    ),
    "phase_diagram": Quantity(
        summary="gap, all temperatures at once: phase_diagram",
        compute=_phase_diagram,
        variables=(*_STATE, *_ALWAYS),
        needs=(_TEMPERATURE,),
        may=(*_FIELD, *_ANGLES, "g"),
        together=_TEMPERATURE,
    ),
    "critical_field": Quantity(
        summary="critical field with the order of the transition, all temperatures at once: critical_field",
        compute=_critical_field,
        variables=(*_LINE, *_ALWAYS),
        needs=(_TEMPERATURE,),
        may=(*_ANGLES, "zeeman_max"),
        together=_TEMPERATURE,
    ),
    "critical_temperature": Quantity(
        summary="critical temperature k_B Tc in a field: critical_temperature",
        compute=_critical_temperature,
        variables=("kTc", "kTc_linear", "order", *_ALWAYS),
        may=(*_FIELD, *_ANGLES, "g"),
    ),
    "tricritical_point": Quantity(
        summary="where the transition becomes of first order: tricritical_point",
        compute=_tricritical_point,
        variables=("tricritical_kT", "tricritical_zeeman", "kT_error", "zeeman_error", *_ALWAYS),
        may=_ANGLES,
    ),
    "hc2": Quantity(
        summary="Hc2 in tesla of a material or a theory, all temperatures in K at once: pairing.hc2",
        compute=_hc2,
        variables=(*_BREAKING, *_ALWAYS),
        needs=(("T",),),
        may=(*_ANGLES, "momentum", "g", "B_max"),
        strength="tc",
        systems="crystal",
        together=("T",),
    ),
    "hc2_limits": Quantity(
        summary="Hc2 of a material and what limits it: pairing.hc2_limits",
        compute=_hc2_limits,
        variables=(*_BREAKING, "B_surface", "B_out_of_plane", "B_doubled", "B_pauli", "enhancement", "limit", *_ALWAYS),
        needs=(("T",),),
        may=(*_ANGLES, "momentum", "g"),
        strength="tc",
        systems="crystal",
        together=("T",),
    ),
    "nodes": Quantity(
        summary="number of nodal points of the bulk for a given gap: topology.nodes",
        compute=_nodes,
        variables=("nodes", "total_charge", "zero_set", *_ALWAYS),
        needs=(("gap",),),
        may=(*_FIELD, *_ANGLES, "g"),
        strength="none",
    ),
    "bulk_gap": Quantity(
        summary="smallest excitation energy of the bulk for a given gap: topology.bulk_gap",
        compute=_bulk_gap,
        variables=("bulk_gap", *_ALWAYS),
        needs=(("gap",),),
        may=(*_FIELD, *_ANGLES, "g"),
        strength="none",
    ),
    "threshold": Quantity(
        summary="field at which the bulk gap first closes for a given gap: topology.threshold",
        compute=_threshold,
        variables=("threshold", *_ALWAYS),
        needs=(("gap",),),
        may=_ANGLES,
        strength="none",
    ),
    "flat_bands": Quantity(
        summary="share of the edge zone with flat bands for a given gap: topology.flat_bands",
        compute=_flat_bands,
        variables=("fraction", "modes", "nodes", *_ALWAYS),
        needs=(("gap",),),
        may=(*_FIELD, *_ANGLES, "g", "edge"),
        strength="none",
    ),
    "winding": Quantity(
        summary="winding number, all momenta along the edge at once: topology.winding",
        compute=_winding,
        variables=("winding", "decay_length", *_ALWAYS),
        needs=(("gap",), ("k_parallel",)),
        may=(*_FIELD, *_ANGLES, "g", "edge"),
        strength="none",
        together=("k_parallel",),
    ),
    "strip_gap": Quantity(
        summary="lowest level of a strip, all momenta along it at once: topology.strip",
        compute=_strip_gap,
        variables=("strip_gap", "finite_size", "decay_length", *_ALWAYS),
        needs=(("gap",), ("k_parallel",), ("width",)),
        may=(*_FIELD, *_ANGLES, "g", "edge"),
        strength="none",
        together=("k_parallel",),
    ),
    "fit": Quantity(
        summary="parameters of a formula fitted to a measured table: experiment.fit",
        compute=_fit,
        variables=(),
        strength="nothing",
        systems="table",
    ),
}
"""Every quantity by its name."""

UNSOUND: Final = (str(Status.NOT_CONVERGED), str(Status.FAILED), str(Status.BEYOND_RANGE), "poisoned")
"""Statuses of points that the solver does not stand by."""
