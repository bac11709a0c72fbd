"""The driver under workers that die, answer in any order, and kill: simulated, so that many deaths are cheap."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.store.memory import Memory
from spinvalley.store.plan import Plan
from spinvalley.store.table import State
from spinvalley.sweeps.block import Job, compute
from spinvalley.sweeps.driver import Driver
from spinvalley.sweeps.executors import Died, Task, indices
from spinvalley.sweeps.points import Points
from sweep_cases import patchy

COORDS = {"x": np.arange(6.0), "y": np.arange(5.0)}


class Written(Memory):
    """Counts how often a block is written."""

    def __init__(self, plan):
        super().__init__(plan)
        self.blocks = []

    def write(self, start, block):
        self.blocks.append(start)
        super().write(start, block)


class Unreliable:
    """Workers that answer in any order and die: over deadly points always, over others by chance."""

    def __init__(self, job, seed, deadly, chance):
        self.job, self.random, self.deadly, self.chance = job, random.Random(seed), deadly, chance
        self.out, self.most, self.computed, self.deaths = [], 0, 0, 0

    def slots(self):
        return 4

    def workers(self):
        return 2

    def submit(self, task, template):
        self.out.append((task, template))
        self.most = max(self.most, len(self.out))

    def next(self):
        task, template = self.out.pop(self.random.randrange(len(self.out)))
        crowded = len(self.out) > 0
        if self.deadly & set(indices(task)) or (crowded and self.random.random() < self.chance):
            self.deaths += 1
            return task, Died()
        self.computed += task.stop - task.start
        return task, compute(self.job, indices(task), template)

    def close(self):
        self.out.clear()


class Mistaken(Unreliable):
    """The broken variant: it gives the results of other points."""

    def next(self):
        task, _ = self.out.pop()
        return task, compute(self.job, (indices(task) + 1) % 30)


def driven(kind, block, seed=0, deadly=frozenset(), chance=0.0, deaths=3):
    plan = Plan(COORDS, (), block, None, None, "patchy")
    job = Job(patchy, Points({n: v.tolist() for n, v in COORDS.items()}, {}, None))
    table = Written(plan)
    executor = kind(job, seed, deadly, chance)
    told = []
    driver = Driver(table, executor, deaths, told.append)
    driver.count(table.verified())
    driver.run(Task(a, min(a + block, 30)) for a in range(0, 30, block))
    return table, executor, told


def undisturbed(block):
    return driven(Unreliable, block)[0].dataset()


@settings(max_examples=30)
@given(
    st.integers(1, 30),
    st.integers(0, 2**32),
    st.frozensets(st.integers(0, 29), max_size=4),
    st.floats(0, 0.9),
    st.integers(1, 3),
)
def test_only_what_kills_is_poisoned_and_all_else_has_its_value(block, seed, deadly, chance, deaths):
    table, executor, told = driven(Unreliable, block, seed, deadly, chance, deaths)
    data, whole = table.dataset(), undisturbed(block)
    poisoned = np.isin(np.arange(30).reshape(6, 5), sorted(deadly))
    assert np.array_equal(data.status == "poisoned", poisoned)
    for name in ("value", "status"):
        assert np.array_equal(data[name].values[~poisoned], whole[name].values[~poisoned], equal_nan=name == "value")
    assert executor.most <= 4
    assert sorted(table.blocks) == list(range(0, 30, block))
    assert executor.computed == 30 - len(deadly)
    assert [p.fresh for p in told] == sorted(p.fresh for p in told)
    assert (told[-1].done, told[-1].total) == (30, 30)
    assert told[-1].failed == int(np.isin(data.status, ["failed", "poisoned"]).sum())


@given(st.integers(1, 29))
def test_results_of_other_points_would_be_noticed(block):
    assert not driven(Mistaken, block)[0].dataset().identical(undisturbed(block))


@given(st.integers(1, 30), st.integers(0, 2**32))
def test_a_point_gets_as_many_chances_as_are_allowed(block, seed):
    for deaths in (1, 2, 4):
        _, executor, _ = driven(Unreliable, block, seed, frozenset([13]), 0.0, deaths)
        halvings = int(np.ceil(np.log2(min(block, 30 - 13 // block * block))))
        assert executor.deaths <= 2 * deaths + halvings


def test_the_form_of_results_is_that_of_the_first_block_whoever_answers_first():
    def uneven(x, y):
        return {"a": 1.0} if (x, y) == (0, 0) else {"b": 2.0}

    plan = Plan(COORDS, (), 1, None, None, "uneven")
    for seed in range(10):
        table = Memory(plan)
        job = Job(uneven, Points({n: v.tolist() for n, v in COORDS.items()}, {}, None))
        driver = Driver(table, Unreliable(job, seed, frozenset(), 0.0), 3, None)
        driver.run(Task(a, a + 1) for a in range(30))
        assert list(table.template.variables) == ["a"]
        assert int((table.verified() == State.FAILED).sum()) == 29


@pytest.mark.parametrize("block", [1, 4, 30])
def test_a_first_block_without_a_value_holds_up_nothing(block):
    table, _, _ = driven(Unreliable, block, 1, frozenset([0]), 0.0)
    assert table.dataset().status.values[0, 0] == "poisoned"
    assert table.template is not None
