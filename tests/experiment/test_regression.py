"""Laws of the crossing of a level: truth covered, scale and order do not matter, spikes and plateaus neither."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf, erfinv

from spinvalley.checks import InvalidInput
from spinvalley.experiment.regression import crossing, smooth
from spinvalley.experiment.synthetic import gl_film


def step(x, center=1.0, width=0.1):
    return (1 + erf((x - center) / (np.sqrt(2) * width))) / 2


def pulls(trials, points, width, noise, level, scatter=0.0):
    """(found - true)/sigma of many noisy curves."""
    found = []
    for seed in range(trials):
        random = np.random.default_rng(seed)
        center, x = 1 + 0.05 * random.uniform(), np.linspace(0, 2, points)
        R = step(x, center, width) + noise * random.normal(size=points)
        result = crossing(x + scatter * random.normal(size=points), R, level)
        found.append((result.x - center - np.sqrt(2) * width * erfinv(2 * level - 1)) / result.sigma)
    return np.array(found)


CASES = [
    (81, 0.1, 0.01, 0.5, 0.0),
    (81, 0.1, 0.01, 0.9, 0.0),
    (81, 0.1, 0.03, 0.25, 0.0),
    (200, 0.2, 0.05, 0.75, 0.0),
    (200, 0.1, 0.01, 0.5, 0.01),
    (41, 0.05, 0.01, 0.5, 0.0),
    (41, 0.1, 0.1, 0.5, 0.0),
]


@pytest.mark.parametrize("case", CASES)
def test_one_sigma_covers_the_true_crossing_in_about_two_of_three_curves(case):
    assert 0.55 < np.mean(np.abs(pulls(100, *case)) < 1) < 0.83


@pytest.mark.nightly
@pytest.mark.parametrize("case", CASES)
def test_one_sigma_covers_the_true_crossing_in_68_percent_of_400_curves(case):
    assert np.mean(np.abs(pulls(400, *case)) < 1) == pytest.approx(0.68, abs=0.05)


def film_pulls(trials, by_derivative=False, **held):
    """(found - true)/sigma over random temperatures, widths, steps, noises, shapes and criteria.

    The broken variant takes the error of R over the derivative at the crossing for sigma.
    """
    found = []
    for seed in range(trials):
        random = np.random.default_rng(seed)
        drawn = {
            "T": random.uniform(4, 8),
            "step": np.exp(random.uniform(np.log(0.02), np.log(0.12))),
            "noise": np.exp(random.uniform(np.log(0.5), np.log(20))),
            "width": random.uniform(0.05, 0.25),
            "shape": str(random.choice(["erf", "fluctuation"])),
            "criterion": random.choice([0.25, 0.5, 0.75, 0.9]),
        } | held
        film = gl_film(shape=drawn["shape"], width=float(drawn["width"]))
        B = np.arange(0, 9, drawn["step"])
        R = film.resistance(drawn["T"], B, 0.0) + drawn["noise"] * random.normal(size=B.size)
        result = crossing(B, R, 500.0 * drawn["criterion"])
        sigma = result.sigma
        if by_derivative:
            _, slope, error = smooth(B, R).at(result.x)
            sigma = error / slope
        found.append((result.x - film.true_field(drawn["T"], 0.0, drawn["criterion"])) / sigma)
    return np.array(found)


COARSE = {"step": 0.1, "noise": 1.0, "width": 0.1, "criterion": 0.9, "shape": "erf"}
GENTLE = {"step": 0.05, "noise": 5.0, "width": 0.1, "criterion": 0.9, "shape": "fluctuation"}


@pytest.mark.parametrize("held", [{}, COARSE, GENTLE], ids=["random", "coarse", "gentle"])
def test_sigma_holds_the_smoothing_bias_and_the_wiggles_of_a_gentle_curve(held):
    found = film_pulls(60, **held)
    assert found.std() < 1.3
    assert np.mean(np.abs(found) > 3) < 0.04


@pytest.mark.nightly
@pytest.mark.parametrize("held", [{}, COARSE, GENTLE, {"criterion": 0.9}], ids=["random", "coarse", "gentle", "high"])
def test_sigma_covers_500_curves_of_any_shape(held):
    """Far out there are more than of a normal distribution: where a curve is gentle, x is no linear function of R."""
    found = film_pulls(500, **held)
    assert found.std() < 1.25
    assert 0.63 < np.mean(np.abs(found) < 1) < 0.75
    assert np.mean(np.abs(found) > 3) < 0.03


def test_a_sigma_from_the_derivative_at_the_crossing_the_broken_variant_has_far_outliers():
    found = film_pulls(60, by_derivative=True, **GENTLE)
    assert found.std() > 1.5
    assert np.mean(np.abs(found) > 3) > 0.04


@settings(max_examples=25)
@given(st.floats(0.1, 50), st.floats(0.3, 0.7), st.floats(1e-3, 0.05))
def test_of_a_straight_line_sigma_is_the_error_of_the_level_over_its_slope(slope, level, error):
    x = np.linspace(0, 1, 41)
    found = crossing(x, slope * x, slope * level, level_sigma=slope * error)
    assert found.sigma == pytest.approx(error, rel=1e-6)


def test_where_a_curve_bends_sigma_is_the_standard_deviation_of_the_crossing():
    x, error = np.linspace(0, 4, 401), 0.1
    found = crossing(x, 1 - np.exp(-x), 0.7, level_sigma=error)
    levels = 0.7 + error * np.random.default_rng(2).standard_normal(20000)
    assert found.sigma == pytest.approx(np.std(-np.log1p(-np.minimum(levels, 0.98))), rel=0.05)
    assert found.sigma > 1.1 * error / np.exp(-found.x)


def test_a_sigma_without_the_noise_the_broken_variant_does_not_cover():
    assert np.mean(np.abs(pulls(60, *CASES[0])) < 0.3) < 0.5


@settings(max_examples=25)
@given(st.floats(0.3, 1.7), st.floats(0.04, 0.3), st.floats(0.2, 0.8))
def test_without_noise_the_crossing_is_the_true_one(center, width, level):
    x = np.linspace(-1, 3, 401)
    found = crossing(x, step(x, center, width), level)
    assert found.status == "converged"
    assert found.x == pytest.approx(center + np.sqrt(2) * width * erfinv(2 * level - 1), abs=5e-3 * width)


@settings(max_examples=25)
@given(st.floats(1e-3, 1e6), st.floats(-50, 50), st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_units_origin_and_order_do_not_matter(scale, shift, stretch, shuffler):
    random = np.random.default_rng(3)
    x = np.linspace(0, 2, 61)
    R = step(x) + 0.01 * random.normal(size=61)
    order = list(range(61))
    shuffler.shuffle(order)
    plain = crossing(x, R, 0.5)
    other = crossing(stretch * x[order] + shift, scale * R[order], 0.5 * scale)
    assert other.x == pytest.approx(stretch * plain.x + shift, abs=1e-5 * stretch)
    assert other.sigma == pytest.approx(stretch * plain.sigma, rel=1e-3)


def test_a_spike_and_a_missing_value_leave_the_crossing_within_two_sigma_of_the_truth():
    x = np.linspace(0, 2, 81)
    R = step(x) + 0.005 * np.random.default_rng(0).normal(size=81)
    clean = crossing(x, R, 0.5)
    R[[20, 42, 60]] = [0.9, -3.0, np.nan]
    dirty = crossing(x, R, 0.5)
    assert smooth(x, R).spikes == 2
    assert abs(clean.x - 1) < 2 * clean.sigma
    assert abs(dirty.x - 1) < 2 * dirty.sigma
    assert dirty.sigma < 2 * clean.sigma


def test_a_peak_and_negative_magnetoresistance_above_the_transition_leave_the_rising_crossing():
    x = np.linspace(0, 5, 201)
    R = step(x) * (1.4 - 0.2 * x)
    found = crossing(x, R, 0.6)
    rise = x[np.flatnonzero(R > 0.6)[0]]
    assert found.status == "converged"
    assert abs(found.x - rise) < 0.03
    assert any(other > 3.5 for other in found.others)


def test_a_small_bump_below_the_transition_is_not_taken_for_it():
    x = np.linspace(0, 2, 201)
    R = step(x, 1.4, 0.1) + 0.55 * np.exp(-(((x - 0.4) / 0.1) ** 2))
    found = crossing(x, R, 0.5)
    assert found.x == pytest.approx(1.4, abs=0.01)
    assert len(found.others) == 2


def test_a_jump_between_two_points_is_uncertain_by_the_gap():
    x = np.linspace(0, 2, 21)
    found = crossing(x, (x > 0.95).astype(float), 0.5)
    assert found.x == pytest.approx(0.95)
    assert found.sigma == pytest.approx(0.1 / np.sqrt(12), rel=0.05)


@pytest.mark.parametrize(("level", "status"), [(1.5, "beyond range"), (-0.5, "normal")])
def test_nothing_is_extrapolated(level, status):
    x = np.linspace(0, 2, 41)
    found = crossing(x, step(x), level)
    assert found.status == status
    assert np.isnan(found.x)


def test_too_few_points_fail_and_shapes_must_agree():
    assert crossing(np.arange(4.0), np.arange(4.0), 1.5).status == "failed"
    with pytest.raises(InvalidInput, match="`R` must have the shape of `x`"):
        crossing(np.arange(6.0), np.arange(5.0), 1.5)


def test_a_level_that_rises_with_x_is_met_where_it_is():
    x = np.linspace(0, 2, 201)
    found = crossing(x, 2 * x**2, lambda b: 1 + b)
    assert found.x == pytest.approx(1.0, abs=1e-6)
    assert found.slope == pytest.approx(3.0, rel=1e-4)


def test_long_curves_are_averaged_not_thinned():
    random = np.random.default_rng(1)
    x = np.sort(random.uniform(0, 2, 20000))
    found = crossing(x, step(x) + 0.05 * random.normal(size=20000), 0.5)
    assert found.sigma < 0.002
    assert abs(found.x - 1) < 3 * found.sigma
