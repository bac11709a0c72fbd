"""The reduced interaction: only pairs of zero momentum attract each other, every channel with a strength of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np

from spinvalley.checks import InvalidInput, instance, real
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.pairing.carrier import Pairing
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.superconductor import Superconductor


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

    @classmethod
    def from_tc(cls, model: Model, channels: Sequence[Channel], tc: Mapping[str, float]) -> Self:
        """Couplings with which each channel alone has a given critical temperature at zero field.

        Args:
            model: the normal state.
            channels: the channels.
            tc: {name of the channel: k_B Tc}, energy unit of the model.

        Raises:
            InvalidInput: a name without channel or the reverse, a tc that is not positive or cannot be resolved.
        """
        _match("tc", tc, [channel.name for channel in channels])
        return cls({c.name: Superconductor(model, Pairing(form=c, tc=tc[c.name])).v for c in channels})

    def couplings(self, channels: tuple[Channel, ...]) -> Matrix:
        """Diagonal matrix of the couplings, (n, n).

        Raises:
            InvalidInput: a channel without coupling, or a coupling whose channel is absent.
        """
        _match("v", self.v, [channel.name for channel in channels])
        return np.diag([complex(self.v[channel.name]) for channel in channels])


def _match(name: str, given: Mapping[str, float], channels: Sequence[str]) -> None:
    """As many numbers as channels, under the same names."""
    for key in given:
        if key not in channels:
            raise InvalidInput(f"`{name}` must name channels out of {', '.join(channels)}, but has {key!r}")
    for channel in channels:
        if channel not in given:
            raise InvalidInput(f"`{name}` must have a number for every channel, but has none for {channel!r}")
