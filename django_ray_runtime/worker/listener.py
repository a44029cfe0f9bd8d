"""Being told that something can be claimed, in a thread with a connection: LISTEN on PostgreSQL, on
SQLite the counter of writes that the file keeps.

The worker looks by itself too: now and then where notices arrive, often where they do not, as
behind a pool that changes connections between transactions. Whether they arrive is asked from time
to time by a notice that another connection sends: one that died without a word hears nothing.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.store.notices import CHANNEL, Notice

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between looks at whether to stop."""
AGAIN_SECONDS = 1.0
"""Between attempts to listen while the database does not answer."""
QUIET_SECONDS = 15.0
"""Between looks of the worker where notices arrive."""
ASK_SECONDS = 60.0
"""Between questions whether notices arrive."""
ANSWER_SECONDS = 5.0
"""Until such a question must have been heard."""


class Listener:
    """Calls `ring` for each notice, from a thread, until it is stopped."""

    def __init__(self, alias: str, ring: Callable[[Notice], None]) -> None:
        self.hears = False  # notices arrive
        self._alias = alias
        self._ring = ring
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and wait for the thread's end."""
        self._stopped.set()
        self._thread.join()

    def patience(self, otherwise: float) -> float:
        """How long the worker may go without a look of its own; `otherwise` where it hears nothing.
        Behind a pool it may hear itself and nobody else."""
        pooled = connections[self._alias].settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
        return QUIET_SECONDS if self.hears and not pooled else otherwise

    def _run(self) -> None:
        listen = _LISTEN[connections[self._alias].vendor]
        while not self._stopped.is_set():
            connection = connections.create_connection(self._alias)
            try:
                listen(self, connection)
            except _errors() as error:
                logger.debug("Notices are not heard: %s", error)
            finally:
                self.hears = False
                connection.close()
            self._stopped.wait(AGAIN_SECONDS)

    def _listen(self, connection: Any) -> None:
        """On PostgreSQL, until a question of its own is not heard."""
        mine = uuid.uuid4().hex
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._ring_for_all()
        asked = answered = float("-inf")
        while not self._stopped.is_set():
            if answered >= asked and time.monotonic() >= asked + ASK_SECONDS:
                self._ask(mine)
                asked = time.monotonic()
            quiet = True
            for notice in connection.connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                quiet = False
                if notice.payload == mine:
                    answered, self.hears = time.monotonic(), True
                elif notice.payload in set(Notice):
                    self._ring(Notice(notice.payload))
            # Judged once all that came was read.
            if quiet and answered < asked < time.monotonic() - ANSWER_SECONDS:
                logger.warning("Notices do not arrive: the worker looks by itself more often.")
                self.hears = False
                self._stopped.wait(ASK_SECONDS)
                return

    def _ask(self, payload: str) -> None:
        """Send it through a connection of its own, by one statement: it needs no state."""
        wrapper: Any = connections.create_connection(self._alias)
        connection = wrapper.get_new_connection(wrapper.get_connection_params())
        try:
            connection.autocommit = True
            connection.execute(f"NOTIFY {CHANNEL}, '{payload}'")
        finally:
            connection.close()

    def _watch(self, connection: Any) -> None:
        """On SQLite. The counter tells of writes through other connections."""
        pause = runtime_settings().poll_min_seconds
        with connection.cursor() as cursor:
            seen = None
            while not self._stopped.is_set():
                [(version,)] = cursor.execute("PRAGMA data_version").fetchall()
                if version != seen:
                    self._ring_for_all()
                seen, self.hears = version, True
                time.sleep(pause)

    def _ring_for_all(self) -> None:
        for notice in Notice:
            self._ring(notice)


_LISTEN: dict[str, Callable[[Listener, Any], None]] = {
    "postgresql": Listener._listen,
    "sqlite": Listener._watch,
}


def _errors() -> tuple[type[Exception], ...]:
    try:
        from psycopg import Error  # there where the database is PostgreSQL
    except ImportError:
        return DatabaseError, InterfaceError
    return DatabaseError, InterfaceError, Error
