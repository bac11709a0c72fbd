"""Zone sums in which the mean fields follow the gap: F(Delta) is again a function of Delta alone.

G(x) = -ext_p [Omega(x, p) + Q(p)] + the same at x = 0 takes the place of the sum over energies at fixed fields. At the
extremum dG/dx is that at fixed fields, and an error of the fields enters G squared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats, NotSolved
from spinvalley.numerics.thermal import MomentBasis
from spinvalley.pairing.hartree_fock.fields import Fields
from spinvalley.pairing.hartree_fock.response import Response
from spinvalley.pairing.hartree_fock.stationary import stationary
from spinvalley.pairing.spectrum import Sums

_TOLERANCE = 1e-11
_NOISE = 2e-16


@dataclass(frozen=True, eq=False)
class MeanFieldSpectrum:
    """What a landscape needs, from a grand potential and its mean fields on fixed nodes.

    Args:
        response: the grand potential.
        fields: the mean fields and their cost.
        step: width over which densities are smooth in the fields, energy.
        enough: change of F below which the fields are taken as settled, energy.
        allowed: largest error of F from mean fields that do not settle, energy.
        scale: of the band energies.
        offset: part of F that knows neither gap nor field.
    """

    response: Response
    fields: Fields
    step: float
    enough: float
    allowed: float
    scale: float
    offset: float = 0.0
    _known: dict[float, tuple[float, Floats]] = field(default_factory=dict, repr=False)

    def sums(self, gaps: Floats, kT: Floats, _basis: MomentBasis | None = None) -> Sums:
        """G at gaps (D,) and temperatures (nT,), as `Spectrum.sums`; `half` is 0."""
        columns = [self._normal(float(t))[0] - self._extremum(gaps, float(t))[0] for t in kT]
        return Sums(np.zeros(len(gaps)), np.stack(columns, axis=-1))

    def normal(self, kT: Floats, _basis: MomentBasis | None = None) -> Floats:
        """-F of the normal state at each temperature, (nT,)."""
        return -np.array([self._normal(float(t))[0] + self.offset for t in kT])

    def noise(self, _gap: float) -> float:
        """Rounding error of the sums."""
        return _NOISE * self.scale

    def slope(self, gap: float, kT: float) -> float:
        """dG/dx, equal to n/v at a stationary point."""
        gaps = np.array([gap])
        fields = self._solve(gaps, kT, np.zeros(len(self.fields.linear)))[1]
        return float(self.response(gaps, fields, kT).slope[0])

    def solution(self, gap: float, kT: float) -> Floats:
        """The fields at one gap, (n,)."""
        return np.asarray(self._extremum(np.array([gap]), kT)[1][0])

    def _normal(self, kT: float) -> tuple[float, Floats]:
        """The same at gap zero, solved once for each temperature: number and fields (n,)."""
        if kT not in self._known:
            value, fields = self._solve(np.zeros(1), kT, np.zeros(len(self.fields.linear)))
            self._known[kT] = float(value[0]), fields[0]
        return self._known[kT]

    def _extremum(self, gaps: Floats, kT: float) -> tuple[Floats, Floats]:
        """ext_p [Omega + Q], (D,), and where, (D, n)."""
        return self._solve(gaps, kT, self._normal(kT)[1])

    def _solve(self, gaps: Floats, kT: float, start: Floats) -> tuple[Floats, Floats]:
        def gradient(which: NDArray[np.intp], p: Floats) -> Floats:
            return self.response(gaps[which], p, kT).densities + self.fields.slope(p)

        p, left = stationary(gradient, np.tile(start, (len(gaps), 1)), self.step, _TOLERANCE, self.enough)
        if np.any(left > self.allowed):
            raise NotSolved(
                f"the mean fields at kT = {kT:g} must settle, but F changes by {left.max():.2g} still "
                "(is the density stable at this coupling?)"
            )
        return self.response(gaps, p, kT).value + self.fields.cost(p), p
