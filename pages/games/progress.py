"""How far a job is, for whoever looks at its page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_safe

from generation.control import jobs_of
from generation.jobs import games_per_second
from generation.models import GenerationJob
from pages.access import job_or_404, signed_in
from pages.live.streams import event_stream
from pages.live.watching import Watch


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one job. `speed` in games a second, `eta` in seconds."""

    state: str
    over: bool
    cancelling: bool
    done: int
    quantity: int
    speed: float | None
    eta: float | None

    @property
    def share(self) -> float:
        return self.done / self.quantity


def progress_of(job: Any) -> Progress:
    """Of a job read with its task and `moment`, the database's time."""
    task = job.task
    running = task.state == "RUNNING"
    speed = games_per_second(job, job.moment) if running else None
    return Progress(
        state=task.state,
        over=task.finished_at is not None,
        cancelling=task.cancel_asked_at is not None,
        done=job.games_done,
        quantity=job.quantity,
        speed=speed,
        eta=(job.quantity - job.games_done) / speed if speed else None,
    )


def read(ids: frozenset[UUID]) -> dict[UUID, Progress]:
    """Of all these jobs, in one statement."""
    rows = GenerationJob.objects.select_related("task").filter(id__in=ids).annotate(moment=Now())
    return {job.id: progress_of(job) for job in rows.defer("constraints", "tally", "seconds")}


WATCH = Watch(read)


@signed_in
@require_safe
def progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The fragment that changes, for whoever has no stream."""
    job_or_404(request.user, job_id)
    return render(
        request, "pages/games/progress.html", {"progress": read(frozenset({job_id}))[job_id]}
    )


async def events(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The same as a stream."""
    user = await request.auser()
    language = translation.get_language() or "en"

    def allowed() -> bool:
        return user.is_authenticated and jobs_of(user).filter(id=job_id).exists()

    def followed() -> AsyncIterator[Progress]:
        return WATCH.follow(job_id)

    def shown(value: Progress) -> str:
        with translation.override(language):
            return render_to_string("pages/games/progress.html", {"progress": value})

    return await event_stream(request, user.pk, allowed, followed, shown)
