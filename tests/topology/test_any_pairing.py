"""Nodes, flat bands and edges of any pairing: d and p waves against closed forms, strips and half planes."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from pairing_forms import FLIP, SPINS, bonds, d_x2_y2, d_xy, p_wave, square_film, superconductor, turning
from spinvalley import topology
from spinvalley.numerics.intertwiners import violation
from spinvalley.spin import chiral
from spinvalley.topology.chirality import Frame, find_chiral
from spinvalley.topology.columns import columns, hopping_table
from spinvalley.topology.pencil import pencil
from spinvalley.topology.roots import winding_numbers
from spinvalley.topology.search import minimum

seeds = st.integers(0, 2**32 - 1)
MU, GAP = -0.7, 0.3
FILM = square_film(MU)
ON_AXIS = np.arccos(-MU / 2 - 1)  # Fermi momentum along x: cos k = -mu/2 - 1
ON_DIAGONAL = np.arccos(-MU / 4)
FORMS = {
    "d_xy": d_xy(FILM),
    "d_x2-y2": d_x2_y2(FILM),
    "p_x:z": p_wave(FILM, "x", SPINS["z"]),
    "p_y:x": p_wave(FILM, "y", SPINS["x"]),
}


def quiet_strip(*args, **kw):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", topology.FiniteSizeWarning)
        return topology.strip(*args, **kw)


# Nodes ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("d_xy", [(ON_AXIS, 0), (-ON_AXIS, 0), (0, ON_AXIS), (0, -ON_AXIS)]),
        ("d_x2-y2", [(a * ON_DIAGONAL, b * ON_DIAGONAL) for a in (1, -1) for b in (1, -1)]),
        ("p_x:z", [(0, ON_AXIS), (0, -ON_AXIS)]),
        ("p_y:x", [(ON_AXIS, 0), (-ON_AXIS, 0)]),
    ],
)
def test_nodes_lie_where_the_form_factor_vanishes_on_the_fermi_line(name, where):
    """Both spins have a node there, of one sign; charges alternate around the Fermi line for d, and for p too."""
    found = topology.nodes(superconductor(FILM, FORMS[name]), GAP, 0.0)
    assert (found.attrs["zero_set"], found.attrs["status"]) == ("points", "converged")
    away = np.linalg.norm(found.k.values[:, None] - np.array(where), axis=-1)
    assert sorted(np.argmin(away, axis=1)) == list(range(len(where)))
    assert away.min(axis=1).max() < 1e-9
    assert np.abs(found.charge.values).tolist() == [2] * len(where)
    assert found.attrs["total_charge"] == 0
    angles = np.argsort(np.arctan2(found.k.values[:, 1], found.k.values[:, 0]))
    signs = np.sign(found.charge.values[angles])
    assert np.all(signs == -np.roll(signs, 1))


@given(seeds)
@settings(max_examples=5, derandomize=True)
def test_the_direction_of_d_does_not_matter_without_a_field(seed):
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    spin = sum(x * SPINS[axis] for x, axis in zip(direction, "xyz", strict=True))
    sc = superconductor(FILM, p_wave(FILM, "x", spin))
    want = topology.flat_bands(superconductor(FILM, FORMS["p_x:z"]), GAP, 0.0, (0, 1))
    found = topology.flat_bands(sc, GAP, 0.0, (0, 1))
    np.testing.assert_allclose(found.start, want.start, atol=1e-8)
    np.testing.assert_allclose(found.stop, want.stop, atol=1e-8)
    assert np.abs(found.winding.values).tolist() == np.abs(want.winding.values).tolist() == [2]


def test_a_field_across_d_splits_the_nodes_and_one_along_d_makes_lines():
    """Across d pairs have equal spins along the field: nodes at xi = +-V. Along d the levels shift: E = +-V."""
    field = 0.1
    across = topology.nodes(superconductor(FILM, FORMS["p_x:z"]), GAP, field)
    where = [s * np.arccos(-(MU + v) / 2 - 1) for s in (1, -1) for v in (field, -field)]
    np.testing.assert_allclose(np.sort(across.k.values[:, 1]), np.sort(where), atol=1e-9)
    assert sorted(across.charge.values) == [-1, -1, 1, 1]
    along = topology.nodes(superconductor(FILM, FORMS["p_x:z"]), GAP, (0, 0, field))
    assert (along.attrs["zero_set"], along.attrs["status"]) == ("lines", "gap closed")


def test_the_on_site_channel_has_the_nodes_of_s_wave():
    film = sv.models.ising_film(0.5)
    form = sv.pairing.Channel("s", film.lattice, film.layers, {(0, 0): FLIP})
    one, two = (
        topology.nodes(sc, 0.3, 1.2) for sc in (superconductor(film, form), sv.Superconductor(film, sv.s_wave(v=1.0)))
    )
    np.testing.assert_array_equal(one.k, two.k)
    np.testing.assert_array_equal(one.charge, two.charge)


# Flat bands (Hu 1994; Sato, Tanaka, Yada, Yokoyama 2011) --------------------------------------------------------------
DIAGONAL = np.sqrt(2) * np.pi
TABLE = [
    ("d_xy", "straight", ON_AXIS, 2 * ON_AXIS / (2 * np.pi)),
    ("d_xy", "diagonal", None, 0.0),
    ("d_x2-y2", "straight", None, 0.0),
    ("d_x2-y2", "diagonal", np.sqrt(2) * ON_DIAGONAL, 2 * np.sqrt(2) * ON_DIAGONAL / DIAGONAL),
    ("p_x:z", (0, 1), ON_AXIS, 2 * ON_AXIS / (2 * np.pi)),
    ("p_x:z", (1, 0), None, 0.0),
    ("p_y:x", (1, 0), ON_AXIS, 2 * ON_AXIS / (2 * np.pi)),
]


@pytest.mark.parametrize(("name", "edge", "end", "fraction"), TABLE)
def test_andreev_flat_bands_where_the_form_factor_changes_sign_on_reflection(name, edge, end, fraction):
    found = topology.flat_bands(superconductor(FILM, FORMS[name]), GAP, 0.0, edge)
    assert found.status == "converged"
    assert found.fraction.item() == pytest.approx(fraction, abs=1e-9)
    if end is not None:
        np.testing.assert_allclose([found.start.min(), found.stop.max()], [-end, end], atol=1e-9)
        assert set(np.abs(found.winding.values)) == {2}


@pytest.mark.parametrize(("name", "edge"), [row[:2] for row in TABLE])
def test_half_planes_and_strips_have_the_modes_that_wind(name, edge):
    sc = superconductor(FILM, FORMS[name])
    k = np.array([0.35, 1.1, 1.8])
    winding = topology.winding(sc, GAP, 0.0, k, edge)
    seen = topology.edge_zero_modes(sc, GAP, 0.0, k, edge)
    assert set(winding.status.values) == set(seen.status.values) == {"converged"}
    np.testing.assert_array_equal(seen.winding, winding.winding)
    np.testing.assert_array_equal(seen.modes, np.abs(winding.winding))
    np.testing.assert_allclose(topology.winding_integral(sc, GAP, 0.0, k, edge).winding, winding.winding, atol=1e-9)
    levels = quiet_strip(sc, GAP, 0.0, 200, k, edge, states=6)
    wide = ~levels.finite_size.values
    assert np.any(wide)
    sizes = np.abs(levels.energy.values)
    zeros = np.sum(sizes < 0.05 * sizes.max(axis=1, keepdims=True), axis=1) / 2  # one set at each end
    np.testing.assert_array_equal(zeros[wide], np.abs(winding.winding.values)[wide])


def test_zero_modes_of_d_xy_are_one_for_each_spin():
    modes = topology.zero_modes(superconductor(FILM, FORMS["d_xy"]), GAP, 0.0, 0.9, "straight")
    assert (modes.sizes["mode"], modes.status) == (2, "converged")
    assert modes.residual.max() < 1e-12
    assert len(set(modes.chirality.values)) == 1


def test_sectors_that_are_not_oriented_alike_lose_the_modes():
    """The broken variant: sigma_x tau_y is a chiral symmetry of d_xy too, but counts the spins against each other."""
    sc = superconductor(FILM, FORMS["d_xy"])
    sides = columns(sc, GAP, 0.0, "straight")
    named = chiral(1)
    matrices = np.array(list(sides.table.values()))
    assert violation(matrices, -matrices, named) == 0
    values, states = np.linalg.eigh(named)
    wrong = Frame(named, states[:, values > 0], states[:, values < 0])
    k = np.array([0.9])
    assert winding_numbers(wrong.blocks(sides, k))[0].tolist() == [0]
    assert np.abs(topology.winding(sc, GAP, 0.0, k, "straight").winding.values).tolist() == [2]
    assert topology.edge_zero_modes(sc, GAP, 0.0, k, "straight").modes.values.tolist() == [2]


@pytest.mark.parametrize(("name", "direction", "edge"), [("p_x:z", (1, 0, 0), (0, 1)), ("p_y:x", (0, 1, 0), (1, 0))])
def test_a_small_spin_splitting_does_not_turn_the_orientation(name, direction, edge):
    """The winding is continuous where a field across d splits the spins into two different sectors."""
    sc = superconductor(FILM, FORMS[name])
    whole = topology.winding(sc, GAP, 0.0, 0.5, edge).winding.item()
    for field in (1e-3, -1e-3):
        split = topology.winding(sc, GAP, field * np.array(direction), 0.5, edge)
        assert split.winding.item() == whole != 0


@pytest.mark.parametrize("name", list(FORMS))
def test_the_chiral_operator_is_one(name):
    table = hopping_table(superconductor(FILM, FORMS[name]), GAP, 0.0)
    operator, matrices = find_chiral(table), np.array(list(table.values()))
    assert operator is not None
    assert violation(matrices, -matrices, operator) < 1e-10
    np.testing.assert_allclose(operator @ operator, np.eye(4), atol=1e-10)
    np.testing.assert_allclose(operator, operator.conj().T, atol=1e-10)


# Broken time reversal, and what has no meaning ------------------------------------------------------------------------
def test_broken_time_reversal_has_no_winding_and_says_why():
    sc = superconductor(FILM, FORMS["d_x2-y2"] + 1j * FORMS["d_xy"])
    with pytest.raises(sv.InvalidInput, match="chiral symmetry, but the pairing breaks it: its phase varies"):
        topology.winding(sc, GAP, 0.0, [0.1], "straight")
    with pytest.raises(sv.InvalidInput, match="the pairing breaks it"):
        topology.zero_modes(sc, GAP, 0.0, 0.1, "straight")
    found = topology.symmetry_class(sc, GAP, 0.0, "straight")
    assert found.attrs["chiral_broken_by"] == "pairing"
    assert not found.exists.sel(symmetry="chiral")
    assert topology.nodes(sc, GAP, 0.0).attrs["zero_set"] == "none"


def test_a_global_phase_changes_nothing():
    for factor in (1j, np.exp(0.7j)):
        found = topology.flat_bands(superconductor(FILM, factor * FORMS["d_xy"]), GAP, 0.0, "straight")
        assert np.abs(found.winding.values).tolist() == [2, 2]


def test_equation_8_is_refused_for_other_forms():
    film = sv.models.film()
    with pytest.raises(sv.InvalidInput, match="must be on-site and singlet"):
        topology.effective(superconductor(film, turning(film, 0, FLIP)), 0.1)


# Gaps, thresholds, Andreev reflection ---------------------------------------------------------------------------------
@given(seeds)
@settings(max_examples=6, derandomize=True)
def test_the_bulk_gap_of_sectors_is_that_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    model = sv.models.film(mu=rng.uniform(-4, 2))
    form = turning(model, 2, FLIP) if rng.random() < 0.5 else turning(model, 1, SPINS[str(rng.choice(list("xyz")))])
    form = form + rng.uniform(0, 0.5) * bonds(model, "even", {(0, 0): 1}, FLIP) if form.spin == "singlet" else form
    sc, gap = superconductor(model, form), rng.uniform(0.2, 0.6)
    found = topology.bulk_gap(sc, gap, 0.0)
    whole = minimum(pencil(sc, gap, 0.0), 1e-9, 1e-2)
    assert found.gap.item() == pytest.approx(whole.value, rel=1e-9, abs=1e-9)
    k = rng.uniform(-np.pi, np.pi, (4000, 2))
    assert found.gap - found.error <= np.abs(np.linalg.eigvalsh(sc.hamiltonian(k, gap))).min()


def test_a_field_closes_the_gap_of_a_singlet_at_the_gap():
    """Without spin-orbit coupling the levels of a singlet shift by V; those of a triplet with d across it do not."""
    film = sv.models.film(mu=-1.0)
    sc = superconductor(film, turning(film, 2, FLIP))
    gap = topology.bulk_gap(sc, 0.4, 0.0).gap.item()
    assert topology.threshold(sc, 0.4, tol=1e-2).zeeman.item() == pytest.approx(gap, abs=5e-3)
    triplet = superconductor(film, turning(film, 1, SPINS["z"]))
    assert topology.bulk_gap(triplet, 0.4, 1.0).gap > 0.2


def test_andreev_reflection_from_flat_bands_of_d_xy_is_perfect_for_both_spins():
    sc = superconductor(FILM, FORMS["d_xy"])
    seen = topology.andreev(sc, GAP, 0.0, [0.9], 0.0, "straight", coupling=0.1)
    assert seen.attrs["layer"] == "sc"
    np.testing.assert_allclose(seen.conductance.values[0, 0], [2, 2], atol=1e-6)
    nodal = topology.andreev(superconductor(FILM, FORMS["d_x2-y2"]), GAP, 0.0, [0.9], 0.0, "straight", coupling=0.1)
    assert np.all(nodal.conductance < 0.5)
