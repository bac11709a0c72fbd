"""Where in the zone pairs of electrons are sharp: nodes that serve many fields and momenta of the pairs.

The states k + q/2 and -k + q/2 pair. Field and momentum move the Fermi lines; the temperature is resolved everywhere in
the window that they can open, so that one set of nodes serves all of them and sums are smooth in both.
"""

from __future__ import annotations

import numpy as np

from spinvalley.checks import Floats
from spinvalley.numerics import zone
from spinvalley.pairing.sampler import Sampler

_COARSE = 0.02
_STEP = 1e-4
_NEAR = 4.0
_ORDER = 6


def pair_rule(
    sampler: Sampler,
    resolution: zone.Resolution,
    operations: Floats | None = None,
    integrands: zone.Energies | None = None,
) -> zone.Rule:
    """Quadrature rule for sums over pairs of any momentum.

    Args:
        sampler: gives the band energies.
        resolution: temperature (as pi kT), window and order.
        operations: point operations that leave the sums unchanged, (m, 2, 2), beside k -> -k, which exchanges the
            partners of a pair; None: no others.
        integrands: k (K, 2) -> further functions (K, m) whose integrals must be resolved across the rays.
    """
    group = np.eye(2)[None] if operations is None else operations

    def build() -> list[zone.Triangle]:
        whole = zone.elementary_triangles(sampler.model.lattice.zone_corners)
        triangles = zone.irreducible(whole, np.concatenate([group, -group]))
        return zone.choose_fans(sampler.normal_energies, triangles, _COARSE * sampler.bandwidth)

    fans = sampler.remember(("fans of pairs", np.round(group, 9).tobytes()), build)
    return zone.zone_rule(sampler.normal_energies, fans, resolution, integrands)


def fermi_velocity(sampler: Sampler, kT: float) -> tuple[float, float]:
    """Mean and largest |dE/dk| within a few kT of the Fermi level, energy times length."""
    lattice = sampler.model.lattice
    rule = pair_rule(sampler, zone.Resolution(np.pi * kT, order=_ORDER), sampler.symmetry(0.0))
    step = _STEP * np.sqrt(lattice.zone_area)
    shifts = step * np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    energies = np.linalg.eigvalsh(sampler.model.hamiltonian(rule.k))
    near = np.abs(energies).min(axis=1) < _NEAR * np.pi * kT
    around = np.linalg.eigvalsh(sampler.model.hamiltonian(rule.k[near, None] + shifts))
    slope = np.hypot(around[:, 0] - around[:, 1], around[:, 2] - around[:, 3]) / (2 * step)
    size = np.take_along_axis(slope, np.abs(energies[near]).argmin(axis=1)[:, None], axis=1)
    return float(size.mean()), float(size.max())


def doppler(sampler: Sampler, kT: float, q: float) -> float:
    """Largest change of an energy near the Fermi level by half a pair momentum of size q."""
    if q == 0:
        return 0.0
    largest: float = sampler.remember(("fermi velocity", kT), lambda: fermi_velocity(sampler, kT)[1])
    return 0.5 * q * largest
