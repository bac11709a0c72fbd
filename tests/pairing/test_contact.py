"""Laws of the contact interaction and of fixed density: every mean field, consistent energies, the Pauli field."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import hfb
import spinvalley as sv
import witness
from spinvalley import (
    InvalidInput,
    Status,
    Superconductor,
    critical_temperature,
    free_energy,
    models,
    normal,
    phase_diagram,
    s_wave,
    solve_gap,
)
from spinvalley.pairing import Pairing
from spinvalley.pairing.channels import channel
from spinvalley.pairing.hartree_fock.response import Diagonalised, response
from spinvalley.pairing.linearised import susceptibility
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.transition import Line, find_transition
from spinvalley.spin import SX, SY, SZ

V = 2.295202
FILM = models.film()
FILLING = 0.7972656484  # of the film at mu = 0
OPERATORS = np.array([SX, SY, SZ, -np.eye(2)])
ONE_ORBITAL = (witness.random_film, witness.random_ising_film, witness.random_rashba_film)
seeds = st.integers(0, 2**32 - 1)


def contact(model=FILM, v=V, density=FILLING):
    return Superconductor(model, s_wave(v=v, interaction="contact"), density=density)


def reduced(model=FILM, v=V, density=FILLING):
    return Superconductor(model, s_wave(v=v), density=density)


def electrons(model):
    """Electrons per cell at T = V = 0, from the areas inside the Fermi lines."""
    found = normal.sheet_density(model, carriers="net", tol=1e-10)
    return float(found.density) / normal.filling.PER_CM2 / model.lattice.zone_area * (2 * np.pi) ** 2


def along_x(sc, kT, order=8):
    return Line(sc, lambda s: (kT, np.array([s, 0.0, 0.0])), order, 1e-7)


# The grand potential --------------------------------------------------------------------------------------------------
@given(st.sampled_from(ONE_ORBITAL), seeds, st.sampled_from([0.05, 1e-3, 0.0]))
@settings(max_examples=6)
def test_the_closed_form_and_its_derivatives_are_those_of_eigenvectors(make, seed, kT):
    rng = np.random.default_rng(seed)
    model, field = make(rng), witness.random_field(rng, 0.3)
    sampler = Sampler(model, s_wave(v=1.0))
    nodes = sampler.nodes(0.3, field, 6, 0.0)
    ours = response(nodes, model, sampler.pairing, field, OPERATORS)
    applied = model.zeeman(field)
    block = sampler.pairing.matrix(model, nodes.k)
    exact = Diagonalised(nodes.weights, nodes.plus + applied, nodes.minus + applied, block, OPERATORS)
    gaps, fields = np.array([0.02, 0.4]), rng.normal(size=(2, 4)) * 0.1
    found, expected = ours(gaps, fields, kT), exact(gaps, fields, kT)
    np.testing.assert_allclose(found.value, expected.value, atol=1e-12)
    np.testing.assert_allclose(found.densities, expected.densities, atol=1e-9)
    np.testing.assert_allclose(found.slope, expected.slope, rtol=1e-9)


@given(st.sampled_from(ONE_ORBITAL), seeds)
@settings(max_examples=5)
def test_densities_are_the_derivatives_of_the_grand_potential_which_is_concave(make, seed):
    rng = np.random.default_rng(seed)
    model, field = make(rng), witness.random_field(rng, 0.3)
    sampler = Sampler(model, s_wave(v=1.0))
    omega = response(sampler.nodes(0.3, field, 6, 0.0), model, sampler.pairing, field, OPERATORS)
    gap, step = rng.uniform(0.05, 0.5, 1), 1e-4
    at = np.tile(rng.normal(size=4) * 0.1, (4, 1))
    low, high = (omega(np.repeat(gap, 4), at + s * step * np.eye(4), 0.1).value for s in (-1, 1))
    middle = omega(gap, at[:1], 0.1)
    np.testing.assert_allclose((high - low) / (2 * step), middle.densities[0], atol=1e-6)
    assert np.all(high + low - 2 * middle.value < 1e-13)


@pytest.mark.parametrize("gap", [0.0, 0.3])
def test_the_slope_is_the_susceptibility_of_the_linearised_equation_at_no_gap(gap):
    model = models.ising_film(0.3) + models.Rashba(0.1)
    sampler, field = Sampler(model, s_wave(v=1.0)), (0.1, 0.05, 0.2)
    nodes = sampler.nodes(0.1, field, 10, 0.0)
    applied, block = model.zeeman(field), sampler.pairing.matrix(model, nodes.k)
    slow = Diagonalised(nodes.weights, nodes.plus + applied, nodes.minus + applied, block, OPERATORS)
    found = [
        r(np.array([gap]), np.zeros((1, 4)), 0.1).slope[0]
        for r in (slow, response(nodes, model, sampler.pairing, field, OPERATORS))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-9)
    assert (found[0] == pytest.approx(susceptibility(sampler, 0.1, field, 10), rel=1e-9)) == (gap == 0)


# Against iteration on a mesh ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("density", [None, 0.9])
@pytest.mark.parametrize(
    "model",
    [
        models.film(mu=0.5),
        models.ising_film(0.3),
        pytest.param(models.ising_film(0.3) + models.Rashba(0.1), marks=pytest.mark.nightly),
    ],
)
def test_the_state_is_that_of_iteration_on_a_mesh(model, density):
    """Gap, magnetisation, chemical potential or potential, and energy: no free energy is searched there."""
    field, kT, v = np.array([0.08, -0.05, 0.1]), 0.12, 2.8
    state = solve_gap(contact(model, v, density), kT, field, tol=1e-4)
    exact = hfb.Contact(model, v, density, 60, electrons(model)).solve(kT, field)
    assert state.status == Status.CONVERGED
    assert state.gap > 0.1
    assert state.gap == pytest.approx(exact.gap, abs=min(state.error, 1e-5))
    np.testing.assert_allclose(state.fields.magnetisation, exact.magnetisation, atol=1e-5)
    assert np.linalg.norm(exact.magnetisation) > 2e-3
    assert state.fields.mu == pytest.approx(exact.mu, abs=1e-5)
    assert state.fields.potential == pytest.approx(exact.potential, abs=1e-5)
    if density is not None:
        assert state.free_energy == pytest.approx(exact.free_energy, abs=1e-6)


def test_an_iteration_without_the_magnetisation_finds_another_state():
    """The broken variant: the reduced interaction, which lacks m, is seen by the comparison above."""
    field, kT, v = (0.0, 0.0, 0.5), 0.3, 4.0
    states = [solve_gap(make(v=v, density=0.9), kT, field, tol=1e-4) for make in (contact, reduced)]
    exact = hfb.Contact(FILM, v, 0.9, 48).solve(kT, field)
    assert states[0].gap == pytest.approx(exact.gap, abs=1e-5)
    assert states[1].gap != pytest.approx(exact.gap, abs=1e-3)


# Thermodynamics -------------------------------------------------------------------------------------------------------
@given(st.floats(0.05, 0.3), st.floats(0.02, 0.4), st.sampled_from([None, 0.5, 1.2]))
@settings(max_examples=4)
def test_the_magnetisation_is_the_derivative_of_the_free_energy_by_the_field(kT, field, density):
    sc, step = contact(v=3.5, density=density), 1e-3
    states = [solve_gap(sc, kT, field + s * step, tol=1e-4) for s in (-1, 0, 1)]
    assume(len({s.status for s in states}) == 1 and states[0].status in (Status.CONVERGED, Status.NORMAL))
    assume(abs(states[2].gap - states[0].gap) < 0.05)
    slope = (states[2].free_energy - states[0].free_energy) / (2 * step)
    assert slope == pytest.approx(states[1].fields.magnetisation[0], abs=2e-5)


@pytest.mark.parametrize("make", [contact, reduced])
def test_the_chemical_potential_is_the_derivative_of_the_free_energy_by_the_density(make):
    low, middle, high = (solve_gap(make(v=4.0, density=n), 0.1, 0.2) for n in (0.798, 0.8, 0.802))
    assert (high.free_energy - low.free_energy) / 0.004 == pytest.approx(middle.fields.mu, abs=1e-5)


@given(st.floats(0.3, 1.7), st.floats(0.2, 0.5), st.floats(0, 0.3))
@settings(max_examples=4)
def test_the_electrons_of_the_state_are_those_asked_for(density, kT, field):
    state = solve_gap(contact(v=4.0, density=density), kT, field, tol=1e-3)
    exact = hfb.Contact(FILM, 4.0, density, 48)
    assert exact.electrons(state.gap, state.fields.mu, state.fields.zeeman, kT) == pytest.approx(density, abs=1e-5)


def test_the_free_energy_is_highest_in_the_magnetic_field_and_lowest_in_the_potential():
    sc = contact(density=None)
    spectrum = sc.mean_field.spectrum(0.05, 0.1, 8, 0.0)
    at = spectrum.solution(0.1, 0.05)

    def cost(p):
        return float(spectrum.response(np.array([0.1]), p[None], 0.05).value[0] + spectrum.fields.cost(p[None])[0])

    for n, sign in ((0, -1), (1, 1)):
        step = 1e-3 * np.eye(2)[n]
        assert all(sign * (cost(at + s * step) - cost(at)) > 0 for s in (-1, 1))


def test_the_normal_state_responds_with_the_stoner_factor_of_an_attraction():
    """chi = chi_0 / (1 + v chi_0/2), chi_0 = 2 N(0): weakened, not enhanced."""
    chi0 = 2 * float(normal.density_of_states(FILM).dos[0])
    state = solve_gap(contact(), 0.002, 0.3)
    assert state.status == Status.NORMAL
    assert state.fields.magnetisation[0] / -0.3 == pytest.approx(chi0 / (1 + V * chi0 / 2), rel=0.01)
    assert state.fields.magnetisation[0] / -0.3 != pytest.approx(chi0, rel=0.1)


# The linearised problem -----------------------------------------------------------------------------------------------
@given(st.floats(0.05, 0.3), st.floats(0, 0.3), st.sampled_from([None, 0.9]))
@settings(max_examples=6)
def test_the_curvature_is_the_susceptibility_of_the_hartree_fock_normal_state(kT, field, density):
    """One more Sampler, on a model that carries the mean fields of the normal state itself."""
    sc = contact(density=density)
    line = along_x(sc, kT, 12)
    fields = sc.mean_field.mean_fields(0.0, kT, field, 14, 0.0)
    carrying = FILM + models.Potential(fields.potential - fields.mu)
    chi = susceptibility(Sampler(carrying, sc.pairing), kT, fields.zeeman, 14)
    assert line.curvature(field) == pytest.approx(1 / V - chi, abs=2e-9)


def test_the_linear_field_is_the_one_that_the_reduced_interaction_needs_as_an_effective_field():
    kT, order = 0.08, 10
    found = find_transition(along_x(contact(), kT, order), 0.02, 0.25, 1e-9)
    fields = contact().mean_field.mean_fields(0.0, kT, found.s, order, 0.0)
    bare = Superconductor(FILM + models.Potential(-fields.mu), s_wave(v=V))
    alone = find_transition(along_x(bare, kT, order), 0.02, 0.25, 1e-9)
    assert found.order == alone.order == 2
    assert fields.zeeman[0] == pytest.approx(alone.s, abs=1e-7)
    assert found.s > 1.2 * alone.s


# The Pauli field ------------------------------------------------------------------------------------------------------
def pauli_field(sc, kT):
    """First-order field in units of the gap at T = 0."""
    gap0 = solve_gap(sc, 0.004, tol=1e-5).gap  # as at T = 0, to exp(-Delta/T)
    found = find_transition(along_x(sc, kT), 0.5 * gap0, 1.1 * gap0, 1e-6 * gap0)
    assert found.order == 1
    return found.s / gap0


def test_the_pauli_field_of_the_film_at_fixed_density():
    """0.79 Delta_0 with the contact, 0.707 with the reduced interaction."""
    assert pauli_field(contact(), 0.01) == pytest.approx(0.78877, abs=2e-5)
    assert pauli_field(reduced(), 0.01) == pytest.approx(0.70679, abs=2e-5)


@pytest.mark.nightly
def test_the_pauli_field_grows_by_the_root_of_the_stoner_factor_at_weak_coupling():
    """V_c = Delta_0 sqrt[(1 + v N(0))/2]: the normal state gains N(0) V^2 / (1 + v N(0)), the gapped one nothing."""
    dos = float(normal.density_of_states(FILM).dos[0])
    misses = []
    for v in (3.0, 2.0):
        gap = contact(v=v).gap_scale
        lines = [along_x(make(v=v), 0.05 * gap, 6) for make in (contact, reduced)]
        fields = [find_transition(line, 0.6 * gap, 1.1 * gap, 1e-6 * gap).s for line in lines]
        misses.append(abs(fields[0] / fields[1] / np.sqrt(1 + v * dos) - 1))
    assert misses[0] > 2 * misses[1]
    assert misses[1] < 4e-4


# The machinery --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("strength", "density"), [("gap0", None), ("gap0", FILLING), ("tc", None)])
def test_the_strength_comes_back(strength, density):
    sc = Superconductor(FILM, s_wave(**{strength: 0.15}, interaction="contact"), density=density)
    found = solve_gap(sc, 0.0, tol=1e-7).gap if strength == "gap0" else float(critical_temperature(sc, tol=1e-7))
    assert found == pytest.approx(0.15, abs=2e-7)


def test_at_fixed_density_without_a_field_a_contact_interaction_is_the_reduced_one():
    """No magnetisation and no change of density are left to act."""
    for kT in (0.01, 0.05):
        states = [solve_gap(make(), kT) for make in (contact, reduced)]
        assert states[0].gap == pytest.approx(states[1].gap, abs=1e-9)
        assert states[0].free_energy == pytest.approx(states[1].free_energy, abs=1e-10)


def test_a_wide_band_pins_the_chemical_potential():
    """The reduced interaction at fixed density differs from that at fixed mu by Delta^2 over the bandwidth."""
    for v, bound in ((2.0, 0.01), (1.6, 2e-3)):
        free, fixed = (solve_gap(Superconductor(FILM, s_wave(v=v), density=n), 0.0).gap for n in (None, FILLING))
        assert free != pytest.approx(fixed, rel=1e-7)
        assert free == pytest.approx(fixed, rel=bound)


def test_a_phase_diagram_holds_the_same_states():
    sc = contact()
    data = phase_diagram(sc, [0.02, 0.08], [0.0, 0.1], tol=1e-4)
    for kT in data.kT.values:
        for field in data.zeeman.values:
            state, cell = solve_gap(sc, kT, field), data.sel(kT=kT, zeeman=field)
            assert float(cell.gap) == pytest.approx(state.gap, abs=1e-4 * sc.gap_scale)
            assert float(cell.free_energy) == pytest.approx(state.free_energy, abs=1e-8)


def test_any_channel_at_fixed_density():
    """d-wave: mu follows the gap, and the free energy of the state is below that of every other gap."""
    d = channel(FILM, "d_xy")
    sc = Superconductor(FILM, Pairing(form=d, v=3.0), density=0.9)
    state = solve_gap(sc, 0.05, tol=1e-4)
    assert state.status == Status.CONVERGED
    others = free_energy(sc, state.gap * np.array([0.0, 0.9, 1.1]), 0.05)
    assert np.all(others > state.free_energy)
    assert state.fields.mu != pytest.approx(solve_gap(replace(sc, density=1.0), 0.05, tol=1e-4).fields.mu, abs=1e-2)


@pytest.mark.nightly
def test_zero_temperature_in_a_field():
    state = solve_gap(contact(), 0.0, 0.15, tol=1e-3)
    assert state.status == Status.CONVERGED
    assert state.gap == pytest.approx(solve_gap(contact(), 0.004).gap, abs=2e-4)  # below the gap nothing is broken
    assert state.fields.magnetisation == pytest.approx((0, 0, 0), abs=1e-9)


@pytest.mark.nightly
@pytest.mark.parametrize("density", [None, 2.6])
def test_a_layer_with_a_contact_interaction_on_another_without(density):
    """Every mean field equals what it is made of; the potential moves charge between the layers. By diagonalisation."""
    model = models.heterostructure()
    sc = Superconductor(model, s_wave(on="sc", v=4.0, interaction="contact"), density=density)
    mesh = hfb.Contact(model, 4.0, density, 36)
    references = []
    for field in (np.array([0.0, 0.0, 0.0]), np.array([0.4, 0.0, 0.3])):
        state = solve_gap(sc, 0.3, field, tol=1e-3)
        at = state.fields
        kappa, total, local, m, _ = mesh.averages(0.3, state.gap, at.mu, field, at.zeeman, at.potential)
        assert 4.0 * kappa == pytest.approx(state.gap, abs=1e-4)
        assert state.gap > 0.1
        np.testing.assert_allclose(m, at.magnetisation, atol=1e-6)
        assert density is None or total == pytest.approx(density, abs=2e-5)
        references.append(local + 2 * at.potential / 4.0)
    assert references[0] == pytest.approx(references[1], abs=2e-5)  # n_0


# The door -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: contact(density=2.5), r"`density` must be between 0 and 2 electrons per cell, .* but is 2\.5"),
        (lambda: contact(density=0.0), r"`density` must be between 0 and 2 electrons per cell, .* but is 0"),
        (lambda: reduced(density=float("nan")), "`density` must be finite, but is nan"),
        (lambda: reduced(density="full"), "`density` must be a real number, but is 'full'"),
        (
            lambda: Pairing(form=channel(FILM, "d_xy"), v=1.0, interaction="contact"),
            "`interaction` 'contact' pairs electrons on one site, in a singlet, but `form` is 'd_xy'",
        ),
        (
            lambda: Superconductor(models.heterostructure(), s_wave(v=1.0, interaction="contact")),
            "`interaction` 'contact' must act on one orbital, .* but 2 pair",
        ),
        (lambda: s_wave(v=1.0, interaction="exchange"), "`interaction` must be one of reduced, contact"),
    ],
)
def test_guards_say_what_is_wrong_in_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("interaction", ["contact", "reduced"])
def test_a_state_is_stationary_in_the_crystal_that_its_electrons_feel(interaction):
    sc = sv.Superconductor(sv.models.ising_film(0.2), sv.s_wave(v=2.3, interaction=interaction), density=0.7)
    state = sv.solve_gap(sc, 0.03, [0.1, 0.0, 0.05])
    seen = sv.pairing.in_mean_fields(sc, state)
    assert seen.mean_field is None
    frozen = sv.solve_gap(seen, 0.03, [0.1, 0.0, 0.05])
    assert min(abs(branch.gap - state.gap) for branch in frozen.branches) < 1e-6
    bare = sv.solve_gap(sv.Superconductor(sc.model, sv.s_wave(v=2.3)), 0.03, [0.1, 0.0, 0.05])
    assert min(abs(branch.gap - state.gap) for branch in bare.branches) > 1e-4  # without the mean fields it is not


def test_a_reduced_interaction_at_fixed_chemical_potential_needs_no_other_crystal():
    sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.3))
    assert sv.pairing.in_mean_fields(sc, sv.solve_gap(sc, 0.05)) is sc
    contact = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.3, interaction="contact"), density=0.8)
    with pytest.raises(InvalidInput, match="`sc` must have a reduced interaction and a fixed chemical potential here"):
        sv.topology.field_at_ratio(contact, 0.05)
