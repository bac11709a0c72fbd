"""The page: a bar with the panels, light or dark, and the panel that is looked at. One for each session."""

from __future__ import annotations

import html
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import panel as pn
from panel.theme.native import Native
from panel.viewable import Viewable

from spinvalley.app import address
from spinvalley.app.look import Look
from spinvalley.app.view import View
from spinvalley.checks import SpinvalleyError

VIEWS: Final[Mapping[str, tuple[str, str, str]]] = {
    "material": ("Material", "spinvalley.app.material", "MaterialView"),
    "phase": ("Phase diagram", "spinvalley.app.phase", "PhaseView"),
    "edge": ("Edge", "spinvalley.app.edge", "EdgeView"),
    "data": ("My data", "spinvalley.app.measured", "MeasuredView"),
    "studies": ("Studies", "spinvalley.app.studies", "StudiesView"),
}
"""Name in the address -> name on the page, module, class. A panel is loaded when it is first looked at."""

_TEMPLATE: Final = (Path(__file__).parent / "assets" / "page.html").read_text(encoding="utf-8")


class Plain(Native):  # type: ignore[misc]
    """The native look of the components, with the style sheet of the app on top."""

    modifiers = {  # noqa: RUF012
        Viewable: {"stylesheets": [*Native.modifiers[Viewable]["stylesheets"], "assets/widgets.css"]}
    }


class Page:
    """One session.

    Args:
        token: the secret of the address, written back into it.
        studies: folder with stores of sweeps, if there is one.
    """

    def __init__(self, token: str, studies: Path | None) -> None:
        self._token, self._studies = token, studies
        asked = address.given()
        self.look = Look(asked.get("theme") == "dark")
        self._settings = address.settings(asked)
        self._views: dict[str, View] = {}
        self._body = pn.Column(sizing_mode="stretch_width")
        self._tabs = {name: self._tab(name, title) for name, (title, *_) in VIEWS.items()}
        self._current = ""
        self.open(asked["panel"] if asked.get("panel") in VIEWS else "material")

    def template(self) -> Any:
        """The page as Panel serves it."""
        template = pn.Template(_TEMPLATE, design=Plain, location=True)
        template.add_panel("nav", pn.FlexBox(*self._tabs.values(), gap="2px", sizing_mode="stretch_width"))
        template.add_panel("theme", self._switch())
        template.add_panel("body", self._body)
        return template

    def open(self, name: str) -> None:
        """Show a panel; what goes wrong while it is made is one sentence in its place."""
        if name == self._current:
            return
        for other, tab in self._tabs.items():
            tab.css_classes = ["tab", "here"] if other == name else ["tab"]
        try:
            self._show(name)
        except SpinvalleyError as error:
            self._fail(str(error))
        except Exception:  # its trace belongs to the terminal
            traceback.print_exc()
            self._fail("this panel could not be made, an internal error: see the terminal of the server")

    def _show(self, name: str) -> None:
        """Show a panel; the first time, it is made and given what the address asks for."""
        first = name not in self._views
        view = self._view(name)
        if first and not self._current:
            view.set_state(self._settings)
        self._current = name
        self._body.objects = [view.layout]
        view.open()
        self._write()

    def _fail(self, sentence: str) -> None:
        self._current = ""
        text = f'<p class="bad" role="alert">{html.escape(sentence)}</p>'
        self._body.objects = [pn.pane.HTML(text, css_classes=["sheet"], sizing_mode="stretch_width")]

    def close(self) -> None:
        """The session is over."""
        for view in self._views.values():
            view.close()

    def _view(self, name: str) -> View:
        if name not in self._views:
            _, module, kind = VIEWS[name]
            options = {"folder": self._studies} if name == "studies" else {}
            view: View = getattr(import_module(module), kind)(self.look, **options)
            view.on_change(self._write)
            self._views[name] = view
        return self._views[name]

    def _tab(self, name: str, title: str) -> Any:
        tab = pn.widgets.Button(label=title, css_classes=["tab"], margin=(2, 0))
        tab.on_click(lambda _: self.open(name))
        return tab

    def _switch(self) -> Any:
        """The button between light and dark."""
        button = pn.widgets.Button(label=self._switch_name(), margin=(2, 0), css_classes=["tab"], width=64)

        def turn(_: Any) -> None:
            self.look.turn(not self.look.dark)
            button.label = self._switch_name()
            for view in self._views.values():
                view.repaint()
            self._write()

        button.on_click(turn)
        button.jscallback(
            clicks="const d = document.documentElement.dataset; d.theme = d.theme === 'dark' ? 'light' : 'dark';"
        )
        return button

    def _switch_name(self) -> str:
        return "Light" if self.look.dark else "Dark"

    def _write(self) -> None:
        view = self._views.get(self._current)
        if view is None:  # a panel that could not be made has no state
            return
        address.put(self._token, self._current, self.look.dark, view.controls.changed())


def page(token: str, studies: Path | None) -> Any:
    """The page of a new session."""
    made = Page(token, studies)
    pn.state.on_session_destroyed(lambda _: made.close())
    return made.template()
