"""Independent routes to the numbers of spinvalley, written from the equations and slow on purpose.

Nothing here imports a solver: models are asked for h(k) only. What a test compares with them shares no code with them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import ellipkm1

from spinvalley import models

UP_DOWN = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.array([[1, 0], [0, -1]])


# Uniform meshes -------------------------------------------------------------------------------------------------------
def mesh(lattice, n):
    """Half of a uniform n x n mesh of the zone, (K, 2), and weights that sum to 1: k and -k have the same |E|.

    The trapezoidal rule of a periodic analytic function converges exponentially: exp(-n pi kT / velocity).
    """
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    index, partner = (i * n + j).ravel(), ((-i) % n * n + (-j) % n).ravel()
    kept = index <= partner
    weights = np.where(index == partner, 1.0, 2.0)[kept] / n**2
    return np.stack([i.ravel(), j.ravel()], axis=-1)[kept] / n @ lattice.reciprocal, weights


def bdg(model, paired, k, gap, field):
    """The Bogoliubov-de Gennes matrices in the basis [c_k, c+_-k], from np.block; `paired` are 0 or 1 per orbital."""
    spin = sum(v * s for v, s in zip(field, UP_DOWN, strict=True))
    zeeman = np.kron(np.diag(model.zeeman_weights), spin)
    pair = gap * np.kron(np.diag(paired), -1j * UP_DOWN[1])
    here, there = model.hamiltonian(k) + zeeman, model.hamiltonian(-k) + zeeman
    shape = (*here.shape[:-2], *pair.shape)
    return np.block(
        [
            [here, np.broadcast_to(pair, shape)],
            [np.broadcast_to(pair.conj().T, shape), -np.swapaxes(there, -1, -2)],
        ]
    )


def log_two_cosh(x):
    """ln 2 cosh x without overflow."""
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))


@dataclass(frozen=True)
class Mesh:
    """Brute force on a uniform mesh: eigenvalues by LAPACK, sums term by term."""

    model: models.Model
    paired: tuple[int, ...]
    n: int

    def energies(self, gap, field):
        k, _ = mesh(self.model.lattice, self.n)
        return np.linalg.eigvalsh(bdg(self.model, self.paired, k, gap, field))

    def free_energy(self, gap, kT, field, v):
        """n Delta^2/v - (1/2) sum_k sum_E T ln 2cosh(E/2T): half of all E is the sum over E > 0."""
        _, weights = mesh(self.model.lattice, self.n)
        sums = kT * log_two_cosh(self.energies(gap, field) / (2 * kT)).sum(axis=-1)
        return sum(self.paired) * gap**2 / v - 0.5 * weights @ sums

    def gap_sum(self, gap, kT, field):
        """d/d(Delta^2) of the sum over E > 0, by first-order perturbation theory: equal to n/v at a stationary gap."""
        k, weights = mesh(self.model.lattice, self.n)
        matrices = bdg(self.model, self.paired, k, gap, field)
        perturbation = matrices[0] - bdg(self.model, self.paired, k[:1], 0.0, field)[0]
        energy, states = np.linalg.eigh(matrices)
        change = np.einsum("kin,ij,kjn->kn", states.conj(), perturbation / gap, states).real
        return 0.25 * weights @ np.sum(np.tanh(energy / (2 * kT)) * change, axis=-1) / (2 * gap)

    def gap(self, kT, field, v, low, high):
        """The stationary gap between two limits."""
        return brentq(lambda gap: self.gap_sum(gap, kT, field) - sum(self.paired) / v, low, high, xtol=1e-13)


# One band: the exact density of states of the triangular lattice ------------------------------------------------------
def _structure_density(e):
    """Density of e = sqrt(3 + 2 C) on [0, 3], C = sum_i cos k.R_i: the honeycomb density of states."""
    away = np.maximum(np.abs(1 - e), 1e-17)  # van Hove point; 1 - k^2 of the elliptic integral without cancellation
    larger = np.maximum((1 + e) ** 2 - (e**2 - 1) ** 2 / 4, 4 * e)
    return 2 * e / np.pi**2 / np.sqrt(larger) * ellipkm1(away**3 * (3 + e) / 4 / larger)


def triangular_average(function: Callable, sharp=(), levels=50, order=16):
    """Zone average of function(C), C = sum_i cos k.R_i, which may be sharp or have a kink at the given values of C."""
    inner = [np.sqrt(3 + 2 * c) for c in sharp if -1.5 < c < 3]
    breaks = np.unique(np.concatenate([[0.0, 1.0, 3.0], inner]))
    x, w = np.polynomial.legendre.leggauss(order)
    total = 0.0
    for low, high in pairwise(breaks):
        half = 0.5 * (high - low) * np.append(0.0, 2.0 ** np.arange(-levels, 1.0))
        for start, stop in pairwise(half):
            step = 0.5 * (stop - start) * (x + 1) + start
            for e in (low + step, high - step):
                total += 0.5 * (stop - start) * w @ (_structure_density(e) * function(0.5 * (e * e - 3)))
    return float(total)


@dataclass(frozen=True)
class Film:
    """One band 2 t C(k) - mu in a field V of any direction: E = sqrt(xi^2 + Delta^2) +- V, by its density of states."""

    t: float = -1.0
    mu: float = 0.0

    def _average(self, function, gap, field):
        edges = [0.0, np.sqrt(max(field**2 - gap**2, 0.0))]
        sharp = {(self.mu + sign * xi) / (2 * self.t) for xi in edges for sign in (1, -1)}
        return triangular_average(lambda c: function(2 * self.t * c - self.mu), sorted(sharp))

    def free_energy(self, gap, kT, field, v):
        def sums(xi):
            e = np.hypot(xi, gap)[:, None] + np.array([field, -field])
            return np.sum(kT * log_two_cosh(e / (2 * kT)) if kT > 0 else 0.5 * np.abs(e), axis=-1)

        return gap**2 / v - self._average(sums, gap, field)

    def gap_sum(self, gap, kT, field):
        """The right side of 1/v = < sum_+- tanh(E/2T) / (4 sqrt(xi^2 + Delta^2)) >."""

        def sums(xi):
            e = np.hypot(xi, gap)
            parts = e[:, None] + np.array([field, -field])
            return np.sum(np.tanh(parts / (2 * kT)) if kT > 0 else np.sign(parts), axis=-1) / (4 * e)

        return self._average(sums, gap, field)

    def gap(self, kT, field, v, low, high):
        """The stationary gap between two limits."""
        return brentq(lambda gap: self.gap_sum(gap, kT, field) - 1 / v, low, high, xtol=1e-15, rtol=1e-14)


# The heterostructure: the dichalcogenide integrated out ---------------------------------------------------------------
@dataclass(frozen=True)
class GreenFunction:
    """heterostructure.txt with Sigma = Gamma^2 (i w - H_TMD)^-1: 4 x 4 Green function and Matsubara sum.

    `weight_tmd` is the factor of the field V (along x) on the dichalcogenide.
    """

    t_sc: float = -1.0
    t_tmd: float = -1.0
    mu_sc: float = 0.0
    mu_tmd: float = 3.0
    beta_so: float = 0.5
    coupling: float = 0.5
    weight_tmd: float = 1.0

    def _bands(self, k):
        bonds = np.array([[1, 0], [-0.5, np.sqrt(3) / 2], [-0.5, -np.sqrt(3) / 2]])
        phases = k @ bonds.T
        c, s = np.cos(phases).sum(axis=-1), np.sin(phases).sum(axis=-1)
        return 2 * self.t_sc * c - self.mu_sc, 2 * self.t_tmd * c - self.mu_tmd, 2 * self.beta_so * s

    def inverse(self, k, z, gap, field):
        """z - H_SC - Sigma(z) at one momentum, (4, 4) in the basis [c_k, c+_-k] of the superconductor."""
        xi, eps, b = self._bands(np.asarray(k))
        sx, sy, sz = UP_DOWN
        one = np.eye(2)

        def sector(sign):  # sign = 1: particles at k; -1: holes, -h(-k)^T
            h_sc = sign * (xi * one + field * sx)
            h_tmd = sign * (eps * one + self.weight_tmd * field * sx) + b * sz  # -(-b sz)^T = b sz
            return z * one - h_sc - self.coupling**2 * np.linalg.inv(z * one - h_tmd)

        pair = gap * -1j * sy
        return np.block([[sector(1), -pair], [-pair.conj().T, sector(-1)]])

    def ratio(self, k, w, gap, field):
        """P_Delta / P_0 at the imaginary frequency i w, broadcasting (physics.md 1)."""
        xi, eps, b = self._bands(k)
        v_tmd = self.weight_tmd * field
        d = (1j * w - eps) ** 2 - b**2 - v_tmd**2
        a = 1j * w - xi - self.coupling**2 * (1j * w - eps) / d
        bx = -field - self.coupling**2 * v_tmd / d
        bz = -(self.coupling**2) * b / d
        dn = np.abs(a**2 - bx**2 - bz**2) ** 2
        return 1 + (2 * gap**2 * (np.abs(a) ** 2 - np.abs(bx) ** 2 + np.abs(bz) ** 2) + gap**4) / dn

    def condensation(self, k, gap, kT, field, cut=3000):
        """(T/2) sum_n ln(P_Delta/P_0) at momenta (K, 2): the energy gained by the gap, without Delta^2/v.

        The summand tends to 2 Delta^2/w^2, whose sum is known; the rest beyond the cut is of order w^-4 and is
        extrapolated from two cuts.
        """
        w = (2 * np.arange(2 * cut) + 1) * np.pi * kT
        rest = np.log(self.ratio(k[:, None, :] if k.ndim == 2 else k, w, gap, field)) - 2 * gap**2 / w**2
        partial = np.cumsum(rest, axis=-1)
        far = partial[:, -1] + (partial[:, -1] - partial[:, cut - 1]) / 7  # tail ~ n^-3
        return kT * far + gap**2 / (4 * kT)  # both signs of w: 2 T/2; T sum_{n>=0} 2 Delta^2/w_n^2 = Delta^2/4T


# Linearised gap equation of one band ----------------------------------------------------------------------------------
def susceptibility_by_rotation(bands, kT):
    """chi of physics.md 2.1 for one band: `bands` = (xi, g (K, 3), h (3,), weights)."""
    xi, g, h, weights = bands
    minus, plus = np.linalg.norm(g - h, axis=-1), np.linalg.norm(g + h, axis=-1)
    c = (np.sum(g * g, axis=-1) - h @ h) / (minus * plus)
    total = 0.0
    for s in (1, -1):
        for t in (1, -1):
            e, f = xi + s * minus, xi + t * plus
            total = total + 0.25 * (1 + s * t * c) * (np.tanh(e / (2 * kT)) + np.tanh(f / (2 * kT))) / (2 * (e + f))
    return weights @ total


# Random models --------------------------------------------------------------------------------------------------------
def random_field(rng, strength=0.5):
    """A field of random direction and size."""
    direction = rng.normal(size=3)
    return strength * rng.uniform() * direction / np.linalg.norm(direction)


def in_plane_field(rng, strength=0.5):
    """A field of random size and direction in the plane."""
    angle = rng.uniform(0, 2 * np.pi)
    return strength * rng.uniform() * np.array([np.cos(angle), np.sin(angle), 0.0])


def random_film(rng):
    return models.film(t=rng.choice([-1, 1]) * rng.uniform(0.5, 1.2), mu=rng.uniform(-2, 2))


def random_ising_film(rng):
    return models.ising_film(rng.uniform(-0.6, 0.6), t=-rng.uniform(0.5, 1.2), mu=rng.uniform(-2, 2))


def random_rashba_film(rng):
    return random_ising_film(rng) + models.Rashba(rng.uniform(-0.4, 0.4))


def random_heterostructure(rng):
    return models.heterostructure(
        t_sc=-rng.uniform(0.6, 1.2),
        t_tmd=-rng.uniform(0.6, 1.2),
        mu_sc=rng.uniform(-2, 2),
        mu_tmd=rng.uniform(0, 4),
        beta_so=rng.uniform(-0.6, 0.6),
        coupling=rng.uniform(0, 1),
        zeeman_on=rng.choice(["both", "sc"]),
    )


def random_square(rng):
    """Nearest and next-nearest hopping on the square lattice with Rashba coupling."""
    near, far, one = -rng.uniform(0.6, 1), rng.uniform(-0.3, 0.3), np.eye(2)
    hoppings = {(0, 0): rng.uniform(-1, 1) * one}
    hoppings |= {
        (n, m): (near if n * m == 0 else far) * one for n in (-1, 0, 1) for m in (-1, 0, 1) if (n, m) != (0, 0)
    }
    return models.from_hoppings(hoppings, models.square(), ("sc",)) + models.Rashba(rng.uniform(-0.4, 0.4))


def random_bilayer(rng):
    """Two films with Ising terms of opposite sign, as in a 2H bilayer."""
    beta = rng.uniform(0, 0.5)
    mu = rng.uniform(-1, 1)
    lower = models.film(-0.8, mu) + models.IsingSOC(beta)
    upper = models.tmd(-0.8, mu + rng.uniform(-0.3, 0.3), -beta)
    return models.stack(lower, upper, coupling=rng.uniform(0, 0.5))


def random_hoppings(rng, orbitals=1, lattice=None, scale=0.6):
    """Nearest hoppings without any symmetry, not even time reversal, on an oblique lattice."""
    lattice = lattice or models.Lattice(((1.0, 0.0), (rng.uniform(-0.4, 0.4), rng.uniform(0.8, 1.3))))
    size = 2 * orbitals

    def matrix():
        return scale * (rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))) / np.sqrt(size)

    onsite = matrix()
    hoppings = {(0, 0): 0.5 * (onsite + onsite.conj().T)}
    for cell in ((1, 0), (0, 1), (1, -1)):
        hop = 0.5 * matrix() - 0.6 * np.eye(size)
        hoppings |= {cell: hop, (-cell[0], -cell[1]): hop.conj().T}
    names = tuple(f"layer{n}" for n in range(orbitals))
    return models.from_hoppings(hoppings, lattice, names)
