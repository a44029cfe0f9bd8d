"""Who may use a router, judged by `request.user`."""

import functools
from collections.abc import Callable
from typing import Concatenate

from django.http import HttpRequest

from django_ray_runtime.rest.problems import Problem


def demand_staff(request: HttpRequest) -> None:
    """Raise Problem 401 without a user, 403 for one who is not staff."""
    if not request.user.is_authenticated:
        raise Problem(401, "Log in, or send a token.", headers={"WWW-Authenticate": "Bearer"})
    if not request.user.is_staff:
        raise Problem(403, "This is for staff: ask an administrator to make you a staff user.")


def staff_only[**P, R](
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R]:
    """For one view, or for a whole router: `router.add_decorator(staff_only)`.

    It holds wherever the router is mounted, also where the project forgot to ask for staff.
    """

    @functools.wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
        demand_staff(request)
        return view(request, *args, **kwargs)

    return checked
