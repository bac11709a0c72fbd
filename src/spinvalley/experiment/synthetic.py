"""Resistance of a two-dimensional superconductor with a known critical field, made up to test what reads and extracts.

Nothing here was measured, and every file that is written says so in its title and in each comment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import erf, erfinv

from spinvalley.checks import Floats, InvalidInput, axis, non_negative, one_of, positive, real, tolerance, whole
from spinvalley.experiment.sweeps import Kind, Sweep, course
from spinvalley.files import write_text
from spinvalley.units import FLUX_QUANTUM

__all__ = ["Bench", "SyntheticFilm", "SyntheticRun", "gl_film", "synthetic_run", "write_csv", "write_ppms"]

Surface: TypeAlias = Callable[[Floats, Floats], Floats]
"""Critical field in T at temperatures in K below Tc and angles in degrees from the c axis."""

_HALF: Final = float(np.log(np.expm1(1.0)))  # where ln(1 + e^u) = 1
_STEP_S: Final = 60.0  # seconds between readings
_READINGS: Final = 25  # that a bridge averages into one resistance
_PPMS_COLUMNS: Final = (
    "Comment,Time Stamp (sec),Status (code),Temperature (K),Magnetic Field (Oe),Sample Position (deg),"
    "Bridge 1 Resistivity (Ohm),Bridge 1 Excitation (uA),Bridge 1 Std. Dev. (Ohm),Number of Readings,"
    "Bridge 1 Resistance (Ohms)"
)


@dataclass(frozen=True)
class SyntheticFilm:
    """A film: where its resistance is R_N/2, and how the transition goes on from there.

    R = R_N(T) S(u), u = (|B| - Hc2(T, theta))/width_B, S(0) = 1/2; above Tc the field Hc2(Tc + t) is taken as
    -Hc2(Tc - t), so that R(T) at B = 0 passes R_N/2 at Tc.

    Args:
        surface: Hc2 in T at 50 % of R_N as a function of T < Tc in K and theta in degrees, both arrays.
        tc: critical temperature at B = 0, K.
        R_normal: R_N at Tc, Ohm.
        slope: dR_N/dT, Ohm/K.
        width: width of the transition relative to Hc2.
        width_B: its least width, T; the two add in squares.
        shape: "erf": S = (1 + erf u)/2. "fluctuation": S = s/(1 + s), s = ln(1 + e^u) moved to S(0) = 1/2: an
            exponential foot and a paraconductivity that falls as 1/u (as Aslamazov and Larkin's), so that the plateau
            is reached slowly.
    """

    surface: Surface
    tc: float
    R_normal: float = 500.0
    slope: float = 0.0
    width: float = 0.1
    width_B: float = 0.05
    shape: str = "erf"

    def __post_init__(self) -> None:
        positive("tc", self.tc)
        positive("R_normal", self.R_normal)
        real("slope", self.slope)
        non_negative("width", self.width)
        positive("width_B", self.width_B)
        one_of("shape", self.shape, ("erf", "fluctuation"))

    def hc2(self, T: ArrayLike, theta: ArrayLike) -> Floats:
        """Hc2 in T; above Tc continued to negative values."""
        T, theta = np.broadcast_arrays(np.asarray(T, dtype=float), np.asarray(theta, dtype=float))
        away = np.clip(self.tc - np.abs(T - self.tc), 1e-3 * self.tc, self.tc * (1 - 1e-12))
        return np.asarray(np.where(self.tc > T, 1.0, -1.0) * self.surface(away, theta), dtype=float)

    def resistance(self, T: ArrayLike, B: ArrayLike, theta: ArrayLike) -> Floats:
        """R in Ohm without noise; T in K, B in T, theta in degrees, shapes that broadcast."""
        center = self.hc2(T, theta)
        u = (np.abs(np.asarray(B, dtype=float)) - center) / self._width(center)
        return np.asarray(self.normal(T) * self._rise(u))

    def normal(self, T: ArrayLike) -> Floats:
        """R_N in Ohm."""
        return np.asarray(self.R_normal + self.slope * (np.asarray(T, dtype=float) - self.tc))

    def true_field(self, T: float, theta: float, criterion: float = 0.5) -> float:
        """Field in T at which R passes a fraction of R_N at held T and theta; negative if there is none."""
        center = self.hc2(T, theta)
        return float(center + self._width(center) * self._inverse(criterion))

    def true_temperature(self, B: float, theta: float, criterion: float = 0.5) -> float:
        """Temperature in K at which R passes a fraction of R_N at held field and angle."""
        low, high = 1e-3 * self.tc, 1.999 * self.tc
        return float(brentq(lambda T: self.true_field(T, theta, criterion) - abs(B), low, high, xtol=1e-12))

    def _width(self, center: Floats) -> Floats:
        return np.asarray(np.hypot(self.width * center, self.width_B))

    def _rise(self, u: Floats) -> Floats:
        if self.shape == "erf":
            return np.asarray((1 + erf(u)) / 2)
        s = np.logaddexp(0.0, 4 * u + _HALF)
        return np.asarray(s / (1 + s))

    def _inverse(self, criterion: float) -> float:
        c = tolerance("criterion", criterion)
        if self.shape == "erf":
            return float(erfinv(2 * c - 1))
        return float((np.log(np.expm1(c / (1 - c))) - _HALF) / 4)


@dataclass(frozen=True)
class Bench:
    """The apparatus: what it does to the true resistance.

    Args:
        noise: standard deviation of R, Ohm.
        offset: added to R, Ohm; negative ones are common.
        sigma_T: scatter of the temperature reading, K.
        sigma_B: scatter of the field reading, T.
        remanence: true field minus reading, T.
        misalignment: true minus nominal angle, degrees.
        contact: Hall resistance mixed in by misaligned contacts, Ohm/T of field along c.
        seed: of the random numbers; the same seed gives the same run.
    """

    noise: float = 1.0
    offset: float = 0.0
    sigma_T: float = 0.0
    sigma_B: float = 0.0
    remanence: float = 0.0
    misalignment: float = 0.0
    contact: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("noise", "sigma_T", "sigma_B"):
            non_negative(name, getattr(self, name))
        for name in ("offset", "remanence", "misalignment", "contact"):
            real(name, getattr(self, name))
        whole("seed", self.seed, 0)


@dataclass(frozen=True, eq=False)
class SyntheticRun:
    """A made-up run.

    Attributes:
        sweeps: in the order of measurement.
        rows: Dataset over row: T, B, theta, R, time; what a reader would give of the file.
        film: the truth.
        bench: the apparatus.
    """

    sweeps: list[Sweep]
    rows: xr.Dataset
    film: SyntheticFilm
    bench: Bench


def gl_film(tc: float = 9.7, xi: float = 8.0, d: float = 1.5, **options: float | str) -> SyntheticFilm:
    """A film whose Hc2 follows two-dimensional Ginzburg-Landau theory and, in angle, Tinkham's formula.

    |B cos/B_perp| + (B sin/B_par)^2 = 1 with t = T/Tc and
    B_perp = Phi0/(2 pi xi^2) (1 - t), B_par = Phi0 sqrt12/(2 pi xi d) sqrt(1 - t).

    Args:
        tc: critical temperature, K.
        xi: coherence length, nm.
        d: thickness, nm.
        options: the others of `SyntheticFilm`.

    Source:
        M. Tinkham, Phys. Rev. 129, 2413 (1963); physics.md 3.

    Example:
        >>> gl_film(9.7, 8.0, 1.5).true_field(4.85, 0.0)
        2.5711
    """
    tc, xi, d = positive("tc", tc), positive("xi", xi), positive("d", d)

    def surface(T: Floats, theta: Floats) -> Floats:
        t = 1 - T / tc
        linear = np.abs(np.cos(np.radians(theta))) * (2 * np.pi * xi**2) / (FLUX_QUANTUM * t)
        square = (np.sin(np.radians(theta)) * 2 * np.pi * xi * d / (FLUX_QUANTUM * np.sqrt(12 * t))) ** 2
        return np.asarray(2 / (linear + np.sqrt(linear**2 + 4 * square)))

    return SyntheticFilm(surface, tc, **options)  # type: ignore[arg-type]


def synthetic_run(
    film: SyntheticFilm,
    kind: Kind,
    values: ArrayLike,
    *,
    T: ArrayLike = 4.2,
    B: ArrayLike = 0.0,
    theta: ArrayLike = 0.0,
    branches: Sequence[str] = ("up",),
    bench: Bench | None = None,
) -> SyntheticRun:
    """Sweeps of one kind over every combination of the two held quantities.

    Args:
        film: the truth.
        kind: "temperature", "field" or "angle": what is swept.
        values: the swept quantity as it would be read, (n,), K, T or degrees.
        T: held temperatures in K.
        B: held fields in T.
        theta: held angles in degrees from the c axis.
        branches: "up", "down", or both in this order, for each combination.
        bench: noise and faults of the apparatus.

    Returns:
        The `SyntheticRun`; sigma of each sweep is the noise.

    Raises:
        InvalidInput: an unknown kind or branch, or no values.

    Example:
        >>> run = synthetic_run(gl_film(), "field", np.linspace(-9, 9, 181), T=[5.0, 7.0])
        >>> [sweep.R.size for sweep in run.sweeps]
        [181, 181]
    """
    one_of("kind", kind, ("temperature", "field", "angle"))
    apparatus = Bench() if bench is None else bench
    for branch in branches:
        one_of("branches", branch, ("up", "down"))
    rising = np.sort(axis("values", values))
    random = np.random.default_rng(apparatus.seed)
    held = {"temperature": axis("T", T), "field": axis("B", B), "angle": axis("theta", theta)}
    held[kind] = np.array([np.nan])
    places = np.stack(np.meshgrid(*held.values(), indexing="ij"), axis=-1).reshape(-1, 3)
    measured = [
        _measured(film, kind, rising if branch == "up" else rising[::-1], place, apparatus, random)
        for place in places
        for branch in branches
    ]
    return _run(film, apparatus, kind, measured)


def write_ppms(path: Path | str, run: SyntheticRun) -> None:
    """Write a run in the dialect of a PPMS resistivity file (`.dat`): fields in Oe, one bridge.

    Args:
        path: the file to be made or replaced.
        run: what `synthetic_run` gave.

    Raises:
        InvalidInput: its folder does not exist, or nothing can be written there.
    """
    head = [
        "[Header]",
        "TITLE, SYNTHETIC data made by spinvalley, not measured",
        "FILEOPENTIME,0.00,01/01/2000,12:00 AM",
        "BYAPP, Resistivity, 2.1, 1.0",
        "INFO, APPNAME, spinvalley synthetic forward model",
        "INFO, synthetic, Sample1 Name",
        "INFO, Ohm, Sample1 Units",
        "DATATYPE, TIME, 2",
        "DATATYPE, COMMENT, 1",
        "[Data]",
        _PPMS_COLUMNS,
    ]
    rows = run.rows
    noise = f"{run.bench.noise * np.sqrt(_READINGS):.8g}"  # of one reading: a resistance is the mean of several
    columns = (rows.time.values, rows["T"].values, 1e4 * rows.B.values, rows.theta.values, rows.R.values)
    body = [
        f"{'synthetic' if i == 0 else ''},{s:.2f},4369,{t:.10g},{b:.10g},{a:.8g},{r:.12g},1,{noise},{_READINGS}"
        f",{r:.12g}"
        for i, (s, t, b, a, r) in enumerate(zip(*columns, strict=True))
    ]
    write_text(_beside(path), "\n".join([*head, *body, ""]))


def write_csv(path: Path | str, run: SyntheticRun) -> None:
    """Write a run as a table: a comment that says synthetic, a header with units, one row per reading.

    Args:
        path: the file to be made or replaced.
        run: what `synthetic_run` gave.

    Raises:
        InvalidInput: its folder does not exist, or nothing can be written there.
    """
    rows = run.rows
    columns = (rows.time.values, rows["T"].values, rows.B.values, rows.theta.values, rows.R.values)
    body = [f"{s:.2f},{t:.10g},{b:.10g},{a:.8g},{r:.12g}" for s, t, b, a, r in zip(*columns, strict=True)]
    head = ["# SYNTHETIC data made by spinvalley, not measured", "time (s),T (K),B (T),theta (deg),R (Ohm)"]
    write_text(_beside(path), "\n".join([*head, *body, ""]))


def _beside(path: Path | str) -> Path:
    """The path, if its folder exists."""
    folder = Path(path).expanduser().parent
    if not folder.is_dir():
        raise InvalidInput(f"`path` must lie in a folder that exists, but {folder} does not")
    return Path(path)


def _measured(
    film: SyntheticFilm, kind: Kind, values: Floats, place: Floats, bench: Bench, random: np.random.Generator
) -> Floats:
    """Readings T, B, theta, R of one sweep, (4, n)."""
    T, B, theta = (np.full(values.size, float(number)) for number in place)
    T, B, theta = (
        values if kind == "temperature" else T,
        values if kind == "field" else B,
        values if kind == "angle" else theta,
    )
    field, angle = B + bench.remanence, theta + bench.misalignment
    R = film.resistance(T, field, angle) + bench.offset + bench.contact * field * np.cos(np.radians(angle))
    scatter = random.normal(size=(3, values.size)) * np.array([[bench.sigma_T], [bench.sigma_B], [bench.noise]])
    return np.array([T + scatter[0], B + scatter[1], theta, R + scatter[2]])


def _run(film: SyntheticFilm, bench: Bench, kind: Kind, measured: Sequence[Floats]) -> SyntheticRun:
    number = {"temperature": 0, "field": 1, "angle": 2}[kind]
    sweeps, start = [], 0
    for readings in measured:
        rows = np.arange(start, start + readings.shape[1])
        sweeps.append(_sweep(kind, readings, readings[number], rows, bench))
        start += readings.shape[1]
    whole_run = np.concatenate(measured, axis=1)
    names = {"T": "K", "B": "T", "theta": "degree", "R": "Ohm"}
    data = {
        name: ("row", column, {"units": unit}) for (name, unit), column in zip(names.items(), whole_run, strict=True)
    }
    time = ("row", _STEP_S * np.arange(start), {"units": "s"})
    return SyntheticRun(sweeps, xr.Dataset({**data, "time": time}, attrs={"title": "SYNTHETIC"}), film, bench)


def _sweep(kind: Kind, readings: Floats, x: Floats, rows: np.ndarray, bench: Bench) -> Sweep:
    T, B, theta = (np.nan if swept is x else float(swept.mean()) for swept in readings[:3])
    T, B, theta = (
        np.nan if kind == name else value
        for name, value in zip(("temperature", "field", "angle"), (T, B, theta), strict=True)
    )
    spread = np.std(readings[:2], axis=1)
    if x.size < 2:
        raise InvalidInput(f"`values` must be two at least, but is {x.size}")
    drift, bend = (0.0, 0.0) if kind == "temperature" else course(x, readings[0])
    return Sweep(
        kind,
        x,
        readings[3],
        T,
        B,
        theta,
        T_spread=0.0 if kind == "temperature" else float(spread[0]),
        B_spread=0.0 if kind == "field" else float(spread[1]),
        up=bool(x[-1] > x[0]),
        channel="synthetic",
        rows=rows,
        sigma=np.full(x.size, bench.noise) if bench.noise > 0 else None,
        x_resolution=float(np.median(np.abs(np.diff(x)))),
        T_drift=drift,
        T_bend=bend,
    )
