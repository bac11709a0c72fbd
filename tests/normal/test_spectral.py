"""Spectral functions of the heterostructure, heterostructure.txt, eq. 6 and Fig. 2."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.models import Rashba, film, heterostructure, triangular
from spinvalley.normal import fermi_contours, fermi_momentum, green, spectral_densities, spectral_map

momenta = st.tuples(st.floats(-4, 4), st.floats(-4, 4))
widths = st.floats(0.01, 1)
fields = st.tuples(*[st.floats(-0.5, 0.5)] * 3)


@pytest.mark.parametrize(("broadening", "largest"), [(0.1, 0.347077), (0.02, 0.640924)])
def test_polarisation_on_the_fermi_line_reaches_the_order_of_the_density(broadening, largest):
    """The maximum over the bare line lies on Gamma-K."""
    k = fermi_contours(film(), points=600).k.values[0]
    rho0, rho3 = spectral_densities(heterostructure(), k, broadening=broadening)
    rho0_k, rho3_k = spectral_densities(heterostructure(), fermi_momentum(film(), "K").k[0], broadening=broadening)
    assert rho3_k / rho0_k == pytest.approx(largest, abs=5e-7)
    assert largest - 1e-4 < np.max(np.abs(rho3) / rho0) < largest + 1e-6


@given(momenta, st.floats(-10, 5), widths, fields)
@settings(max_examples=50)
def test_the_self_energy_and_the_full_matrix_give_one_spectral_function(k, omega, broadening, field):
    model = heterostructure() + Rashba(0.2)
    for layer in ("sc", "tmd", ("sc", "tmd")):
        both = [
            spectral_densities(model, k, omega, broadening=broadening, layer=layer, zeeman=field, route=route)
            for route in ("matrix", "self_energy")
        ]
        np.testing.assert_allclose(both[0], both[1], rtol=1e-9, atol=1e-11)


@given(momenta, widths, fields)
@settings(max_examples=25)
def test_each_spin_holds_one_state(k, broadening, field):
    """Integral of rho_s over w = 1, with w = s tan(theta): the integrand is analytic and periodic."""
    n = 4000
    theta = np.pi * ((np.arange(n) + 0.5) / n - 0.5)
    scale = 4.0
    omega, jacobian = scale * np.tan(theta), scale / np.cos(theta) ** 2
    model = heterostructure()
    rho0, rho3 = spectral_densities(model, np.tile(k, (n, 1)), omega, broadening=broadening + 0.1, zeeman=field)
    assert np.all(rho0 > np.abs(rho3))  # causality: both spins have positive weight
    for rho in (0.5 * (rho0 + rho3), 0.5 * (rho0 - rho3)):
        assert np.sum(rho * jacobian) * np.pi / n == pytest.approx(1, abs=1e-9)


@given(momenta, st.floats(-3, 3), widths)
def test_the_polarisation_is_odd_in_momentum(k, omega, broadening):
    rho0, rho3 = spectral_densities(heterostructure(), [k, (-k[0], -k[1])], omega, broadening=broadening)
    np.testing.assert_allclose(rho0[0], rho0[1], rtol=1e-9)
    np.testing.assert_allclose(rho3[0], -rho3[1], rtol=1e-8, atol=1e-12)


@given(st.floats(0, 1), st.integers(0, 5), widths)
def test_the_polarisation_vanishes_on_gamma_m(part, sixth, broadening):
    angle = np.pi / 6 + sixth * np.pi / 3
    k = part * 2 * np.pi / np.sqrt(3) * np.array([np.cos(angle), np.sin(angle)])
    _, rho3 = spectral_densities(heterostructure(), k, broadening=broadening)
    assert abs(rho3) < 1e-12


def test_a_field_along_the_axis_breaks_both_laws():
    """The broken variant."""
    k = triangular().momentum("M") * 0.66
    _, rho3 = spectral_densities(heterostructure(), [k, -k], broadening=0.1, zeeman=(0, 0, 0.1))
    assert abs(rho3[0]) > 0.1
    assert rho3[0] == pytest.approx(rho3[1])


@given(momenta, fields)
@settings(max_examples=25)
def test_the_poles_of_the_green_function_are_the_bands(k, field):
    model, eta = heterostructure(), 1e-3
    bands = np.linalg.eigvalsh(model.hamiltonian(k) + model.zeeman(field))
    inverse = np.linalg.inv(green(model, np.tile(k, (4, 1)), bands, eta, field))
    smallest = np.linalg.svd(inverse, compute_uv=False)[:, -1]
    np.testing.assert_allclose(smallest, eta, rtol=1e-6)  # |w + i eta - E| at w = E


def test_the_map_is_the_spectral_function_inside_the_zone():
    data = spectral_map(heterostructure(), points=41)
    assert int(data.inside.sum()) / data.inside.size == pytest.approx(0.75, abs=0.03)  # a hexagon in its rectangle
    k = np.array([data.kx[30], data.ky[7]])
    rho0, rho3 = spectral_densities(heterostructure(), k, broadening=0.1)
    assert float(data.rho0[7, 30]) == pytest.approx(float(rho0))
    assert float(data.rho3[7, 30]) == pytest.approx(float(rho3))
    np.testing.assert_allclose(data.rho3, -data.rho3[::-1, ::-1], atol=1e-10)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: green(film(), [0, 0], 0, 0), "`broadening` must be positive, but is 0.0"),
        (lambda: green(film(), [np.nan, 0], 0, 0.1), "`k` must be finite"),
        (lambda: green(film(), [0, 0, 0], 0, 0.1), r"`k` must have shape \(\.\.\., 2\), but has shape \(3,\)"),
        (lambda: green(film(), [0, 0], np.nan, 0.1), "`omega` must be finite"),
        (lambda: spectral_densities(film(), [0, 0], broadening=-0.1), "`broadening` must be positive, but is -0.1"),
        (
            lambda: spectral_densities(film(), [0, 0], broadening=1, layer="tmd"),
            "`layer` must be one of sc, but is 'tmd'",
        ),
        (
            lambda: spectral_densities(film(), [0, 0], broadening=1, route="x"),
            "`route` must be one of matrix, self_energy",
        ),
        (lambda: spectral_map(film(), points=2), "`points` must be an integer of at least 8, but is 2"),
        (lambda: spectral_map(film(), broadening=np.nan), "`broadening` must be finite, but is nan"),
        (lambda: spectral_map(film(), "top"), "`layer` must be one of sc, but is 'top'"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
