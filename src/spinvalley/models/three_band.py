"""Three-band tight binding of the dichalcogenides: d_z2, d_xy, d_x2-y2 of the metal, with atomic L.S coupling.

One bond of each neighbour shell is given by the published parameters; the other bonds follow from the point group,
T_{gR} = D(g) T_R D(g)^+, with g the threefold rotation and the mirror x -> -x, and from T_-R = T_R^+.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.lattice import Lattice, triangular
from spinvalley.models.materials import three_band_table
from spinvalley.models.model import Cell, Matrix, TightBinding
from spinvalley.spin import S0, SZ

ORBITALS = ("d_z2", "d_xy", "d_x2-y2")
"""Order of the orbitals of `three_band`; each carries spin up, then spin down."""

L_Z: Matrix = np.array([[0, 0, 0], [0, 0, 2j], [0, -2j, 0]], dtype=complex)
"""z component of the orbital moment between the three orbitals, in units of hbar; eq. 23 of Liu et al."""

_EV = 1e3
_ANGSTROM = 0.1
_FILLED = 2  # the valence band, both spins


def three_band(material: str = "MoS2", neighbours: int = 3, *, soc: bool = True) -> TightBinding:
    """Monolayer dichalcogenide in the basis d_z2, d_xy, d_x2-y2 of the metal, with L.S coupling; meV and nm.

    h(k) = h_0(k) + (lambda/2) L_z sigma_z on `triangular(a)`, K = (4 pi/3a, 0). Two of the six bands are full in the
    undoped crystal. The top of the valence band at K is spin up (at -K spin down), 2 lambda above the other spin.
    The conduction band is not split at K: there it is pure d_z2, on which L_z vanishes; its published splitting
    (3 meV in MoS2) needs orbitals that are not in this basis, see `valley_kp`.

    Args:
        material: one of `material_names()`.
        neighbours: range of the hoppings, 1 (valid near K) or 3 (valid in the whole zone).
        soc: with the spin-orbit coupling of the metal; False leaves spin-degenerate bands.

    Raises:
        InvalidInput: unknown material (lists the known ones), `neighbours` other than 1 or 3.

    Source: Liu et al., Phys. Rev. B 88, 085433 (2013), doi:10.1103/PhysRevB.88.085433, eq. 4-14, 21, 23, tables II-IV.

    >>> import numpy as np
    >>> from spinvalley.models import three_band
    >>> mos2 = three_band("MoS2")
    >>> bands = np.linalg.eigvalsh(mos2.hamiltonian(mos2.lattice.momentum("K")))
    >>> np.diff(bands)[:2].round(6)
    array([ 146.      , 1584.922678])
    """
    row = three_band_table(neighbours).row(material)
    lattice = triangular(_ANGSTROM * row["a"])
    onsite: Matrix = np.diag([row["e1"], row["e2"], row["e2"]]).astype(np.complex128)
    hoppings: dict[Cell, Matrix] = {(0, 0): _with_spin(onsite, _EV * S0)}
    for cell, matrix in _shells(row):
        for image, turned in _star(lattice, cell, matrix).items():
            hoppings[image] = _with_spin(turned, _EV * S0)
    if soc:
        hoppings[0, 0] = hoppings[0, 0] + _with_spin(0.5 * _EV * row["lambda"] * L_Z, SZ)
    return TightBinding(lattice=lattice, layers=("layer",) * 3, filled_bands=_FILLED, hoppings=hoppings)


def _with_spin(orbital: Matrix, spin: Matrix) -> Matrix:
    return np.kron(orbital, spin).astype(np.complex128)


def _shells(row: Mapping[str, float]) -> list[tuple[Cell, Matrix]]:
    """One bond (n1, n2) of each shell with its matrix in eV: (a, 0), (0, sqrt3 a), (2a, 0)."""
    shells: list[tuple[Cell, Matrix]] = [((1, 0), _bond_on_x(row, "t"))]
    if "r0" in row:
        r11, r12, root = row["r11"], row["r12"], np.sqrt(3)
        second = np.array(
            [
                [row["r0"], 0, 2 / root * row["r1"]],
                [0, r11 + root * r12, 0],
                [2 / root * row["r2"], 0, r11 - r12 / root],
            ],
            dtype=complex,
        )
        shells += [((1, 2), second), ((2, 0), _bond_on_x(row, "u"))]
    return shells


def _bond_on_x(row: Mapping[str, float], name: str) -> Matrix:
    s0, s1, s2, s11, s12, s22 = (row[f"{name}{index}"] for index in ("0", "1", "2", "11", "12", "22"))
    return np.array([[s0, s1, s2], [-s1, s11, s12], [s2, -s12, s22]], dtype=complex)


def _star(lattice: Lattice, cell: Cell, matrix: Matrix) -> dict[Cell, Matrix]:
    """All bonds that the point group and Hermiticity make out of one."""
    found: dict[Cell, Matrix] = {}
    bond = lattice.translation(cell)
    for turn, orbital in _point_group():
        n, m = np.round(np.linalg.solve(lattice.matrix.T, turn @ bond)).astype(int)
        image = orbital @ matrix @ orbital.T
        found[int(n), int(m)] = image
        found[-int(n), -int(m)] = image.conj().T
    return found


def _point_group() -> list[tuple[Floats, Floats]]:
    """Rotations by 0, 120, 240 degrees with and without the mirror x -> -x: (on vectors, on the orbitals)."""
    mirror = (np.diag([-1.0, 1.0]), np.diag([1.0, -1.0, 1.0]))
    elements = []
    for angle in 2 * np.pi / 3 * np.arange(3):
        c, s, c2, s2 = np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)
        vectors, orbitals = np.array([[c, -s], [s, c]]), np.array([[1, 0, 0], [0, c2, s2], [0, -s2, c2]])
        elements += [(vectors, orbitals), (vectors @ mirror[0], orbitals @ mirror[1])]
    return elements
