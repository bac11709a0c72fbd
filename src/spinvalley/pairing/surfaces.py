"""Fermi surfaces of models: the points, splittings and velocities that the pair-breaking kernel averages over."""

from __future__ import annotations

import warnings

import numpy as np

from spinvalley.checks import Floats, InvalidInput, NotSolved, positive, whole
from spinvalley.models import Model, ValidityWarning, ValleyModel
from spinvalley.normal import valley_contours
from spinvalley.pairing.fermi_surface import FermiSurface


def fermi_surface(model: Model | ValleyModel, density: float | None = None, *, points: int = 240) -> FermiSurface:
    """The Fermi surface of a model: g, local density of states and velocity at points of every Fermi line.

    Both spin-split lines of a pocket are kept, each with its own density of states; g is half the splitting between the
    spin partners, along the spin. The field is taken to act with its full strength on every state, as it does for one
    orbital; a pocket with several orbitals keeps interband terms only in the lattice susceptibility (`hc2` of the model
    itself).

    Args:
        model: a lattice model in meV and nm with its Fermi level at zero energy, or a `ValleyModel`.
        density: sheet density in cm^-2 of a `ValleyModel`; None for a lattice model, which has its Fermi level.
        points: points of each Fermi line (analytic periodic curves: the average converges exponentially).

    Returns:
        FermiSurface with velocities; `pocket` counts the Fermi lines.

    Raises:
        InvalidInput: neither kind of model, a density where none belongs or none where one does.
        NotSolved: no Fermi line, or one that was not resolved.

    Source: physics.md 2.1.

    >>> import spinvalley as sv
    >>> surface = fermi_surface(sv.models.valley_kp("MoS2"), density=8.7e13)
    >>> round(float(abs(2 * surface.g[:, 2]) @ surface.weight), 2)
    12.81
    """
    count = whole("points", points, 8)
    if isinstance(model, ValleyModel):
        if density is None:
            raise InvalidInput("`density` must be given for a ValleyModel, in cm^-2, but is None")
        return _of_valleys(model, positive("density", density), count)
    if not isinstance(model, Model):
        raise InvalidInput(f"`model` must be a model of spinvalley.models, but is of type {type(model).__name__}")
    if density is not None:
        raise InvalidInput("`density` must be None for a lattice model (see `normal.doped`), but is given")
    return _of_contours(model, count)


def _of_contours(model: Model, count: int) -> FermiSurface:
    lines = valley_contours(model, points=count)
    if lines.sizes["contour"] == 0:
        raise NotSolved("the model has no Fermi line at zero energy")
    if lines.attrs["status"] != "converged":
        raise NotSolved("the Fermi lines of the model were not resolved")
    g = lines.g.values.reshape(-1, 3)
    return FermiSurface(
        g=g,
        weight=lines.weight.values.reshape(-1),
        velocity=lines.velocity.values.reshape(-1, 2),
        pocket=np.repeat(np.arange(lines.sizes["contour"]), count),
        name="Fermi surface of a lattice model",
        helicity=np.sign(np.round(np.sum(lines.texture.values.reshape(-1, 3) * g, axis=1), 9)),
        periodic=True,
    )


def _of_valleys(model: ValleyModel, density: float, count: int) -> FermiSurface:
    """Circles of both valleys; with Rashba coupling the velocity and the density of states are those of the circle."""
    angles = 2 * np.pi * np.arange(count) / count
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    radii = model.fermi_momenta(density)  # warns of densities beyond the model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)
        level = model.chemical_potential(density)
    parts: list[tuple[Floats, Floats, Floats, Floats]] = []
    for valley in (1, -1):
        for radius in radii:
            if radius > 0:
                speed, helicity = _on_circle(model, float(radius), level)
                weight = np.full(count, radius / abs(speed))
                g = model.spin_orbit(radius * unit, valley)
                parts.append((g, weight, speed * unit, np.full(count, helicity)))
    g, weights, velocities, helicities = (np.concatenate(column) for column in zip(*parts, strict=True))
    return FermiSurface(
        g=g,
        weight=weights,
        velocity=velocities,
        pocket=np.repeat(np.arange(len(parts)), count),
        name=f"{model.material}, {density:.3g} cm^-2",
        helicity=helicities,
        periodic=True,
    )


def _on_circle(model: ValleyModel, radius: float, level: float) -> tuple[float, float]:
    """dE/dk (meV nm) of the band that has the Fermi energy on a circle, and its helicity: +1 for the upper band."""
    step = 1e-5 * radius
    circle = np.array([[radius - step, 0.0], [radius, 0.0], [radius + step, 0.0]])
    below, here, above = np.sort(model.energies(circle), axis=-1)
    band = int(np.argmin(np.abs(here - level)))
    return float(above[band] - below[band]) / (2 * step), 2.0 * band - 1.0
