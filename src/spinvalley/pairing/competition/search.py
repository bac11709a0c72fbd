"""All minima of the free energy at one temperature, field and order: where to start, and which ends are one state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spinvalley.checks import Floats
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.functional import largest_amplitude, real_vector
from spinvalley.pairing.competition.settling import Point, Visited, settle
from spinvalley.pairing.competition.surface import Surface

_SEED = 5
_RATIO = 2.0
_SMALLEST = 0.2
_MOST = 24


def search(surface: Surface, visited: Visited, known: Sequence[Matrix] = ()) -> list[Point]:
    """All minima other than the normal state that descents from many points end in, ascending in F.

    Starts are the minima of F along rays: the modes of the linearised problem, their sums and differences with relative
    phases 0 and 90 degrees, and random ones of a fixed seed; and the `known` states, amplitudes (n,). A descent ends
    where it meets a point that was visited before, or one that the symmetries make of it.
    """
    starts = [surface.coordinates(state) for state in known] + starting_points(surface)
    found = [point for start in starts if (point := settle(surface, start, visited)) is not None]
    return sorted(found, key=lambda point: point.value)


def starting_points(surface: Surface) -> list[Floats]:
    """Coordinates (2n,) of the minima of F along rays, the lowest first, at most 24."""
    rays = _directions(surface)
    functional = surface.functional
    top = largest_amplitude(functional.comp)
    least = _SMALLEST * max(functional.kT, functional.finest)
    sizes = np.geomspace(least, top, max(3, int(np.ceil(np.log(top / least) / np.log(_RATIO)))))
    grid = (sizes[:, None, None] * rays).reshape(-1, rays.shape[-1])
    values = functional.values(grid @ surface.frame.T).reshape(len(sizes), len(rays))
    before = np.concatenate([np.zeros((1, len(rays))), values[:-1]])
    after = np.concatenate([values[1:], np.full((1, len(rays)), np.inf)])
    place, ray = np.nonzero((values < before) & (values <= after))
    order = np.argsort(values[place, ray], kind="stable")[:_MOST]
    starts = [real_vector(sizes[place[n]] * rays[ray[n]]) for n in order]
    unstable = surface.normal_modes()[0] < 0
    return starts + [real_vector(least * ray) for ray in rays[: len(unstable)][unstable]]


def _directions(surface: Surface) -> Matrix:
    """Unit vectors of c, (rays, n), the modes of the normal state first."""
    modes = surface.normal_modes()[1].T
    count = len(modes)
    pairs = [
        (modes[i] + factor * modes[j]) / np.sqrt(2)
        for i in range(count)
        for j in range(i + 1, count)
        for factor in (1, -1, 1j, -1j)
    ]
    rng = np.random.default_rng(_SEED)
    weights = rng.normal(size=(2 * count, count)) + 1j * rng.normal(size=(2 * count, count))
    random = weights @ modes
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    extra = [np.array(pairs), random] if count > 1 else []
    return np.concatenate([modes, *extra])
