"""Maps of the free energy over two of several complex amplitudes, to look at the minima and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, axis, instance, non_negative, one_of, real, tolerance, zeeman_vector
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.functional import LARGEST, Functional, largest_amplitude
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.gap import orders, stated_error

_UNITS = "energy unit of the model"
_GRID = 10
_ROUNDS = 4
_RATIO = 0.4
_CLOSER = 0.38
_LEVELS = 3


def free_energy_map(
    comp: Competition,
    kT: float,
    zeeman: ArrayLike = 0.0,
    *,
    first: str,
    second: str,
    sizes: tuple[ArrayLike, ArrayLike],
    phase: float = 0.0,
    tol: float = 1e-4,
) -> xr.Dataset:
    """F(Delta) - F(0) over the sizes of two amplitudes at one relative phase, all other amplitudes zero.

    Args:
        comp: channels that compete.
        kT: temperature >= 0, energy.
        zeeman: V of sigma, energy (number: along x; or 3-vector).
        first: name of the channel along the first axis.
        second: name of the channel along the second axis.
        sizes: |Delta| >= 0 of both, (n1,) and (n2,), energy.
        phase: of the second amplitude against the first, radian.
        tol: error of F asked for, relative to the largest |F| of the map.

    Returns:
        Dataset over (first, second): `free_energy` per cell and its `error`.

    Raises:
        InvalidInput: a channel that is not there, or twice the same; negative sizes; NaN.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> d = tuple(sv.pairing.channels.channel(film, name) for name in ("d_x2-y2", "d_xy"))
    >>> comp = sv.pairing.Competition(film, d, sv.pairing.Reduced({c.name: 3.0 for c in d}))
    >>> axes = dict(first="d_x2-y2", second="d_xy", sizes=([0.0, 0.2], [0.0, 0.2]))
    >>> free_energy_map(comp, 0.02, phase=np.pi / 2, **axes).free_energy.sizes
    Frozen({'first': 2, 'second': 2})
    """
    places = _places(comp, first, second)
    one, two = _sizes(sizes)
    phase = real("phase", phase)
    amplitudes = np.zeros((len(one), len(two), len(comp.channels)), dtype=complex)
    amplitudes[..., places[0]] = one[:, None]
    amplitudes[..., places[1]] = two * np.exp(1j * phase)
    refining = _Refining(comp, non_negative("kT", kT), zeeman_vector(zeeman), tolerance("tol", tol))
    values, errors = refining.values(amplitudes.reshape(-1, len(comp.channels)))
    shape = (len(one), len(two))
    attrs = {"units": _UNITS}
    data = {"free_energy": values.reshape(shape), "error": errors.reshape(shape)}
    return xr.Dataset(
        {name: (("first", "second"), array, attrs) for name, array in data.items()},
        {"first": ("first", one, attrs), "second": ("second", two, attrs)},
        {"first_channel": first, "second_channel": second, "phase": phase, **refining.attrs},
    )


def orientation_map(
    comp: Competition,
    kT: float,
    zeeman: ArrayLike = 0.0,
    *,
    first: str,
    second: str,
    angle: ArrayLike,
    phase: ArrayLike,
    tol: float = 1e-4,
) -> xr.Dataset:
    """Lowest F over the common amplitude of (cos angle, sin angle exp(i phase)): which superposition wins.

    Args:
        comp: channels that compete; both must attract.
        kT: temperature >= 0, energy.
        zeeman: V of sigma, energy (number: along x; or 3-vector).
        first: name of the first channel.
        second: name of the second channel.
        angle: mixing angles (na,), radian.
        phase: relative phases (np,), radian.
        tol: error of F asked for, relative to the largest |F| of the map.

    Returns:
        Dataset over (angle, phase): `free_energy` (F(Delta) - F(0), 0 where no amplitude lowers it), `error`, and the
        `amplitude` |Delta| of the minimum.

    Raises:
        InvalidInput: a channel that is not there, twice the same, or that repels; NaN.
    """
    places = _places(comp, first, second)
    angles, phases = axis("angle", angle), axis("phase", phase)
    rays = np.zeros((len(angles), len(phases), len(comp.channels)), dtype=complex)
    rays[..., places[0]] = np.cos(angles)[:, None]
    rays[..., places[1]] = np.sin(angles)[:, None] * np.exp(1j * phases)
    lines = rays.reshape(-1, len(comp.channels))
    if np.any(np.real(np.einsum("ai,ij,aj->a", lines.conj(), comp.quadratic, lines)) <= 0):
        raise InvalidInput(f"`first` and `second` must attract, but {first!r} and {second!r} do not in every mixture")
    refining = _Refining(comp, non_negative("kT", kT), zeeman_vector(zeeman), tolerance("tol", tol))
    amplitude, missed = _best_amplitudes(refining.functional, lines)
    values, errors = refining.values(np.asarray(amplitude[:, None] * lines))
    shape = (len(angles), len(phases))
    attrs = {"units": _UNITS}
    data = {"free_energy": values, "error": errors + missed, "amplitude": amplitude}
    return xr.Dataset(
        {name: (("angle", "phase"), array.reshape(shape), attrs) for name, array in data.items()},
        {"angle": ("angle", angles, {"units": "rad"}), "phase": ("phase", phases, {"units": "rad"})},
        {"first_channel": first, "second_channel": second, **refining.attrs},
    )


@dataclass(frozen=True, eq=False)
class _Refining:
    """F at rising orders of the quadrature until it holds still."""

    comp: Competition
    kT: float
    zeeman: Floats
    tol: float

    @property
    def functional(self) -> Functional:
        """F at the coarsest order."""
        return Functional(self.comp, self.kT, self.zeeman, self._orders[0])

    @property
    def _orders(self) -> tuple[int, ...]:
        return orders(self.comp, self.kT, self.zeeman, self.tol)[:_LEVELS]

    @property
    def attrs(self) -> dict[str, object]:
        """What the map was computed for."""
        return {"kT": self.kT, "zeeman": tuple(float(v) for v in self.zeeman), "tolerance": self.tol}

    def values(self, amplitudes: Matrix) -> tuple[Floats, Floats]:
        """F(Delta) - F(0) for amplitudes (A, n) and its errors, both (A,)."""
        last: Floats | None = None
        for order in self._orders:
            values = Functional(self.comp, self.kT, self.zeeman, order).values(amplitudes)
            if last is not None:
                largest = float(np.abs(values).max())
                error = stated_error(self.comp, self.kT, self.zeeman, order, np.abs(values - last), largest)
                if error.max() <= self.tol * largest:
                    break
            last = values
        return values, error


def _best_amplitudes(functional: Functional, rays: Matrix) -> tuple[Floats, Floats]:
    """Amplitude t of the lowest F(t Delta) along each ray (A, n), and what the last step gained in F, both (A,).

    A geometric grid, then parabolas in ln t.
    """
    top = largest_amplitude(functional.comp) / float(np.sqrt(functional.comp.norms.min()))
    grid = top * _RATIO ** np.arange(_GRID)
    values = np.stack([functional.values(t * rays) for t in grid])
    lowest = np.argmin(values, axis=0)
    best = values.min(axis=0)
    middle = np.log(grid[lowest])
    step = -np.log(_RATIO)
    for _ in range(_ROUNDS):
        low, high = (functional.values(np.exp(middle + s)[:, None] * rays) for s in (-step, step))
        bend = low - 2 * best + high
        move = np.clip(0.5 * step * (low - high) / np.where(bend > 0, bend, np.inf), -step, step)
        now = functional.values(np.exp(middle + move)[:, None] * rays)
        tried = np.stack([best, low, high, now])
        winner = np.argmin(tried, axis=0)
        middle = middle + np.choose(winner, [np.zeros_like(move), -step, step, move])
        gained = best - tried.min(axis=0)
        best = best - gained
        step = _CLOSER * step
    pairs = best < 0
    return np.where(pairs, np.exp(middle), 0.0), np.where(pairs, gained, 0.0)


def _sizes(sizes: Sequence[ArrayLike]) -> list[Floats]:
    """Both axes of a map."""
    if not isinstance(sizes, (tuple, list)) or len(sizes) != 2:
        raise InvalidInput(f"`sizes` must be two arrays, one for each channel, but is {sizes!r}")
    axes = [axis("sizes", size, minimum=0) for size in sizes]
    if max(values.max() for values in axes) > LARGEST:
        raise InvalidInput(f"`sizes` must be below {LARGEST:g}, but contain {max(values.max() for values in axes):g}")
    return axes


def _places(comp: Competition, first: str, second: str) -> tuple[int, int]:
    """Indices of two different channels."""
    instance("comp", comp, Competition, 'Competition(film(), channels, Reduced({"s": 2.3}))')
    names = (one_of("first", first, comp.names), one_of("second", second, comp.names))
    if names[0] == names[1]:
        raise InvalidInput(f"`first` and `second` must be two channels, but both are {first!r}")
    return comp.names.index(names[0]), comp.names.index(names[1])
