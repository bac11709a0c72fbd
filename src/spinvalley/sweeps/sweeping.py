"""A function over named coordinates as one labelled Dataset."""

from __future__ import annotations

import inspect
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spinvalley.checks import InvalidInput, instance, one_of, whole
from spinvalley.store.lock import locked
from spinvalley.store.memory import Memory
from spinvalley.store.place import Place, StoreError
from spinvalley.store.plan import Plan, coordinate
from spinvalley.store.table import FAILURES, MESSAGE, STATUS, Flat, State, unfinished
from spinvalley.store.writer import Origin, Writer, create_store, find_store
from spinvalley.sweeps.block import Computed, Job
from spinvalley.sweeps.boundary import Boundary, Cells, description, padded
from spinvalley.sweeps.cluster import Cluster
from spinvalley.sweeps.driver import Driver, Progress, Table
from spinvalley.sweeps.environment import environment
from spinvalley.sweeps.executors import Died, Executor, Inline, Task, Threads
from spinvalley.sweeps.fingerprint import fingerprint, function_name
from spinvalley.sweeps.points import Points
from spinvalley.sweeps.results import plain
from spinvalley.sweeps.sizing import BUDGET, FEW, block_length

_RETRY: Final = {"failed": State.FAILED, "poisoned": State.POISONED}


class SweepWarning(UserWarning):
    """A sweep without a single number."""


def sweep(
    function: Callable[..., Any],
    coords: Mapping[str, Any],
    *,
    together: Sequence[str] = (),
    store: str | Path | None = None,
    client: Any = None,
    seed: int | None = None,
    block: int | None = None,
    refine: Boundary | None = None,
    threads: int = 1,
    record: Mapping[str, Any] | None = None,
    note: Mapping[str, Any] | None = None,
    retry: Sequence[str] = (),
    force: bool = False,
    deaths: int = 3,
    check: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> xr.Dataset:
    """Any quantity over named coordinates; it can be killed at any moment and goes on where it was.

    Args:
        function: called with a keyword for each coordinate; returns a number, a dict, a dataclass with numbers, a
            Dataset.
        coords: name -> values (n,), numbers or texts; a DataArray keeps its attributes.
        together: coordinates that the function gets whole, as arrays, e.g. all temperatures at once.
        store: folder or fsspec URL that keeps the results; a call with the same store computes what is missing.
        client: `distributed.Client`, e.g. from `local_cluster`; None: here.
        seed: the function gets a keyword `seed`, made of this and the point.
        block: points in a task; None: so many that a task takes seconds.
        refine: compute only along a boundary.
        threads: threads without a client.
        record: JSON, compared when the store is used again.
        note: JSON, kept with this session.
        retry: "failed" and "poisoned" points that are computed again.
        force: keep what is done although the function, the package or the record are others now.
        deaths: workers that a point may kill.
        check: raise the first exception of the function instead of keeping it as `failed`.
        progress: called after each block.

    Returns:
        Dataset over `coords`: what the function gives, `status` (its own, else "done"; "failed", "poisoned",
        "skipped") and `message`.

    Raises:
        InvalidInput: no meaning, a store of another sweep or in use; nothing is written then.
        StoreError: disk full; ClusterLost: no scheduler. Finished blocks are kept.

    >>> import spinvalley as sv
    >>> data = sv.sweep(lambda x, y: x * y, {"x": [1.0, 2.0], "y": [3.0, 4.0]})
    >>> data.value.values
    array([[3., 4.],
           [6., 8.]])
    """
    plan = _plan(function, coords, together, seed, block, refine)
    again = tuple(_RETRY[one_of("retry", name, _RETRY)] for name in retry)
    whole("deaths", deaths, 1)
    job = Job(function, _points(plan), check)
    cells = None if refine is None else Cells(plan, refine)
    executor = _executor(job, client, whole("threads", threads, 1))
    run = _Run(plan, cells, executor, deaths, progress, again)
    try:
        if store is None:
            data = run.into_memory()
        else:
            origin = Origin(fingerprint(function), _json("record", record), _json("note", note), environment())
            data = run.into_store(Place.of(store), origin, force)
    finally:
        executor.close()
    _warn(data)
    return data


@dataclass(frozen=True, eq=False)
class _Run:
    """One call of `sweep`."""

    plan: Plan
    cells: Cells | None
    executor: Executor
    deaths: int
    progress: Callable[[Progress], None] | None
    retry: tuple[State, ...]

    def into_memory(self) -> xr.Dataset:
        """Without a store."""
        first = self._first()
        plan, probed = self._sized(first, kept=False)
        table = Memory(plan)
        self._fill(Driver(table, self.executor, self.deaths, self.progress), table, first, probed)
        return table.dataset()

    def into_store(self, place: Place, origin: Origin, force: bool) -> xr.Dataset:
        """With a store, new or used before."""
        with locked(place):
            table = find_store(place)
            first = self._first()
            probed: Computed | None = None
            forced: list[str] = []
            if table is None:
                plan, probed = self._sized(first, kept=True)
                table = create_store(place, plan, origin)
            else:
                forced = table.check(self.plan, origin, force)
            table.begin(origin, forced)
            with self._session(table) as driver:
                self._fill(driver, table, first, probed)
            return table.dataset()

    @contextmanager
    def _session(self, table: Writer) -> Iterator[Driver]:
        """Work that is noted at its end, however it ends; a disk that is full is told by the work itself."""
        driver = Driver(table, self.executor, self.deaths, self.progress)
        try:
            yield driver
        except BaseException:
            with suppress(StoreError):
                table.end(driver.fresh, driver.seconds, driver.wall)
            raise
        table.end(driver.fresh, driver.seconds, driver.wall)

    def _first(self) -> Flat | None:
        return None if self.cells is None else self.cells.first()

    def _sized(self, first: Flat | None, kept: bool) -> tuple[Plan, Computed | None]:
        """The plan with its length of blocks, and the results that were measured for it.

        What a killed driver loses follows from the length, so that a sweep that is kept is measured at more places.
        """
        if self.plan.block:
            return self.plan, None
        number = self.plan.points if first is None else len(first)
        probed = self._measured(Task(0, number, first, budget=BUDGET))
        if probed is None:
            return replace(self.plan, block=1), None
        if probed.invalid:
            self._refuse(probed, number, first)
        length = block_length(probed.seconds, number, self.executor.workers(), probed.template)
        if kept and length > FEW:
            dearest = max(self._elsewhere(number, first), key=lambda one: float(one[-1]), default=probed.seconds)
            length = min(length, block_length(dearest, number, self.executor.workers(), probed.template))
        return replace(self.plan, block=length), probed

    def _elsewhere(self, number: int, first: Flat | None) -> Iterator[NDArray[np.float64]]:
        """Times of two neighbours at other places, as the first points may be the cheapest; results are dropped."""
        for place in (number // 3, 2 * number // 3, number - 2):
            flat = None if first is None else first[place : place + 2]
            other = self._measured(Task(place, place + 2, flat))
            if other is not None:
                yield other.seconds

    def _measured(self, task: Task) -> Computed | None:
        self.executor.submit(task, None)
        _, outcome = self.executor.next()
        return None if isinstance(outcome, Died) else outcome

    def _refuse(self, probed: Computed, number: int, first: Flat | None) -> None:
        """Input without a meaning at the first points, in the middle and at the end is told before anything is kept."""
        for place in (number // 2, number - 1):
            flat = None if first is None else first[place : place + 1]
            other = self._measured(Task(place, place + 1, flat))
            if other is None or not other.invalid:
                return
        raise InvalidInput(probed.invalid)

    def _fill(self, driver: Driver, table: Table, first: Flat | None, probed: Computed | None) -> None:
        """All points; round by round where a boundary is followed."""
        if self.cells is None or first is None:
            self._round(driver, table, Round(0, table.positions, None), probed)
            return
        start, flat = 0, first
        while len(flat):
            flat = padded(flat, table.plan.block)
            _ask(table, start, flat)
            self._round(driver, table, Round(start, start + len(flat), flat), probed)
            start, probed = start + len(flat), None
            flat = self.cells.next(_listed(table)[:start], table.contents().part(0, start))

    def _round(self, driver: Driver, table: Table, places: Round, probed: Computed | None) -> None:
        """Compute what is missing of consecutive blocks."""
        states = table.verified()[places.start : places.stop]
        blocks = unfinished(states, table.plan.block, self.retry)
        for start, stop in blocks:
            states[start:stop] = State.PENDING
        table.reset([(places.start + start, places.start + stop) for start, stop in blocks])
        driver.count(states if places.flat is None else states[places.flat >= 0])
        driver.tell()
        known = 0
        if probed is not None:
            known = len(probed.block)
            driver.take(Task(places.start, places.start + known), probed)
        driver.run(places.task(max(start, known), stop) for start, stop in blocks if stop > known)


@dataclass(frozen=True, eq=False)
class Round:
    """Consecutive places of the list of points.

    Args:
        start: the first place.
        stop: the place after the last.
        flat: their indices in the full grid (-1: no point), or None if these are the places themselves.
    """

    start: int
    stop: int
    flat: Flat | None

    def task(self, first: int, last: int) -> Task:
        """The places [first, last) of this round as a task."""
        return Task(self.start + first, self.start + last, None if self.flat is None else self.flat[first:last])


def _listed(table: Table) -> Flat:
    flat = table.flat()
    assert flat is not None
    return flat


def _ask(table: Table, start: int, flat: Flat) -> None:
    """Note the points of a round, or find the same ones noted; a damaged note is written again."""
    known = _listed(table)[start : start + len(flat)]
    if not len(known):
        table.extend(flat)
    elif len(known) == len(flat) and ((known == flat) | (known == -1)).all():
        if (known != flat).any():
            table.note(start, flat)
    else:
        raise InvalidInput(
            "`store` must hold the points that the refinement asks for, but holds others: use a new store"
        )


def _plan(
    function: Callable[..., Any],
    coords: Mapping[str, Any],
    together: Sequence[str],
    seed: int | None,
    block: int | None,
    refine: Boundary | None,
) -> Plan:
    if not callable(function):
        raise InvalidInput(f"`function` must be callable, but is {function!r}")
    if not coords:
        raise InvalidInput(f"`coords` must name at least one coordinate, but is {coords!r}")
    if isinstance(together, str):
        raise InvalidInput(f"`together` must be a list of names, but is {together!r}")
    for name in together:
        one_of("together", name, coords)
    if refine is not None:
        instance("refine", refine, Boundary, 'Boundary("status")')
    values = {_free(name, seed): coordinate(str(name), axis) for name, axis in coords.items()}
    plan = Plan(
        coords=values,
        together=tuple(together),
        block=0 if block is None else whole("block", block, 1),
        seed=None if seed is None else whole("seed", seed, 0),
        refine=description(refine),
        function=function_name(function),
        attrs={str(name): plain(axis.attrs) for name, axis in coords.items() if isinstance(axis, xr.DataArray)},
    )
    _callable_with(function, plan)
    return plan


def _free(name: Any, seed: int | None) -> str:
    """The name of a coordinate, if the result and the call leave it free."""
    taken = (STATUS, MESSAGE) if seed is None else (STATUS, MESSAGE, "seed")
    if not isinstance(name, str) or not name or "/" in name or name in taken:
        raise InvalidInput(f"`coords` must have names other than {', '.join(taken)} and without /, but one is {name!r}")
    return name


def _json(name: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """What JSON makes of a mapping, so that it compares with what is read back."""
    try:
        return dict(json.loads(json.dumps({} if value is None else value)))
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"`{name}` must be a mapping of plain numbers, texts and lists, but {error}") from None


def _callable_with(function: Callable[..., Any], plan: Plan) -> None:
    """Refuse coordinates that the function does not take."""
    names = [*plan.coords, *(["seed"] if plan.seed is not None else [])]
    try:
        inspect.signature(function).bind(**dict.fromkeys(names))
    except TypeError as error:
        raise InvalidInput(
            f"`function` must take {', '.join(names)} by name, but {plan.function} does not: {error}"
        ) from None
    except ValueError:  # a builtin without a signature
        return


def _points(plan: Plan) -> Points:
    swept = {name: plan.coords[name].tolist() for name in plan.swept}
    return Points(swept, {name: plan.coords[name] for name in plan.together}, plan.seed)


def _executor(job: Job, client: Any, threads: int) -> Executor:
    if client is not None:
        return Cluster(client, job)
    return Inline(job) if threads == 1 else Threads(job, threads)


def _warn(data: xr.Dataset) -> None:
    """Say it loudly where no point has a number."""
    states = set(np.unique(data.status.values).tolist())
    messages = Counter(text for text in data.message.values.ravel().tolist() if text)
    if messages and states <= {state.text for state in FAILURES} | {State.SKIPPED.text}:
        ((text, count),) = messages.most_common(1)
        total = sum(messages.values())
        warnings.warn(f"no point gave a number; {count} of {total} failed with: {text}", SweepWarning, stacklevel=3)
