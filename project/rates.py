"""How often one caller did something, counted in the database for all web processes together."""

import hashlib
import random
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections, router
from django.db.models import F
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
NEIGHBOURHOODS, LEAST_SHARE = 10, 3
"""So many it takes to guess away what an account bears; but who mistypes may do so twice."""


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
    now = time.time()
    _sweep("token", seconds, now)
    if count(f"token:{neighbourhood(client_address(request))}", seconds, now) > allowed:
        wait = rest_of_period(seconds, now)
        raise Problem(
            429,
            f"Too many failed attempts to authenticate; try again in {wait} s, with other "
            "credentials.",
            headers={"Retry-After": str(wait)},
        )


@dataclass(slots=True)
class Guess:
    """A try of a password, counted as a wrong one before it is looked at: of many that come at
    once, none slips by while another is hashed."""

    may_try: bool = False
    is_held_off: bool = True
    """By what was guessed at the account, from here or by all."""
    counted: list[tuple[str, int, float]] = field(default_factory=list)

    def count(self, key: str, rate: tuple[int, int], now: float) -> bool:
        """Whether the rate bears one more."""
        allowed, seconds = rate
        self.counted.append((key, seconds, now))
        return count(key, seconds, now) <= allowed

    def give_back(self) -> None:
        """It was right: uncount it."""
        for key, seconds, now in self.counted:
            ours = RateWindow.objects.filter(key=f"{key}/{seconds}", period=int(now // seconds))
            ours.filter(count__gt=0).update(count=F("count") - 1)


def count_guess(request: HttpRequest, username: str) -> Guess:
    """Count a password as a wrong one for its address, and for the account, should there be one.

    No neighbourhood adds more than a tenth of its rate to an account's: whoever wants to lock it
    needs ten, and the account that one neighbourhood guesses at is closed to that one alone.
    """
    rate = settings.ACCOUNT_FAILED_LOGINS_RATE
    share = max(LEAST_SHARE, rate[0] // NEIGHBOURHOODS), rate[1]
    now = time.time()
    _sweep("password", settings.API_FAILED_LOGINS_RATE[1], now)
    _sweep("account", rate[1], now)
    guess, here = Guess(), neighbourhood(client_address(request))
    guess.may_try = guess.count(f"password:{here}", settings.API_FAILED_LOGINS_RATE, now)
    if guess.may_try:
        within = guess.count(_account(f"{username}\0{here}"), share, now)
        guess.is_held_off = not (within and guess.count(_account(username), rate, now))
    return guess


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


def _sweep(what: str, seconds: int, now: float) -> None:
    # Callers are as many as users, but addresses are without end: someone has to sweep.
    if random.random() < 0.01:
        forget_addresses(what, seconds, now)


def _account(username: str) -> str:
    # Hashed: what is typed there may be anything, and need not be a name.
    return f"account:{hashlib.sha256(username.encode(errors='replace')).hexdigest()[:40]}"
