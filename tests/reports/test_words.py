"""Laws of the sentences: a report claims no more than points, errors and degrees of freedom carry."""

import numpy as np
import pandas as pd
import pytest

from hall_runs import N2D, hall_run, write_hall_run
from spinvalley.checks import InvalidInput
from spinvalley.experiment.formulas import gl_parallel, gl_perpendicular, klb
from spinvalley.reports import Options, analyse, analyse_table, page, words

T = np.array([1.5, 2.5, 3.5, 4.5, 5.5, 6.0])
LIMIT = "the Pauli effect limits it"


def table(path, T, B, sigma=None, orientation="parallel"):
    columns = {"T_K": T, "B_T": B} | ({} if sigma is None else {"sigma_B_T": np.full(len(T), sigma)})
    rows = [",".join(["orientation", *columns])]
    rows += [",".join([orientation, *map(repr, map(float, row))]) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return path


def said(path, **settings):
    (sentence,) = analyse_table(path, Options(**settings)).summary()
    return sentence


def test_what_limits_the_field_is_claimed_only_of_a_formula_that_describes_it(tmp_path):
    bent = klb(T, 6.5, 18.0) + np.array([3.0, -3.0, 3.0, -3.0, 3.0, -3.0])
    good = said(table(tmp_path / "good.csv", T, klb(T, 6.5, 18.0), 0.2), models=("klb",), tc=6.5)
    bad = said(table(tmp_path / "bad.csv", T, bent, 0.2), models=("klb",), tc=6.5)
    assert LIMIT in good
    assert "standard errors off the curve" not in good
    assert LIMIT not in bad
    assert "standard errors off the curve" in bad


def test_without_standard_errors_nothing_is_counted_in_them(tmp_path):
    bent = klb(T, 6.5, 18.0) + np.array([3.0, -3.0, 3.0, -3.0, 3.0, -3.0])
    for B in (klb(T, 6.5, 18.0), bent):
        sentence = said(table(tmp_path / "bare.csv", T, B), models=("klb",), tc=6.5)
        assert "standard errors off" not in sentence
        assert "the table gives no standard errors" in sentence
        assert LIMIT not in sentence
    bare = analyse_table(tmp_path / "bare.csv", Options(models=("klb",), tc=6.5))
    assert "are in T instead" in page.page(bare.document(), ())


def test_as_many_parameters_as_points_are_no_test_and_give_no_error(tmp_path):
    path = table(tmp_path / "few.csv", np.array([2.0, 3.0, 4.0]), np.array([20.0, 15.0, 10.0]), 0.1)
    sentence = said(path, models=("ising_intervalley",))
    assert "as many parameters as points" in sentence
    assert "+0" not in sentence
    assert "standard errors off" not in sentence


def test_points_too_few_for_aicc_are_told_and_leave_no_number(tmp_path):
    path = table(tmp_path / "few.csv", np.array([2.0, 3.0, 4.0]), np.array([20.0, 15.0, 10.0]), 0.1)
    found = analyse_table(path, Options(models=("klb", "ising")))
    assert "too few for AICc" in found.summary()[0]
    text = page.page(found.document(), ())
    assert ">nan<" not in text
    assert ">inf<" not in text
    enough = analyse_table(table(tmp_path / "more.csv", T, klb(T, 6.5, 18.0), 0.2), Options(models=("klb", "ising")))
    assert "too few for AICc" not in enough.summary()[0]


def test_the_caution_of_the_best_formula_is_in_the_summary(tmp_path):
    cold = table(tmp_path / "cold.csv", T, gl_perpendicular(T, 6.5, 9.6), 0.02, "perpendicular")
    near = table(tmp_path / "near.csv", T[3:], gl_perpendicular(T[3:], 6.5, 9.6), 0.02, "perpendicular")
    assert "caution: Ginzburg-Landau theory holds near Tc" in said(cold, models=("gl_perpendicular",), tc=6.5)
    assert "caution" not in said(near, models=("gl_perpendicular",), tc=6.5)


def both(path, d):
    """Both directions, the parallel one with a thickness that changes with T where `d` does."""
    rows = ["orientation,T_K,B_T,sigma_B_T"]
    rows += [f"perpendicular,{t},{b},0.05" for t, b in zip(T, gl_perpendicular(T, 6.5, 9.6), strict=True)]
    rows += [f"parallel,{t},{gl_parallel(t, 6.5, 9.6, x)},0.2" for t, x in zip(T, d, strict=True)]
    path.write_text("\n".join(rows) + "\n")
    return analyse_table(path, Options(models=("gl_perpendicular", "gl_parallel"), tc=6.5))


def test_a_joint_fit_that_fails_says_so(tmp_path):
    good = both(tmp_path / "good.csv", np.full(6, 3.0))
    bad = both(tmp_path / "bad.csv", np.array([2.0, 2.2, 2.5, 2.0, 3.0, 2.0]))
    assert "does not describe both directions" not in page.page(good.document(), ())
    assert "It does not describe both directions: the points lie" in page.page(bad.document(), ())


def test_the_error_of_the_coherence_length_reaches_the_thickness(tmp_path):
    found = both(tmp_path / "both.csv", np.full(6, 3.0))
    across, along = found.judged
    xi, d = across.comparison["gl_perpendicular"], along.comparison["gl_parallel"]
    assert along.comparison["gl_parallel"].known["xi"] == (xi.params["xi"], xi.errors["xi"])
    alone = 0.2 / np.sqrt(np.sum(gl_parallel(T, 6.5, 9.6, 3.0) ** 2))  # of d with xi held, relative
    whole = np.hypot(alone, xi.errors["xi"] / xi.params["xi"])
    assert whole > 1.2 * alone  # else the law says nothing
    np.testing.assert_allclose(d.errors["d"] / d.params["d"], whole, rtol=0.02)


def test_what_is_given_twice_is_refused():
    with pytest.raises(InvalidInput, match="`tau` must not be given with `mobility`"):
        Options(tau=25.0, mobility=86.0, mass=0.5)
    with pytest.raises(InvalidInput, match="`tc` must be given once"):
        Options(tc=6.5, fixed={"tc": 7.0})
    assert Options(fixed={"tc": 7.0}).tc == "measured"


def test_a_hall_file_of_its_own_is_not_along_the_layers(tmp_path):
    main = hall_run().drop(columns=["R2 (Ohm)"])
    warm = hall_run(along=False).drop(columns=["R1 (Ohm)", "theta (deg)"])
    warm[warm["T (K)"] > 14.5].to_csv(tmp_path / "hall.csv", index=False)
    plane = main[main["theta (deg)"] > 80].drop(columns="theta (deg)")
    plane.to_csv(tmp_path / "plane.csv", index=False)
    settings = Options(theta="parallel", hall=str(tmp_path / "hall.csv"), models=("ising",), criteria=())
    found = analyse([tmp_path / "plane.csv"], settings)
    whole = analyse([write_hall_run(tmp_path / "H1.csv")], Options(hall="R2", models=("ising",), criteria=()))
    assert found.carriers.result.n2D == pytest.approx(whole.carriers.result.n2D)
    assert any("taken as along the c axis" in rule for rule in found.carriers.rules)


def test_a_density_is_not_taken_from_a_superconductor(tmp_path):
    """Without R(T) there is no Tc, but a critical field at that temperature tells enough."""
    rows = hall_run(warm=(5.0, 15.0), along=False)
    swept = rows[np.abs(rows["B (T)"]).rolling(9, center=True, min_periods=1).max() > 0.1]
    cold, warm = swept[swept["T (K)"] < 6], swept[swept["T (K)"] > 14]
    cold.to_csv(tmp_path / "cold.csv", index=False)
    with pytest.raises(InvalidInput, match="critical field"):
        analyse([tmp_path / "cold.csv"], Options(hall="R2", criteria=()))
    pd.concat([cold, warm]).to_csv(tmp_path / "both.csv", index=False)
    found = analyse([tmp_path / "both.csv"], Options(hall="R2", criteria=()))
    assert found.carriers.result.n2D == pytest.approx(N2D, rel=0.02)
    assert any("caution: Tc is not known" in sentence for sentence in found.summary())


def test_a_line_in_a_tilted_field_alone_is_told(tmp_path):
    tilted = table(tmp_path / "tilted.csv", T, gl_perpendicular(T, 6.5, 9.6), 0.02, "45 degrees")
    assert (
        said(tilted) == "In a field at 45 degrees from the c axis: no formula was asked for that suits this direction."
    )


def test_what_an_offset_shifts_is_told_once(tmp_path):
    rows = hall_run(warm=()).drop(columns="R2 (Ohm)")
    rows["R1 (Ohm)"] -= 40.0
    rows.to_csv(tmp_path / "offset.csv", index=False)
    found = analyse([tmp_path / "offset.csv"], Options(models=("ising",)))
    notes = [note for note in found.document()["data"][0]["notes"] if "offset" in note]
    kinds = {(one.sizes["point"]) for one in (found.measured[0].fields, found.measured[0].temperatures)}
    assert len(kinds) == 2
    assert 1 <= len(notes) <= 2  # of field sweeps and of temperature sweeps


def test_an_interval_without_width_is_a_number():
    assert words.bounds(47.77, 47.77, 47.77, "T") == "47.77 T"
    assert words.bounds(47.77, 47.0, 48.54, "T") == "47.77 ± 0.77 T"
