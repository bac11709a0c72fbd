"""Which superposition of channels the normal state wants most, at one temperature, field and pair momentum."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import axis, direction_vector, tolerance
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.matrix import Susceptibility, door, settled, status
from spinvalley.pairing.competition.modes import SPINS, Modes, labels, modes, spin_shares
from spinvalley.pairing.competition.problem import Competition


def instabilities(
    comp: Competition, kT: float, zeeman: ArrayLike = 0.0, q: ArrayLike = (0.0, 0.0), *, tol: float = 1e-8
) -> xr.Dataset:
    """Modes of the linearised gap equation W^-1 chi Delta = lambda Delta; unstable where lambda > 1.

    Channels that repel count: they lower the eigenvalues of what they mix with, and have modes with lambda < 0.

    Args:
        comp: model, channels, interaction.
        kT: temperature > 0, energy.
        zeeman: V of sigma, energy (number along x, or 3-vector).
        q: momentum of the pairs (2,), 1/length.
        tol: error of the susceptibilities asked for, relative to the largest.

    Returns:
        Dataset over mode, most unstable first: eigenvalue, its error, status, vector (mode, channel; complex amplitudes
        with sum_i n_i |Delta_i|^2 = 1, the one with the largest share real and positive), share (mode, spin: singlet,
        d_x, d_y, d_z), irrep (that of its channels, or their names where they have none), level (equal: degenerate).

    Raises:
        InvalidInput: as `susceptibility_matrix`.

    Source: M. Sigrist and K. Ueda, doi:10.1103/RevModPhys.63.239; physics.md 2.1.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> s = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): sv.spin.singlet()})
    >>> comp = sv.pairing.Competition(film, (s,), sv.pairing.Reduced({"s": 2.295202}))
    >>> float(sv.pairing.instabilities(comp, kT=0.1).eigenvalue[0])  # Tc is 0.1138
    1.0317
    """
    kT, field, momentum = door(comp, kT, zeeman, q)
    tol = tolerance("tol", tol)
    found = settled(comp, kT, field, momentum, tol)
    attrs = {"kT": kT, "zeeman": tuple(map(float, field)), "q": tuple(map(float, momentum)), "tolerance": tol}
    return _dataset(comp, found, modes(comp, found.chi, found.error)).assign_attrs(attrs)


def spin_mixing(
    comp: Competition,
    kT: float,
    zeeman: ArrayLike,
    *,
    direction: ArrayLike = (1.0, 0.0, 0.0),
    q: ArrayLike = (0.0, 0.0),
    tol: float = 1e-6,
) -> xr.Dataset:
    """How spin-orbit coupling and a growing field mix singlets with triplets in each mode.

    h x g couples the singlet to the triplet with d along h x g, odd where g is odd. Without a field spin-orbit coupling
    joins it to the triplet with d along g, as far as the two spin-split bands differ in their density of states.

    Args:
        comp: model, channels, interaction.
        kT: temperature > 0, energy.
        zeeman: magnitudes of V along `direction`, energy, (nV,).
        direction: of the field, nonzero 3-vector.
        q: momentum of the pairs (2,), 1/length.
        tol: error of the susceptibilities asked for, relative to the largest.

    Returns:
        Dataset over zeeman with the variables of `instabilities`; the modes of each field by descending eigenvalue.

    Raises:
        InvalidInput: as `instabilities`; zero direction.

    Source: P. A. Frigeri et al., doi:10.1103/PhysRevLett.92.097001; D. Moeckli and M. Khodas,
    doi:10.1103/PhysRevB.98.144518.
    """
    unit, fields, tol = direction_vector(direction), axis("zeeman", zeeman), tolerance("tol", tol)
    kT, _, momentum = door(comp, kT, 0.0, q)
    points = [settled(comp, kT, value * unit, momentum, tol) for value in fields]
    lines = [_dataset(comp, found, modes(comp, found.chi, found.error)) for found in points]
    units = {"units": "energy unit of the model"}
    attrs = {"kT": kT, "direction": tuple(map(float, unit)), "q": tuple(map(float, momentum)), "tolerance": tol}
    return xr.concat(lines, dim="zeeman").assign_coords(zeeman=("zeeman", fields, units)).assign_attrs(attrs)


def describe(comp: Competition, vectors: Matrix) -> dict[str, tuple[tuple[str, ...], object]]:
    """vector, share and irrep of modes (m, channels), as variables over mode."""
    return {
        "vector": (("mode", "channel"), vectors),
        "share": (("mode", "spin"), spin_shares(comp, vectors)),
        "irrep": (("mode",), labels(comp, vectors)),
    }


def _dataset(comp: Competition, found: Susceptibility, solved: Modes) -> xr.Dataset:
    count = len(solved.eigenvalues)
    return xr.Dataset(
        {
            "eigenvalue": ("mode", solved.eigenvalues),
            "error": ("mode", solved.errors),
            "level": ("mode", solved.level),
            "status": ("mode", [str(status(found.converged))] * count),
            **describe(comp, solved.vectors),
        },
        coords={"mode": np.arange(count), "channel": list(comp.names), "spin": list(SPINS)},
    )
