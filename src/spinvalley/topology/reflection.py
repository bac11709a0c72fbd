"""What a half plane reflects at energies in the bulk gap: a unitary matrix U(k_par), whose phases count chiral modes.

Of the waves at the cut next to column 0 (see `green`) the half plane behind it reflects p = S_R m, and the column in
front of it m = V p, V = (d + i)^-1 (d - i). Both are unitary in the gap. A state of the edge is an eigenvalue 1 of
U = V S_R; along the edge zone each mode of net direction takes one eigenphase once around, so that the number of turns
of det U is the number of chiral modes. It is a property of the bulk: V alone never turns.

Source: Fulga, Hassler, Akhmerov 2012, doi:10.1103/PhysRevB.85.165409.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.topology.columns import Columns
from spinvalley.topology.green import half_planes, superblocks
from spinvalley.topology.sectors import sectors

_BROADENING = 1e-14  # of the largest energy
_NUMBERS_PER_CHUNK = 2**16
_COARSE = 32
_LARGEST_STEP = 0.8
_NARROWEST = 1e-13  # of the edge zone
_LOSSY = 1e-2
_MOST_POINTS = 2**17


@dataclass(frozen=True, eq=False)
class Reflection:
    """The reflection of a half plane, or of one sector of it.

    Args:
        sides: its columns.
    """

    sides: Columns

    @cached_property
    def unit(self) -> float:
        """The energy c of the waves: about the largest coupling of superblocks in the edge zone."""
        _, outer = superblocks(self.sides, self.sides.edge.period * np.arange(_COARSE) / _COARSE)
        largest = float(np.linalg.norm(outer, 2, axis=(-2, -1)).max())
        return largest if largest > 0 else self.sides.scale

    @cached_property
    def slope(self) -> float:
        """A bound of every velocity dE/dk_par."""
        edge = self.sides.edge
        steps = [abs(float(edge.lattice.translation(cell) @ edge.unit)) for cell in self.sides.table]
        return float(np.dot(steps, [np.linalg.norm(m, 2) for m in self.sides.table.values()]))

    def matrices(self, k_parallel: Floats, energy: float = 0.0) -> Matrix:
        """U for k_par (K,) in 1/length, shape (K, n, n)."""
        size = max(1, _NUMBERS_PER_CHUNK // (self.sides.reach * self.sides.dim) ** 2)
        parts = [self._chunk(k_parallel[n : n + size], energy) for n in range(0, len(k_parallel), size)]
        return np.concatenate(parts)

    def _chunk(self, k_parallel: Floats, energy: float) -> Matrix:
        inner, outer = superblocks(self.sides, k_parallel)
        z = np.full(len(k_parallel), energy + 1j * _BROADENING * self.sides.scale)
        planes = half_planes(inner, outer, z, self.unit)
        one = 1j * np.eye(inner.shape[-1])
        return np.asarray(np.linalg.solve(planes.detuning + one, planes.detuning - one) @ planes.right)

    def path(self, points: int) -> Path:
        """U through the edge zone, from `points` momenta on, halved until no eigenphase makes a large step."""
        period = self.sides.edge.period
        k = np.linspace(-0.5, 0.5, points + 1) * period
        u = self.matrices(k)
        while True:
            steps = np.angle(np.linalg.eigvals(u[:-1].conj().swapaxes(-1, -2) @ u[1:]))
            wide = np.diff(k) > _NARROWEST * period
            steep = np.flatnonzero((np.abs(steps).max(axis=1) > _LARGEST_STEP) & wide)
            if not len(steep) or len(k) > _MOST_POINTS:
                break
            middles = 0.5 * (k[steep] + k[steep + 1])
            k, u = np.insert(k, steep + 1, middles), np.insert(u, steep + 1, self.matrices(middles), axis=0)
        loss = np.abs(np.abs(np.linalg.eigvals(u)) - 1).max()
        return Path(k, u, steps, bool(np.abs(steps).max() <= _LARGEST_STEP and loss < _LOSSY))


@dataclass(frozen=True, eq=False)
class Path:
    """U on a mesh of k_par that covers the edge zone once.

    Args:
        k: momenta, ascending (K,).
        u: U, shape (K, n, n).
        steps: phases of the eigenvalues of U_i^+ U_{i+1}, shape (K - 1, n).
        resolved: whether every step is small, and U unitary.
    """

    k: Floats
    u: Matrix
    steps: Floats
    resolved: bool

    @property
    def turns(self) -> float:
        """Turns of det U, an integer up to rounding."""
        return float(self.steps.sum() / (2 * np.pi))

    @property
    def crossings(self) -> NDArray[np.int64]:
        """Net number of eigenphases that pass zero upwards in each interval, (K - 1,)."""
        sums = (np.angle(np.linalg.eigvals(self.u)) % (2 * np.pi)).sum(axis=1)
        return np.asarray(np.round((self.steps.sum(axis=1) - np.diff(sums)) / (2 * np.pi)).astype(np.int64))


def reflections(sides: Columns) -> list[Reflection]:
    """The reflection of each sector that conserved on-site quantities leave apart."""
    matrices = np.array(list(sides.table.values()))
    parts = []
    for frame in sectors(matrices):
        inside = frame.conj().T @ matrices @ frame
        parts.append(Reflection(Columns(sides.edge, dict(zip(sides.table, inside, strict=True)))))
    return parts
