"""Laws of the fits: truth comes back, joint fits share, errors in T count, outliers do not, bad input is told."""

import time
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fit_cases import H1, TRUTH, T, needs_data, points, start
from spinvalley import InvalidInput
from spinvalley.experiment import formulas
from spinvalley.experiment.admissibility import Sample
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.comparison import compare
from spinvalley.experiment.fitting import Part, fit, fit_joint
from spinvalley.experiment.least_squares import _damped
from spinvalley.experiment.tables import read_table
from spinvalley.experiment.theory import Theory


# Truth comes back -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TRUTH)
def test_points_without_noise_give_the_true_parameters(name):
    truth, fixed = TRUTH[name]
    found = fit(points(name), name, fixed, start=start(name))
    assert found.status == "converged"
    for key, value in found.params.items():
        assert value == pytest.approx(truth[key], rel=1e-4)
    assert found.chi2 < 1e-6
    assert found.dof == len(found.residuals) - len(found.params)


@settings(max_examples=15)
@given(splitting=st.floats(5, 30), ratio=st.floats(0.1, 0.6))
def test_two_parameters_are_found_from_any_truth(splitting, ratio):
    truth = {"tc": 6.5, "splitting": splitting, "rashba_ratio": ratio}
    found = fit(points("ising_rashba", truth=truth), "ising_rashba", {"tc": 6.5})
    assert found.params["splitting"] == pytest.approx(splitting, rel=1e-2)
    assert found.params["rashba_ratio"] == pytest.approx(ratio, rel=1e-2)


def test_a_wrong_formula_does_not_return_the_truth():
    found = fit(points("ising", 0.01), "abrikosov_gorkov", {"tc": 6.5})
    assert found.likely is False
    assert "chi2 is far above" in found.report()


def test_tables_of_every_kind_and_unit_give_the_same_fit():
    table = points("klb", 0.02)
    frame = pd.DataFrame(table)
    in_kilooersted = pd.DataFrame({"T_mK": 1e3 * T, "B_kOe": 10 * table["B"], "sigma_B_Oe": 1e4 * table["sigma_B"]})
    dataset = xr.Dataset({"B": ("T", table["B"]), "sigma_B": ("T", table["sigma_B"])}, {"T": T})
    want = fit(table, formulas.klb).params
    for other in (frame, frame.sample(frac=1, random_state=1), in_kilooersted, dataset):
        assert fit(other, "klb").params == pytest.approx(want, rel=1e-6)


def test_the_sigma_of_a_field_may_stand_in_the_unit_of_the_field():
    table = points("klb", 0.02)
    want = fit(table, "klb").errors
    B, sigma = table["B"], table["sigma_B"]
    for other in (
        {"T_K": T, "B_T": B, "sigma_T": sigma},
        {"T_K": T, "B_Oe": 1e4 * B, "sigma_Oe": 1e4 * sigma},
        {"T_K": T, "B_kOe": 10 * B, "sigma_kOe": 10 * sigma},
        {"T (K)": T, "B (kOe)": 10 * B, "sigma_B [T]": sigma},
    ):
        assert fit(other, "klb").errors == pytest.approx(want, rel=1e-6)


def test_our_own_datasets_are_fitted_without_the_rows_that_failed():
    table = points("klb", 0.02)
    bad = T < 2
    rows = {"T": T, "B": np.where(bad, np.nan, table["B"]), "sigma_B": table["sigma_B"], "sigma_R_N": T}
    rows["status"] = np.where(bad, "not converged", "converged")
    found = fit(xr.Dataset({name: ("point", values) for name, values in rows.items()}), "klb")
    assert found.left_out == bad.sum() == 2
    assert "2 rows are left out" in found.report()
    want = fit({name: values[~bad] for name, values in table.items()}, "klb")
    assert found.params == pytest.approx(want.params, rel=1e-9)
    with pytest.raises(InvalidInput, match="all 12 rows are left out"):
        fit(pd.DataFrame({**table, "status": "failed"}), "klb")


def test_temperatures_with_an_error_need_none_of_the_field():
    table = {**points("klb"), "sigma_T": np.full(T.shape, 0.05), "sigma_B": np.zeros(T.shape)}
    found = fit(table, "klb")
    assert found.params == pytest.approx(TRUTH["klb"][0], rel=1e-4)
    assert 0.005 < found.errors["tc"] < 0.1
    angles = {**points("tinkham_2d"), "sigma_theta": np.full(18, 0.1), "sigma_B": np.zeros(18)}
    angles["theta"] = np.where(angles["theta"] > 92.4, np.nan, angles["theta"])
    turned = fit(angles, "tinkham_2d", start={"offset": 0.0})
    assert turned.params == pytest.approx(TRUTH["tinkham_2d"][0], rel=1e-3)
    assert turned.left_out == 2


# Joint fits, errors in T, outliers, scale ----------------------------------------------------------------------------
def test_orientations_share_xi_and_tc_and_keep_their_own_thickness():
    across = points("gl_perpendicular", 0.02)
    along = points("gl_parallel", 0.02, seed=1)
    joint = fit_joint([Part(across, "gl_perpendicular", "perp"), Part(along, "gl_parallel", "par")])
    assert joint.names == ("tc", "xi", "d_par")
    assert joint.params["d_par"] == pytest.approx(1.5, rel=0.05)
    alone = fit(across, "gl_perpendicular")
    assert joint.errors["tc"] < alone.errors["tc"]
    np.testing.assert_allclose(joint.predict([3.0], part=1), formulas.gl_parallel([3.0], *joint.best), rtol=1e-12)


def test_parts_that_share_nothing_are_separate_fits():
    tables = [points("klb", 0.02, seed=s) for s in (1, 2)]
    joint = fit_joint([Part(t, "klb", f"film {i}") for i, t in enumerate(tables)], shared=())
    for i, table in enumerate(tables):
        alone = fit(table, "klb")
        assert joint.params[f"tau_so_film_{i}"] == pytest.approx(alone.params["tau_so"], rel=1e-5)


def test_errors_in_temperature_widen_the_errors_where_the_field_is_steep():
    table = points("gl_parallel", 0.02)
    exact = fit(table, "gl_parallel", {"xi": 9.0})
    blurred = fit({**table, "sigma_T": np.full(T.shape, 0.1)}, "gl_parallel", {"xi": 9.0})
    wider = blurred.batch.sigma / exact.batch.sigma
    assert np.all(np.diff(wider) > 0)
    slope = abs(formulas.gl_parallel(3.0 + 1e-4, *(p := (6.5, 9.0, 1.5))) - formulas.gl_parallel(3.0 - 1e-4, *p)) / 2e-4
    at = np.interp(3.0, T, np.sqrt(blurred.batch.sigma**2 - exact.batch.sigma**2))
    assert at == pytest.approx(0.1 * slope, rel=0.05)
    assert blurred.errors["tc"] > exact.errors["tc"]


def test_an_outlier_moves_a_robust_fit_less():
    table = points("klb", 0.01)
    table["B"][3] += 30 * table["sigma_B"][3]
    pulled, robust = (fit(table, "klb", {"tc": 6.5}, loss=loss).params["tau_so"] for loss in ("linear", "soft_l1"))
    assert abs(robust - 18) < 0.3 * abs(pulled - 18)


def test_a_free_scale_does_not_depend_on_the_size_of_sigma():
    table = points("klb", 0.02)
    small = {**table, "sigma_B": table["sigma_B"] / 10}
    a, b = (fit(t, "klb", scale="free") for t in (table, small))
    assert a.errors["tau_so"] == pytest.approx(b.errors["tau_so"], rel=1e-5)
    assert fit(small, "klb").errors["tau_so"] == pytest.approx(fit(table, "klb").errors["tau_so"] / 10, rel=1e-3)
    without = fit({"T": T, "B": table["B"]}, "klb")
    assert without.scale == "free"


def test_offset_alpha_and_lambda_are_zero_unless_asked_for():
    assert fit(points("tinkham_2d"), "tinkham_2d").fixed == {"offset": 0.0}
    assert fit(points("whh"), "whh").names == ("tc", "slope")


def test_a_parameter_may_be_freed_by_its_name():
    found = fit(points("tinkham_2d"), "tinkham_2d", free=("offset",))
    assert found.params == pytest.approx(TRUTH["tinkham_2d"][0], rel=1e-4)
    assert fit(points("whh"), "whh", {"lambda_so": 1.0}, free=["alpha"]).names == ("tc", "slope", "alpha")
    with pytest.raises(InvalidInput, match="`free` must be a sequence of names, but is 'offset'"):
        fit(points("tinkham_2d"), "tinkham_2d", free="offset")
    with pytest.raises(InvalidInput, match="must be among b_perp, b_par, but hold 'alpha'"):
        fit(points("tinkham_2d"), "tinkham_2d", free=("alpha",))


def test_a_formula_without_free_parameters_is_judged_only():
    found = fit(points("pauli", 0.02), "pauli", {"tc": 6.5})
    assert found.params == {}
    assert found.dof == T.size
    assert "0 free parameters" in found.report()


def test_a_step_that_nothing_foretold_does_not_overflow():
    zero = np.zeros((1, 1))
    here = SimpleNamespace(cost=np.array([1e10]), slope=zero, normal=np.zeros((1, 1, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _damped(np.ones(1), here, zero, np.zeros(1)) == pytest.approx(0.1)


# Theory meets data ----------------------------------------------------------------------------------------------------
def test_any_function_of_temperature_is_a_fit_model():
    table = points("ising_rashba", 0.01)
    want = fit(table, "ising_rashba", {"tc": 6.5})
    theory = Theory(
        lambda T, splitting, rashba_ratio: formulas.ising_rashba(T, 6.5, splitting, rashba_ratio),
        starts={"splitting": 10.0, "rashba_ratio": 0.1},
        bounds={"splitting": (2.0, 60.0), "rashba_ratio": (0.0, 2.0)},
    )
    found = fit(table, theory)
    assert found.params == pytest.approx(want.params, rel=1e-4)
    assert found.errors == pytest.approx(want.errors, rel=1e-2)


def test_a_plain_function_takes_start_bounds_and_fixed_of_the_fit():
    table = points("klb", 0.01)

    def model(T, tc, tau_so):
        return formulas.klb(T, tc, tau_so)

    want = fit(table, "klb", {"tc": 6.5}).params["tau_so"]
    wishes = {"start": {"tau_so": 5.0}, "bounds": {"tau_so": (1.0, 100.0)}}
    assert fit(table, model, {"tc": 6.5}, **wishes).params["tau_so"] == pytest.approx(want, rel=1e-4)
    assert fit(table, model, {"tc": (6.5, 0.01)}, bounds={"tau_so": (1.0, 100.0)}).names == ("tc", "tau_so")
    assert compare(table, [model, "ising"], {"tc": 6.5}, **wishes)["model"].params["tau_so"] == pytest.approx(want)
    with pytest.raises(InvalidInput, match="`starts` must hold tau_so"):
        fit(table, model, {"tc": 6.5})


def test_a_slow_theory_is_called_on_its_grid_only():
    calls = []

    def slow(T, splitting, rashba_ratio):
        calls.append(splitting)
        return formulas.ising_rashba(T, 6.5, splitting, rashba_ratio)

    bounds = {"splitting": (5.0, 30.0), "rashba_ratio": (0.02, 0.6)}
    table = points("ising_rashba", 0.01)
    found = fit(table, Theory(slow, bounds=bounds, nodes=10))
    found.intervals()
    assert len(calls) <= 100 + 9  # the grid, and the ends of the errors and of the intervals
    assert found.params == pytest.approx(fit(table, "ising_rashba", {"tc": 6.5}).params, rel=2e-3)


def test_an_interpolated_theory_gives_what_the_theory_gives():
    x = np.linspace(1, 6.3, 14)
    sigma = np.full(14, 0.3)
    table = {"T": x, "B": formulas.klb(x, 6.5, 18.0) + sigma * np.random.default_rng(0).standard_normal(14)}
    limits = {"tc": (5.0, 9.0), "tau": (1.0, 300.0)}
    starts = {"tc": 6.0, "tau": 50.0}
    direct, quick = (
        fit(table | {"sigma_B": sigma}, Theory(lambda T, tc, tau: formulas.klb(T, tc, tau), starts, limits, nodes=n))
        for n in (0, 8)
    )
    assert quick.status == "converged"
    assert abs(quick.params["tau"] - direct.params["tau"]) < 0.1 * direct.errors["tau"]
    assert quick.interval("tau").upper == pytest.approx(direct.interval("tau").upper, rel=1e-3)


def test_an_interpolation_that_stays_wrong_is_not_converged():
    def rough(T, a):
        return 10 * a + 2 * np.sign(np.sin(1e9 * a)) + 0 * T

    found = fit({"T": T, "B": 50 + 0 * T, "sigma_B": 0.1 + 0 * T}, Theory(rough, bounds={"a": (1.0, 9.0)}, nodes=3))
    assert found.status == "not converged"
    assert "take more nodes" in found.report()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Theory(lambda T: T), "must be a function of T and of named parameters"),
        (lambda: Theory(lambda T, a: T * a * (1 / 0), {"a": 1.0}), "must return fields, but raised ZeroDivisionError"),
        (lambda: Theory(lambda T, a: [["x"] * int(T.size * a)], {"a": 1.0}), "must be real numbers"),
        (lambda: Theory(lambda T, a: T * a, {"a": "x"}), r"`starts\['a'\]` must be real numbers"),
        (lambda: Theory(lambda T, a: T * a, bounds={"a": (1,)}), "`bounds` of a must be"),
    ],
)
def test_a_theory_at_fault_is_one_sentence(make, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        fit(points("klb"), make())


def test_a_theory_may_bring_its_gradient():
    asked = []

    def gradient(T, tc, b0):
        asked.append(tc)
        return {"tc": b0 * T / tc**2, "b0": 1 - T / tc}

    line = Theory(lambda T, tc, b0: b0 * (1 - T / tc), {"tc": 7.0, "b0": 2.0}, gradient=gradient)
    found = fit({"T": T, "B": 4 * (1 - T / 6.5)}, line, scale="free")
    assert found.params == pytest.approx({"tc": 6.5, "b0": 4.0}, rel=1e-6)
    assert asked


# Bad input ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "settings_", "sentence"),
    [
        ({"B": None}, {}, r"`table` must have the columns T and B, but has T, sigma_B: B is missing"),
        ({"T": np.where(T > 6, np.nan, T)}, {}, "`T` must be finite, but contains nan"),
        ({"T": -T}, {}, "`T` must be positive, but contains"),
        ({"sigma_B": np.zeros(12)}, {}, r"`sigma_B` must be positive, but contains 0\.0"),
        ({"T": np.full(12, 2.0), "B": np.full(12, 5.0)}, {}, "must hold each point once, but T = 2, B = 5 T is twice"),
        ({}, {"fixed": {"tc": 1.0}}, "`T` must be below tc = 1 K somewhere, but is 1.2 K or more"),
        ({}, {"fixed": {"xi": 1.0}}, "`fixed` must be among tc, tau_so, but holds 'xi'"),
        ({}, {"window": (1.0, 1.3)}, r"as many points as free parameters \(tc, tau_so\), but has 1"),
        ({}, {"window": (8.0, 9.0)}, "must hold points, but has none in the window 8 to 9"),
        ({}, {"bounds": {"tau_so": (3.0, 1.0)}}, "`bounds` of tau_so must be"),
        ({}, {"loss": "l2"}, "`loss` must be one of linear, soft_l1, but is 'l2'"),
        ({}, {"tau": -1.0}, r"`tau` must be positive, but is -1\.0"),
        ({"B": np.zeros(12)}, {}, "`B` must be positive somewhere"),
        ({}, {"bounds": {"tau_so": (1,)}}, "`bounds` of tau_so must be"),
        ({}, {"bounds": {"tau_so": 3}}, "`bounds` of tau_so must be"),
        ({}, {"bounds": {"tau_so": (-3.0, 5.0)}}, "must be non-negative, but begin at -3"),
        ({}, {"window": (3,)}, "`window` must be"),
        ({}, {"window": (None, 8)}, "`window` must be"),
        ({}, {"fixed": {"tau_so": -3.0}}, r"`fixed\['tau_so'\]` must be positive"),
        ({"sigma_q": T}, {}, "`sigma_q` must be the sigma of a known column"),
        ({"B_Oe": T}, {}, "must hold B once, but has B, B_Oe"),
        ({"B": None, "B_kOe": T, "sigma_T": T}, {}, "`sigma_T` must stand beside B_T"),
        ({"T": None, "T (furlong)": T}, {}, "must have a unit of K, mK, but has furlong"),
    ],
)
def test_bad_input_is_one_sentence(change, settings_, sentence):
    table = {k: v for k, v in {**points("klb"), **change}.items() if v is not None}
    with pytest.raises(InvalidInput, match=sentence) as caught:
        fit(table, "klb", **settings_)
    assert "\n" not in str(caught.value)


def test_unknown_formulas_and_unreadable_files_are_one_sentence(tmp_path):
    with pytest.raises(InvalidInput, match="`formula` must be one of gl_perpendicular"):
        fit(points("klb"), "bcs")
    with pytest.raises(InvalidInput, match="`scale` must be 'free' without a column sigma_B"):
        fit({"T": T, "B": T}, "klb", scale="fixed")
    with pytest.raises(InvalidInput, match="`path` must be a file"):
        read_table(tmp_path / "none.csv")
    junk = tmp_path / "junk.csv"
    junk.write_bytes(bytes(range(256)) * 4)
    with pytest.raises(InvalidInput, match="`path` must"):
        read_table(junk)


# Data and speed -------------------------------------------------------------------------------------------------------
@needs_data
def test_device_h1():
    along, across = (read_table(H1, device="H1", orientation=o) for o in ("parallel", "perpendicular"))
    klb = fit(along, "klb", fixed={"tc": 6.5}, tau=25.5)
    assert klb.params["tau_so"] == pytest.approx(18.4, abs=0.3)
    assert not klb.admissible
    assert "inadmissible: tau = 25.5 fs and tau_so = 18.4 fs" in klb.report()
    perpendicular = fit(across, formulas.gl_perpendicular, fixed={"tc": 6.5})
    assert perpendicular.params["xi"] == pytest.approx(9.6, abs=0.2)
    assert perpendicular.admissible
    bands = Sample(splitting=(10.0, 16.0), rashba_ratio=0.1)
    rashba = fit(along, "ising_rashba", fixed={"tc": 6.5}, sample=bands)
    assert rashba.chi2 < 0.2 * klb.chi2
    assert not rashba.admissible
    assert rashba.interval("splitting").lower > 16
    assert rashba.interval("rashba_ratio").lower > 0.1


@pytest.mark.parametrize("name", TRUTH)
def test_fifty_points_are_fitted_quickly(name):
    formula = FORMULAS[name]
    x = np.linspace(0.5, 6.2, 50) if formula.variable == "T" else np.linspace(0, 100, 50)
    table = points(name, 0.02, x=x)
    times = []
    for _ in range(3):
        begin = time.process_time()
        fit(table, name, TRUTH[name][1], start=start(name))
        times.append(time.process_time() - begin)
    assert min(times) < 0.2
