"""What must hold of the queue's tables whatever happens: read from the rows alone, so that a
mistake that the model shares with the store is still found."""

import uuid
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from django.db.models import F

from django_ray_runtime.models import (
    Attempt,
    LimitKey,
    Queue,
    QueuedTask,
    TaskProgress,
    UniqueKey,
    Worker,
)
from django_ray_runtime.states import ADMITTED, FINAL, WAITING, State, is_allowed
from django_ray_runtime.store import get_control, get_store, get_waiting
from tests.properties.queue_model import LIMITS, QUEUES, QueueModel

type Rows = dict[uuid.UUID, dict[str, Any]]

_COLUMNS = (
    "id", "state", "queue_name", "limit_key", "unique_key", "worker", "attempt", "failures",
    "losses", "suspect", "worker_ids", "started_at", "finished_at", "cancel_asked_at", "deadline",
    "run_after", "expires_at", "return_value",
)  # fmt: skip
_MOMENTS = {
    QueuedTask: (
        "enqueued_at", "run_after", "expires_at", "started_at", "last_attempted_at", "deadline",
        "cancel_asked_at", "finished_at",
    ),
    Attempt: ("started_at", "finished_at"),
    Worker: ("started_at", "last_beat", "steady_since", "ended_at"),
    LimitKey: ("refilled_at",),
    UniqueKey: ("expires_at",),
    Queue: ("paused_at",),
}  # fmt: skip


def empty_tables() -> None:
    for model in (TaskProgress, Attempt, QueuedTask, Worker, LimitKey, UniqueKey, Queue):
        rows = model._default_manager.all()
        rows._raw_delete(rows.db)


def make_older(seconds: float) -> None:
    """Let time pass: the database's clock cannot be moved, so every moment is moved back."""
    for model, names in _MOMENTS.items():
        earlier = {name: F(name) - timedelta(seconds=seconds) for name in names}
        model._default_manager.update(**earlier)


def read_rows() -> Rows:
    return {row["id"]: row for row in QueuedTask.objects.values(*_COLUMNS)}


def check_moves(before: Rows, after: Rows, requeued: bool) -> None:
    """Every change is a move of the table, and what is final stays as it is."""
    for task_id, row in after.items():
        old = before.get(task_id)
        source, target = old and State(old["state"]), State(row["state"])
        if source is not target:
            assert is_allowed(source, target), f"no move from {source} to {target}: {task_id}"
        if old and source in FINAL and not requeued:
            fixed = old.keys() - {"finished_at", "started_at", "cancel_asked_at", "deadline",
                                  "run_after", "expires_at"}  # fmt: skip
            assert {n: row[n] for n in fixed} == {n: old[n] for n in fixed}, "final, but changed"
        if old:
            _check_attempt(old, row)


def _check_attempt(old: dict[str, Any], row: dict[str, Any]) -> None:
    """It grows with a claim alone, and falls only where a run goes back unspent."""
    grown, move = row["attempt"] - old["attempt"], (old["state"], row["state"])
    assert grown == 1 if move == ("READY", "RUNNING") else grown in (0, -1), (move, grown)
    if grown == -1:
        assert move in {("RUNNING", "READY"), ("RUNNING", "CANCELLED")}


def check_rows(rows: Rows) -> None:
    """Each row fits its state."""
    for row in rows.values():
        state = State(row["state"])
        assert (state is State.RUNNING) == (row["worker"] is not None)
        assert (state in FINAL) == (row["finished_at"] is not None)
        assert len(row["worker_ids"]) == row["attempt"]
        assert state is not State.BLOCKED or row["limit_key"] is not None
        assert state is not State.SCHEDULED or row["run_after"] is not None
        assert state not in WAITING or row["cancel_asked_at"] is None
        if state is State.RUNNING:
            assert row["worker"] == row["worker_ids"][-1]


def check_limits(rows: Rows) -> None:
    """No key has more admitted tasks than its limit."""
    admitted = Counter(row["limit_key"] for row in rows.values() if row["state"] in ADMITTED)
    for key, limit in LIMITS.items():
        assert limit.running is None or admitted[key] <= limit.running, (key, admitted[key])


def check_uniques(rows: Rows) -> None:
    """A key that is held while its task is unfinished has one unfinished task at most."""
    unfinished = Counter(row["unique_key"] for row in rows.values() if row["state"] not in FINAL)
    assert all(n <= 1 for key, n in unfinished.items() if key and key.startswith("while"))


def check_attempts(rows: Rows, model: QueueModel) -> None:
    """Each run that failed is told once, each that did not is not."""
    told: dict[uuid.UUID, list[tuple[int, str]]] = defaultdict(list)
    for task_id, *what in Attempt.objects.values_list("task", "number", "exception_class_path"):
        told[task_id].append((what[0], what[1]))
    expected = {t.id: sorted(t.attempts.items()) for t in model.tasks.values() if t.attempts}
    assert {task_id: sorted(found) for task_id, found in told.items()} == expected
    for task_id, found in told.items():
        assert all(1 <= number <= rows[task_id]["attempt"] for number, _ in found)


def check_agreement(rows: Rows, model: QueueModel) -> None:
    """Nothing is lost, nothing is there that should not be, and all is as the model foresees."""
    assert rows.keys() == model.tasks.keys(), "tasks are lost, or came from nowhere"
    for task in model.tasks.values():
        row = rows[task.id]
        found = (
            row["state"], row["worker"], row["attempt"], row["failures"], row["losses"],
            row["suspect"], row["worker_ids"], row["cancel_asked_at"] is not None,
            row["return_value"],
        )  # fmt: skip
        assert found == (
            task.state, task.worker, task.attempt, task.failures, task.losses, task.suspect,
            task.worker_ids, task.cancel_asked, task.value,
        ), task  # fmt: skip
    boots = {boot: (w.state, w.released) for boot, w in model.boots.items()}
    rows_of_boots = Worker.objects.values_list("id", "state", "released")
    assert {boot: (state, n) for boot, state, n in rows_of_boots} == boots
    held = {key: holder for key, (holder, _) in model.uniques.items()}
    assert dict(UniqueKey.objects.values_list("key", "task_id")) == held


def check_figures(model: QueueModel) -> None:
    """What the doors and the maintenance ask agrees with the model."""
    store = get_store()
    assert store.counts() == model.counts()
    assert get_control().paused() == model.paused
    for queue in QUEUES:
        waiting = [t for t in model.of(State.READY, State.BLOCKED) if t.queue == queue]
        silent = [t for t in model.of(State.RUNNING) if not model.is_heard(t.worker)]
        waiting += [task for task in silent if task.queue == queue]
        expected = bool(waiting) and queue not in model.paused
        assert store.has_outstanding([queue]) == expected
    due = [t.due for t in model.of(State.SCHEDULED)]
    expiring = [t.expires for t in model.of(*WAITING) if t.expires is not None and not t.attempt]
    moments = [moment - model.now for moment in (*due, *expiring) if moment is not None]
    found, first = get_waiting().seconds_until_next(), min(moments, default=None)
    assert (found is None) == (first is None)
    assert found is None or first is None or (found <= 0) == (first <= 0)
