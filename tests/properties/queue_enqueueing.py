"""The machine's first part: what it remembers and looks at, and how tasks come in."""

import itertools
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from django_ray_runtime.models import QueuedTask
from django_ray_runtime.records import Claim
from django_ray_runtime.states import State, WorkerState
from django_ray_runtime.store import (
    Store,
    get_liveness,
    get_store,
    get_uniques,
)
from tests.properties import queue_laws as laws
from tests.properties.queue_model import (
    LIMITS,
    QUEUES,
    TICK,
    TIMEOUT,
    Boot,
    QueueModel,
    Task,
    until,
)

MOST_TASKS = 40
WEEK = 6048  # ticks

some_queues = st.just(list(QUEUES)) | st.lists(st.sampled_from(QUEUES), min_size=1, unique=True)
a_key = st.sampled_from([None, None, None, None, *LIMITS])
a_moment = st.sampled_from([None, None, None, None, None, None, 0, 1, 2, 4])  # ticks from now
a_priority = st.sampled_from([0, 0, 0, 5, -100, 100])
turns_of_queues = st.just({}) | st.fixed_dictionaries(
    {queue: st.tuples(st.integers(0, 2), st.integers(1, 3)) for queue in QUEUES}
)


class Enqueueing(RuleBasedStateMachine):
    """Workers boot, and tasks are enqueued."""

    def __init__(self) -> None:
        super().__init__()
        laws.empty_tables()
        self.model = QueueModel()
        self.stores: dict[str, Store] = {}
        self.held: dict[str, dict[uuid.UUID, Claim]] = {}  # what each worker believes to hold
        self.past: list[tuple[str, Claim]] = []  # claims whose outcome was told
        self.accepted: set[tuple[uuid.UUID, int]] = set()
        self.seen: laws.Rows = {}
        self.requeued = False
        self.number = 0
        for _ in range(2):
            self.boot_worker(starts=True)

    @initialize(keys=st.lists(a_key, min_size=2, max_size=6), expiry=a_moment, unique=st.booleans())
    def begin(self, keys: list[str | None], expiry: int | None, unique: bool) -> None:
        urgencies = itertools.cycle([0, 5])
        for queue, priority, key in zip(itertools.cycle(QUEUES), urgencies, keys, strict=False):
            self.enqueue(queue, priority, key, None, expiry, undone=False)
        if unique:
            self.enqueue_unique("mail", None, None, ["a", "b"], None, undone=False)

    @precondition(lambda self: sum(map(self.model.is_living, self.model.boots)) < 4)
    @rule(starts=st.booleans())
    def boot_worker(self, starts: bool) -> None:
        self.number += 1
        name = f"host:1:{self.number}"
        get_liveness().register(name, QUEUES)
        self.model.boots[name] = Boot(beat=self.model.now, steady=self.model.now)
        self.stores[name], self.held[name] = get_store(), {}
        if starts:
            self.move(name, WorkerState.ACTIVE)

    def move(self, worker: str, state: WorkerState) -> None:
        living = self.model.is_living(worker)
        assert get_liveness().move(worker, state) == living
        if living:
            boot = self.model.boots[worker]
            boot.state = state
            boot.ended = self.model.now if state is WorkerState.STOPPED else None

    # Enqueue

    def row(
        self, queue: str, priority: int, key: str | None, after: int | None, expiry: int | None
    ) -> tuple[QueuedTask, Task]:
        """A call as the backend makes it, and its twin in the model."""
        options = {"max_attempts": 2, "retry_backoff": [0.8 * TICK], "timeout": TIMEOUT}
        row = QueuedTask(
            task_path="tests.tasks.add", queue_name=queue, priority=priority, limit_key=key,
            options=options | (LIMITS[key].options if key else {}),
        )  # fmt: skip
        twin = Task(row.id, queue, priority, key)
        now = timezone.now()
        if after is not None:
            row.run_after, twin.due = now + timedelta(seconds=until(after)), self.model.now + after
        if expiry is not None:
            wait = Now() + Value(timedelta(seconds=until(expiry)))
            row.expires_at = ExpressionWrapper(wait, output_field=DateTimeField())
            twin.expires = self.model.now + expiry
        return row, twin

    @precondition(lambda self: len(self.model.tasks) < MOST_TASKS)
    @rule(
        queue=st.sampled_from(QUEUES), priority=a_priority, key=a_key, after=a_moment,
        expiry=a_moment, undone=st.sampled_from([False, False, False, True]),
    )  # fmt: skip
    def enqueue(
        self, queue: str, priority: int, key: str | None, after: int | None, expiry: int | None,
        undone: bool,
    ) -> None:  # fmt: skip
        row, twin = self.row(queue, priority, key, after, expiry)
        with transaction.atomic():
            get_store().enqueue(row)
            transaction.set_rollback(undone)
        if not undone:
            self.model.add(twin)

    @precondition(lambda self: len(self.model.tasks) < MOST_TASKS)
    @rule(
        queue=st.sampled_from(QUEUES), priority=a_priority, keys=st.lists(a_key, max_size=4),
        after=a_moment, expiry=a_moment,
    )  # fmt: skip
    def enqueue_many(
        self, queue: str, priority: int, keys: list[str | None], after: int | None,
        expiry: int | None,
    ) -> None:  # fmt: skip
        # The rows of one statement have one declaration: a key with other limits is left out.
        same = [key for key in keys if key == keys[0]]
        pairs = [self.row(queue, priority, key, after, expiry) for key in same]
        get_store().enqueue_many([row for row, _ in pairs])
        for _, twin in pairs:
            self.model.add(twin)

    @precondition(lambda self: len(self.model.tasks) < MOST_TASKS)
    @rule(
        queue=st.sampled_from(QUEUES), key=a_key, after=a_moment,
        names=st.lists(st.sampled_from("ab"), min_size=1, max_size=3),
        period=st.sampled_from([None, 2]), undone=st.sampled_from([False, False, True]),
    )  # fmt: skip
    def enqueue_unique(
        self, queue: str, key: str | None, after: int | None, names: list[str],
        period: int | None, undone: bool,
    ) -> None:  # fmt: skip
        pairs = [self.row(queue, 0, key, after, None) for _ in names]
        for (row, twin), name in zip(pairs, names, strict=True):
            row.unique_key = twin.unique = f"{'period' if period else 'while'} {name}"
        with transaction.atomic():
            found = get_uniques().enqueue(
                [row for row, _ in pairs], until(period) if period else None
            )
            transaction.set_rollback(undone)
        if undone:
            return
        expires = self.model.now + period if period else None
        first: dict[str, Task] = {}
        for _, twin in pairs:
            first.setdefault(str(twin.unique), twin)
        for unique, twin in first.items():
            if self.model.take_unique(unique, twin.id, expires) == twin.id:
                self.model.add(twin)
        holders = [self.model.uniques[str(twin.unique)][0] for _, twin in pairs]
        assert found == [
            (holder, holder == twin.id) for holder, (_, twin) in zip(holders, pairs, strict=True)
        ]

    # What is looked at

    def claimer(self, data: st.DataObject) -> str:
        """Mostly one that may claim."""
        boots = self.model.boots
        active = [name for name in sorted(boots) if boots[name].state is WorkerState.ACTIVE]
        return data.draw(st.sampled_from([*active, *active, *sorted(boots)]), label="worker")

    def any_worker(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.model.boots)), label="worker")

    def some_of(self, data: st.DataObject, tasks: list[Task]) -> set[uuid.UUID]:
        numbers = st.sampled_from(range(len(tasks)))
        chosen = data.draw(st.sets(numbers, min_size=1, max_size=3), label="tasks")
        return {tasks[n].id for n in chosen}

    def late(self) -> list[tuple[str, Claim]]:
        """Claims that are over; of tasks that run again if there are such.

        A run that goes back unspent has its number again. A worker does that only when it
        claims no more, so that its claims are never mistaken for later ones of its own.
        """
        over = [
            (worker, claim)
            for worker, claim in self.past
            if not self.model.holds(worker, claim.id, claim.attempt)
        ]
        running = {task.id for task in self.model.of(State.RUNNING)}
        return [past for past in over if past[1].id in running] or over

    def believed(self) -> list[tuple[str, Claim]]:
        return [(name, claim) for name, held in self.held.items() for claim in held.values()]

    @rule()
    def look(self) -> None:
        laws.check_figures(self.model)

    @invariant()
    def check(self) -> None:
        rows = laws.read_rows()
        laws.check_moves(self.seen, rows, self.requeued)
        laws.check_rows(rows)
        laws.check_limits(rows)
        laws.check_uniques(rows)
        laws.check_attempts(rows, self.model)
        laws.check_agreement(rows, self.model)
        self.seen, self.requeued = rows, False
