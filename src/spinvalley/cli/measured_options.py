"""Groups of options of the commands on measured data. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

_READING: Final = "Reading and extraction"
_KNOWN: Final = "Fits and what is known otherwise"


def _reading(help_text: str, metavar: str) -> Any:
    return typer.Option(help=help_text, rich_help_panel=_READING, metavar=metavar)


def _known(help_text: str, metavar: str = "NUMBER") -> Any:
    return typer.Option(help=help_text, rich_help_panel=_KNOWN, metavar=metavar)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How critical points come out of the measured resistance."""

    criterion: Annotated[str, _reading("Fraction of R_N between 0 and 1, onset, or zero.", "NUMBER")] = "0.5"
    normal: Annotated[
        str, _reading("R_N: plateau, a temperature 15K, a line linear:10 (above 10 K), or Ohm 0.47.", "RULE")
    ] = "plateau"
    theta: Annotated[
        str | None,
        _reading("Field parallel or perpendicular to the layers, or an angle from the c axis in degrees.", "ANGLE"),
    ] = None
    channel: Annotated[str | None, _reading("The one resistance channel; default: every one.", "NAME")] = None


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """Which formulas are fitted, what is held, and what is known of the sample."""

    models: Annotated[
        str | None, _known("Formulas, e.g. klb,ising; default: those that suit the direction.", "NAMES")
    ] = None
    tc: Annotated[str, _known("Tc in K, held; or measured (held at that of R(T) at B = 0), or free.")] = "measured"
    fixed: Annotated[
        list[str] | None, _known("A parameter that is held, e.g. xi=8.0; may be given again.", "NAME=VALUE")
    ] = None
    mobility: Annotated[float | None, _known("Mobility in cm^2/Vs; with --mass it gives the scattering time.")] = None
    mass: Annotated[float | None, _known("Effective mass in electron masses.")] = None
    tau: Annotated[float | None, _known("Scattering time in fs, instead of mobility and mass.")] = None
    splitting: Annotated[
        str | None, _known("Least and greatest spin splitting in meV that the band structure allows.", "LOW,HIGH")
    ] = None
