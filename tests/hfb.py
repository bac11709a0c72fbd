"""Hartree-Fock-Bogoliubov by iteration on a uniform mesh: every mean field of -v n_up n_dn from the density matrix.

No free energy is searched here, and no solver of spinvalley is imported: models are asked for h(k) only.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from witness import UP_DOWN

_STEPS = 2000


@dataclass(frozen=True)
class State:
    """One solution, or the averages in given fields."""

    gap: float
    mu: float
    potential: float
    electrons: float
    local: float
    magnetisation: np.ndarray
    free_energy: float


@dataclass(frozen=True)
class Contact:
    """A contact interaction on orbital 0; `reference`: density there that the bands contain already."""

    model: object
    v: float
    density: float | None
    n: int
    reference: float = 0.0

    @cached_property
    def bands(self):
        """h(k) and h(-k) on the whole mesh."""
        i, j = np.meshgrid(np.arange(self.n), np.arange(self.n), indexing="ij")
        k = np.stack([i.ravel(), j.ravel()], axis=-1) / self.n @ self.model.lattice.reciprocal
        return self.model.hamiltonian(k), self.model.hamiltonian(-k)

    def averages(self, kT, gap, mu, zeeman, felt, potential):
        """Density matrix in given fields: `zeeman` on every orbital, `felt` and `potential` on the paired one."""
        dim = self.model.dim
        here = np.kron(np.diag([1.0] + [0.0] * (dim // 2 - 1)), np.eye(2))
        spins = [np.kron(np.diag([1.0] + [0.0] * (dim // 2 - 1)), s) for s in UP_DOWN]
        weights = np.diag([0.0, *self.model.zeeman_weights[1:]])
        field = sum(z * np.kron(weights, s) + f * p for z, f, s, p in zip(zeeman, felt, UP_DOWN, spins, strict=True))
        field = field + potential * here - mu * np.eye(dim)
        pair = -1j * gap * here @ np.kron(np.eye(dim // 2), UP_DOWN[1])
        plus, minus = self.bands
        size = (len(plus), dim, dim)
        matrix = np.block(
            [
                [plus + field, np.broadcast_to(pair, size)],
                [np.broadcast_to(pair.conj().T, size), -np.swapaxes(minus + field, -1, -2)],
            ]
        )
        energy, u = np.linalg.eigh(matrix)
        empty = 0.5 * (1 + np.tanh(energy / (2 * kT)))
        pairs = np.mean(np.einsum("kan,kn,kbn->kab", u, empty, u.conj(), optimize=True), axis=0)
        rho = np.eye(dim) - pairs[:dim, :dim]  # <c_j^+ c_i>
        kinetic = np.einsum("kij,kja,ka,kia->", plus, u[:, :dim], 1 - empty, u[:, :dim].conj(), optimize=True).real
        f = np.clip(empty, 1e-300, 1 - 1e-16)
        entropy = -np.sum(f * np.log(f) + (1 - f) * np.log(1 - f)) / 2 / len(plus)
        m = np.array([np.trace(s @ rho).real for s in spins])
        outside = sum(z * np.trace(np.kron(weights, s) @ rho).real for z, s in zip(zeeman, UP_DOWN, strict=True))
        energy = kinetic / len(plus) + outside - kT * entropy
        return pairs[1, dim].real, np.trace(rho).real, np.trace(here @ rho).real, m, energy

    def electrons(self, gap, mu, zeeman, kT):
        """Electrons per cell in one field on all orbitals."""
        return self.averages(kT, gap, mu, zeeman, zeeman, 0.0)[1]

    def solve(self, kT, zeeman):
        """Iterate from a large gap until all mean fields hold still."""
        zeeman = np.asarray(zeeman, dtype=float)
        gap, mu, potential, m = 0.4 * self.v, 0.0, 0.0, np.zeros(3)
        for _ in range(_STEPS):
            felt = self.model.zeeman_weights[0] * zeeman + 0.5 * self.v * m
            kappa, electrons, local, moment, energy = self.averages(kT, gap, mu, zeeman, felt, potential)
            new = -0.5 * self.v * (local - self.reference) if self.density is None else 0.0
            shift = 0.0 if self.density is None else 2.0 * (self.density - electrons)
            change = max(abs(self.v * kappa - gap), abs(new - potential), abs(shift), np.abs(moment - m).max())
            gap, potential, mu, m = self.v * kappa, potential + 0.5 * (new - potential), mu + shift, moment
            if change < 1e-11:
                break
        magnetic = self.model.zeeman_weights[0] * zeeman @ m
        total = energy + magnetic + self.v * (m @ m) / 4 - gap**2 / self.v
        bands = 0.5 * np.trace(self.bands[0], axis1=1, axis2=2).real.mean()
        return State(gap, mu, potential, electrons, local, m, total - bands)
