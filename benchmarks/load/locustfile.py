"""The users of `make load` and `make soak`, for Locust: what they ask for, and how often.

Runs in .venv-load and imports nothing of the project. `python -m benchmarks.load` tells it through
the environment what there is to ask for; its address is one of this machine.
"""

import hashlib
import json
import os
import random
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from locust import FastHttpUser, HttpUser, constant, constant_pacing, events, task

STATUS = os.environ.get("LOAD_STATUS", "")
"""The path of a job that has ended."""
SHA256 = os.environ.get("LOAD_SHA256", "")
LEDGER = os.environ.get("LOAD_LEDGER", "")
"""What was accepted goes there, a line of JSON for each job."""
SUBMISSIONS = int(os.environ.get("LOAD_SUBMISSIONS", "0"))
DOWNLOADS = int(os.environ.get("LOAD_DOWNLOADS", "0"))
SESSIONS = os.environ.get("LOAD_SESSIONS", "").split(",")
TOKEN = {"Authorization": f"Bearer {os.environ.get('LOAD_TOKEN', '')}"}
SLOWLY = 0.02
STREAM_SECONDS = 20.0
SERVICES = json.loads(os.environ.get("LOAD_SERVICES", "[]"))
"""Paths of services, each with a body to send."""

_environment: Any = None
_written = threading.Lock()


@events.init.add_listener
def _remember(environment: Any, **_: Any) -> None:
    global _environment
    _environment = environment


class Budget:
    """So many of something; the whole run ends when all of them are done."""

    def __init__(self, count: int) -> None:
        self.count, self._given, self._left = count, 0, count

    def take(self) -> int | None:
        """The number of the next one, if there is one."""
        if self._given >= self.count:
            return None
        self._given += 1
        return self._given

    def done(self) -> None:
        self._left -= 1
        if self._left == 0:
            _environment.runner.quit()


submissions, downloads = Budget(SUBMISSIONS), Budget(DOWNLOADS)


class Asking(FastHttpUser):
    """Asks how a job is, again and again."""

    wait_time = constant(0)

    @task
    def status(self) -> None:
        self.client.get(STATUS, headers=TOKEN, name="status")


class Submitting(FastHttpUser):
    """Orders games; every tenth time the answer is thought lost, and the same is sent again."""

    wait_time = constant(0)

    @task
    def submit(self) -> None:
        number = submissions.take()
        if number is None:
            self.stop()
            return
        quantity, key = random.randint(1, 500), str(uuid.uuid4())
        ids = {self._sent(quantity, number, key) for _ in range(2 if number % 10 == 0 else 1)}
        with _written, open(LEDGER, "a") as ledger:
            for job in ids - {None}:
                ledger.write(json.dumps({"job": job, "quantity": quantity}) + "\n")
        submissions.done()

    def _sent(self, quantity: int, seed: int, key: str) -> str | None:
        order = {"lottery": "mega-sena", "quantity": quantity, "constraints": {"seed": seed}}
        headers = {**TOKEN, "Idempotency-Key": key}
        with self.client.post(
            "/api/v1/generation/jobs", json=order, headers=headers, name="submit",
            catch_response=True,
        ) as answer:  # fmt: skip
            if answer.status_code not in (200, 202):
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
                return None
            return str(answer.json()["id"])


class _Streaming(HttpUser):
    abstract = True

    def _read(
        self, path: str, name: str, until: float | None = None, **options: Any
    ) -> Iterator[bytes]:
        """The pieces of an answer; of one without an end those until then."""
        with self.client.get(
            path, name=name, stream=True, catch_response=True, timeout=120, **options
        ) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
                return
            for piece in answer.iter_content(65_536):
                if until is not None and time.monotonic() > until:
                    return
                yield piece
            if until is not None:
                answer.failure("it ended by itself")


class _Taking(_Streaming):
    abstract = True

    def _take(self, *, slowly: bool) -> None:
        known = hashlib.sha256()
        for piece in self._read(f"{STATUS}/download", "download", headers=TOKEN):
            known.update(piece)
            if slowly:
                time.sleep(SLOWLY)
        if known.hexdigest() != SHA256:
            _environment.events.request.fire(
                request_type="GET", name="whole download", response_time=0, response_length=0,
                exception=ValueError("the file is not the one that was made"), context={},
            )  # fmt: skip


class Downloading(_Taking):
    """Takes a file once, every other one slowly."""

    wait_time = constant(0)

    @task
    def download(self) -> None:
        number = downloads.take()
        if number is None:
            self.stop()
            return
        self._take(slowly=number % 2 == 0)
        downloads.done()


# For the soak: all of it at once, at the pace of people and programs.
class SteadyAsking(Asking):
    weight = 8
    wait_time = constant_pacing(0.5)


class SteadyDownloading(_Taking):
    weight = 2
    wait_time = constant_pacing(20)

    @task
    def download(self) -> None:
        self._take(slowly=True)


class SteadySubmitting(Submitting):
    weight = 1
    wait_time = constant_pacing(2)


class Reading(FastHttpUser):
    """Looks at pages."""

    weight = 4
    wait_time = constant_pacing(3)

    def on_start(self) -> None:
        self._cookie = {"Cookie": f"sessionid={random.choice(SESSIONS)}"}

    @task
    def page(self) -> None:
        path = random.choice(["/", "/games/", "/games/new/", "/services/", "/runtime/"])
        self.client.get(path, headers=self._cookie, name="page")


class Watching(_Streaming):
    """Keeps the page of a job open for a while."""

    weight = 10
    wait_time = constant_pacing(STREAM_SECONDS + 5)

    @task
    def watch(self) -> None:
        until = time.monotonic() + STREAM_SECONDS
        path = STATUS.replace("/api/v1/generation/jobs/", "/games/") + "/events/"
        cookies = {"Cookie": f"sessionid={random.choice(SESSIONS)}"}
        for _ in self._read(path, "stream", until, headers=cookies):
            pass


class Calculating(FastHttpUser):
    """Asks a service."""

    weight = 1
    wait_time = constant_pacing(8)  # longer than gunicorn keeps an idle connection, not as long

    @task
    def calculate(self) -> None:
        path, body = random.choice(SERVICES)
        self.client.post(path, json=body, headers=TOKEN, name="service")
