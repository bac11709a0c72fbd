"""Quadrature over a two-dimensional Brillouin zone whose integrand is sharp on Fermi lines.

The zone is cut into elementary triangles (centre, middle of an edge, corner); those related by a symmetry of the
integrand are integrated once. A triangle becomes one or two *fans*: rays from an apex to the opposite side. Along
a ray, Gauss-Legendre panels are halved until the energy changes across a panel by no more than its distance from
the Fermi level (plus the resolution asked for), so the number of points grows as the logarithm of the resolution;
across the rays, panels are halved until a test integral is a polynomial to the accuracy of the level. The fan
with the fewest points is taken: it is the one whose rays cross the Fermi lines most steeply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import Floats

Energies = Callable[[Floats], Floats]
_COARSE_PANELS = 4
_MAX_DEPTH = 48
_CUTS = (0.42, 0.5, 0.58, 0.66)


@dataclass(frozen=True)
class Triangle:
    """An elementary triangle of the zone, rows (centre, edge middle, corner), and how many copies it stands for."""

    corners: Floats
    copies: int = 1


@dataclass(frozen=True)
class Resolution:
    """How finely a rule resolves the Fermi lines.

    Args:
        delta: energy scale to be resolved at the Fermi level (pi kT, or the smallest gap).
        width: half width of the energy window around zero that is resolved at `delta` everywhere (field strength).
        order: points per panel; the error falls as exp(-1.76 order) for each panel.
        outer_depth: how often a panel across the rays may be halved.
    """

    delta: float
    width: float = 0.0
    order: int = 10
    outer_depth: int = 9

    @property
    def tolerance(self) -> float:
        """Relative error aimed at for the test integrals across the rays."""
        return max(10.0 * float(np.exp(-1.76 * self.order)), 1e-13)


@dataclass(frozen=True)
class Rule:
    """Points k (N, 2) and weights (N,) that sum to 1 over the whole zone."""

    k: Floats
    weights: Floats

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.weights)


def elementary_triangles(corners: Floats) -> list[Triangle]:
    """Triangles (centre, edge middle, corner) of the zone polygon with the given corners (counter-clockwise)."""
    triangles = []
    for corner, following in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        middle = 0.5 * (corner + following)
        for end in (corner, following):
            triangles.append(Triangle(np.array([[0.0, 0.0], middle, end])))
    return triangles


def symmetry_subgroup(energies: Energies, group: Floats, sample: Floats) -> Floats:
    """Members of `group` that leave the sorted energies unchanged on a sample of momenta, shape (order, 2, 2)."""
    reference = np.sort(energies(sample), axis=-1)
    scale = max(1e-300, float(np.abs(reference).max()))
    kept = [g for g in group if np.abs(np.sort(energies(sample @ g.T), axis=-1) - reference).max() < 1e-9 * scale]
    return np.asarray(kept)


def irreducible(triangles: list[Triangle], group: Floats) -> list[Triangle]:
    """One triangle of each orbit under `group`, with its number of copies."""
    centres = np.array([t.corners.mean(axis=0) for t in triangles])
    scale = float(np.abs(centres).max())
    left = list(range(len(triangles)))
    chosen = []
    while left:
        first = left[0]
        images = np.einsum("gij,j->gi", group, centres[first])
        orbit = [n for n in left if np.min(np.linalg.norm(images - centres[n], axis=1)) < 1e-7 * scale]
        chosen.append(Triangle(triangles[first].corners, len(orbit)))
        left = [n for n in left if n not in orbit]
    return chosen


def choose_fans(energies: Energies, triangles: list[Triangle], delta: float) -> list[Triangle]:
    """Cut each triangle into the fans (apex first) that need the fewest points at a coarse resolution `delta`."""
    trial = Resolution(delta, order=6)
    fans: list[Triangle] = []
    for triangle in triangles:
        ways = _candidates(triangle.corners)
        costs = [sum(len(_fan(energies, fan, trial)[1]) for fan in way) for way in ways]
        fans += [Triangle(fan, triangle.copies) for fan in ways[int(np.argmin(costs))]]
    return fans


def zone_rule(
    energies: Energies,
    fans: list[Triangle],
    resolution: Resolution,
    integrands: Energies | None = None,
    least: float = 0.0,
) -> Rule:
    """Quadrature rule for integrands that are sharp where one of `energies` vanishes.

    Args:
        energies: k (N, 2) -> energies (N, n) whose zeros are to be resolved.
        fans: triangles, apex first, with their multiplicities.
        resolution: what to resolve.
        integrands: k (N, 2) -> further functions (N, m) whose integrals along the rays must be resolved across them.
        least: relative error below which `integrands` need not be resolved, whatever the order (e.g. of kinks).
    """
    area = sum(_area(f.corners) * f.copies for f in fans)
    parts = [_fan(energies, fan.corners, resolution, integrands, least) for fan in fans]
    weights = [w * (fan.copies / area) for fan, (_, w) in zip(fans, parts, strict=True)]
    return Rule(np.concatenate([k for k, _ in parts]), np.concatenate(weights))


@lru_cache(maxsize=64)
def gauss(order: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(order)
    return 0.5 * (x + 1), 0.5 * w


def _area(corners: Floats) -> float:
    (ax, ay), (bx, by), (cx, cy) = corners
    return float(0.5 * abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)))


def _candidates(corners: Floats) -> list[list[Floats]]:
    """Ways of cutting a triangle into fans; each fan has its apex in row 0."""
    centre, middle, corner = corners
    ways = [
        [np.array([centre, middle, corner])],
        [np.array([corner, centre, middle])],
        [np.array([middle, corner, centre])],
    ]
    for cut in _CUTS:
        p = centre + cut * (corner - centre)
        ways.append([np.array([centre, middle, p]), np.array([corner, p, middle])])
        p = centre + cut * (middle - centre)
        ways.append([np.array([centre, p, corner]), np.array([middle, p, corner])])
    return ways


def _fan(
    energies: Energies,
    corners: Floats,
    resolution: Resolution,
    integrands: Energies | None = None,
    least: float = 0.0,
) -> tuple[Floats, Floats]:
    """Points and area weights of one fan; outer panels are halved until the test integrals are resolved."""
    nodes, node_weights = gauss(resolution.order)
    pending = [(0.0, 1.0, 0, False)]  # start, stop, depth, whether the energies are resolved on it
    points, weights = [], []
    while pending:
        starts = np.array([p[0] for p in pending])
        lengths = np.array([p[1] - p[0] for p in pending])
        s = (starts[:, None] + lengths[:, None] * nodes).ravel()
        ray, k, w = _rays(energies, corners, s, resolution)
        shape = (len(pending), len(nodes), -1)
        tests = _test_integrals(energies(k), w, ray, len(s), resolution)
        # a part of a resolved panel is resolved, although rounding can hide the decay there
        shown = _is_resolved(tests.reshape(shape), resolution.tolerance) | np.array([p[3] for p in pending])
        smooth = shown
        if integrands is not None:
            functions = integrands(k).T
            sums: Floats = np.stack([np.bincount(ray, w * f, len(s)) for f in functions], axis=-1).astype(float)
            smooth = shown & _is_resolved(sums.reshape(shape), max(resolution.tolerance, least))
        again = []
        owner = ray // len(nodes)
        outer = (lengths[:, None] * node_weights).ravel()
        for n, (start, stop, depth, _) in enumerate(pending):
            if smooth[n] or depth >= resolution.outer_depth:
                mine = owner == n
                points.append(k[mine])
                weights.append(w[mine] * outer[ray[mine]])
            else:
                middle = 0.5 * (start + stop)
                known = bool(shown[n])
                again += [(start, middle, depth + 1, known), (middle, stop, depth + 1, known)]
        pending = again
    return np.concatenate(points), np.concatenate(weights)


def _rays(
    energies: Energies, corners: Floats, s: Floats, resolution: Resolution
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Graded Gauss-Legendre points on the rays at base positions s: ray index (N,), k (N, 2), weight (N,)."""
    apex, left, right = corners
    ends = (left - apex) + s[:, None] * (right - left)
    jacobian = 2 * _area(corners)
    ray = np.repeat(np.arange(len(s)), _COARSE_PANELS)
    start = np.tile(np.arange(_COARSE_PANELS) / _COARSE_PANELS, len(s))
    length = np.full(len(ray), 1.0 / _COARSE_PANELS)
    done: list[tuple[NDArray[np.int64], Floats, Floats]] = []
    probes = np.linspace(0.0, 1.0, 5)
    for _ in range(_MAX_DEPTH):
        r = start[:, None] + length[:, None] * probes
        k = apex + r[..., None] * ends[ray][:, None, :]
        values = energies(k.reshape(-1, 2)).reshape(*r.shape, -1)
        half_change = 0.5 * (values.max(axis=1) - values.min(axis=1))
        distance = np.maximum(np.abs(values).min(axis=1) - resolution.width, 0.0)
        split = np.any(half_change > resolution.delta + distance, axis=1)
        done.append((ray[~split], start[~split], length[~split]))
        if not np.any(split):
            break
        ray, start, length = np.repeat(ray[split], 2), np.repeat(start[split], 2), np.repeat(0.5 * length[split], 2)
        start[1::2] += length[1::2]
    else:
        done.append((ray, start, length))
    ray, start, length = (np.concatenate(parts) for parts in zip(*done, strict=True))
    nodes, weights = gauss(resolution.order)
    r = start[:, None] + length[:, None] * nodes
    k = apex + r[..., None] * ends[ray][:, None, :]
    w = jacobian * r * length[:, None] * weights
    return np.repeat(ray, len(nodes)), k.reshape(-1, 2), w.ravel()


def _test_integrals(values: Floats, w: Floats, ray: NDArray[np.int64], rays: int, resolution: Resolution) -> Floats:
    """Integrals along each ray of sum_n delta/sqrt((E_n - c)^2 + delta^2) for centres c in the window, (rays, m)."""
    centres = (0.0,) if resolution.width <= resolution.delta else (0.0, -resolution.width, resolution.width)
    tests = []
    for centre in centres:
        kernel = np.sum(resolution.delta / np.hypot(values - centre, resolution.delta), axis=1)
        tests.append(np.bincount(ray, weights=w * kernel, minlength=rays))
    return np.stack(tests, axis=-1)


def _is_resolved(values: Floats, tolerance: float) -> NDArray[np.bool_]:
    """Whether functions sampled on Gauss nodes (panels, nodes, m) have a Legendre tail below the tolerance."""
    order = values.shape[1]
    nodes, weights = gauss(order)
    legendre = np.polynomial.legendre.legvander(2 * nodes - 1, order - 1)
    project = legendre * weights[:, None] * (2 * np.arange(order) + 1)
    coefficients = np.abs(np.einsum("il,pim->plm", project, values))
    # The quadrature error is the coefficient at twice the degree: the tail, decayed once more as from the middle on.
    tail = coefficients[:, -2:].max(axis=1)
    middle = coefficients[:, order // 2 - 1 : order // 2 + 1].max(axis=1)
    decay = np.minimum(tail / np.maximum(middle, 1e-300), 1.0) ** 2
    return np.asarray(np.all(tail * decay <= tolerance * coefficients[:, 0], axis=-1))
