"""The pair-breaking kernel against a Python loop over scipy's digamma function and against its vectorised expression.

python benchmarks/bench_kernel.py

All three compute the same K(g, h, T) over temperatures, fields, pockets and angles; processor times per point.
"""

import numpy as np
from common import Stopwatch, save, table
from scipy.special import digamma

from spinvalley.pairing.kernel import pair_breaking, phi
from spinvalley.pairing.pockets import constant_splitting
from spinvalley.units import K_B, MU_B

ROUNDS = 5
TEMPERATURES = np.linspace(0.5, 6.0, 20)
FIELDS = np.linspace(1.0, 100.0, 40)
ANGLES = 64
LOOPED = 4000  # points of the loop, taken at random


def plain(g, h, kT):
    """K of one point in plain NumPy and scipy, as physics.md 2.1 prints it."""
    minus, plus = np.linalg.norm(g - h), np.linalg.norm(g + h)
    c = (g @ g - h @ h) / (minus * plus)
    near = digamma(0.5 + 1j * (minus - plus) / (4 * np.pi * kT)).real - digamma(0.5)
    far = digamma(0.5 + 1j * (minus + plus) / (4 * np.pi * kT)).real - digamma(0.5)
    return 0.5 * (1 + c) * near + 0.5 * (1 - c) * far


def vectorised(g, h, kT):
    """The same expression on arrays."""
    minus, plus = np.linalg.norm(g - h, axis=-1), np.linalg.norm(g + h, axis=-1)
    c = (np.sum(g * g, -1) - np.sum(h * h, -1)) / (minus * plus)
    near = digamma(0.5 + 1j * (minus - plus) / (4 * np.pi * kT)).real - digamma(0.5)
    far = digamma(0.5 + 1j * (minus + plus) / (4 * np.pi * kT)).real - digamma(0.5)
    return 0.5 * (1 + c) * near + 0.5 * (1 - c) * far


def best(work):
    """Least processor time of some rounds, and the value."""
    times = []
    for _ in range(ROUNDS):
        with Stopwatch() as watch:
            value = work()
        times.append(watch.cpu)
    return min(times), value


def main():
    g = constant_splitting(13.0, 0.1, ANGLES).g
    h = MU_B * FIELDS[:, None, None] * np.array([0.9, 0.0, 0.1])
    kT = K_B * TEMPERATURES[:, None, None]
    ours, value = best(lambda: pair_breaking(g, h, kT))
    other, reference = best(lambda: vectorised(g, h, kT))

    rng = np.random.default_rng(0)
    t, b, a = (rng.integers(0, n, LOOPED) for n in value.shape)
    loop, looped = best(lambda: np.array([plain(g[k], h[j, 0], kT[i, 0, 0]) for i, j, k in zip(t, b, a, strict=True)]))
    rho = rng.uniform(0, 20, value.size)
    special, _ = best(lambda: phi(rho))
    scipys, _ = best(lambda: digamma(0.5 + 1j * rho).real - digamma(0.5))

    per_point = {"ours": ours / value.size, "vectorised scipy": other / value.size, "scipy loop": loop / LOOPED}
    error = {
        "vectorised scipy": float(np.abs(value - reference).max()),
        "scipy loop": float(np.abs(value[t, b, a] - looped).max()),
    }
    rows = [[name, 1e9 * time, time / per_point["ours"], error.get(name, 0.0)] for name, time in per_point.items()]
    rows.append(["Phi alone, scipy / ours", 1e9 * scipys / rho.size, scipys / special, "-"])
    head = ["route", "ns per point", "time / ours", "largest difference"]
    table(f"Kernel, {value.shape[0]} T x {value.shape[1]} B x {value.shape[2]} points", head, rows)
    ratios = {"loop": loop / LOOPED * value.size / ours, "vectorised": other / ours, "phi": scipys / special}
    save("kernel", {"points": value.size, "ratios": ratios, "difference": error})


if __name__ == "__main__":
    main()
