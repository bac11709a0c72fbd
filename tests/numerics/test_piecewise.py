"""Laws of piecewise Chebyshev polynomials: interpolation, derivative, all roots."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.numerics.piecewise import Piecewise, adaptive_panels, chebyshev

seeds = st.integers(0, 2**32 - 1)


def interpolate(function, breaks, order):
    nodes, matrix = chebyshev(order)
    pieces = [matrix @ function(0.5 * (a + b) + 0.5 * (b - a) * nodes) for a, b in pairwise(breaks)]
    return Piecewise(np.asarray(breaks, dtype=float), np.array(pieces))


def random_breaks(rng, count=4):
    return np.concatenate([[0.0], np.cumsum(rng.uniform(0.2, 1, count))])


@given(seeds, st.integers(2, 12))
def test_polynomials_below_the_order_are_exact(seed, order):
    rng = np.random.default_rng(seed)
    polynomial = np.polynomial.Polynomial(rng.normal(size=order))
    pieces = interpolate(polynomial, random_breaks(rng), order)
    x = rng.uniform(0, pieces.breaks[-1], 50)
    scale = np.abs(polynomial.coef) @ pieces.breaks[-1] ** np.arange(order)
    np.testing.assert_allclose(pieces(x), polynomial(x), atol=1e-13 * scale)
    slope = polynomial.deriv()
    np.testing.assert_allclose(pieces.derivative()(x), slope(x), atol=1e-10 * scale)


@given(seeds)
def test_the_derivative_of_an_analytic_function(seed):
    """Against the exact derivative of a sum of waves: the Chebyshev derivative loses order^2 of rounding only."""
    rng = np.random.default_rng(seed)
    amplitude, phase = rng.normal(size=3), rng.uniform(0, 6, 3)

    def wave(x, shift=0.0):
        return np.sum(amplitude * np.sin(np.multiply.outer(x, [0.5, 1.0, 1.5]) + phase + shift), axis=-1)

    def slope(x):
        return np.sum(amplitude * [0.5, 1.0, 1.5] * np.cos(np.multiply.outer(x, [0.5, 1.0, 1.5]) + phase), axis=-1)

    pieces = interpolate(wave, random_breaks(rng), 16)
    x = rng.uniform(0, pieces.breaks[-1], 50)
    np.testing.assert_allclose(pieces(x), wave(x), atol=1e-13 * np.abs(amplitude).sum())
    np.testing.assert_allclose(pieces.derivative()(x), slope(x), atol=1e-10 * np.abs(amplitude).sum())


@given(st.lists(st.floats(0.01, 2.99), min_size=1, max_size=6, unique_by=lambda x: round(x, 2)))
def test_roots_are_all_roots_of_the_polynomial(roots):
    breaks = [0.0, 0.7 + 1e-5 * np.pi, 1.6 + 1e-5 * np.pi, 3.0]
    pieces = interpolate(lambda x: np.prod(np.subtract.outer(x, roots), axis=-1), breaks, 10)
    found = pieces.roots()
    assert len(found) == len(roots)
    np.testing.assert_allclose(
        found, np.sort(roots), atol=1e-5
    )  # neighbours 0.01 apart of six roots are ill-conditioned


def test_a_function_without_a_root_has_none():
    assert interpolate(lambda x: 1 + x**2, [0.0, 1.0, 2.0], 8).roots().size == 0


def test_a_root_on_a_panel_limit_is_one_root():
    assert interpolate(lambda x: x - 1, [0.0, 1.0, 2.0], 8).roots().size == 1


def test_a_missed_panel_would_be_noticed():
    """The broken variant: the outer panel replaced by a constant loses a root."""
    pieces = interpolate(lambda x: (x - 0.5) * (x - 1.5), [0.0, 1.0, 2.0], 8)
    np.testing.assert_allclose(pieces.roots(), [0.5, 1.5], atol=1e-12)
    broken = pieces.coefficients.copy()
    broken[1] = [1, *[0] * 7]
    assert Piecewise(pieces.breaks, broken).roots().size == 1


def test_panels_are_halved_where_the_function_is_sharp():
    def sharp(x):
        return np.stack([np.arctan((x - 0.3) / 1e-2), x**2], axis=1)

    limits, coefficients = adaptive_panels(
        sharp, np.array([0.0, 1.0]), 10, lambda c: bool(np.abs(c[-2:]).max() < 1e-9), depth=12
    )
    widths = np.diff(limits)
    assert widths.min() < 0.02 < 0.1 < widths.max()
    assert widths[np.searchsorted(limits, 0.3) - 1] == widths.min()
    x = np.linspace(0, 1, 333)
    for m in (0, 1):
        np.testing.assert_allclose(Piecewise(limits, coefficients[:, :, m])(x), sharp(x)[:, m], atol=1e-8)


def test_halving_stops_at_the_depth():
    limits, _ = adaptive_panels(lambda x: np.abs(x - 0.3)[:, None], np.array([0.0, 1.0]), 4, lambda _: False, depth=3)
    np.testing.assert_allclose(np.diff(limits), 1 / 8)
