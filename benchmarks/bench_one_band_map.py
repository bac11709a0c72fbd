"""The one-band 100 x 100 (T, V) map against vectorised NumPy and against other programs, per point.

    python benchmarks/bench_one_band_map.py [--peer-python PATH]

`--peer-python` names an interpreter that has MeanFi or pyqula, if this one does not.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from common import Stopwatch, save, table

import spinvalley as sv
from spinvalley.numerics.piecewise import chebyshev
from spinvalley.pairing.gap import free_energy_landscape, orders
from spinvalley.pairing.landscape import SMALLEST, Landscape

COUPLING = 2.295202
TEMPERATURES = np.linspace(0.005, 0.13, 100)
FIELDS = np.linspace(0.0, 0.2, 100)
TOLERANCE = 1e-4
SAMPLED = slice(5, None, 30)  # fields of the NumPy run
PEER_POINTS = {
    "meanfi": [(0.01, 0.0, 60), (0.01, 0.145, 60), (0.05, 0.1, 60), (0.1, 0.05, 60), (0.05, 0.1, 200)],
    "pyqula": [(0.01, 0.145, 60), (0.05, 0.1, 60), (0.01, 0.135, 60)],
}
LIMIT = 60  # seconds for one peer

NUMPY = {"eigvalsh": np.linalg.eigvalsh, "eigh": lambda matrices: np.linalg.eigh(matrices)[0]}


def superconductor(mu=0.0):
    return sv.Superconductor(sv.models.film(mu=mu), sv.s_wave(v=COUPLING))


def our_map():
    sc = superconductor()
    with Stopwatch() as watch:
        found = sv.phase_diagram(sc, TEMPERATURES, FIELDS, tol=TOLERANCE)
    return watch, found


def numpy_column(diagonalise, plus, minus, weights, found, strength, kT):
    """Gaps at all temperatures in one field: eigenvalues of every BdG matrix, direct thermal sums, same interpolant."""
    nodes, to_series = chebyshev(found.coefficients.shape[-1])
    low, high = found.breaks[:-1, None], found.breaks[1:, None]
    x = (0.5 * (low + high) + 0.5 * (high - low) * nodes).ravel()
    bdg = np.zeros((len(weights), 4, 4), dtype=complex)
    bdg[:, :2, :2] = plus
    bdg[:, 2:, 2:] = -np.swapaxes(minus, 1, 2)
    pairs = np.array([[0, -1], [1, 0]])
    values = np.empty((len(kT), len(x)))
    normal = _thermal_sums(diagonalise(bdg)[:, 2:], weights, kT)
    for n, gap in enumerate(np.sqrt(x)):
        bdg[:, :2, 2:] = gap * pairs
        bdg[:, 2:, :2] = gap * pairs.T
        values[:, n] = _thermal_sums(diagonalise(bdg)[:, 2:], weights, kT) - normal
    series = values.reshape(len(kT), -1, len(nodes)) @ to_series.T
    return Landscape(found.breaks, series, strength).equilibria()[0]


def _thermal_sums(energies, weights, kT):
    scaled = energies[None] / kT[:, None, None]
    return kT * np.einsum("tkn,k->t", 0.5 * scaled + np.log1p(np.exp(-scaled)), weights)


def numpy_run(reference, diagonalise):
    """Processor and wall seconds per point of the NumPy script on a few fields, and its largest gap difference.

    It is given our nodes and panels for nothing; finding them is counted in our time only.
    """
    sc = superconductor()
    cost, worst, points = np.zeros(2), 0.0, 0
    for n in np.arange(len(FIELDS))[SAMPLED]:
        field = np.array([FIELDS[n], 0.0, 0.0])
        levels = orders(sc, TEMPERATURES[0], field, TOLERANCE)[:2]
        for order in levels:
            found = free_energy_landscape(sc, TEMPERATURES, field, order, TOLERANCE)
            nodes = sc.sampler.nodes(TEMPERATURES[0], field, order, SMALLEST * sc.gap_scale)
            zeeman = sc.model.zeeman(field)
            with Stopwatch() as watch:
                plus, minus = nodes.plus + zeeman, nodes.minus + zeeman
                gaps = numpy_column(diagonalise, plus, minus, nodes.weights, found, sc.strength, TEMPERATURES)
            cost += watch.cpu, watch.wall
            if found.surely_normal:
                break
        worst = max(worst, float(np.abs(gaps - reference.gap.values[:, n]).max()))
        points += len(TEMPERATURES)
    return cost / points, worst


def peer_run(name, interpreter):
    """Lines of peers.py, run on one thread; a string says why there are none."""
    script = Path(__file__).parent / "peers.py"
    quiet = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")}
    command = [interpreter, str(script), name, json.dumps(PEER_POINTS[name])]
    try:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=LIMIT, check=False)
        text, trouble = done.stdout, done.stderr.strip().splitlines()
    except subprocess.TimeoutExpired as late:
        text, trouble = (late.stdout or b"").decode(), [f"stopped after {LIMIT} s"]
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if lines:
        return lines
    return "not installed" if any("ModuleNotFound" in line for line in trouble) else (trouble or ["no answer"])[-1]


def judged(line):
    """A peer's point beside the truth at its own chemical potential."""
    truth = sv.solve_gap(superconductor(line["mu"]), line["kT"], line["zeeman"], tol=1e-8)
    metastable = [b.gap for b in truth.branches if b.metastable and b.gap > 0]
    branch = metastable[-1] if metastable and line["gap"] > 1e-3 else truth.gap
    right = (line["gap"] > 1e-3) == (truth.gap > 0)
    return {**line, "truth": truth.gap, "error": abs(line["gap"] - branch) / superconductor().gap_scale, "right": right}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has MeanFi and pyqula")
    interpreter = parser.parse_args().peer_python
    first, _ = our_map()
    watch, found = our_map()
    size = found.gap.size
    exact = sv.phase_diagram(superconductor(), TEMPERATURES, FIELDS[SAMPLED], tol=1e-8)
    ours = watch.cpu / size
    error = float(np.abs(found.gap[:, SAMPLED] - exact.gap).max()) / superconductor().gap_scale
    numpy = {name: numpy_run(found, solver) for name, solver in NUMPY.items()}
    transition = sv.critical_field(superconductor(), 0.01)
    rows = [
        ["spinvalley, compiled", 1e3 * ours, 1e3 * watch.wall / size, 1.0, f"{error:.1e}", "right"],
        [
            "spinvalley, with compilation",
            1e3 * first.cpu / size,
            1e3 * first.wall / size,
            first.cpu / watch.cpu,
            f"{error:.1e}",
            "right",
        ],
    ]
    for name, ((cpu, wall), difference) in numpy.items():
        label = f"NumPy {name}, given our nodes"
        rows.append([label, 1e3 * cpu, 1e3 * wall, cpu / ours, f"{difference / 0.2:.1e}", "right"])
    peers = {}
    for name in PEER_POINTS:
        lines = peer_run(name, interpreter)
        peers[name] = lines if isinstance(lines, str) else [judged(line) for line in lines]
        if isinstance(lines, str):
            rows.append([f"{name}: {lines}", *5 * ["-"]])
            continue
        for line in peers[name]:
            label = f"{name} {line['version']} {line['mesh']}^2, kT {line['kT']:g}, V {line['zeeman']:g}"
            state = "right" if line["right"] else "metastable taken for stable"
            rows.append(
                [label, 1e3 * line["cpu"], 1e3 * line["wall"], line["cpu"] / ours, f"{line['error']:.1e}", state]
            )
    head = ["one point of the map (T, V)", "cpu ms", "wall ms", "cpu ratio", "gap error / Delta0", "state"]
    table(
        f"One band, {size} points, tolerance {TOLERANCE:g}, first order at kT = 0.01: order {int(transition.order[0])}",
        head,
        rows,
    )
    keep = {"cpu_s": watch.cpu, "wall_s": watch.wall, "points": size, "error": error}
    save(
        "one_band_map",
        {
            "ours": keep,
            "compilation_cpu_s": first.cpu - watch.cpu,
            "numpy_ratio": {name: cost[0] / ours for name, (cost, _) in numpy.items()},
            "peers": peers,
            "rows": [head, *rows],
        },
    )


if __name__ == "__main__":
    main()
