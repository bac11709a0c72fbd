"""A material of the library as a fit model: Hc2(T) in the plane from the bands of its valleys, beside the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from spinvalley.checks import Floats, InvalidInput, one_of, positive
from spinvalley.experiment.admissibility import Sample, Verdict
from spinvalley.experiment.breaking import Law, ising_intervalley
from spinvalley.experiment.catalogue import TAU_IV, TC, Formula, Parameter
from spinvalley.models import ValleyModel, material_names, valley_kp
from spinvalley.pairing import FermiSurface, hc2
from spinvalley.pairing.kernel import kernel
from spinvalley.units import K_B, MU_B

__all__ = ["FREE", "Microscopic", "microscopic"]

FREE: Final = ("density", "splitting", "rashba_ratio", "tau_iv", "g_factor")
"""Parameters that a microscopic theory may leave free; the others are those of the bands, without Rashba coupling."""

_TOGETHER: Final = (
    ("density", "splitting", "each sets the splitting at the Fermi level"),
    ("rashba_ratio", "tau_iv", "no theory here holds both"),
    ("density", "g_factor", "critical fields fix little more than their ratio"),
    ("splitting", "g_factor", "critical fields fix little more than their ratio"),
)
_ANGLES: Final = 48
_G: Final = 2.0
_DIFFERENT: Final = 0.02


@dataclass(frozen=True, eq=False)
class Microscopic:
    """The K valleys of a material at a sheet density, field in the plane.

    Both spin bands of the k.p model are kept, each with its own density of states and its own splitting at its Fermi
    momentum. ln(Tc/T) = <K>, K the pair-breaking kernel of `pairing`, averaged over both Fermi lines.

    Args:
        material: a material of the library.
        density: sheet density of electrons in cm^-2.
        free: parameters that a fit varies, of `FREE`. "splitting" scales the splittings of both bands together (their
            mean over the Fermi surface, meV); "rashba_ratio" adds a part in the plane, of this size beside the
            part out of it; "tau_iv" (fs) is inter-valley scattering.

    Raises:
        InvalidInput: unknown material or parameter, density not positive, two parameters that exclude each other.

    >>> from spinvalley.reports.microscopic import Microscopic
    >>> float(Microscopic("MoS2", 8.7e13, ("density",)).formula.field(3.0, 6.5, 8.7e13))
    59.3
    """

    material: str
    density: float
    free: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Known names, a positive density, parameters that go together."""
        one_of("theory", self.material, material_names())
        positive("theory density", self.density)
        for name in self.free:
            one_of("theory_free", name, FREE)
        if len(set(self.free)) < len(self.free):
            raise InvalidInput(f"`theory_free` must name each parameter once, but is {', '.join(self.free)}")
        for first, second, why in _TOGETHER:
            if first in self.free and second in self.free:
                raise InvalidInput(f"`theory_free` must hold {first} or {second}, but holds both: {why}")

    @property
    def name(self) -> str:
        """How tables and figures call it."""
        filling = "" if "density" in self.free else f" at {self.density / 1e14:.3g}e14 cm^-2"
        return f"k.p bands of {self.material}{filling}"

    @cached_property
    def model(self) -> ValleyModel:
        """The bands."""
        return valley_kp(self.material)

    @cached_property
    def formula(self) -> Formula:
        """The fit model: tc and the free parameters."""
        law = Law(self._breaking)
        parameters = (TC, *(self._parameter(name) for name in self.free))
        return Formula(self.name, law.field, parameters, law=law, judge=self.verdicts)

    def surface(self, values: dict[str, float]) -> FermiSurface:
        """The Fermi surface of parameters by name, without scattering.

        Args:
            values: of the free parameters; others are ignored.
        """
        known = {name: value for name, value in values.items() if name in self.free}
        density, splitting = known.get("density", self.density), known.get("splitting", 0.0)
        g, weight = self._bands(np.array([density]), np.array([splitting]))
        angles = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
        vectors = _tilted(g[0], known.get("rashba_ratio", 0.0), angles)
        pocket = np.repeat(np.arange(g.shape[1]), _ANGLES)
        filled = np.repeat(weight[0] > 0, _ANGLES)
        shares = np.repeat(weight[0], _ANGLES)
        return FermiSurface(
            g=vectors.reshape(-1, 3)[filled],
            weight=shares[filled],
            pocket=pocket[filled],
            name=self.name,
            periodic=True,
        )

    def verdicts(self, values: dict[str, float], x: Floats, B: Floats, sample: Sample) -> tuple[Verdict, ...]:
        """What may be said against the best parameters.

        Args:
            values: of the parameters by name.
            x: temperatures in K, (n,).
            B: fields in T, (n,).
            sample: what else is known.
        """
        del B
        found = [self._filling(values.get("density", self.density))]
        if "splitting" in values:
            found.append(self._against_bands(values["splitting"], sample))
        if "rashba_ratio" in values:
            found.append(_rashba(values["rashba_ratio"], sample))
        if "g_factor" in values:
            found.append(Verdict(f"not judged: g = {values['g_factor']:.3g}, free spins have 2", None))
        if "tau_iv" in values:
            found += [_scattering(values["tau_iv"], sample.scattering_time)]
        else:
            found += self._order(values, x)
        if not self.free:
            found.append(Verdict("a prediction: the bands and the density leave nothing to be fitted but Tc", None))
        return tuple(found)

    def _parameter(self, name: str) -> Parameter:
        mean = self._mean(self.density)
        return {
            "density": Parameter("density", "cm^-2", 1e11, 1e16, lambda *_: (self.density, 0.5 * self.density)),
            "splitting": Parameter("splitting", "meV", 1e-3, 1e4, lambda *_: (mean, 0.4 * mean, 3 * mean)),
            "rashba_ratio": Parameter("rashba_ratio", "", 0.0, 100.0, lambda *_: (0.03, 0.3), log=False),
            "tau_iv": TAU_IV,
            "g_factor": Parameter("g_factor", "", 0.1, 100.0, lambda *_: (_G,)),
        }[name]

    def _mean(self, density: float) -> float:
        """Mean splitting over the Fermi surface, meV."""
        g, weight = self._bands(np.array([density]), np.zeros(1))
        return float(2 * np.abs(g[0]) @ weight[0])

    def _bands(self, density: Floats, splitting: Floats) -> tuple[Floats, Floats]:
        """Half of the splitting (meV) on both Fermi lines, scaled to a mean if `splitting` > 0, and their shares."""
        unique, place = np.unique(density, return_inverse=True)
        momenta = np.array([self._momenta(float(n)) for n in unique])[place.ravel()]
        g = 0.5 * self.model.splitting(momenta)
        weight = np.where(momenta > 0, self.model.dos(), 0.0)
        weight = weight / weight.sum(axis=1, keepdims=True)
        mean = np.sum(2 * np.abs(g) * weight, axis=1)
        scale = np.where(splitting > 0, splitting / mean, 1.0)
        return g * scale[:, None], weight

    def _momenta(self, density: float) -> Floats:
        """Fermi momenta of both bands; a density beyond the model is told in a verdict, not by a warning."""
        return self.unlimited.fermi_momenta(density)

    def _breaking(self, s: Floats, T: Floats, tc: Floats, *free: Floats) -> Floats:
        """<K> for s = B^2, arrays (n,)."""
        given = dict(zip(self.free, free, strict=True))
        none = np.zeros(s.shape)
        g, weight = self._bands(given.get("density", none + self.density), given.get("splitting", none))
        s = s * (given.get("g_factor", none + _G) / _G) ** 2
        if "tau_iv" in given:
            bands = [ising_intervalley(s, T, tc, 2 * np.abs(g[:, n]), given["tau_iv"]) for n in range(g.shape[1])]
            return np.asarray(np.sum(np.stack(bands, axis=1) * weight, axis=1))
        angles = (
            0.5 * np.pi * (np.arange(_ANGLES // 4) + 0.5) / (_ANGLES // 4) if "rashba_ratio" in given else np.zeros(1)
        )
        ratio = given.get("rashba_ratio", none)[:, None, None]
        vectors = _tilted(g, ratio, angles)
        h = np.zeros((s.size, 1, 1, 3))
        h[:, 0, 0, 0] = MU_B * np.sqrt(s)
        values = kernel(vectors, h, (K_B * T)[:, None, None])
        return np.asarray(np.sum(values.mean(axis=2) * weight, axis=1))

    def _filling(self, density: float) -> Verdict:
        limit = self.model.density_limit
        text = f"density = {density:.3g} cm^-2, the K valleys alone are filled up to {limit:.3g} cm^-2"
        fine = density <= limit
        demand = ("density", 0.0, limit) if "density" in self.free else None
        return Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}", fine, demand)

    def _against_bands(self, splitting: float, sample: Sample) -> Verdict:
        text = f"splitting = {splitting:.3g} meV, the k.p bands have {self._mean(self.density):.3g} meV at this density"
        if sample.splitting is None:
            return Verdict(f"not judged: {text}", None)
        low, high = sample.splitting
        fine = low <= splitting <= high
        text = f"{text}, {low:g} to {high:g} meV are allowed"
        return Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}", fine, ("splitting", low, high))

    def _order(self, values: dict[str, float], x: Floats) -> list[Verdict]:
        """Whether the free energy agrees with the linearised equation at the temperatures of the points."""
        T = np.unique(x[x < values["tc"]])
        if not T.size:
            return []
        g = values.get("g_factor", _G)
        exact = hc2(self.surface(values), T, tc=values["tc"], g=g)
        law = self.formula.field(T, *(values[p.name] for p in self.formula.parameters))
        if np.any(exact.status != "converged"):
            return [Verdict("not judged: the order of the transition, which the free energy did not settle", None)]
        first = T[exact.order.values == 1]
        if first.size:
            text = (
                f"the transition is of first order at {first.max():.3g} K and below, where this equation does not hold"
            )
            return [Verdict(f"inadmissible: {text}", False)]
        off = float(np.max(np.abs(exact.B.values / law - 1)))
        if off > _DIFFERENT:
            return [Verdict(f"caution: the field of the free energy differs by {100 * off:.2g} %", None)]
        return [Verdict("admissible: by the free energy the transition is continuous at every point", True)]

    @cached_property
    def unlimited(self) -> ValleyModel:
        """The bands without their limit of density."""
        return replace(self.model, density_limit=np.inf)


def microscopic(text: str, free: Sequence[str] = ()) -> Microscopic:
    """The theory of a text such as "MoS2:8.7e13".

    Args:
        text: MATERIAL:DENSITY, the density in cm^-2.
        free: parameters that a fit varies, of `FREE`.

    Raises:
        InvalidInput: another text, and what `Microscopic` refuses.
    """
    material, sign, density = text.partition(":")
    try:
        if not sign:
            raise ValueError
        value = float(density)
    except ValueError:
        raise InvalidInput(
            f"`theory` must be a material and a density in cm^-2 like MoS2:8.7e13, but is {text!r}"
        ) from None
    return Microscopic(material.strip(), value, tuple(free))


def _tilted(g: Floats, ratio: Floats | float, angles: Floats) -> Floats:
    """Vectors (..., angle, 3) out of the plane (...) with a part along the Fermi line of `ratio` times their size."""
    size = np.abs(g)[..., None] * ratio
    parts = (size * np.sin(angles), -size * np.cos(angles), g[..., None] + 0 * angles)
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def _rashba(ratio: float, sample: Sample) -> Verdict:
    if sample.rashba_ratio is None:
        return Verdict("not judged: the Rashba ratio that the band structure allows is not given", None)
    fine = ratio <= sample.rashba_ratio
    text = f"Rashba ratio {ratio:.3g}, band structure at most {sample.rashba_ratio:g}"
    demand = ("rashba_ratio", 0.0, sample.rashba_ratio)
    return Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}", fine, demand)


def _scattering(tau_iv: float, tau: float | None) -> Verdict:
    if tau is None:
        return Verdict("not judged: tau is not given, which tau_iv cannot be shorter than", None)
    fine = tau_iv >= tau
    text = f"tau_iv = {tau_iv:.3g} fs, tau = {tau:.3g} fs; inter-valley scattering is a part of all scattering"
    return Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}", fine, ("tau_iv", tau, np.inf))
