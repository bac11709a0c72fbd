"""Laws of the spin and Nambu algebra."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.spin import (
    CHIRAL,
    S0,
    SX,
    SY,
    SZ,
    chiral,
    hole_block,
    kramers,
    nambu,
    particle_hole,
    pauli_dot,
    singlet,
    time_reversal,
)

PAULI = np.array([SX, SY, SZ])
LEVI_CIVITA = np.array([[np.cross(np.eye(3)[i], np.eye(3)[j]) for j in range(3)] for i in range(3)])

energies = st.floats(-10, 10)
vectors = st.tuples(energies, energies, energies).map(np.array)
orbitals = st.integers(1, 4)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_matrix(rng, n, lead=()):
    return rng.normal(size=(*lead, 2 * n, 2 * n)) + 1j * rng.normal(size=(*lead, 2 * n, 2 * n))


def random_hermitian(rng, n, lead=()):
    m = random_matrix(rng, n, lead)
    return m + dagger(m)


def dagger(m):
    return np.conj(np.swapaxes(m, -1, -2))


def anticommutator(a, b):
    return a @ b + b @ a


def one_band_bdg(xi, beta_so, zeeman, gap, rashba=(0.0, 0.0)):
    """Ising band at k with an in-plane field along x; xi is even in k, beta_so and rashba are odd."""

    def h(sign):
        return xi * S0 + pauli_dot([sign * rashba[0] + zeeman, sign * rashba[1], sign * beta_so])

    return nambu(h(1), h(-1), gap * singlet())


# Pauli matrices -------------------------------------------------------------------------------------------------------
def test_product_of_two_pauli_matrices():
    """sigma_i sigma_j = delta_ij + i eps_ijk sigma_k."""
    product = np.einsum("iab,jbc->ijac", PAULI, PAULI)
    expected = np.einsum("ij,ab->ijab", np.eye(3), S0) + 1j * np.einsum("ijk,kab->ijab", LEVI_CIVITA, PAULI)
    np.testing.assert_array_equal(product, expected)


@given(vectors, vectors)
def test_product_of_two_spin_vectors(a, b):
    """(a.sigma)(b.sigma) = a.b + i (a x b).sigma."""
    expected = a @ b * S0 + 1j * pauli_dot(np.cross(a, b))
    np.testing.assert_allclose(pauli_dot(a) @ pauli_dot(b), expected, atol=1e-12)


@given(vectors)
def test_a_spin_vector_splits_by_twice_its_length(v):
    length = np.linalg.norm(v)
    np.testing.assert_allclose(np.linalg.eigvalsh(pauli_dot(v)), [-length, length], atol=1e-12)


def test_leading_axes_of_spin_vectors_are_kept():
    vectors = np.arange(30.0).reshape(2, 5, 3)
    assert pauli_dot(vectors).shape == (2, 5, 2, 2)
    np.testing.assert_array_equal(pauli_dot(vectors)[1, 3], pauli_dot(vectors[1, 3]))


@pytest.mark.parametrize("matrix", [S0, SX, SY, SZ, CHIRAL, singlet(2), kramers(2), chiral(2)])
def test_constants_are_read_only(matrix):
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 7


# Time reversal --------------------------------------------------------------------------------------------------------
@given(orbitals)
def test_time_reversal_squares_to_minus_one(n):
    """(U K)^2 = U U^* = -1 for spin 1/2."""
    np.testing.assert_array_equal(kramers(n) @ kramers(n).conj(), -np.eye(2 * n))


@given(vectors)
def test_time_reversal_flips_the_spin(v):
    np.testing.assert_allclose(time_reversal(pauli_dot(v)), -pauli_dot(v))


@given(generators, orbitals)
def test_kramers_pairs_at_a_time_reversal_invariant_momentum(rng, n):
    h = random_hermitian(rng, n)
    levels = np.linalg.eigvalsh(h + time_reversal(h))
    np.testing.assert_allclose(levels[::2], levels[1::2], atol=1e-10)


def test_a_field_splits_kramers_pairs():
    """The broken variant of the law above."""
    levels = np.linalg.eigvalsh(S0 + 0.1 * SX)
    assert levels[1] - levels[0] == pytest.approx(0.2)


@given(energies, energies, vectors)
def test_an_odd_spin_orbit_vector_keeps_time_reversal_and_a_field_breaks_it(xi, field, g):
    def h(sign, zeeman):
        return xi * S0 + pauli_dot(sign * g) + zeeman * SX

    np.testing.assert_allclose(time_reversal(h(-1, 0.0)), h(1, 0.0), atol=1e-12)
    np.testing.assert_allclose(time_reversal(h(-1, field)), h(1, -field), atol=1e-12)


# Nambu space ----------------------------------------------------------------------------------------------------------
def test_nambu_order_of_one_orbital():
    """[c_k up, c_k dn, c+_-k up, c+_-k dn] with the pairing -i sigma_y."""
    h_k, h_minus_k = np.array([[1, 2j], [-2j, 3]]), np.array([[5, 6j], [-6j, 7]])
    expected = [[1, 2j, 0, -4], [-2j, 3, 4, 0], [0, 4, -5, 6j], [-4, 0, -6j, -7]]
    np.testing.assert_array_equal(nambu(h_k, h_minus_k, 4 * singlet()), expected)


def test_nambu_order_of_two_orbitals_is_orbital_major():
    h = np.diag([1.0, 2.0, 3.0, 4.0])
    H = nambu(h, 10 * h, np.kron(np.diag([1, 0]), singlet()))
    np.testing.assert_array_equal(np.diag(H), [1, 2, 3, 4, -10, -20, -30, -40])
    assert (H[0, 5], H[1, 4]) == (-1, 1)
    assert not H[2:4, 4:].any()


@given(energies)
def test_singlet_pairing_is_sigma_y_tau_y(gap):
    zero = np.zeros((2, 2))
    np.testing.assert_array_equal(nambu(zero, zero, gap * singlet()), gap * np.kron(SY, SY))


@given(orbitals)
def test_singlet_pairing_is_antisymmetric_and_unitary(n):
    np.testing.assert_array_equal(singlet(n).T, -singlet(n))
    np.testing.assert_array_equal(singlet(n) @ dagger(singlet(n)), np.eye(2 * n))


@given(generators, orbitals)
def test_every_bdg_hamiltonian_is_hermitian_and_particle_hole_symmetric(rng, n):
    """For any h(k), h(-k) and any pairing of fermions, Delta(k) = -Delta(-k)^T."""
    h_k, h_minus_k = random_hermitian(rng, n), random_hermitian(rng, n)
    delta = random_matrix(rng, n)
    H_k, H_minus_k = nambu(h_k, h_minus_k, delta), nambu(h_minus_k, h_k, -delta.T)
    np.testing.assert_array_equal(H_k, dagger(H_k))
    np.testing.assert_array_equal(particle_hole(H_minus_k), H_k)
    np.testing.assert_allclose(np.linalg.eigvalsh(H_k), -np.linalg.eigvalsh(H_minus_k)[::-1], atol=1e-10)


def test_pairing_that_is_not_antisymmetric_breaks_particle_hole_symmetry():
    """The broken variant of the law above: no fermions pair like this."""
    H = nambu(S0, S0, SX)
    assert not np.allclose(particle_hole(H), H)


@given(generators, orbitals)
def test_particle_hole_conjugation_is_that_of_tau_x(rng, n):
    H = random_matrix(rng, 2 * n)
    tau_x = np.kron(SX, np.eye(2 * n))
    np.testing.assert_allclose(particle_hole(H), -tau_x @ H.conj() @ tau_x)


@given(energies, energies, energies, energies)
def test_closed_form_of_the_one_band_spectrum(xi, beta, V, gap):
    """E^2 = xi^2 + beta^2 + V^2 + Delta^2 +- 2 sqrt(xi^2 (beta^2 + V^2) + V^2 Delta^2)."""
    root = 2 * np.sqrt(xi**2 * (beta**2 + V**2) + V**2 * gap**2)
    squares = xi**2 + beta**2 + V**2 + gap**2 + np.array([-root, -root, root, root])
    np.testing.assert_allclose(
        np.sort(np.linalg.eigvalsh(one_band_bdg(xi, beta, V, gap)) ** 2), np.maximum(squares, 0), atol=1e-10
    )


def test_stacks_of_matrices_broadcast_against_one_pairing():
    rng = np.random.default_rng(1)
    h_k, h_minus_k = random_hermitian(rng, 2, (3, 5)), random_hermitian(rng, 2, (3, 5))
    H = nambu(h_k, h_minus_k, 0.2 * singlet(2))
    assert H.shape == (3, 5, 8, 8)
    np.testing.assert_array_equal(H[2, 4], nambu(h_k[2, 4], h_minus_k[2, 4], 0.2 * singlet(2)))
    gaps = np.array([0.1, 0.2, 0.3])[:, None, None]
    assert nambu(h_k[0, 0], h_minus_k[0, 0], gaps * singlet(2)).shape == (3, 8, 8)


# Chiral symmetry ------------------------------------------------------------------------------------------------------
@given(energies, energies, energies, energies)
def test_sigma_x_tau_y_anticommutes_with_the_ising_superconductor_in_a_field_along_x(xi, beta, V, gap):
    np.testing.assert_array_equal(anticommutator(CHIRAL, one_band_bdg(xi, beta, V, gap)), 0)


@given(st.floats(0.01, 10), st.floats(-np.pi, np.pi))
def test_rashba_coupling_breaks_the_chiral_symmetry(strength, angle):
    """The broken variant of the law above."""
    rashba = strength * np.array([np.cos(angle), np.sin(angle)])
    broken = anticommutator(CHIRAL, one_band_bdg(1.0, 0.5, 0.3, 0.2, rashba))
    assert np.linalg.norm(broken) == pytest.approx(4 * strength, rel=1e-6)


@given(energies, energies, energies, st.floats(-1, 1), energies)
def test_chiral_symmetry_of_two_layers_with_pairing_in_one(xi, beta, V, coupling, gap):
    """Real vertical hopping and Ising coupling in the second layer only, as in the heterostructure."""

    def h(sign):
        layers = np.array([[xi, coupling], [coupling, -xi]])
        return np.kron(layers, S0) + np.kron(np.diag([0, 1]), sign * beta * SZ) + np.kron(np.eye(2), V * SX)

    H = nambu(h(1), h(-1), gap * np.kron(np.diag([1, 0]), singlet()))
    np.testing.assert_array_equal(anticommutator(chiral(2), H), 0)


@given(orbitals)
def test_the_chiral_operator_squares_to_one(n):
    np.testing.assert_array_equal(chiral(n) @ chiral(n), np.eye(4 * n))
    np.testing.assert_array_equal(chiral(n), dagger(chiral(n)))


def test_the_chiral_operator_of_one_band_is_sigma_x_tau_y():
    np.testing.assert_array_equal(CHIRAL, np.kron(SY, SX))


# JAX and the door -----------------------------------------------------------------------------------------------------
def test_jax_arrays_stay_jax_arrays_and_agree():
    rng = np.random.default_rng(2)
    h, delta = random_hermitian(rng, 2, (3,)), singlet(2)
    H = jax.jit(nambu)(jnp.asarray(h), jnp.asarray(h), delta)
    assert isinstance(H, jax.Array)
    np.testing.assert_allclose(H, nambu(h, h, delta), rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(particle_hole)(H), particle_hole(np.asarray(H)), rtol=1e-5)
    np.testing.assert_allclose(jax.jit(time_reversal)(h), time_reversal(h), rtol=1e-5)
    np.testing.assert_allclose(jax.jit(pauli_dot)(np.ones(3)), pauli_dot(np.ones(3)), rtol=1e-5)


def test_the_lowest_level_is_differentiable_in_the_field():
    """E = |v| of v.sigma, so dE/dv is the unit vector along v."""

    def upper_level(v):
        return jnp.linalg.eigvalsh(pauli_dot(v))[-1]

    np.testing.assert_allclose(jax.grad(upper_level)(jnp.array([3.0, 0.0, 4.0])), [0.6, 0.0, 0.8], rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: pauli_dot([1.0, 2.0]), r"`vector` must have shape \(\.\.\., 3\), but has \(2,\)"),
        (lambda: hole_block(np.ones((3, 3))), "`h_minus_k` must have shape .* a multiple of 2, but has"),
        (lambda: time_reversal(np.ones((2, 4))), "`h_minus_k` must have shape"),
        (lambda: particle_hole(np.ones((6, 6))), "`H_minus_k` must have shape .* a multiple of 4, but has"),
        (lambda: nambu(S0, S0, singlet(2)), r"`h_k`, `h_minus_k` and `delta` must have one size, but have \(2, 2, 4\)"),
        (lambda: singlet(0), "`n_orbitals` must be >= 1, but is 0"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
