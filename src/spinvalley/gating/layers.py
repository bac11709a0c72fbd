"""Band bending of a gated layered crystal: parabolic valleys on every layer, with Poisson's equation between them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, axis, instance, positive, real, tolerance, whole
from spinvalley.gating.parabolas import Valley, filling, geometric_ratio, level_for, thermal_energy
from spinvalley.gating.poisson import Response, Solution, Stack, solve_cooling
from spinvalley.units import EPS0

PER_CM2 = 1e14  # nm^-2 in cm^-2
MV_PER_CM = 10.0  # V/nm in MV/cm
FILLED = 1e-3  # fraction of the carriers above which a further valley counts as filled
MATERIAL = {"mass": 0.445, "spacing": 0.615, "eps_perp": 6.9}


class ValleyWarning(UserWarning):
    """Electrons have spilt into valleys other than the first (e.g. Q beside K)."""


def solve_layers(
    density: float = 8.7e13,
    layers: int = 6,
    mass: float = MATERIAL["mass"],
    spacing: float = MATERIAL["spacing"],
    eps_perp: ArrayLike = MATERIAL["eps_perp"],
    kT: float = 0.0,
    *,
    valleys: Sequence[Valley] | Valley | None = None,
    back_field: float = 0.0,
    tol: float = 1e-10,
    steps: int = 200,
) -> xr.Dataset:
    """Layer densities, potential and field of a gated crystal, Poisson and electrons self-consistent.

    n_l = sum over valleys and subbands of D kT ln(1 + exp((mu - E_j)/kT)) |psi_j(l)|^2, and by Gauss' law
    U_l+1 - U_l = (e^2 d/(eps0 eps_perp)) sum_{m > l} n_m: layer 1 is next to the gate. Without hopping, at T = 0 and
    for many layers the fractions are (1 - x) x^(l-1) with x = 1 + kappa/2 - sqrt(kappa + kappa^2/4) at every density.

    Args:
        density: sheet density n2D, cm^-2, > 0.
        layers: number of layers N.
        mass: density-of-states mass of the K valleys (2 valleys x 2 spins), m_e; not used where `valleys` are given.
        spacing: distance d of the layers, nm.
        eps_perp: dielectric constant between the layers, a number or one for each of the N - 1 gaps.
        kT: thermal energy, meV; 0 is allowed.
        valleys: every kind of valley, the main one first, or a single one; by default K valleys of the given mass that
            do not hop.
        back_field: field in vacuum below the last layer, MV/cm; positive pushes electrons towards layer 1.
        tol: error of the layer fractions to be reached.
        steps: largest number of Newton steps.

    Returns:
        Dataset over layer (1 ... N), interface (1 ... N - 1, below layer l), valley, subband: fraction, density
        (cm^-2), potential (meV, layer 1 is 0), field (interface; MV/cm, in the crystal), surface_field just above layer
        1, e n/(eps0 eps) + back_field/eps, vacuum_field (eps = 1), chemical_potential (meV), kappa, valley_fraction,
        valley_density (valley, layer), subband_edge and subband_density (valley, subband), subband_weight (valley,
        subband, layer), filling_onset (valley): the offset below which that valley starts to fill if all electrons are
        in the first one (at its lowest subband edge = mu); residual (Gauss' law, part of the charge), error (of the
        fractions), status ("converged" or "not converged").

    Raises:
        InvalidInput: density, mass, spacing or eps_perp not positive, layers < 1, kT < 0, NaN, no valleys.

    Warns:
        ValleyWarning: more than 0.1 % of the electrons are in valleys other than the first.

    Source: physics.md 4.5; spacing and mass of MoS2 there, eps_perp = 6.9 from Laturia et al. 2018,
    doi:10.1038/s41699-018-0050-x.

    >>> result = solve_layers()
    >>> round(float(result.fraction[0]), 4), round(float(result.kappa), 3)
    (0.8729, 5.996)
    """
    kT, tol, steps = thermal_energy(kT), tolerance("tol", tol), whole("steps", steps, 0)
    kinds = _valleys(mass, valleys)
    stack, eps = electrostatics(density, layers, spacing, eps_perp, back_field)
    solution = _solve(stack, kinds, kT, tol, steps)
    first = solution if len(kinds) == 1 else _solve(stack, kinds[:1], kT, tol, steps)
    onset = [first.mu - valley.subbands(first.potential)[0][0] + valley.offset for valley in kinds]
    out = xr.merge([layer_dataset(stack, solution, eps, kinds[0].density_of_states), _subbands(solution, kinds, kT)])
    out["filling_onset"] = ("valley", np.array(onset), {"units": "meV"})
    _warn(out)
    return out.assign_attrs(spacing=float(spacing), kT=kT, density=float(density), back_field=float(back_field))


def top_density(result: Any) -> float:
    """Density of the layer next to the gate, cm^-2: what a monolayer model of the surface is to be filled with.

    Args:
        result: what `solve_layers` or `solve_slab` returned.

    Raises:
        InvalidInput: not such a Dataset.

    >>> round(top_density(solve_layers()) / 1e13, 3)
    7.594
    """
    result = getattr(result, "data", result) if not isinstance(result, xr.Dataset) else result
    instance("result", result, xr.Dataset, "solve_layers()")
    if "density" not in result or "layer" not in result["density"].dims:
        raise InvalidInput("`result` must have layer densities, e.g. solve_layers(), but has none")
    return float(result["density"].isel(layer=0))


def electrostatics(
    density: float, layers: int, spacing: float, eps_perp: ArrayLike, back_field: float
) -> tuple[Stack, Floats]:
    """The checked stack, and the dielectric constant of each gap with that above layer 1 in front, (N,)."""
    total = positive("density", density) / PER_CM2
    layers, spacing = whole("layers", layers, 1), positive("spacing", spacing)
    eps = axis("eps_perp", eps_perp)
    if np.any(eps <= 0):
        raise InvalidInput(f"`eps_perp` must be positive, but is {eps.min()}")
    if np.ndim(eps_perp) and eps.size != layers - 1:
        raise InvalidInput(f"`eps_perp` must be one number or {layers - 1}, one per gap, but has {eps.size}")
    gaps = np.broadcast_to(eps, layers - 1) if layers > 1 else np.empty(0)
    below = real("back_field", back_field) / MV_PER_CM * EPS0
    return Stack(1e3 * spacing / (EPS0 * gaps), total, below), np.concatenate([eps[:1], gaps])


def layer_dataset(stack: Stack, solution: Solution, eps: Floats, dos: float) -> xr.Dataset:
    """What every solver reports: layers, fields, and how well it was solved."""
    flux = stack.displacement(solution.potential) / EPS0 * MV_PER_CM
    fraction = solution.density / stack.total
    stiffness = float(stack.stiffness[0]) if stack.layers > 1 else 0.0
    return xr.Dataset(
        {
            "fraction": ("layer", fraction, {"units": "1"}),
            "density": ("layer", solution.density * PER_CM2, {"units": "cm^-2"}),
            "potential": ("layer", solution.potential, {"units": "meV"}),
            "field": ("interface", flux[1:-1] / eps[1:], {"units": "MV/cm"}),
            "surface_field": ((), flux[0] / eps[0], {"units": "MV/cm"}),
            "vacuum_field": ((), flux[0], {"units": "MV/cm"}),
            "chemical_potential": ((), solution.mu, {"units": "meV"}),
            "kappa": ((), dos * stiffness, {"units": "1"}),
            "residual": ((), solution.residual, {"units": "1"}),
            "error": ((), solution.error, {"units": "1"}),
            "status": ((), str(solution.status)),
        },
        coords={"layer": np.arange(1, stack.layers + 1), "interface": np.arange(1, stack.layers)},
        attrs={"steps": solution.steps},
    )


def start_potential(stack: Stack, dos: float, kT: float) -> tuple[float, Floats]:
    """Chemical potential and potential of the closed form at T = 0, to start from."""
    mean = float(np.mean(stack.stiffness)) if stack.layers > 1 else 1.0
    x = geometric_ratio(dos * mean)
    flux = stack.total * x ** np.arange(1, stack.layers) + stack.below
    potential = np.concatenate([[0.0], np.cumsum(stack.stiffness * flux)])
    return level_for(stack.total * (1 - x), dos, kT) + min(float(potential.min()), 0.0), potential


def _valleys(mass: float, valleys: Sequence[Valley] | Valley | None) -> tuple[Valley, ...]:
    if valleys is None:
        return (Valley("K", positive("mass", mass), 4),)
    kinds = tuple(valleys) if isinstance(valleys, Iterable) else (valleys,)
    if not kinds:
        raise InvalidInput("`valleys` must hold at least one Valley, but is empty")
    for valley in kinds:
        instance("valleys", valley, Valley, 'Valley("K", mass=0.445, degeneracy=4)')
    names = [valley.name for valley in kinds]
    if len(set(names)) < len(names):
        raise InvalidInput(f"`valleys` must have distinct names, but has {', '.join(names)}")
    return kinds


def _solve(stack: Stack, valleys: tuple[Valley, ...], kT: float, tol: float, steps: int) -> Solution:
    def at(warmth: float) -> Response:
        def response(phi: Floats) -> tuple[Floats, Floats]:
            parts = [valley.response(phi, warmth) for valley in valleys]
            return np.sum([n for n, _ in parts], axis=0), np.sum([d for _, d in parts], axis=0)

        return response

    mu, potential = start_potential(stack, valleys[0].density_of_states, kT)
    return solve_cooling(stack, at, kT, mu, potential, tol, steps)


def _subbands(solution: Solution, valleys: tuple[Valley, ...], kT: float) -> xr.Dataset:
    """Subbands of every valley in the potential that was found."""
    solved = [valley.subbands(solution.potential) for valley in valleys]
    edges = np.array([edge for edge, _ in solved])
    weights = np.array([(states**2).T for _, states in solved])
    dos = np.array([valley.density_of_states for valley in valleys])
    held = dos[:, None] * np.array([filling(solution.mu - edge, kT) for edge in edges])
    by_layer = np.einsum("vs,vsl->vl", held, weights)
    subband = ("valley", "subband")
    return xr.Dataset(
        {
            "valley_fraction": ("valley", held.sum(axis=1) / held.sum(), {"units": "1"}),
            "valley_density": (("valley", "layer"), by_layer * PER_CM2, {"units": "cm^-2"}),
            "subband_edge": (subband, edges, {"units": "meV"}),
            "subband_density": (subband, held * PER_CM2, {"units": "cm^-2"}),
            "subband_weight": ((*subband, "layer"), weights, {"units": "1"}),
        },
        coords={"valley": [v.name for v in valleys], "subband": np.arange(1, edges.shape[1] + 1)},
    )


def _warn(out: xr.Dataset) -> None:
    for name in out.valley.values[1:]:
        part, onset = float(out.valley_fraction.sel(valley=name)), float(out.filling_onset.sel(valley=name))
        if part > FILLED:
            warnings.warn(
                f"{100 * part:.3g} % of the electrons are in the {name} valleys, which start to fill where their "
                f"offset is below {onset:.4g} meV",
                ValleyWarning,
                stacklevel=3,
            )
