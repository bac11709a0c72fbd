"""Density-density interactions in real space: what attracts a pair is the bond that it sits on.

H_int = (1/2) sum_{r,R} V_R n_r n_{r+R} between equal orbitals (V_0 = U: the on-site energy U n_up n_dn) scatters pairs
from k' to k with V(k - k') = sum_R V_R exp(-i (k - k').R). Its mean-field energy is (1/2) sum_R V_R tr F_R^+ F_R, with
the pair amplitudes F_R = <c c>. It is diagonal in R: in the space of tables D_R with the scalar product
<A|B> = (1/2) sum_R tr A_R^+ B_R the attraction is the multiplication by -V_R, so that between normalised channels

    V_ij = -sum_R V_R <D_i|D_j>_R / sqrt(n_i n_j),

with a V_R of its own for singlets and for triplets where spins are exchanged. A bond attraction V_R = -g gives V = g in
every channel on its shell, whatever the form; channels with weight on several shells feel the mean of their V_R.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spinvalley.checks import InvalidInput, real, whole
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.channels.shells import shell
from spinvalley.spin import S0, SX, SY, SZ, singlet

Potential = Callable[[Cell], float]
_PAULI = np.array([S0, SX, SY, SZ])
_ORTHOGONAL = 1e-10


def couplings(channels: tuple[Channel, ...], of_singlets: Potential, of_triplets: Potential) -> Matrix:
    """V_ij of channels from V_R of singlets and of triplets, Hermitian (n, n), energy; positive attracts.

    Args:
        channels: orthogonal channels of one model, of pairs on equal orbitals.
        of_singlets: R = (n1, n2) -> V_R, energy; negative attracts.
        of_triplets: the same for triplets.

    Raises:
        InvalidInput: channels that are not orthogonal, pairs of different orbitals, bonds on which nothing acts.
    """
    scale = np.sqrt([channel.norm for channel in channels])
    overlaps = np.array([[a.overlap(b) for b in channels] for a in channels]) / np.outer(scale, scale)
    _check_orthogonal(channels, overlaps)
    cells = sorted(set().union(*(channel.table for channel in channels)))
    total = np.zeros((len(channels), len(channels)), dtype=complex)
    for cell in cells:
        parts = np.array([_spin_parts(channel, cell) for channel in channels])  # (n, orbitals, 4)
        for row, potential in ((slice(0, 1), of_singlets), (slice(1, 4), of_triplets)):
            flat = parts[..., row].reshape(len(channels), -1)
            if np.any(flat):
                total -= potential(cell) * flat.conj() @ flat.T
    total /= np.outer(scale, scale)
    for channel, row in zip(channels, np.abs(total), strict=True):
        if row.max() <= _ORTHOGONAL * np.abs(total).max():
            raise InvalidInput(
                f"`channels` must sit on bonds on which the interaction acts, but {channel.name!r} does not"
            )
    return np.asarray(total)


def _check_orthogonal(channels: tuple[Channel, ...], overlaps: Matrix) -> None:
    for i, j in zip(*np.nonzero(np.abs(np.triu(overlaps, 1)) > _ORTHOGONAL), strict=True):
        raise InvalidInput(
            f"`channels` must be orthogonal, but {channels[i].name!r} and {channels[j].name!r} overlap by "
            f"{abs(overlaps[i, j]):.3g}"
        )


def _spin_parts(channel: Channel, cell: Cell) -> Matrix:
    """(psi, d_x, d_y, d_z) of D_R on each orbital, (orbitals, 4)."""
    size = len(channel.layers)
    if cell not in channel.table:
        return np.zeros((size, 4), dtype=complex)
    blocks = channel.table[cell].reshape(size, 2, size, 2).swapaxes(1, 2)
    if np.any(blocks[~np.eye(size, dtype=bool)]):
        raise InvalidInput(f"`channels` must pair equal orbitals here, but {channel.name!r} pairs different ones")
    own = blocks[np.arange(size), np.arange(size)] @ singlet(1).conj().T
    return np.asarray(np.einsum("mst,ots->om", _PAULI, own) / 2)


@dataclass(frozen=True)
class BondAttraction:
    """H_int = -g sum_<rr'> n_r n_r' on the bonds of one shell, each bond once, beside an on-site attraction.

    On a bond of one orbital g may differ for singlets and triplets, as where spins are exchanged too.

    Args:
        singlet: g of singlets on the bonds, energy unit of the model; positive attracts, negative repels.
        triplet: g of triplets.
        onsite: attraction of a pair on one site, -U.
        shell: number of the shell of bonds, 1 for the shortest.

    Raises:
        InvalidInput: nothing given, a number that is zero or not finite, a shell below 1.

    >>> import spinvalley as sv
    >>> from spinvalley.pairing.channels import channel
    >>> film = sv.models.film()
    >>> d = channel(film, "d_xy")
    >>> sv.pairing.interactions.BondAttraction(singlet=0.8).couplings((d,)).real.round(9)
    array([[0.8]])
    """

    singlet: float | None = None
    triplet: float | None = None
    onsite: float | None = None
    shell: int = 1

    def __post_init__(self) -> None:
        """At least one finite strength, none of them zero."""
        strengths = {"singlet": self.singlet, "triplet": self.triplet, "onsite": self.onsite}
        given = {name: value for name, value in strengths.items() if value is not None}
        if not given:
            raise InvalidInput("at least one of `singlet`, `triplet`, `onsite` must be given, but got none")
        for name, value in given.items():
            if real(name, value) == 0:
                raise InvalidInput(f"`{name}` must not be zero: leave it out")
        whole("shell", self.shell, 1)

    def couplings(self, channels: tuple[Channel, ...]) -> Matrix:
        """V_ij between channels, Hermitian (n, n), energy; see `couplings` of this module for what it refuses."""
        bonds = frozenset(shell(channels[0].lattice, self.shell))

        def of(strength: float | None) -> Potential:
            return lambda cell: -((self.onsite if cell == (0, 0) else strength if cell in bonds else None) or 0.0)

        return couplings(channels, of(self.singlet), of(self.triplet))
