"""What time reversal does to a state of several amplitudes: whether the state breaks it, and its partner.

An antiunitary operation A K with A h(-k)^* A^+ = h(k) takes the pairing matrix to D'_R = A D_R^* A^T, the amplitudes to
M Delta^*. Time reversal itself has A = i sigma_y. In a field it may survive together with a turn of the spins by 180
degrees, A = (n.sigma) i sigma_y, as for Ising coupling in an in-plane field (n the normal of the plane). Where all
spins may turn about the field by any angle, so may n: a state is unbroken if one of these axes suits it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.competition.problem import Competition
from spinvalley.spin import S0, SX, SY, SZ, pauli_dot

_SAMPLES = 6
_EXACT = 1e-9
_SINE = 1e-4


@dataclass(frozen=True, eq=False)
class Reversal:
    """The antiunitary symmetries of a competition in one field that reverse the momentum.

    Args:
        formal: M of time reversal itself, (n, n), whether or not it is a symmetry.
        matrices: M of those operations that are symmetries, each (n, n).
        gram: scalar products of the channels, (n, n).
        spin: J of the turns exp(-i J angle) of all spins about the field, (n, n), with eigenvalues -1, 0, 1; zero where
            they are no symmetry.
    """

    formal: Matrix
    matrices: tuple[Matrix, ...]
    gram: Matrix
    spin: Matrix

    @classmethod
    def of(cls, comp: Competition, zeeman: Floats) -> Reversal:
        """Those of a model in a field (3-vector); with a turn of the spins only where time reversal is no symmetry."""
        unit = np.eye(len(comp.model.layers))
        operations = [np.asarray(np.kron(unit, spin), dtype=complex) for spin in _operations(zeeman)]
        gram = np.array([[a.overlap(b) for b in comp.channels] for a in comp.channels])
        matrices = [_on_amplitudes(comp, gram, operation) for operation in operations]
        kept = [
            matrix
            for operation, matrix in zip(operations, matrices, strict=True)
            if _leaves_model(comp, zeeman, operation) and _leaves_interaction(comp, matrix)
        ]
        plain = any(matrix is matrices[0] for matrix in kept)
        return cls(matrices[0], (matrices[0],) if plain else tuple(kept), gram, _spin(comp, gram, zeeman))

    def breaks(self, amplitudes: Matrix) -> bool:
        """Whether the state breaks all of the symmetries of its own accord; False where the field leaves none."""
        return bool(self.matrices) and not any(self._keeps(m, amplitudes, self.spin) for m in self.matrices)

    def is_complex(self, amplitudes: Matrix) -> bool:
        """Whether the relative phases differ from 0 and 180 degrees: time reversal gives another state."""
        return bool(np.any(amplitudes)) and not self._keeps(self.formal, amplitudes, 0 * self.spin)

    def partners(self, amplitudes: Matrix) -> list[Matrix]:
        """The states that the symmetries make of this one."""
        return [matrix @ amplitudes.conj() for matrix in self.matrices]

    def _keeps(self, matrix: Matrix, amplitudes: Matrix, spin: Matrix) -> bool:
        """Whether the image is the same state in another gauge, after a turn of the spins by some angle."""
        image = matrix @ amplitudes.conj()
        norm = np.real(np.vdot(amplitudes, self.gram @ amplitudes))
        square = spin @ spin
        parts = (image - square @ image, 0.5 * (square + spin) @ image, 0.5 * (square - spin) @ image)
        still, up, down = (np.vdot(amplitudes, self.gram @ part) for part in parts)
        half = 0.5 * np.angle(up * np.conj(down))  # where two of the three have one phase; all three, or no angle does
        angles = np.array([half, half + np.pi, np.angle(up * np.conj(still)), np.angle(still * np.conj(down))])
        overlap = np.abs(still + up * np.exp(-1j * angles) + down * np.exp(1j * angles)).max()
        return bool(norm - overlap <= 0.5 * _SINE**2 * norm)


def _operations(zeeman: Floats) -> list[Matrix]:
    """A of one orbital, (2, 2): time reversal, then with turns about the axes and those of the field."""
    length = float(np.linalg.norm(zeeman))
    axes = [np.eye(3)[0], np.eye(3)[1], np.eye(3)[2]]
    if length > 0:
        along = zeeman / length
        across = np.cross(along, axes[int(np.argmin(np.abs(along)))])
        axes += [along, across / np.linalg.norm(across), np.cross(along, across / np.linalg.norm(across))]
    turns = [n[0] * SX + n[1] * SY + n[2] * SZ for n in axes]
    return [np.asarray(turn @ (1j * SY)) for turn in [S0, *turns]]


def _momenta(comp: Competition) -> Floats:
    return np.asarray(np.random.default_rng(3).uniform(-0.5, 0.5, (_SAMPLES, 2)) @ comp.model.lattice.reciprocal)


def _leaves_model(comp: Competition, zeeman: Floats, operation: Matrix) -> bool:
    """Whether A h(-k)^* A^+ = h(k) in the field, on a sample of momenta."""
    k = _momenta(comp)
    field = comp.model.zeeman(zeeman)
    here, there = comp.model.hamiltonian(k) + field, comp.model.hamiltonian(-k) + field
    image = operation @ there.conj() @ operation.conj().T
    return bool(np.abs(image - here).max() <= _EXACT * np.abs(here).max())


def _leaves_interaction(comp: Competition, matrix: Matrix) -> bool:
    """Whether the quadratic form of the amplitudes stays."""
    image = matrix.conj().T @ comp.quadratic @ matrix
    return bool(np.abs(image - comp.quadratic.conj()).max() <= _EXACT * np.abs(comp.quadratic).max())


def _on_amplitudes(comp: Competition, gram: Matrix, operation: Matrix) -> Matrix:
    """M with Delta -> M Delta^*, the part that lies among the channels."""
    return _matrix(comp, gram, lambda d: operation @ d.conj() @ operation.T)


def _spin(comp: Competition, gram: Matrix, zeeman: Floats) -> Matrix:
    """J of the turns of all spins about the field, on the amplitudes; zero without field or symmetry."""
    nothing = np.zeros_like(gram)
    length = float(np.linalg.norm(zeeman))
    if length == 0:
        return nothing
    sigma = np.kron(np.eye(len(comp.model.layers)), pauli_dot(zeeman / length))
    h = comp.model.hamiltonian(_momenta(comp))
    if np.abs(sigma @ h - h @ sigma).max() > _EXACT * np.abs(h).max():
        return nothing
    spin = _matrix(comp, gram, lambda d: 0.5 * (sigma @ d + d @ sigma.T))
    closed = np.abs(spin @ spin @ spin - spin).max() <= _EXACT
    couplings = comp.quadratic
    kept = np.abs(couplings @ spin - spin.conj().T @ couplings).max() <= _EXACT * np.abs(couplings).max()
    return spin if closed and kept else nothing


def _matrix(comp: Competition, gram: Matrix, change: Callable[[Matrix], Matrix]) -> Matrix:
    """What a change of the matrices D_R does to the amplitudes, the part that lies among the channels, (n, n)."""
    overlaps = [
        [_overlap(a, {cell: change(d) for cell, d in b.table.items()}) for b in comp.channels] for a in comp.channels
    ]
    return np.asarray(np.linalg.solve(gram, np.array(overlaps)))


def _overlap(channel: Channel, table: dict[Cell, Matrix]) -> complex:
    """(1/2) sum_R tr D_R^+ D'_R for a table D'_R that may vanish."""
    return complex(sum(0.5 * np.vdot(channel.table[cell], d) for cell, d in table.items() if cell in channel.table))
