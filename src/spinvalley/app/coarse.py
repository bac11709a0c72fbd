"""A gated material at once: its calibration interpolated over density, for a first picture only.

The calibration counts electrons to eleven digits and takes longer than a slider may. Five of them along the density,
made once for each material, give mu to about a meV and the couplings to a few percent everywhere between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.polynomial import Chebyshev

from spinvalley.app import systems
from spinvalley.checks import InvalidInput
from spinvalley.models.one_band import OneBand

_NODES: Final = 5
_RASHBA: Final = 0.02  # of the calibrations; alpha_R is proportional to it, mu and beta hardly depend on it
_NAMES: Final = ("mu", "beta", "alpha_r")
_SOURCE: Final = "interpolated between calibrations, for a first picture"


@dataclass(frozen=True, eq=False)
class Table:
    """Calibrations of one material along the density.

    Args:
        model: one of them.
        curves: parameter -> its polynomial in the density (1e13 cm^-2).
    """

    model: OneBand
    curves: Mapping[str, Chebyshev]

    def at(self, density: float, rashba: float) -> OneBand:
        """The interpolated model; its record says that it is one."""
        found = {name: float(curve(density)) for name, curve in self.curves.items()}
        found["alpha_r"] *= rashba / _RASHBA
        record = replace(self.model.base_calibration, density=1e13 * density, rashba_ratio=rashba, source=_SOURCE)
        return replace(self.model, function=replace(self.model.parameters, **found), base_calibration=record)


_tables: dict[str, Table | None] = {}


def prepare(name: str, tell: Callable[[int, int], None]) -> None:
    """Make the table of a material, once; `tell` is called before each calibration. Without effect on other models."""
    if name not in systems.MATERIALS or name in _tables:
        return
    low, high = systems.DENSITY.low, systems.DENSITY.high
    densities = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    made: list[Any] = []
    try:
        for n, density in enumerate(densities):
            tell(n, _NODES)
            made.append(systems.normal_state(name, {"density": float(density), "rashba": _RASHBA})[0])
    except InvalidInput:  # a density that this material cannot have: its first picture waits for the calibration
        made.clear()
    table = Table(made[0], {key: _through(densities, made, key) for key in _NAMES}) if made else None
    _tables[name] = table


def quick(values: Mapping[str, Any]) -> OneBand | None:
    """The interpolated model for the values of the controls; None where there is no table (yet)."""
    table = _tables.get(str(values["model"]))
    return None if table is None else table.at(float(values["density"]), float(values["rashba"]))


def _through(densities: Any, made: list[Any], name: str) -> Chebyshev:
    return Chebyshev.fit(densities, [getattr(one.parameters, name) for one in made], _NODES - 1)
