"""The closed form for one orbital against LAPACK, for any field, spin-orbit vector and band energy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.numerics import quartic
from spinvalley.numerics.quartic import OneOrbital
from spinvalley.spin import S0, SX, SY, SZ, nambu, singlet

SIGMA = np.array([SX, SY, SZ])
SINGLET = np.array([1.0, 0, 0, 0])
seeds = st.integers(0, 2**32 - 1)


def matrices(xi, vector):
    return xi[:, None, None] * S0 + np.einsum("ks,sij->kij", vector, SIGMA)


def random_case(seed, count=400):
    """h(k), h(-k) with energies over six decades, special directions included."""
    rng = np.random.default_rng(seed)
    xi, g = rng.normal(size=count) * 10.0 ** rng.uniform(-4, 2, count), rng.normal(size=(count, 3))
    g *= 10.0 ** rng.uniform(-3, 1, (count, 1))
    h = rng.normal(size=3) * 10.0 ** rng.uniform(-3, 1)
    g[:40] = 0
    g[40:80] = np.cross(g[40:80], h)
    g[80:120] = h * rng.normal(size=(40, 1))
    odd = 0.1 * rng.normal(size=count) * (rng.random(count) > 0.5)
    return matrices(xi + odd, h + g), matrices(xi - odd, h - g), rng.uniform(0, 3)


@given(seeds)
def test_energies_are_those_of_lapack(seed):
    plus, minus, gap = random_case(seed)
    scale = np.abs(plus).max()
    for delta in (0.0, 1e-3 * gap, gap):
        found = np.sort(OneOrbital.of(plus, minus, SINGLET).energies(np.array([delta]))[:, 0], axis=0).T
        expected = np.linalg.eigvalsh(nambu(plus, minus, delta * singlet(1)))
        # A double root near zero energy loses digits, as in any closed form; the sums do not.
        np.testing.assert_allclose(found, expected, atol=1e-10 * scale)
        np.testing.assert_allclose(found[:, 2:].sum(1), expected[:, 2:].sum(1), atol=3e-14 * scale)


@given(seeds)
def test_an_orbital_that_does_not_pair_keeps_its_energies(seed):
    plus, minus, gap = random_case(seed, 200)
    single = OneOrbital.of(plus, minus, 0 * SINGLET)
    np.testing.assert_array_equal(single.energies(np.array([gap])), single.energies(np.zeros(1)))


def test_without_the_product_of_both_vectors_the_energies_are_wrong(monkeypatch):
    """Broken on purpose: dropping g.h must be noticed."""
    plus, minus, gap = random_case(1)
    whole = OneOrbital.of(plus, minus, SINGLET)
    broken = OneOrbital(whole.shift, whole.xi, whole.g2, whole.h2, 0 * whole.gh, whole.weight)
    expected = np.linalg.eigvalsh(nambu(plus, minus, gap * singlet(1)))
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(np.sort(broken.energies(np.array([gap]))[:, 0], axis=0).T, expected, atol=1e-3)
    monkeypatch.setattr(quartic, "largest_root", lambda a, *_: a)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(np.sort(whole.energies(np.array([gap]))[:, 0], axis=0).T, expected, atol=1e-3)
