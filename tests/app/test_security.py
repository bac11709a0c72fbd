"""Laws of the gate: without the token, under another name or from another page nothing is answered."""

import http.client
import string
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spinvalley.app.security import HEADERS, Gatekeeper, new_token, safe_name

from .conftest import Served

TEXT = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=40)
HOSTS = ("127.0.0.1:5006", "localhost:5006", "localhost", "[::1]:5006")


def refuses_every_other_token(keeper: Gatekeeper, guess: str) -> bool:
    """The law: whatever is not the token is refused, in the address and in the cookie."""
    host = {"Host": "127.0.0.1:5006"}
    in_address = keeper.refusal(f"/?token={guess}", host)
    in_cookie = keeper.refusal("/", host | {"Cookie": f"{keeper.cookie}={guess}"})
    return (in_address, in_cookie) == ("token", "token")


@given(TEXT, TEXT)
def test_only_the_token_opens_the_gate(token: str, guess: str) -> None:
    keeper = Gatekeeper(token, 5006)
    if guess != token:
        assert refuses_every_other_token(keeper, guess)
    for host in HOSTS:
        assert keeper.refusal(f"/?panel=phase&token={token}", {"Host": host}) is None
        assert keeper.refusal("/ws", {"Host": host, "Cookie": f"a=b; {keeper.cookie}={token}"}) is None


@given(TEXT)
def test_a_gate_that_compares_beginnings_would_be_noticed(token: str) -> None:
    class Careless(Gatekeeper):
        def _same(self, given: str) -> bool:
            return self.token.startswith(given)

    assert not refuses_every_other_token(Careless(token + "x", 5006), token)


@given(TEXT, st.sampled_from(["evil.org", "127.0.0.1.evil.org", "localhost.evil.org:5006", "", "[", "10.0.0.1"]))
def test_another_name_of_the_host_is_refused(token: str, host: str) -> None:
    assert Gatekeeper(token, 5006).refusal(f"/?token={token}", {"Host": host}) == "host"


@pytest.mark.parametrize("origin", ["http://evil.org", "null", "http://127.0.0.1:1", "http://localhost:5006"])
def test_a_request_from_another_page_is_refused(origin: str) -> None:
    keeper = Gatekeeper("secret", 5006)
    host = {"Host": "127.0.0.1:5006"}
    assert keeper.refusal("/?token=secret", host | {"Origin": origin}) == "origin"
    assert keeper.refusal("/?token=secret", host | {"Origin": "http://127.0.0.1:5006"}) is None


def test_tokens_are_long_and_never_the_same() -> None:
    found = {new_token() for _ in range(100)}
    assert len(found) == 100
    assert min(map(len, found)) >= 32


@given(st.text(max_size=200))
def test_a_file_name_from_a_browser_never_leaves_its_folder(name: str) -> None:
    kept = safe_name(name)
    assert kept
    assert len(kept) <= 80
    assert not set(kept) & set("/\\\0:\n\r")
    assert not kept.startswith(".")
    assert kept not in ("", ".", "..")


def test_file_names_that_are_harmless_stay() -> None:
    assert safe_name("run 7-b_2.dat") == "run 7-b_2.dat"
    assert safe_name("..\\..\\boot.ini") == "boot.ini"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _ask(served: Served, path: str, **headers: str) -> Answer:
    place = urlsplit(served.base)
    with closing(http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)) as connection:
        connection.request("GET", path, headers=headers)
        got = connection.getresponse()
        return Answer(got.status, dict(got.getheaders()), got.read())


UPGRADE = {
    "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}  # fmt: skip
PATHS = (
    "/",
    "/ws",
    "/static/js/bokeh.min.js",
    "/assets/page.css",
    "/autoload.js",
    "/metadata",
    "/nothing",
    "/?token=x",
)


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_everything_is_refused(served: Served, path: str) -> None:
    answer = _ask(served, path)
    assert answer.status == 403
    assert b"token" in answer.body


def test_the_websocket_needs_the_token_and_its_own_page(served: Served) -> None:
    token = served.url.split("token=")[1]
    cookie = {"Cookie": f"spinvalley_{urlsplit(served.base).port}={token}"}
    assert _ask(served, "/ws", **UPGRADE).status == 403
    assert _ask(served, "/ws", **UPGRADE, **cookie, Origin="http://evil.org").status == 403
    assert _ask(served, "/ws", **UPGRADE, **cookie, Host="evil.org").status == 403


def test_the_page_is_closed_to_other_sites(served: Served) -> None:
    answer = _ask(served, served.url[len(served.base) :])
    assert answer.status == 200
    assert all(name in answer.headers for name in HEADERS)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    page = answer.body.decode()
    assert "http://" not in page.replace(served.base, "").replace("http://www.w3.org", "")
    assert "https://" not in page


def test_the_server_listens_on_this_machine_only(served: Served) -> None:
    assert served.base.startswith("http://127.0.0.1:")
