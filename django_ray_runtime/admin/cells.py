"""Pieces of HTML that lists and details share, and that the live view sends anew."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from django_ray_runtime.admin import words
from django_ray_runtime.models import QueuedTask
from django_ray_runtime.states import FINAL, State
from django_ray_runtime.task_views import progress_in


def is_unfinished(row: QueuedTask) -> bool:
    return row.state not in FINAL


def badge(state: str) -> SafeString:
    """A state as a coloured word."""
    return format_html(
        '<span class="drr-badge drr-{}">{}</span>', state.lower(), words.state(state)
    )


def moment(time: datetime | None) -> SafeString | str:
    """A point in time, to the second."""
    if time is None:
        return words.NOTHING
    local = timezone.localtime(time)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(), local.strftime("%Y-%m-%d %H:%M:%S")
    )


def brief(time: datetime | None) -> SafeString | str:
    """A point in time where there is little room: of today, only the hour."""
    if time is None:
        return words.NOTHING
    local = timezone.localtime(time)
    is_today = local.date() == timezone.localdate()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        local.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M"),
    )


def task_path(path: str) -> SafeString:
    """A dotted path that may be broken after its dots and underscores."""
    parts = format_html_join("", "{}<wbr>", ((part,) for part in re.split(r"(?<=[._])", path)))
    return format_html('<span class="drr-path">{}</span>', parts)


def run_time(row: Any) -> timedelta | None:
    """How long the last run took, or has been taking by the database's clock (`clock`)."""
    if row.started_at is None or row.last_attempted_at is None:
        return None
    if row.state == State.RUNNING:
        return row.clock - row.last_attempted_at  # type: ignore[no-any-return]
    return row.finished_at - row.last_attempted_at if row.finished_at else None


def attempts(row: QueuedTask) -> str:
    """How often it ran, and what went wrong."""
    notes = []
    if row.failures:
        text = ngettext("%(count)s failure", "%(count)s failures", row.failures)
        notes.append(text % {"count": words.grouped(row.failures)})
    if row.losses:
        text = ngettext("%(count)s loss", "%(count)s losses", row.losses)
        notes.append(text % {"count": words.grouped(row.losses)})
    return f"{row.attempt} ({', '.join(notes)})" if notes else str(row.attempt)


def progress_bar(row: QueuedTask, message: str) -> SafeString | str:
    """A bar with its figures in words; "—" without a report."""
    found = progress_in(row)
    if found is None:
        return words.NOTHING
    is_running = row.state == State.RUNNING
    eta = found.eta_seconds if is_running else None
    return bar(found.done, found.total, is_running=is_running, eta=eta, message=message)


def bar(
    done: int,
    total: int | None,
    *,
    is_running: bool,
    eta: float | None = None,
    message: str = "",
) -> SafeString:
    """So much of a whole that may be unknown, drawn and in words. `eta`: seconds to the end."""
    text = gettext("%(done)s so far") % {"done": words.grouped(done)}
    if total:
        text = gettext("%(done)s of %(total)s (%(share)s %%)") % {
            "done": words.grouped(done),
            "total": words.grouped(total),
            "share": 100 * min(done, total) // total,
        }
    if eta:
        values = {"progress": text, "time": words.duration(eta)}
        text = gettext("%(progress)s, about %(time)s left") % values
    size = format_html('value="{}" max="{}" ', min(done, total), total) if total else ""
    # Without a known total the bar of what has finished would move for ever.
    drawn = total or is_running
    label = gettext("Progress")
    element = format_html('<progress {}aria-label="{}"></progress>', size, label) if drawn else ""
    note = format_html('<span class="drr-message">{}</span>', message) if message else ""
    return format_html(
        '<span class="drr-progress">{}<span class="drr-figures">{}</span>{}</span>',
        element, text, note,
    )  # fmt: skip


def live_cells(row: QueuedTask, message: str) -> dict[str, SafeString | str]:
    """The pieces of a task that change while it is looked at."""
    return {
        "state": state_cell(row),
        "progress": progress_bar(row, message),
        "started": brief(row.started_at),
        "run_time": words.duration(run_time(row)),
        "attempts": attempts(row),
    }


def state_cell(row: QueuedTask) -> SafeString:
    """The state, with when it is due, or that it is to stop where that was asked for."""
    if row.state == State.SCHEDULED and row.run_after:
        due = format_html(gettext("from {}"), brief(row.run_after))
        return format_html('{} <span class="drr-note">{}</span>', badge(row.state), due)
    if row.state == State.RUNNING and row.cancel_asked_at:
        note = '{} <span class="drr-note">{}</span>'
        return format_html(note, badge(row.state), gettext("stopping"))
    return badge(row.state)
