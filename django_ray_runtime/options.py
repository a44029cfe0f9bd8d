"""What a task's declaration says beyond Django's own: as a row remembers it.

No Django models here, and no exception classes but their names: an option must be readable
where the task's module cannot be imported.
"""

import json
from collections.abc import Callable
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
    """The options in a row's `options`. Raises ValueError for what no declaration wrote."""
    if not isinstance(values, dict):
        raise ValueError(f"A row's options must be a dict, got {values!r}.")
    for name, fits in _FITS.items():
        if name in values and not fits(values[name]):
            raise ValueError(f"The option {name} of this row cannot be used: {values[name]!r}.")
    known = {f.name for f in fields(TaskOptions)}
    return TaskOptions(**{name: _frozen(value) for name, value in values.items() if name in known})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def readable_options(values: Any) -> TaskOptions:
    """The options in a row, to show or to let in: without those that cannot be used."""
    if isinstance(values, str):
        values = json.loads(values)
    if not isinstance(values, dict):
        return TaskOptions()
    return options_of({n: v for n, v in values.items() if n not in _FITS or _FITS[n](v)})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_amount(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _are(kind: type) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, list) and all(isinstance(one, kind) for one in v)


_FITS: dict[str, Callable[[Any], bool]] = {
    "max_attempts": _is_count,
    "retry_backoff": lambda v: isinstance(v, list) and all(_is_amount(one) for one in v),
    "retry_on": _are(str),
    "no_retry_on": _are(str),
    "timeout": lambda v: _is_amount(v) and v > 0,
    "num_cpus": _is_amount,
    "num_gpus": _is_amount,
    "memory": _is_count,
    "resources": lambda v: (
        isinstance(v, list)
        and all(isinstance(one, list) and len(one) == 2 and _is_amount(one[1]) for one in v)
    ),
    "runtime_env": lambda v: isinstance(v, str),
    "concurrency_limit": _is_count,
    "rate_count": _is_count,
    "rate_seconds": lambda v: _is_amount(v) and v > 0,
    "sensitive": _are(str),
    "sensitive_positions": _are(int),
}
