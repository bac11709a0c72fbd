"""Bands, spin texture and the conserved spin axis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.models import Bloch, Rashba, film, heterostructure, square, tmd, triangular
from spinvalley.normal import bands, conserved_axis
from spinvalley.normal.sectors import hamiltonian_gradient, sectors

fields = st.tuples(*[st.floats(-1, 1)] * 3)


def wavy(k):
    """A one-orbital Bloch model that is no finite sum of hoppings."""
    x, y = k[..., 0], k[..., 1]
    return np.exp(np.cos(x) + np.sin(y))[..., None, None] * np.eye(2)


@given(fields, st.floats(0, 0.5))
@settings(max_examples=25)
def test_bands_are_the_eigenvalues_in_a_field(field, alpha):
    model = heterostructure() + Rashba(alpha)
    data = bands(model, points=12, zeeman=field)
    k = np.stack([data.kx, data.ky], axis=-1)
    expected = np.linalg.eigvalsh(model.hamiltonian(k) + model.zeeman(field))
    np.testing.assert_allclose(np.sort(data.energy, axis=1), expected, atol=1e-12)


@given(fields)
@settings(max_examples=20)
def test_every_state_has_its_weight_on_the_layers_and_a_spin_of_at_most_one(field):
    data = bands(heterostructure() + Rashba(0.2), points=9, zeeman=field)
    np.testing.assert_allclose(data.layer_weight.sum("layer"), 1, atol=1e-12)
    assert np.all(data.sx**2 + data.sy**2 + data.sz**2 <= 1 + 1e-12)


@pytest.mark.parametrize("beta_so", [0.1, 0.5])
def test_the_splitting_at_the_valleys_is_6_sqrt3_beta_so_and_opposite(beta_so):
    """Twice what heterostructure.txt prints. With S(k) as printed and K = (4 pi/3a, 0), up is the lower band at K."""
    data = bands(tmd(beta_so=beta_so), path=("K", "Gamma", "K'"), points=3)
    splitting = data.energy[:, 0] - data.energy[:, 1]
    np.testing.assert_allclose(splitting, 6 * np.sqrt(3) * beta_so * np.array([-1, 0, 1]), atol=1e-13)
    np.testing.assert_array_equal(data.spin, [1, -1])


def test_kramers_partners_have_opposite_momentum_and_spin():
    model = heterostructure()
    there = bands(model, path=("Gamma", (0.31, 0.2)), points=7)
    back = bands(model, path=("Gamma", (-0.31, -0.2)), points=7)
    np.testing.assert_allclose(there.energy[:, :2], back.energy[:, 2:], atol=1e-13)
    np.testing.assert_allclose(there.sz[:, :2], -back.sz[:, 2:], atol=1e-13)


def test_a_field_breaks_the_partnership():
    """The broken variant of the law above."""
    there = bands(heterostructure(), path=("Gamma", "K"), points=4, zeeman=(0, 0, 0.1))
    back = bands(heterostructure(), path=("Gamma", "K'"), points=4, zeeman=(0, 0, 0.1))
    assert float(np.abs(there.energy[:, :2] - back.energy[:, 2:]).max()) > 0.1


def test_corners_of_the_path_are_points_of_it_however_few():
    for points in (4, 5, 31, 301):
        data = bands(film(), points=points)
        assert data.sizes["k_index"] == points
        np.testing.assert_allclose(np.intersect1d(data.distance, data.tick), data.tick)
    assert list(data.tick_label.values) == ["Gamma", "K", "M", "Gamma"]


@pytest.mark.parametrize(
    ("model", "field", "axis"),
    [
        (film(), 0, [0, 0, 1]),
        (film(), (0.3, -0.4, 0), [-0.6, 0.8, 0]),
        (tmd(), 0, [0, 0, 1]),
        (heterostructure(), (0, 0, 1), [0, 0, 1]),
        (tmd(), 0.1, None),
        (film() + Rashba(0.1), 0, None),
    ],
)
def test_the_conserved_spin_axis(model, field, axis):
    found = conserved_axis(model, field)
    if axis is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, axis, atol=1e-12)


@given(st.floats(-3, 3), st.floats(-3, 3))
@settings(max_examples=25)
def test_velocities_are_the_slopes_of_the_bands(kx, ky):
    k, h = np.array([kx, ky]), 1e-3
    for model in (heterostructure(beta_so=0.3), Bloch(lattice=square(), layers=("x",), function=wavy)):
        block = sectors(model)[0]
        _, slope = block.level(k, 0)
        for n, step in enumerate(h * np.eye(2)):
            near, far = (block.energies(k + m * step)[0] - block.energies(k - m * step)[0] for m in (1, 2))
            assert slope[n] == pytest.approx((8 * near - far) / (12 * h), abs=1e-8)


def test_gradient_by_differences_equals_the_exact_one():
    exact = heterostructure() + Rashba(0.3)
    other = Bloch(lattice=triangular(), layers=exact.layers, function=exact.hamiltonian)
    k = np.random.default_rng(3).uniform(-4, 4, (20, 2))
    np.testing.assert_allclose(hamiltonian_gradient(other, k), hamiltonian_gradient(exact, k), atol=2e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: bands(film(), path=("K",)), "`path` must be at least two points"),
        (lambda: bands(film(), path="K"), "`path` must be at least two points"),
        (lambda: bands(film(), path=("K", "K")), "`path` must not repeat a point twice"),
        (lambda: bands(film(), path=("Gamma", "Q")), "`point` must be one of Gamma, K, K', M, but is 'Q'"),
        (lambda: bands(film(), path=("Gamma", (np.nan, 0))), "`path` must be finite"),
        (lambda: bands(film(), points=3), "`points` must be an integer of at least 4, but is 3"),
        (lambda: bands(film(), points=10.5), "`points` must be an integer of at least 4, but is 10.5"),
        (lambda: bands(film(), zeeman=np.inf), "`zeeman` must be finite"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
