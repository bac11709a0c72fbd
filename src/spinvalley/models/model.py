"""The carriers of normal-state physics: one frozen object per model, closed under `+`.

A model knows its lattice, the layer of each orbital, how strongly each orbital feels a magnetic field, and its
Bloch Hamiltonian h(k). It knows no mesh, no tolerance, no temperature and no applied field.

Basis: orbital-major, spin fastest: (orbital 0 up, orbital 0 down, orbital 1 up, ...). Gauge: h(k) = sum_R T_R
exp(i k.R) with lattice vectors R (periodic gauge), so h(k + b) = h(k).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, momenta, whole, zeeman_vector
from spinvalley.models.lattice import Lattice
from spinvalley.spin import SX, SY, SZ

if TYPE_CHECKING:
    from spinvalley.models.terms import Term

Matrix = NDArray[np.complex128]
Cell = tuple[int, int]
_HERMITIAN_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """What every model shares: lattice, layers and the coupling of each orbital to a magnetic field.

    Args:
        lattice: the Bravais lattice.
        layers: layer name of each orbital; an orbital carries two spin states.
        zeeman_weights: factor of the applied Zeeman field on each orbital (1: g as given, 0: feels nothing).
        filled_bands: number of bands (each spin counts) that are full in the undoped crystal; a sheet density of
            carriers is counted from there.
    """

    lattice: Lattice
    layers: tuple[str, ...]
    zeeman_weights: tuple[float, ...] = ()
    filled_bands: int = 0

    def __post_init__(self) -> None:
        """Fill in unit field weights and check their number."""
        if not self.layers:
            raise InvalidInput("`layers` must name at least one orbital, but is empty")
        if not self.zeeman_weights:
            object.__setattr__(self, "zeeman_weights", (1.0,) * len(self.layers))
        if len(self.zeeman_weights) != len(self.layers) or not np.all(np.isfinite(self.zeeman_weights)):
            raise InvalidInput(
                f"`zeeman_weights` must be {len(self.layers)} finite numbers, one per orbital, "
                f"but are {self.zeeman_weights!r}"
            )
        filled = whole("filled_bands", self.filled_bands, 0)
        if filled > self.dim:
            raise InvalidInput(f"`filled_bands` must be at most {self.dim}, the number of bands, but is {filled}")

    @property
    def dim(self) -> int:
        """Number of spin-orbitals: the size of h(k)."""
        return 2 * len(self.layers)

    def hamiltonian(self, k: ArrayLike) -> Matrix:
        """Bloch Hamiltonian h(k) without applied field, shape (..., dim, dim), for k of shape (..., 2)."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Self:
        """The model with a term added."""
        raise NotImplementedError

    def __radd__(self, other: Any) -> Self:
        """A term with the model added is the model with the term added."""
        total: Self = self + other
        return total

    def zeeman(self, field: ArrayLike) -> Matrix:
        """Zeeman matrix V . sigma on the orbitals that feel the field, shape (dim, dim); V scalar (x) or 3-vector."""
        x, y, z = zeeman_vector(field)
        return np.kron(np.diag(self.zeeman_weights), x * SX + y * SY + z * SZ).astype(complex)

    def orbitals_on(self, on: Any) -> tuple[int, ...]:
        """Indices of the orbitals of the named layer(s); None means all of them."""
        if on is None:
            return tuple(range(len(self.layers)))
        names = (on,) if isinstance(on, str) else tuple(on) if isinstance(on, Iterable) else (on,)
        if not names:
            raise InvalidInput(f"`on` must name layers out of {', '.join(dict.fromkeys(self.layers))}, but is empty")
        for name in names:
            if name not in self.layers:
                raise InvalidInput(
                    f"`on` must name layers out of {', '.join(dict.fromkeys(self.layers))}, but has {name!r}"
                )
        return tuple(n for n, layer in enumerate(self.layers) if layer in names)

    def with_zeeman_on(self, on: str | tuple[str, ...] | None) -> Self:
        """The same model with the applied field acting on the named layer(s) only."""
        chosen = self.orbitals_on(on)
        return replace(self, zeeman_weights=tuple(float(n in chosen) for n in range(len(self.layers))))


@dataclass(frozen=True, eq=False, kw_only=True)
class TightBinding(Model):
    """A tight-binding model h(k) = sum_R T_R exp(i k.R).

    Args:
        hoppings: {(n1, n2): matrix (dim, dim)} for every lattice vector R = n1 a1 + n2 a2, with T_-R = T_R^+.

    Raises:
        InvalidInput: non-Hermitian hoppings (names R), odd or unequal dimensions, NaN.
    """

    hoppings: Mapping[Cell, Matrix] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the hopping matrices and check that they make a Hermitian h(k)."""
        super().__post_init__()
        frozen: dict[Cell, Matrix] = {}
        for cell, matrix in self.hoppings.items():
            array = _hopping(cell, matrix, self.dim)
            if np.any(array) or cell == (0, 0):
                frozen[(int(cell[0]), int(cell[1]))] = array
        for cell, array in frozen.items():
            back = frozen.get((-cell[0], -cell[1]))
            scale = max(1.0, float(np.abs(array).max()))
            if back is None or np.abs(back - array.conj().T).max() > _HERMITIAN_TOLERANCE * scale:
                raise InvalidInput(
                    f"`hoppings` must be Hermitian, but the matrix at R = {(-cell[0], -cell[1])} is not the adjoint "
                    f"of the one at R = {cell}"
                )
        object.__setattr__(self, "hoppings", frozen)

    def hamiltonian(self, k: ArrayLike) -> Matrix:
        """Bloch Hamiltonian h(k) without applied field, shape (..., dim, dim), for k of shape (..., 2)."""
        k = momenta("k", k)
        out = np.zeros((*k.shape[:-1], self.dim, self.dim), dtype=complex)
        for cell, matrix in self.hoppings.items():
            phase = np.exp(1j * (k @ self.lattice.translation(cell)))
            out += phase[..., None, None] * matrix
        return out

    def __add__(self, other: Any) -> Self:
        """The model with a term, or the hoppings of another model on the same lattice and layers, added."""
        if isinstance(other, TightBinding):
            if other.lattice != self.lattice or other.layers != self.layers:
                raise InvalidInput(
                    "models can be added only on the same lattice and layers; use `stack` to put layers together"
                )
            if other.zeeman_weights != self.zeeman_weights:
                raise InvalidInput(
                    f"models can be added only with equal `zeeman_weights`, but they are {self.zeeman_weights} and "
                    f"{other.zeeman_weights}"
                )
            return replace(self, hoppings=merge(self.hoppings, other.hoppings))
        if not hasattr(other, "hoppings"):
            return NotImplemented
        return replace(self, hoppings=merge(self.hoppings, other.hoppings(self)))


@dataclass(frozen=True, eq=False, kw_only=True)
class Bloch(Model):
    """A model given by a callable h(k): k of shape (..., 2) -> Hermitian matrices (..., dim, dim), periodic in k."""

    function: Callable[[Floats], ArrayLike]
    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        """Check shape, Hermiticity and periodicity on a few momenta."""
        super().__post_init__()
        sample = np.random.default_rng(0).uniform(-1, 1, (5, 2)) @ self.lattice.reciprocal
        values = self.hamiltonian(sample)
        scale = max(1.0, float(np.abs(values).max()))
        if np.abs(values - np.conj(np.swapaxes(values, -1, -2))).max() > _HERMITIAN_TOLERANCE * scale:
            raise InvalidInput("`function` must return Hermitian matrices, but h(k) differs from its adjoint")
        moved = self.hamiltonian(sample + self.lattice.reciprocal.sum(axis=0))
        if np.abs(np.linalg.eigvalsh(values) - np.linalg.eigvalsh(moved)).max() > 1e-8 * scale:
            raise InvalidInput(
                "`function` must be periodic in the reciprocal lattice, but the bands at k and k + b differ"
            )

    def hamiltonian(self, k: ArrayLike) -> Matrix:
        """Bloch Hamiltonian h(k) without applied field, shape (..., dim, dim), for k of shape (..., 2)."""
        k = momenta("k", k)
        values = np.asarray(self.function(k), dtype=complex)
        if values.shape != (*k.shape[:-1], self.dim, self.dim):
            raise InvalidInput(
                f"`function` must return shape {(*k.shape[:-1], self.dim, self.dim)}, but returns {values.shape}"
            )
        if not np.all(np.isfinite(values)):
            raise InvalidInput("`function` must return finite matrices, but h(k) contains NaN or infinity")
        for term in self.terms:
            values = values + bloch_sum(term.hoppings(self), self.lattice, k)
        return values

    def __add__(self, other: Any) -> Self:
        """The model with a term added."""
        if isinstance(other, Model) or not hasattr(other, "hoppings"):
            return NotImplemented
        return replace(self, terms=(*self.terms, other))


def bloch_sum(hoppings: Mapping[Cell, Matrix], lattice: Lattice, k: Floats) -> Matrix:
    """sum_R T_R exp(i k.R), shape (..., dim, dim)."""
    total: Any = 0.0
    for cell, matrix in hoppings.items():
        total = total + np.exp(1j * (k @ lattice.translation(cell)))[..., None, None] * matrix
    return np.asarray(total, dtype=complex)


def merge(first: Mapping[Cell, Matrix], second: Mapping[Cell, Matrix]) -> dict[Cell, Matrix]:
    """The sum of two sets of hoppings."""
    total = dict(first)
    for cell, matrix in second.items():
        total[cell] = total[cell] + matrix if cell in total else matrix
    return total


def numbers(name: str, matrix: ArrayLike) -> Matrix:
    """An array of complex numbers, or one clear sentence."""
    try:
        return np.array(matrix, dtype=complex)
    except (TypeError, ValueError):
        raise InvalidInput(f"`{name}` must be a matrix of numbers, but is {matrix!r}") from None


def lattice_cell(name: str, cell: Any) -> Cell:
    """A pair (n1, n2) of whole numbers, or one clear sentence."""
    if not (isinstance(cell, tuple) and len(cell) == 2 and all(isinstance(n, int | np.integer) for n in cell)):
        raise InvalidInput(f"`{name}` must have keys (n1, n2) of integers, but has {cell!r}")
    return int(cell[0]), int(cell[1])


def _hopping(cell: Any, matrix: ArrayLike, dim: int) -> Matrix:
    lattice_cell("hoppings", cell)
    array = numbers(f"hoppings at R = {cell}", matrix)
    if array.shape != (dim, dim):
        raise InvalidInput(f"`hoppings` at R = {cell} must have shape {(dim, dim)}, but has {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`hoppings` at R = {cell} must be finite, but contains NaN or infinity")
    array.setflags(write=False)
    return array
