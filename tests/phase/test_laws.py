"""Laws of the phase diagram, on random models where they can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.gap import free_energy_landscape
from spinvalley.pairing.linearised import susceptibility


@pytest.fixture(scope="module")
def film() -> sv.Superconductor:
    return sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2))


@st.composite
def superconductors(draw: st.DrawFn) -> sv.Superconductor:
    """A film, an Ising film or a stack with a gap between 0.05 and 0.3."""
    mu = draw(st.floats(-2.0, 1.0))
    gap0 = draw(st.floats(0.05, 0.3))
    kind = draw(st.sampled_from(["film", "ising", "stack"]))
    if kind == "film":
        model = sv.models.film(mu=mu)
    elif kind == "ising":
        model = sv.models.ising_film(draw(st.floats(0.02, 0.4)), mu=mu)
    else:
        model = sv.models.heterostructure(mu_sc=mu, coupling=draw(st.floats(0.1, 0.6)))
    return sv.Superconductor(model, sv.s_wave(on="sc", gap0=gap0))


@settings(max_examples=6)
@given(superconductors())
def test_linearised_tc_equals_the_self_consistent_one(sc: sv.Superconductor) -> None:
    tc = sv.critical_temperature(sc)
    assert susceptibility(sc.sampler, float(tc), 0.0, 12) == pytest.approx(sc.strength, rel=1e-6)
    assert sv.solve_gap(sc, 0.999 * tc).gap > 0
    assert sv.solve_gap(sc, 1.001 * tc).status == "normal"


@settings(max_examples=6)
@given(superconductors(), st.floats(0.25, 0.9))
def test_hc2_separates_the_two_phases_and_its_error_covers_the_truth(sc: sv.Superconductor, t: float) -> None:
    kT = t * float(sv.critical_temperature(sc))
    line = sv.critical_field(sc, kT, tol=1e-4).isel(kT=0)
    fine = sv.critical_field(sc, kT, tol=1e-8).isel(kT=0)
    field = float(fine.zeeman)
    assert abs(float(line.zeeman) - field) <= float(line.error) + float(fine.error)
    assert sv.solve_gap(sc, kT, 0.999 * field).gap > 0
    assert sv.solve_gap(sc, kT, 1.001 * field).status == "normal"


@settings(max_examples=5)
@given(st.floats(0.02, 0.3), st.floats(0.0, 2 * np.pi), st.floats(0.2, 0.8))
def test_in_plane_direction_does_not_matter_without_rashba(beta_so: float, angle: float, t: float) -> None:
    sc = sv.Superconductor(sv.models.ising_film(beta_so), sv.s_wave(gap0=0.2))
    kT = t * 0.11
    along_x = sv.critical_field(sc, kT).zeeman
    turned = sv.critical_field(sc, kT, direction=[np.cos(angle), np.sin(angle), 0.0]).zeeman
    np.testing.assert_allclose(turned, along_x, rtol=2e-5)


def test_out_of_plane_field_finds_no_protection_by_ising_coupling(film: sv.Superconductor) -> None:
    kT = 0.05
    ising = sv.Superconductor(sv.models.ising_film(0.3), sv.s_wave(gap0=0.2))
    plain = float(sv.critical_field(film, kT).zeeman[0])
    in_plane = float(sv.critical_field(ising, kT).zeeman[0])
    out_of_plane = float(sv.critical_field(ising, kT, direction=[0, 0, 1], tol=1e-3).zeeman[0])
    assert in_plane > 1.5 * plain
    assert out_of_plane == pytest.approx(plain, rel=0.05)


def test_transition_line_is_one_curve_from_both_sides(film: sv.Superconductor) -> None:
    kT = 0.09
    field = float(sv.critical_field(film, kT).zeeman[0])
    assert sv.critical_temperature(film, field) == pytest.approx(kT, rel=1e-5)


def test_order_changes_at_the_tricritical_point(film: sv.Superconductor) -> None:
    point = sv.tricritical_point(film)
    line = sv.critical_field(film, kT=[0.97 * point.kT, 1.03 * point.kT])
    assert list(line.order.values) == [1, 2]
    np.testing.assert_allclose(line.zeeman.mean(), point.zeeman, rtol=5e-3)


def test_map_agrees_with_single_points(film: sv.Superconductor) -> None:
    grid = sv.phase_diagram(film, kT=np.linspace(0.01, 0.13, 13), zeeman=[0.0, 0.09, 0.135, 0.16], tol=1e-5)
    for i, j in [(0, 1), (3, 2), (8, 1), (0, 3), (12, 0)]:
        point = grid.isel(kT=i, zeeman=j)
        state = sv.solve_gap(film, float(point.kT), float(point.zeeman))
        assert abs(float(point.gap) - state.gap) <= float(point.error) + state.error
        assert float(point.free_energy) == pytest.approx(state.free_energy, rel=1e-7)
        assert point.status == state.status


def test_zero_temperature_belongs_to_the_map(film: sv.Superconductor) -> None:
    grid = sv.phase_diagram(film, kT=[0.0, 0.01], zeeman=[0.0, 0.1])
    np.testing.assert_allclose(grid.gap, 0.2, rtol=1e-3)


def test_iteration_of_the_gap_equation_breaks_the_law_of_the_global_minimum(film: sv.Superconductor) -> None:
    """The deliberately broken variant: the state that iteration from a large gap finds is not the equilibrium."""
    kT, field = 0.01, 0.15  # beyond the first-order transition, before the superheating field
    profile = free_energy_landscape(film, np.array([kT]), np.array([field, 0.0, 0.0]), 10, 1e-6).profile(0)
    iterated = max(b.gap for b in profile.branches() if b.kind == "minimum")
    assert iterated > 0.19
    assert sv.solve_gap(film, kT, field).gap == 0.0
    assert [b.metastable for b in profile.branches() if b.gap == iterated] == [True]


def test_ising_coupling_has_no_critical_field_at_zero_temperature() -> None:
    sc = sv.Superconductor(sv.models.ising_film(0.3), sv.s_wave(gap0=0.3))
    line = sv.critical_field(sc, kT=0.0, zeeman_max=0.5, tol=1e-3).isel(kT=0)
    assert line.status == "beyond range"
    assert float(line.zeeman) == 0.5


def test_normal_points_are_a_status_and_not_an_exception(film: sv.Superconductor) -> None:
    line = sv.critical_field(film, kT=[0.05, 0.2])
    assert list(line.status.values) == ["converged", "normal"]
    assert float(line.zeeman[1]) == 0.0
    assert sv.critical_temperature(film, 1.0).status == "normal"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda sc: sv.critical_field(sc, kT=-0.1), "`kT` must be non-negative, but contains -0.1"),
        (lambda sc: sv.critical_field(sc, kT=np.nan), "`kT` must be finite, but contains nan"),
        (lambda sc: sv.critical_field(sc, kT=[]), "`kT` must be one-dimensional and not empty"),
        (lambda sc: sv.critical_field(sc, kT=0.1, direction=[0, 0, 0]), "`direction` must be a nonzero 3-vector"),
        (lambda sc: sv.critical_field(sc, kT=0.1, tol=0), "`tol` must be positive, but is 0.0"),
        (lambda sc: sv.phase_diagram(sc, kT=0.1, zeeman=[np.inf]), "`zeeman` must be finite, but contains inf"),
        (lambda sc: sv.critical_temperature(sc, "strong"), "`zeeman` must be a number or a 3-vector"),
    ],
)
def test_bad_input_gets_one_sentence(film: sv.Superconductor, call, sentence: str) -> None:
    with pytest.raises(sv.InvalidInput) as caught:
        call(film)
    assert sentence in str(caught.value)
