"""The commands on measured data: one command from the file to the report, and one sentence where the input is wrong."""

import json
import sys

import numpy as np
import pytest

from hall_runs import N2D, write_hall_run
from spinvalley import cli
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.formulas import klb
from spinvalley.reports.example import write_example

T = np.array([1.5, 2.5, 3.5, 4.5, 5.5])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table(here):
    rows = "".join(f"H1,parallel,{t},{b},0.2\n" for t, b in zip(T, klb(T, 6.5, 18.0), strict=True))
    (here / "table.csv").write_text("device,orientation,T_K,B_T,sigma_B_T\n" + rows)
    return "table.csv"


@pytest.fixture(scope="module")
def run_text(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.dat"
    write_example(path)
    return path.read_text()


@pytest.fixture
def short(here, run_text):
    """The temperature sweeps of the example alone."""
    lines = run_text.splitlines()
    (here / "short.dat").write_text("\n".join(lines[: 11 + 402]) + "\n")
    return "short.dat"


def call(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys, here, *arguments):
    """The sentence; nothing may be printed or left behind."""
    before = sorted(path.name for path in here.iterdir())
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("spinvalley: ")
    assert err.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == before
    return err


def test_one_command_leads_from_the_file_to_the_report(capsys, here, short):
    code, out, err = call(capsys, "analyse", short, "--normal", "linear:9")
    assert code == 0, err
    assert out.startswith("The data are synthetic")
    assert "Tc is 6.50" in out
    assert out.endswith(f"The report is {here.resolve() / 'short_report' / 'report.html'}\n")
    told = json.loads((here / "short_report" / "analysis.json").read_text())
    assert told["summary"] == out.splitlines()[: len(told["summary"])]


def test_json_is_one_document_and_nothing_else(capsys, short):
    code, out, err = call(capsys, "analyse", short, "--normal", "8K", "--json", "--out", "there")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["command"] == "analyse"
    assert abs(told["tc"][0]["Tc"] - 6.5) < 0.02
    assert told["settings"]["normal"] == "8K"


def test_the_normal_resistance_may_have_a_slope(capsys, short):
    told = json.loads(call(capsys, "analyse", short, "--normal", "linear", "--json", "--out", "there")[1])
    assert abs(told["tc"][0]["Tc"] - 6.5) < 0.02


def test_fit_finds_the_parameter_that_made_the_table(capsys, here, table):
    code, out, err = call(capsys, "fit", table, "--models", "klb,ising", "--tc", "6.5", "--json")
    assert (code, err) == (0, "")
    models = {m["name"]: m for m in json.loads(out)["lines"][0]["models"]}
    (tau_so,) = models["klb"]["parameters"]
    assert abs(tau_so["value"] - 18.0) < 1e-3
    assert tau_so["lower"] < 18.0 < tau_so["upper"]
    assert [path.name for path in here.iterdir()] == [table]


def test_mobility_and_mass_tell_whether_a_fit_may_be_believed(capsys, table):
    asked = ("fit", table, "--models", "klb", "--tc", 6.5, "--mobility", 86, "--mass", 0.52)
    _, out, _ = call(capsys, *asked)
    assert "no formula is admissible" in out
    assert "tau = 25.4 fs and tau_so = 18 fs" in out


def test_held_parameters_are_told(capsys, table):
    asked = ("fit", table, "--models", "gl_parallel", "--tc", 6.5, "--fixed", "xi=8", "--orientation", "parallel")
    _, out, _ = call(capsys, *asked, "--json", "--out", "there")
    (model,) = json.loads(out)["lines"][0]["models"]
    assert model["fixed"] == {"tc": 6.5, "xi": 8.0}
    assert [p["name"] for p in model["parameters"]] == ["d"]


def test_the_direction_is_taken_from_the_command_where_the_table_is_silent(capsys, here):
    rows = "".join(f"{t},{b},0.2\n" for t, b in zip(T, klb(T, 6.5, 18.0), strict=True))
    (here / "silent.csv").write_text("T_K,B_T,sigma_B_T\n" + rows)
    _, out, _ = call(capsys, "fit", "silent.csv", "--models", "klb", "--orientation", "parallel", "--json")
    (line,) = json.loads(out)["lines"]
    assert (line["name"], line["best"]) == ("silent, field parallel", "klb")


def test_two_files_of_one_sample_are_put_together(capsys, here, run_text):
    rows = run_text.splitlines()
    parts = {"warm.dat": slice(11, 11 + 402), "across.dat": slice(11 + 402, 11 + 402 + 4 * 181)}
    for name, part in parts.items():
        (here / name).write_text("\n".join([*rows[:11], *rows[part]]) + "\n")
    asked = ("analyse", *parts, "--normal", 500, "--theta", "perpendicular", "--models", "gl_perpendicular", "--json")
    _, out, _ = call(capsys, *asked)
    told = json.loads(out)
    (line,) = told["lines"]
    (model,) = line["models"]
    xi, tc = model["parameters"]
    assert abs(xi["value"] - 9.6) < 0.05
    assert abs(tc["value"] - 6.5) < 0.02
    assert abs(model["known"]["tc"][0] - 6.5) < 0.02
    assert model["fixed"] == {}
    assert line["orientation"] == "perpendicular"
    assert [file["name"] for file in told["provenance"]["files"]] == list(parts)
    assert "different" in refused(capsys, here, "analyse", "warm.dat", "warm.dat")


def test_formats_are_listed(capsys):
    code, out, _ = call(capsys, "formats")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["multivu", "delimited", "qcodes", "hdf5"]
    assert len(json.loads(call(capsys, "formats", "--json")[1])) == 4


def test_the_synthetic_file_says_what_it_is(capsys, here, run_text):
    assert call(capsys, "synthetic", "--out", "made.dat")[0] == 0
    assert (here / "made.dat").read_text() == run_text
    assert "SYNTHETIC" in run_text.splitlines()[1]
    assert ".dat, .csv" in refused(capsys, here, "synthetic", "--out", "made.xls")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.dat", None, "not there"),
        ("junk.dat", bytes(range(256)) * 40, "junk.dat"),
        ("empty.dat", b"", "empty"),
        ("lacking.csv", b"T (K),R (Ohm)\n2,1\n3,2\n", "B"),
        ("norows.csv", b"T (K),B (T),R (Ohm)\n", "norows.csv"),
    ],
)
def test_a_file_that_is_no_measurement_is_refused_in_one_sentence(capsys, here, name, content, words):
    if content is not None:
        (here / name).write_bytes(content)
    assert words in refused(capsys, here, "analyse", name, "--out", "report")


def test_a_truncated_file_is_refused_in_one_sentence(capsys, here, run_text):
    (here / "cut.dat").write_text(run_text[:420])
    refused(capsys, here, "analyse", "cut.dat")


def test_a_url_is_not_a_file(capsys, here):
    assert "file on this machine" in refused(capsys, here, "analyse", "https://example.org/run.dat", "--out", "report")


def test_points_above_tc_throughout_are_refused(capsys, here, run_text):
    rows = run_text.splitlines()
    data = [row for row in rows[11 : 11 + 201] if float(row.split(",")[3]) > 9]
    (here / "warm.dat").write_text("\n".join([*rows[:11], *data]) + "\n")
    assert "lie above it throughout" in refused(capsys, here, "analyse", "warm.dat")


def test_a_table_above_tc_or_with_too_few_points_is_refused(capsys, here, table):
    assert "below tc = 1" in refused(capsys, here, "fit", table, "--models", "klb", "--tc", 1)
    (here / "few.csv").write_text("T_K,B_T\n2,3\n3,2\n")
    assert "too few points" in refused(capsys, here, "fit", "few.csv", "--models", "klb")
    (here / "lacking.csv").write_text("T_K,H\n2,3\n3,2\n")
    assert "B is missing" in refused(capsys, here, "fit", "lacking.csv")


def test_an_unknown_model_lists_the_known_ones(capsys, here, table):
    said = refused(capsys, here, "fit", table, "--models", "klb,bcs")
    assert all(name in said for name in FORMULAS)
    assert "'bcs'" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tc", "cold"), "measured or free"),
        (("--fixed", "xi"), "name=value"),
        (("--fixed", "height=3"), "height"),
        (("--mobility", "86"), "mass"),
        (("--splitting", "3"), "least,greatest"),
        (("--models", ","), "models"),
        (("--models", "tinkham_2d"), "tinkham_2d"),
        (("--orientation", "sideways"), "parallel"),
        (("--orientation", "perpendicular"), "selection"),
        (("--out", "."), "out"),
        (("--loss", "huber"), "linear, soft_l1"),
        (("--loss", ""), "linear, soft_l1"),
        (("--loss", "2"), "linear, soft_l1"),
        (("--bootstrap", "-3"), "bootstrap"),
        (("--bootstrap", "1"), "at least 2"),
        (("--bootstrap", "many"), "valid integer"),
        (("--theory", "MoS2"), "MoS2:8.7e13"),
        (("--theory", "Pb:1e14"), "MoS2"),
        (("--theory", "MoS2:0"), "must be positive"),
        (("--theory-free", "density"), "`theory` is not given"),
        (("--theory", "MoS2:8e13", "--theory-free", "mass"), "rashba_ratio"),
        (("--theory", "MoS2:8e13", "--theory-free", "density,splitting"), "holds both"),
        (("--rashba-ratio", "-1"), "rashba_ratio"),
        (("--mass", "0.5"), "alone"),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(capsys, here, table, arguments, words):
    assert words in refused(capsys, here, "fit", table, *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--criterion", "2"), "criterion"),
        (("--criterion", "half"), "criterion"),
        (("--normal", "linear:90"), "90 K"),
        (("--normal", "50K"), "50 K"),
        (("--theta", "sideways"), "parallel"),
        (("--channel", "Bridge 4"), "Bridge 4"),
        (("--hall", "Bridge 4"), "Bridge 1"),
        (("--hall", "."), "Bridge 1"),
        (("--hall", "Bridge 1"), "Hall voltage"),
        (("--geometry", "2x4"), "`hall` is not given"),
        (("--hall", "Bridge 1", "--geometry", "two"), "WIDTHxLENGTH"),
        (("--hall", "Bridge 1", "--geometry", "0x4"), "must be positive"),
    ],
)
def test_readings_that_make_no_sense_are_one_sentence(capsys, here, short, arguments, words):
    assert words in refused(capsys, here, "analyse", short, *arguments)


def test_the_bar_and_the_bands_are_two_options_away(capsys, here):
    write_hall_run(here / "H1.csv")
    bar = ("--hall", "R2", "--geometry", "2x4", "--mass", 0.522)
    theory = ("--theory", "MoS2:8.7e13", "--theory-free", "density", "--models", "klb,ising")
    code, out, err = call(capsys, "analyse", "H1.csv", *bar, *theory, "--bootstrap", 20, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert abs(told["hall"]["n2D"] / N2D - 1) < 0.01
    (line,) = [one for one in told["lines"] if one["orientation"] == "parallel"]
    models = {m["name"]: m for m in line["models"]}
    assert {"klb", "ising", "k.p bands of MoS2"} == set(models)
    assert not models["klb"]["admissible"]  # by the scattering time of the bar
    assert models["ising"]["bootstrap"]["sets"] == 20
    assert abs(models["k.p bands of MoS2"]["parameters"][0]["value"] / 8.7e13 - 1) < 0.05  # splitting 12.8 meV


def test_a_posterior_needs_emcee(capsys, here, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    assert "spinvalley[bayes]" in refused(capsys, here, "fit", table, "--models", "klb", "--posterior")


def test_the_dome_of_a_table(capsys, here):
    (here / "devices.csv").write_text("device,n2D,Tc,sigma_Tc\nA,5e13,,\nC,1.2e14,9.8,0.2\nB,8.5e13,6.5,0.1\n")
    code, out, err = call(capsys, "dome", "devices.csv", "--out", "dome.pdf", "--out", "dome.csv", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["coords"]["device"]["values"] == ["A", "B", "C"]
    assert told["variables"]["Tc"]["values"] == [None, 6.5, 9.8]
    assert (here / "dome.pdf").read_bytes().startswith(b"%PDF")
    assert len((here / "dome.csv").read_text().splitlines()) == 4
    rows = call(capsys, "dome", "devices.csv")[1].splitlines()
    assert [row.split()[0] for row in rows[1:]] == ["device", "A", "B", "C"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gone.dat",), "not there"),
        (("short.dat",), "`hall` must name"),
        (("short.dat", "--hall", "Bridge 2"), "Bridge 1"),
        (("devices.csv",), "must have column Tc"),
        (("devices.csv", "--out", "dome.xls"), "out"),
        ((".",), "analysis.json"),
    ],
)
@pytest.mark.usefixtures("short")
def test_devices_that_make_no_sense_are_one_sentence(capsys, here, arguments, words):
    (here / "devices.csv").write_text("device,n2D\nA,5e13\n")
    assert words in refused(capsys, here, "dome", *arguments)


def test_a_file_that_stops_within_a_row_is_refused_or_allowed(capsys, here, run_text):
    rows = run_text.splitlines()
    (here / "half.dat").write_text("\n".join([*rows[: 11 + 402], rows[11 + 402][:9]]))
    assert "must end with a whole row" in refused(capsys, here, "analyse", "half.dat", "--out", "report")
    code, out, err = call(capsys, "analyse", "half.dat", "--allow-cut", "--normal", "linear:9", "--out", "report")
    assert code == 0, err
    assert out.splitlines()[1].startswith("half.dat stops within a row")
