"""The command `edge`: what it writes is what the public functions give, and what makes no sense is one sentence."""

import json

import numpy as np
import pytest
import xarray as xr

import spinvalley as sv
from spinvalley import cli
from spinvalley.cli import edges
from spinvalley.topology.strip import strip

FILM = ("edge", "--model", "ising-film", "--beta-so", "0.5", "--gap", "0.3", "--width", "60", "--momenta", "0:1:11")
SMALL = (*FILM, "--energies", "-0.1:0.1:3", "--states", "4")
FILES = {"edge_spectrum", "flat_bands", "nodes", "strip", "strip_without_field", "symmetry", "widths", "winding"}
DRAWN = ("edge_spectrum", "nodes", "strip", "strip_without_field", "winding")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def undrawn(here, monkeypatch):
    monkeypatch.setattr(edges, "FIGURES", {})
    return here


def call(capsys, *arguments):
    code = cli.main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_folder_holds_figures_data_and_what_was_told(capsys, here, monkeypatch):
    code, out, err = call(capsys, *SMALL)
    assert code == 0, err
    folder = here / "edge"
    assert {path.stem for path in folder.glob("*.nc")} == FILES
    assert all((folder / f"{name}.{suffix}").stat().st_size > 1000 for name in DRAWN for suffix in ("pdf", "png"))
    assert out == (folder / "summary.txt").read_text() + f"Everything is in {folder.resolve()}\n"
    assert [path.name for path in here.iterdir()] == ["edge"]
    sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    with xr.open_dataset(folder / "flat_bands.nc") as read:
        xr.testing.assert_allclose(read.load(), sv.topology.flat_bands(sc, 0.3, 1.2))
        assert read.attrs["zeeman"].tolist() == [1.2, 0, 0]
    monkeypatch.setattr(edges, "FIGURES", {})
    assert call(capsys, *SMALL)[0] == 0  # a folder of ours is replaced
    assert not list(folder.glob("*.png"))


def test_the_summary_says_what_was_found(capsys, undrawn):  # noqa: ARG001
    _, out, err = call(capsys, *SMALL)
    half = np.pi / np.sqrt(3)
    sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    bands = sv.topology.flat_bands(sc, 0.3, 1.2)
    assert "Delta = 0.3 (given)\nV = 4 Delta = (1.2, 0, 0), edge armchair" in out
    assert "at fixed k_par BDI" in out
    assert "nodes: 12, charge +: 6, charge -: 6 (converged)" in out
    assert "k_par >= 0 in units of pi/(sqrt3 a)" in out
    for start, stop, number in zip(
        bands.start.values[3:], bands.stop.values[3:], bands.winding.values[3:], strict=True
    ):
        row = next(line.split() for line in out.splitlines() if line.strip().startswith(f"{start / half:.6f}"))
        assert row[1:3] == [f"{stop / half:.6f}", f"{number:+d}"]
        assert float(row[3]) <= float(row[4])
    assert "warning: in the field, the strip of 60 columns" in out
    assert "edge: 8/8" in err


def test_the_width_that_is_told_is_enough_and_less_is_not(capsys, undrawn):
    call(capsys, *SMALL)
    with xr.open_dataset(undrawn / "edge" / "widths.nc") as widths:
        one = widths.isel(interval=1, sample=8).load()
        limit = widths.attrs["splitting"]
    sc = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
    columns, k = int(one.columns), float(one.k_parallel)
    assert np.abs(strip(sc, 0.3, 1.2, columns + 1, k, states=2).energy.values).max() <= limit
    with pytest.warns(UserWarning, match="narrower"):
        assert np.abs(strip(sc, 0.3, 1.2, columns // 4, k, states=2).energy.values).max() > limit


def test_one_json_document(capsys, undrawn):
    code, out, err = call(capsys, *SMALL, "--json", "--out", "there")
    read = json.loads(out, parse_constant=pytest.fail)
    assert (code, err) == (0, "")
    assert read["folder"] == str((undrawn / "there").resolve())
    assert (read["gap"], read["zeeman"]) == (0.3, [1.2, 0.0, 0.0])
    assert read["flat_bands"]["variables"]["winding"]["values"] == [1, -1, 1, 1, -1, 1]
    assert len(read["warnings"]) >= 1


def test_a_zigzag_edge_or_a_pair_has_no_flat_bands_here(capsys, undrawn):  # noqa: ARG001
    for which, name in (("zigzag", "zigzag"), ("1,0", "(1, 0)")):
        code, out, _ = call(capsys, *SMALL, "--edge", which, "--json", "--out", "z")
        assert code == 0
        assert (json.loads(out)["edge"], json.loads(out)["flat_bands"]["variables"]["winding"]["values"]) == (name, [])


def test_without_field_there_are_no_nodes(capsys, undrawn):  # noqa: ARG001
    code, out, _ = call(capsys, *SMALL, "--zeeman", "0")
    assert code == 0
    assert "nodes: 0 (converged, zero set: none)" in out
    assert "flat bands on 0 %" in out


# Self-consistent gap --------------------------------------------------------------------------------------------------
STATE = (*SMALL, "--self-consistent", "--zeeman", "2", "--kT")


def equilibrium(status):
    values = {"zeeman": 0.21, "gap": 0.28 if status == "beyond range" else 0.105, "ratio": 0.75, "status": status}
    return xr.Dataset({name: ((), value) for name, value in values.items()}, coords={"kT": 0.1})


@pytest.mark.parametrize("strength", [(), ("--gap0", "0.2")])
def test_the_gap_is_that_of_the_equilibrium_state(capsys, undrawn, monkeypatch, strength):  # noqa: ARG001
    asked = []

    def found(sc, kT, ratio, **_):
        asked.append((sc.gap_scale, kT, ratio))
        return equilibrium("converged")

    monkeypatch.setattr(edges.topology, "field_at_ratio", found)
    code, out, err = call(capsys, *STATE, "0.1", *strength)
    assert code == 0, err
    assert asked == [(pytest.approx(0.2 if strength else 0.3), 0.1, 2.0)]
    assert "Delta = 0.105 (of the equilibrium state at kT = 0.1 in this field: V lies inside the superconducting" in out
    assert "V = 2 Delta = (0.21, 0, 0)" in out


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("beyond range", "V = 2 Delta does not at kT = 0.1: at V = 0.21 = 0.75 Delta(T, V) the gap 0.28 jumps to zero"),
        ("normal", "`kT` must lie below the critical temperature, but is 0.1"),
    ],
)
def test_a_field_that_ends_the_phase_is_refused(capsys, here, monkeypatch, status, sentence):
    monkeypatch.setattr(edges.topology, "field_at_ratio", lambda *_, **__: equilibrium(status))
    code, out, err = call(capsys, *STATE, "0.1", "--json")
    assert (code, out, list(here.iterdir())) == (2, "", [])
    assert sentence in err


# Bad input ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--edge cut", "armchair or a pair of coprime whole numbers (n1, n2), but is 'cut'"),
        ("--edge 2,2", "but is (2, 2)"),
        ("--edge 1,x", "but is '1,x'"),
        ("--rashba 0.1", "must have a chiral symmetry, but the in-plane spin-orbit coupling"),
        ("--direction 0,0,1", "must have a chiral symmetry, but the Ising spin-orbit coupling or the field along z"),
        ("--zeeman -1", "`zeeman` must be non-negative, but is -1.0"),
        ("--gap 0", "`gap` must be positive, but is 0.0"),
        ("--eta -1", "`eta` must be positive, but is -1.0"),
        ("--width 1", "`width` must be at least 3"),
        ("--momenta 0:x:3", "`momenta` must be a number, a list"),
        ("--energies nan", "`energies` must be finite"),
        ("--gap0 0.1", "`gap0` must come with --self-consistent"),
        ("--kT 0.1", "`kT` must come with --self-consistent"),
        ("--self-consistent", "`kT` must be given with --self-consistent, but is not"),
        ("--self-consistent --kT 0.1 --zeeman 0", "`zeeman` must be positive"),
        ("--out .", "`out` must not be the folder that you are in"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(capsys, here, arguments, sentence):
    code, out, err = call(capsys, *SMALL, *arguments.split(), "--json")
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert list(here.iterdir()) == []


def test_a_failure_while_writing_leaves_no_folder(capsys, here, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "x.nc")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", full)
    code, _, err = call(capsys, *SMALL, "--json")
    assert (code, err) == (1, "spinvalley: No space left on device: x.nc\n")
    assert list(here.iterdir()) == []
