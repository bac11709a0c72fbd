"""What kind of state several amplitudes make: the irreducible representations in it, and one word.

The weight of irrep a in a state S is <S| P_a |S> / <S|S> = (d_a / |G|) sum_g chi_a(g)^* <S|gS> / <S|S>, with the point
group G of the model without field, so that a state has one name along a field line.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.form import superposition
from spinvalley.pairing.channels.irreps import Irrep
from spinvalley.pairing.competition.orbits import group_of
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.reversal import Reversal

_PRESENT = 1e-10

CHARACTERS: Final = ("normal", "single", "nematic", "chiral", "mixed")
"""No pairs; one representation, of dimension one; one of dimension two with real relative amplitudes, hence a
direction; one with relative phases other than 0 and 180 degrees, hence a sense of rotation; several representations."""


def representations(comp: Competition, amplitudes: Matrix) -> tuple[Irrep, ...]:
    """Irreps of the group without field that take part; none for the normal state or an undetermined group."""
    group = group_of(comp, np.zeros(3))
    if group is None or not np.any(amplitudes):
        return ()
    state = superposition(comp.channels, amplitudes / np.linalg.norm(amplitudes), "state")
    overlaps = np.array([state.overlap(element.applied(state)) for element in group.elements])
    weights = [i.dimension * np.real(np.mean(i.characters.conj() * overlaps)) / state.norm for i in group.irreps]
    return tuple(i for i, weight in zip(group.irreps, weights, strict=True) if weight > _PRESENT)


def character(reversal: Reversal, irreps: tuple[Irrep, ...], amplitudes: Matrix) -> str:
    """One of `CHARACTERS`; where `orbits.group_of` finds none, all channels count as one of dimension one."""
    if not np.any(amplitudes):
        return "normal"
    if len(irreps) > 1:
        return "mixed"
    if reversal.is_complex(amplitudes):
        return "chiral"
    return "nematic" if irreps and irreps[0].dimension > 1 else "single"
