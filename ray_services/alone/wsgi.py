"""WSGI entry point of a service that runs alone."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "ray_services.alone.settings"
application = get_wsgi_application()
