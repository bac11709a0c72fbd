"""Electrons above and holes below the filled bands: counted by Fermi lines at T = 0, by a graded zone rule above.

At T = 0 the areas inside analytic Fermi lines are exact to rounding. At kT > 0 the Fermi function is integrated over
the zone on panels that resolve pi kT around the level; the occupations are scaled by the largest of them, so that a
density that is exponentially small keeps its relative accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from spinvalley.checks import Floats, Status
from spinvalley.models import Model
from spinvalley.normal.contours import band_filling
from spinvalley.normal.dos import line_dos
from spinvalley.normal.lines import Tracer
from spinvalley.normal.sectors import Sector
from spinvalley.normal.seeds import climb
from spinvalley.numerics import zone

_LINES = (1e-8, 1e-10, 1e-12)
_ORDERS = (10, 14, 18, 22)
_FLOOR = 0.03
_ROUNDING = 1e-13


@dataclass(frozen=True)
class Count:
    """A number of states per cell that are occupied (or, for holes, empty).

    Args:
        log: natural logarithm of the number.
        slope: change of the number with the chemical potential, divided by the number, 1/energy.
        error: relative error of the number.
        status: whether the tolerance was met.
    """

    log: float
    slope: float
    error: float
    status: Status

    @property
    def value(self) -> float:
        """The number."""
        return float(np.exp(self.log))


NOTHING = Count(-np.inf, 0.0, 0.0, Status.CONVERGED)


@dataclass(frozen=True, eq=False)
class Bands:
    """The bands of the sectors that carry one kind of charge.

    Args:
        blocks: the sectors of the model.
        ranges: first and one past the last band of each sector.
        sign: +1 counts electrons, -1 counts holes.
    """

    blocks: tuple[Sector, ...]
    ranges: tuple[tuple[int, int], ...]
    sign: int

    @property
    def number(self) -> int:
        """How many bands these are: the most carriers a cell can hold."""
        return sum(stop - start for start, stop in self.ranges)

    @property
    def model(self) -> Model:
        """The model of the bands."""
        return self.blocks[0].model

    @cached_property
    def tracer(self) -> Tracer:
        """Finds the Fermi lines; keeps its meshes."""
        return Tracer(self.blocks, _LINES[0])

    def energies(self, k: Floats) -> Floats:
        """Energies of the carriers, sign * E, at k (N, 2), shape (N, number)."""
        parts = [block.energies(k)[:, a:b] for block, (a, b) in zip(self.blocks, self.ranges, strict=True) if b > a]
        return self.sign * np.concatenate(parts, axis=1)

    @cached_property
    def mesh_values(self) -> Floats:
        """Carrier energies sign * E on a coarse mesh, ascending."""
        parts = [self.tracer.grid(n).values[..., a:b].ravel() for n, (a, b) in enumerate(self.ranges)]
        return np.sort(self.sign * np.concatenate(parts))

    @cached_property
    def edges(self) -> tuple[float, float]:
        """Lowest and highest carrier energy sign * E."""
        low = [-self._top(n, -self.sign) for n in range(len(self.blocks)) if self._size(n)]
        high = [self._top(n, self.sign) for n in range(len(self.blocks)) if self._size(n)]
        return min(low), max(high)

    def _size(self, place: int) -> int:
        start, stop = self.ranges[place]
        return stop - start

    def _top(self, place: int, sign: int) -> float:
        """Largest sign * E among the bands of one sector."""
        start, stop = self.ranges[place]
        band = stop - 1 if sign > 0 else start
        grid = self.tracer.grid(place)
        values = sign * grid.values[..., band]
        shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        peaks = np.argwhere(values >= np.max([np.roll(values, s, axis=(0, 1)) for s in shifts], axis=0))
        highest = sorted(peaks, key=lambda index: -float(values[tuple(index)]))[:8]
        return max(sign * climb(grid, band, grid.momenta(index.astype(float)), sign)[1] for index in highest)

    def at_zero(self, mu: float, tol: float) -> Count:
        """Carriers per cell at T = 0, from the areas inside the Fermi lines, refined until they are known to `tol`.

        The lines of a pocket far below the resolution of the energies do not allow the finest of the tolerances.
        """
        best = NOTHING
        for fineness in _LINES:
            count = self._by_lines(mu, fineness)
            if best is not NOTHING and (count.status != Status.CONVERGED or count.error > best.error):
                break
            best = count
            if count.status != Status.CONVERGED:
                break
            if count.error < tol:
                return count
        return replace(best, status=Status.NOT_CONVERGED)

    def _by_lines(self, mu: float, fineness: float) -> Count:
        number = slope = error = 0.0
        good = True
        self.tracer.tol = fineness
        levels = iter(self.tracer.level_sets(mu))
        for block, (start, stop) in zip(self.blocks, self.ranges, strict=True):
            for band in range(block.size):
                level = next(levels)
                if start <= band < stop:
                    fraction, miss, status = band_filling(level)
                    number += fraction if self.sign > 0 else 1 - fraction
                    error += miss
                    slope += self.sign * line_dos(level, fineness)[0]
                    good = good and status == Status.CONVERGED
        if number <= 0:
            return NOTHING
        status = Status.CONVERGED if good else Status.NOT_CONVERGED
        return Count(float(np.log(number)), slope / number, error / number, status)

    def at(self, mu: float, kT: float, tol: float) -> Count:
        """Carriers per cell at kT > 0, refined until two orders of the rule agree to `tol`."""
        last = self._sum(mu, kT, _ORDERS[0])
        for order in _ORDERS[1:]:
            log, slope = self._sum(mu, kT, order)
            error = abs(float(np.expm1(log - last[0]))) + _ROUNDING
            last = (log, slope)
            if error < tol:
                return Count(log, self.sign * slope, error, Status.CONVERGED)
        return Count(last[0], self.sign * last[1], error, Status.NOT_CONVERGED)

    def roughly(self, mu: float, kT: float) -> Count:
        """The same to about five digits, for the first steps of a search."""
        log, slope = self._sum(mu, kT, 6)
        return Count(log, self.sign * slope, 1e-4, Status.NOT_CONVERGED)

    def _sum(self, mu: float, kT: float, order: int) -> tuple[float, float]:
        """Logarithm of the carriers per cell and its slope in sign * mu, by a rule of the given order.

        With c the level or the band edge, whichever is higher, f = exp(-(c - mu)/kT) / (q + exp((E - c)/kT)) and
        q = exp(-(c - mu)/kT); only the second factor is summed.
        """
        level = self.sign * mu
        centre = max(level, self.edges[0])
        q = float(np.exp((level - centre) / kT))

        def occupation(energies: Floats) -> tuple[Floats, Floats]:
            with np.errstate(over="ignore"):
                boltzmann = np.exp((energies - centre) / kT)
                return 1 / (q + boltzmann), 1 / (1 + q / np.maximum(boltzmann, 1e-300))

        floor = _FLOOR * float(np.mean(occupation(self.mesh_values)[0])) + 1e-12

        def shifted(k: Floats) -> Floats:
            return self.energies(k) - centre

        def integrand(k: Floats) -> Floats:
            return np.asarray(occupation(self.energies(k))[0].sum(axis=1, keepdims=True) + floor)

        rule = zone.zone_rule(shifted, self._fans, zone.Resolution(np.pi * kT, order=order), integrand)
        filled, empty = occupation(self.energies(rule.k))
        total = float(rule.weights @ filled.sum(axis=1))
        return float(np.log(total) + (level - centre) / kT), float(rule.weights @ (filled * empty).sum(1)) / total / kT

    @cached_property
    def _fans(self) -> list[zone.Triangle]:
        lattice = self.model.lattice
        sample = np.random.default_rng(7).uniform(-0.5, 0.5, (8, 2)) @ lattice.reciprocal
        group = zone.symmetry_subgroup(self.energies, lattice.holohedry, sample)
        triangles = zone.irreducible(zone.elementary_triangles(lattice.zone_corners), group)
        low, high = self.edges
        return zone.choose_fans(lambda k: self.energies(k) - low, triangles, 0.02 * max(high - low, 1e-300))


def split(blocks: tuple[Sector, ...], filled: int) -> tuple[int, ...] | None:
    """How many bands of each sector are full when `filled` are full in all; None if that differs from k to k."""
    sample = np.random.default_rng(11).uniform(-0.5, 0.5, (600, 2)) @ blocks[0].model.lattice.reciprocal
    energies = np.concatenate([block.energies(sample) for block in blocks], axis=1)
    owner = np.repeat(np.arange(len(blocks)), [block.size for block in blocks])
    lowest = owner[np.argsort(energies, axis=1, kind="stable")[:, :filled]]
    counts = np.array([np.count_nonzero(lowest == n, axis=1) for n in range(len(blocks))])
    return tuple(int(n) for n in counts[:, 0]) if np.all(counts == counts[:, :1]) else None


def carrier_bands(blocks: tuple[Sector, ...], full: tuple[int, ...]) -> tuple[Bands, Bands]:
    """Bands that carry electrons, and bands that carry holes."""
    above = tuple((n, block.size) for n, block in zip(full, blocks, strict=True))
    below = tuple((0, n) for n in full)
    return Bands(blocks, above, 1), Bands(blocks, below, -1)
