"""What time reversal does to a state of several amplitudes: whether the state breaks it, and its partner.

An antiunitary operation A K with A h(-k)^* A^+ = h(k) takes the pairing matrix to D'_R = A D_R^* A^T, the amplitudes to
M Delta^*. Time reversal itself has A = i sigma_y. In a field it may survive together with a turn of the spins by 180
degrees, A = (n.sigma) i sigma_y, as for Ising coupling in an in-plane field (n the normal of the plane).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.competition.problem import Competition
from spinvalley.spin import S0, SX, SY, SZ

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
    """

    formal: Matrix
    matrices: tuple[Matrix, ...]
    gram: Matrix

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
        return cls(matrices[0], (matrices[0],) if plain else tuple(kept), gram)

    def breaks(self, amplitudes: Matrix) -> bool:
        """Whether the state breaks all of the symmetries of its own accord; False where the field leaves none."""
        return bool(self.matrices) and not any(self._keeps(matrix, amplitudes) for matrix in self.matrices)

    def is_complex(self, amplitudes: Matrix) -> bool:
        """Whether the relative phases differ from 0 and 180 degrees: time reversal gives another state."""
        return bool(np.any(amplitudes)) and not self._keeps(self.formal, amplitudes)

    def partners(self, amplitudes: Matrix) -> list[Matrix]:
        """The states that the symmetries make of this one."""
        return [matrix @ amplitudes.conj() for matrix in self.matrices]

    def _keeps(self, matrix: Matrix, amplitudes: Matrix) -> bool:
        image = matrix @ amplitudes.conj()
        norm = np.real(np.vdot(amplitudes, self.gram @ amplitudes))
        overlap = abs(np.vdot(amplitudes, self.gram @ image))
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


def _leaves_model(comp: Competition, zeeman: Floats, operation: Matrix) -> bool:
    """Whether A h(-k)^* A^+ = h(k) in the field, on a sample of momenta."""
    k = np.random.default_rng(3).uniform(-0.5, 0.5, (_SAMPLES, 2)) @ comp.model.lattice.reciprocal
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
    images = [
        Channel(c.name, c.lattice, c.layers, {cell: operation @ d.conj() @ operation.T for cell, d in c.table.items()})
        for c in comp.channels
    ]
    overlaps = np.array([[a.overlap(image) for image in images] for a in comp.channels])
    return np.asarray(np.linalg.solve(gram, overlaps))
