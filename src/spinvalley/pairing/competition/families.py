"""Which kind of pair wins: the modes of the linearised problem by the angular form of their largest part."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, instance

_FAMILY = re.compile(r"(?P<letter>[a-z])(?=$|[_:(@ ])")


def families(found: xr.Dataset) -> xr.Dataset:
    """The most unstable mode of each family of channels: s, p, d, f, ...

    The family of a channel is the letter that its name begins with ("s_ext" and "s" are one), or its whole name if that
    begins otherwise. A mode belongs to the family with the largest share of sum_i n_i |Delta_i|^2; with spin-orbit
    coupling or a field it can hold others too, d and p for instance.

    Args:
        found: Dataset of `instabilities` at one point.

    Returns:
        Dataset over family: eigenvalue (NaN where no mode belongs to it) and its error, share (of the family in that
        mode), singlet (share of singlets in it), and the scalars `winner`, the family of the most unstable mode, and
        status.

    Raises:
        InvalidInput: a Dataset without modes.

    >>> import spinvalley as sv
    >>> film = sv.models.film(mu=1.0)
    >>> forms = [c for c in sv.pairing.channels.available(film) if c.name != "s"]
    >>> comp = sv.pairing.Competition(film, forms, sv.pairing.Reduced({c.name: 1.0 for c in forms}))
    >>> str(families(sv.pairing.instabilities(comp, kT=0.05, tol=1e-4)).winner.values)
    'd'
    """
    instance("found", found, xr.Dataset, "instabilities(comp, kT=0.1)")
    if not {"vector", "eigenvalue"} <= set(found) or set(found.vector.dims) != {"mode", "channel"}:
        raise InvalidInput("`found` must be a Dataset of `instabilities` at one point, with vectors (mode, channel)")
    kinds = [family(str(name)) for name in found.channel.values]
    names = sorted(set(kinds), key=lambda kind: ("spdfghi".find(kind) % 99, kind))
    members = np.array([[kind == name for kind in kinds] for name in names], dtype=float)
    weights = np.abs(found.vector.transpose("mode", "channel").values) ** 2 @ members.T
    weights /= weights.sum(axis=1, keepdims=True)
    owner = weights.argmax(axis=1)
    values, errors, shares, singlets = (np.full(len(names), np.nan) for _ in range(4))
    for mode in np.argsort(found.eigenvalue.values):  # the largest last
        place = owner[mode]
        values[place], errors[place] = found.eigenvalue.values[mode], found.error.values[mode]
        shares[place] = weights[mode, place]
        singlets[place] = float(found.share.sel(spin="singlet").values[mode])
    data = {"eigenvalue": values, "error": errors, "share": shares, "singlet": singlets}
    winner = names[owner[int(np.argmax(found.eigenvalue.values))]]
    scalars = {"winner": ((), winner), "status": ((), str(found.status.values[0]))}
    return xr.Dataset({name: ("family", array) for name, array in data.items()} | scalars, {"family": names})


def family(name: str) -> str:
    """The family of a channel by its name."""
    match = _FAMILY.match(name)
    return match["letter"] if match else name
