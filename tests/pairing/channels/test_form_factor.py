"""Laws of the form factors that a user gives."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.channels import channel, form_factor, named

FILM = sv.models.film()
BILAYER = sv.models.heterostructure()
K = np.random.default_rng(8).uniform(-4, 4, (7, 2))


@pytest.mark.parametrize("name", ["s", "s_ext", "d_xy", "p_x:y", "f:z", "d_x2-y2(2)", "f(2):x"])
def test_a_named_form_factor_given_as_a_function_is_the_named_channel(name):
    expected = channel(FILM, name)
    axis = int(np.argmax(expected.shares))
    direction = "singlet" if axis == 0 else np.eye(3)[axis - 1]
    made = form_factor(FILM, lambda k: 3.7 * expected.vector(k)[..., axis], spin=direction)
    np.testing.assert_allclose(made.matrix(K), expected.matrix(K), atol=1e-12)


@settings(max_examples=20)
@given(st.lists(st.complex_numbers(max_magnitude=3), min_size=4, max_size=4), st.booleans(), st.integers(1, 3))
def test_function_and_table_give_one_channel_of_unit_norm(values, even, shells):
    members = [c for c in named(FILM, shells=shells) if c.shares[0 if even else 3] > 0.5][-4:]
    weights = np.array(values[: len(members)])
    assume(np.abs(weights).max() > 1e-3)
    axis = 0 if even else 3
    spin = "singlet" if even else (0, 0, 1)
    function = form_factor(
        FILM, lambda k: sum(w * c.vector(k)[..., axis] for w, c in zip(weights, members, strict=True)), spin=spin
    )
    table: dict = {}
    for w, c in zip(weights, members, strict=True):
        for cell, block in c.table.items():
            entry = block[1, 0] if even else -block[1, 0]  # psi or d_z of (psi + d.sigma)(-i sigma_y)
            table[cell] = table.get(cell, 0) + w * entry
    given_table = form_factor(FILM, table, spin=spin)
    assert function.norm == pytest.approx(1.0, rel=1e-12)
    assert given_table.norm == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(function.matrix(K), given_table.matrix(K), atol=1e-9)


def test_a_long_ranged_analytic_form_factor_keeps_its_values():
    def phi(k):
        return 1 / (3 + np.cos(k @ FILM.lattice.matrix.T).sum(axis=-1))

    made = form_factor(FILM, phi, name="long")
    ratio = made.vector(K)[:, 0] / phi(K)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)


def test_layers_and_complex_directions_of_d():
    chiral = form_factor(BILAYER, {(1, 0): -1j, (-1, 0): 1j}, spin=(1, 1j, 0), on="tmd", name="equal spins")
    assert chiral.norm == pytest.approx(1.0)
    assert chiral.spin == "triplet"
    block = chiral.matrix(K)
    assert np.abs(block[:, :2]).max() == 0
    assert np.abs(block[:, 2, 3]).max() < 1e-15  # only electrons of equal spin pair


def step(k):
    """Periodic and odd, but it jumps."""
    return np.sign(np.sin(k[..., 0]))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: form_factor(FILM, lambda k: np.sin(k[..., 0]), name="mine"),
            "the form factor of a singlet must be even in k, but 'mine' is odd",
        ),
        (
            lambda: form_factor(FILM, {(0, 0): 1.0}, spin=(0, 0, 1)),
            "the form factor of a triplet must be odd in k, but 'form factor' is even",
        ),
        (lambda: form_factor(FILM, {(1, 0): 1.0}), "must be even in k, but 'form factor' is neither even nor odd"),
        (lambda: form_factor(FILM, lambda k: k[..., 0], spin=(1, 0, 0)), "`phi` must be periodic"),
        (lambda: form_factor(FILM, step, spin=(0, 0, 1)), "`phi` must be"),
        (lambda: form_factor(FILM, lambda k: k), "`phi` must return shape (5,)"),
        (lambda: form_factor(FILM, lambda k: np.nan * k[..., 0]), "`phi` must be finite"),
        (lambda: form_factor(FILM, {(1, 0): np.inf, (-1, 0): 1.0}), "`phi` at R = (1, 0) must be a finite number"),
        (lambda: form_factor(FILM, {1: 1.0}), "`phi` must have keys (n1, n2)"),
        (lambda: form_factor(FILM, {(1, 0): 0.0}), "must have an entry, but is zero everywhere"),
        (lambda: form_factor(FILM, 3.0), "`phi` must be a function of k or a table"),
        (lambda: form_factor(FILM, {(0, 0): 1.0}, spin="triplet"), '`spin` must be "singlet" or a direction'),
        (lambda: form_factor(FILM, {(0, 0): 1.0}, spin=(0, 0)), '`spin` must be "singlet" or a nonzero'),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(sv.InvalidInput) as caught:
        call()
    assert sentence in str(caught.value)


def test_a_step_on_the_square_lattice_has_no_finite_range():
    model = sv.models.from_hoppings({(0, 0): np.eye(2)}, sv.models.square())
    with pytest.raises(sv.InvalidInput, match="of finite range, but its bonds do not decay within 32 cells"):
        form_factor(model, step, spin=(0, 0, 1))
