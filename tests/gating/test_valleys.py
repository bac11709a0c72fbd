"""Laws of several valleys with interlayer hopping: reduction to one valley, exact derivative, onset of filling."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.gating import Valley, ValleyWarning, solve_layers
from spinvalley.gating.parabolas import filling

K = Valley("K", 0.445, 4)
POTENTIALS = st.lists(st.floats(-200, 200), min_size=2, max_size=5).map(np.array)


def numerical_slope(valley, phi, kT, step=1e-4):
    shifts = step * np.eye(len(phi))
    columns = [(valley.response(phi + s, kT)[0] - valley.response(phi - s, kT)[0]) / (2 * step) for s in shifts]
    return np.array(columns).T


def quiet(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValleyWarning)
        return solve_layers(*args, **kwargs)


@settings(max_examples=40)
@given(POTENTIALS, st.floats(-300, 300), st.floats(1.0, 30.0))
def test_the_derivative_of_the_layer_densities_is_exact(phi, hopping, kT):
    valley = Valley("Q", 0.6, 12, 10.0, hopping)
    _, slope = valley.response(phi, kT)
    scale = valley.density_of_states
    np.testing.assert_allclose(slope, numerical_slope(valley, phi, kT), atol=1e-6 * scale)
    assert np.linalg.eigvalsh(slope).min() > -1e-12 * scale


def test_the_derivative_is_exact_at_degenerate_levels():
    valley, phi = Valley("Q", 0.6, 12, 0.0, 0.0), np.array([5.0, 5.0, 5.0])
    _, slope = valley.response(phi, 4.0)
    np.testing.assert_allclose(slope, numerical_slope(valley, phi, 4.0), atol=1e-9)
    weak, _ = Valley("Q", 0.6, 12, 0.0, 1e-7).response(phi, 4.0), None
    np.testing.assert_allclose(weak[1], slope, atol=1e-9)


def test_a_diagonal_derivative_the_broken_variant_is_not_exact():
    valley, phi = Valley("Q", 0.6, 12, 0.0, 80.0), np.array([50.0, 0.0, -20.0])
    wrong = np.diag(np.diag(valley.response(phi, 5.0)[1]))
    assert np.abs(wrong - numerical_slope(valley, phi, 5.0)).max() > 0.05 * valley.density_of_states


@settings(max_examples=20)
@given(st.floats(1e12, 3e14), st.integers(1, 12), st.floats(0.0, 26.0))
def test_without_hopping_and_empty_q_nothing_is_new(density, layers, kT):
    alone = solve_layers(density, layers, kT=kT)
    both = solve_layers(density, layers, kT=kT, valleys=[K, Valley("Q", 0.6, 12, 1e4, 0.0)])
    np.testing.assert_allclose(both.fraction, alone.fraction, atol=1e-9)
    assert float(both.valley_fraction.sel(valley="K")) == pytest.approx(1.0, abs=1e-9)


def test_two_kinds_of_equal_valleys_are_one_with_their_degeneracies_added():
    halves = quiet(valleys=[Valley("K", 0.445, 2, 0.0, 30.0), Valley("K'", 0.445, 2, 0.0, 30.0)], kT=1.0)
    whole = solve_layers(valleys=[Valley("K", 0.445, 4, 0.0, 30.0)], kT=1.0)
    np.testing.assert_allclose(halves.fraction, whole.fraction, atol=1e-9)
    np.testing.assert_allclose(halves.valley_fraction, 0.5, atol=1e-12)


@settings(max_examples=25)
@given(
    st.floats(11, 15), st.integers(1, 30), st.floats(-300, 300), st.floats(-300, 300), st.sampled_from([0.0, 0.1, 25.0])
)
def test_any_two_valleys_converge(exponent, layers, offset, hopping, kT):
    result = quiet(10.0**exponent, layers, valleys=[K, Valley("Q", 0.6, 12, offset, hopping)], kT=kT)
    assert result.status == "converged"
    assert float(result.fraction.sum()) == pytest.approx(1.0, abs=1e-9)
    assert float(result.valley_fraction.sum()) == pytest.approx(1.0, abs=1e-12)
    by_layer = result.valley_density.sum("valley")
    np.testing.assert_allclose(by_layer, result.density, atol=1e-9 * float(result.density.sum()))


def test_subbands_hold_the_electrons_that_they_say():
    result = quiet(valleys=[K, Valley("Q", 0.6, 12, 100.0, 150.0)], kT=2.0)
    dos = Valley("Q", 0.6, 12).density_of_states * 1e14
    q = result.sel(valley="Q")
    expected = dos * filling((result.chemical_potential - q.subband_edge).values, 2.0)
    np.testing.assert_allclose(q.subband_density, expected, rtol=1e-12)
    np.testing.assert_allclose(q.subband_weight.sum("layer"), 1.0, atol=1e-12)


@pytest.mark.parametrize("hopping", [0.0, 100.0, 200.0])
def test_q_valleys_fill_below_the_onset_and_not_above(hopping):
    onset = float(solve_layers(valleys=[K, Valley("Q", 0.6, 12, 2e3, hopping)]).filling_onset.sel(valley="Q"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = solve_layers(valleys=[K, Valley("Q", 0.6, 12, onset + 0.01, hopping)])
    assert float(empty.valley_fraction.sel(valley="Q")) == 0.0
    with pytest.warns(ValleyWarning, match=r"of the electrons are in the Q valleys, which start to fill .* meV"):
        filled = solve_layers(valleys=[K, Valley("Q", 0.6, 12, onset - 20.0, hopping)])
    assert float(filled.valley_fraction.sel(valley="Q")) > 0.01


def test_hopping_raises_the_onset():
    onsets = [
        float(solve_layers(valleys=[K, Valley("Q", 0.6, 12, 2e3, t)]).filling_onset.sel(valley="Q"))
        for t in (0.0, 50.0, 100.0, 200.0)
    ]
    assert np.all(np.diff(onsets) > 0)


def test_the_sign_of_the_hopping_does_not_matter():
    plus, minus = (quiet(valleys=[K, Valley("Q", 0.6, 12, 50.0, t)]) for t in (120.0, -120.0))
    np.testing.assert_allclose(plus.fraction, minus.fraction, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"mass": 0}, "`mass` must be positive, but is 0.0"),
        ({"degeneracy": -1}, "`degeneracy` must be positive, but is -1.0"),
        ({"hopping": np.nan}, "`hopping` must be finite, but is nan"),
        ({"name": 3}, "`name` must be a str, e.g. 'K', but is 3"),
    ],
)
def test_bad_valleys_are_told_in_one_sentence(arguments, sentence):
    with pytest.raises(InvalidInput) as caught:
        Valley(**{"name": "Q", "mass": 0.6, "degeneracy": 12} | arguments)
    assert str(caught.value) == sentence
