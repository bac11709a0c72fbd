"""Laws of the normal-state models: Hermiticity, periodicity, time reversal, sums of terms, stacks, guards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import witness
from spinvalley import InvalidInput, models
from spinvalley.models import (
    Bloch,
    IsingSOC,
    Lattice,
    Potential,
    Rashba,
    TightBinding,
    Zeeman,
    from_hoppings,
    square,
    triangular,
)
from spinvalley.spin import time_reversal

seeds = st.integers(0, 2**32 - 1)
strengths = st.floats(-1, 1)
REVERSIBLE = [
    witness.random_film,
    witness.random_ising_film,
    witness.random_rashba_film,
    witness.random_heterostructure,
    witness.random_square,
    witness.random_bilayer,
]
ANY = [*REVERSIBLE, witness.random_hoppings, lambda rng: witness.random_hoppings(rng, 2)]
SENTENCES = [  # a call and what it says
    (
        lambda: from_hoppings({(1, 0): np.eye(2)}, square()),
        r"`hoppings` must be Hermitian, but the matrix at R = \(-1, 0\)",
    ),
    (lambda: from_hoppings({(0, 0): [[0, 1], [0, 0]]}, square()), r"`hoppings` must be Hermitian, .* R = \(0, 0\)"),
    (lambda: from_hoppings({(0, 0): np.eye(3)}, square()), r"`hoppings` must have even dimension .* R = \(0, 0\)"),
    (
        lambda: from_hoppings({(0, 0): np.full((2, 2), np.nan)}, square()),
        r"R = \(0, 0\) must be finite, but contains NaN",
    ),
    (lambda: from_hoppings({(0, 0): np.eye(2), (1, 0): np.eye(4)}, square()), r"R = \(1, 0\) must have shape \(2, 2\)"),
    (lambda: from_hoppings({}, square()), "`hoppings` must contain at least one matrix, but is empty"),
    (
        lambda: from_hoppings({(0.5, 0): np.eye(2)}, square()),
        r"must have keys \(n1, n2\) of integers, but has \(0.5, 0\)",
    ),
    (lambda: models.film() + IsingSOC(0.1, on="tmd"), "`on` must name layers out of sc, but has 'tmd'"),
    (lambda: models.heterostructure().with_zeeman_on("x"), "`on` must name layers out of sc, tmd, but has 'x'"),
    (lambda: from_hoppings({(0, 0): np.eye(2)}, square()) + IsingSOC(0.1), "must live on a triangular lattice"),
    (lambda: models.film() + Rashba(float("nan")), "`alpha` must be finite, but is nan"),
    (lambda: models.film() + Zeeman(float("inf")), "`field` must be finite, but is inf"),
    (lambda: models.film() + Zeeman((1.0, 2.0)), r"`field` must be a number or a 3-vector, but has shape \(2,\)"),
    (lambda: models.film() + models.tmd(), "only on the same lattice and layers"),
    (lambda: models.film(t="x"), "`t` must be a real number, but is 'x'"),
    (lambda: models.heterostructure(coupling=float("nan")), "`coupling` must be finite, but is nan"),
    (lambda: models.heterostructure(zeeman_on="tmd"), "`zeeman_on` must be one of both, sc, but is 'tmd'"),
    (lambda: models.stack(models.film(), models.film()), "`stack` must get layers of different names, but has sc, sc"),
    (lambda: models.stack(models.film(), models.tmd(a=2.0)), "`stack` must get models on one lattice"),
    (lambda: models.stack(), "`stack` must get at least one model, but got none"),
    (lambda: TightBinding(lattice=square(), layers=()), "`layers` must name at least one orbital, but is empty"),
    (
        lambda: TightBinding(lattice=square(), layers=("a",), zeeman_weights=(1.0, 1.0)),
        "`zeeman_weights` must be 1 finite",
    ),
    (lambda: models.film().hamiltonian([1.0, 2.0, 3.0]), r"`k` must have shape \(\.\.\., 2\), but has shape \(3,\)"),
    (lambda: models.film().hamiltonian([float("nan"), 0.0]), "`k` must be finite, but contains NaN"),
    (lambda: models.film().zeeman("x"), "`zeeman` must be a number or a 3-vector, but is 'x'"),
    (lambda: bloch(lambda k: one(k) * [[0, 1], [0, 0]]), "`function` must return Hermitian matrices"),
    (lambda: bloch(lambda k: k[..., :1, None] * np.eye(2)), "`function` must be periodic in the reciprocal lattice"),
    (lambda: bloch(lambda _: np.eye(2)), r"`function` must return shape \(5, 2, 2\), but returns \(2, 2\)"),
    (lambda: bloch(lambda k: np.nan * one(k) * np.eye(2)), "`function` must return finite matrices"),
]
BAD_INPUT = [  # found by review: a bare error of NumPy or Python instead of one sentence
    lambda: from_hoppings({("a", "b"): np.eye(2)}, square()),
    lambda: from_hoppings({(0, 0): [[1, 2], [3]]}, square()),
    lambda: from_hoppings([np.eye(2)], square()),
    lambda: Lattice("abc"),
    lambda: models.film() + Rashba("x"),
    lambda: models.stack(models.film(), "x"),
    lambda: models.film().hamiltonian("x"),
]


def one(k):
    return np.ones(k.shape[:-1])[..., None, None]


def bloch(function, lattice=None):
    return Bloch(lattice=lattice or square(), layers=("a",), function=function)


def random_k(rng, model, count=4):
    return rng.uniform(-1, 1, (count, 2)) @ model.lattice.reciprocal


def asymmetry(model, k):
    """How far h(k) is from its time reverse."""
    return np.abs(time_reversal(model.hamiltonian(-k)) - model.hamiltonian(k)).max()


def same_bands(first, second, k):
    return np.allclose(
        np.linalg.eigvalsh(first.hamiltonian(k)), np.linalg.eigvalsh(second.hamiltonian(k)), rtol=0, atol=1e-12
    )


# Bloch Hamiltonians ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", ANY)
@given(seeds)
def test_every_model_is_hermitian_and_periodic(make, seed):
    rng = np.random.default_rng(seed)
    model = make(rng)
    k = random_k(rng, model)
    h = model.hamiltonian(k)
    np.testing.assert_allclose(h, np.conj(np.swapaxes(h, 1, 2)), atol=1e-13)
    np.testing.assert_allclose(model.hamiltonian(k + rng.integers(-3, 4, 2) @ model.lattice.reciprocal), h, atol=1e-12)


@pytest.mark.parametrize("make", REVERSIBLE)
@given(seeds)
def test_time_reversal_holds_without_a_field(make, seed):
    rng = np.random.default_rng(seed)
    model = make(rng)
    assert asymmetry(model, random_k(rng, model)) < 1e-12


@given(seeds, st.floats(0.01, 1))
def test_a_built_in_field_breaks_time_reversal(seed, strength):
    """The broken variant of the law above: asymmetry is twice the field."""
    rng = np.random.default_rng(seed)
    model = witness.random_ising_film(rng) + Zeeman((0.0, 0.0, strength))
    assert asymmetry(model, random_k(rng, model)) == pytest.approx(2 * strength, rel=1e-9)


@given(seeds)
def test_a_callable_with_the_same_matrices_is_the_same_model(seed):
    rng = np.random.default_rng(seed)
    table = witness.random_hoppings(rng, 2)
    called = Bloch(lattice=table.lattice, layers=table.layers, function=table.hamiltonian)
    k = random_k(rng, table)
    np.testing.assert_array_equal(called.hamiltonian(k), table.hamiltonian(k))
    term = Rashba(0.3, on="layer1") + Zeeman((0.1, 0.2, 0.3)) + Potential(0.4, on="layer0")
    np.testing.assert_allclose((called + term).hamiltonian(k), (table + term).hamiltonian(k), atol=1e-13)


def test_bands_of_the_film_are_those_of_eq_3():
    k = np.random.default_rng(0).uniform(-4, 4, (20, 2))
    angles = np.stack([k[:, 0], -k[:, 0] / 2 + np.sqrt(3) / 2 * k[:, 1], -k[:, 0] / 2 - np.sqrt(3) / 2 * k[:, 1]])
    c, s = np.cos(angles).sum(axis=0), np.sin(angles).sum(axis=0)
    levels = np.linalg.eigvalsh(models.film(t=-0.7, mu=0.4).hamiltonian(k))
    np.testing.assert_allclose(levels, np.repeat((-1.4 * c - 0.4)[:, None], 2, axis=1), atol=1e-13)
    diagonal = np.einsum("kii->ki", models.tmd(-0.7, 0.4, 0.3).hamiltonian(k)).real
    np.testing.assert_allclose(
        diagonal, np.stack([-1.4 * c - 0.4 + 0.6 * s, -1.4 * c - 0.4 - 0.6 * s], axis=1), atol=1e-13
    )


@pytest.mark.parametrize("length", [1.0, 0.316])
def test_the_lattice_constant_scales_momenta_only(length):
    k = np.array([0.7, -0.4])
    np.testing.assert_allclose(
        models.heterostructure(a=length).hamiltonian(k / length), models.heterostructure().hamiltonian(k), atol=1e-12
    )


@given(strengths)
def test_ising_splitting_at_k_is_6_sqrt3_beta(beta_so):
    """|E_up - E_dn| = 6 sqrt3 beta_so at K, opposite at K', none on Gamma-M; the paper prints half of it.

    S(K) = -3 sqrt3/2 at K = (4 pi/3a, 0), so that the sign there is minus.
    """
    model = models.tmd(beta_so=beta_so)
    for point, sign in (("K", -1), ("K'", 1), ("M", 0), ("Gamma", 0)):
        h = model.hamiltonian(model.lattice.momentum(point)).real
        assert h[0, 0] - h[1, 1] == pytest.approx(sign * 6 * np.sqrt(3) * beta_so, abs=1e-13)


@pytest.mark.parametrize(("lattice", "factor"), [(triangular(1.3), 3), (square(1.3), 2)])
def test_rashba_coupling_at_small_momentum(lattice, factor):
    """factor alpha a (k_y sigma_x - k_x sigma_y)."""
    model = from_hoppings({(0, 0): np.zeros((2, 2))}, lattice) + Rashba(0.4)
    kx, ky = k = np.array([2e-5, -3e-5])
    expected = factor * 0.4 * 1.3 * np.array([[0, ky + 1j * kx], [ky - 1j * kx, 0]])
    np.testing.assert_allclose(model.hamiltonian(k), expected, rtol=1e-7, atol=1e-15)


# Sums of terms --------------------------------------------------------------------------------------------------------
@given(seeds, strengths, strengths, strengths)
def test_adding_terms_is_associative_and_commutative(seed, ising, rashba, potential):
    rng = np.random.default_rng(seed)
    base = witness.random_heterostructure(rng)
    a, b, c = IsingSOC(ising, on="sc"), Rashba(rashba), Potential(potential, on="tmd")
    k = random_k(rng, base)
    expected = (base + a + b + c).hamiltonian(k)
    for same in (base + c + b + a, base + (a + b) + c, base + (a + (b + c)), base + ((c + a) + b)):
        np.testing.assert_allclose(same.hamiltonian(k), expected, atol=1e-13)


@given(strengths, strengths)
def test_terms_add_up(first, second):
    k = np.random.default_rng(1).uniform(-4, 4, (5, 2))
    twice = models.film() + IsingSOC(first) + IsingSOC(second)
    np.testing.assert_allclose(
        twice.hamiltonian(k), (models.film() + IsingSOC(first + second)).hamiltonian(k), atol=1e-13
    )


def test_terms_of_different_strength_differ():
    """The broken variant: the comparison of bands used here sees 1e-6."""
    k = np.random.default_rng(1).uniform(-4, 4, (5, 2))
    assert same_bands(models.film() + IsingSOC(0.1), models.ising_film(0.1), k)
    assert not same_bands(models.film() + IsingSOC(0.1), models.ising_film(0.100001), k)


def test_models_on_the_same_layers_add_up():
    k = np.array([0.3, 0.9])
    both = models.film(t=-1.0, mu=0.5) + models.film(t=-0.3, mu=0.2)
    np.testing.assert_allclose(both.hamiltonian(k), models.film(t=-1.3, mu=0.7).hamiltonian(k), atol=1e-13)


def test_adding_leaves_the_first_model_as_it_was():
    film = models.film()
    before = film.hamiltonian([0.3, 0.9])
    _ = film + Rashba(0.5)
    np.testing.assert_array_equal(film.hamiltonian([0.3, 0.9]), before)


# Layers and fields ----------------------------------------------------------------------------------------------------
@given(seeds)
def test_the_heterostructure_decouples_without_vertical_hopping(seed):
    rng = np.random.default_rng(seed)
    t_sc, t_tmd, mu_sc, mu_tmd, beta_so = rng.uniform(-1, 1, 5)
    both = models.heterostructure(t_sc, t_tmd, mu_sc, mu_tmd, beta_so, coupling=0.0)
    k = random_k(rng, both)
    h = both.hamiltonian(k)
    np.testing.assert_allclose(h[:, :2, :2], models.film(t_sc, mu_sc).hamiltonian(k), atol=1e-13)
    np.testing.assert_allclose(h[:, 2:, 2:], models.tmd(t_tmd, mu_tmd, beta_so).hamiltonian(k), atol=1e-13)
    assert not h[:, :2, 2:].any()


def test_vertical_hopping_conserves_spin():
    h = models.heterostructure(coupling=0.3).hamiltonian([0.3, 0.9])
    np.testing.assert_array_equal(h[:2, 2:], 0.3 * np.eye(2))


def test_three_layers_hop_to_neighbours_only():
    trilayer = models.stack(
        models.tmd(), models.film(), witness.random_hoppings(np.random.default_rng(0), 1, triangular()), coupling=0.2
    )
    assert trilayer.layers == ("tmd", "sc", "layer0")
    h = trilayer.hamiltonian([0.1, 0.2])
    np.testing.assert_array_equal(h[:2, 4:], 0)
    np.testing.assert_array_equal(h[2:4, 4:], 0.2 * np.eye(2))


@given(st.tuples(strengths, strengths, strengths))
def test_the_field_acts_on_both_layers_or_on_one(field):
    spin = sum(v * s for v, s in zip(field, witness.UP_DOWN, strict=True))
    both, one_layer = models.heterostructure(), models.heterostructure(zeeman_on="sc")
    np.testing.assert_allclose(both.zeeman(field), np.kron(np.eye(2), spin), atol=1e-15)
    np.testing.assert_allclose(one_layer.zeeman(field), np.kron(np.diag([1, 0]), spin), atol=1e-15)
    np.testing.assert_array_equal(one_layer.with_zeeman_on(None).zeeman(field), both.zeeman(field))
    np.testing.assert_allclose(
        one_layer.with_zeeman_on(("tmd",)).zeeman(field), np.kron(np.diag([0, 1]), spin), atol=1e-15
    )


def test_a_number_is_a_field_along_x_and_equals_the_built_in_term():
    film, k = models.film(), np.array([0.3, 0.9])
    np.testing.assert_array_equal(film.zeeman(0.2), film.zeeman((0.2, 0.0, 0.0)))
    np.testing.assert_allclose(film.hamiltonian(k) + film.zeeman(0.2), (film + Zeeman(0.2)).hamiltonian(k), atol=1e-15)


# The door -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("call", "sentence"), SENTENCES)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()


@pytest.mark.parametrize("call", BAD_INPUT)
def test_every_bad_input_is_refused_by_our_own_exception(call):
    with pytest.raises(InvalidInput):
        call()
