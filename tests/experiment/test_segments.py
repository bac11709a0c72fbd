"""Laws of segmentation: what was swept is found, in its order and direction, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import measured_files as files
from spinvalley.checks import InvalidInput
from spinvalley.experiment.residue import offsets
from spinvalley.experiment.run import Run, read
from spinvalley.experiment.segments import average, sweeps, tolerances

REAL = [Path(__file__).parents[3] / "shared" / "data" / "misfit_nbse2_ppms.dat"]


def resistance(T, B, theta=0.0):
    """A transition whose field falls with T and rises towards 90 degrees."""
    reach = 2 * np.clip(1 - T / 4, 0.01, None) * (1 + 0.5 * np.sin(np.radians(theta)) ** 2)
    return 0.5 / (1 + np.exp(-(np.abs(B) - reach) / 0.05))


def made(*parts, noise=(0.0, 0.0, 0.0), seed=0, channels=1):
    """A run of parts (T, B, theta), each a number or an array, with noise on what the cryostat reports."""
    rng = np.random.default_rng(seed)
    rows = [np.broadcast_arrays(*(np.atleast_1d(np.asarray(q, dtype=float)) for q in part)) for part in parts]
    T, B, theta = np.concatenate([np.array(row) for row in rows], axis=1)
    R = np.array([resistance(T, B, theta) * (n + 1) for n in range(channels)])
    data = xr.Dataset({"R": (("channel", "row"), R)}, coords={"channel": [f"R{n + 1}" for n in range(channels)]})
    for name, values, scatter in zip(("T", "B", "theta"), (T, B, theta), noise, strict=True):
        data[name] = ("row", values + scatter * rng.normal(size=len(values)))
    return Run(data)


def said(found):
    """Kind, direction and held T of each sweep."""
    return [(s.kind, s.up, None if np.isnan(s.T) else round(s.T, 2)) for s in found]


NOISE = st.tuples(st.floats(0, 1e-3), st.floats(0, 2e-4), st.just(0.0))


@settings(max_examples=60)
@given(NOISE, st.integers(20, 200), st.integers(0, 99))
def test_isotherms_up_and_down_are_found_each_once(noise, points, seed):
    up = np.linspace(-1, 1, points)
    parts = []
    for n, T in enumerate((2.0, 2.1, 2.3)):
        parts += [(T, up[::-1] if n % 2 else up, 0), (T, up if n % 2 else up[::-1], 0)]
    found = sweeps(made(*parts, noise=noise, seed=seed))
    assert said(found) == [
        ("field", True, 2.0),
        ("field", False, 2.0),
        ("field", False, 2.1),
        ("field", True, 2.1),
        ("field", True, 2.3),
        ("field", False, 2.3),
    ]
    assert all(len(s.x) >= 0.9 * points - 4 for s in found)
    rows = np.concatenate([s.rows for s in found])
    assert len(np.unique(rows)) == len(rows)
    assert np.all(np.diff(rows) > 0)


@settings(max_examples=40)
@given(st.integers(0, 99), st.floats(0, 2e-3))
def test_temperature_field_and_angle_sweeps_in_one_file(seed, scatter):
    run = made(
        (np.linspace(6, 2, 120), 0.0, 0),
        (2.0, np.linspace(0, 3, 90), 0),
        (np.linspace(2, 5, 100), 3.0, 0),
        (np.linspace(5, 2, 6), 3.0, 0),
        (2.0, 3.0, np.linspace(0, 95, 96)),
        (2.0, np.linspace(3, 0, 90), 95.0),
        noise=(scatter, 1e-5, 1e-3),
        seed=seed,
    )
    kinds = [(s.kind, s.up) for s in sweeps(run)]
    assert kinds == [
        ("temperature", False),
        ("field", True),
        ("temperature", True),
        ("angle", True),
        ("field", False),
    ]


def test_points_at_rest_between_sweeps_belong_to_none():
    rest = np.full(40, 1.0)
    run = made(
        (2.0, np.linspace(-1, 1, 101), 0), (2.0, rest, 0), (2.5, rest, 0), (2.5, np.linspace(1, -1, 101), 0),
        noise=(5e-4, 1e-5, 0),
    )  # fmt: skip
    found = sweeps(run)
    assert said(found) == [("field", True, 2.0), ("field", False, 2.5)]
    assert [len(s.x) for s in found] == [pytest.approx(101, abs=2)] * 2


def test_a_drift_of_the_temperature_at_the_start_is_left_out():
    drift = 2.0 + 0.3 * np.exp(-np.arange(200) / 5)
    (found,) = sweeps(made((drift, np.linspace(-1, 1, 200), 0), noise=(5e-4, 1e-5, 0)))
    assert found.kind == "field"
    assert abs(found.T - 2.0) < 2e-3
    assert found.T_spread < 4e-3
    assert 5 < found.rows[0] < 30
    assert found.x[-1] == pytest.approx(1.0, abs=1e-3)


def test_noise_of_the_swept_quantity_is_no_reversal():
    T = np.linspace(2, 6, 4000)
    found = sweeps(made((T, 0.0, 0), (T[::-1], 0.0, 0), noise=(5e-3, 1e-5, 0)))
    assert [(s.kind, s.up) for s in found] == [("temperature", True), ("temperature", False)]
    assert min(len(s.x) for s in found) > 3800


def test_a_segmentation_at_every_reversal_would_fail():
    """The deliberately broken variant: direction from the sign of each step cuts the same sweep into hundreds."""
    T = made((np.linspace(2, 6, 4000), 0.0, 0), noise=(5e-3, 0, 0)).data["T"].values
    assert np.count_nonzero(np.diff(np.sign(np.diff(T)))) > 500


def test_a_field_sweep_through_zero_is_one_sweep_with_its_sign():
    (found,) = sweeps(made((2.0, np.linspace(1, -1, 201), 0)))
    assert not found.up
    assert found.x[0] == 1.0
    assert found.x[-1] == -1.0
    assert np.isnan(found.B)
    assert found.x_resolution == pytest.approx(0.01)


def test_repeats_without_the_way_back_keep_all_their_points():
    up = np.linspace(-1, 1, 81)
    found = sweeps(made((2.0, up, 0), (2.0, up, 0), (2.0, up, 0)))
    assert [(s.up, len(s.x)) for s in found] == [(True, 81)] * 3


def test_a_short_way_between_two_rests_is_no_sweep():
    """Found by a damaged file: what is at rest at the start and what is at rest at the end overlap."""
    for way in (0.0, 2e-4, 4e-4, 1e-3):
        B = np.concatenate([np.zeros(20), np.linspace(0, way, 3), np.full(20, way)])
        assert sweeps(made((2.0, B, 0), noise=(1e-4, 5e-5, 0))) == ()


def drifting(T, seed=0, scatter=1e-4):
    """A field sweep from 0 to 9 T in 400 rows while T drifts."""
    return made((T, np.linspace(0, 9, 400), 0), noise=(scatter, 1e-5, 0), seed=seed)


@settings(max_examples=30)
@given(st.floats(-0.045, 0.045), st.floats(0, 1e-3), st.sampled_from([20, 60, 400]), st.integers(0, 99))
def test_a_slow_drift_of_the_temperature_does_not_cut_a_field_sweep(drift, scatter, points, seed):
    T = 6 * (1 + drift * np.linspace(0, 1, points))
    (found,) = sweeps(made((T, np.linspace(0, 9, points), 0), noise=(scatter, 1e-5, 0), seed=seed))
    assert found.kind == "field"
    assert len(found.x) >= points - 2
    share = (found.x[-1] - found.x[0]) / 9  # of few points one at an end may be left out
    assert found.T_drift == pytest.approx(6 * drift * share, abs=1e-3 + 4 * scatter)
    assert found.T_spread == pytest.approx(6 * abs(drift) / np.sqrt(12), rel=0.1, abs=2e-3)
    assert pytest.approx(T.mean(), abs=2e-3) == found.T


def test_noise_does_not_cut_a_drift_that_is_as_large_as_the_tolerance():
    """0.05 K at 6 K lies within the tolerances, with a noise of 5 mK it does not."""
    for seed in range(5):
        (found,) = sweeps(drifting(np.linspace(6, 6.05, 400), seed, 5e-3))
        assert len(found.x) > 395
        assert found.T_drift == pytest.approx(0.05, abs=4e-3)


def test_a_drift_tells_the_temperature_at_a_crossing():
    (found,) = sweeps(drifting(np.linspace(6, 6.3, 400)))
    assert found.T_drift == pytest.approx(0.3, abs=1e-3)
    there = found.T + found.T_drift * (2.0 - found.x.mean()) / (found.x[-1] - found.x[0])
    assert there == pytest.approx(6 + 0.3 * 2 / 9, abs=1e-3)


def test_what_is_no_slow_drift_still_cuts():
    row = np.arange(400)
    jump = np.where(row < 200, 6.0, 6.2)
    stairs = 6 + 0.1 * (row // 134)
    back = 6.2 - 0.2 * np.abs(row - 200) / 200
    large = np.linspace(6, 6.6, 400)
    for T in (jump, stairs, back, large):
        assert len(sweeps(drifting(T))) > 1
    (settling,) = sweeps(drifting(6 + 0.2 * np.exp(-row / 4)))
    assert abs(settling.T - 6) < 5e-3
    assert settling.rows[0] > 5


def test_a_given_tolerance_of_the_temperature_is_taken_at_its_word():
    run = drifting(np.linspace(6, 6.3, 400))
    assert len(sweeps(run, T_tolerance=0.02)) > 3
    assert len(sweeps(run, T_tolerance=0.2)) == 1


def test_drifting_isotherms_up_and_down_and_an_angle_sweep():
    up = np.linspace(-9, 9, 300)
    T = np.linspace(6, 6.2, 300)
    run = made((T, up, 0), (T[::-1], up[::-1], 0), (T, 9.0, np.linspace(0, 90, 300)), noise=(5e-4, 1e-5, 1e-3))
    assert [(s.kind, s.up, round(s.T_drift, 1)) for s in sweeps(run)] == [
        ("field", True, 0.2),
        ("field", False, -0.2),
        ("angle", True, 0.2),
    ]
    first, second = (sweeps(made((T, up, 0), noise=(5e-4, 1e-5, 0), seed=n))[0] for n in range(2))
    (mean,) = average([first, second])
    assert mean.T_drift == pytest.approx(0.2, abs=2e-3)


def test_a_temperature_sweep_at_a_drifting_field_is_no_field_sweep():
    run = made((np.linspace(2, 2.09, 300), np.linspace(9, 8.99, 300), 0), noise=(1e-4, 1e-6, 0))
    assert {s.kind for s in sweeps(run)} == {"temperature"}
    assert all(s.T_drift == 0 for s in sweeps(run))


def test_nothing_is_found_where_nothing_moves():
    assert sweeps(made((2.0, 1.0, np.full(500, 30.0)), noise=(1e-3, 1e-4, 1e-2))) == ()
    assert sweeps(made((2.0, np.linspace(0, 1, 5), 0))) == ()


def test_channels_measured_in_turn_give_a_sweep_each(tmp_path):
    path = tmp_path / "act.dat"
    path.write_bytes(files.act(80))
    found = read(path).sweeps()
    assert [(s.channel, s.kind, len(s.x)) for s in found] == [("Ch1", "field", 40), ("Ch2", "field", 40)]
    assert np.isfinite(found[0].R).all()
    assert found[0].sigma is not None


def test_tolerances_follow_the_noise_and_can_be_given():
    run = made((2.0, np.linspace(-1, 1, 400), 0), noise=(1e-3, 0, 0))
    assert tolerances(run).noise["T"] == pytest.approx(1e-3, rel=0.3)
    assert abs(tolerances(run).T - 6e-3) < 2e-3
    assert tolerances(run, T_tolerance=0.1).T == 0.1
    with pytest.raises(InvalidInput, match="`B_tolerance` must be positive, but is -1"):
        run.sweeps(B_tolerance=-1)
    with pytest.raises(InvalidInput, match="`min_points` must be a whole number of at least 3"):
        run.sweeps(min_points=2)


def test_the_ways_of_a_sweep_can_be_given_with_the_criterion():
    run = made((2.0, np.linspace(0, 2, 40), 0), (2.1, np.linspace(2, 0, 10), 0))
    assert run.critical_fields().sizes["point"] == 2
    assert run.critical_fields(min_points=20).sizes["point"] == 1
    assert run.critical_fields(B_tolerance=0.01, theta_tolerance=1.0, T_tolerance=0.1, offset=0.0).sizes["point"] == 2
    run = made((np.linspace(4, 1, 40), 1.0, 0), (np.linspace(1, 4, 10), 1.5, 0))
    assert run.critical_temperatures().sizes["point"] == 2
    assert run.critical_temperatures(min_points=20).sizes["point"] == 1
    for critical in (run.critical_fields, run.critical_temperatures):
        with pytest.raises(InvalidInput, match=r"`options` must be one of offset, .*min_points, but is 'least'"):
            critical(least=3)
        with pytest.raises(InvalidInput, match="`min_points` must be a whole number of at least 3"):
            critical(min_points=2)


@settings(max_examples=30)
@given(st.integers(2, 6), st.integers(0, 99))
def test_the_mean_of_repeats_has_less_noise(repeats, seed):
    up = np.linspace(-1, 1, 101)
    run = made(*[(2.0, up if n % 2 else up[::-1], 0) for n in range(2 * repeats)])
    run.data["R"] = run.data.R + 0.01 * np.random.default_rng(seed).normal(size=run.data.R.shape)
    run.data["sigma_R"] = run.data.R * 0 + 0.01
    falling, rising = average(sweeps(run))
    assert (falling.up, rising.up) == (False, True)
    error = np.std(rising.R - resistance(2.0, rising.x))
    assert error == pytest.approx(0.01 / np.sqrt(repeats), rel=0.35)
    assert np.allclose(rising.sigma, 0.01 / np.sqrt(repeats), rtol=0.1)


def test_sweeps_without_a_repeat_stay_as_they_are():
    found = sweeps(made((2.0, np.linspace(-1, 1, 101), 0), (2.2, np.linspace(1, -1, 101), 0)))
    assert average(found) == found


@pytest.mark.parametrize(("shift", "status"), [(-0.003, "offset"), (0.0, "offset"), (0.01, "residual")])
def test_an_offset_is_told_from_a_residue(shift, status):
    run = made((2.0, np.linspace(-2, 2, 401), 0), channels=2)
    run.data["R"] = run.data.R + shift + 1e-4 * np.random.default_rng(1).normal(size=run.data.R.shape)
    told = offsets(run)
    assert np.allclose(told.offset, shift, atol=3e-4)
    assert list(told.status.values) == [status] * 2


def test_a_hall_channel_and_a_normal_one_have_no_offset():
    run = made((2.0, np.linspace(-2, 2, 401), 0), channels=2)
    run.data["R"][0] = run.data.B
    run.data["R"][1] = 1.0
    assert list(offsets(run).status.values) == ["changes sign", "none"]
    assert np.isnan(offsets(run).offset).all()


def test_every_isotherm_of_the_real_file():
    """Seven field sweeps between -1 and 1 T; turning points and temperatures by a plain loop over the lines."""
    path = next((p for p in REAL if p.is_file()), None)
    if path is None:
        pytest.skip("the real PPMS file is not in ../shared/data")
    lines = path.read_text().splitlines()
    rows = [line.split(",") for line in lines[lines.index("[Data]") + 2 :]]
    T, B = [float(row[3]) for row in rows], [float(row[4]) for row in rows]
    starts = [0]
    for n in range(2, len(rows)):
        turned = (B[n] - B[n - 1]) * (B[n - 1] - B[n - 2]) < 0 and abs(B[n] - B[n - 1]) > 50
        if abs(T[n] - T[n - 1]) > 0.05 or (turned and n - starts[-1] > 1):
            starts.append(n)
    expected = [
        (round(sum(T[a:b]) / (b - a), 2), B[b - 1] > B[a], b - a)
        for a, b in zip(starts, [*starts[1:], len(rows)], strict=True)
    ]
    assert [e[:2] for e in expected] == [
        (2.0, True), (2.1, False), (2.1, True), (2.2, False), (2.2, True), (2.3, False), (2.3, True),
    ]  # fmt: skip
    for channel in ("Bridge 1", "Bridge 2"):
        found = [s for s in read(path).sweeps() if s.channel == channel]
        assert all(s.kind == "field" for s in found)
        assert [(round(s.T, 2), s.up) for s in found] == [e[:2] for e in expected]
        assert [len(s.x) for s in found] == [pytest.approx(e[2], abs=3) for e in expected]
        assert sum(len(s.x) for s in found) >= 1399


def test_branches_that_share_the_row_at_their_turn_are_whole(tmp_path):
    """Up at 2 K, down at 2.1 K, up at 2.1 K, ...: the first row of a branch stands at the end of the one before."""
    up = np.linspace(0, 10000, 51)
    legs = [(2.0, up), (2.1, up[::-1]), (2.1, up), (2.2, up[::-1])]
    rows = [(T, H, 1.0 + H / 1e4) for T, fields in legs for H in (fields if fields[0] else fields[1:])]
    text = "T (K),Field (Oe),R (Ohm)\n" + "".join(f"{T},{H},{R}\n" for T, H, R in rows)
    (tmp_path / "run.csv").write_text(text)
    run = read(tmp_path / "run.csv")
    assert [sweep.note for sweep in run.sweeps()] == [""] * len(run.sweeps())
    assert run.cuts() == ()
