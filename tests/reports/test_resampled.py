"""Laws of resampling in a report: it agrees with the profile, says whether it settled, and is told in full."""

import importlib.util
import json
import sys

import numpy as np
import pytest

from spinvalley.checks import InvalidInput
from spinvalley.experiment.formulas import gl_perpendicular, klb
from spinvalley.reports import Options, analyse_table, resampled

T = np.linspace(1.5, 6.0, 10)
SIGMA = 0.3


@pytest.fixture
def table(tmp_path):
    B = klb(T, 6.5, 18.0) + SIGMA * np.random.default_rng(4).normal(size=T.size)
    rows = "".join(f"H1,parallel,{t},{b},{SIGMA}\n" for t, b in zip(T, B, strict=True))
    path = tmp_path / "table.csv"
    path.write_text("device,orientation,T_K,B_T,sigma_B_T\n" + rows)
    return path


def told(found):
    return found.document()["lines"][0]["models"]


def width(ends):
    return ends[1] - ends[0]


def test_a_bootstrap_of_every_fit_stands_beside_the_profile(table, tmp_path):
    found = analyse_table(table, Options(tc=6.5, models=("klb", "ising"), bootstrap=300))
    for model in told(found):
        assert model["bootstrap"]["sets"] + model["bootstrap"]["failed"] == 300
        assert model["bootstrap"]["kind"] == "bootstrap over points"
        assert model["posterior"] is None
    best = next(m for m in told(found) if m["name"] == "klb")
    (tau,) = best["parameters"]
    assert 0.4 < width(best["bootstrap"]["intervals"]["tau_so"]) / (tau["upper"] - tau["lower"]) < 2
    page = (found.write(tmp_path / "report") / "report.html").read_text()
    assert "Intervals by resampling" in page
    assert "bootstrap over points" in page


def test_few_points_are_not_drawn_with_replacement(tmp_path):
    few = T[::2]
    rows = "".join(f"parallel,{t},{b},0.2\n" for t, b in zip(few, klb(few, 6.5, 18.0), strict=True))
    (tmp_path / "few.csv").write_text("orientation,T_K,B_T,sigma_B_T\n" + rows)
    (model,) = told(analyse_table(tmp_path / "few.csv", Options(tc=6.5, models=("klb",), bootstrap=50)))
    assert model["bootstrap"]["kind"] == "bootstrap over noise"


def test_a_posterior_agrees_with_the_profile_and_tells_whether_it_settled(table, tmp_path):
    pytest.importorskip("emcee")
    found = analyse_table(table, Options(tc=6.5, models=("klb", "gl_perpendicular", "ising"), posterior=True))
    drawn = {m["name"]: m["posterior"] for m in told(found)}
    first = found.judged[0].fitted[0].name
    assert [name for name, one in drawn.items() if one] == [first]
    one = drawn[first]
    assert one["status"] == "converged"
    assert 0.1 < one["acceptance"] < 0.95
    assert one["autocorrelation"] > 1
    (parameter,) = told(found)[0]["parameters"]
    assert width(one["intervals"][parameter["name"]]) == pytest.approx(
        parameter["upper"] - parameter["lower"], rel=0.15
    )
    folder = found.write(tmp_path / "report")
    assert json.loads((folder / "analysis.json").read_text())["lines"][0]["models"][0]["posterior"]["caution"] == ""
    assert "the chains are long enough" in (folder / "report.html").read_text()
    assert len(list(folder.glob("posterior_h1_parallel*"))) == 3


def test_chains_that_are_too_short_are_told(table, tmp_path, monkeypatch):
    pytest.importorskip("emcee")
    monkeypatch.setattr(resampled, "_STEPS", 40)
    monkeypatch.setattr(resampled, "_MOST_STEPS", 40)
    found = analyse_table(table, Options(tc=6.5, models=("klb",), posterior=True))
    (model,) = told(found)
    assert model["posterior"]["status"] == "not converged"
    page = (found.write(tmp_path / "report") / "report.html").read_text()
    assert "take more" in page
    assert "long enough" not in page


def test_without_emcee_a_posterior_is_refused_before_any_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    assert importlib.util.find_spec("emcee") is None
    with pytest.raises(InvalidInput, match=r"needs emcee.*spinvalley\[bayes\]"):
        Options(posterior=True)
    assert not Options().posterior


def test_an_outlier_pulls_a_robust_fit_less(tmp_path):
    B = gl_perpendicular(T, 6.5, 9.6)
    B[3] += 1.0
    rows = "".join(f"perpendicular,{t},{b},0.02\n" for t, b in zip(T, B, strict=True))
    (tmp_path / "t.csv").write_text("orientation,T_K,B_T,sigma_B_T\n" + rows)
    away = {}
    for loss in ("linear", "soft_l1"):
        found = analyse_table(tmp_path / "t.csv", Options(tc=6.5, models=("gl_perpendicular",), loss=loss))
        away[loss] = abs(found.judged[0].fitted[0].fit.params["xi"] - 9.6)
    assert away["soft_l1"] < 0.2 * away["linear"]
    assert any("soft_l1" in rule for rule in found.judged[0].rules)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": "huber"}, "`loss` must be one of linear, soft_l1"),
        ({"bootstrap": -5}, "bootstrap"),
        ({"bootstrap": 1}, "at least 2"),
        ({"bootstrap": 2.5}, "bootstrap"),
        ({"theory_free": ("density",)}, "`theory` is not given"),
    ],
)
def test_settings_that_make_no_sense_are_one_sentence(settings, words):
    with pytest.raises(InvalidInput, match=words):
        Options(**settings)
