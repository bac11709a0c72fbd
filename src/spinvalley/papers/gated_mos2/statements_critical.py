"""The claims on critical fields: Pauli limits, Fig. 4c, scattering, and Supplementary Fig. 3 and 5-7."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from spinvalley.pairing import DEVICES, pauli_limit
from spinvalley.papers.claims import Claim, Result, at_least, at_most, equal
from spinvalley.papers.gated_mos2.computed import Computed

_PAGE: Final = "p. 5"
_SHARE: Final = 0.05
_NEGLIGIBLE: Final = at_most(_SHARE, '"negligible" is taken as at most 5 %')
_CONSIDERABLE: Final = at_least(0.1, '"considerably" is taken as at least 10 %')
_ORDERS: Final = {0: "none", 1: "first order", 2: "continuous"}
_DEVICE_TC: Final = 9.7
_PUBLISHED_TAU: Final = 17.9
_EXACT: Final = 1e-6


def critical_claims(data: Computed) -> list[Claim]:
    """All claims of this part that need no data."""
    groups = (_limits, _zeeman, _rashba_ratio, _momentum, _triplet, _density, _pure_rashba, _scattering)
    return [claim for group in groups for claim in group(data)]


def measured_claims(data: Computed) -> list[Claim]:
    """The claims that need the digitised points; none without them."""
    if data.measured is None:
        return []
    p, m = data.parameters, data.measured
    file = f"digitised points of {m.file.name}, Tc = {p.tc:g} K"
    return [
        Claim(
            "klb-fit", f"the data of H1 are fitted by KLB theory with tau_so = {_PUBLISHED_TAU:g} fs", "Supp. Fig. 3",
            "fitted tau_so", equal(_PUBLISHED_TAU, 2, "17.9 within 2"), (Result(m.klb.value, m.klb.error),), unit="fs",
            assumption=file, comment=f"{m.klb.rms:.2g} T rms are left",
        ),
        Claim(
            "klb-well", "... well", "p. 4", "scatter around the fit over the largest field",
            at_most(_SHARE, '"well" is taken as at most 5 % rms'), (Result(m.klb.rms / float(m.points.B.max())),),
            assumption=file,
        ),
        Claim(
            "fitted-ratio", f"the best agreement with the data is at a Rashba ratio of {p.best_ratio:g}",
            "p. 5, Fig. 4c", "fitted Rashba ratio", equal(p.best_ratio, 0.03, f"{p.best_ratio:g} within 0.03"),
            (Result(m.ratio.value, m.ratio.error),),
            assumption=f"{file}; {p.density:.2g} cm^-2, field along x, Fermi-surface average, all points",
            comment=f"{m.ratio.rms:.2g} T rms are left; {_worst(data)}",
        ),
    ]  # fmt: skip


def _limits(data: Computed) -> list[Claim]:
    p = data.parameters
    limit = float(pauli_limit(p.tc))
    return [
        Claim(
            "bcs", "the Pauli limit of a BCS superconductor is 1.86 Tc", "p. 3", "limit at T = 0",
            equal(1.86, 0.005), (Result(float(pauli_limit(1.0)), _EXACT),), unit="T/K",
            assumption="g = 2, first-order transition",
        ),
        Claim(
            "limit-h1", f"it is 12 T for Tc = {p.tc:g} K", "p. 4", "limit at T = 0", equal(12, 0.5),
            (Result(limit, _EXACT),), unit="T",
        ),
        Claim(
            "limit-first", f"it is 18 T for Tc = {_DEVICE_TC:g} K", "p. 3", "limit at T = 0", equal(18, 0.5),
            (Result(float(pauli_limit(_DEVICE_TC)), _EXACT),), unit="T",
        ),
        Claim(
            "four", f"{p.measured:g} T is more than four times this limit", "p. 4", f"{p.measured:g} T over the limit",
            at_least(4), (Result(p.measured / limit, _EXACT),),
        ),
    ]  # fmt: skip


def _zeeman(data: Computed) -> list[Claim]:
    p, low = data.parameters, data.parameters.lowest
    found = {name: line.sel(T=low) for name, line in data.critical.zeeman.items() if not name.startswith("no")}
    order = "; ".join(f"{name}: {_ORDERS[int(line.order)]}" for name, line in found.items())
    above = {ratio: line.sel(T=p.cold) for ratio, line in data.critical.lines.items()}
    limit = float(pauli_limit(p.tc))
    return [
        Claim(
            "zeeman", f"with Zeeman-type coupling only the Pauli limit is larger than 70 T at {low:g} K", _PAGE,
            f"Hc2 at {low:g} K", at_least(70, "above 70"), tuple(_field(line, name) for name, line in found.items()),
            unit="T", variable="treatment", assumption=f"{p.density:.2g} cm^-2, Tc = {p.tc:g} K, clean",
            comment=f"order of the transition by the free energy: {order}",
        ),
        Claim(
            "enhanced", "the Pauli limit is enhanced by a factor of four", "abstract",
            f"Hc2({p.cold:g} K) over 1.86 Tc",
            at_least(4), tuple(Result(float(q.B) / limit, float(q.error) / limit, r, str(q.status.values))
                               for r, q in above.items()),
            variable="Rashba ratio", assumption=f"one-band lattice model, {p.density:.2g} cm^-2",
        ),
    ]  # fmt: skip


def _rashba_ratio(data: Computed) -> list[Claim]:
    p, lines = data.parameters, data.critical.lines
    bare = lines[0.0].sel(T=p.lowest)
    fall = []
    for ratio, line in lines.items():
        here = line.sel(T=p.lowest)
        error = (float(here.error) + float(bare.error)) / float(bare.B)
        if ratio > 0:
            fall.append(Result(1 - float(here.B / bare.B), error, at=ratio, status=str(here.status.values)))
    cold = data.critical.cold
    conditions = [
        f"{float(n):.2g} cm^-2 along {d}" for n, d in zip(cold.density.values, cold.direction.values, strict=True)
    ]
    rows = list(zip(cold.B.values, cold.error.values, cold.status.values, conditions, strict=True))
    needed = zip(cold.needed.values, cold.needed_error.values, conditions, strict=True)
    common = {"variable": "density and field", "assumption": f"one-band lattice model, Tc = {p.tc:g} K, pairs without "
              "momentum"}  # fmt: skip
    return [
        Claim(
            "suppressed", "with the small Rashba-type coupling included, the limit is considerably suppressed", _PAGE,
            f"relative fall of Hc2({p.lowest:g} K)", _CONSIDERABLE, tuple(fall), variable="Rashba ratio",
            assumption=f"one-band lattice model, {p.density:.2g} cm^-2, field along x",
        ),
        Claim(
            "best", f"at a Rashba ratio of {p.best_ratio:g} it agrees with the {p.measured:g} T at {p.cold:g} K", _PAGE,
            f"Hc2({p.cold:g} K)", equal(p.measured, 2.6, f"{p.measured:g} within 5 %"),
            tuple(Result(float(B), float(e), at=c, status=str(s)) for B, e, s, c in rows), unit="T", **common,
        ),
        Claim(
            "needed", f"... that is, {p.measured:g} T need a Rashba ratio of {p.best_ratio:g}", _PAGE,
            f"ratio at which Hc2({p.cold:g} K) = {p.measured:g} T", equal(p.best_ratio, 0.02, "0.1 within 0.02"),
            tuple(Result(float(r), float(e), at=c) for r, e, c in needed), **common,
        ),
    ]  # fmt: skip


def _momentum(data: Computed) -> list[Claim]:
    p, found = data.parameters, data.critical.lattice_momentum
    results = []
    for ratio, line in found.items():
        best, zero = float(line.B[0]), float(line.B_linear[0])
        status = str(line.status.values[0])
        results.append(Result(best / zero - 1, float(line.error[0]) / zero, at=ratio, status=status))
    q = ", ".join(f"{float(np.hypot(*line.q.values[0])):.3g} at {ratio:g}" for ratio, line in found.items())
    return [
        Claim(
            "fflo", "the enhancement by a Fulde-Ferrell-Larkin-Ovchinnikov (helical) state is negligible", "p. 5",
            f"relative gain of Hc2({p.lowest:g} K) by the best pair momentum", _NEGLIGIBLE, tuple(results),
            variable="Rashba ratio", assumption=f"one-band lattice model, {p.density:.2g} cm^-2, field along x, "
            "continuous transition", comment=f"|q| in 1/nm: {q}",
        )
    ]  # fmt: skip


def _triplet(data: Computed) -> list[Claim]:
    p, found = data.parameters, data.critical.triplet
    rows = zip(found.ratio.values, found.gain.values, found.error.values / found.B.values, found.status.values,
               found.share.values, strict=True)  # fmt: skip
    listed = list(rows)
    shares = ", ".join(f"{100 * float(share):.2g} % at {float(r):g}" for r, *_, share in listed)
    return [
        Claim(
            "triplet", "the enhancement by induced spin-triplet components is negligible", "p. 5",
            f"relative gain of Hc2({p.cold:g} K) by an f-wave channel", _NEGLIGIBLE,
            tuple(Result(float(gain), float(e), at=float(r), status=str(s)) for r, gain, e, s, _ in listed),
            variable="Tct/Tc", assumption=f"Fermi-surface average, Rashba ratio {p.band_ratio:g}; Tct is the critical "
            "temperature of the f-wave channel alone without spin-orbit coupling (0: on-site attraction only)",
            comment=f"share of the triplet at the field of the singlet alone: {shares}",
        )
    ]  # fmt: skip


def _density(data: Computed) -> list[Claim]:
    p, density, tcs = data.parameters, data.critical.density, data.critical.tcs
    fall = 1 - density.B.sel(ratio=p.band_ratio) / density.B.sel(ratio=0.0)
    error = density.error.sum("ratio") / density.B.sel(ratio=0.0)
    status = density.status.sel(ratio=p.band_ratio).values
    spread = {name: _spread(table.B.sel(ratio=p.band_ratio)) for name, table in (("density", density), ("Tc", tcs))}
    low, high = (float(density.splitting.sel(ratio=0.0)[n]) for n in (0, -1))
    assumed = f"Fermi-surface average, couplings calibrated at {p.density:.2g} cm^-2 and kept, {p.cold:g} K"
    return [
        Claim(
            "rashba-density", f"the contribution of Rashba coupling ({p.band_ratio:g}) is negligible at every density",
            "p. 5, Supp. Fig. 7", "relative fall of Hc2", _NEGLIGIBLE,
            tuple(Result(float(f), float(e), at=float(n), status=str(s)) for f, e, n, s in
                  zip(fall.values, error.values, density.density.values, status, strict=True)),
            variable="density (cm^-2)", assumption=assumed,
        ),
        Claim(
            "controlled", "the limit is predominantly controlled by the Zeeman-type coupling and Tc",
            "p. 5, Supp. Fig. 7", "largest over smallest Hc2 over the range of this quantity",
            at_least(1.2, "at least 1.2, many times what Rashba coupling does"),
            tuple(Result(value, 1e-3, at=name) for name, value in spread.items()), variable="quantity",
            assumption=f"{assumed}; Tc from {p.critical_temperatures[0]:g} to {p.critical_temperatures[-1]:g} K",
            comment=f"the splitting grows with the density, from {low:.1f} to {high:.1f} meV",
        ),
    ]  # fmt: skip


def _pure_rashba(data: Computed) -> list[Claim]:
    p, found, limit = data.parameters, data.critical.rashba, float(pauli_limit(data.parameters.tc))
    rows = zip(found.treatment.values, found.B.values, found.error.values, found.status.values, strict=True)
    return [
        Claim(
            "pure-rashba", "Rashba coupling alone can be ruled out as the origin", "p. 5",
            f"Hc2({p.cold:g} K) over 1.86 Tc", at_most(4, "below the four that is measured"),
            tuple(Result(float(B) / limit, float(e) / limit, at=str(name), status=str(s)) for name, B, e, s in rows),
            variable="splitting and pairs", assumption="two helical bands, equal densities of states, field in plane",
            comment="without pair momentum only the field along the spins of a point breaks its pairs: at most "
            "sqrt2 times the limit",
        )
    ]  # fmt: skip


def _scattering(data: Computed) -> list[Claim]:
    zero = data.klb_zero
    return [
        Claim(
            "tau", "in all devices tau > tau_so, against the assumption of KLB theory", "p. 4, Supp. Table 1",
            "tau/tau_so", at_least(1, "above 1"),
            tuple(Result(d.tau / d.tau_so, _EXACT, at=d.name) for d in DEVICES), variable="device",
            assumption="published times", comment="the theory needs tau << tau_so: its fits are unphysical",
        ),
        Claim(
            "klb-zero", "the KLB curve of H1 reaches 60.1 T at T = 0", "Supp. Fig. 3", "H(0)",
            equal(60.12, 0.1), (Result(float(zero.B), float(zero.error), status=str(zero.status.values)),), unit="T",
            assumption=f"tau_so = {_PUBLISHED_TAU:g} fs, Tc = 6.5 K",
        ),
    ]  # fmt: skip


def _worst(data: Computed) -> str:
    """The point that the fitted Rashba ratio misses most, in words."""
    assert data.measured is not None
    points, fit = data.measured.points, data.measured.fitted
    off = points.B.sel(T=fit["T"]).values - fit.values
    n = int(np.argmax(np.abs(off)))
    side = "above" if off[n] > 0 else "below"
    return f"the point at {float(fit['T'][n]):g} K lies {abs(off[n]):.1f} T {side} the curve"


def _field(point: xr.Dataset, at: str | float) -> Result:
    return Result(float(point.B), float(point.error), at=at, status=str(point.status.values))


def _spread(values: xr.DataArray) -> float:
    return float(values.max() / values.min())
