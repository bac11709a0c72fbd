"""Tasks on a Dask cluster, and clusters to run them on."""

from __future__ import annotations

import itertools
import time
import uuid
from concurrent.futures import CancelledError
from typing import Any, Final, NoReturn

from spinvalley.checks import InvalidInput
from spinvalley.store.table import Template
from spinvalley.sweeps.block import Computed, Job, compute_sent
from spinvalley.sweeps.executors import ClusterLost, Died, Outcome, Task
from spinvalley.sweeps.fingerprint import package_source
from spinvalley.sweeps.libraries import distributed
from spinvalley.sweeps.sending import packed

_PER_THREAD: Final = 2
_GLANCE: Final = 2.0
"""Seconds between two looks at how many workers there are."""


class Cluster:
    """Tasks on the workers of a client; two for each of their threads are handed out.

    Args:
        client: `distributed.Client`.
        job: what is computed.

    Raises:
        InvalidInput: no client, a function that cannot be sent, workers with another version of this package.
    """

    def __init__(self, client: Any, job: Job) -> None:
        library = distributed()
        if not isinstance(client, library.Client):
            raise InvalidInput(f"`client` must be a distributed.Client, but is {client!r}")
        self._client = client
        self._sent = packed(job)
        self._source = package_source()
        self._killed = library.KilledWorker
        self._results = library.as_completed()
        self._tasks: dict[Any, tuple[Task, Template | None]] = {}
        self._prefix = f"sweep-{uuid.uuid4().hex[:8]}"
        self._numbers = itertools.count()
        self._threads = 1
        self._glanced = -_GLANCE

    def workers(self) -> int:
        """Threads of all workers, at least one."""
        now = time.monotonic()
        if now - self._glanced >= _GLANCE and self._client.status == "running":
            try:
                self._threads = max(1, sum(self._client.nthreads().values()))
            except OSError:
                self._lost()
            self._glanced = now
        return self._threads

    def slots(self) -> int:
        """Two tasks for each thread."""
        return _PER_THREAD * self.workers()

    def submit(self, task: Task, template: Template | None) -> None:
        """Hand out a task."""
        plain = task.flat is None or bool((task.flat == range(task.start, task.stop)).all())
        where = (task.start, task.stop) if plain else task.flat
        future = self._client.submit(
            compute_sent,
            self._sent,
            self._source,
            where,
            template,
            task.budget,
            key=f"{self._prefix}-{next(self._numbers)}",
            pure=False,
            retries=0,
        )
        self._tasks[future.key] = (task, template)
        self._results.add(future)

    def next(self) -> Outcome:
        """The next result.

        Raises:
            ClusterLost: the scheduler is gone.
        """
        while True:
            future = next(self._results)
            task, template = self._tasks.pop(future.key)
            outcome = self._gathered(future)
            if isinstance(outcome, Computed):
                return task, outcome
            if isinstance(outcome, self._killed):
                return task, Died()
            if outcome is not None:
                raise outcome
            self.submit(task, template)

    def close(self) -> None:
        """Cancel what is handed out."""
        futures = list(self._results.futures)
        if self._client.status == "running" and futures:
            self._client.cancel(futures)

    def _gathered(self, future: Any) -> Computed | BaseException | None:
        """Result or exception of a task; None if it was lost with the memory of a worker.

        Raises:
            ClusterLost: the scheduler is gone.
        """
        try:
            if future.status == "finished":
                result = future.result()
                assert isinstance(result, Computed)
                return result
            if future.status == "error":
                error = future.exception()
                assert isinstance(error, BaseException)
                return error
        except CancelledError:
            pass
        except OSError:  # of the connection: exceptions of the function are inside `Computed`
            self._lost()
        if self._client.status != "running":
            self._lost()
        return None

    def _lost(self) -> NoReturn:
        raise ClusterLost("the scheduler is gone; finished blocks are kept, and the same call goes on from there")
