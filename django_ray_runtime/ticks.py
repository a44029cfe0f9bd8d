"""When a periodic task is due: cron expressions and intervals, as pure functions of time."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from django_ray_runtime.exceptions import InvalidSchedule

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=3660)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The fields of a cron expression in their order, and what each may hold.
FIELDS = {
    "minute": "0-59",
    "hour": "0-23",
    "day of the month": "1-31, L (the last) or LW (the last weekday)",
    "month": "1-12 or JAN-DEC",
    "day of the week": "0-7 (0 and 7 are Sunday), SUN-SAT, 5L (the last Friday) or 5#2",
}
_EXAMPLE = 'Expected five fields, minute, hour, day, month and weekday, as in "0 3 * * *".'


class Missed(StrEnum):
    """What becomes of ticks at which no worker was there."""

    SKIP = "skip"  # nothing: the next future tick is used
    ONCE = "once"  # one enqueue for all of them together


@dataclass(frozen=True)
class Cron:
    """The moments that a cron expression names on the clocks of a time zone."""

    expression: str
    timezone: str

    def __post_init__(self) -> None:
        """Raises InvalidSchedule that names the field, or the time zone."""
        if not isinstance(self.expression, str) or len(self.expression.split()) != len(FIELDS):
            raise InvalidSchedule(
                f"cron={self.expression!r} cannot be used. {_EXAMPLE} "
                "For seconds use every=timedelta(seconds=…)."
            )
        object.__setattr__(self, "expression", " ".join(self.expression.upper().split()))
        self._zone  # noqa: B018  (refuses an unknown zone)
        self._demand_fields()
        self.next_tick(EPOCH)  # refuses a date that no year has

    @property
    def text(self) -> str:
        return f"{self.expression} {self.timezone}"

    def next_tick(self, after: datetime) -> datetime:
        """The first tick later than `after` (aware), in UTC.

        cronsim follows Debian's cron where the clocks change. An expression with a fixed
        minute and hour keeps to the wall clock: a time that is skipped runs at the first minute
        after the gap, one that comes twice runs the first time only. With a `*` in front of
        either field it keeps to elapsed time: skipped times do not run, repeated ones run twice.
        """
        tick = self._tick_after(after)
        # Coming from the day before, cronsim gives such an expression a tick at the end of a gap
        # at midnight, which it does not give from just before. All ways must agree.
        while self._tick_after(tick - SHORTEST) != tick:
            tick = self._tick_after(tick)
        return tick

    def _tick_after(self, after: datetime) -> datetime:
        try:
            for tick in CronSim(self.expression, after.astimezone(self._zone)):
                # In the second of two equal hours cronsim answers with the first, which is
                # past. Compared in UTC: within one zone Python compares wall clocks.
                if (moment := tick.astimezone(UTC)) > after:
                    return moment
        except CronSimError:
            pass
        raise InvalidSchedule(
            f"cron={self.expression!r} names a date that no year has. Change its day of the "
            "month (third field) or its month (fourth)."
        )

    @cached_property
    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (KeyError, ValueError, TypeError, OSError):
            raise InvalidSchedule(
                f"There is no time zone {self.timezone!r}. Expected a name of the IANA database, "
                'such as "Europe/Lisbon" or "UTC".'
            ) from None

    def _demand_fields(self) -> None:
        """Try each field alone, to name the one that is wrong."""
        for number, (field, value) in enumerate(zip(FIELDS, self.expression.split(), strict=True)):
            alone = ["*"] * len(FIELDS)
            alone[number] = value
            try:
                CronSim(" ".join(alone), EPOCH)
            except (CronSimError, ValueError):
                raise InvalidSchedule(
                    f"cron={self.expression!r}: the {field} (field {number + 1}) is {value!r}. "
                    f"Expected {FIELDS[field]}, *, a list such as 1,2, a range such as 1-5 or a "
                    f"step such as */2. {_EXAMPLE}"
                ) from None


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed interval. Its ticks are the multiples of it since 1970-01-01T00:00:00Z, so that
    all workers agree on them without asking each other."""

    interval: timedelta

    def __post_init__(self) -> None:
        """Raises InvalidSchedule outside of 1 second to 3660 days."""
        if not SHORTEST <= self.interval <= LONGEST:
            raise InvalidSchedule(
                f"every={self.interval!r} cannot be used. Expected from 1 second to "
                f"{LONGEST.days} days."
            )

    @property
    def text(self) -> str:
        for unit, name in (
            (timedelta(days=1), "d"),
            (timedelta(hours=1), "h"),
            (timedelta(minutes=1), "min"),
        ):
            if not self.interval % unit:
                return f"every {self.interval // unit} {name}"
        # Not %g, which would round: two intervals must not have one text.
        return f"every {str(self.interval.total_seconds()).removesuffix('.0')} s"

    def next_tick(self, after: datetime) -> datetime:
        """The first tick later than `after` (aware), in UTC."""
        return EPOCH + ((after - EPOCH) // self.interval + 1) * self.interval


def interval_of(every: object) -> timedelta:
    """A timedelta, or a number of seconds. Raises InvalidSchedule."""
    if isinstance(every, timedelta):
        return every
    if isinstance(every, int | float) and not isinstance(every, bool) and math.isfinite(every):
        return timedelta(seconds=max(-1.0, min(every, LONGEST.total_seconds() + 1)))
    raise InvalidSchedule(
        f"every={every!r} cannot be used. Expected a timedelta or a number of seconds, such as "
        "every=timedelta(minutes=5) or every=300."
    )
