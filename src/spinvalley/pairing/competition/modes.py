"""Eigenvectors of the linearised gap equation W^-1 chi Delta = lambda Delta: what wants to pair, and how much.

The normal state is unstable where the largest lambda exceeds 1. W need not be positive (some channels repel), chi is:
the problem is solved in its Hermitian form chi^1/2 W^-1 chi^1/2. Every eigenvalue above zero grows with chi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.form import superposition
from spinvalley.pairing.competition.problem import Competition

SPINS = ("singlet", "d_x", "d_y", "d_z")
_EQUAL = 1e-9
_TIE = 1e-6
_NOTICEABLE = 1e-6


@dataclass(frozen=True)
class Modes:
    """Eigenmodes in descending order of the eigenvalue.

    Args:
        eigenvalues: lambda, (n,).
        vectors: amplitudes of the channels in each mode, (n, channels), sum_i n_i |Delta_i|^2 = 1, the component with
            the largest share real and positive.
        level: modes of one level are degenerate, (n,), counted from 0.
        errors: of the eigenvalues, (n,).
    """

    eigenvalues: Floats
    vectors: Matrix
    level: NDArray[np.int64]
    errors: Floats


def eigenvalues(comp: Competition, chi: Matrix) -> Floats:
    """All lambda in descending order, (n,)."""
    return np.asarray(np.linalg.eigvalsh(_hermitian(comp, chi)[0])[::-1])


def modes(comp: Competition, chi: Matrix, error: float) -> Modes:
    """All modes of a susceptibility matrix whose elements have this error."""
    problem, root = _hermitian(comp, chi)
    values, states = np.linalg.eigh(problem)
    values, states = values[::-1], states[:, ::-1]
    length = np.sqrt(comp.norms)
    amplitudes = (np.linalg.solve(comp.quadratic, root @ states)).T * length
    amplitudes /= np.linalg.norm(amplitudes, axis=1, keepdims=True)
    errors = _errors(comp, amplitudes / length, error)
    level = _levels(values, errors)
    for number in range(level[-1] + 1):
        members = level == number
        amplitudes[members] = _canonical(amplitudes[members])
    return Modes(values, amplitudes / length, level, errors)


def labels(comp: Competition, vectors: Matrix) -> list[str]:
    """What each mode (m, channels) consists of: irreducible representations, or channels where these have none."""
    names = np.array([channel.irrep or channel.name for channel in comp.channels])
    shares = comp.norms * np.abs(vectors) ** 2
    out = []
    for row in shares:
        sums = {name: float(row[names == name].sum()) for name in dict.fromkeys(names)}
        kept = sorted((name for name in sums if sums[name] > _NOTICEABLE), key=lambda name: -round(sums[name], 6))
        out.append(" + ".join(kept))
    return out


def spin_shares(comp: Competition, vectors: Matrix) -> Floats:
    """Shares of singlet and of the triplets d_x, d_y, d_z in each mode (m, channels), shape (m, 4)."""
    return np.array([superposition(comp.channels, vector, "mode").shares for vector in vectors])


def _hermitian(comp: Competition, chi: Matrix) -> tuple[Matrix, Matrix]:
    """chi^1/2 W^-1 chi^1/2 and chi^1/2."""
    values, states = np.linalg.eigh(chi)
    root = (states * np.sqrt(np.maximum(values, 0.0))) @ states.conj().T
    problem = root @ np.linalg.solve(comp.quadratic, root)
    return np.asarray(0.5 * (problem + problem.conj().T)), np.asarray(root)


def _errors(comp: Competition, vectors: Matrix, error: float) -> Floats:
    """|d lambda| <= |d chi| |Delta|^2 / |Delta^+ W Delta|, by first-order perturbation theory."""
    stiffness = np.abs(np.einsum("mi,ij,mj->m", vectors.conj(), comp.quadratic, vectors))
    return np.asarray(len(comp.channels) * error * np.sum(np.abs(vectors) ** 2, axis=1) / stiffness)


def _levels(values: Floats, errors: Floats) -> NDArray[np.int64]:
    """Number of the level of each mode: neighbours within their errors are degenerate."""
    near = np.maximum(errors[1:] + errors[:-1], _EQUAL * np.abs(values).max())
    return np.concatenate([[0], np.cumsum(values[:-1] - values[1:] > near)])


def _canonical(vectors: Matrix) -> Matrix:
    """A basis of the span of vectors (m, n) that depends on the span alone, each along one channel as far as it can.

    The projector on the span is taken apart, the channel with the largest share first; its component is real.
    """
    basis = np.linalg.qr(vectors.T)[0]
    projector = basis @ basis.conj().T
    out = []
    for _ in range(len(vectors)):
        shares = np.real(np.diag(projector))
        place = int(np.flatnonzero(shares >= shares.max() - _TIE)[0])
        vector = projector[:, place] / np.sqrt(shares[place])
        out.append(vector)
        projector = projector - np.outer(vector, vector.conj())
    return np.array(out)
