"""The claims of gated_mos2.txt, each with our value, its error, the rule of its verdict and what we assumed."""

from __future__ import annotations

from typing import Final

import numpy as np

from spinvalley.papers.claims import Claim, ClaimsTable, Result, at_least, at_most, equal
from spinvalley.papers.gated_mos2.computed import Computed
from spinvalley.papers.gated_mos2.normal_state import KP, ONE_BAND, Q_DEGENERACY, Q_MASS
from spinvalley.papers.gated_mos2.parameters import TITLE
from spinvalley.papers.gated_mos2.statements_critical import critical_claims, measured_claims

_TEXT: Final = "p. 5"
_MODEL: Final = "model"
_ROUND: Final = 1e-9
_TABLES: Final = "k.p: Kormanyos et al. 2015; three-band: Liu et al. 2013, nearest (NN) and third neighbours (TNN)"


def claims(data: Computed) -> ClaimsTable:
    """The claims table of the paper."""
    groups = (_splittings, _confinement, _q_valleys, _polarisation, critical_claims, measured_claims)
    return ClaimsTable(TITLE, tuple(claim for group in groups for claim in group(data)), _remarks(data))


def _splittings(data: Computed) -> list[Claim]:
    found = data.normal.numbers
    names = [str(name) for name in found.model.values]
    density = data.parameters.density

    def results(quantity: str, chosen: list[str]) -> tuple[Result, ...]:
        return tuple(Result(float(found[quantity].sel(model=name)), _ROUND, at=name) for name in chosen)

    bands = [name for name in names if name != ONE_BAND]
    return [
        Claim(
            "valence", "the spin splitting is 148 meV at the top of the valence band", "p. 1", "splitting at K",
            equal(148, 3, "148 within 3"), results("valence", bands), unit="meV", variable=_MODEL, assumption=_TABLES,
            comment="an input of k.p; 2 lambda in the three-band model",
        ),
        Claim(
            "conduction", "... and 3 meV at the bottom of the conduction band", "p. 1", "splitting at K",
            equal(3, 0.5, "3 within 0.5"), results("conduction", names), unit="meV", variable=_MODEL,
            assumption=_TABLES, comment="an input of k.p and of the one-band model; L.S in first "
            "order, in the three-band model, cannot split the pure d_z2 state at K",
        ),
        Claim(
            "crossing", "slightly away from K the spin-split bands cross each other", _TEXT,
            "distance from K at which they cross, 0: they do not", at_least(1e-3, "more than 0"),
            results("crossing", names), unit="1/nm", variable=_MODEL,
            assumption=f"line K-M; {_TABLES}", comment="the one-band model was made to cross: the sign of beta",
        ),
        Claim(
            "fermi-splitting", f"the splitting becomes about 13 meV at the Fermi level at {density:.2g} cm^-2", _TEXT,
            "splitting at the Fermi level", equal(13, 1.3, "13 within 10 %"), results("fermi", names), unit="meV",
            variable=_MODEL, assumption=f"all carriers in one layer; mean over the Fermi lines by density of states; "
            f"{_TABLES}", comment="the one-band model is calibrated to 13 meV at k_F on K-M",
        ),
    ]  # fmt: skip


def _confinement(data: Computed) -> list[Claim]:
    p, normal = data.parameters, data.normal
    top = [
        Result(float(gate.fraction[0]), float(gate.error), at=f"eps = {eps:g}", status=str(gate.status.values))
        for eps, gate in normal.gates.items()
    ]
    warm = normal.warm
    top.append(
        Result(float(warm.fraction[0]), float(warm.error), f"eps = {p.eps:g} at {p.warm:g} K", str(warm.status.values))
    )
    eps = {1.0: float(normal.gates[p.eps].vacuum_field)}
    eps |= {e: float(gate.surface_field) for e, gate in normal.gates.items()}
    return [
        Claim(
            "confined", "the accumulation layer is effectively confined within the topmost layer", "p. 4",
            "share of the carriers in the topmost layer",
            at_least(0.8, '"effectively confined" is taken as at least 80 %'), tuple(top), variable="condition",
            assumption="K valleys, m = 0.445, d = 0.615 nm, T = 0 if not said; eps = 6.9: Laturia 2018",
            comment=f"it does not depend on the density at T = 0; closed form for eps = {p.eps:g}: "
            f"{float(normal.gates[p.eps].closed[0]):.6f}",
        ),
        Claim(
            "field", "a strong electric field of about 50 MV/cm", _TEXT, "field above the topmost layer",
            equal(50, 10, "50 within 10"), tuple(Result(v, _ROUND, at=e) for e, v in eps.items()), unit="MV/cm",
            variable="eps", assumption=f"e n/(eps0 eps) at {p.density:.2g} cm^-2, no field below the crystal",
            comment=f"50 MV/cm needs eps = {eps[1.0] / 50:.3g}",
        ),
    ]  # fmt: skip


def _q_valleys(data: Computed) -> list[Claim]:
    p, q = data.parameters, data.normal.q_valleys
    conditions = [f"{float(o):g} (t = {float(t):g})" for o, t in zip(q.offset.values, q.hopping.values, strict=True)]
    filled = tuple(
        Result(float(f), float(e), at=c, status=str(s))
        for f, e, c, s in zip(q.fraction.values, q.error.values, conditions, q.status.values, strict=True)
    )
    onsets = ", ".join(f"{float(q.onset[q.hopping == t][0]):.1f} for t = {t:g}" for t in p.q_hoppings)
    return [
        Claim(
            "q-empty", "only the valleys at +K and -K are filled", "p. 4", "share of the carriers in the Q valleys",
            at_most(1e-3, "at most 0.1 %"), filled, variable="E_Q - E_K (meV)",
            assumption=f"Q valleys: m = {Q_MASS:g}, {Q_DEGENERACY} of them with spin, hopping t between the layers in "
            f"meV; eps = {p.eps:g}, T = 0",
            comment=f"Q starts to fill where E_Q - E_K is below {onsets} meV; the three-band TNN model has 265",
        ),
    ]  # fmt: skip


def _polarisation(data: Computed) -> list[Claim]:
    p, lines = data.parameters, data.normal.contours
    model = p.model(p.band_ratio)
    g = model.parameters.spin_orbit(_on_k_m(model.lattice.momentum("K"), model.calibration.k_fermi))
    at_k = model.parameters.spin_orbit(model.lattice.momentum("K"))
    shares = lines.dos_share.values
    mean = float(lines.in_plane_mean.values @ shares)
    values = {"k_F on K-M": _in_plane(g), "mean of the lines": mean, "maximum": float(lines.in_plane_max.max())}
    return [
        Claim(
            "in-plane", "the in-plane spin component is less than 2 % of the total", _TEXT,
            "share of the in-plane spin on the Fermi lines", at_most(0.02, "below 0.02"),
            tuple(Result(v, _ROUND, at=name) for name, v in values.items()), variable="place",
            assumption=f"one-band model, Rashba ratio {p.band_ratio:g} at k_F on K-M (a calibration, no prediction)",
            comment="the Ising splitting is smaller on Gamma-K and on the inner line: the share is larger",
        ),
        Claim(
            "c3", "no in-plane component is allowed at the K points (C3)", _TEXT, "share of the in-plane spin at K",
            at_most(_ROUND, "zero to rounding"), (Result(_in_plane(at_k)),), assumption="one-band model",
        ),
        Claim(
            "opposite", "the inner and the outer Fermi line have opposite out-of-plane spins", "Fig. 4a",
            "product of their mean s_z in one valley", at_most(-0.99, "opposite and nearly full"),
            (Result(_product(data)),), assumption="one-band model",
        ),
    ]  # fmt: skip


def _on_k_m(
    centre: np.ndarray[tuple[int, ...], np.dtype[np.float64]], radius: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(centre + radius * np.array([np.sqrt(3) / 2, -0.5]))


def _in_plane(g: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.hypot(g[0], g[1]) / np.linalg.norm(g))


def _product(data: Computed) -> float:
    lines = data.normal.contours
    here = lines.isel(contour=np.flatnonzero(lines.valley.values == "K"))
    return float(np.prod(here.sz.mean("point").values)) if here.sizes["contour"] == 2 else float("nan")


def _remarks(data: Computed) -> tuple[str, ...]:
    p, k_p = data.parameters, float(data.normal.numbers.fermi.sel(model=KP))
    lattice, surface = data.critical.zeeman["lattice"], data.critical.zeeman["Fermi surface"]
    apart = float(np.nanmax(np.abs(surface.B / lattice.B - 1)))
    remarks = [
        "The paper prints no hoppings of its one-band model; they are inferred from Supplementary Fig. 4 (t1 = 229.5 "
        "meV, t2 = -0.40 t1, t3 = 0.05 t1) and calibrated to 3 meV at K, 13 meV and the Rashba ratio at k_F on K-M. "
        f"The k.p bands give {k_p:.3f} meV at the Fermi level without any of that.",
        "Every Hc2 is the field at which the superconducting equilibrium state ends; the order follows from the free "
        "energy. "
        f"Fermi-surface averages differ from the lattice by up to {100 * apart:.2g} % without Rashba coupling, their "
        f"gain by a pair momentum by up to {100 * _gain_apart(data):.2g} percentage points.",
    ]
    if data.measured is None:
        remarks.append(
            "What rests on the digitised points (the fitted tau_so, the Rashba ratio that fits best) needs the data "
            "file; it was not found."
        )
    else:
        fit = data.measured.ratio
        remarks.append(
            f"The best fit of the Rashba ratio leaves {fit.rms:.2g} T rms (digitisation: 0.3 T), and it neglects the "
            f"momentum of the pairs, which raises the field at {p.best_ratio:g}."
        )
    return tuple(remarks)


def _gain_apart(data: Computed) -> float:
    """Largest difference of the relative gain by a pair momentum, Fermi-surface average and lattice."""
    p, average = data.parameters, data.critical.momentum.gain
    differences = [
        abs(float(line.B[0] / line.B_linear[0]) - 1 - float(average.sel(ratio=ratio, T=p.lowest)))
        for ratio, line in data.critical.lattice_momentum.items()
        if ratio in average.ratio.values
    ]
    return max(differences, default=float("nan"))
