"""A driver that is killed at any moment loses the blocks in flight and nothing else."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import spinvalley as sv
from spinvalley.sweeps.environment import environment
from sweep_cases import CALLS, GRID, calls, chunks, slow

BLOCK = 5
DRIVER = """
import sys
import sweep_cases
import spinvalley as sv
from spinvalley.sweeps.environment import environment
environment()  # loaded and asked for before the clock starts
print("ready", flush=True)
sv.sweep(sweep_cases.slow, sweep_cases.GRID, store=sys.argv[1], block=int(sys.argv[2]), threads=int(sys.argv[3]))
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    path = tmp_path_factory.mktemp("undisturbed") / "s.zarr"
    environment()  # asked for once in a process
    began = time.perf_counter()
    data = sv.sweep(slow, GRID, store=path, block=BLOCK)
    return chunks(path), data, time.perf_counter() - began


def killed(store, side, seconds, threads):
    """Kill a driver so long after it began; whether it was still at work."""
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": tests, CALLS: str(side)}
    command = [sys.executable, "-c", DRIVER, str(store), str(BLOCK), str(threads)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout.readline() == "ready\n"
        time.sleep(seconds)
        driver.kill()
        return "done" not in driver.stdout.read()


def survive(tmp_path, undisturbed, seed, threads):
    bytes_before, data, duration = undisturbed
    store, side = tmp_path / "s.zarr", tmp_path / "calls"
    at_work = killed(store, side, random.Random(seed).uniform(0, duration), threads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CALLS, str(side))
        assert sv.sweep(slow, GRID, store=store, block=BLOCK).identical(data)
    assert chunks(store) == bytes_before
    assert 56 <= len(calls(side)) <= 56 + BLOCK * threads * at_work
    assert sorted(p.name for p in tmp_path.iterdir()) == ["calls", "s.zarr"]


@pytest.mark.parametrize("seed", range(5))
def test_a_driver_killed_at_a_random_moment_loses_what_is_in_flight(tmp_path, undisturbed, seed):
    survive(tmp_path, undisturbed, seed, threads=1 + seed % 2)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(5, 45))
def test_a_driver_killed_many_times_loses_what_is_in_flight(tmp_path, undisturbed, seed):
    survive(tmp_path, undisturbed, seed, threads=1 + seed % 2)


def test_a_study_killed_again_and_again_ends_all_the_same(tmp_path, undisturbed):
    """The same store, killed three times on its way."""
    store, side = tmp_path / "s.zarr", tmp_path / "calls"
    kills = sum(killed(store, side, undisturbed[2] * part, 1) for part in (0.3, 0.25, 0.2))
    assert kills >= 1  # on a busy machine the last may come too late
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CALLS, str(side))
        assert sv.sweep(slow, GRID, store=store, block=BLOCK).identical(undisturbed[1])
    assert chunks(store) == undisturbed[0]
    assert len(calls(side)) <= 56 + BLOCK * kills


def test_a_driver_that_is_not_killed_would_be_told_apart(tmp_path, undisturbed):
    """The broken variant: a store whose last block is lost does not have the bytes of a whole one."""
    store = tmp_path / "s.zarr"
    sv.sweep(slow, GRID, store=store, block=BLOCK)
    (store / "state" / "c" / "3").unlink()
    assert chunks(store) != undisturbed[0]
