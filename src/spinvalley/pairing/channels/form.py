"""What a pair looks like: the pairing matrix Delta(k) of a channel, as a table in real space.

A channel is D(k) = sum_R D_R exp(i k.R), (dim, dim), the upper right block of the Bogoliubov-de Gennes Hamiltonian for
unit amplitude. Electrons are fermions: D(-k)^T = -D(k), so that a singlet is even and a triplet odd in k (with the
orbital part unchanged by exchange). On one orbital D = (psi + d.sigma)(-i sigma_y). The amplitude is that of s-wave
pairing, n = (1/2) sum_R tr D_R^+ D_R paired orbitals: a form factor phi(k) on one orbital has zone average phi^2 = 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance, momenta, positive
from spinvalley.models import Lattice, Model
from spinvalley.models.model import Cell, Matrix, bloch_sum, lattice_cell, merge, numbers
from spinvalley.spin import S0, SX, SY, SZ, singlet

_EXACT = 1e-12
_PAULI = np.array([S0, SX, SY, SZ])


@dataclass(frozen=True, eq=False)
class Channel:
    """A pairing channel of unit amplitude, closed under `+`, `-` and multiplication by complex numbers.

    Args:
        name: how results call it, e.g. "d_xy" or "f:z".
        lattice: the Bravais lattice.
        layers: layer name of each orbital, as in the model.
        table: {(n1, n2): D_R (dim, dim)} with D_-R = -D_R^T.
        irrep: irreducible representation, e.g. "E2"; empty where it was not determined.

    Raises:
        InvalidInput: a table that is empty, zero, not finite, of another size, or not antisymmetric (wrong parity).

    Source: M. Sigrist and K. Ueda, doi:10.1103/RevModPhys.63.239.

    >>> import numpy as np
    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> s.norm, s.spin
    (1.0, 'singlet')
    """

    name: str
    lattice: Lattice
    layers: tuple[str, ...]
    table: Mapping[Cell, Matrix]
    irrep: str = ""

    def __post_init__(self) -> None:
        """Freeze the matrices and check that they describe fermions."""
        instance("name", self.name, str, '"d_xy"')
        if not self.name:
            raise InvalidInput("`name` must be a text that is not empty, but is empty")
        instance("lattice", self.lattice, Lattice, "square()")
        instance("table", self.table, Mapping, "{(0, 0): spin.singlet()}")
        frozen = {
            lattice_cell("table", cell): _block(self.name, cell, matrix, self.dim)
            for cell, matrix in self.table.items()
        }
        scale = max((float(np.abs(m).max()) for m in frozen.values()), default=0.0)
        if scale == 0:
            raise InvalidInput(f"the table of channel {self.name!r} must have an entry, but is zero everywhere")
        for cell, matrix in frozen.items():
            back = frozen.get((-cell[0], -cell[1]), np.zeros_like(matrix))
            if np.abs(back + matrix.T).max() > _EXACT * scale:
                raise InvalidInput(
                    f"channel {self.name!r} must be antisymmetric, D(-k)^T = -D(k) (singlets even, triplets odd in k), "
                    f"but its matrices at R = {cell} and {(-cell[0], -cell[1])} are not"
                )
        kept = {cell: matrix for cell, matrix in frozen.items() if np.any(matrix)}
        object.__setattr__(self, "table", kept)
        object.__setattr__(self, "layers", tuple(self.layers))

    @property
    def dim(self) -> int:
        """Number of spin-orbitals."""
        return 2 * len(self.layers)

    def matrix(self, k: ArrayLike) -> Matrix:
        """D(k) for k (..., 2) in 1/length, shape (..., dim, dim)."""
        return bloch_sum(self.table, self.lattice, momenta("k", k))

    @cached_property
    def norm(self) -> float:
        """N = (1/2) sum_R tr D_R^+ D_R: the number of paired orbitals of s-wave pairing."""
        return float(np.real(self.overlap(self)))

    @cached_property
    def size(self) -> float:
        """Root mean square of D(k) on the orbitals that pair: 1 for a channel as `channels` makes it, 5 for 5 of it."""
        touched = sum(np.abs(matrix).sum(axis=1) for matrix in self.table.values())
        return float(np.sqrt(self.norm / np.count_nonzero(touched.reshape(-1, 2).any(axis=1))))

    @cached_property
    def bound(self) -> float:
        """sum_R |D_R|, which |D(k)| never exceeds."""
        return float(sum(np.linalg.norm(matrix, 2) for matrix in self.table.values()))

    def overlap(self, other: Channel) -> complex:
        """(1/2) sum_R tr D_R^+ D'_R: the scalar product of two channels."""
        shared = self.table.keys() & other.table.keys()
        return complex(sum(0.5 * np.vdot(self.table[cell], other.table[cell]) for cell in sorted(shared)))

    def normalised(self, norm: float = 1.0) -> Channel:
        """The same channel with `norm` paired orbitals."""
        return float(np.sqrt(positive("norm", norm) / self.norm)) * self

    def named(self, name: str, irrep: str = "") -> Channel:
        """The same channel under another name."""
        return replace(self, name=name, irrep=irrep)

    @cached_property
    def shares(self) -> Floats:
        """Shares of singlet and of the triplets d_x, d_y, d_z in the norm, shape (4,), sum 1."""
        size = len(self.layers)
        flip = singlet(1).conj().T  # D = c (-i sigma_y)
        parts = np.zeros(4)
        for matrix in self.table.values():
            spins = matrix.reshape(size, 2, size, 2).swapaxes(1, 2) @ flip
            parts += np.sum(np.abs(np.einsum("mst,ijts->mij", _PAULI, spins) / 2) ** 2, axis=(1, 2))
        return np.asarray(parts / parts.sum())

    @property
    def spin(self) -> str:
        """Spin of the pairs: "singlet", "triplet" or "mixed"."""
        share = float(self.shares[0])
        return "singlet" if share > 1 - _EXACT else "triplet" if share < _EXACT else "mixed"

    @cached_property
    def onsite_singlet(self) -> Floats | None:
        """1 on every paired spin-orbital, (dim,), if this is plain s-wave pairing of some orbitals, else None."""
        if set(self.table) != {(0, 0)}:
            return None
        diagonal = np.abs(self.table[0, 0]).sum(axis=0)
        exact = np.all((diagonal == 0) | (diagonal == 1))
        plain = np.array_equal(self.table[0, 0], diagonal[:, None] * singlet(len(self.layers)))
        return diagonal if exact and plain else None

    def vector(self, k: ArrayLike) -> Matrix:
        """(psi, d_x, d_y, d_z) at k (..., 2), shape (..., 4), of a channel on one orbital."""
        return vector(self.matrix(k))

    def check(self, model: Model) -> None:
        """Refuse a model on another lattice or with other layers, in one sentence."""
        if self.lattice != model.lattice or self.layers != model.layers:
            raise InvalidInput(
                f"channel {self.name!r} must belong to the lattice and the layers of the model, but it was made for "
                f"layers {', '.join(self.layers)} on vectors {np.round(self.lattice.matrix, 6).tolist()}"
            )

    def __add__(self, other: Any) -> Channel:
        """The sum of two channels."""
        if not isinstance(other, Channel):
            return NotImplemented
        if self.lattice != other.lattice or self.layers != other.layers:
            raise InvalidInput(
                f"channels can be added only on the same lattice and layers, but {self.name!r} and {other.name!r} "
                "are not"
            )
        return Channel(f"{self.name} + {other.name}", self.lattice, self.layers, merge(self.table, other.table))

    def __sub__(self, other: Any) -> Channel:
        """The difference of two channels."""
        return self + (-1) * other if isinstance(other, Channel) else NotImplemented

    def __neg__(self) -> Channel:
        """The channel with the opposite sign."""
        return (-1) * self

    def __mul__(self, factor: Any) -> Channel:
        """The channel times a complex number."""
        if not isinstance(factor, int | float | complex | np.number):
            return NotImplemented
        table = {cell: complex(factor) * matrix for cell, matrix in self.table.items()}
        name = self.name if np.isreal(factor) and np.real(factor) > 0 else f"({factor:.4g}) {self.name}"
        return replace(self, name=name, table=table)

    __rmul__ = __mul__


def vector(blocks: Matrix) -> Matrix:
    """(psi, d_x, d_y, d_z) of pairing matrices (..., 2, 2) = (psi + d.sigma)(-i sigma_y), shape (..., 4)."""
    same, cross = blocks[..., 0, 0] - blocks[..., 1, 1], blocks[..., 1, 0] - blocks[..., 0, 1]
    total, mixed = blocks[..., 0, 0] + blocks[..., 1, 1], blocks[..., 1, 0] + blocks[..., 0, 1]
    return 0.5 * np.stack([cross, same, 1j * total, -mixed], axis=-1)


def superposition(channels: tuple[Channel, ...], weights: ArrayLike, name: str) -> Channel:
    """sum_i w_i D_i of channels on one model, under one name."""
    table: dict[Cell, Matrix] = {}
    for weight, channel in zip(np.asarray(weights, dtype=complex), channels, strict=True):
        table = merge(table, {cell: weight * matrix for cell, matrix in channel.table.items()})
    return Channel(name, channels[0].lattice, channels[0].layers, table)


def _block(name: str, cell: Any, matrix: ArrayLike, dim: int) -> Matrix:
    array = numbers(f"table of {name} at R = {cell}", matrix)
    if array.shape != (dim, dim):
        raise InvalidInput(f"`table` of channel {name!r} at R = {cell} must have shape {(dim, dim)}, not {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`table` of channel {name!r} at R = {cell} must be finite, but contains NaN or infinity")
    array.setflags(write=False)
    return array
