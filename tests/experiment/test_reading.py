"""Laws of reading: the numbers of a file come back in K, T and Ohm whatever its format, units and encoding."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import measured_files as files
from spinvalley.checks import InvalidInput
from spinvalley.experiment.columns import canonical, kind_of, split_unit
from spinvalley.experiment.formats import formats
from spinvalley.experiment.multivu import info
from spinvalley.experiment.qcodes import _array
from spinvalley.experiment.run import read
from spinvalley.experiment.text import Block

REAL = [Path(__file__).parents[3] / "shared" / "data" / "misfit_nbse2_ppms.dat"]


@pytest.fixture
def ppms():
    found = [path for path in REAL if path.is_file()]
    if not found:
        pytest.skip("the real PPMS file is not in ../shared/data")
    return found[0]


def written(folder, content, name="run.dat"):
    path = folder / name
    path.write_bytes(content)
    return path


def same(run, rows=40, channel=0):
    T, B, R, _ = files.numbers(rows)
    data = run.data
    return (
        np.allclose(data["T"], T, rtol=1e-12)
        and np.allclose(data.B, B, rtol=1e-12, atol=1e-15)
        and np.allclose(data.R[channel], R, rtol=1e-12)
    )


def test_a_resistivity_file_keeps_its_columns_under_more_names_than_values(tmp_path):
    run = read(written(tmp_path, files.resistivity()))
    assert same(run)
    assert run.channels == ("Bridge 1",)
    assert run.data.R.attrs["columns"] == "Bridge 1: Bridge 1 Resistance (Ohms)"
    assert run.data.R.attrs["units"] == "Ohm"
    assert np.allclose(run.data.excitation, 20e-6)
    assert run.header["option"] == "resistivity"
    assert len(run.data.attrs["sha256"]) == 64


def test_blanks_left_out_shift_the_columns():
    """The deliberately broken reader: a row split at runs of commas puts the resistance under another name."""
    line = files.resistivity().decode().splitlines()[10]
    names = files.RESISTIVITY_NAMES.split(",")
    broken = [value for value in line.split(",") if value]
    assert float(line.split(",")[names.index("Bridge 1 Resistance (Ohms)")]) > 0.1
    assert names.index("Bridge 1 Resistance (Ohms)") >= len(broken)


def test_the_deviation_of_the_mean_is_that_of_the_readings_over_the_root_of_their_number(tmp_path):
    """1e-10 Ohm m of 25 readings, R = rho x 1e7 / m."""
    run = read(written(tmp_path, files.resistivity()))
    assert np.allclose(run.data.sigma_R, 1e-10 * 1e7 / 5)


def test_channels_of_alternating_rows_stay_apart(tmp_path):
    run = read(written(tmp_path, files.act()))
    _, _, R, _ = files.numbers()
    assert run.channels == ("Ch1", "Ch2")
    assert np.allclose(run.data.R[0, ::2], R[::2])
    assert np.allclose(run.data.R[1, 1::2], 2 * R[1::2])
    assert np.isnan(run.data.R[0, 1::2]).all()
    assert np.isnan(run.data.R[1, ::2]).all()
    assert np.allclose(run.data.sigma_R[0, ::2], 1e-4)


def test_an_eto_file_knows_its_angle_and_its_deviations(tmp_path):
    run = read(written(tmp_path, files.eto()))
    assert same(run)
    assert np.allclose(run.data.theta, 30)
    assert np.allclose(run.data.sigma_R[1], 0.002)
    assert read(written(tmp_path, files.eto()), channels="ch2").channels == ("Ch2",)
    assert read(written(tmp_path, files.eto()), channels=[2, 1]).channels == ("Ch2", "Ch1")


def test_the_three_ways_to_write_an_info_line_say_the_same():
    assert info(", NbSe2, SAMPLE_MATERIAL") == info(", SAMPLE_MATERIAL: NbSe2") == info(" SAMPLE_MATERIAL, NbSe2")
    assert info(",Au wire, l=1, w=2,SAMPLE1_COMMENT") == ("SAMPLE1_COMMENT", "Au wire, l=1, w=2")
    assert info(", APPNAME, PPMS MultiVu Application, 1.5.11") == ("APPNAME", "PPMS MultiVu Application, 1.5.11")
    assert info(", TMR, Sample1 Name") == ("Sample1 Name", "TMR")
    assert info(",,SAMPLE_MASS") == ("SAMPLE_MASS", "")


def test_every_way_is_read_in_a_header(tmp_path):
    header = read(written(tmp_path, files.resistivity())).header
    assert header["SAMPLE1_LEAD_SEPARATION"] == "0.1393"
    assert header["SAMPLE_MATERIAL"] == "NbSe2, flake 3"
    assert header["SAMPLE_HOLDER"] == "chip B"


@pytest.mark.parametrize(
    ("encoding", "title", "found"),
    [("utf-8", "5 µm Ω", "utf-8"), ("utf-8-sig", "5 µm Ω", "utf-8"), ("cp1252", "5 µm – 2°", "cp1252")],
)
def test_the_encoding_is_found(tmp_path, encoding, title, found):
    text = files.resistivity(title=title).decode().encode(encoding)
    run = read(written(tmp_path, text))
    assert same(run)
    assert run.data.attrs["title"] == title
    assert run.data.attrs["encoding"] == found


def test_what_is_not_cp1252_is_latin_1(tmp_path):
    run = read(written(tmp_path, files.resistivity(title="Z\x81").decode().encode("latin-1")))
    assert run.data.attrs["encoding"] == "latin-1"
    with pytest.raises(InvalidInput, match="must be text in utf-8"):
        read(written(tmp_path, files.resistivity(title="Z\x81").decode().encode("latin-1")), encoding="utf-8")


def test_remarks_in_the_rows_do_not_shift_them(tmp_path):
    lines = files.resistivity().decode().splitlines()
    lines[12] = "set to 2 K, waiting" + lines[12]
    lines[13] = '"warm, then cold"' + lines[13]
    lines.insert(14, "only a remark,100.0")
    run = read(written(tmp_path, "\n".join(lines).encode()))
    assert same(run)
    assert run.data.attrs["rows_dropped"] == 1


def test_a_header_may_have_any_length(tmp_path):
    more = "".join(f"INFO,{n},NAME{n}\n" for n in range(5000)).encode()
    assert same(read(written(tmp_path, files.resistivity().replace(b"[Data]", more + b"[Data]"))))


@settings(max_examples=60)
@given(
    st.sampled_from([(",", "."), ("\t", "."), ("\t", ","), (";", "."), (";", ","), ("|", "."), (" ", ".")]),
    st.sampled_from(["Oe", "T", "mT", "kOe"]),
    st.sampled_from(["", "# a remark\n", "# two\n\n# remarks\n"]),
    st.integers(2, 30),
)
def test_a_table_is_the_same_in_every_delimiter_and_unit(tmp_path_factory, signs, unit, comment, rows):
    folder = tmp_path_factory.mktemp("table")
    run = read(written(folder, files.table(rows, *signs, field=unit, comment=comment)))
    assert same(run, rows)
    assert run.data.attrs["format"] == "delimited"


def test_units_may_stand_in_a_line_of_their_own(tmp_path):
    run = read(written(tmp_path, b"T\tH\tR1\tR2\nK\tOe\tmOhm\tmOhm\n2\t10000\t5\t6\n3\t10000\t7\t8\n"))
    assert np.allclose(run.data.R, [[5e-3, 7e-3], [6e-3, 8e-3]])
    assert np.allclose(run.data.B, 1)


@pytest.mark.parametrize(
    ("T", "B", "R", "tesla", "factor"),
    [
        ("T_K", "B_T", "R_Ohm", 1, 1),
        ("T_mK", "B_Oe", "Rxx_kOhm", 1e-4, 1000),
        ("Temperature_K", "mu0H_T", "rho_uOhm_cm", 1, 1e-8),
        ("T (K)", "μ0H (T)", "Rs (Ohm/sq)", 1, 1),
        ("T (K)", "µ0H (T)", "Rs (kΩ/□)", 1, 1000),
        ("T (K)", "µ₀H/mT", "R_s (Ohm per square)", 1e-3, 1),
        ("T [K]", "H (oe)", "Rxx", 1e-4, 1),
        ("T [K]", "H (OE)", "sheet resistance (ohm/sq.)", 1e-4, 1),
        ("T [K]", "H_kOe", "R_sq (Ω/sq)", 0.1, 1),
    ],
)
def test_headers_as_laboratories_write_them(tmp_path, T, B, R, tesla, factor):
    kelvin = 1e-3 if T == "T_mK" else 1.0
    for encoding in ("utf-8",) if set(B + R) & set("μ₀□Ω") else ("utf-8", "cp1252"):
        text = f"{T},{B},{R},theta_deg\n{2 / kelvin},{3 / tesla},0.5,30\n{4 / kelvin},{6 / tesla},0.6,30\n"
        data = read(written(tmp_path, text.encode(encoding))).data
        assert np.allclose(data["T"], [2, 4])
        assert np.allclose(data.B, [3, 6])
        assert np.allclose(data.R, np.array([[0.5, 0.6]]) * factor)
        assert np.allclose(data.theta, 30)


def test_an_ending_is_a_unit_only_where_it_fits_the_name():
    assert split_unit("R_s") == ("R_s", None)
    assert split_unit("R_T") == ("R_T", None)
    assert split_unit("T_sample") == ("T_sample", None)
    assert split_unit("sigma_R_Ohm") == ("sigma_R", "Ohm")
    assert split_unit("rho_uOhm_cm") == ("rho", "uOhm-cm")
    assert canonical("OE") == canonical("oe") == "Oe"
    assert canonical("Ω/sq") == canonical("ohms per square") == "Ohm/sq"


def test_a_column_map_wins_over_the_names(tmp_path):
    path = written(tmp_path, b"a,b,c,d\n2,10000,5,0.1\n3,20000,7,0.1\n")
    columns = {"T": "a", "B": ("b", "Oe"), "R": {"Rxx": ("c", "kOhm")}, "sigma_R": [("d", "kOhm")]}
    run = read(path, columns=columns)
    assert run.channels == ("Rxx",)
    assert np.allclose(run.data.B, [1, 2])
    assert np.allclose(run.data.R, [[5000, 7000]])
    assert np.allclose(run.data.sigma_R, 100)
    assert np.allclose(read(path, columns=columns | {"B": 3.0, "theta": 90.0}).data.B, 3)


def test_a_table_without_names_has_numbers_for_names(tmp_path):
    path = written(tmp_path, b"# a remark\r2.0 1.0 0.5\r2.0 2.0 0.5\r")
    with pytest.raises(InvalidInput, match=r"must have a column of T .* but has 1, 2, 3"):
        read(path)
    assert np.allclose(read(path, columns={"T": "1", "B": ("2", "T"), "R": "3"}).data.B, [1, 2])


@settings(max_examples=40)
@given(st.lists(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=3, max_size=3), min_size=1, max_size=9))
def test_the_fast_and_the_plain_reader_agree(rows):
    text = "".join("0," + ",".join("" if v is None else repr(v) for v in row) + ",\n" for row in rows)
    block = Block(b"x\n" + text.encode(), 2, 6)
    fast, slow = block._fast([1, 3, 5]), block._slow([1, 3, 5])
    assert all(np.allclose(a, b, rtol=1e-14, equal_nan=True) for a, b in zip(fast, slow, strict=True))
    assert np.allclose(fast[0], [np.nan if row[0] is None else row[0] for row in rows], equal_nan=True)


def test_words_between_the_numbers_are_no_numbers(tmp_path):
    text = files.table().decode().splitlines()
    text[5] = "2.0,overload,0.5"
    run = read(written(tmp_path, "\n".join(text).encode()))
    assert run.data.attrs["rows_dropped"] == 1
    assert run.data.sizes["row"] == 39


@pytest.mark.parametrize("arrays", [False, True])
def test_a_qcodes_run_is_read_and_the_database_is_left_alone(tmp_path, arrays):
    path = tmp_path / "lab.db"
    files.qcodes(path, arrays=arrays)
    before = path.read_bytes()
    run = read(path)
    assert same(run)
    assert run.channels == ("Rxx",)
    assert run.header["runs"] == "1, 2"
    assert np.all(read(path, run=1).data.R == 0)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["lab.db"]
    with pytest.raises(InvalidInput, match="`run` must be one of 1, 2, but is 3"):
        read(path, run=3)


@settings(max_examples=60)
@given(
    st.sampled_from(["<f8", ">f8", "<f4", "<i4", ">i2", "|u1", "|b1"]),
    st.lists(st.integers(1, 5), min_size=0, max_size=3),
    st.booleans(),
    st.sampled_from([(1, 0), (2, 0), (3, 0)]),
)
def test_arrays_are_read_as_numpy_reads_them(kind, shape, columns_first, version):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(kind)
    array = np.asfortranarray(array) if columns_first else array
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    assert np.array_equal(_array(stream.getvalue(), "x"), array.ravel().astype(float))


def test_hdf5_is_read_by_name_and_links_are_not_followed(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "run.h5"
    files.hdf5(path)
    files.hdf5(tmp_path / "other.h5")
    assert same(read(path))
    assert np.allclose(read(path).data.R[1], 2 * read(path).data.R[0])
    with h5py.File(path, "a") as file:
        del file["entry/T"]
        file["entry/T"] = h5py.ExternalLink("other.h5", "entry/T")
        file["entry/again"] = h5py.SoftLink("/entry/B")
    with pytest.raises(InvalidInput, match="must have a column of T"):
        read(path)
    run = read(path, columns={"T": 2.0})
    assert "entry/T" in run.data.attrs["warnings"]
    assert "entry/again" in run.data.attrs["warnings"]


def test_a_format_is_told_by_the_content(tmp_path):
    assert same(read(written(tmp_path, files.resistivity(), "run.h5")))
    assert same(read(written(tmp_path, files.table(), "run.db")))
    files.hdf5(tmp_path / "run.csv")
    assert read(tmp_path / "run.csv").data.attrs["format"] == "hdf5"
    with pytest.raises(InvalidInput, match="must be of the format qcodes, but its content is hdf5"):
        read(tmp_path / "run.csv", format="qcodes")
    assert {f.name for f in formats()} == {"multivu", "delimited", "qcodes", "hdf5"}


def test_the_angle_of_a_file_without_a_rotator_is_unknown_unless_given(tmp_path):
    path = written(tmp_path, files.resistivity())
    assert np.isnan(read(path).data.theta).all()
    assert "0 in every row" in read(path).data.attrs["theta_source"]
    assert np.all(read(path, theta="parallel").data.theta == 90)
    assert np.all(read(path, theta="perpendicular").data.theta == 0)
    assert np.all(read(path, theta=12.5).data.theta == 12.5)
    assert np.allclose(read(written(tmp_path, files.eto()), theta=1.5).data.theta, 31.5)


def test_time_that_goes_back_and_repeated_rows_are_told_and_kept(tmp_path):
    lines = files.resistivity().decode().splitlines()
    start = len(files.PPMS_HEADER.splitlines()) + 1
    lines[start + 3], lines[start + 4] = lines[start + 4], lines[start + 3]
    lines.insert(start + 9, lines[start + 9])
    data = read(written(tmp_path, "\n".join(lines).encode())).data
    assert data.sizes["row"] == 41
    assert "time does not rise" in data.attrs["warnings"]
    assert "1 rows repeat" in data.attrs["warnings"]


def test_units_are_told_apart():
    assert split_unit("Bridge 1 Resistivity (Ohm-m)") == ("Bridge 1 Resistivity", "Ohm-m")
    assert canonical("Ω") == canonical("ohms") == canonical("OHM") == "Ohm"
    assert canonical("µΩ cm") == canonical("uohm*cm") == "uOhm-cm"
    assert canonical("mOhm") != canonical("MOhm")
    assert kind_of("Ohm-cm") == "resistivity"
    assert kind_of("furlong") is None


@pytest.mark.parametrize(
    ("text", "kwargs", "sentence"),
    [
        (b"T (K),R (Ohm)\n2,1\n3,1\n", {}, r"must have a column of B \(looked for magnetic field.*but has T \(K\), R"),
        (b"T (K),B,R (Ohm)\n2,1,1\n3,1,1\n", {}, "column `B` must have a unit of field .* but has none"),
        (b"T (Oe),B (T),R (Ohm)\n2,1,1\n", {}, "must have a column of T"),
        (b"Temperature (Oe),B (T),R (Ohm)\n2,1,1\n", {}, "must have a unit of temperature .* but has Oe"),
        (
            b"T (K),Field (Oe),Field (T),R (Ohm)\n2,1,1,1\n",
            {},
            r"one column of field, but has Field \(Oe\), Field \(T\)",
        ),
        (b"T (K),B (T),R (Ohm)\n", {}, "must hold rows of numbers, but holds none"),
        (b"T (K),B (T),R (Ohm)\n1,,2\n,1,2\n", {}, "none of its 2 rows has all three"),
        (b"T (K),B (T),R (Ohm)\n1,1,\n1,1,\n", {}, "none of its 2 rows has all three"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"columns": {"B": ("B", "Oe")}}, "must be in T as the file says"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"columns": {"X": "B"}}, "`columns` must be one of"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"columns": {"T": "Tx"}}, "must have a column of Tx"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"channels": "R9"}, "`channels` must be among R, but has 'R9'"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"theta": "sideways"}, "`theta` must be a number or one of"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"encoding": "rot13"}, "`encoding` must be one of"),
        (b"T (K),B (T),R (Ohm)\n1,1,1\n", {"format": "xml"}, "`format` must be one of"),
        (b"", {}, "but is empty"),
        (b"\0\1\2junk" * 99, {}, "its content is of none"),
        (b"[Header]\nTITLE,x\n", {}, r"must have a \[Data\] section"),
        (b"[Header]\n[Data]\n", {}, r"must have column names after \[Data\]"),
        (b"SQLite format 3\0" + b"x" * 500, {}, "must be a QCoDeS database"),
        (b"\x89HDF\r\n\x1a\n" + b"x" * 500, {}, "must be a whole HDF5 file"),
    ],
)
def test_a_bad_file_gets_one_sentence(tmp_path, text, kwargs, sentence):
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read(written(tmp_path, text), **kwargs)
    assert "\n" not in str(caught.value)


def test_channels_know_their_sample(tmp_path):
    head = files.resistivity().replace(b"[Data]", b"INFO, TMR, Sample1 Name\nINFO, Sample2 Name: Hall\n[Data]")
    run = read(written(tmp_path, head))
    assert run.channels == ("Bridge 1",)
    assert list(run.data["sample"].values) == ["TMR"]
    eto = files.eto().replace(b"[Data]", b"INFO, , SAMPLE1_NAME\nINFO, Hall, SAMPLE2_NAME\n[Data]")
    run = read(written(tmp_path, eto))
    assert run.channels == ("Ch1", "Ch2")
    assert list(run.data["sample"].values) == ["", "Hall"]
    assert "sample" not in read(written(tmp_path, files.resistivity())).data.coords


def test_a_truncated_row_is_dropped_and_counted(tmp_path):
    whole = files.resistivity()
    run = read(written(tmp_path, whole[: whole.rindex(b"4369") + 30]), allow_cut=True)
    assert run.data.sizes["row"] == 39
    assert run.data.attrs["rows_dropped"] == 1


def test_the_real_file_by_an_independent_reading(ppms):
    run = read(ppms)
    lines = ppms.read_text().splitlines()
    rows = [line.split(",") for line in lines[lines.index("[Data]") + 2 :]]
    assert {len(row) for row in rows} == {23}
    assert run.channels == ("Bridge 1", "Bridge 2")
    assert list(run.data["sample"].values) == ["TMR", "Hall"]
    assert run.data.sizes["row"] == len(rows) == 1401
    assert np.allclose(run.data["T"], [float(row[3]) for row in rows], rtol=1e-14)
    assert np.allclose(run.data.B, [float(row[4]) / 1e4 for row in rows], rtol=1e-14)
    assert np.allclose(run.data.R[0], [float(row[19]) for row in rows], rtol=1e-14)
    assert np.allclose(run.data.R[1], [float(row[20]) for row in rows], rtol=1e-14)
    assert np.allclose(run.data.sigma_R[0], [float(row[14]) / 5 for row in rows], rtol=1e-14)
    assert run.header["Sample1 Units"] == "Ohm"
