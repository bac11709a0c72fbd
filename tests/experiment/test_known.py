"""Laws of parameters known beforehand: one more point of the fit, between held and free."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fit_cases import TRUTH, T, points
from spinvalley import InvalidInput
from spinvalley.experiment.fitting import Part, fit, fit_joint
from spinvalley.experiment.theory import Theory


@settings(max_examples=15)
@given(center=st.floats(6.45, 6.55), sigma=st.floats(0.005, 0.3), seed=st.integers(0, 50))
def test_a_known_parameter_is_one_more_point(center, sigma, seed):
    """The linear formula a - b T with a known: the textbook result with one more row of the design."""
    table = points("gl_perpendicular", 0.02, seed=seed)
    line = Theory(lambda T, a, b: a - b * T, {"a": 1.0, "b": 1.0})
    found = fit(table, line, {"a": (center, sigma)})
    rows = np.column_stack([np.ones(T.size), -T]) / table["sigma_B"][:, None]
    design, data = np.vstack([rows, [1 / sigma, 0]]), np.append(table["B"] / table["sigma_B"], center / sigma)
    covariance = np.linalg.inv(design.T @ design)
    assert found.best == pytest.approx(covariance @ design.T @ data, rel=1e-6)
    assert list(found.errors.values()) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-4)
    assert found.chi2 == pytest.approx(np.sum((data - design @ found.best) ** 2), rel=1e-5)
    assert found.known == {"a": (center, sigma)}


def test_a_parameter_known_well_is_held_and_one_known_badly_is_free():
    table = points("ising", 0.02)
    held, sharp, vague, free = (
        fit(table, "ising", f) for f in ({"tc": 6.5}, {"tc": (6.5, 1e-6)}, {"tc": (6.5, 50)}, {})
    )
    for one, other in ((held, sharp), (free, vague)):
        assert one.params["splitting"] == pytest.approx(other.params["splitting"], rel=1e-4)
        assert one.errors["splitting"] == pytest.approx(other.errors["splitting"], rel=1e-3)
    assert (held.dof, held.aicc) == (sharp.dof, pytest.approx(sharp.aicc, abs=1e-3))
    known = fit(table, "ising", {"tc": (6.5, 0.05)})
    assert held.errors["splitting"] < known.errors["splitting"] < free.errors["splitting"]
    assert "tc = 6.5 +- 0.05 (known beforehand)" in known.report()
    assert fit(table, "ising", {"tc": (6.5, 0.0)}).fixed == {"tc": 6.5}


def test_a_held_tc_that_is_wrong_misses_the_truth_and_its_error_mends_it():
    """The broken variant: Tc is off by two of its errors, and a plain held value takes it at its word."""
    table, truth = points("ising"), TRUTH["ising"][0]["splitting"]
    table["sigma_B"] = table["sigma_B"] / 10
    plain, known = (fit(table, "ising", {"tc": tc}) for tc in (6.44, (6.44, 0.03)))
    assert abs(plain.params["splitting"] - truth) > 4 * plain.errors["splitting"]
    assert abs(known.params["splitting"] - truth) < 3 * known.errors["splitting"]


def test_a_free_scale_does_not_stretch_what_was_known_with_its_own_error():
    table = points("ising", 0.02)
    small = {**table, "sigma_B": table["sigma_B"] / 30}
    a, b = (fit(t, "ising", {"tc": (6.5, 0.02)}, scale="free") for t in (table, small))
    assert a.params == pytest.approx(b.params, rel=1e-4)
    assert a.errors == pytest.approx(b.errors, rel=1e-3)
    assert a.errors["tc"] < 0.02
    wide = fit(small, "ising", {"tc": (6.5, 0.02)}).scaled()
    assert wide.errors == pytest.approx(b.errors, rel=1e-3)
    for kind, tight in (("noise", 0.12), ("points", 0.5)):
        assert a.bootstrap(600, seed=2, kind=kind).errors() == pytest.approx(a.errors, rel=tight)


def test_parts_share_what_is_known_once():
    tables = [points("klb", 0.02, seed=s) for s in (1, 2)]
    parts = [Part(t, "klb", f"film {i}", {"tc": (6.5, 0.02)}) for i, t in enumerate(tables)]
    joint = fit_joint(parts, shared=("tc",))
    assert joint.known == {"tc": (6.5, 0.02)}
    assert joint.dof == 2 * T.size - 2
    with pytest.raises(InvalidInput, match="must be the same in every part that shares it, but differs"):
        fit_joint([parts[0], Part(tables[1], "klb", "b", {"tc": (6.6, 0.02)})], shared=("tc",))


@pytest.mark.parametrize("wrong", [(6.5, -0.1), (6.5, 0.1, 0.2), (6.5, np.nan), ("x", 0.1), (-6.5, 0.1)])
def test_what_is_known_wrongly_is_one_sentence(wrong):
    with pytest.raises(InvalidInput, match=r"fixed\['tc'\]"):
        fit(points("klb"), "klb", {"tc": wrong})
