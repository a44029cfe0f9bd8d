"""Types of values that come in: what every database can hold and compare."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("expected a text without NUL characters")
    return text


def _within_reach(moment: datetime) -> datetime:
    # Far enough from both ends of the calendar to be moved between time zones.
    if not 1970 <= moment.year <= 9000:
        raise ValueError(f"expected a year from 1970 to 9000, got {moment.year}")
    return moment.astimezone(UTC)


Text = Annotated[str, AfterValidator(_storable)]
Moment = Annotated[AwareDatetime, AfterValidator(_within_reach)]
