"""The reduced interaction: only pairs of zero momentum attract each other, every channel with a strength of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from spinvalley.checks import InvalidInput, instance, real
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.form import Channel


@runtime_checkable
class Interaction(Protocol):
    """Anything that gives the couplings between channels."""

    def couplings(self, channels: tuple[Channel, ...], /) -> Matrix:
        """V_ij between channels normalised to one paired orbital, Hermitian (n, n), energy; positive: attraction."""
        ...


@dataclass(frozen=True)
class Reduced:
    """H_int = -sum_i (v_i / n_i) N B_i^+ B_i, B_i the mean pair in channel i: the interaction of BCS.

    Args:
        v: {name of the channel: coupling}, energy unit of the model; positive attracts, negative repels.

    Raises:
        InvalidInput: no coupling, one that is zero or not finite.

    Source: heterostructure.txt, eq. 3, for any channel.

    >>> from spinvalley.pairing import Reduced
    >>> Reduced({"s": 2.3, "f:z": 0.4}).v["s"]
    2.3
    """

    v: Mapping[str, float]

    def __post_init__(self) -> None:
        """Nonzero finite couplings."""
        instance("v", self.v, Mapping, '{"s": 2.3}')
        if not self.v:
            raise InvalidInput("`v` must name at least one channel, but is empty")
        for name, value in self.v.items():
            if real(f"v[{name!r}]", value) == 0:
                raise InvalidInput(f"`v[{name!r}]` must not be zero: leave the channel out")

    def couplings(self, channels: tuple[Channel, ...]) -> Matrix:
        """Diagonal matrix of the couplings, (n, n).

        Raises:
            InvalidInput: a channel without coupling, or a coupling whose channel is absent.
        """
        names = [channel.name for channel in channels]
        for name in self.v:
            if name not in names:
                raise InvalidInput(f"`v` must name channels out of {', '.join(names)}, but has {name!r}")
        for name in names:
            if name not in self.v:
                raise InvalidInput(f"`v` must give a coupling to every channel, but has none for {name!r}")
        return np.diag([complex(self.v[name]) for name in names])
