"""Laws of the half plane: Green functions, spectral functions, zero modes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.checks import InvalidInput
from spinvalley.models.terms import Rashba
from spinvalley.topology.andreev import andreev
from spinvalley.topology.columns import columns
from spinvalley.topology.edge_spectrum import edge_spectrum, edge_zero_modes
from spinvalley.topology.green import half_planes, superblocks
from spinvalley.topology.winding import winding
from spinvalley.topology.zero_modes import zero_modes

B = np.pi / np.sqrt(3)
FILM = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
PAIR = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
FLAT = {"gap": 0.3, "zeeman": 1.2}  # the film carries one zero mode at 0.7 b', none at 0.2 b'
INSIDE = 0.7 * B
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=12)


def adjoint(matrices):
    return np.swapaxes(matrices.conj(), -1, -2)


def random_blocks(rng, n, points):
    """Random Hermitian H00, random H01 of random rank."""
    make = rng.normal(size=(2, points, n, n)) + 1j * rng.normal(size=(2, points, n, n))
    outer = make[1]
    outer[..., : rng.integers(0, n), :] = 0
    return make[0] + adjoint(make[0]), outer


def some_superconductor(rng, rashba=False):
    """A film or a bilayer with random parameters, its gap and field."""
    gap, mu = rng.uniform(0.1, 0.5), rng.uniform(-1.0, 1.5)
    model = sv.models.ising_film(rng.uniform(0.1, 0.6), mu=mu)
    if rng.random() < 0.5:
        model = sv.models.heterostructure(mu_sc=mu, coupling=rng.uniform(0.1, 0.6))
    model = model + Rashba(rng.uniform(0.05, 0.3)) if rashba else model
    return sv.Superconductor(model, sv.s_wave(on="sc", gap0=0.1)), gap, gap * rng.uniform(0.0, 4.0)


def strip(sides, k, blocks):
    """Dense H of a strip of `blocks` superblocks at one k, written from the columns themselves."""
    hops, reach, dim = sides.blocks(np.array([k]))[:, 0], sides.reach, sides.dim
    count = blocks * reach
    h = np.zeros((count * dim, count * dim), dtype=complex)
    for i in range(count):
        for j in range(max(0, i - reach), min(count, i + reach + 1)):
            h[i * dim : (i + 1) * dim, j * dim : (j + 1) * dim] = hops[j - i + reach]
    return h


# Green functions ------------------------------------------------------------------------------------------------------
@given(st.floats(-2, 2), st.floats(0.2, 3), st.floats(-5, 5), st.floats(1e-6, 1))
@few
def test_a_chain_has_the_green_functions_of_the_textbook(onsite, t, energy, eta):
    z = energy + 1j * eta
    planes = half_planes(np.full((1, 1, 1), onsite + 0j), np.full((1, 1, 1), -t + 0j), np.array([z]))
    (surface, error), (bulk, bulk_error) = planes.surface(), planes.bulk()
    x = (z - onsite) / (2 * t)
    root = np.sqrt(x - 1) * np.sqrt(x + 1)  # the branch that falls as 1/z
    assert abs(surface[0, 0, 0] - 1 / (t * (x + root))) <= error[0] + 1e-15 / t < 1e-8
    assert abs(bulk[0, 0, 0] - 1 / (2 * t * root)) <= bulk_error[0] + 1e-13 * abs(bulk[0, 0, 0])


@given(seeds)
@few
def test_one_more_superblock_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    inner, outer = random_blocks(rng, int(rng.integers(1, 7)), 5)
    z = rng.normal(size=5) + 1j * rng.uniform(0.01, 1, 5)
    g, _ = half_planes(inner, outer, z).surface()
    again = np.linalg.inv(z[:, None, None] * np.eye(inner.shape[-1]) - inner - outer @ g @ adjoint(outer))
    np.testing.assert_allclose(g, again, atol=1e-9 * np.abs(g).max())


@given(seeds)
@few
def test_the_thickness_of_a_superblock_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    inner, outer = random_blocks(rng, n, 4)
    nothing, z = np.zeros_like(outer), rng.normal(size=4) + 0.1j
    thick = half_planes(
        np.block([[inner, outer], [adjoint(outer), inner]]), np.block([[nothing, nothing], [outer, nothing]]), z
    )
    thin = half_planes(inner, outer, z)
    for g, twice in zip((thin.surface()[0], thin.bulk()[0]), (thick.surface()[0], thick.bulk()[0]), strict=True):
        np.testing.assert_allclose(g, twice[:, :n, :n], atol=1e-10 * np.abs(g).max())


@pytest.mark.parametrize("edge", ["armchair", "zigzag", (1, 3)])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_dense_strip_with_lossy_bulk_agrees(edge, seed):
    rng = np.random.default_rng(seed)
    sc, gap, field = some_superconductor(rng, rashba=True)
    sides, k, z = columns(sc, gap, field, edge), rng.uniform(0, 3), rng.uniform(-1, 1) + 1j
    planes = half_planes(*superblocks(sides, np.array([k])), np.array([z]))
    h = strip(sides, k, 40)
    g = np.linalg.inv(z * np.eye(len(h)) - h)
    n, middle = planes.right.shape[-1], 20 * planes.right.shape[-1]
    np.testing.assert_allclose(planes.surface()[0][0], g[:n, :n], atol=1e-9)
    np.testing.assert_allclose(planes.bulk()[0][0], g[middle : middle + n, middle : middle + n], atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_the_stated_error_covers_what_another_basis_gives(seed):
    """A rotated basis changes every rounding; also with decay lengths of 1e4 columns and zero modes."""
    rng = np.random.default_rng(seed)
    sc, gap, field = (PAIR, 0.1, 0.4) if seed % 2 else (FILM, 0.3, 1.2)
    sides, k = columns(sc, gap, field, "armchair"), rng.uniform(0.3, 0.8, 60) * B
    inner, outer = superblocks(sides, k)
    z = np.where(rng.random(60) < 0.5, 0, rng.uniform(0, 3 * gap, 60)) + 1j * 10 ** rng.uniform(-9, -2, 60)
    n = inner.shape[-1]
    turn = np.linalg.qr(rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))[0]
    here, there = (
        half_planes(inner, outer, z),
        half_planes(turn @ inner @ adjoint(turn), turn @ outer @ adjoint(turn), z),
    )
    for (g, error), (other, _) in [(here.surface(), there.surface()), (here.bulk(), there.bulk())]:
        assert np.all(np.abs(g - adjoint(turn) @ other @ turn).max(axis=(1, 2)) <= 2 * error)
        assert np.median(error / np.abs(g).max(axis=(1, 2))) < 1e-8


def decimated(inner, outer, z):
    """The textbook recursion, in which slabs are kept as Green functions."""
    one, right, left, bulk, edge = np.eye(len(inner)), outer, adjoint(outer), inner, inner
    for _ in range(40):
        g = np.linalg.inv(z * one - bulk)
        edge, bulk = edge + right @ g @ left, bulk + right @ g @ left + left @ g @ right
        right, left = right @ g @ right, left @ g @ left
    return np.linalg.inv(z * one - edge)


def test_the_weight_of_a_zero_mode_survives_a_small_broadening_here_and_not_in_plain_decimation():
    sides = columns(FILM, **FLAT, which="armchair")
    inner, outer = superblocks(sides, np.array([INSIDE]))
    first = zero_modes(FILM, **FLAT, k_parallel=INSIDE, columns=1).density.values[0, 0]
    for eta in (1e-3, 1e-6, 1e-9):
        z = np.array([1j * eta])
        weight = -eta * np.trace(half_planes(inner, outer, z).surface()[0][0, :4, :4]).imag
        assert abs(weight - first) < 1e-3 * eta / 1e-3 + 1e-6 * first
    wrong = -eta * np.trace(decimated(inner[0], outer[0], z[0])[:4, :4]).imag
    assert abs(wrong - first) > 0.05 * first
    z = np.array([0.1 + 1e-3j])  # away from the zero mode both agree
    np.testing.assert_allclose(
        half_planes(inner, outer, z).surface()[0][0], decimated(inner[0], outer[0], z[0]), atol=1e-9
    )


# Spectral functions ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(3))
def test_each_state_of_the_edge_has_one_electron(seed):
    """Integral of A over all E is 1 per state: trapezoidal rule in E = eta tan(theta), exponentially convergent."""
    rng = np.random.default_rng(seed)
    sc, gap, field = some_superconductor(rng, rashba=True)
    eta, theta = 3.0, np.pi * (np.arange(400) + 0.5) / 400 - np.pi / 2
    seen = edge_spectrum(sc, gap, field, rng.uniform(0, 3), eta * np.tan(theta), eta=eta)
    weights = xr_like(seen.energy, eta / np.cos(theta) ** 2 * np.pi / 400)
    per_layer = np.full(len(seen.layer), 2.0)
    for name in ("electron", "bulk_electron"):
        np.testing.assert_allclose((seen[name] * weights).sum("energy")[0], per_layer, atol=1e-10)
    np.testing.assert_allclose((seen.total * weights).sum("energy"), 4 * len(seen.layer), atol=1e-10)
    for name in ("sx", "sy", "sz"):
        np.testing.assert_allclose((seen[name] * weights).sum("energy"), 0, atol=1e-10)


def xr_like(axis, values):
    return axis.copy(data=values)


@given(seeds)
@settings(max_examples=6)
def test_a_spectral_function_is_positive_and_its_spin_is_not_larger(seed):
    rng = np.random.default_rng(seed)
    sc, gap, field = some_superconductor(rng, rashba=bool(rng.integers(2)))
    seen = edge_spectrum(sc, gap, field, rng.uniform(-3, 3, 4), rng.uniform(-1, 1, 9), eta=10 ** rng.uniform(-6, -2))
    assert (seen.status == "converged").all()
    assert (seen.electron >= -seen.error).all()
    assert (seen.bulk_electron >= -seen.bulk_error).all()
    assert (np.sqrt(seen.sx**2 + seen.sy**2 + seen.sz**2) <= seen.electron + 4 * seen.error).all()
    assert (seen.electron.sum("layer") <= seen.total + 4 * seen.error).all()


@pytest.mark.parametrize("sc", [FILM, PAIR])
def test_energies_mirrored_by_the_chiral_symmetry_are_those_computed(sc):
    energy, k = np.array([-0.21, 0.13, -0.13, 0.0]), [0.9, 1.27]
    seen = edge_spectrum(sc, 0.1, 0.4, k, energy, eta=1e-3)
    assert seen.attrs["chiral"] == 1
    sides = columns(sc, 0.1, 0.4, "armchair")
    size, half = sides.dim, sides.dim // 2
    for n, e in enumerate(energy):
        planes = half_planes(*superblocks(sides, np.array(k)), np.full(2, e + 1e-3j))
        for (g, _), total, electron in [
            (planes.surface(), seen.total, seen.electron),
            (planes.bulk(), seen.bulk_total, seen.bulk_electron),
        ]:
            density = -np.diagonal(g, axis1=1, axis2=2).imag / np.pi
            np.testing.assert_allclose(total[:, n], density[:, :size].sum(axis=1), rtol=1e-9)
            np.testing.assert_allclose(electron[:, n].sum("layer"), density[:, :half].sum(axis=1), rtol=1e-9)
        g = planes.surface()[0]
        np.testing.assert_allclose(seen.sx[:, n, 0], -(g[:, 0, 1] + g[:, 1, 0]).imag / np.pi, atol=1e-10)
        np.testing.assert_allclose(seen.sy[:, n, 0], -(g[:, 0, 1] - g[:, 1, 0]).real / np.pi, atol=1e-10)
        np.testing.assert_allclose(seen.sz[:, n, 0], -(g[:, 0, 0] - g[:, 1, 1]).imag / np.pi, atol=1e-10)


def test_a_hole_at_k_and_energy_is_an_electron_at_minus_k_and_minus_energy_without_any_other_symmetry():
    rng = np.random.default_rng(5)
    sc, gap, field = some_superconductor(rng, rashba=True)
    k, energy = rng.uniform(0, 3, 3), rng.uniform(-0.5, 0.5, 4)
    here = edge_spectrum(sc, gap, field, k, energy, eta=1e-2)
    there = edge_spectrum(sc, gap, field, -k, -energy, eta=1e-2)
    assert here.attrs["chiral"] == 0
    holes = here.total - here.electron.sum("layer")
    np.testing.assert_allclose(holes.values, there.electron.sum("layer").values, rtol=1e-9)
    assert not np.allclose(here.total.values, edge_spectrum(sc, gap, field, k, -energy, eta=1e-2).total.values)


@pytest.mark.parametrize("edge", ["armchair", "zigzag"])
def test_the_bulk_beside_the_edge_is_the_mean_over_the_other_momentum(edge):
    sides, eta, k = columns(PAIR, 0.1, 0.4, edge), 0.1, 0.8
    across = 2 * np.pi * np.arange(4000) / 4000 / sides.edge.spacing
    h = PAIR.hamiltonian(sides.edge.momentum(np.full(4000, k), across), 0.1, 0.4)
    g = np.linalg.inv((0.15 + 1j * eta) * np.eye(8) - h).mean(axis=0)
    seen = edge_spectrum(PAIR, 0.1, 0.4, k, 0.15, edge, eta=eta)
    density = -g.diagonal().imag / np.pi
    np.testing.assert_allclose(seen.bulk_total, density.sum(), rtol=1e-9)
    np.testing.assert_allclose(seen.bulk_electron[0, 0], density[:4].reshape(2, 2).sum(axis=1), rtol=1e-9)


def test_a_layer_asked_for_is_the_same_as_among_all():
    every = edge_spectrum(PAIR, 0.1, 0.4, 1.1, [0.05])
    one = edge_spectrum(PAIR, 0.1, 0.4, 1.1, [0.05], layer="tmd")
    assert list(one.layer.values) == ["tmd"]
    np.testing.assert_allclose(one.electron.sel(layer="tmd"), every.electron.sel(layer="tmd"))
    assert (one.total < every.total).all()


# Zero modes -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("eta", [1e-4, 1e-6, 1e-8])
def test_a_zero_mode_is_a_peak_of_height_weight_over_eta(eta):
    found = edge_zero_modes(FILM, **FLAT, k_parallel=INSIDE)
    seen = edge_spectrum(FILM, **FLAT, k_parallel=INSIDE, energy=0.0, eta=eta)
    np.testing.assert_allclose(np.pi * eta * seen.total[0, 0], found.weight[0], rtol=1e-4)
    np.testing.assert_allclose(np.pi * eta * seen.sx[0, 0, 0], found.sx[0, 0], rtol=1e-4)


@pytest.mark.parametrize("k", [0.609, 0.622, 0.65, 0.72])
def test_the_weight_at_the_edge_is_that_of_the_exact_wave_function(k):
    """Decay lengths from 3e3 to 6e4 columns: two routes that share only the hoppings."""
    found, mode = edge_zero_modes(PAIR, 0.1, 0.4, k * B), zero_modes(PAIR, 0.1, 0.4, k * B, columns=1)
    np.testing.assert_allclose(found.weight[0], mode.density[0, 0], rtol=2e-6)
    wave = mode.wave.values[0, 0]
    np.testing.assert_allclose(found.electron[0], np.abs(wave[:4].reshape(2, 2)) ** 2 @ [1, 1], rtol=2e-6)
    np.testing.assert_allclose(found.sx[0, 0], 2 * (wave[0].conj() * wave[1]).real, rtol=2e-6)
    np.testing.assert_allclose(found.sy[0, 0], 2 * (wave[0].conj() * wave[1]).imag, rtol=2e-6)


@pytest.mark.parametrize("seed", range(10))
def test_zero_modes_of_the_half_plane_are_counted_by_the_winding_number(seed):
    """With their chirality, for random superconductors, fields in the plane, edges and momenta."""
    rng = np.random.default_rng(seed)
    sc, gap, field = some_superconductor(rng)
    angle, edge = rng.uniform(0, np.pi), ("armchair", (1, 2), (2, 3), (1, 3), "zigzag")[seed % 5]
    k, vector = rng.uniform(0, 2 * B, 40), field * np.array([np.cos(angle), np.sin(angle), 0])
    expected, found = winding(sc, gap, vector, k, edge), edge_zero_modes(sc, gap, vector, k, edge)
    clear = (expected.gap.values > 1e-4) & (expected.status.values == "converged")
    assert clear.sum() > 20
    assert np.all(found.status.values[clear] == "converged")
    np.testing.assert_array_equal(found.winding.values[clear], expected.winding.values[clear])
    np.testing.assert_array_equal(found.modes.values[clear], np.abs(expected.winding.values[clear]))


def test_a_metal_has_no_zero_modes_but_a_closed_gap():
    found = edge_zero_modes(FILM, 0.0, 0.0, [0.3, 0.5])
    assert list(found.status.values) == ["gap closed"] * 2
    assert list(found.modes.values) == [0, 0]


# At the door ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"eta": 0.0}, "`eta` must be positive"),
        ({"eta": -1e-3}, "`eta` must be positive"),
        ({"eta": 1e-18}, "`eta` must be at least"),
        ({"eta": np.nan}, "`eta` must be finite"),
        ({"k_parallel": np.nan}, "`k_parallel` must be finite"),
        ({"energy": [0.0, np.nan]}, "`energy` must be finite"),
        ({"energy": []}, "`energy` must be one-dimensional and not empty"),
        ({"gap": -0.1}, "`gap` must be non-negative"),
        ({"zeeman": np.inf}, "`zeeman` must be finite"),
        ({"edge": "bearded"}, "`edge` must be zigzag, armchair"),
        ({"layer": "gate"}, "`layer` must be one of sc"),
        ({"sc": None}, "`sc` must be a Superconductor"),
    ],
)
def test_what_has_no_meaning_is_refused_in_one_sentence(change, sentence):
    arguments = {"sc": FILM, **FLAT, "k_parallel": 1.0, "energy": 0.0} | change
    for function, more in ((edge_spectrum, {}), (andreev, {"coupling": 0.1})):
        with pytest.raises(InvalidInput, match=sentence):
            function(**arguments, **more)
