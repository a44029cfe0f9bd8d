"""What commands take for durations, moments and numbers, and how they show ages."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from django_ray_runtime.management.arguments import duration, identifier, moment, seconds, whole
from django_ray_runtime.management.terminal import short_age


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("5m", 300), ("1.5h", 5400), ("7D", 604_800), ("1w", 604800)],
)
def test_a_duration_has_a_unit(text: str, expected: float) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("parse", [duration, whole, seconds, moment, identifier])
@pytest.mark.parametrize("text", ["", "x", "-1", "2 h", "nan", "1e400"])
def test_anything_else_is_refused_with_what_was_expected(parse, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        parse(text)


def test_a_moment_is_a_duration_or_a_date() -> None:
    assert moment("2h") == timedelta(hours=2)
    assert moment("2026-05-01T12:00") == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert moment("2026-05-01T12:00-03:00") == datetime(2026, 5, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (None, "-"), (0.42, "0.4s"), (59.9, "59s"), (190, "3m10s"), (7500, "2h05m"),
        (3600 * 76, "3d04h"),
    ],
)  # fmt: skip
def test_ages_are_short(age: float | None, expected: str) -> None:
    assert short_age(age) == expected
