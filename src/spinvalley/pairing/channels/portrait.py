"""A channel over the Brillouin zone, to be looked at."""

from __future__ import annotations

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, instance, whole
from spinvalley.models.model import Matrix
from spinvalley.pairing.channels.form import Channel, vector


def over_zone(channel: Channel, *, orbital: int | None = None, points: int = 201) -> xr.Dataset:
    """Singlet psi(k) and triplet vector d(k) of a channel on a mesh around the Brillouin zone.

    Args:
        channel: the channel.
        orbital: whose pairs within the orbital are shown; None: of the only orbital that pairs with itself.
        points: of each axis.

    Returns:
        Dataset over ky and kx (1/length): form (component: psi, d_x, d_y, d_z; ky, kx; complex), zone_corners.

    Raises:
        InvalidInput: no channel, an orbital that is not there, or none given where several pair.

    >>> import spinvalley as sv
    >>> data = over_zone(sv.pairing.channels.channel(sv.models.film(), "d_xy"), points=5)
    >>> data.form.sizes
    Frozen({'component': 4, 'ky': 5, 'kx': 5})
    """
    instance("channel", channel, Channel, 'channels.channel(film(), "d_xy")')
    points = whole("points", points, 2)
    place = _orbital(channel, orbital)
    corners = channel.lattice.zone_corners
    low, high = corners.min(axis=0), corners.max(axis=0)
    kx, ky = (np.linspace(low[n], high[n], points) for n in (0, 1))
    k = np.stack(np.meshgrid(kx, ky), axis=-1)
    here = slice(2 * place, 2 * place + 2)
    units = {"units": "1/length"}
    return xr.Dataset(
        {
            "form": (("component", "ky", "kx"), np.moveaxis(vector(channel.matrix(k)[..., here, here]), -1, 0)),
            "zone_corners": (("corner", "xy"), corners, units),
        },
        {"component": ["psi", "d_x", "d_y", "d_z"], "kx": ("kx", kx, units), "ky": ("ky", ky, units)},
        {"channel": channel.name, "orbital": place},
    )


def _orbital(channel: Channel, orbital: int | None) -> int:
    size = len(channel.layers)
    if orbital is not None:
        if whole("orbital", orbital, 0) >= size:
            raise InvalidInput(f"`orbital` must be below {size}, the number of orbitals, but is {orbital}")
        return int(orbital)
    total: Matrix = np.sum([np.abs(m) for m in channel.table.values()], axis=0)
    alone = [n for n in range(size) if np.any(total[2 * n : 2 * n + 2, 2 * n : 2 * n + 2])]
    if len(alone) != 1:
        raise InvalidInput(
            f"`orbital` must say whose pairs are shown, as {len(alone)} of {channel.name!r} pair with themselves"
        )
    return alone[0]
