"""Analytic pair-breaking laws of an upper critical field, each as the right-hand side of ln(Tc/T) = breaking(T, B).

Every law is a frozen dataclass with `name`, `orbital` (whether the field acts on orbits), `order` (None where the free
energy must decide the order of the transition, else "continuous by construction") and `breaking(T, B)`, T in K of any
shape and B in tesla of shape (..., 3), broadcast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, non_negative, positive, real, whole
from spinvalley.pairing.fermi_surface import FermiSurface, zeeman_energy
from spinvalley.pairing.kernel import CONTINUOUS, digamma_shift, temperatures, vectors
from spinvalley.pairing.matsubara import matsubara_rule
from spinvalley.pairing.pockets import POINTS, constant_splitting
from spinvalley.units import HBAR, K_B

_FEMTO = 1e-15


@dataclass(frozen=True)
class KlemmLutherBeasley:
    """Spin-orbit scattering that breaks pairs in a field: ln(Tc/T) = psi(1/2 + 3 tau_so h^2/(4 pi hbar kT)) - psi(1/2).

    h = (g/2) mu_B B; the scattering is isotropic in spin, so that only |B| enters. Valid only for tau << tau_so, see
    `admissible`, and for tau_so much shorter than hbar/kTc.

    Args:
        tau_so: spin-orbit scattering time in fs.
        g_factor: g-factor of the electrons.

    Raises:
        InvalidInput: tau_so <= 0.

    Source: R. A. Klemm, A. Luther and M. R. Beasley, doi:10.1103/PhysRevB.12.877; physics.md 2.4.

    Example:
        >>> float(KlemmLutherBeasley(17.9).breaking(3.25, [42.0, 0, 0]))
        0.5510
    """

    tau_so: float
    g_factor: float = 2.0
    name: ClassVar[str] = "Klemm-Luther-Beasley"
    orbital: ClassVar[bool] = False
    order: ClassVar[str | None] = CONTINUOUS

    def __post_init__(self) -> None:
        """A positive time."""
        positive("tau_so", self.tau_so)
        real("g_factor", self.g_factor)

    def breaking(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B in T, shape (..., 3)."""
        rate = 1.5 * self.tau_so * _FEMTO / HBAR * _square(zeeman_energy(B, self.g_factor))
        return _abrikosov_gorkov(rate, K_B * temperatures("T", T))

    def admissible(self, tau: float) -> tuple[bool, str]:
        """Whether the theory's assumption tau << tau_so holds for a transport time tau in fs, and a sentence.

        Spin-orbit scattering is a part of all scattering, so that 1/tau >= 1/tau_so: beyond tau = tau_so a fit is
        unphysical, from tau_so/10 on it is outside of the theory.

        Example:
            >>> KlemmLutherBeasley(17.9).admissible(25.5)[0]
            False
        """
        positive("tau", tau)
        times = f"tau = {tau:g} fs and tau_so = {self.tau_so:g} fs"
        if tau > self.tau_so:
            text = f"unphysical: {times}, but spin-orbit scattering cannot be more frequent than all scattering"
        elif tau > _MUCH * self.tau_so:
            text = f"outside of the theory: {times}, but it assumes tau << tau_so"
        else:
            return True, f"admissible: {times}, tau << tau_so as the theory assumes"
        return False, text


_MUCH = 0.1


@dataclass(frozen=True)
class Device:
    """A gated MoS2 device: Tc in K, density in 1/cm^2, mobility in cm^2/Vs, transport time and fitted tau_so in fs."""

    name: str
    tc: float
    density: float
    mobility: float
    tau: float
    tau_so: float


DEVICES = (
    Device("L1", 10.0, 1.5e14, 208.0, 59.3, 11.1),
    Device("H1", 6.5, 0.85e14, 86.0, 25.5, 17.9),
    Device("H2", 7.4, 1.8e14, 165.0, 47.1, 21.3),
)
"""Devices of gated_mos2, supplement, table of the Klemm-Luther-Beasley fits (physics.md 2.4)."""


@dataclass(frozen=True)
class WerthamerHelfandHohenberg:
    """Orbital limit, Pauli limit and spin-orbit scattering of an isotropic dirty superconductor.

    ln(Tc/T) = sum over all n of {1/|2n+1| - [|2n+1| + b/t + (alpha b/t)^2 / (|2n+1| + (b + lambda_so)/t)]^-1},
    t = T/Tc, b = (4/pi^2) |B| / (slope Tc). With s^2 = (alpha b)^2 - (lambda_so/2)^2 this is the digamma form
    Re[(1 + i lambda_so/2s) psi(1/2 + (b + lambda_so/2 + i s)/2t)] - psi(1/2); the sum needs no case for s.

    Args:
        alpha: Maki parameter, >= 0.
        lambda_so: spin-orbit scattering parameter, >= 0.
        slope: -dBc2/dT at Tc in T/K, > 0.
        tc: critical temperature in K: the unit of lambda_so (else it drops out).

    Raises:
        InvalidInput: a parameter out of its range.

    Source: N. R. Werthamer, E. Helfand and P. C. Hohenberg, doi:10.1103/PhysRev.147.295, eq. 28; physics.md 2.6.

    Example:
        >>> law = WerthamerHelfandHohenberg(1.0, 2.0, slope=4 / np.pi**2, tc=1.0)
        >>> float(np.exp(-law.breaking(0.3, [0, 0, 0.221822])))
        0.3
    """

    alpha: float
    lambda_so: float
    slope: float
    tc: float
    name: ClassVar[str] = "Werthamer-Helfand-Hohenberg"
    orbital: ClassVar[bool] = True
    order: ClassVar[str | None] = CONTINUOUS

    def __post_init__(self) -> None:
        """Parameters in range."""
        non_negative("alpha", self.alpha)
        non_negative("lambda_so", self.lambda_so)
        positive("slope", self.slope)
        positive("tc", self.tc)

    def breaking(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B in T, shape (..., 3)."""
        t = temperatures("T", T) / self.tc
        b = 4 / np.pi**2 * np.sqrt(_square(vectors("B", B))) / (self.slope * self.tc)
        if self.alpha == 0:
            return _abrikosov_gorkov(np.pi * b, t)
        pauli, scattering = (self.alpha * b)[..., None], (b + self.lambda_so)[..., None]

        def damping(w: Floats) -> Floats:
            return np.asarray(b[..., None] + pauli**2 / (w + scattering))

        # w = (2n+1) t: units in which 2 pi kT is 2 t
        largest = float(np.max(b) * (1 + self.alpha) + self.lambda_so)
        return _broken(damping, largest, t / np.pi)


@dataclass(frozen=True)
class AbrikosovGorkov:
    """A pair-breaking energy rate |B|^power: ln(Tc/T) = psi(1/2 + rate |B|^power / 2 pi kT) - psi(1/2).

    Superconductivity ends at T = 0 where the energy is (pi/2) e^-gamma kTc = 0.881938 kTc.

    Args:
        rate: pair-breaking energy in meV/T^power, >= 0.
        power: 0 (constant), 1 (orbital, field across a film), 2 (thin film in a parallel field), ...
        orbital: whether the field acts on orbits.

    Raises:
        InvalidInput: a negative rate or power.

    Source: A. A. Abrikosov and L. P. Gor'kov, Sov. Phys. JETP 12, 1243 (1961); K. Maki, doi:10.1143/PTP.31.731.

    Example:
        >>> float(AbrikosovGorkov(0.3, power=0).breaking(1.0, [0, 0, 0]))
        1.4719
    """

    rate: float
    power: float = 1.0
    orbital: bool = True
    name: ClassVar[str] = "Abrikosov-Gor'kov"
    order: ClassVar[str | None] = CONTINUOUS

    def __post_init__(self) -> None:
        """Parameters in range."""
        non_negative("rate", self.rate)
        non_negative("power", self.power)

    def breaking(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B in T, shape (..., 3)."""
        strength = self.rate * _square(vectors("B", B)) ** (0.5 * self.power)
        return _abrikosov_gorkov(strength, K_B * temperatures("T", T))


@dataclass(frozen=True)
class InterValley:
    """Ising splitting with scattering between the valleys.

    ln(Tc/T) = 2 pi kT sum_{w>0} {1/w - 1/[w + h_p^2/(w + g^2/(w + rate)) + h_z^2/w]}, with g = splitting/2, h_p the
    in-plane and h_z the unprotected component of the field. From the linearised Eilenberger equations of the singlet
    f_0, the triplet f even in the valleys and the triplet f_o odd in them:
    w f_0 + i h.f = Delta, w f + g x f_o + i h f_0 = 0, (w + rate) f_o + g x f = 0. Without scattering it is
    `pair_breaking`; strong scattering, with hbar/tau_so far above kT, gives Klemm-Luther-Beasley with
    g^2/rate = 2 hbar/(3 tau_so) in an in-plane field.

    Args:
        splitting: Ising splitting 2 g in meV, >= 0.
        rate: hbar/tau of the scattering between valleys in meV, >= 0.
        g_factor: g-factor of the electrons.

    Raises:
        InvalidInput: a negative splitting or rate.

    Source: physics.md 2.5; S. Ilic, J. S. Meyer and M. Houzet, doi:10.1103/PhysRevLett.119.117001.

    Example:
        >>> float(InterValley(13.0, 0.0).breaking(1.0, [91.315, 0, 0]))  # ln 6.5
        1.8718
    """

    splitting: float
    rate: float
    g_factor: float = 2.0
    name: ClassVar[str] = "Ising coupling with inter-valley scattering"
    orbital: ClassVar[bool] = False
    order: ClassVar[str | None] = CONTINUOUS

    def __post_init__(self) -> None:
        """Parameters in range."""
        non_negative("splitting", self.splitting)
        non_negative("rate", self.rate)
        real("g_factor", self.g_factor)

    def breaking(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B in T, shape (..., 3)."""
        h, g2 = zeeman_energy(B, self.g_factor), 0.25 * self.splitting**2
        in_plane, across = (h[..., 0] ** 2 + h[..., 1] ** 2)[..., None], (h[..., 2] ** 2)[..., None]

        def damping(w: Floats) -> Floats:
            return np.asarray(in_plane / (w + g2 / (w + self.rate)) + across / w)

        largest = float(np.sqrt(np.max(_square(h)))) + self.splitting + self.rate
        return _broken(damping, largest, K_B * temperatures("T", T))


@dataclass(frozen=True)
class ConstantSplitting:
    """Ising superconductor with one splitting on its Fermi surface, and Rashba coupling; any field direction.

    Args:
        splitting: spin splitting in meV, >= 0.
        rashba_ratio: |g_R|/|g_z|, >= 0.
        g_factor: g-factor of the electrons.
        points: angles of each pocket.

    Raises:
        InvalidInput: a negative splitting or ratio.

    Source: physics.md 2.2.

    Example:
        >>> float(ConstantSplitting(13.0).breaking(3.0, [60.083, 0, 0]))  # ln 6.5/3
        0.7732
    """

    splitting: float
    rashba_ratio: float = 0.0
    g_factor: float = 2.0
    points: int = POINTS
    name: ClassVar[str] = "constant splitting"
    orbital: ClassVar[bool] = False
    order: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        """Parameters in range."""
        non_negative("splitting", self.splitting)
        non_negative("rashba_ratio", self.rashba_ratio)
        real("g_factor", self.g_factor)
        whole("points", self.points, 1)

    @cached_property
    def surface(self) -> FermiSurface:
        """The two valleys."""
        return constant_splitting(self.splitting, self.rashba_ratio, self.points)

    def sampling_error(self, T: float, B: ArrayLike) -> float:
        """Error of `breaking` from the number of angles; rounding without Rashba coupling."""
        return self.surface.sampling_error(T, B, self.g_factor)

    def breaking(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B in T, shape (..., 3)."""
        return self.surface.breaking(T, B, self.g_factor)

    def condensation(self, gap: ArrayLike, T: ArrayLike, B: ArrayLike, tc: float) -> Floats:
        """F(Delta) - F(0) in meV^2 per density of states of one spin, see `FermiSurface.condensation`."""
        return self.surface.condensation(gap, T, B, tc, self.g_factor)


@dataclass(frozen=True)
class PauliLimit:
    """No spin-orbit coupling: the field only splits the spins (Chandrasekhar-Clogston).

    Args:
        g_factor: g-factor of the electrons.

    Source: B. S. Chandrasekhar, doi:10.1063/1.1777362; A. M. Clogston, doi:10.1103/PhysRevLett.9.266; physics.md 2.3.

    Example:
        >>> float(PauliLimit().breaking(1.0, [1.0, 0, 0]))
        0.0922
    """

    g_factor: float = 2.0
    name: ClassVar[str] = "Pauli limit"
    orbital: ClassVar[bool] = False
    order: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        """A real g-factor."""
        real("g_factor", self.g_factor)

    def breaking(self, T: ArrayLike, B: ArrayLike) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B in T, shape (..., 3)."""
        return _FREE.breaking(T, B, self.g_factor)

    def condensation(self, gap: ArrayLike, T: ArrayLike, B: ArrayLike, tc: float) -> Floats:
        """F(Delta) - F(0) in meV^2 per density of states of one spin, see `FermiSurface.condensation`."""
        return _FREE.condensation(gap, T, B, tc, self.g_factor)


_FREE = FermiSurface(g=np.zeros((1, 3)), weight=np.ones(1), name="no spin-orbit coupling")


def _square(v: Floats) -> Floats:
    return np.asarray(np.sum(v * v, axis=-1))


def _abrikosov_gorkov(energy: Floats, kT: Floats) -> Floats:
    return np.asarray(digamma_shift(energy / (2 * np.pi * kT)).real)


def _broken(damping: Callable[[Floats], Floats], largest: float, kT: Floats) -> Floats:
    """2 pi kT sum_{w>0} [1/w - 1/(w + damping(w))], `damping` with the frequencies on its last axis."""
    x, weight = matsubara_rule(largest, float(np.min(kT)))
    w = 2 * np.pi * kT[..., None] * x
    lost = damping(w)
    return np.asarray(2 * np.pi * kT * ((lost / (w * (w + lost))) @ weight))
