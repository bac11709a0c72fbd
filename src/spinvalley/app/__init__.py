"""The browser app: panels over public functions, controls -> function -> figure; the same panels work in a notebook.

Nothing heavy is imported before it is used: Panel and Bokeh come with the extra `app`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinvalley.app.notebook import edge_panel, material_panel, measured_panel, phase_panel, studies_panel
    from spinvalley.app.server import Settings, serve

_NAMES = {
    "Settings": "server",
    "serve": "server",
    "edge_panel": "notebook",
    "material_panel": "notebook",
    "measured_panel": "notebook",
    "phase_panel": "notebook",
    "studies_panel": "notebook",
}
__all__ = [
    "Settings",
    "edge_panel",
    "material_panel",
    "measured_panel",
    "phase_panel",
    "serve",
    "studies_panel",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'spinvalley.app' has no attribute {name!r}")
    return getattr(import_module(f"spinvalley.app.{_NAMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
