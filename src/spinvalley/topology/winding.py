"""The winding number of a superconductor at fixed momentum along an edge: how many Majorana modes the edge carries."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status, axis
from spinvalley.pairing import Superconductor
from spinvalley.topology.breaking import reason
from spinvalley.topology.chirality import Array, Frame, frame, square_frame
from spinvalley.topology.columns import Columns, columns
from spinvalley.topology.roots import evaluate, winding_numbers

CLOSED = 1e-10
_PANELS = 16
_MOST_POINTS = 2**16
_NARROWEST = 1e-14
_LARGEST_TURN = 0.5


def winding(
    sc: Superconductor, gap: float, zeeman: ArrayLike, k_parallel: ArrayLike, edge: object = "armchair"
) -> xr.Dataset:
    """Winding number w(k_par) of det A(k) along k_perp: |w| zero-energy Majorana modes at the edge.

    H(k) = [[0, A], [A^+, 0]] in the chiral frame, (2 pi i) w = closed integral of d ln det A over k_perp into the
    sample. It is counted, not integrated: w is the number of roots lambda of det A(k_par, lambda) = 0 inside the unit
    circle minus that of the poles. w > 0: w modes with C = -1, w < 0: -w modes with C = +1, where C = sigma_x tau_y
    (see `symmetry_class`), or another C where there is a choice: with a conserved spin, as for d and p waves without
    spin-orbit coupling, the one that counts both spins alike. The opposite edge carries modes of the other sign.

    Args:
        sc: the superconductor (model and pairing channel; the strength of the pairing is not used).
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        k_parallel: momenta along the edge, 1/length (1/a for lattice models), scalar or (K,).
        edge: "armchair", "zigzag" (triangular lattice), "straight", "diagonal" (square lattice) or a pair (n1, n2):
            along n1 a1 + n2 a2, the sample to its left.

    Returns:
        Dataset over k_parallel: winding (0 where undefined, see status), status ("converged" or "gap closed": the
        bulk gap at this k_parallel is below 1e-10 of the bandwidth), gap (a bound of the bulk gap from the nearest
        root, energy; inf where no root is within 5 % of the unit circle), decay_length (of the slowest root that a
        mode can contain, length, the larger of both sides where w = 0). Attributes: edge, real (whether A is real).

    Raises:
        InvalidInput: no chiral symmetry (names the terms that break it), unknown edge (lists the known ones), NaN.

    Source: heterostructure.txt, below eq. 8; winding as a count of roots: argument principle.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    >>> sv.topology.winding(sc, gap=0.1, zeeman=0.4, k_parallel=[1.0, 1.12, 1.2, 1.3]).winding.values
    array([ 0,  1, -1,  1])
    """
    k = axis("k_parallel", k_parallel)
    sides, found = chiral_columns(sc, gap, zeeman, edge)
    numbers, closeness, slowest = winding_numbers(found.blocks(sides, k))
    closed = closeness < CLOSED * sides.scale
    length = _decay_length(slowest, sides.edge.spacing)
    return xr.Dataset(
        {
            "winding": ("k_parallel", np.where(closed, 0, numbers).astype(int)),
            "status": ("k_parallel", np.where(closed, str(Status.GAP_CLOSED), str(Status.CONVERGED))),
            "gap": ("k_parallel", closeness, {"units": "energy"}),
            "decay_length": ("k_parallel", np.where(closed, np.inf, length), {"units": "length"}),
        },
        coords={"k_parallel": ("k_parallel", k, {"units": "1/length"})},
        attrs={"edge": sides.edge.name, "real": int(found.real)},
    )


def winding_integral(
    sc: Superconductor, gap: float, zeeman: ArrayLike, k_parallel: ArrayLike, edge: object = "armchair"
) -> xr.Dataset:
    """Winding number by the integral of d arg det A over k_perp: an independent witness of `winding`, and slower.

    Panels in k_perp are halved where the phase turns by more than half a radian from point to point.

    Returns:
        Dataset over k_parallel: winding (float, an integer up to rounding), status ("converged" or "not converged"
        where the phase still jumps at the finest mesh, near a closing).

    Raises:
        InvalidInput: as `winding`.
    """
    k = axis("k_parallel", k_parallel)
    sides, found = chiral_columns(sc, gap, zeeman, edge)
    blocks = found.blocks(sides, k)
    values = np.full(len(k), np.nan)
    states = np.full(len(k), str(Status.NOT_CONVERGED), dtype=object)
    for n in range(len(k)):
        values[n], resolved = _turns(blocks[:, n])
        states[n] = str(Status.CONVERGED if resolved else Status.NOT_CONVERGED)
    return xr.Dataset(
        {"winding": ("k_parallel", values), "status": ("k_parallel", states.astype(str))},
        coords={"k_parallel": ("k_parallel", k, {"units": "1/length"})},
        attrs={"edge": sides.edge.name},
    )


def chiral_columns(sc: Superconductor, gap: float, zeeman: ArrayLike, edge: object) -> tuple[Columns, Frame]:
    """Columns and chiral frame of a superconductor at an edge.

    Raises:
        InvalidInput: no chiral symmetry: names the terms that break it.
    """
    sides = columns(sc, gap, zeeman, edge)
    found = frame(sides)
    why = "" if found is not None else reason(sc, gap, zeeman)
    return sides, square_frame(found, "sc", why)


def _decay_length(slowest: Floats, spacing: float) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(slowest > 0, -spacing / np.log(slowest), 0.0))


def _turns(blocks: Array) -> tuple[float, bool]:
    """Turns of det A around zero on the unit circle, and whether every step was small."""

    def phases(turns: Floats) -> Floats:
        matrices = evaluate(np.repeat(blocks[:, None], len(turns), axis=1), np.exp(2j * np.pi * turns))
        return np.asarray(np.angle(np.linalg.slogdet(matrices)[0]))

    count = _PANELS * len(blocks) * blocks.shape[-1]  # many for each turn that a polynomial of this degree can make
    turns = np.arange(count + 1) / count
    angles = phases(turns)
    while True:
        steps = np.angle(np.exp(1j * np.diff(angles)))
        steep = np.flatnonzero(np.abs(steps) >= _LARGEST_TURN)
        if len(steep) == 0 or len(turns) > _MOST_POINTS or np.diff(turns)[steep].min() < _NARROWEST:
            return float(steps.sum() / (2 * np.pi)), len(steep) == 0
        middles = 0.5 * (turns[steep] + turns[steep + 1])
        turns = np.insert(turns, steep + 1, middles)
        angles = np.insert(angles, steep + 1, phases(middles))
