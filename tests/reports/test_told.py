"""Laws of what a report tells of damage, outliers, keys and scales."""

import numpy as np
import pytest
import xarray as xr

from hall_runs import hall_run
from spinvalley.checks import InvalidInput
from spinvalley.experiment.formulas import klb
from spinvalley.experiment.intervals import Interval
from spinvalley.figures import measured as draw
from spinvalley.figures.style import panels
from spinvalley.reports import Options, analyse, analyse_table, drawings, page, words
from spinvalley.reports.example import write_example

T = np.linspace(1.5, 6.0, 12)


def table(path, B, sigma=0.2, end="\n"):
    rows = [f"parallel,{t!r},{b!r},{sigma}" for t, b in zip(T.tolist(), B.tolist(), strict=True)]
    path.write_text("\n".join(["orientation,T_K,B_T,sigma_B_T", *rows]) + end)
    return path


@pytest.fixture
def pulled(tmp_path):
    B = klb(T, 6.5, 18.0)
    B[4] += 8.0
    return table(tmp_path / "pulled.csv", B)


# Damage ---------------------------------------------------------------------------------------------------------------
def test_a_cut_file_is_refused_or_its_loss_stands_first(tmp_path):
    write_example(tmp_path / "whole.dat")
    content = (tmp_path / "whole.dat").read_bytes()
    half = content[: content.rindex(b"\n", 0, 2 * len(content) // 3) + 12]
    (tmp_path / "cut.dat").write_bytes(half)
    with pytest.raises(InvalidInput, match=r"`cut\.dat` must end with a whole row"):
        analyse([tmp_path / "cut.dat"])
    found = analyse([tmp_path / "cut.dat"], Options(models=("klb",), allow_cut=True))
    lines = [line for line in found.summary() if "synthetic" not in line]
    assert lines[0].startswith("cut.dat stops within a row")
    assert "what followed is missing" in lines[0]


def test_a_table_without_a_line_end_is_told(tmp_path):
    B = klb(T, 6.5, 18.0)
    open_, whole = table(tmp_path / "open.csv", B, end=""), table(tmp_path / "whole.csv", B)
    settings = Options(models=("klb",), tc=6.5)
    assert analyse_table(open_, settings).summary()[0].startswith("open.csv ends without a line end")
    assert not any("line end" in line for line in analyse_table(whole, settings).summary())


# Outliers -------------------------------------------------------------------------------------------------------------
def test_an_outlier_of_a_robust_fit_does_not_take_the_claim_away(pulled):
    settings = {"models": ("klb",), "tc": 6.5}
    found = analyse_table(pulled, Options(loss="soft_l1", **settings))
    model = found.document()["lines"][0]["models"][0]
    assert (model["scale"], model["outliers"], words.off(model)) == ("fixed", 1, "")
    assert words.off({**model, "bulk": [model["chi2"], model["dof"]], "likely": False})  # what plain chi2 would say
    assert "the Pauli effect limits it" in found.summary()[0]
    assert "1 of 12 points are outliers" in page.page(found.document(), ())
    plain = analyse_table(pulled, Options(**settings))
    assert "standard errors off the curve" in plain.summary()[0]


# Limits, keys, scales -------------------------------------------------------------------------------------------------
def test_a_limit_that_the_search_sets_is_told_as_such():
    at_end = Interval("tau_iv", 1e6, 8.6e5, None, 0.683, "fs", (0.1, 1e6))
    assert words.interval(at_end) == "beyond the search (> 1e+06 fs)"
    assert "beyond the search" in str(at_end)
    real = Interval("tau_iv", 1e6, 120.0, None, 0.683, "fs", (0.1, 1e6))
    assert words.interval(real) == "> 120 fs (one-sided)"
    narrow = Interval("tau_iv", 9.0, 8.0, None, 0.683, "fs", (5.0, 9.0))
    assert words.interval(narrow) == "> 8 fs (one-sided)"


def test_many_sweeps_have_a_key_to_their_colours():
    names = [f"{n} K" for n in range(12)]
    curves = xr.Dataset(
        {"series": ("row", np.repeat(names, 3)), "x": ("row", np.tile([0.0, 1, 2], 12)), "R": ("row", np.arange(36.0))}
    )
    _, (ax,) = panels()
    draw.draw_resistance(ax, curves)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0 K", "6 K", "11 K"]


def test_the_axis_ends_at_the_points_and_the_best_curve(tmp_path):
    B = klb(T, 6.5, 18.0)
    found = analyse_table(table(tmp_path / "points.csv", B), Options(models=("klb", "pauli"), tc="free"))
    (one,) = found.judged
    assert max(float(curve.x.max()) for curve in one.curves.values()) > 8  # the Pauli limit needs a high Tc
    _, (ax,) = panels()
    drawings._from_zero(ax, [one])
    assert ax.get_xlim()[1] < 7.2


@pytest.mark.parametrize(
    ("attrs", "label"), [({}, r"rise of $\chi^2$"), ({"scaled": 3.0}, r"rise of $\chi^2$ (scaled)")]
)
def test_a_rise_is_called_scaled_where_it_is(attrs, label):
    grid = np.geomspace(0.1, 10, 5)
    data = xr.Dataset(dict.fromkeys(("rise", "splitting"), ("tau_iv", grid)), {"tau_iv": grid}, attrs)
    _, axes = panels(1, 2)
    draw.draw_profile(axes, data)
    assert axes[0].get_ylabel() == label


def test_what_an_offset_moves_has_a_column_on_the_page(tmp_path):
    rows = hall_run(warm=()).drop(columns="R2 (Ohm)")
    rows["R1 (Ohm)"] -= 40.0
    rows.to_csv(tmp_path / "offset.csv", index=False)
    told = analyse([tmp_path / "offset.csv"], Options(models=("ising",))).document()
    text = page.page(told, ())
    assert "offset_shift" not in text
    assert "moved by the offset (T)" in text
