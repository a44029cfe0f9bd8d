"""What the page of one task shows."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_ray_runtime.admin import words
from django_ray_runtime.admin.cells import live_cells, moment
from django_ray_runtime.conf import runtime_settings
from django_ray_runtime.masking import masked_arguments, masked_text
from django_ray_runtime.models import Attempt, QueuedTask
from django_ray_runtime.options import TaskOptions, readable_options
from django_ray_runtime.states import WAITING, State
from django_ray_runtime.task_views import progress_messages

MOST_ATTEMPTS = 20
MOST_TEXT = 20_000  # characters of arguments and of a return value
CLOCKS_DIFFER = timedelta(days=1)

type Fact = tuple[str, SafeString | str]
type Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that may be cut, with a note on it."""

    text: str
    note: str


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """One run."""

    number: int
    error: str  # the exception's class path, or ""
    worker: str
    started: SafeString | str
    finished: SafeString | str
    took: str
    traceback: str
    output: str
    is_cut: bool  # what it printed first is not there
    is_last: bool


def details(row: QueuedTask) -> dict[str, Any]:
    """The parts of the page, without sensitive values."""
    options = readable_options(row.options)

    def clean(text: str) -> str:
        return masked_text(text, row.args, row.kwargs, options)

    runs, earlier = _attempts(row, clean)
    return {
        "live": live_cells(row, progress_messages([row]).get(row.id, "")),
        "arguments": _arguments(row, options),
        "facts": _facts(row, clean),
        "times": _times(row),
        "options": words.in_words(row),
        "return_value": _return_value(row, clean),
        "attempts": runs,
        "earlier_attempts": earlier,
        "most_output": runtime_settings().max_output_bytes,
    }


def _arguments(row: QueuedTask, options: TaskOptions) -> list[tuple[str, Text]]:
    args, kwargs = masked_arguments(row.args, row.kwargs, options)
    parts: list[tuple[str, Any]] = [(_("Positional"), args), (_("Named"), kwargs)]
    return [(name, _text(words.pretty(values))) for name, values in parts if values]


def _facts(row: QueuedTask, clean: Clean) -> list[Fact]:
    optional = [
        (_("Worker"), row.worker),
        (_("Workers of its runs"), _workers(row)),
        (_("Limit key"), clean(row.limit_key or "")),
        (_("Unique key"), clean(row.unique_key or "")),
    ]
    return [
        (_("Identifier"), str(row.id)),
        (_("Queue"), row.queue_name),
        (_("Priority"), str(row.priority)),
        (_("Backend"), row.backend),
        *((name, value) for name, value in optional if value),
    ]


def _workers(row: QueuedTask) -> str:
    runs = Counter(map(str, row.worker_ids[-MOST_ATTEMPTS:]))
    return ", ".join(name if n == 1 else _several(name, n) for name, n in runs.items())


def _several(worker: str, n: int) -> str:
    text = ngettext("%(worker)s (%(n)s run)", "%(worker)s (%(n)s runs)", n)
    return text % {"worker": worker, "n": n}


def _times(row: QueuedTask) -> list[Fact]:
    # A retry is put there too, and means nothing once it runs.
    is_of_next_run = row.state in WAITING or row.attempt <= 1
    known = [
        (_("Enqueued"), row.enqueued_at),
        (_("Not before"), row.run_after if is_of_next_run else None),
        (_("Expires unless started by"), row.expires_at),
        (_("First started"), row.started_at),
        (_("Last run started"), row.last_attempted_at),
        (_("Run times out"), row.deadline if _times_out(row) else None),
        (_("Told to stop"), row.cancel_asked_at),
        (_("Finished"), row.finished_at),
    ]
    return [(name, moment(time)) for name, time in known if time]


def _times_out(row: QueuedTask) -> bool:
    timeout = readable_options(row.options).timeout
    if row.state != State.RUNNING or timeout is None or row.deadline is None:
        return False
    # On Dask a run that begins has a mark there first, which is no time (Store.note_begun).
    return row.deadline < timezone.now() + timedelta(seconds=timeout) + CLOCKS_DIFFER


def _return_value(row: QueuedTask, clean: Clean) -> Text | None:
    if row.state != State.SUCCESSFUL:
        return None
    return _text(clean(words.pretty(row.return_value)))


def _attempts(row: QueuedTask, clean: Clean) -> tuple[list[ShownAttempt], int]:
    """The latest runs that left something, newest first, and how many more there are."""
    rows = Attempt.objects.using(row._state.db).filter(task=row)
    latest = list(rows.order_by("-number")[: MOST_ATTEMPTS + 1])
    earlier = rows.count() - MOST_ATTEMPTS if len(latest) > MOST_ATTEMPTS else 0
    shown = latest[:MOST_ATTEMPTS]
    return [_shown(one, clean, one is shown[0]) for one in shown], earlier


def _shown(run: Attempt, clean: Clean, is_last: bool) -> ShownAttempt:
    took = run.finished_at - run.started_at if run.started_at else None
    return ShownAttempt(
        number=run.number,
        error=run.exception_class_path,
        worker=run.worker,
        started=moment(run.started_at),
        finished=moment(run.finished_at),
        took=words.duration(took),
        traceback=clean(run.traceback),
        output=clean(run.output),
        # Where the cut fell within a character, the rest of that one is gone too.
        is_cut=len(run.output.encode()) > runtime_settings().max_output_bytes - 4,
        is_last=is_last,
    )


def _text(text: str) -> Text:
    return Text(*words.bounded(text, MOST_TEXT))
