"""What a task's declaration says beyond Django's own: as a row remembers it.

No Django models here, and no exception classes but their names: an option must be readable
where the task's module cannot be imported.
"""

import json
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """The options of one queued task. Only what differs from these defaults is stored."""

    max_attempts: int | None = None  # None: the setting MAX_ATTEMPTS
    retry_backoff: tuple[float, ...] = ()  # seconds; one: doubled each time; (): the setting
    retry_on: tuple[str, ...] = ("builtins.Exception",)  # class paths
    no_retry_on: tuple[str, ...] = ()
    timeout: float | None = None  # seconds from the start of each run
    num_cpus: float = 1.0
    num_gpus: float = 0.0
    memory: int | None = None  # bytes
    resources: tuple[tuple[str, float], ...] = ()
    runtime_env: str = ""  # JSON text
    concurrency_limit: int | None = None
    rate_count: int | None = None  # starts …
    rate_seconds: float = 1.0  # … in this time, and as many at once
    sensitive: tuple[str, ...] = ()  # parameters whose values are never shown
    sensitive_positions: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON can hold it."""
        return {
            f.name: value for f in fields(self) if (value := getattr(self, f.name)) != f.default
        }


@lru_cache(maxsize=256)
def read_options(text: str) -> TaskOptions:
    """The options in a row's JSON text. What another version wrote and this does not know
    is left out."""
    return options_of(json.loads(text))


def options_of(values: dict[str, Any]) -> TaskOptions:
    """The options in a row's `options`."""
    known = {f.name for f in fields(TaskOptions)}
    return TaskOptions(**{name: _frozen(value) for name, value in values.items() if name in known})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
