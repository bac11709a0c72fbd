"""From named parameters to models, superconductors and crystals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from spinvalley import experiment, models, normal, pairing
from spinvalley.checks import InvalidInput
from spinvalley.experiment.catalogue import STANDARD, named

STRENGTHS: Final = ("gap0", "v", "tc", "layer_gap0")
"""Ways to say how strong the pairing is."""


def superconductor(
    model: models.Model,
    on: str | tuple[str, ...] | None,
    given: Mapping[str, float],
    *,
    channel: str | None = None,
    interaction: str = "reduced",
    filling: float | None = None,
) -> pairing.Superconductor:
    """A model with pairing on the named layers (default: "sc", or all if there is none) of one given strength.

    Args:
        model: the normal state.
        on: layer(s) that pair.
        given: exactly one of `STRENGTHS`; `layer_gap0` is the gap of the paired layers alone, which fixes v.
        channel: name of the pairing channel, e.g. "d_xy"; None: s-wave.
        interaction: "reduced", or "contact" with the mean fields of density and magnetisation.
        filling: electrons per cell, both spins, held fixed; None: the chemical potential is.

    Raises:
        InvalidInput: no strength or several, an unknown layer, a channel absent from the lattice, a filling that the
            bands cannot hold.

    >>> from spinvalley.models import heterostructure
    >>> round(superconductor(heterostructure(), "sc", {"layer_gap0": 0.2}).v, 6)
    2.295202
    """
    if on is None and "sc" in model.layers:
        on = ("sc",)
    if len(given) != 1:
        names = ", ".join(f"`{name}`" for name in STRENGTHS)
        raise InvalidInput(f"exactly one of {names} must be given, but got {', '.join(given) or 'none'}")
    strength = dict(given)
    if "layer_gap0" in given:
        model.orbitals_on(on)
        alone = model if on is None else normal.isolated(model, on)
        layer = _pairing(alone, on, channel, interaction, {"gap0": given["layer_gap0"]})
        strength = {"v": pairing.Superconductor(alone, layer, filling).v}
    return pairing.Superconductor(model, _pairing(model, on, channel, interaction, strength), filling)


def _pairing(
    model: models.Model,
    on: str | tuple[str, ...] | None,
    channel: str | None,
    interaction: str,
    strength: Mapping[str, Any],
) -> pairing.Pairing:
    if channel is None:
        return pairing.Pairing(on=on, interaction=interaction, **strength)
    return pairing.Pairing(form=pairing.channels.channel(model, channel, on=on), interaction=interaction, **strength)


def crystal(kind: str, factory: str, given: Mapping[str, Any]) -> Any:
    """The normal state of a run file: a model, a Fermi surface (valley_kp) or a theory with `breaking`.

    Args:
        kind: name of the kind in the run file.
        factory: name of the function or class behind it.
        given: its parameters; those left out have the default of the function.

    Raises:
        InvalidInput: what the function refuses.
    """
    parameters = {name: value for name, value in given.items() if name not in ("rashba", "density")}
    density = given.get("density")
    if kind == "valley_kp":
        extra = {"rashba": given["rashba"]} if "rashba" in given else {}
        return pairing.fermi_surface(models.valley_kp(**parameters, **extra), density)
    if not hasattr(models, factory):
        return getattr(pairing, factory)(**parameters)
    if kind == "one_band":
        parameters = _one_band(given)
    if kind == "wannier":
        parameters = _wannier(parameters)
    built = getattr(models, factory)(**parameters)
    if kind == "three_band" and density is not None:
        built = normal.doped(built, density)
    return built + models.Rashba(given["rashba"]) if "rashba" in given else built


def fit(file: Path, formula: str, held: Mapping[str, float]) -> dict[str, Any]:
    """Least-squares fit of a formula to a table: parameters with errors, chi2, dof, aicc, admissible, status.

    Args:
        file: CSV table of critical fields.
        formula: a name of `experiment`'s catalogue.
        held: values of parameters that are held.

    Raises:
        InvalidInput: as `experiment.read_table` and `experiment.fit`.
    """
    found = experiment.fit(experiment.read_table(file), formula, fixed=held)
    values = {name: (value, found.errors[name]) for name, value in found.params.items()}
    out: dict[str, Any] = {}
    for name, (value, error) in values.items():
        out |= {name: value, f"{name}_error": error}
    return out | {
        "chi2": found.chi2,
        "dof": found.dof,
        "aicc": found.aicc,
        "admissible": bool(found.admissible),
        "status": str(found.status),
    }


def free_parameters(formula: str, held: Iterable[str]) -> tuple[str, ...]:
    """Parameters of a formula that a fit determines.

    Raises:
        InvalidInput: unknown formula, or a held parameter that it does not have.

    >>> free_parameters("klb", ["tc"])
    ('tau_so',)
    """
    names = tuple(parameter.name for parameter in named(formula).parameters)
    held = set(held)
    for name in sorted(held):
        if name not in names:
            raise InvalidInput(f"the formula {formula} has the parameters {', '.join(names)} only, but got `{name}`")
    standard = [name for name in names if name in STANDARD]
    return tuple(name for name in names if name not in held and name not in standard)


def _one_band(given: Mapping[str, Any]) -> dict[str, Any]:
    material = given.get("material", "MoS2")
    hoppings = {} if material == "MoS2" else {"hoppings": models.fitted_hoppings(material)}
    return hoppings | {name: value for name, value in given.items() if name != "rashba"}


def _wannier(parameters: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in parameters.items() if name not in ("file", "a")}
    return {"path": parameters["file"], "lattice": parameters["a"]} | rest
