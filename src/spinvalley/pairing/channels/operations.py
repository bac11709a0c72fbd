"""One operation of a point group in space, on the spin and on the orbitals.

A spatial operation R = diag(g, +-1) of a two-dimensional crystal turns the plane by g, which may be a reflection, and
may turn z over. Spin is an axial vector: it rotates by det(R) R, with the spin-1/2 matrix s. Orbitals are real under
time reversal, so that their part O is a real orthogonal matrix. Its sign has no meaning for a pair of electrons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models import Lattice
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.spin import S0, SZ, pauli_dot


@dataclass(frozen=True, eq=False)
class Operation:
    """An operation of a point group.

    Args:
        turn: g, orthogonal (2, 2), acts on vectors in the plane and on momenta.
        flip: whether z is turned over.
        orbital: O, real orthogonal (n, n).
    """

    turn: Floats
    flip: bool
    orbital: Floats

    @property
    def mirrors(self) -> bool:
        """Whether g is a reflection of the plane."""
        return bool(np.linalg.det(self.turn) < 0)

    @property
    def angle(self) -> float:
        """Angle of the rotation g, or that of the line which the reflection g keeps; 0 <= angle < 2 pi or < pi."""
        full = float(np.arctan2(self.turn[1, 0], self.turn[0, 0])) % (2 * np.pi)
        full = 0.0 if 2 * np.pi - full < 1e-9 else full
        return full / 2 if self.mirrors else full

    @property
    def axial(self) -> Floats:
        """Rotation of axial vectors, det(R) R, (3, 3)."""
        spatial = np.zeros((3, 3))
        spatial[:2, :2], spatial[2, 2] = self.turn, -1.0 if self.flip else 1.0
        return np.asarray(np.linalg.det(spatial) * spatial)

    @property
    def spin(self) -> Matrix:
        """Spin-1/2 matrix s of the rotation `axial`: s (v.sigma) s^+ = (axial v).sigma."""
        rotation = self.axial
        if rotation[2, 2] > 0:
            angle = np.arctan2(rotation[1, 0], rotation[0, 0])
            return np.asarray(np.cos(angle / 2) * S0 - 1j * np.sin(angle / 2) * SZ)
        half = 0.5 * np.arctan2(rotation[1, 0], rotation[0, 0])
        return np.asarray(-1j * pauli_dot([np.cos(half), np.sin(half), 0.0]))

    @property
    def unitary(self) -> Matrix:
        """O (x) s on the spin-orbitals, (dim, dim)."""
        return np.kron(self.orbital, self.spin).astype(complex)

    def moved(self, lattice: Lattice, cell: Cell) -> Cell:
        """The lattice vector g R."""
        n, m = np.round((self.turn @ lattice.translation(cell)) @ np.linalg.inv(lattice.matrix)).astype(int)
        return int(n), int(m)

    def applied(self, channel: Channel) -> Channel:
        """The channel that the operation makes of another, U D(g^-1 k) U^T."""
        u = self.unitary
        table = {self.moved(channel.lattice, cell): u @ matrix @ u.T for cell, matrix in channel.table.items()}
        return replace(channel, table=table, irrep="")
