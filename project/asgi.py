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
# Either would send each request to a thread once more, and maybe not to its own. To close old
# connections is the handler's part; the list of queries, kept in DEBUG only, has an end of its own.
request_started.disconnect(close_old_connections)
request_started.disconnect(reset_queries)
