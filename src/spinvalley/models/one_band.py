"""The one-band model of a gated dichalcogenide (supplement of the gated-MoS2 paper) as a Bloch model.

H = xi + alpha_Z g_Z . sigma + alpha_R g_R . sigma on a triangular lattice with a1 = (0, a), so that K = (0, 4 pi/3a).
How its numbers follow from density and splittings: `calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models.lattice import Lattice
from spinvalley.models.model import Bloch, Matrix


@dataclass(frozen=True)
class OneBandParameters:
    """The numbers of the one-band model; a callable h(k).

    Args:
        a: lattice constant, nm.
        t1, t2, t3: hoppings to the first three neighbour shells, meV.
        mu: chemical potential, meV: the zero of energy.
        alpha_z: strength of the Ising coupling g_Z, meV.
        beta: strength of its change of sign away from K.
        alpha_r: strength of the Rashba coupling g_R, meV.
    """

    a: float
    t1: float
    t2: float
    t3: float
    mu: float = 0.0
    alpha_z: float = 0.0
    beta: float = 0.0
    alpha_r: float = 0.0

    def band(self, k: Floats) -> Floats:
        """Band xi(k) without spin-orbit coupling, measured from mu; k (..., 2) in 1/nm -> (...) in meV."""
        cx, cy = np.cos(0.5 * np.sqrt(3) * self.a * k[..., 0]), np.cos(0.5 * self.a * k[..., 1])
        return self._band(cx, cy)

    def spin_orbit(self, k: Floats) -> Floats:
        """Spin-orbit vector g(k) = alpha_Z g_Z + alpha_R g_R; k (..., 2) in 1/nm -> (..., 3) in meV."""
        x, y = 0.5 * np.sqrt(3) * self.a * k[..., 0], 0.5 * self.a * k[..., 1]
        out = np.empty((*x.shape, 3))
        out[..., 0], out[..., 1], out[..., 2] = self._spin_orbit(np.cos(x), np.sin(x), np.cos(y), np.sin(y))
        return out

    def __call__(self, k: Floats) -> Matrix:
        """Bloch matrices, k (..., 2) in 1/nm -> (..., 2, 2) in meV."""
        x, y = 0.5 * np.sqrt(3) * self.a * k[..., 0], 0.5 * self.a * k[..., 1]
        cx, cy = np.cos(x), np.cos(y)
        xi, (gx, gy, gz) = self._band(cx, cy), self._spin_orbit(cx, np.sin(x), cy, np.sin(y))
        h = np.empty((*xi.shape, 2, 2), dtype=complex)
        h[..., 0, 0], h[..., 1, 1] = xi + gz, xi - gz
        h[..., 0, 1].real, h[..., 1, 0].real = gx, gx
        h[..., 0, 1].imag, h[..., 1, 0].imag = -gy, gy
        return h

    def _band(self, cx: Floats, cy: Floats) -> Floats:
        c2x, c2y = 2 * cx * cx - 1, 2 * cy * cy - 1
        first, second = c2y + 2 * cx * cy, c2x + 2 * cx * cy * (2 * c2y - 1)
        return np.asarray(2 * (self.t1 * first + self.t2 * second + self.t3 * (2 * c2y * (c2y + c2x) - 1)) - self.mu)

    def _spin_orbit(self, cx: Floats, sx: Floats, cy: Floats, sy: Floats) -> tuple[Floats, Floats, Floats]:
        c = 2 * sy * (cy - cx)
        turn = self.beta * np.tanh(_C_AT_K - np.abs(c)) - 1
        gx, gy = -self.alpha_r * sy * (2 * cy + cx), self.alpha_r * np.sqrt(3) * sx * cy
        return gx, gy, self.alpha_z * turn * c


_C_AT_K = 1.5 * np.sqrt(3)


@dataclass(frozen=True)
class OneBandCalibration:
    """What the one-band model was made from, and what came out.

    Args:
        material: name of the material.
        density: sheet density, cm^-2.
        kT: thermal energy at which mu belongs to the density, meV.
        k_fermi: distance from K of the Fermi line of xi on the line K-M, 1/nm.
        fermi_energy: mu measured from xi at K, meV.
        splitting_k: E_up - E_dn at K, meV.
        splitting_fermi: E_dn - E_up at k_fermi without Rashba coupling, meV: positive if the bands cross in between.
        rashba_ratio: |alpha_R g_R| / |alpha_Z g_Z| at k_fermi.
        density_limit: density at which the pockets around K and K' touch, cm^-2.
        source: where the hoppings come from.
    """

    material: str
    density: float
    kT: float
    k_fermi: float
    fermi_energy: float
    splitting_k: float
    splitting_fermi: float
    rashba_ratio: float
    density_limit: float
    source: str


@dataclass(frozen=True, eq=False, kw_only=True)
class OneBand(Bloch):
    """The one-band model: a `Bloch` that knows its numbers and what they came from.

    Args:
        base_calibration: what the model without added terms was made from.

    `parameters` are the numbers of the model without added terms; `terms` come on top. `calibration` is that of this
    very model: it is gone once a term is added.
    """

    base_calibration: OneBandCalibration
    parameters: OneBandParameters = field(init=False)

    def __post_init__(self) -> None:
        """Keep the numbers of the model at hand."""
        if not isinstance(self.function, OneBandParameters):
            raise InvalidInput(f"`function` must be OneBandParameters, but is of type {type(self.function).__name__}")
        object.__setattr__(self, "parameters", self.function)
        super().__post_init__()

    @property
    def calibration(self) -> OneBandCalibration:
        """What the model was made from, and what came out.

        Raises:
            InvalidInput: terms were added, so that density, level and splittings are no longer those.
        """
        if self.terms:
            names = ", ".join(dict.fromkeys(type(term).__name__ for term in self.terms))
            raise InvalidInput(
                f"`calibration` holds only for the model as calibrated, but {names} was added; that of the model "
                "before is `base_calibration`"
            )
        return self.base_calibration


def upright_triangular(a: float) -> Lattice:
    """Triangular lattice with a1 = (0, a), a2 = (-sqrt3 a/2, -a/2); K = (0, 4 pi/3a) lies on the k_y axis."""
    points = (("Gamma", (0.0, 0.0)), ("K", (2 / 3, -1 / 3)), ("K'", (-2 / 3, 1 / 3)), ("M", (0.5, 0.0)))
    return Lattice(((0.0, a), (-np.sqrt(3) * a / 2, -a / 2)), points)
