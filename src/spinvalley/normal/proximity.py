"""Proximity effect of a neighbouring layer: what remains when layers are integrated out exactly.

With K the kept layers, O the others and T = h_OK: G_KK(z) = [z - h_KK - Sigma(z)]^-1, Sigma(z) = T^+ (z - h_OO)^-1 T.
The static limit Sigma(0) is what heterostructure.txt calls the induced spin-orbit coupling.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, momenta, positive, real
from spinvalley.models import Bloch, Model, TightBinding
from spinvalley.models.lattice import triangular
from spinvalley.models.model import Matrix
from spinvalley.models.terms import triangular_bonds
from spinvalley.normal.bands import ENERGY, Layers, layer_mask
from spinvalley.spin import S0, SX, SY, SZ


def self_energy(model: Model, keep: Layers, k: ArrayLike, z: ArrayLike, zeeman: ArrayLike = 0.0) -> Matrix:
    """Self-energy of the kept layers due to all others, Sigma(k, z) = T^+ (z - h_out)^-1 T.

    Exact for any z: i w on the Matsubara axis, w + i eta for the retarded function, 0 for the static limit.

    Args:
        model: layers that hybridise.
        keep: name(s) of the kept layer(s).
        k: momenta (..., 2), 1/length.
        z: complex energy, broadcast against the leading axes of k; energy unit of the model.
        zeeman: Zeeman coefficient V of sigma on all layers that feel it; number (along x) or 3-vector.

    Returns:
        Matrices (..., m, m) on the m spin-orbitals of the kept layers, energy unit of the model.

    Raises:
        InvalidInput: unknown layer, NaN, or a real z that is an energy of the other layers (a pole).

    Source: heterostructure.txt, eq. 4.

    >>> from spinvalley.models import heterostructure
    >>> self_energy(heterostructure(coupling=0.5), "sc", [0.0, 0.0], 0.0).real.diagonal()  # -Gamma^2 / (6 t - mu)
    array([0.02777778, 0.02777778])
    """
    k = momenta("k", k)
    energies = _complex_energies(z)
    _, t, h_out = split(model, keep, k, zeeman)
    resolvent = energies[..., None, None] * np.eye(h_out.shape[-1]) - h_out
    return np.asarray(_dagger(t) @ _solve(resolvent, t))


def effective_hamiltonian(
    model: Model, keep: Layers, k: ArrayLike, zeeman: ArrayLike = 0.0, *, renormalised: bool = False
) -> Matrix:
    """Static effective Hamiltonian of the kept layers, h + Sigma(0), or with the weight, Z^1/2 (h + Sigma(0)) Z^1/2.

    The first has the exact zeros of energy; the second also the exact slope dE/d(h + Sigma) there, as poles of
    G = [w - h - Sigma(0) - w dSigma/dw]^-1.

    Args:
        model: layers that hybridise.
        keep: name(s) of the kept layer(s).
        k: momenta (..., 2), 1/length.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        renormalised: whether to include the quasi-particle weight Z = (1 - dSigma/dw)^-1.

    Returns:
        Matrices (..., m, m), energy unit of the model.

    Raises:
        InvalidInput: unknown layer, NaN, k on a Fermi line of the other layers (a pole).

    Source: heterostructure.txt, eq. 5 and 8.

    >>> from spinvalley.models import heterostructure
    >>> effective_hamiltonian(heterostructure(), "sc", [0.0, 0.0]).real.diagonal()
    array([-5.97222222, -5.97222222])
    """
    k = momenta("k", k)
    static, slope = _expansion(model, keep, k, zeeman)
    h = split(model, keep, k, zeeman)[0] + static
    if not renormalised:
        return np.asarray(h)
    root = _inverse_root(np.eye(h.shape[-1]) - slope)
    return np.asarray(root @ h @ root)


def induced(model: Model, keep: Layers, k: ArrayLike, zeeman: ArrayLike = 0.0) -> xr.Dataset:
    """Couplings that the other layers induce on the kept ones at zero energy, and the quasi-particle weight.

    Sigma(0) = scalar + x sigma_x + y sigma_y + ising sigma_z; 1 - dSigma/dw = 1 + T^+ h_out^-2 T, Z its inverse.

    Args:
        model: layers that hybridise.
        keep: name(s) of the kept layer(s), with n orbitals.
        k: momenta (..., 2), 1/length.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.

    Returns:
        Dataset on dims k_index (k of shape (N, 2)), none ((2,)) or k_0, k_1, ...: scalar, x, y, ising, real for one
        kept orbital, else complex matrices of dims (..., orbital, orbital_right); weight Z and inverse_weight
        1 - dSigma/dw, matrices of dims (..., state, state_right); weight_scalar = Tr Z / (2n) and weight_ising =
        Tr (Z sigma_z) / (2n), all of the spin-orbitals together.

    Raises:
        InvalidInput: unknown layer, NaN, k on a Fermi line of the other layers (a pole).

    Source: heterostructure.txt, eq. 5 (see `equation_5`).

    >>> from spinvalley.models import heterostructure
    >>> round(float(induced(heterostructure(), "sc", [2.3921237882, 0.0]).ising), 7)
    -0.0387752
    """
    k = momenta("k", k)
    static, slope = _expansion(model, keep, k, zeeman)
    inverse = np.eye(slope.shape[-1]) - slope
    weight = np.asarray(np.linalg.inv(inverse), dtype=complex)
    weight = np.asarray(0.5 * (weight + _dagger(weight)))
    lead = _leading(k)
    orbitals = () if static.shape[-1] == 2 else ("orbital", "orbital_right")
    states = (*lead, "state", "state_right")
    parts = {"scalar": S0, "x": SX, "y": SY, "ising": SZ}
    n = static.shape[-1] // 2
    return xr.Dataset(
        {name: ((*lead, *orbitals), _spin_part(static, s), {"units": ENERGY}) for name, s in parts.items()}
        | {
            "weight": (states, weight, {"units": "1"}),
            "inverse_weight": (states, inverse, {"units": "1"}),
            "weight_scalar": (lead, np.einsum("...ii->...", weight).real / (2 * n), {"units": "1"}),
            "weight_ising": (
                lead,
                np.einsum("...ii,i->...", weight, np.tile([1, -1], n)).real / (2 * n),
                {"units": "1"},
            ),
        }
    )


def isolated(model: Model, keep: Layers) -> Model:
    """The named layer(s) of a model alone, with the hopping to all others cut.

    Args:
        model: a model of several layers.
        keep: name(s) of the layer(s).

    Returns:
        A model of the same kind, with their Zeeman weights.

    Raises:
        InvalidInput: unknown layer.

    >>> from spinvalley.models import heterostructure
    >>> isolated(heterostructure(), "tmd").layers
    ('tmd',)
    """
    kept, _ = _division(model, keep)
    orbitals = kept[::2] // 2
    layers = tuple(model.layers[n] for n in orbitals)
    weights = tuple(model.zeeman_weights[n] for n in orbitals)
    if isinstance(model, TightBinding):
        hoppings = {cell: matrix[np.ix_(kept, kept)] for cell, matrix in model.hoppings.items()}
        return replace(model, layers=layers, zeeman_weights=weights, hoppings=hoppings)

    def function(k: Floats) -> Matrix:
        return np.asarray(model.hamiltonian(k)[..., kept[:, None], kept])

    return Bloch(lattice=model.lattice, layers=layers, zeeman_weights=weights, function=function)


def split(model: Model, keep: Layers, k: Floats, zeeman: ArrayLike) -> tuple[Matrix, Matrix, Matrix]:
    """Blocks of h(k) + V.sigma: kept (..., m, m), coupling T (..., o, m) and integrated out (..., o, o)."""
    kept, out = _division(model, keep)
    h = model.hamiltonian(k) + model.zeeman(zeeman)
    return h[..., kept[:, None], kept], h[..., out[:, None], kept], h[..., out[:, None], out]


def equation_5(
    k: ArrayLike,
    *,
    t: float = -1.0,
    mu: float = 3.0,
    beta_so: float = 0.5,
    coupling: float = 0.5,
    a: float = 1.0,
) -> Floats:
    """Induced Ising coupling, the coefficient of sigma_z in Sigma(0), in closed form.

    With b = 2 beta_so S(k) and eps = 2 t C(k) - mu the layer contributes -Gamma^2 / (eps + s b) to spin s = +-1; half
    of the difference is + Gamma^2 b / (eps^2 - b^2). It has poles on the Fermi line of the layer, eps = +-b.

    Args:
        k: momenta (..., 2), 1/length.
        t: hopping of the dichalcogenide.
        mu: its chemical potential.
        beta_so: its Ising coupling.
        coupling: vertical hopping Gamma; all in one energy unit.
        a: lattice constant.

    Returns:
        2 beta_so~ S~(k), shape (...), in that unit; half of the static spin splitting of the film.

    Raises:
        InvalidInput: NaN, a not positive.

    Source: derived from heterostructure.txt, eq. 4, in place of the printed eq. 5 (`printed_equation_5`).

    >>> round(float(equation_5([2.3921237882, 0.0])), 7)
    -0.0387752
    """
    eps, b, coupling = _layer(k, t, mu, beta_so, coupling, a)
    with np.errstate(divide="ignore"):
        return np.asarray(coupling**2 * b / (eps**2 - b**2))


def printed_equation_5(
    k: ArrayLike,
    *,
    t: float = -1.0,
    mu: float = 3.0,
    beta_so: float = 0.5,
    coupling: float = 0.5,
    a: float = 1.0,
) -> Floats:
    """Induced Ising coupling as printed, -Gamma^2 2 beta S / [(2 t C - mu)^2 + (2 beta S)^2]; for comparison only.

    Its sign is opposite to the exact one, its size too small by 2 b^2 / (eps^2 + b^2), 27 % at the Fermi line on
    Gamma-K, and it has no pole.

    Args:
        k: momenta (..., 2), 1/length.
        t: hopping of the dichalcogenide.
        mu: its chemical potential.
        beta_so: its Ising coupling.
        coupling: vertical hopping Gamma; all in one energy unit.
        a: lattice constant.

    Returns:
        The printed 2 beta_so~ S~(k), shape (...).

    Raises:
        InvalidInput: NaN, a not positive.

    Source: heterostructure.txt, eq. 5 as printed.

    >>> k = [2.3921237882, 0.0]
    >>> round(float(1 + printed_equation_5(k) / equation_5(k)), 3)
    0.268
    """
    eps, b, coupling = _layer(k, t, mu, beta_so, coupling, a)
    return np.asarray(-(coupling**2) * b / (eps**2 + b**2))


def _layer(
    k: ArrayLike, t: float, mu: float, beta_so: float, coupling: float, a: float
) -> tuple[Floats, Floats, float]:
    lattice = triangular(positive("a", a))
    phases = np.stack([momenta("k", k) @ lattice.translation(bond) for bond in triangular_bonds(lattice)], axis=-1)
    eps = 2 * real("t", t) * np.cos(phases).sum(axis=-1) - real("mu", mu)
    b = 2 * real("beta_so", beta_so) * np.sin(phases).sum(axis=-1)
    return eps, b, real("coupling", coupling)


def _division(model: Model, keep: Layers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spin-orbital indices that are kept, and the others."""
    chosen = layer_mask(model, keep, "keep")
    return np.flatnonzero(chosen), np.flatnonzero(~chosen)


def _expansion(model: Model, keep: Layers, k: Floats, zeeman: ArrayLike) -> tuple[Matrix, Matrix]:
    """Sigma(0) = -T^+ h_out^-1 T and dSigma/dw(0) = -T^+ h_out^-2 T, both Hermitian."""
    _, t, h_out = split(model, keep, k, zeeman)
    moved = _solve(h_out, t)
    static = -_dagger(t) @ moved
    return np.asarray(0.5 * (static + _dagger(static))), np.asarray(-_dagger(moved) @ moved)


def _spin_part(matrices: Matrix, spin: Matrix) -> NDArray[np.generic]:
    """(1/2) Tr_spin(sigma M) between orbitals, (..., n, n); one orbital: the real number (...)."""
    n = matrices.shape[-1] // 2
    pairs = matrices.reshape(*matrices.shape[:-2], n, 2, n, 2)
    parts = np.asarray(0.5 * np.einsum("...asbt,ts->...ab", pairs, spin))
    return np.asarray(parts[..., 0, 0].real) if n == 1 else parts


def _inverse_root(matrices: Matrix) -> Matrix:
    """M^-1/2 of positive Hermitian matrices."""
    values, vectors = np.linalg.eigh(matrices)
    return np.asarray((vectors / np.sqrt(values)[..., None, :]) @ _dagger(vectors))


def _solve(matrices: Matrix, right: Matrix) -> Matrix:
    try:
        return np.asarray(np.linalg.solve(matrices, right))
    except np.linalg.LinAlgError:
        raise InvalidInput(
            "`z` must not be an energy of the layers that are integrated out, but is one at some `k`"
        ) from None


def _complex_energies(z: ArrayLike) -> Matrix:
    energies = np.asarray(z, dtype=complex)
    if not np.all(np.isfinite(energies)):
        raise InvalidInput("`z` must be finite, but contains NaN or infinity")
    return energies


def _dagger(matrices: Matrix) -> Matrix:
    return np.asarray(np.conj(np.swapaxes(matrices, -1, -2)))


def _leading(k: Floats) -> tuple[str, ...]:
    """Names of the leading axes of momenta (..., 2)."""
    return ("k_index",)[: k.ndim - 1] if k.ndim <= 2 else tuple(f"k_{n}" for n in range(k.ndim - 1))
