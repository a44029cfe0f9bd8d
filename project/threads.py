"""The threads of a web process: a few that stay, for all requests together.

Django under ASGI gives each request a thread of its own for as long as its response lasts: an open
stream of events keeps one idle, and a connection to the database is lost with it. Here a thread is
taken for the moments in which synchronous code runs, and keeps its connection for the next request.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from project.bodies import Application, Receive, Send


class SharedThreads:
    """Runs the synchronous parts of the application in at most so many threads.

    What belongs together, middleware and view, is one such part; others of the same request may
    run in another thread. Nothing here keeps a state in its thread from one part to another.
    """

    def __init__(self, application: Application, threads: int) -> None:
        self._application = application
        # Threads are started when they are needed: there are none yet when processes are forked.
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        async with ThreadSensitiveContext(executor=self._executor):
            await self._application(dict(scope), receive, send)
