"""Tasks that run by the clock: declared here, enqueued by the workers, switched by people.

    from datetime import timedelta
    from django.tasks import task
    from django_ray_runtime.periodic import periodic

    @periodic(cron="0 3 * * *", timezone="Europe/Lisbon")
    @task
    def nightly(): ...

Put declarations into `tasks.py` of an application, where workers look for them.
"""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Protocol

from django.apps import apps
from django.tasks import Task, TaskResult
from django.utils.module_loading import module_has_submodule
from django.utils.timezone import get_default_timezone_name

from django_ray_runtime.exceptions import InvalidSchedule, UnknownSchedule
from django_ray_runtime.schedule import Schedule
from django_ray_runtime.store import get_schedules
from django_ray_runtime.ticks import Cron, Every, Missed, interval_of

__all__ = [
    "PeriodicStatus",
    "declared",
    "disable",
    "discover",
    "enable",
    "overview",
    "periodic",
    "run_now",
]

logger = logging.getLogger(__name__)

_declared: dict[str, Schedule] = {}


class _Decorator(Protocol):
    def __call__[T: "Task[Any, Any]"](self, task: T, /) -> T: ...


def periodic(
    *,
    cron: str | None = None,
    every: timedelta | float | None = None,
    timezone: str | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    name: str | None = None,
    missed: str = "skip",
) -> _Decorator:
    """Enqueue the task below at each tick of `cron`, or `every` so many seconds.

    `timezone` belongs to `cron` (settings.TIME_ZONE). `args` and `kwargs` go to the task. `name`
    tells two schedules of one task apart (the task's path). `missed` says what becomes of ticks
    without a worker: "skip", or "once" for one enqueue for all of them.

    Returns the task itself. Raises InvalidSchedule.
    """
    ticks = _ticks(cron, every, timezone)
    if missed not in list(Missed):
        raise InvalidSchedule(f'missed={missed!r} cannot be used. Expected "skip" or "once".')

    def declare[T: "Task[Any, Any]"](task: T, /) -> T:
        if not isinstance(task, Task):
            raise InvalidSchedule(
                f"@periodic expected a task, got {task!r}. Put @periodic above @task."
            )
        chosen = task.module_path if name is None else name
        schedule = Schedule(chosen, task, ticks, args, kwargs, Missed(missed))  # type: ignore[arg-type]
        _register(schedule)
        return task

    return declare


def declared() -> dict[str, Schedule]:
    """What this process declares, by name. See `discover`."""
    return dict(_declared)


def discover() -> dict[str, Schedule]:
    """Import `tasks.py` of every application, and return what is declared then.

    One that cannot be imported is logged, and does not hide the others.
    """
    for app in apps.get_app_configs():
        try:
            import_module(f"{app.name}.tasks")
        except Exception:
            if app.module and module_has_submodule(app.module, "tasks"):
                logger.exception(
                    "%s.tasks cannot be imported: its periodic tasks are not scheduled by this "
                    "process. Mend what the traceback names, and start it again.",
                    app.name,
                )
    return declared()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicStatus:
    """One schedule as it stands, for people."""

    name: str
    task_path: str
    schedule: str
    missed: str
    enabled: bool
    next_run_at: datetime | None  # None: disabled, or not computed yet
    last_run_at: datetime | None
    last_task: uuid.UUID | None  # its row may have been pruned
    declared_here: bool  # False: by another version of the code, or no longer


def overview() -> list[PeriodicStatus]:
    """All schedules by name: those that workers keep, and those that only this process knows."""
    schedules = get_schedules()
    kept = {row.name: row for row in schedules.all()}
    now = schedules.now()
    found = [_status_of_new(s, now) for s in _declared.values() if s.name not in kept]
    found += [
        PeriodicStatus(
            name=row.name,
            task_path=row.task_path,
            schedule=row.schedule,
            missed=row.missed,
            enabled=row.enabled,
            next_run_at=row.next_run_at,
            last_run_at=row.last_run_at,
            last_task=row.last_task,
            declared_here=row.name in _declared,
        )
        for row in kept.values()
    ]
    return sorted(found, key=lambda status: status.name)


def enable(name: str) -> None:
    """Due again from its next tick on; what it missed is not made up. Raises UnknownSchedule."""
    schedule = _declared.get(name)
    schedules = get_schedules()
    if schedule:
        schedules.insert_missing([schedule])
    if not schedules.enable(name, schedule):
        raise UnknownSchedule(_unknown(name))


def disable(name: str) -> None:
    """Not enqueued by the clock until enabled again. Raises UnknownSchedule."""
    schedules = get_schedules()
    if schedule := _declared.get(name):
        schedules.insert_missing([schedule])
    if not schedules.disable(name):
        raise UnknownSchedule(_unknown(name))


def run_now(name: str) -> "TaskResult[Any, Any]":
    """Enqueue it now, enabled or not, with its declared arguments. Its next tick stays.

    Raises UnknownSchedule for a name that this process does not declare: only the code knows
    the task's arguments.
    """
    if name not in _declared:
        raise UnknownSchedule(
            f"{_unknown(name)} To run it now its declaration must be known to this process."
        )
    schedule = _declared[name]
    schedules = get_schedules()
    schedules.insert_missing([schedule])
    results: list[TaskResult[Any, Any]] = []

    def enqueue() -> uuid.UUID | None:
        results.append(schedule.task.enqueue(*schedule.args, **(schedule.kwargs or {})))
        return uuid_of(results[0])

    schedules.run_now(name, enqueue)
    return results[0]


def uuid_of(result: "TaskResult[Any, Any]") -> uuid.UUID | None:
    """The id of a result, or None where its backend uses others than UUIDs."""
    try:
        return uuid.UUID(result.id)
    except ValueError:
        return None


def _ticks(cron: str | None, every: timedelta | float | None, timezone: str | None) -> Cron | Every:
    if (cron is None) == (every is None):
        raise InvalidSchedule(
            f"Expected either cron= or every=, got cron={cron!r}, every={every!r}. "
            'For instance @periodic(cron="0 3 * * *") or @periodic(every=timedelta(minutes=5)).'
        )
    if cron is not None:
        return Cron(cron, get_default_timezone_name() if timezone is None else timezone)
    if timezone is not None:
        raise InvalidSchedule(
            f"timezone={timezone!r} belongs to cron=; an interval has no time zone. Leave it out."
        )
    return Every(interval_of(every))


def _register(schedule: Schedule) -> None:
    other = _declared.get(schedule.name)
    if other is not None and not other.same_as(schedule):
        raise InvalidSchedule(
            f"There are two schedules {schedule.name!r}: {other.task_path} {other.text}, and "
            f"{schedule.task_path} {schedule.text}. Give each a name: @periodic(…, name=…)."
        )
    _declared[schedule.name] = schedule


def _status_of_new(schedule: Schedule, now: datetime) -> PeriodicStatus:
    return PeriodicStatus(
        name=schedule.name,
        task_path=schedule.task_path,
        schedule=schedule.text,
        missed=schedule.missed,
        enabled=True,
        next_run_at=schedule.next_tick(now),
        last_run_at=None,
        last_task=None,
        declared_here=True,
    )


def _names() -> Iterator[str]:
    yield from sorted(_declared)


def _unknown(name: str) -> str:
    known = ", ".join(_names()) or "none"
    return f"No periodic task {name!r} here. This process declares: {known}."
