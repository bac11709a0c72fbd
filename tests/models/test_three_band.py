"""Laws of the three-band model: published closed forms, point group, time reversal, spin-orbit coupling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.models import Displacement, OrbitalShift, Potential, material_names, three_band
from spinvalley.models.materials import OTHER_VALLEYS, three_band_table
from spinvalley.models.three_band import L_Z, ORBITALS
from spinvalley.spin import time_reversal

SETS = [(name, neighbours) for name in material_names() for neighbours in (1, 3)]
sets = st.sampled_from(SETS)
names = st.sampled_from(material_names())
points = st.tuples(st.floats(-12, 12), st.floats(-12, 12)).map(np.array)
ROOT = np.sqrt(3)


def spinless(material, neighbours, k):
    """h(k) without spin, in eV, in the basis d_z2, d_xy, d_x2-y2."""
    return three_band(material, neighbours, soc=False).hamiltonian(k)[..., ::2, ::2] / 1e3


def printed(material, neighbours, k):
    """The closed forms of Liu et al.: nearest neighbours, and the terms that the second and third shell add, in eV."""
    p = three_band_table(neighbours).row(material)
    x, y = 0.05 * p["a"] * k[0], 0.05 * ROOT * p["a"] * k[1]
    sx, cx, sy, cy = np.sin(x), np.cos(x), np.sin(y), np.cos(y)
    h0 = 2 * p["t0"] * (np.cos(2 * x) + 2 * cx * cy) + p["e1"]
    h1 = -2 * ROOT * p["t2"] * sx * sy + 2j * p["t1"] * (np.sin(2 * x) + sx * cy)
    h2 = 2 * p["t2"] * (np.cos(2 * x) - cx * cy) + 2j * ROOT * p["t1"] * cx * sy
    h11 = 2 * p["t11"] * np.cos(2 * x) + (p["t11"] + 3 * p["t22"]) * cx * cy + p["e2"]
    h22 = 2 * p["t22"] * np.cos(2 * x) + (3 * p["t11"] + p["t22"]) * cx * cy + p["e2"]
    h12 = ROOT * (p["t22"] - p["t11"]) * sx * sy + 4j * p["t12"] * sx * (cx - cy)
    if neighbours == 3:
        s2x, c2x, s2y, c2y = np.sin(2 * x), np.cos(2 * x), np.sin(2 * y), np.cos(2 * y)
        s3x, c3x, c4x = np.sin(3 * x), np.cos(3 * x), np.cos(4 * x)
        plus, minus = p["r1"] + p["r2"], p["r1"] - p["r2"]
        h0 += 2 * p["r0"] * (2 * c3x * cy + c2y) + 2 * p["u0"] * (2 * c2x * c2y + c4x)
        h1 += 2 * plus * s3x * sy - 2 * ROOT * p["u2"] * s2x * s2y
        h1 += 2j * minus * s3x * cy + 2j * p["u1"] * s2x * (2 * c2x + c2y)
        h2 += -2 / ROOT * plus * (c3x * cy - c2y) + 2 * p["u2"] * (c4x - c2x * c2y)
        h2 += 2j / ROOT * minus * sy * (c3x + 2 * cy) + 2j * ROOT * p["u1"] * c2x * s2y
        h11 += 4 * p["r11"] * c3x * cy + 2 * (p["r11"] + ROOT * p["r12"]) * c2y
        h11 += (p["u11"] + 3 * p["u22"]) * c2x * c2y + 2 * p["u11"] * c4x
        h12 += 4 * p["r12"] * s3x * sy + ROOT * (p["u22"] - p["u11"]) * s2x * s2y
        h12 += 4j * p["u12"] * s2x * (c2x - c2y)
        h22 += 2 * p["r11"] * (2 * c3x * cy + c2y) + 2 / ROOT * p["r12"] * (4 * c3x * cy - c2y)
        h22 += (3 * p["u11"] + p["u22"]) * c2x * c2y + 2 * p["u22"] * c4x
    upper = np.array([[h0, h1, h2], [0, h11, h12], [0, 0, h22]])
    return upper + np.triu(upper, 1).conj().T


@given(sets, points)
def test_every_entry_equals_the_published_closed_form(which, k):
    np.testing.assert_allclose(spinless(*which, k), printed(*which, k), atol=1e-12)


@given(points)
def test_a_wrong_bond_would_be_noticed(k):
    broken = printed("MoS2", 3, k * np.array([1.0, -1.0]))
    moved = np.abs(spinless("MoS2", 3, k) - broken).max()
    assert moved > 1e-3 or abs(np.sin(0.05 * ROOT * 3.19 * k[1])) < 1e-2 or np.abs(k).max() < 1e-2


@given(sets, points, st.sampled_from([1, 2]), st.booleans())
def test_bands_have_the_symmetry_of_the_crystal(which, k, turns, mirrored):
    model = three_band(*which, soc=False)
    angle = 2 * np.pi / 3 * turns
    c, s = np.cos(angle), np.sin(angle)
    image = np.array([[c, -s], [s, c]]) @ (k * np.array([-1.0, 1.0]) if mirrored else k)
    bands = np.linalg.eigvalsh(model.hamiltonian(np.stack([k, image])))
    np.testing.assert_allclose(bands[0], bands[1], atol=1e-9)


@given(sets, points)
def test_time_reversal_swaps_the_spins_of_opposite_momenta(which, k):
    h = three_band(*which)
    np.testing.assert_allclose(time_reversal(h.hamiltonian(-k)), h.hamiltonian(k), atol=1e-9)
    up, down = h.hamiltonian(k)[::2, ::2], h.hamiltonian(-k)[1::2, 1::2]
    np.testing.assert_allclose(np.linalg.eigvalsh(up), np.linalg.eigvalsh(down), atol=1e-9)
    assert np.abs(h.hamiltonian(k)[::2, 1::2]).max() == 0


@pytest.mark.parametrize("material", material_names())
def test_nearest_neighbour_conduction_band_at_k_is_e1_minus_3_t0(material):
    row = three_band_table(1).row(material)
    model = three_band(material, 1)
    bands = np.linalg.eigvalsh(model.hamiltonian(model.lattice.momentum("K")))
    assert bands[2] == pytest.approx(1e3 * (row["e1"] - 3 * row["t0"]), abs=1e-9)


@pytest.mark.parametrize("which", SETS)
def test_at_k_the_valence_band_splits_by_2_lambda_and_the_conduction_band_not_at_all(which):
    model = three_band(*which)
    bands = np.linalg.eigvalsh(model.hamiltonian(model.lattice.momentum("K")))
    assert bands[1] - bands[0] == pytest.approx(2e3 * three_band_table(which[1]).row(which[0])["lambda"], rel=1e-12)
    assert bands[3] - bands[2] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("which", SETS)
def test_the_top_of_the_valence_band_is_spin_up_at_k_and_down_at_minus_k(which):
    model = three_band(*which)
    for point, share in (("K", 1.0), ("K'", 0.0)):
        vectors = np.linalg.eigh(model.hamiltonian(model.lattice.momentum(point)))[1]
        assert np.sum(np.abs(vectors[::2, 1]) ** 2) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("neighbours", [1, 3])
def test_neither_set_gives_3_mev_a_crossing_and_13_mev_in_mos2(neighbours):
    model = three_band("MoS2", neighbours)
    corner = model.lattice.momentum("K")
    towards_m = model.lattice.momentum("M") - corner
    q = np.linspace(0.02, 2.0, 100)[:, None] * towards_m / np.linalg.norm(towards_m)
    split = np.linalg.eigvalsh(model.hamiltonian(corner + q)[:, ::2, ::2])[:, 1]
    split = split - np.linalg.eigvalsh(model.hamiltonian(corner + q)[:, 1::2, 1::2])[:, 1]
    assert abs(split[0]) < 0.1
    assert np.all(split < 0) or np.all(split > 0)
    assert abs(abs(split[np.argmin(np.abs(np.linalg.norm(q, axis=1) - 1.65))]) - 13) > 1


def test_mos2_has_a_direct_gap_of_1658_mev_at_k():
    bare, model = three_band("MoS2", 3, soc=False), three_band("MoS2", 3)
    edges = np.linalg.eigvalsh(bare.hamiltonian(bare.lattice.momentum("K")))[::2]
    assert edges[1] - edges[0] == pytest.approx(1657.92, abs=0.01)
    fractions = np.arange(60) / 60
    k = np.stack(np.meshgrid(fractions, fractions), axis=-1) @ model.lattice.reciprocal
    bands = np.linalg.eigvalsh(model.hamiltonian(k))
    corner = np.linalg.eigvalsh(model.hamiltonian(model.lattice.momentum("K")))
    assert bands[..., 2].min() == pytest.approx(corner[2], abs=1e-9)
    assert bands[..., 1].max() == pytest.approx(corner[1], abs=1e-9)  # without L.S Gamma would be 2 meV higher


@pytest.mark.parametrize("material", material_names())
def test_the_tabulated_q_and_gamma_energies_are_those_of_the_model(material):
    model = three_band(material)
    corner = model.lattice.momentum("K")
    along = np.linspace(0.4, 0.75, 351)[:, None] * corner
    edge = np.linalg.eigvalsh(model.hamiltonian(corner))
    q = np.linalg.eigvalsh(model.hamiltonian(along))[:, 2] - edge[2]
    dips = q[1:-1][(q[1:-1] < q[:-2]) & (q[1:-1] < q[2:])]
    row = OTHER_VALLEYS.row(material)
    assert dips.min() == pytest.approx(row["q_above_k"], abs=0.1)
    gamma = np.linalg.eigvalsh(model.hamiltonian([0.0, 0.0]))
    assert edge[1] - gamma[1] == pytest.approx(row["gamma_below_k"], abs=0.06)


def test_the_orbital_moment_is_that_of_d_orbitals():
    np.testing.assert_allclose(np.linalg.eigvalsh(L_Z), [-2, 0, 2], atol=1e-12)
    assert ORBITALS == ("d_z2", "d_xy", "d_x2-y2")


@given(names)
def test_shifts_move_the_orbitals_they_name(material):
    model = three_band(material)
    moved = (model + OrbitalShift((1.0, 2.0, 3.0)) + Potential(10.0)).hamiltonian([0.0, 0.0])
    np.testing.assert_allclose((moved - model.hamiltonian([0.0, 0.0])).diagonal(), [11, 11, 12, 12, 13, 13], atol=1e-9)
    assert model.filled_bands == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: three_band("NbSe2"), "`material` must be one of MoS2, WS2, MoSe2, WSe2, MoTe2, WTe2, but is 'NbSe2'"),
        (lambda: three_band("MoS2", 2), "`neighbours` must be 1 or 3, .* but is 2"),
        (lambda: three_band("MoS2", np.array([1, 3])), "`neighbours` must be 1 or 3, .* but is array"),
        (lambda: three_band() + OrbitalShift((1.0,)), "`energies` must be 3 numbers, one per orbital, but are 1"),
        (lambda: three_band() + Displacement(1.0), "`Displacement` must act on at least two layers"),
    ],
)
def test_bad_input_says_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
