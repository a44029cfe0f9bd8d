"""Durations, sizes and options as people say them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat, pluralize
from django.utils.formats import number_format

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.options import TaskOptions, readable_options

NOTHING = "—"
ANY_EXCEPTION = ("builtins.Exception",)


def duration(time: timedelta | float | None) -> str:
    """`0.42 s`, `12.3 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`; "—" for None."""
    if time is None:
        return NOTHING
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def span(seconds: float) -> str:
    """A duration that somebody chose: `2 s`, `0.5 s`, `1 min`, `1 h 30 min`."""
    whole = int(seconds)
    if seconds < 60 or seconds != whole:
        return f"{seconds:g} s"
    units = ((whole // 86400, "d"), (whole % 86400 // 3600, "h"), (whole % 3600 // 60, "min"))
    return " ".join(f"{n} {unit}" for n, unit in (*units, (whole % 60, "s")) if n)


def count(number: int, noun: str, plural: str = "s") -> str:
    """`1 task`, `1,200 tasks`."""
    return f"{number:,} {noun}{pluralize(number, plural)}"


def grouped(number: int) -> str:
    """`1,200`, as the language writes it."""
    return number_format(number, use_l10n=True, force_grouping=True)


def pretty(value: Any) -> str:
    """A JSON value to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def bounded(text: str, limit: int) -> tuple[str, str]:
    """The beginning of a text, and a note on its size when that is not all of it."""
    if len(text) <= limit:
        return text, ""
    return text[:limit], f"The first {limit:,} of {len(text):,} characters."


def in_words(row: QueuedTask) -> list[str]:
    """What a task's declaration says, one statement each."""
    options = readable_options(row.options)
    return [
        *_retries(options),
        *_limits(options),
        *_resources(options),
        *(f"The value of {name} is not shown." for name in options.sensitive),
    ]


def _retries(options: TaskOptions) -> Iterator[str]:
    most = options.max_attempts or runtime_settings().max_attempts
    source = "" if options.max_attempts else " (the setting MAX_ATTEMPTS)"
    yield f"Ends after {count(most, 'failure')} of its own{source}."
    if most > 1:
        yield f"Runs again {_pauses(options.retry_backoff)}."
        if options.retry_on != ANY_EXCEPTION:
            yield f"Retried on {', '.join(options.retry_on) or 'nothing'} only."
        if options.no_retry_on:
            yield f"Not retried on {', '.join(options.no_retry_on)}."
    if options.timeout:
        yield f"A run may take {span(options.timeout)}."


def _pauses(backoff: tuple[float, ...]) -> str:
    if len(backoff) > 1:
        return "after " + ", then ".join(span(one) for one in backoff)
    first = backoff[0] if backoff else runtime_settings().retry_backoff_seconds
    return f"after {span(first)}, doubled each time"


def _limits(options: TaskOptions) -> Iterator[str]:
    if options.concurrency_limit:
        yield f"At most {count(options.concurrency_limit, 'run')} at once with its limit key."
    if options.rate_count:
        per = span(options.rate_seconds)
        yield f"At most {count(options.rate_count, 'start')} in {per} with its limit key."


def _resources(options: TaskOptions) -> Iterator[str]:
    wanted = [f"{options.num_cpus:g} CPU{pluralize(options.num_cpus)}"]
    if options.num_gpus:
        wanted.append(f"{options.num_gpus:g} GPU{pluralize(options.num_gpus)}")
    if options.memory:
        wanted.append(f"{filesizeformat(options.memory)} of memory")
    wanted += [f"{amount:g} {name}" for name, amount in options.resources]
    yield f"Reserves {', '.join(wanted)}."
    if options.runtime_env:
        # Names only: its env_vars may hold passwords.
        yield f"Runtime environment with {', '.join(json.loads(options.runtime_env))}."
