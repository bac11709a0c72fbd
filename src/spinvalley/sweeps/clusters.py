"""Clusters to run a sweep on: processes of this machine, a scheduler by its address, SLURM."""

from __future__ import annotations

import inspect
import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from spinvalley.checks import InvalidInput, one_of, positive, whole
from spinvalley.sweeps.libraries import dask, dask_jobqueue, distributed

_HOST: Final = "127.0.0.1"
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
_SETTINGS: Final = {
    "distributed.scheduler.allowed-failures": 0,  # the driver counts who dies over what
    "distributed.admin.log-format": "%(message)s",
}


@contextmanager
def local_cluster(workers: int, *, dashboard: bool = True) -> Iterator[Any]:
    """Processes of one thread each on this machine, reachable only from it.

    Args:
        workers: processes.
        dashboard: serve Dask's dashboard at a free port (`client.dashboard_link`).

    Raises:
        InvalidInput: `workers` < 1, or the extra `cluster` is missing.

    >>> import spinvalley as sv
    >>> with sv.sweeps.local_cluster(1, dashboard=False) as client:
    ...     sv.sweep(lambda x: x + 1, {"x": [0.0]}, client=client).value.item()
    1.0
    """
    number = whole("workers", workers, 1)
    library = distributed()
    with dask().config.set(_SETTINGS), _quiet():
        cluster = library.LocalCluster(
            n_workers=number,
            threads_per_worker=1,
            processes=True,
            host=_HOST,
            dashboard_address=f"{_HOST}:0",
            scheduler_kwargs={"dashboard": dashboard},
            env=_ONE_THREAD,
            silence_logs=logging.CRITICAL,
        )
        with cluster, library.Client(cluster) as client:
            client.register_plugin(_uninterrupted())
            yield client


@contextmanager
def connect(address: str, timeout: float = 10.0) -> Iterator[Any]:
    """A scheduler that runs already.

    Args:
        address: e.g. tcp://10.0.0.1:8786.
        timeout: seconds to wait for an answer.

    Raises:
        InvalidInput: nobody answers.
    """
    seconds = positive("timeout", timeout)
    library = distributed()
    with _quiet():
        try:
            client = library.Client(address, timeout=seconds)
        except (OSError, ValueError, TypeError) as error:
            raise InvalidInput(
                f"`address` must be that of a Dask scheduler, but none answered at {address!r} within {seconds:g} s"
            ) from error
        with client:
            yield client


@contextmanager
def slurm_cluster(settings: Mapping[str, Any]) -> Iterator[Any]:
    """Workers that SLURM starts as jobs.

    Args:
        settings: arguments of `dask_jobqueue.SLURMCluster` (queue, account, cores, memory, walltime, ...), and `jobs`,
            the number of jobs.

    Raises:
        InvalidInput: an unknown key, `jobs` missing, or the extra `cluster` is missing.
    """
    number = whole("jobs", settings.get("jobs"), 1)
    library = distributed()
    with dask().config.set(_SETTINGS), _slurm(settings) as cluster:
        cluster.scale(jobs=number)
        with library.Client(cluster) as client:
            client.register_plugin(_uninterrupted())
            yield client


def slurm_script(settings: Mapping[str, Any]) -> str:
    """The job script that `slurm_cluster` submits."""
    with _slurm(settings) as cluster:
        return str(cluster.job_script())


@contextmanager
def _slurm(settings: Mapping[str, Any]) -> Iterator[Any]:
    library = dask_jobqueue()
    given = {"scheduler_options": {"dashboard_address": f"{_HOST}:0"}, **settings}
    given.pop("jobs", None)
    for key in given:  # a cluster that is half made complains when it is thrown away
        one_of("settings", key, ("jobs", *_slurm_keys(library)))
    for key in ("cores", "memory"):
        if key not in given:
            raise InvalidInput(f"`settings` must hold {key} of a job, but does not")
    lines = [f"export {name}={value}" for name, value in _ONE_THREAD.items()]
    given["job_script_prologue"] = [*lines, *given.get("job_script_prologue", ())]
    try:
        cluster = library.SLURMCluster(**given)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"`settings` must be those of dask_jobqueue.SLURMCluster, but {error}") from None
    with cluster:
        yield cluster


def _slurm_keys(library: Any) -> list[str]:
    """Settings that a cluster of jobs knows."""
    kinds = (library.core.JobQueueCluster, library.core.Job, library.slurm.SLURMJob)
    names = {name for kind in kinds for name in inspect.signature(kind.__init__).parameters}
    return sorted(names - {"self", "job_kwargs", "job_cls", "base_class_kwargs", "config_name"})


@contextmanager
def _quiet() -> Iterator[None]:
    """Workers that die are told by the sweep, not by the log."""
    log = logging.getLogger("distributed")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _uninterrupted() -> Any:
    """Ctrl-C goes to all processes of a terminal; only the driver is to hear it."""

    class Uninterrupted(distributed().WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            del worker
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Uninterrupted()
