"""Laws of the dome: whatever a device comes from, its density and Tc are the same."""

import json
from dataclasses import fields

import numpy as np
import pytest

from hall_runs import write_hall_run
from spinvalley.checks import InvalidInput
from spinvalley.experiment import HallResult
from spinvalley.reports import Options, analyse, dome_of

TABLE = (
    "device,n2D (cm^-2),sigma_n2D,Tc_K,sigma_Tc_K,tau\nA,5e13,1e12,,,\nC,1.2e14,,9.8,0.2,30\nB,8.5e13,,6.5,0.1,25.5\n"
)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text(TABLE)
    return path


def test_a_table_is_sorted_by_density_and_keeps_what_it_says(table):
    found = dome_of([table])
    assert found.device.values.tolist() == ["A", "B", "C"]
    np.testing.assert_array_equal(found.n2D, [5e13, 8.5e13, 1.2e14])
    np.testing.assert_array_equal(found.Tc, [np.nan, 6.5, 9.8])
    np.testing.assert_array_equal(found.tau, [np.nan, 25.5, 30.0])
    assert found.status.values.tolist() == ["normal", "converged", "converged"]


def test_runs_reports_and_tables_give_one_dome(tmp_path, table):
    paths = [
        write_hall_run(tmp_path / f"{name}.csv", n2D=n, along=False) for name, n in (("H2", 1.8e14), ("H1", 0.87e14))
    ]
    measured = dome_of(paths, Options(hall="R2", geometry="2", mass=0.5))
    assert measured.device.values.tolist() == ["H1", "H2"]
    np.testing.assert_allclose(measured.n2D, [0.87e14, 1.8e14], rtol=0.01)
    np.testing.assert_allclose(measured.Tc, 6.5, atol=0.02)
    folder = analyse(paths[:1], Options(hall="R2", geometry="2", mass=0.5)).write(tmp_path / "H2_report")
    both = dome_of([folder, table])
    assert both.device.values.tolist() == ["A", "B", "C", "H2_report"]
    for name in ("n2D", "sigma_n2D", "Tc", "sigma_Tc", "mobility", "tau"):
        assert float(both[name][-1]) == pytest.approx(float(measured[name][-1]), rel=1e-6), name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.replace("cm^-2", "m^-2"), "must be in cm\\^-2, but is in m\\^-2"),
        (TABLE.replace("8.5e13", "-1"), "`n2D` must be positive, but is -1.0 for B"),
        (TABLE.replace("8.5e13", ""), "`n2D` must be positive, but is nan for B"),
        (TABLE.replace("6.5", "warm"), "`Tc` must be a number, but is 'warm' for B"),
        (TABLE.replace("0.1", "-0.1"), "`sigma_Tc` must be non-negative"),
        (TABLE.replace("Tc_K,", "Th_K,"), "must have column Tc"),
        (TABLE.replace("device", "gate"), "must have column device"),
        (TABLE.splitlines()[0] + "\n", "must have rows"),
        (TABLE.replace("C,1.2", "B,1.2"), "different names"),
    ],
)
def test_a_damaged_table_is_one_sentence(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InvalidInput, match=words):
        dome_of([tmp_path / "t.csv"])


def test_a_folder_that_is_no_report_is_one_sentence(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(InvalidInput, match="but has none"):
        dome_of([folder])
    numbers = dict.fromkeys((f.name for f in fields(HallResult)), 1.0)
    for text, words in (
        ("nonsense", "JSON"),
        ("[]", "a density and a Tc"),
        (json.dumps({"hall": None, "tc": []}), "without `hall`"),
        (json.dumps({"hall": numbers, "tc": [], "settings": {"criterion": 0.5}}), "a density and a Tc"),
        (json.dumps({"hall": {"n2D": "x"}, "tc": [], "settings": {"criterion": 0.5}}), "a density and a Tc"),
    ):
        (folder / "analysis.json").write_text(text)
        with pytest.raises(InvalidInput, match=words):
            dome_of([folder])
    with pytest.raises(InvalidInput, match="list of files"):
        dome_of([])
    with pytest.raises(InvalidInput, match="`hall` must name the Hall channel"):
        dome_of([write_hall_run(tmp_path / "run.csv", along=False)])
