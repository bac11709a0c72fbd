"""One task: the function at consecutive points. This is all that a worker runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cloudpickle
import numpy as np
from numpy.typing import NDArray

from spinvalley.checks import InvalidInput
from spinvalley.store.table import Block, Flat, State, Template
from spinvalley.sweeps.fingerprint import package_source
from spinvalley.sweeps.points import Points
from spinvalley.sweeps.results import BadResult, column, fitting, row, template_of

_LONGEST_MESSAGE: Final = 500
_PATIENCE: Final = 100


@dataclass(frozen=True, eq=False)
class Job:
    """The function and its points.

    Args:
        function: what is computed.
        points: where.
        check: let exceptions of the function through.
    """

    function: Callable[..., Any]
    points: Points
    check: bool = False


@dataclass(frozen=True)
class Computed:
    """What came out of one task.

    Args:
        block: results of the first points of the task.
        template: their form; None if there were no values.
        seconds: time of each point (n,).
        invalid: text of the first InvalidInput if every point raised one, else "".
    """

    block: Block
    template: Template | None
    seconds: NDArray[np.float64]
    invalid: str


@dataclass
class _Rows:
    """Results as they come."""

    template: Template | None
    states: list[int]
    messages: list[str]
    values: list[dict[str, NDArray[Any]] | None]
    invalid: int = 0

    def keep(self, values: dict[str, NDArray[Any]]) -> None:
        self.states.append(State.DONE)
        self.messages.append("")
        self.values.append(values)

    def fail(self, error: BaseException) -> None:
        self.states.append(State.FAILED)
        self.messages.append(sentence(error))
        self.values.append(None)
        self.invalid += isinstance(error, InvalidInput)

    def skip(self, places: int) -> None:
        self.states += [State.SKIPPED] * places
        self.messages += [""] * places
        self.values += [None] * places

    def block(self) -> Block:
        columns = {}
        if self.template is not None and any(value is not None for value in self.values):
            for name, variable in self.template.variables.items():
                found = [None if value is None else value[name] for value in self.values]
                columns[name] = column(found, variable)
        return Block(np.array(self.states, np.uint8), np.array(self.messages, dtype=np.str_), columns)


def compute(job: Job, flat: Flat, template: Template | None = None, budget: float | None = None) -> Computed:
    """The function at the points of the full grid with these indices (-1: no point).

    Args:
        job: function and points.
        flat: indices (n,).
        template: form of the results, if it is known; else the first result gives it.
        budget: stop after the second point that ends later than so many seconds from the start, or after the first
            if that took a hundred times as long.
    """
    rows = _Rows(template, [], [], [])
    real = flat[flat >= 0]  # places without a point are the last of a block
    ends = [time.perf_counter()]
    taken, swept = job.points.sizes, frozenset(job.points.swept)
    for arguments in job.points.arguments(real):
        try:
            found = row(job.function(**arguments), taken, swept)
            if rows.template is None:
                rows.template = template_of(found)
            rows.keep(fitting(found, rows.template))
        except (Exception, SystemExit) as error:
            if job.check:
                raise
            rows.fail(error)
        ends.append(time.perf_counter())
        if budget is not None and ends[-1] - ends[0] > budget * (1 if len(ends) > 2 else _PATIENCE):
            break
    invalid = rows.messages[0] if rows.messages and rows.invalid == len(rows.messages) else ""
    if len(rows.states) == len(real):
        rows.skip(len(flat) - len(real))
    block = rows.block()
    return Computed(block, rows.template if block.columns else None, np.diff(ends), invalid)


def sentence(error: BaseException) -> str:
    """An exception as one line."""
    text = " ".join(str(error).split())
    if not isinstance(error, InvalidInput | BadResult):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 3]}..."


def compute_sent(
    sent: bytes, source: str, first: Flat | tuple[int, int], template: Template | None, budget: float | None
) -> Computed:
    """`compute` on a worker, which unpacks the function once and keeps it with all it has compiled and cached.

    Raises:
        InvalidInput: this worker has another spinvalley than the driver, whose source has the digest `source`.
    """
    if source != package_source():
        raise InvalidInput("`client` must have workers with the spinvalley of this process, but theirs is another")
    flat = np.arange(*first) if isinstance(first, tuple) else first
    return compute(_unpacked(sent), flat, template, budget)


@lru_cache(maxsize=4)
def _unpacked(sent: bytes) -> Job:
    job = cloudpickle.loads(sent)
    assert isinstance(job, Job)
    return job
