"""The linearised gap equation: pair susceptibility of the normal state.

chi(T, V) = (1/4N) sum_k sum_ab |<a,k| D |b,-k>*|^2 [tanh(e_a/2T) + tanh(e'_b/2T)] / (e_a + e'_b), with e_a(k) the bands
in the field, e'_b those at -k and D = (-i sigma_y) on the paired orbitals. The normal state is unstable where
n/v < chi, n the number of paired orbitals. Source: physics.md 2.1, generalised to any model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats
from spinvalley.pairing.bdg import pairing_matrix
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.spectrum import Nodes


def susceptibility(sampler: Sampler, kT: float, zeeman: ArrayLike, order: int) -> float:
    """Pair susceptibility chi at kT > 0 in a field, 1/energy; the normal state is unstable if chi > n/v."""
    nodes = sampler.nodes(kT, zeeman, order, 0.0)
    return float(nodes.weights @ pair_kernel(sampler, nodes, kT, zeeman))


def pair_kernel(sampler: Sampler, nodes: Nodes, kT: float, zeeman: ArrayLike) -> Floats:
    """Contribution of each node to chi, shape (K,)."""
    field = sampler.model.zeeman(zeeman)
    here, particle = np.linalg.eigh(nodes.plus + field)
    there, hole = np.linalg.eigh(nodes.minus + field)
    block = pairing_matrix(sampler.model, sampler.pairing)
    overlap = np.abs(np.swapaxes(particle.conj(), -1, -2) @ block @ hole.conj()) ** 2
    return np.asarray(0.25 * np.sum(overlap * tanh_quotient(here[:, :, None], there[:, None, :], kT), axis=(1, 2)))


def tanh_quotient(a: Floats, b: Floats, kT: float) -> Floats:
    """[tanh(a/2T) + tanh(b/2T)] / (a + b), by its derivative where a + b is small."""
    total = a + b
    close = np.abs(total) < 1e-4 * kT
    middle = 0.25 * (a - b) / kT
    sech2 = 1 / np.cosh(np.clip(middle, -300, 300)) ** 2
    quotient = (np.tanh(0.5 * a / kT) + np.tanh(0.5 * b / kT)) / np.where(close, 1.0, total)
    return np.asarray(np.where(close, sech2 / (2 * kT), quotient))
