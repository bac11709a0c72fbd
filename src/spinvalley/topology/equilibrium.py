"""Does a field of so many gaps lie inside the superconducting phase? The self-consistent V/Delta(T, V)."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from spinvalley.checks import InvalidInput, Status, direction_vector, instance, non_negative, positive, tolerance
from spinvalley.pairing import GapState, Superconductor, solve_gap

_JUMP = 0.05


def field_at_ratio(
    sc: Superconductor, kT: float, ratio: float = 4.0, *, direction: ArrayLike = (1.0, 0.0, 0.0), tol: float = 1e-6
) -> xr.Dataset:
    """The field V at which V = ratio * Delta(T, V), Delta being the gap of the equilibrium state in that field.

    V/Delta rises with V. Where Delta vanishes continuously every ratio is reached below the critical field; where the
    transition is of first order, Delta jumps to zero at a finite ratio, and larger ones are not superconducting.

    Args:
        sc: the superconductor.
        kT: temperature, energy.
        ratio: V/Delta asked for (Fig. 4: 4).
        direction: of the field.
        tol: relative tolerance of the field.

    Returns:
        Dataset: zeeman (V, energy; where the ratio is jumped over, the field of the jump), gap, gap_error (Delta just
        below), ratio (V/Delta just below: the largest one if the phase ends there), asked, error (of zeeman, energy),
        status ("converged", "beyond range": Delta jumps over this ratio, "normal": not superconducting at V = 0, "not
        converged": a gap was not).

    Raises:
        InvalidInput: negative kT, ratio or tolerance not positive, mean fields beside the gap.

    Source: heterostructure.txt, Fig. 4 (a given gap) and eq. 7 (the gap of the equilibrium state).
    """
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    kT, ratio, tol = non_negative("kT", kT), positive("ratio", ratio), tolerance("tol", tol)
    axis = direction_vector(direction)
    if sc.mean_field is not None:
        raise InvalidInput(
            "`sc` must have a reduced interaction and a fixed chemical potential here, as its electrons feel another "
            "field than V: take `pairing.in_mean_fields` of a state"
        )

    def state(field: float) -> GapState:
        return solve_gap(sc, kT, field * axis, tol=0.1 * tol)

    start = state(0.0)
    if start.gap == 0:
        return _dataset(0.0, start, ratio, 0.0, Status.NORMAL)
    top = ratio * (start.gap + start.error)  # Delta(V) <= Delta(0)
    root = float(brentq(lambda v: v - ratio * state(v).gap, 0.0, top, xtol=0.1 * tol * top, rtol=0.1 * tol))
    below, above = state(root * (1 - tol)), state(root * (1 + tol))
    jumps = below.gap - above.gap > _JUMP * below.gap
    if jumps:  # or does Delta only fall steeply? Then ten times closer it falls by ten times less
        nearer = state(root * (1 - 0.1 * tol)).gap - state(root * (1 + 0.1 * tol)).gap
        jumps = nearer > 0.5 * (below.gap - above.gap)
    doubtful = Status.NOT_CONVERGED in (below.status, above.status)
    status = Status.NOT_CONVERGED if doubtful else Status.BEYOND_RANGE if jumps else Status.CONVERGED
    field, here = (root * (1 - tol), below) if jumps else (root, state(root))
    return _dataset(field, here, ratio, 2 * tol * root, status)


def _dataset(field: float, state: GapState, asked: float, error: float, status: Status) -> xr.Dataset:
    energy = {"units": "energy"}
    return xr.Dataset(
        {
            "zeeman": ((), field, energy),
            "gap": ((), state.gap, energy),
            "gap_error": ((), state.error, energy),
            "ratio": ((), field / state.gap if state.gap > 0 else np.nan, {"units": "1"}),
            "asked": ((), asked, {"units": "1"}),
            "error": ((), error, energy),
            "status": ((), str(status)),
        },
        coords={"kT": ((), state.kT, energy)},
    )
