"""Phase diagrams: critical temperature and field, order of the transition, tricritical point, gap maps."""

from spinvalley.phase.diagram import phase_diagram
from spinvalley.phase.field import critical_field
from spinvalley.phase.temperature import CriticalTemperature, critical_temperature
from spinvalley.phase.tricritical import TricriticalPoint, tricritical_point

__all__ = [
    "CriticalTemperature",
    "TricriticalPoint",
    "critical_field",
    "critical_temperature",
    "phase_diagram",
    "tricritical_point",
]
