"""How a request comes from the server to a view: into a thread once, for middleware and view."""

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Runs middleware and view as plain functions, as under WSGI.

    Django's own handler looks for the view in its event loop, and goes into a thread and back for
    each synchronous part on the way: for a short answer that costs more than the answer. Responses
    are still sent by the event loop, so a stream keeps no thread.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """As for WSGI, whatever is asked for; the event loop waits for all of it in one."""
        super().load_middleware(is_async=False)
        chain = self._middleware_chain  # type: ignore[has-type]

        def answer(request: HttpRequest) -> HttpResponseBase:
            # Here, in the thread that uses them: Django's signal comes to any thread of the pool.
            close_old_connections()
            response: HttpResponseBase = chain(request)
            return response

        self._middleware_chain = sync_to_async(answer, thread_sensitive=True)


def get_application() -> OneThreadHandler:
    """Django's `get_asgi_application`, with this handler."""
    django.setup(set_prefix=False)
    return OneThreadHandler()
