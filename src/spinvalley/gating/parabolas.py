"""Electrons in parabolic valleys that hop between layers: subbands, layer densities and their exact derivative.

A valley of density of states D and N x N layer Hamiltonian h = diag(U) + E + t (nearest layers) has the density
matrix D f(mu - h), f(x) = kT ln(1 + exp(x/kT)): the in-plane motion is integrated in closed form. The derivative of
its diagonal is first-order perturbation theory, dn_l/dphi_m = D sum_ij psi_il psi_jl psi_im psi_jm f[x_i, x_j] with
the divided difference f[x, y] = (f(x) - f(y))/(x - y), f' where levels coincide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, instance, non_negative, positive, real
from spinvalley.units import HBAR2_2M

_FROZEN = 1e-100
_CLOSE = 1e-5  # levels nearer than this times kT count as one in the divided difference


@dataclass(frozen=True)
class Valley:
    """One kind of valley of every layer.

    Args:
        name: e.g. "K" or "Q".
        mass: density-of-states mass, m_e (sqrt(m_x m_y) of an elliptic valley).
        degeneracy: number of valleys times spins that share the energy.
        offset: energy of the valley minimum of an isolated layer above that of the first valley, meV.
        hopping: matrix element between neighbouring layers t_perp, meV; 0 at K by symmetry.

    Raises:
        InvalidInput: mass or degeneracy not positive, offset or hopping not finite.

    >>> round(Valley("K", mass=0.445, degeneracy=4).density_of_states, 7)
    0.0037178
    """

    name: str
    mass: float
    degeneracy: float
    offset: float = 0.0
    hopping: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no valley."""
        instance("name", self.name, str, "'K'")
        positive("mass", self.mass)
        positive("degeneracy", self.degeneracy)
        real("offset", self.offset)
        real("hopping", self.hopping)

    @property
    def density_of_states(self) -> float:
        """D = degeneracy m / (2 pi hbar^2), 1/(meV nm^2)."""
        return self.degeneracy * self.mass / (4 * np.pi * HBAR2_2M)

    def hamiltonian(self, potential: Floats) -> Floats:
        """Layer Hamiltonian diag(U) + E + t, (N, N), meV."""
        bonds = np.full(len(potential) - 1, self.hopping)
        return np.asarray(np.diag(potential + self.offset) + np.diag(bonds, 1) + np.diag(bonds, -1))

    def subbands(self, potential: Floats) -> tuple[Floats, Floats]:
        """Edges (N,) in meV and layer amplitudes, columns of (N, N); sites themselves where nothing hops."""
        if self.hopping == 0:
            order = np.argsort(potential, kind="stable")
            return potential[order] + self.offset, np.eye(len(potential))[:, order]
        edges, states = np.linalg.eigh(self.hamiltonian(potential))
        return edges, states

    def response(self, phi: Floats, kT: float) -> tuple[Floats, Floats]:
        """Layer densities (N,) in nm^-2 and dn/dphi (N, N) at phi = mu - U, meV."""
        edges, states = self.subbands(-phi)
        weights = states**2
        density = self.density_of_states * (weights @ filling(-edges, kT))
        pairs = states[:, :, None] * states[:, None, :]
        differences = divided_difference(-edges, kT)
        slope = np.einsum("lij,ij,mij->lm", pairs, differences, pairs, optimize=True)
        return density, np.asarray(self.density_of_states * slope)


def thermal_energy(kT: float) -> float:
    """A checked thermal energy in meV; what lies below 1e-100 counts as 0."""
    checked = non_negative("kT", kT)
    return checked if checked > _FROZEN else 0.0


def filling(x: Floats, kT: float) -> Floats:
    """The two-dimensional gas per density of states, kT ln(1 + exp(x/kT)), at kT = 0 the larger of x and 0; meV."""
    return np.maximum(x, 0.0) if kT == 0 else np.asarray(kT * np.logaddexp(0.0, x / kT))


def filling_slope(x: Floats, kT: float) -> Floats:
    """Derivative of `filling`: the Fermi function, at kT = 0 the step."""
    if kT == 0:
        return np.asarray(np.heaviside(x, 0.5))
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x / kT)))


def divided_difference(x: Floats, kT: float) -> Floats:
    """f[x_i, x_j] of `filling`, (N, N); the derivative at the middle where the two coincide."""
    gap = x[:, None] - x[None, :]
    f = filling(x, kT)
    near = np.abs(gap) <= np.maximum(_CLOSE * kT, 1e-12 * np.abs(x).max())
    ratio = (f[:, None] - f[None, :]) / np.where(near, 1.0, gap)
    return np.where(near, filling_slope(0.5 * (x[:, None] + x[None, :]), kT), ratio)


def level_for(density: float, dos: float, kT: float) -> float:
    """The inverse of D `filling`: the level above the band edge that holds a density, meV."""
    x = density / dos
    if kT == 0 or x > 30 * kT:
        return x
    return float(kT * np.log(np.expm1(x / kT)))


def geometric_ratio(kappa: float) -> float:
    """Ratio x of the densities of neighbouring layers, x = 1 + kappa/2 - sqrt(kappa + kappa^2/4).

    Semi-infinite stack of parabolic layers without hopping at T = 0: the layer fractions are (1 - x) x^(l-1) at any
    density. The form used here does not cancel at large kappa.

    >>> round(1 - geometric_ratio(5.996), 4)
    0.8729
    """
    return 1.0 / (1 + 0.5 * kappa + float(np.sqrt(kappa + 0.25 * kappa**2)))
