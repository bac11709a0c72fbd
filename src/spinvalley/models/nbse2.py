"""Monolayer NbSe2 as one Nb band on the triangular lattice, with pockets around Gamma, K and K'.

The dispersion is measured: the bulk has two layers per cell and two bands, e(k) +- t_perp(k), of which the mean is the
dispersion within one layer. The Ising coupling follows 2 beta S(k), the lowest odd harmonic of the point group: it
vanishes on Gamma-M, where it has nodes on the Gamma pocket.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from spinvalley.checks import Floats, InvalidInput, non_negative, positive
from spinvalley.models.lattice import Lattice, triangular
from spinvalley.models.materials import MaterialTable
from spinvalley.models.model import Cell, Matrix, TightBinding
from spinvalley.models.terms import IsingSOC, Potential
from spinvalley.spin import S0
from spinvalley.units import MU_B

NBSE2_BANDS = MaterialTable(
    title="The two Nb bands of bulk 2H-NbSe2 by angle-resolved photoemission",
    columns=("t0", "t1", "t2", "t3", "t4", "t5"),
    units=("meV",) * 6,
    rows={
        "inner barrel": (10.9, 86.8, 139.9, 29.6, 3.5, 3.3),
        "outer barrel": (203.0, 46.0, 257.5, 4.4, -15.0, 6.0),
    },
    doi="10.1103/PhysRevB.85.224532",
    validity=(
        "occupied states within about 0.2 eV of the Fermi level; bulk, no k_z dispersion, no charge density wave; "
        "the coefficients were written down from memory and not checked against the original text: what speaks for "
        "them is only that the two bands together hold 2.00 electrons per 2 Nb, as they must"
    ),
)
"""Rahn et al., Phys. Rev. B 85, 224532 (2012); not checked against the original text, see `.validity`."""

LATTICE_CONSTANT = 0.3445
"""Bulk lattice constant of 2H-NbSe2, nm."""

SPLITTING = 2 * 660.0 * MU_B
"""Spin splitting of 76.4 meV on the K pockets: the spin-orbit field of 660 T of Xi et al., doi:10.1038/nphys3538."""

_SHELLS: tuple[tuple[Cell, float], ...] = (((1, 0), 2), ((1, 2), 2), ((2, 0), 2), ((3, 1), 4), ((3, 0), 2))
_MESH = 360


def nbse2(splitting: float = SPLITTING, *, electrons: float = 1.0, a: float = LATTICE_CONSTANT) -> TightBinding:
    """Monolayer NbSe2: one Nb band with Gamma and K pockets of holes and Ising coupling 2 beta S(k) sigma_z; meV, nm.

    Args:
        splitting: spin splitting on the Fermi line around K, averaged over the angle, meV. It sets beta.
        electrons: electrons per cell in this band; 1 for the undoped crystal. It sets the Fermi level, at zero, to
            about 0.01 meV.
        a: lattice constant, nm.

    Raises:
        InvalidInput: negative splitting, `electrons` not between 0.8 and 1.2.

    Source: dispersion: mean of the two bands of `NBSE2_BANDS`, doi:10.1103/PhysRevB.85.224532 (coefficients not checked
    against the original text); splitting: Xi et al.,
    Nature Physics 12, 139 (2016), doi:10.1038/nphys3538. Nodes on Gamma-M: Engstroem et al., arXiv:2504.20775.

    >>> from spinvalley.models import nbse2
    >>> metal = nbse2()
    >>> [round(float(metal.hamiltonian(metal.lattice.momentum(p))[0, 0].real)) for p in ("Gamma", "M")]
    [936, -120]
    """
    splitting = non_negative("splitting", splitting)
    electrons = positive("electrons", electrons)
    if not 0.8 <= electrons <= 1.2:
        raise InvalidInput(f"`electrons` must be between 0.8 and 1.2 for the measured band to hold, but is {electrons}")
    lattice = triangular(positive("a", a))
    band = _shifted(_band(lattice), electrons)
    return _shifted(band + IsingSOC(splitting / (4 * _mean_odd_sum(band))), electrons)


def _band(lattice: Lattice) -> TightBinding:
    mean = np.mean(list(NBSE2_BANDS.rows.values()), axis=0)
    hoppings: dict[Cell, Matrix] = {(0, 0): (mean[0] * S0).astype(complex)}
    for (cell, share), value in zip(_SHELLS, mean[1:], strict=True):
        length = np.linalg.norm(lattice.translation(cell))
        for n in range(-4, 5):
            for m in range(-4, 5):
                if abs(np.linalg.norm(lattice.translation((n, m))) - length) < 1e-9 * length:
                    hoppings[n, m] = (value / share * S0).astype(complex)
    return TightBinding(lattice=lattice, layers=("nb",), hoppings=hoppings)


def _mean_odd_sum(model: TightBinding) -> float:
    """|S(k)| averaged over the angle of the Fermi line around K."""
    corner = model.lattice.momentum("K")
    reach = 0.5 * float(np.linalg.norm(corner))

    def level(radius: float, ray: Floats) -> float:
        return float(model.hamiltonian(corner + radius * ray)[0, 0].real)

    sums = []
    for angle in np.pi / 3 * (np.arange(24) + 0.5) / 24:
        ray = np.array([-np.cos(angle), np.sin(angle)])
        k = corner + brentq(level, 0.0, reach, args=(ray,)) * ray
        bonds = [model.lattice.translation(bond) for bond in ((1, 0), (0, 1), (-1, -1))]
        sums.append(abs(sum(float(np.sin(k @ bond)) for bond in bonds)))
    return float(np.mean(sums))


def _shifted(model: TightBinding, electrons: float) -> TightBinding:
    """The model with the energy below which it holds that many electrons per cell as its zero.

    From linear triangles of a uniform mesh, corrected for curvature; the spin-down band at k is the spin-up band at -k,
    so that one of them is enough.
    """
    up = np.zeros((_MESH, _MESH))
    fractions = np.stack(np.meshgrid(np.arange(_MESH), np.arange(_MESH), indexing="ij"), axis=-1) / _MESH
    for cell, matrix in model.hoppings.items():
        phase = 2 * np.pi * (fractions @ np.array(cell))
        up += matrix[0, 0].real * np.cos(phase) - matrix[0, 0].imag * np.sin(phase)
    corners = _triangles(up)
    guess, step = float(np.quantile(up, 0.5 * electrons)), float(np.ptp(up)) / _MESH

    def excess(level: float) -> float:
        return _occupied(corners, level) - 0.5 * electrons

    return model + Potential(-float(brentq(excess, guess - step, guess + step, xtol=1e-9)))


def _triangles(energies: Floats) -> Floats:
    """Energies at the corners of all triangles of the periodic mesh, ascending, (3, triangles).

    They are shifted such that linear interpolation has the mean of the band on each triangle, whatever its curvature.
    """
    around = [np.roll(energies, shift, axis=(0, 1)) for shift in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1))]
    level = energies - (np.sum(around, axis=0) - 6 * energies) / 24
    right, above, across = (np.roll(level, shift, axis=(0, 1)) for shift in ((-1, 0), (0, -1), (-1, -1)))
    three = np.concatenate([np.stack([level, right, across]), np.stack([level, above, across])], axis=1)
    return np.asarray(np.sort(three.reshape(3, -1), axis=0))


def _occupied(corners: Floats, level: float) -> float:
    """Part of the zone below the level."""
    low, middle, high = corners[:, (corners[0] < level) & (level < corners[2])]
    first = level <= middle
    apex, base = np.where(first, low, high), np.where(first, high, low)
    tip = (level - apex) ** 2 / ((base - apex) * np.where(first, middle - low, middle - high))
    return float((np.sum(corners[2] <= level) + np.where(first, tip, 1 - tip).sum()) / corners.shape[1])
