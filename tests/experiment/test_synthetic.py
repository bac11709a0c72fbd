"""Laws of the forward model: half of R_N on the surface, same seed same run, files that say what they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.experiment.run import read
from spinvalley.experiment.synthetic import Bench, SyntheticFilm, gl_film, synthetic_run, write_csv, write_ppms

SHAPES = st.sampled_from(["erf", "fluctuation"])


@settings(max_examples=40)
@given(st.floats(0.5, 9.5), st.floats(0, 180), SHAPES, st.floats(0.05, 0.95))
def test_the_resistance_passes_a_criterion_at_its_true_field(T, theta, shape, criterion):
    film = gl_film(shape=shape)
    field = film.true_field(T, theta, criterion)
    if field > 0:
        assert film.resistance(T, field, theta) == pytest.approx(500 * criterion, rel=1e-9)
        assert film.true_temperature(field, theta, criterion) == pytest.approx(T, abs=1e-6)


@settings(max_examples=30)
@given(st.floats(0.1, 15), st.floats(0, 90), SHAPES)
def test_the_resistance_rises_with_the_field_and_is_even_in_it(T, theta, shape):
    film, B = gl_film(shape=shape), np.linspace(0, 50, 200)
    R = film.resistance(T, B, theta)
    assert np.all(np.diff(R) >= 0)
    np.testing.assert_array_equal(film.resistance(T, -B, theta), R)
    assert R.max() <= 500 * (1 + 1e-12)


def test_the_surface_is_ginzburg_landau_with_tinkhams_angle():
    film = gl_film(9.7, 8.0, 1.5)
    assert film.hc2(1e-9 + 0.00970, 0.0) == pytest.approx(5.142281 * 0.999, rel=1e-6)
    perp, par = film.hc2(5.0, 0.0), film.hc2(5.0, 90.0)
    for theta in (10.0, 60.0, 89.0):
        B, a = film.hc2(5.0, theta), np.radians(theta)
        assert B * np.cos(a) / perp + (B * np.sin(a) / par) ** 2 == pytest.approx(1.0)
    assert film.true_temperature(0.0, 0.0) == pytest.approx(9.7, abs=1e-3)


def test_any_surface_can_be_the_truth():
    film = SyntheticFilm(lambda T, theta: 50 * np.sqrt(1 - T / 6.5) + 0 * theta, 6.5)
    assert film.true_field(1.5, 90.0) == pytest.approx(50 * np.sqrt(1 - 1.5 / 6.5))


def test_the_same_seed_gives_the_same_run_and_another_another():
    def measured(seed):
        return synthetic_run(gl_film(), "field", np.linspace(-9, 9, 50), bench=Bench(seed=seed)).sweeps[0].R

    np.testing.assert_array_equal(measured(3), measured(3))
    assert not np.array_equal(measured(3), measured(4))


def test_sweeps_hold_what_is_held_and_follow_their_branch():
    run = synthetic_run(gl_film(), "temperature", np.linspace(2, 12, 30), B=[0.0, 2.0], branches=("up", "down"))
    assert [(s.B, s.up, s.theta) for s in run.sweeps] == [(b, u, 0.0) for b in (0.0, 2.0) for u in (True, False)]
    assert all(np.isnan(s.T) and np.all(np.diff(s.x) > 0) == s.up for s in run.sweeps)
    for sweep in run.sweeps:
        np.testing.assert_array_equal(run.rows.R.values[sweep.rows], sweep.R)


def test_the_faults_of_the_bench_do_what_they_say():
    B, film = np.linspace(-9, 9, 61), gl_film()

    def measured(**faults):
        return synthetic_run(film, "field", B, T=5.0, theta=80.0, bench=Bench(noise=0.0, **faults)).sweeps[0].R

    np.testing.assert_allclose(measured(offset=-3.0), film.resistance(5.0, B, 80.0) - 3)
    np.testing.assert_allclose(measured(misalignment=2.0), film.resistance(5.0, B, 82.0))
    np.testing.assert_allclose(measured(remanence=0.1), film.resistance(5.0, B + 0.1, 80.0))
    odd = measured(contact=1.0) - measured()
    np.testing.assert_allclose(odd, B * np.cos(np.radians(80.0)), atol=1e-9)


def test_files_say_that_they_are_synthetic_and_hold_the_rows(tmp_path):
    run = synthetic_run(gl_film(), "field", np.linspace(-9, 9, 20), T=[5.0, 7.0])
    write_ppms(tmp_path / "run.dat", run)
    write_csv(tmp_path / "run.csv", run)
    lines = (tmp_path / "run.dat").read_text().splitlines()
    assert "SYNTHETIC" in lines[1]
    names = lines[lines.index("[Data]") + 1].split(",")
    values = [line.split(",") for line in lines[lines.index("[Data]") + 2 :]]
    assert {len(row) for row in values} == {len(names)}
    assert len(values) == 40
    field = np.array([float(row[names.index("Magnetic Field (Oe)")]) for row in values])
    np.testing.assert_allclose(field / 1e4, run.rows.B, atol=1e-9)
    table = (tmp_path / "run.csv").read_text().splitlines()
    assert "SYNTHETIC" in table[0]
    np.testing.assert_allclose(np.loadtxt(table[2:], delimiter=",")[:, 4], run.rows.R, rtol=1e-10)


def test_the_reader_finds_the_noise_that_the_file_was_written_with(tmp_path):
    run = synthetic_run(gl_film(), "field", np.linspace(-9, 9, 60), T=5.0, bench=Bench(noise=2.0))
    write_ppms(tmp_path / "run.dat", run)
    (sweep,) = [s for s in read(tmp_path / "run.dat").sweeps() if s.kind == "field"]
    np.testing.assert_allclose(sweep.sigma, 2.0)


@pytest.mark.parametrize("write", [write_csv, write_ppms])
def test_no_folder_is_made(tmp_path, write):
    run = synthetic_run(gl_film(), "field", np.linspace(-9, 9, 20))
    with pytest.raises(InvalidInput, match=r"`path` must lie in a folder that exists, but .*new does not"):
        write(tmp_path / "new" / "run.dat", run)
    assert not (tmp_path / "new").exists()


def test_bad_input_is_one_sentence():
    with pytest.raises(InvalidInput, match="`kind` must be one of temperature, field, angle"):
        synthetic_run(gl_film(), "pressure", [1, 2])
    with pytest.raises(InvalidInput, match=r"`noise` must be non-negative, but is -1\.0"):
        Bench(noise=-1.0)
    with pytest.raises(InvalidInput, match=r"`xi` must be positive, but is 0\.0"):
        gl_film(xi=0.0)
