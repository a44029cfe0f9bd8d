"""What the tests of packs have run: a function of one item, which says what to do."""

import os
import time
from pathlib import Path
from typing import Any

from django_ray_runtime.distributed import parallel_map


def act(item: list[Any]) -> Any:
    """`[what, …]`: give a value, wait for a file, die, or fan out."""
    what, *given = item
    if what == "give":
        return given[0]
    if what == "wait":
        started, release = map(Path, given)
        written = started.with_suffix(".part")  # whole or not there, whenever an interrupt comes
        written.write_text(str(os.getpid()))
        written.rename(started)
        while not release.exists():
            time.sleep(0.005)
        return "released"
    if what == "stuck":  # in code that hears no interrupt
        Path(given[0]).write_text(str(os.getpid()))
        while True:
            try:
                time.sleep(0.05)
            except KeyboardInterrupt:
                continue
    if what == "die":
        os._exit(7)
    if what == "fan out":
        return parallel_map(_double, given)
    raise ValueError(what)


def _double(number: int) -> int:
    return 2 * number
