"""Which mean fields there are beside the gap, and what they cost: the quadratic part of the free energy.

A contact interaction H = -v sum_i n_i,up n_i,dn has three mean fields on an orbital: Delta = v <c_dn c_up>, the density
n = <c^+ c> and the magnetisation m = <c^+ sigma c>. Wick's theorem gives <n_up n_dn> = (n^2 - |m|^2)/4 + |Delta/v|^2,
so that electrons move in the potential phi = -v n/2 and in the field V + b, b = v m/2. With what is counted twice taken
off, -n phi - m.b,

    F = Omega(Delta; b, phi) + |Delta|^2/v + v (n^2 - |m|^2)/4 = Omega + |Delta|^2/v + phi^2/v - |b|^2/v,

which is stationary in b and phi. The field makes m antiparallel to it, so that b weakens it: an attraction lowers the
spin susceptibility. Omega is concave in every field, as -T ln Tr exp(-H/T) is: F has one maximum in b, and one minimum
in phi as long as the density is stable, (v/2) dn/dmu < 1.

The bands of a model are taken to hold the potential of the normal state at T = V = 0, as those of a calculation or of
an experiment do: only deviations count, phi = -v (n - n_0)/2, and F has phi^2/v - n_0 phi.

At fixed density N per cell the chemical potential mu is one more field, F = max_mu [Omega(mu) + mu N]. With one orbital
phi is then constant and left out.

Source: P.-G. de Gennes, Superconductivity of Metals and Alloys, chapter 5, with the terms in n and m kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.spin import SX, SY, SZ

_PAULI = np.array([SX, SY, SZ])


@dataclass(frozen=True)
class MeanFields:
    """What the electrons feel beside the gap, in equilibrium.

    Args:
        mu: chemical potential, energy, counted from the zero of the model's energies.
        zeeman: V of sigma on the paired orbitals, b included, energy (3-vector).
        magnetisation: m = <c^+ sigma c> on the paired orbital, electrons (3-vector); 0 where no contact interaction
            asks for it.
        potential: phi on the paired orbital, energy.
    """

    mu: float
    zeeman: tuple[float, float, float]
    magnetisation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    potential: float = 0.0


@dataclass(frozen=True, eq=False)
class Fields:
    """On-site fields p_a O_a with Q(p) = sum_a (l_a p_a + c_a p_a^2 / 2): F = n x/v + ext_p [Omega + Q].

    Args:
        operators: O_a, (n, dim, dim).
        linear: l_a, electrons, (n,).
        quadratic: c_a, 1/energy, (n,).
        directions: of the components of b, which come first, (components, 3).
        potential: whether phi is among them, after b.
        density: whether -mu is the last.
    """

    operators: Matrix
    linear: Floats
    quadratic: Floats
    directions: Floats
    potential: bool
    density: bool

    def cost(self, p: Floats) -> Floats:
        """Q at (D, n), shape (D,)."""
        return p @ self.linear + 0.5 * p**2 @ self.quadratic

    def slope(self, p: Floats) -> Floats:
        """dQ/dp at (D, n), same shape."""
        return self.linear + self.quadratic * p

    def coupled(self, v: float) -> Fields:
        """The same fields at another contact coupling."""
        ratio = np.zeros(len(self.linear))
        ratio[: len(self.directions)] = -2 / v
        if self.potential:
            ratio[len(self.directions)] = 2 / v
        return replace(self, quadratic=ratio)

    def magnetic(self, p: Floats) -> Floats:
        """The vector b (3,) of one set of fields (n,)."""
        return np.asarray(p[: len(self.directions)] @ self.directions)


def build(model: Model, orbital: int | None, directions: Floats, reference: float, density: float | None) -> Fields:
    """The fields of a contact interaction on one orbital, and the chemical potential.

    Args:
        model: the normal state.
        orbital: number of the orbital that the contact interaction acts on, None without one.
        directions: of b, (components, 3).
        reference: n_0 on that orbital.
        density: N, None at fixed chemical potential.
    """
    projector = np.diag((np.arange(len(model.layers)) == orbital).astype(float))
    potential = orbital is not None and (density is None or len(model.layers) > 1)
    operators = [np.kron(projector, np.einsum("c,cij->ij", d, _PAULI)) for d in directions]
    linear = [0.0] * len(directions)
    if potential:
        operators.append(np.kron(projector, np.eye(2)))
        linear.append(-reference)
    if density is not None:
        operators.append(-np.eye(model.dim))
        linear.append(density)
    stack = np.array(operators, dtype=complex).reshape(-1, model.dim, model.dim)
    quadratic = np.zeros(len(linear))
    return Fields(stack, np.array(linear), quadratic, directions, potential, density is not None)
