"""Delta(T, V): the equilibrium gap on a grid of temperatures and fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status, axis, direction_vector, instance, tolerance
from spinvalley.pairing.gap import free_energy_landscape, normal_free_energy, orders, stated_error
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.sweeps import Progress as Reached
from spinvalley.sweeps import sweep

Progress = Callable[[int, int], None]
_LEVELS = 4
_WORKERS = 2


def phase_diagram(
    sc: Superconductor,
    kT: ArrayLike,
    zeeman: ArrayLike,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    tol: float = 1e-4,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Equilibrium gap Delta(T, V): the global minimum of the free energy at each temperature and field.

    The energies at one field serve every temperature, so that more temperatures cost little.

    Args:
        sc: the superconductor.
        kT: temperatures (nT,) >= 0, energy unit of the model.
        zeeman: fields (nV,), magnitude of V along `direction`, energy unit of the model.
        direction: field direction, nonzero 3-vector.
        tol: error of the gap asked for, relative to the gap at T = V = 0.
        progress: called with (fields done, fields in all).

    Returns:
        Dataset over (kT, zeeman): `gap`, `free_energy` (F(gap) per cell), `condensation` (F(gap) - F(0)), `error` (of
        gap, from the zone quadrature; next to a first-order transition it can be the whole gap) and `status`.

    Raises:
        InvalidInput: negative or NaN temperatures, NaN fields, zero direction.

    Source: heterostructure.txt, eq. 7 and Fig. 3b-c.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2))
    >>> sv.phase_diagram(sc, kT=[0.01, 0.12], zeeman=[0.0, 0.1]).gap.values.round(4)
    array([[0.2, 0.2],
           [0. , 0. ]])
    """
    temperatures = axis("kT", kT, minimum=0)
    fields = axis("zeeman", zeeman)
    unit = direction_vector(direction)
    tol = tolerance("tol", tol)
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    _ = sc.gap_scale  # found once, before the threads
    attrs = {"units": "energy unit of the model"}
    data = sweep(
        partial(_column, sc, unit, tol),
        {"kT": xr.DataArray(temperatures, attrs=attrs), "zeeman": xr.DataArray(fields, attrs=attrs)},
        together=["kT"],
        block=1,
        threads=_WORKERS,
        check=True,
        progress=None if progress is None else partial(_tell, progress),
    )
    return data.drop_vars("message").assign_attrs(
        direction=tuple(float(c) for c in unit), tolerance=tol, gap_scale=sc.gap_scale
    )


def _tell(progress: Progress, reached: Reached) -> None:
    if reached.done:
        progress(reached.done, reached.total)


def _column(sc: Superconductor, unit: Floats, tol: float, *, kT: Floats, zeeman: float) -> xr.Dataset:
    """One field at all temperatures."""
    field = zeeman * unit
    goal = tol * sc.gap_scale
    gaps: Floats | None = None
    error = np.full(len(kT), np.inf)
    found = None
    for order in orders(sc, float(kT.min()), field, tol)[:_LEVELS]:
        found = free_energy_landscape(sc, kT, field, order, tol, found)
        before = gaps
        gaps, condensation, interpolation = found.equilibria()
        if before is not None:
            change = np.abs(gaps - before)
            error = stated_error(sc, float(kT.min()), field, order, change, float(gaps.max())) + interpolation
        if found.surely_normal:
            error = np.zeros(len(kT))
        if error.max() <= goal:
            break
    assert gaps is not None
    status = [_status(gap, bound <= goal) for gap, bound in zip(gaps, error, strict=True)]
    total = normal_free_energy(sc, kT, field, order) + condensation
    attrs = {"units": "energy unit of the model"}
    energies = {"gap": gaps, "free_energy": total, "condensation": condensation, "error": error}
    return xr.Dataset({**{n: ("kT", values, attrs) for n, values in energies.items()}, "status": ("kT", status)})


def _status(gap: float, converged: bool) -> str:
    if not converged:
        return str(Status.NOT_CONVERGED)
    return str(Status.CONVERGED if gap > 0 else Status.NORMAL)
