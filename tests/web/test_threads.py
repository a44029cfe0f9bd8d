"""The threads of a web process: few, for what computes, and with connections that stay."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections

from project.handler import get_application
from project.models import ApiToken
from project.threads import SharedThreads

SOON = 60.0


class Waiting:
    """An application that works in a thread, waits, and works in a thread again."""

    def __init__(self) -> None:
        self.go_on, self.threads, self.begun = asyncio.Event(), set[int](), 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.threads.add(await sync_to_async(threading.get_ident)())
        self.begun += 1
        await self.go_on.wait()
        self.threads.add(await sync_to_async(threading.get_ident)())


def test_responses_under_way_hold_no_thread() -> None:
    async def many() -> Waiting:
        waiting = Waiting()
        application = SharedThreads(waiting, 2)
        async with asyncio.timeout(SOON), asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(application({"type": "http"}, None, None))  # type: ignore[arg-type]
            while waiting.begun < 50:
                await asyncio.sleep(0)
            waiting.go_on.set()
        return waiting

    assert len(asyncio.run(many()).threads) <= 2


class Server:
    """The project's own application in two threads, asked without a network."""

    def __init__(self, token: str, before: set[int]) -> None:
        self._before = before
        self._application = SharedThreads(get_application(), 2)
        self._headers = [(b"authorization", f"Bearer {token}".encode()), (b"host", b"localhost")]

    async def status(self) -> int:
        scope = {
            "type": "http", "method": "GET", "path": "/api/v1/whoami", "headers": self._headers,
            "query_string": b"", "root_path": "",
        }  # fmt: skip
        asked = ApplicationCommunicator(self._application, scope)
        await asked.send_input({"type": "http.request", "body": b""})
        start = await asked.receive_output(SOON)
        await asked.wait(SOON)
        return int(start["status"])

    async def statuses(self, count: int) -> list[int]:
        return await asyncio.gather(*(self.status() for _ in range(count)))

    def connections(self) -> set[int]:
        """Those that were not there before: a Ray of other tests may have some."""
        return others() - self._before

    def close(self) -> None:
        """Each thread its connection, which would keep the test's database open."""
        both = threading.Barrier(2)

        def close() -> None:
            both.wait(SOON)
            connections.close_all()

        for one in [self._application._executor.submit(close) for _ in range(2)]:
            one.result(SOON)


@pytest.fixture(autouse=True)
def _without_djangos_receivers() -> Iterator[None]:
    """As in `project.asgi`: who closes old connections is the handler alone."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to count")
    _, token = ApiToken.objects.issue(user=User.objects.create_user("ana"), name="t")
    server = Server(token, others())
    yield server
    server.close()


def others() -> set[int]:
    """The connections of others to this test's database, as PostgreSQL knows them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


@pytest.mark.database
def test_threads_keep_their_connections_from_request_to_request(server: Server) -> None:
    assert set(asyncio.run(server.statuses(10))) == {200}
    first = server.connections()
    assert 1 <= len(first) <= 2
    assert set(asyncio.run(server.statuses(10))) == {200}
    assert first <= server.connections()
    assert len(server.connections()) <= 2


@pytest.mark.database
def test_a_connection_that_was_lost_meanwhile_is_made_anew(server: Server) -> None:
    asyncio.run(server.statuses(10))
    lost = server.connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) pid", [list(lost)])
    assert set(asyncio.run(server.statuses(10))) == {200}
    assert not server.connections() & lost
