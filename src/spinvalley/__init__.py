"""spinvalley: Ising superconductors from the Hamiltonian to the phase diagram.

Nothing heavy is imported before it is used: submodules and functions load on first access.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinvalley import (
        experiment,
        figures,
        gating,
        models,
        normal,
        pairing,
        papers,
        phase,
        reports,
        spin,
        store,
        studies,
        sweeps,
        topology,
        units,
    )
    from spinvalley.checks import InvalidInput, NotSolved, SpinvalleyError, Status
    from spinvalley.pairing import GapState, Pairing, Superconductor, free_energy, s_wave, solve_gap
    from spinvalley.phase import critical_field, critical_temperature, phase_diagram, tricritical_point
    from spinvalley.store import Store
    from spinvalley.studies.study import open_study
    from spinvalley.sweeps import sweep
    from spinvalley.units import kelvin, tesla, to_kelvin, to_tesla

__version__ = "0.1.0"

_MODULES = (
    "app",
    "experiment",
    "figures",
    "gating",
    "models",
    "normal",
    "pairing",
    "papers",
    "phase",
    "reports",
    "spin",
    "store",
    "studies",
    "sweeps",
    "topology",
    "units",
)
_NAMES = {
    "InvalidInput": "checks",
    "NotSolved": "checks",
    "SpinvalleyError": "checks",
    "Status": "checks",
    "GapState": "pairing",
    "Pairing": "pairing",
    "Superconductor": "pairing",
    "free_energy": "pairing",
    "s_wave": "pairing",
    "solve_gap": "pairing",
    "critical_field": "phase",
    "critical_temperature": "phase",
    "phase_diagram": "phase",
    "tricritical_point": "phase",
    "open_study": "studies",
    "Store": "store",
    "sweep": "sweeps",
    "kelvin": "units",
    "tesla": "units",
    "to_kelvin": "units",
    "to_tesla": "units",
}
__all__ = [
    "GapState",
    "InvalidInput",
    "NotSolved",
    "Pairing",
    "SpinvalleyError",
    "Status",
    "Store",
    "Superconductor",
    "__version__",
    "app",
    "critical_field",
    "critical_temperature",
    "experiment",
    "figures",
    "free_energy",
    "gating",
    "kelvin",
    "models",
    "normal",
    "open_study",
    "pairing",
    "papers",
    "phase",
    "phase_diagram",
    "reports",
    "s_wave",
    "solve_gap",
    "spin",
    "store",
    "studies",
    "sweep",
    "sweeps",
    "tesla",
    "to_kelvin",
    "to_tesla",
    "topology",
    "tricritical_point",
    "units",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"spinvalley.{name}")
    if name in _NAMES:
        return getattr(import_module(f"spinvalley.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'spinvalley' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
