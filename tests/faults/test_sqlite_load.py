"""One SQLite file under load: two workers, a web process and programs that enqueue, all writing.

Whoever writes waits for its turn; nobody may be told that the database is locked.
"""

import json
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections

from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.states import State, WorkerState
from project.models import ApiToken
from tests.faults import ledger
from tests.faults.tasks import work
from tests.support import ROOT, WorkerProcess, environment, wait_until, worker_process
from tests.with_postgres import free_port

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has many writers"),
]

BACKLOG = 300  # unfinished tasks at most, so that the end does not keep the test waiting
AT_ONCE = 20  # tasks in one enqueue_many
PATIENCE = 60  # seconds; more than the lock timeout, whose error must be seen if it comes
READS = [
    "/readyz",
    "/api/v1/tasks",
    "/api/v1/tasks?state=READY",
    "/api/v1/tasks?state=SUCCESSFUL&queue=bulk",
    "/api/v1/queues",
    "/api/v1/queues/default",
    "/api/v1/workers",
]
SIGNS_OF_TROUBLE = ["locked", "Traceback", " ERROR ", "[ERROR]", "does not answer"]
# Django's own line about a task that was cancelled, which for django.tasks is one that failed.
OF_A_CANCEL = " ERROR django.tasks: Task id="


class Site:
    """The web part, as a user with a token sees it."""

    def __init__(self, address: str, token: str, log: Path) -> None:
        self.address = address
        self.log = log
        self.answers: Counter[str] = Counter()
        self._headers = {"Authorization": f"Bearer {token}"}

    def call(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """The status and the document; 5xx is nothing that a user may see."""
        url = f"http://{self.address}{path}"
        request = Request(url, method=method, headers=self._headers)
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                status, body = answer.status, answer.read()
        except HTTPError as refused:
            with refused:
                status, body = refused.code, refused.read()
        assert status < 500, f"{method} {path}: {status} {body!r}"
        self.answers[f"{method} {status}"] += 1
        return status, json.loads(body)


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    """The web part under gunicorn, as `make web` starts it."""
    address, log = f"127.0.0.1:{free_port()}", tmp_path / "web.log"
    user = User.objects.create_user("ana", is_staff=True)
    _, token = ApiToken.objects.issue(user=user, name="load")
    command = [sys.executable, "-m", "gunicorn", "--bind", address, "--workers", "2"]
    extra = {
        "SECRET_KEY": "of this test", "API_RATE": "100000000/m", "WEB_WARM_UP": "false",
        "WEB_THREADS": "4",
    }  # fmt: skip
    with log.open("w") as file:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment(**extra), stdout=file, stderr=file
        )

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        with suppress(URLError, ConnectionError), urlopen(f"http://{address}/healthz") as answer:
            return bool(answer.read() == b"ok\n")
        return False

    try:
        wait_until(answers, "the web server answers", 90)
        yield Site(address, token, log)
    finally:
        server.terminate()
        server.wait(timeout=60)


class Load:
    """What several programs do at once, each for ever: one step after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.enqueued: list[uuid.UUID] = []
        self.cancelled_at_once: set[uuid.UUID] = set()
        self.told_to_stop: set[uuid.UUID] = set()

    @property
    def programs(self) -> list[Callable[[], None]]:
        return [
            self.enqueue, self.enqueue_many, self.read, self.read, self.pause_and_resume,
            self.cancel,
        ]  # fmt: skip

    def enqueue(self) -> None:
        self._wait_for_room()
        queue = random.choice(["default", "bulk"])
        self.enqueued.append(uuid.UUID(work.using(queue_name=queue).enqueue().id))

    def enqueue_many(self) -> None:
        self._wait_for_room()
        results = work.enqueue_many([(0.001,)] * AT_ONCE)
        self.enqueued += [uuid.UUID(result.id) for result in results]

    def read(self) -> None:
        path = random.choice(READS)
        if self.enqueued and random.random() < 0.2:
            path = f"/api/v1/tasks/{random.choice(self.enqueued)}"
        status, _ = self.site.call(path)
        assert status == 200, path

    def pause_and_resume(self) -> None:
        for action, paused in (("pause", True), ("resume", False)):
            status, queue = self.site.call(f"/api/v1/queues/bulk/{action}", "POST")
            assert (status, queue["paused"]) == (200, paused)
            time.sleep(0.05)

    def cancel(self) -> None:
        """A new task, which most likely waits, or one that a worker has claimed."""
        task = uuid.UUID(work.using(queue_name="bulk").enqueue(0.02).id)
        self.enqueued.append(task)
        _, claimed = self.site.call("/api/v1/tasks?state=RUNNING")
        for one in [task, *(uuid.UUID(row["id"]) for row in claimed["items"][:1])]:
            status, _ = self.site.call(f"/api/v1/tasks/{one}/cancel", "POST")
            assert status in {200, 202, 409}
            if status != 409:  # that one has ended meanwhile
                (self.cancelled_at_once if status == 200 else self.told_to_stop).add(one)

    def _wait_for_room(self) -> None:
        while QueuedTask.objects.filter(finished_at=None).count() > BACKLOG:
            time.sleep(0.02)


def run_together(programs: list[Callable[[], None]], seconds: float) -> None:
    """Each in a thread, again and again, for so many seconds. Raises what one of them raised."""
    ends = time.monotonic() + seconds

    def repeat(program: Callable[[], None]) -> None:
        try:
            while time.monotonic() < ends:
                program()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(programs)) as pool:
        running = [pool.submit(repeat, program) for program in programs]
    for one in running:
        one.result()


def set_cancelled_aside(load: Load) -> int:
    """Look at what was cancelled, and take it out: the laws are about what was to succeed."""
    rows = QueuedTask.objects.finished(State.CANCELLED)
    cancelled = set(rows.values_list("id", flat=True))
    assert load.cancelled_at_once <= cancelled <= load.cancelled_at_once | load.told_to_stop
    assert not load.cancelled_at_once & ledger.runs().keys(), "it ran, though it was cancelled"
    with connection.cursor() as cursor:
        values = [[str(task)] for task in cancelled]
        cursor.executemany(f"DELETE FROM {ledger.TABLE} WHERE task = %s", values)
    for task in cancelled:
        QueuedTask.objects.filter(id=task).delete()
    return len(cancelled)


def check_logs(*logs: Path) -> None:
    for log in logs:
        lines = [line for line in log.read_text().splitlines() if OF_A_CANCEL not in line]
        bad = [line for line in lines if any(sign in line for sign in SIGNS_OF_TROUBLE)]
        assert bad == [], f"{log.name}: {bad[:20]}"


@pytest.fixture
def workers(transactional_db: None, tmp_path: Path) -> Iterator[list[WorkerProcess]]:
    arguments = ("--executor", "sequential", "--queues", "default,bulk", "--concurrency", "5")
    with (
        worker_process(tmp_path / "one.log", *arguments) as one,
        worker_process(tmp_path / "two.log", *arguments) as two,
    ):
        yield [one, two]


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(10, id="quick", marks=pytest.mark.brief),
        pytest.param(60, id="full", marks=pytest.mark.long),
    ],
)
def test_nobody_is_told_that_a_busy_sqlite_is_locked(
    site: Site, workers: list[WorkerProcess], seconds: int
) -> None:
    load = Load(site)
    with ledger.ledger():
        run_together(load.programs, seconds)
        ledger.wait_until_final(len(load.enqueued), 120)
        assert set(Worker.objects.values_list("state", flat=True)) == {WorkerState.ACTIVE}
        assert [worker.stop() for worker in workers] == [0, 0]
        cancelled = set_cancelled_aside(load)
        runs = ledger.check_laws(len(load.enqueued) - cancelled)
    check_logs(site.log, *(worker.log for worker in workers))
    # Within a task the error would be hidden by its retry.
    assert set(QueuedTask.objects.values_list("attempt", "failures")) == {(1, 0)}
    assert len({run.worker for its_runs in runs.values() for run in its_runs}) == 2
    assert load.cancelled_at_once
    print(f"{len(runs)} tasks ran, {cancelled} were cancelled; {dict(site.answers)}")
