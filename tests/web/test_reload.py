"""Other processes take over while requests, a download and a stream of events are under way."""

import asyncio
import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_ray_runtime.states import State
from generation.models import GenerationJob
from project.models import ApiToken
from tests.support import wait_until
from tests.web.jobs import add_job
from tests.web.served import ENVIRONMENT, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database, pytest.mark.slow]

ASKING = 4
SOON = 60.0
CONTENT = os.urandom(12_000_000)
"""More than the buffers of both ends hold together."""


@pytest.fixture
def job(tmp_path: Path, settings: Any) -> GenerationJob:
    settings.GENERATION_RESULTS_DIR = tmp_path
    settings.SECRET_KEY = ENVIRONMENT["SECRET_KEY"]  # with which sessions are signed
    job = add_job(State.SUCCESSFUL, owner=User.objects.create_user("ana"))
    job.path.write_bytes(CONTENT)
    GenerationJob.objects.filter(pk=job.pk).update(size=len(CONTENT))
    return job


class Site:
    """What is asked for, of a site in two processes."""

    def __init__(self, address: str, master: "subprocess.Popen[bytes]", job: GenerationJob) -> None:
        assert job.owner is not None
        client = Client()
        client.force_login(job.owner)
        _, token = ApiToken.objects.issue(user=job.owner, name="t")
        self.master = master
        self.status = f"{address}/api/v1/generation/jobs/{job.id}"
        self.events = f"{address}/games/{job.id}/events/"
        self.token = {"Authorization": f"Bearer {token}"}
        self.session = {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}
        self.first = self.workers()
        self.answered, self.over = 0, asyncio.Event()

    def workers(self) -> set[int]:
        return {one.pid for one in psutil.Process(self.master.pid).children()}

    async def ask(self, client: aiohttp.ClientSession) -> None:
        """Again and again, until it is over; each must be answered."""
        while not self.over.is_set():
            async with client.get(self.status, headers=self.token) as answer:
                assert answer.status == 200
                await answer.read()
            self.answered += 1

    async def download(self, client: aiohttp.ClientSession, begun: asyncio.Event) -> str:
        """Its checksum; most of it is not read before the process that sends it has to end."""
        async with client.get(f"{self.status}/download", headers=self.token) as answer:
            known = hashlib.sha256(await answer.content.readexactly(1000))
            begun.set()
            await self.others_serve()
            async for piece in answer.content.iter_any():
                known.update(piece)
        return known.hexdigest()

    async def listen(self, client: aiohttp.ClientSession, begun: asyncio.Event) -> bytes:
        """What came last of a stream that ended as it should: otherwise aiohttp raises."""
        async with client.get(self.events, headers=self.session) as answer:
            assert answer.status == 200
            last = await answer.content.readline()
            begun.set()
            async for line in answer.content:
                last = line.strip() or last
        return last

    async def others_serve(self) -> None:
        await asyncio.to_thread(
            wait_until, lambda: self.workers() - self.first, "processes take over", SOON
        )

    async def first_have_gone(self) -> None:
        await asyncio.to_thread(
            wait_until, lambda: not self.workers() & self.first, "the first have gone", SOON
        )


@pytest.fixture
def site(job: GenerationJob, tmp_path: Path) -> Iterator[Site]:
    # Nothing changes about a job that has ended: this stream would last for ten minutes.
    where = {"RESULTS_DIR": str(tmp_path), "WEB_CONCURRENCY": "2", "API_RATE": "1000000/m"}
    with serving(tmp_path / "web.log", **where) as (address, master):
        yield Site(address, master, job)


async def reload(site: Site) -> tuple[str, bytes]:
    begun = [asyncio.Event(), asyncio.Event()]
    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as tasks:
        download = tasks.create_task(site.download(client, begun[0]))
        stream = tasks.create_task(site.listen(client, begun[1]))
        for _ in range(ASKING):
            tasks.create_task(site.ask(client))
        for event in begun:
            await asyncio.wait_for(event.wait(), SOON)
        site.master.send_signal(signal.SIGHUP)
        await site.first_have_gone()
        before = site.answered
        async with client.get(site.events, headers=site.session) as again:
            assert again.status == 200  # as a browser does, a second later
        while site.answered < before + 20:
            await asyncio.sleep(0.01)
        site.over.set()
    return download.result(), stream.result()


def test_processes_are_replaced_without_a_failure(site: Site) -> None:
    checksum, last = asyncio.run(asyncio.wait_for(reload(site), 2 * SOON))
    assert checksum == hashlib.sha256(CONTENT).hexdigest()
    assert last == b"retry: 1000"
    assert site.answered > 20
