"""Why the one-band model could not be calibrated: which argument is to blame, and up to where it may go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from spinvalley.models.fermi_sea import LOST, PER_CM2, Rules, Sea, calibrated

_HALVINGS = 7
_STEP = 2.0  # of the density on the way up to the first that fits
_NEARLY = 1e-7  # change of mu in meV at which a trial ends
_WHY = "or the Fermi level falls to the band at K"


def to_blame(sea: Sea, rules: Rules, density: float, given: tuple[bool, bool]) -> str:
    """One sentence on the argument that is to blame, with its limit.

    The first of kT, the Rashba ratio and the splittings that the user gave (`given`: at K, at k_F) is blamed whose
    removal alone mends it, else the density.
    """
    cold, here = sea.cooled(), f"at {density:.4g} cm^-2"

    def fits(changed: Rules, at: float = density) -> bool:
        return calibrated(cold, changed, at / PER_CM2, _NEARLY) is not None

    if sea.kT > 0 and fits(rules):
        limit = _largest(_holding(sea, density), 0.0, sea.kT, 20)
        return (
            f"`kT` must be at most about {_down(limit)} meV {here}, or the chemical potential leaves the band or "
            f"electrons the pockets around K and K', but is {sea.kT:g}"
        )
    ratio, at_fermi, at_k = rules.rashba_ratio, rules.splitting_fermi, rules.splitting_k
    if ratio > 0 and fits(replace(rules, rashba_ratio=0.0)):
        limit = _largest(lambda x: fits(replace(rules, rashba_ratio=x)), 0.0, ratio)
        return f"`rashba_ratio` must be at most {_down(limit)} {here}, {_WHY}, but is {ratio:g}"
    if given[1] and fits(replace(rules, splitting_fermi=1e-6 * at_fermi)):
        limit = _largest(lambda x: fits(replace(rules, splitting_fermi=x * at_fermi)), 1e-6, 1.0) * abs(at_fermi)
        bound = f"at most {_down(limit)}" if at_fermi > 0 else f"at least -{_down(limit)}"
        return f"`splitting_fermi` must be {bound} meV {here}, {_WHY}, but is {at_fermi:g}"
    if given[0] and fits(replace(rules, splitting_k=1e-3 * at_k)):
        limit = _largest(lambda x: fits(replace(rules, splitting_k=x)), 1e-3 * at_k, at_k)
        return f"`splitting_k` must be at most {_down(limit)} meV {here}, {_WHY}, but is {at_k:g}"
    return _smallest_density(lambda n: fits(rules, n), density, sea.limit)


def _smallest_density(fits: Callable[[float], bool], density: float, top: float) -> str:
    low, high = density, _STEP * density
    while high < top and not fits(high):
        low, high = high, _STEP * high
    if high >= top:
        return (
            "`density` must put the Fermi level above the band at K, but with these splittings and this Rashba ratio "
            f"no density up to {top:.4g} cm^-2 does"
        )
    limit = -_largest(lambda n: fits(-n), -high, -low, _HALVINGS - 2)
    return f"`density` must be at least {_up(limit)} cm^-2, {_WHY}, but is {density:.4g}"


def _holding(sea: Sea, density: float) -> Callable[[float], bool]:
    """Whether the bare pockets hold the electrons at kT with a chemical potential above the band at K."""
    energies = np.linspace(sea.bottom, sea.top, 801)
    counts, wanted = sea.counts(energies), density / PER_CM2

    def holds(kT: float) -> bool:
        def held(mu: float) -> float:
            slope = 0.25 / kT / np.cosh(np.clip(0.5 * (energies - mu) / kT, -300, 300)) ** 2
            return float(np.trapezoid(counts * slope, energies))

        highest = sea.top - kT * math.log(sea.whole / (LOST * wanted))
        return highest > sea.bottom and held(sea.bottom) < wanted < held(highest)

    return holds


def _largest(fits: Callable[[float], bool], good: float, bad: float, halvings: int = _HALVINGS) -> float:
    """The end of the range that fits, from the side that does."""
    for _ in range(halvings):
        middle = 0.5 * (good + bad)
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good


def _down(value: float) -> str:
    """Three digits, rounded towards zero."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2) if value > 0 else 1.0
    return f"{math.floor(value / unit) * unit:.3g}"


def _up(value: float) -> str:
    """Three digits, rounded away from zero."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return f"{math.ceil(value / unit) * unit:.3g}"
