"""Whether anybody listens to a signal: to build a TaskResult takes longer than to claim its row."""

import logging
from itertools import chain

from django.dispatch import Signal


def is_heard(signal: Signal, sender: type, level: int) -> bool:
    """Whether a receiver would do anything with it.

    Django's own receivers, which log, count only where its logger takes that level.
    """
    if logging.getLogger("django.tasks").isEnabledFor(level):
        return True
    listeners = chain(*signal._live_receivers(sender))
    return any(listener.__module__ != "django.tasks.signals" for listener in listeners)
