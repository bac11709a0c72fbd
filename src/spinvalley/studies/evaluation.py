"""The function that a study sweeps: settings and the values of one point in, its variables out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.studies.point import Point
from spinvalley.studies.quantities import QUANTITIES
from spinvalley.studies.sections import KINDS, SECTIONS

_ALWAYS: Final = ("error", "status")
_WHOLE: Final = ("width", "neighbours", "filled_bands")


def evaluate(*, settings: Mapping[str, Any], **values: Any) -> Mapping[str, Any] | xr.Dataset:
    r"""The variables of a study at one point.

    Args:
        settings: `RunFile.settings`.
        values: key of each axis -> its value, or all its values where they are taken together; `seed` goes to no
            quantity yet, as none is random.

    Returns:
        Variables by name, or over the axes that are taken together a Dataset.

    Raises:
        InvalidInput: what the function behind the quantity refuses.

    >>> from spinvalley.studies.runfile import parse
    >>> film = '[study]\nquantity = "gap"\n[model]\nkind = "film"\n[pairing]\ngap0 = 0.2\n'
    >>> evaluate(settings=parse(film + "[axes.kT]\nvalues = [0.0]").settings, kT=0.01)["gap"]
    0.2000
    """
    at = point(settings, values)
    answer = QUANTITIES[settings["study"]["quantity"]].compute(at)
    wanted = settings["study"]["outputs"]
    if not wanted:
        return answer
    kept = [str(name) for name in answer if name in (*wanted, *_ALWAYS)]
    return answer[kept] if isinstance(answer, xr.Dataset) else {name: answer[name] for name in kept}


def point(settings: Mapping[str, Any], values: Mapping[str, Any]) -> Point:
    """The settings with the values of one point put in."""
    held: dict[str, dict[str, Any]] = {name: dict(settings[name]) for name in SECTIONS}
    for key, section in settings["axes"].items():
        held[section][key] = _plain(key, values[key])
    kind = str(held["model"].pop("kind"))
    factory, tolerance = KINDS[kind].factory, settings["study"]["tolerance"]
    return Point(kind, factory, held["model"], held["pairing"], held["conditions"], tolerance)


def _plain(key: str, value: Any) -> Any:
    """A number or a text of Python, an array as it is."""
    if np.ndim(value):
        return np.asarray(value, dtype=float)
    single = value.item() if isinstance(value, np.generic) else value
    return int(single) if key in _WHOLE and float(single).is_integer() else single
