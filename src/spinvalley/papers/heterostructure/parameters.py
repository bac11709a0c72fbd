"""The parameters of heterostructure.txt, and those that it does not print."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from spinvalley.checks import InvalidInput, positive
from spinvalley.models import TightBinding, film, heterostructure, ising_film, tmd

BORDER: Final = math.pi / math.sqrt(3)
"""pi/(sqrt3 a), the border of the zone of an armchair edge and the unit of k_y in Fig. 4 (its b = sqrt3 a/pi)."""

TITLE: Final = "Ising superconductivity by proximity to a transition-metal dichalcogenide (heterostructure.txt)"


@dataclass(frozen=True)
class EdgeParameters:
    """What Fig. 4 is computed with; energies in units of |t|.

    Args:
        gap: the given Delta.
        ratio: V_x/Delta of Fig. 4b.
        width: columns of the strips of Fig. 4a-b, not printed in the paper.
        states: energies nearest zero that are drawn of them.
        momenta: k_y between 0 and the border of the edge zone.
        resolved_gap: Delta of the one-band set that a strip resolves (eq. 8 with t = -1, mu = 0).
        resolved_beta: its 2 beta.
        resolved_width: its columns.
        seen: interval of k_y/b of the edge spectrum.
        map_size: k_y and energies of the edge spectrum (energies > 0, logarithmic).
        phase_size: k_y and fields of the map of the winding number.
        contact: gamma of the normal lead.
        ladder: gaps of the isolated layer for which V = ratio Delta(T, V) is searched.
    """

    gap: float = 0.1
    ratio: float = 4.0
    width: int = 80
    states: int = 48
    momenta: int = 121
    resolved_gap: float = 0.3
    resolved_beta: float = 1.0
    resolved_width: int = 400
    seen: tuple[float, float] = (0.55, 0.8)
    map_size: tuple[int, int] = (101, 49)
    phase_size: tuple[int, int] = (301, 61)
    contact: float = 0.1
    ladder: tuple[float, ...] = (0.1, 0.02, 0.005)

    def resolved(self) -> TightBinding:
        """The one-band model that a strip resolves."""
        return ising_film(0.5 * self.resolved_beta)


@dataclass(frozen=True)
class Parameters:
    """What the figures and the claims are computed with; energies in units of |t| = 1, temperatures of Tc(Gamma = 0).

    Args:
        t: hopping of both layers (caption of Fig. 1).
        mu_sc: chemical potential of the superconductor (caption of Fig. 1).
        mu_tmd: chemical potential of the dichalcogenide (caption of Fig. 1).
        beta_so: its Ising coupling (caption of Fig. 1).
        couplings: Gamma of the curves of Fig. 3a, ascending from 0; the last one is that of Fig. 2 and 3c.
        gap0: gap of the isolated layer in Fig. 3, in place of the coupling v, which the paper does not print.
        ladder: gaps of the isolated layer for which the claims are checked, descending; `gap0` is one of them.
        broadenings: eta of the spectral densities, not printed either; the first one is drawn in Fig. 2.
        lowest: lowest temperature of the lines with Gamma > 0; their linearised field grows without end as T -> 0.
        temperatures: points of a line in Fig. 3a.
        ladder_temperatures: points of a line of the ladder.
        map_size: temperatures and fields of the maps of Fig. 3b-c.
        momenta: points along the longer side of the maps of Fig. 2.
        tol: relative tolerance of critical fields and temperatures.
        edge: parameters of Fig. 4.

    Raises:
        InvalidInput: a gap that is not on the ladder, couplings that do not rise from 0.
    """

    t: float = -1.0
    mu_sc: float = 0.0
    mu_tmd: float = 3.0
    beta_so: float = 0.5
    couplings: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    gap0: float = 0.005
    ladder: tuple[float, ...] = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
    broadenings: tuple[float, ...] = (0.1, 0.02)
    lowest: float = 0.1
    temperatures: int = 14
    ladder_temperatures: int = 8
    map_size: tuple[int, int] = (120, 64)
    momenta: int = 301
    tol: float = 1e-4
    edge: EdgeParameters = field(default_factory=EdgeParameters)

    def __post_init__(self) -> None:
        """Check what the figures rely on."""
        positive("lowest", self.lowest)
        if self.gap0 not in self.ladder:
            raise InvalidInput(f"`gap0` must be on the ladder {self.ladder}, but is {self.gap0}")
        if self.couplings[0] != 0 or list(self.couplings) != sorted(set(self.couplings)) or len(self.couplings) < 2:
            raise InvalidInput(f"`couplings` must rise from 0, but are {self.couplings}")

    @property
    def strongest(self) -> float:
        """The coupling of Fig. 2 and 3c."""
        return self.couplings[-1]

    def film(self) -> TightBinding:
        """The superconducting layer alone."""
        return film(self.t, self.mu_sc)

    def tmd(self) -> TightBinding:
        """The dichalcogenide alone."""
        return tmd(self.t, self.mu_tmd, self.beta_so)

    def bilayer(self, coupling: float) -> TightBinding:
        """Both layers, joined by Gamma = `coupling`; the field acts on both."""
        return heterostructure(self.t, self.t, self.mu_sc, self.mu_tmd, self.beta_so, coupling)
