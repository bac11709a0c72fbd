"""From the file of a cryostat to critical fields, and from those to what limits them.

What fits loads on first use: reading needs no fitter, and lmfit takes a second to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spinvalley.experiment import formulas
from spinvalley.experiment.admissibility import Sample, Verdict
from spinvalley.experiment.dome import Device, dome
from spinvalley.experiment.drifts import Cut
from spinvalley.experiment.extraction import critical_fields, critical_fields_of_angle, critical_temperatures
from spinvalley.experiment.formats import Format, formats
from spinvalley.experiment.hall import HallResult, hall, scattering_time
from spinvalley.experiment.normal_resistance import (
    NormalResistance,
    at_temperature,
    given,
    linear_background,
    plateau,
)
from spinvalley.experiment.regression import Crossing, Curve, crossing, smooth
from spinvalley.experiment.residue import offsets
from spinvalley.experiment.run import Run, read
from spinvalley.experiment.segments import Tolerances, average, cuts, sweeps, tolerances
from spinvalley.experiment.sweeps import Sweep
from spinvalley.experiment.synthetic import (
    Bench,
    SyntheticFilm,
    SyntheticRun,
    gl_film,
    synthetic_run,
    write_csv,
    write_ppms,
)
from spinvalley.experiment.tables import read_table

if TYPE_CHECKING:
    from spinvalley.experiment.bootstrap import Samples
    from spinvalley.experiment.comparison import Comparison, Window, compare, gl_window, leave_one_out
    from spinvalley.experiment.fitted import Fit
    from spinvalley.experiment.fitting import Part, fit, fit_joint
    from spinvalley.experiment.intervals import Interval
    from spinvalley.experiment.theory import Theory

_HOMES = {
    "bootstrap": ("Samples",),
    "comparison": ("Comparison", "Window", "compare", "gl_window", "leave_one_out"),
    "fitted": ("Fit",),
    "fitting": ("Part", "fit", "fit_joint"),
    "intervals": ("Interval",),
    "theory": ("Theory",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Bench",
    "Comparison",
    "Crossing",
    "Curve",
    "Cut",
    "Device",
    "Fit",
    "Format",
    "HallResult",
    "Interval",
    "NormalResistance",
    "Part",
    "Run",
    "Sample",
    "Samples",
    "Sweep",
    "SyntheticFilm",
    "SyntheticRun",
    "Theory",
    "Tolerances",
    "Verdict",
    "Window",
    "at_temperature",
    "average",
    "compare",
    "critical_fields",
    "critical_fields_of_angle",
    "critical_temperatures",
    "crossing",
    "cuts",
    "dome",
    "fit",
    "fit_joint",
    "formats",
    "formulas",
    "given",
    "gl_film",
    "gl_window",
    "hall",
    "leave_one_out",
    "linear_background",
    "offsets",
    "plateau",
    "read",
    "read_table",
    "scattering_time",
    "smooth",
    "sweeps",
    "synthetic_run",
    "tolerances",
    "write_csv",
    "write_ppms",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"spinvalley.experiment.{_HOME[name]}"), name)
    raise AttributeError(f"module 'spinvalley.experiment' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
