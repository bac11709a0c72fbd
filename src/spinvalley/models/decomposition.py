"""Models with one orbital as a number and a vector: h(k) = xi(k) + g(k) . sigma."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, instance, momenta
from spinvalley.models.model import Matrix, Model
from spinvalley.models.one_band import OneBand


def spin_decomposition(model: Model, k: ArrayLike) -> tuple[Floats, Floats]:
    """Spin-independent energy xi and spin-orbit vector g of a model with one orbital, h(k) = xi + g . sigma.

    Args:
        model: any model with one orbital per cell.
        k: momenta, shape (..., 2), in 1/length unit of the model.

    Returns:
        xi of shape (...), g of shape (..., 3), in the energy unit of the model.

    Raises:
        InvalidInput: a model with more than one orbital.

    >>> from spinvalley.models import ising_film, spin_decomposition
    >>> xi, g = spin_decomposition(ising_film(beta_so=0.1), [0.0, 1.0])
    >>> g.shape
    (3,)
    """
    instance("model", model, Model, "film()")
    if model.dim != 2:
        raise InvalidInput(f"`model` must have one orbital, but has {model.dim // 2}")
    k = momenta("k", k)
    if isinstance(model, OneBand) and not model.terms:
        return model.parameters.band(k), model.parameters.spin_orbit(k)
    return spin_parts(model.hamiltonian(k))


def spin_parts(h: Matrix) -> tuple[Floats, Floats]:
    """Energy xi (...) and vector g (..., 3) of Hermitian 2x2 matrices (..., 2, 2)."""
    xi = 0.5 * (h[..., 0, 0] + h[..., 1, 1]).real
    g = np.stack([h[..., 0, 1].real, -h[..., 0, 1].imag, 0.5 * (h[..., 0, 0] - h[..., 1, 1]).real], axis=-1)
    return np.asarray(xi), np.asarray(g)
