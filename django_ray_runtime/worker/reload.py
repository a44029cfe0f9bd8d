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
    seen: dict[Path, float] = {}
    first = True
    while True:
        for path, changed_at in reloader.snapshot_files():
            before = seen.get(path)
            seen[path] = changed_at
            if not first and before is not None and changed_at > before:
                logger.info("%s changed; the worker starts anew", path)
                on_change()
                return
        first = False
        time.sleep(LOOK_SECONDS)
