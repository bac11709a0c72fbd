"""gated_mos2.txt: verdicts that follow from the numbers, fits that find what was put in, a folder that is whole."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spinvalley.checks import InvalidInput
from spinvalley.figures.style import journal
from spinvalley.pairing import DEVICES, KlemmLutherBeasley, constant_splitting, hc2, pauli_limit
from spinvalley.papers import gated_mos2
from spinvalley.papers.gated_mos2 import Computed, Parameters, claims
from spinvalley.papers.gated_mos2 import measured as points
from spinvalley.papers.gated_mos2.captions import captions
from spinvalley.papers.gated_mos2.computed import Measured
from spinvalley.papers.gated_mos2.critical import CriticalData, _rashba, compute_critical
from spinvalley.papers.gated_mos2.drawings import FIGURES
from spinvalley.papers.gated_mos2.normal_state import compute_normal
from spinvalley.papers.gated_mos2.parameters import DATA

TC = 6.5
SMALL = Parameters(
    ratios=(0.0, 0.02, 0.1), temperatures=(1.0, 1.5, 4.0), eps_perp=(3.0, 6.9, 15.0), path_points=41,
    contour_points=24, layers=6,
)  # fmt: skip
STORED = {0.0: (85.10, 75.89, 44.6), 0.02: (82.02, 74.43, 44.4), 0.1: (59.34, 58.30, 41.2)}
HERE = points.find_data(None)


def line(B, T=SMALL.temperatures, order=2, best=None):
    n = len(T)
    linear = np.array(B, dtype=float)
    data = {"B": np.array(B if best is None else best), "B_linear": linear, "error": np.full(n, 1e-4)}
    data |= {"order": np.full(n, order), "status": np.array(["converged"] * n)}
    fields = {name: ("T", values) for name, values in data.items()}
    fields["q"] = (("T", "xy"), np.zeros((n, 2)))
    return xr.Dataset(fields, {"T": list(T)}, {"tc": TC})


def table(dim, values, **columns):
    n = len(values)
    data = {"error": [1e-4] * n, "status": ["converged"] * n} | columns
    return xr.Dataset({name: (dim, column) for name, column in data.items()}, {dim: list(values)})


def over(ratios, name, values, B, splitting):
    dims, shape = ("ratio", name), np.shape(B)
    data = {"B": B, "error": np.full(shape, 1e-4), "status": np.full(shape, "converged"), "splitting": splitting}
    return xr.Dataset({k: (dims, v) for k, v in data.items()}, {"ratio": list(ratios), name: list(values)})


def critical():
    """Fields as the full run has them, to three digits."""
    lines = {ratio: line(B) for ratio, B in STORED.items()}
    free = line((11.8, 11.5, 10.3), order=1)
    q = np.linspace(-0.01, 0.01, 5)
    profile = 60 * (1 - (q / 0.02) ** 2)
    cold = table(
        "condition", range(2), B=[58.3, 58.6], needed=[0.137, 0.141], needed_error=[1e-3] * 2,
        density=[8.7e13] * 2, direction=["x", "y"],
    )  # fmt: skip
    dims = ("ratio", "T")
    gain = np.array([[0.0, 0.0], [0.06, 0.01]])
    momentum = {"zero": 60 + 0 * gain, "best": 60 * (1 + gain), "error": 1e-3 + 0 * gain, "gain": gain}
    return CriticalData(
        lines=lines,
        cold=cold,
        zeeman={"lattice": lines[0.0], "Fermi surface": lines[0.0], "constant splitting": line((91.3, 81.4, 48.0)),
                "no spin-orbit coupling": free},
        momentum=xr.Dataset({k: (dims, v) for k, v in momentum.items()}, {"ratio": [0.02, 0.1], "T": [1.0, 1.5]}),
        lattice_momentum={0.02: line([82.018], [1.0], best=[82.033]), 0.1: line([59.34], [1.0], best=[63.9])},
        profiles=xr.Dataset({"B": (("ratio", "q"), [profile, profile])}, {"ratio": [0.02, 0.1], "q": q}),
        triplet=table("ratio", (0.0, 1e-4), B=[74.7, 90.4], gain=[0.003, 0.21], share=[1e-5, 0.03]),
        density=over((0.0, 0.02), "density", (7e13, 1e14), [[62, 86], [61, 84]], [[9, 14], [9, 14]]),
        tcs=over((0.0, 0.02), "tc", (4.0, 10.0), [[58, 93], [57, 91]], [[12, 12], [12, 12]]),
        rashba=table("treatment", ("13 meV, q = 0", "13 meV, best q"), B=[16.6, 30.4]),
    )  # fmt: skip


def synthetic(tau_so=18.0, scatter=0.0):
    """Points of a Klemm-Luther-Beasley curve."""
    T = np.array([1.45, 2.8, 4.2, 5.3, 6.0])
    B = hc2(KlemmLutherBeasley(tau_so), T, tc=TC).B.values + scatter * np.array([1, -1, 1, -1, 1])
    return xr.Dataset({"B": ("T", B), "sigma": ("T", np.full(5, 0.3))}, {"T": T})


@pytest.fixture(scope="module")
def data():
    """The normal state as it is, critical fields as stored, no points."""
    klb = {d.name: hc2(KlemmLutherBeasley(d.tau_so), d.tc * np.array([0.1, 0.5, 0.9]), tc=d.tc) for d in DEVICES}
    zero = hc2(KlemmLutherBeasley(17.9), 0.01, tc=TC).isel(T=0)
    return Computed(SMALL, compute_normal(SMALL), critical(), klb, zero, None)


@pytest.fixture(scope="module")
def with_points(data):
    found = synthetic(18.4, 0.5)
    fitted = xr.DataArray(found.B.values - 1, coords={"T": found["T"].values})
    klb, ratio = points.fit_klb(found, TC), points.Fit(0.11, 0.015, 3.3)
    return replace(data, measured=Measured(Path("points.csv"), found, klb, ratio, fitted))


EXPECTED = {
    "valence": "reproduced",
    "conduction": "reproduced if model = k.p, one-band",
    "crossing": "reproduced if model = k.p, one-band",
    "fermi-splitting": "reproduced if model = k.p, one-band",
    "confined": "reproduced if condition = eps = 3, eps = 6.9, eps = 6.9 at 15 K",
    "field": "reproduced if eps = 3",
    "q-empty": "reproduced if E_Q - E_K (meV) = 265 (t = 0), 265 (t = 100)",
    "in-plane": "reproduced if place = k_F on K-M",
    "c3": "reproduced",
    "opposite": "reproduced",
    "bcs": "reproduced",
    "limit-h1": "reproduced",
    "limit-first": "reproduced",
    "four": "reproduced",
    "zeeman": "reproduced",
    "enhanced": "reproduced",
    "suppressed": "reproduced if Rashba ratio = 0.1",
    "best": "not reproduced",
    "needed": "not reproduced",
    "fflo": "reproduced if Rashba ratio = 0.02",
    "triplet": "reproduced if Tct/Tc = 0",
    "rashba-density": "reproduced",
    "controlled": "reproduced",
    "pure-rashba": "reproduced",
    "tau": "reproduced",
    "klb-zero": "reproduced",
}


# Verdicts -------------------------------------------------------------------------------------------------------------
def test_the_verdicts_follow_from_the_numbers(data):
    assert {claim.name: claim.verdict for claim in claims(data).claims} == EXPECTED


def test_claims_that_need_the_points_say_so_without_them(data, with_points):
    assert any("needs the data file" in remark for remark in claims(data).remarks)
    extra = {claim.name: claim.verdict for claim in claims(with_points).claims if claim.name not in EXPECTED}
    assert extra == {"klb-fit": "reproduced", "klb-well": "reproduced", "fitted-ratio": "reproduced"}
    assert not any("needs the data file" in remark for remark in claims(with_points).remarks)


def test_other_numbers_give_other_verdicts(data):
    """A model that does what the paper says, and one in which the momentum of the pairs matters everywhere."""
    c = data.critical
    agrees = c.cold.assign(B=("condition", [52.3, 70.0]), needed=("condition", [0.101, 0.2]))
    matters = {0.02: line([50.0], [1.0], best=[60.0])}
    other = claims(replace(data, critical=replace(c, cold=agrees, lattice_momentum=matters)))
    assert other["best"].verdict == "reproduced if density and field = 8.7e+13 cm^-2 along x"
    assert other["needed"].verdict == "reproduced if density and field = 8.7e+13 cm^-2 along x"
    assert other["fflo"].verdict == "not reproduced"


def test_a_field_that_did_not_converge_reproduces_nothing(data):
    doubtful = line(STORED[0.0]).assign(status=("T", ["not converged"] * 3))
    zeeman = dict.fromkeys(data.critical.zeeman, doubtful)
    assert claims(replace(data, critical=replace(data.critical, zeeman=zeeman)))["zeeman"].verdict == "not reproduced"


# Numbers of the normal state ------------------------------------------------------------------------------------------
def test_the_numbers_of_the_paper(data):
    numbers, gate = data.normal.numbers, data.normal.gates[6.9]
    assert float(numbers.fermi.sel(model="k.p")) == pytest.approx(12.779, abs=1e-3)
    assert float(numbers.conduction.sel(model="one-band")) == pytest.approx(3, abs=1e-9)
    np.testing.assert_allclose(numbers.valence.sel(model=["three-band, NN", "three-band, TNN"]), 146, atol=1e-6)
    assert float(gate.fraction[0]) == pytest.approx(0.8729, abs=1e-4)
    assert float(gate.vacuum_field) == pytest.approx(157.43, abs=0.01)
    assert float(data.klb_zero.B) == pytest.approx(60.12, abs=1e-3)


def test_the_closed_form_is_what_the_layers_have(data):
    """Six layers are a finite stack: the last ones feel its end."""
    gate = data.normal.gates[6.9]
    np.testing.assert_allclose(gate.fraction[:4], gate.closed[:4], rtol=2e-3)


def test_splittings_of_all_models_have_the_sign_of_one_valley(data):
    path = data.normal.path
    near_m = path.splitting.sel(x=0.15, method="nearest")
    assert np.all(near_m < 0)
    np.testing.assert_allclose(path.splitting.sel(x=0.0, model=["one-band", "k.p"]), 3)


def test_the_pockets_lie_around_their_valleys_and_are_time_reversed(data):
    pocket = data.normal.pocket
    radii = np.linalg.norm(pocket.q.values, axis=-1)
    assert radii.min() > 1.4
    assert radii.max() < 1.8
    sz = pocket.texture.sel(component="z").mean("point").values
    for band in range(2):
        assert np.isclose(sz[2 * band], -sz[2 * band + 1], atol=1e-3)


# Points ---------------------------------------------------------------------------------------------------------------
def test_the_fit_finds_the_scattering_time_that_was_put_in():
    fit = points.fit_klb(synthetic(18.0), TC)
    assert fit.value == pytest.approx(18.0, rel=1e-3)
    assert fit.error < 1e-2
    noisy = points.fit_klb(synthetic(18.0, 1.0), TC)
    assert abs(noisy.value - 18.0) < 3 * noisy.error
    assert noisy.rms == pytest.approx(1.0, abs=0.1)


def test_the_fit_finds_the_rashba_ratio_that_was_put_in():
    surfaces = {ratio: constant_splitting(13.0, ratio, 32) for ratio in (0.0, 0.05, 0.1, 0.15, 0.2)}
    T = np.array([1.5, 3.0, 5.0, 7.0])
    B = np.append(hc2(constant_splitting(13.0, 0.08, 32), T[:3], tc=TC).B.values, 0.0)
    data = xr.Dataset({"B": ("T", B), "sigma": ("T", np.full(4, 0.3))}, {"T": T})
    fit, fitted = points.fit_ratio(data, surfaces, TC)
    assert fit.value == pytest.approx(0.08, abs=2e-3)
    np.testing.assert_allclose(fitted, B[:3], rtol=5e-3)  # 7 K is above Tc


HEADER = "# a comment\ndevice,orientation,T_K,B_T,sigma_T\n"


def test_points_are_read_by_temperature_and_device(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text(HEADER + "H1,parallel,4,40,0.3\nH1,parallel,2,50,0.3\nH2,parallel,1,9,1\nH1,perpendicular,1,2,1\n")
    data = points.read_points(file)
    np.testing.assert_array_equal(data["T"], [2, 4])
    np.testing.assert_array_equal(data.B, [50, 40])
    assert points.find_data(file) == file


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEADER + "H1,parallel,4,40,0.3\nH1,parallel,2,many,0.3\n", "line 4 of .* must end with three numbers"),
        (HEADER + "H1,parallel,4\n", "line 3 of .* must have the columns device"),
        ("device,T_K\nH1,4\n", "line 2 of .* must have the columns device"),
        (HEADER + "L1,parallel,4,40,0.3\n", "must hold points of H1, parallel, but holds none"),
    ],
)
def test_a_broken_file_of_points_is_named_with_its_line(tmp_path, text, sentence):
    file = tmp_path / "points.csv"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=sentence):
        points.read_points(file)
    with pytest.raises(InvalidInput, match="must be a file of digitised points"):
        points.find_data(tmp_path / "none.csv")


def test_points_are_looked_for_beside_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "shared" / "data").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    (tmp_path / "shared" / "data" / DATA.name).write_text(HEADER)
    monkeypatch.chdir(tmp_path / "work")
    found = points.find_data(None)
    assert found is not None
    assert found.resolve() == tmp_path / "shared" / "data" / DATA.name


@pytest.mark.skipif(HERE is None, reason=f"the digitised points {DATA} are not here")
def test_the_published_scattering_time_is_that_of_the_digitised_points():
    fit = points.fit_klb(points.read_points(HERE), TC)
    assert fit.value == pytest.approx(18.4, abs=0.05)
    assert abs(fit.value - 17.9) < fit.error


# Figures and folder ---------------------------------------------------------------------------------------------------
def test_every_figure_has_a_caption_and_is_drawn_with_and_without_points(data, with_points):
    for each in (data, with_points):
        text = captions(each)
        assert max(map(len, text.splitlines())) <= 100
        assert "nan" not in text
        for name, draw in FIGURES.items():
            assert f"{name}. " in text
            with journal():
                figure = draw(each)
                figure.draw_without_rendering()
            assert all(ax.lines or ax.collections or ax.patches for ax in figure.axes)


def test_a_whole_folder_or_none(data, tmp_path, monkeypatch):
    monkeypatch.setattr(gated_mos2, "compute", lambda *_: data)
    steps = []
    table = gated_mos2.run(tmp_path / "out", lambda *step: steps.append(step), SMALL)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {f"{name}.{kind}" for name in FIGURES for kind in ("pdf", "png")} <= written
    assert {"fig4c.nc", "supp3_devices.csv", "claims.txt", "claims.json", "captions.txt", "manifest.json"} <= written
    assert json.loads((tmp_path / "out" / "claims.json").read_text())["summary"] == table.summary()
    with xr.open_dataset(tmp_path / "out" / "fig4c.nc") as saved:
        np.testing.assert_allclose(saved.B.sel(rashba_ratio=0.1), STORED[0.1])
    assert steps[-1] == ("drawing", len(FIGURES), len(FIGURES))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match=r"holds thesis\.txt"):
        gated_mos2.run(tmp_path / "own", parameters=SMALL)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ratios": (0.02, 0.1)}, "`ratios` must rise from 0"),
        ({"best_ratio": 0.3}, "`best_ratio` must be one of"),
        ({"cold": 9.0}, "`cold` must be one of"),
        ({"eps_perp": (6.9,)}, "`eps_perp` must be at least two"),
        ({"density": -1.0}, "`density` must be positive"),
    ],
)
def test_parameters_that_the_figures_cannot_use_are_refused(change, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        Parameters(**change)


# The computation itself -----------------------------------------------------------------------------------------------
def test_rashba_coupling_alone_gives_at_most_sqrt2_without_a_momentum_of_the_pairs():
    found = _rashba(SMALL)
    assert set(found.status.values) == {"converged"}
    gain = found.B.values / float(pauli_limit(TC))
    at_rest = np.array(["q = 0" in name for name in found.treatment.values])
    assert np.all(gain[at_rest] <= np.sqrt(2) + 1e-4)
    assert np.all(np.diff(gain[at_rest]) > 0)  # the stronger the coupling, the nearer
    assert np.all(gain[~at_rest] > gain[at_rest])


@pytest.mark.nightly
def test_a_short_computation_gives_what_is_stored():
    """Few points, low accuracy: the critical fields are those of the stored table."""
    p = replace(
        SMALL, temperatures=(1.0, 1.5), tol=1e-3, momentum_ratios=(0.1,), lattice_ratios=(), densities=(8.7e13,),
        critical_temperatures=(TC,), triplet_ratios=(0.0,), ratios=(0.0, 0.1), band_ratio=0.1,
    )  # fmt: skip
    heard = []
    found = compute_critical(p, lambda *step: heard.append(step))
    for ratio in p.ratios:
        np.testing.assert_allclose(found.lines[ratio].B, STORED[ratio][:2], rtol=2e-3)
    np.testing.assert_allclose(found.cold.needed, [0.137, 0.141, 0.141, 0.145], atol=3e-3)
    assert 0.05 < float(found.momentum.gain[0, 0]) < 0.085
    assert float(found.density.B[0, 0]) == pytest.approx(float(found.lines[0.0].B[1]), rel=2e-3)
    assert float(found.tcs.B[0, 0]) == pytest.approx(float(found.density.B[0, 0]), rel=1e-6)
    assert heard


@pytest.mark.nightly
def test_the_paper_as_a_whole(tmp_path):
    table = gated_mos2.run(tmp_path / "out")
    verdicts = {claim.name: claim.verdict for claim in table.claims}
    full = EXPECTED | {
        "confined": "reproduced if condition = eps = 3, eps = 6.9, eps = 10, eps = 6.9 at 15 K",
        "suppressed": "reproduced if Rashba ratio = 0.05, 0.1",
        "fflo": "reproduced if Rashba ratio = 0.02, 0.05",
    }
    if HERE is not None:
        full |= {"klb-fit": "reproduced", "klb-well": "reproduced", "fitted-ratio": "reproduced"}
    assert verdicts == full
    assert table["zeeman"].results[0].value == pytest.approx(85.10, abs=0.02)
    assert table["best"].results[0].value == pytest.approx(58.30, abs=0.01)
