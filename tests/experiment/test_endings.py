"""Laws of files that end too early: refused, or read up to there with a word; and of tables in any dialect."""

import numpy as np
import pytest

import measured_files as files
from spinvalley import InvalidInput
from spinvalley.experiment import read, read_table
from spinvalley.experiment.text import Block

ROWS = "T (K),Field (Oe),R (Ohm)\n" + "".join(f"2.{n % 10},{1000 * n},{0.25 + n / 1000:.4f}\n" for n in range(20))


def written(tmp_path, content, name="run.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# Cut within a row -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content", [files.resistivity(), ROWS.encode()])
def test_a_file_that_stops_within_a_row_is_refused_unless_that_is_allowed(tmp_path, content):
    lines = content.splitlines(keepends=True)
    cut = b"".join(lines[:-1]) + lines[-1][:8]
    with pytest.raises(InvalidInput, match=r"must end with a whole row .*, but stops within one: \d+ of \d+ values"):
        read(written(tmp_path, cut))
    found, whole = (read(written(tmp_path, text), allow_cut=True) for text in (cut, b"".join(lines[:-1])))
    assert found.data.sizes["row"] == whole.data.sizes["row"]
    assert "what followed is missing" in found.data.attrs["loss"]
    assert found.data.attrs["loss"] in found.data.attrs["warnings"]
    assert whole.data.attrs["loss"] == ""


def test_a_last_number_that_lost_digits_is_left_out(tmp_path):
    found = read(written(tmp_path, ROWS[:-3]))
    assert found.data.sizes["row"] == 19
    assert "shorter than those above" in found.data.attrs["loss"]
    assert found.data.R.values[0, -1] == 0.268  # a reader without the check would go on with 0.26


def test_a_missing_line_end_alone_loses_nothing_and_is_told(tmp_path):
    found = read(written(tmp_path, ROWS[:-1]))
    assert found.data.sizes["row"] == 20
    assert found.data.attrs["loss"] == ""
    assert "without a line end" in found.data.attrs["warnings"]
    assert "line end" not in read(written(tmp_path, ROWS)).data.attrs["warnings"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1,2\n3,4\n", "whole"),
        ("1,2\n3,4", "open"),
        ("1,2\n3", "cut"),
        ("1,22\n3,4", "short"),
        ("1,2", "open"),
        ("", "whole"),
    ],
)
def test_the_end_of_a_text_is_of_four_kinds(text, kind):
    assert Block(text.encode(), 0, 2).ending.kind == kind


# Tables ---------------------------------------------------------------------------------------------------------------
PLAIN = "T_K,B_T,sigma_B_T\n2.0,5.0,0.1\n3.0,4.0,0.1\n4.0,2.5,0.1\n"


@pytest.mark.parametrize(
    "text",
    [
        "T (K),H (Oe),sigma_H (Oe)\n2.0,50000,1000\n3.0,40000,1000\n4.0,25000,1000\n",
        "T (K);B (T);sigma_B (T)\n2,0;5,0;0,1\n3,0;4,0;0,1\n4,0;2,5;0,1\n",
        "Temperature (K)\tMagnetic Field (kOe)\tsigma_B (T)\n2.0\t50\t0.1\n3.0\t40\t0.1\n4.0\t25\t0.1\n",
        "T,B,sigma_B\nK,T,T\n2.0,5.0,0.1\n3.0,4.0,0.1\n4.0,2.5,0.1\n",
        "# made by hand\nT_K B_T sigma_B_T\n2.0 5.0 0.1\n3.0 4.0 0.1 # good\n4.0 2.5 0.1\n",
        '"T_K","B_T","sigma_B_T"\n"2.0","5.0","0.1"\n"3.0","4.0","0.1"\n"4.0","2.5","0.1"\n',
    ],
)
def test_tables_in_any_dialect_hold_the_same_points(tmp_path, text):
    want, found = read_table(written(tmp_path, PLAIN, "a.csv")), read_table(written(tmp_path, text, "b.csv"))
    for name in ("T", "B", "sigma_B"):
        np.testing.assert_allclose(found[name], want[name], rtol=1e-12)


def test_words_beside_the_numbers_select_rows(tmp_path):
    text = "device;orientation;T (K);H (Oe)\nA;parallel;2,0;50000\nA;perpendicular;2,0;10000\n"
    assert read_table(written(tmp_path, text), orientation="perpendicular").B.tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PLAIN[:-6], "must end with a whole row, but stops within one: 2 of 3 values"),
        ("T_K,B_T\n2,3,4\n", "must have 2 values in a row, but has 3"),
        ("2,3\n3,4\n", "must have one line of column names"),
        ("T_K,T_K\n2,3\n", "must have each column once"),
        ("T (K),H (furlong),B\n2,3,x\n", "`B` must be real numbers"),
    ],
)
def test_a_table_at_fault_is_one_sentence(tmp_path, text, sentence):
    from spinvalley.experiment import fit

    with pytest.raises(InvalidInput, match=sentence):
        fit(read_table(written(tmp_path, text)), "klb")
