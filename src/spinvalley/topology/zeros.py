"""All zeros of |E(k)|: branch and bound until every cell is excluded or lies beside one proven zero.

Proof: at a zero with m vanishing levels let s be the smallest singular value of u^+ (n.dX) v over the directions n, u
and v their vectors. Within |q| < r the m levels are at least s |q|, less what the curvature of X and the other levels
take away, both of second order. Where the difference is positive no other zero exists (Newton-Kantorovich).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from spinvalley.checks import Floats
from spinvalley.topology.pencil import Array, Pencil
from spinvalley.topology.search import Cells, polish, spread_out

ZERO = 1e-12  # |E| / scale that counts as zero
_VANISHING = 1e-9
_FLAT = 1e-9
_MOST = 200_000
_TRIED = 24
_MANY = 4
_SHORTEST = 1e-5  # shorter stretches of zeros, in units of the zone, are nodes about to merge
_DIRECTIONS = 360


@dataclass(frozen=True, eq=False)
class Zeros:
    """Zeros of |E|.

    Args:
        k: momenta, shape (n, 2).
        radius: no other zero is closer than this, shape (n,); 0 where that is not proven.
        error: of the position, shape (n,).
    """

    k: Floats
    radius: Floats
    error: Floats

    def __len__(self) -> int:
        return len(self.radius)

    def __getitem__(self, mask: Array) -> Zeros:
        return Zeros(self.k[mask], self.radius[mask], self.error[mask])

    def plus(self, other: Zeros) -> Zeros:
        """Both sets."""
        pairs = ((self.k, other.k), (self.radius, other.radius), (self.error, other.error))
        return Zeros(*(np.concatenate(p) for p in pairs))


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found.

    Args:
        zeros: the zeros of the irreducible part of the zone and of its border.
        outcome: "points", "lines" (zeros form lines) or "unresolved" (too many cells); only points are listed.
        smallest: radius of the smallest cell that was examined.
        cells: number of cells examined.
    """

    zeros: Zeros
    outcome: Literal["points", "lines", "unresolved"]
    smallest: float
    cells: int


def find_zeros(pencil: Pencil, tol: float) -> Search:
    """Every zero of |E| in the irreducible part of the zone; cells are not cut below a radius of `tol`."""
    cells = Cells.cover(pencil)
    found, suspicious, examined = _none(), 0, len(cells)
    while True:
        smallest = float(cells.radius.min())
        cells = cells[cells.least(pencil, 0.0) <= 0]
        zeros = _candidates(pencil, cells)
        proven = zeros.radius > 0
        found = _distinct(pencil, found.plus(zeros[proven]))
        cells = cells[~_beside(cells, found)]
        long = np.count_nonzero(~proven) >= _MANY and smallest > _SHORTEST * pencil.size
        suspicious = suspicious + 1 if long else 0
        if suspicious >= _MANY:
            return Search(_none(), "lines", smallest, examined)
        if 4 * len(cells) > _MOST:
            return Search(_none(), "unresolved", smallest, examined)
        if not len(cells) or smallest < tol:
            return Search(found.plus(_unresolved(cells)), "points", smallest, examined)
        cells = cells.quartered(pencil)
        examined += len(cells)


def spread_over_zone(pencil: Pencil, zeros: Zeros) -> Zeros:
    """The zeros and all their images under the symmetry, folded into the zone, each once."""
    images = pencil.lattice.fold(np.einsum("gab,nb->gna", pencil.symmetry, zeros.k).reshape(-1, 2))
    proven = np.tile(zeros.radius > 0, len(pencil.symmetry))
    errors = np.tile(zeros.error, len(pencil.symmetry))[~proven]
    return _distinct(pencil, certified(pencil, images[proven]).plus(Zeros(images[~proven], 0 * errors, errors)))


def certified(pencil: Pencil, k: Floats) -> Zeros:
    """The zeros at k (N, 2) with the radius within which each is the only one, 0 where that is not proven."""
    radius, error = np.zeros(len(k)), np.zeros(len(k))
    left, values, right = np.linalg.svd(pencil.matrices(k))
    slopes = left.conj().swapaxes(-1, -2)[:, None] @ pencil.slopes(k) @ right.conj().swapaxes(-1, -2)[:, None]
    for n in range(len(k)):
        levels = int(np.count_nonzero(values[n] < _VANISHING * pencil.scale))
        cone = _steepness(slopes[n, :, -levels:, -levels:]) if levels else 0.0
        if cone > _FLAT * pencil.slope:
            error[n] = 1.1 * (values[n, -levels] + pencil.rounding) / cone
            radius[n] = _isolation(pencil, values[n], slopes[n], levels, cone)
    return Zeros(k, np.where(radius > 4 * error, radius, 0.0), error)


def _steepness(slopes: Array) -> float:
    """Smallest singular value of cos(a) P_x + sin(a) P_y over all a, for P (2, m, m); a lower bound for m > 1."""
    if slopes.shape[-1] == 1:
        g = slopes[:, 0, 0]
        return float(np.linalg.svd(np.stack([g.real, g.imag]), compute_uv=False)[-1])
    angles = np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    along = np.cos(angles)[:, None, None] * slopes[0] + np.sin(angles)[:, None, None] * slopes[1]
    values = np.linalg.svd(along, compute_uv=False)
    return float(max(values[:, -1].min() - 0.5 * np.pi / _DIRECTIONS * np.linalg.norm(slopes, 2, axis=(1, 2)).sum(), 0))


def _isolation(pencil: Pencil, values: Floats, slopes: Array, levels: int, cone: float) -> float:
    """Largest radius (by factors of sqrt2) below which the vanishing levels cannot vanish again."""
    largest = 0.25 * pencil.size
    radius = largest * 2.0 ** (-0.5 * np.arange(80))
    others = values[-levels - 1] if levels < len(values) else np.inf
    rows, columns = slopes[:, -levels:, :-levels], slopes[:, :-levels, -levels:]
    coupling = max(float(np.linalg.norm(rows)), float(np.linalg.norm(columns))) + 0.5 * pencil.bend * radius
    left = others - pencil.slope * radius
    taken = 0.5 * pencil.bend * radius + coupling**2 * radius / np.where(left > 0, left, np.inf)
    good = (left > 0) & (cone > 2 * taken)
    return float(radius[np.argmax(good)]) if np.any(good) else 0.0


def _candidates(pencil: Pencil, cells: Cells) -> Zeros:
    """Zeros reached from the lowest corners of the cells, far from each other; radius 0: not proven isolated."""
    if not len(cells):
        return _none()
    reach = float(cells.radius.max())
    starts = spread_out(cells.corners.reshape(-1, 2), cells.values.ravel(), 4 * reach, _TRIED)
    k, values = polish(pencil, starts, reach)
    k = k[values < ZERO * pencil.scale]
    return certified(pencil, spread_out(k, np.zeros(len(k)), 2 * reach, len(k)))


def _beside(cells: Cells, zeros: Zeros) -> Array:
    """Which triangles lie inside the disc of one zero, shape (N,)."""
    inside = np.zeros(len(cells), dtype=bool)
    for k, radius in zip(zeros.k, zeros.radius, strict=True):
        inside |= np.linalg.norm(cells.corners - k, axis=-1).max(axis=1) < radius
    return inside


def _distinct(pencil: Pencil, zeros: Zeros) -> Zeros:
    """Each zero once, on the torus."""
    kept: list[int] = []
    for n in np.argsort(zeros.error, kind="stable"):
        away = np.linalg.norm(pencil.lattice.fold(zeros.k[kept] - zeros.k[n]), axis=1)
        width = np.maximum(zeros.radius[kept], 4 * (zeros.error[kept] + zeros.error[n]))
        if not np.any(away < width):
            kept.append(int(n))
    return zeros[np.array(kept, dtype=int)]


def _unresolved(cells: Cells) -> Zeros:
    """Clusters of cells that can be neither excluded nor proven to hold one zero; the error is their extent."""
    centres = cells.corners.mean(axis=1)
    values = cells.values.min(axis=1)
    k, errors = [], []
    while len(centres):
        first = int(np.argmin(values))
        member = np.linalg.norm(centres - centres[first], axis=1) < 16 * float(cells.radius.max())
        while True:  # grow by neighbours
            box = centres[member]
            low, high = box.min(axis=0), box.max(axis=0)
            margin = 16 * float(cells.radius.max())
            grown = np.all((centres > low - margin) & (centres < high + margin), axis=1)
            if np.count_nonzero(grown) == np.count_nonzero(member):
                break
            member = grown
        k.append(centres[first])
        errors.append(float(np.linalg.norm(centres[member] - centres[first], axis=1).max()) + float(cells.radius.max()))
        centres, values = centres[~member], values[~member]
    return Zeros(np.array(k).reshape(-1, 2), np.zeros(len(k)), np.array(errors))


def _none() -> Zeros:
    return Zeros(np.empty((0, 2)), np.empty(0), np.empty(0))
