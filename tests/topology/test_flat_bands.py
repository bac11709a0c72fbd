"""Flat bands lie between projected nodes; eq. 8 against the stack; fields of so many self-consistent gaps."""

import numpy as np
import pytest

import spinvalley as sv
from spinvalley import topology
from spinvalley.normal import effective_hamiltonian
from topology_cases import BILAYER, ISING, B, random_cases

ENDS = [0.608657, 0.625021, 0.695671, 0.749959]


@pytest.fixture(scope="module")
def bands():
    return topology.flat_bands(BILAYER, 0.1, 0.4)


def test_flat_bands_of_the_heterostructure(bands):
    positive = bands.isel(interval=bands.start.values > 0)
    np.testing.assert_allclose(positive.start / B, ENDS[:3], atol=1e-6)
    np.testing.assert_allclose(positive.stop / B, ENDS[1:], atol=1e-6)
    assert positive.winding.values.tolist() == [1, -1, 1]
    assert bands.status.item() == "converged"
    assert bands.fraction.item() == pytest.approx(ENDS[3] - ENDS[0], abs=1e-6)
    assert bands.modes.item() == pytest.approx(bands.fraction.item())
    assert float(bands.error.max()) < 1e-9


def test_sampled_windings_agree_with_the_intervals(bands):
    k = np.random.default_rng(2).uniform(-B, B, 400)
    inside = (k[:, None] > bands.start.values) & (k[:, None] < bands.stop.values)
    np.testing.assert_array_equal(topology.winding(BILAYER, 0.1, 0.4, k).winding, inside @ bands.winding.values)


@pytest.mark.parametrize(("sc", "gap", "field", "k"), random_cases(30, 23))
def test_winding_counts_the_zero_modes_of_two_independent_half_planes(sc, gap, field, k):
    """Evanescent waves matched at the boundary, and the Green function, against the roots of the edge polynomial."""
    counted = topology.winding(sc, gap, field, [k]).winding.item()
    assert topology.zero_modes(sc, gap, field, k, columns=1).sizes["mode"] == abs(counted)
    green = topology.edge_zero_modes(sc, gap, field, [k])
    assert green.status.item() == "converged"
    assert green.winding.item() == counted


def test_an_edge_without_winding_has_no_intervals():
    for case in ((BILAYER, 0.1, 0.4, "zigzag"), (BILAYER, 0.1, 0.05, "armchair")):
        none = topology.flat_bands(*case)
        assert (none.sizes["interval"], none.fraction.item(), none.status.item()) == (0, 0.0, "converged")


def test_a_gapless_line_leaves_no_intervals():
    film = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.3))
    found = topology.flat_bands(film, 0.3, 1.2)
    assert found.status.item() != "converged"
    assert found.sizes["interval"] == 0


def test_the_map_is_made_of_single_points():
    def film(mu):
        return sv.Superconductor(sv.models.ising_film(0.5, mu=mu), sv.s_wave(gap0=0.3))

    steps = []
    data = topology.flat_band_map(film, 0.3, [0.2, 1.2], {"mu": [-0.5, 0.0]}, progress=lambda *s: steps.append(s))
    assert data.fraction.dims == ("mu", "zeeman")
    alone = topology.flat_bands(film(-0.5), 0.3, 1.2)
    assert data.fraction.sel(mu=-0.5, zeeman=1.2).item() == alone.fraction.item()
    assert data.nodes.sel(mu=-0.5, zeeman=1.2).item() == alone.attrs["nodes"]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with pytest.raises(sv.InvalidInput, match="`axes` must not name `zeeman`"):
        topology.flat_band_map(film, 0.3, [0.2], {"zeeman": [1.0]})


# Equation 8 -----------------------------------------------------------------------------------------------------------
def test_nodes_of_the_stack_are_those_of_its_exact_static_self_energy():
    """Schur complement: det H(8 x 8) = det H_TMD det(H_SC + Sigma(0)), at every k off the pole."""
    model = BILAYER.model
    for k in topology.nodes(BILAYER, 0.1, 0.4).k.values:
        h = effective_hamiltonian(model, "sc", k, 0.4)
        there = effective_hamiltonian(model, "sc", -k, 0.4)
        pair = 0.1 * np.array([[0, -1], [1, 0]])
        small = np.block([[h, pair], [pair.T, -there.T]])
        assert np.abs(np.linalg.eigvalsh(small)).min() < 1e-9


def test_equation_8_is_close_and_its_distance_is_of_second_order_in_the_coupling():
    def shift(coupling):
        sc = sv.Superconductor(sv.models.heterostructure(coupling=coupling), sv.s_wave(on="sc", gap0=0.1))
        return topology.compare_effective(sc, 0.1, 0.4).largest_shift.sel(model="renormalised").item()

    strong, weak = shift(0.5), shift(0.25)
    assert strong / B == pytest.approx(0.0017, abs=2e-4)
    assert weak / strong == pytest.approx(0.3, abs=0.05)  # the self-energy ~ Gamma^2 varies along the Fermi line


def test_a_wrong_field_in_equation_8_is_seen():
    """The broken variant: three quarters of the field move the ends by far more than eq. 8 is off."""
    good = topology.effective(BILAYER, 0.1, 0.4, scheme="static")
    full = topology.flat_bands(BILAYER, 0.1, 0.4)
    bare = topology.flat_bands(good.sc, good.gap, 0.3)
    assert np.abs(bare.start.values - full.start.values).max() / B > 0.01


def test_effective_refuses_what_it_cannot_replace():
    with pytest.raises(sv.InvalidInput, match="`zeeman` must lie in the plane"):
        topology.effective(BILAYER, 0.1, (0.1, 0.0, 0.1))
    with pytest.raises(sv.InvalidInput, match="`scheme` must be one of static, renormalised"):
        topology.effective(BILAYER, 0.1, 0.4, scheme="exact")
    both = sv.Superconductor(BILAYER.model, sv.s_wave(gap0=0.1))
    with pytest.raises(sv.InvalidInput, match="`keep` must be the only layer that pairs, but 'sc' is not sc, tmd"):
        topology.effective(both, 0.1, 0.4)


# Self-consistent gap --------------------------------------------------------------------------------------------------
def bilayer(gap0):
    film = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=gap0))
    return sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", v=film.v))


def test_four_gaps_are_inside_the_phase_for_a_weak_coupling_only():
    weak = topology.field_at_ratio(bilayer(0.005), 0.1 * 0.005 / 1.764, 4.0, tol=1e-4)
    assert weak.status.item() == "converged"
    assert weak.ratio.item() == pytest.approx(4.0, rel=1e-3)
    assert weak.zeeman.item() / (0.005 / np.sqrt(2)) == pytest.approx(1.9848, abs=1e-3)
    strong = topology.field_at_ratio(bilayer(0.1), 0.1 * 0.1 / 1.764, 4.0, tol=1e-3)
    assert strong.status.item() == "beyond range"
    assert strong.ratio.item() == pytest.approx(0.7787, abs=2e-3)


def test_the_gap_at_the_field_found_is_that_of_the_equilibrium():
    sc = ISING
    found = topology.field_at_ratio(sc, 0.05, 0.8, tol=1e-5)
    state = sv.solve_gap(sc, 0.05, found.zeeman.item(), tol=1e-7)
    assert state.gap == pytest.approx(found.gap.item(), rel=1e-5)
    assert found.zeeman.item() / state.gap == pytest.approx(0.8, rel=1e-4)


def test_a_steep_fall_is_not_taken_for_a_jump():
    found = topology.field_at_ratio(bilayer(0.02), 0.1 * 0.02 / 1.764, 4.0, tol=1e-2)
    assert found.status.item() == "converged"
    assert found.ratio.item() == pytest.approx(4.0, rel=0.1)


def test_above_tc_there_is_no_gap_to_compare_with():
    assert topology.field_at_ratio(ISING, 1.0, 4.0).status.item() == "normal"
    with pytest.raises(sv.InvalidInput, match="`ratio` must be positive"):
        topology.field_at_ratio(ISING, 0.1, 0.0)
