"""What the options of a task may be, told at its declaration."""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from math import isfinite
from typing import Any

from django.tasks.exceptions import InvalidTask

from django_ray_runtime.payload import is_storable

_RATE = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,4})?(s|m|h|d)")
_LONGEST = 100 * 366 * 86400.0  # seconds: dates beyond the year 9999 fit no database
# A bucket that nothing touched for longer is forgotten, see store/pruning.py.
LONGEST_RATE_SECONDS = 31 * 86400.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def check(task: Any) -> None:
    """Raise InvalidTask naming the task, the option, what was expected and what came."""
    for name, (accepts, expected) in _RULES.items():
        value = getattr(task, name)
        if value is not None and not accepts(value):
            raise InvalidTask(f"{task.module_path}: {name} must be {expected}, got {value!r}.")
    if task.concurrency_key is not None and not (task.concurrency_limit or task.rate_limit):
        raise InvalidTask(
            f"{task.module_path}: concurrency_key alone limits nothing. Give concurrency_limit "
            "or rate_limit too."
        )
    parameters = _parameters(task)
    for name in task.sensitive or ():
        if name not in parameters and not _takes_any_keyword(task):
            raise InvalidTask(
                f"{task.module_path}: sensitive names {name!r}, which is no parameter of it. "
                f"Expected some of: {', '.join(parameters) or 'none, as it has no parameters'}."
            )


def seconds(value: float | timedelta) -> float:
    """A duration in seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def waits(backoff: Any) -> tuple[float, ...]:
    """A retry_backoff as seconds: one that doubles, several as listed, none for the setting."""
    if backoff is None:
        return ()
    several = backoff if isinstance(backoff, list | tuple) else (backoff,)
    return tuple(seconds(one) for one in several)


def read_rate(text: str) -> tuple[int, float]:
    """`10/m` or `5/30s` as how many starts in how many seconds."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a rate such as 10/m or 5/30s, got {text!r}")
    return int(found[1]), int(found[2] or 1) * _UNITS[found[3]]


def runtime_env_text(value: Mapping[str, Any] | None) -> str:
    """A runtime environment as JSON text, "" for none."""
    return json.dumps(value, sort_keys=True) if value else ""


def positions_of(task: Any) -> tuple[int, ...]:
    """Where the sensitive parameters stand among the positional arguments."""
    if not task.sensitive:
        return ()
    names = _parameters(task, keyword_only=False)
    return tuple(names.index(name) for name in task.sensitive if name in names)


def _parameters(task: Any, keyword_only: bool = True) -> list[str]:
    """The names that arguments of an enqueue can have, in their order."""
    found = inspect.signature(task.func).parameters.values()
    names = [
        p.name
        for p in found
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        or (keyword_only and p.kind is p.KEYWORD_ONLY)
    ]
    return names[1:] if task.takes_context else names


def _takes_any_keyword(task: Any) -> bool:
    parameters = inspect.signature(task.func).parameters.values()
    return any(p.kind is p.VAR_KEYWORD for p in parameters)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) if isinstance(value, float) else abs(value) < 2**63


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**63


def _is_duration(value: Any) -> bool:
    return (_is_number(value) or isinstance(value, timedelta)) and 0 < seconds(value) <= _LONGEST


def _is_backoff(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(_is_duration(one) for one in value)
    return _is_duration(value)


def _are_errors(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(one, type) and issubclass(one, BaseException) for one in value
    )


def _are_resources(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _is_number(amount) and amount >= 0
        for name, amount in value.items()
    )


def _is_json_dict(value: Any) -> bool:
    try:
        return isinstance(value, Mapping) and bool(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return False


def _is_unique(value: Any) -> bool:
    if isinstance(value, bool) or callable(value):
        return True
    if type(value).__name__ != "Unique":
        return False
    return (value.key is None or callable(value.key)) and (
        value.period is None or _is_duration(value.period)
    )


def _is_key(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= 200 and is_storable(value)
    return callable(value)


def _is_rate(value: Any) -> bool:
    if not isinstance(value, str) or _RATE.fullmatch(value) is None:
        return False
    return read_rate(value)[1] <= LONGEST_RATE_SECONDS


def _are_names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(name, str) for name in value)


_DURATION = "a number of seconds above 0 (at most 100 years), or a timedelta"

_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "max_attempts": (_is_count, "a whole number of at least 1"),
    "retry_backoff": (_is_backoff, f"{_DURATION}, or a list of them"),
    "retry_on": (_are_errors, "a tuple of exception classes"),
    "no_retry_on": (_are_errors, "a tuple of exception classes"),
    "timeout": (_is_duration, _DURATION),
    "expires_in": (_is_duration, _DURATION),
    "num_cpus": (lambda v: _is_number(v) and v >= 0, "a number of at least 0"),
    "num_gpus": (lambda v: _is_number(v) and v >= 0, "a number of at least 0"),
    "memory": (_is_count, "a whole number of bytes"),
    "resources": (_are_resources, "a dict of names and numbers"),
    "runtime_env": (_is_json_dict, "a dict that JSON can hold"),
    "unique": (_is_unique, "True, a function of the arguments, or Unique(key=…, period=…)"),
    "concurrency_key": (_is_key, "a text of 1 to 200 characters, or a function of the arguments"),
    "concurrency_limit": (_is_count, "a whole number of at least 1"),
    "rate_limit": (
        _is_rate,
        "a rate such as 10/s, 100/m, 5/30s, 1000/h or 10000/d, over 31 days at most",
    ),
    "sensitive": (_are_names, "a tuple of names of parameters"),
}
