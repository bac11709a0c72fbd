"""Laws of the tight-binding slab: reduction to parabolas, symmetry of the stackings, counting, onset of Q."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.gating import QShift, ValleyWarning, slab, solve_layers, solve_slab, top_density
from spinvalley.gating.mesh import zone_mesh
from spinvalley.gating.stacking import q_shape
from spinvalley.gating.valleys import regions_of
from spinvalley.gating.zone_electrons import electrons_of, pocketed
from spinvalley.models import Lattice, Rashba, film, square, three_band
from spinvalley.normal import conserved_axis, occupied_fraction
from spinvalley.spin import SZ
from spinvalley.units import EPS0, HBAR2_2M

MOS2 = three_band("MoS2")
A = 0.32
HEAVY = 0.5
T = -HBAR2_2M / HEAVY / (1.5 * A**2)  # 2 t C = 6 t - (3/2) t a^2 k^2 + ...
BAND = film(T, a=A)
FILM = film()


def polygon(model, level, size):
    """Occupied fraction of one band by the triangles."""
    mesh = zone_mesh(model.lattice, size, model.lattice.holohedry)
    energies = model.hamiltonian(mesh.k)[:, 0, 0].real[:, None]
    return float(mesh.occupations(energies, level, 0.0).sum())


def gauss_violation(data, eps=6.9):
    displacement = np.concatenate([[data.vacuum_field], data.field.values * eps, [data.attrs["back_field"]]])
    charge = data.density.values * 1e-14 / EPS0 * 10
    return float(np.abs(displacement[:-1] - displacement[1:] - charge).max() / charge.sum())


@pytest.mark.parametrize("lattice", [FILM.lattice, square(), Lattice(((1.0, 0.0), (0.3, 1.2)))])
def test_the_mesh_fills_the_zone(lattice):
    mesh = zone_mesh(lattice, 12, lattice.holohedry)
    assert mesh.weights.sum() == pytest.approx(1.0, abs=1e-13)
    assert mesh.areas.sum() == pytest.approx(1.0, abs=1e-13)
    full = mesh.occupations(np.zeros((len(mesh.k), 1)), 1.0, 0.0)
    np.testing.assert_allclose(full[:, 0], mesh.weights, atol=1e-13)


@pytest.mark.parametrize("level", [-5.0, -2.5, 0.3, 1.7])
def test_the_triangles_agree_with_the_fermi_lines(level):
    exact = float(occupied_fraction(FILM, level).fraction[0])
    assert polygon(FILM, level, 96) == pytest.approx(exact, abs=1e-5)
    assert abs(polygon(FILM, level, 192) - exact) < 5e-6


def test_the_thermal_occupation_is_the_average_of_the_fermi_function():
    mesh = zone_mesh(FILM.lattice, 96, FILM.lattice.holohedry)
    energies = FILM.hamiltonian(mesh.k)[:, 0, 0].real[:, None]
    direct = float(mesh.weights @ (1 / (1 + np.exp((energies[:, 0] + 2.0) / 0.5))))
    assert float(mesh.occupations(energies, -2.0, 0.5).sum()) == pytest.approx(direct, abs=2e-6)


def test_parabolic_layers_without_hopping_are_those_of_solve_layers():
    """One band at Gamma, 2 spins, at a density where it is a parabola to about 1 %."""
    tight = solve_slab(BAND, 5, hopping=0.0, stacking="AA", density=1e12, tol=3e-3)
    plain = solve_layers(1e12, 5, mass=HEAVY / 2)  # two spins of one valley
    assert tight.data.status == "converged"
    np.testing.assert_allclose(tight.data.fraction, plain.fraction, atol=5e-3)
    assert float(tight.data.valley_fraction.sel(valley="Gamma")) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("stacking", ["2H", "3R", "AA"])
def test_every_stacking_obeys_gauss_and_counts_its_electrons(stacking):
    data = solve_slab(MOS2, 3, hopping=0.0 if stacking == "AA" else 60.0, stacking=stacking).data
    assert data.status == "converged"
    assert float(data.fraction.sum()) == pytest.approx(1.0, abs=1e-3)
    assert gauss_violation(data) < 1e-3
    assert np.all(np.diff(data.potential) > 0)
    assert float(data.valley_fraction.sum()) == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(data.valley_density.sum("valley"), data.density, rtol=1e-6)
    assert top_density(data) == float(data.density[0])


def test_the_fermi_lines_enclose_the_density_and_lie_on_layers():
    gated = solve_slab(MOS2, 2, hopping=60.0)
    lines = gated.fermi_surface(40)
    cell = (2 * np.pi) ** 2 / MOS2.lattice.zone_area
    assert float(lines.area.sum()) / cell * 1e14 == pytest.approx(8.7e13, rel=1e-3)
    np.testing.assert_allclose(lines.layer_weight.sum("layer"), 1.0, atol=1e-12)
    assert float(lines.layer_weight.sel(layer=1).max()) > 0.95
    bands = gated.subbands(points=40)
    assert bands.sizes["band"] == 8
    assert float(bands.energy.min()) == pytest.approx(float(gated.data.valley_edge.sel(valley="K")), abs=0.5)


def test_the_error_covers_a_finer_tolerance():
    rough, fine = (solve_slab(MOS2, 4, hopping=0.0, tol=tol).data for tol in (1e-3, 2e-4))
    assert np.abs(rough.fraction - fine.fraction).max() <= float(rough.error) + float(fine.error)
    assert float(fine.error) <= 2e-4


@settings(max_examples=6)
@given(st.floats(12.5, 14.3), st.integers(1, 4), st.floats(-60, 60), st.sampled_from([0.0, 0.1, 25.0]))
def test_random_slabs_converge(exponent, layers, hopping, kT):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValleyWarning)
        data = solve_slab(MOS2, layers, hopping=hopping, density=10.0**exponent, kT=kT, tol=2e-2).data
    assert data.status == "converged"
    assert float(data.fraction.sum()) == pytest.approx(1.0, abs=2e-3)


def test_q_valleys_fill_below_the_onset_and_not_above():
    onset = float(solve_slab(MOS2, 2, hopping=60.0, q_shift=100.0).data.q_onset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = solve_slab(MOS2, 2, hopping=60.0, q_shift=onset + 2.0).data
    assert float(empty.valley_fraction.sel(valley="Q")) == 0.0
    with pytest.warns(ValleyWarning, match="of the electrons are in the Q valleys"):
        filled = solve_slab(MOS2, 2, hopping=60.0, q_shift=onset - 40.0).data
    assert float(filled.valley_fraction.sel(valley="Q")) > 0.02
    assert float(filled.q_onset) == pytest.approx(onset, abs=2.0)


def test_the_q_shift_is_flat_at_k_and_one_at_q():
    lattice, energy = MOS2.lattice, 70.0
    corner, step = lattice.momentum("K"), 1e-2
    around = corner + step * np.array([[np.cos(x), np.sin(x)] for x in np.linspace(0, 6, 9)])
    assert np.abs(q_shape(lattice, around)).max() < 1e-5
    assert q_shape(lattice, 0.5 * corner[None])[0] == pytest.approx(1.0, abs=1e-12)
    assert q_shape(lattice, np.zeros((1, 2)))[0] == pytest.approx(0.0, abs=1e-12)
    k = np.random.default_rng(1).normal(size=(7, 2)) * 5
    shift = (MOS2 + QShift(energy)).hamiltonian(k) - MOS2.hamiltonian(k)
    np.testing.assert_allclose(shift, energy * q_shape(lattice, k)[:, None, None] * np.eye(6), atol=1e-9)


@given(st.integers(0, 1000))
def test_a_2h_bilayer_has_inversion_and_no_spin_splitting(seed):
    k = np.random.default_rng(seed).normal(size=(1, 2)) * 5
    h = slab(MOS2, 2, hopping=[80.0, 50.0, 50.0]).hamiltonian(k)[0]
    back = slab(MOS2, 2, hopping=[80.0, 50.0, 50.0]).hamiltonian(-k)[0]
    swap = np.kron(np.array([[0, 1], [1, 0]]), np.eye(6))
    np.testing.assert_allclose(swap @ back @ swap, h, atol=1e-9)
    energies = np.linalg.eigvalsh(h)
    np.testing.assert_allclose(energies[::2], energies[1::2], atol=1e-8)


def test_a_3r_bilayer_the_broken_variant_of_inversion_is_spin_split():
    k = np.array([9.0, 1.0])
    energies = np.linalg.eigvalsh(slab(MOS2, 2, hopping=60.0, stacking="3R").hamiltonian(k))
    assert np.abs(energies[::2] - energies[1::2]).max() > 1.0


def test_the_turned_layer_keeps_sigma_z_and_turns_rashba():
    model = film() + Rashba(0.3)
    h = slab(model, 2, hopping=0.0).hamiltonian(k := np.array([0.4, 0.9]))
    np.testing.assert_allclose(h[2:, 2:], SZ @ model.hamiltonian(-k) @ SZ, atol=1e-12)
    np.testing.assert_allclose(h[2:, 2:], model.hamiltonian(k), atol=1e-12)  # Rashba is even under C2z


@pytest.mark.parametrize("stacking", ["2H", "3R"])
def test_the_hopping_vanishes_at_k_and_is_whole_at_gamma(stacking):
    model = slab(MOS2, 2, hopping=90.0, stacking=stacking)
    block = [model.hamiltonian(model.lattice.momentum(point))[:6, 6:] for point in ("K", "Gamma")]
    np.testing.assert_allclose(block[0], 0, atol=1e-12)
    np.testing.assert_allclose(block[1], 90.0 * np.eye(6), atol=1e-12)


def test_one_spin_sector_stands_for_both_by_time_reversal():
    (electrons,) = electrons_of(slab(MOS2, 3, hopping=50.0), 3)
    assert electrons.copies == 2
    assert conserved_axis(MOS2) is not None
    potential = np.array([0.0, 20.0, 30.0])
    reduced = pocketed(electrons, 24, 1750.0, potential, 0.0, np.inf)
    whole = pocketed(replace(electrons, group=np.eye(2)[None]), 24, 1750.0, potential, 0.0, np.inf)
    phi = 1750.0 - potential
    np.testing.assert_allclose(reduced.response(phi, 1.0)[0], whole.response(phi, 1.0)[0], rtol=1e-5)


def test_the_regions_cover_the_zone():
    regions = regions_of(MOS2.lattice)
    k = np.random.default_rng(0).normal(size=(500, 2)) * 20
    parts = np.array([regions.of(k, name) for name in regions.names])
    np.testing.assert_array_equal(parts.sum(axis=0), 1)
    assert regions.of(0.45 * MOS2.lattice.momentum("K")[None], "Q")[0]
    assert regions_of(square()).names == ("zone",)


def test_the_model_of_the_slab_has_its_fermi_level_at_zero():
    gated = solve_slab(MOS2, 2, hopping=0.0)
    corner = gated.model.lattice.momentum("K")
    lowest = np.linalg.eigvalsh(gated.model.hamiltonian(corner))[gated.model.filled_bands]
    assert lowest == pytest.approx(float(gated.data.valley_edge.sel(valley="K")), abs=0.5)
    bare = slab(MOS2, 2, hopping=0.0).hamiltonian(corner)
    moved = np.diag(gated.model.hamiltonian(corner) - bare).real
    level = float(gated.data.chemical_potential)
    np.testing.assert_allclose(moved, np.repeat(gated.data.potential.values - level, 6), atol=1e-9)


def test_what_does_not_add_up_is_not_converged():
    """The field of so many electrons breaks the gap between the layers: no state with full valence bands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValleyWarning)
        data = solve_slab(MOS2, 2, hopping=0.0, density=8e15, tol=1e-2, steps=8).data
    assert abs(float(data.fraction.sum()) - 1) <= float(data.error) + 1e-12
    assert (data.status == "converged") == (max(float(data.residual), float(data.error)) <= 1e-2)
    assert data.status == "not converged"
    assert np.isnan(float(data.q_onset))


def test_too_few_steps_are_reported_with_the_last_residual():
    data = solve_slab(MOS2, 2, hopping=0.0, steps=0).data
    assert data.status == "not converged"
    assert float(data.residual) > 1e-3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"stacking": "AB"}, "`stacking` must be one of 2H, 3R, AA, but is 'AB'"),
        ({"density": -1}, "`density` must be positive, but is -1.0"),
        (
            {"density": 1e16},
            "`density` must be below 9.078e+15 cm^-2, what the conduction bands of the slab can hold, but is 1e+16",
        ),
        ({"layers": 0}, "`layers` must be a whole number of at least 1, but is 0"),
        ({"kT": -1}, "`kT` must be non-negative, but is -1.0"),
        ({"eps_perp": -2}, "`eps_perp` must be positive, but is -2.0"),
        ({"hopping": np.nan}, "`hopping` must be finite, but contains NaN or infinity"),
        ({"hopping": [1, 2]}, "`hopping` must be a number, 3 numbers or a 3 x 3 matrix, but has shape (2,)"),
        ({"q_shift": np.inf}, "`q_shift` must be finite, but is inf"),
    ],
)
def test_bad_input_is_told_in_one_sentence(arguments, sentence):
    with pytest.raises(InvalidInput) as caught:
        solve_slab(MOS2, **{"layers": 2, "hopping": 0.0} | arguments)
    assert str(caught.value) == sentence


def test_a_model_without_conduction_band_or_triangles_is_refused():
    with pytest.raises(InvalidInput, match="`layer_model` must have a conduction band"):
        solve_slab(replace(MOS2, filled_bands=6), 2, hopping=0.0)
    with pytest.raises(InvalidInput, match="triangular lattice"):
        slab(replace(FILM, lattice=square()), 2, hopping=0.0)
    with pytest.raises(InvalidInput, match="`layer_model` must be a TightBinding"):
        solve_slab(3, hopping=0.0)
