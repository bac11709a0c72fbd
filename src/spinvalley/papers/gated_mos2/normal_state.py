"""The normal state of the paper: carriers over the layers, bands around K, spin texture, and three models compared."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from spinvalley.checks import Floats
from spinvalley.gating import Valley, ValleyWarning, geometric_ratio, solve_layers
from spinvalley.models import Lattice, Model, three_band, valley_kp
from spinvalley.normal import doped, spin_splitting, valley_contours
from spinvalley.normal.bands import spin_expectation
from spinvalley.papers.gated_mos2.parameters import Parameters
from spinvalley.units import kelvin

K_MASS: Final = 0.445
Q_MASS: Final = 0.6
Q_DEGENERACY: Final = 12
REACH: Final = 3.0
"""Distance from K in 1/nm up to which bands are drawn."""
KP, NEAREST, THIRD, ONE_BAND = "k.p", "three-band, NN", "three-band, TNN", "one-band"
_NAMES: Final = {1: NEAREST, 3: THIRD}
_VALENCE, _CONDUCTION = 0, 1


@dataclass(frozen=True)
class NormalData:
    """Data of Fig. 1d, 4a-b and Supplementary Fig. 4.

    Args:
        gates: eps_perp -> `solve_layers` at T = 0, with `closed`, the closed form of the fractions.
        warm: the same at the temperature of the Hall measurement, eps_perp of the material.
        q_valleys: share of the Q valleys and their filling onset over condition (offset, hopping).
        near: the two bands around K on Gamma-K-M at the Rashba ratio of the band theory.
        contours: its Fermi lines with spin texture.
        pocket: the same around K and K', momenta from the centre of the valley.
        path: spin splitting on Gamma-K-M, model by model.
        levels: bands around K, model by model, from their mean at K.
        numbers: splittings at K and at the Fermi level, crossing, model by model.
    """

    gates: Mapping[float, xr.Dataset]
    warm: xr.Dataset
    q_valleys: xr.Dataset
    near: xr.Dataset
    contours: xr.Dataset
    pocket: xr.Dataset
    path: xr.Dataset
    levels: xr.Dataset
    numbers: xr.Dataset


def compute_normal(p: Parameters) -> NormalData:
    """All data of the normal state."""
    model = p.model(p.band_ratio)
    contours = valley_contours(model, points=p.contour_points)
    lattices: dict[str, Model] = {ONE_BAND: p.model(0.0)}
    lattices |= {_NAMES[n]: three_band(p.material, n) for n in _NAMES}
    gates = {eps: _gate(p, eps) for eps in p.eps_perp}
    return NormalData(
        gates=gates,
        warm=_gate(p, p.eps, float(kelvin(p.warm))),
        q_valleys=_q_valleys(p),
        near=_near(model, p.path_points),
        contours=contours,
        pocket=_pocket(model, contours),
        path=_path(p, lattices),
        levels=_levels(p, lattices),
        numbers=_numbers(p, lattices),
    )


def _gate(p: Parameters, eps: float, kT: float = 0.0) -> xr.Dataset:
    data = solve_layers(density=p.density, layers=p.layers, mass=K_MASS, eps_perp=eps, kT=kT)
    x = geometric_ratio(float(data.kappa))
    return data.assign(closed=("layer", (1 - x) * x ** np.arange(p.layers)))


def _q_valleys(p: Parameters) -> xr.Dataset:
    main = Valley("K", K_MASS, 4)
    cases = [(offset, hopping) for hopping in p.q_hoppings for offset in p.q_offsets]
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValleyWarning)  # that they fill is what is asked here
        for offset, hopping in cases:
            q = Valley("Q", Q_MASS, Q_DEGENERACY, offset=offset, hopping=hopping)
            found.append(solve_layers(p.density, p.layers, eps_perp=p.eps, valleys=[main, q]))
    last = [data.sel(valley="Q") for data in found]
    return xr.Dataset(
        {
            "fraction": ("condition", [float(d.valley_fraction) for d in last]),
            "onset": ("condition", [float(d.filling_onset) for d in last], {"units": "meV"}),
            "error": ("condition", [float(d.error) for d in last]),
            "status": ("condition", [str(d.status.values) for d in last]),
            "offset": ("condition", [offset for offset, _ in cases], {"units": "meV"}),
            "hopping": ("condition", [hopping for _, hopping in cases], {"units": "meV"}),
        }
    )


def line_through_k(lattice: Lattice, q: Floats) -> Floats:
    """Momenta (n, 2) at the signed distance q (n,) from K: negative towards Gamma, positive towards M."""
    centre = lattice.momentum("K")
    arms = np.where(q[:, None] < 0, centre / np.linalg.norm(centre), _towards_m(lattice))
    return np.asarray(centre + q[:, None] * arms)


def _towards_m(lattice: Lattice) -> Floats:
    """Unit vector from K to a neighbouring M."""
    centre = lattice.momentum("K")
    corners = lattice.zone_corners
    other = corners[np.argsort(np.linalg.norm(corners - centre, axis=1))[1]]
    return np.asarray((other - centre) / np.linalg.norm(other - centre))


def _near(model: Model, points: int) -> xr.Dataset:
    q = np.linspace(-REACH, REACH, points)
    energy, states = np.linalg.eigh(model.hamiltonian(line_through_k(model.lattice, q)))
    spin = spin_expectation(states)
    return xr.Dataset(
        {
            "energy": (("q", "band"), energy, {"units": "meV"}),
            "splitting": ("q", spin_splitting(model, line_through_k(model.lattice, q), 0), {"units": "meV"}),
            **{name: (("q", "band"), spin[..., n]) for n, name in enumerate(("sx", "sy", "sz"))},
        },
        {"q": ("q", q, {"units": "1/nm"})},
    )


def _pocket(model: Model, contours: xr.Dataset) -> xr.Dataset:
    """Fermi lines around K and K' with momenta from there."""
    lattice = model.lattice
    centres = np.array([lattice.momentum(str(name)) for name in contours.valley.values])
    q = contours.k.values - centres[:, None]
    q = q - (q.mean(axis=1) - lattice.fold(q.mean(axis=1)))[:, None]
    names = ("contour", "point", "xy")
    kept = contours[["texture", "in_plane", "splitting", "weight"]]
    return kept.assign(q=(names, q, {"units": "1/nm"})).assign_coords(valley=contours.valley)


def _path(p: Parameters, lattices: Mapping[str, Model]) -> xr.Dataset:
    """Splitting E_up - E_dn of the conduction band against distance from K over |Gamma-K|.

    It is that of the valley where it is positive at K; time reversal relates the two.
    """
    third = max(p.path_points // 3, 2)
    x = np.concatenate([np.linspace(-1.0, 0.0, 2 * third), np.linspace(0.0, 0.5, third)[1:]])  # K is one of them
    found = {KP: _kp_splitting(p, x)}
    for name, model in lattices.items():
        k = line_through_k(model.lattice, x * np.linalg.norm(model.lattice.momentum("K")))
        found[name] = _conduction(model, k)
    table = np.array(list(found.values()))
    return xr.Dataset({"splitting": (("model", "x"), table, {"units": "meV"})}, {"model": list(found), "x": x})


def _conduction(model: Model, k: Floats) -> Floats:
    """Splitting of the conduction band in the valley of the one-band model's K."""
    return spin_splitting(model, k, 0) if model.dim == 2 else spin_splitting(model, -k, _CONDUCTION)


def _kp_splitting(p: Parameters, x: Floats) -> Floats:
    """Splitting of the k.p bands at K', within their reach."""
    q = np.abs(x) * np.linalg.norm(p.model(0.0).lattice.momentum("K"))
    return np.where(q <= REACH, -valley_kp(p.material).splitting(q), np.nan)


def _levels(p: Parameters, lattices: Mapping[str, Model]) -> xr.Dataset:
    q = np.linspace(-REACH, REACH, p.path_points)
    line = np.stack([q, 0 * q], axis=-1)
    found = {KP: valley_kp(p.material).energies(line, -1)}
    for name, model in lattices.items():
        first = 0 if model.dim == 2 else 2 * _CONDUCTION
        sign = 1 if model.dim == 2 else -1
        arms = sign * line_through_k(model.lattice, np.append(q, 0.0))
        energy = np.linalg.eigvalsh(model.hamiltonian(arms))[:, first : first + 2]
        found[name] = energy[:-1] - energy[-1].mean()
    table = np.array(list(found.values()))
    return xr.Dataset(
        {"energy": (("model", "q", "band"), table, {"units": "meV"})},
        {"model": list(found), "q": ("q", q, {"units": "1/nm"})},
    )


def _numbers(p: Parameters, lattices: Mapping[str, Model]) -> xr.Dataset:
    """Splittings of the conduction and valence band at K, at the Fermi level, and where the bands cross."""
    kp, holes = valley_kp(p.material), valley_kp(p.material, "valence")
    rows = {KP: (-kp.splitting_k, holes.splitting_k, abs(kp.fermi_splitting(p.density)), kp.crossing or 0.0)}
    for name, model in lattices.items():
        centre = model.lattice.momentum("K")
        own = model.dim == 2
        filled = model if own else doped(model, p.density)
        lines = valley_contours(filled, points=64)
        fermi = float(lines.splitting_mean.values @ lines.dos_share.values)
        valence = np.nan if own else abs(float(spin_splitting(model, centre, _VALENCE)))
        rows[name] = (abs(float(_conduction(model, centre))), valence, fermi, _crossing(model))
    names = ("conduction", "valence", "fermi", "crossing")
    table = np.array(list(rows.values())).T
    units = ("meV", "meV", "meV", "1/nm")
    data = {name: ("model", column, {"units": u}) for name, column, u in zip(names, table, units, strict=True)}
    return xr.Dataset(data, {"model": list(rows)})


def _crossing(model: Model) -> float:
    """Distance from K towards M at which the spin bands cross, 1/nm; 0 if they do not within `REACH`."""
    q = np.linspace(1e-3, REACH, 3001)
    values = _conduction(model, line_through_k(model.lattice, q))
    change = np.flatnonzero(np.sign(values[:-1]) != np.sign(values[1:]))
    if len(change) == 0:
        return 0.0
    n = int(change[0])
    return float(q[n] - values[n] * (q[n + 1] - q[n]) / (values[n + 1] - values[n]))
