"""Strips of finite width: the quasiparticle energies nearest zero, and when they are finite-size effects."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, Status, tolerance, whole
from spinvalley.pairing import Superconductor
from spinvalley.topology.sheet import Sheet, sheet

WIDE = 5.0


class FiniteSizeWarning(UserWarning):
    """Energies of a strip are finite-size effects: it is not wide compared with the decay length."""


def strip(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    width: int,
    k_parallel: ArrayLike,
    edge: object = "armchair",
    states: int | None = 12,
    *,
    ends: str = "open",
    tol: float = 1e-10,
) -> xr.Dataset:
    """Quasiparticle energies E(k_par) of a strip, those nearest zero, without ever forming a dense matrix.

    The columns n = 0 .. width - 1 of sum_m H_m(k_par) psi_{n+m} = E psi_n, psi = 0 outside. Sylvester counts place a
    level right above the states asked for; Lanczos on the inverse of the banded H^2 - level^2 (A^+ A - level^2 with a
    chiral symmetry) finds those below it. The list is complete: it has as many members as were counted.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        width: number of columns, at least the range of the hoppings plus one; a column is edge.spacing wide (a/2 for
            "armchair", sqrt3 a/2 for "zigzag").
        k_parallel: momenta along the edge, 1/length, scalar or (K,).
        edge: as in `winding`.
        states: number of energies per momentum, S >= 1; None means all, by LAPACK on the dense matrix.
        ends: "open", or "periodic": the columns form a ring (dense; the bulk at width values of k_perp).
        tol: error asked for, relative to the largest row sum of the hoppings, a bound of every energy.

    Returns:
        Dataset over (k_parallel, state): energy (ascending; pairs +-E with a chiral symmetry, where an odd S leaves out
        the lowest), error (bound by the residual, energy), status ("converged", or "not converged": the error is
        larger than tol, or a state is missing; "failed": NaN). Over k_parallel, with open ends: decay_length (longest
        of a wave at zero energy, length; inf where the bulk gap closes), finite_size (the strip is narrower than five
        of them: the splitting of zero modes exceeds 1 % of the gap, a gap is more than 18 % too large), winding (with a
        chiral symmetry). Attributes: edge, width, spacing, thickness (width * spacing, length), ends, chiral, real.

    Raises:
        InvalidInput: width not above the hopping range, unknown edge (lists the known ones), states < 1, NaN.

    Warns:
        FiniteSizeWarning: finite_size is true at some momenta; `width_for` says how wide is wide enough.

    Source: heterostructure.txt, Fig. 4; counting: Sylvester's law of inertia.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    >>> found = sv.topology.strip(sc, gap=0.3, zeeman=1.2, width=400, k_parallel=1.27, states=4)
    >>> found.energy.values[0].round(4), found.winding.values
    (array([-0.0865, -0.0001,  0.0001,  0.0865]), array([-1]))
    """
    ready, number = prepared(sc, gap, zeeman, width, k_parallel, edge, states, ends)
    solved = [(s.energy, s.error, s.complete) for s in ready.solutions(number)]
    return energies(ready, solved, tolerance("tol", tol))


def prepared(
    sc: Superconductor,
    gap: float,
    zeeman: ArrayLike,
    width: int,
    k_parallel: ArrayLike,
    edge: object,
    states: int | None,
    ends: str,
) -> tuple[Sheet, int]:
    """The strip and the number of states, after checking the arguments."""
    ready = sheet(sc, gap, zeeman, width, k_parallel, edge, ends)
    number = ready.total if states is None else whole("states", states, 1)
    if number > ready.total:
        raise InvalidInput(f"`states` must be at most {ready.total}, all states of this strip, but is {number}")
    return ready, number


def energies(ready: Sheet, solved: list[tuple[Floats, Floats, bool]], tol: float) -> xr.Dataset:
    """The Dataset of `strip` from energies, errors and completeness at each momentum, with its warning."""
    energy, error, complete = (np.stack(part) for part in zip(*solved, strict=True))
    good = (error <= tol * ready.sides.scale) & complete[:, None]
    status = np.where(
        np.isnan(energy), str(Status.FAILED), np.where(good, str(Status.CONVERGED), str(Status.NOT_CONVERGED))
    )
    spacing = ready.sides.edge.spacing
    out = xr.Dataset(
        {
            "energy": (("k_parallel", "state"), energy, {"units": "energy"}),
            "error": (("k_parallel", "state"), error, {"units": "energy"}),
            "status": (("k_parallel", "state"), status),
        },
        coords={
            "k_parallel": ("k_parallel", ready.k, {"units": "1/length"}),
            "state": ("state", np.arange(energy.shape[1])),
        },
        attrs={
            "edge": ready.sides.edge.name,
            "width": ready.width,
            "spacing": spacing,
            "thickness": ready.width * spacing,
            "total": ready.total,
            "ends": "periodic" if ready.periodic else "open",
            "chiral": int(ready.found is not None),
            "real": int(ready.found is not None and ready.found.real),
        },
    )
    return out if ready.periodic else _judged(out, ready)


def _judged(out: xr.Dataset, ready: Sheet) -> xr.Dataset:
    """The Dataset with decay lengths, and a warning where the strip is not wide compared with them."""
    winding, length = ready.decay
    narrow = out.attrs["thickness"] < WIDE * length
    out["decay_length"] = ("k_parallel", length, {"units": "length"})
    out["finite_size"] = ("k_parallel", narrow)
    if ready.found is not None:
        out["winding"] = ("k_parallel", winding)
    if np.any(narrow):
        warnings.warn(_sentence(out, winding), FiniteSizeWarning, stacklevel=4)
    return out


def _sentence(out: xr.Dataset, winding: NDArray[np.int64]) -> str:
    narrow, length = out.finite_size.values, out.decay_length.values
    worst = int(np.argmax(np.where(narrow, length, -1.0)))
    flat = int(np.sum(narrow & (winding != 0)))
    return (
        f"the strip of {out.attrs['width']} columns ({out.attrs['thickness']:.4g} across) is narrower than {WIDE:g} "
        f"decay lengths at {int(narrow.sum())} of {len(narrow)} momenta, {flat} of them with zero modes: the energies "
        f"there are finite-size effects. The longest decay length is {length[worst]:.4g}, at k_parallel = "
        f"{out.k_parallel.values[worst]:.4g}; see `finite_size` and `width_for`"
    )
