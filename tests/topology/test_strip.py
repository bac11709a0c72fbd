"""Laws of strips: energies, wave functions, zero modes and the honesty about width.

The independent route builds the strip from h(k) alone: the coupling of two columns is the Fourier coefficient of the
Bogoliubov-de Gennes matrix over k_perp, and LAPACK solves the dense matrix.
"""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import spinvalley as sv
import witness
from spinvalley.checks import InvalidInput
from spinvalley.topology import banded, inertia, lowest
from spinvalley.topology.profiles import local_density, strip_states
from spinvalley.topology.strip import FiniteSizeWarning
from spinvalley.topology.strip import strip as warned
from spinvalley.topology.width import width_for
from spinvalley.topology.winding import winding

B = np.pi / np.sqrt(3)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=8, deadline=None)
MODELS = [
    witness.random_ising_film,
    witness.random_rashba_film,
    witness.random_heterostructure,
    witness.random_square,
    witness.random_bilayer,
    witness.random_hoppings,
]


def strip(*args, **kwargs):
    """The strip without its warning, which has a test of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FiniteSizeWarning)
        return warned(*args, **kwargs)


def states(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FiniteSizeWarning)
        return strip_states(*args, **kwargs)


def film(beta=0.5, gap=0.3):
    return sv.Superconductor(sv.models.ising_film(beta), sv.s_wave(gap0=gap))


def directions(lattice, edge):
    """Unit vectors along and across an edge, and the distance of the columns."""
    named = {"armchair": (1, 2), "zigzag": (1, 0), "straight": (1, 0)}
    vector = np.asarray(named.get(edge, edge), dtype=float) @ lattice.matrix
    along = vector / np.linalg.norm(vector)
    left = np.array([-along[1], along[0]])
    inward = -left if edge == "armchair" else left
    return along, inward, abs(np.linalg.det(lattice.matrix)) / np.linalg.norm(vector)


def matrix(sc, gap, field, width, k, edge, periodic=False):
    """The dense strip from h(k): the coupling over n columns is the mean over k_perp of exp(-i n k_perp d) H(k)."""
    along, inward, spacing = directions(sc.model.lattice, edge)
    mesh = width if periodic else 64
    across = 2 * np.pi * np.arange(mesh) / (mesh * spacing)
    points = k * along + across[:, None] * inward
    paired = np.diag(sc.pairing.diagonal(sc.model)[::2]).diagonal()
    bulk = witness.bdg(sc.model, paired, points, gap, field)
    coupling = np.fft.fft(bulk, axis=0) / mesh  # index n mod mesh
    size = bulk.shape[-1]
    out = np.zeros((width, size, width, size), dtype=complex)
    for i in range(width):
        for j in range(width):
            if periodic or abs(j - i) < 10:
                out[i, :, j] = coupling[(j - i) % mesh]
    return out.reshape(width * size, width * size)


def nearest(energies, count):
    return np.sort(np.sort(np.abs(energies))[:count])


@pytest.mark.parametrize("make", MODELS)
@quick
@given(seed=seeds)
def test_the_energies_are_those_of_the_dense_strip(make, seed):
    rng = np.random.default_rng(seed)
    model = make(rng)
    field = witness.in_plane_field(rng) if rng.uniform() < 0.5 else witness.random_field(rng)
    sc, gap = sv.Superconductor(model, sv.s_wave(v=1.0)), rng.uniform(0.05, 0.5)
    named = [e for e in ("armchair", "zigzag", "straight") if e in sv.topology.edges.known_edges(model.lattice)]
    edge = rng.choice([*named, "pair"])
    edge = (1, 0) if edge == "pair" else str(edge)
    width, k, count = int(rng.integers(12, 90)), rng.uniform(-3, 3), int(rng.integers(1, 14))
    found = strip(sc, gap, field, width, k, edge, count)
    exact = np.linalg.eigvalsh(matrix(sc, gap, field, width, k, edge))
    assert np.all(np.diff(found.energy) >= 0)
    np.testing.assert_allclose(nearest(found.energy[0].values, count), nearest(exact, count), atol=1e-10)
    assert np.all(found.status == "converged")


@quick
@given(seed=seeds)
def test_an_oblique_edge_and_a_callable_give_the_same_strip(seed):
    rng = np.random.default_rng(seed)
    model = witness.random_rashba_film(rng)
    callable_ = sv.models.from_callable(model.hamiltonian, model.lattice, ("sc",))
    edge = [(1, 3), (2, 1), (3, -1), (-1, 1)][rng.integers(4)]
    field, k = witness.random_field(rng), rng.uniform(-2, 2)
    one, two = (
        strip(sv.Superconductor(m, sv.s_wave(v=1.0)), 0.2, field, 40, k, edge, 8).energy.values
        for m in (model, callable_)
    )
    exact = np.linalg.eigvalsh(matrix(sv.Superconductor(model, sv.s_wave(v=1.0)), 0.2, field, 40, k, edge))
    np.testing.assert_allclose(one, two, atol=1e-10)
    np.testing.assert_allclose(nearest(one[0], 8), nearest(exact, 8), atol=1e-10)


@quick
@given(seeds, st.floats(0.01, 0.8), st.floats(0, 1.5))
def test_a_ring_has_the_closed_form_of_the_bulk_spectrum(seed, gap, field):
    """E^2 = xi^2 + beta^2 + V^2 + Delta^2 +- 2 sqrt(xi^2 (beta^2 + V^2) + V^2 Delta^2), physics.md 1."""
    rng = np.random.default_rng(seed)
    model = witness.random_ising_film(rng)
    edge, k, width = ["armchair", "zigzag"][rng.integers(2)], rng.uniform(-3, 3), int(rng.integers(5, 30))
    along, inward, spacing = directions(model.lattice, edge)
    across = 2 * np.pi * np.arange(width) / (width * spacing)
    h = model.hamiltonian(k * along + across[:, None] * inward).real
    xi, beta = 0.5 * (h[:, 0, 0] + h[:, 1, 1]), 0.5 * (h[:, 0, 0] - h[:, 1, 1])
    root = 2 * np.sqrt(xi**2 * (beta**2 + field**2) + field**2 * gap**2)
    squares = (xi**2 + beta**2 + field**2 + gap**2 + np.stack([-root, root])).ravel()
    angle = rng.uniform(0, 2 * np.pi)
    sc, vector = sv.Superconductor(model, sv.s_wave(v=1.0)), field * np.array([np.cos(angle), np.sin(angle), 0])
    found = strip(sc, gap, vector, width, k, edge, None, ends="periodic").energy[0].values
    np.testing.assert_allclose(found, -found[::-1], atol=1e-12)
    np.testing.assert_allclose(np.sort(found**2), np.sort(np.repeat(squares, 2)), atol=1e-12 * squares.max())


def test_the_zero_modes_of_eq_8_split_as_computed_elsewhere():
    for width, size in [(100, 1.207e-2), (400, 6.99e-5)]:
        found = strip(film(), 0.3, 1.2, width, 0.7 * B)
        smallest = found.energy[0].values[6]
        assert abs(smallest - size) < 1e-3 * size
        assert found.finite_size.item() == (width == 100)


@quick
@given(seeds)
def test_energies_come_in_pairs_with_chiral_symmetry_and_at_opposite_momenta_without(seed):
    rng = np.random.default_rng(seed)
    sc, k = sv.Superconductor(witness.random_rashba_film(rng), sv.s_wave(v=1.0)), rng.uniform(0.1, 1.5)
    field = witness.random_field(rng)
    found = strip(sc, 0.3, field, 50, [k, -k], "zigzag", 10)
    np.testing.assert_allclose(found.energy[0], -found.energy[1][::-1], atol=1e-10)
    chiral = strip(film(), 0.3, 1.2, 50, k, states=9).energy[0].values
    np.testing.assert_allclose(chiral[:8], -chiral[7::-1], atol=0)
    assert abs(chiral[8]) >= abs(chiral[7])


def test_the_winding_number_counts_the_zero_modes_of_a_wide_strip():
    """On random parameters away from closings: |w| singular values below every decaying splitting, and no more."""
    rng = np.random.default_rng(4)
    counted, kinds = 0, set()
    while counted < 30:
        hetero = rng.uniform() < 0.3
        model = witness.random_heterostructure(rng) if hetero else witness.random_ising_film(rng)
        sc, gap = sv.Superconductor(model, sv.s_wave(on="sc", v=1.0)), rng.uniform(0.3, 0.9)
        field, k = witness.in_plane_field(rng, 3.0), rng.uniform(-1.8, 1.8)
        edge = "armchair" if rng.uniform() < 0.8 else (1, 3)
        bulk = winding(sc, gap, field, k, edge)
        columns = float(bulk.decay_length[0]) / sv.topology.edges.edge(model.lattice, edge).spacing
        if columns > 40 or (bulk.winding[0] == 0 and rng.uniform() < 0.8):
            continue
        number = abs(int(bulk.winding[0]))
        found = strip(sc, gap, field, max(int(30 * columns), 20), k, edge, 2 * number + 4)
        sizes = np.abs(found.energy[0].values)
        assert np.all(found.status == "converged")
        assert np.count_nonzero(sizes < 1e-9) == 2 * number, (number, np.sort(sizes))
        assert np.sort(sizes)[2 * number] > 1e-4
        assert not found.finite_size.item()
        assert found.winding[0] == bulk.winding[0]
        kinds.add(int(bulk.winding[0]))
        counted += 1
    assert {-1, 0, 1} <= kinds


@quick
@given(seeds)
def test_the_count_of_states_below_an_energy_is_that_of_the_dense_matrix(seed):
    rng = np.random.default_rng(seed)
    reach, size, width = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(4, 70))
    blocks = rng.normal(size=(2 * reach + 1, 1, size, size)) + 1j * rng.normal(size=(2 * reach + 1, 1, size, size))
    blocks = 0.5 * (blocks + np.swapaxes(blocks[::-1].conj(), -1, -2))
    exact = np.linalg.eigvalsh(banded.dense(blocks[:, 0], width))
    levels = np.concatenate([rng.uniform(-8, 8, 20), exact[rng.integers(0, len(exact), 20)] + 1e-6])
    counts = inertia.count_below(np.repeat(blocks, len(levels), axis=1), width, levels)
    np.testing.assert_array_equal(counts, np.sum(exact < levels[:, None], axis=1))


def test_fourfold_levels_at_the_zone_boundary_are_all_there():
    """At k = b' the columns fall into two sublattices with equal spectra; a single Krylov space sees one copy each."""
    found = strip(film(), 0.3, 1.2, 200, B, states=12)
    exact = np.linalg.eigvalsh(matrix(film(), 0.3, [1.2, 0, 0], 200, B, "armchair"))
    np.testing.assert_allclose(nearest(found.energy[0].values, 12), nearest(exact, 12), atol=1e-10)
    assert abs(found.energy[0].values[8] - found.energy[0].values[6]) < 1e-10


def test_degenerate_and_exactly_singular_strips_lose_no_state():
    """Spin-degenerate bands at V = 0, a chain of dimers (A singular to the last bit), and a flat band of zeros."""
    found = strip(sv.Superconductor(sv.models.film(), sv.s_wave(v=1.0)), 0.3, 0.0, 80, 0.4, "zigzag", 10)
    exact = np.linalg.eigvalsh(
        matrix(sv.Superconductor(sv.models.film(), sv.s_wave(v=1.0)), 0.3, np.zeros(3), 80, 0.4, "zigzag")
    )
    np.testing.assert_allclose(nearest(found.energy[0].values, 10), nearest(exact, 10), atol=1e-10)
    width = 300
    dimers = np.zeros((3, 1, 2, 2))
    dimers[2, 0, 0, 1] = dimers[0, 0, 1, 0] = 1.0  # A = shift: one zero mode, all other singular values 1
    flat = np.zeros((3, 1, 4, 4))
    flat[:, :, :2, 2:] = [[[[0, 0], [0, 0]]], [[[0, 0], [0, 1]]], [[[0, 0], [0, 0.5]]]]
    flat[::-1, :, 2:, :2] = np.swapaxes(flat[:, :, :2, 2:], -1, -2)
    for blocks, values in [(dimers, [0, 1, 1, 1]), (flat, [0, 0, 0, 0])]:
        half = blocks.shape[-1] // 2
        target = lowest.place(blocks, width, 4, True, 2.0)[0]
        out = lowest.singular_states(blocks[:, 0, :half, half:], width, target, 2.0)
        np.testing.assert_allclose(out.values, values, atol=1e-12)
        assert out.complete
        assert out.error.max() < 1e-10


def test_a_wide_strip_costs_a_moment_and_reaches_the_bulk():
    """At 10^4 columns the zero mode is exact and the next states crowd at the bulk gap, which none undercuts."""
    found = strip(film(), 0.3, 1.2, 10_000, 0.7 * B, states=12)
    k = np.stack([np.linspace(0, 4 * np.pi, 20001), np.full(20001, 0.7 * B)], axis=-1)
    bulk = np.abs(film().energies(k, 0.3, 1.2)).min()
    energies = found.energy[0].values
    assert np.all(found.status == "converged")
    assert abs(energies[6]) < 1e-12
    assert np.all((energies[7:] > bulk - 1e-7) & (energies[7:] < bulk * (1 + 5e-3)))


@pytest.mark.nightly
def test_wide_strips_of_any_model_are_solved_completely():
    """Dense band edges, Kramers pairs, flat levels, 300 to 10^4 columns: nothing is left unsolved."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sc = sv.Superconductor(MODELS[rng.integers(len(MODELS))](rng), sv.s_wave(v=1.0))
        field = [0.0, witness.in_plane_field(rng, 3.0), witness.random_field(rng)][rng.integers(3)]
        edge = [(1, 0), (1, 2), (1, 3), (2, 1)][rng.integers(4)]
        gap, k = rng.choice([0.0, 1e-3, 0.05, 0.3, 1.0]), rng.choice([0.0, np.pi, rng.uniform(-3, 3)])
        found = strip(sc, gap, field, int(10 ** rng.uniform(2.5, 4)), k, edge, int(rng.integers(1, 16)))
        assert np.all(found.status == "converged"), seed


@quick
@given(seeds)
def test_the_wave_functions_solve_the_dense_strip(seed):
    rng = np.random.default_rng(seed)
    make = [witness.random_ising_film, witness.random_rashba_film, witness.random_heterostructure][rng.integers(3)]
    sc = sv.Superconductor(make(rng), sv.s_wave(v=1.0))
    field, width, k = witness.in_plane_field(rng, 2.0), 40, rng.uniform(0.1, 1.5)
    found = states(sc, 0.4, field, width, k, states=6)
    energy, vectors = np.linalg.eigh(matrix(sc, 0.4, field, width, k, "armchair"))
    near = np.argsort(np.abs(energy), kind="stable")[:6]
    gaps = np.abs(energy[near][:, None] - np.delete(energy, near)).min()
    assume(gaps > 1e-6)
    half, layers = sc.model.dim, len(found.layer)
    parts = np.abs(vectors[:, near]) ** 2
    electron = parts.reshape(width, 2, layers, half // layers, 6)[:, 0].sum(axis=2)
    np.testing.assert_allclose(found.electron[0].sum("state"), electron.sum(axis=-1), atol=1e-8)
    np.testing.assert_allclose((found.electron + found.hole).sum(("column", "layer")), 1.0, atol=1e-10)
    waves = vectors.reshape(width, 2, half // 2, 2, -1)[:, 0][..., near]
    for axis, sigma in zip("xyz", witness.UP_DOWN, strict=True):
        exact = np.einsum("cosn,st,cotn->c", waves.conj(), sigma, waves).real
        np.testing.assert_allclose(found.spin[0].sel(axis=axis).sum("state"), exact, atol=1e-8)


def test_edge_modes_sit_at_the_edges_and_bulk_states_do_not():
    found = states(film(), 0.3, 1.2, 600, 0.7 * B, states=6)
    weight = found.edge_weight.sum("side")[0].values
    assert np.all(weight[[2, 3]] > 0.85)
    assert np.all(weight[[0, 1, 4, 5]] < 0.3)
    in_plane = np.abs(found.polarisation[0].sel(axis="x").values[[2, 3]])
    assert np.all(in_plane > 0.5)
    np.testing.assert_allclose(found.polarisation[0].sel(axis=["y", "z"]).values, 0, atol=1e-9)


def test_the_local_density_of_all_states_has_the_sum_rule_and_the_peak_of_the_zero_modes():
    everything = states(film(), 0.3, 1.2, 20, 0.7 * B, states=None)
    energy = np.linspace(-60, 60, 60001)
    density = local_density(everything, energy, 0.01)
    total = density.density.sum(("column", "layer"))[0].values.sum() * (energy[1] - energy[0])
    assert abs(total / 40 - 1) < 1e-3  # two spins of each column; the tails beyond hold 1e-4
    assert np.all(density.status == "converged")
    few = states(film(), 0.3, 1.2, 400, 0.7 * B, states=6)
    local = local_density(few, [0.0, 0.04, 0.09], 0.004)
    assert list(local.status[0].values) == ["converged", "converged", "beyond range"]
    across = local.density[0, 0, :, 0].values
    assert across[:40].sum() > 20 * across[180:220].sum()
    np.testing.assert_allclose(across, across[::-1], rtol=1e-6)


def test_a_narrow_strip_says_that_its_flat_band_is_a_finite_size_effect():
    hetero = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    with pytest.warns(
        FiniteSizeWarning, match="narrower than 5 decay lengths at 2 of 2 momenta, 2 of them with zero modes"
    ):
        found = warned(hetero, 0.1, 0.4, 200, [1.2, 1.3])
    assert np.all(found.finite_size)
    np.testing.assert_allclose(found.decay_length, winding(hetero, 0.1, 0.4, [1.2, 1.3]).decay_length)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wide = warned(film(), 0.3, 1.2, 400, 0.7 * B)
        rashba = sv.Superconductor(sv.models.film() + sv.models.Rashba(0.3), sv.s_wave(v=1.0))
        plain = warned(rashba, 0.5, [0.1, 0.05, 0.1], 300, 0.3)
    assert not wide.finite_size.item()
    assert not plain.finite_size.item()
    assert "winding" not in plain
    assert 0 < plain.decay_length.item() < 30


@pytest.mark.parametrize(("k", "splitting"), [(0.7 * B, 1e-4), (0.7 * B, 1e-9), (1.4, 3e-4), (0.9, 2e-4)])
def test_the_width_for_a_splitting_is_enough_and_half_of_it_is_not(k, splitting):
    found = width_for(film(), 0.3, 1.2, k, splitting)
    columns, decay = int(found.columns[0]), float(found.decay_length[0])
    sizes = {
        n: strip(film(), 0.3, 1.2, n, k, states=2).energy.values.max()
        for n in [columns // 2, *range(columns, columns + 12)]
    }
    assert found.status[0] == "converged"
    assert sizes.pop(columns // 2) > splitting
    envelope = {n: float(found.prefactor[0]) * np.exp(-n * found.attrs["spacing"] / decay) for n in sizes}
    ratios = np.array([sizes[n] / envelope[n] for n in sizes])
    assert np.all(ratios < 1.02)  # an upper envelope
    assert ratios.max() > 0.9  # that is touched within one turn of the complex root
    assert max(sizes.values()) <= splitting


def test_width_for_follows_the_slowest_root_and_names_what_it_cannot_do():
    hetero = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    k = [0.9, 1.12, 1.2, 1.3]
    found, bulk = width_for(hetero, 0.1, 0.4, k, 1e-6), winding(hetero, 0.1, 0.4, k)
    np.testing.assert_array_equal(found.winding, [0, 1, -1, 1])
    np.testing.assert_allclose(found.decay_length, bulk.decay_length, rtol=1e-6)
    assert found.columns[0] == 0
    assert np.isnan(found.prefactor[0])
    assert found.columns[1] > 1e5
    with pytest.raises(InvalidInput, match="must have a chiral symmetry, but the in-plane spin-orbit"):
        width_for(sv.Superconductor(sv.models.film() + sv.models.Rashba(0.3), sv.s_wave(v=1.0)), 0.1, 0.2, 0.3, 1e-6)
    with pytest.raises(InvalidInput, match="`splitting` must be positive, but is 0"):
        width_for(hetero, 0.1, 0.4, 1.2, 0.0)


def test_a_wrong_end_of_the_squared_strip_is_noticed(monkeypatch):
    """A solver whose A^+A misses the correction at the ends gives wrong spaces: the status says so."""
    monkeypatch.setattr(banded, "_outside", lambda _: (np.zeros((1, 1)), np.zeros((1, 1))))
    found = strip(film(), 0.3, 1.2, 60, [0.5, 0.9, 1.27], states=12)
    exact = [
        nearest(np.linalg.eigvalsh(matrix(film(), 0.3, [1.2, 0, 0], 60, k, "armchair")), 12) for k in (0.5, 0.9, 1.27)
    ]
    difference = np.abs(np.sort(np.abs(found.energy.values), axis=1) - exact).max(axis=1)
    assert np.all((difference > 1e-4) | np.isnan(difference))
    assert not np.any(np.all(found.status == "converged", axis=1))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: strip(film(), 0.3, 1.2, 2, 0.5),
            r"`width` must be at least 3 \(the hopping range plus one\), but is 2",
        ),
        (lambda: strip(film(), 0.3, 1.2, 9.5, 0.5), "`width` must be a whole number"),
        (lambda: strip(film(), 0.3, 1.2, 10, 0.5, "arm"), "`edge` must be zigzag, armchair or a pair"),
        (lambda: strip(film(), 0.3, 1.2, 10, 0.5, states=0), "`states` must be a whole number of at least 1, but is 0"),
        (lambda: strip(film(), 0.3, 1.2, 10, 0.5, states=41), "`states` must be at most 40, all states of this strip"),
        (lambda: strip(film(), 0.3, 1.2, 10, [0.1, np.nan]), "`k_parallel` must be finite, but contains nan"),
        (lambda: strip(film(), 0.3, 1.2, 10, 0.5, ends="closed"), "`ends` must be one of open, periodic"),
        (lambda: strip(film(), -0.3, 1.2, 10, 0.5), "`gap` must be non-negative"),
        (lambda: strip(film(), 0.3, 1.2, 10, 0.5, tol=0), "`tol` must be positive"),
        (lambda: strip(sv.models.film(), 0.3, 1.2, 10, 0.5), "`sc` must be a Superconductor"),
        (lambda: local_density(strip(film(), 0.3, 1.2, 9, 0.5), 0.0, 0.1), "`states` must come from `strip_states`"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
