"""The free energy as a real function whose minimum is the state: attractive amplitudes vary, repulsive ones follow.

Delta = N^-1/2 U c with the eigenvectors U of the couplings, so that c counts paired orbitals and F = sum_m |c_m|^2 /
v_m - G. G is convex. Along repulsive c (v_m < 0) F is concave: mean-field theory asks for its maximum there, and for
the minimum of this maximum over the attractive c.
"""

from __future__ import annotations

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.functional import Functional, complex_vector, real_vector

_INNER = 1e-11
_INNER_STEPS = 20


class Surface:
    """F(Delta) - F(0) over real coordinates (Re c, Im c), (2n,), attractive ones first in neither half.

    Args:
        functional: free energy at one temperature, field and order.
    """

    def __init__(self, functional: Functional) -> None:
        comp = functional.comp
        values, vectors = np.linalg.eigh(comp.couplings)
        self.functional = functional
        self.frame: Matrix = np.asarray(vectors / np.sqrt(comp.norms)[:, None], dtype=complex)
        self.attracts = np.tile(values > 0, 2)
        self.softest = 1 / float(np.abs(values).max())

    def amplitudes(self, x: Floats) -> Matrix:
        """Delta, (n,)."""
        return np.asarray(self.frame @ complex_vector(x), dtype=complex)

    def coordinates(self, amplitudes: Matrix) -> Floats:
        """(Re c, Im c) of Delta (n,)."""
        return real_vector(np.asarray(np.linalg.solve(self.frame, amplitudes), dtype=complex))

    def value_and_gradient(self, x: Floats) -> tuple[float, Floats]:
        """F(Delta) - F(0), energy per cell, and dF/dx, (2n,)."""
        value, gradient = self.functional.value_and_gradient(self.amplitudes(x))
        return value, 2 * real_vector(self.frame.conj().T @ gradient)

    def scale(self, x: Floats) -> float:
        """Size of c over which the gradient changes, energy."""
        return max(float(np.linalg.norm(x)), np.pi * self.functional.kT, self.functional.finest)

    def curvature(self, x: Floats) -> Floats:
        """Second derivatives, (2n, 2n)."""
        inner = self.functional.curvature(self.amplitudes(x), self.scale(x))
        turn = np.block([[self.frame.real, -self.frame.imag], [self.frame.imag, self.frame.real]])
        return np.asarray(turn.T @ inner @ turn)

    def follow(self, x: Floats) -> Floats:
        """The same attractive c with the repulsive ones at their maximum, by Newton steps on a concave function."""
        repels = ~self.attracts
        if not np.any(repels):
            return x
        x = x.copy()
        for _ in range(_INNER_STEPS):
            step = np.linalg.solve(self.curvature(x)[np.ix_(repels, repels)], self.value_and_gradient(x)[1][repels])
            x[repels] -= step
            if np.linalg.norm(step) <= _INNER * self.scale(x):
                break
        return x

    def gauge_mode(self, x: Floats) -> Floats:
        """Unit vector along which only the common phase changes, (2n,); zero for the normal state."""
        mode = real_vector(1j * complex_vector(x))
        return mode / max(float(np.linalg.norm(mode)), 1e-300)

    def reduced(self, curvature: Floats) -> Floats:
        """Second derivatives over attractive c with the repulsive ones following, (2a, 2a)."""
        a, r = self.attracts, ~self.attracts
        mixed = curvature[np.ix_(a, r)]
        return np.asarray(curvature[np.ix_(a, a)] - mixed @ np.linalg.solve(curvature[np.ix_(r, r)], mixed.T))

    def normal_modes(self) -> tuple[Floats, Matrix]:
        """Eigenvalues, ascending, of W - chi over attractive c in the normal state, and its states c (n, a)."""
        matrix = self.frame.conj().T @ self.functional.normal_matrix @ self.frame
        a = self.attracts[: len(matrix)]
        mixed = matrix[np.ix_(a, ~a)]
        reduced = matrix[np.ix_(a, a)] - mixed @ np.linalg.solve(matrix[np.ix_(~a, ~a)], mixed.conj().T)
        values, vectors = np.linalg.eigh(reduced)
        states = np.zeros((len(matrix), len(values)), dtype=complex)
        states[a] = vectors
        return values, states
