"""Progress of a study with rate and time left: a bar on a terminal, JSON lines, or a plain line now and then."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from spinvalley.files import json_text
from spinvalley.sweeps import Progress

Tell = Callable[[Progress], None]
_PAUSE: Final = 5.0  # seconds between plain lines
_JSON_PAUSE: Final = 1.0


def say(sentence: str) -> None:
    """One line on stderr."""
    print(f"spinvalley: {sentence}", file=sys.stderr, flush=True)


@contextmanager
def telling(*, json: bool) -> Iterator[Tell]:
    """A function that shows how far a study is: on stdout under --json, else on stderr."""
    if json:
        yield _paced(_json_line, _JSON_PAUSE)
    elif sys.stderr.isatty():
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
        )
        with Bars(*columns, console=Console(stderr=True)) as bars:
            yield _bar(bars)
    elif os.environ.get("CI"):
        yield lambda _: None
    else:
        yield _paced(_line, _PAUSE)


def rate(now: Progress) -> float | None:
    """Points per second of this session, None as long as none is finished.

    >>> rate(Progress(done=12, total=20, failed=0, fresh=4, seconds=7.0, wall=2.0))
    2.0
    """
    return now.fresh / now.wall if now.fresh and now.wall > 0 else None


def seconds_left(now: Progress) -> float | None:
    """Time left at the rate of this session, seconds.

    >>> seconds_left(Progress(done=12, total=20, failed=0, fresh=4, seconds=7.0, wall=2.0))
    4.0
    """
    pace = rate(now)
    if now.done >= now.total:
        return 0.0
    return None if pace is None else (now.total - now.done) / pace


def clock(seconds: float | None) -> str:
    """A duration to read.

    >>> clock(3725), clock(65), clock(None)
    ('1:02:05', '1:05', '?')
    """
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def words(now: Progress) -> str:
    """Rate, time left and failures."""
    pace = rate(now)
    failed = f", {now.failed} failed" if now.failed else ""
    speed = "" if pace is None else f"{pace:.3g} points/s, "
    return f"{speed}{clock(seconds_left(now))} left{failed}"


def _paced(act: Callable[[Progress], None], pause: float) -> Tell:
    """At the beginning, at the end, and in between at most once in `pause` seconds."""
    last: list[float] = []

    def tell(now: Progress) -> None:
        if not last or now.done >= now.total or now.wall - last[0] >= pause:
            last[:] = [now.wall]
            act(now)

    return tell


def _json_line(now: Progress) -> None:
    document = {
        "done": now.done,
        "total": now.total,
        "failed": now.failed,
        "rate": rate(now),
        "seconds_left": seconds_left(now),
        "seconds": now.wall,
    }
    print(" ".join(json_text(document).split()), flush=True)


def _line(now: Progress) -> None:
    print(f"{now.wall:6.1f} s  {now.done}/{now.total} points, {words(now)}", file=sys.stderr, flush=True)


def _bar(bars: Bars) -> Tell:
    task = bars.add_task("points", total=None, pace="")

    def tell(now: Progress) -> None:
        bars.update(task, completed=now.done, total=now.total, pace=words(now))

    return tell
