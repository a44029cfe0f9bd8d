"""How a request comes from the server to a view: into a thread once, for all of it."""

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThreadHandler(ASGIHandler):
    """Runs middleware and view as plain functions, as under WSGI.

    Django's own handler looks for the view in its event loop, and goes into a thread and back for
    each synchronous part on the way: for a short answer that costs more than the answer. Responses
    are still sent by the event loop, so a stream keeps no thread.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """As for WSGI, whatever is asked for; what is asynchronous gets the whole."""
        super().load_middleware(is_async=False)
        chain = self._middleware_chain  # type: ignore[has-type]
        self._middleware_chain = sync_to_async(chain, thread_sensitive=True)


def get_application() -> OneThreadHandler:
    """Django's `get_asgi_application`, with this handler."""
    django.setup(set_prefix=False)
    return OneThreadHandler()
