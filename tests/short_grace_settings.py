"""The project's settings, with a short grace for tasks that are told to stop."""

from project.settings import *  # noqa: F403
from project.settings import DJANGO_RAY_RUNTIME

DJANGO_RAY_RUNTIME = {**DJANGO_RAY_RUNTIME, "CANCEL_GRACE_SECONDS": 1.0}
