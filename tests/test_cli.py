"""The command line: thin over the public functions, light to start, one sentence where the input makes no sense."""

import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import spinvalley as sv
from spinvalley import cli
from spinvalley.cli import giving, reading, telling
from spinvalley.cli.options import Physics
from spinvalley.papers import heterostructure

FILM = ("--v", "2.295202")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return code, out, err


# Start ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("arguments", [("--help",), ("hc2", "--help"), ("edge", "--help"), ("--version",), ("frob",)])
def test_the_start_imports_nothing_heavy(arguments):
    script = (
        "import sys; from spinvalley import cli; code = cli.main(sys.argv[1:]);"
        "heavy = {'jax', 'matplotlib', 'xarray', 'numpy', 'scipy'} & set(sys.modules);"
        "sys.exit(f'heavy: {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert "heavy" not in done.stderr
    assert done.returncode == (2 if arguments == ("frob",) else 0)


def test_help_and_version(capsys):
    code, out, _ = call(capsys, "--help")
    assert code == 0
    assert all(command in out for command in ("paper", "gap", "hc2", "map", "edge"))
    assert call(capsys)[:2] == (code, out)
    assert call(capsys, "--version")[:2] == (0, f"spinvalley {sv.__version__}\n")


# Bad input ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("gap --gap0 0.2 --kT -1", "`kT` must be non-negative, but is -1.0"),
        ("gap --gap0 0.2 --kT nan", "`kT` must be finite, but contains nan"),
        ("gap --gap0 nan --kT 0.1", "`gap0` must be finite, but is nan"),
        ("gap --gap0 0.2 --kT 0.1 --zeeman inf", "must be finite"),
        (
            "gap --gap0 0.1 --v 2 --kT 0.1",
            "exactly one of `gap0`, `v`, `tc`, `layer_gap0` must be given, but got gap0, v",
        ),
        ("gap --kT 0.1", "must be given, but got none"),
        ("gap --model heterostructure --on foo --gap0 1 --kT 0", "`on` must name layers out of sc, tmd, but has 'foo'"),
        ("gap --model heterostructure --on foo --layer-gap0 1 --kT 0", "`on` must name layers out of sc, tmd"),
        ("gap --model graphene --gap0 1 --kT 0", "`model` must be one of film, tmd, ising-film, heterostructure"),
        ("gap --coupling 1 --gap0 0.1 --kT 0", "the model film must be given `t`, `mu` only, but got `coupling`"),
        ("gap --model ising-film --gap0 0.1 --kT 0", "`beta_so` must be given for the model ising-film, but is not"),
        ("gap --gap0 1e-12 --kT 0.1", "`gap0` must be at least 1e-09 of the largest band energy"),
        ("gap --channel g --v 1 --kT 0.1", "`name` must be one of s, s_ext, p_x"),
        ("gap --channel d_xy --interaction contact --v 1 --kT 0.1", "'contact' pairs electrons on one site"),
        ("gap --filling 3 --v 2 --kT 0.1", "must be between 0 and 2 electrons per cell"),
        ("gap --gap0 0.1 --kT 0:1:3", "`kT` must be one number here, but is '0:1:3'"),
        ("hc2 --gap0 0.1 --kT 0:1:x", "`kT` must be a number, a list 0.1,0.2 or a range 0:0.2:50"),
        ("hc2 --gap0 0.1 --kT 0:inf:3", "`kT` must be finite, but contains inf"),
        ("hc2 --gap0 0.1 --kT 0:1:1000000000", "`kT` must be a number, a list"),
        ("hc2 --gap0 0.1 --kT 0.1 --direction 1,0", "`direction` must be three numbers x,y,z, but is '1,0'"),
        ("hc2 --gap0 0.1 --kT 0.1 --direction 0,0,0", "`direction` must be a nonzero 3-vector"),
        ("hc2 --gap0 0.1 --kT 0.1 --tol 0", "`tol` must be positive, but is 0.0"),
        ("gap --gap0 0.1 --kT 0.1 --out x.pdf", "`out` must be one of .nc, .json, .csv, but is '.pdf'"),
        ("map --gap0 0.1 --kT 0.1 --zeeman 0 --out x.csv", "`out` must be one of .nc, .json, .pdf, .png, .svg"),
        ("paper nope", "`paper` must be one of heterostructure, gated_mos2, but is 'nope'"),
        ("paper heterostructure --out .", "`out` must not be the folder that you are in"),
        ("gap --gap0 abc --kT 0", "--gap0"),
        ("gap --gap0 1", "--kT"),
        ("gap --frob 1", "--frob"),
        ("frob", "frob"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_bad_input_is_one_sentence_and_code_2(capsys, here, arguments, sentence, as_json):
    code, out, err = call(capsys, *arguments.split(), *(["--json"] if as_json and arguments != "frob" else []))
    assert (code, out) == (2, "")
    assert err.startswith("spinvalley: ")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert list(here.iterdir()) == []


def test_a_file_that_cannot_be_written_is_one_sentence_and_code_1(capsys, here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "x.nc")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    code, _, err = call(capsys, "gap", *FILM, "--kT", 0.01, "--out", "x.nc")
    assert (code, err) == (1, "spinvalley: No space left on device: x.nc\n")
    assert list(here.iterdir()) == []


def test_an_interrupt_is_no_traceback(capsys, here, monkeypatch):  # noqa: ARG001
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(heterostructure, "compute", interrupted)
    code, _, err = call(capsys, "paper", "heterostructure")
    assert code == 130
    assert "Traceback" not in err


# Answers --------------------------------------------------------------------------------------------------------------
def test_gap_gives_what_solve_gap_gives(capsys, here):
    arguments = ("gap", *FILM, "--kT", 0.01, "--zeeman", 0.13)
    state = sv.solve_gap(sv.Superconductor(sv.models.film(), sv.s_wave(v=2.295202)), 0.01, 0.13)
    code, out, err = call(capsys, *arguments, "--json", "--out", "gap.nc", "--out", "gap.csv")
    read = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    assert read["variables"]["gap"]["values"] == state.gap
    assert read["variables"]["branch_gap"]["values"] == [b.gap for b in state.branches]
    assert len(state.branches) == 3  # the normal state is metastable here
    stored = xr.load_dataset(here / "gap.nc", engine="h5netcdf")
    assert float(stored.gap) == state.gap
    assert len((here / "gap.csv").read_text().splitlines()) == 4
    code, out, _ = call(capsys, *arguments)
    assert code == 0
    assert f"{state.gap:.7g}" in out
    assert "equilibrium" in out


def test_gap_tells_the_mean_fields_of_a_contact_interaction(capsys):
    arguments = ("gap", "--v", 2.3, "--interaction", "contact", "--filling", 0.8, "--kT", 0.06, "--zeeman", 0.1)
    sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.3, interaction="contact"), density=0.8)
    state = sv.solve_gap(sc, 0.06, 0.1)
    read = json.loads(call(capsys, *arguments, "--json")[1], parse_constant=pytest.fail)["variables"]
    assert read["mu"]["values"] == state.fields.mu
    assert read["m_x"]["values"] == state.fields.magnetisation[0] < 0  # against the field V of sigma
    assert f"chemical potential {state.fields.mu:.7g}, magnetisation" in call(capsys, *arguments)[1]


def test_hc2_gives_a_table_and_files(capsys, here):
    code, out, err = call(
        capsys, "hc2", *FILM, "--kT", "0.01,0.1", "--tol", 1e-4, "--out", "hc2.csv", "--out", "hc2.pdf"
    )
    assert code == 0
    header, first, second = out.splitlines()[1:]
    assert header.split()[:3] == ["kT", "zeeman", "order"]
    assert first.split()[2] == "1"
    assert second.split()[2] == "2"
    assert float(first.split()[1]) == pytest.approx(0.70296 * 0.2, rel=2e-4)
    assert (here / "hc2.pdf").read_bytes().startswith(b"%PDF")
    assert (here / "hc2.csv").read_text().startswith("kT,zeeman,")
    assert "critical field: 2/2" in err


def test_map_gives_one_json_document(capsys, here):
    code, out, err = call(
        capsys, "map", *FILM, "--kT", "0.01,0.12", "--zeeman", "0:0.1:2", "--json", "--out", "map.png", "--tol", 1e-3
    )
    read = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    np.testing.assert_allclose(read["variables"]["gap"]["values"], [[0.2, 0.2], [0, 0]], atol=2e-4)
    assert read["variables"]["status"]["values"][1] == ["normal", "normal"]
    assert read["command"] == "map"
    assert (here / "map.png").read_bytes().startswith(b"\x89PNG")


def test_paper_writes_into_its_folder(capsys, here, monkeypatch):
    made = []

    class Table:
        def text(self):
            return "the claims"

        def document(self):
            return {"claims": []}

    def run(folder, tell):
        tell("stage", 1, 1)
        made.append(folder)
        return Table()

    monkeypatch.setattr(heterostructure, "run", run)
    code, out, err = call(capsys, "paper", "heterostructure")
    assert (code, made) == (0, [here.resolve() / "heterostructure"])
    assert "the claims" in out
    assert "stage: 1/1" in err
    code, out, err = call(capsys, "paper", "heterostructure", "--json", "--out", "else")
    assert (code, json.loads(out), err) == (0, {"folder": str(here.resolve() / "else"), "claims": []}, "")


def test_points_without_an_answer_are_counted_and_change_the_code(capsys):
    assert giving.doubts(["converged", "normal"]) == 0
    assert capsys.readouterr().err == ""
    assert giving.doubts(np.array(["converged", "not converged"])) == 1
    assert "1 of 2 points did not reach the tolerance" in capsys.readouterr().err


# Reading and telling --------------------------------------------------------------------------------------------------
def test_options_make_the_model_that_they_say():
    built = reading.model(Physics(model="heterostructure", coupling=0.3, mu_tmd=2.5, zeeman_on="sc"))
    same = sv.models.heterostructure(coupling=0.3, mu_tmd=2.5, zeeman_on="sc")
    k = [0.3, 0.4]
    np.testing.assert_array_equal(built.hamiltonian(k), same.hamiltonian(k))
    assert built.zeeman_weights == same.zeeman_weights


def test_a_channel_an_interaction_and_a_filling_are_those_of_the_library():
    film = sv.models.film()
    d = reading.superconductor(Physics(channel="d_xy", tc=0.02))
    assert d.v == sv.Superconductor(film, sv.Pairing(form=sv.pairing.channels.channel(film, "d_xy"), tc=0.02)).v
    contact = reading.superconductor(Physics(v=2.3, interaction="contact", filling=0.8))
    assert (contact.density, contact.pairing.interaction) == (0.8, "contact")
    layer = reading.superconductor(Physics(model="heterostructure", channel="s", layer_gap0=0.05))
    assert 1 / layer.v == pytest.approx(0.5839263307, abs=1e-9)


def test_the_gap_of_the_layer_alone_fixes_v():
    sc = reading.superconductor(Physics(model="heterostructure", layer_gap0=0.05))
    assert 1 / sc.v == pytest.approx(0.5839263307, abs=1e-9)
    assert sc.pairing.on == ("sc",)


def test_numbers_come_as_one_a_list_or_a_range():
    np.testing.assert_array_equal(reading.numbers("kT", "0.5"), [0.5])
    np.testing.assert_array_equal(reading.numbers("kT", "1e-3, 2"), [1e-3, 2])
    np.testing.assert_array_equal(reading.numbers("kT", "0:1:5"), [0, 0.25, 0.5, 0.75, 1])


def test_plain_lines_tell_each_stage_once_and_its_end(capsys):
    with telling.progress(quiet=False) as tell:
        for done in range(50):
            tell("map", done + 1, 50)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("s  ")[1] for line in lines] == ["map: 1/50", "map: 50/50"]
    with telling.progress(quiet=True) as tell:
        tell("map", 1, 1)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with telling.progress(quiet=False) as tell:
        tell("map", 1, 2)
        tell("map", 2, 2)
    assert "2/2" in capsys.readouterr().err
