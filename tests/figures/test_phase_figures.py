"""Drawings of phase diagrams: the style says the order, and what is drawn is the Dataset."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb

from spinvalley.checks import InvalidInput
from spinvalley.figures.phase import (
    add_gap_scale,
    draw_critical_lines,
    draw_gap_map,
    draw_pauli_limit,
    order_handles,
    ordered_colours,
)
from spinvalley.figures.style import journal, panels


@pytest.fixture
def ax():
    with journal():
        _, (axes,) = panels()
        yield axes


def line(orders=(1, 1, 2, 2), star=None, jump=None):
    kT = np.linspace(0.1, 1.0, len(orders))
    data = {"zeeman": np.sqrt(1 - kT**2), "order": np.array(orders)}
    data["jump"] = np.full(len(orders), np.nan) if jump is None else np.array(jump)
    attrs = {} if star is None else {"tricritical_kT": star, "tricritical_zeeman": np.sqrt(1 - star**2)}
    return xr.Dataset({name: ("kT", values) for name, values in data.items()}, {"kT": kT}, attrs)


def curves(ax):
    return [drawn for drawn in ax.lines if len(drawn.get_xdata()) > 10]


def markers(ax, kind):
    return [drawn for drawn in ax.lines if drawn.get_marker() == kind and len(drawn.get_xdata())]


def test_the_style_changes_at_the_tricritical_point(ax):
    assert draw_critical_lines(ax, {"a": line(star=0.5)}, kT_unit=0.5, zeeman_unit=2.0) is ax
    first, second = curves(ax)
    assert first.is_dashed()
    assert not second.is_dashed()
    (star,) = markers(ax, "*")
    for piece, end in ((first, -1), (second, 0)):
        assert piece.get_xdata()[end] == pytest.approx(1.0) == star.get_xdata()[0]
        assert piece.get_ydata()[end] == pytest.approx(np.sqrt(0.75) / 2) == star.get_ydata()[0]


def test_points_are_open_where_first_order(ax):
    draw_critical_lines(ax, {"a": line()}, colours=["black"])
    opened, filled = markers(ax, "o")
    assert to_rgb(opened.get_markerfacecolor()) == (1, 1, 1)
    assert to_rgb(filled.get_markerfacecolor()) == (0, 0, 0)
    np.testing.assert_allclose(opened.get_xdata(), [0.1, 0.4])
    np.testing.assert_allclose(filled.get_xdata(), [0.7, 1.0])


def test_the_guide_runs_through_the_points_and_falls_like_a_root(ax):
    data = line(orders=(2,) * 6)
    draw_critical_lines(ax, {"a": data})
    (curve,) = curves(ax)
    x, y = curve.get_xdata(), curve.get_ydata()
    assert np.all(np.diff(y) <= 0)
    np.testing.assert_allclose(y, np.sqrt(1 - x**2), atol=0.02)
    for kT, zeeman in zip(data.kT.values, data.zeeman.values, strict=True):
        assert np.min(np.hypot(x - kT, y - zeeman)) < 1e-7


def test_points_without_a_transition_are_left_out(ax):
    data = line(orders=(0, 2, 2, 2))
    data["zeeman"][0] = np.nan
    draw_critical_lines(ax, {"a": data})
    np.testing.assert_allclose(markers(ax, "o")[0].get_xdata(), [0.4, 0.7, 1.0])


def test_a_star_that_is_not_on_the_line_is_not_drawn(ax):
    draw_critical_lines(ax, {"a": line(star=0.95), "b": line(orders=(2, 2, 2), star=0.5)})
    assert not markers(ax, "*")


def test_a_jump_between_superconducting_states_is_shown_and_named(ax):
    data = line(orders=(2, 2, 2), jump=(0.5, 0.4, np.nan), star=None)
    draw_critical_lines(ax, {"a": data})
    (inner,) = markers(ax, "d")
    np.testing.assert_allclose(inner.get_ydata(), [0.5, 0.4])
    assert [handle.get_label() for handle in order_handles({"a": data})] == ["continuous", "within S"]
    assert [handle.get_label() for handle in order_handles({"a": line(star=0.5)})] == [
        "continuous", "first order", "tricritical",
    ]  # fmt: skip


def test_lines_have_names_and_distinct_colours(ax):
    draw_critical_lines(ax, {str(n): line() for n in range(6)})
    handles, labels = ax.get_legend_handles_labels()
    assert labels == list("012345")
    assert len({handle.get_color() for handle in handles}) == 6
    assert all(np.dot(to_rgb(c), (0.2126, 0.7152, 0.0722)) < 0.75 for c in ordered_colours(7))  # seen on white
    assert draw_pauli_limit(ax) is ax


def test_the_map_shows_the_gap_and_hides_what_is_not_a_gap(ax):
    gap = np.array([[0.2, 0.1], [0.1, 0.0], [0.05, 0.0]])
    status = [["converged", "converged"], ["not converged", "normal"], ["converged", "normal"]]
    dims = ("kT", "zeeman")
    data = xr.Dataset({"gap": (dims, gap), "status": (dims, status)}, {"kT": [0.1, 0.2, 0.3], "zeeman": [0.0, 0.5]})
    mesh = draw_gap_map(ax, data, line=line(star=0.5), gap_unit=0.2, kT_unit=0.1)
    shown = np.ma.masked_array(mesh.get_array()).reshape(2, 3)
    np.testing.assert_array_equal(np.ma.getmaskarray(shown), [[False, True, False], [False, True, True]])
    np.testing.assert_allclose(shown.compressed(), [1.0, 0.25, 0.5])
    assert ax.get_xlim() == pytest.approx((1, 3))
    assert add_gap_scale(ax, mesh) is ax
    assert [c.is_dashed() for c in curves(ax)] == [True, False]


def test_senseless_input_is_refused(ax):
    with pytest.raises(InvalidInput, match="`data` must hold order, but holds"):
        draw_critical_lines(ax, {"a": line().drop_vars("order")})
    with pytest.raises(InvalidInput, match="`colours` must be 2, one for each line, but are 1"):
        draw_critical_lines(ax, {"a": line(), "b": line()}, colours=["k"])
    with pytest.raises(InvalidInput, match="`kT_unit` must be positive, but is 0"):
        draw_critical_lines(ax, {"a": line()}, kT_unit=0)
    with pytest.raises(InvalidInput, match="`data` must hold gap"):
        draw_gap_map(ax, line())
