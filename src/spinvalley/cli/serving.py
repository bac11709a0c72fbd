"""The command `app`: serves the browser app. Imported when it starts."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from spinvalley.checks import InvalidInput


def serve_app(port: int | None, studies: Path | None, no_browser: bool) -> int:
    """Serve until Ctrl-C. Returns the exit code.

    Raises:
        InvalidInput: the extra `app` is missing, a port or folder that cannot be used.
    """
    if find_spec("panel") is None:
        raise InvalidInput("the app needs Panel and Bokeh, which are not there: pip install 'spinvalley[app]'")
    server = import_module("spinvalley.app.server")
    server.serve(server.Settings(port=port, studies=studies, browser=not no_browser))
    return 0
