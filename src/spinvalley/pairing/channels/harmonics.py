"""Form factors of one shell of bonds, named after the harmonics that they continue: s, p, d, f, ...

On the bonds R of a shell, at the angles theta, cos(l theta) and sin(l theta) are orthogonalised in the order of l. What
remains of each is a form factor phi(k) = sum_R c_R exp(i k.R), real in k: even l give cosines, odd l sines of k.R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models import Lattice
from spinvalley.models.model import Cell
from spinvalley.pairing.channels.shells import shell

_LETTERS = "spdfghiklm"
_AXES = {1: ("x", "y"), 2: ("x2-y2", "xy")}
_DEPENDENT = 1e-6
_ZERO = 1e-12


@dataclass(frozen=True)
class Harmonic:
    """One form factor of a shell.

    Args:
        name: e.g. "s", "d_xy", "f(2)".
        shell: number of the shell, 0 for the site itself.
        order: l of the harmonic; even orders are even in k.
        coefficients: ((n1, n2), c_R) with zone average sum |c_R|^2 = 1.
    """

    name: str
    shell: int
    order: int
    coefficients: tuple[tuple[Cell, complex], ...]

    @property
    def even(self) -> bool:
        """Whether phi(-k) = phi(k)."""
        return self.order % 2 == 0


def harmonics(lattice: Lattice, number: int) -> tuple[Harmonic, ...]:
    """All form factors of shell `number`: as many as it has bonds, half of them even and half odd in k."""
    if number == 0:
        return (Harmonic("s", 0, 0, (((0, 0), 1.0 + 0j),)),)
    cells = shell(lattice, number)
    functions = _orthogonal(lattice, cells)
    orders = [order for order, _, _ in functions]
    out = []
    for order, wave, values in functions:
        name = _name(order, wave, orders.count(order) > 1) + (f"({number})" if number > 1 else "")
        unit = 1.0 if order % 2 == 0 else -1j
        out.append(Harmonic(name, number, order, tuple((c, unit * v) for c, v in zip(cells, values, strict=True) if v)))
    return tuple(out)


def _orthogonal(lattice: Lattice, cells: tuple[Cell, ...]) -> list[tuple[int, str, list[float]]]:
    """(l, "cos" or "sin", values on the bonds) of the independent harmonics."""
    vectors = np.array([lattice.translation(cell) for cell in cells])
    angles = np.arctan2(vectors[:, 1], vectors[:, 0])
    found: list[tuple[int, str, list[float]]] = []
    basis: list[Floats] = []
    for order in range(len(cells) // 2 + 1):
        for wave, function in (("cos", np.cos), ("sin", np.sin)):
            values = function(order * angles)
            rest = values - sum((b * (b @ values) for b in basis), np.zeros(len(cells)))
            size = float(np.linalg.norm(rest))
            if size < _DEPENDENT:
                continue
            basis.append(rest / size)
            found.append((order, wave, [float(v) if abs(v) > _ZERO else 0.0 for v in basis[-1]]))
    return found


def _name(order: int, wave: str, several: bool) -> str:
    if order == 0:
        return "s_ext"
    letter = _LETTERS[order] if order < len(_LETTERS) else f"l{order}"
    if order in _AXES:
        return f"{letter}_{_AXES[order][wave == 'sin']}"
    return f"{letter}_{wave}" if several else letter
