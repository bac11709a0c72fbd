"""Bulk gap, nodes, nodal lines, threshold: nothing overlooked, charges against windings, closed forms."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

import spinvalley as sv
from spinvalley.checks import InvalidInput
from spinvalley.normal import fermi_contours
from spinvalley.topology.edges import edge
from spinvalley.topology.motion import node_motion
from spinvalley.topology.nodal_lines import nodal_lines
from spinvalley.topology.pencil import pencil, ray
from spinvalley.topology.search import Cells, enclosing_discs
from spinvalley.topology.zeros import find_zeros, spread_over_zone
from witness import (
    in_plane_field,
    random_bilayer,
    random_film,
    random_heterostructure,
    random_hoppings,
    random_ising_film,
    random_rashba_film,
    random_square,
)

B = np.pi / np.sqrt(3)
BONDS = np.array([[1, 0], [-0.5, np.sqrt(3) / 2], [-0.5, -np.sqrt(3) / 2]])
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=6, deadline=None)


def two_layers(**options):
    return sv.Superconductor(sv.models.heterostructure(**options), sv.s_wave(on="sc", gap0=0.1))


def one_band(beta_so=0.5, **options):
    return sv.Superconductor(sv.models.ising_film(beta_so, **options), sv.s_wave(gap0=0.1))


def paired(model):
    return sv.Superconductor(model, sv.s_wave(gap0=0.1))


def closed_form(k, beta_so, gap, field, t=-1.0, mu=0.0):
    """Lowest energy of one band with Ising coupling in an in-plane field (physics.md 1)."""
    phases = k @ BONDS.T
    xi, beta = 2 * t * np.cos(phases).sum(-1) - mu, 2 * beta_so * np.sin(phases).sum(-1)
    root = np.sqrt(xi**2 * (beta**2 + field**2) + field**2 * gap**2)
    return np.sqrt(np.maximum(xi**2 + beta**2 + field**2 + gap**2 - 2 * root, 0))


# Bounds ---------------------------------------------------------------------------------------------------------------
MODELS = [random_film, random_ising_film, random_rashba_film, random_heterostructure, random_square, random_bilayer]


@pytest.mark.parametrize("make", [*MODELS, random_hoppings])
def test_no_energy_in_a_cell_lies_below_its_bound(make):
    rng = np.random.default_rng(MODELS.index(make) if make in MODELS else 99)
    for _ in range(3):
        unit = np.append(rng.normal(size=2), rng.choice([0, 1]))
        fields = ray(paired(make(rng)), rng.uniform(0.05, 0.5), unit / np.linalg.norm(unit))
        half = rng.choice([0, 0.02])
        matrices = fields.at(0.3, half)
        size = 10.0 ** rng.uniform(-3, 0, 40)
        corners = rng.uniform(-4, 4, (40, 1, 2)) + size[:, None, None] * rng.normal(size=(40, 3, 2))
        centres, radius = enclosing_discs(corners)
        bounds = matrices.least_within(centres, radius)
        between = matrices.least_between(matrices.lowest(corners.reshape(-1, 2)).reshape(-1, 3), radius)
        inside = np.einsum("psc,pca->psa", rng.dirichlet(np.full(3, 0.5), (40, 60)), corners)
        for field in {0.3 - half, 0.3, 0.3 + half}:
            energies = fields.at(field).lowest(inside.reshape(-1, 2)).reshape(40, 60).min(axis=1)
            assert np.all(energies >= bounds - 1e-13)
            assert np.all(energies >= between - 1e-13)
        assert np.any(bounds > 0)  # and they say something


def test_bounds_with_constants_ten_times_too_small_are_violated():
    matrices = pencil(two_layers(), 0.1, 0.3)
    centres = np.random.default_rng(2).uniform(-4, 4, (5000, 2))
    energies = matrices.lowest(centres)
    centres, energies = centres[energies < 0.1], energies[energies < 0.1]  # triangles across the Fermi lines
    angles = 2 * np.pi / 3 * np.arange(3)
    corners = centres[:, None] + 0.15 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    values = matrices.lowest(corners.reshape(-1, 2)).reshape(-1, 3)
    radius = np.full(len(centres), 0.15)
    assert np.all(energies >= matrices.least_between(values, radius))
    spoil(matrices, 0.1)
    assert np.any(energies < matrices.least_between(values, radius))


def test_enclosing_discs_contain_their_triangles_and_touch_two_corners():
    triangles = np.random.default_rng(1).normal(size=(200, 3, 2))
    centres, radius = enclosing_discs(triangles)
    away = np.sort(np.linalg.norm(triangles - centres[:, None], axis=-1), axis=1)
    np.testing.assert_allclose(away[:, 1:], radius[:, None].repeat(2, 1), rtol=1e-9)


# Bulk gap -------------------------------------------------------------------------------------------------------------
def test_bulk_gap_of_the_two_layers_sits_on_the_pocket_of_the_dichalcogenide():
    sc = two_layers()
    found = sv.topology.bulk_gap(sc, 0.1, 0.0)
    assert found.status == "converged"
    assert abs(found.gap / 0.1 - 0.05235) < 1e-5
    k = found.k.values
    eps = -2 * np.cos(BONDS @ k).sum() - 3
    beta = np.sin(BONDS @ k).sum()
    # on its Fermi line, but for Gamma^2 / xi = 0.13, and far from that of the film
    assert min(abs(eps + beta), abs(eps - beta)) < 0.2 < 1 < abs(eps + 3)


@few
@given(seeds)
def test_bulk_gap_of_one_band_is_the_minimum_of_the_closed_form(seed):
    rng = np.random.default_rng(seed)
    beta, mu, gap = rng.uniform(0.1, 0.6), rng.uniform(-2, 2), rng.uniform(0.1, 0.4)
    field = rng.uniform(0.1, 0.95) * gap
    found = sv.topology.bulk_gap(one_band(beta, mu=mu), gap, field)
    starts = rng.uniform(-4.5, 4.5, (4000, 2))
    starts = starts[np.argsort(closed_form(starts, beta, gap, field, mu=mu))[:20]]
    best = min(minimize(closed_form, s, (beta, gap, field, -1.0, mu), tol=1e-14).fun for s in starts)
    assert found.status == "converged"
    assert abs(found.gap - best) < 1e-8
    assert found.error <= 1e-3 * found.gap * 1.0001


@few
@given(seeds, st.sampled_from([random_heterostructure, random_rashba_film, random_bilayer, random_square]))
def test_no_energy_of_the_zone_lies_below_the_proven_gap(seed, make):
    rng = np.random.default_rng(seed)
    sc, gap, field = paired(make(rng)), rng.uniform(0.1, 0.5), in_plane_field(rng, 0.3)
    found = sv.topology.bulk_gap(sc, gap, field, tol=0.02)
    k = rng.uniform(-1, 1, (4000, 2)) @ sc.model.lattice.reciprocal
    assert np.abs(sc.energies(k, gap, field)).min() >= float(found.gap - found.error) - 1e-13
    assert abs(np.abs(sc.energies(found.k.values, gap, field)).min() - found.gap) < 1e-12


def test_a_flat_gap_is_certified_within_its_stated_error():
    found = sv.topology.bulk_gap(paired(sv.models.film()), 0.1, 0.04)
    assert found.status == "converged"
    assert abs(found.gap - 0.06) < 1e-12
    assert 0 < found.error <= 1.0001e-3 * 0.06


def spoil(matrices, factor):
    """Make the velocities in the bounds too small by a factor: this must not go unnoticed."""
    matrices.__dict__["curvature"] = factor**2 * matrices.curvature
    matrices.__dict__["slope"] = factor * matrices.slope
    matrices.__dict__["bend"] = factor * matrices.bend


# Nodes ----------------------------------------------------------------------------------------------------------------
def test_twelve_nodes_of_the_two_layers_on_gamma_m():
    found = sv.topology.nodes(two_layers(), 0.1, 0.4)
    assert found.sizes["node"] == 12
    assert found.attrs["status"] == "converged"
    assert found.attrs["zero_set"] == "points"
    assert np.all(found.error < 1e-10)
    assert np.all(found.energy < 1e-13)
    k = found.k.values
    np.testing.assert_allclose(np.sin(k @ BONDS.T).sum(-1), 0, atol=1e-11)  # the Ising coupling vanishes
    angles = np.rad2deg(np.arctan2(k[:, 1], k[:, 0])) % 60
    np.testing.assert_allclose(angles, 30, atol=1e-9)
    projected = np.abs((k[:, 1] / B + 1) % 2 - 1)
    distinct = np.unique(projected[projected > 1e-9].round(7))
    np.testing.assert_allclose(distinct, [0.608657, 0.625021, 0.695671, 0.749959], atol=1e-6)


@pytest.mark.parametrize("field", [(0.4, 0, 0), (0, 0.4, 0), (0.24, -0.32, 0)])
def test_nodes_do_not_depend_on_the_direction_of_an_in_plane_field(field):
    found = sv.topology.nodes(one_band(), 0.1, field)
    reference = sv.topology.nodes(one_band(), 0.1, 0.4)
    np.testing.assert_allclose(found.k, reference.k, atol=1e-10)
    assert np.all(np.abs(found.charge) == 1)


def test_nodes_of_one_band_lie_where_the_closed_form_vanishes():
    gap, field = 0.1, 0.25
    found = sv.topology.nodes(one_band(), gap, field)
    target = np.sqrt(field**2 - gap**2)
    roots = [brentq(lambda r, x=x: -2 * (2 * np.cos(np.sqrt(3) / 2 * r) + 1) - x, 0, 3.6) for x in (-target, target)]
    sizes = np.linalg.norm(found.k.values, axis=1)
    np.testing.assert_allclose(sizes, np.repeat(sorted(roots), 6), atol=1e-11)


def oblique_ising(rng):
    """Ising coupling on a lattice without any symmetry but k -> -k."""
    lattice = sv.models.Lattice(((1.0, 0.0), (rng.uniform(-0.4, 0.4), rng.uniform(0.8, 1.3))))
    hoppings = {(0, 0): rng.uniform(-1, 1) * np.eye(2)}
    for n, m in ((1, 0), (0, 1), (1, -1)):
        matrix = -rng.uniform(0.3, 1) * np.eye(2) + 1j * rng.uniform(-0.4, 0.4) * np.diag([1, -1])
        hoppings |= {(n, m): matrix, (-n, -m): matrix.conj().T}
    return sv.models.from_hoppings(hoppings, lattice, ("sc",))


CASES = [
    ("armchair", random_heterostructure),
    ("zigzag", random_ising_film),
    ((2, 1), random_bilayer),
    ((1, -1), oblique_ising),
]


@pytest.mark.parametrize(("which", "make"), CASES)
def test_winding_changes_by_the_charges_that_are_passed(which, make):
    rng = np.random.default_rng(5)
    checked = 0
    for _ in range(40):
        sc, gap = paired(make(rng)), rng.uniform(0.15, 0.3)
        field = in_plane_field(rng, 2.0)
        found = sv.topology.nodes(sc, gap, field)
        if not found.attrs["chiral"] or found.attrs["zero_set"] != "points":
            continue
        checked += check_jumps(sc, gap, field, found, edge(sc.model.lattice, which))
        if checked > 12:
            return
    assert checked > 4


def check_jumps(sc, gap, field, found, side):
    """Compare charges projected on an edge with the jumps of the winding number; how many were compared."""
    turn = np.sign(side.unit[0] * side.inward[1] - side.unit[1] * side.inward[0])
    k = (found.k.values @ side.unit + 0.137) % side.period - 0.137
    order = np.argsort(k)
    k, charge = k[order], found.charge.values[order]
    groups = np.split(np.arange(len(k)), np.flatnonzero(np.diff(k) > 1e-7) + 1)
    groups = [g for g in groups if len(g)]
    places = np.array([k[g].mean() for g in groups])
    middles = 0.5 * (places + np.append(places[1:], places[:1] + side.period))
    windings = sv.topology.winding(sc, gap, field, middles, edge=side).winding.values
    jumps = windings - np.roll(windings, 1)
    np.testing.assert_array_equal(jumps, turn * np.array([charge[g].sum() for g in groups]))
    return len(groups)


@few
@given(seeds)
def test_charges_over_the_zone_sum_to_zero(seed):
    rng = np.random.default_rng(seed)
    sc = paired(random_bilayer(rng) if rng.uniform() < 0.5 else random_ising_film(rng))
    found = sv.topology.nodes(sc, 0.2, in_plane_field(rng, 1.5))
    if found.attrs["chiral"] and found.attrs["zero_set"] == "points":
        assert found.attrs["total_charge"] == 0 == found.charge.sum()
        assert found.attrs["status"] == "converged"
        assert np.all(found.energy < 1e-12)


def test_each_node_is_alone_within_its_isolation():
    found = sv.topology.nodes(two_layers(), 0.1, 1.2)
    lattice = sv.models.triangular()
    away = np.linalg.norm(lattice.fold(found.k.values[:, None] - found.k.values), axis=-1)
    np.fill_diagonal(away, np.inf)
    assert found.sizes["node"] == 18
    assert np.all(away.min(axis=1) > found.isolation)


def test_velocities_ten_times_too_small_miss_nodes():
    honest, broken = pencil(one_band(), 0.1, 0.3), pencil(one_band(), 0.1, 0.3)
    assert len(spread_over_zone(honest, find_zeros(honest, 1e-10).zeros)) == 12
    spoil(broken, 0.1)
    cells = Cells.cover(honest)
    assert nodes_in(cells[cells.least(honest, 0.0) <= 0]) == 2 == nodes_in(cells)  # of a twelfth of the zone
    assert nodes_in(cells[cells.least(broken, 0.0) <= 0]) < 2


def nodes_in(cells):
    """How many of the nodes of one band (gap 0.1, field 0.3) lie in the triangles."""
    k = sv.topology.nodes(one_band(), 0.1, 0.3).k.values
    a, b, c = np.moveaxis(cells.corners, 1, 0)
    weights = np.linalg.solve(np.stack([b - a, c - a], axis=-1)[:, None], (k - a[:, None])[..., None])[..., 0]
    inside = np.all(weights > -1e-9, axis=-1) & (weights.sum(axis=-1) < 1 + 1e-9)
    return np.count_nonzero(np.any(inside, axis=0))


@pytest.mark.parametrize("excess", [1e-3, 1e-6, 1e-9])
def test_nodes_are_separated_until_they_merge(excess):
    found = sv.topology.nodes(one_band(), 0.1, 0.1 * (1 + excess), tol=1e-9)
    assert found.sizes["node"] == 12
    assert found.attrs["status"] == "converged"
    assert sv.topology.nodes(one_band(), 0.1, 0.1 * (1 - excess)).sizes["node"] == 0


def test_merging_nodes_are_reported_as_not_converged():
    found = sv.topology.nodes(one_band(), 0.1, 0.1)
    assert found.sizes["node"] == 6
    assert set(found.status.values) == {"not converged"} == {found.attrs["status"]}
    assert np.all(found.charge == 0)
    exact = 2 * np.pi / np.sqrt(3) * 2 / 3  # cos = -1/2
    np.testing.assert_allclose(np.linalg.norm(found.k, axis=1), exact, atol=float(found.error.max()))
    assert found.error.max() < 1e-6


def test_nodes_without_chiral_symmetry_carry_no_charge():
    found = sv.topology.nodes(one_band(), 0.1, (0.3, 0, 0.05))
    assert found.attrs["chiral"] == 0
    assert found.sizes["node"] == 12
    assert np.all(found.charge == 0)
    assert np.all(found.energy < 1e-13)


def test_a_spurious_gapless_line_is_named_and_not_listed_as_points():
    for field in (0.3, (0, 0, 0.3)):
        found = sv.topology.nodes(paired(sv.models.film()), 0.1, field)
        assert found.attrs["zero_set"] == "lines"
        assert found.attrs["status"] == "gap closed"
        assert found.sizes["node"] == 0
    assert sv.topology.nodes(two_layers(coupling=0.0), 0.1, 0.0).attrs["zero_set"] == "lines"  # a metal beside


# Nodal lines ----------------------------------------------------------------------------------------------------------
@few
@given(seeds)
def test_nodal_lines_of_a_film_are_level_lines_of_its_band(seed):
    rng = np.random.default_rng(seed)
    model, gap = random_film(rng), rng.uniform(0.05, 0.3)
    field = gap * rng.uniform(1.2, 3)
    found = nodal_lines(paired(model), gap, field, cells=6000)
    level = np.sqrt(field**2 - gap**2)
    xi = model.hamiltonian(found.k.values)[..., 0, 0].real
    np.testing.assert_allclose(np.abs(xi), level, atol=1e-11)
    levels = [fermi_contours(model, e) for e in (-level, level)]
    areas = np.concatenate([c.area.values[c.band.values == 0] for c in levels])  # each energy has two spins
    closed, areas = found.area.values[~np.isnan(found.area.values)], areas[~np.isnan(areas)]
    assume(found.attrs["status"] == "converged")  # two lines very close to each other may need more cells
    np.testing.assert_allclose(np.sort(closed), np.sort(areas), atol=3e-4)
    assert np.all(found.modes == 2)


def test_a_field_out_of_the_plane_makes_lines_that_ising_coupling_does_not_remove():
    sc, gap, field = one_band(0.3), 0.1, 0.25
    found = nodal_lines(sc, gap, (0, 0, field), cells=8000)
    k = found.k.values
    phases = k @ BONDS.T
    xi, beta = -2 * np.cos(phases).sum(-1), 2 * 0.3 * np.sin(phases).sum(-1)
    off = np.minimum(np.abs(np.hypot(xi + beta, gap) - field), np.abs(np.hypot(xi - beta, gap) - field))
    assert found.sizes["contour"] == 4
    assert off.max() < 1e-11
    assert np.all(found.modes == 1)
    assert found.attrs["status"] == "converged"
    gapped = nodal_lines(sc, gap, (0, 0, 0.9 * gap), cells=8000)
    assert gapped.sizes["contour"] == 0


def test_lines_of_a_centrosymmetric_bilayer_have_a_real_determinant():
    layers = [sv.models.film(-0.8, 0.2) + sv.models.IsingSOC(0.3), sv.models.tmd(-0.8, 0.2, -0.3)]
    sc = paired(sv.models.stack(*layers, coupling=0.3))
    found = nodal_lines(sc, 0.1, 0.5, cells=20_000)
    assert found.sizes["contour"] == 4
    assert max(np.abs(sc.energies(k, 0.1, 0.5)).min(axis=-1).max() for k in found.k.values) < 1e-12
    assert sv.topology.nodes(sc, 0.1, 0.5).attrs["zero_set"] == "lines"


def test_nodal_points_are_not_lines():
    assert nodal_lines(one_band(), 0.1, 0.3).sizes["contour"] == 0


# The door -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda sc: sv.topology.nodes(sc, -0.1, 0.3), "`gap` must be non-negative"),
        (lambda sc: sv.topology.nodes(sc, 0.1, np.nan), "`zeeman` must be finite"),
        (lambda sc: sv.topology.nodes(sc, 0.1, 0.3, tol=0), "`tol` must be positive"),
        (lambda _: sv.topology.nodes("film", 0.1, 0.3), "`sc` must be a Superconductor"),
        (lambda sc: sv.topology.bulk_gap(sc, 0.1, 0.3, tol=2), "`tol` must be below 1"),
        (lambda sc: sv.topology.threshold(sc, 0.1, (0, 0, 0)), "`direction` must be a nonzero 3-vector"),
        (lambda sc: sv.topology.threshold(sc, 0.1, largest=-1), "`largest` must be positive"),
        (lambda sc: nodal_lines(sc, 0.1, 0.3, points=3), "`points` must be a whole number of at least 8"),
        (lambda _: node_motion([], 0.1, 0.3), "`sc` must hold at least one"),
        (lambda sc: node_motion(sc, [0.1, 0.2], [0.1, 0.2, 0.3]), "must have one length or be single"),
        (lambda sc: node_motion([sc, paired(sv.models.film(a=2.0))], 0.1, 0.3), "on one lattice"),
        (lambda sc: node_motion(sc, 0.1, 0.3, reach=-1), "`reach` must be positive"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(InvalidInput, match=words):
        call(one_band())
