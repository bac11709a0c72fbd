"""Andreev reflection: the spin-resolved conductance of a normal lead on a semi-infinite edge at fixed k_par."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, Status, axis, direction_vector, positive, zeeman_vector
from spinvalley.models.model import Matrix
from spinvalley.normal.bands import ENERGY, MOMENTUM, Layers, layer_mask
from spinvalley.pairing import Superconductor
from spinvalley.spin import SX, SY, SZ
from spinvalley.topology.columns import columns
from spinvalley.topology.green import Bools, HalfPlanes, broadening, over_points

_TOLERANCE = 1e-4
_BROADENING = 1e-13  # of the largest energy
_UNPOLARISED = 1e-6
Indices = NDArray[np.intp]


def andreev(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    k_parallel: ArrayLike,
    energy: ArrayLike,
    edge: object = "armchair",
    *,
    coupling: float,
    spin_axis: ArrayLike | None = None,
    layer: Layers | None = None,
    eta: float | None = None,
) -> xr.Dataset:
    """Conductance of a normal lead on the edge column at fixed k_par, by spin, in e^2/h.

    A lead of constant density of states touches every spin-orbital of `layer` on column 0 and conserves k_par, orbital
    and spin: self-energy -i gamma/2 on its electrons and holes, gamma = `coupling` the width of a level so coupled.
    With g the Green function of half plane and lead between the touched states (Fisher, Lee),

        S = 1 - i gamma g,   G_s = sum over channels of spin s of (1 - R_ee + R_he).

    At E = 0 the chiral symmetry sigma_x tau_y makes i sigma_x r_he Hermitian: the hole has the spin of the electron
    with s_z reversed. If an antiunitary operator keeps k_par as well (P_1D, armchair) and the lead has one orbital,
    |w| = 1 leaves r_he the singular values 1 and 0, for any coupling: G = 2 for one spin, 0 for the opposite one. As
    gamma -> 0 that spin is the zero mode's on column 0 (`edge_zero_modes`; `zero_modes` gives its mean), which lies in
    the plane, and the hole has the same: selective equal-spin Andreev reflection; a strong contact turns it out of the
    plane. For w = 0 both singular values are equal, no spin is preferred and G falls as gamma^2 once gamma is small.
    Several orbitals, or an edge without P_1D, add ordinary Andreev reflection.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        k_parallel: momenta along the edge, 1/length, scalar or (K,).
        energy: energies E of the electron (e times the voltage), energy unit of the model, scalar or (N,).
        edge: as in `winding`.
        coupling: gamma > 0, energy.
        spin_axis: 3-vector along which spin is measured. Without it, for each k_par, the mean spin of the electrons
            that are Andreev reflected at E = 0; where they have none, the field, or x.
        layer: name(s) of the layer(s) that the lead touches; the first paired layer without it.
        eta: broadening, energy, which decides what the bulk absorbs; 1e-13 of the largest energy without it. A
            resonance (gamma times the weight of a zero mode on column 0) must be much wider.

    Returns:
        Dataset over k_parallel, energy, spin (of the electron sent in, +1 or -1 along the axis): conductance (e^2/h),
        transmission (channels lost to the bulk: 0 below its gap as eta -> 0), normal and andreev (also over spin_out:
        probabilities of reflection as an electron, and as a hole, that is a missing electron, of that spin, summed over
        orbitals); over k_parallel: axis (component) and polarisation (length of that mean spin, 0 to 1); error (of the
        conductance), status ("converged", or "not converged" where the error is above 1e-4). Attributes: edge, layer,
        coupling, eta.

    Raises:
        InvalidInput: unknown edge or layer (lists the known ones), NaN, coupling or eta not positive, zero axis.

    Sources: Fisher, Lee 1981, doi:10.1103/PhysRevB.23.6851; He, Ng, Lee, Law 2014,
    doi:10.1103/PhysRevLett.112.037001 (named by heterostructure.txt as the use of these modes).

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> seen = sv.topology.andreev(sc, 0.3, 1.2, k_parallel=[0.4, 1.27], energy=0.0, coupling=0.1)
    >>> seen.conductance.values[:, 0].round(3)
    array([[0.009, 0.009], [2.   , 0.   ]])
    """
    sides = columns(sc, gap, zeeman, edge)
    k, energies = axis("k_parallel", k_parallel), axis("energy", energy)
    gamma = positive("coupling", coupling)
    eta = broadening(_BROADENING * sides.scale if eta is None else eta, sides.scale)
    layer = _first_paired(sc) if layer is None else layer
    orbitals = np.flatnonzero(layer_mask(sc.model, layer))
    states = np.concatenate([orbitals, sides.dim // 2 + orbitals])

    def at_zero(planes: HalfPlanes, _: Indices) -> tuple[Any, ...]:
        return (scattering(planes, states, gamma)[0],)

    spins, lengths = _mean_spin(over_points(sides, k, np.zeros(1), eta, at_zero)[0][:, 0])
    along = _axes(spins, lengths, spin_axis, zeeman)
    spinors = _spinors(along)

    def reduce(planes: HalfPlanes, at_k: Indices) -> tuple[Any, ...]:
        matrix, error = scattering(planes, states, gamma)
        return (*_probabilities(matrix, spinors[at_k]), error * len(orbitals), planes.converged)

    found = over_points(sides, k, energies, eta, reduce)
    return (
        _dataset(*found, channels=len(orbitals) // 2)
        .assign(
            axis=(("k_parallel", "component"), along),
            polarisation=("k_parallel", lengths),
        )
        .assign_coords(
            k_parallel=("k_parallel", k, {"units": MOMENTUM}),
            energy=("energy", energies, {"units": ENERGY}),
            component=["x", "y", "z"],
        )
        .assign_attrs(edge=sides.edge.name, layer=str(layer), coupling=gamma, eta=eta)
    )


def scattering(planes: HalfPlanes, states: Indices, coupling: float) -> tuple[Matrix, Floats]:
    """Scattering matrix S = 1 - i gamma g of a lead of width gamma on some states of the first superblock.

    Returns:
        S between the lead's channels, in the order of `states`, shape (P, N, N), and its estimated error (P,).
    """
    attached = np.zeros(planes.right.shape[-2:], dtype=complex)
    attached[states, states] = -0.5j * coupling
    g, error = planes.surface(attached)
    return np.eye(len(states)) - 1j * coupling * g[:, states[:, None], states], coupling * error


def _dataset(normal: Floats, reflected: Floats, error: Floats, solved: Bools, *, channels: int) -> xr.Dataset:
    back, holes = normal.sum(axis=-1), reflected.sum(axis=-1)
    good = solved & (error < _TOLERANCE)
    grid = ("k_parallel", "energy")
    return xr.Dataset(
        {
            "conductance": ((*grid, "spin"), channels - back + holes, {"units": "e^2/h"}),
            "transmission": ((*grid, "spin"), channels - back - holes),
            "normal": ((*grid, "spin", "spin_out"), normal),
            "andreev": ((*grid, "spin", "spin_out"), reflected),
            "error": (grid, error, {"units": "e^2/h"}),
            "status": (grid, np.where(good, str(Status.CONVERGED), str(Status.NOT_CONVERGED))),
        },
        coords={"spin": [1, -1], "spin_out": [1, -1]},
    )


def _first_paired(sc: Superconductor) -> str:
    pairs = np.sum([np.abs(m).sum(axis=1) for m in sc.pairing.hoppings(sc.model).values()], axis=0)
    return sc.model.layers[int(np.flatnonzero(pairs)[0]) // 2]


def _blocks(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """r_ee and r_he, shape (P, orbital out, spin out, orbital in, spin in)."""
    count, size = len(matrix), matrix.shape[-1] // 2
    shape = (count, size // 2, 2, size // 2, 2)
    return matrix[:, :size, :size].reshape(shape), matrix[:, size:, :size].reshape(shape)


def _mean_spin(matrix: Matrix) -> tuple[Floats, Floats]:
    """Mean spin of the electrons that are Andreev reflected, and its length: Tr r_he^+ r_he sigma over the trace."""
    _, holes = _blocks(matrix)
    density = np.einsum("pabcd,pabce->pde", holes.conj(), holes)
    spins = np.stack([np.einsum("pde,ed->p", density, sigma).real for sigma in (SX, SY, SZ)], axis=-1)
    trace = np.einsum("pdd->p", density).real[:, None]
    spins = np.divide(spins, trace, out=np.zeros_like(spins), where=trace > 0)
    return spins, np.asarray(np.linalg.norm(spins, axis=-1))


def _axes(spins: Floats, lengths: Floats, spin_axis: ArrayLike | None, zeeman: ArrayLike) -> Floats:
    """Unit vector along which spin is measured at each k_par, shape (K, 3)."""
    if spin_axis is not None:
        return np.tile(direction_vector(spin_axis, "spin_axis"), (len(spins), 1))
    field = zeeman_vector(zeeman)
    fallback = direction_vector(field if np.any(field) else (1.0, 0.0, 0.0))
    along = np.tile(fallback, (len(spins), 1))
    clear = lengths > _UNPOLARISED
    along[clear] = spins[clear] / lengths[clear, None]
    return along


def _spinors(along: Floats) -> Matrix:
    """Eigenvectors of n.sigma, +1 then -1, as columns, shape (K, 2, 2)."""
    x, y, z = along.T
    matrices = x[:, None, None] * SX + y[:, None, None] * SY + z[:, None, None] * SZ
    return np.asarray(np.linalg.eigh(matrices)[1][..., ::-1])


def _probabilities(matrix: Matrix, spinors: Matrix) -> tuple[Floats, Floats]:
    """Sums over orbitals of |r_ee|^2 and |r_he|^2, shape (P, spin in, spin out).

    An electron of spin chi has amplitudes chi, a missing electron of spin chi the amplitudes chi^* on c^+.
    """
    electrons, holes = _blocks(matrix)
    ee = np.einsum("pbs,pabcd,pdt->patcs", spinors.conj(), electrons, spinors, optimize=True)
    he = np.einsum("pbs,pabcd,pdt->patcs", spinors, holes, spinors, optimize=True)
    return _per_spin(ee), _per_spin(he)


def _per_spin(amplitudes: Matrix) -> Floats:
    return np.asarray(np.einsum("patcs->pts", np.abs(amplitudes) ** 2))
