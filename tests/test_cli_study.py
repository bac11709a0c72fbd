"""The commands about studies: from an empty folder to a figure, killed on the way, refused where they make no sense."""

import json
import os
import shlex
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import spinvalley as sv
from spinvalley import cli
from spinvalley.cli import studies, study_progress
from spinvalley.store import StoreError
from spinvalley.studies import systems
from spinvalley.sweeps import ClusterLost, Progress, connect

KLB = """\
[study]
quantity = "hc2"
seed = 3
[model]
kind = "klemm_luther_beasley"
[pairing]
tc = 6.5
[axes.tau_so]
values = [20.0, 40.0, 80.0]
[axes.theta]
values = [0.0, 90.0]
[axes.T]
values = [2.0, 4.0, 7.0]
"""
LONG = KLB.replace("values = [20.0, 40.0, 80.0]", "linspace = [20.0, 200.0, 100]").replace(
    "values = [2.0, 4.0, 7.0]", "linspace = [1.0, 6.0, 8]"
)
MISFIT = """\
[study]
quantity = "fit"
[model]
kind = "table"
file = "points.csv"
formula = "klb"
[axes.tc]
values = [3.0, 6.5]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", "1")  # quiet
    Path("klb.toml").write_text(KLB)
    return tmp_path


@pytest.fixture
def store(here, capsys):
    assert call(capsys, "run", "klb.toml")[0] == 0
    return here / "klb.zarr"


def call(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return code, out, err


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


# From an empty folder to a figure -------------------------------------------------------------------------------------
def test_init_writes_a_run_file_that_is_good_and_overwrites_nothing(capsys, here):
    code, out, _ = call(capsys, "init", "new.toml")
    assert code == 0
    assert "spinvalley run new.toml" in out
    assert sv.studies.read_run_file("new.toml").text == sv.studies.EXAMPLE
    Path("new.toml").write_text("mine")
    code, out, err = call(capsys, "init", "new.toml")
    assert (code, out) == (2, "")
    assert "is not overwritten" in err
    assert Path("new.toml").read_text() == "mine"
    assert sorted(path.name for path in here.iterdir()) == ["klb.toml", "new.toml"]


def test_init_schema_is_one_json_document(capsys, here):
    code, out, _ = call(capsys, "init", "--schema")
    assert code == 0
    assert json.loads(out) == sv.studies.schema()
    assert [path.name for path in here.iterdir()] == ["klb.toml"]


def test_run_status_export_and_plot_tell_one_story(capsys, store):
    data = sv.open_study(store).dataset()
    assert str(data.status[0, 0, 2].values) == "normal"
    code, out, _ = call(capsys, "status", "klb.zarr")
    assert code == 0
    assert "6 of 6 finished, nothing is missing" in out
    code, out, _ = call(capsys, "status", "klb.zarr", "--json")
    told = json.loads(out)
    assert told["counts"] == {"converged": 12, "normal": 6}
    assert {name: number for name, number in told["points"].items() if number} == {"done": 6}
    assert told["provenance"]["run_file"] == KLB
    for name in ("a.nc", "a.csv"):
        code, out, _ = call(capsys, "export", "klb.zarr", "--out", name)
        assert (code, "are not computed" in out) == (0, False)
    with xr.open_dataset("a.nc", engine="h5netcdf") as found:
        np.testing.assert_array_equal(found.B, data.B)
        assert found.attrs["run_file"] == KLB
    rows = [line for line in Path("a.csv").read_text().splitlines() if not line.startswith("#")]
    assert len(rows) == 1 + data.status.size


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".svg"])
def test_a_figure_carries_its_provenance(capsys, store, suffix):
    name = f"map{suffix}"
    arguments = ("--x", "T", "--y", "tau_so", "--at", "theta=90", "--variable", "B", "--out", name, "--json")
    code, out, _ = call(capsys, "plot", store, *arguments)
    assert code == 0
    assert json.loads(out)["y"] == "tau_so"
    held = Path(name).read_bytes()
    assert len(held) > 5000
    assert sv.open_study(store).provenance["run_file_sha256"].encode() in held


def test_plot_chooses_lines_where_one_axis_is_named_and_the_name_of_the_store(capsys, store):
    code, out, _ = call(capsys, "plot", "klb.zarr", "--x", "T", "--at", "tau_so=40")
    assert (code, out) == (0, f"{store.with_suffix('.pdf')}: B over T, a line for each theta\n")
    assert Path("klb.pdf").stat().st_size > 5000


def test_what_to_type_next_can_be_typed(capsys, here):
    (here / "klb.toml").rename(here / "my study.toml")
    _, out, _ = call(capsys, "run", "my study.toml")
    assert "Next: spinvalley plot 'my study.zarr', or spinvalley export 'my study.zarr' --out FILE.nc" in out
    words = shlex.split(out.split("Next: spinvalley ")[1].split(",")[0])
    assert call(capsys, "status", words[1])[0] == 0


def test_run_again_and_resume_of_a_finished_study_change_nothing(capsys, store):
    before = sv.open_study(store).dataset()
    for command in (("run", "klb.toml"), ("resume", "klb.zarr")):
        code, out, _ = call(capsys, *command)
        assert code == 0
        assert "12 converged, 6 normal" in out
    np.testing.assert_array_equal(sv.open_study(store).dataset().B, before.B)


def test_run_json_is_one_object_per_line(capsys, here):  # noqa: ARG001
    code, out, err = call(capsys, "run", "klb.toml", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert {"done", "total", "rate", "seconds_left"} <= set(lines[0])
    assert lines[-2]["done"] == lines[-2]["total"] == 6
    assert lines[-1]["finished"] is True
    assert lines[-1]["store"] == "klb.zarr"
    assert lines[-1]["counts"] == {"converged": 12, "normal": 6}


def test_failed_points_are_kept_with_their_sentence_and_code_1(capsys, here):
    (here / "points.csv").write_text("T_K,B_T\n4.0,40.0\n5.0,30.0\n6.0,10.0\n")
    (here / "fit.toml").write_text(MISFIT)
    code, out, err = call(capsys, "run", "fit.toml")
    assert code == 1
    assert "1 failed" in out
    assert "1 of 2 values did not reach the tolerance" in err
    data = sv.open_study("fit.zarr").dataset()
    assert list(data.status.values) == ["failed", "converged"]
    assert "must be below tc = 3 K" in str(data.message[0].values)


def test_retry_computes_again_the_blocks_in_which_a_point_failed(capsys, here, monkeypatch):
    (here / "points.csv").write_text("T_K,B_T\n4.0,40.0\n5.0,30.0\n6.0,10.0\n")
    (here / "fit.toml").write_text(MISFIT)
    assert call(capsys, "run", "fit.toml")[0] == 1
    again, whole = [], sv.experiment.fit

    def fit(table, formula, *, fixed):
        again.append(fixed)
        return whole(table, formula, fixed)

    monkeypatch.setattr(systems.experiment, "fit", fit)
    assert call(capsys, "resume", "fit.zarr")[0] == 1
    assert again == []
    code, _, err = call(capsys, "resume", "fit.zarr", "--retry")
    assert code == 1, err
    assert {"tc": 3.0} in again


@pytest.mark.parametrize("error", [StoreError("the disk is full"), ClusterLost("the scheduler is gone")])
def test_what_breaks_on_the_way_is_one_sentence_with_code_1(capsys, here, monkeypatch, error):  # noqa: ARG001
    def act(*_, **__):
        raise error

    monkeypatch.setattr(studies, "run_study", act)
    code, out, err = call(capsys, "run", "klb.toml")
    assert (code, out, err) == (1, "", f"spinvalley: {error}: spinvalley resume klb.zarr\n")


def test_two_workers_give_the_numbers_of_one_process(capsys, store):
    before = sv.open_study(store).dataset()
    code, _, _ = call(capsys, "run", "klb.toml", "--store", "two.zarr", "--workers", "2")
    assert code == 0
    np.testing.assert_array_equal(sv.open_study("two.zarr").dataset().B, before.B)


# Killed ---------------------------------------------------------------------------------------------------------------
def started(folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.Popen(
        [sys.executable, "-m", "spinvalley.cli", *arguments], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def struck(folder, blow):
    """A real run, struck after its first block; what it left on stderr, its exit code, points it had told."""
    process = started(folder, "run", "long.toml", "--json")
    done = 0
    for line in process.stdout:
        done = json.loads(line)["done"]
        if done:
            break
    process.send_signal(blow)
    rest, err = process.communicate(timeout=60)
    told = [json.loads(line).get("done", 0) for line in rest.splitlines()]
    return process.returncode, err, max([done, *told])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return sv.studies.run(sv.studies.parse(LONG), tmp_path_factory.mktemp("whole") / "whole.zarr").dataset()


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_struck_goes_on_and_ends_with_the_same_numbers(capsys, here, whole, blow):
    (here / "long.toml").write_text(LONG)
    code, err, told = struck(here, blow)
    left = sv.open_study("long.zarr").store.states()["pending"]
    assert 0 < left <= 200 - told
    if blow == signal.SIGINT:
        assert code == 130
        assert f"interrupted: {200 - left} of 200 points are finished and kept" in err
        assert "go on with: spinvalley resume long.zarr" in err
        assert "Traceback" not in err
    else:
        assert code == -signal.SIGKILL
    code, out, _ = call(capsys, "status", "long.zarr")
    assert f"{200 - left} of 200 finished" in out
    assert "Go on with: spinvalley resume" in out
    again = started(here, "resume", "long.zarr")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    data = sv.open_study("long.zarr").dataset()
    for name in ("B", "error", "status"):
        np.testing.assert_array_equal(data[name], whole[name])


# Refused --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("tc = 6.5", "tcc = 6.5", "klb.toml, line 7: `pairing.tcc` is not a known key: did you mean `tc`?"),
        ("tc = 6.5", "tc = 'x'", "klb.toml, line 7: `pairing.tc` must be a number, but is 'x'"),
        ("values = [2.0, 4.0, 7.0]", "values = []", "klb.toml, line 13: `axes.T.values` must not be empty"),
        ("values = [2.0, 4.0, 7.0]", "values = [nan]", "klb.toml, line 13: `axes.T.values` must be finite"),
        ("values = [2.0, 4.0, 7.0]", "values = [0.0]", "`T` must be positive"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_bad_run_file_is_one_sentence_and_code_2(capsys, here, old, new, sentence, as_json):
    (here / "klb.toml").write_text(KLB.replace(old, new))
    code, out, err = call(capsys, "run", "klb.toml", *(["--json"] if as_json else []))
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in here.iterdir()] == ["klb.toml"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("run nothing.toml", "must be a run file, but there is no file 'nothing.toml'"),
        ("run klb.toml --workers 0", "`workers` must be a whole number of at least 1, but is 0"),
        ("run klb.toml --workers 2 --scheduler tcp://x:1", "at most one of `workers`, `scheduler`, `slurm`"),
        ("run klb.toml --slurm none.toml", "`slurm` must be a TOML file"),
        ("run klb.toml --store /proc/none/klb.zarr", "/proc"),
        ("run klb.toml --store klb.toml", "klb.toml"),
        ("status nothing.zarr", "nothing.zarr"),
        ("resume nothing.zarr", "nothing.zarr"),
        ("export nothing.zarr --out a.nc", "nothing.zarr"),
        ("export nothing.zarr --out a.xls", "`out` must be one of .nc, .csv, .json, but is '.xls'"),
        ("plot nothing.zarr", "nothing.zarr"),
        ("init", ""),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_nothing_is_written(capsys, here, arguments, sentence):
    if arguments == "init":
        (here / "klb.toml").rename("study.toml")
    before = contents(here)
    code, out, err = call(capsys, *arguments.split())
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.startswith("spinvalley: ")
    assert len(err.splitlines()) == 1
    assert contents(here) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--x T", "`at` must fix"),
        ("--x zz", "`axis` must be one of tau_so, theta, T"),
        ("--variable zz", "`variable` must be one of B"),
        ("--at theta=45", "`at` must be one of the 2 values of theta, but is 45: nearest is 0"),
        ("--at theta", "`at` must be KEY=VALUE, but is 'theta'"),
        ("--at theta=x", "`at` must hold a number for theta, but is 'x'"),
        ("--x T --y T --at theta=0 --at tau_so=20", "must be two coordinates, but both are T"),
        ("--out a.jpg", "`out` must be one of .pdf, .png, .svg"),
    ],
)
def test_a_figure_that_cannot_be_is_one_sentence(capsys, store, arguments, sentence):
    before = contents(store.parent)
    code, out, err = call(capsys, "plot", "klb.zarr", *arguments.split())
    assert (code, out) == (2, "")
    assert sentence in err
    assert contents(store.parent) == before


def test_the_store_of_another_study_is_refused_and_stays_as_it_is(capsys, store):
    Path("klb.toml").write_text(KLB.replace("tc = 6.5", "tc = 7.5"))
    before = contents(store)
    code, out, err = call(capsys, "run", "klb.toml")
    assert (code, out) == (2, "")
    assert "pairing.tc: 6.5 -> 7.5" in err
    assert "--force" in err
    assert contents(store) == before
    assert call(capsys, "run", "klb.toml", "--force")[0] == 0


def test_an_unreachable_scheduler_is_one_sentence_in_time(capsys, here, monkeypatch):
    monkeypatch.setattr(studies, "connect", partial(connect, timeout=1.0))
    code, out, err = call(capsys, "run", "klb.toml", "--scheduler", "tcp://127.0.0.1:9")
    assert (code, out) == (2, "")
    assert "tcp://127.0.0.1:9" in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in here.iterdir()] == ["klb.toml"]


def test_a_slurm_file_that_is_no_toml_is_one_sentence(capsys, here):
    (here / "slurm.toml").write_text("queue = ")
    code, _, err = call(capsys, "run", "klb.toml", "--slurm", "slurm.toml")
    assert code == 2
    assert "slurm.toml: not TOML" in err


def test_settings_that_slurm_does_not_know_are_one_sentence(capsys, here):
    pytest.importorskip("dask_jobqueue")
    (here / "slurm.toml").write_text('jobs = 1\ncores = 1\nmemory = "1GB"\nnonsense = 1\n')
    code, out, err = call(capsys, "run", "klb.toml", "--slurm", "slurm.toml")
    assert (code, out) == (2, "")
    assert "nonsense" in err
    assert len(err.splitlines()) == 1
    assert sorted(path.name for path in here.iterdir()) == ["klb.toml", "slurm.toml"]


# Progress -------------------------------------------------------------------------------------------------------------
def steps(number, pace):
    return [
        Progress(done=n, total=number, failed=0, fresh=n, seconds=n * pace, wall=n * pace) for n in range(number + 1)
    ]


def told(capsys, *, json=False, number=100, pace=1.0):
    with study_progress.telling(json=json) as tell:
        for step in steps(number, pace):
            tell(step)
    return capsys.readouterr()


def test_plain_lines_come_every_five_seconds_with_rate_and_time_left(capsys, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    out, err = told(capsys)
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1 + 20
    assert lines[1] == "   5.0 s  5/100 points, 1 points/s, 1:35 left"
    assert len(told(capsys, pace=0.01).err.splitlines()) == 2  # beginning and end


def test_a_finished_study_has_no_time_left():
    assert study_progress.seconds_left(Progress(done=9, total=9, failed=0, fresh=0, seconds=0.0, wall=0.0)) == 0.0


def test_nothing_is_told_in_ci(capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert told(capsys) == ("", "")


def test_json_lines_are_told_on_stdout_even_in_ci(capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    out, err = told(capsys, json=True, number=4)
    assert err == ""
    assert [json.loads(line)["seconds_left"] for line in out.splitlines()] == [None, 3.0, 2.0, 1.0, 0.0]


def test_a_terminal_has_a_bar_on_stderr(capsys, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    out, err = told(capsys, number=4)
    assert out == ""
    assert "4/4" in err
    assert "1 points/s, 0:00 left" in err
