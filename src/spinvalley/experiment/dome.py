"""The superconducting dome: critical temperature against carrier density over several devices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, Status, instance
from spinvalley.experiment.hall import HallResult

__all__ = ["Device", "dome"]

_NEEDED: Final = ("Tc", "sigma_Tc", "B", "status")


@dataclass(frozen=True, eq=False)
class Device:
    """One device or one gate voltage.

    Args:
        name: what to call it.
        hall: its Hall result.
        critical: what `critical_temperatures` gave for it; the point in the smallest field counts, the mean of its
            branches if there are several.

    Raises:
        InvalidInput: `hall` or `critical` is something else.
    """

    name: str
    hall: HallResult
    critical: xr.Dataset

    def __post_init__(self) -> None:
        instance("hall", self.hall, HallResult, "hall(B, R_xy)")
        instance("critical", self.critical, xr.Dataset, "critical_temperatures(sweeps)")
        missing = [name for name in _NEEDED if name not in self.critical]
        if missing:
            raise InvalidInput(f"`critical` must be what critical_temperatures gives, but lacks {', '.join(missing)}")


def dome(devices: Iterable[Device]) -> xr.Dataset:
    """Tc against n2D.

    Args:
        devices: any number, at least one.

    Returns:
        Dataset over device, sorted by density: n2D, sigma_n2D in cm^-2, Tc, sigma_Tc in K, B (the field of the Tc) in
        T, mobility in cm^2/(V s), tau in fs, carriers, status. Without a Tc it is NaN, and the status says why.

    Raises:
        InvalidInput: no device, or two of one name.
    """
    known = list(devices)
    for device in known:
        instance("devices", device, Device, 'Device("H1", hall, tc)')
    names = [d.name for d in known]
    if not names or len(set(names)) < len(names):
        raise InvalidInput(f"`devices` must be one at least, of different names, but are {names}")
    known.sort(key=lambda d: d.hall.n2D)
    rows = [_row(device) for device in known]
    units = {"n2D": "cm^-2", "sigma_n2D": "cm^-2", "Tc": "K", "sigma_Tc": "K", "B": "T", "mobility": "cm^2/(V s)"}
    table = xr.Dataset(
        {key: ("device", [row[key] for row in rows]) for key in rows[0]}, coords={"device": [d.name for d in known]}
    )
    for key, unit in (units | {"tau": "fs"}).items():
        table[key].attrs["units"] = unit
    return table


def _row(device: Device) -> dict[str, float | str]:
    points, hall = device.critical, device.hall
    good = (points.status == Status.CONVERGED).values
    chosen = good if good.any() else np.ones(points.sizes["point"], dtype=bool)
    B = points.B.values
    nearest = chosen & (B - B[chosen].min() <= 1e-3)
    several = points.isel(point=np.flatnonzero(nearest))
    return {
        "n2D": hall.n2D,
        "sigma_n2D": hall.sigma_n2D,
        "Tc": float(several.Tc.mean()) if good.any() else np.nan,
        "sigma_Tc": float(np.sqrt((several.sigma_Tc**2).mean() / several.sizes["point"])) if good.any() else np.nan,
        "B": float(several.B.mean()),
        "mobility": hall.mobility,
        "tau": hall.tau,
        "carriers": hall.carriers,
        "status": str(several.status.values[0]),
    }
