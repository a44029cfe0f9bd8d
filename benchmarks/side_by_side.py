"""A workload in up to four ways, side by side: as one writes it naturally, ours on one core, ours
on Ray, and ours as a request through the queue.

Results are compared before times are taken, which also loads and compiles what the ways need. In a
round the natural way does the workload in pieces of about a second, and after each of them ours
runs for a moment: what else the machine does then slows all ways alike. A round has one figure for
each way, the mean; of the rounds the median counts.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.through_the_queue import Request

ROUNDS = 5
MOMENT = 0.2  # seconds

type Work = Callable[[], Any]
type Natural = Callable[[Any], Any]


def within(absolute: float = 0.0, relative: float = 0.0) -> Callable[[Any, Any], None]:
    """An `agree` for a `Case`: ours is apart by this at most; NaN agrees with NaN."""
    return partial(np.testing.assert_allclose, rtol=relative, atol=absolute)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A workload: `natural` is given some of the items, ours does all of them.

    `agree` is given rows of ours and the natural results of the same items, and raises where they
    differ by too much. Ours on Ray has to be the same to the bit, and through the queue within
    1e-9. Bounds are on how many times faster ours is; through the queue, half of that on Ray.
    """

    workload: str
    baseline: str
    items: Sequence[Any]
    natural: Natural
    one_core: Work
    on_ray: Work | None = None
    queued: Request | None = None
    rows: Callable[[Any], Any]
    """What ours gives, as an array with a row for each item."""
    agree: Callable[[Any, Any], None]
    reference: Natural | None = None
    """Whose results are compared with, where they are not those of `natural`."""
    pieces: int = 1
    in_quick: bool = True
    one_core_at_least: float | None = None
    on_ray_at_least: float | None = None


@dataclass(frozen=True)
class Measured:
    """The seconds that a whole workload takes in each way."""

    case: Case
    natural: float
    one_core: float
    on_ray: float | None = None
    queued: float | None = None

    @property
    def title(self) -> str:
        """What is done, and beside what."""
        return f"{self.case.workload}, beside {self.case.baseline}"

    @property
    def ways(self) -> list[tuple[str, float | None, float | None]]:
        """Ours by name: the seconds, or None where there is none, and the bound on the ratio."""
        bound = self.case.on_ray_at_least
        return [
            ("one core", self.one_core, self.case.one_core_at_least),
            ("Ray on 2 CPUs", self.on_ray, bound),
            ("through the queue", self.queued, bound and bound / 2),
        ]


def measure(case: Case, quick: bool = False) -> Measured:
    """Compare, then take times; with `quick` one round, in which the natural way does one piece and
    the rest is reckoned from it."""
    pieces = [case.items[first :: case.pieces] for first in range(1 if quick else case.pieces)]
    compare(case, pieces)
    gc.collect()
    with threadpool_limits(1):  # one core is one core, also for numpy's algebra
        rounds = [one_round(case, pieces) for _ in range(1 if quick else ROUNDS)]
    return Measured(
        case, **{way: statistics.median(one[way] for one in rounds) for way in rounds[0]}
    )


def compare(case: Case, pieces: Sequence[Sequence[Any]]) -> None:
    """Raises AssertionError where results are not as they should be."""
    here = case.rows(case.one_core())
    for first, piece in enumerate(pieces):
        expected = np.asarray((case.reference or case.natural)(piece))
        case.agree(here[first :: case.pieces], expected)
    if case.reference is not None:
        case.natural(pieces[0][:1])
    if case.on_ray is not None:
        np.testing.assert_array_equal(case.rows(case.on_ray()), here)
    if case.queued is not None:
        within(relative=1e-9)(case.queued.rows(case.queued()), here)


def one_round(case: Case, pieces: Sequence[Sequence[Any]]) -> dict[str, float]:
    """Seconds of the natural way, and of ours in the ways that there are."""
    ways = {"one_core": case.one_core, "on_ray": case.on_ray, "queued": case.queued}
    ours = {way: action for way, action in ways.items() if action is not None}
    natural, taken = 0.0, []
    for piece in pieces:
        natural += seconds_a_run(partial(case.natural, piece))
        taken.append({way: after_one_run(action) for way, action in ours.items()})
    whole = natural * len(case.items) / sum(map(len, pieces))
    return {"natural": whole} | {way: statistics.mean(one[way] for one in taken) for way in ours}


def after_one_run(action: Work) -> float:
    """Seconds of a run, after one that is not counted: another way had the caches before."""
    action()
    return seconds_a_run(action)


def seconds_a_run(action: Work) -> float:
    """The mean of one run, or of as many as a moment holds. Not the median: of short runs most fall
    between interruptions, which a long run cannot avoid."""
    runs, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < MOMENT or not runs:
        action()
        runs += 1
    return took / runs
