"""Carrier density, mobility and scattering time from the Hall resistance and the sheet resistance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, non_negative, one_of, positive
from spinvalley.units import ELEMENTARY_CHARGE, HBAR, HBAR2_2M

__all__ = ["HallResult", "hall", "scattering_time"]

_MASS_PER_CHARGE: Final = HBAR**2 / (2 * HBAR2_2M) * 1e15  # m_e/e in V s^2/m^2
_FEWEST: Final = 3
_EVEN_TERMS: Final = 8  # most powers of B^2 that the even part may hold
_ROUNDING: Final = 1.001


@dataclass(frozen=True)
class HallResult:
    """What the Hall effect tells of one device.

    Attributes:
        n2D: sheet density of carriers, cm^-2, > 0.
        sigma_n2D: its standard error.
        carriers: "electrons" or "holes".
        sheet_resistance: Ohm per square; NaN if not given, as then are mobility and tau.
        sigma_sheet_resistance: its standard error.
        mobility: cm^2/(V s).
        sigma_mobility: its standard error.
        mass: effective mass in electron masses; NaN if not given, as then is tau.
        tau: scattering time, fs.
        sigma_tau: its standard error, from the mobility alone.
        slope: Hall resistance per field, Ohm/T, with its sign.
        sigma_slope: its standard error.
        intercept: of the line at B = 0, Ohm; of the odd part it should vanish within its error.
        sigma_intercept: its standard error.
        even: mean of the even part, Ohm: what the longitudinal resistance adds through misaligned contacts; NaN if
            only one sign of the field was measured, and then the slope may hold magnetoresistance.
    """

    n2D: float
    sigma_n2D: float
    carriers: str
    sheet_resistance: float
    sigma_sheet_resistance: float
    mobility: float
    sigma_mobility: float
    mass: float
    tau: float
    sigma_tau: float
    slope: float
    sigma_slope: float
    intercept: float
    sigma_intercept: float
    even: float


def hall(
    B: Floats,
    R_xy: Floats,
    *,
    R_xx: float | None = None,
    sigma_R_xx: float = 0.0,
    length: float = 1.0,
    width: float = 1.0,
    mass: float | None = None,
    electrons: str = "negative",
) -> HallResult:
    """Density n = 1/(e |dR_xy/dB|), mobility 1/(n e R_sheet), and tau = mobility m/e, of one kind of carrier.

    A line, odd in B, and an even polynomial (what the longitudinal resistance adds) are fitted together to the readings
    up to the largest field that both signs reach; with one sign of the field only a line is fitted. Errors come from
    the scatter about the fit; each reading counts once, so that repeated branches are no better than their number.

    Args:
        B: perpendicular field in T, (n,), any order.
        R_xy: Hall resistance, (n,), Ohm.
        R_xx: longitudinal resistance of the bar at B = 0, Ohm.
        sigma_R_xx: its standard error, Ohm.
        length: between the voltage contacts, in any unit.
        width: of the bar, in the same unit: R_sheet = R_xx width/length.
        mass: effective mass in electron masses, for tau.
        electrons: sign of dR_xy/dB that electrons have in this wiring, "negative" or "positive".

    Returns:
        The `HallResult`.

    Raises:
        InvalidInput: shapes differ, fewer than 3 finite fields, a slope of 0, or a length, width, mass or R_xx that is
            not positive.

    Example:
        >>> B = np.linspace(-9, 9, 19)
        >>> bar = hall(B, -7.343 * B, R_xx=1708.0, length=2.0, width=1.0, mass=0.5)
        >>> bar.n2D / 1e14, bar.mobility, bar.carriers
        (0.850, 86.0, 'electrons')
    """
    one_of("electrons", electrons, ("negative", "positive"))
    sheet, sigma_sheet = _sheet(R_xx, sigma_R_xx, positive("width", width) / positive("length", length))
    slope, sigma_slope, intercept, sigma_intercept, even = _line(*_finite(B, R_xy))
    if slope == 0:
        raise InvalidInput("`R_xy` must change with the field, but its slope is 0.0")
    relative = sigma_slope / abs(slope)
    n2D = 1e-4 / (ELEMENTARY_CHARGE * abs(slope))
    mobility = 1e4 * abs(slope) / sheet
    sigma_mobility = mobility * float(np.hypot(relative, sigma_sheet / sheet))
    m = np.nan if mass is None else positive("mass", mass)
    tau = _tau(mobility, m)
    return HallResult(
        n2D=n2D,
        sigma_n2D=n2D * relative,
        carriers="electrons" if (slope < 0) == (electrons == "negative") else "holes",
        sheet_resistance=sheet,
        sigma_sheet_resistance=sigma_sheet,
        mobility=mobility,
        sigma_mobility=sigma_mobility,
        mass=m,
        tau=tau,
        sigma_tau=tau * sigma_mobility / mobility,
        slope=slope,
        sigma_slope=sigma_slope,
        intercept=intercept,
        sigma_intercept=sigma_intercept,
        even=even,
    )


def scattering_time(mobility: float, mass: float) -> float:
    """Scattering time tau = mobility m/e in fs.

    Args:
        mobility: in cm^2/(V s), > 0.
        mass: effective mass in electron masses, > 0.

    Raises:
        InvalidInput: either is not positive.

    Example:
        >>> scattering_time(208, 0.5)
        59.13
    """
    return _tau(positive("mobility", mobility), positive("mass", mass))


def _tau(mobility: float, mass: float) -> float:
    return mobility * 1e-4 * mass * _MASS_PER_CHARGE * 1e15


def _sheet(R_xx: float | None, sigma_R_xx: float, square: float) -> tuple[float, float]:
    """Sheet resistance and its error, NaN if not given."""
    if R_xx is None:
        return np.nan, np.nan
    return positive("R_xx", R_xx) * square, non_negative("sigma_R_xx", sigma_R_xx) * square


def _finite(B: Floats, R: Floats) -> tuple[Floats, Floats]:
    B, R = floats("B", B), floats("R_xy", R)
    if B.ndim != 1 or R.ndim != 1 or B.shape != R.shape:
        raise InvalidInput(f"`B` and `R_xy` must be lists of one length, but have the shapes {B.shape} and {R.shape}")
    good = np.isfinite(B) & np.isfinite(R)
    B, R = B[good], R[good]
    if np.unique(B).size < _FEWEST:
        raise InvalidInput(f"`R_xy` must be given at {_FEWEST} fields at least, but is at {np.unique(B).size}")
    return B, R


def _line(B: Floats, R: Floats) -> tuple[float, float, float, float, float]:
    """Slope and intercept of the odd part with their standard errors, and the mean even part, from the raw points.

    Where both signs of the field were measured, R = slope B + intercept sign B + an even polynomial is fitted to the
    readings themselves, so that each counts once.
    """
    reach = min(B.max(), -B.min())
    inside = np.abs(B) <= reach * _ROUNDING
    scarcer = min(np.unique(B[inside & (B > 0)]).size, np.unique(B[inside & (B < 0)]).size) if reach > 0 else 0
    if scarcer < _FEWEST:
        (slope, intercept), (sigma_slope, sigma_intercept), _ = _solved(np.array([B, np.ones_like(B)]), R)
        return slope, sigma_slope, intercept, sigma_intercept, np.nan
    B, R = B[inside], R[inside]
    terms = int(np.clip(scarcer // 2, 1, _EVEN_TERMS))
    even = np.polynomial.legendre.legvander(2 * (B / reach) ** 2 - 1, terms - 1).T
    (slope, intercept, *rest), (sigma_slope, sigma_intercept, *_), _ = _solved(np.array([B, np.sign(B), *even]), R)
    return slope, sigma_slope, intercept, sigma_intercept, float(np.mean(np.array(rest) @ even))


def _solved(columns: Floats, R: Floats) -> tuple[list[float], list[float], float]:
    """Least squares: coefficients, their standard errors, and the scatter of R; columns (k, n)."""
    size = np.linalg.norm(columns, axis=1)
    inverse = np.linalg.pinv((columns / size[:, None]).T)
    found = inverse @ R / size
    left = R - found @ columns
    scatter = float(np.sqrt(left @ left / max(R.size - len(columns), 1)))
    return found.tolist(), (scatter * np.linalg.norm(inverse, axis=1) / size).tolist(), scatter
