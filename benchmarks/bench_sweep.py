"""Sweeps: what a task costs beside its work, a million points, one worker against two, and the rate of a scheduler.

python benchmarks/bench_sweep.py
"""

import os
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from common import Stopwatch, save, table

import spinvalley as sv

NAP = 0.1  # seconds of a point of the overhead, so that ten are a block of 1 s
FIELDS = 64
ROUNDS = 3


def nap(x):
    time.sleep(NAP)
    return x


def product(x, y):
    return x * y


def column(sc, kT, zeeman):
    return sv.phase_diagram(sc, kT, [zeeman], tol=1e-3).isel(zeeman=0, drop=True)


def resident():
    """MiB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def overhead(client, store):
    """Share of the workers' time that is not the function, in blocks of 1 s with a store."""
    told = []
    sv.sweep(nap, {"x": np.arange(8.0)}, client=client, block=1)  # the workers import the package
    sv.sweep(nap, {"x": np.arange(160.0)}, client=client, store=store, block=10, progress=told.append)
    workers = len(client.nthreads())
    return 1 - told[-1].seconds / (told[-1].wall * workers)


def million(client, store):
    memory = []
    axes = {"x": np.arange(1000.0), "y": np.arange(1000.0)}
    with Stopwatch() as watch:
        sv.sweep(product, axes, client=client, store=store, progress=lambda _: memory.append(resident()))
    return watch.wall, memory[-1] - memory[len(memory) // 4]


def rate(client, store):
    """Blocks of one point in a second, scheduled, computed and written; and written alone."""
    axes = {"x": np.arange(600.0), "y": [1.0]}
    with Stopwatch() as scheduled:
        sv.sweep(product, axes, client=client, block=1)
    with Stopwatch() as both:
        sv.sweep(product, axes, client=client, block=1, store=store)
    return 600 / scheduled.wall, 600 / both.wall


def real_map(clients):
    """Wall time of one map on each cluster; they take turns, so that the load of the machine meets all."""
    axes = {"kT": np.linspace(0.01, 0.12, 20), "zeeman": np.linspace(0.0, 0.3, FIELDS)}
    sc = sv.Superconductor(sv.models.ising_film(0.1), sv.s_wave(gap0=0.2))
    walls = {number: [] for number in clients}
    for turn in range(ROUNDS + 1):
        for number, client in clients.items():
            with Stopwatch() as watch:
                sv.sweep(partial(column, sc), axes, together=["kT"], client=client, block=1)
            if turn:  # the first compiles
                walls[number].append(watch.wall)
    return {number: min(times) for number, times in walls.items()}


def main():
    folder = Path(tempfile.mkdtemp())
    with sv.sweeps.local_cluster(1, dashboard=False) as one, sv.sweeps.local_cluster(2, dashboard=False) as two:
        share = overhead(two, folder / "nap.zarr")
        scheduled, written = rate(two, folder / "rate.zarr")
        seconds, growth = million(two, folder / "million.zarr")
        walls = real_map({1: one, 2: two})
    rows = [
        ["a real map, one worker / two workers (target > 1.7)", walls[1] / walls[2]],
        ["beside the work, blocks of 1 s, two workers (target < 0.05)", share],
        ["a million points on two workers / s (target < 120)", seconds],
        ["growth of the driver's memory over their last three quarters / MiB", growth],
        ["blocks scheduled and computed per second", scheduled],
        ["blocks scheduled, computed and written per second", written],
    ]
    table("Sweeps on local clusters", ["", ""], rows)
    save("sweep", {"walls": walls, "rows": rows})


if __name__ == "__main__":
    main()
