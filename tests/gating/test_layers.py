"""Laws of band bending with parabolic valleys: Gauss' law, the geometric series, convergence everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.gating import Valley, geometric_ratio, solve_layers, top_density
from spinvalley.gating.layers import electrostatics, start_potential
from spinvalley.gating.parabolas import filling
from spinvalley.gating.poisson import solve
from spinvalley.units import EPS0, K_B

DENSITIES = st.floats(10, 15).map(lambda x: 10.0**x)
KAPPAS = st.floats(-3, 3).map(lambda x: 10.0**x)
THERMAL = st.one_of(st.just(0.0), st.floats(-4, np.log10(300 * K_B)).map(lambda x: 10.0**x))
VALLEY = Valley("K", 0.445, 4)
KAPPA_EPS = 5.99584 * 6.9  # kappa x eps_perp of the defaults


def gauss_violation(result, eps):
    """Largest difference between the drop of the displacement at a layer and the charge of the layer, of the total."""
    inside = result.field.values * eps
    displacement = np.concatenate([[result.vacuum_field], inside, [result.attrs["back_field"]]])
    charge = result.density.values * 1e-14 / EPS0 * 10  # MV/cm
    return float(np.abs(displacement[:-1] - displacement[1:] - charge).max() / charge.sum())


def mixed(kappa, alpha=0.3, steps=200, layers=6):
    """Plain mixing of the densities: the method that is not used. Returns the last change of the fractions."""
    stack, _ = electrostatics(8.7e13, layers, 0.615, KAPPA_EPS / kappa, 0.0)
    dos = VALLEY.density_of_states
    n = np.full(layers, stack.total / layers)
    for _ in range(steps):
        above = np.cumsum(n[::-1])[::-1]
        potential = np.concatenate([[0.0], np.cumsum(stack.stiffness * above[1:])])
        low, high = -1e5, potential.max() + 1e5
        for _ in range(100):
            mu = 0.5 * (low + high)
            low, high = (mu, high) if dos * filling(mu - potential, 0.0).sum() < stack.total else (low, mu)
        new = dos * filling(mu - potential, 0.0)
        change, n = np.abs(new - n).max() / stack.total, n + alpha * (new - n)
    return change


def test_the_reference_numbers_of_mos2():
    result = solve_layers()
    assert float(result.kappa) == pytest.approx(5.996, abs=5e-4)
    assert float(result.fraction[0]) == pytest.approx(0.8729, abs=5e-5)
    assert float(result.vacuum_field) == pytest.approx(157.4, abs=0.05)
    assert float(result.surface_field) == pytest.approx(157.4 / 6.9, abs=0.02)
    assert float(solve_layers(eps_perp=3.0).surface_field) == pytest.approx(52.5, abs=0.05)
    assert top_density(result) == pytest.approx(float(result.fraction[0]) * 8.7e13, rel=1e-12)


@settings(max_examples=40)
@given(DENSITIES, KAPPAS, st.integers(1, 60), THERMAL, st.one_of(st.just(0.0), st.floats(-2, 2)))
def test_every_stack_converges_and_obeys_gauss(density, kappa, layers, kT, back):
    eps = KAPPA_EPS / kappa
    back_field = back * density * 1e-14 / EPS0 * 10
    result = solve_layers(density, layers, eps_perp=eps, kT=kT, back_field=back_field)
    assert result.status == "converged"
    assert float(result.fraction.sum()) == pytest.approx(1.0, abs=1e-9)
    assert gauss_violation(result, eps) < 1e-9
    assert result.fraction.values.min() >= 0
    if back >= 0:
        assert np.all(np.diff(result.potential) >= 0)
        assert np.all(np.diff(result.density) <= 1e-12 * density)


@settings(max_examples=30)
@given(DENSITIES, KAPPAS)
def test_at_zero_temperature_the_fractions_are_geometric_at_any_density(density, kappa):
    layers = 60
    result = solve_layers(density, layers, eps_perp=KAPPA_EPS / kappa)
    x = geometric_ratio(float(result.kappa))
    closed = (1 - x) * x ** np.arange(layers)
    end = x**layers  # what a finite stack cannot pass on
    np.testing.assert_allclose(result.fraction, closed, atol=2 * end + 1e-9)


@given(KAPPAS)
def test_the_ratio_solves_the_recursion_of_the_stack(kappa):
    x = geometric_ratio(kappa)
    assert 0 < x < 1
    assert x + 1 / x == pytest.approx(2 + kappa, rel=1e-12)


@settings(max_examples=20)
@given(DENSITIES, st.floats(0.01, 25.0))
def test_one_layer_holds_everything_at_the_level_of_a_two_dimensional_gas(density, kT):
    result = solve_layers(density, 1, kT=kT)
    held = VALLEY.density_of_states * filling(result.chemical_potential.values, kT) * 1e14
    assert float(held) == pytest.approx(density, rel=1e-9)
    assert result.sizes["interface"] == 0


def test_cold_electrons_tend_to_those_at_zero_temperature():
    cold = [solve_layers(kT=kT).fraction.values for kT in (0.0, 1e-6, 25.0)]
    np.testing.assert_allclose(cold[0], cold[1], atol=1e-7)
    assert np.abs(cold[0] - cold[2]).max() > 1e-4


def test_a_back_gate_of_the_whole_charge_turns_the_stack_over():
    top = solve_layers()
    bottom = solve_layers(back_field=-float(top.vacuum_field))
    np.testing.assert_allclose(bottom.fraction, top.fraction[::-1], atol=1e-10)


def test_one_dielectric_constant_for_each_gap():
    gaps = np.array([3.0, 9.0, 6.9, 4.0])
    result = solve_layers(layers=5, eps_perp=gaps)
    assert gauss_violation(result, gaps) < 1e-9
    same = solve_layers(layers=5, eps_perp=[6.9] * 4)
    np.testing.assert_array_equal(same.fraction, solve_layers(layers=5).fraction)


def test_a_single_valley_needs_no_list():
    np.testing.assert_array_equal(solve_layers(valleys=VALLEY).fraction, solve_layers(valleys=[VALLEY]).fraction)


def test_a_flat_response_the_broken_variant_does_not_count_as_converged():
    """Where dn/dphi vanishes, the defect carried through the Jacobian does too."""
    stack, _ = electrostatics(8.7e13, 2, 0.615, 6.9, 0.0)

    def full(phi):
        return np.full_like(phi, 0.2 * stack.total), np.zeros((len(phi), len(phi)))

    found = solve(stack, full, 0.0, np.zeros(2), 1e-2, 10)
    assert found.status == "not converged"
    assert found.residual > 0.1
    assert found.error >= max(found.residual, abs(found.density.sum() / stack.total - 1))


def test_plain_mixing_the_broken_variant_diverges_beyond_kappa_five():
    assert mixed(0.2) < 1e-6
    assert mixed(5.996) > 1e-2
    assert solve_layers().status == "converged"


def test_a_wrong_screening_the_broken_variant_violates_gauss():
    result = solve_layers()
    assert gauss_violation(result, 6.9) < 1e-9
    assert gauss_violation(result.assign(field=1.01 * result.field), 6.9) > 1e-4


def test_too_few_steps_are_reported_with_the_last_residual():
    result = solve_layers(kT=25.0, steps=1)
    assert result.status == "not converged"
    assert float(result.residual) > 1e-6
    assert float(result.error) > 1e-10


def test_the_error_estimate_covers_the_true_error():
    exact = solve_layers(kT=25.0, layers=8)
    for steps in (2, 3, 4):
        rough = solve_layers(kT=25.0, layers=8, steps=steps)
        assert np.abs(rough.fraction - exact.fraction).max() <= 1.5 * float(rough.error) + 1e-12


def test_the_start_is_the_answer_where_the_closed_form_holds():
    stack, _ = electrostatics(8.7e13, 40, 0.615, 6.9, 0.0)
    mu, potential = start_potential(stack, VALLEY.density_of_states, 0.0)
    result = solve_layers(layers=40)
    np.testing.assert_allclose(result.potential, potential, atol=1e-9)
    assert float(result.chemical_potential) == pytest.approx(mu, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"density": -1.0}, "`density` must be positive, but is -1.0"),
        ({"density": np.nan}, "`density` must be finite, but is nan"),
        ({"layers": 0}, "`layers` must be a whole number of at least 1, but is 0"),
        ({"kT": -0.1}, "`kT` must be non-negative, but is -0.1"),
        ({"eps_perp": 0.0}, "`eps_perp` must be positive, but is 0.0"),
        ({"eps_perp": [6.9, 6.9]}, "`eps_perp` must be one number or 5, one per gap, but has 2"),
        ({"mass": 0.0}, "`mass` must be positive, but is 0.0"),
        ({"spacing": -1}, "`spacing` must be positive, but is -1.0"),
        ({"back_field": np.inf}, "`back_field` must be finite, but is inf"),
        ({"valleys": []}, "`valleys` must hold at least one Valley, but is empty"),
        ({"valleys": [VALLEY, VALLEY]}, "`valleys` must have distinct names, but has K, K"),
        ({"valleys": 3}, '`valleys` must be a Valley, e.g. Valley("K", mass=0.445, degeneracy=4), but is 3'),
        ({"tol": 2.0}, "`tol` must be below 1, but is 2.0"),
    ],
)
def test_bad_input_is_told_in_one_sentence(arguments, sentence):
    with pytest.raises(InvalidInput) as caught:
        solve_layers(**arguments)
    assert str(caught.value) == sentence


def test_the_top_density_needs_layers():
    with pytest.raises(InvalidInput, match="`result` must"):
        top_density(3.0)
