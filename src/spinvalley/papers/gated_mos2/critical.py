"""Critical fields of the paper: Fig. 4c and Supplementary Fig. 5-7."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Final

import numpy as np
import xarray as xr
from scipy.optimize import brentq

from spinvalley.checks import Floats
from spinvalley.models import Model
from spinvalley.normal import doped
from spinvalley.pairing import (
    ConstantSplitting,
    FermiSurface,
    PauliLimit,
    Pocket,
    TripletAdmixture,
    fermi_surface,
    from_pockets,
    hc2,
)
from spinvalley.papers.gated_mos2.parameters import Parameters

Count = Callable[[int, int], None]
DIRECTIONS: Final = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0)}
SPLITTING: Final = 13.0
_NO_CHANNEL: Final = 1e-300
_STRONG: Final = 100.0
_SPEED: Final = 300.0
_MOMENTA: Final = 41
_POINTS: Final = 64


@dataclass(frozen=True)
class CriticalData:
    """Data of Fig. 4c and Supplementary Fig. 5-7; every critical field is a Dataset of `pairing.hc2`.

    Args:
        lines: Rashba ratio -> Hc2(T) of the lattice, field along x.
        cold: Hc2 at `cold` and the best Rashba ratio over condition (density, direction), and `needed`, the ratio that
            gives the measured field.
        zeeman: name -> Hc2(T) without Rashba coupling.
        momentum: Hc2 at zero and best momentum of the pairs over ratio and T, Fermi-surface average.
        lattice_momentum: ratio -> the same on the lattice at the lowest temperature.
        profiles: field against pair momentum over ratio, lowest temperature.
        triplet: Hc2 with a triplet channel over Tct/Tc at `cold`.
        density: Hc2 at `cold` over ratio and density.
        tcs: Hc2 at `cold` over ratio and Tc.
        rashba: Hc2 at `cold` of a Rashba superconductor over treatment.
    """

    lines: Mapping[float, xr.Dataset]
    cold: xr.Dataset
    zeeman: Mapping[str, xr.Dataset]
    momentum: xr.Dataset
    lattice_momentum: Mapping[float, xr.Dataset]
    profiles: xr.Dataset
    triplet: xr.Dataset
    density: xr.Dataset
    tcs: xr.Dataset
    rashba: xr.Dataset


def compute_critical(p: Parameters, tell: Callable[[str, int, int], None]) -> CriticalData:
    """All critical fields; `tell` hears of every step."""
    lines = {}
    for ratio in p.ratios:
        count = partial(tell, f"Fig. 4c, Rashba ratio {ratio:g}")
        lines[ratio] = hc2(p.model(ratio), p.temperatures, tc=p.tc, tol=p.tol, progress=count)
    alone = fermi_surface(p.model(0.0), points=_POINTS)
    zeeman = {"lattice": lines[0.0]}
    for name, theory in (("Fermi surface", alone), ("constant splitting", ConstantSplitting(SPLITTING))):
        zeeman[name] = hc2(theory, p.temperatures, tc=p.tc, tol=p.tol)
    zeeman["no spin-orbit coupling"] = hc2(PauliLimit(), p.temperatures, tc=p.tc, tol=p.tol)
    return CriticalData(
        lines=lines,
        cold=_cold(p, lines, partial(tell, f"Rashba ratio for {p.measured:g} T")),
        zeeman=zeeman,
        momentum=_momentum(p, partial(tell, "momentum of the pairs")),
        lattice_momentum=_lattice_momentum(p, partial(tell, "momentum of the pairs, lattice")),
        profiles=_profiles(p),
        triplet=_triplet(p),
        density=_density(p, partial(tell, "density")),
        tcs=_tcs(p),
        rashba=_rashba(p),
    )


def _cold(p: Parameters, lines: Mapping[float, xr.Dataset], count: Count) -> xr.Dataset:
    """The best ratio at two densities and directions, and the ratio that gives the measured field."""
    cases = list(product((p.density, p.other_density), DIRECTIONS))
    rows = []
    for done, (density, name) in enumerate(cases):
        field = partial(_at_ratio, p, density, DIRECTIONS[name])
        known = lines[p.best_ratio].sel(T=[p.cold]) if (density, name) == (p.density, "x") else field(p.best_ratio)
        needed, error = _needed(p, field, lines, float(known.B[0]))
        rows.append((float(known.B[0]), float(known.error[0]), str(known.status.values[0]), needed, error))
        count(done + 1, len(cases))
    return xr.Dataset(
        {
            "B": ("condition", [row[0] for row in rows], {"units": "T"}),
            "error": ("condition", [row[1] for row in rows], {"units": "T"}),
            "status": ("condition", [row[2] for row in rows]),
            "needed": ("condition", [row[3] for row in rows]),
            "needed_error": ("condition", [row[4] for row in rows]),
            "density": ("condition", [density for density, _ in cases], {"units": "cm^-2"}),
            "direction": ("condition", [name for _, name in cases]),
        }
    )


def _at_ratio(p: Parameters, density: float, direction: tuple[float, ...], ratio: float) -> xr.Dataset:
    return hc2(p.model(ratio, density), p.cold, tc=p.tc, direction=direction, tol=p.tol)


def _needed(
    p: Parameters, field: Callable[[float], xr.Dataset], lines: Mapping[float, xr.Dataset], known: float
) -> tuple[float, float]:
    """Ratio that gives the measured field, by two secants; its error is the last correction."""
    bare = float(lines[0.0].sel(T=p.cold).B)
    guess = p.best_ratio * np.sqrt(max(bare / p.measured - 1, 1e-3) / max(bare / known - 1, 1e-3))
    ratios = [p.best_ratio, float(guess)]
    values = [known, float(field(float(guess)).B[0])]
    ratios.append(_secant(ratios, values, p.measured))
    values.append(float(field(ratios[-1]).B[0]))
    best = _secant(ratios, values, p.measured)
    return best, abs(best - ratios[-1]) + p.tol * best


def _secant(x: list[float], y: list[float], target: float) -> float:
    """Where the line through the last two samples has the target value; the last sample if they are one."""
    return x[-1] + (target - y[-1]) * (x[-1] - x[-2]) / (y[-1] - y[-2]) if y[-1] != y[-2] else x[-1]


def _surface(model: Model) -> FermiSurface:
    return fermi_surface(model, points=_POINTS)


def _momentum(p: Parameters, count: Count) -> xr.Dataset:
    T = (p.lowest, p.cold)
    shape = (len(p.momentum_ratios), len(T))
    zero, best, q, error = np.zeros(shape), np.zeros(shape), np.zeros((*shape, 2)), np.zeros(shape)
    for n, ratio in enumerate(p.momentum_ratios):
        found = hc2(_surface(p.model(ratio)), T, tc=p.tc, momentum="best", tol=p.tol)
        zero[n], best[n], q[n], error[n] = found.B_linear, found.B, found.q, found.error
        count(n + 1, len(p.momentum_ratios))
    dims = ("ratio", "T")
    return xr.Dataset(
        {
            "zero": (dims, zero, {"units": "T"}),
            "best": (dims, best, {"units": "T"}),
            "error": (dims, error, {"units": "T"}),
            "gain": (dims, best / zero - 1),
            "q": ((*dims, "xy"), q, {"units": "1/nm"}),
        },
        {"ratio": list(p.momentum_ratios), "T": ("T", list(T), {"units": "K"})},
    )


def _lattice_momentum(p: Parameters, count: Count) -> dict[float, xr.Dataset]:
    found = {}
    for done, ratio in enumerate(p.lattice_ratios):
        found[ratio] = hc2(p.model(ratio), p.lowest, tc=p.tc, momentum="best", tol=p.tol)
        count(done + 1, len(p.lattice_ratios))
    return found


def _profiles(p: Parameters) -> xr.Dataset:
    """Field of the instability against the momentum of the pairs along y (field along x), lowest temperature."""
    T, rows = p.lowest, {}
    surfaces = {ratio: _surface(p.model(ratio)) for ratio in (p.band_ratio, p.best_ratio)}
    q = np.linspace(-0.012, 0.012, _MOMENTA)
    for ratio, surface in surfaces.items():
        start = float(hc2(surface, T, tc=p.tc, tol=p.tol).B_linear[0])
        rows[ratio] = [_unstable_below(surface, T, p.tc, start, float(each)) for each in q]
    return xr.Dataset(
        {"B": (("ratio", "q"), np.array(list(rows.values())), {"units": "T"})},
        {"ratio": list(rows), "q": ("q", q, {"units": "1/nm"})},
    )


def _unstable_below(surface: FermiSurface, T: float, tc: float, near: float, q: float) -> float:
    """Field at which the normal state becomes stable against pairs of momentum q along y; NaN if always."""

    def excess(B: float) -> float:
        return float(np.log(tc / T) - surface.breaking(T, [B, 0.0, 0.0], q=[0.0, q]))

    low, high = 0.02 * near, 3 * near
    return float(brentq(excess, low, high, rtol=1e-8)) if excess(low) > 0 > excess(high) else float("nan")


def _triplet(p: Parameters) -> xr.Dataset:
    surface = _surface(p.model(p.band_ratio))
    alone = hc2(surface, p.cold, tc=p.tc, tol=p.tol)
    rows = []
    for ratio in p.triplet_ratios:
        mixed = TripletAdmixture(surface, ratio or _NO_CHANNEL)
        found = hc2(mixed, p.cold, tc=p.tc, tol=p.tol)
        field, status = float(found.B[0]), str(found.status.values[0])
        share = float(mixed.triplet_share(p.cold, [float(alone.B[0]), 0.0, 0.0]))
        rows.append((field, float(found.error[0]), status, share))
    return xr.Dataset(
        {
            "B": ("ratio", [row[0] for row in rows], {"units": "T"}),
            "gain": ("ratio", np.array([row[0] for row in rows]) / float(alone.B[0]) - 1),
            "error": ("ratio", [row[1] for row in rows], {"units": "T"}),
            "status": ("ratio", [row[2] for row in rows]),
            "share": ("ratio", [row[3] for row in rows]),
        },
        {"ratio": list(p.triplet_ratios)},
    )


def _density(p: Parameters, count: Count) -> xr.Dataset:
    """Field at `cold` of the model calibrated at `density`, with its chemical potential moved to other densities."""
    ratios = (0.0, p.band_ratio)
    rows = []
    for n, ratio in enumerate(ratios):
        model = p.model(ratio)
        rows.append([_point(_surface(doped(model, density)), p, p.tc) for density in p.densities])
        count(n + 1, len(ratios))
    return _table(rows, ratios, "density", p.densities, "cm^-2")


def _tcs(p: Parameters) -> xr.Dataset:
    """Field at `cold` against Tc at the density of Fig. 4."""
    ratios = (0.0, p.band_ratio)
    surfaces = [_surface(p.model(ratio)) for ratio in ratios]
    rows = [[_point(surface, p, tc) for tc in p.critical_temperatures] for surface in surfaces]
    return _table(rows, ratios, "tc", p.critical_temperatures, "K")


def _point(surface: FermiSurface, p: Parameters, tc: float) -> tuple[float, float, str, float]:
    found = hc2(surface, p.cold, tc=tc, tol=p.tol)
    splitting = float(2 * np.linalg.norm(surface.g, axis=1) @ surface.weight)
    return float(found.B[0]), float(found.error[0]), str(found.status.values[0]), splitting


def _table(
    rows: list[list[tuple[float, float, str, float]]],
    ratios: tuple[float, ...],
    name: str,
    values: tuple[float, ...],
    unit: str,
) -> xr.Dataset:
    B, error, status, splitting = ([[point[n] for point in row] for row in rows] for n in range(4))
    dims = ("ratio", name)
    return xr.Dataset(
        {
            "B": (dims, B, {"units": "T"}),
            "error": (dims, error, {"units": "T"}),
            "status": (dims, status),
            "splitting": (dims, splitting, {"units": "meV"}),
        },
        {"ratio": list(ratios), name: (name, list(values), {"units": unit})},
    )


def _rashba(p: Parameters) -> xr.Dataset:
    """Field along x of two helical bands with a Rashba splitting: as large as `SPLITTING`, and much larger than all."""

    def pocket(size: float) -> Pocket:
        def vector(angle: Floats) -> Floats:
            return size * np.stack([np.sin(angle), -np.cos(angle), 0 * angle], axis=-1)

        return Pocket(vector, velocity=lambda a: _SPEED * np.stack([np.cos(a), np.sin(a)], axis=-1))

    rows = []
    for size, momentum in product((0.5 * SPLITTING, _STRONG), ("zero", "best")):
        surface = from_pockets([pocket(size)], points=6 * _POINTS)
        best = "best" if momentum == "best" else "zero"
        found = hc2(surface, p.cold, tc=p.tc, tol=p.tol, momentum=best)
        name = f"{2 * size:g} meV, {'best q' if momentum == 'best' else 'q = 0'}"
        rows.append((name, float(found.B[0]), float(found.error[0]), str(found.status.values[0])))
    return xr.Dataset(
        {
            "B": ("treatment", [row[1] for row in rows], {"units": "T"}),
            "error": ("treatment", [row[2] for row in rows], {"units": "T"}),
            "status": ("treatment", [row[3] for row in rows]),
        },
        {"treatment": [row[0] for row in rows]},
    )
