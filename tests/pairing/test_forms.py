"""Pairing of any form in one amplitude: fermions, the Bogoliubov-de Gennes matrix, closed form and gap."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

import spinvalley as sv
from spinvalley import InvalidInput, models
from spinvalley.numerics.quartic import OneOrbital
from spinvalley.pairing import Channel, Pairing, bdg
from spinvalley.pairing.channels import channel
from spinvalley.pairing.channels.form import superposition, vector
from spinvalley.pairing.landscape import expansion
from spinvalley.pairing.linearised import pair_kernel, pair_matrix, susceptibility, tanh_quotient
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.spectrum import Nodes, Spectrum
from spinvalley.spin import S0, SX, SY, SZ, nambu, particle_hole, singlet

SPINS = np.array([S0, SX, SY, SZ])
BONDS = ((1, 0), (0, 1), (-1, -1))
RASHBA = models.film(mu=0.7) + models.IsingSOC(0.1) + models.Rashba(0.07)
seeds = st.integers(0, 2**32 - 1)


def bond_channel(name, phases, spin, model=RASHBA):
    """A form factor sum_i phases_i cos or sin(k.R_i) on one orbital; spin (4,): singlet (even) or triplet (odd)."""
    flip = np.einsum("m,mst->st", np.asarray(spin, complex), SPINS) @ singlet()
    turn = 1 if spin[0] else -1j
    table = {}
    for phase, (n, m) in zip(phases, BONDS, strict=True):
        table[n, m], table[-n, -m] = turn * phase * flip, np.conj(turn) * phase * flip
    return Channel(name, model.lattice, model.layers, table).normalised()


S = Channel("s", RASHBA.lattice, RASHBA.layers, {(0, 0): singlet()})
D = bond_channel("d_x2-y2", (1, -0.5, -0.5), (1, 0, 0, 0))
D_XY = bond_channel("d_xy", (0, 1, -1), (1, 0, 0, 0))
F_Z = bond_channel("f:z", (1, 1, 1), (0, 0, 0, 1))
P_X = bond_channel("p_x:x", (1, -0.5, -0.5), (0, 1, 0, 0))
P_Y = bond_channel("p_y:y", (0, 1, -1), (0, 0, 1, 0))
CHANNELS = (S, D, D_XY, F_Z, P_X, P_Y)
UNITARY = {
    "s": S,
    "d + i d": D + 1j * D_XY,
    "f along z": F_Z,
    "f along a tilted axis": bond_channel("f", (1, 1, 1), (0, 0.3, -1.2, 0.5)),
    "helical p": P_X + P_Y,
    "f with a phase": np.exp(0.7j) * F_Z,
}
MIXED = {"s + f": S + 0.4 * F_Z, "non-unitary": P_X + 1j * bond_channel("p_x:y", (1, -0.5, -0.5), (0, 0, 1, 0))}


def draw(seed):
    """Momenta, field and gap."""
    rng = np.random.default_rng(seed)
    return rng.normal(scale=2, size=(20, 2)), rng.normal(scale=0.3, size=3), float(rng.uniform(0.01, 0.5))


def test_the_opposite_of_a_channel_cancels_it():
    rest = -D + 2 * D
    np.testing.assert_allclose(rest.table[1, 0], D.table[1, 0], atol=1e-15)


@given(seeds)
def test_pairs_of_fermions_keep_particle_hole_symmetry(seed):
    k, field, gap = draw(seed)
    weights = np.array([1, 1j]) @ np.random.default_rng(seed).normal(size=(2, len(CHANNELS)))
    pairing = Pairing(form=superposition(CHANNELS, weights, "any"), v=1.0)
    here, there = (bdg.hamiltonian(RASHBA, pairing, q, gap, field) for q in (k, -k))
    assert np.abs(here - particle_hole(there)).max() < 1e-12
    even = np.kron([[0, 1], [1, 0]], SX)  # a triplet that is even in k
    assert np.abs(here + even - particle_hole(there + even)).max() > 1


@given(seeds)
def test_hoppings_sum_to_the_hamiltonian(seed):
    k, field, gap = draw(seed)
    pairing = Pairing(form=D + 0.3j * P_X, v=1.0)
    table = bdg.hoppings(RASHBA, pairing, gap, field)
    total = sum(np.exp(1j * k @ RASHBA.lattice.translation(c))[:, None, None] * m for c, m in table.items())
    assert np.abs(total - bdg.hamiltonian(RASHBA, pairing, k, gap, field)).max() < 1e-12


@pytest.mark.parametrize("name", UNITARY)
@given(seed=seeds)
def test_unitary_pairs_of_one_orbital_have_the_energies_of_lapack(name, seed):
    k, field, gap = draw(seed)
    plus, minus = (RASHBA.hamiltonian(q) + RASHBA.zeeman(field) for q in (k, -k))
    blocks = np.broadcast_to(UNITARY[name].matrix(k), plus.shape)
    exact = np.linalg.eigvalsh(nambu(plus, minus, gap * blocks))
    closed = OneOrbital.of(plus, minus, vector(blocks))
    assert closed is not None
    assert np.abs(np.sort(closed.energies(np.array([gap]))[:, 0].T, axis=1) - exact).max() < 2e-7


def test_forgetting_the_direction_of_d_is_noticed():
    k, field, gap = draw(5)
    plus, minus = (RASHBA.hamiltonian(q) + RASHBA.zeeman(field) for q in (k, -k))
    blocks = UNITARY["f along a tilted axis"].matrix(k)
    size = np.linalg.norm(vector(blocks), axis=1, keepdims=True)
    unturned = OneOrbital.of(plus, minus, size * np.eye(4)[0])
    exact = np.linalg.eigvalsh(nambu(plus, minus, gap * blocks))
    assert np.abs(np.sort(unturned.energies(np.array([gap]))[:, 0].T, axis=1) - exact).max() > 1e-3


@pytest.mark.parametrize("name", MIXED)
def test_pairs_that_are_not_unitary_are_left_to_lapack(name):
    k, field, _ = draw(3)
    nodes = Nodes.of(RASHBA, k, np.full(len(k), 1 / len(k)))
    assert Spectrum(nodes, RASHBA, Pairing(form=MIXED[name], v=1.0), field)._one_orbital is None
    assert Spectrum(nodes, RASHBA, Pairing(form=UNITARY["f along z"], v=1.0), field)._one_orbital is not None


@given(seeds)
def test_the_tensor_of_spins_is_the_sum_over_states(seed):
    k, field, kT = draw(seed)
    plus, minus = (RASHBA.hamiltonian(q) + RASHBA.zeeman(field) for q in (k, -k))
    blocks = np.stack([c.matrix(k) for c in CHANNELS], axis=1)
    weights = np.full(len(k), 1 / len(k))
    found = pair_matrix(blocks, weights, plus, minus, kT)
    (e, u), (f, w) = np.linalg.eigh(plus), np.linalg.eigh(minus)
    inner = np.einsum("kia,knij,kjb->knab", u.conj(), blocks, w.conj())
    quotient = tanh_quotient(e[:, :, None], f[:, None, :], kT)
    expected = 0.25 * np.einsum("k,knab,kab,kmab->nm", weights, inner.conj(), quotient, inner)
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()
    assert np.linalg.eigvalsh(found).min() > -1e-12


@given(seeds)
def test_the_susceptibility_is_the_curvature_of_the_free_energy(seed):
    k, field, kT = draw(seed)
    assume(kT > 0.05)
    nodes = Nodes.of(RASHBA, k, np.full(len(k), 1 / len(k)))
    field_matrix = RASHBA.zeeman(field)
    for form in (*UNITARY.values(), *MIXED.values()):
        pairing = Pairing(form=form, v=1.0)
        gap = np.array([1e-3 * kT])
        gain = Spectrum(nodes, RASHBA, pairing, field, closed_form=False).sums(gap, np.array([kT]))
        kernel = pair_kernel(RASHBA, pairing, k, nodes.plus + field_matrix, nodes.minus + field_matrix, kT)
        assert (gain.half + gain.thermal[:, 0])[0] / gap[0] ** 2 == pytest.approx(nodes.weights @ kernel, rel=1e-4)


def test_s_wave_as_a_channel_is_s_wave():
    film = models.film()
    plain = sv.Superconductor(film, sv.s_wave(gap0=0.2))
    channel = sv.Superconductor(film, Pairing(form=S, gap0=0.2))
    turned = sv.Superconductor(film, Pairing(form=np.exp(0.4j) * S, gap0=0.2))  # by the closed form of any channel
    assert channel.v == plain.v
    assert turned.v == pytest.approx(plain.v, rel=1e-10)
    for zeeman in (0.0, 0.1):
        states = [sv.solve_gap(sc, 0.03, zeeman) for sc in (plain, channel, turned)]
        assert states[1] == states[0]
        assert states[2].gap == pytest.approx(states[0].gap, abs=states[0].error + states[2].error + 1e-12)
        assert states[2].free_energy == pytest.approx(states[0].free_energy, abs=1e-10)
    assert susceptibility(turned.sampler, 0.05, 0.1, 10) == pytest.approx(
        susceptibility(plain.sampler, 0.05, 0.1, 10), rel=1e-7
    )


@pytest.mark.parametrize("scale", [50.0, 0.02])
def test_a_form_times_a_number_is_the_same_superconductor(scale):
    """Only Delta D(k) has a meaning: temperatures and fields stay, gaps are divided by the number."""
    film, form = models.film(mu=0.4), D + 1j * D_XY
    sc, same = (sv.Superconductor(film, Pairing(form=f, v=1.6)) for f in (form, scale * form))
    powers = np.array([scale**2, scale**4])
    series = [expansion(x.energetics, 0.05, 0.02, 12) for x in (sc, same)]
    np.testing.assert_allclose(series[1], series[0] * powers, rtol=1e-6)
    assert sv.critical_temperature(same) == pytest.approx(sv.critical_temperature(sc), rel=2e-6)
    fields = [sv.critical_field(x, 0.03).zeeman.item() for x in (sc, same)]
    assert fields[1] == pytest.approx(fields[0], rel=2e-5)
    assert sv.solve_gap(same, 0.03).gap * scale == pytest.approx(sv.solve_gap(sc, 0.03).gap, rel=1e-5)


def test_an_expansion_beyond_its_radius_is_noticed(monkeypatch):
    """The broken variant: gaps up to pi kT whatever the size of D(k)."""
    form = 50 * D
    sampler = Sampler(models.film(mu=0.4), Pairing(form=form, v=1.0))
    right = expansion(sampler, 0.05, 0.0, 12)[0]
    assert right == pytest.approx(susceptibility(sampler, 0.05, 0.0, 12), rel=1e-9)
    monkeypatch.setattr(Pairing, "bound", 1.0)
    assert expansion(sampler, 0.05, 0.0, 12)[0] != pytest.approx(right, rel=1e-2)


def test_size_and_bound_of_a_form():
    """Named channels have size 1 on however many orbitals; |D(k)| stays below the bound."""
    stack = models.heterostructure()
    for name in ("s", "d_xy", "f:z", "s@sc", "p_x:y@sc-tmd"):
        assert channel(stack, name).size == pytest.approx(1, rel=1e-12)
    assert (-3 * S).size == pytest.approx(3, rel=1e-12)
    k = np.random.default_rng(0).normal(scale=3, size=(500, 2))
    for form in UNITARY.values():
        largest = np.linalg.norm(form.matrix(k), 2, axis=(1, 2)).max()
        assert 0.4 * form.bound < largest <= form.bound * (1 + 1e-12)


def test_layers_of_a_stack_pair_as_a_channel():
    film = models.heterostructure(coupling=0.5)
    on = np.kron(np.diag([float(layer == "sc") for layer in film.layers]), singlet())
    s = Channel("s@sc", film.lattice, film.layers, {(0, 0): on})
    plain = sv.Superconductor(film, sv.s_wave(on="sc", v=2.5))
    assert sv.solve_gap(sv.Superconductor(film, Pairing(form=s, v=2.5)), 0.05) == sv.solve_gap(plain, 0.05)


def test_a_nodal_gap_has_the_ratio_of_weak_coupling():
    """Delta(0)/kTc = pi exp(-gamma - <phi^2 ln|phi|>/<phi^2>) on the Fermi line, approached as Tc falls."""
    film = models.film(mu=-4.5)
    angles = 2 * np.pi * np.arange(200) / 200
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    radii = [brentq(lambda r, u=u: film.hamiltonian(r * u)[0, 0].real, 0.1, 2.0) for u in unit]
    phi = np.abs(D.vector(np.array(radii)[:, None] * unit)[:, 0])
    log = np.sum(phi[phi > 0] ** 2 * np.log(phi[phi > 0])) / np.sum(phi**2)
    exact = np.pi * np.exp(-np.euler_gamma - log)
    misses = []
    for tc in (1e-2, 1e-3):
        state = sv.solve_gap(sv.Superconductor(film, Pairing(form=D, tc=tc)), 0.0, tol=1e-5)
        misses.append(abs(state.gap / tc / exact - 1))
    assert misses[1] < min(2e-4, 0.05 * misses[0])


def test_a_triplet_feels_the_field_along_d_only():
    """d along z in an in-plane field: no Pauli limit; d along the field: a transition of first order as for s."""
    film = models.film(mu=-2.0)
    across, along = (bond_channel("f", (1, 1, 1), axis, film) for axis in ((0, 0, 0, 1), (0, 1, 0, 0)))
    gaps = {}
    for name, form in (("across", across), ("along", along)):
        sc = sv.Superconductor(film, Pairing(form=form, tc=0.03))
        gaps[name] = sv.solve_gap(sc, 0.003, 3 * sc.gap_scale, tol=1e-4).gap / sc.gap_scale
    assert gaps["across"] > 0.7
    assert gaps["along"] == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: bond_channel("odd", (1, 1, 1), (0, 0, 0, 1)).table and Channel("even f", RASHBA.lattice, RASHBA.layers,
            {(1, 0): SZ @ singlet(), (-1, 0): SZ @ singlet()}), "singlets even, triplets odd in k"),
        (lambda: Channel("", RASHBA.lattice, RASHBA.layers, {(0, 0): singlet()}), "`name` must be a text"),
        (lambda: Channel("s", RASHBA.lattice, RASHBA.layers, {(0, 0): 0 * singlet()}), "is zero everywhere"),
        (lambda: Channel("s", RASHBA.lattice, RASHBA.layers, {(0, 0): np.eye(3)}), r"must have shape \(2, 2\)"),
        (lambda: Channel("s", RASHBA.lattice, RASHBA.layers, {"on-site": singlet()}), "keys .* of integers"),
        (lambda: S.named(3), "`name` must be a str"),
        (lambda: S.normalised(-1), "`norm` must be positive, but is -1"),
        (lambda: S + Channel("s", models.square(), RASHBA.layers, {(0, 0): singlet()}), "only on the same lattice"),
        (lambda: sv.Superconductor(models.tmd(), Pairing(form=S, v=1.0)), "must belong to the lattice and the layers"),
        (lambda: Pairing(form=S, on="sc", v=1.0), "`on` must be None where `form`"),
        (lambda: Pairing(form="d", v=1.0), "`form` must be a Channel"),
    ],
)  # fmt: skip
def test_guards_say_what_is_wrong_in_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)
