"""Sums over two spin projectors as a 4 x 4 tensor of singlet (0) and triplets (x, y, z).

T_ij = sum_{s,t=+-1} 2 tr[sigma_i P_s(a) sigma_j P_t(b)] f_st, P_s(n) = (1 + s n.sigma)/2, sigma_0 = 1: what pairs of
an electron with spin direction a and a hole with spin direction b contribute, the state s of one and t of the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

_LEVI_CIVITA = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _LEVI_CIVITA[_i, _j, _k], _LEVI_CIVITA[_j, _i, _k] = 1.0, -1.0


def spin_tensor(
    a: Floats, b: Floats, values: Mapping[tuple[int, int], Floats], triplets: bool = True
) -> NDArray[np.complex128]:
    """The tensor T_ij.

    Args:
        a: unit vectors of the electrons, (..., 3); the zero vector where the value does not depend on s.
        b: unit vectors of the holes, (..., 3).
        values: f_st, {(s, t): (...)}.
        triplets: False gives the singlet alone.

    Returns:
        Hermitian, (..., 4, 4), or (..., 1, 1) without triplets.
    """
    even = np.asarray(sum(values.values()))[..., None]
    product = np.asarray(sum(s * t * f for (s, t), f in values.items()))[..., None]
    c = np.sum(a * b, -1, keepdims=True)
    shape = np.broadcast_shapes(even.shape[:-1], c.shape[:-1])
    if not triplets:
        return np.broadcast_to(even + c * product, (*shape, 1))[..., None].astype(complex)
    from_electron = np.asarray(sum(s * f for (s, _), f in values.items()))[..., None]
    from_hole = np.asarray(sum(t * f for (_, t), f in values.items()))[..., None]
    out = np.empty((*shape, 4, 4), dtype=complex)
    out[..., 0, 0] = (even + c * product)[..., 0]
    out[..., 0, 1:] = from_electron * a + from_hole * b + 1j * product * np.cross(b, a)
    out[..., 1:, 0] = out[..., 0, 1:].conj()
    outer = a[..., :, None] * b[..., None, :]
    symmetric = product[..., None] * (outer + np.swapaxes(outer, -1, -2))
    turning = np.einsum("ijm,...m->...ij", _LEVI_CIVITA, from_hole * b - from_electron * a)
    out[..., 1:, 1:] = (even - c * product)[..., None] * np.eye(3) + symmetric + 1j * turning
    return out


def unit(v: Floats) -> Floats:
    """Unit vectors (..., 3); the zero vector stays, its terms cancel in the sums over signs."""
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    return np.asarray(v / np.where(length > 0, length, 1.0))
