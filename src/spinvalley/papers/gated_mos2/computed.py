"""Everything that the figures and the claims of the paper need, computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from spinvalley.pairing import DEVICES, KlemmLutherBeasley, fermi_surface, hc2
from spinvalley.papers.gated_mos2.critical import CriticalData, compute_critical
from spinvalley.papers.gated_mos2.measured import Fit, find_data, fit_klb, fit_ratio, read_points
from spinvalley.papers.gated_mos2.normal_state import NormalData, compute_normal
from spinvalley.papers.gated_mos2.parameters import Parameters

Progress = Callable[[str, int, int], None]
H1: Final = next(device for device in DEVICES if device.name == "H1")
_FIT_RATIOS: Final = (0.0, 0.05, 0.10, 0.15, 0.22)
_COLD: Final = 0.01  # K


@dataclass(frozen=True)
class Measured:
    """What the digitised points say.

    Args:
        file: where they were read.
        points: Dataset over T: B, sigma.
        klb: fitted tau_so, fs.
        ratio: fitted Rashba ratio.
        fitted: field at the points with the fitted ratio, over T.
    """

    file: Path
    points: xr.Dataset
    klb: Fit
    ratio: Fit
    fitted: xr.DataArray


@dataclass(frozen=True)
class Computed:
    """The data behind the figures.

    Args:
        parameters: what they were computed with.
        normal: bands, layers, spin texture.
        critical: critical fields.
        klb: device -> Hc2(T) of its published Klemm-Luther-Beasley fit.
        klb_zero: H(0) of that of device H1, with error.
        measured: what the digitised points say; None without their file.
    """

    parameters: Parameters
    normal: NormalData
    critical: CriticalData
    klb: dict[str, xr.Dataset]
    klb_zero: xr.Dataset
    measured: Measured | None


def compute(parameters: Parameters, progress: Progress) -> Computed:
    """All data of the figures and claims; `progress` hears of every step."""
    p = parameters
    file = find_data(p.data)
    points = None if file is None else read_points(file)
    progress("normal state", 0, 1)
    normal = compute_normal(p)
    progress("normal state", 1, 1)
    critical = compute_critical(p, progress)
    progress("scattering", 0, 1)
    klb = {
        d.name: hc2(KlemmLutherBeasley(d.tau_so), d.tc * np.array([0.01, *np.linspace(0.1, 0.98, 12)]), tc=d.tc)
        for d in DEVICES
    }
    zero = hc2(KlemmLutherBeasley(H1.tau_so), _COLD, tc=H1.tc).isel(T=0)
    progress("scattering", 1, 1)
    measured = None if file is None or points is None else _measured(p, file, points, progress)
    return Computed(p, normal, critical, klb, zero, measured)


def _measured(p: Parameters, file: Path, points: xr.Dataset, progress: Progress) -> Measured:
    progress("data", 0, 1)
    surfaces = {ratio: fermi_surface(p.model(ratio), points=32) for ratio in _FIT_RATIOS}
    ratio, fitted = fit_ratio(points, surfaces, p.tc)
    klb = fit_klb(points, p.tc)
    progress("data", 1, 1)
    return Measured(file, points, klb, ratio, fitted)
