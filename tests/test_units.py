"""Constants of CODATA 2022 and the conversions to energies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants

from spinvalley import units
from spinvalley.units import kelvin, tesla, to_kelvin, to_tesla

fields = st.floats(-1e3, 1e3)
temperatures = st.floats(0, 1e3)


@pytest.mark.parametrize(
    ("ours", "si", "rtol"),
    [
        (units.K_B, constants.k / constants.e * 1e3, 1e-15),
        (units.HBAR, constants.hbar / constants.e * 1e3, 1e-15),
        (units.FLUX_QUANTUM, constants.h / (2 * constants.e) * 1e18, 1e-15),
        (units.ELEMENTARY_CHARGE, constants.e, 0),
        # measured: the adjustments of 2018 and 2022 differ by less than this
        (units.MU_B, constants.value("Bohr magneton in eV/T") * 1e3, 2e-9),
        (units.EPS0, constants.epsilon_0 / constants.e * 1e-9, 2e-9),
        (units.HBAR2_2M, constants.hbar**2 / (2 * constants.m_e) / constants.e * 1e21, 2e-9),
    ],
    ids=["k_B", "hbar", "Phi0", "e", "mu_B", "eps0", "hbar2_2m"],
)
def test_constants_are_those_of_codata(ours, si, rtol):
    assert ours == pytest.approx(si, rel=rtol, abs=0)


def test_printed_values():
    assert pytest.approx(8.617333262e-2, rel=1e-10) == units.K_B
    assert pytest.approx(5.7883817982e-2, rel=1e-12) == units.MU_B
    assert pytest.approx(2067.833848, rel=1e-9) == units.FLUX_QUANTUM
    assert pytest.approx(6.582119569e-13, rel=1e-9) == units.HBAR
    assert pytest.approx(38.09982, rel=1e-7) == units.HBAR2_2M


def test_pauli_limit_is_1_86_tesla_per_kelvin():
    """Chandrasekhar-Clogston: mu_B H = Delta0/sqrt 2 with Delta0 = 1.763877 k_B Tc and g = 2."""
    assert to_tesla(1.763877 * kelvin(1.0) / np.sqrt(2)) == pytest.approx(1.856817, rel=1e-6)


def test_a_spin_in_g_2_has_the_energy_mu_b_b():
    assert tesla(1.0) == units.MU_B
    assert tesla(1.0, g=4.0) == 2 * units.MU_B


@given(temperatures)
def test_kelvin_and_back(T):
    assert to_kelvin(kelvin(T)) == pytest.approx(T, rel=1e-14)


@given(fields, st.floats(0.1, 20))
def test_tesla_and_back(B, g):
    assert to_tesla(tesla(B, g), g) == pytest.approx(B, rel=1e-14)


@given(st.lists(fields, min_size=3, max_size=3))
def test_a_field_reverses_with_its_vector(B):
    V = tesla(B)
    np.testing.assert_array_equal(tesla(-np.array(B)), -V)
    np.testing.assert_allclose(np.linalg.norm(V), tesla(float(np.linalg.norm(B))), rtol=1e-14, atol=1e-100)


@pytest.mark.parametrize("convert", [kelvin, to_kelvin, tesla, to_tesla])
def test_shape_and_kind_are_kept(convert):
    assert type(convert(1)) is float
    assert type(convert(np.float64(1))) is float
    assert convert(np.ones((2, 3))).shape == (2, 3)
    assert convert([]).shape == (0,)
    np.testing.assert_array_equal(convert([1.0, 2.0]), [convert(1.0), convert(2.0)])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: kelvin(-1.0), "`T` must be >= 0, but is -1.0"),
        (lambda: kelvin([1.0, float("nan")]), "`T` must be >= 0, but is nan"),
        (lambda: kelvin(float("inf")), "`T` must be finite, but is inf"),
        (lambda: to_kelvin(-1), "`kT` must be >= 0, but is -1.0"),
        (lambda: tesla([0.0, float("nan"), 1.0]), "`B` must be finite, but is nan"),
        (lambda: tesla(1.0, g=float("nan")), "`g` must be finite, but is nan"),
        (lambda: to_tesla(float("-inf")), "`V` must be finite, but is -inf"),
        (lambda: to_tesla(1.0, g=0), "`g` must not be 0, but is 0"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared below
        call()
    assert str(caught.value) == sentence
