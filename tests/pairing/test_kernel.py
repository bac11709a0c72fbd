"""Laws of the pair-breaking kernel: Matsubara sum, BdG free energy, limits, symmetries; and of the Matsubara rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import digamma, zeta

from spinvalley import InvalidInput
from spinvalley.pairing.kernel import digamma_shift, pair_breaking, phi
from spinvalley.pairing.matsubara import matsubara_rule

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
vector = st.tuples(*[st.floats(-4, 4)] * 3).map(np.array)
CASES = [
    ([0, 0, 5], [3, 0, 0], 0.4837876030),
    ([1, 0, 4], [3, 0, 0], 0.6169482345),
    ([0, 0, 0], [2, 0, 0], 0.6173622293),
]


def matsubara_sum(g, h, kT, terms=4000):
    """K as a plain sum over frequencies, the terms beyond by the Euler-Maclaurin formula of h^2/w^3."""
    s2, kappa, h2 = g @ g + h @ h, (g @ h) ** 2, h @ h
    w = (2 * np.arange(terms) + 1) * np.pi * kT
    total = 2 * np.pi * kT * np.sum((h2 * w**2 + kappa) / (w * (w**4 + s2 * w**2 + kappa)))
    cut = 2 * np.pi * kT * terms
    return total + h2 / (2 * cut**2) + (kappa - h2 * s2) / (4 * cut**4)


def bdg_pair_breaking(g, h):
    """K at kT = 1 from eigenvalues: second derivative in the gap of the free energy, minus that without g and h."""
    gap2 = 0.25 * (1 + np.cos(np.pi * (np.arange(6) + 0.5) / 6))
    edges = np.concatenate([np.linspace(0, 60, 41), np.linspace(60, 120, 13)[1:], np.linspace(120, 240, 13)[1:]])
    x, w = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    xi, weight = (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()
    xi, weight = np.concatenate([xi, -xi]), np.concatenate([weight, weight])
    local = np.array([local_energy(xi, s, g, h) - local_energy(xi, s, 0 * g, 0 * h) for s in gap2]) / gap2[:, None]
    levels = np.array([local[:, np.abs(xi) < cut] @ weight[np.abs(xi) < cut] for cut in (60, 120, 240)])
    levels = (4 * levels[1:] - levels[:-1]) / 3  # beyond the cut: even powers of 1/cut
    value = (16 * levels[1] - levels[0]) / 15
    return np.polynomial.Polynomial.fit(gap2, value, 5, domain=[0, 0.5])(0.0)


def local_energy(xi, gap2, g, h):
    """- sum_{E>0} ln 2cosh(E/2) with the gap, minus that without."""
    h_bdg = np.zeros((len(xi), 4, 4), dtype=complex)
    h_bdg[:, :2, :2] = xi[:, None, None] * np.eye(2) + np.einsum("i,iab->ab", g + h, SIGMA)
    h_bdg[:, 2:, 2:] = -xi[:, None, None] * np.eye(2) - np.einsum("i,iab->ab", h - g, SIGMA).T
    normal = np.linalg.eigvalsh(h_bdg)
    h_bdg[:, :2, 2:] = np.sqrt(gap2) * np.array([[0, -1], [1, 0]])
    h_bdg[:, 2:, :2] = np.sqrt(gap2) * np.array([[0, 1], [-1, 0]])
    gapped = np.linalg.eigvalsh(h_bdg)
    return -0.5 * np.sum(np.logaddexp(gapped / 2, -gapped / 2) - np.logaddexp(normal / 2, -normal / 2), axis=-1)


# The special functions ------------------------------------------------------------------------------------------------
def test_phi_is_the_digamma_function_at_every_scale():
    rho = np.concatenate([np.logspace(-1, 6, 500), np.linspace(6.2, 6.4, 50)])
    np.testing.assert_allclose(phi(rho), digamma(0.5 + 1j * rho).real - digamma(0.5), rtol=3e-14)


@given(st.floats(0, 1e9))
def test_phi_obeys_its_recurrence_under_doubling_of_the_argument(rho):
    """psi(2z) = (psi(z) + psi(z + 1/2))/2 + ln 2 at z = 1/2 + i rho, with Re psi(1 + i rho) from its own series."""
    even = np.real(digamma(1 + 1j * rho)) - digamma(0.5)
    assert 0.5 * (phi(rho) + even) + np.log(2) == pytest.approx(
        np.real(digamma(1 + 2j * rho)) - digamma(0.5), rel=1e-13
    )


def test_phi_keeps_its_digits_where_it_is_small():
    rho = np.logspace(-150, -5, 30)
    np.testing.assert_allclose(phi(rho), 7 * zeta(3) * rho**2 - 31 * zeta(5) * rho**4, rtol=2e-15)
    assert phi(0.0) == 0
    np.testing.assert_array_equal(phi(-rho), phi(rho))


@given(st.floats(0, 50), st.floats(-50, 50))
def test_the_shifted_digamma_function_equals_scipy_or_its_slope(x, y):
    z = x + 1j * y
    assert complex(digamma_shift(z)) == pytest.approx(complex(digamma(0.5 + z) - digamma(0.5)), rel=1e-13, abs=1e-14)
    small = 1e-9 * z
    assert complex(digamma_shift(small)) == pytest.approx(np.pi**2 / 2 * small - 7 * zeta(3) * small**2, rel=1e-13)


@pytest.mark.parametrize("largest", [1.0, 30.0, 1e3, 1e6])
def test_the_matsubara_rule_sums_what_is_known(largest):
    x, weight = matsubara_rule(largest, 1.0)
    for energy in largest * np.array([0.1, 0.7, 1.0]):
        lorentz = 1 / ((2 * np.pi * x) ** 2 + energy**2)
        assert weight @ lorentz == pytest.approx(np.tanh(energy / 2) / (4 * energy), rel=1e-13)
        shifted = energy / (2 * np.pi * x * (2 * np.pi * x + energy))
        expected = float(digamma(0.5 + energy / (2 * np.pi)) - digamma(0.5)) / (2 * np.pi)
        assert weight @ shifted == pytest.approx(expected, rel=1e-12)


# The kernel -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("g", "h", "value"), CASES)
def test_the_reference_values_are_reached(g, h, value):
    assert pair_breaking(g, h, 1.0) == pytest.approx(value, abs=5e-11)


@given(vector, vector, st.floats(0.3, 3))
def test_the_kernel_is_its_matsubara_sum(g, h, kT):
    assert pair_breaking(g, h, kT) == pytest.approx(matsubara_sum(g, h, kT), rel=1e-10, abs=1e-12)


@given(vector, vector)
@settings(max_examples=8)
def test_the_kernel_is_the_second_derivative_of_the_bdg_free_energy(g, h):
    expected = bdg_pair_breaking(g, h)
    assert pair_breaking(g, h, 1.0) == pytest.approx(expected, abs=1e-8)


def test_a_field_along_another_axis_is_not_the_second_derivative():
    """The broken variant: the angle between g and h forgotten."""
    g, h = np.array([0, 0, 3.0]), np.array([2.0, 0, 0])
    assert pair_breaking(g, h[::-1], 1.0) != pytest.approx(bdg_pair_breaking(g, h), abs=1e-2)


@given(vector, vector, st.floats(0.1, 10))
def test_a_field_along_g_breaks_pairs_as_if_there_were_no_g(g, h, ratio):
    free = phi(np.linalg.norm(h) / (2 * np.pi))
    assert pair_breaking(np.zeros(3), h, 1.0) == pytest.approx(free, rel=1e-12)
    assert pair_breaking(ratio * h, h, 1.0) == pytest.approx(free, rel=1e-9)
    assert pair_breaking(h, h, 1.0) == pytest.approx(free, rel=1e-13)
    assert pair_breaking(g, np.zeros(3), 1.0) == 0


@given(vector, vector, st.integers(0, 10**6))
def test_the_kernel_does_not_change_under_rotation_and_reversal(g, h, seed):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    value = pair_breaking(g, h, 1.0)
    for other in ((turn @ g, turn @ h), (-g, h), (g, -h)):
        assert pair_breaking(*other, 1.0) == pytest.approx(value, rel=1e-11, abs=1e-15)


@given(vector, vector)
def test_a_perpendicular_field_is_never_worse_than_no_protection(g, h):
    assert 0 <= pair_breaking(g, h, 1.0) <= phi(np.linalg.norm(h) / (2 * np.pi)) * (1 + 1e-12) + 1e-30


@given(vector, st.floats(-5, 5))
def test_a_doppler_shift_alone_acts_as_a_field(h, shift):
    expected = 0.5 * (
        phi((2 * np.linalg.norm(h) + shift) / (4 * np.pi)) + phi((2 * np.linalg.norm(h) - shift) / (4 * np.pi))
    )
    assert pair_breaking(np.zeros(3), h, 1.0, shift) == pytest.approx(expected, rel=1e-12)


@given(vector, vector)
@settings(max_examples=20)
def test_a_shift_is_even_and_continuous(g, h):
    at_zero = pair_breaking(g, h, 1.0)
    assert pair_breaking(g, h, 1.0, 1e-9) == pytest.approx(at_zero, abs=1e-8)
    assert pair_breaking(g, h, 1.0, 0.7) == pytest.approx(pair_breaking(g, h, 1.0, -0.7), rel=1e-13)


def test_everything_broadcasts():
    rng = np.random.default_rng(3)
    g, h, kT = rng.normal(size=(4, 1, 3)), rng.normal(size=(5, 3)), rng.uniform(1, 2, size=(6, 1, 1))
    full = pair_breaking(g, h, kT)
    assert full.shape == (6, 4, 5)
    assert full[2, 3, 1] == pytest.approx(float(pair_breaking(g[3, 0], h[1], kT[2, 0, 0])), rel=1e-15)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([0, 1], [0, 0, 1], 1.0), r"`g` must have shape \(..., 3\), but has shape \(2,\)"),
        (([0, 0, 1], [0, 0, np.nan], 1.0), "`h` must be finite"),
        (([0, 0, 1], [0, 0, 1], -1.0), "`kT` must be positive, but is -1.0"),
        (([0, 0, 1], [0, 0, 1], 1.0, np.inf), "`shift` must be finite"),
    ],
)
def test_the_door_says_what_is_wrong(arguments, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        pair_breaking(*arguments)
