"""Where the modes of an edge cross zero energy in the bulk gap, and how fast and in which direction they run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status
from spinvalley.models.model import Matrix
from spinvalley.pairing import Superconductor
from spinvalley.topology.bulk import bulk_gap
from spinvalley.topology.columns import columns
from spinvalley.topology.reflection import Path, Reflection, reflections

_POINTS = 96
_OPEN = 0.3  # relative error of the bulk gap: it only has to be open
_CLOSE = 1e-12  # of the edge zone: accuracy of a crossing
_APART = 1e3
_ROUNDING = 1e-10
_ZERO = 1e-5  # eigenphase
_MANY = 2**12
_DIFFERENCE = 1e-4  # of the bulk gap: steps of the derivatives
_SLOW = 1e-7  # of the largest velocity of the model


def chiral_modes(sc: Superconductor, gap: float, zeeman: ArrayLike = 0.0, edge: object = "armchair") -> xr.Dataset:
    """Zero-energy crossings of the modes of an edge: momenta and velocities dE/dk_par.

    A mode crosses where the half plane reflects with eigenvalue 1 (see `reflection`). With P its eigenvectors and a
    prime for a derivative, dE/dk are the eigenvalues of -(P^+ U^+ U'_E P)^-1 (P^+ U^+ U'_k P).

    The crossings with dE/dk > 0 less those with dE/dk < 0 number -h C, h = +1 where (along the edge, into the sample)
    is right-handed (a pair of whole numbers, "zigzag", "straight") and -1 otherwise ("armchair"): for C > 0 the modes
    run with the sample to their right. Each crossing is one Majorana branch; the branch at -k_par has the same
    velocity and, without conserved quantities, the same excitations.

    Args:
        sc: the superconductor (the strength of its pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        edge: as in `winding`.

    Returns:
        Dataset over mode (ascending k_parallel): k_parallel (1/length, in [-period/2, period/2]), velocity (energy
        times length), sector (number of the block that conserved quantities leave apart); of scalars: chern (the net
        number, -h times it), gap (bulk gap, energy, to 30 %), status ("converged", "gap closed", or "not converged":
        a mode too flat to have a direction, or phases that could not be followed). Attributes: edge, handedness.

    Raises:
        InvalidInput: negative gap, NaN, unknown edge, hoppings that do not decay.

    Source: Volovik 1997, doi:10.1134/1.567563; Fulga, Hassler, Akhmerov 2012, doi:10.1103/PhysRevB.85.165409.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> d1, d2 = (sv.pairing.channels.channel(film, name) for name in ("d_x2-y2", "d_xy"))
    >>> sc = sv.Superconductor(film, sv.pairing.Pairing(form=d1 + 1j * d2, v=1.0))
    >>> sv.topology.chiral_modes(sc, gap=0.3, edge="zigzag").velocity.values.round(2)
    array([-0.52, -0.52, -0.52, -0.52])
    """
    sides = columns(sc, gap, zeeman, edge)
    found = bulk_gap(sc, gap, zeeman, _OPEN)
    closed = found.status.item() == Status.GAP_CLOSED
    parts = [] if closed else reflections(sides)
    searches = [_crossings(part, part.path(_POINTS)) for part in parts]
    rows = [
        mode
        for sector, (part, search) in enumerate(zip(parts, searches, strict=True))
        for place in search.places
        for mode in _modes(part, place, sector, found.gap.item())
    ]
    rows.sort(key=lambda row: (row.k, row.sector))
    good = all(search.complete for search in searches) and all(row.definite for row in rows)
    status = Status.GAP_CLOSED if closed else Status.CONVERGED if good else Status.NOT_CONVERGED
    velocity = np.array([row.velocity for row in rows])
    return xr.Dataset(
        {
            "k_parallel": ("mode", np.array([row.k for row in rows]), {"units": "1/length"}),
            "velocity": ("mode", velocity, {"units": "energy length"}),
            "sector": ("mode", np.array([row.sector for row in rows], dtype=int)),
            "chern": ((), -sides.edge.handedness * int(np.sign(velocity).sum())),
            "gap": ((), found.gap.item(), {"units": "energy"}),
            "status": ((), str(status)),
        },
        attrs={"edge": sides.edge.name, "handedness": sides.edge.handedness},
    )


@dataclass(frozen=True)
class _Search:
    """Momenta at which modes cross zero, and whether none is missing."""

    places: list[float]
    complete: bool


@dataclass(frozen=True)
class _Mode:
    """One mode; `definite`: its velocity is not zero beside its error."""

    k: float
    velocity: float
    sector: int
    definite: bool


def _crossings(part: Reflection, path: Path) -> _Search:
    """Where eigenphases of U pass or touch zero: an interval is dropped if none can, and halved otherwise."""
    low, high, before, after = path.k[:-1], path.k[1:], path.u[:-1], path.u[1:]
    close = _CLOSE * part.sides.edge.period
    while True:
        steps = np.angle(np.linalg.eigvals(before.conj().swapaxes(-1, -2) @ after))
        nearest = np.abs(np.angle(np.linalg.eigvals(before))).min(axis=1)
        keep = nearest <= np.abs(steps).max(axis=1) + _ROUNDING  # no eigenphase moves farther than the largest step
        low, high, before, after = low[keep], high[keep], before[keep], after[keep]
        if len(low) > _MANY:
            return _Search([], False)
        if not len(low) or float((high - low).max()) < close:
            return _Search(_distinct(0.5 * (low + high), 2 * close, part.sides.edge.period), path.resolved)
        middle = 0.5 * (low + high)
        between = part.matrices(middle)
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        before, after = np.concatenate([before, between]), np.concatenate([between, after])


def _distinct(k: Floats, close: float, period: float) -> list[float]:
    """Momenta of an edge zone, each once."""
    kept: list[float] = []
    for value in np.sort(k):
        away = [abs((value - other + 0.5 * period) % period - 0.5 * period) for other in kept]
        if not away or min(away) > _APART * close:
            kept.append(float(value))
    return kept


def _modes(part: Reflection, k: float, sector: int, gap: float) -> list[_Mode]:
    """The modes that cross at k_par, with their velocities."""
    dk, de = _DIFFERENCE * gap / part.slope, _DIFFERENCE * gap
    here, left, right = part.matrices(np.array([k, k - dk, k + dk]))
    up, down = (part.matrices(np.array([k]), energy)[0] for energy in (de, -de))
    _, values, vectors = np.linalg.svd(here - np.eye(len(here)))
    count = max(1, int(np.count_nonzero(values < _ZERO)))
    basis = vectors[-count:].conj().T
    by_k, by_e = (_generator(here, d, basis) for d in ((right - left) / (2 * dk), (up - down) / (2 * de)))
    speeds = -np.linalg.eigvals(np.linalg.solve(by_e, by_k)).real
    return [_Mode(k, float(v), sector, bool(abs(v) > _SLOW * part.slope)) for v in speeds]


def _generator(u: Matrix, derivative: Matrix, basis: Matrix) -> Matrix:
    """-i P^+ U^+ U' P, Hermitian."""
    inside = -1j * basis.conj().T @ u.conj().T @ derivative @ basis
    return np.asarray(0.5 * (inside + inside.conj().T))
