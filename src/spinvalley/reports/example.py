"""A synthetic run that shows what an analysis does: made by our own forward model, not measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from spinvalley.checks import Floats
from spinvalley.experiment.formulas import gl_perpendicular, ising
from spinvalley.experiment.synthetic import Bench, SyntheticFilm, SyntheticRun, synthetic_run, write_csv, write_ppms

TC, XI, SPLITTING = 6.5, 9.6, 6.0
"""The truth: Tc in K, coherence length in nm, spin splitting in meV."""

BENCH: Final = Bench(noise=0.5, offset=-0.4, sigma_T=0.003, sigma_B=2e-4, seed=7)
"""The apparatus: noise, an amplifier's offset below zero, scatter of thermometer and field."""

_FIELDS: Final = 62.0  # T
_LINE_T, _ANGLE_T = (1.5, 2.5, 3.5, 4.5, 5.2, 5.8, 6.2), 5.8
_ANGLES: Final = (0.0, 30.0, 60.0, 80.0, 86.0, 88.0, 89.0, 89.5, 90.5, 91.0, 92.0, 94.0, 100.0)


def film() -> SyntheticFilm:
    """A film with an Ising splitting: Ginzburg-Landau across, Ising along the layers, Tinkham's cusp between them."""

    def surface(T: Floats, theta: Floats) -> Floats:
        across, along = gl_perpendicular(T, TC, XI), ising(T, TC, SPLITTING)
        linear = np.abs(np.cos(np.radians(theta))) / across
        square = (np.sin(np.radians(theta)) / along) ** 2
        return np.asarray(2 / (linear + np.sqrt(linear**2 + 4 * square)))

    return SyntheticFilm(surface, TC, R_normal=500.0, slope=1.0, width=0.05, width_B=0.03)


def example_run(bench: Bench = BENCH) -> SyntheticRun:
    """R(T) at B = 0 up and down, R(B) across and along the film at several T, and at angles near 90 degrees."""
    made, pulse = film(), np.linspace(0, _FIELDS, 249)
    parts = [
        synthetic_run(made, "temperature", np.linspace(2.0, 15.0, 201), branches=("down", "up"), bench=bench),
        synthetic_run(made, "field", np.linspace(-4.5, 4.5, 181), T=_LINE_T, bench=_seeded(bench, 1)),
        synthetic_run(made, "field", pulse, T=_LINE_T, theta=90.0, bench=_seeded(bench, 2)),
        synthetic_run(made, "field", pulse, T=_ANGLE_T, theta=_ANGLES, bench=_seeded(bench, 3)),
    ]
    return _together(parts)


def write_example(path: Path) -> None:
    """Write the example as a PPMS file (.dat) or a table (.csv); its title says that it is synthetic."""
    (write_csv if path.suffix == ".csv" else write_ppms)(path, example_run())


def _seeded(bench: Bench, number: int) -> Bench:
    return replace(bench, seed=bench.seed + number)


def _together(parts: list[SyntheticRun]) -> SyntheticRun:
    """One run after the other."""
    rows = xr.concat([part.rows for part in parts], "row", combine_attrs="override", data_vars="all")
    time = 60.0 * np.arange(rows.sizes["row"])
    rows = rows.assign(time=("row", time, {"units": "s"}))
    return SyntheticRun([sweep for part in parts for sweep in part.sweeps], rows, parts[0].film, parts[0].bench)
