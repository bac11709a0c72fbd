"""Writing to disk: a file or folder is whole or not there, and nobody's files are lost."""

import json

import numpy as np
import pytest
import xarray as xr

from spinvalley.checks import InvalidInput
from spinvalley.files import (
    MANIFEST,
    check_file,
    check_folder,
    dataset_document,
    json_text,
    staged_file,
    staged_folder,
    write_dataset,
)


class Broken(Exception):
    """A failure in the middle of the work."""


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def write_half(staged_path, write):
    """Enter the block, write, and fail."""
    with staged_path as staged:
        write(staged)
        raise Broken


def everything(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def test_a_failed_file_leaves_the_old_one_and_no_trace(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(Broken):
        write_half(staged_file(path), lambda staged: staged.write_text("half"))
    assert path.read_text() == "old"
    assert everything(tmp_path) == ["x.txt"]


def test_a_failed_folder_leaves_the_old_one_and_no_trace(tmp_path):
    out = tmp_path / "out"
    with staged_folder(out) as staged:
        fill(staged, "first.txt")
    with pytest.raises(Broken):
        write_half(staged_folder(out), lambda staged: fill(staged, "second.txt"))
    assert everything(tmp_path) == ["out", "out/first.txt", f"out/{MANIFEST}"]


def test_a_folder_is_seen_only_when_it_is_complete(tmp_path):
    out = tmp_path / "deep" / "out"
    with staged_folder(out) as staged:
        fill(staged, "a.txt", "sub/b.txt")
        assert not out.exists()
    assert everything(out) == ["a.txt", MANIFEST, "sub", "sub/b.txt"]
    assert json.loads((out / MANIFEST).read_text())["files"] == ["a.txt", "sub/b.txt"]


def test_a_folder_of_ours_is_replaced_with_all_that_was_in_it(tmp_path):
    for names in (("old.txt", "both.txt"), ("both.txt", "new.txt")):
        with staged_folder(tmp_path / "out") as staged:
            fill(staged, *names)
    assert everything(tmp_path / "out") == ["both.txt", MANIFEST, "new.txt"]


@pytest.mark.parametrize("manifest", [None, "[]", "no json", '{"files": ["thesis.tex"]}'])
def test_a_folder_with_files_of_others_is_refused(tmp_path, manifest):
    fill(tmp_path, "out/thesis.tex")
    if manifest is not None:
        (tmp_path / "out" / MANIFEST).write_text(manifest)
    with pytest.raises(InvalidInput, match=r"holds thesis\.tex"), staged_folder(tmp_path / "out"):
        pytest.fail("the block must not start")
    assert (tmp_path / "out/thesis.tex").exists()


def test_a_file_that_appears_during_the_work_is_not_lost(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InvalidInput, match=r"holds thesis\.tex"), staged_folder(out):
        fill(out, "thesis.tex")
    assert everything(tmp_path) == ["out", "out/thesis.tex"]


def test_places_where_nothing_can_be_put_are_refused(tmp_path, monkeypatch):
    fill(tmp_path, "file")
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path, tmp_path.parent, tmp_path / "file"):
        with pytest.raises(InvalidInput, match="must"):
            check_folder(path)
    with pytest.raises(InvalidInput, match="is a folder"):
        check_file(tmp_path)
    with pytest.raises(InvalidInput, match="is a file"):
        check_file(tmp_path / "file" / "below.nc")


@pytest.fixture
def line():
    return xr.Dataset(
        {"zeeman": ("kT", [1.5, np.nan]), "status": ("kT", ["converged", "failed"])},
        coords={"kT": [0.1, 0.2]},
        attrs={"direction": (1.0, 0.0, 0.0)},
    )


def test_a_dataset_survives_netcdf(tmp_path, line):
    write_dataset(tmp_path / "x.nc", line)
    xr.testing.assert_equal(xr.load_dataset(tmp_path / "x.nc", engine="h5netcdf"), line)


def test_json_has_no_nan(tmp_path, line):
    write_dataset(tmp_path / "x.json", line)
    read = json.loads((tmp_path / "x.json").read_text(), parse_constant=pytest.fail)
    assert read == json.loads(json_text(dataset_document(line)))
    assert read["variables"]["zeeman"] == {"dims": ["kT"], "values": [1.5, None], "attrs": {}}
    assert json.loads(json_text({"z": 1 + 2j, "inf": np.inf, "n": np.int64(3), "yes": np.True_})) == {
        "z": {"re": 1.0, "im": 2.0}, "inf": None, "n": 3, "yes": True,
    }  # fmt: skip


def test_a_table_keeps_every_digit_and_has_one_dimension(tmp_path, line):
    line["zeeman"][0] = 1 / 3
    write_dataset(tmp_path / "x.csv", line)
    assert (tmp_path / "x.csv").read_text() == f"kT,zeeman,status\n0.1,{1 / 3!r},converged\n0.2,nan,failed\n"
    with pytest.raises(InvalidInput, match="one dimension, but the data have 2"):
        write_dataset(tmp_path / "y.csv", line.expand_dims(gap0=[1.0]))
    with pytest.raises(InvalidInput, match=r"one of \.nc, \.json, \.csv, but is '\.xls'"):
        write_dataset(tmp_path / "y.xls", line)
    assert everything(tmp_path) == ["x.csv"]
