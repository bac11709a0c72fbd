"""Chern numbers: counted equals integrated, Fermi lines at weak coupling, the modes of the edge and their direction."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import spinvalley as sv
from pairing_forms import FLIP, SPINS, d_x2_y2, d_xy, p_wave, square_film, superconductor, turning
from spinvalley import topology
from spinvalley.topology.columns import columns
from spinvalley.topology.reflection import reflections
from spinvalley.topology.sectors import sectors

seeds = st.integers(0, 2**32 - 1)
UP, DOWN = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])


def p_plus_ip(mu, spin=SPINS["z"]):
    model = square_film(mu)
    return superconductor(model, p_wave(model, "x", spin) + 1j * p_wave(model, "y", spin))


def triangular(mu, turns, spin):
    model = sv.models.film(mu=mu)
    return superconductor(model, turning(model, turns, spin))


def helical(rashba):
    """p + i p for spin up and p - i p for spin down: time reversal holds."""
    model = sv.models.film(mu=-1.0)
    form = turning(model, 1, UP) + turning(model, -1, DOWN)
    return superconductor(model + sv.models.Rashba(rashba) if rashba else model, form)


# Known numbers --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("mu", "each"), [(-4.5, 0), (-3.0, 1), (-0.5, 1), (0.5, -1), (3.0, -1), (4.5, 0)])
@pytest.mark.parametrize("spin", ["x", "y", "z"])
def test_p_plus_ip_on_the_square_lattice_is_the_model_of_qi_wu_and_zhang(mu, each, spin):
    """H = (Re D, -Im D, xi).tau of each spin: degree +1 for an electron pocket, -1 for a hole pocket."""
    found = topology.chern_number(p_plus_ip(mu, SPINS[spin]), 0.4)
    assert found.status == "converged"
    assert found.sector_chern.values.tolist() == [each, each]
    assert found.chern == 2 * each


@pytest.mark.parametrize(("mu", "each"), [(-6.5, 0), (-3.0, 2), (1.0, 2), (2.5, 2), (3.5, 0)])
def test_spin_degenerate_d_plus_id_has_two_for_each_spin(mu, each):
    """Also around K and K', where the phase turns once per pocket."""
    found = topology.chern_number(triangular(mu, 2, FLIP), 0.2)
    assert found.sector_chern.values.tolist() == [each, each]
    assert found.chern == 2 * each
    conjugate = topology.chern_number(triangular(mu, -2, FLIP), 0.2)
    assert conjugate.chern == -2 * each


def test_channels_by_name_make_d_plus_id():
    film = sv.models.film(mu=0.5)
    one, two = (sv.pairing.channels.channel(film, name) for name in ("d_x2-y2", "d_xy"))
    assert topology.chern_number(superconductor(film, one + 1j * two), 0.1).chern == 4
    assert topology.chern_number(superconductor(film, one - 1j * two), 0.1).chern == -4
    assert topology.chern_number(superconductor(film, one), 0.1).status == "gap closed"


def fermi_line_turns(model, form, centre, oriented=True):
    """Turns of the phase of D along a Fermi line around `centre`, filled states to the left."""

    def xi(radius, angle):
        k = np.array(centre) + radius * np.array([np.cos(angle), np.sin(angle)])
        return float(model.hamiltonian(k)[0, 0].real)

    angles = 2 * np.pi * np.arange(181) / 180
    radii = np.array([brentq(xi, 1e-6, 1.9, args=(a,)) for a in angles])
    k = np.array(centre) + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    block = form.matrix(k)[:, 0, 1]
    turns = round(float(np.angle(block[1:] / block[:-1]).sum() / (2 * np.pi)))
    return turns if not oriented or xi(1e-6, 0.0) < 0 else -turns


@pytest.mark.parametrize("turns", [1, 2, -1, -2])
@pytest.mark.parametrize("mu", [-5.0, -3.0, 2.3, 2.8])
def test_weak_coupling_is_a_sum_over_fermi_lines(turns, mu):
    sc = triangular(mu, turns, FLIP if turns % 2 == 0 else SPINS["z"])
    model, form = sc.model, sc.pairing.form
    centres = ["Gamma"] if mu < 2 else ["K", "K'"]
    lines = [fermi_line_turns(model, form, model.lattice.momentum(c)) for c in centres]
    found = topology.chern_number(sc, 1e-3)
    assert found.status == "converged"
    assert found.sector_chern.values.tolist() == [sum(lines)] * 2


def test_fermi_lines_without_their_orientation_give_wrong_numbers():
    """The broken variant: pockets of holes count with the other sign."""
    sc = triangular(2.5, 2, FLIP)
    lines = [
        fermi_line_turns(sc.model, sc.pairing.form, sc.model.lattice.momentum(c), oriented=False) for c in ("K", "K'")
    ]
    assert sum(lines) == -topology.chern_number(sc, 1e-3).sector_chern.values[0] != 0


# Counted and integrated -----------------------------------------------------------------------------------------------
def random_superconductor(seed):
    """Singlets and triplets at random on a triangular lattice with spin-orbit coupling, and a field."""
    rng = np.random.default_rng(seed)
    model = sv.models.ising_film(rng.uniform(0, 0.3), mu=rng.uniform(-4, 2.5)) + sv.models.Rashba(rng.uniform(0, 0.3))
    singlet = turning(model, int(2 * rng.choice([-1, 1])), FLIP)
    triplet = turning(model, int(rng.choice([-1, 1])), SPINS[str(rng.choice(list("xyz")))])
    share = rng.choice([0.2, 1.4]) + rng.uniform(-0.15, 0.15)
    form = float(np.cos(share)) * singlet + float(np.sin(share)) * triplet
    return superconductor(model, form), rng.uniform(0.5, 0.9), rng.uniform(-0.2, 0.2, 3)


@given(seeds)
@settings(max_examples=6, derandomize=True)
def test_counted_equals_the_flux_of_the_berry_curvature(seed):
    sc, gap, field = random_superconductor(seed)
    counted = topology.chern_number(sc, gap, field)
    assume(counted.gap > 0.1)
    flux = topology.chern_integral(sc, gap, field, tol=0.1)
    assume(flux.status == "converged")
    assert counted.status == "converged"
    assert flux.flux.item() == pytest.approx(counted.chern.item(), abs=0.1)


def test_random_cases_are_not_all_trivial():
    found = [topology.chern_number(*random_superconductor(seed)) for seed in range(12)]
    numbers = {int(f.chern) for f in found if f.status == "converged"}
    assert len(numbers) > 2


def test_the_flux_converges_to_the_integer():
    sc = triangular(-1.0, 2, FLIP)
    rough, fine = (topology.chern_integral(sc, 0.5, tol=tol) for tol in (3e-2, 1e-3))
    assert abs(fine.flux - 4) <= fine.error + 1e-12
    assert fine.error < 2e-3
    assert rough.attrs["points"] <= fine.attrs["points"]
    assert fine.sector_flux.values == pytest.approx([2, 2], abs=2e-3)


@pytest.mark.parametrize("gap", [1e-2, 1e-3, 1e-4])
def test_a_small_gap_needs_no_more_points(gap):
    found = topology.chern_number(triangular(1.0, 2, FLIP), gap)
    assert (found.chern, found.status, found.attrs["points"]) == (4, "converged", 96)
    assert found.gap < gap


def test_a_closed_gap_has_no_number():
    found = topology.chern_number(p_plus_ip(0.0), 0.3)
    assert (found.status, found.chern) == ("gap closed", 0)
    flux = topology.chern_integral(p_plus_ip(0.0), 0.3)
    assert flux.status == "gap closed"
    assert np.isnan(flux.flux)


def test_a_chiral_symmetry_leaves_no_chern_number():
    model = square_film(-1.0)
    form = sv.pairing.Channel("s", model.lattice, model.layers, {(0, 0): FLIP}) + 0.3 * d_x2_y2(model)
    found = topology.chern_number(superconductor(model, form), 0.4)
    assert (found.chern, found.status) == (0, "converged")
    assert topology.chern_integral(superconductor(model, form), 0.4).flux == 0


def test_time_reversal_leaves_numbers_of_sectors_only():
    found = topology.chern_number(helical(0.0), 0.3)
    assert sorted(found.sector_chern.values) == [-1, 1]
    assert found.chern == 0
    mixed = topology.chern_number(helical(0.05), 0.3)
    assert (mixed.sector_chern.values.tolist(), mixed.status) == ([0], "converged")


# Edges ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("mu", "turns"), [(-2.0, 2), (1.0, -2), (-2.0, 1), (2.5, 1)])
@pytest.mark.parametrize("edge", ["zigzag", "armchair", (2, 1), (-3, 1)])
def test_the_edge_carries_as_many_modes_as_the_bulk_says_in_the_right_direction(mu, turns, edge):
    sc = triangular(mu, turns, FLIP if turns % 2 == 0 else SPINS["z"])
    bulk, modes = topology.chern_number(sc, 0.4), topology.chiral_modes(sc, 0.4, 0.0, edge)
    assert modes.status == "converged"
    assert modes.chern == bulk.chern != 0
    net = int(np.sign(modes.velocity).sum())
    right_handed = np.linalg.det([columns(sc, 0.4, 0.0, edge).edge.unit, columns(sc, 0.4, 0.0, edge).edge.inward]) > 0
    assert net == (-bulk.chern if right_handed else bulk.chern)


def test_a_soft_wall_says_which_way_the_mode_runs():
    """p + i p beside vacuum at y < 0: H = xi tau_z + D (k_x tau_x - k_y tau_y) has E = -D k_x at its edge."""
    modes = topology.chiral_modes(p_plus_ip(-3.0), 0.4, 0.0, "straight")
    assert np.all(modes.velocity < 0)
    assert np.abs(modes.k_parallel).max() < 1e-8


@pytest.mark.parametrize("case", [(triangular(-1.0, 2, FLIP), "zigzag"), (p_plus_ip(-1.0), (2, 1))])
def test_strip_and_spectral_function_show_the_crossings(case):
    sc, edge = case
    modes = topology.chiral_modes(sc, 0.4, 0.0, edge)
    k, speed = float(modes.k_parallel[0]), abs(float(modes.velocity[0]))
    step = 1e-3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", topology.FiniteSizeWarning)
        energy = topology.strip(sc, 0.4, 0.0, 240, [k, k + step], edge, states=4).energy.values
    assert np.abs(energy[0]).max() < 1e-7
    np.testing.assert_allclose(np.abs(energy[1]), speed * step, rtol=1e-2)
    seen = topology.edge_spectrum(sc, 0.4, 0.0, [k, k + 0.2], [0.0], edge, eta=1e-6)
    assert seen.total[0] > 1e3 * seen.total[1]
    assert topology.edge_zero_modes(sc, 0.4, 0.0, [k, k + 0.2], edge).modes.values.tolist() == [2, 0]


def test_counter_propagating_modes_of_one_momentum_are_both_listed():
    """A helical superconductor without conserved spin: a Kramers pair at k_par = 0."""
    modes = topology.chiral_modes(helical(0.05), 0.3, 0.0, "zigzag")
    assert modes.status == "converged"
    assert modes.chern == 0
    np.testing.assert_allclose(modes.k_parallel, [0, 0], atol=1e-8)
    assert sorted(np.sign(modes.velocity.values)) == [-1, 1]
    assert np.sum(modes.velocity) == pytest.approx(0, abs=1e-6)


def test_no_modes_without_a_gap_or_without_a_number():
    model = square_film(-1.0)
    assert topology.chiral_modes(superconductor(model, d_xy(model)), 0.3, 0.0, "straight").status == "gap closed"
    plain = topology.chiral_modes(sv.Superconductor(model, sv.s_wave(v=1.0)), 0.3, 0.0, "straight")
    assert (plain.sizes["mode"], plain.status) == (0, "converged")


def test_a_flat_edge_band_has_no_direction():
    """A chain of Kitaev at every k_y: zero modes at each k_par."""
    one = np.eye(2)
    model = sv.models.from_hoppings(
        {(0, 0): 0.5 * one, (1, 0): -one, (-1, 0): -one, (0, 1): 0.1 * one, (0, -1): 0.1 * one}, sv.models.square()
    )
    sc = superconductor(model, p_wave(model, "x", SPINS["z"]))
    found = topology.chiral_modes(sc, 0.3, 0.0, (0, 1))
    assert found.status == "not converged"
    assert topology.chern_number(sc, 0.3).chern == 0


def test_phases_that_are_not_followed_miss_turns():
    """The broken variant: a few points without halving."""
    part = reflections(columns(triangular(2.5, 1, SPINS["z"]), 0.05, 0.0, (1, 0)))[0]
    k = part.sides.edge.period * (np.arange(6) / 5 - 0.5)
    u = part.matrices(k)
    angles = np.angle(np.linalg.det(u[1:]) / np.linalg.det(u[:-1]))
    assert round(float(angles.sum() / (2 * np.pi))) != round(part.path(96).turns) == -2


# Sectors --------------------------------------------------------------------------------------------------------------
@given(seeds, st.lists(st.integers(1, 4), min_size=1, max_size=4), st.booleans())
@settings(max_examples=30)
def test_sectors_are_the_smallest_subspaces_that_nothing_leads_out_of(seed, sizes, repeated):
    rng = np.random.default_rng(seed)
    sizes = [sizes[0]] * len(sizes) if repeated else sizes
    dim = sum(sizes)
    turn = np.linalg.qr(rng.normal(size=(dim, dim)) + 1j * rng.normal(size=(dim, dim)))[0]
    matrices = []
    for _ in range(2):
        blocks = [rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)) for n in sizes]
        blocks = [blocks[0]] * len(sizes) if repeated else blocks
        inside = np.zeros((dim, dim), dtype=complex)
        for start, block in zip(np.cumsum([0, *sizes[:-1]]), blocks, strict=True):
            inside[start : start + len(block), start : start + len(block)] = block
        both = turn @ inside @ turn.conj().T
        matrices += [both, both.conj().T]
    found = sectors(np.array(matrices))
    assert sorted(f.shape[1] for f in found) == sorted(sizes)
    basis = np.concatenate(found, axis=1)
    np.testing.assert_allclose(basis.conj().T @ basis, np.eye(dim), atol=1e-12)
    for frame in found:
        for matrix in matrices:
            np.testing.assert_allclose(matrix @ frame, frame @ (frame.conj().T @ matrix @ frame), atol=1e-9)


def test_bad_input_is_one_sentence():
    sc = p_plus_ip(-1.0)
    with pytest.raises(sv.InvalidInput, match="`gap` must be non-negative"):
        topology.chern_number(sc, -0.1)
    with pytest.raises(sv.InvalidInput, match="`tol` must be below 1"):
        topology.chern_integral(sc, 0.1, tol=2.0)
    with pytest.raises(sv.InvalidInput, match="`edge` must be straight, diagonal"):
        topology.chiral_modes(sc, 0.1, 0.0, "zigzag")
