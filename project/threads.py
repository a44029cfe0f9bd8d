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

    asgiref means an executor of a ThreadSensitiveContext to be one thread, in which all that is
    synchronous in a request runs. This one has several, and keeps less: what belongs together,
    middleware and the view, is one part in one thread (`project.handler`). Other parts of the
    same request, such as a second `sync_to_async` after an await, may run in another thread; so
    nothing keeps a state in its thread from one part to another. What is not threads' own
    (language, time zone) belongs to the request's context. `tests/web/test_thread_state.py` holds
    all this.
    """

    def __init__(self, application: Application, threads: int) -> None:
        self._application = application
        # Threads are started when they are needed: there are none yet when processes are forked.
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        async with ThreadSensitiveContext(executor=self._executor):
            await self._application(dict(scope), receive, send)
