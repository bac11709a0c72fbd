"""The name of a point group of a two-dimensional crystal in the notation of Schoenflies, by counting its operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spinvalley.pairing.channels.operations import Operation

_ANGLE = 1e-6


@dataclass(frozen=True, eq=False)
class Kinds:
    """Operations sorted by kind; each list is ordered by angle, so that the first axis or mirror is nearest to x."""

    elements: Sequence[Operation]

    def _of(self, mirrors: bool, flip: bool) -> list[Operation]:
        return sorted((g for g in self.elements if (g.mirrors, g.flip) == (mirrors, flip)), key=lambda g: g.angle)

    @cached_property
    def rotations(self) -> list[Operation]:
        """Rotations about z, the identity first."""
        return self._of(False, False)

    @cached_property
    def mirrors(self) -> list[Operation]:
        """Mirror planes that contain z (sigma_v)."""
        return self._of(True, False)

    @cached_property
    def axes(self) -> list[Operation]:
        """Twofold axes in the plane (C2')."""
        return self._of(True, True)

    @cached_property
    def improper(self) -> list[Operation]:
        """Rotations about z with z turned over: sigma_h, S_n, inversion."""
        return self._of(False, True)

    @cached_property
    def horizontal(self) -> Operation | None:
        """The mirror sigma_h, z -> -z."""
        return next((g for g in self.improper if g.angle < _ANGLE), None)

    @cached_property
    def inversion(self) -> Operation | None:
        """The inversion i."""
        return next((g for g in self.improper if abs(g.angle - np.pi) < _ANGLE), None)


def schoenflies(elements: Sequence[Operation]) -> str:
    """Name of the group of these operations, e.g. "D3h"."""
    kinds = Kinds(elements)
    n = len(kinds.rotations)
    if kinds.axes and not (kinds.mirrors or kinds.improper):
        return "C2" if n == 1 else f"D{n}"
    if kinds.axes:
        if n == 1:
            return "C2v" if kinds.horizontal else "C2h"
        return f"D{n}h" if kinds.horizontal else f"D{n}d"
    if kinds.mirrors:
        return "Cs" if n == 1 else f"C{n}v"
    if not kinds.improper:
        return f"C{n}"
    if kinds.horizontal:
        return "Cs" if n == 1 else f"C{n}h"
    return "Ci" if kinds.inversion and n == 1 else f"S{2 * n}"
