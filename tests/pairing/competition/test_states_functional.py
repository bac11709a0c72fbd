"""Laws of the free energy over several complex amplitudes: gradient, closed forms, symmetries."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.channels import channel, point_group
from spinvalley.pairing.competition import Competition, free_energy_of
from spinvalley.pairing.competition.functional import Functional, real_vector

NAMES = {
    "singlets": ("s", "d_x2-y2", "d_xy"),
    "triplets along z": ("p_x:z", "p_y:z", "f:z"),
    "singlet and triplets": ("s", "f:z", "f:y"),
    "turning triplets": ("p_x:x", "p_y:y"),
}


def competition(model: sv.models.Model, names: tuple[str, ...], couplings: float | tuple[float, ...]) -> Competition:
    """Channels by name with one coupling for all, or one for each."""
    values = np.broadcast_to(couplings, len(names)).tolist()
    channels = tuple(channel(model, name) for name in names)
    return Competition(model, channels, sv.pairing.Reduced({c.name: v for c, v in zip(channels, values, strict=True)}))


@st.composite
def functionals(draw: st.DrawFn) -> tuple[Functional, np.ndarray]:
    """A free energy of a random film, set of channels, temperature and field, and amplitudes."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    model = sv.models.ising_film(draw(st.sampled_from([0.0, 0.2])), mu=draw(st.floats(-2.0, 0.5)))
    if draw(st.booleans()):
        model = model + sv.models.Rashba(0.1)
    comp = competition(model, NAMES[draw(st.sampled_from(sorted(NAMES)))], 2.0)
    field = draw(st.sampled_from([0.0, 0.15])) * rng.normal(size=3)
    amplitudes = 0.2 * (rng.normal(size=comp.norms.size) + 1j * rng.normal(size=comp.norms.size))
    return Functional(comp, draw(st.floats(0.05, 0.2)), field, 4), amplitudes


def misses_differences(functional: Functional, amplitudes: np.ndarray, gradient: np.ndarray) -> float:
    """Largest difference between a gradient and central differences of F, relative to the gradient."""
    step = 1e-4
    worst = 0.0
    for direction in np.concatenate([np.eye(len(amplitudes)), 1j * np.eye(len(amplitudes))]):
        ends = functional.values(amplitudes + step * np.array([[1], [-1]]) * direction)
        slope = (ends[0] - ends[1]) / (2 * step)
        worst = max(worst, abs(slope - 2 * np.real(np.vdot(direction, gradient))))
    return worst / float(np.abs(gradient).max())


@settings(max_examples=4)
@given(functionals())
def test_gradient_is_the_derivative_of_the_free_energy(case: tuple[Functional, np.ndarray]) -> None:
    functional, amplitudes = case
    value, gradient = functional.value_and_gradient(amplitudes)
    assert value == pytest.approx(functional.values(amplitudes[None])[0], abs=1e-14)
    assert misses_differences(functional, amplitudes, gradient) < 1e-5


def test_a_gradient_without_the_relative_phase_is_found_out() -> None:
    """The deliberately broken variant: pairs weighted by the sizes of the amplitudes only."""
    functional = Functional(competition(sv.models.film(mu=-1.0), NAMES["singlets"], 2.0), 0.1, np.zeros(3), 6)
    amplitudes = np.array([0.2, 0.15j, 0.1 * np.exp(0.7j)])
    broken = functional.gradient(np.abs(amplitudes)) * np.exp(1j * np.angle(amplitudes))
    assert misses_differences(functional, amplitudes, functional.gradient(amplitudes)) < 1e-5
    assert misses_differences(functional, amplitudes, broken) > 1e-2


@settings(max_examples=4)
@given(functionals())
def test_curvature_is_the_derivative_of_the_gradient(case: tuple[Functional, np.ndarray]) -> None:
    functional, amplitudes = case
    curvature = functional.curvature(amplitudes, 0.2)
    basis = np.concatenate([np.eye(len(amplitudes)), 1j * np.eye(len(amplitudes))])
    ends = [[functional.gradient(amplitudes + s * 1e-4 * d) for s in (1, -1)] for d in basis]
    slopes = np.array([real_vector(ahead - behind) / 1e-4 for ahead, behind in ends])
    scale = float(np.abs(curvature).max())
    np.testing.assert_allclose(curvature, slopes, atol=1e-5 * scale)
    w = functional.comp.quadratic  # the broken variant: energies held at the amplitudes
    frozen = 2 * np.block([[w.real, -w.imag], [w.imag, w.real]])
    assert np.abs(frozen - slopes).max() > 1e-2 * scale


@settings(max_examples=5)
@given(
    st.sampled_from(["singlets", "triplets along z"]),
    st.floats(0.0, 0.4),
    st.floats(0.0, 0.3),
    st.sampled_from([0.0, 0.01, 0.1]),
    st.integers(0, 10**6),
)
def test_closed_forms_agree_with_lapack(names: str, beta: float, field: float, kT: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    comp = competition(sv.models.ising_film(beta, mu=-1.0), NAMES[names], 2.0)
    vector = field * rng.normal(size=3)
    amplitudes = 0.2 * (rng.normal(size=3) + 1j * rng.normal(size=3))
    closed = Functional(comp, kT, vector, 3)
    lapack = Functional(comp, kT, vector, 3, closed_form=False)
    assert closed.closed is not None
    assert lapack.closed is None
    first, last = closed.value_and_gradient(amplitudes), lapack.value_and_gradient(amplitudes)
    assert first[0] == pytest.approx(last[0], abs=1e-13)
    np.testing.assert_allclose(first[1], last[1], atol=1e-9)


def test_the_closed_form_refuses_directions_that_differ() -> None:
    film = sv.models.film(mu=-1.0)
    for names in ("singlet and triplets", "turning triplets"):
        assert Functional(competition(film, NAMES[names], 2.0), 0.1, np.zeros(3), 3).closed is None


@settings(max_examples=3)
@given(functionals(), st.floats(0.0, 2 * np.pi))
def test_the_common_phase_has_no_meaning(case: tuple[Functional, np.ndarray], phase: float) -> None:
    functional, amplitudes = case
    turned = amplitudes * np.exp(1j * phase)
    np.testing.assert_allclose(functional.values(turned[None]), functional.values(amplitudes[None]), atol=1e-13)
    relative = amplitudes.copy()
    relative[0] *= np.exp(1j)  # the broken variant: the phase of one amplitude alone has a meaning
    if np.any(np.abs(amplitudes[1:]) > 0.05) and functional.closed is not None:
        assert abs(functional.values(relative[None])[0] - functional.values(amplitudes[None])[0]) > 1e-9


@settings(max_examples=3)
@given(st.integers(0, 11), st.floats(0.0, np.pi), st.floats(0.0, 2 * np.pi))
def test_the_point_group_leaves_the_free_energy(number: int, angle: float, phase: float) -> None:
    film = sv.models.film(mu=-1.0)
    comp = competition(film, ("d_x2-y2", "d_xy"), 2.5)
    element = point_group(film).elements[2 * number]
    images = [element.applied(c) for c in comp.channels]
    action = np.array([[a.overlap(b) for b in images] for a in comp.channels])
    state = 0.4 * np.array([np.cos(angle), np.sin(angle) * np.exp(1j * phase)])
    values = free_energy_of(comp, [state, action @ state], kT=0.05, order=10)
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_a_turn_that_is_no_symmetry_changes_the_free_energy() -> None:
    """The deliberately broken variant of the point group: a turn by 15 degrees, seen in sixth order."""
    comp = competition(sv.models.film(mu=-1.0), ("d_x2-y2", "d_xy"), 2.5)
    turn = np.deg2rad(15.0)
    values = free_energy_of(comp, [[0.4, 0.0], [0.4 * np.cos(2 * turn), 0.4 * np.sin(2 * turn)]], kT=0.05, order=10)
    assert abs(values[0] / values[1] - 1) > 1e-4


def test_one_channel_is_the_free_energy_of_the_superconductor() -> None:
    film = sv.models.ising_film(0.2, mu=-0.7)
    comp = competition(film, ("s",), 2.3)
    sc = sv.Superconductor(film, sv.s_wave(v=2.3))
    gaps = np.array([0.0, 0.05, 0.2, 0.6])
    for field in (0.0, [0.1, 0.0, 0.05]):
        expected = sv.free_energy(sc, gaps, 0.03, field) - sv.free_energy(sc, 0.0, 0.03, field)
        values = free_energy_of(comp, gaps[:, None] * np.exp(0.4j), 0.03, field)
        np.testing.assert_allclose(values, expected, atol=1e-11)


def test_small_amplitudes_see_the_linearised_problem() -> None:
    comp = competition(sv.models.ising_film(0.2, mu=-1.0), NAMES["singlet and triplets"], 2.0)
    functional = Functional(comp, 0.1, np.array([0.1, 0.0, 0.0]), 8)
    amplitudes = 1e-4 * np.array([1.0, 0.5j, -0.7])
    np.testing.assert_allclose(functional.gradient(amplitudes), functional.normal_matrix @ amplitudes, atol=1e-10)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda c: free_energy_of(c, [0.1], 0.1), "`amplitudes` must be finite, of shape (..., 3), but are [0.1]"),
        (lambda c: free_energy_of(c, [0.1, 0.1, np.nan], 0.1), "`amplitudes` must be finite"),
        (lambda c: free_energy_of(c, [[0.1, 0.1, 0.1], [0.1]], 0.1), "`amplitudes` must be numbers"),
        (lambda c: free_energy_of(c, ["a", 0.1, 0.1], 0.1), "`amplitudes` must be numbers"),
        (lambda c: free_energy_of(c, [1e200, 0.1, 0.1], 0.1), "`amplitudes` must be below 1e+30"),
        (lambda c: free_energy_of(c, [0.1, 0.1, 0.1], -0.1), "`kT` must be non-negative, but is -0.1"),
        (lambda _: free_energy_of("s", [0.1], 0.1), "`comp` must be a Competition"),
    ],
)
def test_bad_input_gets_one_sentence(call: Callable[[Competition], object], sentence: str) -> None:
    with pytest.raises(sv.InvalidInput) as caught:
        call(competition(sv.models.film(), NAMES["singlets"], 2.0))
    assert sentence in str(caught.value)


def test_no_amplitudes_have_no_free_energies() -> None:
    comp = competition(sv.models.film(), NAMES["singlets"], 2.0)
    assert free_energy_of(comp, np.zeros((0, 3)), 0.1).shape == (0,)
