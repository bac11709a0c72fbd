"""What the user may choose of an analysis, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any, Final, Literal

from spinvalley.checks import InvalidInput, one_of, positive, real, whole
from spinvalley.experiment.admissibility import Sample
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.flanks import Criterion, valid_criterion
from spinvalley.experiment.normal_resistance import Normal, NormalResistance, given, linear_background
from spinvalley.experiment.sweeps import Sweep
from spinvalley.reports.microscopic import Microscopic, microscopic

CRITERIA: Final[tuple[Criterion, ...]] = (0.5, 0.75, 0.9)
"""Fractions of R_N of which the spread of Tc and Hc2 is reported."""

_TC: Final = ("measured", "free")
_LOSSES: Final = ("linear", "soft_l1")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The settings of an analysis.

    Args:
        criterion: where the transition is: a fraction of R_N, "onset" or "zero".
        criteria: further criteria, reported beside it.
        normal: R_N: "plateau", "linear" (line through the top of each sweep), "15K" (value at a temperature),
            "linear:10" (line through R(T) above 10 K, "linear:10T": through R(B) above 10 T), or a number of Ohm.
        theta: direction of the field where the file does not tell it: "parallel" or "perpendicular" (to the layers),
            or degrees from the c axis.
        channel: the one resistance channel to be analysed; every one if None.
        allow_cut: whether a file that stops within a row is read up to there, and not refused.
        models: names of formulas; those that suit the orientation if empty.
        tc: "measured" (that of R(T) at B = 0 with its error, where there is one), "free", or held at a number of K.
        fixed: other parameters that are held, by name.
        mobility: in cm^2/Vs.
        mass: effective mass in electron masses.
        tau: scattering time in fs, instead of mobility and mass.
        splitting: least and greatest spin splitting in meV that the band structure allows.
        rashba_ratio: greatest Rashba ratio that the band structure allows.
        hall: channel of the Hall resistance, or a file that holds it: it gives the density.
        geometry: of the bar, "WIDTHxLENGTH" between the voltage contacts in any one unit, or the number of squares
            length/width: with the density it gives the mobility, and with the mass the scattering time.
        loss: "linear", or "soft_l1", which gives outliers less weight.
        bootstrap: resamples of each fit; 0 for none.
        posterior: whether to sample the posterior of the first fit of each line (needs spinvalley[bayes]).
        theory: "MATERIAL:DENSITY" with the density in cm^-2: Hc2 in the plane from the bands of the material, beside
            the formulas.
        theory_free: its free parameters, of `microscopic.FREE`.
        columns: quantity (T, B, theta, R) to the header of its column, where the names do not tell; see `read`.

    Raises:
        InvalidInput: a value out of range, an unknown model, settings that exclude each other, no emcee.
    """

    criterion: Criterion = 0.5
    criteria: tuple[Criterion, ...] = CRITERIA
    normal: str = "plateau"
    theta: float | str | None = None
    channel: str | None = None
    allow_cut: bool = False
    models: tuple[str, ...] = ()
    tc: float | str = "measured"
    fixed: Mapping[str, float] = field(default_factory=dict)
    mobility: float | None = None
    mass: float | None = None
    tau: float | None = None
    splitting: tuple[float, float] | None = None
    rashba_ratio: float | None = None
    hall: str | None = None
    geometry: str | None = None
    loss: Literal["linear", "soft_l1"] = "linear"
    bootstrap: int = 0
    posterior: bool = False
    theory: str | None = None
    theory_free: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

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
        if "tc" in self.fixed and self.tc != "measured":
            raise InvalidInput(f"`tc` must be given once, but is {self.tc} and among `fixed`")
        self._check_fits()
        theory = self.microscopic
        known = {p.name for formula in self.formulas for p in FORMULAS[formula].parameters}
        known |= set() if theory is None else set(theory.free)
        for name, value in self.fixed.items():
            real(f"fixed {one_of('fixed', name, sorted(known))}", value)
        self._check_bar()
        _ = self.sample

    def _check_fits(self) -> None:
        """How to fit."""
        one_of("loss", self.loss, _LOSSES)
        if whole("bootstrap", self.bootstrap, 0) == 1:
            raise InvalidInput("`bootstrap` must be 0 or at least 2 resamples, but is 1")
        if self.posterior and find_spec("emcee") is None:
            raise InvalidInput("`posterior` needs emcee, which is not there: pip install 'spinvalley[bayes]'")
        if self.theory_free and self.theory is None:
            raise InvalidInput("`theory_free` must be given with `theory`, but `theory` is not given")

    def _check_bar(self) -> None:
        """Where mobility and mass come from."""
        if self.tau is not None and self.mobility is not None:
            raise InvalidInput("`tau` must not be given with `mobility` and `mass`, from which it follows")
        if self.geometry is not None and self.hall is None:
            raise InvalidInput("`geometry` must be given with `hall`, but `hall` is not given")
        if self.squares is not None and self.mobility is not None:
            raise InvalidInput("`mobility` must not be given with `geometry`, from which it follows")
        if self.mobility is not None and self.mass is None:
            raise InvalidInput("`mobility` and `mass` must be given together, but one of them is not")
        if self.mass is not None and self.mobility is None and self.squares is None:
            raise InvalidInput("`mass` must be given with `mobility`, or with `hall` and `geometry`, but is alone")

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
        known = {"tau": self.tau, "mobility": self.mobility, "mass": self.mass, "rashba_ratio": self.rashba_ratio}
        return Sample(splitting=self.splitting, **known)

    @property
    def microscopic(self) -> Microscopic | None:
        """The microscopic theory; None without."""
        return None if self.theory is None else microscopic(self.theory, self.theory_free)

    @property
    def squares(self) -> float | None:
        """Length over width of the bar; None if not given."""
        return None if self.geometry is None else _squares(self.geometry)

    def document(self) -> dict[str, Any]:
        """Everything as plain numbers and texts."""
        return asdict(self)


def _squares(text: str) -> float:
    """Length over width of "WIDTHxLENGTH", or the number itself."""
    parts = text.lower().replace("×", "x").split("x")
    try:
        sizes = [float(part) for part in parts]
        if len(sizes) > 2:
            raise ValueError
    except ValueError:
        raise InvalidInput(
            f"`geometry` must be WIDTHxLENGTH like 2x10, or the number of squares, but is {text!r}"
        ) from None
    for size in sizes:
        positive("geometry", size)
    return sizes[0] if len(sizes) == 1 else sizes[1] / sizes[0]


def normal_rule(text: str, sweeps: Sequence[Sweep]) -> Normal:
    """R_N as `experiment` knows it, from "plateau", "linear", "15K", "linear:10", "linear:10T" or "0.47".

    Args:
        text: the rule.
        sweeps: all sweeps of a run: a line through R(T) serves the field sweeps of its channel too.

    Raises:
        InvalidInput: another text.
    """
    word = text.strip()
    if word.lower() in ("plateau", "linear"):
        return word.lower()
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
