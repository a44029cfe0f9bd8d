"""The duties of a worker: due tasks, silent workers, tasks that are to stop, old rows."""

from collections.abc import Callable

from django_ray_runtime.conf import RuntimeSettings
from django_ray_runtime.control import prune
from django_ray_runtime.exceptions import ExecutorLost
from django_ray_runtime.periodic import discover
from django_ray_runtime.signals import announce_ended
from django_ray_runtime.store import (
    Liveness,
    Pruning,
    Waiting,
    get_pruning,
    get_schedules,
    get_waiting,
)
from django_ray_runtime.store.pruning import BATCH as PRUNE_BATCH
from django_ray_runtime.store.waiting import BATCH as WAITING_BATCH
from django_ray_runtime.worker.dispatcher import Dispatcher
from django_ray_runtime.worker.maintenance import Duty
from django_ray_runtime.worker.periodic import Ticker
from django_ray_runtime.worker.releases import log_released

ALIVE_SECONDS = 1.0
LOOK_SECONDS = 1.0
STOP_SECONDS = 0.5
STOPS_FAILED_SECONDS = 5.0
PRUNE_SECONDS = 60.0
CLAIMS_SECONDS = 60.0
LEFTOVER_SECONDS = 600.0
IDLE_SECONDS = 3600.0
SHORTEST_SECONDS = 0.01
STATS_SECONDS = 5.0
UNCHANGED_SECONDS = 15.0  # for which counters that stand still are not written


def duties_of(
    dispatcher: Dispatcher,
    liveness: Liveness,
    settings: RuntimeSettings,
    patience: Callable[[float], float],
    ring: Callable[[], None],
) -> list[Duty]:
    """All that a worker does beside running tasks. `patience` as for the loop, which is rung when
    something can be claimed."""
    return [
        watch_executor(dispatcher),
        watch_waiting(get_waiting(), patience, ring),
        rescue_others(liveness, dispatcher.worker, settings.dead_after_seconds, ring),
        watch_stops(dispatcher),
        watch_claims(dispatcher),
        prune_old(get_pruning()),
        tick_schedules(),
        note_stats(dispatcher, liveness),
    ]


def watch_executor(dispatcher: Dispatcher) -> Duty:
    """Notice that what runs the tasks is gone."""

    def run(now: float) -> float:
        dispatcher.executor.demand_alive()
        return ALIVE_SECONDS

    return Duty(run, while_draining=True)


def watch_waiting(
    waiting: Waiting, patience: Callable[[float], float], ring: Callable[[], None]
) -> Duty:
    """Promote and expire what is due; sleep until the next is, at most a second where nobody
    rings: something due earlier may be enqueued meanwhile."""

    def run(now: float) -> float:
        until = waiting.seconds_until_next()
        if until is None or until > 0:
            longest = patience(LOOK_SECONDS)
            return longest if until is None else min(longest, until)
        promoted, expired = waiting.promote(), waiting.expire()
        announce_ended(expired)
        if promoted:
            ring()
        return 0.0 if max(promoted, len(expired)) == WAITING_BATCH else SHORTEST_SECONDS

    return Duty(run, of_waiting=True)


def rescue_others(
    liveness: Liveness, worker: str, dead_after: float, ring: Callable[[], None]
) -> Duty:
    """Take over what silent workers held."""

    def run(now: float) -> float:
        released = liveness.rescue(worker, dead_after)
        log_released(released, by=worker)
        announce_ended(released.failed)
        if released.tasks:
            ring()
        return dead_after / 2

    return Duty(run)


def tick_schedules() -> Duty:
    """Enqueue what is due by the clock; looked for in the applications' `tasks.py`."""
    ticker = Ticker(get_schedules(), discover())

    def run(now: float) -> float:
        ticker.run()
        return max(SHORTEST_SECONDS, ticker.seconds_until_due) if ticker.declared else IDLE_SECONDS

    return Duty(run)


def watch_stops(dispatcher: Dispatcher) -> Duty:
    """Notice what is cancelled or out of time, and see that it ends; give back what waits behind a
    slow one."""

    def run(now: float) -> float:
        dispatcher.relieve()
        dispatcher.stop_tasks(now, dispatcher.store.to_stop(dispatcher.worker))
        return STOP_SECONDS

    def is_needed() -> bool:
        return bool(dispatcher.in_flight or dispatcher.is_stopping_tasks)

    # Soon again: meanwhile nobody would hear that a task is cancelled or out of time.
    return Duty(run, while_draining=True, after_failure=STOPS_FAILED_SECONDS, is_needed=is_needed)


def watch_claims(dispatcher: Dispatcher) -> Duty:
    """Give back what we hold without knowing: a claim may commit long after its answer was lost."""

    def run(now: float) -> float:
        dispatcher.reconcile()
        return CLAIMS_SECONDS

    return Duty(run, due=CLAIMS_SECONDS)


def prune_old(pruning: Pruning) -> Duty:
    """Delete what finished long ago, a batch at a time; sooner again while there is more."""
    leftovers_due = 0.0

    def run(now: float) -> float:
        nonlocal leftovers_due
        if now >= leftovers_due:
            pruning.prune_leftovers()
            leftovers_due = now + LEFTOVER_SECONDS
        return 1.0 if prune() >= PRUNE_BATCH else PRUNE_SECONDS

    return Duty(run)


def note_stats(dispatcher: Dispatcher, liveness: Liveness) -> Duty:
    """Keep the counters in the worker's row; the first time when it begins, with zeros. One
    that finds itself declared dead ends with what it runs: others run that by now."""
    noted: dict[str, object] = {}
    again = 0.0

    def run(now: float) -> float:
        nonlocal noted, again
        stats = dispatcher.books.stats.to_dict()
        if stats != noted or now >= again:
            if not liveness.note_stats(dispatcher.worker, stats):
                raise ExecutorLost(f"Worker {dispatcher.worker} was declared dead.")
            noted, again = stats, now + UNCHANGED_SECONDS
        return STATS_SECONDS

    return Duty(run, while_draining=True)
