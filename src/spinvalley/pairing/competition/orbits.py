"""Which states the symmetries of a competition make of one another: its degenerate partners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.channels.group import PointGroup, point_group
from spinvalley.pairing.competition.gauge import distance, fix_gauge
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.reversal import Reversal

_CLOSED = 1e-9


@dataclass(frozen=True, eq=False)
class Symmetries:
    """Point group and reversals as matrices on the amplitudes.

    Args:
        unitary: of the operations of the point group that map the channels onto themselves, each (n, n).
        reversal: the antiunitary ones.
    """

    unitary: tuple[Matrix, ...]
    reversal: Reversal

    @classmethod
    def of(cls, comp: Competition, zeeman: Floats) -> Symmetries:
        """Those of a competition in a field (3-vector); the identity only where the group is not determined."""
        reversal = Reversal.of(comp, zeeman)
        group = group_of(comp, zeeman)
        elements = group.elements if group is not None else ()
        found = [np.eye(len(comp.channels), dtype=complex)]
        for element in elements:
            matrix = _on_amplitudes(comp, reversal.gram, [element.applied(channel) for channel in comp.channels])
            if matrix is not None:
                found.append(matrix)
        return cls(tuple(found), reversal)

    def orbit(self, amplitudes: Matrix, tolerance: float) -> tuple[Matrix, ...]:
        """All different states, gauge fixed, that the symmetries make of one, in a fixed order; tolerance relative."""
        size = float(np.linalg.norm(amplitudes))
        found: list[Matrix] = []
        for state in [amplitudes, *self.reversal.partners(amplitudes)]:
            for matrix in self.unitary:
                image = fix_gauge(matrix @ state)
                if all(distance(image, other) > tolerance * size for other in found):
                    found.append(image)
        return tuple(sorted(found, key=lambda state: _rank(state, tolerance * size)))


def group_of(comp: Competition, zeeman: Floats) -> PointGroup | None:
    """The point group of the model in a field (3-vector), kept for the next call.

    None where `point_group` refuses the model itself: orbitals that no hopping connects, on which the operations act in
    several ways.
    """

    def build() -> PointGroup | None:
        try:
            return point_group(comp.model, zeeman)
        except InvalidInput:  # model and field are checked before: the one reason left is the one above
            return None

    return comp.sampler.remember(("point group", *zeeman.tolist()), build)  # type: ignore[no-any-return]


def symmetries_of(comp: Competition, zeeman: Floats) -> Symmetries:
    """Those of a competition in a field (3-vector), kept for the next call."""
    return comp.sampler.remember(("symmetries", *zeeman.tolist()), lambda: Symmetries.of(comp, zeeman))  # type: ignore[no-any-return]


def _on_amplitudes(comp: Competition, gram: Matrix, images: list[Channel]) -> Matrix | None:
    """M with Delta -> M Delta; None where the images leave the span of the channels or the couplings change."""
    matrix = np.linalg.solve(gram, np.array([[a.overlap(image) for image in images] for a in comp.channels]))
    lost = np.abs(np.diag(matrix.conj().T @ gram @ matrix - gram)).max()
    changed = np.abs(matrix.conj().T @ comp.quadratic @ matrix - comp.quadratic).max()
    closed = lost <= _CLOSED * np.abs(gram).max() and changed <= _CLOSED * np.abs(comp.quadratic).max()
    return np.asarray(matrix) if closed else None


def _rank(state: Matrix, grain: float) -> tuple[float, ...]:
    """Which of several degenerate states is named first: that with the largest first amplitude, then the next."""
    rounded = np.round(np.stack([state.real, state.imag], axis=1) / grain)
    return tuple(-rounded.ravel())
