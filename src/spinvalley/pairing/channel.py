"""What pairs with what, and how strongly: the pairing carrier.

Today one kind exists: on-site singlet (s-wave) pairing on chosen layers with the reduced-BCS interaction of
heterostructure.txt. `kind` and `interaction` are named fields so that form factors, triplets and a contact
interaction become further values of the same carrier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, InvalidInput, one_of, positive
from spinvalley.models import Model

_STRENGTHS = ("v", "gap0", "tc")


@dataclass(frozen=True)
class Pairing:
    """A pairing channel and its strength, given in exactly one of three ways.

    Args:
        on: layer(s) that pair; None means every layer, all with one common gap.
        v: coupling v > 0 in the energy unit of the model, Delta = v sum <s_-k,dn s_k,up>.
        gap0: gap of the model itself at zero temperature and field.
        tc: critical temperature k_B Tc of the model itself at zero field.
        kind: form of the pair; "s_wave".
        interaction: "reduced" (only zero-momentum pairs interact).
    """

    on: str | tuple[str, ...] | None = None
    v: float | None = None
    gap0: float | None = None
    tc: float | None = None
    kind: str = "s_wave"
    interaction: str = "reduced"

    def __post_init__(self) -> None:
        """Exactly one strength, positive and finite."""
        given = [name for name in _STRENGTHS if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidInput(f"exactly one of `v`, `gap0`, `tc` must be given, but got {', '.join(given) or 'none'}")
        positive(given[0], getattr(self, given[0]))
        one_of("kind", self.kind, ("s_wave",))
        one_of("interaction", self.interaction, ("reduced",))

    def diagonal(self, model: Model) -> Floats:
        """1 on every paired spin-orbital, 0 elsewhere, shape (dim,)."""
        paired = model.orbitals_on(self.on)
        return np.repeat([float(n in paired) for n in range(len(model.layers))], 2)


def s_wave(
    on: str | tuple[str, ...] | None = None,
    *,
    gap0: float | None = None,
    v: float | None = None,
    tc: float | None = None,
) -> Pairing:
    """On-site singlet pairing Delta (-i sigma_y) on the named layer(s), of strength `gap0`, `v` or `tc` (one of them).

    Args:
        on: layer name(s) of the model; None pairs every layer with one common gap.
        gap0: the gap of this very model at zero temperature and field, energy unit of the model.
        v: coupling, energy unit of the model.
        tc: k_B Tc of this very model at zero field, energy unit of the model.

    Source: heterostructure.txt, eq. 3 and 7 (with the sign of v and of one k corrected, see docs/conventions.md).

    >>> from spinvalley import s_wave
    >>> s_wave(on="sc", gap0=0.1).gap0
    0.1
    """
    return Pairing(on=on, v=v, gap0=gap0, tc=tc)
