"""Hoppings of any model: those of a tight-binding model, or the Fourier coefficients of a callable h(k)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spinvalley.checks import InvalidInput
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
    for size in _SIZES:
        table = _coefficients(model, size)
        numbers = np.fft.fftfreq(size, 1 / size).astype(int)
        weight = np.abs(table).max(axis=(-2, -1))
        outer = np.maximum(np.abs(numbers)[:, None], np.abs(numbers)) >= size // 2 - 1
        if weight[outer].max() <= _NEGLIGIBLE * weight.max():
            kept = np.argwhere(weight > _NEGLIGIBLE * weight.max())
            found = {(int(numbers[i]), int(numbers[j])): table[i, j] for i, j in kept}
            return {c: 0.5 * (m + found[-c[0], -c[1]].conj().T) for c, m in found.items() if (-c[0], -c[1]) in found}
    raise InvalidInput(
        f"`model` must have hoppings of finite range here, but those of its h(k) do not decay within {_SIZES[-1] // 2} "
        "cells"
    )


def _coefficients(model: Model, size: int) -> Matrix:
    fractions = np.arange(size) / size
    k = np.stack(np.meshgrid(fractions, fractions, indexing="ij"), axis=-1) @ model.lattice.reciprocal
    return np.asarray(np.fft.fft2(model.hamiltonian(k), axes=(0, 1)) / size**2)
