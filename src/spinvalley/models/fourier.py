"""Hoppings of any model: those of a tight-binding model, or the Fourier coefficients of a callable h(k)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput
from spinvalley.models.lattice import Lattice
from spinvalley.models.model import Cell, Matrix, Model, TightBinding

_SIZES = (16, 32, 64)
_NEGLIGIBLE = 1e-12


def hoppings_of(model: Model) -> Mapping[Cell, Matrix]:
    """Matrices T_R with h(k) = sum_R T_R exp(i k.R), {(n1, n2): (dim, dim)}.

    Args:
        model: any model; a callable h(k) must have Fourier coefficients that fall below 1e-12 within 31 cells.

    Raises:
        InvalidInput: a callable h(k) whose hoppings do not decay, e.g. with a pole.
    """
    if isinstance(model, TightBinding):
        return model.hoppings
    found = coefficients_of(model.hamiltonian, model.lattice)
    if found is None:
        raise InvalidInput(
            f"`model` must have hoppings of finite range here, but those of its h(k) do not decay within "
            f"{_SIZES[-1] // 2} cells"
        )
    return {c: 0.5 * (m + found[-c[0], -c[1]].conj().T) for c, m in found.items() if (-c[0], -c[1]) in found}


def coefficients_of(function: Callable[[Floats], ArrayLike], lattice: Lattice) -> dict[Cell, Matrix] | None:
    """Arrays A_R with A(k) = sum_R A_R exp(i k.R) of a callable A(k), k of shape (..., 2) -> (..., shape of A).

    None if they do not fall below 1e-12 of the largest within 31 cells.
    """
    for size in _SIZES:
        fractions = np.arange(size) / size
        k = np.stack(np.meshgrid(fractions, fractions, indexing="ij"), axis=-1) @ lattice.reciprocal
        table = np.asarray(np.fft.fft2(function(k), axes=(0, 1)) / size**2)
        numbers = np.fft.fftfreq(size, 1 / size).astype(int)
        weight = np.abs(table).reshape(size, size, -1).max(axis=-1)
        outer = np.maximum(np.abs(numbers)[:, None], np.abs(numbers)) >= size // 2 - 1
        if weight[outer].max() <= _NEGLIGIBLE * weight.max():
            kept = np.argwhere(weight > _NEGLIGIBLE * weight.max())
            return {(int(numbers[i]), int(numbers[j])): table[i, j] for i, j in kept}
    return None
