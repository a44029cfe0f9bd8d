"""From an order to a file that is whole or not there.

Chunks are made over the cluster and appended in order to a part file; when it is complete
it is flushed to the disk and renamed.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generation.formats import open_writer
from generation.lotteries import get_lottery
from generation.making import Making
from generation.orders import Order
from generation.spreading import spread
from generation.tally import Tally

OnProgress = Callable[[int], None]

PROGRESS_SECONDS = 0.5  # progress moves at most this often


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A finished file: how many games, and why fewer than ordered where they are; its size in
    bytes, its SHA-256, the seconds of each stage, and what was counted of its games
    (``Tally.as_dict``)."""

    games: int
    reason: str
    size: int
    sha256: str
    seconds: dict[str, float]
    tally: dict[str, Any]


class UnwritableOutput(Exception):
    """The file cannot be written where it should go."""


def demand_writable(path: Path) -> None:
    """Raise UnwritableOutput, before any work, when `path` cannot become a file."""
    folder = path.parent
    problem = None
    if path.is_dir():
        problem = "it is a folder; give the name of a file"
    elif not folder.is_dir():
        problem = f"there is no folder {folder}; create it first"
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = f"the folder {folder} may not be written to; choose another"
    elif path.exists() and not path.is_file():
        problem = "it is not an ordinary file, which would be replaced; give another name"
    elif path.exists() and not os.access(path, os.W_OK):
        problem = "it may not be overwritten; choose another name"
    if problem:
        raise UnwritableOutput(f"Cannot write {path}: {problem}.")


def make_file(order: Order, path: Path, on_progress: OnProgress = lambda done: None) -> MadeFile:
    """Make the order's games into `path`. On any error no trace is left.

    `on_progress(games)` is called at most twice a second with the games written so far.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        made = _write_games(order, part, on_progress)
        publishing = time.perf_counter()
        _flush_to_disk(part)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    seconds = {**made.seconds, "publish": time.perf_counter() - publishing}
    return replace(made, seconds=seconds)


def _write_games(order: Order, part: Path, on_progress: OnProgress) -> MadeFile:
    making = writing = 0.0
    shown = time.monotonic()
    lottery = get_lottery(order.lottery)
    columns = order.constraints.columns(lottery)
    tally = Tally(lottery, order.constraints)
    wanted = Making(
        lottery,
        order.constraints,
        order.quantity,
        chunk_size=order.chunk_size,
        imap=spread(order.quantity),
    )
    with open_writer(order.file_format, part, columns) as writer:
        mark = time.perf_counter()
        for games in wanted:
            made = time.perf_counter()
            writer.write(games)
            tally.add(games)
            making += made - mark
            mark = time.perf_counter()
            writing += mark - made
            if time.monotonic() - shown >= PROGRESS_SECONDS:
                on_progress(wanted.delivered)
                shown = time.monotonic()
        writer.close()
        writing += time.perf_counter() - mark
    on_progress(wanted.delivered)
    seconds = {"make": making, "write": writing}
    return MadeFile(
        wanted.delivered, wanted.reason, writer.size, writer.sha256, seconds, tally.as_dict()
    )


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
