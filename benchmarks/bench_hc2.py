"""Hc2(T) of the one-band model of gated MoS2 against sums over uniform meshes, and the cost against kT / bandwidth.

python benchmarks/bench_hc2.py [--figure docs/figures/cost_hc2.png]

The mesh is given for nothing what it cannot know: the exact critical susceptibility, a bracket of 10 % around the root,
half of the zone (k and -k are one pair), and at each temperature the size that is just fine enough.
"""

import argparse
from pathlib import Path

import numpy as np
from common import Stopwatch, save, table
from scipy.optimize import brentq

import spinvalley as sv
from spinvalley.figures import style
from spinvalley.pairing import hc2
from spinvalley.pairing.linearised import susceptibility
from spinvalley.units import K_B, MU_B

TEMPERATURES = np.linspace(1.0, 6.3, 20)
TC = 6.5
GOAL = 1e-3
SIZES = (700, 1000, 1400, 2000, 2800, 4000, 5600, 8000)
CHUNK = 1 << 18
LADDER = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0625)  # T in K, at T/Tc = 0.3


class Mesh:
    """xi and g of the model on half of a uniform mesh of size x size points of the reciprocal cell."""

    def __init__(self, model, size):
        n = (np.arange(size) + 0.5) / size
        parts = [np.stack(np.meshgrid(rows, n), -1).reshape(-1, 2) for rows in np.array_split(n[: size // 2], 64)]
        split = [sv.models.spin_decomposition(model, part @ model.lattice.reciprocal) for part in parts]
        self.xi, self.g = (np.concatenate(column) for column in zip(*split, strict=True))

    def susceptibility(self, kT, h):
        """The sum of physics.md 2.1, four hyperbolic tangents a point."""
        total = 0.0
        for start in range(0, len(self.xi), CHUNK):
            xi, g = self.xi[start : start + CHUNK], self.g[start : start + CHUNK]
            plus, minus = np.sqrt(((g + h) ** 2).sum(-1)), np.sqrt(((g - h) ** 2).sum(-1))
            c = ((g * g).sum(-1) - h @ h) / (plus * minus)
            up, down, up2, down2 = (np.tanh(e / (2 * kT)) for e in (xi + minus, xi - minus, xi + plus, xi - plus))
            total += np.sum((1 + c) * (up + up2) / (2 * xi + minus + plus))
            total += np.sum((1 + c) * (down + down2) / (2 * xi - minus - plus))
            total += np.sum((1 - c) * (up + down2) / (2 * xi + minus - plus))
            total += np.sum((1 - c) * (down + up2) / (2 * xi - minus + plus))
        return total / (8 * len(self.xi))

    def field(self, T, goal, near):
        """Field of the instability in a bracket of 10 % around `near`."""

        def excess(B):
            return self.susceptibility(K_B * T, np.array([MU_B * B, 0.0, 0.0])) - goal

        return brentq(excess, 0.9 * near, 1.1 * near, xtol=1e-4 * near)


def compare(ratio):
    """Times of ours and of the mesh for twenty temperatures at an error of 1e-3."""
    model = sv.models.one_band("MoS2", density=7.7e13, rashba_ratio=ratio)
    hc2(model, [3.0], tc=TC, tol=GOAL)  # compiles
    with Stopwatch() as ours:
        found = hc2(model, TEMPERATURES, tc=TC, tol=GOAL)
    truth = hc2(model, TEMPERATURES, tc=TC, tol=1e-6).B_linear.values
    goal = sv.Superconductor(model, sv.s_wave(tc=K_B * TC)).strength
    meshes = _needed(model, goal, truth)
    seconds = [time for _, time in meshes]
    return {
        "rashba_ratio": ratio,
        "ours": ours.cpu,
        "ours_wall": ours.wall,
        "error": float(np.abs(found.B_linear.values / truth - 1).max()),
        "meshes": [size for size, _ in meshes],
        "mesh": max(size for size, _ in meshes),
        "graded": sum(seconds) / ours.cpu,
        "one_mesh": len(TEMPERATURES) * max(seconds) / ours.cpu,
    }


def _needed(model, goal, truth):
    """At each temperature the smallest mesh from which on all are good to 1e-3, and its processor time."""
    table = {}
    for size in SIZES:
        mesh = Mesh(model, size)
        for place, (T, B) in enumerate(zip(TEMPERATURES, truth, strict=True)):
            good = [entry[2] for entry in table.get(place, [])]
            if good[-2:] == [True, True]:  # fine enough, and the next one too
                continue
            with Stopwatch() as watch:
                try:
                    error = abs(mesh.field(T, goal, B) / B - 1)
                except ValueError:  # the root is not within 10 %
                    error = np.inf
            table.setdefault(place, []).append((size, watch.cpu, error < GOAL))
    found = []
    for rows in table.values():
        poor = [n for n, row in enumerate(rows) if not row[2]]
        found.append(rows[min(max(poor, default=-1) + 1, len(rows) - 1)][:2])
    return found


def ladder():
    """Points and time of one susceptibility against temperature, at fixed T/Tc and h/kT."""
    out = []
    for T in LADDER:
        model = sv.models.one_band("MoS2", density=7.7e13, rashba_ratio=0.05)
        sc = sv.Superconductor(model, sv.s_wave(v=500.0))
        field = np.array([5 * K_B * T, 0.0, 0.0])
        sc.sampler.nodes(K_B * T, field, 10, 0.0)
        points = len(sc.sampler.nodes(K_B * T, field, 10, 0.0).weights)
        with Stopwatch() as watch:
            for _ in range(5):
                susceptibility(sc.sampler, K_B * T, field, 10)
        out.append({"kT": K_B * T / sc.sampler.bandwidth, "points": points, "time": watch.cpu / 5})
    return out


def draw(rows, path):
    """Points against kT / bandwidth; the mesh that is as good grows as the inverse square."""
    kT, points = (np.array([row[name] for row in rows]) for name in ("kT", "points"))
    with style.journal():
        figure, (ax,) = style.panels()
        ax.loglog(kT, points, "o-", label="graded rule")
        ax.loglog(kT, points[0] * (kT[0] / kT) ** 2, "--", color="0.4", label=r"uniform mesh, $\propto T^{-2}$")
        ax.set_xlabel(r"$k_{\rm B}T$ / bandwidth")
        ax.set_ylabel("points in the zone")
        ax.legend()
        figure.savefig(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--figure", type=Path)
    path = parser.parse_args().figure
    pairs = [compare(ratio) for ratio in (0.0, 0.1)]
    head = ["Rashba ratio", "error, ours", "largest mesh", "mesh for each T / ours", "largest for all / ours"]
    names = ("rashba_ratio", "error", "mesh", "graded", "one_mesh")
    table("Hc2 at 20 temperatures, processor time over ours", head, [[pair[n] for n in names] for pair in pairs])
    rows = ladder()
    first = rows[0]
    table(
        "One susceptibility against kT / bandwidth",
        ["kT / bandwidth", "points", "points / first", "(T0/T)^2"],
        [[r["kT"], r["points"], r["points"] / first["points"], (first["kT"] / r["kT"]) ** 2] for r in rows],
    )
    if path is not None:
        draw(rows, path)
    save("hc2", {"temperatures": list(TEMPERATURES), "pairs": pairs, "ladder": rows})


if __name__ == "__main__":
    main()
