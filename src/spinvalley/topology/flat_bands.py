"""Intervals of k_par with flat bands of Majorana modes at an edge: between the projections of the nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, Status, axis, instance, non_negative
from spinvalley.pairing import Superconductor
from spinvalley.topology.edges import Edge
from spinvalley.topology.edges import edge as find_edge
from spinvalley.topology.nodes import nodes
from spinvalley.topology.winding import winding

_MERGED = 1e-9


def flat_bands(sc: Superconductor, gap: float, zeeman: ArrayLike, edge: object = "armchair") -> xr.Dataset:
    """Intervals of k_par in which an edge carries zero-energy flat bands, with their winding numbers.

    The winding number changes only where a node projects; between the projections of all nodes of the bulk (`nodes`,
    none overlooked) it is counted once.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        edge: as in `winding`.

    Returns:
        Dataset over interval (those with w != 0, ascending): start, stop (1/length, within [-period/2, period/2]; an
        interval across the border of the edge zone is cut there), winding, error (of the ends, 1/length); and without
        dim: fraction of the edge zone with w != 0, modes (mean of |w| over the zone), fraction_error, status
        ("converged", "gap closed" where the bulk is gapless along lines, "not converged" where the list of nodes is
        not). Attributes: edge, period (1/length), nodes (their number).

    Raises:
        InvalidInput: no chiral symmetry (names the terms that break it), unknown edge, NaN.

    Source: heterostructure.txt, Fig. 4b.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    >>> bands = sv.topology.flat_bands(sc, gap=0.1, zeeman=0.4)
    >>> bands.winding.values, (bands.start / (bands.attrs["period"] / 2)).values[3:].round(6)
    (array([ 1, -1,  1,  1, -1,  1]), array([0.608657, 0.625021, 0.695671]))
    """
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    which = find_edge(sc.model.lattice, edge)
    found = nodes(sc, gap, zeeman)
    listed = found.attrs["status"] == str(Status.CONVERGED)
    ends, errors = _ends(found, which)
    middles = 0.5 * (ends[:-1] + ends[1:])
    between = winding(sc, gap, zeeman, middles, which)
    numbers = between.winding.values * listed
    doubtful = not listed or bool(np.any(between.status.values != str(Status.CONVERGED)))
    rows = _joined(ends, errors, numbers)
    lengths = np.array([row[1] - row[0] for row in rows])
    sizes = np.array([abs(row[2]) for row in rows])
    status = found.attrs["status"] if not listed else Status.NOT_CONVERGED if doubtful else Status.CONVERGED
    momentum = {"units": "1/length"}
    return xr.Dataset(
        {
            "start": ("interval", np.array([row[0] for row in rows], dtype=float), momentum),
            "stop": ("interval", np.array([row[1] for row in rows], dtype=float), momentum),
            "winding": ("interval", np.array([row[2] for row in rows], dtype=int)),
            "error": ("interval", np.array([row[3] for row in rows], dtype=float), momentum),
            "fraction": ((), float(lengths.sum() / which.period), {"units": "1"}),
            "modes": ((), float(lengths @ sizes / which.period) if rows else 0.0, {"units": "1"}),
            "fraction_error": ((), float(2 * errors.sum() / which.period), {"units": "1"}),
            "status": ((), str(status)),
        },
        attrs={"edge": which.name, "period": which.period, "nodes": found.sizes["node"]},
    )


def flat_band_map(
    build: Callable[..., Superconductor],
    gap: float,
    zeeman: ArrayLike,
    axes: Mapping[str, ArrayLike] | None = None,
    *,
    edge: object = "armchair",
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Phase diagram of the flat bands: the share of the edge zone with w != 0 over the field and any parameters.

    Args:
        build: parameters (by name) -> superconductor, e.g. `lambda coupling: Superconductor(heterostructure(
            coupling=coupling), s_wave(on="sc", gap0=0.1))`.
        gap: pairing amplitude Delta, energy.
        zeeman: fields V along x (nV,), energy.
        axes: name -> values of each parameter of `build`.
        edge: as in `winding`.
        progress: called with (points done, points in all).

    Returns:
        Dataset over the parameters and zeeman: fraction, fraction_error, modes (mean |w|), nodes (their number),
        status, as in `flat_bands`.

    Raises:
        InvalidInput: as `flat_bands`; `zeeman` as the name of a parameter.

    >>> import spinvalley as sv
    >>> def film(mu):
    ...     return sv.Superconductor(sv.models.ising_film(0.5, mu=mu), sv.s_wave(gap0=0.3))
    >>> data = sv.topology.flat_band_map(film, gap=0.3, zeeman=[0.2, 1.2], axes={"mu": [0.0]})
    >>> data.fraction.values.round(4)
    array([[0.    , 0.4459]])
    """
    if not callable(build):
        raise InvalidInput(f"`build` must be a function of the parameters, but is a {type(build).__name__}")
    gap, fields = non_negative("gap", gap), axis("zeeman", zeeman)
    named = {name: axis(name, values) for name, values in (axes or {}).items()}
    if "zeeman" in named:
        raise InvalidInput("`axes` must not name `zeeman`, which is an axis of its own, but does")
    shape = (*(len(values) for values in named.values()), len(fields))
    columns: dict[str, list[float]] = {"fraction": [], "fraction_error": [], "modes": [], "nodes": []}
    states = []
    for done, values in enumerate(product(*named.values())):
        sc = build(**{name: float(value) for name, value in zip(named, values, strict=True)})
        for place, field in enumerate(fields):
            data = flat_bands(sc, gap, field, edge)
            for name in ("fraction", "fraction_error", "modes"):
                columns[name].append(float(data[name]))
            columns["nodes"].append(data.attrs["nodes"])
            states.append(data.status.item())
            if progress is not None:
                progress(done * len(fields) + place + 1, int(np.prod(shape)))
    dims = (*named, "zeeman")
    return xr.Dataset(
        {name: (dims, np.reshape(np.array(values), shape)) for name, values in columns.items()}
        | {"status": (dims, np.reshape(states, shape))},
        coords={**named, "zeeman": ("zeeman", fields, {"units": "energy"})},
        attrs={"gap": gap},
    )


def _ends(found: xr.Dataset, which: Edge) -> tuple[Floats, Floats]:
    """Projections of the nodes on the edge zone, ascending, with its two borders, and their errors."""
    half = 0.5 * which.period
    places = (found.k.values @ which.unit + half) % which.period - half
    order = np.argsort(places)
    ends = np.concatenate([[-half], places[order], [half]])
    errors = np.concatenate([[0.0], found.error.values[order], [0.0]])
    new = np.append(np.diff(ends) > _MERGED, True)
    return ends[new], errors[new]


def _joined(ends: Floats, errors: Floats, numbers: Floats) -> list[tuple[float, float, int, float]]:
    """Neighbouring pieces of one winding as one interval (start, stop, winding, error); those without are left out."""
    rows: list[tuple[float, float, int, float]] = []
    for n, number in enumerate(numbers):
        if number == 0:
            continue
        error = float(max(errors[n], errors[n + 1]))
        if rows and rows[-1][1] == ends[n] and rows[-1][2] == number:
            rows[-1] = (rows[-1][0], float(ends[n + 1]), int(number), max(error, rows[-1][3]))
        else:
            rows.append((float(ends[n]), float(ends[n + 1]), int(number), error))
    return rows
