"""The gap over the whole Brillouin zone: a global minimum with a proof."""

from __future__ import annotations

import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Status, tolerance
from spinvalley.pairing import Superconductor
from spinvalley.topology.pencil import pencils
from spinvalley.topology.search import minimum
from spinvalley.topology.zeros import ZERO


def bulk_gap(sc: Superconductor, gap: float, zeeman: ArrayLike, tol: float = 1e-3) -> xr.Dataset:
    """Bulk gap: the smallest excitation energy |E(k)| over the whole zone.

    The value is a minimum of |E| found to rounding. That no lower one exists is proven by branch and bound: curvature
    bounds of X^+X and of X, X(k) = A(k) in the chiral frame and H(k) otherwise, exclude every other part of the zone.
    `tol` is how sharp this proof shall be. (Where |E| is constant along a Fermi line, as in a film without spin-orbit
    coupling, its cost grows as 1/sqrt(tol).)

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        tol: relative error that is proven.

    Returns:
        Dataset of scalars: gap (energy), error (energy: no |E| lies below gap - error), k (xy; where, in the zone,
        1/length; one of the equivalent momenta), status ("converged", "gap closed", or "not converged": the stated
        error exceeds tol). Attributes: chiral (whether a chiral symmetry was used), cells (examined).

    Raises:
        InvalidInput: negative gap, NaN, tol not between 0 and 1, hoppings that do not decay.

    Source: Weyl's inequality; concavity of the smallest eigenvalue.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    >>> round(float(sv.topology.bulk_gap(sc, gap=0.1, zeeman=0.0).gap), 7)  # on the pocket of the dichalcogenide
    0.0052346
    """
    share = tolerance("tol", tol)
    parts = pencils(sc, gap, zeeman)
    zero = ZERO * max(part.scale for part in parts)
    minima = [minimum(part, zero, share) for part in parts]
    found = min(minima, key=lambda m: m.value)
    least = min(m.least for m in minima)
    status = Status.GAP_CLOSED if found.value <= zero else Status.CONVERGED
    return xr.Dataset(
        {
            "gap": ((), found.value, {"units": "energy"}),
            "error": ((), max(found.value - least, 0.0), {"units": "energy"}),
            "k": ("xy", sc.model.lattice.fold(found.where), {"units": "1/length"}),
            "status": ((), str(status if all(m.converged for m in minima) else Status.NOT_CONVERGED)),
        },
        coords={"xy": ["x", "y"]},
        attrs={"chiral": int(all(part.chiral for part in parts)), "cells": sum(m.cells for m in minima)},
    )
