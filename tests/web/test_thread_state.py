"""What threads of the web part keep from one request to the next: a connection, and nothing else.

Through the whole stack of middleware, in one thread for all requests, where a trace would be seen.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as configured
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone, translation
from django.utils.deprecation import MiddlewareMixin

from project.handler import get_application
from project.threads import SharedThreads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

SOON = 60.0


# Kept, so that none gets the place in memory of one before it.
SEEN: list[Any] = []


def state() -> dict[str, Any]:
    SEEN.append(connection.connection)
    return {
        "language": translation.get_language(),
        "timezone": timezone.get_current_timezone_name(),
        "in transaction": connection.in_atomic_block or not connection.get_autocommit(),
        "thread": threading.get_ident(),
        "connection": id(connection.connection),
    }


def noting(get_response: Any) -> Any:
    """A synchronous middleware, as those of the project are."""

    def middleware(request: HttpRequest) -> Any:
        seen = [*getattr(request, "seen", []), threading.get_ident()]
        request.seen = seen  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def looks(request: HttpRequest) -> JsonResponse:
    connection.ensure_connection()
    return JsonResponse(state() | {"seen": request.seen})  # type: ignore[attr-defined]


def leaves(request: HttpRequest) -> HttpResponse:
    """As careless as a view can be, with what a thread remembers."""
    translation.activate("es")
    timezone.activate("Asia/Tokyo")
    return HttpResponse("left")


def breaks(request: HttpRequest) -> HttpResponse:
    """It fails within a transaction."""
    with transaction.atomic():
        connection.cursor().execute("SELECT 1")
        raise RuntimeError("in the middle")


def opens(request: HttpRequest) -> HttpResponse:
    """It begins a transaction and never ends it."""
    transaction.set_autocommit(False)
    connection.cursor().execute("SELECT 1")
    return HttpResponse("open")


async def awaits(request: HttpRequest) -> JsonResponse:
    """What a synchronous call within an asynchronous view sees."""
    return JsonResponse(await sync_to_async(looks_up)())


def looks_up() -> dict[str, Any]:
    connection.ensure_connection()
    return state()


urlpatterns = [path(view.__name__, view) for view in (looks, leaves, breaks, opens, awaits)]


class Site:
    def __init__(self, threads: int) -> None:
        self._application = SharedThreads(get_application(), threads)
        self._executor = self._application._executor

    def ask(self, *paths: str) -> list[bytes]:
        """One after the other."""
        return asyncio.run(self._ask(paths))

    def ask_at_once(self, path: str, times: int) -> list[bytes]:
        async def ask() -> list[bytes]:
            return await asyncio.gather(*(self._answer(path) for _ in range(times)))

        return asyncio.run(ask())

    async def _ask(self, paths: tuple[str, ...]) -> list[bytes]:
        return [await self._answer(one) for one in paths]

    async def _answer(self, path: str) -> bytes:
        scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "root_path": "",
            "headers": [(b"host", b"localhost"), (b"accept-language", b"pt-br")],
        }  # fmt: skip
        asked = ApplicationCommunicator(self._application, scope)
        await asked.send_input({"type": "http.request", "body": b""})
        await asked.receive_output(SOON)
        body = await asked.receive_output(SOON)
        await asked.wait(SOON)
        return bytes(body["body"])

    def close(self) -> None:
        """Each thread its connection, which would keep the test's database open."""
        here = max(1, len(self._executor._threads))
        together = threading.Barrier(here)

        def close() -> None:
            together.wait(SOON)
            connections.close_all()

        for one in [self._executor.submit(close) for _ in range(here)]:
            one.result(SOON)
        self._executor.shutdown()


@pytest.fixture
def site(settings: Any) -> Iterator[Site]:
    settings.ROOT_URLCONF = __name__
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    here = f"{__name__}.noting"
    first, *others, last = configured.MIDDLEWARE
    settings.MIDDLEWARE = [first, here, *others, here, last]
    made = Site(1)
    yield made
    made.close()
    SEEN.clear()


def looked(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer)
    return found


class Telling(MiddlewareMixin):
    """As Django's own are: synchronous or not, by what is beneath."""

    modes: ClassVar[list[bool]] = []

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self.modes.append(self.async_mode)


def test_middleware_of_django_is_synchronous_wherever_it_stands(settings: Any) -> None:
    """Up to a synchronous view all is one part, in one thread, which is entered once."""
    first, *others, last = configured.MIDDLEWARE
    told = f"{__name__}.Telling"
    settings.MIDDLEWARE = [first, told, *others, told, last]
    Telling.modes.clear()
    get_application()
    assert Telling.modes == [False, False]


def test_middleware_and_view_run_in_one_thread_with_one_connection(
    site: Site,
) -> None:
    many = Site(4)
    answers = [looked(one) for one in many.ask_at_once("/looks", 40)]
    for found in answers:
        assert found["seen"] == 2 * [found["thread"]], "of the middleware around, and the view"
        assert not found["in transaction"]
    threads = {found["thread"] for found in answers}
    assert 1 < len(threads) <= 4
    assert len({(found["thread"], found["connection"]) for found in answers}) == len(threads)
    many.close()


@pytest.mark.parametrize("view", ["/looks", "/awaits"])
@pytest.mark.parametrize("before", ["/leaves", "/breaks"])
def test_nothing_of_a_request_is_left_for_the_next(site: Site, view: str, before: str) -> None:
    untouched, _, after = site.ask(view, before, view)
    first, second = looked(untouched), looked(after)
    assert first["thread"] == second["thread"], "we look where it would be"
    assert second == first


def test_a_transaction_that_was_left_open_is_over_for_the_next(site: Site) -> None:
    first, _, second = site.ask("/looks", "/opens", "/looks")
    before, after = looked(first), looked(second)
    assert not after.pop("in transaction")
    assert after.pop("connection") != before.pop("connection"), "it has another"
    assert after["thread"] == before["thread"]
