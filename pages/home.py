"""What somebody sees first: a new job, what runs, whether all is well."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from django_ray_runtime.health import Verdict, verdicts
from django_ray_runtime.overview import queues, workers
from generation.control import jobs_of
from generation.lotteries import LOTTERIES
from pages.access import signed_in
from pages.jobs import Shown

MOST = 8


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    now = _drawn(request)
    context = {"here": "home", "lotteries": LOTTERIES.values(), "now": now, "seen": _seen(now)}
    return render(request, "pages/home.html", context)


@signed_in
@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """What changes of it; 204 where that is what the browser shows."""
    drawn = _drawn(request)
    seen = _seen(drawn)
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return render(request, "pages/home_part.html", {"now": drawn, "seen": seen})


def _drawn(request: HttpRequest) -> SafeString:
    return render_to_string("pages/home_now.html", _now(request), request)


def _seen(drawn: str) -> str:
    return hashlib.sha256(drawn.encode()).hexdigest()[:16]


def _now(request: HttpRequest) -> dict[str, Any]:
    # Their own: staff find everybody's under Jobs.
    mine = jobs_of(request.user).filter(owner=request.user.pk).defer("constraints", "tally")
    running = mine.filter(task__finished_at__isnull=True).order_by("-created_at")[:MOST]
    ended = mine.filter(task__finished_at__isnull=False).order_by("-created_at")[:MOST]
    return {
        "running": [Shown(job) for job in running],
        "ended": [Shown(job) for job in ended],
        "health": _health(),
    }


def _health() -> dict[str, Any]:
    """Queue and workers in one line."""
    found = queues()
    alive = [worker for worker in workers() if not worker.silent]
    checks: list[Verdict] = verdicts()
    return {
        "waiting": sum(queue.ready + queue.blocked for queue in found),
        "running": sum(queue.running for queue in found),
        "workers": len(alive),
        "slots": sum(worker.concurrency for worker in alive),
        "paused": [queue.name for queue in found if queue.paused],
        "well": all(check.holds for check in checks) and bool(alive),
        "checks": checks,
    }
