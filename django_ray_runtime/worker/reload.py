"""Ending the worker when the code changes, in development; the supervisor starts another."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.utils.autoreload import StatReloader

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


def watch_code(on_change: Callable[[], None]) -> None:
    """Call `on_change` once, from a thread, when a file of the project's loaded code changes."""
    threading.Thread(target=_watch, args=(on_change,), name="reload", daemon=True).start()


def _watch(on_change: Callable[[], None]) -> None:
    reloader = StatReloader()
    # A module may be changed between its import and the next look: then it is younger than
    # this process, although it is seen for the first time.
    began = time.time()
    seen: dict[Path, float] = {}
    while True:
        for path, changed_at in reloader.snapshot_files():
            if changed_at > seen.setdefault(path, began):
                logger.info("%s changed; the worker starts anew", path)
                on_change()
                return
        time.sleep(LOOK_SECONDS)
