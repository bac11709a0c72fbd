"""Laws of the Hall bar in a report: density and tau of the device come back and decide what is admissible."""

import json

import numpy as np
import pytest

from hall_runs import N2D, R_NORMAL, SQUARES, TC, hall_run, write_hall_run
from spinvalley.checks import InvalidInput
from spinvalley.experiment.hall import scattering_time
from spinvalley.reports import Options, analyse
from spinvalley.units import ELEMENTARY_CHARGE

MOBILITY = SQUARES / (N2D * ELEMENTARY_CHARGE * R_NORMAL)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_hall_run(tmp_path_factory.mktemp("bar") / "H1.csv")


@pytest.fixture(scope="module")
def found(path):
    models = ("klb", "ising")
    return analyse([path], Options(hall="R2", geometry="2x4", mass=0.522, models=models), date="today")


def test_density_mobility_and_tau_of_the_device_come_back(found):
    result = found.carriers.result
    assert abs(result.n2D - N2D) < 4 * result.sigma_n2D
    assert result.sigma_n2D < 0.01 * N2D
    assert result.carriers == "electrons"
    assert result.mobility == pytest.approx(MOBILITY, rel=0.01)
    assert result.tau == pytest.approx(scattering_time(result.mobility, 0.522))


def test_what_longitudinal_resistance_adds_drops_out(found):
    assert found.carriers.result.even == pytest.approx(0.01 * R_NORMAL, rel=0.05)
    assert abs(float(np.polyfit(found.carriers.odd.B, found.carriers.odd.R, 1)[1])) < 0.5
    assert abs(float(np.polyfit(found.carriers.B, found.carriers.R, 1)[1])) > 10  # the broken variant: all readings


def test_the_time_of_the_bar_decides_what_is_admissible(found, path):
    (line,) = [one for one in found.judged if one.line.orientation == "parallel"]
    assert line.comparison["klb"].sample.tau == found.carriers.result.tau
    assert not line.comparison["klb"].admissible
    blind = analyse([path], Options(hall="R2", models=("klb", "ising")))
    (line,) = [one for one in blind.judged if one.line.orientation == "parallel"]
    assert line.comparison["klb"].sample.tau is None
    assert np.isnan(blind.carriers.result.mobility)
    given = analyse([path], Options(hall="R2", geometry="2", mass=0.522, tau=99.0, models=("klb", "ising")))
    assert next(one for one in given.judged if one.fitted).comparison["klb"].sample.tau == 99.0


def test_the_hall_channel_is_not_taken_for_a_resistance(found):
    assert {one.line.channel for one in found.judged} == {"R1"}
    assert {row["channel"] for row in found.tc} == {"R1"}
    assert abs(found.tc[0]["Tc"] - TC) < 0.02


def test_a_second_file_may_hold_the_hall_voltage(path, found, tmp_path):
    warm = hall_run(along=False)
    warm = warm[warm["T (K)"] > 14.5]
    warm.drop(columns="R1 (Ohm)").to_csv(tmp_path / "hall.csv", index=False)
    other = analyse([path], Options(hall=str(tmp_path / "hall.csv"), models=("ising",)))
    assert other.carriers.result.n2D == pytest.approx(found.carriers.result.n2D)
    assert other.carriers.source == "hall.csv"


def test_page_and_json_tell_the_same_density(found, tmp_path):
    folder = found.write(tmp_path / "report")
    told = json.loads((folder / "analysis.json").read_text())
    assert told["hall"]["n2D"] == found.carriers.result.n2D
    page = (folder / "report.html").read_text()
    assert f"{found.carriers.result.n2D / 1e14:.2f}" in page
    assert any(sentence.startswith("From the Hall voltage at 15 K") for sentence in found.summary())
    assert {path.name for path in folder.glob("hall_*")} == {"hall_r2.csv", "hall_r2_single.pdf", "hall_r2_double.pdf"}


def test_one_sign_of_the_field_is_told(tmp_path):
    half = write_hall_run(tmp_path / "half.csv", along=False, signs=(0.0, 9.0))
    found = analyse([half], Options(hall="R2"))
    assert any("one sign of the field only" in rule for rule in found.carriers.rules)
    assert not found.carriers.both_signs


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hall": "R7"}, "channels R1, R2"),
        ({"hall": "R2", "geometry": "wide"}, "WIDTHxLENGTH"),
        ({"hall": "R2", "geometry": "2x-4"}, "`geometry` must be positive"),
        ({"hall": "R2", "geometry": "1x2x3"}, "WIDTHxLENGTH"),
        ({"geometry": "2x4"}, "`hall` is not given"),
        ({"hall": "R2", "geometry": "2x4", "mobility": 80.0, "mass": 0.5}, "`mobility` must not be given"),
        ({"mass": 0.5}, "alone"),
    ],
)
def test_wrong_settings_are_one_sentence(path, settings, words):
    with pytest.raises(InvalidInput, match=words):
        analyse([path], Options(**settings))


def test_a_hall_voltage_of_the_superconductor_is_refused(tmp_path):
    cold = write_hall_run(tmp_path / "cold.csv", warm=(5.0,), along=False)
    with pytest.raises(InvalidInput, match="above Tc = 6"):
        analyse([cold], Options(hall="R2"))
    flat = write_hall_run(tmp_path / "flat.csv", warm=())
    with pytest.raises(InvalidInput, match="along the layers"):
        analyse([flat], Options(hall="R2"))
