"""Where tasks run: here, in threads, or (module `cluster`) on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from spinvalley.checks import SpinvalleyError
from spinvalley.store.table import Flat, Template
from spinvalley.sweeps.block import Computed, Job, compute


class ClusterLost(SpinvalleyError):
    """The scheduler went away in the middle of a sweep. What is done is kept."""


@dataclass(frozen=True)
class Task:
    """Consecutive places of one block.

    Args:
        start: first place.
        stop: place after the last.
        flat: their indices in the full grid, or None if these are the places themselves.
        deaths: workers that died over it.
        alone: nothing else runs at the same time.
        budget: seconds after which it stops early, or None.
    """

    start: int
    stop: int
    flat: Flat | None = None
    deaths: int = 0
    alone: bool = False
    budget: float | None = None


@dataclass(frozen=True)
class Died:
    """The worker died over a task."""


Outcome = tuple[Task, Computed | Died]


class Executor(Protocol):
    """Runs tasks, in any order."""

    def slots(self) -> int:
        """Tasks that may be handed out at the same time."""
        ...

    def workers(self) -> int:
        """Tasks that are computed at the same time."""
        ...

    def submit(self, task: Task, template: Template | None) -> None:
        """Hand out a task."""
        ...

    def next(self) -> Outcome:
        """The next result; waits for it."""
        ...

    def close(self) -> None:
        """Drop what is handed out."""
        ...


class Inline:
    """The function is called here."""

    def __init__(self, job: Job) -> None:
        self._run = _runner(job)
        self._tasks: list[tuple[Task, Template | None]] = []

    def slots(self) -> int:
        """One task."""
        return 1

    workers = slots

    def submit(self, task: Task, template: Template | None) -> None:
        """Keep a task until its result is wanted."""
        self._tasks.append((task, template))

    def next(self) -> Outcome:
        """Compute."""
        task, template = self._tasks.pop(0)
        return task, self._run(task, template)

    def close(self) -> None:
        """Forget the task."""
        self._tasks.clear()


class Threads:
    """The function is called in threads, for functions that leave Python most of the time."""

    def __init__(self, job: Job, threads: int) -> None:
        self._run = _runner(job)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)
        self._tasks: dict[Future[Computed], Task] = {}

    def slots(self) -> int:
        """One task for each thread."""
        return self._threads

    workers = slots

    def submit(self, task: Task, template: Template | None) -> None:
        """Start a task."""
        self._tasks[self._pool.submit(self._run, task, template)] = task

    def next(self) -> Outcome:
        """The first that is done."""
        done, _ = wait(self._tasks, return_when=FIRST_COMPLETED)
        future = min(done, key=lambda f: self._tasks[f].start)
        return self._tasks.pop(future), future.result()

    def close(self) -> None:
        """Wait for the tasks that have begun."""
        self._pool.shutdown(cancel_futures=True)


def _runner(job: Job) -> Callable[[Task, Template | None], Computed]:
    def run(task: Task, template: Template | None) -> Computed:
        return compute(job, indices(task), template, task.budget)

    return run


def indices(task: Task) -> Flat:
    """Indices of a task's points in the full grid."""
    if task.flat is not None:
        return task.flat
    return np.arange(task.start, task.stop)
