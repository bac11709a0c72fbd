"""Drawings of channels: what is drawn is the Dataset."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb

import spinvalley as sv
from spinvalley import InvalidInput
from spinvalley.figures.channels import draw_families, draw_form, draw_free_energy, draw_winners, family_colour
from spinvalley.figures.style import journal
from spinvalley.pairing import channels


@pytest.fixture
def ax():
    with journal():
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


def winners():
    """s on the left, d on the right; unstable in the upper half."""
    x, y = np.linspace(0, 1, 10), np.linspace(0, 2, 8)
    s = np.where(x < 0.45, 1.2, 0.6)[:, None] * np.where(y > 1, 1.0, 0.5)
    d = np.where(x < 0.45, 0.3, 1.5)[:, None] * np.where(y > 1, 1.0, 0.5)
    data = {"eigenvalue": (("family", "x", "y"), np.stack([s, d]))}
    return xr.Dataset(data, {"family": ["s", "d"], "x": x, "y": y})


def test_each_family_has_one_line_with_its_values(ax):
    data = winners().isel(y=-1)
    data["error"] = 0.1 * data.eigenvalue
    assert draw_families(ax, data, "x", unit=0.5, coupling=2.0) is ax
    lines = {line.get_label(): line for line in ax.lines}
    for name in ("s", "d"):
        np.testing.assert_allclose(lines[name].get_xdata(), 2 * data.x)
        np.testing.assert_allclose(lines[name].get_ydata(), data.eigenvalue.sel(family=name))
        assert lines[name].get_color() == family_colour(name)
    assert any(list(line.get_ydata()) == [0.5, 0.5] for line in ax.lines)


def test_a_map_names_each_region_once_and_pales_where_the_normal_state_is_stable(ax):
    draw_winners(ax, winners(), "x", "y")
    texts = {text.get_text(): text.xy[0] for text in ax.texts}
    assert set(texts) == {"s", "d"}
    assert texts["s"] < 0.4 < texts["d"]
    colours = np.asarray(ax.collections[0].get_array())
    np.testing.assert_allclose(colours[-1, 0], 1 - 0.85 * (1 - np.array(to_rgb(family_colour("s")))))
    assert np.all(colours[0] > colours[-1] - 1e-12)
    assert np.any(colours[0] > colours[-1] + 0.1)


def test_a_map_with_a_legend_tells_only_what_it_shows(ax):
    data = winners().isel(x=slice(0, 3))
    draw_winners(ax, data, "x", "y", names=False)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["s"]


def test_a_real_form_has_signs_and_a_complex_one_hues(ax):
    film = sv.models.film()
    one, two = (channels.channel(film, name) for name in ("d_x2-y2", "d_xy"))
    real = draw_form(ax, channels.over_zone(one, points=31))
    low, high = real.get_clim()
    assert -low == high == pytest.approx(np.abs(channels.over_zone(one, points=31).form.values).max())
    chiral = draw_form(ax, channels.over_zone(one + 1j * two, points=31))
    assert chiral.get_array().shape == (31, 31, 3)


def test_the_lowest_point_of_a_map_is_marked(ax):
    x = np.linspace(0, 0.4, 9)
    values = (x[:, None] - 0.2) ** 2 + (x[None] - 0.1) ** 2
    data = xr.Dataset({"free_energy": (("first", "second"), values)}, {"first": x, "second": x})
    draw_free_energy(ax, data, unit=0.1)
    mark = ax.lines[-1]
    np.testing.assert_allclose([mark.get_xdata()[0], mark.get_ydata()[0]], [2.0, 1.0])


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda ax: draw_winners(ax, winners(), "x", "z"), "`data` must hold z"),
        (lambda ax: draw_winners(ax, winners() * np.nan, "x", "y"), "must have an eigenvalue at every point"),
        (lambda ax: draw_winners(ax, winners().isel(y=[0]), "x", "y"), "at least two points along x and y"),
        (lambda ax: draw_families(ax, winners(), "x"), "`data` must hold error"),
        (lambda ax: draw_form(ax, channels.over_zone(channels.channel(sv.models.film(), "s"), points=3), "d"),
         "`component` must be one of"),
        (lambda ax: draw_free_energy(ax, winners()), "`data` must hold free_energy"),
    ],
)  # fmt: skip
def test_guards_say_what_is_missing(ax, draw, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        draw(ax)
