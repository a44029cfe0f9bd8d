"""What processes use while something else goes on, looked at from a thread."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import psutil

SAMPLE_SECONDS = 0.5


class Watch(ABC):
    """Calls `look` again and again during the block, in a thread."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @abstractmethod
    def look(self) -> None:
        """What is done each time; the first time at once."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.look()
            if self._ended.wait(self._pause):
                return


class Peak(Watch):
    """The largest of what `measure` says during the block, as `value`."""

    def __init__(self, measure: Callable[[], float], pause: float = SAMPLE_SECONDS) -> None:
        super().__init__(pause)
        self._measure = measure
        self.value = 0.0

    def look(self) -> None:
        with suppress(psutil.Error):  # a process has ended meanwhile
            self.value = max(self.value, self._measure())


def client_connections() -> int:
    """Connections to PostgreSQL of all but the one that counts, as the server knows them."""
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])
    finally:
        connection.close()
