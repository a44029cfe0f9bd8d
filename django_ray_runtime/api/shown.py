"""Rows as the API shows them: without sensitive values."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django_ray_runtime.api.schemas import AttemptOut, ProgressOut, TaskDetail, TaskOut
from django_ray_runtime.masking import MASK, masked_arguments, masked_text
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.options import readable_options
from django_ray_runtime.results import Progress
from django_ray_runtime.states import DJANGO_STATUS, State

type Clean = Callable[[str], str]


def task_out(row: QueuedTask) -> TaskOut:
    """A row read with `select_related("progress")`."""
    return TaskOut(**_values(row))


def task_detail(row: QueuedTask, attempts: Iterable[Attempt]) -> TaskDetail:
    """The same with all that is known of one task."""
    clean = _cleaner(row)
    return TaskDetail(
        **_values(row),
        return_value=_return_value(row, clean),
        options=_options(row.options),
        limit_key=row.limit_key and clean(row.limit_key),
        unique_key=row.unique_key and clean(row.unique_key),
        worker_ids=row.worker_ids,
        attempts=[_attempt(one, clean) for one in attempts],
    )


def _values(row: QueuedTask) -> dict[str, Any]:
    args, kwargs = masked_arguments(row.args, row.kwargs, readable_options(row.options))
    state = State(row.state)
    same = (
        "id", "priority", "enqueued_at", "run_after", "expires_at", "started_at", "finished_at",
        "attempt", "failures", "losses", "suspect", "worker", "cancel_asked_at",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in same},
        "task": row.task_path,
        "state": state,
        "status": DJANGO_STATUS[state],
        "queue": row.queue_name,
        "args": args,
        "kwargs": kwargs,
        "progress": _progress(row),
    }


def _progress(row: QueuedTask) -> ProgressOut | None:
    found = getattr(row, "progress", None)
    if found is None or found.attempt != row.attempt:
        return None  # nothing yet, or of an earlier run
    known = Progress(found.done, found.total, found.message, found.started_at, found.updated_at)
    return ProgressOut(
        done=known.done,
        total=known.total,
        message=_cleaner(row)(known.message),
        fraction=known.fraction,
        eta_seconds=known.eta_seconds,
        updated_at=known.updated_at,
    )


def _cleaner(row: QueuedTask) -> Clean:
    options = readable_options(row.options)
    return lambda text: masked_text(text, row.args, row.kwargs, options)


def _return_value(row: QueuedTask, clean: Clean) -> Any:
    """Masked as the JSON text it is; a mask in place of a number leaves no JSON, so that
    nothing of the value is shown."""
    if row.state != State.SUCCESSFUL:
        return None
    text = json.dumps(row.return_value, ensure_ascii=False)
    shown = clean(text)
    if shown == text:
        return row.return_value
    try:
        return json.loads(shown)
    except ValueError:
        return MASK


def _options(stored: dict[str, Any]) -> dict[str, Any]:
    if "runtime_env" not in stored:
        return stored
    # Names only: its env_vars may hold passwords.
    return stored | {"runtime_env": sorted(json.loads(stored["runtime_env"]))}


def _attempt(row: Attempt, clean: Clean) -> AttemptOut:
    return AttemptOut(
        number=row.number,
        worker=row.worker,
        started_at=row.started_at,
        finished_at=row.finished_at,
        exception=row.exception_class_path,
        traceback=clean(row.traceback),
        output=clean(row.output),
    )
