"""Laws of the Hall bar: density, mobility, scattering time, and the dome."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.checks import InvalidInput
from spinvalley.experiment.dome import Device, dome
from spinvalley.experiment.hall import hall, scattering_time
from spinvalley.units import ELEMENTARY_CHARGE

B = np.linspace(-9, 9, 37)


def hall_slope(n2D):
    return 1e-4 / (ELEMENTARY_CHARGE * n2D)


def bar(n2D=0.85e14, mobility=86.0, **options):
    sheet = 1 / (n2D * ELEMENTARY_CHARGE * mobility)
    return hall(B, -hall_slope(n2D) * B, R_xx=3 * sheet, length=3.0, width=1.0, **options)


@settings(max_examples=30)
@given(st.floats(1e12, 1e15), st.floats(1, 1e5), st.floats(0.05, 2))
def test_density_mobility_and_time_come_back(n2D, mobility, mass):
    found = bar(n2D, mobility, mass=mass)
    assert found.n2D == pytest.approx(n2D, rel=1e-9)
    assert found.mobility == pytest.approx(mobility, rel=1e-9)
    assert found.tau == pytest.approx(scattering_time(mobility, mass), rel=1e-9)


@pytest.mark.parametrize(
    ("mobility", "tau", "mass"), [(208, 59.3, 0.5014), (86, 25.5, 0.5215), (165, 47.1, 0.5021)], ids=["L1", "H1", "H2"]
)
def test_the_mass_that_each_published_time_implies(mobility, tau, mass):
    assert scattering_time(mobility, mass) == pytest.approx(tau, abs=0.01)


def test_the_sign_tells_the_carriers():
    assert bar().carriers == "electrons"
    assert bar(electrons="positive").carriers == "holes"


def test_magnetoresistance_in_the_hall_voltage_drops_out():
    even = 40 + 3 * B**2
    found = hall(B, 7.0 * B + even)
    assert found.slope == pytest.approx(7.0, rel=1e-9)
    assert found.even > 40
    half = B >= 0
    assert abs(hall(B[half], (7.0 * B + even)[half]).slope - 7.0) > 5  # the broken variant: one sign of the field


def test_sigma_covers_the_true_density():
    found = []
    for seed in range(300):
        result = hall(B, -hall_slope(1e14) * B + np.random.default_rng(seed).normal(size=B.size))
        found.append(abs(result.n2D - 1e14) / result.sigma_n2D)
    assert np.mean(np.array(found) < 1) == pytest.approx(
        0.66, abs=0.07
    )  # 0.67 for Student's t of 16 degrees of freedom


@pytest.mark.parametrize("negative", [5, 40])
def test_sigma_covers_few_negative_fields_and_jittered_branches(negative):
    found = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        fields = np.concatenate([random.uniform(-9, -1, negative), random.uniform(0, 9, 200)])
        result = hall(fields, -7 * fields + 20 + 0.3 * fields**2 + random.normal(size=fields.size))
        found.append((result.slope + 7) / result.sigma_slope)
    assert 0.8 < np.std(found) < 1.25


def test_errors_of_density_and_sheet_resistance_add_in_squares():
    random = np.random.default_rng(0)
    found = hall(B, 7 * B + random.normal(size=B.size), R_xx=100.0, sigma_R_xx=3.0)
    relative = np.hypot(found.sigma_n2D / found.n2D, 0.03)
    assert found.sigma_mobility == pytest.approx(found.mobility * relative)


def test_bad_input_is_one_sentence():
    with pytest.raises(InvalidInput, match=r"`width` must be positive, but is -1\.0"):
        hall(B, B, width=-1.0)
    with pytest.raises(InvalidInput, match="`R_xy` must be given at 3 fields at least, but is at 2"):
        hall(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    with pytest.raises(InvalidInput, match="`R_xy` must change with the field"):
        hall(B, np.zeros_like(B))
    with pytest.raises(InvalidInput, match="`devices` must be one at least"):
        dome([])
    with pytest.raises(InvalidInput, match=r"`B` and `R_xy` must be lists of one length, but have the shapes \(\)"):
        hall(1.0, 2.0)
    with pytest.raises(InvalidInput, match=r"have the shapes \(37,\) and \(3,\)"):
        hall(B, B[:3])
    with pytest.raises(InvalidInput, match="`hall` must be a HallResult"):
        Device("a", None, None)
    with pytest.raises(InvalidInput, match="`critical` must be what critical_temperatures gives, but lacks sigma_Tc"):
        Device("a", bar(), critical([7.4], [0.0]).drop_vars("sigma_Tc"))


def critical(Tc, fields, status="converged"):
    names = {"Tc": Tc, "sigma_Tc": [0.1] * len(Tc), "B": fields, "status": [status] * len(Tc)}
    return xr.Dataset({name: ("point", values) for name, values in names.items()})


def test_the_dome_is_sorted_by_density_and_takes_the_lowest_field():
    table = dome(
        [
            Device("H2", bar(1.8e14, 165.0, mass=0.5), critical([7.4, 5.0], [0.0, 3.0])),
            Device("H1", bar(0.85e14, 86.0, mass=0.5), critical([6.4, 6.6], [0.0, 0.0])),
            Device("none", bar(0.5e14, 80.0), critical([np.nan], [0.0], "beyond range")),
        ]
    )
    assert table.device.values.tolist() == ["none", "H1", "H2"]
    np.testing.assert_allclose(table.Tc, [np.nan, 6.5, 7.4])
    assert table.status.values.tolist() == ["beyond range", "converged", "converged"]
    assert float(table.sigma_Tc.sel(device="H1")) == pytest.approx(0.1 / np.sqrt(2))
