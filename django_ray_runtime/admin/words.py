"""States, durations, sizes and options as people say them, in the reader's language."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.options import TaskOptions, readable_options
from django_ray_runtime.states import State, WorkerState

NOTHING = "—"
ANY_EXCEPTION = ("builtins.Exception",)
STATES: dict[str, Any] = {
    State.SCHEDULED: pgettext_lazy("task", "Scheduled"),
    State.BLOCKED: pgettext_lazy("task", "Blocked"),
    State.READY: pgettext_lazy("task", "Ready"),
    State.RUNNING: pgettext_lazy("task", "Running"),
    State.SUCCESSFUL: pgettext_lazy("task", "Successful"),
    State.FAILED: pgettext_lazy("task", "Failed"),
    State.CANCELLED: pgettext_lazy("task", "Cancelled"),
    State.EXPIRED: pgettext_lazy("task", "Expired"),
    WorkerState.STARTING: pgettext_lazy("worker", "Starting"),
    WorkerState.ACTIVE: pgettext_lazy("worker", "Active"),
    WorkerState.DRAINING: pgettext_lazy("worker", "Draining"),
    WorkerState.STOPPED: pgettext_lazy("worker", "Stopped"),
    WorkerState.DEAD: pgettext_lazy("worker", "Dead"),
}


def state(name: str) -> str:
    """A state of a task or of a worker: "Running"."""
    return str(STATES.get(name) or name.capitalize())


def state_within(name: str) -> str:
    """A state within a sentence: "running"."""
    return state(name).lower()


def duration(time: timedelta | float | None) -> str:
    """`0.42 s`, `12.3 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`; "—" for None."""
    if time is None:
        return NOTHING
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{_decimal(f'{seconds:.2f}' if seconds < 1 else f'{seconds:.1f}')} s"
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
        return f"{_decimal(f'{seconds:g}')} s"
    units = ((whole // 86400, "d"), (whole % 86400 // 3600, "h"), (whole % 3600 // 60, "min"))
    return " ".join(f"{n} {unit}" for n, unit in (*units, (whole % 60, "s")) if n)


def grouped(number: int) -> str:
    """`1,200`, as the language writes it."""
    return number_format(number, use_l10n=True, force_grouping=True)


def _decimal(figures: str) -> str:
    """With the language's decimal separator."""
    return figures.replace(".", get_format("DECIMAL_SEPARATOR"))


def pretty(value: Any) -> str:
    """A JSON value to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def bounded(text: str, limit: int) -> tuple[str, str]:
    """The beginning of a text, and a note on its size when that is not all of it."""
    if len(text) <= limit:
        return text, ""
    note = _("The first %(shown)s of %(all)s characters.")
    return text[:limit], note % {"shown": grouped(limit), "all": grouped(len(text))}


def in_words(row: QueuedTask) -> list[str]:
    """What a task's declaration says, one statement each."""
    options = readable_options(row.options)
    return [
        *_retries(options),
        *_limits(options),
        *_resources(options),
        *(_("The value of %(name)s is not shown.") % {"name": one} for one in options.sensitive),
    ]


def _retries(options: TaskOptions) -> Iterator[str]:
    most = options.max_attempts or runtime_settings().max_attempts
    if options.max_attempts:
        ends = ngettext(
            "Ends after %(count)s failure of its own.",
            "Ends after %(count)s failures of its own.",
            most,
        )
    else:
        ends = ngettext(
            "Ends after %(count)s failure of its own (the setting MAX_ATTEMPTS).",
            "Ends after %(count)s failures of its own (the setting MAX_ATTEMPTS).",
            most,
        )
    yield ends % {"count": grouped(most)}
    if most > 1:
        yield _pauses(options.retry_backoff)
        if options.retry_on != ANY_EXCEPTION:
            names = ", ".join(options.retry_on) or _("nothing")
            yield _("Retried on %(names)s only.") % {"names": names}
        if options.no_retry_on:
            yield _("Not retried on %(names)s.") % {"names": ", ".join(options.no_retry_on)}
    if options.timeout:
        yield _("A run may take %(time)s.") % {"time": span(options.timeout)}


def _pauses(backoff: tuple[float, ...]) -> str:
    if len(backoff) > 1:
        pauses = span(backoff[0])
        for one in backoff[1:]:
            pauses = _("%(pauses)s, then %(pause)s") % {"pauses": pauses, "pause": span(one)}
        return _("Runs again after %(pauses)s.") % {"pauses": pauses}
    first = backoff[0] if backoff else runtime_settings().retry_backoff_seconds
    return _("Runs again after %(pause)s, doubled each time.") % {"pause": span(first)}


def _limits(options: TaskOptions) -> Iterator[str]:
    if options.concurrency_limit:
        text = ngettext(
            "At most %(count)s run at once with its limit key.",
            "At most %(count)s runs at once with its limit key.",
            options.concurrency_limit,
        )
        yield text % {"count": grouped(options.concurrency_limit)}
    if options.rate_count:
        text = ngettext(
            "At most %(count)s start in %(time)s with its limit key.",
            "At most %(count)s starts in %(time)s with its limit key.",
            options.rate_count,
        )
        yield text % {"count": grouped(options.rate_count), "time": span(options.rate_seconds)}


def _resources(options: TaskOptions) -> Iterator[str]:
    wanted = [
        _amount(options.num_cpus, ngettext("%(n)s CPU", "%(n)s CPUs", _one(options.num_cpus)))
    ]
    if options.num_gpus:
        text = ngettext("%(n)s GPU", "%(n)s GPUs", _one(options.num_gpus))
        wanted.append(_amount(options.num_gpus, text))
    if options.memory:
        wanted.append(_("%(size)s of memory") % {"size": filesizeformat(options.memory)})
    wanted += [f"{_decimal(f'{amount:g}')} {name}" for name, amount in options.resources]
    yield _("Reserves %(resources)s.") % {"resources": ", ".join(wanted)}
    if options.runtime_env:
        # Names only: its env_vars may hold passwords.
        names = ", ".join(json.loads(options.runtime_env))
        yield _("Runtime environment with %(names)s.") % {"names": names}


def _one(amount: float) -> int:
    """A whole number that takes singular or plural as this one does in English."""
    return 1 if amount == 1 else 2


def _amount(amount: float, text: str) -> str:
    return text % {"n": _decimal(f"{amount:g}")}
