"""Conduction electrons of a tight-binding slab: layer densities from the Bloch states, and their derivative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats, InvalidInput
from spinvalley.gating.mesh import REACH, Integers, ZoneMesh, zone_mesh
from spinvalley.gating.parabolas import filling_slope
from spinvalley.models import TightBinding
from spinvalley.models.model import Matrix
from spinvalley.normal.sectors import Sector, sectors
from spinvalley.numerics.zone import symmetry_subgroup

_CHUNK = 4_000_000  # complex numbers held at once
_COARSE = 36
_SLACK = 250.0  # meV
_SAME = 1e-9
_CLOSE = 0.05  # of the change of a band across a triangle: bands nearer than that share their electrons
_PURE = 0.9  # weight on one layer from which a state counts as living there
_SMEARING = 0.5  # of the change of a band across a triangle


@dataclass(frozen=True, eq=False)
class Electrons:
    """One spin sector of a slab, whose layers are moved by a potential.

    Args:
        sector: the block of the slab without potential.
        copies: number of sectors that it stands for (2: the other spin is its time reverse).
        layer: layer of each of its basis states, (n,).
        layers: number of layers.
        filled: number of its bands that are full in the undoped crystal.
        group: point operations that leave energies and layer weights unchanged for any potential, (order, 2, 2).
    """

    sector: Sector
    copies: int
    layer: Integers
    layers: int
    filled: int
    group: Floats

    @cached_property
    def table(self) -> tuple[Floats, Matrix]:
        """Lattice vectors R (r, 2) and the hoppings of the sector as rows (r, n^2)."""
        hoppings = self.sector.model.hoppings  # type: ignore[attr-defined]
        lattice = self.sector.model.lattice
        vectors = np.array([lattice.translation(cell) for cell in hoppings])
        return vectors, np.array([self.sector.block(matrix).ravel() for matrix in hoppings.values()])

    def blocks(self, k: Floats, potential: Floats) -> Iterator[Matrix]:
        """Hamiltonians (some, n, n) in the potential, a chunk of momenta at a time, meV."""
        vectors, rows = self.table
        n = len(self.layer)
        size = max(1, _CHUNK // n**2)
        shift = np.diag(potential[self.layer])
        for start in range(0, len(k), size):
            yield (np.exp(1j * (k[start : start + size] @ vectors.T)) @ rows).reshape(-1, n, n) + shift

    def lowest(self, k: Floats, potential: Floats) -> Floats:
        """Lowest conduction band, (K,), meV."""
        return np.concatenate([np.linalg.eigvalsh(h)[:, self.filled] for h in self.blocks(k, potential)])

    def states(self, k: Floats, potential: Floats) -> tuple[Floats, Matrix]:
        """All bands (K, n) and Bloch states (K, n, n)."""
        solved = [np.linalg.eigh(h) for h in self.blocks(k, potential)]
        return np.concatenate([e for e, _ in solved]), np.concatenate([v for _, v in solved])

    def weights(self, states: Matrix) -> Floats:
        """Layer weights (K, layers, bands) of states (K, n, bands)."""
        out = np.zeros((len(states), self.layers, states.shape[-1]))
        for n, layer in enumerate(self.layer):
            out[:, layer] += np.abs(states[:, n]) ** 2
        return out


@dataclass(frozen=True, eq=False)
class Pocketed:
    """Electrons on the part of a mesh that may hold any.

    Args:
        electrons: the sector.
        mesh: the triangles kept.
        kT: thermal energy, meV.
        step: typical change of a band across a triangle at the chemical potential, meV.
        allowed: the part of the zone that may be filled, one flag for each momentum of the mesh.
    """

    electrons: Electrons
    mesh: ZoneMesh
    kT: float
    step: float
    allowed: NDArray[np.bool_]

    def solved(self, potential: Floats) -> _Bands:
        """The bands in the potential, the conduction bands in the order of the layers where they have one."""
        energies, states = self.electrons.states(self.mesh.k, potential)
        first = self.electrons.filled
        near = energies[:, first:]
        weights = self.electrons.weights(states[:, :, first:])
        order, apart = _order(weights)
        near, weights = np.take_along_axis(near, order, 1), np.take_along_axis(weights, order[:, None], 2)
        return _Bands(energies, states, near, weights, apart)

    def held(self, bands: _Bands, mu: float) -> Floats:
        """Occupations (R, conduction bands), parts of the zone."""
        reach = (bands.near < mu + REACH * self.kT + 2 * self.step).any(axis=0)
        out = np.zeros_like(bands.near)
        near = bands.near[:, reach]
        if self.kT >= self.step:  # a smooth integrand: the plain sum errs by exp(-2 pi^2 kT/step)
            out[:, reach] = self.mesh.weights[:, None] * filling_slope(mu - near, self.kT) * self.allowed[:, None]
            return out
        held = self.mesh.occupations(near, mu, self.kT)
        held[~bands.apart] = _shared(near[~bands.apart], held[~bands.apart], _CLOSE * self.step)
        out[:, reach] = held * self.allowed[:, None]
        return out

    def response(self, phi: Floats, area: float) -> tuple[Floats, Floats]:
        """Layer densities (N,) in nm^-2 and an approximate derivative (N, N)."""
        bands, delta = self.solved(-phi), 0.02 * self.step
        change = (self.held(bands, delta) - self.held(bands, -delta)) / (2 * delta)
        factor = self.electrons.copies / area
        density = factor * np.einsum("rb,rlb->l", self.held(bands, 0.0), bands.weights)
        within = np.einsum("rlb,rmb->lm", bands.weights * change[:, None], bands.weights)
        return density, factor * (within + self._between(bands))

    def _between(self, bands: _Bands) -> Floats:
        """dn/dphi from the mixing of bands: perturbation theory with the level smeared over the mesh step."""
        electrons, energies = self.electrons, bands.energies
        width = max(self.kT, _SMEARING * self.step)
        conducting = np.arange(energies.shape[1]) >= electrons.filled
        fermi = np.where(conducting, 0.5 * (1 - np.tanh(np.clip(0.5 * energies / width, -300, 300))), 0.0)
        chosen = np.flatnonzero((fermi.max(axis=1) > 1e-9) & self.allowed)
        per = max(1, _CHUNK // (electrons.layers * energies.shape[1] ** 2))
        out = np.zeros((electrons.layers,) * 2)
        for start in range(0, len(chosen), per):
            part = chosen[start : start + per]
            weights = self.mesh.weights[part]
            out += _mixing(electrons, energies[part], fermi[part], bands.states[part], weights, width)
        return out


@dataclass(frozen=True, eq=False)
class _Bands:
    energies: Floats
    states: Matrix
    near: Floats
    weights: Floats
    apart: NDArray[np.bool_]


def electrons_of(model: TightBinding, layers: int) -> list[Electrons]:
    """The spin sectors of a slab with layers of equal size; one stands for two where time reversal joins them."""
    blocks = sectors(model)
    if model.filled_bands % len(blocks):
        raise InvalidInput(
            f"`layer_model` must have as many full bands of each spin, but has {model.filled_bands // layers}"
        )
    rng = np.random.default_rng(3)
    sample = rng.uniform(-0.5, 0.5, (12, 2)) @ model.lattice.reciprocal
    scale = float(np.abs(model.hamiltonian(sample)).max())
    potential = rng.uniform(-0.3, 0.3, layers) * scale
    found = []
    for block in blocks:
        size = block.size // layers
        base = Electrons(
            block, 1, np.repeat(np.arange(layers), size), layers, model.filled_bands // len(blocks), np.eye(2)[None]
        )
        found.append(base)
    if len(found) == 2 and _alike(found[0], found[1], sample, potential, scale):
        found = [_copied(found[0], 2, found[0].group)]
    return [_copied(e, e.copies, _group(e, sample, potential)) for e in found]


def pocketed(electrons: Electrons, size: int, mu: float, potential: Floats, kT: float, margin: float) -> Pocketed:
    """The electrons on the triangles of a mesh where the lowest conduction band is below mu + margin.

    Fine meshes are searched only where a coarse one is below mu + margin + a slack.
    """
    lattice = electrons.sector.model.lattice
    mesh = zone_mesh(lattice, size, electrons.group)
    lowest = np.full(len(mesh.k), np.inf)
    candidate = np.ones(len(mesh.k), dtype=bool)
    if size > _COARSE:
        fractions = np.rint(mesh.k @ lattice.reduced.T / (2 * np.pi) * _COARSE).astype(int) % _COARSE
        coarse = zone_mesh(lattice, _COARSE, np.eye(2)[None])
        rough = _coarse_map(electrons, coarse, potential)
        candidate = rough[fractions[:, 0], fractions[:, 1]] < mu + margin + _SLACK
    lowest[candidate] = electrons.lowest(mesh.k[candidate], potential)
    kept, chosen = mesh.restricted(lowest < mu + margin)
    step = max(kept.spread(np.minimum(lowest[chosen, None], 1e9), mu), 1e-6)
    return Pocketed(electrons, kept, kT, step, np.ones(len(kept.k), dtype=bool))


def _coarse_map(electrons: Electrons, coarse: ZoneMesh, potential: Floats) -> Floats:
    """Lowest conduction band on the coarse mesh, by the fractions of the momentum, (coarse, coarse)."""
    return electrons.lowest(coarse.k, potential).reshape(_COARSE, _COARSE)


def _shared(energies: Floats, held: Floats, width: float) -> Floats:
    """Occupations (R, bands) with those of bands closer than the width averaged, their sum kept.

    Linear interpolation follows bands in the order of their energy. Where two cross, e.g. those of two layers, the
    occupations of the two would jump from one layer to the other: they are made equal at the crossing.
    """
    if width == 0:
        return held
    gap = (energies[:, :, None] - energies[:, None, :]) / width
    kernel = np.where(np.abs(gap) < 1, (1 - gap**2) ** 2, 0.0)
    norm = kernel.sum(axis=2)
    kernel /= np.maximum(norm[:, :, None], norm[:, None, :])
    return np.asarray(held + np.einsum("rab,rab->ra", kernel, held[:, None, :] - held[:, :, None]))


def _order(weights: Floats) -> tuple[Integers, NDArray[np.bool_]]:
    """Order of the conduction bands: by layer where each of the lowest lives on a layer of its own, else by energy.

    Interpolation then follows the bands of decoupled layers through their crossings.
    """
    layers = weights.shape[1]
    order = np.tile(np.arange(weights.shape[2]), (len(weights), 1))
    lowest = weights[:, :, :layers]
    owner = np.argmax(lowest, axis=1)
    apart = (lowest.max(axis=1) > _PURE).all(axis=1) & (np.sort(owner, axis=1) == np.arange(layers)).all(axis=1)
    order[apart, :layers] = np.argsort(owner[apart], axis=1)
    return order, apart


def _mixing(
    electrons: Electrons, energies: Floats, fermi: Floats, states: Matrix, weights: Floats, width: float
) -> Floats:
    """sum_k w sum_{i != j} -(f_i - f_j)/(E_i - E_j) <i|l|j><j|m|i>, (layers, layers)."""
    gap = energies[:, :, None] - energies[:, None, :]
    near = np.abs(gap) < 1e-4 * width
    slope = fermi * (1 - fermi) / width
    change = fermi[:, :, None] - fermi[:, None, :]
    ratio = np.where(near, 0.5 * (slope[:, :, None] + slope[:, None, :]), -change / np.where(near, 1.0, gap))
    ratio[:, np.arange(ratio.shape[1]), np.arange(ratio.shape[1])] = 0.0
    split = np.zeros((len(states), electrons.layers, *gap.shape[1:]), dtype=complex)
    for layer in range(electrons.layers):
        mine = states[:, electrons.layer == layer]
        split[:, layer] = np.conj(np.swapaxes(mine, 1, 2)) @ mine
    weighted = split * (ratio * weights[:, None, None])[:, None]
    flat = np.moveaxis(weighted, 1, 0).reshape(electrons.layers, -1)
    return np.asarray((flat @ np.moveaxis(split.conj(), 1, 0).reshape(electrons.layers, -1).T).real)


def _copied(e: Electrons, copies: int, group: Floats) -> Electrons:
    return Electrons(e.sector, copies, e.layer, e.layers, e.filled, group)


def _alike(first: Electrons, second: Electrons, sample: Floats, potential: Floats, scale: float) -> bool:
    """Whether the second sector at -k has the bands of the first at k."""
    one, other = (
        np.concatenate([np.linalg.eigvalsh(h) for h in e.blocks(sign * sample, potential)])
        for e, sign in ((first, 1), (second, -1))
    )
    return bool(np.abs(one - other).max() < _SAME * scale)


def _group(e: Electrons, sample: Floats, potential: Floats) -> Floats:
    def energies(k: Floats) -> Floats:
        return np.concatenate([np.linalg.eigvalsh(h) for h in e.blocks(k, potential)])

    return symmetry_subgroup(energies, e.sector.model.lattice.holohedry, sample)
