"""Laws of the gap: it is the global minimum, equals independent solutions, and follows from v, gap0 or tc."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import witness
from spinvalley import InvalidInput, NotSolved, Pairing, Status, Superconductor, free_energy, models, s_wave, solve_gap
from spinvalley.pairing.landscape import expansion
from spinvalley.pairing.transition import Line, find_transition

V = 2.295202
FILM = Superconductor(models.film(), s_wave(v=V))
EXACT = witness.Film()


def is_global_minimum(sc, state, **at):
    """Whether no gap of a dense scan has a lower free energy."""
    gaps = np.linspace(0, 1.5 * sc.gap_scale, 121)
    return bool(np.all(free_energy(sc, gaps, **at) >= state.free_energy - 1e-9))


# The gap --------------------------------------------------------------------------------------------------------------
@given(st.floats(1e-3, 0.2), st.floats(0, 0.2))
@settings(max_examples=10)
def test_the_equilibrium_is_the_global_minimum(kT, field):
    state = solve_gap(FILM, kT, field)
    assert state.status in (Status.CONVERGED, Status.NORMAL)
    assert is_global_minimum(FILM, state, kT=kT, zeeman=field)


def test_a_metastable_branch_is_not_the_global_minimum():
    """The broken variant: the superconducting minimum above the first-order field."""
    state = solve_gap(FILM, 0.01, 0.145)
    assert state.status == Status.NORMAL
    normal, barrier, metastable = state.branches
    assert (normal.kind, barrier.kind, metastable.kind) == ("minimum", "maximum", "minimum")
    assert normal.equilibrium
    assert metastable.metastable
    assert not normal.metastable
    assert not barrier.metastable
    assert 0 == normal.gap < barrier.gap < metastable.gap
    assert barrier.condensation > metastable.condensation > normal.condensation == 0
    broken = type(state)(**{**vars(state), "free_energy": state.free_energy + metastable.condensation})
    assert not is_global_minimum(FILM, broken, kT=0.01, zeeman=0.145)


def test_without_a_field_the_normal_state_is_a_maximum_below_tc():
    state = solve_gap(FILM, 0.05)
    assert [b.kind for b in state.branches] == ["maximum", "minimum"]
    assert state.branches[1].equilibrium
    assert state.condensation == state.branches[1].condensation < 0


@pytest.mark.parametrize("kT", [0.0, 1e-4, 0.01, 0.06, 0.11])
@pytest.mark.parametrize("field", [0.0, 0.05, 0.12])
def test_the_stated_error_covers_the_exact_gap(kT, field):
    """One band against its density of states, at the default and at a tight tolerance."""
    for tol in (1e-6, 1e-9):
        state = solve_gap(FILM, kT, field, tol=tol)
        if state.gap == 0:
            assert state.status == Status.NORMAL
            continue
        exact = EXACT.gap(kT, field, V, 0.95 * state.gap, 1.05 * state.gap)
        assert abs(state.gap - exact) <= max(state.error, 1e-12)
        assert (state.status == Status.CONVERGED) == (state.error <= tol * FILM.gap_scale)
        assert state.status == Status.CONVERGED or tol < 1e-6
        energy = EXACT.free_energy(exact, kT, field, V)
        assert state.free_energy == pytest.approx(energy, abs=1e-9)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("make", "on", "paired"),
    [
        (witness.random_ising_film, "sc", (1,)),
        (witness.random_heterostructure, "sc", (1, 0)),
        (witness.random_bilayer, None, (1, 1)),
    ],
)
def test_the_stated_error_covers_the_brute_force_gap_of_random_models(make, on, paired, seed):
    rng = np.random.default_rng(seed)
    model, field, kT = make(rng), witness.in_plane_field(rng, 0.3), 0.4
    v = 6.0
    state = solve_gap(Superconductor(model, s_wave(on=on, v=v)), kT, field)
    assert state.gap > 0.1
    exact = witness.Mesh(model, paired, 72).gap(kT, field, v, 0.95 * state.gap, 1.05 * state.gap)
    assert abs(state.gap - exact) <= state.error <= 1e-6 * v


@pytest.mark.parametrize("field", [0.0, 0.1])
def test_the_limit_of_zero_temperature_is_reached_continuously(field):
    cold = solve_gap(FILM, 0.0, field, tol=1e-8)
    for kT in (1e-300, 1e-9, 1e-5, 1e-3):
        warm = solve_gap(FILM, kT, field, tol=1e-8)
        assert warm.gap == pytest.approx(cold.gap, abs=3e-9)
        assert warm.free_energy == pytest.approx(cold.free_energy, abs=1e-5 if kT == 1e-3 else 1e-8)


def test_an_out_of_plane_field_on_an_ising_film_is_pauli_limited_and_one_in_the_plane_is_not():
    sc = Superconductor(models.ising_film(0.3), s_wave(gap0=0.4))
    plane, axis = (solve_gap(sc, 0.05, field, tol=1e-3) for field in ((0.32, 0, 0), (0, 0, 0.32)))
    assert plane.status == Status.CONVERGED
    assert axis.status == Status.NORMAL


# Calibration ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("gap0", [1e-4, 1e-2, 0.05, 0.2, 1.0])
def test_the_coupling_of_the_film_is_that_of_its_density_of_states(gap0):
    sc = Superconductor(models.film(), s_wave(gap0=gap0))
    assert 1 / sc.v == pytest.approx(EXACT.gap_sum(gap0, 0.0, 0.0), rel=1e-10)


def test_reference_numbers_of_the_film():
    assert 1 / Superconductor(models.film(), s_wave(gap0=0.05)).v == pytest.approx(0.5839263307, abs=1e-10)
    assert Superconductor(models.film(), s_wave(gap0=0.2)).v == pytest.approx(2.295202, abs=1e-6)
    assert FILM.gap_scale == pytest.approx(0.2, abs=2e-5)


@pytest.mark.parametrize(
    ("model", "on"),
    [
        (models.film(mu=0.7), None),
        (models.ising_film(0.3), None),
        (models.heterostructure(), "sc"),
        (models.heterostructure(), None),
        (models.stack(models.film(-0.8), models.tmd(-0.9, 0.1, 0.2), coupling=0.2), None),
    ],
)
def test_gap0_comes_back(model, on):
    sc = Superconductor(model, s_wave(on=on, gap0=0.15))
    assert solve_gap(sc, 0.0, tol=1e-8).gap == pytest.approx(0.15, abs=1e-8)
    again = Superconductor(model, s_wave(on=on, v=sc.v))
    assert again.gap_scale == pytest.approx(0.15, rel=1e-4)


@pytest.mark.parametrize(("model", "on"), [(models.film(mu=0.7), None), (models.heterostructure(), "sc")])
def test_tc_comes_back(model, on):
    """The gap vanishes at tc as the square root, with n/v = chi there."""
    sc = Superconductor(model, s_wave(on=on, tc=0.05))
    assert expansion(sc.sampler, 0.05, 0.0, 14)[0] == pytest.approx(sc.strength, rel=1e-9)
    assert solve_gap(sc, 0.0501).status == Status.NORMAL
    below = [solve_gap(sc, 0.05 * (1 - s)).gap for s in (1e-3, 4e-3)]
    assert below[1] / below[0] == pytest.approx(2, rel=5e-3)


MAGNET = models.film() + models.Zeeman(0.15)


def test_gap0_must_be_the_equilibrium_gap_in_a_built_in_field_too():
    """A gap0 that is a maximum of F, with a lower state at 0.26, is refused."""
    with pytest.raises(InvalidInput, match=r"`gap0` must be the gap of the equilibrium state .* gap is 0\.26"):
        _ = Superconductor(MAGNET, s_wave(gap0=0.1)).v


@pytest.mark.nightly
def test_gap0_comes_back_in_a_built_in_field_too():
    assert solve_gap(Superconductor(MAGNET, s_wave(gap0=0.3)), 0.0).gap == pytest.approx(0.3, rel=1e-6)


# Transitions ----------------------------------------------------------------------------------------------------------
def along_field(sc, kT, order=12):
    return Line(sc, lambda s: (kT, np.array([s, 0.0, 0.0])), order, 1e-8)


def test_critical_temperature_of_the_film():
    line = Line(FILM, lambda s: (s, np.zeros(3)), 12, 1e-8)
    found = find_transition(line, 0.05, 0.2, 1e-9)
    assert found.order == 2
    assert found.s == pytest.approx(0.11378, abs=5e-6)
    assert found.s == found.linear


def test_first_order_field_of_the_film():
    found = find_transition(along_field(FILM, 0.01), 0.02, 0.2, 1e-9)
    assert found.order == 1
    assert found.s / 0.2 == pytest.approx(0.70296, abs=5e-6)
    assert found.linear / 0.2 == pytest.approx(0.5111, abs=5e-5)
    exact = [EXACT.free_energy(gap, 0.01, found.s, V) for gap in (0.0, EXACT.gap(0.01, found.s, V, 0.15, 0.21))]
    assert exact[0] == pytest.approx(exact[1], abs=1e-11)


def test_a_continuous_transition_near_tc():
    found = find_transition(along_field(FILM, 0.1), 0.01, 0.2, 1e-9)
    assert (found.order, found.gap) == (2, 0.0)
    assert EXACT.gap_sum(1e-5, 0.1, found.s) == pytest.approx(1 / V, abs=1e-8)


# The door -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: s_wave(), "exactly one of `v`, `gap0`, `tc` must be given, but got none"),
        (lambda: s_wave(v=1.0, tc=0.1), "exactly one of `v`, `gap0`, `tc` must be given, but got v, tc"),
        (lambda: s_wave(gap0=0), "`gap0` must be positive, but is 0.0"),
        (lambda: s_wave(tc=-1), "`tc` must be positive, but is -1.0"),
        (lambda: s_wave(v=float("nan")), "`v` must be finite, but is nan"),
        (lambda: s_wave(v="strong"), "`v` must be a real number, but is 'strong'"),
        (
            lambda: Superconductor(models.film(), s_wave(on="tmd", v=1)),
            "`on` must name layers out of sc, but has 'tmd'",
        ),
        (lambda: Superconductor("film", s_wave(v=1)), "`model` must be a model of spinvalley.models, but is 'film'"),
        (lambda: Superconductor(models.film(), 1.0), "`pairing` must be a Pairing"),
        (
            lambda: Superconductor(models.film(), s_wave(gap0=1e-12)).v,
            "`gap0` must be at least 1e-09 of the largest band",
        ),
        (lambda: Superconductor(models.film(), s_wave(tc=1e-12)).v, "`tc` must be at least 1e-09 of the largest band"),
        (
            lambda: solve_gap(Superconductor(models.film(), s_wave(v=0.05)), 0.0),
            "`v` must be strong enough to give a gap",
        ),
        (lambda: solve_gap(FILM, -1), "`kT` must be non-negative, but is -1.0"),
        (lambda: solve_gap(FILM, float("nan")), "`kT` must be finite, but is nan"),
        (lambda: solve_gap(FILM, [0.1, 0.2]), r"`kT` must be a real number, but is \[0.1, 0.2\]"),
        (lambda: solve_gap(FILM, 0.1, float("nan")), "`zeeman` must be finite, but is nan"),
        (lambda: solve_gap(FILM, 0.1, (1, 2)), r"`zeeman` must be a number or a 3-vector, but has shape \(2,\)"),
        (lambda: solve_gap(FILM, 0.1, tol=0), "`tol` must be positive, but is 0.0"),
        (lambda: free_energy(FILM, -0.1, 0.1), "`gap` must be non-negative, but contains -0.1"),
        (lambda: free_energy(FILM, float("nan"), 0.1), "`gap` must be finite, but contains nan"),
    ],
)
def test_guards_say_what_is_wrong_in_one_sentence(call, sentence):
    with pytest.raises(InvalidInput, match=sentence) as caught:
        call()
    assert "\n" not in str(caught.value)


BAD_INPUT = {
    "on=3": lambda: Superconductor(models.film(), s_wave(on=3, v=1)),
    "on=()": lambda: solve_gap(Superconductor(models.film(), s_wave(on=(), v=1)), 0.1),
    "form": lambda: solve_gap(Superconductor(models.film(), Pairing(v=2.0, form="d_wave")), 0.1),
    "interaction": lambda: solve_gap(Superconductor(models.film(), Pairing(v=2.0, interaction="exchange")), 0.1),
    "not a superconductor": lambda: solve_gap(models.film(), 0.1),
    "gap text": lambda: free_energy(FILM, "x", 0.1),
    "order 0": lambda: free_energy(FILM, 0.1, 0.1, order=0),
    "order 2.5": lambda: free_energy(FILM, 0.1, 0.1, order=2.5),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_every_bad_input_is_refused_by_our_own_exception(name):
    with pytest.raises(InvalidInput):
        BAD_INPUT[name]()


def test_a_tolerance_that_cannot_be_met_is_a_status_or_an_exception():
    state = solve_gap(FILM, 0.05, tol=1e-15)
    assert state.status == Status.NOT_CONVERGED
    assert state.gap == pytest.approx(EXACT.gap(0.05, 0.0, V, 0.1, 0.21), abs=1e-10)
    assert 0 < state.error < 1e-9
    with pytest.raises(NotSolved, match=r"the gap at kT = 0.05 reached error .*, but 2e-16 was asked for"):
        solve_gap(FILM, 0.05, tol=1e-15, check=True)


@pytest.mark.parametrize(("kT", "field"), [(1e6, 0.0), (0.01, 100.0), (0.0, 100.0)])
def test_far_beyond_every_scale_there_is_the_normal_state(kT, field):
    state = solve_gap(FILM, kT, field)
    assert (state.gap, state.status, state.condensation) == (0.0, Status.NORMAL, 0.0)


@pytest.mark.parametrize("field", [0.0, 0.04])
def test_an_uncoupled_layer_changes_nothing(field):
    film = Superconductor(models.film(), s_wave(gap0=0.1))
    pair = Superconductor(models.heterostructure(coupling=0.0), s_wave(on="sc", v=film.v))
    alone, stacked = (solve_gap(sc, 0.006, field, tol=1e-6) for sc in (film, pair))
    assert stacked.gap == pytest.approx(alone.gap, abs=stacked.error + alone.error)
