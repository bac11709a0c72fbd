"""Nodal points of the bulk spectrum and their charges."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, Status, positive
from spinvalley.pairing import Superconductor
from spinvalley.topology.pencil import Array, Pencil, pencil
from spinvalley.topology.zeros import Search, Zeros, find_zeros, spread_over_zone

_AROUND = 720


def nodes(sc: Superconductor, gap: float, zeeman: ArrayLike, *, tol: float = 1e-10) -> xr.Dataset:
    """All momenta at which the bulk gap vanishes, with their charges.

    With a chiral symmetry H(k) = [[0, A], [A^+, 0]] and a node is a zero of det A(k); its charge is the number of turns
    of arg det A around it, counter-clockwise in the (k_x, k_y) plane. At an edge the winding number changes by

        w(k_par + 0) - w(k_par - 0) = h sum of the charges of the nodes at k_par,

    h = +1 where (along the edge, into the sample) is right-handed and -1 otherwise (armchair: -1). The charges over the
    zone sum to zero. None is overlooked: branch and bound stops when each part of the zone is either excluded or lies
    so close to one node that it cannot hold another.

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        tol: accuracy of the positions, 1/length.

    Returns:
        Dataset over node: k (node, xy; in the zone, 1/length), charge (0 without chiral symmetry), energy (residual
        |E|), error (of k, 1/length), isolation (no other node is closer, 1/length), status ("converged", or "not
        converged" for nodes about to merge: one entry within `error` of all of them). Attributes: zero_set ("none",
        "points", "lines": see `nodal_lines`, or "unresolved": the gap is too small along a line to tell), status (of
        the list; "gap closed" where lines leave no list of points), chiral, total_charge, smallest_cell, cells.

    Raises:
        InvalidInput: negative gap, NaN, tol not positive, hoppings that do not decay.

    Source: heterostructure.txt, Fig. 4 and eq. 8; Newton-Kantorovich theorem.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    >>> found = sv.topology.nodes(sc, gap=0.1, zeeman=0.4)
    >>> found.sizes["node"], int((found.charge == 1).sum()), found.attrs["status"]
    (12, 6, 'converged')
    """
    tol = positive("tol", tol)
    matrices = pencil(sc, gap, zeeman)
    search = find_zeros(matrices, tol)
    zeros = _in_order(spread_over_zone(matrices, search.zeros))
    charges = _charges(matrices, zeros)
    good = (zeros.radius > 0) & (zeros.error <= tol)
    return xr.Dataset(
        {
            "k": (("node", "xy"), zeros.k, {"units": "1/length"}),
            "charge": ("node", charges),
            "energy": ("node", matrices.lowest(zeros.k), {"units": "energy"}),
            "error": ("node", zeros.error, {"units": "1/length"}),
            "isolation": ("node", zeros.radius, {"units": "1/length"}),
            "status": ("node", np.where(good, str(Status.CONVERGED), str(Status.NOT_CONVERGED))),
        },
        coords={"xy": ["x", "y"]},
        attrs={
            "zero_set": "none" if search.outcome == "points" and not len(zeros) else search.outcome,
            "status": str(_overall(search, bool(np.all(good)) and int(charges.sum()) == 0)),
            "chiral": int(matrices.chiral),
            "total_charge": int(charges.sum()),
            "smallest_cell": search.smallest,
            "cells": search.cells,
        },
    )


def _overall(search: Search, good: bool) -> Status:
    if search.outcome == "lines":
        return Status.GAP_CLOSED
    return Status.CONVERGED if good and search.outcome == "points" else Status.NOT_CONVERGED


def _in_order(zeros: Zeros) -> Zeros:
    """By distance from the centre of the zone, then by angle."""
    sizes = np.round(np.linalg.norm(zeros.k, axis=1), 8)
    angles = np.round(np.arctan2(zeros.k[:, 1], zeros.k[:, 0]) % (2 * np.pi - 1e-8), 8)
    return zeros[np.lexsort((angles, sizes))]


def _charges(matrices: Pencil, zeros: Zeros) -> NDArray[np.int64]:
    """Turns of arg det A around each zero, counter-clockwise; 0 without chiral symmetry."""
    if not matrices.chiral:
        return np.zeros(len(zeros), dtype=int)
    angles = 2 * np.pi * np.arange(_AROUND + 1) / _AROUND
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    # inside the proven disc, or around the whole cluster
    radius = np.where(zeros.radius > 0, 0.5 * zeros.radius, 4 * zeros.error)
    return np.array([_turns(matrices, k + r * circle) for k, r in zip(zeros.k, radius, strict=True)], dtype=int)


def _turns(matrices: Pencil, loop: Floats) -> int:
    values: Array = np.linalg.det(matrices.matrices(loop))
    return round(float(np.angle(values[1:] / values[:-1]).sum() / (2 * np.pi)))
