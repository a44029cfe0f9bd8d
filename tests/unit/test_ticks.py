"""When schedules are due, daylight saving time included."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_ray_runtime.exceptions import InvalidSchedule
from django_ray_runtime.ticks import EPOCH, Cron, Every, interval_of

LISBON, SAO_PAULO = "Europe/Lisbon", "America/Sao_Paulo"
# From 1971 to 2060, to the microsecond.
MOMENTS = st.timedeltas(timedelta(days=365), timedelta(days=365 * 90)).map(EPOCH.__add__)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticks(cron: Cron | Every, after: str, count: int) -> list[str]:
    """The next ticks after a moment, both in UTC."""
    moment, found = utc(after), []
    for _ in range(count):
        moment = cron.next_tick(moment)
        found.append(moment.strftime("%m-%d %H:%M"))
    return found


def test_a_time_zone_decides_when_its_hour_is() -> None:
    assert ticks(Cron("0 3 * * *", LISBON), "2026-01-10", 1) == ["01-10 03:00"]
    assert ticks(Cron("0 3 * * *", LISBON), "2026-07-10", 1) == ["07-10 02:00"]
    assert ticks(Cron("0 3 * * *", SAO_PAULO), "2026-07-10", 1) == ["07-10 06:00"]


# Lisbon: 2026-03-29 01:00 -> 02:00 (01:00 UTC); 2026-10-25 02:00 -> 01:00 (01:00 UTC).
# São Paulo: 2018-11-04 00:00 -> 01:00 (03:00 UTC); 2019-02-17 00:00 -> 23:00 (02:00 UTC).
@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # A time that is skipped runs at the first minute after the gap.
        ("30 1 * * *", LISBON, "2026-03-28 02:00", ["03-29 01:00", "03-30 00:30"]),
        ("30 0 * * *", SAO_PAULO, "2018-11-03 12:00", ["11-04 03:00", "11-05 02:30"]),
        # Two that are skipped are one tick, not two at the same moment.
        ("0,30 1 * * *", LISBON, "2026-03-28 02:00", ["03-29 01:00", "03-30 00:00"]),
        # A time that comes twice runs the first time only.
        ("30 1 * * *", LISBON, "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"]),
        ("30 23 * * *", SAO_PAULO, "2019-02-16 12:00", ["02-17 01:30", "02-18 02:30"]),
        # A star keeps to elapsed time: nothing in the gap, twice where the hour is repeated.
        ("*/30 1 * * *", LISBON, "2026-03-28 02:00", ["03-30 00:00", "03-30 00:30"]),
        (
            "0 * * * *", LISBON, "2026-10-24 23:30",
            ["10-25 00:00", "10-25 01:00", "10-25 02:00"],
        ),
        ("0 * * * *", LISBON, "2026-03-29 00:30", ["03-29 01:00", "03-29 02:00"]),
        ("0 * * * *", SAO_PAULO, "2019-02-17 00:30", ["02-17 01:00", "02-17 02:00", "02-17 03:00"]),
        ("0 * * * *", SAO_PAULO, "2018-11-04 02:30", ["11-04 03:00", "11-04 04:00"]),
        # A gap at midnight, asked the day before.
        ("0 */5 L * *", "America/Havana", "1972-04-29 12:00", ["04-30 09:00", "04-30 14:00"]),
    ],
)  # fmt: skip
def test_where_the_clocks_change(
    expression: str, zone: str, after: str, expected: list[str]
) -> None:
    assert ticks(Cron(expression, zone), after, len(expected)) == expected


def test_asked_within_the_second_of_two_equal_hours_the_first_does_not_come_again() -> None:
    # 01:10 UTC is 01:10 in Lisbon for the second time; 01:30 was at 00:30 UTC.
    assert ticks(Cron("30 1 * * *", LISBON), "2026-10-25 01:10", 1) == ["10-26 01:30"]


@given(
    minute=st.sampled_from(["0", "30", "*/7", "*", "5,59"]),
    hour=st.sampled_from(["0", "1", "2", "23", "*", "*/5", "0-3"]),
    day=st.sampled_from(["*", "L", "1", "LW"]),
    weekday=st.sampled_from(["*", "SUN", "5#2", "1-5"]),
    zone=st.sampled_from([LISBON, SAO_PAULO, "UTC", "Asia/Kathmandu", "America/Havana"]),
    after=MOMENTS,
)
def test_ticks_only_move_forward_and_none_is_left_out(
    minute: str, hour: str, day: str, weekday: str, zone: str, after: datetime
) -> None:
    cron = Cron(f"{minute} {hour} {day} * {weekday}", zone)
    tick = cron.next_tick(after)
    assert tick > after
    assert tick.second == tick.microsecond == 0
    # From any moment on the way the answer is the same: workers agree whenever they ask.
    assert cron.next_tick(after + (tick - after) / 2) == tick
    assert cron.next_tick(tick - timedelta(microseconds=1)) == tick
    assert cron.next_tick(tick) > tick


@given(after=MOMENTS, offset=st.sampled_from([0, 3600, -10800]))
def test_the_zone_in_which_one_asks_does_not_matter(after: datetime, offset: int) -> None:
    cron = Cron("30 1 * * *", LISBON)
    for zone in (ZoneInfo(SAO_PAULO), ZoneInfo(LISBON)):
        assert cron.next_tick(after.astimezone(zone)) == cron.next_tick(after)


@given(
    interval=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=3660)),
    after=MOMENTS,
)
def test_intervals_stand_on_one_grid(interval: timedelta, after: datetime) -> None:
    tick = Every(interval).next_tick(after)
    assert after < tick <= after + interval
    assert (tick - EPOCH) % interval == timedelta(0)


@pytest.mark.parametrize(
    ("every", "text"),
    [
        (timedelta(minutes=5), "every 5 min"), (7200, "every 2 h"), (86400, "every 1 d"),
        (90, "every 90 s"), (1.5, "every 1.5 s"), (1.000001, "every 1.000001 s"),
    ],
)  # fmt: skip
def test_an_interval_reads_well(every: timedelta | float, text: str) -> None:
    assert Every(interval_of(every)).text == text


@given(st.text(alphabet="0123456789*/,-#LW ²MONJA\x00", max_size=30))
def test_any_text_is_an_expression_or_refused_with_words(text: str) -> None:
    try:
        tick = Cron(text, "UTC").next_tick(utc("2026-01-01"))
    except InvalidSchedule:  # any other error fails the test
        return
    assert tick > utc("2026-01-01")
