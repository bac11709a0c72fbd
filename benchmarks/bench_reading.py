"""Reading and segmentation of a PPMS file against csv.reader with float(), and against numpy.genfromtxt.

python benchmarks/bench_reading.py [rows]

The file has 40 field sweeps of 23 values under 41 names. All read the columns that are needed; processor times per row.
"""

import csv
import resource
import sys
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
from common import Stopwatch, save, table

from spinvalley.experiment.run import read

ROWS = 1_000_000
SWEEPS = 40
OTHERS = 50_000  # rows that the slower readers get
NEEDED = (1, 3, 4, 5, 6, 7, 8, 9, 14, 15, 18, 19, 20)
NAMES = (
    "Comment,Time Stamp (sec),Status (code),Temperature (K),Magnetic Field (Oe),Sample Position (deg),"
    + ",".join(f"Bridge {n} Resistivity (Ohm-m),Bridge {n} Excitation (uA)" for n in (1, 2, 3, 4))
    + ","
    + ",".join(f"Bridge {n} Std. Dev. (Ohm-m)" for n in (1, 2, 3, 4))
    + ",Number of Readings,"
    + ",".join(f"Bridge {n} Resistance (Ohms)" for n in (1, 2, 3, 4))
    + "".join(f",Map {n} ()" for n in range(12, 30))
)


def write(path, rows):
    """A file of `rows` rows in sweeps from -9 T to 9 T and back."""
    rng = np.random.default_rng(0)
    each = rows // SWEEPS
    with path.open("w") as file:
        file.write(f"[Header]\nTITLE,benchmark\nBYAPP, Resistivity, 2.1, 1.0\n[Data]\n{NAMES}\n")
        for n in range(SWEEPS):
            T = 2 + 0.1 * n + 5e-4 * rng.normal(size=each)
            B = np.linspace(-9, 9, each) * (1 - 2 * (n % 2)) + 1e-4 * rng.normal(size=each)
            R = 1 / (1 + np.exp(-(np.abs(B) - 8 + 0.15 * n) / 0.2)) + 1e-3 * rng.normal(size=each)
            for i in range(each):
                R_, time = f"{R[i]:.15f}", f"{30422650 + 0.5 * (n * each + i):.2f}"
                file.write(
                    f",{time},4369,{T[i]:.14f},{B[i] * 1e4:.10f},0,{R_},19.9799995422363,{R_},19.9799995422363,,,,,"
                    f"0.0141793771782327,0.0104518093626328,,,25,{R_},{R_},,\n"
                )


def plain(path, rows):
    """The needed columns by csv.reader and float()."""
    with path.open() as file:
        lines = islice(csv.reader(file), 5, 5 + rows)
        return np.array([[float(row[n]) for n in NEEDED] for row in lines])


def numpy_reader(path, rows):
    """The needed columns by numpy.genfromtxt."""
    return np.genfromtxt(path, delimiter=",", skip_header=5, usecols=NEEDED, max_rows=rows)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.dat"
        write(path, rows)
        with Stopwatch() as reading:
            run = read(path)
        with Stopwatch() as segmenting:
            sweeps = run.sweeps()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        others = {}
        for name, reader in (("csv and float", plain), ("numpy.genfromtxt", numpy_reader)):
            with Stopwatch() as watch:
                values = reader(path, min(OTHERS, rows))
            assert np.allclose(values[:, 11], run.data.R[0, : len(values)])
            others[name] = watch.cpu / len(values)
        size = path.stat().st_size / 1024**2
    assert len(sweeps) == 2 * SWEEPS
    per_row = {"read": reading.cpu / rows, "segmentation": segmenting.cpu / rows, **others}
    shown = [[name, 1e6 * time, time / per_row["read"]] for name, time in per_row.items()]
    table(f"{rows} rows, {size:.0f} MiB, {len(sweeps)} sweeps", ["", "us per row", "of ours"], shown)
    print(
        f"\npeak memory {memory:.2f} GiB; reading {reading.cpu:.1f} s, segmentation {segmenting.cpu:.1f} s (processor)"
    )
    save("reading", {"rows": rows, "seconds_per_row": per_row, "peak_GiB": memory, "sweeps": len(sweeps)})


if __name__ == "__main__":
    main()
