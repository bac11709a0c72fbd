"""Laws of critical fields and temperatures: truth covered, symmetry in the field, statuses, the real PPMS file."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from spinvalley.checks import InvalidInput
from spinvalley.experiment.extraction import critical_fields, critical_fields_of_angle, critical_temperatures
from spinvalley.experiment.normal_resistance import at_temperature, linear_background, plateau
from spinvalley.experiment.sweeps import Sweep
from spinvalley.experiment.synthetic import Bench, gl_film, synthetic_run

FILE = Path(__file__).parents[3] / "shared" / "data" / "misfit_nbse2_ppms.dat"
FILM = gl_film(9.7, 8.0, 1.5, width=0.1, width_B=0.1)
FIELDS = np.linspace(-6, 6, 361)
QUIET = Bench(noise=0.5, seed=1)


def fields(T=(5.0, 7.0), bench=QUIET, branches=("up",), B=FIELDS):
    return synthetic_run(FILM, "field", B, T=list(T), bench=bench, branches=branches).sweeps


def field_pulls(trials, criterion, **faults):
    found = []
    for seed in range(trials):
        bench = Bench(noise=10.0, seed=seed, **faults)
        points = critical_fields(fields((5.0,), bench, B=FIELDS + 0.01 * (seed % 7)), criterion)
        found.append((float(points.B[0]) - FILM.true_field(5.0, 0.0, criterion)) / float(points.sigma_B[0]))
    return np.abs(found)


def temperature_pulls(trials, criterion, B):
    found = []
    for seed in range(trials):
        values = np.linspace(4, 14, 150) + 0.01 * (seed % 7)
        run = synthetic_run(FILM, "temperature", values, B=B, bench=Bench(noise=10.0, seed=seed))
        points = critical_temperatures(run.sweeps, criterion)
        found.append((float(points.Tc[0]) - FILM.true_temperature(B, 0.0, criterion)) / float(points.sigma_Tc[0]))
    return np.abs(found)


@pytest.mark.parametrize("criterion", [0.5, 0.75])
def test_sigma_covers_the_true_critical_field_and_temperature(criterion):
    assert 0.5 < np.mean(field_pulls(50, criterion) < 1) < 0.86
    assert 0.5 < np.mean(temperature_pulls(50, criterion, 1.0) < 1) < 0.86


@pytest.mark.nightly
@pytest.mark.parametrize("criterion", [0.25, 0.5, 0.9])
def test_sigma_covers_the_true_critical_field_in_68_percent_of_400_runs(criterion):
    assert np.mean(field_pulls(400, criterion) < 1) == pytest.approx(0.68, abs=0.05)


@pytest.mark.nightly
@pytest.mark.parametrize("criterion", [0.25, 0.5, 0.9])
def test_sigma_covers_the_true_critical_temperature_in_68_percent_of_400_runs(criterion):
    assert np.mean(temperature_pulls(400, criterion, 1.0) < 1) == pytest.approx(0.68, abs=0.05)


def test_a_remanent_field_is_found_and_does_not_move_the_result():
    bench = replace(QUIET, remanence=0.03)
    points = critical_fields(fields(bench=bench))
    np.testing.assert_allclose(points.field_offset, -0.03, atol=0.004)
    truth = [FILM.true_field(T, 0.0) for T in points["T"].values]
    np.testing.assert_allclose(points.B, truth, atol=0.004)
    one_sided = critical_fields(fields(bench=bench, B=np.linspace(0, 6, 181)))
    assert np.all(np.abs(one_sided.B - truth) > 0.02)  # the broken variant: one sign of the field


def test_misaligned_contacts_are_averaged_out_to_first_order():
    points = critical_fields(fields(bench=replace(QUIET, contact=2.0)), normal=500.0)
    truth = [FILM.true_field(T, 0.0) for T in points["T"].values]
    np.testing.assert_allclose(points.B, truth, atol=0.006)


def test_hysteresis_is_the_shift_between_the_branches():
    up, down = fields((5.0,), branches=("up", "down"))
    shifted = replace(down, x=down.x - 0.02)
    points = critical_fields([up, shifted])
    assert points.direction.values.tolist() == ["up", "down"]
    np.testing.assert_allclose(points.hysteresis, 0.02, atol=0.003)
    assert np.isnan(critical_fields([up]).hysteresis).all()


def test_an_offset_is_reported_and_subtracted():
    sweeps = fields(bench=replace(QUIET, offset=-20.0))
    truth = [FILM.true_field(T, 0.0) for T in (5.0, 7.0)]
    reported, subtracted = critical_fields(sweeps), critical_fields(sweeps, offset="subtract")
    np.testing.assert_allclose(reported.offset, -20.0, atol=0.5)
    np.testing.assert_allclose(subtracted.B, truth, atol=0.003)
    np.testing.assert_allclose(critical_fields(sweeps, offset=-20.0).B, truth, atol=0.003)
    assert np.all(reported.B > subtracted.B + 0.002)


def test_fields_rise_with_the_criterion_and_their_spread_stays_apart_from_sigma():
    names = ["zero", 0.25, 0.5, 0.75, 0.9, "onset"]
    rows = [critical_fields(fields(), name).B.values for name in names]
    assert np.all(np.diff(rows, axis=0) > 0)
    alone, several = critical_fields(fields()), critical_fields(fields(), criteria=(0.25, 0.9))
    np.testing.assert_allclose(several.spread, rows[4] - rows[1], rtol=1e-6)
    np.testing.assert_array_equal(several.sigma_B, alone.sigma_B)


def test_sweeps_that_do_not_cross_say_why_and_give_no_number():
    points = critical_fields(fields((5.0, 12.0)) + fields((0.5,), B=np.linspace(-3, 3, 181)))
    assert points.status.values.tolist() == ["converged", "normal", "beyond range"]
    np.testing.assert_array_equal(np.isnan(points.B), [False, True, True])
    np.testing.assert_allclose(points.range_high, [6, 6, 3], atol=0.02)


def test_a_run_in_which_nothing_crosses_is_one_sentence():
    with pytest.raises(InvalidInput, match="must cross 50 % of R_N somewhere, but 1 of 1 lie above it throughout"):
        critical_fields(fields((12.0,)))
    with pytest.raises(InvalidInput, match="must hold temperature sweeps, but holds field sweeps"):
        critical_temperatures(fields())
    with pytest.raises(InvalidInput, match="`sweeps` must hold field sweeps, but holds nothing"):
        critical_fields([])
    for wrong in (0.0, 1.0, -0.5, "half"):
        with pytest.raises(InvalidInput, match="`criterion` must be"):
            critical_fields(fields(), wrong)
    with pytest.raises(InvalidInput, match="`offset` must be"):
        critical_fields(fields(), offset="maybe")


def test_critical_temperatures_fall_with_the_field_and_lie_on_the_surface():
    run = synthetic_run(FILM, "temperature", np.linspace(3, 16, 300), B=[0.0, 1.0, 2.0], bench=QUIET)
    for rule in ("plateau", "15 K", 500.0, at_temperature(run.sweeps, 15.0)):
        points = critical_temperatures(run.sweeps, normal=rule)
        truth = [FILM.true_temperature(B, 0.0) for B in points.B.values]
        np.testing.assert_allclose(points.Tc, truth, atol=0.02)
        np.testing.assert_array_equal(points.Tc, points["T"])


def test_field_and_angle_sweeps_lie_on_the_same_surface():
    steps = np.linspace(-20, 20, 801)
    by_field = [
        s
        for a in (0.0, 45.0, 80.0, 90.0)
        for s in synthetic_run(FILM, "field", np.linspace(-40, 40, 801), T=9.0, theta=a, bench=QUIET).sweeps
    ]
    by_angle = synthetic_run(FILM, "angle", 90 + steps, T=9.0, B=5.0, bench=QUIET).sweeps
    points = critical_fields_of_angle([*by_field, *by_angle], normal=500.0)
    assert points.kind.values.tolist().count("angle") == 2
    assert np.all(np.diff(points.theta) >= 0)
    good = points.isel(point=np.flatnonzero(points.status == "converged"))
    np.testing.assert_allclose(good.B, FILM.hc2(9.0, good.theta.values), rtol=0.03)
    flanks = points.theta.values[points.kind.values == "angle"]
    assert flanks.sum() == pytest.approx(180.0, abs=0.1)


def test_a_linear_background_is_extrapolated_with_its_error():
    x = np.linspace(10, 20, 51)
    line = linear_background(x, 100 + 2 * x + 0.1 * np.random.default_rng(0).normal(size=51), 12.0, "T")
    assert float(line(5.0, 0.0)) == pytest.approx(110.0, abs=0.3)
    assert float(line.error(5.0, 0.0)) > float(line.error(15.0, 0.0)) > 0
    with pytest.raises(InvalidInput, match="`above` must leave at least 3 points, but 30 leaves 0"):
        linear_background(x, x, 30.0, "T")


def test_the_plateau_is_the_median_of_the_top_and_a_slope_is_not_one():
    x = np.linspace(0, 10, 101)
    R = np.where(x > 5, 7.0, 0.0)
    R[-1] = 50.0
    assert plateau(x, R).value == 7.0
    assert plateau(x, R).flat
    assert not plateau(x, x).flat


def hall_voltage(sweep):
    beyond = np.abs(sweep.x) > FILM.true_field(sweep.T, 0.0)
    return replace(sweep, channel="Rxy", R=np.where(beyond, -7 * sweep.x, 0.0) + np.sin(17 * sweep.x))


def test_a_hall_channel_is_left_out_by_name_and_does_not_stop_the_others():
    sweeps = [replace(s, channel="Rxx") for s in fields()]
    points = critical_fields([*sweeps, *map(hall_voltage, sweeps)])
    np.testing.assert_array_equal(points.B, critical_fields(sweeps).B)
    assert points.attrs["skipped"] == "Rxy: odd in the field"
    with pytest.raises(InvalidInput, match="`sweeps` must hold a resistance even in the field, but only odd ones: Rxy"):
        critical_fields(list(map(hall_voltage, sweeps)))


def test_a_channel_without_a_plateau_fails_alone():
    sweeps = [replace(s, channel="Rxx") for s in fields(B=np.linspace(0, 6, 181))]
    points = critical_fields([*sweeps, *map(hall_voltage, sweeps)])
    assert points.status.values.tolist() == ["converged", "converged", "failed", "failed"]
    assert np.isnan(points.R_N[2:]).all()
    with pytest.raises(InvalidInput, match='no sweep of channel "Rxy" ends on one'):
        critical_fields(list(map(hall_voltage, sweeps)))


def test_magnetoresistance_enters_the_error_of_the_plateau_and_a_line_follows_it():
    (sweep,) = fields((5.0,), B=np.linspace(0, 9, 181))
    rising = replace(sweep, R=sweep.R * (1 + 0.05 * sweep.x))
    truth = FILM.true_field(5.0, 0.0)
    points = critical_fields([rising])
    assert abs(float(points.R_N[0]) - 500 * (1 + 0.05 * truth)) < 1.5 * float(points.sigma_R_N[0])
    assert "slope" in points.attrs["normal"]
    line = critical_fields([rising], normal="linear")
    assert float(line.R_N[0]) == pytest.approx(500 * (1 + 0.05 * truth), rel=0.01)
    assert float(line.B[0]) == pytest.approx(truth, abs=0.004)
    assert float(critical_fields([sweep]).sigma_R_N[0]) < 0.5


def test_a_line_of_another_sweep_serves_one_that_stays_superconducting():
    short = fields((2.0,), B=np.linspace(-4.5, 4.5, 181))
    points = critical_fields([*fields((7.0,)), *short], normal="linear")
    np.testing.assert_allclose(points.R_N, 500, rtol=0.02)
    with pytest.raises(InvalidInput, match='`normal` must be "plateau", a temperature or Ohm for angle sweeps'):
        critical_fields_of_angle(synthetic_run(FILM, "angle", np.linspace(60, 120, 61), B=20.0).sweeps, normal="linear")


def test_an_offset_that_is_not_subtracted_says_how_far_it_moves_the_field():
    sweeps = fields(bench=replace(QUIET, offset=-20.0))
    reported, subtracted = (
        critical_fields(sweeps, normal=500.0),
        critical_fields(sweeps, normal=500.0, offset="subtract"),
    )
    np.testing.assert_allclose(reported.B + reported.offset_shift, subtracted.B, atol=0.003)
    assert "2 of 2 sweeps have an offset" in reported.attrs["offset_note"]
    assert np.all(subtracted.offset_shift == 0)
    assert "offset_note" not in critical_fields(fields()).attrs


def test_a_rotation_gives_all_four_flanks_with_its_own_plateau():
    for angles, count in ((np.arange(-5, 365.5, 0.5), 4), (np.arange(70, 110.5, 0.5), 2)):
        points = critical_fields_of_angle(synthetic_run(FILM, "angle", angles, T=4.0, B=20.0, bench=QUIET).sweeps)
        assert points.sizes["point"] == count
        np.testing.assert_allclose(points.R_N, 500, rtol=0.01)
        np.testing.assert_allclose(FILM.hc2(4.0, points.theta.values), 20.0, rtol=0.01)


def test_a_noise_of_a_tenth_of_the_resistance_leaves_a_plateau():
    found = [critical_fields(fields((4.0,), Bench(noise=50.0, seed=i), B=np.linspace(0, 9, 91))) for i in range(20)]
    assert {points.status.item(0) for points in found} <= {"converged", "not converged"}


def test_a_function_may_give_ohm():
    np.testing.assert_allclose(critical_fields(fields(), normal=lambda _: 500.0).R_N, 500.0)
    with pytest.raises(InvalidInput, match="function that gives Ohm or a NormalResistance, but it gives 'three'"):
        critical_fields(fields(), normal=lambda _: "three")


def isotherms():
    """Monotone branches of "Bridge 1" in the real file, read in a few plain lines."""
    lines = FILE.read_text().splitlines()
    rows = [line.split(",") for line in lines[lines.index("[Data]") + 2 :]]
    T, B, R = np.array([[float(r[3]), float(r[4]) / 1e4, float(r[6])] for r in rows]).T
    turns = np.flatnonzero(np.diff(np.sign(np.diff(B))) != 0) + 1
    edges = [0, *turns.tolist(), B.size - 1]
    parts = [slice(a, b + 1) for a, b in pairwise(edges) if b - a > 50]
    return [
        Sweep("field", B[p], R[p], float(T[p].mean()), np.nan, np.nan, float(T[p].std()), 0.0, bool(B[p][-1] > B[p][0]))
        for p in parts
    ]


@pytest.mark.skipif(not FILE.exists(), reason="the real PPMS file lies in ../shared/data, which is not here")
def test_the_isotherms_of_a_real_ppms_file_give_the_fields_read_independently():
    points = critical_fields(isotherms())
    for T, expected in zip((2.0, 2.1, 2.2, 2.3), (0.49, 0.45, 0.41, 0.37), strict=True):
        chosen = np.abs(points["T"].values - T) < 0.03
        assert chosen.any()
        np.testing.assert_allclose(points.B.values[chosen], expected, atol=0.01)
    assert np.all(points.status == "converged")
    assert np.all(points.sigma_B < 1e-3)  # three plateaus still rise: their slope counts
    assert np.nanmax(np.abs(points.hysteresis)) < 2e-3
    np.testing.assert_allclose(points.R_N, 0.466, atol=0.002)
