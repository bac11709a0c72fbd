"""Laws of the closed-form singular values: they are those of LAPACK, degenerate and tiny ones too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.numerics.singular import invariants, singular_values

seeds = st.integers(0, 2**32 - 1)


def random_pencils(rng, n, count):
    """Hermitian matrices (count, n, n)."""
    h = rng.normal(size=(count, n, n)) + 1j * rng.normal(size=(count, n, n))
    return h + np.conj(np.swapaxes(h, 1, 2))


def closed(e):
    return np.stack(singular_values(np, list(e)))


def from_values(values):
    """Invariants e_j: elementary symmetric polynomials of the squares."""
    n = len(values)
    polynomial = np.ones((1, values.shape[1]), dtype=values.dtype)
    for value in values:
        longer = np.zeros((len(polynomial) + 1, values.shape[1]), dtype=values.dtype)
        longer[:-1] += polynomial
        longer[1:] += value**2 * polynomial
        polynomial = longer
    return [polynomial[j].astype(float) for j in range(1, n + 1)]


def smooth(sigma, kT):
    """The sum that the free energy needs."""
    return np.sum(0.5 * sigma + kT * np.log1p(np.exp(-sigma / kT)), axis=0)


def agree(ours, exact, error):
    """Whether thermal sums agree at temperatures above and below the spacing of the levels."""
    return all(np.abs(smooth(ours, t) - smooth(exact, t)).max() < error for t in (0.01, 0.1, 1.0))


# Invariants -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("n", "z"), [(2, [1, -1]), (4, [1, -1, 0, 0]), (4, [1, -1, 1, -1]), (4, [0, 0, 1, -1])])
@given(seeds, st.floats(0, 2))
def test_invariants_are_the_characteristic_polynomial_averaged_over_the_sign_of_the_gap(n, z, seed, gap):
    """det(lambda - Q^+ Q) = sum_j (-1)^j e_j lambda^(n-j); powers that are odd in Delta belong to neither sign."""
    h = random_pencils(np.random.default_rng(seed), n, 5)
    table = invariants(h, np.array(z, dtype=float))
    ours = np.einsum("jsk,s->jk", table, gap ** (2 * np.arange(table.shape[1])))
    expected = np.zeros((n, 5))
    for sign in (1, -1):
        q = h + 1j * sign * gap * np.diag(z)
        for m, matrix in enumerate(np.conj(np.swapaxes(q, 1, 2)) @ q):
            expected[:, m] += 0.5 * (np.poly(matrix).real * (-1) ** np.arange(n + 1))[1:]
    scale = np.abs(expected).max(axis=1, keepdims=True)
    np.testing.assert_allclose(ours / scale, expected / scale, atol=1e-9)


# Singular values ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [2, 4])
@given(seeds)
def test_thermal_sums_are_those_of_lapack(n, seed):
    """Matrices with the symmetry of the problem: real symmetric h (an Ising film in a field turns into one)."""
    rng = np.random.default_rng(seed)
    h = rng.normal(size=(100, n, n))
    h = h + np.swapaxes(h, 1, 2)
    e = invariants(h.astype(complex), np.zeros(n))[:, 0]
    exact = np.sort(np.abs(np.linalg.eigvalsh(h)), axis=1).T
    assert agree(closed(e), exact, 1e-9)


def special_values(rng, n, kind):
    values = rng.uniform(0.1, 4, (n, 200))
    if kind == "pairs":
        values[1::2] = values[::2]
    if kind == "spread":
        values *= 10 ** rng.uniform(-3, 0, (n, 200))
    if kind == "three small":
        values[:-1] *= 1e-3
    if "tiny" in kind:
        values[: 1 + (kind == "two tiny")] *= 1e-9
    if kind == "equal":
        values[:] = values[0]
    if kind == "zero":
        values[:] = 0
    return values


@pytest.mark.parametrize(
    ("n", "kind", "error"),
    [
        *[(2, kind, 1e-13) for kind in ("plain", "spread", "pairs", "one tiny", "equal", "zero")],
        *[(4, kind, 1e-10) for kind in ("plain", "one tiny", "two tiny", "zero")],
        *[(4, kind, 1e-7) for kind in ("pairs", "equal")],
        *[(4, kind, 1e-7) for kind in ("spread", "three small")],
    ],
)
def test_thermal_sums_of_degenerate_and_tiny_values(n, kind, error):
    """Measured: a double root of the quartic costs half of the digits of a sum that is otherwise exact to rounding."""
    for seed in range(5):
        values = special_values(np.random.default_rng(seed), n, kind)
        ours = closed(from_values(values))
        assert np.all(np.isfinite(ours))
        assert agree(ours, np.sort(values, axis=0), error)


@given(seeds)
def test_one_tiny_value_keeps_its_digits(seed):
    values = np.random.default_rng(seed).uniform(0.5, 4, (4, 50))
    values[0] *= 1e-7
    np.testing.assert_allclose(closed(from_values(values))[0], values[0], rtol=1e-6)


def test_invariants_with_an_error_are_noticed():
    """The broken variant: one part in 1e8 in e_2 is seen."""
    values = np.random.default_rng(0).uniform(0.1, 4, (4, 50))
    e = from_values(values)
    assert agree(closed(e), np.sort(values, axis=0), 1e-10)
    e[1] = e[1] * (1 + 1e-8)
    assert not agree(closed(e), np.sort(values, axis=0), 1e-10)


def test_energies_over_six_decades_keep_their_sum():
    """A pair of tiny ones, a small one beside them and a large one needed more than three steps of the iteration."""
    values = np.sort(10 ** np.random.default_rng(0).uniform(-6, 0, (4, 300_000)), axis=0)
    ours = closed(from_values(values.astype(np.longdouble)))
    assert np.max(np.abs(ours.sum(axis=0) - values.sum(axis=0)) / values[-1]) < 1e-12
