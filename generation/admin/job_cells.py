"""Pieces of HTML that the list of jobs and a job's page share, and the live view sends anew."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_ray_runtime.admin import cells, words
from django_ray_runtime.admin.live import LiveRow, Piece
from generation.lotteries import LOTTERIES
from generation.models import GenerationJob

# What may be wide stays in the database where a page does not show it.
WIDE = ("constraints", "tally", "seconds")
WIDE_OF_TASK = ("args", "kwargs", "options", "return_value", "worker_ids")


def shown_jobs() -> QuerySet[GenerationJob]:
    """Jobs with what a row of the list needs: one query whatever their number."""
    rows = GenerationJob.objects.select_related("task", "owner").annotate(clock=Now())
    return rows.defer(*WIDE, *(f"task__{name}" for name in WIDE_OF_TASK))


def is_unfinished(job: GenerationJob) -> bool:
    return cells.is_unfinished(job.task)


def lottery_name(key: str) -> str:
    known = LOTTERIES.get(key)
    return known.name if known else key


def named(job: GenerationJob) -> str:
    """A job as its own text names it, in the reader's language."""
    count = words.grouped(job.quantity)
    told = _("%(n)s games of %(lottery)s (%(id)s)")
    return told % {"n": count, "lottery": job.lottery, "id": job.id}


def run_time(job: Any) -> timedelta | None:
    """How long the last run took, or has been taking by the database's clock."""
    job.task.clock = job.clock
    return cells.run_time(job.task)


def progress(job: GenerationJob) -> SafeString:
    is_running = job.task.state == "RUNNING"
    spent = run_time(job)
    eta = None
    if is_running and spent and job.games_done:
        left = job.quantity - job.games_done
        eta = spent.total_seconds() * left / job.games_done
    return cells.bar(job.games_done, job.quantity, is_running=is_running, eta=eta)


def rate(job: GenerationJob) -> str:
    """Games per second of the last run."""
    spent = run_time(job)
    if not spent or not job.games_done:
        return words.NOTHING
    return words.grouped(round(job.games_done / spent.total_seconds()))


def outcome(job: GenerationJob) -> SafeString | str:
    """Whether all games were made that were ordered, and why not."""
    if job.complete is None:
        return words.NOTHING
    if job.complete:
        return _("Complete")
    return format_html(
        '<span class="gen-incomplete">{}</span> <span class="drr-note">{}</span>',
        _("Incomplete"),
        job.reason or _("no reason given"),
    )


def file(job: GenerationJob) -> SafeString | str:
    """A link to download the file, with its size; or why there is none any more."""
    if job.has_file:
        return format_html(
            '<a href="{}">{}</a> <span class="drr-note gen-number">{}</span>',
            reverse("admin:generation_generationjob_download", args=[job.pk]),
            job.file_format.upper(),
            filesizeformat(job.size),
        )
    if job.file_expired_at:
        told = format_html(_("expired {}"), cells.brief(job.file_expired_at))
        return format_html('<span class="drr-note">{}</span>', told)
    return words.NOTHING


CELLS: dict[str, Callable[[GenerationJob], Piece]] = {
    "state": lambda job: cells.state_cell(job.task),
    "progress": progress,
    "games_per_second": rate,
    "outcome": outcome,
    "file": file,
}
"""What changes while a job is looked at."""


def live_row(job: GenerationJob) -> LiveRow:
    return LiveRow({name: draw(job) for name, draw in CELLS.items()}, is_unfinished(job))
