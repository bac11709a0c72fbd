"""Layered tight-binding slabs: stacking of monolayers, interlayer hopping, and a term that moves the Q valleys."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance, one_of, real, whole
from spinvalley.models import Lattice, Model, TightBinding
from spinvalley.models.model import Cell, Matrix, merge, numbers
from spinvalley.models.terms import triangular_bonds
from spinvalley.spin import S0, SZ

STACKINGS = ("2H", "3R", "AA")
_SHAPE = {2: 9 / 80, 3: -1 / 80}  # g^2 (9 - g)/80 by powers of g = |f|^2


@dataclass(frozen=True)
class QShift:
    """A shift of the Q valleys against K on a triangular lattice, E g^2 (9 - g)/80 with g = 3 + 2 sum_i cos k.R_i.

    It is E at Q, the middle of Gamma-K; it vanishes at Gamma and at K, at K with its slope and curvature; it is E/10 at
    M and at most 1.35 E. It acts on every orbital of every layer alike.

    Args:
        energy: the shift of the Q valleys, energy unit of the model.
    """

    energy: float

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """Hoppings proportional to the unit matrix, to the third neighbours of the bonds."""
        energy = real("energy", self.energy)
        first = triangular_bonds(model.lattice)
        g: dict[Cell, float] = {(0, 0): 3.0}
        for n, m in first:
            g[n, m] = g[-n, -m] = 1.0
        power = g
        total: dict[Cell, float] = {}
        for exponent in (2, 3):
            power = _product(power, g)
            for cell, value in power.items():
                total[cell] = total.get(cell, 0.0) + _SHAPE[exponent] * value
        return {cell: np.asarray(energy * value * np.eye(model.dim), dtype=complex) for cell, value in total.items()}


def q_shape(lattice: Lattice, k: Floats) -> Floats:
    """The shift g^2 (9 - g)/80 of `QShift` for unit energy at momenta (K, 2), (K,)."""
    g = 3 + 2 * sum(np.cos(k @ lattice.translation(bond)) for bond in triangular_bonds(lattice))
    return np.asarray(g**2 * (9 - g) / 80)


def slab(layer: TightBinding, layers: int, *, hopping: ArrayLike, stacking: str = "2H") -> TightBinding:
    """Tight-binding model of a stack of equal monolayers without any potential.

    AA: every layer above the other, hopping T. 3R and 2H: every metal atom sits above a hollow of the triangular
    lattice below, so that the hopping is T f(k), f = (1 + e^(-ik.a1) + e^(-ik.(a1 + a2)))/3: |f| is 1 at Gamma, 2/3 at
    Q (the middle of Gamma-K) and 0 at K. In 3R all layers have one orientation and shift the same way. In 2H every
    second layer is turned by 180 degrees about the normal, C2z: h(k) -> sigma_z h(-k) sigma_z, because the orbitals
    d_z2, d_xy, d_x2-y2 (and s) are even under C2z; L_z and sigma_z keep their sign, so that the valleys change places.
    The hopping alternates between T f and its adjoint, and a bilayer has a centre of inversion for Hermitian T.

    Args:
        layer: the monolayer with m orbitals; for 2H and 3R on a triangular lattice with vectors at 120 degrees.
        layers: number of layers N.
        hopping: T in the energy unit of the model: a number, m numbers (diagonal) or an (m, m) matrix, the same for
            both spins. There is no default: no published value for the orbitals of the three-band model was found. Few
            layers of MoS2 with Q valleys are treated by Ruiz-Tijerina et al. (arXiv:1808.01540) and Masseroni et al.
            (arXiv:2503.03371) with hybrid k.p tight-binding models.
        stacking: "2H", "3R" or "AA".

    Returns:
        TightBinding with layers named "layer 1" ... "layer N", layer 1 next to the gate.

    Raises:
        InvalidInput: layers < 1, unknown stacking, hopping of the wrong shape or NaN, not a triangular lattice.

    >>> from spinvalley.models import tmd
    >>> slab(tmd(), 3, hopping=0.2).layers
    ('layer 1', 'layer 2', 'layer 3')
    """
    instance("layer_model", layer, TightBinding, 'three_band("MoS2")')
    count, stacking = whole("layers", layers, 1), one_of("stacking", stacking, STACKINGS)
    bond = _bond(layer, hopping, stacking)
    total: dict[Cell, Matrix] = {}
    for n in range(count):
        turned = stacking == "2H" and n % 2 == 1
        total = merge(total, _placed(_rotated(layer) if turned else dict(layer.hoppings), n, n, count))
    for n, following in pairwise(range(count)):
        forward = _adjoint(bond) if stacking == "2H" and n % 2 == 1 else bond
        total = merge(total, _placed(forward, n, following, count))
        total = merge(total, _placed(_adjoint(forward), following, n, count))
    return TightBinding(
        lattice=layer.lattice,
        layers=tuple(f"layer {n + 1}" for n in range(count) for _ in layer.layers),
        zeeman_weights=layer.zeeman_weights * count,
        filled_bands=layer.filled_bands * count,
        hoppings=total,
    )


def _bond(layer: TightBinding, hopping: ArrayLike, stacking: str) -> dict[Cell, Matrix]:
    """Hoppings from a layer to the one above it, {R: (dim, dim)}."""
    orbitals = len(layer.layers)
    matrix = numbers("hopping", hopping)
    if matrix.shape not in ((), (orbitals,), (orbitals, orbitals)):
        raise InvalidInput(
            f"`hopping` must be a number, {orbitals} numbers or a {orbitals} x {orbitals} matrix, but has shape "
            f"{matrix.shape}"
        )
    if not np.all(np.isfinite(matrix)):
        raise InvalidInput("`hopping` must be finite, but contains NaN or infinity")
    full = np.kron(matrix if matrix.ndim == 2 else np.diag(np.broadcast_to(matrix, orbitals)), S0).astype(complex)
    if stacking == "AA":
        return {(0, 0): full}
    triangular_bonds(layer.lattice)
    return dict.fromkeys([(0, 0), (-1, 0), (-1, -1)], np.asarray(full / 3, dtype=complex))


def _rotated(layer: TightBinding) -> dict[Cell, Matrix]:
    """The layer turned by 180 degrees about its normal: T_R -> sigma_z T_-R sigma_z."""
    turn = np.kron(np.eye(len(layer.layers)), SZ)
    return {(-n, -m): turn @ matrix @ turn for (n, m), matrix in layer.hoppings.items()}


def _adjoint(bond: dict[Cell, Matrix]) -> dict[Cell, Matrix]:
    return {(-n, -m): matrix.conj().T for (n, m), matrix in bond.items()}


def _placed(hoppings: dict[Cell, Matrix], row: int, column: int, count: int) -> dict[Cell, Matrix]:
    """Hoppings of one block as hoppings of the slab."""
    place = np.zeros((count, count))
    place[row, column] = 1
    return {cell: np.kron(place, matrix).astype(complex) for cell, matrix in hoppings.items()}


def _product(first: dict[Cell, float], second: dict[Cell, float]) -> dict[Cell, float]:
    """Coefficients of the product of two lattice sums."""
    out: dict[Cell, float] = {}
    for (n1, m1), a in first.items():
        for (n2, m2), b in second.items():
            cell = (n1 + n2, m1 + m2)
            out[cell] = out.get(cell, 0.0) + a * b
    return out
