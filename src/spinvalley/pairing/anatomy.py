"""What limits Hc2: the same crystal with parts of its spin-orbit coupling taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models import Model, ValleyModel
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.hc2 import Momentum, Progress, hc2
from spinvalley.pairing.laws import PauliLimit
from spinvalley.pairing.surfaces import fermi_surface

_NOTICEABLE = 0.1
_TESLA = {"units": "T"}


def hc2_limits(
    model: Model | FermiSurface,
    T: ArrayLike,
    *,
    tc: float,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    g: float = 2.0,
    tol: float = 1e-4,
    momentum: Momentum = "zero",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Hc2(T) of a crystal beside what it would be with less spin-orbit coupling, and what limits it therefore.

    The comparisons use the Fermi surface of the model with its splitting: whole, without its part in the plane of the
    layer (Rashba coupling), doubled, and with none (the Pauli limit, of first order where the free energy says so).

    Args:
        model: a lattice model in meV and nm with its Fermi level at zero energy, or a `FermiSurface`.
        T: temperatures in K, > 0.
        tc: critical temperature in zero field, K.
        direction: direction of the field, nonzero 3-vector.
        g: g-factor.
        tol: relative error of the fields.
        momentum: of the pairs in B, as for `hc2`; the comparisons have pairs at rest.
        progress: called with (temperatures done, temperatures in all) of the model itself.

    Returns:
        Dataset over T: B, order, error, status as `hc2` of the model; B_surface (its Fermi surface alone),
        B_out_of_plane (no part in the plane), B_doubled (twice the coupling), B_pauli (none), in tesla; enhancement =
        B/B_pauli; limit: "normal state"; "Pauli limit" (B less than 10 % above it); "in-plane spin-orbit coupling" (B
        would be more than 10 % higher without it); "size of the splitting" (B would be more than 10 % higher with twice
        the coupling); else "field along the spins", of which no coupling protects. Attributes: splitting (mean over the
        Fermi surface, meV), in_plane (mean share of g).

    Raises:
        InvalidInput: as `hc2` and `fermi_surface`.

    Source: physics.md 2.1; gated_mos2 paper, Fig. 4c.

    >>> import spinvalley as sv
    >>> mos2 = sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.1)
    >>> found = sv.pairing.hc2_limits(mos2, 1.5, tc=6.5)
    >>> round(float(found.enhancement[0]), 1), str(found.limit.values[0])
    (5.1, 'in-plane spin-orbit coupling')
    """
    if isinstance(model, ValleyModel):
        raise InvalidInput("`model` must be a Fermi surface for a ValleyModel: give fermi_surface(model, density)")
    surface = model if isinstance(model, FermiSurface) else fermi_surface(model)
    upright, doubled = (replace(surface, g=surface.g * factor) for factor in ((0, 0, 1), (2, 2, 2)))
    shared: dict[str, Any] = {"tc": tc, "direction": direction, "tol": tol}
    found = hc2(model, T, g=g, momentum=momentum, progress=progress, **shared)
    whole = (
        found
        if model is surface and isinstance(momentum, str) and momentum == "zero"
        else hc2(surface, T, g=g, **shared)
    )
    fields = [hc2(part, T, g=g, **shared).B.values for part in (upright, doubled)]
    pauli = hc2(PauliLimit(), T, **shared).B.values * (2 / g)
    ratio = found.B.values / np.where(pauli > 0, pauli, np.nan)
    return found.assign(
        B_surface=("T", whole.B.values, _TESLA),
        B_out_of_plane=("T", fields[0], _TESLA),
        B_doubled=("T", fields[1], _TESLA),
        B_pauli=("T", pauli, _TESLA),
        enhancement=("T", ratio),
        limit=("T", _named(ratio, whole.B.values, *fields)),
    ).assign_attrs(
        splitting=float(2 * np.linalg.norm(surface.g, axis=1) @ surface.weight),
        in_plane=float(_share(surface.g) @ surface.weight),
    )


def _named(ratio: Floats, whole: Floats, upright: Floats, doubled: Floats) -> list[str]:
    names = []
    for enhancement, field, without, twice in zip(ratio, whole, upright, doubled, strict=True):
        if np.isnan(enhancement):
            names.append("normal state")
        elif enhancement < 1 + _NOTICEABLE:
            names.append("Pauli limit")
        elif without > (1 + _NOTICEABLE) * field:
            names.append("in-plane spin-orbit coupling")
        else:
            helps = twice > (1 + _NOTICEABLE) * field
            names.append("size of the splitting" if helps else "field along the spins")
    return names


def _share(g: Floats) -> Floats:
    """|g_xy| / |g| of each point."""
    return np.asarray(np.hypot(g[:, 0], g[:, 1]) / np.maximum(np.linalg.norm(g, axis=1), 1e-300))
