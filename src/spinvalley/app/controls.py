"""Controls of a panel: each with its unit, its limits and the reason for them, checked again where it is used.

What a browser sends is never trusted: `Controls.values` gives only values inside the limits, and a value outside is
answered with one sentence under the control.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import panel as pn

from spinvalley.checks import InvalidInput, one_of

_STEPS: Final = 200


@dataclass(frozen=True)
class Number:
    """A number between two limits.

    Args:
        name: name of the argument.
        label: what stands above it, with its unit.
        low: least value.
        high: greatest value.
        value: the value at the start.
        why: the reason for the limits, in a few words.
        step: of the slider; a two-hundredth of the range if 0.
        whole: whether only whole numbers make sense.
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    why: str = ""
    step: float = 0.0
    whole: bool = False

    def check(self, value: Any) -> float:
        """The value as a number inside the limits.

        Raises:
            InvalidInput: not a number, or outside: one sentence with the reason.
        """
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise InvalidInput(f"`{self.name}` must be a number, but is {str(value)[:20]!r}") from None
        reason = f" ({self.why})" if self.why else ""
        if not (np.isfinite(number) and self.low <= number <= self.high):
            limits = f"between {self.low:g} and {self.high:g}"
            raise InvalidInput(f"`{self.name}` must lie {limits}{reason}, but is {number:g}")
        if self.whole and number != round(number):
            raise InvalidInput(f"`{self.name}` must be a whole number, but is {number:g}")
        return number


@dataclass(frozen=True)
class Choice:
    """One of several names.

    Args:
        name: name of the argument.
        label: what stands above it.
        options: what is shown -> value.
        value: the value at the start.
    """

    name: str
    label: str
    options: Mapping[str, str]
    value: str

    def check(self, value: Any) -> str:
        """The value, if it is one of the options.

        Raises:
            InvalidInput: it is not.
        """
        if value not in self.options.values():
            known = ", ".join(self.options.values())
            raise InvalidInput(f"`{self.name}` must be one of {known}, but is {str(value)[:40]!r}")
        return str(value)


Control = Number | Choice


@dataclass
class Shown:
    """A control with its widgets and the last value that made sense."""

    control: Control
    box: Any
    slider: Any
    note: Any
    layout: Any
    value: Any = None
    problem: str = field(default="")


class Controls:
    """The controls of one panel, in groups.

    Args:
        groups: title -> its controls.
    """

    def __init__(self, groups: Mapping[str, Iterable[Control]]) -> None:
        self._shown: dict[str, Shown] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._quiet = False
        self.layout = pn.Column(css_classes=["controls"], sizing_mode="stretch_width")
        self._groups: list[tuple[Any, list[str]]] = []
        for title, controls in groups.items():
            made = [self._make(control) for control in controls]
            group = pn.Column(
                pn.pane.HTML(f"<h3>{html.escape(title)}</h3>", css_classes=["group"]),
                *(shown.layout for shown in made), sizing_mode="stretch_width",
            )  # fmt: skip
            self._groups.append((group, [shown.control.name for shown in made]))
            self.layout.append(group)

    def values(self) -> dict[str, Any]:
        """Name -> last value inside the limits."""
        return {name: shown.value for name, shown in self._shown.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the controls."""
        return tuple(self._shown)

    def problems(self) -> list[str]:
        """Sentences of the controls that hold something that makes no sense."""
        return [shown.problem for shown in self._shown.values() if shown.problem]

    def watch(self, act: Callable[[str], None]) -> None:
        """Call a function with the name of a control whenever its value changes to another that makes sense."""
        self._watchers.append(act)

    def show(self, names: Iterable[str]) -> None:
        """Show these controls and hide the others; a group without any is hidden."""
        wanted = set(names)
        for name, shown in self._shown.items():
            shown.layout.visible = name in wanted
        for group, members in self._groups:
            group.visible = bool(wanted & set(members))

    def set(self, **values: Any) -> None:
        """Give controls new values without telling the watchers; what lies outside the limits is answered in place."""
        self._quiet = True
        try:
            for name, value in values.items():
                self._take(self._shown[name], value)
        finally:
            self._quiet = False

    def give(self, values: Mapping[str, Any]) -> None:
        """New values from a program: what makes no sense is refused.

        Raises:
            InvalidInput: an unknown control, a value outside its limits.
        """
        for name, value in values.items():
            one_of("control", name, self.names)
            self._shown[name].control.check(value)
        self.set(**values)

    def changed(self) -> dict[str, str]:
        """Name -> text of the values that are not those of the start."""
        start = {name: shown.control.value for name, shown in self._shown.items()}
        return {name: _text(value) for name, value in self.values().items() if value != start[name]}

    def _make(self, control: Control) -> Shown:
        note = pn.pane.HTML("", css_classes=["problem"], visible=False, sizing_mode="stretch_width")
        if isinstance(control, Choice):
            box = pn.widgets.Select(label=control.label, options=dict(control.options), value=control.value)
            box.sizing_mode, slider = "stretch_width", None
        else:
            step = control.step or (control.high - control.low) / _STEPS
            box = pn.widgets.FloatInput(
                label=control.label, value=float(control.value), step=step, css_classes=["beside"],
                sizing_mode="stretch_width", format="0" if control.whole else "0.[000000]",
            )  # fmt: skip
            slider = pn.widgets.FloatSlider(
                label="", start=control.low, end=control.high, step=step, value=float(control.value), show_value=False,
                sizing_mode="stretch_width", margin=(0, 12, 6, 12), tooltips=False,
            )  # fmt: skip
        parts = [part for part in (box, slider, note) if part is not None]
        shown = Shown(control, box, slider, note, pn.Column(*parts, sizing_mode="stretch_width"), control.value)
        self._shown[control.name] = shown
        for part in (box, slider):
            if part is not None:
                part.param.watch(lambda event, shown=shown: self._event(shown, event.new), "value")
        return shown

    def _event(self, shown: Shown, value: Any) -> None:
        if self._quiet:
            return
        before = shown.value
        self._quiet = True
        try:
            self._take(shown, value)
        finally:
            self._quiet = False
        if shown.value != before:
            for act in self._watchers:
                act(shown.control.name)

    def _take(self, shown: Shown, value: Any) -> None:
        """Accept a value, or say under the control why not; the widgets then agree."""
        try:
            shown.value = shown.control.check(value)
            shown.problem = ""
        except InvalidInput as error:
            shown.problem = str(error)
        shown.note.object = html.escape(shown.problem)
        shown.note.visible = bool(shown.problem)
        if not shown.problem:
            for part in (shown.box, shown.slider):
                if part is not None and part.value != shown.value:
                    part.value = shown.value


def _text(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
