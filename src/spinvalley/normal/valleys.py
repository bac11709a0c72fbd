"""Fermi lines by valley and spin: spin texture, splitting between spin partners, carriers of each pocket."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, momenta, whole
from spinvalley.models import Model
from spinvalley.models.lattice import Lattice
from spinvalley.normal.bands import ENERGY, spin_expectation
from spinvalley.normal.contours import fermi_contours
from spinvalley.normal.filling import DENSITY, PER_CM2
from spinvalley.normal.sectors import Sector, sectors

_LINE = ("contour", "point")


def valley_contours(
    model: Model, energy: float = 0.0, zeeman: ArrayLike = 0.0, *, points: int = 240, tol: float = 1e-10
) -> xr.Dataset:
    """Fermi lines with the valley, the carriers and the spin texture of each pocket.

    The spin partner of band 2m is band 2m + 1 (ascending; where a spin axis is conserved, the band of the same number
    and opposite spin). Where both are degenerate by symmetry at every k, the spin is that of the conserved axis (z if
    all are), the splitting and g are 0.

    Args:
        model: a model with lengths in nm.
        energy: the level, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        points: number of points on each contour.
        tol: accuracy of the areas and of the weights.

    Returns:
        The Dataset of `fermi_contours` with, per contour and point: texture (..., component), the expectation value of
        sigma; in_plane, its share |<sigma_xy>| / |<sigma>|; splitting, E_up - E_down of the partners as in
        `spin_splitting`; g (..., component), half the splitting along the spin of the upper partner (for one orbital:
        the spin-orbit vector of h = eps + g.sigma), all at zero length where undefined. Per contour: valley (the named
        point of the lattice next to its centre, "Q" half-way from Gamma to K and K', "open" for an open line), density
        (cm^-2: electrons or holes in the pocket, NaN if open), dos_share, and averages over the density of states
        in_plane_mean, splitting_mean (of the magnitude), and in_plane_max.

    Raises:
        InvalidInput: energy or zeeman not finite, points below 8, tol not positive.

    Source: gated_mos2.txt, Fig. 4a-b.

    >>> from spinvalley.models import tmd
    >>> data = valley_contours(tmd())
    >>> data.valley.values.tolist(), data.in_plane_max.values.tolist()
    (["K'", 'K'], [0.0, 0.0])
    """
    data = fermi_contours(model, energy, zeeman, points=points, tol=tol)
    blocks = sectors(model, zeeman)
    spin, splitting, g = _texture(blocks, data)
    size = np.linalg.norm(spin, axis=-1)
    in_plane = np.hypot(spin[..., 0], spin[..., 1]) / np.maximum(size, 1e-300)
    weight = data.weight.values
    total = weight.sum(axis=1)
    mean = weight / np.maximum(total, 1e-300)[:, None]
    per_cell = PER_CM2 * model.lattice.zone_area / (2 * np.pi) ** 2
    closed = data.kind.values.astype(str) != "open"
    return data.assign(
        texture=((*_LINE, "component"), spin, {"units": "1"}),
        in_plane=(_LINE, in_plane, {"units": "1"}),
        splitting=(_LINE, splitting, {"units": ENERGY}),
        g=((*_LINE, "component"), g, {"units": ENERGY}),
        density=("contour", np.where(closed, data.area * per_cell, np.nan), {"units": DENSITY}),
        dos_share=("contour", total / max(float(total.sum()), 1e-300), {"units": "1"}),
        in_plane_mean=("contour", np.sum(mean * in_plane, axis=1), {"units": "1"}),
        in_plane_max=("contour", in_plane.max(axis=1, initial=0.0), {"units": "1"}),
        splitting_mean=("contour", np.sum(mean * np.abs(splitting), axis=1), {"units": ENERGY}),
    ).assign_coords(
        valley=("contour", _valleys(model.lattice, data)),
        component=["x", "y", "z"],
    )


def spin_splitting(model: Model, k: ArrayLike, pair: int | None = None, zeeman: ArrayLike = 0.0) -> Floats:
    """Signed spin splitting E_up - E_down of the partner bands 2m and 2m + 1.

    Where a spin axis is conserved, up and down are along it, partners are the m-th bands of each spin, and the sign
    changes where they cross. Else it is the distance of the bands, positive where the upper one has the larger
    <sigma_z>.

    Args:
        model: any model with n spin-orbitals.
        k: momenta (..., 2), 1/length.
        pair: number m of the pair of bands, ascending; all of them if omitted.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.

    Returns:
        Splittings (..., n/2), or (...) for one pair, energy unit of the model.

    Raises:
        InvalidInput: momenta of the wrong shape or not finite, a pair that the model does not have.

    >>> from spinvalley.models import tmd
    >>> model = tmd(beta_so=0.5)
    >>> float(spin_splitting(model, model.lattice.momentum("K'"), pair=0) / 3**0.5)
    3.0000000000
    """
    k = momenta("k", k)
    pairs = model.dim // 2
    if pair is not None and whole("pair", pair, 0) >= pairs:
        raise InvalidInput(f"`pair` must be below {pairs}, the number of pairs of bands, but is {pair}")
    up, down, _ = _partners(sectors(model, zeeman), k)
    return np.asarray(up - down if pair is None else (up - down)[..., int(pair)])


def _partners(blocks: tuple[Sector, ...], k: Floats) -> tuple[Floats, Floats, Floats]:
    """Energies of up and down partners (..., pairs), and the spin of up minus that of down (..., pairs, 3)."""
    if len(blocks) == 2:
        (up, u), (down, d) = (block.states(k) for block in blocks)
        return up, down, spin_expectation(u) - spin_expectation(d)
    energies, states = blocks[0].states(k)
    spin = spin_expectation(states)
    difference = spin[..., 1::2, :] - spin[..., ::2, :]
    upwards = difference[..., 2] >= 0
    low, high = energies[..., ::2], energies[..., 1::2]
    turned = np.where(upwards[..., None], difference, -difference)
    return np.where(upwards, high, low), np.where(upwards, low, high), turned


def _texture(blocks: tuple[Sector, ...], data: xr.Dataset) -> tuple[Floats, Floats, Floats]:
    """Spin (contour, point, 3), splitting (contour, point) and g (contour, point, 3) along the contours."""
    shape = data.weight.shape
    spin, splitting, g = np.zeros((*shape, 3)), np.zeros(shape), np.zeros((*shape, 3))
    for n in range(shape[0]):
        band, of, k = int(data.band[n]), int(data.spin[n]), data.k.values[n]
        block = blocks[1] if of < 0 else blocks[0]
        local = band - (blocks[0].size if of < 0 else 0)
        _, states = block.states(k)
        spin[n] = spin_expectation(states)[:, local]
        up, down, difference = _partners(blocks, k)
        pair = local if len(blocks) == 2 else local // 2
        splitting[n] = (up - down)[:, pair]
        size = np.linalg.norm(difference[:, pair], axis=-1, keepdims=True)
        direction = np.divide(difference[:, pair], size, out=np.zeros_like(spin[n]), where=size > 1e-12)
        g[n] = 0.5 * splitting[n][:, None] * direction
    return spin, splitting, g


def _valleys(lattice: Lattice, data: xr.Dataset) -> list[str]:
    """Name of the point of the zone next to the centre of each pocket."""
    names, places = _landmarks(lattice)
    found = []
    for n in range(data.sizes["contour"]):
        if str(data.kind.values[n]) == "open":
            found.append("open")
            continue
        away = _centroid(data.k.values[n]) - places
        found.append(names[int(np.argmin(np.linalg.norm(lattice.fold(away), axis=-1)))])
    return found


def _landmarks(lattice: Lattice) -> tuple[list[str], Floats]:
    """Named points of the lattice with their images under its rotations, and Q between Gamma and the corners K, K'."""
    names = [name for name, _ in lattice.points]
    places = [lattice.momentum(name) for name in names]
    scale = 1e-6 * float(np.sqrt(lattice.zone_area))
    for name in tuple(names):
        for image in lattice.holohedry @ lattice.momentum(name):
            if np.linalg.norm(lattice.fold(image - np.array(places)), axis=-1).min() > scale:
                names.append(name)
                places.append(image)
    if "K" in names:
        for image in lattice.holohedry @ (0.5 * lattice.fold(lattice.momentum("K"))):
            names.append("Q")
            places.append(image)
    return names, np.array(places)


def _centroid(k: Floats) -> Floats:
    """Centre of the area of a closed polygon (n, 2)."""
    start = k[0]
    here, following = k - start, np.roll(k - start, -1, axis=0)
    cross = here[:, 0] * following[:, 1] - here[:, 1] * following[:, 0]
    return np.asarray(start + (cross @ (here + following)) / (3 * cross.sum()))
