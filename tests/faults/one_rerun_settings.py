"""The project's settings, with one run more for a task that lost its process, instead of three."""

from project.settings import *  # noqa: F403
from project.settings import DJANGO_RAY_RUNTIME

DJANGO_RAY_RUNTIME = {**DJANGO_RAY_RUNTIME, "MAX_LOST_RERUNS": 1}
