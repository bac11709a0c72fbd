"""Laws of Fermi surfaces: averages, the quasi-classical free energy against BdG eigenvalues, the BCS limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from spinvalley import InvalidInput
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.kernel import pair_breaking
from spinvalley.pairing.pockets import (
    Pocket,
    constant_splitting,
    from_pockets,
    nodal_pocket,
    settled,
    valley_pockets,
)
from spinvalley.pairing.quasiclassical import BCS_RATIO, Invariants, upper_roots
from spinvalley.units import K_B, MU_B

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
FREE = FermiSurface(g=np.zeros((1, 3)), weight=np.ones(1))
TC = 6.5
GAP0 = BCS_RATIO * K_B * TC
vector = st.tuples(*[st.floats(-3, 3)] * 3).map(np.array)


def bdg(xi, gap, g, h):
    matrix = np.zeros((len(xi), 4, 4), dtype=complex)
    matrix[:, :2, :2] = xi[:, None, None] * np.eye(2) + np.einsum("i,iab->ab", g + h, SIGMA)
    matrix[:, 2:, 2:] = -xi[:, None, None] * np.eye(2) - np.einsum("i,iab->ab", h - g, SIGMA).T
    matrix[:, :2, 2:] = gap * np.array([[0, -1], [1, 0]])
    matrix[:, 2:, :2] = gap * np.array([[0, 1], [-1, 0]])
    return matrix


def brute_condensation(gap, kT, g, h):
    """F(Delta) - F(0) without the coupling term, minus that of g = h = 0, from eigenvalues integrated over xi."""
    edges = np.concatenate([np.linspace(0, 60, 61), np.linspace(60, 120, 13)[1:], np.linspace(120, 240, 13)[1:]])
    x, w = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    xi, weight = (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()
    xi, weight = np.concatenate([xi, -xi]), np.concatenate([weight, weight])

    def thermal(delta, a, b):
        e = np.linalg.eigvalsh(bdg(xi, delta, a, b)) / (2 * kT)
        return -0.5 * kT * np.sum(np.logaddexp(e, -e), axis=-1)

    none = np.zeros(3)
    local = thermal(gap, g, h) - thermal(0.0, g, h) - thermal(gap, none, none) + thermal(0.0, none, none)
    levels = np.array([local[np.abs(xi) < cut] @ weight[np.abs(xi) < cut] for cut in (60, 120, 240)])
    levels = (4 * levels[1:] - levels[:-1]) / 3
    return (16 * levels[1] - levels[0]) / 15


def point(g):
    return FermiSurface(g=[g], weight=[1.0])


# The free energy ------------------------------------------------------------------------------------------------------
@given(vector, vector, st.floats(0, 3), st.floats(0.1, 4))
def test_the_roots_are_those_of_the_bdg_determinant(g, h, gap, w):
    x = upper_roots(np.array(w), np.array(gap**2), Invariants.of(g, h))
    s2, along = g @ g + h @ h, g @ h
    quartic = [1, 0, -2 * (w**2 + gap**2 - s2), 8 * w * along,
               (w**2 + s2) ** 2 - 4 * along**2 + 2 * gap**2 * (w**2 + g @ g - h @ h) + gap**4]  # fmt: skip
    xi = np.array([0.37])
    determinant = np.linalg.det(1j * w * np.eye(4) - bdg(xi, gap, g, h))[0]
    assert np.polyval(quartic, -1j * xi[0]) == pytest.approx(determinant, rel=1e-9, abs=1e-9)
    roots = np.roots(quartic)
    assert 2 * np.sqrt(float(x)) == pytest.approx(float(np.sum(roots.real[roots.real > 0])), rel=1e-6)


@given(vector, vector, st.floats(0.2, 3), st.floats(0.3, 1))
@settings(max_examples=8)
def test_the_free_energy_is_that_of_the_bdg_eigenvalues(g, h, gap, kT):
    T, B = kT / K_B, h / MU_B
    change = point(g).condensation(gap, T, B, TC) - FREE.condensation(gap, T, [0, 0, 0], TC)
    assert change == pytest.approx(brute_condensation(gap, kT, g, h), abs=1e-8)


def test_the_free_energy_of_another_angle_is_not_that_of_the_bdg_eigenvalues():
    """The broken variant: g turned onto the field."""
    g, h = np.array([0, 0, 2.0]), np.array([1.5, 0, 0])
    change = point(g[::-1]).condensation(1.0, 0.5 / K_B, h / MU_B, TC) - FREE.condensation(
        1.0, 0.5 / K_B, [0, 0, 0], TC
    )
    assert change != pytest.approx(brute_condensation(1.0, 0.5, g, h), abs=1e-2)


@given(vector, vector, st.floats(0.3, 5))
def test_its_slope_is_the_linearised_gap_equation(g, h, T):
    surface, B, gap = point(g), h / MU_B, 1e-5
    slope = surface.condensation(gap, T, B, TC) / gap**2
    assert slope == pytest.approx(surface.breaking(T, B) - np.log(TC / T), abs=1e-7)


@given(vector, vector, st.floats(0.05, 3))
@settings(max_examples=30)
def test_zero_temperature_is_the_limit_of_low_temperatures(g, h, gap):
    """The difference is of second order in T, of order 3/2 where the gap just closes (h = Delta)."""
    surface, B = point(g), h / MU_B
    exact = surface.condensation(gap, 0.0, B, TC)
    assert surface.condensation(gap, 1e-5, B, TC) == pytest.approx(float(exact), abs=1e-8)


@given(vector, st.floats(0.05, 3), st.floats(0.2, 3))
def test_the_closed_forms_join_the_cubic_smoothly(h, gap, T):
    for g in (2.0 * h, np.cross(h, [0.3, 1.0, -0.4])):
        near = g + 1e-7 * np.array([0.6, -0.3, 0.7])
        B = h / MU_B
        assert point(near).condensation(gap, T, B, TC) == pytest.approx(
            float(point(g).condensation(gap, T, B, TC)), abs=1e-5
        )


# The limits of BCS theory ---------------------------------------------------------------------------------------------
def test_the_gap_at_zero_temperature_is_the_bcs_ratio():
    found = minimize_scalar(
        lambda gap: float(FREE.condensation(gap, 0.0, [0, 0, 0], TC)), bracket=(0.5, 1.0, 1.5), tol=1e-12
    )
    assert found.x / (K_B * TC) == pytest.approx(1.763877, abs=1e-6)
    assert found.fun == pytest.approx(-0.5 * GAP0**2, rel=1e-12)


def test_the_first_order_transition_is_that_of_chandrasekhar_and_clogston():
    field = brentq(lambda B: float(FREE.condensation(GAP0, 0.0, [B, 0, 0], TC)), 5, 20, xtol=1e-12)
    assert field / TC == pytest.approx(1.856817, abs=5e-7)


def test_the_normal_state_is_stable_beyond_half_the_gap():
    field = brentq(lambda B: float(FREE.breaking(1e-4, [B, 0, 0])) - np.log(TC / 1e-4), 1, 20, xtol=1e-12)
    assert field / TC == pytest.approx(1.312968, abs=1e-6)


def test_the_quartic_coefficient_changes_its_sign_at_the_tricritical_point():
    T, h = 0.561493 * TC, 1.072827 * K_B * TC
    assert FREE.breaking(T, [h / MU_B, 0, 0]) == pytest.approx(np.log(TC / T), abs=2e-6)

    def quartic(t):
        """F - alpha Delta^2 at a point of the line ln(Tc/T) = Phi, where alpha = 0, over Delta^4."""
        field = brentq(lambda x: float(FREE.breaking(t * TC, [x, 0, 0])) - np.log(1 / t), 1, 20, xtol=1e-14)
        return float(FREE.condensation(0.03, t * TC, [field, 0, 0], TC)) / 0.03**4

    assert quartic(0.5650) > 0 > quartic(0.5580)
    assert brentq(quartic, 0.5580, 0.5650, xtol=1e-6) == pytest.approx(0.561493, abs=1e-3)


# The carrier ----------------------------------------------------------------------------------------------------------
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_the_average_takes_weights_and_squares_of_the_gap(n, seed):
    rng = np.random.default_rng(seed)
    g, weight, form = rng.normal(size=(n, 3)), rng.uniform(0.1, 2, n), rng.normal(size=n)
    surface, B = FermiSurface(g=g, weight=weight, form=form), np.array([10.0, -5, 20])
    expected = np.average(pair_breaking(g, MU_B * B, K_B * 2.0), weights=weight * form**2)
    assert surface.breaking(2.0, B) == pytest.approx(expected, rel=1e-12)
    doubled = FermiSurface(g=np.concatenate([g, -g]), weight=np.tile(weight, 2), form=np.tile(form, 2))
    assert doubled.breaking(2.0, B) == pytest.approx(expected, rel=1e-12)
    assert doubled.condensation(0.7, 2.0, B, TC) == pytest.approx(
        float(surface.condensation(0.7, 2.0, B, TC)), rel=1e-11
    )


def test_equal_points_are_computed_once():
    assert len(constant_splitting(13.0)._distinct[0]) == 1
    assert len(constant_splitting(13.0, 0.1, 64)._distinct[0]) < 128


def test_everything_broadcasts():
    surface = constant_splitting(13.0, 0.1, 16)
    T, B, gap = np.array([[1.0], [0.0]]), np.ones((4, 3)) * 20, np.linspace(0, 1, 5)[:, None, None]
    assert surface.breaking(1.0 + T, B).shape == (2, 4)
    full = surface.condensation(gap, T, B, TC)
    assert full.shape == (5, 2, 4)
    assert full[3, 1, 2] == pytest.approx(float(surface.condensation(0.75, 0.0, B[0], TC)), rel=1e-12)
    np.testing.assert_array_equal(full[0], 0)


def test_pair_momentum_shifts_by_velocity_times_momentum():
    surface = constant_splitting(13.0, 0.2, 32, velocity=300.0)
    B, q = np.array([40.0, 0, 0]), np.array([[0.0, 0.0], [0.0, 1e-3], [0.0, -1e-3]])
    value = surface.breaking(2.0, B, q=q)
    assert value[0] == pytest.approx(float(surface.breaking(2.0, B)), rel=1e-12)
    direct = np.average(pair_breaking(surface.g, MU_B * B, K_B * 2.0, surface.velocity @ q[1]), weights=surface.weight)
    assert value[1] == pytest.approx(direct, rel=1e-12)
    with pytest.raises(InvalidInput, match="`q` must be None"):
        FREE.breaking(1.0, B, q=[0, 0])


def test_the_angular_average_settles_geometrically():
    surface, change = settled(lambda n: constant_splitting(13.0, 0.1, n), 1.0, [60.0, 0, 0], 1e-10)
    finest = constant_splitting(13.0, 0.1, 4096).breaking(1.0, [60.0, 0, 0])
    assert change < 1e-10
    assert surface.breaking(1.0, [60.0, 0, 0]) == pytest.approx(float(finest), rel=1e-10)


def test_nodes_of_the_splitting_lose_protection():
    """The Gamma pocket of NbSe2: with nodes on Gamma-M pairs are broken more than with its mean splitting."""
    B = [30.0, 0, 0]
    nodal = from_pockets([nodal_pocket(20.0)], 256)
    assert nodal.breaking(1.0, B) > constant_splitting(20.0 * 2 / np.pi).breaking(1.0, B)
    both = from_pockets([nodal_pocket(20.0, density=0.4), *valley_pockets(60.0, density=0.6)], 256)
    parts = nodal.breaking(1.0, B), constant_splitting(60.0).breaking(1.0, B)
    assert both.breaking(1.0, B) == pytest.approx(0.4 * parts[0] + 0.6 * parts[1], rel=1e-12)
    gapless = from_pockets([nodal_pocket(20.0, gap=0.0), *valley_pockets(60.0)], 256)
    assert gapless.breaking(1.0, B) == pytest.approx(float(parts[1]), rel=1e-12)


def test_the_splitting_of_the_gamma_pocket_vanishes_on_gamma_m():
    """Gamma-M lies at 30 degrees from K = (4 pi/3a, 0)."""
    node = nodal_pocket(20.0).g(np.array([0.0, np.pi / 6, np.pi / 3]))
    np.testing.assert_allclose(node[:, 2], [10, 0, -10], atol=1e-14)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: FermiSurface(g=[[0, 1]], weight=[1]), r"`g` must have shape \(..., 3\)"),
        (lambda: FermiSurface(g=[[0, 0, 1]], weight=[-1]), "`weight` must be positive, but contains -1.0"),
        (lambda: FermiSurface(g=[[0, 0, 1]], weight=[1, 2]), r"`weight` must have shape \(1,\), but has shape \(2,\)"),
        (lambda: FermiSurface(g=[[0, 0, 1]], weight=[1], form=[0]), "`form` must not vanish everywhere"),
        (lambda: FREE.breaking(0.0, [1, 0, 0]), "`T` must be positive, but is 0.0"),
        (lambda: FREE.condensation(1.0, 1.0, [1, 0, 0], -2), "`tc` must be positive, but is -2.0"),
        (lambda: from_pockets([]), "`pockets` must hold at least one"),
        (
            lambda: from_pockets([Pocket([[0, 0, 1]], velocity=[[1, 0]]), Pocket([[0, 0, 1]])]),
            "`velocity` must be given",
        ),
    ],
)
def test_the_door_says_what_is_wrong(make, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        make()
