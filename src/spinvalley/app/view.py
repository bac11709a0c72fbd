"""What every panel has: controls at the left, pictures at the right, and a line that says what is going on."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import panel as pn

from spinvalley.app.controls import Controls
from spinvalley.app.look import Look
from spinvalley.app.worker import Tell, Worker
from spinvalley.checks import InvalidInput


class View(ABC):
    """One panel: controls -> public functions -> figures.

    Args:
        look: colours of the session.
    """

    name: ClassVar[str]
    """Its name in the address."""

    title: ClassVar[str]
    """Its name on the page."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.state = pn.pane.HTML("", sizing_mode="stretch_width")
        self.cancel = pn.widgets.Button(label="Cancel", visible=False, width=80, align="center")
        self.facts = pn.pane.HTML("", sizing_mode="stretch_width")
        self.code = pn.pane.HTML("", sizing_mode="stretch_width")
        self.worker = Worker(self._show, self._told)
        self.cancel.on_click(lambda _: self.worker.cancel())
        self.controls = self.make_controls()
        self.controls.watch(self.changed)
        self._told_others: list[Callable[[], None]] = []
        self._opened = False
        self.last: Any = None
        self.layout = self._arrange()

    @abstractmethod
    def make_controls(self) -> Controls:
        """The controls."""

    @abstractmethod
    def pictures(self) -> list[Any]:
        """The figures, in the order of the page: each one item of a column."""

    @abstractmethod
    def compute(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Any]:
        """Results for the values of the controls, coarse ones first. Runs in a thread of its own."""

    @abstractmethod
    def show(self, result: Any) -> None:
        """Put a result into the figures."""

    def script(self, values: Mapping[str, Any]) -> str:
        """The same in Python; empty where there is none."""
        del values
        return ""

    def repaint(self) -> None:
        """Colours that depend on the data, after a change between light and dark: the last result is shown again."""
        if self.last is not None:
            self.show(self.last)

    def changed(self, name: str) -> None:
        """A control has another value."""
        del name
        self.start()
        for act in self._told_others:
            act()

    def on_change(self, act: Callable[[], None]) -> None:
        """Call a function after every change of the controls."""
        self._told_others.append(act)

    def open(self) -> None:
        """Compute for the first time, when the panel is first looked at."""
        if not self._opened:
            self._opened = True
            self.start()

    def start(self) -> None:
        """Compute for the present values."""
        values = self.controls.values()
        self.code.object = _disclosed(self.script(values))
        self.worker.start(lambda tell: self.compute(values, tell))

    def set_state(self, given: Mapping[str, str]) -> None:
        """Take values out of the address of the page; what makes no sense is said under its control."""
        known = {name: value for name, value in given.items() if name in self.controls.names}
        self.controls.set(**known)

    def complain(self, error: InvalidInput) -> None:
        """Say in the page what makes no sense."""
        self._told("failed", str(error), 0.0)

    def close(self) -> None:
        """Nobody looks any more."""
        self.worker.close()

    def _show(self, result: Any) -> None:
        self.last = result
        self.show(result)

    def _arrange(self) -> Any:
        left = pn.Column(
            pn.pane.HTML(f"<h2>{html.escape(self.title)}</h2>"), self.controls.layout,
            css_classes=["sheet", "side"], sizing_mode="stretch_width",
        )  # fmt: skip
        right = pn.Column(
            pn.Row(self.state, self.cancel, sizing_mode="stretch_width"), *self.pictures(), self.code,
            css_classes=["sheet"], sizing_mode="stretch_width", styles={"flex": "1 1 420px", "min-width": "0"},
        )  # fmt: skip
        return pn.FlexBox(left, right, gap="14px", sizing_mode="stretch_width", align_items="flex-start")

    def _told(self, state: str, sentence: str, share: float) -> None:
        self.cancel.visible = state == "busy"
        text = html.escape(sentence)
        if state == "busy":
            text = f'<progress max="1" value="{share:.3f}" aria-label="progress"></progress><span>{text}</span>'
        elif state == "done":
            text = f"<span>{self.done_text()}</span>"
        else:
            text = f'<span class="{state}">{text}</span>'
        self.state.object = f'<div class="state {state}" role="status">{text}</div>'

    def done_text(self) -> str:
        """What the line says when everything is computed (HTML)."""
        return "up to date"


def row(*items: Any) -> Any:
    """Figures beside each other, under each other where there is no room."""
    boxes = [
        pn.Column(item, sizing_mode="stretch_width", styles={"flex": "1 1 380px", "min-width": "0"}) for item in items
    ]
    return pn.FlexBox(*boxes, gap="12px", sizing_mode="stretch_width", align_items="stretch")


def facts(rows: Mapping[str, str]) -> str:
    """A small table of names and values; both are escaped."""
    lines = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in rows.items())
    return f'<table class="facts">{lines}</table>'


def _disclosed(code: str) -> str:
    if not code:
        return ""
    return f"<details><summary>The same in Python</summary><pre>{html.escape(code)}</pre></details>"
