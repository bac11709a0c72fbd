"""Fermi surfaces from pockets: user-given ones, two valleys of constant splitting, a pocket with nodes of it.

Source: physics.md 2.2 (constant splitting), issue text and D. Engstroem et al., arXiv:2504.20775 (nodes on Gamma-M).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, non_negative, positive, real, tolerance, whole
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.kernel import vectors

POINTS = 64
_FIRST, _MOST = 16, 1 << 16


@dataclass(frozen=True, eq=False)
class Pocket:
    """One pocket of a Fermi surface.

    Args:
        g: spin-orbit vectors (n, 3) in meV at points of equal weight, or a function of the angle, (n,) rad.
        density: density of states of the pocket, any unit that all pockets share.
        gap: gap ratio of the pocket.
        velocity: Fermi velocity hbar v (n, 2) in meV nm at the same points, or a function of the angle.
        share: local density of states along the pocket, (n,) or a function of the angle; None: uniform.

    Example:
        >>> Pocket(lambda angle: np.stack([0 * angle, 0 * angle, np.cos(3 * angle)], -1), density=0.4).gap
        1.0
    """

    g: ArrayLike | Callable[[Floats], ArrayLike]
    density: float = 1.0
    gap: float = 1.0
    velocity: ArrayLike | Callable[[Floats], ArrayLike] | None = None
    share: ArrayLike | Callable[[Floats], ArrayLike] | None = None

    def __post_init__(self) -> None:
        """Positive density, real gap ratio."""
        positive("density", self.density)
        real("gap", self.gap)


def from_pockets(pockets: Sequence[Pocket], points: int = POINTS, name: str = "Fermi surface") -> FermiSurface:
    """The Fermi surface of several pockets.

    Args:
        pockets: at least one.
        points: angles (periodic trapezoid) of each pocket that is given by functions.
        name: for tables and figures.

    Returns:
        FermiSurface whose `pocket` counts the pockets from 0.

    Raises:
        InvalidInput: no pocket, or arrays of a pocket that do not fit.

    Example:
        >>> from_pockets([Pocket([[0, 0, 5.0]]), Pocket([[0, 0, -5.0]])]).weight
        array([0.5, 0.5])
    """
    if isinstance(pockets, Pocket) or not all(isinstance(pocket, Pocket) for pocket in pockets):
        raise InvalidInput("`pockets` must be a list of Pocket objects, but is not")
    if not pockets:
        raise InvalidInput("`pockets` must hold at least one Pocket, but is empty")
    angles = 2 * np.pi * np.arange(whole("points", points, 1)) / points
    parts = [_sampled(pocket, angles) for pocket in pockets]
    g, weight, velocity = (list(column) for column in zip(*parts, strict=True))
    known = [v for v in velocity if v is not None]
    if known and len(known) < len(velocity):
        raise InvalidInput("`velocity` must be given for all pockets or for none, but some lack it")
    sizes = [len(part) for part in g]
    return FermiSurface(
        g=np.concatenate(g),
        weight=np.concatenate(weight),
        velocity=np.concatenate(known) if known else None,
        form=np.repeat([float(pocket.gap) for pocket in pockets], sizes),
        pocket=np.repeat(np.arange(len(sizes)), sizes),
        name=name,
        periodic=all(callable(pocket.g) for pocket in pockets),
    )


def valley_pockets(
    splitting: float,
    rashba_ratio: float = 0.0,
    *,
    density: float = 1.0,
    gap: float = 1.0,
    velocity: float | None = None,
) -> list[Pocket]:
    """Circular pockets around K and -K with a constant splitting and helical Rashba coupling.

    g(phi) = (splitting/2) (r sin phi, -r cos phi, +-1), r the Rashba ratio, phi the angle around K and around -K.

    Args:
        splitting: spin splitting 2 |g_z| in meV, >= 0.
        rashba_ratio: |g_R| / |g_z|, >= 0.
        density: density of states of both pockets together.
        gap: gap ratio.
        velocity: radial Fermi velocity hbar v_F in meV nm; None: not given.

    Returns:
        The pockets of K and -K.
    """
    half, ratio = 0.5 * non_negative("splitting", splitting), non_negative("rashba_ratio", rashba_ratio)

    def vector(valley: int) -> Callable[[Floats], ArrayLike]:
        return lambda angle: (
            half * np.stack([ratio * np.sin(angle), -ratio * np.cos(angle), np.full_like(angle, valley)], -1)
        )

    return [Pocket(vector(valley), 0.5 * density, gap, _radial(velocity)) for valley in (1, -1)]


def nodal_pocket(splitting: float, *, density: float = 1.0, gap: float = 1.0, velocity: float | None = None) -> Pocket:
    """Circular pocket around Gamma with g_z = (splitting/2) cos 3 theta: no splitting on Gamma-M.

    Args:
        splitting: largest spin splitting in meV, >= 0, on Gamma-K (theta = 0).
        density: density of states of the pocket.
        gap: gap ratio.
        velocity: radial Fermi velocity hbar v_F in meV nm; None: not given.

    Returns:
        The pocket, both of its spin-split circles.
    """
    half = 0.5 * non_negative("splitting", splitting)

    def vector(angle: Floats) -> ArrayLike:
        return np.stack([0 * angle, 0 * angle, half * np.cos(3 * angle)], -1)

    return Pocket(vector, density, gap, _radial(velocity))


def constant_splitting(
    splitting: float, rashba_ratio: float = 0.0, points: int = POINTS, *, velocity: float | None = None
) -> FermiSurface:
    """Two valleys with a constant splitting: `valley_pockets` as a Fermi surface.

    Args:
        splitting: spin splitting 2 |g_z| in meV, >= 0.
        rashba_ratio: |g_R| / |g_z|, >= 0.
        points: angles of each pocket.
        velocity: radial Fermi velocity hbar v_F in meV nm; None: not given.

    Returns:
        FermiSurface of 2 * points points.

    Raises:
        InvalidInput: a negative splitting or ratio.

    Source: physics.md 2.2.

    Example:
        >>> float(constant_splitting(13.0).breaking(1.0, [91.315, 0, 0]))  # ln 6.5
        1.8718
    """
    pockets = valley_pockets(splitting, rashba_ratio, velocity=velocity)
    return from_pockets(pockets, points, name=f"constant splitting {splitting:g} meV, Rashba ratio {rashba_ratio:g}")


def settled(
    build: Callable[[int], FermiSurface], T: ArrayLike, B: ArrayLike, tol: float = 1e-10
) -> tuple[FermiSurface, float]:
    """The Fermi surface with so many angles that its pair breaking at the given conditions no longer changes.

    Args:
        build: Fermi surface of a number of angles, e.g. ``lambda n: constant_splitting(13.0, 0.1, n)``.
        T: temperatures in K.
        B: fields in T, shape (..., 3), broadcast.
        tol: relative change of <K> under doubling, 0 < tol < 1.

    Returns:
        The Fermi surface, and its largest relative change under the last doubling: above `tol` if 65536 angles did
        not do.

    Example:
        >>> surface, change = settled(lambda n: from_pockets([nodal_pocket(40.0)], n), 2.0, [10.0, 0, 0])
        >>> change < 1e-10
        True
    """
    limit, points = tolerance("tol", tol), _FIRST
    surface = build(points)
    value, change = surface.breaking(T, B), np.inf
    while change > limit and points < _MOST:
        points *= 2
        surface = build(points)
        finer = surface.breaking(T, B)
        scale = np.maximum(np.abs(finer), np.finfo(float).tiny)
        value, change = finer, float(np.max(np.abs(finer - value) / scale))
    return surface, change


def _radial(velocity: float | None) -> Callable[[Floats], ArrayLike] | None:
    if velocity is None:
        return None
    speed = real("velocity", velocity)
    return lambda angle: speed * np.stack([np.cos(angle), np.sin(angle)], -1)


def _sampled(pocket: Pocket, angles: Floats) -> tuple[Floats, Floats, Floats | None]:
    """g, weight and velocity of a pocket."""
    g = np.atleast_2d(vectors("g", pocket.g(angles) if callable(pocket.g) else pocket.g))
    share = pocket.share(angles) if callable(pocket.share) else pocket.share
    given = np.asarray(1.0 if share is None else share, dtype=float)
    if given.shape not in ((), (len(g),)):
        raise InvalidInput(f"`share` must have shape ({len(g)},), one number per point, but has shape {given.shape}")
    local = np.broadcast_to(given, (len(g),))
    velocity = pocket.velocity(angles) if callable(pocket.velocity) else pocket.velocity
    return g, pocket.density * local / local.sum(), None if velocity is None else np.asarray(velocity, dtype=float)
