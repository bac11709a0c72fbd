"""One sweep: resistance against temperature, field or angle while the other two are held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

Kind = Literal["temperature", "field", "angle"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """One monotone branch of a measurement.

    Args:
        kind: what is swept: "temperature", "field" or "angle".
        x: the swept quantity in the order of measurement, (n,), K, T or degrees (theta from the c axis).
        R: resistance, (n,), Ohm.
        T: mean temperature in K (NaN if swept).
        B: mean field in T, with its sign (NaN if swept).
        theta: mean angle between field and c axis in degrees (NaN if swept or unknown).
        T_spread: standard deviation of the held temperature in K (0 if swept or unknown).
        B_spread: standard deviation of the held field in T (0 if swept or unknown).
        up: whether x rises.
        channel: name of the resistance channel.
        rows: rows of the run's data set, (n,).
        sigma: standard deviation of each R, (n,), Ohm; None if the file does not tell.
        x_resolution: typical step or scatter of the swept quantity between neighbouring points.
    """

    kind: Kind
    x: Floats
    R: Floats
    T: float
    B: float
    theta: float
    T_spread: float = 0.0
    B_spread: float = 0.0
    up: bool = True
    channel: str = ""
    rows: NDArray[np.int64] | None = None
    sigma: Floats | None = None
    x_resolution: float = 0.0
