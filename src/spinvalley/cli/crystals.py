"""Hc2 of a material of the library in kelvin and tesla, and what limits it."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any, Final, Literal, cast

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from spinvalley import __version__, models, normal
from spinvalley.checks import InvalidInput, direction_vector, one_of, positive
from spinvalley.cli import giving, reading, telling
from spinvalley.cli.options import NORMAL_STATES, Crystal, Delivery, Physics
from spinvalley.files import dataset_document, json_text
from spinvalley.pairing import FermiSurface, fermi_surface, hc2_limits

_RASHBA: Final = 0.02
_POINTS: Final = 12
_SHOWN: Final = ("T", "B", "order", "error", "B_pauli", "enhancement", "limit", "status")


def hc2(physics: Physics, crystal: Crystal, delivery: Delivery, kT: str | None, direction: str, tol: float) -> int:
    """Hc2(T) of a gated crystal. Returns the exit code."""
    paths = giving.check_out(delivery.out, dims=1, figure=True)
    tc = _critical_temperature(physics, kT)
    unit = direction_vector(reading.vector("direction", direction))
    T = np.linspace(0.15, 0.98, _POINTS) * tc if crystal.T is None else reading.numbers("T", crystal.T)
    momentum = cast(Literal["zero", "best"], one_of("momentum", crystal.momentum, ("zero", "best")))
    system = normal_state(crystal)
    with telling.progress(quiet=delivery.json) as tell:
        count = partial(tell, "critical field")
        data = hc2_limits(system, T, tc=tc, direction=unit, tol=tol, momentum=momentum, progress=count)
    data = data.assign_attrs(material=str(crystal.material), density=crystal.density or np.nan)
    data = data.assign(q_x=data.q.sel(xy="x", drop=True), q_y=data.q.sel(xy="y", drop=True)).drop_dims("xy")
    giving.write(paths, data, partial(_draw, data))
    if delivery.json:
        print(json_text({"spinvalley": __version__, "command": "hc2"} | dataset_document(data)))
        return int(giving.doubts(data.status) > 0)
    filling = "undoped" if crystal.density is None else f"{crystal.density:.4g} cm^-2"
    print(
        f"{crystal.material}, {filling}, {crystal.normal_state}: mean splitting at the Fermi level "
        f"{data.attrs['splitting']:.4g} meV, {100 * data.attrs['in_plane']:.2g} % of it in the plane"
    )
    print("T in K; B, its error and the Pauli limit B_pauli (no spin-orbit coupling) in T")
    print(giving.table(_SHOWN, list(zip(*(data[name].values.tolist() for name in _SHOWN), strict=True))))
    return int(giving.doubts(data.status) > 0)


def normal_state(crystal: Crystal) -> models.Model | FermiSurface:
    """The model, or the Fermi surface, that the options describe.

    Raises:
        InvalidInput: unknown material or description, no density, a Rashba ratio where the description has none.
    """
    kind = one_of("normal_state", crystal.normal_state, NORMAL_STATES)
    material = one_of("material", crystal.material, (*models.material_names(), "NbSe2"))
    if material == "NbSe2":
        return _metal(crystal)
    if crystal.density is None:
        raise InvalidInput("`density` must be given in cm^-2 with `material`, but is not")
    density = positive("density", crystal.density)
    if kind != "one-band" and crystal.rashba_ratio is not None:
        raise InvalidInput(f"`rashba_ratio` must be given for one-band only, but the normal state is {kind}")
    if kind == "three-band":
        return normal.doped(models.three_band(material), density)
    if kind == "kp":
        return fermi_surface(models.valley_kp(material), density)
    ratio = _RASHBA if crystal.rashba_ratio is None else crystal.rashba_ratio
    hoppings = None if material == "MoS2" else models.fitted_hoppings(material)
    return models.one_band(material, density=density, rashba_ratio=ratio, hoppings=hoppings)


def _metal(crystal: Crystal) -> models.Model:
    """NbSe2, a metal without doping: one band with Gamma and K pockets."""
    for name in ("density", "rashba_ratio"):
        if getattr(crystal, name) is not None:
            raise InvalidInput(f"`{name}` must not be given for NbSe2, which is a metal as it is")
    return models.nbse2()


def _critical_temperature(physics: Physics, kT: str | None) -> float:
    """Tc in K; every other option of the ready models must be absent."""
    if kT is not None:
        raise InvalidInput("`kT` must not be given with `material`, use `T` in kelvin")
    for field in fields(physics):
        if field.name != "tc" and getattr(physics, field.name) != field.default:
            raise InvalidInput(
                f"`{field.name}` must not be given with `material`, but is {getattr(physics, field.name)!r}"
            )
    if physics.tc is None:
        raise InvalidInput("`tc` must be given in K with `material`, but is not")
    return positive("tc", physics.tc)


def _draw(data: xr.Dataset, ax: Axes) -> Any:
    """The curves, each continued to Tc, where the field vanishes."""
    tc = data.attrs["tc"]
    T = np.append(data["T"].values, tc)
    order = np.argsort(T)
    for name, label, style in (
        ("B", "this crystal", "o-"),
        ("B_out_of_plane", "without in-plane coupling", "--"),
        ("B_pauli", "Pauli limit", ":"),
    ):
        ax.plot(T[order], np.append(data[name].values, 0.0)[order], style, label=label, markersize=3)
    ax.set_xlabel("$T$ (K)")
    ax.set_ylabel(r"$B_{\rm c2}$ (T)")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    ax.legend()
