"""Fermi lines: closed contours, the momenta on a ray, and the occupied part of the zone."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

from spinvalley.checks import Floats, InvalidInput, Status, positive, real
from spinvalley.models import Model
from spinvalley.models.lattice import Lattice
from spinvalley.normal.bands import MOMENTUM, Point, count, spin_expectation, spin_labels
from spinvalley.normal.lines import LevelSet, Line, Samples, Tracer
from spinvalley.normal.sectors import Sector, sectors

_RAY_SAMPLES = 600


def fermi_contours(
    model: Model,
    energy: float = 0.0,
    zeeman: ArrayLike = 0.0,
    *,
    points: int = 240,
    tol: float = 1e-10,
) -> xr.Dataset:
    """Fermi lines E(k) = energy of every band, as closed contours with velocity and spin.

    Each line is an analytic periodic curve through momenta that solve E(k) = energy to about 1e-13, the occupied side
    on the left. Spin-degenerate bands give one contour for each spin.

    Args:
        model: any model.
        energy: the level, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        points: number of points on each contour.
        tol: accuracy of the areas and of the weights.

    Returns:
        Dataset of dims (contour, point, xy): k (unfolded along a contour, whose centre lies in the zone; 1/length),
        velocity dE/dk (energy x length), sz (contour, point), weight (contour, point): dl/(zone area |dE/dk|), which
        sums to the density of states, and per contour: area (enclosed fraction of the zone; of an open line: the
        occupied fraction between it and a fixed line, modulo 1), error (of the area), status, kind ("electron", "hole"
        or "open"), band, spin, winding. `zone_corners` and `reciprocal` serve drawing. Without a Fermi line the
        dimension contour has length 0. Attribute `status`: whether every line was found and resolved.

    Raises:
        InvalidInput: energy or zeeman not finite, points below 8, tol not positive.

    Source: heterostructure.txt, Fig. 1b.

    >>> from spinvalley.models import film
    >>> fermi_contours(film()).area.values.round(8)
    array([0.39863282, 0.39863282])
    """
    energy, tol = real("energy", energy), positive("tol", tol)
    points = count("points", points, 8)
    levels = Tracer(sectors(model, zeeman), tol).level_sets(energy)
    rows = [_row(level, *entry, points, tol) for level in levels for entry in level.lines]
    status = Status.CONVERGED if all(level.converged for level in levels) else Status.NOT_CONVERGED
    return _contour_dataset(model.lattice, rows, points).assign_attrs(energy=energy, status=str(status))


def occupied_fraction(model: Model, energy: float = 0.0, zeeman: ArrayLike = 0.0, *, tol: float = 1e-10) -> xr.Dataset:
    """Part of the Brillouin zone in which each band lies below a level.

    By Green's theorem along the Fermi lines, (1/zone area) sum of the signed areas, which converges exponentially.

    Args:
        model: any model.
        energy: the level, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        tol: error aimed at, in units of the zone.

    Returns:
        Dataset with fraction, error, status (band) and spin (band). The sum of `fraction` is the number of electrons in
        a cell.

    Raises:
        InvalidInput: energy or zeeman not finite, tol not positive.

    Source: Green's theorem; heterostructure.txt, Fig. 1.

    >>> from spinvalley.models import film
    >>> float(occupied_fraction(film()).fraction.sum())
    0.79726564
    """
    energy, tol = real("energy", energy), positive("tol", tol)
    blocks = sectors(model, zeeman)
    values = [band_filling(level) for level in Tracer(blocks, tol).level_sets(energy)]
    return xr.Dataset(
        {
            "fraction": ("band", [v for v, _, _ in values], {"units": "Brillouin zone"}),
            "error": ("band", [e for _, e, _ in values], {"units": "Brillouin zone"}),
            "status": ("band", [str(s) for _, _, s in values]),
        },
        coords={"spin": ("band", spin_labels(blocks))},
        attrs={"energy": energy},
    )


def fermi_momentum(
    model: Model,
    direction: Point | float,
    *,
    centre: Point = "Gamma",
    energy: float = 0.0,
    zeeman: ArrayLike = 0.0,
    length: float | None = None,
) -> xr.Dataset:
    """Distances from a centre at which a ray in the zone meets the Fermi lines, E(centre + r n) = energy.

    Args:
        model: any model.
        direction: a named point or reciprocal fractions towards which the ray runs, or its angle from k_x in radians.
        centre: start of the ray, a named point or reciprocal fractions.
        energy: the level, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        length: end of the ray, 1/length; by default the border of the zone drawn around the centre.

    Returns:
        Dataset of dim root, ascending in r: r (1/length, to 1e-12), k (root, xy), band, spin, sz. Length 0 where the
        ray meets no Fermi line.

    Raises:
        InvalidInput: unknown point, direction equal to the centre, NaN, length not positive.

    >>> from spinvalley.models import film
    >>> fermi_momentum(film(), "K").r.values.round(10)
    array([2.39212379, 2.39212379])
    """
    energy = real("energy", energy)
    start = model.lattice.momentum(centre)
    unit = _unit_vector(model.lattice, start, direction)
    end = _zone_border(model.lattice, unit) if length is None else positive("length", length)
    blocks = sectors(model, zeeman)
    found: list[tuple[float, int, int, float]] = []
    first = 0
    for block in blocks:
        for band in range(block.size):
            for root in _roots(block, band, energy, start, unit, end):
                _, states = block.states(start + root * unit)
                found.append((root, first + band, block.spin, float(spin_expectation(states)[band, 2])))
        first += block.size
    found.sort()
    r = np.array([f[0] for f in found])
    return xr.Dataset(
        {
            "r": ("root", r, {"units": MOMENTUM}),
            "k": (("root", "xy"), start + r[:, None] * unit, {"units": MOMENTUM}),
            "sz": ("root", np.array([f[3] for f in found]), {"units": "1"}),
        },
        coords={
            "band": ("root", np.array([f[1] for f in found], dtype=int)),
            "spin": ("root", np.array([f[2] for f in found], dtype=int)),
            "xy": ["x", "y"],
        },
        attrs={"energy": energy},
    )


def _row(
    level: LevelSet, line: Line, fine: Samples, _error: float, area_error: float, points: int, tol: float
) -> dict[str, object]:
    """What is known of one contour."""
    samples, _ = line.samples(points)
    lattice = level.sector.model.lattice
    k = samples.k
    area = line.area(fine)
    open_line = line.seed.cycle != (0, 0)
    if not open_line:
        centre = fine.k.mean(axis=0)
        k = k + lattice.fold(centre) - centre
    _, states = level.sector.states(samples.k)
    good = area_error < tol and level.converged
    return {
        "k": k,
        "velocity": samples.slope,
        "sz": spin_expectation(states)[:, line.band, 2],
        "weight": samples.weight / lattice.zone_area,
        "area": area % 1.0 if open_line else abs(area),
        "error": area_error,
        "status": str(Status.CONVERGED if good else Status.NOT_CONVERGED),
        "kind": "open" if open_line else "electron" if area > 0 else "hole",
        "band": line.band + (level.sector.size if level.sector.spin < 0 else 0),
        "spin": level.sector.spin,
        "winding": line.seed.winding,
    }


def _contour_dataset(lattice: Lattice, rows: list[dict[str, object]], points: int) -> xr.Dataset:
    def column(name: str, *shape: int, kind: type = float) -> NDArray[np.generic]:
        values = [row[name] for row in rows]
        return np.array(values, dtype=None if kind is str and rows else kind).reshape(len(rows), *shape)

    line = ("contour", "point")
    return xr.Dataset(
        {
            "k": ((*line, "xy"), column("k", points, 2), {"units": MOMENTUM}),
            "velocity": ((*line, "xy"), column("velocity", points, 2), {"units": "energy x length of the model"}),
            "sz": (line, column("sz", points), {"units": "1"}),
            "weight": (line, column("weight", points), {"units": "1 / energy unit of the model"}),
            "area": ("contour", column("area"), {"units": "Brillouin zone"}),
            "error": ("contour", column("error"), {"units": "Brillouin zone"}),
            "status": ("contour", column("status", kind=str)),
            "winding": (("contour", "xy"), column("winding", 2), {"units": MOMENTUM}),
            "zone_corners": (("corner", "xy"), lattice.zone_corners, {"units": MOMENTUM}),
            "reciprocal": (("vector", "xy"), lattice.reciprocal, {"units": MOMENTUM}),
        },
        coords={
            "kind": ("contour", column("kind", kind=str)),
            "band": ("contour", column("band", kind=int)),
            "spin": ("contour", column("spin", kind=int)),
            "xy": ["x", "y"],
        },
    )


def band_filling(level: LevelSet) -> tuple[float, float, Status]:
    """Occupied fraction of one band: the signed areas modulo 1, the integer taken from the mesh."""
    area = sum(line.area(samples) for line, samples, _, _ in level.lines)
    error = sum(entry[3] for entry in level.lines)
    value = area + round(level.below - area)
    if not np.isfinite(error) or not level.converged:
        error = max(error, abs(value - level.below)) if np.isfinite(error) else abs(value - level.below) + 1e-3
        return float(np.clip(value, 0, 1)), float(error), Status.NOT_CONVERGED
    return float(value), float(error), Status.CONVERGED


def _unit_vector(lattice: Lattice, start: Floats, direction: Point | float) -> Floats:
    if isinstance(direction, str | tuple):
        difference = lattice.momentum(direction) - start
        size = float(np.linalg.norm(difference))
        if not size > 1e-12:
            raise InvalidInput(f"`direction` must differ from the centre, but is {direction!r}")
        return np.asarray(difference / size)
    angle = real("direction", direction)
    return np.array([np.cos(angle), np.sin(angle)])


def _zone_border(lattice: Lattice, unit: Floats) -> float:
    """Distance from the centre of the zone to its border."""
    n1, n2 = np.meshgrid(np.arange(-2, 3), np.arange(-2, 3))
    vectors = np.stack([n1.ravel(), n2.ravel()], axis=-1) @ lattice.reciprocal
    ahead = vectors @ unit
    vectors, ahead = vectors[ahead > 0], ahead[ahead > 0]
    return float(np.min(0.5 * np.sum(vectors**2, axis=1)[ahead > 1e-12] / ahead[ahead > 1e-12]))


def _roots(block: Sector, band: int, energy: float, start: Floats, unit: Floats, end: float) -> list[float]:
    """All r in [0, end] at which the band has the energy; two roots between samples are found from the extremum."""

    def f(r: float) -> float:
        return float(block.energies(start + r * unit)[band]) - energy

    grid = np.linspace(0.0, end, _RAY_SAMPLES + 1)
    values = block.energies(start + grid[:, None] * unit)[:, band] - energy
    for n in range(1, _RAY_SAMPLES):
        left, here, right = values[n - 1 : n + 2]
        if np.sign(here) == np.sign(left) == np.sign(right) and abs(here) <= min(abs(left), abs(right)):
            best = minimize_scalar(lambda r: abs(f(r)), bounds=(grid[n - 1], grid[n + 1]), method="bounded")
            grid, values = np.append(grid, best.x), np.append(values, f(best.x))
    order = np.argsort(grid)
    grid, values = grid[order], values[order]
    exact = [float(r) for r in grid[values == 0]]
    signs = np.flatnonzero(values[:-1] * values[1:] < 0)
    return sorted(exact + [float(brentq(f, grid[n], grid[n + 1], xtol=1e-15, rtol=1e-15)) for n in signs])
