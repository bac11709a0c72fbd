"""The parameters of gated_mos2.txt, and those that it does not print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from spinvalley.checks import InvalidInput, positive
from spinvalley.models import OneBand, one_band

TITLE: Final = "Superconductivity protected by spin-valley locking in ion-gated MoS2 (gated_mos2.txt)"
DATA: Final = Path("../shared/data/gated_mos2_hc2.csv")
"""Where the digitised points are looked for, from the working folder and from the root of the repository."""

_TEMPERATURES: Final = (1.0, 1.5, 2.0, 2.5, 3.0, 3.75, 4.5, 5.0, 5.5, 6.0, 6.4)


@dataclass(frozen=True)
class Parameters:
    """What the figures and the claims are computed with; K, T, meV, nm, densities in cm^-2.

    Args:
        material: name in the material library.
        density: density of the band structure calculation (Fig. 4).
        other_density: another density that is near that of the device; the published calibration belongs to it.
        tc: critical temperature of device H1.
        ratios: Rashba ratios of Fig. 4c, ascending from 0.
        band_ratio: the ratio of the band theory, one of `ratios`.
        best_ratio: the ratio that the paper finds best, one of `ratios`.
        temperatures: of Fig. 4c; the first one and `cold` are those of the claims.
        cold: temperature of the measured saturation.
        measured: field of the saturation at `cold`.
        layers: layers of the gated crystal.
        eps_perp: dielectric constants between the layers; the second one is that of the material.
        warm: temperature of the Hall measurement.
        q_offsets: energies of the Q valleys above the K valleys of an isolated layer.
        q_hoppings: their hoppings between the layers.
        densities: densities of Supplementary Fig. 7.
        critical_temperatures: Tc of Supplementary Fig. 7.
        triplet_ratios: Tct/Tc of a triplet channel; 0 is none.
        momentum_ratios: Rashba ratios of Supplementary Fig. 6.
        lattice_ratios: those for which the best momentum is also computed on the lattice.
        path_points: momenta along a line of the zone.
        contour_points: points of a Fermi line.
        tol: relative tolerance of critical fields.
        data: file of digitised points; None: `DATA` if it is there.

    Raises:
        InvalidInput: ratios that do not rise from 0 or lack the two named ones, `cold` not among the temperatures.
    """

    material: str = "MoS2"
    density: float = 8.7e13
    other_density: float = 7.7e13
    tc: float = 6.5
    ratios: tuple[float, ...] = (0.0, 0.02, 0.05, 0.10)
    band_ratio: float = 0.02
    best_ratio: float = 0.10
    temperatures: tuple[float, ...] = _TEMPERATURES
    cold: float = 1.5
    measured: float = 52.0
    layers: int = 6
    eps_perp: tuple[float, ...] = (3.0, 6.9, 10.0, 15.0)
    warm: float = 15.0
    q_offsets: tuple[float, ...] = (150.0, 200.0, 265.0)
    q_hoppings: tuple[float, ...] = (0.0, 100.0)
    densities: tuple[float, ...] = (6e13, 7.5e13, 8.7e13, 1.1e14, 1.5e14)
    critical_temperatures: tuple[float, ...] = (4.0, 5.0, 6.0, 6.5, 7.5, 8.5, 10.0)
    triplet_ratios: tuple[float, ...] = (0.0, 1e-4, 1e-3, 1e-2, 0.1)
    momentum_ratios: tuple[float, ...] = (0.0, 0.02, 0.05, 0.075, 0.10)
    lattice_ratios: tuple[float, ...] = (0.02, 0.05, 0.10)
    path_points: int = 401
    contour_points: int = 240
    tol: float = 1e-4
    data: Path | None = None

    def __post_init__(self) -> None:
        """Check what the figures rely on."""
        positive("density", self.density)
        positive("tc", self.tc)
        if self.ratios[0] != 0 or list(self.ratios) != sorted(set(self.ratios)):
            raise InvalidInput(f"`ratios` must rise from 0, but are {self.ratios}")
        for name, value in (("band_ratio", self.band_ratio), ("best_ratio", self.best_ratio)):
            if value not in self.ratios:
                raise InvalidInput(f"`{name}` must be one of {self.ratios}, but is {value}")
        if self.cold not in self.temperatures:
            raise InvalidInput(f"`cold` must be one of {self.temperatures}, but is {self.cold}")
        if len(self.eps_perp) < 2:
            raise InvalidInput(f"`eps_perp` must be at least two constants, but is {self.eps_perp}")

    @property
    def lowest(self) -> float:
        """Lowest temperature of Fig. 4c, K."""
        return self.temperatures[0]

    @property
    def eps(self) -> float:
        """Dielectric constant of the material across the layers."""
        return self.eps_perp[1]

    def model(self, ratio: float, density: float | None = None) -> OneBand:
        """The one-band model, calibrated at this Rashba ratio and density (by default that of Fig. 4)."""
        return _model(self.material, self.density if density is None else density, ratio)


@lru_cache(maxsize=64)
def _model(material: str, density: float, ratio: float) -> OneBand:
    return one_band(material, density, ratio)
