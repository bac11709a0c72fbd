"""Critical lines and gap maps of the bilayer, with the coupling v that gives the isolated layer a stated gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from spinvalley.checks import Floats
from spinvalley.pairing import Superconductor, s_wave
from spinvalley.papers.heterostructure.parameters import Parameters
from spinvalley.phase import (
    CriticalTemperature,
    critical_field,
    critical_temperature,
    phase_diagram,
    tricritical_point,
)

Count = Callable[[int, int], None]
_MAP_HEADROOM = 1.08
_CONSTANTS = (
    "coupling", "gap0", "v", "pauli", "tc0", "tc", "tc_error", "tc_status", "tricritical_kT", "tricritical_zeeman",
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """The isolated superconducting layer with a stated gap: it fixes the coupling and the units of Fig. 3.

    Args:
        parameters: the parameters of the paper.
        gap0: gap at T = V = 0, energy.
        film: the superconductor.
        tc: its critical temperature, energy.
    """

    parameters: Parameters
    gap0: float
    film: Superconductor
    tc: CriticalTemperature

    @classmethod
    def of(cls, parameters: Parameters, gap0: float) -> Layer:
        """The layer with gap `gap0`."""
        film = Superconductor(parameters.film(), s_wave(on="sc", gap0=gap0))
        return cls(parameters, gap0, film, _critical_temperature(film, parameters.tol))

    @property
    def pauli(self) -> float:
        """H_P in units of V, Delta0/sqrt2: the first-order Chandrasekhar-Clogston field of a weak coupling."""
        return float(self.gap0 / np.sqrt(2))

    def coupled(self, coupling: float) -> Superconductor:
        """The bilayer with the same interaction v."""
        if coupling == 0:
            return self.film
        return Superconductor(self.parameters.bilayer(coupling), s_wave(on="sc", v=self.film.v))


def critical_line(layer: Layer, coupling: float, number: int, count: Count | None = None) -> xr.Dataset:
    """Hc2(T) of the bilayer from the lowest temperature (T = 0 for the isolated layer) to its Tc, where it ends.

    Args:
        layer: the isolated layer that fixes v and the units.
        coupling: Gamma.
        number: temperatures; they are denser near Tc, as Hc2 falls like a square root.
        count: called with (points done, points in all).

    Returns:
        Dataset of `critical_field` with the point (Tc, 0) added, and t = T/Tc(0), u = V/H_P, u_linear, u_error; attrs
        coupling, gap0, v, tc, tc0, tc_error, tc_status, pauli, and the tricritical point where the order changes.
    """
    if count is not None:
        count(0, number - 1)
    sc = layer.coupled(coupling)
    tc = layer.tc if coupling == 0 else _critical_temperature(sc, layer.parameters.tol)
    line = critical_field(sc, _temperatures(layer, float(tc), number), tol=layer.parameters.tol, progress=count)
    if coupling == 0:
        line = xr.concat([critical_field(sc, 0.0, tol=layer.parameters.tol), line], dim="kT", combine_attrs="override")
    orders = set(line.order.values.tolist())
    line = xr.concat([line, _end(line, tc)], dim="kT", combine_attrs="override")
    line["coupling"] = ("kT", np.full(line.sizes["kT"], coupling))
    line["t"] = line.kT / float(layer.tc)
    for name, source in (("u", "zeeman"), ("u_linear", "zeeman_linear"), ("u_error", "error"), ("u_jump", "jump")):
        line[name] = line[source] / layer.pauli
    for name in ("t", "u", "u_linear", "u_error", "u_jump"):
        line[name].attrs = {"units": "Tc(Gamma = 0)" if name == "t" else "H_P"}
    line.attrs |= {
        "coupling": coupling,
        "gap0": layer.gap0,
        "v": layer.film.v,
        "tc": float(tc),
        "tc_error": float(tc.error),
        "tc_status": str(tc.status),
        "tc0": float(layer.tc),
        "pauli": layer.pauli,
    }
    if {1, 2} <= orders:
        point = tricritical_point(sc, tol=layer.parameters.tol)
        line.attrs |= {"tricritical_kT": point.kT, "tricritical_zeeman": point.zeeman}
    return line


def gap_map(layer: Layer, line: xr.Dataset, count: Count | None = None) -> xr.Dataset:
    """Delta(T, V) of the bilayer over the part of the plane that its critical line spans.

    Args:
        layer: the isolated layer that fixes v and the units.
        line: critical line of the same coupling, from `critical_line`.
        count: called with (fields done, fields in all).

    Returns:
        Dataset of `phase_diagram` with the attributes of the line.
    """
    temperatures, fields = layer.parameters.map_size
    kT = np.linspace(layer.parameters.lowest * float(layer.tc), _MAP_HEADROOM * line.attrs["tc"], temperatures)
    zeeman = np.linspace(0, _MAP_HEADROOM * float(line.zeeman.where(line.kT >= (1 - 1e-9) * kT[0]).max()), fields)
    data = phase_diagram(layer.coupled(line.attrs["coupling"]), kT, zeeman, tol=1e-3, progress=count)
    return data.assign_attrs({key: line.attrs[key] for key in ("coupling", "gap0", "v", "tc", "tc0", "pauli")})


def reduced(line: xr.Dataset) -> xr.Dataset:
    """A critical line in the units of Fig. 3: temperatures over Tc(Gamma = 0), fields over H_P."""
    kT, field = line.attrs["tc0"], line.attrs["pauli"]
    data = line.assign({name: line[name] / field for name in ("zeeman", "zeeman_linear", "jump")})
    data = data.assign_coords(kT=line.kT / kT)
    star = {"tricritical_kT": kT, "tricritical_zeeman": field}
    return data.assign_attrs({key: line.attrs[key] / unit for key, unit in star.items() if key in line.attrs})


def lines_table(lines: Mapping[float, xr.Dataset]) -> tuple[xr.Dataset, xr.Dataset]:
    """Lines as two tables: all points (dim `point`), and a row for each line (dim `line`) with its constants."""
    points = []
    for line in lines.values():
        gap0 = ("kT", np.full(line.sizes["kT"], line.attrs["gap0"]))
        points.append(line.assign(gap0=gap0).rename_dims(kT="point").reset_index("kT").reset_coords("kT"))
    table = xr.concat(points, dim="point", combine_attrs="drop_conflicts")
    rows = {key: [line.attrs.get(key, np.nan) for line in lines.values()] for key in _CONSTANTS}
    return table, xr.Dataset({key: ("line", values) for key, values in rows.items()})


def lowest(line: xr.Dataset, t: float) -> xr.Dataset:
    """The point of a critical line at the temperature t = T/Tc(0)."""
    return line.isel(kT=int(np.argmin(np.abs(line.t.values - t))))


def _temperatures(layer: Layer, tc: float, number: int) -> Floats:
    low = layer.parameters.lowest * float(layer.tc)
    s = np.arange(number - 1) / (number - 1)
    return np.asarray(tc - (tc - low) * (1 - s) ** 2)


def _end(line: xr.Dataset, tc: CriticalTemperature) -> xr.Dataset:
    """The point (Tc, 0) as a row of the same form: continuous, no gap, no jump."""
    row = line.isel(kT=[-1]).assign_coords(kT=("kT", [float(tc)], line.kT.attrs))
    values = {"zeeman": 0.0, "zeeman_linear": 0.0, "superheating": 0.0, "gap": 0.0, "error": 0.0, "order": tc.order}
    for name in row.data_vars:
        if name == "status":
            row[name] = ("kT", np.array([str(tc.status)]))
        else:
            row[name] = ("kT", np.array([values.get(str(name), np.nan)]), line[name].attrs)
    return row


def _critical_temperature(sc: Superconductor, tol: float) -> CriticalTemperature:
    return critical_temperature(sc, 0.0, tol=tol)
