"""How wide a strip must be: the splitting of its zero modes from the exact modes of its two edges.

The zero modes v (C = -1) of one edge and u (C = +1) of the other, each of a half plane, are coupled by the end of the
strip only: M(N) = u^+ A_N v = L M^N c for N columns, M the matrix that carries v one column on. With the roots lambda_i
of the edge polynomial this is a sum of lambda_i^N, so that |M(N)| <= sum_i a_i |lambda_i|^N: an upper envelope that
falls monotonically and, for N large, follows the slowest root in the mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, Status, positive
from spinvalley.models.model import Matrix
from spinvalley.pairing import Superconductor
from spinvalley.topology.breaking import reason
from spinvalley.topology.chirality import square_frame
from spinvalley.topology.lowest import count_within
from spinvalley.topology.sheet import Sheet, sheet
from spinvalley.topology.zero_modes import Decaying, decaying

Array = NDArray[Any]
_PRESENT = 1e-7
_COUNTABLE = 1e-6
_LONGEST = 1e15
_STEP = 1.05


@dataclass(frozen=True, eq=False)
class Envelope:
    """Upper envelope sum_i a_i |lambda_i|^N of the splitting of the zero modes of a strip of N columns.

    Args:
        amplitudes: a_i, energy.
        roots: lambda_i, complex, |lambda_i| < 1.
    """

    amplitudes: Floats
    roots: Matrix

    def at(self, columns: float) -> float:
        """The envelope at N columns, energy."""
        return float(np.sum(self.amplitudes * np.abs(self.roots) ** columns))

    @property
    def slowest(self) -> complex:
        """The slowest root that the modes contain."""
        present = self.amplitudes > _PRESENT * self.amplitudes.max()
        return complex(self.roots[np.argmax(np.where(present, np.abs(self.roots), -1.0))])

    @property
    def prefactor(self) -> float:
        """C in C |lambda|^N, the envelope of a wide strip: all roots as slow as the slowest, energy."""
        equal = np.abs(np.abs(self.roots) - abs(self.slowest)) < _PRESENT
        return float(self.amplitudes[equal].sum())

    def columns(self, splitting: float) -> float:
        """Smallest whole N from which on the envelope stays below `splitting`."""
        low, high = 0.0, 1.0
        while self.at(high) > splitting and high < _LONGEST:
            low, high = high, 2 * high
        while high - low > 1:
            middle = np.floor(0.5 * (low + high))
            low, high = (middle, high) if self.at(middle) > splitting else (low, middle)
        return high


def width_for(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    k_parallel: ArrayLike,
    splitting: float,
    edge: object = "armchair",
) -> xr.Dataset:
    """Width of a strip whose zero modes are split by less than `splitting`.

    The splitting of N columns is at most sum_i a_i |lambda_i|^N over the roots in the modes, C |lambda|^N for a wide
    strip: the slowest root inside (w > 0) or, inverted, outside (w < 0) the unit circle. A complex root makes the
    splitting oscillate below this envelope with `turn` per column. This is first order in the overlap of the edges,
    good for a splitting well below the bulk gap; else the width is raised until a count of states confirms it.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        k_parallel: momenta along the edge, 1/length, scalar or (K,).
        splitting: largest |E| of a zero mode that is allowed, > 0, energy.
        edge: as in `winding`.

    Returns:
        Dataset over k_parallel: columns (whole number; 0 where there is no zero mode, inf where the bulk gap closes),
        thickness (columns * spacing, length), decay_length (of the slowest root in the modes, length; where w = 0 of
        the slowest root on either side), prefactor (C, energy; NaN where w = 0), turn (argument of lambda, radians per
        column), winding, status ("converged", "gap closed", "failed", or "not converged": no count of states confirms
        the splitting; below 1e-6 of the largest energy nothing is counted). Attributes: edge, spacing, splitting.

    Raises:
        InvalidInput: no chiral symmetry (names the terms that break it), splitting <= 0, unknown edge, NaN.

    Source: boundary matching of evanescent waves, first order in the overlap of the two edges.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> found = sv.topology.width_for(sc, gap=0.3, zeeman=1.2, k_parallel=1.27, splitting=1e-6)
    >>> found.columns.values, found.decay_length.values.round(1)
    (array([702.]), array([29.5]))
    """
    limit = positive("splitting", splitting)
    sides = sheet(sc, gap, zeeman, 10**6, k_parallel, edge)
    square_frame(sides.found, "sc", "" if sides.found is not None else reason(sc, gap, zeeman))
    winding, length = sides.decay
    spacing = sides.sides.edge.spacing
    rows = [_at(sides, n, limit) for n in range(len(sides.k))]
    columns, prefactor, slowest, status = (np.array(column) for column in zip(*rows, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.where(winding == 0, length, -spacing / np.log(np.abs(slowest)))
    per_k = {
        "columns": (columns, "1"),
        "thickness": (columns * spacing, "length"),
        "decay_length": (length, "length"),
        "prefactor": (prefactor, "energy"),
        "turn": (np.angle(slowest), "radian per column"),
        "winding": (winding, "1"),
        "status": (status, "1"),
    }
    return xr.Dataset(
        {name: ("k_parallel", values, {"units": unit}) for name, (values, unit) in per_k.items()},
        coords={"k_parallel": ("k_parallel", sides.k, {"units": "1/length"})},
        attrs={"edge": sides.sides.edge.name, "spacing": spacing, "splitting": limit},
    )


def envelope(blocks: Array, winding: int) -> Envelope | None:
    """The envelope of the splitting for blocks A_n (2r + 1, d, d) with w != 0; None if the modes were not found."""
    ahead = blocks if winding > 0 else blocks[::-1]
    near, far = decaying(ahead), decaying(np.swapaxes(ahead.conj(), -1, -2))
    if near.modes.shape[1] != abs(winding) or far.modes.shape[1] != abs(winding):
        return None
    roots, vectors = np.linalg.eig(near.step)
    left = _overlap(ahead, near, far) @ vectors
    right = np.linalg.solve(vectors, _orthonormal(near))
    return Envelope(np.linalg.norm(left, axis=0) * np.linalg.norm(right, axis=1), roots)


def _at(sides: Sheet, n: int, splitting: float) -> tuple[float, float, complex, str]:
    """Columns, prefactor, slowest root and status at momentum n."""
    winding, length = int(sides.decay[0][n]), float(sides.decay[1][n])
    if winding == 0:
        closed = np.isinf(length)
        return (np.inf if closed else 0.0), np.nan, 1.0, str(Status.GAP_CLOSED if closed else Status.CONVERGED)
    found = envelope(sides.off_diagonal[:, n], winding)
    if found is None:
        return np.nan, np.nan, np.nan, str(Status.FAILED)
    columns = _wide_enough(sides, n, max(int(found.columns(splitting)), sides.sides.reach + 1), splitting, abs(winding))
    status = Status.NOT_CONVERGED if np.isnan(columns) else Status.CONVERGED
    return columns, found.prefactor, found.slowest, str(status)


def _wide_enough(sides: Sheet, n: int, start: int, splitting: float, modes: int) -> float:
    """The width from `start` on at which a count of states confirms the splitting, to 5 %; NaN if none does."""
    low, high = start, start
    while not _confirmed(sides, n, high, splitting, modes):
        low, high = high, int(np.ceil((_STEP if high == start else 2) * high))
        if high > _LONGEST:
            return float("nan")
    while high > _STEP * low + 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _confirmed(sides, n, middle, splitting, modes) else (middle, high)
    return float(high)


def _confirmed(sides: Sheet, n: int, columns: int, splitting: float, modes: int) -> bool:
    """Whether a strip of this width has that many pairs below the splitting (too small to be counted: taken as so)."""
    if splitting < _COUNTABLE * sides.sides.scale:
        return True
    return int(count_within(sides.blocks[:, [n]], columns, np.array([1.01 * splitting]), True)[0]) >= modes


def _overlap(blocks: Array, near: Decaying, far: Decaying) -> Array:
    """L = -sum_j sum_{m > j} u_j^+ A_m B M^(m - 1 - j): what of v passes the last column, seen by u; (modes, roots)."""
    reach = len(blocks) // 2
    waves = far.start @ _powers(far.step, _orthonormal(far), reach)  # u_j, j columns from the far end
    total = np.zeros((waves.shape[-1], len(near.step)), dtype=complex)
    carried = _powers(near.step, np.eye(len(near.step), dtype=complex), reach)
    for j in range(reach):
        for m in range(j + 1, reach + 1):
            total -= waves[j].conj().T @ blocks[reach + m] @ near.start @ carried[m - 1 - j]
    return total


def _powers(step: Array, start: Array, count: int) -> Array:
    """M^n start for n = 0 .. count - 1."""
    out = [start]
    for _ in range(count - 1):
        out.append(step @ out[-1])
    return np.stack(out)


def _orthonormal(found: Decaying) -> Array:
    """Columns c of modes that are orthonormal over the half plane."""
    norms, mix = np.linalg.eigh(found.total(np.eye(len(found.start))))
    return np.asarray(found.modes @ (mix / np.sqrt(norms)))
