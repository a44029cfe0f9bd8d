"""The project's settings, in which a silent worker is given up soon."""

from project.settings import *  # noqa: F403
from project.settings import DJANGO_RAY_RUNTIME

DJANGO_RAY_RUNTIME = {**DJANGO_RAY_RUNTIME, "HEARTBEAT_SECONDS": 0.5, "DEAD_AFTER_SECONDS": 3.0}
