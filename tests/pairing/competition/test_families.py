"""Which family wins, and the look of a channel over the zone."""

import numpy as np
import pytest

import spinvalley as sv
from spinvalley import InvalidInput
from spinvalley.pairing import Competition, Reduced, channels, families, instabilities
from spinvalley.pairing.competition.families import family


def competing(mu, zeeman=0.0, **couplings):
    film = sv.models.film(mu=mu)
    forms = [channels.channel(film, name) for name in ("s_ext", "p_x:z", "p_y:z", "d_xy", "d_x2-y2", "f:z")]
    strengths = {c.name: couplings.get(c.name[0], 1.0) for c in forms}
    return instabilities(Competition(film, forms, Reduced(strengths)), 0.05, zeeman, tol=1e-4)


@pytest.mark.parametrize(("mu", "winner"), [(-5.0, "s"), (-1.0, "p"), (1.2, "d"), (2.4, "f")])
def test_pairs_between_neighbours_gain_nodes_as_the_band_fills(mu, winner):
    """Equal attraction of all pairs on bonds: the form with its antinodes on the Fermi line wins."""
    found = families(competing(mu))
    assert found.winner == winner
    assert list(found.family.values) == ["s", "p", "d", "f"]
    assert found.eigenvalue.sel(family=winner) == found.eigenvalue.max() == competing(mu).eigenvalue.max()
    np.testing.assert_allclose(found.share, 1.0, atol=1e-9)  # without spin-orbit coupling nothing mixes
    np.testing.assert_allclose(found.singlet, [1, 0, 1, 0], atol=1e-9)


def test_a_stronger_coupling_can_decide_otherwise():
    assert families(competing(-1.0, s=5.0)).winner == "s"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("s", "s"), ("s_ext(2)", "s"), ("p_x:x + p_y:y", "p"), ("f(2):z", "f"), ("d_xy@sc", "d"), ("sigma", "sigma"),
     ("my gap", "my gap"), ("D", "D")],
)  # fmt: skip
def test_a_name_tells_its_family(name, expected):
    assert family(name) == expected


def test_a_dataset_without_modes_is_refused():
    with pytest.raises(InvalidInput, match="`found` must be a Dataset of `instabilities`"):
        families(competing(0.0).drop_vars("vector"))
    with pytest.raises(InvalidInput, match="`found` must be a Dataset of `instabilities`"):
        families(competing(0.0).drop_vars("eigenvalue"))
    with pytest.raises(InvalidInput, match="`found` must be a Dataset"):
        families("d")


def test_a_portrait_has_the_values_of_the_channel():
    stack = sv.models.heterostructure()
    data = channels.over_zone(channels.channel(stack, "f:z", on="sc"), points=7)
    k = np.array([float(data.kx[4]), float(data.ky[2])])
    expected = channels.channel(sv.models.film(), "f:z").vector(k)
    np.testing.assert_allclose(data.form[:, 2, 4], expected, atol=1e-12)
    assert np.abs(data.form.sel(component="d_z")).max() > 1
    assert np.abs(data.form.sel(component=["psi", "d_x", "d_y"])).max() < 1e-12


def test_a_portrait_of_several_orbitals_asks_which():
    stack = sv.models.heterostructure()
    with pytest.raises(InvalidInput, match="`orbital` must say whose pairs are shown, as 2 of 'd_xy' pair"):
        channels.over_zone(channels.channel(stack, "d_xy"))
    assert channels.over_zone(channels.channel(stack, "d_xy"), orbital=1, points=3).attrs["orbital"] == 1
    with pytest.raises(InvalidInput, match="`orbital` must be below 2, the number of orbitals, but is 2"):
        channels.over_zone(channels.channel(stack, "d_xy"), orbital=2)
