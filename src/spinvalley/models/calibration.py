"""From density and splittings to the numbers of the one-band model: mu, alpha_Z, beta, alpha_R.

The Fermi sea counts both spins and both valleys with spin-orbit coupling; beta and alpha_R are set at the Fermi line
of the band without spin-orbit coupling, on the line K-M. Both depend on each other weakly and are iterated.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, InvalidInput, non_negative, one_of, positive, real
from spinvalley.models.blame import to_blame
from spinvalley.models.fermi_sea import PER_CM2, Rules, Sea, calibrated
from spinvalley.models.materials import ONE_BAND, OTHER_VALLEYS, VALLEY_KP, material_names
from spinvalley.models.one_band import OneBand, OneBandCalibration, OneBandParameters, upright_triangular
from spinvalley.models.three_band import three_band
from spinvalley.models.validity import ValidityWarning
from spinvalley.models.valley_kp import valley_kp

PUBLISHED_SPLITTINGS = {"MoS2": (3.0, 13.0)}
"""Splitting at K and, with the other sign, at the Fermi line, meV: doi:10.1038/nphys3580."""


@dataclass(frozen=True)
class OneBandHoppings:
    """Hoppings of the one-band model in meV, the lattice constant in nm, and where they come from."""

    t1: float
    t2: float
    t3: float
    a: float
    source: str = "given by the user"


def one_band(
    material: str = "MoS2",
    density: float = 8.7e13,
    rashba_ratio: float = 0.02,
    *,
    splitting_k: float | None = None,
    splitting_fermi: float | None = None,
    hoppings: OneBandHoppings | tuple[float, float, float] | None = None,
    a: float | None = None,
    kT: float = 0.0,
) -> OneBand:
    """Conduction band of a gated dichalcogenide with Ising and Rashba coupling, calibrated to density and splittings.

    H = eps(k) - mu + alpha_Z g_Z . sigma + alpha_R g_R . sigma, meV and nm, Fermi level at zero; K = (0, 4 pi/3a).
    Spin up is the upper band at K and the lower one at the Fermi line. The numbers are in `.parameters`, what they
    came from in `.calibration`. k_F is that of eps alone on the line K-M; mu counts the full bands.

    Args:
        material: name; hoppings are known for MoS2 (inferred from Supplementary Fig. 4, which prints none).
        density: sheet density of electrons, cm^-2.
        rashba_ratio: |alpha_R g_R| / |alpha_Z g_Z| at k_F.
        splitting_k: E_up - E_dn at K, meV; 3 for MoS2, else that of `valley_kp`.
        splitting_fermi: E_dn - E_up at k_F without Rashba coupling, meV, negative if the bands do not cross; 13 for
            MoS2, else that of `valley_kp` at this density.
        hoppings: (t1, t2, t3) in meV, or `OneBandHoppings`, e.g. `fitted_hoppings("WS2")`.
        a: lattice constant in nm, with `hoppings` as a tuple.
        kT: thermal energy in meV at which the chemical potential belongs to the density.

    Raises:
        InvalidInput: density <= 0, too small for a Fermi line or beyond the closed pockets (states the limit);
            splittings or a Rashba ratio that push the Fermi level below the band at K; kT that lifts electrons out of
            the pockets or the chemical potential below the band; hoppings not known or without a minimum at K.

    Warns:
        ValidityWarning: the Fermi energy reaches the Q valleys, which this band does not have (states the density).

    Source: Saito et al., Nature Physics 12, 144 (2016), doi:10.1038/nphys3580, supplement.

    >>> from spinvalley.models import one_band
    >>> mos2 = one_band("MoS2", density=7.7e13, rashba_ratio=0.0)
    >>> round(mos2.parameters.alpha_z, 6), round(mos2.parameters.beta, 4)
    (0.57735, 34.2607)
    """
    known = _hoppings(material, hoppings, a)
    bare = OneBandParameters(known.a, known.t1, known.t2, known.t3)
    sea = Sea(bare, non_negative("kT", kT))
    density = positive("density", density)
    rules = Rules(
        *_splittings(material, density, splitting_k, splitting_fermi), non_negative("rashba_ratio", rashba_ratio)
    )
    _check_density(material, density, sea)
    solved = calibrated(sea, rules, density / PER_CM2)
    if solved is None:
        raise InvalidInput(to_blame(sea, rules, density, given=(splitting_k is not None, splitting_fermi is not None)))
    found, k_fermi = solved
    record = OneBandCalibration(
        material=material,
        density=density,
        kT=sea.kT,
        k_fermi=k_fermi,
        fermi_energy=found.mu - sea.bottom,
        splitting_k=rules.splitting_k,
        splitting_fermi=rules.splitting_fermi,
        rashba_ratio=rules.rashba_ratio,
        density_limit=sea.limit,
        source=known.source,
    )
    return OneBand(lattice=upright_triangular(known.a), layers=("layer",), function=found, base_calibration=record)


def fitted_hoppings(material: str, energy: float = 150.0) -> OneBandHoppings:
    """Hoppings of the one-band model from the third-neighbour three-band conduction band without spin.

    The energies at Gamma and M above K are kept exactly; what is left is a least-squares fit to the states less than
    `energy` (meV) above K. The residual is stated in `.source`: 8 to 13 meV rms for 150 meV, since three shells
    cannot give the mass at K and the band width at once.

    Raises:
        InvalidInput: unknown material, energy too small to hold momenta of the fit (states the smallest).
    """
    model = three_band(material, 3, soc=False)
    corner, a = model.lattice.momentum("K"), float(model.lattice.matrix[0, 0])
    points = np.stack([np.zeros(2), model.lattice.momentum("M")])
    reach = np.pi / (3 * a)  # half way to M: no Q valley inside
    radius, angle = np.meshgrid(reach * np.sqrt(np.linspace(0, 1, 41)[1:]), 2 * np.pi * np.arange(24) / 24)
    disc = corner + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).reshape(-1, 2)

    def above_k(k: Floats) -> Floats:
        energies = np.linalg.eigvalsh(model.hamiltonian(np.vstack([corner, k])))[:, 2]
        return np.asarray(energies[1:] - energies[0])

    def shells(k: Floats) -> Floats:
        upright = np.vstack([corner, k]) @ np.array([[0.0, 1.0], [-1.0, 0.0]])
        values = np.stack([OneBandParameters(a, *unit).band(upright) for unit in np.eye(3)], axis=-1)
        return np.asarray(values[1:] - values[0])

    start = np.linalg.lstsq(shells(points), above_k(points), rcond=None)[0]
    free = np.linalg.svd(shells(points))[2][2]
    wanted = above_k(disc)
    near = wanted < positive("energy", energy)
    if energy <= (least := float(wanted.reshape(*radius.shape)[:, 0].max())):  # the innermost circle
        raise InvalidInput(f"`energy` must be above {least:.4g} meV for a fit of {material}, but is {energy:g}")
    table, rest = shells(disc[near]), wanted[near] - shells(disc[near]) @ start
    fit = start + free * float(rest @ (table @ free)) / float((table @ free) @ (table @ free))
    rms = float(np.sqrt(np.mean((table @ fit - wanted[near]) ** 2)))
    source = f"fit to three_band({material!r}, 3): exact at Gamma, M, K; {rms:.1f} meV rms up to {energy:g} meV above K"
    return OneBandHoppings(float(fit[0]), float(fit[1]), float(fit[2]), a, source)


def _hoppings(material: str, hoppings: OneBandHoppings | tuple[float, ...] | None, a: float | None) -> OneBandHoppings:
    if isinstance(hoppings, OneBandHoppings):
        return hoppings
    if hoppings is not None:
        if a is None or np.shape(hoppings) != (3,):
            raise InvalidInput("`hoppings` must be (t1, t2, t3) in meV and come with `a` in nm, but do not")
        t1, t2, t3 = (real("hoppings", t) for t in hoppings)
        return OneBandHoppings(t1, t2, t3, positive("a", a))
    one_of("material", material, material_names())
    if material not in ONE_BAND.rows:
        raise InvalidInput(
            f"`hoppings` must be given for {material}, e.g. fitted_hoppings({material!r}): one-band hoppings are known "
            f"for {', '.join(ONE_BAND.rows)} only"
        )
    row = ONE_BAND.row(material)
    size = row["a"] if a is None else positive("a", a)
    return OneBandHoppings(row["t1"], row["t2"], row["t3"], size, ONE_BAND.validity)


def _splittings(material: str, density: float, at_k: float | None, at_fermi: float | None) -> tuple[float, float]:
    """The splittings asked for, else those of the paper (MoS2), else those of the k.p valleys."""
    if material in PUBLISHED_SPLITTINGS:
        usual = PUBLISHED_SPLITTINGS[material]
    elif material in VALLEY_KP.rows:
        valleys = valley_kp(material)
        usual = abs(valleys.splitting_k), -valleys.splitting_at(density) * math.copysign(1, valleys.splitting_k)
    elif at_k is None or at_fermi is None:
        raise InvalidInput(f"`splitting_k` and `splitting_fermi` must be given for {material}, but are not")
    else:
        usual = at_k, at_fermi
    return (
        usual[0] if at_k is None else positive("splitting_k", at_k),
        usual[1] if at_fermi is None else real("splitting_fermi", at_fermi),
    )


def _check_density(material: str, density: float, sea: Sea) -> None:
    if density >= sea.limit:
        raise InvalidInput(
            f"`density` must be below {sea.limit:.4g} cm^-2, where the pockets around K and K' touch, "
            f"but is {density:.4g}"
        )
    if material not in OTHER_VALLEYS.rows:
        return
    energy = OTHER_VALLEYS.row(material)["q_above_k"]
    reached = PER_CM2 * sea.cold_density(energy)
    if density > reached:
        warnings.warn(
            f"`density` is {density:.4g} cm^-2, beyond {reached:.4g} cm^-2, where the Fermi energy reaches the Q "
            f"valleys ({energy:g} meV above K in doi:{OTHER_VALLEYS.doi}); this band has none",
            ValidityWarning,
            stacklevel=3,
        )
