"""Lines of zero energy: Bogoliubov Fermi lines, and nodal lines of a superconductor whose spin is conserved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status, whole
from spinvalley.models import Lattice, from_callable, hoppings_of
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing import Superconductor
from spinvalley.spin import S0
from spinvalley.topology.chirality import chiral_of
from spinvalley.topology.columns import hopping_table
from spinvalley.topology.marching import Polyline, zero_lines
from spinvalley.topology.pencil import Pencil
from spinvalley.topology.sectors import sectors

_CONSTANT = 1e-9
_SAMPLE = 48
_VANISHING = 1e-8
_PROBES = 16
_ROUGH = 1e-3


def nodal_lines(
    sc: Superconductor, gap: float, zeeman: ArrayLike, *, points: int = 240, cells: int = 40_000
) -> xr.Dataset:
    """Closed lines in the zone on which the excitation energy vanishes.

    H(k) is split into the blocks that on-site conserved quantities leave apart (a spin axis, for example). A block
    without chiral symmetry has zero lines where one of its levels changes sign. A block with one has points in general,
    and lines if the phase of det A(k) is constant, so that det A is real up to a factor. Lines that are stable against
    every perturbation need a broken chiral symmetry (Bogoliubov Fermi lines, in a field out of the plane), the others a
    conserved spin (a film without spin-orbit coupling: xi(k)^2 = V^2 - Delta^2).

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model; 0 gives the Fermi lines of the normal state at +-k.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        points: number of points on each line.
        cells: how many cells the lines of each block may be resolved with.

    Returns:
        Dataset over contour, point: k (contour, point, xy; unfolded along a line, 1/length); over contour: area
        (enclosed fraction of the zone; NaN for an open line), error (of the area), kind ("closed" or "open"), modes
        (number of zero energies on it), energy (largest |E| on it, energy), status ("converged": the area is known to
        1e-3 of itself). Each line is listed once; pockets that touch in a node count as one line or as several.
        Attributes: status (of all), resolution (radius of the cells: finer details may be lost, 1/length). Without
        lines the dimension contour has length 0.

    Raises:
        InvalidInput: negative gap, NaN, points below 8, cells below 1000, hoppings that do not decay.

    Source: heterostructure.txt, eq. 8, for beta_SO = 0; doi:10.1103/PhysRevLett.118.127001 (Bogoliubov Fermi surfaces).

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.1))
    >>> found = sv.topology.nodal_lines(sc, gap=0.1, zeeman=0.3)
    >>> found.area.values.round(5), found.modes.values  # xi = +-sqrt(0.08)
    (array([0.43   , 0.36958]), array([2, 2]))
    """
    count, most = whole("points", points, 8), whole("cells", cells, 1000)
    table, lattice = hopping_table(sc, gap, zeeman), sc.model.lattice
    everything = Pencil(lattice, table, False)
    rows: list[_Row] = []
    resolution = 0.0
    for block in _blocks(lattice, table):
        lines, radius = zero_lines(block, most)
        resolution = max(resolution, radius)
        rows += [_row(everything, block, line, count) for line in lines if not _listed(line, rows)]
    return _dataset(rows, count).assign_attrs(
        status=str(Status.CONVERGED if all(row.good for row in rows) else Status.NOT_CONVERGED), resolution=resolution
    )


@dataclass(frozen=True, eq=False)
class _Row:
    """One line: k (points, 2), the polyline, the block whose level vanishes on it, and its numbers."""

    k: Floats
    line: Polyline
    block: Pencil
    area: float
    error: float
    open: bool
    modes: int
    energy: float
    good: bool


def _blocks(lattice: Lattice, table: dict[Cell, Matrix]) -> list[Pencil]:
    """Blocks of H whose levels may change sign; of a block with chiral symmetry det A, if it is real."""
    matrices = np.array(list(table.values()))
    found = []
    for frame in sectors(matrices):
        inside = frame.conj().T @ matrices @ frame
        operator = chiral_of(inside)
        if operator is None:
            found.append(Pencil(lattice, dict(zip(table, inside, strict=True)), False))
        elif (real := _real_determinant(lattice, list(table), inside, operator)) is not None:
            found.append(real)
    return found


def _real_determinant(lattice: Lattice, cells: list[Cell], inside: Matrix, operator: Matrix) -> Pencil | None:
    """The determinant of A of a block as a matrix of one level, if its phase is constant in k."""
    values, states = np.linalg.eigh(operator)
    plus, minus = states[:, values > 0], states[:, values < 0]
    if plus.shape != minus.shape:
        return None
    half = Pencil(lattice, dict(zip(cells, plus.conj().T @ inside @ minus, strict=True)), True)
    sample = np.linalg.det(
        half.matrices(np.random.default_rng(3).uniform(-0.5, 0.5, (_SAMPLE, 2)) @ lattice.reciprocal)
    )
    largest = sample[np.argmax(np.abs(sample))]
    if np.abs((sample / largest).imag).max() > _CONSTANT:
        return None
    factor = half.scale / largest

    def determinant(k: Floats) -> Matrix:
        values = np.linalg.det(half.matrices(k.reshape(-1, 2))) * factor
        return np.asarray(values.real.reshape(*k.shape[:-1], 1, 1) * S0)

    hoppings = hoppings_of(from_callable(determinant, lattice, ("determinant",)))
    return Pencil(lattice, {cell: matrix[:1, :1] for cell, matrix in hoppings.items()}, False)


def _row(everything: Pencil, block: Pencil, line: Polyline, count: int) -> _Row:
    lattice, winds = everything.lattice, bool(np.any(np.abs(line.winding) > 0.5 * everything.size))
    closed = np.concatenate([line.points, line.points[:1] + line.winding])
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    k = line.points[np.searchsorted(length[:-1], np.arange(count) / count * length[-1], side="right") - 1]
    if not winds:
        k = k + lattice.fold(k.mean(axis=0)) - k.mean(axis=0)
    area, coarse = (
        (np.nan, np.nan) if winds else (_area(p) / lattice.zone_area for p in (line.points, line.points[::2]))
    )
    modes = int(np.count_nonzero(everything.levels(line.points[:1]) < _VANISHING * everything.scale))
    energy = float(everything.lowest(k).max())
    good = energy < _VANISHING * everything.scale and not abs(area - coarse) > _ROUGH * area
    return _Row(k, line, block, area, abs(area - coarse), winds, modes, energy, good)


def _area(points: Floats) -> float:
    x, y = points.T
    return 0.5 * abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))))


def _listed(line: Polyline, rows: list[_Row]) -> bool:
    """Whether a line coincides on the torus with one of those: the level of the other block vanishes there too."""
    probes = line.points[:: len(line.points) // _PROBES + 1]
    for row in rows:
        steps = np.diff(row.line.points, axis=0, append=row.line.points[:1] + row.line.winding)
        away = np.linalg.norm(row.block.lattice.fold(probes[:, None] - row.line.points), axis=-1).min(axis=1)
        near = np.all(away < np.linalg.norm(steps, axis=1).max())
        if near and row.block.lowest(probes).max() < _VANISHING * row.block.scale:
            return True
    return False


def _dataset(rows: list[_Row], count: int) -> xr.Dataset:
    return xr.Dataset(
        {
            "k": (
                ("contour", "point", "xy"),
                np.array([r.k for r in rows]).reshape(len(rows), count, 2),
                {"units": "1/length"},
            ),
            "area": ("contour", np.array([r.area for r in rows]), {"units": "Brillouin zone"}),
            "error": ("contour", np.array([r.error for r in rows]), {"units": "Brillouin zone"}),
            "modes": ("contour", np.array([r.modes for r in rows], dtype=int)),
            "energy": ("contour", np.array([r.energy for r in rows]), {"units": "energy"}),
            "status": (
                "contour",
                np.array([str(Status.CONVERGED if r.good else Status.NOT_CONVERGED) for r in rows], dtype=str),
            ),
        },
        coords={
            "kind": ("contour", np.array(["open" if r.open else "closed" for r in rows], dtype=str)),
            "xy": ["x", "y"],
        },
    )
