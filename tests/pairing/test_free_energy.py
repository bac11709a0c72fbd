"""Laws of the free energy: three independent routes, its slope, and the choice of the closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import witness
from spinvalley import Superconductor, free_energy, models, s_wave
from spinvalley.pairing.landscape import SMALLEST, many_temperatures
from spinvalley.pairing.sampler import Sampler
from spinvalley.pairing.spectrum import Spectrum

HOT = 0.5  # a uniform mesh of 72 x 72 has converged to rounding at this temperature
CLOSED = [  # model, paired layers, their orbitals
    (witness.random_film, "sc", (1,)),
    (witness.random_ising_film, "sc", (1,)),
    (witness.random_heterostructure, "sc", (1, 0)),
    (witness.random_heterostructure, "tmd", (0, 1)),
    (witness.random_bilayer, None, (1, 1)),
]
DENSE = [
    (witness.random_rashba_film, "sc", (1,)),
    (witness.random_square, "sc", (1,)),
    (lambda rng: models.stack(witness.random_rashba_film(rng), models.tmd(), coupling=0.3), "sc", (1, 0)),
    (witness.random_hoppings, None, (1,)),
]
seeds = st.integers(0, 2**32 - 1)


def routes(make, on, paired, seed, field):
    """F at three gaps: by the package on its own nodes, and by brute force on a uniform mesh."""
    rng = np.random.default_rng(seed)
    model, field, v = make(rng), field(rng), rng.uniform(2, 5)
    gaps = np.array([0.0, 0.3, 1.1])
    spectrum = Sampler(model, s_wave(on=on, v=v)).spectrum(HOT, field, 12, 0.0)
    sums = spectrum.sums(gaps, np.array([HOT]))
    ours = sum(paired) * gaps**2 / v - sums.half - sums.thermal[:, 0] - spectrum.normal(np.array([HOT]))[0]
    brute = witness.Mesh(model, paired, 72)
    return ours, np.array([brute.free_energy(gap, HOT, field, v) for gap in gaps]), spectrum.closed_form


# Against brute force: 50 random models -------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("make", "on", "paired"), CLOSED)
def test_closed_form_models_in_a_field_in_the_plane(make, on, paired, seed):
    ours, brute, closed_form = routes(make, on, paired, seed, witness.in_plane_field)
    assert closed_form
    np.testing.assert_allclose(ours, brute, atol=1e-10)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("make", "on", "paired"), CLOSED)
def test_the_same_models_in_a_field_of_any_direction(make, on, paired, seed):
    ours, brute, closed_form = routes(make, on, paired, seed + 100, witness.random_field)
    assert not closed_form
    np.testing.assert_allclose(ours, brute, atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("make", "on", "paired"), DENSE)
def test_models_with_rashba_coupling_or_without_any_symmetry(make, on, paired, seed):
    ours, brute, closed_form = routes(make, on, paired, seed, witness.random_field)
    assert not closed_form
    np.testing.assert_allclose(ours, brute, atol=1e-10)


def test_a_brute_force_of_another_model_differs():
    """The broken variant: 1e-6 in one hopping is seen by the comparison above."""
    film, other = witness.Mesh(models.film(), (1,), 72), witness.Mesh(models.film(t=-1.000001), (1,), 72)
    values = [mesh.free_energy(0.3, HOT, (0.1, 0, 0), 3.0) for mesh in (film, other)]
    assert values[0] != pytest.approx(values[1], abs=1e-10)


@pytest.mark.parametrize("model", [models.film(), models.ising_film(0.3), models.heterostructure()])
def test_the_public_function_gives_the_same(model):
    """On both layers of the heterostructure: n = 2 in n Delta^2/v."""
    paired = (1,) * len(model.layers)
    gaps = np.array([[0.0, 0.2], [0.7, 1.3]])
    ours = free_energy(Superconductor(model, s_wave(v=4.0)), gaps, HOT, (0.1, 0.2, 0.0))
    brute = witness.Mesh(model, paired, 72)
    expected = [[brute.free_energy(gap, HOT, (0.1, 0.2, 0.0), 4.0) for gap in row] for row in gaps]
    np.testing.assert_allclose(ours, expected, atol=1e-10)


# Against the density of states, at any temperature --------------------------------------------------------------------
@given(st.floats(0.5, 1.5), st.floats(-2, 2), st.sampled_from([1e-4, 1e-3, 1e-2, 0.1]), st.floats(0, 0.3))
@settings(max_examples=8)
def test_one_band_equals_its_density_of_states(t, mu, kT, field):
    sc = Superconductor(models.film(-t, mu), s_wave(v=3.0))
    gaps = np.array([0.0, 0.1, 0.4])
    exact = [witness.Film(-t, mu).free_energy(gap, kT, field, 3.0) for gap in gaps]
    np.testing.assert_allclose(free_energy(sc, gaps, kT, field), exact, atol=1e-9)  # 1.3e-10 at a van Hove point


@pytest.mark.parametrize("field", [0.0, 0.12, 0.25])
def test_one_band_at_zero_temperature(field):
    """Kinks of the gapless state limit the default order to about ten digits."""
    sc = Superconductor(models.film(), s_wave(v=2.295202))
    gaps = np.array([0.0, 0.05, 0.2])
    exact = [witness.Film().free_energy(gap, 0.0, field, 2.295202) for gap in gaps]
    np.testing.assert_allclose(free_energy(sc, gaps, 0.0, field), exact, atol=2e-9)


# Against the Matsubara sum --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("zeeman_on", "weight"), [("both", 1.0), ("sc", 0.0)])
@given(seeds)
@settings(max_examples=5)
def test_the_gain_of_the_gap_equals_the_matsubara_sum_over_the_4_by_4_green_function(zeeman_on, weight, seed):
    """At the same momenta: sum_{E>0} T ln[cosh(E/2T)/cosh(E_0/2T)] = (T/2) sum_n ln(P_Delta/P_0)."""
    rng = np.random.default_rng(seed)
    numbers = (*-rng.uniform(0.7, 1.1, 2), *rng.uniform(-1, 3, 2), *rng.uniform(0, 1, 2))
    model = models.heterostructure(*numbers, zeeman_on=zeeman_on)
    k, gap, field, kT = rng.uniform(-4, 4, (6, 2)), rng.uniform(0.05, 1), rng.uniform(0, 0.5), 0.3
    sums = [
        kT * witness.log_two_cosh(np.linalg.eigvalsh(witness.bdg(model, (1, 0), k, g, (field, 0, 0))) / (2 * kT))
        for g in (gap, 0.0)
    ]
    exact = 0.5 * (sums[0] - sums[1]).sum(axis=-1)
    green = witness.GreenFunction(*numbers, weight_tmd=weight)
    np.testing.assert_allclose(green.condensation(k, gap, kT, field), exact, atol=1e-9)


@pytest.mark.parametrize("field", [0.0, 0.3])
def test_the_free_energy_of_the_heterostructure_equals_the_matsubara_sum(field):
    """Delta^2/v minus the sum, over the zone: no eigenvalue on one side, no Matsubara frequency on the other."""
    gaps, kT, v = np.array([0.2, 0.9]), 0.5, 3.0
    sc = Superconductor(models.heterostructure(), s_wave(on="sc", v=v))
    k, weights = witness.mesh(sc.model.lattice, 48)
    green = witness.GreenFunction()
    expected = [gap**2 / v - weights @ green.condensation(k, gap, kT, field, cut=500) for gap in gaps]
    ours = free_energy(sc, np.append(gaps, 0.0), kT, field)
    np.testing.assert_allclose(ours[:-1] - ours[-1], expected, atol=1e-8)


# Closed form, LAPACK and the slope ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("make", "on", "paired"), CLOSED)
@pytest.mark.parametrize("kT", [0.3, 1e-3])
def test_closed_form_energies_are_those_of_lapack(make, on, paired, kT):
    rng = np.random.default_rng(5)
    model, field = make(rng), witness.in_plane_field(rng)
    sampler = Sampler(model, s_wave(on=on, v=1.0))
    nodes = sampler.nodes(max(kT, 0.05), field, 6, 0.0)
    fast, slow = (Spectrum(nodes, model, sampler.pairing, field, closed) for closed in (None, False))
    assert fast.closed_form
    assert not slow.closed_form
    gaps, temperatures = np.array([0.01, 0.5]), np.array([kT, 2 * kT])
    positive = np.sort(slow.energies(gaps), axis=0)[::2]
    np.testing.assert_allclose(np.sort(fast.energies(gaps), axis=0), positive, atol=1e-6)
    ours, exact = (s.sums(gaps, temperatures) for s in (fast, slow))
    np.testing.assert_allclose(ours.half, exact.half, atol=1e-11)
    np.testing.assert_allclose(ours.thermal, exact.thermal, atol=1e-11)
    assert len(paired) == len(model.layers)


def test_closed_form_of_two_equal_decoupled_bands():
    model = models.heterostructure(mu_sc=3.0, coupling=0.0)
    sampler = Sampler(model, s_wave(on="sc", v=1.0))
    nodes = sampler.nodes(1e-4, 7e-4, 8, 0.0)
    fast, slow = (Spectrum(nodes, model, sampler.pairing, 7e-4, closed) for closed in (None, False))
    ours, exact = (s.sums(np.array([0.001]), np.array([1e-4])) for s in (fast, slow))
    assert ours.half + ours.thermal[:, 0] == pytest.approx(exact.half + exact.thermal[:, 0], rel=1e-7)


@pytest.mark.parametrize("kT", [0.3, 0.03])
@pytest.mark.parametrize(("make", "on", "paired"), [*CLOSED, *DENSE[:1]])
def test_the_derivative_of_the_free_energy_is_the_gap_residual(make, on, paired, kT):
    """d/dx of the energy sums by Chebyshev differentiation equals the Hellmann-Feynman sum over eigenvectors."""
    rng = np.random.default_rng(9)
    model, field = make(rng), witness.random_field(rng, 0.3)
    spectrum = Sampler(model, s_wave(on=on, v=1.0)).spectrum(max(kT, 0.1), field, 6, 0.0)
    x = np.polynomial.chebyshev.chebpts1(14) * 0.1 + 0.3
    sums = spectrum.sums(np.sqrt(x), np.array([kT]))
    series = np.polynomial.Chebyshev.fit(x, sums.half + sums.thermal[:, 0], 13, domain=[0.2, 0.4])
    assert series.deriv()(0.3) == pytest.approx(spectrum.slope(np.sqrt(0.3), kT), abs=1e-8)
    assert len(paired) == len(model.layers)


def test_the_slope_equals_brute_force():
    model, field = witness.random_heterostructure(np.random.default_rng(3)), (0.2, 0.1, 0.3)
    spectrum = Sampler(model, s_wave(on="sc", v=1.0)).spectrum(HOT, field, 12, 0.0)
    assert spectrum.slope(0.4, HOT) == pytest.approx(
        witness.Mesh(model, (1, 0), 72).gap_sum(0.4, HOT, field), abs=1e-11
    )


# Symmetry -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", [models.film(), models.ising_film(0.4), models.heterostructure()])
def test_the_direction_in_the_plane_does_not_matter(model):
    sc = Superconductor(model, s_wave(on="sc", v=3.0))
    angles = np.array([0.0, 0.7, 2.0])
    values = [free_energy(sc, [0.0, 0.3], 0.05, (0.2 * np.cos(a), 0.2 * np.sin(a), 0.0)) for a in angles]
    np.testing.assert_allclose(values, np.broadcast_to(values[0], (3, 2)), atol=1e-12)


def test_out_of_plane_equals_in_plane_for_the_plain_film_only():
    for beta_so, same in ((0.0, True), (0.4, False)):
        sc = Superconductor(models.ising_film(beta_so), s_wave(v=3.0))
        inside, outside = (free_energy(sc, 0.3, 0.05, field) for field in ((0.2, 0, 0), (0, 0, 0.2)))
        assert (abs(inside - outside) < 1e-11) == same


def test_the_irreducible_part_is_that_of_the_field_and_the_model():
    def order(model, field):
        return len(Sampler(model, s_wave(v=1.0)).symmetry(field))

    assert order(models.heterostructure(), 0.1) == 12
    assert order(models.film() + models.Rashba(0.3), 0.0) == 12
    assert order(models.film() + models.Rashba(0.3), (0.0, 0.0, 0.1)) in (6, 12)
    assert order(models.film() + models.Rashba(0.3), (0.1, 0.03, 0.0)) < 6


def test_a_spectrum_is_never_that_of_other_nodes():
    sampler, rng = Sampler(models.film(), s_wave(v=1.0)), np.random.default_rng(0)
    temperatures, fields = np.geomspace(0.001, 0.8, 20), [0.0, 1e-4, 2e-4, 3e-4]
    for _ in range(1500):
        point = (rng.choice(temperatures), rng.choice(fields), 6, SMALLEST)
        np.testing.assert_array_equal(sampler.spectrum(*point).weights, sampler.nodes(*point).weights)


@pytest.mark.parametrize("coupling", [0.0, 0.001, 0.5])
@pytest.mark.parametrize("number", [2, 40])
def test_compiled_sums_are_those_of_the_energies_where_these_are_degenerate(coupling, number):
    """Without a field pairs are degenerate, at Gamma = 0 over the whole zone: errors of 1e-8 must cancel in a sum."""
    model = models.heterostructure(coupling=coupling)
    sampler = Sampler(model, s_wave(on="sc", v=1.0))
    spectrum = sampler.spectrum(0.006, 0.0, 6, 0.0)
    gaps, kT = np.linspace(0.01, 0.1, 14), np.linspace(0.006, 0.1, number)
    sums = spectrum.sums(gaps, kT, many_temperatures(kT))
    energies, zero = spectrum.energies(gaps), spectrum.energies(np.zeros(1))
    np.testing.assert_allclose(sums.half, 0.5 * np.einsum("ndk,k->d", energies - zero, spectrum.weights), atol=1e-15)
    for n in (0, -1):
        here, there = (kT[n] * np.log1p(np.exp(-e / kT[n])) for e in (energies, zero))
        expected = np.einsum("ndk,k->d", here - there, spectrum.weights)
        np.testing.assert_allclose(sums.thermal[:, n], expected, atol=1e-15)
