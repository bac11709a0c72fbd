"""Drawings of measured data: what is drawn is what is given."""

import numpy as np
import pytest
import xarray as xr

from spinvalley.checks import InvalidInput
from spinvalley.figures.measured import (
    draw_corner,
    draw_dome,
    draw_fits,
    draw_hall,
    draw_measured,
    draw_profile,
    draw_residuals,
    draw_resistance,
    magnify,
)
from spinvalley.figures.style import DOUBLE, SINGLE, journal, panels


@pytest.fixture
def ax():
    with journal():
        yield panels()[1][0]


def rows(**columns):
    return xr.Dataset({name: ("row", values) for name, values in columns.items()})


def test_each_sweep_is_a_line_and_each_crossing_a_mark(ax):
    curves = rows(series=["a", "a", "b", "b"], x=[0.0, 1, 0, 1], R=[0.0, 2, 1, 3])
    marks = xr.Dataset({"series": ("point", ["a"]), "x": ("point", [0.5]), "R": ("point", [1.0])})
    draw_resistance(ax, curves, marks)
    first, mark, second, empty = ax.lines
    assert first.get_xydata().tolist() == [[0, 0], [1, 2]]
    assert mark.get_xydata().tolist() == [[0.5, 1.0]]
    assert second.get_xydata().tolist() == [[0, 1], [1, 3]]
    assert not len(empty.get_xdata())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_error_bars_are_as_long_as_the_standard_errors(ax):
    points = rows(T=[1.0, 2.0], B=[4.0, 3.0], sigma_B=[0.5, 0.25], sigma_T=[0.1, 0.0])
    draw_measured(ax, points)
    across, along = (segments.get_segments() for segments in ax.containers[0].lines[2])
    assert np.ptp(across[0], axis=0).tolist() == pytest.approx([0.2, 0])
    assert np.ptp(along[0], axis=0).tolist() == pytest.approx([0, 1.0])


def test_a_band_lies_between_low_and_high(ax):
    curve = xr.Dataset({"B": ("x", [1.0, 2]), "low": ("x", [0.5, 1]), "high": ("x", [1.5, 3])}, {"x": [0.0, 1]})
    draw_fits(ax, {"klb": curve})
    assert ax.collections[0].get_paths()[0].get_extents().intervaly.tolist() == [0.5, 3]


def test_the_magnified_view_holds_the_points_near_the_cusp_only(ax):
    points = rows(theta=[0.0, 88.0, 90.0, 92.0], B=[1.0, 20.0, 30.0, 21.0])
    magnify(draw_measured(ax, points, variable="theta"), points, 87, 93)
    assert ax.get_xlim() == (87, 93)
    low, high = ax.get_ylim()
    assert 1 < low < 20
    assert high > 30
    with pytest.raises(InvalidInput, match="between 40 and 50"):
        magnify(ax, points, 40, 50)


@pytest.mark.parametrize(("size", "scale"), [(2.0, "linear"), (500.0, "symlog")])
def test_large_residuals_stay_on_the_page(ax, size, scale):
    draw_residuals(ax, rows(formula=["a", "a"], x=[1.0, 2.0], residual=[-size, size]))
    assert ax.get_yscale() == scale
    assert ax.get_ylim()[1] >= size


def test_the_dome_shows_devices_without_a_transition(ax):
    table = xr.Dataset(
        {
            "n2D": ("device", [0.5e14, 1e14, 2e14]),
            "sigma_n2D": ("device", [1e12] * 3),
            "Tc": ("device", [np.nan, 9.0, 7.0]),
            "sigma_Tc": ("device", [np.nan, 0.1, 0.1]),
        },
        coords={"device": ["low", "$best_", "high"]},
    )
    draw_dome(ax, table)
    assert ax.lines[-1].get_xydata().tolist() == [[0.5, 0.0]]
    assert [text.get_text() for text in ax.texts] == ["low", "$best_", "high"]
    ax.figure.canvas.draw()


def test_the_profile_marks_the_scattering_time():
    with journal():
        _, axes = panels(1, 2, width=DOUBLE)
        data = xr.Dataset(
            {"rise": ("tau_iv", [0.0, 0.5, 4.0]), "splitting": ("tau_iv", [100.0, 30.0, 10.0])},
            {"tau_iv": [1.0, 10.0, 100.0]},
            {"tau": 25.0, "asymptote": 100.0},
        )
        draw_profile(axes, data)
    assert all(25.0 in np.unique(ax.lines[-1].get_xdata()) for ax in axes)


@pytest.mark.parametrize("draw", [draw_resistance, draw_residuals, draw_dome])
def test_what_is_missing_is_named(ax, draw):
    with pytest.raises(InvalidInput, match="must hold"):
        draw(ax, rows(nothing=[1.0]))


def test_the_widths_are_those_of_one_and_two_columns():
    assert abs(SINGLE * 25.4 - 86) < 1
    assert abs(DOUBLE * 25.4 - 178) < 1


def test_the_odd_part_of_a_hall_resistance_is_mirrored(ax):
    readings = rows(B=[-2.0, -1.0, 1.0, 2.0], R=[13.0, 11.5, 8.5, 7.0])
    draw_hall(ax, readings, rows(B=[1.0, 2.0], R=[-1.5, -3.0]), -1.5)
    raw, odd, line = ax.lines
    assert raw.get_xydata().tolist() == [[-2, 13], [-1, 11.5], [1, 8.5], [2, 7]]
    assert odd.get_xydata().tolist() == [[-2, 3], [-1, 1.5], [1, -1.5], [2, -3]]
    assert line.get_xydata().tolist() == [[-2, 3], [2, -3]]
    with pytest.raises(InvalidInput, match="B"):
        draw_hall(ax, rows(R=[1.0]), readings, 1.0)


def test_one_sign_of_the_field_has_no_odd_part(ax):
    half = rows(B=[0.0, 1.0, 2.0], R=[0.0, 2.0, 4.0])
    draw_hall(ax, half, half, 2.0)
    assert len(ax.lines) == 2
    assert ax.lines[1].get_xydata().tolist() == [[0, 0], [2, 4]]


def test_a_corner_shows_each_parameter_and_each_pair():
    sets = np.random.default_rng(0).normal(size=(500, 2)) * [1.0, 3.0]
    with journal():
        _, axes = panels(2, 2)
        draw_corner(axes, xr.Dataset({"sets": (("row", "parameter"), sets)}), ["a", "b"])
        assert [ax.get_visible() for ax in axes] == [True, False, True, True]
        np.testing.assert_array_equal(axes[2].lines[0].get_xydata(), sets)
        ends = [line.get_xdata()[0] for line in axes[3].lines]
        np.testing.assert_allclose(ends, np.quantile(sets[:, 1], [0.1585, 0.8415]))
        assert axes[2].get_ylabel() == axes[3].get_xlabel() == "b"
        with pytest.raises(InvalidInput, match="2 x 2, but are 3"):
            draw_corner(axes[:3], xr.Dataset({"sets": (("row", "parameter"), sets)}), ["a", "b"])
