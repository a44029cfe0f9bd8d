"""Bytes that no client library would send, to the real server."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.served import served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOST = b"Host: localhost\r\n"
SMUGGLED = b"GET /readyz HTTP/1.1\r\n" + HOST + b"\r\n"
ALIVE = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
MOST = 2_621_440  # MAX_BODY_BYTES
REQUESTS = {
    "another host": b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\nContent-Length: "
    b"52\r\n\r\n" + SMUGGLED,
    "a length and chunks": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "an unknown coding": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n",
    "a length below 0": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "a space in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X Y: z\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b: c\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    "a header without end": b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 200_000,
    "headers without end": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 5_000 + b"\r\n",
    "a line without end": b"GET /" + b"a" * 200_000,
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 50 + b"\r\n\r\n",
    "a body too large": b"POST /login/ HTTP/1.1\r\n" + HOST + b"Content-Length: 9999999999\r\n\r\n",
    "chunks without end": b"POST /login/ HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: "
    b"chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * (2 * MOST // 65_536),
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    with served(tmp_path / "log") as address:
        yield address


def told(address: str, request: bytes) -> bytes:
    """All that the server says until it hangs up."""
    where = urlsplit(address)
    answer = b""
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=20) as line:
        try:
            line.sendall(request)
            while piece := line.recv(65_536):
                answer += piece
        except (ConnectionError, TimeoutError):
            pass  # hung up on while it was still sending
    return answer


def test_what_is_no_request_is_refused_and_nothing_rides_along(site: str) -> None:
    for what, request in REQUESTS.items():
        answer = told(site, request)
        first, *more = answer.split(b"HTTP/1.1 ")[1:] or [b""]
        assert first[:1] in {b"4", b"5", b""}, (what, answer[:300])
        assert not any(b'"ready"' in one for one in (first, *more)), what
        assert b"Traceback" not in answer, what
        assert b"evil" not in answer, what
        assert told(site, ALIVE).endswith(b"ok\n"), what


def test_a_body_that_never_says_how_large_it_is_is_cut_off_and_told(site: str) -> None:
    assert told(site, REQUESTS["chunks without end"]).startswith(b"HTTP/1.1 413 ")


def test_without_a_host_the_site_answers_by_the_name_of_its_own_machine(site: str) -> None:
    answer = told(site, b"GET /admin/ HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"evil" not in answer
    assert b"\r\nLocation: /" in answer
