"""Laws of Andreev reflection at the edge of a half plane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.checks import InvalidInput
from spinvalley.topology.andreev import andreev, scattering
from spinvalley.topology.columns import columns
from spinvalley.topology.edge_spectrum import edge_zero_modes
from spinvalley.topology.green import half_planes, superblocks
from spinvalley.topology.winding import winding
from spinvalley.topology.zero_modes import zero_modes

B = np.pi / np.sqrt(3)
FILM = sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=0.3))
PAIR = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
FLAT = {"gap": 0.3, "zeeman": 1.2}  # the film carries one zero mode at 0.7 b', none at 0.2 b'
INSIDE, OUTSIDE = 0.7 * B, 0.2 * B
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=12)


def adjoint(matrices):
    return np.swapaxes(matrices.conj(), -1, -2)


def strip(sides, k, blocks):
    """Dense H of a strip of `blocks` superblocks at one k, written from the columns themselves."""
    hops, reach, dim = sides.blocks(np.array([k]))[:, 0], sides.reach, sides.dim
    count = blocks * reach
    h = np.zeros((count * dim, count * dim), dtype=complex)
    for i in range(count):
        for j in range(max(0, i - reach), min(count, i + reach + 1)):
            h[i * dim : (i + 1) * dim, j * dim : (j + 1) * dim] = hops[j - i + reach]
    return h


def bulk_gap(sc, gap, field, k, edge="armchair"):
    sides = columns(sc, gap, field, edge)
    across = 2 * np.pi * np.arange(4000) / 4000 / sides.edge.spacing
    return np.abs(sc.energies(sides.edge.momentum(np.full(4000, k), across), gap, field)).min()


@given(seeds)
@settings(max_examples=8)
def test_what_goes_in_comes_back_below_the_gap_and_not_above(seed):
    rng = np.random.default_rng(seed)
    k, gamma = rng.uniform(0.0, 1.0) * B, 10 ** rng.uniform(-1, 0.5)
    edge_of_gap = bulk_gap(FILM, 0.3, 1.2, k)
    seen = andreev(FILM, **FLAT, k_parallel=k, energy=np.array([-0.7, 0.1, 0.6]) * edge_of_gap, coupling=gamma)
    lossy = andreev(FILM, **FLAT, k_parallel=k, energy=seen.energy.values, coupling=gamma, eta=1e-7)
    assert np.abs(seen.transmission).max() < 1e-7
    assert (lossy.transmission > seen.transmission).all()
    above = andreev(FILM, **FLAT, k_parallel=k, energy=[1.2 * edge_of_gap, 1.0], coupling=gamma)
    assert (above.transmission.sum("spin") > 1e-6).any()
    assert (above.transmission > -1e-9).all()
    for one in (seen, above):
        total = one.normal.sum("spin_out") + one.andreev.sum("spin_out") + one.transmission
        np.testing.assert_allclose(total, 1, atol=1e-12)


def test_a_lead_left_out_of_the_green_function_is_not_unitary():
    sides = columns(FILM, **FLAT, which="armchair")
    planes = half_planes(*superblocks(sides, np.array([INSIDE])), np.array([0.02 + 1e-10j]))
    right, _ = scattering(planes, np.arange(4), 0.5)
    wrong = np.eye(4) - 0.5j * planes.surface()[0][:, :4, :4]
    np.testing.assert_allclose(adjoint(right[0]) @ right[0], np.eye(4), atol=1e-6)
    assert np.abs(adjoint(wrong[0]) @ wrong[0] - np.eye(4)).max() > 1e-2


@given(st.floats(-2, 1))
@settings(max_examples=8)
def test_the_zero_bias_peak_is_quantised_for_one_spin_and_any_coupling(exponent):
    k = np.array([0.45, 0.55, 0.7, 0.8]) * B
    assert np.all(np.abs(winding(FILM, **FLAT, k_parallel=k).winding) == 1)
    seen = andreev(FILM, **FLAT, k_parallel=k, energy=0.0, coupling=10**exponent)
    np.testing.assert_allclose(seen.conductance.sel(spin=1), 2, atol=1e-6)
    np.testing.assert_allclose(seen.conductance.sel(spin=-1), 0, atol=1e-6)
    np.testing.assert_allclose(seen.polarisation, 1, atol=1e-6)


def test_decay_lengths_of_many_thousand_columns_do_not_spoil_the_quantisation():
    k = np.array([0.3, 0.61, 0.65, 0.72, 0.85]) * B
    seen = andreev(PAIR, 0.1, 0.4, k, 0.0, coupling=0.05)
    carried = np.abs(winding(PAIR, 0.1, 0.4, k).winding.values) == 1
    assert list(carried) == [False, True, True, True, False]
    np.testing.assert_allclose(seen.conductance.values[carried, 0], np.array([[2.0, 0.0]] * 3), atol=1e-4)
    assert np.all(np.ptp(seen.conductance.values[~carried, 0], axis=1) < 1e-6)


def test_outside_the_flat_band_the_peak_vanishes_with_the_square_of_the_coupling_for_both_spins():
    peaks = [
        andreev(FILM, **FLAT, k_parallel=OUTSIDE, energy=0.0, coupling=g).conductance.values[0, 0] for g in (0.02, 0.01)
    ]
    np.testing.assert_allclose(peaks[0] / peaks[1], 4, rtol=1e-2)
    assert np.all(peaks[1] < 1e-3)
    np.testing.assert_allclose(peaks[0][0], peaks[0][1], rtol=1e-6)


@pytest.mark.parametrize("k", [0.45, 0.55, 0.7, 0.8])
def test_a_weak_contact_reflects_the_spin_of_the_zero_mode_into_a_hole_of_the_same_spin(k):
    mode = zero_modes(FILM, **FLAT, k_parallel=k * B, columns=1)
    up, down = mode.wave.values[0, 0, :2]
    cross = up.conj() * down
    spin = np.array([2 * cross.real, 2 * cross.imag, abs(up) ** 2 - abs(down) ** 2]) / (abs(up) ** 2 + abs(down) ** 2)
    seen = andreev(FILM, **FLAT, k_parallel=k * B, energy=0.0, coupling=1e-4)
    np.testing.assert_allclose(seen.axis[0], spin, atol=1e-3)
    assert abs(spin[2]) < 1e-9
    np.testing.assert_allclose(seen.andreev[0, 0], [[1, 0], [0, 0]], atol=1e-5)
    turned = andreev(FILM, **FLAT, k_parallel=k * B, energy=0.0, coupling=1e-4, spin_axis=np.cross(spin, [0, 0, 1]))
    np.testing.assert_allclose(turned.andreev[0, 0], np.full((2, 2), 0.25), atol=1e-3)


def test_the_hole_has_the_spin_of_the_electron_with_the_component_out_of_the_plane_reversed():
    """A strong contact turns the spin out of the plane: the law of the chiral symmetry."""
    seen = andreev(FILM, **FLAT, k_parallel=[0.45 * B, 0.7 * B], energy=0.0, coupling=1.0)
    up_and_out = seen.axis.values[:, 2]
    assert np.abs(up_and_out).max() > 0.5
    np.testing.assert_allclose(seen.andreev[:, 0, 0, 0], 1 - up_and_out**2, atol=1e-8)


def test_the_zero_bias_peak_is_a_lorentzian_as_wide_as_coupling_times_weight():
    weight = edge_zero_modes(FILM, **FLAT, k_parallel=INSIDE).electron.values[0, 0]
    gamma = 1e-3
    energy = gamma * weight * np.array([0.0, 0.5, 1.0, 2.0, -3.0])
    seen = andreev(FILM, **FLAT, k_parallel=INSIDE, energy=energy, coupling=gamma)
    expected = 2 / (1 + np.array([0.0, 0.5, 1.0, 2.0, -3.0]) ** 2)
    np.testing.assert_allclose(seen.conductance.sel(spin=1)[0], expected, rtol=1e-3)


def test_a_dense_strip_with_an_absorbing_end_has_the_same_scattering_matrix():
    sides, gamma = columns(FILM, **FLAT, which="armchair"), 0.3
    h = strip(sides, INSIDE, 200)
    depth = np.repeat(np.linspace(0, 1, len(h) // 4), 4)
    absorber = -1j * np.diag(0.02 * np.clip(2 * depth - 1, 0, None) ** 2)
    lead = np.zeros(len(h))
    lead[:4] = gamma / 2
    for energy in (0.0, 0.03):
        g = np.linalg.solve(energy * np.eye(len(h)) - h - absorber + 1j * np.diag(lead), np.eye(len(h), 4))[:4]
        expected = np.eye(4) - 1j * gamma * g
        planes = half_planes(*superblocks(sides, np.array([INSIDE])), np.array([energy + 1e-12j]))
        np.testing.assert_allclose(scattering(planes, np.arange(4), gamma)[0][0], expected, atol=2e-4)


def chain(t=1.0, mu=0.0, spin_orbit=0.0):
    """Wires across the edge of a square lattice: h = -2 t cos k - mu + 2 a sin k sigma_x."""
    hop = -t * np.eye(2) - 1j * spin_orbit * np.array([[0, 1], [1, 0]])
    table = {(0, 0): -mu * np.eye(2), (0, 1): hop, (0, -1): hop.conj().T}
    return sv.Superconductor(sv.models.from_hoppings(table, sv.models.square()), sv.s_wave(gap0=0.1))


@given(st.floats(0.05, 5), st.floats(-1.5, 1.5))
@few
def test_a_normal_wire_conducts_as_its_contact_is_matched(gamma, energy):
    seen = andreev(chain(), 0.0, 0.0, 0.4, energy, "straight", coupling=gamma)
    end = (energy - 1j * np.sqrt(4 - energy**2)) / 2  # self-energy of the wire behind its first site
    expected = -2 * gamma * end.imag / abs(energy - end + 0.5j * gamma) ** 2
    np.testing.assert_allclose(seen.conductance[0, 0], expected, atol=1e-6)
    np.testing.assert_allclose(seen.transmission[0, 0], expected, atol=1e-6)
    assert np.all(seen.andreev == 0)


def test_a_clean_contact_doubles_the_conductance_below_a_small_gap():
    seen = andreev(chain(), 0.01, 0.0, 0.0, [0.0, 0.005], "straight", coupling=2.0)
    np.testing.assert_allclose(seen.conductance, 2, atol=1e-3)
    opposite = andreev(chain(), 0.01, 0.0, 0.0, 0.0, "straight", coupling=2.0, spin_axis=[0.3, 0.5, -0.8])
    np.testing.assert_allclose(opposite.andreev[0, 0], [[0, 1], [1, 0]], atol=1e-3)  # a singlet takes opposite spins


@pytest.mark.parametrize(
    ("mu", "field", "peak"), [(-2.0, 0.5, 2.0), (-1.8, 0.5, 2.0), (-2.0, 0.15, 0.0), (-1.5, 0.5, 0.0)]
)
def test_a_spin_orbit_wire_has_a_majorana_mode_where_the_field_exceeds_gap_and_level(mu, field, peak):
    """V^2 > Delta^2 + (mu + 2 t)^2: Oreg, Refael, von Oppen 2010; Lutchyn, Sau, Das Sarma 2010."""
    gap = 0.25
    assert (field**2 > gap**2 + (mu + 2) ** 2) == (peak > 0)
    sc = chain(mu=mu, spin_orbit=0.4)
    for gamma in (0.03, 0.003):
        seen = andreev(sc, gap, [0, 0, field], 0.0, 0.0, "straight", coupling=gamma)
        np.testing.assert_allclose(seen.conductance.sum("spin"), peak, atol=1e-6 if peak else gamma)
    assert int(edge_zero_modes(sc, gap, [0, 0, field], 0.0, "straight").modes[0]) == (peak > 0)


def test_the_sum_over_spins_does_not_depend_on_the_axis():
    given_axes = [None, [0, 0, 1], [1, 2, -3]]
    sums = [
        andreev(PAIR, 0.1, 0.4, [1.1, 1.2], [0.0, 0.02], coupling=0.5, spin_axis=a, layer=("sc", "tmd")).sum(
            ("spin", "spin_out")
        )
        for a in given_axes
    ]
    for other in sums[1:]:
        for name in ("conductance", "andreev", "normal"):
            np.testing.assert_allclose(other[name], sums[0][name], atol=1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of Kwant, about the solver it found
def test_kwant_agrees():
    kwant = pytest.importorskip("kwant")
    gamma, sides = 0.3, columns(FILM, **FLAT, which="armchair")
    for k in (INSIDE, OUTSIDE):
        inner, outer = (m[0] for m in superblocks(sides, np.array([k])))
        probabilities = _kwant_reflection(kwant, inner, outer, np.sqrt(gamma / 2))
        seen = andreev(FILM, **FLAT, k_parallel=k, energy=0.0, coupling=gamma)
        found = [float(seen[name].sum()) for name in ("normal", "andreev")]
        np.testing.assert_allclose(found, probabilities, atol=1e-6)


def _kwant_reflection(kwant, inner, outer, contact):
    """|r_ee|^2 and |r_he|^2 at E = 0 of a chain of hopping 1 (self-energy -i contact^2) on the first four states."""
    sample, wire = kwant.lattice.chain(name="s", norbs=len(inner)), kwant.lattice.chain(name="w", norbs=4)
    nambu, touch = np.diag([1.0, 1.0, -1.0, -1.0]), np.zeros((4, len(inner)))
    touch[:4, :4] = contact * np.eye(4)
    system = kwant.Builder()
    system[sample(0)], system[wire(0)] = inner, np.zeros((4, 4))
    system[wire(0), sample(0)] = touch
    bulk = kwant.Builder(kwant.TranslationalSymmetry((1,)))
    bulk[sample(0)], bulk[sample(0), sample(1)] = inner, outer
    lead = kwant.Builder(kwant.TranslationalSymmetry((-1,)), conservation_law=-nambu)
    lead[wire(0)], lead[wire(0), wire(1)] = np.zeros((4, 4)), nambu
    system.attach_lead(lead)
    system.attach_lead(bulk)
    matrix = kwant.smatrix(system.finalized(), 0.0)
    return [matrix.transmission((0, 0), (0, 0)), matrix.transmission((0, 1), (0, 0))]


# At the door ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"coupling": 0.0}, "`coupling` must be positive"),
        ({"coupling": np.nan}, "`coupling` must be finite"),
        ({"spin_axis": [0, 0, 0]}, "`spin_axis` must be a nonzero 3-vector"),
        ({"spin_axis": [1, 0]}, "`spin_axis` must be a nonzero 3-vector"),
    ],
)
def test_a_lead_without_meaning_is_refused_in_one_sentence(change, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        andreev(FILM, **FLAT, k_parallel=1.0, energy=0.0, **({"coupling": 0.1} | change))
