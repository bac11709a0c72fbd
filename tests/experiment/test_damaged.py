"""Whatever is done to a file, reading it gives a run or one sentence."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import measured_files as files
from spinvalley.checks import InvalidInput
from spinvalley.experiment.run import Run, read

TEXTS = {
    "resistivity": files.resistivity(12),
    "act": files.act(12),
    "eto": files.eto(12),
    "comma": files.table(12),
    "decimal comma": files.table(12, ";", ","),
    "tab": files.table(12, "\t"),
    "blank": files.table(12, " "),
}
PLACE = st.floats(0, 1)
JUNK = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"\0", b'"', b"\n", b"\r", b",", b",,,,", b"[Data]\n", b"nan", b"1e999", b"-", b"#", b"\xff\xfe", b"[Header]"]
    ),
)
DAMAGE = st.lists(
    st.tuples(st.sampled_from(["cut", "drop", "put", "over", "twice", "head"]), PLACE, PLACE, JUNK), max_size=4
)


def damaged(content, damage):
    """The content with parts cut off, dropped, inserted, overwritten or repeated."""
    for how, a, b, junk in damage:
        low, high = sorted((int(a * len(content)), int(b * len(content))))
        content = {
            "cut": content[:high],
            "head": content[low:],
            "drop": content[:low] + content[high:],
            "put": content[:low] + junk + content[low:],
            "over": content[:low] + junk + content[low + len(junk) :],
            "twice": content[:high] + content[low:],
        }[how]
    return content


def sentence(text):
    """One line that says what must be."""
    assert "\n" not in text
    assert "must" in text
    return text


def outcome(path, **kwargs):
    """The run, or the sentence; anything else is an exception that fails the test."""
    try:
        run = read(path, **kwargs)
    except InvalidInput as error:
        return sentence(str(error))
    assert isinstance(run, Run)
    assert run.data.sizes["row"] > 0
    assert np.isfinite(run.data["T"]).all()
    assert np.isfinite(run.data.B).all()
    assert np.isfinite(run.data.R).any("channel").all()
    assert np.isfinite(run.data.R).any("row").all()
    run.sweeps()
    run.offsets()
    return run


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(TEXTS)), DAMAGE)
def test_a_damaged_text_is_a_run_or_a_sentence(tmp_path_factory, name, damage):
    path = tmp_path_factory.getbasetemp() / "damaged.dat"
    path.write_bytes(damaged(TEXTS[name], damage))
    outcome(path)


@settings(max_examples=150)
@given(st.binary(max_size=300))
@example(b"T,B,R\n")
@example(b"1,2,3\n4,5,6\n")
@example(b"\xef\xbb\xbf")
@example(b"\r\r\r")
@example(b"[Data]\n,,,\n,,,\n")
def test_any_bytes_are_a_run_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "junk.dat"
    path.write_bytes(content)
    outcome(path)
    outcome(path, format="multivu")
    outcome(path, columns={"T": 2.0, "B": 1.0})


@pytest.fixture(scope="module")
def binaries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("binary")
    files.qcodes(folder / "rows.db", 12)
    files.qcodes(folder / "arrays.db", 12, arrays=True)
    files.hdf5(folder / "run.h5", 12)
    return folder


@settings(max_examples=200)
@given(name=st.sampled_from(["rows.db", "arrays.db", "run.h5"]), damage=DAMAGE)
def test_a_damaged_database_or_hdf5_file_is_a_run_or_a_sentence(tmp_path_factory, binaries, name, damage):
    path = tmp_path_factory.getbasetemp() / "damaged.bin"
    path.write_bytes(damaged((binaries / name).read_bytes(), damage))
    outcome(path)


def test_nothing_pickled_is_read(tmp_path):
    import io
    import sqlite3
    from contextlib import closing

    path = tmp_path / "lab.db"
    files.qcodes(path, arrays=True)
    stream = io.BytesIO()
    np.save(stream, np.array([{"not": "numbers"}], dtype=object), allow_pickle=True)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute('UPDATE "results-1-2" SET Rxx = ?', (stream.getvalue(),))
    with pytest.raises(InvalidInput, match=r"must hold numbers or \.npy arrays"):
        read(path)


def test_a_reader_without_guards_would_fail():
    """The deliberately broken variant: numbers taken as they come raise on the first damaged row."""
    line = damaged(TEXTS["comma"], [("put", 0.5, 0.5, b"x")]).decode().splitlines()
    with pytest.raises(ValueError, match="could not convert"):
        [float(value) for row in line[2:] for value in row.split(",")]


def test_a_path_is_a_file_on_this_machine(tmp_path):
    for path in ("http://example.org/run.dat", "file:///etc/passwd", "s3://bucket/run.dat"):
        with pytest.raises(InvalidInput, match="must be a file on this machine"):
            read(path)
    with pytest.raises(InvalidInput, match="is a folder"):
        read(tmp_path)
    with pytest.raises(InvalidInput, match="is not there"):
        read(tmp_path / "none.dat")


def test_an_argument_of_the_wrong_kind_gets_one_sentence(tmp_path):
    path = tmp_path / "run.csv"
    path.write_bytes(files.table())
    for wrong in (3, None, 2.5, ["run.dat"]):
        with pytest.raises(InvalidInput, match=r"`path` must be the path of a file, e\.g\. 'run\.dat', but is "):
            read(wrong)
    for wrong in (["T"], "T", 3):
        with pytest.raises(InvalidInput, match="`columns` must map quantities to headers"):
            read(path, columns=wrong)
    with pytest.raises(InvalidInput, match="`theta` must be a real number"):
        read(path, theta=["parallel"])
    with pytest.raises(InvalidInput, match=r"`channels` must be a name, a number or a list of them, but is 1\.5"):
        read(path, channels=1.5)
