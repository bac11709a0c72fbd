"""Groups of options of the commands on measured data. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

_READING: Final = "Reading and extraction"
_KNOWN: Final = "Fits and what is known otherwise"
_BAR: Final = "Hall bar"
_MORE: Final = "Resampling and microscopic theory"


def _reading(help_text: str, metavar: str) -> Any:
    return typer.Option(help=help_text, rich_help_panel=_READING, metavar=metavar)


def _known(help_text: str, metavar: str = "NUMBER") -> Any:
    return typer.Option(help=help_text, rich_help_panel=_KNOWN, metavar=metavar)


def _bar(help_text: str, metavar: str) -> Any:
    return typer.Option(help=help_text, rich_help_panel=_BAR, metavar=metavar)


def _more(help_text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=help_text, rich_help_panel=_MORE, metavar=metavar)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How critical points come out of the measured resistance."""

    criterion: Annotated[str, _reading("Fraction of R_N between 0 and 1, onset, or zero.", "NUMBER")] = "0.5"
    normal: Annotated[
        str, _reading("R_N: plateau, linear, a temperature 15K, a line linear:10 (above 10 K), or Ohm 0.47.", "RULE")
    ] = "plateau"
    theta: Annotated[
        str | None,
        _reading("Field parallel or perpendicular to the layers, or an angle from the c axis in degrees.", "ANGLE"),
    ] = None
    channel: Annotated[str | None, _reading("The one resistance channel; default: every one.", "NAME")] = None
    allow_cut: Annotated[
        bool,
        typer.Option("--allow-cut", help="Read a file that stops within a row up to there.", rich_help_panel=_READING),
    ] = False


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """Which formulas are fitted, what is held, and what is known of the sample."""

    models: Annotated[
        str | None, _known("Formulas, e.g. klb,ising; default: those that suit the direction.", "NAMES")
    ] = None
    tc: Annotated[str, _known("Tc in K, held; or measured (that of R(T) at B = 0 with its error), or free.")] = (
        "measured"
    )
    fixed: Annotated[
        list[str] | None, _known("A parameter that is held, e.g. xi=8.0; may be given again.", "NAME=VALUE")
    ] = None
    loss: Annotated[str, _known("linear, or soft_l1: outliers count less.", "NAME")] = "linear"
    mobility: Annotated[float | None, _known("Mobility in cm^2/Vs; with --mass it gives the scattering time.")] = None
    mass: Annotated[float | None, _known("Effective mass in electron masses.")] = None
    tau: Annotated[float | None, _known("Scattering time in fs, instead of mobility and mass.")] = None
    splitting: Annotated[
        str | None, _known("Least and greatest spin splitting in meV that the band structure allows.", "LOW,HIGH")
    ] = None
    rashba_ratio: Annotated[float | None, _known("Greatest Rashba ratio that the band structure allows.")] = None
    bootstrap: Annotated[int, _more("Resamples of every fit.", "NUMBER")] = 0
    posterior: Annotated[
        bool, typer.Option("--posterior", help="Posterior of the first fit of each line.", rich_help_panel=_MORE)
    ] = False
    theory: Annotated[
        str | None,
        _more("A material and its density in cm^-2, e.g. MoS2:8.7e13: Hc2 from its bands.", "MATERIAL:DENSITY"),
    ] = None
    theory_free: Annotated[
        str | None,
        _more("What it leaves free: density, splitting, rashba_ratio, tau_iv, g_factor; default: nothing.", "NAMES"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The Hall voltage of the same device."""

    hall: Annotated[
        str | None, _bar("Channel of the Hall resistance, or a file that holds it: gives the density.", "CHANNEL|FILE")
    ] = None
    geometry: Annotated[
        str | None,
        _bar("Bar between the voltage contacts, e.g. 2x10, or its squares: gives the mobility.", "WIDTHxLENGTH"),
    ] = None
