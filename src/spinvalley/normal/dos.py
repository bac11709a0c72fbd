"""Density of states by integration along the Fermi lines."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Status, axis, positive
from spinvalley.models import Model
from spinvalley.normal.bands import ENERGY, spin_labels
from spinvalley.normal.lines import LevelSet, Tracer
from spinvalley.normal.sectors import sectors

_PER_ENERGY = {"units": "1 / energy unit of the model"}
_PER_AREA = {"units": "1 / (energy x length^2) of the model"}


def density_of_states(model: Model, energy: ArrayLike = 0.0, zeeman: ArrayLike = 0.0, tol: float = 1e-6) -> xr.Dataset:
    """Density of states per spin and unit cell, N(E) = (1/2) sum_bands (1/zone area) sum of dl/|dE/dk|.

    Every Fermi line is an analytic closed curve, on which the trapezoid rule converges exponentially; it is refined
    until two refinements agree. At a van Hove saddle the integral diverges: the status says so.

    Args:
        model: any model.
        energy: one or more levels, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        tol: relative error aimed at.

    Returns:
        Dataset with dos, error (absolute), status (energy), and band_dos (energy, band): the part of each band without
        the factor 1/2; per_area (energy): both spins, per area (of a material: 1/(meV nm^2)); spin (band). Outside all
        bands dos is 0 and the status "converged".

    Raises:
        InvalidInput: energy or zeeman not finite, tol not positive.

    Source: coarea formula.

    >>> from spinvalley.models import film
    >>> round(float(density_of_states(film()).dos[0]), 9)
    0.106553063
    """
    levels = axis("energy", energy)
    tol = positive("tol", tol)
    blocks = sectors(model, zeeman)
    tracer = Tracer(blocks, tol)
    solved = [[line_dos(level, tol) for level in tracer.level_sets(float(e))] for e in levels]
    parts = np.array([[value for value, _, _ in row] for row in solved])
    errors = 0.5 * np.array([sum(error for _, error, _ in row) for row in solved])
    status = [str(_worst([state for *_, state in row])) for row in solved]
    return xr.Dataset(
        {
            "dos": ("energy", 0.5 * parts.sum(axis=1), _PER_ENERGY),
            "error": ("energy", errors, _PER_ENERGY),
            "status": ("energy", status),
            "band_dos": (("energy", "band"), parts, _PER_ENERGY),
            "per_area": ("energy", parts.sum(axis=1) * model.lattice.zone_area / (2 * np.pi) ** 2, _PER_AREA),
        },
        coords={"energy": ("energy", levels, {"units": ENERGY}), "spin": ("band", spin_labels(blocks))},
    )


def line_dos(level: LevelSet, tol: float) -> tuple[float, float, Status]:
    """Density of states of one band with its error."""
    area = level.sector.model.lattice.zone_area
    value = error = 0.0
    good = level.converged
    for _, samples, relative, _ in level.lines:
        part = float(samples.weight.sum()) / area
        value += part
        error += abs(part) * relative
        good = good and relative < tol
    if not np.isfinite(value):
        return np.nan, np.inf, Status.FAILED
    if not good:
        return value, float(error) if 0 < error < np.inf else abs(value), Status.NOT_CONVERGED
    return value, error, Status.CONVERGED


def _worst(states: list[Status]) -> Status:
    for state in (Status.FAILED, Status.NOT_CONVERGED):
        if state in states:
            return state
    return Status.CONVERGED
