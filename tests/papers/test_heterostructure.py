"""heterostructure.txt: verdicts that follow from the data, and an output folder that is whole or not there."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from spinvalley.checks import InvalidInput
from spinvalley.models import Rashba
from spinvalley.normal import bands, fermi_contours, spectral_map
from spinvalley.papers import heterostructure
from spinvalley.papers.heterostructure import Computed, Parameters, algebra, claims
from spinvalley.papers.heterostructure.captions import captions
from spinvalley.papers.heterostructure.curves import Layer, lines_table, lowest, reduced
from spinvalley.papers.heterostructure.drawings import FIGURES
from spinvalley.papers.heterostructure.edge import compute_edge, superconductor
from spinvalley.papers.heterostructure.parameters import BORDER, EdgeParameters
from spinvalley.topology import symmetry_class

GAPS = (0.2, 0.05)
EDGE = EdgeParameters(
    width=20, states=8, momenta=9, resolved_width=40, map_size=(5, 4), phase_size=(21, 6), ladder=(0.3,)
)
PARAMETERS = Parameters(couplings=(0.0, 0.5), ladder=GAPS, gap0=0.05, momenta=33, edge=EDGE)


def line(layer, coupling, *, top, order, tc=1.0, status="converged"):
    """A critical line of given field and order at the lowest temperature, which ends at tc Tc(0)."""
    tc0 = float(layer.tc)
    t = np.array([0.1, 0.3, 0.6, 1.0]) * tc
    kT = np.array([0.1 * tc0, *(t[1:] * tc0)])
    u = top * np.sqrt(1 - t / tc)
    u[0] = top
    orders = np.array([order, order, 2, 2])
    per_T = {"gap": np.array([layer.gap0, 0, 0, 0]), "error": np.full(4, 1e-6), "jump": np.full(4, np.nan)}
    data = {"zeeman": u * layer.pauli, "zeeman_linear": 0.9 * u * layer.pauli, "u": u, "u_linear": 0.9 * u, **per_T}
    data |= {"u_error": np.full(4, 1e-5), "order": orders, "t": kT / tc0, "coupling": np.full(4, coupling)}
    data["status"] = np.array([status] * 4)
    attrs = {"coupling": coupling, "gap0": layer.gap0, "v": 1.0, "tc": tc * tc0, "tc0": tc0, "pauli": layer.pauli}
    attrs |= {"tc_error": 1e-9, "tc_status": "converged"}
    if order == 1:
        attrs |= {"tricritical_kT": 0.5 * tc * tc0, "tricritical_zeeman": 0.6 * layer.gap0}
    return xr.Dataset({name: ("kT", values) for name, values in data.items()}, {"kT": kT}, attrs)


def gap_map(line):
    kT, zeeman = np.linspace(0.1, 1.1, 7) * line.attrs["tc"], np.linspace(0, 1.1, 6) * float(line.zeeman.max())
    gap = line.attrs["gap0"] * np.sqrt(np.maximum(0, 1 - (kT[:, None] / line.attrs["tc"]) ** 2)) * (zeeman < zeeman[5])
    status = np.where(gap > 0, "converged", "normal")
    dims = ("kT", "zeeman")
    return xr.Dataset({"gap": (dims, gap), "status": (dims, status)}, {"kT": kT, "zeeman": zeeman})


def ratio(u, status="converged", at=4.0):
    """A field of so many gaps, in H_P."""
    values = {"u": u, "u_error": 1e-4, "ratio": at, "gap": 0.01, "status": status}
    return xr.Dataset({name: ((), value) for name, value in values.items()})


@pytest.fixture(scope="module")
def edge():
    """Fig. 4 as it is, on coarse meshes; the self-consistent fields as the two gaps have them."""
    found = compute_edge(PARAMETERS, {}, lambda *_: None)
    return replace(found, equilibrium={0.1: ratio(0.77, "beyond range", 0.78), 0.02: ratio(1.27)})


@pytest.fixture(scope="module")
def data(edge):
    """The normal state as it is; critical lines as the paper has them for the small gap, but not for the large one."""
    layers = {gap0: Layer.of(PARAMETERS, gap0) for gap0 in GAPS}
    here = layers[0.05]
    lines = {0.0: line(here, 0.0, top=0.99, order=1), 0.5: line(here, 0.5, top=3.0, order=2, tc=0.6)}
    ladder = {0.2: line(layers[0.2], 0.5, top=0.8, order=1, tc=0.8), 0.05: lines[0.5]}
    models = {"sc": PARAMETERS.film(), "tmd": PARAMETERS.tmd()}
    return Computed(
        parameters=PARAMETERS,
        bands={name: bands(model, points=31) for name, model in models.items()},
        fermi={name: fermi_contours(model, points=24) for name, model in models.items()},
        spectral=spectral_map(PARAMETERS.bilayer(0.5), points=33),
        layers=layers,
        lines=lines,
        maps={coupling: gap_map(each) for coupling, each in lines.items()},
        ladder=ladder,
        deep=lines[0.5].isel(kT=[0]),
        edge=edge,
    )


EXPECTED = {
    "splitting": "not reproduced",
    "pockets": "reproduced",
    "valleys": "reproduced",
    "induced": "reproduced",
    "eq5-sign": "not reproduced",
    "eq5-size": "not reproduced",
    "attraction": "not reproduced",
    "pairs": "not reproduced",
    "rho3": "reproduced",
    "rho3-odd": "reproduced",
    "rho3-mirror": "reproduced",
    "pauli": "reproduced",
    "limited": "reproduced",
    "tc-falls": "reproduced",
    "map-b": "reproduced",
    "map-c": "reproduced",
    "tc-ratio": "reproduced",
    "beyond": "reproduced if Delta0/|t| = 0.05",
    "several": "reproduced if Delta0/|t| = 0.05",
    "second": "reproduced if Delta0/|t| = 0.05",
    "gapped": "reproduced",
    "trivial": "reproduced",
    "operators": "reproduced",
    "bdi": "reproduced",
    "threshold": "reproduced",
    "nontrivial": "reproduced",
    "nodes": "reproduced",
    "flat": "reproduced",
    "strip": "not reproduced",
    "ratio": "reproduced if Delta0/|t| = 0.02",
    "eq8": "reproduced",
    "selective": "reproduced",
    "blocked": "reproduced",
    "equal-spin": "reproduced",
}


def test_the_verdicts_follow_from_the_data(data):
    table = claims(data)
    assert {claim.name: claim.verdict for claim in table.claims} == EXPECTED
    assert max(map(len, table.text().splitlines())) <= 100


def test_values_that_need_no_phase_diagram(data):
    table = claims(data)
    value = {claim.name: [r.value for r in claim.results] for claim in table.claims}
    assert value["splitting"][0] == pytest.approx(6 * 3**0.5, abs=1e-12)
    assert value["induced"][0] == pytest.approx(-0.0387752, abs=5e-8)
    assert value["eq5-sign"][0] == pytest.approx(-0.73205081, abs=1e-8)
    np.testing.assert_allclose(value["rho3"], [0.347077, 0.640924], atol=3e-6)
    np.testing.assert_allclose(value["pauli"], [1.8504, 1.8561], atol=5e-5)


def test_values_of_figure_4(data):
    table = claims(data)
    value = {claim.name: [r.value for r in claim.results] for claim in table.claims}
    assert value["gapped"][0] == pytest.approx(0.05235, abs=5e-6)
    np.testing.assert_allclose(value["threshold"], [1, 0.97432], atol=1.5e-5)
    assert data.edge.static == pytest.approx(1 / value["threshold"][1], abs=2e-5)  # two routes to the lower threshold
    assert value["nodes"] == [12]
    ours = data.edge.bands["armchair"]
    ends = [*ours.start.values[3:], ours.stop.values[-1]]
    np.testing.assert_allclose(np.array(ends) / BORDER, [0.608657, 0.625021, 0.695671, 0.749959], atol=1e-6)
    assert ours.winding.values[3:].tolist() == [1, -1, 1]
    assert "counts the same modes at 123 momenta" in table["flat"].comment
    assert "with w other than 0 is 0" in table["flat"].comment
    assert value["strip"][0] > 3000
    assert max(value["eq8"]) < 2e-3
    np.testing.assert_allclose(value["selective"], 2, atol=1e-6)
    np.testing.assert_allclose(value["blocked"], 0, atol=1e-6)
    spins = [float(mode.sx[0]) for mode in data.edge.spins]
    np.testing.assert_allclose(spins, [0.97, 0.968, -0.967], atol=1e-3)


def test_a_field_along_y_breaks_no_operator_and_the_terms_named_break_two(data):
    sc = superconductor(data.parameters)
    along_y = symmetry_class(sc, 0.1, [0, 0.4, 0])
    names = ["chiral", "time_reversal_1d", "particle_hole_1d"]
    assert float(along_y.paper_violation.sel(symmetry=names).max()) < 1e-12
    rashba = replace(sc, model=sc.model + Rashba(0.1, on="sc"))
    for broken in (symmetry_class(sc, 0.1, [0, 0, 0.4]), symmetry_class(rashba, 0.1, 0.4)):
        assert float(broken.paper_violation.sel(symmetry=names[:2]).min()) > 1e-2


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda e: {"gap": e.gap.assign(gap=e.gap.gap * 0)}, "gapped"),
        (lambda e: {"phase": e.phase.assign(winding=e.phase.winding + 1)}, "trivial"),
        (lambda e: {"symmetry": e.symmetry.assign(paper_violation=e.symmetry.paper_violation + 1)}, "operators"),
        (lambda e: {"symmetry": e.symmetry.assign(square=-e.symmetry.square)}, "bdi"),
        (lambda e: {"thresholds": {n: t.assign(zeeman=0.5 * t.zeeman) for n, t in e.thresholds.items()}}, "threshold"),
        (lambda e: {"bands": e.bands | {"armchair": e.bands["armchair"].assign(fraction=0.0)}}, "nontrivial"),
        (lambda e: {"nodes": e.nodes.isel(node=[])}, "nodes"),
        (lambda e: {"bands": e.bands | {"armchair": e.bands["armchair"].isel(interval=[0, 3, 5])}}, "flat"),
        (lambda e: {"equilibrium": {0.1: e.equilibrium[0.1]}}, "ratio"),
        (lambda e: {"schemes": e.schemes.assign(largest_shift=e.schemes.largest_shift + 0.01)}, "eq8"),
        (lambda e: {"reflection": e.reflection.assign(conductance=1 + 0 * e.reflection.conductance)}, "selective"),
        (lambda e: {"reflection": e.reflection.assign(conductance=1 + 0 * e.reflection.conductance)}, "blocked"),
        (lambda e: {"reflection": e.reflection.assign(andreev=1 + 0 * e.reflection.andreev)}, "equal-spin"),
    ],
)
def test_a_broken_edge_turns_the_verdict(data, change, name):
    broken = replace(data, edge=replace(data.edge, **change(data.edge)))
    assert claims(broken)[name].verdict == "not reproduced"


@pytest.mark.parametrize(
    ("change", "name", "verdict"),
    [
        ({"top": 0.9, "order": 2, "tc": 0.6}, "beyond", "not reproduced"),
        ({"top": 1.9, "order": 2, "tc": 0.6}, "several", "not reproduced"),
        ({"top": 3.0, "order": 1, "tc": 0.6}, "second", "not reproduced"),
        ({"top": 3.0, "order": 1, "tc": 0.6}, "map-c", "not reproduced"),
        ({"top": 3.0, "order": 2, "tc": 0.6, "status": "not converged"}, "map-c", "not reproduced"),
        ({"top": 3.0, "order": 2, "tc": 1.2}, "tc-falls", "not reproduced"),
        ({"top": 3.0, "order": 2, "tc": 1.2}, "tc-ratio", "reproduced if Delta0/|t| = 0.2"),
    ],
)
def test_a_broken_line_turns_the_verdict(data, change, name, verdict):
    broken = line(data.layers[0.05], 0.5, **change)
    other = replace(data, lines=data.lines | {0.5: broken}, ladder=data.ladder | {0.05: broken})
    assert claims(other)[name].verdict == verdict


@pytest.mark.parametrize(("change", "name"), [({"top": 1.2, "order": 1}, "limited"), ({"top": 1, "order": 2}, "map-b")])
def test_a_broken_isolated_layer_turns_the_verdict(data, change, name):
    broken = line(data.layers[0.05], 0.0, **change)
    assert claims(replace(data, lines=data.lines | {0.0: broken}))[name].verdict == "not reproduced"


def test_fock_space_knows_the_signs():
    assert algebra.lowest_energy(as_printed=True) == pytest.approx(0, abs=1e-12)
    assert algebra.lowest_energy(as_printed=False) == pytest.approx(-2)
    one, other = algebra.annihilator("k", "up"), algebra.annihilator("-k", "dn")
    np.testing.assert_array_equal(one @ other + other @ one, 0)
    np.testing.assert_array_equal(one @ one.T + one.T @ one, np.eye(16))
    exact = 1.0 / np.hypot(0.3, 1.0)  # two pairs of <s s> = gap / 2 sqrt(xi^2 + gap^2)
    assert algebra.anomalous_average(as_printed=False) == pytest.approx(exact)


def test_lines_become_tables_and_reduced_units(data):
    points, ends = lines_table(data.ladder)
    assert points.sizes == {"point": 8}
    assert ends.sizes == {"line": 2}
    np.testing.assert_array_equal(points.gap0.values, [0.2] * 4 + [0.05] * 4)
    np.testing.assert_array_equal(np.isnan(ends.tricritical_kT), [False, True])
    unit = reduced(data.ladder[0.2])
    np.testing.assert_allclose(unit.kT, unit.t)
    np.testing.assert_allclose(unit.zeeman, unit.u)
    assert unit.attrs["tricritical_kT"] == pytest.approx(0.4)
    assert float(lowest(data.lines[0.5], 0.1).t) == pytest.approx(0.1)


def test_captions_name_every_figure_and_what_is_not_printed(data):
    text = captions(data)
    assert all(f"\n{name}. " in f"\n{text}" for name in FIGURES)
    assert max(map(len, text.splitlines())) <= 100
    assert "the paper does not print it" in " ".join(text.split())


@pytest.fixture
def computed(data, monkeypatch):
    monkeypatch.setattr(heterostructure, "compute", lambda *_: data)
    return data


def test_run_writes_figures_data_captions_and_claims(computed, tmp_path):
    heard = []
    table = heterostructure.run(tmp_path / "out", lambda *step: heard.append(step))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {f"{name}.{kind}" for name in FIGURES for kind in ("pdf", "png")} <= names
    assert {"claims.txt", "claims.json", "captions.txt", "fig3a.csv", "fig3a.nc", "fig3b.nc", "fig2.nc"} <= names
    assert json.loads((tmp_path / "out/claims.json").read_text())["summary"] == table.summary()
    assert sorted(json.loads((tmp_path / "out/manifest.json").read_text())["files"]) == sorted(
        names - {"manifest.json"}
    )
    stored = xr.load_dataset(tmp_path / "out/fig3a.nc", engine="h5netcdf")
    np.testing.assert_array_equal(stored.u, np.concatenate([each.u for each in computed.lines.values()]))
    assert heard[-1] == ("drawing", len(FIGURES), len(FIGURES))


def test_a_failure_in_the_middle_leaves_nothing(computed, tmp_path, monkeypatch):  # noqa: ARG001
    def broken(_):
        raise RuntimeError("the printer is on fire")

    monkeypatch.setitem(FIGURES, "fig1b", broken)
    with pytest.raises(RuntimeError, match="on fire"):
        heterostructure.run(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_others_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(heterostructure, "compute", lambda *_: pytest.fail("must not start"))
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InvalidInput, match="holds"):
        heterostructure.run(tmp_path)


@pytest.mark.parametrize(
    "change", [{"gap0": 0.03}, {"couplings": (0.1, 0.5)}, {"couplings": (0.0, 0.5, 0.2)}, {"lowest": 0}]
)
def test_senseless_parameters_are_refused(change):
    with pytest.raises(InvalidInput, match="must"):
        Parameters(**change)


@pytest.mark.nightly
def test_the_paper_in_full(tmp_path):
    table = heterostructure.run(tmp_path / "out")
    verdicts = {claim.name: claim.verdict for claim in table.claims}
    small = "reproduced if Delta0/|t| = "
    assert verdicts == EXPECTED | {
        "beyond": small + "0.02, 0.01, 0.005, 0.002",
        "several": small + "0.01, 0.005, 0.002",
        "second": small + "0.05, 0.02, 0.01, 0.005, 0.002",
        "ratio": small + "0.02, 0.005",
    }
    found = {r.at: r.value for r in table["beyond"].results}
    assert found[0.05] == pytest.approx(0.929523, abs=1e-5)
    assert found[0.005] == pytest.approx(3.84524, abs=1e-5)
    assert found[0.2] == pytest.approx(0.79087, abs=1e-5)
    fields = {r.at: r.value for r in table["ratio"].results}
    assert [fields[gap0] for gap0 in (0.1, 0.02, 0.005)] == pytest.approx([0.7685, 1.269, 1.985], abs=1e-3)
    assert {r.at: r.value for r in table["tc-ratio"].results}[0.05] == pytest.approx(0.692431, abs=1e-5)
