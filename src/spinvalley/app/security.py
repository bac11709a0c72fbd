"""Who may talk to the server: the holder of the token, under the name of this machine, from a page of this server.

`Gate` stands before every handler: pages, scripts, the websocket, downloads. The token comes with the address that the
terminal shows; the page's own requests carry it in a cookie that no other site can use.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router
from tornado.web import Application, RequestHandler

LARGEST: Final = 50_000_000
"""Bytes of one uploaded file."""

HOSTS: Final = ("127.0.0.1", "localhost", "::1")
"""Names of this machine under which the server answers by default."""

_POLICY: Final = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' ws://{host} wss://{host}; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer: nothing is loaded from elsewhere, nothing is shown inside another page."""

_REFUSED: Final = {
    "host": "This server answers under the name of its own machine only.",
    "origin": "This request came from a page of another site.",
    "token": "Open the address that the terminal printed: it ends with a token.",
}


def new_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Gatekeeper:
    """Judges a request by its headers and its address.

    Args:
        token: the secret.
        port: of the server, which names the cookie.
        hosts: names under which the server answers.
    """

    token: str
    port: int
    hosts: tuple[str, ...] = HOSTS

    @property
    def cookie(self) -> str:
        """Name of the cookie."""
        return f"spinvalley_{self.port}"

    def refusal(self, uri: str, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused: "host", "origin" or "token"; None where it is not.

        >>> keeper = Gatekeeper("secret", 5006)
        >>> keeper.refusal("/?token=secret", {"Host": "localhost:5006"})
        >>> keeper.refusal("/?token=guess", {"Host": "localhost:5006"}), keeper.refusal("/", {"Host": "evil.org"})
        ('token', 'host')
        """
        host = headers.get("Host", "")
        if _hostname(host) not in self.hosts:
            return "host"
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return "origin"
        return None if self.knows(uri, headers) else "token"

    def knows(self, uri: str, headers: Mapping[str, str]) -> bool:
        """Whether the token is in the address or in the cookie; compared in constant time."""
        return self._in_address(uri) or self._same(_cookie(headers.get("Cookie", ""), self.cookie))

    def set_cookie(self, uri: str) -> str | None:
        """The header that hands the cookie to a page opened with the token."""
        if not self._in_address(uri):
            return None
        return f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"

    def _in_address(self, uri: str) -> bool:
        return any(self._same(given) for given in parse_qs(urlsplit(uri).query).get("token", ()))

    def _same(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())


class Gate(Router):
    """Hands a request to the application only if the gatekeeper lets it pass.

    Args:
        inner: the application behind the gate.
        keeper: the gatekeeper.
    """

    def __init__(self, inner: Application, keeper: Gatekeeper) -> None:
        self.inner, self.keeper = inner, keeper
        self._outer = Application([(r".*", _Refusal, {"keeper": keeper})])

    def find_handler(self, request: HTTPServerRequest | Any, **kwargs: Any) -> HTTPMessageDelegate | None:
        """The handler of the application, or the one that refuses."""
        if self.keeper.refusal(request.uri or "", request.headers) is not None:
            return self._outer.find_handler(request, **kwargs)
        return self.inner.find_handler(request, **kwargs)


class _Refusal(RequestHandler):
    """One sentence, status 403."""

    def initialize(self, keeper: Gatekeeper) -> None:
        self.keeper = keeper

    def prepare(self) -> None:
        reason = self.keeper.refusal(self.request.uri or "", self.request.headers) or "token"
        self.set_status(403)
        for name, value in HEADERS.items():
            self.set_header(name, value.replace("{host}", "127.0.0.1"))
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(_REFUSED[reason] + "\n")


def safe_name(name: str, otherwise: str = "file") -> str:
    r"""A file name from a browser without folders, leading points and anything but letters, digits, blank and . _ - +.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\data\\run 7.dat"), safe_name("...")
    ('passwd', 'run 7.dat', 'file')
    """
    last = re.split(r"[\\/]", name)[-1]
    kept = re.sub(r"[^\w .+-]", "_", last, flags=re.ASCII).strip(" .")[-80:].lstrip(" .-")
    return kept or otherwise


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _cookie(text: str, name: str) -> str:
    try:
        found = SimpleCookie(text).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
