"""The loop of a sweep: hand out tasks, put results together to blocks, write blocks; survive workers that die."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from spinvalley.store.memory import Memory
from spinvalley.store.table import FAILURES, Block, Codes, State, Template, joined
from spinvalley.store.writer import Writer
from spinvalley.sweeps.block import Computed
from spinvalley.sweeps.executors import Died, Executor, Task

Table = Memory | Writer
_OTHER_FORM: Final = "the function must return the same quantities at every point, but returned others here"


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Args:
        done: points that are finished, whatever became of them, those of earlier sessions too.
        total: points in all; a refined sweep finds more on its way.
        failed: points that failed or are poisoned.
        fresh: points finished in this session.
        seconds: time spent computing in this session, summed over the workers.
        wall: seconds since this session began.
    """

    done: int
    total: int
    failed: int
    fresh: int
    seconds: float
    wall: float


class Driver:
    """One session of work on a sweep.

    Args:
        table: what is filled.
        executor: who computes.
        deaths: workers that a point may kill.
        progress: hears of every block.
    """

    def __init__(
        self, table: Table, executor: Executor, deaths: int, progress: Callable[[Progress], None] | None
    ) -> None:
        self._table = table
        self._executor = executor
        self._deaths = deaths
        self._tell = progress
        self._template: Template | None = table.template
        self._began = time.perf_counter()
        self._again: deque[Task] = deque()
        self._suspects: deque[Task] = deque()
        self._out: dict[int, Task] = {}
        self._pieces: dict[int, list[tuple[int, Block]]] = {}
        self._held: list[tuple[Task, Computed]] = []
        self._first: int | None = None
        self._counts: Counter[str] = Counter()
        self.fresh = 0
        self.seconds = 0.0

    @property
    def wall(self) -> float:
        """Seconds since the session began."""
        return time.perf_counter() - self._began

    def count(self, states: Codes) -> None:
        """Take up more points, some of which may be done already."""
        kinds = Counter(states.tolist())
        self._counts.update(
            total=len(states),
            done=sum(kinds[s] for s in (State.DONE, *FAILURES)),
            failed=sum(kinds[s] for s in FAILURES),
        )

    def tell(self) -> None:
        """Call `progress`."""
        if self._tell is not None:
            c = self._counts
            self._tell(Progress(c["done"], c["total"], c["failed"], self.fresh, self.seconds, self.wall))

    def take(self, task: Task, computed: Computed) -> None:
        """Results that came before the loop, of the first points that were measured."""
        self._accept(task, computed)

    def run(self, blocks: Iterator[Task]) -> None:
        """Compute all these tasks."""
        while True:
            self._hand_out(blocks)
            if not self._out:
                break
            task, outcome = self._executor.next()
            del self._out[task.start]
            if isinstance(outcome, Died):
                self._bury(task)
            elif self._template is None and self._first not in (None, task.start):
                self._held.append((task, outcome))
            else:
                self._accept(task, outcome)
                self._release()
        assert not self._pieces

    def _hand_out(self, blocks: Iterator[Task]) -> None:
        while len(self._out) + len(self._held) < max(1, self._executor.slots()):
            task = self._again.popleft() if self._again else next(blocks, None)
            if task is None:
                break
            self._submit(task)
        if not self._out and not self._held and self._suspects:
            self._submit(self._suspects.popleft())

    def _submit(self, task: Task) -> None:
        if self._template is None and self._first is None and not self._out:
            self._first = task.start
        self._out[task.start] = task
        self._executor.submit(task, self._template)

    def _release(self) -> None:
        """Results that waited for the form that the first task gives."""
        self._first = None
        held, self._held = sorted(self._held, key=lambda entry: entry[0].start), []
        for task, computed in held:
            self._accept(task, computed)

    def _accept(self, task: Task, computed: Computed) -> None:
        block = computed.block
        if computed.template is not None:
            if self._template is None:
                self._template = computed.template
                self._table.fix(computed.template)
            elif computed.template.form() != self._template.form():
                block = Block.without_values(len(block), State.FAILED, _OTHER_FORM)
        self.seconds += float(computed.seconds.sum())
        self._file(task.start, block)

    def _file(self, start: int, block: Block) -> None:
        """Keep a piece; write its block once it is whole."""
        length = self._table.plan.block
        for part_start, part in _by_block(start, block, length):
            first = part_start - part_start % length
            pieces = self._pieces.setdefault(first, [])
            pieces.append((part_start, part))
            if sum(len(p) for _, p in pieces) == min(length, self._table.positions - first):
                del self._pieces[first]
                self._write(first, joined([p for _, p in sorted(pieces, key=lambda entry: entry[0])], self._template))

    def _write(self, start: int, block: Block) -> None:
        self._table.write(start, block)
        kinds = Counter(block.states.tolist())
        failed = sum(kinds[s] for s in FAILURES)
        self._counts.update(done=kinds[State.DONE] + failed, failed=failed)
        self.fresh += kinds[State.DONE] + failed
        self.tell()

    def _bury(self, task: Task) -> None:
        """A worker died: try again; then alone, in halves, down to the point that kills."""
        if self._first == task.start:
            self._release()
        points = task.stop - task.start
        if not task.alone:
            tired = task.deaths + 1 >= self._deaths
            queue = self._suspects if tired else self._again
            queue.append(replace(task, deaths=0 if tired else task.deaths + 1, alone=tired))
        elif points > 1:
            middle = (task.start + task.stop) // 2
            self._suspects.extendleft([_part(task, middle, task.stop), _part(task, task.start, middle)])
        elif task.deaths + 1 < self._deaths:
            self._suspects.appendleft(replace(task, deaths=task.deaths + 1))
        else:
            message = f"killed {task.deaths + 1} workers that computed nothing else"
            self._file(task.start, Block.without_values(1, State.POISONED, message))


def _by_block(start: int, block: Block, length: int) -> Iterator[tuple[int, Block]]:
    """A piece, cut at the borders of blocks."""
    done = 0
    while done < len(block):
        size = min(length - (start + done) % length, len(block) - done)
        yield start + done, block.part(done, done + size)
        done += size


def _part(task: Task, start: int, stop: int) -> Task:
    flat = None if task.flat is None else task.flat[start - task.start : stop - task.start]
    return replace(task, start=start, stop=stop, flat=flat, deaths=0)
