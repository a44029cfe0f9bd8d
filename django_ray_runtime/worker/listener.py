"""Being told that something can be claimed: LISTEN on PostgreSQL, in a thread with a connection.

The worker looks by itself too, so that it goes on where notices do not arrive, as behind a pool
that changes connections between transactions.
"""

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connections

from django_ray_runtime.store.notices import CHANNEL

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between looks at whether to stop."""
AGAIN_SECONDS = 1.0
"""Between attempts to listen while the database does not answer."""


def listen(alias: str, ring: Callable[[], None]) -> Callable[[], None]:
    """Call `ring` for each notice, from a thread. Returns what ends it, and waits for that."""
    if connections[alias].vendor != "postgresql":
        return lambda: None
    stopped = threading.Event()
    thread = threading.Thread(
        target=_listen, args=(alias, ring, stopped), name="listener", daemon=True
    )
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join()

    return stop


def _listen(alias: str, ring: Callable[[], None], stopped: threading.Event) -> None:
    from psycopg import Error  # there where the database is PostgreSQL

    while not stopped.is_set():
        connection = connections.create_connection(alias)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            ring()  # for what came before
            while not stopped.is_set():
                for _ in connection.connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                    ring()
        except (DatabaseError, InterfaceError, Error) as error:
            logger.debug("Notices are not heard: %s", error)
        finally:
            connection.close()
        stopped.wait(AGAIN_SECONDS)
