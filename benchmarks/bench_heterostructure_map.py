"""The 100 x 100 map of the heterostructure at Delta0 = 0.02: time on two cores, and what 100 more temperatures cost.

python benchmarks/bench_heterostructure_map.py
"""

import numpy as np
from common import Stopwatch, save, table

import spinvalley as sv

GAP = 0.02
TOLERANCE = 1e-4
SAMPLED = slice(0, None, 10)  # fields of the comparison of 100 with 199 temperatures
ROUNDS = 3


def main():
    layer = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=GAP))
    tc = float(sv.critical_temperature(layer))
    temperatures = np.linspace(0.05, 1.0, 100) * tc
    fields = np.linspace(0.0, 3.0, 100) * GAP / np.sqrt(2)

    def timed(kT, zeeman):
        sc = sv.Superconductor(sv.models.heterostructure(coupling=0.5), sv.s_wave(on="sc", v=layer.v))
        with Stopwatch() as watch:
            found = sv.phase_diagram(sc, kT, zeeman, tol=TOLERANCE)
        return watch, found

    more = np.linspace(0.05, 1.0, 199) * tc  # the 100 and one between each pair
    for kT in (temperatures, more):
        timed(kT, fields[10:12])  # compilation
    watch, found = timed(temperatures, fields)
    rounds = [[timed(kT, fields[SAMPLED])[0].cpu for kT in (temperatures, more)] for _ in range(ROUNDS)]
    plain, double = zip(*rounds, strict=True)  # taken in turn: the load of the machine meets both
    status = {name: int(n) for name, n in zip(*np.unique(found.status, return_counts=True), strict=True)}
    extra = min(double) / min(plain) - 1
    rows = [
        ["whole map, 100 x 100: wall / s (target < 60)", watch.wall],
        ["whole map, 100 x 100: processor / s", watch.cpu],
        ["cores kept busy", watch.cpu / watch.wall],
        ["one field of the map / one field with 199 temperatures", min(plain) / min(double)],
        ["extra cost of 99 more temperatures / % (target < 20)", 100 * extra],
        *[[f"points {name}", n] for name, n in status.items()],
    ]
    table(f"Heterostructure, Gamma = 0.5, Delta0 = {GAP:g}, tolerance {TOLERANCE:g}", ["quantity", "value"], rows)
    keep = {"wall_s": watch.wall, "cpu_s": watch.cpu, "extra_100_temperatures": extra, "status": status}
    save("heterostructure_map", keep)


if __name__ == "__main__":
    main()
