"""Groups of command-line options as frozen dataclasses, so that each option is written once.

Nothing heavy is imported here: `spinvalley --help` reads this module.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import typer

MODELS: Final = ("film", "tmd", "ising-film", "heterostructure")
"""Names of the ready models."""

_MODEL: Final = "Model (energies in its unit; |t| = 1 by default)"
_STRENGTH: Final = "Pairing (exactly one strength)"
_MATERIAL: Final = "Material in K, T, meV and nm (with --material; then --tc is Tc in K)"
_GAP: Final = "Gap Delta as given, or self-consistent (then with at most one strength)"
_VIEW: Final = "Edge, strip and what is drawn"
_RANGE: Final = "A number, a list 0.1,0.2 or a range start:stop:number."

NORMAL_STATES: Final = ("one-band", "three-band", "kp")
"""How the normal state of a material is described."""

KT = Annotated[str, typer.Option("--kT", help=f"Temperature k_B T. {_RANGE}", metavar="RANGE")]
OPTIONAL_KT = Annotated[str | None, typer.Option("--kT", help=f"Temperature k_B T. {_RANGE}", metavar="RANGE")]
ZEEMAN = Annotated[str, typer.Option("--zeeman", help=f"Zeeman energy V. {_RANGE}", metavar="RANGE")]


def _model(help_text: str, *names: str, metavar: str = "ENERGY") -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_MODEL, metavar=metavar)


def _strength(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_STRENGTH, metavar="ENERGY")


def _gap(help_text: str, *names: str) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_GAP, metavar="ENERGY")


def _material(help_text: str, *names: str, metavar: str = "NUMBER") -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=_MATERIAL, metavar=metavar)


def _view(help_text: str, metavar: str = "RANGE") -> Any:
    return typer.Option(help=help_text, rich_help_panel=_VIEW, metavar=metavar)


@dataclass(frozen=True, kw_only=True)
class Physics:
    """The superconductor: a ready model, its parameters (None: the model's default), and the pairing."""

    model: Annotated[str, _model(f"One of {', '.join(MODELS)}.", metavar="NAME")] = "film"
    t: Annotated[float | None, _model("Hopping of a single layer.", "--t")] = None
    mu: Annotated[float | None, _model("Chemical potential of a single layer.", "--mu")] = None
    beta_so: Annotated[float | None, _model("Ising coupling (tmd, ising-film, heterostructure).")] = None
    t_sc: Annotated[float | None, _model("Hopping of the superconductor (heterostructure).")] = None
    t_tmd: Annotated[float | None, _model("Hopping of the dichalcogenide (heterostructure).")] = None
    mu_sc: Annotated[float | None, _model("Chemical potential of the superconductor.")] = None
    mu_tmd: Annotated[float | None, _model("Chemical potential of the dichalcogenide.")] = None
    coupling: Annotated[float | None, _model("Vertical hopping Gamma (heterostructure).")] = None
    rashba: Annotated[float | None, _model("Rashba coupling added to the model, in all layers.")] = None
    zeeman_on: Annotated[str | None, _model("Layers that feel the field: both or sc.", metavar="LAYERS")] = None
    on: Annotated[
        list[str] | None,
        _model("Layer that pairs; may be given again. Default: sc, or the only layer.", metavar="LAYER"),
    ] = None
    channel: Annotated[
        str | None, _model("What pairs: s, s_ext, d_xy, d_x2-y2, p_x:z, f:z, ... Default: s-wave.", metavar="NAME")
    ] = None
    interaction: Annotated[
        str, _model("reduced, or contact (with mean fields of density and magnetisation).", metavar="NAME")
    ] = "reduced"
    filling: Annotated[float | None, _model("Electrons per cell, both spins, held fixed.", metavar="NUMBER")] = None
    gap0: Annotated[float | None, _strength("Gap of this very model at T = V = 0.")] = None
    v: Annotated[float | None, _strength("Coupling v.", "--v")] = None
    tc: Annotated[float | None, _strength("Critical temperature k_B Tc of this very model.")] = None
    layer_gap0: Annotated[float | None, _strength("Gap of the paired layer alone (it fixes v).")] = None


@dataclass(frozen=True, kw_only=True)
class Crystal:
    """A gated crystal, for `hc2`: a material of the library, its carriers and its spin-orbit coupling."""

    material: Annotated[str | None, _material("A material, e.g. MoS2.", metavar="NAME")] = None
    density: Annotated[float | None, _material("Sheet density of the carriers in cm^-2.")] = None
    T: Annotated[
        str | None, _material(f"Temperatures in K; default: 0.15 Tc to 0.98 Tc. {_RANGE}", "--T", metavar="RANGE")
    ] = None
    normal_state: Annotated[str, _material(f"One of {', '.join(NORMAL_STATES)}.", metavar="NAME")] = "one-band"
    rashba_ratio: Annotated[
        float | None, _material("In-plane over out-of-plane spin-orbit coupling at k_F (one-band); default 0.02.")
    ] = None
    momentum: Annotated[
        str, _material("Of the pairs: zero, or best (the one with the highest field).", metavar="NAME")
    ] = "zero"


@dataclass(frozen=True, kw_only=True)
class EdgePhysics(Physics):
    """The superconductor of `edge`: the paper's by default, with a given gap or that of the equilibrium state."""

    model: Annotated[str, _model(f"One of {', '.join(MODELS)}.", metavar="NAME")] = "heterostructure"
    gap: Annotated[float, _gap("Delta; with --self-consistent and no strength it is that at T = V = 0.")] = 0.1
    self_consistent: Annotated[
        bool,
        typer.Option(
            "--self-consistent", help="Take Delta(T, V) of the equilibrium state instead.", rich_help_panel=_GAP
        ),
    ] = False
    kT: Annotated[float | None, _gap("Temperature k_B T, with --self-consistent.", "--kT")] = None


@dataclass(frozen=True, kw_only=True)
class EdgeView:
    """What is seen of an edge: momenta in units of half the edge zone, energies in units of Delta."""

    edge: Annotated[
        str, typer.Option(help="armchair, zigzag, or n1,n2: along n1 a1 + n2 a2.", rich_help_panel=_VIEW)
    ] = "armchair"
    momenta: Annotated[str, _view(f"k_par in half edge zones, pi/(sqrt3 a) for armchair. {_RANGE}")] = "0:1:201"
    energies: Annotated[str, _view(f"E/Delta of the spectral function. {_RANGE}")] = "-0.05:0.05:81"
    eta: Annotated[float | None, _view("Broadening in Delta; default: the spacing of --energies.", "NUMBER")] = None
    width: Annotated[int, _view("Columns of the strip.", "COLUMNS")] = 100
    states: Annotated[int, _view("Levels of the strip at each k_par.", "NUMBER")] = 12


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Where the answer goes."""

    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False
    out: Annotated[
        list[Path] | None,
        typer.Option(help="File to write: .nc, .json, .csv, or a figure .pdf, .png, .svg; may be given again."),
    ] = None


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose arguments that are option groups are spread into single options."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            inner = get_type_hints(groups[name], include_extras=True)
            parameters += [_keyword(f.name, inner[f.name], f.default) for f in fields(groups[name])]
        else:
            parameters.append(_keyword(name, hints[name], parameter.default))

    def run(**given: Any) -> None:
        made = {name: kind(**{f.name: given.pop(f.name) for f in fields(kind)}) for name, kind in groups.items()}
        command(**made, **given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
