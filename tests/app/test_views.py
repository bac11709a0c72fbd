"""Laws of the panels: the last picture is what the public function gives, coarse ones come first, scripts run."""

from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.app import coarse, systems
from spinvalley.app.edge import EdgeView
from spinvalley.app.look import COLOURS, Look
from spinvalley.app.material import MaterialView
from spinvalley.app.measured import MeasuredView
from spinvalley.app.phase import PhaseView
from spinvalley.app.plots import smooth
from spinvalley.app.studies import StudiesView, _stores
from spinvalley.app.upload import Dropper
from spinvalley.app.view import View
from spinvalley.app.worker import Cancelled
from spinvalley.checks import InvalidInput

X = np.array([1.0, 0.0, 0.0])


def quiet(stage: str, done: int, total: int) -> None:
    """A page that looks at no progress."""


def values_of(view: View, **given: Any) -> Mapping[str, Any]:
    view.controls.give(given)
    return view.controls.values()


def results(view: View, **given: Any) -> Iterator[Any]:
    return view.compute(values_of(view, **given), quiet)


@settings(max_examples=4)
@given(st.floats(0.0, 0.3), st.floats(-2.0, 1.0), st.floats(0.05, 0.3))
def test_the_sketch_is_close_to_the_phase_diagram_and_does_not_claim_to_be_one(
    beta_so: float, mu: float, gap0: float
) -> None:
    made = systems.system({"model": "ising-film", "beta_so": beta_so, "mu": mu, "gap0": gap0})
    *parts, rough = systems.sketch(made, gap0, X)
    assert [p.sizes["zeeman"] for p in parts] == [*range(1, len(parts) + 1)]
    assert set(np.unique(rough.status)) == {"not converged"}
    fine = sv.phase_diagram(made.sc, rough.kT[4::6], rough.zeeman[:3], tol=1e-4)
    away = np.abs(rough.gap.sel(kT=fine.kT, zeeman=fine.zeeman) - fine.gap) / gap0
    clear = (fine.gap == 0) | (fine.gap > 0.5 * gap0)  # not next to a transition, where a small error is the whole gap
    assert float(away.where(clear).max()) < 0.05


@pytest.fixture(scope="module")
def table() -> coarse.Table:
    coarse.prepare("MoS2", lambda *_: None)
    found = coarse._tables["MoS2"]
    assert found is not None
    return found


def interpolates_well(table: coarse.Table, density: float, rashba: float) -> bool:
    """The law: the level is right to a meV, the couplings to a twentieth."""
    rough = table.at(density, rashba).parameters
    true = sv.models.one_band("MoS2", density=1e13 * density, rashba_ratio=rashba).parameters
    near = all(abs(getattr(rough, n) - getattr(true, n)) <= 0.05 * abs(getattr(true, n)) for n in ("beta", "alpha_r"))
    return abs(rough.mu - true.mu) < 1.0 and near


@settings(max_examples=5)
@given(st.floats(2.0, 14.0), st.floats(0.0, 0.5))
def test_the_first_picture_of_a_material_is_close_to_its_calibration(
    table: coarse.Table, density: float, rashba: float
) -> None:
    assert interpolates_well(table, density, rashba)


def test_an_interpolation_at_another_density_would_be_noticed(table: coarse.Table) -> None:
    class Wrong(coarse.Table):
        def at(self, density: float, rashba: float) -> Any:
            return super().at(density + 0.5, rashba)

    assert not interpolates_well(Wrong(table.model, table.curves), 8.7, 0.02)


def test_the_last_picture_of_a_material_is_not_the_interpolated_one(table: coarse.Table) -> None:
    found = list(results(MaterialView(Look()), model="MoS2", density=5.0))
    true = sv.models.one_band("MoS2", density=5e13)
    direct, fine = (sv.normal.bands(true, ("Gamma", "K", "M", "Gamma"), points=n) for n in (121, 601))
    assert table.at(5.0, 0.02).parameters != true.parameters
    np.testing.assert_allclose(found[-1].bands.energy, fine.energy, atol=1e-9)
    occupied = direct.energy.values < 20  # meV: the sea, where the polynomial was made
    np.testing.assert_allclose(found[0].bands.energy.values[occupied], direct.energy.values[occupied], atol=3.0)


def test_maps_grow_finer_and_keep_every_column() -> None:
    view = PhaseView(Look())
    every = list(results(view, model="ising-film", beta_so=0.02, gap0=0.3, v_max=1.0))
    found = [one for one in every if not one.map.attrs.get("step")]
    assert every[0].map.sizes["zeeman"] == 1
    maps = [one.map for one in found]
    assert [m.sizes["zeeman"] for m in maps] == [9, 9, 17, 17, 33]
    for rough, fine in pairwise(maps):
        np.testing.assert_array_equal(fine.gap.sel(zeeman=rough.zeeman), rough.gap)
    last = found[-1]
    direct = sv.phase_diagram(last.system.sc, last.map.kT, last.map.zeeman[[3, 20]], tol=1e-2)
    np.testing.assert_allclose(last.map.gap[:, [3, 20]], direct.gap, atol=1e-12)
    assert last.line.sizes["kT"] == 12
    for one in every:
        view.show(one)
    assert len(view.map._lines[2].data["xs"]) + len(view.map._lines[1].data["xs"]) > 0
    assert "within 1 %" in view.done_text()


def test_a_job_stops_where_it_tells_its_progress() -> None:
    told: list[str] = []

    def tell(stage: str, *_: int) -> None:
        told.append(stage)
        if "9 fields" in stage:
            raise Cancelled("cancelled")

    view = PhaseView(Look())
    work = view.compute(values_of(view, gap0=0.3), tell)
    assert next(work).line is None
    with pytest.raises(Cancelled):
        list(work)
    assert not any("critical" in stage for stage in told)


def test_the_state_at_a_point_is_that_of_solve_gap() -> None:
    view = PhaseView(Look())
    values = values_of(view, model="ising-film", beta_so=0.0, gap0=0.2, t=0.1, v=0.65)
    point = next(view._compute_point(values, quiet))
    state = sv.solve_gap(sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2)), 0.02, 0.13)
    assert point.state.gap == pytest.approx(state.gap, rel=1e-4)
    lowest = point.gaps[np.argmin(point.energy)] * point.system.gap
    assert lowest == pytest.approx(state.gap, abs=0.02 * 0.2)
    view._show_point(point)
    assert "superconducting" in view.facts.object


@pytest.mark.parametrize("model", ["heterostructure", "ising-film", "tmd", "NbSe2", "MoS2"])
def test_bands_and_lines_are_those_of_the_library(model: str) -> None:
    view = MaterialView(Look())
    found = list(results(view, model=model))
    assert found[0].bands.sizes["k_index"] < found[1].bands.sizes["k_index"]
    namespace: dict[str, Any] = {}
    exec(view.script(view.controls.values()), namespace)
    np.testing.assert_allclose(found[1].bands.energy, namespace["bands"].energy, atol=1e-9)
    np.testing.assert_allclose(np.sort(found[1].lines.area), np.sort(namespace["lines"].area), atol=1e-5)
    view.show(found[-1])
    assert len(view.zone._lines.data["xs"]) > 0
    assert "electron" in view.facts.object or "hole" in view.facts.object


@pytest.mark.parametrize("picture", ["strip", "half-plane"])
def test_edges_are_those_of_the_library(picture: str) -> None:
    view = EdgeView(Look())
    found = list(islice(results(view, picture=picture, width=40), 3))
    assert found[0].strip is None
    assert found[0].spectrum is None
    lines = view.script(view.controls.values()).splitlines()
    namespace: dict[str, Any] = {}
    exec("\n".join(lines[:-2]), namespace)
    np.testing.assert_array_equal(found[0].bands.winding, namespace["bands"].winding)
    if picture == "strip":
        coarse, fine = found[1].strip, found[2].strip
        assert fine.sizes["k_parallel"] == 2 * coarse.sizes["k_parallel"] - 1
        np.testing.assert_array_equal(fine.energy.sel(k_parallel=coarse.k_parallel), coarse.energy)
    else:
        assert found[1].spectrum.sizes["k_parallel"] < found[2].spectrum.sizes["k_parallel"]
    for one in found:
        view.show(one)
    assert "%" in view.facts.object


@pytest.mark.parametrize("model", ["ising-film", "heterostructure", "MoS2"])
@pytest.mark.nightly
def test_the_script_of_a_phase_diagram_runs_as_shown(model: str) -> None:
    view = PhaseView(Look())
    namespace: dict[str, Any] = {}
    exec(view.script(values_of(view, model=model)), namespace)
    assert np.isin(namespace["line"].status, ("converged", "normal")).all()


def test_scripts_of_the_models_build_what_the_panel_computes() -> None:
    view = PhaseView(Look())
    for model in ("ising-film", "heterostructure"):
        values = values_of(view, model=model, mu=0.3, gap0=0.07)
        text = "\n".join(view.script(values).splitlines()[:-3])
        namespace: dict[str, Any] = {}
        exec(text, namespace)
        assert namespace["sc"].v == pytest.approx(systems.system(values).sc.v, rel=1e-9)


def test_a_file_is_analysed_and_its_report_is_offered(tmp_path: Path) -> None:
    from spinvalley.reports.example import write_example

    view = MeasuredView(Look())
    folder = Path(view._folder.name)
    write_example(tmp_path / "x.csv")
    view._file = tmp_path / "x.csv"
    found = list(islice(view._analysed(view._file, view._options(view.controls.values()), quiet), 2))
    assert found[0].measured is None
    assert found[1].measured is not None
    for one in found:
        view.show(one)
    assert len(view.sweeps._curves.data["xs"]) > 5
    assert len(view.sweeps._points.data["x"]) > 5
    view.close()
    assert not folder.exists()


def test_a_damaged_file_is_one_sentence_and_leaves_nothing_behind() -> None:
    view = MeasuredView(Look())
    for name, content in (("../../x.dat", b"\x00\x01 no data"), ("y.csv", b"a,b\n1,2\n"), ("z.h5", b"")):
        view._uploaded(name, content)
        view.worker.close()
        assert "failed" in view.state.object or view._file is not None
        assert "Traceback" not in view.state.object
    assert all(path.parent == Path(view._folder.name) for path in Path(view._folder.name).rglob("*"))
    view.close()


def test_an_upload_above_the_limit_is_refused_while_it_arrives() -> None:
    taken: list[tuple[str, bytes]] = []
    refused: list[str] = []
    dropper = Dropper(lambda name, content: taken.append((name, content)), refused.append, most=1_000_000)

    class Event:
        event_name = "upload_event"

        def __init__(self, chunk: int, data: bytes) -> None:
            self.data = {"name": "a.dat", "chunk": chunk, "total_chunks": 3, "data": data, "type": ""}

    for chunk in (1, 2, 3):
        dropper.widget._process_event(Event(chunk, bytes(600_000)))
    assert taken == []
    assert "at most 1 MB" in refused[0]
    for chunk in (1, 2, 3):
        dropper.widget._process_event(Event(chunk, b"abc"))
    assert taken == [("a.dat", b"abcabcabc")]


def test_only_stores_inside_the_folder_are_found(studies: Path, tmp_path: Path) -> None:
    assert list(_stores(studies)) == ["film.zarr"]
    (tmp_path / "link").symlink_to(studies)
    assert _stores(tmp_path) == {}
    assert _stores(None) == {}


def test_a_study_is_shown_as_it_is_stored(studies: Path) -> None:
    view = StudiesView(Look(), studies)
    view._stores = _stores(studies)
    opened = next(view._read("film.zarr", quiet))
    view.show(opened)
    assert view._variable.options[0] == "gap"
    np.testing.assert_allclose(sorted(view.plot._cells.data["value"]), np.sort(opened.data.gap.values.ravel()))
    view._y.value = "(none)"
    assert len(view.plot._line.data["x"]) == 3
    assert not opened.running


def test_turning_dark_repaints_everything_that_is_there() -> None:
    view = MaterialView(Look())
    view.look.turn(True)
    assert view.bands.figure.background_fill_color == COLOURS["card"][1]
    view.look.turn(False)
    assert view.bands.figure.background_fill_color == COLOURS["card"][0]


@given(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 2.0), st.sampled_from([1, 2])), min_size=3, max_size=9))
@settings(max_examples=30)
def test_a_drawn_line_goes_through_its_points(rows: list[tuple[float, float, int]]) -> None:
    points = [(x, y, n, 0.0) for x, y, n in sorted({round(row[0], 2): row for row in rows}.values())]
    pieces = smooth(points, 1.0)
    if len(points) < 2:
        return
    x = np.concatenate([piece[1] for piece in pieces])
    y = np.concatenate([piece[2] for piece in pieces])
    for place, value, *_ in points:
        assert np.min(np.hypot(x - place, y - value)) < 1e-9
    assert np.min(np.hypot(x - points[0][0], y - points[0][1] - 0.5)) > 1e-3  # the measure can fail


def test_a_panel_for_a_notebook_refuses_what_makes_no_sense() -> None:
    panel = sv.app.material_panel(model="MoS2", density=7.0, dark=True)
    assert len(panel) == 2
    with pytest.raises(InvalidInput, match="`density` must lie between 2 and 14"):
        sv.app.material_panel(density=99.0)
    with pytest.raises(InvalidInput, match="`control` must be one of"):
        sv.app.phase_panel(colour="red")


def test_columns_with_unusual_names_are_mapped_by_hand(tmp_path: Path) -> None:
    field = np.linspace(-2, 2, 81)
    parts = [(T, B, 1 / (1 + np.exp(-(abs(B) - (1.5 - 0.4 * T)) / 0.03))) for T in (1.0, 1.5, 2.0) for B in field]
    path = tmp_path / "odd.csv"
    path.write_text("bath (K),coil (T),signal (Ohm)\n" + "\n".join(f"{T},{B:.6f},{R:.8f}" for T, B, R in parts))
    view = MeasuredView(Look())
    with pytest.raises(InvalidInput):
        next(view._analysed(path, view._options(view.controls.values()), quiet))
    view._take(path)
    view.worker.close()
    assert not view._map.collapsed
    for role, header in (("T", "bath (K)"), ("B", "coil (T)"), ("R", "signal (Ohm)")):
        assert header in view._columns[role].options
        view._columns[role].value = header
        view.worker.close()
    found = list(islice(view._analysed(path, view._options(view.controls.values()), quiet), 2))[-1]
    at_half = found.measured.fields.where(found.measured.fields.criterion == "0.5", drop=True)
    np.testing.assert_allclose(at_half.B, 1.5 - 0.4 * at_half["T"], atol=0.02)
    view.close()
