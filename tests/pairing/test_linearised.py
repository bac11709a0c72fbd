"""Laws of the linearised gap equation: expansion in the gap, eigenvector formula, rotation formula, Matsubara sum."""

import numpy as np
import pytest

import witness
from spinvalley import models, s_wave
from spinvalley.pairing.landscape import expansion
from spinvalley.pairing.linearised import susceptibility, tanh_quotient
from spinvalley.pairing.sampler import Sampler

CASES = [
    (witness.random_film, "sc"),
    (witness.random_ising_film, "sc"),
    (witness.random_rashba_film, "sc"),
    (witness.random_heterostructure, "sc"),
    (witness.random_bilayer, None),
    (witness.random_square, "sc"),
]


@pytest.mark.parametrize("kT", [0.3, 0.02])
@pytest.mark.parametrize(("make", "on"), CASES)
def test_the_expansion_of_the_free_energy_gives_the_susceptibility(make, on, kT):
    rng = np.random.default_rng(4)
    sampler, field = Sampler(make(rng), s_wave(on=on, v=1.0)), witness.random_field(rng, 0.2)
    kT = max(kT, 0.1 if make in (witness.random_rashba_film, witness.random_square) else kT)  # dense: keep it small
    chi, _ = expansion(sampler, kT, field, 6)
    assert chi == pytest.approx(susceptibility(sampler, kT, field, 6), rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_one_band_with_any_spin_orbit_vector_equals_the_rotation_formula(seed):
    """physics.md 2.1: chi from |g +- h| and the angle between g and h, on a uniform mesh."""
    rng = np.random.default_rng(seed)
    model, field, kT = witness.random_rashba_film(rng), witness.random_field(rng), 0.5
    k, weights = witness.mesh(model.lattice, 72)
    h = model.hamiltonian(k)
    xi, g = (
        0.5 * np.trace(h, axis1=1, axis2=2).real,
        np.stack([h[:, 0, 1].real, -h[:, 0, 1].imag, 0.5 * (h[:, 0, 0] - h[:, 1, 1]).real], -1),
    )
    expected = witness.susceptibility_by_rotation((xi, g, field, weights), kT)
    ours = susceptibility(Sampler(model, s_wave(v=1.0)), kT, field, 12)
    assert ours == pytest.approx(expected, rel=1e-10)
    wrong = witness.susceptibility_by_rotation((xi, g, field[::-1], weights), kT)  # the broken variant: another field
    assert ours != pytest.approx(wrong, rel=1e-6)


@pytest.mark.parametrize("field", [0.0, 0.3])
def test_the_heterostructure_equals_the_second_derivative_of_the_matsubara_sum(field):
    kT, gap = 0.5, 1e-3
    sampler = Sampler(models.heterostructure(), s_wave(on="sc", v=1.0))
    k, weights = witness.mesh(models.triangular(), 48)
    chi = weights @ witness.GreenFunction().condensation(k, gap, kT, field, cut=500) / gap**2
    assert susceptibility(sampler, kT, field, 12) == pytest.approx(chi, rel=1e-6)


def test_the_quartic_coefficient_is_the_curvature_in_the_square_of_the_gap():
    """b = -d^2 G/dx^2 at 0, by finite differences of brute-force free energies without the coupling."""
    kT, field = 0.5, np.array([0.3, 0.0, 0.0])
    _, b = expansion(Sampler(models.heterostructure(), s_wave(on="sc", v=1.0)), kT, field, 12)
    brute = witness.Mesh(models.heterostructure(), (1, 0), 48)
    x = np.polynomial.chebyshev.chebpts1(8) * 0.2 + 0.2
    series = np.polynomial.Chebyshev.fit(
        x, [brute.free_energy(np.sqrt(s), kT, field, 1.0) for s in x], 7, domain=[0, 0.4]
    )
    assert series.deriv(2)(0.0) == pytest.approx(b, rel=1e-4)


def test_the_sign_of_the_quartic_coefficient_changes_at_the_tricritical_point():
    """Along the instability line of the film: continuous near Tc, first order at low temperature."""
    sampler = Sampler(models.film(), s_wave(v=2.295202))
    assert expansion(sampler, 0.09, 0.09, 8)[1] > 0 > expansion(sampler, 0.04, 0.12, 8)[1]


@pytest.mark.parametrize("kT", [1e-2, 1e-4, 1e-6])
def test_the_expansion_keeps_its_digits_at_low_temperature(kT):
    """chi of the film from its density of states, in which chi = <tanh(xi/2T) / 2 xi>."""
    sampler = Sampler(models.film(), s_wave(v=1.0))
    exact = witness.triangular_average(lambda c: np.tanh(c / kT) / (4 * c), [0.0])
    assert expansion(sampler, kT, 0.0, 12)[0] == pytest.approx(exact, rel=1e-11)


def test_the_quotient_of_tanh_is_smooth_where_the_energies_cancel():
    kT, a = 0.1, np.linspace(-1, 1, 41)
    for shift in (1e-3, 1e-5, 3e-6, 1e-9, 0.0):
        close = tanh_quotient(a, -a + shift, kT)
        np.testing.assert_allclose(close, 1 / (2 * kT * np.cosh(a / (2 * kT)) ** 2), rtol=0.02, atol=1e-9)
    assert np.all(np.isfinite(tanh_quotient(np.array([1e3, 0.0]), np.array([-1e3, 0.0]), 1e-3)))
