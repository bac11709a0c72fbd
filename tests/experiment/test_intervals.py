"""Laws of the intervals: they cover the truth as often as they say, and end only where the data end them."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm, qmc

from fit_cases import H1, TRUTH, T, needs_data, points, start
from spinvalley import InvalidInput
from spinvalley.experiment import formulas
from spinvalley.experiment.admissibility import Sample
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.fitting import fit
from spinvalley.experiment.tables import read_table
from spinvalley.experiment.theory import Theory

QUICK = ("gl_perpendicular", "klb", "tinkham_2d")


def coverage(name, exponent, narrow=1.0, seed=0):
    """Share of intervals that hold the truth, of 2^exponent trials with quasi-random Gaussian noise: less scatter."""
    truth, fixed = TRUTH[name]
    table = points(name)
    noise = 0.02 if name in QUICK else 0.01
    B = table["B"]
    sigma = noise * B if FORMULAS[name].variable == "theta" else np.full(B.shape, noise * B.max())
    uniform = qmc.Sobol(B.size, rng=np.random.default_rng(seed)).random_base2(exponent)
    hits = []
    for shaken in norm.ppf(np.clip(uniform, 1e-9, 1 - 1e-9)):
        trial = {**table, "B": np.abs(B + sigma * shaken), "sigma_B": narrow * sigma}
        found = fit(trial, name, fixed, start=start(name)).intervals()
        hits.append([found[key].contains(truth[key]) for key in found])
    return np.mean(hits, axis=0)


# Coverage -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", QUICK)
def test_intervals_cover_the_truth(name):
    assert np.all(np.abs(coverage(name, 6) - 0.683) < 0.17)  # 3 standard deviations of 64 trials


def test_intervals_of_half_the_sigma_would_be_noticed():
    assert np.all(coverage("gl_perpendicular", 6, narrow=0.4) < 0.5)


@pytest.mark.nightly
@pytest.mark.parametrize("name", TRUTH)
def test_intervals_cover_the_truth_in_68_of_100_trials(name):
    assert np.all(np.abs(coverage(name, 9) - 0.683) < 0.05)


# Against known answers ------------------------------------------------------------------------------------------------
def test_the_interval_of_a_linear_formula_is_the_textbook_one():
    table = points("gl_perpendicular", 0.02)
    line = Theory(lambda T, a, b: a - b * T, {"a": 1.0, "b": 1.0})
    found = fit(table, line)
    design = np.column_stack([np.ones(T.size), -T]) / table["sigma_B"][:, None]
    textbook = np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    for level, factor in ((0.683, norm.ppf(0.8415)), (0.95, norm.ppf(0.975))):
        for name, error in zip("ab", textbook, strict=True):
            interval = found.interval(name, level)
            assert interval.kind == "two-sided"
            assert interval.solved
            assert interval.upper - found.params[name] == pytest.approx(factor * error, rel=1e-3)
            assert found.params[name] - interval.lower == pytest.approx(factor * error, rel=1e-3)
    assert found.errors["a"] == pytest.approx(textbook[0], rel=1e-5)


def test_a_free_scale_widens_intervals_by_students_t():
    table = points("klb", 0.02)
    found = fit(table, "klb", {"tc": 6.5}, scale="free")
    wide, narrow = found.interval("tau_so"), fit(table, "klb", {"tc": 6.5}).interval("tau_so")
    assert found.dof == 11
    ratio = (wide.upper - wide.lower) / (narrow.upper - narrow.lower)
    assert ratio == pytest.approx(found.stretch * 1.0484, rel=1e-2)  # t of 11 degrees of freedom at 68.3 %


def test_lmfits_own_profile_gives_the_same_interval():
    lmfit = pytest.importorskip("lmfit")
    table = points("ising_rashba", 0.01)
    ours = fit(table, "ising_rashba", {"tc": 6.5}, scale="free").intervals()

    def residual(p):
        return (table["B"] - formulas.ising_rashba(T, 6.5, p["splitting"].value, p["ratio"].value)) / table["sigma_B"]

    parameters = lmfit.Parameters()
    parameters.add("splitting", 13.0, min=1)
    parameters.add("ratio", 0.25, min=0)
    minimizer = lmfit.Minimizer(residual, parameters)
    found = lmfit.conf_interval(minimizer, minimizer.minimize(), sigmas=[0.683])
    for name, theirs in (("splitting", found["splitting"]), ("rashba_ratio", found["ratio"])):
        assert [ours[name].lower, ours[name].upper] == pytest.approx([theirs[0][1], theirs[2][1]], rel=2e-3)


# One-sided ------------------------------------------------------------------------------------------------------------
def test_strong_scattering_between_valleys_is_degenerate_and_says_so():
    truth = {"tc": 6.5, "splitting": 340.0, "tau_iv": 0.5}
    found = fit(points("ising_intervalley", 0.02, truth=truth), "ising_intervalley", {"tc": 6.5})
    splitting, tau = found.interval("splitting"), found.interval("tau_iv")
    assert (splitting.kind, tau.kind) == ("lower limit", "upper limit")
    assert splitting.upper is None
    assert "one-sided" in str(splitting)
    text = found.report()
    assert "the data fix only splitting^2 tau_iv, the limit of Klemm, Luther" in text
    assert "degenerate: splitting and tau_iv" in text


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("splitting", "tau_iv"), [(340.0, 0.5), (1000.0, 0.2), (100.0, 5.0)])
def test_a_free_tc_deep_in_the_degenerate_valley_converges_to_one_sided_answers(splitting, tau_iv, seed):
    truth = {"tc": 6.5, "splitting": splitting, "tau_iv": tau_iv}
    found = fit(points("ising_intervalley", 0.02, seed=seed, truth=truth), "ising_intervalley")
    assert found.status == "converged"
    kinds = {name: interval.kind for name, interval in found.intervals().items()}
    assert kinds == {"tc": "two-sided", "splitting": "lower limit", "tau_iv": "upper limit"}
    deeper = found.batch.minimise(found.best[None]).cost[0]
    assert found.cost <= deeper + 1e-3


@needs_data
def test_device_h1_runs_into_the_klb_limit():
    along = read_table(H1, device="H1", orientation="parallel")
    bands = Sample(tau=25.5, splitting=(10.0, 16.0))
    found = fit(along, "ising_intervalley", fixed={"tc": 6.5}, sample=bands)
    assert found.interval("tau_iv").kind == "upper limit"
    assert found.interval("splitting").kind == "lower limit"
    assert not found.admissible
    stretched = fit(along, "ising_intervalley", fixed={"tc": 6.5}, scale="free").interval("tau_iv")
    assert stretched.upper > 25.5  # so that tau alone does not speak against it
    assert fit(along, "ising_intervalley", fixed={"tc": 6.5}, tau=25.5).admissible
    assert "the limit of Klemm, Luther" in found.report()


def test_parameters_that_only_their_product_fixes_are_not_determined():
    found = fit(points("gl_parallel", 0.02), "gl_parallel", {"tc": 6.5})
    assert {i.kind for i in found.intervals().values()} == {"unbounded"}
    assert np.isinf(found.errors["xi"])
    assert "the data do not fix xi and d separately" in found.report()


def test_a_parameter_at_its_bound_has_an_open_side():
    truth = {"tc": 6.5, "splitting": 13.0, "rashba_ratio": 0.0}
    found = fit(points("ising_rashba", 0.02, truth=truth), "ising_rashba", {"tc": 6.5})
    interval = found.interval("rashba_ratio")
    assert interval.lower is None
    assert interval.contains(0.0)
    narrow = fit(points("klb", 0.02), "klb", {"tc": 6.5}, bounds={"tau_so": (1.0, 17.0)}).interval("tau_so")
    assert narrow.upper is None
    assert narrow.value == pytest.approx(17.0)


def test_a_parameter_that_the_data_fix_keeps_its_interval_beside_one_that_runs_to_its_bound():
    truth = {"tc": 6.5, "splitting": 340.0, "tau_iv": 0.5}
    table = points("ising_intervalley", 0.02, truth=truth)
    found = fit(table, "ising_intervalley", bounds={"tau_iv": (0.1, 2.0)})
    assert found.interval("tc").kind == "two-sided"
    gl = fit(points("gl_parallel", 0.02), "gl_parallel")
    kinds = {name: interval.kind for name, interval in gl.intervals().items()}
    assert kinds == {"tc": "two-sided", "xi": "unbounded", "d": "unbounded"}
    assert "the data do not fix xi and d separately" in gl.report()
    assert "fix tc" not in gl.report()


def test_a_parameter_at_its_bound_is_named_and_has_no_error():
    found = fit(points("klb", 0.02), "klb", bounds={"tau_so": (1.0, 17.0)})
    assert found.at_bound == ("tau_so",)
    assert found.errors["tau_so"] == np.inf
    assert np.isfinite(found.errors["tc"])
    assert found.interval("tc").kind == "two-sided"
    assert "caution: tau_so stands at its bound 17 fs: its error is not known" in found.report()
    assert fit(points("klb", 0.02), "klb").at_bound == ()


def test_an_unlikely_fit_shows_its_interval_with_both_scales_of_sigma():
    text = fit(points("ising", 0.01), "abrikosov_gorkov", {"tc": 6.5}).report()
    assert "with sigma as given; b0 = " in text
    assert "with sigma scaled by" in text


def test_unknown_names_and_levels_are_refused():
    found = fit(points("klb", 0.02), "klb")
    with pytest.raises(InvalidInput, match="`name` must be one of tc, tau_so, but is 'xi'"):
        found.interval("xi")
    with pytest.raises(InvalidInput, match="`level` must be below 1"):
        found.interval("tc", 68.3)
    exact = fit({"T": T[:2], "B": points("klb")["B"][:2]}, "klb")
    with pytest.raises(InvalidInput, match="`scale` must be 'fixed' with as many parameters as points"):
        exact.interval("tc")
    assert "no error: as many parameters as points" in exact.report()


# Resampling -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["points", "noise"])
def test_resamples_scatter_as_the_errors_say(kind):
    x = np.linspace(1.0, 6.3, 40)
    found = fit(points("klb", 0.02, x=x), "klb")
    samples = found.bootstrap(1000, seed=1, kind=kind)
    assert samples.sets.shape == (1000 - samples.failed, 2)
    assert samples.failed < 10
    tight = 0.12 if kind == "noise" else 0.5
    assert samples.errors() == pytest.approx(found.errors, rel=tight)
    assert np.array_equal(samples.sets, found.bootstrap(1000, seed=1, kind=kind).sets)
    low, high = samples.interval("tau_so")
    assert low < found.params["tau_so"] < high


def test_too_few_points_can_not_be_resampled():
    found = fit({"T": T[:2], "B": T[:2], "sigma_B": T[:2]}, "klb")
    with pytest.raises(InvalidInput, match="must hold more than 2 points for a bootstrap"):
        found.bootstrap(10)
    with pytest.raises(InvalidInput, match="`kind` must be one of points, noise"):
        found.bootstrap(10, kind="jackknife")
    few = fit({name: values[:5] for name, values in points("klb", 0.02).items()}, "klb").bootstrap(20)
    assert few.status == "not converged"
    assert "5 points are too few" in few.caution


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda found: found.bootstrap(20).interval("tc", 2.0), "`level` must be below 1"),
        (lambda found: found.bootstrap(20, seed="a"), "`seed` must be a real number"),
        (lambda found: found.bootstrap(20, seed=-1), "`seed` must be a whole number"),
        (lambda found: found.predict(-1.0), "`x` must be non-negative"),
        (lambda found: found.predict(np.nan), "`x` must be finite"),
        (lambda found: found.predict(2.0, part=2), "`part` must be below 1"),
    ],
)
def test_questions_to_a_fit_out_of_its_domain_are_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call(fit(points("klb", 0.02), "klb"))


def test_the_posterior_agrees_with_the_profile():
    pytest.importorskip("emcee")
    found = fit(points("klb", 0.02), "klb", {"tc": 6.5})
    samples = found.posterior(steps=900, walkers=12)
    low, high = samples.interval("tau_so")
    assert samples.status == "converged"
    assert "autocorrelation" in found.posterior(steps=40, walkers=12).caution
    interval = found.interval("tau_so")
    assert high - low == pytest.approx(interval.upper - interval.lower, rel=0.15)


def test_without_emcee_the_posterior_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    with pytest.raises(InvalidInput, match=r"needs emcee: install spinvalley\[bayes\]"):
        fit(points("klb", 0.02), "klb").posterior()
    monkeypatch.setitem(sys.modules, "emcee", SimpleNamespace())
