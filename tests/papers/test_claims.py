"""The verdict follows from the numbers: it turns when a number is broken."""

import json
from dataclasses import replace

import numpy as np
import pytest

from spinvalley.checks import InvalidInput
from spinvalley.papers.claims import Claim, ClaimsTable, Result, Rule, at_least, at_most, equal


def claim(*values, rule=None, **more):
    results = tuple(v if isinstance(v, Result) else Result(v, 1e-3, at=float(n)) for n, v in enumerate(values))
    more = {"variable": "n"} | more
    return Claim("name", "what they say", "Fig. 9", "our value", rule or at_least(1), results, **more)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((1.1, 2), "reproduced"),
        ((1.1, 0.9), "reproduced if n = 0"),
        ((1.1, 0.9, 3), "reproduced if n = 0, 2"),
        ((0.5, 0.9), "not reproduced"),
        ((np.nan,), "not reproduced"),
        ((1.0005,), "not reproduced"),  # the error bar crosses the bound
    ],
)
def test_the_verdict_follows_from_the_values(values, verdict):
    assert claim(*values).verdict == verdict


def test_a_broken_value_turns_the_verdict():
    good = claim(Result(2.0, 0.1))
    assert good.verdict == "reproduced"
    assert replace(good, results=(Result(0.2, 0.1),)).verdict == "not reproduced"
    assert replace(good, results=(Result(2.0, 1.5),)).verdict == "not reproduced"
    assert replace(good, rule=at_most(1)).verdict == "not reproduced"


@pytest.mark.parametrize("status", ["not converged", "failed", "beyond range"])
def test_a_number_that_the_solver_does_not_stand_by_proves_nothing(status):
    doubtful = claim(Result(2.0, 0.0, status=status), variable="")
    assert doubtful.verdict == "not reproduced"
    assert f"({status})" in doubtful.found()


def test_rules_bound_from_both_sides():
    assert equal(2, 0.1).obeyed(2.05, 0.01)
    assert not equal(2, 0.1).obeyed(2.05, 0.06)
    assert not equal(2, 0.1).obeyed(1.85, 0.0)
    assert not Rule("anything").obeyed(np.nan, 0.0)


@pytest.fixture
def table():
    return ClaimsTable(
        "A paper",
        (
            claim(1.234567891, 0.5, unit="H_P", assumption="a long assumption " * 12, comment="a comment"),
            replace(claim(0.25, variable="", unit="|t|"), name="other"),
        ),
        ("A remark. " * 20,),
    )


def test_the_text_holds_every_claim_in_100_columns(table):
    text = table.text()
    assert max(map(len, text.splitlines())) <= 100
    assert "2 claims: 0 reproduced, 1 reproduced under a condition, 1 not reproduced." in text
    one_line = " ".join(text.split())
    for part in ("Rule: at least 1.", "Assumed: a long", "Note: a comment.", "A remark.", "0.25 |t| (error 0.001)"):
        assert part in one_line
    assert "1.235 at 0, 0.5 at 1" in table["name"].found()  # no digits far below the error


def test_the_json_says_the_same(table):
    read = json.loads(table.json(), parse_constant=pytest.fail)
    first = read["claims"][0]
    assert first["verdict"] == table["name"].verdict == "reproduced if n = 0"
    assert [r["holds"] for r in first["results"]] == [True, False]
    assert first["rule"] == {"text": "at least 1", "low": 1, "high": None}
    assert read["summary"] == table.summary()


def test_the_table_is_written_as_text_and_json(table, tmp_path):
    text, document = table.write(tmp_path)
    assert text.read_text() == table.text()
    assert json.loads(document.read_text()) == json.loads(table.json())


def test_senseless_tables_are_refused(table):
    with pytest.raises(InvalidInput, match="must have different names"):
        ClaimsTable("twice", table.claims * 2)
    with pytest.raises(InvalidInput, match="must not be empty"):
        claim()
    with pytest.raises(InvalidInput, match="must name what differs"):
        claim(1.0, 2.0, variable="")
    with pytest.raises(InvalidInput, match="must be one of name, other"):
        table["third"]
