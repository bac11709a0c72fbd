"""Laws of the one-band model: the printed formulas, the calibration, its limits, the decomposition."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.models import (
    IsingSOC,
    OneBandCalibration,
    OneBandParameters,
    Potential,
    Rashba,
    ValidityWarning,
    fitted_hoppings,
    heterostructure,
    one_band,
    spin_decomposition,
    three_band,
    valley_kp,
)
from spinvalley.normal import doped, sheet_density
from spinvalley.spin import S0, SX, SY, SZ, time_reversal

points = st.tuples(st.floats(-15, 15), st.floats(-15, 15)).map(np.array)
real = st.floats(-300, 300)
ROOT = np.sqrt(3)
STRONG, PLAIN = one_band(density=9e13, rashba_ratio=0.3), one_band(density=5e13)
WITH_TERM = PLAIN + IsingSOC(2.0)


def printed(p, k):
    """The formulas of the supplement, term by term."""
    x, y = k[0] * p.a, k[1] * p.a

    def c(x, y):
        return np.sin(y) - 2 * np.cos(ROOT * x / 2) * np.sin(y / 2)

    eps = 2 * p.t1 * (np.cos(y) + 2 * np.cos(ROOT * x / 2) * np.cos(y / 2))
    eps += 2 * p.t2 * (np.cos(ROOT * x) + 2 * np.cos(ROOT * x / 2) * np.cos(3 * y / 2))
    eps += 2 * p.t3 * (np.cos(2 * y) + 2 * np.cos(ROOT * x) * np.cos(y)) - p.mu
    factor = p.beta * np.tanh(abs(c(0.0, 4 * np.pi / 3)) - abs(c(x, y))) - 1
    g_z = np.array([0, 0, factor * c(x, y)])
    g_r = np.array([-np.sin(y) - np.cos(ROOT * x / 2) * np.sin(y / 2), ROOT * np.sin(ROOT * x / 2) * np.cos(y / 2), 0])
    g = p.alpha_z * g_z + p.alpha_r * g_r
    return eps * S0 + g[0] * SX + g[1] * SY + g[2] * SZ


@given(points, st.lists(real, min_size=7, max_size=7), st.floats(0.1, 1))
def test_the_matrix_is_the_printed_formula(k, values, a):
    p = OneBandParameters(a, *values)
    np.testing.assert_allclose(p(k), printed(p, k), atol=1e-9 * (1 + abs(p.beta)))


@given(points)
def test_time_reversal_holds_with_every_coupling(k):
    np.testing.assert_allclose(time_reversal(STRONG.hamiltonian(-k)), STRONG.hamiltonian(k), atol=1e-9)


def test_the_reference_numbers_come_out():
    model = one_band(density=7.7e13, rashba_ratio=0.0)
    assert model.parameters.alpha_z == pytest.approx(1 / ROOT, rel=1e-14)
    assert model.parameters.beta == pytest.approx(34.2607, abs=5e-5)


def test_k_is_where_the_model_says():
    model = one_band()
    np.testing.assert_allclose(model.lattice.momentum("K"), [0, 4 * np.pi / (3 * 0.316)], atol=1e-12)
    m = model.lattice.momentum("M") - model.lattice.momentum("K")
    assert np.linalg.norm(m) == pytest.approx(2 * np.pi / (3 * 0.316))


@settings(max_examples=10)
@given(st.floats(2e13, 1.4e14), st.floats(0, 0.5), st.floats(1, 6), st.floats(5, 20))
def test_the_model_has_what_it_was_calibrated_to(density, ratio, at_k, at_fermi):
    model = one_band("MoS2", density, ratio, splitting_k=at_k, splitting_fermi=at_fermi)
    corner = model.lattice.momentum("K")
    xi, g = spin_decomposition(model, corner)
    assert 2 * g[2] == pytest.approx(at_k, rel=1e-9)
    towards_m = model.lattice.momentum("M") - corner
    k_f = corner + model.calibration.k_fermi * towards_m / np.linalg.norm(towards_m)
    xi, g = spin_decomposition(model, k_f)
    assert xi == pytest.approx(0, abs=1e-8)
    assert -2 * g[2] == pytest.approx(at_fermi, rel=1e-9)
    assert np.hypot(g[0], g[1]) == pytest.approx(ratio * abs(g[2]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("kT", "error"), [(0.0, 2e-4), (4.0, 2e-5)])
def test_the_fermi_sea_holds_the_density(kT, error):
    model = one_band("MoS2", 8e13, 0.1, kT=kT)
    fractions = (np.arange(1200) + 0.5) / 1200
    k = np.stack(np.meshgrid(fractions, fractions), axis=-1) @ model.lattice.reciprocal
    xi, g = spin_decomposition(model, k)
    energies = xi + np.array([1, -1])[:, None, None] * np.linalg.norm(g, axis=-1)
    filled = 1.0 * (energies < 0) if kT == 0 else 1 / (1 + np.exp(np.clip(energies / kT, -700, 700)))
    counted = filled.sum(axis=0).mean() * model.lattice.zone_area / (2 * np.pi) ** 2 * 1e14
    assert counted == pytest.approx(8e13, rel=error)


def test_without_the_spin_splitting_in_the_sea_beta_would_differ():
    with_sea = one_band(density=7.7e13, rashba_ratio=0.0).parameters
    bare = one_band(density=7.7e13, rashba_ratio=0.0, splitting_fermi=-1e-6, splitting_k=1e-6).parameters
    assert abs(with_sea.mu - bare.mu) > 0.1  # beta would be 34.1885 with this level


@given(points)
def test_the_decomposition_rebuilds_the_matrix(k):
    for model in (PLAIN, WITH_TERM):
        xi, g = spin_decomposition(model, k)
        rebuilt = xi * S0 + g[0] * SX + g[1] * SY + g[2] * SZ
        np.testing.assert_allclose(rebuilt, model.hamiltonian(k), atol=1e-10)


@pytest.mark.parametrize("material", ["MoS2", "WS2", "WTe2"])
def test_fitted_hoppings_keep_gamma_and_m_of_the_three_band_model(material):
    fit = fitted_hoppings(material)
    model, p = three_band(material, soc=False), OneBandParameters(fit.a, fit.t1, fit.t2, fit.t3)
    bands = [np.linalg.eigvalsh(model.hamiltonian(model.lattice.momentum(x)))[2] for x in ("Gamma", "M", "K")]
    corner, side = np.array([0, 4 * np.pi / (3 * fit.a)]), np.array([2 * np.pi / (ROOT * fit.a), 0])
    energies = [float(p.band(x)) for x in (np.zeros(2), side, corner)]
    np.testing.assert_allclose(np.subtract(energies[:2], energies[2]), np.subtract(bands[:2], bands[2]), atol=1e-8)
    known = one_band(material, 1e13, hoppings=fit).calibration
    assert known.source.endswith("above K")
    valleys = valley_kp(material)
    assert known.splitting_k == (3 if material == "MoS2" else abs(valleys.splitting_k))
    assert (known.splitting_fermi > 0) == (material == "MoS2")


def test_a_density_that_reaches_the_q_valleys_warns_with_the_limit():
    with pytest.warns(ValidityWarning, match=r"beyond 1.466e\+14 cm\^-2, where the Fermi energy reaches the Q valleys"):
        one_band(density=2e14)


def refusal(**options):
    with pytest.raises(InvalidInput) as caught:
        one_band(**options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rashba_ratio": 30.0}, r"`rashba_ratio` must be at most ([\d.]+) at 8.7e\+13 cm\^-2, .* but is 30"),
        ({"splitting_fermi": 300.0}, r"`splitting_fermi` must be at most ([\d.]+) meV .* but is 300"),
        ({"splitting_fermi": -300.0}, r"`splitting_fermi` must be at least (-[\d.]+) meV .* but is -300"),
        ({"splitting_k": 5000.0}, r"`splitting_k` must be at most ([\d.]+) meV .* but is 5000"),
        ({"density": 5e12}, r"`density` must be at least ([\de.+]+) cm\^-2, .* but is 5e\+12"),
    ],
)
def test_the_argument_to_blame_is_named_with_a_limit_that_works(options, sentence):
    found = re.search(sentence, refusal(**options))
    assert found
    model = one_band(**{next(iter(options)): float(found[1])})
    assert float(sheet_density(model).density) == pytest.approx(model.calibration.density, rel=1e-9)


@pytest.mark.parametrize("options", [{"density": 5e12}, {"splitting_fermi": 300.0}])
def test_a_level_at_the_band_edge_of_k_is_no_solution(options):
    assert "must be" in refusal(rashba_ratio=0.0, **options)  # the density was off by factors of 10 and 100


@pytest.mark.parametrize("kT", [100.0, 150.0, 300.0])
def test_a_temperature_that_lifts_electrons_out_of_the_pockets_is_refused_with_its_limit(kT):
    limit = re.search(rf"`kT` must be at most about ([\d.]+) meV .* but is {kT:g}", refusal(kT=kT))
    assert limit
    assert 35 < float(limit[1]) < 45


def test_up_to_that_limit_the_level_belongs_to_the_density():
    model = one_band(kT=40.0)
    assert float(sheet_density(model, 0.0, 40.0).density) == pytest.approx(8.7e13, rel=2e-8)


def test_added_terms_end_the_calibration_but_not_the_parameters():
    assert isinstance(PLAIN.calibration, OneBandCalibration)
    for changed in (PLAIN + Rashba(1.0), WITH_TERM, doped(PLAIN, 6e13)):
        with pytest.raises(
            InvalidInput, match=r"`calibration` holds only for the model as calibrated, but .* was added"
        ):
            _ = changed.calibration
        assert changed.base_calibration is PLAIN.calibration
        assert changed.parameters is PLAIN.parameters
    assert (PLAIN + Potential(1.0)).with_zeeman_on(None).base_calibration is PLAIN.calibration
    assert PLAIN.with_zeeman_on(None).calibration is PLAIN.calibration


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: one_band(density=-1.0), "`density` must be positive, but is -1.0"),
        (lambda: one_band(density=2e15), r"`density` must be below 8.8\d+e\+14 cm\^-2, where the pockets .* touch"),
        (lambda: one_band(rashba_ratio=-0.1), "`rashba_ratio` must be non-negative, but is -0.1"),
        (lambda: one_band(splitting_k=0.0), "`splitting_k` must be positive, but is 0.0"),
        (lambda: one_band("WS2"), "`hoppings` must be given for WS2, e.g. fitted_hoppings"),
        (lambda: one_band("any", hoppings=(200.0, -80.0, 10.0), a=0.3), "`splitting_k` and .* must be given for any"),
        (lambda: one_band("CrI3"), "`material` must be one of MoS2, WS2"),
        (lambda: one_band(hoppings=(1.0, 0.0, 0.0)), "come with `a` in nm"),
        (lambda: one_band(hoppings=(-200.0, 0.0, 0.0), a=0.3), "minimum at K"),
        (lambda: fitted_hoppings("WS2", 1e-6), r"`energy` must be above 34.08 meV for a fit of WS2, but is 1e-06"),
        (lambda: spin_decomposition(heterostructure(), [0.0, 0.0]), "`model` must have one orbital, but has 2"),
    ],
)
def test_bad_input_says_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
