"""Superconductors with edges that several tests look at, and their strips built in real space."""

import numpy as np

import spinvalley as sv
from spinvalley.topology.edges import edge as named_edge

B = np.pi / np.sqrt(3)  # border of the armchair zone
BILAYER = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
ISING = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))


def random_superconductor(rng):
    """An Ising film or a bilayer, with a gap and a field beyond the threshold."""
    gap = rng.uniform(0.1, 0.5)
    if rng.integers(2):
        model, on = sv.models.ising_film(rng.uniform(0.2, 0.8), mu=rng.uniform(-2, 2)), "sc"
    else:
        model = sv.models.heterostructure(
            mu_sc=rng.uniform(-1, 1),
            mu_tmd=rng.uniform(2, 4),
            beta_so=rng.uniform(0.3, 0.8),
            coupling=rng.uniform(0.3, 1.2),
        )
        on = "sc"
    return sv.Superconductor(model, sv.s_wave(on=on, gap0=0.1)), gap, gap * rng.uniform(1.5, 5)


def random_cases(number, seed):
    rng = np.random.default_rng(seed)
    return [(*random_superconductor(rng), rng.uniform(-B, B)) for _ in range(number)]


def strip_matrix(sc, gap, field, k, edge, width):
    """The strip in real space, from the hoppings of the model alone, (width D, width D)."""
    which = named_edge(sc.model.lattice, edge)
    zeeman, dim = sc.model.zeeman(field), sc.model.dim
    pair = gap * np.kron(np.diag([float(x == sc.model.layers[0]) for x in sc.model.layers]), [[0, -1], [1, 0]])
    out = np.zeros((width, 2 * dim, width, 2 * dim), dtype=complex)
    for cell, matrix in sc.model.hoppings.items():
        vector = np.array(cell) @ sc.model.lattice.matrix
        phase, n = np.exp(1j * k * (vector @ which.unit)), round(float(vector @ which.inward / which.spacing))
        for column in range(max(0, -n), min(width, width - n)):
            out[column, :dim, column + n, :dim] += phase * matrix
            out[column, dim:, column + n, dim:] -= phase * matrix.conj()
    for column in range(width):
        out[column, :dim, column, :dim] += zeeman
        out[column, dim:, column, dim:] -= zeeman.T
        out[column, :dim, column, dim:] += pair
        out[column, dim:, column, :dim] += pair.conj().T
    return out.reshape(width * 2 * dim, -1)
