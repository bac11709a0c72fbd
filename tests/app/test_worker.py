"""Laws of work in the background: the latest settings win, nothing late is shown, every failure is one sentence."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spinvalley.app.worker import AT_ONCE, Tell, Work, Worker
from spinvalley.checks import InvalidInput


class Page:
    """What a page would show, and what it would be told."""

    def __init__(self, longest: float = 60.0) -> None:
        self.shown: list[Any] = []
        self.told: list[tuple[str, str]] = []
        self.worker = Worker(self.shown.append, lambda state, text, _: self.told.append((state, text)), longest)

    def ends(self, state: str) -> bool:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if any(one == state for one, _ in self.told):
                return True
            time.sleep(0.01)
        return False


def steps(name: str, gate: threading.Event, number: int = 3) -> Work:
    """A job that yields its first result at once and the others when the gate opens."""

    def work(tell: Tell) -> Iterator[str]:
        yield f"{name} coarse"
        gate.wait(10)
        for n in range(number):
            tell("fine", n, number)
            yield f"{name} fine {n}"

    return work


def test_results_come_coarse_first_and_the_end_is_told() -> None:
    page, gate = Page(), threading.Event()
    gate.set()
    page.worker.start(steps("a", gate))
    assert page.ends("done")
    assert page.shown == ["a coarse", "a fine 0", "a fine 1", "a fine 2"]


def drops_what_is_late(make: Callable[[Page], Worker]) -> bool:
    """The law: after a new job began, no result of the old one is shown."""
    page, gate = Page(), threading.Event()
    page.worker = make(page)
    page.worker.start(steps("old", gate))
    while not page.shown:
        time.sleep(0.01)
    page.worker.start(steps("new", gate))
    gate.set()
    assert page.ends("done")
    time.sleep(0.1)
    return not any("old fine" in one for one in page.shown) and page.shown[-1] == "new fine 2"


def test_late_results_of_old_settings_are_dropped() -> None:
    assert drops_what_is_late(lambda page: page.worker)


def test_a_worker_that_shows_everything_would_be_noticed() -> None:
    class Careless(Worker):
        def _check(self, number: int, end: float) -> None:
            pass

        def _later(self, number: int, act: Callable[..., None], *args: Any) -> None:
            del number
            act(*args)

    assert not drops_what_is_late(lambda page: Careless(page.shown.append, lambda *told: page.told.append(told[:2])))


def test_a_cancelled_job_shows_nothing_more() -> None:
    page, gate = Page(), threading.Event()
    page.worker.start(steps("a", gate))
    while not page.shown:
        time.sleep(0.01)
    page.worker.cancel()
    gate.set()
    time.sleep(0.2)
    assert page.shown == ["a coarse"]
    assert page.told[-1][0] == "cancelled"


def test_a_step_that_cannot_be_broken_off_is_told_until_it_ends() -> None:
    page, gate = Page(), threading.Event()
    page.worker.start(steps("a", gate))
    while not page.shown:
        time.sleep(0.01)
    page.worker.cancel()
    assert page.told[-1][1].startswith("stopping")
    gate.set()
    end = time.monotonic() + 20
    while page.told[-1][1].startswith("stopping") and time.monotonic() < end:
        time.sleep(0.01)
    assert page.told[-1] == ("cancelled", "cancelled: the picture shows what was finished")
    page.worker.cancel()
    assert page.told[-1][1].startswith("cancelled")


def test_a_job_that_takes_too_long_is_stopped_with_a_sentence() -> None:
    page = Page(longest=0.1)

    def endless(tell: Tell) -> Iterator[int]:
        for n in range(10_000):
            time.sleep(0.02)
            tell("on and on", n, 10_000)
        yield 1

    page.worker.start(endless)
    assert page.ends("failed")
    assert "longer than" in page.told[-1][1]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(InvalidInput("`gap` must be positive, but is -1"), "`gap` must be positive"), (ZeroDivisionError(), "terminal")],
)
def test_a_failure_is_told_in_one_sentence(error: Exception, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = Page()

    def failing(tell: Tell) -> Iterator[int]:
        tell("begin", 0, 1)
        raise error
        yield 1

    page.worker.start(failing)
    assert page.ends("failed")
    assert sentence in page.told[-1][1]
    assert "Traceback" not in page.told[-1][1]
    capsys.readouterr()


def test_a_flood_of_settings_runs_few_jobs_and_ends_with_the_last() -> None:
    page, lock = Page(), threading.Lock()
    running: list[int] = []
    most = 0

    def job(number: int) -> Work:
        def work(tell: Tell) -> Iterator[int]:
            nonlocal most
            with lock:
                running.append(number)
                most = max(most, len(running))
            try:
                for n in range(5):
                    time.sleep(0.01)
                    tell("step", n, 5)
                yield number
            finally:
                with lock:
                    running.remove(number)

        return work

    for number in range(50):
        page.worker.start(job(number))
        time.sleep(0.002)
    assert page.ends("done")
    assert page.shown[-1] == 49
    assert most <= AT_ONCE
