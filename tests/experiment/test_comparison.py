"""Laws of model comparison: the true formula wins, but an inadmissible one never ranks before an admissible one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fit_cases import H1, T, needs_data, points
from spinvalley import InvalidInput
from spinvalley.experiment.admissibility import Sample, judge
from spinvalley.experiment.comparison import compare, gl_window, leave_one_out, runs_probability
from spinvalley.experiment.fitting import fit
from spinvalley.experiment.tables import read_table

ALL = ["klb", "ising", "ising_rashba", "ising_intervalley", "gl_parallel", "abrikosov_gorkov", "whh", "pauli"]


@pytest.mark.parametrize("truth", ["klb", "ising", "gl_parallel"])
def test_the_true_formula_ranks_first(truth):
    found = compare(points(truth, 0.02), ["klb", "ising", "gl_parallel"], {"tc": 6.5, "xi": 9.0})
    assert found.candidates[0].name == truth
    assert found.best is found.candidates[0]
    assert found.candidates[0].left_out < 2
    assert f"best admissible formula: {truth}" in found.report()


def test_a_better_but_inadmissible_formula_ranks_after_an_admissible_one():
    table = points("klb", 0.02)
    free, bound = (compare(table, ["klb", "ising"], {"tc": 6.5}, tau=tau) for tau in (None, 25.5))
    assert [c.name for c in free.candidates] == ["klb", "ising"]
    assert [c.name for c in bound.candidates] == ["ising", "klb"]
    assert bound["klb"].aicc < bound["ising"].aicc
    assert "klb INADMISSIBLE" in bound.report()
    assert bound.table().admissible.tolist() == [True, False]


def test_a_formula_with_too_many_parameters_stands_last_with_its_reason():
    table = {name: values[:2] for name, values in points("klb", 0.02).items()}
    found = compare(table, ["ising_intervalley", "klb"], tau=1.0)
    assert found.candidates[-1].fit is None
    assert "as many points as free parameters (tc, splitting, tau_iv)" in found.candidates[-1].problem
    with pytest.raises(InvalidInput, match="`name` must be one of klb"):
        found["ising_intervalley"]


def test_settings_that_no_formula_knows_are_refused():
    with pytest.raises(InvalidInput, match="`fixed` must be among"):
        compare(points("klb"), ["klb"], {"xi": 3.0})
    with pytest.raises(InvalidInput, match="`formulas` must hold at least one"):
        compare(points("klb"), [])
    with pytest.raises(InvalidInput, match="`T` must be below tc"):
        compare(points("klb"), ["klb", "ising"], {"tc": 1.0})


# Runs and left-out points ---------------------------------------------------------------------------------------------
@given(up=st.integers(1, 4), down=st.integers(1, 4), seed=st.integers(0, 100))
def test_the_runs_test_counts_all_orders(up, down, seed):
    signs = np.random.default_rng(seed).permutation([1] * up + [-1] * down)
    orders = set(permutations([1] * up + [-1] * down))
    runs = [1 + np.count_nonzero(np.diff(order)) for order in orders]
    own = 1 + np.count_nonzero(np.diff(signs))
    assert runs_probability(signs.astype(float)) == pytest.approx(np.mean(np.array(runs) <= own))


def test_residuals_of_one_sign_are_as_unlikely_as_tosses_of_a_coin():
    assert runs_probability(np.ones(5)) == 2 / 2**5
    assert runs_probability(np.ones(1)) == runs_probability(np.zeros(3)) == 1.0


def test_left_out_points_are_predicted_by_the_others():
    table = points("klb", 0.02)
    found = fit(table, "klb", {"tc": 6.5})
    slow = []
    for i in range(T.size):
        rest = {name: np.delete(values, i) for name, values in table.items()}
        slow.append((table["B"][i] - fit(rest, "klb", {"tc": 6.5}).predict(T[i])[0]) / table["sigma_B"][i])
    assert leave_one_out(found) == pytest.approx(np.sqrt(np.mean(np.square(slow))), rel=1e-4)


# Window ---------------------------------------------------------------------------------------------------------------
def test_the_window_ends_where_ginzburg_landau_ends():
    B = np.where(T > 3, 20 * (1 - T / 6.5), 20 * (1 - 3 / 6.5) + (3 - T))
    table = {"T": T, "B": B, "sigma_B": np.full(T.shape, 0.1)}
    window = gl_window(table, "gl_perpendicular", {"tc": 6.5})
    assert window.likely
    assert 2.2 < window.low < 3.6
    assert window.table.chosen.sum() == 1
    assert window.table.xi.iloc[-1] > window.table.xi.iloc[0]
    everywhere = gl_window(points("gl_perpendicular", 0.02), "gl_perpendicular", {"tc": 6.5})
    assert everywhere.low == T[0]
    with pytest.raises(InvalidInput, match="`formula` must be one of temperature, but is tinkham_2d"):
        gl_window(table, "tinkham_2d")


# Admissibility --------------------------------------------------------------------------------------------------------
@given(tau=st.floats(0.01, 1000), tau_so=st.floats(0.01, 1000))
def test_klb_holds_only_far_below_its_scattering_time(tau, tau_so):
    (verdict,) = judge("klb", {"tc": 6.5, "tau_so": tau_so}, T, T, Sample(tau=tau))
    assert verdict.holds == (tau <= 0.1 * tau_so)
    assert f"{tau:.3g} fs" in str(verdict)


def test_the_scattering_time_comes_from_mobility_and_mass():
    assert Sample(mobility=86.0, mass=0.5).scattering_time == pytest.approx(24.45, abs=0.01)
    assert Sample(tau=25.5, mobility=86.0, mass=0.5).scattering_time == 25.5
    assert Sample(mobility=86.0).scattering_time is None
    with pytest.raises(InvalidInput, match="`mobility` must be positive"):
        Sample(mobility=-1.0)
    with pytest.raises(InvalidInput, match="`splitting` must be"):
        Sample(splitting=(10.0, 3.0))
    for wrong in ((3,), 13.0):
        with pytest.raises(InvalidInput, match="`splitting` must be"):
            Sample(splitting=wrong)


@pytest.mark.parametrize(
    ("formula", "parameters", "sample", "sentence", "holds"),
    [
        ("klb", {"tau_so": 18.0}, Sample(), "not judged", None),
        ("gl_parallel", {"xi": 3.0, "d": 4.0}, Sample(), "thin film has d < xi", False),
        ("gl_perpendicular", {"xi": 3.0}, Sample(), "near Tc", None),
        ("ising", {"splitting": 60.0}, Sample(splitting=(10, 16)), "band structure 10 to 16 meV", False),
        ("ising_rashba", {"splitting": 13.0, "rashba_ratio": 0.4}, Sample(rashba_ratio=0.1), "at most 0.1", False),
        ("ising_intervalley", {"splitting": 300.0, "tau_iv": 0.1}, Sample(), "fix only splitting^2 tau_iv", None),
        ("ising_intervalley", {"splitting": 13.0, "tau_iv": 5.0}, Sample(tau=25.5), "part of all scattering", False),
        ("pauli", {}, Sample(), "exceed the Pauli limit", False),
        ("whh", {"alpha": 0.0}, Sample(), "leaves out the spins", False),
    ],
)
def test_every_verdict_is_a_sentence(formula, parameters, sample, sentence, holds):
    verdicts = judge(formula, {"tc": 6.5, **parameters}, T, np.full(T.shape, 50.0), sample)
    assert any(sentence in str(v) and v.holds is holds for v in verdicts)


@pytest.mark.parametrize("xi", [3.0, 90.0])
def test_a_thickness_that_the_data_do_not_fix_is_not_judged_wherever_the_fit_began(xi):
    found = fit(points("gl_parallel", 0.02), "gl_parallel", start={"xi": xi})
    assert any("d < xi" in str(v) and "the data cannot tell" in str(v) and v.holds is None for v in found.verdicts)
    held = fit(points("gl_parallel", 0.02), "gl_parallel", {"xi": 1.0})
    assert not held.admissible


def test_scattering_between_valleys_is_inadmissible_only_beyond_its_interval():
    truth = {"tc": 6.5, "splitting": 107.5, "tau_iv": 5.0}
    table = points("ising_intervalley", 0.02, truth=truth)
    upper = fit(table, "ising_intervalley", {"tc": 6.5}).interval("tau_iv").upper
    inside, outside = (fit(table, "ising_intervalley", {"tc": 6.5}, tau=f * upper) for f in (0.9, 1.2))
    assert inside.params["tau_iv"] < 0.9 * upper
    assert inside.admissible
    assert any("the data cannot tell" in str(v) for v in inside.verdicts)
    assert not outside.admissible


def test_klb_is_judged_by_its_interval():
    table = points("klb", 0.05)
    found = fit(table, "klb", {"tc": 6.5})
    upper = found.interval("tau_so").upper
    assert upper > 1.02 * found.params["tau_so"]
    inside, outside = (fit(table, "klb", {"tc": 6.5}, tau=0.1 * f * upper) for f in (0.99, 1.01))
    assert inside.admissible
    assert "the data cannot tell" in str(inside.verdicts[0])
    assert not outside.admissible
    assert str(outside.verdicts[0]).endswith("on the whole 68 % interval")
    held = fit(table, "klb", {"tc": 6.5, "tau_so": 18.0}, tau=5.0)
    assert not held.admissible
    assert "interval" not in str(held.verdicts[0])


def test_demands_that_only_hold_apart_are_inadmissible_together():
    truth = {"tc": 6.5, "splitting": 107.5, "tau_iv": 5.0}
    table = points("ising_intervalley", 0.02, truth=truth)
    sample = Sample(tau=20.0, splitting=(150.0, 1000.0))
    found = fit(table, "ising_intervalley", {"tc": 6.5}, sample=sample)
    assert not found.admissible
    assert any("allowed together" in str(v) for v in found.verdicts)


def test_without_a_band_structure_rashba_is_not_judged():
    verdicts = fit(points("ising_rashba", 0.02), "ising_rashba", {"tc": 6.5}).verdicts
    assert sum(str(v).startswith("not judged") for v in verdicts) == 2


@needs_data
def test_device_h1_is_ranked_as_the_paper_argues():
    along = read_table(H1, device="H1", orientation="parallel")
    sample = Sample(tau=25.5, splitting=(10.0, 16.0), rashba_ratio=0.1)
    found = compare(along, ALL, {"tc": 6.5, "xi": 9.6}, sample=sample)
    rank = [c.name for c in found.candidates]
    assert not found["klb"].admissible
    assert not found["ising_intervalley"].admissible
    assert min(found.candidates, key=lambda c: c.fit.aicc).name == "ising_rashba"
    assert len(rank) == len(ALL)
    across = read_table(H1, device="H1", orientation="perpendicular")
    assert gl_window(across, "gl_perpendicular", {"tc": 6.5}).fit.params["xi"] == pytest.approx(9.6, abs=0.2)


def test_a_comparison_that_ignored_admissibility_would_be_noticed():
    found = compare(points("klb", 0.02), ["klb", "ising"], {"tc": 6.5}, tau=25.5)
    by_fit_alone = sorted(found.candidates, key=lambda c: c.fit.aicc)
    assert by_fit_alone[0].name != found.candidates[0].name
