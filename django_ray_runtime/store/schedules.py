"""The rows of periodic tasks: one enqueue per tick, however many workers run.

Written with the ORM, the same on both databases. Only the database's clock counts: `now`
comes in the same statement as the rows that are judged by it.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from django_ray_runtime.models import PeriodicTask
from django_ray_runtime.schedule import Schedule

# Enqueues and returns the new task's id, or None where its backend has no UUIDs.
Enqueue = Callable[[], uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Due:
    """An enabled schedule, and what the database's clock said when it was read."""

    name: str
    task_path: str
    schedule: str
    next_run_at: datetime | None  # None: nobody has computed it yet
    now: datetime

    def is_of(self, declared: Schedule) -> bool:
        """Whether the row follows this declaration, not that of another version of the code."""
        return (self.task_path, self.schedule) == (declared.task_path, declared.text)


class Schedules:
    """The rows of periodic tasks in one database."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def declare(self, schedules: Iterable[Schedule]) -> None:
        """Make the rows agree with these declarations; many workers may do so at once.

        A changed declaration gets a new next tick; whether it is enabled is kept. Rows of
        other names stay: another version of the code may run beside this one.
        """
        wanted = {schedule.name: schedule for schedule in schedules}
        self.insert_missing(wanted.values())
        for row in self._enabled_or_not(wanted):
            schedule = wanted[row.name]
            if (row.task_path, row.schedule) != (schedule.task_path, schedule.text):
                self._rewrite(row, schedule)
            elif row.missed != schedule.missed:
                self._rows().filter(name=row.name).update(missed=schedule.missed)

    def insert_missing(self, schedules: Iterable[Schedule]) -> None:
        """Rows for those that have none yet, enabled, due at their next tick."""
        missing = {schedule.name: schedule for schedule in schedules}
        for name in self._rows().filter(name__in=missing).values_list("name", flat=True):
            del missing[name]
        if not missing:
            return
        now = self.now()
        # In the order of their keys: two writers cannot wait for each other in a circle.
        rows = [_row(missing[name], now) for name in sorted(missing)]
        PeriodicTask.objects.using(self.alias).bulk_create(rows, ignore_conflicts=True)

    def upcoming(self, names: Iterable[str]) -> list[Due]:
        """The enabled rows of these names, due or not, soonest first, in one statement."""
        rows = self._rows().filter(name__in=list(names), enabled=True).annotate(now=Now())
        columns = ("name", "task_path", "schedule", "next_run_at", "now")
        ordered = rows.order_by(F("next_run_at").asc(nulls_first=True), "name")
        return [Due(*values) for values in ordered.values_list(*columns)]

    def due(self, names: Iterable[str]) -> list[Due]:
        """Those of `upcoming` whose tick has come, or whose next tick nobody has computed."""
        return [row for row in self.upcoming(names) if _has_come(row)]

    def tick(self, row: Due, new_next: datetime, enqueue: Enqueue | None) -> bool:
        """Move the row on to `new_next` and call `enqueue`, both or neither.

        Only where the row is still as it was read: of many callers one succeeds. Returns
        whether this one did. An error of `enqueue` is raised, and leaves the tick due.
        """
        with transaction.atomic(using=self.alias):
            same = self._rows().filter(
                Q(next_run_at=row.next_run_at) if row.next_run_at else Q(next_run_at=None),
                name=row.name, enabled=True, task_path=row.task_path, schedule=row.schedule,
            )  # fmt: skip
            # First, so that the row's lock lets only one caller come to the enqueue.
            if not same.update(next_run_at=new_next):
                return False
            if enqueue is not None:
                self._note_run(row.name, enqueue())
        return True

    def run_now(self, name: str, enqueue: Enqueue) -> None:
        """Call `enqueue` and note the run, both or neither. The next tick stays."""
        with transaction.atomic(using=self.alias):
            self._note_run(name, enqueue())

    def enable(self, name: str, schedule: Schedule | None) -> bool:
        """Due from now on, with nothing made up. False when there is no such row.

        Without the schedule, unknown in this process, a worker that knows it computes the tick.
        """
        rows = self._rows().filter(name=name)
        next_run_at = schedule.next_tick(self.now()) if schedule else None
        if rows.filter(enabled=False).update(enabled=True, next_run_at=next_run_at):
            return True
        return rows.exists()

    def disable(self, name: str) -> bool:
        """Never due until enabled again. False when there is no such row."""
        return bool(self._rows().filter(name=name).update(enabled=False, next_run_at=None))

    def all(self) -> list[PeriodicTask]:
        """Every row, by name."""
        return list(self._rows().order_by("name"))

    def now(self) -> datetime:
        """What the database's clock says."""
        # Coalesced, since an aggregate over no rows is NULL.
        clock = self._rows().aggregate(now=Coalesce(Max(Now()), Now()))
        now: datetime = clock["now"]
        return now

    def _rewrite(self, row: PeriodicTask, schedule: Schedule) -> None:
        old = self._rows().filter(name=row.name, task_path=row.task_path, schedule=row.schedule)
        old.update(
            task_path=schedule.task_path,
            schedule=schedule.text,
            missed=schedule.missed,
            declared_at=Now(),
            next_run_at=Case(
                When(enabled=True, then=Value(schedule.next_tick(self.now()))),
                output_field=DateTimeField(),
            ),
        )

    def _note_run(self, name: str, task_id: uuid.UUID | None) -> None:
        self._rows().filter(name=name).update(last_run_at=Now(), last_task=task_id)

    def _enabled_or_not(self, names: Iterable[str]) -> QuerySet[PeriodicTask]:
        return self._rows().filter(name__in=list(names)).order_by("name")

    def _rows(self) -> QuerySet[PeriodicTask]:
        return PeriodicTask.objects.using(self.alias)


def _has_come(row: Due) -> bool:
    return row.next_run_at is None or row.next_run_at <= row.now


def _row(schedule: Schedule, now: datetime) -> PeriodicTask:
    return PeriodicTask(
        name=schedule.name,
        task_path=schedule.task_path,
        schedule=schedule.text,
        missed=schedule.missed,
        next_run_at=schedule.next_tick(now),
    )
