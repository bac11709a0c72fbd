"""Equation 8 against the full stack: the one-band superconductor that a heterostructure is replaced by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import InvalidInput, instance, non_negative, one_of, zeeman_vector
from spinvalley.models import hoppings_of, ising_film
from spinvalley.normal import isolated, renormalised_film
from spinvalley.pairing import Pairing, Superconductor
from spinvalley.topology.flat_bands import flat_bands

SCHEMES = ("static", "renormalised")
_WINDOW = 0.25  # of the hopping: half width of the energy shell of the fit


@dataclass(frozen=True)
class Effective:
    """Equation 8 with numbers: a one-band Ising superconductor with its own gap and field.

    Args:
        sc: the one-band superconductor, 2 t~ C - mu~ + 2 beta~ S sigma_z.
        gap: pairing amplitude on it, energy.
        zeeman: V of sigma on it, energy (3-vector).
        scheme: "static" (h + Sigma(0)) or "renormalised" (Z^1/2 (h + Sigma(0)) Z^1/2).
    """

    sc: Superconductor
    gap: float
    zeeman: tuple[float, float, float]
    scheme: str


def effective(
    sc: Superconductor, gap: float, zeeman: ArrayLike = 0.0, *, scheme: str = "renormalised", keep: str = "sc"
) -> Effective:
    """The one-band superconductor of eq. 8 nearest to a stack whose other layers are integrated out at zero energy.

    t~, mu~ and beta~ are least squares over the states near the Fermi line of the kept layer alone
    (`renormalised_film`). "static" keeps the gap and takes the field V (1 + Gamma^2/(eps^2 - b^2)); "renormalised"
    multiplies all by the quasi-particle weight Z, so that energies, not only zeros, are those of the stack.

    Args:
        sc: a superconductor on a triangular lattice that pairs on the layer `keep` (one orbital).
        gap: pairing amplitude Delta of the stack, energy.
        zeeman: V of sigma applied to the stack, in the plane, energy.
        scheme: "static" or "renormalised".
        keep: the layer that pairs.

    Raises:
        InvalidInput: unknown scheme or layer, a field out of the plane (its factor is another one), a pairing that is
            not on `keep` alone.

    Source: heterostructure.txt, eq. 5 and 8.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    >>> round(sv.topology.effective(sc, gap=0.1, zeeman=0.4).gap, 4)
    0.0965
    """
    instance("sc", sc, Superconductor, "Superconductor(heterostructure(), s_wave(on='sc', gap0=0.1))")
    one_of("scheme", scheme, SCHEMES)
    vector = zeeman_vector(zeeman)
    if vector[2] != 0:
        raise InvalidInput(f"`zeeman` must lie in the plane, but its z component is {vector[2]:g}")
    paired = {layer for layer, on in zip(sc.model.layers, sc.pairing.diagonal(sc.model)[::2], strict=True) if on}
    if paired != {keep}:
        raise InvalidInput(f"`keep` must be the only layer that pairs, but {keep!r} is not {', '.join(sorted(paired))}")
    numbers = renormalised_film(sc.model, keep, _window(sc, keep)).sel(scheme=scheme)
    t, mu, beta_so, field, weight = (float(numbers[n]) for n in ("t", "mu", "beta_so", "zeeman", "gap"))
    a = float(np.linalg.norm(sc.model.lattice.matrix[0]))
    film = ising_film(beta_so, t=t, mu=mu, a=a)
    size = non_negative("gap", gap) * weight
    x, y, z = (float(field * v) for v in vector)
    return Effective(Superconductor(film, Pairing(gap0=size or _WINDOW * abs(t))), size, (x, y, z), scheme)


def compare_effective(
    sc: Superconductor, gap: float, zeeman: ArrayLike, edge: object = "armchair", *, keep: str = "sc"
) -> xr.Dataset:
    """Flat bands of the full stack beside those of eq. 8, and how far the ends of the intervals are off.

    Args:
        sc: a superconductor as for `effective`.
        gap: pairing amplitude Delta, energy.
        zeeman: V of sigma, in the plane, energy.
        edge: as in `winding`.
        keep: the layer that pairs.

    Returns:
        Dataset over model ("full", "static", "renormalised"), interval: start, stop (momenta along the edge, 1/length),
        winding (int; NaN-padded rows have winding 0); over model: fraction (of the edge zone with w != 0), intervals
        (their number), largest_shift (of an end against the full stack, 1/length; NaN where the windings differ),
        gap, zeeman_x, zeeman_y, t, mu, beta_so used.

    Raises:
        InvalidInput: as `effective` and `flat_bands`.

    Source: heterostructure.txt, eq. 8 and Fig. 4.
    """
    cases = {scheme: effective(sc, gap, zeeman, scheme=scheme, keep=keep) for scheme in SCHEMES}
    found = {"full": flat_bands(sc, gap, zeeman, edge)}
    found |= {scheme: flat_bands(case.sc, case.gap, case.zeeman, edge) for scheme, case in cases.items()}
    rows = [_row(found["full"], data) for data in found.values()]
    length = max(len(row["start"]) for row in rows)

    def padded(name: str) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        return [np.pad(row[name], (0, length - len(row[name])), constant_values=np.nan) for row in rows]

    columns = renormalised_film(sc.model, keep, _window(sc, keep))
    used = {n: [np.nan, *columns[n].values] for n in ("t", "mu", "beta_so")}
    used["gap"] = [gap, *(case.gap for case in cases.values())]
    vector = zeeman_vector(zeeman)
    used["zeeman_x"] = [vector[0], *(case.zeeman[0] for case in cases.values())]
    used["zeeman_y"] = [vector[1], *(case.zeeman[1] for case in cases.values())]
    return xr.Dataset(
        {n: (("model", "interval"), padded(n)) for n in ("start", "stop")}
        | {"winding": (("model", "interval"), np.nan_to_num(padded("winding")).astype(int))}
        | {n: ("model", [float(row[n]) for row in rows]) for n in ("fraction", "intervals", "largest_shift")}
        | {n: ("model", values, {"units": "energy"}) for n, values in used.items()},
        coords={"model": list(found)},
        attrs=found["full"].attrs,
    )


def _window(sc: Superconductor, keep: str) -> float:
    """Half width of the shell in which eq. 8 is fitted: a quarter of the largest hopping of the kept layer."""
    table = hoppings_of(isolated(sc.model, keep))
    return _WINDOW * max(float(np.abs(m).max()) for cell, m in table.items() if cell != (0, 0))


def _row(full: xr.Dataset, data: xr.Dataset) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    same = np.array_equal(full.winding.values, data.winding.values)
    ends = [np.abs(full[n].values - data[n].values).max(initial=0.0) for n in ("start", "stop")] if same else [np.nan]
    return {
        "start": data.start.values,
        "stop": data.stop.values,
        "winding": data.winding.values.astype(float),
        "fraction": np.array(float(data.fraction)),
        "intervals": np.array(float(data.sizes["interval"])),
        "largest_shift": np.array(max(ends)),
    }
