"""Many watchers, one query: what all open streams show is read together, again and again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async

from project.connections import let_go

PAUSE_SECONDS = 0.5
"""Between looks, whatever the number of watchers."""


class Watch[Key, Value]:
    """Reads what is watched, in one thread, and gives each watcher the latest.

    A watcher holds neither a thread nor a connection: those of a look are given back after it.
    """

    def __init__(
        self, read: Callable[[frozenset[Key]], dict[Key, Value]], pause: float = PAUSE_SECONDS
    ) -> None:
        """`read` is what is known of these keys; of one that is missing no more is told."""
        self._read = read
        self._pause = pause
        # Each event loop looks for itself: queues and tasks belong to one.
        self._loops: WeakKeyDictionary[Any, _Round[Key, Value]] = WeakKeyDictionary()

    async def follow(self, key: Key) -> AsyncIterator[Value]:
        """The value now, and then whenever it has changed; ends where it is gone."""
        loop = asyncio.get_running_loop()
        of_loop = self._loops.get(loop)
        if of_loop is None:
            of_loop = self._loops[loop] = _Round(self._read, self._pause)
        mailbox: asyncio.Queue[Value | None] = asyncio.Queue(1)
        of_loop.add(key, mailbox)
        try:
            while (value := await mailbox.get()) is not None:
                yield value
        finally:
            of_loop.remove(key, mailbox)


class _Round[Key, Value]:
    """The watchers of one event loop."""

    def __init__(self, read: Callable[[frozenset[Key]], dict[Key, Value]], pause: float) -> None:
        self._read = read
        self._pause = pause
        self._watchers: dict[Key, dict[asyncio.Queue[Value | None], Value | None]] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, key: Key, mailbox: "asyncio.Queue[Value | None]") -> None:
        self._watchers.setdefault(key, {})[mailbox] = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_again_and_again())

    def remove(self, key: Key, mailbox: "asyncio.Queue[Value | None]") -> None:
        watchers = self._watchers.get(key, {})
        watchers.pop(mailbox, None)
        if not watchers:
            self._watchers.pop(key, None)

    async def _look_again_and_again(self) -> None:
        while self._watchers:
            found = await self._look(frozenset(self._watchers))
            for key in found.keys() & self._watchers.keys():
                for mailbox, last in list(self._watchers[key].items()):
                    if found[key] != last and mailbox.empty():
                        self._watchers[key][mailbox] = found[key]
                        mailbox.put_nowait(found[key])
            await asyncio.sleep(self._pause)

    async def _look(self, keys: frozenset[Key]) -> "dict[Key, Value | None]":
        try:
            found = await sync_to_async(_read_and_let_go, thread_sensitive=False)(self._read, keys)
        except Exception:  # the database is away: nothing is new
            return {}
        return {key: found.get(key) for key in keys}


def _read_and_let_go(read: Callable[[Any], Any], keys: Any) -> Any:
    try:
        return read(keys)
    finally:
        let_go()
