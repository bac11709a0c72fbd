"""Fermi lines: they lie on the level, enclose the occupied states, and carry the density of states."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import ellipk

from spinvalley.checks import InvalidInput
from spinvalley.models import Bloch, Rashba, film, from_hoppings, heterostructure, ising_film, square, tmd, triangular
from spinvalley.normal import density_of_states, fermi_contours, fermi_momentum, occupied_fraction

energies = st.floats(-5.8, 1.7)


def rectangular(tx, ty):
    """2 tx cos kx + 2 ty cos ky on the square lattice."""
    unit = np.eye(2)
    return from_hoppings({(1, 0): tx * unit, (-1, 0): tx * unit, (0, 1): ty * unit, (0, -1): ty * unit}, square())


def levels(model, data, field=0):
    """Distance of the nearest band from the level at every point."""
    h = model.hamiltonian(data.k.values) + model.zeeman(field)
    return np.abs(np.linalg.eigvalsh(h) - data.energy).min(axis=-1)


# Numbers of Fig. 1 ---------------------------------------------------------------------------------------------------
def test_the_film_of_figure_1():
    assert fermi_momentum(film(), "K").r[0] == pytest.approx(2.3921237882, abs=1e-10)
    assert fermi_momentum(film(), "M").r[0] == pytest.approx(2.4183991523, abs=1e-10)
    np.testing.assert_allclose(fermi_contours(film()).area, [0.39863282] * 2, atol=5e-9)
    assert density_of_states(film()).dos[0] == pytest.approx(0.106553063, abs=5e-10)


def test_the_pockets_of_figure_1():
    """One hole pocket for each spin, around opposite valleys."""
    data = fermi_contours(tmd())
    np.testing.assert_allclose(data.area, [0.15035427] * 2, atol=5e-9)
    assert list(data.kind.values) == ["hole", "hole"]
    for spin, valley in ((1, "K'"), (-1, "K")):
        pocket = data.isel(contour=int(np.flatnonzero(data.spin == spin)[0]))
        np.testing.assert_allclose(pocket.sz, spin, atol=1e-14)
        away = pocket.k.mean("point").values - triangular().momentum(valley)
        np.testing.assert_allclose(away @ triangular().matrix.T / (2 * np.pi) % 1 % 0.999, 0, atol=1e-3)


# Laws ----------------------------------------------------------------------------------------------------------------
@given(energies, st.tuples(*[st.floats(-0.2, 0.2)] * 3), st.floats(0.05, 0.4))
@settings(max_examples=8)
def test_every_point_lies_on_the_level(energy, field, alpha):
    model = tmd(mu=0.0) + Rashba(alpha)
    data = fermi_contours(model, energy, field, points=40, tol=1e-6)
    assert levels(model, data, field).max() < 1e-12


@given(energies, st.floats(0.0, 0.5))
@settings(max_examples=8)
def test_the_density_of_states_is_the_slope_of_the_filling(energy, beta_so):
    model, h = ising_film(beta_so), 1e-3
    edge = np.array([energy - 2 * h, energy - h, energy + h, energy + 2 * h])
    n = [float(occupied_fraction(model, e, tol=1e-9).fraction.sum()) for e in edge]
    slope = (n[0] - 8 * n[1] + 8 * n[2] - n[3]) / (12 * h)
    data = density_of_states(model, energy, tol=1e-9)
    assume(float(data.dos[0]) < 0.25)  # away from the van Hove saddle differences are good
    assert data.status.item() == "converged"
    assert 2 * float(data.dos[0]) == pytest.approx(slope, rel=1e-5)


@given(energies)
@settings(max_examples=6)
def test_the_occupied_fraction_counts_the_states_of_a_mesh(energy):
    model, n = heterostructure(), 300
    mesh = (np.stack(np.meshgrid(np.arange(n), np.arange(n)), axis=-1) + 0.37) / n @ triangular().reciprocal
    counted = np.mean(np.linalg.eigvalsh(model.hamiltonian(mesh)) <= energy) * 4
    data = occupied_fraction(model, energy, tol=1e-8)
    assert float(data.fraction.sum()) == pytest.approx(counted, abs=2e-3)
    assert float(data.fraction[:2].sum()) == pytest.approx(float(data.fraction[2:].sum()), abs=1e-8)  # Kramers


def test_weights_sum_to_the_density_of_states():
    for model in (film(), tmd(), heterostructure()):
        total = 0.5 * float(fermi_contours(model).weight.sum())
        assert total == pytest.approx(float(density_of_states(model).dos[0]), rel=1e-9)


def test_the_occupied_side_is_on_the_left():
    data = fermi_contours(heterostructure(), zeeman=0.1)
    assert set(data.kind.values) == {"electron", "hole"}
    tangent = np.roll(data.k, -1, axis=1) - np.roll(data.k, 1, axis=1)
    turn = tangent[..., 0] * data.velocity.values[..., 1] - tangent[..., 1] * data.velocity.values[..., 0]
    assert np.all(turn < 0)  # the gradient points to the right


@given(st.floats(-7, -1.3))
@settings(max_examples=10)
def test_a_pocket_smaller_than_any_mesh_is_found(exponent):
    """Near its bottom the film is a free electron, E = E_0 + (3/2) k^2: area = sqrt3/(12 pi) (E - E_0)."""
    depth = 10**exponent
    data = fermi_contours(film(), -6 + depth, tol=1e-6)
    assert data.sizes["contour"] == 2
    np.testing.assert_allclose(data.area, depth * np.sqrt(3) / (12 * np.pi), rtol=0.1 * depth + 1e-7)


def test_open_lines_of_a_chain_like_film():
    model = rectangular(-1.0, -0.3)
    data = fermi_contours(model, 0.3)
    assert list(data.kind.values) == ["open"] * 4
    ky = (np.arange(4000) + 0.5) / 4000 * 2 * np.pi
    expected = np.mean(np.arccos(-(0.3 + 0.6 * np.cos(ky)) / 2)) / np.pi
    np.testing.assert_allclose(occupied_fraction(model, 0.3).fraction, expected, atol=1e-12)
    np.testing.assert_allclose(levels(model, data), 0, atol=1e-13)


@given(st.one_of(st.floats(-3.9999, -0.02), st.floats(0.02, 3.9999)))
@settings(max_examples=8)
def test_the_square_lattice_has_its_elliptic_integral(energy):
    data = density_of_states(rectangular(-1.0, -1.0), energy)
    exact = ellipk(1 - (energy / 4) ** 2) / (2 * np.pi**2)
    assert str(data.status[0].item()) == "converged"
    assert abs(float(data.dos[0]) - exact) <= max(float(data.error[0]), 1e-12)


def test_a_bloch_model_has_the_lines_of_its_tight_binding_twin():
    exact = heterostructure()
    twin = Bloch(lattice=triangular(), layers=exact.layers, function=exact.hamiltonian)
    np.testing.assert_allclose(fermi_contours(twin).area, fermi_contours(exact).area, atol=1e-12)
    np.testing.assert_allclose(density_of_states(twin).dos, density_of_states(exact).dos, rtol=1e-11)


@given(st.floats(0, 2 * np.pi), st.floats(0.05, 0.3))
@settings(max_examples=10)
def test_all_crossings_of_a_ray_are_roots_and_none_is_missed(angle, field):
    model = heterostructure()
    data = fermi_momentum(model, angle, zeeman=field)
    h = model.hamiltonian(data.k.values) + model.zeeman(field)
    assert np.abs(np.linalg.eigvalsh(h)).min(axis=-1).max() < 1e-12
    r = np.linspace(0, float(np.pi * 2 / np.sqrt(3)), 4000)  # inside the zone in every direction
    k = r[:, None] * np.array([np.cos(angle), np.sin(angle)])
    signs = np.sign(np.linalg.eigvalsh(model.hamiltonian(k) + model.zeeman(field)))
    assert np.count_nonzero(np.diff(signs, axis=0)) == int((data.r <= r[-1]).sum())


def test_a_wrong_fermi_momentum_is_noticed():
    """The broken variant: the film shifted by one percent of |t| does not have the numbers of Fig. 1."""
    assert abs(float(fermi_momentum(film(mu=0.01), "K").r[0]) - 2.3921237882) > 1e-3
    assert abs(float(density_of_states(film(mu=0.01)).dos[0]) - 0.106553063) > 1e-5


# The door and the status ---------------------------------------------------------------------------------------------
def test_outside_all_bands_nothing_is_left_but_a_status():
    data = density_of_states(film(), [-7.0, 4.0])
    np.testing.assert_array_equal(data.dos, 0)
    assert list(data.status.values) == ["converged"] * 2
    assert fermi_contours(film(), 4.0).sizes["contour"] == 0
    np.testing.assert_array_equal(occupied_fraction(film(), 4.0).fraction, 1)
    assert fermi_momentum(film(), "K", energy=4.0).sizes["root"] == 0


def test_a_van_hove_saddle_is_reported():
    data = density_of_states(rectangular(-1.0, -1.0), 0.0)
    assert str(data.status[0].item()) != "converged"
    assert float(data.error[0]) > 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: fermi_contours(film(), np.nan), "`energy` must be finite, but is nan"),
        (lambda: fermi_contours(film(), points=4), "`points` must be an integer of at least 8, but is 4"),
        (lambda: fermi_contours(film(), tol=0), "`tol` must be positive, but is 0.0"),
        (lambda: density_of_states(film(), [0.0, np.inf]), "`energy` must be finite, but contains inf"),
        (lambda: density_of_states(film(), tol=-1), "`tol` must be positive, but is -1.0"),
        (lambda: occupied_fraction(film(), zeeman=[1, 2]), "`zeeman` must be a number or a 3-vector"),
        (lambda: fermi_momentum(film(), "Q"), "`point` must be one of"),
        (lambda: fermi_momentum(film(), "K", centre="K"), "`direction` must differ from the centre"),
        (lambda: fermi_momentum(film(), np.nan), "`direction` must be finite, but is nan"),
        (lambda: fermi_momentum(film(), 0.0, length=0), "`length` must be positive, but is 0.0"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
