"""How often one caller did something, counted in the database for all web processes together."""

import hashlib
import random
import time

from django.conf import settings
from django.db import connections, router
from django.http import HttpRequest

from django_ray_runtime.rest.problems import Problem
from project.addresses import client_address, neighbourhood
from project.models import RateWindow

# One statement counts, starts a new period, and tells the count, however many processes ask.
_COUNT = """
    INSERT INTO project_ratewindow AS known (key, period, count) VALUES (%s, %s, 1)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN known.period = excluded.period THEN known.count + 1 ELSE 1 END,
        period = excluded.period
    RETURNING count
"""


PERIODS = (1, 60, 3600, 86_400)
"""What a rate can be counted over, in seconds: those that settings may name."""


def count(key: str, seconds: int, now: float) -> int:
    """The number of calls under `key` in the current period of `seconds`, this one included."""
    with connections[router.db_for_write(RateWindow)].cursor() as cursor:
        cursor.execute(_COUNT, [f"{key}/{seconds}", int(now // seconds)])
        return int(cursor.fetchone()[0])


def rest_of_period(seconds: int, now: float) -> int:
    """Whole seconds until the next period, at least 1."""
    return max(1, seconds - int(now % seconds))


def demand_few_failures(request: HttpRequest) -> None:
    """Count a failed authentication; raise Problem 429 when its address has too many of them.

    Only failures are refused: one misled program must not shut out all who share its address.
    """
    allowed, seconds = settings.API_FAILED_LOGINS_RATE
    if _count_failure("token", request) > allowed:
        wait = rest_of_period(seconds, time.time())
        raise Problem(
            429,
            f"Too many failed attempts to authenticate; try again in {wait} s, with other "
            "credentials.",
            headers={"Retry-After": str(wait)},
        )


def note_wrong_password(request: HttpRequest, username: str) -> bool:
    """Count a password that was refused; whether its address had not too many of them."""
    _, seconds = settings.ACCOUNT_FAILED_LOGINS_RATE
    now = time.time()
    if random.random() < 0.01:
        forget_addresses("account", seconds, now)
    allowed, _ = settings.API_FAILED_LOGINS_RATE
    within = _count_failure("password", request) <= allowed
    if within:  # others were not looked at: nobody locks an account from one address
        count(_account(username), seconds, now)
    return within


def is_guessed_at(username: str) -> bool:
    """Whether an account of this name, should there be one, had too many refused passwords."""
    return _is_full(_account(username), settings.ACCOUNT_FAILED_LOGINS_RATE)


def may_try_passwords(request: HttpRequest) -> bool:
    """Whether this address had fewer refused passwords than the rate allows."""
    return not _is_full(_address("password", request), settings.API_FAILED_LOGINS_RATE)


def forget_addresses(what: str, seconds: int, now: float) -> None:
    """Delete the counts of addresses from before the current period."""
    ours = RateWindow.objects.filter(key__startswith=f"{what}:", key__endswith=f"/{seconds}")
    ours.filter(period__lt=int(now // seconds)).delete()


def forget_periods(now: float) -> int:
    """Delete all counts from before the current periods. Returns how many."""
    deleted = 0
    for seconds in PERIODS:
        ours = RateWindow.objects.filter(key__endswith=f"/{seconds}")
        deleted += ours.filter(period__lt=int(now // seconds)).delete()[0]
    return deleted


def _count_failure(what: str, request: HttpRequest) -> int:
    _, seconds = settings.API_FAILED_LOGINS_RATE
    now = time.time()
    # Callers are as many as users, but addresses are without end: someone has to sweep.
    if random.random() < 0.01:
        forget_addresses(what, seconds, now)
    return count(_address(what, request), seconds, now)


def _is_full(key: str, rate: tuple[int, int]) -> bool:
    allowed, seconds = rate
    now = RateWindow.objects.filter(key=f"{key}/{seconds}", period=int(time.time() // seconds))
    return now.filter(count__gte=allowed).exists()


def _account(username: str) -> str:
    # Hashed: what is typed there may be anything, and need not be a name.
    return f"account:{hashlib.sha256(username.encode(errors='replace')).hexdigest()[:40]}"


def _address(what: str, request: HttpRequest) -> str:
    return f"{what}:{neighbourhood(client_address(request))}"
