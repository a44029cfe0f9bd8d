"""WSGI entry point of a service that runs alone."""

import os

from django.core.wsgi import get_wsgi_application

from ray_services.alone import warm

os.environ["DJANGO_SETTINGS_MODULE"] = "ray_services.alone.settings"
application = get_wsgi_application()
warm.start()
