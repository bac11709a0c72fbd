"""Laws of interactions: what a bond attracts, what a repulsion in momentum space attracts, strengths from Tc."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput, NotSolved, Superconductor, critical_temperature, models
from spinvalley.pairing import Competition, Pairing, Reduced
from spinvalley.pairing.channels import channel
from spinvalley.pairing.channels.form import superposition
from spinvalley.pairing.interactions import BondAttraction, FromMomentum, spin_fluctuation
from spinvalley.pairing.linearised import pair_matrix

SQUARE = models.from_hoppings(
    {cell: -np.eye(2) for cell in ((1, 0), (-1, 0), (0, 1), (0, -1))} | {(0, 0): 0.3 * np.eye(2)},
    models.square(),
    ("sc",),
)
FILM = models.film()
S, EXTENDED, D = (channel(SQUARE, name) for name in ("s", "s_ext", "d_x2-y2"))
PX = channel(SQUARE, "p_x")


def lorentzian(q, height=1.0, width=0.5):
    """A repulsion peaked at (pi, pi): what antiferromagnetic fluctuations give."""
    return height / (width**2 + 2 + np.cos(q[..., 0]) + np.cos(q[..., 1]))


def pair_energy(one, other, potential, n=24):
    """-(1/N^2) sum_kk' tr D(k)^+ V(k - k') D'(k') / (2 sqrt(n n')): the definition, on a mesh."""
    steps = np.stack(np.meshgrid(*[np.arange(n) / n] * 2, indexing="ij"), -1).reshape(-1, 2)
    k = steps @ one.lattice.reciprocal
    a, b = one.matrix(k), other.matrix(k)
    v = potential(k[:, None, :] - k[None, :, :])
    return -0.5 * np.einsum("kij,kl,lij->", a.conj(), v, b, optimize=True) / n**4 / np.sqrt(one.norm * other.norm)


def leading(model, channels, interaction, kT=0.1):
    """Names by the eigenvalues of V chi, the largest first: the highest Tc is that of the first to reach 1."""
    problem = Competition(model, channels, interaction)
    nodes = problem.sampler.nodes(kT, 0.0, 8, 0.0)
    chi = pair_matrix(problem.blocks(nodes.k), nodes.weights, nodes.plus, nodes.minus, kT)
    values, vectors = np.linalg.eig(np.linalg.solve(problem.quadratic, chi))
    order = np.argsort(-values.real)
    return [channels[int(np.argmax(np.abs(vectors[:, n])))].name for n in order], values.real[order]


# Real space -----------------------------------------------------------------------------------------------------------
@given(st.floats(0.1, 3), st.floats(0.1, 3), st.floats(0.1, 3))
@settings(max_examples=10)
def test_a_bond_attracts_every_channel_that_sits_on_it_alike(singlet, triplet, onsite):
    channels = (S, EXTENDED, D, PX)
    found = BondAttraction(singlet=singlet, triplet=triplet, onsite=onsite).couplings(channels)
    np.testing.assert_allclose(found, np.diag([onsite, singlet, singlet, triplet]), atol=1e-12)


def test_a_channel_on_two_shells_feels_the_mean_of_both_and_mixes():
    mixed = superposition((EXTENDED, channel(SQUARE, "s_ext(2)")), [1, 1], "mixed")
    other = superposition((EXTENDED, channel(SQUARE, "s_ext(2)")), [1, -1], "other")
    found = BondAttraction(singlet=2.0).couplings((mixed, other))
    np.testing.assert_allclose(found, np.ones((2, 2)), atol=1e-12)


@pytest.mark.parametrize("name", ["s", "s_ext", "d_xy", "d_x2-y2", "p_x", "p_y:x", "f", "f(2)"])
def test_the_coupling_is_the_scattering_of_pairs_summed_over_the_zone(name):
    """On the triangular lattice, against the double sum over k and k'."""
    lattice = FILM.lattice
    a1, a2 = lattice.matrix
    one = channel(FILM, name)

    def potential(q):
        x, y = q @ a1, q @ a2
        return 0.7 + np.cos(x) + np.cos(y) + np.cos(x + y) + 0.2 * np.cos(x - y) - 0.3 * np.cos(2 * x + y)

    found = FromMomentum(potential).couplings((one,))[0, 0]
    assert found == pytest.approx(pair_energy(one, one, potential), abs=1e-12)


def test_singlets_and_triplets_have_potentials_of_their_own():
    interaction = FromMomentum(lorentzian, lambda q: -3 * lorentzian(q), U=0.5)
    plain = FromMomentum(lorentzian)
    own, shared = (i.couplings((S, EXTENDED, PX)) for i in (interaction, plain))
    np.testing.assert_allclose(own[:2, :2] - shared[:2, :2], [[-0.5, 0], [0, 0]], atol=1e-12)
    assert own[2, 2] == pytest.approx(-3 * shared[2, 2], rel=1e-9)


def test_a_bond_attraction_is_its_fourier_series():
    def potential(q):
        return -1.6 * (np.cos(q[..., 0]) + np.cos(q[..., 1]))

    channels = (EXTENDED, D, PX)
    expected = BondAttraction(singlet=0.8, triplet=0.8).couplings(channels)
    np.testing.assert_allclose(FromMomentum(potential).couplings(channels), expected, atol=1e-12)


@given(st.floats(0.1, 2))
@settings(max_examples=8)
def test_the_stated_error_covers_what_a_coarse_mesh_folds_back(width):
    def potential(q):
        return lorentzian(q, width=width)

    n = 32
    steps = np.stack(np.meshgrid(*[np.arange(n) / n] * 2, indexing="ij"), -1) @ SQUARE.lattice.reciprocal
    coarse = FromMomentum(potential(steps)).real_space(SQUARE.lattice)[0]
    fine = FromMomentum(potential, tol=1e-10).real_space(SQUARE.lattice)[0]
    for cell in ((0, 0), (1, 0), (1, 1), (3, 2)):
        assert abs(coarse(cell) - fine(cell)) <= coarse.error + fine.error + 1e-12


# Which channel wins ---------------------------------------------------------------------------------------------------
def test_a_repulsion_peaked_at_the_corner_makes_d_wave_win_over_s():
    """Half full and around: every matrix element repels, and yet the gap that changes sign is bound."""
    interaction = FromMomentum(lorentzian, U=1.0)
    names, values = leading(SQUARE, (S, EXTENDED, D, PX), interaction)
    assert names[0] == "d_x2-y2"
    assert values[0] > 0
    assert interaction.couplings((S,))[0, 0].real < 0


def test_the_same_peak_as_an_attraction_makes_s_wave_win():
    """The broken variant: with the sign turned the other channel wins."""
    names, _ = leading(SQUARE, (S, EXTENDED, D, PX), FromMomentum(lambda q: -lorentzian(q)))
    assert names[0] == "s"


def test_a_repulsion_of_opposite_electrons_on_one_site_binds_nothing():
    assert leading(SQUARE, (S,), FromMomentum(lambda q: 0.0 * q[..., 0], U=2.0))[1].max() < 0


# Spin fluctuations ----------------------------------------------------------------------------------------------------
@given(st.floats(0.1, 3), st.floats(0.01, 0.95))
@settings(max_examples=10)
def test_fluctuations_are_the_bubbles_and_ladders_between_opposite_and_equal_spins(U, stoner):
    chi = stoner / U
    singlet, triplet = (float(v(np.zeros(2))) for v in spin_fluctuation(U, lambda _: chi))
    opposite = U / (1 - (U * chi) ** 2)
    crossed = U**2 * chi / (1 - U * chi)
    equal = -(U**2) * chi / (1 - (U * chi) ** 2)
    assert singlet == pytest.approx(opposite + crossed, rel=1e-12)
    assert triplet == pytest.approx(equal, rel=1e-12)


def test_fluctuations_peaked_at_the_corner_pair_d_wave():
    interaction = FromMomentum(*spin_fluctuation(1.5, lambda q: 0.15 * lorentzian(q, 1.0, 0.6)))
    assert leading(SQUARE, (S, EXTENDED, D, PX), interaction)[0][0] == "d_x2-y2"


# Strengths from Tc ----------------------------------------------------------------------------------------------------
def test_strengths_from_tc_give_it_back():
    channels = (channel(FILM, "s"), channel(FILM, "d_xy"))
    wanted = {"s": 0.12, "d_xy": 0.09}
    found = Reduced.from_tc(FILM, channels, wanted)
    for one in channels:
        tc = critical_temperature(Superconductor(FILM, Pairing(form=one, v=found.v[one.name])), tol=1e-5)
        assert float(tc) == pytest.approx(wanted[one.name], rel=1e-4)


# The door -------------------------------------------------------------------------------------------------------------
PAIR = models.heterostructure()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: BondAttraction(), "at least one of `singlet`, `triplet`, `onsite` must be given, but got none"),
        (lambda: BondAttraction(singlet=0.0), "`singlet` must not be zero: leave it out"),
        (lambda: BondAttraction(triplet=float("nan")), "`triplet` must be finite, but is nan"),
        (lambda: BondAttraction(singlet=1.0, shell=0), "`shell` must be a whole number of at least 1, but is 0"),
        (
            lambda: BondAttraction(singlet=1.0).couplings((D, S)),
            "`channels` must sit on bonds on which the interaction acts, but 's' does not",
        ),
        (
            lambda: BondAttraction(singlet=1.0).couplings((D, (D + EXTENDED).named("both"))),
            r"`channels` must be orthogonal, but 'd_x2-y2' and 'both' overlap by 0\.7",
        ),
        (
            lambda: BondAttraction(onsite=1.0).couplings((channel(PAIR, "s@sc-tmd"),)),
            "`channels` must pair equal orbitals here, but 's@sc-tmd' pairs different ones",
        ),
        (lambda: FromMomentum(np.ones((3, 4))), r"`singlet` must have shape \(n, n\) .* but has shape \(3, 4\)"),
        (lambda: FromMomentum(np.full((4, 4), np.nan)), "`singlet` must be finite, but contains NaN or infinity"),
        (lambda: FromMomentum(np.arange(16.0).reshape(4, 4)), r"`singlet` must be even, V\(-q\) = V\(q\), but"),
        (lambda: FromMomentum("peak"), "`singlet` must be real numbers, but is 'peak'"),
        (lambda: FromMomentum(np.ones((4, 4)), U=float("inf")), "`U` must be finite, but is inf"),
        (lambda: FromMomentum(lambda q: q).couplings((S,)), r"`singlet` must give one number for each momentum"),
        (
            lambda: FromMomentum(np.ones((8, 8))).couplings((channel(SQUARE, "s_ext(3)"),)),
            "the mesh of V.q. must have at least 16 momenta a side, but has 8",
        ),
        (lambda: spin_fluctuation(0.0, lorentzian), "`U` must be positive, but is 0.0"),
        (
            lambda: FromMomentum(*spin_fluctuation(2.0, lambda _: 0.6)).couplings((S,)),
            r"`chi0` must be between 0 and 1/U = 0\.5, .* but has values from 0\.6 to 0\.6",
        ),
        (lambda: Reduced.from_tc(FILM, (channel(FILM, "s"),), {"d": 0.1}), "`tc` must name channels out of s"),
        (lambda: Reduced.from_tc(FILM, (channel(FILM, "s"),), {}), "`tc` must have a number for every channel"),
        (lambda: Reduced.from_tc(FILM, (channel(FILM, "s"),), {"s": -1.0}), "`tc` must be positive, but is -1.0"),
    ],
)
def test_guards_say_what_is_wrong_in_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_potential_that_does_not_decay_is_not_transformed():
    with pytest.raises(NotSolved, match="`singlet` must decay in real space"):
        FromMomentum(lambda q: np.sign(np.cos(q[..., 0]) - 0.3)).couplings((EXTENDED,))
