"""Drawings of a gated crystal: what is drawn is the Dataset, in the units of the labels."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection
from matplotlib.quiver import Quiver

from spinvalley.checks import InvalidInput
from spinvalley.figures.critical import draw_family, draw_hc2, draw_level, draw_points
from spinvalley.figures.gating import draw_layer_densities, draw_layer_shares, draw_potential
from spinvalley.figures.style import journal, panels
from spinvalley.figures.texture import add_spin_scale, draw_texture, draw_valley_bands
from spinvalley.gating import solve_layers

TC = 6.5


@pytest.fixture
def ax():
    with journal():
        _, (axes,) = panels()
        yield axes


@pytest.fixture(scope="module")
def gate():
    return solve_layers(layers=4)


def line(orders=(2, 2, 2), attrs=None):
    T = np.array([1.0, 3.0, 5.0])
    B = 60 * np.sqrt(1 - T / TC)
    return xr.Dataset({"B": ("T", B), "order": ("T", np.array(orders))}, {"T": T}, attrs or {"tc": TC})


def curves(ax):
    return [drawn for drawn in ax.lines if len(drawn.get_xdata()) > 10]


# Critical fields ------------------------------------------------------------------------------------------------------
def test_a_critical_field_ends_at_tc_and_runs_through_its_points(ax):
    assert draw_hc2(ax, {"a": line()}) is ax
    (curve,) = curves(ax)
    x, y = curve.get_xdata(), curve.get_ydata()
    assert (x[-1], y[-1]) == pytest.approx((TC, 0), abs=1e-5)
    for T, B in zip(line()["T"].values, line().B.values, strict=True):
        assert np.min(np.hypot(x - T, y - B)) < 1e-6
    assert "K" in ax.get_xlabel()
    assert ax.get_ylabel().endswith("(T)")


def test_the_first_order_part_of_a_critical_field_is_dashed(ax):
    draw_hc2(ax, {"a": line(orders=(1, 1, 2))})
    assert [curve.is_dashed() for curve in curves(ax)] == [True, False]


def test_a_tc_that_is_given_wins_and_points_above_it_are_left_out(ax):
    draw_hc2(ax, {"a": line()}, tc=4.0)
    (curve,) = curves(ax)
    assert curve.get_xdata()[-1] == pytest.approx(4.0)


def test_no_line_hides_another_behind_a_white_outline(ax):
    draw_hc2(ax, {"a": line(), "b": line()})
    assert not any(drawn.get_path_effects() for drawn in ax.lines)


def test_points_have_their_error_bars_and_a_name(ax):
    data = xr.Dataset({"B": ("T", [50.0, 20.0]), "sigma": ("T", [2.0, 3.0])}, {"T": [1.5, 6.0]})
    draw_points(ax, data, "device")
    symbols, _, (bars,) = ax.containers[0]
    np.testing.assert_array_equal(symbols.get_xydata(), [[1.5, 50], [6, 20]])
    np.testing.assert_allclose([np.ptp(segment[:, 1]) for segment in bars.get_segments()], [4, 6])
    assert ax.get_legend_handles_labels()[1] == ["device"]


def test_a_level_is_named_where_it_is(ax):
    draw_level(ax, 12.0, "limit", below=True)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [12, 12])
    assert [text.get_text() for text in ax.texts] == ["limit"]


def test_a_family_has_one_curve_for_each_value_in_the_units_asked_for(ax):
    data = xr.Dataset({"y": (("x", "n"), np.arange(6.0).reshape(3, 2))}, {"x": [0.0, 1.0, 2.0], "n": [10, 20]})
    draw_family(ax, data, "x", "y", "n", unit=(2, 0.5), labels=["a", "b"], colours=["k", "r"])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0, 2], [0.5, 6], [1, 10]])
    with pytest.raises(InvalidInput, match="`labels` must be 2, one for each curve, but are 1"):
        draw_family(ax, data, "x", "y", "n", labels=["a"], colours=["k", "r"])
    with pytest.raises(InvalidInput, match="`colours` must be 2"):
        draw_family(ax, data, "x", "y", "n", colours=["k"])


# Layers ---------------------------------------------------------------------------------------------------------------
def test_bars_are_the_densities_of_the_layers_and_only_large_shares_are_written(ax, gate):
    draw_layer_densities(ax, gate)
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], gate.density.values / 1e13)
    assert [text.get_text() for text in ax.texts] == ["87.3 %", "11.1 %", "1.41 %"]


def test_shares_are_symbols_and_the_closed_form_is_a_line(ax, gate):
    draw_layer_shares(ax, gate.assign(closed=("layer", np.full(4, 0.25))), label="eps")
    closed, shares = ax.lines
    np.testing.assert_array_equal(closed.get_ydata(), 0.25)
    np.testing.assert_allclose(shares.get_ydata(), gate.fraction)
    assert ax.get_yscale() == "log"
    assert shares.get_linestyle() == "None"


def test_potential_and_field_have_their_own_axes(ax, gate):
    left, right = draw_potential(ax, gate)
    np.testing.assert_allclose(left.lines[0].get_ydata(), gate.potential)
    np.testing.assert_allclose(right.lines[0].get_ydata(), [float(gate.surface_field), *gate.field.values])
    np.testing.assert_allclose(right.lines[0].get_xdata(), [0.5, 1.5, 2.5, 3.5])
    assert "meV" in left.get_ylabel()
    assert "MV" in right.get_ylabel()


# Spin texture ---------------------------------------------------------------------------------------------------------
def pocket(radii=(1.0, 1.2), tilt=0.1):
    angle = 2 * np.pi * np.arange(24) / 24
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    q = np.array([r * unit for r in radii])
    spin = np.zeros((2, 24, 3))
    spin[..., 0], spin[..., 1] = -tilt * np.sin(angle), tilt * np.cos(angle)
    spin[..., 2] = np.array([[1.0], [-1.0]])
    dims = ("contour", "point")
    return xr.Dataset({"q": ((*dims, "xy"), q), "texture": ((*dims, "component"), spin)}).assign_coords(
        valley=("contour", ["K", "K"])
    )


def test_arrows_are_the_spin_in_the_plane_and_the_colour_is_s_z(ax):
    draw_texture(ax, pocket(), "K", arrows=6, length=5.0)
    arrows = [drawn for drawn in ax.collections if isinstance(drawn, Quiver)]
    assert [drawn.N for drawn in arrows] == [6, 6]
    np.testing.assert_allclose(np.hypot(arrows[0].U, arrows[0].V), 0.5)
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    add_spin_scale(ax)
    ax.get_figure().canvas.draw()


def test_the_spread_enlarges_the_distance_of_the_lines_only(ax):
    draw_texture(ax, pocket(), "K", spread=3.0)
    radii = [np.linalg.norm(drawn.get_xydata(), axis=1).mean() for drawn in ax.lines]
    np.testing.assert_allclose(radii, [0.8, 1.4])


def test_valley_bands_are_coloured_by_their_spin(ax):
    q = np.linspace(-1, 1, 11)
    energy, sz = np.stack([q**2, q**2 + 1], axis=-1), np.stack([np.tanh(4 * q), -np.tanh(4 * q)], axis=-1)
    data = xr.Dataset({"energy": (("q", "band"), energy), "sz": (("q", "band"), sz)}, {"q": q})
    draw_valley_bands(ax, data)
    chains = [drawn for drawn in ax.collections if isinstance(drawn, LineCollection)]
    assert len(chains) == 2
    np.testing.assert_allclose(chains[0].get_array(), 0.5 * (sz[1:, 0] + sz[:-1, 0]))


def test_senseless_input_is_refused(ax, gate):
    with pytest.raises(InvalidInput, match="`data` must hold order, but holds"):
        draw_hc2(ax, {"a": line().drop_vars("order")})
    with pytest.raises(InvalidInput, match="`tc` must be positive"):
        draw_hc2(ax, {"a": line()}, tc=-1)
    with pytest.raises(InvalidInput, match="`data` must hold sigma"):
        draw_points(ax, line())
    with pytest.raises(InvalidInput, match="`data` must hold fraction"):
        draw_layer_shares(ax, gate.drop_vars("fraction"))
    with pytest.raises(InvalidInput, match="`valley` must be one of K, but is 'Q'"):
        draw_texture(ax, pocket(), "Q")
    with pytest.raises(InvalidInput, match="`spread` must be positive"):
        draw_texture(ax, pocket(), "K", spread=0)
