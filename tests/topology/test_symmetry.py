"""Symmetries that are found hold at every momentum, agree with qsymm, and name what breaks them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley import topology
from spinvalley.spin import SX, SY, SZ
from spinvalley.topology.breaking import parts, total
from spinvalley.topology.columns import hopping_table
from spinvalley.topology.edges import edge as named_edge

ISING = sv.models.ising_film(0.3, mu=-0.4)
RASHBA = ISING + sv.models.Rashba(0.2)
BILAYER = sv.models.heterostructure(coupling=0.4)
MODELS = {"film": sv.models.film(mu=0.3), "ising": ISING, "rashba": RASHBA, "bilayer": BILAYER}
FIELDS = {
    "none": 0.0,
    "x": 0.3,
    "y": (0.0, 0.3, 0.0),
    "xy": (0.2, -0.3, 0.0),
    "z": (0.0, 0.0, 0.3),
    "xz": (0.3, 0.0, 0.2),
}


def superconductor(name):
    return sv.Superconductor(MODELS[name], sv.s_wave(on=MODELS[name].layers[0], gap0=0.1))


def image(name, k, which):
    """Where each symmetry sends k."""
    if name == "chiral":
        return k
    if not name.endswith("_1d"):
        return -k
    return k - 2 * (k @ which.inward) * which.inward


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("edge", ["armchair", "zigzag", (2, 1)])
def test_every_operator_found_is_a_symmetry_at_random_momenta(model, field, edge):
    sc, zeeman = superconductor(model), FIELDS[field]
    found = topology.symmetry_class(sc, 0.25, zeeman, edge)
    which = named_edge(sc.model.lattice, edge)
    for k in np.random.default_rng(1).uniform(-4, 4, (3, 2)):
        here = sc.hamiltonian(k, 0.25, zeeman)
        for name in found.symmetry.values[found.exists.values]:
            unitary, square = (found[v].sel(symmetry=name).values for v in ("operator", "square"))
            sign = 1 if name.startswith("time") else -1
            source = here if name == "chiral" else here.conj()
            target = sign * sc.hamiltonian(image(name, k, which), 0.25, zeeman)
            np.testing.assert_allclose(unitary @ source @ unitary.conj().T, target, atol=1e-9)
            squared = unitary @ (unitary if name == "chiral" else unitary.conj())
            np.testing.assert_allclose(squared, square * np.eye(len(here)), atol=1e-9)


@pytest.mark.parametrize(
    ("model", "field", "edge", "tenfold", "line"),
    [
        ("bilayer", "x", "armchair", "BDI", "BDI"),
        ("bilayer", "y", "armchair", "BDI", "BDI"),
        ("bilayer", "x", "zigzag", "BDI", "CI"),
        ("bilayer", "none", "armchair", "DIII", "BDI"),
        ("bilayer", "xz", "armchair", "D", "D"),
        ("rashba", "none", "zigzag", "DIII", "CI"),
        ("rashba", "x", "armchair", "D", "A"),
        ("rashba", "xz", "zigzag", "D", "A"),
    ],
)
def test_the_tenfold_class_is_that_of_the_squares(model, field, edge, tenfold, line):
    found = topology.symmetry_class(superconductor(model), 0.25, FIELDS[field], edge)
    assert (found.attrs["tenfold"], found.attrs["tenfold_1d"]) == (tenfold, line)


def test_operators_of_the_paper_hold_in_any_in_plane_field_and_make_class_bdi():
    for field in ("x", "y", "xy"):
        found = topology.symmetry_class(superconductor("bilayer"), 0.1, FIELDS[field])
        held = found.paper_violation.sel(symmetry=["chiral", "time_reversal_1d", "particle_hole_1d", "particle_hole"])
        assert float(held.max()) < 1e-12
        assert float(found.paper_violation.sel(symmetry="time_reversal")) > 0.1


def test_each_term_breaks_what_it_must():
    found = topology.symmetry_class(superconductor("rashba"), 0.1, (0.2, 0.1, 0.3))
    broken = found.broken_by > 1e-9
    table = {t: set(broken.symmetry.values[broken.sel(term=t).values]) for t in broken.term.values}
    fields = {"chiral", "time_reversal", "time_reversal_1d"}
    assert table["field along z"] == fields
    assert table["field along x"] == table["field along y"] == {"time_reversal"}
    assert table["hopping"] == table["pairing"] == table["Ising spin-orbit coupling"] == set()
    # Rashba coupling keeps time reversal, but no product of it with a mirror that is diagonal in spin
    assert table["in-plane spin-orbit coupling"] == {"chiral", "time_reversal_1d", "particle_hole_1d"}


def test_removing_a_named_breaker_restores_the_chiral_symmetry():
    sc = superconductor("rashba")
    found = topology.symmetry_class(sc, 0.1, 0.3)
    assert found.attrs["chiral_broken_by"] == "in-plane spin-orbit coupling or field along x"
    assert bool(topology.symmetry_class(superconductor("ising"), 0.1, 0.3).exists.sel(symmetry="chiral"))
    assert bool(topology.symmetry_class(sc, 0.1, 0.0).exists.sel(symmetry="chiral"))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_named_parts_add_up_to_the_hamiltonian(seed, x, y, z):
    rng = np.random.default_rng(seed)
    hop = rng.normal(size=(3, 4, 4)) + 1j * rng.normal(size=(3, 4, 4))
    cells = [(0, 0), (1, 0), (1, 2)]
    table = {c: m + (m.conj().T if c == (0, 0) else 0) for c, m in zip(cells, hop, strict=True)}
    table |= {(-c[0], -c[1]): m.conj().T for c, m in table.items()}
    model = sv.models.from_hoppings(table, sv.models.triangular(), layers=("a", "b"))
    sc = sv.Superconductor(model, sv.s_wave(on="a", v=1.0))
    whole = hopping_table(sc, 0.3, (x, y, z))
    added = total(parts(sc, 0.3, (x, y, z)))
    for cell, matrix in whole.items():
        np.testing.assert_allclose(added.get(cell, np.zeros_like(matrix)), matrix, atol=1e-11)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("field", FIELDS)
def test_symmetries_agree_with_qsymm(model, field):
    qsymm = pytest.importorskip("qsymm", reason="qsymm (pip install '.[witness]') needs a compiler")
    from qsymm.model import BlochCoeff
    from sympy import Integer

    sc, zeeman = superconductor(model), FIELDS[field]
    found = topology.symmetry_class(sc, 0.25, zeeman, "armchair")
    terms = {}
    for (n1, n2), matrix in hopping_table(sc, 0.25, zeeman).items():
        x, y = 2 * n1 - n2, n2  # R in units of (a/2, sqrt3 a/2)
        terms[BlochCoeff(np.array([x, y], dtype=float), Integer(1))] = matrix
    bloch = qsymm.BlochModel(terms, momenta=("k_x", "k_y"))
    mirror = np.diag([-1, 1])
    candidates = {
        "chiral": qsymm.chiral(2),
        "time_reversal": qsymm.time_reversal(2),
        "particle_hole": qsymm.particle_hole(2),
        # K itself sends k to -k: at fixed k_y the remaining part is a mirror of y
        "time_reversal_1d": qsymm.PointGroupElement(-mirror, True, False, None),
        "particle_hole_1d": qsymm.PointGroupElement(-mirror, True, True, None),
    }
    for name, candidate in candidates.items():
        symmetries, _ = qsymm.symmetries(bloch, candidates=[candidate], generators=True)
        assert bool(found.exists.sel(symmetry=name)) == bool(symmetries), name


def test_a_wrong_operator_is_seen_to_be_wrong():
    """The broken variant: tau_x sigma_x is no chiral operator, and the violation says so."""
    from spinvalley.numerics.intertwiners import violation

    matrices = np.array(list(hopping_table(superconductor("ising"), 0.25, 0.3).values()))
    assert violation(matrices, -matrices, np.kron(SY, SX)) < 1e-12
    assert violation(matrices, -matrices, np.kron(SX, SX)) > 0.1
    assert violation(matrices, -matrices, np.kron(SY, SZ)) > 0.1


def test_bad_input_is_one_sentence():
    sc = superconductor("ising")
    with pytest.raises(sv.InvalidInput, match="`gap` must be non-negative, but is -1"):
        topology.symmetry_class(sc, -1.0)
    with pytest.raises(sv.InvalidInput, match="`edge` must be zigzag, armchair or a pair of coprime"):
        topology.symmetry_class(sc, 0.1, edge="bearded")
    with pytest.raises(sv.InvalidInput, match="`zeeman` must be"):
        topology.symmetry_class(sc, 0.1, [1, 2])
