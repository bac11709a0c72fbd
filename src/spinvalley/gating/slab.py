"""Band bending of a multilayer tight-binding slab: Poisson's equation with the Bloch states of every layer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, Status, real, tolerance, whole
from spinvalley.gating.layers import (
    FILLED,
    MATERIAL,
    PER_CM2,
    ValleyWarning,
    electrostatics,
    layer_dataset,
    start_potential,
)
from spinvalley.gating.mesh import REACH
from spinvalley.gating.parabolas import Valley, level_for, thermal_energy
from spinvalley.gating.poisson import Response, Solution, Stack, solve
from spinvalley.gating.stacking import QShift, slab
from spinvalley.gating.valleys import Regions, regions_of
from spinvalley.gating.zone_electrons import Electrons, Pocketed, electrons_of, pocketed
from spinvalley.models import Potential, TightBinding
from spinvalley.models.model import merge
from spinvalley.normal import bands, fermi_contours
from spinvalley.normal.bands import Point, layer_weight
from spinvalley.normal.sectors import sectors

_SIZES = (48, 96, 192, 384, 768)
_MESHES = 4
_FAILURES = 2  # meshes in turn without a solution after which a finer one is not tried
_POINTS = 60  # momenta in the pockets of the first mesh, at least
_ROOM = 60.0  # meV above the chemical potential kept on the mesh from the start
_ATTEMPTS = 8
_GUESS = Valley("guess", 0.5, 4)


@dataclass(frozen=True, eq=False)
class Slab:
    """A gated slab, solved.

    Args:
        data: densities, potential, fields, valleys, residual, error and status, see `solve_slab`.
        model: the slab in its potential as a tight-binding model; energies in meV from the chemical potential, which
            every function of the package takes as the Fermi level. Layers are named "layer 1" (next to the gate) ...
    """

    data: xr.Dataset
    model: TightBinding

    def subbands(self, path: Sequence[Point] = ("Gamma", "K", "M", "Gamma"), points: int = 301) -> xr.Dataset:
        """Conduction subbands along a path, with spin and layer weights, see `spinvalley.normal.bands`.

        Args:
            path: corners of the path, names of the lattice or pairs of reciprocal fractions.
            points: number of momenta.

        Returns:
            Dataset with energy (meV from the chemical potential), sz, layer_weight (k_index, band, layer), ...

        Raises:
            InvalidInput: fewer than two corners, an unknown name, too few points.
        """
        every = bands(self.model, path, points)
        blocks = sectors(self.model)
        filled = self.model.filled_bands // len(blocks)
        conducting = np.concatenate([np.arange(block.size) >= filled for block in blocks])
        return every.isel(band=np.flatnonzero(conducting))

    def fermi_surface(self, points: int = 120) -> xr.Dataset:
        """Fermi lines of the slab with the weight of every layer, see `spinvalley.normal.fermi_contours`.

        Args:
            points: number of points on each line.

        Returns:
            Dataset of `fermi_contours` with layer_weight (contour, point, layer).

        Raises:
            InvalidInput: points below 8.
        """
        lines = fermi_contours(self.model, points=points, tol=1e-6)
        names = list(dict.fromkeys(self.model.layers))
        weight = np.zeros((lines.sizes["contour"], points, len(names)))
        blocks = {block.spin: block for block in sectors(self.model)}
        lower = next(iter(blocks.values())).size
        for n in range(lines.sizes["contour"]):
            spin, band = int(lines.spin[n]), int(lines.band[n])
            _, states = blocks[spin].states(lines.k.values[n])
            column = states[:, :, [band - lower if spin < 0 else band]]
            weight[n] = np.stack([layer_weight(self.model, name, column)[:, 0] for name in names], axis=-1)
        numbered = lines.assign_coords(layer=np.arange(1, len(names) + 1))
        return numbered.assign(layer_weight=(("contour", "point", "layer"), weight, {"units": "1"}))


def solve_slab(
    layer_model: TightBinding,
    layers: int = 6,
    *,
    hopping: ArrayLike,
    stacking: str = "2H",
    density: float = 8.7e13,
    spacing: float = MATERIAL["spacing"],
    eps_perp: ArrayLike = MATERIAL["eps_perp"],
    kT: float = 0.0,
    q_shift: float = 0.0,
    back_field: float = 0.0,
    tol: float = 1e-3,
    steps: int = 60,
) -> Slab:
    """A gated multilayer of tight-binding layers, its Bloch states and Poisson's equation self-consistent.

    The conduction electrons (bands above `filled_bands`) are shared out to the layers by the weights of their Bloch
    states; U_l+1 - U_l = (e^2 d/(eps0 eps_perp)) sum_{m > l} n_m. The polarisation of the full bands is what eps_perp
    stands for. The zone integral is one over linear triangles near the valleys, at kT = 0 too; the mesh is refined
    until two meshes agree to `tol`.

    Args:
        layer_model: the monolayer in meV and nm, e.g. `three_band("MoS2")`, with its `filled_bands`.
        layers: number of layers N.
        hopping: interlayer hopping at Gamma, meV: a number, one for each orbital, or a matrix; see `slab`.
        stacking: "2H", "3R" or "AA", see `slab`; the hopping vanishes at K in the first two.
        density: sheet density, cm^-2, > 0.
        spacing: distance of the layers, nm.
        eps_perp: dielectric constant between the layers, a number or one for each gap.
        kT: thermal energy, meV; 0 is allowed.
        q_shift: energy by which the Q valleys are moved against K, meV, see `QShift`; triangular lattices only.
        back_field: field in vacuum below the last layer, MV/cm.
        tol: error of the layer fractions to be reached.
        steps: largest number of Newton steps on each mesh.

    Returns:
        Slab with `model` and `data`: fraction, density (layer; cm^-2), potential (layer; meV), field (interface;
        MV/cm), surface_field, vacuum_field, chemical_potential (meV, on the scale of `layer_model`), kappa (from
        -dn_1/dU_1), valley_fraction (valley K, Q, Gamma: what is nearest in the zone), valley_density (valley, layer;
        cm^-2), valley_edge (valley; lowest conduction energy from the chemical potential, meV), q_onset: the q_shift
        below which the Q valleys start to fill when the others hold all electrons (meV; NaN where that was not
        solved); residual, error (of the fractions: solver and mesh; an empty layer may read as negative within it),
        status. On other lattices there is one valley, "zone", and no q_onset.

    Raises:
        InvalidInput: what `slab` and `solve_layers` refuse; q_shift on another lattice; no conduction band; more
            electrons than the conduction bands can hold (states the limit).

    Warns:
        ValleyWarning: more than 0.1 % of the electrons are in the Q valleys.

    Source: physics.md 4.5.

    >>> from spinvalley.models import three_band
    >>> gated = solve_slab(three_band("MoS2"), 2, hopping=0.0, q_shift=300.0, tol=1e-2)
    >>> str(gated.data.status.values), round(float(gated.data.fraction[0]), 1)
    ('converged', 0.9)
    """
    kT, tol, steps = thermal_energy(kT), tolerance("tol", tol), whole("steps", steps, 0)
    bare = slab(layer_model, layers, hopping=hopping, stacking=stacking)
    if real("q_shift", q_shift) != 0:
        bare = bare + QShift(q_shift)
    if bare.filled_bands >= bare.dim:
        raise InvalidInput("`layer_model` must have a conduction band, but all its bands are full")
    stack, eps = electrostatics(density, layers, spacing, eps_perp, back_field)
    _check_density(bare, density)
    problem = _Problem(stack, tuple(electrons_of(bare, stack.layers)), kT, tol, steps)
    result = problem.refined()
    slope = problem.response(result.pockets)(result.solution.mu - result.solution.potential)[1]
    data = layer_dataset(stack, result.solution, eps, float(slope[0, 0]))
    data = xr.merge([data, _valleys(problem, result, bare, q_shift)], combine_attrs="override")
    _warn(data)
    data = data.assign_attrs(
        spacing=float(spacing),
        kT=kT,
        density=float(density),
        back_field=float(back_field),
        mesh=result.size,
        stacking=stacking,
        q_shift=float(q_shift),
    )
    return Slab(data, _bent(bare, result.solution))


@dataclass(frozen=True, eq=False)
class _Result:
    solution: Solution
    pockets: tuple[Pocketed, ...]
    size: int


@dataclass(frozen=True, eq=False)
class _Problem:
    """What is to be solved, on any mesh."""

    stack: Stack
    electrons: tuple[Electrons, ...]
    kT: float
    tol: float
    steps: int
    barred: Regions | None = field(default=None)

    @property
    def area(self) -> float:
        """Area of the cell, nm^2."""
        return (2 * np.pi) ** 2 / self.electrons[0].sector.model.lattice.zone_area

    def response(self, pockets: tuple[Pocketed, ...]) -> Response:
        """The response of all sectors together."""

        def response(phi: Floats) -> tuple[Floats, Floats]:
            parts = [p.response(phi, self.area) for p in pockets]
            return np.sum([n for n, _ in parts], axis=0), np.sum([d for _, d in parts], axis=0)

        return response

    def sizes(self) -> tuple[int, ...]:
        """Meshes of rising size, the first with enough momenta in the pockets."""
        pockets = 0.5 * self.stack.total * self.area
        fitting = [n for n, size in enumerate(_SIZES[:-2]) if size**2 * pockets >= _POINTS]
        first = fitting[0] if fitting else len(_SIZES) - 2
        return _SIZES[first : first + _MESHES]

    def start(self) -> tuple[float, Floats]:
        """Chemical potential and potential of parabolas of mass 0.5 at the bottom of the lowest band."""
        _, potential = start_potential(self.stack, _GUESS.density_of_states, 0.0)
        pockets = [pocketed(e, _SIZES[0], 0.0, potential, 0.0, np.inf) for e in self.electrons]
        bottom = min(float(p.electrons.lowest(p.mesh.k, potential).min()) for p in pockets)
        return bottom + level_for(self.stack.total, _GUESS.density_of_states, self.kT), potential

    def refined(self) -> _Result:
        """Meshes are halved until the fractions change by less than the tolerance, or two in turn are not solved."""
        mu, potential = self.start()
        last, failed = None, 0
        for size in self.sizes():
            result = self.on_mesh(size, mu, potential)
            mu, potential = result.solution.mu, result.solution.potential
            if last is not None:
                change = float(np.abs(result.solution.density - last).max()) / self.stack.total
                error = result.solution.error + change
                good = result.solution.status == Status.CONVERGED and error <= self.tol
                status = Status.CONVERGED if good else Status.NOT_CONVERGED
                result = replace(result, solution=replace(result.solution, error=error, status=status))
                if good:
                    return result
            failed = failed + 1 if result.solution.residual > self.tol else 0
            if failed == _FAILURES:
                return result
            last = result.solution.density
        return result

    def on_mesh(self, size: int, mu: float, potential: Floats) -> _Result:
        """The solution on one mesh; the part of it that is kept grows until no electron lies outside."""
        room = _ROOM + REACH * self.kT
        for _ in range(_ATTEMPTS):
            pockets = tuple(self._allowed(pocketed(e, size, mu, potential, self.kT, room)) for e in self.electrons)
            if all(len(p.mesh.k) for p in pockets):
                solution = solve(self.stack, self.response(pockets), mu, potential, 0.1 * self.tol, self.steps)
                if all(_covers(p, size, solution, self.kT) for p in pockets):
                    return _Result(solution, pockets, size)
                mu, potential = solution.mu, solution.potential
            room *= 2
        return _Result(replace(solution, status=Status.NOT_CONVERGED), pockets, size)

    def _allowed(self, pockets: Pocketed) -> Pocketed:
        if self.barred is None:
            return pockets
        return replace(pockets, allowed=~self.barred.of(pockets.mesh.k, "Q"))


def _covers(pockets: Pocketed, size: int, solution: Solution, kT: float) -> bool:
    """Whether the mesh kept holds every momentum with electrons."""
    needed = pocketed(pockets.electrons, size, solution.mu, solution.potential, kT, REACH * kT + 1e-6).mesh.k
    kept = {tuple(k) for k in np.round(pockets.mesh.k, 9)}
    return all(tuple(k) in kept for k in np.round(needed, 9))


def _check_density(bare: TightBinding, density: float) -> None:
    """The conduction bands can hold the density."""
    limit = PER_CM2 * (bare.dim - bare.filled_bands) * bare.lattice.zone_area / (2 * np.pi) ** 2
    if density >= limit:
        raise InvalidInput(
            f"`density` must be below {limit:.4g} cm^-2, what the conduction bands of the slab can hold, "
            f"but is {density:.4g}"
        )


def _bent(bare: TightBinding, solution: Solution) -> TightBinding:
    """The slab in its potential, energies from the chemical potential."""
    model = bare
    for n, energy in enumerate(solution.potential - solution.mu):
        model = replace(
            model, hoppings=merge(model.hoppings, Potential(float(energy), f"layer {n + 1}").hoppings(model))
        )
    return model


def _valleys(problem: _Problem, result: _Result, bare: TightBinding, q_shift: float) -> xr.Dataset:
    """How the electrons are shared out to the valleys, and when Q fills."""
    regions = regions_of(bare.lattice)
    solution = result.solution
    held = np.zeros((len(regions.names), problem.stack.layers))
    for pockets in result.pockets:
        bands_here = pockets.solved(solution.potential)
        by_k = np.einsum("rb,rlb->rl", pockets.held(bands_here, solution.mu), bands_here.weights)
        by_k *= pockets.electrons.copies / problem.area
        held += np.array([by_k[regions.of(pockets.mesh.k, name)].sum(axis=0) for name in regions.names])
    edges = [regions.edge(problem.electrons, solution.potential, name) - solution.mu for name in regions.names]
    out = xr.Dataset(
        {
            "valley_fraction": ("valley", held.sum(axis=1) / held.sum(), {"units": "1"}),
            "valley_density": (("valley", "layer"), held * PER_CM2, {"units": "cm^-2"}),
            "valley_edge": ("valley", np.array(edges), {"units": "meV"}),
        },
        coords={"valley": list(regions.names)},
    )
    if "Q" not in regions.names:
        return out
    if float(out.valley_fraction.sel(valley="Q")) > 0:
        solution = replace(problem, barred=regions).on_mesh(result.size, solution.mu, solution.potential).solution
    solved = solution.residual <= problem.tol
    onset = q_shift + regions.onset(problem.electrons, solution.mu, solution.potential) if solved else np.nan
    return out.assign(q_onset=((), onset, {"units": "meV"}))


def _warn(data: xr.Dataset) -> None:
    if "q_onset" in data and (part := float(data.valley_fraction.sel(valley="Q"))) > FILLED:
        warnings.warn(
            f"{100 * part:.3g} % of the electrons are in the Q valleys, which start to fill where `q_shift` is below "
            f"{float(data.q_onset):.4g} meV",
            ValleyWarning,
            stacklevel=3,
        )
