"""Studies: one file in, a store that survives, one Dataset with its provenance out."""

import csv
import hashlib
import json
import math
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.studies.export import write_rows
from spinvalley.studies.quantities import QUANTITIES
from spinvalley.sweeps.environment import commit

KLB = """\
# spin-orbit scattering
[study]
quantity = "hc2"
seed = 7
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


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "klb.toml"
    path.write_text(KLB)
    return path


@pytest.fixture
def study(file):
    return sv.studies.run(file)


def counted(monkeypatch, seconds=0.0):
    """Points for which the quantity is computed from now on; each takes some seconds longer."""
    calls = []
    whole = QUANTITIES["hc2"].compute

    def compute(at):
        calls.append(at)
        time.sleep(seconds)
        return whole(at)

    monkeypatch.setitem(QUANTITIES, "hc2", replace(QUANTITIES["hc2"], compute=compute))
    return calls


# What comes out -------------------------------------------------------------------------------------------------------
def test_the_dataset_is_that_of_the_public_function_with_units(study):
    data = study.dataset()
    assert data.B.dims == ("tau_so", "theta", "T")
    for tau_so in data.tau_so.values:
        theory = sv.pairing.KlemmLutherBeasley(float(tau_so))
        direct = sv.pairing.hc2(theory, data["T"].values, tc=6.5, direction=[1, 0, 0])
        np.testing.assert_allclose(data.B.sel(tau_so=tau_so, theta=90.0), direct.B, rtol=1e-6)
    assert list(data.status.values[0, 0]) == ["converged", "converged", "normal"]
    assert (data.B.units, data["T"].units, data.tau_so.units, data.theta.units) == ("T", "K", "fs", "degree")
    assert study.counts() == {"converged": 12, "normal": 6}


def test_the_store_lies_beside_the_run_file_and_is_opened_by_its_name(study, file):
    assert Path(study.url) == file.with_suffix(".zarr")
    again = sv.open_study(file.with_suffix(".zarr"))
    xr.testing.assert_identical(again.dataset(), study.dataset())
    assert again.run_file == KLB


def test_a_finished_study_computes_nothing_when_it_is_run_again(study, file, monkeypatch):
    calls = counted(monkeypatch)
    before = study.dataset()
    again = sv.studies.run(file)
    assert calls == []
    xr.testing.assert_equal(again.dataset(), before)


def test_an_interrupted_study_goes_on_where_it_was(file, monkeypatch):
    def interrupt(now):
        if now.fresh:
            raise KeyboardInterrupt

    whole = sv.studies.run(file, "whole.zarr").dataset()
    calls = counted(monkeypatch, seconds=0.6)
    with pytest.raises(KeyboardInterrupt):
        sv.studies.run(file, "cut.zarr", progress=interrupt)
    cut = sv.open_study("cut.zarr")
    left = cut.store.states()["pending"]
    assert 0 < left < 6
    assert cut.counts()["pending"] == 3 * left
    calls.clear()
    xr.testing.assert_equal(cut.resume().dataset().drop_attrs(), whole.drop_attrs())
    assert len(calls) == left
    assert cut.provenance["sessions"] == 2


def test_a_store_in_memory_is_a_store(file):
    described = sv.studies.read_run_file(file)
    study = sv.studies.run(described, "memory://studies/klb.zarr")
    assert sv.open_study("memory://studies/klb.zarr").counts() == study.counts() == {"converged": 12, "normal": 6}


def test_a_refined_study_asks_only_along_the_boundary_and_agrees_with_the_full_grid_there(tmp_path):
    text = KLB[: KLB.index("[axes.tau_so]")].replace("tc = 6.5\n", "[conditions]\nT = 4.0\n")
    axes = "[axes.tc]\nlinspace = [3.0, 6.0, 9]\n[axes.tau_so]\nlinspace = [20.0, 60.0, 9]\n"
    full = sv.studies.run(sv.studies.parse(text + axes), tmp_path / "full.zarr").dataset()
    refined = sv.studies.parse(f'{text}[refine]\nof = "order"\nlevels = 2\n{axes}')
    study = sv.studies.run(refined, tmp_path / "refined.zarr")
    data = study.dataset()
    asked = (data.status != "skipped").values
    assert 0.2 < asked.mean() < 0.8
    np.testing.assert_array_equal(data.order.values[asked], full.order.values[asked])
    edge = np.searchsorted(full.tc.values, 4.0, side="right")  # normal below, superconducting from here on
    assert set(full.order.values[edge - 1]) == {0.0}
    assert set(full.order.values[edge]) == {2.0}
    assert asked[edge - 1].all()
    assert asked[edge].all()
    assert sum(study.counts()[name] for name in ("converged", "normal")) == asked.sum()


def test_a_block_is_as_long_as_the_file_says(tmp_path):
    study = sv.studies.run(sv.studies.parse(KLB.replace("seed = 7", "block = 4")), tmp_path / "blocks.zarr")
    assert study.store.plan.block == 4


def test_names_are_an_axis_too(tmp_path):
    text = KLB.replace("klemm_luther_beasley", "one_band").replace("[axes.tau_so]\nvalues = [20.0, 40.0, 80.0]", "")
    text = text.replace("[axes.theta]\nvalues = [0.0, 90.0]", '[axes.material]\nvalues = ["MoS2", "Nonsense"]')
    study = sv.studies.run(sv.studies.parse(text.replace("2.0, 4.0, 7.0", "5.0")), tmp_path / "names.zarr")
    data = study.dataset()
    assert list(data.material.values) == ["MoS2", "Nonsense"]
    assert [str(status) for status in data.status.values[:, 0]] == ["converged", "failed"]
    assert "`material` must be one of" in str(data.message[1].values)


# Provenance -----------------------------------------------------------------------------------------------------------
def test_every_output_says_where_it_comes_from(study, tmp_path):
    about = study.provenance
    assert about["run_file_sha256"] == hashlib.sha256(KLB.encode()).hexdigest()
    assert about["versions"]["spinvalley"] == sv.__version__
    assert about["versions"]["numpy"] == np.__version__
    assert (about["seed"], about["sessions"], about["forced"]) == (7, 1, [])
    assert about["wall_time"] > 0
    assert about["started"] <= about["ended"]
    study.export(tmp_path / "klb.nc")
    with xr.open_dataset(tmp_path / "klb.nc", engine="h5netcdf") as found:
        assert found.attrs["run_file"] == KLB
        assert json.loads(found.attrs["versions"]) == about["versions"]
        assert found.attrs["seed"] == 7
        np.testing.assert_array_equal(found.B, study.dataset().B)
    study.export(tmp_path / "klb.csv")
    head = [line for line in (tmp_path / "klb.csv").read_text().splitlines() if line.startswith("#")]
    assert "# seed: 7" in head
    assert "# run_file: # spin-orbit scattering" in head
    assert '#     kind = "klemm_luther_beasley"' in head
    study.export(tmp_path / "klb.json")
    assert json.loads((tmp_path / "klb.json").read_text())["attrs"]["run_file"] == KLB


def test_the_commit_is_that_of_the_package_and_of_no_folder_around_it(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                       capture_output=True)  # fmt: skip

    package = tmp_path / "venv" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    assert commit(package) == ""  # no git at all
    git("init")
    (tmp_path / "mine.txt").write_text("x")
    git("add", "mine.txt")
    git("commit", "-m", "mine")
    assert commit(package) == ""  # lies inside a repository of somebody else
    git("add", ".")
    git("commit", "-m", "package")
    head = commit(package)
    assert len(head) == 40
    (package / "__init__.py").write_text("changed = True\n")
    assert commit(package) == f"{head} + changes"


def test_without_git_there_is_no_commit_and_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(Path(sv.__file__).parent) == ""


# CSV ------------------------------------------------------------------------------------------------------------------
@settings(max_examples=30)
@given(st.data())
def test_a_table_holds_every_point_once_with_all_digits(data):
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    dims = [f"d{n}" for n in range(len(sizes))]
    number = st.floats(allow_nan=False, allow_infinity=False, width=64)
    total = math.prod(sizes)
    values = np.array(data.draw(st.lists(number, min_size=total, max_size=total))).reshape(sizes)
    text = np.array(data.draw(st.lists(st.text("ab,\"'# \n", max_size=5), min_size=total, max_size=total)))
    coords = {dim: np.arange(size) / 3 for dim, size in zip(dims, sizes, strict=True)}
    status = np.full(sizes, "done")
    table = xr.Dataset(
        {"y": (dims, values), "q": ((*dims, "xy"), np.stack([values, -values], -1)), "status": (dims, status),
         "message": (dims, text.reshape(sizes))},
        coords | {"xy": ["x", "y"]}, {"a": "1\n2"},
    )  # fmt: skip
    out = StringIO(newline="")
    write_rows(out, table)
    written = out.getvalue()
    assert written.startswith("# a: 1\n#     2\n")
    rows = list(csv.DictReader(StringIO(written.removeprefix("# a: 1\n#     2\n"), newline="")))
    assert list(rows[0]) == [*dims, "y", "q_x", "q_y", "status", "message"]
    assert [float(row["y"]) for row in rows] == values.ravel().tolist()
    assert [float(row["q_y"]) for row in rows] == (-values).ravel().tolist()
    assert [row["message"] for row in rows] == text.tolist()
    assert [float(row[dims[-1]]) for row in rows] == np.broadcast_to(coords[dims[-1]], sizes).ravel().tolist()


def test_points_that_were_never_asked_for_are_not_in_the_table():
    out = StringIO()
    write_rows(out, xr.Dataset({"y": ("x", [1.0, np.nan]), "status": ("x", ["done", "skipped"])}, {"x": [1.0, 2.0]}))
    assert out.getvalue() == "x,y,status\n1.0,1.0,done\n"


# Refusals -------------------------------------------------------------------------------------------------------------
def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def test_a_changed_run_file_is_refused_key_by_key_and_force_goes_on(study, file):
    before = bytes_of(study.url)
    file.write_text(KLB.replace("tc = 6.5", "tc = 6.6").replace("seed = 7", "seed = 7\ntolerance = 1e-5"))
    with pytest.raises(sv.InvalidInput, match=r"study.tolerance: default -> 1e-05; pairing.tc: 6.5 -> 6.6.*--force"):
        sv.studies.run(file)
    assert bytes_of(study.url) == before
    forced = sv.studies.run(file, force=True)
    assert forced.counts() == study.counts()
    assert len(forced.provenance["forced"]) > 0


def test_other_axes_are_refused_even_with_force(study, file):
    before = bytes_of(study.url)
    file.write_text(KLB.replace("values = [2.0, 4.0, 7.0]", "values = [2.0, 4.0]"))
    for force in (False, True):
        with pytest.raises(
            sv.InvalidInput, match=r"other axes \(T: 3 values from 2.0 to 7.0 -> 2 values from 2.0 to 4.0"
        ):
            sv.studies.run(file, force=force)
    assert bytes_of(study.url) == before


def test_a_changed_comment_is_no_change(study, file):
    file.write_text(KLB.replace("spin-orbit scattering", "the same"))
    again = sv.studies.run(file)
    assert again.counts() == study.counts()
    assert again.run_file == KLB.replace("spin-orbit scattering", "the same")


def test_a_changed_table_is_refused(tmp_path):
    (tmp_path / "points.csv").write_text("T_K,B_T\n2.0,40.0\n4.0,30.0\n6.0,10.0\n")
    (tmp_path / "fit.toml").write_text(
        '[study]\nquantity = "fit"\n[model]\nkind = "table"\nfile = "points.csv"\nformula = "klb"\n'
        "[axes.tc]\nvalues = [6.4, 6.5]\n"
    )
    study = sv.studies.run(tmp_path / "fit.toml")
    assert study.counts() == {"converged": 2}
    (tmp_path / "points.csv").write_text("T_K,B_T\n2.0,41.0\n4.0,30.0\n6.0,10.0\n")
    with pytest.raises(sv.InvalidInput, match="data_sha256"):
        sv.studies.run(tmp_path / "fit.toml")


def test_a_model_that_cannot_be_built_anywhere_writes_nothing(tmp_path):
    text = KLB.replace("klemm_luther_beasley", "one_band").replace("tau_so", "density")
    (tmp_path / "a.toml").write_text(text.replace("[20.0, 40.0, 80.0]", "[9e16, 1e17]"))
    with pytest.raises(sv.InvalidInput, match="`density` must be below"):
        sv.studies.run(tmp_path / "a.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]


def test_an_empty_folder_is_a_place_for_a_store(file, tmp_path):
    (tmp_path / "empty").mkdir()
    assert sv.studies.run(file, tmp_path / "empty").counts() == sv.studies.run(file).counts()


def test_a_store_without_run_file_is_read_but_not_resumed(tmp_path):
    sv.sweep(lambda x: x**2, {"x": [1.0, 2.0]}, store=tmp_path / "plain.zarr")
    study = sv.open_study(tmp_path / "plain.zarr")
    assert study.run_file == ""
    assert study.counts() == {"done": 2}
    assert study.provenance["versions"]["numpy"] == np.__version__
    assert study.provenance["platform"]["python"] in sys.version
    sv.sweep(lambda T: {"gap": T}, {"T": [1.0, 2.0]}, store=tmp_path / "gap.zarr")
    assert "units" not in sv.open_study(tmp_path / "gap.zarr").dataset().gap.attrs  # nobody said what they are
    with pytest.raises(sv.InvalidInput, match="must hold a run file to go on with"):
        study.resume()


def test_what_is_no_study_is_one_sentence(tmp_path):
    with pytest.raises(sv.InvalidInput):
        sv.open_study(tmp_path / "nothing.zarr")
    with pytest.raises(sv.InvalidInput, match="must be a run file, but there is no file"):
        sv.studies.run(tmp_path / "nothing.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(sv.InvalidInput, match="must be a text in UTF-8"):
        sv.studies.run(tmp_path / "x.toml")
