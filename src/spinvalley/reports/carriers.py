"""The Hall bar of a report: which sweeps give the density, which R_N the mobility, and what was passed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from spinvalley.checks import Floats, InvalidInput, Status
from spinvalley.experiment.hall import HallResult, hall
from spinvalley.experiment.run import Run, read
from spinvalley.experiment.sweeps import Sweep
from spinvalley.reports.measured import Measured, rows
from spinvalley.reports.options import Options

__all__ = ["Carriers", "carriers"]

_LEAST_PART: Final = 0.2  # of the field along the c axis
_SAME_T: Final = 0.01
_ACROSS: Final = "perpendicular"  # what a file of its own shares with the others: no Hall voltage is along the layers
_MARGIN: Final = 1.02  # of Tc: above it a Hall voltage is that of the normal state
_KNOWN: Final = (Status.CONVERGED, Status.NOT_CONVERGED, Status.NORMAL, Status.BEYOND_RANGE)


@dataclass(frozen=True, eq=False)
class Carriers:
    """What the Hall voltage of one sample tells.

    Args:
        source: name of the file.
        channel: of the Hall resistance.
        T: of the sweeps, K.
        B: field along the c axis, (n,), T.
        R: Hall resistance, (n,), Ohm.
        result: density, and mobility and tau where geometry and mass are known.
        rules: what was taken for what, in words.
    """

    source: str
    channel: str
    T: float
    B: Floats
    R: Floats
    result: HallResult
    rules: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Everything but the readings as plain numbers and texts."""
        about = {"source": self.source, "channel": self.channel, "T": self.T, "readings": int(self.B.size)}
        return about | asdict(self.result) | {"rules": list(self.rules)}

    @property
    def both_signs(self) -> bool:
        """Whether both signs of the field were measured, so that only what is odd in it counts."""
        return bool(np.isfinite(self.result.even))

    @property
    def odd(self) -> pd.DataFrame:
        """B and [R(B) - R(-B)]/2 in the range that both signs reach; the readings themselves with one sign only."""
        order = np.argsort(self.B, kind="stable")
        B, R = self.B[order], self.R[order]
        reach = min(B[-1], -B[0])
        if not self.both_signs:
            return pd.DataFrame({"B": B, "R": R})
        at = B[(B > 0) & (reach >= B)]
        return pd.DataFrame({"B": at, "R": (np.interp(at, B, R) - np.interp(-at, B, R)) / 2})


def carriers(files: Sequence[str | Path], measured: Sequence[Measured], options: Options) -> Carriers | None:
    """The Hall result that the options ask for; None if they do not.

    The readings are those of the field sweeps at the highest held temperature, which has to lie above Tc.

    Args:
        files: the measured files.
        measured: what came out of them: Tc, and R_N of the longitudinal channel.
        options: the settings.

    Raises:
        InvalidInput: no such channel, no field sweep of it in the normal state, no R_N in Ohm for the mobility.
    """
    if options.hall is None:
        return None
    run, channel = _source(options.hall, files, options)
    chosen, T = _warmest(run, channel)
    count = f"{len(chosen)} field sweep{'s' * (len(chosen) > 1)}"
    rules = [f"channel {channel} of {run.data.attrs['source']}, {count} at {T:.4g} K"]
    rules += _normal_state(measured, str(options.criterion), T)
    B, R = _readings(chosen, rules)
    given: dict[str, Any] = {}
    if options.squares is not None:
        value, sigma, rule = _normal(measured)
        rules.append(f"sheet resistance: {rule} over {options.squares:.4g} squares")
        given = {"R_xx": value, "sigma_R_xx": sigma, "length": options.squares}
    result = hall(B, R, mass=options.mass, **given)
    if np.isnan(result.even):
        rules.append("caution: one sign of the field only, so that magnetoresistance may be in the slope")
    return Carriers(str(run.data.attrs["source"]), channel, T, B, R, result, tuple(rules))


def _source(name: str, files: Sequence[str | Path], options: Options) -> tuple[Run, str]:
    """The run and the channel of the Hall resistance."""
    if Path(name).is_file():
        run = read(name, theta=options.theta if options.theta == _ACROSS else None, allow_cut=options.allow_cut)
        offsets = run.offsets()
        odd = [str(c) for c, state in zip(run.channels, offsets.status.values, strict=True) if state == "changes sign"]
        found = odd or list(run.channels)
        if len(found) > 1:
            what = "change sign with the field" if odd else "are there and none changes sign with the field"
            raise InvalidInput(f"`hall` must be a file with one Hall resistance, but {', '.join(found)} {what}")
        return run, found[0]
    there: list[str] = []
    for file in files:
        run = read(file, theta=options.theta, allow_cut=options.allow_cut)
        match = next((c for c in run.channels if c.lower() == name.strip().lower()), None)
        if match is not None:
            return run, match
        there += run.channels
    raise InvalidInput(
        f"`hall` must be a file or one of the channels {', '.join(dict.fromkeys(there))}, but is {name!r}"
    )


def _warmest(run: Run, channel: str) -> tuple[list[Sweep], float]:
    """The field sweeps at the highest held temperature whose field is not along the layers, and that temperature."""
    fields = [s for s in run.sweeps() if s.kind == "field" and s.channel == channel]
    across = [s for s in fields if np.isnan(s.theta) or abs(np.cos(np.radians(s.theta))) > _LEAST_PART]
    if not across:
        what = "every one is along the layers" if fields else "there is none"
        raise InvalidInput(f"`hall` must hold a field sweep across the layers in channel {channel}, but {what}")
    top = max(s.T for s in across)
    chosen = [s for s in across if top - s.T <= _SAME_T * top]
    return chosen, float(np.mean([s.T for s in chosen]))


def _readings(sweeps: Iterable[Sweep], rules: list[str]) -> tuple[Floats, Floats]:
    """Field along the c axis and Hall resistance of all readings."""
    B, R, unknown = [], [], False
    for sweep in sweeps:
        unknown = unknown or np.isnan(sweep.theta)
        B.append(sweep.x * (1.0 if np.isnan(sweep.theta) else np.cos(np.radians(sweep.theta))))
        R.append(sweep.R)
    if unknown:
        rules.append("the direction of the field is not in the file: taken as along the c axis")
    return np.concatenate(B), np.concatenate(R)


def _normal_state(measured: Sequence[Measured], criterion: str, T: float) -> list[str]:
    """Refuses a temperature below Tc; a caution where Tc is not known."""
    tc, cold = _tc(measured, criterion), _superconducting(measured, criterion)
    if _MARGIN * tc > T:
        raise InvalidInput(f"`hall` must hold a field sweep above Tc = {tc:.4g} K, but its warmest is at {T:.4g} K")
    if cold >= (1 - _SAME_T) * T:
        raise InvalidInput(
            f"`hall` must hold a field sweep above Tc, but its warmest is at {T:.4g} K, and at {cold:.4g} K there is a "
            "critical field"
        )
    return ["caution: Tc is not known, so that nothing shows that this is the normal state"] if np.isnan(tc) else []


def _superconducting(measured: Sequence[Measured], criterion: str) -> float:
    """The highest temperature with a critical field, K; NaN without."""
    every = [r for one in measured for r in rows(one.fields)]
    found = [r["T"] for r in every if r["criterion"] == criterion and r["status"] == Status.CONVERGED and r["B"] > 0]
    return max(found, default=float("nan"))


def _tc(measured: Sequence[Measured], criterion: str) -> float:
    """The highest Tc of any sweep, K; NaN without."""
    every = [r for one in measured for r in rows(one.temperatures)]
    found = [r["Tc"] for r in every if r["criterion"] == criterion and r["status"] == Status.CONVERGED]
    return max(found, default=float("nan"))


def _normal(measured: Sequence[Measured]) -> tuple[float, float, str]:
    """R_N of the first longitudinal channel in Ohm: median of its sweeps, their typical error, and in words."""
    for one in measured:
        table = rows(one.temperatures) or rows(one.fields)
        good = [r for r in table if r["R_N"] > 0 and r["status"] in _KNOWN]
        if not good:
            continue
        unit = str(one.run.data.R.attrs.get("units", "Ohm"))
        if unit != "Ohm":
            raise InvalidInput(f"`geometry` needs a resistance in Ohm, but {one.name} holds {unit}")
        channel = good[0]["channel"]
        mine = [r for r in good if r["channel"] == channel]
        value = float(np.median([r["R_N"] for r in mine]))
        sigma = float(np.median(np.nan_to_num([r["sigma_R_N"] for r in mine])))
        return value, sigma, f"R_N = {value:.4g} Ohm of channel {channel} ({mine[0]['rule']})"
    raise InvalidInput("`geometry` needs R_N of a longitudinal channel, but there is none")
