"""A sweep is the loop over its points, however it is divided, interrupted and taken up again."""

import functools
import time
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.sweeps.block import Job, compute
from spinvalley.sweeps.points import Points, seed_of
from spinvalley.sweeps.sizing import block_length
from sweep_cases import CALLS, GRID, calls, chunks, noise, patchy, smooth

AXIS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5)


@settings(max_examples=40)
@given(st.tuples(AXIS, AXIS, AXIS), st.sets(st.sampled_from("abc")), st.integers(1, 30) | st.none(), st.integers(1, 3))
def test_a_sweep_is_the_loop_over_its_points(axes, together, block, threads):
    def function(a, b, c):
        return {"sum": a + 2 * b + 3 * c if not together else np.broadcast_to(a_sum(a, b, c), shape), "one": 1}

    def a_sum(a, b, c):
        arrays = np.meshgrid(*[v for n, v in zip("abc", (a, b, c), strict=True) if n in together], indexing="ij")
        found = dict(zip([n for n in "abc" if n in together], arrays, strict=True))
        full = {n: found.get(n, v) for n, v in zip("abc", (a, b, c), strict=True)}
        return full["a"] + 2 * full["b"] + 3 * full["c"]

    coords = dict(zip("abc", axes, strict=True))
    shape = tuple(len(coords[n]) for n in "abc" if n in together)
    data = sv.sweep(function, coords, together=sorted(together), block=block, threads=threads)
    assert data["sum"].dims == ("a", "b", "c")
    for i, j, k in product(*(range(len(axis)) for axis in axes)):
        assert data["sum"].values[i, j, k] == axes[0][i] + 2 * axes[1][j] + 3 * axes[2][k]
    assert data.one.dims == tuple(n for n in "abc" if n not in together)
    assert (data.status == "done").all()


def test_a_sweep_with_its_axes_exchanged_is_told_from_the_loop():
    """The broken variant: values that belong to other points."""
    data = sv.sweep(smooth, GRID)
    other = sv.sweep(lambda x, y: smooth(y, x), GRID)
    assert not np.array_equal(data.angle, other.angle)


@dataclass(frozen=True)
class State:
    gap: float
    status: str
    kT: float
    branches: tuple[int, ...] = ()


def labelled(x):
    data = xr.Dataset({"H": (("xy", "kT"), x * np.ones((2, 3)), {"units": "T"})}, {"xy": ["x", "y"]})
    return data.assign(count=2)


@pytest.mark.parametrize(
    ("function", "names", "dims"),
    [
        (lambda **_: 3, ["value"], ()),
        (lambda x, **_: np.float32(x), ["value"], ()),
        (lambda kT, **_: 1j * kT, ["value"], ("kT",)),
        (lambda **_: {"name": "film", "on": True}, ["name", "on"], ()),
        (lambda x, **_: State(x, "normal", 0.1), ["gap"], ()),
        (lambda x, kT: xr.DataArray(kT * x, dims="kT", name="F"), ["F"], ("kT",)),
        (lambda x, **_: labelled(x), ["H", "count"], ("kT", "xy")),
    ],
)
def test_results_of_every_form_have_their_place(function, names, dims, tmp_path):
    coords = {"x": [1.0, 2.0], "kT": xr.DataArray([0.1, 0.2, 0.3], attrs={"units": "meV"})}
    data = sv.sweep(function, coords, together=["kT"])
    assert sorted(data.data_vars) == sorted([*names, "status", "message"])
    assert data[names[0]].dims == ("x", *dims)
    assert data.kT.attrs == {"units": "meV"}
    assert data.identical(sv.sweep(function, coords, together=["kT"], store=tmp_path / "s.zarr", block=1))


def test_labels_and_units_of_a_functions_own_dimension_are_kept():
    data = sv.sweep(lambda x, **_: labelled(x), {"x": [1.0], "kT": [1.0, 2.0, 3.0]}, together=["kT"])
    assert data.H.attrs == {"units": "T"}
    assert list(data.xy.values) == ["x", "y"]


def test_a_point_that_fails_says_so_and_stops_nothing():
    data = sv.sweep(patchy, GRID)
    failed = data.status == "failed"
    assert np.array_equal(failed, np.broadcast_to((data.x == 2).values[:, None], failed.shape))
    assert set(data.message.values[failed]) == {"ValueError: x is two"}
    assert np.isnan(data.value.values[failed]).all()
    np.testing.assert_array_equal(data.status.sel(x=5, y=3), "normal")
    with pytest.raises(ValueError, match="x is two"):
        sv.sweep(patchy, GRID, check=True)


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ({"b": 1.0}, "the function must return the same quantities at every point (a), but returned b"),
        ({"a": [1.0, 2.0]}, "the function must return numbers or arrays of shape (), but `a` has shape (2,)"),
        ({"a": "text"}, "`a` must be real as at the first point, but is text"),
        ({"a": 1j}, "`a` must be real as at the first point, but is complex"),
        ({"a": None}, "the function must return numbers or texts, but `a` is NoneType"),
        ({}, "the function must return at least one number, but returned none"),
        ({"a": 1.0, "status": 3}, "the function must return `status` as text, but returned a number"),
        ({"x": 1.0}, "the function must name its results by texts that are not coordinates"),
        ({"message": 1.0}, "the function must name its results by texts that are not coordinates"),
        (xr.Dataset({"a": ("k", [1.0])}), "the function must return the same labels at every point, but k differs"),
        (object(), "the function must return numbers or texts, but `value` is object"),
    ],
)
def test_a_result_of_another_form_fails_alone(second, sentence):
    data = sv.sweep(lambda x: second if x == 1 else {"a": 1.0}, {"x": [0, 1, 2]})
    assert list(data.status.values) == ["done", "failed", "done"]
    assert sentence in str(data.message.values[1])


def test_a_sweep_without_a_number_is_said_loudly(tmp_path):
    def broken(**_):
        raise RuntimeError("no luck")

    with pytest.warns(
        sv.sweeps.SweepWarning, match=r"no point gave a number; 3 of 3 failed with: RuntimeError: no luck"
    ):
        data = sv.sweep(broken, {"x": [1, 2, 3]}, store=tmp_path / "s.zarr")
    assert set(data.status.values) == {"failed"}


def test_one_long_message_costs_its_own_length_only(tmp_path):
    def function(x):
        if x == 7:
            raise ValueError("long " * 90)
        return x

    points = 20_000
    for store in (None, tmp_path / "s.zarr"):
        data = sv.sweep(function, {"x": np.arange(points)}, store=store)
        assert str(data.message.values[7]) == "ValueError: " + ("long " * 90).strip()
        assert data.message.nbytes <= 8 * points


def test_a_status_of_the_functions_own_is_no_exception():
    data = sv.sweep(lambda x: {"v": x, "status": "failed"}, {"x": [1.0, 2.0]})
    assert list(data.v.values) == [1.0, 2.0]
    assert set(data.status.values) == {"failed"}


def test_input_without_a_meaning_at_every_point_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(sv.InvalidInput, match=r"`kT` must be non-negative, but is -1\.0"):
        sv.sweep(lambda x: sv.checks.non_negative("kT", x), {"x": [-1.0, -2.0, -3.0]}, store=tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == []
    data = sv.sweep(lambda x: sv.checks.non_negative("kT", x), {"x": [-1.0, -2.0, 3.0]})
    assert list(data.status.values) == ["failed", "failed", "done"]


def test_a_seed_belongs_to_the_point_and_not_to_the_block():
    coords = {"x": np.arange(20.0)}
    one = sv.sweep(noise, coords, seed=7, block=1)
    for block, threads in [(3, 1), (20, 1), (4, 2)]:
        assert sv.sweep(noise, coords, seed=7, block=block, threads=threads).identical(one)
    assert len(np.unique(one.value)) == 20
    assert not np.array_equal(sv.sweep(noise, coords, seed=8).value, one.value)
    assert one.attrs["seed"] == 7


@given(st.integers(0, 2**40), st.integers(0, 10**9))
def test_a_seed_is_a_number_of_63_bits(seed, index):
    assert 0 <= seed_of(seed, index) < 2**63


class Stop(KeyboardInterrupt):
    """Ctrl-C at a chosen call."""


@settings(max_examples=15)
@given(st.integers(0, 54), st.integers(1, 60), st.booleans())
def test_what_is_interrupted_goes_on_with_what_is_missing(tmp_path_factory, stop, block, forgotten):
    tmp_path = tmp_path_factory.mktemp("stop")
    side = tmp_path / "calls"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CALLS, str(side))
        reached = []

        def interrupt(progress):
            reached.append(progress.done)
            if progress.done > stop and not forgotten:
                raise Stop

        with nullcontext() if forgotten else pytest.raises(Stop):
            sv.sweep(patchy, GRID, store=tmp_path / "s.zarr", block=block, progress=interrupt)
        data = sv.sweep(patchy, GRID, store=tmp_path / "s.zarr")
    assert sorted(reached) == reached
    assert data.identical(sv.sweep(patchy, GRID))
    assert len(calls(side)) == 56
    sv.sweep(patchy, GRID, store=tmp_path / "whole.zarr", block=block)
    assert chunks(tmp_path / "s.zarr") == chunks(tmp_path / "whole.zarr")


def test_an_exception_in_the_middle_of_a_block_costs_that_block(tmp_path, monkeypatch):
    monkeypatch.setenv(CALLS, str(tmp_path / "calls"))
    state = {"armed": True}

    def stopping(x, y):
        value = smooth(x, y)
        if state["armed"] and (x, y) == (4, 3):
            raise Stop
        return value

    with pytest.raises(Stop):
        sv.sweep(functools.partial(call, Forgetful(stopping)), GRID, store=tmp_path / "s.zarr", block=5)
    state["armed"] = False
    data = sv.sweep(functools.partial(call, Forgetful(stopping)), GRID, store=tmp_path / "s.zarr")
    assert data.equals(sv.sweep(smooth, GRID).assign_attrs(data.attrs))
    done = calls(tmp_path / "calls")
    assert len(done) - 56 - 56 == 32 % 5  # 56 of the reference; of the block, what came before the exception


class Forgetful:
    """A callable whose fingerprint does not change with its state."""

    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        return (Forgetful, (None,))


def call(holder, x, y):
    return holder.function(x, y)


def test_another_function_is_refused_with_what_differs(tmp_path):
    path = tmp_path / "s.zarr"
    shifted = {"x": [0.0], "y": [0.0]}
    sv.sweep(functools.partial(offset, by=1.0), shifted, store=path, record={"model": {"coupling": 0.3}})
    before = chunks(path)
    with pytest.raises(
        sv.InvalidInput, match=r"differs in arguments.by: '1.0' -> '2.0'; use a new store, or force=True"
    ):
        sv.sweep(functools.partial(offset, by=2.0), shifted, store=path, record={"model": {"coupling": 0.3}})
    with pytest.raises(sv.InvalidInput, match=r"differs in record.model.coupling: 0.3 -> 0.4"):
        sv.sweep(functools.partial(offset, by=1.0), shifted, store=path, record={"model": {"coupling": 0.4}})
    with pytest.raises(sv.InvalidInput, match=r"differs in coords.x.values: \[0.0\] -> \[1.0\]; use a new store, as"):
        sv.sweep(functools.partial(offset, by=1.0), {"x": [1.0], "y": [0.0]}, store=path, force=True)
    with pytest.raises(sv.InvalidInput, match="differs in seed: None -> 3"):
        sv.sweep(lambda **_: 0, shifted, store=path, seed=3)
    assert chunks(path) == before
    data = sv.sweep(functools.partial(offset, by=2.0), shifted, store=path, force=True, note={"who": "me"})
    assert data.value.item() == 1.0
    *_, last = sv.store.open_store(path).history
    assert last["forced"][0] == "arguments.by: '1.0' -> '2.0'"
    assert last["note"] == {"who": "me"}
    assert sv.sweep(functools.partial(offset, by=2.0), shifted, store=path).value.item() == 1.0


def offset(x, y, by):
    return x + y + by


def test_failed_points_are_tried_again_on_request(tmp_path):
    path = tmp_path / "s.zarr"
    switch = tmp_path / "switch"
    function = functools.partial(needs_file, path=str(switch))
    first = sv.sweep(function, {"x": [0, 1, 2, 3, 4]}, store=path, block=2)
    assert list(first.status.values) == ["done", "failed", "done", "failed", "done"]
    switch.touch()
    assert sv.sweep(function, {"x": [0, 1, 2, 3, 4]}, store=path).identical(first)
    again = sv.sweep(function, {"x": [0, 1, 2, 3, 4]}, store=path, retry=["failed"])
    assert set(again.status.values) == {"done"}
    assert set(again.message.values) == {""}


def needs_file(x, path):
    if x % 2:
        with open(path):  # noqa: PTH123
            pass
    return x


def test_a_block_is_measured_where_points_are_dear_too(tmp_path):
    """The first points are the cheapest; measured there alone, a block would be an eighth of all."""

    def function(x):
        time.sleep(0.02 if x > 20 else 0.0)
        return x

    sv.sweep(function, {"x": np.arange(160.0)}, store=tmp_path / "s.zarr")
    assert sv.store.open_store(tmp_path / "s.zarr").plan.block <= 20
    assert block_length(np.full(3, 1e-6), 160, 1, None) == 160


def test_one_point_that_takes_long_is_measure_enough():
    points = Points({"x": [1.0, 2.0, 3.0]}, {}, None)
    job = Job(lambda x: time.sleep(0.02) or x, points)
    assert len(compute(job, np.arange(3), budget=1e-4).block) == 1
    assert len(compute(job, np.arange(3), budget=0.01).block) == 2
    assert len(compute(job, np.arange(3)).block) == 3


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"coords": {"status": [1.0]}}, "`coords` must have names other than status, message and without /, but one"),
        ({"coords": {"a/b": [1.0]}}, "without /, but one is 'a/b'"),
        ({"coords": {3: [1.0]}}, "without /, but one is 3"),
        ({"coords": {"seed": [1]}, "seed": 1}, "other than status, message, seed and without /, but one is 'seed'"),
        ({"coords": {"x": ["a", 2]}}, "`x` must be numbers or texts, but mixes them"),
        ({"coords": {"x": [2**63]}}, "`x` must hold whole numbers below 2^63, but contains 9223372036854775808"),
        ({"coords": {}}, "`coords` must name at least one coordinate"),
        ({"coords": {"x": []}}, "`x` must be one-dimensional and not empty, but has shape (0,)"),
        ({"coords": {"x": np.array([], str)}}, "`x` must be one-dimensional and not empty, but has shape (0,)"),
        ({"coords": {"x": [np.nan]}}, "`x` must be finite, but contains nan"),
        ({"coords": {"x": [[1.0], [2.0]]}}, "`x` must be one-dimensional and not empty, but has shape (2, 1)"),
        ({"coords": {"x": [[1], [2]]}}, "`x` must be one-dimensional and not empty, but has shape (2, 1)"),
        ({"coords": {"x": [[1], [2, 3]]}}, "`x` must be one-dimensional, but its rows differ in length"),
        ({"coords": {"x": [1j]}}, "`x` must be numbers or texts"),
        ({"coords": {"z": [1.0]}}, "`function` must take z by name"),
        ({"function": 3}, "`function` must be callable, but is 3"),
        ({"together": "x"}, "`together` must be a list of names, but is 'x'"),
        ({"together": ["z"]}, "`together` must be one of x, but is 'z'"),
        ({"block": 0}, "`block` must be a whole number of at least 1, but is 0"),
        ({"threads": 0}, "`threads` must be a whole number of at least 1"),
        ({"deaths": 0}, "`deaths` must be a whole number of at least 1"),
        ({"seed": -1}, "`seed` must be a whole number of at least 0"),
        ({"retry": ["done"]}, "`retry` must be one of failed, poisoned, but is 'done'"),
        ({"refine": "status"}, "`refine` must be a Boundary"),
        ({"refine": sv.sweeps.Boundary()}, "`refine` must have two swept axes of at least 3 numbers, but there are 0"),
        ({"client": "tcp://127.0.0.1:1"}, "`client` must be a distributed.Client, but is 'tcp://127.0.0.1:1'"),
        ({"record": {"a": object()}, "store": "memory://never"}, "`record` must be a mapping of plain numbers"),
    ],
)
def test_bad_input_gets_one_sentence(keywords, sentence):
    with pytest.raises(sv.InvalidInput) as caught:
        sv.sweep(**{"function": lambda x: x, "coords": {"x": [1.0]}, **keywords})
    assert sentence in str(caught.value)
