"""Laws of the thermal moments: they give T ln(1 + exp(-E/T)) summed over any spectrum at any temperature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.numerics.thermal import MomentBasis, moment_basis, thermal_sums


def by_moments(basis, energies, weights):
    y = np.arcsinh(energies / basis.scale) / basis.top
    inside = y < 1
    moments = np.cos(np.arccos(2 * y[inside] - 1) * np.arange(basis.size)[:, None]) @ weights[inside]
    return basis.coefficients @ moments


def directly(energies, weights, kT):
    return np.array([weights @ (t * np.log1p(np.exp(-energies / t))) for t in kT])


@given(st.integers(0, 2**32 - 1), st.floats(-5, 0), st.floats(0, 3), st.integers(2, 60))
def test_moments_equal_direct_sums(seed, low, decades, count):
    rng = np.random.default_rng(seed)
    kT = 10 ** rng.uniform(low, low + decades, count)
    energies = 10 ** rng.uniform(-8, 2, 400)
    weights = rng.uniform(0, 1, 400) / 400
    basis = moment_basis(kT)
    assert np.all(np.abs(by_moments(basis, energies, weights) - directly(energies, weights, kT)) < 2e-11 * kT)


def test_zero_energy_gives_t_ln_2():
    kT = np.array([0.1, 0.3])
    np.testing.assert_allclose(by_moments(moment_basis(kT), np.zeros(1), np.ones(1)), kT * np.log(2), rtol=1e-12)


def test_the_number_of_moments_grows_slowly_with_the_range_of_temperatures():
    sizes = [moment_basis(np.geomspace(low, 1, 5)).size for low in (0.5, 1e-2, 1e-4)]
    assert sizes == sorted(sizes)
    assert sizes[-1] <= 160


def test_a_basis_that_is_too_small_fails_the_law():
    """The broken variant: half of the moments."""
    energies, weights, kT = np.linspace(0, 1, 50), np.full(50, 0.02), np.array([0.001, 0.01, 0.1])
    basis = moment_basis(kT)
    exact = directly(energies, weights, kT)
    np.testing.assert_allclose(by_moments(basis, energies, weights), exact, rtol=1e-9)
    half = MomentBasis(basis.kT, basis.size // 2)
    assert by_moments(half, energies, weights) != pytest.approx(exact, rel=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_sums_with_and_without_moments_agree(seed):
    rng = np.random.default_rng(seed)
    kT = np.sort(10 ** rng.uniform(-3, 0, 5))
    energies, weights = rng.uniform(0, 3, (4, 100)), rng.uniform(0, 1, 100) / 100
    plain = thermal_sums(energies, weights, kT)
    np.testing.assert_allclose(thermal_sums(energies, weights, kT, moment_basis(kT)), plain, atol=2e-11)
    expected = [directly(energies.ravel(), np.tile(weights, 4), kT)]
    np.testing.assert_allclose(plain, expected[0], rtol=1e-12)


def test_no_thermal_part_at_zero_temperature():
    assert thermal_sums(np.ones((2, 3)), np.ones(3), np.array([0.0])) == 0
