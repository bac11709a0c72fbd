"""From the texts of the command line to numbers, models and superconductors."""

from __future__ import annotations

import inspect
from typing import Any, Final

import numpy as np

from spinvalley import models, pairing
from spinvalley.checks import Floats, InvalidInput, axis, one_of
from spinvalley.cli.options import MODELS, Physics
from spinvalley.studies import systems

_PARAMETERS: Final = ("t", "mu", "beta_so", "t_sc", "t_tmd", "mu_sc", "mu_tmd", "coupling", "zeeman_on")
_MOST: Final = 100_000


def superconductor(physics: Physics) -> pairing.Superconductor:
    """The superconductor that the options describe.

    Raises:
        InvalidInput: unknown model or layer, a parameter that the model does not have, no or several strengths.
    """
    built = model(physics)
    given = {name: getattr(physics, name) for name in systems.STRENGTHS if getattr(physics, name) is not None}
    options: dict[str, Any] = {name: getattr(physics, name) for name in ("channel", "interaction", "filling")}
    return systems.superconductor(built, tuple(physics.on) if physics.on else None, given, **options)


def model(physics: Physics) -> models.TightBinding:
    """The ready model that the options describe."""
    name = one_of("model", physics.model, MODELS)
    factory = getattr(models, name.replace("-", "_"))
    known = inspect.signature(factory).parameters
    given = {key: getattr(physics, key) for key in _PARAMETERS if getattr(physics, key) is not None}
    for key in given:
        if key not in known:
            own = ", ".join(f"`{k}`" for k in _PARAMETERS if k in known)
            raise InvalidInput(f"the model {name} must be given {own} only, but got `{key}`")
    for key, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and key not in given:
            raise InvalidInput(f"`{key}` must be given for the model {name}, but is not")
    built: models.TightBinding = factory(**given)
    return built if physics.rashba is None else built + models.Rashba(physics.rashba)


def numbers(name: str, text: str) -> Floats:
    """Numbers from "0.1", "0.1,0.2" or "start:stop:number".

    >>> numbers("kT", "0:0.2:3")
    array([0. , 0.1, 0.2])
    """
    try:
        if ":" in text:
            start, stop, count = text.split(":")
            ends, number = axis(name, [float(start), float(stop)]), int(count)
            if not 1 <= number <= _MOST:
                raise ValueError
            return np.linspace(float(ends[0]), float(ends[1]), number)
        return axis(name, [float(part) for part in text.split(",")])
    except InvalidInput:
        raise
    except ValueError:
        raise InvalidInput(
            f"`{name}` must be a number, a list 0.1,0.2 or a range 0:0.2:50 (start:stop:number), but is {text!r}"
        ) from None


def number(name: str, text: str) -> float:
    """One number."""
    values = numbers(name, text)
    if len(values) != 1:
        raise InvalidInput(f"`{name}` must be one number here, but is {text!r}")
    return float(values[0])


def vector(name: str, text: str) -> Any:
    """A direction x,y,z."""
    values = numbers(name, text)
    if len(values) != 3 or ":" in text:
        raise InvalidInput(f"`{name}` must be three numbers x,y,z, but is {text!r}")
    return values
