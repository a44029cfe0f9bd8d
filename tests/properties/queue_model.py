"""The queue in plain Python: what the machine in `test_queue_machine` expects of the store.

Time is counted in ticks of TICK seconds. Whatever lies in the future is put in the middle of
a tick, so that the seconds a test really takes change nothing: the model foresees exactly
what is due, expired, silent or out of time.
"""

import math
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django_ray_runtime.records import Outcome, StopReason
from django_ray_runtime.states import FINAL, LIVING, WAITING, State, WorkerState

TICK = 100.0  # seconds
DEAD_AFTER = 2.5 * TICK  # so a worker is silent after three ticks, and two are a gap
SILENT_TICKS = 3
GAP_TICKS = 2
TIMEOUT = 1.5 * TICK
MAX_LOST_RERUNS = 1
QUEUES = ("bulk", "default", "mail")
LOST = "django_ray_runtime.exceptions.WorkerLost"


@dataclass(frozen=True)
class Limit:
    """What the tasks of one key declare."""

    running: int | None = None
    rate: int | None = None
    rate_ticks: int = 1

    @property
    def options(self) -> dict[str, object]:
        found = {"concurrency_limit": self.running, "rate_count": self.rate}
        options: dict[str, object] = {name: n for name, n in found.items() if n is not None}
        return options | ({"rate_seconds": self.rate_ticks * TICK} if self.rate else {})


LIMITS = {
    "one": Limit(running=1),
    "two": Limit(running=2),
    "rate": Limit(rate=2, rate_ticks=2),
    "both": Limit(running=1, rate=2, rate_ticks=2),
    "slow": Limit(rate=1, rate_ticks=128),  # over three hours
}


def until(ticks: int) -> float:
    """Seconds until the middle before that many ticks from now have passed."""
    return (ticks - 0.5) * TICK


def ticks_in(seconds: float) -> int:
    """After how many ticks so many seconds have passed."""
    return math.ceil(seconds / TICK)


@dataclass
class Task:
    """A row."""

    id: uuid.UUID
    queue: str
    priority: int = 0
    key: str | None = None
    unique: str | None = None
    due: int | None = None  # tick
    expires: int | None = None  # tick
    state: State = State.READY
    worker: str | None = None
    attempt: int = 0
    failures: int = 0
    losses: int = 0
    suspect: bool = False
    worker_ids: list[str] = field(default_factory=list)
    cancel_asked: bool = False
    deadline: int | None = None  # tick
    finished: int | None = None  # tick
    value: object = None
    attempts: dict[int, str] = field(default_factory=dict)  # number -> exception class path

    @property
    def order(self) -> tuple[int, uuid.UUID]:
        return -self.priority, self.id


@dataclass
class Boot:
    """A worker."""

    beat: int
    steady: int
    state: WorkerState = WorkerState.STARTING
    ended: int | None = None
    released: int = 0
    handed: set[tuple[uuid.UUID, int]] | None = field(default_factory=set)  # None: any it holds


class QueueModel:
    def __init__(self) -> None:
        self.now = 0
        self.tasks: dict[uuid.UUID, Task] = {}
        self.boots: dict[str, Boot] = {}
        self.buckets: dict[str, tuple[float, int]] = {}  # key -> tokens, and when
        self.uniques: dict[str, tuple[uuid.UUID, int | None]] = {}  # key -> holder, expiry
        self.paused: set[str] = set()

    def of(self, *states: State) -> list[Task]:
        """The tasks in these states, most urgent first, then oldest."""
        return sorted((t for t in self.tasks.values() if t.state in states), key=lambda t: t.order)

    def is_living(self, worker: str | None) -> bool:
        return worker in self.boots and self.boots[worker].state in LIVING

    def is_heard(self, worker: str | None) -> bool:
        """Whether it lives and beats."""
        return self.is_living(worker) and not self.is_silent(self.boots[str(worker)])

    def is_late(self, task: Task) -> bool:
        """Whether it expires: one that has run before does not."""
        return task.expires is not None and task.expires <= self.now and not task.attempt

    def counts(self) -> dict[tuple[str, State], int]:
        return Counter((t.queue, t.state) for t in self.tasks.values() if t.state not in FINAL)

    # What is enqueued

    def add(self, task: Task) -> None:
        task.state = State.SCHEDULED if task.due is not None else self._free(task)
        self.tasks[task.id] = task

    def take_unique(self, key: str, task: uuid.UUID, expires: int | None) -> uuid.UUID:
        """Who holds the key now: `task` if the key was free."""
        holder, until_tick = self.uniques.get(key, (task, self.now))
        over = self.tasks[holder].state in FINAL if holder in self.tasks else True
        if (until_tick is None and over) or (until_tick is not None and until_tick <= self.now):
            self.uniques[key] = task, expires
        return self.uniques[key][0]

    def _free(self, task: Task) -> State:
        return State.READY if task.key is None else State.BLOCKED

    # What runs

    def claimable(
        self, queues: Collection[str], limit: int, worker: str, turns: Mapping[str, tuple[int, int]]
    ) -> list[Task]:
        """What this worker is to get."""
        if worker not in self.boots or self.boots[worker].state != WorkerState.ACTIVE:
            return []
        places: list[tuple[float, Task]] = []
        for queue in set(queues) - self.paused:
            ready = [t for t in self.of(State.READY) if t.queue == queue and not self.is_late(t)]
            start, stride = turns.get(queue, (0, 0))
            places += [(start + n * stride, task) for n, task in enumerate(ready, start=1)]
        places.sort(key=lambda place: (place[0], place[1].order))
        return sorted((task for _, task in places[:limit]), key=lambda t: t.order)

    def claim(self, task: Task, worker: str) -> None:
        task.state, task.worker, task.deadline = State.RUNNING, worker, None
        task.attempt += 1
        task.worker_ids.append(worker)

    def holds(self, worker: str, task_id: uuid.UUID, attempt: int) -> bool:
        task = self.tasks.get(task_id)
        fence = task and (task.state, task.worker, task.attempt)
        return fence == (State.RUNNING, worker, attempt)

    def settle(self, worker: str, outcome: Outcome, value: object) -> State | None:
        """The new state, or None: no longer the worker's."""
        if not self.holds(worker, outcome.id, outcome.attempt):
            return None
        task, state = self.tasks[outcome.id], outcome.state
        if task.cancel_asked and state in {State.READY, State.SCHEDULED}:
            state = State.CANCELLED
        if outcome.failure or outcome.output:
            task.attempts[task.attempt] = (
                outcome.failure.exception_class_path if outcome.failure else ""
            )
        task.failures += outcome.blamed
        task.losses += outcome.lost
        if not outcome.spends_attempt:
            task.attempt -= 1
            task.worker_ids.pop()
        else:
            task.suspect = outcome.suspect
        if state is State.SCHEDULED:
            task.due = self.now + ticks_in(outcome.delay)
        task.value = value
        self._leave(task, state)
        return state

    def to_stop(self, worker: str) -> dict[uuid.UUID, StopReason]:
        running = [t for t in self.of(State.RUNNING) if t.worker == worker]
        late = {t.id for t in running if t.deadline is not None and t.deadline <= self.now}
        return dict.fromkeys(late, StopReason.TIMEOUT) | {
            t.id: StopReason.CANCEL for t in running if t.cancel_asked
        }

    def _leave(self, task: Task, state: State) -> None:
        task.state, task.worker = state, None
        task.finished = self.now if state in FINAL else None

    # Who lives

    def is_silent(self, boot: Boot) -> bool:
        return self.now - boot.beat >= SILENT_TICKS

    def beat(self, workers: Sequence[str]) -> set[str]:
        """Those declared dead before."""
        for boot in (self.boots[worker] for worker in workers):
            if boot.state in LIVING:
                gap = self.now - boot.beat >= GAP_TICKS
                boot.steady = self.now if gap else boot.steady
                boot.beat = self.now
        return {worker for worker in workers if self.boots[worker].state is WorkerState.DEAD}

    def end(self, worker: str, state: WorkerState) -> bool:
        boot = self.boots[worker]
        if boot.state not in LIVING:
            return False
        boot.state, boot.ended = state, self.now
        return True

    def may_judge(self, rescuer: str) -> bool:
        boot = self.boots[rescuer]
        steady = self.now - boot.steady >= SILENT_TICKS
        return boot.state in LIVING and steady and self.now - boot.beat < GAP_TICKS

    def release(self, only_to_run_again: bool) -> list[Task]:
        """Take from the dead what they hold, or what of it runs again."""
        orphans = [t for t in self.of(State.RUNNING) if not self.is_living(t.worker)]
        if only_to_run_again:
            orphans = [t for t in orphans if not t.cancel_asked]
            orphans = [
                t for t in orphans if t.losses < MAX_LOST_RERUNS or self.is_stopped(t.worker)
            ]
        for task in orphans:
            boot = self.boots.get(task.worker or "")  # None: its row is pruned
            self._lose(task, boot.handed if boot else None, self.is_stopped(task.worker))
            if boot:
                boot.released += 1
        return orphans

    def is_stopped(self, worker: str | None) -> bool:
        return worker in self.boots and self.boots[worker].state is WorkerState.STOPPED

    def _lose(self, task: Task, handed: set[tuple[uuid.UUID, int]] | None, stopped: bool) -> None:
        state = State.READY
        if handed is not None and (task.id, task.attempt) not in handed:  # it never began
            task.attempt -= 1
            task.worker_ids.pop()
        else:
            task.attempts[task.attempt] = LOST
            task.suspect = not stopped
            if handed is not None and not stopped:
                state = State.FAILED if task.losses >= MAX_LOST_RERUNS else State.READY
                task.losses += 1
        self._leave(task, State.CANCELLED if task.cancel_asked else state)

    # What waits

    def promote(self) -> int:
        due = [t for t in self.of(State.SCHEDULED) if t.due is not None and t.due <= self.now]
        for task in due:
            task.state = self._free(task)
        return len(due)

    def expire(self) -> set[uuid.UUID]:
        late = [task for task in self.of(*WAITING) if self.is_late(task)]
        for task in late:
            self._leave(task, State.EXPIRED)
        return {task.id for task in late}

    def room(self, key: str) -> float:
        """How many more tasks of a key may be admitted now."""
        limit, room = LIMITS[key], math.inf
        if limit.running is not None:
            admitted = [t for t in self.of(State.READY, State.RUNNING) if t.key == key]
            room = limit.running - len(admitted)
        if limit.rate is not None:
            room = min(room, math.floor(self._tokens(key)))
        return room

    def admit(self, task: Task) -> None:
        task.state = State.READY
        if LIMITS[str(task.key)].rate is not None:
            self.buckets[str(task.key)] = self._tokens(str(task.key)) - 1, self.now

    def _tokens(self, key: str) -> float:
        full = LIMITS[key].rate or 0
        tokens, when = self.buckets.get(key, (full, self.now))
        return min(full, tokens + (self.now - when) * full / LIMITS[key].rate_ticks)

    # What people do

    def cancel(self, ids: Collection[uuid.UUID]) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
        """What is cancelled at once, and what is asked to stop."""
        waiting = {t.id for t in self.of(*WAITING) if t.id in ids}
        running = {t.id for t in self.of(State.RUNNING) if t.id in ids}
        for task_id in waiting:
            self._leave(self.tasks[task_id], State.CANCELLED)
        for task_id in running:
            self.tasks[task_id].cancel_asked = True
        return waiting, running

    def requeue(self, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
        ended = [t for t in self.of(State.FAILED, State.CANCELLED, State.EXPIRED) if t.id in ids]
        ended.sort(key=lambda t: t.id)
        wanted = {t.unique: t.id for t in ended if t.unique}
        holders = {key: self.take_unique(key, task_id, None) for key, task_id in wanted.items()}
        fit = [t for t in ended if t.unique is None or holders[t.unique] == t.id]
        for task in fit:
            task.state, task.cancel_asked = self._free(task), False
            task.failures = task.losses = 0
            task.due = task.expires = task.deadline = task.finished = task.value = None
        return {task.id for task in fit}

    def prune(self, ticks: Mapping[State, int]) -> int:
        old = {t.id for t in self.of(*ticks) if self.now - (t.finished or 0) >= ticks[t.state]}
        for task_id in old:
            del self.tasks[task_id]
        self.uniques = {key: held for key, held in self.uniques.items() if held[0] not in old}
        return len(old)
