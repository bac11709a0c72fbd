"""Terms that are added to a model with `+`: Ising and Rashba spin-orbit coupling, built-in Zeeman field, potential.

A term is a frozen recipe for hoppings on a given model; `on` names the layer(s) that it acts on (None: all).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spinvalley.checks import InvalidInput, real, zeeman_vector
from spinvalley.models.lattice import Lattice
from spinvalley.models.model import Cell, Matrix, Model, merge
from spinvalley.spin import S0, SX, SY, SZ

On = str | tuple[str, ...] | None


class Term(Protocol):
    """Anything that gives Hermitian hoppings {R: matrix} on a model."""

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """Hoppings {R: matrix (dim, dim)} of the term on this model."""
        ...


class _Addable:
    """Gives a term `+` with another term."""

    def __add__(self, other: Any) -> TermSum:
        if isinstance(other, Model) or not hasattr(other, "hoppings"):
            return NotImplemented
        return TermSum((self, other))  # type: ignore[arg-type]


@dataclass(frozen=True)
class TermSum(_Addable):
    """Several terms as one."""

    terms: tuple[Term, ...]

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """Hoppings {R: matrix (dim, dim)} of all terms together."""
        total: dict[Cell, Matrix] = {}
        for term in self.terms:
            total = merge(total, term.hoppings(model))
        return total


@dataclass(frozen=True)
class IsingSOC(_Addable):
    """Ising spin-orbit coupling 2 beta_so S(k) sigma_z, S(k) = sum_i sin k.R_i, on a triangular lattice.

    Bonds R1 = a1, R2 = a2, R3 = -a1 - a2 (at 120 degrees). The spin splitting |E_up - E_dn| at K is 6 sqrt3 beta_so
    (heterostructure.txt prints half of it); spin up is the lower band at K = (4 pi/3a, 0).
    Source: heterostructure.txt, eq. 1-2.
    """

    beta_so: float
    on: On = None

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """Hoppings -+ i beta_so sigma_z on the bonds +- R_i."""
        beta_so = real("beta_so", self.beta_so)
        bonds = triangular_bonds(model.lattice)
        block = _on_layers(model, self.on, SZ)
        forward = dict.fromkeys(bonds, -1j * beta_so * block)
        return forward | {(-n, -m): matrix.conj().T for (n, m), matrix in forward.items()}


@dataclass(frozen=True)
class Rashba(_Addable):
    """Rashba coupling 2 alpha sum_i sin(k.R_i) (Rhat_iy sigma_x - Rhat_ix sigma_y) over the shortest bonds.

    On the triangular lattice it tends to 3 alpha a (k_y sigma_x - k_x sigma_y) at small k, on the square one to
    2 alpha a (k_y sigma_x - k_x sigma_y).
    """

    alpha: float
    on: On = None

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """Hoppings on the shortest bonds."""
        alpha = real("alpha", self.alpha)
        out: dict[Cell, Matrix] = {}
        for bond in shortest_bonds(model.lattice):
            x, y = model.lattice.translation(bond)
            block = _on_layers(model, self.on, (y * SX - x * SY) / np.hypot(x, y))
            out[bond] = -1j * alpha * block
        return out


@dataclass(frozen=True)
class Zeeman(_Addable):
    """A built-in exchange field V . sigma (number: along x). An applied field is a call argument, not a term."""

    field: float | tuple[float, float, float]
    on: On = None

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """One on-site matrix."""
        x, y, z = zeeman_vector(self.field, "field")
        return {(0, 0): _on_layers(model, self.on, x * SX + y * SY + z * SZ)}


@dataclass(frozen=True)
class Potential(_Addable):
    """An on-site energy, e.g. a displacement field between layers."""

    energy: float
    on: On = None

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """One on-site matrix."""
        return {(0, 0): real("energy", self.energy) * _on_layers(model, self.on, S0)}


@dataclass(frozen=True)
class Displacement(_Addable):
    """A displacement field across a stack: on-site energies that fall linearly from the first layer to the last.

    The first layer is raised by energy/2, the last one lowered by energy/2; layers count in the order of their names
    in the model and are taken as equally spaced. For layers at other heights use `Potential` on each.
    """

    energy: float

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """One on-site matrix; a model with a single layer is refused."""
        energy, names = real("energy", self.energy), list(dict.fromkeys(model.layers))
        if len(names) < 2:
            raise InvalidInput("`Displacement` must act on at least two layers, but the model has one")
        heights = [0.5 - names.index(layer) / (len(names) - 1) for layer in model.layers]
        return {(0, 0): np.kron(np.diag(heights), energy * S0).astype(complex)}


@dataclass(frozen=True)
class OrbitalShift(_Addable):
    """An on-site energy for every orbital, in the order of the model: crystal-field or sublattice shifts.

    For `three_band` the order is d_z2, d_xy, d_x2-y2; unequal shifts of the last two break its threefold symmetry.
    """

    energies: tuple[float, ...]

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """One on-site matrix."""
        energies = [real("energies", energy) for energy in self.energies]
        if len(energies) != len(model.layers):
            raise InvalidInput(
                f"`energies` must be {len(model.layers)} numbers, one per orbital, but are {len(energies)}"
            )
        return {(0, 0): np.kron(np.diag(energies), S0).astype(complex)}


def triangular_bonds(lattice: Lattice) -> tuple[Cell, Cell, Cell]:
    """The three bonds a1, a2, -a1-a2 of a triangular lattice whose vectors enclose 120 degrees."""
    a1, a2 = lattice.matrix
    if abs(a1 @ a1 - a2 @ a2) > 1e-9 * (a1 @ a1) or abs(a1 @ a2 + 0.5 * (a1 @ a1)) > 1e-9 * (a1 @ a1):
        raise InvalidInput(
            "the model must live on a triangular lattice with vectors at 120 degrees, but its vectors are "
            + str(lattice.vectors)
        )
    return (1, 0), (0, 1), (-1, -1)


def shortest_bonds(lattice: Lattice) -> list[Cell]:
    """All lattice vectors of the smallest nonzero length (both directions)."""
    cells = [(n, m) for n in range(-2, 3) for m in range(-2, 3) if (n, m) != (0, 0)]
    lengths = np.array([np.linalg.norm(lattice.translation(cell)) for cell in cells])
    return [cell for cell, length in zip(cells, lengths, strict=True) if length < lengths.min() * (1 + 1e-9)]


def _on_layers(model: Model, on: On, spin: Matrix) -> Matrix:
    chosen = model.orbitals_on(on)
    diagonal = np.diag([float(n in chosen) for n in range(len(model.layers))])
    return np.kron(diagonal, spin).astype(complex)
