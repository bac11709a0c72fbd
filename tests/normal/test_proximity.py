"""The proximity effect, heterostructure.txt, eq. 4, 5 and 8: exact, static, and how far apart they are."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.models import Bloch, Rashba, film, from_hoppings, heterostructure, square, stack, tmd, triangular
from spinvalley.normal import (
    effective_hamiltonian,
    equation_5,
    fermi_momentum,
    induced,
    isolated,
    pole_contours,
    printed_equation_5,
    renormalised_film,
    self_energy,
    static_validity,
)

momenta = st.tuples(st.floats(-4, 4), st.floats(-4, 4))
fields = st.tuples(*[st.floats(-0.5, 0.5)] * 3)
frequencies = st.floats(0.01, 20)


def trilayer():
    """Two films on the two sides of a dichalcogenide with Rashba coupling."""
    top = from_hoppings(film(mu=0.7).hoppings, triangular(), ("top",))
    return stack(film(), tmd() + Rashba(0.3), top, coupling=0.4)


def resolved_static(k, coupling=0.5):
    """The sigma_z coefficient of Sigma(0), by inverting the matrix."""
    sigma = self_energy(heterostructure(coupling=coupling), "sc", k, 0.0)
    return 0.5 * (sigma[..., 0, 0] - sigma[..., 1, 1]).real


def assert_is_the_static_coupling(formula):
    k = np.random.default_rng(1).uniform(-2, 2, (50, 2))
    np.testing.assert_allclose(formula(k), resolved_static(k), rtol=1e-9, atol=1e-14)


# Exact ---------------------------------------------------------------------------------------------------------------
@given(momenta, st.floats(-10, 10), frequencies, fields)
@settings(max_examples=40)
def test_integrating_out_is_exact(k, omega, w, field):
    """[z - h_KK - Sigma]^-1 is the kept block of the full resolvent, for any kept layers."""
    model, z = trilayer(), omega + 1j * w
    h = model.hamiltonian(k) + model.zeeman(field)
    full = np.linalg.inv(z * np.eye(6) - h)
    for keep, chosen in (("sc", [0, 1]), ("tmd", [2, 3]), (("sc", "top"), [0, 1, 4, 5])):
        sub = h[np.ix_(chosen, chosen)] + self_energy(model, keep, k, z, field)
        np.testing.assert_allclose(
            np.linalg.inv(z * np.eye(len(chosen)) - sub), full[np.ix_(chosen, chosen)], atol=1e-9
        )


@given(momenta, st.floats(-10, 10), frequencies, fields)
@settings(max_examples=40)
def test_the_self_energy_is_causal(k, omega, eta, field):
    """-Im Sigma(w + i eta) has no negative eigenvalue."""
    sigma = self_energy(trilayer(), ("sc", "top"), k, omega + 1j * eta, field)
    assert np.linalg.eigvalsh(1j * (sigma - sigma.conj().T) / 2).min() > -1e-12


def test_advanced_is_not_causal():
    """The broken variant of the law above."""
    sigma = self_energy(trilayer(), "sc", [1.0, 0.3], 0.5 - 0.1j)
    assert np.linalg.eigvalsh(1j * (sigma - sigma.conj().T) / 2).min() < -1e-4


@given(momenta)
def test_far_from_the_bands_the_self_energy_is_that_of_one_level(k):
    sigma = self_energy(heterostructure(coupling=0.5), "sc", k, 1e6j)
    np.testing.assert_allclose(sigma, 0.25 / 1e6j * np.eye(2), atol=1e-11)


def test_nothing_left_out_gives_no_self_energy():
    assert not self_energy(heterostructure(), ("sc", "tmd"), [0.3, 0.1], 0.0).any()
    np.testing.assert_allclose(induced(film(), "sc", [0.3, 0.1]).weight, np.eye(2))


# Static --------------------------------------------------------------------------------------------------------------
@given(momenta, fields)
@settings(max_examples=40)
def test_the_static_hamiltonian_has_the_exact_zeros(k, field):
    """det h = det h_out det(h + Sigma(0)), so that the Fermi line is exact."""
    model = heterostructure() + Rashba(0.1)
    h = model.hamiltonian(k) + model.zeeman(field)
    assume(abs(np.linalg.det(h[2:, 2:])) > 1e-3)
    static = effective_hamiltonian(model, "sc", k, field)
    assert np.linalg.det(h).real == pytest.approx(
        (np.linalg.det(h[2:, 2:]) * np.linalg.det(static)).real, rel=1e-8, abs=1e-9
    )


@given(momenta, fields)
@settings(max_examples=30)
def test_the_weight_is_the_slope_of_the_self_energy(k, field):
    model, step = trilayer(), 1e-3j  # along the imaginary axis no pole is near
    h_out = isolated(model, ("tmd", "top")).hamiltonian(k)
    assume(np.abs(np.linalg.eigvalsh(h_out)).min() > 1.2)
    near, far = (
        self_energy(model, "sc", k, n * step, field) - self_energy(model, "sc", k, -n * step, field) for n in (1, 2)
    )
    data = induced(model, "sc", k, field)
    np.testing.assert_allclose(data.inverse_weight, np.eye(2) - (8 * near - far) / (12 * step), atol=1e-7)
    weights = np.linalg.eigvalsh(data.weight)
    assert 0 < weights[0] <= weights[-1] <= 1
    np.testing.assert_allclose(data.weight.values @ data.inverse_weight.values, np.eye(2), atol=1e-12)


@pytest.mark.parametrize(("angle", "value"), [(0, -0.0387752), (10, -0.0323501), (20, -0.0173846), (30, 0.0)])
def test_induced_half_splitting_on_the_bare_fermi_line(angle, value):
    k = fermi_momentum(film(), np.radians(angle)).k.values[0]
    assert float(induced(heterostructure(), "sc", k).ising) == pytest.approx(value, abs=5e-8)
    assert float(equation_5(k)) == pytest.approx(value, abs=5e-8)


def test_equation_5_as_derived():
    assert_is_the_static_coupling(equation_5)


def test_equation_5_as_printed_is_refuted():
    """The broken variant of the law above: sign and denominator."""
    with pytest.raises(AssertionError):
        assert_is_the_static_coupling(printed_equation_5)
    with pytest.raises(AssertionError):
        assert_is_the_static_coupling(lambda k: -printed_equation_5(k))
    k = fermi_momentum(film(), "K").k.values[0]
    assert 1 + float(printed_equation_5(k) / equation_5(k)) == pytest.approx(0.268, abs=5e-4)


def test_equation_5_has_its_pole_on_the_line_of_the_dichalcogenide():
    k = fermi_momentum(tmd(), "K").k.values[0]
    inside, outside = equation_5([k * (1 - 1e-6), k * (1 + 1e-6)])
    assert abs(inside) > 1e3
    assert np.sign(inside) == -np.sign(outside)
    assert abs(printed_equation_5(k)) < 1


@given(momenta)
def test_time_reversal_makes_the_induced_coupling_odd(k):
    assume(abs(equation_5(k)) < 1e3)
    assert float(equation_5(k)) == pytest.approx(-float(equation_5(-np.array(k))), rel=1e-9, abs=1e-12)


def test_a_rashba_layer_induces_in_plane_coupling():
    model = stack(film(), from_hoppings((film(mu=8.0) + Rashba(0.3)).hoppings, triangular(), ("r",)), coupling=0.5)
    data = induced(model, "sc", [[1.0, 0.4], [-1.0, -0.4]])
    assert np.all(np.abs(data.x) > 1e-4)
    np.testing.assert_allclose(data.x[0], -data.x[1])
    np.testing.assert_allclose(data.y[0], -data.y[1])
    np.testing.assert_allclose(data.ising, 0, atol=1e-15)


def test_two_kept_layers_are_matrices():
    data = induced(trilayer(), ("sc", "top"), np.ones((3, 2)))
    assert data.scalar.dims == ("k_index", "orbital", "orbital_right")
    sigma = self_energy(trilayer(), ("sc", "top"), np.ones(2), 0.0)
    rebuilt = sum(
        np.kron(data[name].values[0], matrix)
        for name, matrix in (
            ("scalar", np.eye(2)),
            ("x", [[0, 1], [1, 0]]),
            ("y", [[0, -1j], [1j, 0]]),
            ("ising", [[1, 0], [0, -1]]),
        )
    )
    np.testing.assert_allclose(rebuilt, sigma, atol=1e-13)


def test_a_bloch_model_is_split_like_its_twin():
    exact = trilayer()
    twin = Bloch(lattice=triangular(), layers=exact.layers, function=exact.hamiltonian)
    for model in (exact, twin):
        alone = isolated(model, "tmd")
        np.testing.assert_allclose(alone.hamiltonian([0.3, 1.0]), (tmd() + Rashba(0.3)).hamiltonian([0.3, 1.0]))
    assert isolated(heterostructure(zeeman_on="sc"), "tmd").zeeman_weights == (0.0,)


# Validity ------------------------------------------------------------------------------------------------------------
def test_the_static_splitting_of_figure_2_is_an_eighth_too_large():
    """The weight Z corrects it: what is printed as the effective Hamiltonian lacks it."""
    data = static_validity(heterostructure(), "sc", points=120)
    ratio = data.splitting.max(("contour", "point")) / float(data.splitting_exact.max())
    assert float(ratio.sel(scheme="static")) == pytest.approx(1.12, abs=0.01)
    assert float(ratio.sel(scheme="renormalised")) == pytest.approx(1.0, abs=0.01)
    assert not bool(data.near_pole.any())
    assert float(data.kept_weight.min()) > 0.9


def test_errors_fall_with_the_powers_of_the_coupling():
    """Static: E Sigma' ~ Gamma^4; with the weight: E^2 Sigma'' ~ Gamma^6."""
    rms = [static_validity(heterostructure(coupling=c), "sc", points=60).rms_error for c in (0.05, 0.1)]
    powers = np.log2(rms[1] / rms[0])
    np.testing.assert_allclose(powers, [4, 6], atol=0.05)


def test_near_the_pole_the_static_form_is_flagged():
    crossing = heterostructure(mu_tmd=0.5)  # the two Fermi lines cross
    data = static_validity(crossing, "sc", points=200)
    assert bool(data.near_pole.any())
    assert float(data.max_error.sel(scheme="static")) > 1


def test_the_poles_lie_on_the_fermi_line_of_the_dichalcogenide():
    data = pole_contours(heterostructure(), "sc")
    np.testing.assert_allclose(data.area, [0.15035427] * 2, atol=5e-9)


def test_a_film_alone_keeps_its_parameters():
    data = renormalised_film(stack(film(-1.3, 0.4), tmd(), coupling=0.0))
    np.testing.assert_allclose(data.t, -1.3, rtol=1e-12)
    np.testing.assert_allclose(data.mu, 0.4, rtol=1e-11)
    np.testing.assert_allclose([data.beta_so, data.scalar_max, data.ising_max], 0, atol=1e-12)
    assert float(data.weight) == pytest.approx(1)


def test_the_renormalised_film_of_figure_2():
    """The induced coupling does not have the form S(k) exactly: the residual says by how much."""
    data = renormalised_film(heterostructure())
    static, full = data.sel(scheme="static"), data.sel(scheme="renormalised")
    assert float(full.beta_so) == pytest.approx(float(static.beta_so * data.weight), rel=0.15)
    assert float(static.mu) < 0  # level repulsion pushes the film up
    assert 0.9 < float(data.weight) < 1
    for row in (static, full):
        assert 0 < float(row.ising_rms) <= float(row.ising_max) < float(row.beta_so)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: self_energy(film(), "tmd", [0, 0], 1j), "`keep` must be one of sc, but is 'tmd'"),
        (lambda: self_energy(heterostructure(), ("sc", "x"), [0, 0], 1j), "`keep` must be one of sc, tmd, but is 'x'"),
        (lambda: self_energy(heterostructure(), None, [0, 0], 1j), "`keep` must be one of sc, tmd, but is None"),
        (lambda: self_energy(heterostructure(), (), [0, 0], 1j), r"`keep` must name at least one layer, but is \(\)"),
        (lambda: self_energy(heterostructure(), "sc", [0, np.nan], 1j), "`k` must be finite"),
        (lambda: self_energy(heterostructure(), "sc", [0, 0], np.nan), "`z` must be finite"),
        (lambda: self_energy(heterostructure(), "sc", [0, 0], -9.0), "`z` must not be an energy of the layers"),
        (lambda: induced(heterostructure(), "x", [0, 0]), "`keep` must be one of sc, tmd, but is 'x'"),
        (lambda: isolated(heterostructure(), "x"), "`keep` must be one of sc, tmd, but is 'x'"),
        (lambda: pole_contours(film(), "sc"), "`keep` must leave a layer out, but is 'sc'"),
        (lambda: static_validity(heterostructure(mu_sc=9.0)), "`keep` must name layers with a Fermi line"),
        (lambda: renormalised_film(heterostructure(), window=0), "`window` must be positive, but is 0.0"),
        (lambda: renormalised_film(heterostructure(mu_sc=9.0)), "`window` must be wide enough"),
        (
            lambda: renormalised_film(from_hoppings({(0, 0): np.eye(4)}, square(), ("sc", "sc"))),
            "a layer of one orbital",
        ),
        (lambda: equation_5([0, 0], a=-1), "`a` must be positive, but is -1.0"),
        (lambda: equation_5([0, 0], mu=np.nan), "`mu` must be finite, but is nan"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
