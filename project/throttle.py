"""How often one caller may call, counted in the database for all web processes together."""

import time

from django.conf import settings
from django.db import connections, router
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from django_ray_runtime.rest.problems import Problem
from project.addresses import client_address, neighbourhood
from project.models import ApiToken, RateWindow

# One statement counts, starts a new period, and tells the count, however many processes ask.
_COUNT = """
    INSERT INTO project_ratewindow AS known (key, period, count) VALUES (%s, %s, 1)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN known.period = excluded.period THEN known.count + 1 ELSE 1 END,
        period = excluded.period
    RETURNING count
"""


def count(key: str, seconds: int, now: float) -> int:
    """The number of calls under `key` in the current period of `seconds`, this one included."""
    with connections[router.db_for_write(RateWindow)].cursor() as cursor:
        cursor.execute(_COUNT, [f"{key}/{seconds}", int(now // seconds)])
        return int(cursor.fetchone()[0])


def rest_of_period(seconds: int, now: float) -> int:
    """Whole seconds until the next period, at least 1."""
    return max(1, seconds - int(now % seconds))


class CallerThrottle(BaseThrottle):
    """At most `API_RATE` calls by one token, or by one user without a token."""

    def allow_request(self, request: HttpRequest) -> bool:
        allowed, seconds = settings.API_RATE
        token = getattr(request, "auth", None)
        caller = f"token:{token.pk}" if isinstance(token, ApiToken) else f"user:{request.user.pk}"
        return count(caller, seconds, time.time()) <= allowed

    def wait(self) -> float:
        _, seconds = settings.API_RATE
        return rest_of_period(seconds, time.time())


def demand_few_failures(request: HttpRequest) -> None:
    """Count a failed authentication; raise Problem 429 when its address has too many of them.

    Only failures are refused: one misled program must not shut out all who share its address.
    """
    allowed, seconds = settings.API_FAILED_LOGINS_RATE
    now = time.time()
    caller = f"address:{neighbourhood(client_address(request))}"
    if count(caller, seconds, now) > allowed:
        wait = rest_of_period(seconds, now)
        raise Problem(
            429,
            f"Too many failed attempts to authenticate; try again in {wait} s, with other "
            "credentials.",
            headers={"Retry-After": str(wait)},
        )
