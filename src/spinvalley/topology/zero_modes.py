"""Zero-energy modes of a half plane, exactly: wave functions, decay lengths, spin.

At fixed k_par the modes with C = -1 solve sum_m A_m psi_{n+m} = 0 for n >= 0 with psi_n = 0 for n < 0 and decay
(those with C = +1 the same with A^+). The decaying solutions form a deflating subspace of the companion pencil
(ordered QZ, stable for equal, zero and infinite roots); those of them that vanish outside the sample are the modes.
Sums over all columns are closed: they solve a discrete Lyapunov equation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.linalg
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, Status, real, whole
from spinvalley.models.model import Matrix
from spinvalley.pairing import Superconductor
from spinvalley.spin import SX, SY, SZ
from spinvalley.topology.columns import Columns
from spinvalley.topology.roots import companion, winding_numbers
from spinvalley.topology.winding import CLOSED, chiral_columns

Array = NDArray[Any]
_NULL = 1e-8
_PRESENT = 1e-7


@dataclass(frozen=True, eq=False)
class Decaying:
    """Solutions psi_n = B M^n c of a recursion that decay into the half plane and vanish outside it.

    Args:
        start: B, shape (d, N).
        step: M, shape (N, N), eigenvalues inside the unit circle.
        modes: columns c, shape (N, modes).
        leak: |psi| outside the sample relative to the size of the solution.
    """

    start: Array
    step: Array
    modes: Array
    leak: float

    def total(self, operator: Array) -> Array:
        """sum_n psi_n^+ O psi_n as a matrix between the modes, shape (modes, modes)."""
        return np.asarray(self.modes.conj().T @ self._summed(self.start.conj().T @ operator @ self.start) @ self.modes)

    def depth(self) -> Array:
        """sum_n n psi_n^+ psi_n between the modes: sum_n n X_n = sum_n of the tails that follow."""
        norm = self._summed(self.start.conj().T @ self.start)
        tail = self.step.conj().T @ norm @ self.step
        return np.asarray(self.modes.conj().T @ self._summed(tail) @ self.modes)

    def waves(self, count: int) -> Array:
        """psi_n for n = 0 .. count - 1, shape (modes, count, d)."""
        state = self.modes
        out = np.empty((self.modes.shape[1], count, len(self.start)), dtype=complex)
        for n in range(count):
            out[:, n] = (self.start @ state).T
            state = self.step @ state
        return out

    @cached_property
    def slowest(self) -> Array:
        """The largest root present in each mode, complex, shape (modes,)."""
        values, vectors = np.linalg.eig(self.step)
        weights = np.abs(np.linalg.lstsq(vectors, self.modes, rcond=None)[0])
        present = weights > _PRESENT * weights.max(axis=0, initial=1e-300)
        pick = np.argmax(np.where(present, np.abs(values)[:, None], -1.0), axis=0)
        return np.asarray(values[pick])

    def _summed(self, term: Array) -> Array:
        """sum_n (M^+)^n term M^n."""
        return np.asarray(scipy.linalg.solve_discrete_lyapunov(self.step.conj().T, term))


def zero_modes(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    k_parallel: float,
    edge: object = "armchair",
    *,
    columns: int = 200,
) -> xr.Dataset:
    """Majorana zero modes of a semi-infinite edge at one k_par: exact wave functions, decay length, spin.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        k_parallel: momentum along the edge, 1/length.
        edge: as in `winding`.
        columns: number of columns of the wave functions that are returned; the modes themselves are infinite.

    Returns:
        Dataset over mode (none where w = 0), column, state: wave (complex, in the Nambu basis, normalised over the
        infinite half plane), density = sum_state |wave|^2, chirality (eigenvalue of C, +-1), decay_length of the
        density's square root (slowest root in the mode, length), root (complex, per column), penetration (mean
        distance from the edge column, length), sx, sy, sz (mean sigma of the electron part, relative to its weight),
        electron_weight, shown (share of the norm in the returned columns), residual (largest violation of
        H psi = 0 and of the boundary condition, relative to the largest energy); winding; status ("converged", "gap
        closed", or "not converged" where the number of modes found is not |w|).

    Raises:
        InvalidInput: no chiral symmetry (names the terms that break it), unknown edge, NaN, columns < 1.

    Source: heterostructure.txt, Fig. 4; boundary matching of evanescent waves.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> mode = sv.topology.zero_modes(sc, gap=0.3, zeeman=1.2, k_parallel=1.27)
    >>> mode.decay_length.values.round(2), mode.chirality.values
    (array([29.48]), array([1]))
    """
    k = np.array([real("k_parallel", k_parallel)])
    count = whole("columns", columns, 1)
    sides, found = chiral_columns(sc, gap, zeeman, edge)
    blocks = found.blocks(sides, k)
    number, closeness, _ = winding_numbers(blocks)
    winding = int(number[0])
    closed = bool(closeness[0] < CLOSED * sides.scale)
    blocks, sector = (blocks[:, 0], found.minus) if winding > 0 else (_adjoint(blocks[:, 0]), found.plus)
    if closed or winding == 0:
        solution = Decaying(np.zeros((sector.shape[1], 1)), np.zeros((1, 1)), np.zeros((1, 0)), 0.0)
    else:
        solution = _orthonormal(decaying(blocks))
    good = solution.modes.shape[1] == (0 if closed else abs(winding))
    status = Status.GAP_CLOSED if closed else Status.CONVERGED if good else Status.NOT_CONVERGED
    chirality = -1 if winding > 0 else 1
    return _dataset(sides, solution, sector, blocks, count, chirality).assign(
        winding=((), 0 if closed else winding), status=((), str(status)), k_parallel=((), k[0], {"units": "1/length"})
    )


def decaying(blocks: Array) -> Decaying:
    """Solutions of sum_m A_m psi_{n+m} = 0 (n >= 0, psi_n = 0 for n < 0) that decay; blocks A_-r..A_r (2r+1, d, d)."""
    reach, dim = len(blocks) // 2, blocks.shape[-1]
    left, right = (pencil[0] for pencil in companion(blocks[:, None]))
    s, t, alpha, beta, _, z = scipy.linalg.ordqz(right, left, sort=_inside, output="complex")
    inside = int(np.count_nonzero(np.abs(alpha) < np.abs(beta)))
    basis = z[:, :inside]
    step = np.linalg.solve(t[:inside, :inside], s[:inside, :inside])
    values, vectors = scipy.linalg.svd(basis[: reach * dim])[1:]
    rank = int(np.count_nonzero(values > _NULL))
    leak = float(values[rank:].max(initial=0.0))
    return Decaying(basis[reach * dim : (reach + 1) * dim], step, vectors[rank:].conj().T, leak)


def _inside(alpha: Array, beta: Array) -> Any:
    return np.abs(alpha) < np.abs(beta)


def _adjoint(blocks: Array) -> Array:
    """Blocks of A^+ as an operator on columns: (A^+)_n = (A_-n)^+."""
    return np.asarray(np.swapaxes(blocks[::-1], -1, -2).conj())


def _orthonormal(found: Decaying) -> Decaying:
    """The same modes, orthonormal over the half plane and sorted by their depth."""
    norms, mix = np.linalg.eigh(found.total(np.eye(len(found.start))))
    modes = found.modes @ (mix / np.sqrt(norms))
    first = Decaying(found.start, found.step, modes, found.leak)
    _, turn = np.linalg.eigh(first.depth())
    return Decaying(found.start, found.step, modes @ turn, found.leak)


def _dataset(
    sides: Columns, solution: Decaying, sector: Matrix, blocks: Array, count: int, chirality: int
) -> xr.Dataset:
    waves = solution.waves(count)
    full = np.einsum("md,ncd->ncm", sector, waves)
    half, spacing = sides.dim // 2, sides.edge.spacing
    electrons = np.diag(np.repeat([1.0, 0.0], half))

    def mean(operator: Matrix) -> Floats:
        return np.real(np.diagonal(solution.total(sector.conj().T @ operator @ sector)))

    weight = mean(electrons)
    spins = [mean(electrons @ np.kron(np.eye(sides.dim // 2), s)) for s in (SX, SY, SZ)]
    density = np.sum(np.abs(full) ** 2, axis=-1)
    slowest = solution.slowest
    per_mode = {
        "chirality": np.full(len(weight), chirality),
        "decay_length": -spacing / np.log(np.abs(slowest)),
        "root": slowest,
        "penetration": spacing * np.real(np.diagonal(solution.depth())),
        "electron_weight": weight,
        **{name: s / weight for name, s in zip(("sx", "sy", "sz"), spins, strict=True)},
        "shown": density.sum(axis=1),
        "residual": _residuals(blocks, solution, sides.scale),
    }
    lengths = {"decay_length", "penetration"}
    return xr.Dataset(
        {"wave": (("mode", "column", "state"), full), "density": (("mode", "column"), density)}
        | {name: ("mode", v, {"units": "length" if name in lengths else "1"}) for name, v in per_mode.items()},
        coords={"column": np.arange(count)},
        attrs={"edge": sides.edge.name, "spacing": spacing},
    )


def _residuals(blocks: Array, solution: Decaying, scale: float) -> Floats:
    """Largest |sum_m A_m psi_{n+m}| over the first columns, beside |psi| outside the sample, for each mode."""
    reach = len(blocks) // 2
    waves = solution.waves(3 * reach + 1)
    padded = np.pad(waves, [(0, 0), (reach, 0), (0, 0)])
    rows = [
        sum(np.einsum("de,me->md", blocks[j], padded[:, n + j]) for j in range(len(blocks)))
        for n in range(2 * reach + 1)
    ]
    inner = np.abs(np.array(rows)).max(axis=(0, 2), initial=0.0) / scale
    return np.asarray(np.maximum(inner, solution.leak))
