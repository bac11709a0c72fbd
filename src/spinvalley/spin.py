"""Spin and Nambu space: Pauli matrices, the Bogoliubov-de Gennes form and its symmetries.

Conventions of the whole package, for n orbitals with spin (orbital-major, spin fastest):

- Nambu basis: the particle block [c_k,1up, c_k,1dn, c_k,2up, ...], then the hole block [c+_-k,1up, c+_-k,1dn, ...].
  For one orbital this is [c_k up, c_k dn, c+_-k up, c+_-k dn].
- H(k) = [[h(k), Delta(k)], [Delta(k)^+, -h(-k)^T]]; tau acts on the two blocks.
- Singlet pairing: Delta (-i sigma_y) in the upper right block, which is Delta sigma_y tau_y for a real gap.

Functions of matrices take NumPy or JAX arrays, under `jit`, `vmap` and `grad` too, and give back the same kind.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CHIRAL",
    "S0",
    "SX",
    "SY",
    "SZ",
    "chiral",
    "hole_block",
    "kramers",
    "nambu",
    "particle_hole",
    "pauli_dot",
    "singlet",
    "time_reversal",
]

Array: TypeAlias = Any
"""A NumPy or a JAX array."""

Matrix: TypeAlias = NDArray[np.complex128]


def _constant(matrix: Any) -> Matrix:
    constant = np.array(matrix, dtype=np.complex128)
    constant.setflags(write=False)
    return constant


S0: Final = _constant([[1, 0], [0, 1]])
"""Unit matrix of spin space, read-only."""

SX: Final = _constant([[0, 1], [1, 0]])
"""Pauli matrix sigma_x, read-only."""

SY: Final = _constant([[0, -1j], [1j, 0]])
"""Pauli matrix sigma_y, read-only."""

SZ: Final = _constant([[1, 0], [0, -1]])
"""Pauli matrix sigma_z, read-only; the c axis is z."""


def pauli_dot(vector: Array) -> Array:
    """Spin matrix of a vector, v . sigma = v_x sigma_x + v_y sigma_y + v_z sigma_z.

    Args:
        vector: (..., 3), in any unit: a Zeeman or a spin-orbit vector.

    Returns:
        (..., 2, 2), complex, in the unit of `vector`.

    Raises:
        ValueError: the last axis of `vector` does not have length 3.

    Example:
        >>> pauli_dot([0.0, 0.0, 2.0]).real
        array([[ 2.,  0.], [ 0., -2.]])
    """
    v = _namespace(vector).asarray(vector)
    if v.ndim == 0 or v.shape[-1] != 3:
        raise ValueError(f"`vector` must have shape (..., 3), but has {v.shape}")
    v = v[..., None, None]
    return v[..., 0, :, :] * SX + v[..., 1, :, :] * SY + v[..., 2, :, :] * SZ


def hole_block(h_minus_k: Array) -> Array:
    """Hamiltonian of the holes, -h(-k)^T.

    Args:
        h_minus_k: h(-k), (..., 2n, 2n), in any unit of energy.

    Returns:
        The lower right block of the Bogoliubov-de Gennes Hamiltonian at k, of the same shape and unit.

    Raises:
        ValueError: the matrices are not square with an even side.

    Example:
        >>> hole_block(1.0 * S0 + 0.5 * SZ).real
        array([[-1.5, -0. ], [-0. , -0.5]])
    """
    xp = _namespace(h_minus_k)
    return -xp.matrix_transpose(_spinful("h_minus_k", h_minus_k))


def nambu(h_k: Array, h_minus_k: Array, delta: Array) -> Array:
    """Bogoliubov-de Gennes Hamiltonian, H(k) = [[h(k), Delta], [Delta^+, -h(-k)^T]].

    The one-body Hamiltonian is (1/2) sum_k Psi_k^+ H(k) Psi_k in the basis given at the top of this module. H has
    particle-hole symmetry if Delta(k) = -Delta(-k)^T, which every singlet pairing fulfils.

    Args:
        h_k: h(k), (..., 2n, 2n), in any unit of energy.
        h_minus_k: h(-k), in the same unit.
        delta: Pairing block Delta(k), in the same unit, for example `gap * singlet(n)`.
            The leading axes of the three broadcast.

    Returns:
        (..., 4n, 4n), complex.

    Raises:
        ValueError: the matrices are not square with an even side, or their sides differ.

    Example:
        >>> h = 3.0 * S0
        >>> np.linalg.eigvalsh(nambu(h, h, 4.0 * singlet(1)))
        array([-5., -5.,  5.,  5.])
    """
    xp = _namespace(h_k, h_minus_k, delta)
    blocks = [_spinful("h_k", h_k), hole_block(h_minus_k), _spinful("delta", delta)]
    sides = [block.shape[-1] for block in blocks]
    if len(set(sides)) != 1:
        raise ValueError(f"`h_k`, `h_minus_k` and `delta` must have one size, but have {tuple(sides)}")
    particle, hole, pair = xp.broadcast_arrays(*blocks)
    pair_dagger = xp.conj(xp.matrix_transpose(pair))
    upper = xp.concat([particle, pair], axis=-1)
    lower = xp.concat([pair_dagger, hole], axis=-1)
    return xp.concat([upper, lower], axis=-2) + 0j


def singlet(n_orbitals: int = 1) -> Matrix:
    """Pairing block of unit s-wave singlet pairing on every orbital, 1 (x) (-i sigma_y).

    Args:
        n_orbitals: Number n of orbitals, >= 1.

    Returns:
        (2n, 2n), read-only. Pairing on some orbitals only is `np.kron(np.diag(weights), singlet())`.

    Raises:
        ValueError: `n_orbitals` is below 1.

    Example:
        >>> singlet().real
        array([[ 0., -1.], [ 1.,  0.]])
    """
    return _on_orbitals(-1j * SY, n_orbitals)


def kramers(n_orbitals: int = 1) -> Matrix:
    """Unitary part U = 1 (x) i sigma_y of the time reversal U K of electrons; U U^* = -1 makes Kramers pairs.

    Args:
        n_orbitals: Number n of orbitals, >= 1, each real under time reversal.

    Returns:
        (2n, 2n), read-only.

    Raises:
        ValueError: `n_orbitals` is below 1.

    Example:
        >>> kramers().real
        array([[ 0.,  1.], [-1.,  0.]])
    """
    return _on_orbitals(1j * SY, n_orbitals)


def time_reversal(h_minus_k: Array) -> Array:
    """Time-reversed Hamiltonian at k, (i sigma_y) h(-k)^* (i sigma_y)^-1.

    A system has time-reversal symmetry if this equals h(k).

    Args:
        h_minus_k: h(-k), (..., 2n, 2n), in any unit of energy; real orbitals.

    Returns:
        The matrix at k, of the same shape and unit.

    Raises:
        ValueError: the matrices are not square with an even side.

    Example:
        >>> time_reversal(SZ).real  # a field is reversed
        array([[-1.,  0.], [ 0.,  1.]])
    """
    xp = _namespace(h_minus_k)
    h = _spinful("h_minus_k", h_minus_k)
    u = kramers(h.shape[-1] // 2)
    return u @ xp.conj(h) @ u.T  # u is real and orthogonal


def particle_hole(H_minus_k: Array) -> Array:
    """Particle-hole conjugate at k of a Bogoliubov-de Gennes Hamiltonian, -tau_x H(-k)^* tau_x.

    It equals H(k) for every superconductor: the spectrum at k is minus that at -k.

    Args:
        H_minus_k: H(-k), (..., 4n, 4n), in any unit of energy.

    Returns:
        The matrix at k, of the same shape and unit.

    Raises:
        ValueError: the matrices are not square with a side that 4 divides.

    Example:
        >>> H = nambu(SX, SX, singlet())
        >>> bool(np.all(particle_hole(H) == H))
        True
    """
    xp = _namespace(H_minus_k)
    H = _square("H_minus_k", H_minus_k, 4)
    half = H.shape[-1] // 2
    return -xp.roll(xp.conj(H), (half, half), axis=(-2, -1))  # tau_x on both sides exchanges the blocks


def chiral(n_orbitals: int = 1) -> Matrix:
    """Chiral operator sigma_x tau_y of an Ising superconductor in an in-plane field of any direction.

    C = tau_y (x) 1 (x) sigma_x, with C^2 = 1. It anticommutes with H(k) for real hopping, Ising spin-orbit coupling,
    V_x sigma_x + V_y sigma_y and a real singlet gap, so that a winding number exists along every line in k. Rashba
    coupling and V_z break it; V_y does not, as C commutes with spin rotations about z.

    Args:
        n_orbitals: Number n of orbitals, >= 1.

    Returns:
        (4n, 4n), read-only.

    Raises:
        ValueError: `n_orbitals` is below 1.

    Example:
        >>> H = nambu(0.3 * SZ + 0.2 * SX, -0.3 * SZ + 0.2 * SX, singlet())
        >>> bool(np.allclose(chiral() @ H, -H @ chiral()))
        True
    """
    return _constant(np.kron(SY, _on_orbitals(SX, n_orbitals)))


def _on_orbitals(spin_matrix: Matrix, n_orbitals: int) -> Matrix:
    if n_orbitals < 1:
        raise ValueError(f"`n_orbitals` must be >= 1, but is {n_orbitals}")
    return _constant(np.kron(np.eye(n_orbitals), spin_matrix))


def _namespace(*arrays: Array) -> Any:
    """NumPy, or the array library of the first argument that is not of NumPy."""
    spaces = (array.__array_namespace__() for array in arrays if hasattr(array, "__array_namespace__"))
    return next((space for space in spaces if space is not np), np)


def _spinful(name: str, matrices: Array) -> Array:
    return _square(name, matrices, 2)


def _square(name: str, matrices: Array, divisor: int) -> Array:
    array = _namespace(matrices).asarray(matrices)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2] or array.shape[-1] % divisor or array.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must have shape (..., m, m) with m a multiple of {divisor}, but has {tuple(array.shape)}"
        )
    return array


CHIRAL: Final = chiral(1)
"""Chiral operator sigma_x tau_y of one band, (4, 4), read-only."""
