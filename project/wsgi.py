"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from project.startup import demand_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = get_wsgi_application()
demand_secret_key()
