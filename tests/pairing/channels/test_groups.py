"""Laws of the point groups: what leaves h unchanged, how the groups are called, their irreducible representations."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.channels import Operation, point_group
from spinvalley.pairing.channels.irreps import irreps
from spinvalley.pairing.channels.schoenflies import schoenflies
from spinvalley.spin import pauli_dot

M = sv.models
RASHBA = M.Rashba(0.13)
FILM, ISING = M.film(mu=0.2), M.ising_film(0.2)
K = np.random.default_rng(2).uniform(-3, 3, (6, 2))


def square_film(tx=-1.0, ty=-1.0):
    hop = np.eye(2)
    table = {(1, 0): tx * hop, (-1, 0): tx * hop, (0, 1): ty * hop, (0, -1): ty * hop}
    return M.from_hoppings(table, M.square())


def strained_film():
    """The triangular film with other hoppings along a1."""
    table = {cell: -1.0 * np.eye(2) for cell in ((1, 0), (0, 1), (-1, -1), (-1, 0), (0, -1), (1, 1))}
    return M.from_hoppings(table | {(1, 0): -1.2 * np.eye(2), (-1, 0): -1.2 * np.eye(2)}, M.triangular())


def second_layer(beta_so):
    return M.tmd(t=-1.0, mu=0.0, beta_so=beta_so)


def second_three_bands(shift):
    return replace(M.three_band("MoS2") + M.OrbitalShift((shift, 2 * shift, 2 * shift)), layers=("below",) * 3)


def s_and_p(hopping):
    """Orbitals s, p_x, p_y on the triangular lattice; `hopping` between s and p."""
    table = {(0, 0): np.diag([0.0, 0, 1.0, 1.0, 1.0, 1.0])}
    for cell in ((1, 0), (0, 1), (-1, -1), (-1, 0), (0, -1), (1, 1)):
        r = M.triangular().translation(cell)
        block = np.zeros((3, 3))
        block[0, 0], block[1:, 1:] = -1.0, 0.7 * np.outer(r, r) - 0.2 * np.eye(2)
        block[0, 1:], block[1:, 0] = hopping * r, -hopping * r
        table[cell] = np.kron(block, np.eye(2))
    return M.from_hoppings(table, M.triangular())


MODELS = {
    "film": FILM,
    "Ising": ISING,
    "Rashba": FILM + RASHBA,
    "Ising and Rashba": ISING + RASHBA,
    "heterostructure": M.heterostructure(),
    "heterostructure with Rashba": M.heterostructure() + M.Rashba(0.1, on="sc"),
    "decoupled": M.heterostructure(coupling=0.0),
    "2H bilayer": M.stack(ISING, second_layer(-0.2), coupling=0.3),
    "decoupled 2H bilayer": M.stack(ISING, second_layer(-0.2), coupling=0.0),
    "three bands": M.three_band("MoS2"),
    "three bands with Rashba": M.three_band("MoS2") + M.Rashba(5.0),
    "coupled three bands": M.stack(M.three_band("MoS2"), second_three_bands(0.0), coupling=30.0),
    "decoupled three bands": M.stack(M.three_band("MoS2"), second_three_bands(0.0), coupling=0.0),
    "two materials": M.stack(M.three_band("MoS2"), second_three_bands(20.0), coupling=0.0),
    "s and p": s_and_p(0.3),
    "s and p, decoupled": s_and_p(0.0),
    "one band, hoppings without end": M.one_band("MoS2", density=0.85e14),
    "NbSe2": M.nbse2(),
    "square": square_film(),
    "rectangular": square_film(ty=-0.6) + RASHBA,
    "strained": strained_film(),
}


@pytest.mark.parametrize(
    ("model", "zeeman", "name"),
    [
        ("film", 0.0, "D6h"),
        ("Rashba", 0.0, "C6v"),
        ("Ising", 0.0, "D3h"),
        ("Ising and Rashba", 0.0, "C3v"),
        ("heterostructure", 0.0, "D3h"),
        ("heterostructure with Rashba", 0.0, "C3v"),
        ("three bands", 0.0, "D3h"),
        ("three bands with Rashba", 0.0, "C3v"),
        ("coupled three bands", 0.0, "D3h"),
        ("decoupled three bands", 0.0, "D3h"),
        ("two materials", (0, 0, 5.0), "C3h"),
        ("s and p", 0.0, "D6h"),
        ("s and p, decoupled", 0.0, "D6h"),
        ("one band, hoppings without end", 0.0, "C3v"),
        ("NbSe2", 0.0, "D3h"),
        ("square", 0.0, "D4h"),
        ("rectangular", 0.0, "C2v"),
        ("strained", 0.0, "D2h"),
        ("film", (0.1, 0, 0), "C2h"),
        ("film", (0, 0, 0.1), "C6h"),
        ("film", (0.1, 0.03, 0), "Ci"),
        ("Ising", (0.1, 0, 0), "Cs"),  # the mirror x -> -x keeps an axial vector along x
        ("Ising", (0, 0.1, 0), "C2"),  # the twofold axis along y
        ("Ising", (0, 0, 0.1), "C3h"),
        ("Ising", (0.1, 0.03, 0), "C1"),
        ("Ising and Rashba", (0, 0, 0.1), "C3"),
        ("Rashba", (0, 0.1, 0), "Cs"),
        ("Rashba", (0, 0, 0.1), "C6"),
        ("2H bilayer", 0.0, "D6h"),
    ],
)
def test_point_groups_and_how_a_field_or_strain_lowers_them(model, zeeman, name):
    assert point_group(MODELS[model], zeeman).name == name


@settings(max_examples=30)
@given(st.sampled_from(sorted(MODELS)), st.sampled_from(["0", "x", "y", "z", "any"]), st.integers(0, 10**6))
def test_every_operation_leaves_the_hamiltonian_in_the_field_unchanged(name, direction, seed):
    model = MODELS[name]
    field = {"0": np.zeros(3), "any": np.array([0.3, 0.2, -0.4])}.get(direction)
    field = 0.4 * np.eye(3)["xyz".index(direction)] if field is None else field
    group = point_group(model, field)
    g = group.elements[seed % group.order]
    here = model.hamiltonian(K) + model.zeeman(field)
    there = model.hamiltonian(K @ g.turn.T) + model.zeeman(field)
    np.testing.assert_allclose(g.unitary @ here @ g.unitary.conj().T, there, atol=1e-9 * np.abs(here).max())
    np.testing.assert_allclose(g.orbital @ g.orbital.T, np.eye(len(model.layers)), atol=1e-9)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_orbital_parts_multiply_as_the_operations_and_keep_layers_together(name):
    model = MODELS[name]
    group = point_group(model)
    layers = np.array(model.layers)
    for first in group.elements:
        assert {len(set(layers[np.abs(row) > 1e-9])) for row in first.orbital} == {1}
        for second in group.elements:
            flip, product = first.flip != second.flip, first.turn @ second.turn
            g = next(g for g in group.elements if g.flip == flip and np.allclose(g.turn, product))
            made = first.orbital @ second.orbital
            assert min(np.abs(g.orbital - sign * made).max() for sign in (1, -1)) < 1e-8


def test_a_spin_that_turns_like_a_polar_vector_would_break_the_mirrors():
    """The broken variant: with the spin a polar vector, the Ising film would not have its mirror x -> -x."""
    mirror = Operation(np.diag([-1.0, 1.0]), False, np.eye(1))
    right = mirror.unitary @ ISING.hamiltonian(K) @ mirror.unitary.conj().T
    wrong = ISING.hamiltonian(K)  # sigma_z kept, as z is
    there = ISING.hamiltonian(K @ mirror.turn.T)
    assert np.abs(right - there).max() < 1e-12
    assert np.abs(wrong - there).max() > 0.1


@given(st.floats(0, 2 * np.pi), st.booleans(), st.booleans(), st.integers(0, 1000))
def test_spin_matrices_turn_axial_vectors(angle, mirror, flip, seed):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    g = Operation(turn @ np.diag([1.0, -1.0]) if mirror else turn, flip, np.eye(1))
    v = np.random.default_rng(seed).normal(size=3)
    np.testing.assert_allclose(g.spin @ pauli_dot(v) @ g.spin.conj().T, pauli_dot(g.axial @ v), atol=1e-12)
    assert np.linalg.det(g.axial) == pytest.approx(1.0)
    np.testing.assert_allclose(np.linalg.det(g.spin), 1.0, atol=1e-12)


# Every group that a lattice has in common with D6h or D4h ------------------------------------------------------------
def generated(*generators):
    """The group that operations (2x2 matrix, flip) generate, on one orbital."""
    found = [(np.eye(2), False)]
    while True:
        products = [(a @ b, f != g) for a, f in found for b, g in generators]
        fresh = []
        for turn, flip in products:
            if not any(f == flip and np.allclose(t, turn) for t, f in found + fresh):
                fresh.append((turn, flip))
        if not fresh:
            return tuple(Operation(turn, flip, np.eye(1)) for turn, flip in found)
        found += fresh


def turn(n):
    c, s = np.cos(2 * np.pi / n), np.sin(2 * np.pi / n)
    return np.array([[c, -s], [s, c]])


MIRROR, ONE = np.diag([1.0, -1.0]), np.eye(2)
GROUPS = {
    "C1": [],
    "Cs": [(ONE, True)],
    "Ci": [(-ONE, True)],
    "C2v": [(MIRROR, True), (ONE, True)],
    "C2h": [(MIRROR, True), (-ONE, True)],
    "S4": [(turn(4), True)],
    "S6": [(turn(6), True)],
    "D2d": [(turn(4), True), (MIRROR, True)],
    "D3d": [(turn(6), True), (MIRROR, True)],
}
for _n in (2, 3, 4, 6):
    GROUPS |= {
        f"C{_n}": [(turn(_n), False)],
        f"C{_n}v ": [(turn(_n), False), (MIRROR, False)],
        f"C{_n}h ": [(turn(_n), False), (ONE, True)],
        f"D{_n}": [(turn(_n), False), (MIRROR, True)],
        f"D{_n}h": [(turn(_n), False), (MIRROR, True), (ONE, True)],
    }
NAMES = {
    "C1": "A",
    "Cs": "A' A''",
    "Ci": "Ag Au",
    "C2": "A B",
    "C3": "A 1E 2E",
    "C4": "A B 1E 2E",
    "C6": "A B 1E1 2E1 1E2 2E2",
    "C2v": "A1 A2 B1 B2",
    "C3v": "A1 A2 E",
    "C4v": "A1 A2 B1 B2 E",
    "C6v": "A1 A2 B1 B2 E1 E2",
    "C2h": "Ag Au Bg Bu",
    "C3h": "A' A'' 1E' 1E'' 2E' 2E''",
    "C4h": "Ag Au Bg Bu 1Eg 2Eg 1Eu 2Eu",
    "C6h": "Ag Au Bg Bu 1E1g 2E1g 1E2g 2E2g 1E1u 2E1u 1E2u 2E2u",
    "D2": "A B1 B2 B3",
    "D3": "A1 A2 E",
    "D4": "A1 A2 B1 B2 E",
    "D6": "A1 A2 B1 B2 E1 E2",
    "D2h": "Ag Au B1g B2g B3g B1u B2u B3u",
    "D3h": "A1' A2' E' A1'' A2'' E''",
    "D4h": "A1g A2g B1g B2g Eg A1u A2u B1u B2u Eu",
    "D6h": "A1g A2g B1g B2g E1g E2g A1u A2u B1u B2u E1u E2u",
    "D2d": "A1 A2 B1 B2 E",
    "D3d": "A1g A2g Eg A1u A2u Eu",
    "S4": "A B 1E 2E",
    "S6": "Ag 1Eg 2Eg Au 1Eu 2Eu",
}


@pytest.mark.parametrize("key", GROUPS)
def test_irreps_are_those_of_the_tables(key):
    name, elements = key.strip(), generated(*GROUPS[key])
    assert schoenflies(elements) == name
    found = irreps(elements)
    assert {r.name for r in found} == set(NAMES[name].split())
    np.testing.assert_allclose(found[0].characters, 1)


@pytest.mark.parametrize("key", GROUPS)
def test_characters_are_orthogonal_and_matrices_multiply_as_the_group(key):
    elements = generated(*GROUPS[key])
    found = irreps(elements)
    characters = np.array([r.characters for r in found])
    np.testing.assert_allclose(characters @ characters.conj().T, len(elements) * np.eye(len(found)), atol=1e-9)
    assert sum(r.dimension**2 for r in found) == len(elements)
    for a, first in enumerate(elements):
        for b, second in enumerate(elements):
            flip, product = first.flip != second.flip, first.turn @ second.turn
            c = next(n for n, g in enumerate(elements) if g.flip == flip and np.allclose(g.turn, product))
            for r in found:
                np.testing.assert_allclose(r.matrices[a] @ r.matrices[b], r.matrices[c], atol=1e-9)


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("C6v", {"A1": "1", "B1": "x3", "B2": "y3", "E1": "x", "E2": "xx"}),
        ("D6h", {"A1g": "1", "B1u": "x3", "B2u": "y3", "E1u": "x", "E2g": "xx", "A2u": "z", "E1g": "xz"}),
        ("D3h", {"A1'": "x3", "A2'": "y3", "E'": "x", "A2''": "z", "E''": "xz"}),
        ("D4h", {"B1g": "xx", "B2g": "xy", "Eu": "x", "A2u": "z", "Eg": "xz"}),
        ("D2d", {"B1": "xx", "B2": "z", "E": "x"}),
        ("C3v", {"A1": "x3", "A2": "y3", "E": "x"}),
        ("D2h", {"B1u": "z", "B2u": "y", "B3u": "x", "B1g": "xy"}),
        ("C2v", {"A1": "xx", "A2": "xy", "B1": "x", "B2": "y"}),
    ],
)
def test_functions_belong_to_the_irreps_of_the_tables(name, functions):
    """Projections of polynomials, as printed beside character tables with the axes C2' and mirrors along x."""
    known = {
        "1": lambda r: np.ones_like(r[0]),
        "x": lambda r: r[0],
        "y": lambda r: r[1],
        "z": lambda r: r[2],
        "xx": lambda r: r[0] * r[0] - r[1] * r[1],
        "xy": lambda r: r[0] * r[1],
        "xz": lambda r: r[0] * r[2],
        "x3": lambda r: r[0] ** 3 - 3 * r[0] * r[1] * r[1],
        "y3": lambda r: 3 * r[0] * r[0] * r[1] - r[1] ** 3,
    }
    key = "C2v " if name == "C2v" else next(k for k in GROUPS if k.strip() == name)
    elements = generated(*GROUPS[key])
    points = np.random.default_rng(1).normal(size=(20, 3))
    for wanted, label in functions.items():
        irrep = next(r for r in irreps(elements) if r.name == wanted)
        values = known[label](points.T)
        projected = np.zeros(20)
        for g, character in zip(elements, irrep.characters, strict=True):
            back = np.column_stack([points[:, :2] @ g.turn, points[:, 2] * (-1 if g.flip else 1)])  # g^-1 r
            projected = projected + irrep.dimension / len(elements) * character.conj().real * known[label](back.T)
        np.testing.assert_allclose(projected, values, atol=1e-9, err_msg=f"{wanted} {label}")


def test_hopping_between_s_and_p_says_that_p_is_odd_under_inversion():
    inversion = next(g for g in point_group(MODELS["s and p"]).elements if g.flip and np.allclose(g.turn, -ONE))
    np.testing.assert_allclose(inversion.orbital * np.sign(inversion.orbital[0, 0]), np.diag([1, -1, -1]), atol=1e-9)


def test_orbitals_that_hop_alike_in_every_basis_are_no_obstacle():
    free = M.from_hoppings({(1, 0): -np.eye(4), (-1, 0): -np.eye(4)}, M.square(), ("a", "a"))
    assert point_group(free).name == "D2h"


def test_hoppings_that_were_fitted_need_a_tolerance():
    rng = np.random.default_rng(3)
    noise = {cell: matrix + np.diag(1e-5 * rng.normal() * np.ones(2)) for cell, matrix in ISING.hoppings.items()}
    table = {c: 0.5 * (m + noise[-c[0], -c[1]].conj().T) for c, m in noise.items()}
    rough = M.from_hoppings(table, ISING.lattice, ISING.layers)
    assert point_group(rough).order < 12
    assert point_group(rough, tol=1e-3).name == "D3h"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: point_group("film"), "`model` must be a Model"),
        (lambda: point_group(FILM, "strong"), "`zeeman` must be a number or a 3-vector"),
        (lambda: point_group(FILM, tol=2.0), "`tol` must be below 1"),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(sv.InvalidInput, match=sentence):
        call()
