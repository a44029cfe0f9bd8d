"""ASGI entry point: pages that are told of progress need it."""

import os

from django.core.asgi import get_asgi_application

from project.bodies import BodyLimit
from project.startup import demand_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
os.environ.setdefault("CONN_MAX_AGE", "0")
application = BodyLimit(get_asgi_application())
demand_secret_key()
