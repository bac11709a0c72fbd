"""Green functions of a half plane and of the bulk beside it: pure linear algebra, many (k_par, z) at once.

The columns in superblocks make H block tridiagonal, H00 on the diagonal and H01 = H_{j, j+1}. Decimation (Lopez Sancho
et al.) doubles the thickness of a slab in each step, but keeps Green functions of open slabs: zero modes at the faces
of a slab put 1/eta into them, and the half plane has a relative error of 1e-16 (scale/eta)^2. Here each slab is kept as
the scattering matrix between its two cuts instead,

    p_j, m_j = phi_j +- i c psi_j,   phi_j = H01 psi_{j+1},   c an energy.

It is a contraction for Im z > 0: nothing grows, a step joins two equal slabs (star product), and the relative error is
1e-16 scale/eta. A half plane to the right of a cut has p = S_R m, one to the left of it m = S_L p, and

    g = (z - H00 - H01 g H01^+)^-1 = (S_R - 1) [d (S_R - 1) - i (S_R + 1)]^-1 / c,   d = (z - H00)/c,
    G_jj of the bulk = (1 - S_R) (1 - S_L S_R)^-1 (1 - S_L) / (2 i c).

Sources: Lopez Sancho, Lopez Sancho, Rubio 1985, doi:10.1088/0305-4608/15/4/009 (doubling); Ko, Inkson 1988,
doi:10.1103/PhysRevB.38.9945 (scattering matrices keep growing and decaying waves apart).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats, InvalidInput, positive
from spinvalley.models.model import Matrix
from spinvalley.topology.columns import Columns

Array = NDArray[Any]
Bools = NDArray[np.bool_]
Slab = tuple[Array, Array, Array, Array]
SMALLEST_BROADENING = 1e-14
_MOST_DOUBLINGS = 60
_NEGLIGIBLE = 1e-17
_SAFETY = 20.0
_MOST_SQUARINGS = 40  # beyond it rounding decides whether a wave decays
_SMALL = 1e-2
_NUMBERS_PER_CHUNK = 2**13  # matrix elements: what stays in the cache of a core


@dataclass(frozen=True, eq=False)
class HalfPlanes:
    """The two half planes that meet at a cut, at P points (k_par, z).

    Args:
        detuning: d = (z - H00)/c, shape (P, n, n).
        unit: c, energy.
        right: S_R, shape (P, n, n).
        left: S_L, shape (P, n, n).
        error: estimated error of S_R and S_L, shape (P,).
        converged: whether the slabs became opaque, shape (P,).
    """

    detuning: Matrix
    unit: float
    right: Matrix
    left: Matrix
    error: Floats
    converged: Bools

    def wall(self, attached: Matrix | None = None) -> Matrix:
        """K = d (S_R - 1) - i (S_R + 1): where K m = 0 a state psi_0 = (S_R - 1) m / (2 i c) lives at the edge."""
        one = np.eye(self.right.shape[-1])
        return np.asarray(self._inner(attached) @ (self.right - one) - 1j * (self.right + one))

    def _inner(self, attached: Matrix | None) -> Matrix:
        return self.detuning if attached is None else np.asarray(self.detuning - attached / self.unit)

    def surface(self, attached: Matrix | None = None) -> tuple[Matrix, Floats]:
        """Green function g of the first superblock of the right half plane, and its error.

        Args:
            attached: self-energy of what is attached to that superblock, energy, broadcast to (P, n, n).

        Returns:
            g, shape (P, n, n), and the estimated error of its elements, shape (P,); both in 1/energy.
        """
        one = np.eye(self.right.shape[-1])
        inverse = np.linalg.inv(self.wall(attached))
        g = (self.right - one) @ inverse / self.unit
        # an error s of S_R gives [1/c - g (d - i)] s K^-1
        growth = _norm(inverse) * _norm(one / self.unit - g @ (self._inner(attached) - 1j * one))
        return np.asarray(g), np.asarray(self.error * growth)

    def bulk(self) -> tuple[Matrix, Floats]:
        """Green function of a superblock of the infinite plane, (P, n, n), and its error (P,); 1/energy."""
        one = np.eye(self.right.shape[-1])
        inverse = np.linalg.inv(one - self.left @ self.right)
        g = (one - self.right) @ inverse @ (one - self.left) / (2j * self.unit)
        size = _norm(inverse)
        return np.asarray(g), np.asarray(self.error * size * (2 + 4 * size) / self.unit)


def superblocks(sides: Columns, k_parallel: Floats) -> tuple[Matrix, Matrix]:
    """H00 and H01 of r columns taken together, shape (K, r D, r D) each; r is the reach of the hoppings."""
    blocks, reach, dim = sides.blocks(k_parallel), sides.reach, sides.dim
    inner = np.zeros((len(k_parallel), reach * dim, reach * dim), dtype=complex)
    outer = np.zeros_like(inner)
    for i in range(reach):
        for j in range(reach):
            place = (slice(None), slice(i * dim, (i + 1) * dim), slice(j * dim, (j + 1) * dim))
            inner[place] = blocks[reach + j - i]
            if j <= i:
                outer[place] = blocks[2 * reach + j - i]
    return inner, outer


def half_planes(inner: Matrix, outer: Matrix, z: Array, unit: float | None = None) -> HalfPlanes:
    """Both half planes of a block tridiagonal H, by doubling scattering matrices until a slab is opaque.

    Rounding moves the energies of the sample by some 1e-16: the error is that times dS_R/dz (large where waves stay
    long), and the defect of "one more superblock changes nothing"; twenty times their sum covered all but one of 2e4
    random points (that one by a factor 2), compared with a rotated basis, and all that were compared with 50 digits.

    Args:
        inner: H00, shape (P, n, n), energy.
        outer: H01, shape (P, n, n), energy; singular matrices are allowed.
        z: complex energies with Im z > 0, shape (P,).
        unit: the energy c; by default about the largest H01 of these points.
    """
    if unit is None:
        unit = float(np.sqrt(np.abs(outer).sum(axis=-1).max() * np.abs(outer).sum(axis=-2).max()))
        unit = unit if unit > 0 else max(1.0, float(np.abs(z).max()))
    detuning = (z[:, None, None] * np.eye(inner.shape[-1]) - inner) / unit
    single = _single(detuning, outer / unit)
    right, left, passing = np.empty_like(inner), np.empty_like(inner), np.empty(len(z))
    active, slab = np.arange(len(z)), single
    for _ in range(_MOST_DOUBLINGS):
        slab = _doubled(slab)
        passing[active] = _largest(slab[1]) * _largest(slab[2])
        right[active], left[active] = slab[0], slab[3]
        go_on = passing[active] > _NEGLIGIBLE
        if not np.all(go_on):
            active, slab = active[go_on], tuple(part[go_on] for part in slab)  # type: ignore[assignment]
        if len(active) == 0:
            break
    return HalfPlanes(detuning, unit, right, left, _error(single, right, left) + passing, passing <= _NEGLIGIBLE)


def over_points(
    sides: Columns,
    k_parallel: Floats,
    energy: Floats,
    eta: float,
    reduce: Callable[[HalfPlanes, NDArray[np.intp]], tuple[Any, ...]],
) -> tuple[Any, ...]:
    """Arrays that `reduce` makes of the half planes at z = E + i eta, each of shape (K, E, ...).

    Points are taken in chunks that fit the cache, on all cores. `reduce` gets the half planes of P points and the index
    of k_par of each, and returns arrays with a first axis of length P.
    """
    inner, outer = superblocks(sides, k_parallel)
    count = len(k_parallel) * len(energy)
    size = max(1, _NUMBERS_PER_CHUNK // inner.shape[-1] ** 2)

    def chunk(start: int) -> tuple[Any, ...]:
        at_k, at_e = np.divmod(np.arange(start, min(start + size, count)), len(energy))
        return reduce(half_planes(inner[at_k], outer[at_k], energy[at_e] + 1j * eta), at_k)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(chunk, range(0, count, size)))
    shape = (len(k_parallel), len(energy))
    return tuple(np.concatenate(p).reshape(*shape, *p[0].shape[1:]) for p in zip(*parts, strict=True))


def broadening(eta: Any, scale: float) -> float:
    """A broadening > 0 that double precision tells from zero beside the energies of the model."""
    number = positive("eta", eta)
    if number < SMALLEST_BROADENING * scale:
        raise InvalidInput(
            f"`eta` must be at least {SMALLEST_BROADENING:g} of the largest energy ({scale:.3g}), but is {number:g}"
        )
    return number


def _single(detuning: Array, hop: Array) -> Slab:
    """Scattering matrix (r, t, t', r') of one superblock and the bond to its left; hop = H01/c.

    From d psi_j - phi_j/c = hop^+ psi_{j-1} and phi_{j-1}/c = hop psi_j, with q = (d + i + i hop^+ hop)^-1.
    """
    one, back = np.eye(hop.shape[-1]), _adjoint(hop)
    q = np.linalg.inv(detuning + 1j * (one + back @ hop))
    into = q @ back
    return 2j * hop @ into - one, 2 * into, 2 * hop @ q, one - 2j * q


def _doubled(slab: Slab) -> Slab:
    """A slab joined with an equal one (star product)."""
    r, t, back, other = slab
    n = r.shape[-1]
    first = r @ np.concatenate([other, t], axis=-1)
    inverse = np.linalg.inv(np.eye(n) - first[..., :n])
    between = inverse @ np.concatenate([first[..., n:], back], axis=-1)
    out = np.concatenate([back, other], axis=-2) @ between
    through = t @ np.concatenate([t + out[..., n:, :n], out[..., n:, n:]], axis=-1)
    return r + out[..., :n, :n], through[..., :n], out[..., :n, n:], other + through[..., n:]


def _error(single: Slab, right: Array, left: Array) -> Floats:
    """Estimated error of S_R and S_L, shape (P,).

    With m_{j+1} = b m_j and a its partner for the waves that come back, dS_R/dd = sum_j a^j [(S_R - 1)^2 / 2i] b^j, and
    S_R = r + t' S_R b.
    """
    r, t, back, other = single
    one = np.eye(r.shape[-1])
    a, b = back @ np.linalg.inv(one - right @ other), np.linalg.solve(one - other @ right, t)
    defect = np.maximum(
        _largest(r + back @ right @ b - right),
        _largest(other + t @ left @ np.linalg.solve(one - r @ left, back) - left),
    )
    step = right - one
    return np.asarray(_SAFETY * (defect + np.finfo(float).eps * _norm(_summed(a, -0.5j * a @ step @ step @ b, b))))


def _summed(a: Array, term: Array, b: Array) -> Array:
    """sum_j a^j term b^j by doubling, as far as the powers are not small."""
    total, active = term, np.arange(len(term))
    for _ in range(_MOST_SQUARINGS):
        total[active] += a @ total[active] @ b
        a, b = a @ a, b @ b
        go_on = _largest(a) * _largest(b) > _SMALL
        active, a, b = active[go_on], a[go_on], b[go_on]
        if len(active) == 0:
            break
    return total


def _adjoint(matrices: Array) -> Array:
    return np.asarray(matrices.conj().swapaxes(-1, -2))


def _largest(matrices: Array) -> Floats:
    return np.asarray(np.abs(matrices).max(axis=(-2, -1)))


def _norm(matrices: Array) -> Floats:
    return np.asarray(np.linalg.norm(matrices, axis=(-2, -1)))
