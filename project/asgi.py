"""ASGI entry point: pages that are told of progress need it."""

import os

from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries

from project.bodies import BodyLimit
from project.handler import get_application
from project.startup import demand_secret_key
from project.threads import SharedThreads

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = BodyLimit(SharedThreads(get_application(), settings.WEB_THREADS))
demand_secret_key()
# Either would send each request to a thread once more. Old connections are PiecesMiddleware's to
# close, in the thread that uses them; a list of queries is kept in DEBUG only.
request_started.disconnect(close_old_connections)
if not settings.DEBUG:
    request_started.disconnect(reset_queries)
