"""Laws of the phases of several amplitudes: maps, diagrams, and transitions between kinds of states."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

import spinvalley as sv
from spinvalley.pairing.channels import channel
from spinvalley.pairing.competition import (
    Competition,
    free_energy_map,
    free_energy_of,
    minima,
    orientation_map,
    state_diagram,
    transitions,
)
from spinvalley.pairing.competition.states import State
from spinvalley.pairing.competition.transitions import Sample, kind

module = import_module("spinvalley.pairing.competition.transitions")  # the package has a function of this name

FILM = sv.models.film(mu=-1.0)
PAIR = {"first": "d_x2-y2", "second": "d_xy"}


def competition(model: sv.models.Model, couplings: dict[str, float]) -> Competition:
    """Channels by their full names."""
    return Competition(model, tuple(channel(model, name) for name in couplings), sv.pairing.Reduced(couplings))


@pytest.fixture(scope="module")
def two_d() -> Competition:
    return competition(FILM, {"d_x2-y2": 3.0, "d_xy": 3.0})


def square() -> sv.models.Model:
    hop = -np.eye(2)
    table = {(1, 0): hop, (-1, 0): hop, (0, 1): hop, (0, -1): hop, (0, 0): np.eye(2)}
    return sv.models.from_hoppings(table, sv.models.square())


def test_a_map_is_the_free_energy_at_its_points_within_its_error(two_d: Competition) -> None:
    sizes = np.linspace(0.0, 0.3, 4)
    data = free_energy_map(two_d, 0.05, 0.02, sizes=(sizes, sizes[:3]), phase=0.8, **PAIR)
    assert data.sizes == {"first": 4, "second": 3}
    for i, j in [(0, 0), (1, 2), (3, 1)]:
        amplitudes = [sizes[i], sizes[j] * np.exp(0.8j)]
        exact = free_energy_of(two_d, amplitudes, 0.05, 0.02)
        assert abs(float(data.free_energy[i, j]) - exact) <= float(data.error[i, j]) + 1e-14
    largest = float(np.abs(data.free_energy).max())
    assert float(data.error.max()) <= data.attrs["tolerance"] * largest


def test_the_orientation_map_is_lowest_where_the_minima_are(two_d: Competition) -> None:
    angle, phase = np.linspace(0.0, np.pi / 2, 5), np.linspace(-np.pi, np.pi, 9)
    data = orientation_map(two_d, 0.1, angle=angle, phase=phase, tol=1e-3, **PAIR)
    state = minima(two_d, 0.1, tol=1e-4).lowest
    place = data.free_energy.argmin(dim=("angle", "phase"))
    assert float(angle[int(place["angle"])]) == pytest.approx(np.pi / 4)
    assert abs(float(phase[int(place["phase"])])) == pytest.approx(np.pi / 2)
    assert float(data.free_energy.min()) == pytest.approx(state.condensation, rel=2e-3)
    chiral = data.amplitude.values[2, 2]
    assert chiral == pytest.approx(state.gap, rel=0.03)
    nematic = data.free_energy.sel(phase=0.0, method="nearest")
    np.testing.assert_allclose(nematic, nematic[0], rtol=0.02)  # every real direction costs nearly the same
    assert float(nematic.min()) > 0.9 * state.condensation


def test_one_singlet_has_the_transitions_of_the_phase_diagram() -> None:
    film = sv.models.film(mu=-1.0)
    comp, sc = competition(film, {"s": 2.8}), sv.Superconductor(film, sv.s_wave(v=2.8))
    tc = float(sv.critical_temperature(sc))
    second = transitions(comp, kT=(0.5 * tc, 1.3 * tc), points=2, tol=1e-4)
    assert list(second.order.values) == [2]
    assert abs(float(second.kT[0]) - tc) <= 2 * float(second.error[0])
    line = sv.critical_field(sc, 0.3 * tc).isel(kT=0)
    field = float(line.zeeman)
    first = transitions(comp, kT=0.3 * tc, zeeman=(0.6 * field, 1.3 * field), points=2, tol=1e-4)
    assert list(first.order.values) == [int(line.order)] == [1]
    assert abs(float(first.zeeman[0]) - field) <= 2 * float(first.error[0])
    assert float(first.jump[0]) == pytest.approx(float(line.gap), rel=1e-3)
    assert [str(x) for x in (first.low[0].item(), first.high[0].item())] == ["single", "normal"]


def test_two_singlets_enter_one_after_the_other() -> None:
    comp = competition(square(), {"s": 2.0, "d_x2-y2": 1.7})
    data = transitions(comp, kT=(0.05, 0.19), points=3, tol=4e-3)
    assert list(data.low.values) == ["mixed", "single"]
    assert list(data.high.values) == ["single", "normal"]
    assert list(data.order.values) == [2, 2]
    alone = sv.Superconductor(comp.model, sv.pairing.Pairing(form=comp.channels[1], v=1.7))
    tc = float(sv.critical_temperature(alone))
    assert abs(float(data.kT[1]) - tc) <= 2 * float(data.error[1])
    inner = float(data.kT[0])
    below, above = (minima(comp, kT, tol=1e-4).lowest for kT in (0.99 * inner, 1.01 * inner))
    assert (below.breaks_time_reversal, above.breaks_time_reversal) == (True, False)


def test_the_diagram_agrees_with_single_points(two_d: Competition) -> None:
    seen: list[tuple[int, int]] = []
    data = state_diagram(
        two_d, kT=[0.2, 0.05], zeeman=[0.0, 0.05], tol=1e-3, progress=lambda *reached: seen.append(reached)
    )
    assert data.character.values.tolist() == [["normal", "normal"], ["chiral", "chiral"]]
    assert seen[-1] == (2, 2)
    state = minima(two_d, 0.05, 0.05, tol=1e-5).lowest
    point = data.isel(kT=1, zeeman=1)
    assert float(point.gap) == pytest.approx(state.gap, abs=float(point.error) + state.error)
    assert float(point.condensation) == pytest.approx(state.condensation, rel=1e-4)
    assert (bool(point.breaks_time_reversal), float(point.degeneracy), str(point.status.item())) == (
        True,
        2.0,
        "converged",
    )
    assert point.phase.sel(channel="d_xy").item() == pytest.approx(np.pi / 2, abs=1e-6)
    assert str(data.status[0, 0].item()) == "normal"


def two_layers() -> Competition:
    """Two layers that hardly feel each other, one with the stronger attraction."""
    hop = -np.eye(4)
    onsite = np.kron([[0.5, 0.03], [0.03, 0.5]], np.eye(2))
    table = {(1, 0): hop, (-1, 0): hop, (0, 1): hop, (0, -1): hop, (0, 0): onsite}
    model = sv.models.from_hoppings(table, sv.models.square(), layers=("a", "b"))
    forms = tuple(channel(model, "s", on=layer).named(layer) for layer in ("a", "b"))
    return Competition(model, forms, sv.pairing.Reduced({"a": 2.6, "b": 2.1}))


@pytest.mark.nightly
def test_a_leap_inside_one_kind_of_state_is_a_transition_of_first_order() -> None:
    """The Pauli limit of the weaker layer; a little of its amplitude is left, and no symmetry changes."""
    comp = two_layers()
    line = transitions(comp, kT=0.08, zeeman=(0.16, 0.3), points=2, tol=0.02)
    assert list(line.order.values) == [1]
    assert line.low.item() == line.high.item()
    assert line.low_irreps.item() == line.high_irreps.item()
    alone = sv.models.from_hoppings(
        {cell: matrix[:2, :2] for cell, matrix in comp.model.hoppings.items()}, sv.models.square()
    )
    limit = sv.critical_field(sv.Superconductor(alone, sv.s_wave(v=2.1)), 0.08).isel(kT=0)
    assert float(line.zeeman[0]) == pytest.approx(float(limit.zeeman), rel=0.03)
    assert float(line.jump[0]) == pytest.approx(float(limit.gap), rel=0.15)


@pytest.mark.parametrize("lives_on", [True, False])
def test_a_leap_is_told_from_a_crossover(monkeypatch: pytest.MonkeyPatch, lives_on: bool) -> None:
    """Two branches whose free energies cross at s = 0.4, or one that bends steeply there."""
    comp = competition(FILM, {"s": 2.3})
    model = minima(comp, 0.5).lowest

    def state(gap: float, energy: float) -> State:
        amplitudes = np.array([gap + 0j])
        return replace(model, amplitudes=amplitudes, partners=amplitudes[None], condensation=energy, character="single")

    def sample(_line: object, s: float, _known: tuple[State, ...] = ()) -> Sample:
        branches = [state(0.3, -1.0 + s), state(0.05, -0.8 + 0.5 * s)]
        bent = [state(0.3 if s < 0.4 else 0.05, -1.0)]
        return Sample(s, tuple(sorted(branches if lives_on else bent, key=lambda x: x.condensation)))

    monkeypatch.setattr(module._Line, "sample", sample)
    line = transitions(comp, kT=(0.0, 1.0), points=4, tol=1e-3)
    assert list(line.order.values) == ([1] if lives_on else [])
    if lives_on:
        assert float(line.kT[0]) == pytest.approx(0.4, abs=1e-9)
        assert float(line.jump[0]) == pytest.approx(0.25)


def test_members_of_one_family_are_no_phases() -> None:
    """d may point anywhere without spin-orbit coupling: its direction is arbitrary at every sample."""
    comp = competition(sv.models.film(mu=0.5), {"f:x": 3.5, "f:y": 3.5})
    line = transitions(comp, kT=(0.2, 0.8), points=4, tol=0.02)
    assert [str(x) for x in line.high.values] == ["normal"]
    state = minima(comp, 0.2, tol=1e-2).lowest
    assert state.flat == 1
    turned = replace(state, irreps=("A1", "A2"), character="mixed")
    assert kind(turned) == kind(state)
    assert kind(replace(turned, curvatures=state.curvatures + 1)) != kind(replace(state, curvatures=turned.curvatures))


def test_a_line_without_a_change_has_no_transitions(two_d: Competition) -> None:
    assert transitions(two_d, kT=(0.05, 0.06), points=2, tol=0.1).sizes["transition"] == 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda c: transitions(c, kT=0.1), "exactly one of `kT` and `zeeman` must be two ascending ends"),
        (lambda c: transitions(c, kT=(0.2, 0.1)), "exactly one of `kT` and `zeeman` must be two ascending ends"),
        (lambda c: transitions(c, kT=(0.1, 0.2), points=1), "`points` must be a whole number of at least 2"),
        (lambda c: state_diagram(c, kT=[-0.1]), "`kT` must be non-negative, but contains -0.1"),
        (lambda c: state_diagram(c, kT=0.1, direction=[0, 0, 0]), "`direction` must be a nonzero 3-vector"),
        (
            lambda c: free_energy_map(c, 0.1, first="s", second="d_xy", sizes=([0.1], [0.1])),
            "`first` must be one of d_x2-y2, d_xy, but is 's'",
        ),
        (
            lambda c: free_energy_map(c, 0.1, first="d_xy", second="d_xy", sizes=([0.1], [0.1])),
            "`first` and `second` must be two channels, but both are 'd_xy'",
        ),
        (
            lambda c: free_energy_map(c, 0.1, sizes=0.1, **PAIR),
            "`sizes` must be two arrays, one for each channel, but is 0.1",
        ),
        (
            lambda c: free_energy_map(c, 0.1, sizes=([1e200], [0.1]), **PAIR),
            "`sizes` must be below 1e+30, but contain 1e+200",
        ),
        (
            lambda c: free_energy_map(c, 0.1, sizes=([-0.1], [0.1]), **PAIR),
            "`sizes` must be non-negative, but contains -0.1",
        ),
    ],
)
def test_bad_input_gets_one_sentence(two_d: Competition, call: Callable[[Competition], object], sentence: str) -> None:
    with pytest.raises(sv.InvalidInput) as caught:
        call(two_d)
    assert sentence in str(caught.value)


def test_an_orientation_of_a_repulsive_channel_is_refused() -> None:
    comp = competition(FILM, {"s": -1.0, "d_xy": 3.0})
    with pytest.raises(sv.InvalidInput, match="must attract"):
        orientation_map(comp, 0.1, first="s", second="d_xy", angle=[0.1], phase=[0.0])
