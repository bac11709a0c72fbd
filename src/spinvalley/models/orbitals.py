"""Real atomic orbitals and the orbital moment L between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinvalley.checks import InvalidInput
from spinvalley.models.model import Matrix

_HALF = np.sqrt(0.5)
# Each real orbital as {m: coefficient} of the spherical harmonics Y_lm with the Condon-Shortley phase.
_HARMONICS: dict[str, tuple[int, dict[int, complex]]] = {
    "s": (0, {0: 1}),
    "p_z": (1, {0: 1}),
    "p_x": (1, {-1: _HALF, 1: -_HALF}),
    "p_y": (1, {-1: 1j * _HALF, 1: 1j * _HALF}),
    "d_z2": (2, {0: 1}),
    "d_xz": (2, {-1: _HALF, 1: -_HALF}),
    "d_yz": (2, {-1: 1j * _HALF, 1: 1j * _HALF}),
    "d_x2-y2": (2, {-2: _HALF, 2: _HALF}),
    "d_xy": (2, {-2: 1j * _HALF, 2: -1j * _HALF}),
}
_SPELLINGS = {name.replace("_", ""): name for name in _HARMONICS} | {
    "dx2y2": "d_x2-y2",
    "d3z2-r2": "d_z2",
    "dyx": "d_xy",
    "dzx": "d_xz",
    "dzy": "d_yz",
}


def orbital_moment(orbitals: Sequence[str]) -> tuple[Matrix, Matrix, Matrix]:
    """Matrices of L_x, L_y, L_z in units of hbar between real orbitals, three of shape (n, n).

    Args:
        orbitals: names such as "d_xy" or, with an atom, "Mo:d_xy". Orbitals couple on the same atom only. Known: s,
            p_x, p_y, p_z, d_z2, d_xz, d_yz, d_x2-y2, d_xy; also without underscore and in capitals ("dxy", "DZ2").

    Raises:
        InvalidInput: a name that is not known.

    >>> from spinvalley.models.orbitals import orbital_moment
    >>> orbital_moment(["d_z2", "d_xy", "d_x2-y2"])[2].imag.round(12)
    array([[ 0.,  0.,  0.],
           [ 0.,  0.,  2.],
           [ 0., -2.,  0.]])
    """
    states = [_spherical(name.rpartition(":")) for name in orbitals]
    matrices = []
    for component in range(3):
        matrix = np.array([[_element(bra, ket, component) for ket in states] for bra in states], dtype=np.complex128)
        matrices.append(matrix.reshape(len(states), len(states)))
    return matrices[0], matrices[1], matrices[2]


_State = tuple[str, int, dict[int, complex]]


def _spherical(name: tuple[str, str, str]) -> _State:
    spelt = name[2].strip().lower().replace("_", "").replace("^", "")
    if spelt not in _SPELLINGS:
        raise InvalidInput(f"`orbitals` must be out of {', '.join(_HARMONICS)}, but has {name[2]!r}")
    degree, parts = _HARMONICS[_SPELLINGS[spelt]]
    return name[0], degree, parts


def _element(bra: _State, ket: _State, component: int) -> complex:
    if bra[0] != ket[0] or bra[1] != ket[1]:
        return 0.0
    turned = _apply(ket[1], ket[2], component)
    return complex(sum(complex(bra[2].get(m, 0)).conjugate() * value for m, value in turned.items()))


def _apply(degree: int, parts: dict[int, complex], component: int) -> dict[int, complex]:
    """L_x, L_y or L_z on {m: coefficient}."""
    out: dict[int, complex] = {}
    for m, value in parts.items():
        if component == 2:
            out[m] = out.get(m, 0) + m * value
            continue
        up, down = (np.sqrt(degree * (degree + 1) - m * (m + step)) for step in (1, -1))
        out[m + 1] = out.get(m + 1, 0) + (0.5 if component == 0 else -0.5j) * up * value
        out[m - 1] = out.get(m - 1, 0) + (0.5 if component == 0 else 0.5j) * down * value
    return out
