"""Laws of the material library: every table has a source, a validity, units, and prints them."""

import re

import numpy as np
import pytest

from spinvalley import InvalidInput
from spinvalley.models import Displacement, heterostructure, material_names, material_table
from spinvalley.models.nbse2 import NBSE2_BANDS

TABLES = [
    material_table("three_band", neighbours=1),
    material_table("three_band", neighbours=3),
    material_table("valley_kp"),
    material_table("one_band"),
    material_table("other_valleys"),
    NBSE2_BANDS,
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_a_printed_table_shows_every_number_unit_source_and_validity(table):
    text = str(table)
    assert re.fullmatch(r"10\.\d{4,}/\S+", table.doi)
    assert f"https://doi.org/{table.doi}" in text
    assert table.validity in text
    for name, row in table.rows.items():
        assert len(row) == len(table.columns) == len(table.units)
        line = next(line for line in text.splitlines() if line.strip().startswith(name))
        np.testing.assert_allclose([float(cell) for cell in line.strip()[len(name) :].split()], row, rtol=1e-5)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_the_dataset_carries_the_same_numbers_with_units_and_source(table):
    data = table.dataset()
    assert data.attrs["doi"] == table.doi
    for name in table.rows:
        for column, value in table.row(name).items():
            assert float(data[column].sel(material=name)) == value
    assert [data[column].attrs["units"] for column in table.columns] == list(table.units)


def test_a_table_cannot_be_changed():
    with pytest.raises(TypeError):
        TABLES[0].rows["MoS2"] = ()


def test_the_three_band_sets_share_lattice_constants_and_spin_orbit_coupling():
    first, third = TABLES[:2]
    for name in material_names():
        for column in ("a", "lambda"):
            assert first.row(name)[column] == third.row(name)[column]


def test_a_displacement_tilts_the_layers_of_a_stack():
    model = heterostructure()
    change = (model + Displacement(2.0)).hoppings[0, 0] - model.hoppings[0, 0]
    np.testing.assert_allclose(change, np.diag([1, 1, -1, -1]), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: material_table("four_band"), "`model` must be one of three_band, valley_kp, one_band, other_valleys"),
        (lambda: material_table(neighbours=2), "`neighbours` must be 1 or 3"),
        (lambda: material_table("valley_kp").row("MoSi2"), "`material` must be one of MoS2, WS2, MoSe2, WSe2"),
    ],
)
def test_bad_input_says_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call()
