"""Hall density: exact for isotropic and elliptical pockets, additive, and equal to a sum over the whole zone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.models import Rashba, film, from_callable, from_hoppings, square, tmd, triangular
from spinvalley.normal import hall_density, occupied_fraction, sheet_density

A = 0.316


def around(dispersion, point="K"):
    """A band with E = dispersion(k - point) near one point of the zone, periodic; spin-degenerate."""
    lattice = triangular(A)

    def h(k):
        return dispersion(lattice.fold(k - lattice.momentum(point)))[..., None, None] * np.eye(2)

    return from_callable(h, lattice)


def mirrored(model):
    """The model with all energies turned around."""
    return from_hoppings({cell: -matrix for cell, matrix in model.hoppings.items()}, model.lattice)


# Exact values --------------------------------------------------------------------------------------------------------
@given(st.floats(0.5, 4), st.floats(0, 0.3), st.sampled_from([1, -1]))
@settings(max_examples=10)
def test_an_isotropic_pocket_has_its_own_density(radius, quartic, sign):
    """n_H = n for electrons and -n for holes, whatever the dispersion."""

    def energy(q):
        square_of_q = np.sum(np.square(q), axis=-1)
        return sign * (square_of_q + quartic * square_of_q**2)

    data = hall_density(around(energy), float(energy(np.array([radius, 0.0]))))
    density = 2 * np.pi * radius**2 / (4 * np.pi**2) * 1e14
    assert float(data.hall_density) == pytest.approx(sign * density, rel=1e-8)
    assert float(data.carriers) == pytest.approx(sign * density, rel=1e-8)
    assert data.status.item() == "converged"


@given(st.floats(0.3, 3), st.floats(-0.4, 0.4), st.floats(0.1, 3))
@settings(max_examples=10)
def test_an_elliptical_pocket_has_its_own_density(ratio, mixed, level):
    """E = kx^2 + r ky^2 + m kx ky: the masses cancel in det S / A."""
    data = hall_density(
        around(lambda q: q[..., 0] ** 2 + ratio * q[..., 1] ** 2 + mixed * q[..., 0] * q[..., 1]), level
    )
    assert float(data.ratio) == pytest.approx(1, abs=1e-9)
    assert abs(float(data.drude[0, 0] / data.drude[1, 1]) - 1) > 1e-6 or ratio == pytest.approx(1, abs=1e-3)


@given(st.floats(-3, -0.5))
@settings(max_examples=8)
def test_a_nearly_empty_and_a_nearly_full_band(exponent):
    """Electrons at the bottom, holes around both valleys at the top; anisotropy vanishes with the pocket."""
    x = 10**exponent
    low, high = hall_density(film(a=A), -6 + x), hall_density(film(a=A), 3 - x)
    assert float(low.ratio) == pytest.approx(1, abs=0.2 * x)
    assert float(high.ratio) == pytest.approx(1, abs=2 * x)
    assert float(low.hall_density) > 0 > float(high.hall_density)


# Laws ----------------------------------------------------------------------------------------------------------------
@given(st.floats(-5.9, 1.8), st.floats(0, 0.3), st.floats(0, 0.3))
@settings(max_examples=10)
def test_mirrored_energies_turn_the_sign(energy, beta_so, alpha):
    model = tmd(mu=0.0, beta_so=beta_so, a=A) + Rashba(alpha)
    here, there = hall_density(model, energy), hall_density(mirrored(model), -energy)
    assert float(there.hall_density) == pytest.approx(-float(here.hall_density), rel=1e-8)


@given(st.floats(-5.9, 2.9), st.floats(0, 0.5))
@settings(max_examples=10)
def test_the_conductivity_of_a_triangular_crystal_is_isotropic(energy, beta_so):
    drude = hall_density(tmd(mu=0.0, beta_so=beta_so, a=A), energy).drude.values
    np.testing.assert_allclose(drude, drude[0, 0] * np.eye(2), atol=1e-8 * drude[0, 0])


def test_pockets_add_in_the_conductivities():
    """n_H of two spins with different pockets is the two-band formula, not the sum of the densities."""
    field = (0, 0, 1.0)
    both, up, down = (hall_density(film(a=A), -3.0, v) for v in (field, 0.0, 0.0))
    up, down = hall_density(film(mu=-1.0, a=A), -3.0), hall_density(film(mu=1.0, a=A), -3.0)
    drude, swept = 0.5 * (up.drude + down.drude), 0.5 * float(up.swept + down.swept)
    assert float(both.hall_density) == pytest.approx(1e14 * np.linalg.det(drude) / swept, rel=1e-9)
    assert float(both.carriers) == pytest.approx(0.5 * float(up.carriers + down.carriers), rel=1e-9)
    assert abs(float(both.ratio) - 1) > 1e-3


def test_the_carriers_are_those_of_the_filling():
    model = tmd(t=-300.0, mu=-1800.0, beta_so=10.0, a=A)
    assert float(hall_density(model, 200.0).carriers) == pytest.approx(float(sheet_density(model, 200.0).density))


def test_an_open_line_carries_current_but_sweeps_little():
    """Chains: closed lines are absent, the velocity still turns; against the sum over the zone below."""
    unit = np.eye(2)
    chains = from_hoppings({(1, 0): -unit, (-1, 0): -unit, (0, 1): -0.3 * unit, (0, -1): -0.3 * unit}, square())
    data = hall_density(chains, 0.3)
    assert float(data.carriers) == 0
    np.testing.assert_allclose(*_both_ways(chains, 0.3, 0.03, 500), rtol=1e-5)


# An independent route ------------------------------------------------------------------------------------------------
def _band(model, k):
    """Energy, gradient and second derivatives of a band without spin, from its hoppings."""
    energy, slope, curve = np.zeros(len(k)), np.zeros((len(k), 2)), np.zeros((len(k), 2, 2))
    for cell, matrix in model.hoppings.items():
        r = model.lattice.translation(cell)
        phase = matrix[0, 0] * np.exp(1j * k @ r)
        energy += phase.real
        slope += -phase.imag[:, None] * r
        curve -= phase.real[:, None, None] * np.outer(r, r)
    return energy, slope, curve


def _zone_sum(model, mu, kT, n):
    """S and A as sums over the zone (Zener and Jones): u_a u_b and (u_x^2 E_yy + u_y^2 E_xx - 2 u_x u_y E_xy)/2."""
    index = np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1).reshape(-1, 2)
    e, u, h = _band(model, index / n @ model.lattice.reciprocal)
    kernel = 2 / (4 * kT * np.cosh(np.clip((e - mu) / (2 * kT), -300, 300)) ** 2)
    kernel *= model.lattice.zone_area / (4 * np.pi**2 * n**2)
    turn = 0.5 * (u[:, 0] ** 2 * h[:, 1, 1] + u[:, 1] ** 2 * h[:, 0, 0] - 2 * u[:, 0] * u[:, 1] * h[:, 0, 1])
    return np.append(np.einsum("n,na,nb->ab", kernel, u, u).ravel(), kernel @ turn)


def _both_ways(model, mu, kT, n, reach=26):
    """(S, A) from the lines, smeared thermally, and from the zone, each relative to its scale."""
    x = np.arange(-reach, reach + 0.1, 0.8)
    lines = [hall_density(model, mu + kT * step) for step in x]
    values = np.array([np.append(data.drude.values.ravel(), float(data.swept)) for data in lines])
    smeared = 0.8 * (0.25 / np.cosh(0.5 * x) ** 2) @ values
    exact = _zone_sum(model, mu, kT, n)
    scale = np.append(np.full(4, exact[0]), exact[4])
    return 1 + smeared / scale, 1 + exact / scale


@pytest.mark.parametrize("mu", [-4.5, 0.3])
def test_the_second_order_boltzmann_sum_over_the_zone_gives_the_same(mu):
    np.testing.assert_allclose(*_both_ways(film(), mu, 0.03, 600), rtol=1e-6)


def test_a_wrong_sign_of_the_second_derivatives_is_noticed():
    """The broken variant: the sum over the zone with the sign of the curvature turned around."""
    lines, zone = _both_ways(film(), -4.5, 0.03, 300)
    assert abs(lines[4] - (2 - zone[4])) > 1


# The door and the status ---------------------------------------------------------------------------------------------
def test_without_a_fermi_line_there_is_no_hall_density():
    data = hall_density(film(), 5.0)
    assert data.status.item() == "failed"
    assert np.isnan(data.hall_density)
    assert float(occupied_fraction(film(), 5.0).fraction.sum()) == 2


def test_compensated_pockets_have_no_hall_density():
    """One spin has electrons where the other has holes, on the same line: nothing is swept."""
    turn = np.diag([-1.0, 1.0])
    bonds = dict.fromkeys(((1, 0), (-1, 0), (0, 1), (0, -1)), turn)
    model = from_hoppings({(0, 0): np.diag([0.0, 1.4]), **bonds}, square())
    data = hall_density(model, 0.7)
    assert data.status.item() == "failed"
    assert float(data.error) == np.inf


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: hall_density(film(), np.nan), "`energy` must be finite, but is nan"),
        (lambda: hall_density(film(), tol=2.0), "`tol` must be below 1, but is 2.0"),
        (lambda: hall_density(film(), zeeman=[1, 2]), "`zeeman` must be a number or a 3-vector"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
