"""The API's limit on the calls of one caller."""

import time

from django.conf import settings
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from project.models import ApiToken
from project.rates import count, rest_of_period


class CallerThrottle(BaseThrottle):
    """At most `API_RATE` calls by one token, or by one user without a token."""

    def allow_request(self, request: HttpRequest) -> bool:
        allowed, seconds = settings.API_RATE
        token = getattr(request, "auth", None)
        caller = f"token:{token.pk}" if isinstance(token, ApiToken) else f"user:{request.user.pk}"
        return count(f"calls:{caller}", seconds, time.time()) <= allowed

    def wait(self) -> float:
        _, seconds = settings.API_RATE
        return rest_of_period(seconds, time.time())
