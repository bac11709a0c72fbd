"""Laws of monolayer NbSe2: pockets, electron count, Ising nodes on Gamma-M, the measured bands behind it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.models import nbse2, spin_decomposition
from spinvalley.models.nbse2 import NBSE2_BANDS, SPLITTING
from spinvalley.normal import chemical_potential
from spinvalley.spin import time_reversal

MODEL = nbse2()


def mesh(count):
    fractions = np.stack(np.meshgrid(*2 * [(np.arange(count) + 0.37) / count]), axis=-1)
    return fractions @ MODEL.lattice.reciprocal


def measured(row, k):
    """The printed form, xi = k_x a/2, eta = sqrt3 k_y a/2, in meV."""
    t = NBSE2_BANDS.row(row)
    a = MODEL.lattice.matrix[0, 0]
    x, y = 0.5 * a * k[..., 0], 0.5 * np.sqrt(3) * a * k[..., 1]

    def c(n, m):
        return np.cos(n * x) * np.cos(m * y)

    shells = [2 * c(1, 1) + c(2, 0), 2 * c(3, 1) + c(0, 2), 2 * c(2, 2) + c(4, 0)]
    shells += [c(1, 3) + c(5, 1) + c(4, 2), 2 * c(3, 3) + c(6, 0)]
    return t["t0"] + sum(t[f"t{n + 1}"] * shell for n, shell in enumerate(shells))


def test_the_two_measured_bands_hold_two_electrons_per_two_atoms():
    filling = sum(2 * np.mean(measured(row, mesh(400)) < 0) for row in NBSE2_BANDS.rows)
    assert filling == pytest.approx(2, abs=0.01)


def test_the_band_is_the_mean_of_the_measured_ones_up_to_the_fermi_level():
    xi, _ = spin_decomposition(MODEL, mesh(24))
    shift = xi - 0.5 * sum(measured(row, mesh(24)) for row in NBSE2_BANDS.rows)
    np.testing.assert_allclose(shift, shift.flat[0], atol=1e-9)
    assert abs(shift.flat[0]) < 20


@settings(max_examples=4)
@given(st.floats(0.9, 1.1))
def test_the_sea_holds_the_electrons(electrons):
    h = nbse2(electrons=electrons).hamiltonian(mesh(500))
    counted = np.mean(h[..., 0, 0].real < 0) + np.mean(h[..., 1, 1].real < 0)
    assert counted == pytest.approx(electrons, abs=2e-3)


@pytest.mark.parametrize("electrons", [0.8, 1.0, 1.15])
def test_the_fermi_level_is_that_of_the_normal_state_to_a_hundredth_of_a_mev(electrons):
    model = nbse2(electrons=electrons)
    density = electrons * model.lattice.zone_area / (2 * np.pi) ** 2 * 1e14  # nm^-2 in cm^-2
    assert abs(float(chemical_potential(model, density).mu)) < 1e-3


def test_the_table_says_that_it_was_not_checked():
    assert "not checked against the original text" in NBSE2_BANDS.validity


def test_holes_are_at_gamma_and_k_and_electrons_in_between():
    def xi(k):
        return spin_decomposition(MODEL, k)[0]

    corner, side = MODEL.lattice.momentum("K"), MODEL.lattice.momentum("M")
    assert xi(np.zeros(2)) > 0
    assert xi(corner) > 0
    assert xi(side) < 0
    assert xi(0.52 * corner) < 0


def test_the_ising_coupling_vanishes_on_gamma_m_only():
    line = np.linspace(0, 1, 50)[:, None]
    for point, vanishes in (("M", True), ("K", False)):
        g = spin_decomposition(MODEL, line * MODEL.lattice.momentum(point))[1]
        assert np.abs(g[:, :2]).max() == 0
        assert (np.abs(g[:, 2]).max() < 1e-10) == vanishes


def test_the_splitting_on_the_k_pocket_is_the_one_asked_for():
    assert pytest.approx(76.4, abs=0.05) == SPLITTING
    corner, splits, bare = MODEL.lattice.momentum("K"), [], nbse2(0.0)
    radii = np.linspace(0, 0.5, 2001)[:, None] * np.linalg.norm(corner)
    for angle in np.linspace(0, 2 * np.pi, 60, endpoint=False):
        k = corner + radii * np.array([np.cos(angle), np.sin(angle)])
        edge = np.argmax(spin_decomposition(bare, k)[0] < 0)
        splits.append(2 * abs(spin_decomposition(MODEL, k[edge])[1][2]))
    assert np.mean(splits) == pytest.approx(SPLITTING, rel=2e-3)


@given(st.tuples(st.floats(-9, 9), st.floats(-9, 9)).map(np.array))
def test_time_reversal_holds(k):
    np.testing.assert_allclose(time_reversal(MODEL.hamiltonian(-k)), MODEL.hamiltonian(k), atol=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: nbse2(-1.0), "`splitting` must be non-negative, but is -1.0"),
        (lambda: nbse2(electrons=1.5), "`electrons` must be between 0.8 and 1.2"),
        (lambda: nbse2(a=0.0), "`a` must be positive, but is 0.0"),
    ],
)
def test_bad_input_says_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
