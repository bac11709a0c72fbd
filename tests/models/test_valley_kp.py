"""Laws of the K-valley model: parabolas, spins, crossing, Fermi sea with one and two bands, Rashba coupling."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.models import ValidityWarning, ValleyModel, material_names, three_band, valley_kp
from spinvalley.spin import time_reversal
from spinvalley.units import HBAR2_2M

BANDS = ("conduction", "valence")
points = st.tuples(st.floats(-3, 3), st.floats(-3, 3)).map(np.array)
masses = st.floats(0.1, 2)
models = st.builds(
    ValleyModel, st.just("any"), st.sampled_from(BANDS), masses, masses, st.floats(-50, 50), st.floats(-40, 40)
)
plain = st.builds(ValleyModel, st.just("any"), st.sampled_from(BANDS), masses, masses, st.floats(-50, 50))
densities = st.floats(1e11, 2e14)


@given(models, points)
def test_the_matrix_has_the_energies_and_the_vector(model, k):
    h = model.hamiltonian(k)
    np.testing.assert_allclose(np.sort(model.energies(k)), np.linalg.eigvalsh(h), atol=1e-9)
    eps, g = model.decomposition(k)
    assert eps == pytest.approx(0.5 * np.trace(h).real)
    np.testing.assert_allclose(g, model.spin_orbit(k))


@given(models, points)
def test_time_reversal_swaps_the_valleys(model, k):
    np.testing.assert_allclose(time_reversal(model.hamiltonian(-k, valley=-1)), model.hamiltonian(k), atol=1e-9)


@given(plain, st.floats(0, 3))
def test_the_masses_are_those_of_the_spin_bands(model, k):
    sign = 1 if model.band == "conduction" else -1
    up = 0.5 * model.splitting_k + sign * HBAR2_2M * k**2 / model.mass_up
    down = -0.5 * model.splitting_k + sign * HBAR2_2M * k**2 / model.mass_dn
    np.testing.assert_allclose(model.energies([0.0, k]), [up, down], atol=1e-9)
    assert model.splitting(k) == pytest.approx(up - down, abs=1e-9)


@pytest.mark.parametrize("material", material_names())
def test_molybdenum_compounds_cross_and_tungsten_compounds_do_not(material):
    model = valley_kp(material)
    assert (model.crossing is not None) == material.startswith("Mo")
    if model.crossing is not None:
        assert model.splitting(model.crossing) == pytest.approx(0, abs=1e-9)
        assert model.crossing < np.sqrt(np.pi * 1.3)
    assert model.mass_up < model.mass_dn  # the lighter band has the spin of the valence top


@pytest.mark.parametrize("material", material_names())
def test_the_valence_top_has_the_spin_of_the_three_band_model(material):
    assert valley_kp(material, "valence").splitting_k > 0
    lattice_model = three_band(material)
    vectors = np.linalg.eigh(lattice_model.hamiltonian(lattice_model.lattice.momentum("K")))[1]
    assert np.sum(np.abs(vectors[::2, 1]) ** 2) > 0.99


def test_mos2_splits_by_13_mev_at_the_fermi_line():
    model = valley_kp("MoS2")
    assert model.fermi_splitting(8.7e13) == pytest.approx(12.779, abs=5e-4)
    assert model.splitting(np.sqrt(np.pi * 0.87)) == pytest.approx(12.794, abs=5e-4)
    assert model.splitting(0.0) == -3
    assert model.crossing == pytest.approx(0.7205, abs=1e-4)


@given(plain, densities, st.one_of(st.just(0.0), st.floats(0.01, 30)))
def test_level_and_density_are_inverse(model, density, kT):
    mu = model.chemical_potential(density, kT)
    assert model.density(mu, kT) == pytest.approx(density, rel=1e-10)


@given(models, densities)
def test_level_and_density_are_inverse_with_rashba_coupling_at_zero_temperature(model, density):
    assert model.density(model.chemical_potential(density)) == pytest.approx(density, rel=1e-9)


@given(plain, densities)
def test_the_fermi_momenta_hold_the_density_with_one_or_two_bands(model, density):
    momenta = model.fermi_momenta(density)
    assert np.sum(momenta**2) / (2 * np.pi) * 1e14 == pytest.approx(density, rel=1e-10)
    mu = model.chemical_potential(density)
    for n, k_f in enumerate(momenta):
        if k_f > 1e-6:
            assert model.energies([k_f, 0.0])[n] == pytest.approx(mu, abs=1e-8)


@given(plain, densities)
def test_the_density_of_states_is_the_slope_of_the_density(model, density):
    mu = model.chemical_potential(density)
    assume(np.all(np.abs(abs(mu) - 0.5 * abs(model.splitting_k)) > 0.1))
    sign = 1 if model.band == "conduction" else -1
    slope = (model.density(mu + 0.01) - model.density(mu - 0.01)) / 0.02
    filled = model.fermi_momenta(density) > 1e-9
    assert sign * slope == pytest.approx(1e14 * model.dos()[filled].sum(), rel=1e-6)


@pytest.mark.parametrize("rashba", [1e-6, 5.0, 60.0])
@pytest.mark.parametrize("kT", [0.0, 0.3, 5.0])
def test_with_rashba_coupling_the_sea_is_that_of_the_bands(rashba, kT):
    model = valley_kp("MoSe2", rashba=rashba)
    for mu in (-13.0, 2.0, 40.0):
        square = np.linspace(0, 6, 400_001)
        energies = model.energies(np.stack([np.sqrt(square), 0 * square], axis=-1))
        filled = 1.0 * (energies < mu) if kT == 0 else 1 / (1 + np.exp(np.clip((energies - mu) / kT, -700, 700)))
        counted = np.trapezoid(filled.sum(axis=-1), square) / (2 * np.pi) * 1e14
        assert model.density(mu, kT) == pytest.approx(counted, rel=1e-4, abs=1e9)


def test_a_swapped_pair_of_masses_would_be_noticed():
    model = valley_kp("MoS2")
    swapped = ValleyModel("MoS2", "conduction", model.mass_dn, model.mass_up, model.splitting_k)
    assert swapped.crossing is None
    assert abs(swapped.splitting(1.65) - model.splitting(1.65)) > 20


@pytest.mark.parametrize(("band", "valley"), [("conduction", "Q"), ("valence", "Gamma")])
def test_a_density_beyond_the_other_valley_warns_with_the_limit(band, valley):
    model = valley_kp("MoS2", band)
    assert np.isfinite(model.density_limit)
    with pytest.warns(
        ValidityWarning, match=rf"beyond {model.density_limit:.4g}.* reaches the {valley} valley".replace("+", r"\+")
    ):
        model.chemical_potential(1.01 * model.density_limit)
    model.chemical_potential(0.99 * model.density_limit)


@pytest.mark.parametrize("name", ["chemical_potential", "fermi_momenta", "fermi_splitting"])
def test_the_warning_points_to_the_caller(name):
    with pytest.warns(ValidityWarning, match=r"`density` is 1e\+15 cm\^-2, beyond") as caught:
        getattr(valley_kp(), name)(1e15)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: valley_kp("NbSe2"), "`material` must be one of MoS2, WS2, MoSe2, WSe2, MoTe2, WTe2, but is 'NbSe2'"),
        (lambda: valley_kp("MoS2", "middle"), "`band` must be one of conduction, valence, but is 'middle'"),
        (lambda: valley_kp().chemical_potential(-1e13), "`density` must be positive, but is -1"),
        (lambda: valley_kp().density(np.nan), "`mu` must be finite, but is nan"),
        (lambda: valley_kp().density(1.0, -1.0), "`kT` must be non-negative, but is -1.0"),
        (lambda: valley_kp().hamiltonian([0.0, 0.0], valley=0), "`valley` must be 1 or -1, but is 0"),
        (lambda: valley_kp(rashba=np.nan), "`rashba` must be finite, but is nan"),
    ],
)
def test_bad_input_says_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
