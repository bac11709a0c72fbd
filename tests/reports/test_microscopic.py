"""Laws of the microscopic fit model: it is Hc2 of `pairing`, and its parameters come back."""

import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.experiment import Sample, compare, fit
from spinvalley.models import valley_kp
from spinvalley.pairing import InterValley, fermi_surface, hc2
from spinvalley.reports import Options, analyse_table
from spinvalley.reports.microscopic import Microscopic, microscopic

T = np.linspace(1.2, 6.2, 12)
DENSITY = 8.7e13


def field(theory, **values):
    known = {"tc": 6.5} | values
    return theory.formula.field(T, *(known[p.name] for p in theory.formula.parameters))


def table(B, sigma=0.3):
    return {"T": T, "B": B, "sigma_B": np.full(T.size, sigma)}


@settings(max_examples=8)
@given(st.floats(2e13, 9.5e13), st.floats(2.0, 10.0))
def test_it_is_hc2_of_the_fermi_surface_of_the_bands(density, tc):
    surface = fermi_surface(valley_kp("MoS2"), density)
    exact = hc2(surface, 0.3 * tc, tc=tc, tol=1e-8)
    assume(exact.order.values[0] == 2)
    theory = microscopic(f"MoS2:{density}").formula
    assert float(theory.field(np.array([0.3 * tc]), tc)[0]) == pytest.approx(float(exact.B[0]), rel=1e-6)


@settings(max_examples=6)
@given(st.floats(0.0, 1.0), st.floats(3.0, 30.0))
def test_rashba_coupling_is_that_of_its_fermi_surface(ratio, splitting):
    theory = Microscopic("WSe2", 5e13, ("splitting", "rashba_ratio"))
    values = {"splitting": splitting, "rashba_ratio": ratio}
    exact = hc2(theory.surface(values), [1.0, 3.0], tc=6.5, tol=1e-8)
    assume((exact.order == 2).all())
    found = theory.formula.field(np.array([1.0, 3.0]), 6.5, splitting, ratio)
    np.testing.assert_allclose(found, exact.B, rtol=1e-6)
    surface = theory.surface(values)
    assert float(2 * np.abs(surface.g[:, 2]) @ surface.weight) == pytest.approx(splitting)


def test_scattering_between_valleys_is_that_of_its_law():
    theory = Microscopic("WS2", 3e13, ("splitting", "tau_iv"))
    g, weight = theory._bands(np.array([3e13]), np.array([10.0]))
    B = float(theory.formula.field(np.array([2.0]), 6.5, 10.0, 80.0)[0])
    parts = [InterValley(2 * abs(float(one)), 0.6582119569509066 / 80.0 * 1e3).breaking(2.0, [B, 0, 0]) for one in g[0]]
    assert float(np.dot(weight[0], parts)) == pytest.approx(np.log(6.5 / 2.0), rel=1e-6)


def test_more_splitting_more_field_and_a_larger_g_factor_less():
    theory = Microscopic("MoS2", DENSITY, ("splitting",))
    assert np.all(field(theory, splitting=20.0) > field(theory, splitting=10.0))
    magnetic = Microscopic("MoS2", DENSITY, ("g_factor",))
    np.testing.assert_allclose(field(magnetic, g_factor=4.0), field(magnetic, g_factor=2.0) / 2)


@pytest.mark.parametrize(
    ("free", "truth"),
    [
        (("density",), {"density": 6e13}),
        (("splitting",), {"splitting": 9.0}),
        (("density", "rashba_ratio"), {"density": 8e13, "rashba_ratio": 0.3}),
        (("splitting", "tau_iv"), {"splitting": 30.0, "tau_iv": 300.0}),
        (("g_factor",), {"g_factor": 2.4}),
    ],
)
def test_the_parameters_come_back(free, truth):
    theory = Microscopic("MoS2", DENSITY, free)
    found = fit(table(field(theory, **truth), 0.05), theory.formula, fixed={"tc": 6.5})
    assert found.converged
    for name, value in truth.items():
        assert found.params[name] == pytest.approx(value, rel=1e-3), name


def test_a_dozen_points_are_fitted_fast():
    theory = Microscopic("MoS2", DENSITY, ("density", "rashba_ratio"))
    B = field(theory, density=8e13, rashba_ratio=0.3)
    start = time.process_time()
    found = fit(table(B), theory.formula, fixed={"tc": 6.5})
    found.intervals()
    assert found.verdicts
    assert time.process_time() - start < 10


def test_verdicts_follow_what_is_known():
    theory = Microscopic("MoS2", DENSITY, ("density",))
    beyond = fit(table(field(theory, density=3e14), 0.05), theory.formula, fixed={"tc": 6.5})
    assert not beyond.admissible
    assert any("filled up to" in v.text and v.holds is False for v in beyond.verdicts)
    scattered = Microscopic("MoS2", DENSITY, ("splitting", "tau_iv"))
    B = field(scattered, splitting=60.0, tau_iv=40.0)
    for tau, fine in ((10.0, True), (400.0, False)):
        found = fit(table(B, 0.02), scattered.formula, fixed={"tc": 6.5}, sample=Sample(tau=tau))
        assert found.admissible is fine
    wide = Microscopic("MoS2", DENSITY, ("splitting",))
    found = fit(table(field(wide, splitting=40.0)), wide.formula, fixed={"tc": 6.5}, sample=Sample(splitting=(5, 20)))
    assert not found.admissible


def test_a_first_order_transition_is_not_admissible():
    weak = Microscopic("MoS2", DENSITY, ("splitting",))
    B = field(weak, splitting=0.05)
    found = fit(table(B), weak.formula, fixed={"tc": 6.5, "splitting": 0.05})
    assert any("first order" in v.text for v in found.verdicts)
    assert not found.admissible


def test_it_is_ranked_among_the_formulas():
    theory = Microscopic("MoS2", DENSITY)
    noise = 0.3 * np.random.default_rng(2).normal(size=T.size)
    ranked = compare(table(field(theory) + noise), ["klb", theory.formula], fixed={"tc": 6.5}, tau=25.5)
    assert ranked.best.name == "k.p bands of MoS2 at 0.87e14 cm^-2"
    assert any(v.text.startswith("a prediction") for v in ranked.best.fit.verdicts)


def test_it_is_in_the_report_of_lines_along_the_layers_alone(tmp_path):
    B = field(Microscopic("MoS2", DENSITY))
    fields = {"parallel": B, "perpendicular": 0.05 * B}
    rows = "".join(f"{name},{t},{b},0.3\n" for name, values in fields.items() for t, b in zip(T, values, strict=True))
    (tmp_path / "t.csv").write_text("orientation,T_K,B_T,sigma_B_T\n" + rows)
    options = Options(tc=6.5, theory="MoS2:8e13", theory_free=("density",), models=("klb", "gl_perpendicular"))
    found = analyse_table(tmp_path / "t.csv", options)
    along, across = found.judged
    assert along.fitted[0].name == "k.p bands of MoS2"
    assert [c.name for c in across.fitted] == ["gl_perpendicular"]
    folder = found.write(tmp_path / "report")
    text = (folder / "report.html").read_text()
    assert "0.87" in text
    assert "k.p bands of MoS2" in text
    with pytest.raises(InvalidInput, match="`theory` needs Hc2"):
        analyse_table(tmp_path / "t.csv", Options(tc=6.5, theory="MoS2:8e13"), select={"orientation": "perpendicular"})


@pytest.mark.parametrize(
    ("text", "free", "words"),
    [
        ("MoS2", (), "like MoS2:8.7e13"),
        ("MoS2:many", (), "like MoS2:8.7e13"),
        ("MoS2:-1", (), "must be positive"),
        ("Pb:1e14", (), "`theory` must be one of"),
        ("MoS2:1e14", ("mass",), "`theory_free` must be one of"),
        ("MoS2:1e14", ("density", "splitting"), "holds both"),
        ("MoS2:1e14", ("rashba_ratio", "tau_iv"), "holds both"),
        ("MoS2:1e14", ("splitting", "g_factor"), "holds both"),
        ("MoS2:1e14", ("density", "density"), "once"),
    ],
)
def test_settings_that_make_no_sense_are_one_sentence(text, free, words):
    with pytest.raises(InvalidInput, match=words):
        microscopic(text, free)
