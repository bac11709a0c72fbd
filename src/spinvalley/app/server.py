"""The server of the app: on this machine only, behind a token, without a request to anywhere else."""

from __future__ import annotations

import errno
import logging
import signal
import sys
import threading
import webbrowser
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import panel as pn
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.ioloop import IOLoop

from spinvalley.app import page, worker
from spinvalley.app.security import HEADERS, Gate, Gatekeeper, new_token
from spinvalley.checks import InvalidInput, whole

ADDRESS: Final = "127.0.0.1"
PORT: Final = 5006
ASSETS: Final = Path(__file__).parent / "assets"

_NEIGHBOURS: Final = 20  # ports tried where none is asked for
_HIGHEST_PORT: Final = 65535
_LARGEST_MESSAGE: Final = 16_000_000  # bytes on the websocket: files come in pieces below it
_FORGOTTEN: Final = 20_000  # ms after which a page that was closed loses its session, and with it its work
_LOOKS: Final = 5_000  # ms between two looks for such pages


@dataclass(frozen=True)
class Settings:
    """How the app is served.

    Args:
        port: TCP port; None takes 5006, or the next free one.
        studies: folder whose stores of sweeps can be looked at; None: none can.
        browser: whether to open the page in the browser.
        token: the secret of the address; made anew if None.

    Raises:
        InvalidInput: a port that there is not, a folder that is not there.
    """

    port: int | None = None
    studies: Path | None = None
    browser: bool = True
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what makes no sense before anything is started."""
        if self.port is not None and whole("port", self.port, 0) > _HIGHEST_PORT:
            raise InvalidInput(f"`port` must be at most {_HIGHEST_PORT}, but is {self.port}")
        if self.studies is not None and not Path(self.studies).is_dir():
            raise InvalidInput(f"`studies` must be a folder, but {self.studies} is not")


@dataclass(frozen=True, eq=False)
class Running:
    """A server that answers.

    Args:
        url: the address with its token.
        server: Bokeh's server.
    """

    url: str
    server: Any

    def stop(self) -> None:
        """Answer no more; work that runs is given up."""
        worker.stop()
        self.server.stop()


def start(settings: Settings) -> Running:
    """A server that answers once its event loop runs.

    Raises:
        InvalidInput: the port is taken.
    """
    chosen = replace(settings, token=settings.token or new_token())
    ports = range(PORT, PORT + _NEIGHBOURS) if chosen.port is None else [chosen.port]
    for port in ports:
        try:
            return _started(chosen, port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    asked = f"{ports[0]}" if len(ports) == 1 else f"{ports[0]} to {ports[-1]}"
    raise InvalidInput(f"`port` must be free, but {asked} cannot be used on this machine")


def serve(settings: Settings) -> None:
    """Serve until Ctrl-C; the address goes to stdout.

    Raises:
        InvalidInput: the port is taken.
    """
    running = start(settings)
    print(f"spinvalley is at {running.url}\nStop it with Ctrl-C.", flush=True)
    if settings.browser:
        threading.Thread(target=webbrowser.open, args=(running.url,), daemon=True).start()
    worker.warm_up()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: temporary files are removed
    try:
        IOLoop.current().start()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
    finally:
        running.stop()


def _started(settings: Settings, port: int) -> Running:
    pn.extension("filedropper", design=page.Plain)  # its scripts go with every page, as the panels come later
    logging.getLogger("bokeh.server.util").setLevel(logging.ERROR)  # any Origin: the gate wants that of the page itself
    server = pn.io.server.get_server(
        {"/": lambda: page.page(settings.token or "", settings.studies)},
        port=port, address=ADDRESS, websocket_origin=["*"],
        start=False, show=False, verbose=False, title="spinvalley", static_dirs={"assets": str(ASSETS)},
        websocket_max_message_size=_LARGEST_MESSAGE, unused_session_lifetime_milliseconds=_FORGOTTEN,
        check_unused_sessions_milliseconds=_LOOKS,
    )  # fmt: skip
    keeper = Gatekeeper(settings.token or "", server.port)
    server._http.request_callback = _Dressing(server._tornado, keeper)
    server.start()
    return Running(f"http://{ADDRESS}:{server.port}/?token={settings.token}", server)


class _Dressing(Gate):
    """The gate, and the headers that go with every answer that passes it."""

    def find_handler(self, request: HTTPServerRequest | Any, **kwargs: Any) -> Any:
        cookie = self.keeper.set_cookie(request.uri or "")
        request.connection = _Dressed(request.connection, cookie, request.headers.get("Host", ""))
        return super().find_handler(request, **kwargs)


class _Dressed:
    """A connection that adds headers to what a handler answers."""

    def __init__(self, inner: Any, cookie: str | None, host: str) -> None:
        self._inner, self._cookie, self._host = inner, cookie, host

    def write_headers(self, start_line: ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None) -> Any:
        """Write the first line and the headers of an answer, with ours."""
        for name, value in HEADERS.items():
            headers[name] = value.replace("{host}", self._host)
        if self._cookie is not None and start_line.code < 400:
            headers.add("Set-Cookie", self._cookie)
        return self._inner.write_headers(start_line, headers, chunk)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
