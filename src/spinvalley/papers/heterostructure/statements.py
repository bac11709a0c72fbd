"""The claims of heterostructure.txt, each with our value, its error, the rule of its verdict and what we assumed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
import xarray as xr

from spinvalley.models.model import TightBinding
from spinvalley.normal import (
    equation_5,
    fermi_contours,
    fermi_momentum,
    induced,
    printed_equation_5,
    spectral_densities,
)
from spinvalley.papers.claims import Claim, ClaimsTable, Result, Rule, at_least, at_most, equal
from spinvalley.papers.heterostructure import algebra
from spinvalley.papers.heterostructure.computed import Computed
from spinvalley.papers.heterostructure.curves import lowest
from spinvalley.papers.heterostructure.parameters import TITLE
from spinvalley.papers.heterostructure.statements_edge import edge_claims, remark
from spinvalley.units import K_B, MU_B

_ROUND: Final = 1e-12
_LADDER: Final = "Delta0/|t|"
_NO_V: Final = "v is the one that gives the isolated layer this gap"
_SAME_ORDER: Final = at_least(10**-0.5, "at least 10^(-1/2), so that the two are of the same order of magnitude")
_SEVERAL: Final = at_least(2, '"several" is taken as at least 2')
_SECOND: Final = equal(2, 0.1, "the order is 2")
_FIRST: Final = equal(1, 0.1, "the order is 1")


def claims(data: Computed) -> ClaimsTable:
    """The claims table of the paper."""
    groups: tuple[Callable[[Computed], list[Claim]], ...] = (
        _model,
        _proximity,
        _interaction,
        _spectral,
        _critical,
        _ladder,
        edge_claims,
    )
    return ClaimsTable(TITLE, tuple(claim for group in groups for claim in group(data)), _remarks(data))


def _model(data: Computed) -> list[Claim]:
    p = data.parameters
    h = p.tmd().hamiltonian(p.tmd().lattice.momentum("K"))
    splitting = abs(float((h[0, 0] - h[1, 1]).real)) / p.beta_so
    pockets = data.fermi["tmd"]
    spins = np.sign(pockets.sz.mean("point").values)
    return [
        Claim(
            "splitting", "the spin splitting at the K points is 3 sqrt3 beta_SO (5.196 beta_SO)", "text after eq. 2",
            "E_up - E_dn at K", equal(3 * 3**0.5, 1e-6), (Result(splitting, _ROUND),), unit="beta_SO",
            comment="it is 6 sqrt3 beta_SO; the printed value is the shift of one band",
        ),
        Claim(
            "pockets", "only a single spin band of the dichalcogenide crosses the Fermi energy", "Fig. 1b",
            "Fermi lines in the zone, one in each valley", equal(2, 0.1), (Result(pockets.sizes["contour"]),),
        ),
        Claim(
            "valleys", "the Fermi pockets at opposite K points have opposite spins", "Fig. 1b",
            "product of their signs of s_z", equal(-1, 0.1), (Result(float(np.prod(spins))),),
        ),
    ]  # fmt: skip


def _proximity(data: Computed) -> list[Claim]:
    p = data.parameters
    k = _fermi_point(p.film())
    layer = {"t": p.t, "mu": p.mu_tmd, "beta_so": p.beta_so, "coupling": p.strongest}
    ours = float(induced(p.bilayer(p.strongest), "sc", k).ising)
    closed, printed = float(equation_5(k, **layer)), float(printed_equation_5(k, **layer))
    place = "at the Fermi line of the bare superconductor on Gamma-K"
    error = abs(closed - ours) + _ROUND
    return [
        Claim(
            "induced", "the superconductor acquires an Ising spin-orbit term", "before eq. 5",
            f"static half-splitting {place}", at_most(-1e-3, "clearly not zero: at most -0.001"),
            (Result(ours, error),), unit="|t|", assumption=f"Gamma = {p.strongest:g}",
        ),
        Claim(
            "eq5-sign", "sign of the induced term in eq. 5", "eq. 5", f"printed over exact value {place}",
            at_least(0, "the ratio is positive"), (Result(printed / ours, error / abs(ours)),),
            comment="exact: + Gamma^2 2 beta S / [(2tC - mu)^2 - (2 beta S)^2], a pole on the TMD Fermi line",
        ),
        Claim(
            "eq5-size", "size of the induced term in eq. 5", "eq. 5", f"|printed over exact value| {place}",
            equal(1, 0.01), (Result(abs(printed / ours), error / abs(ours)),),
        ),
    ]  # fmt: skip


def _interaction(_: Computed) -> list[Claim]:
    corrected = algebra.lowest_energy(as_printed=False)
    ratio = algebra.anomalous_average(as_printed=True) / algebra.anomalous_average(as_printed=False)
    return [
        Claim(
            "attraction", "-v sum s+_k,up s+_-k,dn s_q,up s_-q,dn with v > 0 binds pairs", "before eq. 7",
            "lowest eigenvalue of the interaction on the states k and -k", at_most(-1, "negative, at most -1"),
            (Result(algebra.lowest_energy(as_printed=True), _ROUND),), unit="v",
            comment=f"repulsive as printed; in the order s_-q,dn s_q,up, which is used here, it is {corrected:.6g} v",
        ),
        Claim(
            "pairs", "Delta = v sum <s_k,up s_k,dn>", "eq. 7",
            "printed average over that of s_-k,dn s_k,up in a superconducting ground state", equal(1, 1e-6),
            (Result(ratio, _ROUND),),
            comment="zero by momentum conservation: one k lacks its minus sign; used here: v sum <s_-k,dn s_k,up>",
        ),
    ]  # fmt: skip


def _spectral(data: Computed) -> list[Claim]:
    p = data.parameters
    model = p.bilayer(p.strongest)
    line = fermi_contours(p.film(), points=240).k.values[0]
    ratios = []
    for eta in p.broadenings:
        rho0, rho3 = spectral_densities(model, line, broadening=eta)
        ratios.append(Result(float(np.max(np.abs(rho3) / rho0)), _ROUND, at=eta))
    mirror = np.linspace(0, 1, 201)[:, None] * model.lattice.momentum("M")
    on_line = np.abs(spectral_densities(model, mirror, broadening=p.broadenings[-1])[1]).max()
    here, there = (spectral_densities(model, s * line, broadening=p.broadenings[-1]) for s in (1, -1))
    odd = np.abs(here[1] + there[1]).max() / np.abs(here[1]).max()
    return [
        Claim(
            "rho3", "the maximal amplitude of rho3 is in the order of rho0", "Fig. 2",
            "largest |rho3|/rho0 on the Fermi line of the bare superconductor", _SAME_ORDER, tuple(ratios),
            variable="broadening/|t|", assumption="the broadening of eq. 6 is not printed",
        ),
        Claim(
            "rho3-odd", "rho3 has opposite signs at opposite k points", "Fig. 2b",
            "largest |rho3(k) + rho3(-k)| over the largest |rho3| on that line", at_most(1e-9), (Result(float(odd)),),
        ),
        Claim(
            "rho3-mirror", "rho3 vanishes along the Gamma-M lines", "Fig. 2b",
            "largest |rho3| on Gamma-M over the largest rho0 of the line", at_most(1e-9),
            (Result(float(on_line / here[0].max())),),
        ),
    ]  # fmt: skip


def _critical(data: Computed) -> list[Claim]:
    p = data.parameters
    alone = data.lines[0.0]
    cold, peak = alone.isel(kT=0), alone.isel(kT=int(np.argmax(alone.u.values)))
    at = f"Delta0/|t| = {p.gap0:g}: {_NO_V}"
    return [
        _pauli(data),
        Claim(
            "limited", "at Gamma = 0 Hc2 is limited by the Pauli limit", "Fig. 3a",
            "largest Hc2 of the isolated layer", equal(1, 0.02, "1 within 0.02"), (_result(peak),), unit="H_P",
            assumption=at, comment=f"V = {float(peak.zeeman) / p.gap0:.6f} Delta0 at T/Tc = {float(peak.t):.3g}",
        ),
        Claim(
            "tc-falls", "Tc decreases as Gamma increases", "Fig. 3a", "Tc over that of the previous Gamma, minus 1",
            at_most(0, "negative"), _tc_steps(data), variable="Gamma/|t|", assumption=at,
        ),
        Claim(
            "map-b", "without the TMD the field-driven transition at low T is first order", "Fig. 3b",
            f"order of the transition at T/Tc = {float(cold.t):.2g}", _FIRST,
            (Result(float(cold.order), status=str(cold.status.values)),), assumption=at,
            comment=f"the gap just inside is {float(cold.gap) / p.gap0:.4f} Delta0; " + _tricritical(alone),
        ),
        _map_c(data, at),
    ]  # fmt: skip


def _pauli(data: Computed) -> Claim:
    ratios = tuple(
        Result(gap0 / 2**0.5 / float(layer.tc) * K_B / MU_B, 3 * float(layer.tc.error) / float(layer.tc), at=gap0)
        for gap0, layer in data.layers.items()
    )
    return Claim(
        "pauli", "H_P = 1.86 Tc", "introduction", "Delta0 / (sqrt2 mu_B Tc) of the isolated layer",
        equal(1.86, 0.015, "1.86 within 0.015"), ratios, unit="T/K", variable=_LADDER,
        assumption="V = mu_B H (g = 2); the paper's 2 mu_B H_x below eq. 2 would halve H",
    )  # fmt: skip


def _tc_steps(data: Computed) -> tuple[Result, ...]:
    """Relative change of Tc from each Gamma to the next."""
    tcs = [(gamma, line.attrs["tc"], _tc_error(line)) for gamma, line in data.lines.items()]
    return tuple(
        Result(here / last - 1, error + before, gamma) for (_, last, before), (gamma, here, error) in pairwise(tcs)
    )


def _map_c(data: Computed, at: str) -> Claim:
    p = data.parameters
    line = data.lines[p.strongest]
    order = int(line.order.values.min())
    unsound = [str(s) for s in np.unique(line.status) if s not in ("converged", "normal")]
    return Claim(
        "map-c", f"with Gamma = {p.strongest:g} it is second order", "Fig. 3c",
        f"lowest order of all transitions at T/Tc(0) >= {p.lowest:g}", _SECOND,
        (Result(float(order), status=(unsound or ["converged"])[0]),), assumption=at,
    )  # fmt: skip


def _ladder(data: Computed) -> list[Claim]:
    p = data.parameters
    points = {gap0: lowest(line, p.lowest) for gap0, line in data.ladder.items()}
    fields = tuple(_result(point, gap0) for gap0, point in points.items())
    orders = tuple(Result(float(q.order), at=g, status=str(q.status.values)) for g, q in points.items())
    falls = tuple(
        Result(line.attrs["tc"] / line.attrs["tc0"], _tc_error(line), at=gap0, status=line.attrs["tc_status"])
        for gap0, line in data.ladder.items()
    )
    where = f"at T = {p.lowest:g} Tc(0)"
    assumed = f"Gamma = {p.strongest:g}, the field acts on both layers; {_NO_V}"
    jumps = [f"{gap0:g}" for gap0, line in data.ladder.items() if np.isfinite(line.jump).any()]
    inside = (
        f"a first-order transition between two superconducting states lies below it for {', '.join(jumps)}"
        if jumps
        else ""
    )
    common = {"variable": _LADDER, "assumption": assumed}

    def claim(name: str, statement: str, quantity: str, rule: Rule, results: tuple[Result, ...], **more: str) -> Claim:
        return Claim(name, statement, "Fig. 3a", quantity, rule, results, **common, **more)

    return [
        claim(
            "tc-ratio", "Tc is reduced by the inverse proximity effect", "Tc(Gamma)/Tc(0)", at_most(1, "below 1"), falls
        ),
        claim("beyond", "Hc2 can go beyond the Pauli limit", f"Hc2 {where}", at_least(1), fields, unit="H_P"),
        claim("several", "Hc2 is several times the Pauli limit", f"Hc2 {where}", _SEVERAL, fields, unit="H_P"),
        claim(
            "second", "the coupling changes the transition from first to second order",
            f"order of the transition {where}", _SECOND, orders, comment=inside,
        ),
    ]  # fmt: skip


def _remarks(data: Computed) -> tuple[str, ...]:
    p = data.parameters
    first = lowest(data.lines[p.strongest], p.lowest)
    cold = [first, *(data.deep.isel(kT=n) for n in range(data.deep.sizes["kT"]))]
    fields = ", ".join(f"{float(q.u_linear):.3f} at T/Tc(0) = {float(q.t):.3g}" for q in cold)
    return (
        "The paper does not print v, on which the claims of Fig. 3 depend: v is stated here by the gap Delta0 that it "
        f"gives the isolated layer at T = V = 0. Fig. 3 is drawn for Delta0/|t| = {p.gap0:g}.",
        "For Gamma > 0 the field at which the normal state becomes unstable grows without end, logarithmically, as "
        f"T -> 0: for Gamma = {p.strongest:g} it is {fields} (in H_P). A comparison needs a stated temperature.",
        remark(data),
    )


def _fermi_point(film: TightBinding) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(fermi_momentum(film, "K").k.values[0])


def _result(point: xr.Dataset, at: str | float = "") -> Result:
    return Result(float(point.u), float(point.u_error), at=at, status=str(point.status.values))


def _tc_error(line: xr.Dataset) -> float:
    return float(2 * line.attrs["tc_error"] / line.attrs["tc"])


def _tricritical(line: xr.Dataset) -> str:
    if "tricritical_kT" not in line.attrs:
        return "no tricritical point"
    t, v = line.attrs["tricritical_kT"] / line.attrs["tc"], line.attrs["tricritical_zeeman"] / line.attrs["gap0"]
    return f"tricritical point at T = {t:.6f} Tc, V = {v:.6f} Delta0"
