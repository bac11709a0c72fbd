"""A synthetic Hall bar: R(T) at B = 0, R(B) across and along the film, and both channels at 15 K."""

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from spinvalley.experiment.formulas import gl_perpendicular, ising
from spinvalley.experiment.synthetic import SyntheticFilm, synthetic_run
from spinvalley.reports.example import BENCH
from spinvalley.units import ELEMENTARY_CHARGE

N2D, TC, XI, SPLITTING, R_NORMAL, SQUARES = 0.87e14, 6.5, 9.6, 12.8, 1708.0, 2.0
COLUMNS = {"T": "T (K)", "B": "B (T)", "theta": "theta (deg)", "R1": "R1 (Ohm)", "R2": "R2 (Ohm)"}


def surface(T, theta):
    across, along = gl_perpendicular(T, TC, XI), ising(T, TC, SPLITTING)
    return np.where(np.asarray(theta) < 45, across, along)


def hall_run(n2D=N2D, warm=(15.0,), along=True, signs=(-9.0, 9.0)):
    """Rows of T, B, theta, the resistance R1 and the Hall resistance R2, into which a percent of R1 is mixed."""
    film = SyntheticFilm(surface, TC, R_normal=R_NORMAL, width=0.05, width_B=0.03)
    bench = replace(BENCH, offset=0.0)
    ramp, fields = np.linspace(2.0, 14.0, 121), np.linspace(*signs, 61)
    parts = [synthetic_run(film, "temperature", ramp, bench=bench)]
    parts += [synthetic_run(film, "field", fields, T=list(warm), bench=bench)] if warm else []
    if along:
        pulse, held = np.linspace(0, 100, 161), [1.5, 2.5, 3.5, 4.5, 5.5]
        parts.append(synthetic_run(film, "field", pulse, T=held, theta=90.0, bench=bench))
    rows = xr.concat([part.rows for part in parts], "row", combine_attrs="override", data_vars="all")
    values = {name: rows[name].values for name in ("T", "B", "theta")}
    R1 = rows.R.values.reshape(-1)
    share = np.clip(R1 / R_NORMAL, 0, 1)
    along_c = values["B"] * np.cos(np.radians(values["theta"]))
    noise = np.random.default_rng(3).normal(size=R1.size)
    R2 = -1e-4 / (ELEMENTARY_CHARGE * n2D) * along_c * share + 0.01 * R1 + 0.2 * noise
    return pd.DataFrame(values | {"R1": R1, "R2": R2}).rename(columns=COLUMNS)


def write_hall_run(path, **settings):
    hall_run(**settings).to_csv(path, index=False)
    return path
