"""Winding numbers: counted equals integrated, jumps at closings only, and the numbers of the heterostructure."""

import numpy as np
import pytest
from scipy.optimize import bisect

import spinvalley as sv
from spinvalley import topology
from spinvalley.topology.columns import columns
from spinvalley.topology.edges import edge as named_edge
from spinvalley.topology.roots import evaluate, polynomial_roots, smallest_singular, winding_numbers
from spinvalley.topology.winding import chiral_columns
from topology_cases import BILAYER, ISING, B, random_cases


@pytest.mark.parametrize(("sc", "gap", "field", "k"), random_cases(30, 4))
def test_roots_counted_equal_the_phase_integrated(sc, gap, field, k):
    edge = ("armchair", "zigzag", (2, 1), (3, 1))[int(1000 * abs(k)) % 4]
    counted = topology.winding(sc, gap, field, [k], edge)
    integrated = topology.winding_integral(sc, gap, field, [k], edge)
    assert counted.status.item() == integrated.status.item() == "converged"
    assert integrated.winding.item() == pytest.approx(counted.winding.item(), abs=1e-9)


def test_random_cases_are_not_all_trivial():
    found = [int(topology.winding(sc, gap, v, [k]).winding[0]) for sc, gap, v, k in random_cases(30, 4)]
    assert {-1, 0, 1} <= set(found)


@pytest.mark.parametrize(
    ("below", "above", "place"),
    [(0, 1, 0.608657), (1, -1, 0.625021), (-1, 1, 0.695671), (1, 0, 0.749959)],
)
def test_winding_of_the_heterostructure_changes_where_it_must(below, above, place):
    def winding(x):
        return int(topology.winding(BILAYER, 0.1, 0.4, [x * B]).winding[0])

    assert (winding(place - 1e-3), winding(place + 1e-3)) == (below, above)
    found = bisect(lambda x: winding(x) - 0.5 * (below + above), place - 1e-3, place + 1e-3, xtol=1e-9)
    assert found == pytest.approx(place, abs=1e-6)


def test_there_are_no_other_intervals_and_the_winding_is_even_in_k():
    k = np.linspace(0.0005, 0.9995, 1000) * B
    here = topology.winding(BILAYER, 0.1, 0.4, k).winding.values
    starts = k[1:][np.diff(here) != 0] / B
    np.testing.assert_allclose(starts, [0.608657, 0.625021, 0.695671, 0.749959], atol=2e-3)
    np.testing.assert_array_equal(topology.winding(BILAYER, 0.1, 0.4, -k).winding, here)


def test_zigzag_edges_and_fields_below_the_gap_have_no_winding():
    zigzag = topology.winding(BILAYER, 0.1, 0.4, np.linspace(-np.pi, np.pi, 501)[:-1] + 1e-3, "zigzag")
    assert not np.any(zigzag.winding)
    assert set(zigzag.status.values) == {"converged"}
    weak = topology.winding(BILAYER, 0.1, 0.09, np.linspace(-B, B, 200))
    assert not np.any(weak.winding)


def test_exactly_at_a_closing_there_is_no_integer():
    """Ising film: on Gamma-M the coupling vanishes, and the gap closes where xi^2 = V^2 - Delta^2."""
    gap, field = 0.3, 1.2

    def xi(y):
        return float(ISING.model.hamiltonian([0.0, y])[0, 0].real) - np.sqrt(field**2 - gap**2)

    place = bisect(xi, 0.1, 3.6, xtol=1e-15)
    found = topology.winding(ISING, gap, field, [place, place - 1e-5, place + 1e-5])
    assert found.status.values.tolist() == ["gap closed", "converged", "converged"]
    assert found.gap[0] < 1e-12
    assert found.winding[0] == 0
    assert found.winding[1] != found.winding[2]


def test_a_film_without_spin_orbit_coupling_is_gapless_between_its_nodal_lines():
    film = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.3))
    assert topology.winding(film, 0.3, 1.2, [0.5]).status.item() == "gap closed"
    assert topology.winding(film, 0.3, 0.2, [0.5]).status.item() == "converged"


def test_roots_are_roots_and_all_of_them():
    rng = np.random.default_rng(8)
    blocks = rng.normal(size=(5, 6, 3, 3)) + 1j * rng.normal(size=(5, 6, 3, 3))
    roots = polynomial_roots(blocks)
    assert roots.shape == (6, 12)
    for n in range(12):
        values = evaluate(blocks, roots[:, n])
        assert (smallest_singular(values) / np.abs(values).max(axis=(1, 2))).max() < 1e-10
    # the product of all roots is det A_-r / det A_r
    product = np.prod(roots, axis=1) * np.linalg.det(blocks[-1]) / np.linalg.det(blocks[0])
    np.testing.assert_allclose(product, 1, rtol=1e-8)


def test_roots_at_zero_and_infinity_are_counted():
    """A chain that hops one way: A = 1 + lambda (inside nothing), and its mirror image."""
    blocks = np.zeros((3, 1, 1, 1))
    blocks[1], blocks[2] = 0.5, 1.0
    assert winding_numbers(blocks)[0].tolist() == [1]
    blocks[1] = 2.0
    assert winding_numbers(blocks)[0].tolist() == [0]
    assert winding_numbers(np.array(blocks[::-1]))[0].tolist() == [0]


def test_the_winding_does_not_depend_on_the_choice_of_the_column_vector():
    sides, frame = chiral_columns(BILAYER, 0.1, 0.4, "armchair")
    k = np.linspace(0.55, 0.8, 20) * B
    here = winding_numbers(frame.blocks(sides, k))[0]
    shifted = named_edge(BILAYER.model.lattice, (1, 2))  # the same edge seen from the other side: x < 0
    there = topology.winding(BILAYER, 0.1, 0.4, k, shifted)
    np.testing.assert_array_equal(there.winding, -here)


def test_counting_zeros_without_the_poles_is_wrong():
    """The broken variant."""
    sides, frame = chiral_columns(ISING, 0.3, 1.2, "armchair")
    k = np.array([0.7 * B])
    inside = np.sum(np.abs(polynomial_roots(frame.blocks(sides, k))) < 1)
    true = topology.winding_integral(ISING, 0.3, 1.2, k).winding.item()
    assert inside != pytest.approx(true)
    assert inside - 4 == pytest.approx(true)


def test_a_callable_hamiltonian_winds_like_its_hoppings():
    model = ISING.model
    same = sv.models.from_callable(model.hamiltonian, model.lattice, ("sc",))
    k = np.linspace(0.05, 0.95, 30) * B
    want = topology.winding(ISING, 0.3, 1.2, k).winding
    np.testing.assert_array_equal(topology.winding(sv.Superconductor(same, ISING.pairing), 0.3, 1.2, k).winding, want)


def test_any_edge_direction_spans_the_lattice():
    for lattice in (sv.models.triangular(), sv.models.square(2.0)):
        for pair in [(1, 0), (1, 2), (-3, 5), (7, -4), (0, -1)]:
            which = named_edge(lattice, pair)
            determinant = which.along[0] * which.across[1] - which.along[1] * which.across[0]
            assert determinant == 1
            assert which.spacing > 0
            assert which.spacing * 2 * np.pi / which.period == pytest.approx(abs(np.linalg.det(lattice.matrix)))
            turn = np.linalg.det([which.unit, which.inward])
            assert turn == pytest.approx(1)  # the sample lies to the left
            cell = 3 * np.array(pair) - 2 * np.array(which.across)
            assert which.column(tuple(cell)) == -2


def test_columns_add_up_to_the_bulk_hamiltonian():
    rng = np.random.default_rng(0)
    for edge in ("armchair", "zigzag", (2, 1), (-1, 3)):
        sides = columns(BILAYER, 0.2, (0.1, 0.2, 0.3), edge)
        k_parallel, k_across = rng.uniform(-3, 3, 2)
        k = sides.edge.momentum(np.array(k_parallel), np.array(k_across))
        blocks = sides.blocks(np.array([k_parallel]))
        total = evaluate(blocks, np.exp(1j * np.array([k_across]) * sides.edge.spacing))[0]
        np.testing.assert_allclose(total, BILAYER.hamiltonian(k, 0.2, (0.1, 0.2, 0.3)), atol=1e-12)


def test_bad_input_is_one_sentence():
    with pytest.raises(
        sv.InvalidInput, match="chiral symmetry, but the Ising spin-orbit coupling or the field along z"
    ):
        topology.winding(ISING, 0.3, (0.1, 0.0, 0.1), [0.1])
    rashba = sv.Superconductor(ISING.model + sv.models.Rashba(0.1), ISING.pairing)
    with pytest.raises(sv.InvalidInput, match="in-plane spin-orbit coupling or the field along x breaks it"):
        topology.winding(rashba, 0.3, 1.2, [0.1])
    with pytest.raises(sv.InvalidInput, match="`edge` must be zigzag, armchair or a pair"):
        topology.winding(ISING, 0.3, 1.2, [0.1], edge="rough")
    with pytest.raises(sv.InvalidInput, match=r"coprime whole numbers \(n1, n2\), but is \(2, 4\)"):
        topology.winding(ISING, 0.3, 1.2, [0.1], edge=(2, 4))
    with pytest.raises(sv.InvalidInput, match="`k_parallel` must be finite"):
        topology.winding(ISING, 0.3, 1.2, [np.nan])
    with pytest.raises(sv.InvalidInput, match="`gap` must be non-negative"):
        topology.winding(ISING, -0.3, 1.2, [0.1])
    square = sv.Superconductor(sv.models.from_hoppings({(0, 0): np.eye(2)}, sv.models.square()), sv.s_wave(v=1.0))
    with pytest.raises(sv.InvalidInput, match="`edge` must be straight, diagonal or a pair"):
        topology.winding(square, 0.3, 0.0, [0.1])
    pole = sv.models.from_callable(
        lambda k: (1 / (np.cos(k[..., 0]) - 0.999))[..., None, None] * np.eye(2), sv.models.square()
    )
    with pytest.raises(sv.InvalidInput, match="`model` must have hoppings of finite range"):
        topology.winding(sv.Superconductor(pole, sv.s_wave(v=1.0)), 0.3, 0.0, [0.1], "straight")


# Long hoppings, flat bands --------------------------------------------------------------------------------------------
def film_with_long_hoppings(decay):
    """An Ising film whose hoppings fall off slowly: the smaller `decay`, the longer."""
    bonds = np.array([[1.0, 0.0], [-0.5, np.sqrt(3) / 2], [-0.5, -np.sqrt(3) / 2]])

    def h(k):
        even, odd = np.cos(k @ bonds.T).sum(axis=-1), np.sin(k @ bonds.T).sum(axis=-1)
        xi = -2 * even + 0.8 / (3 * decay - even)
        return xi[..., None, None] * np.eye(2) + odd[..., None, None] * np.diag([1.0, -1.0])

    return sv.Superconductor(sv.models.from_callable(h, sv.models.triangular()), sv.s_wave(gap0=0.3))


@pytest.mark.parametrize("edge", [(8, -5), (11, -8), (-7, 4)])
def test_edges_of_long_period_wind_as_the_phase_does(edge):
    k = np.linspace(0.01, 0.4, 6)
    counted = topology.winding(ISING, 0.3, 1.2, k, edge)
    np.testing.assert_allclose(topology.winding_integral(ISING, 0.3, 1.2, k, edge).winding, counted.winding, atol=1e-9)
    np.testing.assert_array_equal(topology.edge_zero_modes(ISING, 0.3, 1.2, k, edge).winding, counted.winding)
    assert set(counted.status.values) == {"converged"}


@pytest.mark.parametrize("decay", [2.0, 1.5])
def test_long_hoppings_wind_as_the_phase_does(decay):
    sc, k = film_with_long_hoppings(decay), np.linspace(0.1, 1.75, 8)
    assert columns(sc, 0.3, 1.2, "armchair").reach > 12
    counted = topology.winding(sc, 0.3, 1.2, k).winding
    np.testing.assert_allclose(topology.winding_integral(sc, 0.3, 1.2, k).winding, counted, atol=1e-9)
    assert np.any(counted != 0)


def test_the_integral_is_a_witness_for_the_heterostructure_too():
    found = topology.winding_integral(BILAYER, 0.1, 0.4, np.array([0.61, 0.65, 0.7, 0.9]) * B)
    np.testing.assert_allclose(found.winding, [1, -1, 1, 0], atol=1e-9)
    assert set(found.status.values) == {"converged"}


def test_a_flat_band_at_zero_energy_leaves_no_integer():
    hop = np.diag([-1.0, -1.0, 0.0, 0.0])
    table = dict.fromkeys([(1, 0), (-1, 0), (0, 1), (0, -1)], hop)
    model = sv.models.from_hoppings(table, sv.models.square(), ("sc", "dark"))
    dark = sv.Superconductor(model, sv.s_wave(on="sc", gap0=0.1))
    atom = sv.Superconductor(
        sv.models.from_hoppings({(0, 0): 0.1 * np.eye(2)}, sv.models.square()), sv.s_wave(gap0=0.1)
    )
    for sc, field in ((dark, 0.0), (atom, np.hypot(0.3, 0.1))):
        assert topology.winding(sc, 0.3, field, [0.4], "straight").status.item() == "gap closed"
        assert topology.edge_zero_modes(sc, 0.3, field, [0.4], "straight").status.item() == "gap closed"
    assert topology.bulk_gap(atom, 0.3, 0.1).gap.item() == pytest.approx(np.hypot(0.3, 0.1) - 0.1)


def test_equation_8_does_not_depend_on_the_unit_of_energy():
    hop = sv.models.hoppings_of(BILAYER.model)
    gaps = []
    for scale in (1.0, 1e3, 1e-6):
        table = {cell: scale * matrix for cell, matrix in hop.items()}
        model = sv.models.from_hoppings(table, BILAYER.model.lattice, BILAYER.model.layers)
        sc = sv.Superconductor(model, sv.s_wave(on="sc", gap0=0.1 * scale))
        gaps.append(topology.effective(sc, 0.1 * scale, 0.4 * scale).gap / scale)
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-9)
