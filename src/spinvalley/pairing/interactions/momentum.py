"""Interactions given by what pairs feel in momentum space, V(k - k'), e.g. the exchange of spin fluctuations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, NotSolved, floats, positive, real, tolerance
from spinvalley.models import Lattice
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.interactions.bonds import couplings

Scattering = Callable[[Floats], ArrayLike]
_SIZES = (16, 32, 64, 128, 256, 512)
_SMALLEST_MESH = 4
_EVEN = 1e-9


@dataclass(frozen=True, eq=False)
class RealSpace:
    """V_R = (1/N) sum_q V(q) exp(i q.R) on a mesh of n x n momenta.

    Args:
        values: V_R at R = (n1, n2) modulo n, (n, n), energy.
        error: largest change of a V_R with |n1|, |n2| <= n/8 from a mesh of half as many momenta: what is folded back
            from further away.
    """

    values: Floats
    error: float

    def __call__(self, cell: Cell) -> float:
        """V_R of a cell (n1, n2)."""
        n = len(self.values)
        if max(abs(cell[0]), abs(cell[1])) > n // 8:
            raise InvalidInput(
                f"the mesh of V(q) must have at least {8 * max(map(abs, cell))} momenta a side, but has {n}"
            )
        return float(self.values[cell[0] % n, cell[1] % n])


@dataclass(frozen=True, eq=False)
class FromMomentum:
    """A pair interaction V(k - k'): H_int = (1/2N) sum V(k - k') c^+_k c^+_-k c_-k' c_k', with U on one site.

    Args:
        singlet: V(q) of singlets, positive repels: a function of momenta (..., 2), or values (n, n) at
            q = (i b1 + j b2)/n with an even n.
        triplet: that of triplets; None: the same, as for a density-density interaction.
        U: a constant beside it that repels two electrons on one site; triplets do not feel it.
        tol: change of V_R under refinement of the mesh allowed for a function, relative to the largest |V_R|.

    Raises:
        InvalidInput: values of another shape, not finite, not real; a V(q) that is not even.
        NotSolved: in use, a function whose V_R do not decay within 64 cells.

    >>> import numpy as np
    >>> import spinvalley as sv
    >>> from spinvalley.pairing.interactions import FromMomentum
    >>> square = FromMomentum(lambda q: -np.cos(q[..., 0]) - np.cos(q[..., 1])).real_space(sv.models.square())
    >>> round(square[0]((1, 0)), 9), round(square[0]((1, 1)), 9)
    (-0.5, 0.0)
    """

    singlet: Scattering | ArrayLike
    triplet: Scattering | ArrayLike | None = None
    U: float = 0.0
    tol: float = 1e-6

    def __post_init__(self) -> None:
        """Even square tables, finite numbers."""
        real("U", self.U)
        tolerance("tol", self.tol)
        for name in ("singlet", "triplet"):
            value = getattr(self, name)
            if value is not None and not callable(value):
                object.__setattr__(self, name, _table(name, value))

    def real_space(self, lattice: Lattice) -> tuple[RealSpace, RealSpace]:
        """V_R of singlets (without U) and of triplets on a lattice, each with its error."""
        first = self._transformed("singlet", lattice)
        return first, first if self.triplet is None else self._transformed("triplet", lattice)

    def couplings(self, channels: tuple[Channel, ...]) -> Matrix:
        """V_ij between channels, Hermitian (n, n), energy; positive attracts.

        Raises:
            InvalidInput: channels that are not orthogonal, pairs of different orbitals, bonds on which nothing acts.
        """
        of_singlets, of_triplets = self.real_space(channels[0].lattice)
        return couplings(channels, lambda cell: of_singlets(cell) + (self.U if cell == (0, 0) else 0.0), of_triplets)

    def _transformed(self, name: str, lattice: Lattice) -> RealSpace:
        given = getattr(self, name)
        if not callable(given):
            return _real_space(given)
        for size in _SIZES:
            found = _real_space(_sampled(name, given, lattice, size))
            if found.error <= self.tol * float(np.abs(found.values).max()):
                return found
        raise NotSolved(f"`{name}` must decay in real space, but its V_R still change by {found.error:.2g}")


def spin_fluctuation(U: float, chi0: Scattering) -> tuple[Scattering, Scattering]:
    """Pair scattering V(q) of singlets and triplets by spin and charge fluctuations of a Hubbard model, in RPA.

    V_s = U + (3/2) U^2 chi_s - (1/2) U^2 chi_c, V_t = -(1/2) U^2 (chi_s + chi_c), chi_s,c = chi_0/(1 -+ U chi_0): sums
    of bubbles and ladders U/(1 - U^2 chi_0^2) + U^2 chi_0/(1 - U chi_0) and -U^2 chi_0/(1 - U^2 chi_0^2) between
    electrons of opposite and of equal spin.

    Args:
        U: repulsion on one site > 0, energy.
        chi0: susceptibility of one spin without interaction, function of momenta (..., 2), 1/energy, >= 0.

    Returns:
        V(q) of singlets (U included) and of triplets, for `FromMomentum`.

    Raises:
        InvalidInput: in use, U chi_0 >= 1 (magnetic order) or chi_0 < 0.

    Source: D. J. Scalapino, E. Loh, J. E. Hirsch, doi:10.1103/PhysRevB.34.8190.

    >>> from spinvalley.pairing.interactions import spin_fluctuation
    >>> V_s, V_t = spin_fluctuation(2.0, lambda q: 0.25)
    >>> round(float(V_s(0)), 6), round(float(V_t(0)), 6)
    (4.666667, -1.333333)
    """
    U = positive("U", U)

    def fluctuations(q: Floats) -> tuple[Floats, Floats]:
        bare = floats("chi0", chi0(q))
        if np.any(bare < 0) or np.any(U * bare >= 1):
            raise InvalidInput(
                f"`chi0` must be between 0 and 1/U = {1 / U:.4g}, where the paramagnet is stable, but has values from "
                f"{bare.min():.4g} to {bare.max():.4g}"
            )
        return U**2 * bare / (1 - U * bare), U**2 * bare / (1 + U * bare)

    def of_singlets(q: Floats) -> Floats:
        spin, charge = fluctuations(q)
        return U + 1.5 * spin - 0.5 * charge

    def of_triplets(q: Floats) -> Floats:
        spin, charge = fluctuations(q)
        return -0.5 * (spin + charge)

    return of_singlets, of_triplets


def _table(name: str, values: ArrayLike) -> Floats:
    """Values on an even mesh of momenta that are an even function of q."""
    table = floats(name, values)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) % 2 or len(table) < _SMALLEST_MESH:
        raise InvalidInput(
            f"`{name}` must have shape (n, n) with an even n of at least {_SMALLEST_MESH}, but has shape {table.shape}"
        )
    if not np.all(np.isfinite(table)):
        raise InvalidInput(f"`{name}` must be finite, but contains NaN or infinity")
    back = np.roll(table[::-1, ::-1], 1, axis=(0, 1))
    if np.abs(table - back).max() > _EVEN * np.abs(table).max():
        raise InvalidInput(f"`{name}` must be even, V(-q) = V(q), but differs by {np.abs(table - back).max():.3g}")
    return table


def _sampled(name: str, function: Scattering, lattice: Lattice, size: int) -> Floats:
    """Values of a function on a mesh of size x size momenta."""
    steps = np.stack(np.meshgrid(*[np.arange(size) / size] * 2, indexing="ij"), axis=-1)
    values = floats(name, function(steps @ lattice.reciprocal))
    if values.shape not in ((), (size, size)):
        raise InvalidInput(f"`{name}` must give one number for each momentum (..., 2), but gives shape {values.shape}")
    return _table(name, np.broadcast_to(values, (size, size)))


def _real_space(table: Floats) -> RealSpace:
    size = len(table)
    values, coarse = (np.real(np.fft.ifft2(t)) for t in (table, table[::2, ::2]))
    near = np.arange(-(size // 8), size // 8 + 1)
    change = values[np.ix_(near, near)] - coarse[np.ix_(near, near)]
    return RealSpace(values, float(np.abs(change).max()))
