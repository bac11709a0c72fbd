"""Laws of Bravais lattices: vectors, Brillouin zone, holohedry, folding."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.models import Lattice, square, triangular

lengths = st.floats(0.1, 10)
OBLIQUE = Lattice(((1.0, 0.0), (0.3, 1.2)))
LATTICES = [triangular(), square(), OBLIQUE, Lattice(((1.0, 0.0), (0.0, 1.7))), Lattice(((1.0, 0.5), (1.0, -0.5)))]


def polygon_area(corners):
    x, y = corners.T
    return 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))


def is_zone(lattice, corners):
    """A zone polygon, counter-clockwise: its area is that of the reciprocal cell, and no other centre is nearer."""
    if len(corners) < 4 or not np.isclose(polygon_area(corners), lattice.zone_area, rtol=1e-9):
        return False
    others = np.array(list(product(range(-9, 10), repeat=2))) @ lattice.reciprocal
    nearest = np.linalg.norm(corners[:, None] - others, axis=-1).min(axis=1)
    return bool(np.all(np.linalg.norm(corners, axis=1) <= nearest * (1 + 1e-9)))


@pytest.mark.parametrize("lattice", LATTICES)
def test_reciprocal_vectors_are_dual(lattice):
    np.testing.assert_allclose(lattice.matrix @ lattice.reciprocal.T, 2 * np.pi * np.eye(2), atol=1e-13)
    cell = abs(np.linalg.det(lattice.matrix))
    assert lattice.zone_area == pytest.approx((2 * np.pi) ** 2 / cell, rel=1e-13)


@pytest.mark.parametrize(("lattice", "corners"), list(zip(LATTICES, (6, 4, 6, 4, 6), strict=True)))
def test_the_zone_has_the_area_of_the_reciprocal_cell(lattice, corners):
    assert len(lattice.zone_corners) == corners
    assert is_zone(lattice, lattice.zone_corners)


def test_a_wrong_polygon_is_not_a_zone():
    """The broken variants of the law above: a scaled and a turned hexagon."""
    corners = triangular().zone_corners
    turn = np.array([[np.sqrt(3) / 2, -0.5], [0.5, np.sqrt(3) / 2]])
    assert not is_zone(triangular(), 1.01 * corners)
    assert not is_zone(triangular(), corners @ turn.T)


@pytest.mark.parametrize("vectors", [((1.0, 0.0), (3.0, 1.0)), ((1.0, 0.0), (5.0, 1.0)), ((1.0, 0.0), (2.5, 0.1))])
def test_the_zone_does_not_depend_on_the_choice_of_lattice_vectors(vectors):
    lattice = Lattice(vectors)
    assert is_zone(lattice, lattice.zone_corners)


@given(lengths)
def test_corners_of_the_triangular_zone_are_the_k_points(a):
    lattice = triangular(a)
    k = 4 * np.pi / (3 * a)
    np.testing.assert_allclose(np.linalg.norm(lattice.zone_corners, axis=1), k, rtol=1e-12)
    np.testing.assert_allclose(lattice.momentum("K"), [k, 0], atol=1e-12 * k)
    np.testing.assert_allclose(lattice.momentum("K'"), [-k, 0], atol=1e-12 * k)
    assert np.linalg.norm(lattice.momentum("M")) == pytest.approx(2 * np.pi / (np.sqrt(3) * a), rel=1e-12)


@pytest.mark.parametrize(("lattice", "order"), list(zip(LATTICES, (12, 8, 2, 4, 4), strict=True)))
def test_order_of_the_holohedry(lattice, order):
    group = lattice.holohedry
    assert len(group) == order
    np.testing.assert_allclose(group @ np.swapaxes(group, 1, 2), np.broadcast_to(np.eye(2), group.shape), atol=1e-12)


@pytest.mark.parametrize("lattice", LATTICES)
def test_the_holohedry_is_a_group_of_symmetries_of_the_reciprocal_lattice(lattice):
    group = lattice.holohedry
    for g in group:
        fractions = (lattice.reciprocal @ g.T) @ lattice.matrix.T / (2 * np.pi)
        np.testing.assert_allclose(fractions, np.round(fractions), atol=1e-9)
        products = np.einsum("ij,gjk->gik", g, group)
        for other in products:
            assert np.min(np.abs(group - other).max(axis=(1, 2))) < 1e-9


@given(st.integers(0, len(LATTICES) - 1), st.floats(-30, 30), st.floats(-30, 30))
def test_folding_moves_by_a_reciprocal_vector_into_the_zone(n, x, y):
    lattice = LATTICES[n]
    k = np.array([x, y])
    folded = lattice.fold(k)
    moved = (k - folded) @ lattice.matrix.T / (2 * np.pi)
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-9)
    shifts = np.array(list(product(range(-2, 3), repeat=2))) @ lattice.reciprocal
    assert np.linalg.norm(folded) <= np.linalg.norm(folded + shifts, axis=1).min() + 1e-6


def test_folding_keeps_shape_and_the_centre():
    k = np.zeros((3, 4, 2))
    assert triangular().fold(k).shape == k.shape
    np.testing.assert_array_equal(triangular().fold(k), 0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Lattice(((1, 0), (2, 0))), "`vectors` must not be collinear"),
        (lambda: Lattice(((1, 0), (float("nan"), 1))), "`vectors` must be two finite vectors in the plane"),
        (lambda: Lattice(((1, 0, 0), (0, 1, 0))), "`vectors` must be two finite vectors in the plane"),
        (lambda: triangular(0), "`a` must be positive, but is 0.0"),
        (lambda: square(float("inf")), "`a` must be finite, but is inf"),
        (lambda: triangular().momentum("X"), "`point` must be one of Gamma, K, K', M, but is 'X'"),
        (lambda: triangular().fold([1.0, 2.0, 3.0]), r"`k` must have shape \(\.\.\., 2\), but has shape \(3,\)"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
