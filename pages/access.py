"""Who may see a page."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from generation.control import jobs_of

type View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """For whoever has logged in; others are asked to. Kept in no cache."""
    asking = login_required(view)

    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "HX-Request" in request.headers and not request.user.is_authenticated:
            # The page to log in would be put into this one, as if it were the fragment.
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return asking(request, *args, **kwargs)

    return never_cache(checked)


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
