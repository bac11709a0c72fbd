"""The same numbers on a cluster, whoever dies."""

import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

import spinvalley as sv
from spinvalley.sweeps.sending import LARGEST, packed
from sweep_cases import CALLS, GRID, calls, chunks, deadly, half_plane, noise, patchy, slow, smooth


@pytest.fixture(scope="module")
def side(tmp_path_factory):
    """The side file; the workers of the module know it too."""
    path = tmp_path_factory.mktemp("cluster") / "calls"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CALLS, str(path))
        yield path


@pytest.fixture(scope="module")
def client(side):
    del side
    with sv.sweeps.local_cluster(2, dashboard=False) as client:
        yield client


def test_a_cluster_gives_what_one_process_gives(client, tmp_path):
    alone = sv.sweep(patchy, GRID, store=tmp_path / "alone.zarr", block=6)
    assert sv.sweep(patchy, GRID, store=tmp_path / "s.zarr", block=6, client=client).identical(alone)
    assert chunks(tmp_path / "s.zarr") == chunks(tmp_path / "alone.zarr")
    assert sv.sweep(patchy, GRID, client=client).identical(alone)
    seeds = {"coords": {"x": np.arange(30.0)}, "seed": 5}
    assert sv.sweep(noise, **seeds, client=client, block=7).identical(sv.sweep(noise, **seeds))
    with pytest.raises(ValueError, match="x is two"):
        sv.sweep(patchy, GRID, client=client, check=True)


def test_a_refined_map_is_the_same_on_a_cluster(client):
    axes = {"x": np.linspace(0, 1, 17), "y": np.linspace(0, 1, 17), "slope": [0.5], "offset": [0.1]}
    refine = sv.sweeps.Boundary("phase", levels=2)
    assert sv.sweep(half_plane, axes, refine=refine, client=client).identical(sv.sweep(half_plane, axes, refine=refine))


def test_workers_with_another_version_of_the_package_are_refused(client, monkeypatch):
    monkeypatch.setattr("spinvalley.sweeps.cluster.package_source", lambda: "another")
    with pytest.raises(sv.InvalidInput, match="`client` must have workers with the spinvalley of this process"):
        sv.sweep(smooth, GRID, client=client)


def test_workers_see_only_this_machine_and_have_one_thread(client):
    assert all(address.startswith("tcp://127.0.0.1:") for address in client.nthreads())
    assert set(client.nthreads().values()) == {1}
    assert set(client.run(os.getenv, "OMP_NUM_THREADS").values()) == {"1"}


def test_a_worker_killed_in_the_middle_costs_what_was_in_flight(client, side, tmp_path):
    alone = sv.sweep(slow, GRID, store=tmp_path / "alone.zarr", block=4)
    before = len(calls(side))
    victim = next(iter(client.run(os.getpid).values()))
    threading.Timer(0.15, os.kill, (victim, signal.SIGKILL)).start()
    data = sv.sweep(slow, GRID, store=tmp_path / "s.zarr", block=4, client=client)
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)
    assert data.identical(alone)
    assert chunks(tmp_path / "s.zarr") == chunks(tmp_path / "alone.zarr")
    assert 56 <= len(calls(side)) - before <= 56 + 4 * 2  # two blocks wait at each worker, one of them begun


def test_a_point_that_kills_is_found_and_its_neighbours_have_their_values(client, tmp_path):
    data = sv.sweep(deadly, GRID, store=tmp_path / "s.zarr", block=2, client=client, deaths=2)
    whole = sv.sweep(smooth, GRID)
    poisoned = data.status == "poisoned"
    assert list(data.x.values[poisoned.any("y")]) == [2.0]
    assert int(poisoned.sum()) == 1
    assert data.message.sel(x=2, y=3).item() == "killed 2 workers that computed nothing else"
    assert np.array_equal(data["sum"].values[~poisoned], whole["sum"].values[~poisoned])
    assert sv.store.open_store(tmp_path / "s.zarr").states()["poisoned"] == 1


def settled(side, quiet=1.0):
    """Number of calls once there are no more for a while."""
    before = -1
    while len(calls(side)) != before:
        before = len(calls(side))
        time.sleep(quiet)
    return before


def test_ctrl_c_keeps_what_is_done_and_frees_the_workers(client, side, tmp_path):
    def interrupt(progress):
        if progress.done >= 16:
            raise KeyboardInterrupt

    earlier = len(calls(side))
    with pytest.raises(KeyboardInterrupt):
        sv.sweep(slow, GRID, store=tmp_path / "s.zarr", block=4, client=client, progress=interrupt)
    assert sv.store.open_store(tmp_path / "s.zarr").states()["done"] >= 16
    assert settled(side) - earlier < math.prod(map(len, GRID.values()))  # the blocks in flight end, no other begins
    assert (sv.sweep(slow, GRID, store=tmp_path / "s.zarr", client=client).status == "done").all()


CLUSTER = """
import time
import spinvalley as sv
if __name__ == "__main__":
    with sv.sweeps.local_cluster(1, dashboard=False) as client:
        print(client.scheduler.address, flush=True)
        time.sleep(600)
"""


def test_a_scheduler_that_goes_away_is_told_in_one_sentence(tmp_path):
    (tmp_path / "cluster.py").write_text(CLUSTER)
    path = {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, str(tmp_path / "cluster.py")]
    with subprocess.Popen(command, env={**os.environ, **path}, stdout=subprocess.PIPE, text=True) as owner:
        with sv.sweeps.connect(owner.stdout.readline().strip()) as client:

            def leave(progress):
                if progress.done:
                    owner.kill()

            with pytest.raises(sv.sweeps.ClusterLost, match="the scheduler is gone; finished blocks are kept"):
                sv.sweep(slow, GRID, store=tmp_path / "s.zarr", block=2, client=client, progress=leave)
            began = time.perf_counter()
        assert time.perf_counter() - began < 10
    assert sv.store.open_store(tmp_path / "s.zarr").states()["done"] > 0
    assert (sv.sweep(slow, GRID, store=tmp_path / "s.zarr").status == "done").all()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "tcp://127.0.0.1:99999999"])
def test_a_scheduler_that_does_not_answer_is_told_in_time(address):
    began = time.perf_counter()
    sentence = "must be that of a Dask scheduler, but none answered"
    with pytest.raises(sv.InvalidInput, match=sentence), sv.sweeps.connect(address, timeout=1.0):
        pass
    assert time.perf_counter() - began < 10


def test_a_running_scheduler_is_found_by_its_address(client):
    with sv.sweeps.connect(client.scheduler.address) as other:
        assert sv.sweep(smooth, GRID, client=other).identical(sv.sweep(smooth, GRID))


def test_the_job_of_slurm_asks_for_what_was_said():
    settings = {"jobs": 3, "queue": "long", "account": "films", "cores": 2, "memory": "4GB", "walltime": "02:00:00"}
    script = sv.sweeps.slurm_script(settings)
    lines = ("-p long", "-A films", "--cpus-per-task=2", "--mem=4G", "-t 02:00:00", "export OMP_NUM_THREADS=1")
    assert all(line in script for line in lines)
    with pytest.raises(sv.InvalidInput, match=r"`settings` must be one of jobs, account, .* but is 'colour'"):
        sv.sweeps.slurm_script({**settings, "colour": "red"})
    with pytest.raises(sv.InvalidInput, match="`jobs` must be"), sv.sweeps.slurm_cluster({"queue": "long"}):
        pass


def test_what_is_cached_or_too_large_is_not_sent():
    sc = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2))
    size = len(packed(sc))
    assert sc.v > 0
    assert set(vars(cloudpickle.loads(packed(sc)))) == {"model", "pairing", "density"} < set(vars(sc))
    assert len(packed(sc)) < size + 200 < len(cloudpickle.dumps(sc))
    with pytest.raises(sv.InvalidInput, match="must hold less than 8 MiB"):
        packed(np.random.default_rng(0).normal(size=LARGEST // 8 + 1))
    with pytest.raises(sv.InvalidInput, match="can be sent to workers, but it cannot"):
        packed(threading.Lock())


def test_without_the_extra_a_cluster_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(sv.InvalidInput, match=r"pip install 'spinvalley.cluster.'"), sv.sweeps.local_cluster(1):
        pass


@pytest.mark.nightly
def test_a_million_points_in_two_minutes_and_flat_memory(client, tmp_path):
    axes = {"x": np.arange(1000.0), "y": np.arange(1000.0)}
    peaks = []

    def watch(progress):
        del progress
        peaks.append(resident())

    began = time.perf_counter()
    data = sv.sweep(product_of, axes, store=tmp_path / "s.zarr", client=client, progress=watch)
    assert time.perf_counter() - began < 120
    assert (data.status == "done").all()
    assert np.array_equal(data.value.values, np.multiply.outer(axes["x"], axes["y"]))
    assert peaks[-1] - peaks[len(peaks) // 4] < 64


def product_of(x, y):
    return x * y


def resident():
    """MiB of this process."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
