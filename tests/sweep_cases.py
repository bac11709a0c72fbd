"""Functions to sweep and ways to compare stores; a module of its own, as workers and subprocesses import it."""

import os
import signal
import time
from pathlib import Path

import numpy as np

CALLS = "SWEEP_CASES_CALLS"
"""Environment variable: a file to which every call adds a line."""


def noted(index):
    """A line in the side file; one write of a few bytes, so that lines of several processes do not mix."""
    if os.environ.get(CALLS):
        with Path(os.environ[CALLS]).open("a") as file:
            file.write(f"{index:g}\n")


def smooth(x, y):
    noted(x * 1000 + y)
    return {"sum": x + y, "angle": np.sin(x) * y, "sign": "plus" if x * y > 0 else "minus"}


def slow(x, y):
    time.sleep(0.01)
    return smooth(x, y)


def patchy(x, y):
    """Fails where x is 2, and gives a status where it does not."""
    noted(x * 1000 + y)
    if x == 2:
        raise ValueError("x is two")
    return {"value": x - y, "status": "normal" if x > y else "converged"}


def deadly(x, y):
    """Kills its worker where x is 2 and y is 3."""
    if (x, y) == (2, 3):
        os.kill(os.getpid(), signal.SIGKILL)
    return smooth(x, y)


def half_plane(x, y, slope, offset):
    noted(x * 1000 + y)
    return {"phase": "above" if y > slope * x + offset else "below", "height": y - slope * x - offset}


def noise(x, seed):
    return np.random.default_rng(seed).normal() + 0 * x


GRID = {"x": np.arange(8.0), "y": np.arange(7.0)}


def chunks(path):
    """Bytes of every chunk of a store."""
    root = Path(path)
    files = (p for p in root.rglob("*") if p.is_file() and p.name != "zarr.json")
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in files}


def calls(path):
    """Lines of the side file."""
    return Path(path).read_text().split() if Path(path).exists() else []
