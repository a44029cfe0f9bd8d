"""The API's limit on the calls of one caller."""

import time

from django.conf import settings
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from project.addresses import client_address, neighbourhood
from project.models import ApiToken
from project.rates import count, rest_of_period


class CallerThrottle(BaseThrottle):
    """At most `API_RATE` calls by one token, one user without a token, or one address where a
    router asks for neither."""

    def allow_request(self, request: HttpRequest) -> bool:
        allowed, seconds = settings.API_RATE
        return count(f"calls:{_caller(request)}", seconds, time.time()) <= allowed

    def wait(self) -> float:
        _, seconds = settings.API_RATE
        return rest_of_period(seconds, time.time())


def _caller(request: HttpRequest) -> str:
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        return f"token:{token.pk}"
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{neighbourhood(client_address(request))}"
