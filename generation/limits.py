"""How much one user, and one job, may ask for."""

import time
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from generation.models import GenerationJob

RETRY_SECONDS = 10
"""When to ask again for a job that has to wait for others: nobody knows when they end."""


class TooManyGames(ValueError):
    """More games than one job may make."""


class TooManyJobs(Exception):
    """The user has to wait for `retry_after` seconds, or for their other jobs."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def demand_quantity(quantity: int) -> None:
    """Raise TooManyGames above GENERATION_MAX_QUANTITY."""
    most: int = settings.GENERATION_MAX_QUANTITY
    if quantity > most:
        raise TooManyGames(
            f"{quantity:,} games wanted, but a job makes at most {most:,}; split it over several"
            " jobs with seeds of their own, or raise MAX_QUANTITY"
        )


def demand_turn(user: Any) -> None:
    """Raise TooManyJobs when the user submits too often, or has too many jobs that wait or run.

    To be called in the transaction that submits: counting locks the user's row, so that those who
    submit at once are counted one after the other, and what is refused is not counted.
    """
    allowed, seconds = settings.GENERATION_JOB_RATE
    now = time.time()
    if import_string(settings.GENERATION_RATE_COUNTER)(f"jobs:{user.pk}", seconds, now) > allowed:
        wait = max(1, seconds - int(now % seconds))
        raise TooManyJobs(
            f"You may submit {allowed} jobs in {seconds} s (JOB_RATE); try again in {wait} s.", wait
        )
    most: int = settings.GENERATION_MAX_ACTIVE_JOBS
    active = GenerationJob.objects.filter(owner=user, task__finished_at__isnull=True)
    if active[:most].count() >= most:
        raise TooManyJobs(
            f"{most} of your jobs wait or run, as many as may (MAX_ACTIVE_JOBS); wait until one has"
            " ended, or cancel one.",
            RETRY_SECONDS,
        )
