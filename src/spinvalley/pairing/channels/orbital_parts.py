"""What an operation does to the orbitals: the real orthogonal O with (O (x) s) h(k) (O (x) s)^+ = h(g k).

In the four spin components of h, of which s mixes those of an axial vector, this is linear in O. Where h leaves a
choice, O is the identity if it can be, reverses the order of the layers for an operation that turns z over, or at least
keeps layers together. Of orbitals that no hopping connects, not even the relative sign is determined by h.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.numerics.intertwiners import closest_unitary, intertwiners, supported, violation
from spinvalley.pairing.channels.operations import Operation
from spinvalley.spin import S0, SX, SY, SZ

_PAULI = np.array([S0, SX, SY, SZ])
_ZERO = 1e-6
_MOMENTA = 6


def orbital_part(model: Model, operation: Operation, zeeman: ArrayLike, tol: float) -> Floats | None:
    """O of an operation in a field, (n, n), or None if h does not have it at generic momenta."""
    k = np.random.default_rng(6).uniform(-1, 1, (_MOMENTA, 2)) @ model.lattice.reciprocal
    here = _spin_parts(model.hamiltonian(k) + model.zeeman(zeeman))
    there = _spin_parts(model.hamiltonian(k @ operation.turn.T) + model.zeeman(zeeman))
    rotation = np.eye(4)
    rotation[1:, 1:] = operation.axial
    sources, targets = _and_conjugates(np.einsum("mn,knij->kmij", rotation, here)), _and_conjugates(there)
    unit = np.eye(len(model.layers), dtype=complex)
    layouts = [(unit, _layout(model, False)), (_reversed_layers(model), _layout(model, True))]
    if operation.flip:
        layouts.reverse()
    for simple, _ in layouts:
        if np.allclose(simple @ simple.T, unit) and violation(sources, targets, simple) <= tol:
            return simple.real
    space = intertwiners(sources, targets, tol)
    anything = np.random.default_rng(7).normal(size=unit.shape).astype(complex)
    for allowed, simple in [(supported(space, mask), s) for s, mask in layouts] + [(space, unit)]:
        for candidate in (simple, anything):
            member = closest_unitary(allowed, candidate)
            if member is not None and violation(sources, targets, member) <= tol:
                return _signed(member.real, _blocks(here))
    return None


def _spin_parts(h: Matrix) -> Matrix:
    """h^m of h = sum_m h^m (x) sigma_m, for h (K, dim, dim), shape (K, 4, n, n)."""
    count, size = len(h), h.shape[-1] // 2
    return np.asarray(np.einsum("mst,kitjs->kmij", _PAULI, h.reshape(count, size, 2, size, 2)) / 2)


def _and_conjugates(parts: Matrix) -> Matrix:
    """The matrices as one list, and their complex conjugates: O is real."""
    matrices = parts.reshape(-1, *parts.shape[-2:])
    return np.concatenate([matrices, matrices.conj()])


def _layout(model: Model, flip: bool) -> NDArray[np.bool_]:
    """Where O may be nonzero if it keeps every layer, or reverses their order, (n, n)."""
    layers = list(dict.fromkeys(model.layers))
    ranks = np.array([layers.index(layer) for layer in model.layers])
    return np.asarray((len(layers) - 1 - ranks if flip else ranks)[:, None] == ranks)


def _reversed_layers(model: Model) -> Matrix:
    """The permutation of orbitals that reverses the order of the layers; not orthogonal where they differ in size."""
    layers = list(dict.fromkeys(model.layers))
    out = np.zeros((len(model.layers),) * 2, dtype=complex)
    for layer, image in zip(layers, reversed(layers), strict=True):
        for old, new in zip(model.orbitals_on(layer), model.orbitals_on(image), strict=False):
            out[new, old] = 1.0
    return out


def _blocks(parts: Matrix) -> list[NDArray[np.int_]]:
    """Sets of orbitals that h connects."""
    size = np.abs(parts).max(axis=(0, 1))
    linked = (size > _ZERO * size.max()) | np.eye(len(size), dtype=bool)
    reach = np.linalg.matrix_power(linked.astype(float), len(size)) > 0
    return [np.flatnonzero(row) for n, row in enumerate(reach) if not np.any(row[:n])]


def _signed(orbital: Floats, blocks: list[NDArray[np.int_]]) -> Floats:
    """The sign of each block such that its trace, or else its first diagonal element, is positive."""
    out = orbital.copy()
    for block in blocks:
        diagonal = np.diagonal(orbital)[block]
        leading = [x for x in (diagonal.sum(), *diagonal) if abs(x) > _ZERO]
        if leading and leading[0] < 0:
            out[:, block] *= -1
    return out
