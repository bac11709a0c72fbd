"""Laws of singlet-triplet mixing: the matrix against the Green functions, symmetries, the effect on Hc2."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from spinvalley import InvalidInput
from spinvalley.pairing.kernel import pair_breaking, phi
from spinvalley.pairing.mixing import TripletAdmixture, pair_breaking_matrix
from spinvalley.pairing.pockets import constant_splitting

SIGMA = np.array([np.eye(2), [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
vector = st.tuples(*[st.floats(-4, 4)] * 3).map(np.array)
SURFACE = constant_splitting(13.0)


def green_function_matrix(g, h, kT, shift, terms):
    """const delta_ij + (1/2) kT sum_w int dxi tr[sigma_i G_e sigma_j G_h], xi integrated numerically."""
    angle = (np.arange(600) + 0.5) * np.pi / 600 - 0.5 * np.pi
    total = np.zeros((4, 4), dtype=complex)
    for n in range(-terms, terms):
        w = (2 * n + 1) * np.pi * kT
        xi, weight = abs(w) * np.tan(angle), abs(w) / np.cos(angle) ** 2 * np.pi / 600
        electron = (1j * w - xi - shift / 2)[:, None, None] * np.eye(2) - np.einsum("i,iab->ab", g + h, SIGMA[1:])
        hole = (1j * w + xi - shift / 2)[:, None, None] * np.eye(2) + np.einsum("i,iab->ab", g - h, SIGMA[1:])
        ge, gh = np.linalg.inv(electron) * weight[:, None, None], np.linalg.inv(hole)
        total += kT * np.pi / abs(w) * np.eye(4)
        total += 0.5 * kT * np.einsum("iab,xbc,jcd,xda->ij", SIGMA, ge, SIGMA, gh, optimize=True)
    return total


def green_function_limit(*case):
    """Extrapolated in the number of frequencies: the terms beyond fall as 1/w^3."""
    coarse, fine, finest = (green_function_matrix(*case, terms) for terms in (25, 50, 100))
    first, second = (4 * fine - coarse) / 3, (4 * finest - fine) / 3
    return (16 * second - first) / 15


def critical(mixed, T, tc=6.5):
    return brentq(lambda B: float(mixed.breaking(T, [B, 0, 0])) - np.log(tc / T), 0, 1000, xtol=1e-9)


# The matrix -----------------------------------------------------------------------------------------------------------
@given(vector, vector, st.sampled_from([0.0, 1.3]))
@settings(max_examples=5)
def test_the_matrix_is_that_of_the_green_functions(g, h, shift):
    ours = pair_breaking_matrix(g, h, 1.0, shift)
    np.testing.assert_allclose(ours, green_function_limit(g, h, 1.0, shift), atol=1e-6)


def test_the_transposed_matrix_is_not_that_of_the_green_functions():
    """The broken variant: the phase i of the mixing with the other sign."""
    g, h = np.array([0, 1.0, 4.0]), np.array([3.0, 0.0, 1.0])
    wrong = pair_breaking_matrix(g, h, 1.0).T
    assert np.abs(wrong - green_function_limit(g, h, 1.0, 0.0)).max() > 0.1


@given(vector, vector, st.floats(-3, 3), st.floats(0.3, 3))
def test_its_first_element_is_the_kernel(g, h, shift, kT):
    matrix = pair_breaking_matrix(g, h, kT, shift)
    assert matrix[0, 0] == pytest.approx(complex(pair_breaking(g, h, kT, shift)), rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(matrix, matrix.conj().T, atol=1e-15)
    assert np.linalg.eigvalsh(matrix)[0] > -1e-13


@given(vector, vector)
def test_the_singlet_mixes_with_the_triplet_along_g_cross_h_only(g, h):
    matrix = pair_breaking_matrix(g, h, 1.0)
    np.testing.assert_allclose(np.cross(matrix[0, 1:].imag, np.cross(g, h)), 0, atol=1e-12)
    np.testing.assert_allclose(matrix[0, 1:].real, 0, atol=1e-15)
    np.testing.assert_allclose(pair_breaking_matrix(-g, h, 1.0)[0, 1:], -matrix[0, 1:], atol=1e-13)  # odd in g


@given(vector)
def test_without_field_a_triplet_is_broken_unless_it_lies_along_g(g):
    matrix = pair_breaking_matrix(g, np.zeros(3), 1.0)
    assert abs(matrix[0, 0]) < 1e-15
    length = np.linalg.norm(g)
    across = np.eye(3) - np.outer(g, g) / length**2 if length > 0 else np.zeros((3, 3))
    np.testing.assert_allclose(matrix[1:, 1:], phi(length / (2 * np.pi)) * across, atol=1e-12)


def test_everything_broadcasts():
    rng = np.random.default_rng(2)
    g, h, kT = rng.normal(size=(3, 1, 3)), rng.normal(size=(4, 3)), np.array([[1.0], [2.0], [3.0]])
    full = pair_breaking_matrix(g, h, kT, 0.1 * np.ones(4))
    assert full.shape == (3, 4, 4, 4)
    np.testing.assert_allclose(full[2, 1], pair_breaking_matrix(g[2, 0], h[1], 3.0, 0.1), atol=1e-15)


# The instability ------------------------------------------------------------------------------------------------------
def test_without_triplet_attraction_it_is_the_singlet_alone():
    """The effect falls as 1/ln(Tc/Tct) only."""
    B, alone = [60.0, 0, 0], float(SURFACE.breaking(2.0, [60.0, 0, 0]))
    lost = [alone - float(TripletAdmixture(SURFACE, ratio).breaking(2.0, B)) for ratio in (1e-50, 1e-100, 1e-200)]
    assert 0 < lost[2] < lost[1] < lost[0]
    assert lost[0] / lost[2] == pytest.approx(4, rel=0.1)


@given(st.floats(1e-6, 0.9), st.floats(0.5, 6), st.floats(0, 90))
@settings(max_examples=25)
def test_the_admixture_only_helps(ratio, T, B):
    mixed = TripletAdmixture(SURFACE, ratio)
    assert mixed.breaking(T, [B, 0, 0]) <= SURFACE.breaking(T, [B, 0, 0]) + 1e-12
    assert 0 <= mixed.triplet_share(T, [B, 0, 0]) <= 1
    assert mixed.breaking(T, [0, 0, 0]) == pytest.approx(0, abs=1e-14)


def test_a_field_along_g_does_not_admix():
    mixed = TripletAdmixture(SURFACE, 0.5)
    assert mixed.breaking(5.0, [0, 0, 3.0]) == pytest.approx(float(SURFACE.breaking(5.0, [0, 0, 3.0])), rel=1e-12)


def test_the_admixture_is_not_negligible_in_an_ising_superconductor():
    """The claim "negligible" rests on the triplet attraction: Tct = Tc/100 already adds half of Hc2 at 1 K."""
    alone = critical(TripletAdmixture(SURFACE, 1e-300), 1.0)
    assert alone == pytest.approx(91.315, rel=0.02)
    assert critical(TripletAdmixture(SURFACE, 1e-2), 1.0) > 1.4 * alone


def test_a_triplet_even_in_momentum_decouples():
    """The broken form factor: with one sign in both valleys the mixing averages out."""
    wrong = TripletAdmixture(SURFACE, 0.5, odd=np.ones(len(SURFACE.weight)))
    right = TripletAdmixture(SURFACE, 0.5)
    B = [60.0, 0, 0]
    assert wrong.matrix(3.0, B)[0, 2] == pytest.approx(0, abs=1e-14)
    assert abs(right.matrix(3.0, B)[0, 2]) > 0.1


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TripletAdmixture(SURFACE, 2.0), "`ratio` must be at most 1, but is 2.0"),
        (lambda: TripletAdmixture(SURFACE, 0.0), "`ratio` must be positive, but is 0.0"),
        (lambda: TripletAdmixture(constant_splitting(0.0), 0.1), "`odd` must not vanish everywhere"),
        (lambda: TripletAdmixture(SURFACE, 0.1, odd=[1.0]), "`odd` must be finite and of shape"),
        (lambda: TripletAdmixture("x", 0.1), "`surface` must be a FermiSurface"),
        (lambda: pair_breaking_matrix([0, 1], [0, 0, 1], 1.0), "`g` must have shape"),
    ],
)
def test_the_door_says_what_is_wrong(make, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        make()
