"""Each process that serves loads in the background what its first calls would have to wait for."""

import fcntl
import os
import threading
from pathlib import Path

from ray_services.warming import warm_up

WARM = threading.Event()
"""Set when this process has loaded everything."""


def start() -> None:
    """Begin, in a thread that does not keep the process from ending."""
    threading.Thread(target=_load, name="warming", daemon=True).start()


def _load() -> None:
    # One process after the other: what the first compiles the others find on disk.
    with (Path(os.environ["SERVICE_DIR"]) / "warming").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for _ in warm_up(os.environ["SERVICE_NAME"]):
            pass
    WARM.set()
