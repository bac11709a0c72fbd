"""Laws of the transition lines of the linearised problem: temperatures, fields and pair momenta of every mode."""

import numpy as np
import pytest
from scipy.optimize import brentq

from spinvalley import InvalidInput, Superconductor, critical_field, critical_temperature, models, s_wave
from spinvalley.pairing import (
    Competition,
    ConstantSplitting,
    Pairing,
    Reduced,
    hc2,
    instabilities,
    transition_fields,
    transition_temperatures,
)
from spinvalley.pairing.channels import available, named
from spinvalley.pairing.competition.matrix import PairMatrix
from spinvalley.pairing.competition.modes import eigenvalues
from spinvalley.pairing.competition.roots import crossing, first_interval, last_unstable
from spinvalley.pairing.kernel import phi

FILM = models.film(mu=0.5)


def chosen(model, **v):
    """Channels by name with their couplings; f_z stands for "f:z"."""
    couplings = {name.replace("f_", "f:"): value for name, value in v.items()}
    channels = tuple(next(c for c in named(model) if c.name == name) for name in couplings)
    return Competition(model, channels, Reduced(couplings))


# Temperatures ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("zeeman", [0.0, 0.05])
def test_the_temperature_of_s_wave_alone_is_that_of_the_free_energy(zeeman):
    found = transition_temperatures(chosen(FILM, s=2.0), zeeman)
    sc = Superconductor(FILM, s_wave(v=2.0))
    truth = critical_temperature(sc, zeeman)
    assert float(found.tc[0]) == pytest.approx(truth, abs=float(found.error[0]) + truth.error)
    assert found.status.item() == "converged"
    assert found.winner == "s"


def test_channels_that_do_not_mix_have_their_own_temperatures():
    together = transition_temperatures(chosen(FILM, s=1.8, d_xy=2.0, f_z=2.0))
    alone = {
        name: float(transition_temperatures(chosen(FILM, **{name: v})).tc[0])
        for name, v in (("s", 1.8), ("d_xy", 2.0), ("f_z", 2.0))
    }
    for name, tc in zip(together.irrep.values, together.tc.values, strict=True):
        assert tc == pytest.approx(alone[name.replace(":", "_")], rel=2e-6)
    assert together.winner == max(alone, key=alone.get).replace("_z", ":z")
    assert np.all(np.diff(together.tc) < 0)


def test_the_strength_from_a_temperature_returns_it():
    """Of a channel as a `Pairing`, by other nodes."""
    form = next(c for c in named(FILM) if c.name == "d_xy")
    v = Superconductor(FILM, Pairing(form=form, tc=0.03)).v
    assert float(transition_temperatures(chosen(FILM, d_xy=v)).tc[0]) == pytest.approx(0.03, rel=1e-6)


def test_partners_have_one_temperature_and_what_repels_has_none():
    channels = available(FILM)
    v = {c.name: 2.0 if c.irrep == "E2g" and c.spin == "singlet" else -1.0 for c in channels}
    found = transition_temperatures(Competition(FILM, channels, Reduced(v)))
    assert list(found.irrep.values[:2]) == ["E2g", "E2g"]
    assert found.level[0] == found.level[1] != found.level[2]
    assert found.tc[0] == pytest.approx(float(found.tc[1]), rel=1e-9)
    assert set(found.status.values[2:]) == {"normal"}
    np.testing.assert_array_equal(found.tc[2:], 0)
    np.testing.assert_array_equal(found.error[2:], found.lowest)


def test_only_partners_share_a_search():
    """d and its partner 1e-5 above s, in one interval of the coarse scan: two temperatures, three different modes."""
    channels = tuple(c for c in named(FILM) if c.name in ("s", "d_x2-y2", "d_xy"))
    tc = {"s": 0.05, "d_x2-y2": 0.05 * (1 + 1e-5), "d_xy": 0.05 * (1 + 1e-5)}
    found = transition_temperatures(Competition(FILM, channels, Reduced.from_tc(FILM, channels, tc)), tol=1e-7)
    np.testing.assert_array_equal(found.level, [0, 0, 1])
    np.testing.assert_allclose(found.tc, [tc["d_xy"], tc["d_xy"], tc["s"]], rtol=1e-6)
    assert found.tc[1] - found.tc[2] == pytest.approx(5e-7, rel=0.05)
    np.testing.assert_allclose(np.abs(found.vector.values @ found.vector.values.T), np.eye(3), atol=1e-9)


def test_at_its_temperature_a_mode_has_the_eigenvalue_one():
    """With s and extended s mixed, one of them repulsive."""
    film = models.film(mu=-3.0)
    comp = chosen(film, s=-1.0, s_ext=3.0, d_xy=4.0)
    found = transition_temperatures(comp)
    for n, tc in enumerate(found.tc.values[:2]):
        assert float(instabilities(comp, tc, tol=1e-8).eigenvalue[n]) == pytest.approx(1, abs=1e-6)
    attractive = transition_temperatures(chosen(film, s=1.0, s_ext=3.0))
    assert attractive.tc[0] > found.tc[list(found.irrep).index("s_ext + s")]


# Fields ---------------------------------------------------------------------------------------------------------------
def test_the_field_of_s_wave_alone_is_the_linear_one_of_the_free_energy():
    kT = [0.08, 0.03]
    found = transition_fields(chosen(FILM, s=2.0), kT, zeeman_max=1.0)
    truth = critical_field(Superconductor(FILM, s_wave(v=2.0)), kT)
    np.testing.assert_allclose(found.zeeman[:, 0], truth.zeeman_linear, rtol=2e-5)
    assert set(found.status.values.ravel()) == {"converged"}


def test_a_triplet_with_d_across_the_field_has_no_pauli_limit_and_one_along_it_has_that_of_a_singlet():
    comp = chosen(FILM, f_z=1.9, f_x=2.0)
    tc = dict(zip(*[transition_temperatures(comp)[name].values for name in ("irrep", "tc")], strict=True))
    kT = 0.5 * tc["f:x"]
    found = transition_fields(comp, kT, zeeman_max=6 * tc["f:x"]).isel(kT=0)
    assert list(zip(found.irrep.values, found.status.values, strict=True)) == [
        ("f:z", "beyond range"),
        ("f:x", "converged"),
    ]
    weak = brentq(lambda h: phi(h / (2 * np.pi * kT)) - np.log(2), 0.1 * kT, 10 * kT)
    assert float(found.zeeman[1]) == pytest.approx(weak, rel=0.01)
    across = transition_fields(comp, kT, direction=(0, 0, 1), zeeman_max=6 * tc["f:x"]).isel(kT=0)
    assert dict(zip(across.irrep.values, across.status.values, strict=True)) == {
        "f:x": "beyond range",
        "f:z": "converged",
    }


def test_above_its_temperature_a_mode_is_normal():
    found = transition_fields(chosen(FILM, s=2.0, d_xy=1.0), 0.09, zeeman_max=0.5).isel(kT=0)
    assert list(found.status.values) == ["converged", "normal"]
    assert float(found.zeeman[1]) == 0


def test_a_triplet_that_a_field_helps_comes_back():
    """Across d a field moves the chemical potential of each spin towards the van Hove singularity."""
    found = transition_fields(chosen(FILM, s=2.0, f_z=1.2), 0.05, zeeman_max=2.0).isel(kT=0)
    assert list(found.status.values) == ["converged", "normal"]
    assert bool(found.reentrant[0]) == (
        float(instabilities(chosen(FILM, s=2.0, f_z=1.2), 0.05, 2.0, tol=1e-6).eigenvalue[0]) > 1
    )


def test_the_best_momentum_is_a_maximum_at_the_edge_of_stability():
    comp = chosen(FILM, s=2.0)
    still = float(transition_fields(comp, 0.03, zeeman_max=1.0).zeeman[0, 0])
    found = transition_fields(comp, 0.03, momentum="best", zeeman_max=1.0, tol=1e-3).isel(kT=0, mode=0)
    field, q = float(found.zeeman), found.q.values
    assert field > 1.05 * still  # Fulde and Ferrell
    size = np.linalg.norm(q)
    along, across = q / size, np.array([-q[1], q[0]]) / size
    pairs = PairMatrix(comp, 0.03, np.array([field, 0, 0]), 1.2 * q, 8)
    at = [
        float(eigenvalues(comp, pairs.chi(0.03, np.array([field, 0, 0]), p))[0])
        for p in (q, q + 0.1 * size * along, q - 0.1 * size * along, q + 0.1 * size * across)
    ]
    assert at[0] == pytest.approx(1, abs=1e-3)
    assert max(at[1:]) < at[0]
    fixed = transition_fields(comp, 0.03, momentum=q, zeeman_max=1.0, tol=1e-3)
    assert float(fixed.zeeman[0, 0]) == pytest.approx(field, rel=2e-3) or bool(fixed.reentrant[0, 0])


@pytest.mark.nightly
def test_the_best_momentum_in_tesla_is_the_same():
    """By `hc2`, of a film in meV at 1 K."""
    tc, T = 4.0, 1.0
    kelvin, tesla = 0.08617333262, 0.05788381806
    s = hc2(FILM, T, tc=tc, momentum="best")
    v = Superconductor(FILM, s_wave(tc=kelvin * tc)).v
    found = transition_fields(chosen(FILM, s=v), kelvin * T, momentum="best", tol=1e-4).isel(kT=0, mode=0)
    assert float(found.zeeman) / tesla == pytest.approx(float(s.B[0]), rel=3e-4)
    assert np.linalg.norm(found.q) == pytest.approx(np.linalg.norm(s.q[0]), rel=0.01)


def test_hc2_in_tesla_takes_any_form():
    """s as a form is the default; f-wave with d across the field has no limit, along it a Pauli limit."""
    film = models.film(mu=0.5)  # meV
    forms = {c.name: c for c in named(film)}
    plain, as_form = hc2(film, 0.8, tc=1.0), hc2(film, 0.8, tc=1.0, form=forms["s"])
    assert float(as_form.B[0]) == pytest.approx(float(plain.B[0]), rel=1e-6)
    across, along = (hc2(film, 0.8, tc=1.0, form=forms[name], B_max=10.0) for name in ("f:z", "f:x"))
    assert across.status.item() == "beyond range"
    assert along.status.item() == "converged"
    assert float(along.B[0]) == pytest.approx(float(plain.B[0]), rel=0.01)
    with pytest.raises(InvalidInput, match="`form` must be None for a theory"):
        hc2(ConstantSplitting(13.0), 0.5, tc=1.0, form=forms["s"])


# Roots ----------------------------------------------------------------------------------------------------------------
def test_ranks_are_told_apart_where_modes_cross():
    ranked = [np.sort(row)[::-1] for row in ([2.0, 1.5], [1.2, 1.3], [0.8, 1.2], [0.5, 0.9], [1.1, 0.2])]
    assert last_unstable(ranked) == [4, 1]
    assert first_interval(ranked) == [(2, True), (1, False)]
    assert first_interval([np.array([0.5, 2.0])]) == [(None, False), (0, False)]


def test_a_crossing_is_refined_until_it_holds_still_and_says_when_it_is_lost():
    def line(order):
        return lambda x: np.array([2 - x - 0.1 * 10.0 ** (-order)])

    def stated(_order, change, _value):
        return change

    found = crossing(line, 0, (0.5, 1.5), (2, 4, 6, 8), 1e-4, stated)
    assert found.converged
    assert found.order == 6
    assert found.value == pytest.approx(1, abs=1e-6)
    coarse = crossing(line, 0, (0.5, 1.5), (1, 2), 1e-6, stated)
    assert not coarse.converged
    assert crossing(lambda _: lambda _: np.array([2.0]), 0, (0.5, 1.5), (2, 4), 1e-4, max) is None


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda c: transition_temperatures(c, lowest=-1), "`lowest` must be positive, but is -1.0"),
        (lambda c: transition_fields(c, [0.1, 0.0]), "`kT` must be positive, but is 0.0"),
        (lambda c: transition_fields(c, 0.1, direction=(0, 0, 0)), "`direction` must be a nonzero 3-vector"),
        (lambda c: transition_fields(c, 0.1, momentum="q"), "`momentum` must be one of zero, best, but is 'q'"),
        (lambda c: transition_fields(c, 0.1, momentum=[1.0]), "`q` must have shape"),
        (lambda c: transition_fields(c, 0.1, zeeman_max=0), "`zeeman_max` must be positive, but is 0.0"),
        (lambda c: c.superconductor(["a"]), "`weights` must be a matrix of numbers"),
        (lambda c: c.superconductor([0.0]), "`weights` must be 1 finite numbers, not all zero"),
        (
            lambda c: Competition(FILM, c.channels[0], Reduced({"s": 1.0})),
            "`channels` must be an Iterable",
        ),
    ],
)
def test_the_door_says_what_is_wrong(call, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        call(chosen(FILM, s=2.0))


def test_a_search_without_any_instability_wants_its_end():
    with pytest.raises(InvalidInput, match="`zeeman_max` must be given where no mode is unstable without a field"):
        transition_fields(chosen(FILM, s=-2.0), 0.1)
