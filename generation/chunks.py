"""One chunk of a job: what runs on the cluster. No Django here, so a bare process starts fast."""

from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation import compiled as compiling
from generation.constraints import GameConstraints
from generation.families import WHOLE, Family
from generation.lotteries import Lottery
from generation.permutation import Permutation
from generation.space import GameSpace

type Chunk = tuple[int, int]

WORTH_LOADING = 1_000_000
"""Games that numpy makes in about the time in which a new process loads the compiled kernel."""

KEPT, KEPT_BYTES = 64, 128 * 2**20
"""So many spaces are kept, which together take so much; a larger one is kept alone."""

_by_numpy = 0
_lock = Lock()
_kept: dict[tuple[Lottery, GameConstraints, Family], GameSpace] = {}


def run_chunk(
    chunk: Chunk,
    *,
    lottery: Lottery,
    constraints: GameConstraints | dict[str, Any],
    compiled: bool | None = None,
    family: Family = WHOLE,
) -> NDArray[np.uint8]:
    """Games number a to b - 1 of the job, ``chunk`` being (a, b): uint8, shape (b - a, k).

    The job is lottery and constraints, seed included, and the family that is read; chunks of one
    job never share a game. Where the space has filters, only those games that pass.
    ``compiled=True`` insists on the compiled kernel, ``False`` on numpy; ``None`` loads the kernel
    once this process has had enough to do for it. The games are the same.

    Raises ``ValueError`` for constraints without a seed or a chunk that is no slice of the space
    (``NotEnoughGames`` beyond its end), and ``RuntimeError`` when the kernel is insisted on and
    cannot be had.
    """
    wanted = GameConstraints.model_validate(constraints)
    if wanted.seed is None:
        raise ValueError(
            "a chunk needs the job's seed, got seed=None; choose one for all its chunks"
        )
    start, stop = chunk
    if not 0 <= start <= stop:
        raise ValueError(f"chunk must be (start, stop) with 0 <= start <= stop, got {chunk}")
    space, permutation = job_space(lottery, wanted, family)
    space.require(max(1, stop))
    draw = _kernel_for(stop - start, compiled)
    if draw is None:
        return compiling.draw_by_numpy(space, permutation, start, stop)
    return compiling.draw_by_kernel(draw, space, permutation, start, stop)


def job_space(
    lottery: Lottery, constraints: GameConstraints, family: Family = WHOLE
) -> tuple[GameSpace, Permutation]:
    """The space and the seeded order of a job, kept for the next chunk of the same job.

    The constraints must carry a seed and be satisfied by some game.
    """
    if constraints.seed is None:
        raise ValueError("expected constraints with a seed, got seed=None; choose one")
    space = space_of(lottery, constraints, family)
    space.require(1)
    return space, _permutation(space.count, constraints.seed)


def space_of(lottery: Lottery, constraints: GameConstraints, family: Family = WHOLE) -> GameSpace:
    """The space of the constraints whatever their seed, kept for whoever asks next."""
    key = (lottery, constraints.model_copy(update={"seed": None}), family)
    with _lock:  # two threads must not both build a large table
        space = _kept.pop(key, None) or GameSpace(*key)
        _kept[key] = space  # the latest stands last
        while len(_kept) > 1 and (
            len(_kept) > KEPT or sum(one.nbytes for one in _kept.values()) > KEPT_BYTES
        ):
            del _kept[next(iter(_kept))]
        return space


def warm_up() -> bool:
    """Import and load the compiled kernel now; whether there is one."""
    return compiling.kernel() is not None


@lru_cache(maxsize=16)
def _permutation(size: int, seed: int) -> Permutation:
    return Permutation(size, seed)


def _kernel_for(games: int, compiled: bool | None) -> compiling.Kernel | None:
    """The kernel, or ``None`` for numpy. As in the ski-rental problem, numpy goes on until it has
    cost as much as loading the kernel would have."""
    global _by_numpy
    if compiled is False:
        return None
    if compiled is None and not compiling.is_loaded():
        _by_numpy += games
        if _by_numpy < WORTH_LOADING:
            return None
    draw = compiling.kernel()
    if draw is None and compiled:
        raise RuntimeError(
            "compiled=True, but there is no compiled kernel: install numba and leave"
            " GENERATION_COMPILED unset, or pass compiled=None"
        )
    return draw
