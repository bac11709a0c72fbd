"""The normal state at zero temperature and field, from which mean fields are counted."""

from __future__ import annotations

import numpy as np

from spinvalley.checks import Floats, InvalidInput, real
from spinvalley.models import Model
from spinvalley.normal.filling import PER_CM2, chemical_potential
from spinvalley.pairing.hartree_fock.fields import build
from spinvalley.pairing.hartree_fock.response import response
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.spectrum import Nodes

_FINEST = 1e-8
_ORDER = 8
_MESH = 12
_GAP = 0.37
_HOT = 0.11
_ZERO = 1e-15
_RELATIVE = 1e-10


def checked_density(model: Model, density: float) -> float:
    """Electrons per cell that the bands can hold.

    Raises:
        InvalidInput: a density that is not finite, or outside the bands.
    """
    number = real("density", density)
    if not 0 < number < model.dim:
        raise InvalidInput(
            f"`density` must be between 0 and {model.dim} electrons per cell, what the bands of the model can hold, "
            f"but is {number:g}"
        )
    return number


def level(model: Model, density: float) -> float:
    """Chemical potential of a density (electrons per cell), energy, counted from the zero of the model."""
    unit = PER_CM2 * model.lattice.zone_area / (2 * np.pi) ** 2
    return float(chemical_potential(model, (density - model.filled_bands) * unit, carriers="net").mu)


def orbital_density(sampler: Sampler, orbital: int) -> float:
    """Electrons <c^+ c> on one orbital, both spins."""
    nodes = sampler.nodes(0.0, 0.0, _ORDER, _FINEST * sampler.bandwidth)
    energy, states = np.linalg.eigh(nodes.plus)
    there = np.sum(np.abs(states[:, 2 * orbital : 2 * orbital + 2]) ** 2, axis=1)
    return float(nodes.weights @ np.sum(there * (energy < 0), axis=1))


def polarised(sampler: Sampler, orbital: int, zeeman: Floats) -> Floats:
    """Directions in which the orbital can be magnetised, (components, 3), along the field first.

    A component that a symmetry forbids vanishes to rounding on a mesh with all symmetries of the lattice.
    """
    model = sampler.model
    size = float(np.abs(zeeman).max())
    along = zeeman / size / np.linalg.norm(zeeman / size) if size > _ZERO * sampler.bandwidth else np.eye(3)[0]
    basis = np.linalg.qr(np.column_stack([along, np.eye(3)]))[0].T
    basis[0] = along
    steps = np.stack(np.meshgrid(*[np.arange(_MESH) / _MESH] * 2), -1).reshape(-1, 2)
    nodes = Nodes.of(model, steps @ model.lattice.reciprocal, np.full(len(steps), 1 / len(steps)))
    fields = build(model, orbital, basis, 0.0, None)
    evaluate = response(nodes, model, sampler.pairing, zeeman, fields.operators)
    gap = np.array([_GAP * sampler.bandwidth])
    found = evaluate(gap, np.zeros((1, len(fields.linear))), _HOT * sampler.bandwidth).densities[0, :3]
    size = float(np.abs(found).max())
    return np.asarray(basis[np.abs(found) > max(_RELATIVE * size, _ZERO)])
