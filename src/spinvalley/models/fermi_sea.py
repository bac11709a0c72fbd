"""The Fermi sea of the one-band model: electrons of the two pockets, and the numbers that belong to a density."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models.one_band import OneBandParameters
from spinvalley.models.pocket import Corner, pocket_area

PER_CM2 = 1e14  # 1/nm^2 in cm^-2
_SWEEPS = 60
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_THERMAL_EDGES = np.array([-36.0, -16.0, -8.0, -3.0, 0.0, 3.0, 8.0, 16.0, 36.0])
SETTLED = 1e-11  # change of mu in a sweep, meV, at which the search ends; 100 times that passes in the last sweep
LOST = 1e-8  # part of the electrons that may lie above the pockets, where they are not counted


@dataclass(frozen=True)
class Rules:
    """What the couplings are to give: splittings in meV at K and k_F, the Rashba ratio at k_F."""

    splitting_k: float
    splitting_fermi: float
    rashba_ratio: float


class Sea:
    """The Fermi sea of the two pockets: densities, levels and their limits."""

    def __init__(self, bare: OneBandParameters, kT: float) -> None:
        self.bare, self.kT = bare, kT
        self.corner = Corner((0.0, 4 * np.pi / (3 * bare.a)), -np.pi / 6, 2 * np.pi / (3 * bare.a))
        self.bottom = float(bare.band(np.asarray(self.corner.centre)))
        self.top = float(bare.band(self.corner.edge()).min())
        samples = bare.band(np.asarray(self.corner.centre) + _sample(self.corner))
        if self.top <= self.bottom or samples.min() < self.bottom:
            raise InvalidInput("`hoppings` must give a conduction band with its minimum at K, but do not")
        self.limit = PER_CM2 * float(self._count(bare, np.array(self.top)))

    def density(self, model: OneBandParameters, mu: float) -> float:
        """Electrons per nm^2 at chemical potential mu (meV, absolute), both spins and both valleys."""
        if self.kT == 0:
            return float(self._count(model, np.array(mu)))
        floor = self.bottom - abs(float(model.spin_orbit(np.asarray(self.corner.centre))[2]))
        roof = min(self.top, mu + 36 * self.kT)
        edges = np.unique(np.clip(mu + self.kT * _THERMAL_EDGES, floor, roof))
        split = 2 * self.bottom - floor
        edges = np.unique(np.append(edges, split)) if floor < split < roof else edges
        half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
        energy = (middle[:, None] + half[:, None] * _NODES).ravel()
        decay = np.exp(-np.abs(energy - mu) / self.kT)
        weight = (half[:, None] * _WEIGHTS).ravel() * decay / (self.kT * (1 + decay) ** 2)
        return float(weight @ self._count(model, energy))

    def cooled(self) -> Sea:
        """The same pockets at T = 0."""
        return Sea(self.bare, 0.0)

    def cold_density(self, energy: float) -> float:
        """Electrons per nm^2 at T = 0 up to `energy` (meV above K), without spin-orbit coupling."""
        return float(self._count(self.bare, np.array(min(self.bottom + energy, self.top))))

    def k_fermi(self, mu: float) -> float:
        """Distance from K at which the band without spin-orbit coupling crosses mu on the line K-M, 1/nm."""
        ray = np.array([np.cos(self.corner.towards_m), np.sin(self.corner.towards_m)])

        def excess(radius: float) -> float:
            return float(self.bare.band(np.asarray(self.corner.centre) + radius * ray)) - mu

        return float(brentq(excess, 0.0, self.corner.inradius, xtol=1e-15, rtol=1e-14))

    def at(self, radius: float) -> Floats:
        """The momentum at this distance from K towards M."""
        angle = self.corner.towards_m
        return np.asarray(self.corner.centre) + radius * np.array([np.cos(angle), np.sin(angle)])

    def lost(self, mu: float) -> float:
        """Largest density per nm^2 that may lie above the pockets, where it is not counted."""
        return 0.0 if self.kT == 0 else self.whole * math.exp(-max(self.top - mu, 0.0) / self.kT)

    @property
    def whole(self) -> float:
        """Electrons per nm^2 that the band can hold."""
        return 4 / (math.sqrt(3) * self.bare.a**2)

    def reach(self, model: OneBandParameters) -> float:
        """Largest spin-orbit energy in the pockets, meV."""
        g = model.spin_orbit(np.asarray(self.corner.centre) + _sample(self.corner))
        return float(np.linalg.norm(g, axis=-1).max())

    def enclosed(self, model: OneBandParameters, mu: float) -> bool:
        """Whether the states below mu are a disc around K in both bands, as the count takes for granted."""
        k = np.asarray(self.corner.centre) + _sample(self.corner, 200, 0.0)
        full = np.stack([self._levels(model, sign, k) < mu for sign in (1.0, -1.0)])
        return bool(np.all(full[:, :-1] >= full[:, 1:]))

    def counts(self, energies: Floats) -> Floats:
        """Electrons per nm^2 at T = 0 of levels (n,) in meV, absolute, without spin-orbit coupling."""
        return self._count(self.bare, energies)

    def _count(self, model: OneBandParameters, energy: Floats) -> Floats:
        bands = [partial(self._levels, model, sign) for sign in (1.0, -1.0)]
        return np.asarray(2 * pocket_area(bands, self.corner, energy) / (2 * np.pi) ** 2)

    def _levels(self, model: OneBandParameters, sign: float, k: Floats) -> Floats:
        g = model.spin_orbit(k)
        if model.alpha_r == 0:  # spin bands: smooth where they cross
            return np.asarray(self.bare.band(k) + sign * g[..., 2])
        return np.asarray(self.bare.band(k) + sign * np.sqrt(np.einsum("...i,...i", g, g)))


def _sample(corner: Corner, steps: int = 20, inner: float = 0.05) -> Floats:
    """Momenta from K on 16 rays, (steps, 16, 2)."""
    rays, reach = corner.rays(16)
    return np.asarray((np.linspace(inner, 1, steps)[:, None] * reach)[..., None] * rays)


def calibrated(
    sea: Sea, rules: Rules, density: float, settled: float = SETTLED
) -> tuple[OneBandParameters, float] | None:
    """mu, beta, alpha_R such that the density (nm^-2) and the splittings hold together, and k_F.

    None where there is no such level: it falls to the band at K, or electrons leave the pockets. The search ends
    where mu changes by less than `settled` (meV).
    """
    model, mu = sea.bare, level(sea, sea.bare, density) if sea.kT == 0 else None
    if sea.kT > 0 and (cold := calibrated(sea.cooled(), rules, density)) is not None:
        mu = cold[0].mu
    last: tuple[float, float] | None = None
    for sweep in range(_SWEEPS):
        if mu is None or mu <= sea.bottom:
            return None
        k_fermi = sea.k_fermi(mu)
        model = _coupled(sea, rules, k_fermi)
        found = level(sea, model, density, mu, settled)
        if found is None:
            return None
        if abs(found - mu) <= (settled if sweep < _SWEEPS - 1 else 100 * settled):
            return (replace(model, mu=found), k_fermi) if sea.enclosed(model, found) else None
        last, mu = (mu, found - mu), _following(sea, mu, found - mu, last)
    return None


def _following(sea: Sea, mu: float, change: float, last: tuple[float, float] | None) -> float:
    """The next level: by the secant of the changes where it stays in the band, else by the change itself."""
    if last is not None and mu != last[0]:
        slope = (change - last[1]) / (mu - last[0])
        if slope < 0 and sea.bottom < mu - change / slope < sea.top:
            return mu - change / slope
    return mu + change


def _coupled(sea: Sea, rules: Rules, k_fermi: float) -> OneBandParameters:
    k = sea.at(k_fermi)
    unit = replace(sea.bare, alpha_z=1.0, alpha_r=1.0).spin_orbit(k)
    c, in_plane = abs(float(unit[2])), float(np.hypot(unit[0], unit[1]))
    c_at_k = 1.5 * math.sqrt(3)
    alpha_z = rules.splitting_k / (2 * c_at_k)
    turn = rules.splitting_fermi / (2 * alpha_z * c)
    alpha_r = rules.rashba_ratio * 0.5 * abs(rules.splitting_fermi) / in_plane
    return replace(sea.bare, alpha_z=alpha_z, beta=(turn + 1) / np.tanh(c_at_k - c).item(), alpha_r=alpha_r)


def level(
    sea: Sea, model: OneBandParameters, density: float, near: float | None = None, within: float = SETTLED
) -> float | None:
    """Chemical potential (meV, absolute) of a density per nm^2, searched within 1 meV of `near` first.

    None where the pockets do not hold the electrons.
    """

    def excess(mu: float) -> float:
        return sea.density(model, mu) / density - 1

    low, high = sea.bottom - 40 * sea.kT - 0.5 * (sea.top - sea.bottom) - sea.reach(model), sea.top
    if near is not None and near + 1 < high and excess(near - 1) < 0 < excess(near + 1):
        low, high = near - 1, near + 1
    elif excess(high) <= 0 or excess(low) >= 0:
        return None
    mu = float(brentq(excess, low, high, xtol=within, rtol=8.9e-16))
    return mu if sea.lost(mu) <= LOST * density else None
