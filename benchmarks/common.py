"""What every benchmark shares: the machine line, a stopwatch, an aligned table and the JSON of a run.

Only ratios of times measured in one run are claims; absolute seconds are printed to make the ratios readable.
"""

import json
import os
import platform
import sys
import time
from datetime import date
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("spinvalley", "numpy", "scipy", "jax")


class Stopwatch:
    """Wall and processor time of a `with` block; on a machine that others use too, trust the processor time."""

    def __enter__(self):
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exception):
        self.wall = time.perf_counter() - self._start[0]
        self.cpu = time.process_time() - self._start[1]


def machine():
    """Processor, cores, load, versions and date of this run."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "date": date.today().isoformat(),
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in _PACKAGES},
    }


def table(title, head, rows):
    """Print an aligned table; numbers are formatted to four significant digits."""
    cells = [head, *[[_cell(value) for value in row] for row in rows]]
    widths = [max(len(line[n]) for line in cells) for n in range(len(head))]
    print(f"\n{title}")
    for n, line in enumerate(cells):
        print(
            "  "
            + "  ".join(
                text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths, strict=True))
            )
        )
        if n == 0:
            print("  " + "  ".join("-" * w for w in widths))
    sys.stdout.flush()


def save(name, data):
    """Write results/<name>.json with the machine line."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    line = machine()
    path.write_text(json.dumps({"machine": line, **data}, indent=1) + "\n")
    print(f"\n{line['processor']}, {line['cores']} cores, load {line['load']}, {line['date']} -> {path}")


def _cell(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)
