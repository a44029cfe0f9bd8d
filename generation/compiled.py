"""Whether compiled kernels do the work or numpy, and where the compiled code is kept.

Both give the same games, bit for bit. numba is optional: without it, or with
``GENERATION_COMPILED=0`` in the environment, numpy makes them. numba is imported when the kernel
is first wanted, not with this module, because it costs more than most small jobs.
"""

import inspect
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.constraints import GameConstraints
from generation.lotteries import Lottery
from generation.permutation import Permutation
from generation.space import GameSpace

type Kernel = Callable[..., Any]

type Source = tuple[Callable[..., Any], Any]
"""A function that numba can compile, and its signature."""

log = logging.getLogger(__name__)
_lock = Lock()


def kernel() -> Kernel | None:
    """The compiled kernel, loaded on the first call; ``None`` where numpy has to do."""
    with _lock:
        return _load()


def is_loaded() -> bool:
    """Whether ``kernel`` has already decided, and so costs nothing to ask."""
    return _load.cache_info().currsize > 0


def draw_by_kernel(
    draw: Kernel, space: GameSpace, permutation: Permutation, start: int, stop: int
) -> NDArray[np.uint8]:
    """Games ``start`` to ``stop - 1`` of the permuted space, where they pass its filters.

    uint8, shape (games, numbers per game).
    """
    games = np.empty((stop - start, space.width), dtype=np.uint8)
    draw(np.uint64(start), games, *space.plan.unsigned(), *permutation.plan)
    return space.finished(games)


def draw_by_numpy(
    space: GameSpace, permutation: Permutation, start: int, stop: int
) -> NDArray[np.uint8]:
    """The same games without a compiler: ``unrank(permute(i))``, the definition itself."""
    games = np.empty((stop - start, space.width), dtype=np.uint8)
    for first in range(start, stop, _BLOCK):
        block = np.arange(first, min(first + _BLOCK, stop), dtype=np.uint64)
        games[first - start : first - start + block.size] = space.drawn(permutation.permute(block))
    return space.finished(games)


_BLOCK = 8192
"""Indices permuted at a time by numpy, so that the temporaries stay in the processor's cache."""


@lru_cache(maxsize=1)
def _load() -> Kernel | None:
    return load(_draw_games, _agrees_with_numpy)


def load(source: Callable[[], Source], agrees: Callable[[Kernel], bool]) -> Kernel | None:
    """The compiled kernel of a source, or ``None`` where numpy has to do.

    ``source`` imports it, which needs numba. A kernel is used if it ``agrees`` with numpy.
    """
    if os.environ.get("GENERATION_COMPILED", "1").strip().lower() in {"0", "false", "no", "off"}:
        return None
    if find_spec("numba") is None:
        log.info("numba is not installed; numpy has to do, some eight times slower")
        return None
    try:
        made = _compile(*source())
    except Exception:  # whatever a broken numba raises: games can still be made
        log.warning("the kernel could not be compiled; numpy has to do", exc_info=True)
        return None
    if agrees(made):
        return made
    log.error("the compiled kernel differs from numpy, which has to do; clear its cache")
    return None


def _draw_games() -> Source:
    from generation import kernels

    return kernels.draw_games, kernels.SIGNATURE


def _compile(function: Callable[..., Any], signature: Any) -> Kernel:
    import numba

    def compile_it(cache: bool) -> Kernel:
        compiled: Kernel = numba.njit(signature, nogil=True, cache=cache)(function)
        return compiled

    with _cache_directory(numba.config, Path(inspect.getfile(function))) as found:
        if found:
            try:
                return compile_it(cache=True)
            except Exception:  # a truncated cache or a full disk must not stop the work
                log.warning("the compile cache cannot be used", exc_info=True)
    return compile_it(cache=False)


def _agrees_with_numpy(draw: Kernel) -> bool:
    """Draw a few games both ways: a stale or damaged cache must never go unnoticed."""
    lottery = Lottery(key="check", name="check", pool=20, draw=5, min_picks=5, max_picks=5)
    wanted = GameConstraints(
        numbers_per_game=5, fixed_numbers=(7,), min_odd=2, max_sum=60, max_run=2,
        exclude_past=4, past_draws=((1, 3, 7, 9, 20),),
    )  # fmt: skip
    space = GameSpace(lottery, wanted)
    permutation = Permutation(space.count, seed=1)
    ours, theirs = (
        draw_by_kernel(draw, space, permutation, 0, 300),
        draw_by_numpy(space, permutation, 0, 300),
    )
    return np.array_equal(ours, theirs)


@contextmanager
def _cache_directory(config: Any, source: Path) -> Iterator[bool]:
    """Let numba keep its code beside the source or, failing that, where only this user writes.

    numba unpickles what it finds there, so a directory that others can write is never used. Yields
    whether there is a place at all. A directory of the user's choice (NUMBA_CACHE_DIR) stays.
    """
    if config.CACHE_DIR or _writable(source.parent / "__pycache__"):
        yield True
        return
    directory = private_directory()
    if directory is None:
        yield False
        return
    config.CACHE_DIR = str(directory)
    try:
        yield True
    finally:
        config.CACHE_DIR = ""  # other users of numba in this process keep their own place


def private_directory() -> Path | None:
    """A cache directory of this user alone (mode 0700), or ``None`` when there can be none."""
    try:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        directory = Path(base) / "lottery-generation"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except (OSError, RuntimeError):  # no home, or a read-only one
        return None
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    owned = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    if not (private and owned and _writable(directory)):
        log.info("%s is not a directory of this user alone (0700); compiling without it", directory)
        return None
    return directory


def _writable(directory: Path) -> bool:
    """Whether files can be made there: tried, because permissions alone do not tell."""
    try:
        directory.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError:
        return False
    return True
