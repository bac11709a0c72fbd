"""Whether a good fit may be believed: the assumptions of its formula, its parameters and what else is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, positive
from spinvalley.experiment.formulas import pauli
from spinvalley.units import HBAR, HBAR2_2M, K_B

_MUCH, _NEAR, _FEMTO = 0.1, 0.5, 1e-15


@dataclass(frozen=True)
class Sample:
    """What is known of a sample beside its critical fields.

    Args:
        tau: scattering time in fs; None: from mobility and mass, if both are given.
        mobility: in cm^2/Vs.
        mass: effective mass in units of the electron's.
        splitting: least and greatest spin splitting in meV that the band structure allows.
        rashba_ratio: greatest Rashba ratio that the band structure allows.

    Raises:
        InvalidInput: a number that is not positive, or a range that does not rise.

    Example:
        >>> Sample(mobility=86.0, mass=0.52).scattering_time
        25.43
    """

    tau: float | None = None
    mobility: float | None = None
    mass: float | None = None
    splitting: tuple[float, float] | None = None
    rashba_ratio: float | None = None

    def __post_init__(self) -> None:
        """Positive numbers."""
        for name in ("tau", "mobility", "mass", "rashba_ratio"):
            value = getattr(self, name)
            if value is not None:
                positive(name, value)
        if self.splitting is not None:
            band = floats("splitting", self.splitting)
            if band.shape != (2,) or not 0 <= band[0] < band[1]:
                raise InvalidInput(f"`splitting` must be (least, greatest) in meV, but is {self.splitting}")

    @property
    def scattering_time(self) -> float | None:
        """Tau = mobility m/e in fs, unless given; None if unknown."""
        if self.tau is not None or self.mobility is None or self.mass is None:
            return self.tau
        electron = HBAR**2 / (2 * HBAR2_2M)  # meV s^2/nm^2
        return float(1e14 * self.mobility * self.mass * electron * 1e-3 / _FEMTO)


Demand = tuple[str, float, float | str]


@dataclass(frozen=True)
class Verdict:
    """One assumption of a formula.

    Args:
        text: a sentence.
        holds: True, False, or None where it can not be judged or is only a caution.
        demand: what the parameters must satisfy, where it was judged at their values: (name, least, greatest), where
            `greatest` may be the name of another parameter.
    """

    text: str
    holds: bool | None
    demand: Demand | None = None

    def undecided(self) -> Verdict:
        """The verdict where the data allow both: parameters that satisfy it and others."""
        text = self.text.partition(": ")[2]
        return Verdict(
            f"not judged: {text}; the data cannot tell, the 68 % interval holds both sides", None, self.demand
        )

    def firm(self) -> Verdict:
        """The verdict where the data allow no other."""
        return Verdict(f"{self.text}, on the whole 68 % interval", self.holds, self.demand)

    def __str__(self) -> str:
        return self.text


def judge(
    formula: str, parameters: dict[str, float], x: Floats, B: Floats, sample: Sample, likely: bool | None = None
) -> tuple[Verdict, ...]:
    """Verdicts on a fit of `formula` with `parameters` (its own names) to the points x, B.

    `likely` tells whether the formula describes the points within sigma, None if that is not known.
    """
    found: list[Verdict] = []
    if formula == "klb":
        found.append(_klb(parameters["tau_so"], sample.scattering_time))
    if formula.startswith("gl_"):
        found += _landau(formula, parameters, x, likely)
    if formula == "ising_intervalley":
        found += _intervalley(parameters, sample.scattering_time)
    if formula.startswith("ising"):
        found += _bands(parameters, sample)
    if formula in ("gl_parallel", "gl_3d_parallel", "abrikosov_gorkov", "whh", "pauli"):
        found += _beyond_pauli(formula, parameters, x, B)
    return tuple(found)


def _klb(tau_so: float, tau: float | None) -> Verdict:
    if tau is None:
        return Verdict("not judged: the theory assumes tau << tau_so, and no tau (or mobility and mass) is given", None)
    times = f"tau = {tau:.3g} fs and tau_so = {tau_so:.3g} fs"
    demand = ("tau_so", tau / _MUCH, np.inf)
    if tau > tau_so:
        return Verdict(f"inadmissible: {times}, but spin-orbit scattering is a part of all scattering", False, demand)
    if tau > _MUCH * tau_so:
        return Verdict(f"inadmissible: {times}, but the theory assumes tau << tau_so", False, demand)
    return Verdict(f"admissible: {times}, tau << tau_so as the theory assumes", True, demand)


def _landau(formula: str, parameters: dict[str, float], x: Floats, likely: bool | None) -> list[Verdict]:
    lowest = float(np.min(x)) / parameters["tc"]
    text = f"Ginzburg-Landau theory holds near Tc, and the points go down to T/Tc = {lowest:.2g}"
    if lowest >= _NEAR:
        near = Verdict(f"admissible: {text}", True)
    elif likely is False:
        near = Verdict(f"inadmissible: {text} and do not follow it: choose a window (gl_window)", False)
    else:
        near = Verdict(f"caution: {text}", None)
    if formula != "gl_parallel":
        return [near]
    xi, d = parameters["xi"], parameters["d"]
    thin = d < xi
    word = "admissible" if thin else "inadmissible"
    return [
        near,
        Verdict(f"{word}: a thin film has d < xi; here d = {d:.3g} nm and xi = {xi:.3g} nm", thin, ("d", 0.0, "xi")),
    ]


def narrowed(splitting: float, tau_iv: float) -> Verdict:
    """What is left of an Ising splitting in strong inter-valley scattering: splitting in meV, tau_iv in fs."""
    same = 8 * HBAR**2 / (3 * splitting**2 * tau_iv * _FEMTO) / _FEMTO
    text = "degenerate: the data fix only splitting^2 tau_iv, the limit of Klemm, Luther and Beasley"
    return Verdict(f"{text} with tau_so = {same:.3g} fs", None)


def _intervalley(parameters: dict[str, float], tau: float | None) -> list[Verdict]:
    splitting, tau_iv = parameters["splitting"], parameters["tau_iv"]
    strong = _MUCH * HBAR / (tau_iv * _FEMTO) > max(splitting, np.pi * K_B * parameters["tc"])
    found = [narrowed(splitting, tau_iv)] if strong else []
    if tau is not None:
        fine = tau_iv >= tau
        text = f"tau_iv = {tau_iv:.3g} fs, tau = {tau:.3g} fs"
        because = "inter-valley scattering is a part of all scattering"
        found.append(
            Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}; {because}", fine, ("tau_iv", tau, np.inf))
        )
    return found


def _bands(parameters: dict[str, float], sample: Sample) -> list[Verdict]:
    found = []
    if sample.splitting is not None:
        low, high = sample.splitting
        fine = low <= parameters["splitting"] <= high
        text = f"splitting = {parameters['splitting']:.3g} meV, band structure {low:g} to {high:g} meV"
        found.append(Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}", fine, ("splitting", low, high)))
    else:
        found.append(Verdict("not judged: the splitting that the band structure allows is not given", None))
    if sample.rashba_ratio is None and "rashba_ratio" in parameters:
        found.append(Verdict("not judged: the Rashba ratio that the band structure allows is not given", None))
    elif sample.rashba_ratio is not None and "rashba_ratio" in parameters:
        ratio = parameters["rashba_ratio"]
        fine = ratio <= sample.rashba_ratio
        text = f"Rashba ratio {ratio:.3g}, band structure at most {sample.rashba_ratio:g}"
        demand = ("rashba_ratio", 0.0, sample.rashba_ratio)
        found.append(Verdict(f"{'admissible' if fine else 'inadmissible'}: {text}", fine, demand))
    return found


def _beyond_pauli(formula: str, parameters: dict[str, float], x: Floats, B: Floats) -> list[Verdict]:
    limit = np.asarray(pauli(x, parameters["tc"]))
    ratio = float(np.max(B[limit > 0] / limit[limit > 0], initial=0.0))
    if ratio <= 1:
        return []
    text = f"the points exceed the Pauli limit of spins without spin-orbit coupling up to {ratio:.2g} times"
    spinless = formula == "abrikosov_gorkov" or (formula == "whh" and parameters["alpha"] == 0)
    if formula == "pauli" or spinless:
        return [Verdict(f"inadmissible: {text}{', and the formula leaves out the spins' * spinless}", False)]
    return [Verdict(f"caution: {text}, which this formula does not explain", None)]
