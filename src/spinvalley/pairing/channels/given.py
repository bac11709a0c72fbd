"""A channel from a form factor that the user gives, as a function of k or as amplitudes of bonds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance
from spinvalley.models import Lattice, Model
from spinvalley.models.fourier import coefficients_of
from spinvalley.models.model import Cell, Matrix, lattice_cell, numbers
from spinvalley.pairing.channels import places
from spinvalley.pairing.channels.catalogue import On, table
from spinvalley.pairing.channels.form import Channel
from spinvalley.spin import S0, SX, SY, SZ

Phi = Callable[[Floats], ArrayLike] | Mapping[Cell, complex]
_EXACT = 1e-10


def form_factor(
    model: Model, phi: Phi, *, spin: str | ArrayLike = "singlet", on: On = None, name: str = "form factor"
) -> Channel:
    """The channel D(k) = phi(k) (-i sigma_y), or phi(k) (d.sigma)(-i sigma_y), of a given form factor.

    It is normalised to the number of paired orbitals, zone average |phi|^2 = 1 with |d| = 1, as every channel is.

    Args:
        model: any model.
        phi: phi(k), a function of k (..., 2) in 1/length that gives numbers (...), complex ones too; or {(n1, n2):
            amplitude} of the bonds R = n1 a1 + n2 a2, phi(k) = sum_R phi_R exp(i k.R).
        spin: "singlet" (phi even in k), or the direction (d_x, d_y, d_z) of d, complex ones too (phi odd in k).
        on: layer(s) that pair within themselves; None means every layer.
        name: how results call it.

    Raises:
        InvalidInput: the wrong parity, a function that does not repeat in the reciprocal lattice or has no finite
            range, zero, NaN.

    >>> import numpy as np
    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> f = form_factor(film, lambda k: np.sin(k[..., 0]) ** 3, spin=(0, 0, 1), name="sin^3")
    >>> f.spin, len(f.table), round(f.norm, 12)
    ('triplet', 4, 1.0)
    """
    instance("model", model, Model, "film()")
    direction = _direction(spin)
    values = _of_parity(_bonds(phi, model.lattice), isinstance(spin, str), name)
    orbital = places.whole(model, on).symmetric
    block = np.einsum("m,mst->st", direction, np.array([S0, SX, SY, SZ]))
    made = Channel(name, model.lattice, model.layers, table(list(values.items()), orbital, block))
    return made.normalised(float(np.trace(orbital).real))


def _direction(spin: str | ArrayLike) -> Matrix:
    """(psi, d_x, d_y, d_z), (4,)."""
    if isinstance(spin, str):
        if spin != "singlet":
            raise InvalidInput(f'`spin` must be "singlet" or a direction (d_x, d_y, d_z), but is {spin!r}')
        return np.array([1, 0, 0, 0], dtype=complex)
    vector = numbers("spin", spin)
    if vector.shape != (3,) or not np.all(np.isfinite(vector)) or not np.any(vector):
        raise InvalidInput(f'`spin` must be "singlet" or a nonzero finite direction (d_x, d_y, d_z), but is {spin!r}')
    return np.concatenate([[0], vector])


def _bonds(phi: Any, lattice: Lattice) -> dict[Cell, complex]:
    """Amplitude of every bond."""
    if isinstance(phi, Mapping):
        return {lattice_cell("phi", cell): _amplitude(cell, value) for cell, value in phi.items()}
    if not callable(phi):
        raise InvalidInput(f"`phi` must be a function of k or a table {{(n1, n2): number}}, but is {phi!r}")
    sample = np.random.default_rng(0).uniform(-1, 1, (5, 2)) @ lattice.reciprocal
    here, moved = _evaluated(phi, sample), _evaluated(phi, sample + lattice.reciprocal.sum(axis=0))
    if np.abs(here - moved).max() > _EXACT * max(1.0, float(np.abs(here).max())):
        raise InvalidInput("`phi` must be periodic in the reciprocal lattice, but its values at k and k + b differ")
    found = coefficients_of(lambda k: _evaluated(phi, k), lattice)
    if found is None:
        raise InvalidInput("`phi` must be a form factor of finite range, but its bonds do not decay within 32 cells")
    return {cell: complex(value) for cell, value in found.items()}


def _amplitude(cell: Cell, value: Any) -> complex:
    array = numbers(f"phi at R = {cell}", value)
    if array.shape != () or not np.isfinite(array):
        raise InvalidInput(f"`phi` at R = {cell} must be a finite number, but is {value!r}")
    return complex(array)


def _evaluated(phi: Callable[[Floats], ArrayLike], k: Floats) -> Matrix:
    values = numbers("phi", phi(k))
    if values.shape != k.shape[:-1]:
        raise InvalidInput(
            f"`phi` must return shape {k.shape[:-1]} for k of shape {k.shape}, but returns {values.shape}"
        )
    if not np.all(np.isfinite(values)):
        raise InvalidInput("`phi` must be finite, but contains NaN or infinity")
    return values


def _of_parity(values: Mapping[Cell, complex], even: bool, name: str) -> dict[Cell, complex]:
    """The amplitudes, even or odd to the last digit. Electrons are fermions: singlets are even, triplets odd in k."""
    scale = max((abs(v) for v in values.values()), default=0.0)
    pairs = {c: (values.get(c, 0j), values.get((-c[0], -c[1]), 0j)) for n, m in values for c in ((n, m), (-n, -m))}
    is_even, is_odd = (all(abs(v - s * back) <= _EXACT * scale for v, back in pairs.values()) for s in (1, -1))
    if scale > 0 and not (is_even if even else is_odd):
        what = "odd" if is_odd else "even" if is_even else "neither even nor odd"
        kind, parity = ("singlet", "even") if even else ("triplet", "odd")
        raise InvalidInput(f"the form factor of a {kind} must be {parity} in k, but {name!r} is {what}")
    sign = 1 if even else -1
    return {c: 0.5 * (v + sign * back) for c, (v, back) in pairs.items() if abs(v + sign * back) > _EXACT * scale}
