"""Laws of the channels by name: complete, orthogonal, real, of the right parity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.channels import Channel, channel, named
from spinvalley.pairing.channels.shells import shell

FILM = sv.models.film()
BILAYER = sv.models.heterostructure()
THREE = sv.models.three_band("MoS2")
FLIP = np.array([[0, 1], [-1, 0]])  # i sigma_y


def square_film():
    hop = -np.eye(2)
    return sv.models.from_hoppings({(1, 0): hop, (-1, 0): hop, (0, 1): hop, (0, -1): hop}, sv.models.square())


def on_lattice(vectors):
    return sv.models.from_hoppings({(0, 0): np.eye(2)}, sv.models.Lattice(vectors))


def fermi_dimension(model, shells):
    """Number of independent pairing matrices with D_-R = -D_R^T on the site and on all bonds up to a shell."""
    pairs = sum(len(shell(model.lattice, n)) for n in range(1, shells + 1)) // 2
    return model.dim * (model.dim - 1) // 2 + pairs * model.dim**2


def gram(channels):
    return np.array([[a.overlap(b) for b in channels] for a in channels])


@pytest.mark.parametrize(("model", "shells"), [(FILM, 3), (square_film(), 4), (BILAYER, 2), (THREE, 1)])
def test_channels_are_an_orthogonal_basis_of_all_that_fermions_allow(model, shells):
    channels = named(model, shells=shells, resolved="orbital")
    assert len(channels) == fermi_dimension(model, shells)
    assert len({c.name for c in channels}) == len(channels)
    overlaps = gram(channels)
    np.testing.assert_allclose(overlaps, np.diag([c.norm for c in channels]), atol=1e-12)
    assert {round(c.norm, 12) for c in channels} <= {1.0, 2.0}


@settings(max_examples=20)
@given(st.floats(0.6, 1.7), st.floats(40.0, 140.0))
def test_every_lattice_has_as_many_form_factors_as_bonds(ratio, angle):
    turned = np.deg2rad(angle)
    model = on_lattice(((1.0, 0.0), (ratio * np.cos(turned), ratio * np.sin(turned))))
    channels = named(model, shells=4)
    bonds = sum(len(shell(model.lattice, n)) for n in range(1, 5))
    assert len(channels) == 1 + 2 * bonds  # half of the bonds even: singlets; half odd: three triplets
    np.testing.assert_allclose(gram(channels), np.eye(len(channels)), atol=1e-9)


def test_shells_are_those_of_the_lattice():
    square = sv.models.square()
    assert [len(shell(FILM.lattice, n)) for n in range(8)] == [1, 6, 6, 6, 12, 6, 6, 12]  # Loeschian numbers
    assert [len(shell(square, n)) for n in range(8)] == [1, 4, 4, 4, 8, 4, 4, 8]  # sums of two squares
    thin = sv.models.Lattice(((1.0, 0.0), (0.0, 7.3)))
    assert [shell(thin, n) for n in (1, 7)] == [((1, 0), (-1, 0)), ((7, 0), (-7, 0))]
    skew = sv.models.Lattice(((1.0, 0.0), (5.5, np.sqrt(3) / 2)))  # triangular in a long basis
    assert [len(shell(skew, n)) for n in range(5)] == [1, 6, 6, 6, 12]


def test_names_are_those_of_the_harmonics_at_small_momenta():
    k = 1e-3 * np.array([[0.3, 0.7], [-0.8, 0.2], [0.5, -0.9]])
    x, y = k.T
    small = {
        "p_x": x,
        "p_y": y,
        "d_xy": x * y,
        "d_x2-y2": x**2 - y**2,
        "f": x**3 - 3 * x * y**2,
        "f(2)": 3 * x**2 * y - y**3,
        "p_x(2)": x,
        "d_xy(3)": x * y,
    }
    for name, form in small.items():
        form_factor = channel(FILM, name).vector(k)
        component = 0 if channel(FILM, name).spin == "singlet" else 3
        ratio = form_factor[:, component] / form
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4, err_msg=name)
        sign = 1 if name.startswith("p") else -1  # of the first power of k.R that is left of exp(i k.R)
        assert abs(ratio[0] - sign * abs(ratio[0])) < 1e-3 * abs(ratio[0]), name
    cosines = np.cos(k[0] @ FILM.lattice.matrix.T) @ [1, 1] + np.cos(k[0] @ FILM.lattice.matrix.sum(axis=0))
    assert channel(FILM, "s_ext").vector(k[0])[0] == pytest.approx(2 / np.sqrt(6) * cosines)


def test_the_square_lattice_has_d_xy_on_its_second_shell():
    kx, ky = np.array([0.3, 1.1])
    model = square_film()
    assert channel(model, "d_x2-y2").vector([kx, ky])[0] == pytest.approx(np.cos(kx) - np.cos(ky))
    assert channel(model, "d_xy(2)").vector([kx, ky])[0] == pytest.approx(-2 * np.sin(kx) * np.sin(ky))
    with pytest.raises(sv.InvalidInput, match=r"must be one of s, s_ext, .*d_xy\(2\)"):
        channel(model, "d_xy")


@pytest.mark.parametrize("model", [FILM, BILAYER, THREE])
def test_channels_are_even_under_time_reversal(model):
    k = np.random.default_rng(4).uniform(-3, 3, (5, 2))
    reversal = np.kron(np.eye(len(model.layers)), FLIP)
    for c in named(model, resolved="orbital"):
        np.testing.assert_allclose(reversal @ c.matrix(-k).conj() @ reversal.T, c.matrix(k), atol=1e-12, err_msg=c.name)


def test_a_factor_i_breaks_time_reversal():
    """The broken variant: the tester above sees a channel with the wrong phase."""
    k = np.array([[0.4, 0.2]])
    wrong = 1j * channel(FILM, "p_x:z")
    assert np.abs(FLIP @ wrong.matrix(-k).conj() @ FLIP.T - wrong.matrix(k)).max() > 0.1


def test_s_is_the_pairing_of_s_wave():
    for on in (None, "sc"):
        made = channel(BILAYER, "s", on=on)
        expected = sv.s_wave(on=on, v=1.0)
        np.testing.assert_array_equal(made.table[0, 0], expected.hoppings(BILAYER)[0, 0])
        np.testing.assert_array_equal(made.onsite_singlet, expected.onsite(BILAYER))
        assert made.norm == expected.orbitals(BILAYER)


def test_every_name_leads_back_to_its_channel():
    for model, resolved in ((FILM, None), (BILAYER, "layer"), (BILAYER, "orbital"), (THREE, "orbital")):
        for c in named(model, resolved=resolved):
            again = channel(model, c.name)
            assert again.name == c.name
            assert abs(again.overlap(c)) == pytest.approx(c.norm)


def test_omitted_spin_is_the_singlet_of_even_and_d_along_z_of_odd_harmonics():
    assert channel(FILM, "p_x").name == "p_x:z"
    np.testing.assert_allclose(channel(FILM, "p_x").shares, [0, 0, 0, 1])
    np.testing.assert_allclose(channel(FILM, "p_x:y").shares, [0, 0, 1, 0])
    assert channel(FILM, "s:0").name == "s"


def test_pairs_of_two_layers_have_both_exchange_symmetries():
    even, odd = channel(BILAYER, "s@sc-tmd"), channel(BILAYER, "s:z@sc-tmd")
    assert (even.norm, even.spin, odd.norm, odd.spin) == (2.0, "singlet", 2.0, "triplet")
    assert channel(BILAYER, "s:z", orbitals=(1, 0)).name == "s:z@sc-tmd"
    assert channel(BILAYER, "s", orbitals=1).name == "s@tmd"
    stacked = sv.models.stack(
        sv.models.from_hoppings({(0, 0): np.eye(4)}, FILM.lattice, ("a", "a")),
        sv.models.from_hoppings({(0, 0): np.eye(4)}, FILM.lattice, ("b", "b")),
        coupling=0.2,
    )
    assert channel(stacked, "s@a-b").norm == 4.0  # orbital n of one layer with orbital n of the other
    assert channel(stacked, "s@a.0-b.1").norm == 2.0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: channel(FILM, "g"), "`name` must be one of s, s_ext, p_x, p_y, d_x2-y2, d_xy, f, s_ext(2)"),
        (lambda: channel(FILM, ""), "`name` must be one of s, s_ext"),
        (lambda: channel(FILM, "s:q"), "but is 's:q'"),
        (lambda: channel(FILM, 3), "`name` must be a str"),
        (lambda: channel(FILM, "s:z"), "`name` must be a singlet"),
        (lambda: channel(FILM, "p_x:0"), "`name` must be a triplet"),
        (lambda: channel(BILAYER, "s@gate"), "must be one of sc, tmd, sc-tmd, but is 'gate'"),
        (lambda: channel(BILAYER, "s", on="gate"), "`on` must name layers out of sc, tmd"),
        (lambda: channel(BILAYER, "s@sc", on="sc"), "only one of `on`, `orbitals`"),
        (lambda: channel(BILAYER, "s", orbitals=(0, 2)), "`orbitals` must be one or two numbers from 0 to 1"),
        (lambda: channel(BILAYER, "s", orbitals=(0, 1, 1)), "`orbitals` must be one or two numbers"),
        (lambda: named(FILM, shells=-1), "`shells` must be a whole number of at least 0"),
        (lambda: named(FILM, resolved="spin"), "`resolved` must be one of layer, orbital"),
        (lambda: named("film"), "`model` must be a Model"),
        (lambda: channel(FILM, "d_xy").check(BILAYER), "channel 'd_xy' must belong to the lattice and the layers"),
        (
            lambda: Channel("odd", FILM.lattice, FILM.layers, {(1, 0): FLIP, (-1, 0): -FLIP}),
            "must be antisymmetric",
        ),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(sv.InvalidInput) as caught:
        call()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
