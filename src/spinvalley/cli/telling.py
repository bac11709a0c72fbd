"""Progress of long work on stderr: a bar on a terminal, plain lines elsewhere, nothing under --json."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Tell = Callable[[str, int, int], None]
_PAUSE: Final = 5.0  # seconds between plain lines of one stage


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell]:
    """A function (stage, done, total) that shows how far the work is; any thread may call it."""
    if quiet:
        yield lambda *_: None
    elif sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bars:
            yield _bars(bars)
    else:
        yield _lines()


def _bars(bars: Progress) -> Tell:
    tasks: dict[str, TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    return tell


def _lines() -> Tell:
    started = time.monotonic()
    last: dict[str, float] = {}

    def tell(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage not in last or done >= total or now - last[stage] > _PAUSE:
            last[stage] = now
            print(f"{now - started:6.1f} s  {stage}: {done}/{total}", file=sys.stderr, flush=True)

    return tell
