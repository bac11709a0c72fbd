"""Refinement finds the boundary that the full grid shows, with the points of a line instead of an area."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.sweeps import Boundary
from sweep_cases import CALLS, calls, chunks, half_plane

SIDE = np.linspace(0, 1, 65)


def kept(data):
    return data.status.values != "skipped"


@settings(max_examples=20)
@given(st.floats(-3, 3), st.floats(-1, 1.5), st.integers(1, 5), st.integers(3, 40))
def test_every_step_across_a_line_is_computed_on_both_sides(slope, offset, levels, number):
    function = functools.partial(half_plane, slope=slope, offset=offset)
    axes = {"x": SIDE[:: max(1, 64 // number)], "y": SIDE}
    full = sv.sweep(function, axes)
    for boundary in (Boundary("phase", levels=levels), Boundary("height", above=0.0, levels=levels)):
        data = sv.sweep(function, axes, refine=boundary, block=7)
        asked = kept(data)
        assert np.array_equal(data.phase.values[asked], full.phase.values[asked])
        phase = full.phase.values
        for axis in (0, 1):
            step = np.diff((phase == "above").astype(int), axis=axis) != 0
            both = np.logical_and(np.delete(asked, -1, axis), np.delete(asked, 0, axis))
            assert both[step].all()


def test_the_cost_is_that_of_a_line():
    counts = []
    for number in (65, 129, 257):
        axis = np.linspace(0, 1, number)
        function = functools.partial(half_plane, slope=0.7, offset=0.1)
        levels = int(np.log2(number - 1)) - 3
        data = sv.sweep(function, {"x": axis, "y": axis}, refine=Boundary("phase", levels=levels))
        counts.append(kept(data).sum() / number)
    assert max(counts) < 8
    assert max(counts) / min(counts) < 1.5


def test_a_boundary_that_nothing_crosses_would_be_noticed():
    """The broken variant: refinement by a quantity that is the same everywhere sees no boundary."""
    function = functools.partial(half_plane, slope=0.7, offset=0.1)
    data = sv.sweep(function, {"x": SIDE, "y": SIDE}, refine=Boundary("status", levels=3))
    assert kept(data).sum() == 81
    step = np.diff((sv.sweep(function, {"x": SIDE, "y": SIDE}).phase.values == "above").astype(int), axis=1) != 0
    assert not kept(data)[:, 1:][step].all()


@pytest.mark.parametrize("stop", [1, 90, 200, 330])
def test_a_refined_sweep_goes_on_where_it_was(tmp_path, monkeypatch, stop):
    monkeypatch.setenv(CALLS, str(tmp_path / "calls"))
    axes = {"x": SIDE, "name": ["film", "stack"], "y": SIDE}
    refine = Boundary("phase", levels=3)

    def interrupt(progress):
        if progress.fresh >= stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sv.sweep(named, axes, refine=refine, store=tmp_path / "s.zarr", block=11, progress=interrupt)
    data = sv.sweep(named, axes, refine=refine, store=tmp_path / "s.zarr")
    assert len(calls(tmp_path / "calls")) == kept(data).sum()
    whole = sv.sweep(named, axes, refine=refine, store=tmp_path / "whole.zarr", block=11)
    assert data.identical(whole)
    assert chunks(tmp_path / "s.zarr") == chunks(tmp_path / "whole.zarr")
    states = sv.store.open_store(tmp_path / "s.zarr").states()
    assert states["done"] == kept(data).sum()
    assert states["skipped"] == data.status.size - kept(data).sum()
    with pytest.raises(sv.InvalidInput, match=r"differs in refine\.levels: 3 -> 2"):
        sv.sweep(named, axes, refine=Boundary("phase", levels=2), store=tmp_path / "s.zarr")


@pytest.mark.parametrize("content", [b"", bytes(4), None])
def test_a_damaged_list_of_points_is_written_again(tmp_path, monkeypatch, content):
    axes, refine, path = {"x": SIDE[::4], "name": ["film"], "y": SIDE[::4]}, Boundary("phase", levels=2), tmp_path / "s"
    whole = sv.sweep(named, axes, refine=refine, store=path, block=11)
    before = chunks(path)
    monkeypatch.setenv(CALLS, str(tmp_path / "calls"))
    for name in [name for name in before if name.startswith("index/")]:
        (path / name).unlink() if content is None else (path / name).write_bytes(content)
        assert not sv.store.open_store(path).dataset().identical(whole)
        assert sv.sweep(named, axes, refine=refine, store=path).identical(whole)
        assert chunks(path) == before
    assert calls(tmp_path / "calls") == []


def named(x, name, y):
    return half_plane(x, y, 0.7 if name == "film" else -0.3, 0.1)


def test_a_refinement_by_what_is_not_there_is_refused():
    with pytest.raises(sv.InvalidInput, match="`of` must be one of status, phase, height, but is 'gap'"):
        sv.sweep(functools.partial(half_plane, slope=1, offset=0), {"x": SIDE, "y": SIDE}, refine=Boundary("gap"))
    with pytest.raises(sv.InvalidInput, match="`levels` must be a whole number of at least 1"):
        Boundary(levels=0)
    with pytest.raises(sv.InvalidInput, match="`above` must be finite"):
        Boundary("gap", above=np.nan)


@pytest.mark.parametrize("value", [1j, "text"])
def test_a_level_of_what_is_no_real_number_is_refused(value):
    with pytest.raises(sv.InvalidInput, match="`above` must be left out where `of` is no real number, but g is none"):
        sv.sweep(lambda x, y: {"g": value}, {"x": SIDE, "y": SIDE}, refine=Boundary("g", above=0.5))  # noqa: ARG005


def test_temperatures_that_go_together_are_refined_together():
    def function(x, y, kT):
        return {"gap": np.maximum(0, 1 - x - kT) * (y < 0.5)}

    axes = {"kT": [0.1, 0.2, 0.5], "x": SIDE, "y": SIDE}
    full = sv.sweep(function, axes, together=["kT"])
    data = sv.sweep(function, axes, together=["kT"], refine=Boundary("gap", above=0.0, levels=3))
    asked = kept(data)
    step = (np.diff((full.gap.values > 0).astype(int), axis=1) != 0).any(axis=0)
    assert (asked[1:] & asked[:-1])[step].all()
    assert np.array_equal(data.gap.values[:, asked], full.gap.values[:, asked])
    assert asked.mean() < 0.3
