"""Laws of the classification: channels transform as their irrep says, and different irreps do not couple."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.pairing.channels import available, channel, classify, named, point_group, symmetry_adapted
from spinvalley.pairing.channels.form import superposition
from spinvalley.pairing.linearised import pair_matrix

M = sv.models
FIELDS = {"0": (0, 0, 0), "x": (0.4, 0, 0), "y": (0, 0.3, 0), "z": (0, 0, 0.5), "any": (0.2, -0.1, 0.3)}
FILM, ISING = M.film(mu=0.3), M.ising_film(0.25, mu=0.3)
RASHBA = FILM + M.Rashba(0.2)
THREE = M.three_band("MoS2")


@dataclass(frozen=True)
class Case:
    """A model, a field and the channels that belong to it, made of a few numbers."""

    kind: str
    direction: str
    resolved: str | None
    mu: float
    soc: float
    other: float

    @property
    def field(self):
        return np.array(FIELDS[self.direction])

    @cached_property
    def model(self):
        if self.kind == "stack":
            return M.heterostructure(mu_sc=self.mu, beta_so=self.soc, coupling=2 * self.other)
        if self.kind == "three bands":
            return M.three_band("WS2")
        model = M.ising_film(self.soc, mu=self.mu) if self.kind in ("ising", "both") else M.film(mu=self.mu)
        return model + M.Rashba(self.other) if self.kind in ("rashba", "both") else model

    @property
    def shells(self):
        return 0 if self.kind == "three bands" else 1

    @cached_property
    def channels(self):
        return available(self.model, shells=self.shells, resolved=self.resolved, zeeman=self.field)


kinds = st.sampled_from(["film", "ising", "rashba", "both", "stack", "three bands"])
small = st.floats(0.05, 0.4)
cases = st.builds(
    Case, kinds, st.sampled_from(sorted(FIELDS)), st.sampled_from([None, "orbital"]), st.floats(-1.5, 1.0), small, small
)


def mesh(model, size=9):
    """A mesh with the symmetry of the lattice, and the Hamiltonians at k and -k."""
    fractions = np.arange(size) / size
    k = np.stack(np.meshgrid(fractions, fractions, indexing="ij"), -1).reshape(-1, 2) @ model.lattice.reciprocal
    return k, model.hamiltonian(k), model.hamiltonian(-k)


def coupling(model, channels, field, scale):
    """chi_ij of normalised channels on the mesh."""
    k, plus, minus = mesh(model)
    zeeman = model.zeeman(field)
    blocks = np.stack([c.normalised().matrix(k) for c in channels], axis=1)
    return pair_matrix(blocks, np.full(len(k), 1 / len(k)), plus + zeeman, minus + zeeman, 0.1 * scale)


def between_irreps(channels, chi):
    """Largest |chi_ij| / sqrt(chi_ii chi_jj) between channels of different irreps."""
    size = np.sqrt(np.diagonal(chi).real)
    labels = np.array([c.irrep for c in channels])
    relative = np.abs(chi) / np.outer(size, size)
    return float(np.where(labels[:, None] != labels, relative, 0.0).max())


@settings(max_examples=25)
@given(cases)
def test_channels_of_different_irreps_do_not_couple(case):
    model, field, channels = case.model, case.field, case.channels
    scale = 1000.0 if case.kind == "three bands" else 1.0  # meV
    assert between_irreps(channels, coupling(model, channels, field, scale)) < 1e-8  # tanh_quotient


def test_irreps_of_the_film_without_field_couple_in_a_field():
    """The broken variant: names that are not those of the field that is applied."""
    chi = coupling(ISING, channels := available(ISING), (0.4, 0, 0), 1.0)
    assert between_irreps(channels, chi) > 0.01
    assert between_irreps(channels, coupling(ISING, channels, (0, 0, 0), 1.0)) < 1e-10


@settings(max_examples=25)
@given(cases, st.integers(0, 10**6))
def test_adapted_channels_transform_as_their_irrep_says(case, seed):
    model, field, channels = case.model, case.field, case.channels
    group = point_group(model, field)
    n = seed % group.order
    irreps = {r.name: r for r in group.irreps}
    k = np.random.default_rng(seed).uniform(-3, 3, (4, 2))
    g, place = group.elements[n], 0
    while place < len(channels):
        irrep = irreps[channels[place].irrep]
        partners = channels[place : place + irrep.dimension]
        place += irrep.dimension
        assert {c.irrep for c in partners} == {irrep.name}
        action = np.array([[a.overlap(g.applied(b)) / a.norm for b in partners] for a in partners])
        assert np.trace(action) == pytest.approx(irrep.characters[n], abs=1e-8)
        for column, c in enumerate(partners):  # (gD)(k) = U D(g^-1 k) U^T, by momenta and not by bonds
            turned = g.unitary @ c.matrix(k @ g.turn) @ g.unitary.T
            expected = sum(action[row, column] * other.matrix(k) for row, other in enumerate(partners))
            np.testing.assert_allclose(turned, expected, atol=1e-8)
            np.testing.assert_allclose(g.applied(c).matrix(k), turned, atol=1e-8)


@settings(max_examples=25)
@given(cases)
def test_adapted_channels_span_what_the_named_ones_span(case):
    channels = case.channels
    plain = named(case.model, shells=case.shells, resolved=case.resolved)
    assert len(plain) == len(channels)
    assert len({c.name for c in channels}) == len(channels)
    overlaps = np.array([[a.overlap(b) / np.sqrt(a.norm * b.norm) for b in channels] for a in plain])
    np.testing.assert_allclose(overlaps @ overlaps.conj().T, np.eye(len(plain)), atol=1e-9)


def irrep_of(channels):
    return {c.name: c.irrep for c in channels}


def test_irreps_of_the_plain_film():
    found = irrep_of(available(FILM))
    assert found["s"] == found["s_ext"] == "A1g"
    assert found["d_xy"] == found["d_x2-y2"] == "E2g"
    assert found["p_x:z"] == found["p_y:z"] == "E1u"
    assert found["p_x:x + p_y:y"] == "A1u"
    assert found["p_x:y - p_y:x"] == "A2u"
    # f is B1u, d_z transforms like the rotation about z, A2g
    assert found["f:z"] == "B2u"


def test_ising_coupling_joins_s_and_f_and_rashba_coupling_s_and_p():
    ising, rashba, both = (irrep_of(available(m)) for m in (ISING, RASHBA, ISING + M.Rashba(0.1)))
    assert ising["s"] == ising["s_ext"] == ising["f:z"] == "A1'"
    assert ising["p_x:y - p_y:x"] == "A2''"
    assert rashba["s"] == rashba["p_x:y - p_y:x"] == "A1"
    assert rashba["f:z"] == "B2"
    assert both["s"] == both["f:z"] == both["p_x:y - p_y:x"] == "A1"
    # E' of D3h: d waves and p waves with d along z; a chiral d wave is one of p wave, too
    assert ising["d_xy"] == ising["p_x:z"] == "E'"


def test_a_field_along_x_joins_the_singlet_with_d_along_y():
    """h x g: an in-plane field along x turns d from z to y."""
    pair = [channel(ISING, name) for name in ("s", "f:y", "f:x")]
    free, pulled = (dict(zip(("s", "y", "x"), classify(ISING, pair, v)["of"].values, strict=True)) for v in (0.0, 0.3))
    assert (free["s"], free["y"], free["x"]) == ("A1'", "E''", "E''")
    assert (pulled["s"], pulled["y"], pulled["x"]) == ("A'", "A'", "A''")
    chi = coupling(ISING, pair, (0.3, 0, 0), 1.0)
    assert abs(chi[0, 1]) > 1e-3
    assert abs(chi[0, 2]) < 1e-12


def test_a_perpendicular_field_makes_the_chiral_waves_irreps_of_their_own():
    found = irrep_of(available(FILM, zeeman=(0, 0, 0.1)))
    assert found["d_x2-y2 + i d_xy"] == "1E2g"
    assert found["d_x2-y2 - i d_xy"] == "2E2g"
    assert found["p_x:z + i p_y:z"] == "1E1u"
    ising = irrep_of(available(ISING, zeeman=(0, 0, 0.1)))
    assert ising["p_x:z + i p_y:z"] == ising["d_x2-y2 - i d_xy"] == "1E'"  # 1 = -2 modulo 3


def test_pairs_between_layers_and_orbitals():
    bilayer = M.heterostructure()
    layers = irrep_of(available(bilayer, shells=0, resolved="orbital"))
    assert layers["s@sc"] == layers["s@tmd"] == layers["s@sc-tmd"] == "A1'"
    assert layers["s:z@sc-tmd"] == "A2'"
    orbitals = irrep_of(available(THREE, shells=0, resolved="orbital"))
    # d_xy and d_x2-y2 carry L_z = +-2: their orbital-antisymmetric triplet along z is what L.S joins with the singlet
    assert orbitals["s@0"] == orbitals["s@1 + s@2"] == orbitals["s:z@1-2"] == "A1'"
    assert orbitals["s@1 - s@2"] == orbitals["s@1-2"] == "E'"


def test_a_layer_on_its_own_is_what_pairs_in_it():
    bilayer = M.heterostructure()
    by_layer = available(bilayer, resolved="layer")
    inside = available(bilayer, on="sc")
    assert {c.name for c in by_layer if c.name.endswith("@sc") and " " not in c.name} == {
        f"{c.name}@sc" for c in inside if " " not in c.name
    }


@settings(max_examples=20)
@given(st.lists(st.complex_numbers(max_magnitude=1), min_size=13, max_size=13))
def test_shares_of_a_superposition_are_those_of_its_parts(values):
    adapted = available(FILM)
    weights = np.array(values) + 0.01
    mixed = superposition(adapted, weights, "mixed")
    found = classify(FILM, [mixed])
    for irrep in found.irrep.values:
        expected = sum(abs(w) ** 2 for w, c in zip(weights, adapted, strict=True) if c.irrep == irrep)
        assert float(found.share.sel(irrep=irrep)[0]) == pytest.approx(
            expected / np.sum(np.abs(weights) ** 2), abs=1e-9
        )
    assert float(found.share.sum()) == pytest.approx(1.0)
    assert str(found["of"].values[0]) == "mixed"


def test_the_dataset_counts_what_is_there():
    found = classify(FILM, named(FILM))
    assert found.attrs["group"] == "D6h"
    counts = {str(r): int(n) for r, n in zip(found.irrep.values, found.independent.values, strict=True) if n}
    assert counts == {"A1g": 2, "E2g": 2, "A1u": 1, "A2u": 1, "B2u": 1, "E1u": 2, "E2u": 4}
    chiral = superposition([channel(FILM, n) for n in ("d_x2-y2", "d_xy")], [1, 1j], "d + i d")
    alone = classify(FILM, [chiral])
    assert str(alone["of"].values[0]) == "E2g"
    assert int(alone.independent.sel(irrep="E2g")) == 1
    assert str(found.status.values) == "converged"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: symmetry_adapted(FILM, []), "`channels` must contain at least one channel, but is empty"),
        (lambda: classify(FILM, [channel(FILM, "s")] * 2), "must have distinct names, but 's' occurs twice"),
        (lambda: classify(FILM, ["s"]), "`channels` must be a Channel"),
        (lambda: classify(M.heterostructure(), [channel(FILM, "s")]), "must belong to the lattice and the layers"),
        (
            lambda: symmetry_adapted(FILM, [channel(FILM, "p_x:x")]),
            "`channels` must be closed under the point group D6h of the model, but it turns 'p_x:x' into something",
        ),
        (
            lambda: symmetry_adapted(FILM, [channel(FILM, "s"), channel(FILM, "s").named("again")]),
            "`channels` must be linearly independent",
        ),
        (lambda: available(FILM, on="tmd"), "`on` must name layers out of sc, but has 'tmd'"),
        (lambda: available(FILM, zeeman=[1, 2]), "`zeeman` must be a number or a 3-vector"),
    ],
)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises(sv.InvalidInput) as caught:
        call()
    assert sentence in str(caught.value)
