"""Laws of the critical-field formulas: published numbers, limits, the microscopic code as independent witness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.experiment import breaking, formulas
from spinvalley.experiment.catalogue import FORMULAS
from spinvalley.experiment.special import digamma_difference, matsubara_rule
from spinvalley.pairing.laws import AbrikosovGorkov, InterValley, KlemmLutherBeasley, WerthamerHelfandHohenberg
from spinvalley.pairing.limits import hc2_constant_splitting, pauli_limit, tricritical_point
from spinvalley.units import FLUX_QUANTUM, HBAR, K_B

TC = 6.5
CALLS = {
    "gl_perpendicular": (8.0,),
    "gl_parallel": (8.0, 1.5),
    "gl_3d_parallel": (8.0, 4.0),
    "klb": (17.9,),
    "whh": (1.5, 1.0, 2.0),
    "abrikosov_gorkov": (2.5,),
    "ising": (13.0,),
    "ising_rashba": (13.0, 0.1),
    "ising_intervalley": (13.0, 50.0),
    "pauli": (),
}
temperatures = st.floats(0.05, 6.499)


def field(name, T, tc=TC):
    return getattr(formulas, name)(T, tc, *CALLS[name])


# Every formula of temperature ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", CALLS)
def test_the_field_falls_to_zero_at_tc_and_stays_there(name):
    T = np.linspace(0.3, 6.5, 40)
    value = field(name, T)
    assert np.all(np.diff(value) < 0)
    assert value[-1] == 0
    assert field(name, 7.0) == 0
    assert isinstance(field(name, 3.0), float)
    assert field(name, T.reshape(8, 5)).shape == (8, 5)


@given(temperature=temperatures)
@pytest.mark.parametrize("name", CALLS)
def test_one_temperature_and_many_give_the_same_field(name, temperature):
    together = field(name, np.array([0.4, temperature, 6.0]))
    assert together[1] == pytest.approx(field(name, temperature), rel=1e-11)


@pytest.mark.parametrize("name", CALLS)
def test_what_has_no_meaning_is_refused_in_one_sentence(name):
    with pytest.raises(InvalidInput, match="`T` must be"):
        field(name, -1.0)
    with pytest.raises(InvalidInput, match=r"`tc` must be positive, but is 0\.0"):
        field(name, 1.0, tc=0.0)
    with pytest.raises(InvalidInput, match="`T` must be finite, but is nan"):
        field(name, [1.0, np.nan])


@pytest.mark.parametrize("name", [n for n, f in FORMULAS.items() if f.law is not None])
def test_implicit_equations_are_solved_to_1e_12_and_their_gradient_is_that_of_the_solution(name):
    formula = FORMULAS[name]
    values = [np.float64(v) for v in (TC, *CALLS[name])]
    T = np.array([0.3, 2.0, 5.0, 6.4])
    B = formula.field(T, *values)
    steps = [formula.law.excess(B * (1 + s), T, *values) for s in (-1e-12, 1e-12)]
    assert np.all(steps[0] < 1e-15)
    assert np.all(steps[1] > -1e-15)
    gradient = formula.gradient(T, values, B, list(range(len(values))))
    for index, value in enumerate(values):
        up, down = ([*values[:index], value * s, *values[index + 1 :]] for s in (1 + 1e-4, 1 - 1e-4))
        numeric = (formula.field(T, *up) - formula.field(T, *down)) / (2e-4 * value)
        np.testing.assert_allclose(gradient[index], numeric, rtol=1e-4, atol=1e-6)


# Numbers --------------------------------------------------------------------------------------------------------------
def test_published_numbers():
    assert formulas.gl_perpendicular(0.0, 9.7, 8.0) == pytest.approx(5.142281, abs=5e-7)
    assert formulas.gl_parallel(0.0, 9.7, 8.0, 1.5) == pytest.approx(95.004713, abs=5e-7)
    assert formulas.klb(0.0, 6.5, 17.9) == pytest.approx(60.120, abs=5e-4)
    assert formulas.whh(0.0, 1.0, 1.0) == pytest.approx(0.692673, abs=5e-7)
    assert formulas.whh(0.3, 1.0, 4 / np.pi**2, 1.0, 2.0) == pytest.approx(0.221822, abs=5e-7)
    assert formulas.pauli(0.0, 1.0) == pytest.approx(1.856817, abs=5e-7)
    assert formulas.pauli(0.0, 1.0, order=2) == pytest.approx(1.312968, abs=5e-7)
    np.testing.assert_allclose(
        formulas.ising([1.0, 1.5, 3.0, 5.0], 6.5, 13.0), [91.315, 81.439, 60.083, 35.549], atol=1e-3
    )


def test_the_cusp_of_a_film_does_not_depend_on_temperature():
    for T in (1.0, 4.0, 9.0):
        across, along = formulas.gl_perpendicular(T, 9.7, 8.0), formulas.gl_parallel(T, 9.7, 8.0, 1.5)
        step = 1e-6
        slope = (along - formulas.tinkham_2d(90 - np.rad2deg(step), across, along)) / step
        assert slope == pytest.approx(3 * FLUX_QUANTUM / (np.pi * 1.5**2), rel=1e-3)
        smooth = along - formulas.anisotropic_3d(90 - np.rad2deg(step), across, along)
        assert smooth / step < 1e-3 * slope


@given(theta=st.floats(-360, 360), across=st.floats(0.1, 50), ratio=st.floats(1, 50), offset=st.floats(-5, 5))
def test_tilted_fields_solve_their_equations(theta, across, ratio, offset):
    along, angle = across * ratio, np.deg2rad(theta - offset)
    B = formulas.tinkham_2d(theta, across, along, offset)
    assert abs(B * np.cos(angle) / across) + (B * np.sin(angle) / along) ** 2 == pytest.approx(1, rel=1e-9)
    B = formulas.anisotropic_3d(theta, across, along, offset)
    assert np.hypot(B * np.cos(angle) / across, B * np.sin(angle) / along) == pytest.approx(1, rel=1e-9)


# The microscopic code as witness --------------------------------------------------------------------------------------
@given(temperature=temperatures, splitting=st.floats(0.1, 100), ratio=st.sampled_from([0.0, 0.1, 1.0]))
def test_ising_fields_are_those_of_the_gap_equation(temperature, splitting, ratio):
    witness = float(hc2_constant_splitting(temperature, TC, splitting, ratio))
    assert formulas.ising_rashba(temperature, TC, splitting, ratio) == pytest.approx(witness, rel=1e-8)
    if ratio == 0:
        assert formulas.ising(temperature, TC, splitting) == pytest.approx(witness, rel=1e-8)


@given(
    temperature=temperatures,
    alpha=st.sampled_from([0.0, 0.3, 1.0, 5.0]),
    scattering=st.sampled_from([0.0, 1e-3, 0.5, 2.0, 40.0]),
    tau=st.floats(1, 500),
    splitting=st.floats(0.5, 60),
)
def test_scattering_formulas_solve_the_microscopic_laws(temperature, alpha, scattering, tau, splitting):
    wanted = np.log(TC / temperature)
    found = {
        KlemmLutherBeasley(tau): formulas.klb(temperature, TC, tau),
        InterValley(splitting, HBAR / (tau * 1e-15)): formulas.ising_intervalley(temperature, TC, splitting, tau),
        WerthamerHelfandHohenberg(alpha, scattering, 1.5, TC): formulas.whh(temperature, TC, 1.5, alpha, scattering),
        AbrikosovGorkov(0.881938491 * K_B * TC / 2.5**2, 2): formulas.abrikosov_gorkov(temperature, TC, 2.5, 2),
    }
    for law, B in found.items():
        low, high = (float(law.breaking(temperature, [B * (1 + s), 0, 0])) for s in (-1e-8, 1e-8))
        assert low < wanted < high


def test_the_first_order_pauli_line_is_that_of_the_free_energy():
    import spinvalley as sv

    T = np.array([0.5, 1.5, 3.0])
    line = sv.pairing.hc2(sv.pairing.PauliLimit(), T, tc=TC, tol=1e-6)
    np.testing.assert_allclose(formulas.pauli(T, TC), line.B, rtol=2e-6)
    assert formulas.pauli(0.0, TC, 1) == pytest.approx(float(pauli_limit(TC)), rel=1e-9)
    t_star, h_star = tricritical_point()
    assert formulas.clogston.tricritical() == pytest.approx((t_star, h_star), rel=1e-9)
    ends = [formulas.pauli(t_star * TC * (1 + s), TC) for s in (-1e-7, 1e-7)]
    assert ends[0] == pytest.approx(ends[1], rel=1e-6)


# Limits into each other -----------------------------------------------------------------------------------------------
def test_strong_scattering_between_valleys_is_klemm_luther_beasley():
    T, tau = np.array([1.0, 3.0, 6.0]), 1e-3
    splitting = np.sqrt(8 * HBAR**2 / (3 * 0.05e-15 * tau * 1e-15))
    np.testing.assert_allclose(formulas.ising_intervalley(T, TC, splitting, tau), formulas.klb(T, TC, 0.05), rtol=0.02)


def test_without_splitting_every_ising_formula_is_the_pauli_limit():
    T = np.array([1.0, 3.0, 6.0])
    limit = formulas.pauli(T, TC, order=2)
    for value in (formulas.ising(T, TC, 0.0), formulas.ising_rashba(T, TC, 0.0, 0.3)):
        np.testing.assert_allclose(value, limit, rtol=1e-11)
    np.testing.assert_allclose(formulas.ising_intervalley(T, TC, 0.0, 1.0), limit, rtol=1e-11)


@given(energy=st.floats(1e-3, 1e6))
def test_matsubara_sums_are_digamma_functions(energy):
    x, weight = matsubara_rule(energy, 1.0)
    a = energy / (2 * np.pi)
    waves = digamma_difference(np.array(1j * a)).real
    assert weight @ (a * a / (x * (x * x + a * a))) == pytest.approx(waves, rel=1e-13)
    assert weight @ (a / (x * (x + a))) == pytest.approx(float(digamma_difference(np.array(a))), rel=1e-13)


def test_a_law_with_a_wrong_factor_would_be_noticed():
    wrong = breaking.Law(lambda s, T, tc, tau: breaking.klb(s, T, tc, 1.01 * tau))
    B = float(wrong.field(np.array(2.0), np.array(TC), np.array(17.9)))
    assert float(KlemmLutherBeasley(17.9).breaking(2.0, [B * (1 + 1e-8), 0, 0])) < np.log(TC / 2.0)


def test_shapes_that_do_not_broadcast_are_one_sentence():
    for call in (
        lambda: formulas.klb(np.ones((2, 3)), 6.5, [1.0, 2.0]),
        lambda: formulas.tinkham_2d([1.0, 2.0, 3.0], [1.0, 2.0], 3.0),
        lambda: formulas.pauli([1.0, 2.0], tc=[1.0, 2.0, 3.0]),
    ):
        with pytest.raises(InvalidInput, match="`arguments` must broadcast, but have the shapes"):
            call()
