"""Laws of the analytic theories: published numbers, limits into each other, closed forms in digamma functions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import digamma

from spinvalley import InvalidInput
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.kernel import CONTINUOUS, pair_breaking
from spinvalley.pairing.laws import (
    DEVICES,
    AbrikosovGorkov,
    ConstantSplitting,
    InterValley,
    KlemmLutherBeasley,
    PauliLimit,
    WerthamerHelfandHohenberg,
)
from spinvalley.pairing.limits import hc2_constant_splitting, pauli_limit, tricritical_point
from spinvalley.pairing.pockets import constant_splitting
from spinvalley.units import HBAR, K_B, MU_B

LAWS = [
    KlemmLutherBeasley(17.9),
    WerthamerHelfandHohenberg(1.0, 2.0, 1.5, 6.5),
    AbrikosovGorkov(0.02),
    InterValley(13.0, 5.0),
    ConstantSplitting(13.0, 0.1),
    PauliLimit(),
]
X, Z = np.eye(3)[[0, 2]]
component = st.floats(-60, 60)
fields = st.tuples(component, component, component).map(np.array)


def critical(law, T, tc, direction=X, most=1000.0):
    return brentq(lambda B: float(law.breaking(T, B * direction)) - np.log(tc / T), 0, most, xtol=1e-12)


# What every law obeys -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_law_vanishes_without_field_and_grows_with_it(law):
    T, B = np.array([[0.5], [2.0], [5.0]]), np.linspace(0, 80, 30)[:, None] * np.array([0.8, 0, 0.6])
    value = law.breaking(T, B)
    assert value.shape == (3, 30)
    np.testing.assert_allclose(value[:, 0], 0, atol=1e-15)
    assert np.all(np.diff(value, axis=1) > 0)
    assert law.order in (None, CONTINUOUS)
    assert (law.order is None) == hasattr(law, "condensation")
    assert law.breaking(2.0, B[7]) == pytest.approx(value[1, 7], rel=1e-13)
    with pytest.raises(InvalidInput, match=r"`T` must be positive, but is 0\.0"):
        law.breaking(0.0, B)


# Klemm, Luther, Beasley -----------------------------------------------------------------------------------------------
def test_device_h1_reaches_its_field_at_zero_temperature():
    law = KlemmLutherBeasley(17.9)
    closed = np.sqrt(np.exp(digamma(0.5)) * 4 * np.pi * HBAR * K_B * 6.5 / (3 * 17.9e-15)) / MU_B
    assert closed == pytest.approx(60.120, abs=5e-4)
    assert critical(law, 1e-4, 6.5) == pytest.approx(closed, rel=1e-6)


def test_the_theory_says_that_it_does_not_hold_for_the_devices():
    for device in DEVICES:
        holds, why = KlemmLutherBeasley(device.tau_so).admissible(device.tau)
        assert not holds
        assert "unphysical" in why
    assert KlemmLutherBeasley(17.9).admissible(0.5)[0]
    holds, why = KlemmLutherBeasley(17.9).admissible(9.0)
    assert not holds
    assert "tau << tau_so" in why


# Werthamer, Helfand, Hohenberg ----------------------------------------------------------------------------------------
def digamma_form(alpha, lam, b, t):
    s = np.sqrt(complex((alpha * b) ** 2 - (lam / 2) ** 2))
    parts = [
        (0.5 + sign * 1j * lam / (4 * s)) * digamma(0.5 + (b + lam / 2 + sign * 1j * s) / (2 * t)) for sign in (1, -1)
    ]
    return (parts[0] + parts[1] - digamma(0.5)).real


@given(st.floats(0.1, 5), st.floats(0, 10), st.floats(0.01, 1), st.floats(0.02, 1))
def test_the_sum_is_the_digamma_form(alpha, lam, b, t):
    law = WerthamerHelfandHohenberg(alpha, lam, slope=2.0, tc=3.0)
    value = law.breaking(3.0 * t, b * np.pi**2 / 4 * 6.0 * Z)
    if abs((alpha * b) ** 2 - (lam / 2) ** 2) > 1e-3:
        assert value == pytest.approx(digamma_form(alpha, lam, b, t), rel=1e-9, abs=1e-12)


@given(st.floats(0.1, 5), st.floats(0.05, 1), st.floats(0.05, 1))
def test_the_double_root_is_the_mean_of_its_neighbours(alpha, b, t):
    """gamma = 0: lambda = 2 alpha b."""
    value, left, right = (
        WerthamerHelfandHohenberg(alpha, 2 * alpha * b * x, 4 / np.pi**2, 1.0).breaking(t, b * Z)
        for x in (1, 0.9999, 1.0001)
    )
    assert np.isfinite(value)
    assert value == pytest.approx(0.5 * (left + right), rel=1e-7)


def test_the_published_numbers_of_whh_are_reached():
    dirty = WerthamerHelfandHohenberg(0.0, 0.0, slope=2.0, tc=5.0)
    assert critical(dirty, 1e-6, 5.0, Z) / 10 == pytest.approx(0.692673, abs=1e-6)
    assert critical(WerthamerHelfandHohenberg(1, 2, 4 / np.pi**2, 1.0), 0.3, 1.0, Z, 5) == pytest.approx(
        0.221822, abs=5e-7
    )
    near = critical(dirty, 0.9999 * 5.0, 5.0, Z)
    assert near / (5.0 * 1e-4) == pytest.approx(2.0, rel=1e-3)


def test_without_orbits_and_spin_orbit_scattering_whh_is_the_pauli_limit():
    """alpha -> infinity at fixed alpha b = h / pi kTc."""
    law, h, T = WerthamerHelfandHohenberg(1e7, 0.0, slope=4 / np.pi**2, tc=1.0), 0.8, 0.7
    expected = pair_breaking([0, 0, 0], [h, 0, 0], T)
    assert law.breaking(T, h / (np.pi * 1e7) * Z) == pytest.approx(float(expected), rel=1e-5)


# Abrikosov, Gor'kov ---------------------------------------------------------------------------------------------------
def test_the_critical_pair_breaking_of_abrikosov_and_gorkov():
    tc = 4.0
    rate = brentq(lambda a: float(AbrikosovGorkov(a, 0).breaking(1e-5, 0 * X)) - np.log(tc / 1e-5), 0.01, 2, xtol=1e-14)
    assert rate / (K_B * tc) == pytest.approx(0.881938, abs=1e-6)


def test_the_power_of_the_field_enters():
    assert AbrikosovGorkov(0.02, 2).breaking(1.0, 3 * X) == pytest.approx(
        float(AbrikosovGorkov(0.18, 0).breaking(1.0, X)), rel=1e-13
    )


# Scattering between valleys -------------------------------------------------------------------------------------------
@given(fields, st.floats(0.5, 6))
def test_without_scattering_it_is_the_kernel(B, T):
    expected = float(pair_breaking([0, 0, 6.5], MU_B * B, K_B * T))
    assert InterValley(13.0, 0.0).breaking(T, B) == pytest.approx(expected, rel=1e-10, abs=1e-14)


@given(fields, st.floats(0.5, 6), st.floats(0, 50))
def test_scattering_only_weakens_the_protection(B, T, rate):
    clean, dirty, bare = (law.breaking(T, B) for law in (InterValley(13, 0), InterValley(13, rate), PauliLimit()))
    assert clean <= dirty * (1 + 1e-12) + 1e-14
    assert dirty <= bare * (1 + 1e-12) + 1e-14


def test_strong_scattering_is_klemm_luther_beasley():
    """The remaining difference falls in proportion to kT tau_so/hbar."""
    B, differences = 40 * X, []
    for tau in (1.0, 0.1, 0.01):
        rate = 1e8
        splitting = 2 * np.sqrt(rate * 2 * HBAR / (3 * tau * 1e-15))
        closed = float(KlemmLutherBeasley(tau).breaking(2.0, B))
        differences.append(abs(float(InterValley(splitting, rate).breaking(2.0, B)) / closed - 1))
    assert differences[-1] < 1e-4
    assert all(later < 0.2 * earlier for earlier, later in pairwise(differences))


@given(fields, st.floats(0.5, 5), st.floats(0, 20))
def test_the_sum_solves_the_eilenberger_equations(B, T, rate):
    """w f0 + i h.f = 1, w f + g x fo + i h f0 = 0, (w + rate) fo + g x f = 0, solved as a 7 x 7 system."""
    g, h, kT = np.array([0, 0, 6.5]), MU_B * B, K_B * T
    turn = np.array([[0, -g[2], g[1]], [g[2], 0, -g[0]], [-g[1], g[0], 0]])
    w = (2 * np.arange(400) + 1) * np.pi * kT
    system = np.zeros((400, 7, 7), dtype=complex)
    system[:, 0, 0], system[:, 0, 1:4], system[:, 1:4, 0] = w, 1j * h, 1j * h
    system[:, 1:4, 1:4] = w[:, None, None] * np.eye(3)
    system[:, 4:, 4:] = (w + rate)[:, None, None] * np.eye(3)
    system[:, 1:4, 4:] = system[:, 4:, 1:4] = turn
    f0 = np.linalg.solve(system, np.broadcast_to(np.eye(7)[:, :1], (400, 7, 1)))[:, 0, 0]
    tail = (h @ h) / (2 * (800 * np.pi * kT) ** 2)
    total = 2 * np.pi * kT * np.sum(1 / w - f0.real) + tail
    assert InterValley(13.0, rate).breaking(T, B) == pytest.approx(total, abs=1e-4 * (1e-3 + total))


# Pauli limits and constant splitting ----------------------------------------------------------------------------------
def test_the_bcs_anchors():
    assert pauli_limit(1.0) == pytest.approx(1.856817, abs=5e-7)
    assert pauli_limit([1.0, 6.5], order=2)[1] == pytest.approx(6.5 * 1.312968, abs=5e-6)
    point = tricritical_point()
    assert point.temperature == pytest.approx(0.561493, abs=5e-7)
    assert point.zeeman == pytest.approx(1.072827, abs=5e-7)
    with pytest.raises(InvalidInput, match="`order` must be 1 or 2, but is 3"):
        pauli_limit(1.0, order=3)


def test_the_pauli_limit_is_first_order_by_its_free_energy():
    law, tc = PauliLimit(), 6.5
    gaps = np.linspace(0, 1.5, 200)
    between = 0.5 * (float(pauli_limit(tc)) + float(pauli_limit(tc, 2)))
    assert law.breaking(0.1, between * X) > np.log(tc / 0.1)  # the normal state is stable
    assert law.condensation(gaps, 0.1, between * X, tc).min() < -0.01  # but not the equilibrium


def test_the_constant_splitting_reaches_its_numbers():
    T = np.array([1.0, 1.5, 3.0, 5.0])
    np.testing.assert_allclose(hc2_constant_splitting(T), [91.315, 81.439, 60.083, 35.549], atol=5e-4)


@given(st.floats(0.2, 6.4), st.floats(0, 40), st.sampled_from([0.0, 0.02, 0.1, 0.5]))
def test_hc2_solves_the_linearised_gap_equation(T, splitting, ratio):
    B = float(hc2_constant_splitting(T, splitting=splitting, rashba_ratio=ratio))
    fine = constant_splitting(splitting, ratio, 2048)
    slope = (fine.breaking(T, 1.001 * B * X) - fine.breaking(T, B * X)) / (1e-3 * B)
    assert abs(float(fine.breaking(T, B * X)) - np.log(6.5 / T)) < 2e-10 * B * slope


def test_another_splitting_does_not_solve_it():
    """The broken variant: the splitting taken for g_z."""
    B = float(hc2_constant_splitting(3.0))
    wrong = FermiSurface(g=[[0, 0, 13.0]], weight=[1.0])
    assert abs(float(wrong.breaking(3.0, B * X)) - np.log(6.5 / 3.0)) > 0.1


def test_the_normal_state_needs_no_field():
    found = hc2_constant_splitting([[3.0, 6.5], [7.0, 5.0]], tc=6.5)
    assert found.shape == (2, 2)
    assert found[0, 1] == found[1, 0] == 0
    assert hc2_constant_splitting(3.0, g_factor=4.0) == pytest.approx(float(found[0, 0]) / 2, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: KlemmLutherBeasley(-1.0), "`tau_so` must be positive, but is -1.0"),
        (lambda: WerthamerHelfandHohenberg(-1, 0, 1, 1), "`alpha` must be non-negative, but is -1.0"),
        (lambda: AbrikosovGorkov(-1), "`rate` must be non-negative, but is -1.0"),
        (lambda: InterValley(1, -1), "`rate` must be non-negative, but is -1.0"),
        (lambda: ConstantSplitting(-13), "`splitting` must be non-negative, but is -13.0"),
        (lambda: hc2_constant_splitting(1.0, tc=-1), "`tc` must be positive, but is -1.0"),
        (lambda: hc2_constant_splitting(0.0), "`T` must be positive, but is 0.0"),
        (lambda: PauliLimit().breaking(1.0, [1.0, 0]), r"`B` must have shape \(..., 3\), but has shape \(2,\)"),
    ],
)
def test_the_door_says_what_is_wrong(make, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        make()
