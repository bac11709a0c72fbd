"""Figures of studies: what is drawn is what the data set holds, and the status of every point is seen."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import PolyCollection

import spinvalley as sv
from spinvalley.figures.study import draw_study_lines, draw_study_map, label
from spinvalley.figures.style import journal, panels

STATES = np.array(["converged", "normal", "not converged", "failed", "poisoned", "pending", "skipped", "done"])


def study(states=STATES):
    """Status along x is that of `states`, the value is 10 y + x."""
    x, y = np.arange(len(states)) * 0.1, np.array([0.0, 1.0, 2.0])
    values = 10 * y[:, None] + x
    status = np.broadcast_to(states, values.shape)
    return xr.Dataset(
        {
            "gap": (("layer_gap0", "coupling"), values, {"units": "meV"}),
            "order": (("layer_gap0", "coupling"), 1 + (values > 10).astype(float)),
            "limit": (("layer_gap0", "coupling"), np.where(values > 10, "Pauli limit", "splitting")),
            "status": (("layer_gap0", "coupling"), status),
        },
        coords={"coupling": x, "layer_gap0": y},
    )


@pytest.fixture
def ax():
    with journal():
        yield panels()[1][0]


def colours_at(ax, x, y):
    """Which layers of a map paint the cell around (x, y)."""
    painted = []
    for mesh in ax.collections:
        if isinstance(mesh, PolyCollection):  # strokes
            boxes = [path.get_extents() for path in mesh.get_paths()]
            painted.append(any(box.x0 < x < box.x1 and box.y0 < y < box.y1 for box in boxes))
            continue
        edges = mesh.get_coordinates()
        column = np.searchsorted(edges[0, :, 0], x) - 1
        row = np.searchsorted(edges[:, 0, 1], y) - 1
        array = np.ma.asarray(mesh.get_array()).reshape(edges.shape[0] - 1, edges.shape[1] - 1)
        painted.append(not np.ma.getmaskarray(array)[row, column])
    return painted


def legend(ax):
    return [] if ax.get_legend() is None else [text.get_text() for text in ax.get_legend().get_texts()]


def test_each_point_of_a_map_is_painted_by_its_status(ax):
    draw_study_map(ax, study(), "gap", "coupling", "layer_gap0")
    normal, failed, values, hatched = range(4)
    expected = {
        0: {values},
        1: {normal},
        2: {values, hatched},
        3: {failed},
        4: {failed},
        5: set(),
        6: set(),
        7: {values},
    }
    for column, layers in expected.items():
        painted = colours_at(ax, 0.1 * column, 1.0)
        assert {n for n, there in enumerate(painted) if there} == layers, STATES[column]
    assert legend(ax) == ["normal state", "failed", "not converged"]
    assert ax.get_xlabel() == r"$\Gamma$"


def test_a_map_shows_the_value_of_the_point_and_not_its_neighbour(ax):
    data = study(np.array(["done"] * 8))
    draw_study_map(ax, data, "gap", "coupling", "layer_gap0")
    mesh = ax.collections[0]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(3, 8), data.gap.values)
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], np.arange(9) * 0.1 - 0.05)
    turned = panels()[1][0]
    draw_study_map(turned, data, "gap", "layer_gap0", "coupling")
    np.testing.assert_array_equal(np.asarray(turned.collections[0].get_array()).reshape(8, 3), data.gap.values.T)
    assert legend(ax) == []


@pytest.mark.parametrize(
    ("variable", "names"), [("order", ["order 1", "order 2"]), ("limit", ["Pauli limit", "splitting"])]
)
def test_whole_numbers_and_texts_have_a_legend_and_no_bar(ax, variable, names):
    draw_study_map(ax, study(np.array(["done"] * 8)), variable, "coupling", "layer_gap0")
    assert legend(ax) == names
    assert len(ax.figure.axes) == 1


def test_even_ratios_make_a_logarithmic_axis(ax):
    data = study(np.array(["done"] * 8)).assign_coords(coupling=np.geomspace(1, 128, 8))
    draw_study_map(ax, data, "gap", "coupling", "layer_gap0")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    edges = ax.collections[0].get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges[1:] / edges[:-1], 2.0)


def test_lines_are_interrupted_where_a_point_has_no_number(ax):
    draw_study_lines(ax, study(), "gap", "coupling", "layer_gap0")
    lines = [line for line in ax.get_lines() if line.get_label() in ("0", "1", "2")]
    assert len(lines) == 3
    drawn = lines[1].get_ydata()
    np.testing.assert_array_equal(np.isfinite(drawn), np.isin(STATES, ["converged", "not converged", "done"]))
    np.testing.assert_allclose(drawn[[0, 2, 7]], [10.0, 10.2, 10.7])
    assert legend(ax) == ["0", "1", "2", "not converged", "normal state", "failed"]
    assert ax.get_ylabel() == r"$\Delta$ (meV)"


def test_many_lines_have_a_bar_instead_of_a_legend(ax):
    data = study(np.array(["done"] * 8))
    draw_study_lines(ax, data, "gap", "layer_gap0", "coupling")
    assert legend(ax) == []
    assert len(ax.child_axes) == 1
    texts = [text.get_text() for text in ax.child_axes[0].get_yticklabels()]
    assert (texts[0], texts[-1]) == ("0", "0.7")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda ax: draw_study_map(ax, study(), "tc", "coupling", "layer_gap0"),
            "`variable` must be one of gap, order",
        ),
        (lambda ax: draw_study_map(ax, study(), "gap", "coupling", "kT"), "`axis` must be one of"),
        (lambda ax: draw_study_map(ax, study(), "gap", "coupling", "coupling"), "must be over"),
        (lambda ax: draw_study_lines(ax, study(), "gap", "coupling"), "must be over coupling only"),
        (lambda ax: draw_study_lines(ax, study(), "limit", "coupling", "layer_gap0"), "must hold numbers"),
        (
            lambda ax: draw_study_map(ax, study().assign(gap=study().gap * 1j), "gap", "coupling", "layer_gap0"),
            "`variable` must hold real numbers or names, but gap is complex",
        ),
        (
            lambda ax: draw_study_map(
                ax, study().assign_coords(coupling=list("abcdefgh")), "gap", "coupling", "layer_gap0"
            ),
            "`x` must be a coordinate with numbers",
        ),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(ax, act, sentence):
    with pytest.raises(sv.InvalidInput, match=sentence):
        act(ax)


def test_labels_have_symbol_and_unit():
    data = xr.Dataset(
        {"B": ("T", [1.0], {"units": "T"}), "other_name": ("T", [1.0])}, {"T": ("T", [2.0], {"units": "K"})}
    )
    assert [label(data, name) for name in ("B", "T", "other_name")] == ["$B$ (T)", "$T$ (K)", "other name"]
