"""Hall density in the weak-field limit of Boltzmann's equation, from the area that the mean free path sweeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, Status, real, tolerance
from spinvalley.models import Model
from spinvalley.normal.bands import ENERGY
from spinvalley.normal.filling import DENSITY, PER_CM2
from spinvalley.normal.lines import LevelSet, Line, Tracer
from spinvalley.normal.sectors import sectors

_POINTS = (128, 256, 512, 1024, 2048, 4096)
_ROUNDING = 1e-13


def hall_density(model: Model, energy: float = 0.0, zeeman: ArrayLike = 0.0, *, tol: float = 1e-8) -> xr.Dataset:
    """Hall density n_H = B / (e rho_yx) at T = 0, for weak fields and one constant relaxation time.

    With u = dE/dk along every Fermi line, the occupied side on the left,

        S_ab = sum of (1/4 pi^2) int dl u_a u_b / |u|,    A = sum of (1/8 pi^2) int u x du,    n_H = det S / A:

    conductivity sigma = (e^2 tau/hbar^2) S, Hall conductivity (e^3 tau^2 B/hbar^4) A. The time and all units but the
    length cancel. n_H is the carrier density of any isotropic pocket, positive for electrons and negative for holes;
    pockets add in S and in A. Along an analytic line the trapezoid rule and the spectral derivative of u converge
    exponentially; points are doubled until two results agree.

    Args:
        model: a model with lengths in nm.
        energy: the Fermi level, energy unit of the model.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        tol: relative error aimed at.

    Returns:
        Dataset of numbers: hall_density (cm^-2), error, carriers (cm^-2: electrons minus holes enclosed by the closed
        lines), ratio (hall_density / carriers), drude (row, column) = S (energy), swept = A
        (energy^2 length^2), status. Without a Fermi line, or where A vanishes, hall_density is NaN, status "failed".

    Raises:
        InvalidInput: energy or zeeman not finite, tol not between 0 and 1.

    Source: N. P. Ong, doi:10.1103/PhysRevB.43.193.

    >>> from spinvalley.models import film
    >>> data = hall_density(film(t=-100.0, mu=-600.0, a=0.316), 1.0)
    >>> round(float(data.ratio), 6)
    1.0
    """
    energy, tol = real("energy", energy), tolerance("tol", tol)
    levels = Tracer(sectors(model, zeeman), min(tol, 1e-9)).level_sets(energy)
    total = sum((_swept(line, 0.1 * tol) for level in levels for line, *_ in level.lines), _NOTHING)
    per_cm2 = PER_CM2 * model.lattice.zone_area / (2 * np.pi) ** 2
    carriers = per_cm2 * _enclosed(levels)
    found = abs(total.swept) > 1e-12 * total.size and total.determinant > 0
    value = PER_CM2 * total.determinant / total.swept if found else np.nan
    error = abs(value) * total.relative_error if found else np.inf
    good = found and total.relative_error < tol and all(level.converged for level in levels)
    status = Status.CONVERGED if good else Status.NOT_CONVERGED if found else Status.FAILED
    return xr.Dataset(
        {
            "hall_density": ((), value, {"units": DENSITY}),
            "error": ((), error, {"units": DENSITY}),
            "status": ((), str(status)),
            "carriers": ((), carriers, {"units": DENSITY}),
            "ratio": ((), value / carriers if carriers else np.nan, {"units": "1"}),
            "drude": (("row", "column"), total.drude, {"units": ENERGY}),
            "swept": ((), total.swept, {"units": "(energy x length)^2 of the model"}),
        },
        coords={"row": ["x", "y"], "column": ["x", "y"]},
        attrs={"energy": energy},
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Tensor S and swept area A of one line or of several, their absolute errors, and the size of what A sums."""

    drude: Floats
    swept: float
    drude_error: float
    swept_error: float
    size: float

    def __add__(self, other: _Part) -> _Part:
        return _Part(
            self.drude + other.drude,
            self.swept + other.swept,
            self.drude_error + other.drude_error,
            self.swept_error + other.swept_error,
            self.size + other.size,
        )

    @property
    def determinant(self) -> float:
        """Determinant of S."""
        return float(np.linalg.det(self.drude))

    @property
    def relative_error(self) -> float:
        """Relative error of det S / A."""
        return 2 * float(np.trace(self.drude)) * self.drude_error / self.determinant + self.swept_error / abs(
            self.swept
        )


_NOTHING = _Part(np.zeros((2, 2)), 0.0, 0.0, 0.0, 0.0)


def _swept(line: Line, tol: float) -> _Part:
    """Tensor and swept area of one line, refined until two steps agree."""
    last = _integrals(line, _POINTS[0])
    for n in _POINTS[1:]:
        here = _integrals(line, n)
        drude_error = float(np.abs(here.drude - last.drude).max()) + _ROUNDING * float(np.trace(here.drude))
        swept_error = abs(here.swept - last.swept) + _ROUNDING * here.size
        last = here
        if drude_error < tol * float(np.trace(here.drude)) and swept_error < tol * here.size:
            break
    return _Part(here.drude, here.swept, drude_error, swept_error, here.size)


def _integrals(line: Line, n: int) -> _Part:
    """S and A of one line by n points."""
    samples, _ = line.samples(n)
    u = samples.slope
    wave = np.fft.fftfreq(n, 1 / n)
    wave[n // 2] = 0
    change = np.fft.ifft(2j * np.pi * wave[:, None] * np.fft.fft(u, axis=0), axis=0).real
    turn = 0.5 * (u[:, 0] * change[:, 1] - u[:, 1] * change[:, 0]) / (4 * np.pi**2)
    drude = np.einsum("n,na,nb->ab", samples.weight, u, u) / (4 * np.pi**2)
    return _Part(drude, float(turn.mean()), 0.0, 0.0, float(np.abs(turn).mean()))


def _enclosed(levels: list[LevelSet]) -> float:
    """Electrons minus holes per cell inside the closed lines."""
    lines = [(line, samples) for level in levels for line, samples, *_ in level.lines]
    return sum(line.area(samples) for line, samples in lines if line.seed.cycle == (0, 0))
