"""The field at which the bulk gap first closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status, direction_vector, positive, tolerance
from spinvalley.pairing import Superconductor
from spinvalley.topology.pencil import Ray, ray
from spinvalley.topology.search import minimum, obstacle, polish
from spinvalley.topology.zeros import ZERO

_COARSE = 0.1
_SHARE = 0.99
_STEPS = 300
_PATIENCE = 2
_BESIDE = 1e-3


def threshold(
    sc: Superconductor, gap: float, direction: ArrayLike = (1, 0, 0), *, tol: float = 1e-5, largest: float | None = None
) -> xr.Dataset:
    """Threshold field: the smallest V at which the bulk gap vanishes, for a fixed pairing amplitude.

    No energy moves faster than the field, |dE/dV| <= g, g the largest `zeeman_weights` of the model. The gap therefore
    stays open up to V + (gap at V) / g, and steps of this length never pass over a closing.

    In the two-layer model an in-plane field closes the gap where the Ising coupling vanishes, on Gamma-M. There the
    spin along V is conserved. With xi, eps the bands of the film and of the dichalcogenide, which feels w V, the
    dichalcogenide adds Gamma^2 / (-eps tau_z -+ w V) to the film at E = 0, so that for each spin

        H_eff = (xi - Gamma^2 eps / (eps^2 - w^2 V^2)) tau_z + Delta tau_x +- V F,
        F = 1 + w Gamma^2 / (eps^2 - w^2 V^2).

    It first has a zero where the first bracket vanishes (but for a shift of relative order (Delta dF/dk / v)^2), at
    V F = Delta. A field on the superconductor alone (w = 0, F = 1) closes the gap at
    V = Delta for every Gamma. If both layers feel the field (w = 1), the part of the electron that dwells in the
    dichalcogenide feels the field but not the pairing: the threshold is Delta / F, lower by the weight of the film in
    the state. It is the zero-field gap on Gamma-M, as a field along a conserved spin only shifts the levels.

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        direction: of the field, a nonzero 3-vector.
        tol: accuracy that is proven, in units of `gap`.
        largest: end of the search, energy; by default the largest energy of the model.

    Returns:
        Dataset of scalars: zeeman (V, energy), error (energy: the gap is open below zeeman - error and closed at
        zeeman + error), k (xy; where it closes, 1/length), status ("converged", "beyond range": open up to `largest`,
        or "not converged": no closing found, but the gap is open below zeeman). Attribute: steps.

    Raises:
        InvalidInput: negative gap, zero direction, tol not between 0 and 1, NaN.

    Source: Weyl's inequality; heterostructure.txt, eq. 2-4 and Fig. 4.

    >>> import spinvalley as sv
    >>> film = sv.models.heterostructure(zeeman_on="sc")
    >>> sc = sv.Superconductor(film, sv.s_wave(on="sc", gap0=0.1))
    >>> round(float(sv.topology.threshold(sc, gap=0.1).zeeman), 9)
    0.1
    """
    unit, tol = direction_vector(direction), tolerance("tol", tol)
    fields = ray(sc, gap, unit)
    end = positive("largest", largest) if largest is not None else fields.base.scale
    found = _first_closing(fields, tol * gap, end)
    return xr.Dataset(
        {
            "zeeman": ((), found.zeeman, {"units": "energy"}),
            "error": ((), found.error, {"units": "energy"}),
            "k": ("xy", sc.model.lattice.fold(found.where), {"units": "1/length"}),
            "status": ((), str(found.status)),
        },
        coords={"xy": ["x", "y"]},
        attrs={"steps": found.steps},
    )


@dataclass(frozen=True, eq=False)
class _Closing:
    """A field and where the gap closes there."""

    zeeman: float
    where: Floats
    status: Status
    steps: int
    error: float


def _first_closing(fields: Ray, tol: float, end: float) -> _Closing:
    """March up in V through intervals in which the gap is shown to stay open."""
    zero = ZERO * fields.base.scale
    start = minimum(fields.base, zero, _COARSE)
    if start.value <= zero:
        return _Closing(0.0, start.where, Status.CONVERGED, 1, 0.0)
    zeeman, root, where, exhausted = 0.0, np.inf, start.where, 0
    width = start.least / max(fields.rate, start.least / end)
    for steps in range(1, _STEPS + 1):
        width = min(width, end - zeeman, max(_SHARE * (root - zeeman), 0.5 * tol))
        found = obstacle(fields.at(zeeman + 0.5 * width, 0.5 * width))
        if found is None:
            zeeman, width = zeeman + width, 2 * width
        else:
            width, where, exhausted = 0.25 * width, found.where, exhausted + (not found.certain)
        if zeeman >= end:
            return _Closing(end, where, Status.BEYOND_RANGE, steps, 0.0)
        if found is not None or np.isfinite(root):
            root, where = _extrapolated(fields, zeeman, where)
        settled = root - zeeman <= tol
        if (settled or exhausted >= _PATIENCE) and _lowest(fields, root + tol, where)[0] <= zero:
            status = Status.CONVERGED if settled else Status.NOT_CONVERGED
            return _Closing(root, where, status, steps, max(tol, root - zeeman))
    return _Closing(zeeman, where, Status.NOT_CONVERGED, _STEPS, np.nan)


def _extrapolated(fields: Ray, zeeman: float, where: Floats) -> tuple[float, Floats]:
    """The field at which the local minimum of the gap beside `where` vanishes, seen from `zeeman`, and the minimum."""
    here, where = _lowest(fields, zeeman, where)
    width = 0.5 * here / max(fields.rate, 1e-300)  # closes nothing
    ahead, _ = _lowest(fields, zeeman + width, where)
    return (zeeman + width * here / (here - ahead) if here > ahead else np.inf), where


def _lowest(fields: Ray, zeeman: float, where: Floats) -> tuple[float, Floats]:
    """The lowest of the local minima of |E| beside `where`, and its momentum."""
    reach = _BESIDE * fields.base.size
    angles = 0.1 + np.pi / 3 * np.arange(6)  # off the axes of symmetry, where a saddle would hold the search
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    starts = where + np.concatenate([np.zeros((1, 2)), reach * ring, 0.1 * reach * ring])
    k, values = polish(fields.at(zeeman), starts, reach)
    first = int(np.argmin(values))
    return float(values[first]), k[first]
