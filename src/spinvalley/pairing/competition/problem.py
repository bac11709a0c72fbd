"""Several channels that compete in one model: F(Delta) = sum_ij Delta_i^* W_ij Delta_j - G(Delta; T, V).

Delta_i are complex amplitudes, D(k) = sum_i Delta_i D_i(k). With n_i paired orbitals of channel i and the couplings
V_ij between normalised channels, W = N^1/2 V^-1 N^1/2, N = diag(n_i): for one channel n |Delta|^2 / v. The linearised
gap equation is W Delta = chi Delta.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance
from spinvalley.models import Model
from spinvalley.models.model import Matrix, numbers
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.channels.form import Channel, superposition
from spinvalley.pairing.interactions.reduced import Interaction
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.superconductor import Superconductor

_SINGULAR = 1e-12
_SAME_FORM = 1e-10


@dataclass(frozen=True, eq=False)
class Competition:
    """A model with several pairing channels and the interaction between their pairs.

    Args:
        model: the normal state.
        channels: the channels, each name once.
        interaction: gives their couplings, e.g. `Reduced({"s": 2.3, "f:z": 0.4})`.

    Raises:
        InvalidInput: no channel, two of one name, linearly dependent ones, one made for another model, couplings that
            do not fit.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.3})).names
    ('s',)
    """

    model: Model
    channels: tuple[Channel, ...]
    interaction: Interaction

    def __post_init__(self) -> None:
        """Channels of this model under distinct names, and couplings that have an inverse."""
        instance("model", self.model, Model, "film()")
        instance("interaction", self.interaction, Interaction, 'Reduced({"s": 2.3})')
        instance("channels", self.channels, Iterable, '[channels.channel(film(), "d_xy")]')
        object.__setattr__(self, "channels", tuple(self.channels))
        if not self.channels:
            raise InvalidInput("`channels` must contain at least one channel, but is empty")
        for place, channel in enumerate(self.channels):
            instance("channels", channel, Channel, 'channels.channel(film(), "d_xy")')
            channel.check(self.model)
            if channel.name in self.names[:place]:
                raise InvalidInput(f"`channels` must have distinct names, but {channel.name!r} occurs twice")
        gram = np.array([[a.overlap(b) / np.sqrt(a.norm * b.norm) for b in self.channels] for a in self.channels])
        if np.linalg.eigvalsh(gram)[0] <= _SAME_FORM:
            raise InvalidInput("`channels` must be linearly independent, but one is a superposition of the others")
        values = np.abs(np.linalg.eigvalsh(self.couplings))
        if values.min() <= _SINGULAR * values.max():
            raise InvalidInput("`interaction` must couple every channel, but leaves a combination of them without")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(channel.name for channel in self.channels)

    @cached_property
    def couplings(self) -> Matrix:
        """V_ij, Hermitian (n, n), energy; positive eigenvalues attract."""
        return np.asarray(self.interaction.couplings(self.channels), dtype=complex)

    @cached_property
    def norms(self) -> Floats:
        """Paired orbitals n_i of each channel, (n,)."""
        return np.array([channel.norm for channel in self.channels])

    @cached_property
    def quadratic(self) -> Matrix:
        """W_ij, Hermitian (n, n), 1/energy."""
        root = np.sqrt(self.norms)
        inverse = np.linalg.inv(self.couplings)
        return np.asarray(root[:, None] * 0.5 * (inverse + inverse.conj().T) * root)

    def blocks(self, k: Floats) -> Matrix:
        """D_i(k) for k (K, 2), shape (K, n, dim, dim)."""
        cells = sorted(set().union(*(channel.table for channel in self.channels)))
        nothing = np.zeros((self.model.dim, self.model.dim))
        tables = np.array([[channel.table.get(cell, nothing) for channel in self.channels] for cell in cells])
        phases = np.exp(1j * (k @ np.stack([self.model.lattice.translation(cell) for cell in cells], axis=-1)))
        return np.asarray(np.tensordot(phases, tables, axes=1))

    @cached_property
    def sampler(self) -> Sampler:
        """Quadrature nodes that serve every superposition: those of a random one, which has no symmetry of its own."""
        rng = np.random.default_rng(11)
        weights = np.array([1, 1j]) @ rng.normal(size=(2, len(self.channels))) if len(self.channels) > 1 else [1.0]
        return Sampler(self.model, Pairing(form=superposition(self.channels, weights, "random"), v=1.0))

    @property
    def energetics(self) -> Sampler:
        """What sums over the zone, as that of a superconductor."""
        return self.sampler

    def superconductor(self, weights: ArrayLike, name: str = "") -> Superconductor:
        """The superconductor with one amplitude Delta in front of sum_i w_i D_i(k), e.g. for `topology`.

        Its coupling is such that F(Delta) is the free energy of the competition along this line, n Delta^2 / v - G.

        Args:
            weights: complex w_i, (n,), not all zero.
            name: of the superposition.

        Raises:
            InvalidInput: weights of another number or all zero, a superposition that repels (F has no minimum).
        """
        w = np.atleast_1d(numbers("weights", weights))
        if w.shape != (len(self.channels),) or not np.all(np.isfinite(w)) or not np.any(w):
            raise InvalidInput(
                f"`weights` must be {len(self.channels)} finite numbers, not all zero, but are {weights!r}"
            )
        form = superposition(self.channels, w, name or " + ".join(n for n, x in zip(self.names, w, strict=True) if x))
        strength = float(np.real(w.conj() @ self.quadratic @ w))
        if strength <= 0:
            raise InvalidInput(f"`weights` must be a superposition that attracts, but w^+ W w is {strength:.3g}")
        return Superconductor(self.model, Pairing(form=form, v=form.norm / strength))
