"""Laws of Hc2(T): limits of BCS theory, other quadratures, free energy against linearised equation, pair momentum."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polar_witness
import spinvalley as sv
from spinvalley.checks import InvalidInput
from spinvalley.pairing import (
    TripletAdmixture,
    constant_splitting,
    from_pockets,
    hc2,
    hc2_angle,
    hc2_constant_splitting,
    nodal_pocket,
)
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.helical import helical_lattice
from spinvalley.pairing.laws import ConstantSplitting, InterValley, KlemmLutherBeasley, PauliLimit

X = np.array([1.0, 0.0, 0.0])


def random_gated_crystal(seed):
    """A one-band model of gated MoS2, a temperature and a direction of the field."""
    rng = np.random.default_rng(seed)
    model = sv.models.one_band(
        "MoS2",
        density=rng.uniform(5e13, 1.1e14),
        rashba_ratio=rng.uniform(0, 0.15),
        splitting_fermi=rng.uniform(6, 20),
    )
    unit = rng.normal(size=3) * (1, 1, 0.3)
    return model, rng.uniform(1.3, 6.0), unit / np.linalg.norm(unit)


def circle(g=(0.0, 0.0, 0.0), velocity=200.0, points=96):
    """A circular Fermi line with one spin-orbit vector everywhere."""
    phi = 2 * np.pi * np.arange(points) / points
    v = velocity * np.stack([np.cos(phi), np.sin(phi)], -1)
    return FermiSurface(g=np.tile(g, (points, 1)), weight=np.ones(points), velocity=v)


# Theories -------------------------------------------------------------------------------------------------------------
def test_constant_splitting_has_the_numbers_of_the_specification():
    found = hc2(ConstantSplitting(13.0), [1, 1.5, 3, 5], tc=6.5, tol=1e-8)
    np.testing.assert_allclose(found.B, [91.315, 81.439, 60.083, 35.549], atol=6e-4)
    np.testing.assert_allclose(found.B, hc2_constant_splitting([1, 1.5, 3, 5]), rtol=2e-8)
    assert set(found.order.values) == {2}


def test_the_free_energy_makes_the_transition_of_a_free_spin_discontinuous_below_the_tricritical_temperature():
    found = hc2(PauliLimit(), [0.01, 0.5, 0.555, 0.562, 0.9], tc=1.0, tol=1e-6)
    assert list(found.order.values) == [1, 1, 1, 2, 2]
    np.testing.assert_allclose(found.B[0], 1.856817, rtol=2e-4)  # less by (pi^2/3)(T/Delta)^2
    assert np.all(found.B[:3] > found.B_linear[:3])
    # h* = 1.072827 k_B Tc at T* = 0.561493 Tc
    np.testing.assert_allclose(found.B[3], 1.072827 * sv.units.K_B / sv.units.MU_B, rtol=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 30), st.floats(0.3, 12), st.floats(0.05, 0.95))
def test_the_field_solves_the_equation_of_its_theory(splitting, tc, t):
    for theory in (ConstantSplitting(splitting), InterValley(splitting, 2.0), KlemmLutherBeasley(20.0)):
        found = hc2(theory, t * tc, tc=tc, tol=1e-8)
        if found.status[0] == "converged":
            field = float(found.B_linear[0]) * X
            np.testing.assert_allclose(theory.breaking(t * tc, field), -np.log(t), rtol=1e-6)


def test_a_first_order_field_is_where_the_lowest_minimum_of_the_free_energy_vanishes():
    theory, tc = PauliLimit(), 3.0
    gaps = np.linspace(1e-3, 1.2, 4000) * 1.764 * sv.units.K_B * tc
    for T in (0.3, 1.0, 1.5):
        found = hc2(theory, T, tc=tc, tol=1e-5)
        for side in (-1, 1):
            field = float(found.B[0]) + side * max(float(found.error[0]), 1e-6)
            assert side * float(theory.condensation(gaps, T, field * X, tc).min()) > 0


def test_the_critical_field_of_a_free_spin_has_no_direction():
    found = hc2_angle(PauliLimit(), 0.8, [0, 35, 70, 90], tc=1.0, azimuth=20.0)
    np.testing.assert_allclose(found.B[:, 0], found.B[0, 0], rtol=1e-8)


def test_the_critical_field_of_ising_coupling_falls_from_the_plane_to_the_axis():
    found = hc2_angle(ConstantSplitting(13.0), 3.0, [0, 30, 60, 80, 90], tc=6.5)
    assert np.all(np.diff(found.B[:, 0]) > 0)
    np.testing.assert_allclose(found.B[0], hc2(PauliLimit(), 3.0, tc=6.5).B, rtol=1e-5)


# Lattice models -------------------------------------------------------------------------------------------------------
def compare_with_polar_sums(seed):
    model, T, unit = random_gated_crystal(seed)
    found = hc2(model, T, tc=6.5, direction=unit)
    B = float(found.B_linear[0])
    expected = polar_witness.critical_field(model, T, 6.5, unit, 0.9 * B, 1.1 * B, 2.2, 4.0)
    error = float(found.error[0])
    if int(found.order[0]) == 2:
        assert abs(float(found.B[0]) - expected) <= error
        assert error <= 1e-4 * B
    np.testing.assert_allclose(B, expected, rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_field_of_the_lattice_is_that_of_polar_sums(seed):
    compare_with_polar_sums(seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 120))
def test_the_stated_error_covers_the_true_one(seed):
    compare_with_polar_sums(seed)


def test_polar_sums_without_rashba_coupling_are_noticed():
    """Broken on purpose: the witness must tell 5 % of Rashba coupling from none."""
    found = hc2(sv.models.one_band("MoS2", rashba_ratio=0.05), 2.0, tc=6.5)
    bare = sv.models.one_band("MoS2", rashba_ratio=0.0)
    expected = polar_witness.critical_field(bare, 2.0, 6.5, X, 60.0, 110.0, 2.2, 4.0)
    assert abs(float(found.B[0]) / expected - 1) > 1e-2


@pytest.mark.parametrize("seed", range(3))
def test_a_continuous_transition_is_where_the_free_energy_says(seed):
    model, T, _ = random_gated_crystal(seed + 20)
    T = max(T, 3.5)
    found = hc2(model, T, tc=6.5)
    assert found.order[0] == 2
    sc = sv.Superconductor(model, sv.s_wave(tc=sv.kelvin(6.5)))
    limit = 1.5 * sv.tesla(float(found.B[0]))
    free_energy = sv.critical_field(sc, sv.kelvin(T), tol=1e-5, zeeman_max=limit)
    np.testing.assert_allclose(sv.to_tesla(free_energy.zeeman.values), found.B, rtol=1e-4)


def test_a_film_without_spin_orbit_coupling_loses_its_gap_in_a_jump():
    film = sv.models.film(t=-1000.0, mu=300.0)
    found = hc2(film, [1.0, 3.0, 5.0], tc=6.5)
    assert list(found.order.values) == [1, 1, 2]
    np.testing.assert_allclose(found.B, hc2(PauliLimit(), [1.0, 3.0, 5.0], tc=6.5).B, rtol=2e-4)


def test_a_multiband_model_gives_nearly_the_field_of_its_fermi_surface():
    model = sv.normal.doped(sv.models.three_band("MoS2"), 8.7e13)
    found = hc2(model, 5.0, tc=6.5, tol=1e-3)
    surface = sv.pairing.fermi_surface(model)
    np.testing.assert_allclose(found.B, hc2(surface, 5.0, tc=6.5).B, rtol=0.02)
    assert found.status[0] == "converged"


# Momentum of the pairs ------------------------------------------------------------------------------------------------
def test_without_spin_orbit_coupling_pairs_have_a_momentum_below_the_tricritical_temperature_only():
    """In two dimensions the Fulde-Ferrell field tends to Delta0 at T = 0 (doi:10.1103/PhysRevB.50.10042)."""
    found = hc2(circle(), [0.01, 0.3, 0.57], tc=1.0, momentum="best", tol=1e-5)
    plain = hc2(circle(), [0.01, 0.3, 0.57], tc=1.0)
    gap0 = 1.763877 * sv.units.K_B / sv.units.MU_B
    assert 0.96 < float(found.B[0]) / gap0 < 1.0
    assert np.all(found.B[:2] > plain.B[:2])
    np.testing.assert_allclose(found.B[2], plain.B[2], rtol=1e-6)
    assert float(np.abs(found.q[2]).max()) == 0.0


def test_rashba_coupling_gives_the_pairs_a_momentum_across_the_field():
    model = sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.1)
    for unit in (X, np.array([0.0, 1.0, 0.0])):
        found = hc2(model, 3.0, tc=6.5, direction=unit, momentum="best")
        q = found.q.values[0]
        assert float(found.B[0]) > float(found.B_linear[0])
        assert abs(q @ unit[:2]) < 1e-3 * np.linalg.norm(q)


def test_the_momentum_of_a_lattice_is_that_of_its_fermi_surface():
    model = sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.1)
    lattice = hc2(model, 1.3, tc=6.5, momentum="best")
    surface = hc2(sv.pairing.fermi_surface(model), 1.3, tc=6.5, momentum="best")
    assert float(surface.q[0, 1]) > 1e-3
    np.testing.assert_allclose(lattice.B / lattice.B_linear - 1, surface.B / surface.B_linear - 1, rtol=0.1)
    np.testing.assert_allclose(lattice.q[0, 1], surface.q[0, 1], rtol=0.05)


def test_unequal_spin_bands_alone_give_the_pairs_a_momentum():
    """Broken on purpose: without the densities of states of the two spin bands a weak field gives no momentum."""
    surface = sv.pairing.fermi_surface(sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.02))
    blind = replace(surface, helicity=np.zeros(1))
    with_bands, without = (hc2(s, 1.0, tc=6.5, momentum="best") for s in (surface, blind))
    assert float(with_bands.B[0] / with_bands.B_linear[0]) - 1 > 1e-4
    assert float(np.abs(without.q).max()) == 0.0


def test_pairs_at_rest_have_the_field_of_the_plain_susceptibility():
    model, T, _ = random_gated_crystal(5)
    sc = sv.Superconductor(model, sv.s_wave(tc=sv.kelvin(6.5)))
    plain = float(hc2(model, T, tc=6.5).B_linear[0])
    np.testing.assert_allclose(helical_lattice(sc, T, X, 2.0, plain, 1e-4, 1000.0).zero, plain, rtol=1e-5)


# At the door ----------------------------------------------------------------------------------------------------------
def test_above_tc_the_state_is_normal_in_an_array():
    found = hc2(ConstantSplitting(13.0), [3.0, 6.5, 8.0], tc=6.5)
    assert list(found.status.values) == ["converged", "normal", "normal"]
    assert list(found.B.values[1:]) == [0.0, 0.0]


def test_a_field_beyond_the_search_is_said_to_be():
    found = hc2(ConstantSplitting(200.0), 0.1, tc=6.5, B_max=100.0)
    assert found.status[0] == "beyond range"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tc": -1.0}, "`tc` must be positive, but is -1.0"),
        ({"T": [1.0, 0.0]}, "`T` must be positive, but is 0.0"),
        ({"T": np.nan}, "`T` must be finite"),
        ({"direction": (0, 0, 0)}, "`direction` must be a nonzero 3-vector"),
        ({"model": "MoS2"}, "`model` must be a model of spinvalley.models, a FermiSurface or a theory"),
        ({"momentum": "any"}, "`momentum` must be one of zero, best"),
        ({"momentum": "best"}, "`momentum` must be 'zero' for a theory that knows no momentum"),
        ({"g": 1.0}, "`g` must be 2 for a theory that has its own g-factor"),
    ],
)
def test_bad_input_gets_one_sentence(change, message):
    arguments = {"model": KlemmLutherBeasley(17.9), "T": 1.0, "tc": 6.5} | change
    with pytest.raises(InvalidInput, match=message.replace("(", r"\(")):
        hc2(arguments.pop("model"), arguments.pop("T"), **arguments)


# Multi-pocket metals --------------------------------------------------------------------------------------------------
def test_the_error_of_a_sampled_fermi_surface_covers_what_more_points_change():
    metal = sv.models.nbse2()
    fine = hc2(sv.pairing.fermi_surface(metal, points=960), [0.5, 1, 2], tc=3.0, tol=1e-8).B.values
    for points in (30, 60, 120, 240):
        found = hc2(sv.pairing.fermi_surface(metal, points=points), [0.5, 1, 2], tc=3.0)
        assert np.all(np.abs(found.B.values - fine) <= found.error.values)
    assert set(found.status.values) == {"converged"}


def test_nodes_of_the_splitting_set_the_field_of_a_metal_with_a_gamma_pocket():
    """Taking the Gamma pocket away, whose splitting vanishes on Gamma-M, raises the field (arXiv:2504.20775)."""
    lines = sv.normal.valley_contours(sv.models.nbse2())
    whole = sv.pairing.fermi_surface(sv.models.nbse2())
    around_k = np.isin(whole.pocket, np.flatnonzero(lines.valley.values != "Gamma"))
    corners = FermiSurface(g=whole.g[around_k], weight=whole.weight[around_k])
    both, alone = (hc2(surface, [0.3, 1.5], tc=3.0) for surface in (whole, corners))
    assert np.all(alone.B.values > 1.3 * both.B.values)


def test_the_field_of_nbse2_is_nearly_that_of_its_fermi_surface():
    metal = sv.models.nbse2()
    lattice, surface = (hc2(system, 1.5, tc=3.0) for system in (metal, sv.pairing.fermi_surface(metal)))
    np.testing.assert_allclose(lattice.B, surface.B, rtol=0.01)


# What a review found --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("points", [6, 8, 12, 24, 48, 96, 192, 384, 1536])
def test_too_few_points_of_a_nodal_pocket_are_noticed(points):
    """Mirror and threefold symmetry make coarser subsets of the points equal to all of them."""
    found = hc2(from_pockets([nodal_pocket(76.4)], points), 2.0, tc=6.5)
    assert abs(float(found.B[0]) - 172.7790) <= float(found.error[0]) + 1e-3
    assert found.status[0] == ("converged" if points > 1000 else found.status[0])


@pytest.mark.parametrize("points", [8, 9, 16, 33, 64])
def test_too_few_angles_of_rashba_coupling_are_noticed(points):
    surface = constant_splitting(13.0, 0.3, points)
    fine = float(hc2(constant_splitting(13.0, 0.3, 4096), 0.1, tc=6.5).B_linear[0])
    found = hc2(surface, 0.1, tc=6.5)
    assert abs(float(found.B_linear[0]) - fine) <= float(found.error[0])
    mixed = TripletAdmixture(surface, ratio=0.1)
    fine = float(hc2(TripletAdmixture(constant_splitting(13.0, 0.3, 1024), ratio=0.1), 0.1, tc=6.5).B[0])
    found = hc2(mixed, 0.1, tc=6.5)
    assert abs(float(found.B[0]) - fine) <= float(found.error[0])


@settings(max_examples=10, deadline=None)
@given(st.floats(0.05, 3.0), st.floats(0.1, 1.0))
def test_the_unit_of_the_gap_ratio_does_not_matter(unit, second):
    def field(scale):
        surface = FermiSurface(g=np.zeros((2, 3)), weight=[0.3, 0.7], form=[scale, -scale * second])
        return hc2(surface, [0.5, 2.0], tc=6.5).B

    np.testing.assert_allclose(field(unit), field(1.0), rtol=1e-5)


@pytest.mark.parametrize("below", [1e-4, 1e-5, 1e-6, 1e-8, 1e-12])
def test_close_to_tc_the_field_vanishes_as_its_square_root(below):
    found = hc2(sv.models.one_band("MoS2"), 6.5 * (1 - below), tc=6.5)
    near = hc2(sv.models.one_band("MoS2"), 6.5 * (1 - 1e-3), tc=6.5)
    if found.status[0] == "converged":
        np.testing.assert_allclose(found.B / np.sqrt(below), near.B / np.sqrt(1e-3), rtol=2e-2)
    else:
        assert below < 1e-9


def test_the_end_of_the_search_holds_for_jumps_too():
    assert hc2(PauliLimit(), 0.1, tc=2.0, B_max=3.0).status[0] == "beyond range"


def test_who_decided_the_order_is_said():
    assert hc2(InterValley(13.0, 2.0), 3.0, tc=6.5).attrs["order_from"] == "assumed"
    assert hc2(PauliLimit(), 3.0, tc=6.5).attrs["order_from"] == "free energy"


def test_a_given_momentum_has_the_field_of_the_best_one_at_the_best_one_and_none_far_away():
    surface = sv.pairing.fermi_surface(sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.1))
    best = hc2(surface, 1.0, tc=6.5, momentum="best")
    q = best.q.values[0]
    np.testing.assert_allclose(hc2(surface, 1.0, tc=6.5, momentum=q).B, best.B, rtol=1e-5)
    assert hc2(surface, 1.0, tc=6.5, momentum=20 * q).status[0] == "normal"


def test_both_lines_of_a_rashba_ring_belong_to_the_lower_band():
    ring = sv.models.ValleyModel("ring", "conduction", 0.5, 0.5, 0.0, rashba=60.0)
    surface = sv.pairing.fermi_surface(ring, float(ring.density(-5.0)))
    speed = np.linalg.norm(surface.velocity, axis=1)
    np.testing.assert_allclose(speed, speed[0], rtol=1e-6)  # both edges of a Rashba ring are equally fast
    assert set(surface.helicity) == {-1.0}


def test_a_fermi_surface_keeps_its_own_numbers():
    g = np.array([[0.0, 0.0, 6.5]])
    surface = FermiSurface(g=g, weight=[1.0])
    before = float(surface.breaking(1.0, [10.0, 0, 0]))
    g[:] = 0
    assert float(surface.breaking(1.0, [10.0, 0, 0])) == before
    with pytest.raises(ValueError, match="read-only"):
        surface.g[0] = 0
