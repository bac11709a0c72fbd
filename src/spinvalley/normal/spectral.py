"""Spectral functions: the retarded Green function and what it shows of charge and spin on one layer."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, momenta, one_of, positive, real
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.normal.bands import ENERGY, MOMENTUM, Layers, count, layer_mask
from spinvalley.normal.proximity import self_energy, split

Route = Literal["matrix", "self_energy"]
_BLOCK = 20000  # momenta at once


def green(model: Model, k: ArrayLike, omega: ArrayLike, broadening: float, zeeman: ArrayLike = 0.0) -> Matrix:
    """Retarded Green function of all layers, G(k, w) = [w + i eta - h(k) - V.sigma]^-1.

    Args:
        model: any model with n spin-orbitals.
        k: momenta (..., 2), 1/length.
        omega: real energy w, broadcast against the leading axes of k; energy unit of the model.
        broadening: eta > 0, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.

    Returns:
        Matrices (..., n, n), 1/energy.

    Raises:
        InvalidInput: NaN, broadening not positive.

    Source: heterostructure.txt, eq. 4 and 6.

    >>> from spinvalley.models import film
    >>> green(film(), [0.0, 0.0], -6.0, 0.1).diagonal()
    array([0.-10.j, 0.-10.j])
    """
    k = momenta("k", k)
    z = _retarded(omega, broadening)[..., None, None]
    h = model.hamiltonian(k) + model.zeeman(zeeman)
    return np.asarray(np.linalg.inv(z * np.eye(model.dim) - h))


def spectral_densities(
    model: Model,
    k: ArrayLike,
    omega: ArrayLike = 0.0,
    *,
    broadening: float,
    layer: Layers = "sc",
    zeeman: ArrayLike = 0.0,
    route: Route = "matrix",
) -> tuple[Floats, Floats]:
    """Spectral density and spin polarisation of a layer, rho0 = rho_up + rho_dn and rho3 = rho_up - rho_dn.

    rho_s(k, w) = -(1/pi) Im G_ss(k, w + i eta), summed over the orbitals of the layer; the integral of rho_s over w is
    their number.

    Args:
        model: any model.
        k: momenta (..., 2), 1/length.
        omega: real energy w, broadcast against the leading axes of k; energy unit of the model.
        broadening: eta > 0, energy unit of the model.
        layer: name(s) of the layer(s) seen.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        route: "matrix" inverts the full matrix, "self_energy" integrates the other layers out first; they agree.

    Returns:
        rho0 and rho3, shape (...), 1/energy.

    Raises:
        InvalidInput: unknown layer or route, NaN, broadening not positive.

    Source: heterostructure.txt, eq. 6 and Fig. 2.

    >>> from spinvalley.models import heterostructure
    >>> rho0, rho3 = spectral_densities(heterostructure(), [2.3921237882, 0.0], broadening=0.1)
    >>> round(float(rho3 / rho0), 6)
    0.347077
    """
    chosen = layer_mask(model, layer)
    k = momenta("k", k)
    if one_of("route", route, ("matrix", "self_energy")) == "matrix":
        g = green(model, k, omega, broadening, zeeman)[..., chosen, :][..., chosen]
    else:
        z = _retarded(omega, broadening)
        h = split(model, layer, k, zeeman)[0] + self_energy(model, layer, k, z, zeeman)
        g = np.asarray(np.linalg.inv(z[..., None, None] * np.eye(h.shape[-1]) - h), dtype=complex)
    rho = -np.einsum("...ii->...i", g).imag / np.pi
    up, down = rho[..., ::2].sum(axis=-1), rho[..., 1::2].sum(axis=-1)
    return up + down, up - down


def spectral_map(
    model: Model,
    layer: Layers = "sc",
    omega: float = 0.0,
    broadening: float = 0.1,
    points: int = 241,
    zeeman: ArrayLike = 0.0,
) -> xr.Dataset:
    """Spectral density rho0 and spin polarisation rho3 of a layer over the Brillouin zone at one energy.

    Args:
        model: any model.
        layer: name(s) of the layer(s) seen.
        omega: energy, energy unit of the model; 0 is the Fermi level.
        broadening: eta > 0, energy unit of the model.
        points: number of momenta along the longer side of the rectangle around the zone.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.

    Returns:
        Dataset with rho0, rho3 (ky, kx; 1/energy), inside (ky, kx): whether k lies in the zone, and zone_corners
        (corner, xy; 1/length).

    Raises:
        InvalidInput: unknown layer, NaN, broadening not positive, points below 8.

    Source: heterostructure.txt, Fig. 2.

    >>> from spinvalley.models import heterostructure
    >>> spectral_map(heterostructure(), points=9).rho0.dims
    ('ky', 'kx')
    """
    points = count("points", points, 8)
    omega, broadening = real("omega", omega), positive("broadening", broadening)
    corners = model.lattice.zone_corners
    low, high = corners.min(axis=0), corners.max(axis=0)
    sizes = np.maximum(8, np.round(points * (high - low) / (high - low).max())).astype(int)
    kx, ky = (np.linspace(low[n], high[n], sizes[n]) for n in (0, 1))
    k = np.stack(np.meshgrid(kx, ky), axis=-1)
    flat = k.reshape(-1, 2)
    parts = [
        spectral_densities(
            model, flat[start : start + _BLOCK], omega, broadening=broadening, layer=layer, zeeman=zeeman
        )
        for start in range(0, len(flat), _BLOCK)
    ]
    rho0, rho3 = (np.concatenate(part).reshape(k.shape[:-1]) for part in zip(*parts, strict=True))
    inside = np.linalg.norm(model.lattice.fold(k), axis=-1) >= np.linalg.norm(k, axis=-1) - 1e-9 * float(high.max())
    per_energy = {"units": "1 / energy unit of the model"}
    return xr.Dataset(
        {
            "rho0": (("ky", "kx"), rho0, per_energy),
            "rho3": (("ky", "kx"), rho3, per_energy),
            "inside": (("ky", "kx"), inside),
            "zone_corners": (("corner", "xy"), corners, {"units": MOMENTUM}),
        },
        coords={"kx": ("kx", kx, {"units": MOMENTUM}), "ky": ("ky", ky, {"units": MOMENTUM}), "xy": ["x", "y"]},
        attrs={"layer": str(layer), "omega": omega, "broadening": broadening, "energy_units": ENERGY},
    )


def _retarded(omega: ArrayLike, broadening: float) -> Matrix:
    """Energies w + i eta just above the real axis."""
    energies = np.asarray(omega, dtype=float)
    if not np.all(np.isfinite(energies)):
        raise InvalidInput("`omega` must be finite, but contains NaN or infinity")
    return np.asarray(energies + 1j * positive("broadening", broadening))
