"""Threshold field of the nodal phase, and how nodes move, are born and vanish."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import spinvalley as sv
from spinvalley.topology.motion import node_motion

B = np.pi / np.sqrt(3)


def two_layers(**options):
    return sv.Superconductor(sv.models.heterostructure(**options), sv.s_wave(on="sc", gap0=0.1))


def paired(model):
    return sv.Superconductor(model, sv.s_wave(gap0=0.1))


def one_band(beta_so=0.5, **options):
    return sv.Superconductor(sv.models.ising_film(beta_so, **options), sv.s_wave(gap0=0.1))


# Threshold ------------------------------------------------------------------------------------------------------------
def on_gamma_m(coupling, gap, weight):
    """The smallest V with V F = |xi_eff, Delta| on Gamma-M, from the docstring of `threshold`."""

    def field(r):
        c = 2 * np.cos(np.sqrt(3) / 2 * r) + 1
        xi, eps = -2 * c, -2 * c - 3

        def excess(v):
            extra = coupling**2 / (eps**2 - (weight * v) ** 2)
            return v * (1 + weight * extra) - np.hypot(xi - eps * extra, gap)

        return brentq(excess, 0, 1.0, xtol=1e-15)

    return minimize_scalar(field, bounds=(2.2, 2.45), method="bounded", options={"xatol": 1e-10}).fun


@pytest.mark.parametrize("coupling", [0.25, 0.5, 0.75])
def test_threshold_is_the_closed_form_on_gamma_m(coupling):
    both = sv.topology.threshold(two_layers(coupling=coupling), 0.1)
    one = sv.topology.threshold(two_layers(coupling=coupling, zeeman_on="sc"), 0.1)
    assert both.status == one.status == "converged"
    assert abs(both.zeeman - on_gamma_m(coupling, 0.1, 1)) < 1e-9
    assert abs(one.zeeman - 0.1) < 1e-9
    assert both.zeeman < 0.1 * (1 - 0.8 * coupling**2 / 9)
    assert abs(np.arctan2(both.k[1], both.k[0]) % (np.pi / 3) - np.pi / 6) < 1e-6


def test_gap_is_open_below_the_threshold_and_closed_above():
    sc = paired(sv.models.ising_film(0.4) + sv.models.Rashba(0.2))
    for direction in ((0, 0, 1), (1, 0, 0)):
        found = sv.topology.threshold(sc, 0.1, direction)
        below, above = (float(found.zeeman + s * 2 * found.error) * np.array(direction) for s in (-1, 1))
        assert sv.topology.bulk_gap(sc, 0.1, below, tol=0.1).status == "converged"
        assert sv.topology.nodes(sc, 0.1, below).attrs["zero_set"] == "none"
        assert sv.topology.nodes(sc, 0.1, above).attrs["zero_set"] != "none"


def test_threshold_of_a_film_with_a_flat_gap_is_its_gap():
    found = sv.topology.threshold(paired(sv.models.film()), 0.1, tol=1e-3)
    assert found.status == "converged"
    assert abs(found.zeeman - 0.1) < 1e-9


def test_threshold_beyond_range_and_at_zero():
    far = sv.topology.threshold(one_band(), 0.1, largest=0.05)
    assert (far.status, far.zeeman) == ("beyond range", 0.05)
    closed = sv.topology.threshold(two_layers(coupling=0.0), 0.1)
    assert (closed.status, closed.zeeman) == ("converged", 0.0)


# Motion ---------------------------------------------------------------------------------------------------------------
def test_nodes_are_born_in_pairs_and_move_apart():
    fields = [0.09, 0.102, 0.11, 0.13, 0.16, 0.2]
    path = node_motion(one_band(), 0.1, fields)
    np.testing.assert_array_equal(path.number, [0, 12, 12, 12, 12, 12])
    np.testing.assert_array_equal(path.created, [0, 12, 0, 0, 0, 0])
    assert path.sizes["track"] == 12
    partner = path.born_with.values
    np.testing.assert_array_equal(path.charge.values[partner], -path.charge.values)
    apart = np.linalg.norm(path.k.values - path.k.values[:, partner], axis=-1)[1:]
    assert np.all(np.diff(apart, axis=0) > 0)
    assert np.all(path.died_with == -1)


def test_nodes_vanish_in_pairs_with_the_gap_and_with_the_model():
    path = node_motion(one_band(), [0.1, 0.19, 0.21], 0.2)
    np.testing.assert_array_equal(path.number, [12, 12, 0])
    np.testing.assert_array_equal(path.annihilated, [0, 0, 12])
    assert np.all(path.charge.values[path.died_with.values] == -path.charge.values)
    models = [two_layers(coupling=c) for c in (0.3, 0.4, 0.5)]
    path = node_motion(models, 0.1, 0.4)
    assert path.sizes["track"] == 12
    np.testing.assert_array_equal(path.number, [12, 12, 12])
