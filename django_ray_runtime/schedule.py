"""What `@periodic` declares: which task, when, with which arguments."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.tasks import Task
from django.utils.json import normalize_json

from django_ray_runtime.exceptions import InvalidSchedule
from django_ray_runtime.payload import to_json
from django_ray_runtime.ticks import Cron, Every, Missed

# A tick that is no older counts as on time: a worker may take so long to be restarted.
TOLERANCE = timedelta(seconds=60)
LONGEST_NAME = 255
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Schedule:
    """One declaration. Its name is its identity in every process and in the database."""

    name: str
    task: "Task[Any, Any]"
    ticks: Cron | Every
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] | None = None
    missed: Missed = Missed.SKIP

    def __post_init__(self) -> None:
        """Raises InvalidSchedule for what could never be enqueued or stored."""
        usable = isinstance(self.name, str) and self.name.strip() and self.name.isprintable()
        if not usable or len(self.name) > LONGEST_NAME:
            raise InvalidSchedule(
                f"The name of a schedule must be a text of 1 to {LONGEST_NAME} printable "
                f"characters, got {self.name!r}."
            )
        if len(self.text) > LONGEST_TEXT:
            raise InvalidSchedule(
                f"{self.name}: a schedule has at most {LONGEST_TEXT} characters, got "
                f"{len(self.text)}. Declare it as two, each with a name."
            )
        args, kwargs = _arguments(self)
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)

    @property
    def task_path(self) -> str:
        return self.task.module_path

    @property
    def text(self) -> str:
        """For people, and to see whether a declaration changed: "0 3 * * * Europe/Lisbon"."""
        return self.ticks.text

    def next_tick(self, after: datetime) -> datetime:
        """The first tick later than `after` (aware), in UTC."""
        return self.ticks.next_tick(after)

    def is_owed(self, tick: datetime, now: datetime) -> bool:
        """Whether a task is enqueued at `now` for `tick`, which is due, and all after it.

        With "skip" only where a tick lies within the last 60 seconds.
        """
        if self.missed is Missed.ONCE or now - tick <= TOLERANCE:
            return True
        return self.next_tick(now - TOLERANCE) <= now

    def same_as(self, other: "Schedule") -> bool:
        """Whether it is the same declaration, as when its module was loaded again."""
        return self._facts() == other._facts()

    def _facts(self) -> tuple[Any, ...]:
        return (self.task_path, self.ticks, self.args, self.kwargs, self.missed)


def _arguments(schedule: Schedule) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Copies of args and kwargs, as the task will get them."""
    given = schedule.args, schedule.kwargs or {}
    if not isinstance(given[0], list | tuple) or not isinstance(given[1], Mapping):
        raise InvalidSchedule(
            f"{schedule.name}: expected args=(…,) as a tuple or list and kwargs={{…}} as a dict, "
            f"got args={given[0]!r}, kwargs={given[1]!r}."
        )
    try:
        for what, value in (("args", list(given[0])), ("kwargs", dict(given[1]))):
            to_json(value, f"{what} of the schedule {schedule.name}")
    except (TypeError, ValueError) as error:
        raise InvalidSchedule(str(error)) from None
    copies: Any = normalize_json([list(given[0]), dict(given[1])])
    args, kwargs = tuple(copies[0]), copies[1]
    # The worker puts the context in front of what was enqueued.
    context = (None,) if schedule.task.takes_context else ()
    try:
        inspect.signature(schedule.task.func).bind(*context, *args, **kwargs)
    except TypeError as error:
        raise InvalidSchedule(
            f"{schedule.name}: {schedule.task_path} cannot be called with args={args!r}, "
            f"kwargs={kwargs!r}: {error}. Give @periodic the arguments it needs."
        ) from None
    return args, kwargs
