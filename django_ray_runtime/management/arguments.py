"""What several commands' options look like: durations, moments, whole numbers."""

import argparse
import re
import uuid
from datetime import UTC, datetime, timedelta

from django.core.checks import Tags

QUEUE_CHECKS = [Tags.compatibility]
"""What is checked before a command that only asks or changes the queue: the runtime's settings are
among it. Not the URLs: a look at them imports all that they lead to, which takes seconds."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the examples below a command's help."""


def whole(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def duration(text: str) -> float:
    """Seconds, from 90s, 5m, 2h, 7d or 1w."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(
            f"expected a number and one of s, m, h, d, w, such as 2h or 7d; got {text!r}"
        )
    return float(found[1]) * _UNITS[found[2]]


def seconds(text: str) -> float:
    """A number of seconds of at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(
            f"expected a number of seconds of at least 0, got {text!r}"
        )
    return value


def moment(text: str) -> datetime | timedelta:
    """`2h` (so long ago), or an ISO date and time, UTC unless it says otherwise."""
    try:
        return timedelta(seconds=duration(text))
    except argparse.ArgumentTypeError:
        pass
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a duration such as 2h, or a moment such as 2026-05-01T12:00, got {text!r}"
        ) from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def identifier(text: str) -> uuid.UUID:
    """A task's identifier."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a task's identifier, got {text!r}") from None
