"""Wave functions across a strip: local density, spin, edge weight, and the local density of states."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, Status, axis, instance, positive, tolerance
from spinvalley.models.model import Matrix
from spinvalley.pairing import Superconductor
from spinvalley.spin import SX, SY, SZ
from spinvalley.topology.sheet import Energies, Sheet
from spinvalley.topology.strip import energies, prepared

Array = NDArray[Any]
_MARGIN = 0.1
_COVERED = 5.0


def strip_states(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    width: int,
    k_parallel: ArrayLike,
    edge: object = "armchair",
    states: int | None = 12,
    *,
    ends: str = "open",
    tol: float = 1e-10,
) -> xr.Dataset:
    """Quasiparticle states of a strip nearest zero energy: where they sit and how their spin points.

    Each state has norm 1: sum over columns and layers of |u|^2 (electron) + |v|^2 (hole). Of degenerate states, such as
    the pair +-E of zero modes at opposite edges of a wide strip, only sums have a meaning.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        width: number of columns, as in `strip`.
        k_parallel: momenta along the edge, 1/length, scalar or (K,).
        edge: as in `winding`.
        states: number of states per momentum; None means all.
        ends: "open" or "periodic".
        tol: as in `strip`.

    Returns:
        The Dataset of `strip`, with electron and hole (k_parallel, state, column, layer: |u|^2, |v|^2), spin
        (k_parallel, state, column, axis: u^+ sigma u, axes x, y, z), polarisation (k_parallel, state, axis: the spin
        of all columns relative to the electron weight), edge_weight (k_parallel, state, side: norm in the outer
        tenth of the columns; a bulk state has about 0.1 on each side).

    Raises:
        InvalidInput: as `strip`.

    Warns:
        FiniteSizeWarning: as `strip`.

    Source: heterostructure.txt, Fig. 4.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> found = sv.topology.strip_states(sc, gap=0.3, zeeman=1.2, width=400, k_parallel=1.27, states=4)
    >>> found.edge_weight.sum("side").values.round(2)
    array([[0.07, 0.76, 0.76, 0.07]])
    """
    ready, number = prepared(sc, gap, zeeman, width, k_parallel, edge, states, ends)
    solved, parts = [], []
    for solution in ready.solutions(number):
        solved.append((solution.energy, solution.error, solution.complete))
        parts.append(_profile(ready, solution, sc.model.layers))
    out = energies(ready, solved, tolerance("tol", tol))
    electron, hole, spin = (np.stack([part[n] for part in parts]) for n in range(3))
    where = ("k_parallel", "state", "column", "layer")
    margin = max(1, round(_MARGIN * width))
    density = (electron + hole).sum(axis=-1)
    sides = np.stack([density[..., :margin].sum(axis=-1), density[..., -margin:].sum(axis=-1)], axis=-1)
    with np.errstate(invalid="ignore"):
        mean = spin.sum(axis=2) / electron.sum(axis=(2, 3))[..., None]
    return out.assign(
        electron=(where, electron),
        hole=(where, hole),
        spin=(("k_parallel", "state", "column", "axis"), spin),
        polarisation=(("k_parallel", "state", "axis"), mean),
        edge_weight=(("k_parallel", "state", "side"), sides, {"columns": margin}),
    ).assign_coords(
        column=np.arange(width),
        layer=list(dict.fromkeys(sc.model.layers)),
        axis=["x", "y", "z"],
        side=["first", "last"],
    )


def local_density(states: xr.Dataset, energy: ArrayLike, broadening: float) -> xr.Dataset:
    """Local density of electron states across a strip, rho(E) = sum_n |u_n|^2 L(E - E_n), from `strip_states`.

    L is a Lorentzian of half width `broadening`: the sharp states as an instrument sees them.

    Args:
        states: from `strip_states`; only the states in it count.
        energy: energies (E,), energy unit of the model.
        broadening: half width at half maximum, energy.

    Returns:
        Dataset density (k_parallel, energy, column, layer), 1/energy per cell, status (k_parallel, energy: "beyond
        range" where a state that was not computed may lie within five half widths).

    Raises:
        InvalidInput: not from `strip_states`, NaN, broadening <= 0.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> found = sv.topology.strip_states(sc, gap=0.3, zeeman=1.2, width=400, k_parallel=1.27, states=6)
    >>> density = sv.topology.local_density(found, energy=[0.0, 0.05], broadening=0.005).density
    >>> density.sum(("column", "layer")).values.round(1)
    array([[64.1,  1.7]])
    """
    instance("states", states, xr.Dataset, "strip_states(...)")
    if "electron" not in states:
        raise InvalidInput("`states` must come from `strip_states`, but has no variable `electron`")
    levels, width = axis("energy", energy), positive("broadening", broadening)
    distance = levels[None, :, None] - states.energy.values[:, None, :]
    weight = width / np.pi / (distance**2 + width**2)
    density = np.einsum("ken,kncl->kecl", weight, states.electron.values)
    everything = states.sizes["state"] == states.attrs["total"]
    edge = np.full(len(states.k_parallel), np.inf) if everything else np.abs(states.energy.values).max(axis=1)
    covered = np.abs(levels)[None, :] + _COVERED * width <= edge[:, None]
    return xr.Dataset(
        {
            "density": (("k_parallel", "energy", "column", "layer"), density, {"units": "1/energy"}),
            "status": (
                ("k_parallel", "energy"),
                np.where(covered, str(Status.CONVERGED), str(Status.BEYOND_RANGE)),
            ),
        },
        coords={
            "k_parallel": states.k_parallel,
            "energy": ("energy", levels, {"units": "energy"}),
            "column": states.column,
            "layer": states.layer,
        },
        attrs={"broadening": width, "edge": states.attrs["edge"], "width": states.attrs["width"]},
    )


def _profile(ready: Sheet, solution: Energies, layers: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    """Electron and hole weight (S, width, layers) and spin (S, width, 3) of the states of one momentum."""
    waves: Matrix = ready.waves(solution)
    half = waves.shape[-1] // 2
    electron = waves[..., :half].reshape(*waves.shape[:2], -1, 2)
    hole = waves[..., half:].reshape(electron.shape)
    names = list(dict.fromkeys(layers))
    belongs = np.array([[name == layer for name in names] for layer in layers], dtype=float)
    weights = [np.sum(np.abs(part) ** 2, axis=-1) @ belongs for part in (electron, hole)]
    spins = [np.einsum("ncos,st,ncot->nc", electron.conj(), sigma, electron).real for sigma in (SX, SY, SZ)]
    return weights[0], weights[1], np.stack(spins, axis=-1)
