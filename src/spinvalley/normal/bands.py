"""Band structure along a path in the Brillouin zone, with spin texture and layer weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, momenta, one_of
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.normal.sectors import Sector, sectors
from spinvalley.spin import SX, SY, SZ

Point = str | tuple[float, float]
Layers = str | tuple[str, ...]
ENERGY = "energy unit of the model"
MOMENTUM = "1 / length unit of the model"


def bands(
    model: Model,
    path: Sequence[Point] = ("Gamma", "K", "M", "Gamma"),
    points: int = 301,
    zeeman: ArrayLike = 0.0,
) -> xr.Dataset:
    """Band energies along a path, with the spin and the layers of every state.

    Eigenvalues of h(k) + V.sigma. Where a spin axis is conserved the bands are numbered within each spin, +1 first, so
    that each is smooth through crossings; else they ascend (coordinate `spin` is +1, -1 or 0).

    Args:
        model: any model with n spin-orbitals.
        path: corners of the path, names of the lattice or pairs of reciprocal fractions; at least two.
        points: number of momenta on the whole path, shared out by length; every corner is one of them.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.

    Returns:
        Dataset with energy, sx, sy, sz (expectation values of sigma) of dims (k_index, band), layer_weight
        (k_index, band, layer), and the coordinates distance (k_index; 1/length), kx, ky, spin (band), tick (corner),
        tick_label (corner).

    Raises:
        InvalidInput: fewer than two corners, two equal corners in a row, an unknown name, NaN, too few points.

    Source: heterostructure.txt, eq. 1-3 and Fig. 1a.

    >>> from spinvalley.models import tmd
    >>> up, down = bands(tmd(beta_so=0.5), path=("Gamma", "K'"), points=2).energy.values[1]
    >>> float(up - down) / (6 * 3**0.5 * 0.5)
    1.000000000000
    """
    k, distance, ticks = _path(model, path, points)
    blocks = sectors(model, zeeman)
    parts = [block.states(k) for block in blocks]
    energy = np.concatenate([e for e, _ in parts], axis=1)
    states = np.concatenate([u for _, u in parts], axis=2)
    spin = spin_expectation(states)
    layers = list(dict.fromkeys(model.layers))
    weight = np.stack([layer_weight(model, layer, states) for layer in layers], axis=-1)
    flat = ("k_index", "band")
    return xr.Dataset(
        {
            "energy": (flat, energy, {"units": ENERGY}),
            **{name: (flat, spin[..., n], {"units": "1"}) for n, name in enumerate(("sx", "sy", "sz"))},
            "layer_weight": ((*flat, "layer"), weight, {"units": "1"}),
        },
        coords={
            "distance": ("k_index", distance, {"units": MOMENTUM}),
            "kx": ("k_index", k[:, 0], {"units": MOMENTUM}),
            "ky": ("k_index", k[:, 1], {"units": MOMENTUM}),
            "spin": ("band", spin_labels(blocks)),
            "layer": layers,
            "tick": ("corner", ticks, {"units": MOMENTUM}),
            "tick_label": ("corner", [_label(point) for point in path]),
        },
    )


def spin_labels(blocks: Sequence[Sector]) -> list[int]:
    """Spin of each band of the sectors in order: +1 or -1 along a conserved axis, else 0."""
    return [block.spin for block in blocks for _ in range(block.size)]


def spin_expectation(states: Matrix) -> Floats:
    """Expectation values of (sigma_x, sigma_y, sigma_z), shape (..., n, 3), of the columns of (..., dim, n)."""
    spinors = states.reshape(*states.shape[:-2], states.shape[-2] // 2, 2, states.shape[-1])
    values = [np.einsum("...osn,st,...otn->...n", spinors.conj(), s, spinors).real for s in (SX, SY, SZ)]
    return np.stack(values, axis=-1)


def layer_weight(model: Model, layers: Layers, states: Matrix) -> Floats:
    """Weight of the columns of (..., dim, n) on the named layer(s), shape (..., n), between 0 and 1."""
    return np.asarray(np.sum(np.abs(states) ** 2 * layer_mask(model, layers)[:, None], axis=-2))


def layer_mask(model: Model, layers: Layers, name: str = "layer") -> NDArray[np.bool_]:
    """Which spin-orbitals lie on the named layer(s), shape (dim,); `name` is that of the argument in the error."""
    wanted = tuple(layers) if isinstance(layers, tuple | list) else (layers,)
    if not wanted:
        raise InvalidInput(f"`{name}` must name at least one layer, but is {layers!r}")
    for layer in wanted:
        one_of(name, layer, dict.fromkeys(model.layers))
    return np.array([layer in wanted for layer in model.layers]).repeat(2)


def count(name: str, value: Any, least: int) -> int:
    """An integer of at least `least`, or one clear sentence."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInput(f"`{name}` must be an integer of at least {least}, but is {value!r}")
    return int(value)


def _path(model: Model, path: Sequence[Point], points: int) -> tuple[Floats, Floats, Floats]:
    """Momenta (N, 2), distance along the path (N,), distance of the corners."""
    if isinstance(path, str) or len(path) < 2:
        raise InvalidInput(f"`path` must be at least two points of the zone, but is {path!r}")
    points = count("points", points, len(path))
    corners = momenta("path", [model.lattice.momentum(point) for point in path])
    lengths = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    if np.any(lengths == 0):
        raise InvalidInput(f"`path` must not repeat a point twice in a row, but is {tuple(path)!r}")
    ticks = np.concatenate([[0.0], np.cumsum(lengths)])
    places = np.round(ticks / ticks[-1] * (points - 1)).astype(int)
    spare = np.arange(len(places))  # at least one step for every segment, also for few points
    places = np.minimum(np.maximum.accumulate(places - spare) + spare, points - 1 - spare[::-1])
    pieces = [np.linspace(0, 1, stop - start, endpoint=False) + n for n, (start, stop) in enumerate(pairwise(places))]
    position = np.concatenate([*pieces, [float(len(lengths))]])
    index = np.arange(len(ticks))
    k = np.stack([np.interp(position, index, corners[:, axis]) for axis in (0, 1)], axis=-1)
    return k, np.interp(position, index, ticks), ticks


def _label(point: Point) -> str:
    return point if isinstance(point, str) else "({:.4g}, {:.4g})".format(*point)
