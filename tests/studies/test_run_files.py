"""Run files: what is good is read as it stands, what is bad is one sentence with its key and line."""

import json
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spinvalley as sv
from spinvalley.studies import parse
from spinvalley.studies.evaluation import evaluate, point
from spinvalley.studies.quantities import QUANTITIES
from spinvalley.studies.sections import KINDS
from spinvalley.studies.sentences import line_of

GOOD = """\
[study]
quantity = "critical_field"
tolerance = 1e-4

[model]
kind = "heterostructure"
mu_tmd = 3.0

[pairing]
on = "sc"
gap0 = 0.1

[conditions]
direction = [0.0, 1.0, 0.0]

[axes.coupling]
linspace = [0.0, 1.0, 5]

[axes.kT]
values = [0.01, 0.02]
"""
THEORY = """\
[study]
quantity = "hc2"
[model]
kind = "klemm_luther_beasley"
[pairing]
tc = 6.5
[axes.tau_so]
values = [20.0, 40.0]
[axes.T]
values = [2.0, 4.0]
"""
TABLE = """\
[study]
quantity = "fit"
[model]
kind = "table"
file = "points.csv"
formula = "klb"
[axes.tc]
values = [6.4, 6.5]
"""


# Good ones ------------------------------------------------------------------------------------------------------------
def test_the_example_is_good_and_its_comments_are_keys_that_exist():
    assert list(parse(sv.studies.EXAMPLE).coords) == ["coupling", "layer_gap0"]
    uncommented = sv.studies.EXAMPLE.replace('# outputs = ["zeeman", "order"]  ', 'outputs = ["zeeman", "order"]  ')
    for line in ("rashba = 0.02", "[refine]", 'of = "order"', "levels = 2"):
        assert f"# {line}" in uncommented
        uncommented = uncommented.replace(f"# {line}", line)
    found = parse(uncommented)
    assert found.document.model.rashba == 0.02
    assert found.document.refine.of == "order"
    assert found.document.study.outputs == ("zeeman", "order")


def test_axes_keep_their_order_and_their_section():
    found = parse(GOOD)
    assert dict(found.axes) == {"coupling": "model", "kT": "conditions"}
    assert found.together == ("kT",)
    np.testing.assert_array_equal(found.coords["coupling"], np.linspace(0, 1, 5))
    with_section = parse(GOOD.replace("[axes.coupling]", '[axes."model.coupling"]'))
    assert with_section.settings == found.settings


@given(st.floats(1e-3, 10), st.floats(1.1, 100), st.integers(2, 20))
def test_logspace_grows_by_even_ratios_between_its_ends(start, ratio, number):
    form = f"logspace = [{start!r}, {start * ratio!r}, {number}]"
    values = parse(GOOD.replace("values = [0.01, 0.02]", form)).coords["kT"]
    np.testing.assert_allclose(values[[0, -1]], [start, start * ratio], rtol=1e-12)
    np.testing.assert_allclose(values[1:] / values[:-1], ratio ** (1 / (number - 1)), rtol=1e-9)


def test_comments_and_spaces_do_not_change_a_study():
    other = parse("# a comment\n" + GOOD.replace("= ", "=   "))
    assert other.settings == parse(GOOD).settings
    assert other.sha256 != parse(GOOD).sha256


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_is_built_by_what_is_behind_it(kind, tmp_path):
    """No key of a kind is one that its function does not know."""
    needs = {"beta_so": 0.3, "a": 0.3, "density": 9e13, "tau_so": 30.0, "splitting": 10.0, "rate": 1.0, "alpha": 1.0,
             "lambda_so": 1.0, "slope": 5.0}  # fmt: skip
    fields = {name: needs[name] for name in (*KINDS[kind].needs, "rashba") if name in needs}
    fields |= {"rashba": 0.01} if "rashba" in KINDS[kind].model_fields else {}
    if kind == "wannier":
        (tmp_path / "x_hr.dat").write_text("made\n 1\n 1\n 1\n 0 0 0 1 1 0.5 0.0\n")
        fields |= {"file": str(tmp_path / "x_hr.dat")}
    settings = {"study": {"tolerance": None}, "axes": {}, "model": {"kind": kind, **fields}, "conditions": {}}
    if kind != "table":
        made = point(settings | {"pairing": {"tc": 6.5}}, {}).crystal
        assert hasattr(made, "hamiltonian") or hasattr(made, "breaking") or hasattr(made, "weight")


# Answers --------------------------------------------------------------------------------------------------------------
def test_a_study_computes_what_the_public_function_computes():
    text = GOOD.replace("heterostructure", "ising_film").replace("mu_tmd = 3.0", "").replace("gap0 = 0.1", "gap0 = 0.2")
    found = parse(text.replace("axes.coupling", "axes.beta_so").replace("[axes.kT]", "[axes.kT] # energy"))
    data = evaluate(settings=found.settings, beta_so=np.float64(0.4), kT=np.array([0.05, 0.08]))
    sc = sv.Superconductor(sv.models.ising_film(0.4), sv.s_wave(on="sc", gap0=0.2))
    line = sv.critical_field(sc, [0.05, 0.08], direction=[0, 1, 0], tol=1e-4)
    np.testing.assert_array_equal(data.zeeman, line.zeeman)
    np.testing.assert_array_equal(data.order, line.order)


def test_theta_and_azimuth_are_the_direction_that_they_name():
    settings = parse(
        THEORY.replace("[axes.T]", "[conditions]\nazimuth = 30.0\n[axes.theta]\nvalues = [90.0]\n[axes.T]")
    )
    at = point(settings.settings, {"tau_so": 20.0, "theta": 60.0, "T": np.array([2.0])})
    expected = [np.sqrt(3) / 2 * np.sqrt(3) / 2, np.sqrt(3) / 2 / 2, 0.5]
    np.testing.assert_allclose(at.direction, expected, atol=1e-15)
    assert not np.allclose(at.direction, [1, 0, 0])


def test_a_layer_gap_fixes_the_coupling_of_the_layer_alone():
    text = GOOD.replace("gap0 = 0.1", "layer_gap0 = 0.2").replace('"critical_field"', '"gap"')
    at = point(parse(text).settings, {"coupling": 0.3, "kT": 0.01})
    assert at.superconductor.v == pytest.approx(2.295202, rel=1e-6)


def test_a_channel_an_interaction_and_a_filling_are_those_of_the_library():
    base = (
        GOOD.replace('"critical_field"', '"gap"').replace("heterostructure", "film").replace("mu_tmd = 3.0", "mu = 1.0")
    )
    base = base[: base.index("[conditions]")]
    swept = base.replace('on = "sc"\ngap0 = 0.1', "v = 1.4") + '[axes.channel]\nvalues = ["d_xy", "f:z"]\n'
    found = parse(swept + "[axes.kT]\nvalues = [0.02]\n")
    film = sv.models.film(mu=1.0)
    for name in ("d_xy", "f:z"):
        sc = sv.Superconductor(film, sv.Pairing(form=sv.pairing.channels.channel(film, name), v=1.4))
        assert evaluate(settings=found.settings, channel=name, kT=0.02)["gap"] == sv.solve_gap(sc, 0.02, tol=1e-4).gap
    contact = base.replace("gap0 = 0.1", 'v = 2.3\ninteraction = "contact"\nfilling = 0.8')
    settings = parse(contact + "[axes.kT]\nvalues = [0.02, 0.03]\n").settings
    sc = sv.Superconductor(film, sv.s_wave(v=2.3, interaction="contact"), density=0.8)
    assert evaluate(settings=settings, kT=0.02)["gap"] == sv.solve_gap(sc, 0.02, tol=1e-4).gap
    assert point(settings, {"kT": 0.02}).superconductor.density == 0.8


def test_kelvin_and_tesla_give_what_their_energies_give():
    base = GOOD.replace('"critical_field"', '"gap"').replace("heterostructure", "film").replace("mu_tmd = 3.0", "")
    base = base[: base.index("[axes.coupling]")].replace('on = "sc"\ngap0 = 0.1', "gap0 = 0.5")
    kelvin = parse(base + "[axes.T]\nvalues = [2.0]\n[axes.B]\nvalues = [1.0]\n")
    energy = parse(base + "[axes.kT]\nvalues = [0.1]\n[axes.zeeman]\nvalues = [0.1]\n")
    one = evaluate(settings=kelvin.settings, T=2.0, B=1.0)
    other = evaluate(settings=energy.settings, kT=sv.kelvin(2.0), zeeman=sv.tesla(1.0))
    assert one["gap"] == other["gap"] > 0


def test_outputs_keeps_what_is_asked_for_and_always_status_and_error():
    settings = parse(THEORY.replace('"hc2"\n', '"hc2"\noutputs = ["B"]\n')).settings
    data = evaluate(settings=settings, tau_so=20.0, T=np.array([2.0, 4.0]))
    assert set(data.data_vars) == {"B", "error", "status"}


@pytest.mark.parametrize("name", [n for n in QUANTITIES if n != "fit"])
def test_each_quantity_gives_the_variables_that_it_promises(name):
    quantity = QUANTITIES[name]
    hc2 = quantity.strength == "tc"
    conditions = {"kT": 0.03, "gap": 0.1, "k_parallel": 0.3, "width": 30, "T": 3.0, "zeeman": 0.05}
    given = {key: value for key, value in conditions.items() if key in quantity.conditions and (key != "T" or hc2)}
    settings = {
        "study": {"quantity": name, "tolerance": None, "outputs": []},
        "model": {"kind": "constant_splitting" if hc2 and name == "hc2" else "one_band" if hc2 else "ising_film"},
        "pairing": {"tc": 6.5} if hc2 else {"gap0": 0.2} if quantity.strength == "one" else {},
        "conditions": given,
        "axes": {},
    }
    settings["model"] |= {"splitting": 10.0} if name == "hc2" else {} if hc2 else {"beta_so": 0.5}
    answer = evaluate(settings=settings)
    assert set(answer) == set(quantity.variables)


def test_a_fit_over_held_parameters_is_the_fit_of_the_library(tmp_path):
    (tmp_path / "points.csv").write_text("T_K,B_T\n2.0,40.0\n4.0,30.0\n6.0,10.0\n")
    found = parse(TABLE, folder=tmp_path)
    assert found.variables[:2] == ("tau_so", "tau_so_error")
    held = evaluate(settings=found.settings, tc=6.5)
    alone = sv.experiment.fit(sv.experiment.read_table(tmp_path / "points.csv"), "klb", fixed={"tc": 6.5})
    assert held["tau_so"] == alone.params["tau_so"]
    assert set(held) == set(found.variables)


# Bad ones -------------------------------------------------------------------------------------------------------------
BAD = [
    ("mu_tmd = 3.0", "mu_tdm = 3.0", 7, "`model.mu_tdm` is not a known key: did you mean `mu_tmd`?"),
    ("mu_tmd = 3.0", "zzz = 3.0", 7, "`model.zzz` is not a known key: allowed are rashba, kind, t_sc"),
    ("mu_tmd = 3.0", "mu_tmd = 'high'", 7, "`model.mu_tmd` must be a number, but is 'high'"),
    ("mu_tmd = 3.0", "mu_tmd = true", 7, "`model.mu_tmd` must be a number, but is True"),
    ("mu_tmd = 3.0", "mu_tmd = nan", 7, "`model.mu_tmd` must be finite, but is nan"),
    ("mu_tmd = 3.0", "zeeman_on = 'tmd'", 7, "`model.zeeman_on` must be one of both, sc, but is 'tmd'"),
    ('"heterostructure"', '"graphene"', 6, "`model.kind` must be one of film, tmd, ising_film, heterostructure"),
    ('kind = "heterostructure"', "", 5, "must have a `kind`"),
    ('"critical_field"', '"hc3"', 2, "`study.quantity` must be one of gap, phase_diagram, critical_field"),
    ('quantity = "critical_field"', "", 1, "`study.quantity` must be given, but is not"),
    ("tolerance = 1e-4", "tolerance = 2.0", 3, "`study.tolerance` must be below 1, but is 2.0"),
    ("tolerance = 1e-4", "tol = 1e-4", 3, "`study.tol` is not a known key: did you mean `tolerance`?"),
    ("tolerance = 1e-4", "seed = -1", 3, "`study.seed` must be at least 0, but is -1"),
    ("tolerance = 1e-4", "outputs = ['B']", 3, "`study.outputs` must be out of zeeman, zeeman_linear, order"),
    ("gap0 = 0.1", "gap0 = -0.1", 11, "`pairing.gap0` must be above 0, but is -0.1"),
    ("gap0 = 0.1", "", 9, "`pairing` must hold exactly one of gap0, v, tc, layer_gap0"),
    ("gap0 = 0.1", "gap0 = 0.1\nv = 2.0", 9, "but holds gap0 and v"),
    ("direction = [0.0, 1.0, 0.0]", "zeeman = 0.1", 14, "`conditions.zeeman` has no meaning for critical_field"),
    ("direction = [0.0, 1.0, 0.0]", "direction = [0.0, 1.0]", 14, "`conditions.direction`"),
    ("direction = [0.0, 1.0, 0.0]", "direction = [0, 1, 0]\ntheta = 3.0", 15, "must not be given beside direction"),
    ("direction = [0.0, 1.0, 0.0]", "T = 3.0", 14, "must not be given beside"),
    ("[axes.coupling]", "[axes.couplng]", 16, "did you mean `coupling`?"),
    ("[axes.coupling]", "[axes.mu_tmd]", 16, "must be swept here or fixed in [model], but is both"),
    ("[axes.coupling]", "[axes.gap]", 16, "`axes.gap` is not a known key: did you mean"),
    ("linspace = [0.0, 1.0, 5]", "linspace = [0.0, 1.0]", 17, "must be [start, stop, number], e.g. [0.0, 1.0, 11]"),
    ("linspace = [0.0, 1.0, 5]", "linspace = [0.0, 1.0, 0]", 17, "must hold between 1 and 10000000 values"),
    ("linspace = [0.0, 1.0, 5]", "linspace = [0.0, inf, 5]", 17, "must be finite, but contains inf"),
    ("linspace = [0.0, 1.0, 5]", "logspace = [0.0, 1.0, 5]", 17, "must have a positive start and stop"),
    ("linspace = [0.0, 1.0, 5]", "linspace = [0.0, 1.0, 5]\nvalues = [1.0]", 16, "must have exactly one of values"),
    ("linspace = [0.0, 1.0, 5]", "", 16, "must have exactly one of values, linspace, logspace, but has none"),
    ("linspace = [0.0, 1.0, 5]", "step = 1", 17, "`axes.coupling.step` is not a known key: allowed are values"),
    ("linspace = [0.0, 1.0, 5]", "values = ['a', 'b']", 16, "does not fit `coupling`, which must be a number"),
    ("values = [0.01, 0.02]", "values = []", 20, "`axes.kT.values` must not be empty, but is"),
    ("values = [0.01, 0.02]", "values = [0.01, nan]", 20, "`axes.kT.values` must be finite, but contains nan"),
    ("values = [0.01, 0.02]", "values = [\n  0.01,\n  true,\n]", 20, "must be numbers, or names only, but contains"),
    ("values = [0.01, 0.02]", "values = [0.01, 0.01]", 20, "must hold each value once"),
    ("direction = [0.0, 1.0, 0.0]", "direction = [1, 0]", 14, "must have more values, but has 2"),
    ("direction = [0.0, 1.0, 0.0]", "direction = [1, 0, 0, 0]", 14, "must have fewer values, but has 4"),
    ("values = [0.01, 0.02]", "values = ['a', 'a']", 20, "must hold each value once"),
    ("values = [0.01, 0.02]", "values = 0.01", 20, "must be a list of values, but is 0.01"),
    ("values = [0.01, 0.02]", "values = [-0.01, 0.02]", 19, "does not fit `kT`, which must be at least 0, but is"),
    ("[axes.kT]\nvalues = [0.01, 0.02]", "", 13, "`conditions` must hold kT or T for critical_field"),
    ("[study]", "[study", 1, "not TOML"),
    ("[study]", "x = 1\n[study]", 1, "`x` is not a known key: allowed are study, model"),
    ("[axes.kT]", "[refine]\nof = 'order'\n[axes.kT]", 19, "must have two or more axes of at least three numbers"),
    ("[axes.kT]", "[refine]\nof = 'zz'\n[axes.kT]", 20, "`refine.of` must be one of zeeman"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "sentence"), BAD)
def test_bad_input_is_one_sentence_with_key_and_line(old, new, line, sentence):
    assert old in GOOD
    with pytest.raises(sv.InvalidInput) as error:
        parse(GOOD.replace(old, new, 1), "a.toml")
    text = str(error.value)
    assert sentence in text
    assert f"line {line}" in text
    assert text.startswith("a.toml")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD[: GOOD.index("[axes.coupling]")], "`axes` must hold at least one axis"),
        (GOOD[: GOOD.index("[axes.coupling]")] + "[axes]\n", "`axes` must hold at least one axis"),
        ("", "`axes` must hold at least one axis"),
        (THEORY.replace("klemm_luther_beasley", "table"), "line 3: `model.file` must be given"),
        (THEORY.replace('"hc2"', '"gap"'), "`model.kind` must be one of film, tmd"),
        (THEORY.replace("[axes.tau_so]\nvalues = [20.0, 40.0]\n", ""), "`model` must hold tau_so, fixed here or swept"),
        (THEORY.replace("tc = 6.5", "gap0 = 1.0"), "`pairing.gap0` has no meaning for hc2"),
        (THEORY.replace("tc = 6.5", 'tc = 6.5\nchannel = "d_xy"'), "`pairing.channel` has no meaning for hc2"),
        (GOOD.replace('on = "sc"', "filling = 0.0"), "`pairing.filling`"),
        (THEORY.replace("tc = 6.5", ""), "`pairing` must hold tc in K for hc2"),
        (TABLE, "line 5: `model.file` must be a file, but there is no"),
    ],
)
def test_sections_that_do_not_fit_together_are_one_sentence(text, sentence, tmp_path):
    with pytest.raises(sv.InvalidInput) as error:
        parse(text, folder=tmp_path)
    assert sentence in str(error.value)


def test_a_held_parameter_that_the_formula_lacks_is_refused(tmp_path):
    (tmp_path / "points.csv").write_text("T_K,B_T\n2.0,40.0\n4.0,30.0\n")
    with pytest.raises(sv.InvalidInput, match="has the parameters tc, tau_so only, but got `xi`"):
        parse(TABLE.replace("[axes.tc]", "xi = 3.0\n[axes.tc]"), folder=tmp_path)
    with pytest.raises(sv.InvalidInput, match="`formula` must be one of"):
        parse(TABLE.replace("klb", "klbb"), folder=tmp_path)


@given(st.integers(0, 5), st.integers(0, 4), st.booleans())
def test_the_line_is_found_whatever_stands_around_it(before, length, comment):
    gap = ("# values = 1\n" if comment else "\n") * before
    listed = "values = [" + "".join(f"\n  {n}.0," for n in range(length)) + "\n]\n"
    text = f'title = """\n[axes.kT]\nvalues = 3\n"""\n{gap}[axes.kT]\n{listed}after = 1\n'
    tomllib.loads(text)
    assert text.splitlines()[line_of(text, ("axes", "kT", "values")) - 1].startswith("values = [")
    assert line_of(text, ("axes", "kT", "after")) == len(text.splitlines())
    assert text.splitlines()[line_of(text, ("axes", "kT", "missing")) - 1] == "[axes.kT]"


# Schema ---------------------------------------------------------------------------------------------------------------
def test_the_schema_knows_every_key_quantity_and_kind():
    found = sv.studies.schema()
    json.dumps(found)
    assert found["$defs"]["About"]["properties"]["quantity"]["enum"] == list(QUANTITIES)
    assert set(found["properties"]["model"]["discriminator"]["mapping"]) == set(KINDS)
    for name, kind in KINDS.items():
        properties = found["$defs"][kind.__name__]["properties"]
        assert set(properties) == set(kind.model_fields), name
        assert found["$defs"][kind.__name__]["additionalProperties"] is False
        assert all("description" in about for key, about in properties.items() if key != "kind")
