"""What a probe sees at a semi-infinite edge: spectral function A(k_par, E), zero modes and their weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, Status, axis
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.normal.bands import ENERGY, MOMENTUM, Layers, layer_mask
from spinvalley.pairing import Superconductor
from spinvalley.spin import S0, SX, SY, SZ
from spinvalley.topology.chirality import find_chiral
from spinvalley.topology.columns import Columns, columns
from spinvalley.topology.green import HalfPlanes, broadening, half_planes, over_points, superblocks
from spinvalley.topology.roots import evaluate, smallest_singular

_TOLERANCE = 1e-4
_COUNT_BROADENING = 1e-14  # of the largest energy: where zero modes are counted
_RESIDUE_BROADENING = 1e-10  # ... and where their weight is read off
_NULL = 1e-6
_DOUBTFUL = 1e-5
_LOSSY = 1e-3
_HARMLESS = 1e-6
_FLAT = 1e-13
_ELECTRON = ("electron", "sx", "sy", "sz")
Array = NDArray[Any]


def edge_spectrum(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    k_parallel: ArrayLike,
    energy: ArrayLike,
    edge: object = "armchair",
    *,
    eta: float | None = None,
    layer: Layers | None = None,
) -> xr.Dataset:
    """Spectral function of the edge column of a half plane, A(k_par, E) = -(1/pi) Im Tr g(k_par, E + i eta).

    g is the Green function of the half plane on column 0. The integral of A over E is 1 for each state of the trace. A
    zero mode is a peak of height W/(pi eta), W its weight on column 0 (see `edge_zero_modes`). With a chiral symmetry
    A(k_par, E) = A(k_par, -E), and only one of the two energies is computed.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        k_parallel: momenta along the edge, 1/length, scalar or (K,).
        energy: energies E, energy unit of the model, scalar or (N,).
        edge: as in `winding`.
        eta: broadening, energy, from 1e-14 of the largest energy of the model on. Without it the mean spacing of
            `energy`, or 1e-6 of the largest energy if there is one `energy` only.
        layer: name(s) of the layer(s) seen; all without it.

    Returns:
        Dataset over k_parallel, energy: total (electrons and holes of the layers), bulk_total (the same for a column
        of the infinite plane), and per layer electron, bulk_electron (the part that tunnelling shows), sx, sy, sz (the
        electron part with sigma inside the trace), all in 1/energy; error, bulk_error (estimates of the error of one
        matrix element of the Green functions over pi, 1/energy), status ("converged", or "not converged" where an error
        is above 1e-4 of its Green function). Attributes: edge, eta, chiral.

    Raises:
        InvalidInput: unknown edge or layer (lists the known ones), NaN, eta not positive.

    Source: heterostructure.txt, Fig. 4b; method and sources of `spinvalley.topology.green`.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> seen = sv.topology.edge_spectrum(sc, 0.3, 1.2, k_parallel=1.27, energy=[0.0, 0.05], eta=1e-4)
    >>> seen.total.values[0].round(3).tolist(), seen.bulk_total.values[0].round(3).tolist()
    ([188.542, 0.002], [0.001, 0.001])
    """
    sides = columns(sc, gap, zeeman, edge)
    k, energies = axis("k_parallel", k_parallel), axis("energy", energy)
    names, masks = _layers(sc.model, layer)
    eta = broadening(_default(energies, sides.scale) if eta is None else eta, sides.scale)
    chiral = find_chiral(sides.table)
    values, errors, good = _traces(sides, k, energies, eta, _observables(masks), chiral)
    per_layer = {
        name: (("k_parallel", "energy", "layer"), values[:, :, 0, 1 + n :: len(_ELECTRON)], _per(ENERGY))
        for n, name in enumerate(_ELECTRON)
    }
    bulk = values[:, :, 1, 1 :: len(_ELECTRON)]
    status = np.where(good, str(Status.CONVERGED), str(Status.NOT_CONVERGED))
    grid = ("k_parallel", "energy")
    return xr.Dataset(
        {
            "total": (grid, values[:, :, 0, 0], _per(ENERGY)),
            "bulk_total": (grid, values[:, :, 1, 0], _per(ENERGY)),
            **per_layer,
            "bulk_electron": (("k_parallel", "energy", "layer"), bulk, _per(ENERGY)),
            "error": (grid, errors[:, :, 0], _per(ENERGY)),
            "bulk_error": (grid, errors[:, :, 1], _per(ENERGY)),
            "status": (grid, status),
        },
        coords={
            "k_parallel": ("k_parallel", k, {"units": MOMENTUM}),
            "energy": ("energy", energies, {"units": ENERGY}),
            "layer": list(names),
        },
        attrs={"edge": sides.edge.name, "eta": eta, "chiral": int(chiral is not None)},
    )


def edge_zero_modes(
    sc: Superconductor, gap: float, zeeman: ArrayLike, k_parallel: ArrayLike, edge: object = "armchair"
) -> xr.Dataset:
    """Number of zero-energy modes of a half plane, and their weight on column 0, from its Green function.

    The number is that of the solutions of K m = 0 (see `green`): singular values of K that vanish at E = 0. The
    weight is the residue of g, lim eta -> 0 of i eta g(i eta) = sum over modes of psi_0 psi_0^+, psi normalised in
    the half plane. Nothing here knows of winding numbers: it is a witness for them.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        k_parallel: momenta along the edge, 1/length, scalar or (K,).
        edge: as in `winding`.

    Returns:
        Dataset over k_parallel: modes; winding (modes with C = -1 minus modes with C = +1; 0 without a chiral
        symmetry); weight on column 0, electrons and holes; per layer electron, sx, sy, sz: the weight of the electron
        part, and with sigma inside the trace; separation (the smallest singular value of K that is not zero, about the
        energy of the next state over the gap); status ("converged", "gap closed" where the half plane absorbs at
        E = 0, or the bulk has a flat band there, and nothing is defined, "not converged" where some value is neither
        small nor large, or the decay is longer than some 1e8 columns).

    Raises:
        InvalidInput: unknown edge (lists the known ones), NaN.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> found = sv.topology.edge_zero_modes(sc, gap=0.3, zeeman=1.2, k_parallel=[0.4, 1.27])
    >>> found.modes.values, found.weight.values.round(4)
    (array([0, 1]), array([0.    , 0.0592]))
    """
    sides = columns(sc, gap, zeeman, edge)
    k = axis("k_parallel", k_parallel)
    names, masks = _layers(sc.model, None)
    inner, outer = superblocks(sides, k)
    above = 1j * np.full(len(k), sides.scale)
    count = _count(half_planes(inner, outer, _COUNT_BROADENING * above), find_chiral(sides.table))
    count = _without_flat_bands(count, sides, k)
    eta = _RESIDUE_BROADENING * sides.scale
    g, _ = half_planes(inner, outer, _RESIDUE_BROADENING * above).surface()
    weights = np.pi * eta * _expectation(g[:, : sides.dim, : sides.dim], _observables(masks))
    weights[count.modes == 0] = 0.0
    return xr.Dataset(
        {
            "modes": ("k_parallel", count.modes),
            "winding": ("k_parallel", count.winding),
            "weight": ("k_parallel", weights[:, 0]),
            **{
                name: (("k_parallel", "layer"), weights[:, 1 + n :: len(_ELECTRON)]) for n, name in enumerate(_ELECTRON)
            },
            "separation": ("k_parallel", count.separation),
            "status": ("k_parallel", count.status),
        },
        coords={"k_parallel": ("k_parallel", k, {"units": MOMENTUM}), "layer": list(names)},
        attrs={"edge": sides.edge.name},
    )


@dataclass(frozen=True, eq=False)
class _Count:
    modes: NDArray[np.int_]
    winding: NDArray[np.int_]
    separation: Floats
    status: NDArray[np.str_]


def _count(planes: HalfPlanes, chiral: Matrix | None) -> _Count:
    """Null vectors of K, and the signs of C on the states that belong to them."""
    one = np.eye(planes.right.shape[-1])
    _, values, vectors = np.linalg.svd(planes.wall())
    loss = np.abs(one - planes.right.conj().swapaxes(-1, -2) @ planes.right).max(axis=(-2, -1))
    modes = np.where(loss > _LOSSY, 0, np.sum(values < _NULL, axis=-1))
    doubtful = np.any((values >= _NULL) & (values < _DOUBTFUL), axis=-1) | (loss > _HARMLESS) | ~planes.converged
    winding = np.zeros(len(modes), dtype=int)
    if chiral is not None:
        operator = np.kron(np.eye(len(one) // len(chiral)), chiral)
        for n in np.flatnonzero(modes):
            states = (planes.right[n] - one) @ vectors[n, -modes[n] :].conj().T
            winding[n] = -np.sum(np.sign(np.linalg.eigvalsh(states.conj().T @ operator @ states)))
    next_value = np.where(values < _NULL, np.inf, values).min(axis=-1)
    status = np.where(doubtful, str(Status.NOT_CONVERGED), str(Status.CONVERGED))
    return _Count(modes, winding, next_value, np.where(loss > _LOSSY, str(Status.GAP_CLOSED), status))


def _without_flat_bands(count: _Count, sides: Columns, k: Floats) -> _Count:
    """The count with "gap closed" where the bulk has states of zero energy at every k_perp, which are no edge modes."""
    matrices = evaluate(sides.blocks(k), np.full(len(k), np.exp(1j)))
    flat = smallest_singular(matrices) < _FLAT * sides.scale
    status = np.where(flat, str(Status.GAP_CLOSED), count.status)
    return _Count(np.where(flat, 0, count.modes), np.where(flat, 0, count.winding), count.separation, status)


def _traces(
    sides: Columns, k: Floats, energies: Floats, eta: float, observables: Matrix, chiral: Matrix | None
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """-(1/pi) Im Tr O g at the edge and in the bulk (K, N, 2, a), errors (K, N, 2), and whether they are small."""
    dim = sides.dim
    mirrored = observables if chiral is None else chiral @ observables @ chiral
    used, which, flipped = _folded(energies, chiral is not None)

    def reduce(planes: HalfPlanes, _: NDArray[np.intp]) -> tuple[Array, ...]:
        found = [planes.surface(), planes.bulk()]
        values = [[_expectation(g[:, :dim, :dim], o) for o in (observables, mirrored)] for g, _ in found]
        sizes = np.stack([np.abs(g).max(axis=(-2, -1)) for g, _ in found], axis=-1)
        errors = np.stack([e for _, e in found], axis=-1)
        good = planes.converged & np.all(errors <= _TOLERANCE * sizes, axis=-1)
        return np.moveaxis(np.array(values), 2, 0), errors / np.pi, good

    values, errors, good = over_points(sides, k, used, eta, reduce)
    return values[:, which, :, flipped].swapaxes(0, 1), errors[:, which], good[:, which]


def _folded(energies: Floats, symmetric: bool) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Energies to compute, the one that serves each energy asked for, and 1 where it serves with the other sign."""
    if not symmetric:
        return energies, np.arange(len(energies)), np.zeros(len(energies), dtype=int)
    order = np.argsort(np.abs(energies))
    sizes = np.abs(energies)[order]
    first = np.diff(sizes, prepend=-1.0) > 4 * np.finfo(float).eps * sizes[-1]
    which = np.empty(len(energies), dtype=int)
    which[order] = np.cumsum(first) - 1
    return sizes[first], which, (energies < 0).astype(int)


def _expectation(g: Matrix, observables: Matrix) -> Floats:
    """-(1/pi) Im Tr O g for Hermitian O: traces with (i/2 pi)(g - g^+), shape (P, a)."""
    density = 0.5j / np.pi * (g - g.conj().swapaxes(-1, -2))
    return np.asarray(np.einsum("aij,pji->pa", observables, density).real)


def _observables(masks: list[NDArray[np.bool_]]) -> Matrix:
    """The unit matrix of all layers, then for each layer the electron part with 1, sigma_x, sigma_y, sigma_z."""
    every = np.any(masks, axis=0)
    found = [np.diag(np.concatenate([every, every])).astype(complex)]
    for mask in masks:
        electrons = np.kron(np.diag([1.0, 0.0]), np.diag(mask[::2].astype(float)))
        found += [np.kron(electrons, sigma) for sigma in (S0, SX, SY, SZ)]
    return np.array(found)


def _layers(model: Model, layer: Layers | None) -> tuple[tuple[str, ...], list[NDArray[np.bool_]]]:
    """Names of the layers seen, without repetition, and the spin-orbitals of each."""
    chosen = layer_mask(model, tuple(model.layers) if layer is None else layer)
    names = tuple(dict.fromkeys(n for n, mine in zip(model.layers, chosen[::2], strict=True) if mine))
    return names, [layer_mask(model, name) for name in names]


def _default(energies: Floats, scale: float) -> float:
    spread = float(np.ptp(energies))
    return spread / (len(energies) - 1) if spread > 0 else 1e-6 * scale


def _per(unit: str) -> dict[str, str]:
    return {"units": f"1 / {unit}"}
