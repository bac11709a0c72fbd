"""Sheet density and chemical potential: inverse of each other, exact limits, brute-force meshes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.models import Potential, Rashba, film, heterostructure, stack, tmd
from spinvalley.normal import chemical_potential, density_of_states, doped, sheet_density, valley_contours

A = 0.316
CELL = A**2 * np.sqrt(3) / 2  # nm^2
UNIT = 1e14 / CELL  # one carrier per cell in cm^-2
T = 300.0


def band(t=-T, bottom=0.0):
    """One spin-degenerate band that starts at `bottom` as (3/2) |t| a^2 k^2, meV and nm."""
    return film(t=t, mu=6 * t - bottom, a=A)


MASSIVE = 1e14 * 2 / (4 * np.pi * 1.5 * T * A**2)  # density of states of the parabola, both spins, 1/(meV cm^2)


def insulator(gap=500.0):
    """A full and an empty band, mixed by Rashba coupling and hopping, with a direct gap everywhere."""
    lower = replace(film(t=100.0, mu=6 * 100.0 + 0.5 * gap, a=A), layers=("lower",), filled_bands=2)
    upper = replace(band(-80.0, 0.5 * gap), layers=("upper",))
    return stack(lower, upper, coupling=60.0) + Rashba(3.0, on="upper")


def counted(model, mu, kT, kind, n=120):
    """Carriers in cm^-2 on a uniform mesh, by sorted bands."""
    index = np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1).reshape(-1, 2)
    energies = np.linalg.eigvalsh(model.hamiltonian(index / n @ model.lattice.reciprocal))
    with np.errstate(over="ignore"):
        full = 1 / (1 + np.exp((energies - mu) / kT))
        empty = 1 / (1 + np.exp((mu - energies) / kT))
    electrons = full[:, model.filled_bands :].sum() / n**2
    holes = empty[:, : model.filled_bands].sum() / n**2
    return UNIT * {"electrons": electrons, "holes": holes, "net": electrons - holes}[kind]


# Exact limits --------------------------------------------------------------------------------------------------------
@given(st.floats(9, 11), st.floats(-2, -0.5))
@settings(max_examples=15)
def test_a_dilute_band_is_the_two_dimensional_parabola(log_density, log_kT):
    """n = D kT ln(1 + exp(mu/kT)); mu = kT ln(exp(n/(D kT)) - 1) falls with temperature."""
    n, kT = 10**log_density, 10**log_kT
    mu = [float(chemical_potential(band(), n, thermal).mu) for thermal in (0.0, kT, 2 * kT)]
    exact = [n / MASSIVE, *(thermal * np.log(np.expm1(n / (MASSIVE * thermal))) for thermal in (kT, 2 * kT))]
    scale = max(n / MASSIVE, kT)
    np.testing.assert_allclose(mu, exact, atol=scale * (1e-7 + 3 * scale / T))
    assert mu[0] >= mu[1] > mu[2]


def test_a_pocket_far_below_the_resolution_of_a_mesh():
    data = chemical_potential(band(), 1e10)
    assert data.status.item() == "converged"
    assert float(data.mu) == pytest.approx(1e10 / MASSIVE, rel=1e-5)


@given(st.floats(50, 900), st.floats(0.5, 3))
@settings(max_examples=8)
def test_the_first_thermal_correction_is_that_of_sommerfeld(mu, kT):
    """n(mu, kT) - n(mu, 0) = (pi^2/6) kT^2 dD/dmu up to kT^4."""
    model, h = band(), 4.0
    d = density_of_states(model, [mu - 2 * h, mu - h, mu + h, mu + 2 * h], tol=1e-9).per_area.values * 1e14
    slope = (d[0] - 8 * d[1] + 8 * d[2] - d[3]) / (12 * h)
    change = float(sheet_density(model, mu, kT).density) - float(sheet_density(model, mu).density)
    assert change == pytest.approx(np.pi**2 / 6 * kT**2 * slope, rel=2e-3, abs=1e-7 * UNIT)


def test_the_middle_of_a_symmetric_gap():
    """Equal bands up and down: without doping the level stays in the middle at every temperature."""
    lower = replace(film(t=80.0, mu=6 * 80.0 + 200.0, a=A), layers=("lower",), filled_bands=2)
    model = stack(lower, replace(band(-80.0, 200.0), layers=("upper",)))
    for kT in (0.0, 0.1, 5.0, 60.0):
        assert abs(float(chemical_potential(model, 0.0, kT, carriers="net").mu)) < 1e-6
    holes, electrons = (chemical_potential(model, 1e13, 2.0, carriers=kind).mu for kind in ("holes", "electrons"))
    assert float(holes) == pytest.approx(-float(electrons), rel=1e-7)


@given(st.floats(0.01, 30))
@settings(max_examples=10)
def test_an_exponentially_small_density_keeps_its_digits(kT):
    """Far below the band n = exp(mu/kT) times a number that does not depend on mu."""
    near, far = (sheet_density(band(), mu, kT) for mu in (-20 * kT, -120 * kT))
    assert float(far.density) == pytest.approx(float(near.density) * np.exp(-100), rel=1e-8)
    assert far.status.item() == "converged"


# Laws ----------------------------------------------------------------------------------------------------------------
@given(
    st.sampled_from([band(), tmd(t=-T, mu=0, beta_so=9.0, a=A), tmd(t=-T, mu=0, beta_so=9.0, a=A) + Rashba(4.0)]),
    st.floats(12, 15),
    st.one_of(st.just(0.0), st.floats(-3, 2).map(lambda x: 10**x)),
)
@settings(max_examples=20)
def test_the_density_at_the_chemical_potential_is_the_density(model, log_density, kT):
    n = 10**log_density
    solved = chemical_potential(model, n, kT)
    assert solved.status.item() == "converged"
    assert float(sheet_density(model, float(solved.mu), kT).density) == pytest.approx(n, rel=2e-8)


@given(st.sampled_from(["electrons", "holes", "net"]), st.floats(-600, 600), st.floats(60, 200))
@settings(max_examples=15)
def test_a_uniform_mesh_counts_the_same_at_high_temperature(kind, mu, kT):
    data = sheet_density(insulator(), mu, kT, carriers=kind)
    exact = counted(insulator(), mu, kT, kind)
    assert float(data.density) == pytest.approx(exact, rel=1e-8, abs=1e-8 * UNIT * np.exp(-abs(mu) / kT))
    assert data.status.item() == "converged"


@given(st.sampled_from(["electrons", "holes"]), st.floats(11.5, 14), st.floats(0.2, 80))
@settings(max_examples=10)
def test_electrons_and_holes_of_an_insulator_invert(kind, log_density, kT):
    n = 10**log_density
    mu = float(chemical_potential(insulator(), n, kT, carriers=kind).mu)
    assert float(sheet_density(insulator(), mu, kT, carriers=kind).density) == pytest.approx(n, rel=2e-8)


@given(st.one_of(st.just(0.0), st.floats(1e12, 1.5e14), st.floats(-1.5e14, -1e12)), st.sampled_from([0.0, 0.5, 40.0]))
@settings(max_examples=10)
def test_a_net_density_of_either_sign_inverts(n, kT):
    mu = float(chemical_potential(insulator(), n, kT, carriers="net").mu)
    assert float(sheet_density(insulator(), mu, kT, carriers="net").density) == pytest.approx(n, rel=3e-8, abs=1e5)


@given(st.floats(50, 2000))
@settings(max_examples=8)
def test_the_compressibility_at_zero_temperature_is_the_density_of_states(mu):
    model, h = tmd(t=-T, mu=-6 * T, beta_so=9.0, a=A), 1.0
    n = [float(sheet_density(model, mu + step).density) for step in (-2 * h, -h, h, 2 * h)]
    slope = (n[0] - 8 * n[1] + 8 * n[2] - n[3]) / (12 * h)
    assert slope == pytest.approx(1e14 * float(density_of_states(model, mu).per_area[0]), rel=1e-6)


@given(st.floats(12, 14.3), st.sampled_from([0.0, 10.0]))
@settings(max_examples=8)
def test_a_doped_crystal_has_its_level_at_zero(log_density, kT):
    n = 10**log_density
    gated = doped(insulator(), n, kT)
    assert float(sheet_density(gated, 0.0, kT).density) == pytest.approx(n, rel=2e-8)
    if kT == 0:
        data = valley_contours(gated)  # Rashba coupling can leave an annulus: a hole pocket within
        signed = np.where(data.kind == "hole", -1, 1) @ data.density.values
        assert float(signed) == pytest.approx(n, rel=1e-7)


def test_a_field_moves_the_level_of_each_spin():
    """In a field V along z a dilute band holds n = D mu unless one spin is empty: mu is then twice that minus V."""
    n = 1e11
    free = n / MASSIVE
    for field in (0.5 * free, 3 * free):
        mu = float(chemical_potential(band(), n, zeeman=(0, 0, field)).mu)
        assert mu == pytest.approx(free if field < free else 2 * free - field, abs=2e-3 * free)


def test_a_wrong_cell_is_noticed():
    """The broken variant: a lattice constant off by one percent does not hold the density."""
    mu = float(chemical_potential(band(), 8.7e13).mu)
    wrong = film(t=-T, mu=-6 * T, a=1.01 * A)
    assert abs(float(sheet_density(wrong, mu).density) / 8.7e13 - 1) > 0.01


def test_bands_are_full_at_the_limit_and_empty_at_zero():
    limit = 2 * UNIT
    assert float(chemical_potential(band(), 0.0).mu) == pytest.approx(0, abs=1e-9)
    assert float(chemical_potential(band(), limit).mu) == pytest.approx(9 * T, rel=1e-12)
    assert float(sheet_density(band(), 10 * T).density) == pytest.approx(limit, rel=1e-13)
    assert float(sheet_density(band(), -1.0).density) == 0


# The door ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chemical_potential(band(), -1.0), "`density` must be non-negative, but is -1.0"),
        (lambda: chemical_potential(band(), 5e15), r"`density` must be between 0 and 2.313e\+15 cm\^-2"),
        (lambda: chemical_potential(band(), 1e13, carriers="holes"), "`density` must be between 0 and 0"),
        (lambda: chemical_potential(band(), 1e13, -0.1), "`kT` must be non-negative, but is -0.1"),
        (lambda: chemical_potential(band(), 0.0, 1.0), "`density` must be positive at kT > 0, but is 0.0"),
        (lambda: chemical_potential(band(), np.nan), "`density` must be finite, but is nan"),
        (lambda: chemical_potential(band(), 1e13, tol=0), "`tol` must be positive, but is 0.0"),
        (lambda: chemical_potential("MoS2", 1e13), "`model` must be a Model"),
        (lambda: sheet_density(band(), np.inf), "`mu` must be finite, but is inf"),
        (lambda: sheet_density(band(), kT=-1), "`kT` must be non-negative, but is -1.0"),
        (lambda: sheet_density(band(), carriers="ions"), "`carriers` must be one of electrons, holes, net"),
        (
            lambda: sheet_density(replace(tmd(a=A), filled_bands=1)),
            "`carriers` must be 'net', as the filled bands cross the others, but is 'electrons'",
        ),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()


def test_bands_that_cross_have_a_net_density():
    semimetal = replace(heterostructure(a=A) + Potential(0.3), filled_bands=2)
    for model, kT in ((semimetal, 0.0), (semimetal, 0.05), (replace(tmd(a=A), filled_bands=1), 0.05)):
        mu = float(chemical_potential(model, 1e14, kT, carriers="net").mu)
        assert float(sheet_density(model, mu, kT, carriers="net").density) == pytest.approx(1e14, rel=1e-7)
