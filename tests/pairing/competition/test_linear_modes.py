"""Laws of the modes: gap equation, bases, repulsion, degeneracy, gauge, mixing by field and spin-orbit coupling."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput, models
from spinvalley.pairing import (
    Channel,
    Competition,
    Reduced,
    instabilities,
    spin_mixing,
    susceptibility_matrix,
)
from spinvalley.pairing.channels import available, named
from spinvalley.pairing.channels.form import superposition
from spinvalley.pairing.competition.modes import modes

FILM = models.film(mu=0.5)
ISING = models.ising_film(0.2, mu=0.5)
RASHBA = ISING + models.Rashba(0.15)


@dataclass(frozen=True)
class Given:
    """Any Hermitian couplings between normalised channels."""

    v: np.ndarray

    def couplings(self, _channels):
        return self.v


def chosen(model, *names, v=1.0):
    channels = tuple(next(c for c in named(model) if c.name == name) for name in names)
    return Competition(model, channels, Reduced(dict.fromkeys(names, v)))


def random_couplings(rng, n):
    matrix = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
    return matrix + matrix.conj().T


def random_matrix(rng, n):
    """A positive Hermitian matrix, as susceptibilities are."""
    root = rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n))
    return root @ root.conj().T + 0.1 * np.eye(n)


@given(st.integers(0, 2**31), st.integers(1, 6))
@settings(max_examples=30)
def test_every_mode_solves_the_gap_equation_in_its_gauge(seed, n):
    """chi Delta = lambda W Delta; as many lambda are positive as V has attractive eigenvalues (Sylvester)."""
    rng = np.random.default_rng(seed)
    comp = Competition(FILM, named(FILM)[:n], Given(random_couplings(rng, n)))
    chi = random_matrix(rng, n)
    found = modes(comp, chi, 1e-14)
    for value, vector in zip(found.eigenvalues, found.vectors, strict=True):
        scale = np.abs(chi).max() + abs(value) * np.abs(comp.quadratic).max()
        np.testing.assert_allclose(chi @ vector, value * comp.quadratic @ vector, atol=1e-9 * scale)
        assert comp.norms @ np.abs(vector) ** 2 == pytest.approx(1)
        largest = vector[np.argmax(np.abs(vector))]
        assert largest.real > 0
        assert abs(largest.imag) < 1e-12
    assert np.all(np.diff(found.eigenvalues) <= 1e-12)
    assert np.sum(found.eigenvalues > 0) == np.sum(np.linalg.eigvalsh(comp.couplings) > 0)
    wrong = found.vectors[0].conj()  # the broken variant: the conjugate gap
    if n > 2:
        assert np.abs(chi @ wrong - found.eigenvalues[0] * comp.quadratic @ wrong).max() > 1e-6


def test_eigenvalues_do_not_depend_on_the_basis_of_the_channels():
    rng = np.random.default_rng(5)
    channels = named(RASHBA)[:4]
    v = random_couplings(rng, 4) + 6 * np.eye(4)
    u = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
    turned = tuple(superposition(channels, u[:, i], f"mode {i}") for i in range(4))
    point = (0.8, [0.1, 0.0, 0.2])
    first = instabilities(Competition(RASHBA, channels, Given(v)), *point, tol=1e-5)
    second = instabilities(Competition(RASHBA, turned, Given(u.conj().T @ v @ u)), *point, tol=1e-5)
    np.testing.assert_allclose(first.eigenvalue, second.eigenvalue, rtol=1e-4)
    np.testing.assert_allclose(first.share, second.share, atol=1e-3)
    other = instabilities(Competition(RASHBA, turned, Given(v)), *point, tol=1e-5)  # couplings of the old basis
    assert np.abs(first.eigenvalue - other.eigenvalue).max() > 1e-2


def test_for_one_channel_the_eigenvalue_is_the_coupling_times_the_susceptibility():
    comp = chosen(ISING, "s", v=2.1)
    chi = complex(susceptibility_matrix(comp, 0.2, 0.1).chi[0, 0]).real
    found = instabilities(comp, 0.2, 0.1)
    assert float(found.eigenvalue[0]) == pytest.approx(2.1 * chi, rel=1e-12)
    assert float(found.error[0]) <= 1e-7
    assert found.status.item() == "converged"
    assert found.irrep.item() == "s"


def test_a_channel_that_repels_lowers_what_it_mixes_with():
    """s and extended s share an irrep; a repulsive s leaves d alone."""
    alone = instabilities(chosen(FILM, "s_ext", "d_xy"), 0.1)
    names = ("s_ext", "d_xy", "s")
    channels = tuple(next(c for c in named(FILM) if c.name == name) for name in names)
    for u in (0.5, 5.0):
        found = instabilities(Competition(FILM, channels, Reduced({"s_ext": 1, "d_xy": 1, "s": -u})), 0.1)
        values = dict(zip(found.irrep.values, found.eigenvalue.values, strict=True))
        assert values["d_xy"] == pytest.approx(float(alone.eigenvalue[list(alone.irrep).index("d_xy")]), rel=1e-7)
        assert values["s_ext + s"] < float(alone.eigenvalue[list(alone.irrep).index("s_ext")])
        assert found.eigenvalue[-1] < 0


def test_partners_of_a_two_dimensional_irrep_are_degenerate_and_named():
    channels = available(FILM)
    found = instabilities(Competition(FILM, channels, Reduced({c.name: 1.0 for c in channels})), 0.1, tol=1e-7)
    pairs = found.isel(mode=found.irrep == "E2g")
    assert len(pairs.mode) == 2
    assert len(set(pairs.level.values)) == 1
    names = {str(pairs.channel[int(np.argmax(np.abs(v)))].item()) for v in pairs.vector.values}
    assert names == {"d_xy", "d_x2-y2"}
    np.testing.assert_allclose(np.max(np.abs(pairs.vector), axis=1), 1, atol=1e-9)  # each along one channel


def test_without_spin_orbit_coupling_and_field_nothing_mixes_singlet_and_triplet():
    channels = named(FILM)
    found = instabilities(Competition(FILM, channels, Reduced({c.name: 1.0 for c in channels})), 0.1, tol=1e-6)
    singlet = found.share.sel(spin="singlet").values
    assert np.all((singlet < 1e-12) | (singlet > 1 - 1e-12))
    np.testing.assert_allclose(found.share.sum("spin"), 1)


def test_a_field_across_the_ising_axis_admits_the_triplet_along_h_cross_g_with_a_phase_i():
    comp = chosen(ISING, "s", "f:y", v=1.5)
    line = spin_mixing(comp, 0.1, [0.0, 0.01, 0.02, 0.04], tol=1e-7)
    leading = line.isel(mode=0)
    share = leading.share.sel(spin="d_y").values
    assert share[0] < 1e-14
    assert np.all(np.diff(share) > 0)
    assert share[2] / share[1] == pytest.approx(4, rel=0.02)  # an amplitude linear in h
    ratio = leading.vector.sel(channel="f:y").values[1:] / leading.vector.sel(channel="s").values[1:]
    np.testing.assert_allclose(ratio.real, 0, atol=1e-12)
    along = spin_mixing(comp, 0.1, [0.04], direction=(0, 0, 1), tol=1e-7).isel(mode=0)
    assert float(along.share.sel(spin="d_y")[0]) < 1e-14


def test_rashba_coupling_mixes_s_with_d_along_g():
    channels = tuple(c for c in available(FILM + models.Rashba(0.3)) if c.irrep == "A1")
    film = FILM + models.Rashba(0.3)
    couplings = {c.name: 1.0 for c in channels}
    found = instabilities(Competition(film, channels, Reduced(couplings)), 0.1, tol=1e-6)
    assert {c.name for c in channels} >= {"s", "p_x:y - p_y:x"}
    assert 1e-4 < float(found.share.sel(spin="singlet")[0]) < 1 - 1e-4
    assert set(found.irrep.values) == {"A1"}


def test_the_door_says_what_is_wrong():
    comp = chosen(FILM, "s")
    for call, sentence in (
        (lambda: instabilities(comp, -1.0), "`kT` must be positive, but is -1.0"),
        (lambda: instabilities(comp, 0.1, tol=2.0), "`tol` must be below 1, but is 2.0"),
        (lambda: spin_mixing(comp, 0.1, [0.1], direction=(0, 0, 0)), "`direction` must be a nonzero 3-vector"),
        (lambda: spin_mixing(comp, 0.1, [np.nan]), "`zeeman` must be finite"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            call()


def test_a_channel_without_partner_keeps_its_name():
    lone = Channel("mine", FILM.lattice, FILM.layers, named(FILM)[0].table)
    found = instabilities(Competition(FILM, (lone,), Reduced({"mine": 1.0})), 0.2)
    assert found.irrep.item() == "mine"
