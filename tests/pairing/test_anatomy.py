"""What limits Hc2: parts of the spin-orbit coupling taken away."""

import numpy as np
import pytest

import spinvalley as sv
from spinvalley.pairing import FermiSurface, hc2_limits

ISING = FermiSurface(g=[[0.0, 0.0, 6.5]], weight=[1.0])
RASHBA = FermiSurface(
    g=[[6.5 * np.cos(a), 6.5 * np.sin(a), 0.0] for a in np.arange(24) * np.pi / 12], weight=np.ones(24)
)
FREE = FermiSurface(g=[[0.0, 0.0, 0.0]], weight=[1.0])


@pytest.mark.parametrize(
    ("surface", "limit"),
    [(ISING, "size of the splitting"), (RASHBA, "field along the spins"), (FREE, "Pauli limit")],
    ids=["Ising", "Rashba", "free"],
)
def test_the_limit_is_named_after_the_part_that_is_missing(surface, limit):
    found = hc2_limits(surface, [3.0, 7.0], tc=6.5)
    assert found.limit.values.tolist() == [limit, "normal state"]


@pytest.mark.parametrize("theta", [30, 60])
def test_a_tilted_field_is_limited_by_its_part_along_the_spins(theta):
    angle = np.deg2rad(theta)
    found = hc2_limits(ISING, 3.0, tc=6.5, direction=(np.sin(angle), 0, np.cos(angle)))
    assert found.limit[0] in ("Pauli limit", "field along the spins")


def test_taking_the_in_plane_part_away_raises_the_field_of_gated_mos2():
    model = sv.models.one_band("MoS2", density=8.7e13, rashba_ratio=0.1)
    found = hc2_limits(model, [1.5, 6.0], tc=6.5)
    assert found.limit.values.tolist() == ["in-plane spin-orbit coupling", "size of the splitting"]
    np.testing.assert_allclose(found.B, found.B_surface, rtol=2e-3)
    assert np.all(found.B_out_of_plane > found.B_surface)
    assert np.all(found.B_surface > found.B_pauli)
    assert 0.1 < found.attrs["in_plane"] < 0.2
    assert 10 < found.attrs["splitting"] < 16


def test_pure_rashba_coupling_gives_at_most_a_little_more_than_the_pauli_limit_in_the_plane():
    """doi:10.1103/PhysRevLett.87.037004: half of the spins feel the field; sqrt2 for a second-order transition."""
    found = hc2_limits(RASHBA, [0.3, 3.0], tc=6.5)
    second = sv.pairing.pauli_limit(6.5, order=2)
    assert float(found.B_linear[0]) < 2.1 * float(second)
    assert np.all(found.B_pauli < found.B)
