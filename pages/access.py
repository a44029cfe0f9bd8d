"""Who may see a page."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from generation.control import jobs_of
from project.rates import count, rest_of_period

type View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """For whoever has logged in; others are asked to. Kept in no cache. What computes or changes
    something, a POST, counts as a call of the API does, and is refused above API_RATE."""
    asking = login_required(_within_rate(view))

    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "HX-Request" in request.headers and not request.user.is_authenticated:
            # The page to log in would be put into this one, as if it were the fragment.
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return asking(request, *args, **kwargs)

    return never_cache(checked)


def _within_rate(view: View) -> View:
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            now, (allowed, seconds) = time.time(), settings.API_RATE
            if count(f"calls:user:{request.user.pk}", seconds, now) > allowed:
                wait = rest_of_period(seconds, now)
                refused = render(request, "pages/too_many.html", {"wait": wait}, status=429)
                refused["Retry-After"] = str(wait)
                return refused
        return view(request, *args, **kwargs)

    return counted


def staff(view: View) -> View:
    """For staff; others who have logged in are refused."""

    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_staff:
            raise PermissionDenied(_("This page is for staff."))
        return view(request, *args, **kwargs)

    return signed_in(checked)


def job_or_404(user: Any, job_id: Any) -> Any:
    """A job that the user may see, with its task."""
    job = jobs_of(user).filter(id=job_id).first()
    if job is None:
        raise Http404(_("There is no job of yours with this id."))
    return job
