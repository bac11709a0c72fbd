"""Laws of the minima over several amplitudes: which state wins, its symmetry, and its errors."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.channels import channel, form_factor
from spinvalley.pairing.competition import Competition, States, minima
from spinvalley.pairing.competition.character import representations
from spinvalley.pairing.competition.functional import Functional
from spinvalley.pairing.competition.gauge import distance, fix_gauge
from spinvalley.pairing.competition.orbits import symmetries_of
from spinvalley.pairing.competition.reversal import Reversal

FILM = sv.models.film(mu=-1.0)


def competition(model: sv.models.Model, couplings: dict[str, float]) -> Competition:
    """Channels by their full names."""
    return Competition(model, tuple(channel(model, name) for name in couplings), sv.pairing.Reduced(couplings))


@settings(max_examples=5)
@given(st.floats(-2.0, 0.5), st.floats(0.0, 0.3), st.floats(0.01, 0.12), st.floats(0.0, 0.2))
def test_s_wave_alone_is_the_solution_of_one_gap(mu: float, beta: float, kT: float, field: float) -> None:
    model = sv.models.ising_film(beta, mu=mu)
    sc = sv.Superconductor(model, sv.s_wave(v=2.3))
    state = sv.solve_gap(sc, kT, field)
    found = minima(competition(model, {"s": 2.3}), kT, field)
    branches = sorted((b for b in state.branches if b.kind == "minimum"), key=lambda b: b.condensation)
    assume(state.status != "not converged" and all(abs(b.condensation) > 1e-9 for b in branches if b.gap > 0))
    assert [s.gap for s in found] == pytest.approx(
        [b.gap for b in branches], abs=state.error + found.lowest.error + 1e-8
    )
    for own, branch in zip(found, branches, strict=True):
        assert own.condensation == pytest.approx(branch.condensation, abs=own.condensation_error + 1e-10)
    assert found.status == state.status


@pytest.mark.parametrize("names", [("d_x2-y2", "d_xy"), ("p_x:z", "p_y:z")])
@pytest.mark.parametrize("field", [pytest.param(0.0, marks=pytest.mark.nightly), 0.03])
def test_chiral_pairs_beat_nematic_ones(names: tuple[str, str], field: float) -> None:
    comp = competition(FILM, dict.fromkeys(names, 3.0))
    found = minima(comp, 0.05, field, tol=1e-4)
    state = found.lowest
    assert (state.character, state.breaks_time_reversal, state.degeneracy) == ("chiral", True, 2)
    assert state.amplitudes[1] == pytest.approx(1j * state.amplitudes[0], rel=1e-6)
    assert len(state.irreps) == 1
    assert state.irreps[0].startswith("E")
    alone = minima(competition(FILM, {names[0]: 3.0}), 0.05, field, tol=1e-4).lowest
    assert alone.character == "nematic"
    assert state.condensation < 1.1 * alone.condensation < 0
    assert all(other.character == "chiral" for other in found)  # the nematic states are saddle points
    assert state.stiffness > 0
    assert state.status == found.status == "converged"


def quartic(functional: Functional, direction: np.ndarray, size: float) -> float:
    """Coefficient b of F = a t^2 + b t^4 / 2 along a direction."""
    value = functional.values(size * direction[None])[0]
    curvature = np.real(np.vdot(direction, functional.normal_matrix @ direction))
    return float(2 * (value - size**2 * curvature) / size**4)


def quartic_of_singlets(mu: float, form: np.ndarray, k: np.ndarray, kT: float) -> float:
    """The same from its formula on a uniform mesh: b = sum_k |f|^4 [tanh(z) - z sech^2(z)] / (4 xi^3), z = xi / 2T."""
    xi = sv.models.film(mu=mu).hamiltonian(k)[:, 0, 0].real
    z = 0.5 * xi / kT
    return float(np.mean(np.abs(form) ** 4 * (np.tanh(z) - z / np.cosh(z) ** 2) / (4 * xi**3)))


def test_quartic_coefficients_are_those_of_ginzburg_and_landau() -> None:
    mu, kT = -1.0, 0.3
    comp = competition(sv.models.film(mu=mu), {"d_x2-y2": 3.0, "d_xy": 3.0})
    functional = Functional(comp, kT, np.zeros(3), 12)
    mesh = np.stack(np.meshgrid(*[(np.arange(240) + 0.5) / 240] * 2), -1).reshape(-1, 2)
    k = mesh @ comp.model.lattice.reciprocal
    pairs = np.stack([c.vector(k)[:, 0] for c in comp.channels], axis=1)
    for direction in (np.array([1.0, 0.0]), np.array([1.0, 1j]) / np.sqrt(2), np.array([0.6, 0.8j])):
        expected = quartic_of_singlets(mu, pairs @ direction, k, kT)
        assert quartic(functional, direction, 0.02) == pytest.approx(expected, rel=2e-3)


def test_weak_coupling_prefers_the_chiral_state_by_three_to_two() -> None:
    """On a circular Fermi line <|f|^4> is 1 for exp(2i phi) and 3/2 for sqrt2 cos(2 phi)."""
    comp = competition(sv.models.film(mu=-5.5), {"d_x2-y2": 3.0, "d_xy": 3.0})
    functional = Functional(comp, 0.05, np.zeros(3), 10)
    nematic = quartic(functional, np.array([1.0, 0.0]), 0.005)
    chiral = quartic(functional, np.array([1.0, 1j]) / np.sqrt(2), 0.005)
    mixed = quartic(functional, np.array([1.0, 1.0]) / np.sqrt(2), 0.005)
    assert nematic / chiral == pytest.approx(1.5, abs=1e-4)
    assert mixed / nematic == pytest.approx(1.0, abs=1e-4)  # the broken variant: without the phase nothing is won


def square() -> sv.models.Model:
    hop = -np.eye(2)
    table = {(1, 0): hop, (-1, 0): hop, (0, 1): hop, (0, -1): hop, (0, 0): np.eye(2)}
    return sv.models.from_hoppings(table, sv.models.square())


def test_two_singlets_of_like_strength_coexist_with_a_phase_of_ninety_degrees() -> None:
    model = square()
    states = {v: minima(competition(model, {"s": v, "d_x2-y2": 1.7}), 0.02, tol=1e-5).lowest for v in (1.6, 2.0, 2.3)}
    assert [s.character for s in states.values()] == ["single", "mixed", "single"]
    assert [s.irreps for s in states.values()] == [("B1g",), ("A1g", "B1g"), ("A1g",)]
    both = states[2.0]
    assert both.breaks_time_reversal
    assert both.degeneracy == 2
    assert abs(np.angle(both.amplitudes[1] / both.amplitudes[0])) == pytest.approx(np.pi / 2, abs=1e-6)
    assert both.condensation < min(states[v].condensation for v in (1.6,))
    assert not states[1.6].breaks_time_reversal


def test_a_state_solves_the_gap_equations_and_is_a_superconductor() -> None:
    comp = competition(sv.models.ising_film(0.2, mu=-1.0), {"d_x2-y2": 3.0, "d_xy": 3.0})
    state = minima(comp, 0.05, 0.03, tol=1e-5).lowest
    gradient = Functional(comp, 0.05, np.array([0.03, 0.0, 0.0]), 10).gradient(state.amplitudes)
    assert np.abs(gradient).max() < 1e-5 * np.abs(comp.quadratic @ state.amplitudes).max()
    sc, gap = state.superconductor
    energy = sv.free_energy(sc, [gap, 0.0], 0.05, 0.03, order=8)
    assert energy[0] - energy[1] == pytest.approx(state.condensation, rel=1e-6)
    assert sv.solve_gap(sc, 0.05, 0.03, tol=1e-4).gap == pytest.approx(gap, rel=1e-3)


def test_a_repulsive_channel_sits_at_its_maximum() -> None:
    model = sv.models.film(mu=-4.0)
    comp = competition(model, {"s": -1.5, "s_ext": 3.0})
    found = minima(comp, 0.05, tol=1e-5)
    state = found.lowest
    assert state.status == "converged"
    assert state.character == "single"
    ratio = state.amplitudes[0] / state.amplitudes[1]
    assert abs(ratio) > 0.01
    assert ratio.imag == pytest.approx(0.0, abs=1e-6)
    functional = Functional(comp, 0.05, np.zeros(3), 10)
    assert np.abs(functional.gradient(state.amplitudes)).max() < 1e-6
    step = 0.02 * state.gap
    along = functional.values(state.amplitudes + step * np.array([[1.0, 0.0], [-1.0, 0.0], [1j, 0.0], [-1j, 0.0]]))
    across = functional.values(state.amplitudes + step * np.array([[0.0, 1.0], [0.0, -1.0]]))
    assert np.all(along < state.condensation)  # a minimiser over all amplitudes would run away here
    assert np.all(across > state.condensation)
    without = minima(competition(model, {"s_ext": 3.0}), 0.05, tol=1e-5).lowest
    assert state.condensation > without.condensation  # repulsion costs energy


def test_the_field_turns_singlets_into_triplets_without_breaking_a_symmetry() -> None:
    comp = competition(sv.models.ising_film(0.2, mu=-1.0), {"s": 2.6, "f:y": 1.0})
    state = minima(comp, 0.05, 0.03, tol=1e-4).lowest
    assert state.character == "mixed"
    assert not state.breaks_time_reversal
    assert abs(state.amplitudes[1]) > 1e-4 * state.gap
    assert np.angle(state.amplitudes[1] / state.amplitudes[0]) == pytest.approx(-np.pi / 2, abs=1e-4)
    plain = minima(comp, 0.05, 0.0, tol=1e-4).lowest
    assert plain.character == "single"
    assert abs(plain.amplitudes[1]) < 1e-9


def test_partners_are_found_from_the_symmetry_and_have_one_free_energy() -> None:
    comp = competition(FILM, {"d_x2-y2": 3.0, "d_xy": 3.0})
    state = minima(comp, 0.1, tol=1e-3).lowest
    values = Functional(comp, 0.1, np.zeros(3), 8).values(state.partners)
    np.testing.assert_allclose(values, values[0], rtol=1e-7)
    apart = [distance(a, b) for n, a in enumerate(state.partners) for b in state.partners[:n]]
    assert state.degeneracy == 2
    assert min(apart) > 0.1 * state.gap


def test_a_continuous_symmetry_gives_one_state_with_flat_directions() -> None:
    comp = competition(sv.models.film(mu=0.5), dict.fromkeys(("f:x", "f:y", "f:z"), 3.5))  # d turns freely
    found = minima(comp, 0.2, tol=1e-3)
    pairs = [s for s in found if s.character != "normal"]
    assert len(pairs) == 1
    assert np.sum(pairs[0].curvatures == 0) == 2


TRIPLETS = {"p_x:x": 3.0, "p_y:y": 3.0, "p_x:y": 3.0, "p_y:x": 3.0}


def test_chiral_and_helical_triplets_are_two_states_of_one_free_energy() -> None:
    """Without spin-orbit coupling F is that of up pairs plus that of down pairs, whatever their senses of rotation."""
    found = minima(competition(FILM, TRIPLETS), 0.25, tol=1e-2)
    assert {s.breaks_time_reversal for s in found} == {True, False}
    assert len(found) == 2
    assert found.lowest.condensation == pytest.approx(found.metastable[0].condensation, rel=1e-6)
    assert found.status == "not converged"  # nothing tells which of them is the equilibrium


@pytest.mark.nightly
def test_rashba_coupling_selects_the_helical_triplets() -> None:
    selected = minima(competition(FILM + sv.models.Rashba(0.2), TRIPLETS), 0.25, tol=1e-2)
    assert [(s.character, s.irreps, s.breaks_time_reversal) for s in selected] == [("single", ("A1",), False)]
    assert selected.status == "converged"


def test_a_turn_of_the_spins_about_the_field_breaks_no_reversal() -> None:
    """Unequal pairs of up and down spins, d = (1, i ratio), are what the field makes; so is each of their turns."""
    rng = np.random.default_rng(0)
    field = np.array([0.0, 0.0, 0.1])
    free = Reversal.of(competition(FILM, {"f:x": 3.5, "f:y": 3.5}), field)
    for angle, ratio, phase in rng.uniform([0, 0.1, 0], [2 * np.pi, 0.9, 2 * np.pi], (20, 3)):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        state = np.exp(1j * phase) * turn @ np.array([1.0, 1j * ratio])
        assert not free.breaks(state)
        assert free.is_complex(state)
        fixed = replace(free, spin=0 * free.spin)  # the broken variant: two axes only
        assert fixed.breaks(state) == (abs(np.sin(2 * angle)) > 1e-3)
    assert Reversal.of(competition(FILM, TRIPLETS), field).breaks(np.array([1.0, 0.0, 0.0, 1j]))
    assert not np.any(
        Reversal.of(competition(FILM, {"s": 2.3}), np.array([1e-253, 0.0, 0.0])).spin
    )  # too small to have a direction


def test_irreps_do_not_depend_on_how_the_model_is_given() -> None:
    """A callable h(k) has the point group of the same model in hoppings; so has one with hoppings of any range."""
    table = sv.models.ising_film(0.2, mu=-1.0)
    function = sv.models.from_callable(table.hamiltonian, table.lattice)
    gated = sv.models.one_band("MoS2", density=8.7e13)
    for model in (table, function, gated):
        comp = competition(model, {"s": 2.0, "f:z": 1.0, "f:x": 1.0, "f:y": 1.0})
        together = representations(comp, np.array([1.0, 0.1, 0.0, 0.0]))
        apart = representations(comp, np.array([1.0, 0.0, 0.1, 0.0]))
        assert len(together) == 1
        assert sorted(i.dimension for i in apart) == [1, 2]
        orbit = symmetries_of(comp, np.zeros(3)).orbit(np.array([0.0, 0.0, 1.0, 0.0]), 1e-3)
        assert len(orbit) == 3


def test_channels_that_all_repel_leave_the_normal_state() -> None:
    found = minima(competition(FILM, {"s": -1.0, "d_xy": -2.0}), 0.1)
    assert [s.character for s in found] == ["normal"]
    assert found.status == "normal"


def test_a_chiral_form_given_as_one_channel_is_chiral() -> None:
    d, e = (channel(FILM, name) for name in ("d_x2-y2", "d_xy"))
    comp = Competition(FILM, ((d + 1j * e).normalised().named("d + i d"),), sv.pairing.Reduced({"d + i d": 3.0}))
    state = minima(comp, 0.05, tol=1e-3).lowest
    assert state.character == "chiral"
    assert not state.breaks_time_reversal  # of its own accord: the interaction knows one sense of rotation only
    with pytest.raises(sv.InvalidInput, match="must be even"):
        form_factor(FILM, lambda k: np.sin(k[..., 0]), name="odd")


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(0, 10**6), st.floats(0.0, 2 * np.pi))
def test_a_fixed_gauge_forgets_the_common_phase(count: int, seed: int, phase: float) -> None:
    rng = np.random.default_rng(seed)
    state = rng.normal(size=count) + 1j * rng.normal(size=count)
    np.testing.assert_allclose(fix_gauge(state * np.exp(1j * phase)), fix_gauge(state), atol=1e-12)
    assert distance(state * np.exp(1j * phase), state) < 1e-12
    largest = fix_gauge(state)[np.argmax(np.abs(state))]
    assert largest.imag == 0
    assert largest.real > 0


def test_the_normal_state_is_a_state() -> None:
    found = minima(competition(FILM, {"s": 2.3}), 0.5)
    assert isinstance(found, States)
    assert len(found) == 1
    assert (found.status, found.lowest.character, found.lowest.gap) == ("normal", "normal", 0.0)
    with pytest.raises(sv.InvalidInput, match="this is the normal state"):
        _ = found.lowest.superconductor


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"kT": -0.1}, "`kT` must be non-negative, but is -0.1"),
        ({"kT": 0.1, "zeeman": [0.1, 0.2]}, "`zeeman` must be a number or a 3-vector"),
        ({"kT": 0.1, "tol": 2.0}, "`tol` must be below 1, but is 2.0"),
    ],
)
def test_bad_input_gets_one_sentence(keywords: dict[str, float], sentence: str) -> None:
    with pytest.raises(sv.InvalidInput) as caught:
        minima(competition(FILM, {"s": 2.3}), **keywords)
    assert sentence in str(caught.value)
