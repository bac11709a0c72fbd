"""Analytic level lines: closed curves k(s) on which a band has one energy, and integrals along them.

A smooth guide c(s), a trigonometric polynomial near the line, is projected along the gradient that the band has on the
guide: k(s) = c(s) + x(s) d(s) with E(k(s)) = energy. k(s) is then an analytic periodic function, so that the trapezoid
rule in s converges exponentially.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats
from spinvalley.normal.sectors import Sector
from spinvalley.normal.seeds import Mesh, Polygon, mesh, polygons

_MODES = (6, 12, 24, 48, 96)
_GUIDE = 2048
_MESHES = (72, 160, 360)
_SAMPLES = (64, 128, 256, 512, 1024, 2048, 4096)
_ROUNDING = 2e-14
_SWEEPS = 25
_EXACT = 3e-15
_SPREAD = np.array([(i / 3, j / 3) for i in range(3) for j in range(3)]) + 0.01


@dataclass(frozen=True, eq=False)
class Samples:
    """Equidistant points of a line.

    Args:
        k: momenta (n, 2), unfolded.
        slope: gradient of the energy (n, 2).
        tangent: dk/ds (n, 2).
        weight: trapezoid weight of dl/|grad E|, (n,).
    """

    k: Floats
    slope: Floats
    tangent: Floats
    weight: Floats


@dataclass(frozen=True, eq=False)
class Line:
    """One closed level line of one band.

    Args:
        sector: the sector of the band.
        band: number of the band in its sector.
        energy: the level.
        seed: coarse polygon of the line.
        modes: number of Fourier modes of the guide.
    """

    sector: Sector
    band: int
    energy: float
    seed: Polygon
    modes: int

    @cached_property
    def scale(self) -> float:
        """Size of the Hamiltonian in the zone, for the rounding of its eigenvalues; terms may cancel on the line."""
        around = _SPREAD @ self.sector.model.lattice.reciprocal
        return float(np.abs(self.sector.hamiltonian(np.concatenate([self.seed.points, around]))).max())

    @cached_property
    def _coefficients(self) -> NDArray[np.complex128]:
        return _guide(self, self.modes)

    def project(self, s: Floats) -> tuple[Floats, Floats, bool]:
        """Momenta of parameters s (n,) in [0, 1), their distance x from the guide, and whether Newton converged."""
        m = np.fft.fftfreq(len(self._coefficients), 1 / len(self._coefficients))
        kept = np.abs(self._coefficients) > 0
        wave = np.exp(2j * np.pi * np.outer(s, m[kept])) @ self._coefficients[kept]
        guide = np.stack([wave.real, wave.imag], axis=-1) + s[:, None] * self.seed.winding
        _, slope = self.sector.level(guide, self.band)
        speed = np.linalg.norm(slope, axis=-1, keepdims=True)
        if not np.all(speed > 0):
            return guide, np.zeros(len(s)), False
        direction = slope / speed
        x, ok = _newton(self, guide, direction)
        return guide + x[:, None] * direction, x, ok

    def samples(self, n: int) -> tuple[Samples, bool]:
        """Equidistant points with their trapezoid weights, and whether all of them lie on the line."""
        s = np.arange(n) / n
        k, _, ok = self.project(s)
        _, slope = self.sector.level(k, self.band)
        periodic = (k - s[:, None] * self.seed.winding) @ np.array([1, 1j])
        m = np.fft.fftfreq(n, 1 / n)
        m[n // 2] = 0
        derivative = np.fft.ifft(2j * np.pi * m * np.fft.fft(periodic))
        tangent = np.stack([derivative.real, derivative.imag], axis=-1) + self.seed.winding
        square = np.sum(slope**2, axis=-1)
        turned = slope[:, ::-1] * (-1, 1)  # the occupied side is on the left
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = np.sum(tangent * turned, axis=-1) / square / n
        return Samples(k, slope, tangent, weight), ok and bool(np.all(square > 0))

    def converge(self, tol: float) -> tuple[Samples, float, float, bool]:
        """Samples fine enough for the integral of dl/|grad E| and for the area.

        Returns:
            The samples, the relative error of the first, the error of the area (in units of the zone), and whether both
            are below `tol`.
        """
        first, sound = self.samples(_SAMPLES[0])
        errors = (np.inf, np.inf)
        for n in _SAMPLES[1:]:
            second, ok = self.samples(n)
            if not (ok or sound):
                break  # the guide does not follow the line
            sound = ok
            if ok and np.all(np.isfinite(second.weight)):
                total = float(second.weight.sum())
                change = abs(total - float(first.weight.sum())) / max(abs(total), 1e-300)
                moved = abs(self.area(second) - self.area(first))
                errors = (change + _ROUNDING, moved + _ROUNDING)
                if max(errors) < tol and np.all(second.weight > 0):
                    return second, *errors, True
            first = second
        return first, *errors, False

    def area(self, samples: Samples) -> float:
        """Occupied area on the left of the line as a fraction of the zone, modulo 1; negative around a hole pocket."""
        u, v = _basis(self.seed.cycle)
        lattice = self.sector.model.lattice
        fractions = samples.k @ lattice.matrix.T / (2 * np.pi)
        rates = samples.tangent @ lattice.matrix.T / (2 * np.pi)
        orientation = np.sign(np.linalg.det(lattice.matrix))
        return float(orientation * np.mean((fractions @ u) * (rates @ v)))


@dataclass(frozen=True, eq=False)
class LevelSet:
    """All lines of one band at one energy.

    Args:
        sector: the sector of the band.
        band: its number in the sector.
        lines: the lines with their converged samples, relative errors of dl/|grad E| and errors of the area.
        below: fraction of the mesh with lower energy, a coarse occupied fraction.
        converged: whether every line met the tolerance and none can have been overlooked.
    """

    sector: Sector
    band: int
    lines: tuple[tuple[Line, Samples, float, float], ...]
    below: float
    converged: bool

    def moved_to(self, sector: Sector) -> LevelSet:
        """The same lines as those of another sector with the same energies."""
        lines = tuple((replace(line, sector=sector), *rest) for line, *rest in self.lines)
        return replace(self, sector=sector, lines=lines)  # type: ignore[arg-type]


class Tracer:
    """Finds level lines of the sectors of a model; keeps the meshes for the next energy."""

    def __init__(self, blocks: tuple[Sector, ...], tol: float) -> None:
        """Trace the given sectors, lines resolved to the relative tolerance `tol`."""
        self.blocks = blocks
        self.tol = tol
        self._meshes: dict[tuple[int, int], Mesh] = {}

    def level_sets(self, energy: float) -> list[LevelSet]:
        """The lines of every band; bands in the order of the sectors."""
        found: list[LevelSet] = []
        for place, block in enumerate(self.blocks):
            if place and self._is_copy(place):  # spin-degenerate bands
                found += [level.moved_to(block) for level in found[: block.size]]
            else:
                found += [self._trace(place, band, energy) for band in range(block.size)]
        return found

    def grid(self, place: int, size: int = _MESHES[0]) -> Mesh:
        """Energies of one sector on a mesh of `size` points in each direction; kept."""
        if (place, size) not in self._meshes:
            self._meshes[place, size] = mesh(self.blocks[place], size)
        return self._meshes[place, size]

    def _is_copy(self, place: int) -> bool:
        """Whether the sector has the energies of the first one at every k."""
        first, other = self.grid(0, _MESHES[0]).values, self.grid(place, _MESHES[0]).values
        scale = max(1e-300, float(np.abs(first).max()))
        return first.shape == other.shape and bool(np.abs(first - other).max() < 1e-14 * scale)

    def _trace(self, place: int, band: int, energy: float) -> LevelSet:
        """One band, on finer meshes until every line is resolved."""
        block = self.blocks[place]
        for size in _MESHES:
            grid = self.grid(place, size)
            values = grid.values[..., band]
            below = float(np.mean(values <= energy))
            seeds, sure = polygons(grid, band, energy)
            results = [_resolve(block, band, energy, seed, self.tol) for seed in seeds]
            converged = sure and all(good for *_, good in results) and not _is_flat(values, energy)
            if converged:
                break
        return LevelSet(block, band, tuple((a, b, c, d) for a, b, c, d, _ in results), below, converged)


def _is_flat(values: Floats, energy: float) -> bool:
    """Whether a sizeable part of the zone lies at this very energy, where no line is defined."""
    return bool(np.mean(np.abs(values - energy) <= 1e-12 * max(1.0, float(np.abs(values).max()))) > 0.05)


def _resolve(
    block: Sector, band: int, energy: float, seed: Polygon, tol: float
) -> tuple[Line, Samples, float, float, bool]:
    """The line of a polygon with the smoothest guide that stays within one step of the polygon."""
    seed = _subdivided(block, band, energy, seed)
    step = _length(seed) / len(seed.points)
    probe = np.arange(4 * len(seed.points)) / (4 * len(seed.points))
    for modes in _MODES:
        line = Line(block, band, energy, seed, modes)
        _, x, ok = line.project(probe)
        if ok and float(np.abs(x).max()) < step:
            break
    return (line, *line.converge(tol))


def _guide(line: Line, modes: int) -> NDArray[np.complex128]:
    """Fourier coefficients of the smoothed polygon minus its winding, in a parameter between length and time.

    Equal steps of the parameter are shorter where the band is flat, as the integral of dl/|grad E| wants it.
    """
    closed = np.concatenate([line.seed.points, line.seed.points[:1] + line.seed.winding])
    chord = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    _, slope = line.sector.level(line.seed.points, line.band)
    speed = np.linalg.norm(slope, axis=1)
    slowness = 1 / np.maximum(speed, 1e-3 * max(float(speed.max()), 1e-300))
    time = chord * 0.5 * (slowness + np.roll(slowness, -1))
    u = np.concatenate([[0.0], np.cumsum(chord / chord.sum() + time / time.sum())]) / 2
    s = np.arange(_GUIDE) / _GUIDE
    polygon = np.interp(s, u, closed[:, 0]) + 1j * np.interp(s, u, closed[:, 1])
    coefficients = np.fft.fft(polygon - s * (line.seed.winding @ np.array([1, 1j]))) / _GUIDE
    window = np.exp(-((np.fft.fftfreq(_GUIDE, 1 / _GUIDE) / modes) ** 4))
    return np.where(window > 1e-17, coefficients * window, 0)


def _newton(line: Line, guide: Floats, direction: Floats) -> tuple[Floats, bool]:
    """Distances x along `direction` at which the band has the energy of the line."""
    x = np.zeros(len(guide))
    longest = max(1e-300, 4 * _length(line.seed) / len(line.seed.points))
    for sweep in range(_SWEEPS):
        value, slope = line.sector.level(guide + x[:, None] * direction, line.band)
        rate = np.sum(slope * direction, axis=-1)
        if np.any(rate == 0):
            return x, False
        miss = line.energy - value
        step = np.clip(miss / rate, -longest, longest)
        x = x + step
        exact = np.abs(miss) < _EXACT * (abs(line.energy) + np.linalg.norm(slope, axis=-1) * longest + line.scale)
        if sweep > 1 and np.all(exact | (np.abs(step) < 1e-12 * longest)):
            return x, True
    return x, False


def _subdivided(block: Sector, band: int, energy: float, seed: Polygon, least: int = 24) -> Polygon:
    """The polygon with Newton-polished midpoints until it has at least `least` points."""
    while len(seed.points) < least:
        following = np.roll(seed.points, -1, axis=0)
        following[-1] += seed.winding
        middle = 0.5 * (seed.points + following)
        for _ in range(12):
            value, slope = block.level(middle, band)
            square = np.maximum(np.sum(slope**2, axis=-1), 1e-300)
            move = ((energy - value) / square)[:, None] * slope
            reach = 0.5 * np.linalg.norm(following - seed.points, axis=-1, keepdims=True)
            middle = middle + move * np.minimum(
                1.0, reach / np.maximum(np.linalg.norm(move, axis=-1, keepdims=True), 1e-300)
            )
        both = np.stack([seed.points, middle], axis=1).reshape(-1, 2)
        seed = Polygon(both, seed.winding, seed.cycle)
    return seed


def _length(seed: Polygon) -> float:
    closed = np.concatenate([seed.points, seed.points[:1] + seed.winding])
    return float(np.linalg.norm(np.diff(closed, axis=0), axis=1).sum())


def _basis(cycle: tuple[int, int]) -> tuple[Floats, Floats]:
    """Integer covectors (u, v) of determinant 1 in which the line does not wind along u."""
    p, q = cycle
    if (p, q) == (0, 0):
        return np.array([1.0, 0.0]), np.array([0.0, 1.0])
    a, b = _bezout(p, q)
    return np.array([float(q), float(-p)]), np.array([float(a), float(b)])


def _bezout(p: int, q: int) -> tuple[int, int]:
    """Integers (a, b) with a p + b q = 1 for coprime p, q."""
    if q == 0:
        return (1 if p > 0 else -1), 0
    a, b = _bezout(q, p % q)
    return b, a - (p // q) * b
