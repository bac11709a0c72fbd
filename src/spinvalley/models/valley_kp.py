"""The K valleys of a monolayer dichalcogenide as parabolas of the two spin-split bands (k.p theory).

H_tau(q) = s hbar^2 q^2/2m + g(q) . sigma with q measured from the valley point tau = +-1, s = +1 (conduction) or -1
(valence). Closed forms throughout: at an energy both Fermi momenta are the roots of one quadratic in q^2.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput, floats, momenta, non_negative, one_of, positive, real
from spinvalley.models.materials import OTHER_VALLEYS, VALLEY_KP
from spinvalley.models.model import Matrix
from spinvalley.models.validity import ValidityWarning
from spinvalley.spin import S0, SX, SY, SZ
from spinvalley.units import HBAR2_2M

_PER_CM2 = 1e14  # 1/nm^2 in cm^-2
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_PANELS = np.array([-40.0, -20.0, -10.0, -4.0, 0.0, 4.0, 10.0, 20.0, 40.0])


@dataclass(frozen=True)
class ValleyModel:
    """Two spin-split parabolas at K and K'; energies in meV from their mean at K, momenta in 1/nm from the valley.

    Args:
        material: name.
        band: "conduction" (carriers are electrons) or "valence" (carriers are holes, all masses counted positive).
        mass_up, mass_dn: masses of the spin-up and the spin-down band of valley +1, in electron masses.
        splitting_k: E_up - E_dn at the point of valley +1, meV.
        rashba: alpha of the term alpha (q_y sigma_x - q_x sigma_y), meV nm.
        density_limit: density in cm^-2 up to which no other valley is reached; inf if not known.
    """

    material: str
    band: str
    mass_up: float
    mass_dn: float
    splitting_k: float
    rashba: float = 0.0
    density_limit: float = np.inf

    def __post_init__(self) -> None:
        """Refuse masses and bands without meaning."""
        one_of("band", self.band, ("conduction", "valence"))
        positive("mass_up", self.mass_up)
        positive("mass_dn", self.mass_dn)
        real("splitting_k", self.splitting_k)
        real("rashba", self.rashba)

    def hamiltonian(self, k: ArrayLike, valley: int = 1) -> Matrix:
        """H = eps + g . sigma, k (..., 2) in 1/nm from the point of the valley -> (..., 2, 2) in meV."""
        eps, g = self.decomposition(k, valley)
        return np.asarray(
            eps[..., None, None] * S0
            + g[..., 0, None, None] * SX
            + g[..., 1, None, None] * SY
            + g[..., 2, None, None] * SZ
        )

    def decomposition(self, k: ArrayLike, valley: int = 1) -> tuple[Floats, Floats]:
        """Energy eps (...) and vector g (..., 3) in meV of momenta k (..., 2) in 1/nm."""
        k = momenta("k", k)
        if valley not in (1, -1):
            raise InvalidInput(f"`valley` must be 1 or -1, but is {valley!r}")
        square = np.sum(k**2, axis=-1)
        g = np.stack(
            [self.rashba * k[..., 1], -self.rashba * k[..., 0], 0.5 * valley * self._splitting(square)], axis=-1
        )
        return np.asarray(self._sign * self._mean * square), g

    def spin_orbit(self, k: ArrayLike, valley: int = 1) -> Floats:
        """Spin-orbit vector g(k) of H = eps + g . sigma, (..., 3) in meV."""
        return self.decomposition(k, valley)[1]

    def energies(self, k: ArrayLike, valley: int = 1) -> Floats:
        """The two bands (..., 2) in meV: spin up, spin down; with Rashba coupling the lower, the upper."""
        eps, g = self.decomposition(k, valley)
        half = g[..., 2] if self.rashba == 0 else -np.sqrt(np.sum(g**2, axis=-1))
        return np.stack([eps + half, eps - half], axis=-1)

    def splitting(self, k: ArrayLike) -> Floats:
        """E_up - E_dn in valley +1 without Rashba coupling, of k (...) = |q| in 1/nm, in meV."""
        return self._splitting(floats("k", k) ** 2)

    @property
    def crossing(self) -> float | None:
        """|q| in 1/nm at which the two spin bands cross; None if they do not."""
        slope = self._sign * HBAR2_2M * (1 / self.mass_up - 1 / self.mass_dn)
        return None if self.splitting_k * slope >= 0 else float(np.sqrt(-self.splitting_k / slope))

    def dos(self) -> Floats:
        """Density of states of the spin-up and spin-down parabola, both valleys, (2,) in 1/(meV nm^2)."""
        return np.array([self.mass_up, self.mass_dn]) / (2 * np.pi * HBAR2_2M)

    def density(self, mu: ArrayLike, kT: float = 0.0) -> Floats:
        """Carriers in cm^-2 (electrons, or holes of a valence band), both valleys.

        Args:
            mu: chemical potential in meV from the mean of the bands at K, any shape.
            kT: thermal energy in meV, >= 0.

        Raises:
            InvalidInput: mu that is not finite, kT < 0.
        """
        level, kT = self._sign * _finite("mu", mu), non_negative("kT", kT)
        if kT == 0:
            return np.asarray(_PER_CM2 * self._filled(level))
        if self.rashba == 0:
            return np.asarray(
                _PER_CM2 * kT * np.sum(self.dos() * np.logaddexp(0, (level[..., None] - self._floors) / kT), axis=-1)
            )
        return np.asarray(_PER_CM2 * np.vectorize(self._thermal, otypes=[float])(level, kT))

    def chemical_potential(self, density: float, kT: float = 0.0) -> float:
        """Chemical potential in meV (from the mean of the bands at K) of a density in cm^-2; relative error 1e-12.

        Raises:
            InvalidInput: density <= 0, kT < 0.

        Warns:
            ValidityWarning: the density is above `density_limit`.
        """
        return self._sign * self._level(self._checked(density), non_negative("kT", kT))

    def fermi_momenta(self, density: float) -> Floats:
        """Fermi momenta at T = 0, (2,) in 1/nm, 0 for an empty band: spin up, spin down of valley +1.

        With Rashba coupling: of the lower and the upper band of the carriers; an annular sea is given by its edges.
        Raises and warns as `chemical_potential`.
        """
        level = self._level(self._checked(density), 0.0)
        if self.rashba == 0:
            masses = np.array([self.mass_up, self.mass_dn])
            return np.asarray(np.sqrt(np.maximum(level - self._floors, 0) * masses / HBAR2_2M))
        inner, outer = self._squares(np.array(level))
        return np.asarray(np.sqrt([outer, inner]))

    def fermi_splitting(self, density: float) -> float:
        """E_up - E_dn in valley +1, meV, at T = 0 on the Fermi line of the band without spin-orbit coupling.

        Raises and warns as `chemical_potential`.
        """
        return self.splitting_at(self._checked(density))

    def splitting_at(self, density: float) -> float:
        """`fermi_splitting` of a checked density, without the warning."""
        level = max(self._level(density, 0.0), 0.0)
        return float(self._splitting(np.array(level / self._mean)))

    def _checked(self, density: float) -> float:
        """The density in cm^-2; warns the caller of the public method beyond `density_limit`."""
        wanted = positive("density", density)
        if wanted > self.density_limit:
            other = "Q" if self.band == "conduction" else "Gamma"
            warnings.warn(
                f"`density` is {wanted:.4g} cm^-2, beyond {self.density_limit:.4g} cm^-2, where the Fermi energy of "
                f"{self.material} reaches the {other} valley (doi:{OTHER_VALLEYS.doi}), which this model does not have",
                ValidityWarning,
                stacklevel=3,
            )
        return wanted

    @property
    def _sign(self) -> float:
        return 1.0 if self.band == "conduction" else -1.0

    @property
    def _mean(self) -> float:
        return 0.5 * HBAR2_2M * (1 / self.mass_up + 1 / self.mass_dn)

    @property
    def _floors(self) -> Floats:
        """Edges of the spin-up and spin-down band as energies of the carriers."""
        return 0.5 * self._sign * self.splitting_k * np.array([1.0, -1.0])

    def _splitting(self, square: Floats) -> Floats:
        return self.splitting_k + self._sign * HBAR2_2M * (1 / self.mass_up - 1 / self.mass_dn) * square

    def _squares(self, level: Floats) -> tuple[Floats, Floats]:
        """The roots q^2, inner and outer, of (E - A q^2)^2 = (B + C q^2)^2 + (alpha q)^2; 0 if not there."""
        lead, half = self._mean, 0.5 * self._sign * self.splitting_k
        slope = 0.5 * HBAR2_2M * (1 / self.mass_up - 1 / self.mass_dn)
        a, b, c = lead**2 - slope**2, lead * level + half * slope + 0.5 * self.rashba**2, level**2 - half**2
        square = (slope * level + lead * half) ** 2 + self.rashba**2 * (b - 0.25 * self.rashba**2)  # b^2 - a c
        root = np.sqrt(np.maximum(square, 0))
        far = np.where(b < 0, root - b, b + root)
        safe = np.where(far > 0, far, 1.0)
        outer = np.where(b < 0, np.maximum(-c, 0) / safe, np.where(square >= 0, far / a, 0))
        inner = np.where((b > 0) & (square >= 0), np.maximum(c, 0) / safe, 0)
        return inner, outer

    def _filled(self, level: Floats) -> Floats:
        """Carriers per nm^2 at T = 0 below an energy of the carriers; below both edges at K the sea is a ring."""
        inner, outer = self._squares(level)
        ring = level < -0.5 * abs(self.splitting_k)
        return np.asarray((outer + np.where(ring, -inner, inner)) / (2 * np.pi))

    def _cold_level(self, density: float) -> float:
        edges: list[tuple[float, float]] = sorted(zip(self._floors.tolist(), self.dos().tolist(), strict=True))
        (low, dos_low), (high, dos_high) = edges
        if density <= dos_low * (high - low):
            return low + density / dos_low
        return (density + dos_low * low + dos_high * high) / (dos_low + dos_high)

    def _level(self, density: float, kT: float) -> float:
        """Chemical potential of the carriers, meV, of a density in cm^-2."""
        if kT == 0 and self.rashba == 0:
            return self._cold_level(density / _PER_CM2)

        def excess(level: float) -> float:
            return float(self.density(self._sign * level, kT)) / density - 1

        step = abs(self.splitting_k) + 1.0 + 50 * kT + density / _PER_CM2 / float(self.dos().min())
        low = high = 0.0
        while excess(low) > 0:
            low, step = low - step, 2 * step
        while excess(high) < 0:
            high, step = high + step, 2 * step
        return float(brentq(excess, low, high, xtol=1e-13, rtol=8.9e-16))

    def _thermal(self, level: float, kT: float) -> float:
        """Carriers per nm^2 at kT > 0: the filling at T = 0 averaged with -f'; E = bottom + t^2 heals the ring edge."""
        bottom = self._bottom()
        edges = np.concatenate([level + kT * _PANELS, self._floors])
        marks = np.unique(np.sqrt(np.clip(edges, bottom, max(level + 40 * kT, bottom + kT)) - bottom))
        half, middle = 0.5 * np.diff(marks), 0.5 * (marks[1:] + marks[:-1])
        t = (middle[:, None] + half[:, None] * _NODES).ravel()
        decay = np.exp(-np.abs(bottom + t**2 - level) / kT)
        weight = (half[:, None] * _WEIGHTS).ravel() * 2 * t * decay / (kT * (1 + decay) ** 2)
        return float(weight @ self._filled(bottom + t**2))

    def _bottom(self) -> float:
        """Lowest energy of the carriers: that of the edges at K, or of the Rashba ring."""
        lead, half = self._mean, 0.5 * self._sign * self.splitting_k
        slope = 0.5 * HBAR2_2M * (1 / self.mass_up - 1 / self.mass_dn)
        a, p = lead**2 - slope**2, half * slope + 0.5 * self.rashba**2
        # the discriminant (lead E + p)^2 - a (E^2 - half^2) vanishes where the ring closes
        u, v, w = slope**2, 2 * lead * p, p**2 + a * half**2
        energies = np.roots([u, v, w]) if u > 0 else np.array([-w / v if v else -abs(half)])
        rings = [e.real for e in energies if abs(e.imag) < 1e-12 and e.real < -abs(half) and lead * e.real + p > 0]
        return float(min([-abs(half), *rings]))


def _finite(name: str, values: ArrayLike) -> Floats:
    array = floats(name, values)
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but is {values!r}")
    return array


def valley_kp(
    material: str = "MoS2", band: Literal["conduction", "valence"] = "conduction", rashba: float = 0.0
) -> ValleyModel:
    """The K valleys of a monolayer dichalcogenide: masses and splitting of the two spin bands, meV and nm.

    Valley +1 is K = (4 pi/3a, 0), where the top of the valence band is spin up. Reading of the table of the source:
    m^(1) is the band with the higher energy at K, |2 Delta| the splitting. The spin of the lower conduction band is
    that of the valence top in MoX2 (2 Delta_cb > 0) and the opposite in WX2 (2 Delta_cb < 0); the lighter band always
    has the spin of the valence top, so that the conduction bands of MoX2 cross away from K and those of WX2 do not.

    Args:
        material: one of `material_names()`.
        band: "conduction" or "valence".
        rashba: alpha of alpha (q_y sigma_x - q_x sigma_y), meV nm.

    Raises:
        InvalidInput: unknown material or band.

    The parabolas hold while no other valley is reached: Q (electrons) or Gamma (holes), at the energies of the
    third-neighbour three-band model (`material_table("other_valleys")`); that density is `.density_limit`.

    Source: Kormanyos et al., 2D Mater. 2, 022001 (2015), doi:10.1088/2053-1583/2/2/022001.

    >>> from spinvalley.models import valley_kp
    >>> mos2 = valley_kp("MoS2")
    >>> round(mos2.crossing, 4)
    0.7205
    >>> round(mos2.fermi_splitting(8.7e13), 3)
    12.779
    """
    row = VALLEY_KP.row(material)
    one_of("band", band, ("conduction", "valence"))
    if band == "conduction":
        upper_is_up = row["splitting_c"] < 0
        splitting, other = -row["splitting_c"], "q_above_k"
        up, dn = (row["m_c1"], row["m_c2"]) if upper_is_up else (row["m_c2"], row["m_c1"])
    else:
        splitting, other, up, dn = row["splitting_v"], "gamma_below_k", row["m_v1"], row["m_v2"]
    energy = OTHER_VALLEYS.row(material)[other]
    bare = ValleyModel(material, band, up, dn, splitting)
    limit = float(bare.density(bare._sign * (energy - 0.5 * abs(splitting))))
    return ValleyModel(material, band, up, dn, splitting, real("rashba", rashba), limit)
