"""Those who use a site that is measured: they ask, watch and download, all on this machine."""

import asyncio
import hashlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import quantiles
from typing import Any

import aiohttp

PATIENCE = aiohttp.ClientTimeout(total=None, sock_read=120)
PIECE = 65_536


@asynccontextmanager
async def client(**headers: str) -> AsyncIterator[aiohttp.ClientSession]:
    """With as many connections as it needs; each is kept from one request to the next."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        headers=headers, connector=connector, timeout=PATIENCE
    ) as session:
        yield session


async def ask(url: str, headers: dict[str, str], requests: int, askers: int) -> list[float]:
    """The seconds that each of `requests` took, by so many askers, each waiting for its answer."""
    took: list[float] = []
    left = iter(range(requests))

    async def one(session: aiohttp.ClientSession) -> None:
        for _ in left:
            began = time.perf_counter()
            async with session.get(url) as answer:
                await answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{url} answered {answer.status}")
            took.append(time.perf_counter() - began)

    async with client(**headers) as session:
        await asyncio.gather(*(one(session) for _ in range(askers)))
    return took


def p95(seconds: Sequence[float]) -> float:
    """In milliseconds."""
    return 1000 * quantiles(seconds, n=20)[-1]


@asynccontextmanager
async def watching(url: str, sessions: Sequence[str], streams: int) -> AsyncIterator[None]:
    """So many open streams of events, divided among the owners of these sessions; each has been
    told something. Raises RuntimeError where one has ended meanwhile."""
    begun = asyncio.Barrier(streams + 1)

    async def listen(session: aiohttp.ClientSession, cookie: str) -> None:
        async with session.get(url, headers={"Cookie": f"sessionid={cookie}"}) as answer:
            line = await answer.content.readline()
            if answer.status != 200 or not line.startswith(b"data: "):
                raise RuntimeError(f"{url} answered {answer.status} with {line!r}")
            await begun.wait()
            async for _ in answer.content:
                pass
        raise RuntimeError(f"a stream of {url} has ended")

    async with client() as session, asyncio.TaskGroup() as tasks:
        owners = itertools.islice(itertools.cycle(sessions), streams)
        listeners = [tasks.create_task(listen(session, cookie)) for cookie in owners]
        await begun.wait()
        yield
        for listener in listeners:
            listener.cancel()


async def download(
    urls: Sequence[str], headers: dict[str, str], pause: float, slow: int
) -> list[str]:
    """The SHA-256 of what each address gave, all at once. The first `slow` of them wait for so many
    seconds after each piece."""

    async def one(session: aiohttp.ClientSession, url: str, wait: float) -> str:
        async with session.get(url) as answer:
            known = hashlib.sha256()
            async for piece in answer.content.iter_chunked(PIECE):
                known.update(piece)
                await asyncio.sleep(wait)
        return known.hexdigest()

    async with client(**headers) as session:
        waits = [pause if number < slow else 0.0 for number in range(len(urls))]
        return await asyncio.gather(*map(one, itertools.repeat(session), urls, waits))


async def answer_seconds(url: str, headers: dict[str, str], body: Any) -> float:
    """How long one question to a service takes."""
    began = time.perf_counter()
    async with client(**headers) as session, session.post(url, json=body) as answer:
        text = await answer.text()
        if answer.status not in (200, 202):  # what is large goes through the queue
            raise RuntimeError(f"{url} answered {answer.status}: {text[:300]}")
        json.loads(text)
    return time.perf_counter() - began
