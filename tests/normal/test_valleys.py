"""Fermi lines by valley and spin: labels, spin texture, splitting, carriers; the numbers of gated_mos2.txt, Fig. 4."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.models import (
    Rashba,
    film,
    from_hoppings,
    heterostructure,
    one_band,
    square,
    three_band,
    tmd,
    triangular,
)
from spinvalley.normal import chemical_potential, density_of_states, sheet_density, spin_splitting, valley_contours
from spinvalley.spin import SX, SY, SZ

A = 0.316


def vector(model, k):
    """g of h = eps + g.sigma for one orbital, from traces."""
    h = model.hamiltonian(k)
    return np.stack([0.5 * np.einsum("...ab,ba->...", h, s).real for s in (SX, SY, SZ)], axis=-1)


def closed(model, energy=0.0, field=0.0):
    data = valley_contours(model, energy, field, points=60)
    return data, np.where(data.kind == "hole", -1.0, 1.0)


# Laws ----------------------------------------------------------------------------------------------------------------
@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.tuples(*[st.floats(-0.1, 0.1)] * 3))
@settings(max_examples=10)
def test_one_orbital_has_its_spin_along_g(beta_so, alpha, field):
    """h = eps + g.sigma: the spin is +-g/|g|, the splitting 2|g|, and g comes out of the states."""
    model = tmd(mu=-2.0, beta_so=beta_so + 0.5, a=A) + Rashba(alpha + 0.35)
    data, _ = closed(model, 0.0, field)
    g = vector(model, data.k.values) + np.array(field)
    size = np.linalg.norm(g, axis=-1)
    np.testing.assert_allclose(data.g, g, atol=1e-11)
    np.testing.assert_allclose(np.abs(data.splitting), 2 * size, atol=1e-11)
    upper = np.where(data.band == 1, 1.0, -1.0)[:, None, None]
    np.testing.assert_allclose(data.texture, upper * g / size[..., None], atol=1e-9)
    np.testing.assert_allclose(data.in_plane, np.hypot(g[..., 0], g[..., 1]) / size, atol=1e-9)


@given(st.floats(0.05, 0.6), st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
@settings(max_examples=20)
def test_the_splitting_of_an_ising_band_is_4_beta_so_s(beta_so, k):
    model = tmd(beta_so=beta_so, a=A)
    angles = np.array(k) @ model.lattice.matrix.T
    s = np.sin(angles).sum() - np.sin(angles.sum())
    assert spin_splitting(model, k, pair=0) == pytest.approx(4 * beta_so * s, abs=1e-12)
    assert spin_splitting(model, [k, k]).shape == (2, 1)


@given(st.floats(-8, 8), st.floats(-8, 8))
@settings(max_examples=15)
def test_a_little_rashba_coupling_keeps_the_signed_splitting(kx, ky):
    """Without a conserved axis the sign is that of <sigma_z> of the upper band: continuous with the Ising limit."""
    ising = spin_splitting(tmd(a=A), (kx, ky), pair=0)
    both = spin_splitting(tmd(a=A) + Rashba(1e-5), (kx, ky), pair=0)
    assert both == pytest.approx(float(ising), abs=1e-4)


def test_time_reversal_turns_the_spin_between_the_valleys():
    data, _ = closed(tmd(a=A) + Rashba(0.1))
    spin = (data.texture * (data.weight / data.weight.sum("point"))).sum("point")
    for band in np.unique(data.band):
        k, k_prime = (spin.isel(contour=np.flatnonzero((data.band == band) & (data.valley == v))) for v in ("K", "K'"))
        np.testing.assert_allclose(k.values, -k_prime.values, atol=1e-8)


def test_time_reversal_does_not_survive_a_field():
    """The broken variant of the law above."""
    data, _ = closed(tmd(a=A), 0.0, (0, 0, 0.4))
    assert np.ptp(data.density.values) > 0.01 * float(data.density.mean())


@given(st.floats(-5.5, 1.5), st.floats(0, 0.4))
@settings(max_examples=8)
def test_shares_sum_to_one_and_pockets_to_the_filling(energy, beta_so):
    model = tmd(mu=0.0, beta_so=beta_so, a=A)
    data, sign = closed(model, energy)
    assert float(data.dos_share.sum()) == pytest.approx(1, abs=1e-12)
    cell = A**2 * np.sqrt(3) / 2
    missing = float(sheet_density(model, energy).density) - float(sign @ data.density.values)
    full = missing * cell / 1e14
    assert full == pytest.approx(round(full), abs=1e-8)  # bands of hole pockets are full but for them
    total = float(density_of_states(model, energy).per_area[0])
    assert float(data.weight.sum()) / cell == pytest.approx(total, rel=1e-8)


# Labels --------------------------------------------------------------------------------------------------------------
def test_pockets_of_the_bilayer_carry_their_valleys():
    data = valley_contours(heterostructure())
    assert set(data.valley.values) == {"Gamma", "K", "K'"}
    assert set(data.valley.values[data.kind.values == "electron"]) == {"Gamma"}


def test_pockets_at_the_middle_of_the_edges():
    """Hopping over two cells only: the bottom of the band is at Gamma and at the three M."""
    bonds = [(2, 0), (0, 2), (2, 2), (-2, 0), (0, -2), (-2, -2)]
    model = from_hoppings(dict.fromkeys(bonds, -np.eye(2)), triangular(A))
    data = valley_contours(model, -5.0)
    assert sorted(data.valley.values) == ["Gamma"] * 2 + ["M"] * 6
    np.testing.assert_array_equal(data.splitting, 0)
    np.testing.assert_array_equal(data.g, 0)
    np.testing.assert_allclose(np.abs(data.texture[..., 2]), 1)


def test_open_lines_and_no_lines():
    unit = np.eye(2)
    chains = from_hoppings({(1, 0): -unit, (-1, 0): -unit, (0, 1): -0.3 * unit, (0, -1): -0.3 * unit}, square())
    data = valley_contours(chains, 0.3)
    assert set(data.valley.values) == {"open"}
    assert np.all(np.isnan(data.density))
    assert valley_contours(film(), 7.0).sizes["contour"] == 0


def test_q_pockets_fill_at_high_density():
    """Third-neighbour MoS2 at 2e14 cm^-2: six Q pockets besides those at K and K'."""
    model = three_band("MoS2", neighbours=3)
    mu = float(chemical_potential(model, 2e14).mu)
    data = valley_contours(model, mu)
    names, counts = np.unique(data.valley.values, return_counts=True)
    assert dict(zip(names, counts, strict=True)) == {"K": 2, "K'": 2, "Q": 6}
    assert float(data.density.sum()) == pytest.approx(2e14, rel=1e-7)


# Fig. 4 of gated_mos2.txt --------------------------------------------------------------------------------------------
def test_mos2_splits_by_3_mev_at_k_crosses_and_splits_by_13_at_the_fermi_level():
    model = one_band("MoS2", density=8.7e13, rashba_ratio=0.0)
    data = valley_contours(model)
    k = model.lattice.momentum("K")
    assert spin_splitting(model, k, pair=0) == pytest.approx(3.0, abs=1e-9)
    outer = data.isel(contour=(data.valley == "K") & (data.sz[:, 0] > 0)).squeeze("contour")
    assert np.all(outer.splitting < 0)  # the bands have crossed between K and the Fermi line
    assert float(np.abs(outer.splitting).max()) == pytest.approx(13, abs=0.7)
    assert float(data.density.sum()) == pytest.approx(8.7e13, rel=1e-7)
    np.testing.assert_allclose(data.in_plane, 0, atol=1e-14)


def test_two_percent_of_rashba_coupling_on_k_m_is_more_on_the_rest_of_the_line():
    """The in-plane share is the Rashba ratio on K-M, and up to 1.9 times as much towards Gamma."""
    data = valley_contours(one_band("MoS2", density=8.7e13, rashba_ratio=0.02))
    assert float(data.in_plane.min()) == pytest.approx(0.02, abs=1e-3)
    np.testing.assert_allclose(data.in_plane_mean, 0.0284, atol=1e-3)
    np.testing.assert_allclose(data.in_plane_max, 0.037, atol=1.5e-3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: valley_contours(film(), np.inf), "`energy` must be finite, but is inf"),
        (lambda: valley_contours(film(), points=3), "`points` must be an integer of at least 8, but is 3"),
        (lambda: spin_splitting(film(), [1.0, 2.0, 3.0]), r"`k` must have shape \(..., 2\), but has shape \(3,\)"),
        (lambda: spin_splitting(film(), [0, 0], pair=1), "`pair` must be below 1, the number of pairs of bands"),
    ],
)
def test_guards_say_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
