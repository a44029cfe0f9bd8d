"""Progress as a stream of events: one look for all who watch, and no connection held."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import AsyncClient, Client

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import State
from generation.models import GenerationJob
from pages.live import streams
from pages.live.streams import _open
from pages.live.watching import Watch
from tests.web.jobs import add_job

pytestmark = pytest.mark.django_db(transaction=True)

SOON = 20.0


@pytest.fixture(autouse=True)
def _views_let_go() -> Iterator[None]:
    """Without a server, all requests of a process share a thread, whose connection stays."""
    yield
    asyncio.run(sync_to_async(connections.close_all)())


def in_thread[T](work: Callable[[], T]) -> Awaitable[T]:
    """Beside the event loop, in which Django forbids the database."""

    def closed() -> T:
        try:
            return work()
        finally:
            connection.close()

    return asyncio.get_running_loop().run_in_executor(None, closed)


async def first(values: AsyncIterator[Any]) -> Any:
    return await asyncio.wait_for(anext(values), SOON)


def test_many_watchers_cost_one_look() -> None:
    looks: list[int] = []

    def read(keys: frozenset[int]) -> dict[int, int]:
        looks.append(len(keys))
        return {key: len(looks) for key in keys}

    async def watch(watchers: int) -> int:
        looks.clear()
        watch = Watch(read, pause=0.01)
        streams = [watch.follow(key % 3) for key in range(watchers)]
        for _ in range(5):
            await asyncio.gather(*map(first, streams))
        for stream in streams:
            await stream.aclose()  # type: ignore[attr-defined]
        return len(looks)

    assert asyncio.run(watch(60)) <= 3 * asyncio.run(watch(1))
    assert max(looks) == 1


def test_a_watcher_hears_of_changes_and_of_the_end() -> None:
    state = {"a": 1}
    seen = threading.Event()

    def read(keys: frozenset[str]) -> dict[str, int]:
        seen.set()
        return {key: state[key] for key in keys if key in state}

    async def watch() -> list[int]:
        stream = Watch(read, pause=0.01).follow("a")
        heard = [await first(stream)]
        state["a"] = 2
        heard.append(await first(stream))
        del state["a"]
        return heard + [value async for value in stream]

    assert asyncio.run(watch()) == [1, 2]


def test_looks_end_with_the_last_watcher() -> None:
    looks: list[int] = []

    def read(keys: frozenset[int]) -> dict[int, int]:
        looks.append(len(keys))
        return {key: len(looks) for key in keys}

    async def watch() -> int:
        stream = Watch(read, pause=0.01).follow(1)
        await first(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        others = asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]
        await asyncio.wait(others, timeout=SOON)
        return len(asyncio.all_tasks())

    assert asyncio.run(watch()) == 1


def test_an_outage_of_the_database_is_waited_out() -> None:
    answers: list[Any] = [OSError("away"), {1: "there"}]

    def read(keys: frozenset[int]) -> dict[int, str]:
        answer = answers.pop(0) if answers else {1: "there"}
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    async def watch() -> str:
        return str(await first(Watch(read, pause=0.01).follow(1)))

    assert asyncio.run(watch()) == "there"


@pytest.fixture
def job(user: User) -> GenerationJob:
    return add_job(State.RUNNING, owner=user, games_done=100)


def end(job: GenerationJob) -> None:
    GenerationJob.objects.filter(pk=job.pk).update(games_done=500)
    QueuedTask.objects.filter(pk=job.task_id).update(
        state=State.SUCCESSFUL, worker=None, finished_at=job.created_at
    )


async def html_of(stream: AsyncIterator[bytes]) -> str:
    """The next fragment."""
    while True:
        event = (await first(stream)).decode()
        if event.startswith("data: "):
            return str(json.loads(event.removeprefix("data: ")))


def test_a_job_is_told_of_until_it_has_ended(user: User, job: GenerationJob) -> None:
    client = AsyncClient()

    async def watch() -> tuple[str, str]:
        await client.aforce_login(user)
        answer = await client.get(f"/games/{job.id}/events/")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["X-Accel-Buffering"] == "no"
        stream = aiter(answer.streaming_content)
        before = await html_of(stream)
        await in_thread(lambda: end(job))
        after = await html_of(stream)
        while "data-ended" not in after:  # its time to go changes meanwhile
            after = await html_of(stream)
        await stream.aclose()
        return before, after

    before, after = asyncio.run(watch())
    assert "100" in before
    assert "data-ended" not in before
    assert "500" in after


def test_a_reader_has_a_few_streams_and_no_more(
    user: User, job: GenerationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.live.streams.MOST_STREAMS", 2)
    client = AsyncClient()
    client.force_login(user)

    async def opened() -> Any:
        """A stream that has begun; None where it is refused."""
        answer = await client.get(f"/games/{job.id}/events/")
        if answer.status_code == 429:
            return None
        await html_of(aiter(answer.streaming_content))
        return answer

    async def watch() -> list[bool]:
        answers = [await opened() for _ in range(3)]
        # As the server does when a client has gone, in another thread.
        await asyncio.to_thread(answers[0].close)
        again = await opened()
        for answer in (answers[1], again):
            answer.close()
        await asyncio.sleep(0)
        return [answer is not None for answer in (*answers, again)]

    assert asyncio.run(watch()) == [True, True, False, True]
    assert _open[user.pk] == 0


@pytest.mark.parametrize("who", ["nobody", "eve"])
def test_others_are_told_nothing(job: GenerationJob, who: str) -> None:
    client = AsyncClient()
    if who == "eve":
        client.force_login(User.objects.create_user("eve"))

    async def status() -> int:
        return int((await client.get(f"/games/{job.id}/events/")).status_code)

    assert asyncio.run(status()) == 404


def test_where_no_stream_is_possible_browsers_are_told_to_ask(
    client: Client, user: User, job: GenerationJob
) -> None:
    client.force_login(user)
    assert client.get(f"/games/{job.id}/events/").status_code == 204
    assert "100" in client.get(f"/games/{job.id}/progress/").content.decode()


def test_open_streams_hold_no_connection(
    user: User, job: GenerationJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.live.streams.MOST_STREAMS", 20)
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to count")
    client = AsyncClient()
    client.force_login(user)

    def connections() -> int:
        with connection.cursor() as cursor:
            # Idle ones: a look may be under way.
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' AND state_change < now() - '1s'::interval"
            )
            return int(cursor.fetchone()[0])

    async def watch() -> int:
        answers = [await client.get(f"/games/{job.id}/events/") for _ in range(20)]
        streams = [aiter(answer.streaming_content) for answer in answers]
        await asyncio.gather(*map(html_of, streams))
        found = await in_thread(connections)
        for stream in streams:
            await stream.aclose()
        return found

    before = connections()
    connection.close()
    assert asyncio.run(watch()) <= before + 1  # that of this test


def test_a_file_comes_in_pieces(user: User, tmp_path: Any, settings: Any) -> None:
    settings.GENERATION_RESULTS_DIR = tmp_path
    job = add_job(State.SUCCESSFUL, owner=user)
    content = b"n1,n2\n" + b"1,2\n" * 100_000
    job.path.write_bytes(content)
    GenerationJob.objects.filter(pk=job.pk).update(size=len(content))
    client = AsyncClient()
    client.force_login(user)

    async def download() -> list[bytes]:
        answer = await client.get(f"/api/v1/generation/jobs/{job.id}/download")
        assert answer.headers["Content-Length"] == str(len(content))
        assert answer.is_async
        return [piece async for piece in answer.streaming_content]

    pieces = asyncio.run(download())
    assert b"".join(pieces) == content
    assert len(pieces) > 10


def test_a_stream_that_nobody_ever_reads_is_not_counted_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who leaves between the answer and its first event: the stream is told of it by nobody."""
    monkeypatch.setattr(streams, "LONGEST_SECONDS", 0.0)
    monkeypatch.setattr(streams, "ALIVE_SECONDS", 0.0)

    async def values() -> AsyncIterator[str]:
        yield "never asked for"

    async def never_read() -> list[int]:
        counts = []
        stream = streams._Stream("reader", values(), str)
        counts.append(_open["reader"])
        while _open["reader"]:
            await asyncio.sleep(0)
        stream.close()
        await asyncio.sleep(0)
        return [*counts, _open["reader"]]

    assert asyncio.run(asyncio.wait_for(never_read(), 60)) == [1, 0]
