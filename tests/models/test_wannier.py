"""Laws of the Wannier90 reader: what was written comes back, degeneracies divide, every fault is named."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley import InvalidInput
from spinvalley.models import material_names, read_wannier, three_band
from spinvalley.models.orbitals import orbital_moment
from spinvalley.models.three_band import ORBITALS

CHAIN = """ written by hand
           1
           3
    2    1    2
   -1    0    0    1    1   -2.000000    0.000000
    0    0    0    1    1    0.500000    0.000000
    1    0    0    1    1   -2.000000    0.000000
"""


def written(cells, degeneracy):
    """The text of an _hr.dat file of {(R1, R2): matrix in eV} with one degeneracy for each R."""
    size = next(iter(cells.values())).shape[0]
    counts = [degeneracy(cell) for cell in cells]
    lines = ["by the tests", str(size), str(len(cells))]
    lines += ["".join(f"{count:5d}" for count in counts[n : n + 15]) for n in range(0, len(counts), 15)]
    for (one, two), count in zip(cells, counts, strict=True):
        for n, m in product(range(size), repeat=2):
            value = count * cells[one, two][m, n]
            lines.append(f"{one:5d}{two:5d}{0:5d}{m + 1:5d}{n + 1:5d}{value.real:22.15f}{value.imag:22.15f}")
    return "\n".join(lines) + "\n"


def by_parity(cell):
    return 1 + (cell[0] + cell[1]) % 2 + 3 * (cell == (0, 0))


def momenta(model):
    return np.random.default_rng(1).uniform(-1, 1, (20, 2)) @ model.lattice.reciprocal


@pytest.mark.parametrize("material", material_names())
def test_a_spinless_file_with_atomic_coupling_gives_the_three_band_model_back(tmp_path, material):
    model, bare = three_band(material), three_band(material, soc=False)
    path = tmp_path / "x_hr.dat"
    path.write_text(written({cell: t[::2, ::2] / 1e3 for cell, t in bare.hoppings.items()}, by_parity))
    strength = (model.hoppings[0, 0] - bare.hoppings[0, 0])[2, 4].imag / 1e3
    read = read_wannier(path, model.lattice, soc=strength, orbitals=ORBITALS, filled_bands=2)
    k = momenta(model)
    np.testing.assert_allclose(read.hamiltonian(k), model.hamiltonian(k), atol=1e-9)
    assert read.filled_bands == 2


@pytest.mark.parametrize("order", ["blocks", "interleaved"])
def test_a_spinful_file_comes_back_in_our_order(tmp_path, order):
    model = three_band("WSe2")
    place = np.arange(6) if order == "interleaved" else np.arange(6).reshape(3, 2).T.ravel()
    path = tmp_path / "x_hr.dat"
    path.write_text(written({c: t[np.ix_(place, place)] / 1e3 for c, t in model.hoppings.items()}, by_parity))
    read = read_wannier(path, float(model.lattice.matrix[0, 0]), spinful=True, spin_order=order, fermi_energy=0.1)
    k = momenta(model)
    np.testing.assert_allclose(read.hamiltonian(k), model.hamiltonian(k) - 100 * np.eye(6), atol=1e-9)
    wrong = read_wannier(
        path, model.lattice, spinful=True, spin_order="blocks" if order == "interleaved" else "interleaved"
    )
    assert np.abs(wrong.hamiltonian(k) - model.hamiltonian(k)).max() > 10


def test_degeneracies_divide(tmp_path):
    path = tmp_path / "chain_hr.dat"
    path.write_text(CHAIN)
    chain = read_wannier(path, ((0.5, 0.0), (0.0, 0.5)))
    np.testing.assert_allclose(chain.hamiltonian([0.0, 0.0]), -1500 * np.eye(2), atol=1e-9)


FAULTS = [  # what is done to the file, and what the reader says
    (lambda t: t[:17], r"line 2: expected the number of Wannier functions, but the file ends"),
    (
        lambda t: t.replace("           1\n", " one\n", 1),
        "line 2: expected the number of Wannier functions, but found 'one'",
    ),
    (lambda t: t.replace("           3\n", " 0\n", 1), "line 3: expected the number of lattice vectors, but found '0'"),
    (
        lambda t: t.replace("2    1    2", "2    1"),
        r"line 5: expected degeneracies \(1 more positive integers\), but found '-1",
    ),
    (lambda t: t.replace("2    1    2", "2    0    2"), r"line 4: expected degeneracies \(3 more"),
    (lambda t: t.replace("2    1    2", "2 1 2 2"), r"line 4: expected degeneracies \(3 more"),
    (lambda t: "\n".join(t.splitlines()[:-1]), "line 7: expected R1 R2 R3 m n Re Im, but the file ends"),
    (lambda t: t.replace("0.500000    0.0", "0.5000x0    0.0"), "line 6: expected R1 R2 R3 m n Re Im, but found '0"),
    (lambda t: t.replace("0.500000    0.000000", "0.500000"), "line 6: expected R1 R2 R3 m n Re Im"),
    (lambda t: t.replace("0.500000", "nan"), "line 6: expected finite numbers"),
    (lambda t: t.replace("0    0    0    1    1", "0    0    0    1    2"), "line 6: expected m and n between 1 and 1"),
    (
        lambda t: t.replace("   -1    0    0", "    1    0    0"),
        r"line 7: expected a new lattice vector, but R = \(1, 0, 0\)",
    ),
    (
        lambda t: t.replace("1   -2.000000    0.000000\n    0", "1   -2.100000    0.000000\n    0"),
        r"must be Hermitian, .* R = \(1, 0\)",
    ),
    (lambda t: t.replace("   -1    0    0", "   -2    0    0"), r"must be Hermitian, .* at R = \(2, 0\)"),
    (lambda t: t + "1 2 3 garbage\n", "line 8: expected the end of the file, but found '1 2 3 garbage'"),
    (
        lambda t: t + "\n" + t.splitlines()[-1] + "\n",
        "line 9: expected the end of the file, but found '1    0    0    1    1",
    ),
    (lambda t: t.replace("   -1    0    0", "   -1    0    1"), r"two-dimensional crystal, .* R = \(-1, 0, 1\)"),
]


@pytest.mark.parametrize(("spoil", "sentence"), FAULTS)
def test_a_spoiled_file_says_where_and_what_was_expected(tmp_path, spoil, sentence):
    path = tmp_path / "chain_hr.dat"
    text = spoil(CHAIN)
    assert text != CHAIN
    path.write_text(text)
    with pytest.raises(InvalidInput, match=sentence):
        read_wannier(path, 0.3)


@given(st.integers(0, len(CHAIN) - 3))
def test_no_truncation_passes_unnoticed(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "cut_hr.dat"
    path.write_text(CHAIN[:length])
    try:
        read = read_wannier(path, 0.3)
    except InvalidInput:
        return
    np.testing.assert_allclose(read.hamiltonian([0.0, 0.0]), -1500 * np.eye(2), atol=1e-9)  # only zeros were cut off


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"soc": 0.1}, "`orbitals` must name the 1 Wannier functions for `soc`, but names none"),
        ({"soc": 0.1, "orbitals": ("p_x", "p_y")}, "but names 2"),
        ({"soc": 0.1, "orbitals": ("dxxy",)}, "`orbitals` must be out of s, p_z, .* but has 'dxxy'"),
        ({"soc": 0.1, "orbitals": ("d_z2",)}, r"`soc` must act on orbitals with a moment .* vanishes on d_z2"),
        ({"soc": 0.1, "orbitals": (1,)}, r"`orbitals` must be a list of names, but is \(1,\)"),
        ({"soc": 0.1, "orbitals": "s"}, "`orbitals` must be a list of names, but is 's'"),
        ({"soc": 0.1, "orbitals": 1}, "`orbitals` must be a list of names, but is 1"),
        ({"soc": "0.1"}, "`soc` must be a real number, but is '0.1'"),
        ({"layers": 3}, "`layers` must be a list of names, but is 3"),
        ({"spinful": True}, "`spinful` must go with an even number of functions, but there are 1"),
        ({"spinful": True, "soc": 0.1}, "`soc` must be 0 for a spinful file, .* but is 0.1"),
        ({"spin_order": "random"}, "`spin_order` must be one of blocks, interleaved"),
        ({"lattice": (1.0, 2.0, 3.0)}, r"`lattice` must be a Lattice, two vectors or a number, but has shape \(3,\)"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path, options, sentence):
    path = tmp_path / "chain_hr.dat"
    path.write_text(CHAIN)
    with pytest.raises(InvalidInput, match=sentence):
        read_wannier(path, **{"lattice": 0.3, **options})


@pytest.mark.parametrize(
    "names", [("dz2", "dxy", "dx2-y2"), ("Mo:DZ2", "Mo:dxy", "Mo:dx2y2"), ("d_z^2", "dyx", "d_x2-y2")]
)
def test_orbitals_are_known_by_their_usual_spellings(names):
    np.testing.assert_array_equal(orbital_moment(names), orbital_moment(ORBITALS))


def test_what_is_no_path_is_refused():
    with pytest.raises(InvalidInput, match="`path` must be the name of a file, but is None"):
        read_wannier(None, 0.3)
    with pytest.raises(InvalidInput, match="`path` must be a readable Wannier90 file"):
        read_wannier("a\0b", 0.3)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidInput, match="`path` must be a readable Wannier90 file"):
        read_wannier(tmp_path / "none_hr.dat", 0.3)


def test_the_orbital_moment_obeys_the_algebra_of_angular_momentum():
    names = ["Mo:d_xy", "Mo:d_xz", "Mo:d_yz", "Mo:d_z2", "Mo:d_x2-y2", "S:p_x", "S:p_y", "S:p_z", "S:s"]
    x, y, z = orbital_moment(names)
    np.testing.assert_allclose(x @ y - y @ x, 1j * z, atol=1e-12)
    square = (x @ x + y @ y + z @ z).diagonal().real
    np.testing.assert_allclose(square, [6] * 5 + [2] * 3 + [0], atol=1e-12)
    assert all(np.abs(part.real).max() < 1e-12 for part in (x, y, z))  # real orbitals
