"""The digitised Hc2 of device H1, where its file is present, and what it says of tau_so and of the Rashba ratio."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar

from spinvalley.checks import InvalidInput
from spinvalley.pairing import FermiSurface, KlemmLutherBeasley, hc2
from spinvalley.papers.gated_mos2.parameters import DATA

_COLUMNS: Final = ("device", "orientation", "T_K", "B_T", "sigma_T")
_TOL: Final = 1e-3
_ROOT: Final = Path(__file__).resolve().parents[4]


@dataclass(frozen=True)
class Fit:
    """One fitted number.

    Args:
        value: best value.
        error: standard error, from the scatter of the points around the curve.
        rms: root mean square of that scatter, T.
    """

    value: float
    error: float
    rms: float


def find_data(path: Path | None) -> Path | None:
    """The file of digitised points: the given one, or `DATA` if it is there.

    Raises:
        InvalidInput: a given path that is no file.
    """
    if path is not None:
        if not path.is_file():
            raise InvalidInput(f"`data` must be a file of digitised points, but {path} is none")
        return path
    return next((base / DATA for base in (Path.cwd(), _ROOT) if (base / DATA).is_file()), None)


def read_points(path: Path, device: str = "H1", orientation: str = "parallel") -> xr.Dataset:
    """Digitised Hc2 of one device.

    Args:
        path: CSV file with the columns device, orientation, T_K, B_T, sigma_T; lines with # are comments.
        device: its name in the file.
        orientation: "parallel" or "perpendicular".

    Returns:
        Dataset over T (K): B and sigma (tesla), by temperature.

    Raises:
        InvalidInput: a missing column, a line without numbers (its number is told), no point of this device.
    """
    lines = [(n, text) for n, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text.strip()]
    lines = [(n, text) for n, text in lines if not text.startswith("#")]
    rows = list(csv.DictReader(text for _, text in lines))
    found = []
    for (number, _), row in zip(lines[1:], rows, strict=True):
        if any(row.get(name) is None for name in _COLUMNS):
            raise InvalidInput(f"line {number} of {path} must have the columns {', '.join(_COLUMNS)}, but has not")
        try:
            values = tuple(float(row[name]) for name in _COLUMNS[2:])
        except ValueError:
            raise InvalidInput(f"line {number} of {path} must end with three numbers, but does not") from None
        if (row["device"], row["orientation"]) == (device, orientation):
            found.append(values)
    if not found:
        raise InvalidInput(f"{path} must hold points of {device}, {orientation}, but holds none")
    T, B, sigma = np.array(sorted(found)).T
    tesla = {"units": "T"}
    return xr.Dataset({"B": ("T", B, tesla), "sigma": ("T", sigma, tesla)}, {"T": ("T", T, {"units": "K"})})


def fit_klb(points: xr.Dataset, tc: float) -> Fit:
    """Spin-orbit scattering time of the Klemm-Luther-Beasley theory, fs, at a given Tc.

    Its field is B(T; tau_so) = B(T; 1 fs)/sqrt(tau_so): a linear least-squares problem in 1/sqrt(tau_so).

    Source: physics.md 2.4; doi:10.1103/PhysRevB.12.877.
    """
    unit = hc2(KlemmLutherBeasley(1.0), points["T"].values, tc=tc, B_max=1e4).B.values
    weight = points.sigma.values**-2.0
    norm = float(np.sum(weight * unit**2))
    slope = float(np.sum(weight * unit * points.B.values)) / norm
    rest = points.B.values - slope * unit
    variance = float(np.sum(weight * rest**2)) / max(len(rest) - 1, 1) / norm
    return Fit(slope**-2, 2 * slope**-3 * float(np.sqrt(variance)), float(np.sqrt(np.mean(rest**2))))


def fit_ratio(points: xr.Dataset, surfaces: dict[float, FermiSurface], tc: float) -> tuple[Fit, xr.DataArray]:
    """Rashba ratio at which Hc2 of the Fermi surface fits the points best.

    Args:
        points: of `read_points`.
        surfaces: Rashba ratio -> Fermi surface, at least four; between them the field is interpolated.
        tc: critical temperature, K.

    Returns:
        The fit, and the field of the best ratio at the temperatures of the points below tc, T.
    """
    inside = points.isel(T=np.flatnonzero(points["T"].values < tc))
    ratios = np.array(sorted(surfaces))
    fields = np.array([hc2(surfaces[r], inside["T"].values, tc=tc, tol=_TOL).B.values for r in ratios])
    curve = CubicSpline(ratios, fields)

    def misfit(ratio: float) -> float:
        return float(np.sum(((curve(ratio) - inside.B.values) / inside.sigma.values) ** 2))

    best = float(minimize_scalar(misfit, bounds=(ratios[0], ratios[-1]), method="bounded", options={"xatol": 1e-6}).x)
    rest = curve(best) - inside.B.values
    scatter = misfit(best) / max(len(rest) - 1, 1)
    bend = float(np.sum((curve(best, 1) / inside.sigma.values) ** 2))
    fit = Fit(best, float(np.sqrt(scatter / bend)), float(np.sqrt(np.mean(rest**2))))
    return fit, xr.DataArray(curve(best), coords={"T": inside["T"].values}, attrs={"units": "T"})
