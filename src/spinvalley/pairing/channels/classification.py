"""Channels by irreducible representation: an operation turns D(k) into U D(g^-1 k) U^T, U = O (x) s.

Channels of different irreps, or different partners of one, do not meet in the linearised gap equation. Combinations
that belong to one partner of one irrep are projected out of the span of the channels, with the operator
P = (d/|G|) sum_g Gamma_11(g)^* g.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import InvalidInput, Status, instance
from spinvalley.models import Model
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.catalogue import On, named
from spinvalley.pairing.channels.form import Channel, superposition
from spinvalley.pairing.channels.group import PointGroup, point_group
from spinvalley.pairing.channels.irreps import Irrep

_WITHIN = 1e-7
_DIGITS = 9


def available(
    model: Model,
    *,
    shells: int = 1,
    on: On = None,
    resolved: str | None = None,
    zeeman: ArrayLike = 0.0,
    tol: float = 1e-8,
) -> tuple[Channel, ...]:
    """Every channel up to a shell of bonds, adapted to the point group in a field, its irrep filled in.

    A channel of `named` that belongs to one irrep is left as it is; of the others combinations are made and named so,
    e.g. "p_x:y - p_y:x". For `shells`, `on`, `resolved` see `named`, for `zeeman` and `tol` `point_group`.

    Raises:
        InvalidInput: as `named` and `point_group`.

    >>> import spinvalley as sv
    >>> rashba = sv.models.film() + sv.models.Rashba(0.1)
    >>> [c.name for c in available(rashba) if c.irrep == "A1"]
    ['s', 's_ext', 'p_x:y - p_y:x']
    """
    return symmetry_adapted(model, named(model, shells=shells, on=on, resolved=resolved), zeeman, tol=tol)


def symmetry_adapted(
    model: Model, channels: Sequence[Channel], zeeman: ArrayLike = 0.0, *, tol: float = 1e-8
) -> tuple[Channel, ...]:
    """Combinations of channels that belong to one partner of one irrep each; as many as there are channels.

    They come irrep by irrep, the partners of a two-dimensional one next to each other: first the one that behaves like
    x, then the one like y, up to a factor: the first coefficient of each is made real and positive, and a channel that
    needs no others is itself.

    Args:
        model: the model that they pair in.
        channels: linearly independent channels whose span the point group keeps.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        tol: as in `point_group`.

    Raises:
        InvalidInput: channels of another model, two of one name, a span that the group leaves, dependent channels.

    >>> import spinvalley as sv
    >>> film = sv.models.film()
    >>> d = [sv.pairing.channels.channel(film, name) for name in ("d_xy", "d_x2-y2")]
    >>> [(c.name, c.irrep) for c in symmetry_adapted(film, d)]
    [('d_x2-y2', 'E2g'), ('d_xy', 'E2g')]
    """
    group = point_group(model, zeeman, tol=tol)
    overlaps = _overlaps(model, group, channels)
    metric = overlaps[0]
    if np.linalg.eigvalsh(metric)[0] < _WITHIN:
        raise InvalidInput("`channels` must be linearly independent, but one of them is a combination of others")
    action = np.linalg.solve(metric, overlaps).astype(complex)
    kept = np.einsum("gki,kl,gli->gi", action.conj(), metric, action).real
    for i in np.flatnonzero(kept.min(axis=0) < 1 - _WITHIN)[:1]:
        raise InvalidInput(
            f"`channels` must be closed under the point group {group.name} of the model, but it turns "
            f"{channels[i].name!r} into something that is no combination of them"
        )
    found = []
    for irrep in group.irreps:
        for seed, weights in _copies(irrep, action, metric):
            for row in weights:
                found.append(_combined(channels, row, channels[seed].norm, irrep.name))
    return tuple(found)


def classify(model: Model, channels: Sequence[Channel], zeeman: ArrayLike = 0.0, *, tol: float = 1e-8) -> xr.Dataset:
    """Which irreducible representations of the point group channels belong to.

    Args:
        model: the model that they pair in.
        channels: any channels of it, also superpositions such as d + i d.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        tol: as in `point_group`.

    Returns:
        Dataset over channel (their names) and irrep (Mulliken's names): share (channel, irrep), of the norm; of
        (channel), the irrep of a channel, "mixed" if it has several; independent (irrep), number of independent
        channels in the projection of their span; dimension (irrep), 1 or 2. Attributes: group, order. status.

    Raises:
        InvalidInput: no channel, channels of another model, two of one name.

    >>> import spinvalley as sv
    >>> ising = sv.models.ising_film(0.2)
    >>> pair = [sv.pairing.channels.channel(ising, name) for name in ("s", "f:z", "f:x")]
    >>> [str(name) for name in classify(ising, pair)["of"].values]
    ["A1'", "A1'", "E''"]
    """
    group = point_group(model, zeeman, tol=tol)
    overlaps = _overlaps(model, group, channels)
    projected = [
        np.einsum("g,gij->ij", irrep.dimension / group.order * irrep.characters.conj(), overlaps)
        for irrep in group.irreps
    ]
    share = np.array([np.diagonal(p).real for p in projected]).T
    names = [irrep.name for irrep in group.irreps]
    best = np.argmax(share, axis=1)
    return xr.Dataset(
        {
            "share": (("channel", "irrep"), np.clip(share, 0.0, 1.0)),
            "of": (
                "channel",
                [names[j] if row[j] > 1 - _WITHIN else "mixed" for j, row in zip(best, share, strict=True)],
            ),
            "independent": ("irrep", [int(np.sum(np.linalg.eigvalsh(p) > _WITHIN)) for p in projected]),
            "dimension": ("irrep", [irrep.dimension for irrep in group.irreps]),
            "status": ((), str(Status.CONVERGED)),
        },
        coords={"channel": [c.name for c in channels], "irrep": names},
        attrs={"group": group.name, "order": group.order},
    )


def _overlaps(model: Model, group: PointGroup, channels: Sequence[Channel]) -> Matrix:
    """<D_i | g D_j> of normalised channels for every element g, the identity first, (order, n, n)."""
    if not channels:
        raise InvalidInput("`channels` must contain at least one channel, but is empty")
    for place, channel in enumerate(channels):
        instance("channels", channel, Channel, 'channel(film(), "d_xy")')
        channel.check(model)
        if channel.name in [other.name for other in channels[:place]]:
            raise InvalidInput(f"`channels` must have distinct names, but {channel.name!r} occurs twice")
    origins = sorted({cell for c in channels for cell in c.table})
    cells = sorted({g.moved(group.lattice, cell) for g in group.elements for cell in origins})
    places = {cell: n for n, cell in enumerate(cells)}
    basis = np.zeros((len(channels), len(cells), model.dim, model.dim), dtype=complex)
    for row, channel in zip(basis, channels, strict=True):
        for cell, matrix in channel.table.items():
            row[places[cell]] = matrix / np.sqrt(channel.norm)
    bras = 0.5 * basis.conj().reshape(len(channels), -1)
    out = []
    for g in group.elements:
        u, image = g.unitary, np.empty_like(basis)
        image[:, [places[g.moved(group.lattice, cell)] for cell in cells]] = u @ basis @ u.T
        out.append(bras @ image.reshape(len(channels), -1).T)
    return np.array(out)


def _copies(irrep: Irrep, action: Matrix, metric: Matrix) -> list[tuple[int, list[Matrix]]]:
    """(channel that it grew from, weights of every partner) of each copy of an irrep."""
    d = irrep.dimension
    to_partner = np.einsum("gj,gkl->jkl", d / len(action) * irrep.matrices[:, :, 0].conj(), action)
    first, duals = np.zeros((2, 0, len(metric)), dtype=complex)
    found = []
    for seed in range(len(metric)):
        vector = to_partner[0][:, seed]
        vector = vector - (duals @ vector) @ first
        size = np.sqrt(max(float(np.real(vector.conj() @ metric @ vector)), 0.0))
        if size > np.sqrt(_WITHIN):
            vector = vector / size
            first, duals = np.vstack([first, vector]), np.vstack([duals, vector.conj() @ metric])
            found.append((seed, [projector @ vector for projector in to_partner]))
    return found


def _combined(channels: Sequence[Channel], weights: Matrix, norm: float, irrep: str) -> Channel:
    """sum_i w_i D_i / sqrt(n_i) with `norm` paired orbitals; a single channel is itself."""
    chosen = [i for i in range(len(channels)) if abs(weights[i]) > _WITHIN * np.abs(weights).max()]
    if len(chosen) == 1:
        return channels[chosen[0]].named(channels[chosen[0]].name, irrep)
    ratios = np.round(weights[chosen] / weights[chosen[0]], _DIGITS) + 0
    members = tuple(channels[i].normalised() for i in chosen)
    scale = abs(weights[chosen[0]])
    sum_of = superposition(members, scale * ratios, _sentence([c.name for c in members], ratios))
    return sum_of.normalised(norm).named(sum_of.name, irrep)


def _sentence(names: Sequence[str], ratios: Matrix) -> str:
    """The first name plus the others with their coefficients, e.g. "p_x:y - p_y:x"."""
    words = [names[0]]
    for name, ratio in zip(names[1:], ratios[1:], strict=True):
        turned = ratio if abs(ratio.imag) < _WITHIN else ratio / 1j
        if abs(turned.imag) > _WITHIN:
            words.append(f"+ ({ratio:.3g}) {name}")
            continue
        factor = "" if abs(abs(turned.real) - 1) < _WITHIN else f"{abs(turned.real):.3g} "
        words.append(f"{'-' if turned.real < 0 else '+'} {factor}{'' if turned is ratio else 'i '}{name}")
    return " ".join(words)
