"""How good the static approximation of the proximity effect is, and the film that it renormalises to."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, positive
from spinvalley.models import Model
from spinvalley.models.terms import triangular_bonds
from spinvalley.normal.bands import ENERGY, MOMENTUM, Layers, layer_mask, layer_weight
from spinvalley.normal.contours import fermi_contours
from spinvalley.normal.proximity import effective_hamiltonian, induced, isolated, split

_SCHEMES = ("static", "renormalised")
_FACTORS = ("zeeman", "gap")
_SHELL = 8
_WEAK = 1e-4


def static_validity(model: Model, keep: Layers = "sc", zeeman: ArrayLike = 0.0, *, points: int = 240) -> xr.Dataset:
    """Error of the static effective Hamiltonian for the energies near the Fermi level of the kept layers.

    On the Fermi lines that the kept layers have alone, the exact poles of G_KK (eigenvalues of the full Hamiltonian,
    those with the largest weight on the kept layers) are compared with the eigenvalues of h + Sigma(0) ("static") and
    of Z^1/2 (h + Sigma(0)) Z^1/2 ("renormalised"). The static form breaks down where |h_out| is not above |T|; its pole
    is the Fermi line of the other layers (`pole_contours`).

    Args:
        model: layers that hybridise.
        keep: name(s) of the kept layer(s), with m spin-orbitals.
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        points: number of points on each Fermi line.

    Returns:
        Dataset with k (contour, point, xy); exact (contour, point, state) and approximate (scheme, contour, point,
        state), ascending; splitting_exact, splitting (largest minus smallest energy); kept_weight, the smallest weight
        of an exact state on the kept layers; out_gap, the smallest |energy| of the other layers; ratio |T|/out_gap;
        near_pole (ratio >= 1); and per scheme: max_error, rms_error, max_splitting_error, rms_splitting_error, the
        rms with the density of states as weight. Energies in the unit of the model.

    Raises:
        InvalidInput: unknown layer, NaN, points below 8, kept layers that have no Fermi line when alone.

    Source: heterostructure.txt, eq. 4, 5 and 8.

    >>> from spinvalley.models import heterostructure
    >>> check = static_validity(heterostructure(), "sc", points=60)
    >>> bool(check.rms_error.sel(scheme="renormalised") < check.rms_error.sel(scheme="static"))
    True
    """
    lines = fermi_contours(isolated(model, keep), zeeman=zeeman, points=points)
    if lines.sizes["contour"] == 0:
        raise InvalidInput(f"`keep` must name layers with a Fermi line, but {keep!r} has none")
    k = lines.k.values
    exact, kept_weight = _exact_poles(model, keep, k, zeeman)
    both = [effective_hamiltonian(model, keep, k, zeeman, renormalised=scheme == "renormalised") for scheme in _SCHEMES]
    approximate = np.stack([np.linalg.eigvalsh(h) for h in both])
    _, t, h_out = split(model, keep, k, zeeman)
    gap = np.min(np.abs(np.linalg.eigvalsh(h_out)), axis=-1, initial=np.inf)
    strength = np.linalg.norm(t, ord=2, axis=(-2, -1)) if t.size else np.zeros(gap.shape)
    line = ("contour", "point")
    energy = {"units": ENERGY}
    out = xr.Dataset(
        {
            "exact": ((*line, "state"), exact, energy),
            "approximate": (("scheme", *line, "state"), approximate, energy),
            "kept_weight": (line, kept_weight, {"units": "1"}),
            "out_gap": (line, gap, energy),
            "ratio": (line, strength / gap, {"units": "1"}),
        },
        coords={"scheme": list(_SCHEMES), "k": ((*line, "xy"), k, {"units": MOMENTUM}), "xy": ["x", "y"]},
    )
    return _with_errors(out, lines.weight / lines.weight.sum())


def pole_contours(model: Model, keep: Layers = "sc", zeeman: ArrayLike = 0.0, *, points: int = 240) -> xr.Dataset:
    """Lines in the zone on which the static self-energy of the kept layers has its pole, det h_out(k) = 0.

    Args:
        model: layers that hybridise.
        keep: name(s) of the kept layer(s).
        zeeman: Zeeman coefficient V of sigma; number (along x) or 3-vector, energy unit of the model.
        points: number of points on each line.

    Returns:
        The Fermi lines of all other layers, as `fermi_contours` gives them.

    Raises:
        InvalidInput: unknown layer, no other layer, NaN.

    >>> from spinvalley.models import heterostructure
    >>> pole_contours(heterostructure(), "sc").area.values.round(8)
    array([0.15035427, 0.15035427])
    """
    out = ~layer_mask(model, keep, "keep")[::2]
    others = tuple(dict.fromkeys(layer for layer, is_out in zip(model.layers, out, strict=True) if is_out))
    if not others:
        raise InvalidInput(f"`keep` must leave a layer out, but is {keep!r}")
    return fermi_contours(isolated(model, others), zeeman=zeeman, points=points)


def renormalised_film(model: Model, keep: str = "sc", window: float = 0.25) -> xr.Dataset:
    """Hopping, chemical potential and Ising coupling of the one-band film nearest to the static effective Hamiltonian.

    Least squares of 2 t C(k) - mu + 2 beta_so S(k) sigma_z to h + Sigma(0) ("static") and Z^1/2 (h + Sigma(0)) Z^1/2
    ("renormalised"), averaged over the states of the kept film with |energy| <= window.

    Args:
        model: layers that hybridise, on a triangular lattice.
        keep: name of the kept layer, one orbital.
        window: half width of the energy shell around the Fermi level, energy unit of the model.

    Returns:
        Dataset of dim scheme: t, mu, beta_so; scalar_rms, scalar_max, ising_rms, ising_max, the residuals of the two
        parts; flip_max, the largest spin-flip element, which the film leaves out; zeeman, the factor of a weak field
        along x on the film, and gap, that of a pairing on the kept layer (static: 1, renormalised: Z), both averaged
        over the shell; and weight, the mean of Z in the shell (no dim). Energies in the unit of the model.

    Raises:
        InvalidInput: unknown layer, more than one kept orbital, another lattice, window not positive or without states.

    Source: heterostructure.txt, eq. 8 (t~, mu~, beta~ are not given there).

    >>> from spinvalley.models import heterostructure
    >>> renormalised_film(heterostructure(coupling=0.0)).t.values.round(9)
    array([-1., -1.])
    """
    alone = isolated(model, keep)
    if len(alone.layers) != 1:
        raise InvalidInput(f"`keep` must name a layer of one orbital, but {keep!r} has {len(alone.layers)}")
    bonds = np.array([model.lattice.translation(bond) for bond in triangular_bonds(model.lattice)])
    k, weight = _shell(alone, positive("window", window))
    even = np.stack([2 * np.cos(k @ bonds.T).sum(axis=-1), -np.ones(len(k))], axis=-1)
    odd = 2 * np.sin(k @ bonds.T).sum(axis=-1)[:, None]
    mean = float(np.sum(weight * induced(model, keep, k).weight_scalar.values))
    columns: dict[str, list[float]] = {}
    for scheme in _SCHEMES:
        h = effective_hamiltonian(model, keep, k, renormalised=scheme == "renormalised")
        up, down = h[:, 0, 0].real, h[:, 1, 1].real
        (t, mu), scalar_rms, scalar_max = _fit(even, 0.5 * (up + down), weight)
        (beta_so,), ising_rms, ising_max = _fit(odd, 0.5 * (up - down), weight)
        row = {"t": t, "mu": mu, "beta_so": beta_so, "scalar_rms": scalar_rms, "scalar_max": scalar_max}
        spin = {"ising_rms": ising_rms, "ising_max": ising_max, "flip_max": np.abs(h[:, 0, 1]).max()}
        factors = {"zeeman": _field_factor(model, keep, k, weight, scheme), "gap": 1.0 if scheme == "static" else mean}
        for name, value in (row | spin | factors).items():
            columns.setdefault(name, []).append(float(value))
    return xr.Dataset(
        {name: ("scheme", v, {"units": "1" if name in _FACTORS else ENERGY}) for name, v in columns.items()}
        | {"weight": ((), mean, {"units": "1"})},
        coords={"scheme": list(_SCHEMES)},
        attrs={"window": window},
    )


def _field_factor(model: Model, keep: Layers, k: Floats, weight: Floats, scheme: str) -> float:
    """Mean of d h_eff / dV along sigma_x over the states of a shell, from the part of h_eff odd in a weak V."""
    up, down = (
        effective_hamiltonian(model, keep, k, sign * _WEAK, renormalised=scheme == "renormalised") for sign in (1, -1)
    )
    return float(np.sum(weight * (up - down)[:, 0, 1].real) / (2 * _WEAK))


def _exact_poles(model: Model, keep: Layers, k: Floats, zeeman: ArrayLike) -> tuple[Floats, Floats]:
    """The m eigenvalues with the largest weight on the kept layers, ascending, and the smallest of these weights."""
    energies, states = np.linalg.eigh(model.hamiltonian(k) + model.zeeman(zeeman))
    weights = layer_weight(model, keep, states)
    m = int(layer_mask(model, keep).sum())
    chosen = np.sort(np.argsort(-weights, axis=-1, kind="stable")[..., :m], axis=-1)
    return np.take_along_axis(energies, chosen, axis=-1), np.take_along_axis(weights, chosen, axis=-1).min(axis=-1)


def _with_errors(data: xr.Dataset, share: xr.DataArray) -> xr.Dataset:
    """Add splittings, errors and flags."""
    data["splitting_exact"] = data.exact.max("state") - data.exact.min("state")
    data["splitting"] = data.approximate.max("state") - data.approximate.min("state")
    data["near_pole"] = data.ratio >= 1
    line = ("contour", "point")
    for name, error in (
        ("error", np.abs(data.approximate - data.exact).max("state")),
        ("splitting_error", np.abs(data.splitting - data.splitting_exact)),
    ):
        data[f"max_{name}"] = error.max(line)
        data[f"rms_{name}"] = np.sqrt((share * error**2).sum(line))
    for key in data.data_vars:
        data[key].attrs.setdefault("units", "1" if key == "near_pole" else ENERGY)
    return data


def _shell(alone: Model, window: float) -> tuple[Floats, Floats]:
    """Momenta and weights (sum 1) of the states of a film with |energy| <= window."""
    nodes, node_weights = np.polynomial.legendre.leggauss(_SHELL)
    momenta, weights = [], []
    for node, node_weight in zip(nodes, node_weights, strict=True):
        lines = fermi_contours(alone, energy=window * node)
        momenta.append(lines.k.values.reshape(-1, 2))
        weights.append(node_weight * lines.weight.values.ravel())
    weight = np.concatenate(weights)
    if not weight.size:
        raise InvalidInput(f"`window` must be wide enough to hold states of the film, but is {window}")
    return np.concatenate(momenta), weight / weight.sum()


def _fit(columns: Floats, values: Floats, weight: Floats) -> tuple[Floats, float, float]:
    """Weighted least squares: coefficients, rms and largest residual."""
    root = np.sqrt(weight)
    coefficients, *_ = np.linalg.lstsq(columns * root[:, None], values * root)
    residual = values - columns @ coefficients
    return (
        np.asarray(coefficients, dtype=float),
        float(np.sqrt(np.sum(weight * residual**2))),
        float(np.abs(residual).max()),
    )
