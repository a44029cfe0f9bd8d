"""The project's settings with one more application, which declares periodic tasks."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.periodic_app"]
