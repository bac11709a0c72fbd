"""Laws of the zone quadrature: exact constants, known sharp integrals, logarithmic cost, symmetry."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import witness
from spinvalley import models
from spinvalley.numerics import zone

LATTICES = [models.triangular(), models.square(), models.Lattice(((1.0, 0.0), (0.3, 1.2)))]
FILM = models.film()


def energies(model):
    return lambda k: np.linalg.eigvalsh(model.hamiltonian(k))


def rule(model, delta, order=10, group=None, width=0.0):
    """The quadrature of a model, on the irreducible part under `group` (None: the whole zone)."""
    triangles = zone.elementary_triangles(model.lattice.zone_corners)
    if group is not None:
        triangles = zone.irreducible(triangles, group)
    fans = zone.choose_fans(energies(model), triangles, 0.1)
    return zone.zone_rule(energies(model), fans, zone.Resolution(delta, width, order))


def lorentzian(model, r, delta):
    """Zone average of delta / (E^2 + delta^2), summed over bands."""
    e = energies(model)(r.k)
    return float(r.weights @ np.sum(delta / (e**2 + delta**2), axis=1))


@pytest.mark.parametrize("lattice", LATTICES)
def test_the_elementary_triangles_fill_the_zone(lattice):
    triangles = zone.elementary_triangles(lattice.zone_corners)
    areas = [0.5 * abs(np.linalg.det(t.corners[1:] - t.corners[0])) for t in triangles]
    assert sum(areas) == pytest.approx(lattice.zone_area, rel=1e-12)


@pytest.mark.parametrize(("n", "delta", "order"), [(0, 0.3, 5), (1, 1.0, 12), (2, 2.0, 8)])
def test_weights_sum_to_one_and_points_lie_in_the_zone(n, delta, order):
    lattice = LATTICES[n]
    r = rule(witness.random_hoppings(np.random.default_rng(n), lattice=lattice), delta, order=order)
    assert r.weights.sum() == pytest.approx(1, rel=1e-12)
    assert np.all(r.weights > 0)
    shifts = np.array(list(product((-1, 0, 1), repeat=2))) @ lattice.reciprocal
    nearest = np.linalg.norm(r.k[:, None] - shifts, axis=-1).min(axis=1)
    assert np.all(np.linalg.norm(r.k, axis=1) <= nearest + 1e-9)


@pytest.mark.parametrize("lattice", LATTICES)
def test_lattice_harmonics_average_to_zero(lattice):
    """<cos k.R> = 0 for R != 0: the rule is exact for smooth periodic functions."""
    model = witness.random_hoppings(np.random.default_rng(4), lattice=lattice)
    r = rule(model, 0.5, order=12)
    for cell in ((1, 0), (0, 1), (2, -1), (3, 1)):
        assert abs(r.weights @ np.cos(r.k @ lattice.translation(cell))) < 1e-11


@pytest.mark.parametrize("seed", [0, 162])
def test_smooth_averages_equal_a_dense_mesh(seed):
    """A Lorentzian of width 0.6 on random bands of an oblique lattice: the trapezoid converges exponentially there."""
    model = witness.random_hoppings(np.random.default_rng(seed))
    k, weights = witness.mesh(model.lattice, 96)
    both = [float(weights @ np.sum(0.6 / (energies(model)(q) ** 2 + 0.36), axis=1)) for q in (k, -k)]
    resolution = zone.Resolution(0.6, order=12)
    assert lorentzian(model, rule(model, 0.6, order=12), 0.6) == pytest.approx(
        np.mean(both), abs=2 * resolution.tolerance
    )


@pytest.mark.parametrize("delta", [1e-1, 1e-3, 1e-6])
def test_sharp_averages_equal_the_exact_density_of_states(delta):
    sharp = [0.0]
    exact = witness.triangular_average(lambda c: 2 * delta / (4 * c**2 + delta**2), sharp)
    assert lorentzian(FILM, rule(FILM, delta, order=14), delta) == pytest.approx(exact, rel=1e-9)


def test_a_rule_that_resolves_too_little_fails_the_law():
    """The broken variant: nodes made for a hundred times the width."""
    delta = 1e-4
    exact = witness.triangular_average(lambda c: 2 * delta / (4 * c**2 + delta**2), [0.0])
    assert lorentzian(FILM, rule(FILM, 100 * delta, order=14), delta) != pytest.approx(exact, rel=1e-3)


def test_a_window_around_zero_is_resolved_everywhere():
    """With width W the same rule serves peaks at all |E| < W, as fields need."""
    delta, width = 1e-3, 0.2
    r = rule(FILM, delta, order=14, width=width)
    for centre in (-0.2, 0.0, 0.123):

        def peak(e, centre=centre):
            return delta / ((e - centre) ** 2 + delta**2)

        exact = witness.triangular_average(lambda c: 2 * peak(-2 * c), [-0.5 * centre])
        assert r.weights @ peak(energies(FILM)(r.k)).sum(axis=1) == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("model", [models.film(), models.film(mu=1.3), models.heterostructure()])
def test_the_number_of_points_grows_as_the_logarithm_of_the_resolution(model):
    group = model.lattice.holohedry
    coarse, fine = (rule(model, delta, group=group).size for delta in (1e-3, 1e-6))
    assert coarse < fine < 3 * coarse


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=3)
def test_the_irreducible_part_gives_the_whole(seed):
    rng = np.random.default_rng(seed)
    model = witness.random_ising_film(rng)
    delta = 10 ** rng.uniform(-2, -1)
    group = zone.symmetry_subgroup(energies(model), model.lattice.holohedry, rng.normal(size=(8, 2)))
    assert len(group) == 12  # both spins together
    small, whole = rule(model, delta, 14, group), rule(model, delta, 14)
    assert small.size < 0.2 * whole.size
    assert lorentzian(model, small, delta) == pytest.approx(lorentzian(model, whole, delta), rel=1e-9)


def test_a_symmetry_that_the_model_lacks_is_not_used():
    """The broken variant: half of the group leaves one spin alone, and the full group gives a wrong average."""

    def one_spin(k):
        return np.linalg.eigvalsh(models.tmd().hamiltonian(k)[..., :1, :1])

    lattice = models.triangular()
    group = zone.symmetry_subgroup(one_spin, lattice.holohedry, np.random.default_rng(0).normal(size=(8, 2)))
    assert len(group) == 6
    triangles = zone.elementary_triangles(lattice.zone_corners)
    resolution, values = zone.Resolution(0.05, order=14), []
    for symmetry in (group, lattice.holohedry, np.eye(2)[None]):
        fans = zone.choose_fans(one_spin, zone.irreducible(triangles, symmetry), 0.1)
        r = zone.zone_rule(one_spin, fans, resolution)
        values.append(float(r.weights @ (0.05 / (one_spin(r.k)[:, 0] ** 2 + 0.05**2))))
    assert values[0] == pytest.approx(values[2], rel=1e-9)
    assert values[1] != pytest.approx(values[2], rel=1e-3)


def test_a_flat_band_at_the_fermi_level_is_no_error():
    assert rule(models.film(t=0.0), 1e-300).weights.sum() == pytest.approx(1.0)
