"""Reports: the truth of a synthetic run is found again, page and numbers agree, and nothing from outside gets in."""

import csv
import json
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from hall_runs import hall_run
from spinvalley.checks import InvalidInput
from spinvalley.experiment import fit
from spinvalley.experiment.synthetic import Bench
from spinvalley.reports import Options, analyse, analyse_table, drawings, words
from spinvalley.reports.example import SPLITTING, TC, XI, example_run, write_example
from spinvalley.reports.html import POLICY
from spinvalley.reports.lines import orientation

EVIL = "<script>alert('x')</script>"
H1 = """device,orientation,T_K,B_T,sigma_B_T
H1,parallel,1.45,53.6,0.3
H1,parallel,2.80,50.3,0.3
H1,parallel,4.20,42.6,0.3
H1,parallel,5.30,32.4,0.3
H1,parallel,6.00,21.9,0.3
H1,perpendicular,1.45,2.57,0.1
H1,perpendicular,3.90,1.55,0.1
H1,perpendicular,5.10,0.70,0.1
H1,perpendicular,6.00,0.20,0.1
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("example") / "run.dat"
    write_example(path)
    return analyse([path], Options(normal="linear:9", mobility=86, mass=0.52, criteria=(0.75,)), date="today")


@pytest.fixture(scope="module")
def written(example, tmp_path_factory):
    return example.write(tmp_path_factory.mktemp("written") / "report")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "h1.csv"
    path.write_text(H1)
    return path


def line(found, orientation):
    return next(one for one in found.judged if one.line.orientation == orientation)


class Page(HTMLParser):
    """Tags, addresses and text of a page; a tag that is not closed fails."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.open, self.text = [], [], [], ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        self.open += [tag] if tag not in ("meta", "img") else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_truth_of_the_example_is_found_again(example):
    assert abs(line(example, "parallel").line.tc[0] - TC) < 0.01
    assert line(example, "parallel").best.name == "ising"
    assert line(example, "perpendicular").best.name == "gl_perpendicular"
    assert line(example, "angle").best.name == "tinkham_2d"
    splitting = line(example, "parallel").best.fit.params["splitting"]
    assert abs(splitting - SPLITTING) < 0.05
    assert abs(line(example, "perpendicular").best.fit.params["xi"] - XI) < 0.02


def test_the_error_of_the_measured_tc_reaches_what_is_fitted(example):
    one = line(example, "parallel")
    shared = one.best.fit
    assert shared.known == {"tc": one.line.tc}
    assert shared.likely
    assert shared.interval("splitting", 0.997).contains(SPLITTING)
    bare = fit(one.line.table, "ising", fixed={"tc": one.line.tc[0]})  # the broken variant: Tc without its error
    assert not bare.likely
    assert not bare.interval("splitting", 0.997).contains(SPLITTING)


def test_a_formula_that_pulls_tc_away_is_told(example):
    models = next(one for one in example.document()["lines"] if one["orientation"] == "parallel")["models"]
    told = {m["name"]: words.pulled(m) for m in models}
    assert told["ising"] == []
    assert "standard errors away from the known" in told["klb"][0]


def test_a_sweep_whose_temperature_ran_away_is_told(tmp_path):
    rows = hall_run().drop(columns="R2 (Ohm)")
    last = rows.index[-161:]  # the pulse at 5.5 K
    rows.loc[last, "T (K)"] += 1.5 * np.sin(np.linspace(0, 9, len(last)))
    rows.to_csv(tmp_path / "run.csv", index=False)
    found = analyse([tmp_path / "run.csv"], Options(models=("ising",)))
    (note,) = [note for note in found.document()["data"][0]["notes"] if "rows" in note]
    assert "field sweep" in note
    assert note.partition(":")[0] in (found.write(tmp_path / "report") / "report.html").read_text()


def test_the_drift_of_each_sweep_is_in_the_numbers(example):
    sweeps = example.document()["data"][0]["sweeps"]
    assert all(isinstance(s[key], float) for s in sweeps for key in ("T_spread", "T_drift", "T_bend"))
    assert any(s["T_drift"] != 0 for s in sweeps)


def test_the_example_comes_out_the_same_every_time():
    first, second = (example_run().rows for _ in range(2))
    assert first.equals(second)
    assert not first.equals(example_run(Bench(seed=8)).rows)


def test_the_summary_says_first_what_was_found(example):
    summary = example.summary()
    assert summary[0].startswith("The data are synthetic")
    assert re.match(r"Tc is 6\.50\d* ± 0\.00\d+ K", summary[1])
    assert any("Pauli effect limits it, against the Ising splitting" in sentence for sentence in summary)
    assert any("two-dimensional" in sentence for sentence in summary)


def test_the_page_stands_alone(written):
    text = (written / "report.html").read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert POLICY in unescape(text)
    assert page.addresses
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.addresses)
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_the_page_tells_what_the_json_file_holds(written):
    told = json.loads((written / "analysis.json").read_text())
    page = Page((written / "report.html").read_text())
    for sentence in told["summary"]:
        assert sentence in page.text
    for one in told["lines"]:
        for model in one["models"]:
            assert words.formula(model["name"]) in page.text
            assert all(parameter["text"] in page.text for parameter in model["parameters"])
            assert all(verdict["text"] in page.text for verdict in model["verdicts"])
    assert told["provenance"]["files"][0]["sha256"] in page.text


def test_every_figure_comes_in_two_widths_with_its_numbers(written):
    stems = {path.stem for path in written.glob("*.csv")}
    assert {path.name for path in written.glob("*.pdf")} == {
        f"{s}_{w}.pdf" for s in stems for w in ("single", "double")
    }
    assert len(stems) >= 7
    for stem in stems:
        for word, millimetres in (("single", 86), ("double", 178)):
            data = (written / f"{stem}_{word}.pdf").read_bytes()
            box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ", data)
            assert abs(float(box[1]) / 72 * 25.4 - millimetres) < 1
        with (written / f"{stem}.csv").open(newline="") as file:
            assert len(list(csv.reader(file))) > 5


def test_a_failure_in_the_middle_leaves_nothing(example, tmp_path, monkeypatch):
    monkeypatch.setattr(drawings.Drawing, "write", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        example.write(tmp_path / "report")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_ours_is_left_alone(example, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.tex").write_text("years of work")
    with pytest.raises(InvalidInput, match=r"thesis\.tex"):
        example.write(tmp_path / "report")


def test_markup_in_a_header_stays_text(tmp_path):
    path = tmp_path / "evil.dat"
    write_example(path)
    text = path.read_text().replace("TITLE, ", f"TITLE, {EVIL} ").replace("INFO, synthetic", f"INFO, {EVIL} $x_1")
    rows = text.splitlines()
    start = next(n for n, row in enumerate(rows) if row.startswith("Comment"))
    path.write_text("\n".join([*rows[: start + 1], *rows[start + 1 : start + 402]]))
    found = analyse([path], Options(criteria=()))
    folder = found.write(tmp_path / "report")
    text = (folder / "report.html").read_text()
    assert "script" not in Page(text).tags
    assert EVIL not in text
    assert "&lt;script&gt;" in text


def test_klb_fits_the_device_of_the_paper_and_may_not_be_believed(table):
    found = analyse_table(table, Options(tc=6.5, mobility=86, mass=0.52, models=("klb", "ising_rashba")))
    assert abs(line(found, "parallel").comparison["klb"].params["tau_so"] - 18.4) < 0.3
    assert line(found, "parallel").best.name == "ising_rashba"
    assert not line(found, "parallel").comparison["klb"].admissible
    told = found.document()["lines"][0]["models"]
    assert [m["name"] for m in told] == ["ising_rashba", "klb"]
    assert any("tau = 25.4 fs" in v["text"] and v["holds"] is False for v in told[1]["verdicts"])


def test_an_open_interval_is_shown_as_a_limit(table):
    found = analyse_table(table, Options(tc=6.5, models=("ising_intervalley",)))
    (model,) = next(one for one in found.document()["lines"] if one["models"])["models"]
    kinds = {p["name"]: (p["kind"], p["text"]) for p in model["parameters"]}
    assert kinds["tau_iv"][0] == "upper limit"
    assert kinds["tau_iv"][1].endswith("(one-sided)")
    assert line(found, "parallel").profile.rise.values.min() >= 0


def test_both_directions_share_one_coherence_length(table):
    found = analyse_table(table, Options(tc=6.5, models=("gl_perpendicular", "gl_parallel")))
    (both,) = found.joints
    assert abs(both.fit.params["xi"] - 9.6) < 0.5
    assert both.fit.params["d_parallel"] > 0
    assert "xi" in line(found, "parallel").comparison["gl_parallel"].known


def test_a_formula_with_no_finite_field_says_so(table):
    found = analyse_table(table, Options(tc=6.5, models=("ising",)))
    assert "ising" not in line(found, "parallel").zero
    assert any("no finite limit at T = 0" in sentence for sentence in found.summary())


def test_channel_names_out_of_files_are_safe_file_names(table, tmp_path):
    table.write_text(H1.replace("H1", '"../../$x_ <b>"'))
    folder = analyse_table(table, Options(tc=6.5, models=("klb",))).write(tmp_path / "report")
    assert all(re.fullmatch(r"[a-z0-9_.]+", path.name) for path in folder.iterdir())
    assert "<b>" not in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"models": ("bcs",)}, "klb"),
        ({"criterion": 1.5}, "criterion"),
        ({"normal": "high"}, "plateau"),
        ({"tc": "cold"}, "measured"),
        ({"mobility": 86.0}, "mass"),
        ({"fixed": {"height": 1.0}}, "fixed"),
    ],
)
def test_settings_that_make_no_sense_are_one_sentence(options, words):
    with pytest.raises(InvalidInput, match=words):
        Options(**options)


def test_directions_have_names():
    assert [orientation(x) for x in (0.0, 180.0, -90.3, 269.9)] == ["perpendicular"] * 2 + ["parallel"] * 2
    assert orientation(np.nan) == "unknown"
