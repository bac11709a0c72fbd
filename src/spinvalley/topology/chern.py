"""The Chern number of a gapped superconductor: how many chiral Majorana modes run around its edge.

Counted by default (`reflection`): turns of the phase that a half plane reflects, a handful of small matrices for any
gap. `chern_integral`, the flux of the Berry curvature, is an independent witness that knows of no edge, and slower by
orders of magnitude where the gap is small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status, tolerance
from spinvalley.models import Lattice
from spinvalley.models.model import Cell, Matrix
from spinvalley.numerics import zone
from spinvalley.pairing import Superconductor
from spinvalley.topology.bulk import bulk_gap
from spinvalley.topology.chirality import chiral_of
from spinvalley.topology.columns import Columns, hopping_table
from spinvalley.topology.edges import edge
from spinvalley.topology.pencil import Pencil
from spinvalley.topology.reflection import reflections
from spinvalley.topology.sectors import sectors

_EDGES = ((1, 0), (3, 1))  # no mirror of a square or triangular lattice runs along the second
_POINTS = (96, 768)
_OPEN = 0.3  # relative error of the bulk gap: it only has to be open
_INTEGER = 1e-6
_ORDERS = (4, 6, 8, 11, 15)
_DEPTH = 5
_CHUNK = 2**15


def chern_number(sc: Superconductor, gap: float, zeeman: ArrayLike = 0.0) -> xr.Dataset:
    """Chern number C of the occupied Bogoliubov bands: the number of chiral Majorana modes of an edge, with its sign.

        C = (1/2 pi) int d^2k Omega,   Omega = -2 Im sum_nm <n|dH/dk_x|m><m|dH/dk_y|n> / (E_n - E_m)^2,

    n over the states with E < 0, m over those with E > 0. It is not integrated (`chern_integral` does) but counted: the
    turns, along the edge zone, of the determinant of what a half plane reflects. Two edges of different direction have
    to agree.

    Nambu space has each excitation twice, at E and at -E: |C| counts chiral *Majorana* modes, and the thermal Hall
    conductance is (C/2) pi^2 k_B^2 T/(3 h). A spin-degenerate d + i d superconductor has |C| = 4 (two modes of complex
    fermions), 2 in each spin sector; p + i p with d parallel to z has |C| = 2. C > 0 where the phase of the pairing
    block D(k) turns counter-clockwise around a pocket of electrons. For a small gap C is the sum over all Fermi lines,
    filled states to the left, of the turns of that phase. Modes of C > 0 run with the sample to their right (see
    `chiral_modes`).

    H falls into sectors where on-site quantities are conserved (the spin along an axis, for example), each with its own
    number: p + i p of one spin and p - i p of the other have C = 0, but sectors with +-1.

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.

    Returns:
        Dataset of scalars: chern (0 where undefined, see status), error (largest distance of a count from an integer,
        or the difference of the two edges), gap (bulk gap, energy, to 30 %), status ("converged", "gap closed", or
        "not converged": the edges do not agree, or the bulk gap is not proven to be open); over sector: sector_chern,
        states (number of Nambu states of a cell). Attribute: points (momenta of the finest count).

    Raises:
        InvalidInput: negative gap, NaN, hoppings that do not decay.

    Sources: Fulga, Hassler, Akhmerov 2012, doi:10.1103/PhysRevB.85.165409; Read, Green 2000,
    doi:10.1103/PhysRevB.61.10267.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> d1, d2 = (sv.pairing.channels.channel(film, name) for name in ("d_x2-y2", "d_xy"))
    >>> sc = sv.Superconductor(film, sv.pairing.Pairing(form=d1 + 1j * d2, v=1.0))
    >>> int(sv.topology.chern_number(sc, gap=0.1).chern)
    4
    """
    found = bulk_gap(sc, gap, zeeman, _OPEN)
    table, lattice = hopping_table(sc, gap, zeeman), sc.model.lattice
    sizes = [frame.shape[1] for frame in sectors(np.array(list(table.values())))]
    counts, error, points, resolved = np.zeros(len(sizes)), 0.0, 0, False
    closed = found.status.item() == Status.GAP_CLOSED
    for points in () if closed else _POINTS:
        both = [_counted(Columns(edge(lattice, along), table), points) for along in _EDGES]
        counts, error = both[0].turns, float(np.abs([both[0].turns - both[1].turns, *(_off(b) for b in both)]).max())
        resolved = both[0].resolved and both[1].resolved
        if resolved and error < _INTEGER:
            break
    proven = found.status.item() == Status.CONVERGED or found.gap.item() > found.error.item()
    good = resolved and error < _INTEGER and proven
    status = Status.GAP_CLOSED if closed else Status.CONVERGED if good else Status.NOT_CONVERGED
    whole = np.round(counts).astype(int) * good
    return xr.Dataset(
        {
            "chern": ((), int(whole.sum())),
            "error": ((), error),
            "gap": ((), found.gap.item(), {"units": "energy"}),
            "status": ((), str(status)),
            "sector_chern": ("sector", whole),
            "states": ("sector", sizes),
        },
        attrs={"points": points},
    )


@dataclass(frozen=True)
class _Count:
    """Turns of what each sector reflects, (S,), positive for C > 0, and whether all steps were small."""

    turns: Floats
    resolved: bool


def _counted(sides: Columns, points: int) -> _Count:
    paths = [part.path(points) for part in reflections(sides)]
    turns = sides.edge.handedness * np.array([path.turns for path in paths])
    return _Count(turns, all(path.resolved for path in paths))


def _off(count: _Count) -> Floats:
    return np.asarray(count.turns - np.round(count.turns))


def chern_integral(sc: Superconductor, gap: float, zeeman: ArrayLike = 0.0, *, tol: float = 1e-2) -> xr.Dataset:
    """Chern number as the flux of the Berry curvature through the zone: an independent witness of `chern_number`.

    The rule of points is graded towards the lines of small |E|; no gauge enters.

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        tol: largest error of the flux of a sector.

    Returns:
        Dataset of scalars: flux (NaN where the gap is closed), error (the last change, or the distance from an integer
        if larger, summed over sectors), status ("converged", "gap closed", "not converged"); over sector: sector_flux.
        Attribute: points (of the finest rule).

    Raises:
        InvalidInput: as `chern_number`, tol not between 0 and 1.

    Source: Thouless, Kohmoto, Nightingale, den Nijs 1982, doi:10.1103/PhysRevLett.49.405.
    """
    tol = tolerance("tol", tol)
    found = bulk_gap(sc, gap, zeeman, _OPEN)
    parts = _parts(sc.model.lattice, hopping_table(sc, gap, zeeman))
    closed = found.status.item() == Status.GAP_CLOSED
    fluxes = [_Flux(np.nan, np.nan, 0) if closed else part.flux(float(found.gap), tol) for part in parts]
    good = all(f.error < tol for f in fluxes)
    status = Status.GAP_CLOSED if closed else Status.CONVERGED if good else Status.NOT_CONVERGED
    return xr.Dataset(
        {
            "flux": ((), float(sum(f.value for f in fluxes))),
            "error": ((), float(sum(f.error for f in fluxes))),
            "status": ((), str(status)),
            "sector_flux": ("sector", [f.value for f in fluxes]),
        },
        attrs={"points": max(f.points for f in fluxes)},
    )


@dataclass(frozen=True)
class _Flux:
    """Flux over 2 pi, its error, and the points of the finest rule."""

    value: float
    error: float
    points: int


@dataclass(frozen=True, eq=False)
class _Part:
    """A sector of H.

    Args:
        pencil: its matrices.
        chiral: whether it has a chiral symmetry; the curvature of its occupied states is then zero.
    """

    pencil: Pencil
    chiral: bool

    def curvature(self, k: Floats) -> Floats:
        """Berry curvature of the states with E < 0 at k (N, 2), shape (N,), length^2."""
        chunks = [self._curvature(k[n : n + _CHUNK]) for n in range(0, len(k), _CHUNK)]
        return np.concatenate([np.empty(0), *chunks])

    def _curvature(self, k: Floats) -> Floats:
        values, states = np.linalg.eigh(self.pencil.matrices(k))
        x, y = np.moveaxis(states.conj().swapaxes(-1, -2)[:, None] @ self.pencil.slopes(k) @ states[:, None], 1, 0)
        across = (values < 0)[:, :, None] & (values > 0)[:, None, :]
        steps = np.where(across, values[:, :, None] - values[:, None, :], np.inf)
        return np.asarray(-2 * np.sum((x * y.swapaxes(-1, -2)).imag / steps**2, axis=(1, 2)))

    @cached_property
    def _fans(self) -> list[zone.Triangle]:
        """Triangles of the zone, one for each orbit of the operations that leave the curvature unchanged."""
        lattice = self.pencil.lattice
        sample = np.random.default_rng(7).uniform(-0.5, 0.5, (8, 2)) @ lattice.reciprocal
        group = zone.symmetry_subgroup(lambda k: self.curvature(k)[:, None], self.pencil.symmetry, sample)
        return zone.irreducible(zone.elementary_triangles(lattice.zone_corners), group)

    def flux(self, gap: float, tol: float) -> _Flux:
        """Flux over 2 pi, by rules of rising order until it holds still at an integer."""
        if self.chiral:
            return _Flux(0.0, 0.0, 0)
        fans = zone.choose_fans(self.pencil.levels, self._fans, gap)
        last, error, points = np.inf, np.inf, 0
        for order in _ORDERS:
            rule = zone.zone_rule(self.pencil.levels, fans, zone.Resolution(gap, order=order, outer_depth=_DEPTH))
            value = float(rule.weights @ self.curvature(rule.k)) * self.pencil.lattice.zone_area / (2 * np.pi)
            error, last, points = max(abs(value - last), abs(value - round(value))), value, rule.size
            if error < tol:
                break
        return _Flux(last, error, points)


def _parts(lattice: Lattice, table: Mapping[Cell, Matrix]) -> list[_Part]:
    """The sectors of H."""
    matrices = np.array(list(table.values()))
    parts = []
    for frame in sectors(matrices):
        inside = frame.conj().T @ matrices @ frame
        pencil = Pencil(lattice, dict(zip(table, inside, strict=True)), False)
        parts.append(_Part(pencil, chiral_of(inside) is not None))
    return parts
