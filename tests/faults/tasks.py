"""Tasks that note their runs in the ledger; worker processes import this module too."""

import os
import select
import time

from django.db import DatabaseError, InterfaceError
from django.tasks import task

from tests.faults.ledger import note_begin, note_end


def pass_time(seconds):
    """time.sleep, but for processes whose clock is faked, in which that fails."""
    select.select([], [], [], seconds)


@task(
    takes_context=True,
    max_attempts=100,
    retry_on=(DatabaseError, InterfaceError),
    retry_backoff=[0.5],
)
def work(context, seconds=0.0):
    """Note the run, take so many seconds, and note its end. What fails with the database is
    retried, as a task of a user would be."""
    result = context.task_result
    note_begin(result.id, context.attempt, result.worker_ids[-1], os.getpid())
    pass_time(seconds)
    note_end(result.id, context.attempt)
    return context.attempt


@task
def clock():
    """The clock of the process that runs it, and not of the database."""
    pass_time(0.2)
    return time.time()
