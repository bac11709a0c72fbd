"""Laws of the matrices that map one set of matrices to another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.numerics.intertwiners import closest_unitary, intertwiners, supported, violation


def hermitian(rng, size, count=3):
    a = rng.normal(size=(count, size, size)) + 1j * rng.normal(size=(count, size, size))
    return a + np.swapaxes(a, -1, -2).conj()


def orthogonal(rng, size):
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


@given(st.integers(1, 4), st.integers(0, 1000))
def test_the_only_intertwiner_is_found_up_to_a_factor(size, seed):
    rng = np.random.default_rng(seed)
    sources, rotation = hermitian(rng, size), orthogonal(rng, size)
    targets = rotation @ sources @ rotation.T
    space = intertwiners(sources, targets)
    assert len(space) == 1
    found = closest_unitary(space, rotation)
    np.testing.assert_allclose(found, rotation, atol=1e-9)
    assert violation(sources, targets, found) < 1e-9
    if size > 1:
        assert violation(sources, targets, orthogonal(rng, size)) > 1e-6  # any other matrix is seen to be wrong


def test_unrelated_matrices_have_no_intertwiner():
    rng = np.random.default_rng(2)
    space = intertwiners(hermitian(rng, 3), hermitian(rng, 3))
    assert len(space) == len(supported(space, np.eye(3, dtype=bool))) == 0
    assert closest_unitary(space, np.eye(3)) is None


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 1000))
def test_a_mask_leaves_the_members_inside_it(first, second, seed):
    rng = np.random.default_rng(seed)
    sources = np.zeros((3, first + second, first + second), dtype=complex)
    sources[:, :first, :first] = hermitian(rng, first)
    sources[:, first:, first:] = hermitian(rng, second)
    space = intertwiners(sources, sources)
    inside = np.zeros((first + second,) * 2, dtype=bool)
    inside[:first, :first] = True
    kept = supported(space, inside)
    assert len(space) == 2
    assert len(kept) == 1
    assert np.abs(kept[0][~inside]).max() < 1e-9
    assert violation(sources, sources, kept[0]) < 1e-9


def test_a_candidate_that_has_no_invertible_part_gives_none():
    space = np.diag([1.0, 0.0])[None].astype(complex)
    assert closest_unitary(space, np.eye(2)) is None
    assert closest_unitary(np.eye(2)[None] / np.sqrt(2), 3 * np.eye(2)) == pytest.approx(np.eye(2))
