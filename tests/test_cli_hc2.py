"""`spinvalley hc2 --material`: what `hc2_limits` gives, in kelvin and tesla; one sentence where that makes no sense."""

import json

import numpy as np
import pytest
import xarray as xr

import spinvalley as sv
from spinvalley import cli

KP = ("--material", "MoS2", "--density", "8.7e13", "--tc", "6.5", "--normal-state", "kp")
GATED = "hc2 --material MoS2 --density 8.7e13 --tc 6.5"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return code, out, err


def rows(out):
    """The table under its header, as {name of the column: texts}; columns are two spaces or more apart."""
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.splitlines()[2:]]
    return dict(zip(lines[0], zip(*lines[1:], strict=True), strict=True))


# Answers --------------------------------------------------------------------------------------------------------------
def test_the_table_is_what_hc2_limits_gives(capsys):
    code, out, err = call(capsys, "hc2", *KP, "--T", "1.5,3,8", "--tol", 1e-4)
    surface = sv.pairing.fermi_surface(sv.models.valley_kp("MoS2"), density=8.7e13)
    same = sv.pairing.hc2_limits(surface, [1.5, 3.0, 8.0], tc=6.5)
    assert code == 0
    head, units, *_ = out.splitlines()
    assert head.startswith("MoS2, 8.7e+13 cm^-2, kp: mean splitting at the Fermi level 12.81 meV, 0 %")
    assert "T in K" in units
    table = rows(out)
    np.testing.assert_allclose(np.array(table["B"], float), same.B, rtol=1e-6)
    np.testing.assert_allclose(np.array(table["B_pauli"], float), same.B_pauli, rtol=1e-6)
    assert table["order"] == ("2", "2", "0")
    assert table["limit"] == tuple(same.limit.values)
    assert table["status"] == ("converged", "converged", "normal")
    assert table["enhancement"][2] == "-"
    assert "critical field: 3/3" in err


def test_one_band_is_the_default_and_takes_a_rashba_ratio(capsys):
    fields = []
    for options in ((), ("--rashba-ratio", 0.1)):
        code, out, err = call(capsys, *GATED.split(), *options, "--T", 1.5, "--tol", 1e-3, "--json")
        read = json.loads(out, parse_constant=pytest.fail)
        assert (code, err, read["command"]) == (0, "", "hc2")
        assert read["attrs"]["material"] == "MoS2"
        assert read["attrs"]["density"] == 8.7e13
        fields += read["variables"]["B"]["values"]
    np.testing.assert_allclose(fields, [74.43, 58.30], rtol=1e-3)


def test_files_hold_the_answer(capsys, here):
    code, out, err = call(capsys, "hc2", *KP, "--T", "3,8", "--json", "--out", "hc2.nc", "--out", "hc2.pdf")
    read = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    stored = xr.load_dataset(here / "hc2.nc", engine="h5netcdf")
    np.testing.assert_array_equal(stored.B, read["variables"]["B"]["values"])
    assert stored.limit.values.tolist() == ["size of the splitting", "normal state"]
    assert stored.B.attrs["units"] == "T"
    assert read["variables"]["enhancement"]["values"][1] is None
    assert (here / "hc2.pdf").read_bytes().startswith(b"%PDF")


def test_a_table_has_a_line_for_each_temperature(capsys, here):
    code, _, _ = call(capsys, "hc2", *KP, "--T", "3,8", "--out", "hc2.csv")
    assert code == 0
    header, *lines = (here / "hc2.csv").read_text().splitlines()
    assert header.startswith("T,B,")
    assert [line.split(",")[0] for line in lines] == ["3.0", "8.0"]


def test_the_direction_counts_and_a_field_along_the_spins_is_pauli_limited(capsys):
    code, out, _ = call(capsys, "hc2", *KP, "--T", "3", "--direction", "0,0,1")
    table = rows(out)
    assert (code, table["limit"], table["order"]) == (0, ("Pauli limit",), ("1",))
    assert float(table["B"][0]) == pytest.approx(float(table["B_pauli"][0]), rel=1e-4)


def test_temperatures_run_up_to_tc_unless_given(capsys):
    code, out, _ = call(capsys, "hc2", *KP, "--tol", 1e-3)
    T = np.array(rows(out)["T"], float)
    assert code == 0
    np.testing.assert_allclose(T, np.linspace(0.15, 0.98, 12) * 6.5, rtol=1e-6)


@pytest.mark.parametrize("material", sv.models.material_names())
def test_every_material_has_a_field(capsys, material):
    code, out, _ = call(
        capsys,
        *("hc2", "--material", material, "--density", "5e12", "--tc", "3", "--T", "2", "--normal-state", "kp"),
    )
    assert code == 0
    assert float(rows(out)["B"][0]) > float(rows(out)["B_pauli"][0])


@pytest.mark.filterwarnings("always")
def test_valleys_that_are_missing_are_warned_of_in_one_line(capsys):
    code, _, err = call(
        capsys,
        *("hc2", "--material", "WSe2", "--density", "8.7e13", "--tc", "3", "--T", "2", "--normal-state", "kp"),
    )
    assert code == 0
    warned = [line for line in err.splitlines() if "beyond 5.458e+12 cm^-2" in line]
    assert len(warned) == 1
    assert warned[0].startswith("spinvalley: warning: `density` is 8.7e+13 cm^-2")


# Bad input ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "hc2 --material MoS3 --density 8.7e13 --tc 6.5",
            "`material` must be one of MoS2, WS2, MoSe2, WSe2, MoTe2, WTe2, NbSe2, but is 'MoS3'",
        ),
        ("hc2 --material MoS2 --density -8.7e13 --tc 6.5", "`density` must be positive, but is -87000000000000.0"),
        ("hc2 --material MoS2 --density nan --tc 6.5", "`density` must be finite, but is nan"),
        ("hc2 --material MoS2 --density 1e16 --tc 6.5", "`density` must be below 8.813e+14 cm^-2"),
        ("hc2 --material MoS2 --tc 6.5", "`density` must be given in cm^-2 with `material`, but is not"),
        ("hc2 --material MoS2 --density 8.7e13", "`tc` must be given in K with `material`, but is not"),
        ("hc2 --material MoS2 --density 8.7e13 --tc 0", "`tc` must be positive, but is 0.0"),
        (f"{GATED} --kT 0.1", "`kT` must not be given with `material`, use `T` in kelvin"),
        (f"{GATED} --T 0,1", "`T` must be positive, but is 0.0"),
        (f"{GATED} --T 1:x", "`T` must be a number, a list"),
        (f"{GATED} --mu 3", "`mu` must not be given with `material`, but is 3.0"),
        (f"{GATED} --model tmd", "`model` must not be given with `material`, but is 'tmd'"),
        (f"{GATED} --gap0 1", "`gap0` must not be given with `material`"),
        (f"{GATED} --normal-state dft", "`normal_state` must be one of one-band, three-band, kp, but is 'dft'"),
        (f"{GATED} --normal-state kp --rashba-ratio 0.1", "`rashba_ratio` must be given for one-band only"),
        (f"{GATED} --rashba-ratio -0.1", "`rashba_ratio` must be non-negative, but is -0.1"),
        (f"{GATED} --momentum some", "`momentum` must be one of zero, best, but is 'some'"),
        (f"{GATED} --direction 0,0,0", "`direction` must be a nonzero 3-vector"),
        (f"{GATED} --out x.txt", "`out` must be one of .nc, .json, .csv, .pdf, .png, .svg, but is '.txt'"),
        ("hc2 --density 8.7e13 --gap0 0.1 --kT 0.1", "`density` must be given with `material` only"),
        ("hc2 --T 3 --gap0 0.1 --kT 0.1", "`T` must be given with `material` only"),
        ("hc2 --gap0 0.1", "`kT` must be given for a ready model (or `material` for a material), but is not"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_bad_input_is_one_sentence_and_code_2(capsys, here, arguments, sentence, as_json):
    code, out, err = call(capsys, *arguments.split(), *(["--json"] if as_json else []))
    assert (code, out) == (2, "")
    assert err.startswith("spinvalley: ")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert list(here.iterdir()) == []
