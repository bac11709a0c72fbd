"""The state of the page in its address, so that a view can be shared: only what differs from the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import panel as pn

_OWN: Final = ("token", "theme", "panel")
_MOST: Final = 60  # parameters; nobody writes more by hand


def given() -> dict[str, str]:
    """What the address of this session asks for, name to text; the last of several values counts."""
    args: Mapping[str, list[bytes]] = pn.state.session_args if pn.state.curdoc is not None else {}
    found = list(args.items())[:_MOST]
    return {str(name): values[-1].decode("utf-8", "replace")[:200] for name, values in found if values}


def settings(asked: Mapping[str, str]) -> dict[str, str]:
    """The part that belongs to the controls of a panel."""
    return {name: value for name, value in asked.items() if name not in _OWN}


def put(token: str, panel: str, dark: bool, changed: Mapping[str, str]) -> None:
    """Write the state into the address of the page."""
    location: Any = pn.state.location
    if location is None:
        return
    own = ({"token": token} if token else {}) | {"panel": panel, "theme": "dark" if dark else "light"}
    location.search = "?" + urlencode(own | dict(changed))
