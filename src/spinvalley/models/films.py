"""Ready models of heterostructure.txt: the superconducting film, the dichalcogenide, and stacks of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance, one_of, real
from spinvalley.models.lattice import Lattice, triangular
from spinvalley.models.model import Bloch, Cell, Matrix, TightBinding, merge, numbers
from spinvalley.models.terms import IsingSOC, triangular_bonds
from spinvalley.spin import S0


def from_hoppings(
    hoppings: Mapping[Cell, ArrayLike], lattice: Lattice, layers: tuple[str, ...] | None = None
) -> TightBinding:
    """Any tight-binding model from {(n1, n2): matrix (dim, dim)}, spin fastest; T_-R = T_R^+ must be included.

    Args:
        hoppings: matrix of each lattice vector R = n1 a1 + n2 a2, in the energy unit of the model.
        lattice: the Bravais lattice.
        layers: layer name of each orbital; all "layer" if omitted.

    Raises:
        InvalidInput: no hoppings, odd dimension (spin must be included), non-Hermitian hoppings (names R), NaN.

    >>> import numpy as np
    >>> from spinvalley.models import from_hoppings, square
    >>> chain = from_hoppings({(1, 0): -np.eye(2), (-1, 0): -np.eye(2)}, square())
    >>> chain.hamiltonian([0.0, 0.0]).diagonal().real
    array([-2., -2.])
    """
    instance("hoppings", hoppings, Mapping, "{(1, 0): matrix, (-1, 0): matrix}")
    instance("lattice", lattice, Lattice, "square()")
    if not hoppings:
        raise InvalidInput("`hoppings` must contain at least one matrix, but is empty")
    matrices = {cell: numbers(f"hoppings at R = {cell}", matrix) for cell, matrix in hoppings.items()}
    cell, first = next(iter(matrices.items()))
    if first.ndim != 2 or first.shape[0] % 2 or first.shape[0] == 0:
        raise InvalidInput(
            f"`hoppings` must have even dimension (orbitals x 2 spins), but R = {cell} has shape {first.shape}"
        )
    names = layers if layers is not None else ("layer",) * (first.shape[0] // 2)
    return TightBinding(lattice=lattice, layers=tuple(names), hoppings=matrices)


def from_callable(
    function: Callable[[Floats], ArrayLike], lattice: Lattice, layers: tuple[str, ...] = ("layer",)
) -> Bloch:
    """Any model from a callable h(k): k of shape (..., 2) -> Hermitian matrices (..., dim, dim), spin fastest.

    Args:
        function: Bloch Hamiltonian in the energy unit of the model, k in 1/length unit of the lattice; periodic in k.
        lattice: the Bravais lattice.
        layers: layer name of each orbital; dim = 2 x their number.

    Raises:
        InvalidInput: wrong shape, not Hermitian, not periodic, NaN.

    >>> import numpy as np
    >>> from spinvalley.models import from_callable, square
    >>> band = from_callable(lambda k: -2 * np.cos(k).sum(-1)[..., None, None] * np.eye(2), square())
    >>> float(band.hamiltonian([0.0, 0.0])[0, 0].real)
    -4.0
    """
    return Bloch(lattice=lattice, layers=tuple(layers), function=function)


def film(t: float = -1.0, mu: float = 0.0, *, a: float = 1.0) -> TightBinding:
    """Superconducting film in its normal state, h = 2 t C(k) - mu, C = sum_i cos k.R_i, layer name "sc".

    Source: heterostructure.txt, eq. 3.

    >>> from spinvalley.models import film
    >>> film().hamiltonian([0.0, 0.0]).real.diagonal()
    array([-6., -6.])
    """
    return _triangular_band(real("t", t), real("mu", mu), "sc", a)


def tmd(t: float = -1.0, mu: float = 3.0, beta_so: float = 0.5, *, a: float = 1.0) -> TightBinding:
    """Top valence bands of a monolayer dichalcogenide, h = (2 t C(k) - mu) + 2 beta_so S(k) sigma_z, layer "tmd".

    Source: heterostructure.txt, eq. 1 and the caption of Fig. 1.
    """
    return _triangular_band(real("t", t), real("mu", mu), "tmd", a) + IsingSOC(real("beta_so", beta_so))


def ising_film(beta_so: float, t: float = -1.0, mu: float = 0.0, *, a: float = 1.0) -> TightBinding:
    """A superconducting film with its own Ising term, h = 2 t C(k) - mu + 2 beta_so S(k) sigma_z, layer "sc".

    Source: the static limit of heterostructure.txt, eq. 8.
    """
    return _triangular_band(real("t", t), real("mu", mu), "sc", a) + IsingSOC(real("beta_so", beta_so))


def stack(*models: TightBinding, coupling: float = 0.0) -> TightBinding:
    """Layers on top of each other, neighbours joined by a spin-independent vertical hopping `coupling`.

    Each model must have one orbital per cell on the same lattice, or, for richer layers, equal orbital numbers
    (orbital n hops to orbital n). Layer names must differ.

    Raises:
        InvalidInput: different lattices, repeated layer names, unequal orbital numbers.
    """
    if not models:
        raise InvalidInput("`stack` must get at least one model, but got none")
    for model in models:
        instance("stack", model, TightBinding, "film()")
    for other in models[1:]:
        if other.lattice != models[0].lattice:
            raise InvalidInput("`stack` must get models on one lattice, but their lattice vectors differ")
        if len(other.layers) != len(models[0].layers):
            raise InvalidInput("`stack` must get models with equal numbers of orbitals, but they differ")
    names = [name for model in models for name in dict.fromkeys(model.layers)]
    if len(set(names)) != len(names):
        raise InvalidInput(f"`stack` must get layers of different names, but has {', '.join(names)}")
    size, count = models[0].dim, len(models)
    total: dict[Cell, Matrix] = {(0, 0): np.zeros((size * count, size * count), dtype=complex)}
    for position, model in enumerate(models):
        place = np.zeros((count, count))
        place[position, position] = 1
        total = merge(total, {cell: np.kron(place, matrix).astype(complex) for cell, matrix in model.hoppings.items()})
    for lower, upper in pairwise(range(count)):
        place = np.zeros((count, count))
        place[lower, upper] = place[upper, lower] = real("coupling", coupling)
        total = merge(total, {(0, 0): np.kron(place, np.eye(size)).astype(complex)})
    return TightBinding(
        lattice=models[0].lattice,
        layers=tuple(name for model in models for name in model.layers),
        zeeman_weights=tuple(weight for model in models for weight in model.zeeman_weights),
        filled_bands=sum(model.filled_bands for model in models),
        hoppings=total,
    )


def heterostructure(
    t_sc: float = -1.0,
    t_tmd: float = -1.0,
    mu_sc: float = 0.0,
    mu_tmd: float = 3.0,
    beta_so: float = 0.5,
    coupling: float = 0.5,
    zeeman_on: Literal["both", "sc"] = "both",
    *,
    a: float = 1.0,
) -> TightBinding:
    """The dichalcogenide / superconductor bilayer; layers "sc" and "tmd", vertical hopping Gamma = `coupling`.

    The defaults are the parameters of Fig. 1-3. `zeeman_on` says which layers feel an applied field.
    Source: heterostructure.txt, eq. 1-4.

    >>> from spinvalley.models import heterostructure
    >>> heterostructure().layers
    ('sc', 'tmd')
    """
    one_of("zeeman_on", zeeman_on, ("both", "sc"))
    both = stack(film(t_sc, mu_sc, a=a), tmd(t_tmd, mu_tmd, beta_so, a=a), coupling=coupling)
    return both if zeeman_on == "both" else both.with_zeeman_on("sc")


def _triangular_band(t: float, mu: float, layer: str, a: float) -> TightBinding:
    lattice = triangular(a)
    hoppings: dict[Cell, Matrix] = {(0, 0): (-mu * S0).astype(complex)}
    for n, m in triangular_bonds(lattice):
        hoppings[(n, m)] = (t * S0).astype(complex)
        hoppings[(-n, -m)] = (t * S0).astype(complex)
    return TightBinding(lattice=lattice, layers=(layer,), hoppings=hoppings)
