"""Work in the background: one job for each panel, the latest settings win, late results are dropped.

A job is a generator: it yields a first coarse result at once and better ones after. It is cancelled where it tells its
progress, and at every result. The number of threads is bounded for the whole server, so is the time of one job.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import Any, Final

import panel as pn
from panel.io.state import set_curdoc

from spinvalley.checks import SpinvalleyError

Tell = Callable[[str, int, int], None]
Work = Callable[[Tell], Iterator[Any]]

THREADS: Final = 4
AT_ONCE: Final = 2
"""Jobs of one panel that run at the same time: one that winds up, and its successor."""

LONGEST: Final = 180.0
"""Seconds that one job may take."""

_STOPPED: Final = "cancelled: the picture shows what was finished"
_STOPPING: Final = "stopping: the step that runs ends first; what was finished stays"
_PAUSE: Final = 0.15  # seconds between two signs of progress


class Cancelled(Exception):
    """A job that is no longer wanted, or took too long."""


_stopping = threading.Event()


def stop() -> None:
    """Give up the work of every page: the server ends."""
    _stopping.set()
    _pool().shutdown(wait=False, cancel_futures=True)


def warm_up() -> None:
    """Compile what the first pictures need, in the background."""
    _pool().submit(_warm)


def _warm() -> None:
    def tell(*_: int) -> None:
        if _stopping.is_set():
            raise Cancelled

    with contextlib.suppress(SpinvalleyError, Cancelled):
        import_module("spinvalley.app.systems").warm(tell)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="spinvalley-app")


class Worker:
    """Runs the jobs of one panel.

    Args:
        show: called with each result, in the thread of the page.
        tell: called with (state, sentence, share of the work done): state is "busy", "done", "cancelled" or "failed".
        longest: seconds that a job may take.
    """

    def __init__(
        self, show: Callable[[Any], None], tell: Callable[[str, str, float], None], longest: float = LONGEST
    ) -> None:
        self._show, self._tell, self._longest = show, tell, longest
        self._document = pn.state.curdoc
        self._lock = threading.Lock()
        self._number, self._running, self._cancelled = 0, 0, -1
        self._waiting: tuple[int, Work] | None = None

    def start(self, work: Work) -> None:
        """Begin a job; the one before it is given up."""
        with self._lock:
            self._number += 1
            self._waiting = (self._number, work)
        self._tell("busy", "computing", 0.0)
        self._feed()

    def cancel(self) -> None:
        """Give up the present job; it ends where it tells its progress next, and that may take a while."""
        with self._lock:
            self._number += 1
            self._cancelled, running = self._number, self._running
        self._tell("cancelled", _STOPPING if running else _STOPPED, 0.0)

    def close(self) -> None:
        """Give up the present job without a word: nobody looks any more."""
        with self._lock:
            self._number += 1

    def _feed(self) -> None:
        """Give the waiting job to a thread, unless this panel has as many as it may: then it waits for their end."""
        with self._lock:
            if self._waiting is None or self._running >= AT_ONCE or _stopping.is_set():
                return
            (number, work), self._waiting = self._waiting, None
            self._running += 1
        _pool().submit(self._finished, number, work)

    def _finished(self, number: int, work: Work) -> None:
        try:
            self._run(number, work, time.monotonic() + self._longest)
        finally:
            with self._lock:
                self._running -= 1
                ended = self._running == 0 and self._cancelled == self._number
            if ended:
                self._later(self._cancelled, self._tell, "cancelled", _STOPPED, 0.0)
            self._feed()

    def _run(self, number: int, work: Work, end: float) -> None:
        last = 0.0

        def tell(stage: str, done: int, total: int) -> None:
            nonlocal last
            self._check(number, end)
            now = time.monotonic()
            if now - last > _PAUSE or done >= total:
                last = now
                self._later(number, self._tell, "busy", stage, done / max(total, 1))

        try:
            self._check(number, end)
            for result in work(tell):
                self._check(number, end)
                self._later(number, self._show, result)
            self._later(number, self._tell, "done", "", 1.0)
        except Cancelled as reason:
            self._later(number, self._tell, "failed", str(reason), 0.0)
        except SpinvalleyError as error:
            self._later(number, self._tell, "failed", str(error), 0.0)
        except MemoryError:
            self._later(number, self._tell, "failed", "this needs more memory than there is", 0.0)
        except Exception:  # whatever else goes wrong is told in one sentence; its trace belongs to the terminal
            traceback.print_exc()
            self._later(number, self._tell, "failed", "an internal error: see the terminal of the server", 0.0)

    def _check(self, number: int, end: float) -> None:
        if number != self._number or _stopping.is_set():
            raise Cancelled("cancelled")
        if time.monotonic() > end:
            raise Cancelled(
                f"stopped: the computation took longer than {self._longest:.0f} s, the limit of one session"
            )

    def _later(self, number: int, act: Callable[..., None], *args: Any) -> None:
        """Call a function in the thread of the page, unless newer settings came in between."""

        def call() -> None:
            if number == self._number:
                with set_curdoc(self._document):  # what is made in here belongs to this page and has its look
                    act(*args)

        if number != self._number:
            return
        if self._document is None or self._document.session_context is None:
            act(*args)
        else:
            self._document.add_next_tick_callback(call)
