"""Cost against accuracy and against Delta0/|t|, the points of a uniform mesh, and the approach to BCS theory.

python benchmarks/bench_accuracy.py [--figure docs/figures/cost.png]
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from common import Stopwatch, save, table
from scipy.optimize import brentq

import spinvalley as sv
from spinvalley.figures import style
from spinvalley.pairing.landscape import SMALLEST

TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
GAPS = (0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
LADDER = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4)
TEMPERATURE, FIELD = 0.3, 0.5  # T/Tc and V/(Delta0/sqrt2) of the isolated layer
BCS_RATIO = 1.7638769888620456
# pi exp(-gamma), 1/sqrt2, and exp(-Phi), 2 pi rho exp(-Phi) at the root rho = 0.3040923670 of Re psi''(1/2 + i rho)
BCS = {"Delta0/Tc": 1.7638769888620456, "V1(0)/Delta0": 2**-0.5, "T*/Tc": 0.5614931661, "V*/Tc": 1.0728274136}
RESOLVED = 3.0  # a deviation below this many stated errors says nothing about the order
FIXED = 8  # points per panel of the comparison at fixed order
SAME_GAP = 0.05  # of the comparison with the uniform mesh


def film(gap):
    return sv.Superconductor(sv.models.film(), sv.s_wave(gap0=gap))


def hetero(gap):
    model = sv.models.heterostructure(coupling=0.5)
    return sv.Superconductor(model, sv.s_wave(on="sc", v=film(gap).v))


MODELS = {"film": film, "heterostructure": hetero}


def cost(sc, gap, tol):
    """Gap, stopwatch and zone points of the finest rule of one `solve_gap` that finds nothing in memory."""
    scale = sc.gap_scale
    best = None
    for _ in range(2):
        sc.sampler._cache.clear()
        with Stopwatch() as watch:
            state = sv.solve_gap(sc, TEMPERATURE * gap / BCS_RATIO, FIELD * gap / np.sqrt(2), tol=tol)
        best = watch if best is None or watch.cpu < best.cpu else best
    points = max(len(n.weights) for key, n in sc.sampler._cache.items() if key[0] == "nodes")
    return {
        "gap": state.gap / scale,
        "error": state.error / scale,
        "cpu": best.cpu,
        "points": points,
        "status": str(state.status),
    }


def at_order(sc, gap, order=FIXED):
    """Zone points of one rung of the ladder: their growth without changes of the rung."""
    field = np.array([FIELD * gap / np.sqrt(2), 0.0, 0.0])
    return len(sc.sampler.nodes(TEMPERATURE * gap / BCS_RATIO, field, order, SMALLEST * gap).weights)


def against_accuracy(gap):
    out, rows = {}, []
    for name, build in MODELS.items():
        sc = build(gap)
        truth = cost(sc, gap, 1e-11)["gap"]
        out[name] = [{"tol": tol, **cost(sc, gap, tol)} for tol in TOLERANCES]
        for line in out[name]:
            line["real"] = abs(line["gap"] - truth)
            ratio = line["cpu"] / out[name][0]["cpu"]
            rows.append(
                [name, f"{line['tol']:.0e}", f"{line['error']:.1e}", f"{line['real']:.1e}", line["points"], ratio]
            )
    head = ["model", "asked", "stated", "real", "points", "time / time at 1e-3"]
    table(f"Accuracy of the gap / Delta0 at Delta0 = {gap:g}, T/Tc = {TEMPERATURE}, V = {FIELD} H_P", head, rows)
    return out


def against_gap(tol):
    out, rows = {}, []
    for name, build in MODELS.items():
        lines = [{"gap0": gap, "fixed": at_order(build(gap), gap), **cost(build(gap), gap, tol)} for gap in GAPS]
        x = np.log(1 / np.array(GAPS))
        slopes = {
            key: float(np.polyfit(x, np.log([line[key] for line in lines]), 1)[0]) for key in ("cpu", "points", "fixed")
        }
        per_decade = float(np.polyfit(x / np.log(10), [line["fixed"] for line in lines], 1)[0])
        out[name] = {"lines": lines, "exponent": slopes, "points_per_decade": per_decade}
        rows += [
            [name, f"{n['gap0']:g}", n["points"], n["fixed"], n["cpu"] / lines[0]["cpu"], n["status"]] for n in lines
        ]
        rows.append([name, "exponent", slopes["points"], slopes["fixed"], slopes["cpu"], "uniform mesh: 2"])
    table(
        f"Cost against Delta0/|t| at tolerance {tol:g}",
        ["model", "Delta0", "points", f"at order {FIXED}", "time / first", "status"],
        rows,
    )
    return out


def uniform_mesh(kT, field, v):
    """Gap error on uniform meshes N x N at kT = 0.05, from the same branch; N of 1e-7 by the rule and measured."""
    sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=v))
    truth = sv.solve_gap(sc, kT, field, tol=1e-11).gap

    def gap(n):
        k = 2 * np.pi * (np.arange(n) + 0.5) / n
        xi2 = (2 * (np.cos(k)[:, None] + np.cos(k) + np.cos(k[:, None] + k))) ** 2

        def residual(delta):
            e = np.sqrt(xi2 + delta**2)
            return np.mean((np.tanh((e + field) / (2 * kT)) + np.tanh((e - field) / (2 * kT))) / (4 * e)) - 1 / v

        return brentq(residual, 0.5 * truth, 1.5 * truth, xtol=1e-13)

    with Stopwatch() as watch:
        errors = {n: abs(gap(n) - truth) / sc.gap_scale for n in range(60, 481, 60)}
    needed = next((n for n, error in errors.items() if error < 1e-7), None)
    rule = 3.4 * 16 / (np.pi * kT)
    sc.sampler._cache.clear()
    sv.solve_gap(sc, kT, field, tol=1e-7)
    ours = max(len(n.weights) for key, n in sc.sampler._cache.items() if key[0] == "nodes")
    rows = [[f"{n}^2", f"{error:.1e}", n * n / ours] for n, error in errors.items()]
    table(
        f"Mesh, kT = {kT:g}, V = {field:g}: 1e-7 expected at N = {rule:.0f}, met at {needed}; we take {ours}",
        ["mesh", "gap error / Delta0", "points / ours"],
        rows,
    )
    return {"kT": kT, "errors": errors, "rule": rule, "measured": needed, "ours": ours, "cpu": watch.cpu}


def bcs_limits():
    lines, rows = [], []
    for gap in LADDER:
        sc = film(gap)
        tc = sv.critical_temperature(sc, tol=1e-9)
        first = sv.critical_field(sc, 0.0, tol=1e-7)
        tip = sv.tricritical_point(sc, tol=1e-8)
        values = [gap / float(tc), float(first.zeeman[0]) / gap, tip.kT / float(tc), tip.zeeman / float(tc)]
        errors = [
            tc.error / float(tc) * values[0],
            float(first.error[0]) / gap,
            tip.kT_error / float(tc),
            tip.zeeman_error / float(tc),
        ]
        deviation = [value - exact for value, exact in zip(values, BCS.values(), strict=True)]
        lines.append(
            {"gap0": gap, "values": dict(zip(BCS, values, strict=True)), "errors": errors, "deviation": deviation}
        )
        rows.append([f"{gap:g}", *[f"{v:.7f} ({d:+.1e})" for v, d in zip(values, deviation, strict=True)]])
    exact = ["limit", *[f"{v:.7f}" for v in BCS.values()]]
    table("Approach to BCS: value (minus the limit)", ["Delta0/|t|", *BCS], [*rows, exact])
    orders = [convergence_order(a, b) for a, b in pairwise(lines)]
    rows = [
        [f"{b['gap0']:g}", *["-" if p is None else f"{p:.2f}" for p in o]]
        for b, o in zip(lines[1:], orders, strict=True)
    ]
    table("Order p of deviation ~ Delta0^p from one rung to the next", ["Delta0/|t|", *BCS], rows)
    return {"limits": BCS, "lines": lines, "orders": orders}


def convergence_order(a, b):
    """p of deviation ~ Delta0^p between two rungs, None where the deviation is not resolved."""
    step = np.log(a["gap0"] / b["gap0"])
    trio = zip(a["deviation"], b["deviation"], b["errors"], strict=True)
    return [float(np.log(abs(p / q)) / step) if abs(q) > RESOLVED * error else None for p, q, error in trio]


def figure(accuracy, gaps, path):
    with style.journal():
        picture, (left, right) = style.panels(1, 2, width=style.DOUBLE, aspect=0.72)
        for (name, lines), colour, marker in zip(accuracy.items(), style.PALETTE, "os", strict=False):
            real: dict[int, float] = {}  # the largest error of each rule, down to what the reference is good for
            for line in lines:
                real[line["points"]] = max(line["real"], real.get(line["points"], 1e-12))
            left.loglog(list(real.values()), list(real), marker + "-", ms=3.5, color=colour, label=name)
            found = gaps[name]["lines"]
            x = np.array([line["gap0"] for line in found])
            y = np.array([line["points"] for line in found])
            right.loglog(x, y, marker + "-", ms=3.5, color=colour, label=name)
        mesh = (3.4 * 16 / (np.pi * TEMPERATURE * x / BCS_RATIO)) ** 2
        right.loglog(x, mesh, "--", color=style.GREY, label=r"uniform mesh, $\propto \Delta_0^{-2}$")
        left.set(xlabel=r"error of the gap $/\,\Delta_0$", ylabel="points in the zone")
        right.set(xlabel=r"$\Delta_0/|t|$", ylabel="points in the zone")
        for axes in (left, right):
            axes.invert_xaxis()
            axes.legend(loc="upper left")
        style.panel_label(left, "(a)")
        style.panel_label(right, "(b)")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        picture.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--figure", default=Path(__file__).parents[1] / "docs" / "figures" / "cost.png", help="file to draw"
    )
    path = parser.parse_args().figure
    for build in MODELS.values():
        cost(build(0.2), 0.2, 1e-3)  # compilation
    accuracy = against_accuracy(SAME_GAP)
    gaps = against_gap(1e-6)
    mesh = uniform_mesh(0.05, 0.1, 2.295202)
    figure(accuracy, gaps, path)
    save("accuracy", {"accuracy": accuracy, "gaps": gaps, "uniform": mesh, "bcs": bcs_limits()})
    print(f"{path}")


if __name__ == "__main__":
    main()
