"""Reference numbers of physics.md (computed independently of this project), to the digits given there."""

import numpy as np
import pytest

import spinvalley as sv

_UNIT = np.sqrt(2.0)


@pytest.fixture(scope="module")
def isolated() -> sv.Superconductor:
    return sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.05))


@pytest.fixture(scope="module")
def one_band() -> sv.Superconductor:
    return sv.Superconductor(sv.models.film(), sv.s_wave(v=2.295202))


def _stack(gap0: float, coupling: float = 0.5) -> tuple[sv.Superconductor, float]:
    """The heterostructure with the interaction of a film of gap `gap0`, and Tc of that film."""
    layer = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=gap0))
    stack = sv.models.heterostructure(coupling=coupling)
    return sv.Superconductor(stack, sv.s_wave(on="sc", v=layer.v)), float(sv.critical_temperature(layer))


def test_one_band_gap_and_critical_temperature(one_band: sv.Superconductor) -> None:
    assert sv.solve_gap(one_band, kT=0.0).gap == pytest.approx(0.2, abs=1e-6)
    assert sv.critical_temperature(one_band) == pytest.approx(0.11378, abs=5e-6)


def test_one_band_first_order_field_at_low_temperature(one_band: sv.Superconductor) -> None:
    line = sv.critical_field(one_band, kT=0.01).isel(kT=0)
    assert float(line.zeeman) / 0.2 == pytest.approx(0.70296, abs=5e-6)
    assert float(line.zeeman_linear) / 0.2 == pytest.approx(0.5111, abs=5e-5)
    assert int(line.order) == 1
    assert line.zeeman_linear < line.zeeman < line.superheating


def test_isolated_layer_anchors(isolated: sv.Superconductor) -> None:
    tc = sv.critical_temperature(isolated)
    assert 1 / isolated.v == pytest.approx(0.5839263307, abs=1e-10)
    assert 0.05 / tc == pytest.approx(1.7632170, abs=5e-7)
    point = sv.tricritical_point(isolated)
    assert point.kT / tc == pytest.approx(0.5612551, abs=1e-6)
    assert point.zeeman / 0.05 == pytest.approx(0.6085189, abs=1e-6)


def test_isolated_layer_pauli_limit_at_zero_temperature(isolated: sv.Superconductor) -> None:
    line = sv.critical_field(isolated, kT=0.0).isel(kT=0)
    assert abs(float(line.zeeman) / 0.05 - 0.7072645) < max(float(line.error) / 0.05, 1e-7)
    assert float(line.error) / 0.05 < 1e-5
    assert int(line.order) == 1


@pytest.mark.parametrize(("coupling", "ratio"), [(0.1, 0.984090), (0.5, 0.692431)])
def test_inverse_proximity_lowers_the_critical_temperature(coupling: float, ratio: float) -> None:
    sc, tc = _stack(0.05, coupling)
    assert sv.critical_temperature(sc) / tc == pytest.approx(ratio, abs=1e-6)


@pytest.mark.parametrize(
    ("gap0", "field", "linear", "order"),
    [(0.05, 0.929523, 0.929523, 2), (0.005, 3.84524, 3.84524, 2), (0.2, 0.79087, 0.641172, 1)],
)
def test_heterostructure_critical_field(gap0: float, field: float, linear: float, order: int) -> None:
    sc, tc = _stack(gap0)
    line = sv.critical_field(sc, kT=0.1 * tc).isel(kT=0)
    assert float(line.zeeman) / gap0 * _UNIT == pytest.approx(field, rel=1e-5)
    assert float(line.zeeman_linear) / gap0 * _UNIT == pytest.approx(linear, rel=1e-5)
    assert int(line.order) == order
    assert line.status == "converged"


def test_the_coarse_scan_does_not_have_to_hold_the_transition() -> None:
    """A bracket from the coarse quadrature once missed the transition at the smallest gap of the ladder."""
    sc, tc = _stack(0.002)
    line = sv.critical_field(sc, kT=[0.44 * tc, 0.5 * tc], tol=1e-4)
    assert list(line.status.values) == ["converged"] * 2


def test_jump_between_superconducting_states_is_found() -> None:
    sc, tc = _stack(0.07)
    line = sv.critical_field(sc, kT=0.1 * tc).isel(kT=0)
    assert int(line.order) == 2
    assert 0 < line.jump < line.zeeman
    below, above = (sv.solve_gap(sc, 0.1 * tc, float(line.jump) * f).gap for f in (1 - 1e-3, 1 + 1e-3))
    assert below == pytest.approx(float(line.jump_gap_high), rel=0.05)
    assert above == pytest.approx(float(line.jump_gap_low), rel=0.1)


@pytest.mark.parametrize("gap0", [1e-2, 1e-4])
def test_weak_coupling_tends_to_bcs(gap0: float) -> None:
    sc = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=gap0))
    tc = sv.critical_temperature(sc)
    point = sv.tricritical_point(sc)
    tolerance = max(gap0**2, 1e-6)
    assert gap0 / tc == pytest.approx(1.763877, rel=tolerance)
    assert point.kT / tc == pytest.approx(0.561493, rel=tolerance)
    assert point.zeeman / tc == pytest.approx(1.072827, rel=tolerance)
