"""Drawings of topology: what is drawn is the Dataset in the units asked for, and what is doubtful looks so."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_hex

import spinvalley as sv
from spinvalley.checks import InvalidInput
from spinvalley.figures import topology as figures
from spinvalley.figures.style import BLUE, RED, journal, panels
from spinvalley.topology.strip import FiniteSizeWarning, strip

GAP, V = 0.3, 1.2
B = np.pi / np.sqrt(3)
UNIT = (B, GAP)


@pytest.fixture
def ax():
    with journal():
        _, (axes,) = panels()
        yield axes


@pytest.fixture(scope="module")
def sc():
    return sv.Superconductor(sv.models.ising_film(0.5), sv.s_wave(gap0=GAP))


@pytest.fixture(scope="module")
def bands(sc):
    return sv.topology.flat_bands(sc, GAP, V)


def levels(narrow):
    k = np.linspace(0, 1, 5) * B
    return xr.Dataset(
        {
            "energy": (("k_parallel", "state"), GAP * np.outer(np.ones(5), [-1, 1])),
            "finite_size": ("k_parallel", narrow),
        },
        coords={"k_parallel": k},
    )


def patches(ax):
    return [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]


# Strip ----------------------------------------------------------------------------------------------------------------
def test_a_strip_is_drawn_in_the_units_of_the_paper(ax, sc):
    with pytest.warns(FiniteSizeWarning):
        data = strip(sc, GAP, V, 60, np.linspace(0, B, 9), states=4)
    assert figures.draw_strip(ax, data, unit=UNIT) is ax
    drawn = ax.lines[:4]
    np.testing.assert_allclose(drawn[0].get_xdata(), np.linspace(0, 1, 9))
    np.testing.assert_allclose(np.array([line.get_ydata() for line in drawn]).T, data.energy.values / GAP)
    assert ax.get_xlabel() == r"$k_\parallel /\,(\pi/\sqrt{3}a)$"
    assert ax.get_ylabel() == r"$E/\Delta$"


def test_levels_of_a_narrow_strip_stand_on_grey(ax):
    figures.draw_strip(ax, levels([False, True, True, False, True]), unit=UNIT)
    np.testing.assert_allclose(patches(ax), [(0.125, 0.625), (0.875, 1.0)])
    assert [text.get_text() for text in ax.texts] == ["grey: finite-size effects"]


def test_levels_of_a_wide_strip_do_not(ax):
    figures.draw_strip(ax, levels([False] * 5), unit=UNIT)
    assert not ax.patches
    assert not ax.texts


# Winding --------------------------------------------------------------------------------------------------------------
def test_the_winding_number_has_its_height_and_the_colour_of_its_sign(ax, bands):
    figures.draw_winding(ax, bands, unit=UNIT)
    assert [round(p.get_height()) for p in ax.patches] == bands.winding.values.tolist()
    assert [to_hex(p.get_facecolor()).upper() for p in ax.patches] == [
        RED if w > 0 else BLUE for w in bands.winding.values
    ]
    np.testing.assert_allclose(patches(ax), np.stack([bands.start, bands.stop], axis=-1) / B)
    np.testing.assert_allclose(ax.get_xlim(), (-1, 1))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["\N{MINUS SIGN}1", "0", "+1"]


def test_samples_of_the_winding_number_are_drawn_as_its_intervals_are(ax, sc, bands):
    step = 1 / 400
    data = sv.topology.winding(sc, GAP, V, np.linspace(0, B, 401))
    figures.draw_winding(ax, data, unit=UNIT)
    right = bands.isel(interval=np.flatnonzero(bands.start.values > 0))
    np.testing.assert_allclose(patches(ax), np.stack([right.start, right.stop], axis=-1) / B, atol=step)


def test_a_closing_of_the_gap_is_seen(ax, sc, bands):
    data = sv.topology.winding(sc, GAP, V, [0.1, float(bands.stop[-1]), 1.7])
    figures.draw_winding(ax, data.assign(status=("k_parallel", ["converged", "gap closed", "converged"])), unit=UNIT)
    assert sum(line.get_linestyle() == ":" for line in ax.lines) == 1


def test_larger_winding_numbers_stay_inside_the_axes(ax):
    data = xr.Dataset({"winding": ("k_parallel", [0, 3, -2])}, coords={"k_parallel": [0.0, 1.0, 2.0]})
    figures.draw_winding(ax, data)
    assert ax.get_ylim()[1] > 3
    assert {"+2", "0"} <= {text.get_text() for text in ax.get_yticklabels()}


def test_flat_bands_lie_at_zero_energy_and_the_legend_names_them(ax, bands):
    figures.mark_flat_bands(ax, bands, unit=UNIT)
    assert all(np.all(line.get_ydata() == 0) for line in ax.lines)
    assert len(ax.lines) == bands.sizes["interval"]
    assert [h.get_label() for h in figures.winding_handles(bands)] == ["$w$ = +1", "$w$ = \N{MINUS SIGN}1"]


# Edge spectrum, mode, conductance -------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def spectrum(sc):
    return sv.topology.edge_spectrum(sc, GAP, V, np.linspace(0, B, 11), np.linspace(-0.3, 0.3, 7))


@pytest.mark.parametrize("which", ["total", "electron"])
def test_the_spectral_function_is_per_unit_of_energy_and_has_a_scale(ax, spectrum, which):
    mesh = figures.draw_edge_spectrum(ax, spectrum, unit=UNIT, which=which)
    values = spectrum[which].values if which == "total" else spectrum.electron.sum("layer").values
    np.testing.assert_allclose(mesh.get_array(), values.T * GAP)
    np.testing.assert_allclose(mesh.norm.vmax, values.max() * GAP)
    assert mesh.norm.vmin >= 1e-4 * mesh.norm.vmax
    figures.add_spectral_scale(ax, mesh)
    ax.get_figure().canvas.draw()


def test_points_that_did_not_converge_have_no_colour(ax, spectrum):
    status = spectrum.status.values.copy()
    status[2, 3] = "not converged"
    mesh = figures.draw_edge_spectrum(ax, spectrum.assign(status=(spectrum.status.dims, status)), unit=UNIT)
    np.testing.assert_array_equal(np.argwhere(mesh.get_array().mask), [[3, 2]])


def test_a_mode_lies_below_its_decay(ax, sc):
    data = sv.topology.zero_modes(sc, GAP, V, 0.7 * B)
    figures.draw_mode(ax, data)
    density, decay, mark = ax.lines
    x, y = decay.get_data()
    assert np.all(density.get_ydata() <= 1.0001 * y[: len(density.get_ydata())])
    np.testing.assert_allclose(np.diff(np.log(y)) / np.diff(x), -2 / data.decay_length.values[0])
    np.testing.assert_allclose(mark.get_xdata(), data.decay_length.values[0])
    assert ax.get_legend_handles_labels()[1] == [rf"$\xi = {data.decay_length.values[0]:.3g}\,a$"]
    with pytest.raises(InvalidInput, match="must hold a zero mode, but holds none"):
        figures.draw_mode(ax, sv.topology.zero_modes(sc, GAP, V, 0.1))


def test_the_conductance_of_both_spins_is_drawn(ax, sc):
    data = sv.topology.andreev(sc, GAP, V, [0.1, 0.7 * B], np.linspace(-0.1, 0.1, 5), coupling=0.1)
    figures.draw_andreev(ax, data.isel(k_parallel=[1]), unit=GAP)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), data.conductance.values[1, :, 0])
    np.testing.assert_allclose(ax.lines[1].get_xdata(), np.linspace(-1 / 3, 1 / 3, 5))
    with pytest.raises(InvalidInput, match="must have one k_parallel"):
        figures.draw_andreev(ax, data)


# Zone and map ---------------------------------------------------------------------------------------------------------
def test_nodes_are_drawn_by_their_charge(ax, sc):
    data, zone = sv.topology.nodes(sc, GAP, V), sv.normal.fermi_contours(sc.model)
    figures.draw_nodes(ax, data, zone)
    assert [line.get_label() for line in ax.lines] == ["charge +1", "charge \N{MINUS SIGN}1"]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), data.k.values[data.charge.values == 1])
    assert len({line.get_marker() for line in ax.lines}) == 2


def test_merging_nodes_are_open_and_none_is_said(ax, sc):
    zone = sv.normal.fermi_contours(sc.model)
    merging = sv.topology.nodes(sc, GAP, V).isel(node=[0]).assign(status=("node", ["not converged"]))
    figures.draw_nodes(ax, merging, zone)
    assert ax.lines[0].get_markerfacecolor() == "white"
    figures.draw_nodes(ax, sv.topology.nodes(sc, GAP, 0.0), zone)
    assert [text.get_text() for text in ax.texts] == ["no nodes"]


def test_a_map_of_flat_bands_keeps_its_axes_and_hides_doubtful_points(ax):
    share = np.arange(6.0).reshape(2, 3) / 10
    status = np.full((2, 3), "converged", dtype="<U13")
    status[1, 0] = "not converged"
    data = xr.Dataset(
        {"fraction": (("mu", "zeeman"), share), "status": (("mu", "zeeman"), status)},
        coords={"mu": [0.0, 1.0], "zeeman": [0.1, 0.2, 0.3]},
    )
    mesh = figures.draw_flat_band_map(ax, data, "zeeman", "mu", unit=(0.1, 1))
    np.testing.assert_array_equal(mesh.get_array().filled(-1), [[0, 0.1, 0.2], [-1, 0.4, 0.5]])
    np.testing.assert_allclose(ax.get_xlim(), (0.5, 3.5))
    figures.add_fraction_scale(ax, mesh)
    for x, y in (("mu", "mu"), ("zeeman", "coupling")):
        with pytest.raises(InvalidInput, match="`x` and `y` must be the dimensions of `data`, mu, zeeman"):
            figures.draw_flat_band_map(ax, data, x, y)


# Words and refusals ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("unit", "label"),
    [
        (1.0, r"$k_\parallel a$"),
        (np.pi, r"$k_\parallel a/\pi$"),
        (B, r"$k_\parallel /\,(\pi/\sqrt{3}a)$"),
        (0.5, r"$k_\parallel /\,(0.5/a)$"),
    ],
)
def test_the_label_says_the_unit(unit, label):
    assert figures.momentum_label(unit) == label


def test_a_wrong_dataset_or_unit_is_refused(ax, bands):
    with pytest.raises(InvalidInput, match="`data` must hold energy, but holds"):
        figures.draw_strip(ax, bands)
    with pytest.raises(InvalidInput, match="`unit` must be positive"):
        figures.draw_strip(ax, levels([False] * 5), unit=(1, 0))
    with pytest.raises(InvalidInput, match="`which` must be one of total"):
        figures.draw_edge_spectrum(ax, bands, which="holes")
