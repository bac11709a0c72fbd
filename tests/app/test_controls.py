"""Laws of the controls: no value outside the limits ever reaches a computation, and every refusal says why."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinvalley.app.controls import Choice, Control, Controls, Number
from spinvalley.app.look import COLOURS, Look
from spinvalley.checks import InvalidInput
from spinvalley.figures import style

ANYTHING = st.one_of(st.floats(), st.integers(), st.text(max_size=8), st.none(), st.booleans())
NUMBER = Number("gap", "Gap", 0.1, 2.0, 0.5, "no metal has more")
CHOICE = Choice("model", "Model", {"Film": "film", "Stack": "stack"}, "film")


def stays_inside(control: Control, value: object) -> bool:
    """The law: after any value from a browser the control holds one that makes sense, or it tells what does not."""
    controls = Controls({"Group": [control]})
    controls.set(**{control.name: value})
    kept = controls.values()[control.name]
    inside = control.low <= kept <= control.high if isinstance(control, Number) else kept in control.options.values()
    told = controls.problems()
    return inside and (kept == value or bool(told) or float(value) == kept)  # type: ignore[arg-type]


@settings(max_examples=40)
@given(ANYTHING)
def test_no_value_outside_the_limits_is_kept(value: object) -> None:
    assert stays_inside(NUMBER, value)
    assert stays_inside(CHOICE, value)


def test_a_control_without_limits_would_be_noticed() -> None:
    class Open(Number):
        def check(self, value: object) -> float:
            return float(value)  # type: ignore[arg-type]

    assert not stays_inside(Open("gap", "Gap", 0.1, 2.0, 0.5), 7.0)


@pytest.mark.parametrize("value", [0.0, 2.1, math.nan, math.inf, "x", None])
def test_a_refusal_names_the_limits_and_their_reason(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"^`gap` must (lie between 0\.1 and 2 \(no metal has more\)|be a number)"):
        NUMBER.check(value)


def test_a_whole_number_is_whole() -> None:
    width = Number("width", "Width", 1, 9, 3, whole=True)
    assert width.check("4") == 4.0
    with pytest.raises(InvalidInput, match="whole number"):
        width.check(4.5)


@given(st.floats(0.1, 2.0), st.sampled_from(["film", "stack"]))
@settings(max_examples=25)
def test_the_address_brings_back_what_was_set(gap: float, model: str) -> None:
    first, second = (Controls({"Group": [NUMBER, CHOICE]}) for _ in range(2))
    first.set(gap=gap, model=model)
    second.set(**first.changed())
    assert second.values()["model"] == model
    assert second.values()["gap"] == pytest.approx(gap, rel=1e-9)
    assert Controls({"Group": [NUMBER, CHOICE]}).changed() == {}


def test_watchers_hear_of_a_new_value_once_and_of_none_that_makes_no_sense() -> None:
    heard: list[str] = []
    controls = Controls({"Group": [NUMBER]})
    controls.watch(heard.append)
    shown = controls._shown["gap"]
    shown.box.value = 1.0
    assert heard == ["gap"]
    assert shown.slider.value == 1.0
    shown.box.value = 99.0
    assert heard == ["gap"]
    assert "no metal has more" in shown.note.object
    assert controls.values()["gap"] == 1.0


def test_colours_of_data_are_those_of_the_journal_figures() -> None:
    pairs = {"up": style.RED, "down": style.BLUE, "green": style.GREEN}
    assert all(COLOURS[name][0] == colour for name, colour in pairs.items())
    assert (COLOURS["orange"][1], COLOURS["sky"][1]) == (style.ORANGE, style.SKY)


def _contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_texts_and_curves_stand_out_from_their_ground(dark: bool) -> None:
    look = Look(dark)
    ground = look.colour("card")
    assert all(_contrast(look.colour(name), ground) >= 4.5 for name in ("text", "muted", "bad", "accent"))
    curves = ("up", "down", "neutral", "green", "purple", "orange", "sky")
    assert all(_contrast(look.colour(name), ground) >= 3.0 for name in curves)
    assert _contrast("#FFFFFF", "#FEFEFE") < 1.1  # the measure can fail
