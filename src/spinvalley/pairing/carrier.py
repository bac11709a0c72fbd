"""What pairs with what, and how strongly: the pairing carrier.

One amplitude Delta multiplies a fixed form: on-site singlet (s-wave) pairing on chosen layers, or any channel of
`pairing.channels`, a superposition such as d + i d among them. Several amplitudes at once: `pairing.components`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, InvalidInput, instance, one_of, positive
from spinvalley.models import Model
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.spin import singlet

_STRENGTHS = ("v", "gap0", "tc")
INTERACTIONS = ("reduced", "contact")


@dataclass(frozen=True)
class Pairing:
    """A pairing channel and its strength, given in exactly one of three ways.

    Args:
        on: layer(s) that pair; None means every layer, all with one common gap. Only without `form`.
        v: coupling v > 0 in the energy unit of the model, Delta = v sum <s_-k,dn s_k,up>.
        gap0: gap (amplitude of the channel) of the model itself at zero temperature and field.
        tc: critical temperature k_B Tc of the model itself at zero field.
        form: a channel of `pairing.channels`; None: on-site singlet pairing, s-wave.
        interaction: "reduced" (only zero-momentum pairs interact) or "contact" (-v n_up n_dn on the paired orbital,
            with its mean fields of density and magnetisation: `pairing.hartree_fock`).

    Raises:
        InvalidInput: none or several strengths, one that is not positive, `on` beside a form, a contact interaction
            with a form that is not on-site singlet pairing.
    """

    on: str | tuple[str, ...] | None = None
    v: float | None = None
    gap0: float | None = None
    tc: float | None = None
    form: Channel | None = None
    interaction: str = "reduced"

    def __post_init__(self) -> None:
        """Exactly one strength, positive and finite."""
        given = [name for name in _STRENGTHS if getattr(self, name) is not None]
        if len(given) != 1:
            raise InvalidInput(f"exactly one of `v`, `gap0`, `tc` must be given, but got {', '.join(given) or 'none'}")
        positive(given[0], getattr(self, given[0]))
        if self.form is not None:
            instance("form", self.form, Channel, 'channels.channel(film(), "d_xy")')
            if self.on is not None:
                raise InvalidInput(f"`on` must be None where `form` says what pairs, but is {self.on!r}")
        one_of("interaction", self.interaction, INTERACTIONS)
        if self.interaction == "contact" and self.form is not None and self.form.onsite_singlet is None:
            raise InvalidInput(
                f"`interaction` 'contact' pairs electrons on one site, in a singlet, but `form` is {self.kind!r}"
            )

    @property
    def kind(self) -> str:
        """Form of the pair: "s_wave" or the name of the channel."""
        return "s_wave" if self.form is None else self.form.name

    def check(self, model: Model) -> None:
        """Refuse a model that lacks the paired layers, or that the channel was not made for, in one sentence."""
        if self.form is None:
            model.orbitals_on(self.on)
        else:
            self.form.check(model)
        if self.interaction == "contact" and (paired := self.orbitals(model)) != 1:
            raise InvalidInput(
                f"`interaction` 'contact' must act on one orbital, as several have gaps of their own (`on` names one), "
                f"but {paired:g} pair"
            )

    def onsite(self, model: Model) -> Floats | None:
        """1 on every paired spin-orbital, 0 elsewhere, (dim,), for on-site singlet pairing; None for other forms."""
        if self.form is not None:
            return self.form.onsite_singlet
        paired = model.orbitals_on(self.on)
        return np.repeat([float(n in paired) for n in range(len(model.layers))], 2)

    def diagonal(self, model: Model) -> Floats:
        """The same where nothing but on-site singlet pairing has a meaning.

        Raises:
            InvalidInput: another form.
        """
        diagonal = self.onsite(model)
        if diagonal is None:
            raise InvalidInput(f"the pairing must be on-site and singlet (s_wave) here, but is {self.kind}")
        return diagonal

    def orbitals(self, model: Model) -> float:
        """Number n of paired orbitals: F contains n Delta^2 / v."""
        return float(self.diagonal(model).sum()) / 2 if self.form is None else self.form.norm

    @property
    def size(self) -> float:
        """Gap on the paired orbitals for unit amplitude (root mean square): energies are compared with size * Delta."""
        return 1.0 if self.form is None else self.form.size

    @property
    def bound(self) -> float:
        """The largest gap at any momentum for unit amplitude, or more."""
        return 1.0 if self.form is None else self.form.bound

    def matrix(self, model: Model, k: Floats) -> Matrix:
        """D(k), the pairing block of unit amplitude, (..., dim, dim) for k (..., 2), or (dim, dim) if it is on-site."""
        table = self.hoppings(model)
        if set(table) == {(0, 0)}:
            return table[0, 0]
        return self.form.matrix(k)  # type: ignore[union-attr]  # s-wave is on-site

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """{(n1, n2): D_R (dim, dim)}, D(k) = sum_R D_R exp(i k.R)."""
        if self.form is not None:
            return dict(self.form.table)
        return {(0, 0): np.asarray(self.diagonal(model)[:, None] * singlet(len(model.layers)))}


def s_wave(
    on: str | tuple[str, ...] | None = None,
    *,
    gap0: float | None = None,
    v: float | None = None,
    tc: float | None = None,
    interaction: str = "reduced",
) -> Pairing:
    """On-site singlet pairing Delta (-i sigma_y) on the named layer(s), of strength `gap0`, `v` or `tc` (one of them).

    Args:
        on: layer name(s) of the model; None pairs every layer with one common gap.
        gap0: the gap of this very model at zero temperature and field, energy unit of the model.
        v: coupling, energy unit of the model.
        tc: k_B Tc of this very model at zero field, energy unit of the model.
        interaction: "reduced", or "contact": mean fields of density and magnetisation beside the gap.

    Source: heterostructure.txt, eq. 3 and 7 (with the sign of v and of one k corrected, see docs/conventions.md).

    >>> from spinvalley import s_wave
    >>> s_wave(on="sc", gap0=0.1).gap0
    0.1
    """
    return Pairing(on=on, v=v, gap0=gap0, tc=tc, interaction=interaction)
