"""What really ran: a row for each run of a task, written in a transaction of its own.

The queue's rows say what was accepted; the ledger says what happened. The laws at the end hold
them against each other.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from django_ray_runtime.models import QueuedTask, Worker
from django_ray_runtime.records import Outcome
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.store import get_store

TABLE = "fault_ledger"
_NOW = {
    "postgresql": "extract(epoch FROM clock_timestamp())::float8",
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Seconds of the database's clock; `ended` is None where it was cut off."""

    task: uuid.UUID
    attempt: int
    worker: str
    pid: int
    began: float
    ended: float | None


@contextmanager
def ledger() -> Iterator[None]:
    """An empty ledger in the database of the test, gone afterwards."""
    _execute(f"DROP TABLE IF EXISTS {TABLE}")
    _execute(
        f"CREATE TABLE {TABLE} (task text, attempt int, worker text, pid int, began float8, "
        "ended float8)"
    )
    try:
        yield
    finally:
        _execute(f"DROP TABLE {TABLE}")


def note_begin(task: str, attempt: int, worker: str, pid: int) -> None:
    """A run begins."""
    values = [task, attempt, worker, pid]
    _execute(f"INSERT INTO {TABLE} VALUES (%s, %s, %s, %s, {now()}, NULL)", values)


def note_end(task: str, attempt: int) -> None:
    """A run comes to its end."""
    _execute(
        f"UPDATE {TABLE} SET ended = {now()} WHERE task = %s AND attempt = %s", [task, attempt]
    )


def now() -> str:
    """The database's clock, as SQL."""
    return _NOW[connection.vendor]


def database_seconds() -> float:
    """The database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now()}")
        return float(cursor.fetchone()[0])


def runs() -> dict[uuid.UUID, list[Run]]:
    """All runs, by task, in their order."""
    found: dict[uuid.UUID, list[Run]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT task, attempt, worker, pid, began, ended FROM {TABLE} ORDER BY began"
        )
        for task, *rest in cursor.fetchall():
            found[uuid.UUID(task)].append(Run(uuid.UUID(task), *rest))
    return found


def has_run(worker: str) -> bool:
    """Whether this boot has begun to run something."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {TABLE} WHERE worker = %s)", [worker])
        return bool(cursor.fetchone()[0])


def wait_until_final(quantity: int, seconds: float) -> None:
    """Until so many tasks have ended; then the laws can be asked for."""
    deadline = time.monotonic() + seconds
    while (done := QueuedTask.objects.finished().count()) < quantity:
        if time.monotonic() > deadline:
            states = list(QueuedTask.objects.exclude(state__in=FINAL).values()[:3])
            raise AssertionError(f"{done} of {quantity} tasks ended in {seconds:g} s: {states}")
        time.sleep(0.05)


def check_laws(quantity: int, cut_off: Collection[str] = ()) -> dict[uuid.UUID, list[Run]]:
    """What must hold however often something was killed. `cut_off`: the boots that were.

    Every task is in one final state and succeeded; it ran at least once; it ran again only where
    its run before was one of a boot that was cut off; nothing is RUNNING; late outcomes are
    refused. Returns the ledger.
    """
    states = dict(QueuedTask.objects.values_list("id", "state"))
    assert len(states) == quantity, f"{quantity - len(states)} tasks are lost"
    assert set(states.values()) == {State.SUCCESSFUL}
    assert not QueuedTask.objects.running().exists()
    ledger_of = runs()
    assert states.keys() == ledger_of.keys(), "some never ran, or ran without having been enqueued"
    for task, its_runs in ledger_of.items():
        for before in its_runs[:-1]:
            assert before.worker in cut_off, f"{task} ran twice, and nothing was killed: {its_runs}"
        attempts = [run.attempt for run in its_runs]
        assert attempts == sorted(set(attempts)), f"one fence for two runs: {its_runs}"
        assert its_runs[-1].ended is not None, f"accepted, but cut off: {its_runs}"
    count_refused(ledger_of)
    return ledger_of


def boots_of(pid: int) -> set[str]:
    """The boots of the worker whose supervisor has this pid."""
    return set(Worker.objects.filter(id__contains=f":{pid}:").values_list("id", flat=True))


def count_refused(ledger_of: dict[uuid.UUID, list[Run]]) -> int:
    """Tell the outcome of each run that was cut off once more, as if it had lived on; all of
    them must be refused. Returns how many."""
    late = [run for its_runs in ledger_of.values() for run in its_runs[:-1]]
    for run in late:
        stale = Outcome(
            id=run.task, attempt=run.attempt, state=State.SUCCESSFUL, return_value='"stale"'
        )
        assert get_store().finish_many(run.worker, [stale]) == {}, f"a stale outcome won: {run}"
    return len(late)


def _execute(sql: str, values: list[object] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
