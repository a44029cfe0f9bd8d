"""ASGI entry point: pages that are told of progress need it."""

import os

from django.conf import settings

from project.bodies import BodyLimit
from project.handler import get_application
from project.startup import demand_secret_key
from project.threads import SharedThreads

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = BodyLimit(SharedThreads(get_application(), settings.WEB_THREADS))
demand_secret_key()
