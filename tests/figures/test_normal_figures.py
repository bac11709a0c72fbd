"""Drawings of the normal state: what is drawn is the Dataset, and nothing global changes."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from spinvalley.checks import InvalidInput
from spinvalley.figures.normal import add_scale, draw_bands, draw_fermi_lines, draw_spectral_map
from spinvalley.figures.style import BLUE, DOUBLE, GREEN, RED, SINGLE, journal, panel_label, panels
from spinvalley.models import Rashba, film, heterostructure, tmd
from spinvalley.normal import bands, fermi_contours, spectral_map


@pytest.fixture
def ax():
    with journal():
        _, (axes,) = panels()
        yield axes


def test_the_style_ends_with_its_block():
    before = dict(mpl.rcParams)
    with journal():
        assert mpl.rcParams["font.size"] == 8
        figure, _ = panels(1, 2, width=DOUBLE)
        assert figure.get_size_inches()[0] == 7.0
    assert dict(mpl.rcParams) == before
    assert SINGLE == 3.4


def test_bands_are_drawn_in_the_colours_of_their_spin(ax):
    data = bands(tmd(), points=31)
    assert draw_bands(ax, data, label="TMD") is ax
    up, down = (line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 31)
    assert (to_hex(up.get_color()).upper(), to_hex(down.get_color()).upper()) == (RED, BLUE)
    np.testing.assert_array_equal(up.get_ydata(), data.energy[:, 0])
    assert [text.get_text() for text in ax.get_xticklabels()] == [r"$\Gamma$", "K", "M", r"$\Gamma$"]
    assert len(ax.get_legend_handles_labels()[1]) == 2


def test_one_colour_has_one_name(ax):
    draw_bands(ax, bands(film(), points=11), colour=GREEN, label="film")
    draw_fermi_lines(ax, fermi_contours(film()), colour=GREEN, label="line")
    assert ax.get_legend_handles_labels()[1] == ["film", "line"]


def test_spin_texture_becomes_a_chain_of_colours(ax):
    draw_bands(ax, bands(tmd() + Rashba(0.3), points=31, zeeman=0.2))
    np.testing.assert_array_less(np.abs(ax.collections[0].get_array()), 1)
    assert len(ax.collections) == 2


def test_every_pocket_reaches_all_its_corners_of_the_zone(ax):
    """Two pockets, each shared by three corners."""
    draw_fermi_lines(ax, fermi_contours(tmd()))
    corners = fermi_contours(tmd()).zone_corners.values
    for corner in corners:
        near = [np.linalg.norm(np.mean(line.get_xydata()[:-1], axis=0) - corner) < 1e-2 for line in ax.lines]
        assert sum(near) == 1


@pytest.mark.parametrize("which", ["rho0", "rho3"])
def test_maps_have_a_scale_that_shows_zero(ax, which):
    data = spectral_map(heterostructure(), points=31)
    image = draw_spectral_map(ax, data, which)
    low, high = image.get_clim()
    assert low == (0 if which == "rho0" else -high)
    assert high == pytest.approx(float(np.abs(data[which]).max()))
    add_scale(ax, image, which)
    panel_label(ax, "(a)")
    ax.get_figure().canvas.draw()


def test_a_wrong_dataset_is_refused(ax):
    with pytest.raises(InvalidInput, match="`data` must hold distance, but holds"):
        draw_bands(ax, bands(film(), points=5).drop_vars("distance"))
    with pytest.raises(InvalidInput, match="`which` must be one of rho0, rho3, but is 'rho1'"):
        draw_spectral_map(ax, spectral_map(film(), points=9), "rho1")
