"""What the user may choose of an analysis, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from spinvalley.checks import InvalidInput, one_of, positive, real
from spinvalley.experiment.admissibility import Sample
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.flanks import Criterion, valid_criterion
from spinvalley.experiment.normal_resistance import Normal, NormalResistance, given, linear_background
from spinvalley.experiment.sweeps import Sweep

CRITERIA: Final[tuple[Criterion, ...]] = (0.5, 0.75, 0.9)
"""Fractions of R_N of which the spread of Tc and Hc2 is reported."""

_TC: Final = ("measured", "free")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The settings of an analysis.

    Args:
        criterion: where the transition is: a fraction of R_N, "onset" or "zero".
        criteria: further criteria, reported beside it.
        normal: R_N: "plateau", "15K" (value at a temperature), "linear:10" (line through R(T) above 10 K, "linear:10T":
            through R(B) above 10 T), or a number of Ohm.
        theta: direction of the field where the file does not tell it: "parallel" or "perpendicular" (to the layers),
            or degrees from the c axis.
        channel: the one resistance channel to be analysed; every one if None.
        models: names of formulas; those that suit the orientation if empty.
        tc: "measured" (held at the Tc of R(T) at B = 0 where there is one), "free", or held at a number of K.
        fixed: other parameters that are held, by name.
        mobility: in cm^2/Vs.
        mass: effective mass in electron masses.
        tau: scattering time in fs, instead of mobility and mass.
        splitting: least and greatest spin splitting in meV that the band structure allows.

    Raises:
        InvalidInput: a value out of range, an unknown model.
    """

    criterion: Criterion = 0.5
    criteria: tuple[Criterion, ...] = CRITERIA
    normal: str = "plateau"
    theta: float | str | None = None
    channel: str | None = None
    models: tuple[str, ...] = ()
    tc: float | str = "measured"
    fixed: Mapping[str, float] = field(default_factory=dict)
    mobility: float | None = None
    mass: float | None = None
    tau: float | None = None
    splitting: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Everything that can be judged before a file is read."""
        for criterion in (self.criterion, *self.criteria):
            valid_criterion(criterion)
        normal_rule(self.normal, ())
        for model in self.models:
            one_of("models", model, FORMULAS)
        if isinstance(self.tc, str):
            one_of("tc", self.tc, _TC)
        else:
            positive("tc", self.tc)
        known = {p.name for formula in self.formulas for p in FORMULAS[formula].parameters}
        for name, value in self.fixed.items():
            real(f"fixed {one_of('fixed', name, sorted(known))}", value)
        if (self.mobility is None) != (self.mass is None):
            raise InvalidInput("`mobility` and `mass` must be given together, but one of them is not")
        _ = self.sample

    @property
    def formulas(self) -> tuple[str, ...]:
        """The formulas that may be fitted."""
        return self.models or tuple(FORMULAS)

    @property
    def every_criterion(self) -> tuple[Criterion, ...]:
        """The criterion and the others, each once."""
        return tuple(dict.fromkeys((self.criterion, *self.criteria)))

    @property
    def sample(self) -> Sample:
        """What is known beside the critical fields."""
        return Sample(tau=self.tau, mobility=self.mobility, mass=self.mass, splitting=self.splitting)

    def document(self) -> dict[str, Any]:
        """Everything as plain numbers and texts."""
        return asdict(self)


def normal_rule(text: str, sweeps: Sequence[Sweep]) -> Normal:
    """R_N as `experiment` knows it, from "plateau", "15K", "linear:10", "linear:10T" or "0.47".

    Args:
        text: the rule.
        sweeps: all sweeps of a run: a line through R(T) serves the field sweeps of its channel too.

    Raises:
        InvalidInput: another text.
    """
    word = text.strip()
    if word.lower() == "plateau":
        return "plateau"
    if word.lower().startswith("linear:"):
        return _line(word[len("linear:") :], tuple(sweeps))
    if word.lower().endswith("k"):
        positive("normal", _number(word[:-1], text))
        return word
    return given(_number(word, text))


def _line(above: str, sweeps: tuple[Sweep, ...]) -> Normal:
    kind = "field" if above.strip().upper().endswith("T") else "temperature"
    start = positive("normal", _number(above.strip().rstrip("kKtT"), f"linear:{above}"))

    def rule(sweep: Sweep) -> NormalResistance:
        same = [s for s in (sweep, *sweeps) if s.kind == kind and s.channel == sweep.channel and max(abs(s.x)) > start]
        if not same:
            unit = "T" if kind == "field" else "K"
            raise InvalidInput(
                f"`normal` must be a line where sweeps reach, but no {kind} sweep reaches {start:g} {unit}"
            )
        best = same[0] if same[0] is sweep else min(same, key=lambda s: abs(s.B) if kind == "temperature" else 0.0)
        return linear_background(best.x, best.R, start, "B" if kind == "field" else "T")

    return rule


def _number(text: str, whole: str) -> float:
    try:
        return real("normal", float(text))
    except ValueError:
        raise InvalidInput(
            f'`normal` must be "plateau", a temperature like 15K, a line like linear:10, or Ohm, but is {whole!r}'
        ) from None
