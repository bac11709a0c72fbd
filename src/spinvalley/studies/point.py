"""One point of a study: the run file's sections with the swept values put in, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from spinvalley import units
from spinvalley.checks import Floats, direction_vector
from spinvalley.pairing import Superconductor
from spinvalley.studies import systems

_KEPT = 4  # systems of neighbouring points are the same


@dataclass(frozen=True, eq=False)
class Point:
    """What is asked at one point.

    Args:
        kind: kind of the system.
        factory: name of the function behind it.
        model: its parameters.
        pairing: keys of [pairing].
        conditions: keys of [conditions]; those that are taken together are arrays.
        tolerance: error asked for, None: the default of the function.
    """

    kind: str
    factory: str
    model: Mapping[str, Any]
    pairing: Mapping[str, Any]
    conditions: Mapping[str, Any]
    tolerance: float | None

    @property
    def tol(self) -> dict[str, Any]:
        """The tolerance as a keyword."""
        return {} if self.tolerance is None else {"tol": self.tolerance}

    @property
    def superconductor(self) -> Superconductor:
        """The superconductor, made once for neighbouring points."""
        return _superconductor(self.kind, self.factory, json.dumps(dict(self.model)), json.dumps(dict(self.pairing)))

    @property
    def given_gap(self) -> Superconductor:
        """The superconductor where the gap is a condition: the strength is not used, and any will do."""
        on = {name: self.pairing[name] for name in ("on", "channel") if name in self.pairing}
        return _superconductor(self.kind, self.factory, json.dumps(dict(self.model)), json.dumps(on | {"v": 1.0}))

    @property
    def crystal(self) -> Any:
        """Model, Fermi surface or theory."""
        tc = {"tc": self.tc} if self.factory == "WerthamerHelfandHohenberg" else {}
        return _crystal(self.kind, self.factory, json.dumps({**self.model, **tc}))

    @property
    def tc(self) -> float:
        """Tc in K."""
        return float(self.pairing["tc"])

    @property
    def direction(self) -> Floats:
        """Unit vector of the field."""
        if "theta" not in self.conditions:
            return direction_vector(self.conditions.get("direction", (1.0, 0.0, 0.0)))
        theta, azimuth = np.radians([self.conditions["theta"], self.conditions.get("azimuth", 0.0)])
        return np.array([np.sin(theta) * np.cos(azimuth), np.sin(theta) * np.sin(azimuth), np.cos(theta)])

    @cached_property
    def kT(self) -> Floats:
        """Temperatures (nT,), energy."""
        if "T" in self.conditions:
            return np.atleast_1d(units.kelvin(np.asarray(self.conditions["T"], dtype=float)))
        return np.atleast_1d(np.asarray(self.conditions["kT"], dtype=float))

    @property
    def zeeman(self) -> float:
        """Magnitude of V along the direction, energy."""
        if "B" in self.conditions:
            return float(units.tesla(float(self.conditions["B"]), float(self.conditions.get("g", 2.0))))
        return float(self.conditions.get("zeeman", 0.0))

    def some(self, *names: str) -> dict[str, Any]:
        """Those of these conditions that are given, as keywords."""
        return {name: self.conditions[name] for name in names if name in self.conditions}


@lru_cache(_KEPT)
def _crystal(kind: str, factory: str, parameters: str) -> Any:
    return systems.crystal(kind, factory, json.loads(parameters))


@lru_cache(_KEPT)
def _superconductor(kind: str, factory: str, parameters: str, pairing: str) -> Superconductor:
    given = json.loads(pairing)
    on = given.pop("on", None)
    options = {name: given.pop(name) for name in ("channel", "interaction", "filling") if name in given}
    model = _crystal(kind, factory, parameters)
    return systems.superconductor(model, tuple(on) if isinstance(on, list) else on, given, **options)
