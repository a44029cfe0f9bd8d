"""What a service's page hands to whoever shows an answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ray_services.common.bodies import Body


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and its answer, as the service's `answers` gave it: rows are a pyarrow table, or
    have been left out where they were deleted. Through the queue keys are text, days too."""

    owner: str
    """Whose question it was: see `owner_of`."""
    service: str
    operation: str
    body: Body
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """How the answers of one operation are shown, at once or after the queue."""

    title: Callable[[Answered], str]
    template: str
    """A fragment below the title, which is a heading of level 2: its own are of level 3."""
    context: Callable[[Answered], dict[str, Any]]
    """What the template shows, beside `answer` and `body`."""
