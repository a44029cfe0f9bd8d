"""Who calls the API: a logged-in user, or the user of a bearer token."""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from django_ray_runtime.rest.access import demand_staff
from django_ray_runtime.rest.problems import Problem
from project.models import ApiToken
from project.rates import demand_few_failures


def unauthorized(request: HttpRequest, detail: str) -> Problem:
    """401, or 429 when it happens too often from this address."""
    demand_few_failures(request)
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="api"'})


class Bearer(HttpBearer):
    """`Authorization: Bearer <token>`."""

    openapi_description = "A token from `manage.py create_api_token` or from the admin."

    def __init__(self, *, staff: bool = False) -> None:
        super().__init__()
        self._staff = staff

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        found = ApiToken.find(token)
        if found is None:
            # No look at the session after it: a caller who names a token means that one.
            raise unauthorized(
                request, "This token is unknown, revoked or expired, or its user is not active."
            )
        request.user = found.user
        found.note_use(timezone.now())
        if self._staff:
            demand_staff(request)
        return found


class Session(APIKeyCookie):
    """The session of somebody who is logged in; unsafe methods need the CSRF token too."""

    param_name = settings.SESSION_COOKIE_NAME
    openapi_description = "Log in at `/admin/`; unsafe methods need the header `X-CSRFToken`."

    def __init__(self, *, staff: bool = False) -> None:
        super().__init__(csrf=True)
        self._staff = staff

    def __call__(self, request: HttpRequest) -> AbstractBaseUser:
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> AbstractBaseUser:
        # In this order: whoever is not logged in at all is told so, not about CSRF.
        if not request.user.is_authenticated:
            raise unauthorized(
                request, "Send `Authorization: Bearer <token>`, or log in at /admin/ first."
            )
        if check_csrf(request):
            raise Problem(
                403,
                "CSRF check failed: a session needs the header X-CSRFToken with the value of the "
                "cookie csrftoken, from a page of this site. Programs use a token instead.",
            )
        if self._staff:
            demand_staff(request)
        return request.user


# For NinjaAPI and add_router: `auth=SIGNED_IN` (the default) or `auth=STAFF`.
SIGNED_IN = [Bearer(), Session()]
STAFF = [Bearer(staff=True), Session(staff=True)]


def signed_in_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For plain views that are read (GET, HEAD): a user or a token.

    Browsers are sent to the login page; everyone else gets the problem document.
    """

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wants_page = "text/html" in request.headers.get("Accept", "")
        if wants_page and not request.user.is_authenticated and not _has_header(request):
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        try:
            bearer, session = SIGNED_IN
            if bearer(request) is None:
                session(request)
        except Problem as problem:
            return problem.response(request.path)
        return view(request, *args, **kwargs)

    # Other methods are refused as such; without a change there is nothing to forge.
    return csrf_exempt(require_safe(checked))


def _has_header(request: HttpRequest) -> bool:
    return "Authorization" in request.headers
