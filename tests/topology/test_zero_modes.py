"""Zero modes of a half plane solve the Hamiltonian built in real space, decay, and number |w|."""

import numpy as np
import pytest

import spinvalley as sv
from spinvalley import topology
from spinvalley.topology.zero_modes import Decaying, decaying
from topology_cases import BILAYER, ISING, B, random_cases, strip_matrix


@pytest.mark.parametrize(("sc", "gap", "field", "k"), random_cases(30, 17))
def test_zero_modes_number_the_winding_and_solve_the_half_plane(sc, gap, field, k):
    found = topology.zero_modes(sc, gap, field, k, columns=60)
    assert found.status.item() == "converged"
    assert found.sizes["mode"] == abs(found.winding.item())
    if found.sizes["mode"] == 0:
        return
    rows = strip_matrix(sc, gap, field, k, "armchair", 60)[: 58 * 2 * sc.model.dim]
    for wave in found.wave.values:
        assert np.abs(rows @ wave.ravel()).max() < 1e-10
    np.testing.assert_allclose(found.electron_weight, 0.5, atol=1e-9)
    assert float(found.residual.max()) < 1e-10


def test_random_cases_contain_modes_of_both_signs():
    signs = {int(topology.zero_modes(*case, columns=1).winding) for case in random_cases(30, 17)}
    assert {-1, 1} <= signs


def test_sums_over_the_half_plane_are_those_of_the_wave():
    mode = topology.zero_modes(ISING, 0.3, 1.2, 0.7 * B, columns=3000)
    density = mode.density.values[0]
    assert density.sum() == pytest.approx(1, abs=1e-12)
    assert mode.shown.item() == pytest.approx(density.sum(), rel=1e-12)
    depth = 0.5 * float(density @ np.arange(3000))
    assert mode.penetration.item() == pytest.approx(depth, rel=1e-10)
    electron = mode.wave.values[0][:, :2]
    for name, sigma in zip(("sx", "sy", "sz"), ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]), strict=True):
        mean = np.einsum("na,ab,nb->", electron.conj(), np.array(sigma), electron) / np.sum(np.abs(electron) ** 2)
        assert mode[name].item() == pytest.approx(mean.real, abs=1e-10)


def test_the_tail_falls_with_the_decay_length():
    mode = topology.zero_modes(ISING, 0.3, 1.2, 0.7 * B, columns=2000)
    density = mode.density.values[0]
    early, late = density[400:800].max(), density[1200:1600].max()
    fall = np.log(early / late) / (800 * 0.5)
    assert 2 / fall == pytest.approx(mode.decay_length.item(), rel=0.02)
    assert abs(mode.root.item()) ** 800 == pytest.approx(np.sqrt(late / early), rel=0.3)


@pytest.mark.parametrize(
    ("x", "columns_of_decay"), [(0.6135, 3e4), (0.62, 7e4), (0.6245, 7e5), (0.73, 4e3), (0.749, 3e3)]
)
def test_modes_of_the_heterostructure_reach_thousands_of_columns(x, columns_of_decay):
    mode = topology.zero_modes(BILAYER, 0.1, 0.4, x * B, columns=1)
    assert mode.residual.item() < 1e-12
    assert 1 < 2 * mode.decay_length.item() / columns_of_decay < 1.3


def test_modes_of_a_wave_are_eigenstates_of_the_chiral_operator():
    chiral = np.kron([[0, -1j], [1j, 0]], [[0, 1], [1, 0]])
    for x in (0.7, -0.7):
        mode = topology.zero_modes(ISING, 0.3, 1.2, x * B, columns=20)
        assert mode.chirality.item() == -np.sign(mode.winding.item())
        np.testing.assert_allclose(
            mode.wave.values[0] @ chiral.T, mode.chirality.item() * mode.wave.values[0], atol=1e-12
        )


def test_no_mode_without_winding_and_none_at_a_closing():
    none = topology.zero_modes(ISING, 0.3, 0.2, 0.5)
    assert (none.sizes["mode"], none.winding.item(), none.status.item()) == (0, 0, "converged")
    film = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.3))
    closed = topology.zero_modes(film, 0.3, 1.2, 0.5)
    assert (closed.sizes["mode"], closed.status.item()) == (0, "gap closed")


def test_several_modes_are_orthonormal():
    """A with three-fold winding: lambda^3 + small terms decouples into modes that must come out orthonormal."""
    blocks = np.zeros((7, 1, 1))
    blocks[3], blocks[4], blocks[6] = 0.05, 0.1, 1.0
    found = decaying(blocks)
    assert found.modes.shape[1] == 3
    waves = found.waves(400)
    padded = np.pad(waves, [(0, 0), (3, 0), (0, 0)])
    residual = sum(blocks[j] * padded[:, 5 + j : 25 + j] for j in range(7))
    assert np.abs(residual).max() < 1e-12
    gram = np.einsum("mnd,lnd->ml", waves.conj(), waves)
    np.testing.assert_allclose(found.total(np.eye(1)), gram, atol=1e-10)


def test_a_mode_that_ignores_the_boundary_leaks():
    """The broken variant: any decaying solution is not a mode."""
    blocks = np.zeros((3, 1, 1))
    blocks[0], blocks[1], blocks[2] = 0.2, 1.0, 3.0
    found = decaying(blocks)
    assert found.modes.shape[1] == 1
    wrong = Decaying(found.start, found.step, np.eye(2)[:, :1], 0.0).waves(4)
    rows = blocks[1] * wrong[:, 0] + blocks[2] * wrong[:, 1]
    right = blocks[1] * found.waves(4)[:, 0] + blocks[2] * found.waves(4)[:, 1]
    assert np.abs(rows).max() > 1e-3
    assert np.abs(right).max() < 1e-13


def test_bad_input_is_one_sentence():
    with pytest.raises(sv.InvalidInput, match="`columns` must be a whole number of at least 1"):
        topology.zero_modes(ISING, 0.3, 1.2, 0.5, columns=0)
    with pytest.raises(sv.InvalidInput, match="`k_parallel` must be a real number"):
        topology.zero_modes(ISING, 0.3, 1.2, [0.5, 0.6])
