"""Laws of the Bogoliubov-de Gennes Hamiltonian: symmetries, closed forms, and the 4 x 4 Green function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import witness
from spinvalley import InvalidInput, Superconductor, models, s_wave

seeds = st.integers(0, 2**32 - 1)
gaps = st.floats(0, 2)
fields = st.floats(-1, 1)
MAKERS = [
    (witness.random_rashba_film, "sc", (1,)),
    (witness.random_heterostructure, "sc", (1, 0)),
    (witness.random_heterostructure, "tmd", (0, 1)),
    (witness.random_bilayer, None, (1, 1)),
    (lambda rng: witness.random_hoppings(rng, 2), "layer1", (0, 1)),
]


def random_k(rng, model, count=5):
    return rng.uniform(-1, 1, (count, 2)) @ model.lattice.reciprocal


def kramers_distance(levels):
    """How far sorted levels are from pairs."""
    return np.abs(levels[:, ::2] - levels[:, 1::2]).max()


@pytest.mark.parametrize(("make", "on", "paired"), MAKERS)
@given(seeds, gaps)
def test_the_matrix_is_that_of_the_conventions(make, on, paired, seed, gap):
    rng = np.random.default_rng(seed)
    model, field = make(rng), witness.random_field(rng)
    k = random_k(rng, model)
    ours = Superconductor(model, s_wave(on=on, v=1.0)).hamiltonian(k, gap, field)
    np.testing.assert_allclose(ours, witness.bdg(model, paired, k, gap, field), atol=1e-13)


@pytest.mark.parametrize(("make", "on", "paired"), MAKERS)
@given(seeds, gaps)
def test_energies_at_k_are_minus_those_at_minus_k(make, on, paired, seed, gap):
    rng = np.random.default_rng(seed)
    model, field = make(rng), witness.random_field(rng)
    sc = Superconductor(model, s_wave(on=on, v=1.0))
    k = random_k(rng, model)
    np.testing.assert_allclose(sc.energies(k, gap, field), -sc.energies(-k, gap, field)[:, ::-1], atol=1e-12)
    assert sc.energies(k, gap, field).shape == (5, 4 * len(paired))


@pytest.mark.parametrize(("make", "on", "paired"), MAKERS[:-1])
@given(seeds, gaps)
def test_without_a_field_k_and_minus_k_are_kramers_partners(make, on, paired, seed, gap):
    """Time reversal: the levels at k and -k together are pairs; with inversion-symmetric bands, those at k alone."""
    rng = np.random.default_rng(seed)
    model = make(rng)
    sc, k = Superconductor(model, s_wave(on=on, v=1.0)), random_k(rng, model)
    both = np.sort(np.concatenate([sc.energies(k, gap), sc.energies(-k, gap)], axis=1), axis=1)
    assert kramers_distance(both) < 1e-12
    assert len(paired) == len(model.layers)


def test_a_field_splits_kramers_pairs():
    """The broken variant of the law above."""
    sc, k = Superconductor(models.film(), s_wave(v=1.0)), np.random.default_rng(0).normal(size=(5, 2))
    assert kramers_distance(sc.energies(k, 0.3)) < 1e-12
    assert kramers_distance(sc.energies(k, 0.3, 0.1)) > 0.1


@given(seeds, gaps, fields)
def test_one_band_closed_form(seed, gap, field):
    """E^2 = xi^2 + beta^2 + V^2 + Delta^2 +- 2 sqrt(xi^2 (beta^2 + V^2) + V^2 Delta^2)."""
    rng = np.random.default_rng(seed)
    beta_so, angle = rng.uniform(-1, 1), rng.uniform(0, 6)
    model = models.ising_film(beta_so, t=-0.9, mu=0.3)
    k = random_k(rng, model)
    h = model.hamiltonian(k).real
    xi, beta = 0.5 * (h[:, 0, 0] + h[:, 1, 1]), 0.5 * (h[:, 0, 0] - h[:, 1, 1])
    root = 2 * np.sqrt(xi**2 * (beta**2 + field**2) + field**2 * gap**2)
    squares = xi**2 + beta**2 + field**2 + gap**2 + np.array([-root, -root, root, root])
    ours = Superconductor(model, s_wave(v=1.0)).energies(k, gap, field * np.array([np.cos(angle), np.sin(angle), 0]))
    np.testing.assert_allclose(np.sort(ours**2, axis=1), np.sort(squares.T, axis=1), atol=1e-12)


@given(seeds, st.complex_numbers(min_magnitude=0.1, max_magnitude=5, allow_nan=False), fields)
def test_the_green_function_of_the_superconductor_has_the_self_energy_of_the_other_layer(seed, z, field):
    """The 4 x 4 block of (z - H)^-1 is [z - H_SC - Gamma^2 (z - H_TMD)^-1]^-1, at complex z."""
    z = z if abs(z.imag) > 0.05 else z + 0.1j
    rng = np.random.default_rng(seed)
    green = witness.GreenFunction(-0.8, -1.1, *rng.uniform(-1, 2, 2), rng.uniform(), rng.uniform(), weight_tmd=1.0)
    numbers = (green.t_sc, green.t_tmd, green.mu_sc, green.mu_tmd, green.beta_so, green.coupling)
    k, gap = rng.uniform(-4, 4, 2), rng.uniform(0, 1)
    sc = Superconductor(models.heterostructure(*numbers), s_wave(on="sc", v=1.0))
    whole = np.linalg.inv(z * np.eye(8) - sc.hamiltonian(k, gap, field))
    block = whole[np.ix_([0, 1, 4, 5], [0, 1, 4, 5])]
    np.testing.assert_allclose(block @ green.inverse(k, z, gap, field), np.eye(4), atol=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda sc: sc.hamiltonian([0.0, 0.0], -0.1), "`gap` must be non-negative, but is -0.1"),
        (lambda sc: sc.hamiltonian([0.0], 0.1), r"`k` must have shape \(\.\.\., 2\), but has shape \(1,\)"),
        (lambda sc: sc.energies([0.0, 0.0], 0.1, float("nan")), "`zeeman` must be finite, but is nan"),
        (lambda sc: sc.energies([0.0, 0.0], float("inf")), "`gap` must be finite, but is inf"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call(Superconductor(models.film(), s_wave(v=1.0)))
