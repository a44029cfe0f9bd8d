"""Jobs in lists."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from generation.control import jobs_of
from generation.lotteries import LOTTERIES, Lottery
from generation.models import GenerationJob
from pages.access import signed_in

PAGE = 25


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as lists show it."""

    job: Any

    @property
    def lottery(self) -> Lottery:
        return LOTTERIES[self.job.lottery]

    @property
    def state(self) -> str:
        return str(self.job.task.state)

    @property
    def is_over(self) -> bool:
        return self.job.task.finished_at is not None

    @property
    def share(self) -> float:
        return 1.0 if self.state == "SUCCESSFUL" else self.job.games_done / self.job.quantity


@signed_in
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """The reader's jobs, newest first; for staff everybody's, where they ask for them."""
    everybody = request.user.is_staff and request.GET.get("of") == "all"
    rows = jobs_of(request.user).defer("constraints", "tally", "seconds").order_by("-created_at")
    rows = rows.select_related("task", "owner") if everybody else rows.filter(owner=request.user.pk)
    page = _page(rows, request.GET.get("before", ""))
    context = {"here": "jobs", "everybody": everybody, **page}
    return render(request, "pages/jobs.html", context)


def _page(rows: QuerySet[GenerationJob], before: str) -> dict[str, Any]:
    """A page of rows, without counting them all: `older` is where the next one starts."""
    try:
        moment = parse_datetime(before)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None:
        rows = rows.filter(created_at__lt=moment)
    found = list(rows[: PAGE + 1])
    older = found[PAGE - 1].created_at.isoformat() if len(found) > PAGE else None
    return {"jobs": [Shown(job) for job in found[:PAGE]], "older": older, "newest": not before}
