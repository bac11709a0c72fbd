"""Low-energy states of strips: time per momentum against pyqula and dense LAPACK, cost against width, windings.

python benchmarks/bench_strip.py [--peer-python PATH]

`--peer-python` names an interpreter that has pyqula, if this one does not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from common import Stopwatch, save, table

import spinvalley as sv
from spinvalley.topology.columns import columns
from spinvalley.topology.strip import FiniteSizeWarning, strip
from spinvalley.topology.width import width_for

WIDTH, STATES, GAP, FIELD = 200, 12, 0.3, 1.2
B = np.pi / np.sqrt(3)
MOMENTA = np.linspace(0, B, 201)
DENSE = slice(0, None, 50)  # momenta of the dense run; at the last one, the zone boundary, states are fourfold
WIDTHS = (1_000, 10_000, 100_000)
ROUNDS = 3
QUIET = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LIMIT = 300  # seconds for the peer


def film():
    return sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=GAP))


def hetero():
    return sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))


def best(work, rounds=ROUNDS):
    """The quickest of some rounds, and what it gave."""
    kept = None
    for _ in range(rounds):
        with Stopwatch() as watch:
            out = work()
        kept = watch if kept is None or watch.cpu < kept.cpu else kept
    return kept, out


def period(sc, width):
    """Matrix of one period along the armchair edge and its coupling to the next, each (rows, columns, values).

    Real-space hoppings without phases; column n is shifted by half a period with respect to column n - 1.
    """
    sides = columns(sc, GAP, FIELD, "armchair")
    size, along = sides.dim, np.array(sides.edge.along)
    parts = {0: [], 1: []}
    for cell, matrix in sides.table.items():
        n = sides.edge.column(cell)
        m = round(float((np.array(cell) - n * np.array(sides.edge.across)) @ along) / float(along @ along))
        row, column = np.nonzero(matrix)
        for i in range(max(0, -n), width - max(0, n)):
            shift = m + (i + n) // 2 - i // 2
            if shift in parts:
                parts[shift].append((i * size + row, (i + n) * size + column, matrix[row, column]))
    return {shift: [np.concatenate(x) for x in zip(*rows, strict=True)] for shift, rows in parts.items()}


def assembled(parts, width, k):
    """H(k) of the strip as a dense matrix, from its period."""
    out = np.zeros((4 * width, 4 * width), dtype=complex)
    np.add.at(out, tuple(parts[0][:2]), parts[0][2])
    ahead = np.zeros_like(out)
    np.add.at(ahead, tuple(parts[1][:2]), parts[1][2] * np.exp(1j * k * np.sqrt(3)))
    return out + ahead + ahead.conj().T


def nearest(energies):
    return np.sort(energies[np.argsort(np.abs(energies), kind="stable")[:STATES]])


def dense_run(parts):
    """Stopwatch and energies of LAPACK on the full matrices, assembled before."""
    matrices = [assembled(parts, WIDTH, k) for k in MOMENTA[DENSE]]
    np.linalg.eigvalsh(matrices[0])
    return best(lambda: np.array([nearest(np.linalg.eigvalsh(m)) for m in matrices]), 1)


def peer_run(parts, interpreter):
    """The line of peers_strip.py, or a string that says why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.npz"
        data = {"size": 4 * WIDTH, "states": STATES, "k": MOMENTA * np.sqrt(3) / (2 * np.pi)}
        for name, part in zip(("intra", "inter"), (parts[0], parts[1]), strict=True):
            data |= dict(zip((f"{name}_rows", f"{name}_columns", f"{name}_values"), part, strict=True))
        np.savez(path, **data)
        command = [interpreter, str(Path(__file__).parent / "peers_strip.py"), str(path)]
        done = subprocess.run(
            command, env={**os.environ, **QUIET}, capture_output=True, text=True, timeout=LIMIT, check=False, cwd=folder
        )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    trouble = done.stderr.strip().splitlines()
    missing = any("ModuleNotFound" in line for line in trouble)
    return lines[-1] if lines else "not installed" if missing else (trouble or ["no answer"])[-1]


def side_by_side(interpreter):
    parts = period(film(), WIDTH)
    strip(film(), GAP, FIELD, WIDTH, MOMENTA[:2], states=STATES)
    ours, found = best(lambda: strip(film(), GAP, FIELD, WIDTH, MOMENTA, states=STATES))
    energies, stated = found.energy.values, float(found.error.max())
    good = bool(np.all(found.status == "converged"))
    dense, exact = dense_run(parts)

    def row(name, cost, momenta, computed, error="-"):
        cpu, wall = (1e3 * cost[kind] / momenta for kind in ("cpu", "wall"))
        ratios = [cpu * len(MOMENTA) / ours.cpu / 1e3, wall * len(MOMENTA) / ours.wall / 1e3]
        return [name, cpu, wall, *ratios, f"{np.abs(computed - exact).max():.1e}", error]

    rows = [
        row("spinvalley.topology.strip", vars(ours), len(MOMENTA), energies[DENSE], f"{stated:.1e}"),
        row("numpy eigvalsh, dense", vars(dense), len(exact), exact),
    ]
    peer = peer_run(parts, interpreter)
    lost = None
    if isinstance(peer, str):
        rows.append([f"pyqula: {peer}", *6 * ["-"]])
    else:
        theirs = np.sort(np.array(peer.pop("energies")), axis=1)
        rows.append(row(f"pyqula {peer['version']}, sparse", peer, len(MOMENTA), theirs[DENSE]))
        lost = MOMENTA[np.abs(theirs - energies).max(axis=1) > 1e-6].tolist()
    head = ["one momentum", "cpu ms", "wall ms", "cpu ratio", "wall ratio", "error", "stated error"]
    table(f"{WIDTH} columns, {len(MOMENTA)} momenta, {STATES} states, all converged: {good}", head, rows)
    if lost is not None:
        print(f"  momenta (in b) where pyqula misses copies of degenerate states: {np.round(np.array(lost) / B, 4)}")
    return {"converged": good, "missed_by_pyqula": lost, "rows": [head, *rows]}


def against_width():
    rows = []
    for width in WIDTHS:
        watch, found = best(lambda w=width: strip(film(), GAP, FIELD, w, 0.7 * B, states=STATES), 2)
        good = bool(np.all(found.status == "converged"))
        smallest = float(found.energy[0, STATES // 2])
        rows.append([width, watch.cpu, watch.wall, 1e6 * watch.cpu / width, smallest, float(found.error.max()), good])
    head = ["columns", "cpu s", "wall s", "cpu us per column", "smallest E >= 0", "stated error", "converged"]
    table(f"One momentum, {STATES} states, cost against width", head, rows)
    return {"rows": [head, *rows]}


def windings():
    k = np.linspace(0.01, B, 2000)
    sc = hetero()
    sv.topology.winding(sc, 0.1, 0.4, k[:2])
    watch, found = best(lambda: sv.topology.winding(sc, 0.1, 0.4, k))
    wide, width = best(lambda: width_for(sc, 0.1, 0.4, k[1000:1400:20], 1e-6), 1)
    rows = [
        ["winding, 8 x 8", len(k), watch.cpu, watch.wall, 1e3 * watch.cpu / len(k)],
        [
            "width_for, 8 x 8",
            width.sizes["k_parallel"],
            wide.cpu,
            wide.wall,
            1e3 * wide.cpu / width.sizes["k_parallel"],
        ],
    ]
    head = ["what", "momenta", "cpu s", "wall s", "cpu ms per momentum"]
    table(f"Windings, {int((found.winding != 0).sum())} of {len(k)} not zero", head, rows)
    return {"winding_cpu_s": watch.cpu, "rows": [head, *rows]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has pyqula")
    interpreter = parser.parse_args().peer_python
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FiniteSizeWarning)
        save("strip", {"side_by_side": side_by_side(interpreter), "width": against_width(), "winding": windings()})


if __name__ == "__main__":
    main()
