"""The runtime alone, without the applications of this project that declare periodic tasks."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS as ALL

WITHOUT = {"project.apps.ProjectConfig", "generation", "ray_services", "pages"}
INSTALLED_APPS = [app for app in ALL if app not in WITHOUT]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ROOT_URLCONF = "tests.no_urls"
