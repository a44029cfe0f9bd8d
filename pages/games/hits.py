"""How a job's games fare in a draw, counted by a task of its own."""

import re
import time
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.tasks import TaskResultStatus
from django.tasks.exceptions import TaskResultDoesNotExist, TaskResultMismatch
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from django_ray_runtime.control import wait_until_finished
from generation.archive import NoSuchDraw, reference_draw
from generation.forms.fields import LATEST, named_draw
from generation.hits import NotADraw, check_draw
from generation.lotteries import LOTTERIES, Lottery
from generation.tasks import hits_of
from pages.access import job_or_404, signed_in
from pages.games import refusals
from project.rates import count

A_MOMENT = 1.0
"""Seconds to wait for the answer before the page asks again for it."""
ALLOWED = (60, 60)
"""Checks of one user: so many in so many seconds."""


@signed_in
@require_POST
def check(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Count for the draw that was typed or named."""
    job = job_or_404(request.user, job_id)
    allowed, seconds = ALLOWED
    if count(f"hits:{request.user.pk}", seconds, time.time()) > allowed:
        return _told(request, error=_("Too many at once; try again in a minute."))
    if not job.has_file or job.file_expired_at is not None:
        return _told(request, error=_("Its file is not there any more."))
    try:
        numbers = _numbers(LOTTERIES[job.lottery], request.POST.get("draw", ""))
    except (NotADraw, NoSuchDraw) as error:
        return _told(request, error=refusals.said(str(error)) or str(error))
    # Somebody waits for it: ahead of jobs of ten million games.
    result = hits_of.using(priority=10).enqueue(str(job.id), list(numbers))
    wait_until_finished(result.id, A_MOMENT)
    return _answer(request, job, result.id)


@signed_in
@require_safe
def answer(request: HttpRequest, job_id: UUID, result_id: UUID) -> HttpResponse:
    """What was counted, once it is."""
    return _answer(request, job_or_404(request.user, job_id), str(result_id))


def _answer(request: HttpRequest, job: Any, result_id: str) -> HttpResponse:
    try:
        result = hits_of.get_result(result_id)
    except (TaskResultDoesNotExist, TaskResultMismatch):
        raise Http404 from None
    if result.args[0] != str(job.id):
        raise Http404
    if not result.is_finished:
        return _told(request, job=job, waits=result_id)
    if result.status != TaskResultStatus.SUCCESSFUL:
        return _told(request, error=_("It could not be counted; staff see why."))
    hits = {int(hit): count for hit, count in result.return_value.items()}
    lottery = LOTTERIES[job.lottery]
    return _told(
        request,
        numbers=result.args[1],
        hits=[(hit, hits.get(hit, 0)) for hit in range(_most(lottery, job), -1, -1)],
        has_second=lottery.second is not None,
        games=sum(hits.values()),
    )


def _most(lottery: Lottery, job: Any) -> int:
    """As many numbers of a draw as a game can hit."""
    return lottery.digits or min(lottery.draw, job.order.constraints.numbers_per_game)


def _told(request: HttpRequest, **context: Any) -> HttpResponse:
    """The fragment; a page of its own where no script asks."""
    whole = "HX-Request" not in request.headers
    template = "pages/games/hits_page.html" if whole else "pages/games/hits.html"
    return render(request, template, {"here": "jobs", **context})


def _numbers(lottery: Lottery, text: str) -> tuple[int, ...]:
    """`4 8 15 16 23 42`, `latest` or `draw 2800`. Raises NotADraw and NoSuchDraw."""
    named = named_draw(text)
    if named is not None:
        return reference_draw(lottery, None if named == LATEST else int(named))
    parts = re.split(r"[\s,;-]+", text.strip())
    if not all(part.isascii() and part.isdecimal() and len(part) < 4 for part in parts):
        raise NotADraw(
            _("Write the numbers drawn, such as 4 8 15 16 23 42, or latest, or draw 2800.")
        )
    numbers = tuple(map(int, parts))
    if lottery.pool == 100:
        numbers = tuple(number or 100 for number in numbers)  # printed 00
    check_draw(lottery, numbers)
    return numbers
