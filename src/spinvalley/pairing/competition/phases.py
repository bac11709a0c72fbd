"""The state of channels that compete on a grid of temperatures and fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, axis, direction_vector, instance, tolerance
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.minima import Solver
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.states import State, States
from spinvalley.sweeps import Progress as Reached
from spinvalley.sweeps import sweep

Progress = Callable[[int, int], None]
_UNITS = "energy unit of the model"
_WORKERS = 2


def state_diagram(
    comp: Competition,
    kT: ArrayLike,
    zeeman: ArrayLike = 0.0,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    tol: float = 1e-4,
    progress: Progress | None = None,
) -> xr.Dataset:
    """The equilibrium state on a grid: every point is searched for all minima, from its neighbour's states too.

    Args:
        comp: channels that compete.
        kT: temperatures (nT,) >= 0, energy.
        zeeman: fields (nV,), magnitude of V along `direction`, energy.
        direction: direction of the field, nonzero 3-vector.
        tol: error of the amplitudes asked for, relative to their size.
        progress: called with (fields done, fields in all).

    Returns:
        Dataset over (kT, zeeman): `character`, `irreps`, `breaks_time_reversal`, `condensation` (F(Delta) - F(0)),
        `gap` |Delta|, `stiffness` (smallest curvature of F), `degeneracy`, `metastable` (number of other minima),
        `error` of the amplitudes, `status`; over `channel` too: `amplitude` |Delta_i| and `phase` (gauge: 0 for the
        first of the largest).

    Raises:
        InvalidInput: negative or NaN temperatures, NaN fields, zero direction.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.channels.channel(film, "s")
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> state_diagram(comp, kT=[0.02, 0.12]).character.values.ravel()
    array(['single', 'normal'], dtype='<U6')
    """
    instance("comp", comp, Competition, 'Competition(film(), channels, Reduced({"s": 2.3}))')
    temperatures, fields = axis("kT", kT, minimum=0), axis("zeeman", zeeman)
    unit = direction_vector(direction)
    tol = tolerance("tol", tol)
    attrs = {"units": _UNITS}
    data = sweep(
        partial(_column, comp, unit, tol),
        {"kT": xr.DataArray(temperatures, attrs=attrs), "zeeman": xr.DataArray(fields, attrs=attrs)},
        together=["kT"],
        block=1,
        threads=_WORKERS,
        check=True,
        progress=None if progress is None else partial(_tell, progress),
    )
    data["breaks_time_reversal"] = data.breaks_time_reversal.astype(bool)
    return data.drop_vars("message").assign_attrs(direction=tuple(float(c) for c in unit), tolerance=tol)


def _tell(progress: Progress, reached: Reached) -> None:
    if reached.done:
        progress(reached.done, reached.total)


def _column(comp: Competition, unit: Floats, tol: float, *, kT: Floats, zeeman: float) -> xr.Dataset:
    """One field at all temperatures, from the lowest upwards."""
    found: dict[int, States] = {}
    known: list[Matrix] = []
    for place in np.argsort(kT):
        found[int(place)] = Solver(comp, float(kT[place]), zeeman * unit, tol).solve(known)
        known = [state.amplitudes for state in found[int(place)] if state.character != "normal"]
    points = [found[n] for n in range(len(kT))]
    lowest = [point.lowest for point in points]
    attrs = {"units": _UNITS}
    amplitudes = np.array([state.amplitudes for state in lowest])
    return xr.Dataset(
        {
            "amplitude": (("kT", "channel"), np.abs(amplitudes), attrs),
            "phase": (("kT", "channel"), np.angle(amplitudes), {"units": "rad"}),
            "gap": ("kT", [state.gap for state in lowest], attrs),
            "condensation": ("kT", [state.condensation for state in lowest], attrs),
            "stiffness": ("kT", [state.stiffness for state in lowest], {"units": "1/energy"}),
            "error": ("kT", [state.error for state in lowest], attrs),
            **{name: ("kT", [read(state) for state in lowest]) for name, read in _WORDS.items()},
            "metastable": ("kT", [len(point.metastable) for point in points]),
            "status": ("kT", [str(point.status) for point in points]),
        },
        {"channel": list(comp.names)},
    )


def _irreps(state: State) -> str:
    return " + ".join(state.irreps)


_WORDS: dict[str, Callable[[State], object]] = {
    "character": lambda state: state.character,
    "irreps": _irreps,
    "breaks_time_reversal": lambda state: float(state.breaks_time_reversal),
    "degeneracy": lambda state: state.degeneracy,
}
