"""Laws of a robust loss, of a free scale, and of verdicts that may not hang on either."""

import numpy as np
import pytest
from scipy.stats import norm

from fit_cases import T, points
from spinvalley.experiment import formulas, least_squares, robust
from spinvalley.experiment.bootstrap import Noise, resample
from spinvalley.experiment.comparison import compare
from spinvalley.experiment.fitting import fit
from spinvalley.experiment.minima import apart
from spinvalley.experiment.theory import Theory


def pulls(scale, trials=100):
    """Standard deviation of (estimate - truth)/half interval over noisy trials; 1 for honest intervals."""
    random = np.random.default_rng(4)
    truth, sigma = formulas.gl_perpendicular(T, 6.5, 9.0), np.full(T.size, 0.05)
    found = []
    for _ in range(trials):
        table = {"T": T, "B": truth + sigma * random.standard_normal(T.size), "sigma_B": sigma}
        one = fit(table, "gl_perpendicular", {"tc": 6.5}, loss="soft_l1", scale=scale).interval("xi")
        found.append((one.value - 9.0) / (0.5 * (one.upper - one.lower)))
    return np.std(found)


# A robust loss --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scale", ["fixed", "free"])
def test_intervals_of_a_robust_fit_are_as_wide_as_its_scatter(scale):
    assert 0.84 < pulls(scale) < 1.18


def test_the_loss_without_its_gain_would_be_noticed(monkeypatch):
    monkeypatch.setattr(least_squares, "GAIN", 0.5 * robust.GAIN)
    assert pulls("fixed") < 0.84


@pytest.mark.parametrize("s", [0.01, 0.5, 1.0, 30.0])
def test_the_gain_is_that_of_the_simulated_loss(s):
    r = s * norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    A, B = np.mean((1 + r**2) ** -1.5), np.mean(r**2 / (1 + r**2))
    assert robust.gain(s) == pytest.approx(A / B, rel=1e-2)
    assert robust.gain(1e-3) == pytest.approx(1e6, rel=1e-3)  # least squares


def test_an_outlier_does_not_speak_against_a_robust_fit():
    table = points("klb", 0.01)
    table["B"][3] += 30 * table["sigma_B"][3]
    found = fit(table, "klb", {"tc": 6.5}, loss="soft_l1")
    assert (found.outliers, found.likely) == (1, True)
    assert found.bulk[0] < 40 < 500 < found.chi2
    assert "1 of 12 points are outliers" in found.report()
    assert fit(table, "klb", {"tc": 6.5}).likely is False
    wrong = fit(points("ising", 0.01), "abrikosov_gorkov", {"tc": 6.5}, loss="soft_l1")
    assert (wrong.outliers, wrong.likely) == (0, False)


def test_the_errors_of_a_robust_fit_with_an_outlier_are_nearly_those_without():
    table = points("klb", 0.01)
    clean = fit(table, "klb", {"tc": 6.5}, loss="soft_l1", scale="free").interval("tau_so")
    table["B"][3] += 30 * table["sigma_B"][3]
    robust_, plain = (fit(table, "klb", {"tc": 6.5}, loss=loss, scale="free") for loss in ("soft_l1", "linear"))
    width = clean.upper - clean.lower
    ends = robust_.interval("tau_so")
    assert ends.upper - ends.lower < 2 * width < plain.interval("tau_so").upper - plain.interval("tau_so").lower


# Verdicts -------------------------------------------------------------------------------------------------------------
def test_the_verdict_on_ginzburg_landau_theory_does_not_hang_on_the_scale():
    table = points("ising", 0.005)
    fixed, free = (fit(table, "gl_parallel", {"tc": 6.5, "xi": 8.0}, scale=scale) for scale in ("fixed", "free"))
    assert (fixed.likely, free.likely) == (False, None)
    assert not fixed.admissible
    assert not free.admissible
    assert "do not follow it" in free.report()
    without = {name: table[name] for name in ("T", "B")}
    assert fit(without, "gl_parallel", {"tc": 6.5, "xi": 8.0}).admissible  # nothing tells that it does not follow


def test_without_degrees_of_freedom_no_degeneracy_is_claimed():
    table = {"T": [2, 3, 4], "B": [20, 15, 10], "sigma_B": [0.1] * 3}
    for scale in ("free", "fixed"):
        text = fit(table, "ising_intervalley", scale=scale).report()
        assert "Klemm" not in text
    valley = points(
        "ising_intervalley", 0.0, x=np.array([2.0, 3.0, 4.0]), truth={"tc": 6.5, "splitting": 340.0, "tau_iv": 0.5}
    )
    assert "Klemm" in fit(valley, "ising_intervalley").report()


# Other minima ---------------------------------------------------------------------------------------------------------
def test_two_minima_are_told_and_one_is_not_told_twice():
    table = {"T": T, "B": 4 * T, "sigma_B": np.full(T.size, 0.1)}
    double = Theory(lambda T, a: a**2 * T, {"a": [-1.5, 1.5]}, {"a": (-5.0, 5.0)})
    (other,) = fit(table, double, start={"a": [-1.5, 1.5]}).others
    assert abs(other["a"]) == pytest.approx(2, rel=1e-4)
    valley = {"tc": 6.5, "splitting": 340.0, "tau_iv": 0.5}
    for seed in range(3):
        assert fit(points("ising_intervalley", 0.02, seed=seed, truth=valley), "ising_intervalley").others == ()
        flat = {"tc": 6.5, "splitting": 13.0, "rashba_ratio": 0.0}
        assert fit(points("ising_rashba", 0.02, seed=seed, truth=flat), "ising_rashba", {"tc": 6.5}).others == ()


def test_places_along_a_valley_are_not_apart_and_those_over_a_barrier_are():
    valley = {"tc": 6.5, "splitting": 340.0, "tau_iv": 0.5}
    found = fit(points("ising_intervalley", 0.02, truth=valley), "ising_intervalley", {"tc": 6.5})
    along = found.best * np.array([2.0, 0.25])
    assert not apart(found.batch, found.best, along)
    assert not apart(found.batch, found.best, found.best)
    double = Theory(lambda T, a: a**2 * T, {"a": 1.5}, {"a": (-5.0, 5.0)})
    one = fit({"T": T, "B": 4 * T, "sigma_B": np.full(T.size, 0.1)}, double)
    assert apart(one.batch, np.array([2.0]), np.array([-2.0]))


# Resampling at a free scale -------------------------------------------------------------------------------------------
def test_new_noise_of_an_estimated_scale_is_as_wide_as_the_profile():
    table = {name: values[:5] for name, values in points("gl_perpendicular", 0.02).items()}
    line = Theory(lambda T, a, b: a - b * T, {"a": 1.0, "b": 1.0})
    found = fit(table, line, scale="free")
    profile = found.interval("b")
    low, high = found.bootstrap(6000, seed=2, kind="noise").interval("b")
    assert high - low == pytest.approx(profile.upper - profile.lower, rel=0.06)
    exact = resample(found.batch, found.best, 6000, 2, "noise", Noise(found.scatter, found.stretch)).interval("b")
    assert exact[1] - exact[0] < 0.9 * (profile.upper - profile.lower)  # the variant without Student's t is too narrow


def test_a_comparison_of_robust_fits_keeps_its_claim():
    table = points("klb", 0.01)
    table["B"][3] += 30 * table["sigma_B"][3]
    best = compare(table, ["klb", "pauli"], {"tc": 6.5}, loss="soft_l1").best
    assert best.name == "klb"
    assert best.fit.likely
