"""Which valley of the zone a momentum belongs to, the edges of the valleys, and when Q starts to fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from spinvalley.checks import Floats, InvalidInput
from spinvalley.gating.stacking import q_shape
from spinvalley.gating.zone_electrons import Electrons
from spinvalley.models import Lattice
from spinvalley.models.terms import triangular_bonds

_SCAN = 60


@dataclass(frozen=True, eq=False)
class Regions:
    """A partition of the zone by the nearest valley centre.

    Args:
        lattice: the Bravais lattice.
        names: names of the valleys.
        centres: momenta of the centres in the zone, (n, 2).
        owner: index of the name of each centre, (n,).
    """

    lattice: Lattice
    names: tuple[str, ...]
    centres: Floats
    owner: NDArray[np.int64]

    def of(self, k: Floats, name: str) -> NDArray[np.bool_]:
        """Which momenta (K, 2) belong to the valley, (K,)."""
        distance = np.linalg.norm(self.lattice.fold(k)[:, None] - self.centres, axis=-1)
        return np.asarray(self.owner[np.argmin(np.round(distance, 9), axis=1)] == self.names.index(name))

    def edge(self, electrons: Sequence[Electrons], potential: Floats, name: str) -> float:
        """Lowest conduction energy of the valley, meV."""
        return min(self._lowest(partial(e.lowest, potential=potential), name) for e in electrons)

    def onset(self, electrons: Sequence[Electrons], mu: float, potential: Floats) -> float:
        """The further shift of the Q valleys at which their lowest conduction energy is mu, meV."""

        def missing(k: Floats, e: Electrons) -> Floats:
            return (e.lowest(k, potential) - mu) / np.maximum(q_shape(self.lattice, k), 1e-6)

        return -min(self._lowest(partial(missing, e=e), "Q") for e in electrons)

    def _lowest(self, function: Callable[[Floats], Floats], name: str) -> float:
        """Minimum of a function of the momentum (K, 2) in a valley, from a scan and a descent."""

        def inside(q: Floats) -> float:
            return float(function(q[None])[0]) if self.of(q[None], name)[0] else np.inf

        k = self._scan(name)
        values = function(k)
        best = int(np.argmin(values))
        found = minimize(inside, k[best], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6})
        return min(float(found.fun), float(values[best]))

    def _scan(self, name: str) -> Floats:
        number = np.stack(np.meshgrid(np.arange(_SCAN), np.arange(_SCAN), indexing="ij"), axis=-1).reshape(-1, 2)
        k = number / _SCAN @ self.lattice.reciprocal
        return k[self.of(k, name)]


def regions_of(lattice: Lattice) -> Regions:
    """K, Q (the middle of Gamma-K) and Gamma on a triangular lattice; elsewhere the whole zone is one valley."""
    try:
        triangular_bonds(lattice)
    except InvalidInput:
        return Regions(lattice, ("zone",), np.zeros((1, 2)), np.zeros(1, dtype=np.int64))
    corners = lattice.zone_corners
    centres = np.concatenate([corners, 0.5 * corners, np.zeros((1, 2))])
    return Regions(lattice, ("K", "Q", "Gamma"), centres, np.repeat([0, 1, 2], [6, 6, 1]))
