"""Laws of the susceptibility matrix: Green functions, expansion of the free energy, exact kernels, symmetry."""

from itertools import pairwise
from time import process_time

import numpy as np
import pytest

import witness
from spinvalley import InvalidInput, models, s_wave
from spinvalley.numerics import zone
from spinvalley.pairing import Channel, Competition, Pairing, Reduced, pair_breaking_matrix, susceptibility_matrix
from spinvalley.pairing.channels import available, named
from spinvalley.pairing.channels.form import superposition
from spinvalley.pairing.competition import matrix as module
from spinvalley.pairing.competition.matrix import PairMatrix
from spinvalley.pairing.competition.symmetry import nothing, symmetry
from spinvalley.pairing.kernel import phi
from spinvalley.pairing.landscape import expansion
from spinvalley.pairing.linearised import FormFactors, pair_kernel, pair_matrix, susceptibility
from spinvalley.pairing.pair_nodes import pair_rule
from spinvalley.pairing.sampler import Sampler
from spinvalley.spin import S0, SX, SY, SZ, singlet

PAULI = np.array([S0, SX, SY, SZ])
STILL = np.zeros(2)


def among(channels, model, v=1.0):
    return Competition(model, tuple(channels), Reduced({channel.name: v for channel in channels}))


def onsite(model, on):
    return Channel("s", model.lattice, model.layers, s_wave(on=on, v=1.0).hoppings(model))


# The same number by other routes --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "on"),
    [
        (witness.random_film, None),
        (witness.random_rashba_film, None),
        (witness.random_heterostructure, "sc"),
        (witness.random_bilayer, None),
    ],
)
def test_s_wave_as_a_channel_has_the_susceptibility_of_s_wave(make, on):
    rng = np.random.default_rng(12)
    model, field, kT = make(rng), witness.in_plane_field(rng, 0.3), 0.6
    nodes = Sampler(model, s_wave(on=on, v=1.0)).nodes(kT, field, 6, 0.0)
    pairs = nodes.plus + model.zeeman(field), nodes.minus + model.zeeman(field)
    plain = nodes.weights @ pair_kernel(model, s_wave(on=on, v=1.0), nodes.k, *pairs, kT)
    comp = among([onsite(model, on)], model)
    assert pair_matrix(comp.blocks(nodes.k), nodes.weights, *pairs, kT)[0, 0] == pytest.approx(plain, rel=1e-13)
    found = susceptibility_matrix(comp, kT, field, tol=1e-7)
    exact = susceptibility(Sampler(model, s_wave(on=on, v=1.0)), kT, field, 14)
    assert abs(complex(found.chi[0, 0]) - exact) <= float(found.error) + 1e-9 * exact
    assert found.status == "converged"


def green_functions(comp, kT, field, q, *, mesh=26, cut=40, transposed=True):
    """(T/2) sum_w tr[D_i^+ G(k+q/2, iw) D_j G(-k+q/2, -iw)^T] on a mesh; the terms beyond the cut fall as w^-4."""
    model, n = comp.model, len(comp.channels)
    steps = np.stack(np.meshgrid(*[np.arange(mesh) / mesh] * 2), -1).reshape(-1, 2)
    k = steps @ model.lattice.reciprocal
    zeeman = model.zeeman(field)
    here, there = model.hamiltonian(k + q / 2) + zeeman, model.hamiltonian(-k + q / 2) + zeeman
    blocks = comp.blocks(k)
    one = np.eye(model.dim)
    norm = 0.5 * np.einsum("kiab,kjab->ij", blocks.conj(), blocks) / len(k)
    total, at_half = np.zeros((n, n), dtype=complex), np.zeros((n, n), dtype=complex)
    for step in range(2 * cut):
        w = (2 * step + 1) * np.pi * kT
        for sign in (1, -1):
            electron = np.linalg.inv(1j * sign * w * one - here)
            hole = np.linalg.inv(-1j * sign * w * one - there)
            hole = np.swapaxes(hole, -1, -2) if transposed else hole
            inner = electron[:, None] @ blocks @ hole[:, None]
            total += kT * (0.5 * np.einsum("kiab,kjab->ij", blocks.conj(), inner) / len(k) - norm / w**2)
        if step == cut - 1:
            at_half = total.copy()
    return total + (total - at_half) / 7 + norm / (4 * kT)


@pytest.mark.parametrize(("q", "seed"), [((0.0, 0.0), 1), ((0.4, -0.3), 2)])
def test_the_matrix_is_that_of_the_green_functions(q, seed):
    rng = np.random.default_rng(seed)
    model, field, kT = witness.random_rashba_film(rng), witness.random_field(rng, 0.4), 0.8
    comp = among(named(model), model)
    ours = susceptibility_matrix(comp, kT, field, q, tol=1e-7)
    np.testing.assert_allclose(ours.chi, green_functions(comp, kT, field, np.array(q)), atol=2e-7)


def test_green_functions_without_the_transpose_are_another_matrix():
    """The broken variant."""
    rng = np.random.default_rng(2)
    model, field, kT = witness.random_rashba_film(rng), witness.random_field(rng, 0.4), 0.5
    comp = among(named(model)[:6], model)
    ours = susceptibility_matrix(comp, kT, field, tol=1e-7).chi
    wrong = green_functions(comp, kT, field, STILL, cut=20, transposed=False)
    assert np.abs(ours - wrong).max() > 1e-3


def test_of_two_layers_it_is_that_of_the_green_functions():
    rng = np.random.default_rng(4)
    model = witness.random_heterostructure(rng)
    comp = among(named(model, on="sc")[:5], model)
    field, q, kT = witness.random_field(rng, 0.3), np.array([0.2, 0.5]), 1.2
    ours = susceptibility_matrix(comp, kT, field, q, tol=1e-5)
    np.testing.assert_allclose(ours.chi, green_functions(comp, kT, field, q, mesh=24, cut=20), atol=2e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_expansion_of_the_free_energy_of_any_superposition_gives_the_matrix(seed):
    """G(Delta w) = Delta^2 w^+ chi w + ..., from the energies of the Bogoliubov-de Gennes matrix."""
    rng = np.random.default_rng(seed)
    model, field, kT = witness.random_ising_film(rng), witness.in_plane_field(rng, 0.3), 0.5
    comp = among(named(model), model)
    chi = PairMatrix(comp, kT, field, STILL, 8).chi(kT, field)
    weights = rng.normal(size=(2, len(comp.channels))).T @ [1, 1j]
    weights /= np.linalg.norm(weights)
    form = superposition(comp.channels, weights, "random")
    curvature, _ = expansion(Sampler(model, Pairing(form=form, v=1.0)), kT, field, 8)
    assert curvature == pytest.approx(float(np.real(weights.conj() @ chi @ weights)), rel=1e-6)
    assert curvature != pytest.approx(float(np.real(weights @ chi @ weights.conj())), rel=1e-6)  # the transpose


# Exact kernels --------------------------------------------------------------------------------------------------------
def flat_band(g, h, kT, factors):
    """Chi of channels D = factor (psi + d.sigma)(-i sigma_y) in a band of constant density with splitting vector g.

    Integrated over xi in (-inf, inf) in xi = kT sinh(u); N(0) = 1. `factors` (n, 4) at k, with g -> -g at -k.
    """
    x, w = zone.gauss(24)
    cuts = np.linspace(-32, 32, 129)
    u = (cuts[:-1, None] + np.diff(cuts)[:, None] * x).ravel()
    weights = (np.diff(cuts)[:, None] * w).ravel() * kT * np.cosh(u)
    xi = kT * np.sinh(u)[:, None, None] * S0
    electron, partner = np.einsum("i,iab->ab", g + h, PAULI[1:]), np.einsum("i,iab->ab", h - g, PAULI[1:])
    blocks = np.einsum("ni,iab->nab", factors, PAULI) @ singlet(1)
    return pair_matrix(np.broadcast_to(blocks, (len(xi), *blocks.shape)), weights, xi + electron, xi + partner, kT)


@pytest.mark.parametrize("seed", range(4))
def test_a_band_of_constant_density_has_the_analytic_kernel(seed):
    """chi(0, 0) - chi(g, h) = M of physics.md 2.1, singlet and triplets with form factors +-1."""
    rng = np.random.default_rng(seed)
    g, h, kT = 2 * rng.normal(size=3), 2 * rng.normal(size=3), rng.uniform(0.3, 1.5)
    free = flat_band(np.zeros(3), np.zeros(3), kT, np.eye(4))
    broken = free - flat_band(g, h, kT, np.eye(4))
    np.testing.assert_allclose(broken, pair_breaking_matrix(g, h, kT), atol=1e-8)


@pytest.mark.parametrize(("g", "h", "kT"), [(5.0, 3.0, 1.0), (1.0, 4.0, 0.5), (3.0, 0.1, 2.0)])
def test_a_singlet_and_the_f_wave_triplet_along_h_cross_g_have_the_closed_kernel(g, h, kT):
    """D00 = h^2 Phi/E^2, Dyy = g^2 Phi/E^2, |D0y| = g h Phi/E^2, E^2 = g^2 + h^2; g along z, h along x: d along y."""
    vectors = np.array([0, 0, g]), np.array([h, 0, 0])
    closed = phi(np.hypot(g, h) / (2 * np.pi * kT)) / (g**2 + h**2)
    expected = closed * np.array([[h**2, g * h], [g * h, g**2]])
    lattice = flat_band(np.zeros(3), np.zeros(3), kT, np.eye(4)) - flat_band(*vectors, kT, np.eye(4))
    for matrix in (pair_breaking_matrix(*vectors, kT), lattice):
        np.testing.assert_allclose(np.abs(matrix[np.ix_([0, 2], [0, 2])]), expected, atol=1e-8)
        np.testing.assert_allclose(matrix[[0, 2]][:, [1, 3]], 0, atol=1e-8)
    assert np.linalg.det(expected) == pytest.approx(0, abs=1e-12)  # one superposition of both is not broken at all


@pytest.mark.parametrize("name", ["p_x", "f"])
def test_a_field_across_d_only_moves_the_chemical_potential_of_each_spin(name):
    """Exact on any lattice: chi(mu, V) = [chi(mu + V, 0) + chi(mu - V, 0)] / 2, no pair breaking."""
    kT, V, mu = 0.1, 0.3, 0.7
    film = models.film(mu=mu)
    ours = susceptibility_matrix(among([c for c in named(film) if c.name == f"{name}:z"], film), kT, V).chi
    parts = []
    for shifted in (models.film(mu=mu + V), models.film(mu=mu - V)):
        channels = [c for c in named(shifted) if c.name == f"{name}:z"]
        parts.append(complex(susceptibility_matrix(among(channels, shifted), kT).chi[0, 0]))
    assert complex(ours[0, 0]) == pytest.approx(np.mean(parts), rel=1e-8)


@pytest.mark.parametrize("name", ["p_x", "f"])
def test_a_field_along_d_breaks_a_triplet_as_it_breaks_a_singlet(name):
    """Node by node: the kernel of f(k) d.sigma is that of the singlet f(k)."""
    film, kT, field = models.film(mu=0.7), 0.1, np.array([0.3, 0.0, 0.0])
    channels = [next(c for c in named(film) if c.name == f"{name}:{axis}") for axis in "xyz"]
    comp = among(channels, film)
    nodes = comp.sampler.nodes(kT, field, 8, 0.0)
    pairs = nodes.plus + film.zeeman(field), nodes.minus + film.zeeman(field)
    factor = channels[0].vector(nodes.k)[:, 1]
    as_singlet = pair_matrix((factor[:, None, None] * singlet(1))[:, None], nodes.weights, *pairs, kT)[0, 0]
    triplets = pair_matrix(comp.blocks(nodes.k), nodes.weights, *pairs, kT)
    assert triplets[0, 0] == pytest.approx(as_singlet, rel=1e-13)
    assert abs(triplets[1, 1]) > 1.05 * abs(as_singlet)  # d across the field
    assert triplets[2, 2] == pytest.approx(triplets[1, 1], rel=1e-13)


# Form -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(3))
def test_it_is_hermitian_and_positive(seed):
    rng = np.random.default_rng(seed)
    model = (witness.random_rashba_film, witness.random_square, witness.random_ising_film)[seed % 3](rng)
    comp = among(named(model), model)
    q = rng.normal(size=2) * (seed % 2)
    chi = PairMatrix(comp, 0.5, np.array([0.2, 0.1, 0.3]), q, 6).chi(0.5, np.array([0.2, 0.1, 0.3]), q)
    np.testing.assert_allclose(chi, chi.conj().T, atol=1e-15)
    assert np.linalg.eigvalsh(chi)[0] > 0


@pytest.mark.parametrize("field", [(0, 0, 0), (0.2, 0, 0), (0.1, 0.15, 0), (0, 0, 0.2)])
@pytest.mark.parametrize("make", [witness.random_film, witness.random_ising_film, witness.random_rashba_film])
def test_an_irreducible_part_of_the_zone_gives_the_matrix_of_the_whole_zone(make, field):
    """Without the average over the operations it does not: the part alone is the broken variant."""
    field, model, kT = np.array(field, dtype=float), make(np.random.default_rng(7)), 0.4
    comp = among(available(model), model)
    group = symmetry(comp, field)
    whole = pair_rule(comp.sampler, zone.Resolution(np.pi * kT, 0.3, 6), nothing(comp).turns)
    part = pair_rule(comp.sampler, zone.Resolution(np.pi * kT, 0.3, 6), group.turns)
    term = model.zeeman(field)
    chi = [
        pair_matrix(comp.blocks(r.k), r.weights, model.hamiltonian(r.k) + term, model.hamiltonian(-r.k) + term, kT)
        for r in (whole, part)
    ]
    np.testing.assert_allclose(group.average(chi[1]), chi[0], atol=1e-5)
    if len(group.turns) > 2:
        assert np.abs(chi[1] - chi[0]).max() > 1e-4


def test_how_much_symmetry_there_is():
    """Film: all of the lattice, in any field; Ising and Rashba: what the field leaves; one channel of two: less."""
    film, ising = models.film(mu=0.5), models.ising_film(0.2, mu=0.5)
    rashba = film + models.Rashba(0.2)
    x = np.array([1.0, 0, 0])

    def order(model, field, kept=lambda _: True):
        return len(symmetry(among([c for c in available(model) if kept(c)], model), field).turns)

    assert [order(m, 0 * x) for m in (film, ising, rashba)] == [12, 12, 12]
    assert [order(m, x) for m in (film, ising)] == [12, 12]
    assert order(rashba, x) < 12
    assert order(film, 0 * x, lambda c: c.name != "d_xy") == 4


@pytest.mark.parametrize("room", [None, 0, 100_000])
def test_states_that_are_kept_serve_other_temperatures_and_no_other_field(monkeypatch, room):
    """One matrix for many questions gives what a fresh one for each gives, however many states find room."""
    if room is not None:
        monkeypatch.setattr(module, "_ROOM", room)
    monkeypatch.setattr(module, "_CHUNK", 512)
    model = models.heterostructure()
    comp = among([c for c in named(model, on="sc") if c.name in ("s", "f:z", "f:y", "d_xy")], model)
    strong, q = np.array([0.3, 0.1, 0.0]), np.array([0.2, 0.1])
    asked = [(0.8, strong, q), (1.2, strong, q), (1.2, 0.5 * strong, q), (1.2, 0.5 * strong, 0.3 * q), (0.8, strong, q)]
    pairs = PairMatrix(comp, 0.8, strong, q, 4)
    found = [pairs.chi(*point) for point in asked]
    for chi, point in zip(found, asked, strict=True):
        np.testing.assert_allclose(chi, PairMatrix(comp, 0.8, strong, q, 4).chi(*point), rtol=0, atol=1e-14)
    assert min(np.abs(a - b).max() for a, b in pairwise(found)) > 1e-4  # states of another field would be noticed
    assert sum(s.pairs.size for s in pairs._states(strong, q) if s is not None) <= module._ROOM


@pytest.mark.parametrize("make", [lambda: models.film(mu=0.4), models.heterostructure])
def test_the_matrix_costs_less_than_its_channels_one_by_one(make):
    """Least time of several, on the same momenta."""
    model = make()
    blocks = among(named(model, on="sc"), model).blocks(np.random.default_rng(3).normal(scale=2, size=(4000, 2)))
    h = model.hamiltonian(np.random.default_rng(3).normal(scale=2, size=(4000, 2)))

    def seconds(forms):
        times = []
        for _ in range(7):
            start = process_time()
            pair_matrix(forms, np.ones(len(h)), h, h, 0.1)
            times.append(process_time() - start)
        return min(times)

    alone = sum(seconds(FormFactors(blocks[:, n : n + 1])) for n in range(blocks.shape[1]))
    assert seconds(FormFactors(blocks)) < alone


# The door -------------------------------------------------------------------------------------------------------------
def test_the_door_says_what_is_wrong():
    film = models.film()
    s, other = onsite(film, None), onsite(film, None).named("other")
    comp = among([s], film)
    for call, sentence in (
        (lambda: susceptibility_matrix(comp, 0.0), "`kT` must be positive, but is 0.0"),
        (lambda: susceptibility_matrix(comp, 0.1, q=[[0, 1], [1, 0]]), "`q` must be one momentum, two numbers"),
        (lambda: susceptibility_matrix(comp, 0.1, zeeman=[1, 2]), "`zeeman` must be a number or a 3-vector"),
        (lambda: susceptibility_matrix("x", 0.1), "`comp` must be a Competition"),
        (lambda: susceptibility_matrix(among([s, other], film), 0.1), "`channels` must be linearly independent"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            call()
